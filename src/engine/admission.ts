/**
 * Admission of capacity: whether it fits, and on which pools it is placed. The one place that decides this, for reservations,
 * offers and allocations alike. What else a demand asks for is admitted beside it: see `parts.ts`.
 *
 * The rule, for the eligible pools in the order of their ids:
 * 1. the first pool that fits the whole demand throughout the window takes it whole;
 * 2. else each kind of resource (compute, network, storage) goes whole to the first pool that fits it;
 * 3. else a kind that no single pool fits is filled up from pool to pool, each giving what it has throughout the window.
 * So a demand is refused only where the pools together lack something, and the same state always gives the same placement.
 * A virtual machine is not split: what one consumes is placed with `whole`, by step 1 alone.
 *
 * A pool is eligible when the demand names it or names none; when its zone is the demand's, or the demand has none; and
 * when it has every element that the demand names, or another pool of its provider does.
 */
import {
  COMPUTE,
  NETWORK,
  RESOURCES,
  STORAGE,
  amountOf,
  fromVector,
  isZero,
  min,
  resourcesOf,
  subtract,
  toVector,
  zeroVector,
} from './capacity.ts';
import type { Capacity, CapacityVector, Resource } from './capacity.ts';
import type { Claim, Demand, Id, NodeId, Pool, Provider, Reason } from './entities.ts';
import { servesWith } from './element-names.ts';
import type { Refusal, Shortage } from './requests.ts';
import { poolNode } from './state.ts';
import type { Head, Node } from './state.ts';
import { latestStart } from './terms.ts';
import { lackingInAll } from './vim-references.ts';
import { describeWindow, durationOf, FOREVER } from './window.ts';
import type { Instant, Window } from './window.ts';

/** A part of a demand on a node. */
export interface Share {
  readonly node: NodeId;
  readonly capacity: Capacity;
}

/** A reservation that is placed anew: its claims from then on. */
export interface Moved {
  readonly id: Id;
  readonly claims: readonly Claim[];
}

/** `moved`: reservations that have to be placed anew with it. */
export type Admission =
  | { readonly outcome: 'placed'; readonly claims: readonly Claim[]; readonly moved?: readonly Moved[] }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** How many breakpoints and tree nodes the search for the next window may look at in each pool. */
const SEARCH_BUDGET = 20_000;

/** How many windows are tried in the search for one that several pools fit together. */
const SPLIT_ATTEMPTS = 200;

/** Pools whose shortages a refusal lists, and spans of each resource in each; more would explain nothing. */
const POOLS_EXPLAINED = 16;
const SPANS_EXPLAINED = 4;

/** Places the capacity of a demand on the pools, or says why not and what could be had (reservation steps 1a and 1b). */
export function admitCapacity(head: Head, demand: Demand, window: Window, now: Instant): Admission {
  const { nodes, reason } = eligibleNodes(head, demand);
  const shares = place(nodes, demand.capacity, window);
  if (shares !== undefined) return { outcome: 'placed', claims: claimsOf(shares, window) };
  return { outcome: 'refused', refusal: refuse(head, nodes, demand, window, now, reason) };
}

/** The earliest start, from that of the window to `notAfter`, of a window of its length in which the demand fits; undefined if none was found. */
export function earliestStart(head: Head, demand: Demand, window: Window, notAfter: Instant): Instant | undefined {
  const { nodes } = eligibleNodes(head, demand);
  if (place(nodes, demand.capacity, window) !== undefined) return window.start;
  return searchWindow(nodes, demand.capacity, window, notAfter).nextWindow?.start;
}

/** Why a demand does not fit in a window, and what could be had instead. */
export function refusalOf(head: Head, demand: Demand, window: Window, now: Instant): Refusal {
  const { nodes, reason } = eligibleNodes(head, demand);
  return refuse(head, nodes, demand, window, now, reason);
}

/** Where a demand may be placed during a window, and whether it can be, as the head is when that is asked. */
export interface Fitting {
  readonly nodes: readonly Node[];
  /** The claims by which it fits, or undefined. */
  readonly claims: () => readonly Claim[] | undefined;
}

/** The question whether a demand fits, for who asks it again and again while the head is changed. */
export function fitting(head: Head, demand: Demand, window: Window): Fitting {
  const { nodes } = eligibleNodes(head, demand);
  const claims = (): readonly Claim[] | undefined => {
    const shares = place(nodes, demand.capacity, window);
    return shares === undefined ? undefined : claimsOf(shares, window);
  };
  return { nodes, claims };
}

