import { entryKey } from './data.ts';
import type { Data, LeafValue, Value } from './data.ts';
import { entriesOf, isData } from './entries.ts';
import { findEntry, keysOf, mapEntries } from './entry-views.ts';
import { valueContext } from './instance-path.ts';
import { leafFromText } from './leaf-value.ts';
import type { DataSchemaNode, LeafListNode, LeafNode, ListNode, SchemaParent, SchemaTree } from './schema-tree.ts';
import { sameValue } from './sharing.ts';
import type { XmlElement } from './xml.ts';

/** A subtree filter bound to the schema; to be applied any number of times. */
export type SubtreeFilter = (data: Data) => Data;

/** A sibling set of a filter (RFC 6241 §6.2), bound to the schema. */
interface Plan {
  /** Content match nodes: all must hold, or nothing of the parent is selected. */
  readonly matches: readonly Match[];
  /** Nothing but content match nodes: the parent is selected as a whole. */
  readonly whole: boolean;
  readonly members: ReadonlyMap<string, Member>;
}

interface Match {
  readonly member: string;
  readonly node: LeafNode | LeafListNode;
  /** Undefined when the text is no value of the type, so that nothing matches. */
  readonly value: LeafValue | undefined;
}

/** What is selected of a member: all of it, or what any of the plans selects. */
interface Member {
  readonly node: DataSchemaNode;
  readonly all: boolean;
  readonly plans: readonly Plan[];
}

/**
 * Binds a subtree filter (RFC 6241 §6). Attributes in it are ignored, since YANG data has none. An element in no namespace
 * matches in every namespace; a name that is not in the schema selects nothing.
 * @param filter the `<filter>` element, whose children are the filter
 */
export function compileSubtreeFilter(schema: SchemaTree, filter: XmlElement): SubtreeFilter {
  const plan = compile(schema, undefined, filter.children);
  return (data) => applyPlan(plan, data) ?? {};
}

/**
 * Applies a subtree filter to a datastore. Lists stay lazy; a content match on all keys of a list is a look-up. Entries
 * have their keys, asked for or not.
 */
export function subtreeFilter(schema: SchemaTree, data: Data, filter: XmlElement): Data {
  return compileSubtreeFilter(schema, filter)(data);
}

function compile(schema: SchemaTree, parent: SchemaParent | undefined, elements: readonly XmlElement[]): Plan {
  const module = schema.moduleOf(parent);
  const matches: Match[] = [];
  const containments = new Map<DataSchemaNode, XmlElement[]>();
  const members = new Map<string, Member>();
  let selecting = false;
  for (const element of elements) {
    const nodes = nodesFor(schema, parent, element);
    const matching = element.children.length === 0 && element.text.trim() !== '';
    selecting ||= !matching || nodes.length === 0;
    for (const node of nodes) {
      const member = schema.memberName(node, module);
      const inner = node.kind === 'container' || node.kind === 'list';
      if (inner && element.children.length > 0) {
        containments.set(node, [...(containments.get(node) ?? []), element]);
      } else if (matching && (node.kind === 'leaf' || node.kind === 'leaf-list')) {
        matches.push({ member, node, value: matchValue(schema, node, element) });
      } else if (!matching && (element.children.length === 0 || !inner)) {
        members.set(member, { node, all: true, plans: [] });
      }
    }
  }
  for (const [node, all] of containments) {
    const member = schema.memberName(node, module);
    if (members.get(member)?.all !== true)
      members.set(member, { node, all: false, plans: containedPlans(schema, node, all) });
  }
  return { matches, whole: matches.length > 0 && !selecting, members };
}

function nodesFor(
  schema: SchemaTree,
  parent: SchemaParent | undefined,
  element: XmlElement,
): readonly DataSchemaNode[] {
  if (element.namespace === '') return schema.childrenNamed(parent, element.name);
  const node = schema.childByNamespace(parent, element.namespace, element.name);
  return node === undefined ? [] : [node];
}

/** Several elements for one container are one, unless content matches decide for each on its own. */
function containedPlans(schema: SchemaTree, node: DataSchemaNode, elements: readonly XmlElement[]): readonly Plan[] {
  if (node.kind !== 'container' && node.kind !== 'list') return [];
  const plans = elements.map((element) => compile(schema, node, element.children));
  if (plans.length === 1 || plans.some((plan) => plan.matches.length > 0)) return plans;
  return [
    compile(
      schema,
      node,
      elements.flatMap((element) => element.children),
    ),
  ];
}

