/**
 * What the engine is asked and what it answers: inputs and results of every command (`commands/`).
 *
 * A refusal by the domain is an answer. Bad input throws `InvalidRequest`, an unknown id throws `UnknownEntry`; nothing
 * has happened then.
 */
import type { DueChange } from '../store/store.ts';
import type {
  VimAttachable,
  VimFloatingIp,
  VimInventory,
  VimPort,
  VimRouter,
  VimVirtualNetwork,
  VimVolume,
} from '../vim/vim.ts';
import type { Capacity, Resource } from './capacity.ts';
import type {
  Allocation,
  Demand,
  Id,
  MachineAllocation,
  Offer,
  Origin,
  Pool,
  PreEmption,
  Priority,
  Provider,
  ProviderAccess,
  ProviderStatus,
  Reason,
  RequestedWindow,
  Reservation,
  ResourceAllocation,
} from './entities.ts';
import type { ApplyConfiguration, ApplyConfigurationResult } from './configuration-change.ts';
import type { DomainEvent } from './events.ts';
import type { DecisionInputs } from './ledger.ts';
import type { Viewer } from './ownership.ts';
import type {
  AdoptionResult,
  AdoptResource,
  AdoptServer,
  AttachmentFound,
  AttachmentSettled,
  CreateFailed,
  CreationUnanswered,
  DeletionAccepted,
  DeletionRefused,
  ExtensionAccepted,
  ExtensionFailed,
  ServerAccepted,
  ServerGone,
  ServerResized,
  VimReportResult,
  VmStateReported,
  VolumeSized,
} from './reported.ts';
import type { Change, Head } from './state.ts';
import type { Instant, Window } from './window.ts';

/** What a decision needs from outside: time, ids, on whose behalf, and what exists for them. */
export interface At extends DecisionInputs, Viewer {
  readonly user: string;
  /** On whose account. */
  readonly tenant?: string;
}

/** What was decided. The ledger applies the changes and stores them with the events and the due work in one commit. */
export interface Decision<Result> {
  readonly result: Result;
  readonly changes: readonly Change[];
  readonly events: readonly DomainEvent[];
  readonly due: readonly DueChange[];
}

/** A pure function: the head is as it was when it returns. */
export type Command<Input, Result> = (head: Head, input: Input, at: At) => Decision<Result>;

/** A value in a request that cannot be: `field` is its YANG name, with `/` between levels. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** An id in a request that names nothing. */
export class UnknownEntry extends InvalidRequest {
  readonly entry: 'provider' | 'pool' | 'reservation' | 'allocation' | 'offer';
  readonly id: Id;

  constructor(entry: UnknownEntry['entry'], field: string, id: Id) {
    super(field, `There is no ${entry} '${id}'.`);
    this.entry = entry;
    this.id = id;
  }
}

/** A value in an entry of the configuration that cannot be: `field` is relative to the entry. */
export class InvalidConfiguration extends InvalidRequest {
  readonly entry: 'provider' | 'pool' | 'reservation';
  readonly id: Id;

  constructor(entry: InvalidConfiguration['entry'], id: Id, invalid: InvalidRequest) {
    super(invalid.field, invalid.message);
    this.entry = entry;
    this.id = id;
  }
}

/**
 * The entry belongs to the other side: an RPC came for what the configuration made, or an edit for what an RPC made
 * (error resource-denied, app-tag `owned-by-config` or `owned-by-rpc`).
 */
export class OwnedByOther extends Error {
  override readonly name = 'OwnedByOther';
  readonly owner: Origin;
  readonly entry: 'provider' | 'pool' | 'reservation';
  readonly id: Id;

  constructor(entry: OwnedByOther['entry'], id: Id, owner: Origin) {
    super(
      owner === 'config'
        ? `The ${entry} '${id}' was made by configuration; change it by an edit of the running datastore.`
        : `The ${entry} '${id}' was made by an RPC; change it by RPCs, or choose another id.`,
    );
    this.owner = owner;
    this.entry = entry;
    this.id = id;
  }
}

/** Where a demand came up short: in which pool, of what, since when, how much at the worst. */
export interface Shortage {
  readonly pool: Id;
  readonly resource: Resource;
  readonly from: Instant;
  /** First instant after the shortage; absent: it lasts to the end of the window. */
  readonly to?: Instant;
  readonly missing: number;
}

