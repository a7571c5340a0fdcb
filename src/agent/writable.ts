import type { Data, Value } from '../yang/data.ts';
import type { Change } from '../yang/edit.ts';
import { entriesOf, isData } from '../yang/entries.ts';
import { formatPath } from '../yang/instance-path.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { ContainerNode, DataSchemaNode, ListNode, SchemaTree } from '../yang/schema-tree.ts';
import type { AccessControl, WriteOperation } from './access.ts';
import type { RequestContext } from './context.ts';
import { entryStep } from './readable.ts';

const OPERATIONS: Readonly<Record<Change['kind'], WriteOperation>> = {
  created: 'create',
  deleted: 'delete',
  modified: 'update',
  moved: 'update',
};

/**
 * Asks access control of every node that an edit changes: of what it creates each node, of what it deletes the top
 * (RFC 8341 §3.4.5).
 * @throws RpcError access-denied with the path
 */
export function requireWritable(
  schema: SchemaTree,
  access: AccessControl,
  context: RequestContext,
  changes: readonly Change[],
): void {
  const require = (node: DataSchemaNode, path: InstancePath, operation: WriteOperation): void => {
    if (access.canWrite(context, node, path, operation)) return;
    const denied = formatPath(path);
    throw RpcError.accessDenied(`The user ${context.user} is not permitted to ${operation} ${denied}.`, {
      path: denied,
    });
  };
  for (const change of changes) {
    require(change.node, change.path, OPERATIONS[change.kind]);
    if (change.kind !== 'created') continue;
    for (const [node, path] of descendants(schema, change.node, change.after, change.path)) {
      require(node, path, 'create');
    }
  }
}

function* descendants(
  schema: SchemaTree,
  node: DataSchemaNode,
  value: Value,
  path: InstancePath,
): Iterable<readonly [DataSchemaNode, InstancePath]> {
  if ((node.kind === 'container' || node.kind === 'list') && isData(value)) yield* members(schema, node, value, path);
}

function* members(
  schema: SchemaTree,
  parent: ContainerNode | ListNode,
  data: Data,
  path: InstancePath,
): Iterable<readonly [DataSchemaNode, InstancePath]> {
  for (const [member, value] of Object.entries(data)) {
    const node = schema.childByMember(parent, member);
    if (node === undefined || value === undefined) continue;
    if (node.kind === 'list') {
      for (const entry of entriesOf(value)) {
        const entryPath = [...path, entryStep(node, entry)];
        yield [node, entryPath];
        yield* members(schema, node, entry, entryPath);
      }
      continue;
    }
    const own = [...path, { module: node.module, name: node.name }];
    yield [node, own];
    yield* descendants(schema, node, value, own);
  }
}
