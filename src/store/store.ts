/**
 * The store's port: where decisions become durable.
 *
 * One commit holds everything that a decision causes: records written, events for the log, work that falls due later.
 * All of it is durable or none. There is one writer per data directory; it loads the records once and then
 * only appends, since the truth that decisions read is the head in memory (docs/architecture.md).
 *
 * Instants are epoch milliseconds. Bodies and contents are JSON values: what `JSON.stringify` drops is not kept.
 */

/** The kinds of records. A record is found by its kind and id; its body belongs to whoever wrote it. */
export const RECORD_KINDS = [
  'meta',
  'policy',
  'provider',
  'pool',
  'reservation',
  'offer',
  'allocation',
  'running',
] as const;

export type RecordKind = (typeof RECORD_KINDS)[number];

/** A record as it is read back. */
export interface StoredRecord {
  readonly kind: RecordKind;
  readonly id: string;
  /** The parsed JSON object: checked for being an object, not for its shape. */
  readonly body: object;
  /** The text that it was parsed from, for whoever would rather keep that; absent where it never was a text. */
  readonly text?: string;
}

/** Puts a record in place of the one of the same kind and id, or removes it when the body is null. */
export interface RecordWrite {
  readonly kind: RecordKind;
  readonly id: string;
  readonly body: object | null;
}

/** What happened, for the log; the store numbers it in commit order. */
export interface EventInput {
  /** When it happened, epoch milliseconds. */
  readonly time: number;
  /** The YANG module of the notification. */
  readonly module: string;
  /** The notification's name in that module. */
  readonly name: string;
  readonly content: object;
  /** Member of the content that takes the event's number, as a decimal string, in front of the others. */
  readonly numberedAs?: string;
}

/** An event in the log. Numbers grow by commit order, start at 1 and are never used twice. */
export interface EventRecord extends Omit<EventInput, 'numberedAs'> {
  readonly seq: number;
  /** The content as JSON, where that is at hand. */
  readonly text?: string;
}

/** Work that falls due at an instant: the start or end of a reservation, an expiry, an offer's lapse. */
export interface DueItem {
  /** Names the work; putting the same id again moves it. */
  readonly id: string;
  /** When it falls due, epoch milliseconds. */
  readonly at: number;
  /** Among items of one instant the lower rank goes first: ends before starts. */
  readonly rank: number;
  /** What is to be done; the engine's word. */
  readonly task: string;
  /** What it is to be done to: the id of a reservation, an offer. */
  readonly subject: string;
}

export type DueChange = { readonly put: DueItem } | { readonly remove: string };

/** What one decision makes durable. Writes and due changes take effect in the order given. */
export interface Commit {
  readonly writes: readonly RecordWrite[];
  readonly events: readonly EventInput[];
  readonly due: readonly DueChange[];
}

export interface CommitResult {
  /** The commit's events with their numbers, in order. */
  readonly events: readonly EventRecord[];
}

/** Which events to read; all bounds are inclusive, and events come in the order of their numbers. */
export interface EventQuery {
  readonly fromSeq?: number;
  readonly toSeq?: number;
  readonly fromTime?: number;
  readonly toTime?: number;
  readonly limit?: number;
}

/** How much of the log to keep. What either bound excludes goes, and what is before it in the log with it. */
export interface EventAgeing {
  /** The most events to keep. */
  readonly maxCount?: number;
  /** Events before this instant go. */
  readonly before?: number;
}

/** The log's extent, as a replay needs to know it (RFC 5277 section 3.2.5.2, RFC 8639 section 2.4.2.1). */
export interface EventLogExtent {
  /** When the log was begun. */
  readonly createdAt: number;
  /** The latest time among the events that ageing removed; absent when none was. */
  readonly agedTime?: number;
  /** The time and number of the oldest event still there; absent when there is none. */
  readonly oldestTime?: number;
  readonly oldestSeq?: number;
  /** The number of the newest durable event, 0 when there was none yet. */
  readonly lastSeq: number;
}

export interface Store {
  /** Grows by one each time a writer opens the data directory. */
  readonly epoch: number;

  /** How many characters wait to become durable, for whoever bounds them. */
  readonly backlog: number;

  /**
   * Visits every durable record, in the order of `RECORD_KINDS` and then by id. After a failed commit nothing more is
   * appended until this has been called, so that nobody goes on with a head that holds what was never durable.
   * @throws StoreError `closed`, `corrupt`, `failed`.
   */
  load(visit: (record: StoredRecord) => void): void;

  /**
   * Makes a commit durable; commits take effect in the order of the calls, and waiting ones share a transaction.
   * @returns a promise that resolves when the commit is on disk. It rejects with StoreError `failed` when the transaction that
   *   covers it failed, and so does every commit that was waiting; `halted` until `load` is called; `closed`.
   */
  append(commit: Commit): Promise<CommitResult>;

  /**
   * Reads the log lazily, a page at a time; events appended meanwhile may be seen.
   * @throws StoreError `closed`, `failed`.
   */
  readEvents(query: EventQuery): Iterable<EventRecord>;

  eventLog(): EventLogExtent;

  /**
   * Removes events from the log's old end, some thousands at most. @returns how many went: not 0 = there may be more.
   * @throws StoreError as `append` rejects.
   */
  ageEvents(policy: EventAgeing): Promise<number>;

  /** Durable work due at `instant` or earlier, in the order of time, rank and id. */
  dueUntil(instant: number, limit: number): readonly DueItem[];

  /** Makes durable what is waiting, then lets go of the data directory. May be called again. */
  close(): Promise<void>;
}

/**
 * Why the store refused:
 * `locked`: another process writes to this data directory;
 * `newer-schema`: a newer release wrote it;
 * `corrupt`: what is on disk cannot be read as what it should be;
 * `failed`: the disk or the database refused (the cause says why), and the outcome is not to be relied on;
 * `halted`: an earlier commit failed and nothing was loaded since;
 * `closed`: used after `close`.
 */
export type StoreErrorKind = 'locked' | 'newer-schema' | 'corrupt' | 'failed' | 'halted' | 'closed';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
