/** Who holds what on a node at an instant. */
import { addVectors, toVector, zeroVector } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import type { Claim, NodeId, Reservation } from './entities.ts';
import { claimWindow } from './state.ts';
import type { Head } from './state.ts';
import { FOREVER } from './window.ts';
import type { Instant } from './window.ts';

/** Reservations with a claim on the node at the instant. */
export function holdersAt(head: Head, node: NodeId, at: Instant): Reservation[] {
  return [...head.held.overlapping({ start: at, end: at + 1 })].filter((reservation) =>
    reservation.claims.some((claim) => claim.node === node && claim.start <= at && at < (claim.end ?? FOREVER)),
  );
}

/** What a reservation holds on the node at the instant. */
export function claimsAt(reservation: Reservation, node: NodeId, at: Instant): CapacityVector {
  const sum = zeroVector();
  for (const claim of reservation.claims) {
    if (claim.node === node && claim.start <= at && at < (claim.end ?? FOREVER))
      addVectors(sum, toVector(claim.capacity), 1);
  }
  return sum;
}

/** Takes what is held for good off the nodes (1), or puts it back (-1). What is on loan is not counted there. */
export function lift(head: Head, { claims }: { readonly claims: readonly Claim[] }, sign: 1 | -1): void {
  for (const claim of claims) {
    if (claim.onLoan === true) continue;
    const free = head.nodes.get(claim.node)?.free;
    if (sign === 1) free?.add(claimWindow(claim), toVector(claim.capacity));
    else free?.remove(claimWindow(claim), toVector(claim.capacity));
  }
}
