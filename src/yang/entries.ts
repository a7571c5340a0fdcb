import type { Data, Entries, LeafValue } from './data.ts';
import type { ListNode } from './schema-tree.ts';

/** Where an entry of an `ordered-by user` list goes (RFC 7950 §7.8.6); `key` as `entryKey` makes it. */
export type InsertPosition =
  { readonly at: 'first' } | { readonly at: 'last' } | { readonly at: 'before' | 'after'; readonly key: string };

/** The key leafs' values of an entry, in key order; undefined if one is missing. */
export function keyValues(list: ListNode, entry: Data): readonly LeafValue[] | undefined {
  throw new Error(`keyValues ${list.name} ${Object.keys(entry).length}`);
}

/** The key of an entry as {@link Entries.get} takes it. @throws Error when a key leaf is missing */
export function keyOf(list: ListNode, entry: Data): string {
  throw new Error(`keyOf ${list.name} ${Object.keys(entry).length}`);
}

/**
 * The stored entries of a keyed list: an immutable, ordered map whose versions share what they have in common.
 * Reading and changing an entry costs O(log n), iterating O(1) an entry. `ordered-by system` lists are in key order
 * (numeric for a single integer key); `ordered-by user` lists keep the order that edits gave them.
 */
export abstract class EntryMap implements Entries {
  static empty(list: ListNode): EntryMap {
    throw new Error(`EntryMap.empty ${list.name}`);
  }
  /** @throws Error when an entry has no key; a later entry of the same key replaces the earlier */
  static from(list: ListNode, entries: Iterable<Data>): EntryMap {
    throw new Error(`EntryMap.from ${list.name} ${typeof entries}`);
  }
  abstract readonly list: ListNode;
  abstract readonly size: number;
  abstract get(key: string): Data | undefined;
  abstract has(key: string): boolean;
  abstract keys(): Iterable<string>;
  abstract [Symbol.iterator](): Iterator<Data>;
  /** This map with an entry put in, or put in another place; `position` only for `ordered-by user`, where the default is to stay, or last. */
  abstract with(key: string, entry: Data, position?: InsertPosition): EntryMap;
  abstract without(key: string): EntryMap;
  /** The key before that one in the list's order; undefined for the first. */
  abstract keyBefore(key: string): string | undefined;
}
