/** What tests do with the cloud from outside. */
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { OpenStackClient } from './control-plane/client.ts';

/** How long something that has to come may take, on a machine that has other things to do. */
const PATIENCE_MS = 150_000;

/** Waits until something holds. @throws Error when it never does. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    if (await condition()) return;
    await wait(200);
  }
  throw new Error(`it did not come to hold within ${PATIENCE_MS / 1_000} s`);
}

const server = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  metadata: z.record(z.string(), z.string()),
  'OS-EXT-STS:task_state': z.string().nullable(),
  'OS-EXT-SRV-ATTR:host': z.string().nullish(),
});
export type Server = z.infer<typeof server>;

/** The servers of a tenant, as Nova tells them. */
export async function serversOf(user: string): Promise<Server[]> {
  const client = await OpenStackClient.login(user);
  return (await client.ask('compute', 'GET', '/servers/detail', z.object({ servers: z.array(server) }))).servers;
}

/** Deletes the servers of a tenant, to the end. */
export async function removeServers(user: string): Promise<void> {
  const client = await OpenStackClient.login(user);
  await until(async () => {
    const servers = await serversOf(user);
    for (const { id } of servers) await client.request('compute', 'DELETE', `/servers/${id}`);
    return servers.length === 0;
  });
}
