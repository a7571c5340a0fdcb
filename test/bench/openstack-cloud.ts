/**
 * A cloud on loopback, in a process of its own, that answers each request after a given time as OpenStack's services of the release
 * Zed do: Keystone, Nova, Placement, Glance, Neutron and Cinder, as large as wanted. Jobs come over IPC.
 */
import { serveThin, type ThinRequest } from './thin-http.ts';
import { now } from './statistics.ts';

export type CloudJob =
  | { readonly what: 'serve'; readonly hypervisors: number; readonly servers: number; readonly roundTripMs: number }
  /** Changes so many servers, and the hosts that they are on. */
  | { readonly what: 'change'; readonly servers: number }
  /** What was asked since the last such job, in order. */
  | { readonly what: 'requests' };

/** Times are those of `now`, when the last byte of the request was there and when the answer had been written. */
export interface CloudRequest {
  readonly method: string;
  readonly path: string;
  readonly arrived: number;
  readonly answered: number;
  /** The name of the server that was made. */
  readonly server?: string;
  /** Names of the servers that were told to be ACTIVE, but for those of a list of all. */
  readonly active?: readonly string[];
  /** The tag by which a creation is looked up before, or that it gives. */
  readonly tag?: string;
}

export type CloudResult = { readonly port: number } | { readonly requests: readonly CloudRequest[] };

/** Nova's and Placement's default for the longest page. */
const PAGE = 1_000;
/** Every so-manieth host has no virtual CPU left. */
const FULL = 20;
/** Milliseconds until a server is ACTIVE. */
const BOOT_MS = 300;

interface Host {
  readonly id: string;
  readonly name: string;
  readonly full: boolean;
  generation: number;
}

interface Machine {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly activeFrom: number;
  updated: number;
}

/** What is looked at of a request for a server. */
type Sent = Pick<Machine, 'name' | 'metadata' | 'tags'> & Partial<Pick<Machine, 'host'>>;

class Cloud {
  readonly #hosts: Host[];
  readonly #machines = new Map<string, Machine>();
  /** By tag, of which no two have the same. */
  readonly #byTag = new Map<string, Machine>();
  #made = 0;

