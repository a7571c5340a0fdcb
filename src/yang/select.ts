import { entryKey } from './data.ts';
import type { Data, LeafValue, Value } from './data.ts';
import { entriesOf, isData } from './entries.ts';
import { findEntry, keysOf, mapEntries } from './entry-views.ts';
import { leafText } from './leaf-value.ts';
import { formatPath, schemaNodes } from './instance-path.ts';
import type { InstancePath, PathStep } from './instance-path.ts';
import type { DataSchemaNode, LeafNode, ListNode, SchemaParent, SchemaTree } from './schema-tree.ts';

export { findEntry } from './entry-views.ts';
export { parseFields, selectFields } from './fields.ts';
export { subtreeFilter } from './subtree-filter.ts';

/**
 * The value at a path: a leaf's value, the Data of a container or entry, all entries for a step without keys.
 * @returns undefined when there is none
 * @throws RpcError unknown-element for a path that is not in the schema
 */
export function getNode(schema: SchemaTree, data: Data, path: InstancePath): Value | undefined {
  const nodes = schemaNodes(schema, path);
  let value: Value | undefined = data;
  let module: string | undefined;
  for (const [at, step] of path.entries()) {
    const node = nodes[at];
    if (node === undefined || !isData(value)) return undefined;
    value = instanceAt(node, step, value[schema.memberName(node, module)]);
    module = node.module;
  }
  return value;
}

/** The one instance that a step means of what its member holds. */
function instanceAt(node: DataSchemaNode, step: PathStep, value: Value | undefined): Value | undefined {
  if (node.kind === 'list' && step.keys !== undefined) {
    return findEntry(node, value, entryKey(step.keys.map((key) => key.value)));
  }
  if (node.kind === 'list' && step.position !== undefined) return [...entriesOf(value)][step.position - 1];
  if (node.kind === 'leaf-list' && step.value !== undefined) {
    const wanted = entryKey([step.value]);
    // By the schema, the member of a leaf-list is an array of leaf values.
    return ((value ?? []) as readonly LeafValue[]).find((one) => entryKey([one]) === wanted);
  }
  return value;
}

/** What of a tree to keep: a node as a whole, or some of its members. */
interface Branch {
  whole: boolean;
  readonly members: Map<string, { readonly node: DataSchemaNode; readonly instances: Map<string, Instance> }>;
}

interface Instance {
  readonly step: PathStep;
  readonly branch: Branch;
}

function emptyBranch(): Branch {
  return { whole: false, members: new Map() };
}

/** The root-level Data that holds only a path's ancestors (list entries with their keys) and the value there; `{}` when absent. */
export function pruneTo(schema: SchemaTree, data: Data, path: InstancePath): Data {
  return restrictTo(schema, data, [path]);
}

/** The root-level Data with only what the paths select, ancestors' keys included, in the paths' order within a list. */
export function restrictTo(schema: SchemaTree, data: Data, paths: readonly InstancePath[]): Data {
  const root = emptyBranch();
  for (const path of paths) addPath(schema, root, path);
  return keepBranch(root, data) ?? {};
}

function addPath(schema: SchemaTree, root: Branch, path: InstancePath): void {
  let branch = root;
  let module: string | undefined;
  for (const [at, node] of schemaNodes(schema, path).entries()) {
    const step = path[at];
    if (step === undefined) return;
    const name = schema.memberName(node, module);
    const member = branch.members.get(name) ?? { node, instances: new Map<string, Instance>() };
    branch.members.set(name, member);
    const key = formatPath([step]);
    const instance = member.instances.get(key) ?? { step, branch: emptyBranch() };
    member.instances.set(key, instance);
    branch = instance.branch;
    module = node.module;
  }
  branch.whole = true;
}

