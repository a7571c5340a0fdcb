import { expect } from 'chai';
import { VimError } from '../../../src/vim/vim.ts';

import { ALLOCATION, put, ReconcilerLab, resourceAllocation } from './reconciler-lab.ts';

describe('reconciler', () => {
  let lab: ReconcilerLab;

  beforeEach(() => {
    lab = new ReconcilerLab();
  });
  afterEach(() => lab.close());

  describe('a creation that takes effect after it was taken for lost', () => {
    const VOLUME = resourceAllocation({ kind: 'volume', sizeGb: 1 });
    const NETWORK = resourceAllocation({ kind: 'network', subnets: [] });
    const silence = (): VimError => new VimError('timeout', 'the cloud is silent');
    /** What the cloud has with the token of the record, and keeps. */
    const there = (): string[] =>
      [lab.servers(), lab.clouds.cloud('vim').resources('volume'), lab.clouds.cloud('vim').resources('network')]
        .flat()
        .flatMap(({ id, token, deleting }) => (token === ALLOCATION.token && !deleting ? [id] : []));
    const all = (): number =>
      [lab.servers(), lab.clouds.cloud('vim').resources('volume'), lab.clouds.cloud('vim').resources('network')].flat()
        .length;

    for (const record of [ALLOCATION, VOLUME, NETWORK]) {
      const what = record.resource?.kind ?? 'server';
      const call = record.resource === undefined ? 'createServer' : 'createResource';
      /** What was asked for first arrives now: the cloud does not know that anything else did. */
      const arrive = async (): Promise<void> => {
        const { token, name } = ALLOCATION;
        if (record.resource === undefined) {
          const { image = '', flavor, networks } = ALLOCATION;
          await lab.clouds.cloud('vim').createServer({ token, name, image, flavor, networks });
        } else await lab.clouds.cloud('vim').createResource({ token, name, spec: record.resource });
      };
      /** The first creation is out, and the record stands for the second. */
      const madeAnew = async (): Promise<string> => {
        await lab.connected();
        lab.vim.failures.set(call, [silence()]);
        await lab.decide(put(record));
        await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
        return lab.vm()?.server ?? '';
      };

      it(`leaves one ${what} for the record, soon and whatever the policy for orphans is`, async () => {
        const kept = await madeAnew();
        lab.vim.deaf = true;
        await lab.reconciler.refresh('vim');
        const lists = (): number => lab.vim.calls.filter((each) => each.startsWith('list')).length;
        const before = lists();
        await arrive();
        expect(there()).to.have.length(2);
        await lab.eventually(() => there().length === 1);
        expect(there()).to.deep.equal([kept]);
        expect(lists(), 'no sweep was needed').to.equal(before);
        expect(lab.duplicates).to.have.length(1);
        expect([lab.orphans, lab.vm()?.vmState]).to.deep.equal([[], 'ACTIVE']);
      });

      it(`leaves one ${what} for the record when the agent was killed before it came`, async () => {
        const kept = await madeAnew();
        await lab.shut();
        lab.open(false);
        await arrive();
        lab.reconciler.start();
        await lab.eventually(() => there().length === 1);
        expect(there()).to.deep.equal([kept]);
      });

      it(`leaves one ${what} when the agent was killed while nothing was known`, async () => {
        await lab.connected();
        lab.vim.failures.set(call, [silence()]);
        await lab.decide(put(record));
        await lab.until(() => lab.vim.failures.get(call)?.length === 0);
        await lab.shut();
        lab.open();
        await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
        await arrive();
        await lab.eventually(() => there().length === 1);
        expect(there()).to.deep.equal([lab.vm()?.server]);
      });

      it(`leaves no ${what} when all tries were given up`, async () => {
        await lab.connected();
        lab.vim.failures.set(call, [silence(), silence(), silence(), silence()]);
        await lab.decide(put(record));
        await lab.eventually(() => lab.vm()?.vmState === 'ERROR');
        await arrive();
        await lab.eventually(() => all() === 0);
        expect(lab.vm()).to.include({ vmState: 'ERROR' }).and.not.have.property('server');
      });

      it(`leaves no ${what} when its end was asked for meanwhile, and the record goes when nothing more can come`, async () => {
        await madeAnew();
        const allocation = lab.vm() ?? expect.fail('there is no allocation');
        await lab.decide(put({ ...allocation, vmState: 'DELETING', intent: 'delete' }));
        await lab.eventually(() => there().length === 0);
        await lab.shut();
        lab.open();
        await lab.connected();
        expect(lab.vm()?.vmState).to.equal('DELETING');
        await arrive();
        await lab.eventually(() => lab.vm() === undefined);
        expect(all()).to.equal(0);
      });
    }

    it('is removed later when it cannot be at once, and the provider stays up', async () => {
      await lab.connected();
      lab.vim.failures.set('createResource', [silence()]);
      await lab.decide(put(NETWORK));
      await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
      const { token, name } = NETWORK;
      const late = await lab.clouds.cloud('vim').createResource({ token, name, spec: NETWORK.resource });
      const spec = { kind: 'port', network: late.id } as const;
      const port = await lab.clouds.cloud('vim').createResource({ token: 'p', name: 'p', spec });
      for (let sweeps = 0; sweeps < 3; sweeps += 1) await lab.reconciler.refresh('vim');
      expect([lab.provider()?.status, lab.duplicates]).to.deep.equal(['up', [late.id]]);
      await lab.clouds.cloud('vim').deleteResource('port', port.id);
      await lab.eventually(() => there().length === 1);
      expect(there()).to.deep.equal([lab.vm()?.server]);
    });
  });
});
