import { expect } from 'chai';
import { endpointOf } from '../../../../src/vim/openstack/keystone.ts';
import type { Endpoint } from '../../../../src/vim/openstack/keystone.ts';
import { OpenStackFixture, failureOf, signal } from './openstack-fixture.ts';
import { member, recorded } from './stand-in.ts';
import type { Seen } from './stand-in.ts';

describe('Keystone', () => {
  let fixture: OpenStackFixture;
  const tokens = (): Seen[] => fixture.cloud.asked('POST', '/v3/auth/tokens');

  beforeEach(async () => {
    fixture = await OpenStackFixture.start();
  });
  afterEach(() => fixture.close());

  it('authenticates with a password in the scope of the tenant', async () => {
    await fixture.connect({ domain: 'Corp', tenant: { name: 'vnf' } }).listServers(signal);
    expect(tokens()[0]?.body).to.deep.equal({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'admin', domain: { name: 'Corp' }, password: 'secret-password' } },
        },
        scope: { project: { name: 'vnf', domain: { name: 'Corp' } } },
      },
    });
    const [servers] = fixture.cloud.asked('GET', '/v2.1/servers/detail');
    expect(servers?.headers['x-auth-token']).to.equal('token-1');
  });

  it('takes the domain Default by its id, and a tenant by its id', async () => {
    await fixture.connect({ domain: 'Default', tenant: { id: 'f00' } }).listServers(signal);
    const body = tokens()[0]?.body;
    expect(member(body, 'auth.identity.password.user.domain')).to.deep.equal({ id: 'default' });
    expect(member(body, 'auth.scope')).to.deep.equal({ project: { id: 'f00' } });
  });

  it('authenticates with an application credential, which brings its own scope', async () => {
    await fixture.connect({ username: 'application-credential:ac1', password: 'ac-secret' }).listServers(signal);
    expect(tokens()[0]?.body).to.deep.equal({
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { id: 'ac1', secret: 'ac-secret' },
        },
      },
    });
  });

  it('authenticates with a token', async () => {
    await fixture.connect({ username: 'token:', password: 'given-token' }).listServers(signal);
    expect(member(tokens()[0]?.body, 'auth.identity')).to.deep.equal({
      methods: ['token'],
      token: { id: 'given-token' },
    });
  });

  it('says who was rejected and where, and not the password', async () => {
    const error = await failureOf(fixture.connect({ password: 'wrong-password' }).discover(signal), 'unauthorized');
    expect(error.message).to.match(/^Keystone at http:.*\/v3 does not accept user 'admin' .* for the tenant 'admin'/);
    expect(JSON.stringify([error.message, error.stack, error.cause])).to.not.include('wrong-password');
    expect(tokens()).to.have.length(1);
  });

  const rejected = [
    [
      { tenant: { name: 'nowhere' } },
      /user 'admin' of domain 'default' .* for the tenant 'nowhere'; it says the same of/,
    ],
    [
      { username: 'application-credential:ac1', password: 'ac-secret' },
      /\/v3 does not accept the application credential 'ac1' .* unknown or has expired\.$/,
    ],
    [{ username: 'token:', password: 'given-token' }, /\/v3 does not accept the token that was given .* has expired/],
  ] as const;
  for (const [account, message] of rejected) {
    it(`says what was rejected of ${JSON.stringify(account)}, and no secret`, async () => {
      fixture.cloud.script('POST', '/v3/auth/tokens', 'keystone-unknown-project');
      const error = await failureOf(fixture.connect(account).discover(signal), 'unauthorized');
      expect(error.message).to.match(message);
      expect(JSON.stringify([error.message, error.stack, error.cause])).to.not.match(
        /ac-secret|given-token|secret-pass/,
      );
    });
  }

  const odd = { 'x-subject-token': 'odd' };
  const answers = [
    [{ status: 300 }, 'refused', /^There is no Keystone v3 at http:.*\/v3: it answered with status 300\.$/],
    [{ status: 403, response: { error: { code: 403, message: 'No.' } } }, 'forbidden', /^Keystone: No\.$/],
    [{ status: 500 }, 'failed', /^Keystone answered POST \/auth\/tokens with status 500\.$/],
    [{ status: 201, response: {} }, 'failed', /^http:.*\/v3 gave no token; is it Keystone\?$/],
    [{ status: 201, response: {}, headers: odd }, 'failed', /^Keystone's token came in a form that is not known: /],
  ] as const;
  for (const [answer, kind, message] of answers) {
    it(`says what is wrong when it answers ${JSON.stringify(answer)}`, async () => {
      fixture.cloud.script('POST', '/v3/auth/tokens', answer);
      const error = await failureOf(fixture.connect().discover(signal), kind);
      expect(error.message).to.match(message);
    });
  }

  it('keeps several clouds apart', async () => {
    const other = await OpenStackFixture.start();
    try {
      const here = fixture.connect();
      const there = fixture.connect({ providerId: 'q', endpoint: other.cloud.endpoint });
      const request = { name: 'n', flavor: 'm1.tiny', image: 'cirros', networks: [] };
      await Promise.all([
        here.createServer({ ...request, token: 'here' }, signal),
        there.createServer({ ...request, token: 'there' }, signal),
      ]);
      fixture.cloud.expireTokens();
      expect((await here.listServers(signal)).map(({ token }) => token)).to.deep.equal(['here']);
      expect((await there.listServers(signal)).map(({ token }) => token)).to.deep.equal(['there']);
      expect(tokens()).to.have.length(2);
      expect(other.cloud.asked('POST', '/v3/auth/tokens')).to.have.length(1);
    } finally {
      await other.close();
    }
  });

  it('authenticates again once for everybody when the token is no longer taken, and repeats what was asked', async () => {
    const vim = fixture.connect();
    await vim.discover(signal);
    fixture.cloud.expireTokens();
    const [made] = await Promise.all([
      vim.createServer({ token: 't', name: 'n', flavor: 'm1.tiny', image: 'cirros', networks: [] }, signal),
      vim.listServers(signal),
      vim.findServersByToken('x', signal),
      vim.discover(signal),
    ]);
    expect(made.serverId).to.equal('server-1');
    expect(tokens()).to.have.length(2);
  });

  it('gives up when a service takes no token at all', async () => {
    fixture.cloud.script('GET', '/v2.1/servers/detail', 'nova-bad-token', 'nova-bad-token');
    await failureOf(fixture.connect().listServers(signal), 'unauthorized');
    expect(tokens()).to.have.length(2);
  });

  it('does not let one caller end the authentication that others wait for', async () => {
    const vim = fixture.connect();
    const impatient = new AbortController();
    const [given, stayed] = [vim.listServers(impatient.signal), vim.listServers(signal)];
    impatient.abort();
    await failureOf(given, 'aborted');
    expect(await stayed).to.deep.equal([]);
    expect(tokens()).to.have.length(1);
  });

  it('needs a project', async () => {
    const unscoped = { ...recorded('keystone-token-unscoped'), headers: { 'x-subject-token': 'unscoped' } };
    fixture.cloud.script('POST', '/v3/auth/tokens', unscoped);
    const error = await failureOf(fixture.connect().discover(signal), 'forbidden');
    expect(error.message).to.include('name the tenant');
  });

  it('takes the first region that has servers when none is named, whatever else is in the catalogue', () => {
    const at = (type: string, region: string): Endpoint => ({
      type,
      interface: 'public',
      region,
      url: `http://${region}/`,
    });
    const catalogue = [
      at('identity', ''),
      at('identity', 'central'),
      { ...at('compute', 'a'), interface: 'internal' },
      at('compute', 'west'),
      at('network', 'west'),
      at('compute', 'east'),
      at('network', 'east'),
    ];
    const where = (service: 'compute' | 'network', region?: string) =>
      endpointOf(catalogue, service, { region, face: 'public' });
    expect([where('compute'), where('network')]).to.deep.equal(['http://east', 'http://east']);
    expect(where('network', 'west')).to.equal('http://west');
    expect(where('network', 'central')).to.equal(undefined);
  });

  it('says which regions there are', async () => {
    const error = await failureOf(fixture.connect({ region: 'Mars' }).discover(signal), 'refused');
    expect(error.message).to.equal("Keystone's catalogue has no region 'Mars'; it has RegionOne.");
    expect((await fixture.connect({ region: 'RegionOne' }).discover(signal)).hosts).to.have.length(3);
  });

  it('says when what answers is no Keystone v3', async () => {
    for (const [endpoint, pattern] of [
      ['not a url', /'not a url' is not a URL/],
      ['ftp://x/', /neither http nor https/],
      ['http://x:5000/v2.0', /v2.0, which is gone/],
      ['http://user:pw@x/', /places of their own/],
      [`${fixture.cloud.endpoint.replace('/v3', '')}/elsewhere`, /no Keystone v3 at .*\/elsewhere\/v3/],
    ] as const) {
      const error = await failureOf(fixture.connect({ endpoint }).discover(signal), 'refused');
      expect(error.message).to.match(pattern);
    }
    const bare = fixture.connect({ endpoint: `${fixture.cloud.endpoint.replace('/v3', '')}/` });
    expect(await bare.listServers(signal)).to.deep.equal([]);
  });

  it('uses the endpoints that are asked for, and says when there are none', async () => {
    expect(await fixture.connect({}, { face: 'internal' }).listServers(signal)).to.deep.equal([]);
    fixture.cloud.script('POST', '/v3/auth/tokens', () => ({
      status: 201,
      response: { token: { expires_at: '2030-01-01T00:00:00Z', project: { id: 'x', name: 'x' }, catalog: [] } },
      headers: { 'x-subject-token': 'token-1' },
    }));
    const error = await failureOf(fixture.connect().discover(signal), 'refused');
    expect(error.message).to.equal("Keystone's catalogue has no public endpoint of type compute.");
  });
});
