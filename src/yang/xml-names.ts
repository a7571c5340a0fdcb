import type { LeafValue } from './data.ts';
import { parsePath, schemaNodes, valueContext } from './instance-path.ts';
import type { InstancePath } from './instance-path.ts';
import { leafFromJson, leafText } from './leaf-value.ts';
import { quotePathValue, splitPath } from './path-syntax.ts';
import type { LeafListNode, LeafNode, SchemaTree, Type } from './schema-tree.ts';
import { mapPrefixes, withAllModules, xpathSort } from './xpath-names.ts';

/** XML prefixes for modules: their own ones (RFC 7950 §7.1.4), made unique. */
export class Prefixes {
  readonly #schema: SchemaTree;
  readonly #byModule = new Map<string, string>();
  readonly #namespaces = new Map<string, string>();

  constructor(schema: SchemaTree) {
    this.#schema = schema;
  }

  /** Namespace by prefix, of those that were asked for. */
  get namespaces(): ReadonlyMap<string, string> {
    return this.#namespaces;
  }

  /** The prefix of a module of the schema. */
  of(module: string): string {
    const known = this.#byModule.get(module);
    if (known !== undefined) return known;
    const wanted = this.#schema.module(module)?.prefix ?? module;
    let prefix = wanted;
    for (let count = 2; this.#namespaces.has(prefix); count++) prefix = `${wanted}${count}`;
    this.#byModule.set(module, prefix);
    this.#namespaces.set(prefix, this.#schema.namespaceOf(module));
    return prefix;
  }

  /** Declares a module's namespace under the module's name, for texts that use module names as prefixes. */
  declareByName(module: string): void {
    this.#byModule.set(module, module);
    this.#namespaces.set(module, this.#schema.namespaceOf(module));
  }
}

const namesInType = new WeakMap<Type, boolean>();

/** Whether values of a type can hold names that need prefixes in XML. */
export function holdsNames(type: Type): boolean {
  const known = namesInType.get(type);
  if (known !== undefined) return known;
  const answer = findsNames(type);
  namesInType.set(type, answer);
  return answer;
}

function findsNames(type: Type): boolean {
  switch (type.base) {
    case 'identityref':
    case 'instance-identifier':
      return true;
    case 'union':
      return type.types.some(holdsNames);
    case 'leafref':
      return holdsNames(type.target);
    default:
      return xpathSort(type) !== undefined;
  }
}

/** A value's XML text, not escaped; the prefixes it uses are asked of `prefixes` and are to be declared. */
export function leafToXml(
  schema: SchemaTree,
  node: LeafNode | LeafListNode,
  value: LeafValue,
  prefixes: Prefixes,
): string {
  return holdsNames(node.type) ? namesToXml(schema, node, node.type, value, prefixes) : leafText(value);
}

function namesToXml(
  schema: SchemaTree,
  node: LeafNode | LeafListNode,
  type: Type,
  value: LeafValue,
  prefixes: Prefixes,
): string {
  switch (type.base) {
    case 'leafref':
      return namesToXml(schema, node, type.target, value, prefixes);
    case 'union': {
      const context = valueContext(schema, node.module, 'json');
      const member = type.types.find((one) => leafFromJson(context, one, value).ok);
      return member === undefined ? leafText(value) : namesToXml(schema, node, member, value, prefixes);
    }
    case 'identityref':
      return identityToXml(node.module, leafText(value), prefixes);
    case 'instance-identifier':
      return pathToXml(schema, parsePath(schema, leafText(value)), prefixes);
    default:
      return declareXPath(schema, type, leafText(value), prefixes);
  }
}

function identityToXml(ownModule: string, identity: string, prefixes: Prefixes): string {
  const colon = identity.indexOf(':');
  const module = colon < 0 ? ownModule : identity.slice(0, colon);
  return `${prefixes.of(module)}:${identity.slice(colon + 1)}`;
}

/** XPath keeps its module names, which are declared as prefixes. */
function declareXPath(schema: SchemaTree, type: Type, value: string, prefixes: Prefixes): string {
  const sort = xpathSort(type);
  if (sort === undefined) return value;
  const expression = sort === 'path' ? withAllModules(value) : value;
  mapPrefixes(expression, (module) => {
    if (schema.module(module) !== undefined) prefixes.declareByName(module);
    return module;
  });
  return expression;
}

/** A path as XPath, every name with a prefix. */
function pathToXml(schema: SchemaTree, path: InstancePath, prefixes: Prefixes): string {
  const nodes = schemaNodes(schema, path);
  let text = '';
  for (const [at, step] of path.entries()) {
    const node = nodes[at];
    const prefix = prefixes.of(step.module);
    text += `/${prefix}:${step.name}`;
    for (const { name, value } of step.keys ?? []) {
      const key = node?.kind === 'list' ? schema.child(node, step.module, name) : undefined;
      const keyText = key?.kind === 'leaf' ? leafToXml(schema, key, value, prefixes) : leafText(value);
      text += `[${prefix}:${name}=${quotePathValue(keyText)}]`;
    }
    if (step.value !== undefined && node?.kind === 'leaf-list') {
      text += `[.=${quotePathValue(leafToXml(schema, node, step.value, prefixes))}]`;
    }
    if (step.position !== undefined) text += `[${step.position}]`;
  }
  return text === '' ? '/' : text;
}

export interface XmlPath {
  readonly path: string;
  /** Namespace URI by prefix, to be declared where the path stands. */
  readonly namespaces: Readonly<Record<string, string>>;
}

/** The XPath form with prefixes, and the namespaces to declare: `/p:promise/p:pools/p:pool[p:id='p1']`. */
export function formatXmlPath(schema: SchemaTree, path: InstancePath): XmlPath {
  const prefixes = new Prefixes(schema);
  const text = pathToXml(schema, path, prefixes);
  return { path: text, namespaces: Object.fromEntries(prefixes.namespaces) };
}

/**
 * An error's path (RFC 7951 form, `RpcError.path`) as the XPath of an XML `error-path`. A path that is not one of the
 * datastore, such as one into an operation's input, is translated name by name.
 */
export function printErrorPathXml(schema: SchemaTree, path: string): XmlPath {
  try {
    return formatXmlPath(schema, parsePath(schema, path, { collection: true }));
  } catch {
    return translateNames(schema, path);
  }
}

function translateNames(schema: SchemaTree, path: string): XmlPath {
  const prefixes = new Prefixes(schema);
  let module = '';
  let text = '';
  const qualify = (name: string): string => (module === '' ? name : `${prefixes.of(module)}:${name}`);
  try {
    for (const step of splitPath(path)) {
      if (schema.module(step.prefix) !== undefined) module = step.prefix;
      text += `/${qualify(step.name)}`;
      for (const predicate of step.predicates) {
        if (predicate.kind === 'key') text += `[${qualify(predicate.name)}=${quotePathValue(predicate.value)}]`;
        else if (predicate.kind === 'value') text += `[.=${quotePathValue(predicate.value)}]`;
        else text += `[${predicate.position}]`;
      }
    }
  } catch {
    return { path, namespaces: {} };
  }
  return { path: text, namespaces: Object.fromEntries(prefixes.namespaces) };
}
