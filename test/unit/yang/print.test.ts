import { expect } from 'chai';

import type { Data, Entries } from '../../../src/yang/data.ts';
import { printErrorPathXml, printJson, printStructureXml, printXml } from '../../../src/yang/print.ts';
import type { PrintOptions } from '../../../src/yang/print.ts';
import { zoo } from './zoo.ts';

const schema = () => zoo().schema;
const xml = (data: Data, options: PrintOptions = {}): string => [...printXml(schema(), data, options)].join('');
const json = (data: Data, options: PrintOptions = {}): string => [...printJson(schema(), data, options)].join('');
const inZoo = (data: Data): Data => ({ 'zoo:zoo': data });

describe('printXml', () => {
  it('declares namespaces where they change', () => {
    expect(xml(inZoo({ name: 'x', 'farm:milk': '1.0', 'farm:barn': { doors: 3 } }))).to.equal(
      '<zoo xmlns="urn:example:zoo"><name>x</name><milk xmlns="urn:example:farm">1.0</milk>' +
        '<barn xmlns="urn:example:farm"><doors>3</doors></barn></zoo>',
    );
  });

  it('declares prefixes for identities and paths, in unions too, and tells modules of one prefix apart', () => {
    expect(xml(inZoo({ mascot: 'farm:cow' }))).to.contain('<mascot xmlns:z="urn:example:farm">z:cow</mascot>');
    expect(xml(inZoo({ mixed: 'zoo:cat' }))).to.contain('<mixed xmlns:z="urn:example:zoo">z:cat</mixed>');
    expect(xml(inZoo({ mixed: 'xyz' }))).to.contain('<mixed>xyz</mixed>');
    expect(xml(inZoo({ mixed: 'none' }))).to.contain('<mixed>none</mixed>');
    expect(xml(inZoo({ mixed: 5 }))).to.contain('<mixed>5</mixed>');
    expect(xml(inZoo({ star: "/zoo:zoo/cage[id='a']/farm:straw" }))).to.contain(
      '<star xmlns:z="urn:example:zoo" xmlns:z2="urn:example:farm">/z:zoo/z:cage[z:id=\'a\']/z2:straw</star>',
    );
  });

  it('escapes values, and writes empty ones as empty elements', () => {
    expect(xml(inZoo({ map: 'a<b&c>d\r\u0001' }))).to.contain('<map>a&lt;b&amp;c&gt;d&#13;\ufffd</map>');
    expect(xml(inZoo({ map: '', 'closed-today': [null], shop: {} }))).to.equal(
      '<zoo xmlns="urn:example:zoo"><map/><closed-today/><shop/></zoo>',
    );
  });

  it('prints anydata, known content by its schema', () => {
    const notes = { 'zoo:zoo': { mascot: 'farm:cow' }, free: [{ a: 1 }, { b: true }], 'farm:x': { y: 'z' } };
    expect(xml(inZoo({ notes }))).to.equal(
      '<zoo xmlns="urn:example:zoo"><notes><zoo xmlns="urn:example:zoo"><mascot xmlns:z="urn:example:farm">z:cow</mascot></zoo>' +
        '<free><a>1</a></free><free><b>true</b></free><x xmlns="urn:example:farm"><y>z</y></x></notes></zoo>',
    );
  });

  it('indents and tags defaults when asked', () => {
    expect(xml(inZoo({ fill: 50, name: 'x' }), { pretty: true, tagDefaults: true })).to.equal(
      '\n<zoo xmlns="urn:example:zoo">' +
        '\n  <fill xmlns:wd="urn:ietf:params:xml:ns:netconf:default:1.0" wd:default="true">50</fill>' +
        '\n  <name>x</name>\n</zoo>',
    );
  });

  it('refuses a member that is not in the schema', () => {
    expect(() => xml(inZoo({ nope: 'x' }))).to.throw('nope');
  });

  it('prints children of an operation', () => {
    const rpc = schema().rpc('zoo', 'transfer');
    if (rpc === undefined) throw new Error('no rpc');
    expect(xml({ number: '5' }, { parent: rpc.output })).to.equal('<number xmlns="urn:example:zoo">5</number>');
    expect(json({ number: '5' }, { parent: rpc.output })).to.equal('{"number":"5"}');
    expect(json({ number: '5' }, { parent: rpc.output, qualified: true })).to.equal('{"zoo:number":"5"}');
  });
});

