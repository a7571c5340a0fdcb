/** The reservation engine as the domain of an agent. */
import type { Clock } from '../../engine/clock.ts';
import type { DomainEvent } from '../../engine/events.ts';
import type { Reconciler } from '../../engine/reconciler.ts';
import type { Decided } from '../../engine/explain.ts';
import type { Command } from '../../engine/requests.ts';
import type { Viewer } from '../../engine/ownership.ts';
import { engineModel } from '../../engine/state.ts';
import type { Change, Head } from '../../engine/state.ts';
import type { Instant } from '../../engine/window.ts';
import { RpcError } from '../../yang/rpc-error.ts';
import type { RequestContext } from '../context.ts';
import type { DomainLedger } from '../domain-ledger.ts';
import type { DomainModel } from '../head.ts';
import { everybodyOperates, viewerOf } from '../standing.ts';
import type { Standing, StandingOf } from '../standing.ts';
import { Decisions } from './decisions.ts';
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
  readonly reconciler: Pick<Reconciler, 'settled' | 'contacted' | 'refresh' | 'lastContact'>;
  readonly clock: Clock;
  /** Absent: everybody is an operator without a tenant. */
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
  readonly #decisions: Decisions;

  constructor(parts: PromiseEngineParts) {
    this.#ledger = parts.ledger;
    this.reconciler = parts.reconciler;
    this.#clock = parts.clock;
    this.#standingOf = parts.standingOf ?? everybodyOperates;
    this.patience = parts.patience ?? PATIENCE;
    this.#decisions = new Decisions(this.#clock.now());
  }

  /** Decides on behalf of who asks. @returns the result, once it is durable */
  decide<Input, Result>(context: RequestContext, command: Command<Input, Result>, input: Input): Promise<Result> {
    return this.#decide(context, this.#standing(context), command, input);
  }

  /** As {@link decide}, and keeps the decision for `explain`. @returns the result, and what tells it in the answer */
  async decideOnRecord<Input, Result extends Decided>(
    context: RequestContext,
    command: Command<Input, Result>,
    input: Input,
  ): Promise<{ readonly result: Result; readonly record: { readonly decision: string } }> {
    const standing = this.#standing(context);
    const result = await this.#decide(context, standing, command, input);
    return { result, record: { decision: this.#record(result, standing) } };
  }

  /** Keeps a decision for `explain`. @returns its number */
  record(context: RequestContext, decided: Decided): string {
    return this.#record(decided, this.#standing(context));
  }

  /** The decision of a number, if it is kept and exists for who asks. */
  decision(context: RequestContext, number: number): Decided | undefined {
    return this.#decisions.find(number, this.viewer(context));
  }

  /** What exists for who asks. */
  viewer(context: RequestContext): Viewer {
    return viewerOf(this.#standing(context));
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

  #decide<Input, Result>(
    { user }: RequestContext,
    standing: Standing,
    command: Command<Input, Result>,
    input: Input,
  ): Promise<Result> {
    const { tenant } = standing;
    const asker = { user, ...(tenant === undefined ? {} : { tenant }), ...viewerOf(standing) };
    return this.#ledger.update((head, inputs) => command(head, input, { ...inputs, ...asker }));
  }

  #record(decided: Decided, standing: Standing): string {
    return String(this.#decisions.record(decided, viewerOf(standing)));
  }

  #standing({ user }: RequestContext): Standing {
    const standing = this.#standingOf(user);
    if (standing === undefined) throw RpcError.accessDenied(`The user ${user} is not known any more.`);
    return standing;
  }
}
