/**
 * The port to virtualised infrastructure managers (VIM): what Promise asks of a cloud and hears from it.
 *
 * Names are those of OpenStack, whose adapter is one implementation. Memory is in MB (2^20 bytes), disks in GB (2^30 bytes),
 * instants are epoch milliseconds. Every call fails with a `VimError` and nothing else.
 */
import type { Observable } from 'rxjs';
import type { VimInformation } from './information.ts';

/** How to reach a VIM and as whom: the content of a provider entry. */
export interface VimAccount {
  readonly providerId: string;
  readonly endpoint?: string;
  readonly username?: string;
  /** Secret: never logged, never in a message. */
  readonly password?: string;
  /** Domain of the user and the tenant. */
  readonly domain?: string;
  readonly region?: string;
  /** Which of a service's endpoints is used; absent: that of the adapter. */
  readonly interface?: 'public' | 'internal' | 'admin';
  /** Certificates (PEM) of the authorities that are trusted; absent: those of the adapter. */
  readonly caCertificate?: string;
  readonly tenant?: { readonly id?: string; readonly name?: string };
}

/** Makes the adapter for an account. Nothing is contacted before the first call. */
export type VimFactory = (account: VimAccount) => Vim;

export interface VimHost {
  readonly name: string;
  readonly zone: string;
  readonly state: 'up' | 'down';
  /** Whether new servers may be placed there (the service is enabled). */
  readonly enabled: boolean;
  /** What can be given out: inventory times allocation ratio, less what is set aside. */
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskGb: number;
  readonly used: { readonly vcpus: number; readonly memoryMb: number; readonly diskGb: number };
  /** Properties by which servers choose hosts. */
  readonly traits: readonly string[];
}

export interface VimFlavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskGb: number;
}

export interface VimImage {
  readonly id: string;
  readonly name: string;
  readonly minMemoryMb: number;
  readonly minDiskGb: number;
}

export interface VimNetwork {
  readonly id: string;
  readonly name: string;
  /** Whether it leads outside: public addresses come from it. */
  readonly external: boolean;
  /** The token given to `createResource`; absent: others made it. */
  readonly token?: string;
}

/** A part of a network's addresses. */
export interface VimSubnetElement {
  readonly kind: 'subnet';
  readonly id: string;
  readonly name: string;
  /** Id. */
  readonly network: string;
  readonly cidr: string;
  readonly gateway?: string;
}

/** A port, whoever made it and whatever uses it. */
export interface VimPortElement {
  readonly kind: 'port';
  readonly id: string;
  readonly name: string;
  /** Id. */
  readonly network: string;
  readonly addresses: readonly string[];
  /** The token given to `createResource`; absent: others made it. */
  readonly token?: string;
}

/** A public address that is the tenant's, whatever it leads to. */
export interface VimFloatingIpElement {
  readonly kind: 'floating-ip';
  readonly id: string;
  /** Floating IPs have no name. */
  readonly name: '';
  /** Id of the external network. */
  readonly network: string;
  readonly address: string;
  /** The token given to `createResource`; absent: others made it. */
  readonly token?: string;
}

export interface VimVolumeElement {
  readonly kind: 'volume';
  readonly id: string;
  readonly name: string;
  readonly sizeGb: number;
  readonly zone?: string;
  /** The token given to `createResource`; absent: others made it. */
  readonly token?: string;
}

/** What a tenant has of network and storage; ports that the VIM keeps for itself (routers, DHCP) are not among them. */
export type VimElement = VimSubnetElement | VimPortElement | VimFloatingIpElement | VimVolumeElement;

/** How many of each the tenant may have; absent = unlimited or not known. */
export interface VimQuotas {
  readonly instances?: number;
  readonly cores?: number;
  readonly memoryMb?: number;
  readonly networks?: number;
  readonly ports?: number;
  readonly routers?: number;
  readonly subnets?: number;
  readonly addresses?: number;
  readonly gigabytes?: number;
  readonly snapshots?: number;
  readonly volumes?: number;
}

