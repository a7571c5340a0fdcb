import { expect } from 'chai';
import { capacityAt, queryCapacity } from '../../../src/engine/queries.ts';
import type { Capacity } from '../../../src/engine/capacity.ts';
import type { Adjustment } from '../../../src/engine/entities.ts';
import { violations } from '../../../src/engine/invariants.ts';
import { InvalidRequest, OwnedByOther } from '../../../src/engine/requests.ts';
import type { Commands, Refusal } from '../../../src/engine/requests.ts';
import { apply } from '../../../src/engine/state.ts';
import { MOST_ADJUSTMENTS } from '../../../src/engine/validation.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const T = NOW + DAY;

describe('capacity (capacity flow of the first seed)', () => {
  it('makes one pool for a source and zone, and adds to it afterwards', () => {
    const engine = new Engine();
    const source = engine.provider();
    const first = engine.pool(source, { cores: 10 });
    expect(engine.pool(source, { cores: 5, ram: 100 })).to.equal(first);
    expect(engine.head.pools.get(first)?.capacity).to.deep.equal({ cores: 15, ram: 100 });
    expect(engine.told()).to.deep.equal(['capacity provider-up', 'capacity increased', 'capacity increased']);
  });

  it('brings in no more than the provider has outside its pools, and all of that when nothing is named', () => {
    const engine = new Engine();
    const source = engine.provider([{ name: 'h1', cores: 100 }]);
    engine.pool(source, { cores: 60 });
    const refused = engine.do('increaseCapacity', { source, capacity: { cores: 41 } });
    expect(refused.outcome === 'refused' && refused.most).to.deep.equal({ cores: 40 });
    engine.pool(source, {});
    expect(capacityAt(engine.head, NOW).total).to.deep.equal({
      cores: 100,
      ram: 102400,
      instances: 100,
      addresses: 10,
    });
    expect(engine.do('increaseCapacity', { source, capacity: {} }).outcome).to.equal('refused');
  });

  it('adds for a window only, and the reservations of that window can have it', () => {
    const engine = new Engine();
    const source = engine.provider();
    engine.pool(source, { cores: 10 });
    const grown = engine.do('increaseCapacity', { source, start: T, end: T + HOUR, capacity: { cores: 5 } });
    expect(grown.outcome).to.equal('increased');
    engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 15 } } });
    const later = engine.do('createReservation', {
      start: T + HOUR,
      end: T + 2 * HOUR,
      demand: { capacity: { cores: 15 } },
    });
    expect(later.outcome === 'refused' && later.refusal.most).to.deep.equal({ cores: 10 });
  });

  it('refuses to withdraw what is held, and names whom it would hit', () => {
    const engine = new Engine();
    const source = engine.provider();
    const pool = engine.pool(source, { cores: 10 });
    const old = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 4 } } });
    engine.advance(1);
    const young = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 4 } } });
    engine.told();
    const result = engine.do('decreaseCapacity', { source, capacity: { cores: 5 }, force: false });
    if (result.outcome !== 'refused') throw new Error('decreased');
    expect(result.refusal.reason).to.equal('capacity-in-use');
    expect([result.pool, result.most]).to.deep.equal([pool, { cores: 2 }]);
    expect(result.affected.map(({ reservation, missing }) => [reservation.id, missing])).to.deep.equal([
      [young, { cores: 3 }],
    ]);
    expect(engine.told()).to.deep.equal([]);
    expect(engine.head.reservations.get(old)?.status).to.equal('scheduled');
    expect(engine.do('decreaseCapacity', { source, capacity: { cores: 2 }, force: false }).outcome).to.equal(
      'decreased',
    );
  });

  it('withdraws all the same when forced: the lowest priority and the newest give way, and are restored', () => {
    const engine = new Engine();
    const source = engine.provider();
    engine.pool(source, { cores: 10 });
    const low = engine.reserve({ priority: 3, start: T, end: T + HOUR, demand: { capacity: { cores: 3 } } });
    const high = engine.reserve({ priority: 1, start: T, end: T + HOUR, demand: { capacity: { cores: 3 } } });
    const normal = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 3 } } });
    engine.told();
    const status = (): unknown[] => [low, normal, high].map((id) => engine.head.reservations.get(id)?.status);
    const result = engine.do('decreaseCapacity', {
      source,
      start: T,
      end: T + HOUR,
      capacity: { cores: 4 },
      force: true,
    });
    expect(result.affected.map(({ reservation }) => reservation.id)).to.deep.equal([low]);
    expect(status()).to.deep.equal(['degraded', 'scheduled', 'scheduled']);
    expect(engine.told()).to.deep.equal(['capacity decreased', 'reservation degraded degraded']);
    engine.do('decreaseCapacity', { source, start: T, end: T + HOUR, capacity: { cores: 3 }, force: true });
    expect(status()).to.deep.equal(['degraded', 'degraded', 'scheduled']);
    engine.told();
    engine.do('increaseCapacity', { source, start: T, end: T + HOUR, capacity: { cores: 3 } });
    expect(status()).to.deep.equal(['degraded', 'scheduled', 'scheduled']);
    engine.do('cancelReservation', { id: high });
    expect(status()).to.deep.equal(['scheduled', 'scheduled', undefined]);
    expect(engine.told()).to.include('reservation restored scheduled');
  });

  it('restores when what was lacking passes with time, and says so then', () => {
    const engine = new Engine();
    const source = engine.provider();
    engine.pool(source, { cores: 10 });
    const id = engine.reserve({ start: T, end: T + 10 * HOUR, demand: { capacity: { cores: 8 } } });
    const state = (): unknown => engine.head.reservations.get(id)?.status;
    for (const [from, to] of [
      [2, 4],
      [6, 7],
    ] as const) {
      const during = { start: T + from * HOUR, end: T + to * HOUR };
      engine.do('decreaseCapacity', { source, ...during, capacity: { cores: 5 }, force: true });
    }
    expect(state()).to.equal('degraded');
    engine.told();
    engine.advance(T - engine.now + 7 * HOUR - 1);
    expect(state()).to.equal('degraded');
    expect(engine.told()).to.not.include('reservation restored active');
    engine.advance(1);
    expect(state()).to.equal('active');
    expect(engine.told()).to.include('reservation restored active');
    expect([...engine.due.keys()].filter((item) => item.startsWith('ease'))).to.deep.equal([]);
  });

  it('does not look again at what was changed so that it fits', () => {
    const engine = new Engine();
    const source = engine.provider();
    engine.pool(source, { cores: 10 });
    const id = engine.reserve({ start: T, end: T + 10 * HOUR, demand: { capacity: { cores: 8 } } });
    engine.do('decreaseCapacity', { source, start: T, end: T + HOUR, capacity: { cores: 5 }, force: true });
    expect(engine.head.reservations.get(id)).to.include({ status: 'degraded', easesAt: T + HOUR });
    engine.do('updateReservation', { id, demand: { capacity: { cores: 5 } } });
    expect(engine.head.reservations.get(id)).to.include({ status: 'scheduled' }).and.not.to.have.property('easesAt');
    expect([...engine.due.keys()].filter((item) => item.startsWith('ease'))).to.deep.equal([]);
  });

  it('does not look again at what lasts as long as the reservation, nor at one that was cancelled', () => {
    const engine = new Engine();
    const source = engine.provider();
    engine.pool(source, { cores: 10 });
    const id = engine.reserve({ start: T, end: T + 10 * HOUR, demand: { capacity: { cores: 8 } } });
    const easing = (): string[] => [...engine.due.keys()].filter((item) => item.startsWith('ease'));
    engine.do('decreaseCapacity', { source, start: T + HOUR, end: T + 10 * HOUR, capacity: { cores: 5 }, force: true });
    expect(easing()).to.deep.equal([]);
    engine.do('increaseCapacity', { source, start: T + 5 * HOUR, end: T + 10 * HOUR, capacity: { cores: 5 } });
    engine.advance(T - engine.now);
    expect(easing()).to.deep.equal([`ease:${id}`]);
    engine.do('cancelReservation', { id });
    expect(easing()).to.deep.equal([]);
  });

  it('follows the VIM: a failed host takes the buffer first, then the pools, and recovery gives it back', () => {
    const engine = new Engine();
    const hosts = [
      { name: 'h1', cores: 50 },
      { name: 'h2', cores: 50 },
    ];
    const id = engine.provider(hosts);
    const pool = engine.pool(id, { cores: 80 });
    const r1 = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 45 } } });
    engine.advance(1);
    const r2 = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 30 } } });
    engine.told();
    const lost = inventoryOf(hosts.map((host) => ({ ...host, state: host.name === 'h2' ? 'down' : 'up' })));
    const failed = engine.do('updateProvider', { id, inventory: lost });
    expect(failed.outcome === 'updated' && failed.degraded).to.deep.equal([r2]);
    expect(engine.head.pools.get(pool)?.lost?.map(({ capacity }) => capacity.cores)).to.deep.equal([30]);
    expect(engine.told()).to.deep.equal(['capacity host-failed', 'reservation degraded degraded']);
    expect(engine.head.reservations.get(r1)?.status).to.equal('scheduled');
    expect(engine.head.reservations.get(r2)?.reason).to.equal('host-failed');
    const restored = engine.do('updateProvider', { id, inventory: inventoryOf(hosts) });
    expect(restored.outcome === 'updated' && restored.restored).to.deep.equal([r2]);
    expect(engine.told()).to.deep.equal(['capacity host-restored', 'reservation restored scheduled']);
  });

  it('loses only when a pool is meant to have more than there is, and nothing at other times', () => {
    const engine = new Engine();
    const hosts = [
      { name: 'h1', cores: 50 },
      { name: 'h2', cores: 50 },
    ];
    const id = engine.provider(hosts);
    const pool = engine.pool(id, { cores: 40 });
    engine.do('increaseCapacity', { source: id, start: T, end: T + HOUR, capacity: { cores: 40 } });
    const now = engine.reserve({ end: NOW + HOUR, demand: { capacity: { cores: 40 } } });
    const then = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 51 } } });
    const lost = inventoryOf(hosts.map((host) => ({ ...host, state: host.name === 'h2' ? 'down' : 'up' })));
    engine.do('updateProvider', { id, inventory: lost });
    const total = engine.head.nodes.get(`pool/${pool}`)?.total;
    expect([NOW, T, T + HOUR].map((at) => total?.valueAt(at)[0])).to.deep.equal([40, 50, 40]);
    expect([now, then].map((each) => engine.reservation(each).status)).to.deep.equal(['active', 'degraded']);
    engine.do('updateProvider', { id, inventory: inventoryOf(hosts) });
    expect(total?.valueAt(T)[0]).to.equal(80);
    expect(engine.head.pools.get(pool)?.lost).to.equal(undefined);
  });

  it('gives a pool back what it lost when less of it is asked for, and tells and answers what it then has', () => {
    const engine = new Engine();
    const source = engine.provider([
      { name: 'h1', cores: 6 },
      { name: 'h2', cores: 4 },
    ]);
    const id = engine.pool(source, { cores: 10 });
    engine.do('updateProvider', { id: source, inventory: inventoryOf([{ name: 'h1', cores: 6 }]) });
    engine.events.splice(0);
    const result = engine.do('decreaseCapacity', { source, capacity: { cores: 2 }, force: false });
    expect(engine.events.map((event) => event.kind === 'capacity-event' && event.capacity?.total)).to.deep.equal([
      { cores: 6 },
    ]);
    expect(result.outcome === 'decreased' && result.pool).to.equal(engine.head.pools.get(id));
    expect(engine.head.pools.get(id)?.lost?.map(({ capacity }) => capacity.cores)).to.deep.equal([2]);
  });

  it('gives other pools back what they lost when less of one is asked for, and tells of them', () => {
    const engine = new Engine();
    const source = engine.provider([
      { name: 'h1', cores: 6, zone: 'z1' },
      { name: 'h2', cores: 4, zone: 'z1' },
    ]);
    const first = engine.pool(source, { cores: 5 });
    const second = engine.pool(source, { cores: 5 }, 'z1');
    engine.do('updateProvider', { id: source, inventory: inventoryOf([{ name: 'h1', cores: 6, zone: 'z1' }]) });
    engine.events.splice(0);
    engine.do('decreaseCapacity', { pool: first, capacity: { cores: 3 }, force: false });
    expect(
      engine.events.map((event) => event.kind === 'capacity-event' && [event.cause, event.pool, event.capacity?.total]),
    ).to.deep.equal([
      ['decreased', first, { cores: 2 }],
      ['vim-changed', second, { cores: 4 }],
    ]);
  });

  it('leaves pools alone while the buffer bears the loss', () => {
    const engine = new Engine();
    const id = engine.provider([{ name: 'h1', cores: 100 }]);
    const pool = engine.pool(id, { cores: 60 });
    engine.do('updateProvider', { id, inventory: inventoryOf([{ name: 'h1', cores: 60 }]) });
    expect(engine.head.pools.get(pool)?.lost).to.equal(undefined);
    const refused = engine.do('increaseCapacity', { source: id, capacity: { cores: 1 } });
    expect(refused.outcome).to.equal('refused');
  });

  it('takes a zone\u2019s loss from the pools of that zone', () => {
    const engine = new Engine();
    const hosts = [
      { name: 'h1', cores: 50, zone: 'a' },
      { name: 'h2', cores: 50, zone: 'b' },
    ];
    const id = engine.provider(hosts);
    const a = engine.pool(id, { cores: 40 }, 'a');
    const b = engine.pool(id, { cores: 40 }, 'b');
    engine.do('updateProvider', {
      id,
      inventory: inventoryOf([{ name: 'h1', cores: 10, zone: 'a' }, ...hosts.slice(1)]),
    });
    expect(engine.head.pools.get(a)?.lost?.map(({ capacity }) => capacity.cores)).to.deep.equal([30]);
    expect(engine.head.pools.get(b)?.lost).to.equal(undefined);
  });

  it('answers total, reserved, usage and available, over a window and over time', () => {
    const engine = new Engine();
    const source = engine.provider();
    const pool = engine.pool(source, { cores: 10, ram: 10_000, instances: 5 });
    const id = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 4, ram: 1024, instances: 2 } } });
    engine.advance(DAY);
    engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', reservation: id });
    const answer = queryCapacity(
      engine.head,
      { window: { start: T, end: T + 2 * HOUR }, resources: ['cores'] },
      engine.now,
    );
    expect(answer.capacity).to.deep.equal({
      total: { cores: 10 },
      reserved: { cores: 3 },
      usage: { cores: 1 },
      available: { cores: 6 },
    });
    expect(answer.utilization).to.deep.equal([
      { timestamp: T, count: 1, capacity: { cores: 6 } },
      { timestamp: T + HOUR, count: 1, capacity: { cores: 10 } },
    ]);
    expect(answer.collections.map(({ kind, id: each }) => [kind, each])).to.deep.equal([
      ['pool', pool],
      ['reservation', id],
    ]);
    const kinds = (kind: 'total' | 'reserved' | 'usage'): unknown =>
      queryCapacity(engine.head, { kind, resources: ['cores'] }, engine.now).collections.map((each) => each.kind);
    expect([kinds('total'), kinds('reserved'), kinds('usage')]).to.deep.equal([
      ['pool'],
      ['reservation'],
      ['allocation'],
    ]);
    const reserved = queryCapacity(
      engine.head,
      { kind: 'reserved', resources: ['cores'], window: { start: T, end: T + DAY } },
      T,
    );
    expect(reserved.utilization).to.deep.equal([
      { timestamp: T, count: 1, capacity: { cores: 3 } },
      { timestamp: T + HOUR, count: 0, capacity: { cores: 0 } },
    ]);
  });

  it('answers as if given reservations did not exist, and how many machines of a flavor fit', () => {
    const engine = new Engine();
    engine.pool(engine.provider(), { cores: 10, ram: 10_240, instances: 50 });
    const id = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 7 } } });
    const window = { start: T, end: T + HOUR };
    expect(queryCapacity(engine.head, { window, flavor: 'small' }, NOW).fits[0]?.instances).to.equal(3);
    const without = queryCapacity(engine.head, { window, flavor: 'small', without: [id] }, NOW);
    expect([without.capacity.available.cores, without.fits[0]?.instances]).to.deep.equal([10, 10]);
    expect(without.capacity.reserved.cores).to.equal(0);
  });

  it('filters by zone and provider', () => {
    const engine = new Engine();
    const one = engine.provider([
      { name: 'h1', cores: 10, zone: 'a' },
      { name: 'h2', cores: 10, zone: 'b' },
    ]);
    const two = engine.provider([{ name: 'h1', cores: 10, zone: 'c' }]);
    engine.pool(one, { cores: 3 }, 'a');
    engine.pool(one, { cores: 4 }, 'b');
    engine.pool(two, { cores: 5 });
    const cores = (query: object): number | undefined => queryCapacity(engine.head, query, NOW).capacity.total.cores;
    expect([cores({}), cores({ zone: 'a' }), cores({ zone: 'c' }), cores({ provider: one })]).to.deep.equal([
      12, 3, 5, 7,
    ]);
    expect(() => cores({ provider: 'none' })).to.throw(InvalidRequest);
  });

  it('does not let RPCs change a configured pool', () => {
    const engine = new Engine();
    const source = engine.provider();
    const entry = { id: 'p1', source, capacity: { cores: 10 }, adjustments: [] };
    engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
    expect(() => engine.do('decreaseCapacity', { source, capacity: { cores: 1 }, force: false })).to.throw(
      OwnedByOther,
    );
    expect(() => engine.do('increaseCapacity', { pool: 'p1', capacity: { cores: 1 } })).to.throw(OwnedByOther);
  });

  describe('names what stands in the way of a change', () => {
    type Change = Omit<Parameters<Commands['decreaseCapacity']>[1], 'force'>;
    const hosts = [
      { name: 'h1', cores: 10, ram: 1000, zone: 'a' },
      { name: 'h2', cores: 10, ram: 1000, zone: 'b' },
    ];
    const increased = (engine: Engine, input: Change) => {
      const result = engine.do('increaseCapacity', input);
      if (result.outcome === 'refused') throw new Error(result.refusal.message);
      return result;
    };
    const refusalOf = (result: { readonly outcome: string; readonly refusal?: Refusal }): Refusal => {
      if (result.refusal === undefined) throw new Error(result.outcome);
      return result.refusal;
    };
    const bad = (run: () => unknown, field: string, message: string): void => {
      expect(run).to.throw(InvalidRequest, message).with.property('field', field);
    };

    it('in its input', () => {
      const engine = new Engine();
      const increase = (input: Change) => () => engine.do('increaseCapacity', input);
      const decrease = (input: Change) => () => engine.do('decreaseCapacity', { ...input, force: true });
      const cores = { capacity: { cores: 1 } };
      bad(increase(cores), 'source', 'There is no provider yet; add-provider registers one.');
      const [one, two] = [engine.provider(hosts, 'one'), engine.provider(hosts, 'two')];
      bad(increase(cores), 'source', 'There are several providers; say which one is the source.');
      bad(increase({ ...cores, source: 'none' }), 'source', "There is no provider 'none'.");
      bad(increase({ ...cores, pool: 'none' }), 'pool-id', "There is no pool 'none'.");
      bad(
        decrease({ ...cores, source: one }),
        'source',
        `There is no pool of the provider '${one}' not bound to a zone; increase-capacity makes one.`,
      );
      const pool = engine.pool(one, { cores: 5 }, 'a');
      bad(
        decrease({ ...cores, source: one, zone: 'b' }),
        'source',
        `There is no pool of the provider '${one}' in the zone 'b'; increase-capacity makes one.`,
      );
      bad(
        increase({ ...cores, pool, source: two }),
        'source',
        `The pool '${pool}' comes from the provider '${one}', not from '${two}'.`,
      );
      increase({ ...cores, pool, source: one })();
      const nothing = 'A decrease needs an amount: at least one resource above zero.';
      bad(decrease({ capacity: {}, pool }), 'capacity', nothing);
      bad(decrease({ ...cores, pool, start: T, end: T }), 'end', 'is not after the start');
      bad(increase({ ...cores, pool, end: NOW }), 'end', 'is not after the start');
      bad(increase({ capacity: { cores: -1 }, pool }), 'capacity/cores', 'it must be a whole number');
    });

    it('at the provider: it is not known, is drained, has no such zone, or has no more', () => {
      const engine = new Engine();
      const source = engine.do('addProvider', { access: { type: 'promise-simulator:simulated' } }).provider.id;
      const ask = (capacity: Capacity, more: Partial<Change> = {}): Refusal =>
        refusalOf(engine.do('increaseCapacity', { source, capacity, ...more }));
      expect(ask({ cores: 1 })).to.deep.equal({
        reason: 'provider-unavailable',
        message: `What the provider '${source}' has is not known yet; its status is connecting.`,
        shortages: [],
      });
      engine.do('updateProvider', { id: source, status: 'up', inventory: inventoryOf(hosts) });
      expect(ask({ cores: 1 }, { zone: 'c' })).to.deep.equal({
        reason: 'unknown-zone',
        message: `The provider '${source}' has no zone 'c'; it has 'a', 'b'.`,
        shortages: [],
      });
      engine.pool(source, { cores: 8, ram: 500 });
      expect(ask({ cores: 13, ram: 1600, instances: 1 })).to.deep.equal({
        reason: 'insufficient-capacity',
        message: `The provider '${source}' has 12 cores of 13, 1500 ram of 1600 that is in no pool yet.`,
        most: { cores: 12, ram: 1500, instances: 1 },
        shortages: [],
      });
      engine.pool(source, { cores: 12, ram: 1500 });
      engine.pool(source, {});
      expect(ask({}).message).to.equal(`The provider '${source}' has nothing that is in no pool yet.`);
      engine.reserve({ demand: { capacity: { cores: 1 } } });
      engine.do('retireProvider', { id: source, mode: 'drain' });
      expect(ask({ cores: 1 }).reason).to.equal('provider-unavailable');
    });

    it('in the pool: it has no more for all time, or what it has is held', () => {
      const engine = new Engine();
      const pool = engine.pool(engine.provider(), { cores: 10, ram: 100 });
      const decrease = (capacity: Capacity, more: Partial<Change> = {}) =>
        engine.do('decreaseCapacity', { pool, capacity, force: false, ...more });
      const beyond = decrease({ cores: 11, ram: 100, instances: 1 });
      expect(beyond).to.deep.include({ outcome: 'refused', pool, affected: [] });
      expect(refusalOf(beyond)).to.deep.equal({
        reason: 'insufficient-capacity',
        message: `The pool '${pool}' has only 10 cores, 0 instances for all time; a change with a window can take more.`,
        most: { cores: 10, ram: 100, instances: 0 },
        shortages: [],
      });
      const [one, two] = [3, 4].map((cores) => {
        engine.now += 1;
        return engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores } } });
      });
      const offer = engine.requestOffer({
        start: T,
        end: T + HOUR,
        demand: { capacity: { cores: 1 } },
        holdFor: DAY,
      });
      const spare = `The pool '${pool}' does not have so much to spare.`;
      expect(refusalOf(decrease({ cores: 3 })).message).to.equal(`${spare} Offers that would lapse: ${offer}.`);
      const both = refusalOf(decrease({ cores: 10 }));
      const ids = [one, two].sort().join(', ');
      expect(both.message).to.equal(
        `${spare} Reservations that would no longer fit: ${ids}. Offers that would lapse: ${offer}.`,
      );
      expect(both).to.deep.include({ reason: 'capacity-in-use', most: { cores: 2 }, shortages: [] });
      // Before they begin it is free, and with a window more than there is can be taken.
      expect(decrease({ cores: 10 }, { end: T }).outcome).to.equal('decreased');
      expect(decrease({ cores: 2 }, { start: T, end: T + HOUR }).outcome).to.equal('decreased');
      const machines = new Engine();
      const other = machines.pool(machines.provider(), { cores: 4, ram: 2048, instances: 4 });
      machines.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small' });
      expect(
        refusalOf(machines.do('decreaseCapacity', { pool: other, capacity: { cores: 4 }, force: false })).message,
      ).to.equal(`The pool '${other}' does not have so much to spare. Allocations hold it.`);
    });

    it('but takes what is lacking already for no reason to refuse what is free', () => {
      const engine = new Engine();
      const source = engine.provider();
      const pool = engine.pool(source, { cores: 10, ram: 100 });
      engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 10 } } });
      engine.do('decreaseCapacity', { pool, capacity: { cores: 1 }, force: true });
      expect(engine.do('decreaseCapacity', { pool, capacity: { ram: 100 }, force: false }).outcome).to.equal(
        'decreased',
      );
    });

    it('and tells of an adjustment by its id, with the times that were asked for', () => {
      const engine = new Engine();
      const source = engine.provider();
      const pool = engine.pool(source, { cores: 10 });
      const grown = increased(engine, { source, start: T, capacity: { cores: 5 } });
      const shrunk = engine.do('decreaseCapacity', { source, end: T, capacity: { cores: 2 }, force: false });
      if (shrunk.outcome === 'refused') throw new Error(shrunk.refusal.message);
      expect(engine.head.pools.get(pool)?.adjustments).to.deep.equal([
        { id: grown.adjustment, start: T, startsAt: T, direction: 'increase', capacity: { cores: 5 } },
        { id: shrunk.adjustment, end: T, startsAt: NOW, direction: 'decrease', capacity: { cores: 2 } },
      ]);
      expect([capacityAt(engine.head, NOW).total.cores, capacityAt(engine.head, T).total.cores]).to.deep.equal([8, 15]);
      expect(increased(engine, { source, capacity: { cores: 1 } })).not.to.have.property('adjustment');
    });

    it('and lets go of adjustments that are over, of which there may be so many that are not', () => {
      const engine = new Engine();
      const source = engine.provider();
      const pool = engine.pool(source, { cores: 10 });
      const before = engine.head.pools.get(pool);
      if (before === undefined) throw new Error('there is no pool');
      const adjustments = Array.from({ length: MOST_ADJUSTMENTS }, (_, index): Adjustment => {
        const id = `a${index}`;
        return { id, end: T + index, startsAt: NOW, direction: 'increase', capacity: { cores: 0 } };
      });
      apply(engine.head, { kind: 'pool', id: pool, body: { ...before, adjustments } });
      engine.checked = false;
      const more = { source, start: T, end: T + DAY, capacity: { cores: 1 } };
      const message = `The pool '${pool}' would have 1001 changes for a time; one pool may have 1000.`;
      expect(() => engine.do('increaseCapacity', more)).to.throw(InvalidRequest, message);
      expect(() => engine.do('decreaseCapacity', { ...more, force: true })).to.throw(InvalidRequest, message);
      increased(engine, { source, capacity: { cores: 1 } });
      engine.advance(T - engine.now);
      increased(engine, { ...more, start: T + HOUR });
      expect(engine.head.pools.get(pool)?.adjustments).to.have.length(MOST_ADJUSTMENTS);
      engine.advance(DAY - 1);
      const { adjustment } = increased(engine, { source, start: T + DAY, capacity: { cores: 1 } });
      expect(engine.head.pools.get(pool)?.adjustments.map(({ end, id }) => end ?? id)).to.deep.equal([
        T + DAY,
        adjustment,
      ]);
      expect(violations(engine.head, engine.now)).to.deep.equal([]);
    });

    it('and keeps a list of elements, which it adds to and takes from, and never ends', () => {
      const engine = new Engine();
      const source = engine.provider(hosts);
      const { pool } = increased(engine, { source, elements: ['h1'], capacity: { cores: 5 } });
      const listed = (): unknown => engine.head.pools.get(pool.id)?.elements;
      const decrease = (elements: readonly string[]) => () =>
        engine.do('decreaseCapacity', { source, elements, capacity: { cores: 1 }, force: false });
      expect(listed()).to.deep.equal(['h1']);
      increased(engine, { source, elements: ['h2', 'h1'], capacity: { cores: 5 } });
      expect(listed()).to.have.members(['h1', 'h2']);
      increased(engine, { source, capacity: { cores: 1 } });
      expect(listed()).to.have.members(['h1', 'h2']);
      decrease(['h1'])();
      expect(listed()).to.deep.equal(['h2']);
      bad(
        decrease(['h2']),
        'elements',
        'The pool would have no element left; a pool that lists none has all of its provider.',
      );
      const all = increased(engine, { source, zone: 'b', elements: [], capacity: { cores: 1 } });
      expect(all.pool).to.include({ zone: 'b' }).and.not.to.have.property('elements');
      increased(engine, { source, zone: 'b', elements: ['h2'], capacity: { cores: 1 } });
      expect(engine.head.pools.get(all.pool.id)).not.to.have.property('elements');
    });
  });
});
