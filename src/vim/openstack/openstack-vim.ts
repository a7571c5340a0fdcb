/**
 * OpenStack as a VIM: one account of one cloud, in one region.
 */
import { setMaxListeners } from 'node:events';
import { Subject } from 'rxjs';
import type { Observable } from 'rxjs';
import { VimError } from '../vim.ts';
import type {
  CreateResource,
  CreateServer,
  Vim,
  VimAccount,
  VimAttachable,
  VimAttachment,
  VimAttachmentState,
  VimEvent,
  VimFactory,
  VimInventory,
  VimResource,
  VimResourceKind,
  VimResourceSpec,
  VimServer,
  VimVolumeExtension,
} from '../vim.ts';
import * as attachments from './attachments.ts';
import { Alarms } from './alarms.ts';
import { certificatesIn } from './certificates.ts';
import * as cinder from './cinder.ts';
import { Discoverer } from './discovery.ts';
import { HostWatch } from './host-watch.ts';
import { withIds } from './names.ts';
import type { Named } from './names.ts';
import * as nova from './nova.ts';
import type { Notifications } from './notifications.ts';
import { Resources } from './resources.ts';
import { StateWatch } from './state-watch.ts';
import { ServerGroups } from './server-groups.ts';
import { ServerList } from './server-list.ts';
import { Session } from './session.ts';
import type { Service } from './session.ts';
import { Transport, aborted } from './transport.ts';
import type { TransportTiming, Waiting } from './transport.ts';
import type { Webhooks } from './webhook.ts';

/** What all accounts have in common. */
export interface OpenStackOptions {
  readonly clock: Waiting;
  /** A number in [0, 1), for the jitter of repetitions. */
  readonly random: () => number;
  /** Certificates (PEM) of the authorities that are trusted for accounts that name none. Default: those that Node.js trusts. */
  readonly ca?: string;
  /** Which endpoints of the catalogue are used by accounts that do not say it. Default: public. */
  readonly face?: 'public' | 'internal' | 'admin';
  readonly timing?: Partial<TransportTiming>;
  /** Where Aodh's alarms arrive. Absent: there are no alarms, and changes of servers are seen by polling alone. */
  readonly webhooks?: Webhooks;
  /** Nova's notifications from the clouds' brokers. Absent: there are none. */
  readonly notifications?: Pick<Notifications, 'register'>;
  /** Is told when an account can have no alarm, once for each reason until it has one again. */
  readonly onAlarmFailure?: (providerId: string, error: unknown) => void;
}

/** Makes the adapters of OpenStack accounts; it throws an Error where an account's certificates cannot be read. */
export function openStack(options: OpenStackOptions): VimFactory {
  return (account) => new OpenStackVim(account, options);
}

class OpenStackVim implements Vim {
  readonly providerId: string;
  readonly #transport: Transport;
  readonly #session: Session;
  readonly #discoverer: Discoverer;
  readonly #list: ServerList;
  readonly #closed = new AbortController();
  /** Calls under way. */
  readonly #calls = new Set<AbortController>();
  readonly #events = new Subject<VimEvent>();
  readonly #servers: StateWatch<VimServer>;
  readonly #resources: Resources;
  readonly #hosts: HostWatch;
  readonly #alarms: Alarms | undefined;
  readonly #groups: ServerGroups;
  /** Whether the account may, as far as is known, say on which host a server is to run. */
  #choosesHosts = true;
  readonly #notified: { cancel(): void } | undefined;
  /** What the last discovery found; undefined when it may have changed. */
  #known: Named | undefined;
  /** What the last discovery found of attachments, and of volumes that servers start from. */
  #attached: readonly VimAttachment[] = [];
  #bootVolumes: ReadonlyMap<string, string> = new Map();

  readonly events$: Observable<VimEvent> = this.#events.asObservable();

