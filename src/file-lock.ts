import { setTimeout as wait } from 'node:timers/promises';
import { openLockDatabase } from './store/sqlite/database.ts';

/** How long another process may hold a lock, and how often it is asked for again, in milliseconds. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 10;

/**
 * Runs something while no other process, and nothing else in this one, holds the lock on a file. The lock is the operating system's, by way
 * of SQLite: it goes with the process, however that ends.
 * @param path of the lock's own file, which is made when it is not there
 * @throws Error when somebody else holds it for too long
 */
export async function whileLocked<Result>(path: string, run: () => Result | Promise<Result>): Promise<Result> {
  const lock = openLockDatabase(path);
  try {
    for (let waited = 0; !isTaken(lock); waited += RETRY_MS) {
      if (waited >= PATIENCE_MS) throw new Error(`another process holds the lock ${path}; try again when it has ended`);
      await wait(RETRY_MS);
    }
    return await run();
  } finally {
    lock.close();
  }
}

function isTaken(lock: ReturnType<typeof openLockDatabase>): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')) return false;
    throw error;
  }
}
