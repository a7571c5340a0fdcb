/**
 * The event log against the state: what the latest event about a reservation, offer or allocation says must be what is
 * recorded of it. The log is read backwards, so that only the latest event about each has to be compared, and each one before that
 * must have led to the next.
 */
import type { Allocation, Id, Offer, OfferStatus, Reservation } from '../../engine/entities.ts';
import type { DomainEvent, OfferCause } from '../../engine/events.ts';
import type { Head } from '../../engine/state.ts';
import { printInstant } from '../../engine/window.ts';
import type { Instant } from '../../engine/window.ts';
import { moduleName } from '../../generated/opnfv-promise.ts';
import { amountsOut, claimOut, instantOut, priorityOut, reasonOut } from './promise-values.ts';
import { offerOut, requestOut } from './reservation-nodes.ts';
import { vimIdOut } from './resource-nodes.ts';
import { FINAL_STATUSES } from '../../engine/lifecycle.ts';
import { sameValue } from '../../yang/sharing.ts';

/** An event of the log, parsed. */
export interface LoggedEvent {
  readonly seq: number;
  readonly module: string;
  readonly name: string;
  readonly content: object;
}

/** Where log and state disagree. */
export interface Disagreement {
  readonly where: Id;
  readonly message: string;
}

/** The notifications that tell a life: those of capacity tell what follows from the others. */
type Told = Exclude<DomainEvent['kind'], 'capacity-event'>;

/** What is known of an entity from events that are later than those still to be read. */
interface Later {
  readonly seq: number;
  /** The state from which the next event started; undefined where that was a beginning. */
  readonly from: string | undefined;
}

/** How the events of one notification are held against the records. */
interface Life<Entity extends { readonly id: Id }> {
  readonly id: string;
  readonly entities: (head: Head) => ReadonlyMap<Id, Entity>;
  /** The state after an event, and before it. */
  readonly after: (content: Nodes) => string | undefined;
  readonly before: (content: Nodes) => string | undefined;
  /** Whether an entity in this state need not be recorded any more. */
  readonly isGone: (state: string) => boolean;
  /** What the latest event has to say, as the record has it: the nodes of it, in parts. */
  readonly expected: (entity: Entity) => readonly Nodes[];
}

type Nodes = Readonly<Record<string, unknown>>;

const OFFER_STATUS: ReadonlyMap<string, OfferStatus> = new Map<OfferCause, OfferStatus>([
  ['made', 'held'],
  ['accepted', 'accepted'],
  ['declined', 'lapsed'],
  ['lapsed', 'lapsed'],
  ['withdrawn', 'lapsed'],
]);

const RESERVATIONS: Life<Reservation> = {
  id: 'reservation-id',
  entities: ({ reservations }) => reservations,
  after: ({ status }) => text(status),
  before: (content) => text(content['old-status']),
  isGone: (state) => FINAL_STATUSES.has(state),
  expected: (reservation) => {
    const { status, hold, reason, owner, tenant, createdOn, startsAt, endsAt, expiresAt, claims } = reservation;
    const decided = {
      status,
      hold,
      reason: reasonOut(reason),
      owner,
      tenant,
      'created-on': printInstant(createdOn),
      'starts-at': printInstant(startsAt),
      'ends-at': instantOut(endsAt),
      'expires-at': instantOut(expiresAt),
      claim: claims.length === 0 ? undefined : claims.map(claimOut),
    };
    return [requestOut(reservation), decided];
  },
};

const OFFERS: Life<Offer> = {
  id: 'offer-id',
  entities: ({ offers }) => offers,
  after: ({ cause }) => OFFER_STATUS.get(text(cause) ?? ''),
  before: ({ cause }) => (cause === 'made' ? undefined : 'held'),
  isGone: (state) => state !== 'held',
  expected: (offer) => {
    const nodes = offerOut(offer);
    const decided = {
      'reservation-id': nodes.reservation,
      reason: nodes.reason,
      owner: nodes.owner,
      'expires-at': nodes['expires-at'],
      'starts-at': nodes['starts-at'],
      'ends-at': nodes['ends-at'],
    };
    return [requestOut(offer), decided];
  },
};

const ALLOCATIONS: Life<Allocation> = {
  id: 'instance-id',
  entities: ({ allocations }) => allocations,
  after: (content) => text(content['vm-state']),
  before: (content) => text(content['old-vm-state']),
  isGone: (state) => state === 'DELETED',
  expected: (allocation) => {
    const { name, provider, reservation, pool, priority, vmState, capacity, owner, tenant } = allocation;
    const consumed = {
      name,
      'provider-id': provider,
      'reservation-id': reservation,
      pool,
      priority: priorityOut(priority),
      'vm-state': vmState,
      capacity: amountsOut(capacity),
      owner,
      tenant,
    };
    return [vimIdOut(allocation), consumed];
  },
};

