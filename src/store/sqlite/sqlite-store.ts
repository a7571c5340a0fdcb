/**
 * The store on SQLite: one file, a write-ahead log flushed at every commit, one connection.
 *
 * Commits that arrive in the same turn of the event loop share a transaction (group commit), so that a flush to disk, which is what
 * a commit costs, is paid once for all of them.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RECORD_KINDS, StoreError } from '../store.ts';
import type {
  Commit,
  CommitResult,
  DueItem,
  EventAgeing,
  EventInput,
  EventLogExtent,
  EventQuery,
  EventRecord,
  RecordKind,
  Store,
  StoredRecord,
} from '../store.ts';
import { openDatabase } from './database.ts';
import type { OpenDatabase, SqlDatabase, SqlStatement, SqlValue } from './database.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { migrate } from './migrations/migration.ts';
import type { Migration } from './migrations/migration.ts';
import { prepareStatements } from './sql.ts';
import type { EventRow, Statements } from './sql.ts';
import { WriterLock } from './writer-lock.ts';

const DATABASE_FILE = 'promise.db';

/** The most commits in one transaction: bounds how long the event loop stands still. */
const LARGEST_GROUP = 500;
/** Records read at a time. */
const RECORD_PAGE = 1_000;
/** Events read from the log at a time. */
const EVENT_PAGE = 200;
/** Events removed from the log at a time. */
const LARGEST_AGEING = 5_000;

const NO_LOWER_BOUND = -Number.MAX_SAFE_INTEGER;
const NO_UPPER_BOUND = Number.MAX_SAFE_INTEGER;

export interface SqliteStoreOptions {
  /** Made, for its owner alone, when it is not there. */
  readonly directory: string;
  /** The time now, epoch milliseconds. */
  readonly now: () => number;
  readonly open?: OpenDatabase;
  readonly migrations?: readonly Migration[];
}

interface Waiting {
  readonly steps: readonly Step[];
  readonly events: readonly EventRecord[];
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: StoreError) => void;
}

/** One statement of a commit, with its values: ready to run, so that nothing but the database can fail in a transaction. */
interface Step {
  readonly statement: 'putRecord' | 'removeRecord' | 'addEvent' | 'putDue' | 'removeDue';
  readonly values: readonly SqlValue[];
}

type State =
  { readonly is: 'open' } | { readonly is: 'halted'; readonly cause: StoreError } | { readonly is: 'closed' };

export class SqliteStore implements Store {
  readonly epoch: number;
  readonly #path: string;
  readonly #lock: WriterLock;
  readonly #open: OpenDatabase;
  #database: SqlDatabase;
  #statements: Statements;
  #state: State = { is: 'open' };
  #waiting: Waiting[] = [];
  #flush: NodeJS.Immediate | undefined;
  /** The number of the last event handed out, durable or waiting. */
  #lastSeq: number;

  private constructor(parts: {
    path: string;
    lock: WriterLock;
    open: OpenDatabase;
    database: SqlDatabase;
    statements: Statements;
    epoch: number;
  }) {
    this.#path = parts.path;
    this.#lock = parts.lock;
    this.#open = parts.open;
    this.#database = parts.database;
    this.#statements = parts.statements;
    this.epoch = parts.epoch;
    this.#lastSeq = this.eventLog().lastSeq;
  }

  /** @throws StoreError `locked`, `newer-schema`, `failed`. */
  static open(options: SqliteStoreOptions): SqliteStore {
    const { directory, now } = options;
    const open = options.open ?? openDatabase;
    const path = join(directory, DATABASE_FILE);
    makePrivateDirectory(directory);
    const lock = WriterLock.take(directory);
    let database: SqlDatabase | undefined;
    try {
      database = open(path);
      migrate(database, options.migrations ?? MIGRATIONS, now());
      const statements = prepareStatements(database);
      const epoch = beginEpoch(statements, now());
      lock.sign(epoch);
      return new SqliteStore({ path, lock, open, database, statements, epoch });
    } catch (cause) {
      database?.close();
      lock.release();
      throw asStoreError(cause, `cannot open ${path}`);
    }
  }