  constructor(hypervisors: number, servers: number) {
    this.#hosts = Array.from({ length: hypervisors }, (_, index) => ({
      id: uuid('a', index),
      name: `compute${index}`,
      full: index % FULL === FULL - 1,
      generation: 1,
    }));
    const before = Date.now() - 3_600_000;
    // One was changed each minute.
    for (let index = 0; index < servers; index += 1) this.#add(`other-${index}`, {}, [], before - index * 60_000);
  }

  change(count: number): void {
    for (const machine of [...this.#machines.values()].slice(0, count)) {
      machine.updated = Date.now();
      const host = this.#hosts.find(({ name }) => name === machine.host);
      if (host !== undefined) host.generation += 1;
    }
  }

  /** The answer to a request, and the name of the server that it is about. */
  answer(method: string, url: URL, body: string, origin: string): Answer {
    const path = url.pathname;
    if (path === '/v3/auth/tokens') return { status: 201, body: tokenFor(origin), token: true };
    if (path.startsWith('/compute/v2.1/servers')) return this.#serveServers(method, url, body);
    const what = path.split('/')[4] ?? '';
    if (path.startsWith('/placement/resource_providers/')) return { status: 200, body: supplyOf(what) };
    const list = this.#list(path);
    return list === undefined ? { status: 404, body: {} } : { status: 200, body: list };
  }

  #list(path: string): object | undefined {
    switch (path) {
      case '/compute/':
      case '/compute/v2.1/':
        return { version: { status: 'CURRENT', version: '2.93', min_version: '2.1' } };
      case '/placement/':
        return { versions: [{ status: 'CURRENT', max_version: '1.39', min_version: '1.0' }] };
      case '/compute/v2.1/os-services':
        return {
          services: this.#hosts.map(({ name }) => ({
            ...{ binary: 'nova-compute', host: name, zone: 'nova', status: 'enabled', state: 'up' },
          })),
        };
      case '/compute/v2.1/os-hypervisors/detail':
        return {
          hypervisors: this.#hosts.map(({ id, name }) => ({ id, hypervisor_hostname: name, service: { host: name } })),
        };
      case '/compute/v2.1/os-aggregates': {
        const hosts = this.#hosts.map(({ name }) => name);
        return { aggregates: [{ id: 1, name: 'all', availability_zone: null, hosts, metadata: {} }] };
      }
      case '/placement/resource_providers':
        return {
          resource_providers: this.#hosts.map(({ id, name, generation }) => ({ uuid: id, name, generation })),
        };
      case '/placement/allocation_candidates':
        return this.#candidates();
      default:
        return SMALL_LISTS[path];
    }
  }

  #candidates(): object {
    const free = this.#hosts.filter(({ full }) => !full);
    return {
      allocation_requests: free.map(({ id }) => ({ allocations: { [id]: { resources: { VCPU: 1 } } }, mappings: {} })),
      provider_summaries: Object.fromEntries(free.map(({ id }) => [id, { resources: RESOURCES, traits: TRAITS }])),
    };
  }

  #serveServers(method: string, url: URL, body: string): Answer {
    const id = url.pathname.split('/')[4] ?? '';
    if (method === 'POST') {
      // The adapter under test sends these.
      const { server } = JSON.parse(body) as { server: Sent };
      const machine = this.#add(server.name, server.metadata, server.tags, Date.now(), server.host);
      const [tag = ''] = machine.tags;
      return { status: 202, body: { server: { id: machine.id } }, server: machine.name, tag };
    }
    if (id === 'detail') return this.#page(url);
    const machine = this.#machines.get(id);
    if (machine === undefined) return { status: 404, body: { itemNotFound: { code: 404, message: 'gone' } } };
    if (method === 'DELETE') {
      this.#machines.delete(id);
      for (const tag of machine.tags) this.#byTag.delete(tag);
      return { status: 204, body: undefined };
    }
    const server = shown(machine);
    return { status: 200, body: { server }, active: activeOf([server]) };
  }

  #page(url: URL): Answer {
    const tag = url.searchParams.get('tags');
    const any = url.searchParams.get('tags-any');
    if (any !== null) return this.#tagged(any.split(','));
    const since = Date.parse(url.searchParams.get('changes-since') ?? '1970-01-01T00:00:00Z');
    const fitting = [...this.#machines.values()].filter(
      ({ tags, updated }) => (tag === null || tags.includes(tag)) && updated >= since,
    );
    const after = fitting.findIndex(({ id }) => id === url.searchParams.get('marker')) + 1;
    const limit = Math.min(PAGE, Number(url.searchParams.get('limit') ?? PAGE));
    const page = fitting.slice(after, after + limit);
    const last = page.at(-1);
    const more = last !== undefined && after + limit < fitting.length;
    const query = new URLSearchParams(url.searchParams);
    if (more) query.set('marker', last.id);
    const links = more
      ? { servers_links: [{ rel: 'next', href: `http://inside/servers/detail?${query.toString()}` }] }
      : {};
    return { status: 200, body: { servers: page.map(shown), ...links }, ...(tag === null ? {} : { tag }) };
  }

  #tagged(tags: readonly string[]): Answer {
    const servers = tags.flatMap((tag) => this.#byTag.get(tag) ?? []).map(shown);
    return { status: 200, body: { servers }, active: activeOf(servers) };
  }

  #add(name: string, metadata: Machine['metadata'], tags: readonly string[], at: number, wanted?: string): Machine {
    const index = this.#made++;
    const host = wanted ?? this.#hosts[index % this.#hosts.length]?.name ?? '';
    const machine = { id: uuid('b', index), name, host, metadata, tags, activeFrom: at + BOOT_MS, updated: at };
    this.#machines.set(machine.id, machine);
    for (const tag of tags) this.#byTag.set(tag, machine);
    return machine;
  }
}

