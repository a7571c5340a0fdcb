/** What queries answer: which pools, holders and windows they look at, and what is shown of each. */
import { expect } from 'chai';
import { capacityAt, pendingIntents, queryCapacity, queryReservations } from '../../../src/engine/queries.ts';
import type { CapacityQuery, Collection, ReservationQuery } from '../../../src/engine/queries.ts';
import { InvalidRequest, UnknownEntry } from '../../../src/engine/requests.ts';
import type { Commands } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, MINUTE, NOW, inventoryOf } from './engine-fixture.ts';

const T = NOW + DAY;
const during = (from: number, to: number) => ({ start: T + from * HOUR, end: T + to * HOUR });

/** One provider with a pool of 20 cores. */
class Lab extends Engine {
  readonly source: string = this.provider([{ name: 'h1', cores: 100, zone: 'z' }], 'p');
  readonly main: string = this.pool(this.source, { cores: 20, instances: 20, ram: 20_000 });

  query(query: CapacityQuery = {}, viewer = {}) {
    return queryCapacity(this.head, query, this.now, viewer);
  }

  collections(query: CapacityQuery = {}): string[] {
    return this.query(query).collections.map(({ kind, name }) => `${kind} ${name ?? ''}`.trim());
  }

  hold(name: string, from: number, to: number, cores: number, more: object = {}): string {
    return this.reserve({ name, ...during(from, to), demand: { capacity: { cores } }, ...more });
  }

  offer(name: string, from: number, to: number, cores: number): string {
    const offer = { name, ...during(from, to), demand: { capacity: { cores } }, holdFor: 2 * DAY };
    return this.requestOffer(offer);
  }

  machine(name: string, more: Partial<Parameters<Commands['createInstance']>[1]> = {}): string {
    const result = this.do('createInstance', {
      name,
      provider: this.source,
      image: 'cirros',
      flavor: 'small',
      ...more,
    });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return result.allocation.id;
  }

  reservations(query: ReservationQuery, viewer = {}): (string | undefined)[] {
    return queryReservations(this.head, query, this.now, viewer).reservations.map(({ name }) => name);
  }
}

describe('the window of a query', () => {
  it('is from now on without an end where nothing is said of it, and ends after it starts', () => {
    const lab = new Lab();
    lab.hold('a', 0, 1, 4);
    expect(lab.query({ window: {} }).capacity.available.cores).to.equal(16);
    expect(lab.query({ window: { end: T } }).capacity.available.cores).to.equal(20);
    expect(lab.query({ window: { start: T + HOUR } }).capacity.available.cores).to.equal(20);
    // Without one, it is of this instant.
    expect(lab.query().capacity.available.cores).to.equal(20);
    for (const window of [{ start: T, end: T }, { end: NOW }])
      expect(() => lab.query({ window }))
        .to.throw(InvalidRequest, /^The end 2030-01-0.T00:00:00Z is not after the start 2030-01-0.T00:00:00Z\.$/)
        .with.property('field', 'window/end');
  });

  it('has an end where there are intervals, and not too many of them', () => {
    const lab = new Lab();
    const asked = (hours: number, interval: number) =>
      lab.query({ window: { start: T, end: T + hours * HOUR }, interval }).utilization.length;
    expect(asked(0.01, 36)).to.equal(1000);
    expect(asked(1, 36)).to.equal(100_000);
    expect(() => lab.query({ window: { start: T }, interval: HOUR }))
      .to.throw(InvalidRequest, 'Intervals need a window that ends: give window/end as well.')
      .with.property('field', 'interval');
    expect(() => asked(201, 3_600))
      .to.throw(
        InvalidRequest,
        'The window has 201000 intervals and an answer at most 100000: ask for 8 seconds or more, or for a shorter window.',
      )
      .with.property('field', 'interval');
  });
});

