import type { InsertPosition } from './entries.ts';
import type { AnyValue, Data, LeafValue } from './data.ts';
import type { InstancePath } from './instance-path.ts';
import type { AnyNode, ContainerNode, LeafListNode, LeafNode, ListNode, SchemaTree } from './schema-tree.ts';

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
  /** Absent only with `all`. */
  readonly value?: LeafValue;
  /** `key` of `before` and `after` is the other value as `entryKey([value])`. */
  readonly insert?: InsertPosition;
}
/** Replaces or removes a whole list or leaf-list, whatever its entries (RESTCONF on a collection). */
export interface CollectionEdit extends EditBase {
  readonly node: ListNode | LeafListNode;
  readonly operation: 'delete' | 'remove';
  readonly all: true;
}
export interface AnyEdit extends EditBase {
  readonly node: AnyNode;
  readonly value?: AnyValue;
}
export type EditNode = ContainerEdit | EntryEdit | LeafEdit | LeafListEdit | CollectionEdit | AnyEdit;

/** An edit of a datastore. `operation` is that of the root: default-operation, or `replace` for copy-config and PUT of the datastore. */
export interface EditTree {
  readonly operation: 'merge' | 'replace' | 'none' | 'delete' | 'remove';
  readonly children: readonly EditNode[];
  /** The node a RESTCONF request is about, inside `children`; for `created`. */
  readonly target?: EditNode;
}

export interface EditResult {
  /** Shares with the datastore before whatever did not change; the very same object if nothing did. */
  readonly data: Data;
  /** Whether the target of the edit did not exist before; false for an edit without a target. */
  readonly created: boolean;
}

/**
 * Applies an edit (RFC 6241 §7.2, RFC 7950 §7.5.8, §7.6.6, §7.7.9, §7.8.6, §7.9.6), all of it or, by throwing, nothing.
 * Neither defaults nor constraints are its matter: `YangContext.validate` checks the result.
 * @throws RpcError data-exists, data-missing, bad-attribute (insert), each with the path
 */
export function applyEdit(schema: SchemaTree, config: Data, edit: EditTree): EditResult {
  throw new Error(`applyEdit ${schema.modules.length} ${Object.keys(config).length} ${edit.operation}`);
}

/**
 * An edit of one node, for RESTCONF: the ancestors are named by the path and must exist unless the operation creates.
 * @param content the node itself (a member object such as `{pool: [{…}]}` or `{"m:name": …}`), as read by `YangContext.parseData`
 *   with `parent`; absent for delete and remove
 */
export function editAt(
  schema: SchemaTree,
  path: InstancePath,
  operation: EditOperation,
  content?: Data,
  insert?: InsertPosition,
): EditTree {
  throw new Error(`editAt ${schema.modules.length} ${path.length} ${operation} ${String(content)} ${String(insert)}`);
}

export type Change =
  | { readonly kind: 'created'; readonly path: InstancePath; readonly after: unknown }
  | { readonly kind: 'deleted'; readonly path: InstancePath; readonly before: unknown }
  | { readonly kind: 'modified'; readonly path: InstancePath; readonly before: unknown; readonly after: unknown }
  | { readonly kind: 'moved'; readonly path: InstancePath };

/**
 * What differs, in schema order: created and deleted subtrees at their top, modified leafs, leaf-list values, moved
 * entries of user-ordered lists. What both share by identity is not visited.
 */
export function difference(schema: SchemaTree, before: Data, after: Data): Iterable<Change> {
  throw new Error(`difference ${schema.modules.length} ${String(before)} ${String(after)}`);
}
