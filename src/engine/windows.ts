/**
 * Many windows as one value: those of equal length at equal distances, as a reservation has them that recurs. A single window is the
 * common case of it, and is one of them as it stands.
 *
 * Days and weeks are counted in UTC, where each day has 24 hours: so the windows need not be listed, however many there are.
 * Two of them never overlap: the period is not shorter than a window.
 */
import { FOREVER, containsInstant, containsWindow, intersect, overlaps } from './window.ts';
import type { Instant, Window, WindowScope } from './window.ts';
import type { Timeline } from './timeline.ts';
import type { CapacityVector } from './capacity.ts';

/** The first window, and, where there are more, how far each starts after the one before it and how many they are. */
export interface Windows extends Window {
  /** Milliseconds; absent with one window. */
  readonly period?: number;
  /** Absent: 1. */
  readonly count?: number;
}

export function countOf({ count = 1 }: Windows): number {
  return count;
}

/** The window of an index from 0 on. */
export function windowAt({ start, end, period = 0 }: Windows, index: number): Window {
  return { start: start + index * period, end: end + index * period };
}

/** The windows in their order. */
export function* eachOf(windows: Windows): Generator<Window, void, undefined> {
  for (let index = 0; index < countOf(windows); index++) yield windowAt(windows, index);
}

/** Some of the windows: `count` from an index on, which have to be there. */
export function someOf(windows: Windows, index: number, count: number): Windows {
  const first = windowAt(windows, index);
  return count === 1 || windows.period === undefined ? first : { ...first, period: windows.period, count };
}

/** As many windows with another start. */
export function shifted(windows: Windows, start: Instant): Windows {
  return { ...windows, start, end: windows.end + (start - windows.start) };
}

/** From the start of the first to the end of the last. */
export function spanOfAll(windows: Windows): Window {
  return { start: windows.start, end: windowAt(windows, countOf(windows) - 1).end };
}

/** The index of the first window that is not over at an instant; the number of windows when all are. */
export function firstAfter(windows: Windows, instant: Instant): number {
  const { end, period } = windows;
  if (end > instant) return 0;
  const index = period === undefined ? 1 : Math.floor((instant - end) / period) + 1;
  return Math.min(index, countOf(windows));
}

/** The window that an instant lies in. */
export function windowWith(windows: Windows, instant: Instant): Window | undefined {
  const index = firstAfter(windows, instant);
  if (index === countOf(windows)) return undefined;
  const window = windowAt(windows, index);
  return containsInstant(window, instant) ? window : undefined;
}

/** What the windows have in common with another one, in order. */
export function* partsIn(windows: Windows, query: Window): Generator<Window, void, undefined> {
  for (let index = firstAfter(windows, query.start); index < countOf(windows); index++) {
    const part = intersect(windowAt(windows, index), query);
    if (part === undefined) return;
    yield part;
  }
}

/** Whether any of the windows overlaps another one. */
export function meets(windows: Windows, query: Window): boolean {
  if (windows.period === undefined) return overlaps(windows, query);
  const index = firstAfter(windows, query.start);
  return index < countOf(windows) && overlaps(windowAt(windows, index), query);
}

/** Whether any of the windows overlaps any of the others. */
export function meetsAny(a: Windows, b: Windows): boolean {
  const [few, many] = countOf(a) <= countOf(b) ? [a, b] : [b, a];
  for (const window of eachOf(few)) if (meets(many, window)) return true;
  return false;
}

/** Whether a query for a window selects something with these windows: by any of them (see `matchesWindow`). */
export function matchesAny(query: Window, windows: Windows, scope: WindowScope = 'inclusive'): boolean {
  if (scope === 'inclusive') return meets(windows, query);
  const { start, period } = windows;
  const index = period === undefined ? 0 : Math.max(0, Math.ceil((query.start - start) / period));
  return index < countOf(windows) && containsWindow(query, windowAt(windows, index));
}

/** Something with a start, an end, or none, and perhaps with more windows like that. */
interface Bounded {
  readonly start: Instant;
  readonly end?: Instant;
  readonly period?: number;
  readonly count?: number;
}

/** The windows of what may be without an end. */
export function windowsIn({ start, end, period, count }: Bounded): Windows {
  const first = { start, end: end ?? FOREVER };
  return period === undefined || count === undefined ? first : { ...first, period, count };
}

/** The bounds of windows, without the end of one that has none. */
export function boundsOf({ start, end, period, count = 1 }: Windows): Bounded {
  if (end === FOREVER) return { start };
  return period === undefined || count === 1 ? { start, end } : { start, end, period, count };
}

/** Adds a vector in each of the windows (1), or takes it away (-1). */
export function addOver(
  timeline: Pick<Timeline, 'add' | 'remove'>,
  windows: Windows,
  vector: CapacityVector,
  sign: 1 | -1,
): void {
  for (const window of windows.count === undefined ? [windows] : eachOf(windows)) {
    if (sign === 1) timeline.add(window, vector);
    else timeline.remove(window, vector);
  }
}
