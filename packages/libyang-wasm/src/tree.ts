/** Trees inside of the instance, to be read. They hold memory there until they are disposed of. */
import { readNodes } from './data-node.ts';
import type { DataNode } from './data-node.ts';
import { LibyangError, StaleHandleError } from './errors.ts';
import { formats, printFlags } from './formats.ts';
import type { PrintOptions } from './formats.ts';
import type { Result } from './instance.ts';
import type { Session } from './session.ts';

/** What a tree needs of its context. */
export interface Home {
  readonly session: Session;
  /** Evaluation steps that an expression may take when it does not say otherwise. */
  readonly xpathBudget: number;
}

export interface XPathOptions {
  /** Instance path of the context node. Default: the root. */
  readonly context?: string;
  /**
   * Namespaces of the prefixes in the expression, as in an XML document. Without them prefixes are names of modules, and
   * an unprefixed name is of its parent's module (RFC 8040's and RFC 8641's JSON forms).
   */
  readonly namespaces?: Readonly<Record<string, string>>;
  /** Evaluation steps, in the place of the context's. `Infinity` for an expression that is trusted. */
  readonly budget?: number;
}

/** The result of an expression, by its XPath type. */
export type XPathResult =
  | { readonly type: 'nodes'; readonly nodes: readonly DataNode[] }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean };

/** Results as the shim is asked for them. */
const asNodes = 0;
const asPaths = 1;
const asCount = 2;

/** What is printed of a tree. */
const siblings = 0;
export const subtree = 1;
export const childrenOf = 2;

/** LY_XPATH_TYPE */
const nodeSet = 0;
const stringResult = 1;
const numberResult = 2;

/** A parsed tree. What it can be asked is the same for data and for operations. */
export abstract class Tree {
  /** @internal */
  protected readonly home: Home;
  readonly #generation: number;
  #address: number;
  #disposed = false;

  /** Trees come from the methods of `Context`. @internal */
  constructor(home: Home, address: number) {
    this.home = home;
    this.#generation = home.session.generation;
    this.#address = address;
  }

  protected get session(): Session {
    return this.home.session;
  }

  /**
   * Address of the first top-level node, 0 when there is none. For this package's own use.
   *
   * @internal
   */
  get address(): number {
    if (this.#disposed) throw new StaleHandleError('the data tree was disposed of');
    if (this.home.session.disposed) throw new StaleHandleError("the data tree's context was disposed of");
    if (this.#generation !== this.home.session.generation) {
      throw new StaleHandleError(
        'the data tree is gone: libyang trapped and its instance was replaced; parse it again',
      );
    }
    return this.#address;
  }

  /**
   * The address for a call together with a tree of `session`, whose addresses mean nothing in another instance.
   *
   * @internal
   */
  addressIn(session: Session): number {
    if (session !== this.session) throw new TypeError('the data tree belongs to another context');
    return this.address;
  }

  /** Where the tree begins after a change. @internal */
  protected moveTo(address: number): void {
    this.#address = address;
  }

  /** True when there is no node. */
  get isEmpty(): boolean {
    return this.address === 0;
  }

  /** Prints all top-level nodes, or with `at` the one node at an instance path (and what is below it). */
  print(options: PrintOptions & { readonly at?: string }): string {
    const address = options.at === undefined ? this.address : this.addressOf(options.at);
    const what = options.at === undefined ? siblings : subtree;
    if (address === 0) return options.format === 'json' ? '{}' : '';
    return this.session.call('lyw_print', address, formats[options.format], printFlags(options), what).text;
  }

  /** @internal */
  protected addressOf(path: string, output = false): number {
    const { operation } = this.session.call('lyw_find_path', this.address, path, Number(output));
    if (operation === 0) {
      throw new LibyangError([
        { message: `There is no node "${path}".`, code: 'not-found', dataPath: path, warning: false },
      ]);
    }
    return operation;
  }

  /** Whether there is a node at an instance path. */
  has(path: string): boolean {
    return this.session.call('lyw_find_path', this.address, path, 0).operation !== 0;
  }

  #evaluate(xpath: string, { context, namespaces, budget }: XPathOptions, how: number): Result {
    const prefixes =
      namespaces &&
      Object.entries(namespaces)
        .map(([prefix, uri]) => `${prefix}\n${uri}\n`)
        .join('');
    const steps = budget ?? this.home.xpathBudget;
    return this.session.call(
      'lyw_evaluate',
      this.address,
      context,
      xpath,
      prefixes,
      Number.isFinite(steps) ? steps : -1,
      how,
    );
  }

  /**
   * Evaluates an XPath expression (RFC 7950 §6.4).
   *
   * @throws XPathBudgetError when it takes too many steps.
   */
  evaluate(xpath: string, options: XPathOptions = {}): XPathResult {
    const { kind, text, number } = this.#evaluate(xpath, options, asNodes);
    if (kind === nodeSet) return { type: 'nodes', nodes: readNodes(text) };
    if (kind === stringResult) return { type: 'string', value: text };
    return kind === numberResult ? { type: 'number', value: number } : { type: 'boolean', value: number !== 0 };
  }

  /**
   * The nodes that an expression selects, in document order.
   *
   * @throws LibyangError when the expression does not select nodes.
   * @throws XPathBudgetError when it takes too many steps.
   */
  find(xpath: string, options: XPathOptions = {}): readonly DataNode[] {
    return readNodes(this.#select(xpath, options, asNodes).text);
  }

  /** The instance paths of the nodes that an expression selects; far less work than `find` for big nodes. */
  findPaths(xpath: string, options: XPathOptions = {}): readonly string[] {
    // The shim writes an array of strings.
    return JSON.parse(this.#select(xpath, options, asPaths).text) as readonly string[];
  }

  /** How many nodes an expression selects. */
  count(xpath: string, options: XPathOptions = {}): number {
    return this.#select(xpath, options, asCount).tree;
  }

  #select(xpath: string, options: XPathOptions, how: number): Result {
    const outcome = this.#evaluate(xpath, options, how);
    if (outcome.kind === nodeSet) return outcome;
    const message = `The expression "${xpath}" yields a value, not nodes.`;
    throw new LibyangError([{ message, code: 'invalid', validationCode: 'xpath', warning: false }]);
  }

  /** All nodes as plain data. */
  nodes(): readonly DataNode[] {
    return readNodes(this.session.call('lyw_nodes', this.address).text);
  }

  /** Frees the tree. May be called again, and after the instance was replaced. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.session.free(this.#address, this.#generation);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
