/**
 * What a VIM tells of its surroundings beside what can be reserved: information for who operates it or places resources in it. Nothing of
 * it is counted: the capacity of a provider is that of its hosts and its quotas.
 */

/** Hosts that the VIM's operator put together, for servers to be sent to or kept from. A host may be in several. */
export interface VimAggregate {
  readonly id: string;
  readonly name: string;
  /** The availability zone that it makes of its hosts; absent: it makes none. */
  readonly zone?: string;
  /** Names, in order. */
  readonly hosts: readonly string[];
  /** What flavors and images choose it by. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A router of the tenant, whoever made it. */
export interface VimRouterElement {
  readonly id: string;
  readonly name: string;
  /** Whether its operator has it forward. */
  readonly enabled: boolean;
  /** The VIM's word, such as ACTIVE. */
  readonly status?: string;
  /** Id of the external network; absent: it leads to none. */
  readonly gateway?: string;
  /** The token given to `createResource`; absent: others made it. */
  readonly token?: string;
}

/** An external network, as what floating IPs come from. */
export interface VimFloatingIpPool {
  /** The network's, as is the name. */
  readonly id: string;
  readonly name: string;
  /** Addresses of IPv4 that can be given out, and those that are, to whomever; absent: the account may not see them. */
  readonly addresses?: { readonly total: number; readonly used: number };
}

/** A kind of volume, which `VimVolume` may name. */
export interface VimVolumeType {
  readonly id: string;
  readonly name: string;
  /** Whether every tenant may use it. */
  readonly public: boolean;
  /** Where its volumes are kept; absent: anywhere, or the account may not see it. */
  readonly backend?: string;
}

/** Storage from which volumes are cut. Sizes are in GB; absent: without bounds, or not known. */
export interface VimVolumePool {
  readonly name: string;
  readonly backend?: string;
  readonly totalGb?: number;
  readonly freeGb?: number;
  /** What the volumes have been promised, which may be more than they take. */
  readonly allocatedGb?: number;
  /** How many times over its total may be promised, where it is filled as volumes are. */
  readonly overCommit?: number;
}

/** Each in any order; absent: none is known, or the account may not see them. */
export interface VimInformation {
  readonly aggregates?: readonly VimAggregate[];
  readonly routers?: readonly VimRouterElement[];
  readonly floatingIpPools?: readonly VimFloatingIpPool[];
  readonly volumeTypes?: readonly VimVolumeType[];
  readonly volumePools?: readonly VimVolumePool[];
}
