import { compileCondition } from './condition.ts';
import type { Instance } from './condition.ts';
import type { Data, LeafValue, Value } from './data.ts';
import { planLeaf } from './leaf-plan.ts';
import type { LeafPlan } from './leaf-plan.ts';
import { buildMembers, emptyNotation } from './proven-input.ts';
import type {
  ActionNode,
  ChoiceNode,
  ContainerNode,
  DataSchemaNode,
  LeafListNode,
  LeafNode,
  ListNode,
  RpcNode,
  SchemaNode,
  SchemaParent,
  SchemaTree,
} from './schema-tree.ts';
import type { TypedefOrigins } from './typedef-origin.ts';

/** A `must`, as a function of the instance that has it. */
export type Condition = (instance: Instance) => boolean;

/** What stands for a node that is absent: a default, nothing, or `unproven` where it must be there or libyang has to decide. */
export type Absence = { readonly value: Value | undefined } | 'unproven';

interface PlaceBase {
  /** Of all data nodes of the parent, in the order of the schema. */
  readonly index: number;
  /** The member's name in Data. */
  readonly member: string;
  readonly absence: Absence;
  /** In a case of a choice. */
  readonly inCase: boolean;
}

/** How one data node of a parent is read. */
export type Place = PlaceBase &
  (
    | { readonly kind: 'leaf'; readonly node: LeafNode; readonly plan: LeafPlan; readonly musts: readonly Condition[] }
    | {
        readonly kind: 'leaf-list';
        readonly node: LeafListNode;
        readonly plan: LeafPlan;
        readonly musts: readonly Condition[];
      }
    | { readonly kind: 'container'; readonly node: ContainerNode; readonly inner: Inner }
    | {
        readonly kind: 'list';
        readonly node: ListNode;
        readonly inner: Inner;
        readonly keys: readonly { readonly name: string; readonly plan: LeafPlan }[];
      }
    /** Where it is there, libyang has to decide. */
    | { readonly kind: 'unproven'; readonly node: DataSchemaNode }
  );

/** A choice: at most one of its cases has nodes. */
export interface Choice {
  readonly kind: 'choice';
  readonly mandatory: boolean;
  /** What is in force when no case has any node. */
  readonly defaultCase: Case | undefined;
  readonly cases: readonly Case[];
  /** Where any of it is there, libyang has to decide: it or a case has a `when`, or it is in a case of another choice. */
  readonly unproven: boolean;
}

export interface Case {
  readonly content: readonly (Place | Choice)[];
  /** Indexes of all places in it, however deep in choices. */
  readonly indexes: readonly number[];
}

/** How what is in a container, an entry or an operation's input is read. */
export interface Inner {
  readonly node: SchemaParent;
  readonly size: number;
  readonly byMember: ReadonlyMap<string, Place>;
  /** By namespace and name. */
  readonly byElement: ReadonlyMap<string, ReadonlyMap<string, Place>>;
  readonly content: readonly (Place | Choice)[];
  readonly musts: readonly Condition[];
  /** The places that conditions are in or below. */
  readonly conditional: readonly Place[];
}

/**
 * The plan by which the input of an operation is proven valid without libyang: what it accepts, libyang accepts, and the data are the
 * same. It is made of the schema once.
 * @returns undefined when a `must` of the input itself is not understood
 */
export function planInput(
  schema: SchemaTree,
  origins: TypedefOrigins,
  operation: RpcNode | ActionNode,
): Inner | undefined {
  return new Planner(schema, origins).inner(operation.input);
}

class Planner {
  readonly #schema: SchemaTree;
  readonly #origins: TypedefOrigins;

  constructor(schema: SchemaTree, origins: TypedefOrigins) {
    this.#schema = schema;
    this.#origins = origins;
  }

