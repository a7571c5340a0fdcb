import { expect } from 'chai';
import { all, amount, leaf, type Content, type Json } from '../../src/cli/demo/content.ts';
import { allocationPath, reservationPath } from '../../src/cli/demo/infrastructure.ts';
import { refused, text, type World } from './world.ts';

/** Networks, ports, volumes and routers, with machines and without. */
export function resourceScenarios(open: () => World): void {
  it('allocates a network, a port and a volume against a reservation, gives them to a machine, and ends them all', async () => {
    const world = await open().open();
    const { provider } = world.vim;
    const capacity = { gigabytes: 20, volumes: 2, networks: 1, ports: 2 };
    const pool = text(await world.ok('increase-capacity', { source: provider, capacity }), 'pool-id');
    const reserved = await world.ok('create-reservation', { pools: [pool], capacity });
    const reservation = text(reserved, 'reservation-id');
    const create = (name: string, more: Json): Promise<Content> =>
      world.ok('create-allocation', { name, 'reservation-id': reservation, ...more });
    const network = await create('net', { network: { subnet: [{ cidr: '192.0.2.0/24', gateway: '192.0.2.1' }] } });
    const port = await create('port', { port: { network: text(network, 'allocation-id'), address: '192.0.2.7' } });
    expect(leaf(port, 'address')).to.equal('192.0.2.7');
    const volume = await create('data', { volume: { size: 15 } });
    expect([leaf(network, 'status'), leaf(volume, 'status')]).to.deep.equal(['completed', 'in-progress']);
    const id = text(volume, 'allocation-id');
    const events = await world.events('allocation-event', 'instance-id', id);
    const there = await world.event(events, 'state-changed');
    expect([leaf(there, 'kind'), leaf(there, 'vm-state')]).to.deep.equal(['volume', 'ACTIVE']);
    const more = { name: 'more', volume: { size: 6 }, 'reservation-id': reservation };
    await world.conflict('create-allocation', more, 'exceeds-reservation');
    const state = await world.consumer.get(reservationPath(reservation));
    expect(amount(state, 'state/remaining/gigabytes')).to.equal(5);
    expect(all(state, 'state/allocations')).to.have.length(3);

    const uses = { ports: [text(port, 'allocation-id')], volumes: [id] };
    const machine = text(await world.ok('create-instance', world.instance(uses)), 'instance-id');
    const record = await world.consumer.get(allocationPath(id));
    expect([leaf(record, 'attached-to'), leaf(record, 'volume/size')]).to.deep.equal([machine, '15']);
    await world.conflict('destroy-allocation', { 'allocation-id': id }, 'resource-in-use');
    const machineEvents = await world.events('allocation-event', 'instance-id', machine);
    await world.ok('destroy-instance', { 'instance-id': machine });
    await world.event(machineEvents, 'destroyed');
    await world.ok('destroy-allocation', { 'allocation-id': id });
    expect(leaf(await world.event(events, 'destroyed'), 'vm-state')).to.equal('DELETED');
    expect(amount(await world.consumer.get(reservationPath(reservation)), 'state/remaining/gigabytes')).to.equal(20);
  });

  it('attaches a volume and a port to a machine that runs, and takes them away again', async () => {
    const world = await open().open();
    const { provider } = world.vim;
    const capacity = { gigabytes: 20, volumes: 2, networks: 1, ports: 2 };
    await world.ok('increase-capacity', { source: provider, capacity });
    const make = async (name: string, more: Json): Promise<string> =>
      text(await world.ok('create-allocation', { 'provider-id': provider, name, ...more }), 'allocation-id');
    const network = await make('net', { network: { subnet: [{ cidr: '192.0.2.0/24' }] } });
    const volume = await make('data', { volume: { size: 10 } });
    const port = await make('eth1', { port: { network } });
    const there = await world.events('allocation-event', 'instance-id', volume);
    await world.event(there, 'state-changed');
    const machine = text(await world.ok('create-instance', world.instance({})), 'instance-id');
    const early = { 'instance-id': machine, volume };
    await world.conflict('attach-resource', early, 'resource-not-ready');
    const events = await world.events('allocation-event', 'instance-id', machine);
    await world.event(events, 'state-changed');

    for (const what of [{ volume }, { port }]) {
      const answer = await world.ok('attach-resource', { 'instance-id': machine, ...what });
      expect(leaf(answer, 'status')).to.equal('attached');
      await world.agent.arrived(
        events.inbox,
        ({ event }) => leaf(event, 'cause') === 'attached' && leaf(event, 'attachment') === leaf(answer, 'resource'),
      );
    }
    expect(leaf(await world.consumer.get(allocationPath(volume)), 'attached-to')).to.equal(machine);
    const record = await world.consumer.get(allocationPath(machine));
    expect([all(record, 'ports').length, all(record, 'volumes').length]).to.deep.equal([1, 1]);
    const again = await world.ok('attach-resource', { 'instance-id': machine, volume });
    expect(leaf(again, 'status')).to.equal('attached');
    await world.conflict('destroy-allocation', { 'allocation-id': volume }, 'resource-in-use');

    expect(leaf(await world.ok('detach-resource', { 'instance-id': machine, volume }), 'status')).to.equal('detached');
    await world.event(events, 'detached');
    await world.conflict('detach-resource', { 'instance-id': machine, volume }, 'unknown-resource');
    await world.ok('destroy-allocation', { 'allocation-id': volume });
    // What is attached when the machine goes outlives it, and is free then.
    await world.ok('destroy-instance', { 'instance-id': machine });
    await world.event(events, 'destroyed');
    expect(leaf(await world.consumer.get(allocationPath(port)), 'attached-to')).to.equal(undefined);
    await world.ok('destroy-allocation', { 'allocation-id': port });
  });

  it('extends a volume, as far as its reservation goes, and tells when it is larger', async () => {
    const world = await open().open();
    const { provider } = world.vim;
    await world.ok('increase-capacity', { source: provider, capacity: { gigabytes: 40, volumes: 2 } });
    const demand = { capacity: { gigabytes: 20, volumes: 1 } };
    const reservation = text(await world.ok('create-reservation', demand), 'reservation-id');
    const disk = { name: 'data', volume: { size: 10 }, 'reservation-id': reservation };
    const volume = text(await world.ok('create-allocation', disk), 'allocation-id');
    const events = await world.events('allocation-event', 'instance-id', volume);
    await world.event(events, 'state-changed');
    const to = (size: number): Json => ({ 'allocation-id': volume, size });
    await world.conflict('extend-volume', to(21), 'exceeds-reservation');
    await world.conflict('extend-volume', to(9), 'cannot-shrink');
    expect(leaf(await world.ok('extend-volume', to(10)), 'status'), 'as it is').to.equal('extended');

    const answer = await world.ok('extend-volume', to(20));
    expect([leaf(answer, 'status'), amount(answer, 'size')]).to.deep.equal(['extending', 10]);
    await world.conflict('extend-volume', to(30), 'resource-not-ready');
    const told = await world.event(events, 'extended');
    expect([amount(told, 'size'), leaf(told, 'vm-state')]).to.deep.equal([20, 'ACTIVE']);
    const record = await world.consumer.get(allocationPath(volume));
    expect([leaf(record, 'volume/size'), leaf(record, 'extension/status')]).to.deep.equal(['20', undefined]);
    expect(amount(await world.consumer.get(reservationPath(reservation)), 'state/remaining/gigabytes')).to.equal(0);

    const unknown = await refused(
      world.consumer.invoke('opnfv-promise:extend-volume', { 'allocation-id': 'none', size: 20 }),
    );
    expect(unknown.errors[0]?.tag).to.equal('invalid-value');
    await world.ok('destroy-allocation', { 'allocation-id': volume });
  });

  it('starts a machine from a volume that is made from an image, and keeps the volume to its end', async () => {
    const world = await open().open();
    const { provider } = world.vim;
    await world.ok('increase-capacity', { source: provider, capacity: { gigabytes: 20, volumes: 2 } });
    const disk = { 'provider-id': provider, name: 'root', volume: { size: 5, image: 'cirros' } };
    const volume = text(await world.ok('create-allocation', disk), 'allocation-id');
    const from = { 'provider-id': provider, name: 'vm', flavor: 'm1.small', 'boot-volume': volume };
    await world.conflict('create-instance', from, 'resource-not-ready');
    await world.event(await world.events('allocation-event', 'instance-id', volume), 'state-changed');
    const machine = text(await world.ok('create-instance', from), 'instance-id');
    const events = await world.events('allocation-event', 'instance-id', machine);
    await world.event(events, 'state-changed');
    const resource = leaf(await world.consumer.get(allocationPath(volume)), 'instance-ref/resource');
    const record = await world.consumer.get(allocationPath(machine));
    expect([leaf(record, 'boot-volume'), leaf(record, 'image')]).to.deep.equal([resource, undefined]);
    await world.conflict('detach-resource', { 'instance-id': machine, volume }, 'resource-in-use');
    await world.conflict('destroy-allocation', { 'allocation-id': volume }, 'resource-in-use');
    const unknown = { ...disk, volume: { size: 5, image: 'nowhere' } };
    await world.conflict('create-allocation', unknown, 'unknown-image');
    const both = await refused(world.consumer.invoke('opnfv-promise:create-instance', { ...from, image: 'cirros' }));
    expect(both.errors[0]?.tag).to.equal('bad-element');
    await world.ok('destroy-instance', { 'instance-id': machine });
    await world.event(events, 'destroyed');
    await world.ok('destroy-allocation', { 'allocation-id': volume });
  });

  it('joins networks to the outside by a router, which keeps them until it goes', async () => {
    const world = await open().open();
    const { provider } = world.vim;
    const capacity = { networks: 1, subnets: 1, ports: 1, routers: 1, addresses: 1 };
    const pool = text(await world.ok('increase-capacity', { source: provider, capacity }), 'pool-id');
    const make = (name: string, more: Json): Promise<Content> =>
      world.ok('create-allocation', { 'provider-id': provider, name, ...more });
    const free = async (): Promise<number> =>
      amount(
        await world.consumer.invoke('opnfv-promise:query-capacity', { pools: [pool] }),
        'capacity/available/routers',
      );
    const network = await make('net', { network: { subnet: [{ cidr: '192.0.2.0/24' }] } });
    const joined = text(network, 'allocation-id');
    const edge = { gateway: 'public', networks: [joined] };
    const router = await make('edge', { router: edge });
    expect([leaf(router, 'status'), leaf(router, 'vm-state')]).to.deep.equal(['completed', 'ACTIVE']);
    const id = text(router, 'allocation-id');
    const record = await world.consumer.get(allocationPath(id));
    expect([leaf(record, 'kind'), leaf(record, 'router/networks')]).to.deep.equal([
      'router',
      text(network, 'resource'),
    ]);
    expect(leaf(record, 'instance-ref/resource')).to.equal(text(router, 'resource'));
    expect(await free()).to.equal(0);

    const another = { 'provider-id': provider, name: 'another' };
    await world.conflict('create-allocation', { ...another, router: {} }, 'insufficient-capacity');
    for (const wrong of [{ gateway: 'management' }, { gateway: 'nowhere' }, { networks: ['nowhere'] }])
      await world.conflict('create-allocation', { ...another, router: wrong }, 'unknown-network');
    const both = { ...another, router: {}, network: {} };
    const twice = await refused(world.consumer.invoke('opnfv-promise:create-allocation', both));
    expect(twice.errors[0]?.tag).to.equal('bad-element');
    const bad = { ...another, router: { gateways: 'public' } };
    const unknown = await refused(world.consumer.invoke('opnfv-promise:create-allocation', bad));
    expect(unknown.errors[0]?.tag).to.equal('unknown-element');
    expect(await free()).to.equal(0);

    const events = await world.events('allocation-event', 'instance-id', joined);
    await world.ok('destroy-allocation', { 'allocation-id': joined });
    const kept = await world.event(events, 'state-changed');
    expect([leaf(kept, 'vm-state'), leaf(kept, 'fault/message')?.includes('in use')]).to.deep.equal(['DELETING', true]);
    const ends = await world.events('allocation-event', 'instance-id', id);
    expect(leaf(await world.ok('destroy-allocation', { 'allocation-id': id }), 'status')).to.equal('DELETING');
    expect(leaf(await world.event(ends, 'destroyed'), 'kind')).to.equal('router');
    await world.event(events, 'destroyed');
    expect(await free()).to.equal(1);
    expect(await world.consumer.get(allocationPath(id))).to.equal(undefined);
    const again = await refused(world.consumer.invoke('opnfv-promise:destroy-allocation', { 'allocation-id': id }));
    expect(again.errors[0]?.tag).to.equal('invalid-value');
  });
}
