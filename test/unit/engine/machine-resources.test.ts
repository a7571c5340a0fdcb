import { expect } from 'chai';
import { remainingOf } from '../../../src/engine/claims.ts';
import { UnknownEntry } from '../../../src/engine/requests.ts';
import type { CreateInstance, WantedResource } from '../../../src/engine/requests.ts';
import { Engine } from './engine-fixture.ts';
import {
  FLOATING,
  NETWORK,
  PORT,
  VOLUME,
  engineWith,
  machine,
  machineReason,
  make,
  record,
  refusal,
  resourceOf,
  there,
} from './resource-lab.ts';

describe('machines with ports and volumes that are there', () => {
  it('notes who uses them, and lets go of them when the machine is gone', () => {
    const engine = engineWith();
    const [port, volume] = [there(engine, PORT), there(engine, VOLUME)];
    const vm = machine(engine, { ports: [port], volumes: [`vim-${volume}`, 'of-others'] });
    expect(record(engine, vm)).to.deep.include({
      ports: [`vim-${port}`],
      volumes: [`vim-${volume}`, 'of-others'],
      networks: [],
    });
    for (const id of [port, volume]) {
      expect(resourceOf(engine, id).attachedTo).to.equal(vm);
      const result = engine.do('destroyAllocation', { id });
      expect(result.outcome === 'refused' && result.refusal.reason).to.equal('resource-in-use');
    }
    expect(machineReason(engine, { volumes: [volume] })).to.equal('resource-in-use');
    engine.do('destroyInstance', { id: vm });
    expect(engine.do('destroyAllocation', { id: volume }).outcome, 'with its machine').to.equal('deleting');
    engine.do('serverGone', { allocation: vm });
    expect(resourceOf(engine, port).attachedTo).to.equal(undefined);
    machine(engine, { ports: [port] });
  });

  it('lets go of them when the machine could not be made', () => {
    const engine = engineWith();
    const port = there(engine, PORT);
    const vm = machine(engine, { ports: [port] });
    engine.do('createFailed', { allocation: vm, fault: { message: 'no' } });
    expect(resourceOf(engine, port).attachedTo).to.equal(undefined);
  });

  it('wants them ready, and of the right kind', () => {
    const engine = engineWith();
    const port = make(engine, PORT);
    expect(machineReason(engine, { ports: [port] })).to.equal('resource-not-ready');
    expect(machineReason(engine, { volumes: [port] })).to.equal('unknown-resource');
    expect(() => engine.do('destroyInstance', { id: port })).to.throw(UnknownEntry);
    expect(engine.do('destroyAllocation', { id: machine(engine) }).outcome, 'a machine too').to.equal('deleting');
  });

  it('belong to the tenant for which they were made', () => {
    const engine = engineWith();
    engine.as = { user: 'ann', tenant: 'red', confinedTo: 'red' };
    const [network, port, volume] = [there(engine, NETWORK), there(engine, PORT), there(engine, VOLUME)];
    const [provider = ''] = engine.head.providers.keys();
    const listed = engine.head.providers.get(provider)?.inventory;
    if (listed === undefined) throw new Error('nothing is known of it');
    const networks = [...listed.networks, { id: `vim-${network}`, name: 'net-of-red', external: false }];
    engine.do('updateProvider', { id: provider, inventory: { ...listed, networks } });
    engine.as = { user: 'bob', tenant: 'blue', confinedTo: 'blue' };
    for (const name of [network, `vim-${network}`, 'net-of-red'])
      expect(refusal(engine, { kind: 'port', network: name }), name).to.equal('unknown-network');
    for (const name of [port, `vim-${port}`]) {
      expect(machineReason(engine, { ports: [name] }), name).to.equal('unknown-resource');
      expect(refusal(engine, { ...FLOATING, port: name }), name).to.equal('unknown-resource');
    }
    expect(machineReason(engine, { volumes: [`vim-${volume}`] })).to.equal('unknown-resource');
    // What nobody has is answered in the same words, and without the VIM: a guess tells nothing.
    const said = (name: string): string => {
      const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', ports: [name] });
      return result.outcome === 'refused' ? result.refusal.message.replace(name, '…') : result.outcome;
    };
    expect(said(`vim-${port}`)).to.equal(said('nobodys'));
    expect(refusal(engine, { ...FLOATING, port: 'nobodys' })).to.equal('unknown-resource');
    expect(() => engine.do('destroyAllocation', { id: volume })).to.throw(UnknownEntry);
    engine.as = { user: 'ann', tenant: 'red', confinedTo: 'red' };
    machine(engine, { networks: ['net-of-red'], ports: [port], volumes: [volume] });
  });
});

