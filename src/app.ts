import { join } from 'node:path';
import { config as rxjs } from 'rxjs';
import { leaveNote, removeNote } from './agent-note.ts';
import type { Agent } from './agent/agent.ts';
import { createAgent } from './agent/create-agent.ts';
import { domainLedger } from './agent/domain-ledger.ts';
import { promiseConfigOwner } from './agent/handlers/promise-config.ts';
import { promiseOwnership } from './agent/handlers/promise-ownership.ts';
import { LocalClient } from './agent/local-client.ts';
import { PromiseEngine, promiseModel, type PromiseDomain } from './agent/handlers/promise-domain.ts';
import { OPENSTACK } from './agent/handlers/provider.ts';
import { registerPromise } from './agent/handlers/register.ts';
import { SIMULATED } from './agent/handlers/simulator.ts';
import {
  agentModel,
  inDomain,
  type AgentChange,
  type AgentEvent,
  type AgentHead,
  type AgentLedger,
} from './agent/head.ts';
import type { StandingOf } from './agent/standing.ts';
import type { Config } from './config.ts';
import { makeDataDirectory } from './data-directory.ts';
import { Bus } from './engine/bus.ts';
import { systemClock, type Clock } from './engine/clock.ts';
import { commands } from './engine/commands/index.ts';
import { Draining } from './engine/draining.ts';
import type { ProviderStatus } from './engine/entities.ts';
import { Ledger } from './engine/ledger.ts';
import { keepLogShort } from './engine/log-ageing.ts';
import { Reconciler } from './engine/reconciler.ts';
import { Scheduler } from './engine/scheduler.ts';
import { hostCredentials, type HostCredentials } from './host-credentials.ts';
import { instruments } from './instruments.ts';
import type { Logger } from './observe/log.ts';
import { openStackAdapter } from './openstack-adapter.ts';
import { certificateNames, startServers, type Served } from './protocol-servers.ts';
import { Started } from './started.ts';
import { SqliteStore } from './store/sqlite/sqlite-store.ts';
import type { Store } from './store/store.ts';
import { SYSTEM_USER, Users } from './users.ts';
import { SimulatedClouds } from './vim/simulated/clouds.ts';
import type { VimFactory } from './vim/vim.ts';
import { VERSION } from './version.ts';
import { servedModules } from './yang-modules.ts';
import { YangContext } from './yang/yang-context.ts';

export interface StartOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Default: the time of day of this machine. */
  readonly clock?: Clock;
  /** A number in [0, 1), for the jitter of repeated work. */
  readonly random?: () => number;
}

/** A running system. */
export interface RunningPromise extends Served {
  readonly agent: Agent;
  readonly users: Users;
  readonly credentials: HostCredentials;
  /** Base URL of the listener for metrics; absent: none was asked for. */
  readonly metrics?: string;
  /** Whether the data directory held nothing before. */
  readonly firstStart: boolean;
  /** Resolves when the work that is due by the clock has been carried out. */
  caughtUp(): Promise<void>;
  /** Ends sessions and streams, finishes what was decided, closes the store. */
  close(): Promise<void>;
}

/** The model's own event stream; `NETCONF` carries its events too. */
const PROMISE_STREAM = {
  name: 'promise',
  description: 'Changes of reservations, capacity and allocations.',
  includes: ({ module }: { readonly module: string }) => module === 'opnfv-promise',
};

/** How much of the event log is kept for replay. */
const EVENTS_KEPT = 1_000_000;
type PromiseLedger = AgentLedger<PromiseDomain>;
type PromiseLedgerOf = Ledger<AgentHead<PromiseDomain>, AgentChange<PromiseDomain>, AgentEvent<PromiseDomain>>;

/**
 * Starts the system: what the data directory holds is loaded, work that fell due is carried out, then clients are served.
 * @throws Error when the data directory, a module or an address cannot be used; what was started is stopped again
 */
export async function startPromise(options: StartOptions): Promise<RunningPromise> {
  const started = new Started();
  try {
    return await start(options, started);
  } catch (error) {
    await started
      .stop()
      .catch((failure: unknown) => options.logger.error({ err: failure }, 'a part could not be stopped'));
    throw error;
  }
}

