/**
 * What the engine keeps: plain immutable objects that survive JSON, one record each in the store.
 *
 * An absent property means what its comment says; instants are epoch milliseconds; a window's absent end is "without
 * end" (`FOREVER` is never written). Everything that is computed from these (timelines, indexes, what remains of a
 * reservation) is in `state.ts` and is rebuilt when records are loaded.
 */
import type { SimulationDescription } from '../vim/simulation.ts';
import type {
  VimAttachable,
  VimElement,
  VimFault,
  VimGroupPolicy,
  VimInventory,
  VimResourceSpec,
  VimServerGroup,
} from '../vim/vim.ts';
import type { Capacity } from './capacity.ts';
import type { OverCommit } from './over-commit.ts';
import type { Instant } from './window.ts';

export type Id = string;

/** Who made an entry: an edit of the running configuration, or an RPC. Neither side changes what the other made. */
export type Origin = 'config' | 'rpc';

/** Class of a reservation or allocation: 1 high, 2 normal, 3 low. The lower number is favoured. */
export type Priority = 1 | 2 | 3;

export const HIGH: Priority = 1;
export const NORMAL: Priority = 2;
export const LOW: Priority = 3;

/** The classes by the names that people know. */
export const PRIORITY_NAMES = { 1: 'high', 2: 'normal', 3: 'low' } as const satisfies Readonly<
  Record<Priority, string>
>;

/** Why a request was refused or an entry is in its state: the identities of base `reason` in opnfv-promise. */
export type Reason =
  | 'insufficient-capacity'
  | 'policy-violation'
  | 'exceeds-reservation'
  | 'below-allocated'
  | 'capacity-in-use'
  | 'unknown-reservation'
  | 'reservation-not-started'
  | 'reservation-over'
  | 'reservation-not-active'
  | 'unknown-provider'
  | 'ambiguous-provider'
  | 'provider-unavailable'
  | 'provider-rejected'
  | 'unknown-zone'
  | 'unknown-flavor'
  | 'unknown-image'
  | 'unknown-network'
  | 'unknown-resource'
  | 'element-reserved'
  | 'resource-in-use'
  | 'resource-not-ready'
  | 'cannot-shrink'
  | 'requested-by-consumer'
  | 'window-over'
  | 'not-allocated-in-time'
  | 'capacity-withdrawn'
  | 'host-failed'
  | 'capacity-restored'
  | 'boot-failed'
  | 'offer-over'
  | 'quota-exceeded'
  | 'displaced'
  | 'maintenance';

/** What may be displaced on a provider (leaf pre-emption): nothing, machines without a reservation, or lower priorities. */
export type PreEmption = 'none' | 'best-effort' | 'priority';

export type ProviderStatus = 'connecting' | 'up' | 'down' | 'rejected';

/** How a provider is reached and as whom (grouping provider-access). */
export interface ProviderAccess {
  /** Qualified identity, e.g. `opnfv-promise:openstack`. */
  readonly type: string;
  readonly strategy?: 'keystone';
  readonly endpoint?: string;
  readonly region?: string;
  /** Of OpenStack. Absent: that of the process. */
  readonly interface?: 'public' | 'internal' | 'admin';
  /** Certificates (PEM) of the authorities that are trusted. Absent: those of the process. */
  readonly caCertificate?: string;
  readonly username?: string;
  /** Secret: in no message, event or log. */
  readonly password?: string;
  readonly domain?: string;
  readonly tenant?: { readonly id?: string; readonly name?: string };
  /** What a simulated one consists of. */
  readonly simulation?: SimulationDescription;
}

export interface Provider {
  readonly id: Id;
  readonly name: string;
  readonly origin: Origin;
  readonly access: ProviderAccess;
  /** Absent: none. */
  readonly preEmption?: PreEmption;
  readonly status: ProviderStatus;
  readonly statusMessage?: string;
  /** It goes when nothing is held there any more; nothing new is. Absent: it stays. */
  readonly draining?: true;
  /** Instant of the last answer that told something new; of one that does not answer now, of the last one. */
  readonly lastContact?: Instant;
  /** What it offers, as last seen. */
  readonly inventory?: VimInventory;
  /** User who registered it. */
  readonly owner: string;
}

