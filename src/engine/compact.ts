/**
 * A reservation in the least memory: a million of them have to lie in the head.
 *
 * An object that is put together by spreading another one with more than a dozen properties becomes a hash table in V8, of
 * more than twice the size. One that is written out, with its optional properties assigned one by one, does not.
 */
import type { Claim, Reservation } from './entities.ts';
import type { Instant } from './window.ts';
import type { Writable } from './writable.ts';

/** What of a reservation follows from the rest in nearly all. */
export type Following = 'id' | 'modifiedOn' | 'startsAt' | 'endsAt' | 'claims';

/** The same reservation. */
export function compact(reservation: Reservation): Reservation {
  const { id, modifiedOn, startsAt, endsAt, claims } = reservation;
  const following = { id, modifiedOn, startsAt, endsAt, claims: claims.map(compactClaim) };
  return compactOf(reservation, following, reservation);
}

/** One that holds its claims from an instant on, and held nothing before. */
export function compactHolding(
  pending: Reservation,
  { status, claims, since }: Pick<Reservation, 'status' | 'claims'> & { readonly since: Instant },
): Reservation {
  const { id, origin, priority, startsAt, endsAt } = pending;
  const following = { id, modifiedOn: since, startsAt, endsAt, claims };
  return compactOf(pending, following, { origin, priority, status, hold: 'firm' });
}

/** Properties that may be undefined where they may be absent. */
type Loose<T> = { readonly [Key in keyof T]: undefined extends T[Key] ? T[Key] | undefined : T[Key] };

/** What is decided on a reservation, beside what was asked for. */
type Decided = Pick<Reservation, 'origin' | 'priority' | 'status' | 'hold'>;

/** A reservation of its parts; the optional properties come last. */
export function compactOf(
  asked: Loose<Omit<Reservation, Following | keyof Decided>>,
  { id, modifiedOn, startsAt, endsAt, claims }: Pick<Reservation, Following>,
  { origin, priority, status, hold }: Loose<Decided>,
): Reservation {
  const { owner, demand, createdOn } = asked;
  const result: Writable<Reservation> = {
    id,
    origin,
    owner,
    priority,
    demand,
    status,
    createdOn,
    modifiedOn,
    startsAt,
    endsAt,
    claims,
  };
  const { start, end, expiresAt, expiryTime, flexible, name, tenant, reason, message, awaits } = asked;
  const { recurrence, series, easesAt, noticed, room } = asked;
  if (start !== undefined) result.start = start;
  if (end !== undefined) result.end = end;
  if (hold !== undefined) result.hold = hold;
  if (expiresAt !== undefined) result.expiresAt = expiresAt;
  if (expiryTime !== undefined) result.expiryTime = expiryTime;
  if (flexible !== undefined) result.flexible = flexible;
  if (name !== undefined) result.name = name;
  if (tenant !== undefined) result.tenant = tenant;
  if (reason !== undefined) result.reason = reason;
  if (message !== undefined) result.message = message;
  if (awaits !== undefined) result.awaits = awaits;
  if (recurrence !== undefined) result.recurrence = recurrence;
  if (series !== undefined) result.series = series;
  if (easesAt !== undefined) result.easesAt = easesAt;
  if (noticed !== undefined) result.noticed = noticed;
  if (room !== undefined) result.room = room;
  return result;
}

/** The same claim, in the least memory. */
export function compactClaim(claim: Claim): Claim {
  const { id, node, start, end, period, count, capacity, onLoan, host, container, disk, element } = claim;
  const result: Writable<Claim> = { id, node, start, capacity };
  if (end !== undefined) result.end = end;
  if (period !== undefined) result.period = period;
  if (count !== undefined) result.count = count;
  if (onLoan !== undefined) result.onLoan = onLoan;
  if (host !== undefined) result.host = host;
  if (container !== undefined) result.container = container;
  if (disk !== undefined) result.disk = disk;
  if (element !== undefined) result.element = element;
  return result;
}
