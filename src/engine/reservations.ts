/** Reservations as they are made: recorded, and granted with what they hold and whom they displace. */
import { announceGrant, announceReservation } from './announce.ts';
import type { Moved } from './admission.ts';
import { compactHolding, compactOf } from './compact.ts';
import { admitDisplacing, displaced, settleDisplaced } from './displacement.ts';
import type { Draft } from './draft.ts';
import { reschedule } from './due.ts';
import { NORMAL } from './entities.ts';
import type {
  Claim,
  Demand,
  Id,
  Origin,
  Priority,
  RequestedWindow,
  Reservation,
  ReservationStatus,
} from './entities.ts';
import type { ReservationCause } from './events.ts';
import { next } from './lifecycle.ts';
import type { DisplacingRequest, FoundRoom } from './preemption.ts';
import type { Displaced, Refusal } from './requests.ts';
import { quotaRefusal } from './quota.ts';
import { roomMade, withRoom } from './room-made.ts';
import type { Terms } from './terms.ts';
import { vacate, waiting } from './vacancy.ts';
import type { Vacating } from './vacancy.ts';
import { windowsAhead } from './window-index.ts';
import { visibleIds } from './ownership.ts';
import type { Writable } from './writable.ts';

/** What a consumer says about a reservation, complete. */
export interface ReservationRequest extends RequestedWindow {
  readonly name?: string;
  readonly priority: Priority;
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
  const { name, priority, start, end, expiryTime, flexible, recurrence, demand } = request;
  const { window, series, expiresAt } = terms;
  // Written out: to spread so many properties takes longer than all the rest (see `compact.ts`).
  const asked = {
    owner: user,
    tenant,
    name,
    start,
    end,
    expiryTime,
    flexible,
    recurrence,
    demand,
    createdOn: now,
    series,
    expiresAt,
  };
  const following = { id, modifiedOn: now, startsAt: window.start, endsAt: window.end, claims: [] };
  return compactOf(asked, following, { origin, priority, status: 'pending', hold: undefined });
}

/** What was asked for, by a new request, or by an existing reservation or offer. */
export function requestOf(made: Asked, demand: Demand = made.demand): ReservationRequest {
  const { name, priority = NORMAL, start, end, expiryTime, flexible, recurrence } = made;
  const request: Writable<ReservationRequest> = { priority, demand };
  if (name !== undefined) request.name = name;
  if (start !== undefined) request.start = start;
  if (end !== undefined) request.end = end;
  if (expiryTime !== undefined) request.expiryTime = expiryTime;
  if (flexible !== undefined) request.flexible = flexible;
  if (recurrence !== undefined) request.recurrence = recurrence;
  return request;
}

/** A request whose class may be left open: it is normal then. */
type Asked = Omit<ReservationRequest, 'priority'> & Partial<Pick<ReservationRequest, 'priority'>>;

export function effective(terms: Terms): Pick<Reservation, 'startsAt' | 'endsAt' | 'series' | 'expiresAt'> {
  const { window, series, expiresAt } = terms;
  return {
    startsAt: window.start,
    endsAt: window.end,
    ...(series === undefined ? {} : { series }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** Whom a request must not displace, whatever their class. */
export type Spared = ReadonlySet<Id> | 'all';

/** Nobody is spared whom priority does not spare. */
export const NOBODY: ReadonlySet<Id> = new Set();

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
  const holding = (status: ReservationStatus): Reservation => compactHolding(pending, { status, claims, since: now });
  const { awaits, withdrawn } = starts ? vacate(draft, holding(pending.status), false) : NOTHING_TO_VACATE;
  const status = next(pending.status, starts && awaits.length === 0 ? 'grant-now' : 'grant') ?? pending.status;
  const granted = awaits.length === 0 ? holding(status) : waiting(draft.head, holding(status), awaits);
  const known = draft.head.reservations.get(pending.id);
  announceGrant(draft, cause, granted, known?.status);
  reschedule(draft, known, granted);
  draft.put('reservation', granted.id, granted);
  const displaced = displacedBy(draft, granted, room, withdrawn);
  const reservation = noteRoom(draft, granted, { room, withdrawn, moves: admission.moved });
  return { outcome: 'done', reservation, ...told(displaced, moved) };
}

export function told(displaced: Displaced | undefined, moved: readonly Id[]): Pick<Granted, 'displaced' | 'moved'> {
  const others: Writable<Pick<Granted, 'displaced' | 'moved'>> = {};
  if (displaced !== undefined) others.displaced = displaced;
  if (moved.length > 0) others.moved = moved;
  return others;
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

export const NOTHING_TO_VACATE: Vacating = { awaits: [], withdrawn: [] };

export function displacing(reservation: Reservation, spared: ReadonlySet<Id>): DisplacingRequest {
  const { demand, priority } = reservation;
  return { demand, windows: windowsAhead(reservation), priority, spared };
}

/** Keeps with a reservation who made room for it, when they have been told. */
export function noteRoom(
  draft: Draft,
  granted: Reservation,
  by: {
    readonly room?: FoundRoom | undefined;
    readonly withdrawn: readonly Id[];
    readonly moves?: readonly Moved[] | undefined;
  },
): Reservation {
  const { room, withdrawn, moves } = by;
  if (room === undefined && withdrawn.length === 0 && moves === undefined) return granted;
  const after = withRoom(granted, roomMade(draft.head, room, withdrawn, moves));
  if (after !== granted) draft.put('reservation', after.id, after);
  return after;
}

/** Who gave way to a reservation that is put now, if anybody did; they are told. */
export function displacedBy(
  draft: Draft,
  by: Reservation,
  room: FoundRoom | undefined,
  withdrawn: readonly Id[],
): Displaced | undefined {
  if (room !== undefined) return settleDisplaced(draft, room, by, withdrawn);
  return withdrawn.length === 0 ? undefined : displaced(draft, [], withdrawn, true);
}

/** A refusal whose windows are counted from a later one on. */
export function renumbered(refusal: Refusal, by: number): Refusal {
  const { shortWindows } = refusal;
  if (shortWindows === undefined || by === 0) return refusal;
  const counted = shortWindows.map(({ occurrence, window }) => ({ occurrence: occurrence + by, window }));
  return { ...refusal, shortWindows: counted };
}

/** How many windows came before the current one. */
export function windowsBefore({ series }: Reservation): number {
  return series === undefined ? 0 : series.occurrence - 1;
}
