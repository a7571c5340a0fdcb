import { fileURLToPath } from 'node:url';
import type { Agent } from '../../../src/agent/agent.ts';
import { createAgent } from '../../../src/agent/create-agent.ts';
import type { CreatedAgent } from '../../../src/agent/create-agent.ts';
import type { ConfigOwner } from '../../../src/agent/config-owners.ts';
import { agentModel } from '../../../src/agent/head.ts';
import type { AgentLedger, DomainModel } from '../../../src/agent/head.ts';
import type { StandingOf } from '../../../src/agent/standing.ts';
import { LocalClient } from '../../../src/agent/local-client.ts';
import { Bus } from '../../../src/engine/bus.ts';
import { ManualClock } from '../../../src/engine/clock.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import { silentLogger } from '../../../src/observe/log.ts';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Commit } from '../../../src/store/store.ts';
import { RpcError, RpcErrors } from '../../../src/yang/rpc-error.ts';
import { YangContext } from '../../../src/yang/yang-context.ts';
import { temporaryDirectory } from '../store/temporary-directory.ts';
import { START } from './stream-fixture.ts';

const directory = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

let context: YangContext | undefined;

/** One context for all tests: it has no state. */
export function testContext(): YangContext {
  context ??= YangContext.load({
    directories: [directory('./yang/'), directory('../../../dist/yang/')],
    modules: [
      { name: 'agent-test', features: [] },
      { name: 'ietf-netconf', features: ['writable-running', 'xpath'] },
      { name: 'ietf-netconf-acm', features: [] },
      { name: 'ietf-netconf-monitoring', features: [] },
      { name: 'ietf-netconf-notifications', features: [] },
      { name: 'ietf-restconf-monitoring', features: [] },
      { name: 'ietf-yang-library', features: [] },
      { name: 'notifications', features: [] },
      { name: 'nc-notifications', features: [] },
      {
        name: 'ietf-subscribed-notifications',
        features: ['replay', 'subtree', 'xpath', 'encode-xml', 'encode-json'],
      },
    ],
  });
  return context;
}

/** A domain that counts what it is told. */
export interface Counting {
  readonly head: { count: number };
  readonly change: { readonly add: number };
  readonly event: string;
}

const counting: DomainModel<Counting> = {
  empty: () => ({ count: 0 }),
  restore(head) {
    head.count++;
  },
  apply(head, change) {
    head.count += change.add;
  },
  writes: () => [{ kind: 'policy', id: `count-${Math.random()}`, body: {} }],
  record: (item) => ({ time: START, module: 'agent-test', name: 'sale', content: { item } }),
};

/** An agent over a real store in a directory that can be opened again. */
export class AgentFixture {
  readonly clock = new ManualClock(START);
  readonly directory = temporaryDirectory();
  readonly yang = testContext();
  store: SqliteStore;
  ledger: AgentLedger<Counting>;
  created: CreatedAgent;
  readonly #owners: readonly ConfigOwner<Counting>[];
  readonly #standingOf: StandingOf | undefined;

  constructor(owners: readonly ConfigOwner<Counting>[] = [], standingOf?: StandingOf) {
    this.#owners = owners;
    this.#standingOf = standingOf;
    [this.store, this.ledger, this.created] = this.#open();
  }

  get agent(): Agent {
    return this.created.agent;
  }

  get client(): LocalClient {
    return this.clientOf('ann');
  }

  /** A client of any user; the sessions of `root` are recovery sessions. */
  clientOf(user: string): LocalClient {
    return new LocalClient(this.agent, user, { validateReplies: true });
  }

  /** Stops the server, lets `meanwhile` write to the store, and starts it again on what is on disk. */
  async restart(meanwhile?: Commit['writes']): Promise<void> {
    if (meanwhile !== undefined) await this.store.append({ writes: meanwhile, events: [], due: [] });
    await this.#stop();
    [this.store, this.ledger, this.created] = this.#open();
  }

  async close(): Promise<void> {
    await this.#stop();
    this.directory.remove();
  }

  async #stop(): Promise<void> {
    this.created.close();
    await this.ledger.close();
    await this.store.close();
  }

  #open(): [SqliteStore, AgentLedger<Counting>, CreatedAgent] {
    const { clock, yang } = this;
    const standingOf = this.#standingOf;
    const store = SqliteStore.open({ directory: this.directory.path, now: () => clock.now() });
    const bus = new Bus((_listener, error) => {
      throw error;
    });
    const { model, record } = agentModel(yang, counting);
    const ledger: AgentLedger<Counting> = new Ledger({ store, model, record, clock, bus });
    const streams = [
      {
        name: 'shop',
        description: 'What the shop does.',
        includes: ({ module }: { readonly module: string }) => module === 'agent-test',
      },
    ];
    const created = createAgent<Counting>({
      yang,
      ledger,
      log: store,
      bus,
      clock,
      logger: silentLogger,
      streams,
      owners: this.#owners,
      ...(standingOf === undefined ? {} : { standingOf }),
      recovers: (user) => user === 'root',
    });
    return [store, ledger, created];
  }
}

/** The errors that a promise rejects with. */
export async function errorsOf(promise: Promise<unknown>): Promise<readonly RpcError[]> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof RpcError || error instanceof RpcErrors) return RpcError.from(error);
    throw error;
  }
  throw new Error('nothing was thrown');
}

export async function errorOfPromise(promise: Promise<unknown>): Promise<RpcError> {
  const [error, ...others] = await errorsOf(promise);
  if (error === undefined || others.length > 0) throw new Error(`${others.length + 1} errors instead of one`);
  return error;
}