  load(visit: (record: StoredRecord) => void): void {
    if (this.#state.is === 'closed') throw closed();
    if (this.#state.is === 'halted') this.#reopen();
    for (const kind of RECORD_KINDS) for (const record of this.#records(kind)) visit(record);
    this.#state = { is: 'open' };
  }

  append(commit: Commit): Promise<CommitResult> {
    if (this.#state.is === 'closed') return Promise.reject(closed());
    if (this.#state.is === 'halted') return Promise.reject(halted(this.#state.cause));
    let prepared: Prepared;
    try {
      prepared = prepareCommit(commit, this.#lastSeq);
    } catch (cause) {
      return Promise.reject(this.#refuseUnstorable(cause));
    }
    this.#lastSeq += prepared.events.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...prepared, resolve, reject });
      this.#flush ??= setImmediate(() => this.#commitGroup());
    });
  }

  *readEvents(query: EventQuery): Iterable<EventRecord> {
    const { toSeq = NO_UPPER_BOUND, fromTime = NO_LOWER_BOUND, toTime = NO_UPPER_BOUND } = query;
    let left = query.limit ?? Number.POSITIVE_INFINITY;
    let fromSeq = query.fromSeq ?? NO_LOWER_BOUND;
    if (query.fromTime !== undefined) {
      const first = this.#reading(() => this.#statements.firstSeqSince.get(fromTime))?.seq;
      if (first == null) return;
      fromSeq = Math.max(fromSeq, first);
    }
    while (left > 0) {
      const size = Math.min(EVENT_PAGE, left);
      const from = fromSeq;
      const page = this.#reading(() => this.#statements.events.all(from, toSeq, fromTime, toTime, size));
      for (const row of page) yield eventOf(row, this.#path);
      const last = page.at(-1);
      if (last === undefined || page.length < size) return;
      left -= page.length;
      fromSeq = last.seq + 1;
    }
  }

  eventLog(): EventLogExtent {
    const directory = this.#reading(() => this.#statements.directory.get());
    const bounds = this.#reading(() => this.#statements.logBounds.get());
    if (directory === undefined) throw new StoreError('corrupt', `${this.#path} has no row in table directory`);
    return {
      createdAt: directory.created_at,
      lastSeq: bounds?.newest_seq ?? directory.aged_seq,
      ...(directory.aged_time === null ? {} : { agedTime: directory.aged_time }),
      ...(bounds?.oldest_time == null ? {} : { oldestTime: bounds.oldest_time }),
      ...(bounds?.oldest_seq == null ? {} : { oldestSeq: bounds.oldest_seq }),
    };
  }

  ageEvents(policy: EventAgeing): number {
    const { lastSeq } = this.eventLog();
    return this.#reading(() => {
      const byCount = policy.maxCount === undefined ? 0 : lastSeq - policy.maxCount;
      const oldest = this.#statements.ageable.get(LARGEST_AGEING, byCount, policy.before ?? NO_LOWER_BOUND);
      if (oldest?.seq == null || oldest.time === null) return 0;
      const { seq, time } = oldest;
      return inTransaction(this.#database, () => {
        this.#statements.setAged.run(seq, time, time);
        return this.#statements.removeEvents.run(seq).changes;
      });
    });
  }

  dueUntil(instant: number, limit: number): readonly DueItem[] {
    return this.#reading(() => this.#statements.dueUntil.all(instant, limit));
  }

  close(): Promise<void> {
    if (this.#state.is === 'closed') return Promise.resolve();
    while (this.#state.is === 'open' && this.#waiting.length > 0) this.#commitGroup();
    clearImmediate(this.#flush);
    this.#state = { is: 'closed' };
    try {
      this.#database.close();
    } finally {
      this.#lock.release();
    }
    return Promise.resolve();
  }

  /** In pages, so that whoever visits may use the store, and a failure of theirs is not mistaken for ours. */
  *#records(kind: RecordKind): Iterable<StoredRecord> {
    for (let first = ''; ;) {
      const from = first;
      const page = this.#reading(() => this.#statements.records.all(kind, from, RECORD_PAGE));
      for (const { id, body } of page) {
        yield { kind, id, body: parseObject(body, `record ${kind} ${id} in ${this.#path}`) };
      }
      const last = page.at(-1);
      if (last === undefined || page.length < RECORD_PAGE) return;
      // The least text that comes after it.
      first = `${last.id}\u0000`;
    }
  }

  #commitGroup(): void {
    this.#flush = undefined;
    if (this.#state.is !== 'open') return;
    const group = this.#waiting.splice(0, LARGEST_GROUP);
    if (group.length === 0) return;
    try {
      inTransaction(this.#database, () => {
        for (const { steps } of group) for (const step of steps) this.#statementOf(step).run(...step.values);
      });
    } catch (cause) {
      this.#halt(asStoreError(cause, `a commit to ${this.#path} failed`), group);
      return;
    }
    for (const { events, resolve } of group) resolve({ events });
    if (this.#waiting.length > 0) this.#flush = setImmediate(() => this.#commitGroup());
  }

  #statementOf(step: Step): SqlStatement {
    return this.#statements[step.statement];
  }

  /** Nothing that waits may become durable any more: it may rest on what has just been lost. */
  #halt(cause: StoreError, group: readonly Waiting[]): void {
    this.#state = { is: 'halted', cause };
    const waiting = [...group, ...this.#waiting];
    this.#waiting = [];
    for (const { reject } of waiting) reject(cause);
  }

  /** What was accepted before stays accepted; whatever comes after might rest on the commit that cannot be stored. */
  #refuseUnstorable(cause: unknown): StoreError {
    while (this.#state.is === 'open' && this.#waiting.length > 0) this.#commitGroup();
    const error = asStoreError(cause, 'a commit cannot be stored');
    if (this.#state.is === 'open') this.#halt(error, []);
    return error;
  }

  /** A connection on which a commit failed is not trusted; the new one reads what the disk holds. */
  #reopen(): void {
    try {
      this.#database.close();
      this.#database = this.#open(this.#path);
      this.#statements = prepareStatements(this.#database);
      this.#lastSeq = this.eventLog().lastSeq;
    } catch (cause) {
      throw asStoreError(cause, `cannot reopen ${this.#path}`);
    }
  }

  #reading<T>(read: () => T): T {
    if (this.#state.is === 'closed') throw closed();
    try {
      return read();
    } catch (cause) {
      throw asStoreError(cause, `cannot read ${this.#path}`);
    }
  }
}

interface Prepared {
  readonly steps: readonly Step[];
  readonly events: readonly EventRecord[];
}

function prepareCommit(commit: Commit, lastSeq: number): Prepared {
  const steps: Step[] = [];
  for (const { kind, id, body } of commit.writes) {
    steps.push(
      body === null
        ? { statement: 'removeRecord', values: [kind, id] }
        : { statement: 'putRecord', values: [kind, id, JSON.stringify(body)] },
    );
  }
  const events = commit.events.map((event, index) => numbered(event, lastSeq + 1 + index));
  for (const { seq, time, module, name, content } of events) {
    steps.push({ statement: 'addEvent', values: [seq, instant(time), module, name, JSON.stringify(content)] });
  }
  for (const change of commit.due) {
    if ('remove' in change) {
      steps.push({ statement: 'removeDue', values: [change.remove] });
    } else {
      const { id, at, rank, task, subject } = change.put;
      steps.push({ statement: 'putDue', values: [id, instant(at), instant(rank), task, subject] });
    }
  }
  return { steps, events };
}

function numbered(event: EventInput, seq: number): EventRecord {
  const { time, module, name, content, numberedAs } = event;
  const numberedContent = numberedAs === undefined ? content : { [numberedAs]: String(seq), ...content };
  return { seq, time, module, name, content: numberedContent };
}

function instant(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`${value} is not a whole number that a row can hold`);
}

function eventOf(row: EventRow, path: string): EventRecord {
  const { seq, time, module, name } = row;
  return { seq, time, module, name, content: parseObject(row.content, `event ${seq} in ${path}`) };
}

function parseObject(text: string, what: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StoreError('corrupt', `${what} is not JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null) throw new StoreError('corrupt', `${what} is not a JSON object`);
  return value;
}

function inTransaction<T>(database: SqlDatabase, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    try {
      if (database.inTransaction) database.exec('ROLLBACK');
    } catch {
      // The first error says what is wrong; the connection is given up by whoever handles it.
    }
    throw error;
  }
}

function beginEpoch(statements: Statements, now: number): number {
  statements.makeDirectory.run(now);
  statements.raiseEpoch.run();
  return statements.directory.get()?.epoch ?? 0;
}

function makePrivateDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw asStoreError(cause, `cannot use the data directory ${directory}`);
  }
}

function asStoreError(cause: unknown, what: string): StoreError {
  if (cause instanceof StoreError) return cause;
  return new StoreError('failed', `${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

function closed(): StoreError {
  return new StoreError('closed', 'the store is closed');
}

function halted(cause: StoreError): StoreError {
  return new StoreError('halted', `nothing is stored until the state has been loaded again, since ${cause.message}`, {
    cause,
  });
}
