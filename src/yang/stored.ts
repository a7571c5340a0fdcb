import type { Data, LeafValue, Value } from './data.ts';
import { entriesOf, EntryMap, isData } from './entries.ts';
import { valueContext } from './instance-path.ts';
import { leafFromJson } from './leaf-value.ts';
import type { LeafListNode, LeafNode, SchemaParent, SchemaTree } from './schema-tree.ts';
import { holdsNames } from './xml-names.ts';

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

/**
 * JSON of libyang as Data: libyang leaves the module out of identities of the leaf's own module (RFC 7951 §6.8 allows both
 * forms), Data always have it.
 */
export function fromLibyang(schema: SchemaTree, json: string, parent?: SchemaParent): Data {
  // libyang prints one JSON object of instance data.
  return qualified(schema, JSON.parse(json) as Data, parent);
}

function qualified(schema: SchemaTree, nodes: Data, parent: SchemaParent | undefined): Data {
  const members: [string, Value | undefined][] = Object.entries(nodes).map(([member, value]) => {
    const node = schema.childByMember(parent, member);
    switch (node?.kind) {
      // What a member holds follows from its schema node.
      case 'leaf':
        return [member, qualifiedLeaf(schema, node, value as LeafValue)];
      case 'leaf-list':
        return [member, (value as readonly LeafValue[]).map((one) => qualifiedLeaf(schema, node, one))];
      case 'container':
        return [member, isData(value) ? qualified(schema, value, node) : value];
      case 'list':
        return [member, [...entriesOf(value)].map((entry) => qualified(schema, entry, node))];
      default:
        return [member, value];
    }
  });
  return Object.fromEntries(members);
}

function qualifiedLeaf(schema: SchemaTree, node: LeafNode | LeafListNode, value: LeafValue): LeafValue {
  if (!holdsNames(node.type)) return value;
  const result = leafFromJson(valueContext(schema, node.module, 'json'), node.type, value);
  return result.ok ? result.value : value;
}
