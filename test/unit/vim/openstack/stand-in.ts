import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { member, recorded } from './recorded.ts';
import type { Recorded, Reply, Seen } from './recorded.ts';
import { StandInResources } from './stand-in-resources.ts';

export { member, recorded } from './recorded.ts';
export type { Recorded, Reply, Seen } from './recorded.ts';

/** `break`: the connection ends without an answer; `hang`: no answer comes. */
const SILENCES = ['break', 'hang'] as const;
type Silence = (typeof SILENCES)[number];
type Answer = Reply | ((request: Seen) => Reply);

function isSilence(text: string): text is Silence {
  return SILENCES.some((silence) => silence === text);
}

/** The part of a creation that a stand-in keeps. */
interface Sent {
  readonly name: string;
  readonly metadata: object;
  readonly tags: readonly string[];
  readonly imageRef: string;
  readonly block_device_mapping_v2?: readonly { readonly uuid: string; readonly source_type: string }[];
}

const ROUTES = [
  'nova-version',
  'placement-versions',
  'nova-availability-zones',
  'nova-services',
  'nova-hypervisors',
  'nova-flavors',
  'nova-limits',
  'placement-candidates',
  'placement-providers',
  'placement-inventories',
  'placement-usages',
  'placement-traits',
  'glance-images',
  'neutron-networks',
  'neutron-quotas',
  'cinder-limits',
];

/** A server of the stand-in: how often it is still read before it is ACTIVE, or gone. */
interface Machine {
  readonly id: string;
  readonly sent: Sent;
  readsToActive: number;
  readsToEnd: number | undefined;
}

/**
 * A cloud on loopback that answers as the real services did, and keeps servers. What it answers to a request can be scripted.
 */
export class StandIn {
  readonly seen: Seen[] = [];
  readonly #server: Server;
  readonly #scheme: string;
  #port = 0;
  readonly #routes = new Map<string, Recorded>();
  readonly #scripts = new Map<string, (Answer | string)[]>();
  readonly #machines = new Map<string, Machine>();
  /** Ids of servers that were deleted. */
  readonly #gone: string[] = [];
  readonly #generations = new Map<string, number>();
  /** How often servers came and went. */
  #changes = 0;
  readonly #resources = new StandInResources();
  #tokens = 0;
  #validFrom = 1;
  #place: { readonly region: string; readonly interface: string } | undefined;

  private constructor(tls: { readonly key: string; readonly cert: string } | undefined) {
    const listener = (request: IncomingMessage, response: ServerResponse): void => void this.#serve(request, response);
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    this.#scheme = tls === undefined ? 'http' : 'https';
    for (const name of ROUTES) {
      const each = recorded(name);
      this.#routes.set(`${each.request.method} ${each.request.path.replace(/\?.*/, '')}`, each);
    }
  }

  static async start(tls?: { readonly key: string; readonly cert: string }): Promise<StandIn> {
    const standIn = new StandIn(tls);
    await new Promise<void>((resolve) => standIn.#server.listen(0, '127.0.0.1', resolve));
    // A TCP server's address is no string.
    standIn.#port = (standIn.#server.address() as AddressInfo).port;
    return standIn;
  }

  /** Keystone's base. */
  get endpoint(): string {
    return `${this.#origin}/v3`;
  }

  get #origin(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`;
  }

  /** The next answers to requests of a path, or the names of recorded ones; after them it answers as ever. */
  script(method: string, path: string, ...answers: readonly (Answer | string)[]): void {
    const replies = answers.map((each) => (typeof each === 'string' && !isSilence(each) ? recorded(each) : each));
    this.#scripts.set(`${method} ${path}`, replies);
  }

  /** Has the catalogue list the services in one region alone, and under one interface. */
  place(place: { readonly region: string; readonly interface: 'public' | 'internal' | 'admin' }): void {
    this.#place = place;
  }

