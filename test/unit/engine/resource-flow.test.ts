import { expect } from 'chai';
import { remainingOf } from '../../../src/engine/claims.ts';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import type { Capacity } from '../../../src/engine/capacity.ts';
import type { Allocation, PreEmption, ResourceAllocation } from '../../../src/engine/entities.ts';
import { capacityAt } from '../../../src/engine/queries.ts';
import { UnknownEntry } from '../../../src/engine/requests.ts';
import type { CreateAllocation, CreateInstance, WantedResource } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const VOLUME: WantedResource = { kind: 'volume', sizeGb: 10 };
const NETWORK: WantedResource = { kind: 'network', subnets: [{ cidr: '192.0.2.0/24' }, { cidr: '198.51.100.0/24' }] };
const PORT: WantedResource = { kind: 'port', network: 'private' };
const FLOATING: WantedResource = { kind: 'floating-ip' };
const POOL = {
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
function engineWith(pool: Capacity = POOL, preEmption?: PreEmption): Engine {
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

function make(engine: Engine, resource: WantedResource, more: Partial<CreateAllocation> = {}): string {
  const result = engine.do('createAllocation', { name: resource.kind, resource, ...more });
  if (result.outcome === 'refused') throw new Error(result.refusal.message);
  return result.allocation.id;
}

function refusal(engine: Engine, resource: WantedResource, more: Partial<CreateAllocation> = {}): string {
  const result = engine.do('createAllocation', { name: resource.kind, resource, ...more });
  return result.outcome === 'refused' ? result.refusal.reason : 'none';
}

/** Makes it, and lets the VIM say that it is there. */
function there(engine: Engine, resource: WantedResource, more: Partial<CreateAllocation> = {}): string {
  const allocation = make(engine, resource, more);
  engine.do('serverAccepted', {
    allocation,
    server: `vim-${allocation}`,
    state: { allocation, vmState: 'ACTIVE', ...(resource.kind === 'port' ? { address: '10.0.0.7' } : {}) },
  });
  return allocation;
}

function machine(engine: Engine, more: Partial<CreateInstance> = {}): string {
  const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', ...more });
  if (result.outcome === 'refused') throw new Error(result.refusal.message);
  return result.allocation.id;
}

function machineReason(engine: Engine, more: Partial<CreateInstance>): string {
  const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', ...more });
  return result.outcome === 'refused' ? result.refusal.reason : 'none';
}

function record(engine: Engine, id: string): Allocation {
  const found = engine.head.allocations.get(id);
  if (found === undefined) throw new Error(`there is no allocation ${id}`);
  return found;
}

function resourceOf(engine: Engine, id: string): ResourceAllocation {
  const found = record(engine, id);
  if (found.resource === undefined) throw new Error(`${id} is a machine`);
  return found;
}

describe('volumes, networks, ports and floating IPs', () => {
  const kinds: readonly (readonly [WantedResource, Capacity])[] = [
    [VOLUME, { gigabytes: 10, volumes: 1 }],
    [NETWORK, { networks: 1, subnets: 2 }],
    [{ kind: 'network', subnets: [] }, { networks: 1 }],
    [PORT, { ports: 1 }],
    [FLOATING, { addresses: 1 }],
    [{ kind: 'router', gateway: 'public', networks: ['private'] }, { routers: 1 }],
  ];
  for (const [resource, capacity] of kinds) {
    it(`takes ${JSON.stringify(capacity)} for a ${resource.kind}, and gives it back when it is gone`, () => {
      const engine = engineWith();
      const before = capacityAt(engine.head, NOW).available;
      const id = make(engine, resource);
      expect(record(engine, id)).to.deep.include({ vmState: 'INITIALIZED', intent: 'create', priority: 3, capacity });
      expect(capacityAt(engine.head, NOW).usage).to.deep.include(capacity);
      engine.do('serverAccepted', { allocation: id, server: 'v1' });
      expect(record(engine, id)).to.include({ vmState: 'BUILD', server: 'v1' });
      engine.do('vmStateReported', { allocation: id, vmState: 'ACTIVE' });
      expect(engine.do('destroyAllocation', { id }).outcome).to.equal('deleting');
      expect(record(engine, id)).to.include({ vmState: 'DELETING', intent: 'delete' });
      engine.do('serverGone', { allocation: id });
      expect(engine.head.allocations.has(id)).to.equal(false);
      expect(capacityAt(engine.head, NOW).available).to.deep.equal(before);
      expect(engine.told()).to.deep.equal([
        'allocation requested INITIALIZED',
        'capacity allocated',
        'allocation accepted BUILD',
        'allocation state-changed ACTIVE',
        'allocation destroy-requested DELETING',
        'allocation destroyed DELETED',
        'capacity freed',
      ]);
    });
  }

  it('tells of one that is there at once that it was accepted, and that it is', () => {
    const engine = engineWith();
    const id = there(engine, PORT);
    expect(resourceOf(engine, id)).to.include({ vmState: 'ACTIVE', address: '10.0.0.7' });
    expect(engine.told().slice(2)).to.deep.equal(['allocation accepted BUILD', 'allocation state-changed ACTIVE']);
  });

  it('consumes what a reservation holds of the resource, and no more than that', () => {
    const engine = engineWith();
    const reservation = engine.reserve({ demand: { capacity: { gigabytes: 25, ports: 1 } } });
    const available = capacityAt(engine.head, NOW).available;
    const id = make(engine, VOLUME, { reservation });
    expect(record(engine, id)).to.include({ reservation, backing: 'reservation', priority: 1 });
    expect(remainingOf(engine.head, engine.reservation(reservation))).to.deep.equal({ gigabytes: 15, ports: 1 });
    expect(capacityAt(engine.head, NOW).available.gigabytes).to.equal(available.gigabytes);
    make(engine, VOLUME, { reservation });
    expect(refusal(engine, VOLUME, { reservation })).to.equal('exceeds-reservation');
    make(engine, PORT, { reservation });
    expect(refusal(engine, PORT, { reservation })).to.equal('exceeds-reservation');
    expect(refusal(engine, FLOATING, { reservation }), 'not held at all').to.equal('exceeds-reservation');
  });

  it('counts volumes and subnets where the reservation counts them', () => {
    const engine = engineWith();
    const counted = engine.reserve({ demand: { capacity: { gigabytes: 100, volumes: 1 } } });
    make(engine, VOLUME, { reservation: counted });
    expect(refusal(engine, VOLUME, { reservation: counted })).to.equal('exceeds-reservation');
    const networks = engine.reserve({ demand: { capacity: { networks: 2, subnets: 3 } } });
    make(engine, NETWORK, { reservation: networks });
    expect(refusal(engine, NETWORK, { reservation: networks })).to.equal('exceeds-reservation');
    make(engine, { kind: 'network', subnets: [{ cidr: '192.0.2.0/24' }] }, { reservation: networks });
  });

  it('are told of by what they are before the end of the reservation', () => {
    const engine = engineWith();
    const entry = { ...DEFAULT_POLICY, terminationLead: 30 };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
    const capacity = { cores: 2, ram: 1024, instances: 2, gigabytes: 10, volumes: 1 };
    for (const [machines, expected] of [
      [0, '1 other allocation.'],
      [1, '1 virtual machine and 1 other allocation.'],
      [2, '2 virtual machines and 1 other allocation.'],
    ] as const) {
      const reservation = engine.reserve({ end: engine.now + HOUR, demand: { capacity } });
      there(engine, VOLUME, { reservation });
      for (let each = 0; each < machines; each++) machine(engine, { reservation });
      engine.advance(HOUR / 2);
      const ending = engine.events.findLast((event) => event.kind === 'reservation-event' && event.cause === 'ending');
      expect(ending).to.have.nested.property('reservation.message').that.contains(`without it: ${expected}`);
    }
  });

  it('lets a reservation that does not count volumes or subnets be changed while they are there', () => {
    const engine = engineWith();
    const capacity = { gigabytes: 30, networks: 1 };
    const reservation = engine.reserve({ end: NOW + DAY, demand: { capacity } });
    make(engine, VOLUME, { reservation });
    make(engine, NETWORK, { reservation });
    const larger = { ...capacity, gigabytes: 40 };
    const result = engine.do('updateReservation', { id: reservation, demand: { capacity: larger } });
    expect(result.outcome).to.equal('updated');
    expect(engine.reservation(reservation).demand.capacity).to.deep.equal(larger);
    const smaller = engine.do('updateReservation', { id: reservation, demand: { capacity: { gigabytes: 9 } } });
    expect(smaller.outcome === 'refused' && smaller.refusal.message).to.contain('In use');
  });

  it('without a reservation takes only what no reservation needs at any time', () => {
    const engine = engineWith();
    engine.reserve({ start: NOW + DAY, end: NOW + 2 * DAY, demand: { capacity: { gigabytes: 95 } } });
    expect(refusal(engine, VOLUME)).to.equal('insufficient-capacity');
    make(engine, { kind: 'volume', sizeGb: 5 });
    const none = engineWith({ cores: 4 });
    expect(refusal(none, VOLUME), 'a pool that has none').to.equal('insufficient-capacity');
  });

  it('is bound by quotas', () => {
    const engine = engineWith();
    const quotas = [{ name: 'storage', capacity: { gigabytes: 15 } }];
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...DEFAULT_POLICY, quotas } }] });
    make(engine, VOLUME);
    expect(refusal(engine, VOLUME)).to.equal('quota-exceeded');
  });

  it('lasts on when its reservation ends, or goes with it, as policy says', () => {
    for (const [atEnd, state] of [
      ['release', 'ACTIVE'],
      ['terminate', 'DELETING'],
    ] as const) {
      const engine = engineWith(POOL, 'best-effort');
      engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...DEFAULT_POLICY, atEnd } }] });
      const reservation = engine.reserve({ end: NOW + HOUR, demand: { capacity: { gigabytes: 10 } } });
      const id = there(engine, VOLUME, { reservation });
      engine.advance(HOUR);
      expect(record(engine, id)).to.include({ vmState: state, backing: 'own' });
      const [claim] = record(engine, id).claims;
      expect(claim, 'held for good').to.not.have.any.keys('onLoan', 'end');
      expect(claim?.capacity).to.include({ gigabytes: 10, volumes: 1 });
    }
  });

  for (const policy of ['best-effort', 'priority'] as const) {
    it(`is not displaced by a reservation under the policy ${policy}`, () => {
      const engine = engineWith(POOL, policy);
      make(engine, VOLUME);
      const demand = { capacity: { gigabytes: 95 } };
      expect(engine.do('createReservation', { demand, priority: 1 }).outcome).to.equal('refused');
      expect(engine.reserve({ demand: { capacity: { gigabytes: 90 } } })).to.be.a('string');
    });
  }

  it('finds networks by id, by name, and those that were allocated', () => {
    const engine = engineWith();
    for (const network of ['n1', 'private']) {
      const id = make(engine, { kind: 'port', network });
      expect(resourceOf(engine, id).resource).to.deep.equal({ kind: 'port', network: 'n1' });
    }
    const allocated = make(engine, NETWORK);
    expect(refusal(engine, { kind: 'port', network: allocated }), 'before it is there').to.equal('unknown-network');
    engine.do('serverAccepted', {
      allocation: allocated,
      server: 'v-net',
      state: { allocation: allocated, vmState: 'ACTIVE' },
    });
    for (const network of [allocated, 'v-net']) {
      const id = make(engine, { kind: 'port', network });
      expect(resourceOf(engine, id).resource).to.deep.equal({ kind: 'port', network: 'v-net' });
    }
    const vm = record(engine, machine(engine, { networks: [allocated] }));
    expect(vm).to.deep.include({ networks: ['v-net'] });
    expect(refusal(engine, { kind: 'port', network: 'none' })).to.equal('unknown-network');
  });

  it('takes public addresses from external networks alone', () => {
    const engine = engineWith();
    expect(resourceOf(engine, make(engine, FLOATING)).resource).to.deep.equal({ kind: 'floating-ip', network: 'n2' });
    make(engine, { ...FLOATING, network: 'public' });
    expect(refusal(engine, { ...FLOATING, network: 'private' })).to.equal('unknown-network');
  });

  it('leads a floating IP to a port that is there', () => {
    const engine = engineWith();
    const port = make(engine, PORT);
    expect(refusal(engine, { ...FLOATING, port })).to.equal('resource-not-ready');
    engine.do('serverAccepted', { allocation: port, server: 'v-port', state: { allocation: port, vmState: 'ACTIVE' } });
    const floating = resourceOf(engine, make(engine, { ...FLOATING, port }));
    expect(floating).to.deep.include({
      attachedTo: port,
      resource: { kind: 'floating-ip', network: 'n2', port: 'v-port' },
    });
    const foreign = resourceOf(engine, make(engine, { ...FLOATING, port: 'of-others' }));
    expect(foreign.resource).to.include({ port: 'of-others' });
  });

  it('rejects with the reason: unknown zone, provider away, unknown allocation', () => {
    const engine = engineWith();
    expect(refusal(engine, VOLUME, { zone: 'mars' })).to.equal('unknown-zone');
    expect(refusal(engine, VOLUME, { provider: 'none' })).to.equal('unknown-provider');
    expect(refusal(engine, VOLUME, { reservation: 'none' })).to.equal('unknown-reservation');
    const [provider = ''] = engine.head.providers.keys();
    engine.do('updateProvider', { id: provider, status: 'down' });
    expect(refusal(engine, VOLUME)).to.equal('provider-unavailable');
    expect(() => engine.do('destroyAllocation', { id: 'none' })).to.throw(UnknownEntry);
  });

  it('keeps no capacity for what the VIM refuses, and the record with its word', () => {
    const engine = engineWith();
    const before = capacityAt(engine.head, NOW).available;
    const id = make(engine, VOLUME);
    engine.do('createFailed', { allocation: id, fault: { message: 'Cinder: no more' } });
    expect(record(engine, id)).to.deep.include({ vmState: 'ERROR', capacity: {}, claims: [] });
    expect(record(engine, id).fault?.message).to.equal('Cinder: no more');
    expect(capacityAt(engine.head, NOW).available).to.deep.equal(before);
  });

  it('stays DELETING while the VIM says that it is used, and tells so once', () => {
    const engine = engineWith();
    const id = there(engine, NETWORK);
    engine.do('destroyAllocation', { id });
    engine.told();
    for (let time = 0; time < 3; time++)
      engine.do('deletionRefused', { allocation: id, fault: { message: 'There are ports.' } });
    expect(record(engine, id)).to.deep.include({ vmState: 'DELETING', intent: 'delete' });
    expect(record(engine, id).fault?.message).to.equal('There are ports.');
    expect(engine.told()).to.deep.equal(['allocation state-changed DELETING']);
  });
});

