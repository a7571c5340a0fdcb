/**
 * The store on SQLite: one file, a write-ahead log flushed at every commit, and two connections to it: one that reads, here, and one
 * that writes, in a thread (`writer.ts`).
 *
 * Commits share transactions (group commit), so that a flush to disk, which is what a commit costs, is paid once for many: while the
 * disk works on one group, the next one gathers.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RECORD_KINDS, StoreError } from '../store.ts';
import type {
  Commit,
  CommitResult,
  DueItem,
  EventAgeing,
  EventLogExtent,
  EventQuery,
  EventRecord,
  RecordKind,
  Store,
  StoredRecord,
} from '../store.ts';
import { openDatabase, SETTINGS } from './database.ts';
import type { OpenDatabase, SqlDatabase } from './database.ts';
import { encodeAgeing, encodeCommit, Steps } from './encoding.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { migrate } from './migrations/migration.ts';
import type { Migration } from './migrations/migration.ts';
import { prepareStatements, WRITES } from './sql.ts';
import type { EventRow, Statements } from './sql.ts';
import { startWriterThread, Writer } from './writer.ts';
import type { StartThread } from './writer.ts';
import { WriterLock } from './writer-lock.ts';

/** The database in the data directory. */
export const DATABASE_FILE = 'promise.db';

/** The most commits in one transaction, and about the most values: bounds what is on its way to the thread. */
const MOST_COMMITS = 500;
const MOST_CHARACTERS = 4_000_000;
/** Groups handed to the thread: one to work on, and one to go on with. */
const MOST_UNDER_WAY = 2;
/**
 * The fewest commits that the thread is given in the middle of a turn: the decisions on as many others that come with them take about as
 * long as a flush. With fewer, the last of those that came together would wait for a flush more than the first.
 */
const FEWEST_EARLY = 16;
/** Records read at a time. */
const RECORD_PAGE = 100;
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
  readonly startThread?: StartThread;
  readonly migrations?: readonly Migration[];
}

/** Commits that become durable together. */
interface Group {
  readonly steps: Steps;
  readonly commits: Waiting[];
}

interface Waiting {
  readonly durable: () => void;
  readonly lost: (error: StoreError) => void;
}

type State =
  { readonly is: 'open' } | { readonly is: 'halted'; readonly cause: StoreError } | { readonly is: 'closed' };

export class SqliteStore implements Store {
  readonly epoch: number;
  readonly #path: string;
  readonly #lock: WriterLock;
  readonly #open: OpenDatabase;
  readonly #startThread: StartThread;
  #database: SqlDatabase;
  #statements: Statements;
  #state: State = { is: 'open' };
  /** Started when it is first needed, and anew after a failure. */
  #writer: Writer | undefined;
  /** Groups that the thread has, in their order. */
  #underWay: Group[] = [];
  /** Groups that it does not have yet; the last one gathers. */
  #waiting: Group[] = [];
  #flush: NodeJS.Immediate | undefined;
  #backlog = 0;
  /** How many commits became durable last. */
  #lastDurable = 0;
  /** Settles with the latest commit, which is when all before it are settled too. */
  #latest: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;
  /** The number of the last event handed out, durable or waiting. */
  #lastSeq: number;

  private constructor(parts: {
    path: string;
    lock: WriterLock;
    open: OpenDatabase;
    startThread: StartThread;
    database: SqlDatabase;
    statements: Statements;
    epoch: number;
  }) {
    this.#path = parts.path;
    this.#lock = parts.lock;
    this.#open = parts.open;
    this.#startThread = parts.startThread;
    this.#database = parts.database;
    this.#statements = parts.statements;
    this.epoch = parts.epoch;
    this.#lastSeq = this.eventLog().lastSeq;
  }

