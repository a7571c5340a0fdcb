import { expect } from 'chai';

import type { Data } from '../../../src/yang/data.ts';
import { applyEdit, difference, editAt, editOf } from '../../../src/yang/edit.ts';
import type { EditNode, EditOperation, EditTree } from '../../../src/yang/edit.ts';
import { EntryMap } from '../../../src/yang/entries.ts';
import { formatPath, parseApiPath } from '../../../src/yang/instance-path.ts';
import { RpcError } from '../../../src/yang/rpc-error.ts';
import { SchemaTree } from '../../../src/yang/schema-tree.ts';
import type { ListNode } from '../../../src/yang/schema-tree.ts';
import { choice, container, leaf, leafList, list, module, string, uint32 } from './schema-builder.ts';

const server = list('server', ['name'], [leaf('name'), leaf('port', uint32), leafList('tag')]);
const rule = list('rule', ['id'], [leaf('id'), leaf('action')], { orderedBy: 'user' });
const step = leafList('step', string, { orderedBy: 'user' });
const schema = new SchemaTree([
  module('m', [
    container('top', [
      server,
      rule,
      step,
      leaf('motd'),
      container('np', [leaf('x'), container('deep', [leaf('y')])]),
      container('p', [leaf('x')], { presence: true }),
      choice('way', { one: [leaf('a1'), leaf('a2')], two: [container('b', [leaf('v')])] }),
    ]),
    leaf('other'),
  ]),
]);

/** Data as the datastore holds them: lists as maps. */
function stored(top: Record<string, unknown>): Data {
  const lists = { server, rule } as Record<string, ListNode>;
  const members = Object.entries(top).map(([name, value]): [string, unknown] => {
    const of = lists[name];
    return [name, of === undefined ? value : EntryMap.from(of, value as Data[])];
  });
  return { 'm:top': Object.fromEntries(members) as Data };
}

function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, one: unknown) => (one instanceof EntryMap ? [...one] : one)),
  ) as unknown;
}

function topEdit(...children: EditNode[]): EditTree {
  const top = schema.child(undefined, 'm', 'top');
  if (top?.kind !== 'container') throw new Error('no top');
  return { operation: 'merge', children: [{ node: top, operation: 'merge', children }] };
}

function edits(top: Data, operation: EditOperation): readonly EditNode[] {
  const [edit] = editOf(schema, undefined, { 'm:top': top }, operation);
  if (edit === undefined || !('children' in edit)) throw new Error('no edit');
  return edit.children;
}

function apply(config: Data, edit: EditTree): unknown {
  return plain(applyEdit(schema, config, edit).data['m:top'] ?? {});
}

