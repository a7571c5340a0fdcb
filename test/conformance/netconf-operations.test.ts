import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { serverCapabilities } from '../../src/netconf/hello.ts';
import { attributeOf, type XmlElement } from '../../src/yang/xml.ts';
import { AgentFixture } from '../unit/agent/agent-fixture.ts';
import { BASE, Client, errorsOf, isOk } from '../unit/netconf/session-fixture.ts';

const TEST = 'urn:example:agent-test';
const MONITORING = 'urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring';
const SUBSCRIBED = 'urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications';
const WITH_DEFAULTS = 'urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults';
const DEFAULT_TAG = 'urn:ietf:params:xml:ns:netconf:default:1.0';
const RUNNING = '<target><running/></target>';

/** Elements as `name`, `name=text` or `name(children)`, in their order. */
function outline(element: XmlElement): string {
  if (element.children.length > 0) return `${element.name}(${element.children.map(outline).join(' ')})`;
  return element.text === '' ? element.name : `${element.name}=${element.text}`;
}

function find(element: XmlElement, name: string): XmlElement | undefined {
  if (element.name === name) return element;
  for (const child of element.children) {
    const found = find(child, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function textOf(reply: XmlElement, name: string): string | undefined {
  return find(reply, name)?.text;
}

describe('RFC 6241: NETCONF operations on an agent', () => {
  let fixture: AgentFixture;
  const clients: Client[] = [];

  function open(user = 'ann'): Client {
    const client = new Client(fixture.agent, { user });
    clients.push(client);
    return client;
  }

  function edit(client: Client, config: string, options = ''): Promise<XmlElement> {
    return client.rpc(
      `<edit-config>${RUNNING}${options}<config xmlns:nc="${BASE}"><shop xmlns="${TEST}">${config}</shop></config></edit-config>`,
    );
  }

  async function running(client: Client, filter = ''): Promise<string> {
    const reply = await client.rpc(`<get-config><source><running/></source>${filter}</get-config>`);
    expect(errorsOf(reply)).to.deep.equal([]);
    return outline(reply);
  }

  beforeEach(() => {
    fixture = new AgentFixture();
    fixture.created.facts.netconfCapabilities = () => serverCapabilities(fixture.yang);
    fixture.created.operations.register('agent-test:double', (_context, input) => ({
      result: Number(input['number']) * 2,
    }));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.channel.drop();
    await fixture.close();
  });

  describe('edit-config and get-config', () => {
    it('merge, replace, create, delete and remove', async () => {
      const client = open();
      expect(isOk(await edit(client, '<name>Corner</name><item><id>a</id><price>1</price></item>'))).to.equal(true);
      expect(isOk(await edit(client, '<item nc:operation="create"><id>b</id></item>'))).to.equal(true);
      expect(await running(client)).to.equal('rpc-reply(data(shop(name=Corner item(id=a price=1) item(id=b))))');
      await edit(client, '<item nc:operation="replace"><id>a</id></item>');
      expect(await running(client)).to.equal('rpc-reply(data(shop(name=Corner item(id=a) item(id=b))))');
      await edit(client, '<item nc:operation="delete"><id>a</id></item><item nc:operation="remove"><id>x</id></item>');
      expect(await running(client)).to.equal('rpc-reply(data(shop(name=Corner item(id=b))))');
    });

    it('answers errors with tag, path and prefixes declared, and changes nothing', async () => {
      const client = open();
      await edit(client, '<item><id>a</id></item>');
      const reply = await edit(client, '<name>new</name><item nc:operation="create"><id>a</id></item>');
      expect(errorsOf(reply)[0]).to.include({ tag: 'data-exists', type: 'application' });
      const path = find(reply, 'error-path');
      expect(path?.text).to.match(/^\/([\w-]+):shop\/\1:item\[\1:id='a'\]$/);
      expect(path?.scope.get(path.text.slice(1).split(':')[0] ?? '')).to.equal(TEST);
      expect(await running(client)).to.equal('rpc-reply(data(shop(item(id=a))))');
      expect(errorsOf(await edit(client, '<item nc:operation="delete"><id>x</id></item>'))[0]).to.include({
        tag: 'data-missing',
      });
    });

    const bad: readonly (readonly [what: string, config: string, tag: string, says: RegExp])[] = [
      [
        'a value of the wrong type',
        '<item><id>a</id><price>dear</price></item>',
        'invalid-value',
        /price|dear|whole number/,
      ],
      ['a value out of range', '<item><id>a</id><price>4294967296</price></item>', 'invalid-value', /price|4294967296/],
      ['an unknown element', '<colour>red</colour>', 'unknown-element', /colour/],
      ['an element of an unknown module', '<name xmlns="urn:none">x</name>', 'unknown-namespace', /urn:none/],
      ['a list entry without key', '<item><price>1</price></item>', 'missing-element', /id/],
      ['state', '<item><id>a</id><sold>1</sold></item>', 'unknown-element|invalid-value|bad-element', /sold/],
      ['an unknown operation', '<item nc:operation="twist"><id>a</id></item>', 'bad-attribute|invalid-value', /twist/],
      [
        'what breaks a must',
        '<item><id>a</id><price>5000</price></item>',
        'operation-failed',
        /nothing costs that much/,
      ],
    ];
    for (const [what, config, tag, says] of bad) {
      it(`refuses ${what}, and the session goes on`, async () => {
        const client = open();
        const [error] = errorsOf(await edit(client, config));
        expect(error?.tag).to.match(new RegExp(`^(${tag})$`));
        expect(error?.message).to.match(says);
        expect(await running(client)).to.equal('rpc-reply(data)');
      });
    }

    it('does nothing below what default-operation none does not name', async () => {
      const client = open();
      await edit(client, '<name>Corner</name><item><id>a</id></item>');
      const none = '<default-operation>none</default-operation>';
      expect(isOk(await edit(client, '<item nc:operation="delete"><id>a</id></item>', none))).to.equal(true);
      expect(await running(client)).to.equal('rpc-reply(data(shop(name=Corner)))');
    });

    it('changes nothing with test-only', async () => {
      const client = open();
      expect(isOk(await edit(client, '<name>x</name>', '<test-option>test-only</test-option>'))).to.equal(true);
      const [error] = errorsOf(
        await edit(client, '<item><id>a</id><price>5000</price></item>', '<test-option>test-only</test-option>'),
      );
      expect(error).to.include({ tag: 'operation-failed' });
      expect(await running(client)).to.equal('rpc-reply(data)');
    });

    it('is all or nothing with rollback-on-error', async () => {
      const client = open();
      const option = '<error-option>rollback-on-error</error-option>';
      const reply = await edit(client, '<name>x</name><item nc:operation="delete"><id>no</id></item>', option);
      expect(errorsOf(reply)[0]).to.include({ tag: 'data-missing' });
      expect(await running(client)).to.equal('rpc-reply(data)');
    });

    it('understands the namespace in three spellings', async () => {
      const client = open();
      const spellings = [
        `<rpc xmlns="${BASE}" message-id="1"><edit-config>${RUNNING}<config><shop xmlns="${TEST}"><name>1</name></shop></config></edit-config></rpc>`,
        `<nc:rpc xmlns:nc="${BASE}" message-id="1"><nc:edit-config><nc:target><nc:running/></nc:target><nc:config><shop xmlns="${TEST}"><name>2</name></shop></nc:config></nc:edit-config></nc:rpc>`,
        `<rpc xmlns="${BASE}" xmlns:n="${BASE}" xmlns:t="${TEST}" message-id="1"><n:edit-config>${RUNNING}<n:config><t:shop><t:name>3</t:name></t:shop></n:config></n:edit-config></rpc>`,
      ];
      for (const [index, message] of spellings.entries()) {
        expect(isOk(await client.ask(message)), message).to.equal(true);
        expect(await running(client)).to.equal(`rpc-reply(data(shop(name=${index + 1})))`);
      }
    });

    it('filters by subtree and by XPath', async () => {
      const client = open();
      await edit(
        client,
        '<name>Corner</name><item><id>a</id><price>1</price></item><item><id>b</id><price>2</price></item>',
      );
      const subtree = `<filter type="subtree"><shop xmlns="${TEST}"><item><id>b</id></item></shop></filter>`;
      expect(await running(client, subtree)).to.equal('rpc-reply(data(shop(item(id=b price=2))))');
      const xpath = `<filter type="xpath" xmlns:x="${TEST}" select="/x:shop/x:item[x:price=1]/x:price"/>`;
      expect(await running(client, xpath)).to.equal('rpc-reply(data(shop(item(id=a price=1))))');
      expect(await running(client, '<filter type="subtree"/>')).to.equal('rpc-reply(data)');
      const broken = '<get><filter type="xpath" select="//["/></get>';
      expect(errorsOf(await client.rpc(broken))[0]?.tag).to.match(/invalid-value|bad-attribute|operation-failed/);
      expect(await running(client, '<filter type="subtree"/>')).to.equal('rpc-reply(data)');
    });

    it('reports defaults in every mode', async () => {
      const client = open();
      await edit(client, '<name>Corner</name><currency>EUR</currency>');
      const mode = (name: string): string => `<with-defaults xmlns="${WITH_DEFAULTS}">${name}</with-defaults>`;
      expect(await running(client, mode('explicit'))).to.contain('currency=EUR');
      expect(await running(client, mode('trim'))).not.to.contain('currency');
      await edit(client, '<currency nc:operation="delete"/>');
      expect(await running(client)).not.to.contain('currency');
      expect(await running(client, mode('report-all'))).to.contain('currency=EUR');
      const tagged = await client.rpc(
        `<get-config><source><running/></source>${mode('report-all-tagged')}</get-config>`,
      );
      const currency = find(tagged, 'currency');
      expect(currency && attributeOf(currency, DEFAULT_TAG, 'default')).to.equal('true');
    });

    it('keeps any text', async () => {
      const client = open();
      const text = 'a<b>&amp; "q" \' é € 😀 ]]&gt;]]&gt; \u00a0';
      await edit(client, `<name><![CDATA[a<b>]]>&amp; "q" ' é &#x20ac; 😀 ]]&gt;]]&gt; &#160;</name>`);
      const reply = await client.rpc('<get-config><source><running/></source></get-config>');
      expect(textOf(reply, 'name')).to.equal(text.replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
    });
  });

  describe('lock (RFC 6241 §7.5)', () => {
    const lock = `<lock>${RUNNING}</lock>`;
    const unlock = `<unlock>${RUNNING}</unlock>`;

    it('keeps others from locking and editing, and names the holder', async () => {
      const [holder, other] = [open(), open('bert')];
      expect(isOk(await holder.rpc(lock))).to.equal(true);
      const [denied] = errorsOf(await other.rpc(lock));
      expect(denied).to.include({ tag: 'lock-denied', type: 'protocol' });
      expect(denied?.info).to.deep.equal({ 'session-id': String(holder.session.id) });
      expect(errorsOf(await other.rpc(unlock))[0]).to.include({ tag: 'operation-failed' });
      expect(errorsOf(await edit(other, '<name>x</name>'))[0]).to.include({ tag: 'in-use' });
      expect(isOk(await edit(holder, '<name>y</name>'))).to.equal(true);
      expect(isOk(await holder.rpc(unlock))).to.equal(true);
      expect(isOk(await edit(other, '<name>x</name>'))).to.equal(true);
    });

    const ways: readonly (readonly [string, (holder: Client, other: Client) => Promise<unknown>])[] = [
      ['unlock', (holder) => holder.rpc(unlock)],
      ['close-session', (holder) => holder.rpc('<close-session/>')],
      [
        'kill-session',
        (holder, other) => other.rpc(`<kill-session><session-id>${holder.session.id}</session-id></kill-session>`),
      ],
      [
        'the loss of the channel',
        (holder) => {
          holder.channel.drop();
          return holder.running;
        },
      ],
      [
        'broken framing',
        (holder) => {
          holder.channel.feed('x');
          return holder.running;
        },
      ],
      [
        'the end of the stream',
        (holder) => {
          holder.channel.finish();
          return holder.running;
        },
      ],
    ];
    for (const [what, release] of ways) {
      it(`is released by ${what}`, async () => {
        const [holder, other] = [open(), open('bert')];
        await holder.rpc(lock);
        await release(holder, other);
        expect(isOk(await other.rpc(lock))).to.equal(true);
      });
    }
  });

  describe('model operations', () => {
    it('carry out an RPC in the namespace of its module', async () => {
      const reply = await open().rpc(`<double xmlns="${TEST}"><number>21</number></double>`);
      expect(outline(reply)).to.equal('rpc-reply(result=42)');
      expect(find(reply, 'result')?.namespace).to.equal(TEST);
    });

    const bad: readonly (readonly [string, string, RegExp])[] = [
      ['a missing parameter', '<double/>', /^(missing-element|operation-failed|data-missing)$/],
      ['a wrong value', '<double><number>many</number></double>', /^invalid-value$/],
      ['an unknown parameter', '<double><number>1</number><twice/></double>', /^unknown-element$/],
      ['an RPC that nothing carries out', '<unserved/>', /^operation-not-supported$/],
    ];
    for (const [what, operation, tag] of bad) {
      it(`refuse ${what}`, async () => {
        const client = open();
        const reply = await client.rpc(operation.replace(/^<(\w+)/, `<$1 xmlns="${TEST}"`));
        expect(errorsOf(reply)[0]?.tag).to.match(tag);
        expect(isOk(await edit(client, '<name>still here</name>'))).to.equal(true);
      });
    }

    it('carry out an action on the entry that its keys name', async () => {
      const client = open();
      fixture.created.operations.registerAction('/agent-test:shop/item/restock', (_context, path, input) => {
        expect(path.at(-1)?.keys).to.deep.equal([{ name: 'id', value: 'a' }]);
        return { total: Number(input['count']) + 1 };
      });
      await edit(client, '<item><id>a</id></item>');
      const action = (id: string): string =>
        `<action xmlns="urn:ietf:params:xml:ns:yang:1"><shop xmlns="${TEST}"><item><id>${id}</id><restock><count>4</count></restock></item></shop></action>`;
      expect(outline(await client.rpc(action('a')))).to.equal('rpc-reply(total=5)');
      expect(errorsOf(await client.rpc(action('x')))[0]).to.include({ tag: 'invalid-value' });
    });
  });

  describe('monitoring (RFC 6022)', () => {
    it('shows sessions, statistics and the capabilities of the hello', async () => {
      const [client, other] = [open(), open('bert')];
      await other.rpc('<nonsense/>');
      const reply = await client.rpc(`<get><filter><netconf-state xmlns="${MONITORING}"/></filter></get>`);
      const sessions = find(reply, 'sessions')?.children ?? [];
      expect(sessions.map((session) => textOf(session, 'username'))).to.deep.equal(['ann', 'bert']);
      expect(sessions.map((session) => textOf(session, 'transport'))).to.satisfy((all: string[]) =>
        all.every((transport) => transport.endsWith('netconf-ssh')),
      );
      expect(sessions.map((session) => textOf(session, 'out-rpc-errors'))).to.deep.equal(['0', '1']);
      const statistics = find(reply, 'statistics');
      expect(statistics && textOf(statistics, 'in-rpcs')).to.equal('2');
      expect(find(reply, 'capabilities')?.children.map((child) => child.text)).to.include(
        'urn:ietf:params:netconf:base:1.1',
      );
    });

    it('gives the text of a schema that it lists', async () => {
      const client = open();
      const listed = await client.rpc(
        `<get><filter><netconf-state xmlns="${MONITORING}"><schemas/></netconf-state></filter></get>`,
      );
      expect(textOf(listed, 'identifier')).to.be.a('string');
      const get = (rest: string): Promise<XmlElement> =>
        client.rpc(`<get-schema xmlns="${MONITORING}">${rest}</get-schema>`);
      const reply = await get('<identifier>agent-test</identifier><format>yang</format>');
      expect(textOf(reply, 'data')).to.match(/^module agent-test \{/);
      expect(errorsOf(await get('<identifier>nothing</identifier>'))[0]).to.include({ tag: 'invalid-value' });
      expect(errorsOf(await get('<identifier>agent-test</identifier><version>1999-01-01</version>'))[0]).to.include({
        tag: 'invalid-value',
      });
    });
  });

  describe('subscriptions by RFC 8639', () => {
    const establish = (rest: string): string =>
      `<establish-subscription xmlns="${SUBSCRIBED}">${rest}</establish-subscription>`;

    async function happens(item: string): Promise<void> {
      await fixture.ledger.update(() => ({
        result: undefined,
        changes: [],
        events: [{ of: 'domain', event: item }],
        due: [],
      }));
    }

    it('are established with an id, deliver, are modified and deleted', async () => {
      const client = open();
      const reply = await client.rpc(
        establish(
          `<stream>shop</stream><stream-subtree-filter><sale xmlns="${TEST}"><item>a</item></sale></stream-subtree-filter>`,
        ),
      );
      const id = textOf(reply, 'id');
      expect(id).to.match(/^\d+$/);
      expect(find(reply, 'id')?.namespace).to.equal(SUBSCRIBED);
      await happens('a');
      await happens('b');
      expect(await client.next()).to.match(/<eventTime>2026-11-01T00:00:00.000Z<\/eventTime>.*<item>a<\/item>/);
      expect(await client.pending()).to.deep.equal([]);
      const modify = `<modify-subscription xmlns="${SUBSCRIBED}"><id>${id ?? ''}</id><stream-xpath-filter xmlns:t="${TEST}">/t:sale[t:item='b']</stream-xpath-filter></modify-subscription>`;
      client.send(`<rpc xmlns="${BASE}" message-id="2">${modify}</rpc>`);
      await nextTurn();
      const messages = await client.pending();
      expect(messages.filter((message) => message.includes('<ok/>'))).to.have.length(1);
      expect(messages.filter((message) => message.includes('<subscription-modified'))).to.have.length(1);
      await happens('b');
      expect(await client.next()).to.contain('<item>b</item>');
      expect(
        isOk(await client.rpc(`<delete-subscription xmlns="${SUBSCRIBED}"><id>${id ?? ''}</id></delete-subscription>`)),
      ).to.equal(true);
      await happens('b');
      expect(await client.pending()).to.deep.equal([]);
    });

    it('replay from replay-start-time, after the reply', async () => {
      await happens('old');
      fixture.clock.advance(1000);
      const client = open();
      client.send(
        `<rpc xmlns="${BASE}" message-id="1">${establish('<stream>shop</stream><replay-start-time>2026-10-01T00:00:00Z</replay-start-time>')}</rpc>`,
      );
      expect(await client.next()).to.match(/^<hello/);
      for (const what of ['id', 'item', 'replay-completed']) expect(await client.next()).to.contain(`<${what}`);
    });

    it('are refused with the identity in error-app-tag, and killed by anybody', async () => {
      const [client, other] = [open(), open('bert')];
      expect(errorsOf(await client.rpc(establish('<stream>none</stream>')))[0]?.tag).to.equal('invalid-value');
      const id = textOf(await client.rpc(establish('<stream>shop</stream>')), 'id') ?? '';
      const own = `<delete-subscription xmlns="${SUBSCRIBED}"><id>${id}</id></delete-subscription>`;
      expect(errorsOf(await other.rpc(own))[0]?.tag).to.equal('invalid-value');
      expect(
        isOk(await other.rpc(`<kill-subscription xmlns="${SUBSCRIBED}"><id>${id}</id></kill-subscription>`)),
      ).to.equal(true);
      expect(await client.next()).to.contain('<subscription-terminated');
    });
  });

  it('tells of sessions that come and go (RFC 6470)', async () => {
    const watching = open();
    await watching.rpc('<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"/>');
    const other = open('bert');
    const started = await watching.next();
    // Its own start may have become durable after it subscribed.
    expect(started.includes('<username>ann<') ? await watching.next() : started).to.match(
      /<netconf-session-start.*<username>bert<\/username>/,
    );
    await other.rpc('<close-session/>');
    expect(await watching.next()).to.match(/<netconf-session-end.*<termination-reason>closed<\/termination-reason>/);
  });
});
