/**
 * The map follows the VIM: pools may together have what their provider has; what it loses beyond the buffer outside the pools,
 * the pools lose.
 *
 * Growth goes to the buffer, and a loss is taken from the buffer first: pools that are bound to a zone which lost more than its
 * buffer give way, then the pools of the provider, the last by id first, until the rest is covered. That is asked, from now on, of each
 * time in itself, since pools are meant to have more at some times than at others. What a pool lost is kept with it (`lost`) and given
 * back when the provider has it again.
 */
import { announcePool, announceProvider } from './announce.ts';
import {
  NOTHING,
  RESOURCES,
  add,
  amountOf,
  equals,
  fromVector,
  isZero,
  max,
  subtract,
  total,
  zeroVector,
} from './capacity.ts';
import type { Capacity, Resource } from './capacity.ts';
import { leastFree } from './admission.ts';
import { within } from './breakdown.ts';
import type { Draft } from './draft.ts';
import type { Id, Loss, Pool, Provider } from './entities.ts';
import type { CapacityCause } from './events.ts';
import type { Refusal } from './requests.ts';
import { poolNode, providerNode } from './state.ts';
import type { Node, Head } from './state.ts';
import { inventoryCapacity, nominalSegments } from './supply.ts';
import type { Segment } from './supply.ts';
import { FOREVER, overlaps } from './window.ts';
import type { Instant, Window } from './window.ts';
import type { VimInventory } from '../vim/vim.ts';
import { omit } from './omit.ts';

/** Why nothing new is taken from a provider that is being drained. */
export function beingDrained({ id }: Provider): Refusal {
  const message = `The provider '${id}' is being drained, and goes when nothing is held there any more.`;
  return { reason: 'provider-unavailable', message, shortages: [] };
}

/** The pools of a provider, in the order of their ids. */
export function poolsFrom(head: Head, provider: Id): Pool[] {
  return head.poolOrder.flatMap((id) => head.pools.get(id) ?? []).filter(({ source }) => source === provider);
}

/**
 * What a provider has throughout a window and is in no pool, of the resources that it bounds; within a zone, what is left
 * of that zone's hosts too. Undefined while its inventory is not known.
 */
export function unpooled(
  head: Head,
  provider: Provider,
  zone: string | undefined,
  window: Window,
): Capacity | undefined {
  const node = head.nodes.get(providerNode(provider.id));
  const { inventory } = provider;
  if (node === undefined || inventory === undefined) return undefined;
  const least = leastFree(node, node.resources, window);
  if (zone === undefined) return least;
  const there = zoneCapacity(inventory, zone);
  const left = subtract(there, pick(zoneNominal(head, provider.id, zone, window), there));
  const bounded: Partial<Record<Resource, number>> = { ...least };
  for (const resource of RESOURCES) {
    if (left[resource] !== undefined)
      bounded[resource] = Math.min(amountOf(least, resource), Math.max(0, amountOf(left, resource)));
  }
  return bounded;
}

/** Cores and memory of a zone's hosts that are in service; nothing where the account sees no hosts. */
function zoneCapacity(inventory: VimInventory, zone: string): Capacity {
  if (inventory.hosts.length === 0) return {};
  const { cores = 0, ram = 0 } = inventoryCapacity({
    ...inventory,
    hosts: inventory.hosts.map((host) => (host.zone === zone ? host : { ...host, enabled: false })),
    quotas: {},
  });
  return { cores, ram };
}

/** The most that the pools of a zone are meant to have during a window, of cores and memory. */
function zoneNominal(head: Head, provider: Id, zone: string, window: Window): Capacity {
  const pools = poolsFrom(head, provider).filter((pool) => pool.zone === zone);
  return coresAndMemory(pools.map((pool) => mostOf(nominalSegments(pool), window)));
}

function coresAndMemory(capacities: readonly Capacity[]): Capacity {
  const sum = { cores: 0, ram: 0 };
  for (const { cores = 0, ram = 0 } of capacities) {
    sum.cores += cores;
    sum.ram += ram;
  }
  return sum;
}

/** The most of each resource that segments have in a window. */
function mostOf(segments: readonly Segment[], window: Window): Capacity {
  const most = zeroVector();
  for (const segment of segments) {
    if (!overlaps(segment.window, window)) continue;
    for (const [index, amount] of segment.vector.entries()) most[index] = Math.max(most[index] ?? 0, amount);
  }
  return fromVector(most);
}

