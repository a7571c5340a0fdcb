import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import { capacityAt, pendingIntents } from '../../../src/engine/queries.ts';
import { remainingOf } from '../../../src/engine/claims.ts';
import { UnknownEntry } from '../../../src/engine/requests.ts';
import type { CreateInstance } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, MINUTE, NOW } from './engine-fixture.ts';

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
      expect(said(engine, { zone: 'z3' })).to.equal(`unknown-zone: The provider '${one}' has no zone 'z3'.`);
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
  });
});
