import { createRequire } from 'node:module';

import type SortedBtree from 'sorted-btree';
import type DiffAgainst from 'sorted-btree/extended/diffAgainst.js';

import { entryKey } from './data.ts';
import type { Data, Entries, LeafValue, Value } from './data.ts';
import type { ListNode } from './schema-tree.ts';

// The package is transpiled CommonJS, whose default export `import` gives in different shapes under Node and under loaders.
const load = createRequire(import.meta.url);
const { default: BTreeClass } = load('sorted-btree') as typeof SortedBtree;
const { default: diffAgainst } = load('sorted-btree/extended/diffAgainst.js') as typeof DiffAgainst;
type BTree<K, V> = SortedBtree.default<K, V>;

/** Where an entry of an `ordered-by user` list goes (RFC 7950 §7.8.6); `key` as `entryKey` makes it. */
export type InsertPosition =
  { readonly at: 'first' } | { readonly at: 'last' } | { readonly at: 'before' | 'after'; readonly key: string };

/** Whether a value is the entries of a list, stored or computed, rather than an array or a container. */
export function isEntries(value: Value | undefined): value is Entries {
  return typeof value === 'object' && !Array.isArray(value) && Symbol.iterator in value;
}

/** Whether a value is the members of a container or entry. */
export function isData(value: Value | undefined): value is Data {
  return typeof value === 'object' && !Array.isArray(value) && !(Symbol.iterator in value);
}

/** The entries of a list's value, whichever form they are in. */
export function entriesOf(value: Value | undefined): Iterable<Data> {
  if (isEntries(value)) return value;
  return Array.isArray(value) ? (value as readonly Value[]).filter(isData) : [];
}

/** The key leafs' values of an entry, in key order; undefined if one is missing. */
export function keyValues(list: ListNode, entry: Data): readonly LeafValue[] | undefined {
  const values: LeafValue[] = [];
  for (const name of list.keys) {
    const value = entry[name];
    if (value === undefined) return undefined;
    // A key leaf's value is a LeafValue by the schema.
    values.push(value as LeafValue);
  }
  return values;
}

/** The key of an entry as `Entries.get` takes it. @throws Error when a key leaf is missing */
export function keyOf(list: ListNode, entry: Data): string {
  const values = keyValues(list, entry);
  if (values === undefined) throw new Error(`an entry of ${list.path} lacks one of its keys ${list.keys.join(', ')}`);
  return entryKey(values);
}

/**
 * The stored entries of a keyed list: an immutable, ordered map whose versions share what they have in common. Reading and
 * changing an entry costs O(log n). `ordered-by system` lists are in key order (numeric for a single integer key);
 * `ordered-by user` lists keep the order that edits gave them.
 */
export abstract class EntryMap implements Entries {
  readonly list: ListNode;
  abstract readonly size: number;

  protected constructor(list: ListNode) {
    this.list = list;
  }

  static empty(list: ListNode): EntryMap {
    return list.orderedBy === 'user' ? UserOrdered.create(list, []) : KeyOrdered.create(list, []);
  }

  /**
   * A later entry of the same key replaces the earlier.
   * @throws Error when an entry lacks a key
   */
  static from(list: ListNode, entries: Iterable<Data>): EntryMap {
    return list.orderedBy === 'user' ? UserOrdered.create(list, entries) : KeyOrdered.create(list, entries);
  }

  abstract get(key: string): Data | undefined;
  abstract has(key: string): boolean;
  /** In the list's order. */
  abstract keys(): Iterable<string>;
  abstract [Symbol.iterator](): Iterator<Data>;

  /**
   * This map with an entry put in. `position` is for `ordered-by user` lists, where a new entry goes last and one that is
   * there stays in its place unless a position is given.
   * @throws Error when a position names an entry that is not there
   */
  abstract with(key: string, entry: Data, position?: InsertPosition): EntryMap;
  abstract without(key: string): EntryMap;