async function start(options: StartOptions, started: Started): Promise<RunningPromise> {
  const { config, logger, clock = systemClock, random = Math.random } = options;
  rxjs.onUnhandledError = (error) => logger.error({ err: error }, 'a listener of events failed');
  makeDataDirectory(config.dataDirectory);
  const users = new Users(config.dataDirectory, {
    lost: (path) => logger.error({ path }, 'the file of users is gone: nobody is known until it is back'),
  });
  const standingOf: StandingOf = (user) =>
    users.standing(user) ?? (user === SYSTEM_USER ? { role: 'operator' } : undefined);
  const credentials = await hostCredentials(config.dataDirectory, certificateNames(config));
  const served = servedModules(config.yangDirectories, config.simulator.enabled);
  const yang = started.add(YangContext.load(served), (context) => context.close());
  const clouds = started.add(
    new SimulatedClouds({
      directory: join(config.dataDirectory, 'simulated'),
      clock,
      describe: (provider) => ledger.head.domain.providers.get(provider)?.access.simulation ?? {},
    }),
    (all) => all.close(),
  );
  const store = started.add(SqliteStore.open({ directory: config.dataDirectory, now: () => clock.now() }), (opened) =>
    opened.close(),
  );
  const firstStart = store.epoch === 1;
  const bus = started.add(
    new Bus((listener, error) => logger.error({ err: error, listener }, 'a listener of events failed')),
    (opened) => opened.close(),
  );
  const { model, record } = agentModel<PromiseDomain>(yang, promiseModel);
  const onFailure = (error: unknown): void => logger.error({ err: error }, 'a decision could not be stored');
  const measuring = instruments(config.metrics?.listen);
  const ledger: PromiseLedger = started.add(
    new Ledger({ store: measuring.store(store), model, record, clock, bus, onFailure }),
    (writer) => writer.close(),
  );
  const scheduler = started.add(schedulerOf(ledger, store, clock, logger), (loop) => loop.close());
  const adapters = new Map<string, VimFactory>([
    [OPENSTACK, measuring.adapter(await openStackAdapter({ config, logger, clock, random }, started))],
  ]);
  if (config.simulator.enabled) adapters.set(SIMULATED, measuring.adapter(clouds.connect));
  const reconciler = started.add(
    new Reconciler({
      ledger: domainLedger(ledger),
      commands,
      clock,
      random,
      adapters,
      onFailure: (error) => logger.error({ err: error }, 'reconciling with a provider failed'),
      onOrphan: (provider, orphan, unadoptable) => {
        const { id, name } = orphan;
        const kind = 'kind' in orphan ? orphan.kind : 'server';
        const why = unadoptable === undefined ? '' : `, and it is not adopted: ${unadoptable}`;
        logger.warn({ provider, [kind]: id, name }, `the provider has a ${kind} that no record knows${why}`);
      },
      onDuplicate: (provider, duplicate) => {
        const { id, name } = duplicate;
        const kind = 'kind' in duplicate ? duplicate.kind : 'server';
        logger.warn({ provider, [kind]: id, name }, `the provider made a ${kind} twice; this one is removed`);
      },
      onStray: (provider, { machine, server, kind, id }) => {
        const message = `the provider has a ${kind} attached to a machine that does not have it by its record`;
        logger.warn({ provider, machine, server, [kind]: id }, message);
      },
    }),
    (loop) => loop.close(),
  );
  started.add(
    new Draining({
      ledger: domainLedger(ledger),
      clock,
      finishDraining: commands.finishDraining,
      onFailure: (error) => logger.error({ err: error }, 'a provider that was drained could not be removed'),
    }),
    (loop) => loop.close(),
  );
  const created = started.add(
    createAgent<PromiseDomain>({
      yang,
      ledger,
      log: store,
      bus,
      clock,
      logger,
      standingOf,
      ownerships: [promiseOwnership(() => ledger.head.domain)],
      recovers: (user) => user === SYSTEM_USER || user === config.recoveryUser,
      streams: [PROMISE_STREAM],
      owners: [promiseConfigOwner(standingOf)],
      ...measuring.agent,
    }),
    (made) => made.close(),
  );
  const engine = new PromiseEngine({ ledger: domainLedger(ledger), reconciler, clock, standingOf });
  registerPromise(created, engine, config.simulator.enabled ? (provider) => clouds.cloud(provider) : undefined);
  forgetRemoved(ledger, clouds, logger);
  logContacts(ledger, logger);
  await scheduler.start();
  reconciler.start();
  if (firstStart && config.simulator.enabled && config.simulator.provider) await addSimulatedProvider(created.agent);
  const ageing = keepLogShort({
    store,
    clock,
    policy: { maxCount: EVENTS_KEPT },
    onFailure: (error) => logger.error({ err: error }, 'the event log could not be shortened'),
  });
  started.add(ageing, (timer) => timer.cancel());
  const metrics = await measuring.listen({ agent: created.agent, ledger, store, clock }, started);
  if (metrics !== undefined) logger.info({ protocol: 'http', url: metrics }, 'metrics are to be had');
  const servers = await startServers({ config, logger, clock, created, users, credentials }, started);
  const since = new Date(clock.now()).toISOString();
  const serving = { ...servers, ...(metrics === undefined ? {} : { metrics }) };
  leaveNote(config.dataDirectory, { epoch: store.epoch, version: VERSION, since, ...serving });
  started.add(config.dataDirectory, removeNote);
  return {
    agent: created.agent,
    users,
    credentials,
    ...serving,
    firstStart,
    caughtUp: () => scheduler.whenCaughtUp(),
    close: () => started.stop(),
  };
}

