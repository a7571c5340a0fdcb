import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import type { Quota } from '../../../src/engine/entities.ts';
import type { Refusal } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';

const T = NOW + DAY;
const MACHINE = { name: 'vm', image: 'cirros', flavor: 'small' };

function engineWith(...quotas: readonly Quota[]): Engine {
  const engine = new Engine();
  limit(engine, ...quotas);
  engine.pool(engine.provider(), { cores: 20, ram: 10_000, instances: 20 });
  engine.now += 1;
  return engine;
}

function limit(engine: Engine, ...quotas: readonly Quota[]): void {
  const entry = { ...DEFAULT_POLICY, ...(quotas.length === 0 ? {} : { quotas }) };
  expect(engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] }).outcome).to.equal('applied');
}

/** Reserves cores for an hour; why not, or undefined. */
function ask(engine: Engine, cores: number, start = T): Refusal | undefined {
  const result = engine.do('createReservation', { start, end: start + HOUR, demand: { capacity: { cores, ram: 1 } } });
  return result.outcome === 'refused' ? result.refusal : undefined;
}

describe('quotas', () => {
  it('limit what a tenant holds at any instant, each tenant for itself, and say what is left', () => {
    const engine = engineWith({ name: 'small', capacity: { cores: 6 } });
    engine.as = { user: 'ann', tenant: 'red' };
    expect(ask(engine, 4)).to.equal(undefined);
    engine.as = { user: 'bob', tenant: 'red' };
    const refusal = ask(engine, 3);
    expect(refusal).to.deep.include({
      reason: 'quota-exceeded',
      policy: 'small',
      limit: '6 cores',
      most: { cores: 2 },
    });
    expect(refusal?.message).to.match(
      /^The quota 'small' of each tenant would be exceeded: .* left .* 2 cores of 6 cores\.$/,
    );
    expect(ask(engine, 6, T + HOUR)).to.equal(undefined);
    expect(ask(engine, 2)).to.equal(undefined);
    engine.as = { user: 'eve', tenant: 'blue' };
    expect(ask(engine, 6)).to.equal(undefined);
  });

  it('keep since when each is as it is, while others are set', () => {
    const first = { name: 'first', capacity: { cores: 6 } };
    const engine = engineWith(first);
    const since = (): unknown => engine.head.policy.quotas?.map((quota) => [quota.name, quota.since]);
    const set = engine.now - 1;
    expect(since()).to.deep.equal([['first', set]]);
    limit(engine, { name: 'second', capacity: { cores: 1 } }, { ...first, since: 5 });
    expect(since(), 'whatever an edit says of it').to.deep.equal([
      ['second', engine.now],
      ['first', set],
    ]);
    limit(engine, { ...first, capacity: { cores: 7 } });
    expect(since(), 'of another limit').to.deep.equal([['first', engine.now]]);
  });

  it('say of whom, of how much, and of what there is too little, and of nothing else', () => {
    const engine = engineWith({ name: 'q', tenant: 'red', user: 'ann', capacity: { cores: 6, ram: 100, ports: 9 } });
    engine.as = { user: 'ann', tenant: 'red' };
    const result = engine.do('createReservation', {
      start: T,
      end: T + HOUR,
      demand: { capacity: { cores: 6, ram: 101 } },
    });
    expect(result.outcome === 'refused' && result.refusal).to.deep.equal({
      reason: 'quota-exceeded',
      message:
        "The quota 'q' of the user 'ann' in the tenant 'red' would be exceeded: asked for are 6 cores, 101 ram, " +
        'left throughout the window are 6 cores, 100 ram of 100 ram.',
      policy: 'q',
      limit: '100 ram',
      shortages: [],
      most: { cores: 6, ram: 100 },
    });
  });

  it('say all that is left of what is asked for, also where that is more than was asked for', () => {
    const engine = engineWith({ name: 'q', capacity: { cores: 6, ram: 100, ports: 9 } });
    const refusal = engine.refuse({ start: T, end: T + HOUR, demand: { capacity: { cores: 2, ram: 101 } } });
    expect(refusal.most).to.deep.equal({ cores: 6, ram: 100 });
    expect(refusal.message).to.include('left throughout the window are 6 cores, 100 ram of 100 ram.');
  });

  it('say how many reservations or offers may be held', () => {
    const engine = engineWith({ name: 'few', tenant: 'red', reservations: 1, capacity: {} });
    engine.as = { user: 'ann', tenant: 'red' };
    expect(ask(engine, 1)).to.equal(undefined);
    expect(ask(engine, 1)).to.include({
      message:
        "The quota 'few' of the tenant 'red' would be exceeded: of reservations and offers 1 is held, and 1 may be.",
      limit: '1',
    });
  });

  it('do not bind a window that shrinks, and bind one that begins earlier', () => {
    const engine = engineWith();
    engine.as = { user: 'ann', tenant: 'red' };
    const id = engine.reserve({ start: T, end: T + 4 * HOUR, demand: { capacity: { cores: 4 } } });
    engine.now += 1;
    limit(engine, { name: 'q', capacity: { cores: 2 } });
    const update = (start: number, end: number): string => engine.do('updateReservation', { id, start, end }).outcome;
    expect(update(T - HOUR, T + 4 * HOUR)).to.equal('refused');
    expect(update(T, T + 5 * HOUR)).to.equal('refused');
    expect(update(T + HOUR, T + 3 * HOUR)).to.equal('updated');
  });

  it('do not bind what recurs less often, and bind what recurs more often or otherwise; they name the first window that is short', () => {
    const engine = engineWith();
    engine.as = { user: 'ann', tenant: 'red' };
    const daily = (count: number, interval = 1) => ({ frequency: 'daily' as const, interval, count });
    const demand = { capacity: { cores: 4 } };
    const id = engine.reserve({ start: T, end: T + HOUR, recurrence: daily(4), demand });
    const once = engine.reserve({ start: T + HOUR, end: T + 2 * HOUR, demand });
    engine.now += 1;
    limit(engine, { name: 'q', capacity: { cores: 2 } });
    const update = (change: object, which = id): string =>
      engine.do('updateReservation', { id: which, ...change }).outcome;
    expect(update({ recurrence: daily(5) })).to.equal('refused');
    expect(update({ recurrence: daily(4, 2) })).to.equal('refused');
    expect(update({ recurrence: daily(3) })).to.equal('updated');
    expect(update({ demand: { capacity: { cores: 3 } } })).to.equal('updated');
    expect(update({ recurrence: daily(2) }, once), 'one window becomes two').to.equal('refused');
    limit(engine, { name: 'q', capacity: { cores: 6 } });
    const start = T + HOUR / 2 - DAY;
    const more = engine.do('createReservation', { start, end: start + HOUR, recurrence: daily(3), demand });
    expect(more.outcome === 'refused' && more.refusal.message).to.include(
      'left throughout all windows, the first short',
    );
  });

  it('limit a user, a tenant, or a user of a tenant, and the narrowest counts', () => {
    const engine = engineWith(
      { name: 'of-ann', user: 'ann', capacity: { cores: 2 } },
      { name: 'of-red', tenant: 'red', capacity: { cores: 5 } },
    );
    engine.as = { user: 'ann', tenant: 'red' };
    expect(ask(engine, 3)?.policy).to.equal('of-ann');
    expect(ask(engine, 2)).to.equal(undefined);
    engine.as = { user: 'bob', tenant: 'red' };
    expect(ask(engine, 4)?.policy).to.equal('of-red');
    expect(ask(engine, 3)).to.equal(undefined);
    engine.as = { user: 'bob' };
    expect(ask(engine, 9)).to.equal(undefined);
  });

  it('limit the number of reservations, and of offers with them', () => {
    const engine = engineWith({ name: 'few', reservations: 2, capacity: {} });
    const id = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 1 } } });
    const offer = engine.requestOffer({
      start: T,
      end: T + HOUR,
      demand: { capacity: { cores: 1 } },
      holdFor: HOUR,
    });
    expect(ask(engine, 1)).to.deep.include({ reason: 'quota-exceeded', policy: 'few', limit: '2' });
    expect(engine.do('acceptOffer', { id: offer }).outcome).to.equal('accepted');
    expect(ask(engine, 1)?.policy).to.equal('few');
    engine.do('cancelReservation', { id });
    expect(ask(engine, 1)).to.equal(undefined);
    engine.advance(2 * DAY);
    expect(ask(engine, 1, T + 5 * DAY)).to.equal(undefined);
  });

  it('bind offers and updates; what lessens is not asked', () => {
    const engine = engineWith({ name: 'small', capacity: { cores: 6 } });
    const id = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 5 } } });
    const offer = engine.do('requestOffer', {
      start: T,
      end: T + HOUR,
      demand: { capacity: { cores: 2 } },
      holdFor: HOUR,
    });
    expect(offer.outcome === 'refused' && offer.refusal.reason).to.equal('quota-exceeded');
    const before = engine.head.reservations.get(id);
    const more = engine.do('updateReservation', { id, demand: { capacity: { cores: 7 } } });
    expect(more.outcome === 'refused' && more.refusal.most).to.deep.equal({ cores: 6 });
    expect(engine.head.reservations.get(id)).to.equal(before);
    expect(engine.do('updateReservation', { id, demand: { capacity: { cores: 6 } } }).outcome).to.equal('updated');
    limit(engine, { name: 'small', capacity: { cores: 1 } });
    expect(engine.do('updateReservation', { id, demand: { capacity: { cores: 4 } } }).outcome).to.equal('updated');
    expect(engine.do('updateReservation', { id, end: T + 2 * HOUR }).outcome).to.equal('refused');
  });

  it('count machines without a reservation, and those of a reservation with that', () => {
    const engine = engineWith({ name: 'small', capacity: { cores: 2 } });
    const reservation = engine.reserve({ end: NOW + HOUR, demand: { capacity: { cores: 1, ram: 512 } } });
    expect(engine.do('createInstance', { ...MACHINE, reservation }).outcome).to.equal('accepted');
    expect(engine.do('createInstance', MACHINE).outcome).to.equal('accepted');
    const third = engine.do('createInstance', MACHINE);
    expect(third.outcome === 'refused' && third.refusal.reason).to.equal('quota-exceeded');
    // It runs on when its reservation is over, and counts.
    engine.advance(HOUR);
    expect(engine.do('createInstance', MACHINE).outcome).to.equal('refused');
    const [first] = engine.head.allocations.keys();
    engine.do('destroyInstance', { id: String(first) });
    engine.do('serverGone', { allocation: String(first) });
    expect(engine.do('createInstance', MACHINE).outcome).to.equal('accepted');
  });

  it('leave what is held when they are set, and vanish with the policy', () => {
    const engine = engineWith();
    ask(engine, 10);
    engine.now += 1;
    limit(engine, { name: 'late', capacity: { cores: 4 } });
    expect(ask(engine, 1)?.policy).to.equal('late');
    expect(ask(engine, 4, T + HOUR)).to.equal(undefined);
    limit(engine);
    expect(ask(engine, 1)).to.equal(undefined);
    expect([...engine.head.nodes.keys()].filter((id) => id.startsWith('quota/'))).to.deep.equal([]);
  });

  it('bind configured reservations like others, in an edit as a whole', () => {
    const engine = engineWith({ name: 'small', capacity: { cores: 6 } });
    const put = (id: string, cores: number) =>
      ({ put: 'reservation', entry: { id, start: T, end: T + HOUR, demand: { capacity: { cores } } } }) as const;
    const both = engine.do('applyConfiguration', { changes: [put('a', 4), put('b', 3)] });
    expect(both.outcome === 'refused' && both.refusals.map(({ id, refusal }) => [id, refusal.reason])).to.deep.equal([
      ['b', 'quota-exceeded'],
    ]);
    expect(engine.head.reservations.size).to.equal(0);
    expect(engine.do('applyConfiguration', { changes: [put('a', 4)] }).outcome).to.equal('applied');
    expect(engine.do('applyConfiguration', { changes: [put('a', 2), put('b', 4)] }).outcome).to.equal('applied');
  });

  it('decide on pending reservations when they are decided', () => {
    const engine = engineWith({ name: 'few', reservations: 1, capacity: {} });
    const input = { start: T, end: T + HOUR, demand: { capacity: { cores: 1 } }, deferred: true };
    for (let count = 0; count < 2; count++) engine.do('createReservation', input);
    engine.advance(0);
    expect([...engine.head.reservations.values()].map(({ status, reason }) => [status, reason])).to.deep.equal([
      ['scheduled', undefined],
      ['rejected', 'quota-exceeded'],
    ]);
  });
});
