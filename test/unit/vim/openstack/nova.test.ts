import { expect } from 'chai';
import type { CreateServer, Vim, VimErrorKind } from '../../../../src/vim/vim.ts';
import { OpenStackFixture, failureOf, signal } from './openstack-fixture.ts';
import { member, recorded } from './stand-in.ts';

const SERVERS = '/v2.1/servers';
const DETAIL = '/v2.1/servers/detail';

describe('Nova', () => {
  let fixture: OpenStackFixture;
  let vim: Vim;
  const request = (more: Partial<CreateServer> = {}): CreateServer => ({
    token: 't1',
    name: 's0',
    flavor: 'm1.tiny',
    image: 'cirros',
    networks: ['private'],
    ...more,
  });

  beforeEach(async () => {
    fixture = await OpenStackFixture.start();
    vim = fixture.connect();
  });
  afterEach(() => fixture.close());

  it('asks for a server by ids, with the token where it is found again', async () => {
    const { images, networks } = await vim.discover(signal);
    await vim.createServer(request({ zone: 'nova', host: 'compute1' }), signal);
    const [post] = fixture.cloud.asked('POST', SERVERS);
    expect(post?.headers['openstack-api-version']).to.equal('compute 2.74');
    expect(post?.body).to.deep.equal({
      server: {
        name: 's0',
        imageRef: images[0]?.id,
        flavorRef: '1',
        networks: [{ uuid: networks[0]?.id }],
        metadata: { promise_token: 't1' },
        tags: ['promise-t1'],
        availability_zone: 'nova',
        host: 'compute1',
      },
    });
    await vim.createServer(request({ token: 't2', networks: [], image: images[0]?.id ?? '' }), signal);
    expect(member(fixture.cloud.asked('POST', SERVERS)[1]?.body, 'server.networks')).to.equal('none');
  });

  it('looks for a server with the token before it makes one, unless nothing was ever asked for with it', async () => {
    await vim.createServer(request({ fresh: true }), signal);
    expect(fixture.cloud.asked('GET', DETAIL)).to.have.length(0);
    const { serverId } = await vim.createServer(request(), signal);
    expect(fixture.cloud.asked('GET', DETAIL)).to.have.length(1);
    expect(fixture.cloud.asked('POST', SERVERS), 'it is there already').to.have.length(1);
    expect((await vim.findServersByToken('t1', signal))[0]?.id).to.equal(serverId);
  });

  it('finds a server by a token that is no tag as it is', async () => {
    const token = `${'long '.repeat(20)}/,`;
    const { serverId } = await vim.createServer(request({ token }), signal);
    expect(member(fixture.cloud.asked('POST', SERVERS)[0]?.body, 'server.tags.0')).to.match(/^[^/,]{1,60}$/);
    expect((await vim.findServersByToken(token, signal))[0]?.id).to.equal(serverId);
  });

  it('believes the metadata and not the tag', async () => {
    fixture.cloud.script('GET', DETAIL, 'nova-servers-active');
    expect(await vim.findServersByToken('other', signal)).to.deep.equal([]);
    fixture.cloud.script('GET', DETAIL, 'nova-servers-active');
    expect((await vim.findServersByToken('t1', signal))[0]?.status).to.equal('ACTIVE');
  });

  it('reads servers as they were recorded', async () => {
    const read = async (name: string): Promise<object> => {
      fixture.cloud.script(
        'GET',
        DETAIL,
        name.startsWith('nova-servers') ? name : { status: 200, response: inList(name) },
      );
      const [server] = await fixture.connect().listServers(signal);
      return server ?? {};
    };
    expect(await read('nova-servers-build')).to.deep.include({
      status: 'BUILD',
      token: 't1',
      flavor: '1',
      deleting: false,
    });
    const active = await read('nova-servers-active');
    expect(active).to.deep.include({ name: 's0', status: 'ACTIVE', zone: 'nova', deleting: false });
    expect(active).to.include({ image: '4901d809-3cc9-4cee-8a49-280da04597c0' }).and.not.have.property('bootVolume');
    expect(active)
      .to.have.property('host')
      .that.matches(/^compute[123]$/);
    expect(await read('nova-servers-deleting')).to.deep.include({ deleting: true });
    const failed = await read('nova-server-error');
    expect(failed).to.deep.include({ status: 'ERROR', fault: { code: 500, message: 'No valid host was found. ' } });
    expect(failed).to.not.have.any.keys('host', 'zone');
  });

  it('reads states that do not matter here as UNKNOWN, and servers of a cell that is down', async () => {
    const states = ['SHUTOFF', 'SOFT_DELETED', 'VERIFY_RESIZE'].map((status) => ({ id: status, status }));
    fixture.cloud.script('GET', DETAIL, { status: 200, response: { servers: states } });
    expect((await vim.listServers(signal)).map(({ status }) => status)).to.deep.equal([
      'SHUTOFF',
      'DELETED',
      'UNKNOWN',
    ]);
  });

  it('asks for the servers that have changed, and from time to time for all', async () => {
    const at = (time: string): string => `2026-11-21T${time}Z`;
    const answer = (...servers: object[]): { status: number; response: object } => ({
      status: 200,
      response: { servers },
    });
    const one = { id: 'one', status: 'ACTIVE', updated: at('10:00:00') };
    const two = { id: 'two', status: 'BUILD', updated: at('10:05:00') };
    const three = { id: 'three', status: 'ACTIVE', updated: at('10:06:00') };
    fixture.cloud.script(
      'GET',
      DETAIL,
      answer(one, two),
      answer({ ...one, status: 'DELETED', updated: at('10:07:00') }, { ...two, status: 'ACTIVE' }, three),
      answer(),
      // Nova has purged what it knew of the third.
      answer({ ...two, status: 'ACTIVE' }),
    );
    const listed = async (): Promise<string[]> =>
      (await vim.listServers(signal)).map(({ id, status }) => `${id} ${status}`);
    expect(await listed()).to.deep.equal(['one ACTIVE', 'two BUILD']);
    expect(await listed()).to.deep.equal(['two ACTIVE', 'three ACTIVE']);
    fixture.clock.advance(14 * 60_000);
    expect(await listed()).to.deep.equal(['two ACTIVE', 'three ACTIVE']);
    fixture.clock.advance(60_000);
    expect(await listed()).to.deep.equal(['two ACTIVE']);
    const since = fixture.cloud.asked('GET', DETAIL).map(({ query }) => query.get('changes-since'));
    expect(since).to.deep.equal([null, at('10:00:00'), at('10:02:00'), null]);
  });

  it('reads a list page after page, whatever address the links have', async () => {
    const page = (id: string, next?: string): object => ({
      servers: [{ id, status: 'ACTIVE' }],
      ...(next === undefined
        ? {}
        : { servers_links: [{ rel: 'next', href: `http://inside:8774/v2.1/servers/detail?${next}` }] }),
    });
    fixture.cloud.script(
      'GET',
      DETAIL,
      { status: 200, response: page('a', 'marker=a') },
      { status: 200, response: page('b', 'marker=b') },
      { status: 200, response: page('c') },
    );
    expect((await vim.listServers(signal)).map(({ id }) => id)).to.deep.equal(['a', 'b', 'c']);
    const asked = fixture.cloud.asked('GET', DETAIL).map(({ query }) => query);
    expect(asked.map((query) => query.get('marker'))).to.deep.equal([null, 'a', 'b']);
    // A page of Nova's own length, 1,000, would be read in one turn of the event loop.
    expect(asked[0]?.get('limit')).to.equal('200');
  });

  it('asks an older Nova for its newest microversion', async () => {
    const { response } = recorded('nova-version');
    // As recorded: version 2.93.
    const older = JSON.parse(JSON.stringify(response).replace('2.93', '2.60')) as unknown;
    fixture.cloud.script('GET', '/v2.1/', { status: 200, response: older });
    await vim.discover(signal);
    const versions = (path: string): unknown => fixture.cloud.asked('GET', path)[0]?.headers['openstack-api-version'];
    expect(versions('/v2.1/os-hypervisors/detail')).to.equal('compute 2.60');
    expect(versions('/v2.1/os-services')).to.equal('compute 2.53');
    expect(fixture.cloud.asked('GET', '/v2.1/')).to.have.length(1);
  });

  it('asks a newer Nova for the versions that have what is needed', async () => {
    const { response } = recorded('nova-version');
    const newer = JSON.parse(JSON.stringify(response).replace('2.93', '2.104')) as unknown;
    fixture.cloud.script('GET', '/v2.1/', { status: 200, response: newer });
    await vim.discover(signal);
    await vim.createServer(request(), signal);
    const version = (method: string, path: string): unknown =>
      fixture.cloud.asked(method, path)[0]?.headers['openstack-api-version'];
    // The flavor's id is in servers until 2.46, a hypervisor that died hangs from 2.88 on.
    expect(version('GET', DETAIL)).to.equal('compute 2.46');
    expect(version('GET', '/v2.1/os-hypervisors/detail')).to.equal('compute 2.87');
    expect(version('POST', SERVERS)).to.equal('compute 2.74');
  });

  it('takes what Nova answers to a creation and to a deletion, as recorded', async () => {
    fixture.cloud.script('POST', SERVERS, 'nova-create');
    const { serverId } = await vim.createServer(request(), signal);
    expect(serverId).to.equal('ed7435fb-491e-441f-80bc-770eb0598576');
    fixture.cloud.script('DELETE', `${SERVERS}/${serverId}`, 'nova-delete', 'nova-delete-gone');
    await vim.deleteServer(serverId, signal);
    await failureOf(vim.deleteServer(serverId, signal), 'not-found');
  });

  const refusals: readonly (readonly [string, VimErrorKind, RegExp])[] = [
    ['nova-create-bad-flavor', 'refused', /^Nova: Flavor nope could not be found\.$/],
    ['nova-create-bad-image', 'refused', /Can not find requested image/],
    ['nova-create-bad-network', 'refused', /Network 0+.* could not be found/],
    ['nova-create-bad-zone', 'refused', /availability zone is not available/],
    ['nova-create-bad-host', 'refused', /Compute host nope could not be found/],
    ['nova-create-long-name', 'refused', /Invalid input for field\/attribute name/],
    ['tenant-nova-create-host', 'forbidden', /requested_destination/],
    ['nova-over-quota', 'over-quota', /Quota exceeded for instances: Requested 1, but already used 1 of 0/],
    ['nova-over-port-quota', 'over-quota', /Maximum number of ports exceeded/],
    ['neutron-over-quota', 'over-quota', /Quota exceeded for resources/],
    ['nova-server-gone', 'refused', /could not be found/],
  ];
  for (const [name, kind, pattern] of refusals) {
    it(`answers ${name} with ${kind}, outcome known`, async () => {
      fixture.cloud.script('POST', SERVERS, name);
      const error = await failureOf(vim.createServer(request(), signal), kind);
      expect(error.message).to.match(pattern);
      expect(error.outcomeUnknown).to.equal(false);
    });
  }

  it('tells conflicts, faults of its own and a host that cannot be found', async () => {
    for (const [status, body, kind] of [
      [409, { conflictingRequest: { code: 409, message: 'Port in use' } }, 'conflict'],
      [500, { computeFault: { code: 500, message: 'Unexpected API Error.' } }, 'failed'],
      [500, { computeFault: { code: 500, message: 'No valid host was found.' } }, 'no-valid-host'],
      [413, { overLimit: { code: 413, message: 'Too much' } }, 'over-quota'],
      [500, 'not the form of an error', 'failed'],
    ] as const) {
      fixture.cloud.script('POST', SERVERS, { status, response: body });
      await failureOf(vim.createServer(request(), signal), kind);
    }
  });

  it('looks again for what it does not know, and after a refusal', async () => {
    await vim.discover(signal);
    const looks = (): number => fixture.cloud.asked('GET', '/v2.1/flavors/detail').length;
    await vim.createServer(request(), signal);
    expect(looks(), 'what is known').to.equal(1);
    await failureOf(vim.createServer(request({ token: 't2', flavor: 'new' }), signal), 'refused');
    expect(looks(), 'what is not known').to.equal(2);
    fixture.cloud.script('POST', SERVERS, 'nova-create-bad-image');
    await failureOf(vim.createServer(request({ token: 't3' }), signal), 'refused');
    await vim.createServer(request({ token: 't4' }), signal);
    expect(looks(), 'after a refusal').to.equal(3);
  });

  it('wants an id where a name stands for several', async () => {
    const { response } = recorded('glance-images');
    const { images } = response as { images: object[] };
    const twice = { status: 200, response: { images: [...images, { ...images[0], id: 'another' }] } };
    fixture.cloud.script('GET', '/v2/images', twice);
    const error = await failureOf(vim.createServer(request(), signal), 'refused');
    expect(error.message).to.match(/^There are several images with the name 'cirros': give the id, such as /);
  });

  it('says that a server is gone which is to be deleted', async () => {
    await failureOf(vim.deleteServer('nothing', signal), 'not-found');
  });
});

function inList(name: string): object {
  const { server } = recorded(name).response as { server: object };
  return { servers: [server] };
}
