/**
 * Who gives way where pools, hosts and elements bear more claims than they have, and who of those that gave way before has room again:
 * what `settlement.ts` then carries out. Nothing is changed here; to judge, claims are taken off, and put back before this returns.
 *
 * The rule for reservations: from the best (the higher class, and in a class the older) to the worst, each is kept if and only if it fits,
 * from now on, beside those better than it that are kept. Those that were degraded before come after all of these, by the same order: they
 * are restored if they fit beside all that are kept, so that what returns makes nobody give way. Offers give way first, by the same rule,
 * beside all reservations.
 *
 * What allocations hold stays: the machines are there. But where the policy of the provider is `priority`, machines without a
 * reservation give way to reservations of a higher class, never to those of their own: they come before these in the order, and are put on
 * loan from the first instant at which one of a higher class is kept in their place. Machines that are being deleted make nobody give way,
 * so that no one is degraded for the moment in which the VIM takes down the machines of an earlier reservation.
 *
 * Who holds nothing of what is owed while it is owed has nothing to fear: all that he has a part in fits. Of the others only the worst have
 * to be tried, those without whom the rest fits (`merit.ts`).
 */
import { addVectors, zeroVector } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import { amountOn, amountsOf, firstDebt } from './debt.ts';
import type { Bearer } from './debt.ts';
import { LOW } from './entities.ts';
import type { Allocation, Claim, Id, NodeId, Offer, Priority, Reservation } from './entities.ts';
import { holdersAt, holdersFrom, isOnAt, isOnIn, lift, liftMachine, nextLook } from './holders.ts';
import { keptFrom } from './machine-claims.ts';
import { byMerit, takeAwayWorst, whoGivesWay } from './merit.ts';
import { preEmptionOn } from './state.ts';
import type { Head } from './state.ts';
import { isLeaving, standingOn } from './vacancy.ts';
import { Timeline } from './timeline.ts';
import { FOREVER } from './window.ts';
import type { Instant, Window } from './window.ts';
import { spanOf } from './window-index.ts';
import { addOver, countOf, partsIn, windowsIn } from './windows.ts';
import type { Windows } from './windows.ts';

/** Reservations that cannot be kept, the best first, and, where policy asks, who of a higher class is kept in whose place. */
export type Victims = ReadonlyMap<Id, Reservation | undefined>;

