import { expect } from 'chai';
import { mock } from 'node:test';
import { parseXml } from '../../../src/yang/xml.ts';
import { BASE, freshSessions, PLAY, clientHello, isOk, MUSIC } from './session-fixture.ts';

describe('netconf session', () => {
  const sessions = freshSessions();
  const { open } = sessions;

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
        expect(sessions.agent.ends.map((end) => end.reason)).to.deep.equal(['bad-hello']);
        expect(sessions.agent.sessions.statistics.inBadHellos).to.equal(1);
        expect(client.logged.at(-1)?.['why']).to.match(why);
        expect(sessions.agent.calls).to.deep.equal([]);
      });
    }

    it('ends a session whose client sends no hello', async () => {
      const client = open({ hello: false, limits: { helloTimeoutMs: 20 } });
      await client.running;
      expect(sessions.agent.ends.map((end) => end.reason)).to.deep.equal(['timeout']);
    });

    it('does not limit the time of a session that has its hello', async () => {
      mock.timers.enable({ apis: ['setTimeout'] });
      try {
        const client = open({ limits: { helloTimeoutMs: 20 } });
        expect(isOk(await client.rpc(PLAY))).to.equal(true);
        mock.timers.tick(1_000);
        expect(isOk(await client.rpc(PLAY))).to.equal(true);
      } finally {
        mock.timers.reset();
      }
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
});
