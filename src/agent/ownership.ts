/**
 * What of a module's data and notifications belongs to somebody: told by whoever serves the module, and asked by access control, so
 * that reads and streams show a consumer what is his.
 */
import type { Data } from '../yang/data.ts';
import type { InstancePath } from '../yang/instance-path.ts';

/** A user who is confined to what is his and his tenant's. */
export interface Consumer {
  readonly user: string;
  readonly tenant: string;
}

/** A list below containers alone, each of whose entries belongs to somebody. */
export interface OwnedList {
  /** Schema path, such as `/example:shop/order`. */
  readonly node: string;
  /** Keys, as `entryKey` makes them, of the entries that exist for a consumer. Some of them may be in one datastore only. */
  readonly keysOf: (consumer: Consumer) => ReadonlySet<string>;
}

/** A list anywhere, some of whose entries belong to somebody. */
export interface OwnedEntries {
  /** Schema path. */
  readonly node: string;
  /** Whether the entry at a path exists for a consumer. */
  readonly isFor: (consumer: Consumer, path: InstancePath) => boolean;
}

/** A notification that tells of something which belongs to somebody. */
export interface OwnedNotification {
  /** `module:name` */
  readonly name: string;
  /** The content as a consumer may see it; undefined when it is not for him. */
  readonly shownTo: (consumer: Consumer, content: Data) => Data | undefined;
}

export interface Ownership {
  readonly lists: readonly OwnedList[];
  readonly entries: readonly OwnedEntries[];
  readonly notifications: readonly OwnedNotification[];
  /** Schema paths of nodes that are for operators alone. */
  readonly operatorsOnly: readonly string[];
  /**
   * Modules whose configuration operators alone can edit, as they alone can use the operations that the module marks
   * `nacm:default-deny-all`: the answers may tell of what belongs to others.
   */
  readonly operatedModules: readonly string[];
}