  /** @throws StoreError `locked`, `newer-schema`, `failed`. */
  static open(options: SqliteStoreOptions): SqliteStore {
    const { directory, now } = options;
    const { open = openDatabase, startThread = startWriterThread } = options;
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
      return new SqliteStore({ path, lock, open, startThread, database, statements, epoch });
    } catch (cause) {
      database?.close();
      lock.release();
      throw asStoreError(cause, `cannot open ${path}`);
    }
  }

  get backlog(): number {
    return this.#backlog;
  }

  load(visit: (record: StoredRecord) => void): void {
    if (this.#state.is === 'closed') throw closed();
    if (this.#state.is === 'halted') this.#reopen();
    for (const kind of RECORD_KINDS) for (const record of this.#records(kind)) visit(record);
    this.#state = { is: 'open' };
  }

  append(commit: Commit): Promise<CommitResult> {
    return this.#enqueue((steps) => {
      const events = encodeCommit(commit, this.#lastSeq, steps);
      this.#lastSeq += events.length;
      return { events };
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
    return this.#reading(() => extentOf(this.#statements, this.#path));
  }

  async ageEvents(policy: EventAgeing): Promise<number> {
    const { lastSeq, oldestSeq } = this.eventLog();
    const byCount = policy.maxCount === undefined ? 0 : lastSeq - policy.maxCount;
    const cut = this.#reading(() =>
      this.#statements.ageable.get(LARGEST_AGEING, byCount, policy.before ?? NO_LOWER_BOUND),
    );
    if (cut?.seq == null || cut.time === null || oldestSeq === undefined) return 0;
    const { seq, time } = cut;
    await this.#enqueue((steps) => encodeAgeing(seq, time, steps));
    // Numbers have no gaps.
    return seq - oldestSeq + 1;
  }

  dueUntil(instant: number, limit: number): readonly DueItem[] {
    return this.#reading(() => this.#statements.dueUntil.all(instant, limit));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#state = { is: 'closed' };
    await this.#latest.catch(() => undefined);
    try {
      await this.#writer?.end();
      this.#database.close();
    } finally {
      this.#lock.release();
    }
  }

  /** In pages, so that whoever visits may use the store, and a failure of theirs is not mistaken for ours. */
  *#records(kind: RecordKind): Iterable<StoredRecord> {
    for (let first = ''; ;) {
      const from = first;
      const page = this.#reading(() => recordPage(this.#statements, kind, from));
      for (const [index, id] of page.ids.entries()) {
        const text = page.bodies[index] ?? '';
        yield { kind, id, body: parseObject(text, () => `record ${kind} ${id} in ${this.#path}`), text };
      }
      const last = page.ids.at(-1);
      if (last === undefined || page.ids.length < RECORD_PAGE) return;
      // The least text that comes after it.
      first = `${last}\u0000`;
    }
  }

  #enqueue<Result>(encode: (steps: Steps) => Result): Promise<Result> {
    if (this.#state.is === 'closed') return Promise.reject(closed());
    if (this.#state.is === 'halted') return Promise.reject(halted(this.#state.cause));
    const { steps, commits } = this.#gathering();
    const { characters } = steps;
    let result: Result;
    try {
      result = steps.whole(encode);
    } catch (cause) {
      return this.#refuseUnstorable(cause);
    }
    this.#backlog += steps.characters - characters;
    const settled = new Promise<Result>((resolve, reject) => {
      commits.push({ durable: () => resolve(result), lost: reject });
    });
    this.#latest = settled;
    this.#flush ??= setImmediate(() => this.#flushed());
    if (commits.length >= FEWEST_EARLY && this.#isHalf(commits.length)) this.#send();
    return settled;
  }

  #gathering(): Group {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.commits.length < MOST_COMMITS && last.steps.characters < MOST_CHARACTERS)
      return last;
    const group: Group = { steps: new Steps(), commits: [] };
    this.#waiting.push(group);
    return group;
  }

  /**
   * Whether so many commits are half of those that are on their way or come again, as far as can be told. Those who are answered
   * together come again together: with half of them the thread has work while the others are decided, and so on in turn.
   */
  #isHalf(commits: number): boolean {
    const [first, another] = this.#underWay;
    return another === undefined && 2 * commits >= this.#lastDurable + (first?.commits.length ?? 0);
  }

  #flushed(): void {
    this.#flush = undefined;
    this.#send();
  }

  /** Gives the thread what it may have; the rest goes on gathering. */
  #send(): void {
    while (this.#underWay.length < MOST_UNDER_WAY) {
      const group = this.#waiting.shift();
      if (group === undefined) return;
      this.#underWay.push(group);
      this.#writer ??= this.#startWriter();
      this.#writer.run(group.steps.transaction());
    }
  }

  #startWriter(): Writer {
    const thread = this.#startThread({ path: this.#path, settings: SETTINGS, writes: WRITES });
    return new Writer(thread, {
      durable: () => this.#durable(),
      failed: (cause) => {
        this.#writer = undefined;
        // A thread that dies while it has nothing to do takes nothing with it: the next commit starts another.
        if (this.#underWay.length > 0) this.#halt(asStoreError(cause, `a commit to ${this.#path} failed`));
      },
    });
  }

  #durable(): void {
    const group = this.#underWay.shift();
    this.#backlog -= group?.steps.characters ?? 0;
    this.#lastDurable = group?.commits.length ?? 0;
    if (this.#waiting.length > 0) this.#flush ??= setImmediate(() => this.#flushed());
    for (const { durable } of group?.commits ?? []) durable();
  }

  /** Nothing that waits may become durable any more: it may rest on what has just been lost. */
  #halt(cause: StoreError): void {
    if (this.#state.is === 'open') this.#state = { is: 'halted', cause };
    const lost = [...this.#underWay, ...this.#waiting];
    this.#underWay = [];
    this.#waiting = [];
    this.#backlog = 0;
    for (const { commits } of lost) for (const commit of commits) commit.lost(cause);
  }

  /** What was accepted before stays accepted; whatever comes after might rest on the commit that cannot be stored. */
  async #refuseUnstorable(cause: unknown): Promise<never> {
    const error = asStoreError(cause, 'a commit cannot be stored');
    this.#state = { is: 'halted', cause: error };
    await this.#latest.catch(() => undefined);
    throw error;
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

/** Records of a kind from an id on, in the order of their ids. */
interface RecordPage {
  readonly ids: readonly string[];
  readonly bodies: readonly string[];
}

/**
 * A page as two texts that are taken apart again: parts of a long text, where each by itself would be copied about by the garbage
 * collector as long as it is young.
 */
function recordPage(statements: Statements, kind: RecordKind, from: string): RecordPage {
  const joined = statements.joinedRecords.get(kind, from, RECORD_PAGE);
  const ids = joined?.ids?.split('\n') ?? [];
  const bodies = joined?.bodies?.split('\n') ?? [];
  if (ids.length === joined?.count && bodies.length === joined.count) return { ids, bodies };
  // JSON that this store wrote has no line breaks in it, but an id may have some.
  const rows = statements.records.all(kind, from, RECORD_PAGE);
  return { ids: rows.map(({ id }) => id), bodies: rows.map(({ body }) => body) };
}

function eventOf(row: EventRow, path: string): EventRecord {
  const { seq, time, module, name } = row;
  return { seq, time, module, name, content: parseObject(row.content, () => `event ${seq} in ${path}`) };
}

function parseObject(text: string, what: () => string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StoreError('corrupt', `${what()} is not JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null) throw new StoreError('corrupt', `${what()} is not a JSON object`);
  return value;
}

/** @throws StoreError `corrupt` when the directory's own row is missing */
export function extentOf(statements: Statements, path: string): EventLogExtent {
  const directory = statements.directory.get();
  const bounds = statements.logBounds.get();
  if (directory === undefined) throw new StoreError('corrupt', `${path} has no row in table directory`);
  return {
    createdAt: directory.created_at,
    lastSeq: bounds?.newest_seq ?? directory.aged_seq,
    ...(directory.aged_time === null ? {} : { agedTime: directory.aged_time }),
    ...(bounds?.oldest_time == null ? {} : { oldestTime: bounds.oldest_time }),
    ...(bounds?.oldest_seq == null ? {} : { oldestSeq: bounds.oldest_seq }),
  };
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

export function asStoreError(cause: unknown, what: string): StoreError {
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
