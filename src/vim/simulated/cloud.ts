/**
 * A simulated cloud: hosts and the servers on them, which take time to start and to go, and may fail.
 *
 * It behaves as Nova does: a request that cannot be met as it is, is refused; one that is accepted yields a server in BUILD, which
 * becomes ACTIVE, or ERROR with a fault when no host has room. The same seed and the same calls give the same run.
 */
import { Subject } from 'rxjs';
import type { Observable } from 'rxjs';
import { SimulationError } from '../simulation.ts';
import type { SimulatedHostDescription, SimulationControls } from '../simulation.ts';
import { VimError } from '../vim.ts';
import type {
  CreateResource,
  CreateServer,
  VimAttachable,
  VimAttachment,
  VimEvent,
  VimFault,
  VimFlavor,
  VimHost,
  VimInventory,
  VimResource,
  VimResourceKind,
  VimResourceSpec,
  VimServer,
  VimServerStatus,
  VimVolumeExtension,
} from '../vim.ts';
import type { Nfvi, SimulatedTimes } from './nfvi.ts';
import { named } from './named.ts';
import { Random } from './random.ts';
import { SimulatedResources } from './resources.ts';
import type { ResourceState } from './resources.ts';
import type { Snapshot } from './snapshot.ts';

/** The part of the engine's clock that the simulation needs. */
export interface SimulationClock {
  now(): number;
  at(when: number, run: () => void): { cancel(): void };
}

interface HostState {
  readonly name: string;
  readonly zone: string;
  readonly state: 'up' | 'down';
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskGb: number;
  readonly traits: readonly string[];
}

interface ServerState {
  readonly server: VimServer;
  readonly flavor: VimFlavor;
  /** Ids of ports and volumes that are attached, the volume that it starts from among them. */
  readonly uses?: readonly string[];
  /** Token of its group. */
  readonly group?: string;
  /** What happens to it next, and when. */
  readonly next?: { readonly at: number; readonly becomes: 'ACTIVE' | 'DELETED' } | NextFault;
}

interface NextFault {
  readonly at: number;
  readonly becomes: 'ERROR';
  readonly fault: VimFault;
}

/** How often something is to go wrong, and what is said then. */
interface Failures {
  readonly count: number;
  readonly reason: string;
}

/** Everything about the cloud: what a snapshot holds. */
interface CloudState {
  readonly format: 1;
  nfvi: Nfvi;
  random: number;
  hosts: readonly HostState[];
  servers: readonly ServerState[];
  resources: readonly ResourceState[];
  bootFailures: Failures;
  refusals: Failures;
  /** Nothing reaches the cloud, and nothing comes from it, before this instant. */
  unreachableUntil: number;
}

const NO_FAILURES: Failures = { count: 0, reason: '' };
const NO_VALID_HOST: VimFault = { code: 500, message: 'No valid host was found. ' };

export interface SimulatedCloudOptions {
  /** What a new cloud consists of; one that has a snapshot goes on from that. */
  readonly nfvi: Nfvi;
  readonly clock: SimulationClock;
  readonly snapshot: Snapshot;
}

export class SimulatedCloud implements SimulationControls {
  readonly #clock: SimulationClock;
  readonly #snapshot: Snapshot;
  readonly #random: Random;
  readonly #state: CloudState;
  readonly #hosts: Map<string, HostState>;
  readonly #servers: Map<string, ServerState>;
  readonly #resources: SimulatedResources;
  readonly #timers = new Map<string, { cancel(): void }>();
  readonly #events = new Subject<VimEvent>();
  /** The saving under way: what changed in this turn is saved at its end. */
  #saving: Promise<void> | undefined;
  #closed = false;

  /** Hot; completes on `close`. */
  readonly events$: Observable<VimEvent> = this.#events.asObservable();

