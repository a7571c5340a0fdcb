/**
 * Handing over: what machines have on loan goes back when a reservation starts that needs it.
 *
 * Claims on loan do not stand in the way of a reservation (`Node.free` does not count them), but the machines are there. So at
 * its start, those that it needs away are withdrawn, the lowest class and the newest first and no more than have to, and under the policy
 * `priority` those of a lower class that use an element of it; and it starts when
 * the VIM has confirmed that they are gone, or when there is room without that. Until then its status is scheduled and nothing is
 * allocated against it. Machines that are being deleted anyway are waited for before others are withdrawn.
 *
 * Whether there is a vacancy is a matter of one instant: what is free, and what reservations hold that have not started yet, is there for
 * what is on loan.
 */
import { announceAllocation, announceReservation, displacedBy } from './announce.ts';
import type { Displacer } from './announce.ts';
import { addVectors, toVector, zeroVector } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import { ownClaim } from './claims.ts';
import { machinesUsing } from './elements.ts';
import { claimsAt, holdersAt, isHeldAt } from './holders.ts';
import type { Draft } from './draft.ts';
import { NORMAL } from './entities.ts';
import type { Allocation, Claim, Id, NodeId, Reservation } from './entities.ts';
import { next } from './lifecycle.ts';
import { byMerit, whoGivesWay } from './merit.ts';
import { omit } from './omit.ts';
import { describeIds, ownerOf } from './ownership.ts';
import { withRoom } from './room-made.ts';
import { loanedFrom, poolNode, preEmptionOn } from './state.ts';
import type { Head, Node } from './state.ts';
import { FOREVER } from './window.ts';
import type { Instant } from './window.ts';

export interface Vacating {
  /** Machines that have to be gone before the reservation starts. */
  readonly awaits: readonly Id[];
  /** Those of them that are withdrawn for it. */
  readonly withdrawn: readonly Id[];
}

/**
 * Makes a reservation that starts now have what it holds.
 * @param held whether its claims are in the head already
 */
export function vacate(draft: Draft, reservation: Reservation, held: boolean): Vacating {
  const awaits = new Set<Id>();
  const withdrawn: Id[] = [];
  const clear = (going: readonly Allocation[], awaited: readonly Allocation[]): void => {
    for (const { id } of awaited) awaits.add(id);
    for (const machine of going) {
      if (isLeaving(machine)) continue;
      withdraw(draft, machine, reservation);
      withdrawn.push(machine.id);
    }
  };
  for (const claim of reservation.claims) {
    const users = usersOf(draft, claim, reservation);
    clear(users, users);
  }
  for (const id of new Set(reservation.claims.map((claim) => claim.node))) {
    const node = draft.head.nodes.get(id);
    if (node === undefined || !lends(node, draft.at.now)) continue;
    const { going, awaited } = inTheWay(draft, node, reservation, held);
    clear(going, awaited);
  }
  return { awaits: [...awaits], withdrawn };
}

/** Machines without a reservation that use an element which is held now, and have to give way. */
function usersOf({ head, at }: Draft, claim: Claim, { priority }: Reservation): Allocation[] {
  if (claim.element === undefined || !isHeldAt(claim, at.now) || preEmptionOn(head, claim.node) !== 'priority')
    return [];
  return machinesUsing(head, claim.element).filter((each) => each.backing === 'own' && each.priority > priority);
}

function lends(node: Node, now: Instant): boolean {
  return node.lent.breakpoints > 0 && node.lent.valueAt(now).some((amount) => amount > 0);
}

interface InTheWay {
  /** Machines that do not fit beside the reservation and all that has started, or waits to start. */
  readonly going: readonly Allocation[];
  /** Machines that have to be gone first. Who waits has nothing yet, so that this is not for what it is to have. */
  readonly awaited: readonly Allocation[];
}

/** Machines that a reservation which starts finds where it holds something on a node. */
function inTheWay(draft: Draft, node: Node, reservation: Reservation, held: boolean): InTheWay {
  const { head, at } = draft;
  const own = claimsAt(reservation, node.id, at.now);
  const roomBeside = (isHeld: (each: Reservation) => boolean): CapacityVector => {
    const room = roomForLoans(head, node, at.now, (each) => each.id === reservation.id || isHeld(each));
    if (!held) addVectors(room, own, -1);
    return room;
  };
  const started = (each: Reservation): boolean => hasStarted(each, at.now);
  const loans = loansOn(head, node.id, at.now).sort(byMerit);
  const staying = loans.filter((each) => !isLeaving(each));
  const room = roomBeside((each) => each.awaits !== undefined || started(each));
  const going = beyond(staying, node, room, own);
  const kept = staying.filter((each) => !going.includes(each));
  const others = loans.filter((each) => !kept.includes(each));
  const awaited = beyond([...kept, ...others], node, roomBeside(started), own);
  return { going, awaited: awaited.length === 0 ? [] : [...new Set([...going, ...awaited])] };
}

