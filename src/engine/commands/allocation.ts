/** create-instance and destroy-instance (allocation steps 1a to 4 and 8a to 9a). */
import { announceAllocation, announcePool } from '../announce.ts';
import { eligibleNodes, inZone, shortagesOf } from '../admission.ts';
import {
  NOTHING,
  add,
  addVectors,
  describeAmounts,
  fitsWithin,
  fromVector,
  resourcesOf,
  subtract,
} from '../capacity.ts';
import type { Capacity, Resource } from '../capacity.ts';
import { claimFor, machineDemand, ownClaim, remainingOf } from '../claims.ts';
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import { HIGH, LOW } from '../entities.ts';
import type { Allocation, Claim, Id, Pool, Provider, Reason, Reservation } from '../entities.ts';
import { hostName } from '../hosts.ts';
import type { HostNode } from '../hosts.ts';
import { describeIds, find, ownerOf } from '../ownership.ts';
import { poolsFrom } from '../provider-supply.ts';
import { quotaRefusal } from '../quota.ts';
import { UnknownEntry } from '../requests.ts';
import type {
  At,
  Command,
  CreateInstance,
  CreateInstanceResult,
  DestroyInstance,
  DestroyInstanceResult,
  Refusal,
} from '../requests.ts';
import { hostFor } from '../placement-sites.ts';
import { isOver, poolNode, poolOfNode } from '../state.ts';
import type { Head, Node } from '../state.ts';
import { flavorCapacity } from '../supply.ts';
import { recall } from '../vacancy.ts';
import { FOREVER, describeInstant } from '../window.ts';
import type { Instant, Window } from '../window.ts';

/** A machine that can be made: where, of what size, and against what. */
interface Plan {
  readonly provider: Provider;
  readonly pool: Id;
  readonly flavor: string;
  readonly capacity: Capacity;
  readonly disk: number;
  readonly zone?: string;
  /** Host on which it is to run; absent: as the VIM decides. */
  readonly host?: string;
  /** Claim of the reservation by which it runs there. */
  readonly claim?: string;
}

type Planned =
  { readonly outcome: 'planned'; readonly plan: Plan } | { readonly outcome: 'refused'; readonly refusal: Refusal };

/**
 * Allocates a virtual machine, against a reservation or from what no reservation holds, now and at any time to come, since a machine
 * without a reservation has no end. Recorded as INITIALIZED, with the intent to create it, before the VIM is asked.
 */
export const createInstance: Command<CreateInstance, CreateInstanceResult> = (head, input, at) =>
  decide(head, at, (draft): CreateInstanceResult => {
    if (input.reservation === undefined) {
      const planned = planUnreserved(head, input, at.now);
      if (planned.outcome === 'refused') return planned;
      const exceeded = overQuota(head, planned.plan, at);
      if (exceeded !== undefined) return { outcome: 'refused', refusal: exceeded };
      return { outcome: 'accepted', allocation: record(draft, input, planned.plan) };
    }
    const reservation = find(head, 'reservation', input.reservation, at);
    const barred = bar(head, reservation, input.reservation, at.now);
    if (reservation === undefined || barred !== undefined) {
      return { outcome: 'refused', refusal: barred ?? refusal('unknown-reservation', '') };
    }
    const planned = planReserved(head, reservation, input, at.now);
    if (planned.outcome === 'refused') {
      // What is on loan where the reservation needs it goes now, whatever brought that about.
      for (const { node } of reservation.claims) recall(draft, draft.head.nodes.get(node));
      return planned;
    }
    return { outcome: 'accepted', allocation: record(draft, input, planned.plan, reservation) };
  });

