/** What a VIM has still to be told of an allocation. */
import type { Allocation, PendingAttachment } from './entities.ts';

/** What is to be attached or detached next. Of a machine that is being deleted nothing is. */
export function nextPending(allocation: Allocation): PendingAttachment | undefined {
  if (allocation.resource !== undefined || allocation.vmState === 'DELETING') return undefined;
  return allocation.pending?.find(({ fault }) => fault === undefined);
}

/** Whether the VIM has still to be told something. */
export function isOutstanding(allocation: Allocation): boolean {
  return allocation.intent !== undefined || nextPending(allocation) !== undefined;
}
