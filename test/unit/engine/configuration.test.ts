import { expect } from 'chai';
import { OwnedByOther } from '../../../src/engine/requests.ts';
import type { ConfigChange } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';

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
});
