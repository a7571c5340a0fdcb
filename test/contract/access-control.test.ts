import { expect } from 'chai';
import type { NetconfClient } from '../../src/cli/demo/netconf-client.ts';
import type { HttpAnswer, RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { AgentUnderTest, KEY, PASSWORD } from './agent-under-test.ts';

const BASE = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const NACM = '/restconf/data/ietf-netconf-acm:nacm';
const PROMISE = '/restconf/data/opnfv-promise:promise';
const JSON_TYPE = { 'Content-Type': 'application/yang-data+json' };

describe('access control over both protocols (RFC 8341)', function () {
  this.timeout(30_000);
  let agent: AgentUnderTest;
  before(async () => {
    agent = await AgentUnderTest.start({ recoveryUser: 'rescue' });
    for (const [name, details] of [
      ['rescue', {}],
      ['olga', {}],
      ['rita', { tenant: 'red' }],
      ['ben', { tenant: 'blue' }],
    ] as const) {
      await agent.system.users.add(name, { password: PASSWORD, key: KEY.public, ...details });
    }
  });
  after(() => agent.close());
  afterEach(async () => {
    await request('rescue', 'PUT', NACM, { 'ietf-netconf-acm:nacm': {} });
    await request('rescue', 'DELETE', `${PROMISE}/policy`);
  });

  const clients = new Map<string, RestconfClient>();
  const request = async (user: string, method: string, path: string, content?: object): Promise<HttpAnswer> => {
    const client = clients.get(user) ?? agent.restconf({ username: user });
    clients.set(user, client);
    const body = content === undefined ? {} : { headers: JSON_TYPE, body: JSON.stringify(content) };
    return await client.request({ method, path, ...body });
  };
  const open = (user: string): Promise<NetconfClient> => agent.netconf({ username: user });
  const rpc = async (session: NetconfClient, operation: string): Promise<string> =>
    (await session.exchange('1', `<rpc xmlns="${BASE}" message-id="1">${operation}</rpc>`)).text;
  const reply = (content: string): string => `<rpc-reply xmlns="${BASE}" message-id="1">${content}</rpc-reply>`;
  const denied = (type: string, message: string, path = ''): string =>
    reply(
      `<rpc-error><error-type>${type}</error-type><error-tag>access-denied</error-tag><error-severity>error</error-severity>${path}` +
        `<error-message xml:lang="en">${message}</error-message></rpc-error>`,
    );
  const rules = (...given: readonly object[]): Promise<HttpAnswer> =>
    request('rescue', 'PUT', NACM, {
      'ietf-netconf-acm:nacm': {
        groups: { group: [{ name: 'staff', 'user-name': ['olga', 'rita'] }] },
        'rule-list': [{ name: 'staff', group: ['staff'], rule: given }],
      },
    });

  it('is configured by edit-config with prefixes, and read as JSON', async () => {
    const session = await open('olga');
    const edit = `<edit-config><target><running/></target><config>
      <nacm xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-acm">
        <groups><group><name>staff</name><user-name>olga</user-name></group></groups>
        <rule-list><name>staff</name><group>staff</group>
          <rule xmlns:p="urn:opnfv:promise"><name>own</name><path>/p:promise/p:policy/p:quota[p:name=$USER]</path>
            <access-operations>create update</access-operations><action>permit</action><comment>hers</comment></rule>
          <rule><name>rest</name><path>/</path><access-operations>create update delete</access-operations><action>deny</action></rule>
        </rule-list>
      </nacm></config></edit-config>`;
    expect(await rpc(session, edit)).to.equal(reply('<ok/>'));
    const { body } = await request('rescue', 'GET', `${NACM}/rule-list=staff`);
    expect(JSON.parse(body)).to.deep.equal({
      'ietf-netconf-acm:rule-list': [
        {
          name: 'staff',
          group: ['staff'],
          rule: [
            {
              name: 'own',
              path: '/opnfv-promise:promise/policy/quota[name=$USER]',
              'access-operations': 'create update',
              action: 'permit',
              comment: 'hers',
            },
            { name: 'rest', path: '/', 'access-operations': 'create update delete', action: 'deny' },
          ],
        },
      ],
    });
    const quota = (name: string): Promise<HttpAnswer> =>
      request('olga', 'PATCH', PROMISE, {
        'opnfv-promise:promise': { policy: { quota: [{ name, reservations: 1 }] } },
      });
    expect((await quota('olga')).status).to.equal(204);
    expect((await quota('other')).status).to.equal(403);
  });

  it('answers a denied operation with the rule that denied it', async () => {
    await rules({ name: 'no', 'rpc-name': 'create-reservation', action: 'deny' });
    const message =
      'The user olga is not permitted to use the operation opnfv-promise:create-reservation: the rule &apos;no&apos; of the rule-list &apos;staff&apos; denies it.';
    const answer = await request('olga', 'POST', '/restconf/operations/opnfv-promise:create-reservation', {
      'opnfv-promise:input': { capacity: { cores: 1 } },
    });
    expect(answer.status).to.equal(403);
    expect(JSON.parse(answer.body)).to.deep.equal({
      'ietf-restconf:errors': {
        error: [
          {
            'error-type': 'protocol',
            'error-tag': 'access-denied',
            'error-message': message.replaceAll('&apos;', "'"),
          },
        ],
      },
    });
    const input =
      '<create-reservation xmlns="urn:opnfv:promise"><capacity><cores>1</cores></capacity></create-reservation>';
    expect((await rpc(await open('olga'), input)).replaceAll("'", '&apos;')).to.equal(denied('protocol', message));
  });

  it('answers a denied edit with the path of the node, and does nothing of it', async () => {
    await rules({
      name: 'expiry',
      path: '/opnfv-promise:promise/policy/reservation/expiry',
      'access-operations': 'create',
      action: 'deny',
    });
    const content = {
      'opnfv-promise:promise': { policy: { reservation: { expiry: 60 }, quota: [{ name: 'q', reservations: 1 }] } },
    };
    const answer = await request('olga', 'PATCH', PROMISE, content);
    expect(answer.status).to.equal(403);
    expect(JSON.parse(answer.body)).to.deep.equal({
      'ietf-restconf:errors': {
        error: [
          {
            'error-type': 'protocol',
            'error-tag': 'access-denied',
            'error-path': '/opnfv-promise:promise/policy/reservation/expiry',
            'error-message':
              "The user olga is not permitted to create /opnfv-promise:promise/policy/reservation/expiry: the rule 'expiry' of the rule-list 'staff' denies it.",
          },
        ],
      },
    });
    const edit = `<edit-config><target><running/></target><config><promise xmlns="urn:opnfv:promise"><policy>
      <reservation><expiry>60</expiry></reservation></policy></promise></config></edit-config>`;
    const text = await rpc(await open('olga'), edit);
    expect(text).to.contain('<error-tag>access-denied</error-tag>');
    expect(/<error-path[^>]*>([^<]*)</.exec(text)?.[1]).to.match(
      /^\/(\w+):promise\/\1:policy\/\1:reservation\/\1:expiry$/,
    );
    expect((await request('rescue', 'GET', `${PROMISE}/policy/quota=q`)).status).to.equal(404);
  });

  it('leaves out what may not be read, as if it were not there', async () => {
    await request('rescue', 'PATCH', PROMISE, {
      'opnfv-promise:promise': {
        policy: {
          quota: [
            { name: 'a', reservations: 1 },
            { name: 'b', reservations: 2 },
          ],
        },
      },
    });
    await rules({
      name: 'no',
      path: "/opnfv-promise:promise/policy/quota[name='b']",
      'access-operations': 'read',
      action: 'deny',
    });
    const policy = JSON.parse((await request('olga', 'GET', `${PROMISE}/policy?content=config`)).body) as object;
    expect(policy).to.deep.equal({ 'opnfv-promise:policy': { quota: [{ name: 'a', reservations: 1 }] } });
    const absent = await request('olga', 'GET', `${PROMISE}/policy/quota=b`);
    const none = await request('olga', 'GET', `${PROMISE}/policy/quota=c`);
    expect([absent.status, absent.body.replaceAll("'b'", "'c'")]).to.deep.equal([404, none.body]);
    const filter = '<filter><promise xmlns="urn:opnfv:promise"><policy><quota/></policy></promise></filter>';
    const quota = '<quota><name>a</name><reservations>1</reservations></quota>';
    expect(await rpc(await open('olga'), `<get-config><source><running/></source>${filter}</get-config>`)).to.equal(
      reply(`<data><promise xmlns="urn:opnfv:promise"><policy>${quota}</policy></promise></data>`),
    );
  });

  it('goes by the operation: get and get-config are two', async () => {
    await rules({ name: 'no', 'module-name': 'ietf-netconf', 'rpc-name': 'get-config', action: 'deny' });
    const session = await open('olga');
    expect(await rpc(session, '<get-config><source><running/></source></get-config>')).to.contain('access-denied');
    expect(await rpc(session, '<get/>')).to.contain('<data>');
    expect((await request('olga', 'GET', `${PROMISE}?content=config`)).status).to.equal(403);
    expect((await request('olga', 'GET', PROMISE)).status).to.equal(200);
  });

  it('holds for sessions that are open, and lets them close', async () => {
    const session = await open('olga');
    expect(await rpc(session, '<get/>')).to.contain('<data>');
    await rules({ name: 'nothing', action: 'deny' });
    expect(await rpc(session, '<get/>')).to.contain('access-denied');
    expect(await rpc(session, '<kill-session><session-id>1</session-id></kill-session>')).to.contain('access-denied');
    expect(await rpc(session, '<close-session/>')).to.equal(reply('<ok/>'));
  });

  it('never lets a rule lift what belongs to another tenant', async () => {
    const quota = [
      { name: 'reds', tenant: 'red', reservations: 1 },
      { name: 'blues', tenant: 'blue', reservations: 1 },
    ];
    await request('rescue', 'PATCH', PROMISE, { 'opnfv-promise:promise': { policy: { quota } } });
    await rules({ name: 'everything', path: '/', action: 'permit' }, { name: 'all', action: 'permit' });
    const seen = await request('rita', 'GET', PROMISE);
    expect(seen.status).to.equal(200);
    expect(seen.body).to.contain('reds').and.not.to.contain('blue');
    const edit = await request('rita', 'PATCH', PROMISE, {
      'opnfv-promise:promise': { policy: { reservation: { expiry: 60 } } },
    });
    expect(edit.status).to.equal(403);
    expect(edit.body).to.contain('it needs the role operator, and the user is a consumer of the tenant red');
    const decrease = await request('rita', 'POST', '/restconf/operations/opnfv-promise:decrease-capacity', {
      'opnfv-promise:input': { capacity: { cores: 1 } },
    });
    expect([decrease.status, decrease.body]).to.satisfy(
      ([status, text]: [number, string]) => status === 403 && text.includes('it needs the role operator'),
    );
    // What the tenants have nothing in is for the rules to say.
    expect(
      (await request('rita', 'PATCH', NACM, { 'ietf-netconf-acm:nacm': { 'read-default': 'permit' } })).status,
    ).to.equal(204);
  });

  it('keeps notifications back by name, live and replayed', async () => {
    await rules({
      name: 'no',
      'module-name': 'ietf-netconf-notifications',
      'notification-name': 'netconf-session-start',
      action: 'deny',
    });
    const session = await open('olga');
    expect(
      await rpc(
        session,
        '<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><startTime>2027-03-01T07:00:00Z</startTime></create-subscription>',
      ),
    ).to.equal(reply('<ok/>'));
    (await open('rescue')).drop();
    await agent.arrived(session.notifications, ({ event }) => event.name === 'netconf-session-end');
    const names = session.notifications.received.map(({ event }) => event.name);
    expect(names).to.include('netconf-config-change').and.not.to.include('netconf-session-start');
    const { body } = await request('rescue', 'GET', `${NACM}/denied-notifications`);
    expect(JSON.parse(body)).to.have.property('ietf-netconf-acm:denied-notifications').above(0);
  });

  it('lets consumers end their own subscriptions, and says by what', async () => {
    const SUBSCRIBED = 'urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications';
    const session = await open('rita');
    const established = await rpc(
      session,
      `<establish-subscription xmlns="${SUBSCRIBED}"><stream>NETCONF</stream></establish-subscription>`,
    );
    const id = /<id[^>]*>(\d+)</.exec(established)?.[1] ?? '';
    expect(await rpc(session, `<kill-subscription xmlns="${SUBSCRIBED}"><id>${id}</id></kill-subscription>`)).to.equal(
      denied(
        'protocol',
        'The user rita is not permitted to use the operation ietf-subscribed-notifications:kill-subscription: ' +
          'it needs the role operator, and the user is a consumer of the tenant red; delete-subscription ends a subscription of the own.',
      ),
    );
    const remove = `<delete-subscription xmlns="${SUBSCRIBED}"><id>${id}</id></delete-subscription>`;
    expect(await rpc(session, remove)).to.equal(reply('<ok/>'));
    const call = (name: string, input: object): Promise<HttpAnswer> =>
      request('rita', 'POST', `/restconf/operations/ietf-subscribed-notifications:${name}`, {
        'ietf-subscribed-notifications:input': input,
      });
    const { body } = await call('establish-subscription', { stream: 'NETCONF' });
    const own = Number(/"id": (\d+)/.exec(body)?.[1]);
    const killed = await call('kill-subscription', { id: own });
    expect([killed.status, killed.body]).to.satisfy(
      ([status, text]: [number, string]) => status === 403 && text.includes('delete-subscription'),
    );
    expect((await call('delete-subscription', { id: own })).status).to.equal(204);
  });

  it('does not bind the user that the settings name for recovery', async () => {
    await request('rescue', 'PUT', NACM, {
      'ietf-netconf-acm:nacm': {
        'rule-list': [{ name: 'none', group: ['*'], rule: [{ name: 'nothing', action: 'deny' }] }],
      },
    });
    expect((await request('olga', 'GET', PROMISE)).status).to.equal(403);
    const session = await open('rescue');
    const edit = `<edit-config><target><running/></target><config>
      <nacm xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-acm" xmlns:nc="${BASE}"><rule-list nc:operation="delete"><name>none</name></rule-list></nacm></config></edit-config>`;
    expect(await rpc(session, edit)).to.equal(reply('<ok/>'));
    expect((await request('olga', 'GET', PROMISE)).status).to.equal(200);
  });
});
