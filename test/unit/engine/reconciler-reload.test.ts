/** A reconciler whose store fails: what was decided is lost, or is on disk although nobody was told so. */
import { expect } from 'chai';
import { VimError } from '../../../src/vim/vim.ts';

import { ALLOCATION, PROVIDER, put, ReconcilerLab } from './reconciler-lab.ts';

describe('reconciler', () => {
  let lab: ReconcilerLab;

  beforeEach(() => {
    lab = new ReconcilerLab();
  });
  afterEach(() => lab.close());

  /** The store refuses the next decision, before or after it has written it down. */
  function failing(when: 'before it is written' | 'after it is written'): void {
    const append = lab.store.append.bind(lab.store);
    lab.store.append = async (batch) => {
      lab.store.append = append;
      if (when === 'after it is written') await append(batch);
      throw new Error('the disk is full');
    };
  }

  const calls = (name: string): number => lab.vim.calls.filter((call) => call.startsWith(name)).length;

  describe('when the store has failed', () => {
    it('stays in contact with providers, and waits on for what it waited for', async () => {
      await lab.connected();
      lab.vim.hang.add('createServer');
      await lab.decide(put(ALLOCATION));
      let answer: unknown = 'none yet';
      const settled = lab.reconciler.settled('vm', 9_000).then((allocation) => (answer = allocation));
      await lab.until(() => calls('createServer') === 1);
      const { vim } = lab;
      const before = calls('discover');
      failing('before it is written');
      expect(await lab.decide(put({ ...ALLOCATION, id: 'second' })).catch(() => 'lost')).to.equal('lost');
      await lab.until(() => !lab.ledger.head.allocations.has('second'));
      await lab.decide(put({ ...ALLOCATION, id: 'third', token: 'third' }));
      await lab.until(() => calls('createServer third') === 1);
      expect([lab.vim === vim, calls('discover'), answer]).to.deep.equal([true, before, 'none yet']);
      lab.clock.advance(9_000);
      await settled;
      expect(answer).to.equal(undefined);
    });

    it('lets go of providers that are gone on disk', async () => {
      await lab.connected();
      failing('after it is written');
      expect(await lab.decide({ kind: 'provider', id: 'vim', body: null }).catch(() => 'lost')).to.equal('lost');
      await lab.until(() => lab.provider() === undefined);
      const before = lab.vim.calls.length;
      lab.clock.advance(600_000);
      await lab.until(() => lab.clock.next === undefined);
      expect(lab.vim.calls).to.have.length(before);
      expect(lab.reconciler.lastContact('vim')).to.equal(undefined);
    });

    it('answers who waits by what is on disk', async () => {
      await lab.connected();
      lab.vim.hang.add('createServer');
      await lab.decide(put(ALLOCATION));
      const settled = lab.reconciler.settled('vm', 9_000);
      await lab.until(() => calls('createServer') === 1);
      failing('after it is written');
      const fault = { message: 'no', occurredOn: 1 };
      const { intent, ...rest } = ALLOCATION;
      expect(intent).to.equal('create');
      await lab.decide(put({ ...rest, vmState: 'ERROR', fault })).catch(() => undefined);
      expect(await settled).to.deep.include({ vmState: 'ERROR', fault });
    });

    it('says nothing of a contact that is not recorded', async () => {
      await lab.shut();
      lab.open(false);
      await lab.decide({ kind: 'provider', id: 'vim', body: PROVIDER });
      const contacted = lab.reconciler.contacted('vim', 9_000);
      let answer: unknown = 'none yet';
      void contacted.then((known) => (answer = known));
      failing('before it is written');
      const up = { ...PROVIDER, status: 'up' } as const;
      lab.reconciler.start();
      await lab.decide({ kind: 'provider', id: 'vim', body: up }).catch(() => undefined);
      expect(answer).to.equal('none yet');
      await lab.until(() => lab.provider()?.status === 'up');
      expect(await contacted).to.equal(true);
    });

    it('tells what could not be recorded: a contact, an account that is rejected, and the answer to an errand', async () => {
      await lab.connected();
      lab.vim.failures.set('discover', [new VimError('unreachable', 'no route')]);
      failing('before it is written');
      await lab.reconciler.refresh('vim');
      expect(lab.reported.map(String).join()).to.include('the disk is full');
      lab.reported.splice(0);
      const none = { ...PROVIDER, id: 'other', name: 'other', access: { type: 'x:none' } };
      const second = lab.decide({ kind: 'provider', id: 'other', body: none });
      failing('before it is written');
      await second;
      await lab.until(() => lab.reported.length > 0);
      expect(lab.reported.map(String).join()).to.include('the disk is full');
      await lab.reconciler.refresh('vim');
      lab.reported.splice(0);
      const third = lab.decide(put(ALLOCATION));
      failing('before it is written');
      await third;
      await lab.until(() => lab.reported.length > 0);
      expect(lab.reported.map(String).join()).to.include('the disk is full');
    });

    it('tells nothing of it once it is closed', async () => {
      await lab.connected();
      await lab.decide(put(ALLOCATION));
      await lab.until(() => lab.vm()?.vmState === 'BUILD');
      let fail: (reason: Error) => void = () => undefined;
      lab.store.append = () => new Promise((_resolve, reject) => (fail = reject));
      lab.clock.advance(2_000);
      expect(lab.vm()?.vmState).to.equal('ACTIVE');
      const closed = lab.reconciler.close();
      fail(new Error('the disk is full'));
      await closed;
      expect(lab.reported).to.deep.equal([]);
      Reflect.deleteProperty(lab.store, 'append');
    });
  });
});
