/**
 * Nova: the compute service. Field sources: Compute API reference (docs.openstack.org/api-ref/compute) and its REST API version history;
 * each schema names its section.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { VimError } from '../vim.ts';
import type { CreateServer, VimFault, VimFlavor, VimQuotas, VimServer, VimServerStatus } from '../vim.ts';
import { SHORT_PAGE, list } from './paging.ts';
import { limited } from './quotas.ts';
import { decoded } from './session.ts';
import type { Service } from './session.ts';

/**
 * Servers are read at 2.46: from 2.47 on the flavor's id is missing from them. It has tags (2.26) and what an administrator sees.
 */
const READ_SERVERS = '2.46';
/** Servers are made at 2.74: tags at creation (2.52) and the requested destination `host` (2.74). */
const CREATE_SERVER = '2.74';
/**
 * Hypervisors are read at 2.87: ids are Placement's (2.53), and from 2.88 on every host is asked for its uptime, which hangs for a
 * minute when one has just died.
 */
const READ_HYPERVISORS = '2.87';
/** Services have their UUIDs and forced_down from 2.53 on. */
const READ_SERVICES = '2.53';
/** Flavors carry neither links to extra specs nor anything else that is needed beyond the first version. */
const READ_FLAVORS = '2.1';

/** The member of a server's metadata that holds our token. */
export const TOKEN_KEY = 'promise_token';

// URLs.

const SERVERS = '/servers';
const serverPath = (id: string): string => `${SERVERS}/${encodeURIComponent(id)}`;
const taggedPath = (tag: string): string => `${SERVERS}/detail?tags=${encodeURIComponent(tag)}`;
const anyTaggedPath = (tags: readonly string[]): string =>
  `${SERVERS}/detail?tags-any=${tags.map(encodeURIComponent).join(',')}`;

/**
 * The tag by which a server is looked up: one indexed request however many servers there are. The metadata decides; the tag only finds.
 * A tag has at most 60 characters and no `/` or `,` (section "Server tags").
 */
function tagOf(token: string): string {
  const plain = /^[\w.-]{1,48}$/.test(token);
  return `promise-${plain ? token : createHash('sha256').update(token).digest('hex').slice(0, 48)}`;
}

// Decoding.

/** "List Servers Detailed", response. Members of an administrator are absent for others; those of a cell that is down too. */
const server = z.object({
  id: z.string(),
  name: z.string().default(''),
  status: z.string(),
  created: z.string().optional(),
  updated: z.string().optional(),
  metadata: z.record(z.string(), z.string()).default({}),
  flavor: z.object({ id: z.string().optional(), original_name: z.string().optional() }).optional(),
  /** Empty where the server starts from a volume. */
  image: z.union([z.literal(''), z.object({ id: z.string() })]).optional(),
  'os-extended-volumes:volumes_attached': z.array(z.object({ id: z.string() })).default([]),
  fault: z.object({ code: z.number(), message: z.string() }).optional(),
  'OS-EXT-STS:task_state': z.string().nullish(),
  'OS-EXT-AZ:availability_zone': z.string().nullish(),
  'OS-EXT-SRV-ATTR:host': z.string().nullish(),
});

/** "Show Server Details", response. */
const shown = z.object({ server });

const STATUSES: Readonly<Record<string, VimServerStatus>> = {
  BUILD: 'BUILD',
  ACTIVE: 'ACTIVE',
  SHUTOFF: 'SHUTOFF',
  ERROR: 'ERROR',
  DELETED: 'DELETED',
  SOFT_DELETED: 'DELETED',
};
const DELETING: ReadonlySet<string> = new Set(['deleting', 'soft-deleting']);

function toServer(answer: z.infer<typeof server>): VimServer {
  const token = answer.metadata[TOKEN_KEY];
  const zone = answer['OS-EXT-AZ:availability_zone'];
  const host = answer['OS-EXT-SRV-ATTR:host'];
  const { fault } = answer;
  return {
    id: answer.id,
    name: answer.name,
    ...(token === undefined ? {} : { token }),
    status: STATUSES[answer.status] ?? 'UNKNOWN',
    deleting: DELETING.has(answer['OS-EXT-STS:task_state'] ?? ''),
    ...(fault === undefined ? {} : { fault: toFault(fault) }),
    flavor: answer.flavor?.id ?? answer.flavor?.original_name ?? '',
    ...rootOf(answer),
    ...(zone ? { zone } : {}),
    ...(host ? { host } : {}),
    createdAt: answer.created === undefined ? 0 : Date.parse(answer.created),
  };
}

