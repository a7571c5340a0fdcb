/**
 * Who is kept when a pool or host bears more claims than it has (reservation steps 6b and 7), and who is restored when it has enough
 * again. First, what can be placed on other hosts is (`relocation.ts`).
 *
 * What allocations hold stays: the machines are there. But where the policy of the provider is `priority`, machines without a
 * reservation give way to a higher class as reservations do: they run on, with what they consume on loan (`vacancy.ts`). Those
 * that are being deleted make nobody give way, so that no one is degraded
 * for the moment in which the VIM takes down the machines of an earlier reservation. Offers give way first, by the same order. Of the
 * reservations, those give way that are of the lowest
 * priority, the newest among them first, until the others fit at every instant from now on; then whoever of those that gave way fits
 * beside the others after all is taken back, the highest priority and the oldest first. So no one is degraded who need not be,
 * and the same state always chooses the same. A degraded reservation keeps its claims: what it still has is not given to newcomers. It is
 * restored when there is room for it beside those that are kept: what returns makes nobody give way. By the policy `favour-priority`, one
 * in whose place a higher class is kept is preempted instead.
 */
import { announceHeld, announceReservation } from './announce.ts';
import { addVectors, zeroVector } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import { amountOn, amountsOf, bearerOf, firstDebt, inDebt, isHostId, nextChange } from './debt.ts';
import type { Bearer } from './debt.ts';
import type { Draft } from './draft.ts';
import { announceDisplaced, moved, preempt } from './displacement.ts';
import { isElementId } from './element-map.ts';
import { describeElement } from './element-names.ts';
import { missingElements } from './elements.ts';
import { isPoolNode, LOW } from './entities.ts';
import type { Allocation, Claim, Id, NodeId, Offer, Reason, Reservation } from './entities.ts';
import { fittingOf } from './every-window.ts';
import { holdersAt, holdersFrom, isOn, isOnAt, lift, liftMachine } from './holders.ts';
import { next } from './lifecycle.ts';
import { takenBy } from './machine-claims.ts';
import { byMerit } from './merit.ts';
import { describeMaintenanceOf } from './maintenance.ts';
import { currentClaims } from './occurrence.ts';
import { lapse } from './offers.ts';
import { changedOutages } from './outages.ts';
import { relocate } from './relocation.ts';
import { reschedule } from './due.ts';
import { notHolding, poolNode, preEmptionOn } from './state.ts';
import type { Head } from './state.ts';
import { FOREVER, intersect } from './window.ts';
import type { Instant, Window } from './window.ts';
import { spanOf, windowsAhead } from './window-index.ts';
import { countOf, partsIn, windowsIn } from './windows.ts';
import type { Windows } from './windows.ts';
import { omit } from './omit.ts';
import { isLeaving, lend, lookAtWaiting, recall, regain, standingOn } from './vacancy.ts';

export interface Settlement {
  /** Offers that gave way. */
  readonly withdrawn: readonly Id[];
  readonly degraded: readonly Id[];
  readonly restored: readonly Id[];
  /** As they were before they gave way for good. */
  readonly preempted: readonly Reservation[];
}

const NOTHING_TO_SETTLE: Settlement = { withdrawn: [], degraded: [], restored: [], preempted: [] };