describe('machines with ports and volumes that are there', () => {
  it('notes who uses them, and lets go of them when the machine is gone', () => {
    const engine = engineWith();
    const [port, volume] = [there(engine, PORT), there(engine, VOLUME)];
    const vm = machine(engine, { ports: [port], volumes: [`vim-${volume}`, 'of-others'] });
    expect(record(engine, vm)).to.deep.include({
      ports: [`vim-${port}`],
      volumes: [`vim-${volume}`, 'of-others'],
      networks: [],
    });
    for (const id of [port, volume]) {
      expect(resourceOf(engine, id).attachedTo).to.equal(vm);
      const result = engine.do('destroyAllocation', { id });
      expect(result.outcome === 'refused' && result.refusal.reason).to.equal('resource-in-use');
    }
    expect(machineReason(engine, { volumes: [volume] })).to.equal('resource-in-use');
    engine.do('destroyInstance', { id: vm });
    expect(engine.do('destroyAllocation', { id: volume }).outcome, 'with its machine').to.equal('deleting');
    engine.do('serverGone', { allocation: vm });
    expect(resourceOf(engine, port).attachedTo).to.equal(undefined);
    machine(engine, { ports: [port] });
  });

  it('lets go of them when the machine could not be made', () => {
    const engine = engineWith();
    const port = there(engine, PORT);
    const vm = machine(engine, { ports: [port] });
    engine.do('createFailed', { allocation: vm, fault: { message: 'no' } });
    expect(resourceOf(engine, port).attachedTo).to.equal(undefined);
  });

  it('wants them ready, and of the right kind', () => {
    const engine = engineWith();
    const port = make(engine, PORT);
    expect(machineReason(engine, { ports: [port] })).to.equal('resource-not-ready');
    expect(machineReason(engine, { volumes: [port] })).to.equal('unknown-resource');
    expect(() => engine.do('destroyInstance', { id: port })).to.throw(UnknownEntry);
    expect(engine.do('destroyAllocation', { id: machine(engine) }).outcome, 'a machine too').to.equal('deleting');
  });

  it('belong to the tenant for which they were made', () => {
    const engine = engineWith();
    engine.as = { user: 'ann', tenant: 'red', confinedTo: 'red' };
    const [network, port, volume] = [there(engine, NETWORK), there(engine, PORT), there(engine, VOLUME)];
    const [provider = ''] = engine.head.providers.keys();
    const listed = engine.head.providers.get(provider)?.inventory;
    if (listed === undefined) throw new Error('nothing is known of it');
    const networks = [...listed.networks, { id: `vim-${network}`, name: 'net-of-red', external: false }];
    engine.do('updateProvider', { id: provider, inventory: { ...listed, networks } });
    engine.as = { user: 'bob', tenant: 'blue', confinedTo: 'blue' };
    for (const name of [network, `vim-${network}`, 'net-of-red'])
      expect(refusal(engine, { kind: 'port', network: name }), name).to.equal('unknown-network');
    for (const name of [port, `vim-${port}`]) {
      expect(machineReason(engine, { ports: [name] }), name).to.equal('unknown-resource');
      expect(refusal(engine, { ...FLOATING, port: name }), name).to.equal('unknown-resource');
    }
    expect(machineReason(engine, { volumes: [`vim-${volume}`] })).to.equal('unknown-resource');
    // What nobody has is answered in the same words, and without the VIM: a guess tells nothing.
    const said = (name: string): string => {
      const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', ports: [name] });
      return result.outcome === 'refused' ? result.refusal.message.replace(name, '…') : result.outcome;
    };
    expect(said(`vim-${port}`)).to.equal(said('nobodys'));
    expect(refusal(engine, { ...FLOATING, port: 'nobodys' })).to.equal('unknown-resource');
    expect(() => engine.do('destroyAllocation', { id: volume })).to.throw(UnknownEntry);
    engine.as = { user: 'ann', tenant: 'red', confinedTo: 'red' };
    machine(engine, { networks: ['net-of-red'], ports: [port], volumes: [volume] });
  });
});

