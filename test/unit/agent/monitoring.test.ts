import { expect } from 'chai';
import type { Json } from '../../../src/agent/local-client.ts';
import type { Data } from '../../../src/yang/data.ts';
import { AgentFixture, errorOfPromise, errorsOf } from './agent-fixture.ts';
import { contextOf, Recorder, settled } from './stream-fixture.ts';

const MONITORING = 'ietf-netconf-monitoring';

describe('monitoring data', () => {
  let fixture: AgentFixture;
  beforeEach(() => {
    fixture = new AgentFixture();
  });
  afterEach(() => fixture.close());

  const state = async (below = ''): Promise<Json> =>
    // The client returns JSON; what it holds is checked below.
    (await fixture.client.get(`/${MONITORING}:netconf-state${below}`))[`${MONITORING}:netconf-state`] as Json;
  const open = () =>
    fixture.agent.sessions.open({ user: 'bob', transport: 'netconf-ssh', peer: '192.0.2.9', kill: () => undefined });

  it('shows sessions, their counters and their locks', async () => {
    const session = open();
    fixture.agent.sessions.count(session.id, 'inRpcs');
    fixture.agent.lock(contextOf('bob', session.id), 'running');
    fixture.created.facts.netconfCapabilities = () => ['urn:ietf:params:netconf:base:1.1'];
    const shown = await state();
    const counted = { 'in-rpcs': 1, 'in-bad-rpcs': 0, 'out-rpc-errors': 0, 'out-notifications': 0 };
    expect(shown['sessions']).to.deep.equal({
      session: [
        {
          'session-id': 1,
          transport: `${MONITORING}:netconf-ssh`,
          username: 'bob',
          'source-host': '192.0.2.9',
          'login-time': '2026-11-01T00:00:00.000Z',
          ...counted,
        },
      ],
    });
    expect(shown['datastores']).to.deep.equal({
      datastore: [
        {
          name: 'running',
          locks: { 'global-lock': { 'locked-by-session': 1, 'locked-time': '2026-11-01T00:00:00.000Z' } },
        },
      ],
    });
    expect(shown['capabilities']).to.deep.equal({ capability: ['urn:ietf:params:netconf:base:1.1'] });
    expect(shown['statistics']).to.include({ 'in-sessions': 1, 'in-rpcs': 1 });
  });

  it('lists every module and gives the text of each by get-schema', async () => {
    const { schemas } = (await state('/schemas')) as { readonly schemas: { readonly schema: readonly Json[] } };
    const own = schemas.schema.filter(({ identifier }) => identifier === 'agent-test');
    expect(own.map(({ version, format }) => `${String(version)} ${String(format)}`)).to.have.members([
      `2026-11-01 ${MONITORING}:yang`,
      `2026-11-01 ${MONITORING}:yin`,
    ]);
    for (const { identifier, version, format } of schemas.schema.filter(
      ({ format: one }) => one === `${MONITORING}:yang`,
    )) {
      const { data } = await fixture.client.invoke(`${MONITORING}:get-schema`, { identifier, version, format });
      expect(data).to.match(/^\s*(sub)?module |\n(sub)?module /);
    }
  });

  it('refuses schemas that are not there, saying which are', async () => {
    const get = (input: Json) => errorOfPromise(fixture.client.invoke(`${MONITORING}:get-schema`, input));
    expect((await get({ identifier: 'nonesuch' })).tag).to.equal('invalid-value');
    const wrongVersion = await get({ identifier: 'agent-test', version: '1999-01-01' });
    expect(wrongVersion.tag).to.equal('invalid-value');
    expect(wrongVersion.message).to.contain('2026-11-01');
    const format = await get({ identifier: 'agent-test', format: `${MONITORING}:rng` });
    expect([format.tag, format.info?.badElement]).to.deep.equal(['invalid-value', 'format']);
  });

  it('lists the event streams in the three forms of the standards', async () => {
    fixture.created.facts.streamAccess = (_context, stream) => [
      { encoding: 'json', location: `https://host/streams/${stream}` },
    ];
    const created = '2026-11-01T00:00:00.000Z';
    expect(await fixture.client.get('/nc-notifications:netconf')).to.deep.equal({
      'nc-notifications:netconf': {
        streams: {
          stream: [
            {
              name: 'NETCONF',
              description: 'All events of this server.',
              replaySupport: true,
              replayLogCreationTime: created,
            },
            { name: 'shop', description: 'What the shop does.', replaySupport: true, replayLogCreationTime: created },
          ],
        },
      },
    });
    const restconf = await fixture.client.get(
      '/ietf-restconf-monitoring:restconf-state/streams/stream=shop/access=json/location',
    );
    expect(JSON.stringify(restconf)).to.contain('https://host/streams/shop');
    const subscribed = await fixture.client.get('/ietf-subscribed-notifications:streams/stream=shop');
    expect(subscribed).to.deep.equal({
      'ietf-subscribed-notifications:streams': {
        stream: [
          {
            name: 'shop',
            description: 'What the shop does.',
            'replay-support': [null],
            'replay-log-creation-time': created,
          },
        ],
      },
    });
  });

  it('shows the YANG library with the context’s content-id', async () => {
    const library = await fixture.client.get('/ietf-yang-library:yang-library/content-id');
    expect(library).to.deep.equal({ 'ietf-yang-library:yang-library': { 'content-id': fixture.yang.contentId } });
    expect(await fixture.client.get('/ietf-yang-library:yang-library', { fields: 'datastore;schema' })).to.deep.equal({
      'ietf-yang-library:yang-library': {
        schema: [{ name: 'complete', 'module-set': ['complete'] }],
        datastore: [
          { name: 'ietf-datastores:running', schema: 'complete' },
          { name: 'ietf-datastores:operational', schema: 'complete' },
        ],
      },
    });
  });

  it('is what its modules say', async () => {
    const session = open();
    fixture.agent.lock(contextOf('bob', session.id), 'running');
    fixture.agent.streams.establish(
      contextOf('bob', session.id),
      { stopTime: fixture.clock.now() + 1 },
      new Recorder(),
    );
    fixture.created.facts.streamAccess = () => [{ encoding: 'json', location: 'https://host/streams/x' }];
    // Defaults are added by libyang, which reads the data and refuses what is not of the schema.
    const everything = await fixture.client.get('', { withDefaults: 'report-all' });
    expect(Object.keys(everything)).to.include.members([
      `${MONITORING}:netconf-state`,
      'ietf-yang-library:yang-library',
      'ietf-restconf-monitoring:restconf-state',
      'nc-notifications:netconf',
      'ietf-subscribed-notifications:subscriptions',
    ]);
  });

  it('tells of sessions that come and go', async () => {
    const inbox = fixture.client.subscribe();
    const first = open();
    const second = open();
    fixture.agent.sessions.kill(first.id, second.id);
    const end = await inbox.until(({ name }) => name === 'ietf-netconf-notifications:netconf-session-end');
    expect(end.content).to.deep.equal({
      username: 'bob',
      'session-id': 1,
      'source-host': '192.0.2.9',
      'killed-by': 2,
      'termination-reason': 'killed',
    });
    const node = fixture.yang.schema.notification('ietf-netconf-notifications', 'netconf-session-end');
    if (node === undefined) throw new Error('no netconf-session-end');
    // The client gives the content as JSON, which is what Data is.
    fixture.yang.validateNotification(node, end.content as Data);
    expect(inbox.received[0]).to.deep.include({ name: 'ietf-netconf-notifications:netconf-session-start' });
  });
});

