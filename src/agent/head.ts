/**
 * What the agent's ledger decides on: the running configuration, and beside it the state of the domain that owns part of it. One
 * ledger for both, because an edit of configuration and the domain's consent to it are one decision.
 */
import type { Decide, Decision, Ledger, LedgerModel } from '../engine/ledger.ts';
import type { EventInput } from '../store/store.ts';
import type { YangContext } from '../yang/yang-context.ts';
import { recordWrites, RunningConfiguration } from './running.ts';
import type { RunningChange } from './running.ts';

/** The types of a domain, for what is generic over it: its state, the changes of its state, and its events. */
export interface DomainTypes {
  readonly head: unknown;
  readonly change: unknown;
  readonly event: unknown;
}

export interface AgentHead<Domain extends DomainTypes> {
  readonly running: RunningConfiguration;
  readonly domain: Domain['head'];
}

export type AgentChange<Domain extends DomainTypes> =
  | { readonly of: 'running'; readonly change: RunningChange }
  | { readonly of: 'domain'; readonly change: Domain['change'] };

/** An event of the server about itself, as the log holds it, or one of the domain. */
export type AgentEvent<Domain extends DomainTypes> =
  { readonly of: 'server'; readonly event: EventInput } | { readonly of: 'domain'; readonly event: Domain['event'] };

export type AgentLedger<Domain extends DomainTypes> = Ledger<
  AgentHead<Domain>,
  AgentChange<Domain>,
  AgentEvent<Domain>
>;

/** How a domain's state is kept, and its events recorded. */
export interface DomainModel<Domain extends DomainTypes> extends LedgerModel<Domain['head'], Domain['change']> {
  /** The event as the log holds it. */
  record(event: Domain['event']): EventInput;
}

/** `model` and `record` for the ledger's options. Records of kind `running` are the configuration's; all others the domain's. */
export interface AgentModel<Domain extends DomainTypes> {
  readonly model: LedgerModel<AgentHead<Domain>, AgentChange<Domain>>;
  readonly record: (event: AgentEvent<Domain>) => EventInput;
}

export function agentModel<Domain extends DomainTypes>(
  yang: YangContext,
  domain: DomainModel<Domain>,
): AgentModel<Domain> {
  return {
    model: {
      empty: () => ({ running: new RunningConfiguration(yang), domain: domain.empty() }),
      restore(head, record) {
        if (record.kind === 'running') head.running.restore(record);
        else domain.restore(head.domain, record);
      },
      apply(head, change) {
        if (change.of === 'running') head.running.apply(change.change);
        else domain.apply(head.domain, change.change);
      },
      writes: (change) =>
        change.of === 'running' ? recordWrites(yang.schema, change.change) : domain.writes(change.change),
    },
    record: (event) => (event.of === 'server' ? event.event : domain.record(event.event)),
  };
}

/** A decision of the domain alone, as one of the agent's ledger: what RPC handlers, the scheduler and the reconciler pass to it. */
export function inDomain<Domain extends DomainTypes, Result>(
  decide: Decide<Domain['head'], Domain['change'], Domain['event'], Result>,
): Decide<AgentHead<Domain>, AgentChange<Domain>, AgentEvent<Domain>, Result> {
  return (head, inputs) => ofDomain<Domain, Result>(decide(head.domain, inputs));
}

/** What a domain decided, in the agent's terms. */
export function ofDomain<Domain extends DomainTypes, Result>({
  result,
  changes,
  events,
  due,
}: Decision<Result, Domain['change'], Domain['event']>): Decision<Result, AgentChange<Domain>, AgentEvent<Domain>> {
  return {
    result,
    changes: changes.map((change) => ({ of: 'domain', change })),
    events: events.map((event) => ({ of: 'domain', event })),
    due,
  };
}

/** A domain without state, for an agent that only serves modules. */
export interface NoDomain extends DomainTypes {
  readonly head: null;
  readonly change: never;
  readonly event: never;
}

export const noDomain: DomainModel<NoDomain> = {
  empty: () => null,
  restore: () => undefined,
  apply: () => undefined,
  writes: () => [],
  record: (event) => event,
};
