import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import type { Allocation } from '../../../src/engine/entities.ts';
import { omit } from '../../../src/engine/omit.ts';
import { VimError } from '../../../src/vim/vim.ts';

import { ALLOCATION, PROVIDER, put, ReconcilerLab } from './reconciler-lab.ts';

describe('reconciler', () => {
  let lab: ReconcilerLab;

  beforeEach(() => {
    lab = new ReconcilerLab();
  });
  afterEach(() => lab.close());

  describe('a creation', () => {
    it('is sent once it is durable; the answer, then the state of the server, are recorded', async () => {
      await lab.connected();
      const decision = lab.decide(put(ALLOCATION));
      expect(lab.vm()?.intent).to.equal('create');
      expect(lab.vim.calls.filter((call) => call.startsWith('createServer'))).to.deep.equal([]);
      await decision;
      expect(await lab.reconciler.settled('vm', 1_000)).to.deep.include({
        server: lab.servers()[0]?.id,
        vmState: 'BUILD',
      });
      expect(lab.vm()).to.deep.include({ server: lab.servers()[0]?.id });
      expect(lab.vm()).to.not.have.property('intent');
      lab.clock.advance(2_000);
      await lab.until(() => lab.vm()?.vmState === 'ACTIVE');
      expect(lab.servers()).to.have.length(1);
    });

    it('has its state decided on when the VIM tells it, and waits for no other that was told before', async () => {
      await lab.connected();
      const ids = ['vm', 'second', 'third'];
      await lab.decide(...ids.map((id) => put({ ...ALLOCATION, id, token: `token-${id}` })));
      for (const id of ids) expect(await lab.reconciler.settled(id, 1_000)).to.deep.include({ vmState: 'BUILD' });
      lab.clock.advance(2_000);
      expect(ids.map((id) => lab.ledger.head.allocations.get(id)?.vmState)).to.deep.equal([
        'ACTIVE',
        'ACTIVE',
        'ACTIVE',
      ]);
    });

    it('is one of many under way at once, without a warning of a leak', async () => {
      const warnings: string[] = [];
      const note = ({ name }: Error): number => warnings.push(name);
      process.on('warning', note);
      try {
        await lab.connected();
        lab.vim.hang.add('createServer');
        const ids = Array.from({ length: 12 }, (_, index) => `vm-${index}`);
        await lab.decide(...ids.map((id) => put({ ...ALLOCATION, id, token: `token-${id}` })));
        await lab.until(() => lab.vim.calls.filter((call) => call.startsWith('createServer')).length === ids.length);
        await nextTurn();
      } finally {
        process.off('warning', note);
      }
      expect(warnings).to.deep.equal([]);
    });

    it('that is refused for good fails with the reason', async () => {
      await lab.connected();
      await lab.decide(put({ ...ALLOCATION, flavor: 'no-such' }));
      expect(await lab.reconciler.settled('vm', 1_000)).to.deep.include({ vmState: 'ERROR' });
      expect(lab.vm()?.vmState).to.equal('ERROR');
      expect(lab.vm()?.fault?.message).to.equal('Flavor no-such could not be found.');
    });

    it('whose answer is lost is settled by its token: one server, found again', async () => {
      await lab.connected();
      lab.vim.deaf = true;
      lab.vim.loseAnswersOf.set('createServer', 1);
      await lab.decide(put(ALLOCATION));
      expect(lab.vm()?.intent).to.equal('create');
      await lab.eventually(() => lab.vm()?.intent === undefined);
      expect(lab.vim.calls.filter((call) => call.endsWith('token-vm'))).to.deep.equal([
        'createServer token-vm',
        'findServersByToken token-vm',
      ]);
      expect(lab.vm()?.server).to.equal(lab.servers()[0]?.id);
      expect(lab.servers()).to.have.length(1);
    });

    it('that never arrived is sent again, and given up after some tries', async () => {
      await lab.connected();
      const lost = (): VimError => new VimError('timeout', 'the cloud is silent');
      lab.vim.failures.set('createServer', [lost()]);
      await lab.decide(put(ALLOCATION));
      await lab.eventually(() => lab.vm()?.server !== undefined);
      expect(lab.servers()).to.have.length(1);
      expect(lab.vim.fresh, 'only what was never asked for need not be looked up').to.deep.equal([true, false]);
      lab.vim.failures.set('createServer', Array.from({ length: 20 }, lost));
      await lab.decide(put({ ...ALLOCATION, id: 'second', token: 'token-2' }));
      await lab.eventually(() => lab.ledger.head.allocations.get('second')?.vmState === 'ERROR');
      expect(lab.vim.calls.filter((call) => call === 'createServer token-2')).to.have.length(4);
      expect(lab.ledger.head.allocations.get('second')?.fault?.message).to.equal('the cloud is silent');
    });

    it('does not wait for ever for a VIM that hangs', async () => {
      await lab.connected();
      lab.vim.hang.add('createServer');
      await lab.decide(put(ALLOCATION));
      const settled = lab.reconciler.settled('vm', 2_000);
      await lab.until(() => lab.vim.calls.includes('createServer token-vm'));
      await nextTurn();
      lab.clock.advance(2_000);
      expect(await settled).to.equal(undefined);
      lab.vim.hang.clear();
      await lab.eventually(() => lab.vm()?.server !== undefined);
      expect(lab.servers()).to.have.length(1);
    });

    it('asks for all that the record says, and for nothing else', async () => {
      await lab.connected();
      const asked: unknown[] = [];
      lab.vim.createServer = (request) => {
        asked.push(request);
        return Promise.reject(new VimError('refused', 'no'));
      };
      const { token, name, flavor, image, networks } = ALLOCATION;
      const least = { token, fresh: true, name, flavor, networks };
      const more = {
        bootVolume: 'v0',
        ports: ['p1'],
        volumes: ['v1'],
        zone: 'z1',
        host: 'h1',
        group: { token: 'g', policy: 'affinity' },
      } as const;
      await lab.decide(put({ ...omit(ALLOCATION, 'image'), ...more }));
      await lab.until(() => lab.vm()?.vmState === 'ERROR');
      await lab.decide(put({ ...ALLOCATION, id: 'second' }));
      await lab.until(() => lab.ledger.head.allocations.get('second')?.vmState === 'ERROR');
      expect(asked).to.deep.equal([
        { ...least, ...more },
        { ...least, image },
      ]);
    });

    for (const kind of ['refused', 'forbidden', 'over-quota', 'no-valid-host', 'not-found', 'conflict'] as const) {
      it(`that is answered with '${kind}' has failed`, async () => {
        await lab.connected();
        lab.vim.failures.set('createServer', [new VimError(kind, 'the word of the VIM')]);
        await lab.decide(put(ALLOCATION));
        await lab.until(() => lab.vm()?.vmState === 'ERROR');
        expect(lab.vm()?.fault?.message).to.equal('the word of the VIM');
        expect(lab.vim.calls.filter((call) => call.startsWith('createServer'))).to.have.length(1);
      });
    }

    it("that is answered with 'failed' is given up after some tries", async () => {
      await lab.connected();
      const failed = Array.from({ length: 9 }, () => new VimError('failed', 'Internal Server Error'));
      lab.vim.failures.set('createServer', failed);
      await lab.decide(put(ALLOCATION));
      await lab.eventually(() => lab.vm()?.vmState === 'ERROR');
      expect(failed).to.have.length(5);
    });

    for (const kind of ['unreachable', 'unauthorized', 'aborted'] as const) {
      it(`that fails with '${kind}' is never given up`, async () => {
        await lab.connected();
        lab.vim.failures.set(
          'createServer',
          Array.from({ length: 6 }, () => new VimError(kind, 'not now')),
        );
        await lab.decide(put(ALLOCATION));
        await lab.eventually(() => lab.vm()?.server !== undefined);
        expect(lab.vim.calls.filter((call) => call.startsWith('createServer'))).to.have.length(7);
        expect([lab.servers().length, lab.reported]).to.deep.equal([1, []]);
      });
    }

    for (const kind of ['unreachable', 'unauthorized'] as const) {
      it(`that fails with '${kind}' has the provider asked at once whether it is there`, async () => {
        await lab.connected();
        const discovered = (): number => lab.vim.calls.filter((call) => call === 'discover').length;
        const before = discovered();
        lab.vim.failures.set('createServer', [new VimError(kind, 'not now')]);
        await lab.decide(put(ALLOCATION));
        await lab.until(() => lab.vm()?.server !== undefined);
        expect(discovered()).to.equal(before + 1);
      });
    }

    it('is tried again ever more rarely', async () => {
      await lab.connected();
      const begun = lab.clock.now();
      const at: number[] = [];
      lab.vim.findServersByToken = () => {
        at.push((lab.clock.now() - begun) / 1_000);
        return Promise.reject(new VimError('failed', 'not now'));
      };
      lab.vim.failures.set('createServer', [new VimError('timeout', 'the cloud is silent')]);
      await lab.decide(put(ALLOCATION));
      await lab.eventually(() => lab.clock.now() - begun >= 40_000);
      const [first = 0] = at;
      expect(first, 'time moves in steps of half a second').to.be.within(1, 1.5);
      expect(at.map((each) => each - first)).to.deep.equal([0, 2, 6, 14, 30]);
      expect(
        lab.vim.calls.filter((call) => call === 'discover'),
        'the provider is there',
      ).to.have.length(1);
    });

    it("is nobody's any more when its record or its provider is gone", async () => {
      await lab.connected();
      const silence = (): VimError[] => [new VimError('timeout', 'the cloud is silent')];
      lab.vim.failures.set('createServer', silence());
      await lab.decide(put(ALLOCATION));
      await lab.until(() => lab.vim.failures.get('createServer')?.length === 0);
      await lab.decide({ kind: 'allocation', id: 'vm', body: null });
      await lab.eventually(() => lab.clock.now() > 1_010_000);
      lab.vim.failures.set('createServer', silence());
      await lab.decide(put({ ...ALLOCATION, id: 'second', token: 'token-2' }));
      await lab.until(() => lab.vim.failures.get('createServer')?.length === 0);
      await lab.decide({ kind: 'provider', id: 'vim', body: null });
      await lab.eventually(() => lab.clock.now() > 1_020_000);
      expect([lab.servers(), lab.reported]).to.deep.equal([[], []]);
    });

    it('is not answered before its time is up', async () => {
      await lab.connected();
      lab.vim.hang.add('createServer');
      await lab.decide(put(ALLOCATION));
      const answers: unknown[] = [];
      const ask = (milliseconds: number): Promise<unknown> =>
        lab.reconciler.settled('vm', milliseconds).then((answer) => answers.push(answer?.server ?? milliseconds));
      const [first, second, third] = [ask(2_000), ask(3_000), ask(200_000)];
      await lab.until(() => lab.vim.calls.includes('createServer token-vm'));
      await lab.decide(put({ ...ALLOCATION, modifiedOn: 5 }));
      lab.clock.advance(1_999);
      await nextTurn();
      expect(answers).to.deep.equal([]);
      lab.clock.advance(1);
      await first;
      lab.clock.advance(1_000);
      await second;
      expect(answers).to.deep.equal([2_000, 3_000]);
      lab.vim.hang.clear();
      await lab.eventually(() => answers.length === 3);
      await third;
      expect(answers[2]).to.equal(lab.servers()[0]?.id);
    });

    it('is answered with nothing when its record is gone, or was lost', async () => {
      await lab.connected();
      lab.vim.hang.add('createServer');
      await lab.decide(put(ALLOCATION));
      const gone = lab.reconciler.settled('vm', 1_000);
      await lab.decide({ kind: 'allocation', id: 'vm', body: null });
      expect(await gone).to.equal(undefined);
      lab.store.append = () => Promise.reject(new Error('the disk is full'));
      const decision = lab.decide(put({ ...ALLOCATION, id: 'second' })).catch(() => 'lost');
      const lost = lab.reconciler.settled('second', 1_000);
      expect([await decision, await lost]).to.deep.equal(['lost', undefined]);
      Reflect.deleteProperty(lab.store, 'append');
      lab.vim.hang.clear();
      lab.clock.advance(1_000);
      await lab.decide(put({ ...ALLOCATION, id: 'third', token: 'token-3' }));
      expect(await lab.reconciler.settled('third', 1_000)).to.have.property('server');
    });

    it('is in the record as soon as the VIM tells of it, before it answers', async () => {
      await lab.connected();
      lab.vim.createServer = async (request) => {
        await lab.clouds.cloud('vim').createServer(request);
        return new Promise(() => undefined);
      };
      await lab.decide(put(ALLOCATION));
      await lab.until(() => lab.servers().length === 1);
      lab.clock.advance(2_000);
      await lab.until(() => lab.vm()?.vmState === 'ACTIVE');
      expect(lab.vm()).to.include({ server: lab.servers()[0]?.id }).and.not.have.property('intent');
    });

    it('is not touched by what the VIM tells of another with its token, nor another VIM', async () => {
      await lab.connected();
      await lab.decide({ kind: 'provider', id: 'other', body: { ...PROVIDER, id: 'other', name: 'other' } });
      await lab.until(() => lab.ledger.head.providers.get('other')?.status === 'up');
      lab.clouds.cloud('vim').cutOff(1_500);
      await lab.reconciler.refresh('vim');
      await lab.decide(put(ALLOCATION));
      const { token, name, image = '', flavor, networks } = ALLOCATION;
      const request = { token, name, image, flavor, networks };
      const elsewhere = lab.clouds.cloud('other');
      await elsewhere.createServer(request);
      lab.clock.advance(1_400);
      await nextTurn();
      expect(lab.vm()).to.not.have.property('server');
      await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
      const own = lab.vm()?.server;
      expect(own).to.equal(lab.servers()[0]?.id);
      const second = await lab.clouds.cloud('vim').createServer(request);
      lab.clock.advance(2_000);
      await lab.clouds.cloud('vim').deleteServer(second);
      lab.clock.advance(1_000);
      await lab.until(() => lab.servers().length === 1);
      await nextTurn();
      expect(lab.vm()).to.include({ server: own, vmState: 'ACTIVE' });
    });

    it('is over without ever having been there, when the VIM tells first that it is gone', async () => {
      await lab.connected();
      lab.vim.deaf = true;
      let made = '';
      lab.vim.createServer = async (request) => {
        made = await lab.clouds.cloud('vim').createServer(request);
        return new Promise(() => undefined);
      };
      await lab.decide(put(ALLOCATION));
      await lab.until(() => made !== '');
      const servers: unknown[] = [];
      const end = lab.ledger.onDurable((durable) => {
        if (durable.what === 'decision')
          for (const { body } of durable.changes) if (body !== null && 'server' in body) servers.push(body.server);
      });
      await lab.clouds.cloud('vim').deleteServer(made);
      lab.vim.deaf = false;
      lab.clock.advance(1_000);
      await lab.until(() => lab.vm() === undefined);
      await lab.ledger.whenDurable();
      end();
      expect([servers, lab.reported]).to.deep.equal([[], []]);
    });

    it('is not what the VIM tells of a second one while its own server is being deleted', async () => {
      await lab.connected();
      await lab.decide(put(ALLOCATION));
      await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
      const vm = lab.vm() ?? expect.fail('it is gone');
      lab.vim.hang.add('deleteServer');
      await lab.decide(put({ ...vm, vmState: 'DELETING', intent: 'delete' }));
      const { token, name, image = '', flavor, networks } = ALLOCATION;
      const second = await lab.clouds.cloud('vim').createServer({ token, name, image, flavor, networks });
      lab.clock.advance(2_000);
      const host = lab.servers().find(({ id }) => id === second)?.host ?? '';
      expect(host).to.not.equal(vm.resource === undefined ? vm.host : '');
      lab.clouds.cloud('vim').failHost(host);
      await nextTurn();
      expect(lab.vm()).to.include({ vmState: 'DELETING', server: vm.server });
    });

    it('waits while the VIM is out of reach', async () => {
      await lab.connected();
      lab.clouds.cloud('vim').cutOff(5_000);
      await lab.decide(put(ALLOCATION));
      await lab.until(() => lab.provider()?.status === 'down');
      expect(lab.vm()?.intent).to.equal('create');
      await lab.eventually(() => lab.vm()?.server !== undefined);
      expect(lab.servers()).to.have.length(1);
    });

    it('that was sent before the agent was killed is found after the restart', async () => {
      await lab.connected();
      lab.vim.loseAnswersOf.set('createServer', 1);
      await lab.decide(put(ALLOCATION));
      await lab.until(() => lab.servers().length === 1);
      await lab.shut();
      lab.open();
      await lab.until(() => lab.vm()?.server !== undefined);
      expect(lab.servers()).to.have.length(1);
      expect(lab.vim.calls).to.not.include('createServer token-vm');
    });

    it('that was not sent before the agent was killed is sent after the restart', async () => {
      await lab.connected();
      await lab.reconciler.close();
      await lab.decide(put(ALLOCATION));
      await lab.shut();
      lab.open();
      await lab.until(() => lab.vm()?.server !== undefined);
      expect(lab.servers()).to.have.length(1);
      expect(lab.vim.fresh, 'nobody knows after a restart').to.deep.equal([false]);
    });
  });

  describe('a deletion', () => {
    const booted = async (): Promise<Allocation> => {
      await lab.connected();
      await lab.decide(put(ALLOCATION));
      await lab.reconciler.settled('vm', 1_000);
      await lab.until(() => lab.vm()?.vmState === 'BUILD');
      const allocation = lab.vm();
      return allocation ?? expect.fail('there is no allocation');
    };

    it('is sent once it is durable, and the record goes when the server is gone', async () => {
      const allocation = await booted();
      await lab.decide(put({ ...allocation, vmState: 'DELETING', intent: 'delete' }));
      expect(await lab.reconciler.settled('vm', 1_000)).to.deep.include({ vmState: 'DELETING' });
      expect(lab.vm()?.vmState).to.equal('DELETING');
      expect(lab.servers()[0]?.deleting).to.equal(true);
      lab.clock.advance(1_000);
      await lab.until(() => lab.vm() === undefined);
      expect(lab.servers()).to.deep.equal([]);
    });

    it('asked for while the creation is under way, is carried out after it', async () => {
      await lab.connected();
      lab.vim.loseAnswersOf.set('createServer', 1);
      await lab.decide(put(ALLOCATION));
      await lab.decide(put({ ...ALLOCATION, vmState: 'DELETING', intent: 'delete' }));
      await lab.eventually(() => lab.vm() === undefined);
      expect(lab.servers()).to.deep.equal([]);
    });

    it('of a server that is gone already ends the record', async () => {
      const allocation = await booted();
      await lab.decide(put({ ...allocation, server: 'other', vmState: 'DELETING', intent: 'delete' }));
      await lab.until(() => lab.vm() === undefined);
    });

    for (const kind of ['conflict', 'refused', 'forbidden'] as const) {
      it(`that is answered with '${kind}' is asked for again, and the record says why`, async () => {
        const allocation = await booted();
        lab.vim.failures.set('deleteServer', [new VimError(kind, 'it is busy')]);
        await lab.decide(put({ ...allocation, vmState: 'DELETING', intent: 'delete' }));
        await lab.until(() => lab.vm()?.fault !== undefined);
        expect(lab.vm()?.fault?.message).to.equal('it is busy');
        await lab.eventually(() => lab.vm() === undefined);
        expect(lab.servers()).to.deep.equal([]);
      });
    }

    for (const kind of ['failed', 'timeout', 'unreachable', 'unauthorized', 'aborted'] as const) {
      it(`that fails with '${kind}' is asked for again, and there is nothing to say`, async () => {
        const allocation = await booted();
        lab.vim.failures.set('deleteServer', [new VimError(kind, 'not now')]);
        await lab.decide(put({ ...allocation, vmState: 'DELETING', intent: 'delete' }));
        await lab.until(() => lab.vim.failures.get('deleteServer')?.length === 0);
        expect(lab.vm()).to.not.have.property('fault');
        await lab.eventually(() => lab.vm() === undefined);
        expect(lab.servers()).to.deep.equal([]);
      });
    }

    it('of a server that is gone already, by the answer, ends the record', async () => {
      const allocation = await booted();
      lab.vim.deaf = true;
      lab.vim.failures.set('deleteServer', [new VimError('not-found', 'no such server')]);
      await lab.decide(put({ ...allocation, vmState: 'DELETING', intent: 'delete' }));
      await lab.until(() => lab.vm() === undefined);
      expect(lab.vim.calls.filter((call) => call === 'deleteServer')).to.have.length(1);
    });

    it('whose answer is lost is asked for again', async () => {
      const allocation = await booted();
      lab.vim.loseAnswersOf.set('deleteServer', 1);
      await lab.decide(put({ ...allocation, vmState: 'DELETING', intent: 'delete' }));
      await lab.eventually(() => lab.vm() === undefined);
      expect(lab.servers()).to.deep.equal([]);
    });
  });
});