describe('subscription operations', () => {
  const SN = 'ietf-subscribed-notifications';
  let fixture: AgentFixture;
  let recorder: Recorder;
  beforeEach(() => {
    fixture = new AgentFixture();
    recorder = new Recorder();
  });
  afterEach(() => fixture.close());

  const sell = (item: string) =>
    fixture.ledger.update(() => ({ result: undefined, changes: [], events: [{ of: 'domain', event: item }], due: [] }));
  const rpc = (name: string) => {
    const node = fixture.yang.schema.rpc(name.split(':')[0] ?? '', name.split(':')[1] ?? '');
    if (node === undefined) throw new Error(`no rpc ${name}`);
    return node;
  };

  for (const [what, filter, wanted] of [
    ['an XPath filter', { 'stream-xpath-filter': "/agent-test:sale[agent-test:item='pear']" }, [2]],
    ['a subtree filter in JSON', { 'stream-subtree-filter': { 'agent-test:sale': { item: 'pear' } } }, [2]],
    ['no filter', {}, [1, 2]],
  ] as const) {
    it(`establish with ${what}`, async () => {
      const { id } = await fixture.client.invoke(`${SN}:establish-subscription`, { stream: 'shop', ...filter });
      expect(id).to.equal(1);
      const context = { ...contextOf('ann'), transport: 'local' as const };
      fixture.agent.streams.attach(context, 1, recorder).start();
      await sell('apple');
      await sell('pear');
      await settled();
      expect(recorder.seen).to.deep.equal(wanted);
      const shown = await fixture.client.get(`/${SN}:subscriptions/subscription=1/receivers`);
      expect(JSON.stringify(shown)).to.contain(`"sent-event-records":"${wanted.length}"`);
    });
  }

  it('begin delivery after the reply', async () => {
    const later: (() => void)[] = [];
    const context = {
      ...contextOf('ann', 1),
      receiver: recorder,
      afterReply: (run: () => void) => void later.push(run),
    };
    await sell('apple');
    await fixture.agent.invoke(context, rpc(`${SN}:establish-subscription`), {
      stream: 'shop',
      'replay-start-time': '2026-10-31T00:00:00Z',
    });
    await settled();
    expect(recorder.seen).to.deep.equal([]);
    for (const run of later) run();
    await settled();
    expect(recorder.seen).to.deep.equal([1, 'replay-completed']);
  });

  it('say from when replay is possible', async () => {
    const input = { stream: 'shop', 'replay-start-time': '2026-10-31T00:00:00Z' };
    expect(await fixture.client.invoke(`${SN}:establish-subscription`, input)).to.deep.equal({
      id: 1,
      'replay-start-time-revision': '2026-11-01T00:00:00.000Z',
    });
  });

  it('refuse an expression that is none', async () => {
    const establish = (expression: string) =>
      errorsOf(
        fixture.client.invoke(`${SN}:establish-subscription`, { stream: 'shop', 'stream-xpath-filter': expression }),
      );
    const [syntax] = await establish('/agent-test:sale[');
    expect(syntax?.tag).to.equal('invalid-value');
    expect(syntax?.path).to.contain('stream-xpath-filter');
    const [unknown] = await establish('/nonesuch:sale');
    expect([unknown?.tag, unknown?.appTag]).to.deep.equal(['invalid-value', `${SN}:filter-unsupported`]);
    expect(unknown?.message).to.contain('nonesuch');
    expect(fixture.agent.streams.subscriptions()).to.deep.equal([]);
  });

  it('modify, delete and kill by id', async () => {
    const establish = () => fixture.client.invoke(`${SN}:establish-subscription`, { stream: 'shop' });
    const { id } = await establish();
    await fixture.client.invoke(`${SN}:modify-subscription`, {
      id,
      'stream-xpath-filter': '/agent-test:sale',
      'stop-time': '2026-11-02T00:00:00Z',
    });
    expect(fixture.agent.streams.subscriptions()[0]?.filter).to.include({ expression: '/agent-test:sale' });
    expect(fixture.agent.streams.subscriptions()[0]?.stopTime).to.equal(Date.parse('2026-11-02T00:00:00Z'));
    await fixture.client.invoke(`${SN}:delete-subscription`, { id });
    const again = await establish();
    await fixture.client.invoke(`${SN}:kill-subscription`, { id: again['id'] });
    expect(fixture.agent.streams.subscriptions()).to.deep.equal([]);
    const error = await errorOfPromise(fixture.client.invoke(`${SN}:delete-subscription`, { id }));
    expect(error.appTag).to.equal(`${SN}:no-such-subscription`);
  });

  it('refer to filters of the configuration by name', async () => {
    await fixture.client.edit('merge', `/${SN}:filters`, {
      [`${SN}:filters`]: {
        'stream-filter': [{ name: 'pears', 'stream-xpath-filter': "/agent-test:sale[agent-test:item='pear']" }],
      },
    });
    await fixture.client.invoke(`${SN}:establish-subscription`, { stream: 'shop', 'stream-filter-name': 'pears' });
    fixture.agent.streams.attach({ ...contextOf('ann'), transport: 'local' }, 1, recorder).start();
    await sell('apple');
    await sell('pear');
    await settled();
    expect(recorder.records.map(({ content }) => content)).to.deep.equal([{ item: 'pear' }]);
    const missing = fixture.client.invoke(`${SN}:establish-subscription`, {
      stream: 'shop',
      'stream-filter-name': 'plums',
    });
    expect((await errorOfPromise(missing)).message).to.contain('plums');
  });
});
