import { expect } from 'chai';
import { upcomingItems } from '../../../src/engine/due.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';

const T = NOW + DAY;
const ONE = { capacity: { cores: 1 } };

/** What is due in the store, in its order: the task, and how long after T. */
function items(engine: Engine): string[] {
  return [...engine.due.values()]
    .sort((a, b) => a.at - b.at || a.rank - b.rank)
    .map(({ task, at }) => `${task} ${(at - T) / HOUR}`);
}

describe('due work of a reservation', () => {
  let engine: Engine;

  beforeEach(() => {
    engine = new Engine();
    engine.pool(engine.provider(), { cores: 1, ram: 10_000, instances: 20 });
  });

  it('is its start alone while that is ahead; the start schedules what comes after', () => {
    engine.reserve({ start: T, end: T + 2 * HOUR, expiryTime: T + HOUR, demand: ONE });
    expect(items(engine)).to.deep.equal(['start 0']);
    engine.advance(DAY);
    expect(items(engine)).to.deep.equal(['expire 1', 'end 2']);
  });

  it('is all there is for one that is used at once', () => {
    engine.reserve({ end: T, demand: ONE });
    expect(items(engine)).to.include('end 0').and.not.include('start -24');
  });

  it('follows what is changed before the start, and after it', () => {
    const id = engine.reserve({ start: T, end: T + 2 * HOUR, demand: ONE });
    engine.do('updateReservation', { id, start: T + HOUR, end: T + 3 * HOUR });
    expect(items(engine)).to.deep.equal(['start 1']);
    engine.advance(DAY + HOUR);
    expect(items(engine)).to.deep.equal(['end 3']);
    engine.do('updateReservation', { id, end: T + 4 * HOUR });
    expect(items(engine)).to.deep.equal(['end 4']);
  });

  it('is over with it, before the start and after', () => {
    const early = engine.reserve({ start: T, end: T + HOUR, demand: ONE });
    engine.do('cancelReservation', { id: early });
    expect(items(engine).filter((item) => !item.startsWith('forget'))).to.deep.equal([]);
    const late = engine.reserve({ start: T, end: T + HOUR, demand: ONE });
    engine.advance(DAY);
    engine.do('cancelReservation', { id: late });
    expect(items(engine).filter((item) => !item.startsWith('forget'))).to.deep.equal([]);
  });

  it('runs late in the order of time: each ends before the next one starts', () => {
    for (const turn of [0, 1, 2]) {
      engine.reserve({ start: T + turn * HOUR, end: T + (turn + 1) * HOUR, demand: ONE });
    }
    engine.told();
    engine.sleep(2 * DAY);
    expect(engine.told().filter((told) => told.startsWith('reservation'))).to.deep.equal([
      'reservation started active',
      'reservation ended ended',
      'reservation started active',
      'reservation ended ended',
      'reservation started active',
      'reservation ended ended',
    ]);
  });
});

describe('due work that is not, or no longer, about its subject', () => {
  it('does nothing, and is removed', () => {
    const engine = new Engine();
    const pool = engine.pool(engine.provider(), { cores: 10, ram: 10_000, instances: 20 });
    const entry = { ...engine.head.policy, maintenance: [{ id: 'm', pool, start: T, end: T + HOUR }] };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
    const window = { start: NOW + HOUR, end: NOW + 2 * HOUR };
    const later = engine.reserve({ ...window, demand: ONE });
    const offer = engine.requestOffer({ ...window, demand: ONE, holdFor: HOUR });
    engine.told();
    const state = (): string =>
      JSON.stringify([[...engine.head.reservations], [...engine.head.offers], [...engine.due]]);
    const before = state();
    const run = (task: string, subject: string) => {
      const result = engine.do('runDue', { task, subject, at: engine.now, id: `${task} of another time` });
      expect(state(), task).to.equal(before);
      return result;
    };
    const nothing = { outcome: 'nothing-to-do' };
    for (const task of ['start', 'end', 'expire', 'ending', 'ease', 'decide', 'forget'])
      expect(run(task, later), task).to.deep.equal(nothing);
    for (const task of ['lapse', 'forget-offer']) expect(run(task, offer), task).to.deep.equal(nothing);
    for (const task of ['maintain', 'resume']) expect(run(task, 'm'), task).to.deep.equal(nothing);
    for (const task of ['start', 'lapse', 'maintain', 'unknown', 'constructor'])
      expect(run(task, 'gone'), task).to.deep.equal(nothing);
    expect(engine.told()).to.deep.equal([]);
    engine.do('acceptOffer', { id: offer });
    engine.now = NOW + HOUR;
    const lapse = { task: 'lapse', subject: offer, at: engine.now, id: 'lapse of another time' };
    expect(engine.do('runDue', lapse)).to.deep.equal(nothing);
    engine.told();
    const start = { task: 'start', subject: later, at: engine.now, id: `start:${later}` };
    expect(engine.do('runDue', start)).to.deep.equal({ outcome: 'done' });
    expect(engine.told()).to.deep.equal(['reservation started active']);
  });
});