  constructor(options: SimulatedCloudOptions) {
    this.#clock = options.clock;
    this.#snapshot = options.snapshot;
    this.#state = restored(options.snapshot.load()) ?? newCloud(options.nfvi);
    this.#random = new Random(this.#state.random);
    this.#hosts = new Map(this.#state.hosts.map((host) => [host.name, host]));
    this.#servers = new Map(this.#state.servers.map((state) => [state.server.id, state]));
    this.#resources = new SimulatedResources(this.#state.resources, {
      clock: options.clock,
      nfvi: () => this.#state.nfvi,
      newId: () => this.#random.uuid(),
      lasting: (milliseconds) => this.#lasting(milliseconds),
      failure: () => this.#take('bootFailures'),
      userOf: (resource) => this.#userOf(resource),
      tell: (resource) => this.#tell({ type: 'resource', resource }),
    });
    // What was to happen while nobody watched, happens now.
    for (const state of this.#servers.values()) this.#arm(state);
  }

  // What a VIM's API offers. Each throws VimError.

  /** Whether these are the credentials of the cloud's user, or none at all. */
  admits(username: string | undefined, password: string | undefined): boolean {
    const { user } = this.#state.nfvi;
    if (username === undefined && password === undefined) return true;
    return username === user.username && password === user.password;
  }

  get reachable(): boolean {
    return this.#clock.now() >= this.#state.unreachableUntil;
  }

  inventory(): VimInventory {
    const { flavors, images, quotas } = this.#state.nfvi;
    const networks = [...this.#state.nfvi.networks, ...this.#resources.networks()];
    const used = this.#usage();
    const hosts = [...this.#hosts.values()].map((host): VimHost => ({
      ...host,
      enabled: true,
      used: used.get(host.name) ?? { vcpus: 0, memoryMb: 0, diskGb: 0 },
    }));
    const elements = this.#resources.elements();
    const information = this.#resources.information();
    return { zones: this.#zones(), hosts, flavors, images, networks, elements, quotas, ...information };
  }

  servers(): readonly VimServer[] {
    return [...this.#servers.values()].map(({ server }) => server);
  }

  /** Accepts a server, another one each time. @returns its id, once the cloud remembers it. */
  async createServer(request: CreateServer): Promise<string> {
    const flavor = this.#admit(request);
    const host = this.#place(request, flavor);
    const failure = this.#take('bootFailures');
    const at = this.#clock.now() + this.#lasting(this.#state.nfvi.times.boot);
    const fault: VimFault | undefined =
      failure === undefined ? (host === undefined ? NO_VALID_HOST : undefined) : { code: 500, message: failure };
    const { bootVolume } = request;
    const image = bootVolume === undefined ? named(this.#state.nfvi.images, request.image ?? '')?.id : undefined;
    const server: VimServer = {
      id: this.#random.uuid(),
      name: request.name,
      token: request.token,
      status: 'BUILD',
      deleting: false,
      flavor: flavor.id,
      createdAt: this.#clock.now(),
      ...(image === undefined ? {} : { image }),
      ...(bootVolume === undefined ? {} : { bootVolume }),
      ...(host === undefined ? {} : { host: host.name, zone: host.zone }),
    };
    const boot = bootVolume === undefined ? [] : [bootVolume];
    const uses = [...(request.ports ?? []), ...boot, ...(request.volumes ?? [])];
    this.#put({
      server,
      flavor,
      ...(uses.length === 0 ? {} : { uses }),
      ...(request.group === undefined ? {} : { group: request.group.token }),
      next: fault === undefined ? { at, becomes: 'ACTIVE' } : { at, becomes: 'ERROR', fault },
    });
    await this.#save();
    return server.id;
  }

  /** Begins to delete a server; asking again changes nothing. Resolves once the cloud remembers it. */
  async deleteServer(id: string): Promise<void> {
    const state = this.#serverState(id);
    if (!state.server.deleting) {
      const at = this.#clock.now() + this.#lasting(this.#state.nfvi.times.delete);
      this.#put({ ...state, server: { ...state.server, deleting: true }, next: { at, becomes: 'DELETED' } });
    }
    await this.#save();
  }

  /** Attaches a port or volume to a server at once. */
  async attach(serverId: string, { kind, id }: VimAttachable): Promise<void> {
    const state = this.#serverState(serverId);
    if (state.server.deleting || !ATTACHING.has(state.server.status))
      throw new VimError(
        'conflict',
        `Cannot attach a ${kind} to instance ${serverId} while it is ${state.server.status}.`,
      );
    this.#resources.checkFree(kind, id);
    this.#put({ ...state, uses: [...(state.uses ?? []), id] });
    await this.#save();
  }

  async detach(serverId: string, { kind, id }: VimAttachable): Promise<void> {
    const state = this.#serverState(serverId);
    if (state.uses?.includes(id) !== true)
      throw new VimError('not-found', `The ${kind} ${id} is not attached to instance ${serverId}.`);
    if (state.server.bootVolume === id) throw new VimError('refused', 'Cannot detach a root device volume');
    this.#put({ ...state, uses: state.uses.filter((each) => each !== id) });
    await this.#save();
  }

  isAttached(serverId: string, { id }: VimAttachable): boolean {
    return this.#servers.get(serverId)?.uses?.includes(id) === true;
  }

  attachments(): readonly VimAttachment[] {
    const users = [...this.#servers.values()];
    return (['port', 'volume'] as const).flatMap((kind) => {
      const ids = new Set(this.#resources.all(kind).map(({ id }) => id));
      return users.flatMap(({ server, uses = [] }) =>
        uses.filter((id) => ids.has(id)).map((id) => ({ kind, id, server: server.id })),
      );
    });
  }

  resources(kind: VimResourceKind): readonly VimResource[] {
    return this.#resources.all(kind);
  }

  /** @throws VimError not-found. */
  describeResource(kind: VimResourceKind, id: string): VimResourceSpec {
    return this.#resources.describe(kind, id);
  }

  /** Accepts a resource, another one each time. @returns it as it is then, once the cloud remembers it. */
  async createResource(request: CreateResource): Promise<VimResource> {
    const refusal = this.#take('refusals');
    if (refusal !== undefined) throw new VimError('over-quota', refusal);
    const made = this.#resources.create(request);
    await this.#save();
    return made;
  }

  async deleteResource(kind: VimResourceKind, id: string): Promise<void> {
    this.#resources.delete(kind, id);
    await this.#save();
  }

  /** Begins to make a volume larger. Resolves once the cloud remembers it. */
  async extendVolume(id: string, sizeGb: number): Promise<void> {
    const refusal = this.#take('refusals');
    if (refusal !== undefined) throw new VimError('over-quota', refusal);
    this.#resources.extend(id, sizeGb);
    await this.#save();
  }

  volumeExtension(id: string): VimVolumeExtension {
    return this.#resources.extension(id);
  }

  // What makes it fail and change. Each throws SimulationError.

  /** Takes a host down at once; its servers go to ERROR, or are gone when they were being deleted. @returns how many it had. */
  failHost(name: string): number {
    const host = this.#host(name);
    this.#hosts.set(name, { ...host, state: 'down' });
    const lost = this.#loseServersOf(name);
    this.#tell({ type: 'host', host: name, state: 'down' });
    return lost;
  }

  /** Brings a host back. Servers that were lost with it stay in ERROR. */
  restoreHost(name: string): void {
    this.#hosts.set(name, { ...this.#host(name), state: 'up' });
    this.#tell({ type: 'host', host: name, state: 'up' });
  }

  addHost(host: SimulatedHostDescription): void {
    if (this.#hosts.has(host.name)) throw new SimulationError(`There is a host '${host.name}' already.`);
    this.#hosts.set(host.name, newHost(host, this.#zones()[0] ?? FIRST_ZONE));
    this.#tell({ type: 'inventory' });
  }

  /** Removes a host for good; what happens to its servers is what happens when it fails. @returns how many it had. */
  removeHost(name: string): number {
    this.#host(name);
    const lost = this.#loseServersOf(name);
    this.#hosts.delete(name);
    this.#tell({ type: 'inventory' });
    return lost;
  }

  /** Changes what a host offers; what runs on it goes on. */
  setHostCapacity(
    name: string,
    size: { readonly vcpus?: number; readonly memoryMb?: number; readonly diskGb?: number },
  ): void {
    this.#hosts.set(name, { ...this.#host(name), ...size });
    this.#tell({ type: 'inventory' });
  }

  /** Makes the next `count` servers or volumes go to ERROR with this fault; 0 takes an earlier request back. */
  failNextBoots(count: number, reason: string): void {
    this.#state.bootFailures = { count, reason };
    this.#changed();
  }

  /** Makes the next `count` requests for a server or another resource be refused; 0 takes an earlier request back. */
  refuseNextRequests(count: number, reason: string): void {
    this.#state.refusals = { count, reason };
    this.#changed();
  }

  /** Changes how long servers take that are started or deleted from now on. */
  setTimes(times: Partial<SimulatedTimes>): void {
    this.#state.nfvi = { ...this.#state.nfvi, times: { ...this.#state.nfvi.times, ...times } };
    this.#changed();
  }

  /** Cuts the cloud off for so long; it goes on by itself meanwhile. 0 ends an earlier cut. */
  cutOff(milliseconds: number): void {
    this.#state.unreachableUntil = this.#clock.now() + milliseconds;
    this.#changed();
  }

  /** Stops; the snapshot stays, and a cloud made from it goes on. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#resources.close();
    this.#events.complete();
    await this.#saving;
  }

  /** The flavor of a request that can be met as it is. */
  #admit(request: CreateServer): VimFlavor {
    const refusal = this.#take('refusals');
    if (refusal !== undefined) throw new VimError('over-quota', refusal);
    const { nfvi } = this.#state;
    const flavor = named(nfvi.flavors, request.flavor);
    if (flavor === undefined) throw new VimError('refused', `Flavor ${request.flavor} could not be found.`);
    if (request.bootVolume === undefined) checkImage(flavor, request.image, nfvi);
    else {
      this.#resources.checkFree('volume', request.bootVolume);
      this.#resources.checkBootable(request.bootVolume);
    }
    for (const network of request.networks) {
      if (!this.#resources.hasNetwork(network)) throw new VimError('refused', `Network ${network} could not be found.`);
    }
    for (const port of request.ports ?? []) this.#resources.checkFree('port', port);
    for (const volume of request.volumes ?? []) this.#resources.checkFree('volume', volume);
    if (request.zone !== undefined && !this.#zones().includes(request.zone)) {
      throw new VimError('refused', `The requested availability zone ${request.zone} is not available.`);
    }
    this.#checkQuotas(flavor);
    return flavor;
  }

  #checkQuotas(flavor: VimFlavor): void {
    const { quotas } = this.#state.nfvi;
    const flavors = [...this.#servers.values()].map((state) => state.flavor);
    const check = (what: string, quota: number | undefined, of: (each: VimFlavor) => number): void => {
      const used = flavors.reduce((sum, each) => sum + of(each), 0);
      if (quota === undefined || used + of(flavor) <= quota) return;
      throw new VimError(
        'over-quota',
        `Quota exceeded for ${what}: Requested ${of(flavor)}, but already used ${used} of ${quota} ${what}.`,
      );
    };
    check('instances', quotas.instances, () => 1);
    check('cores', quotas.cores, (each) => each.vcpus);
    check('ram', quotas.memoryMb, (each) => each.memoryMb);
  }

  /** The host with the most memory left among those that have room, by name where equal. */
  #place(request: CreateServer, flavor: VimFlavor): HostState | undefined {
    const used = this.#usage();
    const diskGb = request.bootVolume === undefined ? flavor.diskGb : 0;
    let best: { readonly host: HostState; readonly left: number } | undefined;
    const grouped = this.#hostsOfGroup(request.group?.token);
    for (const host of this.#hosts.values()) {
      if (host.state === 'down' || !suitsGroup(request, grouped, host.name)) continue;
      if (request.zone !== undefined && host.zone !== request.zone) continue;
      if (request.host !== undefined && host.name !== request.host) continue;
      const taken = used.get(host.name) ?? { vcpus: 0, memoryMb: 0, diskGb: 0 };
      if (taken.vcpus + flavor.vcpus > host.vcpus || taken.diskGb + diskGb > host.diskGb) continue;
      const left = host.memoryMb - taken.memoryMb - flavor.memoryMb;
      if (left < 0) continue;
      const better = best === undefined || left > best.left || (left === best.left && host.name < best.host.name);
      if (better) best = { host, left };
    }
    return best?.host;
  }

  /** The hosts of the servers of a group. */
  #hostsOfGroup(token: string | undefined): ReadonlySet<string> {
    const states = token === undefined ? [] : [...this.#servers.values()].filter(({ group }) => group === token);
    return new Set(states.flatMap(({ server }) => server.host ?? []));
  }

  #usage(): Map<string, VimHost['used']> {
    const used = new Map<string, VimHost['used']>();
    for (const { server, flavor } of this.#servers.values()) {
      if (server.host === undefined) continue;
      const { vcpus, memoryMb, diskGb } = used.get(server.host) ?? { vcpus: 0, memoryMb: 0, diskGb: 0 };
      used.set(server.host, {
        vcpus: vcpus + flavor.vcpus,
        memoryMb: memoryMb + flavor.memoryMb,
        diskGb: diskGb + (server.bootVolume === undefined ? flavor.diskGb : 0),
      });
    }
    return used;
  }

  /** The server to which a port or volume is attached. */
  #userOf(resource: string): string | undefined {
    for (const { server, uses } of this.#servers.values()) if (uses?.includes(resource) === true) return server.id;
    return undefined;
  }

  #loseServersOf(host: string): number {
    const lost = [...this.#servers.values()].filter(({ server }) => server.host === host);
    for (const state of lost) {
      if (state.server.deleting) this.#remove(state);
      else
        this.#put({
          ...settledState(state),
          server: failed(state.server, { code: 500, message: `The host ${host} failed.` }),
        });
    }
    return lost.length;
  }

  #put(state: ServerState): void {
    this.#servers.set(state.server.id, state);
    this.#arm(state);
    this.#tell({ type: 'server', server: state.server });
  }

  #remove({ server }: ServerState): void {
    this.#servers.delete(server.id);
    this.#disarm(server.id);
    this.#tell({ type: 'server', server: { ...server, status: 'DELETED' } });
  }

  #arm({ server, next }: ServerState): void {
    this.#disarm(server.id);
    if (next === undefined || this.#closed) return;
    this.#timers.set(
      server.id,
      this.#clock.at(next.at, () => this.#proceed(server.id)),
    );
  }

  #disarm(id: string): void {
    this.#timers.get(id)?.cancel();
    this.#timers.delete(id);
  }

  #proceed(id: string): void {
    const state = this.#servers.get(id);
    if (state?.next === undefined) return;
    const { next, server } = state;
    const rest = settledState(state);
    switch (next.becomes) {
      case 'ACTIVE':
        this.#put({ ...rest, server: { ...server, status: 'ACTIVE' } });
        break;
      case 'ERROR':
        this.#put({ ...rest, server: failed(unplaced(server), next.fault) });
        break;
      case 'DELETED':
        this.#remove(state);
        break;
    }
  }

  /** The reason when something is to go wrong this time, counted down. */
  #take(which: 'bootFailures' | 'refusals'): string | undefined {
    const { count, reason } = this.#state[which];
    if (count === 0) return undefined;
    this.#state[which] = { count: count - 1, reason };
    this.#changed();
    return reason;
  }

  #lasting(milliseconds: number): number {
    const { jitter } = this.#state.nfvi.times;
    return Math.round(milliseconds * (1 + ((this.#random.next() * 2 - 1) * jitter) / 100));
  }

  #serverState(id: string): ServerState {
    const state = this.#servers.get(id);
    if (state === undefined) throw new VimError('not-found', `Instance ${id} could not be found.`);
    return state;
  }

  #host(name: string): HostState {
    const host = this.#hosts.get(name);
    if (host === undefined) {
      throw new SimulationError(
        `There is no host '${name}'; there are ${[...this.#hosts.keys()].join(', ') || 'none'}.`,
      );
    }
    return host;
  }

  #zones(): readonly string[] {
    return [...new Set([...this.#hosts.values()].map((host) => host.zone))].sort();
  }

  #tell(event: VimEvent): void {
    this.#changed();
    if (this.reachable) this.#events.next(event);
  }

  #changed(): void {
    // Whoever has to know that it was saved waits for `#save`; a failure is theirs.
    this.#save().catch(() => undefined);
  }

  /** Resolves when everything up to the end of this turn is saved. */
  #save(): Promise<void> {
    this.#saving ??= Promise.resolve().then(() => {
      this.#saving = undefined;
      this.#state.random = this.#random.state;
      this.#state.hosts = [...this.#hosts.values()];
      this.#state.servers = [...this.#servers.values()];
      this.#state.resources = this.#resources.state;
      try {
        this.#snapshot.save(this.#state);
      } catch (cause) {
        throw new VimError('failed', 'The simulated cloud could not save itself.', { cause });
      }
    });
    return this.#saving;
  }
}

