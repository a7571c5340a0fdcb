// Generated from yang/opnfv-promise.yang by "npm run generate"; do not edit.

/**
 * Types of the YANG module opnfv-promise, revision 2026-11-21.
 *
 * Capacity management, resource reservation and resource allocation in front of one or
 * more virtualised infrastructure managers (VIMs).
 *
 * A consumer asks for capacity (query-capacity), claims it for a window of time
 * (create-reservation) and consumes it (create-instance). Promise keeps the capacity
 * map and the reservation map, decides, drives the VIM and notifies.
 *
 * Conventions that hold throughout:
 *
 * - A window is half open: start belongs to it, end does not. An absent start means
 *   now, an absent end means without end.
 * - A refusal by the domain (capacity, policy, state) is an ordinary answer with the
 *   result conflict and a reason. Malformed input, unknown identifiers and failures
 *   are errors of the protocol. An unknown or unsuitable reservation in
 *   create-instance is a refusal.
 * - Configuration (by edits) and RPCs make entries of the same lists. Those made by an
 *   RPC live in the datastore requested and have the origin rpc in the operational
 *   datastore; neither way of working changes what the other made.
 * - Configuration that a client wrote is never changed by the server. What the server
 *   knows beyond it is in nodes that are config false.
 *
 * Terms follow ETSI GS NFV-IFA 005 where it has them.
 */

import type { Entries } from '../yang/data.ts';
import type { HandlersOf, RpcDescriptor } from '../yang/descriptors.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import type { Resource, Visibility } from './nfv-infrastructure.ts';
import type { AddProviderInputSimulation, ProviderSimulation } from './promise-simulator.ts';

export const moduleName = 'opnfv-promise';
export const namespace = 'urn:opnfv:promise';
/** Features that the server implements and announces. */
export const announcedFeatures: readonly string[] = ['reservation-service', 'multi-provider', 'pre-emption', 'offers', 'flexible-window', 'end-policy', 'quotas', 'explain', 'over-commit', 'placement', 'recurrence', 'maintenance'];

/**
 * Amount of each resource. What an absent one means is said where the type is used.
 * @path /opnfv-promise:promise/capacity/total
 * @path /opnfv-promise:promise/capacity/reserved
 * @path /opnfv-promise:promise/capacity/usage
 * @path /opnfv-promise:promise/capacity/available
 * @path /opnfv-promise:promise/reservations/reservation/state/claim/capacity
 * @path /opnfv-promise:promise/reservations/reservation/state/recurring/short-window/missing
 * @path /opnfv-promise:create-reservation/output/refusal/most
 * @path /opnfv-promise:create-reservation/output/refusal/in-use
 * @path /opnfv-promise:query-capacity/output/utilization/capacity
 * @path /opnfv-promise:promise/policy/quota/capacity
 * @path /opnfv-promise:promise/pools/pool/capacity
 * @path /opnfv-promise:promise/pools/pool/adjustment/capacity
 * @path /opnfv-promise:promise/pools/pool/state/total
 * @path /opnfv-promise:promise/pools/pool/state/reserved
 * @path /opnfv-promise:promise/pools/pool/state/usage
 * @path /opnfv-promise:promise/pools/pool/state/available
 * @path /opnfv-promise:promise/offers/offer/capacity
 * @path /opnfv-promise:promise/offers/offer/claim/capacity
 * @path /opnfv-promise:promise/allocations/allocation/capacity
 * @path /opnfv-promise:promise/reservations/reservation/capacity
 * @path /opnfv-promise:promise/reservations/reservation/state/remaining
 * @path /opnfv-promise:promise/reservations/reservation/state/missing
 * @path /opnfv-promise:increase-capacity/input/capacity
 * @path /opnfv-promise:increase-capacity/output/most
 * @path /opnfv-promise:decrease-capacity/input/capacity
 * @path /opnfv-promise:decrease-capacity/output/most
 * @path /opnfv-promise:decrease-capacity/output/affected/missing
 * @path /opnfv-promise:query-capacity/output/capacity/total
 * @path /opnfv-promise:query-capacity/output/capacity/reserved
 * @path /opnfv-promise:query-capacity/output/capacity/usage
 * @path /opnfv-promise:query-capacity/output/capacity/available
 * @path /opnfv-promise:query-capacity/output/collections/capacity
 * @path /opnfv-promise:create-reservation/input/capacity
 * @path /opnfv-promise:update-reservation/input/capacity
 * @path /opnfv-promise:update-reservation/output/refusal/most
 * @path /opnfv-promise:update-reservation/output/refusal/in-use
 * @path /opnfv-promise:query-reservation/output/reservations/capacity
 * @path /opnfv-promise:query-reservation/output/reservations/state/recurring/short-window/missing
 * @path /opnfv-promise:query-reservation/output/reservations/state/claim/capacity
 * @path /opnfv-promise:query-reservation/output/reservations/state/remaining
 * @path /opnfv-promise:query-reservation/output/reservations/state/missing
 * @path /opnfv-promise:query-reservation/output/utilization/capacity
 * @path /opnfv-promise:request-offer/input/capacity
 * @path /opnfv-promise:request-offer/output/refusal/most
 * @path /opnfv-promise:request-offer/output/refusal/in-use
 * @path /opnfv-promise:accept-offer/output/refusal/most
 * @path /opnfv-promise:accept-offer/output/refusal/in-use
 * @path /opnfv-promise:reservation-event/capacity
 * @path /opnfv-promise:reservation-event/recurring/short-window/missing
 * @path /opnfv-promise:reservation-event/claim/capacity
 * @path /opnfv-promise:reservation-event/remaining
 * @path /opnfv-promise:reservation-event/missing
 * @path /opnfv-promise:reservation-event/offered/most
 * @path /opnfv-promise:reservation-event/offered/in-use
 * @path /opnfv-promise:offer-event/capacity
 * @path /opnfv-promise:capacity-event/total
 * @path /opnfv-promise:capacity-event/reserved
 * @path /opnfv-promise:capacity-event/usage
 * @path /opnfv-promise:capacity-event/available
 * @path /opnfv-promise:allocation-event/offered/most
 * @path /opnfv-promise:allocation-event/offered/in-use
 * @path /opnfv-promise:allocation-event/capacity
 */
export type CapacityVector = {
  /**
   * Number of virtual CPUs (numCpuCores in IFA 005).
   * @type uint32 (virtual CPUs)
   */
  readonly cores?: number;
  /**
   * Memory (virtualMemSize in IFA 005).
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram?: string;
  /**
   * Number of virtual machines (numVcInstances in IFA 005).
   * @type uint32 (instances)
   */
  readonly instances?: number;
  /**
   * Number of virtual networks.
   * @type uint32 (networks)
   */
  readonly networks?: number;
  /**
   * Number of ports on virtual networks.
   * @type uint32 (ports)
   */
  readonly ports?: number;
  /**
   * Number of virtual routers.
   * @type uint32 (routers)
   */
  readonly routers?: number;
  /**
   * Number of subnets.
   * @type uint32 (subnets)
   */
  readonly subnets?: number;
  /**
   * Number of public (floating) IP addresses (numPublicIps in IFA 005).
   * @type uint32 (addresses)
   */
  readonly addresses?: number;
  /**
   * Size of block storage (storageSize in IFA 005).
   * @type uint32 (GB)
   */
  readonly gigabytes?: number;
  /**
   * Number of snapshots of volumes.
   * @type uint32 (snapshots)
   */
  readonly snapshots?: number;
  /**
   * Number of volumes.
   * @type uint32 (volumes)
   */
  readonly volumes?: number;
};

/**
 * Rules for reservations.
 * @path /opnfv-promise:promise/policy/reservation
 */
export type ReservationPolicy = {
  /**
   * How far in the future a reservation may start.
   * @type uint16 (days)
   */
  readonly 'max-future-start-range'?: number;
  /**
   * How far in the future a reservation may end.
   * @type uint16 (days)
   */
  readonly 'max-future-end-range'?: number;
  /**
   * How long a reservation may last.
   * @type uint32 (hours)
   */
  readonly 'max-duration'?: number;
  /** What becomes of a reservation without an end. */
  readonly 'open-ended'?: 'bound' | 'refuse';
  /**
   * How long after its start a reservation waits for allocations; what was never
   * allocated by then is released. Absent: until its end.
   * @type uint32 (minutes)
   */
  readonly expiry?: number;
  /**
   * Validity period of a reservation for immediate use (without a start), in
   * place of expiry: what is not allocated by then is released.
   * @type uint32 (minutes)
   */
  readonly 'immediate-validity'?: number;
};

/**
 * Tenant (project) in which Promise works.
 * @path /opnfv-promise:promise/providers/provider/tenant
 * @path /opnfv-promise:add-provider/input/tenant
 */
