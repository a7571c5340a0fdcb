/** Volumes, networks, ports, floating IPs and routers: made and found by token, watched until they have settled, deleted. */
import { VimError } from '../vim.ts';
import type { CreateResource, VimResource, VimResourceKind, VimResourceSpec } from '../vim.ts';
import { volumes } from './cinder.ts';
import type { ServiceName } from './keystone.ts';
import { floatingIps, networks, ports } from './neutron.ts';
import { routers } from './routers.ts';
import type { Service, Session } from './session.ts';
import { StateWatch } from './state-watch.ts';
import type { Waiting } from './transport.ts';

/** How resources of one kind are dealt with. */
export interface ResourceApi {
  readonly service: ServiceName;
  /** @returns it as it is then, for whoever has to know at once. @throws VimError. */
  readonly create: (service: Service, request: CreateResource, signal: AbortSignal) => Promise<VimResource>;
  /** Makes what is missing of a resource that was found by its token. Absent: there is nothing to it but itself. */
  readonly complete?: (
    service: Service,
    found: VimResource,
    request: CreateResource,
    signal: AbortSignal,
  ) => Promise<void>;
  /** @throws VimError not-found. */
  readonly show: (service: Service, id: string, signal: AbortSignal) => Promise<VimResource>;
  /** What it is, as it would be asked for. @throws VimError not-found. */
  readonly describe: (service: Service, id: string, signal: AbortSignal) => Promise<VimResourceSpec>;
  /** Those with a token, or all of the project. */
  readonly list: (
    service: Service,
    filter: { readonly project: string; readonly token?: string },
    signal: AbortSignal,
  ) => Promise<readonly VimResource[]>;
  /** @throws VimError not-found; conflict while something uses it. */
  readonly remove: (service: Service, id: string, signal: AbortSignal) => Promise<void>;
}

const APIS: Readonly<Record<VimResourceKind, ResourceApi>> = {
  volume: volumes,
  network: networks,
  port: ports,
  'floating-ip': floatingIps,
  router: routers,
};

export interface ResourcesOptions {
  readonly session: Session;
  readonly clock: Waiting;
  /** Ends with the account. */
  readonly signal: AbortSignal;
  readonly tell: (resource: VimResource) => void;
}

export class Resources {
  readonly #options: ResourcesOptions;
  readonly #watches: Readonly<Record<VimResourceKind, StateWatch<VimResource>>>;

  constructor(options: ResourcesOptions) {
    this.#options = options;
    this.#watches = {
      volume: this.#watch('volume'),
      network: this.#watch('network'),
      port: this.#watch('port'),
      'floating-ip': this.#watch('floating-ip'),
      router: this.#watch('router'),
    };
  }

  /** @throws VimError. */
  async create(request: CreateResource, signal: AbortSignal): Promise<VimResource> {
    const { kind } = request.spec;
    const service = await this.#service(kind, signal);
    const api = APIS[kind];
    const [existing] = await this.find(kind, request.token, signal);
    try {
      const made = existing ?? (await api.create(service, request, signal));
      await api.complete?.(service, made, request, signal);
      this.#watches[kind].seen(made);
      return made;
    } catch (error) {
      throw asCreationError(error);
    }
  }

  /** @throws VimError. */
  async delete(kind: VimResourceKind, id: string, signal: AbortSignal): Promise<void> {
    await APIS[kind].remove(await this.#service(kind, signal), id, signal);
    this.#watches[kind].deleted(id);
  }

  /** @throws VimError. */
  async find(kind: VimResourceKind, token: string, signal: AbortSignal): Promise<readonly VimResource[]> {
    const found = (await this.#list(kind, token, signal)).filter((each) => each.token === token);
    for (const each of found) this.#watches[kind].seen(each);
    return found;
  }

  /** @throws VimError. */
  async list(kind: VimResourceKind, signal: AbortSignal): Promise<readonly VimResource[]> {
    const found = await this.#watches[kind].list(() => this.#list(kind, undefined, signal));
    for (const each of found) if (each.token !== undefined) this.#watches[kind].seen(each);
    return found;
  }

  /** @throws VimError not-found. */
  async describe(kind: VimResourceKind, id: string, signal: AbortSignal): Promise<VimResourceSpec> {
    return APIS[kind].describe(await this.#service(kind, signal), id, signal);
  }

  close(): void {
    for (const watch of Object.values(this.#watches)) watch.close();
  }

  async #list(kind: VimResourceKind, token: string | undefined, signal: AbortSignal): Promise<readonly VimResource[]> {
    const service = await this.#service(kind, signal);
    const { id: project } = await this.#options.session.project(signal);
    return APIS[kind].list(service, token === undefined ? { project } : { project, token }, signal);
  }

  #service(kind: VimResourceKind, signal: AbortSignal): Promise<Service> {
    return this.#options.session.service(APIS[kind].service, signal);
  }

  #watch(kind: VimResourceKind): StateWatch<VimResource> {
    const { clock, signal, tell } = this.#options;
    return new StateWatch<VimResource>({
      clock,
      tell,
      read: async (id) => APIS[kind].show(await this.#service(kind, signal), id, signal),
      gone: (id, last) => ({
        ...(last ?? { id, kind, name: '' }),
        status: 'DELETED',
        deleting: true,
      }),
    });
  }
}

/** A refused creation: what is not found then is what the request names, and the request cannot be met as it is. */
function asCreationError(error: unknown): unknown {
  if (!(error instanceof VimError) || error.kind !== 'not-found') return error;
  return new VimError('refused', error.message, { cause: error });
}
