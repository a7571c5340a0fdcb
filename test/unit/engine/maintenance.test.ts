import { expect } from 'chai';
import type { Maintenance } from '../../../src/engine/entities.ts';
import type { CapacityEvent } from '../../../src/engine/events.ts';
import { omit } from '../../../src/engine/omit.ts';
import { explainReservation } from '../../../src/engine/explain.ts';
import { queryCapacity } from '../../../src/engine/queries.ts';
import { InvalidRequest } from '../../../src/engine/requests.ts';
import type { Commands } from '../../../src/engine/requests.ts';
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
    const found = engine.refuse({ ...hours(3, 5), demand: cores(1) });
    expect(found).to.deep.include({ reason: 'insufficient-capacity', maintenance: ['m'], nextWindow: hours(4, 6) });
    expect(found.message).to.include(
      "the pool 'p' from 2030-01-01T02:00:00Z to 2030-01-01T04:00:00Z (maintenance 'm')",
    );
    engine.reserve({ ...hours(4, 6), demand: cores(20) });
    expect(engine.refuse({ ...hours(4, 6), demand: cores(1) })).not.to.have.property('maintenance');
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
    expect(engine.reservation(few).claims.map(({ host }) => host)).to.deep.equal([
      `host/${source}/h1`,
      `host/${source}/h1`,
    ]);
    engine.told();
    plan(out('m', 1, 5, { host: 'h1' }));
    expect(engine.reservation(few).status).to.equal('scheduled');
    expect(engine.reservation(few).claims.map(({ host }) => host)).to.deep.equal([
      `host/${source}/h2`,
      `host/${source}/h2`,
    ]);
    expect(told()).to.deep.equal(['maintenance-planned m', 'reservation updated']);
    const refused = engine.refuse({ ...hours(4, 6), demand: vms(3) });
    expect(refused).to.deep.include({ container: 'vm', maintenance: ['m'] });
    plan();
    const many = engine.reserve({ ...hours(10, 11), demand: vms(4) });
    plan(out('n', 9, 12, { host: 'h2' }));
    expect(engine.reservation(many)).to.include({ status: 'degraded', reason: 'maintenance' });
    expect(engine.reservation(many).message)
      .to.include("the host 'h2' of the pool 'p'")
      .and.include("(maintenance 'n')");
    expect(explainReservation(engine.head, many, engine.now).message).to.include("(maintenance 'n')");
    plan();
    expect(engine.reservation(many).status).to.equal('scheduled');
    expect(engine.reservation(many)).not.to.have.property('message');
  });

  it('places what has not started in another pool, in all of its windows', () => {
    pool('p', 10);
    pool('q', 10);
    const recurrence = { frequency: 'daily', interval: 1, count: 2 } as const;
    const id = engine.reserve({ ...hours(2, 3), recurrence, demand: cores(8) });
    const started = engine.reserve({ end: NOW + 9 * HOUR, demand: { capacity: { cores: 2 }, pools: ['p'] } });
    expect(engine.reservation(id).claims.map(({ node }) => node)).to.deep.equal(['pool/p']);
    engine.told();
    plan(out('m', 1, 4));
    expect(engine.reservation(id).claims.map(({ node }) => node)).to.deep.equal(['pool/q']);
    expect(engine.reservation(id).status).to.equal('scheduled');
    expect(engine.reservation(started).status).to.equal('degraded');
    expect(told().sort()).to.deep.equal(['maintenance-planned m', 'reservation degraded', 'reservation updated']);
  });

  it('degrades what was reserved in the pool, lapses offers, and restores when it is cancelled or over', () => {
    const id = engine.reserve({ ...hours(1, 10), demand: cores(5) });
    engine.do('requestOffer', { ...hours(1, 10), demand: cores(5), holdFor: DAY });
    engine.told();
    plan(out('m', 2, 4));
    expect(told()).to.deep.equal(['maintenance-planned m', 'reservation degraded']);
    expect(engine.reservation(id)).to.include({ status: 'degraded', reason: 'maintenance' });
    engine.advance(HOUR);
    expect(engine.reservation(id).status).to.equal('degraded');
    engine.told();
    engine.advance(HOUR);
    engine.advance(2 * HOUR);
    expect(engine.reservation(id).status).to.equal('active');
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
    const found = engine.refuse({
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

  it('cannot end when it starts, and the edit says of which that is', () => {
    expect(() => plan(out('m', 2, 4), out('n', 4, 4)))
      .to.throw(InvalidRequest, 'not after its start')
      .with.property('field', "policy/maintenance[id='n']/end");
  });

  it('is told and scheduled when it is new or another, and not when it is over', () => {
    const due = (): string[] => [...engine.due.keys()].sort();
    plan(out('m', 2, 4));
    expect([told(), due()]).to.deep.equal([['maintenance-planned m'], ['maintain:m', 'resume:m']]);
    plan(out('m', 2, 4));
    expect(told()).to.deep.equal([]);
    plan(out('m', 2, 4), out('old', -4, -2), out('gone', -1, 0));
    expect([told(), due()]).to.deep.equal([[], ['maintain:m', 'resume:m']]);
    plan(out('m', 3, 4));
    expect(told()).to.deep.equal(['maintenance-cancelled m', 'maintenance-planned m']);
    plan(out('m', 0, 4));
    expect([told(), due()]).to.deep.equal([['maintenance-cancelled m', 'maintenance-started m'], ['resume:m']]);
    engine.now = NOW + 4 * HOUR;
    plan();
    expect([told(), due()]).to.deep.equal([[], []]);
    plan(out('h', 6, 8, { host: 'h1' }));
    const [planned] = engine.events.filter((event): event is CapacityEvent => event.kind === 'capacity-event');
    expect(planned).to.include({ maintenance: 'h', host: 'h1', pool: 'p' });
  });

  it('is named in what it stands in the way of: four of them, and how many more', () => {
    plan(...[2, 3, 4, 5, 6, 7].map((hour) => out(`m${hour}`, hour, hour + 1)));
    const found = engine.refuse({ ...hours(2, 7), demand: cores(1) });
    expect(found.maintenance).to.deep.equal(['m2', 'm3', 'm4', 'm5', 'm6']);
    const of = (hour: number): string =>
      `the pool 'p' from 2030-01-01T0${hour}:00:00Z to 2030-01-01T0${hour + 1}:00:00Z (maintenance 'm${hour}')`;
    expect(found.message).to.match(/Out of service then: /);
    expect(found.message.split('Out of service then: ')[1]).to.equal(`${[2, 3, 4, 5].map(of).join(', ')}, and 1 more.`);
    expect(engine.refuse({ ...hours(3, 7), demand: cores(1) }).message.endsWith(`${of(6)}.`)).to.equal(true);
  });

  it('is named where it may serve the request alone: in its pools and zones, and for lack of capacity', () => {
    engine = new Engine();
    source = engine.provider(HOSTS.map((host) => ({ ...host, zone: host.name })));
    pool('p', 10, { zone: 'h1' });
    pool('q', 10, { zone: 'h2' });
    plan(out('m', 2, 4));
    const named = (demand: Create['demand']): unknown => engine.refuse({ ...hours(2, 3), demand }).maintenance;
    const container = { name: 'vm', count: 9, size: { vcpus: 4, ram: 1024 } };
    expect(named(cores(11))).to.deep.equal(['m']);
    expect(named({ ...cores(11), pools: ['q'] })).to.equal(undefined);
    expect(named({ ...cores(11), zone: 'h2' })).to.equal(undefined);
    expect(named({ ...cores(11), zone: 'none' })).to.equal(undefined);
    expect(named({ capacity: {}, containers: [container] })).to.deep.equal(['m']);
    expect(named({ capacity: {}, containers: [{ ...container, zone: 'h2' }] })).to.equal(undefined);
    expect(named({ capacity: {}, containers: [{ ...container, pools: ['q'] }] })).to.equal(undefined);
    expect(named({ capacity: {}, pools: ['q'], containers: [container] })).to.equal(undefined);
    expect(named({ ...cores(1), containers: [{ ...container, zone: 'h2' }] })).to.deep.equal(['m']);
  });

  it('is said of who is degraded as far as it is theirs', () => {
    pool('p', 10);
    pool('q', 10);
    const id = engine.reserve({ ...hours(2, 6), demand: { ...cores(8), pools: ['p'] } });
    plan(out('m', 3, 4), out('later', 8, 9), out('past', -3, -1), { id: 'other', pool: 'q', ...hours(3, 4) });
    expect(engine.reservation(id).message).to.equal(
      "Out of service then: the pool 'p' from 2030-01-01T03:00:00Z to 2030-01-01T04:00:00Z (maintenance 'm'). The reservation cannot be kept in full at present.",
    );
  });

  it('of hosts ends for who was placed there as that of pools does', () => {
    const many = engine.reserve({ ...hours(10, 20), demand: vms(4) });
    plan(out('n', 9, 12, { host: 'h2' }));
    expect(engine.reservation(many).status).to.equal('degraded');
    engine.advance(12 * HOUR);
    expect(engine.reservation(many).status).to.equal('active');
  });

  it('of one host in several entries is one time out of service', () => {
    plan(
      out('c', 8, 9, { host: 'h1' }),
      out('a', 2, 4, { host: 'h1' }),
      out('b', 3, 5, { host: 'h1' }),
      out('d', 5, 6, { host: 'h1' }),
      out('in', 8, 8.5, { host: 'h1' }),
      out('other', 2, 3, { host: 'h2' }),
    );
    const windows = new Map(engine.head.outages.hosts);
    expect(windows.get(`host/${source}/h1`)).to.deep.equal([hours(2, 6), hours(8, 9)]);
    expect(windows.get(`host/${source}/h2`)).to.deep.equal([hours(2, 3)]);
  });

  it('of a host takes cores and memory by the size of the host, of several pools in the order of the entries', () => {
    const sizes = [
      { name: 'h1', cores: 10, ram: 2048 },
      { name: 'h2', cores: 4, ram: 10_240 },
    ];
    engine = new Engine();
    source = engine.provider(sizes);
    const entry = (id: string, amount: number) => ({
      id,
      source,
      capacity: { cores: amount, ram: amount * 512 },
      adjustments: [],
    });
    for (const each of [entry('p', 8), entry('q', 6)])
      engine.do('applyConfiguration', { changes: [{ put: 'pool', entry: each }] });
    // Another provider's pools and hosts have no part in it.
    const other = engine.provider([{ name: 'h1', cores: 100 }], 'other');
    engine.pool(other, { cores: 100 });
    plan({ id: 'm', pool: 'q', host: 'h1', ...hours(2, 4) });
    expect(engine.head.outages.pools.get('q')).to.deep.equal([{ window: hours(2, 4), capacity: { cores: 6 } }]);
    expect(engine.head.outages.pools.get('p')).to.equal(undefined);
    plan({ id: 'm', pool: 'q', host: 'h1', ...hours(2, 4) }, { id: 'n', pool: 'p', host: 'h2', ...hours(3, 4) });
    expect(engine.head.outages.pools.get('p')).to.deep.equal([
      { window: hours(3, 4), capacity: { cores: 8, ram: 4096 } },
    ]);
    expect(engine.head.outages.pools.get('q')).to.deep.equal([
      { window: hours(2, 3), capacity: { cores: 6 } },
      { window: hours(3, 4), capacity: { cores: 6, ram: 3072 } },
    ]);
    // A host that nobody knows takes nothing with it.
    plan({ id: 'm', pool: 'q', host: 'h9', ...hours(2, 4) });
    expect(engine.head.outages.pools.size).to.equal(0);
  });

  it('of a host is bounded by what the VIM lets its tenant have', () => {
    engine.do('updateProvider', { id: source, inventory: inventoryOf(HOSTS, { cores: 8, memoryMb: 20_480 }) });
    pool('p', 8);
    plan(out('m', 2, 4, { host: 'h1' }));
    // The quota is the bound, and one host is enough for it.
    expect(engine.head.outages.pools.get('p')).to.equal(undefined);
  });
});
