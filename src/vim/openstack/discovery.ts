/**
 * Discovery: everything that an account may see and use, put together from the services.
 *
 * An administrator sees hosts: compute services say which are up and enabled, hypervisors lead to their resource providers, Placement
 * says what those have. To an ordinary tenant all of this is forbidden, and its quotas are the capacity. What is information only is left out
 * where it is forbidden, or the cloud does not have it.
 *
 * What has not changed since the last discovery is not read again where OpenStack tells: hypervisors while the same hosts are there,
 * and what Placement knows of a host while its generation stays.
 */
import type { VimInformation } from '../information.ts';
import { VimError } from '../vim.ts';
import type { VimAttachment, VimElement, VimHost, VimInventory, VimNetwork, VimQuotas } from '../vim.ts';
import { listAggregates } from './aggregates.ts';
import { listVolumeElements, readVolumeLimits } from './cinder.ts';
import type { VolumesFound } from './cinder.ts';
import { listFloatingIpPools } from './floating-ip-pools.ts';
import { listImages } from './glance.ts';
import { listElements, listNetworks, readNetworkQuotas } from './neutron.ts';
import { listComputeServices, listFlavors, listHypervisors, listZones, readLimits } from './nova.ts';
import type { ComputeService, Hypervisor } from './nova.ts';
import { Supplies, readGenerations } from './placement.ts';
import type { Supply } from './placement.ts';
import { ifShown } from './refusals.ts';
import { listRouters } from './routers.ts';
import type { Service, Session } from './session.ts';
import { listVolumePools, listVolumeTypes } from './volume-storage.ts';

export interface Discovery {
  readonly inventory: VimInventory;
  /** What servers have of ports and volumes. */
  readonly attachments: readonly VimAttachment[];
  readonly bootVolumes: VolumesFound['bootVolumes'];
  /** What the states of the hosts were taken from; none for an ordinary tenant. */
  readonly services: readonly ComputeService[];
}

export class Discoverer {
  readonly #session: Session;
  readonly #supplies = new Supplies();
  #hypervisors: { readonly among: string; readonly all: readonly Hypervisor[] } | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** @throws VimError. */
  async discover(signal: AbortSignal): Promise<Discovery> {
    const session = this.#session;
    const [nova, glance] = await Promise.all([session.service('compute', signal), session.service('image', signal)]);
    const [zones, { hosts, services }, flavors, images, limits, network, storage, aggregates] = await Promise.all([
      listZones(nova, signal),
      this.#readHosts(nova, signal),
      listFlavors(nova, signal),
      listImages(glance, signal),
      readLimits(nova, signal),
      readNetwork(session, signal),
      readVolumes(session, signal),
      ifShown(listAggregates(nova, signal)),
    ]);
    const inventory = {
      // A zone all of whose hosts are out of service is a zone all the same.
      zones: [...new Set([...zones, ...hosts.map(({ zone }) => zone)])].sort(),
      hosts,
      flavors,
      images,
      networks: network.networks,
      elements: [...network.elements, ...storage.elements],
      quotas: { ...limits, ...network.quotas, ...storage.quotas },
      ...(aggregates === undefined ? {} : { aggregates }),
      ...network.information,
      ...storage.information,
    };
    const attachments = [...network.attachments, ...storage.attachments];
    return { inventory, services, attachments, bootVolumes: storage.bootVolumes };
  }

  /** The hosts by name, and the services behind them; none of either for an ordinary tenant. */
  async #readHosts(
    nova: Service,
    signal: AbortSignal,
  ): Promise<{ readonly hosts: VimHost[]; readonly services: readonly ComputeService[] }> {
    try {
      const services = await listComputeServices(nova, signal);
      const placement = await this.#session.service('placement', signal);
      const generations = await readGenerations(placement, signal);
      const hypervisors = await this.#listHypervisors(nova, services, generations, signal);
      const ids = hypervisors.map(({ id }) => id);
      const supplies = await this.#supplies.read(placement, ids, generations, signal);
      return { hosts: hostsOf(services, hypervisors, supplies), services };
    } catch (error) {
      if (error instanceof VimError && error.kind === 'forbidden') return { hosts: [], services: [] };
      throw error;
    }
  }

  /** As they were, while the same compute services and resource providers are there. */
  async #listHypervisors(
    nova: Service,
    services: readonly ComputeService[],
    generations: ReadonlyMap<string, number>,
    signal: AbortSignal,
  ): Promise<readonly Hypervisor[]> {
    const among = JSON.stringify([services.map(({ host }) => host).sort(), [...generations.keys()].sort()]);
    if (this.#hypervisors?.among !== among) {
      this.#hypervisors = { among, all: await listHypervisors(nova, signal) };
    }
    return this.#hypervisors.all;
  }
}

