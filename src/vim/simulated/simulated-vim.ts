/**
 * The port to a simulated cloud: what stands between the agent and it, credentials and a connection that may be cut.
 */
import { Subject, takeUntil } from 'rxjs';
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
  VimInventory,
  VimResource,
  VimResourceKind,
  VimResourceSpec,
  VimServer,
  VimVolumeExtension,
} from '../vim.ts';
import type { SimulatedCloud } from './cloud.ts';

export class SimulatedVim implements Vim {
  readonly providerId: string;
  readonly #account: VimAccount;
  readonly #cloud: SimulatedCloud;
  readonly #closed = new Subject<void>();
  #open = true;

  readonly events$: Observable<VimEvent>;

  constructor(account: VimAccount, cloud: SimulatedCloud) {
    this.providerId = account.providerId;
    this.#account = account;
    this.#cloud = cloud;
    this.events$ = cloud.events$.pipe(takeUntil(this.#closed));
  }

  discover(signal: AbortSignal): Promise<VimInventory> {
    return this.#call(signal, () => this.#cloud.inventory());
  }

  createServer(request: CreateServer, signal: AbortSignal): Promise<{ readonly serverId: string }> {
    return this.#call(signal, async () => {
      const [existing] = withToken(this.#cloud.servers(), request.token);
      return { serverId: existing?.id ?? (await this.#cloud.createServer(request)) };
    });
  }

  deleteServer(serverId: string, signal: AbortSignal): Promise<void> {
    return this.#call(signal, () => this.#cloud.deleteServer(serverId));
  }

  findServersByToken(token: string, signal: AbortSignal): Promise<readonly VimServer[]> {
    return this.#call(signal, () => withToken(this.#cloud.servers(), token));
  }

  listServers(signal: AbortSignal): Promise<readonly VimServer[]> {
    return this.#call(signal, () => this.#cloud.servers());
  }

  /** There is nothing to remove: a group is what its servers say. */
  removeServerGroups(_inUse: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    return this.#call(signal, () => undefined);
  }

  createResource(request: CreateResource, signal: AbortSignal): Promise<VimResource> {
    return this.#call(signal, () => {
      const [existing] = withToken(this.#cloud.resources(request.spec.kind), request.token);
      return existing ?? this.#cloud.createResource(request);
    });
  }

  deleteResource(kind: VimResourceKind, id: string, signal: AbortSignal): Promise<void> {
    return this.#call(signal, () => this.#cloud.deleteResource(kind, id));
  }

  findResourcesByToken(kind: VimResourceKind, token: string, signal: AbortSignal): Promise<readonly VimResource[]> {
    return this.#call(signal, () => withToken(this.#cloud.resources(kind), token));
  }

  listResources(kind: VimResourceKind, signal: AbortSignal): Promise<readonly VimResource[]> {
    return this.#call(signal, () => this.#cloud.resources(kind));
  }

  describeResource(kind: VimResourceKind, id: string, signal: AbortSignal): Promise<VimResourceSpec> {
    return this.#call(signal, () => this.#cloud.describeResource(kind, id));
  }

  extendVolume(id: string, sizeGb: number, signal: AbortSignal): Promise<void> {
    return this.#call(signal, () => this.#cloud.extendVolume(id, sizeGb));
  }

  volumeExtension(id: string, _sizeGb: number, signal: AbortSignal): Promise<VimVolumeExtension> {
    return this.#call(signal, () => this.#cloud.volumeExtension(id));
  }

  attach(serverId: string, what: VimAttachable, signal: AbortSignal): Promise<void> {
    return this.#call(signal, () => this.#cloud.attach(serverId, what));
  }

  detach(serverId: string, what: VimAttachable, signal: AbortSignal): Promise<void> {
    return this.#call(signal, () => this.#cloud.detach(serverId, what));
  }

  attachmentState(serverId: string, what: VimAttachable, signal: AbortSignal): Promise<VimAttachmentState> {
    return this.#call(signal, () => (this.#cloud.isAttached(serverId, what) ? 'attached' : 'detached'));
  }

  listAttachments(signal: AbortSignal): Promise<readonly VimAttachment[]> {
    return this.#call(signal, () => this.#cloud.attachments());
  }

  close(): Promise<void> {
    this.#open = false;
    this.#closed.next();
    this.#closed.complete();
    return Promise.resolve();
  }

  async #call<T>(signal: AbortSignal, work: () => T | Promise<T>): Promise<T> {
    if (signal.aborted || !this.#open) throw new VimError('aborted', 'The call was given up.');
    if (!this.#cloud.reachable) throw new VimError('unreachable', 'The simulated VIM does not answer.');
    if (!this.#cloud.admits(this.#account.username, this.#account.password)) {
      throw new VimError(
        'unauthorized',
        `The simulated VIM does not accept user '${this.#account.username ?? ''}' with the password that was given.`,
      );
    }
    return work();
  }
}

function withToken<T extends { readonly token?: string }>(things: readonly T[], token: string): readonly T[] {
  return things.filter((each) => each.token === token);
}
