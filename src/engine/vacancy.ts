/**
 * Handing over: what machines have on loan goes back when a reservation starts that needs it.
 *
 * What is on loan of pools and hosts does not stand in the way of a reservation (`free` does not count it), but the machines are there. So
 * at its start, those that it needs away are withdrawn, the lowest class and the newest first and no more than have to, and those that use
 * an element of it: all that have it on loan, and under the policy `priority` those of a lower class; and it starts when
 * the VIM has confirmed that they are gone, or when there is room without that. Until then its status is scheduled and nothing is
 * allocated against it. Machines that are being deleted anyway are waited for before others are withdrawn.
 *
 * Whether there is a vacancy is a matter of one instant: what is free, and what reservations hold that have not started yet, is there for
 * what is on loan. So is what is held on hosts that are out of service: nobody could have it, whoever went.
 */
import { elementsUsed } from './allocated-elements.ts';
import { announceAllocation, announceReservation, displacedBy } from './announce.ts';
import type { Displacer } from './announce.ts';
import { addVectors, zeroVector } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import { ownClaim } from './claims.ts';
import { amountOn, isHostId } from './debt.ts';
import { isElementId } from './element-map.ts';
import { machinesUsing, taken, withWholes } from './elements.ts';
import { claimsAt, holdersAt, isHeldAt } from './holders.ts';
import type { Draft } from './draft.ts';
import { NORMAL } from './entities.ts';
import type { Allocation, Claim, Id, NodeId, Reservation } from './entities.ts';
import { next } from './lifecycle.ts';
import { keptUntil, loanedFrom, takenBy } from './machine-claims.ts';
import { byMerit, whoGivesWay } from './merit.ts';
import { omit } from './omit.ts';
import { describeIds, ownerOf } from './ownership.ts';
import { withRoom } from './room-made.ts';
import { poolNode, preEmptionOn } from './state.ts';
import type { Head, Node } from './state.ts';
import { FOREVER, containsInstant } from './window.ts';
import type { Instant } from './window.ts';

export interface Vacating {
  /** Machines that have to be gone before the reservation starts. */
  readonly awaits: readonly Id[];
  /** Those of them that are withdrawn for it. */
  readonly withdrawn: readonly Id[];
}

/**
 * Makes a reservation that starts now have what it holds.
 * @param held whether its claims are in the head already
 */
export function vacate(draft: Draft, reservation: Reservation, held: boolean): Vacating {
  const awaits = new Set<Id>();
  const withdrawn: Id[] = [];
  const clear = ({ going, awaited }: InTheWay): void => {
    for (const { id } of awaited) awaits.add(id);
    for (const machine of going) {
      if (isLeaving(machine)) continue;
      withdraw(draft, machine, reservation);
      withdrawn.push(machine.id);
    }
  };
  const users = reservation.claims.flatMap((claim) => usersOf(draft, claim, reservation));
  clear({ going: users, awaited: users });
  const lenders = lendersAmong(draft, placesOf(reservation.claims));
  if (lenders.length > 0) clear(inTheWay(draft, lenders, reservation, held));
  return { awaits: [...awaits], withdrawn };
}

/** Machines without a reservation that use an element which is held now, and have to give way. */
function usersOf({ head, at }: Draft, claim: Claim, { priority }: Reservation): Allocation[] {
  const { node, element } = claim;
  if (element === undefined || !isHeldAt(claim, at.now)) return [];
  const byClass = preEmptionOn(head, node) === 'priority';
  return machinesUsing(head, element).filter(
    (each) => each.backing === 'own' && (keptUntil(each) <= at.now || (byClass && each.priority > priority)),
  );
}

/** A pool or host, as far as something may be on loan there. */
type Lender = Pick<Node, 'id' | 'free' | 'lent'>;

/** The pools and hosts on which claims are. */
export function placesOf(claims: readonly Claim[]): NodeId[] {
  return claims.flatMap(({ node, host }) => (host === undefined ? [node] : [node, host]));
}

