/**
 * Volumes, networks, ports, floating IPs and routers of a simulated cloud. As in OpenStack, volumes take time to be made and to go, and the
 * others are there at once; what something uses is not deleted.
 */
import type { VimInformation } from '../information.ts';
import { VimError } from '../vim.ts';
import type {
  CreateResource,
  VimElement,
  VimNetwork,
  VimQuotas,
  VimResource,
  VimResourceKind,
  VimRouter,
  VimResourceSpec,
  VimVolume,
  VimVolumeExtension,
} from '../vim.ts';
import type { SimulationClock } from './cloud.ts';
import { named } from './named.ts';
import type { Nfvi } from './nfvi.ts';

/** One resource: what a snapshot holds of it. */
export interface ResourceState {
  readonly resource: VimResource;
  readonly spec: VimResourceSpec;
  /** What happens to it next, and when. */
  readonly next?: Next;
}

type Next =
  | { readonly at: number; readonly becomes: 'ACTIVE' | 'DELETED' | 'ERROR'; readonly reason?: string }
  | { readonly at: number; readonly becomes: 'LARGER'; readonly sizeGb: number; readonly failure?: string };

export interface SimulatedResourcesOptions {
  readonly clock: SimulationClock;
  readonly nfvi: () => Nfvi;
  readonly newId: () => string;
  /** A time with jitter, milliseconds. */
  readonly lasting: (milliseconds: number) => number;
  /** The reason when the next volume is to fail. */
  readonly failure: () => string | undefined;
  /** The server to which a port or volume is attached. */
  readonly userOf: (resource: string) => string | undefined;
  readonly tell: (resource: VimResource) => void;
}

/** What a quota counts of a resource. */
type Counted = readonly (readonly [quota: keyof VimQuotas, amount: number])[];

/** Addresses of a network's range, a /16. */
const RANGE = 65_536;

export class SimulatedResources {
  readonly #options: SimulatedResourcesOptions;
  readonly #states: Map<string, ResourceState>;
  readonly #timers = new Map<string, { cancel(): void }>();
  #addresses: number;

  constructor(states: readonly ResourceState[], options: SimulatedResourcesOptions) {
    this.#options = options;
    this.#states = new Map(states.map((state) => [state.resource.id, state]));
    this.#addresses = states.length;
    // What was to happen while nobody watched, happens now.
    for (const state of states) this.#arm(state);
  }