/** Why not, and what could be had instead (grouping refusal; reservation step 1b). */
export interface Refusal {
  readonly reason: Reason;
  /** In words, with the values that decided it. */
  readonly message: string;
  /** The leaf in /promise/policy/reservation, or the name of the quota, that forbids it, and its bound for this request. */
  readonly policy?: string;
  readonly limit?: string;
  /** The most of each resource asked for that could be reserved throughout the window. */
  readonly most?: Capacity;
  /** What is allocated under the reservation, which it has to keep covering. */
  readonly inUse?: Capacity;
  /** Earliest window of the same length, after the requested start, in which the whole request fits. */
  readonly nextWindow?: Window;
  /** No window starts before this instant, as far as was looked. */
  readonly searchedUntil?: Instant;
  readonly shortages: readonly Shortage[];
  /** Of a request with many windows, the first of those that fell short, by their numbers from 1 on. */
  readonly shortWindows?: readonly { readonly occurrence: number; readonly window: Window }[];
  /** Entries of the maintenance policy by which something is out of service then. */
  readonly maintenance?: readonly Id[];
  /** The container that found no place, and what stood in its way where. */
  readonly container?: string;
  readonly candidates?: readonly Candidate[];
  /** False when the search for a placement, or for what could be displaced, ended at its limit; absent where nothing was searched. */
  readonly searchComplete?: boolean;
}

/** Who had to give way to a request, as far as they exist for who asked. */
export interface Displaced {
  readonly reservations: readonly Id[];
  readonly machines: readonly Id[];
  /** How many more there are; absent: none. */
  readonly others?: number;
  /** Whether all that could give way was looked at. */
  readonly complete: boolean;
}

/** A pool, or a host, that was looked at for an instance, and what it lacks at the most. */
export interface Candidate {
  readonly pool: Id;
  readonly host?: string;
  /** In words. */
  readonly lacking: readonly string[];
  readonly lackingTraits: readonly string[];
}

export type PolicyName = 'max-future-start-range' | 'max-future-end-range' | 'max-duration' | 'open-ended';

export type Refused = { readonly outcome: 'refused'; readonly refusal: Refusal };

// Providers.

export interface AddProvider {
  /** Absent: a new one. */
  readonly id?: Id;
  /** Absent: the id. */
  readonly name?: string;
  readonly access: ProviderAccess;
  /** Absent: none. */
  readonly preEmption?: PreEmption;
}

export type AddProviderResult = { readonly outcome: 'added'; readonly provider: Provider };

/** What contact with the provider yields. With `inventory` the map follows what the VIM has. */
export interface UpdateProvider {
  readonly id: Id;
  readonly status?: ProviderStatus;
  readonly statusMessage?: string;
  readonly inventory?: VimInventory;
  /** When it last answered, of one that does not now. Absent: as it is recorded. */
  readonly lastContact?: Instant;
}

/** `ignored`: the provider is gone, or nothing is new. */
export type UpdateProviderResult =
  | {
      readonly outcome: 'updated';
      readonly provider: Provider;
      readonly degraded: readonly Id[];
      readonly restored: readonly Id[];
      readonly preempted: readonly Id[];
    }
  | { readonly outcome: 'ignored' };

export interface RemoveProvider {
  readonly id: Id;
}

export type RemoveProviderResult = { readonly outcome: 'removed' } | Refused;

export interface RetireProvider {
  readonly id: Id;
  /** While anything is held there: refused, or drained first. */
  readonly mode: 'refuse' | 'drain';
}

/** What is held on a provider, now or later. */
export interface InUse {
  readonly reservations: readonly Id[];
  readonly offers: readonly Id[];
  readonly allocations: readonly Id[];
}

export type RetireProviderResult =
  | { readonly outcome: 'removed' }
  | { readonly outcome: 'draining'; readonly inUse: InUse }
  | (Refused & { readonly inUse: InUse });

/** A provider that may have been drained. */
export interface FinishDraining {
  readonly id: Id;
}

export type FinishDrainingResult = { readonly outcome: 'removed' | 'ignored' };

// Capacity.

export interface ChangeCapacity {
  /** Absent with `pool`, or when there is only one provider. */
  readonly source?: Id;
  readonly pool?: Id;
  readonly zone?: string;
  /** Both absent: a change of the base capacity; else an adjustment for the window. */
  readonly start?: Instant;
  readonly end?: Instant;
  readonly elements?: readonly string[];
  readonly capacity: Capacity;
}

export type IncreaseCapacity = ChangeCapacity;

/** `most`: what the provider has and is in no pool yet, of the resources that were asked for. */
export type IncreaseCapacityResult =
  | { readonly outcome: 'increased'; readonly pool: Pool; readonly adjustment?: Id }
  | (Refused & { readonly most?: Capacity });