/** Those of some nodes of which something is on loan now. */
function lendersAmong({ head, at }: Draft, nodes: Iterable<NodeId>): Lender[] {
  return [...new Set(nodes)].flatMap((id) => {
    const node = lenderOf(head, id);
    return node !== undefined && lends(node, at.now) ? [node] : [];
  });
}

function lenderOf(head: Head, id: NodeId): Lender | undefined {
  return isHostId(id) ? head.hosts.nodes.get(id) : head.nodes.get(id);
}

function lends(node: Lender, now: Instant): boolean {
  return node.lent.breakpoints > 0 && node.lent.valueAt(now).some((amount) => amount > 0);
}

interface InTheWay {
  /** Machines that do not fit beside the reservation and all that has started, or waits to start. */
  readonly going: readonly Allocation[];
  /** Machines that have to be gone first. Who waits has nothing yet, so that this is not for what it is to have. */
  readonly awaited: readonly Allocation[];
}

/** Machines that a reservation which starts finds where it holds something. */
function inTheWay(draft: Draft, lenders: readonly Lender[], reservation: Reservation, held: boolean): InTheWay {
  const { head, at } = draft;
  const roomBeside = (node: Lender, isHeld: (each: Reservation) => boolean): Room => {
    const needed = neededOn(head, reservation, node.id, at.now);
    const room = roomForLoans(head, node, at.now, (each) => each.id === reservation.id || isHeld(each));
    if (!held) addVectors(room, needed, -1);
    return { node: node.id, room, needed };
  };
  const started = (each: Reservation): boolean => hasStarted(each, at.now);
  const due = (each: Reservation): boolean => each.awaits !== undefined || started(each);
  // Where there is room for all that is on loan, nobody has to be looked at.
  const crowded = lenders.filter((node) => exceeds(node.lent.valueAt(at.now), roomBeside(node, due)));
  const loans = loansOnAny(head, crowded, at.now).sort(byMerit);
  const staying = loans.filter((each) => !isLeaving(each));
  const rooms = crowded.map((node) => roomBeside(node, due));
  const going = new Set(beyond(staying, rooms));
  const kept = staying.filter((each) => !going.has(each));
  const others = loans.filter((each) => isLeaving(each) || going.has(each));
  const roomsAtFirst = crowded.map((node) => roomBeside(node, started));
  const awaited = beyond([...kept, ...others], roomsAtFirst);
  return { going: [...going], awaited: awaited.length === 0 ? [] : [...new Set([...going, ...awaited])] };
}

/** What a reservation holds on a pool or host at an instant, save what it cannot have: what is on a host that is out of service. */
function neededOn(head: Head, reservation: Reservation, node: NodeId, now: Instant): CapacityVector {
  return claimsAt(reservation, node, now, (claim) => !isOnLostHost(head, claim, now));
}

function isOnLostHost(head: Head, { host }: Claim, now: Instant): boolean {
  if (host === undefined) return false;
  const node = head.hosts.nodes.get(host);
  return node?.usable !== true || node.out.some((window) => containsInstant(window, now));
}

/**
 * What there is at an instant for what is on loan: what is free, what reservations have that hold nothing yet, and what those that do cannot
 * have.
 */
export function roomForLoans(
  head: Head,
  node: Lender,
  now: Instant,
  isHeld: (reservation: Reservation) => boolean = (each) => hasStarted(each, now),
): CapacityVector {
  const room = node.free.valueAt(now);
  const holders = isHostId(node.id)
    ? holdersAt(head, node.id, now)
    : (head.upcoming.get(node.id)?.overlapping({ start: now, end: now + 1 }) ?? []);
  for (const reservation of holders) {
    const given = claimsAt(
      reservation,
      node.id,
      now,
      (claim) => !isHeld(reservation) || isOnLostHost(head, claim, now),
    );
    addVectors(room, given, 1);
  }
  return room;
}

