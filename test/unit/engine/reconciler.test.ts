import { cpSync, rmSync } from 'node:fs';
import { expect } from 'chai';
import { filter } from 'rxjs';
import { Bus } from '../../../src/engine/bus.ts';
import { ManualClock } from '../../../src/engine/clock.ts';
import { commands } from '../../../src/engine/commands/index.ts';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
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
import type { Decide, LedgerModel } from '../../../src/engine/ledger.ts';
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

const PROVIDER: Provider = {
  id: 'vim',
  name: 'vim',
  origin: 'rpc',
  access: { type: 'promise-simulator:simulated' },
  status: 'connecting',
  owner: 'ops',
};

const POOL: Pool = {
  id: 'pool',
  origin: 'rpc',
  source: 'vim',
  capacity: { cores: 64, ram: 131_072, instances: 100 },
  adjustments: [],
  owner: 'ops',
};

const ALLOCATION: MachineAllocation = {
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

function put(allocation: Allocation): Change {
  return { kind: 'allocation', id: allocation.id, body: allocation };
}

function without<Key extends keyof MachineAllocation>(
  allocation: MachineAllocation,
  key: Key,
): Omit<MachineAllocation, Key> {
  const rest: Partial<MachineAllocation> = { ...allocation };
  Reflect.deleteProperty(rest, key);
  // Cast: everything but the one property is still there.
  return rest as Omit<MachineAllocation, Key>;
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

describe('reconciler', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let clock: ManualClock;
  let store: SqliteStore;
  let ledger: Ledger<Head, Change, DomainEvent>;
  let clouds: SimulatedClouds;
  let vim: TroubledVim;
  let reconciler: Reconciler;
  let reported: unknown[];
  let orphans: string[];
  let duplicates: string[];
  let strays: string[];
  const signal = new AbortController().signal;
  const model: LedgerModel<Head, Change> = engineModel;

  const open = (start = true): void => {
    lab.store = SqliteStore.open({ directory: lab.directory.path, now: () => 1 });
    const bus = new Bus(() => undefined);
    const record = ({ time, kind }: DomainEvent): EventInput => ({ time, module: 'm', name: kind, content: {} });
    lab.ledger = new Ledger<Head, Change, DomainEvent>({ store: lab.store, model, record, clock: lab.clock, bus });
    lab.clouds = new SimulatedClouds({
      directory: lab.directory.path,
      clock: lab.clock,
      describe: () => ({ times: { boot: 2_000, delete: 1_000, jitter: 0 } }),
    });
    lab.reconciler = new Reconciler({
      ledger: lab.ledger,
      commands,
      clock: lab.clock,
      random: () => 0.5,
      adapters: new Map([
        [
          'promise-simulator:simulated',
          (account) => {
            lab.vim = new TroubledVim(lab.clouds.connect(account));
            return lab.vim;
          },
        ],
      ]),
      onFailure: (error) => lab.reported.push(error),
      onOrphan: (_provider, server) => lab.orphans.push(server.token ?? ''),
      onDuplicate: (_provider, server) => lab.duplicates.push(server.id),
      onStray: (_provider, { machine, kind }) => lab.strays.push(`${kind} of ${machine}`),
    });
    if (start) lab.reconciler.start();
  };
  const shut = async (): Promise<void> => {
    await lab.reconciler.close();
    await lab.ledger.close();
    await lab.store.close();
    await lab.clouds.close();
  };
  const decide = (...changes: readonly Change[]): Promise<void> => {
    const all: Decide<Head, Change, DomainEvent, void> = () => ({ result: undefined, changes, events: [], due: [] });
    return lab.ledger.update(all);
  };
  /** Lets what was decided become durable, and then what waited for that go on. */
  const turn = async (): Promise<void> => {
    await lab.ledger.whenDurable().catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
  };
  /** Lets everything go on, without moving time, until it holds. */
  const until = async (condition: () => boolean): Promise<void> => {
    for (let turns = 0; turns < 300; turns++) {
      if (condition()) return;
      await turn();
    }
    expect.fail(`it never came to hold: ${condition.toString()}; reported ${lab.reported.map(String).join()}`);
  };
  /** Moves time on in small steps until it holds. */
  const eventually = async (condition: () => boolean): Promise<void> => {
    for (let step = 0; step < 500 && !condition(); step++) {
      lab.clock.advance(500);
      for (let turns = 0; turns < 6; turns++) await turn();
    }
    await until(condition);
  };
  const vm = (): Allocation | undefined => lab.ledger.head.allocations.get('vm');
  const provider = (): Provider | undefined => lab.ledger.head.providers.get('vim');
  const servers = (): readonly VimServer[] => lab.clouds.cloud('vim').servers();
  const connected = async (): Promise<void> => {
    await decide({ kind: 'provider', id: 'vim', body: PROVIDER }, { kind: 'pool', id: 'pool', body: POOL });
    await until(() => provider()?.status === 'up' && lab.vim.calls.includes('listServers'));
  };

  beforeEach(() => {
    lab.directory = temporaryDirectory();
    lab.clock = new ManualClock(1_000_000);
    lab.reported = [];
    lab.orphans = [];
    lab.duplicates = [];
    lab.strays = [];
    open();
  });
  afterEach(async () => {
    await shut();
    lab.directory.remove();
  });

  describe('providers', () => {
    it('are contacted when they appear, and refreshed from time to time, on demand and when the VIM says so', async () => {
      await connected();
      expect(await lab.reconciler.contacted('vim', 1_000)).to.equal(true);
      expect(provider()?.inventory?.hosts).to.have.length(4);
      lab.clouds.cloud('vim').setHostCapacity('compute-1', { vcpus: 99 });
      await until(() => provider()?.inventory?.hosts[0]?.vcpus === 99);
      lab.clouds.cloud('vim').failHost('compute-2');
      await until(() => provider()?.inventory?.hosts[1]?.state === 'down');
      const before = lab.vim.calls.filter((call) => call === 'discover').length;
      await lab.reconciler.refresh('vim');
      expect(lab.vim.calls.filter((call) => call === 'discover')).to.have.length(before + 1);
      lab.clock.advance(60_000);
      await until(() => lab.vim.calls.filter((call) => call === 'discover').length === before + 2);
    });

    it('with wrong credentials are rejected with the reason, and taken up when the account is put right', async () => {
      const access = { ...PROVIDER.access, username: 'promise', password: 'wrong' };
      await decide({ kind: 'provider', id: 'vim', body: { ...PROVIDER, access } });
      expect(await lab.reconciler.contacted('vim', 1_000)).to.equal(true);
      expect(provider()?.status).to.equal('rejected');
      expect(provider()?.statusMessage).to.include("does not accept user 'promise'").and.not.include('wrong');
      const right = { ...access, password: 'promise' };
      await decide({ kind: 'provider', id: 'vim', body: { ...PROVIDER, access: right } });
      await until(() => provider()?.status === 'up');
    });

    it('of a type without an adapter are rejected', async () => {
      await decide({ kind: 'provider', id: 'vim', body: { ...PROVIDER, access: { type: 'x:none' } } });
      await until(() => provider()?.status === 'rejected');
      expect(provider()?.statusMessage).to.equal(
        'There is no adapter for providers of type x:none; there is for promise-simulator:simulated.',
      );
    });

    it('out of reach are down and asked ever more rarely until they answer', async () => {
      await connected();
      lab.clouds.cloud('vim').cutOff(600_000);
      lab.clock.advance(60_000);
      await until(() => provider()?.status === 'down');
      const calls = lab.vim.calls.length;
      await eventually(() => lab.vim.calls.length === calls + 3);
      expect(lab.clock.now() - 1_060_000, 'after 1, 2 and 4 s').to.be.within(7_000, 8_500);
      lab.clouds.cloud('vim').cutOff(0);
      await eventually(() => provider()?.status === 'up');
    });

    it('that are removed are left alone', async () => {
      await connected();
      await decide({ kind: 'provider', id: 'vim', body: null });
      const calls = lab.vim.calls.length;
      lab.clock.advance(600_000);
      await until(() => lab.clock.next === undefined);
      expect(lab.vim.calls).to.have.length(calls);
    });
  });

  describe('a creation', () => {
    it('is sent once it is durable; the answer, then the state of the server, are recorded', async () => {
      await connected();
      const decision = decide(put(ALLOCATION));
      expect(vm()?.intent).to.equal('create');
      expect(lab.vim.calls.filter((call) => call.startsWith('createServer'))).to.deep.equal([]);
      await decision;
      expect(await lab.reconciler.settled('vm', 1_000)).to.deep.include({ server: servers()[0]?.id, vmState: 'BUILD' });
      expect(vm()).to.deep.include({ server: servers()[0]?.id });
      expect(vm()).to.not.have.property('intent');
      lab.clock.advance(2_000);
      await until(() => vm()?.vmState === 'ACTIVE');
      expect(servers()).to.have.length(1);
    });

    it('has its state decided on when the VIM tells it, and waits for no other that was told before', async () => {
      await connected();
      const ids = ['vm', 'second', 'third'];
      await decide(...ids.map((id) => put({ ...ALLOCATION, id, token: `token-${id}` })));
      for (const id of ids) expect(await lab.reconciler.settled(id, 1_000)).to.deep.include({ vmState: 'BUILD' });
      lab.clock.advance(2_000);
      expect(ids.map((id) => lab.ledger.head.allocations.get(id)?.vmState)).to.deep.equal(['ACTIVE', 'ACTIVE', 'ACTIVE']);
    });

    it('is one of many under way at once, without a warning of a leak', async () => {
      const warnings: string[] = [];
      const note = ({ name }: Error): number => warnings.push(name);
      process.on('warning', note);
      try {
        await connected();
        lab.vim.hang.add('createServer');
        const ids = Array.from({ length: 12 }, (_, index) => `vm-${index}`);
        await decide(...ids.map((id) => put({ ...ALLOCATION, id, token: `token-${id}` })));
        await until(() => lab.vim.calls.filter((call) => call.startsWith('createServer')).length === ids.length);
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        process.off('warning', note);
      }
      expect(warnings).to.deep.equal([]);
    });

    it('that is refused for good fails with the reason', async () => {
      await connected();
      await decide(put({ ...ALLOCATION, flavor: 'no-such' }));
      expect(await lab.reconciler.settled('vm', 1_000)).to.deep.include({ vmState: 'ERROR' });
      expect(vm()?.vmState).to.equal('ERROR');
      expect(vm()?.fault?.message).to.equal('Flavor no-such could not be found.');
    });

    it('whose answer is lost is settled by its token: one server, found again', async () => {
      await connected();
      lab.vim.deaf = true;
      lab.vim.loseAnswersOf.set('createServer', 1);
      await decide(put(ALLOCATION));
      expect(vm()?.intent).to.equal('create');
      await eventually(() => vm()?.intent === undefined);
      expect(lab.vim.calls.filter((call) => call.endsWith('token-vm'))).to.deep.equal([
        'createServer token-vm',
        'findServersByToken token-vm',
      ]);
      expect(vm()?.server).to.equal(servers()[0]?.id);
      expect(servers()).to.have.length(1);
    });

    it('that never arrived is sent again, and given up after some tries', async () => {
      await connected();
      const lost = (): VimError => new VimError('timeout', 'the cloud is silent');
      lab.vim.failures.set('createServer', [lost()]);
      await decide(put(ALLOCATION));
      await eventually(() => vm()?.server !== undefined);
      expect(servers()).to.have.length(1);
      expect(lab.vim.fresh, 'only what was never asked for need not be looked up').to.deep.equal([true, false]);
      lab.vim.failures.set('createServer', Array.from({ length: 20 }, lost));
      await decide(put({ ...ALLOCATION, id: 'second', token: 'token-2' }));
      await eventually(() => lab.ledger.head.allocations.get('second')?.vmState === 'ERROR');
      expect(lab.vim.calls.filter((call) => call === 'createServer token-2')).to.have.length(4);
      expect(lab.ledger.head.allocations.get('second')?.fault?.message).to.equal('the cloud is silent');
    });

    it('does not wait for ever for a VIM that hangs', async () => {
      await connected();
      lab.vim.hang.add('createServer');
      await decide(put(ALLOCATION));
      const settled = lab.reconciler.settled('vm', 2_000);
      await until(() => lab.vim.calls.includes('createServer token-vm'));
      await new Promise((resolve) => setImmediate(resolve));
      lab.clock.advance(2_000);
      expect(await settled).to.equal(undefined);
      lab.vim.hang.clear();
      await eventually(() => vm()?.server !== undefined);
      expect(servers()).to.have.length(1);
    });

    it('waits while the VIM is out of reach', async () => {
      await connected();
      lab.clouds.cloud('vim').cutOff(5_000);
      await decide(put(ALLOCATION));
      await until(() => provider()?.status === 'down');
      expect(vm()?.intent).to.equal('create');
      await eventually(() => vm()?.server !== undefined);
      expect(servers()).to.have.length(1);
    });

    it('that was sent before the agent was killed is found after the restart', async () => {
      await connected();
      lab.vim.loseAnswersOf.set('createServer', 1);
      await decide(put(ALLOCATION));
      await until(() => servers().length === 1);
      await shut();
      open();
      await until(() => vm()?.server !== undefined);
      expect(servers()).to.have.length(1);
      expect(lab.vim.calls).to.not.include('createServer token-vm');
    });

    it('that was not sent before the agent was killed is sent after the restart', async () => {
      await connected();
      await lab.reconciler.close();
      await decide(put(ALLOCATION));
      await shut();
      open();
      await until(() => vm()?.server !== undefined);
      expect(servers()).to.have.length(1);
      expect(lab.vim.fresh, 'nobody knows after a restart').to.deep.equal([false]);
    });
  });

  describe('a deletion', () => {
    const booted = async (): Promise<Allocation> => {
      await connected();
      await decide(put(ALLOCATION));
      await lab.reconciler.settled('vm', 1_000);
      await until(() => vm()?.vmState === 'BUILD');
      const allocation = vm();
      return allocation ?? expect.fail('there is no allocation');
    };

    it('is sent once it is durable, and the record goes when the server is gone', async () => {
      const allocation = await booted();
      await decide(put({ ...allocation, vmState: 'DELETING', intent: 'delete' }));
      expect(await lab.reconciler.settled('vm', 1_000)).to.deep.include({ vmState: 'DELETING' });
      expect(vm()?.vmState).to.equal('DELETING');
      expect(servers()[0]?.deleting).to.equal(true);
      lab.clock.advance(1_000);
      await until(() => vm() === undefined);
      expect(servers()).to.deep.equal([]);
    });

    it('asked for while the creation is under way, is carried out after it', async () => {
      await connected();
      lab.vim.loseAnswersOf.set('createServer', 1);
      await decide(put(ALLOCATION));
      await decide(put({ ...ALLOCATION, vmState: 'DELETING', intent: 'delete' }));
      await eventually(() => vm() === undefined);
      expect(servers()).to.deep.equal([]);
    });

    it('of a server that is gone already ends the record', async () => {
      const allocation = await booted();
      await decide(put({ ...allocation, server: 'other', vmState: 'DELETING', intent: 'delete' }));
      await until(() => vm() === undefined);
    });

    it('whose answer is lost is asked for again', async () => {
      const allocation = await booted();
      lab.vim.loseAnswersOf.set('deleteServer', 1);
      await decide(put({ ...allocation, vmState: 'DELETING', intent: 'delete' }));
      await eventually(() => vm() === undefined);
      expect(servers()).to.deep.equal([]);
    });
  });

  describe('a sweep', () => {
    it('finds what happened while the agent was away', async () => {
      await connected();
      for (const id of ['one', 'two', 'three']) await decide(put({ ...ALLOCATION, id, token: id }));
      await until(() => lab.ledger.head.intents.size === 0);
      const serverOf = (id: string): string => lab.ledger.head.allocations.get(id)?.server ?? '';
      await lab.reconciler.close();
      lab.clock.advance(2_000);
      lab.clouds.cloud('vim').failHost(servers().find(({ token }) => token === 'two')?.host ?? '');
      await lab.clouds.cloud('vim').deleteServer(serverOf('three'));
      lab.clock.advance(2_000);
      await shut();
      open();
      await until(() => lab.ledger.head.allocations.get('one')?.vmState === 'ACTIVE');
      await until(() => lab.ledger.head.allocations.get('two')?.vmState === 'ERROR');
      await until(() => !lab.ledger.head.allocations.has('three'));
    });

    it('reports servers whose token no record knows, and removes a second boot of one that does', async () => {
      await connected();
      await decide(put(ALLOCATION));
      await lab.reconciler.settled('vm', 1_000);
      const request = { name: 'n', flavor: 'm1.tiny', image: 'cirros', networks: [] };
      const right = servers()[0]?.id;
      await lab.clouds.cloud('vim').createServer({ ...request, token: 'stranger' });
      const cloud = lab.clouds.connect({ providerId: 'vim' });
      const second = await cloud.createServer({ ...request, token: 'twice' }, signal);
      // The record stands for another server with the same token.
      await decide(put({ ...ALLOCATION, id: 'twin', token: 'twice', server: right ?? '', intent: 'delete' }));
      await lab.reconciler.close();
      await decide(put({ ...without(ALLOCATION, 'intent'), id: 'twin', token: 'twice', server: right ?? '' }));
      await shut();
      open();
      await until(() => servers().find(({ id }) => id === second.serverId)?.deleting === true);
      expect(lab.orphans).to.deep.equal(['stranger']);
      expect(lab.duplicates).to.deep.equal([second.serverId]);
      const there = (): boolean => servers().some(({ token }) => token === 'stranger');
      for (let sweeps = 0; sweeps < 3; sweeps += 1) await lab.reconciler.refresh('vim');
      expect(lab.orphans).to.deep.equal(['stranger']);
      expect(there()).to.equal(true);
      await decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'remove' } });
      await lab.reconciler.refresh('vim');
      await eventually(() => !there());
    });

    it('adopts by policy servers whose token no record knows, when it finds them again', async () => {
      await decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'adopt' } });
      await connected();
      const request = { name: 'lost', flavor: 'm1.tiny', image: 'cirros', networks: [] };
      await lab.clouds.cloud('vim').createServer({ ...request, token: 'stranger' });
      await lab.reconciler.refresh('vim');
      expect(lab.ledger.head.tokens.has('stranger')).to.equal(false);
      await lab.reconciler.refresh('vim');
      const adopted = lab.ledger.head.allocations.get(lab.ledger.head.tokens.get('stranger') ?? '');
      expect(adopted).to.deep.include({
        name: 'lost',
        backing: 'own',
        pool: 'pool',
        provider: 'vim',
        owner: PROVIDER.owner,
        flavor: '1',
        server: servers()[0]?.id,
      });
      expect(adopted?.claims[0]?.capacity.cores).to.equal(1);
      await lab.reconciler.refresh('vim');
      expect(lab.ledger.head.allocations.size).to.equal(1);
      await eventually(() => lab.ledger.head.allocations.get(adopted?.id ?? '')?.vmState === 'ACTIVE');
    });

    it('counts what a server consumes that runs as another flavor now', async () => {
      await connected();
      await decide(put(ALLOCATION));
      await lab.reconciler.settled('vm', 1_000);
      await eventually(() => vm()?.vmState === 'ACTIVE');
      const list = lab.vim.listServers.bind(lab.vim);
      lab.vim.listServers = async (given) => (await list(given)).map((server) => ({ ...server, flavor: '3' }));
      await lab.reconciler.refresh('vim');
      expect(vm()).to.deep.include({ flavor: '3', backing: 'own' });
      expect(vm()?.capacity).to.deep.include({ cores: 2, ram: 4096 });
      expect(vm()?.claims[0]?.capacity.cores).to.equal(2);
      const { modifiedOn } = vm() ?? {};
      await lab.reconciler.refresh('vim');
      expect(vm()?.modifiedOn).to.equal(modifiedOn);
    });
  });

  describe('volumes, networks and ports', () => {
    const common = omit(ALLOCATION, 'flavor', 'image', 'networks', 'resource');
    const wanted = (resource: ResourceAllocation['resource'], id = 'vm'): ResourceAllocation => ({
      ...common,
      id,
      token: `token-${id}`,
      resource,
    });
    const VOLUME = wanted({ kind: 'volume', sizeGb: 1 });
    const NETWORK = wanted({ kind: 'network', subnets: [] });
    const made = (kind: VimResourceKind): readonly string[] =>
      lab.clouds
        .cloud('vim')
        .resources(kind)
        .map(({ id }) => id);

    it('are made once, and are in the record with their state', async () => {
      await connected();
      await decide(put(NETWORK));
      expect(await lab.reconciler.settled('vm', 1_000)).to.deep.include({ vmState: 'ACTIVE' });
      expect(vm()).to.include({ vmState: 'ACTIVE', server: made('network')[0] });
      await decide(put(wanted({ kind: 'volume', sizeGb: 1 }, 'volume')));
      await until(() => lab.ledger.head.allocations.get('volume')?.vmState === 'BUILD');
      lab.clock.advance(2_000);
      await until(() => lab.ledger.head.allocations.get('volume')?.vmState === 'ACTIVE');
    });

    for (const record of [VOLUME, NETWORK]) {
      const { kind } = record.resource;

      it(`a ${kind} whose answer is lost is made once`, async () => {
        await connected();
        lab.vim.loseAnswersOf.set('createResource', 2);
        await decide(put(record));
        await eventually(() => vm()?.vmState === 'ACTIVE');
        expect(made(kind)).to.deep.equal([vm()?.server]);
      });

      it(`a ${kind} whose answer never came before the agent was killed is made once`, async () => {
        await connected();
        lab.vim.loseAnswersOf.set('createResource', 1);
        await decide(put(record));
        await until(() => made(kind).length === 1);
        await shut();
        open();
        await eventually(() => vm()?.vmState === 'ACTIVE');
        expect(made(kind)).to.deep.equal([vm()?.server]);
      });

      it(`a ${kind} is deleted to the end, also when the deletion is asked for before it is known`, async () => {
        await connected();
        lab.vim.loseAnswersOf.set('createResource', 1);
        await decide(put(record));
        await decide(put({ ...record, vmState: 'DELETING', intent: 'delete' }));
        await eventually(() => vm() === undefined);
        expect(made(kind)).to.deep.equal([]);
      });

      it(`a sweep notices that a ${kind} is gone`, async () => {
        await connected();
        await decide(put(record));
        await eventually(() => vm()?.vmState === 'ACTIVE');
        lab.vim.deaf = true;
        await lab.clouds.cloud('vim').deleteResource(kind, vm()?.server ?? '');
        lab.clock.advance(1_000);
        await lab.reconciler.refresh('vim');
        await until(() => vm() === undefined);
      });
    }

    it('keep the word of the VIM while something uses them, and go when nothing does', async () => {
      await connected();
      await decide(put(NETWORK));
      await until(() => vm()?.vmState === 'ACTIVE');
      const cloud = lab.clouds.connect({ providerId: 'vim' });
      const network = vm()?.server ?? '';
      const port = await cloud.createResource({ token: 'p', name: 'p', spec: { kind: 'port', network } }, signal);
      const before = vm();
      if (before === undefined) throw new Error('it is gone');
      await decide(put({ ...before, vmState: 'DELETING', intent: 'delete' }));
      await until(() => vm()?.fault !== undefined);
      expect(vm()).to.include({ vmState: 'DELETING', intent: 'delete' });
      expect(vm()?.fault?.message).to.match(/is in use by/);
      await cloud.deleteResource('port', port.id, signal);
      await eventually(() => vm() === undefined);
      expect(made('network')).to.deep.equal([]);
    });

    it('that are refused are in ERROR with the word of the VIM', async () => {
      await connected();
      lab.vim.failures.set('createResource', [new VimError('over-quota', 'Quota exceeded for volumes')]);
      await decide(put(VOLUME));
      await until(() => vm()?.vmState === 'ERROR');
      expect(vm()?.fault?.message).to.equal('Quota exceeded for volumes');
      expect(vm()?.intent).to.equal(undefined);
    });
  });

  describe('a creation that takes effect after it was taken for lost', () => {
    const common = omit(ALLOCATION, 'flavor', 'image', 'networks', 'resource');
    const VOLUME: ResourceAllocation = { ...common, resource: { kind: 'volume', sizeGb: 1 } };
    const NETWORK: ResourceAllocation = { ...common, resource: { kind: 'network', subnets: [] } };
    const silence = (): VimError => new VimError('timeout', 'the cloud is silent');
    /** What the cloud has with the token of the record, and keeps. */
    const there = (): string[] =>
      [servers(), lab.clouds.cloud('vim').resources('volume'), lab.clouds.cloud('vim').resources('network')]
        .flat()
        .flatMap(({ id, token, deleting }) => (token === ALLOCATION.token && !deleting ? [id] : []));
    const all = (): number =>
      [servers(), lab.clouds.cloud('vim').resources('volume'), lab.clouds.cloud('vim').resources('network')].flat().length;

    for (const record of [ALLOCATION, VOLUME, NETWORK]) {
      const what = record.resource?.kind ?? 'server';
      const call = record.resource === undefined ? 'createServer' : 'createResource';
      /** What was asked for first arrives now: the cloud does not know that anything else did. */
      const arrive = async (): Promise<void> => {
        const { token, name } = ALLOCATION;
        if (record.resource === undefined) {
          const { image = '', flavor, networks } = ALLOCATION;
          await lab.clouds.cloud('vim').createServer({ token, name, image, flavor, networks });
        } else await lab.clouds.cloud('vim').createResource({ token, name, spec: record.resource });
      };
      /** The first creation is out, and the record stands for the second. */
      const madeAnew = async (): Promise<string> => {
        await connected();
        lab.vim.failures.set(call, [silence()]);
        await decide(put(record));
        await eventually(() => vm()?.vmState === 'ACTIVE');
        return vm()?.server ?? '';
      };

      it(`leaves one ${what} for the record, soon and whatever the policy for orphans is`, async () => {
        const kept = await madeAnew();
        lab.vim.deaf = true;
        await lab.reconciler.refresh('vim');
        const lists = (): number => lab.vim.calls.filter((each) => each.startsWith('list')).length;
        const before = lists();
        await arrive();
        expect(there()).to.have.length(2);
        await eventually(() => there().length === 1);
        expect(there()).to.deep.equal([kept]);
        expect(lists(), 'no sweep was needed').to.equal(before);
        expect(lab.duplicates).to.have.length(1);
        expect([lab.orphans, vm()?.vmState]).to.deep.equal([[], 'ACTIVE']);
      });

      it(`leaves one ${what} for the record when the agent was killed before it came`, async () => {
        const kept = await madeAnew();
        await shut();
        open(false);
        await arrive();
        lab.reconciler.start();
        await eventually(() => there().length === 1);
        expect(there()).to.deep.equal([kept]);
      });

      it(`leaves one ${what} when the agent was killed while nothing was known`, async () => {
        await connected();
        lab.vim.failures.set(call, [silence()]);
        await decide(put(record));
        await until(() => lab.vim.failures.get(call)?.length === 0);
        await shut();
        open();
        await eventually(() => vm()?.vmState === 'ACTIVE');
        await arrive();
        await eventually(() => there().length === 1);
        expect(there()).to.deep.equal([vm()?.server]);
      });

      it(`leaves no ${what} when all tries were given up`, async () => {
        await connected();
        lab.vim.failures.set(call, [silence(), silence(), silence(), silence()]);
        await decide(put(record));
        await eventually(() => vm()?.vmState === 'ERROR');
        await arrive();
        await eventually(() => all() === 0);
        expect(vm()).to.include({ vmState: 'ERROR' }).and.not.have.property('server');
      });

      it(`leaves no ${what} when its end was asked for meanwhile, and the record goes when nothing more can come`, async () => {
        await madeAnew();
        const allocation = vm() ?? expect.fail('there is no allocation');
        await decide(put({ ...allocation, vmState: 'DELETING', intent: 'delete' }));
        await eventually(() => there().length === 0);
        await shut();
        open();
        await connected();
        expect(vm()?.vmState).to.equal('DELETING');
        await arrive();
        await eventually(() => vm() === undefined);
        expect(all()).to.equal(0);
      });
    }

    it('is removed later when it cannot be at once, and the provider stays up', async () => {
      await connected();
      lab.vim.failures.set('createResource', [silence()]);
      await decide(put(NETWORK));
      await eventually(() => vm()?.vmState === 'ACTIVE');
      const { token, name } = NETWORK;
      const late = await lab.clouds.cloud('vim').createResource({ token, name, spec: NETWORK.resource });
      const spec = { kind: 'port', network: late.id } as const;
      const port = await lab.clouds.cloud('vim').createResource({ token: 'p', name: 'p', spec });
      for (let sweeps = 0; sweeps < 3; sweeps += 1) await lab.reconciler.refresh('vim');
      expect([provider()?.status, lab.duplicates]).to.deep.equal(['up', [late.id]]);
      await lab.clouds.cloud('vim').deleteResource('port', port.id);
      await eventually(() => there().length === 1);
      expect(there()).to.deep.equal([vm()?.server]);
    });
  });

  describe('attaching and detaching', () => {
    const common = omit(ALLOCATION, 'flavor', 'image', 'networks', 'resource');
    const VOLUME: ResourceAllocation = {
      ...common,
      id: 'data',
      token: 'token-data',
      resource: { kind: 'volume', sizeGb: 1 },
    };
    const machine = (): MachineAllocation => {
      const found = vm();
      return found === undefined || found.resource !== undefined ? expect.fail('there is no machine') : found;
    };
    const volume = (): ResourceAllocation => {
      const found = lab.ledger.head.allocations.get('data');
      return found?.resource === undefined ? expect.fail('there is no volume') : found;
    };
    const attached = (): boolean =>
      lab.clouds.cloud('vim').isAttached(machine().server ?? '', { kind: 'volume', id: volume().server ?? '' });
    const running = async (): Promise<void> => {
      await connected();
      await decide(put(ALLOCATION), put(VOLUME));
      await eventually(() => vm()?.vmState === 'ACTIVE' && volume().vmState === 'ACTIVE');
    };
    const ask = async (what: 'attachResource' | 'detachResource'): Promise<unknown> => {
      let at = 0;
      const result = await lab.ledger.update((head, inputs) =>
        commands[what](head, { id: 'vm', kind: 'volume', resource: 'data' }, { ...inputs, user: `ann-${(at += 1)}` }),
      );
      return result.outcome;
    };

    it('is carried to the VIM once it is durable, one after the other', async () => {
      await running();
      expect(await ask('attachResource')).to.equal('accepted');
      expect(volume().attachedTo).to.equal('vm');
      expect(await lab.reconciler.settled('vm', 1_000)).to.have.property('id', 'vm');
      expect([attached(), machine().volumes, machine().pending]).to.deep.equal([true, [volume().server], undefined]);
      await ask('detachResource');
      expect(volume().attachedTo, 'until it is detached').to.equal('vm');
      expect(await lab.reconciler.settled('vm', 1_000)).to.have.property('id', 'vm');
      expect([attached(), machine().volumes, volume().attachedTo]).to.deep.equal([false, undefined, undefined]);
    });

    it('whose answer is lost is looked at, and not asked for twice', async () => {
      await running();
      lab.vim.loseAnswersOf.set('attach', 1);
      await ask('attachResource');
      await eventually(() => machine().pending === undefined);
      expect(attached()).to.equal(true);
      lab.vim.loseAnswersOf.set('detach', 1);
      await ask('detachResource');
      await eventually(() => machine().pending === undefined);
      expect(attached()).to.equal(false);
      expect(lab.vim.calls.filter((call) => /^(at|de)tach /.test(call))).to.deep.equal(['attach volume', 'detach volume']);
    });

    for (const lost of [0, 1]) {
      it(`goes on when the agent was killed ${lost === 0 ? 'before' : 'after'} it had asked`, async () => {
        await running();
        for (const [what, call, wanted] of [
          ['attachResource', 'attach', true],
          ['detachResource', 'detach', false],
        ] as const) {
          if (lost === 0) await lab.reconciler.close();
          lab.vim.loseAnswersOf.set(call, lost);
          await ask(what);
          if (lost === 1) await until(() => attached() === wanted);
          await shut();
          open();
          await eventually(() => machine().pending === undefined);
          expect(attached()).to.equal(wanted);
          expect(volume().attachedTo).to.equal(wanted ? 'vm' : undefined);
        }
      });
    }

    it('that is refused leaves things as they are, with the word of the VIM', async () => {
      await running();
      const no = (): VimError[] => [new VimError('refused', 'no more slots')];
      lab.vim.failures.set('attach', no());
      await ask('attachResource');
      await until(() => machine().pending?.[0]?.fault !== undefined);
      expect(machine().pending?.[0]?.fault?.message).to.equal('no more slots');
      expect([attached(), machine().volumes, volume().attachedTo]).to.deep.equal([false, undefined, undefined]);
      await ask('attachResource');
      await until(() => machine().pending === undefined);
      lab.vim.failures.set('detach', no());
      await ask('detachResource');
      await until(() => machine().pending?.[0]?.fault !== undefined);
      expect([attached(), volume().attachedTo]).to.deep.equal([true, 'vm']);
      expect(lab.reported).to.deep.equal([]);
    });

    it('that the VIM accepts and does not do has failed, at once or after a while', async () => {
      await running();
      lab.vim.attach = () => Promise.resolve();
      await ask('attachResource');
      await eventually(() => machine().pending?.[0]?.fault !== undefined);
      expect(machine().pending?.[0]?.fault?.message).to.match(/did not attach the volume/);
      lab.vim.attach = (server, what) => lab.clouds.cloud('vim').attach(server, what);
      await ask('attachResource');
      await eventually(() => machine().pending === undefined);
      lab.vim.detach = () => Promise.resolve();
      await ask('detachResource');
      const before = lab.clock.now();
      await eventually(() => machine().pending?.[0]?.fault !== undefined);
      expect(lab.clock.now() - before).to.be.at.least(120_000);
      expect(machine().pending?.[0]?.fault?.message).to.match(/did not detach the volume/);
    });

    describe('beside Promise, as a sweep finds it', () => {
      const what = () => ({ kind: 'volume', id: volume().server ?? '' }) as const;
      const server = (): string => machine().server ?? '';
      const has = async (): Promise<void> => {
        await running();
        await ask('attachResource');
        await until(() => machine().pending === undefined);
      };
      /** The VIM takes longer than it is waited for. */
      const late = async (): Promise<void> => {
        await running();
        lab.vim.attach = () => Promise.resolve();
        await ask('attachResource');
        await eventually(() => machine().pending?.[0]?.fault !== undefined);
        await lab.clouds.cloud('vim').attach(server(), what());
      };

      it('takes from the record what was detached', async () => {
        await has();
        await lab.clouds.cloud('vim').detach(server(), what());
        await lab.reconciler.refresh('vim');
        expect([machine().volumes, volume().attachedTo]).to.deep.equal([undefined, undefined]);
        expect(lab.strays).to.deep.equal([]);
      });

      it('takes from the record what is gone, and what could not be detached before', async () => {
        await has();
        lab.vim.failures.set('detach', [new VimError('refused', 'busy')]);
        await ask('detachResource');
        await until(() => machine().pending?.[0]?.fault !== undefined);
        const id = volume().server ?? '';
        await lab.clouds.cloud('vim').detach(server(), { kind: 'volume', id });
        await lab.clouds.cloud('vim').deleteResource('volume', id);
        await eventually(() => machine().volumes === undefined && !lab.ledger.head.allocations.has('data'));
        expect(machine().pending).to.equal(undefined);
      });

      it('leaves what the VIM, asked for it, says is there, or does not say', async () => {
        await has();
        lab.vim.listAttachments = () => Promise.resolve([]);
        await lab.reconciler.refresh('vim');
        await lab.clouds.cloud('vim').detach(server(), what());
        lab.vim.failures.set('attachmentState', [new VimError('failed', 'try later')]);
        await lab.reconciler.refresh('vim');
        expect(machine().volumes).to.deep.equal([volume().server]);
        await lab.reconciler.refresh('vim');
        expect(machine().volumes).to.equal(undefined);
      });

      it('leaves what is being changed meanwhile', async () => {
        await has();
        await lab.clouds.cloud('vim').detach(server(), what());
        const state = lab.vim.attachmentState;
        lab.vim.attachmentState = async (...given) => {
          lab.vim.attachmentState = state;
          const found = await state(...given);
          lab.vim.hang.add('attachmentState');
          await ask('detachResource');
          return found;
        };
        await lab.reconciler.refresh('vim');
        expect(machine().pending).to.deep.equal([{ ...what(), action: 'detach' }]);
        expect(machine().volumes).to.deep.equal([volume().server]);
      });

      it('names what came late, and leaves it by the policy report', async () => {
        await late();
        for (let sweeps = 0; sweeps < 3; sweeps += 1) await lab.reconciler.refresh('vim');
        expect(lab.strays).to.deep.equal(['volume of vm']);
        expect([attached(), machine().volumes]).to.deep.equal([true, undefined]);
        expect(machine().pending?.[0]?.fault?.message).to.match(/did not attach/);
      });

      it('adopts what came late by policy, when it is found again', async () => {
        await decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'adopt' } });
        await late();
        await lab.reconciler.refresh('vim');
        expect(machine().volumes).to.equal(undefined);
        await lab.reconciler.refresh('vim');
        expect([machine().volumes, volume().attachedTo]).to.deep.equal([[volume().server], 'vm']);
        expect(machine().pending).to.equal(undefined);
      });

      it('undoes what came late by policy, when it is found again', async () => {
        await decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'remove' } });
        await late();
        await lab.reconciler.refresh('vim');
        expect(attached()).to.equal(true);
        await lab.reconciler.refresh('vim');
        expect([attached(), machine().volumes]).to.deep.equal([false, undefined]);
      });

      it('is no matter where the machine starts from it', async () => {
        await decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'remove' } });
        await connected();
        await decide(put({ ...VOLUME, resource: { kind: 'volume', sizeGb: 1, image: 'cirros' } }));
        await eventually(() => volume().vmState === 'ACTIVE');
        await decide(put({ ...without(ALLOCATION, 'image'), bootVolume: what().id }));
        await eventually(() => vm()?.vmState === 'ACTIVE');
        for (let sweeps = 0; sweeps < 3; sweeps += 1) await lab.reconciler.refresh('vim');
        expect([lab.strays, attached()]).to.deep.equal([[], true]);
      });

      it('is no matter where neither asked for it nor made it', async () => {
        await decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans: 'remove' } });
        await running();
        const cloud = lab.clouds.connect({ providerId: 'vim' });
        const spec = { kind: 'port', network: 'data' } as const;
        const { id } = await cloud.createResource({ token: 'of-others', name: 'p', spec }, signal);
        await lab.clouds.cloud('vim').attach(server(), { kind: 'port', id });
        for (let sweeps = 0; sweeps < 3; sweeps += 1) await lab.reconciler.refresh('vim');
        expect(lab.strays).to.deep.equal([]);
        expect(lab.clouds.cloud('vim').isAttached(server(), { kind: 'port', id })).to.equal(true);
      });
    });

    it('gives way to the end of the machine', async () => {
      await running();
      lab.vim.failures.set(
        'attach',
        Array.from({ length: 3 }, () => new VimError('timeout', 'no answer')),
      );
      await ask('attachResource');
      await until(() => lab.vim.calls.includes('attach volume'));
      await decide(put({ ...machine(), vmState: 'DELETING', intent: 'delete' }));
      await eventually(() => vm() === undefined);
      expect(volume().attachedTo).to.equal(undefined);
    });
  });

  it('has groups removed that no record needs, when a machine of one is gone', async () => {
    await connected();
    const grouped = (id: string, group: string): Allocation => ({
      ...ALLOCATION,
      id,
      token: id,
      group: { token: group, policy: 'affinity' },
    });
    await decide(put(grouped('one', 'a')), put(grouped('two', 'b')));
    await eventually(() => [...lab.ledger.head.allocations.values()].every(({ vmState }) => vmState === 'ACTIVE'));
    lab.vim.calls.splice(0);
    const one = lab.ledger.head.allocations.get('one');
    if (one === undefined) throw new Error('it is gone');
    await decide(put({ ...one, vmState: 'DELETING', intent: 'delete' }));
    await eventually(() => !lab.ledger.head.allocations.has('one'));
    await until(() => lab.vim.calls.some((call) => call.startsWith('removeServerGroups')));
    expect(lab.vim.calls.filter((call) => call.startsWith('removeServerGroups')).at(-1)).to.equal('removeServerGroups b');
  });

  it('ends with one server and the right record, wherever between two steps the agent was killed', async function () {
    // It starts a system for each step.
    this.timeout(40_000);
    await connected();
    const moments: { readonly path: string; readonly wanted: boolean }[] = [];
    // What a kill at this moment would leave: both the agent's files and the cloud's, as they are.
    const capture = (wanted: boolean): void => {
      const copy = temporaryDirectory();
      cpSync(lab.directory.path, copy.path, { recursive: true });
      moments.push({ path: copy.path, wanted });
    };
    const steps = async (wanted: boolean, turns: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) {
        capture(wanted);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await decide(put(ALLOCATION));
    await steps(true, 8);
    const allocation = vm() ?? expect.fail('there is no allocation');
    await decide(put({ ...allocation, vmState: 'DELETING', intent: 'delete' }));
    await steps(false, 8);
    await shut();
    const own = lab.directory;
    for (const { path, wanted } of moments) {
      lab.directory = { path, remove: () => rmSync(path, { recursive: true }) };
      open();
      if (wanted) {
        await eventually(() => vm()?.vmState === 'ACTIVE');
        expect(servers().map(({ id }) => id)).to.deep.equal([vm()?.server]);
      } else {
        await eventually(() => vm() === undefined);
        expect(servers()).to.deep.equal([]);
      }
      await shut();
      lab.directory.remove();
    }
    lab.directory = own;
    open();
  });

  it('makes no call and leaves no timer once it is closed', async () => {
    await connected();
    lab.vim.hang.add('createServer');
    await decide(put(ALLOCATION));
    await until(() => lab.vim.calls.includes('createServer token-vm'));
    const waiting = lab.reconciler.settled('vm', 5_000);
    await new Promise((resolve) => setImmediate(resolve));
    await lab.reconciler.close();
    await lab.reconciler.close();
    expect(await waiting).to.equal(undefined);
    expect(lab.clock.next).to.equal(undefined);
    expect(vm()?.intent).to.equal('create');
  });
});
