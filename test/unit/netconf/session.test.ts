import { expect } from 'chai';
import fc from 'fast-check';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { Data } from '../../../src/yang/data.ts';
import { RpcError, RpcErrors } from '../../../src/yang/rpc-error.ts';
import { attributeOf, parseXml } from '../../../src/yang/xml.ts';
import { BASE, Client, clientHello, errorsOf, FakeAgent, isOk, lazyTracks, MUSIC } from './session-fixture.ts';

const NOTIFICATION = 'urn:ietf:params:xml:ns:netconf:notification:1.0';
const PLAY = `<play xmlns="${MUSIC}"/>`;

describe('netconf session', () => {
  let agent: FakeAgent;
  const clients: Client[] = [];
  function open(options: ConstructorParameters<typeof Client>[1] = {}): Client {
    const client = new Client(agent, options);
    clients.push(client);
    return client;
  }

  beforeEach(() => {
    agent = new FakeAgent();
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.channel.drop();
  });

  describe('hello', () => {
    it('announces the session, what is supported, and modules of YANG 1.0 only', async () => {
      const client = open({ hello: false });
      const hello = parseXml(await client.next());
      expect(hello).to.include({ name: 'hello', namespace: BASE });
      expect(hello.children.find((child) => child.name === 'session-id')?.text).to.equal('1');
      const uris = hello.children.find((child) => child.name === 'capabilities')?.children.map((child) => child.text);
      expect(uris).to.include.members([
        'urn:ietf:params:netconf:base:1.0',
        'urn:ietf:params:netconf:base:1.1',
        'urn:ietf:params:netconf:capability:writable-running:1.0',
        'urn:ietf:params:netconf:capability:yang-library:1.1?revision=2019-01-04&content-id=c1',
        'urn:example:old?module=old&revision=2026-01-01&features=loud&deviations=music',
      ]);
      expect(uris?.filter((uri) => uri.startsWith(MUSIC))).to.deep.equal([]);
      expect(uris?.filter((uri) => /candidate|startup|:url|validate|confirmed/.test(uri))).to.deep.equal([]);
    });

    const refused: readonly (readonly [what: string, text: string, why: RegExp])[] = [
      [
        'a session-id',
        clientHello('chunked').replace('</hello>', '<session-id>4</session-id></hello>'),
        /must not send a session-id/,
      ],
      [
        'no base capability',
        clientHello('chunked').replace('base:1.1', 'base:9.9'),
        /none of the client's capabilities/,
      ],
      ['no capabilities', `<hello xmlns="${BASE}"/>]]>]]>`, /none of the client's capabilities/],
      ['an rpc first', `<rpc xmlns="${BASE}" message-id="1"><get/></rpc>]]>]]>`, /not <rpc>/],
      ['no namespace', clientHello('chunked').replace(` xmlns="${BASE}"`, ''), /in the namespace/],
      ['malformed XML', '<hello]]>]]>', /Malformed XML/],
      ['nothing', ']]>]]>', /no element|Malformed/],
      ['a document type', `<!DOCTYPE x [<!ENTITY e "x">]>${clientHello('chunked')}`, /DOCTYPE/],
      ['too much', `${'<'.repeat(200_000)}]]>]]>`, /too long/],
    ];
    for (const [what, text, why] of refused) {
      it(`ends the session for a hello with ${what}`, async () => {
        const client = open({ hello: false });
        client.channel.feed(text);
        await client.running;
        expect(agent.ends.map((end) => end.reason)).to.deep.equal(['bad-hello']);
        expect(agent.sessions.statistics.inBadHellos).to.equal(1);
        expect(client.logged.at(-1)?.['why']).to.match(why);
        expect(agent.calls).to.deep.equal([]);
      });
    }

    it('ends a session whose client sends no hello', async () => {
      const client = open({ hello: false, limits: { helloTimeoutMs: 20 } });
      await client.running;
      expect(agent.ends.map((end) => end.reason)).to.deep.equal(['timeout']);
    });

    it('does not limit the time of a session that has its hello', async () => {
      const client = open({ limits: { helloTimeoutMs: 20 } });
      await delay(40);
      expect(isOk(await client.rpc(PLAY))).to.equal(true);
    });

    it('changes to chunks for bytes that came together with the hello', async () => {
      const client = open({ hello: false });
      const rpc = `<rpc xmlns="${BASE}" message-id="1">${PLAY}</rpc>`;
      client.channel.feed(`${clientHello('chunked')}\n#${rpc.length}\n${rpc}\n##\n`);
      expect(isOk(await client.reply())).to.equal(true);
    });

    it('keeps the framing of base:1.0 with a client that knows no other', async () => {
      const client = open({ framing: 'end-of-message' });
      expect(isOk(await client.rpc(PLAY))).to.equal(true);
      expect(Buffer.concat(client.channel.written).toString()).to.match(/<\/rpc-reply>]]>]]>$/);
    });

    it('takes capabilities with white space around them', async () => {
      const client = open({ hello: false });
      client.channel.feed(clientHello('chunked').replace('>urn:', '>\n  urn:').replace('1.1<', '1.1\n<'));
      expect(isOk(await client.rpc(PLAY))).to.equal(true);
    });
  });

  describe('messages', () => {
    it('echoes the attributes of the rpc with their namespaces', async () => {
      const reply = await open().ask(
        `<rpc xmlns="${BASE}" xmlns:ex="urn:e" message-id='a"&lt;&#10;b' ex:user="fred" xml:lang="de">${PLAY}</rpc>`,
      );
      expect(attributeOf(reply, '', 'message-id')).to.equal('a"<\nb');
      expect(attributeOf(reply, 'urn:e', 'user')).to.equal('fred');
      expect(attributeOf(reply, 'http://www.w3.org/XML/1998/namespace', 'lang')).to.equal('de');
      expect(isOk(reply)).to.equal(true);
    });

    const target = '<target><running/></target>';
    const operations: readonly (readonly [operation: string, call: string])[] = [
      ['<get><filter type="subtree"/></get>', 'get operational'],
      ['<get-config><source><running/></source></get-config>', 'get running'],
      [`<edit-config>${target}<default-operation>none</default-operation><config/></edit-config>`, 'edit'],
      [`<lock>${target}</lock>`, 'lock'],
      [`<unlock>${target}</unlock>`, 'unlock'],
    ];
    for (const [operation, call] of operations) {
      const prefixed = operation.replace(/<(\/?)/g, '<$1nc:');
      const mixed = operation.replace(/<(\/?)(target|running|source|config|filter)/g, '<$1x:$2');
      const spellings = {
        'the default namespace': `<rpc xmlns="${BASE}" message-id="1">${operation}</rpc>`,
        'a prefix': `<nc:rpc xmlns:nc="${BASE}" message-id="1">${prefixed}</nc:rpc>`,
        'prefixes that change': `<nc:rpc xmlns:nc="${BASE}" xmlns:x="${BASE}" xmlns="${BASE}" message-id="1">${mixed}</nc:rpc>`,
      };
      for (const [what, message] of Object.entries(spellings)) {
        it(`understands ${operation.slice(0, operation.search(/[ >]/))}> in ${what}`, async () => {
          const reply = await open().ask(message);
          expect(reply).to.include({ name: 'rpc-reply', namespace: BASE });
          expect(errorsOf(reply)).to.deep.equal([]);
          expect(agent.calls).to.deep.equal([call]);
        });
      }
    }

    const bad: readonly (readonly [
      what: string,
      message: string,
      tag: string,
      info: Record<string, string>,
      says: RegExp,
    ])[] = [
      [
        'no message-id',
        `<rpc xmlns="${BASE}">${PLAY}</rpc>`,
        'missing-attribute',
        { 'bad-element': 'rpc', 'bad-attribute': 'message-id' },
        /needs a message-id/,
      ],
      ['malformed XML', `<rpc xmlns="${BASE}" message-id="7"><play></rpc>`, 'malformed-message', {}, /line 1/],
      ['text only', 'hello?', 'malformed-message', {}, /Malformed XML/],
      [
        'an unbound prefix',
        `<rpc xmlns="${BASE}" message-id="7"><m:play/></rpc>`,
        'malformed-message',
        {},
        /Malformed/,
      ],
      [
        'a DOCTYPE',
        `<!DOCTYPE rpc><rpc xmlns="${BASE}" message-id="7">${PLAY}</rpc>`,
        'malformed-message',
        {},
        /DOCTYPE/,
      ],
      ['no operation', `<rpc xmlns="${BASE}" message-id="7"/>`, 'malformed-message', {}, /no operation/],
      [
        'two operations',
        `<rpc xmlns="${BASE}" message-id="7">${PLAY}${PLAY}</rpc>`,
        'malformed-message',
        {},
        /more than one operation/,
      ],
      ['a second hello', clientHello('chunked').replace(']]>]]>', ''), 'malformed-message', {}, /not <hello>/],
      [
        'an rpc in no namespace',
        `<rpc message-id="7">${PLAY}</rpc>`,
        'unknown-namespace',
        { 'bad-element': 'rpc', 'bad-namespace': '' },
        /must be in urn:ietf/,
      ],
      [
        'deep nesting',
        `<rpc xmlns="${BASE}" message-id="7">${'<a>'.repeat(400)}${'</a>'.repeat(400)}</rpc>`,
        'too-big',
        {},
        /nested deeper/,
      ],
    ];
    for (const [what, message, tag, info, says] of bad) {
      it(`answers a message with ${what}, and goes on`, async () => {
        const client = open();
        const reply = await client.ask(message);
        const [error] = errorsOf(reply);
        expect(error).to.include({ tag });
        expect(error?.info).to.deep.equal(info);
        expect(error?.message).to.match(says);
        if (message.includes('message-id="7"')) expect(attributeOf(reply, '', 'message-id')).to.equal('7');
        expect(agent.calls).to.deep.equal([]);
        expect(isOk(await client.rpc(PLAY))).to.equal(true);
        expect(agent.sessions.statistics).to.include({ inBadRpcs: 1, inRpcs: 1, outRpcErrors: 1 });
      });
    }

    it('answers a message beyond the size limit with its message-id, and goes on', async () => {
      const client = open({ limits: { maxMessageSize: 1000 } });
      const reply = await client.ask(
        `<?xml version="1.0"?>\n<nc:rpc message-id='8' xmlns:nc="${BASE}">${' '.repeat(2000)}</nc:rpc>`,
      );
      expect(errorsOf(reply)[0]).to.include({ tag: 'too-big', type: 'rpc' });
      expect(attributeOf(reply, '', 'message-id')).to.equal('8');
      expect(isOk(await client.rpc(PLAY))).to.equal(true);
    });

    it('answers a message that is not UTF-8, and goes on', async () => {
      const client = open();
      client.channel.feed(Buffer.from(`\n#9\n<rpc>\xff\xfe\xfd\n\n##\n`, 'latin1'));
      expect(errorsOf(await client.reply())[0]).to.include({ tag: 'malformed-message' });
      expect(isOk(await client.rpc(PLAY))).to.equal(true);
    });

    it('does not use malformed-message with a client of base:1.0', async () => {
      const client = open({ framing: 'end-of-message' });
      expect(errorsOf(await client.ask('<rpc'))[0]).to.include({ tag: 'operation-failed', type: 'rpc' });
      expect(isOk(await client.rpc(PLAY))).to.equal(true);
    });

    it('takes an XML declaration after the line break that follows the last message', async () => {
      const client = open({ framing: 'end-of-message' });
      const reply = await client.ask(
        `\n<?xml version="1.0" encoding="UTF-8"?>\n<rpc xmlns="${BASE}" message-id="1">${PLAY}</rpc>\n`,
      );
      expect(isOk(reply)).to.equal(true);
    });
  });

  describe('operations', () => {
    const errors: readonly (readonly [operation: string, tag: string, info: Record<string, string>, says: RegExp])[] = [
      ['<copy-config/>', 'operation-not-supported', {}, /does not support <copy-config>/],
      ['<delete-config/>', 'operation-not-supported', {}, /does not support/],
      ['<commit/>', 'operation-not-supported', {}, /edit-config/],
      ['<discard-changes/>', 'operation-not-supported', {}, /does not support/],
      ['<validate/>', 'operation-not-supported', {}, /does not support/],
      ['<cancel-commit/>', 'operation-not-supported', {}, /does not support/],
      ['<frobnicate/>', 'unknown-element', { 'bad-element': 'frobnicate' }, /no operation <frobnicate>/],
      [`<pause xmlns="${MUSIC}"/>`, 'unknown-element', { 'bad-element': 'pause' }, /module music has no operation/],
      [
        '<play xmlns="urn:none"/>',
        'unknown-namespace',
        { 'bad-element': 'play', 'bad-namespace': 'urn:none' },
        /urn:none/,
      ],
      ['<play xmlns=""/>', 'unknown-namespace', { 'bad-element': 'play', 'bad-namespace': '' }, /no namespace/],
      ['<get><depth/></get>', 'unknown-element', { 'bad-element': 'depth' }, /<filter>, <with-defaults>/],
      ['<get><filter/><filter/></get>', 'bad-element', { 'bad-element': 'filter' }, /more than once/],
      [
        '<get><filter xmlns=""/></get>',
        'unknown-namespace',
        { 'bad-element': 'filter', 'bad-namespace': '' },
        /prefix on its parent/,
      ],
      [
        '<get><filter type="regex"/></get>',
        'bad-attribute',
        { 'bad-element': 'filter', 'bad-attribute': 'type' },
        /not 'regex'/,
      ],
      [
        '<get><filter type="xpath"/></get>',
        'missing-attribute',
        { 'bad-element': 'filter', 'bad-attribute': 'select' },
        /select/,
      ],
      ['<get-config/>', 'missing-element', { 'bad-element': 'source' }, /needs <source>/],
      ['<get-config><source/></get-config>', 'missing-element', { 'bad-element': 'running' }, /exactly one datastore/],
      [
        '<get-config><source><candidate/></source></get-config>',
        'operation-not-supported',
        { 'bad-element': 'candidate' },
        /<running> only/,
      ],
      [
        '<get-config><source><nonsense/></source></get-config>',
        'unknown-element',
        { 'bad-element': 'nonsense' },
        /<running> only/,
      ],
      [
        '<edit-config><target><running/></target></edit-config>',
        'missing-element',
        { 'bad-element': 'config' },
        /needs <config>/,
      ],
      [
        '<edit-config><target><running/></target><url>file:///x</url></edit-config>',
        'operation-not-supported',
        {},
        /URL/,
      ],
      [
        '<edit-config><target><running/></target><test-option>maybe</test-option><config/></edit-config>',
        'invalid-value',
        { 'bad-element': 'test-option' },
        /not 'maybe'/,
      ],
      [
        '<lock><target><startup/></target></lock>',
        'operation-not-supported',
        { 'bad-element': 'startup' },
        /<running> only/,
      ],
      ['<kill-session/>', 'missing-element', { 'bad-element': 'session-id' }, /session-id/],
      [
        '<kill-session><session-id>0</session-id></kill-session>',
        'invalid-value',
        { 'bad-element': 'session-id' },
        /1 to 4294967295/,
      ],
      [
        '<kill-session><session-id>-1</session-id></kill-session>',
        'invalid-value',
        { 'bad-element': 'session-id' },
        /1 to 4294967295/,
      ],
      ['<kill-session><session-id>1</session-id></kill-session>', 'invalid-value', {}, /cannot kill itself/],
      ['<kill-session><session-id>99</session-id></kill-session>', 'invalid-value', {}, /no session 99/],
      ['<close-session><now/></close-session>', 'unknown-element', { 'bad-element': 'now' }, /it has none/],
      [
        `<create-subscription xmlns="${NOTIFICATION}"><startTime>today</startTime></create-subscription>`,
        'bad-element',
        { 'bad-element': 'startTime' },
        /not 'today'/,
      ],
      [
        `<create-subscription xmlns="${NOTIFICATION}"><stopTime>2026-01-01T00:00:00</stopTime></create-subscription>`,
        'bad-element',
        { 'bad-element': 'stopTime' },
        /time zone/,
      ],
      [
        '<action xmlns="urn:ietf:params:xml:ns:yang:1"/>',
        'missing-element',
        { 'bad-element': 'action' },
        /does not lead to an action/,
      ],
      [
        `<action xmlns="urn:ietf:params:xml:ns:yang:1"><x xmlns="${MUSIC}"/></action>`,
        'unknown-element',
        { 'bad-element': 'x' },
        /neither an action/,
      ],
    ];
    for (const [operation, tag, info, says] of errors) {
      it(`refuses ${operation}`, async () => {
        const client = open();
        const [error] = errorsOf(await client.rpc(operation));
        expect(error).to.include({ tag });
        expect(error?.info).to.deep.equal(info);
        expect(error?.message).to.match(says);
        expect(isOk(await client.rpc(PLAY))).to.equal(true);
        expect(agent.calls).to.deep.equal(['play']);
      });
    }

    it('hands filter, defaults mode and options on', async () => {
      const client = open();
      await client.rpc(
        `<get xmlns:m="${MUSIC}"><filter type="xpath" select="/m:songs"/><with-defaults xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults">trim</with-defaults></get>`,
      );
      expect(agent.gets[0]).to.deep.equal({
        datastore: 'operational',
        filter: {
          type: 'xpath',
          expression: '/m:songs',
          namespaces: { xml: 'http://www.w3.org/XML/1998/namespace', m: MUSIC },
        },
        withDefaults: 'trim',
      });
      await client.rpc(
        '<edit-config><target><running/></target><test-option>test-only</test-option><error-option>continue-on-error</error-option><config/></edit-config>',
      );
      expect(agent.edits[0]).to.include({
        datastore: 'running',
        testOption: 'test-only',
        errorOption: 'continue-on-error',
      });
    });

    it('puts data in <data>', async () => {
      const reply = await open().rpc('<get/>');
      expect(reply.children.map((child) => [child.name, child.namespace])).to.deep.equal([['data', BASE]]);
    });

    it('renders every part of every error', async () => {
      agent.play = () =>
        Promise.reject(
          new RpcErrors([
            RpcError.lockDenied(0, 'held <elsewhere> & "so"', { appTag: 'a<b' }),
            RpcError.invalidValue('second', { severity: 'warning' }),
          ]),
        );
      const reply = await open().rpc(PLAY);
      expect(errorsOf(reply)).to.deep.equal([
        { type: 'protocol', tag: 'lock-denied', message: 'held <elsewhere> & "so"', info: { 'session-id': '0' } },
        { type: 'application', tag: 'invalid-value', message: 'second', info: {} },
      ]);
      const names = reply.children[0]?.children.map((child) => child.name);
      expect(names).to.deep.equal([
        'error-type',
        'error-tag',
        'error-severity',
        'error-app-tag',
        'error-message',
        'error-info',
      ]);
      const message = reply.children[0]?.children.find((child) => child.name === 'error-message');
      expect(message?.attributes.map(({ name, value }) => [name, value])).to.deep.equal([['lang', 'en']]);
      expect(agent.sessions.statistics.outRpcErrors).to.equal(1);
    });

    it('hides a bug from the client, logs it, and goes on', async () => {
      const client = open();
      agent.play = () => Promise.reject(new TypeError('secret internals'));
      const [error] = errorsOf(await client.rpc(PLAY));
      expect(error).to.include({ tag: 'operation-failed', type: 'application' });
      expect(error?.message).not.to.contain('secret');
      expect(JSON.stringify(client.logged)).to.contain('secret internals');
      agent.play = () => Promise.resolve({});
      expect(isOk(await client.rpc(PLAY))).to.equal(true);
    });

    it('carries out the requests of a session in their order, one after the other', async () => {
      const client = open();
      const done: string[] = [];
      let running = 0;
      agent.play = async () => {
        running += 1;
        expect(running).to.equal(1);
        await nextTurn();
        running -= 1;
        done.push('play');
        return {};
      };
      client.send(...Array.from({ length: 20 }, (_, id) => `<rpc xmlns="${BASE}" message-id="${id}">${PLAY}</rpc>`));
      for (let id = 0; id < 20; id++) expect(attributeOf(await client.reply(), '', 'message-id')).to.equal(String(id));
      expect(done).to.have.length(20);
    });

    describe('that are one decision each', () => {
      /** Answers of decisions that have been taken, to be given by the test. */
      let answers: { resolve: (data: Data) => void; reject: (error: Error) => void }[];
      const request = (id: number, operation = PLAY): string =>
        `<rpc xmlns="${BASE}" message-id="${id}">${operation}</rpc>`;
      const idsOf = (messages: readonly string[]): (string | undefined)[] =>
        messages.map((text) => attributeOf(parseXml(text), '', 'message-id'));

      async function openWithDecisions(): Promise<Client> {
        answers = [];
        agent.decisions = ['play'];
        agent.play = () => new Promise((resolve, reject) => answers.push({ resolve, reject }));
        const client = open();
        await client.next();
        return client;
      }

      it('are taken before those before them are answered, and answered in their order, in one write', async () => {
        const client = await openWithDecisions();
        client.send(request(1), request(2), request(3), request(4));
        expect(await client.pending()).to.deep.equal([]);
        expect(answers).to.have.length(4);
        const [first, second, third, fourth] = answers;
        third?.reject(RpcError.invalidValue('no such song'));
        fourth?.resolve({});
        expect(await client.pending()).to.deep.equal([]);
        second?.resolve({});
        first?.resolve({});
        const before = client.channel.written.length;
        const replies = await client.pending();
        expect(idsOf(replies)).to.deep.equal(['1', '2', '3', '4']);
        expect(client.channel.written.length).to.equal(before + 1);
        const [, , refused, granted] = replies.map((text) => parseXml(text));
        expect(refused && errorsOf(refused)[0]).to.include({ tag: 'invalid-value', message: 'no such song' });
        expect(granted && isOk(granted)).to.equal(true);
        expect(agent.sessions.statistics).to.include({ inRpcs: 4, outRpcErrors: 1 });
      });

      it('make any other operation wait until they are answered', async () => {
        const client = await openWithDecisions();
        client.send(request(1), request(2), request(3, `<stop xmlns="${MUSIC}"/>`), request(4));
        await client.pending();
        expect(agent.calls).to.deep.equal(['play', 'play']);
        answers[1]?.resolve({});
        await client.pending();
        expect(agent.calls).to.deep.equal(['play', 'play']);
        answers[0]?.resolve({});
        expect(idsOf(await client.pending())).to.deep.equal(['1', '2', '3']);
        expect(agent.calls).to.deep.equal(['play', 'play', 'stop', 'play']);
        answers[2]?.resolve({});
        expect(idsOf(await client.pending())).to.deep.equal(['4']);
      });

      it('are taken ahead a bounded number of times', async () => {
        const client = await openWithDecisions();
        client.send(...Array.from({ length: 100 }, (_, id) => request(id)));
        await client.pending();
        expect(answers).to.have.length(64);
        for (const { resolve } of answers) resolve({});
        expect(await client.pending()).to.have.length(64);
        expect(answers).to.have.length(100);
      });

      it('wait for a client that does not read', async () => {
        const client = await openWithDecisions();
        client.channel.stalled = true;
        client.send(...Array.from({ length: 100 }, (_, id) => request(id)));
        await client.pending();
        for (const { resolve } of answers) resolve({});
        expect(await client.pending()).to.deep.equal([]);
        expect(answers).to.have.length(64);
        client.channel.release();
        expect(await client.pending()).to.have.length(64);
      });

      it('are answered before the session ends with its stream', async () => {
        const client = await openWithDecisions();
        client.send(request(1), request(2));
        client.channel.finish();
        await client.pending();
        for (const { resolve } of answers) resolve({});
        expect(idsOf(await client.pending())).to.deep.equal(['1', '2']);
        await client.running;
        expect(client.channel.closing).to.equal('end');
      });

      it('are answered before the session ends with the server, or for broken framing', async () => {
        const [stopped, broken] = [await openWithDecisions(), open()];
        await broken.next();
        stopped.send(request(1));
        broken.send(request(1));
        broken.channel.feed('no chunk');
        await stopped.pending();
        stopped.session.shutdown();
        await stopped.pending();
        for (const { resolve } of answers) resolve({});
        expect(idsOf(await stopped.pending())).to.deep.equal(['1']);
        expect(idsOf(await broken.pending())).to.deep.equal(['1']);
        await Promise.all([stopped.running, broken.running]);
        expect([stopped.channel.closing, broken.channel.closing]).to.deep.equal(['end', 'end']);
      });
    });

    it('does not let one session wait for another', async () => {
      const [slow, fast] = [open(), open()];
      let release: (data: Data) => void = () => undefined;
      agent.play = () => new Promise((resolve) => (release = resolve));
      slow.send(`<rpc xmlns="${BASE}" message-id="1">${PLAY}</rpc>`);
      expect(isOk(await fast.rpc(`<stop xmlns="${MUSIC}"/>`))).to.equal(true);
      release({});
      expect(isOk(await slow.reply())).to.equal(true);
    });

    it('writes characters beyond ASCII as references, so that a client may cut its input anywhere', async () => {
      const client = open();
      agent.data = lazyTracks(1, () => 'é€😀\ud800]]>]]>');
      const reply = await client.ask(`<rpc xmlns="${BASE}" message-id="é😀"><get/></rpc>`);
      expect(attributeOf(reply, '', 'message-id')).to.equal('é😀');
      expect(reply.children[0]?.children[0]?.children[0]?.text).to.equal('é€😀\ufffd]]>]]>');
      expect(Buffer.concat(client.channel.written).every((byte) => byte < 0x80)).to.equal(true);
      expect(Buffer.concat(client.channel.written.slice(1)).includes(']]>]]>')).to.equal(false);
    });

    it('makes a big reply as the client takes it', async () => {
      const client = open();
      await client.rpc(PLAY);
      let made = 0;
      agent.data = lazyTracks(100_000, (index) => `${made++} ${index}`);
      client.channel.stalled = true;
      client.send(`<rpc xmlns="${BASE}" message-id="1"><get/></rpc>`);
      await client.pending();
      expect(made).to.be.within(1, 2_000);
      client.channel.release();
      const reply = await client.reply();
      expect(reply.children[0]?.children).to.have.length(100_000);
    });

    it('answers with an error when data fails before anything was sent', async () => {
      const client = open();
      agent.data = lazyTracks(10, () => {
        throw new Error('provider failed');
      });
      expect(errorsOf(await client.rpc('<get/>'))[0]).to.include({ tag: 'operation-failed' });
      expect(isOk(await client.rpc(PLAY))).to.equal(true);
    });

    it('ends the session when data fails in the middle of a reply, which cannot be mended', async () => {
      const client = open();
      await client.rpc(PLAY);
      agent.data = lazyTracks(10_000, (index) => {
        if (index === 9_999) throw new Error('provider failed');
        return String(index);
      });
      client.send(`<rpc xmlns="${BASE}" message-id="1"><get/></rpc>`);
      await client.running;
      expect(agent.ends.map((end) => end.reason)).to.deep.equal(['other']);
      expect(client.channel.closing).to.equal('abort');
      expect(JSON.stringify(client.logged)).to.contain('provider failed');
    });

    it('tells the agent who asks', async () => {
      await open({ user: 'bert' }).rpc(PLAY);
      expect(agent.contexts[0]).to.include({ user: 'bert', transport: 'netconf-ssh', sessionId: 1, peer: '192.0.2.1' });
    });
  });

  describe('end', () => {
    const ways: readonly (readonly [
      what: string,
      reason: string,
      closing: string | undefined,
      act: (client: Client) => void,
    ])[] = [
      [
        'close-session',
        'closed',
        'end',
        (client) => client.send(`<rpc xmlns="${BASE}" message-id="1"><close-session/></rpc>`),
      ],
      ['the end of the stream', 'dropped', 'end', (client) => client.channel.finish()],
      ['a lost channel', 'dropped', undefined, (client) => client.channel.drop()],
      ['broken framing', 'other', 'end', (client) => client.channel.feed('\n#nonsense\n')],
      [
        'kill-session',
        'killed',
        'abort',
        (client) => agent.sessions.get(client.session.id) && agent.sessions.kill(client.session.id, undefined),
      ],
      ['shutdown', 'other', 'end', (client) => client.session.shutdown()],
    ];
    for (const [what, reason, closing, act] of ways) {
      it(`releases everything once by ${what}`, async () => {
        const client = open();
        await client.rpc(PLAY);
        act(client);
        await client.running;
        act(client);
        client.channel.drop();
        await nextTurn();
        expect(agent.ends.map((end) => end.reason)).to.deep.equal([reason]);
        expect(agent.sessions.list()).to.deep.equal([]);
        expect(client.ended).to.equal(1);
        expect(client.channel.closing).to.equal(closing);
        expect(agent.contexts[0]?.signal.aborted).to.equal(true);
      });
    }

    it('says why broken framing ended it', async () => {
      const client = open();
      await client.rpc(PLAY);
      client.channel.feed('\n#nonsense\n');
      await client.running;
      expect(client.logged.at(-1)?.['why']).to.match(/broken message framing: expected a digit .* got "n"/);
    });

    it('answers close-session, and nothing after it', async () => {
      const client = open();
      client.send(
        `<rpc xmlns="${BASE}" message-id="1"><close-session/></rpc>`,
        `<rpc xmlns="${BASE}" message-id="2">${PLAY}</rpc>`,
      );
      expect(isOk(await client.reply())).to.equal(true);
      await client.running;
      expect(agent.calls).to.deep.equal([]);
    });

    it('answers what came before the end of the stream', async () => {
      const client = open();
      client.send(`<rpc xmlns="${BASE}" message-id="1">${PLAY}</rpc>`);
      client.channel.finish();
      expect(isOk(await client.reply())).to.equal(true);
      await client.running;
      expect(client.channel.closing).to.equal('end');
    });

    it('kills another session, even in the middle of its operation', async () => {
      const [victim, killer] = [open(), open()];
      let signal: AbortSignal | undefined;
      agent.play = (context) =>
        new Promise((_resolve, reject) => {
          signal = context.signal;
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      victim.send(`<rpc xmlns="${BASE}" message-id="1">${PLAY}</rpc>`);
      while (signal === undefined) await nextTurn();
      expect(isOk(await killer.rpc('<kill-session><session-id>1</session-id></kill-session>'))).to.equal(true);
      await victim.running;
      expect(agent.ends).to.have.length(1);
      expect(agent.ends[0]).to.include({ reason: 'killed', killedBy: 2 });
      expect(victim.channel.closing).to.equal('abort');
      expect(isOk(await killer.rpc(`<stop xmlns="${MUSIC}"/>`))).to.equal(true);
    });

    it('ends an idle session, but not one with a subscription', async () => {
      const idle = open({ limits: { idleTimeoutMs: 30 } });
      const listening = open({ limits: { idleTimeoutMs: 30 } });
      await listening.rpc(`<create-subscription xmlns="${NOTIFICATION}"/>`);
      await idle.running;
      expect(agent.ends.map((end) => [end.session.id, end.reason])).to.deep.equal([[1, 'timeout']]);
      await delay(40);
      expect(agent.sessions.list().map((session) => session.id)).to.deep.equal([2]);
      agent.subscriptions[0]?.receiver.closed('completed');
      await listening.running;
      expect(agent.ends).to.have.length(2);
    });

    it('never rejects, whatever bytes come', async () => {
      const framings = ['chunked', 'end-of-message'] as const;
      const piece = fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(
          ...[
            '\n#5\n<rpc>',
            '\n##\n',
            ']]>]]>',
            `<rpc xmlns="${BASE}" message-id="1">`,
            PLAY,
            '</rpc>',
            clientHello('chunked'),
          ].map((text) => Buffer.from(text)),
        ),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.boolean(),
          fc.constantFrom(...framings),
          fc.array(piece, { maxLength: 12 }),
          async (hello, framing, pieces) => {
            const client = open({ framing, hello });
            for (const bytes of pieces) client.channel.feed(bytes);
            client.channel.finish();
            await client.running;
            expect(client.ended).to.equal(1);
            expect(client.logged.filter((line) => Number(line['level']) >= 50)).to.deep.equal([]);
          },
        ),
        { numRuns: 200 },
      );
      expect(agent.sessions.list()).to.deep.equal([]);
    });
  });

  describe('notifications', () => {
    const record = (seq: number) => ({
      seq,
      time: Date.UTC(2026, 0, 31, 12),
      module: 'music',
      name: 'song',
      content: {},
    });
    // The session does not look at the subscription that a notification belongs to.
    const none = undefined as never;

    it('start after the reply to create-subscription', async () => {
      const client = open();
      client.channel.stalled = true;
      await client.pending();
      client.channel.release();
      client.send(
        `<rpc xmlns="${BASE}" message-id="1"><create-subscription xmlns="${NOTIFICATION}"><stream>NETCONF</stream><filter xmlns="${BASE}" type="subtree"/><startTime>2026-01-31T12:00:00.5+01:00</startTime></create-subscription></rpc>`,
      );
      expect(isOk(await client.reply())).to.equal(true);
      const [subscription] = agent.subscriptions;
      expect(subscription?.started).to.equal(true);
      expect(subscription?.request).to.include({ stream: 'NETCONF', startTime: Date.UTC(2026, 0, 31, 11, 0, 0, 500) });
      expect(subscription?.request.filter?.type).to.equal('subtree');
    });

    it('are in the envelope of RFC 5277, between replies', async () => {
      const client = open();
      await client.rpc(`<create-subscription xmlns="${NOTIFICATION}"/>`);
      agent.subscriptions[0]?.receiver.send(record(1), none);
      expect(await client.next()).to.equal(
        `<notification xmlns="${NOTIFICATION}"><eventTime>2026-01-31T12:00:00.000Z</eventTime><song xmlns="${MUSIC}"></song></notification>`,
      );
      expect(isOk(await client.rpc(PLAY))).to.equal(true);
      expect(agent.sessions.statistics.outNotifications).to.equal(1);
    });

    it('wait with the subscription while the client does not read, and hinder nobody else', async () => {
      const [slow, other] = [open(), open()];
      await slow.rpc(`<create-subscription xmlns="${NOTIFICATION}"/>`);
      const receiver = agent.subscriptions[0]?.receiver;
      slow.channel.stalled = true;
      let taken = 0;
      while (receiver?.send(record(taken), none) === true) taken += 1;
      expect(taken).to.be.within(10, 200);
      await nextTurn();
      expect(agent.calls).not.to.include('ready');
      expect(isOk(await other.rpc(PLAY))).to.equal(true);
      slow.channel.release();
      expect(await slow.pending()).to.have.length(taken + 1);
      expect(agent.calls.filter((call) => call === 'ready')).to.have.length(1);
    });

    it('are dropped quietly once the session is over', async () => {
      const client = open();
      await client.rpc(`<create-subscription xmlns="${NOTIFICATION}"/>`);
      client.channel.drop();
      await client.running;
      expect(agent.subscriptions[0]?.receiver.send(record(1), none)).to.equal(true);
      await nextTurn();
      expect(agent.sessions.statistics.outNotifications).to.equal(0);
    });

    it('that cannot be printed cost nothing but themselves', async () => {
      const client = open();
      await client.rpc(`<create-subscription xmlns="${NOTIFICATION}"/>`);
      agent.subscriptions[0]?.receiver.send({ ...record(1), name: 'unknown' }, none);
      agent.subscriptions[0]?.receiver.send(record(2), none);
      expect(await client.next()).to.contain('<song');
      expect(client.logged.map((line) => line['msg'])).to.include('a notification could not be printed');
    });
  });
});
