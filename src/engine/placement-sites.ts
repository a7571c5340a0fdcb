/**
 * Where the instances of a container may go: the pools and hosts that its conditions admit, with what they have left
 * throughout a window.
 *
 * All parts of a request have one window, so what a pool or host has left for them is one vector: the least that is free in
 * the window, less what the parts placed so far take. What has room is asked once.
 */
import { eligibleNodes, inZone } from './admission.ts';
import { COMPUTE, RESOURCES, toVector } from './capacity.ts';
import type { Capacity } from './capacity.ts';
import type { Claim, Container, Demand, HostId, Id, Pool, Provider } from './entities.ts';
import { hostAmount } from './host-steps.ts';
import type { HostAmount } from './host-steps.ts';
import { hostId, isLent, onHost, stepsOn } from './hosts.ts';
import type { HostClass, HostNode } from './hosts.ts';
import type { Head, Node } from './state.ts';
import { poolOfNode } from './state.ts';
import { flavorCapacity } from './supply.ts';
import type { Window } from './window.ts';
import { lackingInAll, named } from './vim-references.ts';

/** What one instance takes of a pool of a provider, and of a host there. */
export interface Size {
  readonly capacity: Capacity;
  readonly disk: number;
}

/** What a pool has left. */
export interface PoolRoom {
  readonly pool: Pool;
  readonly node: Node;
  readonly left: Float64Array;
}

/** What a host has left. */
export interface HostRoom {
  readonly host: HostNode;
  /** Whether machines run there that may have to make room for it. */
  readonly lent: boolean;
  cores: number;
  ram: number;
  disk: number;
}

/** A place for one instance, or, without a host, for as many as the pool has room for. */
export interface Site {
  readonly pool: PoolRoom;
  readonly host: HostRoom | undefined;
  readonly share: Share;
}

/** What one instance takes at a site. */
export interface Share {
  readonly size: Size;
  /** Of the pool, by the index of the resource, as far as it asks for it. */
  readonly ofPool: readonly (readonly [lane: number, amount: number])[];
  readonly ofHost: HostAmount;
}

/** How much may be looked at before a search ends, and whether it was too little. */
export class Effort {
  /** How often a host may be asked what it has. */
  looks: number;
  /** Sites that may be tried. */
  tries: number;
  spent = false;

  constructor(looks: number, tries: number) {
    this.looks = looks;
    this.tries = tries;
  }
}

/** What is left on pools and hosts throughout a window, by what has been looked at. */
export class Space {
  readonly window: Window;
  readonly #effort: Effort;
  readonly #pools = new Map<Id, PoolRoom>();
  readonly #hosts = new Map<HostId, HostRoom>();

  constructor(window: Window, effort: Effort) {
    this.window = window;
    this.#effort = effort;
  }

  pool({ pool, node }: Pick<ContainerPool, 'pool' | 'node'>): PoolRoom {
    let room = this.#pools.get(pool.id);
    if (room === undefined) {
      room = { pool, node, left: node.free.min(this.window) };
      this.#pools.set(pool.id, room);
    }
    return room;
  }

  /** What a host has left, if that is as much as is needed. `spent` when no more may be asked. */
  host(host: HostNode, needed: HostAmount): HostRoom | 'short' | 'spent' {
    if (this.#effort.looks <= 0) {
      this.#effort.spent = true;
      return 'spent';
    }
    this.#effort.looks--;
    const least = stepsOn(host).leastOf(this.window, needed);
    if (least === undefined) return 'short';
    const known = this.#hosts.get(host.id);
    if (known !== undefined) return known;
    const room = { host, lent: isLent(host, this.window), ...least };
    this.#hosts.set(host.id, room);
    return room;
  }
}

/** What one instance of a container consumes at a provider; undefined where that has no such flavor. */
export function sizeAt(provider: Provider, { size }: Pick<Container, 'size'>): Size | undefined {
  if (!('flavor' in size)) {
    const { vcpus, ram, disk = 0 } = size;
    return { capacity: { cores: vcpus, ram, instances: 1 }, disk };
  }
  const flavor = named(provider.inventory?.flavors ?? [], size.flavor);
  return flavor === undefined ? undefined : { capacity: flavorCapacity(flavor), disk: flavor.diskGb };
}

/** A pool from which a container may take its instances. */
export interface ContainerPool {
  readonly node: Node;
  readonly pool: Pool;
  readonly provider: Provider;
  /** Undefined where the provider has no such flavor. */
  readonly share: Share | undefined;
  /** Zone in which the hosts have to be; undefined: any. */
  readonly zone: string | undefined;
  /** Names of the only hosts that may be used; undefined: all. */
  readonly only: ReadonlySet<string> | undefined;
}

