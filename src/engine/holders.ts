/** Who holds what on a pool, host or element at an instant. */
import { addVectors, zeroVector } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import { amountOn, isHostId, nextChange } from './debt.ts';
import type { Bearer } from './debt.ts';
import { isElementId } from './element-map.ts';
import type { Allocation, Claim, NodeId, Reservation } from './entities.ts';
import { takenBy } from './machine-claims.ts';
import { hold } from './state.ts';
import type { Head } from './state.ts';
import type { Instant, Window } from './window.ts';
import { meets, partsIn, windowWith, windowsIn } from './windows.ts';

/** Reservations with a claim on the pool, host or element at the instant. */
export function holdersAt(head: Head, node: NodeId, at: Instant): Reservation[] {
  return candidatesOn(head, node, { start: at, end: at + 1 }).filter((each) =>
    claimsOn(each, node).some((claim) => isHeldAt(claim, at)),
  );
}

/**
 * Reservations with a claim on the pool, host or element in a window: for one window after another from a first instant on, none of which
 * starts or ends before the one that was asked for last. No reservation may be changed meanwhile.
 */
export function holdersFrom(head: Head, node: NodeId, first: Instant): (window: Window) => Reservation[] {
  const going = sweepOn(head, node, first);
  return (window) => going(window).filter(({ claims }) => claims.some((claim) => isOnIn(claim, node, window)));
}

function sweepOn(head: Head, node: NodeId, first: Instant): (window: Window) => readonly Reservation[] {
  if (!isHostId(node) && !isElementId(node)) return head.held.sweep(first);
  return (window) => candidatesOn(head, node, window);
}

function candidatesOn(head: Head, node: NodeId, window: Window): Reservation[] {
  if (!isHostId(node) && !isElementId(node)) return [...head.held.overlapping(window)];
  const found = isHostId(node) ? head.hosts.nodes.get(node) : head.elements.nodes.get(node);
  const holders = found?.holders.keys() ?? [];
  return [...holders].flatMap((id) => head.reservations.get(id) ?? []);
}

/**
 * The next instant at which a pool, host or element may owe something else, or to others: what is free changes, or a reservation begins to
 * hold something there, which does not show where as much is given back at the same instant.
 */
export function nextLook(head: Head, node: Bearer, at: Instant): Instant {
  let next = nextChange(node, at);
  for (const { claims } of candidatesOn(head, node.id, { start: at, end: next })) {
    for (const claim of claims) {
      if (!isOn(claim, node.id)) continue;
      for (const { start } of partsIn(windowsIn(claim), { start: at, end: next })) if (start > at) next = start;
    }
  }
  return next;
}

/** Whether a claim holds something on the pool, host or element at the instant. */
export function isOnAt(claim: Claim, node: NodeId, at: Instant): boolean {
  return isOn(claim, node) && isHeldAt(claim, at);
}

/** Whether a claim holds something on the pool, host or element in a window. */
export function isOnIn(claim: Claim, node: NodeId, window: Window): boolean {
  return isOn(claim, node) && meets(windowsIn(claim), window);
}

/** Whether a claim holds something on the pool, host or element at any time. */
export function isOn({ node, host, element }: Claim, on: NodeId): boolean {
  return node === on || host === on || element === on;
}

/** From so many claims on, it is noted where each is. */
const MANY_CLAIMS = 16;

const placesOfMany = new WeakMap<readonly Claim[], ReadonlyMap<NodeId, readonly Claim[]>>();

/** The claims of a reservation on a pool, host or element. One that has many hosts is asked for each of them: claims never change. */
function claimsOn({ claims }: Pick<Reservation, 'claims'>, node: NodeId): readonly Claim[] {
  if (claims.length < MANY_CLAIMS) return claims.filter((claim) => isOn(claim, node));
  let places = placesOfMany.get(claims);
  if (places === undefined) {
    places = byPlace(claims);
    placesOfMany.set(claims, places);
  }
  return places.get(node) ?? [];
}

function byPlace(claims: readonly Claim[]): ReadonlyMap<NodeId, readonly Claim[]> {
  const places = new Map<NodeId, Claim[]>();
  for (const claim of claims) {
    for (const place of [claim.node, claim.host, claim.element]) {
      if (place === undefined) continue;
      const there = places.get(place);
      if (there === undefined) places.set(place, [claim]);
      else there.push(claim);
    }
  }
  return places;
}

/** Whether a claim holds anything at the instant. */
export function isHeldAt(claim: Claim, at: Instant): boolean {
  return windowWith(windowsIn(claim), at) !== undefined;
}

/** What a reservation holds on the node at the instant, by those of its claims of which something is so. */
export function claimsAt(
  reservation: Reservation,
  node: NodeId,
  at: Instant,
  isSo: (claim: Claim) => boolean = () => true,
): CapacityVector {
  const sum = zeroVector();
  for (const claim of claimsOn(reservation, node)) {
    const amount = isHeldAt(claim, at) && isSo(claim) ? amountOn(claim, node) : undefined;
    if (amount !== undefined) addVectors(sum, amount, 1);
  }
  return sum;
}

/** Takes what is held for good off pools and hosts (1), or puts it back (-1). What is on loan is not counted there. */
export function lift(head: Head, { claims }: { readonly claims: readonly Claim[] }, sign: 1 | -1): void {
  const firm = claims.some(({ onLoan }) => onLoan === true) ? claims.filter(({ onLoan }) => onLoan !== true) : claims;
  hold(head, firm, sign === 1 ? -1 : 1);
}

/** The same of a machine, with what it takes of its host. */
export function liftMachine(head: Head, machine: Allocation, sign: 1 | -1): void {
  lift(head, { claims: takenBy(machine) }, sign);
}
