/**
 * create-allocation and destroy-allocation: volumes, networks, ports, floating IPs and routers (the virtualised network and storage resources of
 * ETSI GS NFV-IFA 005).
 */
import type { VimResourceSpec } from '../../vim/vim.ts';
import { refused } from '../allotment.ts';
import type { Consumption } from '../allotment.ts';
import { usesOfResource } from '../allocated-elements.ts';
import { allocate, destroy, outOfReach } from '../allocating.ts';
import { unready } from '../attachments.ts';
import type { Capacity } from '../capacity.ts';
import { decide } from '../draft.ts';
import type { Id, Provider } from '../entities.ts';
import { find, ownerOf, sees } from '../ownership.ts';
import type { Viewer } from '../ownership.ts';
import { UnknownEntry } from '../requests.ts';
import type {
  Command,
  CreateAllocation,
  CreateAllocationResult,
  DestroyAllocation,
  DestroyAllocationResult,
  Refused,
  WantedResource,
} from '../requests.ts';
import type { Head } from '../state.ts';
import { foreignId, lacking, named, networkId, resourceNamed } from '../vim-references.ts';

interface ResourceFound extends Consumption {
  readonly resource: VimResourceSpec;
  readonly attachedTo?: Id;
}

/** What a resource consumes. A network counts with its subnets; the ports that a VIM makes for itself are not counted. */
export function resourceCapacity(resource: WantedResource): Capacity {
  switch (resource.kind) {
    case 'volume':
      return { gigabytes: resource.sizeGb, volumes: 1 };
    case 'network':
      return resource.subnets.length === 0 ? { networks: 1 } : { networks: 1, subnets: resource.subnets.length };
    case 'port':
      return { ports: 1 };
    case 'floating-ip':
      return { addresses: 1 };
    case 'router':
      return { routers: 1 };
  }
}

/** Allocates a volume, network, port, floating IP or router. */
export const createAllocation: Command<CreateAllocation, CreateAllocationResult> = (head, input, at) =>
  decide(head, at, (draft): CreateAllocationResult => {
    const { provider, zone, resource } = input;
    return allocate<ResourceFound>(draft, {
      name: input.name,
      ...(input.reservation === undefined ? {} : { reservation: input.reservation }),
      wanted: {
        ...(provider === undefined ? {} : { provider }),
        ...(zone === undefined ? {} : { zone }),
        subject: `the ${resource.kind} '${input.name}'`,
        find: (from, within) => findResource(head, from, resource, within, at),
      },
      made: ({ resource: found, attachedTo }) =>
        attachedTo === undefined ? { resource: found } : { resource: found, attachedTo },
    });
  });

