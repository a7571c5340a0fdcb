import type { Bus } from '../engine/bus.ts';
import type { Clock } from '../engine/clock.ts';
import type { Logger } from '../observe/log.ts';
import type { EventInput, Store } from '../store/store.ts';
import type { RpcError } from '../yang/rpc-error.ts';
import type { YangContext } from '../yang/yang-context.ts';
import { Agent } from './agent.ts';
import type { OperationStopwatch } from './agent.ts';
import { sessionEndEvent, sessionStartEvent } from './base-notifications.ts';
import type { ConfigOwner } from './config-owners.ts';
import { DataProviders } from './data-providers.ts';
import type { DataProvider } from './data-providers.ts';
import { LedgerDatastores } from './datastores.ts';
import { EventStreams } from './event-streams.ts';
import type { StreamDefinition, StreamLimits } from './event-streams.ts';
import type { AgentLedger, DomainTypes } from './head.ts';
import { Locks } from './locks.ts';
import { getSchemaOperation, netconfStateProvider } from './monitoring.ts';
import { Nacm } from './nacm/nacm.ts';
import { nacmOwner, nacmProvider } from './nacm/nacm-data.ts';
import { Operations } from './operations.ts';
import type { OperationHandler } from './operations.ts';
import type { Ownership } from './ownership.ts';
import type { ServerFacts } from './server-facts.ts';
import { serverOwnership } from './server-ownership.ts';
import { SessionRegistry } from './sessions.ts';
import { everybodyOperates } from './standing.ts';
import type { StandingOf } from './standing.ts';
import {
  notificationStreamsProvider,
  restconfStateProvider,
  subscribedNotificationsProviders,
  yangLibraryProviders,
} from './standard-providers.ts';
import { subscriptionOperations } from './subscription-operations.ts';

export interface CreateAgentOptions<Domain extends DomainTypes> {
  readonly yang: YangContext;
  /** A ledger over {@link agentModel}. */
  readonly ledger: AgentLedger<Domain>;
  /** The event log of the ledger's store. */
  readonly log: Pick<Store, 'readEvents' | 'eventLog'>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What users are. Default: everybody is an operator. */
  readonly standingOf?: StandingOf;
  /** Who owns what of the domain. */
  readonly ownerships?: readonly Ownership[];
  /** Whether a user's sessions are recovery sessions (RFC 8341 §3.3.3). Default: nobody's. */
  readonly recovers?: (user: string) => boolean;
  /** Event streams beside `NETCONF`. */
  readonly streams?: readonly StreamDefinition[];
  readonly streamLimits?: Partial<StreamLimits>;
  /** Times what is asked for; absent: nobody looks. */
  readonly stopwatch?: OperationStopwatch;
  /** The owners of configuration. */
  readonly owners?: readonly ConfigOwner<Domain>[];
}

/** An agent, and where a domain and the protocol servers register what is theirs. */
export interface CreatedAgent {
  readonly agent: Agent;
  readonly operations: Operations;
  readonly providers: DataProviders;
  /** Protocol servers set what they know of themselves. */
  readonly facts: ServerFacts;
  /** What is not valid in the running configuration that was loaded; reported in the log too. */
  readonly configurationErrors: readonly RpcError[];
  /** Ends all subscriptions. The ledger and the store are their owner's to close. */
  close(): void;
}

/**
 * Makes an agent over a ledger, with the operations and state data of the standard modules that are loaded.
 * @throws RunningConfigurationError when the stored running configuration does not fit the modules
 */
export function createAgent<Domain extends DomainTypes>(options: CreateAgentOptions<Domain>): CreatedAgent {
  const { yang, ledger, log, bus, clock, logger } = options;
  const sessions = new SessionRegistry(clock);
  const access = new Nacm({
    schema: yang.schema,
    running: () => ledger.head.running.data,
    standingOf: options.standingOf ?? everybodyOperates,
    ownerships: [serverOwnership(sessions, () => streams.subscriptions()), ...(options.ownerships ?? [])],
    ...(options.recovers === undefined ? {} : { recovers: options.recovers }),
    onLostRule: ({ list, name }, reason) =>
      logger.error({ list, rule: name, reason }, 'a rule of access control leads nowhere, and has no effect'),
  });
  const owners = [nacmOwner<Domain>(yang.schema), ...(options.owners ?? [])];
  const datastores = new LedgerDatastores({ yang, ledger, owners, locks: new Locks(clock, sessions), access });
  const configurationErrors = datastores.invalid();
  for (const { message, path } of configurationErrors) {
    logger.error(
      { path, reason: message },
      'the running configuration is not valid; edits are refused until one mends it',
    );
  }
  const streams: EventStreams = new EventStreams({
    yang,
    bus,
    log,
    clock,
    access,
    sessions,
    logger,
    streams: options.streams ?? [],
    ...(options.streamLimits === undefined ? {} : { limits: options.streamLimits }),
  });
  const facts: ServerFacts = {};
  const operations = new Operations();
  const providers = new DataProviders();
  const monitored = { yang, sessions, datastores, facts };
  registerOperations(yang, operations, {
    'ietf-netconf-monitoring:get-schema': getSchemaOperation(yang),
    ...subscriptionOperations({ schema: yang.schema, streams, running: () => datastores.running() }),
  });
  registerProviders(yang, providers, [
    netconfStateProvider(monitored),
    ...yangLibraryProviders(yang),
    restconfStateProvider(streams, facts),
    notificationStreamsProvider(streams),
    ...subscribedNotificationsProviders(streams),
    nacmProvider(access.counters),
  ]);
  announceSessions(yang, ledger, sessions, clock, logger);
  const agent = new Agent({
    yang,
    datastores,
    providers,
    operations,
    sessions,
    streams,
    access,
    ...(options.stopwatch === undefined ? {} : { stopwatch: options.stopwatch }),
  });
  return { agent, operations, providers, facts, configurationErrors, close: () => streams.close() };
}

/** Only what the loaded modules define: an operation that is not in the schema cannot be asked for. */
function registerOperations(
  { schema }: YangContext,
  operations: Operations,
  handlers: Readonly<Record<string, OperationHandler>>,
): void {
  for (const [name, handler] of Object.entries(handlers)) {
    const [module = '', rpc = ''] = name.split(':');
    if (schema.rpc(module, rpc) !== undefined) operations.register(name, handler);
  }
}

function registerProviders({ schema }: YangContext, providers: DataProviders, standard: readonly DataProvider[]): void {
  for (const provider of standard) {
    const [module = '', name = ''] = provider.node.split(':');
    if (schema.child(undefined, module, name) !== undefined) providers.register(provider);
  }
}

/** Sessions that come and go are events of the log (RFC 6470), where its module is loaded. */
function announceSessions<Domain extends DomainTypes>(
  { schema }: YangContext,
  ledger: AgentLedger<Domain>,
  sessions: SessionRegistry,
  clock: Clock,
  logger: Logger,
): void {
  const announce = (event: EventInput | undefined): void => {
    if (event === undefined) return;
    ledger
      .update(() => ({ result: undefined, changes: [], events: [{ of: 'server', event }], due: [] }))
      .catch((error: unknown) => logger.warn({ err: error, event: event.name }, 'an event could not be stored'));
  };
  sessions.listen({
    started: (session) => announce(sessionStartEvent(schema, session)),
    ended: (end) => announce(sessionEndEvent(schema, end, clock.now())),
  });
}
