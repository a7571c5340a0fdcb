/** What a simulated provider consists of, from YANG (container simulation of promise-simulator). */
import type { SimulatedHostDescription, SimulationDescription } from '../../vim/simulation.ts';
import type { AddProviderInputSimulation, ProviderSimulation } from '../../generated/promise-simulator.ts';
import { present } from './promise-values.ts';

/** As configuration has it, where absent leafs may stand for defaults, or as an RPC's input. */
export type SimulationNodes = ProviderSimulation | AddProviderInputSimulation;

export function simulationIn(nodes: SimulationNodes): SimulationDescription {
  const { limits } = nodes;
  return present({
    seed: nodes.seed,
    times: timesIn(nodes),
    hosts: [...(nodes.host ?? [])].flatMap(hostsIn),
    flavors: [...(nodes.flavor ?? [])].map(({ id, name = id, vcpus, ram, disk = 0 }) => ({
      id,
      name,
      vcpus,
      memoryMb: Number(ram),
      diskGb: disk,
    })),
    images: [...(nodes.image ?? [])].map(({ id, name = id }) => ({ id, name, minMemoryMb: 0, minDiskGb: 0 })),
    networks: [...(nodes.network ?? [])].map(({ id, name = id, external = false }) => ({ id, name, external })),
    quotas: limits,
  });
}

/** How long things take, as far as it is said. */
export function timesIn(nodes: {
  readonly 'boot-time'?: number;
  readonly 'delete-time'?: number;
  readonly jitter?: number;
}): NonNullable<SimulationDescription['times']> {
  return present({ boot: nodes['boot-time'], delete: nodes['delete-time'], jitter: nodes.jitter });
}

interface HostNodes {
  readonly name: string;
  readonly count?: number;
  readonly zone?: string;
  readonly vcpus: number;
  readonly ram: string;
  readonly disk?: number;
  readonly traits?: readonly string[];
}

/** Disk of a host of which none is given, GB: enough that it bounds nothing before memory does. */
const DISK_GB = 1_000_000;

/** A group of hosts is called by its name, a hyphen and a number from 1. */
function hostsIn({ name, count = 1, ...rest }: HostNodes): readonly SimulatedHostDescription[] {
  if (count === 1) return [hostIn(name, rest)];
  return Array.from({ length: count }, (_, index) => hostIn(`${name}-${index + 1}`, rest));
}

export function hostIn(
  name: string,
  { zone, vcpus, ram, disk = DISK_GB, traits }: Omit<HostNodes, 'name' | 'count'>,
): SimulatedHostDescription {
  return present({ name, zone, vcpus, memoryMb: Number(ram), diskGb: disk, traits });
}
