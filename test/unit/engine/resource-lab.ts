/** Volumes, networks, ports and floating IPs as allocations: an engine that has room for them, and how they are made there. */
import type { Capacity } from '../../../src/engine/capacity.ts';
import type { Allocation, PreEmption, ResourceAllocation } from '../../../src/engine/entities.ts';
import type { CreateAllocation, CreateInstance, WantedResource } from '../../../src/engine/requests.ts';
import { Engine, inventoryOf } from './engine-fixture.ts';

export const VOLUME = { kind: 'volume', sizeGb: 10 } as const satisfies WantedResource;
export const NETWORK: WantedResource = {
  kind: 'network',
  subnets: [{ cidr: '192.0.2.0/24' }, { cidr: '198.51.100.0/24' }],
};
export const PORT = { kind: 'port', network: 'private' } as const satisfies WantedResource;
export const FLOATING = { kind: 'floating-ip' } as const satisfies WantedResource;
export const POOL = {
  cores: 8,
  ram: 8192,
  instances: 8,
  gigabytes: 100,
  volumes: 5,
  networks: 4,
  subnets: 8,
  ports: 10,
  addresses: 3,
  routers: 2,
};

/** An engine with one pool of everything. */
export function engineWith(pool: Capacity = POOL, preEmption?: PreEmption): Engine {
  const engine = new Engine();
  const provider = engine.provider([{ name: 'h1', cores: 100 }], undefined, preEmption);
  const storage = { gigabytes: 1000, volumes: 100 };
  const quotas = { ...storage, networks: 100, subnets: 100, ports: 100, addresses: 100, routers: 100 };
  const inventory = inventoryOf([{ name: 'h1', cores: 100 }], quotas);
  const networks = [...inventory.networks, { id: 'n2', name: 'public', external: true }];
  engine.do('updateProvider', { id: provider, status: 'up', inventory: { ...inventory, networks } });
  engine.pool(provider, pool);
  engine.told();
  return engine;
}

export function make(engine: Engine, resource: WantedResource, more: Partial<CreateAllocation> = {}): string {
  const result = engine.do('createAllocation', { name: resource.kind, resource, ...more });
  if (result.outcome === 'refused') throw new Error(result.refusal.message);
  return result.allocation.id;
}

export function refusal(engine: Engine, resource: WantedResource, more: Partial<CreateAllocation> = {}): string {
  const result = engine.do('createAllocation', { name: resource.kind, resource, ...more });
  return result.outcome === 'refused' ? result.refusal.reason : 'none';
}

/** Makes it, and lets the VIM say that it is there. */
export function there(engine: Engine, resource: WantedResource, more: Partial<CreateAllocation> = {}): string {
  const allocation = make(engine, resource, more);
  engine.do('serverAccepted', {
    allocation,
    server: `vim-${allocation}`,
    state: { allocation, vmState: 'ACTIVE', ...(resource.kind === 'port' ? { address: '10.0.0.7' } : {}) },
  });
  return allocation;
}

export function machine(engine: Engine, more: Partial<CreateInstance> = {}): string {
  const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', ...more });
  if (result.outcome === 'refused') throw new Error(result.refusal.message);
  return result.allocation.id;
}

export function machineReason(engine: Engine, more: Partial<CreateInstance>): string {
  const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', ...more });
  return result.outcome === 'refused' ? result.refusal.reason : 'none';
}

export function record(engine: Engine, id: string): Allocation {
  const found = engine.head.allocations.get(id);
  if (found === undefined) throw new Error(`there is no allocation ${id}`);
  return found;
}

export function resourceOf(engine: Engine, id: string): ResourceAllocation {
  const found = record(engine, id);
  if (found.resource === undefined) throw new Error(`${id} is a machine`);
  return found;
}
