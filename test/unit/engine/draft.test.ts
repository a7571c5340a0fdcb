/** Decisions see their own steps, and leave the head as it was. */
import { expect } from 'chai';
import { decide } from '../../../src/engine/draft.ts';
import type { Draft } from '../../../src/engine/draft.ts';
import type { Pool } from '../../../src/engine/entities.ts';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import { poolNode } from '../../../src/engine/state.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';

describe('a decision being made', () => {
  let engine: Engine;
  let pool: Pool;
  const at = { now: NOW, newId: () => 'new', user: 'alice' };

  beforeEach(() => {
    engine = new Engine();
    const id = engine.pool(engine.provider(), { cores: 4 });
    const found = engine.head.pools.get(id);
    if (found === undefined) throw new Error('no pool');
    pool = found;
  });

  const cores = (): number | undefined => engine.head.nodes.get(poolNode(pool.id))?.total.valueAt(NOW)[0];

  it('sees what it has put so far, and takes it back, in whatever order', () => {
    const seen: unknown[] = [];
    const { changes } = decide(engine.head, at, (draft) => {
      for (const each of [8, 2]) {
        draft.put('pool', pool.id, { ...pool, capacity: { cores: each } });
        seen.push(draft.head.pools.get(pool.id)?.capacity.cores, cores());
      }
    });
    expect(seen).to.deep.equal([8, 8, 2, 2]);
    expect(engine.head.pools.get(pool.id)).to.equal(pool);
    expect(cores()).to.equal(4);
    expect(changes.map(({ id, body }) => [id, body])).to.deep.equal([[pool.id, { ...pool, capacity: { cores: 2 } }]]);
  });

  it('leaves the head as it was when it ends in an error', () => {
    const fault = new Error('a fault');
    const make = (draft: Draft): never => {
      draft.put('pool', pool.id, null);
      expect(draft.head.pools.size).to.equal(0);
      throw fault;
    };
    expect(() => decide(engine.head, at, make)).to.throw(fault);
    expect(engine.head.pools.get(pool.id)).to.equal(pool);
    expect(cores()).to.equal(4);
  });

  it('holds nothing of what it abandons, and goes on from there', () => {
    const decision = decide(engine.head, at, (draft) => {
      draft.put('pool', pool.id, null);
      draft.schedule({ id: 'x', at: NOW, rank: 0, task: 'end', subject: 'x' });
      draft.disturb([{ node: poolNode(pool.id) }]);
      draft.emit({ kind: 'capacity-event', time: NOW, cause: 'increased', provider: pool.source });
      expect(draft.head.pools.size).to.equal(0);
      draft.abandon();
      expect(draft.head.pools.get(pool.id)).to.equal(pool);
      return [...draft.disturbed];
    });
    expect(decision).to.deep.equal({ result: [], changes: [], events: [], due: [] });
  });

  it('notes the pools, hosts and elements of what was given back', () => {
    const claims = [
      { node: 'pool/a', host: 'host/p/h' },
      { node: 'pool/b', element: 'element/p/port/x' },
    ] as const;
    const disturbed = decide(engine.head, at, (draft) => {
      draft.disturb(claims);
      return [...draft.disturbed];
    });
    expect(disturbed.result).to.have.members(['pool/a', 'host/p/h', 'pool/b', 'element/p/port/x']);
  });

  it('sees what is out of service by its own changes', () => {
    const maintenance = [{ id: 'm', pool: pool.id, start: NOW + HOUR, end: NOW + DAY }];
    const { result } = decide(engine.head, at, (draft) => {
      const out = (): number => draft.outages.pools.size;
      const before = out();
      draft.put('reservation', 'none', null);
      draft.put('policy', 'policy', { ...DEFAULT_POLICY, maintenance });
      return [before, draft.outagesBefore.pools.size, out()];
    });
    expect(result).to.deep.equal([0, 0, 1]);
    expect(engine.head.outages.pools.size).to.equal(0);
  });
});
