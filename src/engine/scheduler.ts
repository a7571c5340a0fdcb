/**
 * The scheduler: carries out due work, which is rows in the store and not timers in memory.
 *
 * Items run in the order of time, at equal times in the order of their rank (ends before starts), as decisions of the ledger;
 * each is removed in the commit that carries it out. After a restart, a week late too, what was missed runs in that order.
 */
import type { DueChange, DueItem, Store } from '../store/store.ts';
import type { Clock, Timer } from './clock.ts';
import { LedgerError } from './ledger.ts';
import type { Decide, Ledger } from './ledger.ts';
import type { Instant } from './window.ts';

/** How many items are read from the store at a time. */
const BATCH = 200;
/** How long an item that failed is left alone, milliseconds. */
const RETRY_AFTER = 30_000;
/** How long to wait when the ledger or the store cannot go on, milliseconds. */
const PAUSE = 1_000;

/** What the scheduler needs of the ledger. */
export type SchedulerLedger<Head, Change, Event> = Pick<
  Ledger<Head, Change, Event>,
  'update' | 'stillDue' | 'whenDurable' | 'onDurable'
>;

export interface SchedulerOptions<Head, Change, Event> {
  readonly store: Pick<Store, 'dueUntil'>;
  readonly ledger: SchedulerLedger<Head, Change, Event>;
  readonly clock: Clock;
  /**
   * The decision that carries out an item. `item.at` is when it was due, the inputs' `now` may be much later. It removes the item
   * unless it puts one of the same id, and must accept that the world has moved on (a reservation that is gone).
   */
  readonly carryOut: (item: DueItem) => Decide<Head, Change, Event, unknown>;
  /** Is told when an item could not be carried out; it is tried again later, and what follows goes on. */
  readonly onFailure?: (item: DueItem | undefined, error: unknown) => void;
}

export class Scheduler<Head, Change, Event> {
  readonly #store: Pick<Store, 'dueUntil'>;
  readonly #ledger: SchedulerLedger<Head, Change, Event>;
  readonly #clock: Clock;
  readonly #carryOut: (item: DueItem) => Decide<Head, Change, Event, unknown>;
  readonly #onFailure: (item: DueItem | undefined, error: unknown) => void;
  /** Items that failed, and when each may be tried again. */
  readonly #postponed = new Map<string, Instant>();

  #pausedUntil: Instant | undefined;
  #state: 'idle' | 'started' | 'closed' = 'idle';
  #timer: { readonly at: Instant; readonly handle: Timer } | undefined;
  /** The items that the timer was set by. */
  #awaited: ReadonlySet<string> = new Set();
  /** The run in progress: there is never more than one. */
  #run: Promise<void> | undefined;
  #stopListening: () => void = () => undefined;

  constructor(options: SchedulerOptions<Head, Change, Event>) {
    this.#store = options.store;
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#carryOut = options.carryOut;
    this.#onFailure = options.onFailure ?? (() => undefined);
  }

  /** Catches up with what is due, then keeps up. @returns when it has caught up. */
  start(): Promise<void> {
    if (this.#state !== 'idle') return this.whenCaughtUp();
    this.#state = 'started';
    this.#stopListening = this.#ledger.onDurable((durable) => {
      if (durable.what === 'reload' || this.#concerns(durable.due)) this.#arm();
    });
    return this.#begin();
  }

  /** Resolves when the run in progress, if there is one, has carried out what was due. */
  whenCaughtUp(): Promise<void> {
    return this.#run ?? Promise.resolve();
  }

  /** Stops after the batch in progress. */
  async close(): Promise<void> {
    this.#state = 'closed';
    this.#stopListening();
    this.#timer?.handle.cancel();
    this.#timer = undefined;
    await this.#run;
  }

