/**
 * Quotas: what a tenant or user may hold at any instant, as nodes beside the pools.
 *
 * What reservations, offers and machines without a reservation hold on pools is counted on the node of each quota that their owner is
 * under: `total` is the limit, `free` what is left of it, over time. So a quota is asked like a pool, whether it fits throughout a
 * window. A quota without a tenant is one node for each tenant; users of no tenant are one together.
 *
 * A limit binds requests: who holds more when it is set keeps it, and a machine that runs on when its reservation is over is
 * counted and not asked. Requests that lessen what is held are granted then too.
 */
import {
  describeAmounts,
  fitsWithin,
  fromVector,
  max,
  min,
  resourcesOf,
  toVector,
  total,
  NOTHING,
} from './capacity.ts';
import type { Capacity } from './capacity.ts';
import { emptyNode } from './empty-node.ts';
import type { Allocation, Claim, NodeId, Offer, Quota, Reservation, Series } from './entities.ts';
import { currentClaims } from './occurrence.ts';
import type { Refusal } from './requests.ts';
import type { Head, Node } from './state.ts';
import { ALWAYS, FOREVER, describeInstant } from './window.ts';
import type { Window } from './window.ts';
import { addOver, eachOf, meets, windowsIn } from './windows.ts';
import { isPoolNode } from './entities.ts';

/** On whose account something is held. */
interface Holder {
  readonly owner: string;
  readonly tenant?: string;
}

/** What is counted for a quota beside capacity. */
export interface QuotaAccount {
  readonly quota: Quota;
  /** Entities of those who are under it. */
  holders: number;
  /** Reservations that are granted and not over, and offers that are held. */
  reservations: number;
}

/** Whether a holder is under the quota. */
function binds(quota: Quota, { owner, tenant }: Holder): boolean {
  return (quota.tenant === undefined || quota.tenant === tenant) && (quota.user === undefined || quota.user === owner);
}

function quotaNode({ name }: Quota, { tenant = '' }: Holder): NodeId {
  return `quota/${encodeURIComponent(name)}/${encodeURIComponent(tenant)}`;
}

/** The nodes of the quotas that a holder is under. */
export function nodesOfHolder({ policy }: Head, holder: Holder): NodeId[] {
  return (policy.quotas ?? []).filter((quota) => binds(quota, holder)).map((quota) => quotaNode(quota, holder));
}

/** Counts an entity for the quotas that its owner is under (1), or no longer (-1). Only the head's own changes call this. */
export function countReservation(head: Head, reservation: Reservation, sign: 1 | -1): void {
  if (head.policy.quotas === undefined) return;
  // One that is over has no hold.
  for (const { node } of accounts(head, reservation, reservation.hold === 'firm' ? 1 : 0, sign))
    hold(node, reservation.claims, sign);
}

export function countOffer(head: Head, offer: Offer, sign: 1 | -1): void {
  for (const { node } of accounts(head, offer, offer.status === 'held' ? 1 : 0, sign)) hold(node, offer.claims, sign);
}

export function countAllocation(head: Head, allocation: Allocation, sign: 1 | -1): void {
  const window = { start: allocation.startsAt, end: allocation.endsAt ?? FOREVER };
  for (const { node } of accounts(head, allocation, 0, sign)) {
    hold(node, allocation.claims, sign);
    const used = vectorOf(node, allocation.capacity);
    if (sign === 1) node.used.add(window, used);
    else node.used.remove(window, used);
  }
}

/** Counts anew, after the quotas have changed. */
export function recount(head: Head): void {
  for (const id of head.quotas.keys()) head.nodes.delete(id);
  head.quotas.clear();
  for (const reservation of head.reservations.values()) countReservation(head, reservation, 1);
  for (const offer of head.offers.values()) countOffer(head, offer, 1);
  for (const allocation of head.allocations.values()) countAllocation(head, allocation, 1);
}

/** The nodes of the quotas that a holder is under, with the holder noted; they are gone with their last holder. */
function* accounts(head: Head, holder: Holder, reservations: 0 | 1, sign: 1 | -1): Generator<{ readonly node: Node }> {
  for (const quota of head.policy.quotas ?? []) {
    if (!binds(quota, holder)) continue;
    const id = quotaNode(quota, holder);
    const account = head.quotas.get(id) ?? { quota, holders: 0, reservations: 0 };
    const node = head.nodes.get(id) ?? freshNode(id, quota);
    account.holders += sign;
    account.reservations += sign * reservations;
    if (account.holders > 0) {
      head.quotas.set(id, account);
      head.nodes.set(id, node);
    } else {
      head.quotas.delete(id);
      head.nodes.delete(id);
    }
    yield { node };
  }
}

function freshNode(id: NodeId, { capacity }: Quota): Node {
  const node = emptyNode(id);
  // Cast: the keys of a capacity are resources.
  node.resources = Object.keys(capacity) as Node['resources'];
  for (const timeline of [node.total, node.free]) timeline.add(ALWAYS, toVector(capacity));
  return node;
}

