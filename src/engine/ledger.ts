/**
 * The ledger: the one writer (docs/architecture.md, "The commit pipeline").
 *
 * Decisions run one after the other on the head in memory, so that each sees what those before it took. Their changes are
 * applied at once and handed to the store; what a decision answers, and its events, go out when the commit that covers
 * it is durable, and so do refusals, since they may rest on a grant that is not durable yet.
 *
 * The ledger knows nothing of the domain: `LedgerModel` says how a head is made from records and what a change does.
 */
import type { CommitResult, DueChange, DueItem, EventInput, RecordWrite, Store, StoredRecord } from '../store/store.ts';
import type { Bus } from './bus.ts';
import type { Clock } from './clock.ts';
import { newId } from './new-id.ts';
import type { Instant } from './window.ts';

/** What a decision needs from outside; nothing else may enter it, so that it can be replayed. */
export interface DecisionInputs {
  readonly now: Instant;
  /** A new unique id (UUID). */
  readonly newId: () => string;
}

/** What was decided: the answer, and all that follows from it. */
export interface Decision<Result, Change, Event> {
  readonly result: Result;
  /** Applied in order. Empty for a refusal or a decision that there is nothing to do. */
  readonly changes: readonly Change[];
  /** What is to be told, in order. */
  readonly events: readonly Event[];
  readonly due: readonly DueChange[];
}

/** A pure, synchronous function of the head and its inputs. It must not change the head. What it throws is the caller's answer. */
export type Decide<Head, Change, Event, Result> = (
  head: Head,
  inputs: DecisionInputs,
) => Decision<Result, Change, Event>;

export interface LedgerModel<Head, Change> {
  /** A head without any record. */
  empty(): Head;
  /** Takes a record from the store into the head; kinds come in the order of `RECORD_KINDS`. */
  restore(head: Head, record: StoredRecord): void;
  /** Changes the head. It must not throw for a change that a decision on this head made. */
  apply(head: Head, change: Change): void;
  /** The records that hold the change. */
  writes(change: Change): readonly RecordWrite[];
}

/**
 * Why there is no decision to rely on:
 * `overloaded`: too many decisions are waiting for the disk, this one was not taken;
 * `not-durable`: the decision was taken and lost again, because the store failed;
 * `reloading`: the store failed and the state could not be read back yet, so nothing is decided;
 * `closed`: the ledger was closed.
 */
export type LedgerErrorKind = 'overloaded' | 'not-durable' | 'reloading' | 'closed';

