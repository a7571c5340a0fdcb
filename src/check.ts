/**
 * Holds a data directory against everything that must hold of it: the database, its records, the engine's invariants, the work that
 * falls due, and the event log, all as they are at one instant. Nothing is written, and whoever writes there goes on.
 */
import { Replay } from './agent/handlers/promise-replay.ts';
import { upcomingItems } from './engine/due.ts';
import { maintenanceOf } from './engine/maintenance.ts';
import { violations } from './engine/invariants.ts';
import type { Rule } from './engine/invariants.ts';
import { emptyHead, loadRecord } from './engine/state.ts';
import type { Head } from './engine/state.ts';
import { FOREVER } from './engine/window.ts';
import type { Instant } from './engine/window.ts';
import { Snapshot } from './store/sqlite/snapshot.ts';
import type { RawEvent, SchemaVersions } from './store/sqlite/snapshot.ts';
import { RECORD_KINDS, StoreError } from './store/store.ts';

/** The rules of the engine, and those of what keeps its state. */
export type CheckedRule = Rule | 'database' | 'schema' | 'record' | 'due' | 'log' | 'replay';

/** Something that does not hold: what, where, and from when on where that matters. */
export interface Fault {
  readonly rule: CheckedRule;
  readonly where: string;
  readonly at?: Instant;
  readonly message: string;
}

export interface CheckOptions {
  readonly directory: string;
  /** From which instant on capacity is looked at. */
  readonly at: Instant;
  /** Is told from time to time how far a stage has come; `of` is absent where that is not known. */
  readonly progress?: (stage: string, done: number, of?: number) => void;
}

export interface CheckReport {
  readonly schema: SchemaVersions;
  /** How much was looked at: records by kind, subjects by rule of the engine, due work, events. */
  readonly records: Readonly<Record<string, number>>;
  readonly subjects: Readonly<Partial<Record<Rule, number>>>;
  readonly due: { readonly items: number; readonly overdue: number };
  /** `told`: reservations, offers and allocations whose latest event was held against their record. */
  readonly events: { readonly total: number; readonly told: number; readonly aged: boolean };
  readonly faults: readonly Fault[];
  /** Whether everything could be looked at. What was found before may be the reason why not. */
  readonly complete: boolean;
}

/** How many subjects pass between two words on progress. */
const PROGRESS_EVERY = 10_000;

/**
 * Checks a data directory.
 * @returns undefined where there is no database
 */
export function checkDirectory(options: CheckOptions): CheckReport | undefined {
  let snapshot: Snapshot | undefined;
  try {
    snapshot = Snapshot.open(options.directory);
    return snapshot === undefined ? undefined : new Check(snapshot, options).run();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return unreadable(error);
  } finally {
    snapshot?.close();
  }
}

function unreadable({ message }: StoreError): CheckReport {
  return {
    schema: { present: 0, known: 0 },
    records: {},
    subjects: {},
    due: { items: 0, overdue: 0 },
    events: { total: 0, told: 0, aged: false },
    faults: [{ rule: 'database', where: 'promise.db', message }],
    complete: false,
  };
}

class Check {
  readonly #snapshot: Snapshot;
  readonly #at: Instant;
  readonly #progress: (stage: string, done: number, of?: number) => void;
  readonly #faults: Fault[] = [];
  readonly #records: Record<string, number> = {};
  readonly #subjects: Partial<Record<Rule, number>> = {};
  readonly #head: Head = emptyHead();
  #due = { items: 0, overdue: 0 };
  #events = { total: 0, told: 0, aged: false };

  constructor(snapshot: Snapshot, { at, progress }: CheckOptions) {
    this.#snapshot = snapshot;
    this.#at = at;
    this.#progress = progress ?? (() => undefined);
  }

  run(): CheckReport {
    const complete = this.#all();
    return {
      schema: this.#snapshot.schema,
      records: this.#records,
      subjects: this.#subjects,
      due: this.#due,
      events: this.#events,
      faults: this.#faults,
      complete,
    };
  }

  /** Whether all stages were gone through: each rests on those before it. */
  #all(): boolean {
    try {
      this.#progress('database', 0);
      this.#database();
      if (this.#faults.length > 0) return false;
      const counts = this.#snapshot.counts();
      const readable = this.#load(counts.records);
      if (!readable) return false;
      this.#invariants();
      this.#dueWork(counts.due);
      this.#log(counts.events);
      return true;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#fault('database', 'promise.db', error.message);
      return false;
    }
  }