export interface GivingWay {
  /** Those degraded already that stay so included, after the others. */
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

/** The machines that are being deleted and hold their capacity themselves. */
export function departingFrom(head: Head): Allocation[] {
  return [...head.departing].flatMap((id) => head.allocations.get(id) ?? []);
}

/** Who gives way of reservations and machines. Machines that are being deleted make nobody give way; but who gave way before is restored only when they are gone. */
export function givingWay(head: Head, nodes: readonly Bearer[], now: Instant): GivingWay {
  const departing = departingFrom(head);
  const { victims, lenders, easing } = judge(head, nodes, now, departing);
  if (departing.length === 0 || head.degraded.size === 0) return { victims, lenders, easing };
  const unrelieved = judge(head, nodes, now, []).victims;
  const waiting = [...head.degraded].filter((id) => unrelieved.has(id) && !victims.has(id));
  return { victims: new Map([...victims, ...waiting.map((id) => [id, undefined] as const)]), lenders, easing };
}

function judge(head: Head, nodes: readonly Bearer[], now: Instant, departing: readonly Allocation[]): GivingWay {
  if (!touches(head, nodes) && nodes.every((node) => firstDebt(node, now) === undefined)) {
    return { victims: new Map([...head.degraded].map((id) => [id, undefined])), lenders: [], easing: new Map() };
  }
  const away = new Set<Holder>();
  const takeAway = (holder: Holder): void => {
    lift(head, holder, 1);
    away.add(holder);
  };
  for (const machine of departing) liftMachine(head, machine, 1);
  try {
    const degraded = [...head.degraded].flatMap((id) => head.reservations.get(id) ?? []).sort(byMerit);
    const before = degraded.map(reservationHolder);
    for (const each of before) takeAway(each);
    const owing = nodes.filter((node) => firstDebt(node, now) !== undefined);
    const fits = (): boolean => owing.every((node) => firstDebt(node, now) === undefined);
    const affected = affectedOn(head, owing, now);
    // What is owed without any of them is what allocations hold.
    const worst = takeAwayWorst(affected, { takeAway, fits }) ?? affected;
    return takeBack(head, [...worst, ...before], away, now);
  } finally {
    for (const holder of away) lift(head, holder, -1);
    for (const machine of departing) liftMachine(head, machine, -1);
  }
}

function reservationHolder(entity: Reservation): Holder {
  return { what: 'reservation', entity, claims: entity.claims };
}

function machineHolder(entity: Allocation, from: Instant): Holder {
  return { what: 'machine', entity, claims: keptFrom(entity, from) };
}

/** Whether a degraded reservation has a claim on one of the nodes. */
function touches(head: Head, nodes: readonly Bearer[]): boolean {
  const ids = new Set(nodes.map(({ id }) => id));
  const isOnAny = ({ node, host, element }: Claim): boolean =>
    ids.has(node) || (host !== undefined && ids.has(host)) || (element !== undefined && ids.has(element));
  return [...head.degraded].some((id) => head.reservations.get(id)?.claims.some(isOnAny) === true);
}

/** The best to keep first: a machine before the reservations of its class, to which it does not give way. */
function byStanding(a: Holder, b: Holder): number {
  const byClass = a.entity.priority - b.entity.priority;
  return byClass || Number(a.what === 'reservation') - Number(b.what === 'reservation') || byMerit(a.entity, b.entity);
}

/** Who holds something of what is owed while it is owed, the best first: reservations that are not degraded, and machines that may have to give way to one of them. */
function affectedOn(head: Head, nodes: readonly Bearer[], now: Instant): Holder[] {
  const affected = new Map<Id, Holder>();
  for (const node of nodes) {
    const holders = holdersFrom(head, node.id, now);
    const debts = [...debtsOf(node, now)];
    let highest: Priority = LOW;
    for (const debt of debts) {
      for (const entity of holders(debt.window)) {
        if (!affected.has(entity.id)) {
          if (entity.status === 'degraded' || !holdsOf(entity.claims, node.id, debt)) continue;
          affected.set(entity.id, reservationHolder(entity));
        }
        if (entity.priority < highest) highest = entity.priority;
      }
    }
    if (preEmptionOn(head, node.id) !== 'priority') continue;
    for (const machine of standingOn(head, node.id)) {
      if (machine.priority <= highest || isLeaving(machine)) continue;
      const holder = machineHolder(machine, now);
      if (debts.some((debt) => holdsOf(holder.claims, node.id, debt))) affected.set(machine.id, holder);
    }
  }
  return [...affected.values()].sort(byStanding);
}

/** A time without a gap in which more is held than there is. */
interface Debt {
  readonly window: Window;
  /** Below zero in what is owed at any instant of it. */
  readonly least: CapacityVector;
}

function* debtsOf(node: Bearer, now: Instant): Generator<Debt, void, undefined> {
  for (let start = firstDebt(node, now); start !== undefined;) {
    let end = FOREVER;
    const least = zeroVector();
    for (const { at, value } of node.free.steps({ start, end }, VALUE)) {
      if (!value.some(isNegative)) {
        end = at;
        break;
      }
      for (let index = 0; index < least.length; index++) least[index] = Math.min(least[index] ?? 0, value[index] ?? 0);
    }
    yield { window: { start, end }, least };
    start = end === FOREVER ? undefined : firstDebt(node, end);
  }
}

/** For what is asked again and again, and done with at once. */
const VALUE = zeroVector();

function isNegative(amount: number): boolean {
  return amount < 0;
}

/** Whether claims hold something of what is owed on a pool, host or element. */
function holdsOf(claims: readonly Claim[], on: NodeId, { window, least }: Debt): boolean {
  return claims.some(
    (claim) =>
      isOnIn(claim, on, window) &&
      amountOn(claim, on)?.some((amount, index) => amount > 0 && (least[index] ?? 0) < 0) === true,
  );
}

/** Takes back, in the order given, whoever fits beside those that are there by then; the rest is left in `away`. */
function takeBack(head: Head, inOrder: readonly Holder[], away: Set<Holder>, now: Instant): GivingWay {
  const victims = new Map<Id, Reservation | undefined>();
  const lenders: { machine: Allocation; from: Instant }[] = [];
  const easing = new Map<Id, Instant | undefined>();
  const gone = new Set<unknown>(inOrder.map(({ entity }) => entity));
  const keep = (holder: Holder): void => {
    lift(head, holder, -1);
    away.delete(holder);
    gone.delete(holder.entity);
  };
  for (const holder of inOrder) {
    const [short] = shortages(head, holder, now);
    if (short === undefined) {
      keep(holder);
    } else if (holder.what === 'reservation') {
      // Who is kept in whose place matters to those alone who give up what they hold.
      const favoured = head.policy.onCapacityLoss === 'favour-priority';
      victims.set(holder.entity.id, favoured ? keptInPlace(head, holder, gone, now, PLACES_LOOKED_AT)?.by : undefined);
      easing.set(holder.entity.id, endOf(short, holder.entity));
    } else {
      const from = lentFrom(head, holder, gone, now);
      // Until then it holds what it consumes, which nobody after it is to count on.
      keep(holder);
      if (from === undefined) continue;
      lenders.push({ machine: holder.entity, from });
      const lent = machineHolder(holder.entity, from);
      lift(head, lent, 1);
      away.add(lent);
    }
  }
  return { victims, lenders, easing };
}

/** The first instant at which a reservation of a higher class is kept in the place of a machine, on its pool or its host. */
function lentFrom(head: Head, holder: Holder, gone: ReadonlySet<unknown>, now: Instant): Instant | undefined {
  const instants = holder.claims.flatMap(
    (claim) => keptInPlace(head, { ...holder, claims: [claim] }, gone, now)?.at ?? [],
  );
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** How much is looked at for the end of a shortage; where that is too little, the search goes on when its result is due. */
const EASING_BUDGET = 20_000;

/** When a shortage passes by itself; undefined when it lasts as long as the reservation. */
function endOf({ node, at, until, vector }: ShortAt, reservation: Reservation): Instant | undefined {
  const search = { notBefore: at, notAfter: until, duration: 1, demand: vector, budget: EASING_BUDGET };
  const found = node.free.earliestFit(search);
  const from = found.outcome === 'fits' ? found.start : found.outcome === 'none' ? until : found.searchedUntil;
  const passed = Math.min(from, until);
  return passed < spanOf(reservation).end ? passed : undefined;
}

/** How many instants are looked at for who is kept in the place of a reservation. */
const PLACES_LOOKED_AT = 100;

/**
 * The best of a higher class that is kept where a holder whose claims were lifted comes up short beside those that are better than it, and
 * the first instant of that.
 * @param gone reservations and machines that are not kept
 */
function keptInPlace(
  head: Head,
  holder: Holder,
  gone: ReadonlySet<unknown>,
  now: Instant,
  most = Number.POSITIVE_INFINITY,
): { readonly by: Reservation; readonly at: Instant } | undefined {
  const { entity } = holder;
  let looked = 0;
  for (const { node, at, vector } of shortages(head, holder, now)) {
    const kept = holdersAt(head, node.id, at).filter((each) => !gone.has(each));
    const least = node.free.valueAt(at);
    // Whom it may not displace, though they are worse, it does not lose to either.
    for (const each of kept) if (byMerit(each, entity) > 0) addHeld(least, each.claims, node.id, at);
    for (let index = 0; index < least.length; index++) {
      const asked = vector[index] ?? 0;
      least[index] = asked === 0 ? 0 : (least[index] ?? 0) - asked;
    }
    const debt: Debt = { window: { start: at, end: at + 1 }, least };
    const above = kept.filter((each) => each.priority < entity.priority && holdsOf(each.claims, node.id, debt));
    const [by] = above.sort(byMerit);
    if (by !== undefined) return { by, at };
    if (++looked === most) break;
  }
  return undefined;
}

/** Adds what claims hold on a pool, host or element at an instant. */
function addHeld(sum: CapacityVector, claims: readonly Claim[], on: NodeId, at: Instant): void {
  for (const claim of claims) {
    const amount = isOnAt(claim, on, at) ? amountOn(claim, on) : undefined;
    if (amount !== undefined) addVectors(sum, amount, 1);
  }
}

/** A shortage: from an instant on a pool, host or element has less than is asked for until another one. */
interface ShortAt {
  readonly node: Bearer;
  readonly at: Instant;
  readonly until: Instant;
  readonly vector: CapacityVector;
}

/** Where and when a holder whose claims were lifted does not fit from now on: each instant at which that, or who is there, changes. */
function* shortages(head: Head, { claims }: Pick<Holder, 'claims'>, now: Instant): Generator<ShortAt, void, undefined> {
  for (const { bearer, start, end, vector } of stretchesOf(head, claims, now)) {
    for (let from = start; from < end;) {
      const at = bearer.free.firstShortage({ start: from, end }, vector);
      if (at === undefined) break;
      yield { node: bearer, at, until: end, vector };
      from = nextLook(head, bearer, at);
    }
  }
}

/** A time throughout which the same is held on a pool, host or element. */
interface Stretch extends Window {
  readonly bearer: Bearer;
  readonly vector: CapacityVector;
}

/** All that claims hold on each pool, host and element from now on. What was placed anew has windows that overlap those of the rest. */
function* stretchesOf(head: Head, claims: readonly Claim[], now: Instant): Generator<Stretch, void, undefined> {
  const ahead = { start: now, end: FOREVER };
  for (const { bearer, loads } of loadsOf(head, claims)) {
    const [only, ...more] = loads.values();
    if (only !== undefined && more.length === 0) {
      for (const part of partsIn(only.windows, ahead)) yield { bearer, ...part, vector: only.vector };
      continue;
    }
    const held = new Timeline();
    for (const { windows, vector } of loads.values()) addOver(held, windows, vector, 1);
    const steps = [...held.steps(ahead)];
    for (const [index, { at, value }] of steps.entries()) {
      const end = steps[index + 1]?.at ?? FOREVER;
      if (value.some((amount) => amount > 0)) yield { bearer, start: at, end, vector: value };
    }
  }
}

interface Load {
  readonly windows: Windows;
  readonly vector: CapacityVector;
}

interface Loaded {
  readonly bearer: Bearer;
  /** By their windows. */
  readonly loads: Map<string, Load>;
}

/** What claims come to on each pool, host and element, for each window, or all windows of which they are, by itself. */
function loadsOf(head: Head, claims: readonly Claim[]): Iterable<Loaded> {
  const loaded = new Map<NodeId, Loaded>();
  for (const claim of claims) {
    const windows = windowsIn(claim);
    const key = `${windows.start} ${windows.end} ${countOf(windows)}`;
    for (const { bearer, amount } of amountsOf(head, claim)) {
      const { loads } = entryOf(loaded, bearer.id, () => ({ bearer, loads: new Map<string, Load>() }));
      addVectors(entryOf(loads, key, () => ({ windows, vector: zeroVector() })).vector, amount, 1);
    }
  }
  return loaded.values();
}

/** The entry of a map, which is made where there is none. */
function entryOf<Key, Entry>(map: Map<Key, Entry>, key: Key, make: () => Entry): Entry {
  const entry = map.get(key) ?? make();
  map.set(key, entry);
  return entry;
}

/**
 * The offers that give way, the best first. All of them go before any reservation does: what they hold is not anyone's yet. An offer never
 * was made out of what degraded reservations lack, so that an instant that lacks something and at which an offer holds of it is one
 * that has just come to lack it.
 */
export function offersGivingWay(head: Head, nodes: readonly Bearer[], now: Instant): Offer[] {
  if (head.heldOffers.size === 0 || nodes.every((node) => firstDebt(node, now) === undefined)) return [];
  const departing = departingFrom(head);
  for (const machine of departing) liftMachine(head, machine, 1);
  const away = new Set<Offer>();
  const takeAway = (offer: Offer): void => {
    lift(head, offer, 1);
    away.add(offer);
  };
  const putBack = (offer: Offer): void => {
    lift(head, offer, -1);
    away.delete(offer);
  };
  try {
    const isOwed = (offer: Offer): boolean => !away.has(offer) && !isBorne(head, offer, now);
    const owed = [...head.heldOffers.overlapping({ start: now, end: FOREVER })].filter(isOwed).sort(byMerit);
    const worst = takeAwayWorst(owed, { takeAway, fits: () => !owed.some(isOwed) }) ?? owed;
    return whoGivesWay(worst, { takeAway, putBack, fits: (offer) => !isOwed(offer) });
  } finally {
    for (const offer of away) lift(head, offer, -1);
    for (const machine of departing) liftMachine(head, machine, -1);
  }
}

/** Whether nothing is owed of what an offer holds. Asked while it is held: what nobody holds is not known to be gone. */
function isBorne(head: Head, { claims }: Offer, now: Instant): boolean {
  for (const { bearer, start, end, vector } of stretchesOf(head, claims, now)) {
    const least = bearer.free.min({ start, end }, VALUE);
    if (vector.some((amount, index) => amount > 0 && (least[index] ?? 0) < 0)) return false;
  }
  return true;
}
