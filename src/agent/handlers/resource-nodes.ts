/** Volumes, networks, ports, floating IPs and routers between YANG and the engine (grouping network-storage-resource). */
import type {
  Allocation as DomainAllocation,
  Fault,
  PendingAttachment,
  PendingExtension,
} from '../../engine/entities.ts';
import { visibleIds } from '../../engine/ownership.ts';
import type { Viewer } from '../../engine/ownership.ts';
import type { WantedResource } from '../../engine/requests.ts';
import type { Head } from '../../engine/state.ts';
import type {
  Allocation,
  AllocationAttachment,
  AllocationKind,
  CreateAllocationInput,
  SubnetResource,
} from '../../generated/opnfv-promise.ts';
import { faultOut, listIn, present } from './promise-values.ts';

/** The schema sees to it that there is exactly one. */
export function resourceIn({
  volume,
  network,
  port,
  'floating-ip': floatingIp,
  router,
}: Pick<CreateAllocationInput, 'volume' | 'network' | 'port' | 'floating-ip' | 'router'>): WantedResource {
  if (volume !== undefined)
    return present({ kind: 'volume' as const, sizeGb: volume.size, type: volume.type, image: volume.image });
  if (port !== undefined) return present({ kind: 'port' as const, network: port.network, address: port.address });
  if (network !== undefined) return { kind: 'network', subnets: [...(network.subnet ?? [])].map(subnetIn) };
  if (router !== undefined)
    return present({ kind: 'router' as const, gateway: router.gateway, networks: [...(router.networks ?? [])] });
  const { network: from, address, port: to } = floatingIp ?? {};
  return present({ kind: 'floating-ip' as const, network: from, address, port: to });
}

function subnetIn({ cidr, gateway }: SubnetResource): { readonly cidr: string; readonly gateway?: string } {
  return present({ cidr, gateway });
}

export function kindOut({ resource }: DomainAllocation): AllocationKind {
  return resource?.kind ?? 'virtual-machine';
}

/** What there is of an allocation in the VIM, by the leaf in which it belongs. */
export function vimIdOut({ resource, server }: DomainAllocation): {
  readonly server?: string;
  readonly resource?: string;
} {
  return resource === undefined ? present({ server }) : present({ resource: server });
}

/** What describes an allocation beyond what all have in common. */
export function resourceOut(head: Head, allocation: DomainAllocation, viewer: Viewer): Partial<Allocation> {
  if (allocation.resource === undefined) {
    const { flavor, image, bootVolume, networks, ports, volumes, pending } = allocation;
    const attachment = pending?.map(attachmentOut);
    const disks = { image, 'boot-volume': bootVolume };
    return present({ flavor, ...disks, networks: listIn(networks), ports, volumes, attachment });
  }
  const { resource, address, attachedTo, extension } = allocation;
  const [user] = visibleIds(head, 'allocation', attachedTo === undefined ? [] : [attachedTo], viewer);
  const extended = extension === undefined ? undefined : extensionOut(extension);
  return { ...specOut(resource), ...present({ address, 'attached-to': user, extension: extended }) };
}

function extensionOut({ sizeGb, fault }: PendingExtension): NonNullable<Allocation['extension']> {
  return present({ size: sizeGb, status: statusOfExtension(fault), fault: faultOut(fault) });
}

export function statusOfExtension(fault: Fault | undefined): 'extending' | 'failed' {
  return fault === undefined ? 'extending' : 'failed';
}

function attachmentOut(pending: PendingAttachment): AllocationAttachment {
  const { id, kind, fault } = pending;
  return present({ resource: id, kind, status: statusOfPending(pending), fault: faultOut(fault) });
}

export function statusOfPending({ action, fault }: PendingAttachment): 'attaching' | 'detaching' | 'failed' {
  if (fault !== undefined) return 'failed';
  return action === 'attach' ? 'attaching' : 'detaching';
}

function specOut(resource: NonNullable<DomainAllocation['resource']>): Partial<Allocation> {
  switch (resource.kind) {
    case 'volume':
      return { volume: present({ size: resource.sizeGb, type: resource.type, image: resource.image }) };
    case 'network':
      return { network: resource.subnets.length === 0 ? {} : { subnet: resource.subnets } };
    case 'port':
      return { port: present({ network: resource.network, address: resource.address }) };
    case 'router':
      return { router: present({ gateway: resource.gateway, networks: listIn(resource.networks) }) };
    case 'floating-ip':
      return {
        'floating-ip': present({ network: resource.network, address: resource.address, port: resource.port }),
      };
  }
}
