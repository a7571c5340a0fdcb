/** Makes the events of a draft, with what their content needs as the head then is. */
import { breakdownAt } from './breakdown.ts';
import type { Beyond } from './breakdown.ts';
import { toVector } from './capacity.ts';
import { heldBy, instancesHeld, remainingInstances, remainingOf, shortfalls, worstOf } from './claims.ts';
import type { Draft } from './draft.ts';
import { missingElements } from './elements.ts';
import type { Allocation, Claim, Id, Reservation, ReservationStatus, VmState } from './entities.ts';
import type {
  AllocationCause,
  AllocationEvent,
  CapacityCause,
  CapacityEvent,
  GivenWay,
  ReservationCause,
  ReservationEvent,
} from './events.ts';
import { allocationsOf, forEachLoad, poolOfNode } from './state.ts';
import { FOREVER } from './window.ts';
import { countOf, firstAfter, someOf, windowsIn } from './windows.ts';
import type { Windows } from './windows.ts';
import type { Writable } from './writable.ts';

/** A reservation to which others give way, or a machine without one. */
export interface Displacer extends Pick<Reservation, 'id' | 'tenant'> {
  /** Absent: a reservation. */
  readonly what?: 'machine';
}

/** What the event of something that gave way says of that to which. */
export function displacedBy({ id, tenant, what }: Displacer): GivenWay {
  return {
    by: id,
    ...(what === undefined ? {} : { byWhat: what }),
    ...(tenant === undefined ? {} : { byTenant: tenant }),
  };
}

export function announceReservation(
  draft: Draft,
  cause: ReservationCause,
  reservation: Reservation,
  oldStatus?: ReservationStatus,
  more: Pick<ReservationEvent, keyof GivenWay | 'offered' | 'occurrence'> = {},
): void {
  const { head, at } = draft;
  const short = reservation.status === 'degraded' ? shortfalls(head, reservation, at.now) : undefined;
  draft.emit({
    kind: 'reservation-event',
    time: draft.at.now,
    cause,
    reservation,
    ...(oldStatus === undefined ? {} : { oldStatus }),
    ...occurrenceOf(reservation),
    remaining: remainingOf(head, reservation),
    ...instancesLeft(reservation, () => remainingInstances(head, reservation)),
    ...(short === undefined ? {} : { missing: worstOf(short), shortfalls: short }),
    ...(short === undefined ? {} : { missingElements: missingElements(head, reservation, at.now) }),
    allocations: allocationsOf(head, reservation.id).map(({ id }) => id),
    ...more,
  });
}

function occurrenceOf({ series }: Reservation): { readonly occurrence?: number } {
  return series === undefined ? {} : { occurrence: series.occurrence };
}

function instancesLeft(
  { demand }: Reservation,
  count: () => ReadonlyMap<string, number>,
): { readonly remainingInstances?: ReadonlyMap<string, number> } {
  return demand.containers === undefined ? {} : { remainingInstances: count() };
}

/**
 * The events of a reservation that is about to hold its claims, where it held nothing. They say what will be, worked out from what is: a grant
 * is the decision that is made most, and so the head need not be changed and changed back for it.
 */
export function announceGrant(
  draft: Draft,
  cause: ReservationCause,
  granted: Reservation,
  oldStatus?: ReservationStatus,
): void {
  const event: Writable<ReservationEvent> = {
    kind: 'reservation-event',
    time: draft.at.now,
    cause,
    reservation: granted,
    remaining: heldBy(granted),
    allocations: [],
  };
  const { series, demand } = granted;
  if (oldStatus !== undefined) event.oldStatus = oldStatus;
  if (series !== undefined) event.occurrence = series.occurrence;
  if (demand.containers !== undefined) event.remainingInstances = instancesHeld(granted);
  draft.emit(event);
  announceTaken(draft, granted.claims);
}

/** One event for each pool on which claims will be held that the head does not have yet. */
export function announceTaken(draft: Draft, claims: readonly Claim[]): void {
  forEachLoad(claims, (load, vector) => {
    announcePool(draft, 'reserved', poolOfNode(load.node), windowsIn(load), { beyond: { taken: vector } });
  });
}

/** One event for each pool on which something is held or given back. */
export function announceHeld(draft: Draft, cause: CapacityCause, claims: readonly Claim[]): void {
  forEachLoad(claims, (load) => announcePool(draft, cause, poolOfNode(load.node), windowsIn(load)));
}

/** What is to be told of a change of a pool beside its cause. */
interface PoolChange {
  readonly host?: string;
  /** Of something that the head does not have yet. */
  readonly beyond?: Beyond;
  readonly maintenance?: Id;
}

/**
 * The change holds during the windows, as far as they are not past; the capacity is that of their first instant.
 */
export function announcePool(
  draft: Draft,
  cause: CapacityCause,
  id: Id,
  windows: Windows,
  { host, beyond, maintenance }: PoolChange = {},
): void {
  const { head, at } = draft;
  const pool = head.pools.get(id);
  const over = firstAfter(windows, at.now);
  if (pool === undefined || over === countOf(windows)) return;
  const ahead = someOf(windows, over, countOf(windows) - over);
  const { start, end, count, period } = ahead;
  const event: Writable<CapacityEvent> = {
    kind: 'capacity-event',
    time: at.now,
    cause,
    provider: pool.source,
    pool: id,
    capacity: breakdownAt(head, id, Math.max(start, at.now), beyond),
  };
  if (pool.zone !== undefined) event.zone = pool.zone;
  if (host !== undefined) event.host = host;
  if (maintenance !== undefined) event.maintenance = maintenance;
  if (start > at.now) event.start = start;
  if (end !== FOREVER) event.end = end;
  if (period !== undefined && count !== undefined) {
    event.period = period;
    event.count = count;
  }
  draft.emit(event);
}

/**
 * The events of an allocation that is about to be made. As with a grant, they say what will be, so that the head need not be changed and
 * changed back for them.
 */
export function announceAllocated(draft: Draft, allocation: Allocation): void {
  announceAllocation(draft, 'requested', allocation);
  const { pool, capacity, claims, startsAt: start, endsAt: end = FOREVER } = allocation;
  const [claim] = claims;
  const beyond =
    claim?.onLoan === true
      ? { lent: toVector(claim.capacity) }
      : { ...(claim === undefined ? {} : { taken: toVector(claim.capacity) }), used: toVector(capacity) };
  announcePool(draft, 'allocated', pool, { start, end }, { beyond });
}

export function announceProvider(draft: Draft, cause: CapacityCause, provider: Id, host?: string): void {
  draft.emit({
    kind: 'capacity-event',
    time: draft.at.now,
    cause,
    provider,
    ...(host === undefined ? {} : { host }),
  });
}

export function announceAllocation(
  draft: Draft,
  cause: AllocationCause,
  allocation: Allocation,
  oldVmState?: VmState,
  more?: Partial<GivenWay> & Pick<AllocationEvent, 'from' | 'offered' | 'attachment'>,
): void {
  draft.emit({
    kind: 'allocation-event',
    time: draft.at.now,
    cause,
    allocation,
    ...(oldVmState === undefined ? {} : { oldVmState }),
    ...more,
  });
}
