import { expect } from 'chai';
import { Context, loadLibyang } from 'libyang-wasm';

import type { Data } from '../../../src/yang/data.ts';
import { applyEdit } from '../../../src/yang/edit.ts';
import { formatPath, parseApiPath, parsePath } from '../../../src/yang/instance-path.ts';
import { RpcErrors } from '../../../src/yang/rpc-error.ts';
import type { ActionNode, RpcNode } from '../../../src/yang/schema-tree.ts';
import { translatingErrors } from '../../../src/yang/libyang-errors.ts';
import { printXml } from '../../../src/yang/print.ts';
import { YangContext } from '../../../src/yang/yang-context.ts';
import { plain, refusal, zoo } from './zoo.ts';

const xml = (inner: string): string => `<config><zoo xmlns="urn:example:zoo">${inner}</zoo></config>`;
const json = (zooData: object): string => JSON.stringify({ 'zoo:zoo': zooData });
const fromXml = (inner: string): unknown =>
  plain(zoo().parseData({ format: 'xml', text: xml(inner) })['zoo:zoo'] ?? {});
const fromJson = (data: object): unknown =>
  plain(zoo().parseData({ format: 'json', text: json(data) })['zoo:zoo'] ?? {});
const stored = (data: object): Data => zoo().parseData({ format: 'json', text: json(data) });

function rpc(name: string): RpcNode {
  const found = zoo().schema.rpc('zoo', name);
  if (found === undefined) throw new Error(`no rpc ${name}`);
  return found;
}

