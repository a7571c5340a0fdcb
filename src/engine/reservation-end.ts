/** What ends a reservation, or a window of it: its end, its expiry, its consumer. */
import { announceAllocation, announceHeld, announceReservation } from './announce.ts';
import { claimsBefore, claimsKept, endingWith, heldBy, isAllocatedInFull, madeInWindow } from './claims.ts';
import type { Draft } from './draft.ts';
import { reschedule, unscheduleAll } from './due.ts';
import type { Allocation, Demand, Id, Policy, Reservation } from './entities.ts';
import type { ReservationCause } from './events.ts';
import { next } from './lifecycle.ts';
import { currentClaims } from './occurrence.ts';
import { hasParts } from './parts.ts';
import { isOver } from './state.ts';
import { nextTerms } from './terms.ts';
import { standAlone } from './vacancy.ts';
import { describeInstant } from './window.ts';
import { currentWindow } from './window-index.ts';
import { omit } from './omit.ts';
import { effective } from './reservations.ts';
import { isBound } from './claims.ts';

/** A reservation is over: what it held from now on is free, its machines run on without it or are destroyed. */
export function conclude(
  draft: Draft,
  before: Reservation,
  after: Pick<Reservation, 'status' | 'reason'> & { readonly message?: string },
  cause: ReservationCause,
  machines: Policy['atEnd'],
): Id[] {
  const { now } = draft.at;
  const rest = omit(before, 'hold', 'message', 'awaits', 'easesAt', 'noticed');
  const over: Reservation = { ...rest, ...after, modifiedOn: now, claims: claimsBefore(before.claims, now) };
  const released: Id[] = [];
  const allocations = endingWith(draft.head, before, machines);
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
function leave(draft: Draft, allocation: Allocation, machines: Policy['atEnd']): void {
  const { now } = draft.at;
  const alone = standAlone(draft.head, allocation, now);
  const ending = machines === 'terminate' && allocation.vmState !== 'DELETING';
  const after: Allocation = ending ? { ...alone, vmState: 'DELETING', intent: 'delete' } : alone;
  draft.put('allocation', after.id, after);
  draft.disturbPlaceOf(after);
  announceAllocation(draft, 'reservation-over', after, allocation.vmState);
}

/** What was not allocated by now is released: all of it, and the reservation has expired, or the rest, of which there may be nothing. */
export function expire(draft: Draft, before: Reservation): void {
  const { now } = draft.at;
  if (madeInWindow(draft.head, before).length === 0 && !isFollowed(before)) {
    const status = next(before.status, 'expire');
    if (status !== undefined) {
      const message = 'Nothing was allocated in time.';
      conclude(draft, before, { status, reason: 'not-allocated-in-time', message }, 'expired', 'release');
    }
    return;
  }
  if (isAllocatedInFull(draft.head, before)) return;
  const rest = omit(before, 'expiresAt');
  const claims = claimsKept(draft.head, before);
  const message =
    before.series === undefined
      ? 'What was not allocated in time was released.'
      : `What was not allocated in time was released until ${describeInstant(before.endsAt)}.`;
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
export function recede(draft: Draft, before: Reservation, machines: Policy['atEnd']): void {
  const { series } = before;
  const status = next(before.status, 'recede');
  if (series === undefined || status === undefined) return;
  const terms = nextTerms(currentWindow(before), series);
  const { reason, message, ...rest } = omit(before, 'awaits', 'expiresAt', 'noticed');
  const kept = status === 'degraded' ? { ...(reason && { reason }), ...(message !== undefined && { message }) } : {};
  const after: Reservation = { ...rest, ...kept, ...effective(terms), status, modifiedOn: draft.at.now };
  const allocations = endingWith(draft.head, before, machines);
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