describe('machines that start from volumes', () => {
  const ROOT: WantedResource = { kind: 'volume', sizeGb: 10, image: 'cirros' };
  const booted = (engine: Engine, volume: string, more: Partial<CreateInstance> = {}): string => {
    const input = { name: 'vm', flavor: 'small', bootVolume: volume, ...more };
    const result = engine.do('createInstance', input);
    if (result.outcome === 'refused') throw new Error(result.refusal.reason);
    return result.allocation.id;
  };

  it('keep them to their end, and have no disk on their hosts', () => {
    const engine = engineWith();
    const volume = there(engine, ROOT);
    expect(resourceOf(engine, volume).resource).to.deep.equal({ kind: 'volume', sizeGb: 10, image: 'i1' });
    const vm = booted(engine, volume, { volumes: [volume] });
    expect(record(engine, vm)).to.include({ bootVolume: `vim-${volume}`, host: 'h1' });
    expect(record(engine, vm)).to.not.have.any.keys('image', 'disk', 'volumes');
    expect(resourceOf(engine, volume).attachedTo).to.equal(vm);
    expect(() => booted(engine, volume)).to.throw('resource-in-use');
    engine.do('serverAccepted', { allocation: vm, server: 's1' });
    engine.do('vmStateReported', { allocation: vm, vmState: 'ACTIVE' });
    for (const resource of [volume, `vim-${volume}`]) {
      const detached = engine.do('detachResource', { id: vm, kind: 'volume', resource });
      expect(detached.outcome === 'refused' && detached.refusal.reason).to.equal('resource-in-use');
    }
    const found = { allocation: vm, kind: 'volume', id: `vim-${volume}` } as const;
    expect(engine.do('attachmentFound', { ...found, attached: true }).outcome).to.equal('ignored');
    expect(engine.do('destroyAllocation', { id: volume }).outcome).to.equal('refused');
    engine.do('serverResized', { allocation: vm, flavor: 'large' });
    expect(record(engine, vm)).to.not.have.property('disk');
    engine.do('serverGone', { allocation: vm });
    expect(resourceOf(engine, volume).attachedTo).to.equal(undefined);
    expect(engine.do('destroyAllocation', { id: volume }).outcome).to.equal('deleting');
  });

  it('take the storage and the instance from one reservation', () => {
    const engine = engineWith();
    const result = engine.do('createReservation', {
      demand: {
        capacity: { gigabytes: 10, volumes: 1 },
        containers: [{ name: 'c', count: 1, size: { vcpus: 1, ram: 512 } }],
      },
    });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    const { id: reservation } = result.reservation;
    const volume = there(engine, ROOT, { reservation });
    expect(machineReason(engine, { reservation }), 'a disk is not reserved').to.equal('exceeds-reservation');
    booted(engine, volume, { reservation });
    expect(remainingOf(engine.head, engine.reservation(reservation)).gigabytes).to.equal(0);
    expect(refusal(engine, ROOT, { reservation })).to.equal('exceeds-reservation');
  });

  it('want a volume that is there, and an image that is there for the volume', () => {
    const engine = engineWith();
    expect(refusal(engine, { ...ROOT, image: 'nope' })).to.equal('unknown-image');
    expect(() => booted(engine, make(engine, ROOT))).to.throw('resource-not-ready');
    expect(() => booted(engine, there(engine, PORT))).to.throw('unknown-resource');
  });
});