/** The provider of a first start: configuration like any other, to be changed or deleted at will. */
async function addSimulatedProvider(agent: Agent): Promise<void> {
  const provider = { id: 'simulated', name: 'simulated', 'provider-type': SIMULATED };
  const content = { 'opnfv-promise:promise': { providers: { provider: [provider] } } };
  await new LocalClient(agent, SYSTEM_USER).edit('merge', '', content);
}

/** A simulated cloud ends with its provider. */
function forgetRemoved(ledger: PromiseLedger, clouds: SimulatedClouds, logger: Logger): void {
  domainLedger(ledger).onDurable((durable) => {
    if (durable.what === 'reload') return;
    for (const change of durable.changes) {
      if (change.kind !== 'provider' || change.body !== null) continue;
      clouds
        .forget(change.id)
        .catch((error: unknown) =>
          logger.error({ err: error, provider: change.id }, 'a simulated cloud could not be removed'),
        );
    }
  });
}

/** What the log says of a provider's status. */
const CONTACTS: Readonly<Partial<Record<ProviderStatus, readonly [level: 'info' | 'warn', message: string]>>> = {
  up: ['info', 'the provider answers'],
  down: ['warn', 'the provider does not answer'],
  rejected: ['warn', 'the provider rejects what was given'],
};

/** Tells the log when a provider is reached, and when it is not any more. */
function logContacts(ledger: PromiseLedger, logger: Logger): void {
  const told = new Map<string, ProviderStatus>();
  domainLedger(ledger).onDurable((durable) => {
    if (durable.what === 'reload') return;
    for (const { kind, id, body } of durable.changes) {
      if (kind !== 'provider' || told.get(id) === body?.status) continue;
      if (body === null) told.delete(id);
      else told.set(id, body.status);
      const [level, message] = (body && CONTACTS[body.status]) ?? [];
      if (level !== undefined) logger[level]({ provider: id, name: body?.name, reason: body?.statusMessage }, message);
    }
  });
}

function schedulerOf(
  ledger: PromiseLedgerOf,
  store: Store,
  clock: Clock,
  logger: Logger,
): Scheduler<AgentHead<PromiseDomain>, AgentChange<PromiseDomain>, AgentEvent<PromiseDomain>> {
  return new Scheduler({
    store,
    ledger,
    clock,
    carryOut: (item) =>
      inDomain<PromiseDomain, unknown>((head, inputs) => commands.runDue(head, item, { ...inputs, user: SYSTEM_USER })),
    onFailure: (item, error) =>
      logger.error({ err: error, task: item?.task, subject: item?.subject }, 'due work could not be carried out'),
  });
}
