/**
 * Admission of a request with all of its parts: capacity in aggregate (`admission.ts`), elements that it names (`elements.ts`) and
 * instances to be placed (`placement.ts`). All parts are granted, on whatever pools and providers, or none is.
 *
 * Parts are decided one after the other, each beside what the earlier ones take: elements, instances, capacity; and where capacity
 * is short then, capacity before instances. When only the instances find no place, reservations that have not started
 * may be placed anew to make room (`placement-moves.ts`).
 */
import {
  admitCapacity,
  earliestStart as earliestCapacity,
  eligibleNodes,
  fitting,
  nextWindow as nextWindowOfCapacity,
  refusalOf as refusalOfCapacity,
} from './admission.ts';
import type { Admission, Fitting } from './admission.ts';
import { isZero } from './capacity.ts';
import type { Claim, Demand, Id } from './entities.ts';
import { holdElements } from './elements.ts';
import { LaterStarts } from './later-start.ts';
import { omit } from './omit.ts';
import type { Viewer } from './ownership.ts';
import { placementEffort, placeInstances } from './placement.ts';
import { moveOthers } from './placement-moves.ts';
import { refuseContainer } from './placement-refusal.ts';
import { Effort, poolsFor } from './placement-sites.ts';
import type { Refusal } from './requests.ts';
import { holding, notHolding } from './state.ts';
import type { Head } from './state.ts';
import { latestStart } from './terms.ts';
import { durationOf } from './window.ts';
import type { Instant, Window } from './window.ts';

export interface AdmissionContext {
  /** Reservation for which it is, where there is one already. */
  readonly self?: Id;
  /** Its claims on instances that stay where they are. The head holds them. */
  readonly pinned?: readonly Claim[];
  /** Where its instances were. The head does not hold these. */
  readonly near?: readonly Claim[];
  /** Whether others may be placed anew; absent: yes. */
  readonly mayMove?: boolean;
  /** What may be looked at for places; absent: what one request may. */
  readonly effort?: Effort;
  /** Who reads the refusal; absent: it names nothing that is somebody's. */
  readonly viewer?: Viewer;
}

/** Admits a demand in a window, or says why not and what could be had (reservation steps 1a and 1b). The claims of what is pinned are not among them. */
export function admitOnce(
  head: Head,
  demand: Demand,
  window: Window,
  now: Instant,
  context: AdmissionContext = {},
): Admission {
  const first = highestId(context.pinned ?? []) + 1;
  const outcome = hasParts(demand)
    ? admitParts(head, demand, window, now, context)
    : admitCapacity(head, demand, window, now);
  if (outcome.outcome === 'refused') return outcome;
  return first === 1 && !hasParts(demand) ? outcome : { ...outcome, claims: numbered(outcome.claims, first) };
}

/** Whether anything but capacity is asked for. */
export function hasParts({ containers = [], elements = [] }: Demand): boolean {
  return containers.length > 0 || elements.length > 0;
}

function admitParts(head: Head, demand: Demand, window: Window, now: Instant, context: AdmissionContext): Admission {
  const granted = tryParts(head, demand, window, now, context);
  if (granted.outcome === 'placed') return granted;
  const { refusal } = granted;
  const { most = {}, ...rest } = refusal;
  // A window that was found for one part is not one for all.
  const reasons = omit(rest, 'nextWindow', 'searchedUntil');
  const search = nextWindow(head, demand, window, now, context);
  return { outcome: 'refused', refusal: { ...reasons, ...(isZero(most) ? {} : { most }), ...search } };
}

function tryParts(head: Head, demand: Demand, window: Window, now: Instant, context: AdmissionContext): Admission {
  const elements = holdElements(head, demand, window, context);
  if (elements.outcome === 'refused') return elements;
  return holding(head, elements.claims, () => {
    const rest = tryInstancesFirst(head, demand, window, now, context);
    if (rest.outcome === 'placed') return { ...rest, claims: [...unnumbered(elements.claims), ...rest.claims] };
    if (rest.refusal.container !== undefined || (demand.containers ?? []).length === 0) return rest;
    const other = tryCapacityFirst(head, demand, window, now, context);
    return other.outcome === 'placed' ? { ...other, claims: [...unnumbered(elements.claims), ...other.claims] } : rest;
  });
}

