import { expect } from 'chai';
import type { DataProvider } from '../../../src/agent/data-providers.ts';
import { BuiltEntries } from '../../../src/agent/lazy-entries.ts';
import type { Data } from '../../../src/yang/data.ts';
import { entriesOf } from '../../../src/yang/entries.ts';
import { parseApiPath } from '../../../src/yang/instance-path.ts';
import { parseXml } from '../../../src/yang/xml.ts';
import { AgentFixture, errorOfPromise } from './agent-fixture.ts';
import { contextOf } from './stream-fixture.ts';

const SHOP = '/agent-test:shop';
const NAMESPACE = 'urn:example:agent-test';

describe('reads', () => {
  let fixture: AgentFixture;
  before(async () => {
    fixture = new AgentFixture();
    await fixture.client.edit('merge', SHOP, {
      'agent-test:shop': {
        name: 'Corner',
        settings: { motto: 'buy' },
        item: [
          { id: 'a', price: 1, secret: 'hush' },
          { id: 'b', price: 2 },
        ],
      },
    });
  });
  after(() => fixture.close());
  const shop = async (...read: Parameters<typeof fixture.client.get>): Promise<unknown> =>
    (await fixture.client.get(...read))['agent-test:shop'];

  it('never give what the module keeps from all, wherever one looks', async () => {
    const items = [
      { id: 'a', price: 1 },
      { id: 'b', price: 2 },
    ];
    expect(await shop(SHOP)).to.deep.include({ item: items });
    expect(await shop(SHOP, { datastore: 'running', withDefaults: 'report-all' })).to.deep.include({ item: items });
    expect((await errorOfPromise(fixture.client.get(`${SHOP}/item=a/secret`))).tag).to.equal('invalid-value');
    const filter = { type: 'xpath', expression: '//t:secret', namespaces: { t: NAMESPACE } } as const;
    expect(await fixture.client.get('', { filter })).to.deep.equal({});
  });

  it('of a target give the way to it and what is below', async () => {
    expect(await fixture.client.get(`${SHOP}/item=b`)).to.deep.equal({
      'agent-test:shop': { item: [{ id: 'b', price: 2 }] },
    });
    expect(await fixture.client.get(`${SHOP}/settings/motto`)).to.deep.equal({
      'agent-test:shop': { settings: { motto: 'buy' } },
    });
  });

  it('of a target that is not there are refused, saying where', async () => {
    const error = await errorOfPromise(fixture.client.get(`${SHOP}/item=z`));
    expect([error.tag, error.path]).to.deep.equal(['invalid-value', "/agent-test:shop/item[id='z']"]);
  });

  it('of a leaf with a default give the default where its parent is', async () => {
    expect(await shop(`${SHOP}/currency`)).to.deep.equal({ currency: 'EUR' });
  });

  it('of a leaf with a default give the default where its parent is there implicitly', async () => {
    const empty = new AgentFixture();
    try {
      expect(await empty.client.get(`${SHOP}/currency`)).to.deep.equal({ 'agent-test:shop': { currency: 'EUR' } });
      const error = await errorOfPromise(empty.client.get(`${SHOP}/settings/motto`));
      expect(error.path).to.equal('/agent-test:shop/settings/motto');
    } finally {
      await empty.close();
    }
  });

  it('of a container without presence give it wherever its parent is, empty or with its defaults', async () => {
    const empty = new AgentFixture();
    try {
      const get = async (...read: Parameters<typeof empty.client.get>): Promise<unknown> =>
        await empty.client.get(...read);
      expect(await get(SHOP)).to.deep.equal({ 'agent-test:shop': {} });
      expect(await get(SHOP, { datastore: 'running' })).to.deep.equal({ 'agent-test:shop': {} });
      expect(await get(SHOP, { withDefaults: 'report-all' })).to.deep.equal({ 'agent-test:shop': { currency: 'EUR' } });
      expect(await get(`${SHOP}/settings`)).to.deep.equal({ 'agent-test:shop': { settings: {} } });
      expect(await get(`${SHOP}/settings`, { depth: 1, fields: 'motto' })).to.deep.equal({
        'agent-test:shop': { settings: {} },
      });
      await empty.client.edit('merge', SHOP, { 'agent-test:shop': { currency: 'EUR' } });
      expect(await get(SHOP, { withDefaults: 'trim' }), 'what it has is default').to.deep.equal({
        'agent-test:shop': {},
      });
      const state = await errorOfPromise(empty.client.get('/agent-test:weather', { datastore: 'running' }));
      expect(state.tag, 'state is not in a configuration').to.equal('invalid-value');
    } finally {
      await empty.close();
    }
    const settings = { 'agent-test:shop': { settings: {} } };
    expect(await fixture.client.get(`${SHOP}/settings`, { content: 'nonconfig' })).to.deep.equal(settings);
  });

  it('of fields of an entry keep its keys', async () => {
    expect(await shop(`${SHOP}/item=b`, { fields: 'price' })).to.deep.equal({ item: [{ id: 'b', price: 2 }] });
  });

  it('add defaults, or leave them out, as asked', async () => {
    expect(await shop(SHOP, { withDefaults: 'report-all' })).to.include({ currency: 'EUR', name: 'Corner' });
    expect(await shop(SHOP)).to.not.have.property('currency');
    expect(await fixture.client.get(`${SHOP}/settings`, { withDefaults: 'report-all' })).to.deep.equal({
      'agent-test:shop': { settings: { motto: 'buy' } },
    });
  });

  it('stop at a depth, counted from the target', async () => {
    expect(await shop(SHOP, { depth: 1 })).to.deep.equal({});
    expect(await shop(SHOP, { depth: 2 })).to.deep.equal({
      name: 'Corner',
      settings: {},
      item: [{ id: 'a' }, { id: 'b' }],
    });
    expect(await shop(`${SHOP}/item=b`, { depth: 2 })).to.deep.equal({ item: [{ id: 'b', price: 2 }] });
  });

  it('give only the fields asked for, relative to the target', async () => {
    expect(await shop(SHOP, { fields: 'name;item/price' })).to.deep.equal({
      name: 'Corner',
      item: [
        { id: 'a', price: 1 },
        { id: 'b', price: 2 },
      ],
    });
  });

  it('take a subtree filter', async () => {
    const element = parseXml(`<filter><shop xmlns="${NAMESPACE}"><item><id>b</id></item></shop></filter>`);
    expect(await fixture.client.get('', { filter: { type: 'subtree', element } })).to.deep.equal({
      'agent-test:shop': { item: [{ id: 'b', price: 2 }] },
    });
  });

  it('take an XPath filter, with prefixes declared or module names', async () => {
    const expected = { 'agent-test:shop': { item: [{ id: 'b', price: 2 }] } };
    for (const [expression, namespaces] of [
      ['/t:shop/t:item[t:price > 1]', { t: NAMESPACE, nc: 'urn:ietf:params:xml:ns:netconf:base:1.0' }],
      ['/agent-test:shop/agent-test:item[agent-test:price > 1]', {}],
    ] as const) {
      expect(await fixture.client.get('', { filter: { type: 'xpath', expression, namespaces } })).to.deep.equal(
        expected,
      );
    }
  });

  it('of running show no state of the server', async () => {
    expect(Object.keys(await fixture.client.get('', { datastore: 'running' }))).to.deep.equal(['agent-test:shop']);
  });
});

