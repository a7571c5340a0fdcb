import { expect } from 'chai';
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
    const offer = engine.do('requestOffer', { ...window, demand: ONE, holdFor: HOUR });
    if (offer.outcome === 'refused') throw new Error(offer.refusal.message);
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
    for (const task of ['lapse', 'forget-offer']) expect(run(task, offer.offer.id), task).to.deep.equal(nothing);
    for (const task of ['maintain', 'resume']) expect(run(task, 'm'), task).to.deep.equal(nothing);
    for (const task of ['start', 'lapse', 'maintain', 'unknown', 'constructor'])
      expect(run(task, 'gone'), task).to.deep.equal(nothing);
    expect(engine.told()).to.deep.equal([]);
    engine.do('acceptOffer', { id: offer.offer.id });
    engine.now = NOW + HOUR;
    const lapse = { task: 'lapse', subject: offer.offer.id, at: engine.now, id: 'lapse of another time' };
    expect(engine.do('runDue', lapse)).to.deep.equal(nothing);
    engine.told();
    const start = { task: 'start', subject: later, at: engine.now, id: `start:${later}` };
    expect(engine.do('runDue', start)).to.deep.equal({ outcome: 'done' });
    expect(engine.told()).to.deep.equal(['reservation started active']);
  });
});
