/** Who has claims on a host or element. */
import type { Id } from './entities.ts';

/** Reservations with claims, and how many each. */
export type ClaimCounts = Map<Id, number>;

/** Notes that a reservation has one claim more, or one less. */
export function countClaim(counts: ClaimCounts, reservation: Id, sign: 1 | -1): void {
  const count = (counts.get(reservation) ?? 0) + sign;
  if (count === 0) counts.delete(reservation);
  else counts.set(reservation, count);
}
