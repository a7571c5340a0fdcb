/**
 * Elements that a demand names (`element-names.ts`), beside its capacity and containers:
 * - a host: where there are containers, their instances go on the hosts named and no others; without containers, the host is held
 *   whole, and counts in its pool with all its cores and memory;
 * - a flavor or image: its provider has to have it; nobody holds one;
 * - anything else (a network, a subnet, a port, an address, a volume): it is held whole, by one reservation at a time, with what is a part
 *   of it: who holds a network holds its subnets, ports and addresses.
 */
import { eligibleNodes, inZone } from './admission.ts';
import { NETWORK, STORAGE, fitsWithin, fromVector } from './capacity.ts';
import type { Resource } from './capacity.ts';
import type { Allocation, Claim, Demand, ElementId, ElementKind, HostId, Id, Reservation } from './entities.ts';
import { canonicalAddress, elementId, partsOfElement } from './element-map.ts';
import type { ElementIndex } from './element-map.ts';
import { describeElement, elementIn } from './element-names.ts';
import type { Choice, HeldElement, Named } from './element-names.ts';
import { hostVector } from './host-steps.ts';
import { leastOnHost } from './hosts.ts';
import type { HostNode } from './hosts.ts';
import { isHeldAt } from './holders.ts';
import { keptUntil } from './machine-claims.ts';
import { sees } from './ownership.ts';
import type { Viewer } from './ownership.ts';
import { fits, shareOf } from './placement-sites.ts';
import type { Refusal, Refused } from './requests.ts';
import { poolOfNode } from './state.ts';
import type { Head, Node } from './state.ts';
import { isOfOthers } from './vim-references.ts';
import { FOREVER, describeInstant, describeWindow } from './window.ts';
import type { Instant, Window } from './window.ts';
import { boundsOf, spanOfAll, windowsIn } from './windows.ts';

export type ElementsHeld =
  | { readonly outcome: 'held'; readonly claims: readonly Omit<Claim, 'id'>[] }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** For whom elements are held. */
export interface ElementsFor {
  /** The reservation, where there is one already: what it uses itself does not stand in its way. */
  readonly self?: Id;
  /** What it held: with what somebody uses of that it goes on. */
  readonly near?: readonly Claim[];
  /** Who may be told which machine uses something; absent: nobody. */
  readonly viewer?: Viewer;
}

/** Holds the elements of a demand throughout a window, or says which one cannot be had. */
export function holdElements(head: Head, demand: Demand, window: Window, whom: ElementsFor): ElementsHeld {
  const claims: Omit<Claim, 'id'>[] = [];
  const held = new Set<ElementId>();
  const names = new Set(demand.elements ?? []);
  const nodes = names.size === 0 ? [] : poolsOf(head, demand);
  for (const name of names) {
    const place = placeOf(head, demand, nodes, name);
    if (place === undefined) return refused(unknown(name));
    const { node } = place;
    const found = keptOf(place.found, whom);
    if (found.what === 'several') {
      const { viewer } = whom;
      const seen = viewer === undefined ? [] : found.among.filter(({ element }) => isSeen(head, element, viewer));
      return refused(ambiguous(name, seen));
    }
    if (found.what === 'host') {
      if ((demand.containers ?? []).length > 0) continue;
      const whole = holdHost(node, found.host, window);
      if ('reason' in whole) return { outcome: 'refused', refusal: whole };
      claims.push(whole);
    } else if (found.what === 'element') {
      const { id } = found.element;
      if (held.has(id)) continue;
      const taken = takenIn(head, id, name, window);
      if (taken !== undefined) return refused(describeTaken(found.element, taken, window));
      const user = heldBefore(whom, id, window.start) ? undefined : userOf(head, id, window, whom.self);
      if (user !== undefined) return { outcome: 'refused', refusal: usedBy(found.element, user, whom.viewer) };
      held.add(id);
      claims.push({ node: node.id, ...boundsOf(window), capacity: {}, element: id });
    }
  }
  return { outcome: 'held', claims };
}

/** Of several of one name, the one that is held already. */
function keptOf(found: Named, { near = [] }: ElementsFor): Named {
  if (found.what !== 'several') return found;
  const kept = found.among.find(({ element }) => near.some((claim) => claim.element === element.id));
  return kept === undefined ? found : { what: 'element', element: kept.element };
}

