/**
 * Elements that are held whole, as nodes of the capacity map: each has one to give while its VIM has it. So what a VIM loses is a
 * debt of those who hold it, as with hosts (`settlement.ts`).
 *
 * Only what is held has a node. What the VIMs have is known by id, name and address in an index of each provider, which is made anew
 * when the inventory has changed.
 */
import { BlockList, SocketAddress, isIP } from 'node:net';
import type { VimElement, VimInventory, VimNetwork, VimSubnetElement } from '../vim/vim.ts';
import { RESOURCES, zeroVector } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import { countClaim } from './claim-counts.ts';
import type { ClaimCounts } from './claim-counts.ts';
import type { ElementId, ElementKind, Id } from './entities.ts';
import { Timeline } from './timeline.ts';
import { ALWAYS } from './window.ts';
import type { Window } from './window.ts';
import { addOver } from './windows.ts';
import type { Windows } from './windows.ts';

export interface ElementNode {
  readonly id: ElementId;
  readonly provider: Id;
  /** Whether its VIM has it. */
  there: boolean;
  /** One while it is there, less one for each who holds it. */
  readonly free: Timeline;
  readonly holders: ClaimCounts;
}

/** An element as a VIM tells of it. */
export type KnownElement = VimElement | (VimNetwork & { readonly kind: 'network' });

/** An element counts as one, where pools count cores. */
const LANE = RESOURCES.indexOf('cores');
export const ONE_ELEMENT: CapacityVector = zeroVector().fill(1, LANE, LANE + 1);

export function elementId(provider: Id, kind: ElementKind, id: string): ElementId {
  return `element/${provider}/${kind}/${id}`;
}

/** The parts of an id. Ids of providers have no slash. */
export function partsOfElement(id: ElementId): {
  readonly provider: Id;
  readonly kind: ElementKind;
  readonly id: string;
} {
  const [, provider = '', kind = '', ...rest] = id.split('/');
  // Cast: ids are made by `elementId`.
  return { provider, kind: kind as ElementKind, id: rest.join('/') };
}

export function isElementId(id: string): id is ElementId {
  return id.startsWith('element/');
}

/** Addresses of IPv6 in one spelling. */
export function canonicalAddress(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address;
}

/** Whether an address lies in a range such as `192.0.2.0/24`. */
export function isInRange(address: string, cidr: string): boolean {
  const [start = '', length = ''] = cidr.split('/');
  const family = isIP(address);
  if (family === 0 || family !== isIP(start)) return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(start, Number(length), type);
  return list.check(address, type);
}

/** All elements of all providers that are held or known. */
export class ElementMap {
  /** Those that are held. */
  readonly nodes = new Map<ElementId, ElementNode>();
  readonly #indexes = new Map<Id, ElementIndex>();

  /** Follows an inventory; one with the same elements and networks is not looked at. */
  follow(provider: Id, before: VimInventory | undefined, after: VimInventory | undefined): void {
    if (before?.elements === after?.elements && before?.networks === after?.networks) return;
    this.#indexes.set(provider, new ElementIndex(after ?? { networks: [] }, this.#indexes.get(provider)?.made));
    for (const node of this.nodes.values()) if (node.provider === provider) this.#look(node);
  }

  /** What a provider has, as far as it is known: what its inventory tells, and what was made there since. */
  indexOf(provider: Id): ElementIndex {
    return this.#indexes.get(provider) ?? EMPTY_INDEX;
  }

  /** Notes that something was made on a provider that its inventory need not tell yet (1), or that it is made no more (-1). */
  made(provider: Id, element: KnownElement, sign: 1 | -1): void {
    let index = this.#indexes.get(provider);
    if (index === undefined) {
      index = new ElementIndex({ networks: [] });
      this.#indexes.set(provider, index);
    }
    if (sign === 1) index.made.add(element);
    else index.made.delete(element);
    const node = this.nodes.get(elementId(provider, element.kind, element.id));
    if (node !== undefined) this.#look(node);
  }

  /** Those of a provider that are held and not there. */
  missing(provider: Id): ReadonlySet<ElementId> {
    const missing = new Set<ElementId>();
    for (const node of this.nodes.values()) if (node.provider === provider && !node.there) missing.add(node.id);
    return missing;
  }

  /** Holds an element during windows (1), or gives it back (-1). */
  hold(id: ElementId, windows: Windows, sign: 1 | -1): void {
    const node = this.nodes.get(id) ?? this.#add(id);
    addOver(node.free, windows, ONE_ELEMENT, sign === 1 ? -1 : 1);
    this.#dropUnheld(node);
  }

  /** Notes that a reservation has one claim more on an element, or one less. */
  holder(id: ElementId, reservation: Id, sign: 1 | -1): void {
    const node = this.nodes.get(id) ?? this.#add(id);
    countClaim(node.holders, reservation, sign);
    this.#dropUnheld(node);
  }

  /** Whether nobody holds the element at any instant of the window. */
  isFree(id: ElementId, window: Window): boolean {
    const node = this.nodes.get(id);
    return node === undefined || (node.free.min(window)[LANE] ?? 0) >= (node.there ? 1 : 0);
  }

  /** The first span of the window in which somebody holds the element. */
  heldIn(id: ElementId, window: Window): Window | undefined {
    const node = this.nodes.get(id);
    if (node === undefined) return undefined;
    const full = node.there ? 1 : 0;
    let start: number | undefined;
    for (const { at, value } of node.free.steps(window)) {
      const held = (value[LANE] ?? 0) < full;
      if (held) start ??= Math.max(at, window.start);
      else if (start !== undefined) return { start, end: at };
    }
    return start === undefined ? undefined : { start, end: window.end };
  }

