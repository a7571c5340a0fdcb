/**
 * The store's statements: those that read, prepared once per connection, with the shapes of their rows; and those that write.
 */
import type { SqlDatabase, SqlStatement, SqlValue } from './database.ts';

/** A statement that writes, with the types of its parameters. */
export interface Write {
  readonly sql: string;
  readonly parameters: readonly ('text' | 'number')[];
}

/** Statements that write, by the place that names them to the thread that runs them (`writer.ts`). */
export const WRITES: readonly Write[] = [
  {
    sql: 'INSERT INTO record (kind, id, body) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body',
    parameters: ['text', 'text', 'text'],
  },
  { sql: 'DELETE FROM record WHERE kind = ? AND id = ?', parameters: ['text', 'text'] },
  {
    sql: 'INSERT INTO event (seq, time, module, name, content) VALUES (?, ?, ?, ?, ?)',
    parameters: ['number', 'number', 'text', 'text', 'text'],
  },
  {
    sql: `INSERT INTO due (id, at, rank, task, subject) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET at = excluded.at, rank = excluded.rank, task = excluded.task, subject = excluded.subject`,
    parameters: ['text', 'number', 'number', 'text', 'text'],
  },
  { sql: 'DELETE FROM due WHERE id = ?', parameters: ['text'] },
  {
    sql: 'UPDATE directory SET aged_seq = ?, aged_time = max(coalesce(aged_time, ?), ?)',
    parameters: ['number', 'number', 'number'],
  },
  { sql: 'DELETE FROM event WHERE seq <= ?', parameters: ['number'] },
];
export const PUT_RECORD = 0;
export const REMOVE_RECORD = 1;
export const ADD_EVENT = 2;
export const PUT_DUE = 3;
export const REMOVE_DUE = 4;
export const SET_AGED = 5;
export const REMOVE_EVENTS = 6;

export interface RecordRow {
  readonly id: string;
  readonly body: string;
}

export interface EventRow {
  readonly seq: number;
  readonly time: number;
  readonly module: string;
  readonly name: string;
  readonly content: string;
}

export interface DueRow {
  readonly id: string;
  readonly at: number;
  readonly rank: number;
  readonly task: string;
  readonly subject: string;
}

export interface DirectoryRow {
  readonly epoch: number;
  readonly created_at: number;
  readonly aged_seq: number;
  readonly aged_time: number | null;
}

export interface LogBoundsRow {
  readonly oldest_seq: number | null;
  readonly newest_seq: number | null;
  readonly oldest_time: number | null;
}

/** A statement that yields rows of one shape: the columns that it names. */
export interface Query<Row> {
  get(...parameters: readonly SqlValue[]): Row | undefined;
  all(...parameters: readonly SqlValue[]): readonly Row[];
}

/** Records of a kind from an id on: how many, and their ids and bodies joined by line breaks; null where there are none. */
export interface JoinedRecordsRow {
  readonly count: number;
  readonly ids: string | null;
  readonly bodies: string | null;
}

export interface Statements {
  readonly records: Query<RecordRow>;
  readonly joinedRecords: Query<JoinedRecordsRow>;
  readonly events: Query<EventRow>;
  readonly firstSeqSince: Query<{ readonly seq: number | null }>;
  readonly logBounds: Query<LogBoundsRow>;
  readonly ageable: Query<{ readonly seq: number | null; readonly time: number | null }>;
  readonly dueUntil: Query<DueRow>;
  readonly directory: Query<DirectoryRow>;
  readonly makeDirectory: SqlStatement;
  readonly raiseEpoch: SqlStatement;
}

export function prepareStatements(database: SqlDatabase): Statements {
  const statement = (sql: string): SqlStatement => database.prepare(sql);
  // The cast states what the columns are: the tables are STRICT, and the columns are those of the named row type.
  const query = <Row>(sql: string): Query<Row> => database.prepare(sql) as unknown as Query<Row>;
  return {
    records: query('SELECT id, body FROM record WHERE kind = ? AND id >= ? ORDER BY id LIMIT ?'),
    joinedRecords: query(`
      SELECT count(*) AS count, group_concat(id, char(10)) AS ids, group_concat(body, char(10)) AS bodies
      FROM (SELECT id, body FROM record WHERE kind = ? AND id >= ? ORDER BY id LIMIT ?)`),
    events: query(`
      SELECT seq, time, module, name, content FROM event
      WHERE seq BETWEEN ? AND ? AND time BETWEEN ? AND ? ORDER BY seq LIMIT ?`),
    firstSeqSince: query('SELECT min(seq) AS seq FROM event WHERE time >= ?'),
    logBounds: query(`
      SELECT (SELECT min(seq) FROM event) AS oldest_seq, (SELECT max(seq) FROM event) AS newest_seq,
             (SELECT time FROM event ORDER BY seq LIMIT 1) AS oldest_time`),
    // The newest of the oldest events that is too old, and the latest time among those that go with it.
    ageable: query(`
      WITH oldest AS (SELECT seq, time FROM event ORDER BY seq LIMIT ?),
           cut AS (SELECT max(seq) AS seq FROM oldest WHERE seq <= ? OR time < ?)
      SELECT cut.seq AS seq, (SELECT max(time) FROM oldest WHERE seq <= cut.seq) AS time FROM cut`),
    dueUntil: query('SELECT id, at, rank, task, subject FROM due WHERE at <= ? ORDER BY at, rank, id LIMIT ?'),
    directory: query('SELECT epoch, created_at, aged_seq, aged_time FROM directory'),
    makeDirectory: statement(
      'INSERT INTO directory (only, epoch, created_at, aged_seq) VALUES (1, 0, ?, 0) ON CONFLICT (only) DO NOTHING',
    ),
    raiseEpoch: statement('UPDATE directory SET epoch = epoch + 1'),
  };
}