describe('machines that start from volumes', () => {
  const ROOT: WantedResource = { kind: 'volume', sizeGb: 10, image: 'cirros' };
  const booted = (engine: Engine, volume: string, more: Partial<CreateInstance> = {}): string => {
    const input = { name: 'vm', flavor: 'small', bootVolume: volume, ...more };
    const result = engine.do('createInstance', input);
    if (result.outcome === 'refused') throw new Error(result.refusal.reason);
    return result.allocation.id;
  };

  it('keep them to their end, and have no disk on their hosts', () => {
    const engine = engineWith();
    const volume = there(engine, ROOT);
    expect(resourceOf(engine, volume).resource).to.deep.equal({ kind: 'volume', sizeGb: 10, image: 'i1' });
    const vm = booted(engine, volume, { volumes: [volume] });
    expect(record(engine, vm)).to.include({ bootVolume: `vim-${volume}`, host: 'h1' });
    expect(record(engine, vm)).to.not.have.any.keys('image', 'disk', 'volumes');
    expect(resourceOf(engine, volume).attachedTo).to.equal(vm);
    expect(() => booted(engine, volume)).to.throw('resource-in-use');
    engine.do('serverAccepted', { allocation: vm, server: 's1' });
    engine.do('vmStateReported', { allocation: vm, vmState: 'ACTIVE' });
    for (const resource of [volume, `vim-${volume}`]) {
      const detached = engine.do('detachResource', { id: vm, kind: 'volume', resource });
      expect(detached.outcome === 'refused' && detached.refusal.reason).to.equal('resource-in-use');
    }
    const found = { allocation: vm, kind: 'volume', id: `vim-${volume}` } as const;
    expect(engine.do('attachmentFound', { ...found, attached: true }).outcome).to.equal('ignored');
    expect(engine.do('destroyAllocation', { id: volume }).outcome).to.equal('refused');
    engine.do('serverResized', { allocation: vm, flavor: 'f2' });
    expect(record(engine, vm)).to.include({ flavor: 'f2' }).and.not.have.property('disk');
    engine.do('serverGone', { allocation: vm });
    expect(resourceOf(engine, volume).attachedTo).to.equal(undefined);
    expect(engine.do('destroyAllocation', { id: volume }).outcome).to.equal('deleting');
  });

  it('take the storage and the instance from one reservation', () => {
    const engine = engineWith();
    const result = engine.do('createReservation', {
      demand: {
        capacity: { gigabytes: 10, volumes: 1 },
        containers: [{ name: 'c', count: 1, size: { vcpus: 1, ram: 512 } }],
      },
    });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    const { id: reservation } = result.reservation;
    const volume = there(engine, ROOT, { reservation });
    expect(machineReason(engine, { reservation }), 'a disk is not reserved').to.equal('exceeds-reservation');
    booted(engine, volume, { reservation });
    expect(remainingOf(engine.head, engine.reservation(reservation)).gigabytes).to.equal(0);
    expect(refusal(engine, ROOT, { reservation })).to.equal('exceeds-reservation');
  });

  it('want a volume that is there, and an image that is there for the volume', () => {
    const engine = engineWith();
    expect(refusal(engine, { ...ROOT, image: 'nope' })).to.equal('unknown-image');
    expect(() => booted(engine, make(engine, ROOT))).to.throw('resource-not-ready');
    expect(() => booted(engine, there(engine, PORT))).to.throw('unknown-resource');
  });
});