/** Settles the nodes that the draft has disturbed. Call it when everything else is put. */
export function settle(draft: Draft, reason: Reason): Settlement {
  const outages = changedOutages(draft.outagesBefore, draft.outages);
  for (const pool of outages.pools) draft.disturbed.add(poolNode(pool));
  for (const host of outages.hosts) draft.disturbed.add(host);
  const disturbed = [...draft.disturbed];
  if (disturbed.length === 0) return NOTHING_TO_SETTLE;
  draft.disturbed.clear();
  const nodes = [...new Set([...disturbed, ...relocate(draft, disturbed)])];
  const { head } = draft;
  const pools = nodes.flatMap((id) => (isPoolNode(id) ? (head.nodes.get(id) ?? []) : []));
  const others = nodes.filter((id) => isHostId(id) || isElementId(id));
  const settled: Bearer[] = [...pools, ...others.flatMap((id) => bearerOf(head, id) ?? [])];
  if (settled.length === 0) return NOTHING_TO_SETTLE;
  const withdrawn = withdrawOffers(draft, settled, reason);
  const before = new Set(draft.head.degraded);
  const { victims, lenders, easing } = victimsOf(draft.head, settled, draft.at.now);
  for (const { machine, from } of lenders) lend(draft, machine, from);
  const preempted = head.policy.onCapacityLoss === 'favour-priority' ? giveUp(draft, victims, reason) : [];
  const over = new Set(preempted.map(({ id }) => id));
  const newly = [...victims.keys()].filter((id) => !before.has(id) && !over.has(id)).sort();
  const degraded = newly.filter((id) => !placedElsewhere(draft, id));
  const restored = [...before].filter((id) => !victims.has(id)).sort();
  for (const id of degraded) degrade(draft, id, reason, easing.get(id));
  for (const id of restored) restore(draft, id);
  for (const [id, at] of easing) lookAgain(draft, id, at);
  lookAtWaiting(draft);
  recall(draft, nodes);
  regain(draft, nodes);
  return { withdrawn, degraded, restored, preempted };
}

/**
 * Ends offers until those that are left fit, at every instant at which more is held than there is. All of them go before any
 * reservation does: what they hold is not anyone's yet. An offer never was made out of what degraded reservations lack, so that
 * an instant that lacks something and at which an offer holds of it is one that has just come to lack it.
 */
function withdrawOffers(draft: Draft, nodes: readonly Bearer[], reason: Reason): Id[] {
  const { head, at } = draft;
  if (head.heldOffers.size === 0) return [];
  const departing = departingFrom(head);
  for (const machine of departing) liftMachine(head, machine, 1);
  const out = new Set<Offer>();
  try {
    // First, for good, those whose elements are gone.
    for (const node of nodes) if (isElementId(node.id)) dropOffers(head, node, at.now, out);
    const gone = new Set(out);
    for (const node of nodes) if (!isElementId(node.id)) dropOffers(head, node, at.now, out);
    for (const offer of [...out].sort(byMerit)) {
      if (gone.has(offer) || shortages(head, offer, at.now).next().done !== true) continue;
      lift(head, offer, -1);
      out.delete(offer);
    }
  } finally {
    for (const offer of out) lift(head, offer, -1);
    for (const machine of departing) liftMachine(head, machine, -1);
  }
  for (const offer of out) lapse(draft, offer, 'withdrawn', reason);
  return [...out].map(({ id }) => id);
}

/** Takes offers off a node until it bears the others, as far as that is for offers to do. */
function dropOffers(head: Head, node: Bearer, now: Instant, out: Set<Offer>): void {
  for (let at = firstDebt(node, now); at !== undefined;) {
    const instant = at;
    const [last] = [...head.heldOffers.overlapping({ start: instant, end: instant + 1 })]
      .filter((offer) => !out.has(offer) && eases(offer, node, instant))
      .sort((a, b) => byMerit(b, a));
    if (last === undefined) {
      const later = nextLook(head.heldOffers, node, instant);
      at = later === FOREVER ? undefined : firstDebt(node, later);
    } else {
      lift(head, last, 1);
      out.add(last);
      at = firstDebt(node, instant);
    }
  }
}

/**
 * The next instant at which a node may owe something else, or to others: what is free changes, or somebody begins to hold something there,
 * which does not show where as much comes to be there at the same instant.
 */
function nextLook(
  holders: { overlapping(window: Window): Iterable<{ readonly claims: readonly Claim[] }> },
  node: Bearer,
  at: Instant,
): Instant {
  let next = nextChange(node, at);
  for (const { claims } of holders.overlapping({ start: at, end: next })) {
    for (const claim of claims) {
      if (!isOn(claim, node.id)) continue;
      for (const { start } of partsIn(windowsIn(claim), { start: at, end: next })) if (start > at) next = start;
    }
  }
  return next;
}

