/**
 * What always holds, as one function: run after each step in tests, and on a data directory by whoever doubts it.
 *
 * 1. No pool or host bears more than it has at any instant from now on, save what degraded reservations hold and what machines hold
 *    whose capacity was lost, whose reservation is over, or that are being deleted; and where such a debt is, no offer and no
 *    reservation that is not degraded has a part in it.
 *    No tenant or user holds more than a quota allows, save with what it held when the quota was set and with machines whose
 *    reservation is over.
 * 2. Every claim lies on a node that exists, is not negative, and lies in the window of its owner.
 * 3. What is allocated under a reservation lies within its claims, each instance once and on its host; instances are placed as their
 *    groups and zones say.
 * 4. Pools have no more than their provider, where that is known, save for what they lost with it.
 * 5. An offer holds in its window what was offered, and one that is over holds nothing from then on.
 * 6. A window that was chosen lies within the bounds of the request and has its length.
 * 7. Of what recurs, each window after the current one holds all that was asked for, placed as it is to be.
 * 8. Where a reservation that has started holds something, no more is on loan than nobody needs, save by machines that are being deleted;
 *    and who waits for machines to be gone has not started, and they are being deleted.
 * 9. A head that is built anew from the records equals this one, timelines and indexes included.
 */
import { NOTHING, RESOURCES, add, equals, fitsWithin, fromVector, resourcesOf, total } from './capacity.ts';
import type { Capacity, CapacityVector } from './capacity.ts';
import { countedIn } from './claims.ts';
import { amountOn, firstDebt, isHostId } from './debt.ts';
import type { Bearer } from './debt.ts';
import type { Allocation, Claim, NodeId, Offer, Reservation } from './entities.ts';
import { holdersAt, isHeldAt, lift, liftMachine } from './holders.ts';
import { hostId } from './hosts.ts';
import { nodesOfHolder } from './quota.ts';
import type { QuotaAccount } from './quota.ts';
import { departingFrom } from './settlement.ts';
import { isLeaving, loansOn, roomForLoans } from './vacancy.ts';
import {
  POLICY_ID,
  allocationsOf,
  claimWindows,
  emptyHead,
  isOver,
  loadRecord,
  occupancyOf,
  poolNode,
  poolOfNode,
  providerNode,
  writesOf,
} from './state.ts';
import type { Change, Head, Node } from './state.ts';
import { poolsFrom } from './provider-supply.ts';
import type { Timeline } from './timeline.ts';
import { ALWAYS, FOREVER, containsWindow, describeInstant } from './window.ts';
import type { Instant } from './window.ts';
import { claimsIn, currentClaims } from './occurrence.ts';
import { currentWindow, spanOf, windowsAhead } from './window-index.ts';
import { countOf, spanOfAll, windowAt } from './windows.ts';

/** Every violation, in words; empty when all holds. */
export function violations(head: Head, now: Instant): string[] {
  return [
    ...[...head.nodes.values()].flatMap((node) => (node.id.startsWith('pool/') ? overCapacity(head, node, now) : [])),
    ...[...head.hosts.nodes.values()].flatMap((host) => overCapacity(head, host, now)),
    ...[...head.quotas].flatMap(([id, account]) => overQuota(head, id, account, now)),
    ...[...head.nodes.values()].flatMap((node) => overLent(head, node, now)),
    ...[...head.awaiting.keys()].flatMap((machine) => miswaited(head, machine)),
    ...[...head.reservations.values()].flatMap((reservation) => misheld(head, reservation)),
    ...[...head.offers.values()].flatMap((offer) => misoffered(head, offer)),
    ...[...head.allocations.values()].flatMap((allocation) => misallocated(head, allocation)),
    ...[...head.providers.keys()].flatMap((provider) => beyondProvider(head, provider, now)),
    ...differences(head, rebuilt(head)),
  ];
}

function overCapacity(head: Head, node: Bearer, now: Instant): string[] {
  const degraded = [...head.degraded].flatMap((id) => head.reservations.get(id) ?? []);
  const departing = departingFrom(head);
  for (const reservation of degraded) lift(head, reservation, 1);
  for (const machine of departing) liftMachine(head, machine, 1);
  try {
    for (let at = firstDebt(node, now); at !== undefined; at = after(node, at)) {
      const instant = at;
      const offers = [...head.heldOffers.overlapping({ start: at, end: at + 1 })];
      const guilty = [
        ...holdersAt(head, node.id, at).filter(({ status }) => status !== 'degraded'),
        ...offers.filter(({ claims }) => claims.some((claim) => isHeldAt(claim, instant))),
      ].filter((holder) => takesPart(holder, node, instant));
      if (guilty.length > 0 || !excused(head, node)) {
        const ids = guilty.map(({ id }) => id).join(', ');
        return [
          `${node.id} bears more than it has at ${describeInstant(at)}: ${describe(node, at)}; held by ${ids || 'no reservation or offer'}`,
        ];
      }
    }
    return [];
  } finally {
    for (const reservation of degraded) lift(head, reservation, -1);
    for (const machine of departing) liftMachine(head, machine, -1);
  }
}

