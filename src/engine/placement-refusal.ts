/** Why a container found no place: in words, with what each candidate lacks at the most. */
import { counted } from './counted.ts';
import { shortagesOf } from './admission.ts';
import type { Resource } from './capacity.ts';
import type { Container, Demand, Reason } from './entities.ts';
import { hostVector } from './host-steps.ts';
import { leastOnHost } from './hosts.ts';
import type { HostNode } from './hosts.ts';
import type { Unplaced } from './placement.ts';
import { fits, lackedTraits, lackingInPools, poolsFor, seesHosts, unwantedTraits } from './placement-sites.ts';
import type { ContainerPool, Share } from './placement-sites.ts';
import type { Candidate, Refusal, Shortage } from './requests.ts';
import type { Head } from './state.ts';
import { hostId } from './hosts.ts';
import { poolOfNode } from './state.ts';
import { lackingInAll } from './vim-references.ts';
import { describeInstant, describeWindow } from './window.ts';
import type { Window } from './window.ts';

/** Candidates that a refusal lists; more would explain nothing. */
const CANDIDATES_EXPLAINED = 16;

/** What is said of a host on which nothing stands in the way of an instance by itself. */
export const ROOM_FOR_ONE = 'has room for one, but not for as many as are needed in its group or beside others';

export function refuseContainer(head: Head, demand: Demand, window: Window, unplaced: Unplaced): Refusal {
  const { container, possible, searchComplete } = unplaced;
  const pools = poolsFor(head, demand, container);
  const reason = reasonFor(head, demand, container, pools);
  const considered = pools
    .flatMap((pool) => candidatesOf(head, pool, container, window))
    .slice(0, CANDIDATES_EXPLAINED);
  const shortages = pools.flatMap(({ node, share }) =>
    share === undefined ? [] : shortagesOf(node, share.size.capacity, window),
  );
  const message = [
    `No place for the container '${container.name}' throughout ${describeWindow(window)}:`,
    `${possible} of ${counted(container.count, 'instance')} could be placed at the most.`,
    words(head, reason, container, demand, pools, considered),
  ].join(' ');
  return {
    reason,
    message,
    container: container.name,
    shortages: shortages.slice(0, CANDIDATES_EXPLAINED),
    candidates: considered,
    searchComplete,
  };
}

function reasonFor(head: Head, demand: Demand, container: Container, pools: readonly ContainerPool[]): Reason {
  if (pools.length === 0) {
    const zone = container.zone ?? demand.zone;
    const known = [...head.providers.values()].some(({ inventory }) => inventory?.zones.includes(zone ?? '') === true);
    return zone !== undefined && !known ? 'unknown-zone' : 'insufficient-capacity';
  }
  return pools.every(({ share }) => share === undefined) ? 'unknown-flavor' : 'insufficient-capacity';
}

function words(
  head: Head,
  reason: Reason,
  { size, zone }: Container,
  demand: Demand,
  pools: readonly ContainerPool[],
  considered: readonly Candidate[],
): string {
  if (reason === 'unknown-zone') return lackingInAll([...head.providers.values()], 'zone', zone ?? demand.zone ?? '');
  if (reason === 'unknown-flavor') return lackingInPools(pools, 'flavor' in size ? size.flavor : '');
  if (considered.length === 0)
    return 'No pool may serve it: there is none for virtual machines, or none with its zone.';
  const lacks = new Map<string, Set<string>>();
  for (const { pool, host, lacking } of considered) {
    const what = lacking.join(', ');
    const where = lacks.get(what) ?? new Set();
    // Several pools may have the same hosts.
    lacks.set(what, where.add(host === undefined ? `pool '${pool}'` : `host '${host}'`));
  }
  const listed = [...lacks].map(([what, where]) => `${[...where].join(', ')}: ${what}`).join('; ');
  return `Considered: ${listed}${considered.length < CANDIDATES_EXPLAINED ? '.' : '; and so on.'}`;
}

function candidatesOf(head: Head, from: ContainerPool, container: Container, window: Window): Candidate[] {
  const { node, provider, share } = from;
  const pool = poolOfNode(node.id);
  if (share === undefined) return [{ pool, lacking: ['the provider does not have the flavor'], lackingTraits: [] }];
  const short = worstOf(shortagesOf(node, share.size.capacity, window)).map(
    ({ resource, missing }) => `lacks ${missing} ${resource}`,
  );
  const own = short.length === 0 ? [] : [{ pool, lacking: short, lackingTraits: [] }];
  if (!seesHosts(provider)) {
    return own.length > 0
      ? own
      : [{ pool, lacking: ['lacks room for all of them, or hosts to choose from'], lackingTraits: [] }];
  }
  const hosts = (provider.inventory?.hosts ?? []).slice(0, CANDIDATES_EXPLAINED).flatMap(({ name }) => {
    const host = head.hosts.nodes.get(hostId(provider.id, name));
    if (host === undefined) return [];
    const lackingTraits = lackedTraits(host, container);
    return [{ pool, host: name, lacking: lackedBy(from, share, host, container, window), lackingTraits }];
  });
  return [...own, ...hosts];
}

/** Of each resource, the span in which the most is missing. */
function worstOf(shortages: readonly Shortage[]): Shortage[] {
  const worst = new Map<Resource, Shortage>();
  for (const shortage of shortages) {
    const known = worst.get(shortage.resource);
    if (known === undefined || shortage.missing > known.missing) worst.set(shortage.resource, shortage);
  }
  return [...worst.values()];
}

/** What stands in the way of one instance on a host throughout the window, in words. */
export function lackedBy(
  from: ContainerPool,
  share: Share,
  host: HostNode,
  container: Container,
  window: Window,
): readonly string[] {
  if (from.only !== undefined && !from.only.has(host.name)) return ['not among the elements named'];
  if (from.zone !== undefined && from.zone !== host.zone) return [`in the zone '${host.zone}'`];
  if (!host.usable) return ['down or out of service'];
  const traits = [
    ...lackedTraits(host, container).map((trait) => `lacks ${trait}`),
    ...unwantedTraits(host, container).map((trait) => `has ${trait}`),
  ];
  if (traits.length > 0) return traits;
  const there = leastOnHost(host, window);
  if (fits(there, share.ofHost)) return [ROOM_FOR_ONE];
  const missing = [
    [share.ofHost.cores - there.cores, 'cores'],
    [share.ofHost.ram - there.ram, 'MB of memory'],
    [share.ofHost.disk - there.disk, 'GB of local disk'],
  ] as const;
  const first = host.free.firstShortage(window, hostVector(share.ofHost));
  const when = first === undefined || first <= window.start ? '' : ` from ${describeInstant(first)}`;
  return missing.filter(([amount]) => amount > 0).map(([amount, what]) => `lacks ${amount} ${what}${when}`);
}
