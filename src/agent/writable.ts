import type { Data, LeafValue, Value } from '../yang/data.ts';
import type { Change } from '../yang/edit.ts';
import { entriesOf, isData } from '../yang/entries.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import type { ContainerNode, DataSchemaNode, ListNode, SchemaTree } from '../yang/schema-tree.ts';
import type { UserAccess, WriteOperation } from './access.ts';
import { entryStep } from './readable.ts';

const OPERATIONS: Readonly<Record<Change['kind'], WriteOperation>> = {
  created: 'create',
  deleted: 'delete',
  modified: 'update',
  moved: 'update',
};

/**
 * Asks access control of every node that an edit changes: of what it creates each node, of what it deletes the top
 * (RFC 8341 §3.4.5). A container without presence stands for what is in it: it exists by itself (RFC 7950 §7.5.1).
 * @throws RpcError access-denied with the path
 */
export function requireWritable(schema: SchemaTree, access: UserAccess, changes: readonly Change[]): void {
  for (const change of changes) {
    const operation = OPERATIONS[change.kind];
    const { node, path } = change;
    if (access.mayWriteAll(node, operation)) continue;
    if (change.kind === 'created') requireEach({ schema, access, operation }, node, change.after, path);
    else if (change.kind === 'deleted') requireTops({ schema, access, operation }, node, change.before, path);
    else access.requireWrite(node, path, operation);
  }
}

interface Writer {
  readonly schema: SchemaTree;
  readonly access: UserAccess;
  readonly operation: WriteOperation;
}

function requireEach(writer: Writer, node: DataSchemaNode, value: Value, path: InstancePath): void {
  if (writer.access.mayWriteAll(node, writer.operation)) return;
  if (!isImplicit(node)) writer.access.requireWrite(node, path, writer.operation);
  if ((node.kind !== 'container' && node.kind !== 'list') || !isData(value)) return;
  for (const [child, below, at] of members(writer.schema, node, value, path)) requireEach(writer, child, below, at);
}

function requireTops(writer: Writer, node: DataSchemaNode, value: Value, path: InstancePath): void {
  if (node.kind !== 'container' || !isImplicit(node) || !isData(value)) {
    writer.access.requireWrite(node, path, writer.operation);
    return;
  }
  for (const [child, below, at] of members(writer.schema, node, value, path)) requireTops(writer, child, below, at);
}

function isImplicit(node: DataSchemaNode): boolean {
  return node.kind === 'container' && !node.presence;
}

/** What is in a container or entry: each entry of a list, and each value of a leaf-list, for itself. */
function* members(
  schema: SchemaTree,
  parent: ContainerNode | ListNode,
  data: Data,
  path: InstancePath,
): Iterable<readonly [DataSchemaNode, Value, InstancePath]> {
  for (const [member, value] of Object.entries(data)) {
    const node = schema.childByMember(parent, member);
    if (node === undefined || value === undefined) continue;
    const step = { module: node.module, name: node.name };
    if (node.kind === 'list') {
      for (const entry of entriesOf(value)) yield [node, entry, [...path, entryStep(node, entry)]];
    } else if (node.kind === 'leaf-list') {
      // By the schema, the member of a leaf-list is an array of leaf values.
      for (const one of value as readonly LeafValue[]) yield [node, one, [...path, { ...step, value: one }]];
    } else yield [node, value, [...path, step]];
  }
}
