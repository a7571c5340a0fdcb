/** The thread of the store on a database that fails when it is told to (failing-database.ts). */
import { workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

/** @type {unknown} */
const given = workerData;
const { faults } = /** @type {{ readonly faults: Int32Array }} */ (given);
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is called on what it was called on
const { exec, pragma } = Database.prototype;

/** @param {number} index of what may have to fail */
function fails(index) {
  if (Atomics.load(faults, index) !== 1) return false;
  Atomics.add(faults, faults.length / 2 + index, 1);
  return true;
}

/**
 * @this {Database.Database}
 * @param {string} sql
 */
Database.prototype.exec = function (sql) {
  if (sql.includes('PRAGMA') && fails(0)) throw new Error('input/output error');
  if (sql === 'COMMIT' && fails(1)) throw new Error('database or disk is full');
  if (sql === 'COMMIT' && fails(2)) process.exit(7);
  return exec.call(this, sql);
};

/**
 * @this {Database.Database}
 * @param {string} source
 */
Database.prototype.pragma = function (source) {
  if (fails(3)) throw new Error('input/output error');
  return pragma.call(this, source);
};

await import('../../../src/store/sqlite/writer-thread.js');