export interface DecreaseCapacity extends ChangeCapacity {
  readonly force: boolean;
}

/** A reservation that stands in the way of a decrease, or was degraded or preempted by it. */
export interface Affected {
  readonly reservation: Reservation;
  readonly missing: Capacity;
}

/** `most`: what could be taken away without touching what is held. */
export type DecreaseCapacityResult =
  | {
      readonly outcome: 'decreased';
      readonly pool: Pool;
      readonly adjustment?: Id;
      readonly affected: readonly Affected[];
    }
  | (Refused & { readonly pool: Id; readonly most: Capacity; readonly affected: readonly Affected[] });

// Reservations.

export interface CreateReservation extends RequestedWindow {
  readonly name?: string;
  /** Absent: normal. */
  readonly priority?: Priority;
  readonly demand: Demand;
  /** Record it as pending and decide afterwards (second seed, reservation steps 2 to 6). */
  readonly deferred?: boolean;
}

/** `moved`: reservations that were placed anew to make room. */
export type CreateReservationResult =
  | {
      readonly outcome: 'granted' | 'pending';
      readonly reservation: Reservation;
      readonly displaced?: Displaced;
      readonly moved?: readonly Id[];
    }
  | Refused;

/** What can be taken out of a reservation. */
export type Clearable =
  | 'name'
  | 'start'
  | 'end'
  | 'expiry-time'
  | 'zone'
  | 'pools'
  | 'elements'
  | 'container'
  | 'affinity-group'
  | 'recurrence';

/** Absent = unchanged, each resource of `capacity` included. */
export interface UpdateReservation extends RequestedWindow {
  readonly id: Id;
  readonly name?: string;
  readonly priority?: Priority;
  readonly demand?: Partial<Demand>;
  readonly clear?: readonly Clearable[];
}

export type UpdateReservationResult =
  | {
      readonly outcome: 'updated';
      readonly reservation: Reservation;
      readonly displaced?: Displaced;
      readonly moved?: readonly Id[];
    }
  | (Refused & { readonly reservation: Reservation });

export interface CancelReservation {
  readonly id: Id;
}

/** `released`: allocations that run on without the reservation. */
export type CancelReservationResult =
  | { readonly outcome: 'cancelled'; readonly reservation: Reservation; readonly released: readonly Id[] }
  | (Refused & { readonly reservation: Reservation });

// Offers.

/** As a reservation is asked for. */
export interface RequestOffer extends Omit<CreateReservation, 'deferred'> {
  /** Milliseconds. */
  readonly holdFor: number;
}

/** `moved`: reservations that were placed anew to make room. */
export type RequestOfferResult =
  { readonly outcome: 'offered'; readonly offer: Offer; readonly moved: readonly Id[] } | Refused;

export interface AcceptOffer {
  readonly id: Id;
}

export type AcceptOfferResult = { readonly outcome: 'accepted'; readonly reservation: Reservation } | Refused;

export interface DeclineOffer {
  readonly id: Id;
}

export type DeclineOfferResult = { readonly outcome: 'declined'; readonly offer: Offer } | Refused;

// Allocations.

export interface CreateInstance {
  readonly provider?: Id;
  readonly name: string;
  /** Ids or names, as the provider's inventory has them. The image is absent where there is a volume to start from. */
  readonly image?: string;
  readonly flavor: string;
  readonly networks?: readonly string[];
  /** Allocations, or ids that the VIM gave. */
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly bootVolume?: string;
  readonly zone?: string;
  readonly reservation?: Id;
  /** Of a machine without a reservation; absent: low. */
  readonly priority?: Priority;
}

/** `displaced`: the reservations that gave way to one without a reservation. */
export type CreateInstanceResult =
  { readonly outcome: 'accepted'; readonly allocation: Allocation; readonly displaced?: Displaced } | Refused;

export interface DestroyInstance {
  readonly id: Id;
}

/** Asking twice is the same as asking once. */
export type DestroyInstanceResult = { readonly outcome: 'deleting'; readonly allocation: Allocation };

/** What a resource is to be; other resources are named by allocations, or by ids or names that the VIM gave. */
export type WantedResource =
  | VimVolume
  | VimVirtualNetwork
  | VimPort
  | VimRouter
  | (Omit<VimFloatingIp, 'network'> & Partial<Pick<VimFloatingIp, 'network'>>);