/** Whether what is on loan on a pool or host leaves those what they hold who have started, in the resources of which something is taken. */
export function isCleared(head: Head, id: NodeId, taken: CapacityVector, now: Instant): boolean {
  const node = lenderOf(head, id);
  if (node === undefined || !lends(node, now)) return true;
  const room = roomForLoans(head, node, now);
  return node.lent.valueAt(now).every((amount, lane) => !taken[lane] || amount === 0 || amount <= (room[lane] ?? 0));
}

function hasStarted({ status, awaits, startsAt }: Reservation, now: Instant): boolean {
  return status !== 'scheduled' && awaits === undefined && startsAt <= now;
}

/** Machines that have something on the node on loan. */
export function loansOn(head: Head, node: NodeId, now: Instant): Allocation[] {
  return standingOn(head, node).filter((machine) => (loanedFrom(machine) ?? FOREVER) <= now);
}

function loansOnAny(head: Head, lenders: readonly Lender[], now: Instant): Allocation[] {
  return [...new Set(lenders.flatMap(({ id }) => loansOn(head, id, now)))];
}

/**
 * An allocation that has no reservation any more: what it consumes is its own matter from now on, without end, and of the normal class. One
 * that had none before is of the class that it was, and has on loan what it had on loan.
 */
export function standAlone(head: Head, allocation: Allocation, now: Instant): Allocation {
  const rest = omit(allocation, 'endsAt', 'claim');
  const claims = standingClaims(head, allocation, allocation.resource === undefined, now);
  const alone = { ...rest, backing: 'own', claims, modifiedOn: now } as const;
  if (allocation.backing === 'reservation') return { ...alone, priority: NORMAL };
  const lent = loanedFrom(allocation);
  return lent === undefined ? alone : { ...alone, claims: loan(head, alone, Math.max(lent, now)) };
}

/**
 * What is held without a reservation from an instant on: for good, or, by a machine, on loan where that is the provider's policy. What takes
 * no place on a host is never lent: it cannot be taken back without loss.
 */
export function standingClaims(
  head: Head,
  consumed: Pick<Allocation, 'pool' | 'capacity'>,
  onHost: boolean,
  from: Instant,
): readonly Claim[] {
  const claim = ownClaim(head, consumed, from);
  return [onHost && preEmptionOn(head, poolNode(consumed.pool)) === 'best-effort' ? { ...claim, onLoan: true } : claim];
}

/** Machines that hold something on the node themselves, on loan or not. */
export function standingOn(head: Head, node: NodeId): Allocation[] {
  return [...(head.standing.get(node) ?? [])].flatMap((id) => head.allocations.get(id) ?? []);
}

export function isLeaving(machine: Allocation): boolean {
  return machine.vmState === 'DELETING';
}

/** What there is on a pool or host for what is on loan, and what of it is needed there. */
interface Room {
  readonly node: NodeId;
  readonly room: CapacityVector;
  readonly needed: CapacityVector;
}

/** Whether an amount is more than there is room for, of something that is needed. */
function exceeds(amount: CapacityVector, { room, needed }: Room): boolean {
  return amount.some((each, lane) => each > 0 && (needed[lane] ?? 0) > 0 && each > (room[lane] ?? 0));
}

/** Of machines in the order in which they are to be kept, those for which there is no room somewhere, in the resources that are needed there. */
function beyond(machines: readonly Allocation[], rooms: readonly Room[]): Allocation[] {
  const sums = new Map(rooms.map((each) => [each.node, { ...each, sum: zeroVector() }]));
  const loadsOf = (machine: Allocation) =>
    takenBy(machine).flatMap((claim) => {
      const there = claim.onLoan === true ? sums.get(claim.node) : undefined;
      const amount = amountOn(claim, claim.node);
      return there === undefined || amount === undefined ? [] : [{ ...there, amount }];
    });
  // Where the last one takes nothing, those before it fit.
  let last: ReturnType<typeof loadsOf> = [];
  return whoGivesWay(machines, {
    putBack: (machine) => {
      last = loadsOf(machine);
      for (const { sum, amount } of last) addVectors(sum, amount, 1);
    },
    takeAway: () => {
      for (const { sum, amount } of last) addVectors(sum, amount, -1);
    },
    fits: () =>
      last.every(({ sum, amount, needed, room }) =>
        sum.every((each, lane) => amount[lane] === 0 || (needed[lane] ?? 0) === 0 || each <= (room[lane] ?? 0)),
      ),
  });
}