/** What the account may see and use. An ordinary tenant may see no hosts: then the quotas are the capacity. */
export interface VimInventory extends VimInformation {
  readonly zones: readonly string[];
  readonly hosts: readonly VimHost[];
  readonly flavors: readonly VimFlavor[];
  readonly images: readonly VimImage[];
  readonly networks: readonly VimNetwork[];
  /** In any order. Absent: none is known. */
  readonly elements?: readonly VimElement[];
  readonly quotas: VimQuotas;
}

/** Nova's states of a server, as far as they matter here; every other one is `UNKNOWN`. */
export type VimServerStatus = 'BUILD' | 'ACTIVE' | 'SHUTOFF' | 'ERROR' | 'DELETED' | 'UNKNOWN';

export interface VimFault {
  readonly code: number;
  readonly message: string;
}

export interface VimServer {
  readonly id: string;
  readonly name: string;
  /** The token given to `createServer`; absent for servers that others made. */
  readonly token?: string;
  readonly status: VimServerStatus;
  /** Whether the VIM is deleting it (Nova's task state). */
  readonly deleting: boolean;
  /** Why it is in ERROR. */
  readonly fault?: VimFault;
  readonly flavor: string;
  /** Id of the image of its disk on its host. Absent: it starts from a volume, or the VIM does not tell. */
  readonly image?: string;
  /** Id of the volume that it starts from. Absent: it has a disk on its host, or the VIM does not tell. */
  readonly bootVolume?: string;
  readonly zone?: string;
  readonly host?: string;
  readonly createdAt: number;
}

/** What can be attached to a server that is there. */
export interface VimAttachable {
  readonly kind: 'port' | 'volume';
  /** The VIM's. */
  readonly id: string;
}

/** Whether something is attached to a server. `changing`: it is about to be, or not to be any more. */
export type VimAttachmentState = 'attached' | 'changing' | 'detached';

/** A port or volume that a server has. */
export interface VimAttachment extends VimAttachable {
  /** The server's id. */
  readonly server: string;
}

/** Network and block storage resources that exist beside servers. */
export type VimResourceKind = 'volume' | 'network' | 'port' | 'floating-ip' | 'router';

export interface VimVolume {
  readonly kind: 'volume';
  readonly sizeGb: number;
  /** Id or name of the volume type; absent: the VIM's default. */
  readonly type?: string;
  readonly zone?: string;
  /** Id of the image that it is made from; absent: it is empty. */
  readonly image?: string;
}

export interface VimSubnet {
  /** Address range, such as `192.0.2.0/24`. */
  readonly cidr: string;
  /** Absent: the first address of the range. */
  readonly gateway?: string;
}

export interface VimVirtualNetwork {
  readonly kind: 'network';
  readonly subnets: readonly VimSubnet[];
}

export interface VimPort {
  readonly kind: 'port';
  /** Id. */
  readonly network: string;
  /** Absent: the VIM chooses one of each subnet. */
  readonly address?: string;
}

/** A public address. */
export interface VimFloatingIp {
  readonly kind: 'floating-ip';
  /** Id of the external network. */
  readonly network: string;
  /** Absent: the VIM chooses one. */
  readonly address?: string;
  /** Id of the port to which it leads; absent: none. */
  readonly port?: string;
}

/** Joins all subnets of networks with each other and, where it has a gateway, with an external network. */
export interface VimRouter {
  readonly kind: 'router';
  /** Id of the external network; absent: none. */
  readonly gateway?: string;
  /** Ids. */
  readonly networks: readonly string[];
}

/** What a resource is to be. */
export type VimResourceSpec = VimVolume | VimVirtualNetwork | VimPort | VimFloatingIp | VimRouter;

