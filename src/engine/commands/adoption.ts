/** What a sweep finds that carries a token of ours and has no record: it gets one, in the name of who registered the provider. */
import type { VimFault } from '../../vim/vim.ts';
import { announceAllocation, announcePool } from '../announce.ts';
import { inZone } from '../admission.ts';
import { attach } from '../attachments.ts';
import { resourcesOf } from '../capacity.ts';
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import { LOW } from '../entities.ts';
import type { Allocation, Id, MachineAllocation, Pool, Provider, ResourceAllocation } from '../entities.ts';
import { beingDrained, poolsFrom } from '../provider-supply.ts';
import type { At, Command } from '../requests.ts';
import type { AdoptionResult, AdoptResource, AdoptServer } from '../reported.ts';
import { settle } from '../settlement.ts';
import { allocationWith, allocationsAt, poolNode } from '../state.ts';
import type { Head } from '../state.ts';
import { flavorCapacity } from '../supply.ts';
import { standingClaims } from '../vacancy.ts';
import { FOREVER } from '../window.ts';
import { resourceCapacity } from './resource.ts';

const IGNORED: AdoptionResult = { outcome: 'ignored' };
/** Where the VIM does not tell. */
const UNKNOWN_IMAGE = 'unknown';

/** Makes an allocation of a server without a record, in the first pool that may have it. */
export const adoptServer: Command<AdoptServer, AdoptionResult> = (head, { provider: id, server }, at) =>
  decide(head, at, (draft): AdoptionResult => {
    const { token, zone, host, status, bootVolume } = server;
    const provider = head.providers.get(id);
    if (provider === undefined || token === undefined || head.tokens.has(token)) return IGNORED;
    const flavor = provider.inventory?.flavors.find((each) => each.id === server.flavor);
    if (flavor === undefined) return unadoptable(`its flavor '${server.flavor}' is not among those of the provider`);
    const capacity = flavorCapacity(flavor);
    const pool = poolFor(head, provider, { zone, capacity });
    if (typeof pool === 'string') return unadoptable(pool);
    const allocation: MachineAllocation = {
      ...foundIn(pool, provider, at),
      name: server.name,
      vmState: status === 'DELETED' ? 'UNKNOWN' : status,
      ...faultOf(server, at),
      token,
      server: server.id,
      flavor: flavor.id,
      ...(bootVolume === undefined ? { image: server.image ?? UNKNOWN_IMAGE } : { bootVolume }),
      networks: [],
      ...(zone === undefined ? {} : { zone }),
      ...(host === undefined ? {} : { host }),
      ...(flavor.diskGb === 0 || bootVolume !== undefined ? {} : { disk: flavor.diskGb }),
      capacity,
      claims: standingClaims(head, { pool: pool.id, capacity }, true, at.now),
    };
    return adopt(draft, allocation);
  });

/**
 * Makes an allocation of a volume, network, port, floating IP or router without a record, in the first pool that counts what it
 * consumes, or else that may have it.
 */
export const adoptResource: Command<AdoptResource, AdoptionResult> = (head, { provider: id, resource, spec }, at) =>
  decide(head, at, (draft): AdoptionResult => {
    const { token, name, status, address } = resource;
    const provider = head.providers.get(id);
    if (provider === undefined || token === undefined || head.tokens.has(token)) return IGNORED;
    const capacity = resourceCapacity(spec);
    const zone = zoneOf(provider, spec.kind === 'volume' ? spec.zone : undefined);
    const pool = poolFor(head, provider, { zone, capacity });
    if (typeof pool === 'string') return unadoptable(pool);
    const attachedTo = userOf(head, id, resource.id, spec);
    const allocation: ResourceAllocation = {
      ...foundIn(pool, provider, at),
      // A floating IP has no name.
      name: name === '' ? (address ?? resource.id) : name,
      vmState: status === 'DELETED' ? 'UNKNOWN' : status,
      ...faultOf(resource, at),
      token,
      server: resource.id,
      resource: spec,
      ...(attachedTo === undefined ? {} : { attachedTo }),
      ...(address === undefined ? {} : { address }),
      ...(zone === undefined ? {} : { zone }),
      capacity,
      claims: standingClaims(head, { pool: pool.id, capacity }, false, at.now),
    };
    return adopt(draft, allocation);
  });

function unadoptable(message: string): AdoptionResult {
  return { outcome: 'unadoptable', message };
}

/** What is the same of all that is found: the VIM knows of no user and no tenant of ours, so it is the provider's owner's. */
function foundIn(pool: Pool, { id, owner }: Provider, { now, newId }: At) {
  return {
    id: newId(),
    backing: 'own',
    pool: pool.id,
    provider: id,
    priority: LOW,
    startsAt: now,
    owner,
    createdOn: now,
    modifiedOn: now,
  } as const;
}

function faultOf({ fault }: { readonly fault?: VimFault }, { now }: At): Pick<Allocation, 'fault'> {
  return fault === undefined ? {} : { fault: { ...fault, occurredOn: now } };
}

/** @returns why there is none, in words */
function poolFor(
  head: Head,
  provider: Provider,
  { zone, capacity }: Pick<Allocation, 'capacity'> & { readonly zone: string | undefined },
): Pool | string {
  if (provider.draining === true) return beingDrained(provider).message;
  const pools = poolsFrom(head, provider.id).filter(
    (each) => zone === undefined || each.zone === undefined || inZone(head, each, zone),
  );
  const wanted = resourcesOf(capacity);
  const counts = ({ id }: Pool): boolean =>
    head.nodes.get(poolNode(id))?.resources.some((resource) => wanted.includes(resource)) === true;
  const pool = pools.find(counts) ?? pools[0];
  if (pool !== undefined) return pool;
  const where = zone === undefined ? '' : ` for the zone '${zone}'`;
  return `the provider '${provider.id}' has no pool${where}; increase-capacity makes one`;
}

/** Zones of storage need not be those of servers, by which pools go. */
function zoneOf({ inventory }: Provider, zone: string | undefined): string | undefined {
  return zone !== undefined && inventory?.zones.includes(zone) === true ? zone : undefined;
}

/** The machine whose record has it already; of a floating IP, the port. */
function userOf(head: Head, provider: Id, found: string, spec: AdoptResource['spec']): Id | undefined {
  if (spec.kind === 'floating-ip')
    return spec.port === undefined ? undefined : allocationWith(head, provider, spec.port)?.id;
  if (spec.kind !== 'volume' && spec.kind !== 'port') return undefined;
  for (const machine of allocationsAt(head, provider)) {
    if (machine.resource !== undefined) continue;
    const { ports = [], volumes = [], bootVolume } = machine;
    if (bootVolume === found || (spec.kind === 'port' ? ports : volumes).includes(found)) return machine.id;
  }
  return undefined;
}

/** It is there, so it is counted even where there is no room for it; then others may have to give way. */
function adopt(draft: Draft, allocation: Allocation): AdoptionResult {
  draft.put('allocation', allocation.id, allocation);
  attach(draft, allocation);
  announceAllocation(draft, 'accepted', allocation);
  announcePool(draft, 'allocated', allocation.pool, { start: draft.at.now, end: FOREVER });
  draft.disturbPlaceOf(allocation);
  settle(draft, 'capacity-withdrawn');
  return { outcome: 'recorded', allocation };
}
