/** extend-volume, and what the VIM reports of the sizes of volumes. */
import { announceAllocation, announcePool } from '../announce.ts';
import { outOfReach } from '../allocating.ts';
import { bar, planReserved, planUnreserved, refused } from '../allotment.ts';
import type { Consumption, Wanted } from '../allotment.ts';
import { unready } from '../attachments.ts';
import { fitsWithin } from '../capacity.ts';
import type { Capacity } from '../capacity.ts';
import { ownClaim } from '../claims.ts';
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import type { Allocation, ResourceAllocation } from '../entities.ts';
import { omit } from '../omit.ts';
import { pendingExtension } from '../outstanding.ts';
import { find } from '../ownership.ts';
import { quotaRefusal } from '../quota.ts';
import { UnknownEntry } from '../requests.ts';
import type { ExtensionAccepted, ExtensionFailed, VimReportResult, VolumeSized } from '../reported.ts';
import type { At, Command, ExtendVolume, ExtendVolumeResult, Refused } from '../requests.ts';
import { settle } from '../settlement.ts';
import { poolNode } from '../state.ts';
import type { Head } from '../state.ts';
import { standAlone, standingClaims } from '../vacancy.ts';
import type { VimVolume } from '../../vim/vim.ts';
import { FOREVER } from '../window.ts';
import { resourceCapacity } from './resource.ts';

type VolumeAllocation = ResourceAllocation & { readonly resource: VimVolume };

const IGNORED: VimReportResult = { outcome: 'ignored' };

/**
 * Makes a volume larger. What is added is held, of where the volume was taken from, before the VIM is asked. To ask for the size that it has
 * changes nothing, but that what failed before is forgotten.
 */
export const extendVolume: Command<ExtendVolume, ExtendVolumeResult> = (head, { id, sizeGb }, at) =>
  decide(head, at, (draft): ExtendVolumeResult => {
    const before = find(head, 'allocation', id, at);
    if (before === undefined) throw new UnknownEntry('allocation', 'allocation-id', id);
    if (!isVolume(before)) return refused('unknown-resource', `The allocation '${id}' is no volume.`);
    const barred = unready(before);
    if (barred !== undefined) return barred;
    const pending = pendingExtension(before);
    if (pending?.sizeGb === sizeGb) return { outcome: 'accepted', allocation: before };
    if (pending !== undefined) {
      const message = `The volume '${id}' is being extended to ${pending.sizeGb} GB; extend it again when it is.`;
      return refused('resource-not-ready', message);
    }
    const size = before.resource.sizeGb;
    if (sizeGb < size)
      return refused('cannot-shrink', `The volume '${id}' has ${size} GB, and is not made smaller than that.`);
    const rest = omit(before, 'extension');
    if (sizeGb === size) return { outcome: 'accepted', allocation: changed(draft, rest) };
    const lacking = lackingFor(head, before, { gigabytes: sizeGb - size }, at);
    if (lacking !== undefined) return lacking;
    const after = changed(draft, bearing(draft, { ...rest, extension: { sizeGb } }, sizeGb));
    announceAllocation(draft, 'extension-requested', after, after.vmState);
    announcePool(draft, 'allocated', after.pool, { start: at.now, end: after.endsAt ?? FOREVER });
    return { outcome: 'accepted', allocation: after };
  });

/**
 * A volume is larger than its record says: as it was asked to be, or made so beside Promise. One that has outgrown what it was given of its
 * reservation holds what it consumes itself from now on, and the reservation has that share again.
 */
export const volumeSized: Command<VolumeSized, VimReportResult> = (head, { allocation: id, sizeGb }, at) =>
  decide(head, at, (draft): VimReportResult => {
    const before = head.allocations.get(id);
    if (before === undefined || !isVolume(before) || before.vmState === 'DELETING') return IGNORED;
    if (sizeGb <= before.resource.sizeGb) return IGNORED;
    const { extension } = before;
    const done = extension === undefined || sizeGb >= extension.sizeGb;
    const sized = { ...(done ? omit(before, 'extension') : before), resource: { ...before.resource, sizeGb } };
    const within = fitsWithin(resourceCapacity(sized.resource), before.capacity);
    const grown = { ...sized, capacity: resourceCapacity(sized.resource) };
    const allocation = changed(draft, within ? sized : standAlone(head, grown, at.now));
    announceAllocation(draft, 'extended', allocation, allocation.vmState);
    if (!within) {
      draft.disturbed.add(poolNode(allocation.pool));
      settle(draft, 'capacity-withdrawn');
    }
    return { outcome: 'recorded', allocation };
  });