/** What there is at an instant for what is on loan: what is free, and what reservations have that hold nothing yet. */
export function roomForLoans(
  head: Head,
  node: Node,
  now: Instant,
  isHeld: (reservation: Reservation) => boolean = (each) => hasStarted(each, now),
): CapacityVector {
  const room = node.free.valueAt(now);
  for (const reservation of head.upcoming.get(node.id)?.overlapping({ start: now, end: now + 1 }) ?? []) {
    if (!isHeld(reservation)) addVectors(room, claimsAt(reservation, node.id, now), 1);
  }
  return room;
}

function hasStarted({ status, awaits, startsAt }: Reservation, now: Instant): boolean {
  return status !== 'scheduled' && awaits === undefined && startsAt <= now;
}

/** Machines that have something on the node on loan. */
export function loansOn(head: Head, node: NodeId, now: Instant): Allocation[] {
  return standingOn(head, node).filter((machine) => (loanedFrom(machine) ?? FOREVER) <= now);
}

/** An allocation that has no reservation any more: what it consumes is its own matter from now on, without end, and of the normal class. */
export function standAlone(head: Head, allocation: Allocation, now: Instant): Allocation {
  const rest = omit(allocation, 'endsAt', 'claim');
  const priority = allocation.backing === 'reservation' ? NORMAL : allocation.priority;
  const claims = standingClaims(head, allocation, allocation.resource === undefined, now);
  return { ...rest, backing: 'own', priority, claims, modifiedOn: now };
}

/**
 * What is held without a reservation from an instant on: for good, or, by a machine, on loan where that is the provider's policy. What takes
 * no place on a host is never lent: it cannot be taken back without loss.
 */
export function standingClaims(
  head: Head,
  consumed: Pick<Allocation, 'pool' | 'capacity'>,
  onHost: boolean,
  from: Instant,
): readonly Claim[] {
  const claim = ownClaim(head, consumed, from);
  return [onHost && preEmptionOn(head, poolNode(consumed.pool)) === 'best-effort' ? { ...claim, onLoan: true } : claim];
}

/** Machines that hold something on the node themselves, on loan or not. */
export function standingOn(head: Head, node: NodeId): Allocation[] {
  return [...(head.standing.get(node) ?? [])].flatMap((id) => head.allocations.get(id) ?? []);
}

export function isLeaving(machine: Allocation): boolean {
  return machine.vmState === 'DELETING';
}

/** Of machines in the order in which they are to be kept, those for which there is no room, in the resources that are needed. */
function beyond(
  machines: readonly Allocation[],
  node: Node,
  room: CapacityVector,
  needed: CapacityVector,
): Allocation[] {
  const sum = zeroVector();
  const change = (machine: Allocation, sign: 1 | -1): void => {
    for (const claim of machine.claims)
      if (claim.node === node.id && claim.onLoan === true) addVectors(sum, toVector(claim.capacity), sign);
  };
  return whoGivesWay(machines, {
    putBack: (machine) => change(machine, 1),
    takeAway: (machine) => change(machine, -1),
    fits: () =>
      sum.every((amount, index) => amount === 0 || (needed[index] ?? 0) === 0 || amount <= (room[index] ?? 0)),
  });
}

/** Has a machine deleted for a reservation, and tells. What it consumes is on loan until the VIM confirms that it is gone. */
export function withdraw(draft: Draft, machine: Allocation, by: Displacer): Allocation {
  const after = takeBack(draft, machine);
  announceAllocation(draft, 'preempted', after, machine.vmState, displacedBy(by));
  return after;
}

/** The same, and who is told comes later. */
export function takeBack(draft: Draft, machine: Allocation): Allocation {
  const { now } = draft.at;
  const rest = omit(machine, 'endsAt', 'awaits');
  const claims = loan(draft.head, machine, now);
  const ending = isLeaving(machine) ? {} : ({ vmState: 'DELETING', intent: 'delete' } as const);
  const after: Allocation = { ...rest, ...ending, backing: 'own', claims, modifiedOn: now };
  draft.put('allocation', after.id, after);
  return after;
}

/** The claims of a machine that holds nothing from an instant on but what it consumes on loan. */
function loan(head: Head, machine: Pick<Allocation, 'pool' | 'capacity' | 'claims'>, from: Instant): Claim[] {
  const firm = machine.claims
    .filter((claim) => claim.onLoan !== true && claim.start < from)
    .map((claim) => ((claim.end ?? FOREVER) > from ? { ...claim, end: from } : claim));
  return [...firm, { ...ownClaim(head, machine, from), id: `${firm.length + 1}`, onLoan: true }];
}

