import type { AnyValue, Data, LeafValue, Value } from './data.ts';
import { entriesOf, isData, keyValues } from './entries.ts';
import type { InsertPosition } from './entries.ts';
import { entryStep, formatPath, schemaNodes } from './instance-path.ts';
import type { InstancePath, PathStep } from './instance-path.ts';
import { RpcError } from './rpc-error.ts';
import type {
  AnyNode,
  ContainerNode,
  DataSchemaNode,
  LeafListNode,
  LeafNode,
  ListNode,
  SchemaParent,
  SchemaTree,
} from './schema-tree.ts';

export { applyEdit } from './apply-edit.ts';
export { difference } from './difference.ts';
export type { Change } from './difference.ts';

/** RFC 6241 §7.2; `none` is default-operation none: descend, touch nothing. */
export type EditOperation = 'merge' | 'replace' | 'create' | 'delete' | 'remove' | 'none';

interface EditBase {
  /** The operation in effect here: the node's own, or the nearest ancestor's, or default-operation. */
  readonly operation: EditOperation;
}

export interface ContainerEdit extends EditBase {
  readonly node: ContainerNode;
  readonly children: readonly EditNode[];
}

export interface EntryEdit extends EditBase {
  readonly node: ListNode;
  /** Values of the key leafs in key order; the key leafs are not among `children`. */
  readonly keys: readonly LeafValue[];
  readonly children: readonly EditNode[];
  readonly insert?: InsertPosition;
}

export interface LeafEdit extends EditBase {
  readonly node: LeafNode;
  /** Absent only where the operation needs none: delete, remove, none. */
  readonly value?: LeafValue;
}

export interface LeafListEdit extends EditBase {
  readonly node: LeafListNode;
  readonly value: LeafValue;
  /** `key` of `before` and `after` is the other value as `entryKey([value])`. */
  readonly insert?: InsertPosition;
}

/** Removes a whole list or leaf-list, whatever its entries (RESTCONF on a collection). */
export interface CollectionEdit extends EditBase {
  readonly node: ListNode | LeafListNode;
  readonly operation: 'delete' | 'remove';
  readonly all: true;
}

export interface AnyEdit extends EditBase {
  readonly node: AnyNode;
  /** Absent only where the operation needs none. */
  readonly value?: AnyValue;
}

export type EditNode = ContainerEdit | EntryEdit | LeafEdit | LeafListEdit | CollectionEdit | AnyEdit;

/** An edit of a datastore. */
export interface EditTree {
  /** That of the root: default-operation, or `replace` for copy-config and PUT of the datastore. */
  readonly operation: 'merge' | 'replace' | 'none';
  readonly children: readonly EditNode[];
  /** What a RESTCONF request is about. */
  readonly target?: EditTarget;
}

export interface EditTarget {
  /** The node inside the edit's `children`. */
  readonly edit: EditNode;
  /** Its path; for POST that of the new resource, as `Location` needs it. */
  readonly path: InstancePath;
  /** Refuse with data-missing when it is not there: a plain PATCH never creates (RFC 8040 §4.6.1). */
  readonly mustExist: boolean;
}

/**
 * Data as an edit that has the same operation everywhere, for the children of `parent`.
 * @throws RpcError missing-element for a list entry without its keys
 */
export function editOf(
  schema: SchemaTree,
  parent: SchemaParent | undefined,
  data: Data,
  operation: EditOperation,
  path: InstancePath = [],
): readonly EditNode[] {
  const edits: EditNode[] = [];
  for (const [member, value] of Object.entries(data)) {
    const node = schema.childByMember(parent, member);
    if (value === undefined) continue;
    if (node === undefined) throw new Error(`there is no schema node for the member ${member}`);
    edits.push(...editsOfMember(schema, node, value, operation, path));
  }
  return edits;
}

