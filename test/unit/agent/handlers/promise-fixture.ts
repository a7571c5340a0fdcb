import { expect } from 'chai';
import { checkDirectory } from '../../../../src/check.ts';
import { createAgent } from '../../../../src/agent/create-agent.ts';
import type { CreatedAgent } from '../../../../src/agent/create-agent.ts';
import { domainLedger } from '../../../../src/agent/domain-ledger.ts';
import { promiseConfigOwner } from '../../../../src/agent/handlers/promise-config.ts';
import { PromiseEngine, promiseModel } from '../../../../src/agent/handlers/promise-domain.ts';
import type { PromiseDomain } from '../../../../src/agent/handlers/promise-domain.ts';
import { promiseOwnership } from '../../../../src/agent/handlers/promise-ownership.ts';
import { registerPromise } from '../../../../src/agent/handlers/register.ts';
import type { Standing } from '../../../../src/agent/standing.ts';
import { SIMULATED } from '../../../../src/agent/handlers/simulator.ts';
import { agentModel, inDomain } from '../../../../src/agent/head.ts';
import type { AgentChange, AgentEvent, AgentHead, AgentLedger } from '../../../../src/agent/head.ts';
import { LocalClient } from '../../../../src/agent/local-client.ts';
import type { Json, LocalSubscription } from '../../../../src/agent/local-client.ts';
import type { SubscriptionRequest } from '../../../../src/agent/streams.ts';
import { Bus } from '../../../../src/engine/bus.ts';
import { ManualClock } from '../../../../src/engine/clock.ts';
import { commands } from '../../../../src/engine/commands/index.ts';
import { Ledger } from '../../../../src/engine/ledger.ts';
import { Reconciler } from '../../../../src/engine/reconciler.ts';
import { Scheduler } from '../../../../src/engine/scheduler.ts';
import { silentLogger } from '../../../../src/observe/log.ts';
import { SqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts';
import { SimulatedClouds } from '../../../../src/vim/simulated/clouds.ts';
import { servedModules } from '../../../../src/yang-modules.ts';
import type { Data } from '../../../../src/yang/data.ts';
import { YangContext } from '../../../../src/yang/yang-context.ts';
import { temporaryDirectory } from '../../store/temporary-directory.ts';

export const START = Date.parse('2027-03-01T08:00:00Z');
export const HOUR = 3_600_000;

/** An instant so many hours after the start of a test. */
export function at(hours: number): string {
  return new Date(START + hours * HOUR).toISOString().replace('.000Z', 'Z');
}

let context: YangContext | undefined;

/** One context for all tests: it has no state. */
function servedContext(): YangContext {
  context ??= YangContext.load(servedModules([], true));
  return context;
}

/** Two hosts of 8 virtual CPUs in two zones; machines that take a second. */
export const SIMULATION: Json = {
  seed: 7,
  'boot-time': 1000,
  'delete-time': 500,
  jitter: 0,
  host: [
    { name: 'left', zone: 'west', vcpus: 8, ram: '16384', disk: 100 },
    { name: 'right', zone: 'east', vcpus: 8, ram: '16384', disk: 100 },
  ],
  flavor: [
    { id: 'small', vcpus: 1, ram: '1024', disk: 10 },
    { id: 'large', vcpus: 6, ram: '8192', disk: 10 },
  ],
  image: [{ id: 'cirros' }],
  network: [{ id: 'private' }, { id: 'public', external: true }],
  limits: { addresses: 10 },
};

type PromiseScheduler = Scheduler<AgentHead<PromiseDomain>, AgentChange<PromiseDomain>, AgentEvent<PromiseDomain>>;

/**
 * The system below the protocols: agent, engine, loops, store and simulated clouds, on a clock that is moved by hand. Every output and
 * every notification of opnfv-promise is validated.
 */
export class PromiseFixture {
  readonly clock: ManualClock;
  readonly yang = servedContext();
  readonly ledger: AgentLedger<PromiseDomain>;
  readonly reconciler: Reconciler;
  readonly created: CreatedAgent;
  readonly clouds: SimulatedClouds;
  /** Whether there is such a user. */
  known: (user: string) => boolean = () => true;
  /** What users are; who is not in it is an operator without a tenant. */
  readonly standing = new Map<string, Standing>();
  /** What is wrong with the notifications that were published. */
  readonly invalid: unknown[] = [];
  readonly #directory: ReturnType<typeof temporaryDirectory>;
  readonly #store: SqliteStore;
  readonly #scheduler: PromiseScheduler;
  readonly #failures: unknown[] = [];

  constructor(directory = temporaryDirectory(), now = START) {
    this.#directory = directory;
    this.clock = new ManualClock(now);
    const { clock, yang } = this;
    const { path } = this.#directory;
    const standingOf = (user: string): Standing | undefined =>
      this.known(user) ? (this.standing.get(user) ?? { role: 'operator' }) : undefined;
    const fail = (error: unknown): number => this.#failures.push(error);
    this.#store = SqliteStore.open({ directory: path, now: () => clock.now() });
    const bus = new Bus((_listener, error) => fail(error));
    const { model, record } = agentModel(yang, promiseModel);
    const ledger: AgentLedger<PromiseDomain> = new Ledger({ store: this.#store, model, record, clock, bus });
    this.ledger = ledger;
    this.clouds = new SimulatedClouds({
      directory: `${path}/clouds`,
      clock,
      describe: (id) => ledger.head.domain.providers.get(id)?.access.simulation ?? {},
    });
    const domain = domainLedger(ledger);
    this.reconciler = new Reconciler({
      ledger: domain,
      commands,
      clock,
      random: () => 0.5,
      adapters: new Map([[SIMULATED, this.clouds.connect]]),
      onFailure: fail,
    });
    this.#scheduler = new Scheduler({
      store: this.#store,
      ledger,
      clock,
      carryOut: (item) =>
        inDomain<PromiseDomain, unknown>((head, inputs) => commands.runDue(head, item, { ...inputs, user: 'promise' })),
      onFailure: (_item, error) => fail(error),
    });
    bus.listen('validation', ({ module, name, content }) => {
      if (module === 'opnfv-promise') this.#validate(module, name, content as Data);
    });
    this.created = createAgent<PromiseDomain>({
      yang,
      ledger,
      log: this.#store,
      bus,
      clock,
      logger: silentLogger,
      standingOf,
      ownerships: [promiseOwnership(() => ledger.head.domain)],
      owners: [promiseConfigOwner(standingOf)],
    });
    const engine = new PromiseEngine({ ledger: domain, reconciler: this.reconciler, clock, standingOf });
    registerPromise(this.created, engine, (provider) => this.clouds.cloud(provider));
  }

  async start(): Promise<this> {
    await this.#scheduler.start();
    this.reconciler.start();
    return this;
  }

  get client(): LocalClient {
    return this.clientOf('ann');
  }

  /** A client of the user; what tenants users have is in {@link standing}. */
  clientOf(user: string): LocalClient {
    return new LocalClient(this.created.agent, user);
  }

  /** Carries out an RPC, of opnfv-promise unless the name says otherwise, and validates the answer. */
  async rpc(name: string, input: Json = {}): Promise<Json> {
    const qualified = name.includes(':') ? name : `opnfv-promise:${name}`;
    const [module = '', local = ''] = qualified.split(':');
    const output = await this.client.invoke(qualified, input);
    const rpc = this.yang.schema.rpc(module, local);
    if (rpc === undefined) throw new Error(`no rpc ${qualified}`);
    this.yang.validateRpcOutput(rpc, output as Data);
    return output;
  }

  /** The operational data at a path, as JSON. */
  async get(path = ''): Promise<Json> {
    return await this.client.get(path);
  }

  /** An entry of a list of opnfv-promise, which has to be there. */
  async entry(list: 'allocation' | 'provider' | 'reservation', id: unknown): Promise<Json> {
    const { 'opnfv-promise:promise': lists } = await this.get(`/opnfv-promise:promise/${list}s/${list}=${String(id)}`);
    // Cast: a list in its container, as JSON.
    const [entry] = (lists as Record<string, Record<string, readonly Json[]>>)[`${list}s`]?.[list] ?? [];
    return entry ?? expect.fail(`the ${list} ${String(id)} is not listed`);
  }

  subscribe(request: SubscriptionRequest = {}): LocalSubscription {
    return this.client.subscribe(request);
  }

  /** A provider with 16 virtual CPUs. @returns its id */
  async provider(name = 'lab', simulation: Json = SIMULATION): Promise<string> {
    const added = await this.rpc('add-provider', {
      name,
      'provider-type': SIMULATED,
      'promise-simulator:simulation': simulation,
    });
    return String(added['provider-id']);
  }

  /** A provider all of whose capacity is in one pool. */
  async pool(): Promise<{ readonly provider: string; readonly pool: string }> {
    const provider = await this.provider();
    const increased = await this.rpc('increase-capacity', { source: provider });
    return { provider, pool: String(increased['pool-id']) };
  }

  /** Moves time on, and waits until what followed from that is done. */
  async advance(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await this.#scheduler.whenCaughtUp();
    await this.settle();
  }

  /** Waits until nothing more follows by itself: decisions, VIM calls and notifications take turns of the event loop. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.ledger.whenDurable();
    }
  }

  /** Stops everything and starts it again on what is on disk. @throws as {@link close} */
  async restarted(): Promise<PromiseFixture> {
    await this.stop();
    return await new PromiseFixture(this.#directory, this.clock.now()).start();
  }

  /** Closes everything. @throws what went wrong in a loop, or is wrong with a notification */
  async close(): Promise<void> {
    await this.stop();
    this.#directory.remove();
  }

  /** Stops everything and checks what is on disk, which stays there. @throws as {@link close} */
  async stop(): Promise<void> {
    await this.reconciler.close();
    await this.#scheduler.close();
    this.created.close();
    await this.ledger.close();
    await this.clouds.close();
    await this.#store.close();
    const [failure] = [...this.#failures, ...this.invalid];
    if (failure !== undefined) throw failure as Error;
    const report = checkDirectory({ directory: this.#directory.path, at: this.clock.now() });
    expect(report?.faults, 'what does not hold of the data directory').to.deep.equal([]);
  }

  #validate(module: string, name: string, content: Data): void {
    const node = this.yang.schema.notification(module, name);
    if (node === undefined) throw new Error(`no notification ${module}:${name}`);
    try {
      this.yang.validateNotification(node, content);
    } catch (error) {
      this.invalid.push(error);
    }
  }
}
