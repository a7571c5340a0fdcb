/**
 * What is held, seen from its owner: what a reservation has left, which part of it a machine takes, what becomes of it
 * when the reservation is over.
 */
import {
  NOTHING,
  add,
  fitsWithin,
  fromVector,
  isZero,
  max,
  min,
  subtract,
  toVector,
  total,
  zeroVector,
} from './capacity.ts';
import type { Capacity, Resource } from './capacity.ts';
import type { Allocation, Claim, NodeId, Policy, Reservation } from './entities.ts';
import { allocationsOf, isOver, poolNode } from './state.ts';
import type { Head } from './state.ts';
import type { Timeline } from './timeline.ts';
import { FOREVER } from './window.ts';
import type { Instant, Window } from './window.ts';
import { windowsAhead } from './window-index.ts';
import { countOf, eachOf, firstAfter, someOf, windowAt, windowsIn } from './windows.ts';
import { claimsIn, currentClaims, during, joined, withCurrent } from './occurrence.ts';
import { omit } from './omit.ts';

/** All that a reservation holds, on all nodes; of one that recurs, in the window that is in progress, or is next. */
export function heldBy(reservation: Reservation): Capacity {
  const claims = currentClaims(reservation);
  const [only, another] = claims;
  if (only !== undefined && another === undefined) return only.capacity;
  return total(claims.map(({ capacity }) => capacity));
}

/** What is consumed under a reservation. */
export function allocatedUnder(head: Head, reservation: Reservation): Capacity {
  return total(backed(head, reservation).map(({ capacity }) => capacity));
}

/** What is consumed under a reservation of its capacity in aggregate: not as an instance, nor on a host that it holds whole. */
export function allocatedInAggregate(head: Head, reservation: Reservation): Capacity {
  return total(backed(head, reservation).flatMap(({ claim, capacity }) => (claim === undefined ? [capacity] : [])));
}

/** What can still be allocated against a reservation, of the resources that it asked for; nothing when it is over. */
export function remainingOf(head: Head, reservation: Reservation): Capacity {
  if (reservation.claims.length === 0 || isOver(reservation)) return NOTHING;
  const held = heldBy(reservation);
  const allocations = backed(head, reservation);
  if (allocations.length === 0) return held;
  const claims = new Map(currentClaims(reservation).map((claim) => [claim.id, claim]));
  // An instance is used up by the machine that runs as it, however small that is.
  const consumed = allocations.map(({ claim, capacity }) => {
    const bound = claims.get(claim ?? '');
    return bound?.container === undefined || isZero(capacity) ? capacity : bound.capacity;
  });
  return nonNegative(subtract(held, countedIn(held, total(consumed))));
}

/** How many instances of each container are left to allocate; none when the reservation is over. */
export function remainingInstances(head: Head, reservation: Reservation): ReadonlyMap<string, number> {
  const left = new Map<string, number>();
  if (isOver(reservation)) return left;
  const used = usedClaims(head, reservation);
  for (const { id, container } of currentClaims(reservation)) {
    if (container !== undefined) left.set(container, (left.get(container) ?? 0) + (used.has(id) ? 0 : 1));
  }
  return left;
}

/** How many instances of each container a reservation holds. */
export function instancesHeld(reservation: Reservation): ReadonlyMap<string, number> {
  const held = new Map<string, number>();
  for (const { container } of currentClaims(reservation))
    if (container !== undefined) held.set(container, (held.get(container) ?? 0) + 1);
  return held;
}

/** The claims of a reservation by which machines run: each instance is allocated once. */
export function usedClaims(head: Head, reservation: Pick<Reservation, 'id'>): ReadonlySet<string> {
  const used = new Set<string>();
  for (const { claim, capacity } of backed(head, reservation)) {
    if (claim !== undefined && !isZero(capacity)) used.add(claim);
  }
  return used;
}

/** A machine that is to run: what it takes of a pool, and of local disk in GB. */
export interface Machine {
  readonly capacity: Capacity;
  readonly disk: number;
}

/**
 * The claim of a reservation from which a machine can be taken: of the instances that are not allocated yet the smallest one with
 * room for it; without one, the first claim that has enough left. `instances` counts where the reservation asked for it;
 * what else the machine needs, the claim must have.
 */
export function claimFor(
  head: Head,
  reservation: Reservation,
  machine: Machine,
  suits: (claim: Claim) => boolean,
): Claim | undefined {
  const allocations = backed(head, reservation);
  const fitting = currentClaims(reservation).filter(
    (claim) => claim.element === undefined && suits(claim) && bears(claim, consumersOf(allocations, claim), machine),
  );
  const instances = fitting.filter(({ container }) => container !== undefined);
  return instances.sort(bySize)[0] ?? fitting.find(({ container }) => container === undefined);
}

function bears(claim: Claim, consumers: readonly Allocation[], { capacity, disk }: Machine): boolean {
  if (claim.container !== undefined && consumers.length > 0) return false;
  if (claim.host !== undefined) {
    const taken = consumers.reduce((sum, each) => sum + (each.disk ?? 0), 0);
    if (disk > (claim.disk ?? 0) - taken) return false;
  }
  const consumed = total(consumers.map((each) => each.capacity));
  return fitsWithin(countedIn(claim.capacity, capacity), subtract(claim.capacity, consumed));
}

