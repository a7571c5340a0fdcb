import { expect } from 'chai';
import { z } from 'zod';
import type { Subscribed } from '../../src/cli/demo/consumer.ts';
import { all, amount, leaf, type Content } from '../../src/cli/demo/content.ts';
import { dataPath } from '../../src/cli/demo/consumer.ts';
import { externalNetwork, removeResources, removeServers, resourcesOf, serversOf, until } from './cloud.ts';
import { OpenStackClient } from './control-plane/client.ts';
import { PromiseUnderTest, demanded, told } from './promise.ts';

const one = z.object({ id: z.string() });

/** A sweep is made about once a minute; what is found twice takes two. */
describe('What Promise finds in OpenStack other than its records say', function () {
  this.timeout(400_000);
  let promise: PromiseUnderTest;
  let provider: string;
  let events: Subscribed;
  let demo: OpenStackClient;
  const idOf = async (service: 'compute' | 'image' | 'network', kind: string, name: string): Promise<string> => {
    const form = z.object({ [kind]: z.array(one.extend({ name: z.string() })) });
    const found = (await demo.ask(service, 'GET', `/${kind}`, form))[kind]?.find((each) => each.name === name);
    return demanded(found, `${name} in ${kind}`).id;
  };
  /** Makes a server as another Promise would: with a token that this one does not know. @returns its id */
  const makeOrphan = async (name: string, disks?: object): Promise<string> => {
    const server = {
      name,
      ...(disks ?? { imageRef: await idOf('image', 'images', 'cirros') }),
      flavorRef: await idOf('compute', 'flavors', 'm1.tiny'),
      networks: [{ uuid: await idOf('network', 'networks', 'private') }],
      metadata: { promise_token: `of-${name}` },
    };
    const made = await demo.ask('compute', 'POST', '/servers', z.object({ server: one }), { server });
    await until(async () => (await stateOf(made.server.id)) === 'ACTIVE');
    return made.server.id;
  };
  const makeVolume = async (name: string): Promise<string> => {
    const volume = { name, size: 2, metadata: { promise_token: `of-${name}` } };
    const made = (await demo.ask('volume', 'POST', '/volumes', z.object({ volume: one }), { volume })).volume;
    const form = z.object({ volume: z.object({ status: z.string() }) });
    await until(
      async () => (await demo.ask('volume', 'GET', `/volumes/${made.id}`, form)).volume.status === 'available',
    );
    return made.id;
  };
  const makeInNetwork = async (kind: string, body: object): Promise<string> => {
    const form = z.record(z.string(), one);
    const description = `promise_token=of-${kind}`;
    return demanded(
      (await demo.ask('network', 'POST', `/${kind}s`, form, { [kind]: { description, ...body } }))[kind],
      kind,
    ).id;
  };
  /** One of each, in an order in which each is there before what needs it; with what a record has to show. */
  const makeOrphanedResources = async () => {
    const outside = await externalNetwork();
    const volume = await makeVolume('volume-adopt');
    const network = await makeInNetwork('network', { name: 'network-adopt' });
    const cidr = '192.0.2.0/24';
    const subnet = await makeInNetwork('subnet', { network_id: network, ip_version: 4, cidr });
    const port = await makeInNetwork('port', { network_id: network });
    const router = await makeInNetwork('router', { external_gateway_info: { network_id: outside } });
    await demo.request('network', 'PUT', `/routers/${router}/add_router_interface`, { subnet_id: subnet });
    const floating = await makeInNetwork('floatingip', { floating_network_id: outside, port_id: port });
    return [
      { kind: 'volume', id: volume, shown: { name: 'volume-adopt', 'volume/size': '2' } },
      { kind: 'network', id: network, shown: { name: 'network-adopt', 'network/subnet/cidr': cidr } },
      { kind: 'port', id: port, shown: { 'port/network': network } },
      { kind: 'router', id: router, shown: { 'router/gateway': outside, 'router/networks': network } },
      { kind: 'floating-ip', id: floating, shown: { 'floating-ip/network': outside, 'floating-ip/port': port } },
    ];
  };
  const stateOf = async (id: string): Promise<string | undefined> =>
    (await serversOf('demo')).find((server) => server.id === id)?.status;
  const named = (id: string): number => promise.logged.filter((line) => line.includes(id)).length;
  const records = async (): Promise<readonly Content[]> =>
    all(await promise.consumer.get(dataPath('opnfv-promise:promise', 'allocations')), 'allocation');
  /** By the id of what was made in the cloud. */
  const recordOf = async (server: string): Promise<Content | undefined> =>
    (await records()).find((record) =>
      ['server', 'resource'].some((kind) => leaf(record, `instance-ref/${kind}`) === server),
    );
  const available = async (): Promise<number> =>
    amount(await promise.invoke('query-capacity', { capacity: 'available' }), 'capacity/available/cores');
  const boot = async (name: string): Promise<{ readonly instance: string; readonly server: string }> => {
    const instance = leaf(await promise.createInstance(provider, name), 'instance-id') ?? '';
    const event = await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ACTIVE' });
    return { instance, server: leaf(event, 'server') ?? '' };
  };
  const choose = (orphans: string): Promise<void> =>
    promise.consumer.edit('merge', dataPath('opnfv-promise:promise', 'policy'), { orphans });

  before(async () => {
    await removeServers('demo');
    demo = await OpenStackClient.login('demo');
    // Without a webhook it is the sweep that finds.
    promise = await PromiseUnderTest.start({ openstack: {} });
    await removeResources('demo');
    const rest = { gigabytes: 10, networks: 2, subnets: 4, ports: 4, addresses: 2, routers: 2 };
    ({ provider } = await promise.setUp('demo', { cores: 12, ram: '24576', instances: 8, ...rest }));
    events = await promise.subscribe('allocation-event');
  });
  after(async () => {
    await promise.close();
    await removeServers('demo');
    await removeResources('demo');
  });

  it('an orphan is named once and left alone by the policy report; a server that is missing is told as destroyed', async () => {
    const { instance, server } = await boot('vm-taken');
    const orphan = await makeOrphan('vm-report');
    await until(() => named(orphan) > 0);
    expect((await demo.request('compute', 'DELETE', `/servers/${server}`)).status).to.equal(204);
    // By a sweep after the one that found the orphan.
    await told(events.inbox, { 'instance-id': instance, cause: 'destroyed', 'vm-state': 'DELETED' });
    expect(await records()).to.deep.equal([]);
    expect(await stateOf(orphan)).to.equal('ACTIVE');
    expect(named(orphan)).to.equal(1);
    await demo.request('compute', 'DELETE', `/servers/${orphan}`);
  });

  it('an orphan is adopted by the policy adopt, when it is found again, and a server that was resized is counted as it is', async () => {
    await choose('adopt');
    const { server } = await boot('vm-growing');
    const before = await available();
    const orphan = await makeOrphan('vm-adopt');
    const flavorRef = await idOf('compute', 'flavors', 'm1.medium');
    const resized = await demo.request('compute', 'POST', `/servers/${server}/action`, { resize: { flavorRef } });
    expect(resized.status, JSON.stringify(resized.body)).to.equal(202);
    await until(async () => (await stateOf(server)) === 'VERIFY_RESIZE');
    const confirmed = await demo.request('compute', 'POST', `/servers/${server}/action`, { confirmResize: null });
    expect(confirmed.status, JSON.stringify(confirmed.body)).to.equal(204);

    await until(() => named(orphan) > 0);
    expect(await recordOf(orphan)).to.equal(undefined);
    await until(async () => (await recordOf(orphan)) !== undefined);
    const adopted = demanded(await recordOf(orphan), 'a record of the orphan');
    expect([leaf(adopted, 'name'), leaf(adopted, 'vm-state')]).to.deep.equal(['vm-adopt', 'ACTIVE']);
    expect(leaf(adopted, 'image')).to.equal(await idOf('image', 'images', 'cirros'));
    expect(await stateOf(orphan)).to.equal('ACTIVE');

    await until(async () => leaf(await recordOf(server), 'flavor') === flavorRef);
    // One core for the adopted server, and two in place of one.
    expect(await available()).to.equal(before - 2);
    const instance = demanded(leaf(adopted, 'id'), 'an id');
    expect(leaf(await promise.destroyInstance(instance), 'result')).to.equal('ok');
    await told(events.inbox, { 'instance-id': instance, cause: 'destroyed', 'vm-state': 'DELETED' });
    // Nova lists it as DELETED for a moment.
    await until(async () => (await stateOf(orphan)) === undefined);
  });

  it('volumes, networks, ports, routers and floating IPs that are orphans are adopted as what they are, and deleted like others', async () => {
    await choose('adopt');
    const orphans = await makeOrphanedResources();
    for (const { id } of orphans) await until(() => named(id) > 0);
    for (const { id } of orphans) await until(async () => (await recordOf(id)) !== undefined);
    for (const { kind, id, shown } of orphans) {
      const record = demanded(await recordOf(id), `a record of the ${kind}`);
      expect(leaf(record, 'vm-state'), kind).to.equal('ACTIVE');
      for (const [path, value] of Object.entries(shown))
        expect(
          all(record, path).map(({ text }) => text),
          `${kind}: ${path}`,
        ).to.deep.equal([value]);
    }
    // Nothing is deleted before what needs it.
    for (const { id, kind } of orphans.toReversed()) {
      const allocation = demanded(leaf(demanded(await recordOf(id), 'a record'), 'id'), 'an id');
      const answer = await promise.invoke('destroy-allocation', { 'allocation-id': allocation });
      expect(leaf(answer, 'result'), kind).to.equal('ok');
      await told(events.inbox, { 'instance-id': allocation, cause: 'destroyed' });
    }
    expect(await resourcesOf('demo')).to.deep.equal([]);
  });

  it('an orphan that started from a volume is adopted with that as what it starts from, beside one that it has', async () => {
    await choose('adopt');
    const [data, root] = [await makeVolume('data-adopt'), await makeVolume('root-adopt')];
    const bootable = { 'os-set_bootable': { bootable: true } };
    expect((await demo.request('volume', 'POST', `/volumes/${root}/action`, bootable)).status).to.equal(200);
    const device = { source_type: 'volume', destination_type: 'volume', delete_on_termination: false };
    const disks = [
      { ...device, uuid: root, boot_index: 0 },
      { ...device, uuid: data, boot_index: -1 },
    ];
    const orphan = await makeOrphan('vm-from-volume', { imageRef: '', block_device_mapping_v2: disks });
    await until(() => named(orphan) > 0);
    await until(async () => (await recordOf(orphan)) !== undefined);
    const listed = async (name: string): Promise<readonly string[]> =>
      all(demanded(await recordOf(orphan), 'a record of the orphan'), name).map(({ text }) => text);
    expect([await listed('image'), await listed('boot-volume')]).to.deep.equal([[], [root]]);
    // Found when the volume is adopted, and once more.
    await until(async () => (await listed('volumes')).includes(data));
    expect([await listed('boot-volume'), await listed('volumes')]).to.deep.equal([[root], [data]]);
    const machine = demanded(leaf(demanded(await recordOf(orphan), 'a record of the orphan'), 'id'), 'an id');
    await until(async () => leaf(demanded(await recordOf(root), 'a record of the volume'), 'attached-to') === machine);

    await promise.destroyInstance(machine);
    await told(events.inbox, { 'instance-id': machine, cause: 'destroyed' });
    for (const each of [root, data]) {
      const volume = demanded(await recordOf(each), 'a record of the volume');
      expect([leaf(volume, 'vm-state'), leaf(volume, 'attached-to')]).to.deep.equal(['ACTIVE', undefined]);
      const allocation = demanded(leaf(volume, 'id'), 'an id');
      await promise.invoke('destroy-allocation', { 'allocation-id': allocation });
      await told(events.inbox, { 'instance-id': allocation, cause: 'destroyed' });
    }
    expect(await resourcesOf('demo')).to.deep.equal([]);
  });

  it('an orphan is deleted by the policy remove, when it is found again', async () => {
    await choose('remove');
    const orphan = await makeOrphan('vm-remove');
    const volume = await makeVolume('volume-remove');
    await until(() => named(orphan) > 0 && named(volume) > 0);
    expect(await stateOf(orphan)).to.equal('ACTIVE');
    expect(await resourcesOf('demo')).to.deep.equal([`volume ${volume}`]);
    await until(async () => (await stateOf(orphan)) === undefined);
    await until(async () => (await resourcesOf('demo')).length === 0);
    expect((await serversOf('demo')).map(({ name }) => name)).to.deep.equal(['vm-growing']);
  });

  it('volumes that are taken away or deleted leave their server; one that comes late is taken into the record', async () => {
    await choose('adopt');
    const allocateVolume = async (name: string): Promise<{ readonly id: string; readonly resource: string }> => {
      const answer = await promise.invoke('create-allocation', { 'provider-id': provider, name, volume: { size: 1 } });
      const id = demanded(leaf(answer, 'allocation-id'), leaf(answer, 'message') ?? 'an allocation-id');
      const event = await told(events.inbox, { 'instance-id': id, 'vm-state': 'ACTIVE' });
      return { id, resource: leaf(event, 'resource') ?? '' };
    };
    const statusOf = async (id: string): Promise<string> => {
      const form = z.object({ volume: z.object({ status: z.string() }) });
      return (await demo.ask('volume', 'GET', `/volumes/${id}`, form)).volume.status;
    };
    const beside = async (server: string, what: 'POST' | 'DELETE', volumeId: string): Promise<void> => {
      const path = `/servers/${server}/os-volume_attachments${what === 'POST' ? '' : `/${volumeId}`}`;
      const body = what === 'POST' ? { volumeAttachment: { volumeId } } : undefined;
      const answer = await demo.request('compute', what, path, body);
      expect(answer.status, JSON.stringify(answer.body)).to.be.within(200, 202);
      await until(async () => (await statusOf(volumeId)) === (what === 'POST' ? 'in-use' : 'available'));
    };
    const { instance, server } = await boot('vm-with-volumes');
    const other = await boot('vm-beside');
    const [taken, late] = [await allocateVolume('taken'), await allocateVolume('late')];
    const volumes = async (): Promise<readonly string[]> =>
      all(demanded(await recordOf(server), 'a record'), 'volumes').map(({ text }) => text);

    await promise.invoke('attach-resource', { 'instance-id': instance, volume: taken.id });
    await told(events.inbox, { 'instance-id': instance, cause: 'attached', attachment: taken.resource });
    expect(await volumes()).to.deep.equal([taken.resource]);
    await beside(server, 'DELETE', taken.resource);
    await told(events.inbox, { 'instance-id': instance, cause: 'detached', attachment: taken.resource });
    expect(await volumes()).to.deep.equal([]);

    // It cannot be attached, for another server has it; and then it is, as if the request had come late.
    await beside(other.server, 'POST', late.resource);
    await promise.invoke('attach-resource', { 'instance-id': instance, volume: late.id });
    await told(events.inbox, { 'instance-id': instance, cause: 'attachment-failed', attachment: late.resource });
    await beside(other.server, 'DELETE', late.resource);
    await beside(server, 'POST', late.resource);
    await until(() => named(late.resource) > 0);
    expect(await volumes()).to.deep.equal([]);
    await told(events.inbox, { 'instance-id': instance, cause: 'attached', attachment: late.resource });
    expect(await volumes()).to.deep.equal([late.resource]);

    await beside(server, 'DELETE', late.resource);
    await demo.request('volume', 'DELETE', `/volumes/${late.resource}`);
    await told(events.inbox, { 'instance-id': late.id, cause: 'destroyed' });
    await told(events.inbox, { 'instance-id': instance, cause: 'detached', attachment: late.resource });
    expect(await volumes()).to.deep.equal([]);
  });
});
