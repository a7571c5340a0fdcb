import { expect } from 'chai';
import { commands } from '../../../src/engine/commands/index.ts';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import type { MachineAllocation, ResourceAllocation } from '../../../src/engine/entities.ts';
import { omit } from '../../../src/engine/omit.ts';
import { VimError } from '../../../src/vim/vim.ts';

import { ALLOCATION, PROVIDER, put, ReconcilerLab, resourceAllocation } from './reconciler-lab.ts';

describe('reconciler', () => {
  let lab: ReconcilerLab;

  beforeEach(() => {
    lab = new ReconcilerLab();
  });
  afterEach(() => lab.close());

  describe('attaching and detaching', () => {
    const VOLUME = resourceAllocation({ kind: 'volume', sizeGb: 1 }, 'data');
    const machine = (): MachineAllocation => {
      const found = lab.vm();
      return found === undefined || found.resource !== undefined ? expect.fail('there is no machine') : found;
    };
    const volume = (): ResourceAllocation => {
      const found = lab.ledger.head.allocations.get('data');
      return found?.resource === undefined ? expect.fail('there is no volume') : found;
    };
    const attached = (): boolean =>
      lab.clouds.cloud('vim').isAttached(machine().server ?? '', { kind: 'volume', id: volume().server ?? '' });
    const running = async (): Promise<void> => {
      await lab.connected();
      await lab.decide(put(ALLOCATION), put(VOLUME));
      await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE' && volume().vmState === 'ACTIVE');
    };
    const ask = async (what: 'attachResource' | 'detachResource'): Promise<unknown> => {
      let at = 0;
      const result = await lab.ledger.update((head, inputs) =>
        commands[what](head, { id: 'vm', kind: 'volume', resource: 'data' }, { ...inputs, user: `ann-${(at += 1)}` }),
      );
      return result.outcome;
    };

    it('is carried to the VIM once it is durable, one after the other', async () => {
      await running();
      expect(await ask('attachResource')).to.equal('accepted');
      expect(volume().attachedTo).to.equal('vm');
      expect(await lab.reconciler.settled('vm', 1_000)).to.have.property('id', 'vm');
      expect([attached(), machine().volumes, machine().pending]).to.deep.equal([true, [volume().server], undefined]);
      await ask('detachResource');
      expect(volume().attachedTo, 'until it is detached').to.equal('vm');
      expect(await lab.reconciler.settled('vm', 1_000)).to.have.property('id', 'vm');
      expect([attached(), machine().volumes, volume().attachedTo]).to.deep.equal([false, undefined, undefined]);
    });

    it('whose answer is lost is looked at, and not asked for twice', async () => {
      await running();
      lab.vim.loseAnswersOf.set('attach', 1);
      await ask('attachResource');
      await lab.eventually(() => machine().pending === undefined);
      expect(attached()).to.equal(true);
      lab.vim.loseAnswersOf.set('detach', 1);
      await ask('detachResource');
      await lab.eventually(() => machine().pending === undefined);
      expect(attached()).to.equal(false);
      expect(lab.vim.calls.filter((call) => /^(at|de)tach /.test(call))).to.deep.equal([
        'attach volume',
        'detach volume',
      ]);
    });

    for (const lost of [0, 1]) {
      it(`goes on when the agent was killed ${lost === 0 ? 'before' : 'after'} it had asked`, async () => {
        await running();
        for (const [what, call, wanted] of [
          ['attachResource', 'attach', true],
          ['detachResource', 'detach', false],
        ] as const) {
          if (lost === 0) await lab.reconciler.close();
          lab.vim.loseAnswersOf.set(call, lost);
          await ask(what);
          if (lost === 1) await lab.until(() => attached() === wanted);
          await lab.shut();
          lab.open();
          await lab.eventually(() => machine().pending === undefined);
          expect(attached()).to.equal(wanted);
          expect(volume().attachedTo).to.equal(wanted ? 'vm' : undefined);
        }
      });
    }

    it('that is refused leaves things as they are, with the word of the VIM', async () => {
      await running();
      const no = (): VimError[] => [new VimError('refused', 'no more slots')];
      lab.vim.failures.set('attach', no());
      await ask('attachResource');
      await lab.until(() => machine().pending?.[0]?.fault !== undefined);
      expect(machine().pending?.[0]?.fault?.message).to.equal('no more slots');
      expect([attached(), machine().volumes, volume().attachedTo]).to.deep.equal([false, undefined, undefined]);
      await ask('attachResource');
      await lab.until(() => machine().pending === undefined);
      lab.vim.failures.set('detach', no());
      await ask('detachResource');
      await lab.until(() => machine().pending?.[0]?.fault !== undefined);
      expect([attached(), volume().attachedTo]).to.deep.equal([true, 'vm']);
      expect(lab.reported).to.deep.equal([]);
    });

    it('that the VIM accepts and does not do has failed, at once or after a while', async () => {
      await running();
      lab.vim.attach = () => Promise.resolve();
      const begun = lab.clock.now();
      await ask('attachResource');
      await lab.eventually(() => machine().pending?.[0]?.fault !== undefined);
      expect(machine().pending?.[0]?.fault?.message).to.match(/did not attach the volume/);
      expect(lab.clock.now() - begun, 'it is free again').to.be.below(5_000);
      lab.vim.attach = (server, what) => lab.clouds.cloud('vim').attach(server, what);
      await ask('attachResource');
      await lab.eventually(() => machine().pending === undefined);
      lab.vim.detach = () => Promise.resolve();
      await ask('detachResource');
      const before = lab.clock.now();
      await lab.eventually(() => machine().pending?.[0]?.fault !== undefined);
      expect(lab.clock.now() - before).to.be.at.least(120_000);
      expect(machine().pending?.[0]?.fault?.message).to.match(/did not detach the volume/);
    });

    it('that is under way already is waited for, and not asked for again', async () => {
      await running();
      const look = lab.vim.attachmentState;
      let looks = 0;
      lab.vim.attachmentState = () => {
        looks += 1;
        return Promise.resolve('changing');
      };
      await ask('attachResource');
      await lab.eventually(() => looks === 3);
      await lab.clouds.cloud('vim').attach(machine().server ?? '', { kind: 'volume', id: volume().server ?? '' });
      lab.vim.attachmentState = look;
      await lab.eventually(() => machine().pending === undefined);
      expect([attached(), lab.vim.calls.includes('attach volume')]).to.deep.equal([true, false]);
    });

    it('that is refused because an earlier request is under way has not failed', async () => {
      await running();
      const look = lab.vim.attachmentState;
      const states = ['detached', 'changing', 'changing'] as const;
      let looks = 0;
      lab.vim.attachmentState = async (...given) => states[looks++] ?? look(...given);
      lab.vim.failures.set('attach', [new VimError('conflict', 'is attaching already')]);
      await ask('attachResource');
      await lab.eventually(() => looks === 3);
      expect(machine().pending).to.deep.equal([{ kind: 'volume', id: volume().server, action: 'attach' }]);
      await lab.clouds.cloud('vim').attach(machine().server ?? '', { kind: 'volume', id: volume().server ?? '' });
      await lab.eventually(() => machine().pending === undefined);
      expect([attached(), machine().volumes]).to.deep.equal([true, [volume().server]]);
    });

    it('that is refused because an earlier request is under way is asked for again when that came to nothing', async () => {
      await running();
      const look = lab.vim.attachmentState;
      const states = ['detached', 'changing', 'changing', 'detached'] as const;
      let looks = 0;
      lab.vim.attachmentState = async (...given) => states[looks++] ?? look(...given);
      lab.vim.failures.set('attach', [new VimError('conflict', 'is attaching already')]);
      await ask('attachResource');
      await lab.eventually(() => machine().pending === undefined);
      expect([attached(), machine().volumes]).to.deep.equal([true, [volume().server]]);
    });

    for (const kind of ['unreachable', 'unauthorized', 'timeout', 'aborted'] as const) {
      it(`that fails with '${kind}' has not been refused, and is asked for again`, async () => {
        await running();
        lab.vim.failures.set('attach', [new VimError(kind, 'not now')]);
        await ask('attachResource');
        await lab.until(() => lab.vim.failures.get('attach')?.length === 0);
        expect(machine().pending?.[0]).to.not.have.property('fault');
        await lab.eventually(() => machine().pending === undefined);
        expect([attached(), machine().volumes]).to.deep.equal([true, [volume().server]]);
        expect(lab.vim.calls.filter((call) => call === 'attach volume')).to.have.length(2);
      });
    }

    it('by a fault of the adapter is told, and asked for again', async () => {
      await running();
      const attach = lab.vim.attach;
      const fault = new TypeError('the adapter is broken');
      lab.vim.attach = () => {
        lab.vim.attach = attach;
        return Promise.reject(fault);
      };
      await ask('attachResource');
      await lab.eventually(() => machine().pending === undefined);
      expect([attached(), lab.reported]).to.deep.equal([true, [fault]]);
    });

    it('begins its time anew when it is asked for again', async () => {
      await running();
      lab.vim.attach = () => Promise.resolve();
      for (const turn of ['first', 'second']) {
        let looks = 0;
        lab.vim.attachmentState = () => Promise.resolve((looks += 1) === 1 ? 'detached' : 'changing');
        const before = lab.clock.now();
        await ask('attachResource');
        await lab.eventually(() => machine().pending?.[0]?.fault !== undefined);
        expect(lab.clock.now() - before, turn).to.be.at.least(120_000);
        expect(lab.clock.now() - before, turn).to.be.below(190_000);
      }
      expect(machine().pending?.[0]?.fault?.message).to.equal(
        'The provider accepted, and did not attach the volume; it does not say why.',
      );
    });

    describe('beside Promise, as a sweep finds it', () => {
      const what = () => ({ kind: 'volume', id: volume().server ?? '' }) as const;
      const server = (): string => machine().server ?? '';
      const has = async (): Promise<void> => {
        await running();
        await ask('attachResource');
        await lab.until(() => machine().pending === undefined);
      };
      /** The VIM takes longer than it is waited for. */
      const late = async (): Promise<void> => {
        await running();
        lab.vim.attach = () => Promise.resolve();
        await ask('attachResource');
        await lab.eventually(() => machine().pending?.[0]?.fault !== undefined);
        await lab.clouds.cloud('vim').attach(server(), what());
      };

      it('takes from the record what was detached', async () => {
        await has();
        await lab.clouds.cloud('vim').detach(server(), what());
        await lab.reconciler.refresh('vim');
        expect([machine().volumes, volume().attachedTo]).to.deep.equal([undefined, undefined]);
        expect(lab.strays).to.deep.equal([]);
      });

      it('takes from the record what is gone, and what could not be detached before', async () => {
        await has();
        lab.vim.failures.set('detach', [new VimError('refused', 'busy')]);
        await ask('detachResource');
        await lab.until(() => machine().pending?.[0]?.fault !== undefined);
        const id = volume().server ?? '';
        await lab.clouds.cloud('vim').detach(server(), { kind: 'volume', id });
        await lab.clouds.cloud('vim').deleteResource('volume', id);
        await lab.eventually(() => machine().volumes === undefined && !lab.ledger.head.allocations.has('data'));
        expect(machine().pending).to.equal(undefined);
      });

      it('leaves what the VIM, asked for it, says is there, or does not say', async () => {
        await has();
        lab.vim.listAttachments = () => Promise.resolve([]);
        await lab.reconciler.refresh('vim');
        await lab.clouds.cloud('vim').detach(server(), what());
        lab.vim.failures.set('attachmentState', [new VimError('failed', 'try later')]);
        await lab.reconciler.refresh('vim');
        expect(machine().volumes).to.deep.equal([volume().server]);
        await lab.reconciler.refresh('vim');
        expect(machine().volumes).to.equal(undefined);
      });

      it('leaves what is being changed meanwhile', async () => {
        await has();
        await lab.clouds.cloud('vim').detach(server(), what());
        const state = lab.vim.attachmentState;
        lab.vim.attachmentState = async (...given) => {
          lab.vim.attachmentState = state;
          const found = await state(...given);
          lab.vim.hang.add('attachmentState');
          await ask('detachResource');
          return found;
        };
        await lab.reconciler.refresh('vim');
        expect(machine().pending).to.deep.equal([{ ...what(), action: 'detach' }]);
        expect(machine().volumes).to.deep.equal([volume().server]);
      });

      it('names what came late, and leaves it by the policy report', async () => {
        await late();
        for (let sweeps = 0; sweeps < 3; sweeps += 1) await lab.reconciler.refresh('vim');
        expect(lab.strays).to.deep.equal(['volume of vm']);
        expect([attached(), machine().volumes]).to.deep.equal([true, undefined]);
        expect(machine().pending?.[0]?.fault?.message).to.match(/did not attach/);
      });

      it('adopts what came late by policy, when it is found again', async () => {
        await lab.decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'adopt' } });
        await late();
        await lab.reconciler.refresh('vim');
        expect(machine().volumes).to.equal(undefined);
        await lab.reconciler.refresh('vim');
        expect([machine().volumes, volume().attachedTo]).to.deep.equal([[volume().server], 'vm']);
        expect(machine().pending).to.equal(undefined);
      });

      it('undoes what came late by policy, when it is found again', async () => {
        await lab.decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'remove' } });
        await late();
        await lab.reconciler.refresh('vim');
        expect(attached()).to.equal(true);
        await lab.reconciler.refresh('vim');
        expect([attached(), machine().volumes]).to.deep.equal([false, undefined]);
      });

      it('stays, and the provider up, where the VIM does not undo it', async () => {
        await lab.decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'remove' } });
        await late();
        lab.vim.failures.set('detach', [new VimError('refused', 'busy')]);
        await lab.reconciler.refresh('vim');
        await lab.reconciler.refresh('vim');
        expect([attached(), lab.provider()?.status, lab.strays.length]).to.deep.equal([true, 'up', 1]);
        await lab.reconciler.refresh('vim');
        expect([attached(), lab.strays.length]).to.deep.equal([false, 1]);
      });

      for (const kind of ['unreachable', 'unauthorized', 'aborted'] as const) {
        it(`says that the provider is lost when its answer to that is '${kind}', and goes on later`, async () => {
          await lab.decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'remove' } });
          await late();
          lab.vim.failures.set('attachmentState', [new VimError(kind, 'not now')]);
          await lab.reconciler.refresh('vim');
          expect(lab.provider()?.status).to.equal(kind === 'unauthorized' ? 'rejected' : 'down');
          expect(lab.strays).to.deep.equal([]);
          await lab.reconciler.refresh('vim');
          expect(lab.provider()?.status).to.equal('up');
          lab.vim.failures.set('detach', [new VimError(kind, 'not now')]);
          await lab.reconciler.refresh('vim');
          expect(lab.provider()?.status).to.equal(kind === 'unauthorized' ? 'rejected' : 'down');
          await lab.reconciler.refresh('vim');
          expect([lab.provider()?.status, attached(), lab.strays.length]).to.deep.equal(['up', false, 1]);
        });
      }

      it('is named again when it was gone for a sweep', async () => {
        await late();
        await lab.reconciler.refresh('vim');
        await lab.clouds.cloud('vim').detach(server(), what());
        await lab.reconciler.refresh('vim');
        await lab.clouds.cloud('vim').attach(server(), what());
        await lab.reconciler.refresh('vim');
        expect(lab.strays).to.deep.equal(['volume of vm', 'volume of vm']);
      });

      it('takes a port from the record as well', async () => {
        await lab.connected();
        const port = resourceAllocation({ kind: 'port', network: 'data' }, 'data');
        await lab.decide(put(ALLOCATION), put(port));
        await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE' && volume().vmState === 'ACTIVE');
        const given = { kind: 'port', id: volume().server ?? '' } as const;
        await lab.ledger.update((head, inputs) =>
          commands.attachResource(head, { id: 'vm', kind: 'port', resource: 'data' }, { ...inputs, user: 'ann' }),
        );
        await lab.until(() => machine().pending === undefined);
        expect(machine().ports).to.deep.equal([given.id]);
        await lab.reconciler.refresh('vim');
        expect(machine().ports).to.deep.equal([given.id]);
        await lab.clouds.cloud('vim').detach(server(), given);
        await lab.reconciler.refresh('vim');
        expect([machine().ports, volume().attachedTo]).to.deep.equal([undefined, undefined]);
      });

      it('is compared with the machines of the provider alone', async () => {
        await has();
        const other = { ...PROVIDER, id: 'other', name: 'other' };
        await lab.decide({ kind: 'provider', id: 'other', body: other });
        await lab.until(() => lab.ledger.head.providers.get('other')?.status === 'up');
        await lab.until(() => lab.vim.calls.includes('listAttachments'));
        await lab.reconciler.refresh('other');
        expect(lab.vim.calls).to.not.include('attachmentState volume');
        expect(machine().volumes).to.deep.equal([volume().server]);
      });

      it('asks for nothing more where it finds nothing else than the records say', async () => {
        await has();
        lab.vim.calls.splice(0);
        await lab.reconciler.refresh('vim');
        expect(lab.vim.calls).to.include('listAttachments').and.not.include('attachmentState volume');
        expect(lab.strays).to.deep.equal([]);
      });

      it('is nothing while it is being brought about', async () => {
        await running();
        lab.vim.attach = async (machineId, attachable) => {
          await lab.clouds.cloud('vim').attach(machineId, attachable);
          return new Promise(() => undefined);
        };
        await ask('attachResource');
        await lab.until(attached);
        await lab.reconciler.refresh('vim');
        expect(lab.strays).to.deep.equal([]);
        expect(machine().pending).to.deep.equal([{ ...what(), action: 'attach' }]);
      });

      it('is not looked for at a machine that is being made', async () => {
        await lab.connected();
        await lab.decide(put(VOLUME));
        await lab.eventually(() => volume().vmState === 'ACTIVE');
        lab.vim.hang.add('createServer');
        await lab.decide(put({ ...ALLOCATION, volumes: [what().id] }));
        await lab.until(() => lab.vim.calls.includes('createServer token-vm'));
        lab.vim.calls.splice(0);
        await lab.reconciler.refresh('vim');
        expect(machine().volumes).to.deep.equal([what().id]);
        expect(lab.vim.calls).to.not.include('attachmentState volume');
      });

      it('is nothing where the VIM, asked for it, says that it is not so', async () => {
        await late();
        lab.vim.attachmentState = () => Promise.resolve('changing');
        await lab.reconciler.refresh('vim');
        expect(lab.strays).to.deep.equal([]);
      });

      it('is named also when nobody had asked for it', async () => {
        await running();
        await lab.clouds.cloud('vim').attach(server(), what());
        await lab.reconciler.refresh('vim');
        expect(lab.strays).to.deep.equal(['volume of vm']);
      });

      it('is named also when Promise did not make it, and was asked to attach it', async () => {
        await running();
        const cloud = lab.clouds.cloud('vim');
        const spec = { kind: 'volume', sizeGb: 1 } as const;
        const { id } = await cloud.createResource({ token: 'of-others', name: 'v', spec });
        lab.clock.advance(2_000);
        await lab.clouds.cloud('vim').attach(server(), { kind: 'volume', id });
        await lab.reconciler.refresh('vim');
        expect(lab.strays, 'nobody asked for it').to.deep.equal([]);
        await cloud.detach(server(), { kind: 'volume', id });
        lab.vim.attach = () => Promise.resolve();
        await lab.ledger.update((head, inputs) =>
          commands.attachResource(head, { id: 'vm', kind: 'volume', resource: id }, { ...inputs, user: 'ann' }),
        );
        await lab.eventually(() => machine().pending?.[0]?.fault !== undefined);
        await cloud.attach(server(), { kind: 'volume', id });
        await lab.reconciler.refresh('vim');
        expect(lab.strays).to.deep.equal(['volume of vm']);
      });

      it('is named again after a restart, and each by itself', async () => {
        await lab.decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'remove' } });
        await late();
        await lab.decide(put(resourceAllocation({ kind: 'volume', sizeGb: 1 }, 'more')));
        await lab.eventually(() => lab.ledger.head.allocations.get('more')?.vmState === 'ACTIVE');
        await lab.shut();
        lab.open();
        await lab.until(() => lab.strays.length === 1);
        const { server: id = '' } = lab.ledger.head.allocations.get('more') ?? {};
        await lab.clouds.cloud('vim').attach(server(), { kind: 'volume', id });
        await lab.reconciler.refresh('vim');
        expect([attached(), lab.strays]).to.deep.equal([false, ['volume of vm', 'volume of vm']]);
        expect(lab.clouds.cloud('vim').isAttached(server(), { kind: 'volume', id })).to.equal(true);
        await lab.reconciler.refresh('vim');
        expect(lab.clouds.cloud('vim').isAttached(server(), { kind: 'volume', id })).to.equal(false);
      });

      it('is no matter where the machine starts from it', async () => {
        await lab.decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'remove' } });
        await lab.connected();
        await lab.decide(put({ ...VOLUME, resource: { kind: 'volume', sizeGb: 1, image: 'cirros' } }));
        await lab.eventually(() => volume().vmState === 'ACTIVE');
        await lab.decide(put({ ...omit(ALLOCATION, 'image'), bootVolume: what().id }));
        await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
        for (let sweeps = 0; sweeps < 3; sweeps += 1) await lab.reconciler.refresh('vim');
        expect([lab.strays, attached()]).to.deep.equal([[], true]);
      });

      it('is no matter where neither asked for it nor made it', async () => {
        await lab.decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'remove' } });
        await running();
        const cloud = lab.clouds.connect({ providerId: 'vim' });
        const spec = { kind: 'port', network: 'data' } as const;
        const { id } = await cloud.createResource({ token: 'of-others', name: 'p', spec }, lab.signal);
        await lab.clouds.cloud('vim').attach(server(), { kind: 'port', id });
        for (let sweeps = 0; sweeps < 3; sweeps += 1) await lab.reconciler.refresh('vim');
        expect(lab.strays).to.deep.equal([]);
        expect(lab.clouds.cloud('vim').isAttached(server(), { kind: 'port', id })).to.equal(true);
      });
    });

    it('gives way to the end of the machine', async () => {
      await running();
      lab.vim.failures.set(
        'attach',
        Array.from({ length: 3 }, () => new VimError('timeout', 'no answer')),
      );
      await ask('attachResource');
      await lab.until(() => lab.vim.calls.includes('attach volume'));
      await lab.decide(put({ ...machine(), vmState: 'DELETING', intent: 'delete' }));
      await lab.eventually(() => lab.vm() === undefined);
      expect(volume().attachedTo).to.equal(undefined);
    });
  });
});