/** The pools from which a container may take instances, in the order of their ids. */
export function poolsFor(head: Head, demand: Demand, container: Container): ContainerPool[] {
  const pools = container.pools ?? demand.pools;
  const { nodes } = eligibleNodes(head, pools === undefined ? {} : { pools });
  return nodes.filter(bearsMachines).flatMap((node) => {
    const from = poolOf(head, node, demand, container);
    return from !== undefined && reaches(head, from.pool, from.provider, container.zone ?? demand.zone) ? [from] : [];
  });
}

/** Whether a pool counts anything of machines: one for networks or storage alone is no place for them. */
function bearsMachines({ resources }: Node): boolean {
  return COMPUTE.some((resource) => resources.includes(resource));
}

/** A pool as a container sees it; undefined when it is gone. */
export function poolOf(head: Head, node: Node, demand: Demand, container: Container): ContainerPool | undefined {
  const pool = head.pools.get(poolOfNode(node.id));
  const provider = head.providers.get(pool?.source ?? '');
  if (pool === undefined || provider === undefined) return undefined;
  const size = sizeAt(provider, container);
  const share = size === undefined ? undefined : shareOf(node, size);
  const zone = container.zone ?? demand.zone ?? pool.zone;
  return { node, pool, provider, share, zone, only: onlyHosts(head, demand, pool, provider) };
}

/** That no provider of the pools has a flavor, and which they have. */
export function lackingInPools(pools: readonly ContainerPool[], flavor: string): string {
  return lackingInAll(
    pools.map(({ provider }) => provider),
    'flavor',
    flavor,
    'No provider of the pools',
  );
}

/** Whether a host may bear an instance of the container from the pool, whatever it has left. */
export function admitsHost(host: HostNode, { zone, only }: ContainerPool, container: Container): boolean {
  const there = host.usable && (zone === undefined || zone === host.zone);
  return there && only?.has(host.name) !== false && meets(host, container);
}

/** Whether instances from the pool can be put into the zone. */
function reaches(head: Head, pool: Pool, provider: Provider, zone: string | undefined): boolean {
  if (zone === undefined || inZone(head, pool, zone)) return true;
  const { inventory } = provider;
  return pool.zone === undefined && seesHosts(provider) && inventory?.zones.includes(zone) === true;
}

/** Whether the account may see hosts; where it does not, instances are placed on the pool alone. */
export function seesHosts(provider: Provider): boolean {
  return (provider.inventory?.hosts.length ?? 0) > 0;
}

/** Whether a container can only be placed where hosts are known. Groups need not: there the VIM keeps them when it chooses hosts. */
export function bindsHosts({ requiredTraits = [], forbiddenTraits = [] }: Container, from: ContainerPool): boolean {
  return requiredTraits.length > 0 || forbiddenTraits.length > 0 || from.only !== undefined;
}

/** The hosts to which the elements of the pool, and those that the demand names, restrict instances. */
function onlyHosts(head: Head, demand: Demand, pool: Pool, provider: Provider): ReadonlySet<string> | undefined {
  const ofPool = hostsNamed(head, provider.id, pool.elements ?? []);
  const named = [...head.providers.keys()].some((each) => hostsNamed(head, each, demand.elements ?? []).size > 0)
    ? hostsNamed(head, provider.id, demand.elements ?? [])
    : undefined;
  if (named === undefined) return ofPool.size === 0 ? undefined : ofPool;
  return ofPool.size === 0 ? named : new Set([...named].filter((name) => ofPool.has(name)));
}

function hostsNamed(head: Head, provider: Id, elements: readonly string[]): Set<string> {
  return new Set(elements.filter((name) => head.hosts.nodes.has(hostId(provider, name))));
}

/** What an instance takes, of the resources that the pool counts: `instances` where it does. */
export function shareOf(node: Node, size: Size): Share {
  const counts = node.resources.includes('instances');
  const { instances, ...rest } = size.capacity;
  const capacity = counts && instances !== undefined ? { ...rest, instances } : rest;
  const vector = toVector(capacity);
  const ofPool = RESOURCES.flatMap((_, lane) => ((vector[lane] ?? 0) > 0 ? [[lane, vector[lane] ?? 0] as const] : []));
  const ofHost = onHost(capacity, size.disk);
  return { size: { capacity, disk: size.disk }, ofPool, ofHost };
}

