import type { Data, Value } from './data.ts';
import { entriesOf, EntryMap, isData } from './entries.ts';
import type { SchemaParent, SchemaTree } from './schema-tree.ts';

/** Data in the form that datastores keep: the entries of keyed lists in maps. What is in that form already stays. */
export function toStored(schema: SchemaTree, nodes: Data, parent?: SchemaParent): Data {
  const members: [string, Value | undefined][] = Object.entries(nodes).map(([member, value]) => {
    const node = schema.childByMember(parent, member);
    if (node?.kind === 'container' && isData(value)) return [member, toStored(schema, value, node)];
    if (node?.kind !== 'list' || value instanceof EntryMap) return [member, value];
    const entries = [...entriesOf(value)].map((entry) => toStored(schema, entry, node));
    return [member, node.keys.length === 0 ? entries : EntryMap.from(node, entries)];
  });
  return Object.fromEntries(members);
}
