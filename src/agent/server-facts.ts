import type { RequestContext } from './context.ts';

/** Where a stream's notifications are fetched over RESTCONF (RFC 8040 §9.3, list access). */
export interface StreamAccess {
  readonly encoding: 'json' | 'xml';
  /** A URL, as the client can reach it. */
  readonly location: string;
}

/** What protocol servers say of themselves; monitoring data shows it. */
export interface ServerFacts {
  /** The capabilities of the NETCONF server's hello. */
  netconfCapabilities?: () => readonly string[];
  /** The capabilities of RFC 8040 §9.1.1. */
  restconfCapabilities?: () => readonly string[];
  /** Where RESTCONF serves a stream, as seen by the client that asks. */
  streamAccess?: (context: RequestContext, stream: string) => readonly StreamAccess[];
}
