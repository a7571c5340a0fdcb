import type { AnyValue } from './data.ts';
import { valueContext } from './instance-path.ts';
import { leafFromText } from './leaf-value.ts';
import type { DataSchemaNode, LeafListNode, LeafNode, SchemaParent, SchemaTree } from './schema-tree.ts';
import type { XmlElement } from './xml.ts';

/**
 * The content of an anydata or anyxml element as JSON (RFC 7951 §5.5): typed where it is data of the schema, else elements
 * become members, repeated ones arrays, texts strings. A namespace of no module here cannot be named in JSON: such
 * elements keep their local name alone.
 * @param module that of the anydata node, whose names are not qualified
 */
export function anyFromXml(schema: SchemaTree, element: XmlElement, module: string): AnyValue {
  return contentOf(schema, element, undefined, module);
}

function contentOf(
  schema: SchemaTree,
  element: XmlElement,
  parent: SchemaParent | undefined,
  module: string,
): AnyValue {
  if (element.children.length === 0) return parent === undefined ? element.text : {};
  const members: Record<string, AnyValue> = {};
  for (const child of element.children) {
    const owner = schema.moduleByNamespace(child.namespace)?.name ?? module;
    const name = owner === module ? child.name : `${owner}:${child.name}`;
    const node = schema.childByNamespace(parent, child.namespace, child.name);
    const value = node === undefined ? plainContent(schema, child, owner) : knownContent(schema, node, child);
    const repeats = node?.kind === 'list' || node?.kind === 'leaf-list';
    members[name] = addMember(members[name], value, repeats);
  }
  return members;
}

function knownContent(schema: SchemaTree, node: DataSchemaNode, element: XmlElement): AnyValue {
  if (node.kind === 'leaf' || node.kind === 'leaf-list') return leafOf(schema, node, element);
  if (node.kind === 'container' || node.kind === 'list') return contentOf(schema, element, node, node.module);
  return contentOf(schema, element, undefined, node.module);
}

/** Below what the schema does not know nothing is looked up: top-level names would be found in its stead. */
function plainContent(schema: SchemaTree, element: XmlElement, module: string): AnyValue {
  if (element.children.length === 0) return element.text;
  const members: Record<string, AnyValue> = {};
  for (const child of element.children) {
    const owner = schema.moduleByNamespace(child.namespace)?.name ?? module;
    const name = owner === module ? child.name : `${owner}:${child.name}`;
    members[name] = addMember(members[name], plainContent(schema, child, owner), false);
  }
  return members;
}

function leafOf(schema: SchemaTree, node: LeafNode | LeafListNode, element: XmlElement): AnyValue {
  const context = valueContext(schema, node.module, { resolve: (prefix) => element.scope.get(prefix) });
  const result = leafFromText(context, node.type, element.text);
  return result.ok ? result.value : element.text;
}

/** A member that occurs again becomes an array of what it held and the new value. */
function addMember(before: AnyValue | undefined, value: AnyValue, repeats: boolean): AnyValue {
  if (before === undefined) return repeats ? [value] : value;
  return Array.isArray(before) ? [...(before as readonly AnyValue[]), value] : [before, value];
}