/** Of one that starts from a volume and has several, Nova does not say which one it is. */
function rootOf({
  image,
  'os-extended-volumes:volumes_attached': volumes,
}: z.infer<typeof server>): Pick<VimServer, 'image' | 'bootVolume'> {
  if (image === undefined) return {};
  if (image !== '') return { image: image.id };
  const [first, ...others] = volumes;
  return first === undefined || others.length > 0 ? {} : { bootVolume: first.id };
}

/** The member `details` is left out: it is a trace of calls within Nova. */
function toFault({ code, message }: { readonly code: number; readonly message: string }): VimFault {
  return { code, message };
}

/** "Create Server", response. */
const created = z.object({ server: z.object({ id: z.string() }) });

/** "List Flavors With Details", response. */
const flavor = z.object({
  id: z.string(),
  name: z.string(),
  vcpus: z.number(),
  ram: z.number(),
  disk: z.number(),
  'OS-FLV-DISABLED:disabled': z.boolean().default(false),
});

/** "Show Rate And Absolute Limits", response. */
const limits = z.object({
  limits: z.object({
    absolute: z.object({ maxTotalInstances: z.number(), maxTotalCores: z.number(), maxTotalRAMSize: z.number() }),
  }),
});

/** "Get Availability Zone Information", response. */
const zones = z.object({
  availabilityZoneInfo: z.array(z.object({ zoneName: z.string(), zoneState: z.object({ available: z.boolean() }) })),
});

/** "List Compute Services", response. */
const service = z.object({
  binary: z.string(),
  host: z.string(),
  zone: z.string(),
  status: z.enum(['enabled', 'disabled']),
  state: z.enum(['up', 'down']),
});
const services = z.object({ services: z.array(service) });

/** "List Hypervisors Details", response, up to 2.87. */
const hypervisor = z.object({
  id: z.union([z.string(), z.number()]).transform(String),
  hypervisor_hostname: z.string(),
  service: z.object({ host: z.string() }),
});

// Requests.

/** A server, and when Nova changed its record last, by Nova's clock, in whole seconds; 0 where it does not tell. */
export interface Listed {
  readonly server: VimServer;
  readonly updated: number;
}

/** Made page by page, so that no turn of the event loop makes thousands. */
const listed = server.transform((each): Listed => ({ server: toServer(each), updated: instantOf(each.updated) }));

function instantOf(updated = ''): number {
  const instant = Date.parse(updated);
  return Number.isNaN(instant) ? 0 : instant;
}

/** @param since an instant by Nova's clock: what has changed from then on, also what was deleted. Absent: all that there is. */
export function listServers(nova: Service, signal: AbortSignal, since?: string): Promise<Listed[]> {
  const path = `${SERVERS}/detail${since === undefined ? '' : `?changes-since=${encodeURIComponent(since)}`}`;
  return list(nova, { path, limit: SHORT_PAGE, key: 'servers', item: listed, version: READ_SERVERS }, signal);
}

/** @throws VimError not-found. */
export async function showServer(nova: Service, id: string, signal: AbortSignal): Promise<VimServer> {
  const body = await nova.call({ method: 'GET', path: serverPath(id), version: READ_SERVERS }, signal);
  return toServer(decoded("Nova's server", () => shown.parse(body)).server);
}

/** Those with a token that are there, the oldest first. */
export async function findServers(nova: Service, token: string, signal: AbortSignal): Promise<VimServer[]> {
  const found = await list(
    nova,
    { path: taggedPath(tagOf(token)), key: 'servers', item: server, version: READ_SERVERS },
    signal,
  );
  return found
    .map(toServer)
    .filter((each) => each.token === token && each.status !== 'DELETED')
    .sort((one, other) => one.createdAt - other.createdAt);
}

/** Servers with one of the tokens that are there ("List Servers Detailed", `tags-any`, from 2.26 on), with one request. */
export async function serversWithTokens(
  nova: Service,
  tokens: readonly string[],
  signal: AbortSignal,
): Promise<VimServer[]> {
  const path = anyTaggedPath(tokens.map(tagOf));
  const found = await list(nova, { path, key: 'servers', item: server, version: READ_SERVERS }, signal);
  return found.map(toServer);
}

/** What the server starts from, the image on the host's disk or a volume, and volumes that outlive it ("Create Server", block_device_mapping_v2). */
function blockDevices(root: object, volumes: readonly string[]): object[] {
  return [{ ...root, boot_index: 0 }, ...volumes.map((uuid) => ({ ...volumeDevice(uuid), boot_index: -1 }))];
}

const volumeDevice = (uuid: string): object => ({
  uuid,
  source_type: 'volume',
  destination_type: 'volume',
  delete_on_termination: false,
});

const imageDevice = (uuid: string): object => ({
  uuid,
  source_type: 'image',
  destination_type: 'local',
  delete_on_termination: true,
});