/** Why nothing can be allocated against a reservation now, whatever it is. */
function bar(head: Head, reservation: Reservation | undefined, id: Id, now: Instant): Refusal | undefined {
  if (reservation === undefined) return refusal('unknown-reservation', `There is no reservation '${id}'.`);
  if (isOver(reservation) || (reservation.endsAt !== undefined && reservation.endsAt <= now)) {
    return refusal('reservation-over', `The reservation '${id}' is over: its status is ${reservation.status}.`);
  }
  if (reservation.status === 'pending' || reservation.hold !== 'firm') {
    return refusal('reservation-not-active', `The reservation '${id}' is not decided on for good yet.`);
  }
  if (reservation.startsAt > now) {
    const { series } = reservation;
    const which = series === undefined ? 'starts' : `has its window ${series.occurrence} of ${series.count}`;
    const message = `The reservation '${id}' ${which} at ${describeInstant(reservation.startsAt)}; it is ${describeInstant(now)}.`;
    return refusal('reservation-not-started', message);
  }
  if (reservation.awaits !== undefined) {
    const message = `The reservation '${id}' starts when the virtual machines that have to make room are gone: ${describeIds(head, 'allocation', reservation.awaits, ownerOf(reservation))}.`;
    return refusal('reservation-not-started', message);
  }
  return undefined;
}

function planReserved(head: Head, reservation: Reservation, input: CreateInstance, now: Instant): Planned {
  const zone = input.zone ?? reservation.demand.zone;
  let reason: Refusal | undefined;
  for (const provider of providersOf(head, reservation, input.provider)) {
    const found = findOffer(provider, input, zone);
    if (found.outcome === 'refused') {
      reason ??= found.refusal;
      continue;
    }
    const claim = claimFor(head, reservation, found, (each) => suits(head, each, provider, input.zone, now));
    const pool = claim === undefined ? undefined : poolOfNode(claim.node);
    if (claim !== undefined && pool !== undefined && bears(head, reservation, pool, found.capacity, now)) {
      if (isVacant(head, pool, found.capacity, now)) {
        const plan = planned(provider, pool, found, zone);
        if (claim.host !== undefined) return on(plan, hostName(claim.host), claim.id);
        const window = { start: now, end: reservation.endsAt ?? FOREVER };
        const host = roomFor(head, pool, found, window, zone);
        if (host !== undefined) return on(plan, host.name, claim.container === undefined ? undefined : claim.id);
        reason = refusal(
          'insufficient-capacity',
          `No host of the pool '${pool}' has room for the flavor '${input.flavor}' until the reservation ends, beside what is placed there.`,
        );
        continue;
      }
      reason ??= refusal(
        'insufficient-capacity',
        `Virtual machines that have to make room in the pool '${pool}' are not gone yet.`,
      );
      continue;
    }
    if (pool !== undefined) {
      reason = refusal('insufficient-capacity', occupied(reservation, pool));
      continue;
    }
    const remaining = remainingOf(head, reservation);
    reason = {
      ...refusal(
        'exceeds-reservation',
        `The flavor '${input.flavor}' needs ${describeAmounts(found.capacity)} and ${found.disk} GB of local disk; of the reservation there remain ${describeAmounts(remaining)}.`,
      ),
      most: remaining,
    };
  }
  return {
    outcome: 'refused',
    refusal:
      reason ??
      refusal(
        'unknown-provider',
        `The reservation holds nothing on ${input.provider === undefined ? 'any provider' : `the provider '${input.provider}'`}.`,
      ),
  };
}

/** The providers on which a reservation holds something, in the order of its claims. */
function providersOf(head: Head, reservation: Reservation, only: Id | undefined): Provider[] {
  const providers = new Set<Provider>();
  for (const claim of reservation.claims) {
    const provider = head.providers.get(head.pools.get(poolOfNode(claim.node))?.source ?? '');
    if (provider !== undefined && (only === undefined || provider.id === only)) providers.add(provider);
  }
  return [...providers];
}

function suits(head: Head, claim: Claim, provider: Provider, zone: string | undefined, now: Instant): boolean {
  const pool = head.pools.get(poolOfNode(claim.node));
  if (pool?.source !== provider.id || (zone !== undefined && !mayRunIn(head, pool, zone))) return false;
  if (claim.host === undefined) return true;
  // On a host that was lost, or that has less than is held on it now, nothing starts.
  const host = head.hosts.nodes.get(claim.host);
  return host?.usable === true && (zone === undefined || host.zone === zone) && !owes(host, now);
}