  /**
   * The entries that are not the same object in both, in key order. What the two maps share is skipped.
   */
  abstract differences(
    before: EntryMap,
  ): Iterable<{ readonly key: string; readonly before?: Data; readonly after?: Data }>;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareNumbers(a: string, b: string): number {
  return Number(a) - Number(b);
}

/** 32-bit integers alone compare as numbers: the key text of a 64-bit one is a JSON string. */
function keyOrder(list: ListNode): (a: string, b: string) => number {
  const [only, ...more] = list.keys;
  const leaf = list.children.find((child) => child.kind === 'leaf' && child.name === only);
  const numeric = more.length === 0 && leaf?.kind === 'leaf' && /^u?int(8|16|32)$/.test(leaf.type.base);
  return numeric ? compareNumbers : compareText;
}

class KeyOrdered extends EntryMap {
  readonly #tree: BTree<string, Data>;

  private constructor(list: ListNode, tree: BTree<string, Data>) {
    super(list);
    this.#tree = tree;
  }

  static create(list: ListNode, entries: Iterable<Data>): KeyOrdered {
    const tree = new BTreeClass<string, Data>(undefined, keyOrder(list));
    for (const entry of entries) tree.set(keyOf(list, entry), entry);
    return new KeyOrdered(list, tree);
  }

  override get size(): number {
    return this.#tree.size;
  }

  override get(key: string): Data | undefined {
    return this.#tree.get(key);
  }

  override has(key: string): boolean {
    return this.#tree.has(key);
  }

  override keys(): Iterable<string> {
    return this.#tree.keys();
  }

  override [Symbol.iterator](): Iterator<Data> {
    return this.#tree.values();
  }