/** What is to be held whole of the elements that a demand names. */
export function elementsNamed(head: Head, demand: Demand): readonly ElementId[] {
  const { elements = [] } = demand;
  const nodes = elements.length === 0 ? [] : poolsOf(head, demand);
  return elements.flatMap((name) => {
    const found = placeOf(head, demand, nodes, name)?.found;
    return found?.what === 'element' ? found.element.id : [];
  });
}

/** The pools that elements may be taken from: a pool that is bound to no zone serves all, for what is named is where it is. */
function poolsOf(head: Head, { pools, zone }: Demand): readonly Node[] {
  const { nodes } = eligibleNodes(head, pools === undefined ? {} : { pools });
  if (zone === undefined) return nodes;
  return nodes.filter((node) => {
    const pool = head.pools.get(poolOfNode(node.id));
    return pool !== undefined && (pool.zone === undefined || inZone(head, pool, zone));
  });
}

interface Place {
  readonly node: Node;
  readonly found: Named;
}

/** The pool from which a name is taken: one that lists it, else one that counts what it is, else the first of a provider that has it. */
function placeOf(head: Head, { zone }: Demand, nodes: readonly Node[], name: string): Place | undefined {
  let best: (Place & { readonly rank: number }) | undefined;
  for (const node of nodes) {
    const pool = head.pools.get(poolOfNode(node.id));
    const found = pool && elementIn(head, pool, name);
    if (pool === undefined || found === undefined) continue;
    // A host, as its cores, is in its zone alone.
    if (found.what !== 'element' && zone !== undefined && !inZone(head, pool, zone)) continue;
    if (found.what === 'host' && pool.zone !== undefined && pool.zone !== found.host.zone) continue;
    const rank = (pool.elements ?? []).length > 0 ? 0 : counts(node, found) ? 1 : 2;
    if (best === undefined || rank < best.rank) best = { node, found, rank };
  }
  return best;
}

const COUNTED_AS: Readonly<Record<ElementKind, readonly Resource[]>> = {
  network: NETWORK,
  subnet: NETWORK,
  port: NETWORK,
  'floating-ip': NETWORK,
  address: NETWORK,
  volume: STORAGE,
  listed: [],
};

/** Whether a pool counts the kind of resources that an element is: network pools have ports, storage pools have volumes. */
function counts({ resources }: Node, found: Named): boolean {
  if (found.what !== 'element') return true;
  return COUNTED_AS[found.element.kind].some((resource) => resources.includes(resource));
}

/**
 * A demand with the elements that who asks means, or why he cannot have one of them, whatever is free: none of the pools has it, or its
 * name stands for several. What was allocated for others, and a part of it, is to him as if it did not exist: of several it is left out.
 */
export function demandNamed(head: Head, demand: Demand, viewer: Viewer): Demand | Refused {
  const { elements = [] } = demand;
  if (elements.length === 0) return demand;
  const nodes = poolsOf(head, demand);
  const names: string[] = [];
  for (const name of elements) {
    const found = placeOf(head, demand, nodes, name)?.found;
    if (found === undefined) return unnamed(unknown(name));
    const seen = found.what === 'several' ? found.among.filter(({ element }) => isSeen(head, element, viewer)) : [];
    if (seen.length > 1) return unnamed(ambiguous(name, seen));
    const hidden =
      found.what === 'several' ? seen.length === 0 : found.what === 'element' && !isSeen(head, found.element, viewer);
    if (hidden) return unnamed(unknown(name));
    names.push(seen[0]?.name ?? name);
  }
  return names.some((name, index) => name !== elements[index]) ? { ...demand, elements: names } : demand;
}

function unnamed(message: string): Refused {
  return { outcome: 'refused', refusal: lacking(message) };
}

/** Whether an element, and all of which it is a part, was allocated for nobody of whom who looks may not know. */
function isSeen(head: Head, { id: element }: HeldElement, viewer: Viewer): boolean {
  if (viewer.confinedTo === undefined) return true;
  const index = head.elements.indexOf(partsOfElement(element).provider);
  return [element, ...wholesOf(index, element)].every((each) => {
    const { provider, kind, id } = partsOfElement(each);
    return !isOfOthers(head, provider, index.find(kind, id) ?? { id }, viewer);
  });
}

function unknown(name: string): string {
  return `No pool that may serve the request has the element '${name}'.`;
}

const LISTED = 4;

function ambiguous(name: string, among: readonly Choice[]): string {
  const more = among.length > LISTED ? ` and ${among.length - LISTED} more` : '';
  const several = among
    .map((each) => `'${each.name}'`)
    .sort()
    .slice(0, LISTED);
  const of = several.length === 0 ? '' : `, of ${several.join(', ')}${more}`;
  return `The name '${name}' stands for several elements: say which one is meant${of}.`;
}