export interface CreateAllocation {
  readonly provider?: Id;
  readonly name: string;
  readonly resource: WantedResource;
  readonly zone?: string;
  readonly reservation?: Id;
}

export type CreateAllocationResult = CreateInstanceResult;

export interface DestroyAllocation {
  readonly id: Id;
}

export type DestroyAllocationResult = DestroyInstanceResult | (Refused & { readonly allocation: Allocation });

/** What a machine is to be given or to lose: an allocation, or an id that the VIM gave. */
export interface ChangeAttachment {
  /** Allocation of the machine. */
  readonly id: Id;
  readonly kind: VimAttachable['kind'];
  readonly resource: string;
}

/** `attachment`: the id in the VIM. */
export type ChangeAttachmentResult =
  { readonly outcome: 'accepted'; readonly allocation: MachineAllocation; readonly attachment: string } | Refused;

/** A size, in GB, that a volume is to have. */
export interface ExtendVolume {
  readonly id: Id;
  readonly sizeGb: number;
}

export type ExtendVolumeResult = { readonly outcome: 'accepted'; readonly allocation: ResourceAllocation } | Refused;

// Due work: items that earlier decisions stored.

export interface DueWork {
  readonly task: string;
  readonly subject: Id;
  /** When it fell due; not later than now. */
  readonly at: Instant;
  readonly id: string;
}

export type DueResult = { readonly outcome: 'done' } | { readonly outcome: 'nothing-to-do' };

/** Every command of the engine; `commands/index.ts` exports them. */
export interface Commands {
  readonly addProvider: Command<AddProvider, AddProviderResult>;
  readonly updateProvider: Command<UpdateProvider, UpdateProviderResult>;
  readonly removeProvider: Command<RemoveProvider, RemoveProviderResult>;
  readonly retireProvider: Command<RetireProvider, RetireProviderResult>;
  readonly finishDraining: Command<FinishDraining, FinishDrainingResult>;
  readonly increaseCapacity: Command<IncreaseCapacity, IncreaseCapacityResult>;
  readonly decreaseCapacity: Command<DecreaseCapacity, DecreaseCapacityResult>;
  readonly createReservation: Command<CreateReservation, CreateReservationResult>;
  readonly updateReservation: Command<UpdateReservation, UpdateReservationResult>;
  readonly cancelReservation: Command<CancelReservation, CancelReservationResult>;
  readonly requestOffer: Command<RequestOffer, RequestOfferResult>;
  readonly acceptOffer: Command<AcceptOffer, AcceptOfferResult>;
  readonly declineOffer: Command<DeclineOffer, DeclineOfferResult>;
  readonly createInstance: Command<CreateInstance, CreateInstanceResult>;
  readonly destroyInstance: Command<DestroyInstance, DestroyInstanceResult>;
  readonly createAllocation: Command<CreateAllocation, CreateAllocationResult>;
  readonly destroyAllocation: Command<DestroyAllocation, DestroyAllocationResult>;
  readonly attachResource: Command<ChangeAttachment, ChangeAttachmentResult>;
  readonly detachResource: Command<ChangeAttachment, ChangeAttachmentResult>;
  readonly attachmentSettled: Command<AttachmentSettled, VimReportResult>;
  readonly attachmentFound: Command<AttachmentFound, VimReportResult>;
  readonly extendVolume: Command<ExtendVolume, ExtendVolumeResult>;
  readonly volumeSized: Command<VolumeSized, VimReportResult>;
  readonly extensionAccepted: Command<ExtensionAccepted, VimReportResult>;
  readonly extensionFailed: Command<ExtensionFailed, VimReportResult>;
  readonly serverAccepted: Command<ServerAccepted, VimReportResult>;
  readonly deletionAccepted: Command<DeletionAccepted, VimReportResult>;
  readonly deletionRefused: Command<DeletionRefused, VimReportResult>;
  readonly creationUnanswered: Command<CreationUnanswered, VimReportResult>;
  readonly createFailed: Command<CreateFailed, VimReportResult>;
  readonly vmStateReported: Command<VmStateReported, VimReportResult>;
  readonly adoptServer: Command<AdoptServer, AdoptionResult>;
  readonly adoptResource: Command<AdoptResource, AdoptionResult>;
  readonly serverResized: Command<ServerResized, VimReportResult>;
  readonly serverGone: Command<ServerGone, VimReportResult>;
  readonly runDue: Command<DueWork, DueResult>;
  readonly applyConfiguration: Command<ApplyConfiguration, ApplyConfigurationResult>;
}
