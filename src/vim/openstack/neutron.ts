/**
 * Neutron: the network service. Field sources: Networking API v2.0 reference (docs.openstack.org/api-ref/network/v2).
 */
import { z } from 'zod';
import { VimError } from '../vim.ts';
import type {
  CreateResource,
  VimAttachment,
  VimElement,
  VimNetwork,
  VimQuotas,
  VimResource,
  VimResourceKind,
  VimVirtualNetwork,
} from '../vim.ts';
import { SHORT_PAGE, list } from './paging.ts';
import { limited } from './quotas.ts';
import type { ResourceApi } from './resources.ts';
import { decoded } from './session.ts';
import type { Service } from './session.ts';

/**
 * Our token is in the description: unlike tags it is there from the creation on, and lists can be filtered by it
 * (extension standard-attr-description).
 */
const TOKEN = 'promise_token=';

// URLs.

const quotaPath = (project: string): string => `/quotas/${encodeURIComponent(project)}`;

interface Collection {
  readonly kind: VimResourceKind;
  /** The member that holds one, and the one that holds a list. */
  readonly one: 'network' | 'port' | 'floatingip' | 'router';
  readonly many: 'networks' | 'ports' | 'floatingips' | 'routers';
}

const NETWORK: Collection = { kind: 'network', one: 'network', many: 'networks' };
const PORT: Collection = { kind: 'port', one: 'port', many: 'ports' };
const FLOATING_IP: Collection = { kind: 'floating-ip', one: 'floatingip', many: 'floatingips' };

const ROUTER: Collection = { kind: 'router', one: 'router', many: 'routers' };

const onePath = ({ many }: Collection, id: string): string => `/${many}/${encodeURIComponent(id)}`;
const listPath = (
  { many }: Collection,
  { project, token }: { readonly project: string; readonly token?: string },
): string => {
  const filter = new URLSearchParams({ project_id: project });
  if (token !== undefined) filter.set('description', `${TOKEN}${token}`);
  return `/${many}?${filter.toString()}`;
};

// Decoding.

/** "List networks", response; `router:external` is of the extension external-net. */
const network = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullish(),
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

/** What all that is made carries; a token is in the description. */
export const described = {
  id: z.string(),
  name: z.string().nullish(),
  description: z.string().nullish(),
};

/** "Show network details", "Show port details", "Show floating IP details", responses: what they have in common, and the addresses. */
const resource = z.object({
  ...described,
  status: z.string().nullish(),
  fixed_ips: z.array(z.object({ ip_address: z.string() })).optional(),
  floating_ip_address: z.string().optional(),
});

/** "List subnets", response. */
const subnet = z.object({ id: z.string(), cidr: z.string(), gateway_ip: z.string().nullish() });

/** The same, with what discovery tells of a subnet. */
const subnetElement = z.object({ ...subnet.shape, name: z.string().nullish(), network_id: z.string() });

/** "List ports", response, as far as it is asked for. */
const portElement = z.object({
  ...described,
  network_id: z.string(),
  device_owner: z.string().nullish(),
  device_id: z.string().nullish(),
  fixed_ips: z.array(z.object({ ip_address: z.string() })).default([]),
});

/** "List floating IPs", response, as far as it is asked for. */
const floatingIpElement = z.object({
  id: z.string(),
  description: z.string().nullish(),
  floating_network_id: z.string(),
  floating_ip_address: z.string(),
});

/** What ports, routers and floating IPs were made as, as far as it is not in `resource`. */
const portMade = z.object({ port: z.object({ network_id: z.string() }) });
const routerMade = z.object({
  router: z.object({ external_gateway_info: z.object({ network_id: z.string() }).nullish() }),
});
const floatingIpMade = z.object({
  floatingip: z.object({ floating_network_id: z.string(), port_id: z.string().nullish() }),
});

/** DOWN is what nothing uses; it is there all the same. */
const STATUSES: Readonly<Record<string, VimResource['status']>> = { BUILD: 'BUILD', ERROR: 'ERROR' };

/** The token that a description holds. */
export function tokenIn(description: string | null | undefined): { readonly token?: string } {
  return description?.startsWith(TOKEN) === true ? { token: description.slice(TOKEN.length) } : {};
}

function toResource(kind: VimResourceKind, found: z.infer<typeof resource>): VimResource {
  const { id, name, description, status, fixed_ips: fixed, floating_ip_address: floating } = found;
  const address = floating ?? fixed?.[0]?.ip_address;
  return {
    id,
    kind,
    name: name ?? '',
    ...tokenIn(description),
    status: STATUSES[status ?? ''] ?? 'ACTIVE',
    deleting: false,
    ...(address === undefined ? {} : { address }),
  };
}

