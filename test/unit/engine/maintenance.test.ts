import { expect } from 'chai';
import type { Maintenance, Reservation } from '../../../src/engine/entities.ts';
import type { CapacityEvent } from '../../../src/engine/events.ts';
import { omit } from '../../../src/engine/omit.ts';
import { explainReservation } from '../../../src/engine/explain.ts';
import { queryCapacity } from '../../../src/engine/queries.ts';
import { InvalidRequest } from '../../../src/engine/requests.ts';
import type { Commands, Refusal } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';

type Create = Parameters<Commands['createReservation']>[1];

const HOSTS: readonly HostSpec[] = [
  { name: 'h1', cores: 10, ram: 10_240 },
  { name: 'h2', cores: 10, ram: 10_240 },
];

describe('maintenance', () => {
  let engine: Engine;
  let source: string;

  beforeEach(() => {
    engine = new Engine();
    source = engine.provider(HOSTS);
    pool('p', 20);
  });

  function pool(id: string, cores: number, more: object = {}): void {
    const entry = { id, source, capacity: { cores, ram: cores * 1024, instances: 50 }, adjustments: [], ...more };
    const { outcome } = engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
    expect(outcome).to.equal('applied');
  }

  const hours = (from: number, to: number): { start: number; end: number } => ({
    start: NOW + from * HOUR,
    end: NOW + to * HOUR,
  });

  const out = (id: string, from: number, to: number, more: Partial<Maintenance> = {}): Maintenance => ({
    id,
    pool: 'p',
    ...hours(from, to),
    ...more,
  });

  function plan(...maintenance: readonly Maintenance[]) {
    const policy = omit(engine.head.policy, 'maintenance');
    const entry = maintenance.length === 0 ? policy : { ...policy, maintenance };
    return engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
  }

  function refusal(input: Create): Refusal {
    const result = engine.do('createReservation', input);
    if (result.outcome !== 'refused') throw new Error('it was granted');
    return result.refusal;
  }

  function held(id: string): Reservation {
    const reservation = engine.head.reservations.get(id);
    if (reservation === undefined) throw new Error(`there is no ${id}`);
    return reservation;
  }

  function available(from: number, to: number, id = 'p'): number {
    const query = { pools: [id], window: hours(from, to) };
    return queryCapacity(engine.head, query, engine.now).capacity.available.cores ?? 0;
  }

  const cores = (amount: number): Create['demand'] => ({ capacity: { cores: amount } });
  const vms = (count: number, size = 4): Create['demand'] => ({
    capacity: {},
    containers: [{ name: 'vm', count, size: { vcpus: size, ram: 1024 } }],
  });

  function told(): string[] {
    return engine.events.splice(0).flatMap((event) => {
      if (event.kind === 'reservation-event') return `reservation ${event.cause}`;
      return event.kind === 'capacity-event' && event.cause.startsWith('maintenance')
        ? `${event.cause} ${event.maintenance ?? ''}`
        : [];
    });
  }

  it('leaves nothing of a pool in its time, and everything beside it', () => {
    plan(out('m', 2, 4));
    expect([available(0, 2), available(2, 4), available(3, 5), available(4, 6)]).to.deep.equal([20, 0, 0, 20]);
    const found = refusal({ ...hours(3, 5), demand: cores(1) });
    expect(found).to.deep.include({ reason: 'insufficient-capacity', maintenance: ['m'], nextWindow: hours(4, 6) });
    expect(found.message).to.include(
      "the pool 'p' from 2030-01-01T02:00:00Z to 2030-01-01T04:00:00Z (maintenance 'm')",
    );
    engine.reserve({ ...hours(4, 6), demand: cores(20) });
    expect(refusal({ ...hours(4, 6), demand: cores(1) })).not.to.have.property('maintenance');
    plan();
    engine.reserve({ ...hours(2, 4), demand: cores(20) });
  });

  it('of a host, takes what the other hosts cannot give, after what is in no pool', () => {
    plan(out('m', 2, 4, { host: 'h1' }));
    expect([available(0, 2), available(2, 4)]).to.deep.equal([20, 10]);
    pool('p', 10);
    expect(available(2, 4)).to.equal(10);
    pool('other', 5);
    expect([available(2, 4), available(2, 4, 'other')]).to.deep.equal([5, 5]);
    plan(out('m', 2, 4, { host: 'h1' }), out('n', 3, 5, { host: 'h2' }));
    expect([available(2, 3), available(3, 4), available(4, 5)]).to.deep.equal([5, 0, 5]);
  });

  it('of a host, binds the pool of its zone, and one that lists it', () => {
    const zoned = new Engine();
    engine = zoned;
    source = engine.provider(HOSTS.map((host) => ({ ...host, zone: host.name })));
    pool('p', 10, { zone: 'h1' });
    pool('q', 4, { elements: ['h2'] });
    plan(out('m', 2, 4, { host: 'h1' }), { id: 'n', pool: 'q', host: 'h2', ...hours(6, 7) });
    expect([available(2, 4), available(2, 4, 'q')]).to.deep.equal([0, 4]);
    expect([available(6, 7), available(6, 7, 'q')]).to.deep.equal([10, 0]);
  });

  it('follows the ratio of over-commitment, adjustments, and what the VIM lost', () => {
    pool('p', 20, { overCommit: { cores: 2000 } });
    plan(out('m', 2, 4, { host: 'h1' }));
    expect(available(2, 4)).to.equal(20);
    const down = HOSTS.map((host) => ({ ...host, state: host.name === 'h1' ? ('down' as const) : ('up' as const) }));
    engine.do('updateProvider', { id: source, inventory: inventoryOf(down) });
    // It is out already, and not out twice.
    expect([available(0, 2), available(2, 4)]).to.deep.equal([20, 20]);
    engine.do('updateProvider', { id: source, inventory: inventoryOf(HOSTS) });
    expect([available(0, 2), available(2, 4)]).to.deep.equal([40, 20]);
  });

  it('places what is on the host elsewhere, and degrades what finds no place', () => {
    const few = engine.reserve({ ...hours(2, 3), demand: vms(2) });
    expect(held(few).claims.map(({ host }) => host)).to.deep.equal([`host/${source}/h1`, `host/${source}/h1`]);
    engine.told();
    plan(out('m', 1, 5, { host: 'h1' }));
    expect(held(few).status).to.equal('scheduled');
    expect(held(few).claims.map(({ host }) => host)).to.deep.equal([`host/${source}/h2`, `host/${source}/h2`]);
    expect(told()).to.deep.equal(['maintenance-planned m', 'reservation updated']);
    const refused = refusal({ ...hours(4, 6), demand: vms(3) });
    expect(refused).to.deep.include({ container: 'vm', maintenance: ['m'] });
    plan();
    const many = engine.reserve({ ...hours(10, 11), demand: vms(4) });
    plan(out('n', 9, 12, { host: 'h2' }));
    expect(held(many)).to.include({ status: 'degraded', reason: 'maintenance' });
    expect(held(many).message).to.include("the host 'h2' of the pool 'p'").and.include("(maintenance 'n')");
    expect(explainReservation(engine.head, many, engine.now).message).to.include("(maintenance 'n')");
    plan();
    expect(held(many).status).to.equal('scheduled');
    expect(held(many)).not.to.have.property('message');
  });

  it('places what has not started in another pool, in all of its windows', () => {
    pool('p', 10);
    pool('q', 10);
    const recurrence = { frequency: 'daily', interval: 1, count: 2 } as const;
    const id = engine.reserve({ ...hours(2, 3), recurrence, demand: cores(8) });
    const started = engine.reserve({ end: NOW + 9 * HOUR, demand: { capacity: { cores: 2 }, pools: ['p'] } });
    expect(held(id).claims.map(({ node }) => node)).to.deep.equal(['pool/p']);
    engine.told();
    plan(out('m', 1, 4));
    expect(held(id).claims.map(({ node }) => node)).to.deep.equal(['pool/q']);
    expect(held(id).status).to.equal('scheduled');
    expect(held(started).status).to.equal('degraded');
    expect(told().sort()).to.deep.equal(['maintenance-planned m', 'reservation degraded', 'reservation updated']);
  });

  it('degrades what was reserved in the pool, lapses offers, and restores when it is cancelled or over', () => {
    const id = engine.reserve({ ...hours(1, 10), demand: cores(5) });
    engine.do('requestOffer', { ...hours(1, 10), demand: cores(5), holdFor: DAY });
    engine.told();
    plan(out('m', 2, 4));
    expect(told()).to.deep.equal(['maintenance-planned m', 'reservation degraded']);
    expect(held(id)).to.include({ status: 'degraded', reason: 'maintenance' });
    engine.advance(HOUR);
    expect(held(id).status).to.equal('degraded');
    engine.told();
    engine.advance(HOUR);
    engine.advance(2 * HOUR);
    expect(held(id).status).to.equal('active');
    expect(told()).to.deep.equal(['maintenance-started m', 'maintenance-ended m', 'reservation restored']);
  });

  it('tells when it begins and ends', () => {
    plan(out('m', 2, 4), out('n', 3, 5, { host: 'h1' }));
    const planned = engine.events.find(
      (event): event is CapacityEvent => event.kind === 'capacity-event' && event.cause === 'maintenance-planned',
    );
    expect(planned).to.deep.include({ pool: 'p', maintenance: 'm', ...hours(2, 4) });
    expect(planned?.capacity?.total.cores).to.equal(0);
    told();
    engine.advance(3 * HOUR);
    expect(told()).to.deep.equal(['maintenance-started m', 'maintenance-started n']);
    plan(out('m', 2, 8));
    expect(told()).to.deep.equal(['maintenance-ended m', 'maintenance-ended n', 'maintenance-started m']);
    engine.sleep(DAY);
    expect(told()).to.deep.equal(['maintenance-ended m']);
    plan();
    expect(told()).to.deep.equal([]);
    expect([...engine.due.keys()]).to.deep.equal([]);
  });

  it('is refused, where that is asked for, when something is held that could not be kept', () => {
    const id = engine.reserve({ ...hours(1, 3), demand: cores(12) });
    const strict = (entry: Partial<Maintenance>) => plan({ ...out('m', 2, 4), whenHeld: 'refuse', ...entry });
    const result = strict({});
    if (result.outcome !== 'refused') throw new Error('it was applied');
    expect(result.refusals).to.have.length(1);
    expect(result.refusals[0]).to.deep.include({ entry: 'maintenance', id: 'm' });
    expect(result.refusals[0]?.refusal.message).to.include(id);
    expect(available(2, 4)).to.equal(8);
    expect(strict({ host: 'h1' }).outcome).to.equal('refused');
    expect(strict(hours(3, 4)).outcome).to.equal('applied');
  });

  it('keeps machines without a reservation from being made before it, unless these have what they use on loan', () => {
    const boot = () => engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small' });
    plan(out('m', 100, 101));
    const refused = boot();
    expect(refused.outcome === 'refused' && refused.refusal.maintenance).to.deep.equal(['m']);
    engine.do('applyConfiguration', {
      changes: [
        {
          put: 'provider',
          entry: { id: 'v', name: 'v', access: { type: 'promise-simulator:simulated' }, preEmption: 'best-effort' },
        },
      ],
    });
    engine.do('updateProvider', { id: 'v', status: 'up', inventory: inventoryOf(HOSTS) });
    pool('lent', 10, { source: 'v' });
    plan({ id: 'l', pool: 'lent', ...hours(100, 101) });
    const made = engine.do('createInstance', { provider: 'v', name: 'vm', image: 'cirros', flavor: 'small' });
    expect(made.outcome).to.equal('accepted');
  });

  it('stands in the way of windows that recur, of which the refusal names the first', () => {
    plan(out('m', 50, 52));
    const found = refusal({
      ...hours(1, 4),
      recurrence: { frequency: 'daily', interval: 1, count: 4 },
      demand: cores(1),
    });
    expect(found).to.deep.include({ maintenance: ['m'] });
    expect(found.shortWindows?.map(({ occurrence }) => occurrence)).to.deep.equal([3]);
  });

  it('takes effect for a pool that comes later, and is forgotten with the policy', () => {
    plan({ id: 'm', pool: 'late', ...hours(2, 4) });
    const before = engine.provider([{ name: 'x', cores: 5, ram: 5120 }], 'second');
    pool('late', 5, { source: before });
    expect([available(2, 4, 'late'), available(4, 5, 'late')]).to.deep.equal([0, 5]);
  });

  it('cannot end before it starts', () => {
    expect(() => plan({ ...out('m', 4, 2) })).to.throw(InvalidRequest, 'not after its start');
  });
});
