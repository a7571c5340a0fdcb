import { expect } from 'chai';
import fc from 'fast-check';

import type { Data, Value } from '../../src/yang/data.ts';
import { applyEdit, difference } from '../../src/yang/edit.ts';
import type { EditNode, EditOperation, EditTree } from '../../src/yang/edit.ts';
import { formatPath } from '../../src/yang/instance-path.ts';
import { RpcError } from '../../src/yang/rpc-error.ts';
import { SchemaTree } from '../../src/yang/schema-tree.ts';
import { container, leaf, leafList, list, module, string } from '../unit/yang/schema-builder.ts';
import { plain } from '../unit/yang/zoo.ts';

const inner = container('inner', [leaf('v')]);
const values = leafList('values', string, { orderedBy: 'user' });
const entry = list('entry', ['id'], [leaf('id'), leaf('v'), inner], { orderedBy: 'user' });
const top = container('top', [leaf('v'), container('p', [leaf('v')], { presence: true }), inner, values, entry]);
const schema = new SchemaTree([module('m', [top])]);

/** The model: nested maps of what exists, by name or by list key, an order for what the user orders. */
interface Node {
  value?: string;
  children: Map<string, Node>;
}

const OPERATIONS: readonly EditOperation[] = ['merge', 'replace', 'create', 'delete', 'remove', 'none'];
const operation = fc.option(fc.constantFrom(...OPERATIONS.filter((one) => one !== 'none')), { nil: undefined });
const id = fc.constantFrom('a', 'b', 'c');

/** An edit as its shape alone; operations are inherited when it is built. */
interface Shape {
  readonly name: string;
  readonly operation: EditOperation | undefined;
  readonly text?: string;
  readonly key?: string;
  readonly children?: readonly Shape[];
}

const leafShape = fc.record({ name: fc.constant('v'), operation, text: id });
const innerShape = fc.record({
  name: fc.constant('inner'),
  operation,
  children: fc.uniqueArray(leafShape, { maxLength: 1, selector: () => 0 }),
});
const entryShape = fc.record({
  name: fc.constant('entry'),
  operation,
  key: id,
  children: fc.tuple(fc.option(leafShape), fc.option(innerShape)).map((some) => some.filter((one) => one !== null)),
});
const topChildren = fc
  .tuple(
    fc.option(leafShape),
    fc.option(
      fc.record({
        name: fc.constant('p'),
        operation,
        children: fc.uniqueArray(leafShape, { maxLength: 1, selector: () => 0 }),
      }),
    ),
    fc.option(innerShape),
    fc.uniqueArray(fc.record({ name: fc.constant('values'), operation, text: id }), {
      selector: (one) => one.text,
      maxLength: 2,
    }),
    fc.uniqueArray(entryShape, { selector: (one) => one.key, maxLength: 3 }),
  )
  .map(([v, p, one, some, entries]): Shape[] =>
    [v, p, one].filter((shape) => shape !== null).concat(some as never, entries as never),
  );
const edit = fc.record({
  base: fc.constantFrom('merge' as const, 'replace' as const, 'none' as const),
  children: topChildren,
});

function build(shape: Shape, parent: Parameters<SchemaTree['child']>[0], inherited: EditOperation): EditNode {
  const node = schema.child(parent, 'm', shape.name);
  const effective = shape.operation ?? inherited;
  const children = (shape.children ?? []).map((child) =>
    build(child, node?.kind === 'container' || node?.kind === 'list' ? node : undefined, effective),
  );
  if (node?.kind === 'list') return { node, operation: effective, keys: [shape.key ?? ''], children };
  if (node?.kind === 'container') return { node, operation: effective, children };
  if (node?.kind === 'leaf' || node?.kind === 'leaf-list') {
    return { node, operation: effective, value: shape.text ?? '' } as EditNode;
  }
  throw new Error(`no node ${shape.name}`);
}

class Refused extends Error {}

const nameIn = (shape: Shape): string =>
  shape.key !== undefined ? `entry ${shape.key}` : shape.name === 'values' ? `values ${shape.text ?? ''}` : shape.name;
const implied = (name: string): boolean => name === 'inner' || name === 'top';

function modelApply(parent: Node, shape: Shape, inherited: EditOperation): void {
  const name = nameIn(shape);
  const op = shape.operation ?? inherited;
  const existing = parent.children.get(name);
  if (op === 'delete' && existing === undefined) throw new Refused('data-missing');
  if (op === 'delete' || op === 'remove') {
    parent.children.delete(name);
    return;
  }
  if (op === 'create' && existing !== undefined) throw new Refused('data-exists');
  if (op === 'none' && existing === undefined && !implied(name)) throw new Refused('data-missing');
  const node: Node = existing !== undefined && op !== 'replace' ? existing : { children: new Map() };
  if (shape.text !== undefined && op !== 'none') node.value = shape.text;
  for (const child of shape.children ?? []) modelApply(node, child, op);
  if (implied(name) && node.children.size === 0) parent.children.delete(name);
  else parent.children.set(name, node);
}

function modelCopy(node: Node): Node {
  return { ...node, children: new Map([...node.children].map(([name, child]) => [name, modelCopy(child)])) };
}

function modelPlain(node: Node): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const [name, child] of node.children) {
    const [member = '', key] = name.split(' ');
    const some = (members[member] ?? []) as unknown[];
    if (member === 'entry') members[member] = [...some, { id: key, ...modelPlain(child) }];
    else if (member === 'values') members[member] = [...some, key];
    else members[member] = child.value ?? modelPlain(child);
  }
  return members;
}

describe('edits', () => {
  it('do what a naive model does, refuse what it refuses, and leave the former version alone', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 12 }), (edits) => {
        let model: Node = { children: new Map() };
        let data: Data = {};
        for (const { base, children } of edits) {
          const shape: Shape = { name: 'top', operation: undefined, children };
          const tree: EditTree = { operation: base, children: [build(shape, undefined, base)] };
          const next = base === 'replace' ? { children: new Map<string, Node>() } : modelCopy(model);
          const before = JSON.stringify(plain(data));
          let expected: string | undefined;
          try {
            modelApply(next, shape, base);
          } catch (error) {
            expected = (error as Error).message;
          }
          if (expected === undefined) {
            const after = applyEdit(schema, data, tree).data;
            expect(JSON.stringify(plain(data))).to.equal(before);
            checkDifference(data, after);
            data = after;
            model = next;
          } else {
            expect(() => applyEdit(schema, data, tree))
              .to.throw(RpcError)
              .with.property('tag', expected);
          }
          expect(plain(data['m:top'] ?? {})).to.deep.equal(modelPlain(model.children.get('top') ?? model));
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** The difference names what the JSON of the versions says, and nothing when they are the same. */
function checkDifference(before: Data, after: Data): void {
  const paths = [...difference(schema, before, after)].map(({ path }) => formatPath(path));
  expect(new Set(paths).size).to.equal(paths.length);
  const same = JSON.stringify(plain(before)) === JSON.stringify(plain(after));
  if (same) expect(after).to.equal(before);
  const members = (data: Data): Value => data['m:top'] ?? {};
  if (JSON.stringify(sortedPlain(members(before))) !== JSON.stringify(sortedPlain(members(after)))) {
    expect(paths).to.not.be.empty;
  }
}

function sortedPlain(value: Value): unknown {
  return Object.entries(plain(value) as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
}
