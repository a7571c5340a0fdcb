import type { Data, Value } from './data.ts';
import type { InstancePath } from './instance-path.ts';
import type { SchemaParent, SchemaTree } from './schema-tree.ts';
import type { XmlElement } from './xml.ts';

/** The value at a path: a leaf's value, a container's or entry's Data, all entries for a collection. Undefined if absent. */
export function getNode(schema: SchemaTree, data: Data, path: InstancePath): Value | undefined {
  throw new Error(`getNode ${schema.modules.length} ${String(data)} ${path.length}`);
}

/** The root-level Data that holds only the ancestors (with keys) of a path and the value there; `{}` when absent. */
export function pruneTo(schema: SchemaTree, data: Data, path: InstancePath): Data {
  throw new Error(`pruneTo ${schema.modules.length} ${String(data)} ${path.length}`);
}

/** The root-level Data with only what the paths select, ancestors' keys included (NETCONF XPath filter results). */
export function restrictTo(schema: SchemaTree, data: Data, paths: readonly InstancePath[]): Data {
  throw new Error(`restrictTo ${schema.modules.length} ${String(data)} ${paths.length}`);
}

/**
 * Applies a subtree filter (RFC 6241 §6); `filter` is the `<filter>` element whose children are the filter. Lists stay lazy;
 * a content match on all keys of a list is a look-up.
 */
export function subtreeFilter(schema: SchemaTree, data: Data, filter: XmlElement): Data {
  throw new Error(`subtreeFilter ${schema.modules.length} ${String(data)} ${filter.name}`);
}

/** RFC 8040 §4.8.2: `depth` levels of `nodes`; 1 keeps the nodes themselves, with containers and entries empty but for keys. */
export function limitDepth(schema: SchemaTree, nodes: Data, depth: number, parent?: SchemaParent): Data {
  throw new Error(`limitDepth ${schema.modules.length} ${String(nodes)} ${depth} ${String(parent)}`);
}

/** A parsed `fields` expression: what to keep of the children of a parent. */
export interface FieldSelection {
  readonly all: boolean;
  readonly members: ReadonlyMap<string, FieldSelection>;
}

/** Parses `fields` (RFC 8040 §4.8.3) against the schema. @throws RpcError invalid-value */
export function parseFields(schema: SchemaTree, text: string, parent?: SchemaParent): FieldSelection {
  throw new Error(`parseFields ${schema.modules.length} ${text} ${String(parent)}`);
}

/** Keeps the selected fields, and the keys of list entries on the way. */
export function selectFields(schema: SchemaTree, nodes: Data, fields: FieldSelection, parent?: SchemaParent): Data {
  throw new Error(`selectFields ${schema.modules.length} ${String(nodes)} ${String(fields.all)} ${String(parent)}`);
}

/** RFC 8040 §4.8.1: configuration only, or state only with the keys and ancestors it needs. */
export function selectContent(
  schema: SchemaTree,
  nodes: Data,
  content: 'config' | 'nonconfig' | 'all',
  parent?: SchemaParent,
): Data {
  throw new Error(`selectContent ${schema.modules.length} ${String(nodes)} ${content} ${String(parent)}`);
}

/** RFC 6243 §3.2 `trim`: without leafs that have their default value. */
export function trimDefaults(schema: SchemaTree, nodes: Data, parent?: SchemaParent): Data {
  throw new Error(`trimDefaults ${schema.modules.length} ${String(nodes)} ${String(parent)}`);
}
