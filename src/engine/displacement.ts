/**
 * Displacing, as steps of a decision: a request takes the place of those who give way to it (`preemption.ts` says who), and these
 * are told why, by what, and what they can have instead.
 *
 * A reservation that is displaced is over. One that fits elsewhere throughout its window is moved there instead, and loses nothing.
 * A machine runs on until the reservation starts; from then on it has its capacity on loan only (`vacancy.ts`). One that gives way to a
 * machine is deleted at once, and the other waits until it is gone (`waiting-machines.ts`).
 */
import type { Admission } from './admission.ts';
import { announceAllocation, announceHeld, announceReservation, displacedBy } from './announce.ts';
import type { Displacer } from './announce.ts';
import { backed, claimsBefore } from './claims.ts';
import type { Draft } from './draft.ts';
import { reschedule } from './due.ts';
import type { Allocation, Claim, Id, Priority, Reason, Reservation } from './entities.ts';
import { next } from './lifecycle.ts';
import { omit } from './omit.ts';
import { ownerOf, sees, visibleIds } from './ownership.ts';
import { admit, fittingOf } from './every-window.ts';
import { findRoom } from './preemption.ts';
import type { DisplacingRequest, FoundRoom } from './preemption.ts';
import type { Displaced, Refusal } from './requests.ts';
import { longestEnd } from './terms.ts';
import { lend, withdraw } from './vacancy.ts';
import { windowsAhead } from './window-index.ts';
import { countOf } from './windows.ts';
import { PRIORITY_NAMES } from './entities.ts';

/** As `admit`, with the room that others make. */
export type DisplacingAdmission =
  | (Extract<Admission, { outcome: 'placed' }> & { readonly room?: FoundRoom })
  | Extract<Admission, { outcome: 'refused' }>;

/** Why claims that fit are not granted all the same; undefined when nothing bars them. */
export type Permit = (claims: readonly Claim[]) => Refusal | undefined;

/** Places a demand where it fits, or where it fits when others give way; what they held is free then. */
export function admitDisplacing(
  draft: Draft,
  request: DisplacingRequest,
  by: Displacer,
  permit: Permit,
): DisplacingAdmission {
  const admission = admit(draft.head, request.demand, request.windows, draft.at.now, {
    self: by.id,
    viewer: ownerOf(by),
  });
  if (admission.outcome === 'refused') return makeRoom(draft, request, by, admission.refusal, permit);
  const barred = permit(admission.claims);
  return barred === undefined ? admission : { outcome: 'refused', refusal: barred };
}

/** What may be mended by others who give way: all is held, or an element is used. */
const MADE_ROOM_FOR: ReadonlySet<Reason> = new Set<Reason>(['insufficient-capacity', 'resource-in-use']);

/** Has others give way to a request that was refused. */
export function makeRoom(
  draft: Draft,
  request: DisplacingRequest,
  by: Displacer,
  refusal: Refusal,
  permit: Permit = () => undefined,
): DisplacingAdmission {
  if (!MADE_ROOM_FOR.has(refusal.reason)) return { outcome: 'refused', refusal };
  const room = findRoom(draft.head, request, draft.at.now);
  if (room.outcome === 'none') {
    return { outcome: 'refused', refusal: room.complete ? refusal : { ...refusal, searchComplete: false } };
  }
  const barred = permit(room.claims);
  if (barred !== undefined) return { outcome: 'refused', refusal: barred };
  closeDisplaced(draft, room, by, request.priority);
  for (const machine of room.machines) lend(draft, machine, request.windows.start);
  return { outcome: 'placed', claims: room.claims, room };
}

/** Reservations give way for good; what they held is free then. Settle when what displaced them is put. */
export function closeDisplaced(draft: Draft, { reservations }: FoundRoom, by: Displacer, priority: Priority): void {
  for (const reservation of reservations) close(draft, reservation, by, priority, 'displaced');
}

/**
 * Tells the reservations that gave way, when what displaced them is put; those that fit elsewhere are moved there.
 * @returns those that are lost
 */
export function settleLost(draft: Draft, room: FoundRoom, by: Displacer): readonly Id[] {
  const lost = room.reservations.filter((before) => !moved(draft, before));
  for (const before of lost) announceDisplaced(draft, before, by);
  return lost.map(({ id }) => id);
}

/**
 * Tells those who gave way, when the reservation that displaced them is put.
 * @param withdrawn machines that were withdrawn for it already, and told
 */
export function settleDisplaced(draft: Draft, room: FoundRoom, by: Reservation, withdrawn: readonly Id[]): Displaced {
  const reservations = settleLost(draft, room, by);
  for (const { id } of room.machines) if (!withdrawn.includes(id)) announceGivingWay(draft, id, by);
  const machines = new Set([...withdrawn, ...room.machines.map(({ id }) => id)]);
  return displaced(draft, reservations, [...machines], room.complete);
}