/** Has a machine deleted for a reservation, and tells. What it consumes is on loan until the VIM confirms that it is gone. */
export function withdraw(draft: Draft, machine: Allocation, by: Displacer): Allocation {
  const after = takeBack(draft, machine);
  announceAllocation(draft, 'preempted', after, machine.vmState, displacedBy(by));
  return after;
}

/** The same, and who is told comes later. */
export function takeBack(draft: Draft, machine: Allocation): Allocation {
  const { now } = draft.at;
  const rest = omit(machine, 'endsAt', 'awaits', 'claim');
  const claims = loan(draft.head, machine, now);
  const ending = isLeaving(machine) ? {} : ({ vmState: 'DELETING', intent: 'delete' } as const);
  const after: Allocation = { ...rest, ...ending, backing: 'own', claims, modifiedOn: now };
  draft.put('allocation', after.id, after);
  return after;
}

/** The claims of a machine that holds nothing from an instant on but what it consumes on loan. */
function loan(head: Head, machine: Pick<Allocation, 'pool' | 'capacity' | 'claims'>, from: Instant): Claim[] {
  const firm = machine.claims
    .filter((claim) => claim.onLoan !== true && claim.start < from)
    .map((claim) => ((claim.end ?? FOREVER) > from ? { ...claim, end: from } : claim));
  return [...firm, { ...ownClaim(head, machine, from), id: `${firm.length + 1}`, onLoan: true }];
}

/** Machines that hold what they consume for good have it on loan from an instant on. */
export function lend(draft: Draft, machine: Allocation, from: Instant): Allocation {
  const after: Allocation = { ...machine, claims: loan(draft.head, machine, from), modifiedOn: draft.at.now };
  draft.put('allocation', after.id, after);
  draft.disturb(takenBy(machine));
  return after;
}

/** The start of a reservation has arrived: it starts, or waits for machines to be gone. */
export function begin(draft: Draft, before: Reservation): void {
  const { awaits, withdrawn } = vacate(draft, before, true);
  const { now } = draft.at;
  const rest = omit(withRoom(before, { machines: withdrawn }), 'awaits');
  if (awaits.length > 0) {
    if (!sameMembers(awaits, before.awaits ?? []))
      draft.put('reservation', before.id, { ...waiting(draft.head, rest, awaits), modifiedOn: now });
    return;
  }
  // One that cannot be kept in full begins as well; it stays degraded.
  const status = next(before.status, 'start') ?? before.status;
  const clear = before.awaits !== undefined && status !== 'degraded' ? omit(rest, 'message') : rest;
  const after: Reservation = { ...clear, status, modifiedOn: now };
  draft.put('reservation', after.id, after);
  announceReservation(draft, 'started', after, before.status);
}

function sameMembers(some: readonly Id[], others: readonly Id[]): boolean {
  return some.length === others.length && some.every((each) => others.includes(each));
}

/** A reservation that waits for machines to be gone; of a degraded one, the message says what is worse. */
export function waiting(head: Head, reservation: Reservation, awaits: readonly Id[]): Reservation {
  if (reservation.status === 'degraded') return { ...reservation, awaits };
  const machines = describeIds(head, 'allocation', awaits, ownerOf(reservation));
  const message = `It starts when the VIM has confirmed that these virtual machines are gone: ${machines}.`;
  return { ...reservation, awaits, message };
}

/** There may be more room: reservations that wait for machines to be gone start, the best first, unless others are in their way. */
export function lookAtWaiting(draft: Draft): void {
  if (draft.head.awaiting.size === 0) return;
  const ids = new Set([...draft.head.awaiting.values()].flatMap((each) => [...each]));
  const waiting = [...ids].flatMap((id) => draft.head.reservations.get(id) ?? []);
  for (const { id } of waiting.sort(byMerit)) {
    const reservation = draft.head.reservations.get(id);
    if (reservation?.awaits !== undefined) begin(draft, reservation);
  }
}

