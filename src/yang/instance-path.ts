import type { LeafValue } from './data.ts';
import { leafFromText, leafText } from './leaf-value.ts';
import type { NameScope, ValueContext } from './leaf-value.ts';
import { quotePathValue, splitPath } from './path-syntax.ts';
import type { RawPredicate, RawStep } from './path-syntax.ts';
import { RpcError } from './rpc-error.ts';
import type {
  ActionNode,
  DataSchemaNode,
  LeafListNode,
  LeafNode,
  ListNode,
  SchemaParent,
  SchemaTree,
} from './schema-tree.ts';

/**
 * One step of an instance path. Modules are names, never prefixes, and always given.
 * - `keys`: the key leafs of a list entry, in key order, with canonical values
 * - `value`: the value of a leaf-list entry
 * - `position`: the 1-based position of an entry in a list without keys
 *
 * A step that names a list or leaf-list and has none of these means all its entries; only places that say so accept it.
 */
export interface PathStep {
  readonly module: string;
  readonly name: string;
  readonly keys?: readonly { readonly name: string; readonly value: LeafValue }[];
  readonly value?: LeafValue;
  readonly position?: number;
}

/** The path of one node in a data tree; empty for the datastore itself. */
export type InstancePath = readonly PathStep[];

export interface PathOptions {
  /** Accept a last step that names a list or leaf-list without saying which entry: the collection of them all. */
  readonly collection?: boolean;
}

export interface ApiPath {
  readonly path: InstancePath;
  /** Set when the last segment names an action; `path` is then the node it is invoked on. */
  readonly action?: ActionNode;
}

/** The step of a list entry. @param values of its key leafs, in key order */
export function entryStep(list: ListNode, values: readonly LeafValue[]): PathStep {
  const keys = list.keys.map((name, at) => ({ name, value: values[at] ?? '' }));
  return { module: list.module, name: list.name, keys };
}

/** The RFC 7951 §6.11 form: `/opnfv-promise:promise/pools/pool[id='p1']`; `/` for the datastore. */
export function formatPath(path: InstancePath): string {
  let text = '';
  let module: string | undefined;
  for (const step of path) {
    text += `/${step.module === module ? '' : `${step.module}:`}${step.name}`;
    for (const { name, value } of step.keys ?? []) text += `[${name}=${quotePathValue(leafText(value))}]`;
    if (step.value !== undefined) text += `[.=${quotePathValue(leafText(step.value))}]`;
    if (step.position !== undefined) text += `[${step.position}]`;
    module = step.module;
  }
  return text === '' ? '/' : text;
}

/**
 * The RESTCONF form (RFC 8040 §3.5.3), to stand behind `{+restconf}/data`: `/opnfv-promise:promise/pools/pool=p1`; '' for
 * the datastore.
 */
export function formatApiPath(path: InstancePath): string {
  let text = '';
  let module: string | undefined;
  for (const step of path) {
    text += `/${step.module === module ? '' : `${step.module}:`}${step.name}`;
    const values = step.value === undefined ? step.keys?.map(({ value }) => value) : [step.value];
    if (values !== undefined) text += `=${values.map((value) => encodeKey(leafText(value))).join(',')}`;
    module = step.module;
  }
  return text;
}