describe('printJson', () => {
  it('prints what it is given', () => {
    const data = inZoo({
      'closed-today': [null],
      route: ['a'],
      cage: [{ id: 'x', 'farm:straw': true }],
      map: '"\u2028',
    });
    expect(JSON.parse(json(data))).to.deep.equal(data);
    expect(JSON.parse(json(data, { pretty: true }))).to.deep.equal(data);
    expect(json({})).to.equal('{}');
    expect(json(inZoo({ cage: [] }), { pretty: true })).to.equal('{\n  "zoo:zoo": {\n    "cage": []\n  }\n}');
  });

  it('keeps what it does not know', () => {
    const wrapped = { 'zoo:output': { list: ['a', { b: [1, null] }] } } as unknown as Data;
    expect(JSON.parse(json(wrapped))).to.deep.equal(wrapped);
  });

  it('tags defaults with metadata', () => {
    expect(JSON.parse(json(inZoo({ fill: 50 }), { tagDefaults: true }))).to.deep.equal({
      'zoo:zoo': { fill: 50, '@fill': { 'ietf-netconf-with-defaults:default': true } },
    });
  });
});

describe('printing many entries', () => {
  for (const [name, print] of [
    ['XML', printXml],
    ['JSON', printJson],
  ] as const) {
    it(`gives ${name} in chunks as entries are made`, () => {
      let made = 0;
      const cage: Entries = {
        size: 100_000,
        get: () => undefined,
        has: () => false,
        *[Symbol.iterator]() {
          for (let at = 0; at < 100_000; at++) {
            made++;
            yield { id: `cage-${at}` };
          }
        },
      };
      const chunks = print(schema(), inZoo({ cage }))[Symbol.iterator]();
      const first = chunks.next().value as string;
      expect(first.length).to.be.within(16_000, 20_000);
      expect(made).to.be.below(2_000);
    });
  }
});

describe('error paths and structures in XML', () => {
  it('have prefixes and their namespaces', () => {
    expect(printErrorPathXml(schema(), "/zoo:zoo/cage[id='a']/inmate[kind='farm:cow'][number='1']")).to.deep.equal({
      path: "/z:zoo/z:cage[z:id='a']/z:inmate[z:kind='z2:cow'][z:number='1']",
      namespaces: { z: 'urn:example:zoo', z2: 'urn:example:farm' },
    });
    expect(printErrorPathXml(schema(), "/zoo:input/stop[name='s']/farm:x").path).to.equal(
      "/z:input/z:stop[z:name='s']/z2:x",
    );
    expect(printErrorPathXml(schema(), 'no path')).to.deep.equal({ path: 'no path', namespaces: {} });
    expect(printErrorPathXml(schema(), '/')).to.deep.equal({ path: '/', namespaces: {} });
  });

  it('print structures by their names', () => {
    const structure = { 'zoo:refusal': { status: 409, reason: ['a', 'b'], 'farm:more': { x: '<' } } };
    expect(printStructureXml(schema(), structure)).to.equal(
      '<refusal xmlns="urn:example:zoo"><status>409</status><reason>a</reason><reason>b</reason>' +
        '<more xmlns="urn:example:farm"><x>&lt;</x></more></refusal>',
    );
  });

  it('declare the prefix of an identity in a structure', () => {
    expect(printStructureXml(schema(), { 'zoo:refusal': { reason: 'farm:cow', path: 'farm:none' } })).to.equal(
      '<refusal xmlns="urn:example:zoo"><reason xmlns:farm="urn:example:farm">farm:cow</reason><path>farm:none</path></refusal>',
    );
  });
});