/** Capacity was lost or taken on nodes: what is on loan goes where reservations that have started need it. */
export function recall(draft: Draft, nodes: Iterable<NodeId>): void {
  const { head, at } = draft;
  const { now } = at;
  const crowded = lendersAmong(draft, nodes).flatMap((node) => {
    const room = roomForLoans(head, node, now);
    if (node.lent.valueAt(now).every((amount, lane) => amount === 0 || amount <= (room[lane] ?? 0))) return [];
    const staying = loansOn(head, node.id, now).filter((each) => !isLeaving(each));
    if (beyond(staying, [{ node: node.id, room, needed: EVERYTHING }]).length === 0) return [];
    const started = holdersAt(head, node.id, now).filter((each) => hasStarted(each, now));
    const needed = zeroVector();
    for (const reservation of started) addVectors(needed, neededOn(head, reservation, node.id, now), 1);
    return [{ node: node.id, room, needed, staying, started }];
  });
  const staying = new Set(crowded.flatMap((each) => each.staying));
  for (const machine of beyond([...staying].sort(byMerit), crowded)) {
    const needing = crowded.flatMap((each) => (each.staying.includes(machine) ? each.started : []));
    const [by] = needing.sort(byMerit);
    if (by !== undefined) withdraw(draft, machine, by);
  }
}

const EVERYTHING = zeroVector().fill(1);

/** What machines have on loan on nodes and nothing else needs, they hold again, unless the policy is to lend it. */
export function regain(draft: Draft, nodes: Iterable<NodeId>): void {
  const { head, at } = draft;
  const lent = [...nodes].flatMap((id) => (preEmptionOn(head, id) === 'best-effort' ? [] : lentOn(head, id)));
  const staying = [...new Set(lent)].filter((each) => !isLeaving(each));
  for (const machine of staying.sort(byMerit)) {
    const claim = machine.claims.find(({ onLoan }) => onLoan === true);
    if (claim === undefined) continue;
    const from = Math.max(claim.start, at.now);
    const until = neededFrom(draft.head, machine, from);
    if (until > from) draft.put('allocation', machine.id, held(machine, claim, from, until));
  }
}

/** Machines with something on loan, now or later, of a pool or host, or that use an element. */
function lentOn(head: Head, id: NodeId): Allocation[] {
  if (isElementId(id)) return machinesUsing(head, id).filter((each) => loanedFrom(each) !== undefined);
  const breakpoints = lenderOf(head, id)?.lent.breakpoints ?? 0;
  return breakpoints === 0 ? [] : loansOn(head, id, FOREVER);
}

/** The first instant from another one on at which others hold what a machine has on loan, or something that it uses. */
function neededFrom(head: Head, machine: Allocation, from: Instant): Instant {
  let until = FOREVER;
  for (const claim of takenBy(machine)) {
    const amount = claim.onLoan === true ? amountOn(claim, claim.node) : undefined;
    const node = lenderOf(head, claim.node);
    if (amount !== undefined && node !== undefined && from < until)
      until = node.free.firstShortage({ start: from, end: until }, amount) ?? until;
  }
  const used = withWholes(head, elementsUsed(machine));
  return from < until ? (taken(head, used, { start: from, end: until })?.span.start ?? until) : until;
}

function held(machine: Allocation, claim: Claim, from: Instant, until: Instant): Allocation {
  const firm = machine.claims.filter(({ onLoan }) => onLoan !== true);
  const joined = firm.find(({ end }) => end === from);
  const start = joined?.start ?? from;
  const others = firm.filter((each) => each !== joined);
  const { node, capacity } = claim;
  const lent = until < FOREVER;
  const claims: Claim[] = [...others, { id: '', node, start, ...(lent ? { end: until } : {}), capacity }];
  if (lent) claims.push({ id: '', node, start: until, capacity, onLoan: true });
  return { ...machine, claims: claims.map((each, index) => ({ ...each, id: `${index + 1}` })) };
}
