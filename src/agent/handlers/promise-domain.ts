/** The reservation engine as the domain of an agent. */
import type { Clock } from '../../engine/clock.ts';
import type { DomainEvent } from '../../engine/events.ts';
import type { Reconciler } from '../../engine/reconciler.ts';
import type { Decided } from '../../engine/explain.ts';
import type { Command } from '../../engine/requests.ts';
import { engineModel } from '../../engine/state.ts';
import type { Change, Head } from '../../engine/state.ts';
import type { Instant } from '../../engine/window.ts';
import type { RequestContext } from '../context.ts';
import type { DomainLedger } from '../domain-ledger.ts';
import type { DomainModel } from '../head.ts';
import { Decisions } from './decisions.ts';
import { noStanding } from './standing.ts';
import type { StandingOf } from './standing.ts';
import { eventRecord } from './promise-events.ts';

/** Types of the domain, for what is generic over it. */
export interface PromiseDomain {
  readonly head: Head;
  readonly change: Change;
  readonly event: DomainEvent;
}

/** How the agent's ledger keeps the engine's state; events are stored in their final YANG form. */
export const promiseModel: DomainModel<PromiseDomain> = { ...engineModel, record: eventRecord };

/** What handlers wait for, and how long, in milliseconds. Whatever takes longer goes on, and is notified. */
export interface Patience {
  /** For a VIM to accept or refuse a server. */
  readonly acceptance: number;
  /** For the first contact with a provider. */
  readonly contact: number;
}

const PATIENCE: Patience = { acceptance: 5_000, contact: 10_000 };

export interface PromiseEngineParts {
  readonly ledger: DomainLedger<PromiseDomain>;
  readonly reconciler: Pick<Reconciler, 'settled' | 'contacted' | 'refresh'>;
  readonly clock: Clock;
  /** Absent: users have no tenant. */
  readonly standingOf?: StandingOf;
  readonly patience?: Patience;
}

/** The engine as handlers use it. */
export class PromiseEngine {
  readonly reconciler: PromiseEngineParts['reconciler'];
  readonly patience: Patience;
  readonly #ledger: DomainLedger<PromiseDomain>;
  readonly #clock: Clock;
  readonly #standingOf: StandingOf;
  /** The latest decisions that can be explained. */
  readonly decisions: Decisions;

  constructor(parts: PromiseEngineParts) {
    this.#ledger = parts.ledger;
    this.reconciler = parts.reconciler;
    this.#clock = parts.clock;
    this.#standingOf = parts.standingOf ?? noStanding;
    this.patience = parts.patience ?? PATIENCE;
    this.decisions = new Decisions(this.#clock.now());
  }

  /** Decides on behalf of who asks. @returns the result, once it is durable */
  decide<Input, Result>(context: RequestContext, command: Command<Input, Result>, input: Input): Promise<Result> {
    const { user } = context;
    const standing = this.#standingOf(user);
    return this.#ledger.update((head, inputs) => command(head, input, { ...inputs, user, ...standing }));
  }

  /** As {@link decide}, and keeps the decision for `explain`. @returns the result, and what tells it in the answer */
  async decideOnRecord<Input, Result extends Decided>(
    context: RequestContext,
    command: Command<Input, Result>,
    input: Input,
  ): Promise<{ readonly result: Result; readonly record: { readonly decision: string } }> {
    const result = await this.decide(context, command, input);
    return { result, record: { decision: String(this.decisions.record(result)) } };
  }

  /** Reads the state as it is now. @returns when all that the reading rests on is durable */
  read<Result>(select: (head: Head, now: Instant) => Result): Promise<Result> {
    return this.#ledger.read((head) => select(head, this.#clock.now()));
  }

  /** For data that are built while they are printed. */
  get head(): Head {
    return this.#ledger.head;
  }

  get now(): Instant {
    return this.#clock.now();
  }
}
