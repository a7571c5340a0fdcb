import { expect } from 'chai';

import { entryKey } from '../../../src/yang/data.ts';
import type { Data, Entries } from '../../../src/yang/data.ts';
import { EntryMap } from '../../../src/yang/entries.ts';
import { parsePath } from '../../../src/yang/instance-path.ts';
import { RpcError } from '../../../src/yang/rpc-error.ts';
import { SchemaTree } from '../../../src/yang/schema-tree.ts';
import {
  getNode,
  limitDepth,
  parseFields,
  pruneTo,
  restrictTo,
  selectContent,
  selectFields,
  subtreeFilter,
  trimDefaults,
} from '../../../src/yang/select.ts';
import { parseXml } from '../../../src/yang/xml.ts';
import { container, identityref, leaf, leafList, list, module, string, uint32 } from './schema-builder.ts';

const user = list(
  'user',
  ['name'],
  [
    leaf('name'),
    leaf('type', string, { default: 'plain' }),
    leaf('age', uint32),
    leafList('group'),
    leaf('kind', identityref('m:a', 'n:b')),
    container('info', [leaf('dept'), leaf('id', uint32), leaf('seen', string, { config: false })]),
    leaf('aug', string, { module: 'n' }),
  ],
);
const schema = new SchemaTree([
  module('m', [container('top', [container('users', [user]), leaf('motd'), leaf('up', string, { config: false })])]),
  module('n', [container('top', [leaf('z', string, { module: 'n' })], { module: 'n' })]),
]);

const fred = {
  name: 'fred',
  type: 'admin',
  age: 7,
  group: ['x', 'y'],
  kind: 'n:b',
  info: { dept: '1', id: 2, seen: 't' },
};
const barney = { name: 'barney', type: 'plain', age: 8, 'n:aug': 'q' };
const data: Data = {
  'm:top': { users: { user: EntryMap.from(user, [fred, barney]) }, motd: 'hi', up: 'yes' },
  'n:top': { z: '1' },
};

/** A list that says how it was asked. */
class Counted implements Entries {
  readonly visits: string[] = [];
  readonly size = 2;
  get(key: string): Data | undefined {
    this.visits.push(`get ${key}`);
    return key === 'fred' ? fred : undefined;
  }
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }
  *[Symbol.iterator](): Iterator<Data> {
    for (const entry of [barney, fred]) {
      this.visits.push(`visit ${entry.name}`);
      yield entry;
    }
  }
}

function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, one: unknown) =>
      typeof one === 'object' && one !== null && Symbol.iterator in one ? [...(one as Iterable<unknown>)] : one,
    ),
  ) as unknown;
}

function filtered(filter: string, from: Data = data): unknown {
  return plain(subtreeFilter(schema, from, parseXml(`<filter>${filter}</filter>`)));
}

const top = (inner: string): string => `<top xmlns="urn:m">${inner}</top>`;
const users = (inner: string): string => top(`<users>${inner}</users>`);

