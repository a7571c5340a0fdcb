import type { InstancePath } from '../yang/instance-path.ts';
import type { ActionNode, DataSchemaNode, NotificationNode, RpcNode, SchemaTree } from '../yang/schema-tree.ts';
import type { RequestContext } from './context.ts';

/** What an edit does to a node (RFC 8341 §3.2.1). */
export type WriteOperation = 'create' | 'update' | 'delete';

/**
 * How much of the instances of a schema node, and of what is below them, a user may read: `some` means that `canRead` is asked on the
 * way down.
 */
export type ReadReach = 'all' | 'some' | 'none';

/**
 * Decides what a user may do (RFC 8341 §3.4). What may not be read is left out silently (RFC 8341 §3.4.5), everything else
 * that is refused is `access-denied`.
 */
export interface AccessControl {
  /** Lets reads pass over whole subtrees without asking of each node, so it must be quick. */
  readReach(context: RequestContext, node: DataSchemaNode): ReadReach;
  /** Asked of each node whose reach is `some`. */
  canRead(context: RequestContext, node: DataSchemaNode, path: InstancePath): boolean;
  /** Asked of each node that is created, of the top of what is deleted, and of each leaf that is changed. */
  canWrite(context: RequestContext, node: DataSchemaNode, path: InstancePath, operation: WriteOperation): boolean;
  canExec(context: RequestContext, operation: RpcNode | ActionNode): boolean;
  canReceive(context: Pick<RequestContext, 'user' | 'transport'>, notification: NotificationNode): boolean;
}

/**
 * Every authenticated user may do everything, but for what a module keeps from all (`nacm:default-deny-all`, RFC 8341 §3.7.2):
 * such data, a provider's password for example, can be written and never read.
 */
export class OpenAccess implements AccessControl {
  readonly #reach = new Map<DataSchemaNode, ReadReach>();

  constructor(schema: SchemaTree) {
    for (const node of schema.children(undefined)) this.#learn(schema, node);
  }

  readReach(_context: RequestContext, node: DataSchemaNode): ReadReach {
    return this.#reach.get(node) ?? 'all';
  }

  canRead(_context: RequestContext, node: DataSchemaNode): boolean {
    return this.#reach.get(node) !== 'none';
  }

  canWrite(): boolean {
    return true;
  }

  canExec(): boolean {
    return true;
  }

  canReceive(): boolean {
    return true;
  }

  /** Only what is not `all` is kept. */
  #learn(schema: SchemaTree, node: DataSchemaNode): ReadReach {
    const reach = this.#reachOf(schema, node);
    if (reach !== 'all') this.#reach.set(node, reach);
    return reach;
  }

  #reachOf(schema: SchemaTree, node: DataSchemaNode): ReadReach {
    if (node.extensions.some(({ module, name }) => module === 'ietf-netconf-acm' && name === 'default-deny-all')) {
      return 'none';
    }
    if (node.kind !== 'container' && node.kind !== 'list') return 'all';
    // Every child is visited, so that each that is not wholly readable is known.
    const below = schema.children(node).map((child) => this.#learn(schema, child));
    return below.every((reach) => reach === 'all') ? 'all' : 'some';
  }
}
