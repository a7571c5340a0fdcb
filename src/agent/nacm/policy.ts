import type { InstancePath } from '../../yang/instance-path.ts';
import { checkedValue, isWithin } from '../../yang/path-pattern.ts';
import type { PathPattern, PatternCheck } from '../../yang/path-pattern.ts';
import type {
  ActionNode,
  ContainerNode,
  DataSchemaNode,
  Extension,
  ListNode,
  NotificationNode,
  SchemaTree,
} from '../../yang/schema-tree.ts';
import { entryKey } from '../../yang/data.ts';
import { learnReach } from '../access.ts';
import type { Operation, ReachMap, ReadReach, WriteOperation } from '../access.ts';
import { isMarked } from './rules.ts';
import type { AccessOperation, Mark, NacmConfiguration, Rule } from './rules.ts';

/** A rule with its path, if it has one, found in the schema. */
export interface BoundRule extends Rule {
  readonly pattern?: PathPattern;
}

/** What settles that something is denied. */
export type Denier =
  | { readonly is: 'rule'; readonly rule: Rule }
  /** What the module says of the node. */
  | { readonly is: 'extension'; readonly name: string }
  /** RFC 8341 §3.4.4: operations that are denied to all who have not been permitted them. */
  | { readonly is: 'operation' }
  | { readonly is: 'default'; readonly leaf: 'read-default' | 'write-default' | 'exec-default' };

/** Undefined: permitted. */
export type Verdict = Denier | undefined;

interface Condition {
  readonly pattern: PathPattern;
  readonly verdict: Verdict;
}

/** What is decided of the instances of a schema node. */
interface Decision {
  /** In order; the first whose path an instance is within decides. */
  readonly conditions: readonly Condition[];
  /** The conditions by the value they ask for, where all ask for one value at the same place. */
  readonly byValue?: { readonly check: PatternCheck; readonly verdicts: ReadonlyMap<string, Verdict> };
  /** Where none does. */
  readonly otherwise: Verdict;
}

type DataOperation = Exclude<AccessOperation, 'exec'>;

const KEPT_BACK: ReadonlySet<string> = new Set(['kill-session', 'delete-config']);

/**
 * The rules that apply to a user, worked out for each schema node once: what no condition on instances bears on costs a lookup.
 * The rules are in the order in which they are asked, those of built-in rule-lists last.
 */
