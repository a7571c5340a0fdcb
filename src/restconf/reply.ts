import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** An answer before it is written. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Chunks of text; absent for an answer without a body. */
  readonly body?: Iterable<string>;
  /** To be awaited before what was taken of the body is sent: the body is made of state that may not be durable yet. */
  readonly whenDurable?: () => Promise<void>;
}

/** Chunks are joined up to this many characters before they go out, so that short answers are one write. */
const WRITE_CHARACTERS = 64 * 1024;

/**
 * Writes an answer, no faster than the client reads it.
 * @param withBody false for HEAD: the headers of GET alone
 * @throws whatever making the body throws, and RpcError when what it shows cannot become durable
 */
export async function writeReply(response: ServerResponse, reply: Reply, withBody: boolean): Promise<void> {
  const chunks = gathered(reply.body ?? [])[Symbol.iterator]();
  const first: IteratorResult<string> = chunks.next();
  const second: IteratorResult<string> = first.done === true ? first : chunks.next();
  await reply.whenDurable?.();
  response.statusCode = reply.status;
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  if (second.done === true) {
    const text = first.done === true ? '' : first.value;
    if (reply.body !== undefined) response.setHeader('Content-Length', Buffer.byteLength(text));
    response.end(withBody ? text : '');
    return;
  }
  if (!withBody || first.done === true) {
    response.end();
    return;
  }
  const closed = once(response, 'close');
  response.write(first.value);
  for (let next: IteratorResult<string> = second; next.done !== true; next = chunks.next()) {
    await reply.whenDurable?.();
    if (response.destroyed) return;
    if (!response.write(next.value)) await Promise.race([once(response, 'drain'), closed]);
  }
  response.end();
}

function* gathered(parts: Iterable<string>): Generator<string> {
  let text = '';
  for (const part of parts) {
    text += part;
    if (text.length >= WRITE_CHARACTERS) {
      yield text;
      text = '';
    }
  }
  if (text !== '') yield text;
}
