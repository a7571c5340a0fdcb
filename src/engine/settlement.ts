/**
 * Who is kept when a pool bears more claims than it has (reservation steps 6b and 7), and who is restored when it has enough again.
 *
 * What allocations hold stays: the machines are there. Those that are being deleted make nobody give way, so that no one is degraded
 * for the moment in which the VIM takes down the machines of an earlier reservation. Offers give way first, by the same order. Of the
 * reservations, those give way that are of the lowest
 * priority, the newest among them first, until the others fit at every instant from now on; then whoever of those that gave way fits
 * beside the others after all is taken back, the highest priority and the oldest first. So no one is degraded who need not be,
 * and the same state always chooses the same. A degraded reservation keeps its claims: what it
 * still has is not given to newcomers, and it is restored when capacity returns.
 */
import { announceReservation } from './announce.ts';
import { toVector } from './capacity.ts';
import type { Draft } from './draft.ts';
import type { Allocation, Claim, Id, NodeId, Reason, Reservation } from './entities.ts';
import { next } from './lifecycle.ts';
import { lapse } from './offers.ts';
import { claimWindow } from './state.ts';
import type { Head, Node } from './state.ts';
import { ALWAYS, FOREVER } from './window.ts';
import type { Instant } from './window.ts';
import { omit } from './omit.ts';

export interface Settlement {
  /** Offers that gave way. */
  readonly withdrawn: readonly Id[];
  readonly degraded: readonly Id[];
  readonly restored: readonly Id[];
}

const NOTHING_TO_SETTLE: Settlement = { withdrawn: [], degraded: [], restored: [] };

/** Settles the nodes that the draft has disturbed. Call it when everything else is put. */
export function settle(draft: Draft, reason: Reason): Settlement {
  const nodes = [...draft.disturbed];
  draft.disturbed.clear();
  const { head } = draft;
  const settled = nodes.flatMap((id) => head.nodes.get(id) ?? []).filter(({ id }) => id.startsWith('pool/'));
  if (settled.length === 0) return NOTHING_TO_SETTLE;
  const withdrawn = settled.flatMap((node) => withdrawOffers(draft, node, reason));
  const before = new Set(draft.head.degraded);
  const victims = victimsOf(draft.head, settled, draft.at.now);
  const degraded = [...victims].filter((id) => !before.has(id)).sort();
  const restored = [...before].filter((id) => !victims.has(id)).sort();
  for (const id of degraded) degrade(draft, id, reason);
  for (const id of restored) restore(draft, id);
  return { withdrawn, degraded, restored };
}

/**
 * Ends offers until those that are left fit, at every instant at which more is held than there is. All of them go before any
 * reservation does: what they hold is not anyone's yet. An offer never was made out of what degraded reservations lack, so that
 * an instant that lacks something and at which an offer holds of it is one that has just come to lack it.
 */
function withdrawOffers(draft: Draft, node: Node, reason: Reason): Id[] {
  const departing = departingFrom(draft.head);
  for (const machine of departing) lift(draft.head, machine, 1);
  try {
    return withdrawFrom(draft, node, reason);
  } finally {
    for (const machine of departing) lift(draft.head, machine, -1);
  }
}

function withdrawFrom(draft: Draft, node: Node, reason: Reason): Id[] {
  const { now } = draft.at;
  const withdrawn: Id[] = [];
  for (let at = firstDebt(node, now); at !== undefined && at !== FOREVER;) {
    const instant = at;
    const last = [...draft.head.heldOffers.overlapping({ start: instant, end: instant + 1 })]
      .filter((offer) => eases(offer, node, instant))
      .sort(byMerit)
      .pop();
    if (last === undefined) {
      const later = nextChange(node, instant);
      at = later === FOREVER ? undefined : firstDebt(node, later);
    } else {
      lapse(draft, last, 'withdrawn', reason);
      withdrawn.push(last.id);
      at = firstDebt(nodeIn(draft, node), instant);
    }
  }
  return withdrawn;
}

/** The node with everything applied that was put. */
function nodeIn(draft: Draft, node: Node): Node {
  return draft.head.nodes.get(node.id) ?? node;
}

/** Machines that are being deleted make nobody give way; but who gave way before is restored only when they are gone. */
function victimsOf(head: Head, nodes: readonly Node[], now: Instant): Set<Id> {
  const departing = departingFrom(head);
  const victims = giveWay(head, nodes, now, departing);
  if (departing.length === 0 || head.degraded.size === 0) return victims;
  const unrelieved = giveWay(head, nodes, now, []);
  for (const id of head.degraded) if (unrelieved.has(id)) victims.add(id);
  return victims;
}

function degrade(draft: Draft, id: Id, reason: Reason): void {
  const reservation = draft.head.reservations.get(id);
  const status = reservation === undefined ? undefined : next(reservation.status, 'degrade');
  if (reservation === undefined || status === undefined) return;
  const message = 'Capacity was lost; the reservation cannot be kept in full at present.';
  const degraded: Reservation = { ...reservation, status, reason, message, modifiedOn: draft.at.now };
  draft.put('reservation', id, degraded);
  announceReservation(draft, 'degraded', degraded, reservation.status);
}

function restore(draft: Draft, id: Id): void {
  const reservation = draft.head.reservations.get(id);
  if (reservation === undefined) return;
  const status = next(reservation.status, reservation.startsAt <= draft.at.now ? 'restore-now' : 'restore');
  if (status === undefined) return;
  const rest = omit(reservation, 'reason', 'message');
  const restored: Reservation = { ...rest, status, modifiedOn: draft.at.now };
  draft.put('reservation', id, restored);
  announceReservation(draft, 'restored', restored, reservation.status);
}

