/**
 * Ports and volumes of servers that are there. Nova attaches and detaches; how it stands is asked of who has the port or volume: Nova
 * lists an attachment from the request on.
 *
 * Field sources: Compute API reference, sections "Port interfaces (servers, os-interface)" and "Servers with volume attachments
 * (servers, os-volume_attachments)"; Networking API v2.0, "Show port details"; Block Storage API v3, "Show a volume's details".
 */
import { z } from 'zod';
import { VimError } from '../vim.ts';
import type { VimAttachable, VimAttachmentState } from '../vim.ts';
import { CHANGING } from './cinder.ts';
import { decoded } from './session.ts';
import type { Service } from './session.ts';

const port = z.object({ port: z.object({ device_id: z.string().nullish() }) });
const volume = z.object({
  volume: z.object({
    status: z.string(),
    attachments: z.array(z.object({ server_id: z.string().nullish() })).default([]),
  }),
});

const collectionPath = (server: string, kind: VimAttachable['kind']): string =>
  `/servers/${encodeURIComponent(server)}/${kind === 'port' ? 'os-interface' : 'os-volume_attachments'}`;

/** @throws VimError. */
export async function attach(
  nova: Service,
  server: string,
  { kind, id }: VimAttachable,
  signal: AbortSignal,
): Promise<void> {
  const body = kind === 'port' ? { interfaceAttachment: { port_id: id } } : { volumeAttachment: { volumeId: id } };
  await nova.call({ method: 'POST', path: collectionPath(server, kind), body }, signal);
}

/** @throws VimError not-found when a volume is not attached; of a port Nova finds that out later. */
export async function detach(
  nova: Service,
  server: string,
  { kind, id }: VimAttachable,
  signal: AbortSignal,
): Promise<void> {
  await nova.call({ method: 'DELETE', path: `${collectionPath(server, kind)}/${encodeURIComponent(id)}` }, signal);
}

/** @throws VimError. */
export function portState(
  neutron: Service,
  server: string,
  id: string,
  signal: AbortSignal,
): Promise<VimAttachmentState> {
  return unlessGone(async () => {
    const body = await neutron.call({ method: 'GET', path: `/ports/${encodeURIComponent(id)}` }, signal);
    const { device_id: device } = decoded("Neutron's port", () => port.parse(body)).port;
    return device === server ? 'attached' : 'detached';
  });
}

/** @throws VimError. */
export function volumeState(
  cinder: Service,
  server: string,
  id: string,
  signal: AbortSignal,
): Promise<VimAttachmentState> {
  return unlessGone(async () => {
    const body = await cinder.call({ method: 'GET', path: `/volumes/${encodeURIComponent(id)}` }, signal);
    const { status, attachments } = decoded("Cinder's volume", () => volume.parse(body)).volume;
    if (CHANGING.has(status)) return 'changing';
    return attachments.some((each) => each.server_id === server) ? 'attached' : 'detached';
  });
}

async function unlessGone(read: () => Promise<VimAttachmentState>): Promise<VimAttachmentState> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof VimError && error.kind === 'not-found') return 'detached';
    throw error;
  }
}