/** What each pool of a provider is meant to have, at an instant or at most in a window; nothing for one that is absent. */
type Nominal = ReadonlyMap<Id, Capacity>;

/** Brings the pools of a provider in line with its inventory. Returns the pools that changed. */
export function followInventory(draft: Draft, provider: Id): Id[] {
  const pools = poolsFrom(draft.head, provider);
  const lost = lossesOf(draft, provider, pools);
  return pools.flatMap((pool) => (lose(draft, pool, lost.get(pool.id) ?? []) ? [pool.id] : []));
}

/** What each pool loses from now on, and when. */
function lossesOf({ head, at }: Draft, provider: Id, pools: readonly Pool[]): Map<Id, Loss[]> {
  const lost = new Map<Id, Loss[]>();
  const source = sourceOf(head, provider, pools);
  if (source === undefined) return lost;
  const supplies = pools.map((pool) => ({ pool: pool.id, segments: nominalSegments(pool) }));
  const ahead = { start: at.now, end: FOREVER };
  const most = new Map(supplies.map(({ pool, segments }) => [pool, mostOf(segments, ahead)]));
  if (lossesIn(source, most, ahead).size === 0) return lost;
  for (const { window, nominal } of steadyTimes(supplies, at.now)) {
    for (const [pool, capacity] of lossesIn(source, nominal, window)) {
      const losses = lost.get(pool) ?? [];
      lost.set(pool, losses);
      const last = losses.at(-1);
      const goesOn = last?.until === window.start && equals(last.capacity, capacity);
      const since = goesOn ? last.since : window.start;
      const until = window.end === FOREVER ? {} : { until: window.end };
      losses.splice(goesOn ? -1 : losses.length, 1, { since, ...until, capacity });
    }
  }
  return lost;
}

/** What a pool is meant to have over time. */
interface Supply {
  readonly pool: Id;
  readonly segments: readonly Segment[];
}

/**
 * From an instant on, the times in which the pools are meant to have the same throughout, in order, each with what they then have. That
 * is one map, which is brought up to date from one time to the next.
 */
function* steadyTimes(
  supplies: readonly Supply[],
  from: Instant,
): Generator<{ readonly window: Window; readonly nominal: Nominal }> {
  // Of one pool, a segment ends before the next one starts at the same instant: sorting keeps that order.
  const changes = supplies
    .flatMap(({ pool, segments }) =>
      segments.flatMap(({ window, vector }) => [
        { pool, at: window.start, capacity: fromVector(vector) },
        { pool, at: window.end, capacity: NOTHING },
      ]),
    )
    .filter(({ at }) => at < FOREVER)
    .sort((a, b) => a.at - b.at);
  const nominal = new Map<Id, Capacity>();
  let start = from;
  for (const { pool, at, capacity } of changes) {
    if (at > start) {
      yield { window: { start, end: at }, nominal };
      start = at;
    }
    nominal.set(pool, capacity);
  }
  yield { window: { start, end: FOREVER }, nominal };
}

/** What the pools of a provider live on. */
interface Source extends Pick<Node, 'free' | 'resources'> {
  /** In the order in which they give way. */
  readonly pools: readonly Id[];
  readonly zones: readonly { readonly there: Capacity; readonly pools: readonly Id[] }[];
}

/** Undefined while the inventory of the provider is not known. */
function sourceOf(head: Head, provider: Id, pools: readonly Pool[]): Source | undefined {
  const inventory = head.providers.get(provider)?.inventory;
  const node = head.nodes.get(providerNode(provider));
  if (inventory === undefined || node === undefined) return undefined;
  const lastFirst = [...pools].reverse();
  const zones = [...new Set(pools.flatMap(({ zone }) => zone ?? []))].map((zone) => ({
    there: zoneCapacity(inventory, zone),
    pools: lastFirst.filter((pool) => pool.zone === zone).map(({ id }) => id),
  }));
  const { free, resources } = node;
  return { free, resources, pools: lastFirst.map(({ id }) => id), zones };
}

