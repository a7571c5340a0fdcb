/**
 * Pre-emption: which holders of a lower class a request may displace, where the policy of their provider is `priority`.
 *
 * What may give way, on the elements and hosts that the request names and on the pools that may serve it: reservations of a lower
 * class that overlap its window and have not started, and machines of a lower class without a reservation, from the start of the window
 * on, whether it is their capacity that is needed, their host, or an element that they use. From the best of them to the worst (the higher class, and
 * in a class the older), each is kept if and only if the request fits beside him and those better than he that are kept (`merit.ts`). The worst are
 * taken away until the request fits, and of these the best are put back first: those who were not taken away are better than all that
 * were, and the request fits beside all of them, so that trying them first would keep them too. So the same state always displaces the same,
 * no one better than need be, and no one who need not be. Only a search for places that ends at its budget (`placement.ts`) may find none where it
 * found one beside more.
 *
 * Candidates are first those who hold or use what is named, then those in the index of what has not started, by node and window; at
 * most `DISPLACEMENT_STEPS` of them are looked at. A search that ends there says so: it may have found none where there is one, or
 * others than the least worthy.
 */
import type { Fitting } from './admission.ts';
import { isZero } from './capacity.ts';
import { isHostId } from './debt.ts';
import { isElementId } from './element-map.ts';
import { contested } from './elements.ts';
import { LOW, isPoolNode } from './entities.ts';
import type { Allocation, Claim, Demand, ElementId, Id, NodeId, Priority, Reservation } from './entities.ts';
import { isOn } from './holders.ts';
import { keptFrom, takenBy } from './machine-claims.ts';
import { byMerit, takeAwayWorst, whoGivesWay } from './merit.ts';
import { fittingOf } from './every-window.ts';
import { hasParts } from './parts.ts';
import { countUses, hold, preEmptionOn } from './state.ts';
import type { Head } from './state.ts';
import { isLeaving } from './vacancy.ts';
import { FOREVER } from './window.ts';
import type { Instant } from './window.ts';
import { windowsOf } from './window-index.ts';
import { meetsAny, spanOfAll, windowsIn } from './windows.ts';
import type { Windows } from './windows.ts';

/** How many reservations and machines a search looks at. */
export const DISPLACEMENT_STEPS = 4_000;

/** The same for a request whose instances have to be placed, which takes longer to try. */
const STEPS_WITH_PARTS = 64;

export interface DisplacingRequest {
  readonly demand: Demand;
  readonly windows: Windows;
  readonly priority: Priority;
  /** Those that must not be displaced, whatever their class. */
  readonly spared: ReadonlySet<Id>;
}

/** `complete` is false when the search ended at its limit of steps. */
export type Room =
  | {
      readonly outcome: 'found';
      readonly claims: readonly Claim[];
      /** Who gives way, the best first. */
      readonly reservations: readonly Reservation[];
      readonly machines: readonly Allocation[];
      readonly complete: boolean;
    }
  | { readonly outcome: 'none'; readonly complete: boolean };

/** The room that others make. */
export type FoundRoom = Extract<Room, { outcome: 'found' }>;

type Candidate = (
  | { readonly what: 'reservation'; readonly entity: Reservation }
  | { readonly what: 'machine'; readonly entity: Allocation }
) & {
  /** What would be given up. */
  readonly claims: readonly Claim[];
};

/** Looks for room for a request that does not fit; the head is as it was when this returns. */
export function findRoom(head: Head, request: DisplacingRequest, now: Instant): Room {
  if (request.priority === LOW) return { outcome: 'none', complete: true };
  const { demand, windows } = request;
  const fit = fittingOf(head, demand, windows, now);
  const steps = hasParts(demand) ? STEPS_WITH_PARTS : DISPLACEMENT_STEPS;
  const named = contested(head, demand);
  // Of what is held whole, only a host takes anything of its pool.
  const pooled = !isZero(demand.capacity) || (demand.containers ?? []).length > 0 || named.some(isHostId);
  const places = [...named, ...(pooled ? fit.nodes.map(({ id }) => id) : [])];
  return roomAmong(head, fit, candidatesFor(head, places, request, steps, now));
}

/**
 * The same for a machine without a reservation, which begins now and has no end. Machines of a lower class without one are withdrawn for
 * it, with what they take of their hosts; and those that are being deleted already are waited for, whatever their class.
 * @param used what it uses that may be reserved
 */
export function findRoomForMachine(
  head: Head,
  fit: Fitting,
  used: readonly ElementId[],
  priority: Priority,
  now: Instant,
): Room {
  if (priority === LOW) return { outcome: 'none', complete: true };
  const request = { windows: { start: now, end: FOREVER }, priority, spared: new Set<Id>(), waits: true };
  const places = [...used, ...fit.nodes.map(({ id }) => id)];
  return roomAmong(head, fit, candidatesFor(head, places, request, DISPLACEMENT_STEPS, now));
}

