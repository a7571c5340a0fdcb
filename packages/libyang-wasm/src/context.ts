/** A set of YANG modules, compiled, and everything that is parsed with it. */
import { DataTree } from './data-tree.ts';
import { LibyangError, TrapError } from './errors.ts';
import type { ErrorItem } from './errors.ts';
import { formats, parseFlags, validateFlags } from './formats.ts';
import type { Format, ParseOptions, PrintOptions } from './formats.ts';
import { Instance, memoryLimits } from './instance.ts';
import type { CallName, ImportModule, ImportRequest, ImportedModule } from './instance.ts';
import type { Libyang } from './module.ts';
import { OperationTree } from './operation-tree.ts';
import type { OperationKind } from './operation-tree.ts';
import { readSchema } from './schema-reader.ts';
import type { Module } from './schema.ts';
import { Session, callWithText, errorOf, itemsOf } from './session.ts';
import type { Argument } from './session.ts';
import type { Home, Tree } from './tree.ts';

/** A module to implement. */
export interface ModuleRequest {
  readonly name: string;
  /** Default: the newest that `importModule` has. */
  readonly revision?: string;
  /** Features to enable, `*` for all. Default: none. */
  readonly features?: readonly string[] | '*';
}

export interface ContextOptions {
  readonly modules: readonly ModuleRequest[];
  /**
   * Gives the text of a module or submodule that is asked for by name; undefined when there is none. Texts are kept, so it
   * is asked once for each.
   */
  readonly importModule: ImportModule;
  /** Evaluation steps that an XPath expression may take, unless a call says otherwise. Default: 2 million, some 0.2 s. */
  readonly xpathBudget?: number;
  /** Bytes that the instance may take. Default: 1 GiB; at least 16 MiB, at most 2 GiB. */
  readonly memoryLimit?: number;
}

const defaultXPathBudget = 2_000_000;
const defaultMemoryLimit = 2 ** 30;

/** LYS_OUTFORMAT */
const moduleFormats = { yang: 1, yin: 3, tree: 4 } as const;

/** How a message names its operation: not enveloped, as NETCONF sends it, as a RESTCONF body. */
export type Envelope = 'none' | 'netconf' | 'restconf';

export interface MessageOptions {
  readonly format: Format;
  /** Default: `none`. NETCONF messages are XML; a RESTCONF notification is JSON, in XML it is that of NETCONF. */
  readonly envelope?: Envelope;
  /**
   * Path of the RPC or instance path of the action, for what does not name it itself: replies, and RESTCONF input and
   * output. E.g. `/example:reboot`, `/example:server[name='a']/reset`.
   */
  readonly path?: string;
  /** Validate the operation. Default: true. */
  readonly validate?: boolean;
  /** Where references out of the operation lead. */
  readonly datastore?: DataTree;
}

/** LYD_TYPE_* */
const messageTypes: Readonly<Record<OperationKind, Readonly<Record<Envelope, number>>>> = {
  rpc: { none: 1, netconf: 4, restconf: 7 },
  notification: { none: 2, netconf: 5, restconf: 8 },
  reply: { none: 3, netconf: 6, restconf: 9 },
};

/** An RPC or action call as plain text: what it is and its input. */
export interface RpcInput {
  readonly name: string;
  readonly module: string;
  /** `/module:rpc`, or the instance path of an action. */
  readonly path: string;
  /** The input as one JSON object (RFC 7951), names in the module of the operation unqualified. */
  readonly json: string;
}

export class Context {
  readonly #libyang: Libyang;
  readonly #options: ContextOptions;
  readonly #imported = new Map<string, ImportedModule | undefined>();
  readonly #home: Home;
  #requests: readonly ModuleRequest[];
  #warnings: readonly ErrorItem[] = [];
  #schema: readonly Module[] | undefined;

  /**
   * @throws LibyangError when a module does not load or compile, with all that libyang reported of it.
   * @throws RangeError when `memoryLimit` is out of bounds.
   */
  constructor(libyang: Libyang, options: ContextOptions) {
    this.#libyang = libyang;
    this.#options = options;
    this.#requests = options.modules;
    const { memoryLimit = defaultMemoryLimit } = options;
    if (!(memoryLimit >= memoryLimits.least && memoryLimit <= memoryLimits.most)) {
      throw new RangeError(
        `memoryLimit is ${memoryLimit}; it must be from ${memoryLimits.least} to ${memoryLimits.most} bytes`,
      );
    }
    const session = new Session(() => this.#makeInstance());
    this.#home = { session, xpathBudget: options.xpathBudget ?? defaultXPathBudget };
  }

  get #session(): Session {
    return this.#home.session;
  }

