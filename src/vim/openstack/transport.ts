/**
 * One HTTP exchange with an OpenStack service: time-outs, repetition of what may be repeated, JSON, and every failure of the way there
 * as a VimError. What the service answered is not judged here.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import { VimError } from '../vim.ts';
import { isMistrust } from './certificates.ts';

/** The part of the engine's clock that waiting needs. */
export interface Waiting {
  now(): number;
  at(when: number, run: () => void): { cancel(): void };
}

export interface TransportOptions {
  readonly clock: Waiting;
  /** A number in [0, 1), for the jitter of repetitions. */
  readonly random: () => number;
  /** Certificates (PEM) that are trusted instead of the system's. */
  readonly ca?: string;
  readonly timing?: Partial<TransportTiming>;
}

/** Milliseconds, except where said. */
export interface TransportTiming {
  /** Until a connection stands, TLS included. */
  readonly connect: number;
  /** From the request to the head of the answer, and between two pieces of its body. */
  readonly answer: number;
  /** The wait before the first repetition; doubles with each further one. */
  readonly repeat: number;
  /** How often a request that may be repeated is sent at most. */
  readonly attempts: number;
}

const TIMING: TransportTiming = { connect: 10_000, answer: 50_000, repeat: 250, attempts: 3 };

/** Connections to one service at once. */
const CONNECTIONS = 16;

/** The longest that a service may have us wait with Retry-After. */
const LONGEST_RETRY_AFTER = 10_000;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Whether sending it twice does no more than sending it once. */
  readonly repeatable: boolean;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** The JSON of the body; undefined when it is empty or is none. */
  readonly body: unknown;
}

/** Statuses that a service or a balancer before it gives for the moment. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export class Transport {
  readonly #options: TransportOptions;
  readonly #timing: TransportTiming;
  readonly #dispatcher: Agent;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#dispatcher = new Agent({
      connections: CONNECTIONS,
      headersTimeout: this.#timing.answer,
      bodyTimeout: this.#timing.answer,
      connect: { timeout: this.#timing.connect, ...(options.ca === undefined ? {} : { ca: options.ca }) },
    });
  }

  /** @throws VimError unreachable, timeout, aborted. */
  async send(call: HttpRequest): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt >= this.#timing.attempts;
      let wait = this.#timing.repeat * 2 ** (attempt - 1) * (0.5 + this.#options.random());
      try {
        const answer = await this.#exchange(call);
        // 429 says that nothing was done; the others may come after the work.
        if (last || !PASSING.has(answer.status) || (!call.repeatable && answer.status !== 429)) return answer;
        wait = Math.max(wait, retryAfter(answer));
      } catch (thrown) {
        const error = asVimError(thrown, call);
        if (last || !call.repeatable || !isBroken(thrown) || call.signal.aborted) throw error;
      }
      await this.#pause(wait, call.signal);
    }
  }

  /** Lets go of the connections. */
  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }

  #exchange({ method, url, headers = {}, body, signal }: HttpRequest): Promise<HttpAnswer> {
    const [origin, path] = splitUrl(url);
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(signal, resolve, reject);
      this.#dispatcher.dispatch(
        {
          origin,
          path,
          method,
          headers: {
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        },
        exchange,
      );
    });
  }

  #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const { clock } = this.#options;
      const stop = (): void => {
        timer.cancel();
        reject(aborted());
      };
      const timer = clock.at(clock.now() + Math.ceil(milliseconds), () => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  }
}

/** One request on its way, until the whole answer is there, or there is none. Leaner than undici's `request`, which makes a stream of the body. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};

  constructor(signal: AbortSignal, resolve: (answer: HttpAnswer) => void, reject: (error: Error) => void) {
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    if (signal.aborted) this.#stop();
    else signal.addEventListener('abort', this.#stop, { once: true });
  }

  /** It has a connection now. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) controller.abort(aborted());
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#signal.removeEventListener('abort', this.#stop);
    const headers = this.#headers;
    const [first, ...rest] = this.#chunks;
    const text = first === undefined ? '' : (rest.length === 0 ? first : Buffer.concat(this.#chunks)).toString();
    this.#resolve({
      status: this.#status,
      header: (name) => firstOf(headers[name.toLowerCase()]),
      body: parsed(text),
    });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#signal.removeEventListener('abort', this.#stop);
    this.#reject(error);
  }

  /** Whoever waits goes on at once, also when the request has no connection yet. */
  readonly #stop = (): void => {
    const error = aborted();
    this.#reject(error);
    this.#controller?.abort(error);
  };
}

/** Origin and path of an absolute URL, as undici wants them. */
function splitUrl(url: string): readonly [origin: string, path: string] {
  const path = url.indexOf('/', url.indexOf('://') + 3);
  return path < 0 ? [url, '/'] : [url.slice(0, path), url.slice(path)];
}

export function aborted(): VimError {
  return new VimError('aborted', 'The call was given up.');
}

function firstOf(header: IncomingHttpHeaders[string]): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A balancer's page, say: the status tells enough.
    return undefined;
  }
}

/** What Retry-After asks for (RFC 9110, 10.2.3), in milliseconds; 0 where it names a date or nothing. */
function retryAfter(answer: HttpAnswer): number {
  const seconds = Number(answer.header('retry-after') ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1_000, LONGEST_RETRY_AFTER) : 0;
}

/** Errors that come before anything was sent. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const TIMED_OUT: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Whether the connection broke in the middle, as happens when a service restarts. */
function isBroken(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
}

function asVimError(error: unknown, { method, url, signal }: HttpRequest): VimError {
  if (signal.aborted) return aborted();
  const code = codeOf(error);
  const { origin, pathname } = new URL(url);
  const why = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  if (NOT_SENT.has(code)) return new VimError('unreachable', `${origin} cannot be reached: ${why}`, options);
  if (isMistrust(error)) {
    return new VimError('unreachable', `The certificate of ${origin} is not accepted: ${why}`, options);
  }
  if (TIMED_OUT.has(code))
    return new VimError('timeout', `${origin} did not answer ${method} ${pathname} in time.`, options);
  return new VimError('timeout', `The connection to ${origin} broke during ${method} ${pathname}: ${why}`, options);
}
