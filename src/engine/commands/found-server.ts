/** Servers that a sweep finds other than the records say. */
import { announceAllocation, announcePool } from '../announce.ts';
import { inZone } from '../admission.ts';
import { fitsWithin } from '../capacity.ts';
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import { LOW } from '../entities.ts';
import type { MachineAllocation } from '../entities.ts';
import { hostId } from '../hosts.ts';
import { omit } from '../omit.ts';
import { poolsFrom } from '../provider-supply.ts';
import type { Command } from '../requests.ts';
import type { AdoptServer, ServerResized, VimReportResult } from '../reported.ts';
import { settle } from '../settlement.ts';
import { poolNode } from '../state.ts';
import { flavorCapacity } from '../supply.ts';
import { standAlone, standingClaims } from '../vacancy.ts';
import { FOREVER } from '../window.ts';

const IGNORED: VimReportResult = { outcome: 'ignored' };
/** Nova does not tell it in the list of servers. */
const UNKNOWN_IMAGE = 'unknown';

/**
 * Makes an allocation of a server that has a token of ours and no record: without a reservation, in the first pool that may have it.
 * It is there, so it is counted even where there is no room for it; then others may have to give way.
 */
export const adoptServer: Command<AdoptServer, VimReportResult> = (head, { provider: id, server }, at) =>
  decide(head, at, (draft): VimReportResult => {
    const { token, zone, host } = server;
    const provider = head.providers.get(id);
    const flavor = provider?.inventory?.flavors.find((each) => each.id === server.flavor);
    const pool = poolsFrom(head, id).find(
      (each) => zone === undefined || each.zone === undefined || inZone(head, each, zone),
    );
    if (provider === undefined || flavor === undefined || pool === undefined) return IGNORED;
    if (token === undefined || head.tokens.has(token)) return IGNORED;
    const capacity = flavorCapacity(flavor);
    const allocation: MachineAllocation = {
      id: at.newId(),
      name: server.name,
      backing: 'own',
      pool: pool.id,
      provider: id,
      priority: LOW,
      vmState: server.status === 'DELETED' ? 'UNKNOWN' : server.status,
      token,
      server: server.id,
      flavor: flavor.id,
      image: UNKNOWN_IMAGE,
      networks: [],
      ...(zone === undefined ? {} : { zone }),
      ...(host === undefined ? {} : { host }),
      ...(flavor.diskGb === 0 ? {} : { disk: flavor.diskGb }),
      capacity,
      startsAt: at.now,
      claims: standingClaims(head, { pool: pool.id, capacity }, true, at.now),
      owner: provider.owner,
      createdOn: at.now,
      modifiedOn: at.now,
    };
    draft.put('allocation', allocation.id, allocation);
    announceAllocation(draft, 'accepted', allocation);
    announcePool(draft, 'allocated', pool.id, { start: at.now, end: FOREVER });
    makeRoom(draft, allocation);
    return { outcome: 'recorded', allocation };
  });

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
    makeRoom(draft, after);
    return { outcome: 'recorded', allocation: after };
  });

function makeRoom(draft: Draft, { pool, provider, host }: Pick<MachineAllocation, 'pool' | 'provider' | 'host'>): void {
  draft.disturbed.add(poolNode(pool));
  if (host !== undefined) draft.disturbed.add(hostId(provider, host));
  settle(draft, 'capacity-withdrawn');
}
