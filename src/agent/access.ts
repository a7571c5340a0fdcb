import type { Data } from '../yang/data.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import type { DataSchemaNode, Extension, ListNode, NotificationNode, SchemaTree } from '../yang/schema-tree.ts';
import type { RequestContext } from './context.ts';

/** What an edit does to a node (RFC 8341 §3.2.1). */
export type WriteOperation = 'create' | 'update' | 'delete';

/**
 * How much of the instances of a schema node, and of what is below them, a user may read: `some` means that `canRead` is asked on the
 * way down.
 */
export type ReadReach = 'all' | 'some' | 'none';

/** An operation of a module or of a protocol: an RPC, an action, or one that the agent carries out itself. */
export interface Operation {
  readonly module: string;
  readonly name: string;
  readonly extensions?: readonly Extension[];
}

/**
 * Decides what a user may do (RFC 8341 §3.4). What may not be read is left out silently (RFC 8341 §3.4.5), everything else
 * that is refused is `access-denied`.
 */
export interface AccessControl {
  /** Lets reads pass over whole subtrees without asking of each node, so it must be quick. */
  readReach(context: RequestContext, node: DataSchemaNode): ReadReach;
  /** Asked of each node whose reach is `some`. */
  canRead(context: RequestContext, node: DataSchemaNode, path: InstancePath): boolean;
  /**
   * Of a list whose reach is `some`, and which is below containers alone, the only entries that may be read, by their keys as `entryKey`
   * makes them: they are looked up, so that a long list is not walked. Undefined: `canRead` is asked of each.
   */
  readableKeys?(context: RequestContext, list: ListNode): ReadonlySet<string> | undefined;
  /**
   * Whether the revision of a configuration resource tells a user of nothing that he may not read.
   * @param node undefined for the datastore
   */
  mayKnowRevision(context: RequestContext, node: DataSchemaNode | undefined): boolean;
  /** Asked of each node that is created, of the top of what is deleted, and of each leaf that is changed. */
  canWrite(context: RequestContext, node: DataSchemaNode, path: InstancePath, operation: WriteOperation): boolean;
  /** Why a user may not use an operation, as the end of a sentence; undefined when he may. */
  execDenial(context: Pick<RequestContext, 'user'>, operation: Operation): string | undefined;
  /** The content of a notification as a user may see it; undefined when he may not receive it. */
  receivable(
    context: Pick<RequestContext, 'user' | 'transport'>,
    notification: NotificationNode,
    content: Data,
  ): Data | undefined;
}

/** Reach by schema node; what is not in it may be read wholly. */
export type ReachMap = ReadonlyMap<DataSchemaNode, ReadReach>;

/** Whether a module keeps a node from all who have not been given more (`nacm:default-deny-all`, RFC 8341 §3.7.2). */
export function isKeptFromAll({ extensions }: { readonly extensions: readonly Extension[] }): boolean {
  return extensions.some(({ module, name }) => module === 'ietf-netconf-acm' && name === 'default-deny-all');
}

/**
 * Works out how far reading reaches.
 * @param denied nodes that may not be read
 * @param partial nodes of which not all instances may be read
 */
export function learnReach(
  schema: SchemaTree,
  denied: (node: DataSchemaNode) => boolean,
  partial: (node: DataSchemaNode) => boolean = () => false,
): ReachMap {
  const reaches = new Map<DataSchemaNode, ReadReach>();
  const learn = (node: DataSchemaNode): ReadReach => {
    const reach = reachOf(node);
    if (reach !== 'all') reaches.set(node, reach);
    return reach;
  };
  const reachOf = (node: DataSchemaNode): ReadReach => {
    if (denied(node)) return 'none';
    if (node.kind !== 'container' && node.kind !== 'list') return 'all';
    // Every child is visited, so that each that is not wholly readable is known.
    const below = schema.children(node).map(learn);
    return below.every((reach) => reach === 'all') && !partial(node) ? 'all' : 'some';
  };
  for (const node of schema.children(undefined)) learn(node);
  return reaches;
}

/**
 * Every user may do everything, but for what a module keeps from all: such data, a provider's password for example, can be written
 * and never read.
 */
export class OpenAccess implements AccessControl {
  readonly #reach: ReachMap;

  constructor(schema: SchemaTree) {
    this.#reach = learnReach(schema, isKeptFromAll);
  }

  readReach(_context: RequestContext, node: DataSchemaNode): ReadReach {
    return this.#reach.get(node) ?? 'all';
  }

  canRead(_context: RequestContext, node: DataSchemaNode): boolean {
    return this.#reach.get(node) !== 'none';
  }

  mayKnowRevision(): boolean {
    return true;
  }

  canWrite(): boolean {
    return true;
  }

  execDenial(): undefined {
    return undefined;
  }

  receivable(_context: unknown, _notification: NotificationNode, content: Data): Data {
    return content;
  }
}
