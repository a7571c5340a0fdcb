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

    describe('is looked for', () => {
      /** When the VIM was asked what it has with the token of the record, in seconds from now on. */
      const looks = (): number[] => {
        const since = lab.clock.now();
        const at: number[] = [];
        const find = lab.vim.findServersByToken;
        lab.vim.findServersByToken = (...given) => {
          at.push((lab.clock.now() - since) / 1_000);
          return find(...given);
        };
        return at;
      };
      /** The record stands for the second creation, and the first one is out. */
      const oneOut = async (): Promise<void> => {
        await lab.connected();
        lab.vim.failures.set('createServer', [silence()]);
        await lab.decide(put(ALLOCATION));
        await lab.eventually(() => lab.vm()?.server !== undefined);
      };
      const late = (): Promise<string> => {
        const { token, name, image = '', flavor, networks } = ALLOCATION;
        return lab.clouds.cloud('vim').createServer({ token, name, image, flavor, networks });
      };
      const passed = async (seconds: number): Promise<void> => {
        const until = lab.clock.now() + seconds * 1_000;
        await lab.eventually(() => lab.clock.now() >= until);
      };

      it('ever more rarely, for two minutes', async () => {
        await oneOut();
        const begun = (lab.vm()?.unansweredUntil ?? 0) - 120_000;
        const from = (lab.clock.now() - begun) / 1_000;
        const at = looks();
        await passed(200);
        expect(at.map((each) => Math.round(each + from))).to.deep.equal([3, 7, 15, 31, 63, 120]);
      });

      it('for two minutes from the last that is out', async () => {
        await oneOut();
        const at = looks();
        await passed(60);
        const before = at.length;
        const record = lab.vm() ?? expect.fail('there is no record');
        await lab.decide(put({ ...record, unansweredUntil: lab.clock.now() + 120_000 }));
        await passed(200);
        expect(at.slice(before).at(-1)).to.be.within(180, 181);
      });

      it('not while the provider is out of reach, and when it is back', async () => {
        await oneOut();
        const at = looks();
        lab.clouds.cloud('vim').cutOff(20_000);
        await lab.reconciler.refresh('vim');
        await late();
        await passed(15);
        expect([at, lab.duplicates]).to.deep.equal([[], []]);
        await lab.eventually(() => there().length === 1);
        expect(there()).to.deep.equal([lab.vm()?.server]);
        expect(lab.reported).to.deep.equal([]);
      });

      it('in vain when the way to the VIM is lost in it; what was told is not told again', async () => {
        await oneOut();
        const ids = [await late(), await late()];
        lab.vim.failures.set('findServersByToken', [new VimError('unreachable', 'not now')]);
        lab.vim.failures.set('deleteServer', [
          new VimError('unreachable', 'not now'),
          new VimError('unauthorized', 'not now'),
          new VimError('aborted', 'not now'),
          new VimError('conflict', 'it is being built'),
        ]);
        await lab.eventually(() => there().length === 1);
        expect(there()).to.deep.equal([lab.vm()?.server]);
        expect([[...lab.duplicates].sort(), lab.reported]).to.deep.equal([ids.sort(), []]);
      });

      it('and told of again when another one has come', async () => {
        await oneOut();
        const ids = [await late()];
        await lab.eventually(() => there().length === 1);
        await lab.reconciler.refresh('vim');
        expect(all(), 'the first is being deleted').to.equal(2);
        ids.push(await late());
        await lab.eventually(() => there().length === 1);
        expect(lab.duplicates).to.deep.equal(ids);
      });

      it('again after a fault of the adapter, which is told', async () => {
        await oneOut();
        await late();
        const find = lab.vim.findServersByToken;
        const fault = new TypeError('the adapter is broken');
        lab.vim.findServersByToken = () => {
          lab.vim.findServersByToken = find;
          return Promise.reject(fault);
        };
        await lab.eventually(() => there().length === 1);
        expect(lab.reported).to.deep.equal([fault]);
      });

      it('after a restart too, with no sweep', async () => {
        await oneOut();
        await lab.shut();
        lab.open();
        await lab.until(() => lab.vim.calls.some((call) => call.startsWith('removeServerGroups')));
        const lists = (): number => lab.vim.calls.filter((call) => call === 'listServers').length;
        const before = lists();
        await late();
        await lab.eventually(() => there().length === 1);
        expect([lists(), there()]).to.deep.equal([before, [lab.vm()?.server]]);
      });

      it('without a word when its provider, or its record, is gone', async () => {
        await oneOut();
        const find = lab.vim.findServersByToken;
        lab.vim.findServersByToken = async (...given) => {
          const found = await find(...given);
          await lab.decide({ kind: 'allocation', id: 'vm', body: null });
          return found;
        };
        await lab.eventually(() => lab.vm() === undefined);
        await passed(10);
        await lab.decide(put({ ...ALLOCATION, unansweredUntil: lab.clock.now() + 60_000 }));
        await lab.decide({ kind: 'provider', id: 'vim', body: null });
        await passed(10);
        expect(lab.reported).to.deep.equal([]);
      });

      it('not while the VIM makes what was asked for', async () => {
        await lab.connected();
        lab.vim.deaf = true;
        lab.vim.createServer = async (request) => {
          await lab.clouds.cloud('vim').createServer(request);
          return new Promise(() => undefined);
        };
        await lab.decide(put(ALLOCATION));
        await lab.until(() => there().length === 1);
        await lab.reconciler.refresh('vim');
        expect([there().length, lab.duplicates]).to.deep.equal([1, []]);
      });

      it('not among what the VIM lists as deleted', async () => {
        await oneOut();
        const { listServers } = lab.vim;
        lab.vim.listServers = async (signal) => {
          const listed = await listServers(signal);
          return [...listed, ...listed.map((each) => ({ ...each, id: 'old', status: 'DELETED' as const }))];
        };
        await lab.reconciler.refresh('vim');
        expect([lab.duplicates, lab.vim.calls.includes('deleteServer')]).to.deep.equal([[], false]);
      });

      for (const [kind, status] of [
        ['unreachable', 'down'],
        ['unauthorized', 'rejected'],
        ['aborted', 'down'],
        ['conflict', 'up'],
        ['not-found', 'up'],
      ] as const) {
        it(`by a sweep, after which the provider is ${status} when it may not be removed: '${kind}'`, async () => {
          await oneOut();
          await late();
          lab.vim.failures.set('deleteServer', [new VimError(kind, 'not now')]);
          await lab.reconciler.refresh('vim');
          expect([lab.provider()?.status, lab.duplicates.length]).to.deep.equal([status, 1]);
          await lab.reconciler.refresh('vim');
          // What was not found may be told of again: it was another one.
          expect([lab.provider()?.status, lab.duplicates.length]).to.deep.equal(['up', kind === 'not-found' ? 2 : 1]);
          expect(there()).to.deep.equal([lab.vm()?.server]);
        });
      }

      it('no more when the agent is closed', async () => {
        await oneOut();
        const at = looks();
        await lab.reconciler.close();
        lab.clock.advance(300_000);
        expect([at, lab.clock.next]).to.deep.equal([[], undefined]);
      });

      it('no more when the agent is closed while it is looked for', async () => {
        await oneOut();
        await passed(2);
        lab.vim.hang.add('findServersByToken');
        const before = lab.vim.calls.length;
        await lab.eventually(() => lab.vim.calls.length > before);
        await lab.reconciler.close();
        expect(lab.clock.next).to.equal(undefined);
        expect(lab.reported).to.deep.equal([]);
      });
    });

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
