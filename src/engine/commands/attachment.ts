/** attach-resource and detach-resource, and what the VIM reports of them: ports and volumes of machines that are there. */
import { announceAllocation } from '../announce.ts';
import { refused } from '../allotment.ts';
import {
  attach,
  attachable,
  attachableId,
  attachedIds,
  attachmentNamed,
  isReady,
  isSettled,
  release,
  withAttached,
  withPending,
} from '../attachments.ts';
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import type { MachineAllocation, PendingAttachment } from '../entities.ts';
import { keptUntil } from '../machine-claims.ts';
import { find } from '../ownership.ts';
import { reservedForOthers } from '../reserved-elements.ts';
import { UnknownEntry } from '../requests.ts';
import { allocationWith } from '../state.ts';
import type { ChangeAttachment, ChangeAttachmentResult, Command, Refused } from '../requests.ts';
import type { AttachmentFound, AttachmentSettled, VimReportResult } from '../reported.ts';

/** Gives a machine a port or volume that is there. What it has already, or is being given, is nothing new. */
export const attachResource: Command<ChangeAttachment, ChangeAttachmentResult> = (head, input, at) =>
  decide(head, at, (draft): ChangeAttachmentResult => {
    const { kind, resource } = input;
    const before = machineOf(draft, input);
    const barred = unready(before);
    if (barred !== undefined) return barred;
    const known = attachmentNamed(head, before, kind, resource, at);
    const pending = before.pending?.find(({ id }) => id === known);
    if (known !== undefined && attachedIds(before, kind).includes(known)) {
      if (pending?.action !== 'detach') return { outcome: 'accepted', allocation: before, attachment: known };
      if (pending.fault === undefined)
        return refused('resource-not-ready', `The ${kind} '${resource}' is being detached; attach it when it is.`);
      // It could not be detached: so it is attached.
      return accepted(draft, withPending(before, known), known);
    }
    const provider = head.providers.get(before.provider);
    if (provider === undefined) return refused('unknown-provider', `There is no provider '${before.provider}'.`);
    const ids = attachable(head, provider, kind, [resource], at);
    if ('outcome' in ids) return ids;
    const [id = resource] = ids;
    const reservation = head.reservations.get(before.reservation ?? '');
    const using = { provider, found: { uses: [{ kind, id }] } };
    const taken = reservedForOthers(head, using, reservation, keptUntil(before), at);
    if (taken !== undefined) return taken;
    const attached = withAttached(before, kind, [...attachedIds(before, kind), id]);
    const after = withPending(attached, id, { kind, id, action: 'attach' });
    attach(draft, after);
    return accepted(draft, after, id);
  });

/** Takes a port or volume from a machine. It is free when the VIM has let go of it. */
export const detachResource: Command<ChangeAttachment, ChangeAttachmentResult> = (head, input, at) =>
  decide(head, at, (draft): ChangeAttachmentResult => {
    const { kind, resource } = input;
    const before = machineOf(draft, input);
    const barred = unready(before);
    if (barred !== undefined) return barred;
    if (
      before.bootVolume !== undefined &&
      attachableId(head, before.provider, kind, resource, at) === before.bootVolume
    )
      return refused('resource-in-use', `The virtual machine '${before.id}' starts from the ${kind} '${resource}'.`);
    const id = attachmentNamed(head, before, kind, resource, at);
    if (id === undefined)
      return refused('unknown-resource', `The virtual machine '${before.id}' has no ${kind} '${resource}' attached.`);
    const attached = attachedIds(before, kind).includes(id);
    return accepted(draft, withPending(before, id, attached ? { kind, id, action: 'detach' } : undefined), id);
  });

/** What was pending is done, or cannot be. A later request for the same is not touched by the end of an earlier one. */
export const attachmentSettled: Command<AttachmentSettled, VimReportResult> = (head, input, at) =>
  decide(head, at, (draft): VimReportResult => {
    const before = head.allocations.get(input.allocation);
    if (before === undefined || before.resource !== undefined) return { outcome: 'ignored' };
    const pending = before.pending?.find(
      ({ id, action, fault }) => id === input.id && action === input.action && fault === undefined,
    );
    if (pending === undefined) return { outcome: 'ignored' };
    const { kind, id, action } = pending;
    const fault = input.fault === undefined ? undefined : { ...input.fault, occurredOn: at.now };
    // Attached and to be kept, or attached and not to be got rid of.
    const stays = (action === 'attach') === (fault === undefined);
    const ids = attachedIds(before, kind);
    const attached = stays
      ? before
      : withAttached(
          before,
          kind,
          ids.filter((each) => each !== id),
        );
    const settled: PendingAttachment = fault === undefined ? pending : { ...pending, fault };
    const after = {
      ...withPending(attached, id, fault === undefined ? undefined : settled),
      modifiedOn: at.now,
    };
    draft.put('allocation', after.id, after);
    if (!stays) release(draft, after, id);
    const done = action === 'attach' ? 'attached' : 'detached';
    const cause = fault === undefined ? done : 'attachment-failed';
    announceAllocation(draft, cause, after, after.vmState, { attachment: settled });
    return { outcome: 'recorded', allocation: after };
  });

/** A machine has a port or volume beside its record, or lacks one of it: the record follows, and it is told as if it had been asked for. */
export const attachmentFound: Command<AttachmentFound, VimReportResult> = (head, input, at) =>
  decide(head, at, (draft): VimReportResult => {
    const { kind, id } = input;
    const before = head.allocations.get(input.allocation);
    if (before === undefined || before.resource !== undefined || !isSettled(before, id)) return { outcome: 'ignored' };
    const ids = attachedIds(before, kind);
    const used = allocationWith(head, before.provider, id);
    if (ids.includes(id) === input.attached) return { outcome: 'ignored' };
    if (input.attached && used?.resource !== undefined && used.attachedTo !== undefined) return { outcome: 'ignored' };
    const now = input.attached ? [...ids, id] : ids.filter((each) => each !== id);
    const after = { ...withPending(withAttached(before, kind, now), id), modifiedOn: at.now };
    draft.put('allocation', after.id, after);
    if (input.attached) attach(draft, after);
    else release(draft, after, id);
    const attachment = { kind, id, action: input.attached ? 'attach' : 'detach' } as const;
    announceAllocation(draft, input.attached ? 'attached' : 'detached', after, after.vmState, { attachment });
    return { outcome: 'recorded', allocation: after };
  });

function machineOf({ head, at }: Draft, { id }: ChangeAttachment): MachineAllocation {
  const found = find(head, 'allocation', id, at);
  if (found === undefined || found.resource !== undefined) throw new UnknownEntry('allocation', 'instance-id', id);
  return found;
}

function unready(machine: MachineAllocation): Refused | undefined {
  if (isReady(machine)) return undefined;
  const { id, vmState } = machine;
  const message = `The virtual machine '${id}' takes and gives up nothing now; its state is ${vmState}.`;
  return refused('resource-not-ready', message);
}

function accepted(draft: Draft, machine: MachineAllocation, attachment: string): ChangeAttachmentResult {
  const allocation = { ...machine, modifiedOn: draft.at.now };
  draft.put('allocation', allocation.id, allocation);
  return { outcome: 'accepted', allocation, attachment };
}