/** Machines that are being deleted make nobody give way; but who gave way before is restored only when they are gone. */
function victimsOf(head: Head, nodes: readonly Bearer[], now: Instant): GivingWay {
  const departing = departingFrom(head);
  const { victims, lenders, easing } = giveWay(head, nodes, now, departing);
  if (departing.length === 0 || head.degraded.size === 0) return { victims, lenders, easing };
  const unrelieved = giveWay(head, nodes, now, []).victims;
  const waiting = [...head.degraded].filter((id) => unrelieved.has(id) && !victims.has(id));
  return { victims: new Map([...victims, ...waiting.map((id) => [id, undefined] as const)]), lenders, easing };
}

/** By policy, those in whose place someone of a higher class is kept are over. Those that fit elsewhere are moved there. */
function giveUp(draft: Draft, victims: Victims, reason: Reason): Reservation[] {
  const { head } = draft;
  const losers = [...victims].flatMap(([id, by]) => {
    const before = head.reservations.get(id);
    return by === undefined || before === undefined ? [] : [{ before, by }];
  });
  for (const { before, by } of losers) preempt(draft, before, by, reason);
  const lost = losers.filter(({ before }) => !moved(draft, before));
  for (const { before, by } of lost) announceDisplaced(draft, before, by);
  // What they gave up is settled with the rest; where their machines were is the next decision's matter.
  draft.disturbed.clear();
  return lost.map(({ before }) => before);
}

/** One that has not started and fits elsewhere, in all of its windows, goes there and loses nothing. */
function placedElsewhere(draft: Draft, id: Id): boolean {
  const before = draft.head.reservations.get(id);
  if (before?.status !== 'scheduled' || before.startsAt <= draft.at.now) return false;
  const claims = claimsElsewhere(draft.head, before, draft.at.now);
  if (claims === undefined) return false;
  const after: Reservation = { ...before, claims, modifiedOn: draft.at.now };
  draft.put('reservation', id, after);
  announceReservation(draft, 'updated', after, before.status);
  announceHeld(draft, 'released', before.claims);
  announceHeld(draft, 'reserved', claims);
  return true;
}

/** Where all that a reservation asks for fits when it gives up what it holds; undefined where it does not. */
function claimsElsewhere(head: Head, before: Reservation, now: Instant): readonly Claim[] | undefined {
  const near = { self: before.id, near: currentClaims(before) };
  return notHolding(head, before.claims, () =>
    fittingOf(head, before.demand, windowsAhead(before), now, near).claims(),
  );
}

/** @param easesAt when what it lacks first passes with time */
function degrade(draft: Draft, id: Id, reason: Reason, easesAt: Instant | undefined): void {
  const reservation = draft.head.reservations.get(id);
  const status = reservation === undefined ? undefined : next(reservation.status, 'degrade');
  if (reservation === undefined || status === undefined) return;
  const planned = reason === 'maintenance' ? describeMaintenanceOf(draft.head, reservation, draft.at.now) : undefined;
  const lost = planned ?? describeLost(draft.head, reservation, draft.at.now);
  const message = `${lost} ${planned === undefined ? 'the' : 'The'} reservation cannot be kept in full at present.`;
  const eased = easesAt === undefined ? {} : { easesAt };
  const degraded: Reservation = { ...reservation, status, reason, message, ...eased, modifiedOn: draft.at.now };
  if (easesAt !== undefined) reschedule(draft, reservation, degraded);
  draft.put('reservation', id, degraded);
  announceReservation(draft, 'degraded', degraded, reservation.status);
}

function describeLost(head: Head, reservation: Reservation, now: Instant): string {
  const missing = missingElements(head, reservation, now).map(describeElement);
  return missing.length === 0 ? 'Capacity was lost;' : `Its VIM does not have the ${missing.join(', the ')} any more;`;
}