/** Tells a machine that is withdrawn for another one, when that one is put: with what a reservation in its place could have. */
export function announceWithdrawn(draft: Draft, before: Allocation, by: Displacer): void {
  const { head, at } = draft;
  const after = head.allocations.get(before.id);
  if (after === undefined) return;
  const { capacity, zone } = before;
  const window = { start: at.now, end: longestEnd(head.policy, at.now, at.now) };
  const demand = { capacity, ...(zone === undefined ? {} : { zone }) };
  const offered = admit(head, demand, window, at.now, { mayMove: false });
  announceAllocation(draft, 'preempted', after, before.vmState, {
    ...displacedBy(by),
    ...(offered.outcome === 'refused' ? { offered: offered.refusal } : {}),
  });
}

/** What who asked is told of those that gave way. */
export function displaced(
  draft: Draft,
  reservations: readonly Id[],
  machines: readonly Id[],
  complete: boolean,
): Displaced {
  const { head, at } = draft;
  const visible = {
    reservations: visibleIds(head, 'reservation', reservations, at),
    machines: visibleIds(head, 'allocation', machines, at),
  };
  const others = reservations.length + machines.length - visible.reservations.length - visible.machines.length;
  return { ...visible, ...(others === 0 ? {} : { others }), complete };
}

function announceGivingWay(draft: Draft, id: Id, by: Reservation): void {
  const machine = draft.head.allocations.get(id);
  if (machine === undefined) return;
  announceAllocation(draft, 'preempted', machine, machine.vmState, {
    ...displacedBy(by),
    from: by.startsAt,
  });
}

/** A reservation gives way to another for good; what was allocated under it is withdrawn. */
export function preempt(draft: Draft, before: Reservation, by: Reservation, reason: Reason): void {
  close(draft, before, by, by.priority, reason);
}

function close(draft: Draft, before: Reservation, by: Displacer, priority: Priority, reason: Reason): void {
  const { now } = draft.at;
  const cause = reason === 'displaced' ? '' : ' because capacity was lost';
  const what = by.what === 'machine' ? 'virtual machine' : 'reservation';
  const whom = sees(ownerOf(before), by) ? `the ${what} '${by.id}'` : `a ${what}`;
  const message = `It gave way to ${whom} of the priority ${PRIORITY_NAMES[priority]}${cause}.`;
  const status = next(before.status, 'preempt') ?? 'preempted';
  const rest = omit(before, 'hold', 'awaits', 'easesAt', 'noticed');
  const claims = claimsBefore(before.claims, now);
  const over: Reservation = { ...rest, status, reason: 'displaced', message, claims, modifiedOn: now };
  const machines = backed(draft.head, before);
  draft.put('reservation', over.id, over);
  for (const machine of machines) withdraw(draft, machine, by);
  draft.disturb(before.claims);
  reschedule(draft, before, over);
}

/** Puts a reservation that gave way and has not started where it fits, if it fits anywhere. */
export function moved(draft: Draft, before: Reservation): boolean {
  const { now } = draft.at;
  if (before.startsAt <= now) return false;
  const claims = fittingOf(draft.head, before.demand, windowsAhead(before), now).claims();
  if (claims === undefined) return false;
  const over = draft.head.reservations.get(before.id) ?? before;
  const rest = omit(before, 'reason', 'message', 'easesAt');
  const after: Reservation = { ...rest, status: 'scheduled', claims, modifiedOn: now };
  reschedule(draft, over, after);
  draft.put('reservation', after.id, after);
  announceReservation(draft, 'updated', after, before.status);
  announceHeld(draft, 'released', before.claims);
  announceHeld(draft, 'reserved', after.claims);
  return true;
}

/** Tells that a reservation gave way, with what it could have instead. */
export function announceDisplaced(draft: Draft, before: Reservation, by: Displacer): void {
  const { head, at } = draft;
  const over = head.reservations.get(before.id);
  if (over === undefined) return;
  const ahead = windowsAhead(before);
  const windows = countOf(ahead) === 1 ? { ...ahead, start: Math.max(ahead.start, at.now) } : ahead;
  const offered =
    windows.start < windows.end ? admit(head, before.demand, windows, at.now, { mayMove: false }) : undefined;
  announceReservation(draft, 'preempted', over, before.status, {
    ...displacedBy(by),
    ...(offered?.outcome === 'refused' ? { offered: offered.refusal } : {}),
  });
  announceHeld(draft, 'released', before.claims);
}