/** The claims of shares during a window, numbered from 1. */
export function claimsOf(shares: readonly Share[], window: Window): Claim[] {
  return shares.map(({ node, capacity }, index) => {
    const { start, end } = window;
    const id = `${index + 1}`;
    return end === FOREVER ? { id, node, start, capacity } : { id, node, start, capacity, end };
  });
}

/** For what is asked again and again, and done with at once: a vector of one's own takes longer than the question. */
const DEMANDED = zeroVector();
const LEAST = zeroVector();
const MOST = zeroVector();
const SOUGHT = zeroVector();

/** The first node that fits the whole demand throughout the window. */
export function whole(nodes: readonly Node[], demand: Capacity, window: Window): Node | undefined {
  const vector = toVector(demand, DEMANDED);
  return nodes.find((node) => node.free.fits(window, vector));
}

/**
 * The pools that may serve a demand, in the order of their ids, and what stands in the way when there are none. Of pools that a demand
 * names, some may be gone since it was made: see `checkPools`.
 */
export function eligibleNodes(
  head: Head,
  demand: Pick<Demand, 'zone' | 'pools' | 'elements'>,
): { readonly nodes: Node[]; readonly reason: Reason } {
  const nodes: Node[] = [];
  let zoneKnown = demand.zone === undefined;
  for (const id of poolsMeant(head, demand)) {
    const pool = head.pools.get(id);
    const node = head.nodes.get(poolNode(id));
    if (pool === undefined || node === undefined) continue;
    if (head.providers.get(pool.source)?.draining === true) continue;
    if (demand.zone !== undefined) {
      zoneKnown ||= hasZone(head, pool, demand.zone);
      if (!inZone(head, pool, demand.zone)) continue;
    }
    if (servesWith(head, pool, demand.elements ?? [])) nodes.push(node);
  }
  return { nodes, reason: zoneKnown ? 'insufficient-capacity' : 'unknown-zone' };
}

function poolsMeant(head: Head, { pools = [] }: Pick<Demand, 'pools'>): readonly Id[] {
  return pools.length === 0 ? head.poolOrder : [...pools].sort();
}

function providersMeant(head: Head, demand: Demand): Provider[] {
  return poolsMeant(head, demand).flatMap((id) => {
    const provider = head.providers.get(head.pools.get(id)?.source ?? '');
    return provider === undefined || provider.draining === true ? [] : [provider];
  });
}

/** Whether all capacity of the pool lies in the zone: it is bound to it, or its provider has no other. */
export function inZone(head: Head, pool: Pool, zone: string): boolean {
  if (pool.zone !== undefined) return pool.zone === zone;
  const zones = head.providers.get(pool.source)?.inventory?.zones;
  return zones?.length === 1 && zones[0] === zone;
}

function hasZone(head: Head, pool: Pool, zone: string): boolean {
  return pool.zone === zone || head.providers.get(pool.source)?.inventory?.zones.includes(zone) === true;
}

/** The shares of a demand by the rule above, or undefined when it does not fit. */
function place(nodes: readonly Node[], demand: Capacity, window: Window): Share[] | undefined {
  const node = whole(nodes, demand, window);
  if (node !== undefined) return [{ node: node.id, capacity: demand }];
  if (nodes.length < 2) return undefined;
  const shares = new Map<NodeId, Capacity>();
  for (const kind of [COMPUTE, NETWORK, STORAGE]) {
    const part = restrict(demand, kind);
    if (isZero(part)) continue;
    const single = whole(nodes, part, window);
    const parts = single === undefined ? fill(nodes, part, window) : [{ node: single.id, capacity: part }];
    if (parts === undefined) return undefined;
    for (const share of parts) shares.set(share.node, { ...shares.get(share.node), ...share.capacity });
  }
  return [...shares].map(([id, capacity]) => ({ node: id, capacity }));
}

function fill(nodes: readonly Node[], demand: Capacity, window: Window): Share[] | undefined {
  const shares: Share[] = [];
  let rest = demand;
  for (const node of nodes) {
    const share = positive(min(rest, leastFree(node, resourcesOf(rest), window)));
    if (isZero(share)) continue;
    shares.push({ node: node.id, capacity: share });
    rest = subtract(rest, share);
    if (isZero(rest)) return shares;
  }
  return undefined;
}

