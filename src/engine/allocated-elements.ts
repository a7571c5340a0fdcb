/** What allocations are, and use, as elements (`element-map.ts`). */
import { canonicalAddress, elementId } from './element-map.ts';
import type { KnownElement } from './element-map.ts';
import type { Allocation, ElementId, Id, MachineAllocation } from './entities.ts';
import { isZero } from './capacity.ts';
import type { VimResourceSpec } from '../vim/vim.ts';

/** What was made in the VIM for an allocation, as its inventory will tell of it. */
export function elementMade(allocation: Allocation): KnownElement | undefined {
  const { resource, server: id, name } = allocation;
  if (resource === undefined || id === undefined) return undefined;
  const { address } = allocation;
  switch (resource.kind) {
    case 'volume':
      return { kind: 'volume', id, name, sizeGb: resource.sizeGb };
    case 'network':
      return { kind: 'network', id, name, external: false };
    case 'port':
      return { kind: 'port', id, name, network: resource.network, addresses: address === undefined ? [] : [address] };
    case 'floating-ip':
      return { kind: 'floating-ip', id, name: '', network: resource.network, address: address ?? '' };
    case 'router':
      return undefined;
  }
}

/** Something that an allocation uses and that is there already, by the VIM's ids. */
export type Use =
  | { readonly kind: 'network' | 'port' | 'volume'; readonly id: string }
  | { readonly kind: 'address'; readonly network: string; readonly address: string };

/** What a machine uses. */
export function usesOfMachine({
  networks,
  ports = [],
  volumes = [],
  bootVolume,
}: Pick<MachineAllocation, 'networks' | 'ports' | 'volumes' | 'bootVolume'>): readonly Use[] {
  const each = (kind: 'network' | 'port' | 'volume', ids: readonly string[]): Use[] => ids.map((id) => ({ kind, id }));
  const disks = bootVolume === undefined ? volumes : [bootVolume, ...volumes];
  return [...each('network', networks), ...each('port', ports), ...each('volume', disks)];
}

/** What a volume, network, port, floating IP or router uses. */
export function usesOfResource(resource: VimResourceSpec): readonly Use[] {
  switch (resource.kind) {
    case 'volume':
    case 'network':
      return [];
    case 'port':
      return addressUse(resource);
    case 'floating-ip': {
      const { port } = resource;
      return port === undefined ? addressUse(resource) : [...addressUse(resource), { kind: 'port', id: port }];
    }
    case 'router': {
      const { gateway, networks } = resource;
      return [...(gateway === undefined ? [] : [gateway]), ...networks].map((id) => ({ kind: 'network', id }));
    }
  }
}

/** What a port or floating IP uses of its network. */
function addressUse({ network, address }: { readonly network: string; readonly address?: string }): Use[] {
  const of: Use = { kind: 'network', id: network };
  return address === undefined ? [of] : [of, { kind: 'address', network, address }];
}

/** What an allocation uses, as elements; nothing where it could not be made. */
export function elementsUsed(allocation: Allocation): readonly ElementId[] {
  const { provider, resource, capacity } = allocation;
  if (isZero(capacity)) return [];
  const uses = resource === undefined ? usesOfMachine(allocation) : usesOfResource(resource);
  return uses.map((use) => usedElement(provider, use));
}

/** What is used, as an element. */
export function usedElement(provider: Id, use: Use): ElementId {
  if (use.kind !== 'address') return elementId(provider, use.kind, use.id);
  return elementId(provider, 'address', `${use.network}/${canonicalAddress(use.address)}`);
}
