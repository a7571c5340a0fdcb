import { expect } from 'chai';
import type {
  CreateResource,
  Vim,
  VimErrorKind,
  VimEvent,
  VimResource,
  VimResourceSpec,
} from '../../../../src/vim/vim.ts';
import { OpenStackFixture, failureOf, signal } from './openstack-fixture.ts';
import { member, recorded } from './recorded.ts';

const PROJECT = '7d1751927ddf4d7ab5015644312548d8';
const VOLUMES = `/v3/${PROJECT}/volumes`;
const PORT: VimResourceSpec = { kind: 'port', network: 'n1', address: '10.10.1.42' };
const NETWORK: VimResourceSpec = { kind: 'network', subnets: [{ cidr: '192.0.2.0/24', gateway: '192.0.2.9' }] };

const PATHS: Readonly<Record<VimResourceSpec['kind'], string>> = {
  volume: VOLUMES,
  network: '/v2.0/networks',
  port: '/v2.0/ports',
  'floating-ip': '/v2.0/floatingips',
  router: '/v2.0/routers',
};

describe('volumes, networks, ports and floating IPs of OpenStack', () => {
  let fixture: OpenStackFixture;
  let vim: Vim;
  let told: VimResource[];
  const make = (spec: VimResourceSpec, token = 't1'): CreateResource => ({ token, name: 'made', spec });
  const sent = (path: string): unknown => fixture.cloud.asked('POST', path)[0]?.body;

  beforeEach(async () => {
    fixture = await OpenStackFixture.start();
    vim = fixture.connect();
    told = [];
    vim.events$.subscribe((event: VimEvent) => {
      if (event.type === 'resource') told.push(event.resource);
    });
  });
  afterEach(() => fixture.close());

  it('asks for what is wanted, with the token where it is found again', async () => {
    await vim.createResource(make({ kind: 'volume', sizeGb: 3, type: 'fast', zone: 'nova' }), signal);
    expect(fixture.cloud.asked('POST', VOLUMES)[0]?.headers['openstack-api-version']).to.equal('volume 3.3');
    expect(sent(VOLUMES)).to.deep.equal({
      volume: {
        name: 'made',
        size: 3,
        metadata: { promise_token: 't1' },
        volume_type: 'fast',
        availability_zone: 'nova',
      },
    });
    expect(fixture.cloud.asked('GET', `${VOLUMES}/detail`)[0]?.query.get('metadata')).to.equal(
      '{"promise_token":"t1"}',
    );

    fixture.cloud.script('POST', VOLUMES, 'cinder-create-from-image');
    const root = await vim.createResource(make({ kind: 'volume', sizeGb: 3, image: 'i1' }, 't2'), signal);
    expect(root.status).to.equal('BUILD');
    expect(member(fixture.cloud.asked('POST', VOLUMES)[1]?.body, 'volume')).to.deep.equal({
      name: 'made',
      size: 3,
      metadata: { promise_token: 't2' },
      imageRef: 'i1',
    });

    const network = await vim.createResource(make(NETWORK), signal);
    expect(sent('/v2.0/networks')).to.deep.equal({ network: { name: 'made', description: 'promise_token=t1' } });
    expect(sent('/v2.0/subnets')).to.deep.equal({
      subnet: { network_id: network.id, name: 'made', ip_version: 4, cidr: '192.0.2.0/24', gateway_ip: '192.0.2.9' },
    });
    const [search] = fixture.cloud.asked('GET', '/v2.0/networks');
    expect(Object.fromEntries(search?.query ?? [])).to.deep.equal({
      project_id: PROJECT,
      description: 'promise_token=t1',
    });

    await vim.createResource(make(PORT), signal);
    expect(sent('/v2.0/ports')).to.deep.equal({
      port: {
        name: 'made',
        network_id: 'n1',
        fixed_ips: [{ ip_address: '10.10.1.42' }],
        description: 'promise_token=t1',
      },
    });
    await vim.createResource(make({ kind: 'floating-ip', network: 'n2', port: 'p1' }), signal);
    expect(sent('/v2.0/floatingips')).to.deep.equal({
      floatingip: { floating_network_id: 'n2', port_id: 'p1', description: 'promise_token=t1' },
    });
  });

  it('reads what was recorded', async () => {
    const read = async (kind: VimResourceSpec['kind'], many: string, one: string, name: string): Promise<object> => {
      const path = kind === 'volume' ? `${VOLUMES}/detail` : PATHS[kind];
      const response = { [many]: [member(recorded(name).response, one)] };
      fixture.cloud.script('GET', path, { status: 200, response });
      const [found] = await vim.listResources(kind, signal);
      return found ?? {};
    };
    expect(await read('volume', 'volumes', 'volume', 'cinder-create')).to.include({
      status: 'BUILD',
      token: 't1',
      sizeGb: 1,
    });
    expect(await read('volume', 'volumes', 'volume', 'cinder-volume')).to.include({
      status: 'ACTIVE',
      deleting: false,
    });
    expect(await read('volume', 'volumes', 'volume', 'cinder-volume-in-use')).to.include({ status: 'ACTIVE' });
    expect(await read('volume', 'volumes', 'volume', 'cinder-volume-deleting')).to.include({ deleting: true });
    expect(await read('volume', 'volumes', 'volume', 'cinder-volume-error')).to.include({ status: 'ERROR' });
    expect(await read('volume', 'volumes', 'volume', 'cinder-volume-extended'), 'error_extending').to.include({
      status: 'ERROR',
    });
    const port = recorded('neutron-port-create').response;
    expect(await read('port', 'ports', 'port', 'neutron-port-create'), 'DOWN').to.include({
      status: 'ACTIVE',
      token: 't1',
      address: member(port, 'port.fixed_ips.0.ip_address'),
    });
    expect(await read('port', 'ports', 'port', 'neutron-port-in-use')).to.include({ status: 'ACTIVE' });
    expect(await read('network', 'networks', 'network', 'neutron-network-create')).to.include({
      status: 'ACTIVE',
      name: 'n0',
    });
    const floating = recorded('neutron-floatingip-create').response;
    expect(await read('floating-ip', 'floatingips', 'floatingip', 'neutron-floatingip-create')).to.include({
      token: 't1',
      address: member(floating, 'floatingip.floating_ip_address'),
    });
  });

  const refusals: readonly (readonly [VimResourceSpec, string, VimErrorKind, RegExp])[] = [
    [{ kind: 'volume', sizeGb: 1 }, 'cinder-over-gigabytes', 'over-quota', /exceeds allowed gigabytes quota/],
    [{ kind: 'volume', sizeGb: 1, image: 'i1' }, 'cinder-create-bad-image', 'refused', /Invalid image identifier/],
    [{ kind: 'volume', sizeGb: 1 }, 'cinder-over-volumes', 'over-quota', /Maximum number of volumes allowed \(0\)/],
    [
      { kind: 'volume', sizeGb: 1 },
      'cinder-create-bad-type',
      'refused',
      /Volume type with name nope could not be found/,
    ],
    [{ kind: 'volume', sizeGb: 1 }, 'cinder-create-bad-zone', 'refused', /Availability zone 'nope' is invalid/],
    [{ kind: 'volume', sizeGb: 1 }, 'cinder-create-zero', 'refused', /0 is less than the minimum of 1/],
    [PORT, 'neutron-port-bad-network', 'refused', /Network 2.* could not be found/],
    [PORT, 'neutron-port-bad-address', 'refused', /is not a valid IP for any of the subnets/],
    [PORT, 'neutron-port-address-in-use', 'conflict', /already allocated in subnet/],
    [PORT, 'neutron-over-quota', 'over-quota', /Quota exceeded for resources: \['port'\]/],
    [NETWORK, 'neutron-over-network-quota', 'over-quota', /Quota exceeded for resources: \['network'\]/],
    [
      { kind: 'floating-ip', network: 'n', address: '203.0.113.99' },
      'neutron-floatingip-address-forbidden',
      'forbidden',
      /create_floatingip:floating_ip_address/,
    ],
    [{ kind: 'floating-ip', network: 'n' }, 'neutron-over-floatingip-quota', 'over-quota', /\['floatingip'\]/],
    [
      { kind: 'floating-ip', network: 'n' },
      'neutron-floatingip-not-external',
      'refused',
      /not a valid external network/,
    ],
    [{ kind: 'floating-ip', network: 'n' }, 'neutron-floatingip-associate-unreachable', 'refused', /is not reachable/],
  ];
  for (const [spec, name, kind, pattern] of refusals) {
    it(`answers ${name} with ${kind}, outcome known`, async () => {
      fixture.cloud.script('POST', PATHS[spec.kind], name);
      const error = await failureOf(vim.createResource(make(spec), signal), kind);
      expect(error.message)
        .to.match(pattern)
        .and.match(/^(Cinder|Neutron): /);
      expect(error.outcomeUnknown).to.equal(false);
    });
  }

  for (const [name, kind] of [
    ['neutron-subnet-overlap', 'refused'],
    ['neutron-subnet-bad-cidr', 'refused'],
    ['neutron-over-subnet-quota', 'over-quota'],
  ] as const) {
    it(`removes a network again when ${name} is what becomes of its subnet`, async () => {
      fixture.cloud.script('POST', '/v2.0/subnets', name);
      await failureOf(vim.createResource(make(NETWORK), signal), kind);
      expect(await vim.findResourcesByToken('network', 't1', signal)).to.deep.equal([]);
    });
  }

  it('completes a network whose subnets were not all made when the answer was lost', async () => {
    const spec: VimResourceSpec = { kind: 'network', subnets: [{ cidr: '192.0.2.0/24' }, { cidr: '2001:db8::/64' }] };
    fixture.cloud.script('POST', '/v2.0/subnets', { status: 201, response: {} }, 'break');
    const lost = await failureOf(fixture.passing(vim.createResource(make(spec), signal)), 'timeout');
    expect(lost.outcomeUnknown).to.equal(true);
    const again = await vim.createResource(make(spec), signal);
    expect(fixture.cloud.asked('POST', '/v2.0/networks')).to.have.length(1);
    const made = fixture.cloud.asked('POST', '/v2.0/subnets').slice(2);
    expect(made.map(({ body }) => [member(body, 'subnet.network_id'), member(body, 'subnet.cidr')])).to.deep.equal([
      [again.id, '192.0.2.0/24'],
      [again.id, '2001:db8::/64'],
    ]);
    await vim.createResource(make(spec), signal);
    expect(fixture.cloud.asked('POST', '/v2.0/subnets'), 'nothing is lacking').to.have.length(4);
  });

  it('says of what is in use that it is, of volumes too, and of what is gone that it is', async () => {
    const volume = await vim.createResource(make({ kind: 'volume', sizeGb: 1 }), signal);
    fixture.cloud.script('DELETE', `${VOLUMES}/${volume.id}`, 'cinder-delete-in-use');
    const error = await failureOf(vim.deleteResource('volume', volume.id, signal), 'conflict');
    expect(error.message).to.match(/Volume status must be available or error/);
    const network = await vim.createResource(make(NETWORK), signal);
    fixture.cloud.script('DELETE', `/v2.0/networks/${network.id}`, 'neutron-network-delete-in-use');
    const used = await failureOf(vim.deleteResource('network', network.id, signal), 'conflict');
    expect(used.message).to.match(/There are one or more ports still in use/);
    for (const kind of ['volume', 'network', 'port', 'floating-ip'] as const)
      await failureOf(vim.deleteResource(kind, 'nothing', signal), 'not-found');
  });

  it('tells when a volume is there, and why one is not', async () => {
    const volume = await vim.createResource(make({ kind: 'volume', sizeGb: 1 }), signal);
    await fixture.until(() => told.some(({ id, status }) => id === volume.id && status === 'ACTIVE'));
    const other = await vim.createResource(make({ kind: 'volume', sizeGb: 1 }, 't2'), signal);
    const failed = Object(member(recorded('cinder-volume-error').response, 'volume')) as object;
    const response = { volume: { ...failed, id: other.id } };
    fixture.cloud.script('GET', `${VOLUMES}/${other.id}`, { status: 200, response });
    fixture.cloud.script('GET', `/v3/${PROJECT}/messages`, 'cinder-messages');
    await fixture.until(() => told.some(({ id, status }) => id === other.id && status === 'ERROR'));
    expect(told.find(({ id }) => id === other.id && told.length > 0)).to.have.nested.property(
      'fault.message',
      'schedule allocate volume:Could not find any available weighted backend.',
    );
  });

  it('says what something is, as it would be asked for', async () => {
    const volume = recorded('cinder-volume').response;
    const copied = {
      volume: { ...(Object(member(volume, 'volume')) as object), volume_image_metadata: { image_id: 'i1' } },
    };
    fixture.cloud.script('GET', `${VOLUMES}/v1`, { status: 200, response: volume }, { status: 200, response: copied });
    const plain = { kind: 'volume', sizeGb: 1, type: member(volume, 'volume.volume_type'), zone: 'nova' };
    expect(await vim.describeResource('volume', 'v1', signal)).to.deep.equal(plain);
    expect(await vim.describeResource('volume', 'v1', signal)).to.deep.equal({ ...plain, image: 'i1' });

    const { id } = await vim.createResource(make({ kind: 'floating-ip', network: 'n2', port: 'p1' }), signal);
    const floating = { kind: 'floating-ip', network: 'n2', port: 'p1' };
    expect(await vim.describeResource('floating-ip', id, signal)).to.deep.equal(floating);
    const router = { router: { external_gateway_info: null } };
    fixture.cloud.script('GET', '/v2.0/routers/r1', { status: 200, response: router });
    expect(await vim.describeResource('router', 'r1', signal)).to.deep.equal({ kind: 'router', networks: [] });
    fixture.cloud.script('GET', '/v2.0/ports/p1', { status: 200, response: { port: {} } });
    const error = await failureOf(vim.describeResource('port', 'p1', signal), 'failed');
    expect(error.message).to.match(/^Neutron's port came in a form that is not known/);
  });

  it('tells of a deletion to its end', async () => {
    for (const spec of [{ kind: 'volume', sizeGb: 1 }, PORT] as const) {
      const { id } = await vim.createResource(make(spec), signal);
      await vim.deleteResource(spec.kind, id, signal);
      await fixture.until(() => told.some((each) => each.id === id && each.status === 'DELETED'));
    }
  });

  it('refuses them where the cloud has no such service', async () => {
    const { status, response } = recorded('keystone-token');
    const without: unknown = JSON.parse(
      JSON.stringify(response).replace('"volumev3"', '"none"').replace('"block-storage"', '"none"'),
    );
    fixture.cloud.script('POST', '/v3/auth/tokens', {
      status,
      response: without,
      headers: { 'x-subject-token': 'token-1' },
    });
    const error = await failureOf(vim.createResource(make({ kind: 'volume', sizeGb: 1 }), signal), 'refused');
    expect(error.message).to.match(/no public endpoint of type volume/);
  });

  it('gives a server ports and volumes beside its networks and image', async () => {
    const { images, networks } = await vim.discover(signal);
    const request = { token: 't1', name: 's0', flavor: 'm1.tiny', image: 'cirros', networks: ['private'] };
    await vim.createServer({ ...request, ports: ['p1'], volumes: ['v1', 'v2'] }, signal);
    const volume = { source_type: 'volume', destination_type: 'volume', boot_index: -1, delete_on_termination: false };
    const disk = { source_type: 'image', destination_type: 'local', boot_index: 0, delete_on_termination: true };
    expect(member(sent('/v2.1/servers'), 'server')).to.deep.include({
      imageRef: images[0]?.id,
      networks: [{ uuid: networks[0]?.id }, { port: 'p1' }],
      block_device_mapping_v2: [
        { ...disk, uuid: images[0]?.id },
        { ...volume, uuid: 'v1' },
        { ...volume, uuid: 'v2' },
      ],
    });
    fixture.cloud.script('POST', '/v2.1/servers', 'nova-create-from-volume');
    const blank = { token: 't2', name: 's1', flavor: 'm1.tiny', networks: [] };
    await vim.createServer({ ...blank, bootVolume: 'v0', volumes: ['v1'] }, signal);
    const root = { ...volume, boot_index: 0 };
    expect(member(fixture.cloud.asked('POST', '/v2.1/servers')[1]?.body, 'server')).to.deep.include({
      imageRef: '',
      block_device_mapping_v2: [
        { ...root, uuid: 'v0' },
        { ...volume, uuid: 'v1' },
      ],
    });
    for (const [name, kind, pattern] of [
      ['nova-create-not-bootable', 'refused', /Block Device .* is not bootable/],
      ['nova-create-port-in-use', 'conflict', /Port .* is still in use/],
      ['nova-create-bad-port', 'refused', /Port id .* could not be found/],
      ['nova-create-volume-in-use', 'refused', /Invalid volume/],
      ['nova-create-bad-volume', 'refused', /Volume .* could not be found/],
    ] as const) {
      fixture.cloud.script('POST', '/v2.1/servers', name);
      const error = await failureOf(vim.createServer({ ...request, token: name, ports: ['p1'] }, signal), kind);
      expect(error.message).to.match(pattern);
    }
  });
});
