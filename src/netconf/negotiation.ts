import type { Socket } from 'node:net';

/** The algorithms that a client offered, by what they are for, in its order of preference (RFC 4253 §7.1). */
export type OfferedAlgorithms = Readonly<Record<(typeof LISTS)[number], readonly string[]>>;

const LISTS = [
  'kex',
  'hostKey',
  'cipherToServer',
  'cipherToClient',
  'macToServer',
  'macToClient',
  'compressionToServer',
  'compressionToClient',
] as const;

const MSG_KEXINIT = 20;
const COOKIE_BYTES = 16;
/** No known client sends more than half of this before the key exchange. */
const MAX_BYTES = 16 * 1024;

/**
 * Keeps what a client sends before encryption begins, to tell what it offered when nothing fits. The SSH library
 * reports only which kind of algorithm found no match.
 */
export class NegotiationWatch {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  readonly #keep = (data: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, data]);
    if (this.#bytes.length > MAX_BYTES) this.stop();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', this.#keep);
  }

  /** Forgets the bytes; to be called as soon as the key exchange is done. */
  stop(): void {
    this.#socket.off('data', this.#keep);
    this.#bytes = Buffer.alloc(0);
  }

  offered(): OfferedAlgorithms | undefined {
    return offeredAlgorithms(this.#bytes);
  }
}

/** Reads a client's first bytes: its identification line, then SSH_MSG_KEXINIT. Undefined if they are not complete. */
export function offeredAlgorithms(bytes: Buffer): OfferedAlgorithms | undefined {
  const lineEnd = bytes.indexOf('\n', bytes.indexOf('SSH-'));
  const payload = lineEnd + 1 + 5;
  if (lineEnd < 0 || bytes[payload] !== MSG_KEXINIT) return undefined;
  let at = payload + 1 + COOKIE_BYTES;
  const found: [string, readonly string[]][] = [];
  for (const list of LISTS) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    found.push([list, bytes.toString('latin1', at + 4, end).split(',')]);
    at = end;
  }
  // Every name of LISTS was set by the loop.
  return Object.fromEntries(found) as OfferedAlgorithms;
}