/** A change of a pool's capacity during a window. */
export interface Adjustment {
  readonly id: Id;
  /** As asked for; absent: from the instant at which it was made. */
  readonly start?: Instant;
  readonly end?: Instant;
  /** The start in effect. */
  readonly startsAt: Instant;
  readonly direction: 'increase' | 'decrease';
  readonly capacity: Capacity;
}

/** Capacity of a provider under Promise's control. */
export interface Pool {
  readonly id: Id;
  readonly name?: string;
  readonly origin: Origin;
  /** Provider from which the capacity comes. */
  readonly source: Id;
  /** Absent: not bound to a zone. */
  readonly zone?: string;
  /** For all time, before adjustments. A resource that is absent is not in the pool. */
  readonly capacity: Capacity;
  /** Elements of the provider that belong to the pool; absent: all. */
  readonly elements?: readonly string[];
  readonly adjustments: readonly Adjustment[];
  /** By how much it promises more, or less, of a resource than it has; absent: as it is. */
  readonly overCommit?: OverCommit;
  /** What the VIM lost and this pool therefore cannot give, and when: times that do not meet, in order. */
  readonly lost?: readonly Loss[];
  readonly owner: string;
}

/** What is lost from an instant on, up to another one or for good. */
export interface Loss {
  readonly since: Instant;
  readonly until?: Instant;
  readonly capacity: Capacity;
}

/** A host of a provider: `host/<provider>/<name>`. */
export type HostId = `host/${string}/${string}`;

/**
 * Kinds of elements that are held whole: those of a VIM; an address of a network, whether something has it or not; and what a pool
 * lists by a name that its provider does not tell.
 */
export type ElementKind = VimElement['kind'] | 'network' | 'address' | 'listed';

/** An element that is held whole: `element/<provider>/<kind>/<id>`; of an address, the id is `<network>/<address>`. */
export type ElementId = `element/${string}/${ElementKind}/${string}`;

/** A node of the capacity map: something that has capacity over time and bears claims. */
export type NodeId = `pool/${string}` | `provider/${string}` | `quota/${string}` | HostId | ElementId;

/** Whether a node is a pool's. */
export function isPoolNode(node: NodeId): boolean {
  return node.startsWith('pool/');
}

/**
 * What is held: a vector on a node during [start, end). It belongs to the entity that carries it.
 *
 * With a host, the same is held there too: one instance of a container, or, without a container, the host as a whole.
 */
export interface Claim {
  /** Unique within its owner. */
  readonly id: string;
  readonly node: NodeId;
  readonly start: Instant;
  /** Absent: without end. */
  readonly end?: Instant;
  /** With more windows than that one (see `windows.ts`): how far each starts after the one before it, and how many they are. */
  readonly period?: number;
  readonly count?: number;
  readonly capacity: Capacity;
  /** Held until a reservation needs it: a machine that may be withdrawn, or that is on its way out. */
  readonly onLoan?: true;
  readonly host?: HostId;
  /** The container of the demand of which this is one instance. */
  readonly container?: string;
  /** Local disk on the host, in GB; absent: none. */
  readonly disk?: number;
  /** An element, other than a host, that is held whole. */
  readonly element?: ElementId;
}

/** What one virtual machine consumes: by a flavor, which each provider knows for itself, or in numbers (MB, GB). */
export type InstanceSize =
  { readonly flavor: string } | { readonly vcpus: number; readonly ram: number; readonly disk?: number };

/** Virtual machines of one size (list container of the grouping demand). */
export interface Container {
  readonly name: string;
  readonly count: number;
  readonly size: InstanceSize;
  /** Absent: that of the demand. */
  readonly zone?: string;
  /** Absent: those of the demand. */
  readonly pools?: readonly Id[];
  /** Affinity group to which the machines belong. */
  readonly group?: string;
  readonly requiredTraits?: readonly string[];
  readonly forbiddenTraits?: readonly string[];
}

export type AffinityPolicy = VimGroupPolicy;

/** How the virtual machines of a group are spread over hosts. */
export interface AffinityGroup {
  readonly name: string;
  readonly policy: AffinityPolicy;
}