describe('capacity that is looked up', () => {
  it('is of the pools that are named, all of which have to be there', () => {
    const lab = new Lab();
    const other = lab.pool(lab.provider(undefined, 'q'), { cores: 3, ports: 0 });
    const total = (query: CapacityQuery) => lab.query(query).capacity.total;
    expect(total({ pools: [other] })).to.deep.equal({ cores: 3, ports: 0 });
    expect(total({ pools: [other, lab.main], resources: ['cores', 'ports'] })).to.deep.equal({ cores: 23, ports: 0 });
    expect(total({ pools: [other], provider: lab.source })).to.deep.equal({});
    expect(() => total({ pools: ['none'] })).to.throw(UnknownEntry, "There is no pool 'none'.");
    expect(() => total({ provider: 'none' })).to.throw(UnknownEntry, "There is no provider 'none'.");
    expect(total({ resources: [] })).to.deep.equal({ cores: 23, ram: 20_000, instances: 20, ports: 0 });
  });

  it('is of the kinds of resources that are asked for, in every view', () => {
    const lab = new Lab();
    lab.hold('a', 0, 1, 4);
    const { capacity, utilization } = lab.query({ resources: ['cores'], window: during(0, 2) });
    expect(capacity).to.deep.equal({
      total: { cores: 20 },
      reserved: { cores: 4 },
      usage: { cores: 0 },
      available: { cores: 16 },
    });
    expect(utilization.map((entry) => entry.capacity)).to.deep.equal([{ cores: 16 }, { cores: 20 }]);
  });

  it('is of pools that have every element named, and of those that have some', () => {
    const lab = new Lab();
    const other = lab.provider(
      [
        { name: 'h2', cores: 50 },
        { name: 'h3', cores: 50 },
      ],
      'q',
    );
    lab.pool(other, { cores: 3 });
    const cores = (some: string[], every: string[]) =>
      lab.query({ elements: { some, every } }).capacity.total.cores ?? 0;
    expect(cores([], [])).to.equal(23);
    expect(cores(['h1'], [])).to.equal(20);
    expect(cores(['h1', 'h2'], [])).to.equal(23);
    expect(cores(['none'], [])).to.equal(0);
    expect(cores([], ['h2', 'h3'])).to.equal(3);
    expect(cores([], ['h1', 'h2'])).to.equal(0);
    expect(cores(['h1'], ['h2'])).to.equal(0);
    expect(lab.query({ elements: {} }).capacity.total.cores).to.equal(23);
  });

  it('is as if what is left out, and what was allocated under it, did not exist; and is not changed by that', () => {
    const lab = new Lab();
    const id = lab.hold('a', 0, 3, 4, { demand: { capacity: { cores: 4, ram: 1024, instances: 2 } } });
    lab.advance(DAY);
    lab.machine('vm', { reservation: id });
    const views = (query: CapacityQuery) => {
      const { reserved, usage, available } = lab.query({ ...query, resources: ['cores'] }).capacity;
      return [reserved.cores, usage.cores, available.cores];
    };
    expect(views({ without: [id] })).to.deep.equal([0, 0, 20]);
    expect(views({ without: [id, id, 'none'] })).to.deep.equal([0, 0, 20]);
    expect(views({})).to.deep.equal([3, 1, 16]);
    // What fails on the way leaves nothing behind either.
    expect(() => lab.query({ without: [id], flavor: 'huge' })).to.throw(InvalidRequest);
    expect(views({})).to.deep.equal([3, 1, 16]);
    for (const kind of ['available', 'reserved', 'usage'] as const)
      expect(lab.collections({ kind, without: [id] }), kind).to.deep.equal(kind === 'available' ? ['pool'] : []);
    // To who may not know of it, there is nothing to leave out.
    const viewer = { confinedTo: 'mallory' };
    expect(lab.query({ without: [id], resources: ['cores'] }, viewer).capacity.available.cores).to.equal(16);
  });
});