export interface CreateResource {
  /** Idempotency token: kept with the resource, by which it is found again. */
  readonly token: string;
  readonly name: string;
  readonly spec: VimResourceSpec;
}

export interface VimResource {
  readonly id: string;
  readonly kind: VimResourceKind;
  readonly name: string;
  /** The token given to `createResource`; absent for resources that others made. */
  readonly token?: string;
  /** ACTIVE: it is there and can be used, whether it is or not. */
  readonly status: 'BUILD' | 'ACTIVE' | 'ERROR' | 'DELETED' | 'UNKNOWN';
  readonly deleting: boolean;
  readonly fault?: VimFault;
  /** Of a volume. */
  readonly sizeGb?: number;
  /** Of a port or a floating IP. */
  readonly address?: string;
}

/** A volume that is to be, or was to be, larger. */
export interface VimVolumeExtension {
  readonly volume: VimResource;
  /** Whether the VIM is making it larger. */
  readonly extending: boolean;
  /** What the VIM says of the last extension that failed. */
  readonly failure?: string;
}

export type VimGroupPolicy = 'affinity' | 'anti-affinity' | 'soft-affinity' | 'soft-anti-affinity';

/** Servers that the VIM keeps together, or apart, where it chooses their hosts. */
export interface VimServerGroup {
  /** What its servers have in common; the first of them brings it about. */
  readonly token: string;
  readonly policy: VimGroupPolicy;
}

export interface CreateServer {
  /** Idempotency token: kept in the server's metadata, found again by `findServersByToken`. */
  readonly token: string;
  /** Nothing was ever asked for with the token: there is no server to be looked for. */
  readonly fresh?: true;
  readonly name: string;
  /** Id or name of what the server's disk on its host is made from; absent with `bootVolume`. */
  readonly image?: string;
  /** Id of a volume that the server starts from. It has no disk on its host then, and outlives the server. */
  readonly bootVolume?: string;
  /** Id or name. */
  readonly flavor: string;
  /** Ids or names. */
  readonly networks: readonly string[];
  /** Ids of ports that are there already, to be attached after the networks. */
  readonly ports?: readonly string[];
  /** Ids of volumes to be attached. */
  readonly volumes?: readonly string[];
  readonly zone?: string;
  /** Where the account may not choose it, the VIM does. */
  readonly host?: string;
  readonly group?: VimServerGroup;
}

/**
 * What the VIM tells unasked. It may repeat itself and may leave things out: `listServers` and `discover` have the last word.
 * `server`, `resource`: its present state; status DELETED when it is gone.
 * `host`: it went up or down. `inventory`: something that `discover` reports has changed.
 */
export type VimEvent =
  | { readonly type: 'server'; readonly server: VimServer }
  | { readonly type: 'resource'; readonly resource: VimResource }
  | { readonly type: 'host'; readonly host: string; readonly state: 'up' | 'down' }
  | { readonly type: 'inventory' };

export interface Vim {
  readonly providerId: string;

  /** Authenticates if needed and reports everything there is. Also the check that endpoint and credentials are right. */
  discover(signal: AbortSignal): Promise<VimInventory>;

  /** Asks for a server; resolves when the VIM has accepted, long before it runs. A token that is there already yields its server. */
  createServer(request: CreateServer, signal: AbortSignal): Promise<{ readonly serverId: string }>;

  /** Asks for the end of a server; resolves when the VIM has accepted. `not-found` when it is gone. */
  deleteServer(serverId: string, signal: AbortSignal): Promise<void>;

  /** The servers made with a token: more than one where a creation took effect after it had been given up and was tried again. */
  findServersByToken(token: string, signal: AbortSignal): Promise<readonly VimServer[]>;

  /** Removes the groups that servers were created in, save those whose tokens are still in use and those that have servers. */
  removeServerGroups(inUse: ReadonlySet<string>, signal: AbortSignal): Promise<void>;