interface Answer {
  readonly status: number;
  readonly body: object | undefined;
  readonly token?: true;
  readonly server?: string;
  readonly active?: readonly string[];
  readonly tag?: string;
}

function uuid(kind: string, index: number): string {
  return `${kind}0000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
}

/** About as much as Nova tells of a server. */
function shown({ id, name, host, metadata, activeFrom, updated }: Machine) {
  const building = Date.now() < activeFrom;
  return {
    id,
    name,
    status: building ? 'BUILD' : 'ACTIVE',
    tenant_id: PROJECT,
    user_id: PROJECT,
    metadata,
    hostId: id.replaceAll('-', ''),
    image: { id: 'image', links: [{ rel: 'bookmark', href: `http://inside/images/image` }] },
    flavor: { id: '1', links: [{ rel: 'bookmark', href: `http://inside/flavors/1` }] },
    created: instant(activeFrom - BOOT_MS),
    updated: instant(Math.max(updated, building ? 0 : activeFrom)),
    addresses: { private: [{ version: 4, addr: '10.0.0.5', 'OS-EXT-IPS:type': 'fixed' }] },
    accessIPv4: '',
    accessIPv6: '',
    links: [{ rel: 'self', href: `http://inside/servers/${id}` }],
    'OS-DCF:diskConfig': 'MANUAL',
    'OS-EXT-AZ:availability_zone': 'nova',
    'OS-EXT-SRV-ATTR:host': host,
    'OS-EXT-SRV-ATTR:hypervisor_hostname': host,
    'OS-EXT-SRV-ATTR:instance_name': name,
    'OS-EXT-STS:power_state': 1,
    'OS-EXT-STS:task_state': building ? 'spawning' : null,
    'OS-EXT-STS:vm_state': building ? 'building' : 'active',
    security_groups: [{ name: 'default' }],
    progress: 0,
  };
}

function activeOf(servers: readonly { readonly name: string; readonly status: string }[]): string[] {
  return servers.flatMap(({ name, status }) => (status === 'ACTIVE' ? [name] : []));
}