describe('YangContext', () => {
  before(function () {
    this.timeout(20_000);
    zoo();
  });

  it('says what does not load', () => {
    expect(() => YangContext.load({ directories: [], modules: [{ name: 'nowhere', features: [] }] })).to.throw(
      'nowhere',
    );
  });

  it('identifies its modules', () => {
    expect(zoo().contentId).to.match(/^[0-9a-f]{32}$/);
    const library = plain(zoo().yangLibrary());
    expect(library).to.have.nested.property('ietf-yang-library:yang-library.content-id', zoo().contentId);
    expect(zoo().moduleText('farm', '2025-02-01', 'yang')).to.contain('module farm');
    expect(zoo().moduleText('farm', undefined, 'yin')).to.contain('<module');
    expect(zoo().moduleText('farm', '1999-01-01', 'yang')).to.equal(undefined);
    expect(zoo().moduleText('nowhere', undefined, 'yang')).to.equal(undefined);
  });

  describe('reading configuration', () => {
    const everything = {
      name: 'berlin',
      visitors: '18446744073709551615',
      price: '12.5',
      open: true,
      'closed-today': [null],
      days: 'mon sun',
      logo: 'aGVsbG8=',
      mascot: 'farm:cow',
      star: "/zoo:zoo/cage[id='a']/inmate[kind='farm:cow'][number='1']",
      mixed: 'zoo:cat',
      address: ['fe80::1', '10.0.0.1'],
      route: ['b', 'a'],
      tour: { language: 'de' },
      'farm:milk': '3.5',
      cage: [{ id: 'a', inmate: [{ kind: 'farm:cow', number: 1, weight: '600.0' }], 'farm:straw': true }],
    };

    it('takes every type from XML, in canonical form', () => {
      expect(
        fromXml(`
          <name>berlin</name><visitors> 18446744073709551615 </visitors><price>+012.50</price><open>true</open>
          <closed-today/><days>sun  mon</days><logo>aGVs
          bG8=</logo>
          <mascot xmlns:f="urn:example:farm">f:cow</mascot>
          <star xmlns:q="urn:example:zoo" xmlns:f="urn:example:farm"
            >/q:zoo/q:cage[q:id='a']/q:inmate[q:number='1'][q:kind='f:cow']</star>
          <mixed>cat</mixed><address>FE80::0001</address><address>10.0.0.1</address>
          <route>b</route><route>a</route><tour><language>de</language></tour>
          <milk xmlns="urn:example:farm">3.50</milk>
          <cage><straw xmlns="urn:example:farm">true</straw>
            <inmate><number>1</number><kind xmlns:f="urn:example:farm">f:cow</kind><weight>600</weight></inmate>
            <id>a</id></cage>`),
      ).to.deep.equal(everything);
    });

    it('takes the same from JSON', () => {
      expect(fromJson(everything)).to.deep.equal(everything);
      zoo().validate(stored(everything));
    });

    it('names modules in XPath values, whatever the prefixes', () => {
      const inner = `<watched xmlns:p="urn:example:zoo" xmlns:q="urn:example:farm">/p:zoo/child::q:milk[. = "p:x"]</watched>`;
      const value = '/zoo:zoo/child::farm:milk[. = "p:x"]';
      expect(fromXml(inner)).to.deep.equal({ watched: value });
      const printed = [...printXml(zoo().schema, stored({ watched: value }))].join('');
      expect(printed).to.contain('xmlns:zoo="urn:example:zoo" xmlns:farm="urn:example:farm"').and.to.contain(value);
      expect(refusal(() => fromXml('<watched>/p:zoo</watched>')).message).to.contain('prefixes are declared');
    });

    it('keeps anydata', () => {
      const notes = { 'zoo:zoo': { cage: [{ id: 'x' }] }, free: [{ a: '1' }, { a: '2' }] };
      expect(
        fromXml('<notes><zoo><cage><id>x</id></cage></zoo><free><a>1</a></free><free><a>2</a></free></notes>'),
      ).to.deep.equal({ notes: { zoo: { cage: [{ id: 'x' }] }, free: [{ a: '1' }, { a: '2' }] } });
      expect(fromJson({ notes })).to.deep.equal({ notes });
    });

    for (const [what, inner, tag, path, says] of [
      ['an unknown element', '<nope/>', 'unknown-element', '/zoo:zoo', '"nope"'],
      ['an element of another module', '<milk>1</milk>', 'unknown-element', '/zoo:zoo', 'urn:example:farm'],
      ['an unknown namespace', '<a xmlns="urn:nowhere"/>', 'unknown-namespace', '/zoo:zoo', 'urn:nowhere'],
      ['no namespace', '<name xmlns="">x</name>', 'unknown-namespace', '/zoo:zoo', 'xmlns="urn:example:zoo"'],
      ['a number out of range', '<fill>101</fill>', 'invalid-value', '/zoo:zoo/fill', '0 to 100'],
      [
        'a decimal with too many digits',
        '<price>1.234</price>',
        'invalid-value',
        '/zoo:zoo/price',
        '2 fraction digits',
      ],
      ['a wrong pattern', '<name>Berlin</name>', 'invalid-value', '/zoo:zoo/name', '[a-z][a-z0-9-]*'],
      ['a wrong address', '<address>1.2.3</address>', 'invalid-value', '/zoo:zoo/address', 'matching'],
      ['a wrong boolean', '<open>yes</open>', 'invalid-value', '/zoo:zoo/open', 'true or false'],
      ['a wrong bit', '<days>fri</days>', 'invalid-value', '/zoo:zoo/days', '"mon", "tue", "sun"'],
      ['a wrong identity', '<mascot>dog</mascot>', 'invalid-value', '/zoo:zoo/mascot', '"farm:cow", "zoo:cat"'],
      ['state', '<weather>rain</weather>', 'invalid-value', '/zoo:zoo/weather', 'config false'],
      ['a missing key', '<cage><label>l</label></cage>', 'missing-element', '/zoo:zoo/cage', 'key id'],
      [
        'a missing key of a nested list',
        '<cage><id>a</id><inmate><number>1</number></inmate></cage>',
        'missing-element',
        "/zoo:zoo/cage[id='a']/inmate",
        'kind, number',
      ],
      ['text in a container', '<tour>x</tour>', 'invalid-value', '/zoo:zoo/tour', 'not the text'],
      ['elements in a leaf', '<name><x/></name>', 'invalid-value', '/zoo:zoo/name', 'element <x>'],
      ['a leaf twice', '<name>a</name><name>b</name>', 'bad-element', '/zoo:zoo/name', 'twice'],
      [
        'an entry twice',
        '<cage><id>a</id></cage><cage><id>a</id></cage>',
        'bad-element',
        "/zoo:zoo/cage[id='a']",
        'twice',
      ],
      ['two cases', '<map>m</map><tour><language>l</language></tour>', 'bad-element', '/zoo:zoo/tour', 'alternatives'],
    ] as const) {
      it(`refuses ${what} in XML`, () => {
        const error = refusal(() => fromXml(inner));
        expect(error).to.include({ tag, path });
        expect(error.message).to.contain(says);
      });
    }

    it('names the likely cause when the namespace is inherited from NETCONF', () => {
      const text = '<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><zoo/></config>';
      const error = refusal(() => zoo().parseEdit({ format: 'xml', text }));
      expect(error.tag).to.equal('unknown-namespace');
      expect(error.info).to.deep.equal({
        badElement: 'zoo',
        badNamespace: 'urn:ietf:params:xml:ns:netconf:base:1.0',
      });
      expect(error.message).to.contain('xmlns="urn:example:zoo"');
    });

    for (const [what, data, tag, path, says] of [
      ['a string for a 32-bit number', { fill: '5' }, 'invalid-value', '/zoo:zoo/fill', 'in JSON without quotes'],
      ['a number for a 64-bit one', { visitors: 5 }, 'invalid-value', '/zoo:zoo/visitors', 'in JSON as a string'],
      ['a number for a decimal', { price: 1.5 }, 'invalid-value', '/zoo:zoo/price', 'in JSON as a string'],
      ['a string for a boolean', { open: 'true' }, 'invalid-value', '/zoo:zoo/open', 'without quotes'],
      ['null for empty', { 'closed-today': null }, 'invalid-value', '/zoo:zoo/closed-today', '[null]'],
      ['an object for a list', { cage: { id: 'a' } }, 'invalid-value', '/zoo:zoo/cage', 'array'],
      ['an array for a container', { tour: [] }, 'invalid-value', '/zoo:zoo/tour', 'object'],
      ['a value for a leaf-list', { route: 'a' }, 'invalid-value', '/zoo:zoo/route', 'array'],
      ['an unknown member', { nope: 1 }, 'unknown-element', '/zoo:zoo', '"nope"'],
      ['an unknown module', { 'x:nope': 1 }, 'unknown-namespace', '/zoo:zoo', '"x"'],
      ['a member that needs its module', { milk: '1.0' }, 'unknown-element', '/zoo:zoo', 'farm:milk'],
      ['an entry without key', { cage: [{}] }, 'missing-element', '/zoo:zoo/cage', 'key id'],
      ['the second entry without key', { cage: [{ id: 'a' }, {}] }, 'missing-element', '/zoo:zoo/cage', 'key id'],
      ['a number for a string', { name: 5 }, 'invalid-value', '/zoo:zoo/name', 'a string'],
    ] as const) {
      it(`refuses ${what} in JSON`, () => {
        const error = refusal(() => fromJson(data));
        expect(error).to.include({ tag, path });
        expect(error.message).to.contain(says);
      });
    }

    it('refuses what is no JSON', () => {
      for (const text of ['', '{', '[]', '5', 'null']) {
        expect(refusal(() => zoo().parseData({ format: 'json', text })).tag).to.equal('malformed-message');
      }
    });
  });

  describe('reading edits', () => {
    const nc = 'xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" xmlns:yang="urn:ietf:params:xml:ns:yang:1"';
    const edited = (before: object, text: string): unknown => {
      const edit = zoo().parseEdit({ format: 'xml', text });
      return plain(applyEdit(zoo().schema, stored(before), edit).data['zoo:zoo'] ?? {});
    };
    const config = (inner: string): string => `<config><zoo xmlns="urn:example:zoo" ${nc}>${inner}</zoo></config>`;

    it('takes operations, whatever the prefix', () => {
      const before = { name: 'a', cage: [{ id: '1' }, { id: '2', label: 'x' }] };
      const after = edited(
        before,
        config(`<name nc:operation="delete"/><cage nc:operation="remove"><id>1</id></cage>
          <cage xmlns:o="urn:ietf:params:xml:ns:netconf:base:1.0" o:operation="replace"><id>2</id><straw
          xmlns="urn:example:farm">false</straw></cage>`),
      );
      expect(after).to.deep.equal({ cage: [{ id: '2', 'farm:straw': false }] });
    });

    it('takes insert, key and value', () => {
      const before = {
        route: ['a', 'b'],
        cage: [
          {
            id: 'c',
            inmate: [
              { kind: 'zoo:cat', number: 1 },
              { kind: 'zoo:cat', number: 2 },
            ],
          },
        ],
      };
      const after = edited(
        before,
        config(`<route yang:insert="before" yang:value="b">n</route><cage><id>c</id>
          <inmate xmlns:q="urn:example:zoo" yang:insert="before" yang:key="[q:kind='q:cat'][q:number='2']">
          <kind>q:cat</kind><number>3</number></inmate></cage>`),
      );
      expect(after).to.have.deep.property('route', ['a', 'n', 'b']);
      expect(after).to.have.nested.property('cage[0].inmate[1].number', 3);
    });

    for (const [what, inner, tag, attribute] of [
      ['an unknown operation', '<name nc:operation="erase">x</name>', 'bad-attribute', 'operation'],
      ['an operation in no namespace', '<name operation="delete"/>', 'unknown-attribute', 'operation'],
      ['insert where the system orders', '<cage yang:insert="first"><id>1</id></cage>', 'bad-attribute', 'insert'],
      ['an unknown place', '<route yang:insert="middle">x</route>', 'bad-attribute', 'insert'],
      ['before without value', '<route yang:insert="before">x</route>', 'missing-attribute', 'value'],
      ['before what is not there', '<route yang:insert="before" yang:value="q">x</route>', 'bad-attribute', 'value'],
    ] as const) {
      it(`refuses ${what}`, () => {
        const error = refusal(() => edited({}, config(inner)));
        expect(error.tag).to.equal(tag);
        expect(error.info).to.include({ badAttribute: attribute });
      });
    }

    it('refuses to delete a key', () => {
      const error = refusal(() =>
        edited({ cage: [{ id: '1' }] }, config('<cage><id nc:operation="delete">1</id></cage>')),
      );
      expect(error.message).to.contain('is a key');
    });

    it('reads RESTCONF bodies in both encodings', () => {
      const at = (raw: string) => parseApiPath(zoo().schema, raw).path;
      const put = zoo().parseEditAt(
        { path: at('zoo:zoo/cage=1'), operation: 'replace' },
        { format: 'xml', text: '<cage xmlns="urn:example:zoo"><id>1</id><label>l</label></cage>' },
      );
      const first = applyEdit(zoo().schema, stored({}), put);
      expect(first.created).to.equal(true);
      const post = zoo().parseEditAt(
        { path: at('zoo:zoo'), operation: 'create' },
        { format: 'json', text: '{"farm:milk":"1.5"}' },
      );
      expect(formatPath(post.target?.path ?? [])).to.equal('/zoo:zoo/farm:milk');
      expect(plain(applyEdit(zoo().schema, first.data, post).data)).to.deep.equal({
        'zoo:zoo': { cage: [{ id: '1', label: 'l' }], 'farm:milk': '1.5' },
      });
      const all = zoo().parseEditAt(
        { path: [], operation: 'replace' },
        { format: 'json', text: '{"ietf-restconf:data":{"zoo:zoo":{"name":"x"}}}' },
      );
      expect(applyEdit(zoo().schema, first.data, all).data).to.deep.equal({ 'zoo:zoo': { name: 'x' } });
      const wrong = () =>
        zoo().parseEditAt(
          { path: at('zoo:zoo/name'), operation: 'replace' },
          { format: 'json', text: '{"zoo:fill":5}' },
        );
      expect(refusal(wrong).message).to.contain('/zoo:zoo/fill').and.to.contain('/zoo:zoo/name');
    });
  });

  describe('validating', () => {
    for (const [what, data, expected] of [
      ['a mandatory leaf', { shop: {} }, { tag: 'data-missing', path: '/zoo:zoo/shop' }],
      [
        'a leafref',
        { cage: [{ id: 'a', 'next-to': 'b' }] },
        { tag: 'data-missing', appTag: 'instance-required', path: "/zoo:zoo/cage[id='a']/next-to" },
      ],
      [
        'unique',
        {
          cage: [
            { id: 'a', label: 'x' },
            { id: 'b', label: 'x' },
          ],
        },
        { tag: 'operation-failed', appTag: 'data-not-unique' },
      ],
      [
        'must',
        { cage: [{ id: 'a', inmate: [{ kind: 'zoo:cat', number: 1, weight: '0.0' }] }] },
        {
          tag: 'operation-failed',
          appTag: 'must-violation',
          message: 'An animal weighs something.',
          path: "/zoo:zoo/cage[id='a']/inmate[kind='zoo:cat'][number='1']/weight",
        },
      ],
    ] as const) {
      it(`finds a violated ${what}`, () => expect(refusal(() => zoo().validate(stored(data)))).to.include(expected));
    }

    it('reports every violation', () => {
      const bad = stored({ shop: {}, cage: [{ id: 'a', 'next-to': 'b' }] });
      try {
        zoo().validate(bad);
        expect.fail('accepted');
      } catch (error) {
        expect(error).to.be.instanceOf(RpcErrors);
        expect((error as RpcErrors).errors.map((one) => one.path)).to.have.members([
          '/zoo:zoo/shop',
          "/zoo:zoo/cage[id='a']/next-to",
        ]);
      }
    });

    it('does not look twice at what it found valid', () => {
      const data = stored({ name: 'x', cage: Array.from({ length: 2000 }, (_, at) => ({ id: `c${at}` })) });
      zoo().validate(data);
      const start = performance.now();
      for (let round = 0; round < 100; round++) zoo().validate(data);
      expect(performance.now() - start).to.be.below(50);
    });
  });

  it('turns a trap of libyang into the error of one request', () => {
    const broken = new Context(loadLibyang(), { modules: [], importModule: () => undefined });
    const error = refusal(() => translatingErrors({ schema: zoo().schema }, () => broken.trap()));
    expect(error.tag).to.equal('operation-failed');
    expect(error.message).to.contain('nothing was changed');
    broken.dispose();
  });

  describe('operations', () => {
    it('read input in both encodings, with defaults, canonical', () => {
      const expected = { animal: 'farm:cow', count: 1, home: 'fe80::1', stop: [{ name: 's', minutes: 5 }] };
      const text = '{"zoo:input":{"animal":"farm:cow","home":"FE80::1","stop":[{"name":"s","minutes":5}]}}';
      expect(zoo().parseRpcInput(rpc('transfer'), { format: 'json', text })).to.deep.equal(expected);
      for (const root of ['input', 'transfer']) {
        const element = `<z:${root} xmlns:z="urn:example:zoo" xmlns:f="urn:example:farm"><z:animal>f:cow</z:animal
          ><z:home>FE80::1</z:home><z:stop><z:name>s</z:name><z:minutes>5</z:minutes></z:stop></z:${root}>`;
        expect(zoo().parseRpcInput(rpc('transfer'), { format: 'xml', text: element })).to.deep.equal(expected);
      }
    });

    it('name the module of every identity', () => {
      const text = '{"zoo:input":{"animal":"cat"}}';
      expect(zoo().parseRpcInput(rpc('transfer'), { format: 'json', text })).to.deep.equal({
        animal: 'zoo:cat',
        count: 1,
      });
      const defaults = zoo().addDefaults(stored({ mascot: 'cat', cage: [{ id: 'a', kind: 'zoo:cat' }] }));
      expect(plain(defaults)).to.have.nested.property('zoo:zoo.mascot', 'zoo:cat');
      expect(plain(defaults)).to.have.nested.property('zoo:zoo.cage[0].kind', 'zoo:cat');
    });

    it('read instants of any year', () => {
      for (const [given, until] of [
        ['2040-01-01T00:30:00+01:00', '2039-12-31T23:30:00+00:00'],
        ['1850-02-28T23:59:60.5Z', '1850-03-01T00:00:00.5+00:00'],
        ['9999-12-31T23:59:59-00:00', '9999-12-31T23:59:59-00:00'],
        ['0001-01-01T00:00:00+14:00', '0000-12-31T10:00:00+00:00'],
      ] as const) {
        const expected = { animal: 'zoo:cat', count: 1, until, 'until-or-hours': until };
        const text = `{"zoo:input":{"animal":"cat","until":"${given}","until-or-hours":"${given}"}}`;
        expect(zoo().parseRpcInput(rpc('transfer'), { format: 'json', text })).to.deep.equal(expected);
        const element = `<transfer xmlns="urn:example:zoo"><animal>cat</animal><until>${given}</until
          ><until-or-hours>${given}</until-or-hours></transfer>`;
        expect(zoo().parseRpcInput(rpc('transfer'), { format: 'xml', text: element })).to.deep.equal(expected);
      }
    });

    it('read no input', () => {
      for (const text of ['', '{}', '{"zoo:input":{}}']) {
        expect(zoo().parseRpcInput(rpc('ping'), { format: 'json', text })).to.deep.equal({});
      }
      expect(
        zoo().parseRpcInput(rpc('ping'), { format: 'xml', text: '<ping xmlns="urn:example:zoo"/>' }),
      ).to.deep.equal({});
    });

    for (const [what, content, expected] of [
      ['a missing leaf', {}, { tag: 'missing-element', path: '/zoo:input' }],
      ['a wrong number', { animal: 'zoo:cat', count: '5' }, { tag: 'invalid-value', path: '/zoo:input/count' }],
      ['an unknown member', { animal: 'zoo:cat', x: 1 }, { tag: 'unknown-element', path: '/zoo:input' }],
      ['a when', { animal: 'zoo:cat', 'when-old': 5 }, { tag: 'unknown-element', path: '/zoo:input/when-old' }],
      [
        'a wrong value in an entry',
        { animal: 'zoo:cat', stop: [{ name: 's', minutes: 61 }] },
        { tag: 'invalid-value', path: "/zoo:input/stop[name='s']/minutes" },
      ],
    ] as const) {
      it(`refuse ${what}`, () => {
        const text = JSON.stringify({ 'zoo:input': content });
        expect(refusal(() => zoo().parseRpcInput(rpc('transfer'), { format: 'json', text }))).to.include(expected);
      });
    }

    it('are refused under the name of the element that they are in', () => {
      for (const name of ['input', 'transfer']) {
        const of = (children: string) =>
          refusal(() =>
            zoo().parseRpcInput(rpc('transfer'), {
              format: 'xml',
              text: `<${name} xmlns="urn:example:zoo">${children}</${name}>`,
            }),
          );
        expect(of('')).to.include({
          path: `/zoo:${name}`,
          message: `/zoo:${name} lacks "animal", which is mandatory.`,
        });
        expect(of('<x/>').message).to.contain(`There is no node "x" in /zoo:${name}.`);
        expect(of('<animal>cat</animal><count>x</count>').path).to.equal(`/zoo:${name}/count`);
      }
    });

    it('refuse another wrapper', () => {
      const json = () => zoo().parseRpcInput(rpc('transfer'), { format: 'json', text: '{"input":{}}' });
      expect(refusal(json).message).to.contain('{"zoo:input": {…}}');
      const element = () =>
        zoo().parseRpcInput(rpc('transfer'), { format: 'xml', text: '<ping xmlns="urn:example:zoo"/>' });
      expect(refusal(element).message).to.contain('<input xmlns="urn:example:zoo">');
    });

    it('read and check actions', () => {
      const { path, action } = parseApiPath(zoo().schema, 'zoo:zoo/cage=a/feed');
      const feed = action as ActionNode;
      const input = zoo().parseAction(path, feed, { format: 'json', text: '{"zoo:input":{"amount":5}}' });
      expect(input).to.deep.equal({ amount: 5, what: 'hay' });
      const missing = () => zoo().parseAction(path, feed, { format: 'json', text: '{"zoo:input":{}}' });
      expect(refusal(missing)).to.include({ tag: 'missing-element', path: "/zoo:zoo/cage[id='a']/feed" });
    });

    it('check outputs and notifications', () => {
      zoo().validateRpcOutput(rpc('transfer'), { number: '5' });
      expect(() => zoo().validateRpcOutput(rpc('transfer'), { number: 5 })).to.throw();
      expect(() => zoo().validateRpcOutput(rpc('transfer'), { nope: 5 })).to.throw();
      const escaped = zoo().schema.notification('zoo', 'escaped');
      if (escaped === undefined) throw new Error('no notification');
      zoo().validateNotification(escaped, { animal: 'farm:cow', count: 3 });
      expect(() => zoo().validateNotification(escaped, { count: 300 })).to.throw();
    });
  });

  describe('XPath', () => {
    const data = (): Data => stored({ name: 'x', cage: [{ id: 'a', 'farm:straw': true }, { id: 'b' }] });
    const paths = (expression: string, namespaces: Record<string, string> = { q: 'zoo', f: 'farm' }): string[] =>
      zoo().xpath(data(), expression, namespaces).map(formatPath);

    it('selects paths by the prefixes given', () => {
      expect(paths("/q:zoo/q:cage[f:straw='true']")).to.deep.equal(["/zoo:zoo/cage[id='a']"]);
      expect(paths('/zoo:zoo/cage/id', {})).to.deep.equal(["/zoo:zoo/cage[id='a']/id", "/zoo:zoo/cage[id='b']/id"]);
    });

    it('sees defaults', () => expect(paths('/q:zoo[q:fill = 50]/q:name')).to.deep.equal(['/zoo:zoo/name']));

    it('refuses what is no expression, and what takes too long', () => {
      expect(refusal(() => paths('/q:zoo[')).tag).to.equal('invalid-value');
      expect(refusal(() => paths('/zoo')).message).to.contain('needs one that is declared');
      expect(refusal(() => paths('/zz:zoo')).tag).to.equal('invalid-value');
      expect(refusal(() => paths('count(/q:zoo)')).tag).to.equal('invalid-value');
      const slow = stored({ cage: Array.from({ length: 400 }, (_, at) => ({ id: `c${at}` })) });
      const error = refusal(() => zoo().xpath(slow, '//*[count(//*[count(//*)>1])>0]', {}));
      expect(error.message).to.contain('too many steps');
    });

    it('tests notifications', () => {
      const event: Data = { 'zoo:escaped': { animal: 'farm:cow', count: 3 } };
      const test = (expression: string) => zoo().xpathTest(event, expression, { q: 'zoo' });
      expect(test('/q:escaped[q:count > 2]')).to.equal(true);
      expect(test('/q:escaped[q:count > 3]')).to.equal(false);
      expect(test('/q:escaped/q:count = 3')).to.equal(true);
      expect(zoo().xpathTest({}, '/q:escaped', { q: 'zoo' })).to.equal(false);
    });
  });

  it('adds defaults, also those that depend on a condition', () => {
    expect(plain(zoo().addDefaults(stored({ name: 'x', heating: false, cage: [{ id: 'a' }] })))).to.deep.equal({
      'zoo:zoo': {
        name: 'x',
        fill: 50,
        heating: false,
        lights: true,
        cage: [{ id: 'a', kind: 'zoo:cat', food: ['hay', 'bread'] }],
        'farm:barn': { doors: 2 },
      },
    });
    expect(plain(zoo().addDefaults({ 'zoo:office': { lit: true } }))).to.deep.equal({
      'zoo:office': { lit: true, lamps: 4 },
    });
    expect(plain(zoo().addDefaults({ 'zoo:office': { lit: false } }))).to.deep.equal({ 'zoo:office': { lit: false } });
  });

  it('finds canonical keys', () => {
    const text = "/zoo:zoo/address[.='FE80::0001']";
    expect(formatPath(parsePath(zoo().schema, text))).to.equal("/zoo:zoo/address[.='fe80::1']");
  });
});