  #database(): void {
    const { present, known } = this.#snapshot.schema;
    if (present < known) {
      const what = `has schema ${present}, this release ${known}: a start of the agent brings it up to date`;
      this.#fault('schema', 'promise.db', what);
    }
    if (present > known) {
      const what = `has schema ${present}, this release knows schemas up to ${known}: check it with the release that wrote it`;
      this.#fault('schema', 'promise.db', what);
    }
    for (const fault of this.#snapshot.faults()) this.#fault('database', 'promise.db', fault);
  }

  /** Whether every record could be taken. */
  #load(total: number): boolean {
    let done = 0;
    let readable = true;
    for (const kind of this.#snapshot.kinds()) {
      if (RECORD_KINDS.some((known) => known === kind)) continue;
      this.#fault('record', kind, 'records of this kind are not known to this release');
    }
    for (const kind of RECORD_KINDS) {
      for (const { id, body } of this.#snapshot.records(kind)) {
        try {
          loadRecord(this.#head, { kind, id, body: objectFrom(body) });
        } catch (error) {
          readable = false;
          this.#fault('record', `${kind} ${id}`, `cannot be read: ${reasonOf(error)}`);
        }
        this.#records[kind] = (this.#records[kind] ?? 0) + 1;
        done = this.#count('records', done, total);
      }
    }
    return readable;
  }

  #invariants(): void {
    const { pools, reservations, offers, allocations } = this.#head;
    const total = pools.size + reservations.size + offers.size + allocations.size;
    let done = 0;
    const inspected = (rule: Rule): void => {
      this.#subjects[rule] = (this.#subjects[rule] ?? 0) + 1;
      if (rule === 'claim') done = this.#count('invariants', done, total);
    };
    this.#faults.push(...violations(this.#head, this.#at, { inspected, anew: false }));
  }

  #dueWork(total: number): void {
    const there = new Map<string, Instant>();
    for (const item of this.#snapshot.due()) {
      there.set(item.id, item.at);
      const overdue = item.at <= this.#at ? 1 : 0;
      this.#due = { items: this.#due.items + 1, overdue: this.#due.overdue + overdue };
      const { subject, task } = item;
      const { reservations, offers } = this.#head;
      if (!reservations.has(subject) && !offers.has(subject) && maintenanceOf(this.#head, subject) === undefined)
        this.#faults.push({
          rule: 'due',
          where: subject,
          at: item.at,
          message: `'${task}' falls due for what is not there`,
        });
    }
    let done = 0;
    for (const { id, at, task, subject } of upcomingItems(this.#head, this.#at, (id) => there.has(id))) {
      const scheduled = there.get(id);
      if (scheduled === undefined)
        this.#faults.push({ rule: 'due', where: subject, at, message: `'${task}' has to fall due and will not` });
      else if (scheduled !== at)
        this.#faults.push({ rule: 'due', where: subject, at, message: `'${task}' falls due at another instant` });
      done = this.#count('due work', done, total);
    }
  }

  #log(total: number): void {
    const { agedTime } = this.#snapshot.eventLog();
    const replay = new Replay(this.#head);
    let next: number | undefined;
    let done = 0;
    for (const event of this.#snapshot.eventsBackwards()) {
      if (next !== undefined && event.seq !== next - 1)
        this.#fault('log', `event ${event.seq}`, `the next one in the log has the number ${next}`);
      next = event.seq;
      this.#replay(replay, event);
      done = this.#count('events', done, total);
    }
    const first = this.#snapshot.firstSeq();
    if (next !== undefined && next !== first)
      this.#fault('log', `event ${next}`, `it is the oldest in the log, which has to begin with the number ${first}`);
    this.#events = { total: done, told: replay.told, aged: agedTime !== undefined };
    for (const fault of replay.untold(agedTime ?? -FOREVER)) this.#faults.push({ rule: 'replay', ...fault });
  }

  #replay(replay: Replay, event: RawEvent): void {
    try {
      const found = replay.take({ ...event, content: objectFrom(event.content) });
      for (const fault of found) this.#faults.push({ rule: 'replay', ...fault });
    } catch (error) {
      this.#fault('log', `event ${event.seq}`, `cannot be read: ${reasonOf(error)}`);
    }
  }

  #fault(rule: CheckedRule, where: string, message: string): void {
    this.#faults.push({ rule, where, message });
  }

  #count(stage: string, done: number, total: number): number {
    const next = done + 1;
    if (next % PROGRESS_EVERY === 0) this.#progress(stage, next, total);
    return next;
  }
}

/** @throws Error when the text is not that of a JSON object */
function objectFrom(text: string): object {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is not a JSON object');
  return value;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