describe('attaching to machines that are there', () => {
  const running = (engine: Engine, more: Partial<CreateInstance> = {}): string => {
    const id = machine(engine, more);
    engine.do('serverAccepted', { allocation: id, server: `vim-${id}` });
    engine.do('vmStateReported', { allocation: id, vmState: 'ACTIVE' });
    engine.told();
    return id;
  };
  const reason = (
    engine: Engine,
    what: 'attachResource' | 'detachResource',
    input: { readonly id: string; readonly resource: string; readonly kind?: 'port' | 'volume' },
  ): string => {
    const result = engine.do(what, { kind: 'volume', ...input });
    return result.outcome === 'refused' ? result.refusal.reason : 'none';
  };

  it('is pending until the VIM has done it, and told then', () => {
    const engine = engineWith();
    const volume = there(engine, VOLUME);
    const id = running(engine);
    const server = `vim-${volume}`;
    expect(reason(engine, 'attachResource', { id, resource: volume })).to.equal('none');
    expect(record(engine, id)).to.deep.include({ volumes: [server] });
    expect(engine.head.intents.has(id)).to.equal(true);
    expect(reason(engine, 'attachResource', { id, resource: server }), 'by the id of the VIM').to.equal('none');
    expect(reason(engine, 'attachResource', { id: running(engine), resource: volume })).to.equal('resource-in-use');
    const outcome = { allocation: id, id: server, action: 'attach' } as const;
    expect(engine.do('attachmentSettled', { ...outcome, action: 'detach' }).outcome).to.equal('ignored');
    engine.do('attachmentSettled', outcome);
    expect(engine.head.intents.has(id)).to.equal(false);
    expect(record(engine, id)).to.not.have.property('pending');
    expect(engine.do('attachmentSettled', outcome).outcome).to.equal('ignored');
    expect(engine.told()).to.deep.equal(['allocation attached ACTIVE']);

    expect(reason(engine, 'detachResource', { id, resource: volume })).to.equal('none');
    expect(reason(engine, 'attachResource', { id, resource: volume })).to.equal('resource-not-ready');
    expect(engine.do('destroyAllocation', { id: volume }).outcome).to.equal('refused');
    engine.do('attachmentSettled', { ...outcome, action: 'detach' });
    expect(resourceOf(engine, volume).attachedTo).to.equal(undefined);
    expect(engine.told()).to.deep.equal(['allocation detached ACTIVE']);
  });

  it('that failed is told, and can be tried again or forgotten', () => {
    const engine = engineWith();
    const volume = there(engine, VOLUME);
    const id = running(engine);
    const settled = (action: 'attach' | 'detach', fault?: string): void => {
      const why = fault === undefined ? {} : { fault: { message: fault } };
      engine.do('attachmentSettled', { allocation: id, id: `vim-${volume}`, action, ...why });
    };
    reason(engine, 'attachResource', { id, resource: volume });
    settled('attach', 'no slot');
    expect(record(engine, id)).to.not.have.property('volumes');
    expect(resourceOf(engine, volume).attachedTo).to.equal(undefined);
    expect(reason(engine, 'detachResource', { id, resource: volume }), 'forgets it').to.equal('none');
    expect(record(engine, id)).to.not.have.property('pending');
    expect(reason(engine, 'detachResource', { id, resource: volume })).to.equal('unknown-resource');
    reason(engine, 'attachResource', { id, resource: volume });
    settled('attach');
    reason(engine, 'detachResource', { id, resource: volume });
    settled('detach', 'the guest does not let go');
    expect(resourceOf(engine, volume).attachedTo).to.equal(id);
    expect(reason(engine, 'attachResource', { id, resource: volume }), 'so it is attached').to.equal('none');
    expect(record(engine, id)).to.not.have.property('pending');
    expect(engine.told()).to.deep.equal([
      'allocation attachment-failed ACTIVE',
      'allocation attached ACTIVE',
      'allocation attachment-failed ACTIVE',
    ]);
  });

  it('is taken over where the VIM has it otherwise, unless it is being changed', () => {
    const engine = engineWith();
    const volume = there(engine, VOLUME);
    const [id, other] = [running(engine), running(engine)];
    const what = { kind: 'volume', id: `vim-${volume}` } as const;
    const found = (attached: boolean, allocation = id): string =>
      engine.do('attachmentFound', { ...what, allocation, attached }).outcome;
    expect(found(false)).to.equal('ignored');
    expect(found(true)).to.equal('recorded');
    expect(record(engine, id)).to.deep.include({ volumes: [what.id] });
    expect(resourceOf(engine, volume).attachedTo).to.equal(id);
    expect(found(true)).to.equal('ignored');
    expect(found(true, other), 'it has another').to.equal('ignored');
    reason(engine, 'detachResource', { id, resource: volume });
    expect(found(false), 'it is being detached').to.equal('ignored');
    engine.do('attachmentSettled', { allocation: id, id: what.id, action: 'detach', fault: { message: 'busy' } });
    expect(found(false)).to.equal('recorded');
    expect(record(engine, id)).to.not.have.any.keys('volumes', 'pending');
    expect(resourceOf(engine, volume).attachedTo).to.equal(undefined);
    expect(engine.told()).to.deep.equal([
      'allocation attached ACTIVE',
      'allocation attachment-failed ACTIVE',
      'allocation detached ACTIVE',
    ]);
    expect(found(true, volume), 'a volume has none').to.equal('ignored');
    expect(found(true, 'nobody')).to.equal('ignored');
    engine.do('destroyInstance', { id });
    expect(found(true), 'it is on its way out').to.equal('ignored');
  });

  it('wants a machine that runs and what is free, ready and of the kind', () => {
    const engine = engineWith();
    const volume = there(engine, VOLUME);
    const early = machine(engine);
    expect(reason(engine, 'attachResource', { id: early, resource: volume })).to.equal('resource-not-ready');
    const id = running(engine);
    expect(reason(engine, 'attachResource', { id, resource: make(engine, VOLUME) })).to.equal('resource-not-ready');
    expect(reason(engine, 'attachResource', { id, resource: volume, kind: 'port' })).to.equal('unknown-resource');
    expect(() => reason(engine, 'attachResource', { id: volume, resource: volume })).to.throw(UnknownEntry);
    engine.do('destroyInstance', { id });
    expect(reason(engine, 'attachResource', { id, resource: volume })).to.equal('resource-not-ready');
  });

  it('ends with the machine, which leaves what it had', () => {
    const engine = engineWith();
    const [port, volume] = [there(engine, PORT), there(engine, VOLUME)];
    const id = running(engine, { ports: [port] });
    reason(engine, 'attachResource', { id, resource: volume });
    reason(engine, 'detachResource', { id, resource: port, kind: 'port' });
    engine.do('destroyInstance', { id });
    engine.do('deletionAccepted', { allocation: id });
    expect(engine.head.intents.has(id), 'nothing is attached any more').to.equal(false);
    engine.do('serverGone', { allocation: id });
    for (const each of [port, volume]) expect(resourceOf(engine, each).attachedTo).to.equal(undefined);
  });

  it('knows only what belongs to who asks', () => {
    const engine = engineWith();
    engine.as = { user: 'ann', tenant: 'red', confinedTo: 'red' };
    const volume = there(engine, VOLUME);
    const id = running(engine);
    engine.as = { user: 'bob', tenant: 'blue', confinedTo: 'blue' };
    expect(() => reason(engine, 'attachResource', { id, resource: volume })).to.throw(UnknownEntry);
    const own = running(engine);
    for (const name of [volume, `vim-${volume}`, 'nobodys'])
      expect(reason(engine, 'attachResource', { id: own, resource: name }), name).to.equal('unknown-resource');
  });
});