/** When somebody holds an element, a whole of which it is a part, or a part of it, in the window; undefined: never. */
function takenIn(head: Head, id: ElementId, name: string, window: Window): Taken | undefined {
  return taken(head, heldWith(head, id, name), window);
}

/** An element, and what is held with it of all that is held: what it is a part of, its parts, and itself as pools list it. */
function heldWith(head: Head, id: ElementId, name: string): ElementId[] {
  const { provider, id: own } = partsOfElement(id);
  const index = head.elements.indexOf(provider);
  const listed = [name, own].map((each) => elementId(provider, 'listed', each));
  return [id, ...wholesOf(index, id), ...partsAmong(head.elements.nodes.keys(), index, id), ...listed];
}

/** Where those are who stand in the way of what a demand names: the hosts, and the elements with what is held or used with them. */
export function contested(head: Head, demand: Demand): readonly (HostId | ElementId)[] {
  const { elements = [] } = demand;
  const nodes = elements.length === 0 ? [] : poolsOf(head, demand);
  const places = elements.flatMap((name) => {
    const found = placeOf(head, demand, nodes, name)?.found;
    if (found?.what === 'host') return found.host.id;
    return found?.what === 'element'
      ? [...heldWith(head, found.element.id, name), ...usedWith(head, found.element.id)]
      : [];
  });
  return [...new Set(places)];
}

/** An element, and those of its parts that are used. */
function usedWith(head: Head, id: ElementId): ElementId[] {
  return [id, ...partsAmong(head.users.keys(), head.elements.indexOf(partsOfElement(id).provider), id)];
}

/** The machines that use an element or a part of it. */
export function machinesUsing(head: Head, id: ElementId): Allocation[] {
  return [...new Set(usedWith(head, id).flatMap((element) => usersOf(head, element)))];
}

/** Whether nobody holds an element, a whole of which it is a part, or a part of it, at any instant of the window. */
export function isElementFree(head: Head, id: ElementId, window: Window): boolean {
  return takenIn(head, id, partsOfElement(id).id, window) === undefined;
}

/** The elements that a reservation holds from now on and that their VIMs do not have. */
export function missingElements(head: Head, { claims }: Pick<Reservation, 'claims'>, now: Instant): ElementId[] {
  const ahead = claims.filter((claim) => spanOfAll(windowsIn(claim)).end > now);
  return [...new Set(ahead.flatMap(({ element }) => element ?? []))].filter(
    (element) => head.elements.nodes.get(element)?.there === false,
  );
}

/** An element that is held, and the first span of a window in which it is. */
export interface Taken {
  readonly element: ElementId;
  readonly span: Window;
}

/** The first of some elements that is held in a window, and when first; undefined: none is. */
export function taken(head: Head, elements: Iterable<ElementId>, window: Window): Taken | undefined {
  for (const element of elements) {
    if (head.elements.isFree(element, window)) continue;
    const span = head.elements.heldIn(element, window);
    if (span !== undefined) return { element, span };
  }
  return undefined;
}

/**
 * What an element is a part of: an address of its subnet and network, a port and a floating IP of their addresses too. What has an
 * address and the address go together, whichever of them is held.
 */
export function wholesOf(index: ElementIndex, id: ElementId): ElementId[] {
  const { provider, kind, id: own } = partsOfElement(id);
  if (kind === 'address') {
    const slash = own.indexOf('/');
    const [network, address] = [own.slice(0, slash), own.slice(slash + 1)];
    const having = index.havingAddress(address, network).map((each) => elementId(provider, each.kind, each.id));
    return [...having, ...aroundAddress(index, provider, network, address)];
  }
  const element = index.find(kind, own);
  switch (element?.kind) {
    case 'subnet':
      return [elementId(provider, 'network', element.network)];
    case 'port':
    case 'floating-ip': {
      const { network } = element;
      const addresses = (element.kind === 'port' ? element.addresses : [element.address]).map(canonicalAddress);
      const around = addresses.flatMap((address) => [
        elementId(provider, 'address', `${network}/${address}`),
        ...aroundAddress(index, provider, network, address),
      ]);
      return [...new Set([...around, elementId(provider, 'network', network)])];
    }
    default:
      return [];
  }
}

/** Elements, and what they are a part of: who holds any of that has them for himself. */
export function withWholes(head: Head, ids: readonly ElementId[]): ElementId[] {
  return ids.flatMap((id) => [id, ...wholesOf(head.elements.indexOf(partsOfElement(id).provider), id)]);
}

