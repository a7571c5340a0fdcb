/** The thread of the store on a database that fails when it is told to (failing-database.ts). */
import { workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

/** @type {unknown} */
const given = workerData;
const { faults } = /** @type {{ readonly faults: Int32Array }} */ (given);
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is called on what it was called on
const { exec, pragma } = Database.prototype;

/**
 * @this {Database.Database}
 * @param {string} sql
 */
Database.prototype.exec = function (sql) {
  if (sql.includes('PRAGMA') && Atomics.load(faults, 0) === 1) throw new Error('input/output error');
  if (sql === 'COMMIT' && Atomics.load(faults, 1) === 1) throw new Error('database or disk is full');
  if (sql === 'COMMIT' && Atomics.load(faults, 2) === 1) process.exit(7);
  return exec.call(this, sql);
};

/**
 * @this {Database.Database}
 * @param {string} source
 */
Database.prototype.pragma = function (source) {
  if (Atomics.load(faults, 3) === 1) throw new Error('input/output error');
  return pragma.call(this, source);
};

await import('../../../src/store/sqlite/writer-thread.js');
