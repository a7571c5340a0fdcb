/**
 * What `<operational>` shows below /opnfv-promise:promise: the engine's state, configured entries and RPC-made ones alike. Nothing is
 * built before it is read, and an entry is found by its key, so that a million reservations cost what is read of them.
 */
import { breakdownAt } from '../../engine/breakdown.ts';
import { RESOURCES } from '../../engine/capacity.ts';
import type {
  Adjustment,
  Allocation as DomainAllocation,
  Pool as DomainPool,
  Provider as DomainProvider,
} from '../../engine/entities.ts';
import { poolsFrom } from '../../engine/provider-supply.ts';
import { visibleIds } from '../../engine/ownership.ts';
import type { Viewer } from '../../engine/ownership.ts';
import { capacityAt } from '../../engine/queries.ts';
import type { Head } from '../../engine/state.ts';
import { isOfOthers } from '../../engine/vim-references.ts';
import { printInstant } from '../../engine/window.ts';
import type { Instant } from '../../engine/window.ts';
import { moduleName } from '../../generated/opnfv-promise.ts';
import type {
  Allocation,
  Pool,
  PoolAdjustment,
  PoolOverCommit,
  PromiseTree,
  Provider,
  ProviderServices,
  ProviderType,
} from '../../generated/opnfv-promise.ts';
import type {
  VimElement,
  VimHost,
  VimInventory,
  VimPortElement,
  VimSubnetElement,
  VimVolumeElement,
} from '../../vim/vim.ts';
import type { Data } from '../../yang/data.ts';
import type { DataProvider } from '../data-providers.ts';
import { BuiltEntries } from '../lazy-entries.ts';
import type { PromiseEngine } from './promise-domain.ts';
import {
  amountsOut,
  breakdownOut,
  decimalOut,
  faultOut,
  instantOut,
  listIn,
  present,
  priorityOut,
} from './promise-values.ts';
import { aggregateOut, floatingIpPoolOut, routerOut, volumePoolOut, volumeTypeOut } from './information-nodes.ts';
import { offerOut, reservationOut } from './reservation-nodes.ts';
import { kindOut, resourceOut, vimIdOut } from './resource-nodes.ts';

export const PROMISE_NODE = `${moduleName}:promise`;

export function promiseProvider(engine: PromiseEngine): DataProvider {
  return {
    node: PROMISE_NODE,
    read: ({ context, running }) => promiseTree(engine, configured(running), engine.viewer(context)),
  };
}

/** The part of the running configuration that is shown as it was written. */
export function configured(running: Data): PromiseTree {
  // Cast: the schema, by which running is valid, says that this is its type.
  return (running[PROMISE_NODE] ?? {}) as PromiseTree;
}

function promiseTree(engine: PromiseEngine, config: PromiseTree, viewer: Viewer): PromiseTree {
  const { head, now, reconciler } = engine;
  const { providers, pools, reservations, offers, allocations } = head;
  const rest = present({
    policy: config.policy,
    providers: unlessEmpty(providers, (all) => ({
      provider: new BuiltEntries(all, (each) =>
        providerOut(head, each, { config, viewer, lastContact: reconciler.lastContact(each.id) }),
      ),
    })),
    pools: unlessEmpty(pools, (all) => ({ pool: new BuiltEntries(all, (each) => poolOut(head, each, now)) })),
    reservations: unlessEmpty(reservations, (all) => ({
      reservation: new BuiltEntries(all, (each) => reservationOut(head, each, now)),
    })),
    offers: unlessEmpty(offers, (all) => ({ offer: new BuiltEntries(all, offerOut) })),
    allocations: unlessEmpty(allocations, (all) => ({
      allocation: new BuiltEntries(all, (each) => allocationOut(head, each, viewer)),
    })),
  });
  return {
    // A sum over all pools, which a read of one entry should not pay for.
    get capacity() {
      return breakdownOut(capacityAt(head, now));
    },
    ...rest,
  };
}