function aroundAddress(index: ElementIndex, provider: string, network: string, address: string): ElementId[] {
  const subnets = index.subnetsWith(address, network).map((subnet) => elementId(provider, 'subnet', subnet.id));
  return [...subnets, elementId(provider, 'network', network)];
}

/** Those of some elements that are a part of a network or subnet. */
function partsAmong(elements: Iterable<ElementId>, index: ElementIndex, id: ElementId): ElementId[] {
  const { provider, kind } = partsOfElement(id);
  if (kind !== 'network' && kind !== 'subnet') return [];
  const others = [...elements].filter((each) => each !== id && partsOfElement(each).provider === provider);
  return others.filter((each) => wholesOf(index, each).includes(id));
}

/** A machine, and what it uses. */
interface User {
  readonly machine: Allocation;
  readonly element: ElementId;
}

/**
 * A machine that uses an element, or a part of it, in a window that is not past: the one that does so longest. One that has no reservation,
 * or whose reservation is over, uses it without end, as it holds its host, or until it has that on loan.
 */
function userOf(head: Head, id: ElementId, window: Window, self: Id | undefined): User | undefined {
  let last: User | undefined;
  for (const element of usedWith(head, id)) {
    for (const machine of usersOf(head, element)) {
      const own = machine.backing === 'reservation' && machine.reservation === self;
      if (own || keptUntil(machine) <= window.start) continue;
      if (last === undefined || keptUntil(machine) > keptUntil(last.machine)) last = { machine, element };
    }
  }
  return last;
}

function usersOf(head: Head, element: ElementId): Allocation[] {
  return [...(head.users.get(element) ?? [])].flatMap((id) => head.allocations.get(id) ?? []);
}

/** The first instant after another at which a machine is to have done with an element, or a part of it. */
export function nextRelease(head: Head, id: ElementId, after: Instant): Instant {
  const ends = machinesUsing(head, id).map(keptUntil);
  return Math.min(FOREVER, ...ends.filter((end) => end > after));
}

function heldBefore({ near = [] }: ElementsFor, id: ElementId, at: Instant): boolean {
  return near.some((claim) => claim.element === id && isHeldAt(claim, at));
}

function describeTaken({ id, subject }: HeldElement, { element, span }: Taken, window: Window): string {
  const what = element === id ? 'it' : `the ${describeElement(element)}`;
  return `The ${subject} is not free throughout ${describeWindow(window)}: another reservation holds ${what} ${describeWindow(span)}.`;
}

function usedBy(held: HeldElement, { machine, element }: User, viewer: Viewer | undefined): Refusal {
  const { id, name } = machine;
  const end = keptUntil(machine);
  const part = element === held.id ? '' : `, with the ${describeElement(element)},`;
  const visible = viewer !== undefined && sees(viewer, machine);
  const whom = visible ? `the virtual machine '${id}' ('${name}')` : 'a virtual machine';
  const until = end === FOREVER ? 'without end' : `until ${describeInstant(end)}`;
  return {
    reason: 'resource-in-use',
    message: `The ${held.subject} is used${part} by ${whom} ${until}.`,
    shortages: [],
  };
}

function holdHost(node: Node, host: HostNode, window: Window): Omit<Claim, 'id'> | Refusal {
  const { cores, ram, disk } = host.size;
  const share = shareOf(node, { capacity: { cores, ram }, disk });
  if (!host.usable || !fits(leastOnHost(host, window), host.size)) {
    const why = host.usable ? heldOn(host, window) : 'it is down or out of service';
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

/** What others have of a host at the most in a window, and from when on anything. */
function heldOn(host: HostNode, window: Window): string {
  const { cores, ram, disk } = host.size;
  const least = leastOnHost(host, window);
  const held = [
    [cores - least.cores, cores, 'cores'],
    [ram - least.ram, ram, 'MB of memory'],
    [disk - least.disk, disk, 'GB of local disk'],
  ] as const;
  const parts = held.filter(([amount]) => amount > 0).map(([amount, all, what]) => `${amount} of its ${all} ${what}`);
  const first = host.free.firstShortage(window, hostVector(host.size)) ?? window.start;
  return `${parts.join(', ')} are held or out of service from ${describeInstant(Math.max(first, window.start))} on`;
}

function refused(message: string): ElementsHeld {
  return { outcome: 'refused', refusal: lacking(message) };
}

function lacking(message: string): Refusal {
  return { reason: 'insufficient-capacity', message, shortages: [] };
}