/** What a reservation claims, as asked for (grouping demand). */
export interface Demand {
  readonly capacity: Capacity;
  readonly zone?: string;
  /** Pools from which the resources may come; absent: any. */
  readonly pools?: readonly Id[];
  /** Elements to reserve, by id or name; see `elements.ts`. */
  readonly elements?: readonly string[];
  /** Virtual machines to place, beside the capacity. */
  readonly containers?: readonly Container[];
  readonly groups?: readonly AffinityGroup[];
}

/** Bounds within which the window is chosen. */
export interface FlexibleWindow {
  /** Absent: now. */
  readonly earliestStart?: Instant;
  /** Absent: as far as policy allows. */
  readonly latestEnd?: Instant;
  /** Length of the window, milliseconds. */
  readonly duration: number;
}

/** How a window repeats (FREQ, INTERVAL, and UNTIL or COUNT of RFC 5545 section 3.3.10), in UTC. */
export interface Recurrence {
  readonly frequency: 'daily' | 'weekly';
  /** Days or weeks from one window to the next. */
  readonly interval: number;
  /** No window starts after this instant; absent: `count` is there. */
  readonly until?: Instant;
  readonly count?: number;
}

/** The windows of what recurs. */
export interface Series {
  /** Milliseconds from the start of one window to that of the next. */
  readonly period: number;
  readonly count: number;
  /** Number, from 1 on, of the window that is in progress, or is next. */
  readonly occurrence: number;
  /** Milliseconds from the start of each window after which what was not allocated is released; absent: never. */
  readonly expiresAfter?: number;
}

/** Life cycle of a reservation; the transitions are in `lifecycle.ts`. */
export type ReservationStatus =
  | 'pending'
  | 'rejected'
  | 'scheduled'
  | 'active'
  | 'degraded'
  | 'ended'
  | 'expired'
  | 'cancelled'
  | 'preempted'
  | 'failed';

/** Who made room for something when it was granted, changed or started: by kind, absent where there is nobody. */
export interface RoomMade {
  /** Reservations that gave way for good. */
  readonly reservations?: readonly Id[];
  /** Machines without a reservation that were withdrawn, or are when it starts. */
  readonly machines?: readonly Id[];
  /** Reservations that were placed anew, and lost nothing. */
  readonly moved?: readonly Id[];
}

/** The instants of a request, as given. Without a start it is for immediate use. */
export interface RequestedTimes {
  readonly start?: Instant;
  readonly end?: Instant;
  readonly expiryTime?: Instant;
  /** The window from start to end is the first of many, and the expiry time is the one in it. */
  readonly recurrence?: Recurrence;
}

/** When a reservation is asked for: at instants, or within bounds. */
export interface RequestedWindow extends RequestedTimes {
  /** In place of start and end: they are chosen within these bounds. */
  readonly flexible?: FlexibleWindow;
}

export interface Reservation extends RequestedWindow {
  readonly id: Id;
  readonly origin: Origin;
  /** User who made it, and the tenant for which. */
  readonly owner: string;
  readonly tenant?: string;
  // What was asked for.
  readonly name?: string;
  readonly priority: Priority;
  readonly demand: Demand;
  // What came of it.
  readonly status: ReservationStatus;
  /** Absent when nothing is held. */
  readonly hold?: 'firm';
  readonly reason?: Reason;
  readonly message?: string;
  readonly createdOn: Instant;
  readonly modifiedOn: Instant;
  /** Start and end in effect; of what recurs, those of the window that is in progress, or is next. */
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  /** Absent: there is one window. */
  readonly series?: Series;
  /** What is not allocated at this instant is released; absent: never. */
  readonly expiresAt?: Instant;
  /** Machines that have to be gone before it starts; absent: none. Its status is scheduled until then. */
  readonly awaits?: readonly Id[];
  /** Who made room for it; absent: nobody had to. */
  readonly room?: RoomMade;
  /** Of one that is degraded: when what it lacks first is there again, if that is before its end and nothing else changes. */
  readonly easesAt?: Instant;
  /** The end in effect, once notice of it was given; absent: it was not. */
  readonly noticed?: Instant;
  readonly claims: readonly Claim[];
}

