/**
 * A decision being made: what it changes, tells and schedules so far.
 *
 * A decision in several steps has to see its own earlier ones (a pool that shrinks, then who no longer fits). So what it has
 * put is applied to the head when it next looks, and all of that is taken back before the decision is handed over. Sums
 * in timelines are exact and decisions are synchronous: nobody can tell that it ever was there, and `decide` is a pure function.
 * A decision that looks at nothing after its last change pays nothing for this.
 */
import type { DueChange, DueItem } from '../store/store.ts';
import { compact } from './compact.ts';
import type { Allocation, Id, NodeId, Reservation } from './entities.ts';
import type { DomainEvent } from './events.ts';
import { hostId } from './hosts.ts';
import type { Outages } from './outages.ts';
import type { At, Decision } from './requests.ts';
import { apply, inverse, poolNode } from './state.ts';
import type { Change, EntityKind, EntityOf, Head } from './state.ts';

/** What planned times out of service follow from. */
const BEARING_ON_OUTAGES: ReadonlySet<EntityKind> = new Set<EntityKind>(['policy', 'provider', 'pool']);

export class Draft {
  readonly at: At;
  /** Nodes on which capacity or claims were lost or freed, to be looked at before the decision is done. */
  readonly disturbed = new Set<NodeId>();
  /** What was out of service by plan before the decision. */
  readonly outagesBefore: Outages;
  readonly #head: Head;
  readonly #changes = new Map<string, Change>();
  readonly #undo: Change[] = [];
  readonly #events: DomainEvent[] = [];
  readonly #due = new Map<string, DueChange>();
  #pending: Change[] = [];

  constructor(head: Head, at: At) {
    this.#head = head;
    this.at = at;
    this.outagesBefore = head.outages;
  }

  /** The head as the decision has made it so far. */
  get head(): Head {
    for (const change of this.#pending) {
      this.#undo.push(inverse(this.#head, change));
      apply(this.#head, change);
    }
    if (this.#pending.length > 0) this.#pending = [];
    return this.#head;
  }

  /** What is out of service by plan, as the decision has made it so far. Looking at it applies nothing that does not bear on it. */
  get outages(): Outages {
    return this.#pending.some(({ kind }) => BEARING_ON_OUTAGES.has(kind)) ? this.head.outages : this.#head.outages;
  }

  put<Kind extends EntityKind>(kind: Kind, id: Id, body: EntityOf[Kind] | null): void {
    // Casts: the compiler does not see that kind and body go together when both depend on a type parameter.
    const change = (
      kind === 'reservation' && body !== null ? { kind, id, body: compact(body as Reservation) } : { kind, id, body }
    ) as Change;
    const key = `${kind}/${id}`;
    // Last come, last written: an entity that is put again moves to the end.
    this.#changes.delete(key);
    this.#changes.set(key, change);
    this.#pending.push(change);
  }

  /** Notes the nodes of claims that were given back, or put there without admission. */
  disturb(claims: Iterable<{ readonly node: NodeId; readonly host?: NodeId; readonly element?: NodeId }>): void {
    for (const { node, host, element } of claims) {
      this.disturbed.add(node);
      if (host !== undefined) this.disturbed.add(host);
      if (element !== undefined) this.disturbed.add(element);
    }
  }

  /** Notes where something that is allocated consumes, or has consumed: its pool, and its host where that is known. */
  disturbPlaceOf({ pool, provider, host }: Pick<Allocation, 'pool' | 'provider' | 'host'>): void {
    this.disturbed.add(poolNode(pool));
    if (host !== undefined) this.disturbed.add(hostId(provider, host));
  }

  emit(event: DomainEvent): void {
    this.#events.push(event);
  }

  schedule(item: DueItem): void {
    this.#due.set(item.id, { put: item });
  }

  unschedule(id: string): void {
    this.#due.set(id, { remove: id });
  }

  /** Takes back and forgets everything. */
  abandon(): void {
    this.rollback();
    this.#changes.clear();
    this.#events.length = 0;
    this.#due.clear();
    this.disturbed.clear();
  }

  /** Takes out of the head what was put into it. */
  rollback(): void {
    this.#pending = [];
    for (let change = this.#undo.pop(); change !== undefined; change = this.#undo.pop()) apply(this.#head, change);
  }

  decision<Result>(result: Result): Decision<Result> {
    return { result, changes: [...this.#changes.values()], events: [...this.#events], due: [...this.#due.values()] };
  }
}

/** Makes a decision; the head is as it was when this returns or throws. */
export function decide<Result>(head: Head, at: At, make: (draft: Draft) => Result): Decision<Result> {
  const draft = new Draft(head, at);
  try {
    return draft.decision(make(draft));
  } finally {
    draft.rollback();
  }
}
