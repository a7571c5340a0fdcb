/** What an amended reservation holds: what is allocated under it stays covered where it is, and the rest is placed again. */
import { elementsUsed } from './allocated-elements.ts';
import { claimsOf, eligibleNodes, whole } from './admission.ts';
import type { Admission } from './admission.ts';
import { add, describeAmounts, fitsWithin, isZero, subtract } from './capacity.ts';
import type { Capacity } from './capacity.ts';
import {
  allocatedInAggregate,
  allocatedUnder,
  backed,
  claimsAllocated,
  countedIn,
  isBound,
  usedClaims,
} from './claims.ts';
import type { Draft } from './draft.ts';
import { describeElement } from './element-names.ts';
import { wholesOf } from './elements.ts';
import type { Allocation, Claim, Demand, ElementId, NodeId, Reservation } from './entities.ts';
import { hostName } from './hosts.ts';
import { admit } from './every-window.ts';
import { currentClaims, during, joined } from './occurrence.ts';
import { admitOnce, hasParts } from './parts.ts';
import type { Refusal } from './requests.ts';
import { poolOfNode } from './state.ts';
import type { Head } from './state.ts';
import { currentWindow, windowsAhead } from './window-index.ts';
import { countOf, eachOf, someOf, windowAt } from './windows.ts';
import { omit } from './omit.ts';
import type { Instant, Window } from './window.ts';
import { ownerOf } from './ownership.ts';
import { renumbered } from './reservations.ts';

/**
 * Places what an amended reservation asks for; in the draft it holds nothing at this point. What is allocated is kept where it
 * is in the window in progress; of further windows each is like one of a new request. A window in progress has to have room for what is left
 * of it: what was lacking, or held, before is past.
 */
export function readmit(draft: Draft, before: Reservation, wanted: Reservation): Admission {
  const { head, at } = draft;
  const windows = windowsAhead(wanted);
  const { demand } = wanted;
  const near = { self: before.id, near: currentClaims(before), viewer: ownerOf(before) };
  const inUse = usedClaims(head, before).size > 0 || !isZero(allocatedInAggregate(head, before));
  if (!inUse) {
    const staying = stay(draft, before, wanted);
    if (staying !== undefined) return staying;
    if (windows.start >= at.now) return admit(head, demand, windows, at.now, near);
  }
  const current = readmitInUse(draft, before, wanted);
  if (current.outcome === 'refused' || countOf(windows) === 1) return current;
  const rest = someOf(windows, 1, countOf(windows) - 1);
  const later = admit(draft.head, demand, rest, at.now, { ...near, mayMove: false });
  if (later.outcome === 'placed') return { ...current, claims: joined(current.claims, later.claims) };
  // A later start is nothing that can be had any more.
  const refusal = omit(later.refusal, 'nextWindow', 'searchedUntil');
  const { shortWindows = [{ occurrence: 1, window: windowAt(rest, 0) }] } = refusal;
  return { outcome: 'refused', refusal: renumbered({ ...refusal, shortWindows }, 1) };
}

function readmitInUse(draft: Draft, before: Reservation, wanted: Reservation): Admission {
  const placed = placeInUse(draft, before, wanted);
  const dropped = placed.outcome === 'placed' ? droppedInUse(draft.head, before, placed.claims) : undefined;
  return dropped === undefined ? placed : { outcome: 'refused', refusal: dropped };
}

/** Why what is allocated cannot be left without an element that it uses. */
function droppedInUse(head: Head, before: Reservation, claims: readonly Claim[]): Refusal | undefined {
  const had = elementsHeld(currentClaims(before));
  const has = elementsHeld(claims);
  if ([...had].every((element) => has.has(element))) return undefined;
  for (const allocation of backed(head, before)) {
    for (const used of elementsUsed(allocation)) {
      const covering = [used, ...wholesOf(head.elements.indexOf(allocation.provider), used)];
      const element = covering.find((each) => had.has(each));
      if (element !== undefined && !covering.some((each) => has.has(each)))
        return inUseStill(head, before, element, allocation);
    }
  }
  return undefined;
}

function elementsHeld(claims: readonly Claim[]): ReadonlySet<ElementId> {
  return new Set(claims.flatMap(({ element }) => element ?? []));
}

function inUseStill(head: Head, before: Reservation, element: ElementId, { id, name }: Allocation): Refusal {
  const message = `The ${describeElement(element)} is used by '${id}' ('${name}'), which was allocated under the reservation; it has to keep it.`;
  return { reason: 'below-allocated', message, inUse: allocatedUnder(head, before), shortages: [] };
}

