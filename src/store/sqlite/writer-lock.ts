/**
 * One writer per data directory.
 *
 * The lock is SQLite's on an empty file, which is the operating system's: it goes with the process, however that ends, so a
 * dead writer's lock is free and a living one's cannot be taken. Beside it a note says who holds it, for the message.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../store.ts';
import { openLockDatabase } from './database.ts';
import type { SqlDatabase } from './database.ts';

const LOCK_FILE = 'writer.lock';
const NOTE_FILE = 'writer.json';

export class WriterLock {
  readonly #directory: string;
  readonly #lock: SqlDatabase;

  private constructor(directory: string, lock: SqlDatabase) {
    this.#directory = directory;
    this.#lock = lock;
  }

  /** @throws StoreError `locked` when another writer has the directory; `failed` when the lock's file cannot be used. */
  static take(directory: string): WriterLock {
    const path = join(directory, LOCK_FILE);
    let lock: SqlDatabase;
    try {
      lock = openLockDatabase(path);
    } catch (cause) {
      throw new StoreError('failed', `cannot open the lock file ${path}: ${reasonOf(cause)}`, { cause });
    }
    try {
      lock.exec('BEGIN EXCLUSIVE');
    } catch (cause) {
      lock.close();
      if (!isBusy(cause)) throw new StoreError('failed', `cannot lock ${path}: ${reasonOf(cause)}`, { cause });
      throw new StoreError(
        'locked',
        `${directory} is in use by ${holder(directory)} (lock ${path}); stop that process or give another data directory`,
      );
    }
    return new WriterLock(directory, lock);
  }

  /** Notes who holds the lock. */
  sign(epoch: number): void {
    const path = join(this.#directory, NOTE_FILE);
    const draft = `${path}.new`;
    writeFileSync(draft, `${JSON.stringify({ pid: process.pid, epoch })}\n`, { mode: 0o600 });
    renameSync(draft, path);
  }

  release(): void {
    rmSync(join(this.#directory, NOTE_FILE), { force: true });
    this.#lock.close();
  }
}

function holder(directory: string): string {
  try {
    const note: unknown = JSON.parse(readFileSync(join(directory, NOTE_FILE), 'utf8'));
    if (typeof note === 'object' && note !== null && 'pid' in note && typeof note.pid === 'number') {
      return note.pid === process.pid ? `this process (pid ${note.pid})` : `the process with pid ${note.pid}`;
    }
  } catch {
    // The holder is starting or stopping; the lock itself decides, the note only names.
  }
  return 'another process';
}

function isBusy(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE_BUSY')
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
