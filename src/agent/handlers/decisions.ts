/**
 * The latest decisions, by number, for `explain`: references to what came of each, so that recording one costs next to nothing. They are
 * kept in memory only. Numbers begin where the clock says, so that those of an earlier run of the server never mean another decision.
 */
import type { Decided } from '../../engine/explain.ts';
import type { Instant } from '../../engine/window.ts';

/** How many decisions can be explained. */
const MOST_DECISIONS = 4096;

/** Decisions in a millisecond, at most: more than a server makes, so that its numbers stay behind those of the next run. */
const NUMBERS_A_MILLISECOND = 1000;

export class Decisions {
  readonly #kept: (Decided | undefined)[] = [];
  #next: number;
  readonly #first: number;

  /** @param started when the server began */
  constructor(started: Instant) {
    this.#first = started * NUMBERS_A_MILLISECOND;
    this.#next = this.#first;
  }

  /** Keeps a decision, in place of the oldest. @returns its number */
  record(decided: Decided): number {
    const number = this.#next++;
    this.#kept[number % MOST_DECISIONS] = decided;
    return number;
  }

  /** The decision of a number; undefined when it is not kept (any more). */
  find(number: number): Decided | undefined {
    const kept = Number.isSafeInteger(number) && number >= Math.max(this.#first, this.#next - MOST_DECISIONS);
    return kept && number < this.#next ? this.#kept[number % MOST_DECISIONS] : undefined;
  }
}
