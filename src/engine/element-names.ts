/**
 * How elements are named: a host by its name, a flavor or image by id or name, and what is held whole by its id, its name, or its address,
 * or, where it was allocated, by the allocation.
 * An address that several networks have, or that is to be told apart from a name, is named with its subnet or network before it:
 * `SUBNET/ADDRESS`. Ids win over names; a name that stands for several is no name.
 */
import { isIP } from 'node:net';
import type { ElementId, ElementKind, Id, Pool, Provider } from './entities.ts';
import { canonicalAddress, elementId, partsOfElement } from './element-map.ts';
import type { ElementIndex, KnownElement } from './element-map.ts';
import { hostId } from './hosts.ts';
import type { HostNode } from './hosts.ts';
import type { Head } from './state.ts';
import { named } from './vim-references.ts';

/** What a name stands for on a provider. */
export type Named =
  | { readonly what: 'host'; readonly host: HostNode }
  /** A flavor or an image: nobody holds it. */
  | { readonly what: 'shared' }
  | { readonly what: 'element'; readonly element: HeldElement }
  | { readonly what: 'several'; readonly among: readonly Choice[] };

/** One of several, and a name that stands for it alone. */
export interface Choice {
  readonly element: HeldElement;
  readonly name: string;
}

/** An element that is held whole. */
export interface HeldElement {
  readonly id: ElementId;
  readonly kind: ElementKind;
  /** In words, such as `port 'p1'`. */
  readonly subject: string;
}

/** Undefined: the provider has nothing of the name. */
export function namedOn(head: Head, { id: provider, inventory }: Provider, name: string): Named | undefined {
  const host = head.hosts.nodes.get(hostId(provider, name));
  if (host !== undefined) return { what: 'host', host };
  if (inventory === undefined) return undefined;
  if (named(inventory.flavors, name) ?? named(inventory.images, name)) return { what: 'shared' };
  const index = head.elements.indexOf(provider);
  // What was allocated goes by its allocation too.
  const found = asOne(index.named(head.allocations.get(name)?.server ?? canonicalAddress(name)));
  const [only, another] = found;
  if (another !== undefined) {
    const among = found.map((each) => ({ element: heldElement(provider, each), name: qualified(each, name) }));
    return { what: 'several', among };
  }
  if (only !== undefined) return { what: 'element', element: heldElement(provider, only) };
  return addressNamed(index, provider, name);
}

/** A network that has its name in common with its own subnets alone is meant by it. */
function asOne(found: readonly KnownElement[]): readonly KnownElement[] {
  const network = found.find(({ kind }) => kind === 'network');
  const others = found.filter((each) => each !== network);
  const own = others.every((each) => each.kind === 'subnet' && each.network === network?.id);
  return network !== undefined && own ? [network] : found;
}

function qualified(element: KnownElement, name: string): string {
  return isIP(name) !== 0 && 'network' in element ? `${element.network}/${name}` : element.id;
}

/** An address of a subnet, whether something has it or not. */
function addressNamed(index: ElementIndex, provider: Id, name: string): Named | undefined {
  const slash = name.lastIndexOf('/');
  const address = canonicalAddress(name.slice(slash + 1));
  if (isIP(address) === 0) return undefined;
  const where = slash === -1 ? undefined : name.slice(0, slash);
  const subnets = index.subnetsWith(address).filter(({ id, name: called, network }) => {
    const on = index.find('network', network);
    return where === undefined || [id, called, network, on?.name].includes(where);
  });
  const networks = [...new Set(subnets.map(({ network }) => network))];
  const [network, another] = networks;
  if (network === undefined) return undefined;
  if (another !== undefined) {
    const among = networks.map((each) => ({
      element: addressOn(index, provider, each, address),
      name: `${each}/${address}`,
    }));
    return { what: 'several', among };
  }
  return { what: 'element', element: addressOn(index, provider, network, address) };
}

/** What has an address on a network, else the address. */
function addressOn(index: ElementIndex, provider: Id, network: string, address: string): HeldElement {
  const [having] = index.havingAddress(address, network);
  return having ? heldElement(provider, having) : addressElement(provider, network, address);
}

function heldElement(provider: Id, { kind, id }: KnownElement): HeldElement {
  return { id: elementId(provider, kind, id), kind, subject: described(kind, id) };
}

function addressElement(provider: Id, network: string, address: string): HeldElement {
  return {
    id: elementId(provider, 'address', `${network}/${address}`),
    kind: 'address',
    subject: described('address', address),
  };
}

function described(kind: ElementKind, id: string): string {
  switch (kind) {
    case 'listed':
      return `element '${id}'`;
    case 'floating-ip':
      return `floating IP '${id}'`;
    default:
      return `${kind} '${id}'`;
  }
}

/** An element in words; of an address, without its network. */
export function describeElement(element: ElementId): string {
  const { kind, id } = partsOfElement(element);
  return described(kind, kind === 'address' ? id.slice(id.indexOf('/') + 1) : id);
}

/** The element of a claim by a name that stands for it alone: its VIM's id, or of an address `NETWORK/ADDRESS`. */
export function elementName(element: ElementId): string {
  return partsOfElement(element).id;
}

/** Whether each of the elements belongs to the pool: it lists them, or lists none and its provider has them. */
export function holdsElements(head: Head, pool: Pool, elements: readonly string[]): boolean {
  return elements.every((element) => elementIn(head, pool, element) !== undefined);
}

/**
 * What a name stands for in a pool; undefined: the pool does not have it. A pool may list what its provider does not tell: that is held
 * by the name under which it is listed.
 */
export function elementIn(head: Head, { source, elements: listed = [] }: Pool, name: string): Named | undefined {
  const provider = head.providers.get(source);
  if (provider === undefined) return undefined;
  const found = namedOn(head, provider, name);
  if (listed.length === 0) return found;
  if (found?.what === 'element') {
    const { id } = found.element;
    return listed.includes(name) || listed.some((each) => isElement(namedOn(head, provider, each), id))
      ? found
      : undefined;
  }
  if (!listed.includes(name)) return undefined;
  if (found !== undefined) return found;
  const id = elementId(source, 'listed', name);
  return { what: 'element', element: { id, kind: 'listed', subject: described('listed', name) } };
}

function isElement(found: Named | undefined, id: ElementId): boolean {
  return found?.what === 'element' && found.element.id === id;
}

/**
 * Whether capacity of the pool may serve a demand with elements. What a demand holds whole is taken from the pool that has it, and its
 * capacity may come from any pool of the same provider.
 */
export function servesWith(head: Head, pool: Pool, elements: readonly string[]): boolean {
  return elements.every((name) => {
    if (elementIn(head, pool, name) !== undefined) return true;
    return head.poolOrder.some((id) => {
      const other = head.pools.get(id);
      return other?.source === pool.source && elementIn(head, other, name)?.what === 'element';
    });
  });
}
