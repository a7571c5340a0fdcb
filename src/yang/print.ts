import type { AnyValue, Data, LeafValue, Value } from './data.ts';
import { entriesOf, isData } from './entries.ts';
import { leafText } from './leaf-value.ts';
import type { AnyNode, DataSchemaNode, LeafListNode, LeafNode, SchemaParent, SchemaTree } from './schema-tree.ts';
import { holdsNames, leafToXml, Prefixes } from './xml-names.ts';
import { escapeAttribute, escapeText } from './xml.ts';

export { printErrorPathXml } from './xml-names.ts';

export interface PrintOptions {
  /** What `nodes` are children of; absent: the datastore. */
  readonly parent?: SchemaParent;
  /** JSON: qualify the first level's names with their module below a `parent` too, as RESTCONF bodies do (RFC 8040 §3.5). */
  readonly qualified?: boolean;
  /** XML: the module whose namespace is the default one where the caller puts the elements; they need not declare it. */
  readonly within?: string;
  /** Indented with two spaces, each element or member on its line. */
  readonly pretty?: boolean;
  /**
   * Tag leafs whose value is the schema's default: RFC 6243 §3.4 `report-all-tagged` (`wd:default`), in JSON the
   * metadata `ietf-netconf-with-defaults:default` (RFC 8040 §4.8.9).
   */
  readonly tagDefaults?: boolean;
}

const CHUNK = 16 * 1024;
const DEFAULT_NAMESPACE = 'urn:ietf:params:xml:ns:netconf:default:1.0';

/** Collects small pieces of text into chunks worth sending. */
class Chunks {
  #text = '';

  add(piece: string): void {
    this.#text += piece;
  }

  get full(): boolean {
    return this.#text.length >= CHUNK;
  }

  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

/**
 * RFC 7951 JSON: one object with the members of `nodes`, named as they are there (qualified at the top level), so that
 * callers wrap `{"module:output": …}` around it.
 * @returns chunks of about 16 kB; the data is walked as they are consumed
 */
export function* printJson(schema: SchemaTree, nodes: Data, options: PrintOptions = {}): Iterable<string> {
  const printer = new JsonPrinter(schema, options);
  yield* printer.members(options.parent, nodes, 1, options.qualified);
  yield printer.out.take();
}

class JsonPrinter {
  readonly out = new Chunks();
  readonly #schema: SchemaTree;
  readonly #pretty: boolean;
  readonly #tagDefaults: boolean;

  constructor(schema: SchemaTree, options: PrintOptions) {
    this.#schema = schema;
    this.#pretty = options.pretty ?? false;
    this.#tagDefaults = options.tagDefaults ?? false;
  }

  /** An object; `parent` is only looked at for tagging, since member names say the rest. */
  *members(parent: SchemaParent | undefined, data: Data, level: number, qualified = false): Iterable<string> {
    let separator = '{';
    const line = this.#line(level);
    for (const given in data) {
      const value = data[given];
      if (value === undefined) continue;
      const node = this.#schema.childByMember(parent, given);
      const member = qualified && node !== undefined ? `${node.module}:${node.name}` : given;
      // There is nothing to escape in the names of nodes (RFC 7950 §6.2).
      const name = node === undefined ? JSON.stringify(member) : `"${member}"`;
      this.out.add(separator + line + name + this.#colon());
      separator = ',';
      if (typeof value === 'object') yield* this.#value(node, value, level);
      else this.out.add(JSON.stringify(value));
      if (this.out.full) yield this.out.take();
      if (this.#tagDefaults && node?.kind === 'leaf' && isDefault(node, value)) {
        const tag = JSON.stringify({ 'ietf-netconf-with-defaults:default': true });
        this.out.add(`,${this.#line(level)}${JSON.stringify(`@${member}`)}${this.#colon()}${tag}`);
      }
    }
    this.out.add(separator === '{' ? '{}' : `${this.#line(level - 1)}}`);
  }

  *#value(node: DataSchemaNode | undefined, value: Value & object, level: number): Iterable<string> {
    if (node?.kind === 'leaf' || node?.kind === 'anydata' || node?.kind === 'anyxml') {
      this.out.add(JSON.stringify(value));
    } else if (node?.kind === 'leaf-list') {
      this.#leafList(value as readonly LeafValue[], level);
    } else if (isData(value)) {
      yield* this.members(node?.kind === 'container' ? node : undefined, value, level + 1);
    } else {
      yield* this.#entries(node?.kind === 'list' ? node : undefined, value, level);
    }
  }

  #leafList(values: readonly LeafValue[], level: number): void {
    const lines = values.map((value) => this.#line(level + 1) + JSON.stringify(value));
    this.out.add(lines.length === 0 ? '[]' : `[${lines.join(',')}${this.#line(level)}]`);
  }

