import { expect } from 'chai';
import { AgentUnderTest, PASSWORD, USER } from '../contract/agent-under-test.ts';
import { requireProgram, run, SshFiles, type Outcome } from './programs.ts';

describe('interoperability: curl', function () {
  this.timeout(60_000);
  let agent: AgentUnderTest;
  let files: SshFiles | undefined;
  let provider: string;

  before(async function () {
    requireProgram(this, 'curl', ['curl', '--version']);
    agent = await AgentUnderTest.start();
    files = new SshFiles(agent);
    const added = await json('POST', '/restconf/operations/opnfv-promise:add-provider', {
      'opnfv-promise:input': { name: 'curl', 'provider-type': 'promise-simulator:simulated' },
    });
    provider = member(added.stdout, 'provider-id');
    await json('POST', '/restconf/operations/opnfv-promise:increase-capacity', {
      'opnfv-promise:input': { source: provider, capacity: { cores: 8 } },
    });
  });
  after(async () => {
    if (files === undefined) return;
    files.remove();
    await agent.close();
  });

  /** The options that every request has, then those of this one. */
  function curl(path: string, ...more: readonly string[]): Promise<Outcome> {
    const login = ['--user', `${USER}:${PASSWORD}`, '--cacert', files?.certificate ?? ''];
    return run('curl', ['--silent', '--show-error', ...login, ...more, `${agent.url}${path}`]);
  }

  function json(method: string, path: string, body: object): Promise<Outcome> {
    return curl(
      path,
      '--fail-with-body',
      ...['--request', method, '--header', 'Content-Type: application/yang-data+json', '--data', JSON.stringify(body)],
    );
  }

  function member(text: string, name: string): string {
    return new RegExp(`"${name}": ?"([^"]+)"`).exec(text)?.[1] ?? expect.fail(`${name} is not in ${text}`);
  }

  it('trusts the certificate that the agent made', async () => {
    const { code, stdout, stderr } = await curl('/restconf/yang-library-version');
    expect(code, stderr).to.equal(0);
    expect(stdout).to.contain('2019-01-04');
  });

  it('reserves in JSON', async () => {
    const { code, stdout, stderr } = await json('POST', '/restconf/operations/opnfv-promise:create-reservation', {
      'opnfv-promise:input': { capacity: { cores: 2 } },
    });
    expect(code, stdout + stderr).to.equal(0);
    expect(member(stdout, 'status')).to.equal('active');
  });

  it('reserves in XML', async () => {
    const body = '<input xmlns="urn:opnfv:promise"><capacity><cores>2</cores></capacity></input>';
    const { code, stdout, stderr } = await curl(
      '/restconf/operations/opnfv-promise:create-reservation',
      ...['--header', 'Content-Type: application/yang-data+xml', '--header', 'Accept: application/yang-data+xml'],
      ...['--data', body],
    );
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/<output xmlns="urn:opnfv:promise">[^]*<status>active<\/status>/);
  });

  it('creates with PUT, finds it at its place, and deletes it', async () => {
    const path = '/restconf/data/opnfv-promise:promise/reservations/reservation=r-1';
    const created = await curl(
      path,
      ...['--request', 'PUT', '--include', '--header', 'Content-Type: application/yang-data+json'],
      ...['--data', JSON.stringify({ 'opnfv-promise:reservation': [{ id: 'r-1', capacity: { cores: 1 } }] })],
    );
    expect(created.stdout).to.match(/^HTTP\/1\.1 201 /);
    expect(created.stdout).to.match(new RegExp(`^location: ${agent.url}${path}\r$`, 'im'));
    expect((await curl(path, '--header', 'Accept: application/yang-data+xml')).stdout).to.contain('<id>r-1</id>');
    const deleted = await curl(path, '--request', 'DELETE', '--write-out', '%{http_code}');
    expect(deleted.stdout).to.equal('204');
    expect((await curl(path, '--output', '/dev/null', '--write-out', '%{http_code}')).stdout).to.equal('404');
  });

  it('waits before it sends a large body, and is told to go on', async () => {
    const preset = { 'opnfv-promise:input': { name: 'x'.repeat(2_000), capacity: { cores: 1 } } };
    const { stdout } = await curl(
      '/restconf/operations/opnfv-promise:create-reservation',
      ...['--header', 'Content-Type: application/yang-data+json', '--header', 'Expect: 100-continue'],
      ...['--data', JSON.stringify(preset), '--output', '/dev/null', '--write-out', '%{http_code}'],
    );
    expect(stdout, 'the name is too long').to.equal('400');
  });

  for (const [encoding, form] of [
    ['json', /^id: [0-9]+\ndata: \{"ietf-restconf:notification":\{"eventTime":/m],
    ['xml', /^id: [0-9]+\ndata: <notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1\.0"><eventTime>/m],
  ] as const) {
    it(`follows an event stream in ${encoding.toUpperCase()}, with a replay`, async () => {
      const start = new Date(agent.clock.now()).toISOString();
      const { code, stdout } = await curl(
        `/restconf/streams/promise/${encoding}?start-time=${start}`,
        ...['--no-buffer', '--max-time', '2', '--header', 'Accept: text/event-stream'],
      );
      expect(code, 'curl ends by its own limit of time').to.equal(28);
      expect(stdout).to.match(form);
      expect(stdout).to.contain('reservation-event');
    });
  }

  it('is told of a wrong password', async () => {
    const login = ['--user', `${USER}:wrong`, '--cacert', files?.certificate ?? '', '--silent', '--include'];
    const { stdout } = await run('curl', [...login, `${agent.url}/restconf`]);
    expect(stdout).to.match(/^HTTP\/1\.1 401 /);
    expect(stdout).to.match(/^www-authenticate: Basic realm="Promise"/im);
    expect(stdout).to.contain('access-denied');
  });
});
