import { createHash } from 'node:crypto';

import { Context, LibyangError, loadLibyang } from 'libyang-wasm';
import type { DataTree, XPathOptions } from 'libyang-wasm';

import { isInstantType } from './calendar.ts';
import { hasConditionalDefaults, withDefaults } from './defaults.ts';
import { contentOfEdits } from './edit-content.ts';
import { applyEdit, contentParent, editNodesAt } from './edit.ts';
import type { EditNode, EditOperation, EditTree } from './edit.ts';
import type { InsertPosition } from './entries.ts';
import type { Data, LeafValue } from './data.ts';
import { formatPath, parsePath } from './instance-path.ts';
import type { InstancePath, PathStep } from './instance-path.ts';
import { translatingErrors } from './libyang-errors.ts';
import { ModuleFiles } from './module-files.ts';
import { InputPlans, operationContent } from './operation-input.ts';
import type { OperationContent } from './operation-input.ts';
import { rootOf } from './encoded.ts';
import type { Encoded, ParsedElement } from './encoded.ts';
import { printJson } from './print.ts';
import { isObject, parseJsonObject, readJson } from './read-json.ts';
import type { ReadOptions } from './read-where.ts';
import { readXml } from './read-xml.ts';
import { SchemaTree } from './schema-tree.ts';
import type {
  ActionNode,
  LeafListNode,
  LeafNode,
  Module,
  NotificationNode,
  RpcNode,
  SchemaParent,
  Type,
} from './schema-tree.ts';
import { fromLibyang, toStored } from './stored.ts';
import { parseXml } from './xml.ts';

export interface ModuleRequest {
  readonly name: string;
  readonly revision?: string;
  /** Features to switch on; `*` for all. */
  readonly features: readonly string[];
}

export interface YangContextOptions {
  /** Where `.yang` files are looked for, in this order: `name@revision.yang`, `name.yang`. Those of libyang come last. */
  readonly directories: readonly string[];
  readonly modules: readonly ModuleRequest[];
  /** Steps that one XPath expression may take; libyang-wasm's default (some 0.2 s) unless given. */
  readonly xpathBudget?: number;
}

export interface ParseEditOptions {
  /** default-operation; merge unless given. */
  readonly defaultOperation?: 'merge' | 'replace' | 'none';
}

export interface EditRequestAt {
  /** The target resource; for POST the parent of what is created. */
  readonly path: InstancePath;
  /** PUT → replace, PATCH → merge, POST → create, DELETE → delete. */
  readonly operation: EditOperation;
  readonly insert?: InsertPosition;
}

const RESTCONF_DATA = 'ietf-restconf:data';

export type { Encoded, ParsedElement } from './encoded.ts';

/** The loaded modules and every codec: the only place that calls libyang. */
export class YangContext {
  readonly schema: SchemaTree;
  /** The content-id of ietf-yang-library (RFC 8525 §3): the same for the same modules, revisions, features and texts. */
  readonly contentId: string;
  readonly #context: Context;
  readonly #files: ModuleFiles;
  /** Configurations that were found valid: datastores are immutable, so once is enough. */
  readonly #valid = new WeakSet<Data>();
  readonly #plans: InputPlans;

