/**
 * Elements that a demand names, by id or name, beside its capacity and containers:
 * - a host: where there are containers, their instances go on the hosts named and no others; without containers, the host is held
 *   whole, and counts in its pool with all its cores and memory;
 * - a flavor or image: its provider has to have it; nobody holds one;
 * - anything else (a network, a port, an address, a volume): it is held whole, by one reservation at a time.
 */
import { eligibleNodes, holdsElements } from './admission.ts';
import { fitsWithin, fromVector } from './capacity.ts';
import type { Claim, Demand, ElementId, Pool, Provider } from './entities.ts';
import { hostId, leastOnHost } from './hosts.ts';
import type { HostNode } from './hosts.ts';
import { fits, shareOf } from './placement-sites.ts';
import type { Refusal } from './requests.ts';
import { poolOfNode } from './state.ts';
import type { Head, Node } from './state.ts';
import { describeWindow } from './window.ts';
import type { Window } from './window.ts';
import { named } from './vim-references.ts';
import { boundsOf } from './windows.ts';

export type ElementsHeld =
  | { readonly outcome: 'held'; readonly claims: readonly Omit<Claim, 'id'>[] }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** Holds the elements of a demand throughout a window, or says which one cannot be had. */
export function holdElements(head: Head, demand: Demand, window: Window): ElementsHeld {
  const claims: Omit<Claim, 'id'>[] = [];
  for (const element of new Set(demand.elements ?? [])) {
    const { pools, zone } = demand;
    const { nodes } = eligibleNodes(head, {
      ...(pools === undefined ? {} : { pools }),
      ...(zone === undefined ? {} : { zone }),
    });
    const node = nodes.find((each) => owns(head, each, element));
    const pool = head.pools.get(poolOfNode(node?.id ?? 'pool/'));
    const provider = head.providers.get(pool?.source ?? '');
    if (node === undefined || pool === undefined || provider === undefined) {
      return refused(`No pool that may serve the request has the element '${element}'.`);
    }
    const host = head.hosts.nodes.get(hostId(provider.id, element));
    if (host !== undefined) {
      if ((demand.containers ?? []).length > 0) continue;
      const whole = holdHost(node, host, window);
      if ('reason' in whole) return { outcome: 'refused', refusal: whole };
      claims.push(whole);
    } else if (!isSharedByAll(provider, element)) {
      const id = elementId(provider, element);
      if (!head.hosts.isElementFree(id, window)) {
        return refused(
          `The element '${element}' is not free throughout ${describeWindow(window)}: another reservation holds it.`,
        );
      }
      claims.push({ node: node.id, ...boundsOf(window), capacity: {}, element: id });
    }
  }
  return { outcome: 'held', claims };
}

function owns(head: Head, node: Node, element: string): boolean {
  const pool: Pool | undefined = head.pools.get(poolOfNode(node.id));
  return pool !== undefined && holdsElements(head, pool, [element]);
}

function isSharedByAll({ inventory }: Provider, element: string): boolean {
  return [...(inventory?.flavors ?? []), ...(inventory?.images ?? [])].some(
    ({ id, name }) => id === element || name === element,
  );
}

/** A network has one identity, whether its id or its name was given; others are what they are called. */
function elementId(provider: Provider, element: string): ElementId {
  const network = named(provider.inventory?.networks ?? [], element);
  return `element/${provider.id}/${network?.id ?? element}`;
}

/** The element of a claim, as its VIM calls it. */
export function elementName(id: ElementId): string {
  return id.slice(id.indexOf('/', 'element/'.length) + 1);
}

function holdHost(node: Node, host: HostNode, window: Window): Omit<Claim, 'id'> | Refusal {
  const { cores, ram, disk } = host.size;
  const share = shareOf(node, { capacity: { cores, ram }, disk });
  if (!host.usable || !fits(leastOnHost(host, window), host.size)) {
    const why = host.usable ? 'something is held on it' : 'it is down or out of service';
    return lacking(`The host '${host.name}' cannot be held whole throughout ${describeWindow(window)}: ${why}.`);
  }
  if (!fitsWithin(share.size.capacity, fromVector(node.free.min(window)))) {
    const what = `${cores} cores and ${ram} ram`;
    return lacking(
      `The pool '${poolOfNode(node.id)}' does not have the ${what} of the host '${host.name}' free throughout ${describeWindow(window)}.`,
    );
  }
  return {
    node: node.id,
    ...boundsOf(window),
    capacity: share.size.capacity,
    host: host.id,
    ...(disk === 0 ? {} : { disk }),
  };
}

function refused(message: string): ElementsHeld {
  return { outcome: 'refused', refusal: lacking(message) };
}

function lacking(message: string): Refusal {
  return { reason: 'insufficient-capacity', message, shortages: [] };
}
