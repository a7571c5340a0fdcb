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
import type { MachineAllocation, PendingAttachment, ResourceAllocation } from '../../../src/engine/entities.ts';
import { omit } from '../../../src/engine/omit.ts';
import { UnknownEntry } from '../../../src/engine/requests.ts';
import type { Refusal } from '../../../src/engine/requests.ts';
import { MACHINE } from './allocation-records.ts';
import { DAY, Engine, NOW, inventoryOf } from './engine-fixture.ts';

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

describe('a volume of a machine that runs', () => {
  let engine: Engine;
  let machine: string;
  let volume: string;

  beforeEach(() => {
    engine = new Engine();
    engine.pool(engine.provider(), { cores: 8, ram: 8192, instances: 8, gigabytes: 50, volumes: 5 });
    volume = allocated('data', 'v1');
    machine = made('vm', 's1');
    engine.events.splice(0);
  });

  function allocated(name: string, server: string): string {
    const result = engine.do('createAllocation', { name, resource: { kind: 'volume', sizeGb: 1 } });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return runs(result.allocation.id, server);
  }

  function made(name: string, server: string, more: object = { image: 'cirros' }): string {
    const result = engine.do('createInstance', { name, flavor: 'small', ...more });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return runs(result.allocation.id, server);
  }

  function runs(id: string, server: string): string {
    engine.do('serverAccepted', { allocation: id, server });
    engine.do('vmStateReported', { allocation: id, vmState: 'ACTIVE' });
    return id;
  }

  const change = (what: 'attachResource' | 'detachResource', resource = volume, id = machine) => {
    const result = engine.do(what, { id, kind: 'volume', resource });
    return result.outcome === 'refused' ? [result.refusal.reason, result.refusal.message] : [result.attachment];
  };
  const settled = (action: 'attach' | 'detach', message?: string, id = 'v1') =>
    engine.do('attachmentSettled', {
      allocation: machine,
      id,
      action,
      ...(message === undefined ? {} : { fault: { message } }),
    });
  const has = (): unknown[] => {
    const { volumes, pending } = engine.head.allocations.get(machine) as MachineAllocation;
    const { attachedTo } = engine.head.allocations.get(volume) as ResourceAllocation;
    return [volumes, pending?.map(({ id, action, fault }) => [id, action, fault?.message]), attachedTo];
  };
  const told = (): unknown[] =>
    engine.events
      .splice(0)
      .map((event) =>
        event.kind === 'allocation-event'
          ? [event.cause, event.attachment?.id, event.attachment?.action, event.attachment?.fault?.message]
          : [],
      );

  it('is attached and detached as the VIM says, and told of', () => {
    expect(change('attachResource')).to.deep.equal(['v1']);
    expect(has()).to.deep.equal([['v1'], [['v1', 'attach', undefined]], machine]);
    expect(change('attachResource'), 'it is under way').to.deep.equal(['v1']);
    expect(settled('detach').outcome, 'nobody asked for it').to.equal('ignored');
    expect(settled('attach', undefined, 'v2').outcome).to.equal('ignored');
    expect(settled('attach')).to.deep.equal({
      outcome: 'recorded',
      allocation: engine.head.allocations.get(machine),
    });
    expect(has()).to.deep.equal([['v1'], undefined, machine]);
    expect(told()).to.deep.equal([['attached', 'v1', 'attach', undefined]]);
    const before = engine.head.allocations.get(machine);
    expect(engine.do('attachResource', { id: machine, kind: 'volume', resource: volume })).to.deep.equal({
      outcome: 'accepted',
      allocation: before,
      attachment: 'v1',
    });
    change('detachResource');
    expect(has()).to.deep.equal([['v1'], [['v1', 'detach', undefined]], machine]);
    expect(change('attachResource')).to.deep.equal([
      'resource-not-ready',
      `The volume '${volume}' is being detached; attach it when it is.`,
    ]);
    settled('detach');
    expect(has()).to.deep.equal([undefined, undefined, undefined]);
    expect(told()).to.deep.equal([['detached', 'v1', 'detach', undefined]]);
  });

  it('that cannot be attached is free, and one that cannot be detached stays', () => {
    change('attachResource', allocated('more', 'v2'));
    settled('attach', undefined, 'v2');
    engine.events.splice(0);
    change('attachResource');
    settled('attach', 'no more slots');
    expect(has()).to.deep.equal([['v2'], [['v1', 'attach', 'no more slots']], undefined]);
    expect(settled('attach').outcome, 'that is settled').to.equal('ignored');
    expect(told()).to.deep.equal([['attachment-failed', 'v1', 'attach', 'no more slots']]);
    const [pending] = (engine.head.allocations.get(machine) as MachineAllocation).pending ?? [];
    expect(pending?.fault?.occurredOn).to.equal(engine.now);
    change('attachResource');
    settled('attach');
    change('detachResource');
    settled('detach', 'it is busy');
    expect(has()).to.deep.equal([['v2', 'v1'], [['v1', 'detach', 'it is busy']], machine]);
    expect(change('attachResource'), 'it is attached').to.deep.equal(['v1']);
    expect(has()).to.deep.equal([['v2', 'v1'], undefined, machine]);
    expect(change('detachResource', 'v2')).to.deep.equal(['v2']);
    settled('detach', undefined, 'v2');
    expect(has()).to.deep.equal([['v1'], undefined, machine]);
  });

  it('is found attached or detached beside the record, by which nothing of others is lost', () => {
    change('attachResource', allocated('more', 'v2'));
    settled('attach', undefined, 'v2');
    engine.events.splice(0);
    const found = (attached: boolean, id = 'v1', allocation = machine) =>
      engine.do('attachmentFound', { allocation, kind: 'volume', id, attached }).outcome;
    expect(found(true)).to.equal('recorded');
    expect(has()).to.deep.equal([['v2', 'v1'], undefined, machine]);
    expect(found(true), 'that is known').to.equal('ignored');
    expect(found(false)).to.equal('recorded');
    expect(has()).to.deep.equal([['v2'], undefined, undefined]);
    expect(told()).to.deep.equal([
      ['attached', 'v1', 'attach', undefined],
      ['detached', 'v1', 'detach', undefined],
    ]);
    expect(found(true, 'foreign'), 'Promise did not make it').to.equal('recorded');
    expect(found(true, 'v1', 'none')).to.equal('ignored');
    expect(found(true, 'v1', volume)).to.equal('ignored');
    expect(found(true, 'v2', made('other', 's2')), 'another has it').to.equal('ignored');
    expect(settled('attach', undefined, 'v9').outcome).to.equal('ignored');
    for (const allocation of ['none', volume])
      expect(engine.do('attachmentSettled', { allocation, id: 'v1', action: 'attach' }).outcome).to.equal('ignored');
  });

  it('is not attached, or detached, where that cannot be', () => {
    const unknown = `The virtual machine '${machine}' has no volume '${volume}' attached.`;
    expect(change('detachResource')).to.deep.equal(['unknown-resource', unknown]);
    for (const id of ['none', volume])
      expect(() => change('attachResource', volume, id))
        .to.throw(UnknownEntry, `There is no allocation '${id}'.`)
        .with.property('field', 'instance-id');
    change('attachResource');
    settled('attach');
    engine.do('vmStateReported', { allocation: machine, vmState: 'ERROR' });
    const unready = `The virtual machine '${machine}' takes and gives up nothing now; its state is ERROR.`;
    for (const what of ['attachResource', 'detachResource'] as const)
      expect(change(what)).to.deep.equal(['resource-not-ready', unready]);
  });

  it('is not attached where it is reserved for others', () => {
    const elements = [{ kind: 'volume', id: 'v7', name: 'shared', sizeGb: 1 }] as const;
    const inventory = inventoryOf([{ name: 'h1', cores: 100 }], {}, elements);
    engine.do('updateProvider', { id: 'id-1', status: 'up', inventory });
    engine.reserve({ end: engine.now + DAY, demand: { capacity: {}, elements: ['v7'] } });
    expect(change('attachResource', 'v7')[0]).to.not.equal('v7');
  });

  it('is not attached where it is reserved later, to a machine that runs on when its reservation is over', () => {
    const elements = [{ kind: 'volume', id: 'v7', name: 'shared', sizeGb: 1 }] as const;
    const inventory = inventoryOf([{ name: 'h1', cores: 100 }], {}, elements);
    engine.do('updateProvider', { id: 'id-1', status: 'up', inventory });
    const reservation = engine.reserve({ end: NOW + DAY, demand: { capacity: { cores: 1, ram: 512, instances: 1 } } });
    machine = made('vm2', 's2', { image: 'cirros', reservation });
    engine.reserve({ start: NOW + 3 * DAY, end: NOW + 4 * DAY, demand: { capacity: {}, elements: ['v7'] } });
    engine.advance(2 * DAY);
    expect(change('attachResource', 'v7')[0]).to.equal('element-reserved');
  });

  it('from which the machine starts stays', () => {
    const boot = engine.do('createAllocation', {
      name: 'boot',
      resource: { kind: 'volume', sizeGb: 2, image: 'cirros' },
    });
    if (boot.outcome === 'refused') throw new Error(boot.refusal.message);
    runs(boot.allocation.id, 'v3');
    machine = made('other', 's3', { bootVolume: 'v3' });
    const message = `The virtual machine '${machine}' starts from the volume 'v3'.`;
    expect(change('detachResource', 'v3')).to.deep.equal(['resource-in-use', message]);
    change('attachResource');
    settled('attach');
    expect(change('detachResource')).to.deep.equal(['v1']);
  });
});
