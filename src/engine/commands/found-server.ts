/** Servers that a sweep finds other than their records say. */
import { announceAllocation } from '../announce.ts';
import { fitsWithin } from '../capacity.ts';
import { decide } from '../draft.ts';
import { omit } from '../omit.ts';
import type { Command } from '../requests.ts';
import type { ServerResized, VimReportResult } from '../reported.ts';
import { settle } from '../settlement.ts';
import { flavorCapacity } from '../supply.ts';
import { standAlone } from '../vacancy.ts';

const IGNORED: VimReportResult = { outcome: 'ignored' };

/**
 * A server was resized: its record counts what it consumes now. One that has outgrown what it was given of its reservation holds what it
 * consumes itself from now on, and the reservation has that share again.
 */
export const serverResized: Command<ServerResized, VimReportResult> = (head, { allocation: id, flavor: wanted }, at) =>
  decide(head, at, (draft): VimReportResult => {
    const before = head.allocations.get(id);
    const flavors = head.providers.get(before?.provider ?? '')?.inventory?.flavors;
    const flavor = flavors?.find((each) => each.id === wanted);
    if (before === undefined || before.resource !== undefined || flavor === undefined) return IGNORED;
    if (before.flavor === flavor.id || before.flavor === flavor.name) return IGNORED;
    if (before.intent !== undefined || before.vmState === 'DELETING') return IGNORED;
    const capacity = flavorCapacity(flavor);
    const onHost = flavor.diskGb > 0 && before.bootVolume === undefined;
    const size = { flavor: flavor.id, capacity, ...(onHost ? { disk: flavor.diskGb } : {}) };
    const resized = { ...omit(before, 'disk'), ...size, modifiedOn: at.now };
    const within = before.backing === 'reservation' && fitsWithin(capacity, before.capacity);
    const after = within ? resized : standAlone(head, resized, at.now);
    draft.put('allocation', id, after);
    announceAllocation(draft, 'state-changed', after, before.vmState);
    draft.disturbPlaceOf(after);
    settle(draft, 'capacity-withdrawn');
    return { outcome: 'recorded', allocation: after };
  });
