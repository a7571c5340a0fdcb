/**
 * What a simulated cloud consists of, and what it consists of when nothing is said.
 */
import type { SimulatedHostDescription, SimulationDescription } from '../simulation.ts';
import type { VimFlavor, VimImage, VimNetwork, VimQuotas } from '../vim.ts';

/** How long things take, milliseconds. */
export interface SimulatedTimes {
  /** From BUILD to ACTIVE or ERROR. */
  readonly boot: number;
  /** From the request to delete until the server is gone. */
  readonly delete: number;
  /** How far single times stray to either side, percent. */
  readonly jitter: number;
}

/** Who may use the cloud. An account without user name and password is let in as this user. */
export interface SimulatedUser {
  readonly username: string;
  readonly password: string;
}

export interface Nfvi {
  /** Start of the random numbers: the same seed gives the same run. */
  readonly seed: number;
  readonly user: SimulatedUser;
  readonly times: SimulatedTimes;
  readonly hosts: readonly SimulatedHostDescription[];
  readonly flavors: readonly VimFlavor[];
  readonly images: readonly VimImage[];
  readonly networks: readonly VimNetwork[];
  readonly quotas: VimQuotas;
}

export const DEFAULT_NFVI: Nfvi = {
  seed: 1,
  user: { username: 'promise', password: 'promise' },
  times: { boot: 2_000, delete: 1_000, jitter: 20 },
  hosts: [
    { name: 'compute-1', zone: 'zone-1', vcpus: 16, memoryMb: 32_768, diskGb: 500 },
    { name: 'compute-2', zone: 'zone-1', vcpus: 16, memoryMb: 32_768, diskGb: 500 },
    { name: 'compute-3', zone: 'zone-2', vcpus: 16, memoryMb: 32_768, diskGb: 500 },
    { name: 'compute-4', zone: 'zone-2', vcpus: 16, memoryMb: 32_768, diskGb: 500 },
  ],
  flavors: [
    { id: '1', name: 'm1.tiny', vcpus: 1, memoryMb: 512, diskGb: 1 },
    { id: '2', name: 'm1.small', vcpus: 1, memoryMb: 2_048, diskGb: 20 },
    { id: '3', name: 'm1.medium', vcpus: 2, memoryMb: 4_096, diskGb: 40 },
    { id: '4', name: 'm1.large', vcpus: 4, memoryMb: 8_192, diskGb: 80 },
  ],
  images: [
    { id: 'c7f4a9f0-3c3e-4b63-9f0e-0d6f5b1f8a01', name: 'cirros', minMemoryMb: 64, minDiskGb: 0 },
    { id: 'c7f4a9f0-3c3e-4b63-9f0e-0d6f5b1f8a02', name: 'debian-12', minMemoryMb: 512, minDiskGb: 2 },
  ],
  networks: [
    { id: '5e0d2b8a-7f61-4d0c-8a55-2c9b1f3e7d01', name: 'management', external: false },
    { id: '5e0d2b8a-7f61-4d0c-8a55-2c9b1f3e7d02', name: 'data', external: false },
    { id: '5e0d2b8a-7f61-4d0c-8a55-2c9b1f3e7d03', name: 'public', external: true },
  ],
  quotas: {
    instances: 100,
    networks: 50,
    ports: 500,
    routers: 20,
    subnets: 100,
    addresses: 50,
    gigabytes: 10_000,
    snapshots: 100,
    volumes: 200,
  },
};

/** The given parts, and the simulation's own where one is absent or a list is empty. */
export function completeNfvi(given: SimulationDescription & { readonly user?: SimulatedUser }): Nfvi {
  const list = <Item>(items: readonly Item[] | undefined, own: readonly Item[]): readonly Item[] =>
    items === undefined || items.length === 0 ? own : items;
  return {
    seed: given.seed ?? DEFAULT_NFVI.seed,
    user: given.user ?? DEFAULT_NFVI.user,
    times: { ...DEFAULT_NFVI.times, ...given.times },
    hosts: list(given.hosts, DEFAULT_NFVI.hosts),
    flavors: list(given.flavors, DEFAULT_NFVI.flavors),
    images: list(given.images, DEFAULT_NFVI.images),
    networks: list(given.networks, DEFAULT_NFVI.networks),
    quotas: { ...DEFAULT_NFVI.quotas, ...given.quotas },
  };
}
