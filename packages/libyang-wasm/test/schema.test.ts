import { expect } from 'chai';
import type { Context, Identity, LeafListNode, LeafNode, ListNode, Module, SchemaNode } from '../src/index.ts';
import { makeContext } from './support.ts';

describe('schema', () => {
  let context: Context;
  let inventory: Module;
  let server: ListNode;
  before(() => {
    context = makeContext();
    inventory = moduleNamed('example-inventory');
    const [container] = inventory.data;
    if (container?.kind !== 'container') throw new Error('no container');
    const [list] = container.children;
    if (list?.kind !== 'list') throw new Error('no list');
    server = list;
  });
  after(() => context.dispose());

  const moduleNamed = (name: string): Module => {
    const found = context.schema().find((module) => module.name === name);
    if (found === undefined) throw new Error(`no module ${name}`);
    return found;
  };
  const child = (name: string): SchemaNode => {
    const found = server.children.find((node) => node.name === name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  };
  const leaf = (name: string): LeafNode => {
    const found = child(name);
    if (found.kind !== 'leaf') throw new Error(`${name} is no leaf`);
    return found;
  };
  const identity = (name: string, module = inventory): Identity | undefined =>
    module.identities.find((one) => one.name === name);

  it('of a module', () => {
    expect(inventory).to.deep.include({
      name: 'example-inventory',
      namespace: 'urn:example:inventory',
      prefix: 'inv',
      revision: '2024-05-01',
      yangVersion: '1.1',
      implemented: true,
      organization: 'Example',
      contact: 'inventory@example.com',
      description: 'An inventory of servers.',
      reference: 'Example 1',
      submodules: [{ name: 'example-inventory-events', revision: '2024-05-01' }],
      deviatedBy: ['example-racks'],
    });
    expect(moduleNamed('ietf-inet-types')).to.deep.include({ implemented: false, data: [], rpcs: [] });
    expect(context.schema()).to.equal(context.schema());
  });

  it('of features, those of submodules too', () => {
    expect(inventory.features).to.deep.equal([
      { name: 'tuning', enabled: true, status: 'current', description: 'Knobs.' },
      { name: 'unused', enabled: false, status: 'deprecated' },
      { name: 'alarms', enabled: false, status: 'current' },
    ]);
  });

  it('of identities', () => {
    expect(identity('tls')).to.deep.equal({
      name: 'tls',
      bases: ['example-kinds:transport', 'example-kinds:secure'],
      derived: ['example-inventory:tls13'],
      status: 'current',
    });
    expect(identity('transport', moduleNamed('example-kinds'))?.derived).to.deep.equal([
      'example-inventory:ssh',
      'example-inventory:tls',
      'example-inventory:tls13',
      'example-inventory:tuned',
      'example-kinds:none',
    ]);
  });

  it('of a list', () => {
    expect(server).to.deep.include({
      kind: 'list',
      name: 'server',
      module: 'example-inventory',
      path: '/example-inventory:inventory/server',
      keys: ['name'],
      unique: [['address', 'port']],
      orderedBy: 'user',
      minElements: 0,
      config: true,
      must: [
        {
          xpath: "port != 22 or transport = 'example-kinds:none'",
          errorMessage: 'Port 22 is taken.',
          errorAppTag: 'port-taken',
        },
      ],
    });
    expect(server).not.to.have.property('maxElements');
  });

  it('of leafs: mandatory, key, default, units, status, when, if-feature', () => {
    expect(leaf('name')).to.include({ isKey: true, path: '/example-inventory:inventory/server/name' });
    expect(leaf('address')).to.include({ mandatory: true, isKey: false, description: 'Where it listens.' });
    expect(leaf('port')).to.include({ default: '830', mandatory: false });
    expect(leaf('transport')).to.include({ default: 'example-inventory:ssh' });
    expect(leaf('load')).to.include({ default: '12.5', units: 'percent' });
    expect(leaf('big')).to.include({ default: '7' });
    expect(leaf('certificate').when).to.deep.equal(["derived-from-or-self(../transport, 'example-inventory:tls')"]);
    expect(server.children.some((node) => node.name === 'knob')).to.be.true;
  });

  const types: readonly (readonly [string, object])[] = [
    [
      'name',
      {
        base: 'string',
        lengths: [{ min: '1', max: '32' }],
        patterns: [
          { pattern: '[a-z][a-z0-9\\-]*', invert: false },
          { pattern: 'xml.*', invert: true },
        ],
      },
    ],
    ['port', { typedef: 'ietf-inet-types:port-number', base: 'uint16', ranges: [{ min: '0', max: '65535' }] }],
    [
      'load',
      {
        typedef: 'example-inventory:percent',
        base: 'decimal64',
        fractionDigits: 2,
        ranges: [
          { min: '0.0', max: '99.99' },
          { min: '100.0', max: '100.0' },
        ],
      },
    ],
    [
      'offset',
      {
        base: 'int32',
        ranges: [
          { min: '-100', max: '-1' },
          { min: '1', max: '100' },
        ],
      },
    ],
    ['big', { base: 'uint64', ranges: [] }],
    ['knob', { base: 'empty' }],
    ['about', { base: 'instance-identifier', requireInstance: false }],
    [
      'flags',
      {
        base: 'bits',
        bits: [
          { name: 'up', position: 0, status: 'current' },
          { name: 'tested', position: 5, status: 'current' },
        ],
      },
    ],
    [
      'timeout',
      {
        base: 'union',
        types: [
          { base: 'uint16', ranges: [{ min: '1', max: '3600' }] },
          {
            base: 'enumeration',
            enums: [
              { name: 'infinite', value: 7, status: 'current', description: 'Never.' },
              { name: 'none', value: 8, status: 'current' },
            ],
          },
        ],
      },
    ],
    [
      'transport',
      {
        base: 'identityref',
        identities: ['example-kinds:transport'],
        values: [
          'example-inventory:ssh',
          'example-inventory:tls',
          'example-inventory:tls13',
          'example-inventory:tuned',
          'example-kinds:none',
        ],
      },
    ],
  ];
  for (const [name, type] of types) {
    it(`of the type of ${name}`, () => expect(leaf(name).type).to.deep.equal(type));
  }

  it('of a binary, a leafref and its target, a union behind typedefs', () => {
    expect(leaf('certificate').type).to.deep.equal({
      base: 'binary',
      lengths: [{ min: '4', max: '18446744073709551615' }],
    });
    expect(leaf('peer').type).to.deep.include({ base: 'leafref', path: '../../server/name', requireInstance: true });
    expect(leaf('peer').type).to.have.nested.property('target.base', 'string');
    const address = leaf('address').type;
    expect(address).to.include({ base: 'union', typedef: 'ietf-inet-types:ip-address' });
  });

  it('of leaf-lists', () => {
    const tag = child('tag') as LeafListNode;
    expect(tag).to.include({ kind: 'leaf-list', maxElements: 3, orderedBy: 'user' });
    expect(child('mode')).to.deep.include({ defaults: ['fast', 'safe'], orderedBy: 'system' });
  });

  it('of choices and cases, augmented ones too, with paths that leave them out', () => {
    const owner = child('owner');
    if (owner.kind !== 'choice') throw new Error('no choice');
    expect(owner.default).to.equal('person');
    expect(owner.cases.map(({ name, module }) => [name, module])).to.deep.equal([
      ['person', 'example-inventory'],
      ['group', 'example-inventory'],
      ['machine', 'example-racks'],
    ]);
    const paths = owner.cases.flatMap((one) => one.children.map((node) => node.path));
    expect(paths).to.deep.equal([
      '/example-inventory:inventory/server/user',
      '/example-inventory:inventory/server/group',
      '/example-inventory:inventory/server/example-racks:machine',
    ]);
    expect(owner.cases[1]?.children[0]).to.include({ kind: 'container', presence: true });
  });

  it('of augmented nodes with their when', () => {
    expect(leaf('rack')).to.deep.include({
      module: 'example-racks',
      path: '/example-inventory:inventory/server/example-racks:rack',
      when: ['example-inventory:port > 100'],
    });
    expect(leaf('rack').type).to.have.property('typedef', 'example-racks:rack-name');
  });

  it('of state data and keyless lists', () => {
    const counters = child('counters');
    if (counters.kind !== 'container') throw new Error('no container');
    expect(counters).to.include({ config: false, presence: false });
    expect(counters.children.map(({ kind, name }) => [kind, name])).to.deep.equal([
      ['leaf', 'requests'],
      ['list', 'sample'],
    ]);
    expect(counters.children[1]).to.deep.include({ keys: [], config: false });
  });

  it('of actions and notifications in data', () => {
    expect(server.actions).to.have.length(1);
    expect(server.actions[0]).to.include({
      kind: 'action',
      name: 'reset',
      path: '/example-inventory:inventory/server/reset',
    });
    expect(server.actions[0]?.input.children.map((node) => node.path)).to.deep.equal([
      '/example-inventory:inventory/server/reset/input/delay',
    ]);
    expect(server.notifications.map((one) => one.path)).to.deep.equal([
      '/example-inventory:inventory/server/overheated',
    ]);
  });

  it('of RPCs and top-level notifications', () => {
    const [add, ping] = inventory.rpcs;
    expect(add).to.include({
      kind: 'rpc',
      name: 'add-server',
      path: '/example-inventory:add-server',
      description: 'Adds one.',
    });
    expect(add?.input.must).to.deep.equal([
      { xpath: "not(name = 'forbidden')", errorMessage: 'That name is forbidden.' },
    ]);
    expect(add?.input.children.map(({ name, kind }) => [name, kind])).to.deep.equal([
      ['name', 'leaf'],
      ['address', 'leaf'],
      ['port', 'leaf'],
      ['like', 'leaf'],
    ]);
    expect(add?.input.children[3]).to.have.nested.property(
      'type.path',
      '/example-inventory:inventory/example-inventory:server/example-inventory:name',
    );
    expect(add?.output.children.map((node) => node.path)).to.deep.equal([
      '/example-inventory:add-server/output/id',
      '/example-inventory:add-server/output/note',
    ]);
    expect(ping).to.deep.include({ input: { must: [], children: [] }, output: { must: [], children: [] } });
    expect(inventory.notifications.map(({ name, description }) => [name, description])).to.deep.equal([
      ['alarm', 'Something happened.'],
    ]);
  });

  it('of extensions and status', () => {
    const [container] = inventory.data;
    if (container?.kind !== 'container') throw new Error('no container');
    expect(container.children.find((node) => node.name === 'secret')).to.deep.include({
      extensions: [{ module: 'ietf-netconf-acm', name: 'default-deny-all' }],
      status: 'obsolete',
    });
  });

  it('as text: YANG, YIN, a tree diagram, a submodule', () => {
    expect(context.moduleText('example-inventory')).to.match(/^module example-inventory \{/);
    expect(context.moduleText('example-inventory', '2024-05-01', 'yin')).to.contain('<module name="example-inventory"');
    expect(context.moduleText('example-inventory', undefined, 'tree')).to.contain('+--rw inventory');
    expect(context.moduleText('example-inventory-events')).to.match(/^submodule example-inventory-events \{/);
    expect(() => context.moduleText('example-inventory', '2000-01-01')).to.throw(
      'no module "example-inventory@2000-01-01"',
    );
  });

  it('as data of ietf-yang-library', () => {
    const library = context.yangLibrary('c1');
    expect(library.find('/ietf-yang-library:yang-library/content-id')[0]?.value).to.equal('c1');
    expect(library.count("//module[name='example-inventory'][feature='tuning']")).to.be.above(0);
    library.dispose();
  });
});