  override with(key: string, entry: Data): EntryMap {
    if (this.#tree.get(key) === entry) return this;
    const tree = this.#tree.clone();
    tree.set(key, entry);
    return new KeyOrdered(this.list, tree);
  }

  override without(key: string): EntryMap {
    if (!this.#tree.has(key)) return this;
    const tree = this.#tree.clone();
    tree.delete(key);
    return new KeyOrdered(this.list, tree);
  }

  override differences(before: EntryMap): Iterable<EntryDifference> {
    return before instanceof KeyOrdered
      ? treeDifferences(before.#tree, this.#tree, (entry) => entry)
      : mapDifferences(before, this);
  }
}

interface EntryDifference {
  readonly key: string;
  readonly before?: Data;
  readonly after?: Data;
}

interface Placed {
  readonly rank: number;
  readonly entry: Data;
}

/** Ranks of neighbours start this far apart; half-way insertion halves the gap until there is none and all are renumbered. */
const RANK_GAP = 2 ** 20;

class UserOrdered extends EntryMap {
  readonly #entries: BTree<string, Placed>;
  readonly #order: BTree<number, string>;

  private constructor(list: ListNode, entries: BTree<string, Placed>, order: BTree<number, string>) {
    super(list);
    this.#entries = entries;
    this.#order = order;
  }

  static create(list: ListNode, all: Iterable<Data>): UserOrdered {
    const entries = new BTreeClass<string, Placed>(undefined, compareText);
    const order = new BTreeClass<number, string>(undefined, (a, b) => a - b);
    let rank = 0;
    for (const entry of all) {
      const key = keyOf(list, entry);
      const there = entries.get(key);
      if (there === undefined) rank += RANK_GAP;
      entries.set(key, { rank: there?.rank ?? rank, entry });
      order.set(there?.rank ?? rank, key);
    }
    return new UserOrdered(list, entries, order);
  }

  override get size(): number {
    return this.#entries.size;
  }

  override get(key: string): Data | undefined {
    return this.#entries.get(key)?.entry;
  }

  override has(key: string): boolean {
    return this.#entries.has(key);
  }

  override keys(): Iterable<string> {
    return this.#order.values();
  }

  override *[Symbol.iterator](): Iterator<Data> {
    for (const key of this.#order.values()) {
      const placed = this.#entries.get(key);
      if (placed !== undefined) yield placed.entry;
    }
  }

  override with(key: string, entry: Data, position?: InsertPosition): EntryMap {
    const there = this.#entries.get(key);
    if (there !== undefined && position === undefined) {
      if (there.entry === entry) return this;
      const entries = this.#entries.clone();
      entries.set(key, { rank: there.rank, entry });
      return new UserOrdered(this.list, entries, this.#order);
    }
    const order = this.#order.clone();
    if (there !== undefined) order.delete(there.rank);
    const rank = rankFor(order, this.#anchor(key, position, there));
    if (rank === undefined) return this.#renumbered().with(key, entry, position);
    const entries = this.#entries.clone();
    entries.set(key, { rank, entry });
    order.set(rank, key);
    return new UserOrdered(this.list, entries, order);
  }

  override without(key: string): EntryMap {
    const there = this.#entries.get(key);
    if (there === undefined) return this;
    const entries = this.#entries.clone();
    const order = this.#order.clone();
    entries.delete(key);
    order.delete(there.rank);
    return new UserOrdered(this.list, entries, order);
  }

  override differences(before: EntryMap): Iterable<EntryDifference> {
    return before instanceof UserOrdered
      ? treeDifferences(before.#entries, this.#entries, (placed) => placed.entry)
      : mapDifferences(before, this);
  }

  /** The position with the rank of its other entry; before or after itself is where the entry is. */
  #anchor(key: string, position: InsertPosition | undefined, there: Placed | undefined): Anchor {
    if (position === undefined || position.at === 'first' || position.at === 'last') {
      return { at: position?.at ?? 'last' };
    }
    const other = this.#entries.get(position.key);
    if (other === undefined) throw new Error(`there is no entry ${position.key} to put ${key} ${position.at}`);
    return there === other ? { at: 'rank', rank: other.rank } : { at: position.at, rank: other.rank };
  }

  #renumbered(): UserOrdered {
    return UserOrdered.create(this.list, this);
  }
}

type Anchor = { readonly at: 'first' | 'last' } | { readonly at: 'before' | 'after' | 'rank'; readonly rank: number };

/** A free rank at the anchor; undefined when its neighbours are too close for one. */
function rankFor(order: BTree<number, string>, anchor: Anchor): number | undefined {
  switch (anchor.at) {
    case 'first':
      return (order.minKey() ?? 0) - RANK_GAP;
    case 'last':
      return (order.maxKey() ?? 0) + RANK_GAP;
    case 'rank':
      return anchor.rank;
    case 'before':
      return between(order.nextLowerKey(anchor.rank) ?? anchor.rank - 2 * RANK_GAP, anchor.rank);
    case 'after':
      return between(anchor.rank, order.nextHigherKey(anchor.rank) ?? anchor.rank + 2 * RANK_GAP);
  }
}

function between(low: number, high: number): number | undefined {
  const middle = low + (high - low) / 2;
  return middle > low && middle < high ? middle : undefined;
}

/** Walks both trees in step; what the trees share as nodes is skipped by `diffAgainst`. */
function treeDifferences<V>(
  before: BTree<string, V>,
  after: BTree<string, V>,
  entry: (value: V) => Data,
): readonly EntryDifference[] {
  const found: EntryDifference[] = [];
  diffAgainst(
    before,
    after,
    (key, value) => void found.push({ key, before: entry(value) }),
    (key, value) => void found.push({ key, after: entry(value) }),
    (key, old, value) => {
      if (entry(old) !== entry(value)) found.push({ key, before: entry(old), after: entry(value) });
    },
  );
  // The walk reports what one tree lacks as it finds it, not in order.
  return found.sort((a, b) => compareText(a.key, b.key));
}

function* mapDifferences(before: EntryMap, after: EntryMap): Iterable<EntryDifference> {
  for (const key of before.keys()) {
    const old = before.get(key);
    const now = after.get(key);
    if (old === undefined || old === now) continue;
    yield now === undefined ? { key, before: old } : { key, before: old, after: now };
  }
  for (const key of after.keys()) {
    const now = after.get(key);
    if (now !== undefined && !before.has(key)) yield { key, after: now };
  }
}
