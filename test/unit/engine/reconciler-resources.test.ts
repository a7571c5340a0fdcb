import { expect } from 'chai';
import { VimError } from '../../../src/vim/vim.ts';
import type { VimResourceKind } from '../../../src/vim/vim.ts';

import { put, ReconcilerLab, resourceAllocation } from './reconciler-lab.ts';

describe('reconciler', () => {
  let lab: ReconcilerLab;

  beforeEach(() => {
    lab = new ReconcilerLab();
  });
  afterEach(() => lab.close());

  describe('volumes, networks and ports', () => {
    const VOLUME = resourceAllocation({ kind: 'volume', sizeGb: 1 });
    const NETWORK = resourceAllocation({ kind: 'network', subnets: [] });
    const made = (kind: VimResourceKind): readonly string[] =>
      lab.clouds
        .cloud('vim')
        .resources(kind)
        .map(({ id }) => id);

    it('are made once, and are in the record with their state', async () => {
      await lab.connected();
      await lab.decide(put(NETWORK));
      expect(await lab.reconciler.settled('vm', 1_000)).to.deep.include({ vmState: 'ACTIVE' });
      expect(lab.vm()).to.include({ vmState: 'ACTIVE', server: made('network')[0] });
      await lab.decide(put(resourceAllocation({ kind: 'volume', sizeGb: 1 }, 'volume')));
      await lab.until(() => lab.ledger.head.allocations.get('volume')?.vmState === 'BUILD');
      lab.clock.advance(2_000);
      await lab.until(() => lab.ledger.head.allocations.get('volume')?.vmState === 'ACTIVE');
    });

    for (const record of [VOLUME, NETWORK]) {
      const { kind } = record.resource;

      it(`a ${kind} whose answer is lost is made once`, async () => {
        await lab.connected();
        lab.vim.loseAnswersOf.set('createResource', 2);
        lab.vim.deaf = true;
        await lab.decide(put(record));
        await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
        expect(made(kind)).to.deep.equal([lab.vm()?.server]);
        // What there is of it is completed each time.
        expect(lab.vim.calls.filter((call) => call.startsWith('createResource'))).to.have.length(3);
      });

      it(`a ${kind} whose answer never came before the agent was killed is made once`, async () => {
        await lab.connected();
        lab.vim.loseAnswersOf.set('createResource', 1);
        await lab.decide(put(record));
        await lab.until(() => made(kind).length === 1);
        await lab.shut();
        lab.open();
        await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
        expect(made(kind)).to.deep.equal([lab.vm()?.server]);
      });

      it(`a ${kind} is deleted to the end, also when the deletion is asked for before it is known`, async () => {
        await lab.connected();
        lab.vim.loseAnswersOf.set('createResource', 1);
        await lab.decide(put(record));
        await lab.decide(put({ ...record, vmState: 'DELETING', intent: 'delete' }));
        await lab.eventually(() => lab.vm() === undefined);
        expect(made(kind)).to.deep.equal([]);
      });

      it(`a sweep notices that a ${kind} is gone`, async () => {
        await lab.connected();
        await lab.decide(put(record));
        await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
        lab.vim.deaf = true;
        await lab.clouds.cloud('vim').deleteResource(kind, lab.vm()?.server ?? '');
        lab.clock.advance(1_000);
        await lab.reconciler.refresh('vim');
        await lab.until(() => lab.vm() === undefined);
      });
    }

    it('are recorded by the answer alone, where the VIM tells nothing', async () => {
      await lab.connected();
      lab.vim.deaf = true;
      await lab.decide(put(NETWORK));
      expect(await lab.reconciler.settled('vm', 1_000)).to.deep.include({ vmState: 'ACTIVE' });
      expect(lab.vm()?.server).to.equal(made('network')[0]);
    });

    it('keep the word of the VIM while something uses them, and go when nothing does', async () => {
      await lab.connected();
      await lab.decide(put(NETWORK));
      await lab.until(() => lab.vm()?.vmState === 'ACTIVE');
      const cloud = lab.clouds.connect({ providerId: 'vim' });
      const network = lab.vm()?.server ?? '';
      const port = await cloud.createResource({ token: 'p', name: 'p', spec: { kind: 'port', network } }, lab.signal);
      const before = lab.vm();
      if (before === undefined) throw new Error('it is gone');
      await lab.decide(put({ ...before, vmState: 'DELETING', intent: 'delete' }));
      await lab.until(() => lab.vm()?.fault !== undefined);
      expect(lab.vm()).to.include({ vmState: 'DELETING', intent: 'delete' });
      expect(lab.vm()?.fault?.message).to.match(/is in use by/);
      await cloud.deleteResource('port', port.id, lab.signal);
      await lab.eventually(() => lab.vm() === undefined);
      expect(made('network')).to.deep.equal([]);
    });

    it('that are refused are in ERROR with the word of the VIM', async () => {
      await lab.connected();
      lab.vim.failures.set('createResource', [new VimError('over-quota', 'Quota exceeded for volumes')]);
      await lab.decide(put(VOLUME));
      await lab.until(() => lab.vm()?.vmState === 'ERROR');
      expect(lab.vm()?.fault?.message).to.equal('Quota exceeded for volumes');
      expect(lab.vm()?.intent).to.equal(undefined);
    });
  });
});