function decodeOne({ kind, one }: Collection, body: unknown): VimResource {
  const answer = decoded(`Neutron's ${one}`, () => z.object({ [one]: resource }).parse(body));
  // The schema has just seen to it that the member is there.
  return toResource(kind, resource.parse(answer[one]));
}

// Requests.

/** What is the same for all resources of Neutron. */
function apiOf(
  collection: Collection,
  bodyOf: (request: CreateResource) => object,
): Omit<ResourceApi, 'complete' | 'describe'> {
  return {
    service: 'network',

    async create(neutron, request, signal) {
      const body = { [collection.one]: { ...bodyOf(request), description: `${TOKEN}${request.token}` } };
      return decodeOne(collection, await neutron.call({ method: 'POST', path: `/${collection.many}`, body }, signal));
    },

    async show(neutron, id, signal) {
      return decodeOne(collection, await neutron.call({ method: 'GET', path: onePath(collection, id) }, signal));
    },

    async list(neutron, filter, signal) {
      const request = { path: listPath(collection, filter), key: collection.many, item: resource };
      return (await list(neutron, request, signal)).map((each) => toResource(collection.kind, each));
    },

    async remove(neutron, id, signal) {
      await neutron.call({ method: 'DELETE', path: onePath(collection, id) }, signal);
    },
  };
}

/** Networks with their subnets, which go with them. */
export const networks: ResourceApi = {
  ...apiOf(NETWORK, ({ name }) => ({ name })),
  complete: makeSubnets,
  describe: describeNetwork,
};

export const ports: ResourceApi = {
  ...apiOf(PORT, ({ name, spec }) => {
    if (spec.kind !== 'port') throw mistaken(spec.kind);
    const fixed = spec.address === undefined ? {} : { fixed_ips: [{ ip_address: spec.address }] };
    return { name, network_id: spec.network, ...fixed };
  }),

  async describe(neutron, id, signal) {
    const { port } = await readMade(neutron, PORT, portMade, id, signal);
    return { kind: 'port', network: port.network_id };
  },
};

export const floatingIps: ResourceApi = {
  ...apiOf(FLOATING_IP, ({ spec }) => {
    if (spec.kind !== 'floating-ip') throw mistaken(spec.kind);
    return {
      floating_network_id: spec.network,
      ...(spec.address === undefined ? {} : { floating_ip_address: spec.address }),
      ...(spec.port === undefined ? {} : { port_id: spec.port }),
    };
  }),

  async describe(neutron, id, signal) {
    const { floatingip } = await readMade(neutron, FLOATING_IP, floatingIpMade, id, signal);
    const { floating_network_id: network, port_id: port } = floatingip;
    return { kind: 'floating-ip', network, ...(port == null ? {} : { port }) };
  },
};

/** Routers without what joins them to subnets. */
export const bareRouters = apiOf(ROUTER, ({ name, spec }) => {
  if (spec.kind !== 'router') throw mistaken(spec.kind);
  return { name, ...(spec.gateway === undefined ? {} : { external_gateway_info: { network_id: spec.gateway } }) };
});

/** The external network to which a router leads. @throws VimError not-found. */
export async function gatewayOf(neutron: Service, id: string, signal: AbortSignal): Promise<string | undefined> {
  const { router } = await readMade(neutron, ROUTER, routerMade, id, signal);
  return router.external_gateway_info?.network_id;
}

async function readMade<Made>(
  neutron: Service,
  collection: Collection,
  form: z.ZodType<Made>,
  id: string,
  signal: AbortSignal,
): Promise<Made> {
  const body = await neutron.call({ method: 'GET', path: onePath(collection, id) }, signal);
  return decoded(`Neutron's ${collection.one}`, () => form.parse(body));
}

/** A network's subnets. @throws VimError. */
export function subnetsOf(
  neutron: Service,
  networkId: string,
  signal: AbortSignal,
): Promise<readonly z.infer<typeof subnet>[]> {
  const path = `/subnets?network_id=${encodeURIComponent(networkId)}`;
  return list(neutron, { path, key: 'subnets', item: subnet }, signal);
}

/** A network that is gone has no subnets either: it is asked for itself. */
async function describeNetwork(neutron: Service, id: string, signal: AbortSignal): Promise<VimVirtualNetwork> {
  const [subnets] = await Promise.all([subnetsOf(neutron, id, signal), networks.show(neutron, id, signal)]);
  return {
    kind: 'network',
    subnets: subnets.map(({ cidr, gateway_ip: gateway }) => ({ cidr, ...(gateway == null ? {} : { gateway }) })),
  };
}

