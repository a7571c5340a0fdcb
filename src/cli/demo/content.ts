import { parseStringPromise } from 'xml2js';

/** A value in the JSON encoding of YANG data (RFC 7951). */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | Json;

/** Children of a node, by RFC 7951 member name. */
export interface Json {
  readonly [member: string]: JsonValue;
}

/**
 * What a message says, whatever it was encoded in: an element of XML or a member of JSON. Values are texts, since XML does
 * not tell a number from a string.
 */
export interface Content {
  readonly name: string;
  readonly namespace: string;
  readonly text: string;
  readonly children: readonly Content[];
}

/** The modules that the client speaks: JSON names them, XML has their namespaces. */
const NAMESPACES: Readonly<Record<string, string>> = {
  'opnfv-promise': 'urn:opnfv:promise',
  'promise-simulator': 'urn:opnfv:promise:simulator',
  'ietf-netconf': 'urn:ietf:params:xml:ns:netconf:base:1.0',
  'ietf-restconf': 'urn:ietf:params:xml:ns:yang:ietf-restconf',
  'ietf-netconf-monitoring': 'urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring',
  'ietf-subscribed-notifications': 'urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications',
  'ietf-restconf-subscribed-notifications': 'urn:ietf:params:xml:ns:yang:ietf-restconf-subscribed-notifications',
  'ietf-yang-library': 'urn:ietf:params:xml:ns:yang:ietf-yang-library',
};

export function namespaceOf(module: string): string {
  const namespace = NAMESPACES[module];
  if (namespace === undefined) throw new Error(`this client does not know the module ${module}`);
  return namespace;
}

/** Splits `module:name`; without a module it is that of the parent. */
export function splitName(member: string, parentModule = ''): { readonly module: string; readonly name: string } {
  const colon = member.indexOf(':');
  if (colon < 0) return { module: parentModule, name: member };
  return { module: member.slice(0, colon), name: member.slice(colon + 1) };
}

/** Writes children as XML elements. @param module that of the parent, whose namespace is in scope */
export function toXml(children: Json, module = ''): string {
  return Object.entries(children)
    .map(([member, value]) => {
      const { module: own, name } = splitName(member, module);
      const declaration = own === module ? '' : ` xmlns="${escapeXml(namespaceOf(own))}"`;
      const values = isList(value) ? value : [value];
      return values.map((each) => elementXml(name, declaration, each, own)).join('');
    })
    .join('');
}

function elementXml(name: string, declaration: string, value: JsonValue, module: string): string {
  if (value === null) return `<${name}${declaration}/>`;
  if (typeof value === 'object') {
    // An array inside an array is JSON's [null]: a leaf of the type empty.
    const inner = isList(value) ? '' : toXml(value, module);
    return `<${name}${declaration}>${inner}</${name}>`;
  }
  const text = String(value);
  return `<${name}${declaration}${prefixesIn(text)}>${escapeXml(text)}</${name}>`;
}

/** Declares the modules that a value names as prefixes: an identity does, and an XPath expression. */
function prefixesIn(value: string): string {
  const prefixes = new Set(
    [...value.matchAll(/(?<![\w.-])([a-z][\w-]*):(?=[a-z])/gi)].map(([, prefix = '']) => prefix),
  );
  const known = [...prefixes].filter((prefix) => prefix in NAMESPACES);
  return known.map((prefix) => ` xmlns:${prefix}="${escapeXml(namespaceOf(prefix))}"`).join('');
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Reads children from their JSON encoding; entries of a list become children of the same name. */
export function fromJson(members: Json, parentModule = ''): Content[] {
  return Object.entries(members).flatMap(([member, value]) => {
    const { module, name } = splitName(member, parentModule);
    const values = isList(value) ? value : [value];
    return values.map((each): Content => {
      const namespace = NAMESPACES[module] ?? module;
      if (each === null) return { name, namespace, text: '', children: [] };
      if (typeof each !== 'object') return { name, namespace, text: String(each), children: [] };
      const children = isList(each) ? [] : fromJson(each, module);
      return { name, namespace, text: '', children };
    });
  });
}

/** How xml2js gives an element with the options below. */
interface ParsedElement {
  readonly $ns: { readonly local: string; readonly uri: string };
  readonly _?: string;
  readonly $$?: readonly ParsedElement[];
}

/** Reads an XML document. @throws Error when it is not well-formed */
export async function fromXml(text: string): Promise<Content> {
  const options = { xmlns: true, explicitRoot: false, explicitChildren: true, preserveChildrenOrder: true };
  // xml2js types its result as any; the options determine this shape.
  return asContent((await parseStringPromise(text, options)) as ParsedElement);
}

function asContent(element: ParsedElement): Content {
  const { local, uri } = element.$ns;
  return { name: local, namespace: uri, text: element._ ?? '', children: (element.$$ ?? []).map(asContent) };
}

/** Every node at a path of names below `content`, such as `pools/pool`. */
export function all(content: Content | undefined, path: string): readonly Content[] {
  let found: readonly Content[] = content === undefined ? [] : [content];
  for (const name of path.split('/')) {
    found = found.flatMap((node) => node.children.filter((child) => child.name === name));
  }
  return found;
}

export function first(content: Content | undefined, path: string): Content | undefined {
  return all(content, path)[0];
}

/** The text of the first node at a path; undefined when there is none. Identities lose their prefix. */
export function leaf(content: Content | undefined, path: string): string | undefined {
  const text = first(content, path)?.text.trim();
  return text === undefined ? undefined : (/^[a-z][\w.-]*:([a-z][\w-]*)$/i.exec(text)?.[1] ?? text);
}

/** The number in the first node at a path, 0 when there is none: an absent resource is none of it. */
export function amount(content: Content | undefined, path: string): number {
  return Number(leaf(content, path) ?? 0);
}
