import type { Data, LeafValue, Value } from './data.ts';
import { isData } from './entries.ts';
import { leafText } from './leaf-value.ts';
import type { DataSchemaNode, SchemaParent, SchemaTree, Type } from './schema-tree.ts';

/** A node of the schema as conditions see it: data nodes, and the input or output that they are in. */
type Target = DataSchemaNode | SchemaParent;

/** A node of instance data with what it is in; lists and leaf-lists are one instance for each entry. */
export interface Instance {
  readonly node: Target;
  readonly value: Value;
  readonly parent?: Instance;
}

/** @param at the context node @param origin what `current()` is */
type Get<T> = (at: Instance, origin: Instance) => T;

/** Whether one of a set of nodes passes; the rest of the set is not looked for. */
type Any = (at: Instance, origin: Instance, passes: (one: Instance) => boolean) => boolean;

type Operand =
  | { readonly kind: 'boolean'; readonly get: Get<boolean> }
  | { readonly kind: 'number'; readonly get: Get<number> }
  | { readonly kind: 'text'; readonly get: Get<string> }
  | { readonly kind: 'nodes'; readonly targets: readonly Target[]; readonly any: Any };

type Nodes = Extract<Operand, { readonly kind: 'nodes' }>;

type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';
const COMPARISONS: ReadonlySet<string> = new Set<Comparison>(['=', '!=', '<', '<=', '>', '>=']);

const TOKEN = /\s*(\.\.|!=|<=|>=|[./()[\],*=<>]|"[^"]*"|'[^']*'|\d{1,15}|[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?)\s*/y;

class NotUnderstood extends Error {}

/**
 * A `must` as a function of the node that has it, for the part of XPath 1.0 that such conditions mostly are: relative paths of names,
 * `*`, `.`, `..` and predicates; `or`, `and`, comparisons, `not()`, `current()`, `local-name()`, `derived-from()` and
 * `derived-from-or-self()`. The data have all defaults in use; containers without presence are there whether they hold anything or not.
 * @param xpath with module names as prefixes
 * @returns undefined for any other expression
 */
export function compileCondition(
  schema: SchemaTree,
  xpath: string,
  node: Target,
): ((instance: Instance) => boolean) | undefined {
  try {
    const test = new ConditionParser(schema, tokens(xpath), node).whole();
    return (instance) => test(instance, instance);
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}

function tokens(xpath: string): readonly string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(xpath); match !== null; match = TOKEN.exec(xpath)) {
    found.push(match[1] ?? '');
    if (TOKEN.lastIndex === xpath.length) return found;
  }
  throw new NotUnderstood();
}

class ConditionParser {
  readonly #schema: SchemaTree;
  readonly #tokens: readonly string[];
  readonly #origin: Target;
  #at = 0;

  constructor(schema: SchemaTree, expression: readonly string[], origin: Target) {
    this.#schema = schema;
    this.#tokens = expression;
    this.#origin = origin;
  }