function editsOfMember(
  schema: SchemaTree,
  node: DataSchemaNode,
  value: Value,
  operation: EditOperation,
  path: InstancePath,
): readonly EditNode[] {
  const step: PathStep = { module: node.module, name: node.name };
  switch (node.kind) {
    // What a member holds follows from its schema node.
    case 'leaf':
      return [{ node, operation, value: value as LeafValue }];
    case 'leaf-list':
      return (value as readonly LeafValue[]).map((one) => ({ node, operation, value: one }));
    case 'container':
      return isData(value)
        ? [{ node, operation, children: editOf(schema, node, value, operation, [...path, step]) }]
        : [];
    case 'list':
      return [...entriesOf(value)].map((entry) => {
        const keys = keyValues(node, entry) ?? missingKeys(node, entry, [...path, step]);
        const entryPath = [...path, entryStep(node, keys)];
        const others = Object.entries(entry).filter(([member]) => !node.keys.includes(member));
        return {
          node,
          operation,
          keys,
          children: editOf(schema, node, Object.fromEntries(others), operation, entryPath),
        };
      });
    default:
      return [{ node, operation, value: value as AnyValue }];
  }
}

function missingKeys(list: ListNode, entry: Data, path: InstancePath): never {
  const missing = list.keys.filter((key) => entry[key] === undefined);
  throw RpcError.missingElement(
    missing[0] ?? '',
    `An entry of the list ${list.name} lacks its key ${missing.join(', ')}; every entry needs ${list.keys.join(', ')}.`,
    { path: formatPath(path) },
  );
}

/**
 * An edit of one node, for RESTCONF. The ancestors that the path names must exist, containers without presence excepted.
 * - PUT `replace`, PATCH `merge`, DELETE `delete` at the target resource; `content` is the one member that is the target
 * - POST `create` at the parent resource; `content` is the one child to create
 *
 * At the datastore itself (empty path) `content` is all its members for `replace` and `merge`.
 * @param content qualified at the top level, else as below the target's parent; absent for delete and remove
 * @throws RpcError invalid-value when the content is not the target (another node, other keys) or not one node;
 *   missing-element for an entry without keys; operation-not-supported for deleting the datastore
 */
export function editAt(
  schema: SchemaTree,
  path: InstancePath,
  operation: EditOperation,
  content?: Data,
  insert?: InsertPosition,
): EditTree {
  const parent = contentParent(schema, path, operation);
  const whole = path.length === 0 && operation !== 'create';
  const nodes = content && editOf(schema, parent.node, content, whole ? 'merge' : operation, parent.path);
  return editNodesAt(schema, path, operation, nodes, insert);
}

/** What the content of a request at a path is a child of: the target's parent, or the target itself for `create`. */
export function contentParent(
  schema: SchemaTree,
  path: InstancePath,
  operation: EditOperation,
): { readonly node: ContainerNode | ListNode | undefined; readonly path: InstancePath } {
  const parentPath = operation === 'create' ? path : path.slice(0, -1);
  return { node: innerNode(schemaNodes(schema, parentPath).at(-1), parentPath), path: parentPath };
}

/**
 * {@link editAt} with content that is read already: the one edit of the target, with its operation.
 * @throws RpcError as {@link editAt}
 */
export function editNodesAt(
  schema: SchemaTree,
  path: InstancePath,
  operation: EditOperation,
  content?: readonly EditNode[],
  insert?: InsertPosition,
): EditTree {
  if (path.length === 0 && operation !== 'create') return editDatastore(operation, content ?? []);
  const nodes = schemaNodes(schema, path);
  const parents = operation === 'create' ? nodes : nodes.slice(0, -1);
  const parentPath = path.slice(0, parents.length);
  const edit = content === undefined ? bareEdit(nodes.at(-1), path.at(-1), operation) : onlyEdit(content, parentPath);
  const editPath = [...parentPath, stepOf(edit)];
  if (operation !== 'create' && formatPath(editPath) !== formatPath(path)) {
    const target = formatPath(path);
    throw RpcError.invalidValue(
      `The content is ${formatPath(editPath)}, but the request is for ${target}; node and keys of both must agree.`,
      { path: target },
    );
  }
  const placed = placedEdit(edit, insert, formatPath(editPath));
  return {
    operation: 'none',
    children: [wrap(parents, parentPath, placed)],
    target: { edit: placed, path: editPath, mustExist: operation === 'merge' },
  };
}

