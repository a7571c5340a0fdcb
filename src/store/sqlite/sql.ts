/**
 * The store's statements, prepared once per connection, with the shapes of their rows.
 */
import type { SqlDatabase, SqlStatement, SqlValue } from './database.ts';

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

export interface Statements {
  readonly putRecord: SqlStatement;
  readonly removeRecord: SqlStatement;
  readonly records: Query<RecordRow>;
  readonly addEvent: SqlStatement;
  readonly events: Query<EventRow>;
  readonly firstSeqSince: Query<{ readonly seq: number | null }>;
  readonly logBounds: Query<LogBoundsRow>;
  readonly ageable: Query<{ readonly seq: number | null; readonly time: number | null }>;
  readonly removeEvents: SqlStatement;
  readonly setAged: SqlStatement;
  readonly putDue: SqlStatement;
  readonly removeDue: SqlStatement;
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
    putRecord: statement(
      'INSERT INTO record (kind, id, body) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body',
    ),
    removeRecord: statement('DELETE FROM record WHERE kind = ? AND id = ?'),
    records: query('SELECT id, body FROM record WHERE kind = ? AND id >= ? ORDER BY id LIMIT ?'),
    addEvent: statement('INSERT INTO event (seq, time, module, name, content) VALUES (?, ?, ?, ?, ?)'),
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
    removeEvents: statement('DELETE FROM event WHERE seq <= ?'),
    setAged: statement('UPDATE directory SET aged_seq = ?, aged_time = max(coalesce(aged_time, ?), ?)'),
    putDue: statement(`
      INSERT INTO due (id, at, rank, task, subject) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET at = excluded.at, rank = excluded.rank, task = excluded.task, subject = excluded.subject`),
    removeDue: statement('DELETE FROM due WHERE id = ?'),
    dueUntil: query('SELECT id, at, rank, task, subject FROM due WHERE at <= ? ORDER BY at, rank, id LIMIT ?'),
    directory: query('SELECT epoch, created_at, aged_seq, aged_time FROM directory'),
    makeDirectory: statement(
      'INSERT INTO directory (only, epoch, created_at, aged_seq) VALUES (1, 0, ?, 0) ON CONFLICT (only) DO NOTHING',
    ),
    raiseEpoch: statement('UPDATE directory SET epoch = epoch + 1'),
  };
}
