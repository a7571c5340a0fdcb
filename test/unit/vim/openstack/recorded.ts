import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';

/** An answer that OpenStack's services (Zed) gave. */
export interface Recorded {
  readonly request: { readonly method: string; readonly path: string };
  readonly status: number;
  readonly response: unknown;
}

export function recorded(name: string): Recorded {
  const file = new URL(`fixtures/${name}.json`, import.meta.url);
  // The files are the tests' own.
  return JSON.parse(readFileSync(file, 'utf8')) as Recorded;
}

export interface Reply {
  readonly status: number;
  readonly response?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Seen {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** What is at a path of members, such as `server.tags`. */
export function member(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce(
      (inner: unknown, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined),
      value,
    );
}