describe('data providers', () => {
  let fixture: AgentFixture;
  let built: string[];
  beforeEach(() => {
    fixture = new AgentFixture();
    built = [];
  });
  afterEach(() => fixture.close());
  const items = ['a', 'b', 'c'];
  const provider: DataProvider = {
    node: 'agent-test:shop',
    read: ({ running }) => ({
      // The schema says that shop is a container.
      ...(running['agent-test:shop'] as Data | undefined),
      item: new BuiltEntries(new Map(items.map((id) => [id, id])), (id) => {
        built.push(id);
        return { id, sold: 7, secret: 'hush' };
      }),
    }),
  };

  it('give the whole operational subtree, and nothing of running', async () => {
    fixture.created.providers.register(provider);
    await fixture.client.edit('merge', SHOP, { 'agent-test:shop': { name: 'Corner', item: [{ id: 'x' }] } });
    expect(await fixture.client.get(SHOP)).to.deep.equal({
      'agent-test:shop': { name: 'Corner', item: items.map((id) => ({ id, sold: 7 })) },
    });
    expect(await fixture.client.get(SHOP, { datastore: 'running' })).to.deep.equal({
      'agent-test:shop': { name: 'Corner', item: [{ id: 'x' }] },
    });
  });

  it('separate configuration and state by content', async () => {
    fixture.created.providers.register(provider);
    expect(await fixture.client.get(SHOP, { content: 'config' })).to.deep.equal({
      'agent-test:shop': { item: items.map((id) => ({ id })) },
    });
    expect(await fixture.client.get(SHOP, { content: 'nonconfig' })).to.deep.equal({
      'agent-test:shop': { item: items.map((id) => ({ id, sold: 7 })) },
    });
  });

  it('build no more than what is asked for', async () => {
    fixture.created.providers.register(provider);
    await fixture.client.get(`${SHOP}/item=b`);
    expect(new Set(built)).to.deep.equal(new Set(['b']));
    built = [];
    await fixture.client.get('/ietf-yang-library:yang-library', { depth: 1 });
    expect(built).to.deep.equal([]);
    const data = await fixture.agent.get(contextOf('ann'), { datastore: 'operational' });
    // The schema says that shop is a container with the list item.
    const [first] = entriesOf((data['agent-test:shop'] as Data)['item']);
    expect(first).to.deep.equal({ id: 'a', sold: 7 });
    expect(built).to.deep.equal(['a']);
  });

  it('are one for a node', () => {
    fixture.created.providers.register(provider);
    expect(() => fixture.created.providers.register(provider)).to.throw('agent-test:shop has a data provider already');
  });

  it('may have nothing to show', async () => {
    fixture.created.providers.register({ node: 'agent-test:weather', read: () => undefined });
    expect(await fixture.client.get()).to.not.have.property('agent-test:weather');
    expect(await fixture.client.get('/agent-test:weather')).to.deep.equal({ 'agent-test:weather': {} });
    const leaf = await errorOfPromise(fixture.client.get('/agent-test:weather/degrees'));
    expect(leaf).to.include({ tag: 'invalid-value', path: '/agent-test:weather/degrees' });
  });
});

