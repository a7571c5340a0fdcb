import type { Data } from './data.ts';
import { rootOf } from './encoded.ts';
import type { Encoded, ParsedElement } from './encoded.ts';
import { planInput } from './input-plan.ts';
import type { Inner } from './input-plan.ts';
import { provenFromJson, provenFromXml } from './proven-input.ts';
import { isObject, parseJsonObject } from './read-json.ts';
import { RpcError } from './rpc-error.ts';
import type { ActionNode, RpcNode, SchemaTree } from './schema-tree.ts';
import { TypedefOrigins } from './typedef-origin.ts';
import type { ModuleText } from './typedef-origin.ts';
import type { XmlElement } from './xml.ts';

/** The content of an operation's input, out of its wrapper. */
export type OperationContent = {
  /** What it is in, as the client wrote it: `input`, or in XML the name of the operation (RFC 8040 §3.6.1, RFC 7950 §7.14.4). */
  readonly wrapper: string;
} & (
  | { readonly format: 'json'; readonly members: Readonly<Record<string, unknown>> }
  | { readonly format: 'xml'; readonly elements: readonly XmlElement[] }
);

const INPUT = 'input';

/**
 * What is in the wrapper of an operation's input: `{"module:input": …}`, `<input>` or the operation's own element.
 * @throws RpcError malformed-message, unknown-element for another wrapper
 */
export function operationContent(
  schema: SchemaTree,
  operation: RpcNode | ActionNode,
  source: Encoded | ParsedElement,
): OperationContent {
  if (source.format !== 'element' && source.text.trim() === '') return { format: 'json', wrapper: INPUT, members: {} };
  if (source.format === 'json') {
    const members = wrapped(parseJsonObject(source.text), `${operation.module}:${INPUT}`);
    return { format: 'json', wrapper: INPUT, members };
  }
  const root = rootOf(source);
  const namespace = schema.namespaceOf(operation.module);
  if (root.namespace !== namespace || (root.name !== INPUT && root.name !== operation.name)) {
    throw RpcError.unknownElement(
      root.name,
      `The content must be <input xmlns="${namespace}">, not <${root.name} xmlns="${root.namespace}">.`,
    );
  }
  return { format: 'xml', wrapper: root.name, elements: root.children };
}

/** The object under the one member that wraps it. */
function wrapped(members: Readonly<Record<string, unknown>>, wrapper: string): Readonly<Record<string, unknown>> {
  const [name, ...others] = Object.keys(members);
  if (name === undefined) return {};
  const content = members[name];
  if (name !== wrapper || others.length > 0) {
    throw RpcError.unknownElement(
      name,
      `The JSON message must be {"${wrapper}": {…}}; it has ${Object.keys(members).join(', ')}.`,
    );
  }
  if (content === null || (Array.isArray(content) && content.length === 1 && content[0] === null)) return {};
  if (!isObject(content)) throw RpcError.invalidValue(`"${wrapper}" must be a JSON object, {…}.`);
  return content;
}

/** The plans of a context's operations, each made when it is first asked for. */
export class InputPlans {
  readonly #schema: SchemaTree;
  readonly #origins: TypedefOrigins;
  readonly #plans = new Map<RpcNode | ActionNode, Inner | undefined>();

  constructor(schema: SchemaTree, textOf: ModuleText) {
    this.#schema = schema;
    this.#origins = new TypedefOrigins(
      schema.modules.map((module) => module.name),
      textOf,
    );
  }

  /** The validated input with its defaults, if the operation's plan proves it: as libyang would have it. */
  proven(operation: RpcNode | ActionNode, content: OperationContent): Data | undefined {
    let plan = this.#plans.get(operation);
    if (plan === undefined && !this.#plans.has(operation)) {
      plan = planInput(this.#schema, this.#origins, operation);
      this.#plans.set(operation, plan);
    }
    if (plan === undefined) return undefined;
    return content.format === 'json' ? provenFromJson(plan, content.members) : provenFromXml(plan, content.elements);
  }
}
