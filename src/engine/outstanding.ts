/** What a VIM has still to be told of an allocation. */
import type { Allocation, PendingAttachment, PendingExtension } from './entities.ts';

/** What is to be attached or detached next. Of a machine that is being deleted nothing is. */
export function nextPending(allocation: Allocation): PendingAttachment | undefined {
  if (allocation.resource !== undefined || allocation.vmState === 'DELETING') return undefined;
  return allocation.pending?.find(({ fault }) => fault === undefined);
}

/** The extension of a volume that is to be brought about. A volume that is being deleted is not extended. */
export function pendingExtension(allocation: Allocation): PendingExtension | undefined {
  if (allocation.resource === undefined || allocation.vmState === 'DELETING') return undefined;
  return allocation.extension?.fault === undefined ? allocation.extension : undefined;
}

/** Whether the VIM has still to be told something. */
export function isOutstanding(allocation: Allocation): boolean {
  return (
    allocation.intent !== undefined ||
    nextPending(allocation) !== undefined ||
    pendingExtension(allocation) !== undefined
  );
}

/** Whether the VIM has still to accept something, or to refuse it: what takes its time from then on is still outstanding. */
export function isUnanswered(allocation: Allocation): boolean {
  return isOutstanding(allocation) && pendingExtension(allocation)?.accepted !== true;
}
