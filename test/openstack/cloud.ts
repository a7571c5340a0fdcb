/** What tests do with the cloud from outside. */
import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { OpenStackClient } from './control-plane/client.ts';
import { url } from './control-plane/layout.ts';

const run = promisify(execFile);

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

/** The servers of a tenant, as Nova tells them. One that is deleted is listed with that status for a moment; it is left out. */
export async function serversOf(user: string): Promise<Server[]> {
  const client = await OpenStackClient.login(user);
  const { servers } = await client.ask('compute', 'GET', '/servers/detail', z.object({ servers: z.array(server) }));
  return servers.filter(({ status }) => status !== 'DELETED');
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

const found = z.object({
  id: z.string(),
  description: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).optional(),
});

/** The volumes, networks, ports and floating IPs in a tenant that carry a token of Promise, each as `kind id`. */
export async function resourcesOf(user: string): Promise<string[]> {
  const client = await OpenStackClient.login(user);
  const listed = async (service: 'volume' | 'network', path: string, key: string): Promise<z.infer<typeof found>[]> => {
    const all = await client.ask(service, 'GET', path, z.record(z.string(), z.array(found)));
    return (all[key] ?? []).filter(
      ({ description, metadata }) =>
        metadata?.['promise_token'] !== undefined || description?.startsWith('promise_token=') === true,
    );
  };
  const volumes = await listed('volume', '/volumes/detail', 'volumes');
  const [networks, ports, routers, addresses] = await Promise.all(
    ['networks', 'ports', 'routers', 'floatingips'].map((key) => listed('network', `/${key}`, key)),
  );
  return [
    ...volumes.map(({ id }) => `volume ${id}`),
    ...(networks ?? []).map(({ id }) => `network ${id}`),
    ...(ports ?? []).map(({ id }) => `port ${id}`),
    ...(routers ?? []).map(({ id }) => `router ${id}`),
    ...(addresses ?? []).map(({ id }) => `floating-ip ${id}`),
  ];
}

/** Deletes what carries a token of Promise in a tenant, to the end; servers go first (`removeServers`). */
export async function removeResources(user: string): Promise<void> {
  const client = await OpenStackClient.login(user);
  const paths: Readonly<Record<string, string>> = {
    network: '/networks',
    port: '/ports',
    router: '/routers',
    'floating-ip': '/floatingips',
  };
  await until(async () => {
    const left = await resourcesOf(user);
    for (const each of left.toReversed()) {
      const [kind = '', id = ''] = each.split(' ');
      if (kind === 'router') await clearRouter(client, id);
      if (kind === 'volume') await client.request('volume', 'DELETE', `/volumes/${id}`);
      else await client.request('network', 'DELETE', `${paths[kind] ?? ''}/${id}`);
    }
    return left.length === 0;
  });
}

async function clearRouter(client: OpenStackClient, router: string): Promise<void> {
  const form = z.object({ ports: z.array(z.object({ id: z.string() })) });
  const { ports } = await client.ask('network', 'GET', `/ports?device_id=${router}`, form);
  for (const { id } of ports)
    await client.request('network', 'PUT', `/routers/${router}/remove_router_interface`, { port_id: id });
}

/** The network from which public addresses come; the cloud's administrator makes it. @returns its id */
export async function externalNetwork(): Promise<string> {
  const admin = await OpenStackClient.login('admin');
  const one = z.object({ id: z.string() });
  const name = 'public';
  const { networks } = await admin.ask(
    'network',
    'GET',
    `/networks?name=${name}`,
    z.object({ networks: z.array(one) }),
  );
  const [existing] = networks;
  if (existing !== undefined) return existing.id;
  const wanted = { network: { name, 'router:external': true } };
  const { network } = await admin.ask('network', 'POST', '/networks', z.object({ network: one }), wanted);
  const subnet = { network_id: network.id, ip_version: 4, cidr: '203.0.113.0/24', enable_dhcp: false };
  await admin.ask('network', 'POST', '/subnets', z.unknown(), { subnet });
  return network.id;
}

/** What OpenStack's own client answers to a command, for a user of the tenant of the same name. */
export async function openstackClient(user: string, ...command: readonly string[]): Promise<unknown> {
  const env = {
    PATH: '/usr/bin:/bin',
    OS_AUTH_URL: `${url('keystone')}/v3`,
    OS_USERNAME: user,
    OS_PASSWORD: user,
    OS_PROJECT_NAME: user,
    OS_USER_DOMAIN_ID: 'default',
    OS_PROJECT_DOMAIN_ID: 'default',
    OS_IDENTITY_API_VERSION: '3',
  };
  const { stdout } = await run('/usr/bin/python3', ['/usr/bin/openstack', ...command, '-f', 'json'], { env });
  return JSON.parse(stdout);
}