  private constructor(options: YangContextOptions) {
    this.#files = new ModuleFiles(options.directories);
    this.#context = new Context(loadLibyang(), {
      modules: options.modules.map(({ name, revision, features }) => ({
        name,
        ...(revision === undefined ? {} : { revision }),
        features: features.includes('*') ? '*' : features,
      })),
      importModule: ({ module, revision, submodule, submoduleRevision }) => {
        const text =
          submodule === undefined ? this.#files.find(module, revision) : this.#files.find(submodule, submoduleRevision);
        return text === undefined ? undefined : { text, format: 'yang' };
      },
      ...(options.xpathBudget === undefined ? {} : { xpathBudget: options.xpathBudget }),
    });
    const modules = this.#context.schema();
    this.schema = new SchemaTree(modules, (node, value) => this.#canonical(node, value));
    this.contentId = contentIdOf(modules, this.#files);
    this.#plans = new InputPlans(this.schema, (name) => this.moduleText(name, undefined, 'yang'));
  }

  /** @throws Error that names the module, line and reason when a module does not load; Error for an unreadable directory */
  static load(options: YangContextOptions): YangContext {
    return new YangContext(options);
  }

  /**
   * Input of an RPC, validated, with defaults. JSON: `{"module:input": {…}}`; XML: `<input xmlns=…>` or the operation's own
   * element; empty text is an empty input. What the operation's plan proves valid does not pass through libyang.
   * @param datastore where leafrefs out of the input must lead; without it those that require an instance are refused
   * @throws RpcError, RpcErrors; paths of errors begin with what the input is in: `/module:input`, or the operation's element
   */
  parseRpcInput(rpc: RpcNode, source: Encoded | ParsedElement, datastore?: Data): Data {
    const content = operationContent(this.schema, rpc, source);
    const { module, name } = rpc;
    return this.#parseInput(rpc, `/${module}:${name}`, [{ module, name: content.wrapper }], content, datastore);
  }

  /** As {@link parseRpcInput}. That the node at `path` exists is for the caller to check. */
  parseAction(path: InstancePath, action: ActionNode, source: Encoded | ParsedElement, datastore?: Data): Data {
    const step = { module: action.module, name: action.name };
    const content = operationContent(this.schema, action, source);
    return this.#parseInput(action, formatPath([...path, step]), [...path, step], content, datastore);
  }

  #parseInput(
    operation: RpcNode | ActionNode,
    libyangPath: string,
    errorPath: readonly PathStep[],
    content: OperationContent,
    datastore: Data | undefined,
  ): Data {
    return (
      this.#plans.proven(operation, content) ??
      this.#validatedInput(operation, libyangPath, errorPath, content, datastore)
    );
  }

  /** Input as libyang validates and completes it: it has the last word, and writes every refusal. */
  #validatedInput(
    operation: RpcNode | ActionNode,
    libyangPath: string,
    errorPath: readonly PathStep[],
    content: OperationContent,
    datastore: Data | undefined,
  ): Data {
    const options: ReadOptions = { config: false, operation: 'merge', attributes: false, canonical: false };
    const edits =
      content.format === 'json'
        ? readJson(this.schema, operation.input, content.members, options, errorPath)
        : readXml(this.schema, operation.input, content.elements, options, errorPath);
    const text = this.#operationText(
      operation,
      'input',
      contentOfEdits(this.schema, operation.input, edits, errorPath),
    );
    const at = { from: libyangPath, to: formatPath(errorPath), parent: operation.input };
    const task = { schema: this.schema, operation: at };
    return translatingErrors(task, () =>
      this.#withTree(datastore, (tree) => {
        const call = this.#context.parseRpc(text, {
          format: 'json',
          envelope: 'restconf',
          path: libyangPath,
          ...(tree === undefined ? {} : { datastore: tree }),
        });
        try {
          const json = call.printBody({ format: 'json', withDefaults: 'report-all' });
          return fromLibyang(this.schema, json, operation.input);
        } finally {
          call.dispose();
        }
      }),
    );
  }

  #operationText(operation: RpcNode | ActionNode, half: 'input' | 'output', content: Data): string {
    return `{"${operation.module}:${half}":${this.#json(content, operation[half])}}`;
  }

  /**
   * Configuration of a datastore in stored form, not validated as a whole. XML: any root element with the top-level nodes
   * in it; JSON: an object of top-level nodes.
   * @throws RpcError
   */
  parseData(source: Encoded): Data {
    return applyEdit(this.schema, {}, { ...this.parseEdit(source), operation: 'replace' }).data;
  }

  /**
   * The content of a NETCONF `<config>` (the element itself, or any root with the top-level nodes in it) or a JSON object
   * of top-level nodes, as an edit.
   * @throws RpcError unknown-element, unknown-namespace, invalid-value, missing-element, bad-attribute, …
   */
  parseEdit(source: Encoded | ParsedElement, options: ParseEditOptions = {}): EditTree {
    const operation = options.defaultOperation ?? 'merge';
    const read: ReadOptions = { config: true, operation, attributes: true, canonical: true };
    if (source.format !== 'json') {
      return { operation, children: readXml(this.schema, undefined, rootOf(source).children, read) };
    }
    const members = parseJsonObject(source.text);
    return { operation, children: readJson(this.schema, undefined, unwrapData(members), read) };
  }

  /**
   * A RESTCONF request body (RFC 8040 §4.4–4.7) as an edit; `source` is absent for DELETE.
   * @throws RpcError as {@link parseEdit}, and invalid-value when the body is not about the target
   */
  parseEditAt(request: EditRequestAt, source?: Encoded): EditTree {
    const { path, operation, insert } = request;
    if (source === undefined) return editNodesAt(this.schema, path, operation, undefined, insert);
    const whole = path.length === 0 && operation !== 'create';
    const within = contentParent(this.schema, path, operation);
    const read: ReadOptions = {
      config: true,
      operation: contentOperation(whole ? 'merge' : operation),
      attributes: false,
      canonical: true,
    };
    const nodes = this.#readBody(source, whole, within.node, read, within.path);
    return editNodesAt(this.schema, path, operation, nodes, insert);
  }

  #readBody(
    source: Encoded,
    whole: boolean,
    parent: SchemaParent | undefined,
    read: ReadOptions,
    base: readonly PathStep[],
  ): readonly EditNode[] {
    if (source.format === 'json') {
      const members = parseJsonObject(source.text);
      return readJson(this.schema, parent, whole ? unwrapData(members) : members, read, base);
    }
    const root = parseXml(source.text);
    // The datastore is <data> of ietf-restconf; everything else is the body's root element itself.
    return readXml(this.schema, parent, whole ? root.children : [root], read, base);
  }

  /**
   * Full validation of configuration: mandatory nodes, must, when, leafref, unique, numbers of entries.
   * @param config all of a datastore; one that was found valid before is not looked at again
   * @throws RpcError, RpcErrors with every violation
   */
  validate(config: Data): void {
    if (this.#valid.has(config)) return;
    translatingErrors({ schema: this.schema }, () => {
      this.#context
        .parseData(this.#json(config), { format: 'json', noState: true, validate: { present: true } })
        .dispose();
    });
    this.#valid.add(config);
  }

  /** @throws RpcError, RpcErrors when the output is not what the schema says: a mistake of the server */
  validateRpcOutput(operation: RpcNode | ActionNode, output: Data, path: InstancePath = []): void {
    const at = formatPath([...path, { module: operation.module, name: operation.name }]);
    const task = { schema: this.schema, operation: { from: at, to: at, parent: operation.output } };
    const text = this.#operationText(operation, 'output', output);
    translatingErrors(task, () => {
      this.#context.parseReply(text, { format: 'json', envelope: 'restconf', path: at }).dispose();
    });
  }

  /** @throws RpcError, RpcErrors when the content is not what the schema says: a mistake of the server */
  validateNotification(notification: NotificationNode, content: Data): void {
    const at = `/${notification.module}:${notification.name}`;
    const text = `{"${at.slice(1)}":${this.#json(content, notification)}}`;
    translatingErrors({ schema: this.schema, operation: { from: at, to: at, parent: notification } }, () => {
      this.#context.parseNotification(text, { format: 'json' }).dispose();
    });
  }

  /**
   * Data with every default in use (RFC 6243 `report-all`) below the top-level nodes that are there. Lists are completed entry
   * by entry as they are read, but for top-level nodes with defaults that depend on a `when`: libyang completes those, with
   * nothing but themselves to evaluate the conditions over.
   * @throws RpcError when such a node is not of the schema
   */
  addDefaults(data: Data): Data {
    const decided: [string, Data[string]][] = [];
    const plain: [string, Data[string]][] = [];
    for (const [member, value] of Object.entries(data)) {
      const node = this.schema.childByMember(undefined, member);
      (node !== undefined && hasConditionalDefaults(node) ? decided : plain).push([member, value]);
    }
    const completed = withDefaults(this.schema, Object.fromEntries(plain));
    return decided.length === 0 ? completed : { ...completed, ...this.#decideDefaults(Object.fromEntries(decided)) };
  }

  #decideDefaults(data: Data): Data {
    const text = translatingErrors({ schema: this.schema }, () =>
      this.#withTree(data, (tree) => tree.print({ format: 'json', withDefaults: 'report-all' })),
    );
    // libyang completes the other top-level nodes of the module as well.
    const members = Object.entries(fromLibyang(this.schema, text)).filter(([member]) => data[member] !== undefined);
    return toStored(this.schema, Object.fromEntries(members));
  }

  /**
   * Paths of the nodes that an XPath 1.0 expression selects, in document order, defaults in use included (RFC 7950 §6.4.1).
   * Steps are bounded.
   * @param namespaces module name by prefix; none: prefixes in the expression are module names (RFC 8040, RFC 8641)
   * @throws RpcError invalid-value for what is no such expression, too-big beyond the bound
   */
  xpath(data: Data, expression: string, namespaces: Readonly<Record<string, string>>): readonly InstancePath[] {
    const paths = translatingErrors({ schema: this.schema }, () =>
      this.#withTree(data, (tree) => tree.findPaths(expression, this.#xpathOptions(namespaces))),
    );
    return paths.map((path) => parsePath(this.schema, path, { collection: true }));
  }

  /**
   * Whether an expression holds: a node-set that is not empty, a true boolean, a number but 0, a string but ''. The data
   * may be one notification, `{"module:name": content}`: it is then the document that the expression looks at.
   * @throws RpcError as {@link xpath}
   */
  xpathTest(data: Data, expression: string, namespaces: Readonly<Record<string, string>>): boolean {
    return translatingErrors({ schema: this.schema }, () =>
      this.#withDocument(data, (tree) => {
        const result = tree.evaluate(expression, this.#xpathOptions(namespaces));
        if (result.type === 'nodes') return result.nodes.length > 0;
        return Boolean(result.value);
      }),
    );
  }

  #xpathOptions(namespaces: Readonly<Record<string, string>>): XPathOptions {
    const uris = Object.entries(namespaces).map(([prefix, module]) => [prefix, this.schema.namespaceOf(module)]);
    return uris.length === 0 ? {} : { namespaces: Object.fromEntries(uris) as Record<string, string> };
  }

  /** The source of a module or submodule of this context; undefined when there is none. */
  moduleText(name: string, revision: string | undefined, format: 'yang' | 'yin'): string | undefined {
    const known = this.schema.modules.some(
      (module) =>
        (module.name === name && (revision === undefined || module.revision === revision)) ||
        module.submodules.some((one) => one.name === name && (revision === undefined || one.revision === revision)),
    );
    if (!known) return undefined;
    const text = format === 'yang' ? this.#files.find(name, revision) : undefined;
    if (text !== undefined) return text;
    try {
      return this.#context.moduleText(name, revision, format);
    } catch (error) {
      if (error instanceof LibyangError) return undefined;
      throw error;
    }
  }

  /** `ietf-yang-library:yang-library` and `modules-state` (RFC 8525), stored form. */
  yangLibrary(): Data {
    const tree = this.#context.yangLibrary(this.contentId);
    try {
      return toStored(this.schema, fromLibyang(this.schema, tree.print({ format: 'json' })));
    } finally {
      tree.dispose();
    }
  }

  /** Frees libyang's memory; nothing but the schema can be used after that. */
  close(): void {
    this.#context.dispose();
  }

  #json(data: Data, parent?: SchemaParent): string {
    return [...printJson(this.schema, data, parent === undefined ? {} : { parent })].join('');
  }

  #withTree<T>(data: Data, use: (tree: DataTree) => T): T;
  #withTree<T>(data: Data | undefined, use: (tree: DataTree | undefined) => T): T;
  #withTree<T>(data: Data | undefined, use: (tree: DataTree) => T): T {
    // The overloads say that only a caller that gives no data gets no tree.
    if (data === undefined) return (use as (tree: DataTree | undefined) => T)(undefined);
    return this.#context.withData(this.#json(data), { format: 'json', validate: { operational: true } }, use);
  }

  /** A datastore's tree, or a notification's. */
  #withDocument<T>(data: Data, use: (tree: Pick<DataTree, 'evaluate'>) => T): T {
    const [member = '', ...others] = Object.keys(data);
    const [module = '', name = ''] = member.split(':');
    const notification = others.length === 0 ? this.schema.notification(module, name) : undefined;
    if (notification === undefined) return this.#withTree(data, use);
    // A notification's content is an object.
    const content = this.#json((data[member] ?? {}) as Data, notification);
    const tree = this.#context.parseNotification(`{"${member}":${content}}`, { format: 'json', validate: false });
    try {
      return use(tree);
    } finally {
      tree.dispose();
    }
  }

  /** Only types with a typedef somewhere have canonical forms that their base type does not tell. */
  #canonical(node: LeafNode | LeafListNode, value: LeafValue): LeafValue | undefined {
    if (typeof value !== 'string' || !hasTypedef(node.type)) return value;
    try {
      return this.#context.validateValue(libyangSchemaPath(node.path), value, {
        output: node.path.includes('/output/'),
      });
    } catch (error) {
      if (!(error instanceof LibyangError)) throw error;
      return error.items[0]?.validationCode === 'data' ? undefined : value;
    }
  }
}

