/**
 * What becomes of those who hold something when a pool or host bears more claims than it has (reservation steps 6b and 7), and who is
 * restored when it has enough again. First, what can be placed on other hosts is (`relocation.ts`). Then offers are withdrawn,
 * reservations degraded, and machines put on loan, as far as they have to give way: `giving-way.ts` says who.
 *
 * One that has not started and fits elsewhere is moved there and loses nothing, the best first. A degraded reservation keeps its claims:
 * what it still has is not given to newcomers. It is restored when there is room for it beside those that are kept. By the policy
 * `favour-priority`, one in whose place a higher class is kept is preempted instead.
 */
import { announceHeld, announceReservation } from './announce.ts';
import { bearerOf, isHostId } from './debt.ts';
import type { Bearer } from './debt.ts';
import type { Draft } from './draft.ts';
import { announceDisplaced, moved, preempt } from './displacement.ts';
import { isElementId } from './element-map.ts';
import { describeElement } from './element-names.ts';
import { missingElements } from './elements.ts';
import { isPoolNode } from './entities.ts';
import type { Claim, Id, Reason, Reservation } from './entities.ts';
import { fittingOf } from './every-window.ts';
import { givingWay, offersGivingWay } from './giving-way.ts';
import type { Victims } from './giving-way.ts';
import { next } from './lifecycle.ts';
import { byMerit } from './merit.ts';
import { describeMaintenanceOf } from './maintenance.ts';
import { currentClaims } from './occurrence.ts';
import { lapse } from './offers.ts';
import { changedOutages } from './outages.ts';
import { relocate } from './relocation.ts';
import { reschedule } from './due.ts';
import { notHolding, poolNode } from './state.ts';
import type { Head } from './state.ts';
import type { Instant } from './window.ts';
import { windowsAhead } from './window-index.ts';
import { omit } from './omit.ts';
import { lend, lookAtWaiting, recall, regain } from './vacancy.ts';

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
  const first = settleOnce(draft, reason);
  if (draft.disturbed.size === 0) return first;
  // Those who gave way, or were moved, gave something up elsewhere too, or on hosts where others find a place now.
  const then = settle(draft, reason);
  return {
    withdrawn: [...first.withdrawn, ...then.withdrawn],
    degraded: [...first.degraded.filter((id) => !then.restored.includes(id)), ...then.degraded],
    restored: [...first.restored, ...then.restored],
    preempted: [...first.preempted, ...then.preempted],
  };
}

function settleOnce(draft: Draft, reason: Reason): Settlement {
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
  const { victims, lenders, easing } = givingWay(draft.head, settled, draft.at.now);
  for (const { machine, from } of lenders) lend(draft, machine, from);
  const { preempted, degraded } = giveUp(draft, victims, reason);
  const restored = [...before].filter((id) => !victims.has(id)).sort();
  for (const id of degraded) degrade(draft, id, reason);
  for (const id of restored) restore(draft, id);
  for (const [id, at] of easing) lookAgain(draft, id, at);
  lookAtWaiting(draft);
  recall(draft, nodes);
  regain(draft, nodes);
  // What was given up there is counted in already; who may be placed on a host is not.
  for (const { id } of settled) if (!isHostId(id)) draft.disturbed.delete(id);
  return { withdrawn, degraded, restored, preempted };
}

function withdrawOffers(draft: Draft, nodes: readonly Bearer[], reason: Reason): Id[] {
  const offers = offersGivingWay(draft.head, nodes, draft.at.now);
  for (const offer of offers) lapse(draft, offer, 'withdrawn', reason);
  return offers.map(({ id }) => id);
}

/**
 * Those in whose place someone of a higher class is kept are over. Whoever fits elsewhere is moved there, the best first.
 * @returns those that are lost: as they were before they were over, and those that are to be degraded
 */
function giveUp(draft: Draft, victims: Victims, reason: Reason): { preempted: Reservation[]; degraded: Id[] } {
  const { head } = draft;
  // Those degraded before stay where they are: there is no other place for them, or it was taken for them already.
  const going = [...victims]
    .flatMap(([id, by]) => {
      const before = head.reservations.get(id);
      return before === undefined || (by === undefined && head.degraded.has(id)) ? [] : [{ before, by }];
    })
    .sort((a, b) => byMerit(a.before, b.before));
  for (const { before, by } of going) if (by !== undefined) preempt(draft, before, by, reason);
  const lost = going.filter(({ before, by }) => !(by === undefined ? placedElsewhere : moved)(draft, before));
  for (const { before, by } of lost) if (by !== undefined) announceDisplaced(draft, before, by);
  const ofKind = (isOver: boolean): Reservation[] =>
    lost.flatMap(({ before, by }) => ((by !== undefined) === isOver ? [before] : []));
  return {
    preempted: ofKind(true),
    degraded: ofKind(false)
      .map(({ id }) => id)
      .sort(),
  };
}

/** One that has not started and fits elsewhere, in all of its windows, goes there and loses nothing. */
function placedElsewhere(draft: Draft, before: Reservation): boolean {
  const { id } = before;
  if (before.status !== 'scheduled' || before.startsAt <= draft.at.now) return false;
  const claims = claimsElsewhere(draft.head, before, draft.at.now);
  if (claims === undefined) return false;
  const after: Reservation = { ...before, claims, modifiedOn: draft.at.now };
  draft.put('reservation', id, after);
  draft.disturb(before.claims);
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

function degrade(draft: Draft, id: Id, reason: Reason): void {
  const reservation = draft.head.reservations.get(id);
  const status = reservation === undefined ? undefined : next(reservation.status, 'degrade');
  if (reservation === undefined || status === undefined) return;
  const planned = reason === 'maintenance' ? describeMaintenanceOf(draft.head, reservation, draft.at.now) : undefined;
  const lost = planned ?? describeLost(draft.head, reservation, draft.at.now);
  const message = `${lost} ${planned === undefined ? 'the' : 'The'} reservation cannot be kept in full at present.`;
  const degraded: Reservation = { ...reservation, status, reason, message, modifiedOn: draft.at.now };
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
