/**
 * What Cinder makes volumes of: their types, and the pools of its back ends. Field sources: Block Storage API v3 reference, sections "Volume
 * types (types)", "List all volume types", and "Back-end storage pools", "List all back-end storage pools"; the capabilities of a pool are those that
 * drivers report (Cinder's contributor guide, "Drivers", "Volume stats").
 */
import { z } from 'zod';
import type { VimVolumePool, VimVolumeType } from '../information.ts';
import { list } from './paging.ts';
import type { Service } from './session.ts';

// URLs.

/** Those that are not public too, for who may see them. */
const TYPES = '/types?is_public=None';
const POOLS = '/scheduler-stats/get_pools?detail=true';

// Decoding.

/** Extra specs are shown to who may see them: by default, an administrator. */
const type = z.object({
  id: z.string(),
  name: z.string(),
  is_public: z.boolean().default(true),
  extra_specs: z.record(z.string(), z.string().nullable()).default({}),
});

/** A number, or words such as `infinite` and `unknown`. */
const size = z.union([z.number(), z.string()]).nullish();

const pool = z.object({
  name: z.string(),
  capabilities: z.object({
    volume_backend_name: z.string().nullish(),
    total_capacity_gb: size,
    free_capacity_gb: size,
    allocated_capacity_gb: size,
    thin_provisioning_support: z.boolean().nullish(),
    max_over_subscription_ratio: size,
  }),
});

function numberIn(value: z.infer<typeof size>): number | undefined {
  const number = value == null || value === '' ? Number.NaN : Number(value);
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}

function toPool({ name, capabilities }: z.infer<typeof pool>): VimVolumePool {
  const { volume_backend_name: backend, thin_provisioning_support: thin } = capabilities;
  const totalGb = numberIn(capabilities.total_capacity_gb);
  const freeGb = numberIn(capabilities.free_capacity_gb);
  const allocatedGb = numberIn(capabilities.allocated_capacity_gb);
  const overCommit = thin === true ? numberIn(capabilities.max_over_subscription_ratio) : undefined;
  return {
    name,
    ...(backend ? { backend } : {}),
    ...(totalGb === undefined ? {} : { totalGb }),
    ...(freeGb === undefined ? {} : { freeGb }),
    ...(allocatedGb === undefined ? {} : { allocatedGb }),
    ...(overCommit === undefined ? {} : { overCommit }),
  };
}

// Requests.

export async function listVolumeTypes(cinder: Service, signal: AbortSignal): Promise<VimVolumeType[]> {
  const found = await list(
    cinder,
    { path: TYPES, key: 'volume_types', links: 'volume_type_links', item: type },
    signal,
  );
  return found.map(({ id, name, is_public: shared, extra_specs: { volume_backend_name: backend } }) => ({
    id,
    name,
    public: shared,
    ...(backend ? { backend } : {}),
  }));
}

/** @throws VimError forbidden for an ordinary tenant. */
export async function listVolumePools(cinder: Service, signal: AbortSignal): Promise<VimVolumePool[]> {
  return (await list(cinder, { path: POOLS, key: 'pools', item: pool }, signal)).map(toPool);
}
