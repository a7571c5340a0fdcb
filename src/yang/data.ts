/**
 * Instance data as immutable RFC 7951 values: what datastores hold, handlers take and return, and printers write.
 *
 * A member is named `module:name` at the top and wherever its module differs from its parent's, else `name`. 64-bit
 * integers and decimal64 are strings, `empty` is `[null]`, identities are `module:name` (RFC 7951 §6). Values are never
 * changed in place: an edit makes new objects along the path it touches and shares the rest, so two versions can be
 * compared by identity.
 */

/** A leaf's value (RFC 7951 §6). */
export type LeafValue = string | number | boolean | readonly [null];

/** The value of an anydata or anyxml node: any JSON. */
export type AnyValue = LeafValue | null | readonly AnyValue[] | { readonly [member: string]: AnyValue };

/** A container, a list entry, an operation's input or output, a notification's content, or a whole datastore. */
export interface Data {
  readonly [member: string]: Value | undefined;
}

export type Value = LeafValue | readonly LeafValue[] | Data | readonly Data[] | Entries;

/**
 * The entries of a list. A stored list and one that a provider computes (a million reservations, say) look the same; a
 * provider builds an entry only when it is asked for.
 *
 * Lists of operations and notifications, and lists without keys, may be plain arrays of {@link Data} instead.
 */
export interface Entries<Entry extends Data = Data> extends Iterable<Entry> {
  readonly size: number;
  /** @param key as {@link entryKey} makes it */
  get(key: string): Entry | undefined;
  has(key: string): boolean;
}

/**
 * The key of a list entry as one string: its key leafs' canonical values in key order. Values are told apart exactly,
 * whatever characters they hold.
 */
export function entryKey(values: readonly LeafValue[]): string {
  const [only] = values;
  if (values.length === 1 && typeof only === 'string') return only;
  return values.map((value) => JSON.stringify(value)).join(',');
}
