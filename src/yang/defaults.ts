import type { Data, LeafValue, Value } from './data.ts';
import { isData } from './entries.ts';
import { mapEntries } from './entry-views.ts';
import { valueContext } from './instance-path.ts';
import { leafFromText } from './leaf-value.ts';
import type {
  ChoiceNode,
  ContainerNode,
  DataSchemaNode,
  LeafListNode,
  LeafNode,
  SchemaNode,
  SchemaParent,
  SchemaTree,
} from './schema-tree.ts';

/**
 * Nodes with every default in use below them (RFC 7950 §7.6.1, RFC 6243 `report-all`): those of leafs and leaf-lists that are
 * absent, in containers without presence that are absent too, and in the default cases of choices. Entries of lists are
 * completed as they are read. Of the datastore itself only nodes that are there are completed.
 *
 * Nodes with a `when` get no defaults here: see {@link hasConditionalDefaults}.
 */
export function withDefaults(schema: SchemaTree, nodes: Data, parent?: SchemaParent): Data {
  const completed: Record<string, Value | undefined> = {};
  for (const [member, value] of Object.entries(nodes)) {
    const node = value === undefined ? undefined : schema.childByMember(parent, member);
    completed[member] = node === undefined || value === undefined ? value : completeNode(schema, node, value);
  }
  if (parent !== undefined) addMissing(schema, schema.moduleOf(parent), parent.children, completed);
  return completed;
}

function completeNode(schema: SchemaTree, node: DataSchemaNode, value: Value): Value {
  if (node.kind === 'container' && isData(value)) return withDefaults(schema, value, node);
  if (node.kind === 'list') return mapEntries(value, (entry) => withDefaults(schema, entry, node));
  return value;
}

function addMissing(
  schema: SchemaTree,
  module: string | undefined,
  children: readonly SchemaNode[],
  members: Record<string, Value | undefined>,
): void {
  for (const child of children) {
    if (child.when.length > 0) continue;
    if (child.kind === 'choice') {
      const active = activeCase(schema, module, child, members);
      if (active !== undefined) addMissing(schema, module, active, members);
    } else if (child.kind === 'case') {
      addMissing(schema, module, child.children, members);
    } else {
      const member = schema.memberName(child, module);
      if (members[member] !== undefined) continue;
      const value = missingValue(schema, child);
      if (value !== undefined) members[member] = value;
    }
  }
}

/** The children of the case that has data, else of the default case. */
function activeCase(
  schema: SchemaTree,
  module: string | undefined,
  choice: ChoiceNode,
  members: Readonly<Record<string, Value | undefined>>,
): readonly SchemaNode[] | undefined {
  const present = (node: SchemaNode): boolean => {
    if (node.kind === 'choice') return node.cases.some(present);
    if (node.kind === 'case') return node.children.some(present);
    return members[schema.memberName(node, module)] !== undefined;
  };
  const active = choice.cases.find(present) ?? choice.cases.find((one) => one.name === choice.default);
  return active?.when.length === 0 ? active.children : undefined;
}

function missingValue(schema: SchemaTree, node: DataSchemaNode): Value | undefined {
  switch (node.kind) {
    case 'leaf':
      return node.default === undefined ? undefined : defaultValue(schema, node, node.default);
    case 'leaf-list': {
      const values = node.defaults.map((one) => defaultValue(schema, node, one));
      return values.length === 0 ? undefined : values;
    }
    case 'container':
      return missingContainer(schema, node);
    default:
      return undefined;
  }
}

/**
 * What a node that is absent is where its siblings are: a container without presence is there, empty (RFC 7950 §6.4.1), and a leaf or
 * leaf-list has its default, where that is in use (§7.6.1, §7.7.2). Undefined: it is not there, or a `when` decides.
 * @param parent undefined for the datastore
 */
export function impliedValue(
  schema: SchemaTree,
  siblings: Data,
  parent: SchemaParent | undefined,
  node: DataSchemaNode,
): Value | undefined {
  if (
    parent === undefined
      ? node.when.length > 0
      : !isInUse(schema, schema.moduleOf(parent), parent.children, node, siblings)
  )
    return undefined;
  if (node.kind === 'container') return node.presence ? undefined : {};
  return missingValue(schema, node);
}

/** Whether a node is among nodes as they stand: under no `when`, and in no case but the one that has data, or the default one. */
function isInUse(
  schema: SchemaTree,
  module: string | undefined,
  nodes: readonly SchemaNode[],
  wanted: DataSchemaNode,
  siblings: Data,
): boolean {
  return nodes.some((node) => {
    if (node.when.length > 0) return false;
    if (node === wanted) return true;
    if (node.kind !== 'choice' && node.kind !== 'case') return false;
    const within = node.kind === 'case' ? node.children : activeCase(schema, module, node, siblings);
    return within !== undefined && isInUse(schema, module, within, wanted, siblings);
  });
}

function missingContainer(schema: SchemaTree, node: ContainerNode): Data | undefined {
  if (node.presence) return undefined;
  const content = withDefaults(schema, {}, node);
  return Object.keys(content).length === 0 ? undefined : content;
}

const parsedDefaults = new WeakMap<LeafNode | LeafListNode, Map<string, LeafValue>>();

function defaultValue(schema: SchemaTree, node: LeafNode | LeafListNode, text: string): LeafValue {
  const known = parsedDefaults.get(node) ?? new Map<string, LeafValue>();
  parsedDefaults.set(node, known);
  const cached = known.get(text);
  if (cached !== undefined) return cached;
  const result = leafFromText(valueContext(schema, node.module, 'json'), node.type, text);
  if (!result.ok) throw new Error(`the default "${text}" of ${node.path} is not ${result.expected}`);
  known.set(text, result.value);
  return result.value;
}

const conditional = new WeakMap<SchemaNode, boolean>();

/** Whether there is a default at or below a node that depends on a `when`, so that XPath has to decide. */
export function hasConditionalDefaults(node: SchemaNode): boolean {
  const known = conditional.get(node);
  if (known !== undefined) return known;
  const answer = node.when.length > 0 ? hasDefaults(node) : childrenOf(node).some(hasConditionalDefaults);
  conditional.set(node, answer);
  return answer;
}

function hasDefaults(node: SchemaNode): boolean {
  if (node.kind === 'leaf') return node.default !== undefined;
  if (node.kind === 'leaf-list') return node.defaults.length > 0;
  return childrenOf(node).some(hasDefaults);
}

function childrenOf(node: SchemaNode): readonly SchemaNode[] {
  if (node.kind === 'choice') return node.cases;
  return 'children' in node ? node.children : [];
}