function tryInstancesFirst(
  head: Head,
  demand: Demand,
  window: Window,
  now: Instant,
  context: AdmissionContext,
): Admission {
  const instances = admitInstances(head, demand, window, now, context);
  if (instances.outcome === 'refused' || isZero(demand.capacity)) return instances;
  // What is moved is held where it goes.
  const moves = instances.moved ?? [];
  const away = moves.flatMap(({ id }) => head.reservations.get(id)?.claims ?? []);
  const placed = [...moves.flatMap(({ claims }) => claims), ...instances.claims];
  return notHolding(head, away, () =>
    holding(head, placed, () => {
      const capacity = admitCapacity(head, demand, window, now);
      return capacity.outcome === 'refused'
        ? capacity
        : { ...instances, claims: [...capacity.claims, ...instances.claims] };
    }),
  );
}

function tryCapacityFirst(
  head: Head,
  demand: Demand,
  window: Window,
  now: Instant,
  context: AdmissionContext,
): Admission {
  const capacity = admitCapacity(head, demand, window, now);
  if (capacity.outcome === 'refused') return capacity;
  return holding(head, capacity.claims, () => {
    const instances = admitInstances(head, demand, window, now, context);
    return instances.outcome === 'refused'
      ? instances
      : { ...instances, claims: [...capacity.claims, ...instances.claims] };
  });
}

function admitInstances(
  head: Head,
  demand: Demand,
  window: Window,
  now: Instant,
  context: AdmissionContext,
): Admission {
  if ((demand.containers ?? []).length === 0) return { outcome: 'placed', claims: [] };
  const { pinned, near, self } = context;
  const request = {
    demand,
    window,
    ...(pinned === undefined ? {} : { pinned }),
    ...(near === undefined ? {} : { near }),
  };
  const placed = placeInstances(head, request, context.effort ?? placementEffort());
  if (placed.outcome === 'placed') return { outcome: 'placed', claims: unnumbered(placed.claims) };
  const room = context.mayMove === false ? 'nothing to move' : moveOthers(head, request, placed, now, self);
  if (typeof room === 'object') return { outcome: 'placed', claims: unnumbered(room.claims), moved: room.moved };
  const refusal = refuseContainer(head, demand, window, placed);
  // What moves of others could have done is not known beyond those that were tried.
  return { outcome: 'refused', refusal: room === 'no room' ? { ...refusal, searchComplete: false } : refusal };
}

/** As `fitting` of admission, of all parts: nobody is moved. */
export function fittingOnce(
  head: Head,
  demand: Demand,
  window: Window,
  now: Instant,
  context: AdmissionContext = {},
): Fitting {
  if (!hasParts(demand)) return fitting(head, demand, window);
  const { containers = [] } = demand;
  const pools = containers.flatMap((container) => poolsFor(head, demand, container).map(({ node }) => node));
  const nodes = [...new Set([...eligibleNodes(head, demand).nodes, ...pools])];
  const claims = (): readonly Claim[] | undefined => {
    const outcome = tryParts(head, demand, window, now, { ...context, mayMove: false });
    return outcome.outcome === 'placed' ? numbered(outcome.claims, 1) : undefined;
  };
  return { nodes, claims };
}

/** How many later starts are tried, and how often a host may be asked what it has in one search for them. */
const STARTS_TRIED = 100;
const LATER_LOOKS = 30_000;
const LATER_TRIES = 50_000;

export type Search = Pick<Refusal, 'nextWindow' | 'searchedUntil'>;

export function laterEffort(): Effort {
  return new Effort(LATER_LOOKS, LATER_TRIES);
}