describe('extending volumes', () => {
  const extend = (engine: Engine, id: string, sizeGb: number): string => {
    const result = engine.do('extendVolume', { id, sizeGb });
    return result.outcome === 'refused' ? result.refusal.reason : 'none';
  };
  const words = (engine: Engine, id: string, sizeGb: number): string | undefined => {
    const result = engine.do('extendVolume', { id, sizeGb });
    return result.outcome === 'refused' ? result.refusal.message : undefined;
  };
  const available = (engine: Engine): number | undefined => capacityAt(engine.head, NOW).available.gigabytes;

  it('holds what is added from the request on, and is told when it is done', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    const before = available(engine) ?? 0;
    engine.told();
    expect(extend(engine, id, 30)).to.equal('none');
    expect(resourceOf(engine, id)).to.deep.include({
      extension: { sizeGb: 30 },
      capacity: { gigabytes: 30, volumes: 1 },
    });
    expect([available(engine), engine.head.intents.has(id)]).to.deep.equal([before - 20, true]);
    expect(extend(engine, id, 30), 'the same again').to.equal('none');
    expect(extend(engine, id, 40), 'while it is extended').to.equal('resource-not-ready');
    expect(engine.do('volumeSized', { allocation: id, sizeGb: 10 }).outcome).to.equal('ignored');
    expect(engine.do('extensionFailed', { allocation: id, sizeGb: 40, fault: { message: 'no' } }).outcome).to.equal(
      'ignored',
    );
    expect(engine.do('extensionAccepted', { allocation: id, sizeGb: 40 }).outcome).to.equal('ignored');
    engine.do('extensionAccepted', { allocation: id, sizeGb: 30 });
    expect(extend(engine, id, 30), 'and again').to.equal('none');
    expect(resourceOf(engine, id).extension).to.deep.equal({ sizeGb: 30, accepted: true });
    expect(engine.head.intents.has(id)).to.equal(true);
    engine.do('volumeSized', { allocation: id, sizeGb: 30 });
    expect(resourceOf(engine, id).resource).to.deep.equal({ kind: 'volume', sizeGb: 30 });
    expect(resourceOf(engine, id)).to.not.have.property('extension');
    expect([available(engine), engine.head.intents.has(id)]).to.deep.equal([before - 20, false]);
    expect(engine.told()).to.deep.equal([
      'allocation extension-requested ACTIVE',
      'capacity allocated',
      'allocation extended ACTIVE',
    ]);
    engine.do('destroyAllocation', { id });
    engine.do('serverGone', { allocation: id });
    expect(available(engine)).to.equal(before + 10);
  });

  it('takes what is added from the reservation, and no more than that holds', () => {
    const engine = engineWith();
    const reservation = engine.reserve({ demand: { capacity: { gigabytes: 25 } } });
    const id = there(engine, VOLUME, { reservation });
    const before = available(engine);
    const result = engine.do('extendVolume', { id, sizeGb: 26 });
    expect(result.outcome === 'refused' && result.refusal).to.deep.include({
      reason: 'exceeds-reservation',
      message: "Extending the volume 'volume' needs 16 gigabytes; of the reservation there remain 15 gigabytes.",
    });
    expect(extend(engine, id, 25)).to.equal('none');
    expect(remainingOf(engine.head, engine.reservation(reservation))).to.deep.equal({ gigabytes: 0 });
    expect(refusal(engine, VOLUME, { reservation })).to.equal('exceeds-reservation');
    engine.do('extensionFailed', { allocation: id, sizeGb: 25, fault: { message: 'no room' } });
    expect(remainingOf(engine.head, engine.reservation(reservation))).to.deep.equal({ gigabytes: 15 });
    expect(available(engine)).to.equal(before);
  });

  it('without a reservation takes only what no reservation needs at any time, and no quota forbids', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    engine.reserve({ start: NOW + DAY, end: NOW + 2 * DAY, demand: { capacity: { gigabytes: 80 } } });
    const result = engine.do('extendVolume', { id, sizeGb: 21 });
    expect(result.outcome === 'refused' && result.refusal.message).to.match(
      /Extending the volume 'volume' needs 11 gigabytes without end; not reserved are 10 gigabytes /,
    );
    const quotas = [{ name: 'storage', capacity: { gigabytes: 95 } }];
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...DEFAULT_POLICY, quotas } }] });
    expect(extend(engine, id, 20), 'the reservation counts too').to.equal('quota-exceeded');
    expect(extend(engine, id, 15), 'just fits').to.equal('none');
  });

  it('is taken from the pool of the volume alone', () => {
    const engine = engineWith({ ...POOL, gigabytes: 12 });
    const [provider = ''] = [...engine.head.providers.keys()];
    const id = there(engine, VOLUME);
    engine.pool(provider, { gigabytes: 50 }, 'nova');
    expect(extend(engine, id, 20)).to.equal('insufficient-capacity');
    expect(extend(engine, id, 12)).to.equal('none');
  });

  it('that failed is told with the reason, gives back what was held, and can be tried again or forgotten', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    const before = available(engine);
    engine.told();
    extend(engine, id, 30);
    engine.do('extensionFailed', { allocation: id, sizeGb: 30, fault: { message: 'no room' } });
    expect(available(engine)).to.equal(before);
    expect(resourceOf(engine, id).extension).to.deep.equal({
      sizeGb: 30,
      fault: { message: 'no room', occurredOn: NOW },
    });
    expect(engine.told()).to.deep.equal([
      'allocation extension-requested ACTIVE',
      'capacity allocated',
      'allocation extension-failed ACTIVE',
      'capacity freed',
    ]);
    expect(extend(engine, id, 30)).to.equal('none');
    expect(resourceOf(engine, id).extension).to.deep.equal({ sizeGb: 30 });
    engine.do('extensionFailed', { allocation: id, sizeGb: 30, fault: { message: 'no room' } });
    expect(extend(engine, id, 10), 'the size that it has').to.equal('none');
    expect(resourceOf(engine, id)).to.not.have.property('extension');
  });

  it('answers with the volume as it is then', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    const answered = (command: 'extendVolume', sizeGb: number): void => {
      const result = engine.do(command, { id, sizeGb });
      expect(result).to.deep.equal({ outcome: 'accepted', allocation: record(engine, id) });
    };
    const recorded = (outcome: unknown): void => {
      expect(outcome).to.deep.equal({ outcome: 'recorded', allocation: record(engine, id) });
    };
    answered('extendVolume', 10);
    answered('extendVolume', 20);
    answered('extendVolume', 20);
    recorded(engine.do('extensionAccepted', { allocation: id, sizeGb: 20 }));
    recorded(engine.do('volumeSized', { allocation: id, sizeGb: 20 }));
    answered('extendVolume', 30);
    recorded(engine.do('extensionFailed', { allocation: id, sizeGb: 30, fault: { message: 'no room' } }));
  });

  it('goes on when it grows beside Promise to less than was asked for', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    extend(engine, id, 30);
    engine.do('volumeSized', { allocation: id, sizeGb: 20 });
    expect(resourceOf(engine, id)).to.deep.include({
      resource: { kind: 'volume', sizeGb: 20 },
      extension: { sizeGb: 30 },
      capacity: { gigabytes: 30, volumes: 1 },
    });
    expect(engine.head.intents.has(id)).to.equal(true);
  });

  it('is nothing that the VIM can speak of where none was asked for', () => {
    const engine = engineWith();
    for (const allocation of [there(engine, VOLUME), there(engine, PORT), machine(engine), 'gone']) {
      const fault = { message: 'no room' };
      expect(engine.do('extensionFailed', { allocation, sizeGb: 20, fault }).outcome).to.equal('ignored');
      expect(engine.do('extensionAccepted', { allocation, sizeGb: 20 }).outcome).to.equal('ignored');
      expect(engine.do('volumeSized', { allocation, sizeGb: 5 }).outcome).to.equal('ignored');
    }
  });

  it('is taken from the pool once the reservation is over, and refused from when its end is there', () => {
    const engine = engineWith();
    const reservation = engine.reserve({ end: NOW + HOUR, demand: { capacity: { gigabytes: 30 } } });
    const id = there(engine, VOLUME, { reservation });
    // Late by an instant: the end is there, and nothing is done about it yet.
    engine.now += HOUR;
    const result = engine.do('extendVolume', { id, sizeGb: 20 });
    expect(result.outcome === 'refused' && result.refusal).to.deep.include({
      reason: 'reservation-over',
      message: `The reservation '${reservation}' is over: its status is active.`,
    });
    engine.advance(0);
    expect(record(engine, id)).to.deep.include({ backing: 'own', reservation });
    expect(extend(engine, id, 20)).to.equal('none');
    expect(record(engine, id).claims[0]?.capacity).to.deep.include({ gigabytes: 20, volumes: 1 });
  });

  it('is no reservation more to a quota, and never on loan', () => {
    const engine = engineWith(POOL, 'best-effort');
    const id = there(engine, VOLUME);
    engine.reserve({ demand: { capacity: { gigabytes: 1 } } });
    const quotas = [{ name: 'one', reservations: 1, capacity: {} }];
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...DEFAULT_POLICY, quotas } }] });
    expect(extend(engine, id, 20)).to.equal('none');
    expect(record(engine, id).claims.map(({ onLoan }) => onLoan)).to.deep.equal([undefined]);
  });

  it('that failed restores who was degraded by it', () => {
    const engine = engineWith();
    const [provider = ''] = [...engine.head.providers.keys()];
    const pool = [...engine.head.pools.keys()].join();
    const id = there(engine, VOLUME);
    extend(engine, id, 30);
    const late = engine.reserve({ start: NOW + HOUR, end: NOW + DAY, demand: { capacity: { gigabytes: 70 } } });
    engine.do('decreaseCapacity', { source: provider, pool, capacity: { gigabytes: 20 }, force: true });
    expect(engine.reservation(late).status).to.equal('degraded');
    engine.told();
    engine.do('extensionFailed', { allocation: id, sizeGb: 30, fault: { message: 'no room' } });
    expect(engine.reservation(late).status).to.equal('scheduled');
    expect(engine.told()).to.include('reservation restored scheduled');
  });

  it('wants a volume that is there, and a size that is not smaller', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    expect(extend(engine, id, 9)).to.equal('cannot-shrink');
    expect(extend(engine, there(engine, PORT), 20)).to.equal('unknown-resource');
    expect(extend(engine, machine(engine), 20)).to.equal('unknown-resource');
    expect(extend(engine, make(engine, VOLUME), 20)).to.equal('resource-not-ready');
    expect(() => extend(engine, 'none', 20))
      .to.throw(UnknownEntry, "There is no allocation 'none'.")
      .that.includes({ field: 'allocation-id' });
    const port = there(engine, PORT);
    expect(words(engine, port, 20)).to.equal(`The allocation '${port}' is no volume.`);
    expect(words(engine, id, 9)).to.equal(`The volume '${id}' has 10 GB, and is not made smaller than that.`);
    extend(engine, id, 20);
    expect(words(engine, id, 30)).to.equal(
      `The volume '${id}' is being extended to 20 GB; extend it again when it is.`,
    );
    engine.do('vmStateReported', { allocation: id, vmState: 'ERROR' });
    expect(extend(engine, id, 20)).to.equal('resource-not-ready');
  });

  it('is refused while the provider is away', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    const [provider = ''] = [...engine.head.providers.keys()];
    engine.do('updateProvider', { id: provider, status: 'down', statusMessage: 'away' });
    expect(extend(engine, id, 20)).to.equal('provider-unavailable');
  });

  it('goes on when the reservation ends, and holds all of it for good', () => {
    const engine = engineWith();
    const reservation = engine.reserve({ end: NOW + HOUR, demand: { capacity: { gigabytes: 30 } } });
    const id = there(engine, VOLUME, { reservation });
    extend(engine, id, 30);
    engine.advance(HOUR);
    expect(record(engine, id).claims[0]?.capacity).to.deep.include({ gigabytes: 30 });
    engine.do('extensionFailed', { allocation: id, sizeGb: 30, fault: { message: 'no room' } });
    expect(record(engine, id).claims[0]?.capacity).to.deep.include({ gigabytes: 10 });
  });

  it('beside Promise is counted, and makes others give way where there is no room for it', () => {
    const engine = engineWith();
    const reservation = engine.reserve({ demand: { capacity: { gigabytes: 20 } } });
    const id = there(engine, VOLUME, { reservation });
    const late = engine.reserve({ start: NOW + HOUR, end: NOW + DAY, demand: { capacity: { gigabytes: 80 } } });
    engine.do('volumeSized', { allocation: id, sizeGb: 25 });
    expect(record(engine, id)).to.deep.include({ backing: 'own', capacity: { gigabytes: 25, volumes: 1 } });
    expect(engine.reservation(late)).to.deep.include({ status: 'degraded', reason: 'capacity-withdrawn' });
    extend(engine, id, 40);
    engine.do('destroyAllocation', { id });
    expect(engine.do('volumeSized', { allocation: id, sizeGb: 40 }).outcome, 'on its way out').to.equal('ignored');
    expect(engine.do('volumeSized', { allocation: 'gone', sizeGb: 40 }).outcome).to.equal('ignored');
  });
});