/** State of what was allocated (typedef vm-state): Promise's INITIALIZED and DELETING, else the VIM's word. */
export type VmState =
  | 'INITIALIZED'
  | 'BUILD'
  | 'ACTIVE'
  | 'ERROR'
  | 'DELETING'
  | 'DELETED'
  | 'UNKNOWN'
  | 'SHUTOFF'
  | 'PAUSED'
  | 'SUSPENDED'
  | 'RESCUED'
  | 'RESIZE'
  | 'VERIFY_RESIZE'
  | 'MIGRATING'
  | 'REBOOT'
  | 'REBUILD'
  | 'SHELVED'
  | 'SHELVED_OFFLOADED'
  | 'SOFT_DELETED';

export interface Fault extends Omit<VimFault, 'code'> {
  readonly code?: number;
  readonly occurredOn: Instant;
}

/** What every allocation has, whatever was made. */
interface Allocated {
  readonly id: Id;
  readonly name: string;
  /** Reservation against which it was made. Kept when that one is over and the machine runs on. */
  readonly reservation?: Id;
  /**
   * `reservation`: it consumes a part of what its reservation holds on the pool. `own`: `claims` hold its capacity,
   * because it has no reservation, or that one is over.
   */
  readonly backing: 'reservation' | 'own';
  readonly pool: Id;
  readonly provider: Id;
  readonly priority: Priority;
  readonly vmState: VmState;
  readonly fault?: Fault;
  /** What the VIM has still to be told; absent: nothing. Set with the decision, cleared when the VIM has accepted. */
  readonly intent?: 'create' | 'delete';
  /** Machines that have to be gone before the VIM is asked for it; absent: none. It has no intent until then. */
  readonly awaits?: readonly Id[];
  /** Who made room for a machine without a reservation; absent: nobody had to. */
  readonly room?: RoomMade;
  /** Idempotency token of the creation, kept by the VIM with what it made. */
  readonly token: string;
  /** The VIM's identifier of the server or other resource; absent until it has accepted. */
  readonly server?: string;
  /** Until when a creation that the VIM did not answer may still take effect, beside what there is. Absent: none is out. */
  readonly unansweredUntil?: Instant;
  readonly zone?: string;
  /** Where a machine runs as the VIM tells, or is to run. */
  readonly host?: string;
  /** The claim of its reservation that it uses, where that is on a host. Absent: what it consumes on its host, it holds itself. */
  readonly claim?: string;
  /** Local disk on its host, in GB; absent: none. */
  readonly disk?: number;
  readonly capacity: Capacity;
  /** Window in which it counts as usage: to the end of its reservation, or without end. */
  readonly startsAt: Instant;
  readonly endsAt?: Instant;
  readonly claims: readonly Claim[];
  readonly owner: string;
  readonly tenant?: string;
  readonly createdOn: Instant;
  readonly modifiedOn: Instant;
}

/** A port or volume that a machine that is there already is to be given, or is to lose; attached or not is for the VIM to say. */
export interface PendingAttachment extends VimAttachable {
  readonly action: 'attach' | 'detach';
  /** Why it cannot be done; absent: it is being done. */
  readonly fault?: Fault;
}

export interface MachineAllocation extends Allocated {
  readonly resource?: undefined;
  readonly flavor: string;
  /** Absent: it starts from `bootVolume`. */
  readonly image?: string;
  /** Id in the VIM of the volume that it starts from; it keeps that to its end. */
  readonly bootVolume?: string;
  readonly networks: readonly string[];
  /** Ids of ports and volumes in the VIM that it was given, also since it was made; absent: none. */
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  /** What it is being given, or loses, and what of that could not be done. */
  readonly pending?: readonly PendingAttachment[];
  /** The affinity group of its reservation in which it is; absent: none. */
  readonly group?: VimServerGroup;
}

/** The larger size that a volume is to have. */
export interface PendingExtension {
  readonly sizeGb: number;
  /** The VIM is at it. Absent: it has still to be asked, or to answer. */
  readonly accepted?: true;
  /** Why it cannot be had; absent: the volume is being extended. */
  readonly fault?: Fault;
}

