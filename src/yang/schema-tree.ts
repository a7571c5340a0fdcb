import type {
  ActionNode,
  AnyNode,
  CaseNode,
  ChoiceNode,
  ContainerNode,
  Extension,
  Identity,
  InOutNode,
  LeafListNode,
  LeafNode,
  ListNode,
  Module,
  NotificationNode,
  RpcNode,
  SchemaNode,
  Type,
} from 'libyang-wasm';

import type { LeafValue } from './data.ts';

export type {
  ActionNode,
  AnyNode,
  ChoiceNode,
  ContainerNode,
  Extension,
  InOutNode,
  LeafListNode,
  LeafNode,
  ListNode,
  Module,
  NotificationNode,
  RpcNode,
  SchemaNode,
  Type,
};

/** A node that instance data can have; choices and cases never show in data. */
export type DataSchemaNode = ContainerNode | ListNode | LeafNode | LeafListNode | AnyNode;

/**
 * Whatever can hold data nodes: a container or list, the input or output of an operation (`rpc.input`), a notification.
 * The datastore itself is `undefined` wherever a parent is asked for.
 */
export type SchemaParent = ContainerNode | ListNode | InOutNode | NotificationNode;

/** One case of one choice that a data node is in. */
interface Alternative {
  readonly choice: ChoiceNode;
  readonly case: CaseNode;
}

interface ParentIndex {
  readonly module: string | undefined;
  readonly children: readonly DataSchemaNode[];
  /** By `module:name`, and by `name` for children of the parent's own module. */
  readonly byMember: ReadonlyMap<string, DataSchemaNode>;
  /** By local name, for error messages that suggest a module. */
  readonly byName: ReadonlyMap<string, readonly DataSchemaNode[]>;
}

/**
 * Brings a valid value into the canonical form of its type where that takes more than the base type says (an IPv6 address,
 * say); undefined when the type refuses the value after all.
 */
export type Canonicalizer = (node: LeafNode | LeafListNode, value: LeafValue) => LeafValue | undefined;

/** An index over the modules of a context: finds nodes by name in constant time, choices and cases flattened. */
export class SchemaTree {
  readonly modules: readonly Module[];
  readonly canonical: Canonicalizer;
  readonly #byName = new Map<string, Module>();
  readonly #byNamespace = new Map<string, Module>();
  readonly #parents = new Map<SchemaNode | ActionNode | NotificationNode, SchemaParent | undefined>();
  readonly #alternatives = new Map<DataSchemaNode, readonly Alternative[]>();
  readonly #indexes = new Map<SchemaParent | undefined, ParentIndex>();
  readonly #rpcs = new Map<string, RpcNode>();
  readonly #notifications = new Map<string, NotificationNode>();
  readonly #identities = new Map<string, Identity>();
  readonly #operations = new Map<InOutNode, RpcNode | ActionNode>();

