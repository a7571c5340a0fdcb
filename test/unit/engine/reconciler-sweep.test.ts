import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import { omit } from '../../../src/engine/omit.ts';
import { VimError } from '../../../src/vim/vim.ts';
import type { VimServer } from '../../../src/vim/vim.ts';

import { ALLOCATION, PROVIDER, put, ReconcilerLab } from './reconciler-lab.ts';

describe('reconciler', () => {
  let lab: ReconcilerLab;

  beforeEach(() => {
    lab = new ReconcilerLab();
  });
  afterEach(() => lab.close());

  describe('a sweep', () => {
    it('finds what happened while the agent was away', async () => {
      await lab.connected();
      for (const id of ['one', 'two', 'three']) await lab.decide(put({ ...ALLOCATION, id, token: id }));
      await lab.until(() => lab.ledger.head.intents.size === 0);
      const serverOf = (id: string): string => lab.ledger.head.allocations.get(id)?.server ?? '';
      await lab.reconciler.close();
      lab.clock.advance(2_000);
      lab.clouds.cloud('vim').failHost(lab.servers().find(({ token }) => token === 'two')?.host ?? '');
      await lab.clouds.cloud('vim').deleteServer(serverOf('three'));
      lab.clock.advance(2_000);
      await lab.shut();
      lab.open();
      await lab.until(() => lab.ledger.head.allocations.get('one')?.vmState === 'ACTIVE');
      await lab.until(() => lab.ledger.head.allocations.get('two')?.vmState === 'ERROR');
      await lab.until(() => !lab.ledger.head.allocations.has('three'));
    });

    it('reports servers whose token no record knows, and removes a second boot of one that does', async () => {
      await lab.connected();
      await lab.decide(put(ALLOCATION));
      await lab.reconciler.settled('vm', 1_000);
      const request = { name: 'n', flavor: 'm1.tiny', image: 'cirros', networks: [] };
      const right = lab.servers()[0]?.id;
      await lab.clouds.cloud('vim').createServer({ ...request, token: 'stranger' });
      const cloud = lab.clouds.connect({ providerId: 'vim' });
      const second = await cloud.createServer({ ...request, token: 'twice' }, lab.signal);
      // The record stands for another server with the same token.
      await lab.decide(put({ ...ALLOCATION, id: 'twin', token: 'twice', server: right ?? '', intent: 'delete' }));
      await lab.reconciler.close();
      await lab.decide(put({ ...omit(ALLOCATION, 'intent'), id: 'twin', token: 'twice', server: right ?? '' }));
      await lab.shut();
      lab.open();
      await lab.until(() => lab.servers().find(({ id }) => id === second.serverId)?.deleting === true);
      expect(lab.orphans).to.deep.equal(['stranger']);
      expect(lab.duplicates).to.deep.equal([second.serverId]);
      expect(lab.reported).to.deep.equal([]);
      const there = (): boolean => lab.servers().some(({ token }) => token === 'stranger');
      for (let sweeps = 0; sweeps < 3; sweeps += 1) await lab.reconciler.refresh('vim');
      expect(lab.orphans).to.deep.equal(['stranger']);
      expect(there()).to.equal(true);
      await lab.decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'remove' } });
      await lab.reconciler.refresh('vim');
      await lab.eventually(() => !there());
    });

    it('adopts by policy servers whose token no record knows, when it finds them again', async () => {
      await lab.decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'adopt' } });
      await lab.connected();
      const request = { name: 'lost', flavor: 'm1.tiny', image: 'cirros', networks: [] };
      await lab.clouds.cloud('vim').createServer({ ...request, token: 'stranger' });
      await lab.reconciler.refresh('vim');
      expect(lab.ledger.head.tokens.has('stranger')).to.equal(false);
      await lab.reconciler.refresh('vim');
      const adopted = lab.ledger.head.allocations.get(lab.ledger.head.tokens.get('stranger') ?? '');
      expect(adopted).to.deep.include({
        name: 'lost',
        backing: 'own',
        pool: 'pool',
        provider: 'vim',
        owner: PROVIDER.owner,
        flavor: '1',
        server: lab.servers()[0]?.id,
      });
      expect(adopted?.claims[0]?.capacity.cores).to.equal(1);
      await lab.reconciler.refresh('vim');
      expect(lab.ledger.head.allocations.size).to.equal(1);
      await lab.eventually(() => lab.ledger.head.allocations.get(adopted?.id ?? '')?.vmState === 'ACTIVE');
    });

    it('counts no flavor of a server that is not running, and none of a second boot', async () => {
      await lab.connected();
      await lab.decide(put(ALLOCATION));
      await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
      const flavor = (): string | undefined => {
        const vm = lab.vm();
        return vm?.resource === undefined ? vm?.flavor : undefined;
      };
      const before = flavor();
      const { listServers } = lab.vim;
      const listed = (change: Partial<VimServer>): void => {
        lab.vim.listServers = async (signal) => (await listServers(signal)).map((each) => ({ ...each, ...change }));
      };
      listed({ flavor: '3', status: 'SHUTOFF' });
      await lab.reconciler.refresh('vim');
      expect([flavor(), lab.vm()?.vmState]).to.deep.equal([before, 'SHUTOFF']);
      lab.vim.listServers = async (signal) => {
        const all = await listServers(signal);
        return [...all, ...all.map((each) => ({ ...each, id: 'second', flavor: '3', deleting: true }))];
      };
      await lab.reconciler.refresh('vim');
      expect(flavor()).to.equal(before);
    });

    it('that finds a fault of the adapter is told, and the provider stays up', async () => {
      await lab.connected();
      const fault = new TypeError('the adapter is broken');
      const { listServers } = lab.vim;
      lab.vim.listServers = () => Promise.reject(fault);
      await lab.reconciler.refresh('vim');
      expect([lab.provider()?.status, lab.reported]).to.deep.equal(['up', [fault]]);
      lab.vim.listServers = listServers;
      lab.vim.failures.set('listServers', [new VimError('timeout', 'no answer')]);
      await lab.reconciler.refresh('vim');
      expect([lab.provider()?.status, lab.reported.length]).to.deep.equal(['down', 1]);
    });

    it('does not take up what state a server is in that is being deleted', async () => {
      await lab.connected();
      await lab.decide(put(ALLOCATION));
      await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
      const vm = lab.vm() ?? expect.fail('it is gone');
      await lab.decide(put({ ...vm, vmState: 'DELETING', intent: 'delete' }));
      await lab.reconciler.settled('vm', 1_000);
      expect(lab.servers()[0]).to.include({ status: 'ACTIVE', deleting: true });
      const { listServers } = lab.vim;
      for (const status of ['ACTIVE', 'ERROR'] as const) {
        lab.vim.listServers = async (signal) => (await listServers(signal)).map((each) => ({ ...each, status }));
        await lab.reconciler.refresh('vim');
        expect(lab.vm()?.vmState).to.equal('DELETING');
      }
    });

    it('that cannot remove a second boot, because the provider is out of reach, ends there', async () => {
      await lab.connected();
      await lab.decide(put(ALLOCATION));
      await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
      const { token, name, image = '', flavor, networks } = ALLOCATION;
      const second = await lab.clouds.cloud('vim').createServer({ token, name, image, flavor, networks });
      lab.vim.failures.set('deleteServer', [new VimError('unreachable', 'no route')]);
      await lab.reconciler.refresh('vim');
      expect(lab.provider()).to.include({ status: 'down', statusMessage: 'no route' });
      expect([lab.duplicates, lab.reported]).to.deep.equal([[second], []]);
    });

    it('removes groups when it can', async () => {
      await lab.connected();
      lab.vim.failures.set('removeServerGroups', [new VimError('failed', 'not now')]);
      await lab.reconciler.refresh('vim');
      expect([lab.provider()?.status, lab.reported]).to.deep.equal(['up', []]);
      const fault = new TypeError('the adapter is broken');
      lab.vim.removeServerGroups = () => Promise.reject(fault);
      await lab.reconciler.refresh('vim');
      expect([lab.provider()?.status, lab.reported]).to.deep.equal(['up', [fault]]);
    });

    it('of a provider that is not there is none', async () => {
      await lab.reconciler.refresh('none');
      expect(lab.reported).to.deep.equal([]);
    });

    it('counts what a server consumes that runs as another flavor now', async () => {
      await lab.connected();
      await lab.decide(put(ALLOCATION));
      await lab.reconciler.settled('vm', 1_000);
      await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
      const list = lab.vim.listServers.bind(lab.vim);
      lab.vim.listServers = async (given) => (await list(given)).map((server) => ({ ...server, flavor: '3' }));
      await lab.reconciler.refresh('vim');
      expect(lab.vm()).to.deep.include({ flavor: '3', backing: 'own' });
      expect(lab.vm()?.capacity).to.deep.include({ cores: 2, ram: 4096 });
      expect(lab.vm()?.claims[0]?.capacity.cores).to.equal(2);
      const { modifiedOn } = lab.vm() ?? {};
      await lab.reconciler.refresh('vim');
      expect(lab.vm()?.modifiedOn).to.equal(modifiedOn);
    });
  });
});