  #begin(): Promise<void> {
    this.#run ??= this.#runAll().finally(() => {
      this.#run = undefined;
      this.#arm();
    });
    return this.#run;
  }

  /** Whether decisions change what is waited for: to ask the store after each would be its dearest part. */
  #concerns(due: readonly DueChange[]): boolean {
    const waitsUntil = this.#timer?.at;
    return due.some((change) => {
      if (waitsUntil === undefined) return true;
      return 'put' in change
        ? change.put.at < waitsUntil || this.#awaited.has(change.put.id)
        : this.#awaited.has(change.remove);
    });
  }

  /** Waits for the next due item, and for nothing else. */
  #arm(): void {
    if (this.#state !== 'started' || this.#run !== undefined) return;
    const next = this.#nextRun();
    if (next === this.#timer?.at) return;
    this.#timer?.handle.cancel();
    this.#timer = undefined;
    if (next === undefined) return;
    const handle = this.#clock.at(next, () => {
      this.#timer = undefined;
      void this.#begin();
    });
    this.#timer = { at: next, handle };
  }

  #nextRun(): Instant | undefined {
    if (this.#pausedUntil !== undefined) return this.#pausedUntil;
    try {
      // Postponed items may all come first; one more shows what else there is.
      const items = this.#store.dueUntil(Number.MAX_SAFE_INTEGER, this.#postponed.size + 1);
      this.#awaited = new Set(items.map(({ id }) => id));
      if (items.length === 0) return undefined;
      return Math.min(...items.map((item) => this.#postponed.get(item.id) ?? item.at));
    } catch (error) {
      return this.#pause(undefined, error);
    }
  }

  async #runAll(): Promise<void> {
    // A run begins in a turn of its own: whoever asked for it is done by then.
    await Promise.resolve();
    this.#pausedUntil = undefined;
    while (this.#mayGoOn()) {
      const items = this.#ready();
      if (items.length === 0) return;
      await this.#runBatch(items);
    }
  }

  #mayGoOn(): boolean {
    return this.#state === 'started' && this.#pausedUntil === undefined;
  }

  #ready(): readonly DueItem[] {
    const now = this.#clock.now();
    for (const [id, again] of this.#postponed) if (again <= now) this.#postponed.delete(id);
    try {
      const items = this.#store.dueUntil(now, BATCH + this.#postponed.size);
      return items.filter((item) => !this.#postponed.has(item.id));
    } catch (error) {
      this.#pause(undefined, error);
      return [];
    }
  }

  /** Decisions are taken in order and become durable together. */
  async #runBatch(items: readonly DueItem[]): Promise<void> {
    const last = items.at(-1)?.at ?? 0;
    const outcomes: Promise<void>[] = [];
    for (const item of items) {
      if (!this.#ledger.stillDue(item)) continue;
      const decided = { comesBetween: false };
      const decide: Decide<Head, Change, Event, unknown> = (head, inputs) => {
        const decision = this.#carryOut(item)(head, inputs);
        decided.comesBetween = decision.due.some((change) => 'put' in change && change.put.at <= last);
        return { ...decision, due: [{ remove: item.id }, ...decision.due] };
      };
      outcomes.push(
        this.#ledger.update(decide).then(
          () => undefined,
          (error: unknown) => this.#failed(item, error),
        ),
      );
      if (decided.comesBetween) break;
    }
    await Promise.all(outcomes);
    // An item that a waiting decision removed is still in the store until that decision is durable.
    await this.#ledger.whenDurable().catch(() => undefined);
  }

  /** A ledger that cannot write stops the run, so that the order is kept; any other failure concerns the item alone. */
  #failed(item: DueItem, error: unknown): void {
    if (error instanceof LedgerError) {
      this.#pause(item, error);
      return;
    }
    this.#postponed.set(item.id, this.#clock.now() + RETRY_AFTER);
    this.#onFailure(item, error);
  }

  #pause(item: DueItem | undefined, error: unknown): Instant {
    const until = this.#clock.now() + PAUSE;
    if (this.#pausedUntil === undefined) this.#onFailure(item, error);
    this.#pausedUntil = until;
    return until;
  }
}