function matchValue(schema: SchemaTree, node: LeafNode | LeafListNode, element: XmlElement): LeafValue | undefined {
  const context = valueContext(schema, node.module, { resolve: (prefix) => element.scope.get(prefix) });
  const exact = leafFromText(context, node.type, element.text);
  const result = exact.ok ? exact : leafFromText(context, node.type, element.text.trim());
  return result.ok ? schema.canonical(node, result.value) : undefined;
}

/** What a plan selects of the children of a node; undefined when nothing is. */
function applyPlan(plan: Plan, data: Data): Data | undefined {
  if (!plan.matches.every((match) => holds(match, data[match.member]))) return undefined;
  if (plan.whole) return data;
  const selected: [string, Value][] = [];
  for (const { member, node, value } of plan.matches) {
    if (value !== undefined) selected.push([member, node.kind === 'leaf-list' ? [value] : value]);
  }
  for (const [name, member] of plan.members) {
    const value = selectMember(member, data[name]);
    if (value !== undefined) selected.push([name, value]);
  }
  return selected.length === 0 ? undefined : Object.fromEntries(selected);
}

function holds(match: Match, value: Value | undefined): boolean {
  if (match.value === undefined || value === undefined) return false;
  if (match.node.kind === 'leaf') return sameValue(match.value, value);
  // By the schema, the member of a leaf-list is an array of leaf values.
  return (value as readonly LeafValue[]).some((one) => sameValue(match.value, one));
}

function selectMember(member: Member, value: Value | undefined): Value | undefined {
  if (value === undefined || member.all) return value;
  const { node, plans } = member;
  if (node.kind === 'container' && isData(value)) {
    return plans
      .map((plan) => applyPlan(plan, value))
      .reduce((sum, one) => (sum === undefined || one === undefined ? (sum ?? one) : union(sum, one)), undefined);
  }
  return node.kind === 'list' ? selectEntries(node, plans, value) : undefined;
}

function selectEntries(list: ListNode, plans: readonly Plan[], value: Value): Value | undefined {
  const keys = plans.map((plan) => matchedKey(list, plan));
  if (keys.every((key) => key !== undefined)) {
    const found: Data[] = [];
    for (const key of new Set(keys)) {
      const entry = findEntry(list, value, key);
      const selected = entry === undefined ? undefined : selectEntry(list, plans, entry);
      if (selected !== undefined) found.push(selected);
    }
    return found.length === 0 ? undefined : found;
  }
  return mapEntries(value, (entry) => selectEntry(list, plans, entry));
}

/** The key of the only entry that a plan can match, if its content matches say all keys. */
function matchedKey(list: ListNode, plan: Plan): string | undefined {
  const values = list.keys.map((key) => plan.matches.find((match) => match.member === key)?.value);
  const complete = values.filter((value) => value !== undefined);
  return complete.length === list.keys.length && complete.length > 0 ? entryKey(complete) : undefined;
}

function selectEntry(list: ListNode, plans: readonly Plan[], entry: Data): Data | undefined {
  let selected: Data | undefined;
  for (const plan of plans) {
    const one = applyPlan(plan, entry);
    if (one !== undefined) selected = selected === undefined ? one : union(selected, one);
  }
  return selected === undefined || selected === entry ? selected : { ...keysOf(list, entry), ...selected };
}

/** Two selections of the same node together. */
function union(a: Data, b: Data): Data {
  if (a === b) return a;
  const members: Record<string, Value | undefined> = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const other = members[name];
    members[name] = other === undefined || value === undefined ? (other ?? value) : unionOf(other, value);
  }
  return members;
}

/** Rare enough to give laziness up for: the same list, selected from twice with content matches above it. */
function unionOf(a: Value, b: Value): Value {
  if (typeof a !== 'object' || typeof b !== 'object') return a;
  if (isData(a) && isData(b)) return union(a, b);
  const left = [...entriesOf(a)];
  const right = [...entriesOf(b)];
  if (left.length === 0 || right.length === 0) return left.length === 0 ? b : a;
  return [...left, ...right.filter((entry) => !left.some((other) => sameValue(entry, other)))];
}