/** A container whose list has entries, or none. */
function unlessEmpty<Source, Container>(
  sources: ReadonlyMap<string, Source>,
  make: (sources: ReadonlyMap<string, Source>) => Container,
): Container | undefined {
  return sources.size === 0 ? undefined : make(sources);
}

/** What is shown of a provider beside its record, and to whom. */
interface ProviderSeen {
  readonly config: PromiseTree;
  readonly viewer: Viewer;
  readonly lastContact: Instant | undefined;
}

/** The password is shown to nobody: the running configuration has it, for who may read it there. */
function providerOut(head: Head, provider: DomainProvider, { config, viewer, lastContact }: ProviderSeen): Provider {
  const { id, name, origin, access, preEmption, status, statusMessage, draining, inventory } = provider;
  const pools = poolsFrom(head, id).map((pool) => pool.id);
  return present({
    id,
    name,
    // Cast: the schema checked that the type is an identity derived from provider-type.
    'provider-type': access.type as ProviderType,
    strategy: access.strategy,
    endpoint: access.endpoint,
    region: access.region,
    interface: access.interface,
    'ca-certificate': access.caCertificate,
    username: access.username,
    domain: access.domain,
    tenant: access.tenant,
    'pre-emption': preEmption,
    // What an RPC said of its simulation is shown as what came of it, under services.
    'promise-simulator:simulation':
      origin === 'config' ? configuredProvider(config, id)?.['promise-simulator:simulation'] : undefined,
    status,
    'status-message': statusMessage,
    draining,
    'last-contact': instantOut(lastContact),
    pools: pools.length === 0 ? undefined : pools,
    services: inventory === undefined ? undefined : servicesOut(seenBy(head, id, inventory, viewer)),
  });
}

function configuredProvider(config: PromiseTree, id: string): Provider | undefined {
  const entries = config.providers?.provider ?? [];
  return 'get' in entries ? entries.get(id) : entries.find((entry) => entry.id === id);
}

/** What was allocated for others does not exist for a consumer. */
function seenBy(head: Head, provider: string, inventory: VimInventory, viewer: Viewer): VimInventory {
  if (viewer.confinedTo === undefined) return inventory;
  const isSeen = (each: { readonly id: string; readonly token?: string }): boolean =>
    !isOfOthers(head, provider, each, viewer);
  const networks = inventory.networks.filter(isSeen);
  const elements = (inventory.elements ?? []).filter(
    (each) => isSeen(each) && (each.kind === 'volume' || isSeen({ id: each.network })),
  );
  const routers = inventory.routers?.filter(isSeen);
  return { ...inventory, networks, elements, ...(routers === undefined ? {} : { routers }) };
}

function servicesOut(inventory: VimInventory): ProviderServices {
  return {
    compute: present({
      zones: inventory.zones.map((name) => ({ name, available: true })),
      hosts: inventory.hosts.map(hostOut),
      aggregates: listIn(inventory.aggregates?.map(aggregateOut)),
      flavors: inventory.flavors.map(({ id, name, vcpus, memoryMb, diskGb }) => ({
        id,
        name,
        vcpus,
        ram: String(memoryMb),
        disk: diskGb,
      })),
    }),
    ...elementsOut(inventory),
    image: {
      images: inventory.images.map(({ id, name, minMemoryMb, minDiskGb }) => ({
        id,
        name,
        'min-disk': minDiskGb,
        'min-ram': String(minMemoryMb),
      })),
    },
  };
}

