/**
 * Placement: on which hosts the instances of a request go. Pure; the same state always gives the same answer.
 *
 * 1. Candidates (`placement-sites.ts`): of each container, the pools that its zone and pools admit, and their usable hosts that
 *    have the required traits and none of the forbidden ones, and that the elements named admit. Where a provider shows no
 *    hosts, the pool itself is the candidate, for containers that put no condition on hosts.
 * 2. Constraints: what the instances on a host or from a pool take together is free there throughout the window. The members of
 *    an affinity group share a host, those of an anti-affinity group have one each. A soft group is first held to the same;
 *    when that finds no place, soft affinity fills the roomiest hosts, and soft anti-affinity puts no more on one host than it must.
 * 3. Choice: best fit. A host that bore the same before is kept; then the first pool by id; then the host with the least left,
 *    of cores, then memory, then by name. In a large cloud not every host is compared: see `sitesIn`.
 * 4. Search: what is hardest to place goes first (hard groups, then the largest). When something finds no place, earlier choices
 *    are revised, within a budget of steps; when that is spent, the answer says that the search is not complete.
 *
 * Each instance becomes a claim of its own, on its pool and host for the whole window.
 */
import type { AffinityPolicy, Claim, Container, Demand, HostId, NodeId } from './entities.ts';
import type { HostNode } from './hosts.ts';
import { stepsOn } from './hosts.ts';
import {
  Effort,
  Space,
  bindsHosts,
  byLeast,
  fits,
  hostsFor,
  neededOnHost,
  poolsFor,
  seesHosts,
  sitesIn,
  timesAmount,
  timesInPool,
  timesOnHost,
} from './placement-sites.ts';
import type { HostRoom, PoolRoom, Site } from './placement-sites.ts';
import type { Head } from './state.ts';
import { FOREVER } from './window.ts';
import type { Window } from './window.ts';

export interface PlacementRequest {
  readonly demand: Demand;
  readonly window: Window;
  /** Claims of instances that stay where they are: they count as placed, and in their groups. */
  readonly pinned?: readonly Claim[];
  /** Where instances were, to be kept if possible. */
  readonly near?: readonly Claim[];
}

export type Unplaced = Extract<Placement, { readonly outcome: 'unplaced' }>;

export type Placement =
  /** Without ids: those are for whoever holds the claims. */
  | { readonly outcome: 'placed'; readonly claims: readonly Omit<Claim, 'id'>[] }
  | {
      readonly outcome: 'unplaced';
      /** The container for which no place was found. */
      readonly container: Container;
      /** How many of it could be placed at the most, as far as was looked. */
      readonly possible: number;
      /** For how many of it hosts have no room; 0 where it is something else that they lack. */
      readonly missing: number;
      /** The hosts that are of use: that have room for an instance, or for all that have to share one. */
      readonly roomy: ReadonlySet<HostNode>;
      readonly searchComplete: boolean;
    };

/** How often one request may ask a host what it has: each of a large cloud, twice. */
const LOOKS = 25_000;
/** Sites that it may try. */
const TRIES = 50_000;
/** How many degrees of crowding are tried before soft anti-affinity is given up. */
const DEGREES = 8;

export function placementEffort(): Effort {
  return new Effort(LOOKS, TRIES);
}

/**
 * Finds hosts for all containers of a demand, or for none.
 * @param among the only hosts that are looked at; absent: all
 */
export function placeInstances(
  head: Head,
  request: PlacementRequest,
  effort: Effort = placementEffort(),
  among?: readonly HostNode[],
): Placement {
  const space = new Space(request.window, effort);
  if (among !== undefined) return new Plan(head, request, effort, space, among).search();
  // What is left over from a small choice is for the full one.
  const first = new Effort(effort.looks, Math.floor(effort.tries / 4));
  const few = new Plan(head, request, first, space, 'few');
  const placed = few.search();
  if (placed.outcome === 'placed' || (few.sawAll && !first.spent && !effort.spent)) return placed;
  return new Plan(head, request, effort, space, 'all').search();
}

/** Which hosts are looked at: a choice of those with room, all of them, or those that are named. */
type Extent = 'few' | 'all' | readonly HostNode[];

/** Instances that are all alike. */
interface Lot {
  readonly container: Container;
  readonly count: number;
  readonly group: Group | undefined;
  /** What one takes of a host. */
  readonly cores: number;
  sites: readonly Site[];
}

interface Group {
  readonly policy: AffinityPolicy;
  /** How many members are on each host. */
  readonly hosts: Map<HostId, number>;
  /** The most members on one host: 1 and more, or Infinity. */
  most: number;
  /** Whether all have to share one host. */
  together: boolean;
  members: number;
}

type Found = { readonly found: readonly (readonly [Lot, Site])[] } | { readonly stuck: Lot; readonly proven: boolean };

