/** increase-capacity and decrease-capacity (capacity steps 2a and 2b). */
import { announcePool } from '../announce.ts';
import { leastFree } from '../admission.ts';
import { within } from '../breakdown.ts';
import { RESOURCES, add, fitsWithin, isZero, resourcesOf, subtract } from '../capacity.ts';
import type { Capacity } from '../capacity.ts';
import { heldBy, missingOf } from '../claims.ts';
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import type { Adjustment, Id, Pool, Provider, Reservation } from '../entities.ts';
import { announceFollowing, beingDrained, followInventory, poolsFrom, unpooled } from '../provider-supply.ts';
import { InvalidRequest, UnknownEntry } from '../requests.ts';
import type {
  Affected,
  ChangeCapacity,
  Command,
  DecreaseCapacity,
  DecreaseCapacityResult,
  IncreaseCapacity,
  IncreaseCapacityResult,
  Refusal,
} from '../requests.ts';
import { settle } from '../settlement.ts';
import { poolNode } from '../state.ts';
import type { Head } from '../state.ts';
import { checkAdjustments, checkCapacity, checkOwner, checkSpan } from '../validation.ts';
import { lacking } from '../vim-references.ts';
import { FOREVER } from '../window.ts';
import type { Instant, Window } from '../window.ts';

/**
 * Brings capacity under Promise's control: for good, or during a window. An empty capacity means all that the provider has and that is in
 * no pool. The pool is the one named, or that of the source and zone made by RPC; without one, a pool is made.
 */
export const increaseCapacity: Command<IncreaseCapacity, IncreaseCapacityResult> = (head, input, at) =>
  decide(head, at, (draft): IncreaseCapacityResult => {
    checkChange(input, at.now);
    const { provider, pool } = target(head, input);
    if (provider.draining === true) return { outcome: 'refused', refusal: beingDrained(provider) };
    const ahead = windowAhead(input, at.now);
    const zone = pool === undefined ? input.zone : pool.zone;
    const room = unpooled(head, provider, zone, ahead);
    if (room === undefined) return { outcome: 'refused', refusal: unavailable(provider) };
    if (zone !== undefined && provider.inventory?.zones.includes(zone) !== true) {
      return { outcome: 'refused', refusal: unknownZone(provider, zone) };
    }
    const amount = isZero(input.capacity) ? room : input.capacity;
    if (!fitsWithin(bounded(amount, room), room) || isZero(amount)) {
      const most = within(isZero(input.capacity) ? room : bounded(amount, room), room);
      return { outcome: 'refused', refusal: beyondProvider(provider, amount, room), most };
    }
    const { changed, adjustment } = adjust(draft, pool ?? newPool(draft, provider, input), input, 'increase', amount);
    draft.put('pool', changed.id, changed);
    draft.disturbed.add(poolNode(changed.id));
    announcePool(draft, 'increased', changed.id, ahead);
    settle(draft, 'capacity-restored');
    return { outcome: 'increased', pool: changed, ...(adjustment === undefined ? {} : { adjustment }) };
  });

/**
 * Withdraws capacity from Promise's control. What reservations or allocations hold is not withdrawn unless forced; then reservations
 * that no longer fit are degraded, the lowest priority and the newest first. The answer lists them either way.
 */
export const decreaseCapacity: Command<DecreaseCapacity, DecreaseCapacityResult> = (head, input, at) =>
  decide(head, at, (draft): DecreaseCapacityResult => {
    checkChange(input, at.now);
    if (isZero(input.capacity))
      throw new InvalidRequest('capacity', 'A decrease needs an amount: at least one resource above zero.');
    const { provider, pool } = target(head, input);
    if (pool === undefined) throw noPool(head, provider, input);
    const ahead = windowAhead(input, at.now);
    const node = head.nodes.get(poolNode(pool.id));
    const free = node === undefined ? {} : leastFree(node, resourcesOf(input.capacity), ahead);
    const most = within(input.capacity, free);
    if (!hasWindow(input) && !fitsWithin(input.capacity, pool.capacity)) {
      return { outcome: 'refused', refusal: beyondPool(pool, input.capacity), pool: pool.id, most, affected: [] };
    }
    const { changed, adjustment } = adjust(draft, pool, input, 'decrease', input.capacity);
    draft.put('pool', changed.id, changed);
    draft.disturbed.add(poolNode(changed.id));
    const following = followInventory(draft, provider.id);
    announcePool(draft, 'decreased', changed.id, ahead);
    announceFollowing(
      draft,
      following.filter((id) => id !== changed.id),
    );
    const { degraded, preempted, withdrawn } = settle(draft, 'capacity-withdrawn');
    const affected = [...affectedBy(draft, degraded), ...preempted.map(withAll)];
    const inTheWay = withdrawn.length > 0 || preempted.length > 0 || overdrawn(draft, pool.id, ahead);
    if (!input.force && !fitsWithin(input.capacity, free) && inTheWay) {
      draft.abandon();
      return { outcome: 'refused', refusal: inUse(pool, most, affected, withdrawn), pool: pool.id, most, affected };
    }
    const after = draft.head.pools.get(changed.id) ?? changed;
    return { outcome: 'decreased', pool: after, affected, ...(adjustment === undefined ? {} : { adjustment }) };
  });

