import type { Capacity } from '../../src/engine/capacity.ts';

/** A pool that is in use to 80 %. */
export const CROWDED_POOL = 'crowded';
const CROWDED_PROVIDER = 'crowded';
/** How long a reservation lasts on average. */
export const MEAN_HOURS = 8;

/** What one reservation of `cores` asks for: 2 GiB and 10 GB with each. */
export function demandOf(cores: number): { readonly capacity: Capacity; readonly pools: readonly string[] } {
  return { capacity: { cores, ram: cores * 2_048, gigabytes: cores * 10 }, pools: [CROWDED_POOL] };
}

/** Configuration: a simulated provider, and a pool of it of which `reservations` take 80 % on average. */
export function crowdedInfrastructure(reservations: number): Record<string, unknown> {
  const cores = Math.ceil((((reservations * MEAN_HOURS) / (365 * 24)) * 4.5) / 0.8) + 8;
  const capacity = { cores, ram: String(cores * 2_048), gigabytes: cores * 10 };
  const provider = {
    id: CROWDED_PROVIDER,
    name: CROWDED_PROVIDER,
    'provider-type': 'promise-simulator:simulated',
    'promise-simulator:simulation': {
      host: [{ name: 'host', vcpus: cores, ram: capacity.ram }],
      limits: { gigabytes: capacity.gigabytes },
    },
  };
  return {
    'opnfv-promise:promise': {
      providers: { provider: [provider] },
      pools: { pool: [{ id: CROWDED_POOL, source: CROWDED_PROVIDER, capacity }] },
    },
  };
}