describe('attaching to machines that are there', () => {
  const running = (engine: Engine, more: Partial<CreateInstance> = {}): string => {
    const id = machine(engine, more);
    engine.do('serverAccepted', { allocation: id, server: `vim-${id}` });
    engine.do('vmStateReported', { allocation: id, vmState: 'ACTIVE' });
    engine.told();
    return id;
  };
  const reason = (
    engine: Engine,
    what: 'attachResource' | 'detachResource',
    input: { readonly id: string; readonly resource: string; readonly kind?: 'port' | 'volume' },
  ): string => {
    const result = engine.do(what, { kind: 'volume', ...input });
    return result.outcome === 'refused' ? result.refusal.reason : 'none';
  };

  it('is pending until the VIM has done it, and told then', () => {
    const engine = engineWith();
    const volume = there(engine, VOLUME);
    const id = running(engine);
    const server = `vim-${volume}`;
    expect(reason(engine, 'attachResource', { id, resource: volume })).to.equal('none');
    expect(record(engine, id)).to.deep.include({ volumes: [server] });
    expect(engine.head.intents.has(id)).to.equal(true);
    expect(reason(engine, 'attachResource', { id, resource: server }), 'by the id of the VIM').to.equal('none');
    expect(reason(engine, 'attachResource', { id: running(engine), resource: volume })).to.equal('resource-in-use');
    const outcome = { allocation: id, id: server, action: 'attach' } as const;
    expect(engine.do('attachmentSettled', { ...outcome, action: 'detach' }).outcome).to.equal('ignored');
    engine.do('attachmentSettled', outcome);
    expect(engine.head.intents.has(id)).to.equal(false);
    expect(record(engine, id)).to.not.have.property('pending');
    expect(engine.do('attachmentSettled', outcome).outcome).to.equal('ignored');
    expect(engine.told()).to.deep.equal(['allocation attached ACTIVE']);

    expect(reason(engine, 'detachResource', { id, resource: volume })).to.equal('none');
    expect(reason(engine, 'attachResource', { id, resource: volume })).to.equal('resource-not-ready');
    expect(engine.do('destroyAllocation', { id: volume }).outcome).to.equal('refused');
    engine.do('attachmentSettled', { ...outcome, action: 'detach' });
    expect(resourceOf(engine, volume).attachedTo).to.equal(undefined);
    expect(engine.told()).to.deep.equal(['allocation detached ACTIVE']);
  });

  it('that failed is told, and can be tried again or forgotten', () => {
    const engine = engineWith();
    const volume = there(engine, VOLUME);
    const id = running(engine);
    const settled = (action: 'attach' | 'detach', fault?: string): void => {
      const why = fault === undefined ? {} : { fault: { message: fault } };
      engine.do('attachmentSettled', { allocation: id, id: `vim-${volume}`, action, ...why });
    };
    reason(engine, 'attachResource', { id, resource: volume });
    settled('attach', 'no slot');
    expect(record(engine, id)).to.not.have.property('volumes');
    expect(resourceOf(engine, volume).attachedTo).to.equal(undefined);
    expect(reason(engine, 'detachResource', { id, resource: volume }), 'forgets it').to.equal('none');
    expect(record(engine, id)).to.not.have.property('pending');
    expect(reason(engine, 'detachResource', { id, resource: volume })).to.equal('unknown-resource');
    reason(engine, 'attachResource', { id, resource: volume });
    settled('attach');
    reason(engine, 'detachResource', { id, resource: volume });
    settled('detach', 'the guest does not let go');
    expect(resourceOf(engine, volume).attachedTo).to.equal(id);
    expect(reason(engine, 'attachResource', { id, resource: volume }), 'so it is attached').to.equal('none');
    expect(record(engine, id)).to.not.have.property('pending');
    expect(engine.told()).to.deep.equal([
      'allocation attachment-failed ACTIVE',
      'allocation attached ACTIVE',
      'allocation attachment-failed ACTIVE',
    ]);
  });

  it('is taken over where the VIM has it otherwise, unless it is being changed', () => {
    const engine = engineWith();
    const volume = there(engine, VOLUME);
    const [id, other] = [running(engine), running(engine)];
    const what = { kind: 'volume', id: `vim-${volume}` } as const;
    const found = (attached: boolean, allocation = id): string =>
      engine.do('attachmentFound', { ...what, allocation, attached }).outcome;
    expect(found(false)).to.equal('ignored');
    expect(found(true)).to.equal('recorded');
    expect(record(engine, id)).to.deep.include({ volumes: [what.id] });
    expect(resourceOf(engine, volume).attachedTo).to.equal(id);
    expect(found(true)).to.equal('ignored');
    expect(found(true, other), 'it has another').to.equal('ignored');
    reason(engine, 'detachResource', { id, resource: volume });
    expect(found(false), 'it is being detached').to.equal('ignored');
    engine.do('attachmentSettled', { allocation: id, id: what.id, action: 'detach', fault: { message: 'busy' } });
    expect(found(false)).to.equal('recorded');
    expect(record(engine, id)).to.not.have.any.keys('volumes', 'pending');
    expect(resourceOf(engine, volume).attachedTo).to.equal(undefined);
    expect(engine.told()).to.deep.equal([
      'allocation attached ACTIVE',
      'allocation attachment-failed ACTIVE',
      'allocation detached ACTIVE',
    ]);
    expect(found(true, volume), 'a volume has none').to.equal('ignored');
    expect(found(true, 'nobody')).to.equal('ignored');
    engine.do('destroyInstance', { id });
    expect(found(true), 'it is on its way out').to.equal('ignored');
  });

  it('wants a machine that runs and what is free, ready and of the kind', () => {
    const engine = engineWith();
    const volume = there(engine, VOLUME);
    const early = machine(engine);
    expect(reason(engine, 'attachResource', { id: early, resource: volume })).to.equal('resource-not-ready');
    const id = running(engine);
    expect(reason(engine, 'attachResource', { id, resource: make(engine, VOLUME) })).to.equal('resource-not-ready');
    expect(reason(engine, 'attachResource', { id, resource: volume, kind: 'port' })).to.equal('unknown-resource');
    expect(() => reason(engine, 'attachResource', { id: volume, resource: volume })).to.throw(UnknownEntry);
    engine.do('destroyInstance', { id });
    expect(reason(engine, 'attachResource', { id, resource: volume })).to.equal('resource-not-ready');
  });

  it('ends with the machine, which leaves what it had', () => {
    const engine = engineWith();
    const [port, volume] = [there(engine, PORT), there(engine, VOLUME)];
    const id = running(engine, { ports: [port] });
    reason(engine, 'attachResource', { id, resource: volume });
    reason(engine, 'detachResource', { id, resource: port, kind: 'port' });
    engine.do('destroyInstance', { id });
    engine.do('deletionAccepted', { allocation: id });
    expect(engine.head.intents.has(id), 'nothing is attached any more').to.equal(false);
    engine.do('serverGone', { allocation: id });
    for (const each of [port, volume]) expect(resourceOf(engine, each).attachedTo).to.equal(undefined);
  });

  it('knows only what belongs to who asks', () => {
    const engine = engineWith();
    engine.as = { user: 'ann', tenant: 'red', confinedTo: 'red' };
    const volume = there(engine, VOLUME);
    const id = running(engine);
    engine.as = { user: 'bob', tenant: 'blue', confinedTo: 'blue' };
    expect(() => reason(engine, 'attachResource', { id, resource: volume })).to.throw(UnknownEntry);
    const own = running(engine);
    for (const name of [volume, `vim-${volume}`, 'nobodys'])
      expect(reason(engine, 'attachResource', { id: own, resource: name }), name).to.equal('unknown-resource');
  });
});
