import { request } from 'undici';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { Webhooks } from '../../../../src/vim/openstack/webhook.ts';
import { OpenStackFixture, signal } from './openstack-fixture.ts';
import { member, recorded } from './stand-in.ts';
import type { Seen } from './stand-in.ts';

const ALARMS = '/v2/alarms';

/** A call of Aodh's, as it was recorded, with other values of traits. */
function aodhCall(traits: Readonly<Record<string, string>>): object {
  const text = readFileSync(new URL('fixtures/aodh-webhook.json', import.meta.url), 'utf8');
  return JSON.parse(text, (_key, value: unknown): unknown => {
    if (!Array.isArray(value) || value.length !== 3 || typeof value[0] !== 'string') return value;
    return [value[0], value[1], traits[value[0]] ?? (value[2] as unknown)];
  }) as object;
}

async function call(url: string, body: unknown, method: 'GET' | 'POST' = 'POST'): Promise<number> {
  const sent = method === 'GET' ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const { statusCode, body: answer } = await request(url, { method, ...sent });
  await answer.dump();
  return statusCode;
}

describe("Aodh's alarms", () => {
  let fixture: OpenStackFixture;
  let webhooks: Webhooks;
  const failures: unknown[] = [];
  const connect = (): ReturnType<OpenStackFixture['connect']> =>
    fixture.connect({}, { webhooks, onAlarmFailure: (_provider, error) => failures.push(error) });
  const posts = (): Seen[] => fixture.cloud.asked('POST', ALARMS);
  /** The URL that was given to Aodh. */
  const given = (): string => String(member(posts()[0]?.body, 'alarm_actions.0'));
  const none = { status: 200, response: [] };

  beforeEach(async () => {
    fixture = await OpenStackFixture.start();
    webhooks = await Webhooks.listen({ host: '127.0.0.1', port: 0 });
    failures.length = 0;
    fixture.cloud.script('GET', ALARMS, none, none);
    fixture.cloud.script('POST', ALARMS, 'aodh-alarm-create');
  });
  afterEach(async () => {
    await fixture.close();
    await webhooks.close();
  });

  it('makes one alarm for all servers of the project, with a secret in the URL', async () => {
    await connect().discover(signal);
    expect(posts()).to.have.length(1);
    expect(posts()[0]?.body).to.deep.include({ name: 'promise-p', type: 'event', repeat_actions: true, enabled: true });
    expect(member(posts()[0]?.body, 'event_rule.event_type')).to.equal('compute.instance.*');
    expect(given()).to.match(/^http:\/\/127\.0\.0\.1:\d+\/aodh\/[\w-]{32}$/);
    expect(failures).to.deep.equal([]);
  });

  it('looks at the server that Aodh says has changed, once for several calls', async () => {
    const vim = connect();
    const told: string[] = [];
    vim.events$.subscribe((event) => told.push(event.type === 'server' ? event.server.status : event.type));
    await vim.discover(signal);
    const { serverId } = await vim.createServer(
      { token: 't', name: 'n', flavor: 'm1.tiny', image: 'cirros', networks: [] },
      signal,
    );
    const path = `/v2.1/servers/${serverId}`;
    const active = { status: 200, response: { server: { id: serverId, status: 'ACTIVE' } } };
    fixture.cloud.script('GET', path, active, active, active);
    expect(await call(given(), aodhCall({ instance_id: serverId, state: 'building' }))).to.equal(204);
    expect(fixture.cloud.asked('GET', path), 'while it is being built').to.have.length(0);
    // Time stands still here: nothing is polled.
    const calls = Array.from({ length: 5 }, () => call(given(), aodhCall({ instance_id: serverId, state: 'active' })));
    expect(await Promise.all(calls)).to.deep.equal([204, 204, 204, 204, 204]);
    await fixture.until(() => told.length > 0, 0);
    expect(told[0]).to.equal('ACTIVE');
  });

  it('looks at a server again that had settled', async () => {
    const vim = connect();
    const told: string[] = [];
    vim.events$.subscribe((event) => event.type === 'server' && told.push(event.server.id));
    await vim.discover(signal);
    expect(await call(given(), aodhCall({ instance_id: 'gone', state: 'deleted' }))).to.equal(204);
    await fixture.until(() => told.includes('gone'), 0);
  });

  it('turns away who does not know the secret, and what is no alarm', async () => {
    await connect().discover(signal);
    const url = given();
    expect(await call(url.replace(/[^/]+$/, 'x'.repeat(32)), {})).to.equal(404);
    expect(await call(url.replace('/aodh/', '/'), {})).to.equal(404);
    expect(await call(url, undefined, 'GET')).to.equal(405);
    expect(await call(url, 'no json')).to.equal(400);
    expect(await call(url, { current: 'alarm' })).to.equal(400);
    expect(await call(url, 'x'.repeat(300 * 1024))).to.equal(413);
  });

  it('takes over the alarm of an earlier start, and leaves the right one alone', async () => {
    const [found] = recorded('aodh-alarms').response as object[];
    const alarm = { ...found, alarm_id: 'a1', alarm_actions: ['http://old/aodh/x'] };
    const double = { ...alarm, alarm_id: 'a2' };
    fixture.cloud.script('GET', ALARMS, { status: 200, response: [alarm, double] });
    fixture.cloud.script('PUT', `${ALARMS}/a1`, { status: 200, response: alarm });
    fixture.cloud.script('DELETE', `${ALARMS}/a2`, 'aodh-alarm-delete');
    const vim = connect();
    await vim.discover(signal);
    expect(posts()).to.deep.equal([]);
    const [put] = fixture.cloud.asked('PUT', `${ALARMS}/a1`);
    const url = member(put?.body, 'alarm_actions.0');
    fixture.cloud.script('GET', ALARMS, { status: 200, response: [{ ...alarm, alarm_actions: [url] }] });
    await vim.discover(signal);
    expect(fixture.cloud.asked('PUT', `${ALARMS}/a1`)).to.have.length(1);
  });

  const refusals = [
    [{ status: 500, response: { error_message: { faultstring: 'No.' } } }, 'VimError: Aodh: No.'],
    [{ status: 403, response: '"RBAC Authorization Failed"' }, 'VimError: Aodh: "RBAC Authorization Failed"'],
    [{ status: 404, response: {} }, 'VimError: Aodh answered GET /alarms with status 404.'],
    [{ status: 200, response: {} }, "VimError: Aodh's alarms came in a form that is not known: "],
  ] as const;
  for (const [answer, told] of refusals) {
    it(`goes on without an alarm when Aodh answers ${JSON.stringify(answer)}, and says so`, async () => {
      fixture.cloud.script('GET', ALARMS, answer);
      expect((await connect().discover(signal)).hosts).to.have.length(3);
      expect(failures).to.have.length(1);
      expect(String(failures[0])).to.include(told);
    });
  }

  it('says once why there is no alarm, and again when the reason is another or there was an alarm', async () => {
    const refused = { status: 403, response: '"RBAC Authorization Failed"' };
    const broken = { status: 500, response: { error_message: { faultstring: 'No.' } } };
    fixture.cloud.script('GET', ALARMS, refused, refused, broken, broken, none, refused);
    const vim = connect();
    for (let refresh = 0; refresh < 6; refresh += 1) await vim.discover(signal);
    expect(failures.map(String)).to.deep.equal([
      'VimError: Aodh: "RBAC Authorization Failed"',
      'VimError: Aodh: No.',
      'VimError: Aodh: "RBAC Authorization Failed"',
    ]);
  });

  it('tells no secret when Aodh repeats what it does not take', async () => {
    fixture.cloud.script('POST', ALARMS, ({ body }) => ({
      status: 400,
      response: { error_message: { faultstring: `Invalid input: ${JSON.stringify(body)}` } },
    }));
    await connect().discover(signal);
    const [failure] = failures as Error[];
    expect(failure?.message).to.match(/^Aodh: Invalid input: .*"alarm_actions":\["…"\]/);
    expect([failure?.stack, JSON.stringify(failure)].join()).not.to.include(given());
  });

  it('removes the alarm at the end', async () => {
    const vim = connect();
    await vim.discover(signal);
    fixture.cloud.script('GET', ALARMS, {
      status: 200,
      response: [{ alarm_id: 'a1', name: 'promise-p', enabled: true, alarm_actions: [given()] }],
    });
    fixture.cloud.script('DELETE', `${ALARMS}/a1`, { status: 204 });
    await vim.close();
    expect(fixture.cloud.asked('DELETE', `${ALARMS}/a1`)).to.have.length(1);
    expect(await call(given(), {})).to.equal(404);
  });

  it('wants to be told how it is reached when it listens everywhere', async () => {
    const everywhere = { host: '0.0.0.0', port: 0 };
    const error = await Webhooks.listen(everywhere).catch((thrown: unknown) => thrown);
    expect(String(error)).to.include('openstack.webhook.url');
  });
});
