/** Records of pools, of the forms that there have been. */
import { expect } from 'chai';
import type { Pool } from '../../../src/engine/entities.ts';
import { breakdownAt } from '../../../src/engine/breakdown.ts';
import { emptyHead, loadRecord } from '../../../src/engine/state.ts';
import type { Head } from '../../../src/engine/state.ts';
import { NOW } from './engine-fixture.ts';

const POOL: Pool = {
  id: 'p',
  origin: 'rpc',
  source: 's',
  capacity: { cores: 10 },
  adjustments: [],
  owner: 'alice',
};
const LOST = { since: NOW, capacity: { cores: 4 } };

function loaded(body: object): Head {
  const head = emptyHead();
  loadRecord(head, { kind: 'pool', id: POOL.id, body: JSON.parse(JSON.stringify(body)) as object });
  return head;
}

describe('the record of a pool', () => {
  it('of the older form says what was lost for good', () => {
    const head = loaded({ ...POOL, withdrawn: LOST });
    expect(head.pools.get(POOL.id)).to.deep.equal({ ...POOL, lost: [LOST] });
    expect(breakdownAt(head, POOL.id, NOW - 1).total).to.deep.equal({ cores: 10 });
    expect(breakdownAt(head, POOL.id, NOW).total).to.deep.equal({ cores: 6 });
  });

  it('is read as it is written', () => {
    const pool = {
      ...POOL,
      lost: [
        { ...LOST, until: NOW + 1 },
        { since: NOW + 2, capacity: { cores: 1 } },
      ],
    };
    expect(loaded(pool).pools.get(POOL.id)).to.deep.equal(pool);
    expect(loaded({ ...pool, withdrawn: LOST }).pools.get(POOL.id), 'in both forms').to.deep.equal(pool);
  });
});
