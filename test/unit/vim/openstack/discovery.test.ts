import { expect } from 'chai';
import { OpenStackFixture, failureOf, signal } from './openstack-fixture.ts';
import { member, recorded } from './stand-in.ts';

const CANDIDATES = '/allocation_candidates';
const HYPERVISORS = '/v2.1/os-hypervisors/detail';
/** The project of the recordings. */
const [, PROJECT = ''] = /\/v3\/(\w+)/.exec(recorded('cinder-volume').request.path) ?? [];

describe('discovery of an OpenStack cloud', () => {
  let fixture: OpenStackFixture;

  beforeEach(async () => {
    fixture = await OpenStackFixture.start();
  });
  afterEach(() => fixture.close());

  it('shows an administrator hosts with what Placement lets be allocated', async () => {
    const inventory = await fixture.connect().discover(signal);
    expect(inventory.zones).to.deep.equal(['nova']);
    expect(inventory.hosts.map(({ name }) => name)).to.deep.equal(['compute1', 'compute2', 'compute3']);
    const [host] = inventory.hosts;
    expect(host).to.deep.include({ zone: 'nova', state: 'up', enabled: true });
    // 10 virtual CPUs 16 times over, 8192 MB one and a half times, 1028 GB once.
    expect(host).to.deep.include({ vcpus: 160, memoryMb: 12_288, diskGb: 1_028 });
    expect(host?.used).to.deep.equal({ vcpus: 0, memoryMb: 0, diskGb: 0 });
    expect(host?.traits).to.include('COMPUTE_NODE');
    expect(inventory.flavors[0]).to.deep.equal({ id: '1', name: 'm1.tiny', vcpus: 1, memoryMb: 512, diskGb: 1 });
    expect(inventory.images.map(({ name }) => name)).to.deep.equal(['cirros']);
    expect(inventory.networks).to.have.length(1);
    expect(inventory.networks[0]).to.deep.include({ name: 'private', external: false });
    expect(inventory.quotas).to.deep.equal({
      instances: 10,
      cores: 20,
      memoryMb: 51_200,
      networks: 100,
      ports: 500,
      subnets: 100,
      routers: 10,
      addresses: 50,
      volumes: 10,
      snapshots: 10,
      gigabytes: 1_000,
    });
  });

  it('asks for a full host by itself, and comes to the same numbers', async () => {
    const [before] = (await fixture.connect().discover(signal)).hosts;
    const { response } = recorded('placement-candidates');
    const summaries = { ...(response as { provider_summaries: Record<string, object> }).provider_summaries };
    const { path } = recorded('placement-inventories').request;
    Reflect.deleteProperty(summaries, path.split('/')[2] ?? '');
    expect(Object.keys(summaries)).to.have.length(2);
    fixture.cloud.script('GET', CANDIDATES, { status: 200, response: { provider_summaries: summaries } });
    const [after] = (await fixture.connect().discover(signal)).hosts;
    expect({ ...after, traits: [...(after?.traits ?? [])].sort() }).to.deep.equal({
      ...before,
      traits: [...(before?.traits ?? [])].sort(),
    });
    expect(fixture.cloud.asked('GET', path)).to.have.length(1);
  });

  it('takes off what is set aside, before the ratio', async () => {
    const { path } = recorded('placement-inventories').request;
    const inventories = {
      VCPU: { total: 10, reserved: 1, allocation_ratio: 1.5 },
      PCPU: { total: 4, reserved: 0, allocation_ratio: 1 },
    };
    fixture.cloud.script('GET', CANDIDATES, { status: 200, response: { provider_summaries: {} } });
    fixture.cloud.script('GET', path, { status: 200, response: { inventories } });
    const { hosts } = await fixture.connect().discover(signal);
    expect(hosts[0]).to.deep.include({ vcpus: 13, memoryMb: 0, diskGb: 0 });
  });

  it('leaves out a host that Placement does not know: it gets no servers', async () => {
    const { path } = recorded('placement-inventories').request;
    fixture.cloud.script('GET', CANDIDATES, { status: 200, response: { provider_summaries: {} } });
    fixture.cloud.script('GET', path, { status: 404, response: {} });
    const { hosts } = await fixture.connect().discover(signal);
    expect(hosts.map(({ name }) => name)).to.deep.equal(['compute2', 'compute3']);
  });

  it('reads again of the hosts only what has changed', async () => {
    const vim = fixture.connect();
    const before = await vim.discover(signal);
    const { path } = recorded('placement-inventories').request;
    const asked = (): number =>
      [CANDIDATES, path, HYPERVISORS].reduce((sum, each) => sum + fixture.cloud.asked('GET', each).length, 0);
    expect(asked()).to.equal(2);
    expect(await vim.discover(signal)).to.deep.equal(before);
    expect(asked()).to.equal(2);
    fixture.cloud.touch(path.split('/')[2] ?? '');
    const inventories = { VCPU: { total: 10, reserved: 1, allocation_ratio: 1.5 } };
    fixture.cloud.script('GET', path, { status: 200, response: { inventories } });
    const after = await vim.discover(signal);
    expect(after.hosts.map(({ vcpus }) => vcpus)).to.deep.equal([13, 160, 160]);
    expect(asked()).to.equal(3);
    // A host more: hypervisors are listed again, for they say which resource provider is its.
    const { response } = recorded('nova-services');
    const [first, ...rest] = (response as { services: object[] }).services;
    const services = [first, ...rest, { ...first, host: 'compute4' }];
    fixture.cloud.script('GET', '/v2.1/os-services', { status: 200, response: { services } });
    await vim.discover(signal);
    expect(fixture.cloud.asked('GET', HYPERVISORS)).to.have.length(2);
  });

  it('reads everything each time from a Placement that does not show its generations', async () => {
    fixture.cloud.script('GET', '/resource_providers', 'tenant-placement-candidates', 'tenant-placement-candidates');
    const vim = fixture.connect();
    expect((await vim.discover(signal)).hosts).to.have.length(3);
    expect((await vim.discover(signal)).hosts).to.have.length(3);
    expect(fixture.cloud.asked('GET', CANDIDATES)).to.have.length(2);
  });

  it('shows hosts that are down or disabled as such, in their zones', async () => {
    const { response } = recorded('nova-services');
    const [one, two, three] = (response as { services: object[] }).services;
    const services = [{ ...one, state: 'down', zone: 'edge' }, { ...two, status: 'disabled' }, three];
    fixture.cloud.script('GET', '/v2.1/os-services', { status: 200, response: { services } });
    const { hosts, zones } = await fixture.connect().discover(signal);
    const seen = hosts.map(({ state, enabled, zone }) => `${zone} ${state} ${enabled ? 'enabled' : 'disabled'}`);
    expect(seen).to.have.members(['edge down enabled', 'nova up disabled', 'nova up enabled']);
    expect(zones).to.deep.equal(['edge', 'nova']);
  });

  it('shows an ordinary tenant no hosts, and its quotas', async () => {
    fixture.cloud.script('GET', '/v2.1/os-services', 'tenant-nova-services');
    fixture.cloud.script('GET', '/v2.1/os-hypervisors/detail', 'tenant-nova-hypervisors');
    const { hosts, zones, quotas } = await fixture.connect().discover(signal);
    expect(hosts).to.deep.equal([]);
    expect(zones).to.deep.equal(['nova']);
    expect(quotas).to.deep.include({ instances: 10, cores: 20, memoryMb: 51_200 });
    expect(fixture.cloud.asked('GET', CANDIDATES)).to.deep.equal([]);
  });

  it('shows no hosts where Placement is closed to the account', async () => {
    fixture.cloud.script('GET', CANDIDATES, 'tenant-placement-candidates');
    expect((await fixture.connect().discover(signal)).hosts).to.deep.equal([]);
  });

  it('leaves out quotas without a limit, and networks of other tenants', async () => {
    fixture.cloud.script('GET', '/v2.1/limits', {
      status: 200,
      response: { limits: { absolute: { maxTotalInstances: -1, maxTotalCores: 4, maxTotalRAMSize: -1 } } },
    });
    const network = { id: 'n', name: 'n', shared: false, 'router:external': false, project_id: 'other' };
    const networks = [
      network,
      { ...network, id: 'out', 'router:external': true },
      { ...network, id: 'common', shared: true },
    ];
    fixture.cloud.script('GET', '/v2.0/networks', { status: 200, response: { networks } });
    const inventory = await fixture.connect().discover(signal);
    expect(inventory.quotas).to.include({ cores: 4 }).and.not.have.any.keys('instances', 'memoryMb');
    expect(inventory.networks.map(({ id, external }) => [id, external])).to.deep.equal([
      ['out', true],
      ['common', false],
    ]);
  });

  it('tells what reservations may name: subnets of the networks that it may use, ports, floating IPs, volumes', async () => {
    const { response } = recorded('neutron-subnets');
    const { network_id: id } = (response as { subnets: { network_id: string }[] }).subnets[0] ?? { network_id: '' };
    const networks = [{ id, name: 'rec', shared: true, 'router:external': false }];
    fixture.cloud.script('GET', '/v2.0/networks', { status: 200, response: { networks } });
    for (const each of ['subnets', 'ports', 'floatingips'])
      fixture.cloud.script('GET', `/v2.0/${each}`, `neutron-${each}`);
    fixture.cloud.script('GET', `/v3/${PROJECT}/volumes/detail`, 'cinder-volumes');
    const { elements } = await fixture.connect().discover(signal);
    expect(elements).to.deep.equal([
      {
        kind: 'subnet',
        id: '1ede22cd-4ad5-4938-8a52-f583079b4f1f',
        name: 'rec6',
        network: id,
        cidr: '2001:db8:1::/64',
        gateway: '2001:db8:1::',
      },
      {
        kind: 'subnet',
        id: 'c6f360f7-636c-4bc7-b973-409dbc191810',
        name: 'rec',
        network: id,
        cidr: '192.168.88.0/24',
        gateway: '192.168.88.1',
      },
      {
        kind: 'port',
        id: 'ac711771-837c-436d-a35d-c99ee7b69f12',
        name: 'uplink',
        network: id,
        addresses: ['192.168.88.238', '2001:db8:1::25e'],
        token: 'rec',
      },
      {
        kind: 'floating-ip',
        id: '616b7e84-0159-4caa-8516-a8b6b12cdc10',
        name: '',
        network: 'ccf4b355-169c-4521-ac0a-b80462187276',
        address: '203.0.113.125',
        token: 'rec',
      },
      {
        kind: 'volume',
        id: '0ed68f94-570f-4437-8904-2a06f1bc4c41',
        name: 'data',
        sizeGb: 1,
        zone: 'nova',
        token: 'rec',
      },
    ]);
    const [asked] = fixture.cloud.asked('GET', '/v2.0/ports');
    expect(asked?.query.getAll('fields')).to.deep.equal([
      'id',
      'name',
      'description',
      'network_id',
      'device_owner',
      'device_id',
      'fixed_ips',
    ]);
  });

  it('leaves out ports of routers and DHCP, and volumes on their way out', async () => {
    const { response } = recorded('neutron-ports');
    const [port] = (response as { ports: object[] }).ports;
    const ports = ['network:dhcp', 'network:router_interface', 'compute:nova'].map((owner) => ({
      ...port,
      id: owner,
      device_owner: owner,
    }));
    fixture.cloud.script('GET', '/v2.0/ports', { status: 200, response: { ports } });
    const [volume] = (recorded('cinder-volumes').response as { volumes: object[] }).volumes;
    fixture.cloud.script('GET', `/v3/${PROJECT}/volumes/detail`, {
      status: 200,
      response: { volumes: [{ ...volume, status: 'deleting' }] },
    });
    const { elements = [] } = await fixture.connect().discover(signal);
    expect(elements.map(({ id }) => id)).to.deep.equal(['compute:nova']);
  });

  it('tells what servers have of ports and volumes that are not on their way', async () => {
    const port = member(recorded('neutron-port-attached').response, 'port') as object;
    const owned = ['compute:nova', 'network:dhcp', 'baremetal:none'].map((owner) => ({ ...port, device_owner: owner }));
    const free = member(recorded('neutron-port-detached').response, 'port') as object;
    fixture.cloud.script('GET', '/v2.0/ports', { status: 200, response: { ports: [...owned, free] } });
    const volumes = ['attaching', 'attached', 'detaching', 'in-use'].map((state) =>
      member(recorded(`cinder-volume-${state}`).response, 'volume'),
    );
    fixture.cloud.script('GET', `/v3/${PROJECT}/volumes/detail`, { status: 200, response: { volumes } });
    const vim = fixture.connect();
    expect(await vim.listAttachments(signal)).to.deep.equal([]);
    await vim.discover(signal);
    const of = (what: string, kind: 'port' | 'volume', path: string): object => {
      const { response } = recorded(what);
      return { kind, id: member(response, `${kind}.id`), server: member(response, path) };
    };
    expect(await vim.listAttachments(signal)).to.deep.equal([
      of('neutron-port-attached', 'port', 'port.device_id'),
      of('cinder-volume-attached', 'volume', 'volume.attachments.0.server_id'),
      of('cinder-volume-in-use', 'volume', 'volume.attachments.0.server_id'),
    ]);
  });

  it('tells from which volume a server starts, of several the bootable one whose device comes first', async () => {
    const SERVERS = '/v2.1/servers/detail';
    const VOLUMES = `/v3/${PROJECT}/volumes/detail`;
    const { volumes } = recorded('cinder-volumes-attached').response as { volumes: { name: string; id: string }[] };
    const idOf = (name: string): string | undefined => volumes.find((each) => each.name === name)?.id;
    const vim = fixture.connect();
    const found = async (): Promise<readonly unknown[]> => {
      fixture.cloud.script('GET', SERVERS, 'nova-servers-from-volumes');
      // Nova is asked for what has changed; all of them are told again.
      return (await vim.listServers(signal)).map(({ name, image, bootVolume }) => [name, image, bootVolume]);
    };
    expect(await found(), 'Nova alone').to.deep.equal([
      ['t2', undefined, undefined],
      ['t1', undefined, idOf('c')],
    ]);
    const from = async (...listed: readonly object[]): Promise<unknown> => {
      fixture.cloud.script('GET', VOLUMES, { status: 200, response: { volumes: listed } });
      await vim.discover(signal);
      return (await found())[0];
    };
    expect(await from(...volumes)).to.deep.equal(['t2', undefined, idOf('b')]);
    const [root] = volumes.filter(({ name }) => name === 'b');
    const beside = (device: string, bootable: string): object => {
      const attachment = member(root, 'attachments.0') as object;
      return { ...root, id: device, bootable, attachments: [{ ...attachment, device }] };
    };
    const one = beside('/dev/vdb', 'true');
    for (const other of [beside('/dev/vdaa', 'true'), beside('/dev/vdc', 'true'), beside('/dev/vda', 'false')])
      for (const both of [
        [one, other],
        [other, one],
      ])
        expect(await from(...both)).to.include('/dev/vdb');
  });

  describe('of information', () => {
    const AGGREGATES = '/v2.1/os-aggregates';
    const TYPES = `/v3/${PROJECT}/types`;
    const POOLS = `/v3/${PROJECT}/scheduler-stats/get_pools`;
    const ADDRESSES = '/v2.0/network-ip-availabilities';
    const [availability] = (
      recorded('neutron-ip-availabilities').response as { network_ip_availabilities: { network_id: string }[] }
    ).network_ip_availabilities;
    const external = availability?.network_id ?? '';

    beforeEach(() => {
      const networks = [{ id: external, name: 'public', shared: false, 'router:external': true }];
      fixture.cloud.script('GET', '/v2.0/networks', { status: 200, response: { networks } });
    });

    it('tells an administrator of aggregates, routers, floating-IP pools, volume types and volume pools', async () => {
      fixture.cloud.script('GET', AGGREGATES, 'nova-aggregates');
      fixture.cloud.script('GET', '/v2.0/routers', 'neutron-routers');
      fixture.cloud.script('GET', ADDRESSES, 'neutron-ip-availabilities');
      fixture.cloud.script('GET', TYPES, 'cinder-types');
      fixture.cloud.script('GET', POOLS, 'cinder-pools');
      const inventory = await fixture.connect().discover(signal);
      expect(inventory.aggregates).to.deep.equal([
        { id: '1', name: 'ssd', hosts: ['compute1'], metadata: { ssd: 'true' } },
        { id: '2', name: 'edge', zone: 'edge', hosts: [], metadata: {} },
      ]);
      expect(inventory.routers).to.deep.equal([
        {
          id: '9e1a32b6-8220-4bb0-8736-a3feac321060',
          name: 'uplink',
          enabled: true,
          status: 'ACTIVE',
          gateway: external,
          token: 'rec',
        },
      ]);
      expect(inventory.floatingIpPools).to.deep.equal([
        { id: external, name: 'public', addresses: { total: 253, used: 1 } },
      ]);
      expect(inventory.volumeTypes).to.deep.equal([
        { id: '0fc75edf-fbd8-42a7-bc0d-82f55ffa3763', name: 'fast', public: false, backend: 'fake' },
        { id: '02374823-f5d8-436e-9ebf-b6a988d8126e', name: '__DEFAULT__', public: true },
      ]);
      // The recorded back end has no bounds.
      expect(inventory.volumePools).to.deep.equal([{ name: 'volumes@fake#fake', backend: 'fake', allocatedGb: 0 }]);
      expect(fixture.cloud.asked('GET', TYPES)[0]?.query.get('is_public')).to.equal('None');
      expect(fixture.cloud.asked('GET', POOLS)[0]?.query.get('detail')).to.equal('true');
      expect(fixture.cloud.asked('GET', ADDRESSES)[0]?.query.getAll('network_id')).to.deep.equal([external]);
      expect(fixture.cloud.asked('GET', '/v2.0/routers')[0]?.query.getAll('fields')).to.include('admin_state_up');
    });

    it('reads volume types to the last page', async () => {
      fixture.cloud.script('GET', TYPES, 'cinder-types-page', 'cinder-types-last-page');
      const { volumeTypes } = await fixture.connect().discover(signal);
      expect(volumeTypes?.map(({ name }) => name)).to.deep.equal(['ssd', 'tape', '__DEFAULT__']);
      const [, second] = fixture.cloud.asked('GET', TYPES);
      expect(second?.query.get('marker')).to.equal('5dbef4d9-309d-4150-b4e1-50da6042b56f');
    });

    it('leaves out what an ordinary tenant may not see', async () => {
      fixture.cloud.script('GET', AGGREGATES, 'tenant-nova-aggregates');
      fixture.cloud.script('GET', ADDRESSES, 'tenant-neutron-ip-availabilities');
      fixture.cloud.script('GET', TYPES, 'tenant-cinder-types');
      fixture.cloud.script('GET', POOLS, 'tenant-cinder-pools');
      const inventory = await fixture.connect().discover(signal);
      expect(inventory).to.not.have.any.keys('aggregates', 'volumePools');
      expect(inventory.floatingIpPools).to.deep.equal([{ id: external, name: 'public' }]);
      expect(inventory.volumeTypes?.map(({ name }) => name)).to.deep.equal(['__DEFAULT__']);
      expect(inventory.routers).to.deep.equal([]);
    });

    it('leaves out what the cloud does not have', async () => {
      for (const path of [AGGREGATES, ADDRESSES, TYPES, POOLS, '/v2.0/routers'])
        fixture.cloud.script('GET', path, { status: 404, response: {} });
      const inventory = await fixture.connect().discover(signal);
      expect(inventory).to.not.have.any.keys('aggregates', 'routers', 'volumeTypes', 'volumePools');
      expect(inventory.floatingIpPools).to.deep.equal([{ id: external, name: 'public' }]);
    });

    it('counts addresses of IPv4 alone, and asks for none without an external network', async () => {
      const subnets = [
        { ip_version: 4, total_ips: 10, used_ips: 3 },
        { ip_version: 6, total_ips: 2 ** 64, used_ips: 1 },
        { ip_version: 4, total_ips: 20, used_ips: 4 },
      ];
      const response = { network_ip_availabilities: [{ network_id: external, subnet_ip_availability: subnets }] };
      fixture.cloud.script('GET', ADDRESSES, { status: 200, response });
      const vim = fixture.connect();
      expect((await vim.discover(signal)).floatingIpPools?.[0]?.addresses).to.deep.equal({ total: 30, used: 7 });
      expect((await vim.discover(signal)).floatingIpPools).to.deep.equal([]);
      expect(fixture.cloud.asked('GET', ADDRESSES)).to.have.length(1);
    });

    it('reads sizes of volume pools as drivers report them', async () => {
      const sizes = { total_capacity_gb: 100.5, free_capacity_gb: '40.25', allocated_capacity_gb: 150 };
      const ratio = { max_over_subscription_ratio: '20.0' };
      const pools = [
        { name: 'thin', capabilities: { ...sizes, ...ratio, thin_provisioning_support: true } },
        { name: 'thick', capabilities: { ...sizes, ...ratio, thin_provisioning_support: false } },
        {
          name: 'odd',
          capabilities: { total_capacity_gb: 'unknown', free_capacity_gb: -1, allocated_capacity_gb: '' },
        },
      ];
      fixture.cloud.script('GET', POOLS, { status: 200, response: { pools } });
      const thick = { name: 'thick', totalGb: 100.5, freeGb: 40.25, allocatedGb: 150 };
      expect((await fixture.connect().discover(signal)).volumePools).to.deep.equal([
        { ...thick, name: 'thin', overCommit: 20 },
        thick,
        { name: 'odd' },
      ]);
    });
  });

  const failing = [
    ['/v2.1/os-availability-zone', 'Nova'],
    ['/v2.1/os-services', 'Nova'],
    ['/v2.1/os-hypervisors/detail', 'Nova'],
    ['/v2.1/flavors/detail', 'Nova'],
    ['/v2.1/limits', 'Nova'],
    ['/v2/images', 'Glance'],
    ['/resource_providers', 'Placement'],
    ['/allocation_candidates', 'Placement'],
    ['/v2.0/networks', 'Neutron'],
    ['/v2.0/subnets', 'Neutron'],
    ['/v2.0/ports', 'Neutron'],
    ['/v2.0/floatingips', 'Neutron'],
    [`/v3/${PROJECT}/volumes/detail`, 'Cinder'],
    [`/v3/${PROJECT}/limits`, 'Cinder'],
    ['/v2.1/os-aggregates', 'Nova'],
    ['/v2.0/routers', 'Neutron'],
    ['/v2.0/network-ip-availabilities', 'Neutron'],
    [`/v3/${PROJECT}/types`, 'Cinder'],
    [`/v3/${PROJECT}/scheduler-stats/get_pools`, 'Cinder'],
  ] as const;
  for (const [path, service] of failing) {
    it(`fails when ${service} fails at ${path.replace(PROJECT, 'PROJECT')}, and says so`, async () => {
      const networks = [{ id: 'out', name: 'out', shared: false, 'router:external': true }];
      const outside = { status: 200, response: { networks } };
      fixture.cloud.script('GET', '/v2.0/networks', outside, outside);
      fixture.cloud.script('GET', path, { status: 500, response: 'Internal Server Error' });
      const error = await failureOf(fixture.connect().discover(signal), 'failed');
      expect(error.message).to.equal(`${service}: Internal Server Error`);
      fixture.cloud.script('GET', path, { status: 200, response: { odd: [] } });
      expect((await failureOf(fixture.connect().discover(signal), 'failed')).message).to.match(
        new RegExp(`^${service}'s .* came in a form that is not known: `),
      );
    });
  }
});
