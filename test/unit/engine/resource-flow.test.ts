import { expect } from 'chai';
import { remainingOf } from '../../../src/engine/claims.ts';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import type { Capacity } from '../../../src/engine/capacity.ts';
import { capacityAt } from '../../../src/engine/queries.ts';
import { UnknownEntry } from '../../../src/engine/requests.ts';
import type { CreateInstance, WantedResource } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';
import {
  FLOATING,
  NETWORK,
  POOL,
  PORT,
  VOLUME,
  engineWith,
  machine,
  make,
  record,
  refusal,
  resourceOf,
  there,
} from './resource-lab.ts';

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