  constructor(account: VimAccount, options: OpenStackOptions) {
    const { providerId, caCertificate } = account;
    const { clock, webhooks } = options;
    const face = account.interface ?? options.face ?? 'public';
    this.providerId = providerId;
    const own = caCertificate === undefined ? {} : { ca: certificatesIn(caCertificate, 'ca-certificate') };
    this.#transport = new Transport({ ...options, ...own });
    this.#session = new Session({ account, transport: this.#transport, face });
    const session = this.#session;
    this.#discoverer = new Discoverer(session);
    this.#list = new ServerList(clock);
    const { signal } = this.#closed;
    setMaxListeners(0, signal);
    const tell = (event: VimEvent): void => this.#events.next(event);
    const compute = (): Promise<Service> => session.service('compute', signal);
    this.#servers = new StateWatch<VimServer>({
      clock,
      tell: (server) => tell({ type: 'server', server }),
      read: async (id) => nova.showServer(await compute(), id, signal),
      readTogether: async (tokens) => nova.serversWithTokens(await compute(), tokens, signal),
      gone: (id, last) => ({ ...(last ?? unknownServer(id)), status: 'DELETED', deleting: true }),
    });
    this.#groups = new ServerGroups(providerId, signal);
    this.#resources = new Resources({
      session,
      clock,
      signal,
      tell: (resource) => tell({ type: 'resource', resource }),
    });
    this.#hosts = new HostWatch({ clock, tell, read: async () => nova.listComputeServices(await compute(), signal) });
    if (webhooks !== undefined) {
      const changed = (server: string): void => this.#servers.look(server);
      const onFailure = (error: unknown): void => options.onAlarmFailure?.(providerId, error);
      this.#alarms = new Alarms({ providerId, session, webhooks, changed, onFailure });
    }
    this.#notified = options.notifications?.register({
      server: (project, server) => void this.#lookIfOurs(project, server),
      service: () => this.#hosts.look(),
      missed: () => tell({ type: 'inventory' }),
    });
  }

  discover(signal: AbortSignal): Promise<VimInventory> {
    return this.#call(signal, async (either) => {
      const { inventory, services, attachments: attached, bootVolumes } = await this.#discoverer.discover(either);
      this.#known = inventory;
      this.#attached = attached;
      this.#bootVolumes = bootVolumes;
      if (services.length > 0) this.#hosts.start(services);
      await this.#alarms?.ensure(either);
      return inventory;
    });
  }

  createServer(request: CreateServer, signal: AbortSignal): Promise<{ readonly serverId: string }> {
    return this.#call(signal, async (either) => {
      const compute = await this.#session.service('compute', either);
      const [existing] = request.fresh === true ? [] : await nova.findServers(compute, request.token, either);
      const serverId = existing?.id ?? (await this.#create(compute, request, either));
      this.#servers.built(serverId, request.token);
      return { serverId };
    });
  }

  deleteServer(serverId: string, signal: AbortSignal): Promise<void> {
    return this.#call(signal, async (either) => {
      await nova.deleteServer(await this.#session.service('compute', either), serverId, either);
      this.#servers.deleted(serverId);
    });
  }

  findServersByToken(token: string, signal: AbortSignal): Promise<readonly VimServer[]> {
    return this.#call(signal, async (either) => {
      const found = await nova.findServers(await this.#session.service('compute', either), token, either);
      for (const server of found) this.#servers.seen(server);
      return found;
    });
  }

  listServers(signal: AbortSignal): Promise<readonly VimServer[]> {
    return this.#call(signal, async (either) => {
      const compute = await this.#session.service('compute', either);
      const servers = await this.#servers.list(() => this.#list.read(compute, either));
      for (const server of servers) if (server.token !== undefined) this.#servers.seen(server);
      return servers.map((each) => this.#withBootVolume(each));
    });
  }

  removeServerGroups(inUse: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    return this.#call(signal, async (either) =>
      this.#groups.removeExcept(await this.#session.service('compute', either), inUse, either),
    );
  }

  createResource(request: CreateResource, signal: AbortSignal): Promise<VimResource> {
    return this.#call(signal, (either) => this.#resources.create(request, either));
  }

  deleteResource(kind: VimResourceKind, id: string, signal: AbortSignal): Promise<void> {
    return this.#call(signal, (either) => this.#resources.delete(kind, id, either));
  }

  findResourcesByToken(kind: VimResourceKind, token: string, signal: AbortSignal): Promise<readonly VimResource[]> {
    return this.#call(signal, (either) => this.#resources.find(kind, token, either));
  }

  listResources(kind: VimResourceKind, signal: AbortSignal): Promise<readonly VimResource[]> {
    return this.#call(signal, (either) => this.#resources.list(kind, either));
  }

  describeResource(kind: VimResourceKind, id: string, signal: AbortSignal): Promise<VimResourceSpec> {
    return this.#call(signal, (either) => this.#resources.describe(kind, id, either));
  }

  extendVolume(id: string, sizeGb: number, signal: AbortSignal): Promise<void> {
    return this.#call(signal, async (either) =>
      cinder.extendVolume(await this.#session.service('volume', either), id, sizeGb, either),
    );
  }

  volumeExtension(id: string, sizeGb: number, signal: AbortSignal): Promise<VimVolumeExtension> {
    return this.#call(signal, async (either) =>
      cinder.showExtension(await this.#session.service('volume', either), id, sizeGb, either),
    );
  }

  attach(serverId: string, what: VimAttachable, signal: AbortSignal): Promise<void> {
    return this.#call(signal, async (either) =>
      attachments.attach(await this.#session.service('compute', either), serverId, what, either),
    );
  }

  detach(serverId: string, what: VimAttachable, signal: AbortSignal): Promise<void> {
    return this.#call(signal, async (either) =>
      attachments.detach(await this.#session.service('compute', either), serverId, what, either),
    );
  }

  attachmentState(serverId: string, what: VimAttachable, signal: AbortSignal): Promise<VimAttachmentState> {
    return this.#call(signal, async (either) => {
      const service = await this.#session.service(what.kind === 'port' ? 'network' : 'volume', either);
      return what.kind === 'port'
        ? attachments.portState(service, serverId, what.id, either)
        : attachments.volumeState(service, serverId, what.id, either);
    });
  }

  /** Discovery has read all ports and volumes: they are not read again for this. */
  listAttachments(signal: AbortSignal): Promise<readonly VimAttachment[]> {
    return this.#call(signal, () => Promise.resolve(this.#attached));
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    for (const call of this.#calls) call.abort();
    this.#notified?.cancel();
    this.#servers.close();
    this.#resources.close();
    this.#hosts.close();
    this.#events.complete();
    await this.#alarms?.close();
    this.#session.close();
    await this.#transport.close();
  }

  /** Of several volumes of a server Nova does not say from which one it starts. */
  #withBootVolume(server: VimServer): VimServer {
    if (server.image !== undefined || server.bootVolume !== undefined) return server;
    const bootVolume = this.#bootVolumes.get(server.id);
    return bootVolume === undefined ? server : { ...server, bootVolume };
  }

  async #create(compute: Service, request: CreateServer, signal: AbortSignal): Promise<string> {
    const resolved = await this.#resolve(request, signal);
    try {
      return await this.#place(compute, resolved, signal);
    } catch (error) {
      // What was known may be gone: the next request looks anew.
      this.#known = undefined;
      throw nova.asCreationError(error);
    }
  }

  /** On the host that was chosen, or, where the account may not choose one, as Nova does, with the server's group. */
  async #place(compute: Service, request: CreateServer, signal: AbortSignal): Promise<string> {
    const { host, group, ...rest } = request;
    if (host !== undefined && this.#choosesHosts) {
      try {
        return await nova.createServer(compute, { ...rest, host }, undefined, signal);
      } catch (error) {
        if (!nova.isHostForbidden(error)) throw error;
        this.#choosesHosts = false;
      }
    }
    const hint = group === undefined ? undefined : await this.#groups.ensure(compute, group, signal);
    return nova.createServer(compute, rest, hint, signal);
  }

  /** Ids for names: from what is known, and when that has not everything, from another look. */
  async #resolve(request: CreateServer, signal: AbortSignal): Promise<CreateServer> {
    if (this.#known !== undefined) {
      try {
        return withIds(request, this.#known);
      } catch {
        // It may have been made since.
      }
    }
    this.#known = (await this.#discoverer.discover(signal)).inventory;
    return withIds(request, this.#known);
  }

  /** A broker tells of the servers of all projects. */
  async #lookIfOurs(project: string, server: string): Promise<void> {
    try {
      if ((await this.#session.project(this.#closed.signal)).id === project) this.#servers.look(server);
    } catch {
      // The cloud is out of reach; the next contact finds what has changed.
    }
  }

  async #call<T>(signal: AbortSignal, work: (either: AbortSignal) => Promise<T>): Promise<T> {
    if (signal.aborted || this.#closed.signal.aborted) throw aborted();
    // By hand: AbortSignal.any costs several times as much.
    const either = new AbortController();
    const stop = (): void => either.abort();
    // Each request under way listens, and a discovery makes many.
    setMaxListeners(0, either.signal);
    signal.addEventListener('abort', stop, { once: true });
    this.#calls.add(either);
    try {
      return await work(either.signal);
    } catch (error) {
      if (error instanceof VimError) throw error;
      throw new VimError('failed', error instanceof Error ? error.message : String(error), { cause: error });
    } finally {
      this.#calls.delete(either);
      signal.removeEventListener('abort', stop);
    }
  }
}

/** A server that was gone before it was ever read. */
function unknownServer(id: string): VimServer {
  return { id, name: '', status: 'UNKNOWN', deleting: true, flavor: '', createdAt: 0 };
}
