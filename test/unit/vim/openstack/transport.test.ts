import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { makeAuthority } from './authority.ts';
import { OpenStackFixture, failureOf, signal } from './openstack-fixture.ts';

const SERVERS = '/v2.1/servers/detail';
const REQUEST = { token: 't', name: 'n', flavor: 'm1.tiny', image: 'cirros', networks: [] };

describe('calls to OpenStack', () => {
  let fixture: OpenStackFixture;

  beforeEach(async () => {
    fixture = await OpenStackFixture.start();
  });
  afterEach(() => fixture.close());

  it('repeats what reads, with growing waits, while a service is away for the moment', async () => {
    const vim = fixture.connect();
    fixture.cloud.script('GET', SERVERS, { status: 503 }, 'break');
    const began = fixture.clock.now();
    expect(await fixture.passing(vim.listServers(signal), 10)).to.deep.equal([]);
    expect(fixture.clock.now() - began).to.be.at.least(250 + 500);
    expect(fixture.cloud.asked('GET', SERVERS)).to.have.length(3);
  });

  it('waits as long as it is told to', async () => {
    const vim = fixture.connect();
    fixture.cloud.script('GET', SERVERS, { status: 429, headers: { 'retry-after': '7' } });
    const began = fixture.clock.now();
    await fixture.passing(vim.listServers(signal));
    expect(fixture.clock.now() - began).to.be.at.least(7_000);
  });

  it('ends repeating with what was said last', async () => {
    const vim = fixture.connect();
    fixture.cloud.script('GET', SERVERS, { status: 504 }, { status: 504 }, { status: 504 });
    const error = await failureOf(fixture.passing(vim.listServers(signal)), 'failed');
    expect(error.message).to.equal('Nova answered GET /servers/detail with status 504.');
    fixture.cloud.script('GET', SERVERS, 'break', 'break', 'break');
    expect((await failureOf(fixture.passing(vim.listServers(signal)), 'timeout')).outcomeUnknown).to.equal(true);
  });

  it('does not repeat a creation whose outcome is not known, except when it surely was not begun', async () => {
    const vim = fixture.connect();
    const posts = (): number => fixture.cloud.asked('POST', '/v2.1/servers').length;
    for (const [scripted, kind] of [
      ['break', 'timeout'],
      [{ status: 503 }, 'failed'],
    ] as const) {
      const before = posts();
      fixture.cloud.script('POST', '/v2.1/servers', scripted);
      const error = await failureOf(fixture.passing(vim.createServer(REQUEST, signal)), kind);
      expect(error.outcomeUnknown).to.equal(true);
      expect(posts() - before).to.equal(1);
    }
    fixture.cloud.script('POST', '/v2.1/servers', { status: 429 });
    expect(await fixture.passing(vim.createServer(REQUEST, signal))).to.deep.equal({ serverId: 'server-1' });
  });

  it('gives up on a service that does not answer in time', async () => {
    const vim = fixture.connect({}, { timing: { answer: 50 } });
    fixture.cloud.script('GET', SERVERS, 'hang');
    const error = await failureOf(vim.listServers(signal), 'timeout');
    expect(error.message).to.match(/^http:.* did not answer GET \/v2.1\/servers\/detail in time\.$/);
  });

  it('ends a call that the caller gives up, also while it waits to repeat it', async () => {
    const vim = fixture.connect();
    const asked = (): number => fixture.cloud.asked('GET', SERVERS).length;
    for (const [scripted, isUnderWay] of [
      ['hang', () => asked() === 1],
      [{ status: 503 }, () => fixture.clock.next !== undefined],
    ] as const) {
      const caller = new AbortController();
      fixture.cloud.script('GET', SERVERS, scripted);
      const call = vim.listServers(caller.signal);
      await fixture.until(isUnderWay, 0);
      caller.abort();
      await failureOf(call, 'aborted');
    }
    expect(asked()).to.equal(2);
    expect(fixture.clock.next, 'nothing is to be repeated').to.equal(undefined);
  });

  it('ends a call that the caller gives up before there is a connection for it', async () => {
    const vim = fixture.connect();
    const everyConnection = 16;
    fixture.cloud.script('GET', SERVERS, ...Array.from({ length: everyConnection }, () => 'hang' as const));
    const callers = Array.from({ length: everyConnection }, () => new AbortController());
    const hanging = callers.map((caller) => vim.listServers(caller.signal));
    await fixture.until(() => fixture.cloud.asked('GET', SERVERS).length === everyConnection, 0);
    const impatient = new AbortController();
    const waiting = vim.listServers(impatient.signal);
    await nextTurn();
    impatient.abort();
    await failureOf(waiting, 'aborted');
    for (const caller of callers) caller.abort();
    for (const call of hanging) await failureOf(call, 'aborted');
    expect(fixture.cloud.asked('GET', SERVERS), 'the one that was given up is not sent').to.have.length(
      everyConnection,
    );
  });

  it('says that nothing was delivered when nobody listens', async () => {
    const gone = await OpenStackFixture.start();
    const { endpoint } = gone.cloud;
    await gone.close();
    const error = await failureOf(fixture.connect({ endpoint }).discover(signal), 'unreachable');
    expect(error.message).to.match(/^http:\/\/127\.0\.0\.1:\d+ cannot be reached: /);
    expect(error.outcomeUnknown).to.equal(false);
  });

  it('says when an answer has a form that is not known', async () => {
    fixture.cloud.script('GET', SERVERS, { status: 200, response: { servers: [{ id: 5 }] } });
    const error = await failureOf(fixture.connect().listServers(signal), 'failed');
    expect(error.message).to.match(/^Nova's answer to GET \/servers\/detail came in a form that is not known: /);
  });

  it('trusts the authorities that it is given, and no others', async () => {
    const { key, cert } = await makeAuthority();
    const secure = await OpenStackFixture.start({ key, cert });
    expect(await secure.connect({}, { ca: cert }).listServers(signal)).to.deep.equal([]);
    const error = await failureOf(secure.connect().listServers(signal), 'unreachable');
    expect(error.message).to.match(/^The certificate of https:.* is not accepted: /);
    await secure.close();
  });
});