function overQuota(head: Head, id: NodeId, { quota, reservations }: QuotaAccount, now: Instant): string[] {
  const node = head.nodes.get(id);
  if (node === undefined) return [`${id} has no node`];
  const holders = [...head.reservations.values(), ...head.offers.values(), ...head.allocations.values()].filter(
    (holder) => nodesOfHolder(head, holder).includes(id),
  );
  const kept = holders.filter((holder) => holder.createdOn <= (quota.since ?? now) || isReleased(holder));
  const found: string[] = [];
  if (quota.reservations !== undefined && reservations > quota.reservations && kept.length === 0)
    found.push(`${id} counts ${reservations} reservations of ${quota.reservations}`);
  for (let at = firstDebt(node, now); at !== undefined; at = after(node, at)) {
    const instant = at;
    const excusing = kept.some(({ claims }) => claims.some((claim) => isHeldAt(claim, instant)));
    if (!excusing) return [...found, `${id} is exceeded at ${describeInstant(instant)}: ${describe(node, instant)}`];
  }
  return found;
}

/** Planned changes of a pool do not call anything back by themselves: what is on loan there goes when it is needed. */
function overLent(head: Head, node: Node, now: Instant): string[] {
  if (node.lent.breakpoints === 0 || (head.pools.get(poolOfNode(node.id))?.adjustments.length ?? 0) > 0) return [];
  const staying = loansOn(head, node.id, now).filter((machine) => !isLeaving(machine));
  const lent = total(
    staying.flatMap(({ claims }) => claims.filter((claim) => claim.onLoan).map(({ capacity }) => capacity)),
  );
  const room = fromVector(roomForLoans(head, node, now), node.resources);
  const started = holdersAt(head, node.id, now).filter(({ status }) => status === 'active');
  const needed = total(started.flatMap(({ claims }) => claimsOn(claims, node).map(({ claim }) => claim.capacity)));
  const over = resourcesOf(lent).filter(
    (resource) => (needed[resource] ?? 0) > 0 && (lent[resource] ?? 0) > Math.max(0, room[resource] ?? 0),
  );
  return over.map((resource) => `${node.id} has more ${resource} on loan than reservations that have started leave`);
}

function miswaited(head: Head, id: string): string[] {
  const machine = head.allocations.get(id);
  const found =
    machine?.vmState === 'DELETING' || machine?.vmState === 'ERROR'
      ? []
      : [`${id} is waited for and is not being deleted`];
  for (const waiting of head.awaiting.get(id) ?? []) {
    const status = head.reservations.get(waiting)?.status;
    if (status !== 'scheduled' && status !== 'degraded')
      found.push(`${waiting} waits for ${id} with the status ${String(status)}`);
  }
  return found;
}

function isReleased(holder: Reservation | Offer | Allocation): boolean {
  return 'backing' in holder && holder.backing === 'own' && holder.reservation !== undefined;
}

/** Only what machines hold themselves may exceed what there is. */
function excused(head: Head, node: Bearer): boolean {
  if (isHostId(node.id)) return [...head.allocations.values()].some((each) => occupancyOf(each)?.host === node.id);
  const machines = head.allocationsIn.get(node.id.slice('pool/'.length)) ?? [];
  return [...machines].some((id) => head.allocations.get(id)?.backing === 'own');
}

function after(node: Bearer, at: Instant): Instant | undefined {
  for (const step of node.free.steps({ start: at, end: FOREVER })) {
    if (step.at > at && step.value.some((amount) => amount < 0)) return step.at;
  }
  return undefined;
}

function takesPart({ claims }: { readonly claims: readonly Claim[] }, node: Bearer, at: Instant): boolean {
  const value = node.free.valueAt(at);
  return claimsOn(claims, node).some(
    ({ claim, amount }) => isHeldAt(claim, at) && amount.some((each, index) => each > 0 && (value[index] ?? 0) < 0),
  );
}

