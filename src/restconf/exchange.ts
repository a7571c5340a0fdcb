import type { IncomingHttpHeaders } from 'node:http';
import type { Agent } from '../agent/agent.ts';
import type { RequestContext } from '../agent/context.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { Encoded } from '../yang/yang-context.ts';
import { bodyEncoding, negotiateEncoding, type Encoding } from './media-type.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/** A request once it is known who sends it, as resource handlers see it. */
export interface Exchange {
  readonly agent: Agent;
  readonly context: RequestContext;
  readonly method: Method;
  /** The query string as it came, without `?`. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  /** The path as it came. */
  readonly path: string;
}

/** Refuses what is not UTF-8. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The request's body as text; undefined when there is none.
 * @throws RpcError when Content-Type is of another kind, malformed-message when the body is not UTF-8
 */
export function encodedBody(exchange: Exchange): Encoded | undefined {
  if (exchange.body.byteLength === 0) return undefined;
  const format = bodyEncoding(exchange.headers['content-type']);
  try {
    return { format, text: UTF_8.decode(exchange.body) };
  } catch {
    throw RpcError.malformedMessage('The body is not UTF-8.');
  }
}

/** The encoding of the answer. @throws RpcError (406) */
export function replyEncoding(exchange: Exchange): Encoding {
  const body = exchange.body.byteLength === 0 ? undefined : bodyEncoding(exchange.headers['content-type']);
  return negotiateEncoding(exchange.headers.accept, body);
}
