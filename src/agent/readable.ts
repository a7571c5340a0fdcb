import type { Data, LeafValue, Value } from '../yang/data.ts';
import { keyValues } from '../yang/entries.ts';
import { entriesWithKeys, mapEntries } from '../yang/entry-views.ts';
import type { InstancePath, PathStep } from '../yang/instance-path.ts';
import type { ContainerNode, DataSchemaNode, LeafListNode, ListNode, SchemaTree } from '../yang/schema-tree.ts';
import type { UserAccess } from './access.ts';

interface Reader {
  readonly schema: SchemaTree;
  readonly access: UserAccess;
}

/** The datastore without what the user may not read, and what is below that (RFC 8341 §3.2.4). Lists stay lazy. */
export function readable(reader: Reader, data: Data): Data {
  return readableChildren(reader, data, undefined, []);
}

function readableChildren(
  reader: Reader,
  data: Data,
  parent: ContainerNode | ListNode | undefined,
  path: InstancePath,
): Data {
  const kept: Record<string, Value> = {};
  for (const [member, value] of Object.entries(data)) {
    if (value === undefined) continue;
    const node = reader.schema.childByMember(parent, member);
    const own = node === undefined ? undefined : readableNode(reader, node, value, path);
    if (own !== undefined) kept[member] = own;
  }
  return kept;
}

function readableNode(reader: Reader, node: DataSchemaNode, value: Value, parentPath: InstancePath): Value | undefined {
  const { access } = reader;
  const reach = access.readReach(node);
  if (reach === 'all') return value;
  if (reach === 'none') return undefined;
  const step: PathStep = { module: node.module, name: node.name };
  if (node.kind === 'list') return readableEntries(reader, node, value, parentPath);
  if (node.kind === 'leaf-list') return readableValues(reader, node, value, parentPath);
  const path = [...parentPath, step];
  if (!access.canRead(node, path)) return undefined;
  if (node.kind !== 'container') return value;
  // The schema says that a container's value is Data.
  const kept = readableChildren(reader, value as Data, node, path);
  // One that was left empty would tell that there is something in it.
  return node.presence || Object.keys(kept).length > 0 || Object.keys(value).length === 0 ? kept : undefined;
}

function readableEntries(reader: Reader, list: ListNode, value: Value, parentPath: InstancePath): Value | undefined {
  const { schema, access } = reader;
  const keys = access.readableKeys(list);
  const own = keys === undefined ? value : entriesWithKeys(list, value, keys);
  if (own === undefined) return undefined;
  const wholly = schema.children(list).every((child) => access.readReach(child) === 'all');
  const asks = access.asksOfEntries(list);
  if (wholly && !asks) return own;
  return mapEntries(own, (entry) => {
    const path = [...parentPath, entryStep(list, entry)];
    if (asks && !access.canRead(list, path)) return undefined;
    return wholly ? entry : readableChildren(reader, entry, list, path);
  });
}

function readableValues(
  { access }: Reader,
  node: LeafListNode,
  value: Value,
  parentPath: InstancePath,
): Value | undefined {
  // The schema says that a leaf-list's value is an array of leaf values.
  const kept = (value as readonly LeafValue[]).filter((one) =>
    access.canRead(node, [...parentPath, { module: node.module, name: node.name, value: one }]),
  );
  return kept.length === 0 ? undefined : kept;
}

/** The step to a list entry; without keys for one of a list that has none. */
export function entryStep(list: ListNode, entry: Data): PathStep {
  const values = keyValues(list, entry);
  const step = { module: list.module, name: list.name };
  if (values === undefined || values.length === 0) return step;
  return { ...step, keys: list.keys.map((name, index) => ({ name, value: values[index] ?? '' })) };
}