  #add(id: ElementId): ElementNode {
    const { provider } = partsOfElement(id);
    const node: ElementNode = { id, provider, there: false, free: new Timeline(), holders: new Map() };
    this.nodes.set(id, node);
    this.#look(node);
    return node;
  }

  #look(node: ElementNode): void {
    const { kind, id } = partsOfElement(node.id);
    const there = this.indexOf(node.provider).has(kind, id);
    if (there === node.there) return;
    node.there = there;
    if (there) node.free.add(ALWAYS, ONE_ELEMENT);
    else node.free.remove(ALWAYS, ONE_ELEMENT);
  }

  #dropUnheld(node: ElementNode): void {
    const unheld = node.free.breakpoints === 0 && node.free.valueAt(0)[LANE] === (node.there ? 1 : 0);
    if (unheld && node.holders.size === 0) this.nodes.delete(node.id);
  }
}

/** Elements by id, name and address. */
class Keyed {
  readonly #byKey = new Map<string, KnownElement | KnownElement[]>();

  at(key: string): readonly KnownElement[] {
    const found = this.#byKey.get(key);
    return found === undefined ? [] : Array.isArray(found) ? found : [found];
  }

  add(element: KnownElement): void {
    for (const key of new Set(keysOf(element))) {
      if (key === '') continue;
      const known = this.#byKey.get(key);
      if (known === undefined) this.#byKey.set(key, element);
      else if (Array.isArray(known)) known.push(element);
      else this.#byKey.set(key, [known, element]);
    }
  }

  delete(element: KnownElement): void {
    for (const key of new Set(keysOf(element))) {
      const left = this.at(key).filter(({ kind, id }) => kind !== element.kind || id !== element.id);
      if (left.length === 0) this.#byKey.delete(key);
      else this.#byKey.set(key, left);
    }
  }
}

/** What a provider has, by id, name and address. */
export class ElementIndex {
  readonly #listed = new Keyed();
  readonly #subnets: readonly VimSubnetElement[];
  /** What was made there, whether the inventory lists it yet or not. */
  readonly made: Keyed;

  constructor({ networks, elements = [] }: Pick<VimInventory, 'networks' | 'elements'>, made: Keyed = new Keyed()) {
    this.made = made;
    for (const network of networks) this.#listed.add({ ...network, kind: 'network' });
    for (const element of elements) this.#listed.add(element);
    this.#subnets = elements.filter((each) => each.kind === 'subnet');
  }

  /** The one of an id, else those of a name or with an address. */
  named(key: string): readonly KnownElement[] {
    const found = this.#at(key);
    const exact = found.find(({ id }) => id === key);
    return exact === undefined ? found : [exact];
  }

  find(kind: ElementKind, id: string): KnownElement | undefined {
    return this.#at(id).find((each) => each.kind === kind && each.id === id);
  }

  has(kind: ElementKind, id: string): boolean {
    if (kind === 'listed') return true;
    if (kind !== 'address') return this.find(kind, id) !== undefined;
    const slash = id.indexOf('/');
    return this.subnetsWith(id.slice(slash + 1), id.slice(0, slash)).length > 0;
  }

  /** The subnets in which an address lies; of one network, or of any. */
  subnetsWith(address: string, network?: string): readonly VimSubnetElement[] {
    return this.#subnets.filter(
      (subnet) => (network === undefined || subnet.network === network) && isInRange(address, subnet.cidr),
    );
  }

  /** What has an address on a network. */
  havingAddress(address: string, network: string): readonly KnownElement[] {
    return this.#at(address).filter((each) => 'network' in each && each.network === network);
  }

  /** Of what is listed and was made, the inventory has the last word. */
  #at(key: string): readonly KnownElement[] {
    const listed = this.#listed.at(key);
    const made = this.made.at(key).filter(({ kind, id }) => !this.#listed.at(id).some((each) => each.kind === kind));
    return made.length === 0 ? listed : [...listed, ...made];
  }
}

const EMPTY_INDEX = new ElementIndex({ networks: [] });

function keysOf(element: KnownElement): readonly string[] {
  const { id, name } = element;
  if (element.kind === 'port') return [id, name, ...element.addresses.map(canonicalAddress)];
  return element.kind === 'floating-ip' ? [id, canonicalAddress(element.address)] : [id, name];
}

/** The elements of an inventory, as they were where nothing has changed. */
export function sameElements(
  before: readonly VimElement[] | undefined,
  after: readonly VimElement[] | undefined,
): readonly VimElement[] | undefined {
  if (before === undefined || after === undefined || before.length !== after.length) return after;
  return after.every((each, index) => isSame(each, before[index])) ? before : after;
}

function isSame(a: VimElement, b: VimElement | undefined): boolean {
  if (b === undefined || a.id !== b.id || a.name !== b.name) return false;
  switch (a.kind) {
    case 'subnet':
      return b.kind === a.kind && a.network === b.network && a.cidr === b.cidr && a.gateway === b.gateway;
    case 'port':
      return b.kind === a.kind && a.network === b.network && a.addresses.join() === b.addresses.join();
    case 'floating-ip':
      return b.kind === a.kind && a.network === b.network && a.address === b.address;
    case 'volume':
      return b.kind === a.kind && a.sizeGb === b.sizeGb && a.zone === b.zone;
  }
}
