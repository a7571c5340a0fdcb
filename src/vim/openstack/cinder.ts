/** Cinder: the block storage service. Field sources: Block Storage API v3 reference (docs.openstack.org/api-ref/block-storage/v3). */
import { z } from 'zod';
import { VimError } from '../vim.ts';
import type {
  CreateResource,
  VimAttachment,
  VimElement,
  VimQuotas,
  VimResource,
  VimVolume,
  VimVolumeExtension,
} from '../vim.ts';
import { list } from './paging.ts';
import { limited } from './quotas.ts';
import type { ResourceApi } from './resources.ts';
import { decoded } from './session.ts';
import type { Service } from './session.ts';

/** Messages about failures (3.3) are the newest of what is needed, save where another version is named. */
const VERSION = '3.3';
/** From here on volumes are extended that servers have. */
const EXTENDING_IN_USE = '3.42';

/** The member of a volume's metadata that holds our token. */
const TOKEN_KEY = 'promise_token';

// URLs.

const VOLUMES = '/volumes';
const volumePath = (id: string): string => `${VOLUMES}/${encodeURIComponent(id)}`;
const listPath = (token: string | undefined): string =>
  token === undefined
    ? `${VOLUMES}/detail`
    : `${VOLUMES}/detail?metadata=${encodeURIComponent(JSON.stringify({ [TOKEN_KEY]: token }))}`;
const actionPath = (id: string): string => `${volumePath(id)}/action`;
const messagesPath = (id: string): string => `/messages?resource_uuid=${encodeURIComponent(id)}`;

// Decoding.

/** "Show absolute limits for project", response. */
const limits = z.object({
  limits: z.object({
    absolute: z.object({
      maxTotalVolumes: z.number(),
      maxTotalSnapshots: z.number(),
      maxTotalVolumeGigabytes: z.number(),
    }),
  }),
});

/** "List accessible volumes with details", response. */
const volume = z.object({
  id: z.string(),
  name: z.string().nullish(),
  status: z.string(),
  size: z.number(),
  availability_zone: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).default({}),
  bootable: z.string().nullish(),
  attachments: z.array(z.object({ server_id: z.string().nullish(), device: z.string().nullish() })).default([]),
});

/** "Show a volume's details", response: what was asked for when it was made. */
const madeAs = z.object({
  volume: z.object({
    size: z.number(),
    volume_type: z.string().nullish(),
    availability_zone: z.string().nullish(),
    volume_image_metadata: z.object({ image_id: z.string().optional() }).optional(),
  }),
});

/** Statuses of a volume between attached and not. */
export const CHANGING: ReadonlySet<string> = new Set(['reserved', 'attaching', 'detaching']);

/** "List messages", response: what Cinder says to users of a failure. */
const messages = z.object({
  messages: z.array(z.object({ user_message: z.string(), created_at: z.string().default('') })),
});

/** What messages about failed extensions begin with. */
const OF_EXTENDING = /^extend volume/i;

/** Section "Volumes (volumes)", table of statuses; what is not here is on its way between two of them. */
const STATUSES: Readonly<Record<string, VimResource['status']>> = {
  creating: 'BUILD',
  downloading: 'BUILD',
  deleting: 'ACTIVE',
  error: 'ERROR',
  error_deleting: 'ERROR',
  error_managing: 'ERROR',
  error_extending: 'ERROR',
  error_restoring: 'ERROR',
};

function tokenIn({ [TOKEN_KEY]: token }: Readonly<Record<string, string>>): { readonly token?: string } {
  return token === undefined ? {} : { token };
}

function toVolume({ id, name, status, size, metadata }: z.infer<typeof volume>): VimResource {
  return {
    id,
    kind: 'volume',
    name: name ?? '',
    ...tokenIn(metadata),
    status: STATUSES[status] ?? 'ACTIVE',
    deleting: status === 'deleting',
    sizeGb: size,
  };
}

const decodeVolume = (body: unknown): VimResource =>
  toVolume(decoded("Cinder's volume", () => z.object({ volume }).parse(body)).volume);

// Requests.

/** Volumes as resources of their own. */
export const volumes: ResourceApi = {
  service: 'volume',
  create: createVolume,
  show: showVolume,
  describe: describeVolume,

  async list(cinder, { token }, signal) {
    const found = await list(cinder, { path: listPath(token), key: 'volumes', item: volume, version: VERSION }, signal);
    return found.map(toVolume);
  },

  async remove(cinder, id, signal) {
    try {
      await cinder.call({ method: 'DELETE', path: volumePath(id), version: VERSION }, signal);
    } catch (error) {
      // A volume that is in use, or in another state that does not admit it, is a bad request to Cinder.
      if (!(error instanceof VimError) || error.kind !== 'refused') throw error;
      throw new VimError('conflict', error.message, { cause: error });
    }
  },
};

export interface VolumesFound {
  readonly elements: readonly VimElement[];
  readonly attachments: readonly VimAttachment[];
  /** Of servers with volumes, the one that each starts from if it starts from any: by the server's id. */
  readonly bootVolumes: ReadonlyMap<string, string>;
}

/** The volumes of the project that are not on their way out, and what servers have of them. */
export async function listVolumeElements(cinder: Service, signal: AbortSignal): Promise<VolumesFound> {
  const request = { path: listPath(undefined), key: 'volumes', item: volume, version: VERSION };
  const found = (await list(cinder, request, signal)).filter(({ status }) => status !== 'deleting');
  const elements = found.map(({ id, name, size, availability_zone: zone, metadata }): VimElement => {
    return {
      kind: 'volume',
      id,
      name: name ?? '',
      sizeGb: size,
      ...(zone == null ? {} : { zone }),
      ...tokenIn(metadata),
    };
  });
  const settled = found.filter(({ status }) => !CHANGING.has(status));
  return { elements, attachments: settled.flatMap(ofServers), bootVolumes: bootVolumesIn(settled) };
}

