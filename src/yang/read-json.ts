import type { AnyValue, LeafValue } from './data.ts';
import type { EditNode, EditOperation, EntryEdit } from './edit.ts';
import { entryStep, keyLeaf, valueContext } from './instance-path.ts';
import type { PathStep } from './instance-path.ts';
import { repeatedMember } from './json-members.ts';
import { leafFromJson } from './leaf-value.ts';
import { Where } from './read-where.ts';
import type { ReadOptions } from './read-where.ts';
import { RpcError } from './rpc-error.ts';
import type { DataSchemaNode, LeafListNode, LeafNode, ListNode, SchemaParent, SchemaTree } from './schema-tree.ts';

/** Deepest nesting of anydata; everything else is as deep as the schema. */
const MAX_DEPTH = 256;

/** @throws RpcError malformed-message that says where the text stops being JSON, that it is no object, or repeats a member */
export function parseJsonObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'the text is not JSON';
    throw RpcError.malformedMessage(`Malformed JSON: ${reason}.`);
  }
  if (!isObject(value)) throw RpcError.malformedMessage('The JSON message must be an object: {"module:name": …}.');
  const repeated = repeatedMember(text, value);
  if (repeated !== undefined) {
    throw RpcError.malformedMessage(`Malformed JSON: one object has the member "${repeated}" more than once.`);
  }
  return value;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads the members of a JSON object, children of `parent`, as an edit (RFC 7951). Metadata (members with `@`) is left out.
 * @param base the path of what the members are in
 * @throws RpcError unknown-element, unknown-namespace, invalid-value, missing-element (keys)
 */
export function readJson(
  schema: SchemaTree,
  parent: SchemaParent | undefined,
  members: Readonly<Record<string, unknown>>,
  options: ReadOptions,
  base: readonly PathStep[] = [],
): readonly EditNode[] {
  return new JsonReader(new Where(schema, base), options).members(parent, members);
}

class JsonReader {
  readonly #where: Where;
  readonly #schema: SchemaTree;
  readonly #options: ReadOptions;
  readonly #operation: EditOperation;

  constructor(where: Where, options: ReadOptions) {
    this.#where = where;
    this.#schema = where.schema;
    this.#options = options;
    this.#operation = options.operation;
  }

  members(parent: SchemaParent | undefined, members: Readonly<Record<string, unknown>>): readonly EditNode[] {
    return Object.entries(members).flatMap(([member, value]) => {
      if (member.startsWith('@')) return [];
      const node = this.#node(parent, member);
      return this.#where.within({ module: node.module, name: node.name }, () => this.#edits(node, value));
    });
  }

  #node(parent: SchemaParent | undefined, member: string): DataSchemaNode {
    const node = this.#schema.childByMember(parent, member);
    if (node !== undefined) return node;
    const colon = member.indexOf(':');
    const module = member.slice(0, Math.max(colon, 0));
    if (colon > 0 && this.#schema.module(module) === undefined) {
      const name = member.slice(colon + 1);
      throw this.#where.unknownNamespace(
        parent,
        name,
        module,
        `There is no module "${module}" here, which "${member}" names.`,
      );
    }
    throw this.#where.unknownElement(parent, member);
  }

  #edits(node: DataSchemaNode, value: unknown): readonly EditNode[] {
    if (this.#options.config && !node.config) throw this.#where.stateData(node);
    const operation = this.#operation;
    switch (node.kind) {
      case 'container':
        if (!isObject(value))
          throw this.#where.wrongForm(`${node.name} is a container: it must be a JSON object, {…}.`);
        return [{ node, operation, children: this.members(node, value) }];
      case 'list':
        if (!Array.isArray(value)) {
          throw this.#where.wrongForm(
            `${node.name} is a list: it must be a JSON array of objects, [{…}], for one entry too.`,
          );
        }
        return value.map((entry: unknown) => this.#entry(node, entry));
      case 'leaf':
        return [{ node, operation, value: this.#value(node, value) }];
      case 'leaf-list':
        if (!Array.isArray(value)) {
          throw this.#where.wrongForm(`${node.name} is a leaf-list: it must be a JSON array, for one value too.`);
        }
        return value.map((one: unknown) => ({ node, operation, value: this.#value(node, one) }));
      default:
        this.#checkDepth(value, 0);
        // Parsed from JSON text.
        return [{ node, operation, value: value as AnyValue }];
    }
  }

  #entry(node: ListNode, entry: unknown): EntryEdit {
    this.#where.refine(stepOf(node));
    if (!isObject(entry)) throw this.#where.wrongForm(`An entry of the list ${node.name} must be a JSON object, {…}.`);
    const isKey = (member: string): boolean =>
      node.keys.some((key) => member === key || member === `${node.module}:${key}`);
    const keys = node.keys.map((name) => {
      const value = entry[name] ?? entry[`${node.module}:${name}`];
      if (value === undefined) throw this.#where.missingKey(node, name, node.keys);
      const leaf = keyLeaf(this.#schema, node, name);
      return this.#where.within({ module: leaf.module, name }, () => this.#value(leaf, value));
    });
    if (keys.length > 0) this.#where.refine(entryStep(node, keys));
    const others = Object.fromEntries(Object.entries(entry).filter(([member]) => !isKey(member)));
    return { node, operation: this.#operation, keys, children: this.members(node, others) };
  }

  #value(node: LeafNode | LeafListNode, given: unknown): LeafValue {
    const result = leafFromJson(valueContext(this.#schema, node.module, 'json'), node.type, given);
    if (!result.ok) throw this.#where.wrongValue(node, JSON.stringify(given), result.expected);
    const value = this.#options.canonical ? this.#schema.canonical(node, result.value) : result.value;
    if (value === undefined) throw this.#where.wrongForm(`${JSON.stringify(given)} is not a value of ${node.name}.`);
    return value;
  }

  #checkDepth(value: unknown, depth: number): void {
    if (typeof value !== 'object' || value === null) return;
    if (depth > MAX_DEPTH) {
      throw RpcError.tooBig(`The content is nested deeper than ${MAX_DEPTH} levels; that is not accepted.`, {
        path: this.#where.path,
      });
    }
    for (const one of Object.values(value)) this.#checkDepth(one, depth + 1);
  }
}

function stepOf(node: ListNode): PathStep {
  return { module: node.module, name: node.name };
}
