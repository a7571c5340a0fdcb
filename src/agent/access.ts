import type { InstancePath } from '../yang/instance-path.ts';
import type {
  ActionNode,
  DataSchemaNode,
  Extension,
  ListNode,
  NotificationNode,
  SchemaTree,
} from '../yang/schema-tree.ts';
import type { NotificationRecord } from './streams.ts';

/** What an edit does to a node (RFC 8341 §3.2.2). */
export type WriteOperation = 'create' | 'update' | 'delete';

/**
 * How much of the instances of a schema node, and of what is below them, a user may read: `some` means that `canRead` is asked on the
 * way down.
 */
export type ReadReach = 'all' | 'some' | 'none';

/** An operation of a module or of a protocol: an RPC, or one that the agent carries out itself. One object for each operation. */
export interface Operation {
  readonly module: string;
  readonly name: string;
  readonly extensions?: readonly Extension[];
}

/** Decides what users may do. */
export interface AccessControl {
  /** What a user may do now: asked with each request, since users and rules change meanwhile. */
  of(user: string): UserAccess;
}

/**
 * What one user may do (RFC 8341 §3.4). What may not be read is left out silently (RFC 8341 §3.2.4), everything else that is refused is
 * `access-denied`.
 */
export interface UserAccess {
  /** Lets reads pass over whole subtrees without asking of each node, so it must be quick. */
  readReach(node: DataSchemaNode): ReadReach;
  /** Asked of each node whose reach is `some`; of a list, of its entries. */
  canRead(node: DataSchemaNode, path: InstancePath): boolean;
  /** Whether `canRead` must be asked of each entry of a list whose reach is `some`, those of `readableKeys` included. */
  asksOfEntries(list: ListNode): boolean;
  /**
   * Of a list whose reach is `some`, and which is below containers alone, the only entries that may be read, by their keys as `entryKey`
   * makes them: they are looked up, so that a long list is not walked. Undefined: all may.
   */
  readableKeys(list: ListNode): ReadonlySet<string> | undefined;
  /**
   * Whether the revision of a configuration resource tells a user of nothing that he may not read.
   * @param node undefined for the datastore
   */
  mayKnowRevision(node: DataSchemaNode | undefined): boolean;
  /** Whether whatever is at or below a node may be so written: nothing else is asked then. */
  mayWriteAll(node: DataSchemaNode, operation: WriteOperation): boolean;
  /**
   * Asked of each node that is created, of the top of what is deleted, and of each leaf that is changed.
   * @throws RpcError access-denied with the path
   */
  requireWrite(node: DataSchemaNode, path: InstancePath, operation: WriteOperation): void;
  /**
   * @param what names it in the message, such as `the operation m:r`
   * @param byDefault what holds where no rule is about the operation; absent: as RFC 8341 §3.4.4 has it
   * @throws RpcError access-denied
   */
  requireExec(operation: Operation, what: string, byDefault?: 'permit'): void;
  /** @param path of the node on which the action is invoked @throws RpcError access-denied */
  requireAction(action: ActionNode, path: InstancePath): void;
  /** A notification as the user may see it; undefined when he may not receive it. */
  receivable(notification: NotificationNode, record: NotificationRecord): NotificationRecord | undefined;
}

/** Reach by schema node; what is not in it may be read wholly. */
export type ReachMap = ReadonlyMap<DataSchemaNode, ReadReach>;

/**
 * Works out how far reading reaches.
 * @param denied nodes that may not be read
 * @param partial nodes of which not all instances may be read
 */
export function learnReach(
  schema: SchemaTree,
  denied: (node: DataSchemaNode) => boolean,
  partial: (node: DataSchemaNode) => boolean,
): ReachMap {
  const reaches = new Map<DataSchemaNode, ReadReach>();
  const learn = (node: DataSchemaNode): ReadReach => {
    const reach = reachOf(node);
    if (reach !== 'all') reaches.set(node, reach);
    return reach;
  };
  const reachOf = (node: DataSchemaNode): ReadReach => {
    if (denied(node)) return 'none';
    if (node.kind !== 'container' && node.kind !== 'list') return partial(node) ? 'some' : 'all';
    // Every child is visited, so that each that is not wholly readable is known.
    const below = schema.children(node).map(learn);
    return below.every((reach) => reach === 'all') && !partial(node) ? 'all' : 'some';
  };
  for (const node of schema.children(undefined)) learn(node);
  return reaches;
}