/** What each pool loses in a window of what it is meant to have then; pools that lose nothing are left out. */
function lossesIn(source: Source, nominal: Nominal, window: Window): Map<Id, Capacity> {
  const losses = zoneLosses(source, nominal);
  const debt = fromVector(
    source.free.min(window).map((amount) => Math.max(0, -amount)),
    source.resources,
  );
  let rest = max(subtract(debt, total(losses.values())), {});
  let covered = isZero(rest);
  for (const pool of source.pools) {
    if (covered) break;
    const lost = losses.get(pool) ?? NOTHING;
    const more = within(rest, subtract(nominal.get(pool) ?? NOTHING, lost));
    if (isZero(more)) continue;
    losses.set(pool, add(lost, more));
    rest = subtract(rest, more);
    covered = isZero(rest);
  }
  return losses;
}

/** What each pool loses because the hosts of its zone have less than the zone's pools. */
function zoneLosses({ zones }: Source, nominal: Nominal): Map<Id, Capacity> {
  const losses = new Map<Id, Capacity>();
  for (const { there, pools } of zones) {
    const meant = coresAndMemory(pools.map((pool) => nominal.get(pool) ?? NOTHING));
    let rest = max(subtract(pick(meant, there), there), {});
    for (const pool of pools) {
      if (isZero(rest)) break;
      const lost = within(rest, nominal.get(pool) ?? NOTHING);
      if (isZero(lost)) continue;
      losses.set(pool, lost);
      rest = subtract(rest, lost);
    }
  }
  return losses;
}

function pick(capacity: Capacity, named: Capacity): Capacity {
  const result: Partial<Record<Resource, number>> = {};
  for (const resource of RESOURCES) {
    if (named[resource] !== undefined) result[resource] = amountOf(capacity, resource);
  }
  return result;
}

function lose(draft: Draft, pool: Pool, lost: readonly Loss[]): boolean {
  if (same(lossesFrom(pool, draft.at.now), lost)) return false;
  draft.put('pool', pool.id, { ...omit(pool, 'lost'), ...(lost.length === 0 ? {} : { lost }) });
  draft.disturbed.add(poolNode(pool.id));
  return true;
}

/** What a pool loses from an instant on. */
function lossesFrom({ lost = [] }: Pool, now: Instant): Loss[] {
  return lost
    .filter(({ until = FOREVER }) => until > now)
    .map((each) => (each.since < now ? { ...each, since: now } : each));
}

function same(some: readonly Loss[], others: readonly Loss[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ since, until, capacity }, index) => {
      const other = others[index];
      return other?.since === since && other.until === until && equals(other.capacity, capacity);
    })
  );
}

/** Tells what a change of inventory did: which hosts failed or came back, and to which pools. */
export function announceInventory(
  draft: Draft,
  provider: Id,
  before: VimInventory | undefined,
  after: VimInventory,
  pools: readonly Id[],
): void {
  const { cause, host } = inventoryCause(before, after);
  const ahead = { start: draft.at.now, end: FOREVER };
  for (const pool of pools) announcePool(draft, cause, pool, ahead, host === undefined ? {} : { host });
  const changed = before !== undefined && !equals(inventoryCapacity(before), inventoryCapacity(after));
  if (pools.length === 0 && (changed || cause !== 'vim-changed')) announceProvider(draft, cause, provider, host);
}

/** Tells of pools that have more or less of what their provider has, since another pool changed. */
export function announceFollowing(draft: Draft, pools: readonly Id[]): void {
  for (const pool of pools) announcePool(draft, 'vim-changed', pool, { start: draft.at.now, end: FOREVER });
}

/** Why capacity changed: a host that went down, one that came back, or anything else in the VIM. */
export function inventoryCause(
  before: VimInventory | undefined,
  after: VimInventory,
): { readonly cause: CapacityCause; readonly host?: string } {
  const old = new Map(before?.hosts.map((host) => [host.name, host.state]));
  const failed = after.hosts.find((host) => host.state === 'down' && old.get(host.name) === 'up');
  if (failed !== undefined) return { cause: 'host-failed', host: failed.name };
  const back = after.hosts.find((host) => host.state === 'up' && old.get(host.name) === 'down');
  return back === undefined ? { cause: 'vim-changed' } : { cause: 'host-restored', host: back.name };
}
