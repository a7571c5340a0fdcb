/**
 * What planned times out of service (/promise/policy/maintenance) take: of a pool all that it has, of a host what it has, and
 * then of its pool what the hosts that are left cannot give. That comes out of what its provider has outside of pools first, as any
 * loss does; the hosts of a zone bound the pools of the zone, and those that a pool lists bound that pool.
 *
 * It follows from the policy, the pools and the hosts that are known, whatever came first, and is worked out when one of these changes.
 */
import type { VimHost } from '../vim/vim.ts';
import type { Capacity } from './capacity.ts';
import type { HostId, Id, Maintenance, Pool, Provider } from './entities.ts';
import { hostId, isUsable } from './hosts.ts';
import type { Head } from './state.ts';
import { nominalSegments } from './supply.ts';
import type { Outage } from './supply.ts';
import { containsInstant } from './window.ts';
import type { Instant, Window } from './window.ts';
import { RESOURCES, zeroVector } from './capacity.ts';

export interface Outages {
  readonly pools: ReadonlyMap<Id, readonly Outage[]>;
  /** When hosts are out of service; windows do not overlap. */
  readonly hosts: ReadonlyMap<HostId, readonly Window[]>;
}

export const NO_OUTAGES: Outages = { pools: new Map(), hosts: new Map() };

type Known = Pick<Head, 'policy' | 'pools' | 'providers'>;

/** A host that is out of service, as an entry of the policy says. */
interface HostOut {
  readonly pool: Pool;
  readonly host: string;
  readonly window: Window;
}

export function outagesOf(head: Known): Outages {
  const { maintenance } = head.policy;
  if (maintenance === undefined) return NO_OUTAGES;
  const pools = new Map<Id, Outage[]>();
  const hosts = new Map<HostId, Window[]>();
  const out = new Map<Id, HostOut[]>();
  for (const entry of maintenance) {
    const { host } = entry;
    const pool = head.pools.get(entry.pool);
    if (pool === undefined) continue;
    const window = windowOf(entry);
    if (host === undefined) {
      append(pools, pool.id, { window });
    } else {
      append(hosts, hostId(pool.source, host), window);
      append(out, pool.source, { pool, host, window });
    }
  }
  for (const [provider, hostsOut] of out) {
    const known = head.providers.get(provider);
    if (known === undefined) continue;
    for (const { pool, outage } of lossesOf(head, known, hostsOut)) append(pools, pool, outage);
  }
  return { pools, hosts: new Map([...hosts].map(([id, windows]) => [id, united(windows)])) };
}

export function windowOf({ start, end }: Maintenance): Window {
  return { start, end };
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

/** The same time as windows that do not touch, in order. */
function united(windows: readonly Window[]): Window[] {
  const result: Window[] = [];
  for (const { start, end } of [...windows].sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last === undefined || last.end < start) result.push({ start, end });
    else result[result.length - 1] = { start: last.start, end: Math.max(last.end, end) };
  }
  return result;
}

/** What pools lose with hosts that are out of service, from each instant at which anything changes to the next. */
function lossesOf(
  head: Known,
  provider: Provider,
  out: readonly HostOut[],
): { readonly pool: Id; readonly outage: Outage }[] {
  const pools = [...head.pools.values()].filter(({ source }) => source === provider.id);
  const supplies = pools.map((pool) => ({ pool, segments: nominalSegments(pool) }));
  const instants = new Set(out.flatMap(({ window }) => [window.start, window.end]));
  for (const { segments } of supplies)
    for (const { window } of segments) for (const at of [window.start, window.end]) instants.add(at);
  const ordered = [...instants].filter(Number.isFinite).sort((a, b) => a - b);
  return ordered.flatMap((start, index) => {
    const end = ordered[index + 1];
    const gone = out.filter(({ window }) => containsInstant(window, start));
    if (end === undefined || gone.length === 0) return [];
    const nominal = new Map(
      supplies.map(({ pool, segments }) => [
        pool,
        segments.find(({ window }) => containsInstant(window, start))?.vector ?? zeroVector(),
      ]),
    );
    return lossesAt(provider, nominal, gone).map(({ pool, capacity }) => ({
      pool,
      outage: { window: { start, end }, capacity },
    }));
  });
}