function owes(host: HostNode, now: Instant): boolean {
  return host.free.valueAt(now).some((amount) => amount < 0);
}

/** Where a machine has room that no claim puts on a host: a host, none where the VIM is to choose; undefined: nowhere. */
function roomFor(
  head: Head,
  pool: Id,
  found: Offered,
  window: Window,
  zone: string | undefined,
): { readonly name?: string } | undefined {
  const node = head.nodes.get(poolNode(pool));
  const host = node === undefined ? undefined : hostFor(head, node, found, window, zone);
  return host === 'unseen' ? {} : host;
}

function on(planned: Planned, host: string | undefined, claim?: string): Planned {
  if (planned.outcome === 'refused') return planned;
  const plan = { ...planned.plan, ...(host === undefined ? {} : { host }), ...(claim === undefined ? {} : { claim }) };
  return { outcome: 'planned', plan };
}

/** Whether a machine of the pool may be put into the zone: the pool is bound to it, or to none. */
function mayRunIn(head: Head, pool: Pool, zone: string): boolean {
  return pool.zone === undefined || inZone(head, pool, zone);
}

/**
 * Whether there is room for the machine now: a reservation that cannot be kept in full may have some all the same, and one that
 * is kept may have to wait for machines that are being deleted.
 */
function bears(head: Head, reservation: Reservation, pool: Id, capacity: Capacity, now: Instant): boolean {
  if (reservation.status !== 'degraded' && head.departing.size === 0) return true;
  const node = head.nodes.get(poolNode(pool));
  if (node === undefined) return false;
  const window = { start: now, end: reservation.endsAt ?? FOREVER };
  const spare = subtract(
    fromVector(node.total.min(window), node.resources),
    fromVector(node.used.max(window), node.resources),
  );
  return fitsWithin(counted(node, capacity), spare);
}

function occupied({ status }: Reservation, pool: Id): string {
  const why =
    status === 'degraded'
      ? 'capacity was lost, and the reservation cannot be kept in full'
      : 'machines that are being deleted still occupy it; try again when they are gone';
  return `The pool '${pool}' has no room for the machine at present: ${why}.`;
}

/** Whether what the reservation holds is there, and not with machines that are on their way out. */
function isVacant(head: Head, pool: Id, capacity: Capacity, now: Instant): boolean {
  const node = head.nodes.get(poolNode(pool));
  if (node === undefined || node.lent.breakpoints === 0) return true;
  const there = node.total.valueAt(now);
  addVectors(there, node.used.valueAt(now), -1);
  addVectors(there, node.lent.valueAt(now), -1);
  return fitsWithin(counted(node, capacity), fromVector(there, node.resources));
}

function planUnreserved(head: Head, input: CreateInstance, now: Instant): Planned {
  const provider = onlyProvider(head, input.provider);
  if ('reason' in provider) return { outcome: 'refused', refusal: provider };
  const found = findOffer(provider, input, input.zone);
  if (found.outcome === 'refused') return found;
  const lends = provider.preEmption === 'best-effort';
  const window: Window = { start: now, end: lends ? now + 1 : FOREVER };
  const pools = poolsFrom(head, provider.id).map(({ id }) => id);
  const nodes =
    pools.length === 0 ? [] : eligibleNodes(head, { pools }).nodes.filter((node) => mayBear(head, node, input.zone));
  const fitting = nodes.filter((each) => isFree(each, counted(each, found.capacity), window));
  for (const node of fitting) {
    const pool = poolOfNode(node.id);
    // Hosts are not lent: a machine has to fit on its host without end.
    const host = roomFor(head, pool, found, { start: now, end: FOREVER }, input.zone);
    if (host !== undefined) return on(planned(provider, pool, found, input.zone), host.name);
  }
  if (fitting.length > 0) {
    const message = `No host has room for the flavor '${input.flavor}' without end, beside what is placed there.`;
    return { outcome: 'refused', refusal: refusal('insufficient-capacity', message) };
  }
  const most = nodes.map((each) => leastUnlent(each, resourcesOf(found.capacity), window)).reduce(add, NOTHING);
  const message =
    nodes.length === 0
      ? `The provider '${provider.id}' has no pool${input.zone === undefined ? '' : ` for the zone '${input.zone}'`}; increase-capacity makes one.`
      : `The flavor '${input.flavor}' needs ${describeAmounts(found.capacity)}${lends ? '; free are' : ' without end; not reserved are'} ${describeAmounts(most)}${lends ? '.' : ' at the least from now on.'}`;
  const shortages = nodes.flatMap((each) => shortagesOf(each, counted(each, found.capacity), window));
  return { outcome: 'refused', refusal: { reason: 'insufficient-capacity', message, most, shortages } };
}

