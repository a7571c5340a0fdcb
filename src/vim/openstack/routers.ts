/**
 * Routers of Neutron, with their interfaces on subnets. Field sources: Networking API v2.0 reference, section "Routers (routers)", of the
 * extension router, and "List ports".
 */
import { z } from 'zod';
import type { VimRouterElement } from '../information.ts';
import { VimError } from '../vim.ts';
import type { CreateResource, VimResource } from '../vim.ts';
import { bareRouters, described, elementsPath, gatewayOf, mistaken, subnetsOf, tokenIn } from './neutron.ts';
import { list } from './paging.ts';
import type { ResourceApi } from './resources.ts';
import type { Service } from './session.ts';

/** A port by which a router has a subnet; its gateway to an external network has another owner. */
const routerPort = z.object({
  id: z.string(),
  network_id: z.string(),
  device_owner: z.string().default(''),
  fixed_ips: z.array(z.object({ subnet_id: z.string() })).default([]),
});
type RouterPort = z.infer<typeof routerPort>;

/** "List routers", response, as far as it is asked for. */
const routerElement = z.object({
  ...described,
  admin_state_up: z.boolean(),
  status: z.string().nullish(),
  external_gateway_info: z.object({ network_id: z.string() }).nullish(),
});

const GATEWAY = 'network:router_gateway';

const interfacePath = (id: string, what: 'add' | 'remove'): string =>
  `/routers/${encodeURIComponent(id)}/${what}_router_interface`;

/** Routers with their interfaces, which go with them. */
export const routers: ResourceApi = {
  ...bareRouters,
  complete: addInterfaces,

  async describe(neutron, id, signal) {
    const [gateway, interfaces] = await Promise.all([
      gatewayOf(neutron, id, signal),
      interfacesOf(neutron, id, signal),
    ]);
    const networks = [...new Set(interfaces.map(({ network_id: network }) => network))];
    return { kind: 'router', ...(gateway === undefined ? {} : { gateway }), networks };
  },

  /** Interfaces first: a router that has some is not deleted. What is used of them is a conflict, and what went stays away. */
  async remove(neutron, id, signal) {
    for (const each of await interfacesOf(neutron, id, signal)) {
      const body = { port_id: each.id };
      await neutron.call({ method: 'PUT', path: interfacePath(id, 'remove'), body }, signal).catch(ignoreGone);
    }
    await bareRouters.remove(neutron, id, signal);
  },
};

/** Joins a router to the subnets that it lacks. Where one is refused, the router goes: half of what was asked for is nothing. */
async function addInterfaces(
  neutron: Service,
  { id }: VimResource,
  { spec }: CreateResource,
  signal: AbortSignal,
): Promise<void> {
  if (spec.kind !== 'router') throw mistaken(spec.kind);
  if (spec.networks.length === 0) return;
  const has = new Set(
    (await interfacesOf(neutron, id, signal)).flatMap((each) => each.fixed_ips.map((ip) => ip.subnet_id)),
  );
  try {
    for (const network of spec.networks) {
      for (const { id: subnet } of await subnetsOf(neutron, network, signal)) {
        if (has.has(subnet)) continue;
        // It is not repeated by itself: what was done in vain is found among the interfaces.
        const body = { subnet_id: subnet };
        await neutron.call({ method: 'PUT', path: interfacePath(id, 'add'), body, repeatable: false }, signal);
      }
    }
  } catch (error) {
    if (error instanceof VimError && !error.outcomeUnknown && error.kind !== 'unreachable')
      await routers.remove(neutron, id, signal).catch(() => undefined);
    throw error;
  }
}

async function interfacesOf(neutron: Service, id: string, signal: AbortSignal): Promise<RouterPort[]> {
  const request = { path: `/ports?device_id=${encodeURIComponent(id)}`, key: 'ports', item: routerPort };
  const found = await list(neutron, request, signal);
  return found.filter((each) => each.device_owner !== GATEWAY);
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof VimError) || error.kind !== 'not-found') throw error;
}

/** The routers of the project, whoever made them. @throws VimError not-found where the cloud has no routers. */
export async function listRouters(neutron: Service, project: string, signal: AbortSignal): Promise<VimRouterElement[]> {
  const path = elementsPath('routers', Object.keys(routerElement.shape), project);
  const found = await list(neutron, { path, key: 'routers', item: routerElement }, signal);
  return found.map(({ id, name, description, admin_state_up: enabled, status, external_gateway_info: gateway }) => ({
    id,
    name: name ?? '',
    enabled,
    ...(status ? { status } : {}),
    ...(gateway ? { gateway: gateway.network_id } : {}),
    ...tokenIn(description),
  }));
}
