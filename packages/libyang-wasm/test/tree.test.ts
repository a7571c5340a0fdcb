import { expect } from 'chai';
import { StaleHandleError, XPathBudgetError } from '../src/index.ts';
import type { Context, DataTree } from '../src/index.ts';
import { inventoryJson, makeContext, refused, refusedFirst } from './support.ts';

const root = '/example-inventory:inventory';

describe('data trees', () => {
  let context: Context;
  let tree: DataTree;
  before(() => {
    context = makeContext();
  });
  after(() => context.dispose());
  beforeEach(() => {
    tree = context.parseData(
      inventoryJson([
        { name: 'a', port: 1000 },
        { name: 'b', tag: ['x', 'y'] },
      ]),
      { format: 'json' },
    );
  });
  afterEach(() => tree.dispose());

  const names = (of: DataTree) => of.find(`${root}/server/name`).map((node) => node.value);

  describe('XPath', () => {
    it('finds nodes with value, path and kind', () => {
      expect(tree.find(`${root}/server[port='1000']/address`)).to.deep.equal([
        {
          kind: 'leaf',
          name: 'address',
          module: 'example-inventory',
          path: `${root}/server[name='a']/address`,
          value: '10.0.0.0',
          isDefault: false,
          metadata: [],
          children: [],
        },
      ]);
    });

    it('tells defaults from explicit values', () => {
      expect(tree.find(`${root}/server/port`).map((node) => node.isDefault)).to.deep.equal([false, true]);
    });

    it('finds paths only, or counts', () => {
      expect(tree.findPaths(`${root}/server`)).to.deep.equal([`${root}/server[name='a']`, `${root}/server[name='b']`]);
      expect(tree.count('//tag')).to.equal(2);
      expect(tree.count('//nope')).to.equal(0);
    });

    it('evaluates to each type', () => {
      expect(tree.evaluate('count(//server)')).to.deep.equal({ type: 'number', value: 2 });
      expect(tree.evaluate(`string(${root}/server[1]/name)`)).to.deep.equal({ type: 'string', value: 'a' });
      expect(tree.evaluate(`${root}/server/port = 1000`)).to.deep.equal({ type: 'boolean', value: true });
      expect(tree.evaluate(`${root}/server/tag`)).to.deep.include({ type: 'nodes' });
      expect(tree.evaluate('0 div 0')).to.deep.equal({ type: 'number', value: NaN });
    });

    it('has the functions of YANG', () => {
      expect(tree.count("//server[derived-from-or-self(transport, 'example-kinds:transport')]")).to.equal(2);
      expect(tree.count("//tag[re-match(., '[xz]')]")).to.equal(1);
    });

    it('takes prefixes of XML', () => {
      const namespaces = { i: 'urn:example:inventory' };
      expect(tree.count('/i:inventory/i:server', { namespaces })).to.equal(2);
      expect(refused(() => tree.count('/j:inventory', { namespaces }))).to.have.length(1);
    });

    it('starts at a context node', () => {
      expect(tree.findPaths('../name', { context: `${root}/server[name='b']/port` })).to.deep.equal([
        `${root}/server[name='b']/name`,
      ]);
    });

    it('works on a tree without data', () => {
      const empty = context.emptyTree();
      expect(empty.evaluate('count(//server) + 1')).to.deep.equal({ type: 'number', value: 1 });
      expect(empty.find(root)).to.deep.equal([]);
      empty.dispose();
    });

    it('says what is wrong with an expression', () => {
      expect(refusedFirst(() => tree.find('//server[')).validationCode).to.equal('xpath');
      expect(refusedFirst(() => tree.find('1 + 1')).message).to.contain('not nodes');
      expect(refused(() => tree.find('/nope:x'))).not.to.be.empty;
    });

    it('refuses parentheses nested too deep', () => {
      expect(refused(() => tree.evaluate(`${'('.repeat(20_000)}1${')'.repeat(20_000)}`))).not.to.be.empty;
      expect(tree.count('//server')).to.equal(2);
    });
  });

  describe('the XPath budget', () => {
    let big: DataTree;
    before(() => {
      const servers = Array.from({ length: 400 }, (_, index) => ({ name: `s${index}`, peer: 's0', tag: ['a', 'b'] }));
      big = context.parseData(inventoryJson(servers), { format: 'json', parseOnly: true });
      big.validate();
    });
    after(() => big.dispose());

    const expensive = [
      '//*[count(//*[count(//*)>1])>0]',
      '//*[. = //*]',
      '//*[preceding::*[following::*]]',
      '//*[position() = last() - count(preceding::*)]',
      '//*[string-length(string(/)) > count(//*[. != ../..])]',
      'translate(string(/), string(/), string(/))',
      `concat(${Array(500).fill('string(/)').join(', ')})`,
      "//*[re-match(string(/), '(.*)*x(.*)*y')]",
      '//*/following::*/preceding::*/following::*/preceding::*[. = ../../*]',
    ];
    for (const xpath of expensive) {
      it(`ends ${xpath.slice(0, 60)}`, () => {
        const started = performance.now();
        expect(() => big.evaluate(xpath)).to.throw(XPathBudgetError, 'more than 2000000 evaluation steps');
        expect(performance.now() - started).to.be.below(5000);
        expect(big.count('//server')).to.equal(400);
      });
    }

    it('leaves no memory behind', () => {
      const run = () => {
        for (const xpath of expensive) expect(() => big.evaluate(xpath, { budget: 20_000 })).to.throw(XPathBudgetError);
        big.count('//server');
        return context.memory().allocated;
      };
      run();
      const before = run();
      for (let round = 0; round < 20; round += 1) run();
      expect(run()).to.equal(before);
    });

    it('can be set for one call', () => {
      expect(big.count('//server', { budget: 100_000 })).to.equal(400);
      expect(() => big.count('//server', { budget: 100 })).to.throw(XPathBudgetError, 'more than 100 evaluation steps');
      expect(big.evaluate('count(//*[count(//server) > 1]) > 0', { budget: Infinity })).to.deep.equal({
        type: 'boolean',
        value: true,
      });
    });

    it('does not bound the constraints of schemas', () => {
      expect(() => big.count('//*[. = //*]')).to.throw(XPathBudgetError);
      big.validate();
    });
  });

  describe('changes', () => {
    it('makes nodes with all that leads there', () => {
      const empty = context.emptyTree();
      empty.newPath(`${root}/server[name='n']/load`, '1.50');
      expect(JSON.parse(empty.print({ format: 'json' }))).to.deep.equal({
        'example-inventory:inventory': { server: [{ name: 'n', load: '1.5' }] },
      });
      empty.newPath(`${root}/server[name='n']/load`, '2');
      expect(empty.find('//load')[0]?.value).to.equal('2.0');
      expect(
        refusedFirst(() => empty.newPath(`${root}/server[name='n']/load`, '3', { update: false })).message,
      ).to.contain('already exists');
      expect(refused(() => empty.newPath(`${root}/server[name='n']/load`, '101'))).not.to.be.empty;
      expect(refused(() => empty.newPath('/nope:x', '1'))).not.to.be.empty;
      empty.dispose();
    });

    it('removes nodes', () => {
      expect(tree.remove(`${root}/server[name='a']`)).to.be.true;
      expect(tree.remove(`${root}/server[name='a']`)).to.be.false;
      expect(names(tree)).to.deep.equal(['b']);
      expect(tree.remove(root)).to.be.true;
      expect(tree.has(root)).to.be.false;
    });

    it('merges', () => {
      const other = context.parseData(
        inventoryJson([
          { name: 'b', address: '10.9.9.9' },
          { name: 'c', address: '10.9.9.8' },
        ]),
        { format: 'json' },
      );
      tree.merge(other);
      other.dispose();
      expect(names(tree)).to.deep.equal(['a', 'b', 'c']);
      expect(tree.find(`${root}/server[name='b']/address`)[0]?.value).to.equal('10.9.9.9');
    });

    it('finds, applies and undoes a difference', () => {
      const after = tree.duplicate();
      after.newPath(`${root}/server[name='a']/port`, '2000');
      after.remove(`${root}/server[name='b']/tag[.='x']`);
      after.newPath(`${root}/server[name='c']/address`, '10.3.3.3');
      const difference = tree.diff(after);
      expect(difference.print({ format: 'json' })).to.contain('"yang:operation"');
      const original = tree.duplicate();
      tree.applyDiff(difference);
      expect(tree.print({ format: 'json' })).to.equal(after.print({ format: 'json' }));
      const undo = after.diff(original);
      tree.applyDiff(undo);
      expect(tree.print({ format: 'json' })).to.equal(original.print({ format: 'json' }));
      for (const one of [original, after, difference, undo]) one.dispose();
    });

    it('finds no difference between equal trees', () => {
      const same = tree.duplicate();
      const difference = tree.diff(same);
      expect(difference.isEmpty).to.be.true;
      tree.applyDiff(difference);
      for (const one of [same, difference]) one.dispose();
    });

    it('removes by validation what a when makes impossible', () => {
      tree.newPath(`${root}/server[name='a']/example-racks:rack`, 'r1');
      tree.validate();
      expect(tree.has(`${root}/server[name='a']/example-racks:rack`)).to.be.true;
      tree.newPath(`${root}/server[name='a']/port`, '99');
      tree.validate();
      expect(tree.has(`${root}/server[name='a']/example-racks:rack`)).to.be.false;
    });
  });

  it('are printed in part', () => {
    expect(JSON.parse(tree.print({ format: 'json', at: `${root}/server[name='b']/tag[.='x']` }))).to.deep.equal({
      'example-inventory:tag': ['x'],
    });
    expect(refusedFirst(() => tree.print({ format: 'json', at: `${root}/server[name='z']` })).code).to.equal(
      'not-found',
    );
  });

  it('are walked', () => {
    const [inventory] = tree.nodes();
    expect(inventory).to.include({ kind: 'container', name: 'inventory', path: root });
    expect(inventory?.children.map((node) => node.path)).to.deep.equal([
      `${root}/server[name='a']`,
      `${root}/server[name='b']`,
    ]);
    const tags = inventory?.children[1]?.children.filter((node) => node.name === 'tag');
    expect(tags?.map((node) => node.value)).to.deep.equal(['x', 'y']);
  });

  it('are not taken by another context', () => {
    const other = makeContext();
    const foreign = other.parseData(inventoryJson([{ name: 'a' }]), { format: 'json' });
    expect(() => tree.merge(foreign)).to.throw(TypeError, 'another context');
    expect(() => tree.diff(foreign)).to.throw(TypeError, 'another context');
    const call = '{"example-inventory:ping":{}}';
    expect(() => context.parseRpc(call, { format: 'json', datastore: foreign })).to.throw(TypeError, 'another context');
    other.dispose();
  });

  it('cannot be used after disposal, which may be repeated', () => {
    tree.dispose();
    tree.dispose();
    expect(() => tree.nodes()).to.throw(StaleHandleError, 'disposed');
  });
});