type Ranked = Pick<Reservation, 'id' | 'priority' | 'createdOn'>;

/** Best to keep first: higher priority, then older, then by id. */
export function byMerit(a: Ranked, b: Ranked): number {
  return a.priority - b.priority || a.createdOn - b.createdOn || (a.id < b.id ? -1 : 1);
}

/**
 * The ids of all reservations that cannot be kept, those degraded already and not affected included.
 *
 * To judge, the claims of degraded reservations and of departing machines are taken off the nodes; they are
 * put back before this returns.
 */
function giveWay(head: Head, nodes: readonly Node[], now: Instant, departing: readonly Allocation[]): Set<Id> {
  if (!touches(head, nodes) && nodes.every((node) => firstDebt(node, now) === undefined)) return new Set(head.degraded);
  const out: Reservation[] = [];
  const drop = (reservation: Reservation): void => {
    lift(head, reservation, 1);
    out.push(reservation);
  };
  for (const machine of departing) lift(head, machine, 1);
  try {
    for (const id of head.degraded) {
      const reservation = head.reservations.get(id);
      if (reservation !== undefined) drop(reservation);
    }
    for (const node of nodes) dropUntilKept(head, node, now, drop);
    const victims = new Set<Id>();
    for (const reservation of [...out].sort(byMerit)) {
      if (keeps(head, reservation, now)) {
        lift(head, reservation, -1);
        out.splice(out.indexOf(reservation), 1);
      } else {
        victims.add(reservation.id);
      }
    }
    return victims;
  } finally {
    for (const reservation of out) lift(head, reservation, -1);
    for (const machine of departing) lift(head, machine, -1);
  }
}

/** The machines that are being deleted and hold their capacity themselves. */
export function departingFrom(head: Head): Allocation[] {
  return [...head.departing].flatMap((id) => head.allocations.get(id) ?? []);
}

/** Whether a degraded reservation has a claim on one of the nodes. */
function touches(head: Head, nodes: readonly Node[]): boolean {
  const ids = new Set(nodes.map(({ id }) => id));
  for (const id of head.degraded) {
    if (head.reservations.get(id)?.claims.some(({ node }) => ids.has(node)) === true) return true;
  }
  return false;
}

function dropUntilKept(head: Head, node: Node, now: Instant, drop: (reservation: Reservation) => void): void {
  const dropped = new Set<Id>();
  let from = now;
  for (;;) {
    const at = firstDebt(node, from);
    if (at === undefined) return;
    const candidates = holdersAt(head, node.id, at)
      .filter(({ id }) => !dropped.has(id) && !head.degraded.has(id))
      .sort(byMerit);
    for (let last = candidates.pop(); last !== undefined && inDebt(node, at); last = candidates.pop()) {
      if (!eases(last, node, at)) continue;
      dropped.add(last.id);
      drop(last);
    }
    // What is left of the debt is what machines hold: no reservation can ease it.
    from = inDebt(node, at) ? nextChange(node, at) : at;
    if (from === FOREVER) return;
  }
}

/** Reservations with a claim on the node at the instant. */
export function holdersAt(head: Head, node: NodeId, at: Instant): Reservation[] {
  return [...head.held.overlapping({ start: at, end: at + 1 })].filter((reservation) =>
    reservation.claims.some((claim) => claim.node === node && claim.start <= at && at < (claim.end ?? FOREVER)),
  );
}

/** Whether taking the holder away lessens what is lacking at the instant. */
function eases(holder: { readonly claims: readonly Claim[] }, node: Node, at: Instant): boolean {
  const value = node.free.valueAt(at);
  return holder.claims.some(
    (claim) =>
      claim.node === node.id && toVector(claim.capacity).some((amount, index) => amount > 0 && (value[index] ?? 0) < 0),
  );
}

function inDebt(node: Node, at: Instant): boolean {
  return node.free.valueAt(at).some((amount) => amount < 0);
}

/**
 * The first instant from `from` on at which more of a resource is held than there is.
 *
 * One unit of what lacks anywhere is added for all time, and taken away again: then "not below zero" is the question
 * whether a demand of one unit fits.
 */
export function firstDebt(node: Node, from: Instant): Instant | undefined {
  const window = { start: from, end: FOREVER };
  const ones = node.free.min(window).map((amount) => (amount < 0 ? 1 : 0));
  if (ones.every((one) => one === 0)) return undefined;
  node.free.add(ALWAYS, ones);
  try {
    return node.free.firstShortage(window, ones);
  } finally {
    node.free.remove(ALWAYS, ones);
  }
}

function nextChange(node: Node, after: Instant): Instant {
  for (const step of node.free.steps({ start: after, end: FOREVER })) {
    if (step.at > after) return step.at;
  }
  return FOREVER;
}

/** Takes claims off the nodes (1), or puts them back (-1). */
export function lift(head: Head, { claims }: { readonly claims: readonly Claim[] }, sign: 1 | -1): void {
  for (const claim of claims) {
    const free = head.nodes.get(claim.node)?.free;
    if (sign === 1) free?.add(claimWindow(claim), toVector(claim.capacity));
    else free?.remove(claimWindow(claim), toVector(claim.capacity));
  }
}

/** Whether all claims of a reservation whose claims were lifted fit from now on. */
function keeps(head: Head, reservation: Reservation, now: Instant): boolean {
  return reservation.claims.every((claim) => {
    const node = head.nodes.get(claim.node);
    const { start, end } = claimWindow(claim);
    const from = Math.max(start, now);
    return from >= end || (node !== undefined && node.free.fits({ start: from, end }, toVector(claim.capacity)));
  });
}