describe('machines of affinity groups', () => {
  const demand = (policy: 'affinity' | 'anti-affinity', count = 2) => ({
    capacity: {},
    containers: [{ name: 'db', count, size: { flavor: 'small' }, group: 'g' }],
    groups: [{ name: 'g', policy }],
  });

  for (const policy of ['affinity', 'anti-affinity'] as const) {
    it(`carry their group (${policy}), also where the VIM chooses their hosts`, () => {
      for (const seen of [true, false]) {
        const engine = new Engine();
        const provider = engine.provider([
          { name: 'h1', cores: 8 },
          { name: 'h2', cores: 8 },
        ]);
        if (!seen) {
          const quotas = { cores: 16, memoryMb: 16_384 };
          engine.do('updateProvider', { id: provider, inventory: { ...inventoryOf([], quotas), zones: ['nova'] } });
        }
        engine.pool(provider, { cores: 16, ram: 16_384, instances: 16 });
        const reservation = engine.reserve({ demand: demand(policy) });
        const allocation = record(engine, machine(engine, { reservation }));
        expect(allocation).to.deep.include({ group: { token: `${reservation}/g`, policy } });
        expect(allocation.host !== undefined).to.equal(seen);
      }
    });
  }

  it('stay in one pool where the VIM is to keep them together', () => {
    const engine = new Engine();
    for (const name of ['one', 'two']) {
      const provider = engine.provider([{ name: 'h1', cores: 2 }], name);
      const quotas = { cores: 2, memoryMb: 2048 };
      engine.do('updateProvider', { id: provider, inventory: { ...inventoryOf([], quotas), zones: ['nova'] } });
      engine.pool(provider, { cores: 2, ram: 2048 });
    }
    expect(engine.do('createReservation', { demand: demand('affinity', 3) }).outcome).to.equal('refused');
    engine.reserve({ demand: demand('affinity', 2) });
    engine.reserve({ demand: demand('anti-affinity', 2) });
  });
});