function refusal(run: () => unknown): RpcError {
  try {
    run();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('accepted');
}

const two = stored({ server: [{ name: 'a', port: 1 }, { name: 'b' }], motd: 'hi' });

describe('applyEdit', () => {
  it('merges into what is there and creates what is not', () => {
    const after = apply(two, topEdit(...edits({ server: [{ name: 'b', port: 2 }, { name: 'c' }] }, 'merge')));
    expect(after).to.deep.equal({
      server: [{ name: 'a', port: 1 }, { name: 'b', port: 2 }, { name: 'c' }],
      motd: 'hi',
    });
  });

  it('replaces an entry, a container, and the whole datastore', () => {
    expect(apply(two, topEdit(...edits({ server: [{ name: 'a', tag: ['x'] }] }, 'replace')))).to.deep.equal({
      server: [{ name: 'a', tag: ['x'] }, { name: 'b' }],
      motd: 'hi',
    });
    const whole = editOf(schema, undefined, { 'm:top': { motd: 'new' } }, 'replace');
    expect(apply(two, { operation: 'merge', children: whole })).to.deep.equal({ motd: 'new' });
    const other = editOf(schema, undefined, { 'm:other': 'o' }, 'merge');
    expect(applyEdit(schema, two, { operation: 'replace', children: other }).data).to.deep.equal({ 'm:other': 'o' });
  });

  it('shares what a replacement leaves as it was', () => {
    const same = editOf(schema, undefined, plain(two) as Data, 'replace');
    expect(applyEdit(schema, two, { operation: 'replace', children: same }).data).to.equal(two);
    expect(applyEdit(schema, two, { operation: 'merge', children: same }).data).to.equal(two);
  });

  it('refuses to create what exists, with its path', () => {
    const error = refusal(() => apply(two, topEdit(...edits({ server: [{ name: 'a' }] }, 'create'))));
    expect(error).to.include({ tag: 'data-exists', path: "/m:top/server[name='a']" });
    expect(refusal(() => apply(two, topEdit(...edits({ motd: 'x' }, 'create')))).path).to.equal('/m:top/motd');
  });

  it('refuses to delete what does not exist; remove does not mind', () => {
    const gone = { server: [{ name: 'zz' }] };
    const error = refusal(() => apply(two, topEdit(...edits(gone, 'delete'))));
    expect(error).to.include({ tag: 'data-missing', path: "/m:top/server[name='zz']" });
    expect(applyEdit(schema, two, topEdit(...edits(gone, 'remove'))).data).to.equal(two);
    expect(apply(two, topEdit(...edits({ server: [{ name: 'a' }], motd: '' }, 'delete')))).to.deep.equal({
      server: [{ name: 'b' }],
    });
  });

  it('takes a container without presence away with its last content, and keeps one with presence', () => {
    const config = stored({ np: { deep: { y: '1' } }, p: { x: '1' } });
    const y = edits({ np: { deep: { y: '' } }, p: { x: '' } }, 'delete').flatMap(relax);
    expect(apply(config, topEdit(...y))).to.deep.equal({ p: {} });
  });

  it('descends with none, which creates nothing', () => {
    const missing = edits({ server: [{ name: 'zz', port: 1 }] }, 'none');
    expect(refusal(() => apply(two, topEdit(...missing)))).to.include({
      tag: 'data-missing',
      path: "/m:top/server[name='zz']",
    });
    const nested: EditNode = {
      node: server,
      operation: 'none',
      keys: ['b'],
      children: [{ node: leafOf(server, 'port'), operation: 'create', value: 9 }],
    };
    expect(apply(two, topEdit(nested))).to.deep.include({
      server: [
        { name: 'a', port: 1 },
        { name: 'b', port: 9 },
      ],
    });
  });

  it('drops the nodes of the other cases', () => {
    const config = stored({ a1: '1', a2: '2' });
    expect(apply(config, topEdit(...edits({ b: { v: 'x' } }, 'merge')))).to.deep.equal({ b: { v: 'x' } });
    expect(apply(config, topEdit(...edits({ a1: 'x' }, 'merge')))).to.deep.equal({ a1: 'x', a2: '2' });
    const both = refusal(() => apply(config, topEdit(...edits({ a1: 'x', b: { v: 'x' } }, 'merge'))));
    expect(both.tag).to.equal('bad-element');
  });

  it('refuses the same node twice', () => {
    const [a] = edits({ server: [{ name: 'a' }] }, 'merge');
    if (a === undefined) throw new Error('no edit');
    expect(refusal(() => apply(two, topEdit(a, a)))).to.include({
      tag: 'bad-element',
      path: "/m:top/server[name='a']",
    });
  });

  it('moves and inserts entries of lists and leaf-lists', () => {
    const config = stored({ rule: [{ id: '1' }, { id: '2' }, { id: '3' }], step: ['x', 'y', 'z'] });
    const put = (id: string, insert: object): EditNode =>
      ({ node: rule, operation: 'merge', keys: [id], children: [], insert }) as EditNode;
    const value = (one: string, insert: object): EditNode =>
      ({ node: step, operation: 'merge', value: one, insert }) as EditNode;
    expect(apply(config, topEdit(put('3', { at: 'first' }), put('n', { at: 'after', key: '1' })))).to.deep.include({
      rule: [{ id: '3' }, { id: '1' }, { id: 'n' }, { id: '2' }],
    });
    expect(apply(config, topEdit(value('z', { at: 'before', key: 'x' }), value('n', { at: 'first' })))).to.deep.include(
      {
        step: ['n', 'z', 'x', 'y'],
      },
    );
    const error = refusal(() => apply(config, topEdit(put('3', { at: 'before', key: 'no' }))));
    expect(error).to.include({ tag: 'bad-attribute', appTag: 'missing-instance', path: "/m:top/rule[id='3']" });
    expect(error.info).to.include({ badAttribute: 'key' });
  });

  it('edits values of leaf-lists one by one', () => {
    const config = stored({ step: ['x', 'y'] });
    expect(apply(config, topEdit(...edits({ step: ['y', 'z'] }, 'merge')))).to.deep.equal({ step: ['x', 'y', 'z'] });
    expect(apply(config, topEdit(...edits({ step: ['x', 'y'] }, 'delete')))).to.deep.equal({});
    expect(refusal(() => apply(config, topEdit(...edits({ step: ['x'] }, 'create'))))).to.include({
      tag: 'data-exists',
      path: "/m:top/step[.='x']",
    });
  });

  it('shares the other entries of a list it edits', () => {
    const many = stored({ server: Array.from({ length: 1000 }, (_, at) => ({ name: `s${at}`, port: at })) });
    const after = applyEdit(schema, many, topEdit(...edits({ server: [{ name: 's5', port: 0 }] }, 'merge'))).data;
    const map = (data: Data) => (data['m:top'] as Data)['server'] as EntryMap;
    expect([...map(after).differences(map(many))].map(({ key }) => key)).to.deep.equal(['s5']);
    expect(map(after).get('s6')).to.equal(map(many).get('s6'));
  });
});

/** Leaves the ancestors of a delete as they are. */
function relax(edit: EditNode): EditNode[] {
  if (!('children' in edit) || 'keys' in edit) return [edit];
  return [{ ...edit, operation: 'none', children: edit.children.flatMap(relax) }];
}

function leafOf(of: ListNode, name: string) {
  const found = schema.child(of, 'm', name);
  if (found?.kind !== 'leaf') throw new Error(`no leaf ${name}`);
  return found;
}

describe('editAt', () => {
  const at = (raw: string) => parseApiPath(schema, raw, { collection: true }).path;

  it('puts an entry, and says whether it is new', () => {
    const put = (name: string) =>
      applyEdit(schema, two, editAt(schema, at(`m:top/server=${name}`), 'replace', { server: [{ name, port: 7 }] }));
    expect(put('a')).to.include({ created: false });
    expect(put('n')).to.include({ created: true });
    expect(plain(put('a').data)).to.have.deep.nested.property('m:top.server[0]', { name: 'a', port: 7 });
  });

  it('refuses content that is not the target', () => {
    const wrong = () => editAt(schema, at('m:top/server=a'), 'replace', { server: [{ name: 'b' }] });
    expect(refusal(wrong).message).to.contain("[name='b']").and.to.contain("[name='a']");
    expect(refusal(() => editAt(schema, at('m:top/motd'), 'replace', { np: {} })).tag).to.equal('invalid-value');
    const none = () => editAt(schema, at('m:top/motd'), 'replace', {});
    expect(refusal(none).tag).to.equal('invalid-value');
    const noKey = () => editAt(schema, at('m:top'), 'create', { server: [{ port: 1 }] });
    expect(refusal(noKey)).to.include({ tag: 'missing-element', path: '/m:top/server' });
  });

  it('creates a child, and gives its path', () => {
    const edit = editAt(schema, at('m:top'), 'create', { server: [{ name: 'n' }] });
    expect(formatPath(edit.target?.path ?? [])).to.equal("/m:top/server[name='n']");
    expect(applyEdit(schema, two, edit).created).to.equal(true);
    const again = editAt(schema, at('m:top'), 'create', { server: [{ name: 'a' }] });
    expect(refusal(() => applyEdit(schema, two, again)).tag).to.equal('data-exists');
  });

  it('never creates by a plain PATCH, nor below what is missing', () => {
    const patch = editAt(schema, at('m:top/server=n'), 'merge', { server: [{ name: 'n' }] });
    expect(refusal(() => applyEdit(schema, two, patch)).tag).to.equal('data-missing');
    const below = editAt(schema, at('m:top/server=n/port'), 'replace', { port: 1 });
    expect(refusal(() => applyEdit(schema, two, below))).to.include({
      tag: 'data-missing',
      path: "/m:top/server[name='n']",
    });
    const np = editAt(schema, at('m:top/np'), 'merge', { np: { x: '1' } });
    expect(apply(two, np)).to.deep.include({ np: { x: '1' } });
  });

  it('deletes a node, or all entries', () => {
    expect(apply(two, editAt(schema, at('m:top/server=a'), 'delete'))).to.deep.include({ server: [{ name: 'b' }] });
    expect(apply(two, editAt(schema, at('m:top/server'), 'delete'))).to.deep.equal({ motd: 'hi' });
    const key = editAt(schema, at('m:top/server=a/name'), 'delete');
    expect(refusal(() => applyEdit(schema, two, key))).to.include({
      tag: 'invalid-value',
      path: "/m:top/server[name='a']/name",
    });
    expect(refusal(() => editAt(schema, [], 'delete')).tag).to.equal('operation-not-supported');
  });

  it('replaces the datastore', () => {
    const result = applyEdit(schema, two, editAt(schema, [], 'replace', { 'm:other': 'x' }));
    expect(result.data).to.deep.equal({ 'm:other': 'x' });
  });

  it('inserts only where the user orders', () => {
    const first = { at: 'first' } as const;
    const edit = editAt(schema, at('m:top'), 'create', { rule: [{ id: '0' }] }, first);
    const config = stored({ rule: [{ id: '1' }] });
    expect(apply(config, edit)).to.deep.equal({ rule: [{ id: '0' }, { id: '1' }] });
    const wrong = () => editAt(schema, at('m:top'), 'create', { server: [{ name: '0' }] }, first);
    expect(refusal(wrong).tag).to.equal('invalid-value');
  });
});

describe('difference', () => {
  const changes = (before: Data, after: Data): string[] =>
    [...difference(schema, before, after)].map(({ kind, path }) => `${kind} ${formatPath(path)}`);

  it('names created, deleted, modified and moved nodes', () => {
    const before = stored({
      server: [{ name: 'a', port: 1, tag: ['x'] }, { name: 'b' }],
      rule: [{ id: '1' }, { id: '2' }, { id: '3' }],
      np: { x: '1' },
      step: ['x', 'y'],
    });
    const after = stored({
      server: [{ name: 'a', port: 2, tag: ['x', 'y'] }, { name: 'c' }],
      rule: [{ id: '3' }, { id: '1' }, { id: '2' }],
      motd: 'm',
      step: ['y', 'x'],
    });
    expect(changes(before, after)).to.have.members([
      "modified /m:top/server[name='a']/port",
      "created /m:top/server[name='a']/tag[.='y']",
      "deleted /m:top/server[name='b']",
      "created /m:top/server[name='c']",
      "moved /m:top/rule[id='3']",
      'deleted /m:top/np',
      'created /m:top/motd',
      "moved /m:top/step[.='y']",
    ]);
  });

  it('is empty for the same data, whether the same objects or not', () => {
    const value = { server: [{ name: 'a', tag: ['x'] }], rule: [{ id: '1' }] };
    expect(changes(stored(value), stored(value))).to.deep.equal([]);
    expect(changes(two, two)).to.deep.equal([]);
  });
});