/** `imageRef` is empty where the server starts from a volume. */
function disksOf({ image = '', bootVolume, volumes = [] }: CreateServer): object {
  if (bootVolume !== undefined)
    return { imageRef: '', block_device_mapping_v2: blockDevices(volumeDevice(bootVolume), volumes) };
  if (volumes.length === 0) return { imageRef: image };
  return { imageRef: image, block_device_mapping_v2: blockDevices(imageDevice(image), volumes) };
}

/** A request in which flavor, image and networks are ids. @param group id of a server group */
export async function createServer(
  nova: Service,
  request: CreateServer,
  group: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const { token, name, flavor: flavorRef, networks, ports = [], zone, host } = request;
  const interfaces = [...networks.map((uuid) => ({ uuid })), ...ports.map((port) => ({ port }))];
  const body = {
    server: {
      name,
      flavorRef,
      ...disksOf(request),
      // Without networks Nova would make one up or choose one, from 2.37 on it has to be told.
      networks: interfaces.length === 0 ? 'none' : interfaces,
      metadata: { [TOKEN_KEY]: token },
      tags: [tagOf(token)],
      ...(zone === undefined ? {} : { availability_zone: zone }),
      ...(host === undefined ? {} : { host }),
    },
    ...(group === undefined ? {} : { 'os:scheduler_hints': { group } }),
  };
  const answer = await nova.call({ method: 'POST', path: SERVERS, body, version: CREATE_SERVER }, signal);
  return decoded("Nova's new server", () => created.parse(answer)).server.id;
}

/** @throws VimError not-found. */
export async function deleteServer(nova: Service, id: string, signal: AbortSignal): Promise<void> {
  await nova.call({ method: 'DELETE', path: serverPath(id) }, signal);
}

export async function listFlavors(nova: Service, signal: AbortSignal): Promise<VimFlavor[]> {
  const request = { path: '/flavors/detail', key: 'flavors', item: flavor, version: READ_FLAVORS };
  const flavors = await list(nova, request, signal);
  return flavors
    .filter((each) => !each['OS-FLV-DISABLED:disabled'])
    .map(({ id, name, vcpus, ram, disk }) => ({ id, name, vcpus, memoryMb: ram, diskGb: disk }));
}

export async function readLimits(nova: Service, signal: AbortSignal): Promise<VimQuotas> {
  const body = await nova.call({ method: 'GET', path: '/limits' }, signal);
  const { absolute } = decoded("Nova's limits", () => limits.parse(body)).limits;
  return limited({
    instances: absolute.maxTotalInstances,
    cores: absolute.maxTotalCores,
    memoryMb: absolute.maxTotalRAMSize,
  });
}

/** The zones in which servers can be made. */
export async function listZones(nova: Service, signal: AbortSignal): Promise<string[]> {
  const body = await nova.call({ method: 'GET', path: '/os-availability-zone' }, signal);
  return decoded("Nova's availability zones", () => zones.parse(body)).availabilityZoneInfo.map(
    ({ zoneName }) => zoneName,
  );
}

/** One nova-compute. */
export interface ComputeService {
  readonly host: string;
  readonly zone: string;
  readonly state: 'up' | 'down';
  readonly enabled: boolean;
}

/** @throws VimError forbidden for an ordinary tenant. */
export async function listComputeServices(nova: Service, signal: AbortSignal): Promise<ComputeService[]> {
  const path = '/os-services?binary=nova-compute';
  const body = await nova.call({ method: 'GET', path, version: READ_SERVICES }, signal);
  return decoded("Nova's services", () => services.parse(body)).services.map(({ host, zone, state, status }) => ({
    host,
    zone,
    state,
    enabled: status === 'enabled',
  }));
}

export interface Hypervisor {
  /** Placement's resource provider has the same. */
  readonly id: string;
  readonly name: string;
  /** The nova-compute that drives it. */
  readonly service: string;
}

/** @throws VimError forbidden for an ordinary tenant. */
export async function listHypervisors(nova: Service, signal: AbortSignal): Promise<Hypervisor[]> {
  const request = { path: '/os-hypervisors/detail', key: 'hypervisors', item: hypervisor, version: READ_HYPERVISORS };
  const hypervisors = await list(nova, request, signal);
  return hypervisors.map((each) => ({ id: each.id, name: each.hypervisor_hostname, service: each.service.host }));
}

/** Whether a creation was refused because the account may not say on which host the server is to run. */
export function isHostForbidden(error: unknown): boolean {
  return error instanceof VimError && error.kind === 'forbidden' && error.message.includes('requested_destination');
}

/** A refused creation: what is not found then is what the request names, and the request cannot be met as it is. */
export function asCreationError(error: unknown): unknown {
  if (!(error instanceof VimError) || error.kind !== 'not-found') return error;
  return new VimError('refused', error.message, { cause: error });
}