/** The VIM is at it: it need not be asked again. */
export const extensionAccepted: Command<ExtensionAccepted, VimReportResult> = (head, input, at) =>
  decide(head, at, (draft): VimReportResult => {
    const before = pursued(head, input);
    if (before === undefined) return IGNORED;
    const extension = { sizeGb: input.sizeGb, accepted: true } as const;
    return { outcome: 'recorded', allocation: changed(draft, { ...before, extension }) };
  });

/** What was to be added is held no more. A later request for another size is not touched by the end of an earlier one. */
export const extensionFailed: Command<ExtensionFailed, VimReportResult> = (head, input, at) =>
  decide(head, at, (draft): VimReportResult => {
    const before = pursued(head, input);
    if (before === undefined) return IGNORED;
    const extension = { sizeGb: input.sizeGb, fault: { ...input.fault, occurredOn: at.now } };
    const after = changed(draft, bearing(draft, { ...before, extension }, before.resource.sizeGb));
    announceAllocation(draft, 'extension-failed', after, after.vmState);
    draft.disturbed.add(poolNode(after.pool));
    announcePool(draft, 'freed', after.pool, { start: at.now, end: after.endsAt ?? FOREVER });
    settle(draft, 'capacity-restored');
    return { outcome: 'recorded', allocation: after };
  });

/** A volume that is to have the size. */
function pursued(head: Head, { allocation: id, sizeGb }: VolumeSized): VolumeAllocation | undefined {
  const volume = head.allocations.get(id);
  if (volume === undefined || !isVolume(volume)) return undefined;
  return pendingExtension(volume)?.sizeGb === sizeGb ? volume : undefined;
}

function isVolume(allocation: Allocation): allocation is VolumeAllocation {
  return allocation.resource?.kind === 'volume';
}

/** Why there is not as much more for a volume where it was taken from; undefined: there is. */
function lackingFor(head: Head, volume: VolumeAllocation, more: Capacity, at: At): Refused | undefined {
  const { provider, pool, name, backing } = volume;
  const wanted: Wanted<Consumption> = {
    provider,
    pool,
    subject: `extending the volume '${name}'`,
    find: (from, zone) =>
      outOfReach(from, zone) ?? { outcome: 'found', found: { capacity: more, disk: 0, onHost: false } },
  };
  const reservation = backing === 'reservation' ? head.reservations.get(volume.reservation ?? '') : undefined;
  if (reservation !== undefined) {
    const barred = bar(head, reservation, at.now);
    if (barred !== undefined) return { outcome: 'refused', refusal: barred };
    const planned = planReserved(head, reservation, wanted, at.now);
    return planned.outcome === 'refused' ? planned : undefined;
  }
  const planned = planUnreserved(head, wanted, at.now);
  if (planned.outcome === 'refused') return planned;
  const claims = [ownClaim(head, { pool, capacity: more }, at.now)];
  const refusal = quotaRefusal(head, volume, { claims, reservation: false });
  return refusal === undefined ? undefined : { outcome: 'refused', refusal };
}

/** The volume, with what one of a size consumes. */
function bearing({ head, at }: Draft, volume: VolumeAllocation, sizeGb: number): VolumeAllocation {
  const capacity = resourceCapacity({ ...volume.resource, sizeGb });
  const own = volume.backing === 'own';
  const claims = own ? standingClaims(head, { pool: volume.pool, capacity }, false, at.now) : volume.claims;
  return { ...volume, capacity, claims };
}

function changed<Volume extends Allocation>(draft: Draft, volume: Volume): Volume {
  const allocation = { ...volume, modifiedOn: draft.at.now };
  draft.put('allocation', allocation.id, allocation);
  return allocation;
}