function claimsOn(
  claims: readonly Claim[],
  node: Bearer,
): { readonly claim: Claim; readonly amount: CapacityVector }[] {
  return claims.flatMap((claim) => {
    const amount = amountOn(claim, node.id);
    return amount === undefined ? [] : [{ claim, amount }];
  });
}

function describe(node: Bearer, at: Instant): string {
  const value = node.free.valueAt(at);
  return RESOURCES.flatMap((resource, index) =>
    (value[index] ?? 0) < 0 ? [`${-(value[index] ?? 0)} ${resource} too much`] : [],
  ).join(', ');
}

function misheld(head: Head, reservation: Reservation): string[] {
  const found = reservation.claims.flatMap((claim) => misclaimed(head, reservation.id, claim));
  const span = spanOf(reservation);
  for (const claim of reservation.claims) {
    if (!containsWindow(span, spanOfAll(claimWindows(claim))))
      found.push(`a claim of ${reservation.id} lies outside its window`);
  }
  if (new Set(reservation.claims.map(({ id }) => id)).size < reservation.claims.length)
    found.push(`claims of ${reservation.id} share an id`);
  if (isOver(reservation)) return found;
  if (!withinBounds(reservation)) found.push(`the window of ${reservation.id} is not one within its bounds`);
  const machines = allocationsOf(head, reservation.id).filter(({ backing }) => backing === 'reservation');
  const current = currentClaims(reservation);
  for (const claim of current) {
    const bound = claim.host !== undefined || claim.container !== undefined;
    const backed = machines.filter((each) =>
      bound ? each.claim === claim.id : each.claim === undefined && poolNode(each.pool) === claim.node,
    );
    const consumed = countedIn(claim.capacity, total(backed.map(({ capacity }) => capacity)));
    if (claim.element === undefined && !fitsWithin(consumed, claim.capacity))
      found.push(`more is allocated under ${reservation.id} on ${claim.node} than it holds`);
    if (claim.container !== undefined && backed.length > 1)
      found.push(`claim ${claim.id} of ${reservation.id} is allocated ${backed.length} times`);
    if (claim.container !== undefined && claim.host !== undefined) {
      const elsewhere = backed.filter(
        ({ provider, host }) => host === undefined || hostId(provider, host) !== claim.host,
      );
      if (elsewhere.length > 0) found.push(`a machine of claim ${claim.id} of ${reservation.id} is not on its host`);
    }
  }
  for (const { id, claim } of machines) {
    if (claim !== undefined && !current.some((each) => each.id === claim))
      found.push(`${id} runs by a claim that ${reservation.id} does not have`);
  }
  found.push(...misplaced(head, { ...reservation, claims: current }, machines));
  return [...found, ...misrepeated(head, reservation)];
}

/** How many of the windows after the current one are looked at. */
const WINDOWS_CHECKED = 50;

/** What recurrence promises: in each window after the current one, all that was asked for is held, and placed as it is to be. */
function misrepeated(head: Head, reservation: Reservation): string[] {
  const { id, series, hold: held, demand } = reservation;
  if (series === undefined) return [];
  const { occurrence, count, period } = series;
  const { start, end } = currentWindow(reservation);
  const found: string[] = [];
  if (occurrence < 1 || occurrence > count) found.push(`${id} is in window ${occurrence} of ${count}`);
  if (end - start > period) found.push(`the windows of ${id} overlap`);
  if (held !== 'firm') return found;
  const ahead = windowsAhead(reservation);
  for (let index = 1; index < Math.min(countOf(ahead), WINDOWS_CHECKED); index++) {
    const claims = claimsIn(reservation.claims, windowAt(ahead, index));
    const sum = total(
      claims
        .filter(({ container, host }) => container === undefined && host === undefined)
        .map((each) => each.capacity),
    );
    const number = `window ${occurrence + index} of ${id}`;
    if (!equals(sum, demand.capacity)) found.push(`${number} does not hold what was asked for`);
    for (const { name, count: asked } of demand.containers ?? []) {
      const there = claims.filter(({ container }) => container === name).length;
      if (there !== asked) found.push(`${number} has ${there} of ${asked} instances of ${name}`);
    }
    found.push(...misplaced(head, { ...reservation, claims }, []));
  }
  return found;
}

/**
 * What placement promises: as many instances as were asked for and not released since, in groups as they are to be, on hosts with the
 * traits and of the zone. What a VIM did of itself, and what cannot be kept at present, is excused.
 */