function restore(draft: Draft, id: Id): void {
  const reservation = draft.head.reservations.get(id);
  if (reservation === undefined) return;
  const begun = reservation.startsAt <= draft.at.now && reservation.awaits === undefined;
  const status = next(reservation.status, begun ? 'restore-now' : 'restore');
  if (status === undefined) return;
  const rest = omit(reservation, 'reason', 'message', 'easesAt');
  const restored: Reservation = { ...rest, status, modifiedOn: draft.at.now };
  reschedule(draft, reservation, restored);
  draft.put('reservation', id, restored);
  announceReservation(draft, 'restored', restored, reservation.status);
}

/** Notes when what a degraded reservation lacks first passes with time, so that it is looked at again then. */
function lookAgain(draft: Draft, id: Id, easesAt: Instant | undefined): void {
  const before = draft.head.reservations.get(id);
  if (before?.status !== 'degraded' || before.easesAt === easesAt) return;
  const rest = omit(before, 'easesAt');
  const after: Reservation = easesAt === undefined ? rest : { ...rest, easesAt };
  reschedule(draft, before, after);
  draft.put('reservation', id, after);
}

/** Reservations that cannot be kept, and, where policy asks, who of a higher class is kept in whose place. */
type Victims = ReadonlyMap<Id, Reservation | undefined>;

interface GivingWay {
  readonly victims: Victims;
  /** Machines that cannot hold what they consume from an instant on. */
  readonly lenders: readonly { readonly machine: Allocation; readonly from: Instant }[];
  /** When what each of those that were looked at lacks first is there again; undefined: not before its end. */
  readonly easing: ReadonlyMap<Id, Instant | undefined>;
}

/** Who holds something, and may have to give way. */
type Holder = (
  | { readonly what: 'reservation'; readonly entity: Reservation }
  | { readonly what: 'machine'; readonly entity: Allocation }
) & { readonly claims: readonly Claim[] };

function reservationHolder(entity: Reservation): Holder {
  return { what: 'reservation', entity, claims: entity.claims };
}

/**
 * All reservations that cannot be kept, those degraded already and not affected included, and the machines that cannot.
 *
 * To judge, the claims of degraded reservations and of departing machines are taken off the nodes; they are
 * put back before this returns.
 */
function giveWay(head: Head, nodes: readonly Bearer[], now: Instant, departing: readonly Allocation[]): GivingWay {
  if (!touches(head, nodes) && nodes.every((node) => firstDebt(node, now) === undefined)) {
    return { victims: new Map([...head.degraded].map((id) => [id, undefined])), lenders: [], easing: new Map() };
  }
  const out = new Set<Holder>();
  const dropped = new Set<Id>();
  const drop = (holder: Holder): void => {
    lift(head, holder, 1);
    out.add(holder);
    dropped.add(holder.entity.id);
  };
  for (const machine of departing) liftMachine(head, machine, 1);
  try {
    for (const id of head.degraded) {
      const reservation = head.reservations.get(id);
      if (reservation !== undefined) drop(reservationHolder(reservation));
    }
    for (const node of nodes) dropUntilKept(head, node, now, dropped, drop);
    return takeBack(head, out, now);
  } finally {
    for (const holder of out) lift(head, holder, -1);
    for (const machine of departing) liftMachine(head, machine, -1);
  }
}

/** The machines that are being deleted and hold their capacity themselves. */
export function departingFrom(head: Head): Allocation[] {
  return [...head.departing].flatMap((id) => head.allocations.get(id) ?? []);
}