describe('the collections of a query', () => {
  it('are pools, and what holds or uses their capacity in the window, by the view', () => {
    const lab = new Lab();
    const now = lab.reserve({
      name: 'now',
      end: NOW + HOUR,
      demand: { capacity: { cores: 2, ram: 1024, instances: 2 } },
    });
    lab.hold('later', 1, 2, 1);
    lab.hold('soon', 0, 1, 1);
    lab.offer('offer', 0, 1, 1);
    lab.machine('own');
    lab.machine('under', { reservation: now });
    const window = { end: T + 5 * HOUR };
    expect(lab.collections({ window, kind: 'total' })).to.deep.equal(['pool']);
    expect(lab.collections({ window, kind: 'reserved' })).to.deep.equal([
      'reservation now',
      'reservation soon',
      'reservation later',
      'offer offer',
    ]);
    expect(lab.collections({ window, kind: 'usage' })).to.deep.equal(['allocation own', 'allocation under']);
    // What is under a reservation lessens nothing further.
    expect(lab.collections({ window })).to.deep.equal([
      'pool',
      'reservation now',
      'reservation soon',
      'reservation later',
      'offer offer',
      'allocation own',
    ]);
    expect(lab.collections({ window, showCollections: false })).to.deep.equal([]);
    expect(lab.collections({ window: during(1, 2), kind: 'reserved' })).to.deep.equal(['reservation later']);
    // Before it begins a machine uses nothing.
    lab.now += HOUR;
    expect(lab.collections({ window: { start: NOW - HOUR, end: NOW }, kind: 'usage' })).to.deep.equal([]);
  });

  it('are those that lie in the window as a whole, where that is asked for', () => {
    const lab = new Lab();
    lab.hold('a', 0, 2, 1);
    lab.hold('b', 1, 2, 1);
    lab.offer('c', 0, 2, 1);
    lab.offer('d', 1, 3, 1);
    lab.machine('own');
    const inside = { ...during(1, 3), scope: 'exclusive' as const };
    expect(lab.collections({ window: inside })).to.deep.equal(['pool', 'reservation b', 'offer d']);
    expect(lab.collections({ window: { ...inside, scope: 'inclusive' } })).to.have.length(6);
  });

  it('are those of the pools asked for alone', () => {
    const lab = new Lab();
    const other = lab.pool(lab.provider(undefined, 'q'), { cores: 3 });
    lab.hold('here', 0, 1, 1);
    lab.hold('there', 0, 1, 1, { demand: { capacity: { cores: 1 }, pools: [other] } });
    lab.machine('own');
    const named = (pool: string) => lab.collections({ window: during(0, 1), pools: [pool] });
    expect(named(lab.main)).to.deep.equal(['pool', 'reservation here', 'allocation own']);
    expect(named(other)).to.deep.equal(['pool', 'reservation there']);
  });

  it('say what each of them is', () => {
    const lab = new Lab();
    const zoned = lab.pool(lab.source, { cores: 3 }, 'z');
    const other = lab.pool(lab.provider(undefined, 'q'), { cores: 3 });
    const both = lab.reserve({ ...during(0, 1), demand: { capacity: { cores: 5 }, pools: [zoned, other] } });
    const one = lab.reserve({ name: 'one', ...during(0, 1), demand: { capacity: { cores: 1 }, zone: 'z' } });
    const machine = lab.machine('own');
    const found = new Map(lab.query({ window: { end: T + DAY } }).collections.map((each) => [each.id, each]));
    const expected: Collection[] = [
      { kind: 'pool', id: other, provider: lab.head.pools.get(other)?.source ?? '', capacity: { cores: 1 } },
      { kind: 'pool', id: zoned, provider: lab.source, zone: 'z', capacity: { cores: 0 } },
      // On several providers, it is on none.
      { kind: 'reservation', id: both, ...during(0, 1), capacity: { cores: 5 } },
      {
        kind: 'reservation',
        id: one,
        name: 'one',
        provider: lab.source,
        zone: 'z',
        ...during(0, 1),
        capacity: { cores: 1 },
      },
      {
        kind: 'allocation',
        id: machine,
        name: 'own',
        provider: lab.source,
        start: NOW,
        capacity: { cores: 1, ram: 512, instances: 1 },
      },
    ];
    for (const each of expected) expect(found.get(each.id)).to.deep.equal(each);
  });

  it('are those of one provider, where that is asked for', () => {
    const lab = new Lab();
    const elsewhere = lab.provider(undefined, 'q');
    const other = lab.pool(elsewhere, { cores: 3 });
    const of = (provider: string): string[] => lab.query({ provider }).collections.map(({ id }) => id);
    expect([of(lab.source), of(elsewhere)]).to.deep.equal([[lab.main], [other]]);
    expect(() => of('none'))
      .to.throw(UnknownEntry, "There is no provider 'none'.")
      .with.property('field', 'provider-id');
  });

  it('of offers are those with a part in the pools, and that part', () => {
    const lab = new Lab();
    const other = lab.pool(lab.provider(undefined, 'q'), { cores: 3 });
    const both = { capacity: { cores: 22 }, pools: [lab.main, other] };
    lab.requestOffer({ name: 'both', ...during(0, 1), demand: both, holdFor: HOUR });
    lab.offer('one', 1, 2, 20);
    const of = (pool: string): unknown =>
      lab
        .query({ kind: 'reserved', pools: [pool], window: { end: T + DAY } })
        .collections.map(({ name, capacity }) => [name, capacity.cores]);
    const mine = lab.head.offers.get([...lab.head.offers.keys()][0] ?? '')?.claims ?? [];
    const part = (pool: string): number | undefined => mine.find(({ node }) => node === `pool/${pool}`)?.capacity.cores;
    expect(of(other)).to.deep.equal([['both', part(other)]]);
    expect(of(lab.main)).to.deep.equal([
      ['both', part(lab.main)],
      ['one', 20],
    ]);
  });

  it('of pools have their names, and of machines their zone and end', () => {
    const lab = new Lab();
    const capacity = { cores: 3, ram: 4096, instances: 4 };
    const entry = { id: 'z1', name: 'zoned', source: lab.source, zone: 'z', capacity, adjustments: [] };
    lab.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
    const demand = { capacity: { cores: 1, ram: 512, instances: 1 }, pools: ['z1'] };
    const reservation = lab.reserve({ end: T, demand });
    const machine = lab.machine('vm', { reservation });
    const found = new Map(lab.query({ kind: 'available' }).collections.map((each) => [each.id, each]));
    expect(found.get('z1')).to.deep.equal({
      kind: 'pool',
      id: 'z1',
      name: 'zoned',
      provider: lab.source,
      zone: 'z',
      capacity: { cores: 2, ram: 3584, instances: 3 },
    });
    expect(lab.query({ kind: 'usage' }).collections.find(({ id }) => id === machine)).to.include({
      zone: 'z',
      start: NOW,
      end: T,
    });
  });

  it('end when they hold nothing any more', () => {
    const lab = new Lab();
    const id = lab.hold('unused', 0, 5, 4, { expiryTime: T + 2 * HOUR });
    lab.hold('other', 1, 5, 4);
    lab.advance(DAY + 2 * HOUR);
    const { collections, utilization } = lab.query({ kind: 'reserved', window: during(0, 4), resources: ['cores'] });
    expect(collections[0]).to.deep.include({ id, start: T, end: T + 2 * HOUR });
    expect(utilization.map(({ timestamp, count }) => [(timestamp - T) / HOUR, count])).to.deep.equal([
      [0, 1],
      [1, 2],
      [2, 1],
    ]);
  });

  it('of what recurs are of the first window that the query finds, and tell of all', () => {
    const lab = new Lab();
    lab.hold('nights', 0, 1, 2, { recurrence: { frequency: 'daily', interval: 1, count: 3 } });
    const [found] = lab.query({ kind: 'reserved', window: { start: T + DAY, end: T + 9 * DAY } }).collections;
    expect(found).to.deep.include({
      start: T + DAY,
      end: T + DAY + HOUR,
      windows: { start: T, end: T + HOUR, period: DAY, count: 3 },
      capacity: { cores: 2 },
    });
    expect(lab.collections({ kind: 'reserved', window: during(1, 24) })).to.deep.equal([]);
    const { utilization } = lab.query({ kind: 'reserved', window: during(0, 72), resources: ['cores'] });
    expect(utilization.map(({ timestamp, count }) => [(timestamp - T) / HOUR, count])).to.deep.equal([
      [0, 1],
      [1, 0],
      [24, 1],
      [25, 0],
      [48, 1],
      [49, 0],
    ]);
  });

  it('are, of what others have, the pools alone', () => {
    const lab = new Lab();
    lab.as = { user: 'alice', tenant: 'red' };
    lab.hold('red', 0, 1, 1);
    lab.as = { user: 'bob', tenant: 'blue' };
    lab.hold('blue', 0, 1, 1);
    const kinds = (viewer: object) =>
      lab.query({ window: during(0, 1) }, viewer).collections.map(({ kind, name }) => `${kind} ${name ?? ''}`);
    expect(kinds({ confinedTo: 'blue', user: 'bob' })).to.deep.equal(['pool ', 'reservation blue']);
    expect(kinds({})).to.deep.equal(['pool ', 'reservation red', 'reservation blue']);
  });
});

