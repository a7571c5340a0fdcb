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
  const chunks = (reply.body ?? [])[Symbol.iterator]();
  const first = gather(chunks);
  const second = first.isLast ? NO_MORE : gather(chunks);
  if (reply.whenDurable !== undefined) await reply.whenDurable();
  response.statusCode = reply.status;
  for (const name in reply.headers) response.setHeader(name, reply.headers[name] ?? '');
  if (second.isLast && second.text === '') {
    if (reply.body !== undefined) response.setHeader('Content-Length', Buffer.byteLength(first.text));
    response.end(withBody ? first.text : '');
    return;
  }
  if (!withBody) {
    response.end();
    return;
  }
  const closed = once(response, 'close');
  response.write(first.text);
  for (let next = second; ; next = gather(chunks)) {
    await reply.whenDurable?.();
    if (response.destroyed) return;
    if (next.isLast) {
      response.end(next.text);
      return;
    }
    if (!response.write(next.text)) await Promise.race([once(response, 'drain'), closed]);
  }
}

/** A part of a body. */
interface Part {
  readonly text: string;
  /** Whether nothing comes after it. */
  readonly isLast: boolean;
}

const NO_MORE: Part = { text: '', isLast: true };

function gather(chunks: Iterator<string>): Part {
  let text = '';
  for (let next = chunks.next(); next.done !== true; next = chunks.next()) {
    text += next.value;
    if (text.length >= WRITE_CHARACTERS) return { text, isLast: false };
  }
  return { text, isLast: true };
}
