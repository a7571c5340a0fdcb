/** The four views of a node's capacity: total, reserved (held and not allocated), usage (allocated) and available. */
import {
  NOTHING,
  RESOURCES,
  RESOURCE_COUNT,
  add,
  addVectors,
  amountOf,
  fromVector,
  max,
  min,
  subtract,
  zeroVector,
} from './capacity.ts';
import type { Capacity, CapacityVector, Resource } from './capacity.ts';
import type { Id } from './entities.ts';
import type { CapacityBreakdown } from './events.ts';
import { poolNode } from './state.ts';
import type { Head, Node } from './state.ts';
import type { Instant, Window } from './window.ts';

export const NO_BREAKDOWN: CapacityBreakdown = {
  total: NOTHING,
  reserved: NOTHING,
  usage: NOTHING,
  available: NOTHING,
};

/** What there will be beyond what the head has, of each of a node's timelines. */
export interface Beyond {
  /** What will be held. */
  readonly taken?: CapacityVector;
  readonly used?: CapacityVector;
  readonly lent?: CapacityVector;
}

/** The views of a pool at an instant; `available` is 0 where more is held than there is. */
export function breakdownAt(head: Head, pool: Id, instant: Instant, beyond?: Beyond): CapacityBreakdown {
  const node = head.nodes.get(poolNode(pool));
  return node === undefined ? NO_BREAKDOWN : nodeAt(node, instant, beyond);
}

export function nodeAt(node: Node, instant: Instant, beyond: Beyond = {}): CapacityBreakdown {
  const { resources } = node;
  const total = node.total.valueAt(instant, scratch.total);
  const free = node.free.valueAt(instant, scratch.free);
  const used = node.used.valueAt(instant, scratch.used);
  const lent = node.lent.valueAt(instant, scratch.lent);
  const { usage, reserved, available } = scratch;
  if (beyond.taken !== undefined) addVectors(free, beyond.taken, -1);
  if (beyond.used !== undefined) addVectors(used, beyond.used, 1);
  if (beyond.lent !== undefined) addVectors(lent, beyond.lent, 1);
  for (let index = 0; index < RESOURCE_COUNT; index++) {
    const unclaimed = free[index] ?? 0;
    const consumed = used[index] ?? 0;
    // What is on loan counts as long as no reservation holds it: the reservation goes before.
    const onLoan = Math.min(lent[index] ?? 0, Math.max(unclaimed, 0));
    usage[index] = consumed + onLoan;
    reserved[index] = Math.max((total[index] ?? 0) - unclaimed - consumed, 0);
    available[index] = Math.max(unclaimed - onLoan, 0);
  }
  return {
    total: fromVector(total, resources),
    usage: fromVector(usage, resources),
    reserved: fromVector(reserved, resources),
    available: fromVector(available, resources),
  };
}

/** Vectors for one call of `nodeAt`: every grant and every allocation makes one, for its event. */
const scratch = {
  total: zeroVector(),
  free: zeroVector(),
  used: zeroVector(),
  lent: zeroVector(),
  usage: zeroVector(),
  reserved: zeroVector(),
  available: zeroVector(),
};

/**
 * The views of a node over a window: total and available at their least, reserved and usage at their greatest, each
 * resource on its own. Reserved is walked step by step, since it is a difference of timelines; the others are looked up.
 */
export function nodeOver(node: Node, window: Window): CapacityBreakdown {
  const { resources } = node;
  if (node.lent.breakpoints > 0) return worstOf(node, window);
  return {
    total: fromVector(node.total.min(window), resources),
    usage: fromVector(node.used.max(window), resources),
    reserved: mostReserved(node, window),
    available: max(fromVector(node.free.min(window), resources), NOTHING),
  };
}

function worstOf(node: Node, window: Window): CapacityBreakdown {
  return changesOf(node, window)
    .map((instant) => nodeAt(node, instant))
    .reduce((worst, at) => ({
      total: min(worst.total, at.total),
      usage: max(worst.usage, at.usage),
      reserved: max(worst.reserved, at.reserved),
      available: min(worst.available, at.available),
    }));
}

function mostReserved(node: Node, window: Window): Capacity {
  let most = fromVector(new Float64Array(0), node.resources);
  const usesNothing = node.used.breakpoints === 0;
  const constantTotal = node.total.breakpoints === 0;
  if (usesNothing && constantTotal) {
    const total = fromVector(node.total.valueAt(window.start), node.resources);
    return max(subtract(total, fromVector(node.free.min(window), node.resources)), NOTHING);
  }
  for (const instant of changesOf(node, window)) most = max(most, nodeAt(node, instant).reserved);
  return most;
}

/**
 * One view of a node in each interval of a window, from its start on, the last one cut at its end: the least of total and available, the
 * most of reserved and usage.
 */
export function nodeByInterval(
  node: Node,
  window: Window,
  interval: number,
  kind: keyof CapacityBreakdown,
): Capacity[] {
  const { resources } = node;
  const isLent = node.lent.breakpoints > 0;
  if (kind === 'total') return capacities(node.total.sample(window, interval, 'min'), resources);
  if (kind === 'usage' && !isLent) return capacities(node.used.sample(window, interval, 'max'), resources);
  if (kind === 'available' && !isLent) {
    const free = node.free.sample(window, interval, 'min');
    for (let index = 0; index < free.length; index++) free[index] = Math.max(free[index] ?? 0, 0);
    return capacities(free, resources);
  }
  const views: Capacity[] = [];
  for (let start = window.start; start < window.end; start += interval) {
    views.push(nodeOver(node, { start, end: Math.min(start + interval, window.end) })[kind]);
  }
  return views;
}

/** Each `RESOURCE_COUNT` amounts as a capacity in some resources. */
function capacities(amounts: Float64Array, resources: readonly Resource[]): Capacity[] {
  const named = RESOURCES.flatMap((resource, index) => (resources.includes(resource) ? [{ resource, index }] : []));
  return Array.from({ length: amounts.length / RESOURCE_COUNT }, (_, row) => {
    const capacity: Partial<Record<Resource, number>> = {};
    for (const { resource, index } of named) capacity[resource] = (amounts[row * RESOURCE_COUNT + index] ?? 0) + 0;
    return capacity;
  });
}

/** Every instant of the window at which a view of the node changes, its start first. */
export function changesOf(node: Node, window: Window): Instant[] {
  const instants = new Set<Instant>();
  for (const timeline of [node.total, node.free, node.lent, node.used]) {
    for (const step of timeline.steps(window)) instants.add(step.at);
  }
  return [...instants].sort((a, b) => a - b);
}

/** The sum of views. */
export function addBreakdowns(a: CapacityBreakdown, b: CapacityBreakdown): CapacityBreakdown {
  return {
    total: add(a.total, b.total),
    reserved: add(a.reserved, b.reserved),
    usage: add(a.usage, b.usage),
    available: add(a.available, b.available),
  };
}

/** Of what is asked, the part that is there: not below zero, in the resources that are asked for. */
export function within(asked: Capacity, there: Capacity): Capacity {
  const result: Partial<Record<Resource, number>> = {};
  for (const resource of RESOURCES) {
    const amount = asked[resource];
    if (amount !== undefined) result[resource] = Math.max(0, Math.min(amount, amountOf(there, resource)));
  }
  return result;
}