  constructor(modules: readonly Module[], canonicalizer: Canonicalizer = (_node, value) => value) {
    this.modules = modules;
    this.canonical = canonicalizer;
    for (const module of modules) {
      // Of two revisions only one can be implemented, and that is the one data belongs to.
      if (!this.#byName.has(module.name) || module.implemented) {
        this.#byName.set(module.name, module);
        this.#byNamespace.set(module.namespace, module);
      }
      for (const identity of module.identities) this.#identities.set(`${module.name}:${identity.name}`, identity);
    }
    const implemented = modules.filter((module) => module.implemented);
    this.#indexParent(
      undefined,
      undefined,
      implemented.flatMap((module) => module.data),
    );
    for (const module of implemented) this.#indexOperations(module);
  }

  /** The module of that name; the implemented revision when there are several. */
  module(name: string): Module | undefined {
    return this.#byName.get(name);
  }

  moduleByNamespace(namespace: string): Module | undefined {
    return this.#byNamespace.get(namespace);
  }

  /** The XML namespace of a module that is known to exist, e.g. because a node names it. */
  namespaceOf(module: string): string {
    const known = this.#byName.get(module);
    if (known === undefined) throw new Error(`no module ${module} in the schema`);
    return known.namespace;
  }

  /** The data child of that module and name; `parent` undefined is the top level of all implemented modules. */
  child(parent: SchemaParent | undefined, module: string, name: string): DataSchemaNode | undefined {
    return this.#index(parent).byMember.get(`${module}:${name}`);
  }

  childByNamespace(parent: SchemaParent | undefined, namespace: string, name: string): DataSchemaNode | undefined {
    const module = this.#byNamespace.get(namespace);
    return module === undefined ? undefined : this.child(parent, module.name, name);
  }

  /** The child that an RFC 7951 member name stands for; `module:name` is found too where `name` would do. */
  childByMember(parent: SchemaParent | undefined, member: string): DataSchemaNode | undefined {
    return this.#index(parent).byMember.get(member);
  }

  /** The children of that local name, of whatever module: for messages that say which was meant. */
  childrenNamed(parent: SchemaParent | undefined, name: string): readonly DataSchemaNode[] {
    return this.#index(parent).byName.get(name) ?? [];
  }

  /** Data children in schema order, choices and cases flattened. */
  children(parent: SchemaParent | undefined): readonly DataSchemaNode[] {
    return this.#index(parent).children;
  }

  /** The nearest parent that is not a choice or case; undefined for a top-level node. */
  parent(node: DataSchemaNode | ActionNode | NotificationNode): SchemaParent | undefined {
    return this.#parents.get(node);
  }

  /** The module whose members are unqualified below a parent; undefined for the datastore. */
  moduleOf(parent: SchemaParent | undefined): string | undefined {
    return this.#index(parent).module;
  }

  /** The operation that an input or output belongs to. */
  operationOf(parent: InOutNode): RpcNode | ActionNode | undefined {
    return this.#operations.get(parent);
  }

  rpc(module: string, name: string): RpcNode | undefined {
    return this.#rpcs.get(`${module}:${name}`);
  }

  rpcByNamespace(namespace: string, name: string): RpcNode | undefined {
    const module = this.#byNamespace.get(namespace);
    return module === undefined ? undefined : this.rpc(module.name, name);
  }

  /** A top-level notification. */
  notification(module: string, name: string): NotificationNode | undefined {
    return this.#notifications.get(`${module}:${name}`);
  }

  /** @param qualified `module:name` */
  identity(qualified: string): Identity | undefined {
    return this.#identities.get(qualified);
  }

  /** The action of that name defined directly in a container or list. */
  action(parent: SchemaParent | undefined, module: string, name: string): ActionNode | undefined {
    if (parent === undefined || !('actions' in parent)) return undefined;
    return parent.actions.find((action) => action.name === name && action.module === module);
  }

  /** The data nodes that may not exist together with this one: those of the other cases of the choices it is in. */
  excludedBy(node: DataSchemaNode): readonly DataSchemaNode[] {
    const own = this.#alternatives.get(node);
    if (own === undefined) return [];
    return this.children(this.parent(node)).filter((other) =>
      this.#alternatives
        .get(other)
        ?.some((there) => own.some((here) => here.choice === there.choice && here.case !== there.case)),
    );
  }

  /** RFC 7951 member name of a node below a parent of module `parentModule` (undefined: the top level). */
  memberName(node: { readonly module: string; readonly name: string }, parentModule: string | undefined): string {
    return node.module === parentModule ? node.name : `${node.module}:${node.name}`;
  }

  #index(parent: SchemaParent | undefined): ParentIndex {
    const index = this.#indexes.get(parent);
    if (index === undefined) throw new Error('the schema node belongs to another schema tree');
    return index;
  }

  #indexOperations(module: Module): void {
    for (const rpc of module.rpcs) {
      this.#rpcs.set(`${module.name}:${rpc.name}`, rpc);
      this.#indexOperation(rpc);
    }
    for (const notification of module.notifications) {
      this.#notifications.set(`${module.name}:${notification.name}`, notification);
      this.#indexParent(notification, notification.module, notification.children);
    }
  }

  #indexOperation(operation: RpcNode | ActionNode): void {
    for (const half of [operation.input, operation.output]) {
      this.#operations.set(half, operation);
      this.#indexParent(half, operation.module, half.children);
    }
  }

  #indexParent(parent: SchemaParent | undefined, module: string | undefined, nodes: readonly SchemaNode[]): void {
    const children: DataSchemaNode[] = [];
    this.#flatten(parent, nodes, [], children);
    const byMember = new Map<string, DataSchemaNode>();
    const byName = new Map<string, DataSchemaNode[]>();
    for (const child of children) {
      byMember.set(`${child.module}:${child.name}`, child);
      if (child.module === module) byMember.set(child.name, child);
      byName.set(child.name, [...(byName.get(child.name) ?? []), child]);
    }
    this.#indexes.set(parent, { module, children, byMember, byName });
    for (const child of children) {
      if (child.kind !== 'container' && child.kind !== 'list') continue;
      this.#indexParent(child, child.module, child.children);
      for (const action of child.actions) {
        this.#parents.set(action, child);
        this.#indexOperation(action);
      }
      for (const notification of child.notifications) {
        this.#parents.set(notification, child);
        this.#indexParent(notification, notification.module, notification.children);
      }
    }
  }

  #flatten(
    parent: SchemaParent | undefined,
    nodes: readonly SchemaNode[],
    within: readonly Alternative[],
    into: DataSchemaNode[],
  ): void {
    for (const node of nodes) {
      if (node.kind === 'choice') {
        for (const one of node.cases) {
          this.#flatten(parent, one.children, [...within, { choice: node, case: one }], into);
        }
      } else if (node.kind === 'case') {
        this.#flatten(parent, node.children, within, into);
      } else {
        this.#parents.set(node, parent);
        if (within.length > 0) this.#alternatives.set(node, within);
        into.push(node);
      }
    }
  }
}