/** States in which a server takes ports and volumes. */
const ATTACHING: ReadonlySet<VimServerStatus> = new Set<VimServerStatus>(['ACTIVE', 'SHUTOFF']);
const FIRST_ZONE = 'zone-1';

function newCloud(nfvi: Nfvi): CloudState {
  const firstZone = nfvi.hosts.find((host) => host.zone !== undefined)?.zone ?? FIRST_ZONE;
  return {
    format: 1,
    nfvi,
    random: nfvi.seed,
    hosts: nfvi.hosts.map((host) => newHost(host, firstZone)),
    servers: [],
    resources: [],
    bootFailures: NO_FAILURES,
    refusals: NO_FAILURES,
    unreachableUntil: 0,
  };
}

function newHost(host: SimulatedHostDescription, firstZone: string): HostState {
  const { name, zone = firstZone, vcpus, memoryMb, diskGb, traits = [] } = host;
  return { name, zone, state: 'up', vcpus, memoryMb, diskGb, traits };
}

function restored(value: unknown): CloudState | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null && 'format' in value && value.format === 1) {
    // Cast: format 1 is what `#save` writes, and the file is replaced as a whole. It had no resources at first.
    return { resources: [], ...value } as unknown as CloudState;
  }
  throw new SimulationError(
    'The saved simulation has a format that this release does not know; remove its file to start anew.',
  );
}