describe('capacity over time', () => {
  let lab: Lab;

  beforeEach(() => {
    lab = new Lab();
    lab.hold('a', 0, 2, 4);
    lab.hold('b', 1, 3, 4);
    lab.pool(lab.provider(undefined, 'q'), { cores: 3 });
  });

  const over = (kind: 'total' | 'reserved' | 'usage' | 'available', more: CapacityQuery = {}) =>
    lab
      .query({ kind, window: during(0, 4), resources: ['cores'], ...more })
      .utilization.map(({ timestamp, count, capacity }) => [(timestamp - T) / HOUR, count, capacity.cores]);

  it('is told where it changes, with the number of pools, or of holders', () => {
    expect(over('total')).to.deep.equal([[0, 2, 23]]);
    expect(over('available')).to.deep.equal([
      [0, 2, 19],
      [1, 2, 15],
      [2, 2, 19],
      [3, 2, 23],
    ]);
    expect(over('reserved')).to.deep.equal([
      [0, 1, 4],
      [1, 2, 8],
      [2, 1, 4],
      [3, 0, 0],
    ]);
    expect(over('usage')).to.deep.equal([[0, 0, 0]]);
  });

  it('is told anew where the holders are others and their amount is the same', () => {
    const next = new Lab();
    next.hold('a', 0, 1, 4);
    next.hold('b', 1, 2, 2);
    next.hold('c', 1, 2, 2);
    const entries = next.query({ kind: 'reserved', window: during(0, 2), resources: ['cores'] }).utilization;
    expect(entries).to.deep.equal([
      { timestamp: T, count: 1, capacity: { cores: 4 } },
      { timestamp: T + HOUR, count: 2, capacity: { cores: 4 } },
    ]);
  });

  it('counts holders of all kinds, in whatever order they are found', () => {
    const both = new Lab();
    both.hold('late', 2, 4, 1);
    both.offer('early', 0, 3, 1);
    const { utilization } = both.query({ kind: 'reserved', window: during(0, 4), resources: ['cores'] });
    expect(utilization.map(({ timestamp, count }) => [(timestamp - T) / HOUR, count])).to.deep.equal([
      [0, 1],
      [2, 2],
      [3, 1],
    ]);
  });

  it('is of as many holders where they are not named', () => {
    const lab = new Lab();
    lab.machine('one');
    lab.hold('a', 0, 1, 1);
    for (const kind of ['usage', 'reserved', 'available', 'total'] as const) {
      const query = { kind, window: { end: T + DAY } };
      const { collections, utilization, fits } = lab.query({ ...query, showCollections: false });
      expect([collections, fits]).to.deep.equal([[], []]);
      expect(utilization, kind).to.deep.equal(lab.query(query).utilization);
    }
    expect(lab.query({ kind: 'usage', window: { end: T } }).utilization.map(({ count }) => count)).to.deep.equal([1]);
  });

  it('is told by intervals, each at its worst and with all who hold anything in it, the last one cut', () => {
    const interval = 90 * MINUTE;
    expect(over('total', { interval })).to.deep.equal([
      [0, 2, 23],
      [1.5, 2, 23],
      [3, 2, 23],
    ]);
    expect(over('available', { interval })).to.deep.equal([
      [0, 2, 15],
      [1.5, 2, 15],
      [3, 2, 23],
    ]);
    expect(over('reserved', { interval })).to.deep.equal([
      [0, 2, 8],
      [1.5, 2, 8],
      [3, 0, 0],
    ]);
    expect(over('reserved', { interval: HOUR })).to.deep.equal([
      [0, 1, 4],
      [1, 2, 8],
      [2, 1, 4],
      [3, 0, 0],
    ]);
    const cut = { start: T, end: T + 2 * HOUR + 30 * MINUTE };
    expect(over('reserved', { interval: 2 * HOUR, window: cut })).to.deep.equal([
      [0, 2, 8],
      [2, 1, 4],
    ]);
  });

  it('is nothing where it is not asked for, and without a pool', () => {
    expect(over('reserved', { showUtilization: false })).to.deep.equal([]);
    expect(over('available', { pools: [], provider: lab.source, zone: 'nowhere' })).to.deep.equal([[0, 0, undefined]]);
    // Who holds it is counted where they are not listed, too.
    expect(over('reserved', { showCollections: false, interval: HOUR })[1]).to.deep.equal([1, 2, 8]);
  });
});

