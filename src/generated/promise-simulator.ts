// Generated from yang/promise-simulator.yang by "npm run generate"; do not edit.

/**
 * Types of the YANG module promise-simulator, revision 2026-11-21.
 *
 * A provider that simulates its infrastructure, for trials, demonstrations and tests
 * without a VIM: what it consists of, and RPCs that make it fail and change.
 *
 * A simulated provider works without any configuration: where nothing is configured, it
 * has an infrastructure of its own making, whose hosts, flavors, images and networks
 * are listed under services of the provider like those of any other.
 *
 * The module is served only where a simulated provider is allowed.
 */

import type { Entries } from '../yang/data.ts';
import type { Empty, HandlersOf, RpcDescriptor } from '../yang/descriptors.ts';

export const moduleName = 'promise-simulator';
export const namespace = 'urn:opnfv:promise:simulator';
/** Features that the server implements and announces. */
export const announcedFeatures: readonly string[] = [];

/**
 * Compute hosts.
 * @path /opnfv-promise:promise/providers/provider/promise-simulator:simulation/host
 */
export type ProviderSimulationHost = {
  /**
   * Name of the host.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly name: string;
  /**
   * Number of equal hosts. If it is above 1, the hosts are called by the name, a
   * hyphen and a number from 1.
   * @type uint32
   */
  readonly count?: number;
  /**
   * Availability zone of the host. Absent: the first zone of the simulation.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Virtual CPUs of the host.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory of the host.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Local disk of the host.
   * @type uint32 (GB)
   */
  readonly disk?: number;
  /**
   * Properties of the host.
   * @type nfv-infrastructure:trait
   */
  readonly traits?: readonly string[];
};

/**
 * Sizes of virtual machines.
 * @path /opnfv-promise:promise/providers/provider/promise-simulator:simulation/flavor
 */
export type ProviderSimulationFlavor = {
  /**
   * Id of the flavor.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the flavor. Absent: the id.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Virtual CPUs of one virtual machine.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory of one virtual machine.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Root disk of one virtual machine. Absent: none.
   * @type uint32 (GB)
   */
  readonly disk?: number;
};

/**
 * Images to boot from.
 * @path /opnfv-promise:promise/providers/provider/promise-simulator:simulation/image
 */
