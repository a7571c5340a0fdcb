/** create-, update- and cancel-reservation (reservation steps 1 to 3; second seed, steps 1 to 6). */
import { announceReservation } from '../announce.ts';
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import { reschedule } from '../due.ts';
import { demandNamed } from '../elements.ts';
import type { Demand, Id, Reservation } from '../entities.ts';
import { firstTimes, isPast, termsOf } from '../flexible-window.ts';
import { next } from '../lifecycle.ts';
import { find } from '../ownership.ts';
import { InvalidRequest, UnknownEntry } from '../requests.ts';
import type {
  At,
  CancelReservation,
  CancelReservationResult,
  Clearable,
  Command,
  CreateReservation,
  CreateReservationResult,
  Refusal,
  UpdateReservation,
  UpdateReservationResult,
} from '../requests.ts';
import { grant, recorded, requestOf } from '../reservations.ts';
import type { ReservationRequest } from '../reservations.ts';
import { settle } from '../settlement.ts';
import { isOver } from '../state.ts';
import type { Head } from '../state.ts';
import { checkDemand, checkOwner, checkPools } from '../validation.ts';
import { setTerms } from '../terms.ts';
import type { TermsResult } from '../terms.ts';
import { FOREVER } from '../window.ts';
import type { Instant } from '../window.ts';
import { spanOf, windowsOf } from '../window-index.ts';
import { omit } from '../omit.ts';
import { amend } from '../amendment.ts';
import { withdraw } from '../reservation-end.ts';
import type { Writable } from '../writable.ts';

/**
 * Reserves for a window: holds all that is asked for, or refuses and says what could be had. Deferred, it is recorded as
 * pending and decided on as due work; a reservation-event tells.
 */
export const createReservation: Command<CreateReservation, CreateReservationResult> = (head, input, at) =>
  decide(head, at, (draft): CreateReservationResult => {
    const { deferred } = input;
    checkDemand(input.demand);
    checkPools(head, input.demand);
    const demand = demandNamed(head, input.demand, at);
    if ('outcome' in demand) return demand;
    const request = requestOf(input, demand);
    const result =
      deferred === true ? setTerms(head.policy, firstTimes(request, at.now), at.now) : termsOf(head, request, at.now);
    if (result.outcome === 'refused') return result;
    const pending = recorded(draft, at.newId(), 'rpc', request, result.terms);
    if (deferred === true) return defer(draft, pending);
    const granted = grant(draft, pending, 'created');
    if (granted.outcome === 'refused') return granted;
    settle(draft, 'capacity-withdrawn');
    return { ...granted, outcome: 'granted' };
  });

function defer(draft: Draft, pending: Reservation): CreateReservationResult {
  draft.put('reservation', pending.id, pending);
  reschedule(draft, undefined, pending);
  announceReservation(draft, 'created', pending);
  return { outcome: 'pending', reservation: pending };
}

/** Decides on a pending reservation (second seed, steps 4 to 6). Its window begins now if it is for immediate use. */
export function decideDeferred(draft: Draft, pending: Reservation): void {
  const terms = termsNow(draft.head, pending, draft.at.now);
  if (terms.outcome === 'refused') {
    reject(draft, pending, terms.refusal);
  } else {
    const current = recorded(draft, pending.id, pending.origin, requestOf(pending), terms.terms);
    const kept = {
      owner: pending.owner,
      createdOn: pending.createdOn,
      ...(pending.tenant === undefined ? {} : { tenant: pending.tenant }),
    };
    const granted = grant(draft, { ...current, ...kept }, 'decided');
    if (granted.outcome === 'refused') reject(draft, pending, granted.refusal);
  }
}

function termsNow(head: Head, pending: Reservation, now: Instant): TermsResult {
  const message = missed(pending, now);
  if (message !== undefined) return { outcome: 'refused', refusal: { reason: 'window-over', message, shortages: [] } };
  const begun = pending.start !== undefined && pending.start <= now ? pending.start : undefined;
  try {
    return termsOf(head, pending, now, begun);
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    // What could be asked for when it was recorded, and cannot any more: nobody is there to correct it.
    return { outcome: 'refused', refusal: { reason: 'window-over', message: error.message, shortages: [] } };
  }
}

/** What came before the decision and leaves nothing to decide. */
function missed(pending: Reservation, now: Instant): string | undefined {
  const { flexible, start, recurrence, expiryTime } = pending;
  // What has no start begins with the decision, and so does what recurs from then on.
  const end = start === undefined ? pending.endsAt : spanOf(pending).end;
  if (flexible === undefined ? end <= now : isPast(flexible, now)) return 'Its end arrived before the decision.';
  if (start !== undefined) return undefined;
  if ((expiryTime ?? FOREVER) <= now) return 'Its expiry time arrived before the decision.';
  const first = Math.max(flexible?.earliestStart ?? now, now);
  return (recurrence?.until ?? FOREVER) < first ? 'Its repetition ended before the decision.' : undefined;
}