  get state(): readonly ResourceState[] {
    return [...this.#states.values()];
  }

  all(kind: VimResourceKind): readonly VimResource[] {
    return this.state.flatMap(({ resource }) => (resource.kind === kind ? [resource] : []));
  }

  /** The networks that were made beside those of the cloud. */
  networks(): readonly VimNetwork[] {
    return this.all('network').map(({ id, name, token }) => {
      return { id, name, external: false, ...(token === undefined ? {} : { token }) };
    });
  }

  /** What a resource was asked for as, with ids for names. @throws VimError not-found. */
  describe(kind: VimResourceKind, id: string): VimResourceSpec {
    const spec = this.#existing(kind, id).spec;
    if (spec.kind === 'router') {
      const gateway = spec.gateway === undefined ? {} : { gateway: this.#networkId(spec.gateway) };
      return { ...spec, ...gateway, networks: spec.networks.map((each) => this.#networkId(each)) };
    }
    return 'network' in spec ? { ...spec, network: this.#networkId(spec.network) } : spec;
  }

  /** What can be named of network and storage. Each network of the cloud has one subnet from the beginning. */
  elements(): readonly VimElement[] {
    const networks = this.#options.nfvi().networks.map((each) => subnetOf(each, this.#rangeOf(each.id)));
    return [...networks, ...this.state.flatMap((state) => this.#elementsOf(state))];
  }

  /** The routers, and the networks that lead outside, each with the addresses of its range but the first and the last. */
  information(): Required<Pick<VimInformation, 'routers' | 'floatingIpPools'>> {
    const routers = this.state.flatMap(({ resource, spec }) => {
      if (spec.kind !== 'router') return [];
      const { id, name, token, status } = resource;
      const gateway = spec.gateway === undefined ? {} : { gateway: this.#networkId(spec.gateway) };
      return [{ id, name, enabled: true, status, ...gateway, ...(token === undefined ? {} : { token }) }];
    });
    const given = this.state.flatMap(({ spec }) =>
      spec.kind === 'floating-ip' ? [this.#networkId(spec.network)] : [],
    );
    const floatingIpPools = this.#options
      .nfvi()
      .networks.flatMap(({ id, name, external }) =>
        external
          ? [{ id, name, addresses: { total: RANGE - 2, used: given.filter((each) => each === id).length } }]
          : [],
      );
    return { routers, floatingIpPools };
  }

  /** Whether there is a network, of the cloud from the beginning or made since, by id or name. */
  hasNetwork(key: string): boolean {
    return named(this.#options.nfvi().networks, key) !== undefined || named(this.all('network'), key) !== undefined;
  }

  /** @throws VimError. */
  create({ token, name, spec }: CreateResource): VimResource {
    this.#check(spec);
    this.#checkQuotas(countedOf(spec));
    const { clock, lasting, newId, nfvi } = this.#options;
    const failure = spec.kind === 'volume' ? this.#options.failure() : undefined;
    const base = { id: newId(), kind: spec.kind, name, token, deleting: false } as const;
    if (spec.kind !== 'volume') {
      const resource: VimResource = { ...base, status: 'ACTIVE', ...this.#addressOf(spec) };
      this.#put({ resource, spec });
      return resource;
    }
    const resource: VimResource = { ...base, status: 'BUILD', sizeGb: spec.sizeGb };
    const at = clock.now() + lasting(nfvi().times.boot);
    const next =
      failure === undefined ? { at, becomes: 'ACTIVE' as const } : { at, becomes: 'ERROR' as const, reason: failure };
    this.#put({ resource, spec, next });
    return resource;
  }

  /** @throws VimError not-found; conflict while something uses it. */
  delete(kind: VimResourceKind, id: string): void {
    const state = this.#existing(kind, id);
    const user = this.#userOf(state);
    if (user !== undefined) throw new VimError('conflict', `The ${kind} ${id} is in use by ${user}.`);
    if (state.next?.becomes === 'LARGER') throw new VimError('conflict', `The ${kind} ${id} is being extended.`);
    if (kind !== 'volume') this.#remove(state);
    else if (!state.resource.deleting) {
      const { clock, lasting, nfvi } = this.#options;
      const at = clock.now() + lasting(nfvi().times.delete);
      this.#put({ ...state, resource: { ...state.resource, deleting: true }, next: { at, becomes: 'DELETED' } });
    }
  }

  /** @throws VimError not-found; conflict while it is made, extended or deleted; refused for a size that is not larger; over-quota. */
  extend(id: string, sizeGb: number): void {
    const { state, spec } = this.#volume(id);
    const { resource, next } = state;
    if (resource.status !== 'ACTIVE' || next !== undefined)
      throw new VimError('conflict', `Volume ${id} status must be available to extend.`);
    if (sizeGb <= spec.sizeGb) {
      const sizes = `(current: ${spec.sizeGb}, extended: ${sizeGb})`;
      throw new VimError('refused', `New size for extend must be greater than current size. ${sizes}`);
    }
    this.#checkQuotas([['gigabytes', sizeGb - spec.sizeGb]]);
    const { clock, failure: failing, lasting, nfvi } = this.#options;
    const failure = failing();
    const at = clock.now() + lasting(nfvi().times.boot);
    this.#put({ ...state, next: { at, becomes: 'LARGER', sizeGb, ...(failure === undefined ? {} : { failure }) } });
  }

  /** @throws VimError not-found. */
  extension(id: string): VimVolumeExtension {
    const { resource, next } = this.#volume(id).state;
    const { fault } = resource;
    const failure = fault === undefined ? {} : { failure: fault.message };
    return { volume: resource, extending: next?.becomes === 'LARGER', ...failure };
  }

  #volume(id: string): { readonly state: ResourceState; readonly spec: VimVolume } {
    const state = this.#states.get(id);
    if (state?.spec.kind !== 'volume') throw new VimError('not-found', `Volume ${id} could not be found.`);
    return { state, spec: state.spec };
  }

  /** @throws VimError when a server cannot have it. */
  checkFree(kind: 'port' | 'volume', id: string): void {
    const state = this.#states.get(id);
    if (state?.resource.kind !== kind) throw new VimError('refused', `The ${kind} ${id} could not be found.`);
    const user = this.#userOf(state);
    if (user !== undefined) throw new VimError('conflict', `The ${kind} ${id} is still in use by ${user}.`);
    if (state.resource.status !== 'ACTIVE' || state.next?.becomes === 'LARGER')
      throw new VimError('refused', `The ${kind} ${id} is not available.`);
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #existing(kind: VimResourceKind, id: string): ResourceState {
    const state = this.#states.get(id);
    if (state?.resource.kind !== kind) throw new VimError('not-found', `The ${kind} ${id} could not be found.`);
    return state;
  }

  #userOf({ resource: { id, kind } }: ResourceState): string | undefined {
    if (kind === 'volume' || kind === 'port') return this.#options.userOf(id);
    const user = this.state.find(({ spec }) => {
      if (kind === 'network')
        return (spec.kind === 'port' && spec.network === id) || (spec.kind === 'router' && spec.networks.includes(id));
      return kind === 'router' && spec.kind === 'floating-ip' && this.#leadsThrough(spec.port, id);
    });
    return user?.resource.id;
  }

  /** Whether it takes a router to reach a port from outside. */
  #leadsThrough(port: string | undefined, router: string): boolean {
    const [to, through] = [this.#states.get(port ?? '')?.spec, this.#states.get(router)?.spec];
    return to?.kind === 'port' && through?.kind === 'router' && through.networks.includes(this.#networkId(to.network));
  }

  /** @throws VimError when no server can start from a volume. */
  checkBootable(id: string): void {
    const spec = this.#states.get(id)?.spec;
    if (spec?.kind === 'volume' && spec.image === undefined)
      throw new VimError('refused', `Block Device ${id} is not bootable.`);
  }

  #check(spec: VimResourceSpec): void {
    const { networks } = this.#options.nfvi();
    if (spec.kind === 'volume') this.#checkImage(spec);
    if (spec.kind === 'port' && !this.hasNetwork(spec.network)) {
      throw new VimError('refused', `Network ${spec.network} could not be found.`);
    }
    if (spec.kind === 'router') this.#checkRouter(spec);
    const address = spec.kind === 'port' || spec.kind === 'floating-ip' ? spec.address : undefined;
    if ('network' in spec && address !== undefined && this.#isTaken(spec.network, address)) {
      throw new VimError('conflict', `IP address ${address} is already allocated on network ${spec.network}.`);
    }
    if (spec.kind === 'floating-ip' && named(networks, spec.network)?.external !== true) {
      throw new VimError('refused', `Network ${spec.network} is not a valid external network.`);
    }
    if (
      spec.kind === 'floating-ip' &&
      spec.port !== undefined &&
      this.#states.get(spec.port)?.resource.kind !== 'port'
    ) {
      throw new VimError('refused', `Port ${spec.port} could not be found.`);
    }
  }

  #checkImage({ image: id, sizeGb }: VimVolume): void {
    if (id === undefined) return;
    const image = named(this.#options.nfvi().images, id);
    if (image === undefined) throw new VimError('refused', `Image ${id} could not be found.`);
    if (sizeGb < image.minDiskGb)
      throw new VimError(
        'refused',
        `Volume size ${sizeGb}GB cannot be smaller than the image minDisk size ${image.minDiskGb}GB.`,
      );
  }

  #checkRouter({ gateway, networks }: VimRouter): void {
    for (const each of networks)
      if (!this.hasNetwork(each)) throw new VimError('refused', `Network ${each} could not be found.`);
    if (gateway !== undefined && named(this.#options.nfvi().networks, gateway)?.external !== true)
      throw new VimError('refused', `Network ${gateway} is not an external network.`);
  }

  #isTaken(network: string, address: string): boolean {
    return this.state.some(
      ({ spec, resource }) => 'network' in spec && spec.network === network && resource.address === address,
    );
  }

  #checkQuotas(wanted: Counted): void {
    const { quotas } = this.#options.nfvi();
    const states = this.state;
    for (const [what, amount] of wanted) {
      const quota = quotas[what];
      const used = states.flatMap(countedIn).reduce((sum, [each, count]) => (each === what ? sum + count : sum), 0);
      if (quota === undefined || used + amount <= quota) continue;
      const message = `Quota exceeded for ${what}: Requested ${amount}, but already used ${used} of ${quota} ${what}.`;
      throw new VimError('over-quota', message);
    }
  }

  #elementsOf({ resource, spec }: ResourceState): VimElement[] {
    const { id, name, address, deleting, sizeGb = 0, token } = resource;
    const made = { id, ...(token === undefined ? {} : { token }) };
    if (deleting) return [];
    switch (spec.kind) {
      case 'volume':
        return [{ kind: 'volume', ...made, name, sizeGb, ...(spec.zone === undefined ? {} : { zone: spec.zone }) }];
      case 'network':
        return spec.subnets.map((subnet, index) => {
          return { kind: 'subnet', id: `${id}-subnet-${index + 1}`, name, network: id, ...subnet };
        });
      case 'port': {
        const addresses = address === undefined ? [] : [address];
        return [{ kind: 'port', ...made, name, network: this.#networkId(spec.network), addresses }];
      }
      case 'floating-ip': {
        if (address === undefined) return [];
        return [{ kind: 'floating-ip', ...made, name: '', network: this.#networkId(spec.network), address }];
      }
      case 'router':
        return [];
    }
  }

  #networkId(key: string): string {
    return named(this.#options.nfvi().networks, key)?.id ?? named(this.all('network'), key)?.id ?? key;
  }

  /** The first two bytes of a network's addresses: each has its own range, those that lead outside among 198.18.0.0/15 and up. */
  #rangeOf(key: string): string {
    const { networks } = this.#options.nfvi();
    const network = named(networks, key);
    const alike = networks.filter(({ external }) => external === network?.external);
    const number = network === undefined ? 0 : alike.indexOf(network);
    return network?.external === true ? `198.${18 + number}` : `10.${number}`;
  }

  #addressOf(spec: VimResourceSpec): { readonly address?: string } {
    if (spec.kind !== 'port' && spec.kind !== 'floating-ip') return {};
    if (spec.address !== undefined) return { address: spec.address };
    this.#addresses += 1;
    const range = this.#rangeOf(spec.network);
    return { address: `${range}.${Math.floor(this.#addresses / 250) % 250}.${(this.#addresses % 250) + 2}` };
  }

  #put(state: ResourceState): void {
    this.#states.set(state.resource.id, state);
    this.#arm(state);
    this.#options.tell(state.resource);
  }

  #remove({ resource }: ResourceState): void {
    this.#states.delete(resource.id);
    this.#disarm(resource.id);
    this.#options.tell({ ...resource, status: 'DELETED', deleting: true });
  }

  #arm({ resource: { id }, next }: ResourceState): void {
    this.#disarm(id);
    if (next === undefined) return;
    this.#timers.set(
      id,
      this.#options.clock.at(next.at, () => this.#proceed(id)),
    );
  }

  #disarm(id: string): void {
    this.#timers.get(id)?.cancel();
    this.#timers.delete(id);
  }

  #proceed(id: string): void {
    const state = this.#states.get(id);
    if (state?.next === undefined) return;
    const { resource, spec, next } = state;
    if (next.becomes === 'LARGER') this.#grow(state, next);
    else if (next.becomes === 'DELETED') this.#remove(state);
    else if (next.becomes === 'ACTIVE') this.#put({ spec, resource: { ...resource, status: 'ACTIVE' } });
    else this.#fail(state, next.reason ?? '');
  }

  #grow({ resource, spec }: ResourceState, { sizeGb, failure }: Extract<Next, { becomes: 'LARGER' }>): void {
    if (spec.kind !== 'volume') return;
    if (failure === undefined) this.#put({ spec: { ...spec, sizeGb }, resource: { ...resource, sizeGb } });
    else this.#fail({ resource, spec }, failure);
  }

  #fail({ resource, spec }: ResourceState, message: string): void {
    this.#put({ spec, resource: { ...resource, status: 'ERROR', fault: { code: 500, message } } });
  }
}

/** What there is of a resource for quotas: of a volume that is being extended, what it is to be. */
function countedIn({ spec, next }: ResourceState): Counted {
  return countedOf(spec.kind === 'volume' && next?.becomes === 'LARGER' ? { ...spec, sizeGb: next.sizeGb } : spec);
}

function subnetOf({ id, name }: VimNetwork, range: string): VimElement {
  const [cidr, gateway] = [`${range}.0.0/16`, `${range}.0.1`];
  return { kind: 'subnet', id: `${id}-subnet`, name: `${name}-subnet`, network: id, cidr, gateway };
}

function countedOf(spec: VimResourceSpec): Counted {
  switch (spec.kind) {
    case 'volume':
      return [
        ['volumes', 1],
        ['gigabytes', spec.sizeGb],
      ];
    case 'network':
      return [
        ['networks', 1],
        ['subnets', spec.subnets.length],
      ];
    case 'port':
      return [['ports', 1]];
    case 'floating-ip':
      return [['addresses', 1]];
    case 'router':
      return [['routers', 1]];
  }
}