function checkChange(input: ChangeCapacity, now: Instant): void {
  checkCapacity(input.capacity);
  checkSpan(input.start, input.end, now);
}

function hasWindow(input: ChangeCapacity): boolean {
  return input.start !== undefined || input.end !== undefined;
}

/** The window of a change, as far as it is not past. */
function windowAhead(input: ChangeCapacity, now: Instant): Window {
  return { start: Math.max(input.start ?? now, now), end: input.end ?? FOREVER };
}

/** The provider and pool that a change is about; without a pool there is none of that source and zone yet. */
function target(head: Head, input: ChangeCapacity): { readonly provider: Provider; readonly pool?: Pool } {
  if (input.pool !== undefined) {
    const pool = head.pools.get(input.pool);
    if (pool === undefined) throw new UnknownEntry('pool', 'pool-id', input.pool);
    if (input.source !== undefined && input.source !== pool.source) {
      throw new InvalidRequest(
        'source',
        `The pool '${pool.id}' comes from the provider '${pool.source}', not from '${input.source}'.`,
      );
    }
    checkOwner('pool', pool, 'rpc');
    return { provider: providerOf(head, pool.source), pool };
  }
  const provider = providerOf(head, input.source);
  const pool = poolsFrom(head, provider.id).find((each) => each.zone === input.zone && each.origin === 'rpc');
  return pool === undefined ? { provider } : { provider, pool };
}

function providerOf(head: Head, source: Id | undefined): Provider {
  if (source !== undefined) {
    const provider = head.providers.get(source);
    if (provider === undefined) throw new UnknownEntry('provider', 'source', source);
    return provider;
  }
  const [only, another] = head.providers.values();
  if (only === undefined) throw new InvalidRequest('source', 'There is no provider yet; add-provider registers one.');
  if (another !== undefined)
    throw new InvalidRequest('source', 'There are several providers; say which one is the source.');
  return only;
}

function noPool(head: Head, provider: Provider, input: ChangeCapacity): Error {
  const configured = poolsFrom(head, provider.id).find((each) => each.zone === input.zone);
  if (configured !== undefined) checkOwner('pool', configured, 'rpc');
  const zone = input.zone === undefined ? 'not bound to a zone' : `in the zone '${input.zone}'`;
  return new InvalidRequest(
    'source',
    `There is no pool of the provider '${provider.id}' ${zone}; increase-capacity makes one.`,
  );
}

function newPool(draft: Draft, provider: Provider, input: ChangeCapacity): Pool {
  return {
    id: draft.at.newId(),
    origin: 'rpc',
    source: provider.id,
    ...(input.zone === undefined ? {} : { zone: input.zone }),
    capacity: {},
    ...(input.elements === undefined || input.elements.length === 0 ? {} : { elements: input.elements }),
    adjustments: [],
    owner: draft.at.user,
  };
}

/** The pool with the change: in its base capacity, or as an adjustment for the window, without those that are over. */
function adjust(
  draft: Draft,
  pool: Pool,
  input: ChangeCapacity,
  direction: Adjustment['direction'],
  amount: Capacity,
): { readonly changed: Pool; readonly adjustment?: Id } {
  if (!hasWindow(input)) {
    const capacity = direction === 'increase' ? add(pool.capacity, amount) : subtract(pool.capacity, amount);
    return { changed: { ...pool, ...elementsOf(pool, input.elements, direction), capacity } };
  }
  const adjustment: Adjustment = {
    id: draft.at.newId(),
    ...(input.start === undefined ? {} : { start: input.start }),
    ...(input.end === undefined ? {} : { end: input.end }),
    startsAt: input.start ?? draft.at.now,
    direction,
    capacity: amount,
  };
  const ahead = pool.adjustments.filter(({ end = FOREVER }) => end > draft.at.now);
  const adjustments = [...ahead, adjustment];
  checkAdjustments(pool.id, adjustments, input.start === undefined ? 'end' : 'start');
  return { changed: { ...pool, adjustments }, adjustment: adjustment.id };
}

