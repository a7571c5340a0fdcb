import { member, recorded } from './recorded.ts';
import type { Reply, Seen } from './recorded.ts';

/** What a stand-in keeps of a resource, in the form in which its service answers. */
interface Kept {
  readonly entry: Record<string, unknown>;
  readsToEnd: number | undefined;
  readsToAvailable: number;
  /** Of a volume that is being extended. */
  extension?: { readonly size: unknown; reads: number };
}

interface Collection {
  readonly one: string;
  readonly like: string;
  readonly gone: string;
}

const COLLECTIONS: Readonly<Record<string, Collection>> = {
  volumes: { one: 'volume', like: 'cinder-create', gone: 'cinder-volume-gone' },
  networks: { one: 'network', like: 'neutron-network-create', gone: 'neutron-network-gone' },
  subnets: { one: 'subnet', like: 'neutron-subnet-create', gone: 'neutron-network-gone' },
  ports: { one: 'port', like: 'neutron-port-create', gone: 'neutron-port-gone' },
  routers: { one: 'router', like: 'neutron-router-create', gone: 'neutron-router-gone' },
  floatingips: { one: 'floatingip', like: 'neutron-floatingip-create', gone: 'neutron-floatingip-gone' },
};

/** Volumes, networks, subnets, ports and floating IPs of a stand-in: made like recorded ones, with what was sent. */
export class StandInResources {
  readonly #kept = new Map<string, Map<string, Kept>>();

  /** @returns undefined for what is none of its paths. */
  answer({ method, path, query, body }: Seen): Reply | undefined {
    const [, many = '', id] = /^\/v(?:2\.0|3\/[0-9a-f]{32})\/(\w+)(?:\/([\w-]+))?$/.exec(path) ?? [];
    const joined = /^\/v2\.0\/routers\/([\w-]+)\/(add|remove)_router_interface$/.exec(path);
    if (joined !== null) return this.#join(joined[1] ?? '', joined[2] === 'add', body);
    const extended = /^\/v3\/[0-9a-f]{32}\/volumes\/([\w-]+)\/action$/.exec(path);
    if (extended !== null) return this.#extend(extended[1] ?? '', member(body, 'os-extend.new_size'));
    const collection = COLLECTIONS[many];
    if (collection === undefined) return undefined;
    const kept = this.#kept.get(many) ?? new Map<string, Kept>();
    this.#kept.set(many, kept);
    if (method === 'POST') return this.#create(many, collection, kept, member(body, collection.one));
    if (method === 'GET' && (id === undefined || id === 'detail')) return this.#list(many, kept, query);
    const found = kept.get(id ?? '');
    if (found === undefined) return recorded(collection.gone);
    if (method === 'DELETE') return this.#remove(many, kept, found);
    const entry = this.#read(many, kept, found);
    return entry === undefined ? recorded(collection.gone) : { status: 200, response: { [collection.one]: entry } };
  }

  /** Has a server have a port or volume, or none. @returns what the server had nothing to do with */
  attach(kind: 'port' | 'volume', id: string, server: string | undefined): 'gone' | 'free' | 'used' {
    const entry = this.#kept.get(`${kind}s`)?.get(id)?.entry;
    if (entry === undefined) return 'gone';
    const used = kind === 'port' ? entry['device_id'] !== '' : member(entry, 'attachments.0') !== undefined;
    if (kind === 'port')
      Object.assign(entry, { device_id: server ?? '', device_owner: server === undefined ? '' : 'compute:nova' });
    else entry['attachments'] = server === undefined ? [] : [{ server_id: server }];
    return used ? 'used' : 'free';
  }

