import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Data } from '../../../src/yang/data.ts';
import { RpcError, RpcErrors } from '../../../src/yang/rpc-error.ts';
import { attributeOf, parseXml } from '../../../src/yang/xml.ts';
import {
  BASE,
  type Client,
  freshSessions,
  NOTIFICATION,
  PLAY,
  errorsOf,
  isOk,
  lazyTracks,
  MUSIC,
} from './session-fixture.ts';

describe('netconf session', () => {
  const sessions = freshSessions();
  const { open } = sessions;

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
        expect(sessions.agent.calls).to.deep.equal(['play']);
      });
    }

    it('hands filter, defaults mode and options on', async () => {
      const client = open();
      await client.rpc(
        `<get xmlns:m="${MUSIC}"><filter type="xpath" select="/m:songs"/><with-defaults xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults">trim</with-defaults></get>`,
      );
      expect(sessions.agent.gets[0]).to.deep.equal({
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
      expect(sessions.agent.edits[0]).to.include({
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
      sessions.agent.play = () =>
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
      expect(sessions.agent.sessions.statistics.outRpcErrors).to.equal(1);
    });

    it('hides a bug from the client, logs it, and goes on', async () => {
      const client = open();
      sessions.agent.play = () => Promise.reject(new TypeError('secret internals'));
      const [error] = errorsOf(await client.rpc(PLAY));
      expect(error).to.include({ tag: 'operation-failed', type: 'application' });
      expect(error?.message).not.to.contain('secret');
      expect(JSON.stringify(client.logged)).to.contain('secret internals');
      sessions.agent.play = () => Promise.resolve({});
      expect(isOk(await client.rpc(PLAY))).to.equal(true);
    });

    it('carries out the requests of a session in their order, one after the other', async () => {
      const client = open();
      const done: string[] = [];
      let running = 0;
      sessions.agent.play = async () => {
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
        sessions.agent.decisions = ['play'];
        sessions.agent.play = () => new Promise((resolve, reject) => answers.push({ resolve, reject }));
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
        expect(sessions.agent.sessions.statistics).to.include({ inRpcs: 4, outRpcErrors: 1 });
      });

      it('make any other operation wait until they are answered', async () => {
        const client = await openWithDecisions();
        client.send(request(1), request(2), request(3, `<stop xmlns="${MUSIC}"/>`), request(4));
        await client.pending();
        expect(sessions.agent.calls).to.deep.equal(['play', 'play']);
        answers[1]?.resolve({});
        await client.pending();
        expect(sessions.agent.calls).to.deep.equal(['play', 'play']);
        answers[0]?.resolve({});
        expect(idsOf(await client.pending())).to.deep.equal(['1', '2', '3']);
        expect(sessions.agent.calls).to.deep.equal(['play', 'play', 'stop', 'play']);
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
      sessions.agent.play = () => new Promise((resolve) => (release = resolve));
      slow.send(`<rpc xmlns="${BASE}" message-id="1">${PLAY}</rpc>`);
      expect(isOk(await fast.rpc(`<stop xmlns="${MUSIC}"/>`))).to.equal(true);
      release({});
      expect(isOk(await slow.reply())).to.equal(true);
    });

    it('writes characters beyond ASCII as references, so that a client may cut its input anywhere', async () => {
      const client = open();
      sessions.agent.data = lazyTracks(1, () => 'é€😀\ud800]]>]]>');
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
      sessions.agent.data = lazyTracks(100_000, (index) => `${made++} ${index}`);
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
      sessions.agent.data = lazyTracks(10, () => {
        throw new Error('provider failed');
      });
      expect(errorsOf(await client.rpc('<get/>'))[0]).to.include({ tag: 'operation-failed' });
      expect(isOk(await client.rpc(PLAY))).to.equal(true);
    });

    it('ends the session when data fails in the middle of a reply, which cannot be mended', async () => {
      const client = open();
      await client.rpc(PLAY);
      sessions.agent.data = lazyTracks(10_000, (index) => {
        if (index === 9_999) throw new Error('provider failed');
        return String(index);
      });
      client.send(`<rpc xmlns="${BASE}" message-id="1"><get/></rpc>`);
      await client.running;
      expect(sessions.agent.ends.map((end) => end.reason)).to.deep.equal(['other']);
      expect(client.channel.closing).to.equal('abort');
      expect(JSON.stringify(client.logged)).to.contain('provider failed');
    });

    it('tells the agent who asks', async () => {
      await open({ user: 'bert' }).rpc(PLAY);
      expect(sessions.agent.contexts[0]).to.include({
        user: 'bert',
        transport: 'netconf-ssh',
        sessionId: 1,
        peer: '192.0.2.1',
      });
    });
  });
});
