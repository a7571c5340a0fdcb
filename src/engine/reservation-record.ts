/**
 * A reservation as its record holds it: what follows from the rest is left out. That is half of it for nearly all, which have one claim,
 * of what they asked for when they asked for it; and a million have to be read before the first request is answered.
 */
import type { Capacity } from './capacity.ts';
import { compactClaim, compactOf } from './compact.ts';
import type { Following } from './compact.ts';
import { NORMAL } from './entities.ts';
import type { Claim, Demand, HostId, Id, NodeId, Reservation } from './entities.ts';
import type { Instant } from './window.ts';
import type { Writable } from './writable.ts';

export type ReservationRecord = Omit<Reservation, Following | keyof typeof USUAL> & {
  /** Absent: as `USUAL` has it. */
  readonly origin?: Reservation['origin'];
  readonly priority?: Reservation['priority'];
  readonly status?: Reservation['status'];
  /** Absent: as `createdOn`. */
  readonly modifiedOn?: Reservation['modifiedOn'];
  /** Absent: as `start`. */
  readonly startsAt?: Reservation['startsAt'];
  /** Absent: as `end`. */
  readonly endsAt?: Reservation['endsAt'];
  /** Absent: one on the node `on`, of the demand's capacity and during the window in effect. */
  readonly claims?: Reservation['claims'];
  /** Absent: on the one pool that the demand names. */
  readonly on?: NodeId;
};

/** What nearly all have; a record says what differs. */
export const USUAL = { origin: 'rpc', priority: NORMAL, status: 'scheduled' } as const;

/** The body of a reservation's record. */
export function recordOf(reservation: Reservation): ReservationRecord {
  const { origin, owner, priority, demand, status, createdOn, modifiedOn, startsAt, endsAt, claims } = reservation;
  const record: Writable<ReservationRecord> = { owner, demand, createdOn };
  const { start, end, hold, expiresAt, expiryTime, flexible, name, tenant, reason, message, awaits } = reservation;
  const { recurrence, series, easesAt, noticed, room } = reservation;
  const [claim] = claims;
  if (claim === undefined || claims.length > 1 || !follows(claim, reservation)) record.claims = claims;
  else if (claim.node !== onlyPool(demand)) record.on = claim.node;
  if (origin !== USUAL.origin) record.origin = origin;
  if (priority !== USUAL.priority) record.priority = priority;
  if (status !== USUAL.status) record.status = status;
  if (start !== undefined) record.start = start;
  if (end !== undefined) record.end = end;
  if (hold !== undefined) record.hold = hold;
  if (name !== undefined) record.name = name;
  if (startsAt !== start) record.startsAt = startsAt;
  if (endsAt !== end) record.endsAt = endsAt;
  if (modifiedOn !== createdOn) record.modifiedOn = modifiedOn;
  if (expiresAt !== undefined) record.expiresAt = expiresAt;
  if (expiryTime !== undefined) record.expiryTime = expiryTime;
  if (flexible !== undefined) record.flexible = flexible;
  if (tenant !== undefined) record.tenant = tenant;
  if (reason !== undefined) record.reason = reason;
  if (message !== undefined) record.message = message;
  if (awaits !== undefined) record.awaits = awaits;
  if (recurrence !== undefined) record.recurrence = recurrence;
  if (series !== undefined) record.series = series;
  if (easesAt !== undefined) record.easesAt = easesAt;
  if (noticed !== undefined) record.noticed = noticed;
  if (room !== undefined) record.room = room;
  return record;
}

/** The id of an only claim. */
const FIRST = '1';
/** Members of a claim that says no more than it must: id, node, start, end, capacity. */
const BARE = 5;

/** Ids of nodes that the head has already: what it holds refers to these, and not to copies of its own. */
export interface KnownNodes {
  readonly nodes: ReadonlyMap<NodeId, { readonly id: NodeId }>;
  readonly hosts: { readonly nodes: ReadonlyMap<HostId, { readonly id: HostId }> };
}

/** The reservation of a record, in the least memory: its claims share node ids and vectors with what is equal. */
export function reservationIn(id: Id, record: ReservationRecord, known: KnownNodes): Reservation {
  const { demand, createdOn, start, end, claims } = record;
  const { origin = USUAL.origin, priority = USUAL.priority, status = USUAL.status } = record;
  const startsAt = record.startsAt ?? start ?? createdOn;
  // Cast: without an end that was asked for, the record says which is in effect.
  const endsAt = (record.endsAt ?? end) as Instant;
  const on = record.on ?? onlyPool(demand);
  const held =
    claims !== undefined || on === undefined
      ? sharedClaims(claims ?? [], demand.capacity, known)
      : [claimThatFollows(known.nodes.get(on)?.id ?? on, startsAt, endsAt, demand.capacity)];
  const following = { id, modifiedOn: record.modifiedOn ?? createdOn, startsAt, endsAt, claims: held };
  return compactOf(record, following, { origin, priority, status, hold: record.hold });
}

/** The node of the pool that a demand names, if it names one alone. */
function onlyPool({ pools }: Demand): NodeId | undefined {
  const [pool] = pools ?? [];
  return pool === undefined || pools?.length !== 1 ? undefined : `pool/${pool}`;
}

/** Whether the claim is the one that a record without claims stands for. */
function follows(claim: Claim, { startsAt, endsAt, demand }: Reservation): boolean {
  const { id, start, end, capacity } = claim;
  const bare = Object.keys(claim).length === BARE;
  const { capacity: demanded } = demand;
  return (
    id === FIRST &&
    start === startsAt &&
    end === endsAt &&
    bare &&
    (capacity === demanded || sameEntries(capacity, demanded))
  );
}

function claimThatFollows(node: NodeId, start: Instant, end: Instant, capacity: Capacity): Claim {
  return compactClaim({ id: FIRST, node, start, end, capacity });
}

/** The claims of any entity, with the node ids that the head has, and one vector for those that hold the same. */
export function sharedClaims(claims: readonly Claim[], demanded: Capacity | undefined, known: KnownNodes): Claim[] {
  let last = demanded;
  return claims.map((claim) => {
    const { node, host, capacity } = claim;
    // Instances of one container hold the same, one claim after the other.
    if (last === undefined || !sameEntries(last, capacity)) last = capacity;
    return compactClaim({
      ...claim,
      node: known.nodes.get(node)?.id ?? node,
      capacity: last,
      ...(host === undefined ? {} : { host: known.hosts.nodes.get(host)?.id ?? host }),
    });
  });
}

function sameEntries(a: Capacity, b: Capacity): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