describe('reservations that are looked up', () => {
  it('are those that are not over, in the order of their start', () => {
    const lab = new Lab();
    lab.hold('late', 5, 6, 1);
    lab.hold('soon', 1, 2, 1);
    lab.hold('gone', -1, 0, 1);
    lab.advance(DAY);
    expect(lab.reservations({})).to.deep.equal(['soon', 'late']);
    expect(lab.reservations({ statuses: [] })).to.deep.equal(['soon', 'late']);
    expect(lab.reservations({ statuses: ['ended'] })).to.deep.equal(['gone']);
    expect(lab.reservations({ statuses: ['ended', 'scheduled'] })).to.deep.equal(['gone', 'soon', 'late']);
    // Of what has begun and ended and was not concluded yet, too.
    lab.now = T + DAY;
    expect(lab.reservations({})).to.deep.equal(['soon', 'late']);
    expect(lab.reservations({ window: { start: lab.now } })).to.deep.equal([]);
  });

  it('match the ids, name, zone and window that are given, all of them', () => {
    const lab = new Lab();
    const a = lab.hold('a', 0, 2, 1);
    const b = lab.hold('b', 1, 3, 1, { demand: { capacity: { cores: 1 }, zone: 'z' } });
    expect(lab.reservations({ ids: [b, a, b, 'none'] })).to.deep.equal(['a', 'b']);
    expect(lab.reservations({ ids: [b], name: 'a' })).to.deep.equal([]);
    expect(lab.reservations({ ids: [], name: 'a' })).to.deep.equal(['a']);
    expect(lab.reservations({ zone: 'z' })).to.deep.equal(['b']);
    expect(lab.reservations({ window: during(2, 9) })).to.deep.equal(['b']);
    expect(lab.reservations({ window: { ...during(0, 2), scope: 'exclusive' } })).to.deep.equal(['a']);
    expect(lab.reservations({ ids: [a], window: during(2, 9) })).to.deep.equal([]);
    expect(lab.reservations({ without: [a] })).to.deep.equal(['b']);
  });

  it('match elements that they name or hold, every or some', () => {
    const lab = new Lab();
    const inventory = inventoryOf([{ name: 'h1', cores: 100, zone: 'z' }], {}, [
      { kind: 'volume', id: 'v1', name: 'data', sizeGb: 1 },
    ]);
    lab.do('updateProvider', { id: lab.source, status: 'up', inventory });
    lab.hold('flavor', 0, 1, 0, { demand: { capacity: { cores: 1 }, elements: ['f1', 'i1'] } });
    lab.hold('volume', 2, 3, 0, { demand: { capacity: {}, elements: ['data'] } });
    const found = (some: string[], every: string[]) => lab.reservations({ elements: { some, every } });
    expect(found([], [])).to.deep.equal(['flavor', 'volume']);
    expect(found(['data'], [])).to.deep.equal(['volume']);
    expect(found(['v1'], [])).to.deep.equal(['volume']);
    expect(found(['f1', 'v1'], [])).to.deep.equal(['flavor', 'volume']);
    expect(found([], ['f1', 'i1'])).to.deep.equal(['flavor']);
    expect(found([], ['f1', 'v1'])).to.deep.equal([]);
    expect(found(['none'], [])).to.deep.equal([]);
    expect(lab.reservations({ elements: {} })).to.deep.equal(['flavor', 'volume']);
  });

  it('are those of who asks', () => {
    const lab = new Lab();
    lab.as = { user: 'alice', tenant: 'red' };
    const red = lab.hold('red', 0, 1, 1);
    lab.as = { user: 'bob', tenant: 'blue' };
    const blue = lab.hold('blue', 0, 1, 1);
    const viewer = { confinedTo: 'blue', user: 'bob' };
    expect(lab.reservations({}, viewer)).to.deep.equal(['blue']);
    expect(lab.reservations({ ids: [red, blue] }, viewer)).to.deep.equal(['blue']);
  });

  it('hold capacity over time, as far as it lies in the window', () => {
    const lab = new Lab();
    lab.hold('a', 0, 2, 4);
    lab.hold('b', 1, 3, 2, { demand: { capacity: { cores: 2, ram: 8 } } });
    lab.hold('nights', 10, 11, 1, { recurrence: { frequency: 'daily', interval: 1, count: 2 } });
    const over = (query: ReservationQuery) =>
      queryReservations(lab.head, query, lab.now).utilization.map(({ timestamp, count, capacity }) => [
        (timestamp - T) / HOUR,
        count,
        capacity,
      ]);
    expect(over({ window: during(0.5, 5) })).to.deep.equal([
      [0.5, 1, { cores: 4, ram: 0 }],
      [1, 2, { cores: 6, ram: 8 }],
      [2, 1, { cores: 2, ram: 8 }],
      [3, 0, { cores: 0, ram: 0 }],
    ]);
    expect(over({ window: during(0, 2) }).at(-1)).to.deep.equal([1, 2, { cores: 6, ram: 8 }]);
    expect(over({ name: 'nights', window: during(0, 100) }).map(([at, count]) => [at, count])).to.deep.equal([
      [0, 0],
      [10, 1],
      [11, 0],
      [34, 1],
      [35, 0],
    ]);
    expect(over({ name: 'none', window: during(0, 1) })).to.deep.equal([[0, 0, {}]]);
    expect(over({ showUtilization: false })).to.deep.equal([]);
  });

  it('that hold nothing are not counted as holding anything', () => {
    const lab = new Lab();
    lab.hold('a', 1, 3, 4);
    // What expires unused held what it held until then, and nothing from then on.
    lab.hold('unused', 1, 3, 4, { expiryTime: T + 2 * HOUR });
    lab.advance(DAY + 2 * HOUR);
    const query: ReservationQuery = { statuses: ['active', 'expired'], window: during(0, 9) };
    const { utilization } = queryReservations(lab.head, query, lab.now);
    expect(
      utilization.map(({ timestamp, count, capacity }) => [(timestamp - T) / HOUR, count, capacity]),
    ).to.deep.equal([
      [0, 0, { cores: 0 }],
      [1, 2, { cores: 8 }],
      [2, 1, { cores: 4 }],
      [3, 0, { cores: 0 }],
    ]);
  });
});

describe('the capacity of all pools', () => {
  it('is their sum at an instant', () => {
    const lab = new Lab();
    lab.pool(lab.provider(undefined, 'q'), { cores: 3 });
    lab.hold('a', 0, 1, 4);
    expect(capacityAt(lab.head, T).total.cores).to.equal(23);
    expect([NOW, T].map((at) => capacityAt(lab.head, at).available.cores)).to.deep.equal([23, 19]);
  });
});

describe('what the VIM has still to be told', () => {
  it('is what has an intent', () => {
    const lab = new Lab();
    const id = lab.machine('vm');
    expect(pendingIntents(lab.head).map((each) => each.id)).to.deep.equal([id]);
  });
});
