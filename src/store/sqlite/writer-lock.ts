/**
 * One writer per data directory.
 *
 * The lock is SQLite's on an empty file, which is the operating system's: it goes with the process, however that ends, so a
 * dead writer's lock is free and a living one's cannot be taken. Beside it a note says who holds it, for the message.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../store.ts';
import { openLockDatabase, probeLockDatabase } from './database.ts';
import type { SqlDatabase } from './database.ts';

const LOCK_FILE = 'writer.lock';
const NOTE_FILE = 'writer.json';

/** Who has a directory, as far as its note says. */
export interface Writer {
  readonly pid?: number;
  /** Number of the start. */
  readonly epoch?: number;
}

/** @returns undefined where nobody writes. Nothing is locked by asking, but for a moment where a dead writer's note was left behind. */
export function writerOf(directory: string): Writer | undefined {
  const path = join(directory, LOCK_FILE);
  // A writer signs when it has the lock.
  if (!existsSync(join(directory, NOTE_FILE)) || !existsSync(path)) return undefined;
  let lock: SqlDatabase | undefined;
  try {
    lock = probeLockDatabase(path);
    lock.prepare('SELECT count(*) FROM sqlite_schema').get();
    return undefined;
  } catch (cause) {
    if (isBusy(cause)) return noted(directory);
    throw new StoreError('failed', `cannot read the lock ${path}: ${reasonOf(cause)}`, { cause });
  } finally {
    lock?.close();
  }
}

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
  // The holder may be starting or stopping; the lock itself decides, the note only names.
  const { pid } = noted(directory);
  if (pid === undefined) return 'another process';
  return pid === process.pid ? `this process (pid ${pid})` : `the process with pid ${pid}`;
}

function noted(directory: string): Writer {
  try {
    const note: unknown = JSON.parse(readFileSync(join(directory, NOTE_FILE), 'utf8'));
    if (typeof note !== 'object' || note === null) return {};
    return {
      ...('pid' in note && typeof note.pid === 'number' ? { pid: note.pid } : {}),
      ...('epoch' in note && typeof note.epoch === 'number' ? { epoch: note.epoch } : {}),
    };
  } catch {
    return {};
  }
}

function isBusy(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE_BUSY')
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