export function mistaken(kind: VimResourceKind): VimError {
  return new VimError('refused', `A ${kind} was asked for in the wrong place.`);
}

/** Makes the subnets that a network lacks. Where one is refused, the network goes: half of what was asked for is nothing. */
async function makeSubnets(
  neutron: Service,
  { id }: VimResource,
  { name, spec }: CreateResource,
  signal: AbortSignal,
): Promise<void> {
  if (spec.kind !== 'network') throw mistaken(spec.kind);
  const present = new Set(
    spec.subnets.length === 0 ? [] : (await subnetsOf(neutron, id, signal)).map(({ cidr }) => cidr),
  );
  try {
    for (const { cidr, gateway } of spec.subnets) {
      if (present.has(cidr)) continue;
      const version = cidr.includes(':') ? 6 : 4;
      const address = gateway === undefined ? {} : { gateway_ip: gateway };
      const body = { subnet: { network_id: id, name, ip_version: version, cidr, ...address } };
      await neutron.call({ method: 'POST', path: '/subnets', body }, signal);
    }
  } catch (error) {
    if (error instanceof VimError && !error.outcomeUnknown && error.kind !== 'unreachable')
      await networks.remove(neutron, id, signal).catch(() => undefined);
    throw error;
  }
}

/** The networks that servers of the project may be attached to: an administrator sees others' too. */
export async function listNetworks(neutron: Service, project: string, signal: AbortSignal): Promise<VimNetwork[]> {
  const networks = await list(neutron, { path: '/networks', key: 'networks', item: network }, signal);
  return networks.flatMap((each) => {
    const { id, name, description, shared, 'router:external': external } = each;
    const own = (each.project_id ?? each.tenant_id) === project;
    return own || shared || external ? [{ id, name, external, ...(own ? tokenIn(description) : {}) }] : [];
  });
}

/**
 * The subnets of the networks, and the ports and floating IPs of the project. There may be thousands of ports: of each, only what is
 * used is asked for. Those of routers, DHCP and the like are the cloud's own.
 *
 * @returns also what servers have of the ports
 */
export async function listElements(
  neutron: Service,
  project: string,
  networks: readonly VimNetwork[],
  signal: AbortSignal,
): Promise<{ readonly elements: readonly VimElement[]; readonly attachments: readonly VimAttachment[] }> {
  const ids = new Set(networks.map(({ id }) => id));
  const request = <Item extends z.ZodObject>(many: string, item: Item, own: boolean) => ({
    path: elementsPath(many, Object.keys(item.shape), own ? project : undefined),
    key: many,
    item,
  });
  const [subnets, ports, addresses] = await Promise.all([
    list(neutron, request('subnets', subnetElement, false), signal),
    list(neutron, { ...request('ports', portElement, true), limit: SHORT_PAGE }, signal),
    list(neutron, request('floatingips', floatingIpElement, true), signal),
  ]);
  const elements = [
    ...subnets.filter((each) => ids.has(each.network_id)).map(toSubnet),
    ...ports.filter((each) => each.device_owner?.startsWith('network:') !== true).map(toPort),
    ...addresses.map(toFloatingIp),
  ];
  return { elements, attachments: ports.flatMap(ofServer) };
}

/** A port of a server. Owners of others are not `compute:ZONE`. */
function ofServer({ id, device_id: server, device_owner: owner }: z.infer<typeof portElement>): VimAttachment[] {
  return server && owner?.startsWith('compute:') === true ? [{ kind: 'port', id, server }] : [];
}

/** @param project whose they are; undefined: all that the account sees */
export function elementsPath(many: string, fields: readonly string[], project: string | undefined): string {
  const query = new URLSearchParams(project === undefined ? {} : { project_id: project });
  for (const field of fields) query.append('fields', field);
  return `/${many}?${query.toString()}`;
}

function toSubnet({
  id,
  name,
  network_id: network,
  cidr,
  gateway_ip: gateway,
}: z.infer<typeof subnetElement>): VimElement {
  return { kind: 'subnet', id, name: name ?? '', network, cidr, ...(gateway == null ? {} : { gateway }) };
}

function toPort(found: z.infer<typeof portElement>): VimElement {
  const { id, name, description, network_id: network, fixed_ips: fixed } = found;
  const addresses = fixed.map((each) => each.ip_address);
  return { kind: 'port', id, name: name ?? '', network, addresses, ...tokenIn(description) };
}

function toFloatingIp(found: z.infer<typeof floatingIpElement>): VimElement {
  const { id, description, floating_network_id: network, floating_ip_address: address } = found;
  return { kind: 'floating-ip', id, name: '', network, address, ...tokenIn(description) };
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
