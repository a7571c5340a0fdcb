import { dataPath, type Consumer } from './consumer.ts';
import { LeftOut, check, checkLeaf, made, outline } from './stage.ts';
import { leaf, type Json } from './content.ts';

/** What a virtual machine consumes: cores, and MB. */
export interface Size {
  readonly cores: number;
  readonly ram: number;
}

/** A VIM of a flow's own, the pool that was made of a part of it, and what there is to make virtual machines from. */
export interface Infrastructure {
  readonly provider: string;
  readonly pool: string;
  /** Size of the pool. Its cores are a multiple of twelve, and the VIM has a sixth of them more. */
  readonly size: Size & { readonly instances: number };
  readonly image: string;
  readonly networks: readonly string[];
  /** What machines are made of. */
  readonly flavor: Size & { readonly name: string };
  /** A flavor that is too large for what the flows reserve for two machines; absent: there is none. */
  readonly largeFlavor?: string;
  /** What the flows reserve for machines. */
  readonly reserved: Size & { readonly instances: number };
  /** Absent: hosts can be made to fail by the simulator's operations. Present: why no host is taken down. */
  readonly noFailures?: string;
}

/** Registers a VIM under a name and brings a part of it under Promise's control. */
export type SetUp = (consumer: Consumer, name: string) => Promise<Infrastructure>;

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

/** Registers a simulated VIM. */
export const setUpInfrastructure: SetUp = async (consumer, name) => {
  const provider = await addProvider(consumer, {
    name,
    'provider-type': 'promise-simulator:simulated',
    'promise-simulator:simulation': SIMULATION,
  });
  const size = { cores: POOL_CORES, ram: 98_304, instances: 40 };
  return {
    provider,
    pool: await makePool(consumer, provider, size),
    size,
    image: 'cirros',
    networks: ['management'],
    flavor: { name: 'm1.small', cores: 1, ram: 2_048 },
    largeFlavor: 'm1.large',
    reserved: { cores: 4, ram: 8_192, instances: 2 },
  };
};

/** @returns its identifier. @throws StepFailed when it does not answer */
export async function addProvider(consumer: Consumer, input: Json): Promise<string> {
  const added = await consumer.invoke('opnfv-promise:add-provider', input);
  check(leaf(added, 'result') === 'ok', 'the provider to be taken', leaf(added, 'message') ?? outline(added));
  checkLeaf(added, 'status', 'up');
  return made(leaf(added, 'provider-id'), 'a provider-id');
}

/** @returns the pool's identifier */
export async function makePool(consumer: Consumer, source: string, size: Infrastructure['size']): Promise<string> {
  const capacity = { ...size, ram: String(size.ram) };
  const increased = await consumer.invoke('opnfv-promise:increase-capacity', { source, capacity });
  checkLeaf(increased, 'result', 'ok');
  return made(leaf(increased, 'pool-id'), 'a pool-id');
}

/** @throws LeftOut where no host is made to fail */
export function checkFailures({ noFailures }: Infrastructure): void {
  if (noFailures !== undefined) throw new LeftOut(noFailures);
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

/** date-and-time of an instant, as the agent writes it: without fractions that are zero. */
export function at(instant: number): string {
  return new Date(instant).toISOString().replace('.000', '');
}