/** What hosts have that pools count. */
const HOST_RESOURCES = ['cores', 'ram'] as const;
type HostResource = (typeof HOST_RESOURCES)[number];

function lossesAt(
  provider: Provider,
  nominal: ReadonlyMap<Pool, Float64Array>,
  gone: readonly HostOut[],
): { readonly pool: Id; readonly capacity: Capacity }[] {
  const losses = new Map<Id, Partial<Record<HostResource, number>>>();
  for (const resource of HOST_RESOURCES) {
    const index = RESOURCES.indexOf(resource);
    const amountIn = (pool: Pool): number => nominal.get(pool)?.[index] ?? 0;
    for (const [pool, lost] of sharesOf(provider, [...nominal.keys()], gone, resource, amountIn)) {
      losses.set(pool, { ...losses.get(pool), [resource]: lost });
    }
  }
  return [...losses].map(([pool, capacity]) => ({ pool, capacity }));
}

/** How much of a resource each of the pools loses that are named, in the order of their entries. */
function sharesOf(
  provider: Provider,
  pools: readonly Pool[],
  gone: readonly HostOut[],
  resource: HostResource,
  amountIn: (pool: Pool) => number,
): Map<Id, number> {
  const hosts = (provider.inventory?.hosts ?? []).filter(isUsable);
  // One that is not there, or is down already, takes nothing with it.
  const concerned = gone.filter(({ host }) => hosts.some(({ name }) => name === host));
  const names = new Set(concerned.map(({ host }) => host));
  const lackingWith = (some: readonly Pool[], counts: (host: VimHost) => boolean, bound: number): number => {
    const sum = some.reduce((all, pool) => all + amountIn(pool), 0);
    const of = (there: readonly VimHost[]): number =>
      Math.min(
        bound,
        there.filter(counts).reduce((all, host) => all + sizeOf(host, resource), 0),
      );
    const before = Math.max(0, sum - of(hosts));
    return Math.max(0, sum - of(hosts.filter(({ name }) => !names.has(name)))) - before;
  };
  const quota = provider.inventory?.quotas[resource === 'cores' ? 'cores' : 'memoryMb'];
  let inProvider = lackingWith(pools, () => true, quota ?? Number.POSITIVE_INFINITY);
  const inZones = new Map<string, number>();
  const shares = new Map<Id, number>();
  for (const pool of new Set(concerned.map((each) => each.pool))) {
    const { zone, elements } = pool;
    const listed = new Set(elements ?? []);
    const own = hosts.some(({ name }) => listed.has(name))
      ? lackingWith([pool], ({ name }) => listed.has(name), Number.POSITIVE_INFINITY)
      : 0;
    const inZone =
      zone === undefined
        ? 0
        : (inZones.get(zone) ??
          lackingWith(
            pools.filter((each) => each.zone === zone),
            (host) => host.zone === zone,
            Number.POSITIVE_INFINITY,
          ));
    const lost = Math.min(amountIn(pool), Math.max(own, inZone, inProvider));
    if (zone !== undefined) inZones.set(zone, Math.max(0, inZone - lost));
    inProvider = Math.max(0, inProvider - lost);
    if (lost > 0) shares.set(pool.id, lost);
  }
  return shares;
}

function sizeOf(host: VimHost, resource: HostResource): number {
  return resource === 'cores' ? host.vcpus : host.memoryMb;
}

/** The pools and hosts for which two states differ. */
export function changedOutages(
  before: Outages,
  after: Outages,
): { readonly pools: readonly Id[]; readonly hosts: readonly HostId[] } {
  return { pools: changedKeys(before.pools, after.pools), hosts: changedKeys(before.hosts, after.hosts) };
}

function changedKeys<Key>(before: ReadonlyMap<Key, unknown>, after: ReadonlyMap<Key, unknown>): Key[] {
  if (before === after) return [];
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => JSON.stringify(before.get(key)) !== JSON.stringify(after.get(key)));
}

/** Whether an instant lies in an entry's time. */
export function isOut(entry: Maintenance, at: Instant): boolean {
  return containsInstant(windowOf(entry), at);
}