/** A machine without a reservation counts for quotas; one with a reservation is counted with that. */
function overQuota(head: Head, plan: Plan, { user, tenant, now }: At): Refusal | undefined {
  const holder = { owner: user, ...(tenant === undefined ? {} : { tenant }) };
  return quotaRefusal(head, holder, { claims: [ownClaim(head, plan, now)], reservation: false });
}

/** Whether a machine that begins now fits throughout a window, beside those that have their capacity on loan. */
function isFree(node: Node, capacity: Capacity, window: Window): boolean {
  return fitsWithin(capacity, leastUnlent(node, resourcesOf(capacity), window));
}

/** What is on loan now stays so until a reservation needs it, so that it is nobody else's for the whole window. */
function leastUnlent(node: Node, resources: readonly Resource[], window: Window): Capacity {
  const least = node.free.min(window);
  if (node.lent.breakpoints > 0) addVectors(least, node.lent.valueAt(window.start), -1);
  return fromVector(
    least.map((amount) => Math.max(0, amount)),
    resources,
  );
}

function mayBear(head: Head, node: Node, zone: string | undefined): boolean {
  const pool = head.pools.get(poolOfNode(node.id));
  return pool !== undefined && (zone === undefined || mayRunIn(head, pool, zone));
}

function counted(node: Node, capacity: Capacity): Capacity {
  return machineDemand(capacity, node.resources.includes('instances') ? { instances: 0 } : {});
}

function onlyProvider(head: Head, id: Id | undefined): Provider | Refusal {
  if (id !== undefined) return head.providers.get(id) ?? refusal('unknown-provider', `There is no provider '${id}'.`);
  const [only, another] = head.providers.values();
  if (only === undefined) return refusal('unknown-provider', 'There is no provider yet; add-provider registers one.');
  if (another !== undefined)
    return refusal('ambiguous-provider', 'There are several providers; say which one with provider-id.');
  return only;
}

interface Offered {
  readonly outcome: 'offered';
  readonly flavor: string;
  readonly capacity: Capacity;
  readonly disk: number;
}

/** What the provider has of what is named; ids win over names. */
function findOffer(
  provider: Provider,
  input: CreateInstance,
  zone: string | undefined,
): Offered | { readonly outcome: 'refused'; readonly refusal: Refusal } {
  const refused = (reason: Reason, message: string) =>
    ({ outcome: 'refused', refusal: refusal(reason, message) }) as const;
  const { inventory } = provider;
  if (inventory === undefined || provider.status !== 'up') {
    return refused(
      'provider-unavailable',
      `The provider '${provider.id}' cannot be used now; its status is ${provider.status}.`,
    );
  }
  const flavor = named(inventory.flavors, input.flavor);
  if (flavor === undefined)
    return refused('unknown-flavor', `The provider '${provider.id}' has no flavor '${input.flavor}'.`);
  if (named(inventory.images, input.image) === undefined) {
    return refused('unknown-image', `The provider '${provider.id}' has no image '${input.image}'.`);
  }
  const network = (input.networks ?? []).find((each) => named(inventory.networks, each) === undefined);
  if (network !== undefined)
    return refused('unknown-network', `The provider '${provider.id}' has no network '${network}'.`);
  if (zone !== undefined && !inventory.zones.includes(zone)) {
    return refused('unknown-zone', `The provider '${provider.id}' has no zone '${zone}'.`);
  }
  return { outcome: 'offered', flavor: flavor.id, capacity: flavorCapacity(flavor), disk: flavor.diskGb };
}