export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly kind: LedgerErrorKind;

  constructor(kind: LedgerErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** What has become durable: one decision, or, after a failure, whatever the store held. */
export type Durable<Change> =
  | { readonly what: 'decision'; readonly changes: readonly Change[]; readonly due: readonly DueChange[] }
  | { readonly what: 'reload' };

export interface LedgerOptions<Head, Change, Event> {
  readonly store: Pick<Store, 'append' | 'backlog' | 'load'>;
  readonly model: LedgerModel<Head, Change>;
  /** The event as the log holds it. */
  readonly record: (event: Event) => EventInput;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly newId?: () => string;
  /** How many decisions may wait to become durable before more are refused, and how many characters of them. */
  readonly mostWaiting?: number;
  readonly mostCharacters?: number;
  /** Is told of each failure to make a decision durable, and of each reload. */
  readonly onFailure?: (error: unknown) => void;
}

const MOST_WAITING = 10_000;
const MOST_CHARACTERS = 128_000_000;
/** How long the state is not read back again after it was and was lost once more, milliseconds: doubled each time, to the longest. */
const SHORTEST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

export class Ledger<Head, Change, Event> {
  readonly #store: LedgerOptions<Head, Change, Event>['store'];
  readonly #model: LedgerModel<Head, Change>;
  readonly #record: (event: Event) => EventInput;
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #newId: () => string;
  readonly #mostWaiting: number;
  readonly #mostCharacters: number;
  readonly #onFailure: (error: unknown) => void;
  readonly #listeners = new Set<(durable: Durable<Change>) => void>();

  #head: Head;
  #state: 'running' | 'reloading' | 'closed' = 'running';
  /** Decisions handed to the store that are not durable yet. */
  #waiting = 0;
  /** Settles with the last of them; stays resolved while there is none. */
  #tail: Promise<unknown> = Promise.resolve();
  /** The latest word on due items whose commits are not durable yet: `undefined` = removed. */
  readonly #undurableDue = new Map<string, { readonly item: DueItem | undefined; readonly commit: object }>();
  /** When the state was last read back, or was tried to be, since a decision became durable; and how long that is to be enough. */
  #reloaded: { readonly at: Instant; readonly pause: number } | undefined;

  /** Loads the head from the store. @throws StoreError. */
  constructor(options: LedgerOptions<Head, Change, Event>) {
    this.#store = options.store;
    this.#model = options.model;
    this.#record = options.record;
    this.#clock = options.clock;
    this.#bus = options.bus;
    this.#newId = options.newId ?? (() => newId(this.#clock.now()));
    this.#mostWaiting = options.mostWaiting ?? MOST_WAITING;
    this.#mostCharacters = options.mostCharacters ?? MOST_CHARACTERS;
    this.#onFailure = options.onFailure ?? (() => undefined);
    this.#head = this.#load();
  }

  /**
   * Decides on the present head. The decision is taken before this returns, and counts for every later one.
   * @returns a promise of the decision's result that resolves when it, and all that it rests on, is durable. It rejects with
   *   what `decide` threw, then also after what it rests on; or with LedgerError: `not-durable` when the store failed (the
   *   head is back at what the disk holds), `overloaded`, `reloading`, `closed`.
   */
  update<Result>(decide: Decide<Head, Change, Event, Result>): Promise<Result> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    let decision: Decision<Result, Change, Event>;
    try {
      decision = decide(this.#head, { now: this.#clock.now(), newId: this.#newId });
    } catch (error) {
      // What `decide` threw is the answer, whatever it is.
      return this.#tail.then(() => {
        throw error;
      });
    }
    const { result, changes, events, due } = decision;
    if (changes.length === 0 && events.length === 0 && due.length === 0) return this.#tail.then(() => result);
    return this.#commit(decision);
  }

  /** The head as decisions see it. It may hold what is not durable yet, and must not be changed. */
  get head(): Head {
    return this.#head;
  }

  /**
   * Reads the head now, and answers when all that the reading may rest on is durable.
   * @returns a promise that rejects with LedgerError: `not-durable` when that was lost, `reloading`.
   */
  read<Result>(select: (head: Head) => Result): Promise<Result> {
    const unreliable = this.#unreliable();
    if (unreliable !== undefined) return Promise.reject(unreliable);
    const result = select(this.#head);
    return this.#tail.then(() => result);
  }

  /** Resolves when everything decided so far is durable. @throws LedgerError `not-durable` when it cannot become so. */
  whenDurable(): Promise<void> {
    return this.#tail.then(() => undefined);
  }

  /** Whether a due item read from the store still stands: no decision has since removed or moved it. */
  stillDue(item: DueItem): boolean {
    const latest = this.#undurableDue.get(item.id);
    return latest === undefined || latest.item?.at === item.at;
  }

  /**
   * Calls `listener` with each decision when it has become durable, in order, before its promise resolves; for what works
   * behind the decisions. @returns a function that ends this.
   */
  onDurable(listener: (durable: Durable<Change>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Refuses further decisions and waits until those taken are durable or lost. The store is left open. */
  async close(): Promise<void> {
    this.#state = 'closed';
    await this.#tail.catch(() => undefined);
  }

  #commit<Result>({ result, changes, events, due }: Decision<Result, Change, Event>): Promise<Result> {
    const writes: RecordWrite[] = [];
    const told: EventInput[] = [];
    try {
      for (const change of changes) {
        this.#model.apply(this.#head, change);
        writes.push(...this.#model.writes(change));
      }
      for (const event of events) told.push(this.#record(event));
    } catch (error) {
      // A head that took half a decision must not be decided upon.
      this.#giveUpHead(error);
      return Promise.reject(asError(error));
    }
    const mark = {};
    this.#waiting += 1;
    this.#noteDue(due, mark);
    const settled = this.#store.append({ writes, events: told, due }).then(
      (committed) => {
        this.#durable(committed, changes, due, mark);
        return result;
      },
      (cause: unknown) => this.#lost(cause, due, mark),
    );
    this.#tail = settled;
    return settled;
  }

  #durable({ events }: CommitResult, changes: readonly Change[], due: readonly DueChange[], mark: object): void {
    this.#reloaded = undefined;
    this.#settle(due, mark);
    this.#bus.publish(events);
    this.#tell({ what: 'decision', changes, due });
  }

  #lost(cause: unknown, due: readonly DueChange[], mark: object): never {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new LedgerError('not-durable', `the decision could not be stored and does not hold: ${reason}`, {
      cause,
    });
    this.#giveUpHead(error, () => this.#settle(due, mark));
    throw error;
  }

  #settle(due: readonly DueChange[], mark: object): void {
    this.#waiting -= 1;
    for (const change of due) {
      const id = idOf(change);
      if (this.#undurableDue.get(id)?.commit === mark) this.#undurableDue.delete(id);
    }
    if (this.#state === 'reloading') this.#tryReload();
  }

  #giveUpHead(error: unknown, then: () => void = () => this.#tryReload()): void {
    if (this.#state === 'running') {
      this.#state = 'reloading';
      this.#onFailure(error);
    }
    then();
  }

  /** Only when nothing is waiting: what is waiting may still become durable, and the new head must hold it. */
  #tryReload(): void {
    if (this.#waiting > 0 || this.#pausing() > 0) return;
    const pause = this.#reloaded === undefined ? SHORTEST_PAUSE : Math.min(LONGEST_PAUSE, this.#reloaded.pause * 2);
    this.#reloaded = { at: this.#clock.now(), pause };
    try {
      this.#head = this.#load();
    } catch (error) {
      this.#onFailure(error);
      return;
    }
    this.#state = 'running';
    this.#tail = Promise.resolve();
    this.#tell({ what: 'reload' });
  }

  /** How long it is until the state may be read back, milliseconds: that takes its time, and would help as little as before. */
  #pausing(): number {
    if (this.#reloaded === undefined) return 0;
    const { at, pause } = this.#reloaded;
    const past = this.#clock.now() - at;
    // A clock that was set back says nothing.
    return past < 0 ? 0 : Math.max(0, pause - past);
  }

  #load(): Head {
    const head = this.#model.empty();
    this.#store.load((record) => this.#model.restore(head, record));
    return head;
  }

  #refusal(): LedgerError | undefined {
    if (this.#state === 'closed') return new LedgerError('closed', 'the server is stopping; nothing more is decided');
    const unreliable = this.#unreliable();
    if (unreliable !== undefined) return unreliable;
    if (this.#waiting < this.#mostWaiting && this.#store.backlog < this.#mostCharacters) return undefined;
    return new LedgerError(
      'overloaded',
      `${this.#waiting} decisions are waiting to be written to disk, as much as may; try again shortly`,
    );
  }

  /** Tries to have a head that can be relied on. @returns why there is none */
  #unreliable(): LedgerError | undefined {
    if (this.#state !== 'reloading') return undefined;
    this.#tryReload();
    if (!this.#isReloading()) return undefined;
    const seconds = Math.ceil(this.#pausing() / 1_000);
    const again = seconds > 0 ? `; that is tried again in ${seconds} s` : '';
    return new LedgerError(
      'reloading',
      `the store failed and the state could not be read back from it yet, so nothing is decided${again}`,
    );
  }

  /** A method, since the state may have changed in a call. */
  #isReloading(): boolean {
    return this.#state === 'reloading';
  }

  #noteDue(due: readonly DueChange[], commit: object): void {
    for (const change of due) {
      this.#undurableDue.set(idOf(change), { item: 'put' in change ? change.put : undefined, commit });
    }
  }

  #tell(durable: Durable<Change>): void {
    for (const listener of this.#listeners) {
      try {
        listener(durable);
      } catch (error) {
        this.#onFailure(error);
      }
    }
  }
}

function idOf(change: DueChange): string {
  return 'put' in change ? change.put.id : change.remove;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
