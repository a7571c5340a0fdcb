/** Changes to come, in the order in which they come. */
import { FOREVER } from './window.ts';
import type { Instant } from './window.ts';

/** A binary heap with the soonest on top. */
export class SoonestFirst<Change extends { readonly at: Instant }> {
  readonly #heap: Change[] = [];

  /** When the soonest is; `FOREVER` without any. */
  get soonest(): Instant {
    return this.#heap[0]?.at ?? FOREVER;
  }

  add(change: Change): void {
    const heap = this.#heap;
    let index = heap.length;
    for (let parent = (index - 1) >> 1; index > 0; parent = (index - 1) >> 1) {
      const above = heap[parent];
      if (above === undefined || above.at <= change.at) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = change;
  }

  /** Takes out the soonest, if it is not after an instant. */
  takeUntil(instant: Instant): Change | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.at > instant) return undefined;
    const last = heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  /** Puts a change in the place of the first. */
  #sink(change: Change): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      const next = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (next === undefined || next.at >= change.at) break;
      heap[index] = next;
      index = next === right ? 2 * index + 2 : 2 * index + 1;
    }
    heap[index] = change;
  }
}
