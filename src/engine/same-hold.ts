/** Whether a new version of something contributes to the timelines and indexes of the head (`state.ts`) what the old one did. */
import type { Allocation, Claim, Reservation } from './entities.ts';

/** Whether a reservation holds the same, for the same account, as before: most changes are of its status alone. */
export function holdsTheSame(a: Reservation, b: Reservation): boolean {
  return (
    a.hold === b.hold &&
    a.owner === b.owner &&
    a.tenant === b.tenant &&
    a.claims.length === b.claims.length &&
    a.claims.every((claim, index) => sameClaim(claim, b.claims[index]))
  );
}

/** Whether an allocation takes the same from the same, for the same account, as before: nearly all changes are of its state alone. */
export function takesTheSame(a: Allocation, b: Allocation): boolean {
  return (
    a.capacity === b.capacity &&
    a.claims === b.claims &&
    a.pool === b.pool &&
    a.provider === b.provider &&
    a.host === b.host &&
    a.claim === b.claim &&
    a.disk === b.disk &&
    a.startsAt === b.startsAt &&
    a.endsAt === b.endsAt &&
    a.backing === b.backing &&
    usesTheSame(a, b) &&
    a.reservation === b.reservation &&
    a.token === b.token &&
    a.owner === b.owner &&
    a.tenant === b.tenant
  );
}

function usesTheSame(a: Allocation, b: Allocation): boolean {
  if (a.resource !== undefined || b.resource !== undefined) return a.resource === b.resource;
  return a.networks === b.networks && a.ports === b.ports && a.volumes === b.volumes;
}

function sameClaim(a: Claim, b: Claim | undefined): boolean {
  return (
    b !== undefined &&
    a.capacity === b.capacity &&
    a.node === b.node &&
    a.start === b.start &&
    a.end === b.end &&
    a.period === b.period &&
    a.count === b.count &&
    a.onLoan === b.onLoan &&
    a.host === b.host &&
    a.disk === b.disk &&
    a.element === b.element
  );
}