  /** @returns undefined when a `must` of the parent is not understood */
  inner(parent: SchemaParent): Inner | undefined {
    const musts = this.#conditions(parent);
    if (musts === undefined) return undefined;
    const module = this.#schema.moduleOf(parent);
    const places = this.#schema.children(parent).map((node, index): Place => {
      const base = {
        index,
        member: this.#schema.memberName(node, module),
        inCase: !parent.children.includes(node),
      };
      return { ...base, ...this.#read(node) };
    });
    return {
      node: parent,
      size: places.length,
      byMember: this.#membersOf(places, module),
      byElement: this.#elementsOf(places),
      content: arranged(parent.children, new Map(places.map((place) => [place.node, place]))),
      musts,
      conditional: places.filter(hasConditions),
    };
  }

  #membersOf(places: readonly Place[], module: string | undefined): ReadonlyMap<string, Place> {
    const byMember = new Map<string, Place>();
    for (const place of places) {
      byMember.set(`${place.node.module}:${place.node.name}`, place);
      if (place.node.module === module) byMember.set(place.node.name, place);
    }
    return byMember;
  }

  #elementsOf(places: readonly Place[]): ReadonlyMap<string, ReadonlyMap<string, Place>> {
    const byElement = new Map<string, Map<string, Place>>();
    for (const place of places) {
      const namespace = this.#schema.namespaceOf(place.node.module);
      const names = byElement.get(namespace) ?? new Map<string, Place>();
      names.set(place.node.name, place);
      byElement.set(namespace, names);
    }
    return byElement;
  }

  #read(node: DataSchemaNode) {
    const planned = this.#planned(node);
    if (planned !== undefined && node.when.length === 0) return planned;
    // Where it is absent nothing is to be decided, unless it would have a default or has to be there.
    const silent = planned === undefined ? !node.mandatory && !hasAbsence(node) : isSilent(planned.absence);
    const absence: Absence = silent ? { value: undefined } : 'unproven';
    return { kind: 'unproven', node, absence } as const;
  }

  #planned(node: DataSchemaNode) {
    switch (node.kind) {
      case 'leaf':
      case 'leaf-list':
        return this.#leaf(node);
      case 'container':
        return this.#container(node);
      case 'list':
        return this.#list(node);
      default:
        return undefined;
    }
  }

  #leaf(node: LeafNode | LeafListNode) {
    const plan = planLeaf(this.#schema, this.#origins, node.module, node.type);
    const musts = this.#conditions(node);
    if (plan === undefined || musts === undefined) return undefined;
    return node.kind === 'leaf'
      ? ({ kind: 'leaf', node, plan, musts, absence: absenceOfLeaf(node, plan) } as const)
      : ({ kind: 'leaf-list', node, plan, musts, absence: absenceOfLeafList(node, plan) } as const);
  }

  #container(node: ContainerNode) {
    const inner = this.inner(node);
    // It is libyang's to say what a condition of a container means that is there in any case.
    if (inner === undefined || (inner.musts.length > 0 && !node.presence)) return undefined;
    return { kind: 'container', node, inner, absence: absenceOfContainer(node, inner) } as const;
  }

  #list(node: ListNode) {
    const inner = this.inner(node);
    if (inner === undefined) return undefined;
    const keys = node.keys.map((name) => {
      const place = inner.byMember.get(name);
      return place?.kind === 'leaf' ? { name, plan: place.plan } : undefined;
    });
    if (!keys.every((key) => key !== undefined)) return undefined;
    const absence: Absence = node.minElements > 0 ? 'unproven' : { value: undefined };
    return { kind: 'list', node, inner, keys, absence } as const;
  }

  #conditions(node: SchemaParent | DataSchemaNode): readonly Condition[] | undefined {
    const conditions = node.must.map(({ xpath }) => compileCondition(this.#schema, xpath, node));
    return conditions.every((condition) => condition !== undefined) ? conditions : undefined;
  }
}

function absenceOfLeaf(node: LeafNode, plan: LeafPlan): Absence {
  if (node.mandatory || node.isKey) return 'unproven';
  if (node.default === undefined) return { value: undefined };
  const value = defaultOf(plan, node.default);
  return value === undefined ? 'unproven' : { value };
}

function absenceOfLeafList(node: LeafListNode, plan: LeafPlan): Absence {
  if (node.minElements > 0) return 'unproven';
  const values: LeafValue[] = [];
  for (const text of node.defaults) {
    const value = defaultOf(plan, text);
    if (value === undefined) return 'unproven';
    values.push(value);
  }
  return { value: values.length === 0 ? undefined : values };
}

/** Defaults are written with module names (RFC 7951). */
function defaultOf(plan: LeafPlan, text: string): LeafValue | undefined {
  return plan.fromText(text, 'json');
}

function absenceOfContainer(node: ContainerNode, inner: Inner): Absence {
  if (node.presence) return { value: undefined };
  const value: Data | undefined = buildMembers(emptyNotation, inner, undefined);
  if (value === undefined) return 'unproven';
  return { value: Object.keys(value).length === 0 ? undefined : value };
}

function isSilent(absence: Absence): boolean {
  return absence !== 'unproven' && absence.value === undefined;
}

/** Whether something stands for a node that is absent, as far as its own statements say. */
function hasAbsence(node: DataSchemaNode): boolean {
  switch (node.kind) {
    case 'leaf':
      return node.default !== undefined || node.isKey;
    case 'leaf-list':
      return node.defaults.length > 0 || node.minElements > 0;
    case 'list':
      return node.minElements > 0;
    case 'container':
      return !node.presence;
    default:
      return false;
  }
}

function hasConditions(place: Place): boolean {
  switch (place.kind) {
    case 'leaf':
    case 'leaf-list':
      return place.musts.length > 0;
    case 'container':
    case 'list':
      return place.inner.musts.length > 0 || place.inner.conditional.length > 0;
    case 'unproven':
      return false;
  }
}

/** The places in the order of the schema, within the choices that they are in. */
function arranged(
  nodes: readonly SchemaNode[],
  places: ReadonlyMap<SchemaNode, Place>,
  inCase = false,
): readonly (Place | Choice)[] {
  return nodes.flatMap((node): readonly (Place | Choice)[] => {
    if (node.kind === 'choice') return [choiceOf(node, places, inCase)];
    if (node.kind === 'case') return arranged(node.children, places, inCase);
    const place = places.get(node);
    return place === undefined ? [] : [place];
  });
}

function choiceOf(choice: ChoiceNode, places: ReadonlyMap<SchemaNode, Place>, inCase: boolean): Choice {
  const cases = choice.cases.map((one) => {
    const content = arranged(one.children, places, true);
    return { name: one.name, content, indexes: content.flatMap(indexesOf) };
  });
  return {
    kind: 'choice',
    mandatory: choice.mandatory,
    defaultCase: cases.find(({ name }) => name === choice.default),
    cases,
    unproven: inCase || choice.when.length > 0 || choice.cases.some((one) => one.when.length > 0),
  };
}

function indexesOf(item: Place | Choice): readonly number[] {
  return item.kind === 'choice' ? item.cases.flatMap(({ indexes }) => indexes) : [item.index];
}
