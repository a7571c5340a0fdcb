/** Capacity over time: as steps, or as the worst of each interval. */
import { changesOf, nodeAt, nodeByInterval } from './breakdown.ts';
import { NOTHING, RESOURCES, add, equals, fromVector, resourcesOf, toVector } from './capacity.ts';
import type { Capacity, Resource } from './capacity.ts';
import type { Reservation } from './entities.ts';
import type { CapacityBreakdown } from './events.ts';
import type { Node } from './state.ts';
import { Timeline } from './timeline.ts';
import type { Instant, Window } from './window.ts';
import { windowsOf } from './window-index.ts';
import { partsIn, spanOfAll, windowsIn } from './windows.ts';
import { BEGINNING, FOREVER } from './window.ts';

/** An amount from an instant until the next entry, and how many collections make it up. */
export interface UtilizationEntry {
  readonly timestamp: Instant;
  readonly count: number;
  readonly capacity: Capacity;
}

interface OverTime {
  readonly nodes: readonly Node[];
  readonly kind: keyof CapacityBreakdown;
  readonly window: Window;
  /** Only these resources; absent, or none: all. */
  readonly resources: readonly Resource[] | undefined;
  /** Milliseconds; absent: one entry for each change. */
  readonly interval: number | undefined;
  /** When something holds or uses what is shown. */
  readonly spans: readonly Window[];
}

/**
 * A view over time, in the order of time. The count is of pools for total and available, else of what holds or uses then.
 * An entry of an interval shows of each pool the least in it of total and available, and the most of reserved and usage.
 */
export function capacityOverTime({ nodes, kind, window, resources, interval, spans }: OverTime): UtilizationEntry[] {
  const isOfHolders = kind === 'reserved' || kind === 'usage';
  const counts = isOfHolders ? counter(spans) : () => nodes.length;
  if (interval !== undefined) {
    const views = nodes.map((node) => nodeByInterval(node, window, interval, kind));
    const length = Math.ceil((window.end - window.start) / interval);
    return Array.from({ length }, (_, index) => {
      const start = window.start + index * interval;
      const count = counts({ start, end: Math.min(start + interval, window.end) });
      return {
        timestamp: start,
        count,
        capacity: sumOf(
          views.map((view) => view[index] ?? NOTHING),
          resources,
        ),
      };
    });
  }
  const instants = boundsIn(window, isOfHolders ? spans : []);
  for (const node of nodes) for (const instant of changesOf(node, window)) instants.add(instant);
  const entries = [...instants]
    .sort((a, b) => a - b)
    .map((timestamp) => ({
      timestamp,
      count: counts(at(timestamp)),
      capacity: sumOf(
        nodes.map((node) => nodeAt(node, timestamp)[kind]),
        resources,
      ),
    }));
  return withoutRepetition(entries);
}

function sumOf(parts: readonly Capacity[], resources: readonly Resource[] | undefined): Capacity {
  const [only = NOTHING] = parts;
  return restricted(parts.length > 1 ? parts.reduce(add) : only, resources);
}

/** The part of a capacity in some resources; all of it without, or with none. */
export function restricted(capacity: Capacity, resources: readonly Resource[] = []): Capacity {
  if (resources.length === 0) return capacity;
  return Object.fromEntries(
    Object.entries(capacity).filter(([resource]) => resources.some((each) => each === resource)),
  );
}

/** Entries that say what the one before them said are left out. */
function withoutRepetition(entries: readonly UtilizationEntry[]): UtilizationEntry[] {
  return entries.filter((entry, index) => {
    const before = entries[index - 1];
    return before === undefined || before.count !== entry.count || !equals(before.capacity, entry.capacity);
  });
}

/** How many of the spans overlap a window. Windows must be asked for in order, each beginning and ending after the one before it. */
function counter(spans: readonly Window[]): (window: Window) => number {
  const starts = spans.map(({ start }) => start).sort((a, b) => a - b);
  const ends = spans.map(({ end }) => end).sort((a, b) => a - b);
  let started = 0;
  let ended = 0;
  return ({ start, end }) => {
    while (started < starts.length && (starts[started] ?? FOREVER) < end) started++;
    while (ended < ends.length && (ends[ended] ?? FOREVER) <= start) ended++;
    return started - ended;
  };
}

/** The start of a window, and where in it spans begin and end: others may hold then what those before them held. */
function boundsIn(window: Window, spans: readonly Window[]): Set<Instant> {
  const instants = new Set<Instant>([window.start]);
  for (const { start, end } of spans) {
    for (const instant of [start, end]) if (instant > window.start && instant < window.end) instants.add(instant);
  }
  return instants;
}

/** Instants are whole milliseconds. */
function at(instant: Instant): Window {
  return { start: instant, end: instant + 1 };
}

type Holding = Pick<Reservation, 'id' | 'claims' | 'startsAt' | 'endsAt' | 'series'>;

/** When in a window something is held: of what was concluded early, up to then. */
export function spansHeld(holder: Holding, { start, end }: Window): readonly Window[] {
  return [...partsIn(windowsOf(holder), { start, end: Math.min(end, heldUntil(holder)) })];
}

/** The instant from which on a reservation or offer holds nothing any more. */
export function heldUntil({ claims }: Pick<Holding, 'claims'>): Instant {
  return claims.reduce((last, claim) => Math.max(last, spanOfAll(windowsIn(claim)).end), BEGINNING);
}

/** What reservations hold over a window, as steps. */
export function reservedOverTime(reservations: readonly Reservation[], window: Window): UtilizationEntry[] {
  const sum = new Timeline();
  const spans: Window[] = [];
  const resources = new Set<Resource>();
  for (const reservation of reservations) {
    const parts = spansHeld(reservation, window);
    if (parts.length === 0) continue;
    spans.push(...parts);
    for (const claim of reservation.claims) {
      for (const resource of resourcesOf(claim.capacity)) resources.add(resource);
      for (const held of partsIn(windowsIn(claim), window)) sum.add(held, toVector(claim.capacity));
    }
  }
  const counts = counter(spans);
  const shown = RESOURCES.filter((resource) => resources.has(resource));
  const instants = boundsIn(window, spans);
  for (const step of sum.steps(window)) instants.add(step.at);
  const entries = [...instants]
    .sort((a, b) => a - b)
    .map((timestamp) => ({
      timestamp,
      count: counts(at(timestamp)),
      capacity: fromVector(sum.valueAt(timestamp), shown),
    }));
  return withoutRepetition(entries);
}
