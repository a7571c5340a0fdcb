import { formatPath } from './instance-path.ts';
import type { PathStep } from './instance-path.ts';
import { RpcError } from './rpc-error.ts';
import type { DataSchemaNode, SchemaParent, SchemaTree } from './schema-tree.ts';

/** More children than this are not listed in a message. */
const MOST_LISTED = 24;

/** Where a reader is in the content, and the refusals that both encodings have. */
export class Where {
  readonly schema: SchemaTree;
  readonly #path: PathStep[];

  /** @param base the path of what the content is in; of an operation's input the step `module:input`, or its own */
  constructor(schema: SchemaTree, base: readonly PathStep[]) {
    this.schema = schema;
    this.#path = [...base];
  }

  /** Runs a reader of a node inside of the node's step. */
  within<T>(step: PathStep, read: () => T): T {
    this.#path.push(step);
    const result = read();
    this.#path.pop();
    return result;
  }

  /** Tells the step that the reader is in, once its keys are known. */
  refine(step: PathStep): void {
    this.#path.splice(-1, 1, step);
  }

  get path(): string {
    return formatPath(this.#path);
  }

  /** `in /m:top` or `at the top level`. */
  get place(): string {
    return this.#path.length === 0 ? 'at the top level' : `in ${this.path}`;
  }

  unknownElement(parent: SchemaParent | undefined, name: string): RpcError {
    const candidates = this.#candidates(parent, name);
    const known = this.schema.children(parent).map((node) => node.name);
    const lists = known.length > 0 && known.length <= MOST_LISTED;
    const hint = candidates !== '' ? candidates : lists ? ` It has ${known.join(', ')}.` : '';
    return RpcError.unknownElement(name, `There is no node "${name}" ${this.place}.${hint}`, { path: this.path });
  }

  unknownNamespace(parent: SchemaParent | undefined, name: string, namespace: string, reason: string): RpcError {
    const message = `${reason}${this.#candidates(parent, name)}`;
    return RpcError.unknownNamespace(name, namespace, message, { path: this.path });
  }

  /** ` It was probably meant for …`, or nothing. */
  #candidates(parent: SchemaParent | undefined, name: string): string {
    const nodes = this.schema.childrenNamed(parent, name);
    const texts = nodes.map((node) => `${node.module}:${node.name} (xmlns="${this.schema.namespaceOf(node.module)}")`);
    return texts.length === 0 ? '' : ` ${texts.join(' or ')} was probably meant.`;
  }

  /** For a value that is not of its type. */
  wrongValue(node: DataSchemaNode, given: string, expected: string): RpcError {
    const shown = given.length > 80 ? `${given.slice(0, 80)}…` : given;
    return RpcError.invalidValue(`${shown} is not a value of ${node.name}: it must be ${expected}.`, {
      path: this.path,
    });
  }

  wrongForm(message: string): RpcError {
    return RpcError.invalidValue(message, { path: this.path });
  }

  stateData(node: DataSchemaNode): RpcError {
    return RpcError.invalidValue(
      `${node.name} is state (config false): the server reports it, and a configuration cannot hold it. Leave it out.`,
      { path: this.path, info: { badElement: node.name } },
    );
  }

  missingKey(node: DataSchemaNode, key: string, keys: readonly string[]): RpcError {
    return RpcError.missingElement(
      key,
      `An entry of the list ${node.name} lacks its key ${key}; every entry needs ${keys.join(', ')}.`,
      { path: this.path },
    );
  }
}

/** How content is read. */
export interface ReadOptions {
  /** State data is refused. */
  readonly config: boolean;
  /** The operation of nodes that do not say theirs. */
  readonly operation: 'merge' | 'replace' | 'create' | 'none';
  /** RFC 6241 `operation` and RFC 7950 `insert` attributes mean something; else they are refused. */
  readonly attributes: boolean;
  /** Values are given in canonical form; else as they came, for libyang to read once more. */
  readonly canonical: boolean;
}