function misplaced(head: Head, reservation: Reservation, machines: readonly Allocation[]): string[] {
  const { id, demand, claims, status } = reservation;
  const found: string[] = [];
  const running = new Set(machines.flatMap(({ claim }) => claim ?? []));
  const hostsOf = (group: string): (string | undefined)[] => {
    const members = new Set(demand.containers?.filter((each) => each.group === group).map(({ name }) => name));
    return claims.filter(({ container }) => members.has(container ?? '')).map(({ host }) => host);
  };
  if (running.size === 0) {
    for (const { name, policy } of demand.groups ?? []) {
      const hosts = hostsOf(name);
      const distinct = new Set(hosts);
      if (policy === 'affinity' && distinct.size > 1) found.push(`the group ${name} of ${id} is on several hosts`);
      if (policy === 'anti-affinity' && distinct.size < hosts.length)
        found.push(`members of the group ${name} of ${id} share a host`);
    }
  }
  for (const claim of claims) {
    const container = demand.containers?.find(({ name }) => name === claim.container);
    const host = claim.host === undefined ? undefined : head.hosts.nodes.get(claim.host);
    if (container === undefined || host?.usable !== true || running.has(claim.id) || status === 'degraded') continue;
    const zone = container.zone ?? demand.zone;
    if (zone !== undefined && host.zone !== zone) found.push(`${claim.id} of ${id} is not in the zone ${zone}`);
  }
  return found;
}

function withinBounds({ flexible, startsAt, endsAt }: Reservation | Offer): boolean {
  if (flexible === undefined) return true;
  const { earliestStart = startsAt, latestEnd = endsAt, duration } = flexible;
  return startsAt >= earliestStart && endsAt === startsAt + duration && endsAt <= (latestEnd ?? FOREVER);
}

function misoffered(head: Head, offer: Offer): string[] {
  const found = offer.claims.flatMap((claim) => misclaimed(head, offer.id, claim));
  const held = offer.status === 'held';
  if (!withinBounds(offer)) found.push(`the window of the offer ${offer.id} is not one within its bounds`);
  const until = held ? FOREVER : offer.modifiedOn;
  if (held && (offer.claims.length === 0 || offer.expiresAt > (offer.endsAt ?? FOREVER)))
    found.push(`the offer ${offer.id} is held and holds nothing, or past its window`);
  const span = spanOf(offer);
  for (const claim of offer.claims) {
    const { start, end } = spanOfAll(claimWindows(claim));
    if (start < span.start || end > Math.min(until, span.end))
      found.push(`a claim of the offer ${offer.id} lies outside its time`);
  }
  if (offer.status === 'accepted' && offer.claims.length > 0)
    found.push(`the offer ${offer.id} was accepted and holds something beside its reservation`);
  return found;
}

function misclaimed(head: Head, owner: string, claim: Claim): string[] {
  if (!head.nodes.has(claim.node)) return [`a claim of ${owner} is on ${claim.node}, which does not exist`];
  return resourcesOf(claim.capacity).some((resource) => (claim.capacity[resource] ?? 0) < 0)
    ? [`a claim of ${owner} is negative`]
    : [];
}

function misallocated(head: Head, allocation: Allocation): string[] {
  const found = allocation.claims.flatMap((claim) => misclaimed(head, allocation.id, claim));
  if (allocation.backing === 'own') return found;
  const reservation = allocation.reservation === undefined ? undefined : head.reservations.get(allocation.reservation);
  const failed = allocation.capacity === NOTHING || resourcesOf(allocation.capacity).length === 0;
  if (!failed && (reservation === undefined || isOver(reservation)))
    found.push(`${allocation.id} is backed by a reservation that is not there`);
  if (reservation !== undefined && allocation.endsAt !== reservation.endsAt)
    found.push(`${allocation.id} does not end with its reservation`);
  return found;
}

function beyondProvider(head: Head, provider: string, now: Instant): string[] {
  const node = head.nodes.get(providerNode(provider));
  if (node === undefined || node.resources.length === 0) return [];
  const lost: Capacity = poolsFrom(head, provider).reduce(
    (sum, pool) => add(sum, pool.withdrawn?.capacity ?? {}),
    NOTHING,
  );
  const least = node.free.min({ start: now, end: FOREVER });
  const lacking = node.resources.filter(
    (resource) => (least[RESOURCES.indexOf(resource)] ?? 0) + (lost[resource] ?? 0) < 0,
  );
  return lacking.map((resource) => `the pools of ${provider} have more ${resource} than it has`);
}