function findResource(
  head: Head,
  provider: Provider,
  wanted: WantedResource,
  zone: string | undefined,
  viewer: Viewer,
): { readonly outcome: 'found'; readonly found: ResourceFound } | Refused {
  const barred = outOfReach(provider, zone);
  if (barred !== undefined) return barred;
  const consumed = { capacity: resourceCapacity(wanted), disk: 0, onHost: false };
  switch (wanted.kind) {
    case 'volume': {
      const image = wanted.image === undefined ? undefined : named(provider.inventory?.images ?? [], wanted.image);
      if (wanted.image !== undefined && image === undefined)
        return refused('unknown-image', lacking(provider, 'image', wanted.image));
      const resource = {
        ...wanted,
        ...(image === undefined ? {} : { image: image.id }),
        ...(zone === undefined ? {} : { zone }),
      };
      return { outcome: 'found', found: { ...consumed, resource } };
    }
    case 'network':
      return { outcome: 'found', found: { ...consumed, resource: wanted } };
    case 'port': {
      const network = networkId(head, provider, wanted.network, viewer);
      if (network === undefined)
        return refused('unknown-network', `The provider '${provider.id}' has no network '${wanted.network}'.`);
      const resource = { ...wanted, network };
      return { outcome: 'found', found: { ...consumed, resource, uses: usesOfResource(resource) } };
    }
    case 'router': {
      const router = routerFound(head, provider, wanted, viewer);
      if ('outcome' in router) return router;
      return { outcome: 'found', found: { ...consumed, resource: router, uses: usesOfResource(router) } };
    }
    case 'floating-ip': {
      const network = externalNetwork(provider, wanted.network);
      if (typeof network !== 'string') return network;
      const { port: asked } = wanted;
      const foreign = asked === undefined ? undefined : foreignId(head, provider.id, 'port', asked, viewer);
      const port = resourceNamed(head, provider.id, 'port', foreign ?? asked ?? '', viewer);
      const portId = port?.server ?? foreign;
      if (port === undefined && asked !== undefined && foreign === undefined)
        return refused('unknown-resource', `The provider '${provider.id}' has no port '${asked}'.`);
      const notReady = port === undefined ? undefined : unready(port);
      if (notReady !== undefined) return notReady;
      const resource = { ...wanted, network, ...(portId === undefined ? {} : { port: portId }) };
      const attachedTo = port === undefined ? {} : { attachedTo: port.id };
      const uses = usesOfResource(resource);
      return { outcome: 'found', found: { ...consumed, resource, ...attachedTo, uses } };
    }
  }
}

/** A router with ids for names. */
function routerFound(
  head: Head,
  provider: Provider,
  wanted: Extract<WantedResource, { kind: 'router' }>,
  viewer: Viewer,
): Extract<VimResourceSpec, { kind: 'router' }> | Refused {
  const networks = new Set<string>();
  for (const each of wanted.networks) {
    const network = networkId(head, provider, each, viewer);
    if (network === undefined)
      return refused('unknown-network', `The provider '${provider.id}' has no network '${each}'.`);
    networks.add(network);
  }
  if (wanted.gateway === undefined) return { kind: 'router', networks: [...networks] };
  const gateway = externalNetwork(provider, wanted.gateway);
  return typeof gateway === 'string' ? { kind: 'router', gateway, networks: [...networks] } : gateway;
}

/** The id of the network that public addresses are to come from: the one named, or the only one there is. */
function externalNetwork({ id, inventory }: Provider, wanted: string | undefined): string | Refused {
  const external = (inventory?.networks ?? []).filter((network) => network.external);
  const names = external.map(({ name }) => `'${name}'`).join(', ') || 'none';
  if (wanted === undefined) {
    const [only, another] = external;
    if (only !== undefined && another === undefined) return only.id;
    const message = `Say which external network of the provider '${id}' the address comes from; there are ${names}.`;
    return refused('unknown-network', message);
  }
  const found = named(external, wanted);
  if (found !== undefined) return found.id;
  return refused('unknown-network', `The provider '${id}' has no external network '${wanted}'; there are ${names}.`);
}

/** Has anything that was allocated deleted, unless something uses it that stays. */
export const destroyAllocation: Command<DestroyAllocation, DestroyAllocationResult> = (head, input, at) =>
  decide(head, at, (draft): DestroyAllocationResult => {
    const before = find(head, 'allocation', input.id, at);
    if (before === undefined) throw new UnknownEntry('allocation', 'allocation-id', input.id);
    if (before.resource === undefined) return { outcome: 'deleting', allocation: destroy(draft, before) };
    const user = head.allocations.get(before.attachedTo ?? '');
    if (user !== undefined && user.resource === undefined && user.vmState !== 'DELETING') {
      const whom = sees(ownerOf(before), user) ? `'${user.id}' ('${user.name}'); destroy that first` : 'one of others';
      const message = `The ${before.resource.kind} '${before.id}' is used by ${whom}.`;
      return { ...refused('resource-in-use', message), allocation: before };
    }
    return { outcome: 'deleting', allocation: destroy(draft, before) };
  });
