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
import { RESOURCES, add, amountOf, equals, fromVector, isZero, max, subtract } from './capacity.ts';
import type { Capacity, Resource } from './capacity.ts';
import { leastFree } from './admission.ts';
import { within } from './breakdown.ts';
import type { Draft } from './draft.ts';
import type { Id, Loss, Pool, Provider } from './entities.ts';
import type { CapacityCause } from './events.ts';
import type { Refusal } from './requests.ts';
import { poolNode, providerNode } from './state.ts';
import type { Head } from './state.ts';
import { inventoryCapacity, nominalSegments } from './supply.ts';
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
  let sum: Capacity = {};
  for (const pool of poolsFrom(head, provider)) {
    if (pool.zone === zone) sum = add(sum, mostNominal(pool, window));
  }
  const { cores = 0, ram = 0 } = sum;
  return { cores, ram };
}

function mostNominal(pool: Pool, window: Window): Capacity {
  let most: Capacity = {};
  for (const segment of nominalSegments(pool)) {
    if (overlaps(segment.window, window)) most = max(most, fromVector(segment.vector));
  }
  return most;
}

/** Brings the pools of a provider in line with its inventory. Returns the pools that changed. */
export function followInventory(draft: Draft, provider: Id): Id[] {
  const { head, at } = draft;
  const pools = poolsFrom(head, provider);
  const lost = new Map<Id, Loss[]>(pools.map(({ id }) => [id, []]));
  if (lossesIn(head, provider, pools, { start: at.now, end: FOREVER }).size > 0) {
    for (const window of steadyTimes(pools, at.now)) {
      for (const [pool, capacity] of lossesIn(head, provider, pools, window)) {
        const losses = lost.get(pool) ?? [];
        const last = losses.at(-1);
        const goesOn = last?.until === window.start && equals(last.capacity, capacity);
        const since = goesOn ? last.since : window.start;
        const until = window.end === FOREVER ? {} : { until: window.end };
        losses.splice(goesOn ? -1 : losses.length, 1, { since, ...until, capacity });
      }
    }
  }
  return pools.flatMap((pool) => (lose(draft, pool, lost.get(pool.id) ?? []) ? [pool.id] : []));
}

/** From an instant on, the times in which the pools are meant to have the same throughout. */
function steadyTimes(pools: readonly Pool[], from: Instant): Window[] {
  const changes = new Set([from]);
  for (const pool of pools) {
    for (const { window } of nominalSegments(pool)) {
      for (const each of [window.start, window.end]) if (from < each && each < FOREVER) changes.add(each);
    }
  }
  const instants = [...changes].sort((a, b) => a - b);
  return instants.map((start, index) => ({ start, end: instants[index + 1] ?? FOREVER }));
}

/** What each pool loses of the most that it is meant to have in a window; pools that lose nothing are left out. */
function lossesIn(head: Head, provider: Id, pools: readonly Pool[], window: Window): Map<Id, Capacity> {
  const inventory = head.providers.get(provider)?.inventory;
  const node = head.nodes.get(providerNode(provider));
  if (inventory === undefined || node === undefined) return new Map();
  const losses = zoneLosses(head, provider, inventory, pools, window);
  const debt = fromVector(
    node.free.min(window).map((amount) => Math.max(0, -amount)),
    node.resources,
  );
  let rest = max(subtract(debt, [...losses.values()].reduce(add, {})), {});
  for (const pool of [...pools].reverse()) {
    const lost = losses.get(pool.id) ?? {};
    const more = within(rest, subtract(mostNominal(pool, window), lost));
    losses.set(pool.id, add(lost, more));
    rest = subtract(rest, more);
  }
  return new Map([...losses].filter(([, lost]) => !isZero(lost)));
}

/** What each pool loses because the hosts of its zone have less than the zone's pools. */
function zoneLosses(
  head: Head,
  provider: Id,
  inventory: VimInventory,
  pools: readonly Pool[],
  ahead: Window,
): Map<Id, Capacity> {
  const losses = new Map<Id, Capacity>();
  for (const zone of new Set(pools.flatMap((pool) => pool.zone ?? []))) {
    const there = zoneCapacity(inventory, zone);
    let rest = max(subtract(pick(zoneNominal(head, provider, zone, ahead), there), there), {});
    for (const pool of pools.filter((each) => each.zone === zone).reverse()) {
      const lost = within(rest, mostNominal(pool, ahead));
      losses.set(pool.id, lost);
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