/** The earliest window of the same length, after the requested start, in which all parts fit. */
function nextWindow(head: Head, demand: Demand, window: Window, now: Instant, context: AdmissionContext): Search {
  const notAfter = latestStart(head.policy, now, window.start, durationOf(window));
  return laterWindow(head, demand, window, notAfter, now, context, laterEffort());
}

/** All parts are tried where each may fit by itself: see `later-start.ts`. */
function laterWindow(
  head: Head,
  demand: Demand,
  window: Window,
  notAfter: Instant,
  now: Instant,
  context: AdmissionContext,
  effort: Effort,
): Search {
  const duration = durationOf(window);
  const starts = new LaterStarts(head, { ...context, demand, window }, notAfter, effort);
  if (!starts.mayFit) return {};
  // No window starts before this, as far as is known: a search for places that was broken off proves nothing.
  let known = true;
  let searchedUntil = window.start;
  let from = window.start;
  for (let tried = 0; tried < STARTS_TRIED; tried++) {
    let start = starts.from(from);
    // That is where it does not fit.
    if (start === window.start && !effort.spent) start = starts.from(starts.after(start));
    if (known) searchedUntil = Math.min(start, notAfter);
    if (start > notAfter || effort.spent) break;
    const later = { start, end: start + duration };
    if (starts.isExact) return { nextWindow: later };
    const outcome = tryParts(head, demand, later, now, { ...context, mayMove: false, effort });
    if (outcome.outcome === 'placed') return known ? { nextWindow: later } : { nextWindow: later, searchedUntil };
    if (outcome.refusal.searchComplete === false) known = false;
    if (effort.looks <= 0 || effort.tries <= 0) break;
    from = starts.after(start);
  }
  return { searchedUntil };
}

/**
 * The earliest start, from that of the window to `notAfter`, of a window of its length in which the demand fits with nobody moved;
 * undefined if none was found.
 */
export function earliestStart(
  head: Head,
  demand: Demand,
  window: Window,
  notAfter: Instant,
  now: Instant,
): Instant | undefined {
  if (!hasParts(demand)) return earliestCapacity(head, demand, window, notAfter);
  const context = { mayMove: false };
  if (tryParts(head, demand, window, now, context).outcome === 'placed') return window.start;
  return laterWindow(head, demand, window, notAfter, now, context, laterEffort()).nextWindow?.start;
}

/** The earliest window of the same length after one in which the demand does not fit, that starts not after an instant. */
export function nextFit(
  head: Head,
  demand: Demand,
  window: Window,
  notAfter: Instant,
  now: Instant,
  effort: Effort,
): Search {
  if (!hasParts(demand)) return nextWindowOfCapacity(head, demand, window, notAfter);
  return laterWindow(head, demand, window, notAfter, now, { mayMove: false }, effort);
}

/** Why a demand that does not fit in a window does not, and what could be had instead. */
export function refusalOf(
  head: Head,
  demand: Demand,
  window: Window,
  now: Instant,
  context: AdmissionContext = {},
): Refusal {
  if (!hasParts(demand)) return refusalOfCapacity(head, demand, window, now);
  const outcome = admitParts(head, demand, window, now, { ...context, mayMove: false });
  // It fits in this window, and bounds exclude it: nothing was short.
  if (outcome.outcome === 'placed') return refusalOfCapacity(head, demand, window, now);
  return outcome.refusal;
}

function numbered(claims: readonly Claim[], first: number): Claim[] {
  return claims.map((claim, index) => ({ ...claim, id: `${first + index}` }));
}

/** Claims that get their ids with all the others. */
function unnumbered(claims: readonly Omit<Claim, 'id'>[]): Claim[] {
  return claims.map((claim) => ({ id: '', ...claim }));
}

function highestId(claims: readonly Claim[]): number {
  return Math.max(0, ...claims.map(({ id }) => Number(id)));
}