/** The least of each resource that is free at any instant of the window; not below zero. */
export function leastFree(node: Node, resources: readonly Resource[], window: Window): Capacity {
  const vector = node.free.min(window);
  return fromVector(
    vector.map((amount) => Math.max(0, amount)),
    resources,
  );
}

function positive(capacity: Capacity): Capacity {
  return fromVector(toVector(capacity).map((amount) => Math.max(0, amount)));
}

function restrict(capacity: Capacity, resources: readonly Resource[]): Capacity {
  const result: Partial<Record<Resource, number>> = {};
  for (const resource of resources) {
    const amount = amountOf(capacity, resource);
    if (amount !== 0) result[resource] = amount;
  }
  return result;
}

function refuse(
  head: Head,
  nodes: readonly Node[],
  demand: Demand,
  window: Window,
  now: Instant,
  reason: Reason,
): Refusal {
  const { capacity } = demand;
  const most = mostOf(nodes, resourcesOf(capacity), window);
  const shortages = shortagesIn(nodes, capacity, window);
  const message =
    reason === 'unknown-zone'
      ? lackingInAll(providersMeant(head, demand), 'zone', demand.zone ?? '', 'No provider of the pools')
      : nodes.length === 0
        ? 'No pool may serve the request: there is none, or none with the zone and elements asked for.'
        : `Not free throughout ${describeWindow(window)}: ${describeLack(capacity, most, nodes)}.`;
  const notAfter = latestStart(head.policy, now, window.start, durationOf(window));
  return { reason, message, most, shortages, ...searchWindow(nodes, capacity, window, notAfter) };
}

/** The most of each resource that can be had throughout the window, from all nodes together. */
export function mostOf(nodes: readonly Node[], resources: readonly Resource[], window: Window): Capacity {
  MOST.fill(0);
  for (const node of nodes) {
    const least = node.free.min(window, LEAST);
    for (let index = 0; index < MOST.length; index++) MOST[index] = (MOST[index] ?? 0) + Math.max(0, least[index] ?? 0);
  }
  return fromVector(MOST, resources);
}

/**
 * What pools lack throughout a window of what they count. What a pool does not count, others bear; where none counts it, all of them lack
 * it.
 */
export function shortagesIn(nodes: readonly Node[], demand: Capacity, window: Window): Shortage[] {
  const asked = resourcesOf(demand);
  const uncounted = asked.filter((resource) => !nodes.some(({ resources }) => resources.includes(resource)));
  const shortages: Shortage[] = [];
  let explained = 0;
  for (const node of nodes) {
    const { resources } = node;
    const borne = asked.filter((resource) => resources.includes(resource) || uncounted.includes(resource));
    if (borne.length === 0) continue;
    if (explained++ === POOLS_EXPLAINED) break;
    shortages.push(...shortagesOf(node, demand, window, borne));
  }
  return shortages;
}

/** For each resource, or some of them, the first spans of the window in which the node has less than is asked. */
export function shortagesOf(
  node: Node,
  demand: Capacity,
  window: Window,
  resources: readonly Resource[] = RESOURCES,
): Shortage[] {
  const asked = toVector(demand, DEMANDED);
  const least = node.free.min(window, LEAST);
  const lacking = RESOURCES.filter(
    (resource, index) => (asked[index] ?? 0) > Math.max(0, least[index] ?? 0) && resources.includes(resource),
  );
  return lacking.flatMap((resource) => spansLacking(node, resource, amountOf(demand, resource), window));
}

function spansLacking(node: Node, resource: Resource, asked: number, window: Window): Shortage[] {
  const pool = poolIdOf(node);
  return node.free.shortSpans(window, resource, asked, SPANS_EXPLAINED).map(({ from, to, least }) => {
    const missing = asked - least;
    return to === window.end ? { pool, resource, from, missing } : { pool, resource, from, missing, to };
  });
}

function poolIdOf(node: Node): Id {
  return node.id.slice('pool/'.length);
}

type Search = Pick<Refusal, 'nextWindow' | 'searchedUntil'>;

/** The earliest window of the same length, after the start of the given one and not after an instant, in which the demand fits. */
export function nextWindow(head: Head, demand: Demand, window: Window, notAfter: Instant): Search {
  return searchWindow(eligibleNodes(head, demand).nodes, demand.capacity, window, notAfter);
}