/** The elements of a pool that lists them, with or without those that a change names. One that lists none has all. */
function elementsOf(
  { elements }: Pool,
  named: readonly string[] = [],
  direction: Adjustment['direction'],
): Pick<Pool, 'elements'> {
  if (elements === undefined || named.length === 0) return {};
  const others = elements.filter((element) => !named.includes(element));
  if (direction === 'decrease' && others.length === 0) {
    throw new InvalidRequest(
      'elements',
      'The pool would have no element left; a pool that lists none has all of its provider.',
    );
  }
  return { elements: direction === 'increase' ? [...others, ...named] : others };
}

/** The part of an amount in resources that the provider bounds. */
function bounded(amount: Capacity, room: Capacity): Capacity {
  return Object.fromEntries(
    RESOURCES.filter((resource) => room[resource] !== undefined && amount[resource] !== undefined).map((resource) => [
      resource,
      amount[resource],
    ]),
  );
}

function affectedBy(draft: Draft, ids: readonly Id[]): Affected[] {
  const { head, at } = draft;
  return ids.flatMap((id) => {
    const reservation = head.reservations.get(id);
    return reservation === undefined ? [] : [{ reservation, missing: missingOf(head, reservation, at.now) }];
  });
}

/** One that was preempted lacks all that it held. */
function withAll(reservation: Reservation): Affected {
  return { reservation, missing: heldBy(reservation) };
}

function overdrawn(draft: Draft, pool: Id, window: Window): boolean {
  return (
    draft.head.nodes
      .get(poolNode(pool))
      ?.free.min(window)
      .some((amount) => amount < 0) === true
  );
}

function unavailable(provider: Provider): Refusal {
  const message = `What the provider '${provider.id}' has is not known yet; its status is ${provider.status}.`;
  return { reason: 'provider-unavailable', message, shortages: [] };
}

function unknownZone(provider: Provider, zone: string): Refusal {
  return { reason: 'unknown-zone', message: lacking(provider, 'zone', zone), shortages: [] };
}

function beyondProvider(provider: Provider, amount: Capacity, room: Capacity): Refusal {
  const lacking = resourcesOf(bounded(amount, room)).filter(
    (resource) => (room[resource] ?? 0) < (amount[resource] ?? 0),
  );
  const amounts = lacking.map((resource) => `${room[resource] ?? 0} ${resource} of ${amount[resource] ?? 0}`);
  const what = amounts.length === 0 ? 'nothing' : amounts.join(', ');
  return {
    reason: 'insufficient-capacity',
    message: `The provider '${provider.id}' has ${what} that is in no pool yet.`,
    most: within(amount, room),
    shortages: [],
  };
}

function beyondPool(pool: Pool, amount: Capacity): Refusal {
  const lacking = resourcesOf(amount).filter((resource) => (pool.capacity[resource] ?? 0) < (amount[resource] ?? 0));
  const amounts = lacking.map((resource) => `${pool.capacity[resource] ?? 0} ${resource}`);
  const message = `The pool '${pool.id}' has only ${amounts.join(', ')} for all time; a change with a window can take more.`;
  return { reason: 'insufficient-capacity', message, most: within(amount, pool.capacity), shortages: [] };
}

function inUse(pool: Pool, most: Capacity, affected: readonly Affected[], offers: readonly Id[]): Refusal {
  const ids = affected.map(({ reservation }) => reservation.id);
  const whom = [
    ...(ids.length === 0 ? [] : [`Reservations that would no longer fit: ${ids.join(', ')}.`]),
    ...(offers.length === 0 ? [] : [`Offers that would lapse: ${offers.join(', ')}.`]),
  ];
  return {
    reason: 'capacity-in-use',
    message: `The pool '${pool.id}' does not have so much to spare. ${whom.join(' ') || 'Allocations hold it.'}`,
    most,
    shortages: [],
  };
}
