import type { Decision, DecisionInputs } from '../engine/ledger.ts';
import type { Data } from '../yang/data.ts';
import type { Change } from '../yang/edit.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import type { RpcError } from '../yang/rpc-error.ts';
import type { RequestContext } from './context.ts';
import type { DomainTypes } from './head.ts';

/** An edit as its owner is asked about it. Both configurations are valid. */
export interface ConfigProposal {
  /** Who asks. */
  readonly context: RequestContext;
  readonly before: Data;
  readonly after: Data;
  /** What differs below the owner's nodes, at its tops, in schema order; never empty. */
  readonly changes: readonly Change[];
}

/** The part of a domain that configuration belongs to: it takes part in the transaction of every edit of its nodes. */
export interface ConfigOwner<Domain extends DomainTypes> {
  /** Names of the modules whose top-level nodes it owns. */
  readonly modules: readonly string[];
  /**
   * The error for an edit of what the configuration does not have, but the domain has for another reason; undefined when it does not
   * have it either.
   */
  madeOtherwise?(path: InstancePath, domain: Domain['head']): RpcError | undefined;
  /**
   * What follows from the edit in the domain, durable with it in one commit. Synchronous and pure; must not change the
   * domain's state.
   * @throws RpcError, or RpcErrors, to refuse the edit as a whole: resource-denied with an app-tag and `refusal-info`
   */
  decide(
    proposal: ConfigProposal,
    domain: Domain['head'],
    inputs: DecisionInputs,
  ): Decision<unknown, Domain['change'], Domain['event']>;
}
