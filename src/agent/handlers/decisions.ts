/**
 * The latest decisions, by number, for `explain`: references to what came of each, so that recording one costs next to nothing. They are
 * kept in memory only. Numbers begin where the clock says, so that those of an earlier run of the server never mean another decision.
 */
import type { Decided } from '../../engine/explain.ts';
import type { Viewer } from '../../engine/ownership.ts';
import type { Instant } from '../../engine/window.ts';

/** How many decisions can be explained. */
const MOST_DECISIONS = 4096;

/** Decisions in a millisecond, at most: more than a server makes, so that its numbers stay behind those of the next run. */
const NUMBERS_A_MILLISECOND = 1000;

interface KeptDecision {
  readonly decided: Decided;
  readonly by: Viewer;
}

export class Decisions {
  readonly #kept: (KeptDecision | undefined)[] = [];
  #next: number;
  readonly #first: number;

  /** @param started when the server began */
  constructor(started: Instant) {
    this.#first = started * NUMBERS_A_MILLISECOND;
    this.#next = this.#first;
  }

  /**
   * Keeps a decision, in place of the oldest.
   * @param by who asked for it
   * @returns its number
   */
  record(decided: Decided, by: Viewer): number {
    const number = this.#next++;
    this.#kept[number % MOST_DECISIONS] = { decided, by };
    return number;
  }

  /** The decision of a number; undefined when it is not kept (any more), or was one for another tenant. */
  find(number: number, viewer: Viewer): Decided | undefined {
    const kept = Number.isSafeInteger(number) && number >= Math.max(this.#first, this.#next - MOST_DECISIONS);
    const found = kept && number < this.#next ? this.#kept[number % MOST_DECISIONS] : undefined;
    const visible = viewer.confinedTo === undefined || viewer.confinedTo === found?.by.confinedTo;
    return visible ? found?.decided : undefined;
  }
}
