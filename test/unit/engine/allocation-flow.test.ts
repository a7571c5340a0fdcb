import { expect } from 'chai';
import { breakdownAt } from '../../../src/engine/breakdown.ts';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import { capacityAt, pendingIntents } from '../../../src/engine/queries.ts';
import { remainingOf } from '../../../src/engine/claims.ts';
import { UnknownEntry } from '../../../src/engine/requests.ts';
import type { CreateInstance } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, MINUTE, NOW, inventoryOf } from './engine-fixture.ts';

const T = NOW + DAY;
const VM: CreateInstance = { name: 'vm', image: 'cirros', flavor: 'small', networks: ['private'] };
const TWO = { cores: 2, ram: 1024, instances: 2 };

function engineWithPool(cores = 4): Engine {
  const engine = new Engine();
  engine.pool(engine.provider(), { cores, ram: cores * 512, instances: cores });
  engine.told();
  return engine;
}

function start(engine: Engine, input: Partial<CreateInstance> = {}): string {
  const result = engine.do('createInstance', { ...VM, ...input });
  if (result.outcome === 'refused') throw new Error(result.refusal.message);
  return result.allocation.id;
}

function reason(engine: Engine, input: Partial<CreateInstance>): string | undefined {
  const result = engine.do('createInstance', { ...VM, ...input });
  return result.outcome === 'refused' ? result.refusal.reason : undefined;
}