function innerNode(parent: DataSchemaNode | undefined, path: InstancePath): ContainerNode | ListNode | undefined {
  if (parent === undefined || parent.kind === 'container' || parent.kind === 'list') return parent;
  throw RpcError.invalidValue(`${formatPath(path)} is a ${parent.kind}; nothing can be created in it.`, {
    path: formatPath(path),
  });
}

function editDatastore(operation: EditOperation, children: readonly EditNode[]): EditTree {
  if (operation === 'replace' || operation === 'merge') return { operation, children };
  throw RpcError.notSupported('The datastore itself cannot be deleted; delete its top-level nodes.', { path: '/' });
}

/** The edit of the one node that a body holds. */
function onlyEdit(edits: readonly EditNode[], path: InstancePath): EditNode {
  const [edit] = edits;
  if (edit !== undefined && edits.length === 1) return edit;
  throw RpcError.invalidValue(
    `The content has ${edits.length === 0 ? 'no node' : `${edits.length} nodes`}; a request is about exactly one.`,
    { path: formatPath(path) },
  );
}

function bareEdit(node: DataSchemaNode | undefined, step: PathStep | undefined, operation: EditOperation): EditNode {
  if (node === undefined || step === undefined) throw new Error('an edit without content needs the path of a node');
  switch (node.kind) {
    case 'container':
      return { node, operation, children: [] };
    case 'list':
      if (step.keys === undefined) return { node, operation: onlyDeletion(operation), all: true };
      return { node, operation, keys: step.keys.map(({ value }) => value), children: [] };
    case 'leaf-list':
      if (step.value === undefined) return { node, operation: onlyDeletion(operation), all: true };
      return { node, operation, value: step.value };
    case 'leaf':
      return { node, operation };
    default:
      return { node, operation };
  }
}

function onlyDeletion(operation: EditOperation): 'delete' | 'remove' {
  if (operation === 'delete' || operation === 'remove') return operation;
  throw RpcError.notSupported('A whole list or leaf-list can only be deleted; edit its entries one by one.');
}

/** The last step of the path of what an edit is about. */
export function stepOf(edit: EditNode): PathStep {
  const { module, name } = edit.node;
  if ('keys' in edit) return entryStep(edit.node, edit.keys);
  // Only anydata has values that are none of a leaf.
  const value = edit.node.kind === 'leaf-list' && 'value' in edit ? (edit.value as LeafValue | undefined) : undefined;
  return value === undefined ? { module, name } : { module, name, value };
}

function placedEdit(edit: EditNode, insert: InsertPosition | undefined, path: string): EditNode {
  if (insert === undefined) return edit;
  const ordered = 'orderedBy' in edit.node && edit.node.orderedBy === 'user';
  if (!ordered || !('keys' in edit || 'value' in edit)) {
    throw RpcError.invalidValue(`${path} is no entry of a list that is ordered by the user; leave out "insert".`, {
      path,
    });
  }
  // `ordered` and the members tell an entry of a list or leaf-list.
  return { ...(edit as EntryEdit | LeafListEdit), insert };
}

/** The edit inside of its ancestors, which it leaves as they are. */
function wrap(parents: readonly DataSchemaNode[], path: InstancePath, edit: EditNode): EditNode {
  let inner = edit;
  for (let at = parents.length - 1; at >= 0; at--) {
    const node = parents[at];
    const keys = path[at]?.keys?.map(({ value }) => value);
    if (node?.kind === 'container') inner = { node, operation: 'none', children: [inner] };
    else if (node?.kind === 'list' && keys !== undefined) inner = { node, operation: 'none', keys, children: [inner] };
    else throw RpcError.invalidValue(`${formatPath(path.slice(0, at + 1))} is not one node that has children.`);
  }
  return inner;
}
