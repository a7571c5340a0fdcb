/**
 * The ledger: the one writer (docs/architecture.md, "The commit pipeline").
 *
 * Decisions run one after the other on the head in memory, so that each sees what those before it took. Their changes are
 * applied at once and handed to the store; what a decision answers, and its events, go out when the commit that covers
 * it is durable, and so do refusals, since they may rest on a grant that is not durable yet.
 *
 * The ledger knows nothing of the domain: `LedgerModel` says how a head is made from records and what a change does.
 */
import type { DueChange, EventInput, RecordWrite, StoredRecord } from '../store/store.ts';
import type { Instant } from './window.ts';

/** What a decision needs from outside; nothing else may enter it, so that it can be replayed. */
export interface DecisionInputs {
  readonly now: Instant;
  /** A new unique id (UUID). */
  newId(): string;
}

/** What was decided: the answer, and all that follows from it. */
export interface Decision<Result, Change> {
  readonly result: Result;
  /** Applied in order. Empty for a refusal or a decision that there is nothing to do. */
  readonly changes: readonly Change[];
  readonly events: readonly EventInput[];
  readonly due: readonly DueChange[];
}

/** A pure, synchronous function of the head and its inputs. It must not change the head. What it throws is the caller's answer. */
export type Decide<Head, Change, Result> = (head: Head, inputs: DecisionInputs) => Decision<Result, Change>;

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

/** Why the ledger did not decide, or does not know what became of a decision. */
export type LedgerErrorKind = 'overloaded' | 'not-durable' | 'reloading' | 'closed';

export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly kind: LedgerErrorKind;

  constructor(kind: LedgerErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