function named<T extends { readonly id: string; readonly name: string }>(
  entries: readonly T[],
  wanted: string,
): T | undefined {
  return entries.find(({ id }) => id === wanted) ?? entries.find(({ name }) => name === wanted);
}

function planned(provider: Provider, pool: Id, found: Offered, zone: string | undefined): Planned {
  const plan = { provider, pool, flavor: found.flavor, capacity: found.capacity, disk: found.disk };
  return { outcome: 'planned', plan: zone === undefined ? plan : { ...plan, zone } };
}

function record(draft: Draft, input: CreateInstance, plan: Plan, reservation?: Reservation): Allocation {
  const { now, user } = draft.at;
  const { tenant } = reservation ?? draft.at;
  const { inventory } = plan.provider;
  const idOf = (
    entries: readonly { readonly id: string; readonly name: string }[] | undefined,
    wanted: string,
  ): string => named(entries ?? [], wanted)?.id ?? wanted;
  const allocation: Allocation = {
    id: draft.at.newId(),
    name: input.name,
    ...(reservation === undefined ? {} : { reservation: reservation.id }),
    backing: reservation === undefined ? 'own' : 'reservation',
    pool: plan.pool,
    provider: plan.provider.id,
    priority: reservation === undefined ? LOW : HIGH,
    vmState: 'INITIALIZED',
    intent: 'create',
    token: draft.at.newId(),
    flavor: plan.flavor,
    image: idOf(inventory?.images, input.image),
    networks: (input.networks ?? []).map((network) => idOf(inventory?.networks, network)),
    ...(plan.zone === undefined ? {} : { zone: plan.zone }),
    ...(plan.host === undefined ? {} : { host: plan.host }),
    ...(plan.claim === undefined ? {} : { claim: plan.claim }),
    ...(plan.disk === 0 ? {} : { disk: plan.disk }),
    capacity: plan.capacity,
    startsAt: now,
    ...(reservation?.endsAt === undefined ? {} : { endsAt: reservation.endsAt }),
    claims: reservation === undefined ? standingClaims(draft.head, plan, now) : [],
    owner: user,
    ...(tenant === undefined ? {} : { tenant }),
    createdOn: now,
    modifiedOn: now,
  };
  draft.put('allocation', allocation.id, allocation);
  announceAllocation(draft, 'requested', allocation);
  announcePool(draft, 'allocated', plan.pool, { start: now, end: allocation.endsAt ?? FOREVER });
  return allocation;
}

/** What a machine without a reservation holds: for good, or on loan where that is the provider's policy. */
function standingClaims(head: Head, plan: Plan, now: Instant): readonly Claim[] {
  const claim = ownClaim(head, plan, now);
  return [plan.provider.preEmption === 'best-effort' ? { ...claim, onLoan: true } : claim];
}

/** Has a machine deleted. Its capacity is free when the VIM has confirmed that it is gone. */
export const destroyInstance: Command<DestroyInstance, DestroyInstanceResult> = (head, input, at) =>
  decide(head, at, (draft) => {
    const before = find(head, 'allocation', input.id, at);
    if (before === undefined) throw new UnknownEntry('allocation', 'instance-id', input.id);
    if (before.vmState === 'DELETING') return { outcome: 'deleting', allocation: before };
    const allocation: Allocation = { ...before, vmState: 'DELETING', intent: 'delete', modifiedOn: at.now };
    draft.put('allocation', allocation.id, allocation);
    announceAllocation(draft, 'destroy-requested', allocation, before.vmState);
    return { outcome: 'deleting', allocation };
  });

function refusal(reason: Reason, message: string): Refusal {
  return { reason, message, shortages: [] };
}