function instant(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

const PROJECT = '0123456789abcdef0123456789abcdef';
const TRAITS = Array.from({ length: 40 }, (_, index) => `HW_CPU_X86_FEATURE_${index}`);
const RESOURCES = {
  VCPU: { capacity: 1_024, used: 10 },
  MEMORY_MB: { capacity: 1_048_576, used: 10_240 },
  DISK_GB: { capacity: 10_000, used: 100 },
};
const UNLIMITED = -1;
const SMALL_LISTS: Readonly<Record<string, object>> = {
  '/compute/v2.1/os-availability-zone': {
    availabilityZoneInfo: [{ zoneName: 'nova', zoneState: { available: true }, hosts: null }],
  },
  '/compute/v2.1/flavors/detail': { flavors: [{ id: '1', name: 'm1.tiny', vcpus: 1, ram: 512, disk: 1 }] },
  '/compute/v2.1/limits': {
    limits: {
      absolute: { maxTotalInstances: UNLIMITED, maxTotalCores: UNLIMITED, maxTotalRAMSize: UNLIMITED },
    },
  },
  '/image/v2/images': { images: [{ id: 'image', name: 'cirros', min_ram: 0, min_disk: 0 }] },
  '/network/v2.0/networks': { networks: [{ id: 'network', name: 'private', shared: true, 'router:external': false }] },
  [`/network/v2.0/quotas/${PROJECT}`]: { quota: { network: UNLIMITED, port: UNLIMITED, subnet: UNLIMITED } },
  '/network/v2.0/subnets': { subnets: [] },
  '/network/v2.0/ports': { ports: [] },
  '/network/v2.0/floatingips': { floatingips: [] },
  '/network/v2.0/routers': { routers: [] },
  '/volume/': { versions: [{ status: 'CURRENT', version: '3.70', min_version: '3.0' }] },
  '/volume/volumes/detail': { volumes: [] },
  '/volume/types': { volume_types: [{ id: 'type', name: '__DEFAULT__', is_public: true, extra_specs: {} }] },
  '/volume/scheduler-stats/get_pools': {
    pools: [{ name: 'storage@ceph#ceph', capabilities: { total_capacity_gb: 10_000, free_capacity_gb: 9_000 } }],
  },
  '/volume/limits': {
    limits: {
      absolute: {
        maxTotalVolumes: UNLIMITED,
        maxTotalSnapshots: UNLIMITED,
        maxTotalVolumeGigabytes: UNLIMITED,
      },
    },
  },
};

/** What Placement tells of a host when it is asked about it alone. */
function supplyOf(what: string): object {
  switch (what) {
    case 'inventories':
      return {
        inventories: Object.fromEntries(
          Object.entries(RESOURCES).map(([name, { capacity }]) => [
            name,
            { total: capacity, reserved: 0, allocation_ratio: 1 },
          ]),
        ),
      };
    case 'usages':
      return { usages: Object.fromEntries(Object.entries(RESOURCES).map(([name, { capacity }]) => [name, capacity])) };
    default:
      return { traits: TRAITS };
  }
}

function tokenFor(origin: string): object {
  const catalog = [
    ['compute', '/compute/v2.1'],
    ['placement', '/placement'],
    ['image', '/image'],
    ['network', '/network'],
    ['block-storage', '/volume'],
  ].map(([type, path]) => ({
    type,
    endpoints: [{ interface: 'public', region_id: 'RegionOne', url: `${origin}${path ?? ''}` }],
  }));
  return {
    token: { expires_at: '2100-01-01T00:00:00Z', project: { id: PROJECT, name: 'bench' }, catalog },
  };
}

const requests: CloudRequest[] = [];
let cloud: Cloud | undefined;

async function serve(job: CloudJob & { readonly what: 'serve' }): Promise<CloudResult> {
  const { hypervisors, servers, roundTripMs } = job;
  const made = new Cloud(hypervisors, servers);
  cloud = made;
  return { port: await serveThin((request) => exchange(made, request, roundTripMs)) };
}

async function exchange(
  made: Cloud,
  { method, target, host, body, arrived, send }: ThinRequest,
  roundTripMs: number,
): Promise<void> {
  const origin = `http://${host}`;
  const url = new URL(target, origin);
  await new Promise((resolve) => setTimeout(resolve, roundTripMs));
  const answer = made.answer(method, url, body, origin);
  send({
    status: answer.status,
    headers: {
      'content-type': 'application/json',
      ...(answer.token === undefined ? {} : { 'x-subject-token': 'token' }),
    },
    body: answer.body === undefined ? '' : JSON.stringify(answer.body),
  });
  requests.push({
    method,
    path: target,
    arrived,
    answered: now(),
    ...(answer.server === undefined ? {} : { server: answer.server }),
    ...(answer.active === undefined ? {} : { active: answer.active }),
    ...(answer.tag === undefined ? {} : { tag: answer.tag }),
  });
}

function carryOut(job: CloudJob): CloudResult | Promise<CloudResult> {
  switch (job.what) {
    case 'serve':
      return serve(job);
    case 'change':
      cloud?.change(job.servers);
      return { requests: [] };
    case 'requests':
      return { requests: requests.splice(0) };
  }
}

if (process.send !== undefined && process.argv[1]?.endsWith('openstack-cloud.ts') === true) {
  process.on('message', (job) => {
    // Only the benchmark sends messages.
    Promise.resolve(carryOut(job as CloudJob)).then(
      (result) => process.send?.({ result }),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
  process.once('disconnect', () => process.exit());
  process.send({ ready: true });
}
