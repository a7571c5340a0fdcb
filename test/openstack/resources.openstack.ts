import { expect } from 'chai';
import { z } from 'zod';
import type { Subscribed } from '../../src/cli/demo/consumer.ts';
import { all, amount, leaf } from '../../src/cli/demo/content.ts';
import type { Content, Json } from '../../src/cli/demo/content.ts';
import { dataPath } from '../../src/cli/demo/consumer.ts';
import { externalNetwork, openstackClient, removeServers, resourcesOf, until } from './cloud.ts';
import { OpenStackClient } from './control-plane/client.ts';
import { PromiseUnderTest, demanded, told } from './promise.ts';

const CAPACITY = {
  cores: 8,
  ram: '16384',
  instances: 8,
  gigabytes: 50,
  volumes: 8,
  networks: 5,
  subnets: 10,
  ports: 20,
  addresses: 5,
  routers: 2,
};
const one = z.object({ id: z.string() });

describe('volumes, networks, ports and floating IPs of OpenStack, for an ordinary tenant', () => {
  let promise: PromiseUnderTest;
  let provider: string;
  let pool: string;
  let events: Subscribed;
  let admin: OpenStackClient;
  let demo: OpenStackClient;
  const path = (...steps: readonly [string, string][]) => dataPath('opnfv-promise:promise', 'allocations', ...steps);
  const create = async (name: string, more: Json): Promise<Content> => {
    const answer = await promise.invoke('create-allocation', { 'provider-id': provider, name, ...more });
    expect(leaf(answer, 'result'), leaf(answer, 'message')).to.equal('ok');
    return answer;
  };
  const idOf = (answer: Content): string => demanded(leaf(answer, 'allocation-id'), 'an allocation-id');
  const destroy = async (id: string): Promise<void> => {
    const answer = await promise.invoke('destroy-allocation', { 'allocation-id': id });
    expect(leaf(answer, 'result'), leaf(answer, 'message')).to.equal('ok');
    await told(events.inbox, { 'instance-id': id, cause: 'destroyed', 'vm-state': 'DELETED' });
  };
  const records = async (): Promise<readonly Content[]> => all(await promise.consumer.get(path()), 'allocation');
  const record = async (id: string): Promise<Content> =>
    demanded(await promise.consumer.get(path(['allocation', id])), `the allocation ${id}`);
  /** Waits for it, where the answer came before it was there. @returns its id in the cloud */
  const whenThere = async (answer: Content): Promise<string> => {
    const id = idOf(answer);
    if (leaf(answer, 'status') !== 'completed') await told(events.inbox, { 'instance-id': id, 'vm-state': 'ACTIVE' });
    return demanded(leaf(await record(id), 'instance-ref/resource'), 'a resource');
  };
  const available = async (resource: string): Promise<number> =>
    amount(await promise.invoke('query-capacity', { capacity: 'available' }), `capacity/available/${resource}`);

  before(async () => {
    await removeServers('demo');
    await externalNetwork();
    admin = await OpenStackClient.login('admin');
    demo = await OpenStackClient.login('demo');
    promise = await PromiseUnderTest.start();
    ({ provider, pool } = await promise.setUp('demo', CAPACITY));
    events = await promise.subscribe('allocation-event');
  });
  afterEach(async () => {
    // What uses others goes first.
    const rank = ['virtual-machine', 'floating-ip', 'router', 'port', 'volume', 'network'];
    for (const kind of rank) {
      for (const each of await records())
        if (leaf(each, 'kind') === kind)
          await promise.invoke('destroy-allocation', { 'allocation-id': leaf(each, 'id') ?? '' });
      await until(async () => (await records()).every((each) => leaf(each, 'kind') !== kind));
    }
    expect(await resourcesOf('demo')).to.deep.equal([]);
  });
  after(() => promise.close());

  it('makes a volume under a reservation, tells when it is there and when it is gone', async () => {
    const reserved = await promise.invoke('create-reservation', {
      end: new Date(Date.now() + 3_600_000).toISOString(),
      pools: [pool],
      capacity: { gigabytes: 5, volumes: 2 },
    });
    const reservation = demanded(leaf(reserved, 'reservation-id'), 'a reservation-id');
    const before = await available('gigabytes');
    const answer = await create('data', { volume: { size: 3 }, 'reservation-id': reservation });
    expect(leaf(answer, 'status')).to.equal('in-progress');
    const id = idOf(answer);
    await told(events.inbox, { 'instance-id': id, 'vm-state': 'ACTIVE' });
    expect(await resourcesOf('demo')).to.deep.equal([`volume ${leaf(answer, 'resource') ?? ''}`]);
    const form = z.object({ volume: z.object({ size: z.number(), metadata: z.record(z.string(), z.string()) }) });
    const { volume } = await demo.ask('volume', 'GET', `/volumes/${leaf(answer, 'resource') ?? ''}`, form);
    expect(volume.size).to.equal(3);
    expect(volume.metadata).to.have.property('promise_token');
    expect(await available('gigabytes')).to.equal(before);
    const more = await promise.invoke('create-allocation', {
      name: 'more',
      volume: { size: 3 },
      'reservation-id': reservation,
    });
    expect(leaf(more, 'reason')).to.match(/exceeds-reservation$/);
    await destroy(id);
    await promise.invoke('cancel-reservation', { 'reservation-id': reservation });
    expect(await available('gigabytes')).to.equal(before + 5);
  });

  it('builds a network, a port, a public address and a server with a volume on each other', async () => {
    const network = await create('net', {
      network: { subnet: [{ cidr: '192.168.120.0/24' }, { cidr: 'fd00:120::/64' }] },
    });
    expect(leaf(network, 'status')).to.equal('completed');
    const port = await create('port', { port: { network: idOf(network), address: '192.168.120.10' } });
    expect(leaf(port, 'address')).to.equal('192.168.120.10');
    const floating = await create('public', { 'floating-ip': {} });
    expect(leaf(floating, 'address')).to.match(/^203\.0\.113\./);
    const volume = await create('data', { volume: { size: 1 } });
    await told(events.inbox, { 'instance-id': idOf(volume), 'vm-state': 'ACTIVE' });
    const answer = await promise.createInstance(provider, 'vm', {
      networks: [],
      ports: [idOf(port)],
      volumes: [idOf(volume)],
    });
    const vm = demanded(leaf(answer, 'instance-id'), leaf(answer, 'message') ?? 'an instance-id');
    const event = await told(events.inbox, { 'instance-id': vm, 'vm-state': 'ACTIVE' });
    const form = z.object({
      server: z.object({
        addresses: z.record(z.string(), z.array(z.object({ addr: z.string() }))),
        'os-extended-volumes:volumes_attached': z.array(one),
      }),
    });
    const { server } = await demo.ask('compute', 'GET', `/servers/${leaf(event, 'server') ?? ''}`, form);
    expect(Object.values(server.addresses).flatMap((list) => list.map(({ addr }) => addr))).to.include(
      '192.168.120.10',
    );
    expect(server['os-extended-volumes:volumes_attached'].map(({ id }) => id)).to.deep.equal([
      leaf(volume, 'resource'),
    ]);
    for (const used of [port, volume]) {
      const refused = await promise.invoke('destroy-allocation', { 'allocation-id': idOf(used) });
      expect(leaf(refused, 'reason')).to.match(/resource-in-use$/);
    }
    await promise.destroyInstance(vm);
    // Cinder lets go of it when Nova has.
    await destroy(idOf(volume));
    await told(events.inbox, { 'instance-id': vm, cause: 'destroyed' });
    expect(leaf(await record(idOf(port)), 'vm-state'), 'the port outlives the server').to.equal('ACTIVE');
    for (const each of [port, floating, network]) await destroy(idOf(each));
  });

  it('joins a network to the outside by a router, through which a public address leads to a port', async () => {
    const network = await create('net', { network: { subnet: [{ cidr: '192.168.125.0/24' }] } });
    const port = await create('port', { port: { network: idOf(network) } });
    const before = await available('routers');
    const router = await create('edge', { router: { gateway: 'public', networks: [idOf(network)] } });
    const edge = await whenThere(router);
    expect(await available('routers')).to.equal(before - 1);
    const floating = await create('public', { 'floating-ip': { port: idOf(port) } });
    const address = await whenThere(floating);
    const form = z.object({
      floatingip: z.object({ router_id: z.string().nullable(), port_id: z.string().nullable() }),
    });
    const there = await demo.ask('network', 'GET', `/floatingips/${address}`, form);
    expect(there.floatingip).to.deep.equal({ router_id: edge, port_id: await whenThere(port) });
    // The router goes when nothing needs it any more.
    await promise.invoke('destroy-allocation', { 'allocation-id': idOf(router) });
    const event = await told(events.inbox, {
      'instance-id': idOf(router),
      cause: 'state-changed',
      'vm-state': 'DELETING',
    });
    expect(leaf(event, 'fault/message')).to.match(/required by one or more floating IPs/);
    await destroy(idOf(floating));
    await told(events.inbox, { 'instance-id': idOf(router), cause: 'destroyed' });
    for (const each of [port, network]) await destroy(idOf(each));
    expect(await available('routers')).to.equal(before);
  });

  it('attaches a volume and a port to a server that runs, and takes them away again', async () => {
    const network = await create('net', { network: { subnet: [{ cidr: '192.168.124.0/24' }] } });
    const port = await create('port', { port: { network: idOf(network) } });
    const volume = await create('data', { volume: { size: 1 } });
    await told(events.inbox, { 'instance-id': idOf(volume), 'vm-state': 'ACTIVE' });
    const vm = demanded(leaf(await promise.createInstance(provider, 'vm', { networks: [] }), 'instance-id'), 'an id');
    const running = await told(events.inbox, { 'instance-id': vm, 'vm-state': 'ACTIVE' });
    const form = z.object({
      server: z.object({
        addresses: z.record(z.string(), z.unknown()),
        'os-extended-volumes:volumes_attached': z.array(one),
      }),
    });
    const has = async (): Promise<readonly [number, number]> => {
      const { server } = await demo.ask('compute', 'GET', `/servers/${leaf(running, 'server') ?? ''}`, form);
      return [Object.keys(server.addresses).length, server['os-extended-volumes:volumes_attached'].length];
    };
    const change = async (rpc: string, cause: string, what: Json): Promise<void> => {
      const answer = await promise.invoke(rpc, { 'instance-id': vm, ...what });
      expect(leaf(answer, 'result'), leaf(answer, 'message')).to.equal('ok');
      await told(events.inbox, { 'instance-id': vm, cause, attachment: leaf(answer, 'resource') ?? '' });
    };
    await change('attach-resource', 'attached', { volume: idOf(volume) });
    await change('attach-resource', 'attached', { port: idOf(port) });
    expect(await has()).to.deep.equal([1, 1]);
    expect(leaf(await record(idOf(volume)), 'attached-to')).to.equal(vm);
    // Nova refuses to attach it to another one, which Promise does not even ask.
    const other = demanded(
      leaf(await promise.createInstance(provider, 'vm2', { networks: [] }), 'instance-id'),
      'an id',
    );
    await told(events.inbox, { 'instance-id': other, 'vm-state': 'ACTIVE' });
    const refused = await promise.invoke('attach-resource', { 'instance-id': other, volume: idOf(volume) });
    expect(leaf(refused, 'reason')).to.match(/resource-in-use$/);
    await change('detach-resource', 'detached', { volume: idOf(volume) });
    await change('detach-resource', 'detached', { port: idOf(port) });
    expect(await has()).to.deep.equal([0, 0]);
    // What Nova refuses: a volume that something else than Promise has attached meanwhile.
    const there = await record(other);
    const body = { volumeAttachment: { volumeId: leaf(volume, 'resource') ?? '' } };
    const beside = `/servers/${leaf(there, 'instance-ref/server') ?? ''}/os-volume_attachments`;
    await demo.ask('compute', 'POST', beside, z.unknown(), body);
    const failed = await promise.invoke('attach-resource', { 'instance-id': vm, volume: idOf(volume) });
    const why = await told(events.inbox, { 'instance-id': vm, cause: 'attachment-failed' });
    expect(leaf(why, 'message'), leaf(failed, 'message')).to.match(/already attached|status must be|is in use/i);
    expect(leaf(await record(vm), 'attachment/status')).to.equal('failed');
    await promise.destroyInstance(vm);
    await promise.destroyInstance(other);
    for (const id of [vm, other]) await told(events.inbox, { 'instance-id': id, cause: 'destroyed' });
    for (const each of [volume, port, network]) await destroy(idOf(each));
  });

  it('makes a volume larger, also while a server has it; one for which there is no room, in Promise or in Cinder, is not', async () => {
    const form = z.object({ size: z.number(), status: z.string() });
    const shown = async (): Promise<z.infer<typeof form>> =>
      form.parse(await openstackClient('demo', 'volume', 'show', resource));
    const volume = await create('data', { volume: { size: 1 } });
    const id = idOf(volume);
    const resource = await whenThere(volume);
    const before = await available('gigabytes');
    const to = (size: number): Promise<Content> => promise.invoke('extend-volume', { 'allocation-id': id, size });
    const extended = async (size: number, status: string): Promise<void> => {
      const answer = await to(size);
      expect(leaf(answer, 'result'), leaf(answer, 'message')).to.equal('ok');
      if (leaf(answer, 'status') === 'extending') await told(events.inbox, { 'instance-id': id, cause: 'extended' });
      expect(await shown()).to.deep.include({ size, status });
      expect(leaf(await record(id), 'volume/size')).to.equal(`${size}`);
      expect(await available('gigabytes')).to.equal(before + 1 - size);
    };
    await extended(3, 'available');
    expect(leaf(await to(2), 'reason')).to.match(/cannot-shrink$/);
    expect(leaf(await to(CAPACITY.gigabytes + 1), 'reason')).to.match(/insufficient-capacity$/);

    const vm = demanded(leaf(await promise.createInstance(provider, 'vm', { networks: [] }), 'instance-id'), 'an id');
    await told(events.inbox, { 'instance-id': vm, 'vm-state': 'ACTIVE' });
    await promise.invoke('attach-resource', { 'instance-id': vm, volume: id });
    await until(
      async () => leaf(await record(id), 'attached-to') === vm && leaf(await record(vm), 'attachment') === undefined,
    );
    await extended(5, 'in-use');
    await promise.destroyInstance(vm);
    await told(events.inbox, { 'instance-id': vm, cause: 'destroyed' });
    await until(async () => (await shown()).status === 'available');

    // The quota is lowered for a moment, so that Promise does not hear of it before.
    const volumeQuotas = `/os-quota-sets/${demo.project}`;
    await admin.ask('volume', 'PUT', volumeQuotas, z.unknown(), { quota_set: { gigabytes: 6 } });
    const refused = await to(9).finally(() => admin.request('volume', 'DELETE', volumeQuotas));
    expect([leaf(refused, 'status'), leaf(refused, 'message')].join()).to.match(
      /failed,.*exceeds allowed gigabytes quota/,
    );
    expect(leaf(await record(id), 'extension/status')).to.equal('failed');
    expect(await available('gigabytes'), 'nothing is held for it').to.equal(before - 4);
    // Beside Promise, as anybody may.
    expect(
      (await demo.request('volume', 'POST', `/volumes/${resource}/action`, { 'os-extend': { new_size: 6 } })).status,
    ).to.equal(202);
    await until(async () => (await shown()).size === 6);
    await told(events.inbox, { 'instance-id': id, cause: 'extended', size: '6' });
    expect(await available('gigabytes')).to.equal(before - 5);
    await destroy(id);
    expect(await available('gigabytes')).to.equal(before + 1);
  });

  it('starts a server from a volume, which it keeps to its end; a volume whose image is not copied is in ERROR', async () => {
    // No image is copied here: Cinder's volumes are its fake driver's.
    const copied = await create('root', { volume: { size: 1, image: 'cirros' } });
    await told(events.inbox, { 'instance-id': idOf(copied), 'vm-state': 'ERROR' });
    const refused = await promise.invoke('create-instance', {
      'provider-id': provider,
      name: 'vm',
      flavor: 'm1.tiny',
      'boot-volume': idOf(copied),
    });
    expect(leaf(refused, 'reason')).to.match(/resource-not-ready$/);
    await destroy(idOf(copied));

    const volume = await create('root', { volume: { size: 1 } });
    const id = idOf(volume);
    await told(events.inbox, { 'instance-id': id, 'vm-state': 'ACTIVE' });
    const resource = leaf(await record(id), 'instance-ref/resource') ?? '';
    const from = { 'provider-id': provider, name: 'vm', flavor: 'm1.tiny', 'boot-volume': id };
    const empty = await promise.invoke('create-instance', from);
    expect(leaf(empty, 'message')).to.match(/is not bootable/);
    await promise.destroyInstance(leaf(empty, 'instance-id') ?? '');
    await told(events.inbox, { 'instance-id': leaf(empty, 'instance-id') ?? '', cause: 'destroyed' });
    const bootable = { 'os-set_bootable': { bootable: true } };
    expect((await demo.request('volume', 'POST', `/volumes/${resource}/action`, bootable)).status).to.equal(200);
    const vm = demanded(leaf(await promise.invoke('create-instance', from), 'instance-id'), 'an instance-id');
    const running = await told(events.inbox, { 'instance-id': vm, 'vm-state': 'ACTIVE' });
    const form = z.object({
      server: z.object({ image: z.unknown(), 'os-extended-volumes:volumes_attached': z.array(one) }),
    });
    const { server } = await demo.ask('compute', 'GET', `/servers/${leaf(running, 'server') ?? ''}`, form);
    expect(server.image).to.equal('');
    expect(server['os-extended-volumes:volumes_attached'].map((each) => each.id)).to.deep.equal([resource]);
    expect(leaf(await record(id), 'attached-to')).to.equal(vm);
    expect(leaf(await record(vm), 'boot-volume')).to.equal(resource);
    await promise.destroyInstance(vm);
    await told(events.inbox, { 'instance-id': vm, cause: 'destroyed' });
    await destroy(id);
  });

  it('tells of what is still used that it cannot go yet, and lets it go when it can', async () => {
    const network = await create('net', { network: { subnet: [{ cidr: '192.168.121.0/24' }] } });
    const id = leaf(network, 'resource') ?? '';
    const made = await demo.ask('network', 'POST', '/ports', z.object({ port: one }), { port: { network_id: id } });
    await promise.invoke('destroy-allocation', { 'allocation-id': idOf(network) });
    const event = await told(events.inbox, {
      'instance-id': idOf(network),
      cause: 'state-changed',
      'vm-state': 'DELETING',
    });
    expect(leaf(event, 'fault/message')).to.match(/There are one or more ports still in use on the network/);
    await demo.request('network', 'DELETE', `/ports/${made.port.id}`);
    await told(events.inbox, { 'instance-id': idOf(network), cause: 'destroyed' });
  });

  it('passes on what Neutron and Cinder refuse, keeps no capacity for it, and leaves nothing behind', async () => {
    const failing = async (name: string, more: Json, message: RegExp): Promise<void> => {
      const answer = await promise.invoke('create-allocation', { 'provider-id': provider, name, ...more });
      expect(leaf(answer, 'status'), leaf(answer, 'message')).to.equal('failed');
      expect(leaf(answer, 'message')).to.match(message);
      await promise.invoke('destroy-allocation', { 'allocation-id': idOf(answer) });
    };
    const before = await available('gigabytes');
    await failing('v', { volume: { size: 1, type: 'nope' } }, /Volume type with name nope could not be found/);
    const own = idOf(await create('own', { network: { subnet: [{ cidr: '192.168.123.0/24' }] } }));
    await failing('p', { port: { network: own, address: '1.2.3.4' } }, /not a valid IP for any of the subnets/);
    await failing('p', { port: { network: 'private', address: '10.10.1.77' } }, /disallowed by policy/);
    await destroy(own);
    await failing(
      'n',
      { network: { subnet: [{ cidr: '192.168.122.0/24' }, { cidr: '192.168.122.128/25' }] } },
      /overlaps with another subnet/,
    );
    // Each quota is lowered for a moment, so that Promise does not hear of it before.
    const quotas = `/quotas/${demo.project}`;
    const volumeQuotas = `/os-quota-sets/${demo.project}`;
    await admin.ask('volume', 'PUT', volumeQuotas, z.unknown(), { quota_set: { gigabytes: 2 } });
    await failing('v', { volume: { size: 3 } }, /exceeds allowed gigabytes quota/).finally(() =>
      admin.request('volume', 'DELETE', volumeQuotas),
    );
    for (const [what, more] of [
      ['network', { network: {} }],
      ['floatingip', { 'floating-ip': {} }],
    ] as const) {
      await admin.ask('network', 'PUT', quotas, z.unknown(), { quota: { [what]: 0 } });
      await failing(what, more, new RegExp(`Quota exceeded for resources: \\['${what}'\\]`)).finally(() =>
        admin.request('network', 'DELETE', quotas),
      );
    }
    await until(async () => (await available('gigabytes')) === before);
  });

  it('tells that a volume failed, and why', async () => {
    const type = { volume_type: { name: `nowhere-${Date.now()}`, extra_specs: { volume_backend_name: 'nowhere' } } };
    await admin.ask('volume', 'POST', '/types', z.unknown(), type);
    const answer = await create('v', { volume: { size: 1, type: type.volume_type.name } });
    const event = await told(events.inbox, { 'instance-id': idOf(answer), 'vm-state': 'ERROR' });
    expect(leaf(event, 'fault/message')).to.match(/Could not find any available weighted backend/);
    await destroy(idOf(answer));
  });

  it('goes on after a restart, and notices what was deleted behind its back', async () => {
    const volume = await create('v', { volume: { size: 1 } });
    await promise.stop();
    await promise.open();
    events = await promise.subscribe('allocation-event');
    await until(async () => leaf(await record(idOf(volume)), 'vm-state') === 'ACTIVE');
    const resource = leaf(await record(idOf(volume)), 'instance-ref/resource') ?? '';
    expect((await demo.request('volume', 'DELETE', `/volumes/${resource}`)).status).to.equal(202);
    await until(async () => (await records()).length === 0);
  });

  it('keeps servers apart by a server group where Nova chooses the hosts, and removes the group with them', async () => {
    const reserved = await promise.invoke('create-reservation', {
      pools: [pool],
      container: [{ name: 'db', count: 2, flavor: 'm1.tiny', group: 'apart' }],
      'affinity-group': [{ name: 'apart', policy: 'anti-affinity' }],
    });
    const reservation = demanded(leaf(reserved, 'reservation-id'), leaf(reserved, 'message') ?? 'a reservation-id');
    const names = ['db-1', 'db-2'];
    const answers = await Promise.all(
      names.map((name) => promise.createInstance(provider, name, { networks: [], 'reservation-id': reservation })),
    );
    const instances = answers.map((answer) => demanded(leaf(answer, 'instance-id'), leaf(answer, 'message') ?? ''));
    for (const instance of instances) await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ACTIVE' });
    const host = z.object({ name: z.string(), 'OS-EXT-SRV-ATTR:host': z.string().nullable() });
    const form = z.object({ servers: z.array(host) });
    const { servers } = await admin.ask('compute', 'GET', '/servers/detail?all_tenants=1', form);
    const hosts = servers.flatMap((each) => (names.includes(each.name) ? [each['OS-EXT-SRV-ATTR:host']] : []));
    expect(new Set(hosts).size, hosts.join()).to.equal(2);
    const groups = async () => {
      const list = z.object({ server_groups: z.array(z.object({ policy: z.string(), members: z.array(z.string()) })) });
      return (await demo.ask('compute', 'GET', '/os-server-groups', list)).server_groups;
    };
    expect((await groups()).map(({ policy, members }) => [policy, members.length])).to.deep.equal([
      ['anti-affinity', 2],
    ]);
    for (const instance of instances) await destroy(instance);
    await until(async () => (await groups()).length === 0);
    await promise.invoke('cancel-reservation', { 'reservation-id': reservation });
  });
});