function keepBranch(branch: Branch, data: Data): Data | undefined {
  if (branch.whole) return data;
  const kept: [string, Value][] = [];
  for (const [name, { node, instances }] of branch.members) {
    const value = keepMember(node, [...instances.values()], data[name]);
    if (value !== undefined) kept.push([name, value]);
  }
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function keepMember(node: DataSchemaNode, instances: readonly Instance[], value: Value | undefined): Value | undefined {
  if (value === undefined) return undefined;
  const all = instances.find(
    ({ step }) => Object.keys(step).length === 2 && (node.kind === 'list' || node.kind === 'leaf-list'),
  );
  if (all?.branch.whole === true) return value;
  const [first] = instances;
  switch (node.kind) {
    case 'container':
      return first !== undefined && isData(value) ? keepBranch(first.branch, value) : undefined;
    case 'list': {
      const entries: Data[] = [];
      for (const { step, branch } of instances) {
        const entry = instanceAt(node, step, value);
        const kept = isData(entry) ? keepEntry(node, branch, entry) : undefined;
        if (kept !== undefined) entries.push(kept);
      }
      return entries.length === 0 ? undefined : entries;
    }
    case 'leaf-list': {
      const values = instances.flatMap(({ step }) => instanceAt(node, step, value) ?? []);
      return values.length === 0 ? undefined : (values as LeafValue[]);
    }
    default:
      return value;
  }
}

function keepEntry(list: ListNode, branch: Branch, entry: Data): Data | undefined {
  const kept = keepBranch(branch, entry);
  return kept === undefined || branch.whole ? kept : { ...keysOf(list, entry), ...kept };
}

/**
 * RFC 8040 §4.8.2: `depth` levels of nodes. 1 keeps `nodes` themselves, containers empty and list entries with nothing but
 * their keys.
 */
export function limitDepth(schema: SchemaTree, nodes: Data, depth: number, parent?: SchemaParent): Data {
  return mapMembers(schema, parent, nodes, (node, value) => {
    if (node.kind === 'container' && isData(value)) {
      return depth <= 1 ? {} : limitDepth(schema, value, depth - 1, node);
    }
    if (node.kind !== 'list') return value;
    return mapEntries(value, (entry) =>
      depth <= 1 ? keysOf(node, entry) : { ...keysOf(node, entry), ...limitDepth(schema, entry, depth - 1, node) },
    );
  });
}

/**
 * RFC 8040 §4.8.1: configuration only, or state only with the ancestors and keys that it needs. Entries without any of it
 * are left out of a `nonconfig` selection.
 */
export function selectContent(
  schema: SchemaTree,
  nodes: Data,
  content: 'config' | 'nonconfig' | 'all',
  parent?: SchemaParent,
): Data {
  if (content === 'all') return nodes;
  return content === 'config' ? configOf(schema, nodes, parent) : stateOf(schema, nodes, parent);
}

function configOf(schema: SchemaTree, nodes: Data, parent: SchemaParent | undefined): Data {
  return mapMembers(schema, parent, nodes, (node, value) => {
    if (!node.config) return undefined;
    if (node.kind === 'container' && isData(value)) {
      const kept = configOf(schema, value, node);
      return node.presence || Object.keys(kept).length > 0 ? kept : undefined;
    }
    return node.kind === 'list' ? mapEntries(value, (entry) => configOf(schema, entry, node)) : value;
  });
}

function stateOf(schema: SchemaTree, nodes: Data, parent: SchemaParent | undefined): Data {
  return mapMembers(schema, parent, nodes, (node, value) => {
    if (!node.config) return value;
    if (!holdsState(schema, node)) return undefined;
    if (node.kind === 'container' && isData(value)) {
      const kept = stateOf(schema, value, node);
      return Object.keys(kept).length > 0 ? kept : undefined;
    }
    if (node.kind !== 'list') return undefined;
    return mapEntries(value, (entry) => {
      const kept = stateOf(schema, entry, node);
      return Object.keys(kept).length > 0 ? { ...keysOf(node, entry), ...kept } : undefined;
    });
  });
}

const stateBelow = new WeakMap<DataSchemaNode, boolean>();

/** Whether there is any state data at or below a node of the schema. */
function holdsState(schema: SchemaTree, node: DataSchemaNode): boolean {
  const known = stateBelow.get(node);
  if (known !== undefined) return known;
  const inner = node.kind === 'container' || node.kind === 'list';
  const answer = !node.config || (inner && schema.children(node).some((child) => holdsState(schema, child)));
  stateBelow.set(node, answer);
  return answer;
}

/** RFC 6243 §3.2 `trim`: without leafs and leaf-lists that have their default value, and containers left empty by that. */
export function trimDefaults(schema: SchemaTree, nodes: Data, parent?: SchemaParent): Data {
  return mapMembers(schema, parent, nodes, (node, value) => {
    switch (node.kind) {
      // By the schema, leafs hold leaf values and leaf-lists arrays of them.
      case 'leaf':
        return hasDefault(node, value as LeafValue) ? undefined : value;
      case 'leaf-list':
        return sameTexts(node.defaults, value as readonly LeafValue[]) ? undefined : value;
      case 'container': {
        if (!isData(value)) return value;
        const kept = trimDefaults(schema, value, node);
        return node.presence || Object.keys(kept).length > 0 ? kept : undefined;
      }
      case 'list':
        return mapEntries(value, (entry) => trimDefaults(schema, entry, node));
      default:
        return value;
    }
  });
}

function hasDefault(node: LeafNode, value: LeafValue): boolean {
  return node.default !== undefined && !node.isKey && leafText(value) === node.default;
}

function sameTexts(defaults: readonly string[], values: readonly LeafValue[]): boolean {
  return (
    defaults.length > 0 &&
    defaults.length === values.length &&
    values.every((one, at) => leafText(one) === defaults[at])
  );
}

/** Each member through a function; members it has no value for are left out. */
function mapMembers(
  schema: SchemaTree,
  parent: SchemaParent | undefined,
  nodes: Data,
  map: (node: DataSchemaNode, value: Value) => Value | undefined,
): Data {
  const mapped: [string, Value][] = [];
  for (const [member, value] of Object.entries(nodes)) {
    const node = value === undefined ? undefined : schema.childByMember(parent, member);
    const kept = node === undefined || value === undefined ? undefined : map(node, value);
    if (kept !== undefined) mapped.push([member, kept]);
  }
  return Object.fromEntries(mapped);
}