describe('what is to fall due', () => {
  /** What is due in the store, and what has to be by the records. */
  function both(engine: Engine): { readonly kept: string[]; readonly needed: string[] } {
    const listed = (items: Iterable<{ readonly id: string; readonly at: number; readonly rank: number }>): string[] =>
      [...items].map(({ id, at, rank }) => `${at} ${rank} ${id}`).sort();
    const needed = upcomingItems(engine.head, engine.now, (id) => engine.due.has(id));
    return { kept: listed(engine.due.values()), needed: listed(needed) };
  }

  it('is told by the records alone, at any time', () => {
    const engine = new Engine();
    const source = engine.provider([{ name: 'h', cores: 10 }]);
    const pool = engine.pool(source, { cores: 10, ram: 10_000, instances: 20 });
    const maintenance = [{ id: 'm', pool, start: T + 10 * HOUR, end: T + 11 * HOUR }];
    const entry = { ...engine.head.policy, terminationLead: 30, maintenance };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
    engine.reserve({ start: T, end: T + 3 * HOUR, expiryTime: T + HOUR, demand: ONE });
    engine.reserve({ start: T + 12 * HOUR, demand: ONE });
    engine.reserve({ end: T + 2 * HOUR, demand: ONE });
    const cancelled = engine.reserve({ end: T, demand: ONE });
    engine.do('cancelReservation', { id: cancelled });
    const lapsing = { start: T, end: T + HOUR, demand: ONE, holdFor: 2 * HOUR };
    for (let offers = 0; offers < 2; offers++) engine.do('requestOffer', lapsing);
    const [offer = ''] = engine.head.offers.keys();
    engine.do('acceptOffer', { id: offer });
    for (let halves = 0; halves < 120; halves++) {
      const { kept, needed } = both(engine);
      expect(needed, `after ${halves / 2} hours`).to.deep.equal(kept);
      engine.advance(HOUR / 2);
    }
    expect(both(engine).kept.map((item) => item.replace(/.* (.*):.*/, '$1'))).to.deep.equal(['ending', 'end']);
  });

  it('is what was missed: a start, which then schedules the rest, an end, and what is to be forgotten', () => {
    const engine = new Engine();
    engine.pool(engine.provider(), { cores: 3, ram: 10_000, instances: 20 });
    const missed = engine.reserve({ start: T, end: T + HOUR, demand: ONE });
    const active = engine.reserve({ end: T, demand: ONE });
    const over = engine.reserve({ start: NOW + HOUR / 4, end: NOW + HOUR / 2, demand: ONE });
    engine.advance(HOUR / 2);
    expect(engine.head.reservations.get(over)?.status).to.equal('ended');
    const needed = (scheduled: boolean): string[] =>
      [...upcomingItems(engine.head, T + 2 * HOUR, () => scheduled)].map(({ id }) => id);
    for (const scheduled of [true, false])
      expect(needed(scheduled)).to.deep.equal([`start:${missed}`, `end:${active}`, `forget:${over}`]);
  });

  it('is what a degraded one lacks to pass, and its start where that is in the store', () => {
    const engine = new Engine();
    const source = engine.provider([{ name: 'h', cores: 2 }]);
    const pool = engine.pool(source, { cores: 2 });
    const id = engine.reserve({ start: T, end: T + 4 * HOUR, demand: { capacity: { cores: 2 } } });
    const maintenance = [{ id: 'm', pool, start: T + HOUR, end: T + 2 * HOUR }];
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...engine.head.policy, maintenance } }] });
    expect(engine.head.reservations.get(id)?.status).to.equal('degraded');
    expect(both(engine).needed).to.deep.equal(both(engine).kept);
    engine.advance(DAY);
    const { kept, needed } = both(engine);
    expect(needed).to.deep.equal(kept);
    expect(needed).to.include(`${T + 2 * HOUR} 1 ease:${id}`);
    engine.advance(2 * HOUR);
    expect(engine.head.reservations.get(id)?.status).to.equal('active');
    expect(both(engine).needed).to.deep.equal(both(engine).kept);
  });
});
