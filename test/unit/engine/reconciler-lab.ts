/** A reconciler of its own for each test, between a store and a simulated cloud. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { filter } from 'rxjs';
import { Bus } from '../../../src/engine/bus.ts';
import { ManualClock } from '../../../src/engine/clock.ts';
import { commands } from '../../../src/engine/commands/index.ts';
import type {
  Allocation,
  MachineAllocation,
  Pool,
  Provider,
  ResourceAllocation,
} from '../../../src/engine/entities.ts';
import type { DomainEvent } from '../../../src/engine/events.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import { omit } from '../../../src/engine/omit.ts';
import type { Decide } from '../../../src/engine/ledger.ts';
import { Reconciler } from '../../../src/engine/reconciler.ts';
import { engineModel } from '../../../src/engine/state.ts';
import type { Change, Head } from '../../../src/engine/state.ts';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import type { EventInput } from '../../../src/store/store.ts';
import { SimulatedClouds } from '../../../src/vim/simulated/clouds.ts';
import { VimError } from '../../../src/vim/vim.ts';
import type {
  CreateResource,
  CreateServer,
  Vim,
  VimAttachable,
  VimResourceKind,
  VimServer,
} from '../../../src/vim/vim.ts';
import { temporaryDirectory } from '../store/temporary-directory.ts';

export const PROVIDER: Provider = {
  id: 'vim',
  name: 'vim',
  origin: 'rpc',
  access: { type: 'promise-simulator:simulated' },
  status: 'connecting',
  owner: 'ops',
};

export const POOL: Pool = {
  id: 'pool',
  origin: 'rpc',
  source: 'vim',
  capacity: { cores: 64, ram: 131_072, instances: 100 },
  adjustments: [],
  owner: 'ops',
};

export const ALLOCATION: MachineAllocation = {
  id: 'vm',
  name: 'vm',
  backing: 'own',
  pool: 'pool',
  provider: 'vim',
  priority: 3,
  vmState: 'INITIALIZED',
  intent: 'create',
  token: 'token-vm',
  flavor: 'm1.tiny',
  image: 'cirros',
  networks: ['data'],
  capacity: { cores: 1 },
  startsAt: 0,
  claims: [],
  owner: 'ops',
  createdOn: 0,
  modifiedOn: 0,
};

/** A volume, network, port or router like the machine. */
export function resourceAllocation(resource: ResourceAllocation['resource'], id = 'vm'): ResourceAllocation {
  const common = omit(ALLOCATION, 'flavor', 'image', 'networks', 'resource');
  return { ...common, id, token: `token-${id}`, resource };
}

export function put(allocation: Allocation): Change {
  return { kind: 'allocation', id: allocation.id, body: allocation };
}

/** A VIM between which and the agent answers may be lost, and of which calls are counted. */
class TroubledVim implements Vim {
  readonly providerId: string;
  readonly events$: Vim['events$'];
  readonly calls: string[] = [];
  /** Of each request for a server, whether it says that its token is new. */
  readonly fresh: boolean[] = [];
  /** Calls whose answer is lost: they take effect, and nobody hears. */
  loseAnswersOf = new Map<keyof Vim, number>();
  /** Calls that fail before they take effect. */
  failures = new Map<keyof Vim, VimError[]>();
  /** Calls that never answer at all. */
  hang = new Set<keyof Vim>();
  /** Whether what the VIM tells unasked is lost. */
  deaf = false;
  readonly #vim: Vim;

  constructor(vim: Vim) {
    this.#vim = vim;
    this.providerId = vim.providerId;
    this.events$ = vim.events$.pipe(filter(() => !this.deaf));
  }