/** libyang's paths of nodes in operations leave the input or output out. */
function libyangSchemaPath(path: string): string {
  return path.replace(/\/(?:input|output)\//, '/');
}

const typedefInType = new WeakMap<Type, boolean>();

/** Whether the value of a type may have a canonical form of a derived string type. */
function hasTypedef(type: Type): boolean {
  const known = typedefInType.get(type);
  if (known !== undefined) return known;
  const answer =
    type.base === 'leafref'
      ? hasTypedef(type.target)
      : type.base === 'union'
        ? type.types.some(hasTypedef)
        : type.base === 'string' && type.typedef !== undefined && !isInstantType(type);
  typedefInType.set(type, answer);
  return answer;
}

/** The operation of every node of a body; deletion has no body. */
function contentOperation(operation: EditOperation): ReadOptions['operation'] {
  return operation === 'delete' || operation === 'remove' ? 'none' : operation;
}

/** The top-level nodes, out of `ietf-restconf:data` if they are in it. */
function unwrapData(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const content = members[RESTCONF_DATA];
  return isObject(content) && Object.keys(members).length === 1 ? content : members;
}

function contentIdOf(modules: readonly Module[], files: ModuleFiles): string {
  const hash = createHash('sha256');
  for (const module of modules.toSorted((a, b) =>
    a.name + (a.revision ?? '') < b.name + (b.revision ?? '') ? -1 : 1,
  )) {
    const features = module.features.filter((feature) => feature.enabled).map((feature) => feature.name);
    hash.update(JSON.stringify([module.name, module.revision, module.implemented, features, module.deviatedBy]));
    hash.update(files.find(module.name, module.revision) ?? '');
  }
  return hash.digest('hex').slice(0, 32);
}