/** Takes back whoever fits beside the others after all; the rest is left in `out`. */
function takeBack(head: Head, out: Set<Holder>, now: Instant): GivingWay {
  const victims = new Map<Id, Reservation | undefined>();
  const lenders: { machine: Allocation; from: Instant }[] = [];
  const easing = new Map<Id, Instant | undefined>();
  const gone = new Set<unknown>([...out].map(({ entity }) => entity));
  // Who is kept in whose place matters to those alone who give up what they hold.
  const keeper = (holder: Holder): Reservation | undefined =>
    head.policy.onCapacityLoss === 'favour-priority' ? keptInPlace(head, holder, gone, now) : undefined;
  for (const holder of [...out].sort((a, b) => byMerit(a.entity, b.entity))) {
    const [short] = shortages(head, holder, now);
    if (short === undefined) {
      lift(head, holder, -1);
      out.delete(holder);
      gone.delete(holder.entity);
    } else if (holder.what === 'reservation') {
      victims.set(holder.entity.id, keeper(holder));
      easing.set(holder.entity.id, endOf(short, holder.entity));
    } else {
      const from = firstShort(head, holder, { start: now, end: short.at });
      lenders.push({ machine: holder.entity, from });
      // Until then it holds what it consumes, which nobody after it is to count on.
      lift(head, holder, -1);
      const lent = { ...holder, claims: claimsFrom(holder.claims, from) };
      lift(head, lent, 1);
      out.delete(holder);
      out.add(lent);
    }
  }
  return { victims, lenders, easing };
}

/** What is left of a machine's claims from an instant on. */
function claimsFrom(claims: readonly Claim[], from: Instant): readonly Claim[] {
  return claims
    .filter(({ end }) => (end ?? FOREVER) > from)
    .map((claim) => (claim.start < from ? { ...claim, start: from } : claim));
}

/** When a shortage passes by itself; undefined when it lasts as long as the reservation. */
function endOf({ node, at, until, vector }: ShortAt, reservation: Reservation): Instant | undefined {
  const search = { notBefore: at, notAfter: until, duration: 1, demand: vector, budget: EASING_BUDGET };
  const found = node.free.earliestFit(search);
  const from = found.outcome === 'fits' ? found.start : found.outcome === 'none' ? until : found.searchedUntil;
  const passed = Math.min(from, until);
  return passed < spanOf(reservation).end ? passed : undefined;
}

/** Whether a degraded reservation has a claim on one of the nodes. */
function touches(head: Head, nodes: readonly Bearer[]): boolean {
  const ids = new Set(nodes.map(({ id }) => id));
  const isOn = ({ node, host, element }: Claim): boolean =>
    ids.has(node) || (host !== undefined && ids.has(host)) || (element !== undefined && ids.has(element));
  return [...head.degraded].some((id) => head.reservations.get(id)?.claims.some(isOn) === true);
}

/** @param dropped who gives way already, here or elsewhere */
function dropUntilKept(
  head: Head,
  node: Bearer,
  now: Instant,
  dropped: ReadonlySet<Id>,
  drop: (holder: Holder) => void,
): void {
  const staying = ({ entity: { id } }: Holder): boolean => !dropped.has(id);
  const holders = holdersFrom(head, node.id, now);
  let from = now;
  for (;;) {
    const at = firstDebt(node, from);
    if (at === undefined) return;
    const candidates = candidatesAmong(head, node, holders(at));
    for (;;) {
      const value = node.free.valueAt(at, VALUE);
      const last = value.some(isNegative)
        ? worst(candidates, (each) => staying(each) && easesAt(each, node.id, at, value))
        : undefined;
      if (last === undefined) break;
      drop(last);
    }
    // What is left of the debt is what machines hold: no one who may give way can ease it.
    from = inDebt(node, at) ? nextLook(head.held, node, at) : at;
    if (from === FOREVER) return;
  }
}

/** For what is asked again and again, and done with at once. */
const VALUE = zeroVector();

function isNegative(amount: number): boolean {
  return amount < 0;
}

/** The first to give way, of those of whom something is so. */
function worst(candidates: readonly Holder[], isSo: (each: Holder) => boolean): Holder | undefined {
  let found: Holder | undefined;
  for (const each of candidates) {
    if ((found === undefined || byMerit(each.entity, found.entity) > 0) && isSo(each)) found = each;
  }
  return found;
}

/** The reservations that hold something at an instant, and the machines that may have to give way to one of them. */
function candidatesAmong(head: Head, node: Bearer, reservations: readonly Reservation[]): Holder[] {
  const holders = reservations.map(reservationHolder);
  if (preEmptionOn(head, node.id) !== 'priority') return holders;
  const highest = Math.min(LOW, ...reservations.map(({ priority }) => priority));
  const machines = standingOn(head, node.id).filter((each) => each.priority > highest && !isLeaving(each));
  return [...holders, ...machines.map(machineHolder)];
}