/** Whether a host meets the conditions of a container, whatever it has left. */
export function meets(host: HostNode | HostClass, container: Container): boolean {
  return lackedTraits(host, container).length === 0 && unwantedTraits(host, container).length === 0;
}

/** Required traits that a host does not have. */
export function lackedTraits({ traits }: { readonly traits: readonly string[] }, container: Container): string[] {
  return (container.requiredTraits ?? []).filter((trait) => !traits.includes(trait));
}

/** Forbidden traits that it has. */
export function unwantedTraits({ traits }: { readonly traits: readonly string[] }, container: Container): string[] {
  return (container.forbiddenTraits ?? []).filter((trait) => traits.includes(trait));
}

/** How many hosts are looked at for better ones when as many as are needed were found, in each run (see `runsOf`). */
const COMPARED = [64, 256];

/** How many with something on loan are taken for none, while others are looked for where nobody has to make room. */
const MOST_LENT = 1_024;

export interface Sites {
  readonly sites: readonly Site[];
  /** Whether these are all: with enough to choose from, no more are looked for. */
  readonly all: boolean;
}

/** Which of the sites there are are wanted. */
export interface Wanted {
  /** How many, with some to choose from; Infinity: all. */
  readonly enough: number;
  /** What a host has to have left to be of use. */
  readonly needed: HostAmount;
  /** The only hosts that are looked at; absent: all that the pool admits. */
  readonly among?: readonly HostNode[];
}

/** Sites for the instances of a container in a pool. */
export function sitesIn(head: Head, space: Space, from: ContainerPool, container: Container, wanted: Wanted): Sites {
  const { provider, share } = from;
  const { enough, needed, among } = wanted;
  if (share === undefined) return { sites: [], all: true };
  const room = space.pool(from);
  if (!seesHosts(provider)) return { sites: [{ pool: room, host: undefined, share }], all: true };
  const sites: Site[] = [];
  let all = true;
  const named = among?.filter((host) => host.provider === provider.id && admitsHost(host, from, container));
  let lent = 0;
  const runs = named === undefined ? runsOf(head, from, container, needed) : [named];
  for (const [index, run] of runs.entries()) {
    let spare = COMPARED[index] ?? 0;
    for (const host of run) {
      if (sites.length - lent >= enough && spare-- <= 0) {
        all = false;
        break;
      }
      const there = space.host(host, needed);
      if (there === 'spent') return { sites, all: false };
      if (there === 'short') continue;
      sites.push({ pool: room, host: there, share });
      if (there.lent && lent < MOST_LENT) lent++;
    }
  }
  return { sites, all };
}

const NOTHING_NEEDED: HostAmount = { cores: 0, ram: 0, disk: 0 };

/** Every usable host of a pool that meets the conditions of a container: those that come closest to what is needed first. */
export function* hostsFor(
  head: Head,
  from: ContainerPool,
  container: Container,
  needed: HostAmount = NOTHING_NEEDED,
): Generator<HostNode, void, undefined> {
  for (const run of runsOf(head, from, container, needed)) yield* run;
}

/**
 * What a host has to have left to be of use for a container: room for an instance, or for all of a group that has to share one, save
 * those that stay where they are.
 */
export function neededOnHost(
  { demand, pinned = [] }: { readonly demand: Demand; readonly pinned?: readonly Claim[] },
  container: Container,
  provider: Provider,
  { ofHost }: Share,
): HostAmount {
  const group = demand.groups?.find(({ name }) => name === container.group);
  if (group?.policy !== 'affinity') return ofHost;
  let needed = NOTHING_NEEDED;
  for (const member of demand.containers ?? []) {
    if (member.group !== group.name) continue;
    const size = sizeAt(provider, member);
    if (size === undefined) return ofHost;
    const count = member.count - pinned.filter((claim) => claim.container === member.name).length;
    const all = timesAmount(onHost(size.capacity, size.disk), count);
    needed = { cores: needed.cores + all.cores, ram: needed.ram + all.ram, disk: needed.disk + all.disk };
  }
  return needed;
}

/** Hosts that may bear an instance, in runs: those with the cores that are needed at all times, the tightest first; then the others. */
function runsOf(
  head: Head,
  from: ContainerPool,
  container: Container,
  { cores }: HostAmount,
): readonly Iterable<HostNode>[] {
  const { provider, zone, only } = from;
  if (only !== undefined) {
    const hosts = [...only].sort().flatMap((name) => head.hosts.nodes.get(hostId(provider.id, name)) ?? []);
    return [hosts.filter((host) => admitsHost(host, from, container))];
  }
  const classes = head.hosts
    .classesOf(provider.id)
    .filter((each) => (zone === undefined || each.zone === zone) && meets(each, container));
  return [
    chained(classes.map((each) => each.alwaysFree(cores))),
    chained(classes.map((each) => each.sometimesShort(cores))),
  ];
}

