/** Changes of a reservation that is not over: its times, what it asks for, and who gives way to that. */
import { counted } from './counted.ts';
import { announceHeld, announceReservation } from './announce.ts';
import { isZero, subtract, total } from './capacity.ts';
import { backed, claimsFrom, heldBy, madeInWindow } from './claims.ts';
import { makeRoom } from './displacement.ts';
import type { DisplacingAdmission } from './displacement.ts';
import type { Draft } from './draft.ts';
import { reschedule } from './due.ts';
import type { Allocation, Claim, Id, RequestedTimes, Reservation, Series } from './entities.ts';
import { keptTimes, timesOf } from './flexible-window.ts';
import type { Refusal } from './requests.ts';
import { allocationsOf } from './state.ts';
import { lessens, quotaRefusal } from './quota.ts';
import { countedFrom, setTerms } from './terms.ts';
import type { Terms } from './terms.ts';
import { vacate } from './vacancy.ts';
import { describeInstant } from './window.ts';
import type { Instant, Window } from './window.ts';
import { windowsOf } from './window-index.ts';
import { omit } from './omit.ts';
import {
  displacedBy,
  displacing,
  effective,
  move,
  NOBODY,
  noteRoom,
  NOTHING_TO_VACATE,
  renumbered,
  told,
  windowsBefore,
} from './reservations.ts';
import type { ReservationRequest, Spared, StepResult } from './reservations.ts';
import { leftOf, readmit } from './readmission.ts';

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
  const kept = keptTimes(before, flexible, madeInWindow(draft.head, before).length > 0, now, request.recurrence);
  if (kept !== undefined) {
    // One that has not started is moved before others have to give way to it.
    const begun = windowsOf(before).start <= now;
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
  const allocations = madeInWindow(draft.head, before);
  const barred = movedAway(before, times, allocations, now);
  if (barred !== undefined) return { outcome: 'refused', refusal: barred };
  const decided = setTerms(draft.head.policy, times, now, keptStart(before, times, allocations, now));
  if (decided.outcome === 'refused') return decided;
  const counted = countedFrom(draft.head.policy, times, decided.terms, before.createdOn);
  const terms = withoutPast(counted, now);
  const left = leftInUse(before, terms.window, allocations);
  if (left !== undefined) return { outcome: 'refused', refusal: left };
  const wanted = changed(before, request, terms, now);
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
  const ready = omit(wanted, 'awaits', 'easesAt');
  const amended = awaits.length === 0 ? ready : { ...ready, awaits };
  const result = settleAmended(draft, before, amended, claims, status);
  const displaced = displacedBy(draft, result.reservation, room, withdrawn);
  const reservation = noteRoom(draft, result.reservation, { room, withdrawn, moves: admission.moved });
  return { ...result, reservation, ...told(displaced, moved) };
}

/** The reservation as it is to be, with the claims that it has. Of another end no notice was given. */
function changed(before: Reservation, request: ReservationRequest, terms: Terms, now: Instant): Reservation {
  const { noticed, ...rest } = omit(before, ...REQUESTED, 'series', 'expiresAt');
  const given = noticed === terms.window.end ? { noticed } : {};
  return { ...rest, ...given, ...request, ...effective(terms), modifiedOn: now };
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
  const { containers = [], elements = [] } = wanted.demand;
  if (containers.length > 0) return admission;
  // Nor to one of elements while what is allocated has to keep some of them.
  if (elements.length > 0 && backed(draft.head, before).length > 0) return admission;
  // What is allocated is held at this point; the rest is what has to find room.
  const held = heldBy(draft.head.reservations.get(before.id) ?? before);
  // In the window in progress that is less than in those after it.
  if (wanted.series !== undefined && !isZero(held)) return admission;
  const capacity = subtract(wanted.demand.capacity, held);
  const asked = displacing({ ...wanted, demand: { ...wanted.demand, capacity } }, new Set([...spared, before.id]));
  const request = wanted.series === undefined ? { ...asked, windows: leftOf(asked.windows, draft.at.now) } : asked;
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
  return quotaRefusal(draft.head, after, { claims: claimsFrom(after.claims, draft.at.now), reservation: false });
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
  if (start === undefined || before.startsAt > now) return undefined;
  // One that is past changes nothing, unless what recurs would be at other hours.
  const period = before.series?.period ?? 1;
  if (start <= now && (start - before.startsAt) % period === 0) return undefined;
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
    message: `The start cannot be put off to ${describeInstant(start)}: ${counted(allocations.length, 'allocation')} ${allocations.length === 1 ? 'was' : 'were'} made under the reservation since ${describeInstant(before.startsAt)}.`,
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
    draft.put('allocation', allocation.id, { ...allocation, endsAt: after.endsAt });
  }
  reschedule(draft, before, after);
  announceReservation(draft, 'updated', after, before.status);
  if (claims !== before.claims) {
    announceHeld(draft, 'released', before.claims);
    announceHeld(draft, 'reserved', after.claims);
  }
  return { outcome: 'done', reservation: after };
}
