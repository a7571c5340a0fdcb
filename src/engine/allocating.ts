/** Allocating, as steps of a decision: taken from a reservation or from what is free, recorded, and told. */
import { announceAllocated, announceAllocation } from './announce.ts';
import type { Displacer } from './announce.ts';
import { bar, fittingUnreserved, isLent, planReserved, planUnreserved, refused } from './allotment.ts';
import type { Consumption, Plan, Wanted } from './allotment.ts';
import { ownClaim } from './claims.ts';
import { announceWithdrawn, closeDisplaced, displaced, settleLost } from './displacement.ts';
import type { Draft } from './draft.ts';
import { HIGH, LOW } from './entities.ts';
import type {
  Allocation,
  Id,
  MachineAllocation,
  Priority,
  Provider,
  Reservation,
  ResourceAllocation,
} from './entities.ts';
import { omit } from './omit.ts';
import { find } from './ownership.ts';
import type { VimServerGroup } from '../vim/vim.ts';
import { findRoomForMachine } from './preemption.ts';
import { quotaRefusal } from './quota.ts';
import type { At, CreateInstanceResult, Refusal, Refused } from './requests.ts';
import { elementsBehind, reservedForOthers } from './reserved-elements.ts';
import { roomMade, withRoom } from './room-made.ts';
import { settle } from './settlement.ts';
import type { Head } from './state.ts';
import { lacking } from './vim-references.ts';
import { isLeaving, placesOf, recall, standingClaims, takeBack } from './vacancy.ts';
import { without } from './waiting-machines.ts';
import { FOREVER } from './window.ts';

/** What a record says of that which is made, beside what all records have. */
export type Made =
  | Pick<MachineAllocation, 'flavor' | 'image' | 'bootVolume' | 'networks' | 'ports' | 'volumes' | 'group'>
  | Pick<ResourceAllocation, 'resource' | 'attachedTo'>;

export interface Allocating<Found extends Consumption> {
  readonly name: string;
  readonly reservation?: Id;
  /** Of what has no reservation; absent: low. */
  readonly priority?: Priority;
  readonly wanted: Wanted<Found>;
  /** @param group of the reservation, where it is taken from an instance in one */
  readonly made: (found: Found, group: VimServerGroup | undefined) => Made;
}

type Allocated = CreateInstanceResult;

/**
 * Allocates against a reservation, or from what no reservation holds, now and at any time to come. Recorded as INITIALIZED, with the
 * intent to create it, before the VIM is asked.
 */
export function allocate<Found extends Consumption>(draft: Draft, request: Allocating<Found>): Allocated {
  const { head, at } = draft;
  if (request.reservation === undefined) {
    const planned = planUnreserved(head, request.wanted, at.now);
    if (planned.outcome === 'refused') return displacing(draft, request, planned);
    const exceeded = overQuota(head, planned.plan, at);
    if (exceeded !== undefined) return { outcome: 'refused', refusal: exceeded };
    const until = isLent(planned.plan.provider, planned.plan.found) ? at.now : FOREVER;
    const reserved = reservedForOthers(head, planned.plan, undefined, until, at);
    if (reserved !== undefined) return displacing(draft, request, reserved);
    return { outcome: 'accepted', allocation: record(draft, request, planned.plan, at.newId()) };
  }
  const reservation = find(head, 'reservation', request.reservation, at);
  if (reservation === undefined) {
    return refused('unknown-reservation', `There is no reservation '${request.reservation}'.`);
  }
  const barred = bar(head, reservation, at.now);
  if (barred !== undefined) return { outcome: 'refused', refusal: barred };
  const planned = planReserved(head, reservation, request.wanted, at.now);
  if (planned.outcome === 'refused') {
    // What is on loan where the reservation needs it goes now, whatever brought that about.
    recall(draft, placesOf(reservation.claims));
    return planned;
  }
  const reserved = reservedForOthers(head, planned.plan, reservation, reservation.endsAt, at);
  return reserved ?? { outcome: 'accepted', allocation: record(draft, request, planned.plan, at.newId(), reservation) };
}

/**
 * Has others of a lower class give way to a machine without a reservation for which nothing is free, or which uses what is reserved:
 * reservations that have not started, and machines without one, for which it waits (`waiting-machines.ts`).
 */
