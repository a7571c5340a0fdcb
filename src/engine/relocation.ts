/**
 * Instances on hosts that were lost, or that have less than is held on them, are placed anew where that is possible (reservation step
 * 6b). What runs already stays where it is; what finds no other place is left to `settlement.ts`.
 *
 * From a host that is out of service everything goes, the best reservations first, so that they find a place before others do; from one
 * that has become too small, the worst go first, until the rest fits. Of a reservation only the instances that are
 * concerned move, or, where its groups do not allow that, all that are not in use. Where offers take the place, they give way, and so do
 * machines on loan: they are withdrawn by `settlement.ts`.
 */
import { announceReservation } from './announce.ts';
import { usedClaims } from './claims.ts';
import { firstDebt, isHostId } from './debt.ts';
import type { Draft } from './draft.ts';
import type { Claim, HostId, Id, NodeId, Reservation } from './entities.ts';
import type { HostNode } from './hosts.ts';
import { isInstance, placeAgain } from './placement-moves.ts';
import { byMerit } from './merit.ts';
import { isOver, notHolding } from './state.ts';
import type { Head } from './state.ts';
import { isHeldAt, nextLook } from './holders.ts';
import { fitsAgain } from './every-window.ts';
import { claimsIn, during, joined } from './occurrence.ts';
import { omit } from './omit.ts';
import { FOREVER, intersect } from './window.ts';
import type { Instant, Window } from './window.ts';
import { spanOf, windowsAhead } from './window-index.ts';
import { countOf, firstAfter, meets, someOf, windowAt, windowsIn } from './windows.ts';

/** Reservations that are placed anew in one decision, at the most; the next one goes on. */
const MOST_RELOCATED = 1_000;
/** Reservations that cannot be kept and are looked at again whenever something becomes free. */
const DEGRADED_LOOKED_AT = 64;

/** Offers that are passed over for one reservation, at the most. */
const OFFERS_PASSED_OVER = 64;

/**
 * Places anew what lies on those of the nodes that are hosts, and what was degraded before.
 * @returns hosts on which offers or machines on loan have to make room
 */
export function relocate(draft: Draft, nodes: readonly NodeId[]): Set<HostId> {
  const { head, at } = draft;
  const taken = new Set<HostId>();
  const hosts = indebted(head, nodes, at.now);
  if (hosts.length === 0) return taken;
  let left = MOST_RELOCATED;
  const going = new Set(hosts.flatMap((host) => holdersOf(head, host).filter((each) => hasToGo(each, host, at.now))));
  for (const reservation of [...going].sort(byMerit).slice(0, left)) {
    moveAway(draft, reservation, hosts, taken);
    left--;
  }
  const tried = new Set([...going].map(({ id }) => id));
  for (const host of hosts) if (host.usable) left = lighten(draft, host, left, tried, taken);
  return taken;
}

/** Whether a reservation has something on a host at a time when that has nothing. */
function hasToGo({ claims }: Reservation, { id, usable, out }: HostNode, now: Instant): boolean {
  if (!usable) return true;
  const ahead = out.flatMap((window) => intersect(window, { start: now, end: FOREVER }) ?? []);
  return claims.some((claim) => claim.host === id && ahead.some((window) => meets(windowsIn(claim), window)));
}

/** The hosts that owe something from now on, of those named and of those under reservations that are degraded. */
function indebted(head: Head, nodes: readonly NodeId[], now: Instant): HostNode[] {
  const ids = new Set<HostId>();
  for (const id of nodes) if (isHostId(id)) ids.add(id);
  for (const id of [...head.degraded].slice(0, DEGRADED_LOOKED_AT)) {
    for (const { host } of head.reservations.get(id)?.claims ?? []) if (host !== undefined) ids.add(host);
  }
  return [...ids]
    .sort()
    .flatMap((id) => head.hosts.nodes.get(id) ?? [])
    .filter((host) => firstDebt(host, now) !== undefined);
}

function holdersOf(head: Head, host: HostNode): Reservation[] {
  return [...host.holders.keys()].flatMap((id) => {
    const reservation = head.reservations.get(id);
    return reservation === undefined || isOver(reservation) ? [] : [reservation];
  });
}

/**
 * Moves reservations away from a host that has become too small, while it owes anything.
 * @param looked who cannot be moved, or was
 * @returns how many more may be moved
 */
function lighten(draft: Draft, host: HostNode, most: number, looked: ReadonlySet<Id>, taken: Set<HostId>): number {
  let left = most;
  const tried = new Set(looked);
  let from = draft.at.now;
  while (left > 0 && from !== FOREVER) {
    const { head } = draft;
    const at = firstDebt(host, from);
    if (at === undefined) break;
    const candidates = holdersOf(head, host)
      .filter(({ id, claims }) => !tried.has(id) && claims.some((claim) => covers(claim, host.id, at)))
      .sort(byMerit);
    const worst = candidates.at(-1);
    if (worst === undefined) {
      from = nextLook(head, host, at);
    } else {
      tried.add(worst.id);
      moveAway(draft, worst, [host], taken);
      left--;
    }
  }
  return left;
}

function covers(claim: Claim, host: HostId, at: Instant): boolean {
  return claim.host === host && isHeldAt(claim, at);
}

