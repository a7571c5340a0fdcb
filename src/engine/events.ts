/**
 * What the engine tells: one event for each notification of opnfv-promise, with everything that its content needs, so
 * that the mapping to YANG looks at nothing else. The store numbers them in commit order.
 */
import type { Capacity } from './capacity.ts';
import type { Shortfall } from './claims.ts';
import type {
  Allocation,
  ElementId,
  Id,
  Offer,
  PendingAttachment,
  Reservation,
  ReservationStatus,
  VmState,
} from './entities.ts';
import type { Refusal } from './requests.ts';
import type { Instant } from './window.ts';

export type ReservationCause =
  | 'created'
  | 'decided'
  | 'updated'
  | 'cancelled'
  | 'started'
  | 'ending'
  | 'occurrence-ended'
  | 'ended'
  | 'expired'
  | 'degraded'
  | 'restored'
  | 'preempted'
  | 'failed';

/** To which reservation or machine something gave way, and whose that is (absent: no tenant's). */
export interface GivenWay {
  readonly by: Id;
  /** Absent: a reservation. */
  readonly byWhat?: 'machine';
  readonly byTenant?: string;
}

/** A reservation was decided on, changed, or is about to change (reservation step 7; second seed, steps 6 and 10). */
export interface ReservationEvent extends Partial<GivenWay> {
  readonly kind: 'reservation-event';
  readonly time: Instant;
  readonly cause: ReservationCause;
  /** As it is after the event. */
  readonly reservation: Reservation;
  /** Absent when it is new. */
  readonly oldStatus?: ReservationStatus;
  /** Of one that recurs, the number of the window that it is about. */
  readonly occurrence?: number;
  /** What can still be allocated against it; of containers, how many instances of each. */
  readonly remaining: Capacity;
  readonly remainingInstances?: ReadonlyMap<string, number>;
  /** What a degraded one lacks at the worst, and in which windows of one that recurs. */
  readonly missing?: Capacity;
  readonly shortfalls?: readonly Shortfall[];
  /** Elements that it holds and that their VIMs do not have any more. */
  readonly missingElements?: readonly ElementId[];
  readonly allocations: readonly Id[];
  /** What could be had instead by one that gave way. */
  readonly offered?: Refusal;
}

export type OfferCause = 'made' | 'accepted' | 'declined' | 'lapsed' | 'withdrawn';

/** An offer was made or is over. */
export interface OfferEvent {
  readonly kind: 'offer-event';
  readonly time: Instant;
  readonly cause: OfferCause;
  /** As it is after the event. */
  readonly offer: Offer;
}

export type CapacityCause =
  | 'increased'
  | 'decreased'
  | 'vim-changed'
  | 'host-failed'
  | 'host-restored'
  | 'provider-down'
  | 'provider-up'
  | 'maintenance-planned'
  | 'maintenance-cancelled'
  | 'maintenance-started'
  | 'maintenance-ended'
  | 'reserved'
  | 'released'
  | 'allocated'
  | 'freed';

/** Total, reserved (held and not allocated), usage (allocated) and available at one instant or over a window. */
export interface CapacityBreakdown {
  readonly total: Capacity;
  readonly reserved: Capacity;
  readonly usage: Capacity;
  readonly available: Capacity;
}

/** The capacity of a pool has changed, or will change in a window (capacity step 5). */
export interface CapacityEvent {
  readonly kind: 'capacity-event';
  readonly time: Instant;
  readonly cause: CapacityCause;
  readonly provider: Id;
  /** Absent when the change concerns no pool. */
  readonly pool?: Id;
  readonly zone?: string;
  /** Host that caused the change. */
  readonly host?: string;
  /** Planned time out of service that it is about. */
  readonly maintenance?: Id;
  /** The change holds from here (absent: from now) to there (absent: without end). */
  readonly start?: Instant;
  readonly end?: Instant;
  /** It holds in more windows than that one: how far each starts after the one before it, and how many they are. */
  readonly period?: number;
  readonly count?: number;
  /** The pool's capacity after the change, at its first instant; absent without a pool. */
  readonly capacity?: CapacityBreakdown;
}

export type AllocationCause =
  | 'requested'
  | 'accepted'
  | 'state-changed'
  | 'destroy-requested'
  | 'destroyed'
  | 'reservation-over'
  | 'preempted'
  | 'attached'
  | 'detached'
  | 'attachment-failed'
  | 'extension-requested'
  | 'extended'
  | 'extension-failed';

/** The state of a virtual machine has changed (allocation steps 7b and 10b). */
export interface AllocationEvent extends Partial<GivenWay> {
  readonly kind: 'allocation-event';
  readonly time: Instant;
  readonly cause: AllocationCause;
  /** As it is after the event; for one that is gone, as it was, with the state DELETED. */
  readonly allocation: Allocation;
  /** Absent when it is new. */
  readonly oldVmState?: VmState;
  /** From when on it has to give way, if not now. */
  readonly from?: Instant;
  /** The port or volume that was attached or detached, or not. */
  readonly attachment?: PendingAttachment;
  /** What a reservation in its place could have, where it gave way to a machine. */
  readonly offered?: Refusal;
}

export type DomainEvent = ReservationEvent | OfferEvent | CapacityEvent | AllocationEvent;