describe('operations', () => {
  let fixture: AgentFixture;
  beforeEach(() => {
    fixture = new AgentFixture();
  });
  afterEach(() => fixture.close());

  it('are carried out by their handler, with input that is valid', async () => {
    fixture.created.operations.registerModule('agent-test', {
      double: (_context, input) => ({ result: Number(input['number']) * 2 }),
    });
    expect(await fixture.client.invoke('agent-test:double', { number: 21 })).to.deep.equal({ result: 42 });
    expect((await errorOfPromise(fixture.client.invoke('agent-test:double', { number: -1 }))).tag).to.equal(
      'invalid-value',
    );
    expect((await errorOfPromise(fixture.client.invoke('agent-test:double'))).message).to.contain('number');
  });

  it('without a handler are not supported, and are not listed as served', async () => {
    const error = await errorOfPromise(fixture.client.invoke('agent-test:unserved'));
    expect(error.tag).to.equal('operation-not-supported');
    const rpc = fixture.yang.schema.rpc('agent-test', 'unserved');
    expect(rpc === undefined ? undefined : fixture.agent.serves(rpc)).to.equal(false);
  });

  it('that are actions need their node', async () => {
    fixture.created.operations.registerAction('/agent-test:shop/item/restock', (_context, _path, input) => ({
      total: Number(input['count']) + 1,
    }));
    await fixture.client.edit('merge', SHOP, { 'agent-test:shop': { item: [{ id: 'a' }] } });
    const { schema } = fixture.yang;
    const { action } = parseApiPath(schema, `${SHOP}/item=a/restock`);
    if (action === undefined) throw new Error('no action');
    const path = (id: string) => [
      { module: 'agent-test', name: 'shop' },
      { module: 'agent-test', name: 'item', keys: [{ name: 'id', value: id }] },
    ];
    const context = contextOf('ann');
    expect(await fixture.agent.invokeAction(context, path('a'), action, { count: 4 })).to.deep.equal({ total: 5 });
    const missing = await errorOfPromise(fixture.agent.invokeAction(context, path('z'), action, { count: 4 }));
    expect(missing.tag).to.equal('invalid-value');
  });

  it('take one handler each', () => {
    fixture.created.operations.register('agent-test:double', () => ({}));
    expect(() => fixture.created.operations.register('agent-test:double', () => ({}))).to.throw(
      'has a handler already',
    );
  });
});