function machineHolder(entity: Allocation): Holder {
  return { what: 'machine', entity, claims: takenBy(entity).filter(({ onLoan }) => onLoan !== true) };
}

/** Whether taking the holder away lessens what is lacking at the instant. */
function eases(holder: { readonly claims: readonly Claim[] }, node: Bearer, at: Instant): boolean {
  return easesAt(holder, node.id, at, node.free.valueAt(at));
}

/** The same, where it is known what is free then. */
function easesAt(
  { claims }: { readonly claims: readonly Claim[] },
  id: NodeId,
  at: Instant,
  value: CapacityVector,
): boolean {
  return claims.some(
    (claim) =>
      isOnAt(claim, id, at) &&
      amountOn(claim, id)?.some((amount, index) => amount > 0 && (value[index] ?? 0) < 0) === true,
  );
}

/** How many instants are looked at for who is kept in someone's place. */
const PLACES_LOOKED_AT = 100;

/**
 * The best of a higher class that is kept where a holder whose claims were lifted comes up short.
 * @param gone reservations and machines that are not kept
 */
function keptInPlace(head: Head, holder: Holder, gone: ReadonlySet<unknown>, now: Instant): Reservation | undefined {
  let looked = 0;
  for (const { node, at } of shortages(head, holder, now)) {
    let best: Reservation | undefined;
    for (const each of holdersAt(head, node.id, at)) {
      if (each.priority >= holder.entity.priority || gone.has(each)) continue;
      if (best === undefined || byMerit(each, best) < 0) best = each;
    }
    if (best !== undefined) return best;
    if (++looked === PLACES_LOOKED_AT) break;
  }
  return undefined;
}

/** How much is looked at for the end of a shortage; where that is too little, the search goes on when its result is due. */
const EASING_BUDGET = 20_000;

/** A shortage: from an instant on a pool, host or element has less than is asked for until another one. */
interface ShortAt {
  readonly node: Bearer;
  readonly at: Instant;
  readonly until: Instant;
  readonly vector: CapacityVector;
}

/** Where and when a holder whose claims were lifted does not fit from now on: each instant at which that changes. */
function* shortages(head: Head, { claims }: Pick<Holder, 'claims'>, now: Instant): Generator<ShortAt, void, undefined> {
  for (const { bearer, windows, vector } of loadsOf(head, claims)) {
    for (const { start, end } of partsIn(windows, { start: now, end: FOREVER })) {
      for (let from = start; from < end;) {
        const at = bearer.free.firstShortage({ start: from, end }, vector);
        if (at === undefined) break;
        yield { node: bearer, at, until: end, vector };
        from = nextChange(bearer, at);
      }
    }
  }
}

/** The first instant of a window at which a machine does not fit; the end of the window where it fits throughout. */
function firstShort(head: Head, { claims }: Holder, within: Window): Instant {
  let first = within.end;
  for (const { bearer, windows, vector } of loadsOf(head, claims)) {
    const part = intersect(windows, { start: within.start, end: first });
    if (part !== undefined) first = bearer.free.firstShortage(part, vector) ?? first;
  }
  return first;
}

interface Load {
  readonly bearer: Bearer;
  readonly windows: Windows;
  readonly vector: CapacityVector;
}

/** What claims come to on each pool, host and element, for each window, or all windows of which they are, by itself. */
function loadsOf(head: Head, claims: readonly Claim[]): Iterable<Load> {
  const loads = new Map<string, Load>();
  for (const claim of claims) {
    const windows = windowsIn(claim);
    for (const { bearer, amount } of amountsOf(head, claim)) {
      const key = `${bearer.id} ${windows.start} ${windows.end} ${countOf(windows)}`;
      const load = loads.get(key) ?? { bearer, windows, vector: zeroVector() };
      addVectors(load.vector, amount, 1);
      loads.set(key, load);
    }
  }
  return loads.values();
}
