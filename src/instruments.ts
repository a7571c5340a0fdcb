/**
 * What is measured of a server: instruments are put in front of its parts, and figures are read of its state. Where no address for
 * metrics is set nobody would read them: then the parts stand alone, and nothing is measured.
 */
import type { Agent, AgentParts } from './agent/agent.ts';
import type { PromiseDomain } from './agent/handlers/promise-domain.ts';
import type { AgentLedger } from './agent/head.ts';
import type { ListenAddress } from './config.ts';
import { breakdownAt } from './engine/breakdown.ts';
import { RESOURCES, amountOf } from './engine/capacity.ts';
import type { Clock } from './engine/clock.ts';
import type { CapacityBreakdown } from './engine/events.ts';
import { Metrics } from './observe/metrics.ts';
import type { Reading } from './observe/metrics.ts';
import { MetricsServer } from './observe/metrics-server.ts';
import type { Started } from './started.ts';
import { metered as meteredStore } from './store/metered-store.ts';
import type { AppendingStore } from './store/metered-store.ts';
import type { Store } from './store/store.ts';
import { metered as meteredAdapter } from './vim/metered-vim.ts';
import type { VimFactory } from './vim/vim.ts';
import { VERSION } from './version.ts';

/** Overdue work is counted as far as this. */
const MOST_OVERDUE = 1_000;
const VIEWS = ['total', 'reserved', 'usage', 'available'] as const satisfies readonly (keyof CapacityBreakdown)[];

/** The parts of which figures are read. */
export interface Measured {
  readonly agent: Agent;
  readonly ledger: AgentLedger<PromiseDomain>;
  readonly store: Pick<Store, 'backlog' | 'dueUntil' | 'eventLog'>;
  readonly clock: Clock;
}

export interface Instruments {
  /** What the agent is to time. */
  readonly agent: Pick<AgentParts, 'stopwatch'>;
  store(store: AppendingStore): AppendingStore;
  adapter(adapter: VimFactory): VimFactory;
  /** @returns the base URL of the listener; undefined: there is none @throws Error when the address cannot be listened on */
  listen(measured: Measured, started: Started): Promise<string | undefined>;
}

const NONE: Instruments = {
  agent: {},
  store: (store) => store,
  adapter: (adapter) => adapter,
  listen: () => Promise.resolve(undefined),
};

/** @param address where figures are to be had */
export function instruments(address: ListenAddress | undefined): Instruments {
  if (address === undefined) return NONE;
  const metrics = new Metrics();
  const stopwatch = metrics.stopwatch(
    'promise_operation_seconds',
    'From the validated request to its answer, durable where it rests on a decision.',
    ['operation', 'transport', 'outcome'],
  );
  const commits = metrics.stopwatch('promise_commit_seconds', 'From a decision until it is on disk.', ['outcome']);
  const calls = metrics.stopwatch('promise_vim_call_seconds', 'From a call of a provider to its answer.', [
    'provider',
    'call',
    'outcome',
  ]);
  return {
    agent: { stopwatch },
    store: (store) => meteredStore(store, commits),
    adapter: (adapter) => meteredAdapter(adapter, calls),
    async listen(measured, started) {
      gauges(metrics, measured);
      /** A reading tries to have a state that can be relied on, and waits for what it rests on. */
      const ailment = (): Promise<string | undefined> =>
        measured.ledger
          .read(() => undefined)
          .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
      const server = await MetricsServer.listen({ ...address, metrics, ailment });
      return started.add(server, (listener) => listener.close()).url;
    },
  };
}

function gauges(metrics: Metrics, { agent, ledger, store, clock }: Measured): void {
  const one = (name: string, help: string, read: () => number): void =>
    metrics.gauge(name, help, [], () => [{ labels: {}, value: read() }]);
  const head = (): PromiseDomain['head'] => ledger.head.domain;
  metrics.gauge('promise_info', 'The version that runs.', ['version'], () => [
    { labels: { version: VERSION }, value: 1 },
  ]);
  one('promise_reservations', 'Reservations that are recorded.', () => head().reservations.size);
  one('promise_reservations_degraded', 'Those that cannot be kept in full.', () => head().degraded.size);
  one('promise_offers', 'Offers that are recorded.', () => head().offers.size);
  one('promise_allocations', 'Allocations that are recorded.', () => head().allocations.size);
  one('promise_allocations_pending', 'Those of which a provider has still to be told.', () => head().intents.size);
  one('promise_netconf_sessions', 'NETCONF sessions that are open.', () => agent.sessions.list().length);
  one('promise_subscriptions', 'Subscriptions to notifications.', () => agent.streams.subscriptions().length);
  one('promise_events_last', 'Number of the latest event of the log.', () => store.eventLog().lastSeq);
  one('promise_store_backlog_characters', 'What waits to be written to disk.', () => store.backlog);
  one('promise_due_overdue', `Work that is due and not carried out, counted up to ${MOST_OVERDUE}.`, () => {
    return store.dueUntil(clock.now(), MOST_OVERDUE).length;
  });
  metrics.gauge('promise_provider_up', 'Whether a provider answers.', ['provider', 'type'], () =>
    [...head().providers.values()].map(({ id, access, status }) => ({
      labels: { provider: id, type: access.type },
      value: status === 'up' ? 1 : 0,
    })),
  );
  metrics.gauge(
    'promise_pool_capacity',
    'Capacity of a pool at present: total, reserved and not allocated, usage, available. Memory in MB, storage in GB.',
    ['pool', 'resource', 'view'],
    () => poolReadings(head(), clock.now()),
  );
}

function* poolReadings(head: PromiseDomain['head'], now: number): Iterable<Reading> {
  for (const pool of head.pools.keys()) {
    const breakdown = breakdownAt(head, pool, now);
    for (const view of VIEWS) {
      for (const resource of RESOURCES) {
        if (breakdown[view][resource] === undefined) continue;
        yield { labels: { pool, resource, view }, value: amountOf(breakdown[view], resource) };
      }
    }
  }
}
