/**
 * A data directory as it is at one instant, for reading beside whoever writes it.
 *
 * One read transaction on a connection of its own that cannot write: the writer goes on, and what it commits is not seen. Until the
 * snapshot is closed, the write-ahead log cannot be taken back into the database, so that it grows with what is written meanwhile.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../store.ts';
import type { DueItem, EventLogExtent, EventRecord } from '../store.ts';
import { openReadOnly } from './database.ts';
import type { SqlDatabase } from './database.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { schemaVersion } from './migrations/migration.ts';
import { DATABASE_FILE, asStoreError, extentOf } from './sqlite-store.ts';
import { prepareStatements } from './sql.ts';
import type { EventRow, Query, Statements } from './sql.ts';

/** Rows read at a time. */
const PAGE = 1_000;
/** The most faults that SQLite lists. */
const MOST_FAULTS = 100;

/** A record as it is on disk: nothing says yet that it is one. */
export interface RawRecord {
  readonly kind: string;
  readonly id: string;
  readonly body: string;
}

/** An event likewise. */
export type RawEvent = Omit<EventRecord, 'content'> & { readonly content: string };

export interface SchemaVersions {
  /** Of the database, and of this release. */
  readonly present: number;
  readonly known: number;
}

interface Queries {
  readonly events: Query<EventRow>;
  readonly due: Query<DueItem>;
  readonly overdue: Query<{ readonly items: number }>;
  readonly tally: Query<{ readonly text: string | null; readonly amount: number }>;
  readonly counts: Query<{ readonly records: number; readonly events: number; readonly due: number }>;
}

export class Snapshot {
  readonly schema: SchemaVersions;
  readonly #path: string;
  readonly #database: SqlDatabase;
  #prepared: (Queries & { readonly statements: Statements }) | undefined;

  private constructor(path: string, database: SqlDatabase, schema: SchemaVersions) {
    this.#path = path;
    this.#database = database;
    this.schema = schema;
  }

  /** @returns undefined where there is no database @throws StoreError `failed` when it cannot be read as one */
  static open(directory: string): Snapshot | undefined {
    const path = join(directory, DATABASE_FILE);
    if (!existsSync(path)) return undefined;
    let database: SqlDatabase | undefined;
    try {
      database = openReadOnly(path);
      database.exec('BEGIN');
      // The first look at the content is what the transaction then keeps to.
      const present = schemaVersion(database);
      return new Snapshot(path, database, { present, known: MIGRATIONS.at(-1)?.version ?? 0 });
    } catch (cause) {
      database?.close();
      throw asStoreError(cause, `cannot read ${path}`);
    }
  }

  /** What SQLite finds wrong with the file; empty when nothing is. */
  faults(): string[] {
    const rows = this.#reading(() => this.#database.prepare(`PRAGMA integrity_check(${MOST_FAULTS})`).all());
    const texts = rows.map((row) => String(Object.values(row ?? {})[0]));
    return texts.length === 1 && texts[0] === 'ok' ? [] : texts;
  }

  counts(): { readonly records: number; readonly events: number; readonly due: number } {
    return this.#reading(() => this.#queries().counts.get()) ?? { records: 0, events: 0, due: 0 };
  }

  /** How many records of a kind have which text in a member of their bodies; `undefined` for those that do not have it. */
  tally(kind: string, member: string): ReadonlyMap<string | undefined, number> {
    const rows = this.#reading(() => this.#queries().tally.all(`$.${member}`, kind));
    return new Map(rows.map(({ text, amount }) => [text ?? undefined, amount]));
  }

  /** Every record of a kind. */
  *records(kind: string): Generator<RawRecord, void, undefined> {
    for (let first = ''; ;) {
      const from = first;
      const page = this.#reading(() => this.#queries().statements.records.all(kind, from, PAGE));
      for (const { id, body } of page) yield { kind, id, body };
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      first = `${last.id}\u0000`;
    }
  }

  /** The kinds of which there are records. */
  kinds(): string[] {
    return this.#reading(() => this.#database.prepare('SELECT DISTINCT kind FROM record').all()).map((row) =>
      String(Object.values(row ?? {})[0]),
    );
  }

  /** The log, the newest event first. */
  *eventsBackwards(): Generator<RawEvent, void, undefined> {
    for (let before = Number.MAX_SAFE_INTEGER; ;) {
      const from = before;
      const page = this.#reading(() => this.#queries().events.all(from, PAGE));
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      before = last.seq;
    }
  }

  *due(): Generator<DueItem, void, undefined> {
    for (let after = ''; ;) {
      const from = after;
      const page = this.#reading(() => this.#queries().due.all(from, PAGE));
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last.id;
    }
  }

  /** How much due work there is that falls due by then. */
  overdue(at: number): number {
    return this.#reading(() => this.#queries().overdue.get(at))?.items ?? 0;
  }

  /** @throws StoreError `corrupt` when the directory's row is missing */
  eventLog(): EventLogExtent {
    return this.#reading(() => extentOf(this.#queries().statements, this.#path));
  }

  /** The number of the first event that ageing has not removed. */
  firstSeq(): number {
    return (this.#reading(() => this.#queries().statements.directory.get())?.aged_seq ?? 0) + 1;
  }

  close(): void {
    this.#database.close();
  }

  #queries(): Queries & { readonly statements: Statements } {
    // The casts state what the columns are: the tables are STRICT.
    const query = <Row>(sql: string): Query<Row> => this.#database.prepare(sql) as unknown as Query<Row>;
    this.#prepared ??= {
      statements: prepareStatements(this.#database),
      events: query('SELECT seq, time, module, name, content FROM event WHERE seq < ? ORDER BY seq DESC LIMIT ?'),
      due: query('SELECT id, at, rank, task, subject FROM due WHERE id > ? ORDER BY id LIMIT ?'),
      overdue: query('SELECT count(*) AS items FROM due WHERE at <= ?'),
      tally: query(
        'SELECT body ->> ? AS text, count(*) AS amount FROM record WHERE kind = ? GROUP BY text ORDER BY text',
      ),
      counts: query(
        'SELECT (SELECT count(*) FROM record) AS records, (SELECT count(*) FROM event) AS events, (SELECT count(*) FROM due) AS due',
      ),
    };
    return this.#prepared;
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof StoreError) throw cause;
      throw asStoreError(cause, `cannot read ${this.#path}`);
    }
  }
}