export class Policy {
  readonly #schema: SchemaTree;
  readonly #rules: readonly BoundRule[];
  readonly #defaults: NacmConfiguration['defaults'];
  readonly #operations = new Map<Operation, Verdict>();
  readonly #notifications = new Map<NotificationNode, Verdict>();
  readonly #decisions: Readonly<Record<AccessOperation, Map<DataSchemaNode | ActionNode, Decision>>> = {
    create: new Map(),
    read: new Map(),
    update: new Map(),
    delete: new Map(),
    exec: new Map(),
  };
  readonly #permitsAll: Readonly<Record<WriteOperation, Map<DataSchemaNode, boolean>>> = {
    create: new Map(),
    update: new Map(),
    delete: new Map(),
  };
  #reach: ReachMap | undefined;
  #reachBesidesMarked: ReachMap | undefined;

  constructor(schema: SchemaTree, rules: readonly BoundRule[], defaults: NacmConfiguration['defaults']) {
    this.#schema = schema;
    this.#rules = rules;
    this.#defaults = defaults;
  }

  /** RFC 8341 §3.4.4. */
  operation(operation: Operation): Verdict {
    return remembered(this.#operations, operation, () => this.#ofOperation(operation));
  }

  /** RFC 8341 §3.4.6. */
  notification(notification: NotificationNode): Verdict {
    return remembered(this.#notifications, notification, () => this.#ofNotification(notification));
  }

  /** RFC 8341 §3.4.4 for an action (RFC 7950 §7.15). @param path of the node it is invoked on */
  action(action: ActionNode, path: InstancePath): Verdict {
    return decided(this.#decision(action, 'exec'), path);
  }

  /** RFC 8341 §3.4.5. */
  data(node: DataSchemaNode, path: InstancePath, operation: DataOperation): Verdict {
    return decided(this.#decision(node, operation), path);
  }

  readReach(node: DataSchemaNode): ReadReach {
    this.#reach ??= this.#learnReach((denier) => denier !== undefined);
    return this.#reach.get(node) ?? 'all';
  }

  /** Whether nothing at or below a node is hidden but what a module keeps from all. @param node undefined for the datastore */
  isReadableBesidesMarked(node: DataSchemaNode | undefined): boolean {
    this.#reachBesidesMarked ??= this.#learnReach((denier) => denier !== undefined && denier.is !== 'extension');
    return node === undefined ? this.#reachBesidesMarked.size === 0 : !this.#reachBesidesMarked.has(node);
  }

  /** Whether {@link data} must be asked of each entry of a list whose reach is `some`. */
  asksOfEntries(list: ListNode): boolean {
    return this.#isConditional(list);
  }

  /** Of a list below containers alone, the only entries that may be read, where the rules name them by their keys. */
  readableKeys(list: ListNode): ReadonlySet<string> | undefined {
    const { conditions, otherwise } = this.#decision(list, 'read');
    if (conditions.length === 0 || otherwise === undefined) return undefined;
    const keys = new Set<string>();
    for (const { pattern, verdict } of conditions) {
      const values = pattern.node === list ? pattern.steps.at(-1)?.values : undefined;
      const texts = list.keys.map((key) => values?.find(({ name }) => name === key)?.text);
      // Keys that are numbers have other forms in entry keys; entries are asked one by one then.
      if (verdict !== undefined || texts.includes(undefined) || !this.#hasTextKeys(list)) return undefined;
      keys.add(entryKey(texts.map((text) => text ?? '')));
    }
    return keys;
  }

  /** Whether whatever is at or below a node may be so written. */
  permitsAll(node: DataSchemaNode, operation: WriteOperation): boolean {
    return remembered(this.#permitsAll[operation], node, () => {
      const { conditions, otherwise } = this.#decision(node, operation);
      if (conditions.length > 0 || otherwise !== undefined) return false;
      if (node.kind !== 'container' && node.kind !== 'list') return true;
      return this.#schema.children(node).every((child) => !child.config || this.permitsAll(child, operation));
    });
  }

  #hasTextKeys(list: ListNode): boolean {
    return list.keys.every((key) => {
      const leaf = this.#schema.child(list, list.module, key);
      return leaf?.kind === 'leaf' && leaf.type.base === 'string';
    });
  }

  #learnReach(isDenied: (denier: Verdict) => boolean): ReachMap {
    const reads = (node: DataSchemaNode): Decision => this.#decision(node, 'read');
    return learnReach(
      this.#schema,
      (node) => reads(node).conditions.length === 0 && isDenied(reads(node).otherwise),
      (node) => this.#isConditional(node),
    );
  }

  /** Whether instances of a node are told apart that those of its parent which may be read have not been told apart by already. */
  #isConditional(node: DataSchemaNode): boolean {
    const own = this.#decision(node, 'read');
    if (own.conditions.length === 0) return false;
    const parent = dataParent(this.#schema, node);
    return parent === undefined || !isSame(own, this.#decision(parent, 'read'));
  }

  #ofOperation({ module, name, extensions = [] }: Operation): Verdict {
    for (const rule of this.#applying(module, 'exec')) {
      const { scope } = rule;
      const matches = scope.of === 'operation' && (scope.name === undefined || scope.name === name);
      if (matches || scope.of === 'everything') return verdictOf(rule);
    }
    const mark = markedBy(extensions, 'exec');
    if (mark !== undefined) return { is: 'extension', name: mark };
    if (module === 'ietf-netconf' && KEPT_BACK.has(name)) return { is: 'operation' };
    return this.#defaults.exec === 'permit' ? undefined : { is: 'default', leaf: 'exec-default' };
  }

  #ofNotification({ module, name, extensions }: NotificationNode): Verdict {
    for (const rule of this.#applying(module, 'read')) {
      const { scope } = rule;
      const matches = scope.of === 'notification' && (scope.name === undefined || scope.name === name);
      if (matches || scope.of === 'everything') return verdictOf(rule);
    }
    const mark = markedBy(extensions, 'read');
    if (mark !== undefined) return { is: 'extension', name: mark };
    return this.#defaults.read === 'permit' ? undefined : { is: 'default', leaf: 'read-default' };
  }

  #decision(node: DataSchemaNode | ActionNode, operation: AccessOperation): Decision {
    return remembered(this.#decisions[operation], node, () => this.#decide(node, operation));
  }

  #decide(node: DataSchemaNode | ActionNode, operation: AccessOperation): Decision {
    const list = operation === 'read' ? this.#listOfKey(node) : undefined;
    if (list !== undefined) return this.#decision(list, operation);
    const line = new Set(lineOf(this.#schema, node));
    const conditions: Condition[] = [];
    for (const rule of this.#applying(node.module, operation)) {
      if (rule.scope.of === 'everything') return decision(conditions, verdictOf(rule));
      const { pattern } = rule;
      if (pattern === undefined || (pattern.node !== undefined && !line.has(pattern.node))) continue;
      if (pattern.checks.length === 0) return decision(conditions, verdictOf(rule));
      conditions.push({ pattern, verdict: verdictOf(rule) });
    }
    return decision(conditions, this.#byDefault(line, operation));
  }

  /** The list whose key a leaf is: an entry that is shown has its keys. */
  #listOfKey(node: DataSchemaNode | ActionNode): ListNode | undefined {
    const parent = dataParent(this.#schema, node);
    return parent?.kind === 'list' && parent.module === node.module && parent.keys.includes(node.name)
      ? parent
      : undefined;
  }

  #byDefault(line: ReadonlySet<{ readonly extensions: readonly Extension[] }>, operation: AccessOperation): Verdict {
    for (const { extensions } of line) {
      const mark = markedBy(extensions, operation);
      if (mark !== undefined) return { is: 'extension', name: mark };
    }
    const leaf = operation === 'read' || operation === 'exec' ? operation : 'write';
    return this.#defaults[leaf] === 'permit' ? undefined : { is: 'default', leaf: `${leaf}-default` };
  }

  #applying(module: string, operation: AccessOperation): readonly BoundRule[] {
    return this.#rules.filter(
      (rule) => (rule.module === undefined || rule.module === module) && (rule.operations?.has(operation) ?? true),
    );
  }
}

