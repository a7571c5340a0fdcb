/**
 * Opening a SQLite file the way the store needs it, behind the few methods that the store uses.
 */
import { chmodSync, closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';

/** A value that SQLite holds. */
export type SqlValue = string | number | null;

export interface SqlStatement {
  run(...parameters: readonly SqlValue[]): { readonly changes: number };
  get(...parameters: readonly SqlValue[]): unknown;
  all(...parameters: readonly SqlValue[]): readonly unknown[];
}

/** One connection; every call is synchronous and throws what SQLite reports. */
export interface SqlDatabase {
  readonly inTransaction: boolean;
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

/** Opens the file, making it when it is not there. */
export type OpenDatabase = (path: string) => SqlDatabase;

/**
 * How each connection to the store's file is set up: a write-ahead log that is flushed to disk at every commit. So many pages are its
 * bound where commits come without a pause, in which it would be emptied (`write-ahead-log.js`).
 */
export const SETTINGS = `
  PRAGMA busy_timeout = 5000;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
  PRAGMA wal_autocheckpoint = 2000;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA temp_store = MEMORY;
`;

/** The file holds passwords, so only its owner may read it; SQLite gives the log and the index beside it the same mode. */
export const openDatabase: OpenDatabase = (path) => {
  makePrivate(path);
  const database = new Database(path);
  try {
    database.exec(SETTINGS);
  } catch (error) {
    database.close();
    throw error;
  }
  return connection(database);
};

/** Opens the lock's file: a rollback journal in memory, nothing is ever written. */
export const openLockDatabase: OpenDatabase = (path) => {
  makePrivate(path);
  const database = new Database(path, { timeout: 0 });
  return connection(database);
};

/** Opens the lock's file to see whether it is locked, which a read then says at once. */
export const probeLockDatabase: OpenDatabase = (path) =>
  connection(new Database(path, { readonly: true, fileMustExist: true, timeout: 0 }));

/** Opens a file that is there, for reading alone: nothing that is done on the connection changes it. */
export const openReadOnly: OpenDatabase = (path) => {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  try {
    database.exec('PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;');
  } catch (error) {
    database.close();
    throw error;
  }
  return connection(database);
};

function connection(database: Database.Database): SqlDatabase {
  return {
    get inTransaction() {
      return database.inTransaction;
    },
    exec: (sql) => void database.exec(sql),
    prepare: (sql) => database.prepare<SqlValue[]>(sql),
    close: () => void database.close(),
  };
}

function makePrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}