  #makeInstance(): Instance {
    const instance = new Instance(
      this.#libyang,
      (request) => this.#import(request),
      this.#options.memoryLimit ?? defaultMemoryLimit,
    );
    const call = (name: CallName, ...args: readonly Argument[]) => {
      const { code } = callWithText(instance, name, args);
      instance.throwImportFailure();
      if (code !== 0) throw errorOf(instance, code);
    };
    call('lyw_ctx_new');
    for (const { name, revision, features } of this.#requests) {
      call('lyw_ctx_load', name, revision, features === '*' ? '*' : features?.join('\n'));
    }
    call('lyw_ctx_compile');
    this.#warnings = itemsOf(instance, true).filter((item) => item.warning);
    return instance;
  }

  #import(request: ImportRequest): ImportedModule | undefined {
    const key = [request.module, request.revision, request.submodule, request.submoduleRevision].join('\n');
    if (!this.#imported.has(key)) this.#imported.set(key, this.#options.importModule(request));
    return this.#imported.get(key);
  }

  /** What libyang warned of while it compiled the modules. */
  get warnings(): readonly ErrorItem[] {
    return this.#warnings;
  }

  /** Every module in the context: the requested ones, what they import, and libyang's built-in ones. */
  schema(): readonly Module[] {
    this.#schema ??= readSchema(this.#session.call('lyw_schema').text);
    return this.#schema;
  }

  /**
   * Prints a module or submodule: as YANG, YIN, or a tree diagram (RFC 8340). Without a revision the implemented one.
   *
   * @throws LibyangError with the code `not-found` when there is none.
   */
  moduleText(name: string, revision?: string, format: keyof typeof moduleFormats = 'yang'): string {
    return this.#session.call('lyw_ctx_module_text', name, revision, moduleFormats[format]).text;
  }

  /**
   * Implements further modules, or enables features in those that are there. All data trees of the context become stale.
   *
   * @throws LibyangError when that fails; the context is as it was then.
   */
  implement(modules: readonly ModuleRequest[]): void {
    const before = this.#requests;
    const names = new Set(modules.map((module) => module.name));
    this.#requests = [...before.filter((module) => !names.has(module.name)), ...modules];
    this.#schema = undefined;
    try {
      this.#session.replace();
    } catch (error) {
      this.#requests = before;
      this.#session.replace();
      throw error;
    }
  }

  /** Text with a NUL in it would end there for libyang, the rest unread. */
  #checkText(text: string): void {
    if (!text.includes('\0')) return;
    const line = text.slice(0, text.indexOf('\0')).split('\n').length;
    throw new LibyangError([
      {
        message: 'Invalid character 0x0 in the input.',
        code: 'invalid',
        validationCode: 'syntax',
        line,
        warning: false,
      },
    ]);
  }

  /**
   * Parses and, unless told otherwise, validates data.
   *
   * @throws LibyangError with every violation.
   */
  parseData(text: string, options: ParseOptions): DataTree {
    this.#checkText(text);
    const { tree } = this.#session.call(
      'lyw_parse_data',
      text,
      formats[options.format],
      parseFlags(options),
      Number(options.parseOnly !== true),
      validateFlags({ noState: options.noState ?? false, ...options.validate }),
    );
    return new DataTree(this.#home, tree);
  }

  /** A tree without data. */
  emptyTree(): DataTree {
    return new DataTree(this.#home, 0);
  }

  /**
   * Parses what an edit contains (RFC 6241 §7.2 `config`; RFC 8072 values): strictly, not validated, `operation`, `insert`,
   * `key` and `value` as metadata. A leaf to be deleted may lack its value; it is an opaque node then.
   *
   * `ietf-netconf` must be implemented for the `operation` attribute.
   */
  parseEdit(text: string, format: Format): DataTree {
    this.#checkText(text);
    return new DataTree(this.#home, this.#session.call('lyw_parse_edit', text, formats[format]).tree);
  }

  #parseMessage(kind: OperationKind, text: string, options: MessageOptions): OperationTree {
    this.#checkText(text);
    const { envelope = 'none', path, validate = true, datastore } = options;
    if (path === undefined && (kind === 'reply' || (envelope === 'restconf' && kind === 'rpc'))) {
      throw new TypeError(`a ${kind} (envelope: ${envelope}) does not name its operation: the option "path" must`);
    }
    const type = messageTypes[kind][envelope];
    const outcome = this.#session.call('lyw_parse_op', text, formats[options.format], type, path);
    const tree = new OperationTree(this.#home, kind, outcome);
    if (!validate) return tree;
    try {
      tree.validateOperation(datastore);
    } catch (error) {
      tree.dispose();
      throw error;
    }
    return tree;
  }

  /** Parses the call of an RPC or of an action. */
  parseRpc(text: string, options: MessageOptions): OperationTree {
    return this.#parseMessage('rpc', text, options);
  }

  /**
   * Parses the call of an action.
   *
   * @throws LibyangError when it is that of an RPC.
   */
  parseAction(text: string, options: MessageOptions): OperationTree {
    const tree = this.#parseMessage('rpc', text, options);
    if (tree.operation.kind === 'action') return tree;
    const { path } = tree.operation;
    tree.dispose();
    const message = `"${path}" is an RPC, not an action.`;
    throw new LibyangError([{ message, code: 'invalid', validationCode: 'data', dataPath: path, warning: false }]);
  }

  /** Parses the reply to the RPC or action at `options.path`. A NETCONF reply may be `ok` or errors: see `envelope`. */
  parseReply(text: string, options: MessageOptions & { readonly path: string }): OperationTree {
    return this.#parseMessage('reply', text, options);
  }

  /** Parses a notification. */
  parseNotification(text: string, options: MessageOptions): OperationTree {
    return this.#parseMessage('notification', text, options);
  }

  /** The data of `ietf-yang-library` (RFC 8525) that describe this context. */
  yangLibrary(contentId: string): DataTree {
    return new DataTree(this.#home, this.#session.call('lyw_yang_library', contentId).tree);
  }

  /**
   * Checks a value of the leaf or leaf-list at a schema path (`/module:container/list/leaf`); identities and instances in
   * it are named with modules. Returns its canonical form.
   *
   * @throws LibyangError when it is not valid. Whether the target of a reference exists is not looked up.
   */
  validateValue(schemaPath: string, value: string, options: { readonly output?: boolean } = {}): string {
    this.#checkText(value);
    const length = Buffer.byteLength(value);
    return this.#session.call('lyw_validate_value', schemaPath, Number(options.output === true), value, length).text;
  }

  /** Parses data, uses them, and frees them. */
  withData<T>(text: string, options: ParseOptions, use: (tree: DataTree) => T): T {
    return using(this.parseData(text, options), use);
  }

  /** Data in another encoding, validated on the way unless told otherwise. */
  convert(text: string, from: ParseOptions, to: PrintOptions): string {
    return this.withData(text, from, (tree) => tree.print(to));
  }

  /** An edit as JSON, its attributes as metadata: `"@leaf": {"ietf-netconf:operation": "delete"}`. */
  convertEdit(text: string, format: Format): string {
    return using(this.parseEdit(text, format), (tree) => tree.print({ format: 'json', keepEmptyContainers: true }));
  }

  /** The call of an RPC or action, parsed and validated, as JSON. */
  rpcInput(text: string, options: MessageOptions & Omit<PrintOptions, 'format'>): RpcInput {
    return using(this.parseRpc(text, options), (tree) => ({
      name: tree.operation.name,
      module: tree.operation.module,
      path: tree.operation.path,
      json: tree.printBody({ ...options, format: 'json' }),
    }));
  }

  /** Bytes of memory that the instance takes, and those of them that are allocated. */
  memory(): { readonly linear: number; readonly allocated: number } {
    return this.#session.memory();
  }

  /** Makes libyang trap, to try what follows from it. Always throws a TrapError. */
  trap(): never {
    this.#session.call('lyw_trap');
    throw new TrapError('libyang did not trap');
  }

  /** Gives the instance's memory back. The context and its data trees cannot be used after that. */
  dispose(): void {
    this.#session.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function using<Parsed extends Tree, T>(tree: Parsed, use: (tree: Parsed) => T): T {
  try {
    return use(tree);
  } finally {
    tree.dispose();
  }
}
