import type { Durable, Ledger } from '../engine/ledger.ts';
import { inDomain } from './head.ts';
import type { AgentChange, AgentLedger, DomainTypes } from './head.ts';

/** The agent's ledger as a domain sees it: its own state, changes and events, beside which there is nothing. */
export type DomainLedger<Domain extends DomainTypes> = Pick<
  Ledger<Domain['head'], Domain['change'], Domain['event']>,
  'head' | 'read' | 'update' | 'onDurable'
>;

/** For what works behind the decisions of the domain and knows nothing of configuration. */
export function domainLedger<Domain extends DomainTypes>(ledger: AgentLedger<Domain>): DomainLedger<Domain> {
  // Several listen, and hear of one decision after the other.
  let latest: { readonly heard: Durable<AgentChange<Domain>>; readonly told: Durable<Domain['change']> } | undefined;
  const told = (heard: Durable<AgentChange<Domain>>): Durable<Domain['change']> => {
    if (latest?.heard !== heard) latest = { heard, told: ofDomain<Domain>(heard) };
    return latest.told;
  };
  return {
    get head() {
      return ledger.head.domain;
    },
    read: (select) => ledger.read((head) => select(head.domain)),
    update: (decide) => ledger.update(inDomain(decide)),
    onDurable: (listener) => ledger.onDurable((durable) => listener(told(durable))),
  };
}

function ofDomain<Domain extends DomainTypes>(durable: Durable<AgentChange<Domain>>): Durable<Domain['change']> {
  if (durable.what === 'reload') return durable;
  const changes: Domain['change'][] = [];
  for (const change of durable.changes) if (change.of === 'domain') changes.push(change.change);
  return { what: 'decision', changes, due: durable.due };
}
