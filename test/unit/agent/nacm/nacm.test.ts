import { expect } from 'chai';
import type { Json, LocalClient } from '../../../../src/agent/local-client.ts';
import type { Standing } from '../../../../src/agent/standing.ts';
import { AgentFixture, errorOfPromise, errorsOf } from '../agent-fixture.ts';

const NACM = '/ietf-netconf-acm:nacm';
const SHOP = '/agent-test:shop';

interface RuleText {
  readonly action: 'permit' | 'deny';
  readonly [leaf: string]: string;
}

/** Ann is an operator; nobody's name but these is known. */
const USERS: Readonly<Record<string, Standing>> = {
  ann: { role: 'operator' },
  bob: { role: 'operator' },
  rita: { role: 'consumer', tenant: 'red' },
  root: { role: 'operator' },
};

describe('access control by rules (RFC 8341)', () => {
  let fixture: AgentFixture;
  beforeEach(() => {
    fixture = new AgentFixture([], (user) => USERS[user]);
  });
  afterEach(() => fixture.close());

  const of = (user: string): LocalClient => fixture.clientOf(user);
  /** Writes /nacm as a recovery session, so that no rule stands in the way. */
  const configure = async (nacm: Json): Promise<void> => {
    await of('root').edit('replace', NACM, { 'ietf-netconf-acm:nacm': nacm });
  };
  /** Rule-lists for groups, of one rule-list each; ann and rita are `staff`, and roles are no groups. */
  const rules = async (given: readonly RuleText[], more: Json = {}): Promise<void> => {
    await configure({
      'enable-external-groups': false,
      groups: { group: [{ name: 'staff', 'user-name': ['ann', 'rita'] }] },
      'rule-list': [
        { name: 'list', group: ['staff'], rule: given.map((rule, at) => ({ name: `rule-${at + 1}`, ...rule })) },
      ],
      ...more,
    });
  };
  const fill = async (): Promise<void> => {
    await of('root').edit('merge', SHOP, {
      'agent-test:shop': {
        name: 'Corner',
        settings: { motto: 'hm', tag: ['old', 'new'] },
        item: [
          { id: 'a', price: 1, secret: 's' },
          { id: 'b', price: 2 },
          { id: 'rita', price: 3 },
        ],
      },
    });
  };
  const shop = async (user: string, more: object = {}): Promise<Json> =>
    (await of(user).get(SHOP, { datastore: 'running', ...more }))['agent-test:shop'] as Json;
  const ids = async (user: string): Promise<readonly unknown[]> =>
    ((await shop(user))['item'] as readonly Json[]).map(({ id }) => id);
  const refusal = async (promise: Promise<unknown>): Promise<string> => {
    const { tag, message, path } = await errorOfPromise(promise);
    expect(tag).to.equal('access-denied');
    return path === undefined ? message : `${message} ${path}`;
  };

  describe('without rules', () => {
    it('gives operators everything but what a module keeps from all, and shows them its configuration', async () => {
      await of('ann').edit('merge', SHOP, { 'agent-test:shop': { item: [{ id: 'a', secret: 's' }] } });
      expect(await shop('ann')).to.deep.equal({ item: [{ id: 'a' }] });
      await of('ann').edit('merge', NACM, { 'ietf-netconf-acm:nacm': { 'read-default': 'permit' } });
      expect(await of('ann').get(NACM)).to.deep.equal({
        'ietf-netconf-acm:nacm': {
          'read-default': 'permit',
          'denied-operations': 0,
          'denied-data-writes': 0,
          'denied-notifications': 0,
        },
      });
    });

    it('gives consumers what RFC 8341 gives by default, and neither edits nor locks', async () => {
      await fill();
      expect(await ids('rita')).to.deep.equal(['a', 'b', 'rita']);
      const why = 'it needs the role operator, and the user is a consumer of the tenant red.';
      expect(await refusal(of('rita').edit('merge', SHOP, { 'agent-test:shop': { name: 'x' } }))).to.equal(
        `The user rita is not permitted to use edits of the configuration: ${why}`,
      );
      expect(await refusal(of('rita').invoke('agent-test:audit'))).to.equal(
        `The user rita is not permitted to use the operation agent-test:audit: ${why}`,
      );
      expect((await errorOfPromise(of('rita').get(NACM))).tag).to.equal('invalid-value');
    });

    it('gives nothing to whom the server does not know', async () => {
      expect(await refusal(of('eve').get(SHOP))).to.contain('the user is not known any more');
    });
  });

  describe('groups', () => {
    const deny: Json = { name: 'no', 'module-name': 'agent-test', action: 'deny' };

    it('are configured by user, and a list of rules is for those it names', async () => {
      await fill();
      await configure({
        groups: { group: [{ name: 'staff', 'user-name': ['bob'] }] },
        'rule-list': [{ name: 'list', group: ['staff'], rule: [deny] }],
      });
      expect((await errorOfPromise(of('bob').get(SHOP))).tag).to.equal('invalid-value');
      expect(await ids('ann')).to.have.length(3);
    });

    it('are roles too, unless external groups are off', async () => {
      await fill();
      const list = { name: 'list', group: ['consumer'], rule: [deny] };
      await configure({ 'rule-list': [list] });
      expect((await errorOfPromise(of('rita').get(SHOP))).tag).to.equal('invalid-value');
      await configure({ 'enable-external-groups': false, 'rule-list': [list] });
      expect(await ids('rita')).to.have.length(3);
      // The built-in rules are for groups as well.
      expect(await refusal(of('ann').edit('merge', SHOP, { 'agent-test:shop': { name: 'x' } }))).to.contain(
        'no rule permits it, and write-default is deny',
      );
    });

    it('are all meant by *, but a user of none has no rules', async () => {
      await fill();
      const list = { name: 'list', group: ['*'], rule: [deny] };
      await configure({ 'rule-list': [list] });
      expect((await errorOfPromise(of('ann').get(SHOP))).tag).to.equal('invalid-value');
      await configure({ 'enable-external-groups': false, 'rule-list': [list] });
      expect(await ids('ann')).to.have.length(3);
    });

    it('that are configured bring the built-in rules of their name', async () => {
      await configure({
        'enable-external-groups': false,
        groups: { group: [{ name: 'operator', 'user-name': ['bob'] }] },
      });
      await of('bob').edit('merge', SHOP, { 'agent-test:shop': { name: 'x' } });
      expect((await of('bob').get(NACM))['ietf-netconf-acm:nacm']).to.include({ 'denied-operations': 0 });
    });
  });

  describe('reading', () => {
    beforeEach(fill);

    it('leaves out what a rule denies, with all that is below', async () => {
      await rules([{ path: '/agent-test:shop/settings', action: 'deny' }]);
      expect(await shop('ann')).to.have.keys('name', 'item');
      expect((await errorOfPromise(of('ann').get(`${SHOP}/settings/motto`))).tag).to.equal('invalid-value');
      expect(await shop('bob')).to.have.keys('name', 'item', 'settings');
    });

    it('leaves out what would be there implicitly, too', async () => {
      await rules([
        { path: '/agent-test:shop/settings', action: 'deny' },
        { path: '/agent-test:shop/currency', action: 'deny' },
      ]);
      for (const place of ['settings', 'currency'])
        expect((await errorOfPromise(of('ann').get(`${SHOP}/${place}`))).tag, place).to.equal('invalid-value');
      expect(await of('bob').get(`${SHOP}/currency`)).to.deep.equal({ 'agent-test:shop': { currency: 'EUR' } });
    });

    it('shows nothing below what is denied, whatever permits it (§3.2.4)', async () => {
      const motto = { path: '/agent-test:shop/settings/motto', action: 'permit' } as const;
      await rules([motto, { path: '/agent-test:shop/settings', action: 'deny' }]);
      expect(await shop('ann')).to.have.keys('name', 'item');
      expect((await errorOfPromise(of('ann').get(`${SHOP}/settings/motto`))).tag).to.equal('invalid-value');
      await rules([motto], { 'read-default': 'deny' });
      expect(await of('ann').get()).to.deep.equal({});
      // What is to be seen alone is permitted with all that it is in, and the rest denied.
      const tag = { path: '/agent-test:shop/settings/tag', action: 'deny' } as const;
      const others = [tag, { path: '/agent-test:shop/name', action: 'deny' }] as const;
      const items = { path: '/agent-test:shop/item', action: 'deny' } as const;
      await rules([...others, items, { path: '/agent-test:shop', action: 'permit' }], { 'read-default': 'deny' });
      expect(await of('ann').get()).to.deep.equal({ 'agent-test:shop': { settings: { motto: 'hm' } } });
    });

    it('goes by the first rule that matches', async () => {
      await rules([
        { path: '/agent-test:shop/settings/motto', action: 'permit' },
        { path: '/agent-test:shop/settings', 'access-operations': 'create update delete', action: 'permit' },
        { path: "/agent-test:shop/item[id='a']", action: 'permit' },
        { path: '/agent-test:shop/item', 'access-operations': 'read', action: 'deny' },
        { path: '/', action: 'permit' },
      ]);
      expect(await shop('ann')).to.deep.equal({
        name: 'Corner',
        settings: { motto: 'hm', tag: ['old', 'new'] },
        item: [{ id: 'a', price: 1, secret: 's' }],
      });
    });

    it('tells entries apart by their keys', async () => {
      await rules([{ path: "/agent-test:shop/item[id='b']", action: 'deny' }]);
      expect(await ids('ann')).to.deep.equal(['a', 'rita']);
      expect((await errorOfPromise(of('ann').get(`${SHOP}/item=b/price`))).tag).to.equal('invalid-value');
      await rules([{ path: "/agent-test:shop/item[id='b']/price", action: 'deny' }]);
      expect(await of('ann').get(`${SHOP}/item=b`)).to.deep.equal({ 'agent-test:shop': { item: [{ id: 'b' }] } });
    });

    it('tells entries apart by the name of the user', async () => {
      await rules([
        { path: '/agent-test:shop/item[id=$USER]', action: 'permit' },
        { path: '/agent-test:shop/item', action: 'deny' },
      ]);
      expect(await ids('rita')).to.deep.equal(['rita']);
      expect(await shop('ann')).to.have.keys('name', 'settings');
    });

    it('tells the values of a leaf-list apart', async () => {
      await rules([{ path: "/agent-test:shop/settings/tag[.='old']", action: 'deny' }]);
      expect((await shop('ann'))['settings']).to.deep.equal({ motto: 'hm', tag: ['new'] });
    });

    it('needs an explicit rule for what a module keeps from all', async () => {
      await rules([{ path: '/agent-test:shop/item/secret', 'access-operations': 'read', action: 'permit' }]);
      expect(await of('ann').get(`${SHOP}/item=a`)).to.deep.equal({
        'agent-test:shop': { item: [{ id: 'a', price: 1, secret: 's' }] },
      });
      expect(JSON.stringify(await shop('bob'))).not.to.contain('secret');
    });

    it('goes by the module that defines a node', async () => {
      await rules([{ 'module-name': 'ietf-netconf-monitoring', action: 'deny' }]);
      const all = await of('ann').get();
      expect(all).to.include.keys('agent-test:shop').and.not.to.have.property('ietf-netconf-monitoring:netconf-state');
    });

    it('is by default as read-default says', async () => {
      await rules([{ path: '/agent-test:shop', action: 'permit' }], { 'read-default': 'deny' });
      expect(Object.keys(await of('ann').get())).to.deep.equal(['agent-test:shop']);
      expect(Object.keys(await of('bob').get())).to.deep.equal([]);
    });

    it('takes no filter for a way around', async () => {
      await rules([{ path: "/agent-test:shop/item[id='b']", action: 'deny' }]);
      const expression = "/t:shop/t:item[t:price='2']";
      const namespaces = { t: 'urn:example:agent-test' };
      const filter = { type: 'xpath', expression, namespaces } as const;
      expect(await of('ann').get('', { datastore: 'running', filter })).to.deep.equal({});
    });

    it('tells of no revision that others’ changes move', async () => {
      const { agent } = fixture;
      const context = { user: 'ann', transport: 'local', signal: new AbortController().signal } as const;
      expect(agent.revision(context, 'running')).to.have.property('etag');
      await rules([{ path: "/agent-test:shop/item[id='b']", action: 'deny' }]);
      expect(agent.revision(context, 'running')).to.equal(undefined);
      expect(agent.revision(context, 'running', [{ module: 'agent-test', name: 'shop' }])).to.equal(undefined);
    });
  });

  describe('writing', () => {
    const merge = (user: string, content: Json): Promise<unknown> =>
      of(user).edit('merge', SHOP, { 'agent-test:shop': content });

    it('needs a rule, and is asked by operation', async () => {
      await fill();
      await rules([{ path: '/agent-test:shop/item', 'access-operations': 'read create', action: 'permit' }]);
      await merge('ann', { item: [{ id: 'new', price: 4 }] });
      expect(await refusal(merge('ann', { item: [{ id: 'a', price: 9 }] }))).to.equal(
        "The user ann is not permitted to update /agent-test:shop/item[id='a']/price: no rule permits it, and write-default is deny." +
          " /agent-test:shop/item[id='a']/price",
      );
      expect(await refusal(of('ann').edit('delete', `${SHOP}/item=new`))).to.contain('to delete /agent-test:shop');
      expect(await refusal(merge('ann', { name: 'x' }))).to.contain('to update /agent-test:shop/name');
    });

    it('asks of every node that is created, and of the top of what is deleted', async () => {
      await rules([
        { path: '/agent-test:shop/item/price', 'access-operations': 'create delete', action: 'deny' },
        { path: '/agent-test:shop', action: 'permit' },
      ]);
      await merge('ann', { item: [{ id: 'a' }] });
      expect(await refusal(merge('ann', { item: [{ id: 'b', price: 1 }] }))).to.contain(
        "the rule 'rule-1' of the rule-list 'list'",
      );
      await merge('root', { item: [{ id: 'a', price: 1 }] });
      await of('ann').edit('delete', `${SHOP}/item=a`);
    });

    it('takes a container without presence for what is in it', async () => {
      await rules([{ path: '/agent-test:shop/settings/motto', action: 'permit' }]);
      await merge('ann', { settings: { motto: 'x' } });
      await of('ann').edit('delete', SHOP);
      await merge('root', { settings: { motto: 'x', tag: ['a'] } });
      expect(await refusal(of('ann').edit('delete', SHOP))).to.contain("/agent-test:shop/settings/tag[.='a']");
    });

    it('changes nothing where a part is denied', async () => {
      await fill();
      await rules([{ path: '/agent-test:shop/name', action: 'permit' }]);
      await refusal(merge('ann', { name: 'x', settings: { motto: 'x' } }));
      expect(await shop('root')).to.include({ name: 'Corner' });
    });

    it('may be permitted by default, but for what a module marks', async () => {
      await rules([], { 'write-default': 'permit' });
      await merge('bob', { settings: { motto: 'x' } });
      expect(await refusal(merge('bob', { settings: { seal: 'x' } }))).to.contain('marks it default-deny-write');
      expect(await refusal(merge('bob', { item: [{ id: 'a', secret: 'x' }] }))).to.contain('default-deny-all');
      await rules([{ path: '/agent-test:shop/settings/seal', action: 'permit' }]);
      await merge('ann', { settings: { seal: 'x' } });
    });

    it('needs the operation edit-config too', async () => {
      await rules([
        { 'rpc-name': 'edit-config', action: 'deny' },
        { path: '/', action: 'permit' },
      ]);
      expect(await refusal(merge('ann', { name: 'x' }))).to.contain('edits of the configuration');
    });
  });

  describe('operations', () => {
    const double = (user: string): Promise<Json> => of(user).invoke('agent-test:double', { number: 2 });
    beforeEach(() => {
      fixture.created.operations.register('agent-test:double', (_context, input) => ({
        result: Number(input['number']) * 2,
      }));
      fixture.created.operations.register('agent-test:audit', () => ({}));
    });

    it('go by rpc-name and module', async () => {
      await rules([{ 'rpc-name': 'double', 'module-name': 'agent-test', action: 'deny' }]);
      expect(await refusal(double('ann'))).to.equal(
        "The user ann is not permitted to use the operation agent-test:double: the rule 'rule-1' of the rule-list 'list' denies it.",
      );
      await double('bob');
      await rules([{ 'rpc-name': 'double', 'module-name': 'ietf-netconf', action: 'deny' }]);
      await double('ann');
      await rules([{ 'rpc-name': '*', 'access-operations': 'read', action: 'deny' }]);
      await double('ann');
    });

    it('are by default as exec-default says', async () => {
      await rules([{ 'rpc-name': 'double', action: 'permit' }], { 'exec-default': 'deny' });
      await double('ann');
      expect(await refusal(double('bob'))).to.contain('no rule permits it, and exec-default is deny');
    });

    it('that a module keeps from all need a rule', async () => {
      await rules([{ 'rpc-name': 'audit', action: 'permit' }]);
      await of('ann').invoke('agent-test:audit');
      expect(await refusal(of('bob').invoke('agent-test:audit'))).to.contain('marks it default-deny-all');
    });

    it('of which there are none by default: kill-session, but for the own', async () => {
      const { agent } = fixture;
      const open = (user: string): number =>
        agent.sessions.open({ user, transport: 'netconf-ssh', kill: () => undefined }).id;
      const kill = (user: string, id: number): Promise<void> =>
        Promise.resolve().then(() =>
          agent.killSession({ user, transport: 'local', signal: new AbortController().signal }, id),
        );
      await rules([]);
      expect(await refusal(kill('ann', open('bob')))).to.contain('sessions of others');
      await kill('ann', open('ann'));
      await rules([{ 'rpc-name': 'kill-session', action: 'permit' }]);
      await kill('ann', open('bob'));
      await rules([{ 'rpc-name': 'kill-session', action: 'deny' }]);
      expect(await refusal(kill('ann', open('ann')))).to.contain('rule-1');
    });

    it('that are actions go by their path, and need their node to be readable', async () => {
      await fill();
      fixture.created.operations.registerAction('/agent-test:shop/item/restock', () => ({ total: 1 }));
      const { schema } = fixture.yang;
      const restock = async (user: string, id: string): Promise<unknown> => {
        const steps = [
          { module: 'agent-test', name: 'shop' },
          { module: 'agent-test', name: 'item', keys: [{ name: 'id', value: id }] },
        ];
        const parent = schema.childByMember(schema.childByMember(undefined, 'agent-test:shop') as never, 'item');
        const action = schema.action(parent as never, 'agent-test', 'restock');
        if (action === undefined) throw new Error('there is no action');
        const context = { user, transport: 'local', signal: new AbortController().signal } as const;
        return await fixture.agent.invokeAction(context, steps, action, {});
      };
      await rules([{ path: "/agent-test:shop/item[id='a']/restock", action: 'deny' }]);
      expect(await refusal(restock('ann', 'a'))).to.contain('the action /agent-test:shop/item/restock');
      await restock('ann', 'b');
      await rules([{ path: "/agent-test:shop/item[id='a']", 'access-operations': 'read', action: 'deny' }]);
      expect((await errorOfPromise(restock('ann', 'a'))).tag).to.equal('invalid-value');
    });
  });

  describe('notifications', () => {
    const sell = async (item: string): Promise<void> => {
      const events = [{ of: 'domain', event: item } as const];
      await fixture.ledger.update(() => ({ result: undefined, changes: [], events, due: [] }));
    };

    it('go by notification-name, and what is kept back is counted', async () => {
      await rules([{ 'notification-name': 'sale', action: 'deny' }]);
      const own = of('ann').subscribe();
      const others = of('bob').subscribe();
      await sell('apple');
      await of('root').edit('merge', SHOP, { 'agent-test:shop': { name: 'x' } });
      const changed = 'ietf-netconf-notifications:netconf-config-change';
      await own.until(({ name }) => name === changed);
      await others.until(({ name }) => name === changed);
      expect(own.received.map(({ name }) => name)).to.deep.equal([changed]);
      expect(others.received.map(({ name }) => name)).to.deep.equal(['agent-test:sale', changed]);
      expect(own.subscription.excluded).to.equal(1);
      expect((await of('root').get(NACM))['ietf-netconf-acm:nacm']).to.include({ 'denied-notifications': 1 });
    });

    it('that were permitted are not any more from the moment on at which a rule says so', async () => {
      await rules([]);
      const own = of('ann').subscribe({
        filter: { type: 'xpath', expression: '/t:sale', namespaces: { t: 'urn:example:agent-test' } },
      });
      await sell('apple');
      await own.until(({ content }) => content['item'] === 'apple');
      await rules([{ 'notification-name': '*', 'module-name': 'agent-test', action: 'deny' }]);
      await sell('pear');
      await rules([]);
      await sell('plum');
      await own.until(({ content }) => content['item'] === 'plum');
      expect(own.received.map(({ content }) => content['item'])).to.deep.equal(['apple', 'plum']);
    });
  });

  it('is off where enable-nacm is false, but the tenant remains', async () => {
    await fill();
    await configure({ 'enable-nacm': false, 'read-default': 'deny', 'exec-default': 'deny' });
    expect(JSON.stringify(await shop('bob'))).to.contain('secret');
    await of('bob').edit('merge', SHOP, { 'agent-test:shop': { name: 'x' } });
    expect(await refusal(of('eve').get(SHOP))).to.contain('not known');
  });

  it('does not bind recovery sessions', async () => {
    await configure({ 'rule-list': [{ name: 'none', group: ['*'], rule: [{ name: 'nothing', action: 'deny' }] }] });
    expect(await refusal(of('ann').get(NACM))).to.contain("the rule 'nothing' of the rule-list 'none'");
    await refusal(of('ann').edit('delete', `${NACM}/rule-list=none`));
    await of('root').edit('delete', `${NACM}/rule-list=none`);
    expect(await of('ann').get(NACM)).to.have.property('ietf-netconf-acm:nacm');
  });

  it('counts what is denied', async () => {
    await rules([{ 'rpc-name': 'unserved', action: 'deny' }]);
    for (let time = 0; time < 2; time++) await refusal(of('ann').invoke('agent-test:unserved'));
    await refusal(of('ann').edit('merge', SHOP, { 'agent-test:shop': { name: 'x', settings: { motto: 'x' } } }));
    expect((await of('root').get(NACM))['ietf-netconf-acm:nacm']).to.include({
      'denied-operations': 2,
      'denied-data-writes': 1,
      'denied-notifications': 0,
    });
  });

  it('refuses a rule whose path leads nowhere, saying where', async () => {
    for (const [path, expected] of [
      ['/agent-test:shop/nothing', 'Not found node "nothing" in path.'],
      ['/nowhere:shop', 'No module connected with the prefix "nowhere" found'],
      ['agent-test:shop', 'It must be absolute, with "/" at its beginning.'],
      ['', 'It must be absolute, with "/" at its beginning.'],
      ['/agent-test:shop/item[1]', 'Positional predicate'],
      ["/agent-test:shop/item[price='1']", 'Key expected instead of leaf "price"'],
      ['/agent-test:shop/item[id=$OTHER]', "The path of the rule 'rule-2' leads nowhere"],
      ['/agent-test:shop/item[id=', 'Unexpected XPath expression end.'],
      ['/agent-test:shop/name/more', 'Not found node "more"'],
    ] as const) {
      const errors = await errorsOf(
        rules([
          { path: '/', action: 'permit' },
          { path, action: 'deny' },
        ]),
      );
      expect(errors, path).to.have.length(1);
      const [error] = errors;
      expect(error?.message, path).to.contain(expected).and.not.to.contain('a string');
      if (!expected.startsWith('The path')) {
        expect(error?.message).to.contain(`"${path}" is not a valid node-instance-identifier: `);
      }
      expect(error, path).to.include({
        tag: 'invalid-value',
        path: "/ietf-netconf-acm:nacm/rule-list[name='list']/rule[name='rule-2']/path",
      });
    }
  });

  it('holds after a restart', async () => {
    await fill();
    await rules([{ path: "/agent-test:shop/item[id='b']", action: 'deny' }]);
    await fixture.restart();
    expect(await ids('ann')).to.deep.equal(['a', 'rita']);
  });
});
