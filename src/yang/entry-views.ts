import { entryKey } from './data.ts';
import type { Data, Entries, Value } from './data.ts';
import { entriesOf, EntryMap, isEntries, keyValues } from './entries.ts';
import type { ListNode } from './schema-tree.ts';

/**
 * Entries as a function sees them: evaluated entry by entry as they are asked for. What the function has no value for is
 * left out.
 */
export class MappedEntries implements Entries {
  readonly #source: Entries;
  readonly #map: (entry: Data) => Data | undefined;

  constructor(source: Entries, map: (entry: Data) => Data | undefined) {
    this.#source = source;
    this.#map = map;
  }

  /** Counts by evaluating every entry. */
  get size(): number {
    let count = 0;
    for (const entry of this.#source) if (this.#map(entry) !== undefined) count++;
    return count;
  }

  get(key: string): Data | undefined {
    const entry = this.#source.get(key);
    return entry === undefined ? undefined : this.#map(entry);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  *[Symbol.iterator](): Iterator<Data> {
    for (const entry of this.#source) {
      const mapped = this.#map(entry);
      if (mapped !== undefined) yield mapped;
    }
  }
}

/** A list's value with a function applied to its entries, lazily where they are no plain array. */
export function mapEntries(value: Value, map: (entry: Data) => Data | undefined): Value {
  if (isEntries(value)) return new MappedEntries(value, map);
  return [...entriesOf(value)].map(map).filter((entry) => entry !== undefined);
}

/** The entries that have one of some keys, which are looked up; the others are not touched. */
class KeyedEntries implements Entries {
  readonly #source: Entries;
  readonly #keys: ReadonlySet<string>;

  constructor(source: Entries, keys: ReadonlySet<string>) {
    this.#source = source;
    this.#keys = keys;
  }

  /** Counts by looking up every key. */
  get size(): number {
    let count = 0;
    for (const key of this.#keys) if (this.#source.has(key)) count++;
    return count;
  }

  get(key: string): Data | undefined {
    return this.#keys.has(key) ? this.#source.get(key) : undefined;
  }

  has(key: string): boolean {
    return this.#keys.has(key) && this.#source.has(key);
  }

  *[Symbol.iterator](): Iterator<Data> {
    for (const key of this.#keys) {
      const entry = this.#source.get(key);
      if (entry !== undefined) yield entry;
    }
  }
}

/** A list's value with the entries of some keys only, by lookups where the entries are no plain array; undefined when it has none of them. */
export function entriesWithKeys(list: ListNode, value: Value, keys: ReadonlySet<string>): Value | undefined {
  if (!isEntries(value)) {
    const found = [...entriesOf(value)].filter((entry) => {
      const values = keyValues(list, entry);
      return values !== undefined && keys.has(entryKey(values));
    });
    return found.length === 0 ? undefined : found;
  }
  for (const key of keys) if (value.has(key)) return new KeyedEntries(value, keys);
  return undefined;
}

/** The entry of that key, looked up where the entries are no plain array. */
export function findEntry(list: ListNode, value: Value | undefined, key: string): Data | undefined {
  if (isEntries(value)) return value.get(key);
  for (const entry of entriesOf(value)) {
    const values = keyValues(list, entry);
    if (values !== undefined && entryKey(values) === key) return entry;
  }
  return undefined;
}

/** The key leafs of an entry. */
export function keysOf(list: ListNode, entry: Data): Data {
  return Object.fromEntries(list.keys.map((key) => [key, entry[key]]));
}

/** Stored form of a keyed list's entries: itself if they are stored already. */
export function asEntryMap(list: ListNode, value: Value | undefined): EntryMap {
  return value instanceof EntryMap ? value : EntryMap.from(list, entriesOf(value));
}