  whole(): Get<boolean> {
    const test = this.#or([this.#origin]);
    if (this.#at < this.#tokens.length) throw new NotUnderstood();
    return test;
  }

  #or(here: readonly Target[]): Get<boolean> {
    const parts = [this.#and(here)];
    while (this.#accept('or')) parts.push(this.#and(here));
    return (at, origin) => parts.some((part) => part(at, origin));
  }

  #and(here: readonly Target[]): Get<boolean> {
    const parts = [truth(this.#comparison(here))];
    while (this.#accept('and')) parts.push(truth(this.#comparison(here)));
    return (at, origin) => parts.every((part) => part(at, origin));
  }

  #comparison(here: readonly Target[]): Operand {
    const left = this.#operand(here);
    const operator = this.#tokens[this.#at];
    if (operator === undefined || !COMPARISONS.has(operator)) return left;
    this.#at += 1;
    // One of the set's values.
    return compared(left, operator as Comparison, this.#operand(here));
  }

  #operand(here: readonly Target[]): Operand {
    const token = this.#take();
    if (/^["']/.test(token)) return { kind: 'text', get: () => token.slice(1, -1) };
    if (/^\d/.test(token)) return { kind: 'number', get: () => Number(token) };
    if (token === '(') return { kind: 'boolean', get: this.#inParentheses(here) };
    if (this.#tokens[this.#at] === '(' && /^[a-z-]+$/.test(token)) {
      this.#at += 1;
      return this.#call(token, here);
    }
    this.#at -= 1;
    return this.#path(here);
  }

  /** What is before a closing parenthesis. */
  #inParentheses(here: readonly Target[]): Get<boolean> {
    const get = this.#or(here);
    this.#expect(')');
    return get;
  }

  #call(name: string, here: readonly Target[]): Operand {
    switch (name) {
      case 'not': {
        const holds = this.#inParentheses(here);
        return { kind: 'boolean', get: (at, origin) => !holds(at, origin) };
      }
      case 'current':
        this.#expect(')');
        return { kind: 'nodes', targets: [this.#origin], any: (_at, origin, passes) => passes(origin) };
      case 'local-name':
        this.#expect(')');
        return { kind: 'text', get: ({ node }) => ('name' in node ? node.name : '') };
      case 'derived-from':
      case 'derived-from-or-self':
        return this.#derivation(name === 'derived-from-or-self', here);
      default:
        throw new NotUnderstood();
    }
  }

  #derivation(orSelf: boolean, here: readonly Target[]): Operand {
    const nodes = this.#path(here);
    this.#expect(',');
    const base = /^["'](.*)["']$/.exec(this.#take())?.[1] ?? '';
    this.#expect(')');
    const derived = this.#schema.identity(base)?.derived;
    const areIdentities = nodes.targets.every((target) => 'type' in target && target.type.base === 'identityref');
    if (derived === undefined || !areIdentities) throw new NotUnderstood();
    const values = new Set<Value>(orSelf ? [base, ...derived] : derived);
    return { kind: 'boolean', get: (at, origin) => nodes.any(at, origin, ({ value }) => values.has(value)) };
  }

  #path(here: readonly Target[]): Nodes {
    let { targets, any } = this.#step(here);
    for (;;) {
      while (this.#accept('[')) {
        const holds = this.#or(targets);
        this.#expect(']');
        const all = any;
        any = (at, origin, passes) => all(at, origin, (one) => holds(one, origin) && passes(one));
      }
      if (!this.#accept('/')) return { kind: 'nodes', targets, any };
      const step = this.#step(targets);
      const before = any;
      targets = step.targets;
      any = (at, origin, passes) => before(at, origin, (one) => step.any(one, origin, passes));
    }
  }

  #step(here: readonly Target[]): Nodes {
    const token = this.#take();
    if (token === '.') return { kind: 'nodes', targets: here, any: (at, _origin, passes) => passes(at) };
    if (token === '..') {
      const targets = here.map((target) => known('kind' in target ? this.#schema.parent(target) : undefined));
      return { kind: 'nodes', targets, any: ({ parent }, _origin, passes) => parent !== undefined && passes(parent) };
    }
    const names = /^(.*):(.*)$/.exec(token);
    if (token !== '*' && names === null) throw new NotUnderstood();
    const [, module = '', name = ''] = names ?? [];
    const membersOf = new Map<Target, readonly Member[]>();
    for (const target of here) {
      const children = isLeaf(target)
        ? []
        : token === '*'
          ? this.#schema.children(target)
          : [known(this.#schema.child(target, module, name))];
      if (children.some((child) => isHidden(target, child))) throw new NotUnderstood();
      const own = isLeaf(target) ? undefined : this.#schema.moduleOf(target);
      membersOf.set(
        target,
        children.map((node) => ({ node, name: this.#schema.memberName(node, own) })),
      );
    }
    return {
      kind: 'nodes',
      targets: [...membersOf.values()].flat().map(({ node }) => node),
      any: (at, _origin, passes) => anyChild(at, membersOf.get(at.node) ?? [], passes),
    };
  }

  #take(): string {
    return known(this.#tokens[this.#at++]);
  }

  #accept(token: string): boolean {
    const accepted = this.#tokens[this.#at] === token;
    if (accepted) this.#at += 1;
    return accepted;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) throw new NotUnderstood();
  }
}

/** A child of a node, with its name in Data. */
interface Member {
  readonly node: DataSchemaNode;
  readonly name: string;
}

function anyChild(parent: Instance, members: readonly Member[], passes: (one: Instance) => boolean): boolean {
  // Only inner nodes have children, and their values are members.
  const data = parent.value as Data;
  return members.some(({ node, name }) => {
    const value = data[name];
    if (value === undefined) {
      return node.kind === 'container' && !node.presence && passes({ node, value: {}, parent });
    }
    if (node.kind !== 'list' && node.kind !== 'leaf-list') return passes({ node, value, parent });
    // The members of lists and leaf-lists in operations are arrays.
    return (value as readonly (Data | LeafValue)[]).some((each) => passes({ node, value: each, parent }));
  });
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new NotUnderstood();
  return value;
}

function isLeaf(target: Target): target is Exclude<DataSchemaNode, SchemaParent> {
  return 'kind' in target && target.kind !== 'container' && target.kind !== 'list' && target.kind !== 'notification';
}

/** Whether an absent container may be there or not: that depends on the case that is chosen. */
function isHidden(parent: Target, child: DataSchemaNode): boolean {
  return child.kind === 'container' && !child.presence && !('children' in parent && parent.children.includes(child));
}

function truth(operand: Operand): Get<boolean> {
  switch (operand.kind) {
    case 'boolean':
      return operand.get;
    case 'nodes':
      return (at, origin) => operand.any(at, origin, () => true);
    default:
      // A number in a predicate is a position.
      throw new NotUnderstood();
  }
}

/** A comparison holds for a set of nodes when it does for one of them (XPath 1.0 §3.4). */
function compared(left: Operand, operator: Comparison, right: Operand): Operand {
  const [anyLeft, anyRight] = [anyText(left), anyText(right)];
  const asNumbers = left.kind === 'number' || right.kind === 'number' || (operator !== '=' && operator !== '!=');
  const holds = (a: string, b: string): boolean =>
    asNumbers ? ordered(numberOf(a), operator, numberOf(b)) : (a === b) === (operator === '=');
  return {
    kind: 'boolean',
    get: (at, origin) => anyLeft(at, origin, (one) => anyRight(at, origin, (other) => holds(one, other))),
  };
}

/** Whether one of the texts that an operand stands for passes. */
function anyText(operand: Operand): (at: Instance, origin: Instance, passes: (text: string) => boolean) => boolean {
  switch (operand.kind) {
    case 'boolean':
      throw new NotUnderstood();
    case 'nodes':
      if (!operand.targets.every((target) => 'type' in target && isWrittenAlike(target.type)))
        throw new NotUnderstood();
      return (at, origin, passes) =>
        operand.any(at, origin, ({ value }) => !isData(value) && passes(leafText(value as LeafValue)));
    default:
      return (at, origin, passes) => passes(String(operand.get(at, origin)));
  }
}

/** Whether the values of a type are written the same in XPath and in data. */
function isWrittenAlike(type: Type): boolean {
  if (type.base === 'leafref') return isWrittenAlike(type.target);
  return /^(?:u?int\d+|string|enumeration|boolean)$/.test(type.base);
}

function numberOf(text: string): number {
  return /^\s*-?(?:\d+(?:\.\d*)?|\.\d+)\s*$/.test(text) ? Number(text) : NaN;
}

function ordered(a: number, operator: Comparison, b: number): boolean {
  switch (operator) {
    case '=':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}
