import { expect } from 'chai';
import type { CreateResource, Vim, VimErrorKind, VimResourceSpec } from '../../../../src/vim/vim.ts';
import { OpenStackFixture, failureOf, signal } from './openstack-fixture.ts';

const ROUTERS = '/v2.0/routers';

describe('routers of OpenStack', () => {
  let fixture: OpenStackFixture;
  let vim: Vim;
  let network: string;
  const make = (more: Partial<Extract<VimResourceSpec, { kind: 'router' }>> = {}): CreateResource => ({
    token: 'r1',
    name: 'edge',
    spec: { kind: 'router', networks: [network], ...more },
  });
  const asked = (method: string, path: RegExp): unknown[] =>
    fixture.cloud.seen.filter((each) => each.method === method && path.test(each.path)).map(({ body }) => body);

  beforeEach(async () => {
    fixture = await OpenStackFixture.start();
    vim = fixture.connect();
    const subnets = [{ cidr: '192.0.2.0/24' }, { cidr: '198.51.100.0/24' }];
    network = (await vim.createResource({ token: 'n1', name: 'n1', spec: { kind: 'network', subnets } }, signal)).id;
  });
  afterEach(() => fixture.close());

  it('are made with their gateway, and joined to each subnet of their networks', async () => {
    const made = await vim.createResource(make({ gateway: 'ext' }), signal);
    expect(made).to.include({ kind: 'router', status: 'ACTIVE', token: 'r1' });
    expect(asked('POST', /routers$/)).to.deep.equal([
      {
        router: { name: 'edge', external_gateway_info: { network_id: 'ext' }, description: 'promise_token=r1' },
      },
    ]);
    expect(asked('PUT', /add_router_interface$/)).to.deep.equal([{ subnet_id: 'subnet-1' }, { subnet_id: 'subnet-2' }]);
  });

  it('are completed where a request was not answered, and not made twice', async () => {
    fixture.cloud.script('PUT', `${ROUTERS}/router-1/add_router_interface`, 'neutron-router-add', 'break');
    await failureOf(vim.createResource(make(), signal), 'timeout');
    const made = await vim.createResource(make(), signal);
    expect(asked('POST', /routers$/)).to.have.length(1);
    expect((await vim.findResourcesByToken('router', 'r1', signal)).map(({ id }) => id)).to.deep.equal([made.id]);
  });

  it('lose their interfaces before they are deleted', async () => {
    const { id } = await vim.createResource(make(), signal);
    await vim.deleteResource('router', id, signal);
    expect(asked('PUT', /remove_router_interface$/)).to.have.length(2);
    await failureOf(vim.deleteResource('router', id, signal), 'not-found');
    await vim.deleteResource('network', network, signal);
  });

  it('stay while a floating IP needs them, with the word of Neutron', async () => {
    const { id } = await vim.createResource(make(), signal);
    fixture.cloud.script('PUT', `${ROUTERS}/${id}/remove_router_interface`, 'neutron-router-remove-in-use');
    const error = await failureOf(vim.deleteResource('router', id, signal), 'conflict');
    expect(error.message).to.match(/is required by one or more floating IPs/);
    await vim.deleteResource('router', id, signal);
  });

  const refusals: readonly (readonly [string, VimErrorKind, RegExp])[] = [
    ['neutron-router-bad-gateway', 'refused', /is not an external network/],
    ['neutron-over-router-quota', 'over-quota', /Quota exceeded for resources: \['router'\]/],
  ];
  for (const [answer, kind, message] of refusals) {
    it(`${answer}: ${kind}, with the word of Neutron`, async () => {
      fixture.cloud.script('POST', ROUTERS, answer);
      expect((await failureOf(vim.createResource(make(), signal), kind)).message).to.match(message);
    });
  }

  it('go again when a subnet is refused them', async () => {
    const path = `${ROUTERS}/router-1/add_router_interface`;
    fixture.cloud.script('PUT', path, 'neutron-router-add-again');
    const error = await failureOf(vim.createResource(make(), signal), 'refused');
    expect(error.message).to.match(/already has a port on subnet/);
    expect(await vim.listResources('router', signal)).to.deep.equal([]);
  });
});
