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
import { placementEffort, placeInstances } from './placement.ts';
import { moveOthers } from './placement-moves.ts';
import { refuseContainer } from './placement-refusal.ts';
import { poolsFor } from './placement-sites.ts';
import type { Refusal } from './requests.ts';
import { hold, holding } from './state.ts';
import type { Head } from './state.ts';
import { latestStart } from './terms.ts';
import { FOREVER, durationOf } from './window.ts';
import type { Instant, Window } from './window.ts';
import { isPoolNode } from './entities.ts';

export interface AdmissionContext {
  /** Reservation for which it is, where there is one already. */
  readonly self?: Id;
  /** Its claims on instances that stay where they are. The head holds them. */
  readonly pinned?: readonly Claim[];
  /** Where its instances were. The head does not hold these. */
  readonly near?: readonly Claim[];
  /** Whether others may be placed anew; absent: yes. */
  readonly mayMove?: boolean;
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
  const search =
    refusal.container === undefined && refusal.nextWindow !== undefined
      ? {}
      : nextWindow(head, demand, window, now, context);
  return { outcome: 'refused', refusal: { ...rest, ...(isZero(most) ? {} : { most }), ...search } };
}

function tryParts(head: Head, demand: Demand, window: Window, now: Instant, context: AdmissionContext): Admission {
  const elements = holdElements(head, demand, window);
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
  hold(head, away, -1);
  try {
    return holding(head, [...moves.flatMap(({ claims }) => claims), ...instances.claims], () => {
      const capacity = admitCapacity(head, demand, window, now);
      return capacity.outcome === 'refused'
        ? capacity
        : { ...instances, claims: [...capacity.claims, ...instances.claims] };
    });
  } finally {
    hold(head, away, 1);
  }
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
  const placed = placeInstances(head, request);
  if (placed.outcome === 'placed') return { outcome: 'placed', claims: unnumbered(placed.claims) };
  const room = context.mayMove === false ? 'nothing to move' : moveOthers(head, request, now, self);
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

/** How many hosts are asked for instants at which something on them ends, and how many such instants are tried. */
const HOSTS_SEARCHED = 64;
const WINDOWS_TRIED = 100;

export type Search = Pick<Refusal, 'nextWindow' | 'searchedUntil'>;

/** The earliest window of the same length, after the requested start, in which all parts fit: tried wherever something ends. */
function nextWindow(head: Head, demand: Demand, window: Window, now: Instant, context: AdmissionContext): Search {
  const notAfter = latestStart(head.policy, now, window.start, durationOf(window));
  return laterWindow(head, demand, window, notAfter, now, context);
}

function laterWindow(
  head: Head,
  demand: Demand,
  window: Window,
  notAfter: Instant,
  now: Instant,
  context: AdmissionContext,
): Search {
  const duration = durationOf(window);
  const instants = changesAfter(head, demand, window.start, notAfter);
  if (instants === undefined) return { searchedUntil: window.start };
  const effort = placementEffort();
  for (const start of instants.slice(0, WINDOWS_TRIED)) {
    const later = { start, end: start + duration };
    if (effort.looks <= 0) return { searchedUntil: start };
    effort.looks -= HOSTS_SEARCHED;
    const fits = tryParts(head, demand, later, now, { ...context, mayMove: false }).outcome === 'placed';
    if (fits) return { nextWindow: later };
  }
  return { searchedUntil: instants[WINDOWS_TRIED] ?? notAfter };
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
  return laterWindow(head, demand, window, notAfter, now, context).nextWindow?.start;
}

/** The earliest window of the same length after one in which the demand does not fit, that starts not after an instant. */
export function nextFit(head: Head, demand: Demand, window: Window, notAfter: Instant, now: Instant): Search {
  if (!hasParts(demand)) return nextWindowOfCapacity(head, demand, window, notAfter);
  return laterWindow(head, demand, window, notAfter, now, { mayMove: false });
}

/** Why a demand that does not fit in a window does not, and what could be had instead. */
export function refusalOf(head: Head, demand: Demand, window: Window, now: Instant): Refusal {
  if (!hasParts(demand)) return refusalOfCapacity(head, demand, window, now);
  const outcome = admitParts(head, demand, window, now, { mayMove: false });
  // It fits in this window, and bounds exclude it: nothing was short.
  if (outcome.outcome === 'placed') return refusalOfCapacity(head, demand, window, now);
  return outcome.refusal;
}

/** Instants at which anything changes on the pools and hosts that may serve a demand; undefined where these are too many to ask. */
function changesAfter(head: Head, demand: Demand, after: Instant, notAfter: Instant): Instant[] | undefined {
  const instants = new Set<Instant>();
  const ahead = { start: after, end: Math.min(FOREVER, notAfter + 1) };
  for (const container of demand.containers ?? []) {
    for (const { provider } of poolsFor(head, demand, container)) {
      if ((provider.inventory?.hosts.length ?? 0) > HOSTS_SEARCHED) return undefined;
    }
  }
  const timelines = [
    ...[...head.nodes.values()].filter(({ id }) => isPoolNode(id)).map(({ free }) => free),
    ...(head.hosts.nodes.size > HOSTS_SEARCHED ? [] : [...head.hosts.nodes.values()].map(({ free }) => free)),
    ...[...head.elements.nodes.values()].map(({ free }) => free),
  ];
  for (const timeline of timelines) {
    for (const { at } of timeline.steps(ahead)) {
      if (at > after && instants.add(at).size > 4 * WINDOWS_TRIED) break;
    }
  }
  return [...instants].sort((a, b) => a - b);
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