  /** The servers of the account's tenant. */
  listServers(signal: AbortSignal): Promise<readonly VimServer[]>;

  /**
   * Makes a resource; resolves when the VIM has accepted, with the state that it has then. A token that is there already yields its
   * resource, and what is missing of it is made.
   */
  createResource(request: CreateResource, signal: AbortSignal): Promise<VimResource>;

  /**
   * Asks for the end of a resource; resolves when the VIM has accepted. `not-found` when it is gone, `conflict` while something uses it.
   */
  deleteResource(kind: VimResourceKind, id: string, signal: AbortSignal): Promise<void>;

  /** The resources of a kind made with a token. */
  findResourcesByToken(kind: VimResourceKind, token: string, signal: AbortSignal): Promise<readonly VimResource[]>;

  /** The resources of a kind in the account's tenant. */
  listResources(kind: VimResourceKind, signal: AbortSignal): Promise<readonly VimResource[]>;

  /** What a resource is, as it would be asked for; an address that it has may not have been. `not-found` when it is gone. */
  describeResource(kind: VimResourceKind, id: string, signal: AbortSignal): Promise<VimResourceSpec>;

  /**
   * Asks for a volume to be made larger, whether a server has it or not; resolves when the VIM has accepted. `not-found` when it is gone;
   * `conflict` or `refused` when its state or its size does not admit it.
   */
  extendVolume(id: string, sizeGb: number, signal: AbortSignal): Promise<void>;

  /** How far a volume is from a size. `not-found` when it is gone. */
  volumeExtension(id: string, sizeGb: number, signal: AbortSignal): Promise<VimVolumeExtension>;

  /** Asks for a port or volume to be attached to a server; resolves when the VIM has accepted. `not-found` when either is gone. */
  attach(serverId: string, what: VimAttachable, signal: AbortSignal): Promise<void>;

  /** Asks for the end of an attachment; resolves when the VIM has accepted. `not-found` when the VIM says that there is none. */
  detach(serverId: string, what: VimAttachable, signal: AbortSignal): Promise<void>;

  /** @returns detached also when the port or volume is gone. */
  attachmentState(serverId: string, what: VimAttachable, signal: AbortSignal): Promise<VimAttachmentState>;

  /** What is attached to servers, as it is or as the last `discover` found it: a lead, which `attachmentState` has to confirm. */
  listAttachments(signal: AbortSignal): Promise<readonly VimAttachment[]>;

  /** Hot; never errors; completes on `close`. */
  readonly events$: Observable<VimEvent>;

  /** Ends calls in progress and lets go of connections. May be called again. */
  close(): Promise<void>;
}

/**
 * What went wrong, in the words of the field:
 * `unauthorized`: the credentials are wrong; `forbidden`: they do not suffice for this;
 * `refused`: the request cannot be met as it is (unknown flavor, name too long); `over-quota`; `no-valid-host`;
 * `not-found`; `conflict`: the object's state does not allow it;
 * `unreachable`: nothing was delivered; `timeout`: delivered or not, nobody knows; `failed`: the VIM reported its own failure;
 * `aborted`: the caller's signal, or `close`.
 */
export type VimErrorKind =
  | 'unauthorized'
  | 'forbidden'
  | 'refused'
  | 'over-quota'
  | 'no-valid-host'
  | 'not-found'
  | 'conflict'
  | 'unreachable'
  | 'timeout'
  | 'failed'
  | 'aborted';

/** The kinds after which nobody can say whether the call took effect. */
const UNKNOWN_OUTCOMES: ReadonlySet<VimErrorKind> = new Set(['timeout', 'failed', 'aborted']);

export class VimError extends Error {
  override readonly name = 'VimError';
  readonly kind: VimErrorKind;

  constructor(kind: VimErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }

  /** Whether the call may have taken effect all the same. */
  get outcomeUnknown(): boolean {
    return UNKNOWN_OUTCOMES.has(this.kind);
  }
}