  /** The entries of a list; where the schema does not know the node, of whatever kind they are. */
  *#entries(node: SchemaParent | undefined, value: Iterable<Value | null>, level: number): Iterable<string> {
    let separator = '[';
    for (const entry of value) {
      this.out.add(separator + this.#line(level + 1));
      separator = ',';
      if (entry !== null && isData(entry)) yield* this.members(node, entry, level + 2);
      else this.out.add(JSON.stringify(entry));
      if (this.out.full) yield this.out.take();
    }
    this.out.add(separator === '[' ? '[]' : `${this.#line(level)}]`);
  }

  #line(level: number): string {
    return this.#pretty ? `\n${'  '.repeat(level)}` : '';
  }

  #colon(): string {
    return this.#pretty ? ': ' : ':';
  }
}

function isDefault(node: LeafNode, value: Value): boolean {
  // A leaf's value is a LeafValue by the schema.
  return node.default !== undefined && leafText(value as LeafValue) === node.default;
}

/**
 * XML elements for the members of `nodes`, side by side, each declaring its namespaces; for a caller's envelope. Identities
 * and instance-identifiers get prefixes that are declared on the element that holds them.
 * @returns chunks as of {@link printJson}
 * @throws Error for a member that is not in the schema
 */
export function* printXml(schema: SchemaTree, nodes: Data, options: PrintOptions = {}): Iterable<string> {
  const printer = new XmlPrinter(schema, options);
  yield* printer.children(options.parent, nodes, options.within, 0);
  yield printer.out.take();
}

class XmlPrinter {
  readonly out = new Chunks();
  readonly #schema: SchemaTree;
  readonly #pretty: boolean;
  readonly #tagDefaults: boolean;
  readonly #inOperation: boolean;

  constructor(schema: SchemaTree, options: PrintOptions) {
    this.#schema = schema;
    // An input or output is the one parent that is no node itself.
    this.#inOperation = options.parent !== undefined && !('kind' in options.parent);
    this.#pretty = options.pretty ?? false;
    this.#tagDefaults = options.tagDefaults ?? false;
  }

  /** @param within the module whose namespace is the default one here */
  *children(parent: SchemaParent | undefined, data: Data, within: string | undefined, level: number): Iterable<string> {
    for (const [node, value] of this.#members(parent, data)) {
      switch (node.kind) {
        case 'leaf':
          // By the schema these are leaf values.
          this.#leaf(node, value as LeafValue, within, level);
          break;
        case 'leaf-list':
          for (const one of value as readonly LeafValue[]) this.#leaf(node, one, within, level);
          break;
        case 'container':
          if (isData(value)) yield* this.#inner(node, value, within, level);
          break;
        case 'list':
          for (const entry of entriesOf(value)) yield* this.#inner(node, entry, within, level);
          break;
        default:
          // Not described by the schema: any JSON.
          this.#any(node, value as AnyValue, within, level);
      }
      if (this.out.full) yield this.out.take();
    }
  }

  /** Children of operations go in the order of the schema (RFC 7950 §7.14.4); elsewhere the order is free. */
  #members(parent: SchemaParent | undefined, data: Data): readonly (readonly [DataSchemaNode, Value])[] {
    const members: (readonly [DataSchemaNode, Value])[] = [];
    for (const [member, value] of Object.entries(data)) {
      if (value === undefined) continue;
      const node = this.#schema.childByMember(parent, member);
      if (node === undefined) throw new Error(`there is no schema node for the member ${member}`);
      members.push([node, value]);
    }
    if (!this.#inOperation || members.length < 2) return members;
    const order = this.#schema.children(parent);
    return members.sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
  }