/**
 * The host of a pool for one machine that no claim puts anywhere: the one with the least left on which it has room throughout a window,
 * beside what is on loan.
 * `unseen` where the provider shows no hosts, and the VIM is to choose.
 */
export function hostFor(
  head: Head,
  node: Node,
  machine: Size,
  window: Window,
  wanted: string | undefined,
): HostNode | 'unseen' | undefined {
  const pool = head.pools.get(poolOfNode(node.id));
  const provider = head.providers.get(pool?.source ?? '');
  if (pool === undefined || provider === undefined || !seesHosts(provider)) return 'unseen';
  const share = shareOf(node, machine);
  const only = onlyHosts(head, { capacity: {} }, pool, provider);
  const from = { node, pool, provider, share, zone: wanted ?? pool.zone, only };
  let best: (HostAmount & Pick<HostRoom, 'host'>) | undefined;
  for (const [index, run] of runsOf(head, from, ANY_HOST, share.ofHost).entries()) {
    let spare = COMPARED[index] ?? 0;
    for (const host of run) {
      if (best !== undefined && spare-- <= 0) break;
      const least = leastBesideLoans(host, window, share.ofHost);
      if (least === undefined) continue;
      if (best === undefined || hasLess(least, host, best) < 0) best = { host, ...least };
    }
  }
  return best?.host;
}

/**
 * The least of each that a machine finds on a host throughout a window, if that is as much as is asked for: what is on loan at its
 * beginning stays so until a reservation needs it.
 */
function leastBesideLoans(host: HostNode, window: Window, asked: HostAmount): HostAmount | undefined {
  const least = stepsOn(host).leastOf(window, asked);
  if (least === undefined || host.lent.breakpoints === 0) return least;
  const lent = hostAmount(host.lent.valueAt(window.start));
  const left = { cores: least.cores - lent.cores, ram: least.ram - lent.ram, disk: least.disk - lent.disk };
  return fits(left, asked) ? left : undefined;
}

/** A machine without conditions. */
const ANY_HOST: Container = { name: '', count: 1, size: { flavor: '' } };

/** The site with the least left first, of those where nobody has to make room, and then of the others. */
export function byLeast({ host: a }: Site, { host: b }: Site): number {
  return a === undefined || b === undefined ? 0 : Number(a.lent) - Number(b.lent) || hasLess(a, a.host, b);
}

/** Below 0 where the first has less: what is left on a host, and which it is. */
function hasLess(a: HostAmount, { name }: HostNode, b: HostAmount & Pick<HostRoom, 'host'>): number {
  return a.cores - b.cores || a.ram - b.ram || a.disk - b.disk || (name < b.host.name ? -1 : 1);
}

function* chained<T>(parts: readonly Iterable<T>[]): Generator<T, void, undefined> {
  for (const part of parts) yield* part;
}

/** Whether an amount is there. What is not asked for does not matter. */
export function fits(there: HostAmount, asked: HostAmount): boolean {
  return (
    (asked.cores === 0 || there.cores >= asked.cores) &&
    (asked.ram === 0 || there.ram >= asked.ram) &&
    (asked.disk === 0 || there.disk >= asked.disk)
  );
}

/** So many times an amount. */
export function timesAmount({ cores, ram, disk }: HostAmount, times: number): HostAmount {
  return { cores: cores * times, ram: ram * times, disk: disk * times };
}

/** How often an amount fits. */
export function timesOnHost(there: HostAmount, asked: HostAmount): number {
  const times = (has: number, takes: number): number =>
    takes === 0 ? Number.POSITIVE_INFINITY : Math.max(0, Math.floor(has / takes));
  return Math.min(times(there.cores, asked.cores), times(there.ram, asked.ram), times(there.disk, asked.disk));
}

/** How many instances a pool has left for. */
export function timesInPool(pool: Pick<PoolRoom, 'left'>, share: Share): number {
  return share.ofPool.reduce(
    (least, [lane, amount]) => Math.min(least, Math.max(0, Math.floor((pool.left[lane] ?? 0) / amount))),
    Number.POSITIVE_INFINITY,
  );
}