export type Tenant = {
  /**
   * Identifier of the tenant.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id?: string;
  /**
   * Name of the tenant. The id wins if both are given.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
};

/**
 * Constraint on how virtual machines are spread over hosts.
 * @path /opnfv-promise:promise/reservations/reservation/affinity-group
 * @path /opnfv-promise:promise/offers/offer/affinity-group
 * @path /opnfv-promise:create-reservation/input/affinity-group
 * @path /opnfv-promise:update-reservation/input/affinity-group
 * @path /opnfv-promise:query-reservation/output/reservations/affinity-group
 * @path /opnfv-promise:request-offer/input/affinity-group
 * @path /opnfv-promise:reservation-event/affinity-group
 * @path /opnfv-promise:offer-event/affinity-group
 */
export type AffinityGroup = {
  /**
   * Name of the group.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /** How the members of the group are spread. */
  readonly policy: 'affinity' | 'anti-affinity' | 'soft-affinity' | 'soft-anti-affinity';
};

/**
 * What of remaining is virtual machines of a container: each can be allocated
 * once.
 * @path /opnfv-promise:promise/reservations/reservation/state/remaining-container
 * @path /opnfv-promise:query-reservation/output/reservations/state/remaining-container
 * @path /opnfv-promise:reservation-event/remaining-container
 */
export type RemainingContainer = {
  /**
   * Name of the container.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * Virtual machines that can still be allocated.
   * @type uint32 (instances)
   */
  readonly instances: number;
};

/**
 * The window from start to end, or the one that Promise chooses, is the first of
 * many, all of the same length. It is one reservation: all of its windows are
 * granted, or none. Each may be allocated anew; between two of them the status is
 * scheduled. Days and weeks are counted in UTC, so that each window starts exactly
 * 24 hours, or 7 days, times the interval after the one before it. Windows must not
 * overlap. An expiry-time is that of the first window, and each has one as long
 * after its start. Policy bounds the start of the first window, the end of the
 * last, and the duration of each.
 * @path /opnfv-promise:promise/reservations/reservation/recurrence
 * @path /opnfv-promise:promise/offers/offer/recurrence
 * @path /opnfv-promise:query-reservation/output/reservations/recurrence
 * @path /opnfv-promise:reservation-event/recurrence
 * @path /opnfv-promise:offer-event/recurrence
 */
export type Recurrence = {
  /** Unit of the repetition. */
  readonly frequency: 'daily' | 'weekly';
  /**
   * Number of units from one window to the next.
   * @type uint16
   */
  readonly interval?: number;
  /**
   * No window starts after this instant. There may be 10000 windows at the most.
   * @type ietf-yang-types:date-and-time
   */
  readonly until?: string;
  /**
   * Number of windows, the first included.
   * @type uint32
   */
  readonly count?: number;
};

/**
 * Window in progress.
 * @path /opnfv-promise:promise/reservations/reservation/state/recurring/current
 * @path /opnfv-promise:create-reservation/output/refusal/short-window
 * @path /opnfv-promise:promise/reservations/reservation/state/recurring/next
 * @path /opnfv-promise:update-reservation/output/refusal/short-window
 * @path /opnfv-promise:query-reservation/output/reservations/state/recurring/current
 * @path /opnfv-promise:query-reservation/output/reservations/state/recurring/next
 * @path /opnfv-promise:request-offer/output/refusal/short-window
 * @path /opnfv-promise:accept-offer/output/refusal/short-window
 * @path /opnfv-promise:reservation-event/recurring/current
 * @path /opnfv-promise:reservation-event/recurring/next
 * @path /opnfv-promise:reservation-event/offered/short-window
 * @path /opnfv-promise:allocation-event/offered/short-window
 */
export type Occurrence = {
  /**
   * Number of the window: 1 for the first.
   * @type uint32
   */
  readonly occurrence: number;
  /**
   * First instant of the window.
   * @type ietf-yang-types:date-and-time
   */
  readonly start: string;
  /**
   * First instant after the window.
   * @type ietf-yang-types:date-and-time
   */
  readonly end: string;
};

/**
 * Bounds within which Promise chooses the window: the earliest in which the whole
 * request fits. With a recurrence they are those of the first window, and the
 * request fits in all: there are as many as if the first started at the earliest
 * start. The window is in starts-at and ends-at then, and stays when other things
 * change as long as they fit in it. An update with a start or an end takes the
 * place of the bounds; what it does not give stays as it was chosen.
 * @path /opnfv-promise:promise/reservations/reservation/flexible-window
 * @path /opnfv-promise:promise/offers/offer/flexible-window
 * @path /opnfv-promise:create-reservation/input/flexible-window
 * @path /opnfv-promise:update-reservation/input/flexible-window
 * @path /opnfv-promise:query-reservation/output/reservations/flexible-window
 * @path /opnfv-promise:request-offer/input/flexible-window
 * @path /opnfv-promise:reservation-event/flexible-window
 * @path /opnfv-promise:offer-event/flexible-window
 */
export type FlexibleWindow = {
  /**
   * Earliest start. Absent, or past: now.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'earliest-start'?: string;
  /**
   * Latest end. Absent: as far as policy lets a reservation reach, and where it sets
   * no bound, starts are looked for within 365 days.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'latest-end'?: string;
  /**
   * Length of the window.
   * @type uint32 (seconds)
   */
  readonly duration: number;
};

/**
 * Reservation that a controller of the VIM keeps for this one (second message
 * flow, reservation step 5).
 * @path /opnfv-promise:promise/reservations/reservation/state/controller-reservation
 * @path /opnfv-promise:query-reservation/output/reservations/state/controller-reservation
 * @path /opnfv-promise:reservation-event/controller-reservation
 */
export type ControllerReservation = {
  /**
   * Provider of the controller.
   * @type opnfv-promise:provider-ref
   */
  readonly provider: string;
  /** Name of the controller's service, for example compute. */
  readonly service: string;
  /**
   * Identifier that the controller gave.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
};

/**
 * Why it is in error, or why the VIM does not delete it. Empty when neither is so.
 * @path /opnfv-promise:promise/allocations/allocation/fault
 * @path /opnfv-promise:promise/allocations/allocation/attachment/fault
 * @path /opnfv-promise:promise/allocations/allocation/extension/fault
 * @path /opnfv-promise:allocation-event/fault
 */
export type Fault = {
  /**
   * Number that the VIM gave to the fault, in Nova an HTTP status.
   * @type uint16
   */
  readonly code?: number;
  /** What the VIM says about the fault. */
  readonly message?: string;
  /**
   * Instant of the fault.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'occurred-on'?: string;
};

/**
 * Block storage. It counts with its gigabytes, and as a volume where volumes are
 * counted.
 * @path /opnfv-promise:promise/allocations/allocation/volume
 * @path /opnfv-promise:create-allocation/input/volume
 */
export type VolumeResource = {
  /**
   * Size (sizeOfStorage in IFA 005).
   * @type uint32 (GB)
   */
  readonly size: number;
  /**
   * Id or name of the volume type. Absent: the VIM's default.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly type?: string;
  /**
   * Id or name of the image that it is made from, for a virtual machine to start
   * from. Absent: it is empty.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly image?: string;
};

/**
 * Subnets to make in the network; they go with it.
 * @path /opnfv-promise:promise/allocations/allocation/network/subnet
 * @path /opnfv-promise:create-allocation/input/network/subnet
 */
export type SubnetResource = {
  /**
   * Range of addresses.
   * @type ietf-inet-types:ip-prefix
   */
  readonly cidr: string;
  /**
   * Address of the gateway. Absent: as the VIM decides, in OpenStack the first of
   * the range.
   * @type ietf-inet-types:ip-address-no-zone
   */
  readonly gateway?: string;
};

/**
 * Port on a network.
 * @path /opnfv-promise:promise/allocations/allocation/port
 * @path /opnfv-promise:create-allocation/input/port
 */
export type PortResource = {
  /**
   * Network, by its allocation or by the id or name that the VIM knows.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly network: string;
  /**
   * Address that it is to have. Absent: as the VIM decides.
   * @type ietf-inet-types:ip-address-no-zone
   */
  readonly address?: string;
};

/**
 * Public address.
 * @path /opnfv-promise:promise/allocations/allocation/floating-ip
 * @path /opnfv-promise:create-allocation/input/floating-ip
 */
export type FloatingIpResource = {
  /**
   * Id or name of the external network. It can be left out when there is only one.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly network?: string;
  /**
   * The address. Absent: the VIM chooses one. OpenStack lets administrators alone
   * choose, unless its policy says otherwise.
   * @type ietf-inet-types:ip-address-no-zone
   */
  readonly address?: string;
  /**
   * Port to which the address leads, by its allocation or, for operators, the id that
   * the VIM gave. Absent: none.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly port?: string;
};

/**
 * Earliest window of the requested length, after the requested start, in which the
 * whole request fits at present and which policy allows; with a recurrence, the
 * first of the earliest windows that all fit. Nothing is held for it.
 * @path /opnfv-promise:create-reservation/output/refusal/next-window
 * @path /opnfv-promise:update-reservation/output/refusal/next-window
 * @path /opnfv-promise:request-offer/output/refusal/next-window
 * @path /opnfv-promise:accept-offer/output/refusal/next-window
 * @path /opnfv-promise:reservation-event/offered/next-window
 * @path /opnfv-promise:allocation-event/offered/next-window
 */
export type NextWindow = {
  /**
   * First instant of that window.
   * @type ietf-yang-types:date-and-time
   */
  readonly start: string;
  /**
   * First instant after that window. Absent: without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
};

/**
 * Where the request came up short: what each pool that was considered lacks of the
 * whole request, as far as it counts the resource or none of them does; one alone
 * need not bear all. At most 16 pools are listed, and of each resource in a pool the
 * first 4 spans.
 * @path /opnfv-promise:create-reservation/output/refusal/shortage
 * @path /opnfv-promise:update-reservation/output/refusal/shortage
 * @path /opnfv-promise:request-offer/output/refusal/shortage
 * @path /opnfv-promise:accept-offer/output/refusal/shortage
 * @path /opnfv-promise:reservation-event/offered/shortage
 * @path /opnfv-promise:allocation-event/offered/shortage
 */
export type Shortage = {
  /**
   * Pool that was considered.
   * @type nfv-infrastructure:identifier
   */
  readonly pool: string;
  /** Resource that was short. */
  readonly resource: Resource;
  /**
   * First instant of the shortage within the requested window.
   * @type ietf-yang-types:date-and-time
   */
  readonly from: string;
  /**
   * First instant after the shortage. Absent: it lasts to the end of the window.
   * @type ietf-yang-types:date-and-time
   */
  readonly to?: string;
  /**
   * How much was short at the worst, in the unit of the resource.
   * @type uint64
   */
  readonly missing: string;
};

/**
 * Pools and hosts that were considered for that part, some of them if there are
 * many.
 * @path /opnfv-promise:create-reservation/output/refusal/candidate
 * @path /opnfv-promise:update-reservation/output/refusal/candidate
 * @path /opnfv-promise:request-offer/output/refusal/candidate
 * @path /opnfv-promise:accept-offer/output/refusal/candidate
 * @path /opnfv-promise:reservation-event/offered/candidate
 * @path /opnfv-promise:allocation-event/offered/candidate
 */
export type RefusedCandidate = {
  /**
   * Pool that was considered.
   * @type nfv-infrastructure:identifier
   */
  readonly pool: string;
  /** Host that was considered; empty for the pool as a whole. */
  readonly host: string;
  /**
   * Required properties that the host does not have.
   * @type nfv-infrastructure:trait
   */
  readonly 'lacking-traits'?: readonly string[];
  /** What stood in the way, in words, with the most that was missing. */
  readonly lacking?: readonly string[];
};

/** Type `opnfv-promise:window-scope`. */
export type WindowScope =
  /** Matches what starts and ends inside the window. */
  | 'exclusive'
  /**
   * Matches what overlaps the window at any instant: what starts in it, what ends
   * in it, and what spans it.
   */
  | 'inclusive';

/**
 * Window of time that the query is about. Absent: from now on, without end.
 * @path /opnfv-promise:query-capacity/input/window
 * @path /opnfv-promise:query-reservation/input/window
 */
export type QueryWindow = {
  /**
   * First instant of the window. Absent: now.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the window; it has to be later than the start. Absent:
   * without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /** How the time of what is matched has to relate to the window. */
  readonly scope: WindowScope;
};

/**
 * Only what contains given elements.
 * @path /opnfv-promise:query-capacity/input/elements
 * @path /opnfv-promise:query-reservation/input/elements
 */
export type ElementsFilter = {
  /**
   * At least one of these elements.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly some?: readonly string[];
  /**
   * Each of these elements.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly every?: readonly string[];
};

/** Type `opnfv-promise:capacity-kind`. */
export type CapacityKind =
  /** All capacity under Promise's control. */
  | 'total'
  /** What reservations hold and is not allocated yet. */
  | 'reserved'
  /** What allocations consume. */
  | 'usage'
  /** What can still be had. */
  | 'available';

/**
 * The four views of a capacity.
 * @path /opnfv-promise:promise/capacity
 * @path /opnfv-promise:promise/pools/pool/state
 * @path /opnfv-promise:query-capacity/output/capacity
 */
export type CapacityBreakdown = {
  /** All capacity under Promise's control. */
  readonly total?: CapacityVector;
  /** Capacity that reservations hold and that is not allocated yet. */
  readonly reserved?: CapacityVector;
  /** Capacity that allocations consume, with or without a reservation. */
  readonly usage?: CapacityVector;
  /** Capacity that a new reservation or allocation can have. */
  readonly available?: CapacityVector;
};

/**
 * What is held where, and when.
 * @path /opnfv-promise:promise/reservations/reservation/state/claim
 * @path /opnfv-promise:promise/offers/offer/claim
 * @path /opnfv-promise:query-reservation/output/reservations/state/claim
 * @path /opnfv-promise:reservation-event/claim
 */
export type Claim = {
  /**
   * Identifier of the claim.
   * @type nfv-infrastructure:identifier
   */
  readonly id: string;
  /**
   * Pool that bears the claim.
   * @type opnfv-promise:pool-ref
   */
  readonly pool: string;
  /**
   * Host on which the virtual machine is placed.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly host?: string;
  /**
   * Part of the request that the claim serves: one virtual machine of it. Absent, and
   * there is a host: that is held whole.
   * @type nfv-infrastructure:name
   */
  readonly container?: string;
  /**
   * Local disk that is held on the host. Absent: none.
   * @type uint32 (GB)
   */
  readonly disk?: number;
  /**
   * Element, other than a host, that is held whole: its id in the VIM, or of an address
   * NETWORK/ADDRESS.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly element?: string;
  /**
   * First instant of the claim.
   * @type ietf-yang-types:date-and-time
   */
  readonly start: string;
  /**
   * First instant after the claim. Absent: without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * From the start of one window to that of the next. Absent: there is one window.
   * @type uint32 (seconds)
   */
  readonly period?: number;
  /**
   * How many windows there are. Absent: one.
   * @type uint32 (windows)
   */
  readonly windows?: number;
  /** Amount that is held. */
  readonly capacity?: CapacityVector;
};

/**
 * Amount of each resource for one virtual machine.
 * @path /opnfv-promise:promise/reservations/reservation/container/explicit
 */
export type DemandContainerExplicit = {
  /**
   * Virtual CPUs.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Local disk. Absent: none.
   * @type uint32 (GB)
   */
  readonly disk?: number;
};

/**
 * Virtual machines of one size (virtualisation containers in IFA 005).
 * @path /opnfv-promise:promise/reservations/reservation/container
 */
export type DemandContainer = {
  /**
   * Name of this part of the request.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * How many virtual machines.
   * @type uint32 (instances)
   */
  readonly count: number;
  /**
   * Id or name of a flavor.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly flavor?: string;
  /** Amount of each resource for one virtual machine. */
  readonly explicit?: DemandContainerExplicit;
  /**
   * Availability zone of these virtual machines. Absent: that of the request.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools for these virtual machines. Absent: those of the request.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Name of the affinity group to which these virtual machines belong.
   * @type nfv-infrastructure:name
   */
  readonly group?: string;
  /**
   * Properties that a host has to have.
   * @type nfv-infrastructure:trait
   */
  readonly 'required-traits'?: readonly string[];
  /**
   * Properties that a host must not have.
   * @type nfv-infrastructure:trait
   */
  readonly 'forbidden-traits'?: readonly string[];
};

/**
 * Of a degraded reservation, the first 16 windows that lack something.
 * @path /opnfv-promise:promise/reservations/reservation/state/recurring/short-window
 * @path /opnfv-promise:query-reservation/output/reservations/state/recurring/short-window
 * @path /opnfv-promise:reservation-event/recurring/short-window
 */
export type RecurringShortWindow = {
  /**
   * Number of the window: 1 for the first.
   * @type uint32
   */
  readonly occurrence: number;
  /**
   * First instant of the window.
   * @type ietf-yang-types:date-and-time
   */
  readonly start: string;
  /**
   * First instant after the window.
   * @type ietf-yang-types:date-and-time
   */
  readonly end: string;
  /** The most that is missing at any instant of the window. */
  readonly missing?: CapacityVector;
};

/**
 * Network of the tenant's own. It counts as a network, and with its subnets where
 * subnets are counted.
 * @path /opnfv-promise:promise/allocations/allocation/network
 */
export type NetworkResource = {
  /** Subnets to make in the network; they go with it. */
  readonly subnet?: readonly SubnetResource[] | Entries<SubnetResource>;
};

/**
 * What could be had instead, when the result is conflict.
 * @path /opnfv-promise:create-reservation/output/refusal
 * @path /opnfv-promise:update-reservation/output/refusal
 * @path /opnfv-promise:request-offer/output/refusal
 * @path /opnfv-promise:accept-offer/output/refusal
 * @path /opnfv-promise:reservation-event/offered
 * @path /opnfv-promise:allocation-event/offered
 */
export type Refusal = {
  /**
   * Name of the policy that forbids the request, for example max-duration, or name of
   * the quota.
   */
  readonly policy?: string;
  /**
   * Bound that the policy sets for this request: an instant, a number of hours or an
   * amount, as the policy is.
   */
  readonly limit?: string;
  /**
   * The most of each resource asked for that could be reserved throughout the
   * requested window, all together; of a flexible window, throughout the earliest one
   * within its bounds; with a recurrence, in all windows.
   */
  readonly most?: CapacityVector;
  /** What is allocated under the reservation, below which it cannot shrink. */
  readonly 'in-use'?: CapacityVector;
  /**
   * Earliest window of the requested length, after the requested start, in which the
   * whole request fits at present and which policy allows; with a recurrence, the
   * first of the earliest windows that all fit. Nothing is held for it.
   */
  readonly 'next-window'?: NextWindow;
  /**
   * Planned times out of service, by their identifiers in the policy, that take
   * something away in the requested window, of pools that may serve the request.
   * @type nfv-infrastructure:identifier
   */
  readonly maintenance?: readonly string[];
  /**
   * Windows of a request that recurs in which it does not fit, the first 16 of them.
   * What is said of shortages and candidates is of the first.
   */
  readonly 'short-window'?: readonly Occurrence[];
  /**
   * Part of the request for which no place was found.
   * @type nfv-infrastructure:name
   */
  readonly container?: string;
  /**
   * Pools and hosts that were considered for that part, some of them if there are
   * many.
   */
  readonly candidate?: readonly RefusedCandidate[];
  /**
   * How far into the future a window was looked for: none starts before this instant.
   * Absent if next-window is the earliest there is, and where nothing that is there
   * could serve the request at any time; beside a next-window, an earlier one may
   * start from this instant on.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'searched-until'?: string;
  /**
   * Where the request came up short: what each pool that was considered lacks of the
   * whole request, as far as it counts the resource or none of them does; one alone
   * need not bear all. At most 16 pools are listed, and of each resource in a pool the
   * first 4 spans.
   */
  readonly shortage?: readonly Shortage[];
};

/**
 * One entry for the start of the window and one for each instant within it at which
 * something changes, or one for each interval that was asked for; an entry holds
 * until the next one.
 * @path /opnfv-promise:query-capacity/output/utilization
 */
export type Utilization = {
  /**
   * Instant from which the entry holds.
   * @type ietf-yang-types:date-and-time
   */
  readonly timestamp: string;
  /**
   * Number of collections (pools, reservations, allocations) that make up the
   * amount.
   * @type uint32
   */
  readonly count?: number;
  /** Amount from this instant on, in the view that the query asked for. */
  readonly capacity?: CapacityVector;
};

/**
 * Limit on what a tenant or user may hold at any instant with reservations, offers and
 * allocations. It binds requests: what is held when the limit is set is kept, even
 * if it is more, and a virtual machine that runs on after its reservation is counted
 * without being refused.
 * @path /opnfv-promise:promise/policy/quota
 */
export type PolicyQuota = {
  /**
   * Name of the quota; a refusal mentions it.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * Tenant that is limited. Absent: each tenant for itself; users without a tenant
   * count as one.
   */
  readonly tenant?: string;
  /** User who is limited. Absent: all users of the tenant together. */
  readonly user?: string;
  /**
   * Most reservations that are granted and not over, and offers that are held.
   * Absent: no limit.
   * @type uint32 (reservations)
   */
  readonly reservations?: number;
  /** Most of each resource. A resource that is absent is not limited. */
  readonly capacity?: CapacityVector;
};

/**
 * Planned time out of service: a pool has nothing in it, or not what a host has, as
 * far as the other hosts that the pool may use cannot give it. New requests do
 * not get it. What was granted is placed elsewhere where that is possible, else it
 * is degraded and notified, as after a loss, and restored when the entry is removed
 * or its time is over.
 * @path /opnfv-promise:promise/policy/maintenance
 */
export type PolicyMaintenance = {
  /**
   * Identifier of the window.
   * @type nfv-infrastructure:identifier
   */
  readonly id: string;
  /**
   * Pool that is concerned. An entry for one that does not exist takes effect when
   * it does.
   * @type opnfv-promise:pool-ref
   */
  readonly pool: string;
  /**
   * Host that is concerned, by its name. Nothing is placed on it then, from no
   * pool. Absent: the whole pool.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly host?: string;
  /**
   * First instant out of service.
   * @type ietf-yang-types:date-and-time
   */
  readonly start: string;
  /**
   * First instant back in service. It has to be later than the start.
   * @type ietf-yang-types:date-and-time
   */
  readonly end: string;
  /** What becomes of reservations and offers that cannot be kept then. */
  readonly 'when-held'?: 'degrade' | 'refuse';
};

/**
 * Rules that bind every request. Where a limit is absent, there is none.
 * @path /opnfv-promise:promise/policy
 */
export type Policy = {
  /** Rules for reservations. */
  readonly reservation?: ReservationPolicy;
  /** What Promise does when the capacity under reservations is lost. */
  readonly 'on-capacity-loss'?: 'notify' | 'favour-priority';
  /**
   * What becomes of servers, volumes, networks, ports, floating IPs and routers that
   * carry a token of Promise which no allocation knows, as after a backup was restored.
   * Nothing is adopted or deleted before it was found twice. The same goes for ports and
   * volumes that a virtual machine has without its record having them, and that Promise
   * made, or could not attach before: they are reported, taken into the record, or
   * detached.
   */
  readonly orphans?: 'report' | 'adopt' | 'remove';
  /** What becomes of the allocations of a reservation that ends. */
  readonly 'at-end'?: 'terminate' | 'release';
  /**
   * How long before its end a reservation-event with the cause ending is sent.
   * Absent: none is sent.
   * @type uint32 (minutes)
   */
  readonly 'termination-lead'?: number;
  /**
   * Limit on what a tenant or user may hold at any instant with reservations, offers and
   * allocations. It binds requests: what is held when the limit is set is kept, even
   * if it is more, and a virtual machine that runs on after its reservation is counted
   * without being refused.
   */
  readonly quota?: readonly PolicyQuota[] | Entries<PolicyQuota>;
  /**
   * Planned time out of service: a pool has nothing in it, or not what a host has, as
   * far as the other hosts that the pool may use cannot give it. New requests do
   * not get it. What was granted is placed elsewhere where that is possible, else it
   * is degraded and notified, as after a loss, and restored when the entry is removed
   * or its time is over.
   */
  readonly maintenance?: readonly PolicyMaintenance[] | Entries<PolicyMaintenance>;
};

/**
 * Change of the capacity during a window: a planned extension or a planned
 * reduction (capacity step 2a). A pool may have 1000. Of those that RPCs made,
 * the ones that are over go with the next.
 * @path /opnfv-promise:promise/pools/pool/adjustment
 */
export type PoolAdjustment = {
  /**
   * Identifier of the adjustment.
   * @type nfv-infrastructure:identifier
   */
  readonly id: string;
  /**
   * First instant of the change. Absent: from the instant at which it was
   * made.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the change. Absent: without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /** Whether the capacity grows or shrinks. */
  readonly direction: 'increase' | 'decrease';
  /** Amount of the change. */
  readonly capacity?: CapacityVector;
};

/**
 * Resources of which the pool promises more than it has. Changes of capacity, by
 * adjustments too, are of what it has; what can be reserved and allocated is
 * multiplied, and rounded down.
 * @path /opnfv-promise:promise/pools/pool/over-commit
 */
export type PoolOverCommit = {
  /** Resource that is over-committed. */
  readonly resource: Resource;
  /**
   * Factor by which the capacity is multiplied; below 1, a part is kept
   * back.
   * @type decimal64
   */
  readonly ratio: string;
};

/**
 * Capacity of a provider: all of it, or a part, the rest being a buffer outside
 * Promise.
 * @path /opnfv-promise:promise/pools/pool
 */
export type Pool = {
  /**
   * Identifier of the pool.
   * @type nfv-infrastructure:identifier
   */
  readonly id: string;
  /**
   * Name for people.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Provider from which the capacity comes.
   * @type opnfv-promise:provider-ref
   */
  readonly source: string;
  /**
   * Availability zone of the capacity. Absent: not bound to a zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Capacity for all time, before adjustments. A resource that is absent is not
   * in the pool.
   */
  readonly capacity?: CapacityVector;
  /**
   * Elements of the provider that belong to the pool. Absent: all.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly elements?: readonly string[];
  /**
   * Change of the capacity during a window: a planned extension or a planned
   * reduction (capacity step 2a). A pool may have 1000. Of those that RPCs made,
   * the ones that are over go with the next.
   */
  readonly adjustment?: readonly PoolAdjustment[] | Entries<PoolAdjustment>;
  /**
   * Resources of which the pool promises more than it has. Changes of capacity, by
   * adjustments too, are of what it has; what can be reserved and allocated is
   * multiplied, and rounded down.
   */
  readonly 'over-commit'?: readonly PoolOverCommit[] | Entries<PoolOverCommit>;
  /**
   * Capacity of the pool at this instant, adjustments, losses in the VIM and
   * over-commitment taken into account.
   */
  readonly state?: CapacityBreakdown;
};

/**
 * Windows of a reservation that recurs. Empty for others.
 * @path /opnfv-promise:promise/reservations/reservation/state/recurring
 */
export type Recurring = {
  /**
   * How many windows it has, those that are over included.
   * @type uint32 (windows)
   */
  readonly windows?: number;
  /**
   * First instant after the last window.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'ends-at'?: string;
  /** Window in progress. */
  readonly current?: Occurrence;
  /** Window that starts next. */
  readonly next?: Occurrence;
  /** Of a degraded reservation, the first 16 windows that lack something. */
  readonly 'short-window'?: readonly RecurringShortWindow[] | Entries<RecurringShortWindow>;
};

/** Why a request was refused, or why an entry is in the state that it is in. */
export type Reason =
  /** Several providers exist and the request does not say which one it means. */
  | 'opnfv-promise:ambiguous-provider'
  /** A reservation cannot shrink below what is allocated under it. */
  | 'opnfv-promise:below-allocated'
  /** The VIM accepted the virtual machine and could not start it. */
  | 'opnfv-promise:boot-failed'
  /** A volume is not made smaller. */
  | 'opnfv-promise:cannot-shrink'
  /** Capacity cannot be withdrawn while reservations or allocations hold it. */
  | 'opnfv-promise:capacity-in-use'
  /** Capacity that was missing has returned. */
  | 'opnfv-promise:capacity-restored'
  /** The capacity of the pool was decreased, by a consumer or in the VIM. */
  | 'opnfv-promise:capacity-withdrawn'
  /** A request of a higher priority took the resources. */
  | 'opnfv-promise:displaced'
  /**
   * The request uses an element, or a part of one, that another reservation holds at some
   * time in its window.
   */
  | 'opnfv-promise:element-reserved'
  /** The flavor needs more than what remains of the reservation. */
  | 'opnfv-promise:exceeds-reservation'
  /** A host of the infrastructure failed. */
  | 'opnfv-promise:host-failed'
  /** The resources are not free throughout the window. */
  | 'opnfv-promise:insufficient-capacity'
  /** The resources are out of service by plan. */
  | 'opnfv-promise:maintenance'
  /** Nothing, or not everything, was allocated by the instant in expires-at. */
  | 'opnfv-promise:not-allocated-in-time'
  /** The offer has lapsed, was declined or was accepted already. */
  | 'opnfv-promise:offer-over'
  /**
   * A limit in /promise/policy forbids it. The leaf policy beside the reason names the
   * limit.
   */
  | 'opnfv-promise:policy-violation'
  /**
   * The provider answered and refused: credentials, a quota of its own, an invalid
   * combination. The message carries what it said.
   */
  | 'opnfv-promise:provider-rejected'
  /** The provider does not answer, or Promise has not reached it yet. */
  | 'opnfv-promise:provider-unavailable'
  /** The tenant or user would exceed its quota. */
  | 'opnfv-promise:quota-exceeded'
  /** A consumer asked for it. */
  | 'opnfv-promise:requested-by-consumer'
  /** The reservation is in a state that admits no allocation, for example pending. */
  | 'opnfv-promise:reservation-not-active'
  /** The start of the reservation has not arrived. */
  | 'opnfv-promise:reservation-not-started'
  /** The reservation has ended, expired or been cancelled. */
  | 'opnfv-promise:reservation-over'
  /** The resource is used by something else. */
  | 'opnfv-promise:resource-in-use'
  /** The resource is in a state that does not admit it, for example being made. */
  | 'opnfv-promise:resource-not-ready'
  /** The provider has no flavor of that id or name. */
  | 'opnfv-promise:unknown-flavor'
  /** The provider has no image of that id or name. */
  | 'opnfv-promise:unknown-image'
  /** The provider has no network of that id or name. */
  | 'opnfv-promise:unknown-network'
  /** No provider has the identifier that was given, or there is none at all. */
  | 'opnfv-promise:unknown-provider'
  /** No reservation has the identifier that was given. */
  | 'opnfv-promise:unknown-reservation'
  /** There is no such volume or port at the provider. */
  | 'opnfv-promise:unknown-resource'
  /** No provider that could serve the request has the zone. */
  | 'opnfv-promise:unknown-zone'
  /** The end of the reservation has arrived. */
  | 'opnfv-promise:window-over';

/** Type `opnfv-promise:priority`. */
export type Priority =
  /** Favoured over everything else. */
  | 'high'
  /** Gives way to high. */
  | 'normal'
  /** Gives way to high and normal. */
  | 'low';

/**
 * Amount of each resource for one virtual machine.
 * @path /opnfv-promise:promise/offers/offer/container/explicit
 */
export type OfferContainerExplicit = {
  /**
   * Virtual CPUs.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Local disk. Absent: none.
   * @type uint32 (GB)
   */
  readonly disk?: number;
};

/**
 * Virtual machines of one size (virtualisation containers in IFA 005).
 * @path /opnfv-promise:promise/offers/offer/container
 */
export type OfferContainer = {
  /**
   * Name of this part of the request.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * How many virtual machines.
   * @type uint32 (instances)
   */
  readonly count: number;
  /**
   * Id or name of a flavor.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly flavor?: string;
  /** Amount of each resource for one virtual machine. */
  readonly explicit?: OfferContainerExplicit;
  /**
   * Availability zone of these virtual machines. Absent: that of the request.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools for these virtual machines. Absent: those of the request.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Name of the affinity group to which these virtual machines belong.
   * @type nfv-infrastructure:name
   */
  readonly group?: string;
  /**
   * Properties that a host has to have.
   * @type nfv-infrastructure:trait
   */
  readonly 'required-traits'?: readonly string[];
  /**
   * Properties that a host must not have.
   * @type nfv-infrastructure:trait
   */
  readonly 'forbidden-traits'?: readonly string[];
};

/**
 * Resources held for a consumer until a deadline.
 * @path /opnfv-promise:promise/offers/offer
 */
export type Offer = {
  /**
   * Identifier of the offer.
   * @type nfv-infrastructure:identifier
   */
  readonly id: string;
  /** Where the offer is in its life cycle. */
  readonly status: 'held' | 'accepted' | 'lapsed';
  /**
   * Why an offer has lapsed: offer-over at its deadline, requested-by-consumer when
   * it was declined, else what took the capacity.
   */
  readonly reason?: Reason;
  /**
   * Instant at which the offer lapses.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expires-at': string;
  /** User who asked for the offer. */
  readonly owner?: string;
  /** Tenant for which the offer was asked. */
  readonly tenant?: string;
  /**
   * Instant at which the offer was made.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'created-on'?: string;
  /**
   * Instant at which its status last changed.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'modified-on'?: string;
  /**
   * Start of the window that is offered, or of the first of them.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'starts-at'?: string;
  /**
   * End of the window that is offered, or of the first of them. Absent: without
   * end.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'ends-at'?: string;
  /**
   * Reservation that the offer became.
   * @type leafref
   */
  readonly reservation?: string;
  /**
   * Name for people; need not be unique.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Class of the reservation. */
  readonly priority?: Priority;
  /**
   * First instant of the window (startTime in IFA 005). Absent: immediate use, from
   * the instant of the decision.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the window (endTime in IFA 005). Absent: without end, as far
   * as the policy open-ended allows. It has to be later than the start.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * Instant by which the reserved resources have to be allocated (expiryTime in IFA
   * 005): what is not allocated by then is released. Absent: by policy.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expiry-time'?: string;
  /** Amount of each resource. A resource that is absent is not concerned. */
  readonly capacity?: CapacityVector;
  /**
   * Availability zone in which the resources have to be. Absent: any zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools from which the resources may come. Absent: any pool that fits.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Individual elements to reserve. A host is held whole, unless there are containers:
   * then their instances are placed on the hosts named and no others. A flavor or image
   * is not held; the pools have to have it. A network, subnet, port, floating IP,
   * address or volume is held by one reservation at a time, and what is a part of it
   * with it: who holds a network holds its subnets, ports and addresses. Such an element
   * is named by its id in the VIM, by its name where no other has it, or by its
   * address; an address of a subnet need not be in use. Where several networks have an
   * address, it is given with its subnet or network, as SUBNET/ADDRESS. An element takes
   * no capacity: what is to be made, such as the port with an address, is asked for
   * beside.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly elements?: readonly string[];
  /** Virtual machines of one size (virtualisation containers in IFA 005). */
  readonly container?: readonly OfferContainer[] | Entries<OfferContainer>;
  /** Constraint on how virtual machines are spread over hosts. */
  readonly 'affinity-group'?: readonly AffinityGroup[] | Entries<AffinityGroup>;
  /**
   * The window from start to end, or the one that Promise chooses, is the first of
   * many, all of the same length. It is one reservation: all of its windows are
   * granted, or none. Each may be allocated anew; between two of them the status is
   * scheduled. Days and weeks are counted in UTC, so that each window starts exactly
   * 24 hours, or 7 days, times the interval after the one before it. Windows must not
   * overlap. An expiry-time is that of the first window, and each has one as long
   * after its start. Policy bounds the start of the first window, the end of the
   * last, and the duration of each.
   */
  readonly recurrence?: Recurrence;
  /**
   * Bounds within which Promise chooses the window: the earliest in which the whole
   * request fits. With a recurrence they are those of the first window, and the
   * request fits in all: there are as many as if the first started at the earliest
   * start. The window is in starts-at and ends-at then, and stays when other things
   * change as long as they fit in it. An update with a start or an end takes the
   * place of the bounds; what it does not give stays as it was chosen.
   */
  readonly 'flexible-window'?: FlexibleWindow;
  /** What is held where, and when. */
  readonly claim?: readonly Claim[] | Entries<Claim>;
};

/** Type `opnfv-promise:allocation-kind`. */
export type AllocationKind =
  /** Virtual machine (virtualised compute resource in IFA 005). */
  | 'virtual-machine'
  /** Volume (virtualised storage resource). */
  | 'volume'
  /** Network with its subnets (virtualised network resource). */
  | 'network'
  /** Port on a network (virtualised network resource). */
  | 'port'
  /** Public address (virtualised network resource). */
  | 'floating-ip'
  /** Router between networks (virtualised network resource). */
  | 'router';

/**
 * What there is of it in the VIM.
 * @path /opnfv-promise:promise/allocations/allocation/instance-ref
 */
export type AllocationInstanceRef = {
  /**
   * Provider that has it.
   * @type opnfv-promise:provider-ref
   */
  readonly provider?: string;
  /**
   * Identifier that the VIM gave to the virtual machine. Absent until the VIM has
   * accepted.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly server?: string;
  /**
   * Identifier that the VIM gave to the volume, network, port, floating IP or router.
   * Absent until the VIM has accepted.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly resource?: string;
};

/** Type `opnfv-promise:vm-state`. */
export type VmState =
  /** Recorded by Promise, not yet known to the VIM. */
  | 'INITIALIZED'
  /** The VIM is making the virtual machine. */
  | 'BUILD'
  /** Running. */
  | 'ACTIVE'
  /** Failed; the fault says why. */
  | 'ERROR'
  /** Being deleted. Its capacity is held until the VIM confirms that it is gone. */
  | 'DELETING'
  /** Gone; its capacity is free again. */
  | 'DELETED'
  /** The VIM does not say, for example because it cannot be reached. */
  | 'UNKNOWN'
  /** Powered off. */
  | 'SHUTOFF'
  /** Stopped with its memory kept in place. */
  | 'PAUSED'
  /** Stopped with its memory written to disk. */
  | 'SUSPENDED'
  /** Running from a rescue image. */
  | 'RESCUED'
  /** Changing its flavor, or moving to another host for that. */
  | 'RESIZE'
  /** Changed, waiting for a confirmation. */
  | 'VERIFY_RESIZE'
  /** Moving to another host. */
  | 'MIGRATING'
  /** Restarting. */
  | 'REBOOT'
  /** Being made anew from an image. */
  | 'REBUILD'
  /** Stopped, with its disk kept as an image. */
  | 'SHELVED'
  /** Shelved, and removed from its host. */
  | 'SHELVED_OFFLOADED'
  /** Deleted, and restorable for a while. */
  | 'SOFT_DELETED';

/**
 * Router. A floating IP leads to a port only where a router joins their networks.
 * @path /opnfv-promise:promise/allocations/allocation/router
 */
export type AllocationRouter = {
  /**
   * Id or name of the external network to which it leads. Absent: none.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly gateway?: string;
  /**
   * Networks, by their allocations or by the ids or names that the VIM knows. It has
   * an interface on each subnet that they have when it is made, by which it is their
   * gateway.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly networks?: readonly string[];
};

/** Type `opnfv-promise:attachment-status`. */
export type AttachmentStatus =
  /** It is to be attached, and is not yet. */
  | 'attaching'
  /** The virtual machine has it. */
  | 'attached'
  /** It is to be detached, and the VIM has not let go of it yet. */
  | 'detaching'
  /** The virtual machine does not have it. */
  | 'detached'
  /** The VIM did not attach it, or did not detach it. */
  | 'failed';

/**
 * Ports and volumes that are being attached or detached, or of which that failed.
 * What has failed stays until it is asked for again; detach-resource takes away
 * what could not be attached.
 * @path /opnfv-promise:promise/allocations/allocation/attachment
 */
export type AllocationAttachment = {
  /**
   * Identifier that the VIM gave to the port or volume.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly resource: string;
  /** What it is. */
  readonly kind: AllocationKind;
  /** How it stands with it: attaching, detaching or failed. */
  readonly status: AttachmentStatus;
  /** Why it failed. Empty when it did not. */
  readonly fault?: Fault;
};

/** Type `opnfv-promise:extension-status`. */
export type ExtensionStatus =
  /** The volume is to be made larger, and is not yet. */
  | 'extending'
  /** The volume has the size that was asked for. */
  | 'extended'
  /** The VIM did not make the volume larger. */
  | 'failed';

/**
 * The larger size that the volume is to have, or was to have. Empty when there is
 * none. What has failed stays until it is asked for again; extend-volume with
 * the size that the volume has takes it away.
 * @path /opnfv-promise:promise/allocations/allocation/extension
 */
export type AllocationExtension = {
  /**
   * Size that was asked for. It is held of the pool or the reservation while the
   * volume is being extended.
   * @type uint32 (GB)
   */
  readonly size?: number;
  /** How it stands with it: extending or failed. */
  readonly status?: ExtensionStatus;
  /** Why it failed. Empty when it did not. */
  readonly fault?: Fault;
};

/**
 * One virtual machine, volume, network, port, floating IP or router.
 * @path /opnfv-promise:promise/allocations/allocation
 */
export type Allocation = {
  /**
   * Identifier of the allocation: the instance-id of create-instance, the
   * allocation-id of create-allocation.
   * @type nfv-infrastructure:identifier
   */
  readonly id: string;
  /**
   * Its name.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** What it is. */
  readonly kind: AllocationKind;
  /**
   * Reservation against which the allocation was made. Absent: none.
   * @type leafref
   */
  readonly reservation?: string;
  /**
   * Pool that bears the allocation.
   * @type opnfv-promise:pool-ref
   */
  readonly pool?: string;
  /** What there is of it in the VIM. */
  readonly 'instance-ref'?: AllocationInstanceRef;
  /**
   * Class that follows from the reservation: high when made against one that is
   * in its window, normal when that one is over and the allocation lasts on.
   * Without a reservation, the one asked for, or low.
   */
  readonly priority: Priority;
  /**
   * Allocations that have to be gone before the VIM is asked for it: it takes their
   * place. Those of others are not among them. Its state is INITIALIZED until then.
   * @type nfv-infrastructure:identifier
   */
  readonly awaits?: readonly string[];
  /** Its state. */
  readonly 'vm-state': VmState;
  /** Why it is in error, or why the VIM does not delete it. Empty when neither is so. */
  readonly fault?: Fault;
  /**
   * Block storage. It counts with its gigabytes, and as a volume where volumes are
   * counted.
   */
  readonly volume?: VolumeResource;
  /**
   * Network of the tenant's own. It counts as a network, and with its subnets where
   * subnets are counted.
   */
  readonly network?: NetworkResource;
  /** Port on a network. */
  readonly port?: PortResource;
  /** Public address. */
  readonly 'floating-ip'?: FloatingIpResource;
  /** Router. A floating IP leads to a port only where a router joins their networks. */
  readonly router?: AllocationRouter;
  /**
   * Address of a port, the first if it has several, or of a floating IP.
   * @type ietf-inet-types:ip-address-no-zone
   */
  readonly address?: string;
  /**
   * Allocation that uses it: the virtual machine of a volume or port, the port of a
   * floating IP.
   * @type nfv-infrastructure:identifier
   */
  readonly 'attached-to'?: string;
  /**
   * Id of the flavor.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly flavor?: string;
  /**
   * Id of the image.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly image?: string;
  /**
   * Id of the volume that the virtual machine starts from, in place of an image.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly 'boot-volume'?: string;
  /**
   * Ids of the networks to which the virtual machine is attached.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly networks?: readonly string[];
  /**
   * Ids of ports that the virtual machine was given, when it was made or since.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly ports?: readonly string[];
  /**
   * Ids of volumes that the virtual machine was given, when it was made or since.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly volumes?: readonly string[];
  /**
   * Ports and volumes that are being attached or detached, or of which that failed.
   * What has failed stays until it is asked for again; detach-resource takes away
   * what could not be attached.
   */
  readonly attachment?: readonly AllocationAttachment[] | Entries<AllocationAttachment>;
  /**
   * The larger size that the volume is to have, or was to have. Empty when there is
   * none. What has failed stays until it is asked for again; extend-volume with
   * the size that the volume has takes it away.
   */
  readonly extension?: AllocationExtension;
  /**
   * Availability zone in which it is.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Host on which the virtual machine runs, if the VIM tells.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly host?: string;
  /** What it consumes. */
  readonly capacity?: CapacityVector;
  /** User who made the allocation. */
  readonly owner?: string;
  /**
   * Tenant for which the allocation was made; of one against a reservation, the
   * reservation's.
   */
  readonly tenant?: string;
  /**
   * Instant at which the allocation was recorded.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'created-on'?: string;
  /**
   * Instant of the last change.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'modified-on'?: string;
};

/** Kind of a provider, which decides how Promise speaks to it. */
export type ProviderType =
  /**
   * OpenStack: Keystone for identity, Nova for compute, Neutron for networks, Cinder for
   * block storage, Glance for images.
   */
  | 'opnfv-promise:openstack'
  /** Infrastructure simulated by Promise itself. */
  | 'promise-simulator:simulated';

/** Type `opnfv-promise:provider-status`. */
export type ProviderStatus =
  /** Known to Promise, not reached yet. */
  | 'connecting'
  /** Reached; its capacity is current. */
  | 'up'
  /** Does not answer; what Promise knows of it may be out of date. */
  | 'down'
  /** Answered and refused the credentials or the tenant. */
  | 'rejected';

/**
 * Availability zones.
 * @path /opnfv-promise:promise/providers/provider/services/compute/zones
 */
export type ProviderServicesComputeZones = {
  /**
   * Name of the zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly name: string;
  /** Whether the VIM accepts new virtual machines in the zone. */
  readonly available?: boolean;
};

/**
 * Compute hosts. Empty if Promise's user may not see them.
 * @path /opnfv-promise:promise/providers/provider/services/compute/hosts
 */
export type ProviderServicesComputeHosts = {
  /**
   * Identifier that the VIM gave to the element.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the element in the VIM.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Whether the element takes part: capacity on an element that is not enabled is
   * not offered.
   */
  readonly enabled?: boolean;
  /** Whether the VIM refuses to delete the element. */
  readonly protected?: boolean;
  /** Project or user that owns the element. */
  readonly owner?: string;
  /** Who sees the element. */
  readonly visibility?: Visibility;
  /** Labels that the VIM's operator put on the element. */
  readonly tags?: readonly string[];
  /** Projects to which the element was shared individually. */
  readonly members?: readonly string[];
  /**
   * Availability zone to which the host belongs.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /** State of the host as the VIM reports it. */
  readonly status?: 'up' | 'down' | 'disabled';
  /**
   * Virtual CPUs that the host offers, over-commit included.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus?: number;
  /**
   * Virtual CPUs taken by virtual machines on the host, those outside Promise
   * included.
   * @type uint32 (virtual CPUs)
   */
  readonly 'vcpus-used'?: number;
  /**
   * Memory that the host offers, over-commit included.
   * @type uint64 (MB)
   */
  readonly ram?: string;
  /**
   * Memory taken by virtual machines on the host, those outside Promise included.
   * @type uint64 (MB)
   */
  readonly 'ram-used'?: string;
  /**
   * Local disk that the host offers to virtual machines.
   * @type uint32 (GB)
   */
  readonly disk?: number;
  /**
   * Local disk taken by virtual machines on the host.
   * @type uint32 (GB)
   */
  readonly 'disk-used'?: number;
  /**
   * Virtual machines on the host.
   * @type uint32 (instances)
   */
  readonly running?: number;
  /** Kind of hypervisor, for example QEMU. */
  readonly 'hypervisor-type'?: string;
  /** Architecture of the host's CPUs, for example x86_64. */
  readonly 'cpu-architecture'?: string;
  /**
   * Properties of the host that a request may require or forbid.
   * @type nfv-infrastructure:trait
   */
  readonly traits?: readonly string[];
};

/**
 * Properties by which flavors and images choose the aggregate.
 * @path /opnfv-promise:promise/providers/provider/services/compute/aggregates/metadata
 */
export type ProviderServicesComputeAggregatesMetadata = {
  /**
   * Name of the property.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /** Value of the property. */
  readonly value?: string;
};

/**
 * Groups of hosts. Empty if Promise's user may not see them.
 * @path /opnfv-promise:promise/providers/provider/services/compute/aggregates
 */
export type ProviderServicesComputeAggregates = {
  /**
   * Identifier that the VIM gave to the element.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the element in the VIM.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Whether the element takes part: capacity on an element that is not enabled is
   * not offered.
   */
  readonly enabled?: boolean;
  /** Whether the VIM refuses to delete the element. */
  readonly protected?: boolean;
  /** Project or user that owns the element. */
  readonly owner?: string;
  /** Who sees the element. */
  readonly visibility?: Visibility;
  /** Labels that the VIM's operator put on the element. */
  readonly tags?: readonly string[];
  /** Projects to which the element was shared individually. */
  readonly members?: readonly string[];
  /**
   * Availability zone that the aggregate makes of its hosts. Absent: it makes none.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Hosts of the aggregate.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly hosts?: readonly string[];
  /** Properties by which flavors and images choose the aggregate. */
  readonly metadata?: readonly ProviderServicesComputeAggregatesMetadata[] | Entries<ProviderServicesComputeAggregatesMetadata>;
};

/**
 * Sizes of virtual machines.
 * @path /opnfv-promise:promise/providers/provider/services/compute/flavors
 */
export type ProviderServicesComputeFlavors = {
  /**
   * Identifier that the VIM gave to the element.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the element in the VIM.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Whether the element takes part: capacity on an element that is not enabled is
   * not offered.
   */
  readonly enabled?: boolean;
  /** Whether the VIM refuses to delete the element. */
  readonly protected?: boolean;
  /** Project or user that owns the element. */
  readonly owner?: string;
  /** Who sees the element. */
  readonly visibility?: Visibility;
  /** Labels that the VIM's operator put on the element. */
  readonly tags?: readonly string[];
  /** Projects to which the element was shared individually. */
  readonly members?: readonly string[];
  /**
   * Virtual CPUs of one virtual machine of the flavor.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus?: number;
  /**
   * Memory of one virtual machine of the flavor.
   * @type uint64 (MB)
   */
  readonly ram?: string;
  /**
   * Root disk of one virtual machine of the flavor.
   * @type uint32 (GB)
   */
  readonly disk?: number;
  /**
   * Additional disk that lives as long as the virtual machine.
   * @type uint32 (GB)
   */
  readonly ephemeral?: number;
  /**
   * Swap disk of one virtual machine of the flavor.
   * @type uint32 (MB)
   */
  readonly swap?: number;
};

/**
 * Compute service, in OpenStack Nova.
 * @path /opnfv-promise:promise/providers/provider/services/compute
 */
export type ProviderServicesCompute = {
  /**
   * Address of the service.
   * @type ietf-inet-types:uri
   */
  readonly endpoint?: string;
  /** Availability zones. */
  readonly zones?: readonly ProviderServicesComputeZones[] | Entries<ProviderServicesComputeZones>;
  /** Compute hosts. Empty if Promise's user may not see them. */
  readonly hosts?: readonly ProviderServicesComputeHosts[] | Entries<ProviderServicesComputeHosts>;
  /** Groups of hosts. Empty if Promise's user may not see them. */
  readonly aggregates?: readonly ProviderServicesComputeAggregates[] | Entries<ProviderServicesComputeAggregates>;
  /** Sizes of virtual machines. */
  readonly flavors?: readonly ProviderServicesComputeFlavors[] | Entries<ProviderServicesComputeFlavors>;
};

/**
 * Subnets of the network.
 * @path /opnfv-promise:promise/providers/provider/services/network/networks/subnets
 */
export type ProviderServicesNetworkNetworksSubnets = {
  /**
   * Identifier that the VIM gave to the element.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the element in the VIM.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Whether the element takes part: capacity on an element that is not enabled is
   * not offered.
   */
  readonly enabled?: boolean;
  /** Whether the VIM refuses to delete the element. */
  readonly protected?: boolean;
  /** Project or user that owns the element. */
  readonly owner?: string;
  /** Who sees the element. */
  readonly visibility?: Visibility;
  /** Labels that the VIM's operator put on the element. */
  readonly tags?: readonly string[];
  /** Projects to which the element was shared individually. */
  readonly members?: readonly string[];
  /**
   * Addresses of the subnet.
   * @type ietf-inet-types:ip-prefix
   */
  readonly cidr?: string;
  /**
   * Address of the subnet's gateway.
   * @type ietf-inet-types:ip-address
   */
  readonly gateway?: string;
};

/**
 * Virtual networks.
 * @path /opnfv-promise:promise/providers/provider/services/network/networks
 */
export type ProviderServicesNetworkNetworks = {
  /**
   * Identifier that the VIM gave to the element.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the element in the VIM.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Whether the element takes part: capacity on an element that is not enabled is
   * not offered.
   */
  readonly enabled?: boolean;
  /** Whether the VIM refuses to delete the element. */
  readonly protected?: boolean;
  /** Project or user that owns the element. */
  readonly owner?: string;
  /** Who sees the element. */
  readonly visibility?: Visibility;
  /** Labels that the VIM's operator put on the element. */
  readonly tags?: readonly string[];
  /** Projects to which the element was shared individually. */
  readonly members?: readonly string[];
  /** Whether the network leads outside, so that public addresses come from it. */
  readonly external?: boolean;
  /** State of the network in the VIM's network service, for example ACTIVE. */
  readonly status?: string;
  /** Subnets of the network. */
  readonly subnets?: readonly ProviderServicesNetworkNetworksSubnets[] | Entries<ProviderServicesNetworkNetworksSubnets>;
};

/**
 * Ports of the tenant.
 * @path /opnfv-promise:promise/providers/provider/services/network/ports
 */
export type ProviderServicesNetworkPorts = {
  /**
   * Identifier that the VIM gave to the element.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the element in the VIM.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Whether the element takes part: capacity on an element that is not enabled is
   * not offered.
   */
  readonly enabled?: boolean;
  /** Whether the VIM refuses to delete the element. */
  readonly protected?: boolean;
  /** Project or user that owns the element. */
  readonly owner?: string;
  /** Who sees the element. */
  readonly visibility?: Visibility;
  /** Labels that the VIM's operator put on the element. */
  readonly tags?: readonly string[];
  /** Projects to which the element was shared individually. */
  readonly members?: readonly string[];
  /**
   * Network to which the port belongs.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly network?: string;
  /**
   * Addresses of the port.
   * @type ietf-inet-types:ip-address-no-zone
   */
  readonly addresses?: readonly string[];
};

/**
 * Public addresses of the tenant.
 * @path /opnfv-promise:promise/providers/provider/services/network/floating-ips
 */
export type ProviderServicesNetworkFloatingIps = {
  /**
   * Identifier that the VIM gave to the element.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the element in the VIM.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Whether the element takes part: capacity on an element that is not enabled is
   * not offered.
   */
  readonly enabled?: boolean;
  /** Whether the VIM refuses to delete the element. */
  readonly protected?: boolean;
  /** Project or user that owns the element. */
  readonly owner?: string;
  /** Who sees the element. */
  readonly visibility?: Visibility;
  /** Labels that the VIM's operator put on the element. */
  readonly tags?: readonly string[];
  /** Projects to which the element was shared individually. */
  readonly members?: readonly string[];
  /**
   * External network from which the address comes.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly network?: string;
  /**
   * The address.
   * @type ietf-inet-types:ip-address-no-zone
   */
  readonly address?: string;
};

/**
 * External networks from which public addresses come.
 * @path /opnfv-promise:promise/providers/provider/services/network/floating-ip-pools
 */
export type ProviderServicesNetworkFloatingIpPools = {
  /**
   * Identifier that the VIM gave to the element.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the element in the VIM.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Whether the element takes part: capacity on an element that is not enabled is
   * not offered.
   */
  readonly enabled?: boolean;
  /** Whether the VIM refuses to delete the element. */
  readonly protected?: boolean;
  /** Project or user that owns the element. */
  readonly owner?: string;
  /** Who sees the element. */
  readonly visibility?: Visibility;
  /** Labels that the VIM's operator put on the element. */
  readonly tags?: readonly string[];
  /** Projects to which the element was shared individually. */
  readonly members?: readonly string[];
  /**
   * Addresses of IPv4 that can be given out. Absent: Promise's user may not see it.
   * @type uint32 (addresses)
   */
  readonly total?: number;
  /**
   * Addresses of IPv4 that are given out, to floating IPs, routers and others of all
   * tenants. Absent: Promise's user may not see it.
   * @type uint32 (addresses)
   */
  readonly used?: number;
};

/**
 * Routers of the tenant.
 * @path /opnfv-promise:promise/providers/provider/services/network/routers
 */
export type ProviderServicesNetworkRouters = {
  /**
   * Identifier that the VIM gave to the element.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the element in the VIM.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Whether the element takes part: capacity on an element that is not enabled is
   * not offered.
   */
  readonly enabled?: boolean;
  /** Whether the VIM refuses to delete the element. */
  readonly protected?: boolean;
  /** Project or user that owns the element. */
  readonly owner?: string;
  /** Who sees the element. */
  readonly visibility?: Visibility;
  /** Labels that the VIM's operator put on the element. */
  readonly tags?: readonly string[];
  /** Projects to which the element was shared individually. */
  readonly members?: readonly string[];
  /** State of the router in the VIM's network service, for example ACTIVE. */
  readonly status?: string;
  /**
   * External network to which the router leads. Absent: to none.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly gateway?: string;
};

/**
 * Network service, in OpenStack Neutron.
 * @path /opnfv-promise:promise/providers/provider/services/network
 */
export type ProviderServicesNetwork = {
  /**
   * Address of the service.
   * @type ietf-inet-types:uri
   */
  readonly endpoint?: string;
  /** Virtual networks. */
  readonly networks?: readonly ProviderServicesNetworkNetworks[] | Entries<ProviderServicesNetworkNetworks>;
  /** Ports of the tenant. */
  readonly ports?: readonly ProviderServicesNetworkPorts[] | Entries<ProviderServicesNetworkPorts>;
  /** Public addresses of the tenant. */
  readonly 'floating-ips'?: readonly ProviderServicesNetworkFloatingIps[] | Entries<ProviderServicesNetworkFloatingIps>;
  /** External networks from which public addresses come. */
  readonly 'floating-ip-pools'?: readonly ProviderServicesNetworkFloatingIpPools[] | Entries<ProviderServicesNetworkFloatingIpPools>;
  /** Routers of the tenant. */
  readonly routers?: readonly ProviderServicesNetworkRouters[] | Entries<ProviderServicesNetworkRouters>;
};

/**
 * Volumes of the tenant.
 * @path /opnfv-promise:promise/providers/provider/services/storage/volumes
 */
export type ProviderServicesStorageVolumes = {
  /**
   * Identifier that the VIM gave to the element.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the element in the VIM.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Whether the element takes part: capacity on an element that is not enabled is
   * not offered.
   */
  readonly enabled?: boolean;
  /** Whether the VIM refuses to delete the element. */
  readonly protected?: boolean;
  /** Project or user that owns the element. */
  readonly owner?: string;
  /** Who sees the element. */
  readonly visibility?: Visibility;
  /** Labels that the VIM's operator put on the element. */
  readonly tags?: readonly string[];
  /** Projects to which the element was shared individually. */
  readonly members?: readonly string[];
  /**
   * Availability zone of the volume.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Size of the volume.
   * @type uint32 (GB)
   */
  readonly size?: number;
};

/**
 * Kinds of volumes.
 * @path /opnfv-promise:promise/providers/provider/services/storage/volume-types
 */
export type ProviderServicesStorageVolumeTypes = {
  /**
   * Identifier that the VIM gave to the element.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the element in the VIM.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Whether the element takes part: capacity on an element that is not enabled is
   * not offered.
   */
  readonly enabled?: boolean;
  /** Whether the VIM refuses to delete the element. */
  readonly protected?: boolean;
  /** Project or user that owns the element. */
  readonly owner?: string;
  /** Who sees the element. */
  readonly visibility?: Visibility;
  /** Labels that the VIM's operator put on the element. */
  readonly tags?: readonly string[];
  /** Projects to which the element was shared individually. */
  readonly members?: readonly string[];
  /**
   * Back end that keeps the volumes of the type. Absent: any, or Promise's user may not
   * see it.
   */
  readonly backend?: string;
};

/**
 * Storage from which volumes are cut. Empty if Promise's user may not see
 * it.
 * @path /opnfv-promise:promise/providers/provider/services/storage/volume-pools
 */
export type ProviderServicesStorageVolumePools = {
  /**
   * Name of the pool in the VIM.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly name: string;
  /** Back end to which the pool belongs. */
  readonly backend?: string;
  /**
   * Size of the pool. Absent: without bounds, or not known.
   * @type uint32 (GB)
   */
  readonly total?: number;
  /**
   * What is free of it. Absent: without bounds, or not known.
   * @type uint32 (GB)
   */
  readonly free?: number;
  /**
   * What volumes were promised of it, which is more than they take where the pool is
   * over-committed.
   * @type uint32 (GB)
   */
  readonly allocated?: number;
  /**
   * How many times its total the pool may promise. Absent: it is filled when volumes
   * are made.
   * @type decimal64
   */
  readonly 'over-commit'?: string;
};

/**
 * Block storage service, in OpenStack Cinder.
 * @path /opnfv-promise:promise/providers/provider/services/storage
 */
export type ProviderServicesStorage = {
  /**
   * Address of the service.
   * @type ietf-inet-types:uri
   */
  readonly endpoint?: string;
  /** Volumes of the tenant. */
  readonly volumes?: readonly ProviderServicesStorageVolumes[] | Entries<ProviderServicesStorageVolumes>;
  /** Kinds of volumes. */
  readonly 'volume-types'?: readonly ProviderServicesStorageVolumeTypes[] | Entries<ProviderServicesStorageVolumeTypes>;
  /**
   * Storage from which volumes are cut. Empty if Promise's user may not see
   * it.
   */
  readonly 'volume-pools'?: readonly ProviderServicesStorageVolumePools[] | Entries<ProviderServicesStorageVolumePools>;
};

/**
 * Images from which a virtual machine can boot.
 * @path /opnfv-promise:promise/providers/provider/services/image/images
 */
export type ProviderServicesImageImages = {
  /**
   * Identifier that the VIM gave to the element.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the element in the VIM.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Whether the element takes part: capacity on an element that is not enabled is
   * not offered.
   */
  readonly enabled?: boolean;
  /** Whether the VIM refuses to delete the element. */
  readonly protected?: boolean;
  /** Project or user that owns the element. */
  readonly owner?: string;
  /** Who sees the element. */
  readonly visibility?: Visibility;
  /** Labels that the VIM's operator put on the element. */
  readonly tags?: readonly string[];
  /** Projects to which the element was shared individually. */
  readonly members?: readonly string[];
  /** State of the image in the VIM's image service, for example active. */
  readonly status?: string;
  /** Format of the image, for example qcow2. */
  readonly 'disk-format'?: string;
  /**
   * Size of the image data.
   * @type uint64 (bytes)
   */
  readonly size?: string;
  /**
   * Smallest root disk with which the image boots.
   * @type uint32 (GB)
   */
  readonly 'min-disk'?: number;
  /**
   * Least memory with which the image boots.
   * @type uint64 (MB)
   */
  readonly 'min-ram'?: string;
};

/**
 * Image service, in OpenStack Glance.
 * @path /opnfv-promise:promise/providers/provider/services/image
 */
export type ProviderServicesImage = {
  /**
   * Address of the service.
   * @type ietf-inet-types:uri
   */
  readonly endpoint?: string;
  /** Images from which a virtual machine can boot. */
  readonly images?: readonly ProviderServicesImageImages[] | Entries<ProviderServicesImageImages>;
};

/**
 * What the provider offers, as last seen.
 * @path /opnfv-promise:promise/providers/provider/services
 */
export type ProviderServices = {
  /** Compute service, in OpenStack Nova. */
  readonly compute?: ProviderServicesCompute;
  /** Network service, in OpenStack Neutron. */
  readonly network?: ProviderServicesNetwork;
  /** Block storage service, in OpenStack Cinder. */
  readonly storage?: ProviderServicesStorage;
  /** Image service, in OpenStack Glance. */
  readonly image?: ProviderServicesImage;
};

/**
 * One registered VIM. An entry made by an edit is accepted at once and is
 * contacted afterwards; its status tells how that went.
 * @path /opnfv-promise:promise/providers/provider
 */
export type Provider = {
  /**
   * Identifier of the provider.
   * @type nfv-infrastructure:identifier
   */
  readonly id: string;
  /**
   * Name of the provider.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Kind of the provider. */
  readonly 'provider-type': ProviderType;
  /**
   * How Promise proves its identity. Absent: the usual way of the kind of
   * provider.
   */
  readonly strategy?: 'keystone';
  /**
   * Address of the provider's identity service, for example
   * https://vim.example.net:5000/v3.
   * @type ietf-inet-types:uri
   */
  readonly endpoint?: string;
  /** Region of the provider to use, where it has several. */
  readonly region?: string;
  /**
   * Which of a service's endpoints in the provider's catalogue are used. Absent: those
   * that the server is set to use, or public.
   */
  readonly interface?: 'public' | 'internal' | 'admin';
  /**
   * Certificates (PEM, RFC 7468) of the authorities that are trusted for this provider,
   * with nothing else beside them, in place of those that the server is set to trust.
   * They are public. Absent: those of the server.
   */
  readonly 'ca-certificate'?: string;
  /** User as whom Promise logs in. */
  readonly username?: string;
  /**
   * Password of that user. It is kept secret: only who is explicitly permitted
   * reads it, and it never appears in logs.
   */
  readonly password?: string;
  /** Domain of the user and of the tenant, in Keystone's sense. Absent: Default. */
  readonly domain?: string;
  /** Tenant (project) in which Promise works. */
  readonly tenant?: Tenant;
  /** What may be displaced on this provider. */
  readonly 'pre-emption'?: 'none' | 'best-effort' | 'priority';
  /** State of the contact with the provider. */
  readonly status?: ProviderStatus;
  /** Why the status is what it is, where that needs words. */
  readonly 'status-message'?: string;
  /**
   * Whether it is removed as soon as nothing is held there any more. Absent: it is
   * not.
   */
  readonly draining?: boolean;
  /**
   * Instant of the provider's last answer. When the server was killed and has not
   * reached the provider since, it is that of the last answer that told something
   * new, or of a later one.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'last-contact'?: string;
  /**
   * Pools whose source is this provider.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /** What the provider offers, as last seen. */
  readonly services?: ProviderServices;
  /**
   * What the provider simulates. Changes made here take effect when the provider is
   * set up; a running one is changed with the RPCs of this module.
   */
  readonly 'promise-simulator:simulation'?: ProviderSimulation;
};

/** Type `opnfv-promise:reservation-status`. */
export type ReservationStatus =
  /** Recorded; whether it can be met is not decided yet. The decision is notified. */
  | 'pending'
  /** Refused: nothing is held. Final. */
  | 'rejected'
  /**
   * Granted, its start, or that of its next window, is in the future, or it waits
   * until the VIM has confirmed that the virtual machines which it displaced are
   * gone.
   */
  | 'scheduled'
  /** Granted, its start has arrived: allocations can be made against it. */
  | 'active'
  /**
   * Granted before, and cannot be kept in full at present, because capacity was
   * lost.
   */
  | 'degraded'
  /** Its end has arrived. Final. */
  | 'ended'
  /** Nothing was allocated in time, so that the hold was released. Final. */
  | 'expired'
  /** Withdrawn by a consumer. Final. */
  | 'cancelled'
  /** Displaced in favour of a higher priority. Final. */
  | 'preempted'
  /** Could not be carried out because of a failure outside Promise. Final. */
  | 'failed';

/** Type `opnfv-promise:hold`. */
export type Hold =
  /**
   * Held for a commit that is not confirmed yet, or for a decision that is pending:
   * nothing can be allocated against it.
   */
  | 'tentative'
  /** Held for good. */
  | 'firm';

/**
 * What Promise knows about the reservation.
 * @path /opnfv-promise:promise/reservations/reservation/state
 */
export type ReservationState = {
  /** Where the reservation is in its life cycle. */
  readonly status?: ReservationStatus;
  /** How binding the claims are. Absent when nothing is held. */
  readonly hold?: Hold;
  /** Why the status is what it is, where that needs a reason. */
  readonly reason?: Reason;
  /** The reason in words. */
  readonly message?: string;
  /** User who made the reservation. */
  readonly owner?: string;
  /** Tenant for which the reservation was made (resourceGroupId in IFA 005). */
  readonly tenant?: string;
  /**
   * Instant at which the reservation was recorded.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'created-on'?: string;
  /**
   * Instant of the last change of the reservation or its state.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'modified-on'?: string;
  /**
   * Start in effect: the one asked for, or the instant of the decision. Of a
   * reservation that recurs, that of the window in progress, or of the next one.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'starts-at'?: string;
  /**
   * End in effect: the one asked for, or the bound that policy sets. Absent: without
   * end. Of a reservation that recurs, that of the window in progress, or of the next
   * one.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'ends-at'?: string;
  /** Windows of a reservation that recurs. Empty for others. */
  readonly recurring?: Recurring;
  /**
   * What is not allocated at this instant is released, of a reservation that recurs
   * until the window in progress is over. It comes from expiry-time, from the validity
   * period of a reservation for immediate use, or from the policy expiry. Absent:
   * never.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expires-at'?: string;
  /** What is held where, and when. */
  readonly claim?: readonly Claim[] | Entries<Claim>;
  /**
   * Reservation that a controller of the VIM keeps for this one (second message
   * flow, reservation step 5).
   */
  readonly 'controller-reservation'?: readonly ControllerReservation[] | Entries<ControllerReservation>;
  /** What can still be allocated against the reservation; nothing when it is over. */
  readonly remaining?: CapacityVector;
  /**
   * What of remaining is virtual machines of a container: each can be allocated
   * once.
   */
  readonly 'remaining-container'?: readonly RemainingContainer[] | Entries<RemainingContainer>;
  /**
   * What a degraded reservation lacks: the most that is missing at any instant of its
   * window.
   */
  readonly missing?: CapacityVector;
  /**
   * Elements that a degraded reservation holds and that the VIM does not have any more.
   * When one is there again, it holds it again.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly 'missing-elements'?: readonly string[];
  /**
   * Allocations made against the reservation that are not gone.
   * @type leafref
   */
  readonly allocations?: readonly string[];
};

/**
 * Claim on capacity during a window. An entry that an edit creates or changes is
 * admitted like one that an RPC asks for: the edit fails if it does not fit.
 * @path /opnfv-promise:promise/reservations/reservation
 */
export type Reservation = {
  /**
   * Identifier of the reservation (reservationID in the message flows).
   * @type nfv-infrastructure:identifier
   */
  readonly id: string;
  /**
   * Name for people; need not be unique.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Class of the reservation. */
  readonly priority?: Priority;
  /**
   * First instant of the window (startTime in IFA 005). Absent: immediate use, from
   * the instant of the decision.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the window (endTime in IFA 005). Absent: without end, as far
   * as the policy open-ended allows. It has to be later than the start.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * Instant by which the reserved resources have to be allocated (expiryTime in IFA
   * 005): what is not allocated by then is released. Absent: by policy.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expiry-time'?: string;
  /** Amount of each resource. A resource that is absent is not concerned. */
  readonly capacity?: CapacityVector;
  /**
   * Availability zone in which the resources have to be. Absent: any zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools from which the resources may come. Absent: any pool that fits.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Individual elements to reserve. A host is held whole, unless there are containers:
   * then their instances are placed on the hosts named and no others. A flavor or image
   * is not held; the pools have to have it. A network, subnet, port, floating IP,
   * address or volume is held by one reservation at a time, and what is a part of it
   * with it: who holds a network holds its subnets, ports and addresses. Such an element
   * is named by its id in the VIM, by its name where no other has it, or by its
   * address; an address of a subnet need not be in use. Where several networks have an
   * address, it is given with its subnet or network, as SUBNET/ADDRESS. An element takes
   * no capacity: what is to be made, such as the port with an address, is asked for
   * beside.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly elements?: readonly string[];
  /** Virtual machines of one size (virtualisation containers in IFA 005). */
  readonly container?: readonly DemandContainer[] | Entries<DemandContainer>;
  /** Constraint on how virtual machines are spread over hosts. */
  readonly 'affinity-group'?: readonly AffinityGroup[] | Entries<AffinityGroup>;
  /**
   * The window from start to end, or the one that Promise chooses, is the first of
   * many, all of the same length. It is one reservation: all of its windows are
   * granted, or none. Each may be allocated anew; between two of them the status is
   * scheduled. Days and weeks are counted in UTC, so that each window starts exactly
   * 24 hours, or 7 days, times the interval after the one before it. Windows must not
   * overlap. An expiry-time is that of the first window, and each has one as long
   * after its start. Policy bounds the start of the first window, the end of the
   * last, and the duration of each.
   */
  readonly recurrence?: Recurrence;
  /**
   * Bounds within which Promise chooses the window: the earliest in which the whole
   * request fits. With a recurrence they are those of the first window, and the
   * request fits in all: there are as many as if the first started at the earliest
   * start. The window is in starts-at and ends-at then, and stays when other things
   * change as long as they fit in it. An update with a start or an end takes the
   * place of the bounds; what it does not give stays as it was chosen.
   */
  readonly 'flexible-window'?: FlexibleWindow;
  /** What Promise knows about the reservation. */
  readonly state?: ReservationState;
};

/**
 * VIMs that Promise knows.
 * @path /opnfv-promise:promise/providers
 */
export type PromiseTreeProviders = {
  /**
   * One registered VIM. An entry made by an edit is accepted at once and is
   * contacted afterwards; its status tells how that went.
   */
  readonly provider?: readonly Provider[] | Entries<Provider>;
};

/**
 * Capacity under Promise's control.
 * @path /opnfv-promise:promise/pools
 */
export type PromiseTreePools = {
  /**
   * Capacity of a provider: all of it, or a part, the rest being a buffer outside
   * Promise.
   */
  readonly pool?: readonly Pool[] | Entries<Pool>;
};

/**
 * Reservation map.
 * @path /opnfv-promise:promise/reservations
 */
export type PromiseTreeReservations = {
  /**
   * Claim on capacity during a window. An entry that an edit creates or changes is
   * admitted like one that an RPC asks for: the edit fails if it does not fit.
   */
  readonly reservation?: readonly Reservation[] | Entries<Reservation>;
};

/**
 * Offers that were made.
 * @path /opnfv-promise:promise/offers
 */
export type PromiseTreeOffers = {
  /** Resources held for a consumer until a deadline. */
  readonly offer?: readonly Offer[] | Entries<Offer>;
};

/**
 * Consumption of capacity: what Promise had the VIM make.
 * @path /opnfv-promise:promise/allocations
 */
export type PromiseTreeAllocations = {
  /** One virtual machine, volume, network, port, floating IP or router. */
  readonly allocation?: readonly Allocation[] | Entries<Allocation>;
};

/**
 * Everything that Promise manages.
 * @path /opnfv-promise:promise
 */
export type PromiseTree = {
  /** Capacity map at this instant, summed over all pools. */
  readonly capacity?: CapacityBreakdown;
  /** Rules that bind every request. Where a limit is absent, there is none. */
  readonly policy?: Policy;
  /** VIMs that Promise knows. */
  readonly providers?: PromiseTreeProviders;
  /** Capacity under Promise's control. */
  readonly pools?: PromiseTreePools;
  /** Reservation map. */
  readonly reservations?: PromiseTreeReservations;
  /** Offers that were made. */
  readonly offers?: PromiseTreeOffers;
  /** Consumption of capacity: what Promise had the VIM make. */
  readonly allocations?: PromiseTreeAllocations;
};

/**
 * Registers a provider and contacts it; the answer comes after the first contact. To
 * bring its capacity under Promise's control, increase-capacity follows.
 * @path /opnfv-promise:add-provider/input
 */
export type AddProviderInput = {
  /**
   * Name of the provider, unique among providers. Absent: its identifier.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Kind of the provider. */
  readonly 'provider-type': ProviderType;
  /**
   * How Promise proves its identity. Absent: the usual way of the kind of
   * provider.
   */
  readonly strategy?: 'keystone';
  /**
   * Address of the provider's identity service, for example
   * https://vim.example.net:5000/v3.
   * @type ietf-inet-types:uri
   */
  readonly endpoint?: string;
  /** Region of the provider to use, where it has several. */
  readonly region?: string;
  /**
   * Which of a service's endpoints in the provider's catalogue are used. Absent: those
   * that the server is set to use, or public.
   */
  readonly interface?: 'public' | 'internal' | 'admin';
  /**
   * Certificates (PEM, RFC 7468) of the authorities that are trusted for this provider,
   * with nothing else beside them, in place of those that the server is set to trust.
   * They are public. Absent: those of the server.
   */
  readonly 'ca-certificate'?: string;
  /** User as whom Promise logs in. */
  readonly username?: string;
  /**
   * Password of that user. It is kept secret: only who is explicitly permitted
   * reads it, and it never appears in logs.
   */
  readonly password?: string;
  /** Domain of the user and of the tenant, in Keystone's sense. Absent: Default. */
  readonly domain?: string;
  /** Tenant (project) in which Promise works. */
  readonly tenant?: Tenant;
  /** What may be displaced on this provider. */
  readonly 'pre-emption': 'none' | 'best-effort' | 'priority';
  /**
   * What the provider simulates. Changes made here take effect when the provider is
   * set up; a running one is changed with the RPCs of this module.
   */
  readonly 'promise-simulator:simulation'?: AddProviderInputSimulation;
};

/** Type `opnfv-promise:result`. */
export type Result =
  /** The request was carried out, or accepted. */
  | 'ok'
  /**
   * The request was understood and refused; the reason says why, and nothing was
   * changed.
   */
  | 'conflict';

/**
 * Registers a provider and contacts it; the answer comes after the first contact. To
 * bring its capacity under Promise's control, increase-capacity follows.
 * @path /opnfv-promise:add-provider/output
 */
export type AddProviderOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /** State of the contact. */
  readonly status?: ProviderStatus;
  /**
   * Identifier of the new provider. Absent when it was not registered.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id'?: string;
};

/**
 * Removes a provider that add-provider made, and its pools. While anything is held there
 * it is refused, or the provider is drained first. What it runs beside Promise is left
 * alone.
 * @path /opnfv-promise:remove-provider/input
 */
export type RemoveProviderInput = {
  /**
   * Identifier of the provider.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id': string;
  /** What to do while anything is held. */
  readonly mode: 'refuse' | 'drain';
};

/**
 * What is held there. Absent: nothing.
 * @path /opnfv-promise:remove-provider/output/in-use
 */
export type RemoveProviderOutputInUse = {
  /**
   * How many reservations hold something there, now or later.
   * @type uint32
   */
  readonly 'reservation-count'?: number;
  /**
   * How many offers do.
   * @type uint32
   */
  readonly 'offer-count'?: number;
  /**
   * How many allocations are there.
   * @type uint32
   */
  readonly 'allocation-count'?: number;
  /**
   * Which reservations: the first hundred.
   * @type nfv-infrastructure:identifier
   */
  readonly reservations?: readonly string[];
  /**
   * Which offers: the first hundred.
   * @type nfv-infrastructure:identifier
   */
  readonly offers?: readonly string[];
  /**
   * Which allocations: the first hundred.
   * @type nfv-infrastructure:identifier
   */
  readonly allocations?: readonly string[];
};

/**
 * Removes a provider that add-provider made, and its pools. While anything is held there
 * it is refused, or the provider is drained first. What it runs beside Promise is left
 * alone.
 * @path /opnfv-promise:remove-provider/output
 */
export type RemoveProviderOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /** What became of the provider. */
  readonly status?: 'removed' | 'draining' | 'kept';
  /** What is held there. Absent: nothing. */
  readonly 'in-use'?: RemoveProviderOutputInUse;
};

/**
 * Brings capacity of a provider under Promise's control, or announces that there will
 * be more during a window (capacity step 2a). Makes a pool if there is none yet for
 * the source and zone.
 * @path /opnfv-promise:increase-capacity/input
 */
export type IncreaseCapacityInput = {
  /**
   * Provider whose capacity is concerned. It can be left out when pool-id is given,
   * and when there is only one provider.
   * @type nfv-infrastructure:identifier
   */
  readonly source?: string;
  /**
   * Pool to change. Absent: the pool of the source in the zone.
   * @type nfv-infrastructure:identifier
   */
  readonly 'pool-id'?: string;
  /**
   * Availability zone of the capacity. Absent: not bound to a zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * First instant of the change. Absent: now.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the change; it has to be later than the start. Absent:
   * without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * Elements of the provider that are concerned, for example hosts.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly elements?: readonly string[];
  /** Amount to add. Empty: all that the provider has and that is in no pool yet. */
  readonly capacity?: CapacityVector;
};

/**
 * Brings capacity of a provider under Promise's control, or announces that there will
 * be more during a window (capacity step 2a). Makes a pool if there is none yet for
 * the source and zone.
 * @path /opnfv-promise:increase-capacity/output
 */
export type IncreaseCapacityOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /**
   * Pool that was made or changed.
   * @type nfv-infrastructure:identifier
   */
  readonly 'pool-id'?: string;
  /**
   * Adjustment of the pool that was recorded, if the change has a window.
   * @type nfv-infrastructure:identifier
   */
  readonly 'adjustment-id'?: string;
  /** The most that could be added, when the provider has less than was asked for. */
  readonly most?: CapacityVector;
};

/**
 * Withdraws capacity from Promise's control, for good or during a window (capacity
 * step 2a). It is refused if reservations or allocations hold the capacity, unless it
 * is forced.
 * @path /opnfv-promise:decrease-capacity/input
 */
export type DecreaseCapacityInput = {
  /**
   * Provider whose capacity is concerned. It can be left out when pool-id is given,
   * and when there is only one provider.
   * @type nfv-infrastructure:identifier
   */
  readonly source?: string;
  /**
   * Pool to change. Absent: the pool of the source in the zone.
   * @type nfv-infrastructure:identifier
   */
  readonly 'pool-id'?: string;
  /**
   * Availability zone of the capacity. Absent: not bound to a zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * First instant of the change. Absent: now.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the change; it has to be later than the start. Absent:
   * without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * Elements of the provider that are concerned, for example hosts.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly elements?: readonly string[];
  /** Amount to take away. */
  readonly capacity?: CapacityVector;
  /**
   * Whether to withdraw the capacity even if it is held: the reservations in
   * affected become degraded or, where on-capacity-loss says so, preempted.
   */
  readonly force: boolean;
};

/**
 * Reservations that stand in the way, or that became degraded or preempted.
 * @path /opnfv-promise:decrease-capacity/output/affected
 */
export type DecreaseCapacityOutputAffected = {
  /**
   * Identifier of the reservation.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id': string;
  /**
   * Name of the reservation.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Class of the reservation. */
  readonly priority?: Priority;
  /**
   * Start of the reservation.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * End of the reservation. Absent: without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /** What the reservation would lack. */
  readonly missing?: CapacityVector;
};

/**
 * Withdraws capacity from Promise's control, for good or during a window (capacity
 * step 2a). It is refused if reservations or allocations hold the capacity, unless it
 * is forced.
 * @path /opnfv-promise:decrease-capacity/output
 */
export type DecreaseCapacityOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /**
   * Pool that was changed, or would have been.
   * @type nfv-infrastructure:identifier
   */
  readonly 'pool-id'?: string;
  /**
   * Adjustment of the pool that was recorded, if the change has a window.
   * @type nfv-infrastructure:identifier
   */
  readonly 'adjustment-id'?: string;
  /** The most that could be taken away without touching what is held. */
  readonly most?: CapacityVector;
  /** Reservations that stand in the way, or that became degraded or preempted. */
  readonly affected?: readonly DecreaseCapacityOutputAffected[];
};

/**
 * Looks capacity up in the capacity map (capacity steps 1a and 1b).
 * @path /opnfv-promise:query-capacity/input
 */
export type QueryCapacityInput = {
  /** View that collections and utilization show. */
  readonly capacity: CapacityKind;
  /**
   * Only the capacity of this provider.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id'?: string;
  /**
   * Only these pools. Absent: all.
   * @type nfv-infrastructure:identifier
   */
  readonly pools?: readonly string[];
  /**
   * Only what concerns this availability zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /** Window of time that the query is about. Absent: from now on, without end. */
  readonly window?: QueryWindow;
  /**
   * Reservations to leave out of the account, as if they did not exist: useful
   * before an update of one.
   * @type nfv-infrastructure:identifier
   */
  readonly without?: readonly string[];
  /** Whether the answer contains the utilization over the window. */
  readonly 'show-utilization': boolean;
  /** Only what contains given elements. */
  readonly elements?: ElementsFilter;
  /**
   * Utilization by intervals of this length from the start of the window on, in
   * place of one entry for each change: of each pool the least within the interval
   * of total and available, the most of reserved and usage. The window has to have
   * an end; an answer has 100000 intervals at most.
   * @type uint32 (seconds)
   */
  readonly interval?: number;
  /** Whether the answer names what makes up the capacity. */
  readonly 'show-collections': boolean;
  /**
   * Also answer how many virtual machines of this flavor could be started.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly flavor?: string;
};

/**
 * What makes up the capacity: pools for total and available, reservations and
 * offers for reserved, allocations for usage; with available, what reduces it is
 * listed too.
 * @path /opnfv-promise:query-capacity/output/collections
 */
export type QueryCapacityOutputCollections = {
  /** What the entry is. */
  readonly kind: 'pool' | 'reservation' | 'allocation' | 'offer';
  /**
   * Identifier of the pool, reservation, allocation or offer.
   * @type nfv-infrastructure:identifier
   */
  readonly id: string;
  /**
   * Its name.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Provider from which it comes, if it is only one.
   * @type nfv-infrastructure:identifier
   */
  readonly provider?: string;
  /**
   * Availability zone to which it is bound.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * First instant at which it counts.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant at which it no longer counts. Absent: without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * From the start of one window to that of the next. Absent: there is one window.
   * @type uint32 (seconds)
   */
  readonly period?: number;
  /**
   * How many windows there are. Absent: one.
   * @type uint32 (windows)
   */
  readonly windows?: number;
  /**
   * Its amount: of a pool in the view asked for, lowest for total and
   * available, highest for reserved and usage; of the others what they hold.
   */
  readonly capacity?: CapacityVector;
};

/**
 * The same for each availability zone by itself, where hosts are known. Together
 * they are no more than the pool has room for.
 * @path /opnfv-promise:query-capacity/output/fits/by-zone
 */
export type QueryCapacityOutputFitsByZone = {
  /**
   * Availability zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone: string;
  /**
   * Number of virtual machines.
   * @type uint32 (instances)
   */
  readonly instances: number;
};

/**
 * How many virtual machines of the flavor could be started throughout the
 * window.
 * @path /opnfv-promise:query-capacity/output/fits
 */
export type QueryCapacityOutputFits = {
  /**
   * Pool that was considered.
   * @type nfv-infrastructure:identifier
   */
  readonly pool: string;
  /**
   * Availability zone of the pool.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Number of virtual machines.
   * @type uint32 (instances)
   */
  readonly instances: number;
  /**
   * The same for each availability zone by itself, where hosts are known. Together
   * they are no more than the pool has room for.
   */
  readonly 'by-zone'?: readonly QueryCapacityOutputFitsByZone[];
};

/**
 * Looks capacity up in the capacity map (capacity steps 1a and 1b).
 * @path /opnfv-promise:query-capacity/output
 */
export type QueryCapacityOutput = {
  /**
   * All four views over the whole window, or at this instant if no window was
   * given: total and available at their lowest, reserved and usage at their
   * highest.
   */
  readonly capacity?: CapacityBreakdown;
  /**
   * What makes up the capacity: pools for total and available, reservations and
   * offers for reserved, allocations for usage; with available, what reduces it is
   * listed too.
   */
  readonly collections?: readonly QueryCapacityOutputCollections[];
  /**
   * One entry for the start of the window and one for each instant within it at which
   * something changes, or one for each interval that was asked for; an entry holds
   * until the next one.
   */
  readonly utilization?: readonly Utilization[];
  /**
   * How many virtual machines of the flavor could be started throughout the
   * window.
   */
  readonly fits?: readonly QueryCapacityOutputFits[];
};

/**
 * Amount of each resource for one virtual machine.
 * @path /opnfv-promise:create-reservation/input/container/explicit
 */
export type CreateReservationInputContainerExplicit = {
  /**
   * Virtual CPUs.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Local disk. Absent: none.
   * @type uint32 (GB)
   */
  readonly disk?: number;
};

/**
 * Virtual machines of one size (virtualisation containers in IFA 005).
 * @path /opnfv-promise:create-reservation/input/container
 */
export type CreateReservationInputContainer = {
  /**
   * Name of this part of the request.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * How many virtual machines.
   * @type uint32 (instances)
   */
  readonly count: number;
  /**
   * Id or name of a flavor.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly flavor?: string;
  /** Amount of each resource for one virtual machine. */
  readonly explicit?: CreateReservationInputContainerExplicit;
  /**
   * Availability zone of these virtual machines. Absent: that of the request.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools for these virtual machines. Absent: those of the request.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Name of the affinity group to which these virtual machines belong.
   * @type nfv-infrastructure:name
   */
  readonly group?: string;
  /**
   * Properties that a host has to have.
   * @type nfv-infrastructure:trait
   */
  readonly 'required-traits'?: readonly string[];
  /**
   * Properties that a host must not have.
   * @type nfv-infrastructure:trait
   */
  readonly 'forbidden-traits'?: readonly string[];
};

/**
 * The window from start to end, or the one that Promise chooses, is the first of
 * many, all of the same length. It is one reservation: all of its windows are
 * granted, or none. Each may be allocated anew; between two of them the status is
 * scheduled. Days and weeks are counted in UTC, so that each window starts exactly
 * 24 hours, or 7 days, times the interval after the one before it. Windows must not
 * overlap. An expiry-time is that of the first window, and each has one as long
 * after its start. Policy bounds the start of the first window, the end of the
 * last, and the duration of each.
 * @path /opnfv-promise:create-reservation/input/recurrence
 */
export type CreateReservationInputRecurrence = {
  /** Unit of the repetition. */
  readonly frequency: 'daily' | 'weekly';
  /**
   * Number of units from one window to the next.
   * @type uint16
   */
  readonly interval: number;
  /**
   * No window starts after this instant. There may be 10000 windows at the most.
   * @type ietf-yang-types:date-and-time
   */
  readonly until?: string;
  /**
   * Number of windows, the first included.
   * @type uint32
   */
  readonly count?: number;
};

/**
 * Reserves capacity for a window (reservation steps 1a and 1b). Without a start it is
 * for immediate use, and the answer carries a validity period.
 * @path /opnfv-promise:create-reservation/input
 */
export type CreateReservationInput = {
  /**
   * Name for people; need not be unique.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Class of the reservation. */
  readonly priority: Priority;
  /**
   * First instant of the window (startTime in IFA 005). Absent: immediate use, from
   * the instant of the decision.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the window (endTime in IFA 005). Absent: without end, as far
   * as the policy open-ended allows. It has to be later than the start.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * Instant by which the reserved resources have to be allocated (expiryTime in IFA
   * 005): what is not allocated by then is released. Absent: by policy.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expiry-time'?: string;
  /** Amount of each resource. A resource that is absent is not concerned. */
  readonly capacity?: CapacityVector;
  /**
   * Availability zone in which the resources have to be. Absent: any zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools from which the resources may come. Absent: any pool that fits.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Individual elements to reserve. A host is held whole, unless there are containers:
   * then their instances are placed on the hosts named and no others. A flavor or image
   * is not held; the pools have to have it. A network, subnet, port, floating IP,
   * address or volume is held by one reservation at a time, and what is a part of it
   * with it: who holds a network holds its subnets, ports and addresses. Such an element
   * is named by its id in the VIM, by its name where no other has it, or by its
   * address; an address of a subnet need not be in use. Where several networks have an
   * address, it is given with its subnet or network, as SUBNET/ADDRESS. An element takes
   * no capacity: what is to be made, such as the port with an address, is asked for
   * beside.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly elements?: readonly string[];
  /** Virtual machines of one size (virtualisation containers in IFA 005). */
  readonly container?: readonly CreateReservationInputContainer[];
  /** Constraint on how virtual machines are spread over hosts. */
  readonly 'affinity-group'?: readonly AffinityGroup[];
  /**
   * The window from start to end, or the one that Promise chooses, is the first of
   * many, all of the same length. It is one reservation: all of its windows are
   * granted, or none. Each may be allocated anew; between two of them the status is
   * scheduled. Days and weeks are counted in UTC, so that each window starts exactly
   * 24 hours, or 7 days, times the interval after the one before it. Windows must not
   * overlap. An expiry-time is that of the first window, and each has one as long
   * after its start. Policy bounds the start of the first window, the end of the
   * last, and the duration of each.
   */
  readonly recurrence?: CreateReservationInputRecurrence;
  /**
   * Bounds within which Promise chooses the window: the earliest in which the whole
   * request fits. With a recurrence they are those of the first window, and the
   * request fits in all: there are as many as if the first started at the earliest
   * start. The window is in starts-at and ends-at then, and stays when other things
   * change as long as they fit in it. An update with a start or an end takes the
   * place of the bounds; what it does not give stays as it was chosen.
   */
  readonly 'flexible-window'?: FlexibleWindow;
  /**
   * Whether to answer before the decision, with the status pending (second message
   * flow, reservation steps 2 to 6). The decision is notified by a
   * reservation-event.
   */
  readonly asynchronous: boolean;
};

/**
 * Reserves capacity for a window (reservation steps 1a and 1b). Without a start it is
 * for immediate use, and the answer carries a validity period.
 * @path /opnfv-promise:create-reservation/output
 */
export type CreateReservationOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /**
   * False if the search for a placement, or for what could be displaced, was ended by
   * its limit of steps: more steps could have found an answer.
   */
  readonly 'search-complete'?: boolean;
  /**
   * Reservations of a lower priority that had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly 'displaced-reservations'?: readonly string[];
  /**
   * Allocations without a reservation that had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly 'displaced-instances'?: readonly string[];
  /**
   * Reservations that were placed anew, without loss, to make room.
   * @type nfv-infrastructure:identifier
   */
  readonly moved?: readonly string[];
  /**
   * Status of the reservation. After a refused creation it is rejected, after a
   * refused update it is that of the unchanged reservation.
   */
  readonly status: ReservationStatus;
  /**
   * What is not allocated at this instant is released: the validity period of a
   * reservation for immediate use, among others. Absent: never.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expires-at'?: string;
  /**
   * Start in effect, for example the one that was chosen in a flexible window. Absent
   * when nothing is decided yet.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'starts-at'?: string;
  /**
   * End in effect. Absent also: without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'ends-at'?: string;
  /** What could be had instead, when the result is conflict. */
  readonly refusal?: Refusal;
  /**
   * Identifier of the new reservation. Absent when it was refused.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id'?: string;
};

/**
 * Amount of each resource for one virtual machine.
 * @path /opnfv-promise:update-reservation/input/container/explicit
 */
export type UpdateReservationInputContainerExplicit = {
  /**
   * Virtual CPUs.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Local disk. Absent: none.
   * @type uint32 (GB)
   */
  readonly disk?: number;
};

/**
 * Virtual machines of one size (virtualisation containers in IFA 005).
 * @path /opnfv-promise:update-reservation/input/container
 */
export type UpdateReservationInputContainer = {
  /**
   * Name of this part of the request.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * How many virtual machines.
   * @type uint32 (instances)
   */
  readonly count: number;
  /**
   * Id or name of a flavor.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly flavor?: string;
  /** Amount of each resource for one virtual machine. */
  readonly explicit?: UpdateReservationInputContainerExplicit;
  /**
   * Availability zone of these virtual machines. Absent: that of the request.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools for these virtual machines. Absent: those of the request.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Name of the affinity group to which these virtual machines belong.
   * @type nfv-infrastructure:name
   */
  readonly group?: string;
  /**
   * Properties that a host has to have.
   * @type nfv-infrastructure:trait
   */
  readonly 'required-traits'?: readonly string[];
  /**
   * Properties that a host must not have.
   * @type nfv-infrastructure:trait
   */
  readonly 'forbidden-traits'?: readonly string[];
};

/**
 * The window from start to end, or the one that Promise chooses, is the first of
 * many, all of the same length. It is one reservation: all of its windows are
 * granted, or none. Each may be allocated anew; between two of them the status is
 * scheduled. Days and weeks are counted in UTC, so that each window starts exactly
 * 24 hours, or 7 days, times the interval after the one before it. Windows must not
 * overlap. An expiry-time is that of the first window, and each has one as long
 * after its start. Policy bounds the start of the first window, the end of the
 * last, and the duration of each.
 * @path /opnfv-promise:update-reservation/input/recurrence
 */
export type UpdateReservationInputRecurrence = {
  /** Unit of the repetition. */
  readonly frequency: 'daily' | 'weekly';
  /**
   * Number of units from one window to the next.
   * @type uint16
   */
  readonly interval: number;
  /**
   * No window starts after this instant. There may be 10000 windows at the most.
   * @type ietf-yang-types:date-and-time
   */
  readonly until?: string;
  /**
   * Number of windows, the first included.
   * @type uint32
   */
  readonly count?: number;
};

/**
 * Changes a reservation (reservation steps 2a and 2b). What is absent stays as it is,
 * each resource of capacity included; a list or leaf-list of which there is an entry
 * replaces the whole old one. The change is made as a whole or not at all.
 * @path /opnfv-promise:update-reservation/input
 */
export type UpdateReservationInput = {
  /**
   * Reservation to change.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id': string;
  /**
   * Name for people; need not be unique.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Class of the reservation. */
  readonly priority?: Priority;
  /**
   * First instant of the window (startTime in IFA 005). Absent: immediate use, from
   * the instant of the decision.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the window (endTime in IFA 005). Absent: without end, as far
   * as the policy open-ended allows. It has to be later than the start.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * Instant by which the reserved resources have to be allocated (expiryTime in IFA
   * 005): what is not allocated by then is released. Absent: by policy.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expiry-time'?: string;
  /** Amount of each resource. A resource that is absent is not concerned. */
  readonly capacity?: CapacityVector;
  /**
   * Availability zone in which the resources have to be. Absent: any zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools from which the resources may come. Absent: any pool that fits.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Individual elements to reserve. A host is held whole, unless there are containers:
   * then their instances are placed on the hosts named and no others. A flavor or image
   * is not held; the pools have to have it. A network, subnet, port, floating IP,
   * address or volume is held by one reservation at a time, and what is a part of it
   * with it: who holds a network holds its subnets, ports and addresses. Such an element
   * is named by its id in the VIM, by its name where no other has it, or by its
   * address; an address of a subnet need not be in use. Where several networks have an
   * address, it is given with its subnet or network, as SUBNET/ADDRESS. An element takes
   * no capacity: what is to be made, such as the port with an address, is asked for
   * beside.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly elements?: readonly string[];
  /** Virtual machines of one size (virtualisation containers in IFA 005). */
  readonly container?: readonly UpdateReservationInputContainer[];
  /** Constraint on how virtual machines are spread over hosts. */
  readonly 'affinity-group'?: readonly AffinityGroup[];
  /**
   * The window from start to end, or the one that Promise chooses, is the first of
   * many, all of the same length. It is one reservation: all of its windows are
   * granted, or none. Each may be allocated anew; between two of them the status is
   * scheduled. Days and weeks are counted in UTC, so that each window starts exactly
   * 24 hours, or 7 days, times the interval after the one before it. Windows must not
   * overlap. An expiry-time is that of the first window, and each has one as long
   * after its start. Policy bounds the start of the first window, the end of the
   * last, and the duration of each.
   */
  readonly recurrence?: UpdateReservationInputRecurrence;
  /**
   * Bounds within which Promise chooses the window: the earliest in which the whole
   * request fits. With a recurrence they are those of the first window, and the
   * request fits in all: there are as many as if the first started at the earliest
   * start. The window is in starts-at and ends-at then, and stays when other things
   * change as long as they fit in it. An update with a start or an end takes the
   * place of the bounds; what it does not give stays as it was chosen.
   */
  readonly 'flexible-window'?: FlexibleWindow;
  /** Values to remove from the reservation. */
  readonly clear?: readonly (
    | 'name'
    | 'start'
    | 'end'
    | 'expiry-time'
    | 'zone'
    | 'pools'
    | 'elements'
    | 'container'
    | 'affinity-group'
    | 'recurrence')[];
};

/**
 * Changes a reservation (reservation steps 2a and 2b). What is absent stays as it is,
 * each resource of capacity included; a list or leaf-list of which there is an entry
 * replaces the whole old one. The change is made as a whole or not at all.
 * @path /opnfv-promise:update-reservation/output
 */
export type UpdateReservationOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /**
   * False if the search for a placement, or for what could be displaced, was ended by
   * its limit of steps: more steps could have found an answer.
   */
  readonly 'search-complete'?: boolean;
  /**
   * Reservations of a lower priority that had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly 'displaced-reservations'?: readonly string[];
  /**
   * Allocations without a reservation that had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly 'displaced-instances'?: readonly string[];
  /**
   * Reservations that were placed anew, without loss, to make room.
   * @type nfv-infrastructure:identifier
   */
  readonly moved?: readonly string[];
  /**
   * Status of the reservation. After a refused creation it is rejected, after a
   * refused update it is that of the unchanged reservation.
   */
  readonly status: ReservationStatus;
  /**
   * What is not allocated at this instant is released: the validity period of a
   * reservation for immediate use, among others. Absent: never.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expires-at'?: string;
  /**
   * Start in effect, for example the one that was chosen in a flexible window. Absent
   * when nothing is decided yet.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'starts-at'?: string;
  /**
   * End in effect. Absent also: without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'ends-at'?: string;
  /** What could be had instead, when the result is conflict. */
  readonly refusal?: Refusal;
  /**
   * Identifier of the reservation.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id'?: string;
};

/**
 * Withdraws a reservation (reservation steps 3a and 3b). What it held is free again;
 * what was allocated under it runs on without a reservation.
 * @path /opnfv-promise:cancel-reservation/input
 */
export type CancelReservationInput = {
  /**
   * Reservation to withdraw.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id': string;
};

/**
 * Withdraws a reservation (reservation steps 3a and 3b). What it held is free again;
 * what was allocated under it runs on without a reservation.
 * @path /opnfv-promise:cancel-reservation/output
 */
export type CancelReservationOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /** Status of the reservation afterwards. */
  readonly status: ReservationStatus;
};

/**
 * Looks reservations up in the reservation map (reservation steps 4a and 4b).
 * @path /opnfv-promise:query-reservation/input
 */
export type QueryReservationInput = {
  /**
   * Only these reservations. Absent: all.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id'?: readonly string[];
  /**
   * Only reservations of this name.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Only reservations of one of these statuses. Absent: all that are not over. */
  readonly status?: readonly ReservationStatus[];
  /**
   * Only what concerns this availability zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /** Window of time that the query is about. Absent: from now on, without end. */
  readonly window?: QueryWindow;
  /**
   * Reservations to leave out of the account, as if they did not exist: useful
   * before an update of one.
   * @type nfv-infrastructure:identifier
   */
  readonly without?: readonly string[];
  /** Whether the answer contains the utilization over the window. */
  readonly 'show-utilization': boolean;
  /** Only what contains given elements. */
  readonly elements?: ElementsFilter;
};

/**
 * Amount of each resource for one virtual machine.
 * @path /opnfv-promise:query-reservation/output/reservations/container/explicit
 */
export type QueryReservationOutputReservationsContainerExplicit = {
  /**
   * Virtual CPUs.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Local disk. Absent: none.
   * @type uint32 (GB)
   */
  readonly disk?: number;
};

/**
 * Virtual machines of one size (virtualisation containers in IFA 005).
 * @path /opnfv-promise:query-reservation/output/reservations/container
 */
export type QueryReservationOutputReservationsContainer = {
  /**
   * Name of this part of the request.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * How many virtual machines.
   * @type uint32 (instances)
   */
  readonly count: number;
  /**
   * Id or name of a flavor.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly flavor?: string;
  /** Amount of each resource for one virtual machine. */
  readonly explicit?: QueryReservationOutputReservationsContainerExplicit;
  /**
   * Availability zone of these virtual machines. Absent: that of the request.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools for these virtual machines. Absent: those of the request.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Name of the affinity group to which these virtual machines belong.
   * @type nfv-infrastructure:name
   */
  readonly group?: string;
  /**
   * Properties that a host has to have.
   * @type nfv-infrastructure:trait
   */
  readonly 'required-traits'?: readonly string[];
  /**
   * Properties that a host must not have.
   * @type nfv-infrastructure:trait
   */
  readonly 'forbidden-traits'?: readonly string[];
};

/**
 * Windows of a reservation that recurs. Empty for others.
 * @path /opnfv-promise:query-reservation/output/reservations/state/recurring
 */
export type QueryReservationOutputReservationsStateRecurring = {
  /**
   * How many windows it has, those that are over included.
   * @type uint32 (windows)
   */
  readonly windows?: number;
  /**
   * First instant after the last window.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'ends-at'?: string;
  /** Window in progress. */
  readonly current?: Occurrence;
  /** Window that starts next. */
  readonly next?: Occurrence;
  /** Of a degraded reservation, the first 16 windows that lack something. */
  readonly 'short-window'?: readonly RecurringShortWindow[];
};

/**
 * What Promise knows about the reservation.
 * @path /opnfv-promise:query-reservation/output/reservations/state
 */
export type QueryReservationOutputReservationsState = {
  /** Where the reservation is in its life cycle. */
  readonly status?: ReservationStatus;
  /** How binding the claims are. Absent when nothing is held. */
  readonly hold?: Hold;
  /** Why the status is what it is, where that needs a reason. */
  readonly reason?: Reason;
  /** The reason in words. */
  readonly message?: string;
  /** User who made the reservation. */
  readonly owner?: string;
  /** Tenant for which the reservation was made (resourceGroupId in IFA 005). */
  readonly tenant?: string;
  /**
   * Instant at which the reservation was recorded.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'created-on'?: string;
  /**
   * Instant of the last change of the reservation or its state.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'modified-on'?: string;
  /**
   * Start in effect: the one asked for, or the instant of the decision. Of a
   * reservation that recurs, that of the window in progress, or of the next one.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'starts-at'?: string;
  /**
   * End in effect: the one asked for, or the bound that policy sets. Absent: without
   * end. Of a reservation that recurs, that of the window in progress, or of the next
   * one.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'ends-at'?: string;
  /** Windows of a reservation that recurs. Empty for others. */
  readonly recurring?: QueryReservationOutputReservationsStateRecurring;
  /**
   * What is not allocated at this instant is released, of a reservation that recurs
   * until the window in progress is over. It comes from expiry-time, from the validity
   * period of a reservation for immediate use, or from the policy expiry. Absent:
   * never.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expires-at'?: string;
  /** What is held where, and when. */
  readonly claim?: readonly Claim[];
  /**
   * Reservation that a controller of the VIM keeps for this one (second message
   * flow, reservation step 5).
   */
  readonly 'controller-reservation'?: readonly ControllerReservation[];
  /** What can still be allocated against the reservation; nothing when it is over. */
  readonly remaining?: CapacityVector;
  /**
   * What of remaining is virtual machines of a container: each can be allocated
   * once.
   */
  readonly 'remaining-container'?: readonly RemainingContainer[];
  /**
   * What a degraded reservation lacks: the most that is missing at any instant of its
   * window.
   */
  readonly missing?: CapacityVector;
  /**
   * Elements that a degraded reservation holds and that the VIM does not have any more.
   * When one is there again, it holds it again.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly 'missing-elements'?: readonly string[];
  /**
   * Allocations made against the reservation that are not gone.
   * @type leafref
   */
  readonly allocations?: readonly string[];
};

/**
 * Reservations that match, in the order of their start.
 * @path /opnfv-promise:query-reservation/output/reservations
 */
export type QueryReservationOutputReservations = {
  /**
   * Identifier of the reservation (reservationID in the message flows).
   * @type nfv-infrastructure:identifier
   */
  readonly id: string;
  /**
   * Name for people; need not be unique.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Class of the reservation. */
  readonly priority?: Priority;
  /**
   * First instant of the window (startTime in IFA 005). Absent: immediate use, from
   * the instant of the decision.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the window (endTime in IFA 005). Absent: without end, as far
   * as the policy open-ended allows. It has to be later than the start.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * Instant by which the reserved resources have to be allocated (expiryTime in IFA
   * 005): what is not allocated by then is released. Absent: by policy.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expiry-time'?: string;
  /** Amount of each resource. A resource that is absent is not concerned. */
  readonly capacity?: CapacityVector;
  /**
   * Availability zone in which the resources have to be. Absent: any zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools from which the resources may come. Absent: any pool that fits.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Individual elements to reserve. A host is held whole, unless there are containers:
   * then their instances are placed on the hosts named and no others. A flavor or image
   * is not held; the pools have to have it. A network, subnet, port, floating IP,
   * address or volume is held by one reservation at a time, and what is a part of it
   * with it: who holds a network holds its subnets, ports and addresses. Such an element
   * is named by its id in the VIM, by its name where no other has it, or by its
   * address; an address of a subnet need not be in use. Where several networks have an
   * address, it is given with its subnet or network, as SUBNET/ADDRESS. An element takes
   * no capacity: what is to be made, such as the port with an address, is asked for
   * beside.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly elements?: readonly string[];
  /** Virtual machines of one size (virtualisation containers in IFA 005). */
  readonly container?: readonly QueryReservationOutputReservationsContainer[];
  /** Constraint on how virtual machines are spread over hosts. */
  readonly 'affinity-group'?: readonly AffinityGroup[];
  /**
   * The window from start to end, or the one that Promise chooses, is the first of
   * many, all of the same length. It is one reservation: all of its windows are
   * granted, or none. Each may be allocated anew; between two of them the status is
   * scheduled. Days and weeks are counted in UTC, so that each window starts exactly
   * 24 hours, or 7 days, times the interval after the one before it. Windows must not
   * overlap. An expiry-time is that of the first window, and each has one as long
   * after its start. Policy bounds the start of the first window, the end of the
   * last, and the duration of each.
   */
  readonly recurrence?: Recurrence;
  /**
   * Bounds within which Promise chooses the window: the earliest in which the whole
   * request fits. With a recurrence they are those of the first window, and the
   * request fits in all: there are as many as if the first started at the earliest
   * start. The window is in starts-at and ends-at then, and stays when other things
   * change as long as they fit in it. An update with a start or an end takes the
   * place of the bounds; what it does not give stays as it was chosen.
   */
  readonly 'flexible-window'?: FlexibleWindow;
  /** What Promise knows about the reservation. */
  readonly state?: QueryReservationOutputReservationsState;
};

/**
 * One entry for the start of the window and one for each instant within it at which
 * something changes, or one for each interval that was asked for; an entry holds
 * until the next one.
 * @path /opnfv-promise:query-reservation/output/utilization
 */
export type QueryReservationOutputUtilization = {
  /**
   * Instant from which the entry holds.
   * @type ietf-yang-types:date-and-time
   */
  readonly timestamp: string;
  /**
   * Number of reservations that make up the amount.
   * @type uint32
   */
  readonly count?: number;
  /** Amount from this instant on, in the view that the query asked for. */
  readonly capacity?: CapacityVector;
};

/**
 * Looks reservations up in the reservation map (reservation steps 4a and 4b).
 * @path /opnfv-promise:query-reservation/output
 */
export type QueryReservationOutput = {
  /** Reservations that match, in the order of their start. */
  readonly reservations?: readonly QueryReservationOutputReservations[];
  /**
   * One entry for the start of the window and one for each instant within it at which
   * something changes, or one for each interval that was asked for; an entry holds
   * until the next one.
   */
  readonly utilization?: readonly QueryReservationOutputUtilization[];
};

/**
 * Amount of each resource for one virtual machine.
 * @path /opnfv-promise:request-offer/input/container/explicit
 */
export type RequestOfferInputContainerExplicit = {
  /**
   * Virtual CPUs.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Local disk. Absent: none.
   * @type uint32 (GB)
   */
  readonly disk?: number;
};

/**
 * Virtual machines of one size (virtualisation containers in IFA 005).
 * @path /opnfv-promise:request-offer/input/container
 */
export type RequestOfferInputContainer = {
  /**
   * Name of this part of the request.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * How many virtual machines.
   * @type uint32 (instances)
   */
  readonly count: number;
  /**
   * Id or name of a flavor.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly flavor?: string;
  /** Amount of each resource for one virtual machine. */
  readonly explicit?: RequestOfferInputContainerExplicit;
  /**
   * Availability zone of these virtual machines. Absent: that of the request.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools for these virtual machines. Absent: those of the request.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Name of the affinity group to which these virtual machines belong.
   * @type nfv-infrastructure:name
   */
  readonly group?: string;
  /**
   * Properties that a host has to have.
   * @type nfv-infrastructure:trait
   */
  readonly 'required-traits'?: readonly string[];
  /**
   * Properties that a host must not have.
   * @type nfv-infrastructure:trait
   */
  readonly 'forbidden-traits'?: readonly string[];
};

/**
 * The window from start to end, or the one that Promise chooses, is the first of
 * many, all of the same length. It is one reservation: all of its windows are
 * granted, or none. Each may be allocated anew; between two of them the status is
 * scheduled. Days and weeks are counted in UTC, so that each window starts exactly
 * 24 hours, or 7 days, times the interval after the one before it. Windows must not
 * overlap. An expiry-time is that of the first window, and each has one as long
 * after its start. Policy bounds the start of the first window, the end of the
 * last, and the duration of each.
 * @path /opnfv-promise:request-offer/input/recurrence
 */
export type RequestOfferInputRecurrence = {
  /** Unit of the repetition. */
  readonly frequency: 'daily' | 'weekly';
  /**
   * Number of units from one window to the next.
   * @type uint16
   */
  readonly interval: number;
  /**
   * No window starts after this instant. There may be 10000 windows at the most.
   * @type ietf-yang-types:date-and-time
   */
  readonly until?: string;
  /**
   * Number of windows, the first included.
   * @type uint32
   */
  readonly count?: number;
};

/**
 * Asks for an offer: the resources are held until a deadline, as a reservation would
 * hold them, but nothing can be allocated against them. When capacity is lost, offers
 * give way before reservations do.
 * @path /opnfv-promise:request-offer/input
 */
export type RequestOfferInput = {
  /**
   * Name for people; need not be unique.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Class of the reservation. */
  readonly priority: Priority;
  /**
   * First instant of the window (startTime in IFA 005). Absent: immediate use, from
   * the instant of the decision.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the window (endTime in IFA 005). Absent: without end, as far
   * as the policy open-ended allows. It has to be later than the start.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * Instant by which the reserved resources have to be allocated (expiryTime in IFA
   * 005): what is not allocated by then is released. Absent: by policy.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expiry-time'?: string;
  /** Amount of each resource. A resource that is absent is not concerned. */
  readonly capacity?: CapacityVector;
  /**
   * Availability zone in which the resources have to be. Absent: any zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools from which the resources may come. Absent: any pool that fits.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Individual elements to reserve. A host is held whole, unless there are containers:
   * then their instances are placed on the hosts named and no others. A flavor or image
   * is not held; the pools have to have it. A network, subnet, port, floating IP,
   * address or volume is held by one reservation at a time, and what is a part of it
   * with it: who holds a network holds its subnets, ports and addresses. Such an element
   * is named by its id in the VIM, by its name where no other has it, or by its
   * address; an address of a subnet need not be in use. Where several networks have an
   * address, it is given with its subnet or network, as SUBNET/ADDRESS. An element takes
   * no capacity: what is to be made, such as the port with an address, is asked for
   * beside.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly elements?: readonly string[];
  /** Virtual machines of one size (virtualisation containers in IFA 005). */
  readonly container?: readonly RequestOfferInputContainer[];
  /** Constraint on how virtual machines are spread over hosts. */
  readonly 'affinity-group'?: readonly AffinityGroup[];
  /**
   * The window from start to end, or the one that Promise chooses, is the first of
   * many, all of the same length. It is one reservation: all of its windows are
   * granted, or none. Each may be allocated anew; between two of them the status is
   * scheduled. Days and weeks are counted in UTC, so that each window starts exactly
   * 24 hours, or 7 days, times the interval after the one before it. Windows must not
   * overlap. An expiry-time is that of the first window, and each has one as long
   * after its start. Policy bounds the start of the first window, the end of the
   * last, and the duration of each.
   */
  readonly recurrence?: RequestOfferInputRecurrence;
  /**
   * Bounds within which Promise chooses the window: the earliest in which the whole
   * request fits. With a recurrence they are those of the first window, and the
   * request fits in all: there are as many as if the first started at the earliest
   * start. The window is in starts-at and ends-at then, and stays when other things
   * change as long as they fit in it. An update with a start or an end takes the
   * place of the bounds; what it does not give stays as it was chosen.
   */
  readonly 'flexible-window'?: FlexibleWindow;
  /**
   * How long the resources are to be held. An offer is not held past the end of its
   * window, nor past its expiry-time.
   * @type uint32 (seconds)
   */
  readonly 'hold-for': number;
};

/**
 * Asks for an offer: the resources are held until a deadline, as a reservation would
 * hold them, but nothing can be allocated against them. When capacity is lost, offers
 * give way before reservations do.
 * @path /opnfv-promise:request-offer/output
 */
export type RequestOfferOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /**
   * False if the search for a placement, or for what could be displaced, was ended by
   * its limit of steps: more steps could have found an answer.
   */
  readonly 'search-complete'?: boolean;
  /**
   * Reservations of a lower priority that had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly 'displaced-reservations'?: readonly string[];
  /**
   * Allocations without a reservation that had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly 'displaced-instances'?: readonly string[];
  /**
   * Reservations that were placed anew, without loss, to make room.
   * @type nfv-infrastructure:identifier
   */
  readonly moved?: readonly string[];
  /**
   * Identifier of the offer. Absent when it was refused.
   * @type nfv-infrastructure:identifier
   */
  readonly 'offer-id'?: string;
  /**
   * Instant at which the offer lapses.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expires-at'?: string;
  /**
   * Start of the window that is held.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * End of the window that is held. Absent: without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /** What could be had instead, when the result is conflict. */
  readonly refusal?: Refusal;
};

/**
 * Turns an offer into a reservation that holds just what the offer held. What was to be
 * allocated within a validity period or by policy's expiry is so from the acceptance
 * on. An offer that is over is refused with the reason offer-over; the message says
 * what became of it.
 * @path /opnfv-promise:accept-offer/input
 */
export type AcceptOfferInput = {
  /**
   * Offer to accept.
   * @type nfv-infrastructure:identifier
   */
  readonly 'offer-id': string;
};

/**
 * Turns an offer into a reservation that holds just what the offer held. What was to be
 * allocated within a validity period or by policy's expiry is so from the acceptance
 * on. An offer that is over is refused with the reason offer-over; the message says
 * what became of it.
 * @path /opnfv-promise:accept-offer/output
 */
export type AcceptOfferOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /**
   * False if the search for a placement, or for what could be displaced, was ended by
   * its limit of steps: more steps could have found an answer.
   */
  readonly 'search-complete'?: boolean;
  /**
   * Reservations of a lower priority that had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly 'displaced-reservations'?: readonly string[];
  /**
   * Allocations without a reservation that had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly 'displaced-instances'?: readonly string[];
  /**
   * Reservations that were placed anew, without loss, to make room.
   * @type nfv-infrastructure:identifier
   */
  readonly moved?: readonly string[];
  /**
   * Status of the reservation. After a refused creation it is rejected, after a
   * refused update it is that of the unchanged reservation.
   */
  readonly status: ReservationStatus;
  /**
   * What is not allocated at this instant is released: the validity period of a
   * reservation for immediate use, among others. Absent: never.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expires-at'?: string;
  /**
   * Start in effect, for example the one that was chosen in a flexible window. Absent
   * when nothing is decided yet.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'starts-at'?: string;
  /**
   * End in effect. Absent also: without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'ends-at'?: string;
  /** What could be had instead, when the result is conflict. */
  readonly refusal?: Refusal;
  /**
   * Identifier of the new reservation. Absent when it was refused.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id'?: string;
};

/**
 * Gives an offer back before it lapses; what it held is free again. One that is over is
 * refused with the reason offer-over.
 * @path /opnfv-promise:decline-offer/input
 */
export type DeclineOfferInput = {
  /**
   * Offer to give back.
   * @type nfv-infrastructure:identifier
   */
  readonly 'offer-id': string;
};

/**
 * Gives an offer back before it lapses; what it held is free again. One that is over is
 * refused with the reason offer-over.
 * @path /opnfv-promise:decline-offer/output
 */
export type DeclineOfferOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
};

/**
 * Allocates: has the VIM make a virtual machine, against a reservation or from the
 * capacity that is not reserved (allocation steps 1a to 4). The answer does not wait
 * for the virtual machine to run; an allocation-event tells.
 * @path /opnfv-promise:create-instance/input
 */
export type CreateInstanceInput = {
  /**
   * Provider that is to run the virtual machine. It can be left out when there is
   * only one, and when the reservation tells.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id'?: string;
  /**
   * Name of the virtual machine.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * Id or name of the image. The disk is local to the host, of the size that the
   * flavor says.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly image?: string;
  /**
   * Volume that was made from an image, by its allocation. It takes the place of the
   * local disk, keeps to this virtual machine, and outlives it. Operators may name
   * others by the ids that the VIM gave.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly 'boot-volume'?: string;
  /**
   * Id or name of the flavor.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly flavor: string;
  /**
   * Ids or names of the networks to attach, or their allocations. Absent: none but
   * those of the ports.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly networks?: readonly string[];
  /**
   * Ports that are there already, by their allocations. Operators may name others by
   * the ids that the VIM gave.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly ports?: readonly string[];
  /**
   * Volumes to attach, by their allocations. They outlive the virtual machine.
   * Operators may name others by the ids that the VIM gave.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly volumes?: readonly string[];
  /**
   * Availability zone. Absent: that of the reservation, or any.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Reservation to allocate against. Absent: capacity that is not reserved is
   * used.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id'?: string;
  /**
   * Class of an allocation without a reservation: who may displace it, and what it may
   * displace. Absent: low.
   */
  readonly priority?: Priority;
};

/** Type `opnfv-promise:allocation-status`. */
export type AllocationStatus =
  /** Refused: there is no allocation. */
  | 'rejected'
  /** Recorded and handed to the VIM; how it goes on is notified. */
  | 'in-progress'
  /** The virtual machine runs, or the resource is there. */
  | 'completed'
  /** The VIM could not make it. */
  | 'failed';

/**
 * Allocates: has the VIM make a virtual machine, against a reservation or from the
 * capacity that is not reserved (allocation steps 1a to 4). The answer does not wait
 * for the virtual machine to run; an allocation-event tells.
 * @path /opnfv-promise:create-instance/output
 */
export type CreateInstanceOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /**
   * False if the search for a placement, or for what could be displaced, was ended by
   * its limit of steps: more steps could have found an answer.
   */
  readonly 'search-complete'?: boolean;
  /**
   * Reservations of a lower priority that had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly 'displaced-reservations'?: readonly string[];
  /**
   * Allocations without a reservation that had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly 'displaced-instances'?: readonly string[];
  /** Status of the allocation. */
  readonly status: AllocationStatus;
  /**
   * Identifier of the allocation in Promise. Absent when it was rejected.
   * @type nfv-infrastructure:identifier
   */
  readonly 'instance-id'?: string;
  /**
   * Identifier of the virtual machine in the VIM. Absent when the VIM has not
   * answered in time; an allocation-event carries it then.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly server?: string;
  /** State of the virtual machine. */
  readonly 'vm-state'?: VmState;
};

/**
 * Has the VIM delete a virtual machine (allocation steps 8a to 10b). Its capacity is
 * free when the VIM has confirmed; an allocation-event tells.
 * @path /opnfv-promise:destroy-instance/input
 */
export type DestroyInstanceInput = {
  /**
   * Allocation to end.
   * @type nfv-infrastructure:identifier
   */
  readonly 'instance-id': string;
};

/**
 * Has the VIM delete a virtual machine (allocation steps 8a to 10b). Its capacity is
 * free when the VIM has confirmed; an allocation-event tells.
 * @path /opnfv-promise:destroy-instance/output
 */
export type DestroyInstanceOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /** State of the virtual machine: DELETING, if the request was accepted. */
  readonly status: VmState;
};

/**
 * Network of the tenant's own. It counts as a network, and with its subnets where
 * subnets are counted.
 * @path /opnfv-promise:create-allocation/input/network
 */
export type CreateAllocationInputNetwork = {
  /** Subnets to make in the network; they go with it. */
  readonly subnet?: readonly SubnetResource[];
};

/**
 * Router. A floating IP leads to a port only where a router joins their networks.
 * @path /opnfv-promise:create-allocation/input/router
 */
export type CreateAllocationInputRouter = {
  /**
   * Id or name of the external network to which it leads. Absent: none.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly gateway?: string;
  /**
   * Networks, by their allocations or by the ids or names that the VIM knows. It has
   * an interface on each subnet that they have when it is made, by which it is their
   * gateway.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly networks?: readonly string[];
};

/**
 * Allocates a volume, network, port, floating IP or router: has the VIM make it, against a
 * reservation or from the capacity that is not reserved (Allocate Virtualised Network
 * or Storage Resource in IFA 005 and IFA 006). It goes on as create-instance does; what
 * has no reservation holds its capacity for good, whatever may be displaced.
 * @path /opnfv-promise:create-allocation/input
 */
export type CreateAllocationInput = {
  /**
   * Provider that is to have it. It can be left out when there is only one, and when
   * the reservation tells.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id'?: string;
  /**
   * Name of the resource.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * Block storage. It counts with its gigabytes, and as a volume where volumes are
   * counted.
   */
  readonly volume?: VolumeResource;
  /**
   * Network of the tenant's own. It counts as a network, and with its subnets where
   * subnets are counted.
   */
  readonly network?: CreateAllocationInputNetwork;
  /** Port on a network. */
  readonly port?: PortResource;
  /** Public address. */
  readonly 'floating-ip'?: FloatingIpResource;
  /** Router. A floating IP leads to a port only where a router joins their networks. */
  readonly router?: CreateAllocationInputRouter;
  /**
   * Availability zone. Absent: that of the reservation, or any.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Reservation to allocate against. Absent: capacity that is not reserved is
   * used.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id'?: string;
};

/**
 * Allocates a volume, network, port, floating IP or router: has the VIM make it, against a
 * reservation or from the capacity that is not reserved (Allocate Virtualised Network
 * or Storage Resource in IFA 005 and IFA 006). It goes on as create-instance does; what
 * has no reservation holds its capacity for good, whatever may be displaced.
 * @path /opnfv-promise:create-allocation/output
 */
export type CreateAllocationOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /** Status of the allocation. */
  readonly status: AllocationStatus;
  /**
   * Identifier of the allocation in Promise. Absent when it was rejected.
   * @type nfv-infrastructure:identifier
   */
  readonly 'allocation-id'?: string;
  /**
   * Identifier of the resource in the VIM. Absent when the VIM has not answered in
   * time; an allocation-event carries it then.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly resource?: string;
  /** State of the resource. */
  readonly 'vm-state'?: VmState;
  /**
   * Address of a port, the first if it has several, or of a floating IP.
   * @type ietf-inet-types:ip-address-no-zone
   */
  readonly address?: string;
};

/**
 * Has the VIM delete what was allocated, whatever it is (Terminate Virtualised Resource
 * in IFA 005 and IFA 006). What a virtual machine uses that stays is not deleted. Where
 * the VIM says that something else uses it, the allocation stays DELETING, with what
 * the VIM says as its fault, and is deleted as soon as that is possible.
 * @path /opnfv-promise:destroy-allocation/input
 */
export type DestroyAllocationInput = {
  /**
   * Allocation to end.
   * @type nfv-infrastructure:identifier
   */
  readonly 'allocation-id': string;
};

/**
 * Has the VIM delete what was allocated, whatever it is (Terminate Virtualised Resource
 * in IFA 005 and IFA 006). What a virtual machine uses that stays is not deleted. Where
 * the VIM says that something else uses it, the allocation stays DELETING, with what
 * the VIM says as its fault, and is deleted as soon as that is possible.
 * @path /opnfv-promise:destroy-allocation/output
 */
export type DestroyAllocationOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /** Its state: DELETING, if the request was accepted. */
  readonly status: VmState;
};

/**
 * Has the VIM make a volume larger, whether a virtual machine uses it or not (Scale
 * Virtualised Storage Resource in IFA 005 and IFA 006; in OpenStack, extend a volume).
 * What is added is taken from where the volume was taken: from its reservation, or
 * from the capacity of its pool that is not reserved. To ask for the size that it has
 * changes nothing; a smaller one is refused. When the answer says extending, an
 * allocation-event of the volume tells how it ended. What failed holds no capacity.
 * @path /opnfv-promise:extend-volume/input
 */
export type ExtendVolumeInput = {
  /**
   * Allocation of the volume.
   * @type nfv-infrastructure:identifier
   */
  readonly 'allocation-id': string;
  /**
   * Size that it is to have (newSize in IFA 005).
   * @type uint32 (GB)
   */
  readonly size: number;
};

/**
 * Has the VIM make a volume larger, whether a virtual machine uses it or not (Scale
 * Virtualised Storage Resource in IFA 005 and IFA 006; in OpenStack, extend a volume).
 * What is added is taken from where the volume was taken: from its reservation, or
 * from the capacity of its pool that is not reserved. To ask for the size that it has
 * changes nothing; a smaller one is refused. When the answer says extending, an
 * allocation-event of the volume tells how it ended. What failed holds no capacity.
 * @path /opnfv-promise:extend-volume/output
 */
export type ExtendVolumeOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /** How it stands. Absent when the request was refused. */
  readonly status?: ExtensionStatus;
  /**
   * Size that the volume has now. Absent when the request was refused.
   * @type uint32 (GB)
   */
  readonly size?: number;
};

/**
 * Has the VIM attach a port or volume that is there to a virtual machine that runs or is
 * shut off (Update Virtualised Compute Resource in IFA 005 and IFA 006; in OpenStack,
 * attach an interface or a volume). It outlives the virtual machine. To attach what is
 * attached changes nothing. When the answer says attaching, an allocation-event of the
 * virtual machine tells how it ended.
 * @path /opnfv-promise:attach-resource/input
 */
export type AttachResourceInput = {
  /**
   * Allocation of the virtual machine.
   * @type nfv-infrastructure:identifier
   */
  readonly 'instance-id': string;
  /**
   * Volume, by its allocation. Operators may name others by the ids that the VIM gave.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly volume?: string;
  /**
   * Port, by its allocation. Operators may name others by the ids that the VIM gave.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly port?: string;
};

/**
 * Has the VIM attach a port or volume that is there to a virtual machine that runs or is
 * shut off (Update Virtualised Compute Resource in IFA 005 and IFA 006; in OpenStack,
 * attach an interface or a volume). It outlives the virtual machine. To attach what is
 * attached changes nothing. When the answer says attaching, an allocation-event of the
 * virtual machine tells how it ended.
 * @path /opnfv-promise:attach-resource/output
 */
export type AttachResourceOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /** How it stands. Absent when the request was refused. */
  readonly status?: AttachmentStatus;
  /**
   * Identifier of the port or volume in the VIM. Absent when the request was refused.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly resource?: string;
};

/**
 * Has the VIM take a port or volume from a virtual machine to which it was given, when it
 * was made or since. When the answer says detaching, an allocation-event of the virtual
 * machine tells how it ended.
 * @path /opnfv-promise:detach-resource/input
 */
export type DetachResourceInput = {
  /**
   * Allocation of the virtual machine.
   * @type nfv-infrastructure:identifier
   */
  readonly 'instance-id': string;
  /**
   * Volume, by its allocation. Operators may name others by the ids that the VIM gave.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly volume?: string;
  /**
   * Port, by its allocation. Operators may name others by the ids that the VIM gave.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly port?: string;
};

/**
 * Has the VIM take a port or volume from a virtual machine to which it was given, when it
 * was made or since. When the answer says detaching, an allocation-event of the virtual
 * machine tells how it ended.
 * @path /opnfv-promise:detach-resource/output
 */
export type DetachResourceOutput = {
  /** Whether the request was carried out. */
  readonly result: Result;
  /** Why it was refused. Absent when the result is ok. */
  readonly reason?: Reason;
  /** The outcome in words, with the values that decided it. */
  readonly message?: string;
  /**
   * Number of the decision, for which explain gives the reasons: of decisions on
   * reservations, offers and allocations, and of changes of capacity that were
   * refused. Numbers grow and are not used again.
   * @type uint64
   */
  readonly decision?: string;
  /** How it stands. Absent when the request was refused. */
  readonly status?: AttachmentStatus;
  /**
   * Identifier of the port or volume in the VIM. Absent when the request was refused.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly resource?: string;
};

/**
 * Tells how a decision came about. Of a refusal it gives what was found at the time. Of
 * what was granted it gives the pools and hosts that were chosen at the time, who gave
 * way or was placed anew for it, and what the others lack now: deciding does not wait
 * for an account of what is not needed.
 * @path /opnfv-promise:explain/input
 */
export type ExplainInput = {
  /**
   * A reservation.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id'?: string;
  /**
   * An allocation.
   * @type nfv-infrastructure:identifier
   */
  readonly 'instance-id'?: string;
  /**
   * A decision, by the number in the answer to the request; refusals have one
   * too. The latest 4096 since the start of the server are kept.
   * @type uint64
   */
  readonly decision?: string;
};

/**
 * What was short, and when: of one that was chosen, of its part; else of the whole
 * request.
 * @path /opnfv-promise:explain/output/considered/shortage
 */
export type ExplainOutputConsideredShortage = {
  /** Resource that was short. */
  readonly resource: Resource;
  /**
   * First instant of the shortage.
   * @type ietf-yang-types:date-and-time
   */
  readonly from: string;
  /**
   * First instant after the shortage. Absent: to the end of the window.
   * @type ietf-yang-types:date-and-time
   */
  readonly to?: string;
  /**
   * How much was short at the worst, in the unit of the resource.
   * @type uint64
   */
  readonly missing: string;
};

/**
 * Pools and hosts that were considered.
 * @path /opnfv-promise:explain/output/considered
 */
export type ExplainOutputConsidered = {
  /**
   * Pool that was considered.
   * @type nfv-infrastructure:identifier
   */
  readonly pool: string;
  /** Host that was considered; empty for the pool as a whole. */
  readonly host: string;
  /** Whether it bears a part of what was granted. */
  readonly chosen: boolean;
  /**
   * Required properties that the host does not have.
   * @type nfv-infrastructure:trait
   */
  readonly 'lacking-traits'?: readonly string[];
  /**
   * What stood in the way of an instance of the container that found no place, in
   * words, with the most that was missing and the first instant of that.
   */
  readonly lacking?: readonly string[];
  /**
   * What was short, and when: of one that was chosen, of its part; else of the whole
   * request.
   */
  readonly shortage?: readonly ExplainOutputConsideredShortage[];
};

/**
 * Of a reservation or offer with containers: the other hosts that could have been
 * considered for an instance, together by what stands in the way now.
 * @path /opnfv-promise:explain/output/hosts
 */
export type ExplainOutputHosts = {
  /** Container of the request. */
  readonly container: string;
  /**
   * Pool to whose provider the hosts belong.
   * @type nfv-infrastructure:identifier
   */
  readonly pool: string;
  /** What stands in the way, in words. */
  readonly lacking: string;
  /**
   * How many hosts these are.
   * @type uint32
   */
  readonly count: number;
  /** Some of them. */
  readonly example?: readonly string[];
};

/**
 * Tells how a decision came about. Of a refusal it gives what was found at the time. Of
 * what was granted it gives the pools and hosts that were chosen at the time, who gave
 * way or was placed anew for it, and what the others lack now: deciding does not wait
 * for an account of what is not needed.
 * @path /opnfv-promise:explain/output
 */
export type ExplainOutput = {
  /** What decided. Absent for what was granted and is kept. */
  readonly reason?: Reason;
  /** The decision in words. */
  readonly message?: string;
  /** Pools and hosts that were considered. */
  readonly considered?: readonly ExplainOutputConsidered[];
  /**
   * Of a reservation or offer with containers: the other hosts that could have been
   * considered for an instance, together by what stands in the way now.
   */
  readonly hosts?: readonly ExplainOutputHosts[];
  /**
   * Reservations of a lower priority that had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly 'displaced-reservations'?: readonly string[];
  /**
   * Allocations without a reservation that had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly 'displaced-instances'?: readonly string[];
  /**
   * Reservations that were placed anew, without loss, to make room.
   * @type nfv-infrastructure:identifier
   */
  readonly moved?: readonly string[];
};

/**
 * Amount of each resource for one virtual machine.
 * @path /opnfv-promise:reservation-event/container/explicit
 */
export type ReservationEventContainerExplicit = {
  /**
   * Virtual CPUs.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Local disk. Absent: none.
   * @type uint32 (GB)
   */
  readonly disk?: number;
};

/**
 * Virtual machines of one size (virtualisation containers in IFA 005).
 * @path /opnfv-promise:reservation-event/container
 */
export type ReservationEventContainer = {
  /**
   * Name of this part of the request.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * How many virtual machines.
   * @type uint32 (instances)
   */
  readonly count: number;
  /**
   * Id or name of a flavor.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly flavor?: string;
  /** Amount of each resource for one virtual machine. */
  readonly explicit?: ReservationEventContainerExplicit;
  /**
   * Availability zone of these virtual machines. Absent: that of the request.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools for these virtual machines. Absent: those of the request.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Name of the affinity group to which these virtual machines belong.
   * @type nfv-infrastructure:name
   */
  readonly group?: string;
  /**
   * Properties that a host has to have.
   * @type nfv-infrastructure:trait
   */
  readonly 'required-traits'?: readonly string[];
  /**
   * Properties that a host must not have.
   * @type nfv-infrastructure:trait
   */
  readonly 'forbidden-traits'?: readonly string[];
};

/**
 * Windows of a reservation that recurs. Empty for others.
 * @path /opnfv-promise:reservation-event/recurring
 */
export type ReservationEventRecurring = {
  /**
   * How many windows it has, those that are over included.
   * @type uint32 (windows)
   */
  readonly windows?: number;
  /**
   * First instant after the last window.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'ends-at'?: string;
  /** Window in progress. */
  readonly current?: Occurrence;
  /** Window that starts next. */
  readonly next?: Occurrence;
  /** Of a degraded reservation, the first 16 windows that lack something. */
  readonly 'short-window'?: readonly RecurringShortWindow[];
};

/**
 * A reservation was decided on, changed, or is about to change (reservation step 7;
 * second message flow, steps 6 and 10). It carries the current data of the
 * reservation.
 * @path /opnfv-promise:reservation-event
 */
export type ReservationEvent = {
  /**
   * Number of the event: it grows with every event that Promise commits, so that a
   * receiver can tell the order and notice what it has seen already.
   * @type uint64
   */
  readonly seq: string;
  /** What happened. */
  readonly cause: 
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
  /**
   * Reservation that is concerned.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id': string;
  /** Status before. Absent if the reservation is new. */
  readonly 'old-status'?: ReservationStatus;
  /**
   * Number of the window that the event is about: the one that starts, is ending or
   * has ended, else the one in progress, or the next. Absent for a reservation that
   * does not recur.
   * @type uint32
   */
  readonly occurrence?: number;
  /**
   * Name for people; need not be unique.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Class of the reservation. */
  readonly priority?: Priority;
  /**
   * First instant of the window (startTime in IFA 005). Absent: immediate use, from
   * the instant of the decision.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the window (endTime in IFA 005). Absent: without end, as far
   * as the policy open-ended allows. It has to be later than the start.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * Instant by which the reserved resources have to be allocated (expiryTime in IFA
   * 005): what is not allocated by then is released. Absent: by policy.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expiry-time'?: string;
  /** Amount of each resource. A resource that is absent is not concerned. */
  readonly capacity?: CapacityVector;
  /**
   * Availability zone in which the resources have to be. Absent: any zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools from which the resources may come. Absent: any pool that fits.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Individual elements to reserve. A host is held whole, unless there are containers:
   * then their instances are placed on the hosts named and no others. A flavor or image
   * is not held; the pools have to have it. A network, subnet, port, floating IP,
   * address or volume is held by one reservation at a time, and what is a part of it
   * with it: who holds a network holds its subnets, ports and addresses. Such an element
   * is named by its id in the VIM, by its name where no other has it, or by its
   * address; an address of a subnet need not be in use. Where several networks have an
   * address, it is given with its subnet or network, as SUBNET/ADDRESS. An element takes
   * no capacity: what is to be made, such as the port with an address, is asked for
   * beside.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly elements?: readonly string[];
  /** Virtual machines of one size (virtualisation containers in IFA 005). */
  readonly container?: readonly ReservationEventContainer[];
  /** Constraint on how virtual machines are spread over hosts. */
  readonly 'affinity-group'?: readonly AffinityGroup[];
  /**
   * The window from start to end, or the one that Promise chooses, is the first of
   * many, all of the same length. It is one reservation: all of its windows are
   * granted, or none. Each may be allocated anew; between two of them the status is
   * scheduled. Days and weeks are counted in UTC, so that each window starts exactly
   * 24 hours, or 7 days, times the interval after the one before it. Windows must not
   * overlap. An expiry-time is that of the first window, and each has one as long
   * after its start. Policy bounds the start of the first window, the end of the
   * last, and the duration of each.
   */
  readonly recurrence?: Recurrence;
  /**
   * Bounds within which Promise chooses the window: the earliest in which the whole
   * request fits. With a recurrence they are those of the first window, and the
   * request fits in all: there are as many as if the first started at the earliest
   * start. The window is in starts-at and ends-at then, and stays when other things
   * change as long as they fit in it. An update with a start or an end takes the
   * place of the bounds; what it does not give stays as it was chosen.
   */
  readonly 'flexible-window'?: FlexibleWindow;
  /** Status now. */
  readonly status: ReservationStatus;
  /** How binding the claims are. Absent when nothing is held. */
  readonly hold?: Hold;
  /** Why the status is what it is, where that needs a reason. */
  readonly reason?: Reason;
  /** The reason in words. */
  readonly message?: string;
  /** User who made the reservation. */
  readonly owner?: string;
  /** Tenant for which the reservation was made (resourceGroupId in IFA 005). */
  readonly tenant?: string;
  /**
   * Instant at which the reservation was recorded.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'created-on'?: string;
  /**
   * Instant of the last change of the reservation or its state.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'modified-on'?: string;
  /**
   * Start in effect: the one asked for, or the instant of the decision. Of a
   * reservation that recurs, that of the window in progress, or of the next one.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'starts-at'?: string;
  /**
   * End in effect: the one asked for, or the bound that policy sets. Absent: without
   * end. Of a reservation that recurs, that of the window in progress, or of the next
   * one.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'ends-at'?: string;
  /** Windows of a reservation that recurs. Empty for others. */
  readonly recurring?: ReservationEventRecurring;
  /**
   * What is not allocated at this instant is released, of a reservation that recurs
   * until the window in progress is over. It comes from expiry-time, from the validity
   * period of a reservation for immediate use, or from the policy expiry. Absent:
   * never.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expires-at'?: string;
  /** What is held where, and when. */
  readonly claim?: readonly Claim[];
  /**
   * Reservation that a controller of the VIM keeps for this one (second message
   * flow, reservation step 5).
   */
  readonly 'controller-reservation'?: readonly ControllerReservation[];
  /** What can still be allocated against the reservation; nothing when it is over. */
  readonly remaining?: CapacityVector;
  /**
   * What of remaining is virtual machines of a container: each can be allocated
   * once.
   */
  readonly 'remaining-container'?: readonly RemainingContainer[];
  /**
   * What a degraded reservation lacks: the most that is missing at any instant of its
   * window.
   */
  readonly missing?: CapacityVector;
  /**
   * Elements that a degraded reservation holds and that the VIM does not have any more.
   * When one is there again, it holds it again.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly 'missing-elements'?: readonly string[];
  /**
   * Allocations made against the reservation that are not gone.
   * @type leafref
   */
  readonly allocations?: readonly string[];
  /**
   * Reservation, or allocation without one, that displaced this one.
   * @type nfv-infrastructure:identifier
   */
  readonly by?: string;
  /** Tenant of what is in by. Consumers of other tenants see neither leaf. */
  readonly 'by-tenant'?: string;
  /** What the displaced could have instead. */
  readonly offered?: Refusal;
};

/**
 * Amount of each resource for one virtual machine.
 * @path /opnfv-promise:offer-event/container/explicit
 */
export type OfferEventContainerExplicit = {
  /**
   * Virtual CPUs.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Local disk. Absent: none.
   * @type uint32 (GB)
   */
  readonly disk?: number;
};

/**
 * Virtual machines of one size (virtualisation containers in IFA 005).
 * @path /opnfv-promise:offer-event/container
 */
export type OfferEventContainer = {
  /**
   * Name of this part of the request.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * How many virtual machines.
   * @type uint32 (instances)
   */
  readonly count: number;
  /**
   * Id or name of a flavor.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly flavor?: string;
  /** Amount of each resource for one virtual machine. */
  readonly explicit?: OfferEventContainerExplicit;
  /**
   * Availability zone of these virtual machines. Absent: that of the request.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools for these virtual machines. Absent: those of the request.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Name of the affinity group to which these virtual machines belong.
   * @type nfv-infrastructure:name
   */
  readonly group?: string;
  /**
   * Properties that a host has to have.
   * @type nfv-infrastructure:trait
   */
  readonly 'required-traits'?: readonly string[];
  /**
   * Properties that a host must not have.
   * @type nfv-infrastructure:trait
   */
  readonly 'forbidden-traits'?: readonly string[];
};

/**
 * An offer was made or is over.
 * @path /opnfv-promise:offer-event
 */
export type OfferEvent = {
  /**
   * Number of the event: it grows with every event that Promise commits, so that a
   * receiver can tell the order and notice what it has seen already.
   * @type uint64
   */
  readonly seq: string;
  /** What happened. */
  readonly cause: 'made' | 'accepted' | 'declined' | 'lapsed' | 'withdrawn';
  /**
   * Offer that is concerned.
   * @type nfv-infrastructure:identifier
   */
  readonly 'offer-id': string;
  /**
   * Reservation that the offer became.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id'?: string;
  /** Why it is over, unless it was accepted. */
  readonly reason?: Reason;
  /** User who asked for the offer. */
  readonly owner?: string;
  /** Tenant for which the offer was asked for. */
  readonly tenant?: string;
  /**
   * Deadline of the offer.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expires-at': string;
  /**
   * Start of the window that is offered.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'starts-at': string;
  /**
   * End of the window that is offered. Absent: without end.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'ends-at'?: string;
  /**
   * Name for people; need not be unique.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Class of the reservation. */
  readonly priority?: Priority;
  /**
   * First instant of the window (startTime in IFA 005). Absent: immediate use, from
   * the instant of the decision.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the window (endTime in IFA 005). Absent: without end, as far
   * as the policy open-ended allows. It has to be later than the start.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * Instant by which the reserved resources have to be allocated (expiryTime in IFA
   * 005): what is not allocated by then is released. Absent: by policy.
   * @type ietf-yang-types:date-and-time
   */
  readonly 'expiry-time'?: string;
  /** Amount of each resource. A resource that is absent is not concerned. */
  readonly capacity?: CapacityVector;
  /**
   * Availability zone in which the resources have to be. Absent: any zone.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Pools from which the resources may come. Absent: any pool that fits.
   * @type opnfv-promise:pool-ref
   */
  readonly pools?: readonly string[];
  /**
   * Individual elements to reserve. A host is held whole, unless there are containers:
   * then their instances are placed on the hosts named and no others. A flavor or image
   * is not held; the pools have to have it. A network, subnet, port, floating IP,
   * address or volume is held by one reservation at a time, and what is a part of it
   * with it: who holds a network holds its subnets, ports and addresses. Such an element
   * is named by its id in the VIM, by its name where no other has it, or by its
   * address; an address of a subnet need not be in use. Where several networks have an
   * address, it is given with its subnet or network, as SUBNET/ADDRESS. An element takes
   * no capacity: what is to be made, such as the port with an address, is asked for
   * beside.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly elements?: readonly string[];
  /** Virtual machines of one size (virtualisation containers in IFA 005). */
  readonly container?: readonly OfferEventContainer[];
  /** Constraint on how virtual machines are spread over hosts. */
  readonly 'affinity-group'?: readonly AffinityGroup[];
  /**
   * The window from start to end, or the one that Promise chooses, is the first of
   * many, all of the same length. It is one reservation: all of its windows are
   * granted, or none. Each may be allocated anew; between two of them the status is
   * scheduled. Days and weeks are counted in UTC, so that each window starts exactly
   * 24 hours, or 7 days, times the interval after the one before it. Windows must not
   * overlap. An expiry-time is that of the first window, and each has one as long
   * after its start. Policy bounds the start of the first window, the end of the
   * last, and the duration of each.
   */
  readonly recurrence?: Recurrence;
  /**
   * Bounds within which Promise chooses the window: the earliest in which the whole
   * request fits. With a recurrence they are those of the first window, and the
   * request fits in all: there are as many as if the first started at the earliest
   * start. The window is in starts-at and ends-at then, and stays when other things
   * change as long as they fit in it. An update with a start or an end takes the
   * place of the bounds; what it does not give stays as it was chosen.
   */
  readonly 'flexible-window'?: FlexibleWindow;
};

/**
 * The capacity of a pool has changed, or will change in a window (capacity step 5).
 * @path /opnfv-promise:capacity-event
 */
export type CapacityEvent = {
  /**
   * Number of the event: it grows with every event that Promise commits, so that a
   * receiver can tell the order and notice what it has seen already.
   * @type uint64
   */
  readonly seq: string;
  /** What changed the capacity. */
  readonly cause: 
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
  /**
   * Provider of the pool.
   * @type nfv-infrastructure:identifier
   */
  readonly provider?: string;
  /**
   * Pool whose capacity changed. Absent if the change concerns no pool.
   * @type nfv-infrastructure:identifier
   */
  readonly pool?: string;
  /**
   * Availability zone of the pool.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Host that caused the change.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly host?: string;
  /**
   * Planned time out of service that the event is about, by its identifier.
   * @type nfv-infrastructure:identifier
   */
  readonly maintenance?: string;
  /**
   * First instant of the change. Absent: the time of the event.
   * @type ietf-yang-types:date-and-time
   */
  readonly start?: string;
  /**
   * First instant after the change. Absent: without end, or not known.
   * @type ietf-yang-types:date-and-time
   */
  readonly end?: string;
  /**
   * From the start of one window to that of the next. Absent: there is one window.
   * @type uint32 (seconds)
   */
  readonly period?: number;
  /**
   * How many windows there are. Absent: one.
   * @type uint32 (windows)
   */
  readonly windows?: number;
  /** Capacity of the pool after the change, at its first instant. */
  readonly total?: CapacityVector;
  /** Capacity that reservations hold and that is not allocated yet. */
  readonly reserved?: CapacityVector;
  /** Capacity that allocations consume, with or without a reservation. */
  readonly usage?: CapacityVector;
  /** Capacity that a new reservation or allocation can have. */
  readonly available?: CapacityVector;
  /**
   * Names of the thresholds of the receiver's subscription that the event meets.
   * @feature promise-thresholds:thresholds
   * @type nfv-infrastructure:name
   */
  readonly 'promise-thresholds:threshold'?: readonly string[];
};

/**
 * The state of a virtual machine (allocation steps 7b and 10b), volume, network, port,
 * floating IP or router has changed.
 * @path /opnfv-promise:allocation-event
 */
export type AllocationEvent = {
  /**
   * Number of the event: it grows with every event that Promise commits, so that a
   * receiver can tell the order and notice what it has seen already.
   * @type uint64
   */
  readonly seq: string;
  /** What happened. */
  readonly cause: 
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
  /**
   * Identifier that the VIM gave to the port or volume that is concerned.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly attachment?: string;
  /**
   * Size that the volume is to have where its extension was requested, or has when it was
   * extended, or was not.
   * @type uint32 (GB)
   */
  readonly size?: number;
  /**
   * Allocation that is concerned.
   * @type nfv-infrastructure:identifier
   */
  readonly 'instance-id': string;
  /**
   * Its name.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** What it is. */
  readonly kind: AllocationKind;
  /**
   * Provider that has it.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id'?: string;
  /**
   * Identifier of the virtual machine in the VIM.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly server?: string;
  /**
   * Identifier of the volume, network, port, floating IP or router in the VIM.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly resource?: string;
  /**
   * Address of a port, the first if it has several, or of a floating IP.
   * @type ietf-inet-types:ip-address-no-zone
   */
  readonly address?: string;
  /**
   * Reservation against which it was allocated.
   * @type nfv-infrastructure:identifier
   */
  readonly 'reservation-id'?: string;
  /**
   * Pool that bears it.
   * @type nfv-infrastructure:identifier
   */
  readonly pool?: string;
  /** Class of the allocation. */
  readonly priority?: Priority;
  /** State before. Absent if the allocation is new. */
  readonly 'old-vm-state'?: VmState;
  /** State now. */
  readonly 'vm-state': VmState;
  /** Why it is in error, or why the VIM does not delete it. Empty when neither is so. */
  readonly fault?: Fault;
  /** Why it happened, where that needs a reason. */
  readonly reason?: Reason;
  /** What happened, in words. */
  readonly message?: string;
  /**
   * Reservation, or allocation without one, to which it had to give way.
   * @type nfv-infrastructure:identifier
   */
  readonly by?: string;
  /** Tenant of what is in by. Consumers of other tenants see neither leaf. */
  readonly 'by-tenant'?: string;
  /**
   * What a reservation in its place could have, where it gave way to a virtual
   * machine.
   */
  readonly offered?: Refusal;
  /** What it consumes; if it is gone, what it consumed. */
  readonly capacity?: CapacityVector;
  /** User who made the allocation. */
  readonly owner?: string;
  /**
   * Tenant for which the allocation was made; of one against a reservation, the
   * reservation's.
   */
  readonly tenant?: string;
};

/** The RPCs that are there with the announced features. */
export const rpcs = {
  /**
   * Registers a provider and contacts it; the answer comes after the first contact. To
   * bring its capacity under Promise's control, increase-capacity follows.
   */
  'add-provider': { module: 'opnfv-promise', name: 'add-provider', path: '/opnfv-promise:add-provider' } as RpcDescriptor<AddProviderInput, AddProviderOutput>,
  /**
   * Removes a provider that add-provider made, and its pools. While anything is held there
   * it is refused, or the provider is drained first. What it runs beside Promise is left
   * alone.
   */
  'remove-provider': { module: 'opnfv-promise', name: 'remove-provider', path: '/opnfv-promise:remove-provider' } as RpcDescriptor<RemoveProviderInput, RemoveProviderOutput>,
  /**
   * Brings capacity of a provider under Promise's control, or announces that there will
   * be more during a window (capacity step 2a). Makes a pool if there is none yet for
   * the source and zone.
   */
  'increase-capacity': { module: 'opnfv-promise', name: 'increase-capacity', path: '/opnfv-promise:increase-capacity' } as RpcDescriptor<IncreaseCapacityInput, IncreaseCapacityOutput>,
  /**
   * Withdraws capacity from Promise's control, for good or during a window (capacity
   * step 2a). It is refused if reservations or allocations hold the capacity, unless it
   * is forced.
   */
  'decrease-capacity': { module: 'opnfv-promise', name: 'decrease-capacity', path: '/opnfv-promise:decrease-capacity' } as RpcDescriptor<DecreaseCapacityInput, DecreaseCapacityOutput>,
  /** Looks capacity up in the capacity map (capacity steps 1a and 1b). */
  'query-capacity': { module: 'opnfv-promise', name: 'query-capacity', path: '/opnfv-promise:query-capacity' } as RpcDescriptor<QueryCapacityInput, QueryCapacityOutput>,
  /**
   * Reserves capacity for a window (reservation steps 1a and 1b). Without a start it is
   * for immediate use, and the answer carries a validity period.
   */
  'create-reservation': { module: 'opnfv-promise', name: 'create-reservation', path: '/opnfv-promise:create-reservation' } as RpcDescriptor<CreateReservationInput, CreateReservationOutput>,
  /**
   * Changes a reservation (reservation steps 2a and 2b). What is absent stays as it is,
   * each resource of capacity included; a list or leaf-list of which there is an entry
   * replaces the whole old one. The change is made as a whole or not at all.
   */
  'update-reservation': { module: 'opnfv-promise', name: 'update-reservation', path: '/opnfv-promise:update-reservation' } as RpcDescriptor<UpdateReservationInput, UpdateReservationOutput>,
  /**
   * Withdraws a reservation (reservation steps 3a and 3b). What it held is free again;
   * what was allocated under it runs on without a reservation.
   */
  'cancel-reservation': { module: 'opnfv-promise', name: 'cancel-reservation', path: '/opnfv-promise:cancel-reservation' } as RpcDescriptor<CancelReservationInput, CancelReservationOutput>,
  /** Looks reservations up in the reservation map (reservation steps 4a and 4b). */
  'query-reservation': { module: 'opnfv-promise', name: 'query-reservation', path: '/opnfv-promise:query-reservation' } as RpcDescriptor<QueryReservationInput, QueryReservationOutput>,
  /**
   * Asks for an offer: the resources are held until a deadline, as a reservation would
   * hold them, but nothing can be allocated against them. When capacity is lost, offers
   * give way before reservations do.
   */
  'request-offer': { module: 'opnfv-promise', name: 'request-offer', path: '/opnfv-promise:request-offer' } as RpcDescriptor<RequestOfferInput, RequestOfferOutput>,
  /**
   * Turns an offer into a reservation that holds just what the offer held. What was to be
   * allocated within a validity period or by policy's expiry is so from the acceptance
   * on. An offer that is over is refused with the reason offer-over; the message says
   * what became of it.
   */
  'accept-offer': { module: 'opnfv-promise', name: 'accept-offer', path: '/opnfv-promise:accept-offer' } as RpcDescriptor<AcceptOfferInput, AcceptOfferOutput>,
  /**
   * Gives an offer back before it lapses; what it held is free again. One that is over is
   * refused with the reason offer-over.
   */
  'decline-offer': { module: 'opnfv-promise', name: 'decline-offer', path: '/opnfv-promise:decline-offer' } as RpcDescriptor<DeclineOfferInput, DeclineOfferOutput>,
  /**
   * Allocates: has the VIM make a virtual machine, against a reservation or from the
   * capacity that is not reserved (allocation steps 1a to 4). The answer does not wait
   * for the virtual machine to run; an allocation-event tells.
   */
  'create-instance': { module: 'opnfv-promise', name: 'create-instance', path: '/opnfv-promise:create-instance' } as RpcDescriptor<CreateInstanceInput, CreateInstanceOutput>,
  /**
   * Has the VIM delete a virtual machine (allocation steps 8a to 10b). Its capacity is
   * free when the VIM has confirmed; an allocation-event tells.
   */
  'destroy-instance': { module: 'opnfv-promise', name: 'destroy-instance', path: '/opnfv-promise:destroy-instance' } as RpcDescriptor<DestroyInstanceInput, DestroyInstanceOutput>,
  /**
   * Allocates a volume, network, port, floating IP or router: has the VIM make it, against a
   * reservation or from the capacity that is not reserved (Allocate Virtualised Network
   * or Storage Resource in IFA 005 and IFA 006). It goes on as create-instance does; what
   * has no reservation holds its capacity for good, whatever may be displaced.
   */
  'create-allocation': { module: 'opnfv-promise', name: 'create-allocation', path: '/opnfv-promise:create-allocation' } as RpcDescriptor<CreateAllocationInput, CreateAllocationOutput>,
  /**
   * Has the VIM delete what was allocated, whatever it is (Terminate Virtualised Resource
   * in IFA 005 and IFA 006). What a virtual machine uses that stays is not deleted. Where
   * the VIM says that something else uses it, the allocation stays DELETING, with what
   * the VIM says as its fault, and is deleted as soon as that is possible.
   */
  'destroy-allocation': { module: 'opnfv-promise', name: 'destroy-allocation', path: '/opnfv-promise:destroy-allocation' } as RpcDescriptor<DestroyAllocationInput, DestroyAllocationOutput>,
  /**
   * Has the VIM make a volume larger, whether a virtual machine uses it or not (Scale
   * Virtualised Storage Resource in IFA 005 and IFA 006; in OpenStack, extend a volume).
   * What is added is taken from where the volume was taken: from its reservation, or
   * from the capacity of its pool that is not reserved. To ask for the size that it has
   * changes nothing; a smaller one is refused. When the answer says extending, an
   * allocation-event of the volume tells how it ended. What failed holds no capacity.
   */
  'extend-volume': { module: 'opnfv-promise', name: 'extend-volume', path: '/opnfv-promise:extend-volume' } as RpcDescriptor<ExtendVolumeInput, ExtendVolumeOutput>,
  /**
   * Has the VIM attach a port or volume that is there to a virtual machine that runs or is
   * shut off (Update Virtualised Compute Resource in IFA 005 and IFA 006; in OpenStack,
   * attach an interface or a volume). It outlives the virtual machine. To attach what is
   * attached changes nothing. When the answer says attaching, an allocation-event of the
   * virtual machine tells how it ended.
   */
  'attach-resource': { module: 'opnfv-promise', name: 'attach-resource', path: '/opnfv-promise:attach-resource' } as RpcDescriptor<AttachResourceInput, AttachResourceOutput>,
  /**
   * Has the VIM take a port or volume from a virtual machine to which it was given, when it
   * was made or since. When the answer says detaching, an allocation-event of the virtual
   * machine tells how it ended.
   */
  'detach-resource': { module: 'opnfv-promise', name: 'detach-resource', path: '/opnfv-promise:detach-resource' } as RpcDescriptor<DetachResourceInput, DetachResourceOutput>,
  /**
   * Tells how a decision came about. Of a refusal it gives what was found at the time. Of
   * what was granted it gives the pools and hosts that were chosen at the time, who gave
   * way or was placed anew for it, and what the others lack now: deciding does not wait
   * for an account of what is not needed.
   */
  explain: { module: 'opnfv-promise', name: 'explain', path: '/opnfv-promise:explain' } as RpcDescriptor<ExplainInput, ExplainOutput>,
};

/** What a server of the module has to implement; the compiler asks for each. */
export type Handlers<Context> = HandlersOf<typeof rpcs, Context>;

/** Every notification of the module, told apart by its name. */
export type Notification =
  | { readonly module: 'opnfv-promise'; readonly name: 'reservation-event'; readonly content: ReservationEvent }
  | { readonly module: 'opnfv-promise'; readonly name: 'offer-event'; readonly content: OfferEvent }
  | { readonly module: 'opnfv-promise'; readonly name: 'capacity-event'; readonly content: CapacityEvent }
  | { readonly module: 'opnfv-promise'; readonly name: 'allocation-event'; readonly content: AllocationEvent };

/** Paths of the containers and list entries of the datastore, by schema path, from the keys on the way. */
export const paths = {
  '/opnfv-promise:promise': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
  ],
  '/opnfv-promise:promise/capacity': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'capacity' },
  ],
  '/opnfv-promise:promise/capacity/total': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'capacity' },
    { module: 'opnfv-promise', name: 'total' },
  ],
  '/opnfv-promise:promise/capacity/reserved': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'capacity' },
    { module: 'opnfv-promise', name: 'reserved' },
  ],
  '/opnfv-promise:promise/capacity/usage': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'capacity' },
    { module: 'opnfv-promise', name: 'usage' },
  ],
  '/opnfv-promise:promise/capacity/available': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'capacity' },
    { module: 'opnfv-promise', name: 'available' },
  ],
  '/opnfv-promise:promise/policy': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'policy' },
  ],
  '/opnfv-promise:promise/policy/reservation': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'policy' },
    { module: 'opnfv-promise', name: 'reservation' },
  ],
  '/opnfv-promise:promise/policy/quota': (quotaName: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'policy' },
    { module: 'opnfv-promise', name: 'quota', keys: [{ name: 'name', value: quotaName }] },
  ],
  '/opnfv-promise:promise/policy/quota/capacity': (quotaName: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'policy' },
    { module: 'opnfv-promise', name: 'quota', keys: [{ name: 'name', value: quotaName }] },
    { module: 'opnfv-promise', name: 'capacity' },
  ],
  '/opnfv-promise:promise/policy/maintenance': (maintenanceId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'policy' },
    { module: 'opnfv-promise', name: 'maintenance', keys: [{ name: 'id', value: maintenanceId }] },
  ],
  '/opnfv-promise:promise/providers': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
  ],
  '/opnfv-promise:promise/providers/provider': (providerId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
  ],
  '/opnfv-promise:promise/providers/provider/tenant': (providerId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'tenant' },
  ],
  '/opnfv-promise:promise/providers/provider/services': (providerId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
  ],
  '/opnfv-promise:promise/providers/provider/services/compute': (providerId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'compute' },
  ],
  '/opnfv-promise:promise/providers/provider/services/compute/zones': (providerId: string, zonesName: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'compute' },
    { module: 'opnfv-promise', name: 'zones', keys: [{ name: 'name', value: zonesName }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/compute/hosts': (providerId: string, hostsId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'compute' },
    { module: 'opnfv-promise', name: 'hosts', keys: [{ name: 'id', value: hostsId }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/compute/aggregates': (providerId: string, aggregatesId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'compute' },
    { module: 'opnfv-promise', name: 'aggregates', keys: [{ name: 'id', value: aggregatesId }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/compute/aggregates/metadata': (providerId: string, aggregatesId: string, metadataName: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'compute' },
    { module: 'opnfv-promise', name: 'aggregates', keys: [{ name: 'id', value: aggregatesId }] },
    { module: 'opnfv-promise', name: 'metadata', keys: [{ name: 'name', value: metadataName }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/compute/flavors': (providerId: string, flavorsId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'compute' },
    { module: 'opnfv-promise', name: 'flavors', keys: [{ name: 'id', value: flavorsId }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/network': (providerId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'network' },
  ],
  '/opnfv-promise:promise/providers/provider/services/network/networks': (providerId: string, networksId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'network' },
    { module: 'opnfv-promise', name: 'networks', keys: [{ name: 'id', value: networksId }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/network/networks/subnets': (providerId: string, networksId: string, subnetsId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'network' },
    { module: 'opnfv-promise', name: 'networks', keys: [{ name: 'id', value: networksId }] },
    { module: 'opnfv-promise', name: 'subnets', keys: [{ name: 'id', value: subnetsId }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/network/ports': (providerId: string, portsId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'network' },
    { module: 'opnfv-promise', name: 'ports', keys: [{ name: 'id', value: portsId }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/network/floating-ips': (providerId: string, floatingIpsId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'network' },
    { module: 'opnfv-promise', name: 'floating-ips', keys: [{ name: 'id', value: floatingIpsId }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/network/floating-ip-pools': (providerId: string, floatingIpPoolsId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'network' },
    { module: 'opnfv-promise', name: 'floating-ip-pools', keys: [{ name: 'id', value: floatingIpPoolsId }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/network/routers': (providerId: string, routersId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'network' },
    { module: 'opnfv-promise', name: 'routers', keys: [{ name: 'id', value: routersId }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/storage': (providerId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'storage' },
  ],
  '/opnfv-promise:promise/providers/provider/services/storage/volumes': (providerId: string, volumesId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'storage' },
    { module: 'opnfv-promise', name: 'volumes', keys: [{ name: 'id', value: volumesId }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/storage/volume-types': (providerId: string, volumeTypesId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'storage' },
    { module: 'opnfv-promise', name: 'volume-types', keys: [{ name: 'id', value: volumeTypesId }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/storage/volume-pools': (providerId: string, volumePoolsName: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'storage' },
    { module: 'opnfv-promise', name: 'volume-pools', keys: [{ name: 'name', value: volumePoolsName }] },
  ],
  '/opnfv-promise:promise/providers/provider/services/image': (providerId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'image' },
  ],
  '/opnfv-promise:promise/providers/provider/services/image/images': (providerId: string, imagesId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'providers' },
    { module: 'opnfv-promise', name: 'provider', keys: [{ name: 'id', value: providerId }] },
    { module: 'opnfv-promise', name: 'services' },
    { module: 'opnfv-promise', name: 'image' },
    { module: 'opnfv-promise', name: 'images', keys: [{ name: 'id', value: imagesId }] },
  ],
  '/opnfv-promise:promise/pools': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'pools' },
  ],
  '/opnfv-promise:promise/pools/pool': (poolId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'pools' },
    { module: 'opnfv-promise', name: 'pool', keys: [{ name: 'id', value: poolId }] },
  ],
  '/opnfv-promise:promise/pools/pool/capacity': (poolId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'pools' },
    { module: 'opnfv-promise', name: 'pool', keys: [{ name: 'id', value: poolId }] },
    { module: 'opnfv-promise', name: 'capacity' },
  ],
  '/opnfv-promise:promise/pools/pool/adjustment': (poolId: string, adjustmentId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'pools' },
    { module: 'opnfv-promise', name: 'pool', keys: [{ name: 'id', value: poolId }] },
    { module: 'opnfv-promise', name: 'adjustment', keys: [{ name: 'id', value: adjustmentId }] },
  ],
  '/opnfv-promise:promise/pools/pool/adjustment/capacity': (poolId: string, adjustmentId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'pools' },
    { module: 'opnfv-promise', name: 'pool', keys: [{ name: 'id', value: poolId }] },
    { module: 'opnfv-promise', name: 'adjustment', keys: [{ name: 'id', value: adjustmentId }] },
    { module: 'opnfv-promise', name: 'capacity' },
  ],
  '/opnfv-promise:promise/pools/pool/over-commit': (poolId: string, overCommitResource: Resource): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'pools' },
    { module: 'opnfv-promise', name: 'pool', keys: [{ name: 'id', value: poolId }] },
    { module: 'opnfv-promise', name: 'over-commit', keys: [{ name: 'resource', value: overCommitResource }] },
  ],
  '/opnfv-promise:promise/pools/pool/state': (poolId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'pools' },
    { module: 'opnfv-promise', name: 'pool', keys: [{ name: 'id', value: poolId }] },
    { module: 'opnfv-promise', name: 'state' },
  ],
  '/opnfv-promise:promise/pools/pool/state/total': (poolId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'pools' },
    { module: 'opnfv-promise', name: 'pool', keys: [{ name: 'id', value: poolId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'total' },
  ],
  '/opnfv-promise:promise/pools/pool/state/reserved': (poolId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'pools' },
    { module: 'opnfv-promise', name: 'pool', keys: [{ name: 'id', value: poolId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'reserved' },
  ],
  '/opnfv-promise:promise/pools/pool/state/usage': (poolId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'pools' },
    { module: 'opnfv-promise', name: 'pool', keys: [{ name: 'id', value: poolId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'usage' },
  ],
  '/opnfv-promise:promise/pools/pool/state/available': (poolId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'pools' },
    { module: 'opnfv-promise', name: 'pool', keys: [{ name: 'id', value: poolId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'available' },
  ],
  '/opnfv-promise:promise/reservations': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
  ],
  '/opnfv-promise:promise/reservations/reservation': (reservationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
  ],
  '/opnfv-promise:promise/reservations/reservation/capacity': (reservationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'capacity' },
  ],
  '/opnfv-promise:promise/reservations/reservation/container': (reservationId: string, containerName: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'container', keys: [{ name: 'name', value: containerName }] },
  ],
  '/opnfv-promise:promise/reservations/reservation/container/explicit': (reservationId: string, containerName: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'container', keys: [{ name: 'name', value: containerName }] },
    { module: 'opnfv-promise', name: 'explicit' },
  ],
  '/opnfv-promise:promise/reservations/reservation/affinity-group': (reservationId: string, affinityGroupName: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'affinity-group', keys: [{ name: 'name', value: affinityGroupName }] },
  ],
  '/opnfv-promise:promise/reservations/reservation/recurrence': (reservationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'recurrence' },
  ],
  '/opnfv-promise:promise/reservations/reservation/flexible-window': (reservationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'flexible-window' },
  ],
  '/opnfv-promise:promise/reservations/reservation/state': (reservationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'state' },
  ],
  '/opnfv-promise:promise/reservations/reservation/state/recurring': (reservationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'recurring' },
  ],
  '/opnfv-promise:promise/reservations/reservation/state/recurring/current': (reservationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'recurring' },
    { module: 'opnfv-promise', name: 'current' },
  ],
  '/opnfv-promise:promise/reservations/reservation/state/recurring/next': (reservationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'recurring' },
    { module: 'opnfv-promise', name: 'next' },
  ],
  '/opnfv-promise:promise/reservations/reservation/state/recurring/short-window': (reservationId: string, shortWindowOccurrence: number): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'recurring' },
    { module: 'opnfv-promise', name: 'short-window', keys: [{ name: 'occurrence', value: shortWindowOccurrence }] },
  ],
  '/opnfv-promise:promise/reservations/reservation/state/recurring/short-window/missing': (reservationId: string, shortWindowOccurrence: number): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'recurring' },
    { module: 'opnfv-promise', name: 'short-window', keys: [{ name: 'occurrence', value: shortWindowOccurrence }] },
    { module: 'opnfv-promise', name: 'missing' },
  ],
  '/opnfv-promise:promise/reservations/reservation/state/claim': (reservationId: string, claimId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'claim', keys: [{ name: 'id', value: claimId }] },
  ],
  '/opnfv-promise:promise/reservations/reservation/state/claim/capacity': (reservationId: string, claimId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'claim', keys: [{ name: 'id', value: claimId }] },
    { module: 'opnfv-promise', name: 'capacity' },
  ],
  '/opnfv-promise:promise/reservations/reservation/state/controller-reservation': (reservationId: string, controllerReservationProvider: string, controllerReservationService: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'controller-reservation', keys: [{ name: 'provider', value: controllerReservationProvider }, { name: 'service', value: controllerReservationService }] },
  ],
  '/opnfv-promise:promise/reservations/reservation/state/remaining': (reservationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'remaining' },
  ],
  '/opnfv-promise:promise/reservations/reservation/state/remaining-container': (reservationId: string, remainingContainerName: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'remaining-container', keys: [{ name: 'name', value: remainingContainerName }] },
  ],
  '/opnfv-promise:promise/reservations/reservation/state/missing': (reservationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'reservations' },
    { module: 'opnfv-promise', name: 'reservation', keys: [{ name: 'id', value: reservationId }] },
    { module: 'opnfv-promise', name: 'state' },
    { module: 'opnfv-promise', name: 'missing' },
  ],
  '/opnfv-promise:promise/offers': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'offers' },
  ],
  '/opnfv-promise:promise/offers/offer': (offerId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'offers' },
    { module: 'opnfv-promise', name: 'offer', keys: [{ name: 'id', value: offerId }] },
  ],
  '/opnfv-promise:promise/offers/offer/capacity': (offerId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'offers' },
    { module: 'opnfv-promise', name: 'offer', keys: [{ name: 'id', value: offerId }] },
    { module: 'opnfv-promise', name: 'capacity' },
  ],
  '/opnfv-promise:promise/offers/offer/container': (offerId: string, containerName: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'offers' },
    { module: 'opnfv-promise', name: 'offer', keys: [{ name: 'id', value: offerId }] },
    { module: 'opnfv-promise', name: 'container', keys: [{ name: 'name', value: containerName }] },
  ],
  '/opnfv-promise:promise/offers/offer/container/explicit': (offerId: string, containerName: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'offers' },
    { module: 'opnfv-promise', name: 'offer', keys: [{ name: 'id', value: offerId }] },
    { module: 'opnfv-promise', name: 'container', keys: [{ name: 'name', value: containerName }] },
    { module: 'opnfv-promise', name: 'explicit' },
  ],
  '/opnfv-promise:promise/offers/offer/affinity-group': (offerId: string, affinityGroupName: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'offers' },
    { module: 'opnfv-promise', name: 'offer', keys: [{ name: 'id', value: offerId }] },
    { module: 'opnfv-promise', name: 'affinity-group', keys: [{ name: 'name', value: affinityGroupName }] },
  ],
  '/opnfv-promise:promise/offers/offer/recurrence': (offerId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'offers' },
    { module: 'opnfv-promise', name: 'offer', keys: [{ name: 'id', value: offerId }] },
    { module: 'opnfv-promise', name: 'recurrence' },
  ],
  '/opnfv-promise:promise/offers/offer/flexible-window': (offerId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'offers' },
    { module: 'opnfv-promise', name: 'offer', keys: [{ name: 'id', value: offerId }] },
    { module: 'opnfv-promise', name: 'flexible-window' },
  ],
  '/opnfv-promise:promise/offers/offer/claim': (offerId: string, claimId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'offers' },
    { module: 'opnfv-promise', name: 'offer', keys: [{ name: 'id', value: offerId }] },
    { module: 'opnfv-promise', name: 'claim', keys: [{ name: 'id', value: claimId }] },
  ],
  '/opnfv-promise:promise/offers/offer/claim/capacity': (offerId: string, claimId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'offers' },
    { module: 'opnfv-promise', name: 'offer', keys: [{ name: 'id', value: offerId }] },
    { module: 'opnfv-promise', name: 'claim', keys: [{ name: 'id', value: claimId }] },
    { module: 'opnfv-promise', name: 'capacity' },
  ],
  '/opnfv-promise:promise/allocations': (): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
  ],
  '/opnfv-promise:promise/allocations/allocation': (allocationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
  ],
  '/opnfv-promise:promise/allocations/allocation/instance-ref': (allocationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'instance-ref' },
  ],
  '/opnfv-promise:promise/allocations/allocation/fault': (allocationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'fault' },
  ],
  '/opnfv-promise:promise/allocations/allocation/volume': (allocationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'volume' },
  ],
  '/opnfv-promise:promise/allocations/allocation/network': (allocationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'network' },
  ],
  '/opnfv-promise:promise/allocations/allocation/network/subnet': (allocationId: string, subnetCidr: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'network' },
    { module: 'opnfv-promise', name: 'subnet', keys: [{ name: 'cidr', value: subnetCidr }] },
  ],
  '/opnfv-promise:promise/allocations/allocation/port': (allocationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'port' },
  ],
  '/opnfv-promise:promise/allocations/allocation/floating-ip': (allocationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'floating-ip' },
  ],
  '/opnfv-promise:promise/allocations/allocation/router': (allocationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'router' },
  ],
  '/opnfv-promise:promise/allocations/allocation/attachment': (allocationId: string, attachmentResource: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'attachment', keys: [{ name: 'resource', value: attachmentResource }] },
  ],
  '/opnfv-promise:promise/allocations/allocation/attachment/fault': (allocationId: string, attachmentResource: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'attachment', keys: [{ name: 'resource', value: attachmentResource }] },
    { module: 'opnfv-promise', name: 'fault' },
  ],
  '/opnfv-promise:promise/allocations/allocation/extension': (allocationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'extension' },
  ],
  '/opnfv-promise:promise/allocations/allocation/extension/fault': (allocationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'extension' },
    { module: 'opnfv-promise', name: 'fault' },
  ],
  '/opnfv-promise:promise/allocations/allocation/capacity': (allocationId: string): InstancePath => [
    { module: 'opnfv-promise', name: 'promise' },
    { module: 'opnfv-promise', name: 'allocations' },
    { module: 'opnfv-promise', name: 'allocation', keys: [{ name: 'id', value: allocationId }] },
    { module: 'opnfv-promise', name: 'capacity' },
  ],
};
