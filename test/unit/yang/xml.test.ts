import { expect } from 'chai';

import { RpcError } from '../../../src/yang/rpc-error.ts';
import { escapeAttribute, escapeText, parseXml } from '../../../src/yang/xml.ts';

function refusal(text: string, limits = {}): RpcError {
  try {
    parseXml(text, limits);
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('parseXml', () => {
  it('resolves prefixes of elements and attributes, and keeps the scope for values', () => {
    const root = parseXml('<a xmlns="urn:a" xmlns:b="urn:b" b:x="1" y="2"><b:c xmlns:d="urn:d">d:eth</b:c></a>');
    expect(root).to.include({ namespace: 'urn:a', name: 'a', prefix: '' });
    expect(root.attributes).to.deep.equal([
      { namespace: 'urn:b', name: 'x', prefix: 'b', value: '1' },
      { namespace: '', name: 'y', prefix: '', value: '2' },
    ]);
    const [child] = root.children;
    expect(child).to.include({ namespace: 'urn:b', name: 'c', text: 'd:eth' });
    expect(child?.scope.get('d')).to.equal('urn:d');
    expect(child?.scope.get('')).to.equal('urn:a');
  });

  it('takes an undeclared default namespace for none', () => {
    const root = parseXml('<a xmlns="urn:a"><b xmlns=""/></a>');
    expect(root.children[0]).to.include({ namespace: '', name: 'b' });
  });

  it('joins text, CDATA and character references, and leaves comments out', () => {
    expect(parseXml('<a>x<!-- no --><![CDATA[<&]]>&#65;\u{1f600}&lt;</a>').text).to.equal('x<&A\u{1f600}<');
  });

  it('says line and column of what is malformed', () => {
    const error = refusal('<a>\n <b></c></a>');
    expect(error.tag).to.equal('malformed-message');
    expect(error.message).to.match(/line 2, column \d+/);
  });

  for (const [what, text] of [
    ['an unbound prefix', '<p:a/>'],
    ['a DOCTYPE', '<!DOCTYPE a><a/>'],
    ['an entity of its own', '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'],
    ['an unknown entity', '<a>&nbsp;</a>'],
    ['an unclosed element', '<a><b></b>'],
    ['no element', '  '],
    ['two roots', '<a/><b/>'],
    ['a duplicate attribute', '<a x="1" x="2"/>'],
    ['a control character', '<a>\u0001</a>'],
    ['a duplicate attribute behind two prefixes', '<a xmlns:p="urn:u" xmlns:q="urn:u" p:x="1" q:x="2"/>'],
  ] as const) {
    it(`refuses ${what}`, () => expect(refusal(text).tag).to.equal('malformed-message'));
  }

  it('refuses what is too deep or too large', () => {
    expect(refusal('<a>'.repeat(257) + '</a>'.repeat(257)).tag).to.equal('too-big');
    expect(parseXml('<a>'.repeat(256) + '</a>'.repeat(256)).name).to.equal('a');
    expect(refusal('<a>123456</a>', { size: 10 }).tag).to.equal('too-big');
  });
});

describe('escaping', () => {
  it('survives a parser, line ends and white space in attributes too', () => {
    const value = ' <a href="x">&amp;\r\n\t]]>\u{1f600} ';
    const root = parseXml(`<r a="${escapeAttribute(value)}">${escapeText(value)}</r>`);
    expect(root.text).to.equal(value);
    expect(root.attributes[0]?.value).to.equal(value);
  });

  it('replaces what XML cannot hold', () => {
    expect(escapeText('a\u0000b\ud800c\uffff')).to.equal('a\ufffdb\ufffdc\ufffd');
  });
});
