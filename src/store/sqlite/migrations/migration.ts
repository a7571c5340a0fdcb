/**
 * Numbered changes of the schema, each applied once and in its own transaction.
 */
import { StoreError } from '../../store.ts';
import type { SqlDatabase } from '../database.ts';

export interface Migration {
  /** 1, 2, 3 … without a gap. What was released is never changed. */
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/**
 * Brings the database to the newest of `migrations`. An interrupted run goes on where it stopped.
 * @throws StoreError `newer-schema` when the database is already beyond them; nothing is changed then.
 */
export function migrate(database: SqlDatabase, migrations: readonly Migration[], now: number): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT
  `);
  const present = schemaVersion(database);
  const newest = migrations.at(-1)?.version ?? 0;
  if (present > newest) {
    throw new StoreError(
      'newer-schema',
      `the database has schema ${present} and this release knows schemas up to ${newest}; ` +
        'run the release that wrote it, or a newer one, or restore a backup made before the upgrade',
    );
  }
  for (const migration of migrations) {
    if (migration.version <= present) continue;
    database.exec('BEGIN IMMEDIATE');
    try {
      database.exec(migration.sql);
      database
        .prepare('INSERT INTO migration (version, name, applied_at) VALUES (?, ?, ?)')
        .run(migration.version, migration.name, now);
      database.exec('COMMIT');
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** The version of the newest migration that was applied; 0 for none. */
export function schemaVersion(database: SqlDatabase): number {
  const row: unknown = database.prepare('SELECT max(version) AS version FROM migration').get();
  return typeof row === 'object' && row !== null && 'version' in row && typeof row.version === 'number'
    ? row.version
    : 0;
}