/** Places a reservation's instances on the hosts anew, if that is possible; hosts where others have to make room are added to `taken`. */
function moveAway(draft: Draft, before: Reservation, hosts: readonly HostNode[], taken: Set<HostId>): void {
  const { head, at } = draft;
  const from = new Set(hosts.map(({ id }) => id));
  const find = (): readonly Claim[] | undefined =>
    before.series === undefined
      ? movedOnce(head, before, from, usedClaims(head, before), at.now)
      : movedInEach(head, before, from, at.now);
  const beside = find();
  const moved = beside ?? withoutOffers(head, before, at.now, find);
  if (moved === undefined) return;
  for (const { host } of moved) {
    if (host !== undefined && (beside === undefined || (head.hosts.nodes.get(host)?.lent.breakpoints ?? 0) > 0))
      taken.add(host);
  }
  const after: Reservation = { ...before, claims: moved, modifiedOn: at.now };
  draft.put('reservation', after.id, after);
  announceReservation(draft, 'updated', after, before.status);
}

/** What is found when offers that hold something on hosts meanwhile are passed over, the worst of them. */
function withoutOffers<Found>(
  head: Head,
  reservation: Reservation,
  now: Instant,
  find: () => Found | undefined,
): Found | undefined {
  const window = { start: Math.max(now, reservation.startsAt), end: spanOf(reservation).end };
  const offers = [...head.heldOffers.overlapping(window)]
    .filter(({ claims }) => claims.some(({ host }) => host !== undefined))
    .sort((a, b) => byMerit(b, a))
    .slice(0, OFFERS_PASSED_OVER);
  if (offers.length === 0) return undefined;
  const held = offers.flatMap(({ claims }) => claims);
  return notHolding(head, held, find);
}

/** The claims with those placed anew that lie on the hosts and are not in use; undefined where there are none, or is no other place. */
function movedOnce(
  head: Head,
  before: Reservation,
  from: ReadonlySet<HostId>,
  used: ReadonlySet<string>,
  now: Instant,
): readonly Claim[] | undefined {
  const instances = before.claims.filter(isInstance);
  const lost = instances.filter(({ id, host }) => host !== undefined && from.has(host) && !used.has(id));
  if (lost.length === 0 || before.endsAt <= now) return undefined;
  const free = instances.filter(({ id }) => !used.has(id));
  return moveSome(head, before, lost, now) ?? moveSome(head, before, free, now);
}

/** The same in each window from the current one on that lacks something; what was found for one is taken for those after it while it fits. */
function movedInEach(
  head: Head,
  before: Reservation,
  from: ReadonlySet<HostId>,
  now: Instant,
): readonly Claim[] | undefined {
  const ahead = windowsAhead(before);
  const runs: { readonly held: string; readonly claims: readonly Claim[]; readonly index: number; count: number }[] =
    [];
  let changed = false;
  for (let index = 0; index < countOf(ahead); index++) {
    const window = windowAt(ahead, index);
    const claims = claimsIn(before.claims, window);
    const held = claims.map(({ id }) => id).join();
    const last = runs.at(-1);
    if (last?.held === held && fitsInPlace(head, claims, last.claims, window)) {
      last.count++;
      continue;
    }
    const owing = claims.some(({ host }) => host !== undefined && from.has(host) && owes(head, host, window, now));
    const once = { ...omit(before, 'series'), claims, startsAt: window.start, endsAt: window.end };
    const used = index === 0 ? usedClaims(head, before) : NONE;
    const moved = owing ? movedOnce(head, once, from, used, now) : undefined;
    changed ||= moved !== undefined;
    runs.push({ held, claims: moved ?? claims, index, count: 1 });
  }
  if (!changed) return undefined;
  const past = before.claims.flatMap((claim) => {
    const over = Math.min(firstAfter(windowsIn(claim), ahead.start), claim.count ?? 1);
    return over === 0 ? [] : [during(claim, someOf(windowsIn(claim), 0, over))];
  });
  const claims = runs.map((run) => run.claims.map((claim) => during(claim, someOf(ahead, run.index, run.count))));
  return [...claims, past].reduce((all, more) => joined(all, more), []);
}

const NONE: ReadonlySet<string> = new Set();

function owes(head: Head, host: HostId, { start, end }: Window, now: Instant): boolean {
  const window = { start: Math.max(start, now), end };
  return (
    head.hosts.nodes
      .get(host)
      ?.free.min(window)
      .some((amount) => amount < 0) === true
  );
}

/** Whether claims fit in a window in place of those that are held there. */
function fitsInPlace(head: Head, held: readonly Claim[], claims: readonly Claim[], window: Window): boolean {
  return notHolding(head, held, () => fitsAgain(head, claims)(window));
}

/** The claims with some of them placed anew from now on. */
function moveSome(
  head: Head,
  reservation: Reservation,
  some: readonly Claim[],
  now: Instant,
): readonly Claim[] | undefined {
  const ahead = { ...reservation, startsAt: Math.max(reservation.startsAt, now) };
  const pinned = reservation.claims.filter((claim) => isInstance(claim) && !some.includes(claim));
  // What is moved within a pool is no more there than before, so that what the pool owes does not stand in its way.
  const window = { start: ahead.startsAt, end: ahead.endsAt };
  const owed = [...new Set(some.map(({ node }) => node))].flatMap((id) => {
    const node = head.nodes.get(id);
    return node === undefined
      ? []
      : [{ free: node.free, amount: node.free.min(window).map((each) => Math.max(0, -each)) }];
  });
  return notHolding(head, some, () => {
    for (const { free, amount } of owed) free.add(window, amount);
    try {
      return placeAgain(head, ahead, pinned)?.claims;
    } finally {
      for (const { free, amount } of owed) free.remove(window, amount);
    }
  });
}
