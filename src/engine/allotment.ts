/**
 * From what an allocation is taken: a part of a reservation, or capacity that no reservation holds, now and at any time to come, since
 * what has no reservation has no end.
 */
import type { Use } from './allocated-elements.ts';
import { eligibleNodes, inZone, shortagesIn } from './admission.ts';
import type { Fitting } from './admission.ts';
import {
  NOTHING,
  add,
  addVectors,
  describeAmounts,
  fitsWithin,
  fromVector,
  resourcesOf,
  subtract,
} from './capacity.ts';
import type { Capacity, Resource } from './capacity.ts';
import { claimFor, countedDemand, ownClaim, remainingOf } from './claims.ts';
import type { Claim, Id, Pool, Provider, Reason, Reservation } from './entities.ts';
import { hostVector } from './host-steps.ts';
import { hostName, onHost } from './hosts.ts';
import { namingMaintenance } from './maintenance.ts';
import { describeIds, ownerOf } from './ownership.ts';
import { hostFor } from './placement-sites.ts';
import { beingDrained, poolsFrom } from './provider-supply.ts';
import type { Refusal, Refused } from './requests.ts';
import { isOver, poolNode, poolOfNode } from './state.ts';
import { isCleared } from './vacancy.ts';
import type { Head, Node } from './state.ts';
import { FOREVER, describeInstant } from './window.ts';
import type { Instant, Window } from './window.ts';
import { inDebt } from './debt.ts';

/** What is to be allocated, as far as a provider has what it takes. */
export interface Wanted<Found extends Consumption> {
  readonly provider?: Id;
  /** The pool of which it is to be; absent: any. */
  readonly pool?: Id;
  readonly zone?: string;
  /** In words, such as `the flavor 'small'`. */
  readonly subject: string;
  /** @param zone the one that was asked for, or that of the reservation */
  readonly find: (
    provider: Provider,
    zone: string | undefined,
  ) => { readonly outcome: 'found'; readonly found: Found } | Refused;
}

/** What is consumed of a pool, and of local disk of a host in GB. */
export interface Consumption {
  readonly capacity: Capacity;
  readonly disk: number;
  /** Whether it takes a place on a host. */
  readonly onHost: boolean;
  /** What is there already and that it uses; absent: nothing. */
  readonly uses?: readonly Use[];
}

/** From where something can be taken. */
export interface Plan<Found extends Consumption> {
  readonly provider: Provider;
  readonly pool: Id;
  readonly found: Found;
  readonly zone?: string;
  /** Host on which it is to run; absent: as the VIM decides. */
  readonly host?: string;
  /** Claim of the reservation by which it runs there. */
  readonly claim?: string;
}

export type Planned<Found extends Consumption> = { readonly outcome: 'planned'; readonly plan: Plan<Found> } | Refused;

