import { expect } from 'chai';
import { Context, LibyangError, MemoryLimitError, StaleHandleError, TrapError, loadLibyang } from '../src/index.ts';
import { importModule, inventoryJson, makeContext, refused, refusedFirst } from './support.ts';

const load = (text: string, extra: Readonly<Record<string, string>> = {}) =>
  new Context(loadLibyang(), {
    modules: [{ name: 'm' }],
    importModule: (request) => {
      const own = request.module === 'm' ? text : extra[request.module];
      return own === undefined ? importModule(request) : { text: own, format: own.startsWith('<') ? 'yin' : 'yang' };
    },
  });
const yang = (body: string) => `module m { yang-version 1.1; namespace "urn:m"; prefix m; ${body} }`;

describe('contexts', () => {
  it('are of the module that is given, compiled once', () => {
    expect(loadLibyang()).to.equal(loadLibyang());
    expect(() => loadLibyang({ wasm: new Uint8Array([0, 1, 2]) })).to.throw();
  });

  it('load YIN', () => {
    const yin =
      '<module name="m" xmlns="urn:ietf:params:xml:ns:yang:yin:1" xmlns:m="urn:m"><namespace uri="urn:m"/>' +
      '<prefix value="m"/><leaf name="x"><type name="string"/></leaf></module>';
    const context = load(yin);
    expect(context.convert('{"m:x":"1"}', { format: 'json' }, { format: 'xml' })).to.equal('<x xmlns="urn:m">1</x>');
    context.dispose();
  });

  describe('refuse modules', () => {
    it('that are not there, by name', () => {
      const items = refused(
        () => new Context(loadLibyang(), { modules: [{ name: 'nowhere' }], importModule: () => undefined }),
      );
      expect(items.map((item) => item.message).join()).to.contain('nowhere');
    });
    it('that import what is not there', () => {
      expect(
        refused(() => load(yang('import nowhere { prefix n; }')))
          .map((item) => item.message)
          .join(),
      ).to.contain('nowhere');
    });
    it('with a syntax error, with its line', () => {
      const [first] = refused(() => load(yang('\n\nleaf x { type string'))).filter((item) => item.line !== undefined);
      expect(first?.validationCode).to.equal('syntax-yang');
      expect(first?.line).to.equal(3);
    });
    it('with an unknown type, with its path', () => {
      const items = refused(() => load(yang('container c { leaf x { type nope; } }')));
      expect(items.map((item) => item.schemaPath)).to.include('/m:c/x');
    });
    it('with features that do not exist', () => {
      expect(refused(() => makeContext({ modules: [{ name: 'example-inventory', features: ['nope'] }] }))).not.to.be
        .empty;
    });
    it('with a leafref to nowhere', () => {
      expect(refused(() => load(yang('leaf x { type leafref { path "/m:y"; } }')))).not.to.be.empty;
    });
  });

  it('pass on what the import callback throws', () => {
    const make = () =>
      new Context(loadLibyang(), {
        modules: [{ name: 'x' }],
        importModule: () => {
          throw new Error('disk on fire');
        },
      });
    expect(make).to.throw('disk on fire');
  });

  it('tell what they were warned of', () => {
    const context = load(yang('container c { must "../nope = 1"; leaf x { type string; } }'));
    expect(context.warnings.map((item) => item.message).join()).to.contain('nope');
    expect(context.warnings.every((item) => item.warning)).to.be.true;
    context.dispose();
  });

  it('enable features and implement further modules later', () => {
    const context = makeContext({ modules: [{ name: 'example-inventory' }] });
    const knob = inventoryJson([{ name: 's', knob: [null] }]);
    expect(refused(() => context.parseData(knob, { format: 'json' }))).not.to.be.empty;
    const tree = context.emptyTree();
    context.implement([{ name: 'example-inventory', features: ['tuning'] }, { name: 'example-racks' }]);
    context.parseData(knob, { format: 'json' }).dispose();
    expect(() => tree.nodes()).to.throw(StaleHandleError);
    expect(context.schema().find((module) => module.name === 'example-racks')?.implemented).to.be.true;
    expect(() => context.implement([{ name: 'nowhere' }])).to.throw(LibyangError);
    context.parseData(knob, { format: 'json' }).dispose();
    context.dispose();
  });

  it('find structures and yang-data in modules that use those extensions', () => {
    const context = load(
      yang(
        'import ietf-yang-structure-ext { prefix sx; } sx:structure message { leaf text { type string; } } leaf x { type string; }',
      ),
    );
    const [module] = context.schema().filter(({ name }) => name === 'm');
    expect(module?.extensions).to.deep.include({
      module: 'ietf-yang-structure-ext',
      name: 'structure',
      argument: 'message',
    });
    expect(module?.data.map((node) => node.name)).to.deep.equal(['x']);
    context.dispose();
  });

  describe('after a trap', () => {
    it('go on with a new instance, without the data trees', () => {
      const context = makeContext();
      const text = inventoryJson([{ name: 'a' }]);
      const before = context.parseData(text, { format: 'json' });
      expect(() => context.trap()).to.throw(TrapError, 'replaced');
      expect(() => before.print({ format: 'json' })).to.throw(StaleHandleError, 'parse it again');
      expect(() => before.newPath('/example-inventory:inventory', undefined)).to.throw(StaleHandleError);
      before.dispose();
      const again = context.parseData(text, { format: 'json' });
      expect(again.count('//server')).to.equal(1);
      expect(() => again.merge(before)).to.throw(StaleHandleError);
      again.dispose();
      context.dispose();
    });

    it('do so again and again', () => {
      const context = makeContext({ modules: [{ name: 'example-kinds' }] });
      for (let round = 0; round < 20; round += 1) expect(() => context.trap()).to.throw(TrapError);
      expect(context.schema().some((module) => module.name === 'example-kinds')).to.be.true;
      context.dispose();
    });

    it('a memory limit is one', () => {
      const context = makeContext({ memoryLimit: 24 << 20 });
      const servers = Array.from({ length: 50_000 }, (_, index) => ({ name: `s${index}` }));
      expect(() => context.parseData(inventoryJson(servers), { format: 'json' })).to.throw(MemoryLimitError);
      context.parseData(inventoryJson(servers.slice(0, 10)), { format: 'json' }).dispose();
      expect(context.memory().linear).to.be.at.most(24 << 20);
      context.dispose();
    });
  });

  it('refuse memory limits that make no sense', () => {
    for (const memoryLimit of [0, -1, NaN, 2 ** 32])
      expect(() => makeContext({ memoryLimit })).to.throw(RangeError, 'memoryLimit');
  });

  it('end a pattern that runs away', () => {
    const context = load(yang('leaf x { type string { pattern "((a|aa|aaa)*b?)*c"; } }'));
    const started = performance.now();
    const items = refused(() => context.parseData(`{"m:x":"${'a'.repeat(5000)}d"}`, { format: 'json' }));
    expect(items).not.to.be.empty;
    expect(performance.now() - started).to.be.below(2000);
    expect(context.convert('{"m:x":"aac"}', { format: 'json' }, { format: 'json' })).to.equal('{"m:x":"aac"}');
    context.dispose();
  });

  it('cannot be used after disposal', () => {
    const context = makeContext({ modules: [{ name: 'example-kinds' }] });
    const tree = context.emptyTree();
    context.dispose();
    context.dispose();
    expect(() => context.parseData('{}', { format: 'json' })).to.throw('disposed');
    expect(() => tree.nodes()).to.throw(StaleHandleError);
    tree.dispose();
  });

  it('do not share anything', () => {
    const one = makeContext();
    const other = makeContext({ modules: [{ name: 'example-kinds' }] });
    expect(() => one.trap()).to.throw(TrapError);
    expect(refusedFirst(() => other.parseData(inventoryJson([]), { format: 'json' })).message).to.contain(
      'example-inventory',
    );
    one.dispose();
    other.dispose();
  });
});
