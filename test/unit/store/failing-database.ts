import { Worker } from 'node:worker_threads';
import { openDatabase } from '../../../src/store/sqlite/database.ts';
import type { SqliteStoreOptions } from '../../../src/store/sqlite/sqlite-store.ts';

/** What can fail: opening the database, on either connection; a commit; the writing thread, which dies in a commit; a checkpoint. */
const FAULTS = ['open', 'commit', 'thread', 'checkpoint'] as const;
export type Fault = (typeof FAULTS)[number];

/** What is to fail from now on, in this thread and in that of the store. */
export class Faults {
  /** Which are to fail, and how often each has failed in the writing thread. */
  readonly #shared = new Int32Array(new SharedArrayBuffer(2 * FAULTS.length * Int32Array.BYTES_PER_ELEMENT));
  #thread: Worker | undefined;

  /** Lets everything else pass. */
  set(...faults: readonly Fault[]): void {
    FAULTS.forEach((fault, index) => Atomics.store(this.#shared, index, faults.includes(fault) ? 1 : 0));
  }

  /** How often something has failed in the writing thread. */
  met(fault: Fault): number {
    return Atomics.load(this.#shared, FAULTS.length + FAULTS.indexOf(fault));
  }

  /** The writing thread that was started last. */
  get thread(): Worker | undefined {
    return this.#thread;
  }

  /** For a store on a disk that fails when it is told to, as one does that is full or broken. */
  options(): Pick<SqliteStoreOptions, 'open' | 'startThread'> {
    return {
      open: (path) => {
        if (Atomics.load(this.#shared, 0) === 1) throw new Error('input/output error');
        return openDatabase(path);
      },
      startThread: (setup) => {
        this.#thread = new Worker(new URL('./failing-writer-thread.js', import.meta.url), {
          workerData: { ...setup, faults: this.#shared },
          execArgv: [],
        });
        return this.#thread;
      },
    };
  }
}