  discover = (signal: AbortSignal): ReturnType<Vim['discover']> =>
    this.#trouble('discover', '', () => this.#vim.discover(signal));
  createServer = (request: CreateServer, signal: AbortSignal): ReturnType<Vim['createServer']> => {
    this.fresh.push(request.fresh === true);
    return this.#trouble('createServer', request.token, () => this.#vim.createServer(request, signal));
  };
  deleteServer = (id: string, signal: AbortSignal): Promise<void> =>
    this.#trouble('deleteServer', '', () => this.#vim.deleteServer(id, signal));
  findServersByToken = (token: string, signal: AbortSignal): ReturnType<Vim['findServersByToken']> =>
    this.#trouble('findServersByToken', token, () => this.#vim.findServersByToken(token, signal));
  listServers = (signal: AbortSignal): Promise<readonly VimServer[]> =>
    this.#trouble('listServers', '', () => this.#vim.listServers(signal));
  createResource = (request: CreateResource, signal: AbortSignal): ReturnType<Vim['createResource']> =>
    this.#trouble('createResource', request.token, () => this.#vim.createResource(request, signal));
  deleteResource = (kind: VimResourceKind, id: string, signal: AbortSignal): Promise<void> =>
    this.#trouble('deleteResource', '', () => this.#vim.deleteResource(kind, id, signal));
  findResourcesByToken = (
    kind: VimResourceKind,
    token: string,
    signal: AbortSignal,
  ): ReturnType<Vim['findResourcesByToken']> =>
    this.#trouble('findResourcesByToken', token, () => this.#vim.findResourcesByToken(kind, token, signal));
  listResources = (kind: VimResourceKind, signal: AbortSignal): ReturnType<Vim['listResources']> =>
    this.#trouble('listResources', kind, () => this.#vim.listResources(kind, signal));
  describeResource = (kind: VimResourceKind, id: string, signal: AbortSignal): ReturnType<Vim['describeResource']> =>
    this.#trouble('describeResource', kind, () => this.#vim.describeResource(kind, id, signal));
  extendVolume = (id: string, sizeGb: number, signal: AbortSignal): Promise<void> =>
    this.#trouble('extendVolume', `${sizeGb}`, () => this.#vim.extendVolume(id, sizeGb, signal));
  volumeExtension = (id: string, sizeGb: number, signal: AbortSignal): ReturnType<Vim['volumeExtension']> =>
    this.#trouble('volumeExtension', '', () => this.#vim.volumeExtension(id, sizeGb, signal));
  removeServerGroups = (inUse: ReadonlySet<string>, signal: AbortSignal): Promise<void> =>
    this.#trouble('removeServerGroups', [...inUse].join(), () => this.#vim.removeServerGroups(inUse, signal));
  attach = (server: string, what: VimAttachable, signal: AbortSignal): Promise<void> =>
    this.#trouble('attach', what.kind, () => this.#vim.attach(server, what, signal));
  detach = (server: string, what: VimAttachable, signal: AbortSignal): Promise<void> =>
    this.#trouble('detach', what.kind, () => this.#vim.detach(server, what, signal));
  attachmentState = (server: string, what: VimAttachable, signal: AbortSignal): ReturnType<Vim['attachmentState']> =>
    this.#trouble('attachmentState', what.kind, () => this.#vim.attachmentState(server, what, signal));
  listAttachments = (signal: AbortSignal): ReturnType<Vim['listAttachments']> =>
    this.#trouble('listAttachments', '', () => this.#vim.listAttachments(signal));
  close = (): Promise<void> => this.#vim.close();

  async #trouble<T>(name: keyof Vim, detail: string, call: () => Promise<T>): Promise<T> {
    this.calls.push(detail === '' ? name : `${name} ${detail}`);
    if (this.hang.has(name)) return new Promise(() => undefined);
    const failure = this.failures.get(name)?.shift();
    if (failure !== undefined) throw failure;
    const result = await call();
    const lost = this.loseAnswersOf.get(name) ?? 0;
    if (lost === 0) return result;
    this.loseAnswersOf.set(name, lost - 1);
    throw new VimError('timeout', 'no answer');
  }
}

interface Running {
  readonly store: SqliteStore;
  readonly ledger: Ledger<Head, Change, DomainEvent>;
  readonly clouds: SimulatedClouds;
  readonly reconciler: Reconciler;
}

/** A reconciler over a store and a simulated cloud, whose time the test moves. */
export class ReconcilerLab {
  directory = temporaryDirectory();
  readonly clock = new ManualClock(1_000_000);
  readonly reported: unknown[] = [];
  readonly orphans: string[] = [];
  /** Why orphans are not adopted. */
  readonly unadoptable: string[] = [];
  readonly duplicates: string[] = [];
  readonly strays: string[] = [];
  readonly signal: AbortSignal = new AbortController().signal;
  #running: Running;
  #vim: TroubledVim | undefined;