function placeInUse(draft: Draft, before: Reservation, wanted: Reservation): Admission {
  const { head, at } = draft;
  const window = currentWindow(wanted);
  const { demand } = wanted;
  const near = { self: before.id, near: currentClaims(before), viewer: ownerOf(before) };
  const allocated = allocatedInAggregate(head, before);
  const used = usedClaims(head, before);
  const counted = countedIn(demand.capacity, allocated);
  if (!fitsWithin(counted, demand.capacity)) {
    return { outcome: 'refused', refusal: belowAllocated(counted) };
  }
  const staying = currentClaims(before).filter(({ id }) => used.has(id));
  const uncovered = staying.find((claim) => !stillAskedFor(claim, staying, demand));
  if (uncovered !== undefined) {
    return { outcome: 'refused', refusal: belowAllocated(allocatedUnder(head, before)) };
  }
  const shares = claimsAllocated(head, before).filter((claim) => !isBound(claim));
  if (!mayStay(head, shares, demand)) return { outcome: 'refused', refusal: awayFromAllocated(counted, shares) };
  const kept = used.size === 0 ? stay(draft, before, { ...omit(wanted, 'series') }) : undefined;
  if (kept !== undefined) return kept;
  const pinned = staying.map((claim) => during(claim, window));
  const base = merge(pinned, claimsOf(shares, window));
  draft.put('reservation', before.id, { ...before, claims: base });
  const context = { ...near, pinned };
  const left = { ...demand, capacity: subtract(demand.capacity, counted), ...withoutHosts(demand, pinned) };
  if (isZero(left.capacity) && !hasParts(left)) return { outcome: 'placed', claims: base };
  const rest = admitOnce(draft.head, left, leftOf(window, at.now), at.now, context);
  if (rest.outcome === 'refused') return rest;
  const claims = merge(
    base,
    rest.claims.map((claim) => during(claim, window)),
  );
  return rest.moved === undefined ? { outcome: 'placed', claims } : { outcome: 'placed', claims, moved: rest.moved };
}

/** Whether an instance, or a host that is held whole, under which machines run is a part of the demand still. */
function stillAskedFor(claim: Claim, staying: readonly Claim[], demand: Demand): boolean {
  const { container: name, host } = claim;
  if (name === undefined) return host !== undefined && demand.elements?.includes(hostName(host)) === true;
  const container = demand.containers?.find((each) => each.name === name);
  const number = staying.filter((each) => each.container === name).length;
  return container !== undefined && container.count >= number;
}

/** The elements of a demand without the hosts that are held already. */
function withoutHosts({ elements }: Demand, pinned: readonly Claim[]): Pick<Demand, 'elements'> {
  const held = pinned.flatMap(({ host, container }) =>
    host === undefined || container !== undefined ? [] : hostName(host),
  );
  return elements === undefined ? {} : { elements: elements.filter((element) => !held.includes(element)) };
}

/** The whole demand on the one pool on which the reservation is, if it fits there: nobody moves without need. */
function stay(draft: Draft, before: Reservation, wanted: Reservation): Admission | undefined {
  const [only, another] = currentClaims(before);
  if (hasParts(wanted.demand) || only === undefined || another !== undefined || isBound(only)) return undefined;
  if (!mayStay(draft.head, [only], wanted.demand)) return undefined;
  const node = draft.head.nodes.get(only.node);
  const { capacity } = wanted.demand;
  const windows = windowsAhead(wanted);
  if (node === undefined) return undefined;
  for (const window of eachOf(windows)) {
    if (whole([node], capacity, leftOf(window, draft.at.now)) === undefined) return undefined;
  }
  const [claim] = claimsOf([{ node: node.id, capacity }], windows);
  return claim && { outcome: 'placed', claims: [during(claim, windows)] };
}

/** What is left of a window. */
export function leftOf({ start, end }: Window, now: Instant): Window {
  return { start: Math.max(start, now), end };
}

/** Whether the demand allows the pools on which something is held. */
function mayStay(head: Head, shares: readonly { readonly node: NodeId }[], demand: Demand): boolean {
  const { nodes } = eligibleNodes(head, demand);
  const eligible = new Set(nodes.map(({ id }) => id));
  return shares.every(({ node }) => eligible.has(node));
}

function belowAllocated(allocated: Capacity): Refusal {
  return {
    reason: 'below-allocated',
    message: `In use under the reservation are ${describeAmounts(allocated)}; it cannot have less.`,
    inUse: allocated,
    shortages: [],
  };
}

function awayFromAllocated(allocated: Capacity, shares: readonly { readonly node: NodeId }[]): Refusal {
  const pools = shares.map(({ node }) => `'${poolOfNode(node)}'`).join(', ');
  return {
    reason: 'below-allocated',
    message: `In use under the reservation are ${describeAmounts(allocated)} of the pools ${pools}: it has to keep these, and what is asked for now excludes them.`,
    inUse: allocated,
    shortages: [],
  };
}

function merge(base: readonly Claim[], more: readonly Claim[]): Claim[] {
  const merged = [...base];
  let last = Math.max(0, ...[...base, ...more].map(({ id }) => Number(id)));
  const joins = (a: Claim, b: Claim): boolean => a.node === b.node && !isBound(a) && !isBound(b);
  for (const claim of more) {
    const index = merged.findIndex((each) => joins(each, claim));
    const same = merged[index];
    if (same === undefined)
      merged.push(merged.some(({ id }) => id === claim.id) ? { ...claim, id: `${++last}` } : claim);
    else merged[index] = { ...same, capacity: add(same.capacity, claim.capacity) };
  }
  return merged;
}
