import { expect } from 'chai';
import type { Context, Format } from '../src/index.ts';
import { inventoryJson, inventoryXml, makeContext, refused, refusedFirst, serverXml } from './support.ts';

describe('data', () => {
  let context: Context;
  before(() => {
    context = makeContext();
  });
  after(() => context.dispose());

  const json = (xml: string) => JSON.parse(context.convert(xml, { format: 'xml' }, { format: 'json' })) as unknown;
  const server = (xml: string) => {
    const [first] = (json(xml) as { 'example-inventory:inventory': { server: unknown[] } })[
      'example-inventory:inventory'
    ].server;
    return first;
  };

  describe('values, from XML to JSON', () => {
    const cases: readonly (readonly [string, string, object])[] = [
      ['decimal64 in canonical form', '<load>1.50</load>', { load: '1.5' }],
      ['uint64 as text', '<big>18446744073709551615</big>', { big: '18446744073709551615' }],
      ['int32 as a number', '<offset>-12</offset>', { offset: -12 }],
      ['identity of the own module', '<transport>inv:tls</transport>', { transport: 'tls' }],
      ['identity of another module', '<transport>knd:none</transport>', { transport: 'example-kinds:none' }],
      ['union of number', '<timeout>42</timeout>', { timeout: 42 }],
      ['union of enumeration', '<timeout>infinite</timeout>', { timeout: 'infinite' }],
      ['bits in order of position', '<flags>tested up</flags>', { flags: 'up tested' }],
      ['empty', '<knob/>', { knob: [null] }],
      ['leaf-list', '<tag>b</tag><tag>a</tag>', { tag: ['b', 'a'] }],
      [
        'date-and-time with an offset',
        '<since>2024-05-01T12:00:00+02:00</since>',
        { since: '2024-05-01T10:00:00+00:00' },
      ],
      [
        'binary',
        '<transport>inv:tls</transport><certificate>aGVsbG8=</certificate>',
        { transport: 'tls', certificate: 'aGVsbG8=' },
      ],
      [
        'instance-identifier',
        "<about>/inv:inventory/inv:server[inv:name='x']</about>",
        { about: "/example-inventory:inventory/server[name='x']" },
      ],
      ['augmented node', '<rck:rack>r1</rck:rack>', { 'example-racks:rack': 'r1' }],
      ['presence container in a case', '<group/>', { group: {} }],
      ['leaf in an augmented case', '<rck:machine>m</rck:machine>', { 'example-racks:machine': 'm' }],
      ['anydata', '<extra><q xmlns="urn:x">1</q></extra>', { extra: { q: 1 } }],
    ];
    for (const [name, xml, expected] of cases) {
      it(name, () => {
        expect(server(serverXml(xml))).to.deep.equal({ name: 's1', address: '10.0.0.1', ...expected });
      });
    }

    it('characters of every length of UTF-8', () => {
      expect(server(serverXml('<tag>aé€😀&lt;&amp;"</tag>')))
        .to.have.property('tag')
        .deep.equal(['aé€😀<&"']);
    });

    it('and back to XML', () => {
      const text = serverXml('<load>1.5</load><tag>a</tag>');
      const back = context.convert(JSON.stringify(json(text)), { format: 'json' }, { format: 'xml' });
      expect(json(back)).to.deep.equal(json(text));
    });
  });

  describe('with-defaults', () => {
    const print = (withDefaults: 'explicit' | 'trim' | 'report-all' | 'report-all-tagged' | 'implicit-tagged') => {
      const text = context.convert(
        inventoryJson([{ name: 's', port: 830 }]),
        { format: 'json' },
        { format: 'json', withDefaults },
      );
      return (JSON.parse(text) as { 'example-inventory:inventory': { server: [Record<string, unknown>] } })[
        'example-inventory:inventory'
      ].server[0];
    };
    const tag = { 'ietf-netconf-with-defaults:default': true };

    it('explicit prints what was given', () => {
      expect(print('explicit')).to.deep.equal({ name: 's', address: '10.0.0.0', port: 830 });
    });
    it('trim leaves out what equals the default', () => {
      expect(print('trim')).to.deep.equal({ name: 's', address: '10.0.0.0' });
    });
    it('report-all prints every default, that of a deviation too', () => {
      expect(print('report-all')).to.deep.include({
        port: 830,
        load: '12.5',
        transport: 'ssh',
        mode: ['fast', 'safe'],
        big: '7',
      });
    });
    it('report-all-tagged marks each value that equals a default', () => {
      expect(print('report-all-tagged')).to.deep.include({ '@port': tag, '@load': tag });
    });
    it('implicit-tagged marks only those that were not given', () => {
      expect(print('implicit-tagged')).to.deep.include({ '@load': tag }).and.not.have.property('@port');
    });
  });

  describe('validation', () => {
    const dataPath = "/example-inventory:inventory/server[name='s1']";
    const cases: readonly (readonly [string, string, object])[] = [
      [
        'a must, with its message and app-tag',
        serverXml('<port>22</port>'),
        { message: 'Port 22 is taken.', appTag: 'port-taken', dataPath },
      ],
      [
        'a pattern',
        serverXml('', 'A b'),
        { message: 'Unsatisfied pattern - "A b" does not conform to "[a-z][a-z0-9\\-]*".' },
      ],
      [
        'an inverted pattern',
        serverXml('', 'xml1'),
        { message: 'Unsatisfied pattern - "xml1" does not conform to inverted "xml.*".' },
      ],
      [
        'a length',
        serverXml('', 'a'.repeat(33)),
        { message: `Unsatisfied length - string "${'a'.repeat(33)}" length is not allowed.` },
      ],
      [
        'a range',
        serverXml('<load>100.01</load>'),
        { message: 'Unsatisfied range - value "100.01" is out of the allowed range.' },
      ],
      ['fraction digits', serverXml('<load>1.234</load>'), { dataPath: `${dataPath}/load` }],
      ['an unknown identity', serverXml('<transport>inv:nope</transport>'), { dataPath: `${dataPath}/transport` }],
      [
        'a base identity itself',
        serverXml('<transport>knd:transport</transport>'),
        { dataPath: `${dataPath}/transport` },
      ],
      [
        'a leafref without target',
        serverXml('<peer>other</peer>'),
        { appTag: 'instance-required', dataPath: `${dataPath}/peer` },
      ],
      ['a false when', serverXml('<certificate>aGVsbG8=</certificate>'), { dataPath: `${dataPath}/certificate` }],
      ['a missing mandatory leaf', inventoryXml('<server><name>s1</name></server>'), { dataPath }],
      ['a missing key', inventoryXml('<server><address>10.0.0.1</address></server>'), { validationCode: 'data' }],
      [
        'too many entries',
        serverXml('<tag>a</tag><tag>b</tag><tag>c</tag><tag>d</tag>'),
        { appTag: 'too-many-elements' },
      ],
      ['two cases of a choice', serverXml('<user>u</user><group/>'), { validationCode: 'data' }],
      [
        'an unknown element',
        serverXml('<nope/>'),
        { message: 'Node "nope" not found as a child of "server" node.', validationCode: 'reference' },
      ],
      [
        'XML that is not well-formed',
        '<inventory xmlns="urn:example:inventory"><server></inventory>',
        { validationCode: 'syntax', line: 1 },
      ],
    ];
    for (const [name, text, expected] of cases) {
      it(`names ${name}`, () => {
        expect(refusedFirst(() => context.parseData(text, { format: 'xml' }))).to.include({
          code: 'invalid',
          ...expected,
        });
      });
    }

    it('refuses a number as text in JSON', () => {
      const item = refusedFirst(() =>
        context.parseData(inventoryJson([{ name: 's', port: '830' }]), { format: 'json' }),
      );
      expect(item).to.include({ code: 'invalid', dataPath: "/example-inventory:inventory/server[name='s']/port" });
    });

    it('reports every violation', () => {
      const text = inventoryJson([
        { name: 'a', port: 22 },
        { name: 'b', port: 22, peer: 'nobody' },
      ]);
      expect(refused(() => context.parseData(text, { format: 'json' }))).to.have.length(3);
    });

    it('reports a violated unique', () => {
      const text = inventoryJson([
        { name: 'a', address: '10.0.0.1' },
        { name: 'b', address: '10.0.0.1' },
      ]);
      expect(refusedFirst(() => context.parseData(text, { format: 'json' }))).to.include({ appTag: 'data-not-unique' });
    });

    it('refuses a key that occurs twice', () => {
      const text = inventoryJson([{ name: 'a' }, { name: 'a' }]);
      expect(refusedFirst(() => context.parseData(text, { format: 'json' }))).to.include({ code: 'invalid' });
    });

    it('refuses state data where they are not allowed', () => {
      const state = serverXml('<counters><requests>1</requests></counters>');
      context.parseData(state, { format: 'xml' }).dispose();
      expect(refusedFirst(() => context.parseData(state, { format: 'xml', noState: true }))).to.include({
        dataPath: "/example-inventory:inventory/server[name='s1']/counters",
      });
    });

    it('lets operational data violate constraints', () => {
      const text = serverXml('<port>22</port>');
      const tree = context.parseData(text, { format: 'xml', validate: { operational: true } });
      expect(tree.has("/example-inventory:inventory/server[name='s1']/port")).to.be.true;
    });

    it('misses mandatory nodes of modules without data only when asked to', () => {
      const text = serverXml();
      context.parseData(text, { format: 'xml', validate: { present: true } }).dispose();
      const items = refused(() => context.parseData(text, { format: 'xml', validate: { present: false } }));
      expect(items.map((item) => item.dataPath ?? item.schemaPath).join()).to.contain('ietf-yang-library');
    });

    it('leaves a tree usable that did not validate', () => {
      const tree = context.parseData(serverXml('<port>22</port>'), { format: 'xml', parseOnly: true });
      expect(refused(() => tree.validate())).to.have.length(1);
      tree.newPath("/example-inventory:inventory/server[name='s1']/port", '23');
      tree.validate();
      expect(tree.print({ format: 'json' })).to.contain('"port":23');
      tree.dispose();
    });

    it('skips what has no schema unless strict, keeps it when opaque', () => {
      const text = inventoryXml('<server><name>a</name><address>10.0.0.1</address><nope>1</nope></server>');
      expect(context.convert(text, { format: 'xml', strict: false }, { format: 'json' })).not.to.contain('nope');
      expect(context.convert(text, { format: 'xml', opaque: true, parseOnly: true }, { format: 'json' })).to.contain(
        '"nope":1',
      );
    });
  });

  describe('one value', () => {
    const path = '/example-inventory:inventory/server/';
    it('is returned in canonical form', () => {
      expect(context.validateValue(`${path}load`, '01.50')).to.equal('1.5');
      expect(context.validateValue(`${path}transport`, 'example-inventory:tls')).to.equal('example-inventory:tls');
      expect(context.validateValue(`${path}peer`, 'somebody')).to.equal('somebody');
    });
    it('is refused with the reason', () => {
      expect(refusedFirst(() => context.validateValue(`${path}load`, '101')).message).to.contain(
        'out of the allowed range',
      );
      expect(refused(() => context.validateValue(`${path}nope`, '1'))).to.have.length(1);
      expect(refusedFirst(() => context.validateValue('/example-inventory:inventory', '1')).message).to.contain(
        'does not lead to a leaf',
      );
    });
  });

  describe('input that is not what it should be', () => {
    const formats: readonly Format[] = ['xml', 'json'];
    for (const format of formats) {
      it(`empty ${format} is an empty tree or refused`, () => {
        const text = format === 'json' ? '{}' : '';
        const tree = context.parseData(text, { format, parseOnly: true });
        expect(tree.isEmpty).to.be.true;
        expect(tree.nodes()).to.deep.equal([]);
        expect(tree.print({ format: 'json' })).to.equal('{}');
        expect(tree.print({ format: 'xml' })).to.equal('');
      });

      it(`${format} with a NUL is refused`, () => {
        const text = format === 'json' ? '{}\0{"x' : `${serverXml()}\0<`;
        expect(refusedFirst(() => context.parseData(text, { format })).message).to.contain('0x0');
      });

      it(`${format} nested 100,000 deep is refused, and nothing breaks`, () => {
        const depth = 100_000;
        const text =
          format === 'json'
            ? '{"a:b":'.repeat(depth) + '1' + '}'.repeat(depth)
            : '<a xmlns="u">'.repeat(depth) + '</a>'.repeat(depth);
        for (const opaque of [true, false]) {
          expect(refused(() => context.parseData(text, { format, opaque, parseOnly: true }))).not.to.be.empty;
        }
        expect(server(serverXml())).to.include({ name: 's1' });
      });
    }

    it('anydata nested deep is refused', () => {
      const text = serverXml(`<extra>${'<x xmlns="u">'.repeat(50_000)}${'</x>'.repeat(50_000)}</extra>`);
      expect(refused(() => context.parseData(text, { format: 'xml' }))).not.to.be.empty;
    });

    it('a megabyte of value is taken', () => {
      const tag = 'x'.repeat(1_000_000);
      expect(server(serverXml(`<tag>${tag}</tag>`)))
        .to.have.property('tag')
        .deep.equal([tag]);
    });
  });
});
