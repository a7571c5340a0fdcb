/**
 * What can become of a reservation, as steps of a decision: granted, amended, ended, expired, withdrawn. Commands by RPC,
 * configuration and due work are made of these.
 */
import { announceAllocation, announceGrant, announceHeld, announceReservation } from './announce.ts';
import { claimsOf, eligibleNodes, whole } from './admission.ts';
import type { Admission, Moved } from './admission.ts';
import { add, describeAmounts, fitsWithin, isZero, subtract, total } from './capacity.ts';
import type { Capacity } from './capacity.ts';
import {
  allocatedInAggregate,
  allocatedUnder,
  backed,
  claimsAllocated,
  claimsBefore,
  claimsKept,
  countedIn,
  heldBy,
  usedClaims,
} from './claims.ts';
import { compact } from './compact.ts';
import { admitDisplacing, displaced, makeRoom, settleDisplaced } from './displacement.ts';
import type { DisplacingAdmission } from './displacement.ts';
import type { Draft } from './draft.ts';
import { reschedule, unscheduleAll } from './due.ts';
import type {
  Allocation,
  Claim,
  Demand,
  FlexibleWindow,
  Id,
  NodeId,
  Origin,
  Priority,
  Recurrence,
  Reservation,
  Series,
} from './entities.ts';
import type { ReservationCause } from './events.ts';
import { keptTimes, timesOf } from './flexible-window.ts';
import { hostName } from './hosts.ts';
import { next } from './lifecycle.ts';
import { admit } from './every-window.ts';
import { currentClaims, during, joined } from './occurrence.ts';
import { admitOnce, hasParts } from './parts.ts';
import type { DisplacingRequest, FoundRoom } from './preemption.ts';
import type { Displaced, Refusal } from './requests.ts';
import { allocationsOf, isOver, poolNode, poolOfNode } from './state.ts';
import type { Head } from './state.ts';
import { lessens, quotaRefusal } from './quota.ts';
import { countedFrom, nextTerms, setTerms } from './terms.ts';
import type { RequestedTimes, Terms } from './terms.ts';
import { standAlone, vacate, waiting } from './vacancy.ts';
import type { Vacating } from './vacancy.ts';
import { FOREVER, describeInstant } from './window.ts';
import type { Instant, Window } from './window.ts';
import { currentWindow, windowsAhead, windowsOf } from './window-index.ts';
import { countOf, eachOf, someOf, windowAt } from './windows.ts';
import { omit } from './omit.ts';
import { visibleIds } from './ownership.ts';

/** What a consumer says about a reservation, complete. */
export interface ReservationRequest {
  readonly name?: string;
  readonly priority: Priority;
  readonly start?: Instant;
  readonly end?: Instant;
  readonly expiryTime?: Instant;
  /** In place of start and end: they are chosen within these bounds. */
  readonly flexible?: FlexibleWindow;
  /** The window from start to end is the first of many. */
  readonly recurrence?: Recurrence;
  readonly demand: Demand;
}

export type StepResult =
  | {
      readonly outcome: 'done';
      readonly reservation: Reservation;
      readonly displaced?: Displaced;
      readonly moved?: readonly Id[];
    }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** A reservation as first recorded: pending, holding nothing. */
export function recorded(draft: Draft, id: Id, origin: Origin, request: ReservationRequest, terms: Terms): Reservation {
  const { now, user, tenant } = draft.at;
  return compact({
    id,
    origin,
    owner: user,
    ...(tenant === undefined ? {} : { tenant }),
    ...request,
    status: 'pending',
    createdOn: now,
    modifiedOn: now,
    ...effective(terms),
    claims: [],
  });
}

/** What was asked for, by an existing reservation or offer. */
export function requestOf(made: ReservationRequest): ReservationRequest {
  const { name, priority, start, end, expiryTime, flexible, recurrence, demand } = made;
  return {
    ...(name === undefined ? {} : { name }),
    priority,
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(expiryTime === undefined ? {} : { expiryTime }),
    ...(flexible === undefined ? {} : { flexible }),
    ...(recurrence === undefined ? {} : { recurrence }),
    demand,
  };
}

