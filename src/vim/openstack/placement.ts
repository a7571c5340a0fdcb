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
const PROVIDERS = '/resource_providers';
/** Whoever has a virtual CPU left, all in one answer. */
const CANDIDATES = '/allocation_candidates?resources=VCPU:1';

/** Up to so many providers that changed are read one by one rather than with the answer about all, which is large. */
const FEW = 8;

// Decoding.

/** "List resource providers", response. */
const providers = z.object({ resource_providers: z.array(z.object({ uuid: z.string(), generation: z.number() })) });
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
 * The supplies of resource providers, kept from one reading to the next. A provider's generation moves with everything that is changed
 * about it, allocations included: only those whose generation moved are read again.
 */
export class Supplies {
  #known: ReadonlyMap<string, { readonly generation: number | undefined; readonly supply: Supply }> = new Map();

  /**
   * The supplies by uuid. A provider that Placement does not know is left out. @param generations what {@link readGenerations} told
   * before. @throws VimError forbidden for an ordinary tenant.
   */
  async read(
    placement: Service,
    uuids: readonly string[],
    generations: ReadonlyMap<string, number>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Supply>> {
    const known = this.#known;
    const isKnown = (uuid: string): boolean => {
      const generation = generations.get(uuid);
      return generation !== undefined && known.get(uuid)?.generation === generation;
    };
    const stale = uuids.filter((uuid) => !isKnown(uuid));
    // Those with room come in one answer; those without, or a few, are asked one by one, as many at once as there are connections.
    const together = stale.length > (known.size === 0 || generations.size === 0 ? 0 : FEW);
    const summaries = together ? await readSummaries(placement, signal) : new Map<string, Supply>();
    const read = await Promise.all(
      stale.map(async (uuid) => [uuid, summaries.get(uuid) ?? (await readSupply(placement, uuid, signal))] as const),
    );
    const fresh = new Map(read);
    const entries = uuids.flatMap((uuid) => {
      const supply = fresh.get(uuid) ?? (isKnown(uuid) ? known.get(uuid)?.supply : undefined);
      return supply === undefined ? [] : [[uuid, { generation: generations.get(uuid), supply }] as const];
    });
    this.#known = new Map(entries);
    return new Map(entries.map(([uuid, { supply }]) => [uuid, supply]));
  }
}

/** The generations of all resource providers, by uuid; none where the account may not list them. @throws VimError. */
export async function readGenerations(placement: Service, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  let body: unknown;
  try {
    body = await placement.call({ method: 'GET', path: PROVIDERS, version: VERSION }, signal);
  } catch (error) {
    if (error instanceof VimError && error.kind === 'forbidden') return new Map();
    throw error;
  }
  const { resource_providers: all } = decoded("Placement's resource providers", () => providers.parse(body));
  return new Map(all.map(({ uuid, generation }) => [uuid, generation]));
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
