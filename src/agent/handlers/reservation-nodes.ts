/** Reservations as nodes of opnfv-promise: in queries, in the data tree and in notifications. */
import type { Capacity } from '../../engine/capacity.ts';
import { remainingInstances, remainingOf, shortfalls, worstOf } from '../../engine/claims.ts';
import type { Shortfall } from '../../engine/claims.ts';
import { elementName } from '../../engine/element-names.ts';
import { missingElements } from '../../engine/elements.ts';
import type {
  ElementId,
  FlexibleWindow as DomainFlexibleWindow,
  Recurrence as DomainRecurrence,
  Id,
  Offer,
  Reservation,
} from '../../engine/entities.ts';
import type { ReservationRequest } from '../../engine/reservations.ts';
import { allocationsOf } from '../../engine/state.ts';
import type { Head } from '../../engine/state.ts';
import { printInstant } from '../../engine/window.ts';
import type { Instant } from '../../engine/window.ts';
import { currentWindow, spanOf } from '../../engine/window-index.ts';
import { windowAt } from '../../engine/windows.ts';
import type {
  FlexibleWindow,
  Offer as OfferNodes,
  Priority,
  QueryReservationOutputReservations,
  QueryReservationOutputReservationsStateRecurring as Recurring,
  Recurrence,
} from '../../generated/opnfv-promise.ts';
import {
  amountsOut,
  claimOut,
  demandIn,
  demandOut,
  instantIn,
  instantOut,
  listIn,
  occurrenceOut,
  present,
  priorityIn,
  priorityOut,
  reasonOut,
  vectorOut,
} from './promise-values.ts';
import type { DemandNodes } from './promise-values.ts';

const SECOND = 1000;

/** What a consumer says about a reservation (grouping reservation-request), as input and as configuration. */
export interface RequestNodes extends DemandNodes {
  readonly name?: string;
  readonly priority?: Priority;
  readonly start?: string;
  readonly end?: string;
  readonly 'expiry-time'?: string;
  readonly 'flexible-window'?: FlexibleWindow;
  readonly recurrence?: Recurrence;
}

/** Reads what is asked for. @throws InvalidRequest for instants that cannot be */
export function requestIn(nodes: RequestNodes) {
  return present({ ...termsIn(nodes), demand: demandIn(nodes) });
}

/** The same without the demand. */
export function termsIn(nodes: RequestNodes) {
  return present({
    name: nodes.name,
    priority: priorityIn(nodes.priority),
    start: instantIn(nodes.start, 'start'),
    end: instantIn(nodes.end, 'end'),
    expiryTime: instantIn(nodes['expiry-time'], 'expiry-time'),
    flexible: flexibleIn(nodes['flexible-window']),
    recurrence: recurrenceIn(nodes.recurrence),
  });
}

function recurrenceIn(nodes: Recurrence | undefined): DomainRecurrence | undefined {
  if (nodes === undefined) return undefined;
  const { frequency, interval = 1, until, count } = nodes;
  return present({ frequency, interval, until: instantIn(until, 'recurrence/until'), count });
}

function recurrenceOut(recurrence: DomainRecurrence | undefined): Recurrence | undefined {
  return recurrence && present({ ...recurrence, until: instantOut(recurrence.until) });
}

function flexibleIn(bounds: FlexibleWindow | undefined) {
  return (
    bounds &&
    present({
      earliestStart: instantIn(bounds['earliest-start'], 'flexible-window/earliest-start'),
      latestEnd: instantIn(bounds['latest-end'], 'flexible-window/latest-end'),
      duration: bounds.duration * SECOND,
    })
  );
}

function flexibleOut(bounds: DomainFlexibleWindow | undefined): FlexibleWindow | undefined {
  return (
    bounds &&
    present({
      'earliest-start': instantOut(bounds.earliestStart),
      'latest-end': instantOut(bounds.latestEnd),
      duration: bounds.duration / SECOND,
    })
  );
}

/** What was asked for (grouping reservation-request). */
export function requestOut(request: ReservationRequest) {
  const { name, priority, start, end, expiryTime, flexible, recurrence, demand } = request;
  return present({
    name,
    priority: priorityOut(priority),
    start: instantOut(start),
    end: instantOut(end),
    'expiry-time': instantOut(expiryTime),
    'flexible-window': flexibleOut(flexible),
    recurrence: recurrenceOut(recurrence),
    ...demandOut(demand),
  });
}

