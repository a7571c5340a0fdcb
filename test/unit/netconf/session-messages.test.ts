import { expect } from 'chai';
import { attributeOf } from '../../../src/yang/xml.ts';
import { BASE, freshSessions, PLAY, clientHello, errorsOf, isOk } from './session-fixture.ts';

describe('netconf session', () => {
  const sessions = freshSessions();
  const { open } = sessions;

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
          expect(sessions.agent.calls).to.deep.equal([call]);
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
        expect(sessions.agent.calls).to.deep.equal([]);
        expect(isOk(await client.rpc(PLAY))).to.equal(true);
        expect(sessions.agent.sessions.statistics).to.include({ inBadRpcs: 1, inRpcs: 1, outRpcErrors: 1 });
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
});