class Plan {
  /** Whether every site there is was taken into account. */
  sawAll = true;
  readonly #head: Head;
  readonly #request: PlacementRequest;
  readonly #effort: Effort;
  readonly #space: Space;
  readonly #groups = new Map<string, Group>();
  readonly #lots: readonly Lot[];

  constructor(head: Head, request: PlacementRequest, effort: Effort, space: Space, extent: Extent) {
    this.#head = head;
    this.#request = request;
    this.#effort = effort;
    this.#space = space;
    this.#join();
    this.#lots = (request.demand.containers ?? [])
      .map((container) => this.#lot(container, extent))
      .filter(({ count }) => count > 0)
      .sort(hardestFirst);
  }

  search(): Placement {
    const groups = [...this.#groups.values()];
    const soft = groups.filter(({ policy }) => policy.startsWith('soft'));
    for (const group of groups) hold(group, 0, this.#crowding(group));
    let found = this.#assign(soft.length === 0);
    for (let degree = 1; degree <= DEGREES && soft.length > 0 && 'stuck' in found; degree++) {
      for (const group of soft) hold(group, degree, this.#crowding(group));
      if (degree === 1) for (const lot of this.#lots) if (lot.group?.policy === 'soft-affinity') roomiestFirst(lot);
      found = this.#assign(degree === DEGREES);
    }
    if ('found' in found) return { outcome: 'placed', claims: this.#claims(found.found) };
    return this.#unplaced(found.stuck, found.proven);
  }

  #unplaced(found: Lot, proven: boolean): Placement {
    const together = found.group?.policy === 'affinity' ? this.#stuckTogether(found.group) : undefined;
    const stuck = together ?? found;
    const { container, count, group } = stuck;
    const { onHosts } = roomFor(stuck);
    const roomy = new Set(this.#lots.flatMap(({ sites }) => sites.flatMap(({ host }) => host?.host ?? [])));
    return {
      outcome: 'unplaced',
      container,
      possible: group?.policy === 'affinity' ? Math.min(count, this.#mostTogether(stuck)) : possibleOf(stuck),
      missing: Math.max(0, count - onHosts),
      roomy,
      searchComplete: proven && this.sawAll && !this.#effort.spent,
    };
  }

  /** Of a group that shares a host, the lot that does not find room on one by itself, or else the last that is placed. */
  #stuckTogether(group: Group): Lot | undefined {
    const lots = this.#lots.filter((lot) => lot.group === group);
    const [only, ...others] = lots;
    if (others.length === 0) return only;
    return lots.find((lot) => this.#mostTogether(lot) < lot.count) ?? lots.at(-1);
  }

  /** How many of a lot find room on one host: the sites of a group that shares one are those with room for all of it. */
  #mostTogether({ container }: Lot): number {
    const { demand, window } = this.#request;
    let most = 0;
    for (const from of poolsFor(this.#head, demand, container)) {
      const { share } = from;
      if (share === undefined) continue;
      const inPool = timesInPool(this.#space.pool(from), share);
      for (const host of hostsFor(this.#head, from, container)) {
        if (most >= inPool || this.#effort.looks-- <= 0) break;
        const there = stepsOn(host).leastOf(window, timesAmount(share.ofHost, most + 1));
        if (there !== undefined) most = Math.min(inPool, timesOnHost(there, share.ofHost));
      }
    }
    return most;
  }

  /** Makes the groups, with the members that stay where they are. */
  #join(): void {
    const { demand, pinned = [] } = this.#request;
    for (const { name, policy } of demand.groups ?? []) {
      this.#groups.set(name, { policy, hosts: new Map(), most: 1, together: false, members: 0 });
    }
    for (const { name, count, group } of demand.containers ?? []) {
      const joined = this.#groups.get(group ?? '');
      if (joined === undefined) continue;
      joined.members += count;
      for (const { container, host, node } of pinned) {
        if (container !== name) continue;
        if (host !== undefined) enter(joined, host, 1);
        else if (!joined.policy.endsWith('anti-affinity')) enter(joined, unseenHost(node), 1);
      }
    }
  }

  #lot(container: Container, extent: Extent): Lot {
    const { demand, pinned = [], near = [] } = this.#request;
    const group = this.#groups.get(container.group ?? '');
    const count = container.count - pinned.filter((claim) => claim.container === container.name).length;
    const hosts = group?.policy === 'affinity' ? 1 : (group?.members ?? count);
    const wanted =
      typeof extent === 'string'
        ? { enough: extent === 'few' ? hosts : Number.POSITIVE_INFINITY }
        : { enough: Number.POSITIVE_INFINITY, among: extent };
    const order = new Map<PoolRoom, number>();
    const sites: Site[] = [];
    let cores = 0;
    for (const from of poolsFor(this.#head, demand, container)) {
      if (!seesHosts(from.provider) && bindsHosts(container, from)) continue;
      if (from.share === undefined) continue;
      cores = Math.max(cores, from.share.ofHost.cores);
      const needed = neededOnHost(this.#request, container, from.provider, from.share);
      const there = sitesIn(this.#head, this.#space, from, container, { ...wanted, needed });
      this.sawAll &&= there.all;
      for (const site of there.sites) {
        order.set(site.pool, order.get(site.pool) ?? order.size);
        sites.push(site);
      }
    }
    const kept = new Set(near.flatMap((claim) => (claim.container === container.name ? (claim.host ?? []) : [])));
    const rank = ({ host }: Site): number => (host !== undefined && kept.has(host.host.id) ? 0 : 1);
    sites.sort((a, b) => rank(a) - rank(b) || (order.get(a.pool) ?? 0) - (order.get(b.pool) ?? 0) || byLeast(a, b));
    return { container, count, group, cores, sites };
  }

  /** The least number of members on one host with which a group may find places at all. */
  #crowding(group: Group): number {
    const hosts = new Set<HostRoom>();
    for (const lot of this.#lots) {
      if (lot.group === group) for (const { host } of lot.sites) if (host !== undefined) hosts.add(host);
    }
    return Math.max(1, Math.ceil(group.members / Math.max(1, hosts.size)));
  }

  /**
   * Goes through the instances, taking the first site for each, and back where one has none.
   * @param last whether there is no other attempt for which effort is to be left
   */
  #assign(last: boolean): Found {
    const stop = last ? 0 : Math.floor(this.#effort.tries / 2);
    const impossible = this.#lots.find((lot) => possibleOf(lot) < lot.count) ?? this.#crowdedOut();
    if (impossible !== undefined) return { stuck: impossible, proven: true };
    const units = this.#lots.flatMap((lot) => Array<Lot>(lot.count).fill(lot));
    const taken: number[] = [];
    let deepest = 0;
    let from = 0;
    const undo = (): void => {
      const at = taken.pop() ?? 0;
      const lot = units[taken.length];
      const site = lot?.sites[at];
      if (lot !== undefined && site !== undefined) take(lot, site, -1);
      from = at + 1;
    };
    for (let lot = units[0]; lot !== undefined; lot = units[taken.length]) {
      const index = this.#next(lot, from, stop);
      const site = lot.sites[index];
      if (site !== undefined) {
        take(lot, site, 1);
        taken.push(index);
        // Instances that are alike go in the order of the sites: another order would be the same.
        from = units[taken.length] === lot ? index : 0;
        continue;
      }
      deepest = Math.max(deepest, taken.length);
      const ended = this.#effort.tries <= stop;
      if (!ended && taken.length > 0) {
        undo();
        continue;
      }
      while (taken.length > 0) undo();
      if (ended && last) this.#effort.spent = true;
      return { stuck: units[deepest] ?? lot, proven: !ended };
    }
    const found = taken.flatMap((at, unit) => {
      const lot = units[unit];
      const site = lot?.sites[at];
      return lot === undefined || site === undefined ? [] : [[lot, site] as const];
    });
    while (taken.length > 0) undo();
    return { found };
  }

  /** The index of the first site from `from` on that takes an instance; past the last when none does or the effort is spent. */
  #next(lot: Lot, from: number, stop: number): number {
    for (let index = from; index < lot.sites.length; index++) {
      if (--this.#effort.tries <= stop) return lot.sites.length;
      const site = lot.sites[index];
      if (site !== undefined && admits(lot, site)) return index;
    }
    return lot.sites.length;
  }

  /** A lot of a group whose members cannot have hosts enough between them. */
  #crowdedOut(): Lot | undefined {
    return this.#lots.find(({ group }) => {
      if (group === undefined || group.together || group.most === Number.POSITIVE_INFINITY) return false;
      const hosts = new Set<HostId>(group.hosts.keys());
      for (const lot of this.#lots) {
        if (lot.group !== group) continue;
        for (const { host } of lot.sites) {
          // Where hosts are not known, there is nothing to count.
          if (host === undefined) return false;
          hosts.add(host.host.id);
        }
      }
      return hosts.size * group.most < group.members;
    });
  }

  #claims(found: readonly (readonly [Lot, Site])[]): Omit<Claim, 'id'>[] {
    const { window, demand } = this.#request;
    const order = new Map(demand.containers?.map(({ name }, index) => [name, index]));
    const claims = found.map(([{ container }, { pool, host, share }]): Omit<Claim, 'id'> => ({
      node: pool.node.id,
      start: window.start,
      ...(window.end === FOREVER ? {} : { end: window.end }),
      capacity: share.size.capacity,
      ...(host === undefined ? {} : { host: host.host.id }),
      container: container.name,
      ...(share.size.disk === 0 ? {} : { disk: share.size.disk }),
    }));
    return claims.sort((a, b) => (order.get(a.container ?? '') ?? 0) - (order.get(b.container ?? '') ?? 0));
  }
}

/** Stands for the host that the VIM chooses for what stays together, of those behind a pool. */
function unseenHost(node: NodeId): HostId {
  return `host/${node}/`;
}

function hardestFirst(a: Lot, b: Lot): number {
  return hardness(a) - hardness(b) || b.cores - a.cores || (a.container.name < b.container.name ? -1 : 1);
}

function hardness({ group }: Lot): number {
  if (group === undefined) return 2;
  return group.policy.endsWith('anti-affinity') ? 1 : 0;
}

/** Fewest hosts: those first on which the most fit. */
function roomiestFirst(lot: Lot): void {
  const room = ({ host, share }: Site): number => (host === undefined ? 0 : timesOnHost(host, share.ofHost));
  lot.sites = [...lot.sites].sort((a, b) => room(b) - room(a) || byLeast(a, b));
}

/** Sets what binds a group at a degree of softness: 0 as if it were hard, then less and less. */
function hold(group: Group, degree: number, crowding: number): void {
  const hard = !group.policy.startsWith('soft');
  if (group.policy.endsWith('anti-affinity')) {
    group.most = hard || degree === 0 ? 1 : degree >= DEGREES ? Number.POSITIVE_INFINITY : crowding + degree - 1;
  } else {
    group.most = Number.POSITIVE_INFINITY;
    group.together = hard || degree === 0;
  }
}

function enter(group: Group, host: HostId, sign: 1 | -1): void {
  const count = (group.hosts.get(host) ?? 0) + sign;
  if (count === 0) group.hosts.delete(host);
  else group.hosts.set(host, count);
}

function admits({ group, count, container }: Lot, { pool, host, share }: Site): boolean {
  for (const [lane, amount] of share.ofPool) if ((pool.left[lane] ?? 0) < amount) return false;
  if (host === undefined)
    return group?.together !== true || group.hosts.size === 0 || group.hosts.has(unseenHost(pool.node.id));
  if (!fits(host, share.ofHost)) return false;
  if (group === undefined) return true;
  if ((group.hosts.get(host.host.id) ?? 0) >= group.most) return false;
  if (!group.together || group.hosts.has(host.host.id)) return true;
  // The first of a group that stays together needs a host with room for all that are like it.
  return group.hosts.size === 0 && timesOnHost(host, share.ofHost) >= Math.min(count, container.count);
}

/** Takes what one instance takes (1), or gives it back (-1). */
function take({ group }: Lot, { pool, host, share }: Site, sign: 1 | -1): void {
  for (const [lane, amount] of share.ofPool) pool.left[lane] = (pool.left[lane] ?? 0) - sign * amount;
  if (host === undefined) {
    if (group?.together === true) enter(group, unseenHost(pool.node.id), sign);
    return;
  }
  host.cores -= sign * share.ofHost.cores;
  host.ram -= sign * share.ofHost.ram;
  host.disk -= sign * share.ofHost.disk;
  if (group !== undefined) enter(group, host.host.id, sign);
}

/** How many instances of a lot could be placed at the most if nothing else were: less proves that there is no place for all. */
function possibleOf(lot: Lot): number {
  const { inPools, onHosts } = roomFor(lot);
  return Math.min(lot.count, inPools, onHosts);
}

/** For how many instances of a lot there is room in its pools, and, by itself, on hosts. */
function roomFor({ sites, group }: Lot): { readonly inPools: number; readonly onHosts: number } {
  const inPools = new Map<PoolRoom, number>();
  const onHosts = new Map<HostRoom, number>();
  let unseen = 0;
  let roomiest = 0;
  for (const { pool, host, share } of sites) {
    inPools.set(pool, inPools.get(pool) ?? timesInPool(pool, share));
    if (host === undefined) {
      unseen += timesInPool(pool, share);
      continue;
    }
    const staying = group?.hosts.get(host.host.id) ?? 0;
    if (group?.together === true && group.hosts.size > 0 && staying === 0) continue;
    const times = Math.min(timesOnHost(host, share.ofHost), (group?.most ?? Number.POSITIVE_INFINITY) - staying);
    onHosts.set(host, Math.max(onHosts.get(host) ?? 0, times));
    roomiest = Math.max(roomiest, times);
  }
  const hosts = group?.together === true ? roomiest : sumOf(onHosts.values());
  return { inPools: sumOf(inPools.values()), onHosts: hosts + unseen };
}

function sumOf(amounts: Iterable<number>): number {
  let sum = 0;
  for (const amount of amounts) sum += amount;
  return sum;
}