/** What a server starts from is bootable, and its device is named before those of other volumes. */
function bootVolumesIn(volumes: readonly z.infer<typeof volume>[]): ReadonlyMap<string, string> {
  const found = new Map<string, { readonly id: string; readonly device: string }>();
  for (const { id, bootable, attachments } of volumes) {
    if (bootable !== 'true') continue;
    for (const { server_id: server, device } of attachments) {
      if (!server || !device) continue;
      const before = found.get(server)?.device;
      if (before === undefined || isNamedBefore(device, before)) found.set(server, { id, device });
    }
  }
  return new Map([...found].map(([server, { id }]) => [server, id]));
}

/** As /dev/vda is before /dev/vdb, and /dev/vdz before /dev/vdaa. */
function isNamedBefore(device: string, other: string): boolean {
  return device.length < other.length || (device.length === other.length && device < other);
}

function ofServers({ id, attachments }: z.infer<typeof volume>): VimAttachment[] {
  return attachments.flatMap(({ server_id: server }) => (server ? [{ kind: 'volume', id, server }] : []));
}

async function createVolume(
  cinder: Service,
  { token, name, spec }: CreateResource,
  signal: AbortSignal,
): Promise<VimResource> {
  if (spec.kind !== 'volume') throw new VimError('refused', `Cinder has no ${spec.kind}.`);
  const body = {
    volume: {
      name,
      size: spec.sizeGb,
      metadata: { [TOKEN_KEY]: token },
      ...(spec.type === undefined ? {} : { volume_type: spec.type }),
      ...(spec.zone === undefined ? {} : { availability_zone: spec.zone }),
      ...(spec.image === undefined ? {} : { imageRef: spec.image }),
    },
  };
  return decodeVolume(await cinder.call({ method: 'POST', path: VOLUMES, body, version: VERSION }, signal));
}

/** With what Cinder says of a failure, as far as it says something. */
async function showVolume(cinder: Service, id: string, signal: AbortSignal): Promise<VimResource> {
  const found = decodeVolume(await cinder.call({ method: 'GET', path: volumePath(id), version: VERSION }, signal));
  if (found.status !== 'ERROR') return found;
  const message = await lastMessage(cinder, id, /^/, signal);
  return message === undefined ? found : withFault(found, message);
}

async function describeVolume(cinder: Service, id: string, signal: AbortSignal): Promise<VimVolume> {
  const body = await cinder.call({ method: 'GET', path: volumePath(id), version: VERSION }, signal);
  const { volume: made } = decoded("Cinder's volume", () => madeAs.parse(body));
  const { size: sizeGb, volume_type: type, availability_zone: zone, volume_image_metadata: copied } = made;
  return {
    kind: 'volume',
    sizeGb,
    ...(type == null ? {} : { type }),
    ...(zone == null ? {} : { zone }),
    ...(copied?.image_id === undefined ? {} : { image: copied.image_id }),
  };
}

/**
 * "Extend a volume size". That its state, or its size, does not admit it is a bad request to Cinder; that the quota does not, 413.
 * @throws VimError.
 */
export async function extendVolume(cinder: Service, id: string, sizeGb: number, signal: AbortSignal): Promise<void> {
  const body = { 'os-extend': { new_size: sizeGb } };
  await cinder.call({ method: 'POST', path: actionPath(id), body, version: EXTENDING_IN_USE }, signal);
}

/** The volume is `extending` from the request to the end. @throws VimError. */
export async function showExtension(
  cinder: Service,
  id: string,
  sizeGb: number,
  signal: AbortSignal,
): Promise<VimVolumeExtension> {
  const body = await cinder.call({ method: 'GET', path: volumePath(id), version: VERSION }, signal);
  const found = decoded("Cinder's volume", () => z.object({ volume }).parse(body)).volume;
  const shown = { volume: toVolume(found), extending: found.status === 'extending' };
  if (shown.extending || found.size >= sizeGb) return shown;
  const failure = await lastMessage(cinder, id, OF_EXTENDING, signal);
  if (failure === undefined) return shown;
  const inError = shown.volume.status === 'ERROR';
  return { ...shown, failure, ...(inError ? { volume: withFault(shown.volume, failure) } : {}) };
}

function withFault(found: VimResource, message: string): VimResource {
  return { ...found, fault: { code: 500, message } };
}

async function lastMessage(
  cinder: Service,
  id: string,
  about: RegExp,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const body = await cinder.call({ method: 'GET', path: messagesPath(id), version: VERSION }, signal);
    const all = decoded("Cinder's messages", () => messages.parse(body)).messages;
    const newestFirst = all.toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1));
    return newestFirst.find(({ user_message: said }) => about.test(said))?.user_message;
  } catch (error) {
    if (error instanceof VimError) return undefined;
    throw error;
  }
}

export async function readVolumeLimits(cinder: Service, signal: AbortSignal): Promise<VimQuotas> {
  const body = await cinder.call({ method: 'GET', path: '/limits' }, signal);
  const { absolute } = decoded("Cinder's limits", () => limits.parse(body)).limits;
  return limited({
    volumes: absolute.maxTotalVolumes,
    snapshots: absolute.maxTotalSnapshots,
    gigabytes: absolute.maxTotalVolumeGigabytes,
  });
}
