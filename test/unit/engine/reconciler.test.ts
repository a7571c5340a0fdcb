import { cpSync, rmSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import type { Allocation } from '../../../src/engine/entities.ts';
import { VimError } from '../../../src/vim/vim.ts';
import { temporaryDirectory } from '../store/temporary-directory.ts';

import { ALLOCATION, PROVIDER, put, ReconcilerLab } from './reconciler-lab.ts';

describe('reconciler', () => {
  let lab: ReconcilerLab;

  beforeEach(() => {
    lab = new ReconcilerLab();
  });
  afterEach(() => lab.close());

  describe('providers', () => {
    it('are contacted when they appear, and refreshed from time to time, on demand and when the VIM says so', async () => {
      await lab.connected();
      expect(await lab.reconciler.contacted('vim', 1_000)).to.equal(true);
      expect(lab.provider()?.inventory?.hosts).to.have.length(4);
      lab.clouds.cloud('vim').setHostCapacity('compute-1', { vcpus: 99 });
      await lab.until(() => lab.provider()?.inventory?.hosts[0]?.vcpus === 99);
      lab.clouds.cloud('vim').failHost('compute-2');
      await lab.until(() => lab.provider()?.inventory?.hosts[1]?.state === 'down');
      const before = lab.vim.calls.filter((call) => call === 'discover').length;
      await lab.reconciler.refresh('vim');
      expect(lab.vim.calls.filter((call) => call === 'discover')).to.have.length(before + 1);
      lab.clock.advance(60_000);
      await lab.until(() => lab.vim.calls.filter((call) => call === 'discover').length === before + 2);
    });

    it('that answer as before have nothing stored; their last answer is when it was, also after it is lost, and after the end', async () => {
      await lab.connected();
      let stored = 0;
      const end = lab.ledger.onDurable(() => (stored += 1));
      const first = lab.provider()?.lastContact ?? 0;
      lab.clock.advance(10_000);
      await lab.reconciler.refresh('vim');
      expect(stored).to.equal(0);
      expect([lab.provider()?.lastContact, lab.reconciler.lastContact('vim')]).to.deep.equal([first, first + 10_000]);
      lab.clock.advance(1_000);
      lab.vim.failures.set('discover', [new VimError('unreachable', 'no route')]);
      await lab.reconciler.refresh('vim');
      expect(lab.provider()).to.include({ status: 'down', lastContact: first + 10_000 });
      await lab.reconciler.refresh('vim');
      lab.clock.advance(5_000);
      await lab.reconciler.refresh('vim');
      end();
      await lab.shut();
      lab.open(false);
      expect(lab.provider()).to.include({ status: 'up', lastContact: first + 16_000 });
      expect(lab.reconciler.lastContact('vim'), 'before it answers again').to.equal(first + 16_000);
    });

    it('with wrong credentials are rejected with the reason, and taken up when the account is put right', async () => {
      const access = { ...PROVIDER.access, username: 'promise', password: 'wrong' };
      await lab.decide({ kind: 'provider', id: 'vim', body: { ...PROVIDER, access } });
      expect(await lab.reconciler.contacted('vim', 1_000)).to.equal(true);
      expect(lab.provider()?.status).to.equal('rejected');
      expect(lab.provider()?.statusMessage).to.include("does not accept user 'promise'").and.not.include('wrong');
      const right = { ...access, password: 'promise' };
      await lab.decide({ kind: 'provider', id: 'vim', body: { ...PROVIDER, access: right } });
      await lab.until(() => lab.provider()?.status === 'up');
    });

    it('are waited for as long as is asked, and not beyond the end', async () => {
      expect(await lab.reconciler.contacted('none', 1_000), 'there is nothing to wait for').to.equal(true);
      expect(lab.reconciler.lastContact('none')).to.equal(undefined);
      await lab.shut();
      lab.open(false);
      await lab.decide({ kind: 'provider', id: 'vim', body: PROVIDER });
      const answers: boolean[] = [];
      const note = (known: boolean): number => answers.push(known);
      const first = lab.reconciler.contacted('vim', 1_000).then(note);
      const second = lab.reconciler.contacted('vim', 5_000).then(note);
      await nextTurn();
      lab.clock.advance(999);
      await nextTurn();
      expect(answers).to.deep.equal([]);
      lab.clock.advance(1);
      await first;
      await lab.reconciler.close();
      await second;
      expect([answers, lab.clock.next]).to.deep.equal([[false, false], undefined]);
      expect(await lab.reconciler.contacted('vim', 5_000)).to.equal(false);
      expect(lab.clock.next).to.equal(undefined);
    });

    it('are contacted once, however often they are followed', async () => {
      lab.reconciler.start();
      await lab.connected();
      expect(lab.vim.calls.filter((call) => call === 'discover')).to.have.length(1);
      const { vim } = lab;
      await lab.reconciler.close();
      await lab.decide({ kind: 'provider', id: 'other', body: { ...PROVIDER, id: 'other', name: 'other' } });
      expect(lab.vim, 'no other is set up').to.equal(vim);
    });

    it('are let go of when the end is awaited', async () => {
      await lab.connected();
      let release: () => void = () => undefined;
      lab.vim.close = () => new Promise((resolve) => (release = resolve));
      let closed = false;
      const end = lab.reconciler.close().then(() => (closed = true));
      await nextTurn();
      expect(closed).to.equal(false);
      release();
      await end;
    });

    it('of a type without an adapter are rejected', async () => {
      await lab.decide({ kind: 'provider', id: 'vim', body: { ...PROVIDER, access: { type: 'x:none' } } });
      await lab.until(() => lab.provider()?.status === 'rejected');
      expect(lab.provider()?.statusMessage).to.equal(
        'There is no adapter for providers of type x:none; there is for promise-simulator:simulated.',
      );
      expect(lab.provider(), 'it never answered').to.not.have.property('lastContact');
    });

    it('out of reach are down and asked ever more rarely until they answer', async () => {
      await lab.connected();
      lab.clouds.cloud('vim').cutOff(600_000);
      lab.clock.advance(60_000);
      await lab.until(() => lab.provider()?.status === 'down');
      const calls = lab.vim.calls.length;
      await lab.eventually(() => lab.vim.calls.length === calls + 3);
      expect(lab.clock.now() - 1_060_000, 'after 1, 2 and 4 s').to.be.within(7_000, 8_500);
      lab.clouds.cloud('vim').cutOff(0);
      await lab.eventually(() => lab.provider()?.status === 'up');
    });

    it('that are removed are left alone', async () => {
      await lab.connected();
      await lab.decide({ kind: 'provider', id: 'vim', body: null });
      const calls = lab.vim.calls.length;
      lab.clock.advance(600_000);
      await lab.until(() => lab.clock.next === undefined);
      expect(lab.vim.calls).to.have.length(calls);
    });

    it('that are removed before their first answer is recorded are not asked for more', async () => {
      const update = lab.ledger.update.bind(lab.ledger);
      lab.ledger.update = async (decide) => {
        const result = await update(decide);
        if (lab.provider()?.status === 'up') await lab.decide({ kind: 'provider', id: 'vim', body: null });
        return result;
      };
      await lab.decide({ kind: 'provider', id: 'vim', body: PROVIDER });
      await lab.until(() => lab.provider() === undefined);
      await lab.until(() => lab.clock.next === undefined);
      for (let turns = 0; turns < 5; turns++) await nextTurn();
      expect([lab.vim.calls, lab.reported]).to.deep.equal([['discover'], []]);
    });

    it('that are removed when their first answer is recorded end the sweep', async () => {
      const end = lab.ledger.onDurable(() => {
        if (lab.provider()?.status === 'up') void lab.decide({ kind: 'provider', id: 'vim', body: null });
      });
      await lab.decide({ kind: 'provider', id: 'vim', body: PROVIDER });
      await lab.until(() => lab.provider() === undefined);
      await lab.until(() => lab.clock.next === undefined);
      end();
      for (let turns = 0; turns < 5; turns++) await nextTurn();
      expect(lab.reported).to.deep.equal([]);
    });
  });

  it('has groups removed that no record needs, when a machine of one is gone', async () => {
    await lab.connected();
    const grouped = (id: string, group: string): Allocation => ({
      ...ALLOCATION,
      id,
      token: id,
      group: { token: group, policy: 'affinity' },
    });
    await lab.decide(put(grouped('one', 'a')), put(grouped('two', 'b')));
    await lab.eventually(() => [...lab.ledger.head.allocations.values()].every(({ vmState }) => vmState === 'ACTIVE'));
    lab.vim.calls.splice(0);
    const one = lab.ledger.head.allocations.get('one');
    if (one === undefined) throw new Error('it is gone');
    await lab.decide(put({ ...one, vmState: 'DELETING', intent: 'delete' }));
    await lab.eventually(() => !lab.ledger.head.allocations.has('one'));
    await lab.until(() => lab.vim.calls.some((call) => call.startsWith('removeServerGroups')));
    expect(lab.vim.calls.filter((call) => call.startsWith('removeServerGroups')).at(-1)).to.equal(
      'removeServerGroups b',
    );
  });

  it('asks for no removal of groups when a machine of none is gone', async () => {
    await lab.connected();
    await lab.decide(put(ALLOCATION));
    await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
    lab.vim.calls.splice(0);
    await lab.clouds.cloud('vim').deleteServer(lab.vm()?.server ?? '');
    lab.clock.advance(1_000);
    await lab.until(() => lab.vm() === undefined);
    await nextTurn();
    expect(lab.vim.calls).to.deep.equal([]);
  });

  it('ends with one server and the right record, wherever between two steps the agent was killed', async function () {
    // It starts a system for each step.
    this.timeout(40_000);
    await lab.connected();
    const moments: { readonly path: string; readonly wanted: boolean }[] = [];
    // What a kill at this moment would leave: both the agent's files and the cloud's, as they are.
    const capture = (wanted: boolean): void => {
      const copy = temporaryDirectory();
      cpSync(lab.directory.path, copy.path, { recursive: true });
      moments.push({ path: copy.path, wanted });
    };
    const steps = async (wanted: boolean, turns: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) {
        capture(wanted);
        await nextTurn();
      }
    };
    await lab.decide(put(ALLOCATION));
    await steps(true, 8);
    const allocation = lab.vm() ?? expect.fail('there is no allocation');
    await lab.decide(put({ ...allocation, vmState: 'DELETING', intent: 'delete' }));
    await steps(false, 8);
    await lab.shut();
    const own = lab.directory;
    for (const { path, wanted } of moments) {
      lab.directory = { path, remove: () => rmSync(path, { recursive: true }) };
      lab.open();
      if (wanted) {
        await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
        expect(lab.servers().map(({ id }) => id)).to.deep.equal([lab.vm()?.server]);
      } else {
        await lab.eventually(() => lab.vm() === undefined);
        expect(lab.servers()).to.deep.equal([]);
      }
      await lab.shut();
      lab.directory.remove();
    }
    lab.directory = own;
    lab.open();
  });

  it('makes no call and leaves no timer once it is closed', async () => {
    await lab.connected();
    lab.vim.hang.add('createServer');
    await lab.decide(put(ALLOCATION));
    await lab.until(() => lab.vim.calls.includes('createServer token-vm'));
    const waiting = lab.reconciler.settled('vm', 5_000);
    await nextTurn();
    await lab.reconciler.close();
    await lab.reconciler.close();
    expect(await waiting).to.equal(undefined);
    expect(await lab.reconciler.settled('vm', 5_000)).to.equal(undefined);
    expect(await lab.reconciler.settled('none', 5_000)).to.equal(undefined);
    expect(await lab.reconciler.contacted('vim', 5_000)).to.equal(true);
    expect(lab.clock.next).to.equal(undefined);
    expect(lab.reported).to.deep.equal([]);
    expect(lab.vm()?.intent).to.equal('create');
  });
});