export type ProviderSimulationImage = {
  /**
   * Id of the image.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the image. Absent: the id.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
};

/**
 * Virtual networks.
 * @path /opnfv-promise:promise/providers/provider/promise-simulator:simulation/network
 */
export type ProviderSimulationNetwork = {
  /**
   * Id of the network.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the network. Absent: the id.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Whether public addresses come from the network. */
  readonly external?: boolean;
};

/**
 * Capacity that is not bound to hosts. Absent: what the simulation brings
 * along.
 * @path /opnfv-promise:promise/providers/provider/promise-simulator:simulation/limits
 */
export type ProviderSimulationLimits = {
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
 * What the provider simulates. Changes made here take effect when the provider is
 * set up; a running one is changed with the RPCs of this module.
 * @path /opnfv-promise:promise/providers/provider/promise-simulator:simulation
 */
export type ProviderSimulation = {
  /**
   * Start of the sequence of random numbers from which jitter and made-up
   * identifiers come: the same seed gives the same run.
   * @type uint32
   */
  readonly seed?: number;
  /**
   * Time from BUILD to ACTIVE.
   * @type uint32 (milliseconds)
   */
  readonly 'boot-time'?: number;
  /**
   * Time from DELETING to DELETED.
   * @type uint32 (milliseconds)
   */
  readonly 'delete-time'?: number;
  /**
   * How far single times stray from the given ones, to either side.
   * @type uint8 (percent)
   */
  readonly jitter?: number;
  /** Compute hosts. */
  readonly host?: readonly ProviderSimulationHost[] | Entries<ProviderSimulationHost>;
  /** Sizes of virtual machines. */
  readonly flavor?: readonly ProviderSimulationFlavor[] | Entries<ProviderSimulationFlavor>;
  /** Images to boot from. */
  readonly image?: readonly ProviderSimulationImage[] | Entries<ProviderSimulationImage>;
  /** Virtual networks. */
  readonly network?: readonly ProviderSimulationNetwork[] | Entries<ProviderSimulationNetwork>;
  /**
   * Capacity that is not bound to hosts. Absent: what the simulation brings
   * along.
   */
  readonly limits?: ProviderSimulationLimits;
};

/**
 * Compute hosts.
 * @path /opnfv-promise:add-provider/input/promise-simulator:simulation/host
 */
export type AddProviderInputSimulationHost = {
  /**
   * Name of the host.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly name: string;
  /**
   * Number of equal hosts. If it is above 1, the hosts are called by the name, a
   * hyphen and a number from 1.
   * @type uint32
   */
  readonly count: number;
  /**
   * Availability zone of the host. Absent: the first zone of the simulation.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Virtual CPUs of the host.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory of the host.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Local disk of the host.
   * @type uint32 (GB)
   */
  readonly disk?: number;
  /**
   * Properties of the host.
   * @type nfv-infrastructure:trait
   */
  readonly traits?: readonly string[];
};

/**
 * Sizes of virtual machines.
 * @path /opnfv-promise:add-provider/input/promise-simulator:simulation/flavor
 */
export type AddProviderInputSimulationFlavor = {
  /**
   * Id of the flavor.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the flavor. Absent: the id.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /**
   * Virtual CPUs of one virtual machine.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory of one virtual machine.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Root disk of one virtual machine. Absent: none.
   * @type uint32 (GB)
   */
  readonly disk?: number;
};

/**
 * Images to boot from.
 * @path /opnfv-promise:add-provider/input/promise-simulator:simulation/image
 */
export type AddProviderInputSimulationImage = {
  /**
   * Id of the image.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the image. Absent: the id.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
};

/**
 * Virtual networks.
 * @path /opnfv-promise:add-provider/input/promise-simulator:simulation/network
 */
export type AddProviderInputSimulationNetwork = {
  /**
   * Id of the network.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly id: string;
  /**
   * Name of the network. Absent: the id.
   * @type nfv-infrastructure:name
   */
  readonly name?: string;
  /** Whether public addresses come from the network. */
  readonly external: boolean;
};

/**
 * Capacity that is not bound to hosts. Absent: what the simulation brings
 * along.
 * @path /opnfv-promise:add-provider/input/promise-simulator:simulation/limits
 */
export type AddProviderInputSimulationLimits = {
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
 * What the provider simulates. Changes made here take effect when the provider is
 * set up; a running one is changed with the RPCs of this module.
 * @path /opnfv-promise:add-provider/input/promise-simulator:simulation
 */
export type AddProviderInputSimulation = {
  /**
   * Start of the sequence of random numbers from which jitter and made-up
   * identifiers come: the same seed gives the same run.
   * @type uint32
   */
  readonly seed?: number;
  /**
   * Time from BUILD to ACTIVE.
   * @type uint32 (milliseconds)
   */
  readonly 'boot-time'?: number;
  /**
   * Time from DELETING to DELETED.
   * @type uint32 (milliseconds)
   */
  readonly 'delete-time'?: number;
  /**
   * How far single times stray from the given ones, to either side.
   * @type uint8 (percent)
   */
  readonly jitter?: number;
  /** Compute hosts. */
  readonly host?: readonly AddProviderInputSimulationHost[];
  /** Sizes of virtual machines. */
  readonly flavor?: readonly AddProviderInputSimulationFlavor[];
  /** Images to boot from. */
  readonly image?: readonly AddProviderInputSimulationImage[];
  /** Virtual networks. */
  readonly network?: readonly AddProviderInputSimulationNetwork[];
  /**
   * Capacity that is not bound to hosts. Absent: what the simulation brings
   * along.
   */
  readonly limits?: AddProviderInputSimulationLimits;
};

/**
 * Takes a host down at once. Its virtual machines go to ERROR, or DELETED if they were
 * being deleted, and its capacity is gone until restore-host (reservation step 6b).
 * @path /promise-simulator:fail-host/input
 */
export type FailHostInput = {
  /**
   * Provider of the type simulated.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id': string;
  /**
   * Name of the host.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly host: string;
};

/**
 * Takes a host down at once. Its virtual machines go to ERROR, or DELETED if they were
 * being deleted, and its capacity is gone until restore-host (reservation step 6b).
 * @path /promise-simulator:fail-host/output
 */
export type FailHostOutput = {
  /**
   * Number of virtual machines that ran on the host.
   * @type uint32 (instances)
   */
  readonly 'lost-instances'?: number;
};

/**
 * Brings a host back. Virtual machines that were lost with it stay in ERROR.
 * @path /promise-simulator:restore-host/input
 */
export type RestoreHostInput = {
  /**
   * Provider of the type simulated.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id': string;
  /**
   * Name of the host.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly host: string;
};

/**
 * Adds a host.
 * @path /promise-simulator:add-host/input
 */
export type AddHostInput = {
  /**
   * Provider of the type simulated.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id': string;
  /**
   * Name of the host.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly host: string;
  /**
   * Availability zone of the host. Absent: the first zone of the simulation.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /**
   * Virtual CPUs of the host.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus: number;
  /**
   * Memory of the host.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram: string;
  /**
   * Local disk of the host.
   * @type uint32 (GB)
   */
  readonly disk?: number;
  /**
   * Properties of the host.
   * @type nfv-infrastructure:trait
   */
  readonly traits?: readonly string[];
};

/**
 * Removes a host for good, as if it failed and was never restored.
 * @path /promise-simulator:remove-host/input
 */
export type RemoveHostInput = {
  /**
   * Provider of the type simulated.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id': string;
  /**
   * Name of the host.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly host: string;
};

/**
 * Removes a host for good, as if it failed and was never restored.
 * @path /promise-simulator:remove-host/output
 */
export type RemoveHostOutput = {
  /**
   * Number of virtual machines that ran on the host.
   * @type uint32 (instances)
   */
  readonly 'lost-instances'?: number;
};

/**
 * Changes what a host offers. What runs on it goes on, even if it is more than the
 * host offers from now on.
 * @path /promise-simulator:set-host-capacity/input
 */
export type SetHostCapacityInput = {
  /**
   * Provider of the type simulated.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id': string;
  /**
   * Name of the host.
   * @type nfv-infrastructure:vim-identifier
   */
  readonly host: string;
  /**
   * Virtual CPUs of the host.
   * @type uint32 (virtual CPUs)
   */
  readonly vcpus?: number;
  /**
   * Memory of the host.
   * @type nfv-infrastructure:memory (MB)
   */
  readonly ram?: string;
  /**
   * Local disk of the host.
   * @type uint32 (GB)
   */
  readonly disk?: number;
};

/**
 * Makes virtual machines and volumes fail that are made from now on, and volumes that are
 * extended: they go to ERROR.
 * @path /promise-simulator:fail-next-boot/input
 */
export type FailNextBootInput = {
  /**
   * Provider of the type simulated.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id': string;
  /**
   * How many of them are to fail; 0 takes an earlier request back.
   * @type uint32
   */
  readonly count: number;
  /** Message of the fault. */
  readonly reason: string;
};

/**
 * Makes the provider refuse requests to create a virtual machine or another resource, or
 * to extend a volume, from now on: they fail at once and nothing is made.
 * @path /promise-simulator:refuse-next-request/input
 */
export type RefuseNextRequestInput = {
  /**
   * Provider of the type simulated.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id': string;
  /**
   * How many requests are to be refused; 0 takes an earlier request back.
   * @type uint32
   */
  readonly count: number;
  /** Message of the refusal. */
  readonly reason: string;
};

/**
 * Changes how long virtual machines that are started or deleted from now on take.
 * @path /promise-simulator:set-times/input
 */
export type SetTimesInput = {
  /**
   * Provider of the type simulated.
   * @type nfv-infrastructure:identifier
   */
  readonly 'provider-id': string;
  /**
   * Time from BUILD to ACTIVE.
   * @type uint32 (milliseconds)
   */
  readonly 'boot-time'?: number;
  /**
   * Time from DELETING to DELETED.
   * @type uint32 (milliseconds)
   */
  readonly 'delete-time'?: number;
  /**
   * How far single times stray from the given ones, to either side.
   * @type uint8 (percent)
   */
  readonly jitter?: number;
};

/** The RPCs that are there with the announced features. */
export const rpcs = {
  /**
   * Takes a host down at once. Its virtual machines go to ERROR, or DELETED if they were
   * being deleted, and its capacity is gone until restore-host (reservation step 6b).
   */
  'fail-host': { module: 'promise-simulator', name: 'fail-host', path: '/promise-simulator:fail-host' } as RpcDescriptor<FailHostInput, FailHostOutput>,
  /** Brings a host back. Virtual machines that were lost with it stay in ERROR. */
  'restore-host': { module: 'promise-simulator', name: 'restore-host', path: '/promise-simulator:restore-host' } as RpcDescriptor<RestoreHostInput, Empty>,
  /** Adds a host. */
  'add-host': { module: 'promise-simulator', name: 'add-host', path: '/promise-simulator:add-host' } as RpcDescriptor<AddHostInput, Empty>,
  /** Removes a host for good, as if it failed and was never restored. */
  'remove-host': { module: 'promise-simulator', name: 'remove-host', path: '/promise-simulator:remove-host' } as RpcDescriptor<RemoveHostInput, RemoveHostOutput>,
  /**
   * Changes what a host offers. What runs on it goes on, even if it is more than the
   * host offers from now on.
   */
  'set-host-capacity': { module: 'promise-simulator', name: 'set-host-capacity', path: '/promise-simulator:set-host-capacity' } as RpcDescriptor<SetHostCapacityInput, Empty>,
  /**
   * Makes virtual machines and volumes fail that are made from now on, and volumes that are
   * extended: they go to ERROR.
   */
  'fail-next-boot': { module: 'promise-simulator', name: 'fail-next-boot', path: '/promise-simulator:fail-next-boot' } as RpcDescriptor<FailNextBootInput, Empty>,
  /**
   * Makes the provider refuse requests to create a virtual machine or another resource, or
   * to extend a volume, from now on: they fail at once and nothing is made.
   */
  'refuse-next-request': { module: 'promise-simulator', name: 'refuse-next-request', path: '/promise-simulator:refuse-next-request' } as RpcDescriptor<RefuseNextRequestInput, Empty>,
  /** Changes how long virtual machines that are started or deleted from now on take. */
  'set-times': { module: 'promise-simulator', name: 'set-times', path: '/promise-simulator:set-times' } as RpcDescriptor<SetTimesInput, Empty>,
};

/** What a server of the module has to implement; the compiler asks for each. */
export type Handlers<Context> = HandlersOf<typeof rpcs, Context>;