  /** Names of the servers that there are. */
  servers(): readonly string[] {
    return [...this.#machines.values()].map(({ sent }) => sent.name);
  }

  /** Makes tokens given so far invalid. */
  expireTokens(): void {
    this.#validFrom = this.#tokens + 1;
  }

  /** The requests of a path so far. */
  asked(method: string, path: string): Seen[] {
    return this.seen.filter((each) => each.method === method && each.path === path);
  }

  /** Nothing listens any more until `comeBack`; what it has, it keeps. */
  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** Listens again where it did before `close`. */
  comeBack(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(incoming.url ?? '/', this.#origin);
    const request: Seen = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    this.seen.push(request);
    const scripted = this.#scripts.get(`${request.method} ${request.path}`)?.shift();
    if (scripted === 'hang') return;
    if (scripted === 'break') {
      incoming.socket.destroy();
      return;
    }
    if (typeof scripted === 'string') throw new Error(`${scripted} is no answer`);
    const reply = typeof scripted === 'function' ? scripted(request) : (scripted ?? this.#answer(request));
    outgoing.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    outgoing.end(reply.response === undefined || reply.response === null ? '' : JSON.stringify(reply.response));
  }

  #answer(request: Seen): Reply {
    if (request.method === 'POST' && request.path === '/v3/auth/tokens') return this.#authenticate(request.body);
    if (request.path.endsWith('/auth/tokens')) return { status: 404 };
    const token = Number(/^token-(\d+)$/.exec(String(request.headers['x-auth-token']))?.[1] ?? 0);
    if (token < this.#validFrom) return recorded('nova-bad-token');
    if (request.path.startsWith('/v2.1/servers')) return this.#serveServers(request);
    if (request.path === '/allocation_candidates') return this.#candidates();
    if (request.path.startsWith('/resource_providers')) return this.#serveProviders(request.path);
    if (request.path === '/v3/') return recorded('cinder-version');
    const resource = this.#resources.answer(request);
    if (resource !== undefined) return resource;
    return this.#routes.get(`${request.method} ${request.path}`) ?? { status: 404, response: {} };
  }

  #authenticate(body: unknown): Reply {
    if (member(body, 'auth.identity.password.user.password') === 'wrong-password')
      return recorded('keystone-wrong-password');
    this.#tokens += 1;
    const { status, response } = recorded('keystone-token');
    // The catalogue's addresses lead here: services are told apart by their paths.
    const text = JSON.stringify(placed(response, this.#place)).replace(/http:\/\/127\.0\.0\.1:\d+/g, this.#origin);
    return { status, response: JSON.parse(text), headers: { 'x-subject-token': `token-${this.#tokens}` } };
  }

  #serveServers({ method, path, query, body }: Seen): Reply {
    const [, , , id = '', part, used = ''] = path.split('/');
    if (part === 'os-interface')
      return this.#attach('port', method, id, used, member(body, 'interfaceAttachment.port_id'));
    if (part === 'os-volume_attachments')
      return this.#attach('volume', method, id, used, member(body, 'volumeAttachment.volumeId'));
    if (method === 'POST') {
      // The adapter under test sends all of these.
      const made = `server-${this.#machines.size + 1}`;
      this.#changes += 1;
      this.#machines.set(made, {
        id: made,
        sent: member(body, 'server') as Sent,
        readsToActive: 3,
        readsToEnd: undefined,
      });
      return { status: 202, response: { server: { id: made } } };
    }
    if (id === 'detail') {
      const tags = (query.get('tags') ?? query.get('tags-any'))?.split(',');
      const servers = [...this.#machines.values()].filter(
        ({ sent }) => tags === undefined || sent.tags.some((tag) => tags.includes(tag)),
      );
      const there = servers.flatMap((each) => this.#read(each) ?? []);
      // Asked for changes, Nova tells of those that are gone too.
      const gone = query.has('changes-since') ? this.#gone.map((id) => ({ id, status: 'DELETED' })) : [];
      return { status: 200, response: { servers: [...there, ...gone] } };
    }
    const machine = this.#machines.get(id);
    if (machine === undefined) return recorded('nova-server-gone');
    if (method === 'DELETE') {
      machine.readsToEnd ??= 2;
      return { status: 204 };
    }
    const server = this.#read(machine);
    return server === undefined ? recorded('nova-server-gone') : { status: 200, response: { server } };
  }

  #attach(kind: 'port' | 'volume', method: string, server: string, used: string, sent: unknown): Reply {
    if (method === 'DELETE') {
      const had = this.#resources.attach(kind, used, undefined);
      // Nova finds out later that a port was not attached.
      return recorded(had === 'used' || kind === 'port' ? `nova-detach-${kind}` : 'nova-detach-volume-gone');
    }
    const had = this.#resources.attach(kind, String(sent), server);
    return recorded(had === 'gone' ? `nova-attach-${kind}-gone` : `nova-attach-${kind}`);
  }

  /** Moves the generation of a resource provider, as every change of it does. */
  touch(uuid: string): void {
    this.#generations.set(uuid, this.#generationOf(uuid) + 1);
  }

  #generationOf(uuid: string): number {
    // A server more or less changes what is allocated of its host.
    return (this.#generations.get(uuid) ?? 1) + (uuid === occupiedProvider() ? this.#changes : 0);
  }

  /** All providers are like the recorded one. */
  #serveProviders(path: string): Reply {
    const { status, response } = recorded('placement-providers');
    const providers = member(response, 'resource_providers');
    if (!Array.isArray(providers)) throw new Error('the recording has no resource providers');
    const [, , id, what] = path.split('/');
    if (id === undefined) {
      for (const each of providers) Reflect.set(each, 'generation', this.#generationOf(String(member(each, 'uuid'))));
      return { status, response };
    }
    if (!providers.some((each) => member(each, 'uuid') === id)) return { status: 404, response: {} };
    const answer = recorded(`placement-${what ?? ''}`);
    const usages = member(answer.response, 'usages');
    if (typeof usages === 'object' && usages !== null && id === occupiedProvider())
      Reflect.set(usages, 'VCPU', this.#machines.size);
    return answer;
  }

  /** The recorded answer, with what the servers take of the host that they are on. */
  #candidates(): Reply {
    const { response, status } = recorded('placement-candidates');
    const cpus = member(response, `provider_summaries.${occupiedProvider()}.resources.VCPU`);
    if (typeof cpus === 'object' && cpus !== null) Reflect.set(cpus, 'used', this.#machines.size);
    return { status, response };
  }

  #read(machine: Machine): object | undefined {
    if (machine.readsToEnd !== undefined && machine.readsToEnd-- === 0) {
      this.#changes += 1;
      this.#machines.delete(machine.id);
      this.#gone.push(machine.id);
      return undefined;
    }
    const like = member(recorded('nova-server-active').response, 'server');
    const status = machine.readsToActive-- > 0 ? 'BUILD' : 'ACTIVE';
    return {
      ...(typeof like === 'object' ? like : {}),
      id: machine.id,
      name: machine.sent.name,
      metadata: machine.sent.metadata,
      image: machine.sent.imageRef === '' ? '' : { id: machine.sent.imageRef },
      'os-extended-volumes:volumes_attached': (machine.sent.block_device_mapping_v2 ?? [])
        .filter((each) => each.source_type === 'volume')
        .map(({ uuid }) => ({ id: uuid })),
      status,
      'OS-EXT-STS:task_state': machine.readsToEnd === undefined ? null : 'deleting',
    };
  }
}

/** Keystone's answer with a catalogue that has only what is in one place. */
function placed(
  response: unknown,
  place: { readonly region: string; readonly interface: string } | undefined,
): unknown {
  const token = member(response, 'token');
  const catalog = member(token, 'catalog');
  if (place === undefined || !Array.isArray(catalog)) return response;
  const { region } = place;
  const there = catalog.map((service: unknown) => {
    const endpoints = member(service, 'endpoints');
    const listed: readonly unknown[] = Array.isArray(endpoints) ? endpoints : [];
    return {
      ...(Object(service) as object),
      endpoints: listed
        .filter((each) => member(each, 'interface') === place.interface)
        .map((each): object => ({ ...(Object(each) as object), region, region_id: region })),
    };
  });
  return { token: { ...(Object(token) as object), catalog: there } };
}

/** The resource provider of the host on which all servers are. */
function occupiedProvider(): string {
  const host = member(recorded('nova-server-active').response, 'server.OS-EXT-SRV-ATTR:host');
  const hypervisors = member(recorded('nova-hypervisors').response, 'hypervisors');
  const found: unknown =
    Array.isArray(hypervisors) && hypervisors.find((each) => member(each, 'service.host') === host);
  return String(member(found, 'id'));
}