/** A volume, network, port, floating IP or router. */
export interface ResourceAllocation extends Allocated {
  readonly resource: VimResourceSpec;
  /** The allocation that uses it: a machine, or of a floating IP the port. Absent: none that is known. */
  readonly attachedTo?: Id;
  /** Address that the VIM gave to a port or a floating IP. */
  readonly address?: string;
  /** Of a volume; absent: none was asked for that was not brought about. Its capacity is held until it fails. */
  readonly extension?: PendingExtension;
}

/** Something that Promise had the VIM make; removed when the VIM has confirmed that it is gone. */
export type Allocation = MachineAllocation | ResourceAllocation;

export type OfferStatus = 'held' | 'accepted' | 'lapsed';

/** Resources held for a consumer until a deadline. */
export interface Offer {
  readonly id: Id;
  readonly owner: string;
  readonly tenant?: string;
  // What was asked for.
  readonly name?: string;
  readonly priority: Priority;
  readonly start?: Instant;
  readonly end?: Instant;
  readonly expiryTime?: Instant;
  readonly flexible?: FlexibleWindow;
  readonly recurrence?: Recurrence;
  readonly demand: Demand;
  // What came of it.
  readonly status: OfferStatus;
  /** Why it has lapsed; absent: it has not. */
  readonly reason?: Reason;
  readonly createdOn: Instant;
  readonly modifiedOn: Instant;
  /** It lapses at this instant: not later than the end of the window. */
  readonly expiresAt: Instant;
  /** Who made room for it; absent: nobody had to. */
  readonly room?: RoomMade;
  /** What it became when it was accepted. */
  readonly reservation?: Id;
  /** The window that is offered, or the first of them. */
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  /** Absent: there is one window. */
  readonly series?: Series;
  /** Of an accepted one the reservation has them; a lapsed one keeps what is past. */
  readonly claims: readonly Claim[];
}

/** A limit on what a tenant or user may hold at any instant (/promise/policy/quota). */
export interface Quota {
  readonly name: string;
  /** Absent: each tenant. */
  readonly tenant?: string;
  /** Absent: all users of the tenant together. */
  readonly user?: string;
  /** Most reservations that are granted and not over, and offers that are held. */
  readonly reservations?: number;
  /** Most of each resource; one that is absent is not limited. */
  readonly capacity: Capacity;
  /** When it was set as it is: what was held then is kept, even if it is more. The engine notes it. */
  readonly since?: Instant;
}

/** A planned time out of service (/promise/policy/maintenance). */
export interface Maintenance {
  readonly id: Id;
  readonly pool: Id;
  /** Name of a host of the pool's provider; absent: the pool as a whole. */
  readonly host?: string;
  readonly start: Instant;
  readonly end: Instant;
  /** What becomes of an edit by which something that is held could not be kept; absent: it is degraded. */
  readonly whenHeld?: 'refuse';
}

/** Rules that bind every request (/promise/policy). An absent limit is none. */
export interface Policy {
  /** Days from now. */
  readonly maxFutureStartRange?: number;
  readonly maxFutureEndRange?: number;
  /** Hours. */
  readonly maxDuration: number;
  /** What becomes of a reservation without an end: it ends at the limit, or is refused. */
  readonly openEnded: 'bound' | 'refuse';
  /** Minutes from the start after which what was not allocated is released. */
  readonly expiry?: number;
  /** Minutes: the same for a reservation for immediate use. */
  readonly immediateValidity: number;
  readonly onCapacityLoss: 'notify' | 'favour-priority';
  /** What becomes of allocations at the end of their reservation: destroyed, or they run on without one. */
  readonly atEnd: 'terminate' | 'release';
  /** Minutes before the end at which it is announced. */
  readonly terminationLead?: number;
  readonly quotas?: readonly Quota[];
  readonly maintenance?: readonly Maintenance[];
  /** What becomes of what carries a token that no allocation knows; absent: they are reported. */
  readonly orphans?: 'report' | 'adopt' | 'remove';
}

/** What holds where the configuration says nothing. */
export const DEFAULT_POLICY: Policy = {
  maxDuration: 8760,
  openEnded: 'bound',
  immediateValidity: 60,
  onCapacityLoss: 'notify',
  atEnd: 'release',
};