function hold(node: Node, claims: readonly Claim[], sign: 1 | -1): void {
  for (const claim of claims) {
    if (!isPoolNode(claim.node)) continue;
    const vector = vectorOf(node, claim.capacity);
    addOver(node.free, windowsIn(claim), vector, sign === 1 ? -1 : 1);
  }
}

/** The part of an amount that the node counts. */
function vectorOf(node: Node, capacity: Capacity): Float64Array {
  return toVector(counted(node, capacity));
}

/** The part of an amount that a node counts. */
export function counted({ resources }: Pick<Node, 'resources'>, capacity: Capacity): Capacity {
  return fromVector(toVector(capacity), resources);
}

/** What is about to be held. */
interface Wanted {
  readonly claims: readonly Claim[];
  /** Whether one more reservation or offer is counted. */
  readonly reservation: boolean;
}

/**
 * The first quota, in the order of the policy, that forbids it.
 * @param head in which the holder does not hold what is asked for, nor what it replaces
 */
export function quotaRefusal(head: Head, holder: Holder, wanted: Wanted): Refusal | undefined {
  for (const quota of head.policy.quotas ?? []) {
    if (!binds(quota, holder)) continue;
    const id = quotaNode(quota, holder);
    const refusal =
      (wanted.reservation ? tooMany(quota, head.quotas.get(id)?.reservations ?? 0) : undefined) ??
      tooMuch(quota, head.nodes.get(id) ?? freshNode(id, quota), wanted.claims);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function tooMany(quota: Quota, there: number): Refusal | undefined {
  const { reservations } = quota;
  if (reservations === undefined || there < reservations) return undefined;
  return exceeded(
    quota,
    `${reservations}`,
    `of reservations and offers ${there} ${there === 1 ? 'is' : 'are'} held, and ${reservations} may be`,
  );
}

/** Claims are taken one after the other and put back, since they may be at different times. */
function tooMuch(quota: Quota, node: Node, claims: readonly Claim[]): Refusal | undefined {
  const taken: Claim[] = [];
  try {
    for (const claim of claims) {
      if (!isPoolNode(claim.node)) continue;
      const vector = vectorOf(node, claim.capacity);
      const short = [...eachOf(windowsIn(claim))].find((window) => !node.free.fits(window, vector));
      if (short !== undefined) {
        hold(node, taken.splice(0), -1);
        return exceededBy(quota, node, claims, short);
      }
      hold(node, [claim], 1);
      taken.push(claim);
    }
    return undefined;
  } finally {
    hold(node, taken, -1);
  }
}

/** @param short the window in which it is */
function exceededBy(quota: Quota, node: Node, claims: readonly Claim[], short: Window): Refusal {
  const there = claims.filter((claim) => meets(windowsIn(claim), short));
  const demanded = total(there.map(({ capacity }) => capacity));
  const resources = resourcesOf(counted(node, demanded));
  const asked = fromVector(toVector(demanded), resources);
  let left: Capacity | undefined;
  for (const window of claims.flatMap((claim) => [...eachOf(windowsIn(claim))])) {
    const least = fromVector(node.free.min(window), resources);
    left = left === undefined ? least : min(left, least);
  }
  const most = max(left ?? NOTHING, NOTHING);
  const lacking = resources.filter((resource) => (most[resource] ?? 0) < (asked[resource] ?? 0));
  const limit = describeAmounts(fromVector(toVector(quota.capacity), lacking.length === 0 ? resources : lacking));
  const recurs = claims.some(({ count }) => count !== undefined);
  const when = recurs ? `all windows, the first short one at ${describeInstant(short.start)},` : 'the window';
  const message = `asked for are ${describeAmounts(asked)}, left throughout ${when} are ${describeAmounts(most)} of ${limit}`;
  return { ...exceeded(quota, limit, message), most };
}

function exceeded(quota: Quota, limit: string, why: string): Refusal {
  return {
    reason: 'quota-exceeded',
    message: `The quota '${quota.name}' of ${describeSubject(quota)} would be exceeded: ${why}.`,
    policy: quota.name,
    limit,
    shortages: [],
  };
}

function describeSubject({ tenant, user }: Quota): string {
  const whose = tenant === undefined ? 'each tenant' : `the tenant '${tenant}'`;
  return user === undefined ? whose : `the user '${user}' in ${whose}`;
}

/** Whether what is wanted lies within what is held now: the quotas then have nothing to say. */
export function lessens(before: Reservation, after: Reservation): boolean {
  const within = after.startsAt >= before.startsAt && after.endsAt <= before.endsAt;
  const sum = (reservation: Reservation): Capacity =>
    total(
      currentClaims(reservation)
        .filter(({ node }) => isPoolNode(node))
        .map(({ capacity }) => capacity),
    );
  return within && noMoreWindows(before.series, after.series) && fitsWithin(sum(after), sum(before));
}

function noMoreWindows(before: Series | undefined, after: Series | undefined): boolean {
  if (after === undefined) return true;
  const left = ({ count, occurrence }: Series): number => count - occurrence;
  return before !== undefined && before.period === after.period && left(after) <= left(before);
}