function roomAmong(head: Head, fit: Fitting, { candidates, complete }: Candidates): Room {
  const away: Candidate[] = [];
  const takeAway = (candidate: Candidate): void => {
    move(head, candidate, 1);
    away.push(candidate);
  };
  try {
    const fits = (): boolean => fit.claims() !== undefined;
    const worst = takeAwayWorst([...candidates].sort(byWorth), { takeAway, fits });
    const room = worst === undefined ? undefined : leastRoom(head, fit, worst, away);
    return room === undefined ? { outcome: 'none', complete } : { ...room, complete };
  } finally {
    for (const candidate of away) move(head, candidate, -1);
  }
}

/** Best to keep first: what is going anyway is kept last. */
function byWorth(a: Candidate, b: Candidate): number {
  return Number(isGoing(a)) - Number(isGoing(b)) || byMerit(a.entity, b.entity);
}

function isGoing(candidate: Candidate): boolean {
  return candidate.what === 'machine' && isLeaving(candidate.entity);
}

/** Takes a candidate away (1), or puts it back (-1). */
function move(head: Head, candidate: Candidate, sign: 1 | -1): void {
  if (candidate.what === 'machine') countUses(head, candidate.entity, sign === 1 ? -1 : 1);
  hold(head, candidate.claims, sign === 1 ? -1 : 1);
}

type Found = Omit<FoundRoom, 'complete'>;

/** The room with as few as possible of those who are away; they alone are left in `away`. */
function leastRoom(head: Head, fit: Fitting, worst: readonly Candidate[], away: Candidate[]): Found | undefined {
  const giving = whoGivesWay(worst, {
    putBack: (candidate) => move(head, candidate, -1),
    takeAway: (candidate) => move(head, candidate, 1),
    fits: () => fit.claims() !== undefined,
  });
  away.splice(0, away.length, ...giving);
  const claims = fit.claims();
  if (claims === undefined) return undefined;
  return {
    outcome: 'found',
    claims,
    reservations: giving.flatMap((each) => (each.what === 'reservation' ? [each.entity] : [])),
    machines: giving.flatMap((each) => (each.what === 'machine' ? [each.entity] : [])),
  };
}

/** What of a request says who may give way to it. */
interface Claimant extends Pick<DisplacingRequest, 'windows' | 'priority' | 'spared'> {
  /** Whether it waits for machines to be gone, and takes their places; absent: they stay until the start of its window. */
  readonly waits?: boolean;
}

interface Candidates {
  readonly candidates: readonly Candidate[];
  readonly complete: boolean;
}

function candidatesFor(
  head: Head,
  places: readonly NodeId[],
  request: Claimant,
  most: number,
  now: Instant,
): Candidates {
  const found = new Map<Id, Candidate>();
  let steps = 0;
  for (const place of places) {
    if (preEmptionOn(head, place) !== 'priority') continue;
    for (const candidate of holdersOn(head, place, request)) {
      if (found.has(candidate.entity.id)) continue;
      if (steps++ === most) return { candidates: [...found.values()], complete: false };
      if (mayGiveWay(candidate, place, request, now)) found.set(candidate.entity.id, candidate);
    }
  }
  return { candidates: [...found.values()], complete: true };
}

/** Who holds something there and has not started, or is a machine on its own feet that does, or uses it. */
function* holdersOn(
  head: Head,
  place: NodeId,
  { windows, waits = false }: Claimant,
): Generator<Candidate, void, undefined> {
  for (const entity of upcomingOn(head, place, windows)) yield { what: 'reservation', entity, claims: entity.claims };
  // What machines use they may share; only who reserves it has it alone.
  const machines = isElementId(place) ? (waits ? undefined : head.users.get(place)) : head.standing.get(place);
  for (const id of machines ?? []) {
    const entity = head.allocations.get(id);
    if (entity?.backing !== 'own') continue;
    // Who waits takes its place as it is, and others what it holds when they start.
    const claims = waits ? takenBy(entity) : keptFrom(entity, windows.start);
    yield { what: 'machine', entity, claims };
  }
}

function* upcomingOn(head: Head, place: NodeId, windows: Windows): Generator<Reservation, void, undefined> {
  if (isPoolNode(place)) {
    yield* head.upcoming.get(place)?.overlapping(spanOfAll(windows)) ?? [];
    return;
  }
  const holders = isElementId(place)
    ? head.elements.nodes.get(place)?.holders
    : isHostId(place)
      ? head.hosts.nodes.get(place)?.holders
      : undefined;
  for (const id of holders?.keys() ?? []) {
    const entity = head.reservations.get(id);
    if (entity?.status === 'scheduled' || entity?.status === 'degraded') yield entity;
  }
}

/** Whether the first of its windows has begun. */
function hasBegun(reservation: Reservation, now: Instant): boolean {
  return windowsOf(reservation).start <= now;
}

function mayGiveWay(candidate: Candidate, place: NodeId, request: Claimant, now: Instant): boolean {
  const { entity, claims } = candidate;
  const yields = entity.priority > request.priority || (request.waits === true && isGoing(candidate));
  if (!yields || request.spared.has(entity.id)) return false;
  if (candidate.what === 'reservation' && (hasBegun(candidate.entity, now) || candidate.entity.awaits !== undefined))
    return false;
  // What uses an element does so without end.
  if (candidate.what === 'machine' && isElementId(place)) return true;
  return claims.some((claim) => isOn(claim, place) && meetsAny(windowsIn(claim), request.windows));
}
