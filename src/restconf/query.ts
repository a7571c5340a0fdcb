import type { ContentSelection, WithDefaults } from '../agent/requests.ts';
import { RpcError } from '../yang/rpc-error.ts';

/** Where a new or moved entry of a user-ordered list goes (RFC 8040 §4.8.5); `point` is an API path, still encoded. */
export type Insert = { readonly at: 'first' | 'last' } | { readonly at: 'before' | 'after'; readonly point: string };

/** Query parameters of a request for data (RFC 8040 §4.8). */
export interface ReadQuery {
  readonly content?: ContentSelection;
  readonly depth?: number;
  readonly fields?: string;
  readonly withDefaults?: WithDefaults;
}

export interface EditQuery {
  readonly insert?: Insert;
}

export interface StreamQuery {
  readonly filter?: string;
  /** Epoch milliseconds. */
  readonly startTime?: number;
  readonly stopTime?: number;
}

const CONTENT = ['config', 'nonconfig', 'all'] as const;
const WITH_DEFAULTS = ['report-all', 'trim', 'explicit', 'report-all-tagged'] as const;
const INSERT = ['first', 'last', 'before', 'after'] as const;
const DEEPEST = 65_535;

export function parseReadQuery(raw: string): ReadQuery {
  const given = parameters(raw, ['content', 'depth', 'fields', 'with-defaults'], 'GET and HEAD of data');
  const content = oneOf(given, 'content', CONTENT);
  const depth = parseDepth(given.get('depth'));
  const fields = given.get('fields');
  const withDefaults = oneOf(given, 'with-defaults', WITH_DEFAULTS);
  return {
    ...(content === undefined ? {} : { content }),
    ...(depth === undefined ? {} : { depth }),
    ...(fields === undefined ? {} : { fields }),
    ...(withDefaults === undefined ? {} : { withDefaults }),
  };
}

export function parseEditQuery(raw: string): EditQuery {
  const given = parameters(raw, ['insert', 'point'], 'POST and PUT of data');
  const where = oneOf(given, 'insert', INSERT);
  const point = given.get('point');
  if (where === 'before' || where === 'after') {
    if (point === undefined) throw wrong('point', `insert=${where} needs 'point', the entry to insert ${where}.`);
    return { insert: { at: where, point } };
  }
  if (point !== undefined) throw wrong('point', "'point' goes with insert=before or insert=after only.");
  return where === undefined ? {} : { insert: { at: where } };
}

export function parseStreamQuery(raw: string): StreamQuery {
  const given = parameters(raw, ['filter', 'start-time', 'stop-time'], 'an event stream');
  const filter = given.get('filter');
  const startTime = parseTime(given, 'start-time');
  const stopTime = parseTime(given, 'stop-time');
  if (stopTime !== undefined && startTime === undefined) {
    throw wrong('stop-time', "'stop-time' goes with 'start-time' only (RFC 8040 §4.8.8).");
  }
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(stopTime === undefined ? {} : { stopTime }),
  };
}

/** For resources and methods that take none (RFC 8040 §4.8: what is not expected is refused). */
export function refuseQuery(raw: string, what: string): void {
  parameters(raw, [], what);
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();

/** @throws RpcError invalid-value for an unknown or repeated parameter, or one that is wrongly encoded */
function parameters(raw: string, allowed: readonly string[], what: string): ReadonlyMap<string, string> {
  if (raw === '') return NO_PARAMETERS;
  const given = new Map<string, string>();
  for (const part of raw.split('&')) {
    if (part === '') continue;
    const [name = '', ...rest] = part.split('=');
    const value = decode(name, rest.join('='));
    if (!allowed.includes(name)) {
      const known = allowed.length === 0 ? 'it takes none' : `it takes ${allowed.join(', ')}`;
      throw wrong(name, `The query parameter '${name}' is not one of ${what}: ${known}.`);
    }
    if (given.has(name)) throw wrong(name, `The query parameter '${name}' is given more than once.`);
    given.set(name, value);
  }
  return given;
}

function decode(name: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(name, `The value of the query parameter '${name}' is not rightly percent-encoded.`);
  }
}

function oneOf<Choice extends string>(
  given: ReadonlyMap<string, string>,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = given.get(name);
  if (text === undefined) return undefined;
  const choice = choices.find((known) => known === text);
  if (choice === undefined) throw wrong(name, `'${name}=${text}' is wrong: it is one of ${choices.join(', ')}.`);
  return choice;
}

function parseDepth(text: string | undefined): number | undefined {
  if (text === undefined || text === 'unbounded') return undefined;
  const depth = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (depth < 1 || depth > DEEPEST)
    throw wrong('depth', `'depth=${text}' is wrong: it is 1 to ${DEEPEST}, or unbounded.`);
  return depth;
}

function parseTime(given: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = given.get(name);
  if (text === undefined) return undefined;
  const dateAndTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
  const time = dateAndTime.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw wrong(name, `'${name}=${text}' is not a date-and-time such as 2026-01-31T12:00:00Z (a '+' is written %2B).`);
  }
  return time;
}

function wrong(name: string, message: string): RpcError {
  return RpcError.invalidValue(message, { type: 'protocol', info: { badElement: name } });
}
