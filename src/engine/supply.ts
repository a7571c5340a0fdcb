/**
 * What there is to give out: the capacity of a provider by its inventory, and that of a pool over time.
 */
import { RESOURCES, amountOf, toVector } from './capacity.ts';
import type { Capacity, CapacityVector, Resource } from './capacity.ts';
import type { VimFlavor, VimInventory, VimQuotas } from '../vim/vim.ts';
import type { Pool } from './entities.ts';
import { promised } from './over-commit.ts';
import { BEGINNING, FOREVER, intersect } from './window.ts';
import type { Window } from './window.ts';
import { isUsable } from './hosts.ts';

/** An amount that holds for a window. */
export interface Segment {
  readonly window: Window;
  readonly vector: CapacityVector;
}

/** What a pool does not have in a window, because it or hosts of it are out of service; without a capacity, anything. */
export interface Outage {
  readonly window: Window;
  readonly capacity?: Capacity;
}

const QUOTA_OF: Readonly<Record<Resource, keyof VimQuotas>> = {
  cores: 'cores',
  ram: 'memoryMb',
  instances: 'instances',
  networks: 'networks',
  ports: 'ports',
  routers: 'routers',
  subnets: 'subnets',
  addresses: 'addresses',
  gigabytes: 'gigabytes',
  snapshots: 'snapshots',
  volumes: 'volumes',
};

/**
 * The capacity that a VIM offers: cores and memory of its hosts that are up and take machines, within the tenant's quota; the
 * other resources by quota; everything by quota where the account may see no hosts. A resource that neither
 * hosts nor quotas bound is absent.
 */
export function inventoryCapacity(inventory: VimInventory): Capacity {
  const result: Partial<Record<Resource, number>> = {};
  for (const resource of RESOURCES) {
    const quota = inventory.quotas[QUOTA_OF[resource]];
    if (quota !== undefined) result[resource] = quota;
  }
  if (inventory.hosts.length === 0) return result;
  const usable = inventory.hosts.filter(isUsable);
  const cores = usable.reduce((sum, host) => sum + host.vcpus, 0);
  const ram = usable.reduce((sum, host) => sum + host.memoryMb, 0);
  return { ...result, cores: Math.min(cores, result.cores ?? cores), ram: Math.min(ram, result.ram ?? ram) };
}

/** What one virtual machine of the flavor consumes of a pool. Its local disk is the host's and no block storage. */
export function flavorCapacity(flavor: VimFlavor): Capacity {
  return { cores: flavor.vcpus, ram: flavor.memoryMb, instances: 1 };
}

/** The resources that a pool counts: those that its capacity or an adjustment names. */
export function poolResources(pool: Pool): readonly Resource[] {
  return RESOURCES.filter(
    (resource) =>
      pool.capacity[resource] !== undefined ||
      pool.adjustments.some((adjustment) => adjustment.capacity[resource] !== undefined),
  );
}

/**
 * What a pool promises over all time: base and adjustments, never below zero, less what the VIM lost and what is out of service, by the
 * ratios of over-commitment.
 */
export function poolSegments(pool: Pool, outages: readonly Outage[] = []): Segment[] {
  const { overCommit } = pool;
  const lost: SupplyStep[] = [];
  for (const { since, until, capacity } of pool.lost ?? []) {
    lost.push({ at: since, sign: -1, capacity });
    if (until !== undefined) lost.push({ at: until, sign: 1, capacity });
  }
  for (const { window, capacity } of outages) {
    if (capacity === undefined) continue;
    lost.push({ at: window.start, sign: -1, capacity }, { at: window.end, sign: 1, capacity });
  }
  const there = segments(pool, lost).map(({ window, vector }) => ({ window, vector: promised(vector, overCommit) }));
  return outages.reduce((left, { window, capacity }) => (capacity === undefined ? outside(left, window) : left), there);
}

/** The segments as far as they lie outside a window. */
function outside(parts: readonly Segment[], { start, end }: Window): Segment[] {
  return parts.flatMap(({ window, vector }) =>
    [intersect(window, { start: BEGINNING, end: start }), intersect(window, { start: end, end: FOREVER })].flatMap(
      (part) => (part === undefined ? [] : [{ window: part, vector }]),
    ),
  );
}

/** The capacity that a pool is meant to have: base and adjustments, never below zero. */
export function nominalSegments(pool: Pool): Segment[] {
  return segments(pool, []);
}

interface SupplyStep {
  readonly at: number;
  readonly sign: 1 | -1;
  readonly capacity: Capacity;
}

function segments(pool: Pool, more: readonly SupplyStep[]): Segment[] {
  const steps: SupplyStep[] = [...more];
  for (const { direction, startsAt, end, capacity } of pool.adjustments) {
    const sign = direction === 'increase' ? 1 : -1;
    steps.push({ at: startsAt, sign, capacity });
    if (end !== undefined) steps.push({ at: end, sign: sign === 1 ? -1 : 1, capacity });
  }
  steps.sort((a, b) => a.at - b.at);
  const sum = toVector(pool.capacity);
  const result: Segment[] = [];
  let start: number = BEGINNING;
  for (let index = 0; index <= steps.length; index++) {
    const step = steps[index];
    const end = step?.at ?? FOREVER;
    if (end > start) {
      const vector = sum.map((amount) => Math.max(0, amount));
      if (vector.some((amount) => amount !== 0)) result.push({ window: { start, end }, vector });
      start = end;
    }
    if (step !== undefined) addTo(sum, step);
  }
  return result;
}

function addTo(sum: CapacityVector, step: SupplyStep): void {
  for (const [index, resource] of RESOURCES.entries()) {
    sum[index] = (sum[index] ?? 0) + step.sign * amountOf(step.capacity, resource);
  }
}