function bySize(a: Claim, b: Claim): number {
  const by = (resource: 'cores' | 'ram'): number => (a.capacity[resource] ?? 0) - (b.capacity[resource] ?? 0);
  return by('cores') || by('ram') || (a.disk ?? 0) - (b.disk ?? 0) || Number(a.id) - Number(b.id);
}

/** The machines that take from a claim: those that name it, or, of a pool, those that name none. */
function consumersOf(allocations: readonly Allocation[], claim: Claim): Allocation[] {
  const bound = claim.container !== undefined || claim.host !== undefined;
  return allocations.filter(
    (each) =>
      !isZero(each.capacity) &&
      (bound ? each.claim === claim.id : each.claim === undefined && poolNode(each.pool) === claim.node),
  );
}

/** How many machines, volumes and subnets there are comes along with what they consist of: it counts where the holder counts it. */
const COMING_ALONG = ['instances', 'volumes', 'subnets'] as const;

/** What an allocation asks of a holder that may not count everything. */
export function countedDemand(demand: Capacity, counts: (resource: Resource) => boolean): Capacity {
  const left = COMING_ALONG.filter((resource) => demand[resource] !== undefined && !counts(resource));
  return left.length === 0 ? demand : omit(demand, ...left);
}

/**
 * The claims cut down to what is allocated on each node from `now` on; what was held before stays as it was. Instances stay whole, and
 * elements stay while anything is allocated. Of a reservation that recurs, those of the current window alone.
 */
export function claimsAllocated(head: Head, reservation: Reservation): Claim[] {
  const allocations = backed(head, reservation);
  return currentClaims(reservation).flatMap((claim) => {
    if (claim.element !== undefined) return allocations.length === 0 ? [] : [claim];
    const consumers = consumersOf(allocations, claim);
    if (claim.container !== undefined) return consumers.length === 0 ? [] : [claim];
    const consumed = total(consumers.map(({ capacity }) => capacity));
    const kept = min(claim.capacity, countedIn(claim.capacity, consumed));
    if (isZero(kept)) return [];
    const disk = consumers.reduce((sum, each) => sum + (each.disk ?? 0), 0);
    return [claim.host === undefined ? { ...claim, capacity: kept } : { ...claim, capacity: kept, disk }];
  });
}

/** Whether all that is held in the window in progress is allocated, so that there is nothing to release. */
export function isAllocatedInFull(head: Head, reservation: Reservation): boolean {
  const held = currentClaims(reservation);
  const kept = claimsAllocated(head, reservation);
  if (kept.length < held.length) return false;
  return held.every(({ capacity, disk }, index) => {
    const left = kept[index];
    return left !== undefined && isZero(subtract(capacity, left.capacity)) && (left.disk ?? 0) === (disk ?? 0);
  });
}

/** What remains held when what was not allocated is released in the window in progress; later windows stay as they are. */
export function claimsKept(head: Head, reservation: Reservation): Claim[] {
  return withCurrent(reservation, claimsAllocated(head, reservation));
}

/** The claims as far as they lie before an instant. */
export function claimsBefore(claims: readonly Claim[], instant: Instant): Claim[] {
  const cut: Claim[] = [];
  const whole = claims.flatMap((claim) => {
    if (claim.start >= instant) return [];
    const windows = windowsIn(claim);
    const over = firstAfter(windows, instant);
    const last = over < countOf(windows) ? windowAt(windows, over) : undefined;
    if (last !== undefined && last.start < instant) cut.push(during(claim, { start: last.start, end: instant }));
    return over === 0 ? [] : [over === countOf(windows) ? claim : during(claim, someOf(windows, 0, over))];
  });
  return joined(whole, cut);
}

/** The claims as far as they lie after an instant. */
export function claimsFrom(claims: readonly Claim[], instant: Instant): Claim[] {
  return claims.flatMap((claim) => {
    const windows = windowsIn(claim);
    const index = firstAfter(windows, instant);
    const left = countOf(windows) - index;
    if (left === 0) return [];
    const { start, end } = windowAt(windows, index);
    if (start >= instant) return [index === 0 ? claim : during(claim, someOf(windows, index, left))];
    const rest = left === 1 ? [] : [during(claim, someOf(windows, index + 1, left - 1))];
    return [during(claim, { start: instant, end }), ...rest];
  });
}

/** The claim of a machine without a reservation, on the resources that its pool counts: from an instant on, without end. */
export function ownClaim(head: Head, allocation: Pick<Allocation, 'pool' | 'capacity'>, start: Instant): Claim {
  const node = head.nodes.get(poolNode(allocation.pool));
  const counted = fromVector(toVector(allocation.capacity), node?.resources);
  return { id: '1', node: node?.id ?? poolNode(allocation.pool), start, capacity: counted };
}

