/** How many more virtual machines of a flavor there is room for: by pool, and where hosts are known by host, so also by zone. */
import type { Id } from './entities.ts';
import { leastOnHost } from './hosts.ts';
import { admitsHost, lackingInPools, poolOf, seesHosts, timesInPool, timesOnHost } from './placement-sites.ts';
import type { ContainerPool } from './placement-sites.ts';
import { InvalidRequest } from './requests.ts';
import { poolOfNode } from './state.ts';
import type { Head, Node } from './state.ts';
import type { Window } from './window.ts';

export interface Fitting {
  readonly pool: Id;
  readonly zone?: string;
  readonly instances: number;
  /** By zone, each by itself: together they are no more than the pool has room for. Absent where hosts are not known. */
  readonly zones?: readonly { readonly zone: string; readonly instances: number }[];
}

/** Throughout the window, for each pool. @throws InvalidRequest when none of the pools' providers has the flavor. */
export function fitting(head: Head, nodes: readonly Node[], flavor: string, window: Window): Fitting[] {
  const container = { name: '', count: 1, size: { flavor } };
  const pools = nodes.flatMap((node) => poolOf(head, node, { capacity: {} }, container) ?? []);
  if (pools.length > 0 && pools.every(({ share }) => share === undefined)) {
    throw new InvalidRequest('flavor', lackingInPools(pools, flavor));
  }
  return pools.map((pool) => fittingIn(head, pool, window));
}

function fittingIn(head: Head, from: ContainerPool, window: Window): Fitting {
  const { node, pool, provider, share } = from;
  const id = poolOfNode(node.id);
  const named = pool.zone === undefined ? { pool: id } : { pool: id, zone: pool.zone };
  if (share === undefined) return { ...named, instances: 0 };
  const inPool = timesInPool({ left: node.free.min(window) }, share);
  if (!seesHosts(provider)) return { ...named, instances: inPool };
  const zones = new Map<string, number>();
  for (const host of head.hosts.hostsOf(provider.id)) {
    if (!admitsHost(host, from, { name: '', count: 1, size: { flavor: '' } })) continue;
    const times = timesOnHost(leastOnHost(host, window), share.ofHost);
    zones.set(host.zone, (zones.get(host.zone) ?? 0) + times);
  }
  const onHosts = [...zones.values()].reduce((sum, each) => sum + each, 0);
  return {
    ...named,
    instances: Math.min(inPool, onHosts),
    zones: [...zones]
      .map(([zone, times]) => ({ zone, instances: Math.min(inPool, times) }))
      .sort((a, b) => (a.zone < b.zone ? -1 : 1)),
  };
}
