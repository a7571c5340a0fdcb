/**
 * What is held, seen from its owner: what a reservation has left, which part of it a machine takes, what becomes of it
 * when the reservation is over.
 */
import { NOTHING, add, fitsWithin, fromVector, isZero, max, min, subtract, toVector, total } from './capacity.ts';
import type { Capacity } from './capacity.ts';
import type { Allocation, Claim, Reservation } from './entities.ts';
import { allocationsOf, claimWindow, poolNode } from './state.ts';
import type { Head } from './state.ts';
import type { Instant } from './window.ts';
import { omit } from './omit.ts';

/** All that a reservation holds, on all nodes. */
export function heldBy(reservation: Reservation): Capacity {
  const [only, another] = reservation.claims;
  if (only !== undefined && another === undefined) return only.capacity;
  return total(reservation.claims.map(({ capacity }) => capacity));
}

/** What is consumed under a reservation. */
export function allocatedUnder(head: Head, reservation: Reservation): Capacity {
  return total(backed(head, reservation).map(({ capacity }) => capacity));
}

/** What can still be allocated against a reservation, of the resources that it asked for. */
export function remainingOf(head: Head, reservation: Reservation): Capacity {
  if (reservation.claims.length === 0) return NOTHING;
  const held = heldBy(reservation);
  const allocations = backed(head, reservation);
  if (allocations.length === 0) return held;
  return nonNegative(subtract(held, countedIn(held, total(allocations.map(({ capacity }) => capacity)))));
}

/**
 * The claim of a reservation from which a machine can be taken: the first, in the order of claims, that has enough left.
 * `instances` counts where the reservation asked for it; what else the machine needs, the claim must have.
 */
export function claimFor(
  head: Head,
  reservation: Reservation,
  demand: Capacity,
  suits: (claim: Claim) => boolean,
): Claim | undefined {
  const allocations = backed(head, reservation);
  return reservation.claims.find((claim) => {
    if (!suits(claim)) return false;
    const consumed = total(
      allocations.filter(({ pool }) => poolNode(pool) === claim.node).map(({ capacity }) => capacity),
    );
    return fitsWithin(machineDemand(demand, claim.capacity), subtract(claim.capacity, consumed));
  });
}

/** What a machine asks of a holder that may not count instances. */
export function machineDemand(demand: Capacity, holder: Capacity): Capacity {
  if (holder.instances !== undefined) return demand;
  const rest = omit(demand, 'instances');
  return rest;
}

/** The claims cut down to what is allocated on each node from `now` on; what was held before stays as it was. */
export function claimsAllocated(head: Head, reservation: Reservation): Claim[] {
  const allocations = backed(head, reservation);
  return reservation.claims.flatMap((claim) => {
    const consumed = total(
      allocations.filter(({ pool }) => poolNode(pool) === claim.node).map(({ capacity }) => capacity),
    );
    const kept = min(claim.capacity, countedIn(claim.capacity, consumed));
    return isZero(kept) ? [] : [{ ...claim, capacity: kept }];
  });
}

/** The claims as far as they lie before an instant. */
export function claimsBefore(claims: readonly Claim[], instant: Instant): Claim[] {
  return claims.flatMap((claim) => {
    if (claim.start >= instant) return [];
    return claim.end !== undefined && claim.end <= instant ? [claim] : [{ ...claim, end: instant }];
  });
}

/** The allocation on its own feet from an instant on: it holds what it consumes without end, like any without a reservation. */
export function standAlone(head: Head, allocation: Allocation, now: Instant): Allocation {
  const rest = omit(allocation, 'endsAt');
  return { ...rest, backing: 'own', claims: [ownClaim(head, allocation, now)], modifiedOn: now };
}

/** The claim of a machine without a reservation, on the resources that its pool counts: from an instant on, without end. */
export function ownClaim(head: Head, allocation: Pick<Allocation, 'pool' | 'capacity'>, start: Instant): Claim {
  const node = head.nodes.get(poolNode(allocation.pool));
  const counted = fromVector(toVector(allocation.capacity), node?.resources);
  return { id: '1', node: node?.id ?? poolNode(allocation.pool), start, capacity: counted };
}

/** What is missing of a reservation's claims at the worst: the debt of its nodes, as far as it holds of the resource. */
export function missingOf(head: Head, reservation: Reservation, now: Instant): Capacity {
  let missing = NOTHING;
  for (const claim of reservation.claims) {
    const node = head.nodes.get(claim.node);
    const window = claimWindow(claim);
    const start = Math.max(window.start, now);
    if (node === undefined || start >= window.end) continue;
    const debt = fromVector(node.free.min({ start, end: window.end }).map((amount) => Math.max(0, -amount)));
    missing = add(missing, nonNegative(min(claim.capacity, debt)));
  }
  return missing;
}

function backed(head: Head, reservation: Reservation): Allocation[] {
  return allocationsOf(head, reservation.id).filter(({ backing }) => backing === 'reservation');
}

/** The part of `capacity` in resources that `holder` names. */
function countedIn(holder: Capacity, capacity: Capacity): Capacity {
  return machineDemand(capacity, holder);
}

function nonNegative(capacity: Capacity): Capacity {
  return max(capacity, NOTHING);
}