/**
 * What is missing of a reservation's claims at the worst: the debt of its pools, or that of its hosts where it is more, as far as it
 * holds of the resource there.
 */
export function missingOf(head: Head, reservation: Reservation, now: Instant): Capacity {
  return worstOf(shortfalls(head, reservation, now));
}

/** The most that is missing in any window. */
export function worstOf(short: readonly Shortfall[]): Capacity {
  return short.reduce((worst, { missing }) => max(worst, missing), NOTHING);
}

/** A window of a reservation that lacks something, by its number. */
export interface Shortfall {
  readonly occurrence: number;
  readonly window: Window;
  readonly missing: Capacity;
}

/** The windows of a reservation, from now on, in which its pools and hosts cannot bear all that it holds. */
export function shortfalls(head: Head, reservation: Reservation, now: Instant): Shortfall[] {
  const { series, claims } = reservation;
  const ahead = windowsAhead(reservation);
  if (countOf(ahead) > 1 && !isInDebt(head, claims, now)) return [];
  const found: Shortfall[] = [];
  let occurrence = series?.occurrence ?? 1;
  for (const window of eachOf(ahead)) {
    // What lies outside the window that is in effect counts too, where there is one.
    const held = series === undefined ? claims : claimsIn(claims, window);
    const inPools = missingIn(head, held, now, poolOf);
    const missing = held.some(({ host }) => host !== undefined)
      ? max(inPools, missingIn(head, held, now, hostOf))
      : inPools;
    if (!isZero(missing)) found.push({ occurrence, window, missing });
    occurrence++;
  }
  return found;
}

/** Whether any pool or host of the claims owes something from now on. */
function isInDebt(head: Head, claims: readonly Claim[], now: Instant): boolean {
  const bearers = new Set(claims.flatMap((claim) => [poolOf(head, claim), hostOf(head, claim)]));
  return [...bearers].some(
    (bearer) => bearer !== undefined && bearer.free.min({ start: now, end: FOREVER }).some((amount) => amount < 0),
  );
}

/** The timelines of a claim's pool and host. */
type Bearer = (head: Head, claim: Claim) => { readonly id: NodeId; readonly free: Timeline } | undefined;

const poolOf: Bearer = (head, { node }) => head.nodes.get(node);
const hostOf: Bearer = (head, { host }) => (host === undefined ? undefined : head.hosts.nodes.get(host));

function missingIn(head: Head, claims: readonly Claim[], now: Instant, bearerOf: Bearer): Capacity {
  const debts = new Map<string, { readonly debt: Capacity; held: Capacity }>();
  for (const claim of claims) {
    const bearer = bearerOf(head, claim);
    const window = windowsIn(claim);
    const start = Math.max(window.start, now);
    if (bearer === undefined || start >= window.end) continue;
    const key = `${bearer.id} ${start} ${window.end}`;
    const known = debts.get(key);
    if (known !== undefined) known.held = add(known.held, claim.capacity);
    else debts.set(key, { debt: debtOf(bearer.free, { start, end: window.end }), held: claim.capacity });
  }
  return total([...debts.values()].map(({ debt, held }) => nonNegative(min(held, debt))));
}

function debtOf(free: Timeline, window: Window): Capacity {
  const least = free.min(window, DEBT);
  for (let index = 0; index < least.length; index++) DEBT[index] = Math.max(0, -(least[index] ?? 0));
  return fromVector(DEBT);
}

/** For one call of `debtOf`. */
const DEBT = zeroVector();

/** What was allocated against a reservation and counts in it. */
export function backed(head: Head, reservation: Pick<Reservation, 'id'>): Allocation[] {
  return allocationsOf(head, reservation.id).filter(({ backing }) => backing === 'reservation');
}

/** What was made under a reservation since the window began that is in effect; of one that recurs, what earlier windows left behind is not. */
export function madeInWindow(head: Head, { id, startsAt }: Pick<Reservation, 'id' | 'startsAt'>): Allocation[] {
  return allocationsOf(head, id).filter((each) => each.startsAt >= startsAt);
}

/**
 * What ends with a reservation, or with a window of it, by the policy for that: what counts in it, and, of what is to be deleted, what
 * has outgrown it since the window began and holds what it consumes itself.
 */
export function endingWith(head: Head, reservation: Reservation, machines: Policy['atEnd']): Allocation[] {
  if (machines === 'release') return backed(head, reservation);
  return allocationsOf(head, reservation.id).filter(
    ({ backing, startsAt, vmState }) =>
      backing === 'reservation' || (startsAt >= reservation.startsAt && vmState !== 'DELETING'),
  );
}

/** What of `capacity` counts for a holder of these resources. */
export function countedIn(holder: Capacity, capacity: Capacity): Capacity {
  return countedDemand(capacity, (resource) => holder[resource] !== undefined);
}

function nonNegative(capacity: Capacity): Capacity {
  return max(capacity, NOTHING);
}

/** Whether a claim is on more than capacity of its pool. */
export function isBound({ host, container, element }: Claim): boolean {
  return host !== undefined || container !== undefined || element !== undefined;
}