function reject(draft: Draft, pending: Reservation, refusal: Refusal): void {
  const status = next(pending.status, 'reject') ?? 'rejected';
  const { reason, message } = refusal;
  const rejected: Reservation = { ...pending, status, reason, message, modifiedOn: draft.at.now };
  draft.put('reservation', rejected.id, rejected);
  reschedule(draft, pending, rejected);
  announceReservation(draft, 'decided', rejected, pending.status);
}

/** Changes times, capacity, zone, pools, elements in one: all of it, or nothing. What is absent stays as it is. */
export const updateReservation: Command<UpdateReservation, UpdateReservationResult> = (head, input, at) =>
  decide(head, at, (draft): UpdateReservationResult => {
    const reservation = found(head, input.id, at);
    checkOwner('reservation', reservation, 'rpc');
    const refusal = closed(reservation);
    if (refusal !== undefined) return { outcome: 'refused', refusal, reservation };
    const asked = updated(reservation, input);
    checkDemand(asked.demand);
    checkPools(head, input.demand ?? {});
    const demand = input.demand?.elements === undefined ? asked.demand : demandNamed(head, asked.demand, at);
    if ('outcome' in demand) return { ...demand, reservation };
    const result = amend(draft, reservation, { ...asked, demand });
    if (result.outcome === 'refused') {
      draft.abandon();
      return { outcome: 'refused', refusal: result.refusal, reservation };
    }
    settle(draft, 'capacity-withdrawn');
    return { ...result, outcome: 'updated', reservation: draft.head.reservations.get(input.id) ?? result.reservation };
  });

/** Why a reservation cannot be changed any more, or yet. */
function closed(reservation: Reservation): Refusal | undefined {
  if (isOver(reservation)) {
    return {
      reason: 'reservation-over',
      message: `The reservation is over: its status is ${reservation.status}.`,
      shortages: [],
    };
  }
  if (reservation.status !== 'pending') return undefined;
  return {
    reason: 'reservation-not-active',
    message: 'The reservation is not decided on yet; wait for its event.',
    shortages: [],
  };
}

function updated(reservation: Reservation, input: UpdateReservation): ReservationRequest {
  const cleared = new Set<Clearable>(input.clear ?? []);
  const { demand, ...rest } = input;
  const given = omit(rest, 'id', 'clear');
  const merged: Writable<ReservationRequest> = {
    ...withTimesGiven(reservation, input),
    ...given,
    demand: mergeDemand(reservation.demand, demand, cleared),
  };
  if (cleared.has('name')) delete merged.name;
  if (cleared.has('start')) delete merged.start;
  if (cleared.has('end')) delete merged.end;
  if (cleared.has('expiry-time')) delete merged.expiryTime;
  if (cleared.has('recurrence')) delete merged.recurrence;
  return merged;
}

/** What was asked for, with room for what an update says of the window: bounds take the place of a start and end, and these of bounds. */
function withTimesGiven(reservation: Reservation, input: UpdateReservation): ReservationRequest {
  const request = requestOf(reservation);
  if (input.flexible !== undefined) return omit(request, 'start', 'end');
  if (request.flexible === undefined || (input.start === undefined && input.end === undefined)) return request;
  const { start, end } = windowsOf(reservation);
  return { ...omit(request, 'flexible'), start, end };
}

function mergeDemand(before: Demand, given: Partial<Demand> | undefined, cleared: ReadonlySet<Clearable>): Demand {
  const merged: Writable<Demand> = { ...before, ...given, capacity: { ...before.capacity, ...given?.capacity } };
  if (cleared.has('zone')) delete merged.zone;
  if (cleared.has('pools')) delete merged.pools;
  if (cleared.has('elements')) delete merged.elements;
  if (cleared.has('container')) delete merged.containers;
  if (cleared.has('affinity-group')) delete merged.groups;
  return merged;
}

/**
 * Withdraws a reservation: what it held is free again, it is forgotten, and what was allocated under it runs on without a
 * reservation, holding its capacity itself. That may leave later reservations short; they are degraded then and notified.
 */
export const cancelReservation: Command<CancelReservation, CancelReservationResult> = (head, input, at) =>
  decide(head, at, (draft): CancelReservationResult => {
    const reservation = found(head, input.id, at);
    checkOwner('reservation', reservation, 'rpc');
    if (isOver(reservation)) {
      const message = `The reservation is over: its status is ${reservation.status}.`;
      return { outcome: 'refused', refusal: { reason: 'reservation-over', message, shortages: [] }, reservation };
    }
    const { reservation: cancelled, released } = withdraw(draft, reservation);
    settle(draft, 'capacity-withdrawn');
    return { outcome: 'cancelled', reservation: cancelled, released };
  });

function found(head: Head, id: Id, at: At): Reservation {
  const reservation = find(head, 'reservation', id, at);
  if (reservation === undefined) throw new UnknownEntry('reservation', 'reservation-id', id);
  return reservation;
}
