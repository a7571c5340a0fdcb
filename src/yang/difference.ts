import { entryKey } from './data.ts';
import type { Data, LeafValue, Value } from './data.ts';
import { isData, keyValues } from './entries.ts';
import { asEntryMap } from './entry-views.ts';
import { entryStep } from './instance-path.ts';
import type { InstancePath } from './instance-path.ts';
import type { DataSchemaNode, LeafListNode, ListNode, SchemaParent, SchemaTree } from './schema-tree.ts';
import { sameValue } from './sharing.ts';

interface ChangeBase {
  readonly path: InstancePath;
  readonly node: DataSchemaNode;
}

/** One difference between two versions of a datastore. */
export type Change =
  | (ChangeBase & { readonly kind: 'created'; readonly after: Value })
  | (ChangeBase & { readonly kind: 'deleted'; readonly before: Value })
  | (ChangeBase & { readonly kind: 'modified'; readonly before: Value; readonly after: Value })
  /** An entry of a list or leaf-list that is ordered by the user has another place. */
  | (ChangeBase & { readonly kind: 'moved'; readonly after: Value });

/**
 * What differs: created and deleted subtrees at their top, modified leafs, leaf-list values, moved entries. What both
 * versions share by identity is not visited.
 */
export function* difference(schema: SchemaTree, before: Data, after: Data): Iterable<Change> {
  yield* members(schema, undefined, before, after, []);
}

function* members(
  schema: SchemaTree,
  parent: SchemaParent | undefined,
  before: Data,
  after: Data,
  path: InstancePath,
): Iterable<Change> {
  if (before === after) return;
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const node = schema.childByMember(parent, name);
    if (node === undefined) throw new Error(`there is no schema node for the member ${name}`);
    if (before[name] !== after[name]) yield* member(schema, node, before[name], after[name], path);
  }
}

function* member(
  schema: SchemaTree,
  node: DataSchemaNode,
  before: Value | undefined,
  after: Value | undefined,
  parentPath: InstancePath,
): Iterable<Change> {
  const path = [...parentPath, { module: node.module, name: node.name }];
  switch (node.kind) {
    case 'list':
      yield* list(schema, node, before, after, parentPath);
      break;
    case 'leaf-list':
      // By the schema, the member of a leaf-list is an array of leaf values.
      yield* leafList(node, (before ?? []) as readonly LeafValue[], (after ?? []) as readonly LeafValue[], parentPath);
      break;
    case 'container':
      if (isData(before) && isData(after)) yield* members(schema, node, before, after, path);
      else yield* whole(node, path, before, after);
      break;
    default:
      if (!sameValue(before, after)) yield* whole(node, path, before, after);
  }
}

function* whole(
  node: DataSchemaNode,
  path: InstancePath,
  before: Value | undefined,
  after: Value | undefined,
): Iterable<Change> {
  if (before !== undefined && after !== undefined) yield { kind: 'modified', node, path, before, after };
  else if (after !== undefined) yield { kind: 'created', node, path, after };
  else if (before !== undefined) yield { kind: 'deleted', node, path, before };
}

function* list(
  schema: SchemaTree,
  node: ListNode,
  before: Value | undefined,
  after: Value | undefined,
  parentPath: InstancePath,
): Iterable<Change> {
  if (node.keys.length === 0) {
    const path = [...parentPath, { module: node.module, name: node.name }];
    if (!sameValue(before, after)) yield* whole(node, path, before, after);
    return;
  }
  const old = asEntryMap(node, before);
  const now = asEntryMap(node, after);
  for (const change of now.differences(old)) {
    const entry = change.after ?? change.before;
    if (entry === undefined) continue;
    const path = [...parentPath, entryStep(node, keyValues(node, entry) ?? [])];
    if (change.before !== undefined && change.after !== undefined) {
      yield* members(schema, node, change.before, change.after, path);
    } else {
      yield* whole(node, path, change.before, change.after);
    }
  }
  if (node.orderedBy === 'system') return;
  for (const key of movedKeys([...old.keys()], [...now.keys()])) {
    const entry = now.get(key);
    if (entry !== undefined) {
      yield { kind: 'moved', node, path: [...parentPath, entryStep(node, keyValues(node, entry) ?? [])], after: entry };
    }
  }
}

function* leafList(
  node: LeafListNode,
  before: readonly LeafValue[],
  after: readonly LeafValue[],
  parentPath: InstancePath,
): Iterable<Change> {
  const old = new Map(before.map((value) => [entryKey([value]), value]));
  const now = new Map(after.map((value) => [entryKey([value]), value]));
  const step = (value: LeafValue): InstancePath => [...parentPath, { module: node.module, name: node.name, value }];
  for (const [key, value] of old) {
    if (!now.has(key)) yield { kind: 'deleted', node, path: step(value), before: value };
  }
  for (const [key, value] of now) {
    if (!old.has(key)) yield { kind: 'created', node, path: step(value), after: value };
  }
  if (node.orderedBy === 'system') return;
  for (const key of movedKeys([...old.keys()], [...now.keys()])) {
    const value = now.get(key);
    if (value !== undefined) yield { kind: 'moved', node, path: step(value), after: value };
  }
}

/** The fewest of the keys in both that have to move to get from one order to the other. */
function movedKeys(before: readonly string[], after: readonly string[]): readonly string[] {
  const rank = new Map(before.map((key, at) => [key, at]));
  const common = after.flatMap((key) => {
    const at = rank.get(key);
    return at === undefined ? [] : [{ key, at }];
  });
  const staying = longestIncreasing(common.map(({ at }) => at));
  return common.filter((_, index) => !staying.has(index)).map(({ key }) => key);
}

/** Indexes of a longest increasing subsequence (patience sorting). */
function longestIncreasing(values: readonly number[]): ReadonlySet<number> {
  const tails: number[] = [];
  const previous: number[] = [];
  for (const [index, value] of values.entries()) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[tails[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    previous[index] = low === 0 ? -1 : (tails[low - 1] ?? -1);
    tails[low] = index;
  }
  const found = new Set<number>();
  for (let at = tails.at(-1) ?? -1; at >= 0; at = previous[at] ?? -1) found.add(at);
  return found;
}