/** Machines that hold what they consume for good have it on loan from an instant on. */
export function lend(draft: Draft, machine: Allocation, from: Instant): Allocation {
  const after: Allocation = { ...machine, claims: loan(draft.head, machine, from), modifiedOn: draft.at.now };
  draft.put('allocation', after.id, after);
  draft.disturb(machine.claims);
  return after;
}

/** The start of a reservation has arrived: it starts, or waits for machines to be gone. */
export function begin(draft: Draft, before: Reservation): void {
  const { awaits, withdrawn } = vacate(draft, before, true);
  const { now } = draft.at;
  const rest = omit(withRoom(before, { machines: withdrawn }), 'awaits');
  if (awaits.length > 0) {
    if (!sameMembers(awaits, before.awaits ?? []))
      draft.put('reservation', before.id, { ...waiting(draft.head, rest, awaits), modifiedOn: now });
    return;
  }
  // One that cannot be kept in full begins as well; it stays degraded.
  const status = next(before.status, 'start') ?? before.status;
  const clear = before.awaits !== undefined && status !== 'degraded' ? omit(rest, 'message') : rest;
  const after: Reservation = { ...clear, status, modifiedOn: now };
  draft.put('reservation', after.id, after);
  announceReservation(draft, 'started', after, before.status);
}

function sameMembers(some: readonly Id[], others: readonly Id[]): boolean {
  return some.length === others.length && some.every((each) => others.includes(each));
}

/** A reservation that waits for machines to be gone; of a degraded one, the message says what is worse. */
export function waiting(head: Head, reservation: Reservation, awaits: readonly Id[]): Reservation {
  if (reservation.status === 'degraded') return { ...reservation, awaits };
  const machines = describeIds(head, 'allocation', awaits, ownerOf(reservation));
  const message = `It starts when the VIM has confirmed that these virtual machines are gone: ${machines}.`;
  return { ...reservation, awaits, message };
}

/** There may be more room: reservations that wait for machines to be gone start, the best first, unless others are in their way. */
export function lookAtWaiting(draft: Draft): void {
  if (draft.head.awaiting.size === 0) return;
  const ids = new Set([...draft.head.awaiting.values()].flatMap((each) => [...each]));
  const waiting = [...ids].flatMap((id) => draft.head.reservations.get(id) ?? []);
  for (const { id } of waiting.sort(byMerit)) {
    const reservation = draft.head.reservations.get(id);
    if (reservation?.awaits !== undefined) begin(draft, reservation);
  }
}

/** Capacity was lost or taken: what is on loan goes where reservations that have started need it. */
export function recall(draft: Draft, node: Node | undefined): void {
  const { head, at } = draft;
  const { now } = at;
  if (node === undefined || !lends(node, now)) return;
  const staying = loansOn(head, node.id, now).filter((each) => !isLeaving(each));
  const room = roomForLoans(head, node, now);
  const all = zeroVector().fill(1);
  if (beyond(staying, node, room, all).length === 0) return;
  const started = holdersAt(head, node.id, now)
    .filter(({ status }) => status === 'active')
    .sort(byMerit);
  const [by] = started;
  if (by === undefined) return;
  const needed = zeroVector();
  for (const reservation of started) addVectors(needed, claimsAt(reservation, node.id, now), 1);
  for (const machine of beyond(staying.sort(byMerit), node, room, needed)) withdraw(draft, machine, by);
}

/** What machines have on loan and nothing else needs, they hold again, unless the policy is to lend it. */
export function regain(draft: Draft, node: Node): void {
  const { head, at } = draft;
  const { now } = at;
  if (node.lent.breakpoints === 0 || preEmptionOn(head, node.id) === 'best-effort') return;
  const loans = loansOn(head, node.id, FOREVER).filter((each) => !isLeaving(each));
  for (const machine of loans.sort(byMerit)) {
    const claim = machine.claims.find(({ onLoan }) => onLoan === true);
    if (claim === undefined) continue;
    const from = Math.max(claim.start, now);
    const until = draft.head.nodes
      .get(node.id)
      ?.free.firstShortage({ start: from, end: FOREVER }, toVector(claim.capacity));
    if (until === undefined || until > from) draft.put('allocation', machine.id, held(machine, claim, from, until));
  }
}

function held(machine: Allocation, claim: Claim, from: Instant, until: Instant | undefined): Allocation {
  const firm = machine.claims.filter(({ onLoan }) => onLoan !== true);
  const joined = firm.find(({ end }) => end === from);
  const start = joined?.start ?? from;
  const others = firm.filter((each) => each !== joined);
  const { node, capacity } = claim;
  const claims: Claim[] = [
    ...others,
    { id: '', node, start, ...(until === undefined ? {} : { end: until }), capacity },
  ];
  if (until !== undefined) claims.push({ id: '', node, start: until, capacity, onLoan: true });
  return { ...machine, claims: claims.map((each, index) => ({ ...each, id: `${index + 1}` })) };
}