/** What of a reservation's state is computed from the state of others. */
export interface Derived {
  /** What can still be allocated against it. */
  readonly remaining: Capacity;
  readonly remainingInstances?: ReadonlyMap<string, number> | undefined;
  /** What a degraded one lacks at the worst, and in which windows of one that recurs. */
  readonly missing?: Capacity | undefined;
  readonly shortfalls?: readonly Shortfall[] | undefined;
  readonly missingElements?: readonly ElementId[] | undefined;
  readonly allocations: readonly Id[];
}

/** Windows that lack something which are listed. */
const SHORT_LISTED = 16;

/** The windows of what recurs: which is in progress at an instant, and which is next. */
function recurringOut(
  reservation: Reservation,
  now: Instant,
  short: readonly Shortfall[] | undefined,
): Recurring | undefined {
  const { series } = reservation;
  if (series === undefined) return undefined;
  const { count, occurrence, period } = series;
  const window = currentWindow(reservation);
  const begun = window.start <= now;
  const next = begun ? occurrence + 1 : occurrence;
  const following = windowAt({ ...window, period }, next - occurrence);
  const lacking = short?.slice(0, SHORT_LISTED).map((each) => ({
    ...occurrenceOut(each.occurrence, each.window),
    missing: vectorOut(each.missing),
  }));
  return present({
    windows: count,
    'ends-at': printInstant(spanOf(reservation).end),
    current: begun && now < window.end ? occurrenceOut(occurrence, window) : undefined,
    next: next > count ? undefined : occurrenceOut(next, following),
    'short-window': listIn(lacking),
  });
}

/** What came of it (grouping reservation-state). */
export function stateOut(reservation: Reservation, derived: Derived, now: Instant) {
  const { remaining, remainingInstances, missing, shortfalls, missingElements: gone, allocations } = derived;
  const { status, hold, reason, message, owner, tenant, createdOn, modifiedOn, startsAt, endsAt, expiresAt, claims } =
    reservation;
  return present({
    status,
    hold,
    reason: reasonOut(reason),
    message,
    owner,
    tenant,
    'created-on': printInstant(createdOn),
    'modified-on': printInstant(modifiedOn),
    'starts-at': printInstant(startsAt),
    'ends-at': instantOut(endsAt),
    recurring: recurringOut(reservation, now, shortfalls),
    'expires-at': instantOut(expiresAt),
    claim: claims.length === 0 ? undefined : claims.map(claimOut),
    remaining: amountsOut(remaining),
    'remaining-container': listIn(
      remainingInstances && [...remainingInstances].map(([container, instances]) => ({ name: container, instances })),
    ),
    missing: missing === undefined ? undefined : vectorOut(missing),
    'missing-elements': listIn(gone?.map(elementName)),
    allocations: allocations.length === 0 ? undefined : allocations,
  });
}

/** A reservation with its state, as it is at an instant. */
export function reservationOut(head: Head, reservation: Reservation, now: Instant): QueryReservationOutputReservations {
  const short = reservation.status === 'degraded' ? shortfalls(head, reservation, now) : undefined;
  const derived: Derived = {
    remaining: remainingOf(head, reservation),
    remainingInstances: reservation.demand.containers && remainingInstances(head, reservation),
    missing: short && worstOf(short),
    shortfalls: short,
    missingElements: short && missingElements(head, reservation, now),
    allocations: allocationsOf(head, reservation.id).map(({ id }) => id),
  };
  return { id: reservation.id, ...requestOut(reservation), state: stateOut(reservation, derived, now) };
}

/** An offer, as the data tree shows it. */
export function offerOut(offer: Offer): OfferNodes {
  const { id, status, reason, owner, tenant, createdOn, modifiedOn, startsAt, endsAt, expiresAt, claims } = offer;
  return present({
    id,
    ...requestOut(offer),
    status,
    reason: reasonOut(reason),
    owner,
    tenant,
    'created-on': printInstant(createdOn),
    'modified-on': printInstant(modifiedOn),
    'starts-at': printInstant(startsAt),
    'ends-at': instantOut(endsAt),
    'expires-at': printInstant(expiresAt),
    reservation: offer.reservation,
    claim: claims.length === 0 ? undefined : claims.map(claimOut),
  });
}
