/**
 * What the agent's ledger decides on: the running configuration, and beside it the state of the domain that owns part of it. One
 * ledger for both, because an edit of configuration and the domain's consent to it are one decision.
 */
import type { Decide, LedgerModel } from '../engine/ledger.ts';
import type { YangContext } from '../yang/yang-context.ts';
import { recordWrites, RunningConfiguration } from './running.ts';
import type { RunningChange } from './running.ts';

export interface AgentHead<Domain> {
  readonly running: RunningConfiguration;
  readonly domain: Domain;
}

export type AgentChange<DomainChange> =
  | { readonly of: 'running'; readonly change: RunningChange }
  | { readonly of: 'domain'; readonly change: DomainChange };

/** The ledger's model over a domain's model. Records of kind `running` are the configuration's; all others the domain's. */
export function agentModel<Domain, DomainChange>(
  yang: YangContext,
  domain: LedgerModel<Domain, DomainChange>,
): LedgerModel<AgentHead<Domain>, AgentChange<DomainChange>> {
  return {
    empty: () => ({ running: new RunningConfiguration(yang), domain: domain.empty() }),
    restore(head, record) {
      if (record.kind === 'running') head.running.restore(record);
      else domain.restore(head.domain, record);
    },
    apply(head, change) {
      if (change.of === 'running') head.running.apply(change.change);
      else domain.apply(head.domain, change.change);
    },
    writes: (change) => (change.of === 'running' ? recordWrites(yang.schema, change.change) : domain.writes(change.change)),
  };
}

/** A decision of the domain alone, as one of the agent's ledger: what RPC handlers, the scheduler and the reconciler pass to it. */
export function inDomain<Domain, DomainChange, Result>(
  decide: Decide<Domain, DomainChange, Result>,
): Decide<AgentHead<Domain>, AgentChange<DomainChange>, Result> {
  return (head, inputs) => {
    const { result, changes, events, due } = decide(head.domain, inputs);
    return { result, changes: changes.map((change) => ({ of: 'domain', change })), events, due };
  };
}

/** A domain without state, for an agent that only serves modules. */
export const noDomain: LedgerModel<null, never> = {
  empty: () => null,
  restore: () => undefined,
  apply: () => undefined,
  writes: () => [],
};
