import { dataPath, type Consumer } from './consumer.ts';
import { checkLeaf, made } from './stage.ts';
import { leaf, type Json } from './content.ts';

/** A simulated VIM of a flow's own, and the pool that was made of a part of it. */
export interface Infrastructure {
  readonly provider: string;
  readonly pool: string;
}

/** Cores of all hosts together: four hosts of sixteen. */
export const PROVIDER_CORES = 64;
/** Cores of the pool; the rest is a buffer outside Promise. */
export const POOL_CORES = 48;

const SIMULATION: Json = {
  seed: 1,
  'boot-time': 1200,
  'delete-time': 600,
  jitter: 0,
  host: [{ name: 'compute', count: 4, zone: 'zone-1', vcpus: 16, ram: '32768', disk: 500 }],
};

/** Registers a simulated VIM under a name and brings a part of it under Promise's control. */
export async function setUpInfrastructure(consumer: Consumer, name: string): Promise<Infrastructure> {
  const added = await consumer.invoke('opnfv-promise:add-provider', {
    name,
    'provider-type': 'promise-simulator:simulated',
    'promise-simulator:simulation': SIMULATION,
  });
  checkLeaf(added, 'result', 'ok');
  checkLeaf(added, 'status', 'up');
  const provider = made(leaf(added, 'provider-id'), 'a provider-id');
  const increased = await consumer.invoke('opnfv-promise:increase-capacity', {
    source: provider,
    capacity: { cores: POOL_CORES, ram: '98304', instances: 40 },
  });
  checkLeaf(increased, 'result', 'ok');
  return { provider, pool: made(leaf(increased, 'pool-id'), 'a pool-id') };
}

/** `/promise`, and what is below it. */
export const PROMISE = 'opnfv-promise:promise';

export const reservationPath = (id: string) => dataPath(PROMISE, 'reservations', ['reservation', id]);
export const allocationPath = (id: string) => dataPath(PROMISE, 'allocations', ['allocation', id]);
export const poolPath = (id: string) => dataPath(PROMISE, 'pools', ['pool', id]);
export const providerPath = (id: string) => dataPath(PROMISE, 'providers', ['provider', id]);

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** date-and-time of an instant. */
export function at(instant: number): string {
  return new Date(instant).toISOString();
}