function isSame(one: Decision, other: Decision): boolean {
  return (
    one === other ||
    (one.conditions.length === other.conditions.length &&
      one.conditions.every(({ pattern }, at) => pattern === other.conditions[at]?.pattern) &&
      (one.otherwise === undefined) === (other.otherwise === undefined))
  );
}

function decision(conditions: readonly Condition[], otherwise: Verdict): Decision {
  const [check] = conditions[0]?.pattern.checks ?? [];
  const verdicts = new Map<string, Verdict>();
  for (const { pattern, verdict } of conditions) {
    const [own, ...others] = pattern.checks;
    if (own === undefined || others.length > 0 || own.at !== check?.at || own.name !== check.name)
      return { conditions, otherwise };
    if (!verdicts.has(own.text)) verdicts.set(own.text, verdict);
  }
  return check === undefined ? { conditions, otherwise } : { conditions, byValue: { check, verdicts }, otherwise };
}

function decided({ conditions, byValue, otherwise }: Decision, path: InstancePath): Verdict {
  if (byValue !== undefined) {
    const value = checkedValue(byValue.check, path);
    return value !== undefined && byValue.verdicts.has(value) ? byValue.verdicts.get(value) : otherwise;
  }
  for (const { pattern, verdict } of conditions) if (isWithin(pattern, path)) return verdict;
  return otherwise;
}

function verdictOf(rule: Rule): Verdict {
  return rule.action === 'permit' ? undefined : { is: 'rule', rule };
}

/** The mark by which a module keeps something from all who have not been permitted it. */
function markedBy(extensions: readonly Extension[], operation: AccessOperation): Mark | undefined {
  const marks: readonly Mark[] =
    operation === 'read' || operation === 'exec' ? ['default-deny-all'] : ['default-deny-all', 'default-deny-write'];
  return marks.find((mark) => isMarked(extensions, mark));
}

function dataParent(schema: SchemaTree, node: DataSchemaNode | ActionNode): ContainerNode | ListNode | undefined {
  const parent = schema.parent(node);
  const isData = parent !== undefined && 'kind' in parent && (parent.kind === 'container' || parent.kind === 'list');
  return isData ? parent : undefined;
}

/** The node and what it is in: data nodes up to the top. */
function* lineOf(
  schema: SchemaTree,
  node: DataSchemaNode | ActionNode,
): Iterable<DataSchemaNode | ActionNode | NotificationNode> {
  yield node;
  const parent = dataParent(schema, node);
  if (parent !== undefined) yield* lineOf(schema, parent);
}

function remembered<Key, Answer>(known: Map<Key, Answer>, key: Key, find: () => Answer): Answer {
  const found = known.get(key);
  // A verdict that is undefined is known too.
  if (found !== undefined || known.has(key)) return found as Answer;
  const answer = find();
  known.set(key, answer);
  return answer;
}