function hostsOf(
  services: readonly ComputeService[],
  hypervisors: readonly Hypervisor[],
  supplies: ReadonlyMap<string, Supply>,
): VimHost[] {
  const byHost = new Map(services.map((service) => [service.host, service]));
  const nodes = nodesOf(hypervisors);
  return hypervisors
    .flatMap((hypervisor): VimHost[] => {
      const service = byHost.get(hypervisor.service);
      const supply = supplies.get(hypervisor.id);
      // A host that Placement does not know gets no servers.
      if (service === undefined || supply === undefined) return [];
      const { capacity, used, traits } = supply;
      return [
        {
          name: nodes.get(hypervisor.service) === 1 ? hypervisor.service : hypervisor.name,
          zone: service.zone,
          state: service.state,
          enabled: service.enabled,
          vcpus: capacity.VCPU,
          memoryMb: capacity.MEMORY_MB,
          diskGb: capacity.DISK_GB,
          used: { vcpus: used.VCPU, memoryMb: used.MEMORY_MB, diskGb: used.DISK_GB },
          traits,
        },
      ];
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

async function readNetwork(
  session: Session,
  signal: AbortSignal,
): Promise<Offered & { readonly networks: readonly VimNetwork[] }> {
  const neutron = await session.findService('network', signal);
  if (neutron === undefined) return { networks: [], elements: [], attachments: [], quotas: {}, information: {} };
  const { id } = await session.project(signal);
  const [networks, quotas, routers] = await Promise.all([
    listNetworks(neutron, id, signal),
    readNetworkQuotas(neutron, id, signal),
    ifShown(listRouters(neutron, id, signal)),
  ]);
  const [offered, floatingIpPools] = await Promise.all([
    listElements(neutron, id, networks, signal),
    listFloatingIpPools(neutron, networks, signal),
  ]);
  const information = { floatingIpPools, ...(routers === undefined ? {} : { routers }) };
  return { networks, ...offered, quotas, information };
}

async function readVolumes(session: Session, signal: AbortSignal): Promise<Offered & VolumesFound> {
  const cinder = await session.findService('volume', signal);
  if (cinder === undefined)
    return { elements: [], attachments: [], bootVolumes: new Map(), quotas: {}, information: {} };
  const [volumes, quotas, volumeTypes, volumePools] = await Promise.all([
    listVolumeElements(cinder, signal),
    readVolumeLimits(cinder, signal),
    ifShown(listVolumeTypes(cinder, signal)),
    ifShown(listVolumePools(cinder, signal)),
  ]);
  const information = {
    ...(volumeTypes === undefined ? {} : { volumeTypes }),
    ...(volumePools === undefined ? {} : { volumePools }),
  };
  return { ...volumes, quotas, information };
}

/** What a service lets be named, what servers have of it, how much of it there may be, and what it tells beside. */
interface Offered {
  readonly elements: readonly VimElement[];
  readonly attachments: readonly VimAttachment[];
  readonly quotas: VimQuotas;
  readonly information: VimInformation;
}

/**
 * How many nodes each compute service drives. Servers name the service; where it drives several nodes (bare metal), those are told apart
 * by their own names.
 */
function nodesOf(hypervisors: readonly Hypervisor[]): ReadonlyMap<string, number> {
  const nodes = new Map<string, number>();
  for (const { service } of hypervisors) nodes.set(service, (nodes.get(service) ?? 0) + 1);
  return nodes;
}
