import type { DataSchemaNode } from '../yang/schema-tree.ts';
import type { RpcNode, ActionNode, NotificationNode } from 'libyang-wasm';
import type { InstancePath } from '../yang/instance-path.ts';
import type { RequestContext } from './context.ts';

/** What an edit does to a node (RFC 8341 §3.2.1). */
export type WriteOperation = 'create' | 'update' | 'delete';

/**
 * Decides what a user may do (RFC 8341 §3.4). Asked per node; answers must be cheap. What may not be read is left out
 * silently, everything else that is refused is `access-denied`.
 */
export interface AccessControl {
  /** @param path of the node where the rules may depend on it; undefined when only the schema node is known */
  canRead(context: RequestContext, node: DataSchemaNode, path: InstancePath | undefined): boolean;
  canWrite(context: RequestContext, node: DataSchemaNode, path: InstancePath, operation: WriteOperation): boolean;
  canExec(context: RequestContext, operation: RpcNode | ActionNode): boolean;
  canReceive(context: Pick<RequestContext, 'user' | 'transport'>, notification: NotificationNode): boolean;
}
