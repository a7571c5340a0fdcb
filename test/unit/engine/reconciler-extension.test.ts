import { expect } from 'chai';
import { commands } from '../../../src/engine/commands/index.ts';
import type { ResourceAllocation } from '../../../src/engine/entities.ts';
import { VimError } from '../../../src/vim/vim.ts';
import { POOL, put, ReconcilerLab, resourceAllocation } from './reconciler-lab.ts';

describe('reconciler', () => {
  let lab: ReconcilerLab;

  beforeEach(() => {
    lab = new ReconcilerLab();
  });
  afterEach(() => lab.close());

  describe('extending a volume', () => {
    const VOLUME = { ...resourceAllocation({ kind: 'volume', sizeGb: 10 }), capacity: { gigabytes: 10, volumes: 1 } };
    const volume = (): ResourceAllocation => {
      const found = lab.vm();
      return found?.resource === undefined ? expect.fail('there is no volume') : found;
    };
    const sizes = (): readonly unknown[] => {
      const { resource, extension, capacity } = volume();
      const size = resource.kind === 'volume' ? resource.sizeGb : undefined;
      return [size, extension?.sizeGb, capacity.gigabytes];
    };
    const there = (): readonly unknown[] =>
      lab.clouds
        .cloud('vim')
        .resources('volume')
        .map(({ sizeGb }) => sizeGb);
    const asked = (): readonly string[] => lab.vim.calls.filter((call) => call.startsWith('extendVolume'));
    const made = async (): Promise<void> => {
      await lab.connected();
      const capacity = { ...POOL.capacity, gigabytes: 100, volumes: 10 };
      await lab.decide({ kind: 'pool', id: 'pool', body: { ...POOL, capacity } }, put(VOLUME));
      await lab.eventually(() => volume().vmState === 'ACTIVE');
    };
    let requests = 0;
    const extend = async (sizeGb: number): Promise<string> => {
      const { outcome } = await lab.ledger.update((head, inputs) =>
        commands.extendVolume(head, { id: 'vm', sizeGb }, { ...inputs, user: `ann-${(requests += 1)}` }),
      );
      return outcome;
    };

    it('holds what is added, asks the VIM, and records the size when the volume has it', async () => {
      await made();
      expect(await extend(15)).to.equal('accepted');
      expect(sizes()).to.deep.equal([10, 15, 15]);
      const answered = await lab.reconciler.settled('vm', 1_000);
      expect(answered?.resource && answered.extension, 'once the VIM has accepted').to.deep.equal({
        sizeGb: 15,
        accepted: true,
      });
      lab.clock.advance(2_000);
      await lab.until(() => volume().extension === undefined);
      expect([sizes(), there(), asked()]).to.deep.equal([[15, undefined, 15], [15], ['extendVolume 15']]);
    });

    it('sees to the end of it where the VIM does not tell', async () => {
      await made();
      lab.vim.deaf = true;
      await extend(15);
      await lab.eventually(() => volume().extension === undefined);
      expect([sizes(), asked()]).to.deep.equal([[15, undefined, 15], ['extendVolume 15']]);
    });

    it('does not ask twice when the answer is lost', async () => {
      await made();
      lab.vim.loseAnswersOf.set('extendVolume', 1);
      await extend(15);
      await lab.eventually(() => volume().extension === undefined);
      expect([sizes(), there(), asked()]).to.deep.equal([[15, undefined, 15], [15], ['extendVolume 15']]);
    });

    for (const when of ['before it had asked', 'after it had asked', 'after the volume was larger'] as const) {
      it(`has the right size when the agent was killed ${when}`, async () => {
        await made();
        if (when === 'before it had asked') lab.vim.hang.add('volumeExtension');
        else lab.vim.hang.add('extendVolume');
        await extend(15);
        if (when !== 'before it had asked') {
          await lab.until(() => asked().length === 1);
          await lab.clouds.cloud('vim').extendVolume(volume().server ?? '', 15);
          lab.vim.deaf = true;
          if (when === 'after the volume was larger') lab.clock.advance(2_000);
        }
        expect(sizes()).to.deep.equal([10, 15, 15]);
        await lab.shut();
        lab.open();
        if (when === 'after it had asked') await lab.until(() => volume().extension?.accepted === true);
        await lab.eventually(() => volume().extension === undefined);
        expect([sizes(), there()]).to.deep.equal([[15, undefined, 15], [15]]);
        expect(asked()).to.have.length(when === 'before it had asked' ? 1 : 0);
      });
    }

    it('gives back what was added when the VIM refuses, and says what it said', async () => {
      await made();
      for (const kind of ['refused', 'conflict', 'over-quota', 'forbidden'] as const) {
        lab.vim.failures.set('extendVolume', [new VimError(kind, `no: ${kind}`)]);
        await extend(15);
        await lab.until(() => volume().extension?.fault !== undefined);
        expect([sizes(), volume().extension?.fault?.message]).to.deep.equal([[10, 15, 10], `no: ${kind}`]);
      }
      await extend(10);
      expect(sizes(), 'is forgotten').to.deep.equal([10, undefined, 10]);
      expect(lab.reported).to.deep.equal([]);
    });

    it('fails when nobody can say what became of it, again and again, and counts what comes late', async () => {
      await made();
      lab.vim.failures.set(
        'extendVolume',
        [1, 2, 3, 4].map(() => new VimError('failed', 'Internal Server Error')),
      );
      await extend(15);
      await lab.eventually(() => volume().extension?.fault !== undefined);
      expect([sizes(), asked().length]).to.deep.equal([[10, 15, 10], 4]);
      lab.vim.deaf = true;
      await lab.clouds.cloud('vim').extendVolume(volume().server ?? '', 15);
      lab.clock.advance(2_000);
      await lab.reconciler.refresh('vim');
      expect(sizes()).to.deep.equal([15, undefined, 15]);
    });

    it('fails with the state of a volume that the VIM could not extend', async () => {
      await made();
      lab.clouds.cloud('vim').failNextBoots(1, 'no more room');
      await extend(15);
      await lab.eventually(() => volume().extension?.fault !== undefined && volume().vmState === 'ERROR');
      expect(sizes()).to.deep.equal([10, 15, 10]);
      expect([volume().extension?.fault?.message, volume().fault?.message]).to.deep.equal([
        'no more room',
        'no more room',
      ]);
    });

    it('fails when the VIM accepts and does nothing', async () => {
      await made();
      lab.vim.extendVolume = () => Promise.resolve();
      await extend(15);
      await lab.until(() => volume().extension?.fault !== undefined);
      expect(volume().extension?.fault?.message).to.equal(
        'The provider accepted, and did not extend the volume; it does not say why.',
      );
    });

    it('that is refused because an earlier request is under way has not failed', async () => {
      await made();
      const extendVolume = lab.vim.extendVolume;
      lab.vim.extendVolume = async (...given) => {
        await extendVolume(...given);
        throw new VimError('conflict', 'is extending already');
      };
      await extend(15);
      await lab.eventually(() => volume().extension === undefined);
      expect([sizes(), asked()]).to.deep.equal([[15, undefined, 15], ['extendVolume 15']]);
    });

    it('that is refused because the volume has become so large meanwhile is done', async () => {
      await made();
      const volumeExtension = lab.vim.volumeExtension;
      lab.vim.failures.set('extendVolume', [new VimError('refused', 'must be larger')]);
      lab.vim.volumeExtension = async (...given) => {
        const found = await volumeExtension(...given);
        return asked().length === 0 ? found : { ...found, volume: { ...found.volume, sizeGb: 15 } };
      };
      await extend(15);
      await lab.eventually(() => volume().extension === undefined);
      expect(sizes()).to.deep.equal([15, undefined, 15]);
    });

    it('is over when the volume is larger than was asked for', async () => {
      await made();
      lab.vim.deaf = true;
      await lab.clouds.cloud('vim').extendVolume(volume().server ?? '', 20);
      lab.clock.advance(2_000);
      await extend(15);
      await lab.eventually(() => volume().extension === undefined);
      expect([sizes(), asked()]).to.deep.equal([[20, undefined, 20], []]);
    });

    for (const kind of ['unreachable', 'unauthorized', 'aborted', 'timeout'] as const) {
      it(`that fails with '${kind}' has not been refused, and is asked for again`, async () => {
        await made();
        lab.vim.failures.set('extendVolume', [new VimError(kind, 'not now')]);
        await extend(15);
        await lab.until(() => asked().length === 1);
        expect(volume().extension).to.deep.equal({ sizeGb: 15 });
        await lab.eventually(() => volume().extension === undefined);
        expect([sizes(), asked().length]).to.deep.equal([[15, undefined, 15], 2]);
      });
    }

    it('ends with a volume that the VIM, asked to extend it, does not know', async () => {
      await made();
      lab.vim.failures.set('extendVolume', [new VimError('not-found', 'no such volume')]);
      await extend(15);
      await lab.until(() => lab.vm() === undefined);
      expect(lab.reported).to.deep.equal([]);
    });

    it('by a fault of the adapter is told, and asked for again', async () => {
      await made();
      const extendVolume = lab.vim.extendVolume;
      const fault = new TypeError('the adapter is broken');
      lab.vim.extendVolume = () => {
        lab.vim.extendVolume = extendVolume;
        return Promise.reject(fault);
      };
      await extend(15);
      await lab.eventually(() => volume().extension === undefined);
      expect([sizes(), lab.reported]).to.deep.equal([[15, undefined, 15], [fault]]);
    });

    it('ends with a volume that is gone', async () => {
      await made();
      lab.vim.deaf = true;
      lab.vim.hang.add('volumeExtension');
      await extend(15);
      await lab.clouds.cloud('vim').deleteResource('volume', volume().server ?? '');
      lab.clock.advance(2_000);
      await lab.shut();
      lab.open();
      await lab.eventually(() => lab.vm() === undefined);
    });

    it('counts what was made larger beside Promise', async () => {
      await made();
      await lab.clouds.cloud('vim').extendVolume(volume().server ?? '', 12);
      lab.clock.advance(2_000);
      await lab.until(() => sizes()[0] === 12);
      expect(sizes()).to.deep.equal([12, undefined, 12]);
    });
  });
});