function effective(terms: Terms): Pick<Reservation, 'startsAt' | 'endsAt' | 'series' | 'expiresAt'> {
  const { window, series, expiresAt } = terms;
  return {
    startsAt: window.start,
    ...(window.end === FOREVER ? {} : { endsAt: window.end }),
    ...(series === undefined ? {} : { series }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** Whom a request must not displace, whatever their class. */
type Spared = ReadonlySet<Id> | 'all';

/** Nobody is spared whom priority does not spare. */
const NOBODY: ReadonlySet<Id> = new Set();

/**
 * Decides on a pending reservation: it holds what it asked for from now on, or nothing is changed.
 * @param spared reservations that it must not displace
 */
export function grant(
  draft: Draft,
  pending: Reservation,
  cause: ReservationCause,
  spared: ReadonlySet<Id> = NOBODY,
): StepResult {
  const { now } = draft.at;
  const permit = (claims: readonly Claim[]): Refusal | undefined =>
    quotaRefusal(draft.head, pending, { claims, reservation: true });
  const admission = admitDisplacing(draft, displacing(pending, spared), pending, permit);
  if (admission.outcome === 'refused')
    return { outcome: 'refused', refusal: renumbered(admission.refusal, windowsBefore(pending)) };
  const { claims, room } = admission;
  const moved = move(draft, admission.moved);
  const starts = pending.startsAt <= now;
  const holding: Reservation = { ...pending, hold: 'firm', modifiedOn: now, claims };
  const { awaits, withdrawn } = starts ? vacate(draft, holding, false) : NOTHING_TO_VACATE;
  const status = next(pending.status, starts && awaits.length === 0 ? 'grant-now' : 'grant') ?? pending.status;
  const granted = awaits.length === 0 ? { ...holding, status } : waiting(draft.head, { ...holding, status }, awaits);
  const known = draft.head.reservations.get(pending.id);
  announceGrant(draft, cause, granted, known?.status);
  reschedule(draft, known, granted);
  draft.put('reservation', granted.id, granted);
  const displaced = displacedBy(draft, granted, room, withdrawn);
  return { outcome: 'done', reservation: granted, ...told(displaced, moved) };
}

function told(displaced: Displaced | undefined, moved: readonly Id[]): Pick<Granted, 'displaced' | 'moved'> {
  return { ...(displaced === undefined ? {} : { displaced }), ...(moved.length === 0 ? {} : { moved }) };
}

type Granted = Extract<StepResult, { outcome: 'done' }>;

/** Places reservations anew; nothing else of them changes. @returns those that exist for who asks */
export function move(draft: Draft, moves: readonly Moved[] = []): readonly Id[] {
  for (const { id, claims } of moves) {
    const before = draft.head.reservations.get(id);
    if (before === undefined) continue;
    const after: Reservation = { ...before, claims, modifiedOn: draft.at.now };
    draft.put('reservation', id, after);
    announceReservation(draft, 'updated', after, before.status);
  }
  const ids = moves.map(({ id }) => id);
  return visibleIds(draft.head, 'reservation', ids, draft.at);
}

const NOTHING_TO_VACATE: Vacating = { awaits: [], withdrawn: [] };

function displacing(reservation: Reservation, spared: ReadonlySet<Id>): DisplacingRequest {
  const { demand, priority } = reservation;
  return { demand, windows: windowsAhead(reservation), priority, spared };
}

/** Who gave way to a reservation that is put now, if anybody did; they are told. */
function displacedBy(
  draft: Draft,
  by: Reservation,
  room: FoundRoom | undefined,
  withdrawn: readonly Id[],
): Displaced | undefined {
  if (room !== undefined) return settleDisplaced(draft, room, by, withdrawn);
  return withdrawn.length === 0 ? undefined : displaced(draft, [], withdrawn, true);
}

/**
 * Changes a reservation that is not over into what `request` says, as a whole or not at all. Its own claims do not stand in its
 * way, and what is allocated under it stays covered where it is.
 */
export function amend(
  draft: Draft,
  before: Reservation,
  request: ReservationRequest,
  spared: ReadonlySet<Id> = NOBODY,
): StepResult {
  const { now } = draft.at;
  const { flexible } = request;
  if (flexible === undefined) return amendTo(draft, before, request, request, spared);
  const kept = keptTimes(before, flexible, allocationsOf(draft.head, before.id).length > 0, now);
  if (kept !== undefined) {
    // One that has not started is moved before others have to give way to it.
    const begun = before.startsAt <= now;
    const stayed = amendTo(draft, before, request, { ...request, ...kept }, begun ? spared : 'all');
    if (stayed.outcome === 'done' || begun) return stayed;
  }
  draft.put('reservation', before.id, { ...before, claims: [] });
  const chosen = timesOf(draft.head, request, now);
  if (chosen.outcome === 'chosen') return amendTo(draft, before, request, chosen.times, spared);
  draft.put('reservation', before.id, before);
  return chosen;
}

/** What a request says anew each time. */
const REQUESTED = ['name', 'start', 'end', 'expiryTime', 'flexible', 'recurrence'] as const;

/** The same with the times known: those of the request, or chosen within its bounds. */
function amendTo(
  draft: Draft,
  before: Reservation,
  request: ReservationRequest,
  times: RequestedTimes,
  spared: Spared,
): StepResult {
  const { now } = draft.at;
  const allocations = allocationsOf(draft.head, before.id);
  const barred = movedAway(before, times, allocations, now);
  if (barred !== undefined) return { outcome: 'refused', refusal: barred };
  const decided = setTerms(draft.head.policy, times, now, keptStart(before, times, allocations, now));
  if (decided.outcome === 'refused') return decided;
  const counted = countedFrom(draft.head.policy, times, decided.terms, before.createdOn);
  const terms = withoutPast(counted, now);
  const left = leftInUse(before, terms.window, allocations);
  if (left !== undefined) return { outcome: 'refused', refusal: left };
  const rest = omit(before, ...REQUESTED, 'endsAt', 'series', 'expiresAt');
  const wanted: Reservation = { ...rest, ...request, ...effective(terms), modifiedOn: now };
  const untouched = draft.head.reservations.get(before.id) === before;
  if (untouched && sameHold(before, wanted)) return settleAmended(draft, before, wanted, before.claims, before.status);
  draft.put('reservation', before.id, { ...before, claims: [] });
  const admission = readmitDisplacing(draft, before, wanted, spared);
  if (admission.outcome === 'refused') {
    draft.put('reservation', before.id, before);
    return { outcome: 'refused', refusal: renumbered(admission.refusal, windowsBefore(wanted)) };
  }
  const exceeded = overQuota(draft, before, { ...wanted, claims: admission.claims });
  if (exceeded !== undefined) {
    draft.put('reservation', before.id, before);
    return { outcome: 'refused', refusal: exceeded };
  }
  const { claims, room } = admission;
  const moved = move(draft, admission.moved);
  const begins = wanted.startsAt <= now && (before.status === 'scheduled' || before.awaits !== undefined);
  const { awaits, withdrawn } = begins ? vacate(draft, { ...wanted, claims }, false) : NOTHING_TO_VACATE;
  const status = wanted.startsAt <= now && awaits.length === 0 ? 'active' : 'scheduled';
  draft.disturb([...before.claims, ...claims]);
  const ready = omit(wanted, 'awaits');
  const amended = awaits.length === 0 ? ready : { ...ready, awaits };
  const result = settleAmended(draft, before, amended, claims, status);
  return { ...result, ...told(displacedBy(draft, result.reservation, room, withdrawn), moved) };
}

/** Places what an amended reservation asks for, where others give way if need be. */
function readmitDisplacing(
  draft: Draft,
  before: Reservation,
  wanted: Reservation,
  spared: Spared,
): DisplacingAdmission {
  const admission = readmit(draft, before, wanted);
  if (admission.outcome === 'placed' || spared === 'all') return admission;
  // Nobody gives way to a change of what is placed on hosts: others are moved at the most.
  if (hasParts(wanted.demand)) return admission;
  // What is allocated is held at this point; the rest is what has to find room.
  const held = heldBy(draft.head.reservations.get(before.id) ?? before);
  // In the window in progress that is less than in those after it.
  if (wanted.series !== undefined && !isZero(held)) return admission;
  const capacity = subtract(wanted.demand.capacity, held);
  const request = displacing({ ...wanted, demand: { ...wanted.demand, capacity } }, new Set([...spared, before.id]));
  const made = makeRoom(draft, request, before, admission.refusal);
  if (made.outcome === 'refused' || made.room === undefined) return made;
  draft.put('reservation', before.id, { ...before, claims: [] });
  const again = readmit(draft, before, wanted);
  return again.outcome === 'refused' ? again : { ...again, room: made.room };
}

/** The quota that forbids what a reservation is to hold in place of what it held. */
function overQuota(draft: Draft, before: Reservation, after: Reservation): Refusal | undefined {
  if (draft.head.policy.quotas === undefined || lessens(before, after)) return undefined;
  draft.put('reservation', before.id, { ...before, claims: [] });
  return quotaRefusal(draft.head, after, { claims: after.claims, reservation: false });
}

/** The start that stays: that of a reservation whose first window has begun, unless it is moved and nothing was allocated yet. */
function keptStart(
  before: Reservation,
  times: RequestedTimes,
  allocations: readonly Allocation[],
  now: Instant,
): Instant | undefined {
  const { start } = windowsOf(before);
  if (start > now) return undefined;
  const moved = times.start !== undefined && times.start !== start;
  return moved && allocations.length === 0 ? undefined : start;
}

/** A start that has arrived cannot be put off once machines run. */
function movedAway(
  before: Reservation,
  { start }: RequestedTimes,
  allocations: readonly Allocation[],
  now: Instant,
): Refusal | undefined {
  if (start === undefined || start === before.start || start <= now || before.startsAt > now) return undefined;
  return allocations.length === 0 ? undefined : inUseSince(before, start, allocations);
}

/** Nor can another window take the place of the one in which they run. */
function leftInUse(before: Reservation, window: Window, allocations: readonly Allocation[]): Refusal | undefined {
  if (before.series === undefined || allocations.length === 0 || window.start === before.startsAt) return undefined;
  return inUseSince(before, window.start, allocations);
}

function inUseSince(before: Reservation, start: Instant, allocations: readonly Allocation[]): Refusal {
  return {
    reason: 'below-allocated',
    message: `The start cannot be put off to ${describeInstant(start)}: ${allocations.length} virtual machines were made under the reservation since ${describeInstant(before.startsAt)}.`,
    inUse: total(allocations.map(({ capacity }) => capacity)),
    shortages: [],
  };
}

/** An expiry that has passed was carried out already. */
function withoutPast(terms: Terms, now: Instant): Terms {
  return terms.expiresAt !== undefined && terms.expiresAt <= now ? omit(terms, 'expiresAt') : terms;
}

function sameHold(before: Reservation, after: Reservation): boolean {
  return (
    before.startsAt === after.startsAt &&
    before.endsAt === after.endsAt &&
    sameSeries(before.series, after.series) &&
    JSON.stringify(before.demand) === JSON.stringify(after.demand)
  );
}

function sameSeries(a: Series | undefined, b: Series | undefined): boolean {
  return a?.period === b?.period && a?.count === b?.count && a?.occurrence === b?.occurrence;
}

function settleAmended(
  draft: Draft,
  before: Reservation,
  wanted: Reservation,
  claims: readonly Claim[],
  status: Reservation['status'],
): Extract<StepResult, { outcome: 'done' }> {
  const { reason, message, ...rest } = wanted;
  const kept =
    status === 'degraded' || (wanted.awaits !== undefined && claims === before.claims)
      ? { ...(reason && { reason }), ...(message !== undefined && { message }) }
      : {};
  const after: Reservation = { ...rest, ...kept, status, claims };
  draft.put('reservation', after.id, after);
  for (const allocation of allocationsOf(draft.head, after.id)) {
    if (allocation.backing !== 'reservation' || allocation.endsAt === after.endsAt) continue;
    const endless = omit(allocation, 'endsAt');
    draft.put('allocation', allocation.id, after.endsAt === undefined ? endless : { ...endless, endsAt: after.endsAt });
  }
  reschedule(draft, before, after);
  announceReservation(draft, 'updated', after, before.status);
  if (claims !== before.claims) {
    announceHeld(draft, 'released', before.claims);
    announceHeld(draft, 'reserved', after.claims);
  }
  return { outcome: 'done', reservation: after };
}

/**
 * Places what an amended reservation asks for; in the draft it holds nothing at this point. What is allocated is kept where it
 * is in the window in progress; of further windows each is like one of a new request.
 */
function readmit(draft: Draft, before: Reservation, wanted: Reservation): Admission {
  const { head, at } = draft;
  const windows = windowsAhead(wanted);
  const { demand } = wanted;
  const near = { self: before.id, near: currentClaims(before) };
  const inUse = usedClaims(head, before).size > 0 || !isZero(allocatedInAggregate(head, before));
  if (!inUse) return stay(draft, before, wanted) ?? admit(head, demand, windows, at.now, near);
  const current = readmitInUse(draft, before, wanted);
  if (current.outcome === 'refused' || countOf(windows) === 1) return current;
  const rest = someOf(windows, 1, countOf(windows) - 1);
  const later = admit(draft.head, demand, rest, at.now, { ...near, mayMove: false });
  if (later.outcome === 'placed') return { ...current, claims: joined(current.claims, later.claims) };
  // A later start is nothing that can be had any more.
  const refusal = omit(later.refusal, 'nextWindow', 'searchedUntil');
  const { shortWindows = [{ occurrence: 1, window: windowAt(rest, 0) }] } = refusal;
  return { outcome: 'refused', refusal: renumbered({ ...refusal, shortWindows }, 1) };
}

/** A refusal whose windows are counted from a later one on. */
function renumbered(refusal: Refusal, by: number): Refusal {
  const { shortWindows } = refusal;
  if (shortWindows === undefined || by === 0) return refusal;
  const counted = shortWindows.map(({ occurrence, window }) => ({ occurrence: occurrence + by, window }));
  return { ...refusal, shortWindows: counted };
}

/** How many windows came before the current one. */
function windowsBefore({ series }: Reservation): number {
  return series === undefined ? 0 : series.occurrence - 1;
}

function readmitInUse(draft: Draft, before: Reservation, wanted: Reservation): Admission {
  const { head, at } = draft;
  const window = currentWindow(wanted);
  const { demand } = wanted;
  const near = { self: before.id, near: currentClaims(before) };
  const allocated = allocatedInAggregate(head, before);
  const used = usedClaims(head, before);
  const counted = countedIn(demand.capacity, allocated);
  if (!fitsWithin(counted, demand.capacity)) {
    return { outcome: 'refused', refusal: belowAllocated(counted) };
  }
  const staying = currentClaims(before).filter(({ id }) => used.has(id));
  const uncovered = staying.find((claim) => !stillAskedFor(claim, staying, demand));
  if (uncovered !== undefined) {
    return { outcome: 'refused', refusal: belowAllocated(allocatedUnder(head, before)) };
  }
  const shares = claimsAllocated(head, before).filter((claim) => !isBound(claim));
  if (!mayStay(head, shares, demand)) return { outcome: 'refused', refusal: awayFromAllocated(counted, shares) };
  const kept = used.size === 0 ? stay(draft, before, { ...omit(wanted, 'series') }) : undefined;
  if (kept !== undefined) return kept;
  const pinned = staying.map((claim) => during(claim, window));
  const base = merge(pinned, claimsOf(shares, window));
  draft.put('reservation', before.id, { ...before, claims: base });
  const context = { ...near, pinned };
  const left = { ...demand, capacity: subtract(demand.capacity, counted), ...withoutHosts(demand, pinned) };
  const rest = admitOnce(draft.head, left, window, at.now, context);
  if (rest.outcome === 'refused') return rest;
  const claims = merge(base, rest.claims);
  return rest.moved === undefined ? { outcome: 'placed', claims } : { outcome: 'placed', claims, moved: rest.moved };
}

/** Whether an instance, or a host that is held whole, under which machines run is a part of the demand still. */
function stillAskedFor(claim: Claim, staying: readonly Claim[], demand: Demand): boolean {
  const { container: name, host } = claim;
  if (name === undefined) return host !== undefined && demand.elements?.includes(hostName(host)) === true;
  const container = demand.containers?.find((each) => each.name === name);
  const number = staying.filter((each) => each.container === name).length;
  return container !== undefined && container.count >= number;
}

/** The elements of a demand without the hosts that are held already. */
function withoutHosts({ elements }: Demand, pinned: readonly Claim[]): Pick<Demand, 'elements'> {
  const held = pinned.flatMap(({ host, container }) =>
    host === undefined || container !== undefined ? [] : hostName(host),
  );
  return elements === undefined ? {} : { elements: elements.filter((element) => !held.includes(element)) };
}

/** The whole demand on the one pool on which the reservation is, if it fits there: nobody moves without need. */
function stay(draft: Draft, before: Reservation, wanted: Reservation): Admission | undefined {
  const [only, another] = currentClaims(before);
  if (hasParts(wanted.demand) || only === undefined || another !== undefined || isBound(only)) return undefined;
  if (!mayStay(draft.head, [only], wanted.demand)) return undefined;
  const node = draft.head.nodes.get(only.node);
  const { capacity } = wanted.demand;
  const windows = windowsAhead(wanted);
  if (node === undefined) return undefined;
  for (const window of eachOf(windows)) if (whole([node], capacity, window) === undefined) return undefined;
  const [claim] = claimsOf([{ node: node.id, capacity }], windows);
  return claim && { outcome: 'placed', claims: [during(claim, windows)] };
}

/** Whether the demand allows the pools on which something is held. */
function mayStay(head: Head, shares: readonly { readonly node: NodeId }[], demand: Demand): boolean {
  const { nodes } = eligibleNodes(head, demand);
  const eligible = new Set(nodes.map(({ id }) => id));
  return shares.every(({ node }) => eligible.has(node));
}

function belowAllocated(allocated: Capacity): Refusal {
  return {
    reason: 'below-allocated',
    message: `In use under the reservation are ${describeAmounts(allocated)}; it cannot have less.`,
    inUse: allocated,
    shortages: [],
  };
}

function awayFromAllocated(allocated: Capacity, shares: readonly { readonly node: NodeId }[]): Refusal {
  const pools = shares.map(({ node }) => `'${poolOfNode(node)}'`).join(', ');
  return {
    reason: 'below-allocated',
    message: `In use under the reservation are ${describeAmounts(allocated)} of the pools ${pools}, which it has to keep.`,
    inUse: allocated,
    shortages: [],
  };
}

function merge(base: readonly Claim[], more: readonly Claim[]): Claim[] {
  const merged = [...base];
  let last = Math.max(0, ...[...base, ...more].map(({ id }) => Number(id)));
  const joins = (a: Claim, b: Claim): boolean => a.node === b.node && !isBound(a) && !isBound(b);
  for (const claim of more) {
    const index = merged.findIndex((each) => joins(each, claim));
    const same = merged[index];
    if (same === undefined)
      merged.push(merged.some(({ id }) => id === claim.id) ? { ...claim, id: `${++last}` } : claim);
    else merged[index] = { ...same, capacity: add(same.capacity, claim.capacity) };
  }
  return merged;
}

/** Whether a claim is on more than capacity of its pool. */
function isBound({ host, container, element }: Claim): boolean {
  return host !== undefined || container !== undefined || element !== undefined;
}

/** A reservation is over: what it held from now on is free, its machines run on without it or are destroyed. */
export function conclude(
  draft: Draft,
  before: Reservation,
  after: Pick<Reservation, 'status' | 'reason'> & { readonly message?: string },
  cause: ReservationCause,
  machines: 'terminate' | 'release',
): Id[] {
  const { now } = draft.at;
  const rest = omit(before, 'hold', 'message', 'awaits');
  const over: Reservation = { ...rest, ...after, modifiedOn: now, claims: claimsBefore(before.claims, now) };
  const released: Id[] = [];
  const allocations = backed(draft.head, before);
  draft.put('reservation', over.id, over);
  for (const allocation of allocations) {
    leave(draft, allocation, machines);
    released.push(allocation.id);
  }
  draft.disturb(before.claims);
  reschedule(draft, before, over);
  announceReservation(draft, cause, over, before.status);
  announceHeld(draft, 'released', before.claims);
  return released;
}

/** A machine whose reservation is over. It holds its capacity itself until the VIM confirms that it is gone. */
function leave(draft: Draft, allocation: Allocation, machines: 'terminate' | 'release'): void {
  const { now } = draft.at;
  const alone = standAlone(draft.head, allocation, now);
  const ending = machines === 'terminate' && allocation.vmState !== 'DELETING';
  const after: Allocation = ending ? { ...alone, vmState: 'DELETING', intent: 'delete' } : alone;
  draft.put('allocation', after.id, after);
  draft.disturbed.add(poolNode(after.pool));
  announceAllocation(draft, 'reservation-over', after, allocation.vmState);
}

/** What was not allocated by now is released: all of it, and the reservation has expired, or the rest. */
export function expire(draft: Draft, before: Reservation): void {
  const { now } = draft.at;
  const none = isZero(allocatedUnder(draft.head, before)) && allocationsOf(draft.head, before.id).length === 0;
  if (none && !isFollowed(before)) {
    const status = next(before.status, 'expire');
    if (status !== undefined) {
      const message = 'Nothing was allocated in time.';
      conclude(draft, before, { status, reason: 'not-allocated-in-time', message }, 'expired', 'release');
    }
    return;
  }
  const rest = omit(before, 'expiresAt');
  const claims = claimsKept(draft.head, before);
  const message =
    before.series === undefined
      ? 'What was not allocated in time was released.'
      : `What was not allocated in time was released until ${describeInstant(before.endsAt ?? FOREVER)}.`;
  const kept: Reservation = { ...rest, claims, message, reason: 'not-allocated-in-time', modifiedOn: now };
  // The configuration of a configured one is its client's; the claims alone say what is left.
  const cutDown = before.origin === 'rpc' && !isFollowed(before);
  const demand = cutDown ? demandLeft(kept) : before.demand;
  const after: Reservation = { ...kept, demand };
  draft.put('reservation', after.id, after);
  draft.disturb(before.claims);
  announceReservation(draft, 'expired', after, before.status);
  announceHeld(draft, 'released', before.claims);
}

/** What a reservation that was cut down holds, as a demand. */
function demandLeft(reservation: Reservation): Demand {
  const { demand } = reservation;
  const claims = currentClaims(reservation);
  if (!hasParts(demand)) return { ...demand, capacity: heldBy(reservation) };
  const { containers, ...rest } = demand;
  const capacity = heldBy({ ...reservation, claims: claims.filter((claim) => !isBound(claim)) });
  const left = (containers ?? []).flatMap((container) => {
    const count = claims.filter((claim) => claim.container === container.name).length;
    return count === 0 ? [] : [{ ...container, count }];
  });
  return left.length === 0 ? { ...rest, capacity } : { ...rest, capacity, containers: left };
}

/** Whether another window follows the one that is in progress, or is next. */
export function isFollowed({ series }: Pick<Reservation, 'series'>): boolean {
  return series !== undefined && series.occurrence < series.count;
}

/** A window is over and another follows: until it starts, the reservation waits as it did before the first. */
export function recede(draft: Draft, before: Reservation, machines: 'terminate' | 'release'): void {
  const { series } = before;
  const status = next(before.status, 'recede');
  if (series === undefined || status === undefined) return;
  const terms = nextTerms(currentWindow(before), series);
  const { reason, message, ...rest } = omit(before, 'awaits', 'expiresAt');
  const kept = status === 'degraded' ? { ...(reason && { reason }), ...(message !== undefined && { message }) } : {};
  const after: Reservation = { ...rest, ...kept, ...effective(terms), status, modifiedOn: draft.at.now };
  const allocations = backed(draft.head, before);
  draft.put('reservation', after.id, after);
  for (const allocation of allocations) leave(draft, allocation, machines);
  draft.disturb(before.claims);
  reschedule(draft, before, after);
  announceReservation(draft, 'occurrence-ended', after, before.status, { occurrence: series.occurrence });
}

/** Withdraws a reservation and forgets it: the answer and the event have said all. What was allocated runs on. */
export function withdraw(
  draft: Draft,
  reservation: Reservation,
): { readonly reservation: Reservation; readonly released: Id[] } {
  const { now } = draft.at;
  if (isOver(reservation)) {
    forget(draft, reservation);
    return { reservation, released: [] };
  }
  const status = next(reservation.status, 'cancel') ?? 'cancelled';
  const released = conclude(draft, reservation, { status, reason: 'requested-by-consumer' }, 'cancelled', 'release');
  const rest = omit(reservation, 'hold');
  const cancelled: Reservation = { ...rest, status, reason: 'requested-by-consumer', modifiedOn: now, claims: [] };
  forget(draft, cancelled);
  return { reservation: cancelled, released };
}

export function forget(draft: Draft, reservation: Reservation): void {
  unscheduleAll(draft, reservation);
  draft.put('reservation', reservation.id, null);
}