/** What can be named of network and storage; there may be many, and they are built when they are read. */
function elementsOut(inventory: VimInventory): Pick<ProviderServices, 'network' | 'storage'> {
  const { networks, elements = [] } = inventory;
  const of = <Kind extends VimElement['kind']>(kind: Kind): Map<string, Extract<VimElement, { kind: Kind }>> =>
    // Cast: the compiler does not see what the comparison of a type parameter tells of an element.
    new Map(
      elements.flatMap((each) => (each.kind === kind ? [[each.id, each as Extract<VimElement, { kind: Kind }>]] : [])),
    );
  const subnets = of('subnet');
  const volumes = of('volume');
  const network = {
    networks: networks.map(({ id, name, external }) =>
      present({
        id,
        name,
        external,
        subnets: listIn([...subnets.values()].filter((subnet) => subnet.network === id).map(subnetOut)),
      }),
    ),
    ports: unlessEmpty(of('port'), (all) => new BuiltEntries(all, portOut)),
    'floating-ips': unlessEmpty(
      of('floating-ip'),
      (all) => new BuiltEntries(all, ({ id, network: from, address }) => ({ id, network: from, address })),
    ),
    'floating-ip-pools': listIn(inventory.floatingIpPools?.map(floatingIpPoolOut)),
    routers: listIn(inventory.routers?.map(routerOut)),
  };
  const storage = present({
    volumes: unlessEmpty(volumes, (all) => new BuiltEntries(all, volumeOut)),
    'volume-types': listIn(inventory.volumeTypes?.map(volumeTypeOut)),
    'volume-pools': listIn(inventory.volumePools?.map(volumePoolOut)),
  });
  return present({ network: present(network), storage: Object.keys(storage).length === 0 ? undefined : storage });
}

function subnetOut({ id, name, cidr, gateway }: VimSubnetElement) {
  return present({ id, name: name || undefined, cidr, gateway });
}

function portOut({ id, name, network, addresses }: VimPortElement) {
  return present({ id, name: name || undefined, network, addresses: listIn(addresses) });
}

function volumeOut({ id, name, sizeGb, zone }: VimVolumeElement) {
  return present({ id, name: name || undefined, zone, size: sizeGb });
}

function hostOut({ name, zone, state, enabled, vcpus, memoryMb, diskGb, used, traits }: VimHost) {
  const status = state === 'down' ? ('down' as const) : enabled ? ('up' as const) : ('disabled' as const);
  return present({
    id: name,
    name,
    zone,
    status,
    vcpus,
    'vcpus-used': used.vcpus,
    ram: String(memoryMb),
    'ram-used': String(used.memoryMb),
    disk: diskGb,
    'disk-used': used.diskGb,
    traits: traits.length === 0 ? undefined : traits,
  });
}

function poolOut(head: Head, pool: DomainPool, now: Instant): Pool {
  return present({
    id: pool.id,
    name: pool.name,
    source: pool.source,
    zone: pool.zone,
    capacity: amountsOut(pool.capacity),
    elements: pool.elements,
    adjustment: pool.adjustments.length === 0 ? undefined : pool.adjustments.map(adjustmentOut),
    'over-commit': ratiosOut(pool),
    state: breakdownOut(breakdownAt(head, pool.id, now)),
  });
}

function ratiosOut({ overCommit }: DomainPool): readonly PoolOverCommit[] | undefined {
  if (overCommit === undefined) return undefined;
  return RESOURCES.flatMap((resource) => {
    const thousandths = overCommit[resource];
    return thousandths === undefined ? [] : [{ resource, ratio: decimalOut(thousandths) }];
  });
}

function adjustmentOut({ id, start, end, direction, capacity }: Adjustment): PoolAdjustment {
  return present({ id, start: instantOut(start), end: instantOut(end), direction, capacity: amountsOut(capacity) });
}

function allocationOut(head: Head, allocation: DomainAllocation, viewer: Viewer): Allocation {
  const { id, name, reservation, pool, provider, priority, vmState, fault } = allocation;
  const { zone, host, capacity, owner, tenant, createdOn, modifiedOn } = allocation;
  return present({
    id,
    name,
    kind: kindOut(allocation),
    reservation,
    pool,
    'instance-ref': { provider, ...vimIdOut(allocation) },
    priority: priorityOut(priority),
    awaits: listIn(visibleIds(head, 'allocation', allocation.awaits ?? [], viewer)),
    'vm-state': vmState,
    fault: faultOut(fault),
    ...resourceOut(head, allocation, viewer),
    zone,
    host,
    capacity: amountsOut(capacity),
    owner,
    tenant,
    'created-on': printInstant(createdOn),
    'modified-on': printInstant(modifiedOn),
  });
}
