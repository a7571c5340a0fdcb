/**
 * The writing connection, in a thread of its own, so that decisions go on while the disk works.
 *
 * Transactions are run in the order of the calls. The first that fails is the writer's last: none that was handed over after it
 * is run. A thread that dies has failed likewise; what it was doing may or may not be on disk.
 */
import { Worker } from 'node:worker_threads';
import type { Write } from './sql.ts';

/** What the thread is started with. */
export interface WriterSetup {
  readonly path: string;
  /** Statements to run on the new connection. */
  readonly settings: string;
  readonly writes: readonly Write[];
}

/** What one transaction runs, as `Steps` has it. */
export interface Transaction {
  readonly text: string;
  readonly numbers: Float64Array;
}

/** A transaction; or to finish. */
export type WriterOrder = Transaction | 'end';

/** The outcome of the transactions, in their order. Nothing follows a failure. */
export type WriterReply = 'done' | { readonly failed: string };

/** Starts the thread. */
export type StartThread = (setup: WriterSetup) => Worker;

export const startWriterThread: StartThread = (setup) =>
  // Options of this process, such as loaders, are none of the thread's business.
  new Worker(new URL('./writer-thread.js', import.meta.url), { name: 'store', workerData: setup, execArgv: [] });

export interface WriterEvents {
  /** The transaction that has been under way longest is on disk. */
  readonly durable: () => void;
  /** A transaction has failed or the thread has died: once, and nothing follows. It writes no more by then. */
  readonly failed: (cause: Error) => void;
}

export class Writer {
  readonly #thread: Worker;
  readonly #gone: Promise<void>;
  readonly #events: WriterEvents;
  #underWay = 0;
  #state: 'running' | 'ending' | 'failed' = 'running';
  /** What the thread died of, told when it is gone. */
  #death: Error | undefined;

  constructor(thread: Worker, events: WriterEvents) {
    this.#thread = thread;
    this.#events = events;
    // Only what is under way keeps the process alive.
    thread.unref();
    thread.on('message', (reply: WriterReply) => this.#take(reply));
    thread.on('error', (error) => (this.#death = error instanceof Error ? error : new Error(String(error))));
    this.#gone = new Promise((resolve) => {
      thread.once('exit', (code) => {
        if (this.#state === 'running' || this.#underWay > 0) {
          this.#fail(this.#death ?? new Error(`the thread that writes has ended with code ${code}`));
        }
        resolve();
      });
    });
  }

  /** Transactions that are under way. */
  get underWay(): number {
    return this.#underWay;
  }

  run(transaction: Transaction): void {
    this.#underWay += 1;
    if (this.#underWay === 1) this.#thread.ref();
    this.#send(transaction);
  }

  /** Runs what is under way, closes the connection and ends the thread. */
  async end(): Promise<void> {
    if (this.#state === 'running') this.#state = 'ending';
    this.#thread.ref();
    this.#send('end');
    await this.#gone;
  }

  #send(order: WriterOrder): void {
    this.#thread.postMessage(order);
  }

  #take(reply: WriterReply): void {
    if (reply !== 'done') {
      this.#fail(new Error(reply.failed));
      return;
    }
    this.#underWay -= 1;
    if (this.#underWay === 0 && this.#state === 'running') this.#thread.unref();
    this.#events.durable();
  }

  #fail(cause: Error): void {
    if (this.#state === 'failed') return;
    this.#state = 'failed';
    this.#thread.unref();
    this.#events.failed(cause);
  }
}
