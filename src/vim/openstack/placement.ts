/**
 * Placement: what hosts have and what is taken of it. Field sources: Placement API reference (docs.openstack.org/api-ref/placement);
 * each schema names its section.
 */
import { z } from 'zod';
import { VimError } from '../vim.ts';
import { decoded } from './session.ts';
import type { Service } from './session.ts';

/** Zed's newest; the summaries of allocation candidates hold all classes (1.27) and trees (1.29). */
const VERSION = '1.39';

/** The resource classes of servers (os-resource-classes). */
type ResourceClass = 'VCPU' | 'MEMORY_MB' | 'DISK_GB';

type Amounts = Readonly<Record<ResourceClass, number>>;

/** What one resource provider has. */
export interface Supply {
  /** Inventory less reserved, times allocation ratio: what Placement lets be allocated. */
  readonly capacity: Amounts;
  readonly used: Amounts;
  readonly traits: readonly string[];
}

// URLs.

const providerPath = (uuid: string, what: string): string => `/resource_providers/${encodeURIComponent(uuid)}/${what}`;
/** Whoever has a virtual CPU left, all in one answer. */
const CANDIDATES = '/allocation_candidates?resources=VCPU:1';

// Decoding.

/** "Show resource provider inventories" (List), response. */
const inventories = z.object({
  inventories: z.record(
    z.string(),
    z.object({ total: z.number(), reserved: z.number(), allocation_ratio: z.number() }),
  ),
});
/** "List usages" of a resource provider, response. */
const usages = z.object({ usages: z.record(z.string(), z.number()) });
/** "List resource provider traits", response. */
const traits = z.object({ traits: z.array(z.string()) });
/** "List allocation candidates", response: `provider_summaries`. */
const candidates = z.object({
  provider_summaries: z.record(
    z.string(),
    z.object({
      resources: z.record(z.string(), z.object({ capacity: z.number(), used: z.number() })),
      traits: z.array(z.string()).default([]),
    }),
  ),
});

function amounts(of: (name: ResourceClass) => number | undefined): Amounts {
  return { VCPU: of('VCPU') ?? 0, MEMORY_MB: of('MEMORY_MB') ?? 0, DISK_GB: of('DISK_GB') ?? 0 };
}

/** Placement's own formula (section "Inventory", `allocation_ratio`), rounded down as it does. */
function capacityOf(inventory: z.infer<typeof inventories>['inventories'][string] | undefined): number {
  if (inventory === undefined) return 0;
  return Math.max(0, Math.floor((inventory.total - inventory.reserved) * inventory.allocation_ratio));
}

// Requests.

/**
 * The supplies of resource providers, by uuid. Those with room come in one answer; those without are asked one by one. A provider that
 * Placement does not know is left out. @throws VimError forbidden for an ordinary tenant.
 */
export async function readSupplies(
  placement: Service,
  uuids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Supply>> {
  const summaries = await readSummaries(placement, signal);
  const supplies = new Map<string, Supply>();
  for (const uuid of uuids) {
    const supply = summaries.get(uuid) ?? (await readSupply(placement, uuid, signal));
    if (supply !== undefined) supplies.set(uuid, supply);
  }
  return supplies;
}

async function readSummaries(placement: Service, signal: AbortSignal): Promise<Map<string, Supply>> {
  const body = await placement.call({ method: 'GET', path: CANDIDATES, version: VERSION }, signal);
  const { provider_summaries: summaries } = decoded("Placement's candidates", () => candidates.parse(body));
  return new Map(
    Object.entries(summaries).map(([uuid, { resources, traits: names }]) => [
      uuid,
      {
        capacity: amounts((name) => resources[name]?.capacity),
        used: amounts((name) => resources[name]?.used),
        traits: names,
      },
    ]),
  );
}

/** @returns undefined when Placement does not know the provider. */
async function readSupply(placement: Service, uuid: string, signal: AbortSignal): Promise<Supply | undefined> {
  const read = (what: string): Promise<unknown> =>
    placement.call({ method: 'GET', path: providerPath(uuid, what), version: VERSION }, signal);
  try {
    const [has, uses, is] = await Promise.all([read('inventories'), read('usages'), read('traits')]);
    return decoded("Placement's resource provider", () => {
      const inventory = inventories.parse(has).inventories;
      const usage = usages.parse(uses).usages;
      return {
        capacity: amounts((name) => capacityOf(inventory[name])),
        used: amounts((name) => usage[name]),
        traits: traits.parse(is).traits,
      };
    });
  } catch (error) {
    if (error instanceof VimError && error.kind === 'not-found') return undefined;
    throw error;
  }
}
