/**
 * Neutron: the network service. Field sources: Networking API v2.0 reference (docs.openstack.org/api-ref/network/v2).
 */
import { z } from 'zod';
import type { VimNetwork, VimQuotas } from '../vim.ts';
import { list } from './paging.ts';
import { limited } from './quotas.ts';
import { decoded } from './session.ts';
import type { Service } from './session.ts';

// URLs.

const quotaPath = (project: string): string => `/quotas/${encodeURIComponent(project)}`;

// Decoding.

/** "List networks", response; `router:external` is of the extension external-net. */
const network = z.object({
  id: z.string(),
  name: z.string(),
  shared: z.boolean().default(false),
  'router:external': z.boolean().default(false),
  project_id: z.string().optional(),
  tenant_id: z.string().optional(),
});

/** "List quotas for a project", response. */
const quotas = z.object({
  quota: z.object({
    network: z.number(),
    port: z.number(),
    subnet: z.number(),
    // Of the extension router, which a cloud may lack.
    router: z.number().default(-1),
    floatingip: z.number().default(-1),
  }),
});

// Requests.

/** The networks that servers of the project may be attached to: an administrator sees others' too. */
export async function listNetworks(neutron: Service, project: string, signal: AbortSignal): Promise<VimNetwork[]> {
  const networks = await list(neutron, { path: '/networks', key: 'networks', item: network }, signal);
  return networks
    .filter((each) => each.shared || each['router:external'] || (each.project_id ?? each.tenant_id) === project)
    .map((each) => ({ id: each.id, name: each.name, external: each['router:external'] }));
}

export async function readNetworkQuotas(neutron: Service, project: string, signal: AbortSignal): Promise<VimQuotas> {
  const body = await neutron.call({ method: 'GET', path: quotaPath(project) }, signal);
  const { quota } = decoded("Neutron's quotas", () => quotas.parse(body));
  return limited({
    networks: quota.network,
    ports: quota.port,
    subnets: quota.subnet,
    routers: quota.router,
    addresses: quota.floatingip,
  });
}
