/**
 * Finds, among many things that last from an instant to another, those that overlap a window.
 *
 * Things are put into classes by length: class k holds lengths from 2^k to 2^(k+1) milliseconds, in the order of their start. What
 * overlaps [start, end) began after start - 2^(k+1), so that each class is one range of its tree, and no more than
 * about half of what is looked at is looked at in vain, however lengths are mixed. O(log n) to change and, per class in use, to ask.
 */
import { createRequire } from 'node:module';
import type SortedBtree from 'sorted-btree';
import { FOREVER } from './window.ts';
import type { Window } from './window.ts';
import { meets, someOf, spanOfAll, windowAt } from './windows.ts';
import type { Windows } from './windows.ts';

// The package is CommonJS with a `default` property, which loaders of ES modules take for different things; `require` does not.
// Cast: the package's own declarations.
const { default: BTree } = createRequire(import.meta.url)('sorted-btree') as typeof SortedBtree;

/** Something with an id and a window. An absent end is without end. */
export interface Spanned {
  readonly id: string;
  readonly startsAt: number;
  readonly endsAt?: number;
  /** The window is one of many: the one of the number `occurrence`. */
  readonly series?: { readonly period: number; readonly count: number; readonly occurrence: number };
}

/** From the start of a thing to its end; of many windows, from that of the first to that of the last. */
export function spanOf(item: Spanned): Window {
  return item.series === undefined ? currentWindow(item) : spanOfAll(windowsOf(item));
}

/** The window of a thing that is in progress, or is next. */
export function currentWindow({ startsAt, endsAt }: Spanned): Window {
  return { start: startsAt, end: endsAt ?? FOREVER };
}

/** All windows of a thing, those that are over included. */
export function windowsOf(item: Spanned): Windows {
  const { series } = item;
  if (series === undefined) return currentWindow(item);
  const { period, count, occurrence } = series;
  const first = windowAt({ ...currentWindow(item), period }, 1 - occurrence);
  return someOf({ ...first, period, count }, 0, count);
}

/** The windows of a thing from the one on that is in progress, or is next. */
export function windowsAhead(item: Spanned): Windows {
  const { series } = item;
  if (series === undefined) return currentWindow(item);
  const { period, count, occurrence } = series;
  const left = count - occurrence + 1;
  return someOf({ ...currentWindow(item), period, count: left }, 0, left);
}

/** The order of what an index yields: by start, then by id. */
export function byStart(a: Spanned, b: Spanned): number {
  return a.startsAt - b.startsAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

export class WindowIndex<T extends Spanned> {
  readonly #classes = new Map<number, SortedBtree.default<Spanned, T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    const key = keyOf(item);
    const length = lengthClass(key);
    let tree = this.#classes.get(length);
    if (tree === undefined) {
      tree = new BTree<Spanned, T>(undefined, byStart);
      this.#classes.set(length, tree);
    }
    if (tree.set(key, item)) this.#size++;
  }

  /** Takes out what was added with the same id and window. */
  delete(item: Spanned): void {
    const key = keyOf(item);
    const length = lengthClass(key);
    const tree = this.#classes.get(length);
    if (tree?.delete(key) === true) this.#size--;
    if (tree?.size === 0) this.#classes.delete(length);
  }

  /** What overlaps the window with any of its own: by length class, then by start. The index must not change meanwhile. */
  *overlapping(window: Window): Generator<T, void, undefined> {
    for (const [length, tree] of [...this.#classes].sort(([a], [b]) => a - b)) {
      const earliest = window.start - 2 ** (length + 1);
      // The empty id comes before every other, so that the bound itself is included.
      for (const [key, item] of tree.entries({ id: '', startsAt: Number.isNaN(earliest) ? -Infinity : earliest })) {
        if (key.startsAt >= window.end) break;
        if (meets(windowsOf(item), window)) yield item;
      }
    }
  }

  /** The same in the order of start and id. */
  inOrder(window: Window): T[] {
    return [...this.overlapping(window)].sort(byStart);
  }
}

/** What an item is kept by: its span. */
function keyOf(item: Spanned): Spanned {
  if (item.series === undefined) return item;
  const { start, end } = spanOf(item);
  return { id: item.id, startsAt: start, endsAt: end };
}

/** The k of 2^k <= length < 2^(k+1); Infinity for what has no end. */
function lengthClass(item: Spanned): number {
  if (item.endsAt === undefined) return Infinity;
  return Math.floor(Math.log2(Math.max(1, item.endsAt - item.startsAt)));
}
