/** How what VIMs answer and tell becomes decisions. */
import { expect } from 'chai';
import { report, stateOf } from '../../../src/engine/vim-reports.ts';
import type { VimResource, VimServer } from '../../../src/vim/vim.ts';
import { put, ALLOCATION, ReconcilerLab } from './reconciler-lab.ts';

const SERVER: VimServer = {
  id: 's1',
  name: 'vm',
  token: 't',
  status: 'ACTIVE',
  deleting: false,
  flavor: '1',
  createdAt: 0,
};
const PORT: VimResource = { kind: 'port', id: 'p1', name: 'port', token: 't', status: 'ACTIVE', deleting: false };

describe('a report of a VIM', () => {
  it('has the state, and the host, address and fault where there is one', () => {
    expect(stateOf('vm', SERVER)).to.deep.equal({ allocation: 'vm', vmState: 'ACTIVE' });
    const fault = { code: 500, message: 'no valid host' };
    expect(stateOf('vm', { ...SERVER, status: 'ERROR', host: 'h1', fault })).to.deep.equal({
      allocation: 'vm',
      vmState: 'ERROR',
      host: 'h1',
      fault,
    });
    expect(stateOf('port', PORT)).to.deep.equal({ allocation: 'port', vmState: 'ACTIVE' });
    expect(stateOf('port', { ...PORT, address: '10.0.0.7' })).to.deep.equal({
      allocation: 'port',
      vmState: 'ACTIVE',
      address: '10.0.0.7',
    });
  });

  it('is decided on for no user', async () => {
    const lab = new ReconcilerLab();
    try {
      const user = await report(
        lab.ledger,
        (_head, id: string, { user: asks }) => ({
          result: asks,
          changes: [put({ ...ALLOCATION, id })],
          events: [],
          due: [],
        }),
        'told',
      );
      expect([user, lab.ledger.head.allocations.has('told')]).to.deep.equal(['promise', true]);
    } finally {
      await lab.close();
    }
  });
});
