import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../observe/log.ts';
import { RpcError } from '../yang/rpc-error.ts';
import { HttpError } from './errors.ts';

/** Connections beyond the limit that are told so; any more are closed as they come. */
const SPARE = 64;
/** The limit counts as reached until this share of it is left: one connection that ends is soon replaced by another. */
const RELIEF = 0.9;
/** When a client that was turned away may try again, in seconds. */
const RETRY_SECONDS = 5;

/** The connections of a server, within a limit: those beyond it are answered 503, before anything is done for them. */
export class Connections {
  readonly #limit: number;
  readonly #logger: Pick<Logger, 'warn' | 'info'>;
  readonly #open = new Set<Socket>();
  readonly #excess = new WeakSet<Socket>();
  /** How many have been turned away since the limit was reached; undefined while it is not. */
  #turnedAway: number | undefined;

  constructor(limit: number, logger: Pick<Logger, 'warn' | 'info'>) {
    this.#limit = limit;
    this.#logger = logger;
  }

  /** @param event by which the server tells of a connection on which requests come */
  watch(server: Server, event: 'connection' | 'secureConnection'): void {
    server.maxConnections = this.#limit + SPARE;
    server.on(event, (socket: Socket) => this.#opened(socket));
  }

  /** @throws HttpError 503 for a connection beyond the limit */
  admit(socket: Socket): void {
    if (!this.#excess.has(socket)) return;
    const message = `The server has ${this.#limit} connections, the most it takes: try again in ${RETRY_SECONDS} s.`;
    const error = RpcError.resourceDenied(message, { type: 'protocol', appTag: 'too-many-connections' });
    throw new HttpError(503, error, { 'Retry-After': String(RETRY_SECONDS), Connection: 'close' });
  }

  #opened(socket: Socket): void {
    if (this.#open.size >= this.#limit) {
      this.#excess.add(socket);
      this.#turnAway();
      return;
    }
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#ease();
    });
  }

  #turnAway(): void {
    if (this.#turnedAway === undefined)
      this.#logger.warn({ limit: this.#limit }, 'the limit of RESTCONF connections is reached');
    this.#turnedAway = (this.#turnedAway ?? 0) + 1;
  }

  #ease(): void {
    if (this.#turnedAway === undefined || this.#open.size >= this.#limit * RELIEF) return;
    this.#logger.info(
      { limit: this.#limit, turnedAway: this.#turnedAway },
      'RESTCONF connections are within their limit again',
    );
    this.#turnedAway = undefined;
  }
}
