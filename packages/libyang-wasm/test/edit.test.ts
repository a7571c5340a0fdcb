import { expect } from 'chai';
import { Context, loadLibyang } from '../src/index.ts';
import { importModule, inventoryXml, makeContext, refused, refusedFirst } from './support.ts';

describe('edits', () => {
  let context: Context;
  before(() => {
    context = makeContext();
  });
  after(() => context.dispose());

  const servers = (content: string) => {
    const text = context.convertEdit(inventoryXml(content), 'xml');
    return (JSON.parse(text) as { 'example-inventory:inventory': { server: object[] } })['example-inventory:inventory']
      .server;
  };

  for (const operation of ['merge', 'replace', 'create', 'delete', 'remove', 'none']) {
    it(`"${operation}" on a list entry`, () => {
      const edit = `<server nc:operation="${operation}"><name>s1</name></server>`;
      if (operation === 'none') {
        // RFC 6241 has "none" only as a default operation.
        expect(refused(() => servers(edit))).not.to.be.empty;
        return;
      }
      expect(servers(edit)).to.deep.equal([{ '@': { 'ietf-netconf:operation': operation }, name: 's1' }]);
    });
  }

  it('a leaf with a value', () => {
    expect(servers('<server><name>s1</name><port nc:operation="replace">1</port></server>')).to.deep.equal([
      { name: 's1', port: 1, '@port': { 'ietf-netconf:operation': 'replace' } },
    ]);
  });

  for (const operation of ['delete', 'remove']) {
    for (const element of [`<port nc:operation="${operation}"/>`, `<load nc:operation="${operation}"> </load>`]) {
      it(`a leaf without a value: ${element}`, () => {
        const name = element.slice(1, 5);
        const [server] = servers(`<server><name>s1</name>${element}</server>`);
        expect(server).to.have.property(`@${name}`).deep.equal({ 'ietf-netconf:operation': operation });
        expect(server).to.have.property(name);
      });
    }
  }

  it('an empty leaf, and a string leaf without a value, that are to be deleted', () => {
    const [server] = servers(
      '<server><name>s1</name><knob nc:operation="delete"/><user nc:operation="delete"/></server>',
    );
    expect(server).to.deep.include({
      '@knob': { 'ietf-netconf:operation': 'delete' },
      '@user': { 'ietf-netconf:operation': 'delete' },
    });
  });

  it('a prefix of any name for the operation attribute', () => {
    const text = inventoryXml('<server zz:operation="delete"><name>s1</name></server>').replace(
      'xmlns:nc=',
      'xmlns:zz=',
    );
    expect(context.convertEdit(text, 'xml')).to.contain('"ietf-netconf:operation":"delete"');
  });

  it('insert attributes of ordered lists and leaf-lists', () => {
    const edit =
      `<server yang:insert="after" yang:key="[inv:name='x']"><name>s1</name>` +
      '<tag yang:insert="before" yang:value="b">a</tag><tag yang:insert="first">c</tag></server>';
    expect(servers(edit)).to.deep.equal([
      {
        '@': { 'yang:insert': 'after', 'yang:key': "[example-inventory:name='x']" },
        name: 's1',
        tag: ['a', 'c'],
        '@tag': [{ 'yang:insert': 'before', 'yang:value': 'b' }, { 'yang:insert': 'first' }],
      },
    ]);
  });

  it('presence and plain containers keep their operation', () => {
    const text = context.convertEdit(inventoryXml('').replace('<inventory', '<inventory nc:operation="delete"'), 'xml');
    expect(JSON.parse(text)).to.deep.equal({
      'example-inventory:inventory': { '@': { 'ietf-netconf:operation': 'delete' } },
    });
  });

  it('JSON with metadata (RFC 7952)', () => {
    const edit = {
      'example-inventory:inventory': {
        server: [{ name: 's1', port: 1, '@port': { 'ietf-netconf:operation': 'delete' } }],
      },
    };
    expect(JSON.parse(context.convertEdit(JSON.stringify(edit), 'json'))).to.deep.equal(edit);
  });

  describe('are refused when', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['a leaf that stays has no value', '<server><name>s1</name><port/></server>'],
      ['a leaf that is merged has no value', '<server><name>s1</name><port nc:operation="merge"/></server>'],
      [
        'a leaf to be deleted has a wrong value',
        '<server><name>s1</name><port nc:operation="delete">x</port></server>',
      ],
      ['an element is unknown', '<server><name>s1</name><nope nc:operation="delete"/></server>'],
      [
        'an element beside a deleted leaf is unknown',
        '<server><name>s1</name><port nc:operation="delete"/><nope/></server>',
      ],
      ['the operation is unknown', '<server nc:operation="explode"><name>s1</name></server>'],
      ['a key is missing', '<server nc:operation="delete"/>'],
    ];
    for (const [name, content] of cases) {
      it(name, () => {
        expect(refused(() => servers(content))).not.to.be.empty;
      });
    }
  });

  it('are not validated', () => {
    expect(servers('<server><name>s1</name><peer>nobody</peer></server>')).to.deep.equal([
      { name: 's1', peer: 'nobody' },
    ]);
  });

  it('need ietf-netconf for the operation attribute', () => {
    const small = new Context(loadLibyang(), { importModule, modules: [{ name: 'example-inventory' }] });
    const text = inventoryXml('<server nc:operation="delete"><name>s1</name></server>');
    expect(refusedFirst(() => small.convertEdit(text, 'xml')).message).to.contain(
      'urn:ietf:params:xml:ns:netconf:base:1.0',
    );
    small.dispose();
  });
});