/** The head that the records of this one make. */
function rebuilt(head: Head): Head {
  const copy = emptyHead();
  const load = (change: Change): void => {
    for (const { kind, id, body } of writesOf(change)) {
      // Cast: what was an object is one after a journey through JSON.
      loadRecord(copy, { kind, id, body: JSON.parse(JSON.stringify(body)) as object });
    }
  };
  load({ kind: 'policy', id: POLICY_ID, body: head.policy });
  for (const [id, body] of head.providers) load({ kind: 'provider', id, body });
  for (const [id, body] of head.pools) load({ kind: 'pool', id, body });
  for (const [id, body] of head.reservations) load({ kind: 'reservation', id, body });
  for (const [id, body] of head.offers) load({ kind: 'offer', id, body });
  for (const [id, body] of head.allocations) load({ kind: 'allocation', id, body });
  return copy;
}

/** The members of an object by name. */
function inOneOrder(entity: object | undefined): unknown {
  return Object.entries(entity ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

function differences(head: Head, copy: Head): string[] {
  const found: string[] = [];
  const compare = (what: string, a: unknown, b: unknown): void => {
    const [x, y] = [JSON.stringify(a), JSON.stringify(b)];
    if (x !== y) found.push(`${what} differs from what the records make: ${x} instead of ${y}`);
  };
  for (const [id, reservation] of head.reservations) {
    compare(`reservation ${id}`, inOneOrder(reservation), inOneOrder(copy.reservations.get(id)));
  }
  compare('nodes', [...head.nodes.keys()].sort(), [...copy.nodes.keys()].sort());
  for (const [id, node] of head.nodes) {
    const other = copy.nodes.get(id);
    if (other === undefined) continue;
    compare(`${id} resources`, node.resources, other.resources);
    compare(`${id} total`, steps(node.total), steps(other.total));
    compare(`${id} free`, steps(node.free), steps(other.free));
    compare(`${id} lent`, steps(node.lent), steps(other.lent));
    compare(`${id} used`, steps(node.used), steps(other.used));
  }
  compare('hosts', hostsOf(head), hostsOf(copy));
  compare('elements', elementsOf(head), elementsOf(copy));
  compare('pool order', head.poolOrder, copy.poolOrder);
  compare(
    'held',
    head.held.inOrder(ALWAYS).map(({ id }) => id),
    copy.held.inOrder(ALWAYS).map(({ id }) => id),
  );
  compare(
    'over',
    head.over.inOrder(ALWAYS).map(({ id }) => id),
    copy.over.inOrder(ALWAYS).map(({ id }) => id),
  );
  compare(
    'held offers',
    head.heldOffers.inOrder(ALWAYS).map(({ id }) => id),
    copy.heldOffers.inOrder(ALWAYS).map(({ id }) => id),
  );
  compare('upcoming', indexed(head.upcoming), indexed(copy.upcoming));
  compare('standing', members(head.standing), members(copy.standing));
  compare('awaiting', members(head.awaiting), members(copy.awaiting));
  compare('degraded', [...head.degraded].sort(), [...copy.degraded].sort());
  compare('intents', [...head.intents].sort(), [...copy.intents].sort());
  compare('quotas', [...head.quotas].sort(), [...copy.quotas].sort());
  compare('departing', [...head.departing].sort(), [...copy.departing].sort());
  compare('servers', [...head.servers].sort(), [...copy.servers].sort());
  compare('tokens', [...head.tokens].sort(), [...copy.tokens].sort());
  compare('reservations by tenant', members(head.owned.reservation), members(copy.owned.reservation));
  compare('offers by tenant', members(head.owned.offer), members(copy.owned.offer));
  compare('allocations by tenant', members(head.owned.allocation), members(copy.owned.allocation));
  compare('allocations by reservation', members(head.allocationsOf), members(copy.allocationsOf));
  compare('allocations by pool', members(head.allocationsIn), members(copy.allocationsIn));
  return found;
}

function hostsOf({ hosts }: Head): unknown {
  return [...hosts.nodes.values()]
    .map(({ id, zone, traits, usable, size, free, holders }) => [
      id,
      zone,
      traits,
      usable,
      size,
      steps(free),
      [...holders].sort(),
    ])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

function elementsOf({ hosts }: Head): unknown {
  return [...hosts.elements]
    .map(([id, held]) => [id, steps(held)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

function steps(timeline: Timeline): unknown {
  return [...timeline.steps(ALWAYS)].map(({ at, value }) => [at === -Infinity ? null : at, [...value]]);
}

function indexed(map: Head['upcoming']): unknown {
  return [...map].map(([node, index]) => [node, index.inOrder(ALWAYS).map(({ id }) => id)]).sort();
}

function members(map: ReadonlyMap<string, ReadonlySet<string>>): unknown {
  return [...map].map(([key, ids]) => [key, [...ids].sort()]).sort();
}
