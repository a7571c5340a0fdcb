import type { NodeId } from './entities.ts';
import type { Node } from './state.ts';
import { Timeline } from './timeline.ts';

/** A node that has nothing and bears nothing. */
export function emptyNode(id: NodeId): Node {
  return { id, resources: [], total: new Timeline(), free: new Timeline(), lent: new Timeline(), used: new Timeline() };
}
