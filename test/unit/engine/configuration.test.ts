import { expect } from 'chai';
import { InvalidConfiguration, InvalidRequest, OwnedByOther } from '../../../src/engine/requests.ts';
import type {
  ApplyConfigurationResult,
  ConfigChange,
  ConfigRefusal,
} from '../../../src/engine/configuration-change.ts';
import { MOST_ADJUSTMENTS } from '../../../src/engine/validation.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const ACCESS = { type: 'promise-simulator:simulated' };

const T = NOW + DAY;

function engineWithPool(cores = 10): { engine: Engine; source: string; pool: (capacity: number) => ConfigChange } {
  const engine = new Engine();
  const source = engine.provider();
  const pool = (capacity: number): ConfigChange => ({
    put: 'pool',
    entry: { id: 'p1', source, capacity: { cores: capacity }, adjustments: [] },
  });
  engine.do('applyConfiguration', { changes: [pool(cores)] });
  engine.told();
  return { engine, source, pool };
}

const reservation = (id: string, cores: number, start = T): ConfigChange => ({
  put: 'reservation',
  entry: { id, start, end: start + HOUR, demand: { capacity: { cores } } },
});

describe('applyConfiguration', () => {
  it('takes all entries of an edit or none, and names those that do not fit', () => {
    const { engine } = engineWithPool();
    const result = engine.do('applyConfiguration', {
      changes: [reservation('a', 6), reservation('b', 6), reservation('c', 4)],
    });
    if (result.outcome !== 'refused') throw new Error('applied');
    expect(result.refusals.map(({ entry, id }) => [entry, id])).to.deep.equal([['reservation', 'b']]);
    expect(result.refusals[0]?.refusal.most).to.deep.equal({ cores: 4 });
    expect(engine.head.reservations.size).to.equal(0);
    expect(engine.told()).to.deep.equal([]);
    expect(engine.do('applyConfiguration', { changes: [reservation('a', 6), reservation('c', 4)] }).outcome).to.equal(
      'applied',
    );
  });

  it('judges the state after the edit: what is removed or shrinks makes room, whatever the order', () => {
    const { engine } = engineWithPool();
    engine.do('applyConfiguration', { changes: [reservation('a', 6), reservation('b', 4)] });
    const swapped = engine.do('applyConfiguration', { changes: [reservation('b', 6), reservation('a', 4)] });
    expect(swapped.outcome).to.equal('applied');
    const replaced = engine.do('applyConfiguration', {
      changes: [reservation('c', 10), { remove: 'reservation', id: 'a' }, { remove: 'reservation', id: 'b' }],
    });
    expect(replaced.outcome).to.equal('applied');
    expect([...engine.head.reservations.keys()]).to.deep.equal(['c']);
  });

  it('makes room and uses it in one edit', () => {
    const { engine, pool } = engineWithPool();
    expect(engine.do('applyConfiguration', { changes: [reservation('a', 20), pool(20)] }).outcome).to.equal('applied');
  });

  it('refuses a pool that would have less than is held, or more than its provider has', () => {
    const { engine, pool } = engineWithPool();
    engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 8 } } });
    for (const cores of [7, 101]) {
      const result = engine.do('applyConfiguration', { changes: [pool(cores)] });
      expect(result.outcome === 'refused' && result.refusals.map(({ entry, id }) => [entry, id])).to.deep.equal([
        ['pool', 'p1'],
      ]);
    }
    expect(engine.head.pools.get('p1')?.capacity).to.deep.equal({ cores: 10 });
    expect(engine.do('applyConfiguration', { changes: [{ remove: 'pool', id: 'p1' }] }).outcome).to.equal('refused');
  });

  it('accepts a provider and its pool before the first contact, and bounds the pool when it is known', () => {
    const engine = new Engine();
    const changes: ConfigChange[] = [
      { put: 'pool', entry: { id: 'p', source: 'v', capacity: { cores: 10 }, adjustments: [] } },
      { put: 'provider', entry: { id: 'v', access: { type: 'promise-simulator:simulated' } } },
    ];
    expect(engine.do('applyConfiguration', { changes }).outcome).to.equal('applied');
    expect(engine.head.providers.get('v')?.status).to.equal('connecting');
    expect(engine.do('applyConfiguration', { changes: [{ remove: 'provider', id: 'v' }] }).outcome).to.equal('refused');
    const both: ConfigChange[] = [
      { remove: 'provider', id: 'v' },
      { remove: 'pool', id: 'p' },
    ];
    expect(engine.do('applyConfiguration', { changes: both }).outcome).to.equal('applied');
    expect([...engine.head.nodes.keys()]).to.deep.equal([]);
  });

  it('leaves what an RPC made to RPCs', () => {
    const { engine } = engineWithPool();
    const id = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 1 } } });
    expect(() => engine.do('applyConfiguration', { changes: [reservation(id, 2)] })).to.throw(OwnedByOther, /RPC/);
    expect(() => engine.do('applyConfiguration', { changes: [{ remove: 'reservation', id }] })).to.throw(OwnedByOther);
  });

  it('records what lies in the past as over, and what has begun from its start', () => {
    const { engine } = engineWithPool();
    engine.do('applyConfiguration', {
      changes: [reservation('past', 10, NOW - DAY), reservation('now', 10, NOW - HOUR / 2)],
    });
    expect(engine.head.reservations.get('past')?.status).to.equal('ended');
    expect(engine.head.reservations.get('now')?.status).to.equal('active');
    expect(engine.do('applyConfiguration', { changes: [reservation('past', 10, NOW - DAY)] }).outcome).to.equal(
      'applied',
    );
  });

  it('does not touch what stays the same, and keeps a name change from moving anything', () => {
    const { engine } = engineWithPool();
    engine.do('applyConfiguration', { changes: [reservation('a', 6)] });
    const before = engine.head.reservations.get('a');
    engine.told();
    engine.do('applyConfiguration', { changes: [reservation('a', 6)] });
    expect(engine.head.reservations.get('a')).to.equal(before);
    const entry = { id: 'a', name: 'renamed', start: T, end: T + HOUR, demand: { capacity: { cores: 6 } } };
    engine.do('applyConfiguration', { changes: [{ put: 'reservation', entry }] });
    expect(engine.head.reservations.get('a')?.claims).to.deep.equal(before?.claims);
    expect(engine.told()).to.deep.equal(['reservation updated scheduled']);
  });

  const refusals = (result: ApplyConfigurationResult): readonly ConfigRefusal[] =>
    result.outcome === 'refused' ? result.refusals : [];
  const T1 = T + HOUR;

  it('says of each entry that does not fit why', () => {
    const { engine, source, pool } = engineWithPool();
    const capacity = { cores: 1 };
    const bad = (change: ConfigChange, field: string, message: string): void => {
      expect(() => engine.do('applyConfiguration', { changes: [change] }))
        .to.throw(InvalidConfiguration, message)
        .that.includes({ field });
    };
    bad(
      { put: 'pool', entry: { id: 'p2', source: 'none', capacity, adjustments: [] } },
      'source',
      "There is no provider 'none' for the pool 'p2'.",
    );
    bad(
      { put: 'pool', entry: { id: 'p2', source, capacity: { cores: -1 }, adjustments: [] } },
      'capacity/cores',
      'must be',
    );
    bad(reservation('bad', 0), 'capacity', 'has to ask for something');
    const quotas = [{ name: 'q', capacity: { cores: -1 } }];
    const policy: ConfigChange = { put: 'policy', entry: { ...engine.head.policy, quotas } };
    expect(() => engine.do('applyConfiguration', { changes: [policy] }))
      .to.throw(InvalidRequest)
      .that.is.not.instanceOf(InvalidConfiguration);
    expect(refusals(engine.do('applyConfiguration', { changes: [pool(103)] }))).to.deep.equal([
      {
        entry: 'pool',
        id: 'p1',
        refusal: {
          reason: 'insufficient-capacity',
          message: `The pools of the provider '${source}' would have more than it has, by 3 cores.`,
          shortages: [],
        },
      },
    ]);
    engine.do('applyConfiguration', { changes: [reservation('a', 6), reservation('b', 4)] });
    expect(refusals(engine.do('applyConfiguration', { changes: [pool(3)] }))).to.deep.equal([
      {
        entry: 'pool',
        id: 'p1',
        refusal: {
          reason: 'capacity-in-use',
          message: "The pool 'p1' would have less than is held. Reservations that would no longer fit: a, b.",
          shortages: [],
        },
      },
    ]);
    expect(refusals(engine.do('applyConfiguration', { changes: [{ remove: 'pool', id: 'p1' }] }))).to.deep.equal([
      {
        entry: 'pool',
        id: 'p1',
        refusal: {
          reason: 'capacity-in-use',
          message: "The pool 'p1' bears 2 reservations, 0 offers and 0 allocations; end them or move them first.",
          shortages: [],
        },
      },
    ]);
    engine.do('applyConfiguration', { changes: [{ put: 'provider', entry: { id: 'v', access: ACCESS } }] });
    const other = { id: 'p2', source: 'v', capacity, adjustments: [] };
    engine.do('applyConfiguration', { changes: [{ put: 'pool', entry: other }] });
    expect(refusals(engine.do('applyConfiguration', { changes: [{ remove: 'provider', id: 'v' }] }))).to.deep.equal([
      {
        entry: 'provider',
        id: 'v',
        refusal: {
          reason: 'capacity-in-use',
          message: "Pools come from the provider: 'p2'. Remove them first.",
          shortages: [],
        },
      },
    ]);
    // Of what is not there, nothing is to be removed.
    for (const remove of ['provider', 'pool', 'reservation'] as const)
      expect(engine.do('applyConfiguration', { changes: [{ remove, id: 'none' }] }).outcome).to.equal('applied');
  });

  it('says of offers that would lapse, and of allocations', () => {
    const { engine, pool } = engineWithPool();
    const made = engine.requestOffer({ start: T, end: T1, demand: { capacity: { cores: 6 } }, holdFor: HOUR });
    const message = (cores: number) =>
      refusals(engine.do('applyConfiguration', { changes: [pool(cores)] }))[0]?.refusal.message;
    expect(message(5)).to.equal(`The pool 'p1' would have less than is held. Offers that would lapse: ${made}.`);
    engine.do('declineOffer', { id: made });
    const machines = { id: 'p1', source: [...engine.head.providers.keys()][0] ?? '', adjustments: [] };
    const capacity = { cores: 10, ram: 4096, instances: 9 };
    engine.do('applyConfiguration', { changes: [{ put: 'pool', entry: { ...machines, capacity } }] });
    engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large' });
    const less = { ...machines, capacity: { ...capacity, cores: 3 } };
    expect(
      refusals(engine.do('applyConfiguration', { changes: [{ put: 'pool', entry: less }] }))[0]?.refusal.message,
    ).to.equal("The pool 'p1' would have less than is held. Allocations hold it.");
  });

  it('leaves alone pools and providers that RPCs made', () => {
    const engine = new Engine();
    const id = engine.pool(engine.provider(), { cores: 1 });
    const entry = { id, source: [...engine.head.providers.keys()][0] ?? '', capacity: { cores: 2 }, adjustments: [] };
    const made = `The pool '${id}' was made by an RPC`;
    expect(() => engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] })).to.throw(OwnedByOther, made);
    expect(() => engine.do('applyConfiguration', { changes: [{ remove: 'pool', id }] })).to.throw(OwnedByOther, made);
  });

  it('makes capacity more or less for a time, from when it was put', () => {
    const { engine, source } = engineWithPool();
    type Adjustments = Extract<ConfigChange, { put: 'pool' }>['entry']['adjustments'];
    const put = (adjustments: Adjustments, more: object = {}) =>
      engine.do('applyConfiguration', {
        changes: [{ put: 'pool', entry: { id: 'p1', source, capacity: { cores: 10 }, adjustments, ...more } }],
      });
    const grow = { id: 'g', end: T, direction: 'increase', capacity: { cores: 5 } } as const;
    put([grow]);
    const inEffect = (): unknown => engine.head.pools.get('p1')?.adjustments;
    expect(inEffect()).to.deep.equal([{ ...grow, startsAt: NOW }]);
    expect(engine.told()).to.deep.equal(['capacity increased']);
    engine.now = NOW + HOUR;
    const later = { id: 'l', start: T, direction: 'decrease', capacity: { cores: 1 } } as const;
    put([grow, later]);
    expect(inEffect()).to.deep.equal([
      { ...grow, startsAt: NOW },
      { ...later, startsAt: T },
    ]);
    expect(engine.told()).to.deep.equal(['capacity decreased']);
    put([grow, later]);
    expect(engine.told()).to.deep.equal([]);
    put([grow, later], { overCommit: { cores: 900 } });
    expect(engine.told()).to.deep.equal(['capacity decreased']);
    put([grow, later], { overCommit: { cores: 1000 } });
    expect(engine.told()).to.deep.equal(['capacity increased']);
    put([grow, later], { capacity: { cores: 11 } });
    expect(engine.told()).to.deep.equal(['capacity increased']);
    put([grow, later], { capacity: { cores: 9 } });
    expect(engine.told()).to.deep.equal(['capacity decreased']);
    const ended = { ...grow, id: 'e', start: NOW, end: NOW };
    expect(() => put([ended])).to.throw(
      InvalidConfiguration,
      "The adjustment 'e' ends at 2030-01-01T00:00:00Z, which is not after its start.",
    );
    const many = Array.from({ length: MOST_ADJUSTMENTS + 1 }, (_, index) => ({ ...grow, id: `${index}` }));
    expect(() => put(many)).to.throw(InvalidConfiguration, "The pool 'p1' would have 1001 changes for a time");
    expect(() => put([{ ...grow, id: 'new', end: NOW + HOUR }])).to.throw(InvalidConfiguration, "'new' ends at");
    expect(() => put([{ ...grow, end: NOW + HOUR }])).not.to.throw();
  });

  it('keeps what the VIM lost, and whose a pool is, when somebody edits it', () => {
    const { engine, source, pool } = engineWithPool(100);
    engine.do('updateProvider', { id: source, inventory: inventoryOf([{ name: 'h1', cores: 60 }]) });
    const lost = engine.head.pools.get('p1')?.lost;
    expect(lost?.map(({ capacity }) => capacity.cores)).to.deep.equal([40]);
    engine.as = { user: 'bob' };
    engine.do('applyConfiguration', { changes: [pool(99)] });
    expect(engine.head.pools.get('p1')).to.include({ owner: 'alice' });
    expect(engine.head.pools.get('p1')?.lost?.map(({ capacity }) => capacity.cores)).to.deep.equal([39]);
  });

  describe('gives pools back what they lost, and tells of them,', () => {
    const hosts = [
      { name: 'h1', cores: 16 },
      { name: 'h2', cores: 4 },
    ];
    function short(): { engine: Engine; pool: (id: string, cores: number) => ConfigChange; told: () => unknown[] } {
      const engine = new Engine();
      const source = engine.provider(hosts);
      const pool = (id: string, cores: number): ConfigChange => ({
        put: 'pool',
        entry: { id, source, capacity: { cores }, adjustments: [] },
      });
      engine.do('applyConfiguration', { changes: [pool('pa', 10), pool('pb', 10)] });
      engine.do('updateProvider', { id: source, inventory: inventoryOf(hosts.slice(0, 1)) });
      expect(engine.head.pools.get('pb')?.lost?.map(({ capacity }) => capacity.cores)).to.deep.equal([4]);
      engine.events.splice(0);
      const told = (): unknown[] =>
        engine.events.map(
          (event) => event.kind === 'capacity-event' && [event.cause, event.pool, event.capacity?.total.cores],
        );
      return { engine, pool, told };
    }

    it('when less of another is put', () => {
      const { engine, pool, told } = short();
      engine.do('applyConfiguration', { changes: [pool('pa', 6)] });
      expect(engine.head.pools.get('pb')?.lost).to.equal(undefined);
      expect(told()).to.deep.equal([
        ['decreased', 'pa', 6],
        ['vim-changed', 'pb', 10],
      ]);
    });

    it('when less of themselves is put', () => {
      const { engine, pool, told } = short();
      engine.do('applyConfiguration', { changes: [pool('pb', 8)] });
      expect(told()).to.deep.equal([['decreased', 'pb', 6]]);
    });

    it('when another is removed', () => {
      const { engine, told } = short();
      engine.do('applyConfiguration', { changes: [{ remove: 'pool', id: 'pa' }] });
      expect(engine.head.pools.get('pb')?.lost).to.equal(undefined);
      expect(told()).to.deep.equal([
        ['decreased', 'pa', 10],
        ['vim-changed', 'pb', 10],
      ]);
    });
  });

  it('does not refuse an edit for what was lacking before, unless more is lacking then', () => {
    const { engine, source, pool } = engineWithPool(100);
    engine.reserve({ start: T, end: T1, demand: { capacity: { cores: 80 } } });
    engine.do('updateProvider', { id: source, inventory: inventoryOf([{ name: 'h1', cores: 60 }]) });
    expect(refusals(engine.do('applyConfiguration', { changes: [pool(101)] }))).to.have.length(1);
    expect(engine.do('applyConfiguration', { changes: [pool(99)] }).outcome).to.equal('applied');
    const named: ConfigChange = {
      put: 'pool',
      entry: { id: 'p1', name: 'named', source, capacity: { cores: 99 }, adjustments: [] },
    };
    expect(engine.do('applyConfiguration', { changes: [named] }).outcome).to.equal('applied');
  });

  it('places again what asks for something else, and keeps whose it is', () => {
    const { engine } = engineWithPool();
    engine.as = { user: 'ann', tenant: 'red' };
    engine.do('applyConfiguration', { changes: [reservation('a', 4)] });
    engine.as = { user: 'bob' };
    engine.do('applyConfiguration', { changes: [reservation('a', 6)] });
    expect(engine.head.reservations.get('a')).to.deep.include({ owner: 'ann', tenant: 'red', priority: 2 });
    expect(engine.head.reservations.get('a')).not.to.have.nested.property('id.id');
    expect(refusals(engine.do('applyConfiguration', { changes: [reservation('a', 11)] }))[0]).to.deep.include({
      entry: 'reservation',
      id: 'a',
    });
    engine.advance(DAY + HOUR);
    expect(engine.head.reservations.get('a')?.status).to.equal('ended');
    engine.told();
    engine.do('applyConfiguration', { changes: [reservation('a', 6)] });
    expect(engine.told(), 'it is over, and asks for nothing new').to.deep.equal([]);
    engine.do('applyConfiguration', { changes: [reservation('a', 6, T + DAY)] });
    expect(engine.told()).to.deep.equal(['reservation created scheduled', 'capacity reserved']);
    expect(engine.head.reservations.get('a')).to.deep.include({ owner: 'ann', tenant: 'red', status: 'scheduled' });
  });

  it('compares what was asked for by what it says, bounds and repetition included', () => {
    const { engine } = engineWithPool();
    const demand = { capacity: { cores: 1 } };
    const flexible = { earliestStart: T, latestEnd: T + DAY, duration: HOUR };
    const recurrence = { frequency: 'daily', interval: 1, count: 3 } as const;
    const put = (more: object) =>
      engine.do('applyConfiguration', { changes: [{ put: 'reservation', entry: { id: 'r', demand, ...more } }] });
    const series = { start: T, end: T1, recurrence };
    for (const [first, other] of [
      [{ flexible }, { flexible: { ...flexible, earliestStart: T + HOUR } }],
      [series, { ...series, recurrence: { ...recurrence, count: 2 } }],
      [
        { start: T, end: T1, demand: { capacity: { cores: 1, ram: 0 } } },
        { start: T, end: T1, demand: { capacity: { cores: 2, ram: 0 } } },
      ],
    ] as const) {
      put(first);
      engine.told();
      put(first);
      expect(engine.told(), 'the same').to.deep.equal([]);
      put(other);
      expect(engine.told().at(0), 'another').to.equal('reservation updated scheduled');
    }
    put({ start: T, end: T1, demand: { capacity: { ram: 0, cores: 2 } } });
    expect(engine.told(), 'in another order').to.deep.equal([]);
  });

  it('knows what has passed: to the last of its windows, or of its bounds, and what has begun', () => {
    const { engine } = engineWithPool();
    const demand = { capacity: { cores: 1 } };
    const put = (id: string, more: object) => {
      const entry = { id, demand, ...more };
      const result = engine.do('applyConfiguration', { changes: [{ put: 'reservation', entry }] });
      expect(result.outcome, id).to.equal('applied');
      const found = engine.head.reservations.get(id);
      return [found?.status, found?.startsAt, found?.endsAt, found?.series?.occurrence];
    };
    const hours = { start: NOW - 2 * DAY, end: NOW - 2 * DAY + HOUR };
    const daily = (count: number) => ({ ...hours, recurrence: { frequency: 'daily', interval: 1, count } });
    expect(put('past', hours)).to.deep.equal(['ended', hours.start, hours.end, undefined]);
    expect(engine.head.reservations.get('past')).to.deep.include({ reason: 'window-over', claims: [] });
    expect(put('last', { start: NOW - HOUR, end: NOW })).to.deep.equal(['ended', NOW - HOUR, NOW, undefined]);
    expect(put('all', daily(2))).to.deep.equal(['ended', NOW - DAY, NOW - DAY + HOUR, 2]);
    expect(put('some', daily(3))).to.deep.equal(['active', NOW, NOW + HOUR, 3]);
    const flexible = { earliestStart: NOW - DAY, latestEnd: NOW, duration: HOUR };
    expect(put('bounds', { flexible })).to.deep.equal(['ended', NOW - HOUR, NOW, undefined]);
    const early = { earliestStart: NOW - 9 * DAY, duration: HOUR };
    const until = (instant: number) => ({ frequency: 'daily', interval: 1, until: instant });
    const lastly = NOW - DAY;
    expect(put('until', { flexible: early, recurrence: until(lastly) })).to.deep.equal([
      'ended',
      lastly,
      lastly + HOUR,
      1,
    ]);
    const eight = { ...early, latestEnd: NOW - 8 * DAY };
    const next = NOW + DAY - HOUR;
    expect(put('going', { flexible: eight, recurrence: until(NOW + DAY) })).to.deep.equal([
      'scheduled',
      next,
      next + HOUR,
      10,
    ]);
    const half = NOW - HOUR / 2;
    expect(put('half', { flexible: early, recurrence: until(half) })).to.deep.equal(['active', half, half + HOUR, 1]);
    expect(put('one', { flexible: { ...early, latestEnd: half + HOUR } })).to.deep.equal([
      'active',
      half,
      half + HOUR,
      undefined,
    ]);
    expect(put('expired', { flexible: early, expiryTime: NOW - DAY })[0]).to.equal('ended');
    for (const none of [
      { flexible: { duration: HOUR, earliestStart: T }, recurrence: until(lastly) },
      { flexible: { ...eight, earliestStart: eight.latestEnd }, recurrence: until(NOW + DAY) },
    ])
      expect(() => put('none', none)).to.throw(InvalidConfiguration);
    const begun = { start: NOW - HOUR, end: T };
    expect(put('begun', begun)).to.deep.equal(['active', NOW - HOUR, T, undefined]);
    const [status, startsAt] = put('now', { end: T });
    expect([status, startsAt]).to.deep.equal(['active', NOW]);
  });

  it('tells of what is put, and of what was over when it was', () => {
    const { engine } = engineWithPool();
    engine.do('applyConfiguration', { changes: [reservation('past', 1, NOW - DAY), reservation('a', 1)] });
    expect(engine.told()).to.deep.equal([
      'reservation created ended',
      'reservation created scheduled',
      'capacity reserved',
    ]);
  });
});