/** Percent-encodes all but RFC 3986 unreserved characters. */
function encodeKey(value: string): string {
  return encodeURIComponent(value.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** What reading a leaf's value needs, for a leaf of that module. */
export function valueContext(schema: SchemaTree, module: string, scope: NameScope): ValueContext {
  return {
    schema,
    module,
    scope,
    canonicalPath: (text) => formatPath(bindPath(schema, splitPath(text), scope, {})),
  };
}

/**
 * Parses the RFC 7951 form and checks it against the schema; `/` is the datastore.
 * @throws RpcError invalid-value for a malformed path or key, unknown-element for a name that is not in the schema
 */
export function parsePath(schema: SchemaTree, text: string, options: PathOptions = {}): InstancePath {
  return text.trim() === '/' ? [] : bindPath(schema, splitPath(text), 'json', options);
}

/**
 * Parses the form with prefixes (XML instance-identifiers).
 * @param resolve namespace of a prefix, '' for none
 * @throws RpcError as {@link parsePath}
 */
export function parseXmlPath(
  schema: SchemaTree,
  text: string,
  resolve: (prefix: string) => string | undefined,
  options: PathOptions = {},
): InstancePath {
  return text.trim() === '/' ? [] : bindPath(schema, splitPath(text), { resolve }, options);
}

/**
 * Parses a RESTCONF API path (RFC 8040 §3.5.3) as it stands in the URL behind `{+restconf}/data`, still percent-encoded.
 * It is split at `/`, `=` and `,` before decoding, so an encoded comma is part of a key and an empty key is an empty string.
 * @throws RpcError invalid-value for a malformed path or wrong keys, unknown-element for names that are not in the schema
 */
export function parseApiPath(schema: SchemaTree, raw: string, options: PathOptions = {}): ApiPath {
  const segments = raw.replace(/^\//, '').split('/');
  if (segments.length === 1 && segments[0] === '') return { path: [] };
  const path: PathStep[] = [];
  let parent: SchemaParent | undefined;
  let module: string | undefined;
  for (const [at, segment] of segments.entries()) {
    const { qualifier, name, values } = splitSegment(segment, raw);
    const last = at === segments.length - 1;
    const owner = qualifier === '' ? module : qualifier;
    const action = last && owner !== undefined ? schema.action(parent, owner, name) : undefined;
    if (action !== undefined) {
      if (values !== undefined) throw RpcError.invalidValue(`The action ${name} takes no keys; leave out "=…".`);
      return { path, action };
    }
    const node = findNode(schema, parent, qualifier, owner, name, path);
    path.push(apiStep(schema, node, values, path, last && options.collection === true));
    if (node.kind === 'container' || node.kind === 'list') parent = node;
    else if (!last) throw noChildren(node, path);
    module = node.module;
  }
  return { path };
}

function splitSegment(
  segment: string,
  raw: string,
): { readonly qualifier: string; readonly name: string; readonly values: readonly string[] | undefined } {
  const equals = segment.indexOf('=');
  const head = decode(equals < 0 ? segment : segment.slice(0, equals), raw);
  const values =
    equals < 0
      ? undefined
      : segment
          .slice(equals + 1)
          .split(',')
          .map((value) => decode(value, raw));
  const match = /^(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)$/.exec(head);
  if (match === null) {
    throw RpcError.invalidValue(
      `"${raw}" is not a RESTCONF path: "${head}" is not the name of a node; a segment is name, module:name or name=key,….`,
    );
  }
  return { qualifier: match[1] ?? '', name: match[2] ?? '', values };
}

function decode(text: string, raw: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw RpcError.invalidValue(`"${raw}" is not a RESTCONF path: "${text}" is not percent-encoded UTF-8.`);
  }
}

function apiStep(
  schema: SchemaTree,
  node: DataSchemaNode,
  values: readonly string[] | undefined,
  before: InstancePath,
  collection: boolean,
): PathStep {
  const bare = { module: node.module, name: node.name };
  const at = formatPath([...before, bare]);
  if (node.kind === 'list' && values !== undefined) {
    if (values.length !== node.keys.length) throw wrongKeyCount(node, values.length, at);
    const keys = node.keys.map((name, index) => ({
      name,
      value: readKey(schema, node, name, values[index] ?? '', 'json', at),
    }));
    return { ...bare, keys };
  }
  if (node.kind === 'leaf-list' && values !== undefined) {
    if (values.length !== 1) {
      throw RpcError.invalidValue(`The leaf-list ${at} takes one value behind "="; encode a comma in it as %2C.`, {
        path: at,
      });
    }
    return { ...bare, value: readLeaf(schema, node, values[0] ?? '', 'json', at) };
  }
  if (values !== undefined) {
    throw RpcError.invalidValue(`${at} is a ${node.kind}, which has no keys; leave out "=…".`, { path: at });
  }
  if (node.kind === 'list' && !collection && node.keys.length > 0) {
    throw RpcError.invalidValue(`The list ${at} needs its keys: ${node.name}=${node.keys.join(',')}.`, { path: at });
  }
  if (node.kind === 'leaf-list' && !collection) {
    throw RpcError.invalidValue(`The leaf-list ${at} needs a value: ${node.name}=value.`, { path: at });
  }
  return bare;
}

function wrongKeyCount(list: ListNode, given: number, at: string): RpcError {
  const right =
    list.keys.length === 0 ? 'has no keys' : `has the key${list.keys.length > 1 ? 's' : ''} ${list.keys.join(', ')}`;
  return RpcError.invalidValue(`The list ${at} ${right}; ${given} value${given === 1 ? ' was' : 's were'} given.`, {
    path: at,
  });
}

/** Binds the steps of an instance-identifier to the schema. */
function bindPath(schema: SchemaTree, steps: readonly RawStep[], scope: NameScope, options: PathOptions): InstancePath {
  const path: PathStep[] = [];
  let parent: SchemaParent | undefined;
  let module: string | undefined;
  for (const [at, step] of steps.entries()) {
    const owner = moduleOfName(schema, step.prefix, module, scope);
    const node = findNode(schema, parent, step.prefix, owner, step.name, path);
    const last = at === steps.length - 1;
    path.push(boundStep(schema, node, step.predicates, path, scope, last && options.collection === true));
    if (node.kind === 'container' || node.kind === 'list') parent = node;
    else if (!last) throw noChildren(node, path);
    module = node.module;
  }
  return path;
}

/** The module that a name is in; an unprefixed name in XML is in the default namespace, if there is one. */
function moduleOfName(
  schema: SchemaTree,
  prefix: string,
  parentModule: string | undefined,
  scope: NameScope,
): string | undefined {
  if (scope === 'json') return prefix === '' ? parentModule : prefix;
  const namespace = scope.resolve(prefix);
  if (namespace === undefined || namespace === '') {
    if (prefix === '') return parentModule;
    throw RpcError.invalidValue(`The prefix "${prefix}" of a path is not declared; declare it with xmlns:${prefix}.`);
  }
  return schema.moduleByNamespace(namespace)?.name;
}

/** @throws RpcError unknown-element that says what was probably meant */
export function findNode(
  schema: SchemaTree,
  parent: SchemaParent | undefined,
  qualifier: string,
  module: string | undefined,
  name: string,
  before: InstancePath,
): DataSchemaNode {
  const node = module === undefined ? undefined : schema.child(parent, module, name);
  if (node !== undefined) return node;
  const parentPath = before.length === 0 ? undefined : formatPath(before);
  const where = parentPath === undefined ? 'at the top level' : `in ${parentPath}`;
  const candidates = schema.childrenNamed(parent, name).map((child) => `${child.module}:${child.name}`);
  const hint = candidates.length === 0 ? '' : ` ${candidates.join(' or ')} was probably meant.`;
  const given = qualifier === '' ? name : `${qualifier}:${name}`;
  const reason =
    module === undefined && before.length === 0
      ? `The first name of a path needs its module: "${given}" has none.`
      : `There is no node "${given}" ${where}.`;
  throw RpcError.unknownElement(name, reason + hint, parentPath === undefined ? {} : { path: parentPath });
}

export function noChildren(node: { readonly kind: string }, path: InstancePath): RpcError {
  const at = formatPath(path);
  const kind = `${node.kind.startsWith('a') ? 'an' : 'a'} ${node.kind}`;
  return RpcError.invalidValue(`${at} is ${kind} and has no children; end the path there.`, { path: at });
}

function boundStep(
  schema: SchemaTree,
  node: DataSchemaNode,
  predicates: readonly RawPredicate[],
  before: InstancePath,
  scope: NameScope,
  collection: boolean,
): PathStep {
  const bare = { module: node.module, name: node.name };
  const at = formatPath([...before, bare]);
  const [first] = predicates;
  if (node.kind === 'list' && first?.kind === 'key') {
    return { ...bare, keys: boundKeys(schema, node, predicates, scope, at) };
  }
  if (node.kind === 'leaf-list' && predicates.length === 1 && first?.kind === 'value') {
    return { ...bare, value: readLeaf(schema, node, first.value, scope, at) };
  }
  const keyless = node.kind === 'list' && node.keys.length === 0;
  if (keyless && predicates.length === 1 && first?.kind === 'position') return { ...bare, position: first.position };
  const entries = node.kind === 'list' || node.kind === 'leaf-list';
  if (predicates.length === 0 && (!entries || collection)) return bare;
  throw RpcError.invalidValue(`${at} takes ${predicateForm(node)}.`, { path: at });
}

function predicateForm(node: DataSchemaNode): string {
  if (node.kind === 'leaf-list') return "one predicate, [.='value']";
  if (node.kind !== 'list') return 'no predicate';
  if (node.keys.length === 0) return 'a position, such as [1]';
  return `one predicate for each key: ${node.keys.map((key) => `[${key}='…']`).join('')}`;
}

function boundKeys(
  schema: SchemaTree,
  list: ListNode,
  predicates: readonly RawPredicate[],
  scope: NameScope,
  at: string,
): readonly { readonly name: string; readonly value: LeafValue }[] {
  const given = new Map<string, string>();
  for (const predicate of predicates) {
    if (predicate.kind === 'key') given.set(predicate.name, predicate.value);
  }
  const complete = given.size === predicates.length && given.size === list.keys.length;
  return list.keys.map((name) => {
    const text = given.get(name);
    if (text === undefined || !complete) {
      throw RpcError.invalidValue(`${at} takes ${predicateForm(list)}.`, { path: at });
    }
    return { name, value: readKey(schema, list, name, text, scope, at) };
  });
}

function readKey(
  schema: SchemaTree,
  list: ListNode,
  name: string,
  text: string,
  scope: NameScope,
  at: string,
): LeafValue {
  return readLeaf(schema, keyLeaf(schema, list, name), text, scope, at);
}

/** The leaf of a list's key. */
export function keyLeaf(schema: SchemaTree, list: ListNode, name: string): LeafNode {
  const leaf = schema.child(list, list.module, name);
  if (leaf?.kind !== 'leaf') throw new Error(`${list.path} has no key leaf ${name}`);
  return leaf;
}

/** The canonical value of a leaf in its lexical form. @param at where, for the error @throws RpcError invalid-value */
export function readLeaf(
  schema: SchemaTree,
  node: LeafNode | LeafListNode,
  text: string,
  scope: NameScope,
  at: string,
): LeafValue {
  const result = leafFromText(valueContext(schema, node.module, scope), node.type, text);
  if (!result.ok) {
    throw RpcError.invalidValue(`"${text}" is not a value of ${node.name}, which is ${result.expected}.`, { path: at });
  }
  const canonical = schema.canonical(node, result.value);
  if (canonical === undefined) {
    throw RpcError.invalidValue(`"${text}" is not a value of ${node.name}.`, { path: at });
  }
  return canonical;
}

/**
 * The schema nodes along a path.
 * @throws RpcError unknown-element for a step that is not in the schema
 */
export function schemaNodes(schema: SchemaTree, path: InstancePath): readonly DataSchemaNode[] {
  const nodes: DataSchemaNode[] = [];
  let parent: SchemaParent | undefined;
  for (const [at, step] of path.entries()) {
    const node = findNode(schema, parent, step.module, step.module, step.name, path.slice(0, at));
    nodes.push(node);
    if (node.kind === 'container' || node.kind === 'list') parent = node;
    else if (at < path.length - 1) throw noChildren(node, path.slice(0, at + 1));
  }
  return nodes;
}

/** The schema node a path ends at; undefined for the datastore. */
export function schemaNodeAt(schema: SchemaTree, path: InstancePath): DataSchemaNode | undefined {
  return schemaNodes(schema, path).at(-1);
}