describe('subtreeFilter', () => {
  it('selects nothing with an empty filter, everything of a selection node', () => {
    expect(filtered('')).to.deep.equal({});
    expect(filtered('<top xmlns="urn:m"/>')).to.deep.equal({ 'm:top': plain(data['m:top']) });
    expect(filtered(top('<motd/>'))).to.deep.equal({ 'm:top': { motd: 'hi' } });
  });

  it('selects by namespace, and in all for an element in none', () => {
    expect(filtered('<top xmlns="urn:n"/>')).to.deep.equal({ 'n:top': { z: '1' } });
    expect(filtered('<top xmlns="urn:zz"/>')).to.deep.equal({});
    expect(filtered('<top/>')).to.have.all.keys('m:top', 'n:top');
    expect(filtered(users('<user><aug xmlns="urn:n"/></user>'))).to.deep.equal({
      'm:top': { users: { user: [{ name: 'barney', 'n:aug': 'q' }] } },
    });
  });

  it('returns an entry whole when there are only content matches', () => {
    expect(filtered(users('<user><name>fred</name></user>'))).to.deep.equal({ 'm:top': { users: { user: [fred] } } });
  });

  it('returns what is selected beside a content match', () => {
    expect(filtered(users('<user><type>admin</type><info><dept/></info></user>'))).to.deep.equal({
      'm:top': { users: { user: [{ name: 'fred', type: 'admin', info: { dept: '1' } }] } },
    });
  });

  it('needs all content matches of a sibling set', () => {
    expect(filtered(users('<user><type>admin</type><age>8</age></user>'))).to.deep.equal({
      'm:top': { users: { user: [] } },
    });
    expect(filtered(users('<user><group>x</group><group>y</group></user>'))).to.deep.equal({
      'm:top': { users: { user: [fred] } },
    });
    expect(filtered(top('<motd>no</motd><users/>'))).to.deep.equal({});
    expect(filtered(top('<motd>hi</motd>'))).to.deep.equal({ 'm:top': plain(data['m:top']) });
  });

  it('gives several filters for one list together', () => {
    const both = users('<user><name>fred</name><age/></user><user><name>barney</name><type/></user>');
    expect(filtered(both)).to.deep.equal({
      'm:top': {
        users: {
          user: [
            { name: 'fred', age: 7 },
            { name: 'barney', type: 'plain' },
          ],
        },
      },
    });
    expect(filtered(top('<motd/>') + top('<users><user><name/></user></users>'))).to.deep.equal({
      'm:top': { motd: 'hi', users: { user: [{ name: 'barney' }, { name: 'fred' }] } },
    });
  });

  it('compares values, not texts', () => {
    expect(filtered(users('<user><age> 07 </age><name/></user>'))).to.have.nested.property(
      'm:top.users.user[0].name',
      'fred',
    );
    const kind = users('<user><kind xmlns:q="urn:n">q:b</kind><name/></user>');
    expect(filtered(kind)).to.have.nested.property('m:top.users.user.length', 1);
    expect(filtered(users('<user><age>old</age></user>'))).to.deep.equal({ 'm:top': { users: { user: [] } } });
  });

  it('selects nothing by a name that is not there, and does not take it for less', () => {
    expect(filtered(users('<user><name>fred</name><nope/></user>'))).to.deep.equal({
      'm:top': { users: { user: [{ name: 'fred' }] } },
    });
  });

  it('looks entries up by their keys, and visits others only as the result is read', () => {
    const list = new Counted();
    const from: Data = { 'm:top': { users: { user: list } } };
    expect(filtered(users('<user><name>fred</name><age/></user>'), from)).to.have.nested.property(
      'm:top.users.user[0].age',
      7,
    );
    expect(list.visits).to.deep.equal(['get fred']);
    const lazy = subtreeFilter(schema, from, parseXml(`<filter>${users('<user><age/></user>')}</filter>`));
    expect(list.visits).to.have.length(1);
    expect(plain(lazy)).to.have.nested.property('m:top.users.user.length', 2);
    expect(list.visits).to.deep.equal(['get fred', 'visit barney', 'visit fred']);
  });
});

describe('getNode, pruneTo, restrictTo', () => {
  const path = (text: string) => parsePath(schema, text, { collection: true });

  it('find values by path', () => {
    expect(getNode(schema, data, path("/m:top/users/user[name='fred']/info/id"))).to.equal(2);
    expect(getNode(schema, data, path("/m:top/users/user[name='fred']/group[.='y']"))).to.equal('y');
    expect(getNode(schema, data, path("/m:top/users/user[name='none']/info"))).to.equal(undefined);
    expect(getNode(schema, data, path('/m:top/users/user'))).to.be.instanceOf(EntryMap);
    expect(getNode(schema, data, [])).to.equal(data);
  });

  it('keep ancestors and keys', () => {
    expect(plain(pruneTo(schema, data, path("/m:top/users/user[name='fred']/info/id")))).to.deep.equal({
      'm:top': { users: { user: [{ name: 'fred', info: { id: 2 } }] } },
    });
    expect(pruneTo(schema, data, path("/m:top/users/user[name='none']"))).to.deep.equal({});
    expect(pruneTo(schema, data, [])).to.equal(data);
  });

  it('keep what several paths select', () => {
    const paths = [
      "/m:top/users/user[name='fred']/group[.='y']",
      "/m:top/users/user[name='barney']",
      '/m:top/motd',
    ].map(path);
    expect(plain(restrictTo(schema, data, paths))).to.deep.equal({
      'm:top': { users: { user: [{ name: 'fred', group: ['y'] }, barney] }, motd: 'hi' },
    });
  });
});