describe('allocations (allocation flow of the first seed)', () => {
  it('takes from its reservation with high priority, and no more from the pool', () => {
    const engine = engineWithPool();
    const reservation = engine.reserve({ demand: { capacity: TWO } });
    const available = capacityAt(engine.head, NOW).available;
    engine.told();
    const id = start(engine, { reservation });
    const allocation = engine.head.allocations.get(id);
    expect([allocation?.vmState, allocation?.priority, allocation?.intent]).to.deep.equal(['INITIALIZED', 1, 'create']);
    expect(capacityAt(engine.head, NOW).available).to.deep.equal(available);
    expect(capacityAt(engine.head, NOW).usage.cores).to.equal(1);
    const held = engine.head.reservations.get(reservation);
    if (held === undefined) throw new Error('gone');
    expect(remainingOf(engine.head, held)).to.deep.equal({ cores: 1, ram: 512, instances: 1 });
    expect(engine.told()).to.deep.equal(['allocation requested INITIALIZED', 'capacity allocated']);
    start(engine, { reservation });
    expect(reason(engine, { reservation })).to.equal('exceeds-reservation');
  });

  it('records ids for names, and nothing that was not asked for', () => {
    const engine = engineWithPool();
    const made = engine.head.allocations.get(start(engine));
    expect(made).to.deep.include({ flavor: 'f1', image: 'i1', networks: ['n1'] });
    expect(made).to.not.have.any.keys('bootVolume', 'ports', 'volumes', 'group', 'reservation', 'zone');
    expect(engine.head.allocations.get(start(engine, { image: 'i1', networks: ['n1'] }))).to.include({ image: 'i1' });
  });

  for (const backing of ['a reservation', 'what is free', 'what is on loan'] as const) {
    it(`tells what the pool has when something has been taken from ${backing}`, () => {
      const engine = new Engine();
      const policy = backing === 'what is on loan' ? 'best-effort' : 'none';
      const pool = engine.pool(engine.provider(undefined, undefined, policy), { cores: 4, ram: 2048, instances: 4 });
      const reservation = engine.reserve({ demand: { capacity: TWO } });
      start(engine);
      engine.events.length = 0;
      start(engine, backing === 'a reservation' ? { reservation } : {});
      const told = engine.events.flatMap((event) => (event.kind === 'capacity-event' ? [event.capacity] : []));
      expect(told).to.deep.equal([breakdownAt(engine.head, pool, NOW)]);
    });
  }

  it('rejects with the reason: unknown, not started, over, too large a flavor, unknown names', () => {
    const engine = engineWithPool();
    const future = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: TWO } });
    expect(reason(engine, { reservation: 'none' })).to.equal('unknown-reservation');
    expect(reason(engine, { reservation: future })).to.equal('reservation-not-started');
    engine.advance(DAY);
    expect(reason(engine, { reservation: future, flavor: 'large' })).to.equal('exceeds-reservation');
    expect(reason(engine, { reservation: future, flavor: 'none' })).to.equal('unknown-flavor');
    expect(reason(engine, { image: 'none' })).to.equal('unknown-image');
    expect(reason(engine, { networks: ['none'] })).to.equal('unknown-network');
    expect(reason(engine, { provider: 'none' })).to.equal('unknown-provider');
    engine.advance(HOUR);
    expect(reason(engine, { reservation: future })).to.equal('reservation-over');
    engine.provider();
    expect(reason(engine, {})).to.equal('ambiguous-provider');
  });

  it('without a reservation takes only what no reservation needs at any time, with low priority', () => {
    const engine = engineWithPool(4);
    engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 3, ram: 1536, instances: 3 } } });
    const id = start(engine);
    expect(engine.head.allocations.get(id)?.priority).to.equal(3);
    const refused = engine.do('createInstance', VM);
    expect(refused.outcome === 'refused' && refused.refusal.most).to.deep.equal({ cores: 0, ram: 0, instances: 0 });
    const reserved = engine.do('createReservation', { start: T, end: T + HOUR, demand: { capacity: { cores: 1 } } });
    expect(reserved.outcome).to.equal('refused');
  });

  it('goes through the states that the VIM reports, once each, and frees its capacity when it is gone', () => {
    const engine = engineWithPool();
    const allocation = start(engine);
    expect(pendingIntents(engine.head).map(({ intent }) => intent)).to.deep.equal(['create']);
    engine.told();
    engine.do('serverAccepted', { allocation, server: 's1' });
    expect(engine.do('serverAccepted', { allocation, server: 's1' }).outcome).to.equal('ignored');
    engine.do('vmStateReported', { allocation, vmState: 'ACTIVE', host: 'h1' });
    expect(engine.do('vmStateReported', { allocation, vmState: 'ACTIVE', host: 'h1' }).outcome).to.equal('ignored');
    expect(engine.do('destroyInstance', { id: allocation }).allocation.vmState).to.equal('DELETING');
    expect(engine.do('destroyInstance', { id: allocation }).allocation.vmState).to.equal('DELETING');
    expect(engine.do('vmStateReported', { allocation, vmState: 'ACTIVE' }).outcome).to.equal('ignored');
    engine.do('deletionAccepted', { allocation });
    expect(pendingIntents(engine.head)).to.deep.equal([]);
    expect(capacityAt(engine.head, NOW).usage.cores).to.equal(1);
    expect(engine.do('serverGone', { allocation }).outcome).to.equal('gone');
    expect(engine.do('serverGone', { allocation }).outcome).to.equal('ignored');
    expect(capacityAt(engine.head, NOW).available.cores).to.equal(4);
    expect(engine.told()).to.deep.equal([
      'allocation accepted BUILD',
      'allocation state-changed ACTIVE',
      'allocation destroy-requested DELETING',
      'allocation destroyed DELETED',
      'capacity freed',
    ]);
    expect(() => engine.do('destroyInstance', { id: allocation })).to.throw(UnknownEntry);
  });

  it('keeps the fault of a failed boot, and holds nothing for a creation that the VIM refused', () => {
    const engine = engineWithPool();
    const booted = start(engine);
    engine.do('serverAccepted', { allocation: booted, server: 's1' });
    engine.do('vmStateReported', {
      allocation: booted,
      vmState: 'ERROR',
      fault: { code: 500, message: 'No valid host' },
    });
    expect(engine.head.allocations.get(booted)?.fault).to.deep.equal({
      code: 500,
      message: 'No valid host',
      occurredOn: NOW,
    });
    const refused = start(engine);
    engine.do('createFailed', { allocation: refused, fault: { message: 'Quota exceeded' } });
    expect(engine.head.allocations.get(refused)?.vmState).to.equal('ERROR');
    expect(capacityAt(engine.head, NOW).usage.cores).to.equal(1);
  });

  it('releases at expiry what was not allocated, and keeps what was (second seed, step 10)', () => {
    const engine = engineWithPool();
    const reservation = engine.reserve({ demand: { capacity: TWO }, expiryTime: NOW + 10 * MINUTE });
    start(engine, { reservation });
    engine.told();
    engine.advance(10 * MINUTE);
    expect(engine.told()).to.deep.equal(['reservation expired active', 'capacity released']);
    expect(engine.head.reservations.get(reservation)?.claims[0]?.capacity).to.deep.equal({
      cores: 1,
      ram: 512,
      instances: 1,
    });
    expect(capacityAt(engine.head, engine.now).available.cores).to.equal(3);
    expect(reason(engine, { reservation })).to.equal('exceeds-reservation');
  });

  it('lets machines run on at the end of their reservation, holding their capacity', () => {
    const engine = engineWithPool();
    const reservation = engine.reserve({ end: NOW + HOUR, demand: { capacity: TWO } });
    const id = start(engine, { reservation });
    const later = engine.reserve({ start: NOW + HOUR, end: NOW + 2 * HOUR, demand: { capacity: { cores: 4 } } });
    engine.told();
    engine.advance(HOUR);
    const allocation = engine.head.allocations.get(id);
    expect([allocation?.backing, allocation?.priority, allocation?.vmState]).to.deep.equal(['own', 2, 'INITIALIZED']);
    expect(engine.head.reservations.get(later)?.status).to.equal('degraded');
    engine.do('destroyInstance', { id });
    engine.do('serverGone', { allocation: id });
    expect(engine.head.reservations.get(later)?.status).to.equal('active');
    expect(engine.told()).to.deep.equal([
      'allocation reservation-over INITIALIZED',
      'reservation ended ended',
      'reservation degraded degraded',
      'reservation started degraded',
      'allocation destroy-requested DELETING',
      'allocation destroyed DELETED',
      'capacity freed',
      'reservation restored active',
    ]);
  });

  it('keeps who is degraded by a machine so until it is gone, whatever else is settled meanwhile', () => {
    const engine = engineWithPool();
    const reservation = engine.reserve({ end: NOW + HOUR, demand: { capacity: TWO } });
    const id = start(engine, { reservation });
    const later = engine.reserve({ start: NOW + HOUR, end: NOW + 2 * HOUR, demand: { capacity: { cores: 4 } } });
    const statusAfter = (step: () => unknown): string | undefined => {
      step();
      return engine.head.reservations.get(later)?.status;
    };
    expect(statusAfter(() => engine.advance(HOUR))).to.equal('degraded');
    expect(statusAfter(() => engine.do('destroyInstance', { id }))).to.equal('degraded');
    expect(statusAfter(() => engine.do('increaseCapacity', { capacity: { ram: 512 } }))).to.equal('degraded');
    // Nobody else is degraded by it.
    const other = engine.reserve({ start: NOW + 2 * HOUR, end: NOW + 3 * HOUR, demand: { capacity: { ram: 512 } } });
    expect(statusAfter(() => engine.do('increaseCapacity', { capacity: { ram: 512 } }))).to.equal('degraded');
    expect(engine.head.reservations.get(other)?.status).to.equal('scheduled');
    expect(statusAfter(() => engine.do('serverGone', { allocation: id }))).to.equal('active');
  });

  it('destroys machines at the end where policy says so, and announces the end before', () => {
    const engine = engineWithPool();
    const entry = { ...DEFAULT_POLICY, atEnd: 'terminate', terminationLead: 10 } as const;
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
    const reservation = engine.reserve({ end: NOW + HOUR, demand: { capacity: TWO } });
    const id = start(engine, { reservation });
    engine.told();
    engine.advance(50 * MINUTE);
    expect(engine.told()).to.deep.equal(['reservation ending active']);
    engine.sleep(7 * DAY);
    expect(engine.told()).to.deep.equal(['allocation reservation-over DELETING', 'reservation ended ended']);
    expect(engine.head.allocations.get(id)?.intent).to.equal('delete');
    expect(capacityAt(engine.head, engine.now).usage.cores).to.equal(1);
    engine.do('serverGone', { allocation: id });
    expect(capacityAt(engine.head, engine.now).available.cores).to.equal(4);
  });

  it('lets machines run on when their reservation is cancelled', () => {
    const engine = engineWithPool();
    const reservation = engine.reserve({ demand: { capacity: TWO } });
    const id = start(engine, { reservation });
    expect(engine.do('cancelReservation', { id: reservation })).to.deep.include({
      outcome: 'cancelled',
      released: [id],
    });
    expect(capacityAt(engine.head, NOW).available.cores).to.equal(3);
  });

  it('refuses to shrink a reservation below what is allocated under it, and moves the end of its machines', () => {
    const engine = engineWithPool();
    const id = engine.reserve({ end: NOW + HOUR, demand: { capacity: TWO } });
    const allocation = start(engine, { reservation: id });
    const refused = engine.do('updateReservation', { id, demand: { capacity: { cores: 0 } } });
    expect(refused.outcome === 'refused' && refused.refusal.reason).to.equal('below-allocated');
    engine.do('updateReservation', {
      id,
      end: NOW + 2 * HOUR,
      demand: { capacity: { cores: 1, ram: 512, instances: 1 } },
    });
    expect(engine.head.allocations.get(allocation)?.endsAt).to.equal(NOW + 2 * HOUR);
    expect(capacityAt(engine.head, NOW).reserved.cores).to.equal(0);
  });

  describe('says what stands in the way', () => {
    const said = (engine: Engine, input: Partial<CreateInstance>): string => {
      const result = engine.do('createInstance', { ...VM, ...input });
      return result.outcome === 'refused' ? `${result.refusal.reason}: ${result.refusal.message}` : result.outcome;
    };
    const twoHosts = [
      { name: 'h1', cores: 4, zone: 'z1' },
      { name: 'h2', cores: 4, zone: 'z2' },
    ];

    it('of providers and pools', () => {
      const engine = new Engine();
      expect(said(engine, {})).to.equal('unknown-provider: There is no provider yet; add-provider registers one.');
      const one = engine.provider(twoHosts, 'one');
      expect(said(engine, {})).to.equal(
        `insufficient-capacity: The provider '${one}' has no pool; increase-capacity makes one.`,
      );
      engine.pool(one, { cores: 4, ram: 4096, instances: 4 }, 'z1');
      expect(said(engine, { zone: 'z2' })).to.equal(
        `insufficient-capacity: The provider '${one}' has no pool for the zone 'z2'; increase-capacity makes one.`,
      );
      expect(said(engine, { zone: 'z3' })).to.equal(
        `unknown-zone: The provider '${one}' has no zone 'z3'; it has 'z1', 'z2'.`,
      );
      expect(said(engine, { zone: 'z1' })).to.equal('accepted');
      const two = engine.provider([{ name: 'x', cores: 4 }], 'two');
      const reservation = engine.reserve({ demand: { capacity: TWO } });
      expect(said(engine, { reservation, provider: two })).to.equal(
        `unknown-provider: The reservation holds nothing on the provider '${two}'.`,
      );
      expect(said(engine, { reservation, provider: one })).to.equal('accepted');
      expect(said(engine, {})).to.equal(
        'ambiguous-provider: There are several providers; say which one with provider-id.',
      );
      engine.do('updateProvider', { id: two, status: 'down' });
      expect(said(engine, { provider: two })).to.equal(
        `provider-unavailable: The provider '${two}' cannot be used now; its status is down.`,
      );
    });

    it('of hosts, where a pool has room in sum and no host has', () => {
      const engine = new Engine();
      const pool = engine.pool(engine.provider(twoHosts), { cores: 8, ram: 8192, instances: 8 });
      // Two cores of each host are taken in a day.
      engine.reserve({
        start: T,
        end: T + HOUR,
        demand: {
          capacity: {},
          containers: [{ name: 'web', count: 2, size: { vcpus: 2, ram: 1024 }, group: 'g' }],
          groups: [{ name: 'g', policy: 'anti-affinity' }],
        },
      });
      expect(said(engine, { flavor: 'large' })).to.equal(
        "insufficient-capacity: No host has room for the flavor 'large' without end, beside what is placed there.",
      );
      const four = { capacity: { cores: 4, ram: 4096, instances: 1 } };
      const reservation = engine.reserve({ end: T + 1, demand: four });
      expect(said(engine, { reservation, flavor: 'large' })).to.equal(
        `insufficient-capacity: No host of the pool '${pool}' has room for the flavor 'large' until the reservation ends, beside what is placed there.`,
      );
      const before = engine.reserve({ end: T, demand: four });
      expect(said(engine, { reservation: before, flavor: 'large' })).to.equal('accepted');
    });

    it('of a reservation whose capacity was lost, and of one with too little left', () => {
      const engine = new Engine();
      const source = engine.provider();
      const pool = engine.pool(source, { cores: 4, ram: 4096, instances: 4 });
      const reservation = engine.reserve({ end: T, demand: { capacity: { cores: 4, ram: 4096, instances: 4 } } });
      engine.do('decreaseCapacity', { source, capacity: { cores: 3 }, force: true });
      expect(said(engine, { reservation })).to.equal('accepted');
      expect(said(engine, { reservation })).to.equal(
        `insufficient-capacity: The pool '${pool}' has no room for the machine at present: capacity was lost, and the reservation cannot be kept in full.`,
      );
      engine.do('increaseCapacity', { source, capacity: { cores: 3 } });
      expect(said(engine, { reservation, flavor: 'large' })).to.equal(
        "exceeds-reservation: The flavor 'large' needs 4 cores, 4096 ram, 1 instances and 10 GB of local disk; of the reservation there remain 3 cores, 3584 ram, 3 instances.",
      );
    });

    it('of a reservation in another zone', () => {
      const engine = new Engine();
      engine.pool(engine.provider(twoHosts), { cores: 8, ram: 8192, instances: 8 });
      const containers = [{ name: 'web', count: 1, size: { flavor: 'small' }, zone: 'z2' }];
      const reservation = engine.reserve({ demand: { capacity: {}, containers } });
      expect(said(engine, { reservation, zone: 'z1' })).to.match(/^exceeds-reservation: /);
      expect(said(engine, { reservation, zone: 'z2' })).to.equal('accepted');
    });

    it('of one that ends at this instant, or holds nothing any more', () => {
      const engine = engineWithPool();
      const ending = engine.reserve({ end: NOW + HOUR, demand: { capacity: TWO } });
      engine.now = NOW + HOUR;
      expect(said(engine, { reservation: ending })).to.equal(
        `reservation-over: The reservation '${ending}' is over: its status is active.`,
      );
      const other = engineWithPool();
      const id = other.reserve({ demand: { capacity: TWO } });
      const failed = start(other, { reservation: id });
      other.do('createFailed', { allocation: failed, fault: { message: 'none' } });
      other.advance(HOUR);
      expect(said(other, { reservation: id })).to.equal(
        'unknown-provider: The reservation holds nothing on any provider.',
      );
      expect(said(other, { reservation: 'none' })).to.equal("unknown-reservation: There is no reservation 'none'.");
      expect(said(other, { provider: 'none' })).to.equal("unknown-provider: There is no provider 'none'.");
      const later = other.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 1 } } });
      expect(said(other, { reservation: later })).to.equal(
        `reservation-not-started: The reservation '${later}' starts at 2030-01-02T00:00:00Z; it is 2030-01-01T01:00:00Z.`,
      );
    });

    it('of what no reservation holds: what is left at the least from now on, where it lacks, and what is planned', () => {
      const engine = engineWithPool();
      const [pool = ''] = engine.head.poolOrder;
      engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 4 } } });
      const result = engine.do('createInstance', VM);
      if (result.outcome !== 'refused') throw new Error(result.outcome);
      expect(result.refusal).to.deep.equal({
        reason: 'insufficient-capacity',
        message:
          "The flavor 'small' needs 1 cores, 512 ram, 1 instances without end; not reserved are 0 cores, 2048 ram, 4 instances at the least from now on.",
        most: { cores: 0, ram: 2048, instances: 4 },
        shortages: [{ pool, resource: 'cores', from: T, to: T + HOUR, missing: 1 }],
      });
      const maintenance = [{ id: 'm', pool, start: T + DAY, end: T + 2 * DAY }];
      const entry = { ...DEFAULT_POLICY, maintenance };
      engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
      const planned = engine.do('createInstance', VM);
      expect(planned).to.have.nested.property('refusal.maintenance').that.deep.equals(['m']);
    });

    it('of machines that are being deleted, which occupy what it was to have', () => {
      const engine = engineWithPool(2);
      const entry = { ...DEFAULT_POLICY, atEnd: 'terminate' } as const;
      engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
      const first = engine.reserve({ end: NOW + HOUR, demand: { capacity: TWO } });
      for (let count = 0; count < 2; count++) start(engine, { reservation: first });
      const next = engine.reserve({ start: NOW + HOUR, end: NOW + 2 * HOUR, demand: { capacity: TWO } });
      engine.advance(HOUR);
      const [pool = ''] = engine.head.poolOrder;
      expect(said(engine, { reservation: next })).to.equal(
        `insufficient-capacity: The pool '${pool}' has no room for the machine at present: machines that are being deleted still occupy it; try again when they are gone.`,
      );
    });
  });

  describe('take of a reservation in several places', () => {
    const hosts = [
      { name: 'h1', cores: 4, zone: 'z1' },
      { name: 'h2', cores: 4, zone: 'z2' },
    ];

    it('the part in the zone, or of the provider, that is asked for', () => {
      const engine = new Engine();
      const [one, two] = [engine.provider(hosts, 'one'), engine.provider(hosts, 'two')];
      const capacity = { cores: 4, ram: 4096, instances: 4 };
      const pools = [
        engine.pool(one, capacity, 'z1'),
        engine.pool(one, capacity, 'z2'),
        engine.pool(two, capacity, 'z1'),
      ];
      const reservation = engine.reserve({ demand: { capacity: { cores: 12, ram: 12_288, instances: 12 } } });
      const taken = (input: Partial<CreateInstance>) => {
        const allocation = engine.head.allocations.get(start(engine, { reservation, ...input }));
        return [allocation?.pool, allocation?.zone];
      };
      expect(taken({ provider: two })).to.deep.equal([pools[2], undefined]);
      expect(taken({ provider: one, zone: 'z2' })).to.deep.equal([pools[1], 'z2']);
      expect(taken({ provider: one, zone: 'z1' })).to.deep.equal([pools[0], 'z1']);
      expect(taken({})).to.deep.equal([pools[0], undefined]);
    });

    it('no instance on a host that is lost', () => {
      const engine = new Engine();
      const source = engine.provider(hosts);
      engine.pool(source, { cores: 8, ram: 8192, instances: 8 });
      const containers = [{ name: 'web', count: 2, size: { vcpus: 4, ram: 2048, disk: 5 } }];
      const reservation = engine.reserve({ demand: { capacity: {}, containers } });
      const lost = hosts.map((host) => ({ ...host, state: host.name === 'h1' ? ('down' as const) : ('up' as const) }));
      engine.do('updateProvider', { id: source, inventory: inventoryOf(lost) });
      expect(engine.head.allocations.get(start(engine, { reservation }))?.host).to.equal('h2');
      expect(reason(engine, { reservation })).to.equal('exceeds-reservation');
    });

    it('volumes in the zone of their reservation, on no host', () => {
      const engine = new Engine();
      const source = engine.provider(hosts);
      engine.pool(source, { gigabytes: 100, volumes: 10 }, 'z2');
      const reservation = engine.reserve({ demand: { capacity: { gigabytes: 10, volumes: 2 }, zone: 'z2' } });
      const resource = { kind: 'volume', sizeGb: 5 } as const;
      const made = engine.do('createAllocation', { name: 'data', resource, reservation });
      if (made.outcome === 'refused') throw new Error(made.refusal.message);
      expect(made.allocation).to.deep.include({ zone: 'z2', resource: { ...resource, zone: 'z2' } });
      expect(made.allocation).not.to.have.any.keys('host', 'claim', 'disk', 'tenant');
    });
  });

  it('belong to their reservation, or to who made them, and to the group of their container', () => {
    const engine = engineWithPool(8);
    engine.as = { user: 'carol', tenant: 'blue', confinedTo: 'blue' };
    const size = { vcpus: 1, ram: 512, disk: 1 };
    const containers = [
      { name: 'db', count: 1, size },
      { name: 'web', count: 1, size: { ...size, vcpus: 2 }, group: 'apart' },
      { name: 'dns', count: 1, size: { ...size, vcpus: 3 }, group: 'near' },
    ];
    const groups = [
      { name: 'near', policy: 'affinity' },
      { name: 'apart', policy: 'anti-affinity' },
    ] as const;
    const reservation = engine.reserve({ demand: { capacity: {}, containers, groups } });
    engine.as = { user: 'operator' };
    const groupsOf = [1, 2, 3].map(() => {
      const allocation = engine.head.allocations.get(start(engine, { reservation }));
      expect(allocation).to.include({ tenant: 'blue', owner: 'operator' });
      return allocation?.resource === undefined ? allocation?.group : 'none';
    });
    // The smallest instance is taken first.
    expect(groupsOf).to.deep.equal([
      undefined,
      { token: `${reservation}/apart`, policy: 'anti-affinity' },
      { token: `${reservation}/near`, policy: 'affinity' },
    ]);
    expect(engine.head.allocations.get(start(engine))).not.to.have.property('tenant');
  });

  it('without a reservation count for the quotas of who makes them', () => {
    const engine = engineWithPool();
    const quotas = [
      { name: 'q', tenant: 'blue', capacity: { cores: 1 } },
      { name: 'none', tenant: 'blue', reservations: 0, capacity: {} },
    ];
    const entry = { ...DEFAULT_POLICY, quotas };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
    engine.now += 1;
    engine.as = { user: 'carol', tenant: 'blue', confinedTo: 'blue' };
    start(engine);
    expect(reason(engine, {})).to.equal('quota-exceeded');
    engine.as = { user: 'operator' };
    start(engine);
  });
});