function searchWindow(nodes: readonly Node[], demand: Capacity, window: Window, notAfter: Instant): Search {
  // Where no pool may serve the demand, no time makes a difference.
  if (nodes.length === 0) return {};
  const duration = durationOf(window);
  const vector = toVector(demand, SOUGHT);
  let best: Instant | undefined;
  let searchedUntil = notAfter;
  for (const node of nodes) {
    const found = node.free.earliestFit({
      notBefore: window.start,
      notAfter: best ?? notAfter,
      duration,
      demand: vector,
      budget: SEARCH_BUDGET,
    });
    if (found.outcome === 'fits') best = found.start;
    if (found.outcome === 'budget-spent') searchedUntil = Math.min(searchedUntil, found.searchedUntil);
  }
  if (nodes.length > 1) {
    const split = nextSplit(nodes, demand, window, best ?? notAfter);
    if (split.found !== undefined) best = split.found;
    else searchedUntil = Math.min(searchedUntil, split.searchedUntil);
  }
  if (best === undefined) return { searchedUntil };
  const nextWindowFound = { start: best, end: best + duration };
  // An earlier one may exist where the search stopped short of what it found.
  return searchedUntil < best ? { nextWindow: nextWindowFound, searchedUntil } : { nextWindow: nextWindowFound };
}

/**
 * The same for a demand that several pools meet together.
 *
 * Where it does not fit, the pools together have too little of some resource, each counted at its least in the window. It can only fit in a window
 * throughout which one pool at least has its equal share of what is lacking more than that: the first of those is tried next.
 */
function nextSplit(
  nodes: readonly Node[],
  demand: Capacity,
  window: Window,
  notAfter: Instant,
): { readonly found?: Instant; readonly searchedUntil: Instant } {
  const duration = durationOf(window);
  let { start } = window;
  for (let attempt = 0; attempt < SPLIT_ATTEMPTS; attempt++) {
    const chance = nextChance(nodes, demand, { start, end: start + duration }, notAfter);
    if (chance === undefined) return { found: start, searchedUntil: start };
    if (chance > notAfter) return { searchedUntil: notAfter };
    start = chance;
  }
  return { searchedUntil: start };
}

/** The first start up to `notAfter` at which a demand may fit that does not fit in the window; undefined when it does fit there. */
function nextChance(nodes: readonly Node[], demand: Capacity, window: Window, notAfter: Instant): Instant | undefined {
  const least = nodes.map((node) => node.free.min(window));
  for (const resource of resourcesOf(demand)) {
    const index = RESOURCES.indexOf(resource);
    const there = least.map((amounts) => Math.max(0, amounts[index] ?? 0));
    const lacking = there.reduce((rest, amount) => rest - amount, amountOf(demand, resource));
    if (lacking <= 0) continue;
    const share = Math.ceil(lacking / nodes.length);
    const chances = nodes.map((node, each) => {
      const more = toVector({ [resource]: (there[each] ?? 0) + share });
      return firstFit(node, more, window, notAfter);
    });
    return Math.min(...chances);
  }
  return undefined;
}

/** The first start of a window as long as the one given, from its start on, throughout which the node has the amounts; FOREVER for none. */
function firstFit(node: Node, amounts: CapacityVector, window: Window, notAfter: Instant): Instant {
  const found = node.free.earliestFit({
    notBefore: window.start,
    notAfter,
    duration: durationOf(window),
    demand: amounts,
    budget: SEARCH_BUDGET,
  });
  if (found.outcome === 'none') return FOREVER;
  return found.outcome === 'fits' ? found.start : found.searchedUntil;
}

function describeLack(demand: Capacity, most: Capacity, nodes: readonly Node[]): string {
  const asked = toVector(demand, DEMANDED);
  const lacking = RESOURCES.filter((resource, index) => amountOf(most, resource) < (asked[index] ?? 0));
  if (lacking.length === 0) return 'no pool has all of it together';
  const pools = nodes.filter(({ resources }) => lacking.some((resource) => resources.includes(resource))).length;
  const amounts = lacking.map(
    (resource) => `${amountOf(demand, resource)} ${resource} asked for, ${amountOf(most, resource)} free`,
  );
  return `${amounts.join(', ')}${pools > 1 ? ` in ${pools} pools` : ''}`;
}