  /** A router has a subnet by a port on its network. */
  #join(router: string, add: boolean, body: unknown): Reply {
    const ports = this.#kept.get('ports') ?? new Map<string, Kept>();
    this.#kept.set('ports', ports);
    if (!add) {
      const had = ports.delete(String(member(body, 'port_id')));
      return recorded(had ? 'neutron-router-remove' : 'neutron-router-remove-gone');
    }
    const subnet = String(member(body, 'subnet_id'));
    const network = this.#kept.get('subnets')?.get(subnet)?.entry['network_id'];
    if (network === undefined) return recorded('neutron-router-add-gone');
    const id = `port-of-${router}-${subnet}`;
    const owner = { device_id: router, device_owner: 'network:router_interface' };
    const entry = { id, network_id: network, fixed_ips: [{ subnet_id: subnet, ip_address: '192.0.2.1' }], ...owner };
    ports.set(id, { entry, readsToEnd: undefined, readsToAvailable: 0 });
    return recorded('neutron-router-add');
  }

  #extend(id: string, size: unknown): Reply {
    const found = this.#kept.get('volumes')?.get(id);
    if (found === undefined) return recorded('cinder-extend-gone');
    if (found.readsToAvailable > 0) return recorded('cinder-extend-not-available');
    if (Number(size) <= Number(found.entry['size'])) return recorded('cinder-extend-smaller');
    found.extension = { size, reads: 2 };
    return recorded('cinder-extend');
  }

  #create(many: string, { one, like }: Collection, kept: Map<string, Kept>, sent: unknown): Reply {
    const { status, response } = recorded(like);
    const id = `${one}-${kept.size + 1}`;
    const entry = { ...Object(member(response, one)), ...Object(sent), id } as Record<string, unknown>;
    kept.set(id, { entry, readsToEnd: undefined, readsToAvailable: many === 'volumes' ? 2 : 0 });
    return { status, response: { [one]: entry } };
  }

  #list(many: string, kept: Map<string, Kept>, query: URLSearchParams): Reply {
    const metadata = query.get('metadata');
    const wanted = metadata === null ? undefined : JSON.stringify(JSON.parse(metadata));
    const entries = [...kept.values()]
      .filter(({ entry }) => wanted === undefined || JSON.stringify(entry['metadata']) === wanted)
      .filter(({ entry }) =>
        ['description', 'network_id', 'device_id'].every((name) => (query.get(name) ?? entry[name]) === entry[name]),
      );
    const own = many === 'networks' ? (member(recorded('neutron-networks').response, many) as object[]) : [];
    const others = query.has('description') ? [] : own;
    return {
      status: 200,
      response: { [many]: [...others, ...entries.flatMap((each) => this.#read(many, kept, each) ?? [])] },
    };
  }

  #remove(many: string, kept: Map<string, Kept>, found: Kept): Reply {
    if (many === 'volumes') {
      found.readsToEnd ??= 2;
      return { status: 202 };
    }
    const ports = [...(this.#kept.get('ports')?.values() ?? [])];
    if (many === 'networks' && ports.some(({ entry }) => entry['network_id'] === found.entry['id']))
      return recorded('neutron-network-delete-in-use');
    if (many === 'routers' && ports.some(({ entry }) => entry['device_id'] === found.entry['id']))
      return recorded('neutron-router-delete-in-use');
    kept.delete(String(found.entry['id']));
    return { status: 204 };
  }

  #read(many: string, kept: Map<string, Kept>, found: Kept): object | undefined {
    if (found.readsToEnd !== undefined && found.readsToEnd-- === 0) {
      kept.delete(String(found.entry['id']));
      return undefined;
    }
    if (many !== 'volumes') return found.entry;
    const { extension } = found;
    if (extension !== undefined && extension.reads-- > 0) return { ...found.entry, status: 'extending' };
    if (extension !== undefined) found.entry['size'] = extension.size;
    delete found.extension;
    const status =
      found.readsToEnd !== undefined
        ? 'deleting'
        : found.readsToAvailable-- > 0
          ? 'creating'
          : member(found.entry, 'attachments.0') === undefined
            ? 'available'
            : 'in-use';
    return { ...found.entry, status };
  }
}