function displacing<Found extends Consumption>(draft: Draft, request: Allocating<Found>, refused: Refused): Allocated {
  const { head, at } = draft;
  const { priority = LOW } = request;
  const { reason } = refused.refusal;
  const free =
    priority === LOW || (reason !== 'insufficient-capacity' && reason !== 'element-reserved')
      ? undefined
      : fittingUnreserved(head, request.wanted, at.now);
  if (free === undefined) return refused;
  const isUsable = (): boolean => reservedForOthers(head, free, undefined, FOREVER, at) === undefined;
  const fit = { nodes: free.nodes, claims: () => (isUsable() ? free.claims() : undefined) };
  const room = findRoomForMachine(head, fit, elementsBehind(head, free), priority, at.now);
  if (room.outcome === 'none')
    return room.complete ? refused : { ...refused, refusal: { ...refused.refusal, searchComplete: false } };
  const exceeded = quotaRefusal(head, holderOf(at), { claims: room.claims, reservation: false });
  if (exceeded !== undefined) return { outcome: 'refused', refusal: exceeded };
  const { tenant } = at;
  const by: Displacer = { id: at.newId(), ...(tenant === undefined ? {} : { tenant }), what: 'machine' };
  closeDisplaced(draft, room, by, priority);
  const planned = without(draft.head, room.machines, () => planUnreserved(draft.head, request.wanted, at.now));
  if (planned.outcome === 'refused') {
    draft.abandon();
    return refused;
  }
  const withdrawn = room.machines.filter((machine) => !isLeaving(machine));
  for (const machine of withdrawn) takeBack(draft, machine);
  const awaits = room.machines.map(({ id }) => id);
  const allocation = record(draft, request, planned.plan, by.id, undefined, awaits);
  const lost = settleLost(draft, room, by);
  for (const machine of withdrawn) announceWithdrawn(draft, machine, by);
  settle(draft, 'capacity-withdrawn');
  const ids = withdrawn.map(({ id }) => id);
  const made = draft.head.allocations.get(by.id) ?? allocation;
  const kept = withRoom(made, roomMade(draft.head, { ...room, machines: withdrawn }, []));
  draft.put('allocation', kept.id, kept);
  return { outcome: 'accepted', allocation: kept, displaced: displaced(draft, lost, ids, room.complete) };
}

/** What has no reservation counts for quotas; what has one is counted with that. */
function overQuota(head: Head, { pool, found }: Plan<Consumption>, at: At): Refusal | undefined {
  return quotaRefusal(head, holderOf(at), {
    claims: [ownClaim(head, { pool, capacity: found.capacity }, at.now)],
    reservation: false,
  });
}

function holderOf({ user, tenant }: At): Pick<Allocation, 'owner' | 'tenant'> {
  return { owner: user, ...(tenant === undefined ? {} : { tenant }) };
}

function record<Found extends Consumption>(
  draft: Draft,
  request: Allocating<Found>,
  plan: Plan<Found>,
  id: Id,
  reservation?: Reservation,
  awaits: readonly Id[] = [],
): Allocation {
  const { now, user } = draft.at;
  const { tenant } = reservation ?? draft.at;
  const { found } = plan;
  const allocation: Allocation = {
    id,
    name: request.name,
    ...(reservation === undefined ? {} : { reservation: reservation.id }),
    backing: reservation === undefined ? 'own' : 'reservation',
    pool: plan.pool,
    provider: plan.provider.id,
    priority: reservation === undefined ? (request.priority ?? LOW) : HIGH,
    vmState: 'INITIALIZED',
    ...(awaits.length === 0 ? { intent: 'create' } : { awaits }),
    token: draft.at.newId(),
    ...request.made(found, groupOf(reservation, plan.claim)),
    ...(plan.zone === undefined ? {} : { zone: plan.zone }),
    ...(plan.host === undefined ? {} : { host: plan.host }),
    ...(plan.claim === undefined ? {} : { claim: plan.claim }),
    ...(found.disk === 0 ? {} : { disk: found.disk }),
    capacity: found.capacity,
    startsAt: now,
    ...(reservation === undefined ? {} : { endsAt: reservation.endsAt }),
    claims:
      reservation === undefined
        ? standingClaims(draft.head, { pool: plan.pool, capacity: found.capacity }, found.onHost, now)
        : [],
    owner: user,
    ...(tenant === undefined ? {} : { tenant }),
    createdOn: now,
    modifiedOn: now,
  };
  announceAllocated(draft, allocation);
  draft.put('allocation', allocation.id, allocation);
  return allocation;
}

/** The affinity group in which a claim of a reservation is. */
function groupOf(reservation: Reservation | undefined, id: string | undefined): VimServerGroup | undefined {
  const claim = reservation?.claims.find((each) => each.id === id);
  const container = reservation?.demand.containers?.find(({ name }) => name === claim?.container);
  const group = reservation?.demand.groups?.find(({ name }) => name === container?.group);
  if (reservation === undefined || group === undefined) return undefined;
  return { token: `${reservation.id}/${group.name}`, policy: group.policy };
}

/** Has something deleted. Its capacity is free when the VIM has confirmed that it is gone. */
export function destroy(draft: Draft, before: Allocation): Allocation {
  if (before.vmState === 'DELETING') return before;
  const rest = omit(before, 'awaits');
  const allocation: Allocation = { ...rest, vmState: 'DELETING', intent: 'delete', modifiedOn: draft.at.now };
  draft.put('allocation', allocation.id, allocation);
  announceAllocation(draft, 'destroy-requested', allocation, before.vmState);
  return allocation;
}

/** Why nothing of a provider can be used; undefined when it can. */
export function outOfReach(provider: Provider, zone: string | undefined): Refused | undefined {
  const { id, status, inventory } = provider;
  if (inventory === undefined || status !== 'up')
    return refused('provider-unavailable', `The provider '${id}' cannot be used now; its status is ${status}.`);
  return zone === undefined || inventory.zones.includes(zone)
    ? undefined
    : refused('unknown-zone', lacking(provider, 'zone', zone));
}