  *#inner(
    node: Extract<DataSchemaNode, { kind: 'container' | 'list' }>,
    data: Data,
    within: string | undefined,
    level: number,
  ): Iterable<string> {
    const start = this.#indent(level) + this.#start(node, within);
    if (isEmpty(data)) {
      this.out.add(`${start}/>`);
    } else {
      this.out.add(`${start}>`);
      yield* this.children(node, data, node.module, level + 1);
      this.out.add(`${this.#indent(level)}</${node.name}>`);
    }
    if (this.out.full) yield this.out.take();
  }

  #leaf(node: LeafNode | LeafListNode, value: LeafValue, within: string | undefined, level: number): void {
    let start = this.#indent(level) + this.#start(node, within);
    let text: string;
    if (holdsNames(node.type)) {
      const prefixes = new Prefixes(this.#schema);
      text = escapeText(leafToXml(this.#schema, node, value, prefixes));
      for (const [prefix, namespace] of prefixes.namespaces)
        start += ` xmlns:${prefix}="${escapeAttribute(namespace)}"`;
    } else {
      text = escapeText(leafText(value));
    }
    if (this.#tagDefaults && node.kind === 'leaf' && isDefault(node, value)) {
      start += ` xmlns:wd="${DEFAULT_NAMESPACE}" wd:default="true"`;
    }
    this.out.add(text === '' ? `${start}/>` : `${start}>${text}</${node.name}>`);
  }

  #any(node: AnyNode, value: AnyValue, within: string | undefined, level: number): void {
    const content = anyContent(this.#schema, value, node.module);
    this.out.add(
      `${this.#indent(level)}${this.#start(node, within)}${content === '' ? '/>' : `>${content}</${node.name}>`}`,
    );
  }

  /** A start tag without its end. */
  #start(node: DataSchemaNode, within: string | undefined): string {
    if (node.module === within) return `<${node.name}`;
    return `<${node.name} xmlns="${escapeAttribute(this.#schema.namespaceOf(node.module))}"`;
  }

  #indent(level: number): string {
    return this.#pretty ? `\n${'  '.repeat(level)}` : '';
  }
}

function isEmpty(data: Data): boolean {
  return Object.values(data).every((value) => value === undefined);
}

/** The content of an anydata node: its members as data of the schema where the schema has them, else as they are. */
function anyContent(schema: SchemaTree, value: AnyValue, module: string): string {
  if (value === null || typeof value !== 'object') return value === null ? '' : escapeText(String(value));
  if (Array.isArray(value)) return '';
  let text = '';
  for (const [member, content] of Object.entries(value)) {
    const qualified = member.includes(':') ? member : `${module}:${member}`;
    text +=
      schema.childByMember(undefined, qualified) === undefined
        ? plainElements(schema, member, content, module)
        : [...printXml(schema, { [qualified]: content as Value })].join('');
  }
  return text;
}

/**
 * Elements for one member by its name and JSON value alone.
 * @param within the module whose namespace is the default one here
 */
function plainElements(schema: SchemaTree, member: string, value: AnyValue, within: string | undefined): string {
  if (Array.isArray(value) && !isEmptyLeaf(value)) {
    return value.map((one: AnyValue) => plainElements(schema, member, one, within)).join('');
  }
  const colon = member.indexOf(':');
  const qualifier = member.slice(0, Math.max(colon, 0));
  const name = member.slice(colon + 1);
  const known = qualifier !== '' && qualifier !== within ? schema.module(qualifier) : undefined;
  const start = `<${name}${known === undefined ? '' : ` xmlns="${escapeAttribute(known.namespace)}"`}${identityPrefix(schema, value)}`;
  const content = plainContent(schema, value, known?.name ?? within);
  return content === '' ? `${start}/>` : `${start}>${content}</${name}>`;
}

/** Declares the module's name as prefix for a value that is an identity (RFC 7950 §9.10.3). */
function identityPrefix(schema: SchemaTree, value: AnyValue): string {
  if (typeof value !== 'string' || schema.identity(value) === undefined) return '';
  const module = value.slice(0, value.indexOf(':'));
  return ` xmlns:${module}="${escapeAttribute(schema.namespaceOf(module))}"`;
}

function plainContent(schema: SchemaTree, value: AnyValue, within: string | undefined): string {
  if (value === null || Array.isArray(value)) return '';
  if (typeof value !== 'object') return escapeText(String(value));
  return Object.entries(value)
    .map(([member, one]) => plainElements(schema, member, one, within))
    .join('');
}

function isEmptyLeaf(value: readonly unknown[]): boolean {
  return value.length === 1 && value[0] === null;
}

/**
 * Structured error-info (`RpcError.info.structure`, an `sx:structure`) as XML elements. It is no data of a datastore, so
 * names alone decide: a member `module:name` is in that module's namespace, others in their parent's.
 */
export function printStructureXml(schema: SchemaTree, structure: Data): string {
  return Object.entries(structure)
    .map(([member, value]) => (value === undefined ? '' : plainElements(schema, member, plainValue(value), undefined)))
    .join('');
}

/** A value as JSON, entries as arrays. */
function plainValue(value: Value): AnyValue {
  if (typeof value !== 'object') return value;
  if (isData(value)) {
    const members = Object.entries(value).flatMap(([name, one]): [string, AnyValue][] =>
      one === undefined ? [] : [[name, plainValue(one)]],
    );
    return Object.fromEntries(members);
  }
  return Array.isArray(value) ? (value as AnyValue) : [...entriesOf(value)].map(plainValue);
}
