/** What machines have of ports and volumes, what is on its way, and why something cannot be had. */
import { expect } from 'chai';
import {
  attachedIds,
  attachmentNamed,
  isReady,
  isSettled,
  withAttached,
  withPending,
} from '../../../src/engine/attachments.ts';
import type { MachineAllocation, PendingAttachment } from '../../../src/engine/entities.ts';
import { omit } from '../../../src/engine/omit.ts';
import type { Refusal } from '../../../src/engine/requests.ts';
import { Engine, NOW } from './engine-fixture.ts';

const MACHINE: MachineAllocation = {
  id: 'vm',
  name: 'vm',
  backing: 'own',
  pool: 'pool',
  provider: 'p',
  priority: 3,
  vmState: 'ACTIVE',
  server: 's1',
  token: 't',
  flavor: 'small',
  networks: [],
  capacity: { cores: 1 },
  startsAt: 0,
  claims: [],
  owner: 'alice',
  createdOn: NOW,
  modifiedOn: NOW,
};
const ATTACHING: PendingAttachment = { kind: 'volume', id: 'v1', action: 'attach' };
const FAILED: PendingAttachment = { ...ATTACHING, fault: { message: 'full', occurredOn: NOW } };

describe('ports and volumes of a machine', () => {
  it('are two lists, either of which is absent where it is empty', () => {
    expect(attachedIds(MACHINE, 'port')).to.deep.equal([]);
    expect(attachedIds(MACHINE, 'volume')).to.deep.equal([]);
    const both = withAttached(withAttached(MACHINE, 'port', ['p1']), 'volume', ['v1', 'v2']);
    expect(both).to.deep.equal({ ...MACHINE, ports: ['p1'], volumes: ['v1', 'v2'] });
    expect(attachedIds(both, 'port')).to.deep.equal(['p1']);
    expect(attachedIds(both, 'volume')).to.deep.equal(['v1', 'v2']);
    expect(withAttached(both, 'port', [])).to.deep.equal({ ...MACHINE, volumes: ['v1', 'v2'] });
    expect(withAttached(both, 'volume', [])).to.deep.equal({ ...MACHINE, ports: ['p1'] });
  });

  it('are pending one entry each, the latest', () => {
    const one = withPending(MACHINE, 'v1', ATTACHING);
    expect(one.pending).to.deep.equal([ATTACHING]);
    const detaching = { kind: 'port', id: 'p1', action: 'detach' } as const;
    const two = withPending(one, 'p1', detaching);
    expect(withPending(two, 'v1', FAILED).pending).to.deep.equal([detaching, FAILED]);
    expect(withPending(two, 'v1').pending).to.deep.equal([detaching]);
    expect(withPending(one, 'v1')).to.deep.equal(MACHINE);
  });

  it('are taken and given up by a machine that is there and is not being changed', () => {
    expect(isReady(MACHINE)).to.equal(true);
    expect(isReady({ ...MACHINE, vmState: 'SHUTOFF' })).to.equal(true);
    for (const vmState of ['INITIALIZED', 'ERROR', 'DELETING', 'UNKNOWN'] as const)
      expect(isReady({ ...MACHINE, vmState }), vmState).to.equal(false);
    expect(isReady({ ...MACHINE, intent: 'delete' })).to.equal(false);
    expect(isReady(omit(MACHINE, 'server'))).to.equal(false);
  });

  it('are the word of the VIM unless they are on their way', () => {
    const pending = [{ ...ATTACHING, id: 'v2' }, ATTACHING];
    expect(isSettled(MACHINE, 'v1')).to.equal(true);
    expect(isSettled({ ...MACHINE, pending }, 'v1')).to.equal(false);
    expect(isSettled({ ...MACHINE, pending }, 'v3')).to.equal(true);
    expect(isSettled({ ...MACHINE, pending: [{ ...ATTACHING, id: 'v2' }, FAILED] }, 'v1')).to.equal(true);
    expect(isSettled({ ...MACHINE, vmState: 'ERROR' }, 'v1')).to.equal(false);
  });

  it('go by the names of what the machine has, or was to have', () => {
    const { head } = new Engine();
    const operator = {};
    const machine = { ...MACHINE, ports: ['p1'], volumes: ['v1'], pending: [{ ...ATTACHING, id: 'v2' }, FAILED] };
    const named = (kind: 'port' | 'volume', name: string) => attachmentNamed(head, machine, kind, name, operator);
    expect(['v1', 'v2', 'v3', 'p1'].map((name) => named('volume', name))).to.deep.equal([
      'v1',
      'v2',
      undefined,
      undefined,
    ]);
    expect(['p1', 'v2', 'v1'].map((name) => named('port', name))).to.deep.equal(['p1', undefined, undefined]);
  });
});

describe('a volume that is asked for', () => {
  const as = (tenant: string) => ({ user: tenant, tenant, confinedTo: tenant });
  let engine: Engine;
  let volume: string;

  beforeEach(() => {
    engine = new Engine();
    engine.pool(engine.provider(), { cores: 8, ram: 8192, instances: 8, gigabytes: 50, volumes: 5 });
    engine.as = as('blue');
    const made = engine.do('createAllocation', { name: 'data', resource: { kind: 'volume', sizeGb: 1 } });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    volume = made.allocation.id;
  });

  const asks = (...volumes: string[]) =>
    engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', volumes });
  const refusal = (...volumes: string[]): Partial<Refusal> => {
    const result = asks(...volumes);
    return result.outcome === 'refused' ? result.refusal : {};
  };
  const runs = (): void => {
    engine.do('serverAccepted', { allocation: volume, server: 'v1' });
    engine.do('vmStateReported', { allocation: volume, vmState: 'ACTIVE' });
  };

  it('has to be there', () => {
    const message = `The volume '${volume}' cannot be used now; its state is INITIALIZED.`;
    expect(refusal(volume)).to.include({ reason: 'resource-not-ready', message });
    runs();
    expect(asks(volume).outcome).to.equal('accepted');
  });

  it('has to be known to him who asks', () => {
    runs();
    engine.as = as('red');
    for (const name of [volume, 'v1', 'data', 'ghost']) {
      const { reason, message } = refusal(name);
      expect([reason, message]).to.deep.equal(['unknown-resource', `The provider 'id-1' has no volume '${name}'.`]);
    }
  });

  it('is used by one at a time, who is named to those that see him', () => {
    runs();
    const first = asks(volume);
    const user = first.outcome === 'refused' ? '' : first.allocation.id;
    const message = `The volume '${volume}' is used by '${user}'.`;
    expect(refusal('v1')).to.include({ reason: 'resource-in-use', message });
    engine.do('destroyInstance', { id: user });
    engine.do('serverGone', { allocation: user });
    expect(engine.head.allocations.get(volume)).not.to.have.property('attachedTo');
    engine.as = { user: 'alice' };
    asks(volume);
    engine.as = as('blue');
    expect(refusal(volume)).to.include({ message: `The volume '${volume}' is used by one of others.` });
  });
});
