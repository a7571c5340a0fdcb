/** Where a pool, host or element owes more than it has. */
import { toVector, zeroVector } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import type { Claim, HostId, NodeId } from './entities.ts';
import { ONE_ELEMENT, isElementId } from './element-map.ts';
import { hostVector } from './host-steps.ts';
import { onHost } from './hosts.ts';
import type { Head, Node } from './state.ts';
import { ALWAYS, FOREVER } from './window.ts';
import type { Instant } from './window.ts';

/** A pool, host or element, as far as it bears claims. */
export type Bearer = Pick<Node, 'id' | 'free'>;

export function isHostId(id: NodeId): id is HostId {
  return id.startsWith('host/');
}

/** What a claim holds on a pool, host or element; undefined: nothing. */
export function amountOn(claim: Claim, id: NodeId): CapacityVector | undefined {
  if (claim.element === id) return ONE_ELEMENT;
  if (claim.node !== id && claim.host !== id) return undefined;
  return isHostId(id) ? hostVector(onHost(claim.capacity, claim.disk)) : toVector(claim.capacity);
}

/** What bears claims, of any kind; undefined for what is not there. */
export function bearerOf(head: Head, id: NodeId): Bearer | undefined {
  if (isHostId(id)) return head.hosts.nodes.get(id);
  return isElementId(id) ? head.elements.nodes.get(id) : head.nodes.get(id);
}

/** What a claim holds on its pool, its host and its element, as far as they are there. */
export function* amountsOf(
  head: Head,
  claim: Claim,
): Generator<{ readonly bearer: Bearer; readonly amount: CapacityVector }, void, undefined> {
  const { node, host, element } = claim;
  for (const id of [node, host, element]) {
    const bearer = id === undefined ? undefined : bearerOf(head, id);
    const amount = bearer && amountOn(claim, bearer.id);
    if (bearer !== undefined && amount !== undefined) yield { bearer, amount };
  }
}

/** For one call: these are asked again and again, and a vector of one's own takes as long as the answer. */
const FREE = zeroVector();
const ONES = zeroVector();

function isOwed(free: number): boolean {
  return free < 0;
}

/** Whether more of a resource is held at the instant than there is. */
export function inDebt(node: Bearer, at: Instant): boolean {
  return node.free.valueAt(at, FREE).some(isOwed);
}

/**
 * The first instant from `from` on at which more of a resource is held than there is.
 *
 * One unit of what lacks anywhere is added for all time, and taken away again: then "not below zero" is the question
 * whether a demand of one unit fits.
 */
export function firstDebt(node: Bearer, from: Instant): Instant | undefined {
  const window = { start: from, end: FOREVER };
  const least = node.free.min(window, FREE);
  if (!least.some(isOwed)) return undefined;
  for (let index = 0; index < least.length; index++) ONES[index] = (least[index] ?? 0) < 0 ? 1 : 0;
  node.free.add(ALWAYS, ONES);
  try {
    return node.free.firstShortage(window, ONES);
  } finally {
    node.free.remove(ALWAYS, ONES);
  }
}

/** The next instant at which what is free changes; `FOREVER` when it does not. */
export function nextChange(node: Pick<Bearer, 'free'>, after: Instant): Instant {
  for (const step of node.free.steps({ start: after, end: FOREVER })) {
    if (step.at > after) return step.at;
  }
  return FOREVER;
}