describe('what stands in the way of an allocation', () => {
  it('is said with the name that was given', () => {
    const engine = engineWith();
    const [provider = ''] = engine.head.providers.keys();
    const said = (resource: WantedResource): string => {
      const result = engine.do('createAllocation', { name: 'x', resource });
      return result.outcome === 'refused' ? result.refusal.message : result.outcome;
    };
    const machineSaid = (more: Partial<CreateInstance>): string => {
      const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', ...more });
      return result.outcome === 'refused' ? result.refusal.message : result.outcome;
    };
    const has = `The provider '${provider}' has no`;
    expect(machineSaid({ flavor: 'none' })).to.equal(`${has} flavor 'none'; it has 'small', 'large'.`);
    expect(machineSaid({ image: 'none' })).to.equal(`${has} image 'none'; it has 'cirros'.`);
    expect(machineSaid({ networks: ['none'] })).to.equal(`${has} network 'none'.`);
    expect(said({ kind: 'port', network: 'none' })).to.equal(`${has} network 'none'.`);
    expect(said({ kind: 'router', networks: ['none'] })).to.equal(`${has} network 'none'.`);
    expect(said({ kind: 'floating-ip', network: 'private' })).to.equal(
      `${has} external network 'private'; there are 'public'.`,
    );
    expect(said({ kind: 'router', networks: [], gateway: 'private' })).to.equal(
      `${has} external network 'private'; there are 'public'.`,
    );
    expect(() => engine.do('destroyInstance', { id: 'none' }))
      .to.throw(UnknownEntry, "There is no allocation 'none'.")
      .with.property('field', 'instance-id');
    expect(() => engine.do('destroyAllocation', { id: 'none' }))
      .to.throw(UnknownEntry, "There is no allocation 'none'.")
      .with.property('field', 'allocation-id');
    const inventory = engine.head.providers.get(provider)?.inventory;
    if (inventory === undefined) throw new Error('nothing is known of it');
    const another = { id: 'n3', name: 'other', external: true };
    engine.do('updateProvider', {
      id: provider,
      inventory: { ...inventory, networks: [...inventory.networks, another] },
    });
    const say = `Say which external network of the provider '${provider}' the address comes from; there are`;
    expect(said(FLOATING)).to.equal(`${say} 'public', 'other'.`);
    const none = inventory.networks.filter(({ external }) => !external);
    engine.do('updateProvider', { id: provider, inventory: { ...inventory, networks: none } });
    expect(said(FLOATING)).to.equal(`${say} none.`);
  });

  it('of a router is nothing where its networks are there, each once, and its gateway is external', () => {
    const engine = engineWith();
    const router = { kind: 'router', networks: ['private', 'n1'] } as const;
    expect(record(engine, make(engine, router)).resource).to.deep.equal({ kind: 'router', networks: ['n1'] });
    expect(record(engine, make(engine, { ...router, gateway: 'public' })).resource).to.deep.equal({
      kind: 'router',
      networks: ['n1'],
      gateway: 'n2',
    });
  });

  it('of a machine has the class that was asked for', () => {
    const engine = engineWith();
    expect(record(engine, machine(engine)).priority).to.equal(3);
    expect(record(engine, machine(engine, { priority: 1 })).priority).to.equal(1);
  });

  it('of its end is a machine that uses it, which is named to who sees it', () => {
    const engine = engineWith();
    const volume = there(engine, VOLUME);
    const id = machine(engine, { volumes: [volume] });
    const refused = engine.do('destroyAllocation', { id: volume });
    expect(refused).to.have.nested.property(
      'refusal.message',
      `The volume '${volume}' is used by '${id}' ('vm'); destroy that first.`,
    );
    engine.do('destroyInstance', { id });
    expect(engine.do('destroyAllocation', { id: volume }).outcome).to.equal('deleting');
  });
});
