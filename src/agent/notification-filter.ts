import type { AnyValue, Data, Entries, LeafValue, Value } from '../yang/data.ts';
import { valueContext } from '../yang/instance-path.ts';
import { leafFromText } from '../yang/leaf-value.ts';
import type { DataSchemaNode, SchemaParent, SchemaTree } from '../yang/schema-tree.ts';
import type { XmlElement } from '../yang/xml.ts';
import type { YangContext } from '../yang/yang-context.ts';
import type { Filter } from './requests.ts';
import type { NotificationRecord } from './streams.ts';
import { filterPrefixes } from './xpath-prefixes.ts';

/** What most subscribers filter by, `/prefix:name`: it needs no document to be evaluated over. */
const ONE_NAME = /^\s*\/([\w.-]+):([\w.-]+)\s*$/;

export type NotificationTest = (record: NotificationRecord) => boolean;

/**
 * A filter as a test of notifications: true when it selects anything of one. The notification is then sent whole
 * (RFC 5277 §3.6, RFC 8639 §2.2).
 * @throws RpcError when the XPath expression is not one
 */
export function notificationTest(
  yang: Pick<YangContext, 'schema' | 'xpathTest'>,
  filter: Filter | undefined,
): NotificationTest {
  if (filter === undefined) return () => true;
  if (filter.type === 'subtree') {
    return (record) => filter.element.children.some((element) => selectsRecord(yang.schema, record, element));
  }
  const prefixes = filterPrefixes(yang.schema, filter.namespaces);
  // What is wrong with the expression itself shows on any data.
  yang.xpathTest({}, filter.expression, prefixes);
  const [, prefix, only] = ONE_NAME.exec(filter.expression) ?? [];
  if (prefix !== undefined && only !== undefined) {
    const own = prefixes[prefix] ?? prefix;
    return ({ module, name }) => name === only && module === own;
  }
  return ({ module, name, content }) => yang.xpathTest({ [`${module}:${name}`]: content }, filter.expression, prefixes);
}

function selectsRecord(schema: SchemaTree, record: NotificationRecord, element: XmlElement): boolean {
  const node = schema.notification(record.module, record.name);
  if (node === undefined || !names(schema, element, node)) return false;
  return element.children.length === 0 || selects(schema, node, record.content, element.children);
}

/** Whether sibling filter elements select anything among the children of `parent` (RFC 6241 §6.2). */
function selects(schema: SchemaTree, parent: SchemaParent, data: Data, elements: readonly XmlElement[]): boolean {
  const matches = elements.filter(isContentMatch);
  for (const match of matches) {
    const hit = instances(schema, parent, data, match).some(([node, value]) =>
      contentMatches(schema, node, value, match),
    );
    if (!hit) return false;
  }
  if (matches.length > 0) return true;
  return elements.some((element) =>
    instances(schema, parent, data, element).some(([node, value]) => selectsNode(schema, node, value, element)),
  );
}

function selectsNode(schema: SchemaTree, node: DataSchemaNode, value: Value, element: XmlElement): boolean {
  if (element.children.length === 0) return true;
  // The schema says what a value is: a container's is Data, a list's Entries or an array of Data.
  if (node.kind === 'container') return selects(schema, node, value as Data, element.children);
  if (node.kind !== 'list') return false;
  for (const entry of value as Entries | readonly Data[]) {
    if (selects(schema, node, entry, element.children)) return true;
  }
  return false;
}

function isContentMatch(element: XmlElement): boolean {
  return element.children.length === 0 && element.text.trim() !== '';
}

function contentMatches(schema: SchemaTree, node: DataSchemaNode, value: Value, element: XmlElement): boolean {
  if (node.kind !== 'leaf' && node.kind !== 'leaf-list') return false;
  const resolve = (prefix: string): string | undefined => element.scope.get(prefix);
  const wanted = leafFromText(valueContext(schema, node.module, { resolve }), node.type, element.text.trim());
  const canonical = wanted.ok ? schema.canonical(node, wanted.value) : undefined;
  if (canonical === undefined) return false;
  // The schema says that the value of a leaf-list is an array of leaf values, and that of a leaf is one.
  const values = node.kind === 'leaf' ? [value as LeafValue] : (value as readonly LeafValue[]);
  return values.some((own) => own === canonical);
}

function instances(
  schema: SchemaTree,
  parent: SchemaParent,
  data: Data,
  element: XmlElement,
): readonly (readonly [DataSchemaNode, Value])[] {
  return schema
    .childrenNamed(parent, element.name)
    .filter((node) => names(schema, element, node))
    .flatMap((node) => {
      const value = data[schema.memberName(node, schema.moduleOf(parent))];
      return value === undefined ? [] : [[node, value] as const];
    });
}

/** A filter element without namespace names nodes of every namespace (RFC 6241 §6.2.1). */
function names(
  schema: SchemaTree,
  element: XmlElement,
  node: { readonly module: string; readonly name: string },
): boolean {
  if (element.name !== node.name) return false;
  return element.namespace === '' || element.namespace === schema.namespaceOf(node.module);
}

/**
 * A subtree filter that came as JSON anydata (RFC 7951 §5.5) in the form that XML has: members become elements in the
 * namespaces of their modules, `{}`, `null`, `[null]` and `""` become empty elements.
 */
export function filterElementOf(schema: SchemaTree, content: AnyValue): XmlElement {
  const scope = new Map(schema.modules.map((module) => [module.name, module.namespace]));
  const elements = (value: AnyValue, namespace: string): readonly XmlElement[] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    return Object.entries(value).flatMap(([member, child]) => {
      const colon = member.indexOf(':');
      const own =
        colon === -1 ? namespace : (schema.module(member.slice(0, colon))?.namespace ?? member.slice(0, colon));
      const name = member.slice(colon + 1);
      const instances: readonly AnyValue[] = isArray(child) ? child : [child];
      return instances.map((instance) => element(own, name, instance));
    });
  };
  const element = (namespace: string, name: string, value: AnyValue): XmlElement => ({
    namespace,
    name,
    prefix: '',
    attributes: [],
    children: elements(value, namespace),
    text: value === null || typeof value === 'object' ? '' : String(value),
    scope,
  });
  return element('', 'filter', content);
}

const isArray = (value: AnyValue): value is readonly AnyValue[] => Array.isArray(value);