/** @throws VimError when a flavor is too small for an image, or there is no such image. */
function checkImage(flavor: VimFlavor, wanted: string | undefined, { images }: Nfvi): void {
  const image = named(images, wanted ?? '');
  if (image === undefined) throw new VimError('refused', `Image ${wanted ?? ''} could not be found.`);
  const small = (what: string, needs: string): VimError =>
    new VimError('refused', `Flavor's ${what} is too small for image ${image.name}, which needs ${needs}.`);
  if (flavor.memoryMb < image.minMemoryMb) throw small('memory', `${image.minMemoryMb} MB`);
  if (flavor.diskGb < image.minDiskGb) throw small('disk', `${image.minDiskGb} GB`);
}

/** Whether a server may be put on a host by its group, where nobody chose the host. Soft policies bind as far as they can: here not at all. */
function suitsGroup({ group, host }: CreateServer, grouped: ReadonlySet<string>, name: string): boolean {
  if (host !== undefined || grouped.size === 0) return true;
  if (group?.policy === 'affinity') return grouped.has(name);
  return group?.policy !== 'anti-affinity' || !grouped.has(name);
}

/** A server to which nothing more happens by itself. */
function settledState({ server, flavor, uses, group }: ServerState): ServerState {
  return {
    server,
    flavor,
    ...(uses === undefined ? {} : { uses }),
    ...(group === undefined ? {} : { group }),
  };
}

function failed(server: VimServer, fault: VimFault): VimServer {
  return { ...server, status: 'ERROR', fault };
}

/** Nova gives the host back when a server could not be started on it. */
function unplaced(server: VimServer): VimServer {
  return Object.fromEntries(Object.entries(server).filter(([key]) => key !== 'host' && key !== 'zone')) as VimServer;
}