/** Why nothing can be allocated against a reservation now, whatever it is. */
export function bar(head: Head, reservation: Reservation, now: Instant): Refusal | undefined {
  const { id } = reservation;
  if (isOver(reservation) || reservation.endsAt <= now) {
    return refusal('reservation-over', `The reservation '${id}' is over: its status is ${reservation.status}.`);
  }
  if (reservation.status === 'pending') {
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

/** From which part of a reservation it can be taken. */
export function planReserved<Found extends Consumption>(
  head: Head,
  reservation: Reservation,
  wanted: Wanted<Found>,
  now: Instant,
): Planned<Found> {
  const zone = wanted.zone ?? reservation.demand.zone;
  let reason: Refusal | undefined;
  for (const provider of providersOf(head, reservation, wanted.provider)) {
    const offered = wanted.find(provider, zone);
    if (offered.outcome === 'refused') {
      reason ??= offered.refusal;
      continue;
    }
    const { found } = offered;
    const claim = claimFor(
      head,
      reservation,
      found,
      (each) => isOf(wanted, poolOfNode(each.node)) && suits(head, each, provider, wanted.zone, now),
    );
    if (claim !== undefined) {
      const pool = poolOfNode(claim.node);
      if (!bears(head, reservation, pool, found.capacity, now)) {
        reason = refusal('insufficient-capacity', occupied(reservation, pool));
        continue;
      }
      if (isVacant(head, claim, found, now)) {
        const plan = planOf(provider, pool, found, zone);
        if (claim.host !== undefined) return on(plan, hostName(claim.host), claim.id);
        const window = { start: now, end: reservation.endsAt };
        const host = roomFor(head, pool, found, zone, [window]);
        if (host !== undefined) return on(plan, host.name, claim.container === undefined ? undefined : claim.id);
        reason = refusal(
          'insufficient-capacity',
          `No host of the pool '${pool}' has room for ${wanted.subject} until the reservation ends, beside what is placed there.`,
        );
        continue;
      }
      reason ??= refusal(
        'insufficient-capacity',
        `Virtual machines that have to make room in the pool '${pool}' are not gone yet.`,
      );
      continue;
    }
    const remaining = remainingOf(head, reservation);
    reason = {
      ...refusal(
        'exceeds-reservation',
        `${capitalised(wanted.subject)} needs ${needs(found)}; of the reservation there remain ${describeAmounts(remaining)}.`,
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
        `The reservation holds nothing on ${wanted.provider === undefined ? 'any provider' : `the provider '${wanted.provider}'`}.`,
      ),
  };
}

function isOf({ pool }: Wanted<Consumption>, id: Id): boolean {
  return pool === undefined || pool === id;
}

function needs({ capacity, disk, onHost }: Consumption): string {
  return onHost ? `${describeAmounts(capacity)} and ${disk} GB of local disk` : describeAmounts(capacity);
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
  return host?.usable === true && (zone === undefined || host.zone === zone) && !inDebt(host, now);
}

/**
 * Where a machine has room that no claim puts on a host, in the first of some windows in which it has: a host, none where the VIM is to
 * choose; undefined: nowhere.
 */
function roomFor(
  head: Head,
  pool: Id,
  found: Consumption,
  zone: string | undefined,
  windows: readonly Window[],
): { readonly name?: string } | undefined {
  if (!found.onHost) return {};
  const node = head.nodes.get(poolNode(pool));
  if (node === undefined) return undefined;
  for (const window of windows) {
    const host = hostFor(head, node, found, window, zone);
    if (host !== undefined) return host === 'unseen' ? {} : host;
  }
  return undefined;
}

function on<Found extends Consumption>(plan: Plan<Found>, host: string | undefined, claim?: string): Planned<Found> {
  const place = { ...(host === undefined ? {} : { host }), ...(claim === undefined ? {} : { claim }) };
  return { outcome: 'planned', plan: { ...plan, ...place } };
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
  const window = { start: now, end: reservation.endsAt };
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
function isVacant(head: Head, claim: Claim, { capacity, disk }: Consumption, now: Instant): boolean {
  if (claim.host !== undefined && !isCleared(head, claim.host, hostVector(onHost(capacity, disk)), now)) return false;
  const node = head.nodes.get(claim.node);
  if (node === undefined || node.lent.breakpoints === 0) return true;
  const there = node.total.valueAt(now);
  addVectors(there, node.used.valueAt(now), -1);
  addVectors(there, node.lent.valueAt(now), -1);
  return fitsWithin(counted(node, capacity), fromVector(there, node.resources));
}

/** Whether what has no reservation has what it consumes on loan from the beginning. */
export function isLent({ preEmption }: Pick<Provider, 'preEmption'>, { onHost }: Pick<Consumption, 'onHost'>): boolean {
  return onHost && preEmption === 'best-effort';
}

/** From what no reservation holds. What takes no place on a host is never lent: it cannot be taken back without loss. */
export function planUnreserved<Found extends Consumption>(
  head: Head,
  wanted: Wanted<Found>,
  now: Instant,
): Planned<Found> {
  const provider = onlyProvider(head, wanted.provider);
  if ('reason' in provider) return { outcome: 'refused', refusal: provider };
  if (provider.draining === true) return { outcome: 'refused', refusal: beingDrained(provider) };
  const offered = wanted.find(provider, wanted.zone);
  if (offered.outcome === 'refused') return offered;
  const { found } = offered;
  const lends = isLent(provider, found);
  const window: Window = { start: now, end: lends ? now + 1 : FOREVER };
  const pools = poolsFrom(head, provider.id).map(({ id }) => id);
  const nodes = bearers(head, provider, wanted);
  const fitting = nodes.filter((each) => isFree(each, counted(each, found.capacity), window));
  const plan = firstOf(head, fitting, provider, found, wanted.zone, now);
  if (plan !== undefined) return { outcome: 'planned', plan };
  if (fitting.length > 0) {
    const message = `No host has room for ${wanted.subject} ${lends ? 'now' : 'without end'}, beside what is placed there.`;
    const ahead = { start: now, end: FOREVER };
    const barred = namingMaintenance(
      head,
      { capacity: found.capacity, pools },
      ahead,
      refusal('insufficient-capacity', message),
    );
    return { outcome: 'refused', refusal: barred };
  }
  const most = nodes.map((each) => leastUnlent(each, resourcesOf(found.capacity), window)).reduce(add, NOTHING);
  const message =
    nodes.length === 0
      ? `The provider '${provider.id}' has no pool${wanted.zone === undefined ? '' : ` for the zone '${wanted.zone}'`}; increase-capacity makes one.`
      : `${capitalised(wanted.subject)} needs ${describeAmounts(found.capacity)}${lends ? '; free are' : ' without end; not reserved are'} ${describeAmounts(most)}${lends ? '.' : ' at the least from now on.'}`;
  const asked = countedDemand(found.capacity, (resource) =>
    nodes.some(({ resources }) => resources.includes(resource)),
  );
  const shortages = shortagesIn(nodes, asked, window);
  const barred: Refusal = { reason: 'insufficient-capacity', message, most, shortages };
  if (nodes.length === 0) return { outcome: 'refused', refusal: barred };
  return {
    outcome: 'refused',
    refusal: namingMaintenance(head, { capacity: found.capacity, pools }, window, barred),
  };
}

/** The pools of a provider that may bear what has no reservation. */
function bearers(head: Head, provider: Provider, wanted: Wanted<Consumption>): Node[] {
  const pools = poolsFrom(head, provider.id).flatMap(({ id }) => (isOf(wanted, id) ? [id] : []));
  return pools.length === 0
    ? []
    : eligibleNodes(head, { pools }).nodes.filter((node) => mayBear(head, node, wanted.zone));
}

/** From the first of the pools in which it fits that has a host for it, where hosts are seen. */
function firstOf<Found extends Consumption>(
  head: Head,
  fitting: readonly Node[],
  provider: Provider,
  found: Found,
  zone: string | undefined,
  now: Instant,
): Plan<Found> | undefined {
  for (const node of fitting) {
    const pool = poolOfNode(node.id);
    const ahead = { start: now, end: FOREVER };
    // Where nobody is to have the place, it need not be given up.
    const windows = isLent(provider, found) ? [ahead, { start: now, end: now + 1 }] : [ahead];
    const host = roomFor(head, pool, found, zone, windows);
    if (host === undefined) continue;
    const plan = planOf(provider, pool, found, zone);
    return host.name === undefined ? plan : { ...plan, host: host.name };
  }
  return undefined;
}

/** Whether a machine could be taken from what no reservation holds, for who asks again while others are taken away. */
export function fittingUnreserved(
  head: Head,
  wanted: Wanted<Consumption>,
  now: Instant,
): (Fitting & Pick<Plan<Consumption>, 'provider' | 'found'>) | undefined {
  const provider = onlyProvider(head, wanted.provider);
  if ('reason' in provider) return undefined;
  const offered = wanted.find(provider, wanted.zone);
  if (offered.outcome === 'refused' || !offered.found.onHost) return undefined;
  const { found } = offered;
  const nodes = bearers(head, provider, wanted);
  const claims = (): readonly Claim[] | undefined => {
    const fitting = nodes.filter((each) => isFree(each, counted(each, found.capacity), { start: now, end: FOREVER }));
    const plan = firstOf(head, fitting, provider, found, wanted.zone, now);
    return plan === undefined ? undefined : [ownClaim(head, { pool: plan.pool, capacity: found.capacity }, now)];
  };
  return { nodes, claims, provider, found };
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
  return countedDemand(capacity, (resource) => node.resources.includes(resource));
}

function onlyProvider(head: Head, id: Id | undefined): Provider | Refusal {
  if (id !== undefined) return head.providers.get(id) ?? refusal('unknown-provider', `There is no provider '${id}'.`);
  const [only, another] = head.providers.values();
  if (only === undefined) return refusal('unknown-provider', 'There is no provider yet; add-provider registers one.');
  if (another !== undefined)
    return refusal('ambiguous-provider', 'There are several providers; say which one with provider-id.');
  return only;
}

function planOf<Found extends Consumption>(
  provider: Provider,
  pool: Id,
  found: Found,
  zone: string | undefined,
): Plan<Found> {
  const plan = { provider, pool, found };
  return zone === undefined ? plan : { ...plan, zone };
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

export function refused(reason: Reason, message: string): Refused {
  return { outcome: 'refused', refusal: refusal(reason, message) };
}

function refusal(reason: Reason, message: string): Refusal {
  return { reason, message, shortages: [] };
}