  constructor() {
    this.#running = this.#assembled();
    this.reconciler.start();
  }

  get store(): SqliteStore {
    return this.#running.store;
  }

  get ledger(): Running['ledger'] {
    return this.#running.ledger;
  }

  get clouds(): SimulatedClouds {
    return this.#running.clouds;
  }

  get reconciler(): Reconciler {
    return this.#running.reconciler;
  }

  /** The adapter of the provider that was connected last. */
  get vim(): TroubledVim {
    return this.#vim ?? expect.fail('no provider was connected');
  }

  /** Starts the agent again on what is on disk; without `start` it does nothing yet. */
  open(start = true): void {
    this.#running = this.#assembled();
    if (start) this.reconciler.start();
  }

  async shut(): Promise<void> {
    const { reconciler, ledger, store, clouds } = this.#running;
    await reconciler.close();
    await ledger.close();
    await store.close();
    await clouds.close();
  }

  /** Ends it, with what is on disk. */
  async close(): Promise<void> {
    await this.shut();
    this.directory.remove();
  }

  decide(...changes: readonly Change[]): Promise<void> {
    const all: Decide<Head, Change, DomainEvent, void> = () => ({ result: undefined, changes, events: [], due: [] });
    return this.ledger.update(all);
  }

  /** Lets everything go on, without moving time, until it holds. */
  async until(condition: () => boolean): Promise<void> {
    for (let turns = 0; turns < 300; turns++) {
      if (condition()) return;
      await this.#turn();
    }
    expect.fail(`it never came to hold: ${condition.toString()}; reported ${this.reported.map(String).join()}`);
  }

  /** Moves time on in small steps until it holds. */
  async eventually(condition: () => boolean): Promise<void> {
    for (let step = 0; step < 500 && !condition(); step++) {
      this.clock.advance(500);
      for (let turns = 0; turns < 6; turns++) await this.#turn();
    }
    await this.until(condition);
  }

  vm(): Allocation | undefined {
    return this.ledger.head.allocations.get('vm');
  }

  provider(): Provider | undefined {
    return this.ledger.head.providers.get('vim');
  }

  servers(): readonly VimServer[] {
    return this.clouds.cloud('vim').servers();
  }

  async connected(): Promise<void> {
    await this.decide({ kind: 'provider', id: 'vim', body: PROVIDER }, { kind: 'pool', id: 'pool', body: POOL });
    await this.until(() => this.provider()?.status === 'up' && this.vim.calls.includes('listServers'));
  }

  /** Lets what was decided become durable, and then what waited for that go on. */
  async #turn(): Promise<void> {
    await this.ledger.whenDurable().catch(() => undefined);
    await nextTurn();
  }

  #assembled(): Running {
    const store = SqliteStore.open({ directory: this.directory.path, now: () => 1 });
    const bus = new Bus(() => undefined);
    const record = ({ time, kind }: DomainEvent): EventInput => ({ time, module: 'm', name: kind, content: {} });
    const { clock } = this;
    const ledger = new Ledger<Head, Change, DomainEvent>({ store, model: engineModel, record, clock, bus });
    const clouds = new SimulatedClouds({
      directory: this.directory.path,
      clock,
      describe: () => ({ times: { boot: 2_000, delete: 1_000, jitter: 0 } }),
    });
    const reconciler = new Reconciler({
      ledger,
      commands,
      clock,
      random: () => 0.5,
      adapters: new Map([
        ['promise-simulator:simulated', (account) => (this.#vim = new TroubledVim(clouds.connect(account)))],
      ]),
      onFailure: (error) => this.reported.push(error),
      onOrphan: (_provider, { token = '' }, unadoptable) => {
        if (unadoptable === undefined) this.orphans.push(token);
        else this.unadoptable.push(unadoptable);
      },
      onDuplicate: (_provider, server) => this.duplicates.push(server.id),
      onStray: (_provider, { machine, kind }) => this.strays.push(`${kind} of ${machine}`),
    });
    return { store, ledger, clouds, reconciler };
  }
}