describe('limitDepth', () => {
  it('keeps so many levels, and the keys of entries at the last', () => {
    expect(plain(limitDepth(schema, data, 1))).to.deep.equal({ 'm:top': {}, 'n:top': {} });
    expect(plain(limitDepth(schema, data, 2))).to.deep.equal({
      'm:top': { users: {}, motd: 'hi', up: 'yes' },
      'n:top': { z: '1' },
    });
    expect(plain(limitDepth(schema, data, 3))).to.have.deep.nested.property('m:top.users.user', [
      { name: 'barney' },
      { name: 'fred' },
    ]);
    expect(plain(limitDepth(schema, data, 4))).to.have.deep.nested.property('m:top.users.user[1].info', {});
  });
});

describe('fields', () => {
  const fields = (text: string): unknown => plain(selectFields(schema, data, parseFields(schema, text)));

  it('follow the grammar of RFC 8040 §4.8.3', () => {
    expect(fields('m:top/motd')).to.deep.equal({ 'm:top': { motd: 'hi' } });
    expect(fields('m:top(motd;users/user(age;info(id)));n:top')).to.deep.equal({
      'm:top': {
        motd: 'hi',
        users: {
          user: [
            { name: 'barney', age: 8 },
            { name: 'fred', age: 7, info: { id: 2 } },
          ],
        },
      },
      'n:top': { z: '1' },
    });
    expect(fields('m:top/users/user/n:aug')).to.have.deep.nested.property('m:top.users.user', [
      { name: 'barney', 'n:aug': 'q' },
      { name: 'fred' },
    ]);
  });

  it('are relative to the target', () => {
    const parsed = parseFields(schema, 'age;m:type', user);
    expect(selectFields(schema, fred, parsed, user)).to.deep.equal({ age: 7, type: 'admin' });
  });

  for (const text of [
    '',
    'm:top(',
    'm:top()',
    'm:top)',
    'm:top;',
    'm:top/motd/x',
    'm:top(motd',
    'm:nope',
    'top',
    'm:top motd',
  ]) {
    it(`refuses "${text}"`, () => {
      expect(() => parseFields(schema, text))
        .to.throw(RpcError)
        .with.property('tag', 'invalid-value');
    });
  }
});

describe('selectContent and trimDefaults', () => {
  it('tell configuration from state', () => {
    const config = plain(selectContent(schema, data, 'config'));
    expect(config).to.not.have.nested.property('m:top.up');
    expect(config).to.have.deep.nested.property('m:top.users.user[1].info', { dept: '1', id: 2 });
    expect(plain(selectContent(schema, data, 'nonconfig'))).to.deep.equal({
      'm:top': { users: { user: [{ name: 'fred', info: { seen: 't' } }] }, up: 'yes' },
    });
    expect(selectContent(schema, data, 'all')).to.equal(data);
  });

  it('leave defaults out', () => {
    expect(plain(trimDefaults(schema, data))).to.have.deep.nested.property('m:top.users.user[0]', {
      name: 'barney',
      age: 8,
      'n:aug': 'q',
    });
  });
});

describe('entryKey', () => {
  it('tells keys apart whatever they hold', () => {
    expect(entryKey(['a,b', 'c'])).to.not.equal(entryKey(['a', 'b,c']));
  });
});
