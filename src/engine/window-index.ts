/**
 * Finds, among many things that last from an instant to another, those that overlap a window.
 *
 * Things are put into classes by length: class k holds lengths from 2^k to 2^(k+1) milliseconds, in the order of their start. What
 * overlaps [start, end) began after start - 2^(k+1), so that each class is one range of its row, and no more than
 * about half of what is looked at is looked at in vain, however lengths are mixed. To change and, per class in use, to ask
 * costs a binary search.
 */
import { SpanRow } from './span-row.ts';
import { BEGINNING, FOREVER } from './window.ts';
import type { Instant, Window } from './window.ts';
import { meets, someOf, spanOfAll, windowAt } from './windows.ts';
import type { Windows } from './windows.ts';

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
  readonly #classes = new Map<number, SpanRow<T>>();
  /** Not in a class yet: see `addLater`. */
  #later: T[] = [];
  #size = 0;

  get size(): number {
    return this.#size + this.#later.length;
  }

  add(item: T): void {
    this.#settle();
    const { start, end } = spanOf(item);
    if (this.#classOf(lengthClass(start, end)).put(start, item)) this.#size++;
  }

  /** Adds what is not in it, in one go with what else is added so, when the index is next looked at: to load many. */
  addLater(item: T): void {
    this.#later.push(item);
  }

  /** Takes out what was added with the same id and window. */
  delete(item: Spanned): void {
    this.#settle();
    const { start, end } = spanOf(item);
    const length = lengthClass(start, end);
    const row = this.#classes.get(length);
    if (row?.delete(start, item.id) === true) this.#size--;
    if (row?.size === 0) this.#classes.delete(length);
  }

  /** What overlaps the window with any of its own: by length class, then by start. The index must not change meanwhile. */
  *overlapping(window: Window): Generator<T, void, undefined> {
    this.#settle();
    for (const [length, row] of [...this.#classes].sort(([a], [b]) => a - b)) {
      for (const item of row.between(startOf(length, window.start), window.end)) {
        if (meets(windowsOf(item), window)) yield item;
      }
    }
  }

  /**
   * What overlaps one window after another from a first instant on, none of which starts or ends before the one that was asked for last:
   * what goes on is kept, so that only what has begun since is looked up. The index must not change meanwhile.
   * @param of what stands for a thing; undefined: it is left out
   */
  sweep<Item extends Spanned>(first: Instant, of: (item: T) => Item | undefined): (window: Window) => readonly Item[] {
    this.#settle();
    const rows = [...this.#classes].map(([length, row]) => {
      const coming = row.between(startOf(length, first), FOREVER);
      return { coming, next: coming.next() };
    });
    let going: Item[] = [];
    return (window) => {
      going = going.filter((item) => spanOf(item).end > window.start);
      for (const row of rows) {
        for (let { next } = row; next.done !== true; next = row.next = row.coming.next()) {
          const { start, end } = spanOf(next.value);
          if (start >= window.end) break;
          const item = end > window.start ? of(next.value) : undefined;
          if (item !== undefined) going.push(item);
        }
      }
      return going;
    };
  }

  /** The same as `overlapping`, in the order of start and id. */
  inOrder(window: Window): T[] {
    return [...this.overlapping(window)].sort(byStart);
  }

  #classOf(length: number): SpanRow<T> {
    let row = this.#classes.get(length);
    if (row === undefined) {
      row = new SpanRow<T>();
      this.#classes.set(length, row);
    }
    return row;
  }

  #settle(): void {
    if (this.#later.length === 0) return;
    const byLength = new Map<number, { readonly starts: number[]; readonly items: T[] }>();
    for (const item of this.#later) {
      const { start, end } = spanOf(item);
      const length = lengthClass(start, end);
      const same = byLength.get(length);
      if (same === undefined) {
        byLength.set(length, { starts: [start], items: [item] });
      } else {
        same.starts.push(start);
        same.items.push(item);
      }
    }
    this.#later = [];
    for (const [length, { starts, items }] of byLength) this.#size += this.#classOf(length).putAll(starts, items);
  }
}

/** Before what does not go on at an instant any more starts, of the things of a class. */
function startOf(length: number, instant: Instant): Instant {
  const earliest = instant - 2 ** (length + 1);
  return Number.isNaN(earliest) ? BEGINNING : earliest;
}

/** The k of 2^k <= length < 2^(k+1); Infinity for what has no end. */
function lengthClass(start: Instant, end: Instant): number {
  return Math.floor(Math.log2(Math.max(1, end - start)));
}
