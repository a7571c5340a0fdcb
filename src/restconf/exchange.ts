import type { IncomingHttpHeaders } from 'node:http';
import type { Agent } from '../agent/agent.ts';
import type { RequestContext } from '../agent/context.ts';
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

/** The request's body as text; undefined when there is none. @throws RpcError when Content-Type is of another kind */
export function encodedBody(exchange: Exchange): Encoded | undefined {
  if (exchange.body.byteLength === 0) return undefined;
  const format = bodyEncoding(exchange.headers['content-type']);
  return {
    format,
    text: Buffer.from(exchange.body.buffer, exchange.body.byteOffset, exchange.body.byteLength).toString('utf8'),
  };
}

/** The encoding of the answer. @throws RpcError (406) */
export function replyEncoding(exchange: Exchange): Encoding {
  const body = exchange.body.byteLength === 0 ? undefined : bodyEncoding(exchange.headers['content-type']);
  return negotiateEncoding(exchange.headers.accept, body);
}