/** Holds a log, given backwards, against a head. */
export class Replay {
  readonly #head: Head;
  readonly #later: Readonly<Record<Told, Map<Id, Later>>> = {
    'reservation-event': new Map(),
    'offer-event': new Map(),
    'allocation-event': new Map(),
  };

  constructor(head: Head) {
    this.#head = head;
  }

  /** How many entities the events so far are about. */
  get told(): number {
    return Object.values(this.#later).reduce((sum, { size }) => sum + size, 0);
  }

  /** Takes the event before those taken so far. @returns what of it does not agree with them, or with the record */
  take(event: LoggedEvent): Disagreement[] {
    if (event.module !== moduleName) return [];
    switch (event.name) {
      case 'reservation-event':
        return this.#take(RESERVATIONS, event.name, event);
      case 'offer-event':
        return this.#take(OFFERS, event.name, event);
      case 'allocation-event':
        return this.#take(ALLOCATIONS, event.name, event);
      default:
        return [];
    }
  }

  /**
   * What is recorded and no event tells of, when all events were taken.
   * @param since entities that were made at this instant or before may have been told of by events that are not kept
   */
  *untold(since: Instant): Generator<Disagreement> {
    const { reservations, offers, allocations } = this.#head;
    yield* untoldOf(reservations, this.#later['reservation-event'], since);
    yield* untoldOf(offers, this.#later['offer-event'], since);
    yield* untoldOf(allocations, this.#later['allocation-event'], since);
  }

  #take<Entity extends { readonly id: Id }>(
    life: Life<Entity>,
    name: Told,
    { seq, content: body }: LoggedEvent,
  ): Disagreement[] {
    // Cast: any object has members by names.
    const content = body as Nodes;
    const id = text(content[life.id]);
    const state = life.after(content);
    if (id === undefined || state === undefined)
      return [{ where: id ?? `event ${seq}`, message: `event ${seq} does not say whose state it tells` }];
    const later = this.#later[name].get(id);
    const from = life.before(content);
    if (later === undefined) {
      const entity = life.entities(this.#head).get(id);
      // The id of the record is there already: of the one in the event, a million would be kept for nothing.
      this.#later[name].set(entity?.id ?? id, { seq, from });
      return compare(life, entity, { id, seq, state, content });
    }
    this.#later[name].set(id, { seq, from });
    const continues = later.from === state || (later.from === undefined && life.isGone(state));
    if (continues) return [];
    const was = later.from ?? 'nothing';
    return [{ where: id, message: `event ${later.seq} says that it was ${was}, event ${seq} had left it ${state}` }];
  }
}

function compare<Entity extends { readonly id: Id }>(
  life: Life<Entity>,
  entity: Entity | undefined,
  {
    id,
    seq,
    state,
    content,
  }: { readonly id: Id; readonly seq: number; readonly state: string; readonly content: Nodes },
): Disagreement[] {
  if (entity === undefined) {
    if (life.isGone(state)) return [];
    return [{ where: id, message: `event ${seq} left it ${state}, and there is no record of it` }];
  }
  const found: Disagreement[] = [];
  for (const nodes of life.expected(entity)) {
    for (const name in nodes) {
      if (sameValue(content[name], nodes[name])) continue;
      const [told, recorded] = [compared(name, content[name]), compared(name, nodes[name])];
      if (sameValue(told, recorded)) continue;
      const message = `${name} is ${written(recorded)} in the record and ${written(told)} in event ${seq}`;
      found.push({ where: id, message });
    }
  }
  return found;
}

/** What of a node's value has to be the same. The machine of a claim may be moved by its VIM, which is told by no event. */
function compared(name: string, value: unknown): unknown {
  if (name !== 'claim' || !Array.isArray(value)) return value;
  return value.map((claim: object) => ({ ...claim, host: undefined }));
}

/** A node's value in one form, whatever the order of its members. */
function written(value: unknown): string {
  if (value === undefined) return 'absent';
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

function* untoldOf(
  entities: ReadonlyMap<Id, { readonly createdOn: Instant }>,
  told: ReadonlyMap<Id, unknown>,
  since: Instant,
): Generator<Disagreement> {
  for (const [id, { createdOn }] of entities) {
    if (createdOn > since && !told.has(id))
      yield { where: id, message: `it was made at ${printInstant(createdOn)}, and no event tells of it` };
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
