/**
 * What always holds, as one function: run after each step in tests, and on a data directory by whoever doubts it.
 *
 * 1. No pool or host bears more than it has at any instant from now on, and no element is held by two or is not there, save what degraded reservations hold and what machines hold
 *    whose capacity was lost, whose reservation is over, or that are being deleted; and where such a debt is, no offer and no
 *    reservation that is not degraded has a part in it.
 *    No tenant or user holds more than a quota allows, save with what it held when the quota was set and with machines whose
 *    reservation is over.
 * 2. Every claim lies on a node that exists, is not negative, and lies in the window of its owner.
 * 3. What is allocated under a reservation lies within its claims, each instance once and on its host; instances are placed as their
 *    groups and zones say.
 * 4. Pools have no more than their provider, where that is known, save for what they lost with it.
 * 5. An offer holds in its window what was offered, and one that is over holds nothing from then on.
 * 6. A window that was chosen lies within the bounds of the request and has its length. Only what is degraded says when that eases.
 * 7. Of what recurs, each window after the current one holds all that was asked for, placed as it is to be.
 * 8. Where a reservation that has started holds something, no more is on loan than nobody needs, save by machines that are being deleted;
 *    and who waits for machines to be gone has not started, or the VIM has not been asked for it, and they are being deleted.
 * 9. What pools, providers, quotas, hosts and elements show over time is the sum of the parts.
 * 10. A head that is built anew from the records equals this one.
 */
import { NOTHING, RESOURCES, add, addVectors, equals, fitsWithin, resourcesOf, total, zeroVector } from './capacity.ts';
import type { Capacity, CapacityVector, Resource } from './capacity.ts';
import { backed, countedIn } from './claims.ts';
import { amountOn, firstDebt, isHostId } from './debt.ts';
import { isElementId } from './element-map.ts';
import type { Bearer } from './debt.ts';
import type { Allocation, Claim, NodeId, Offer, Reservation } from './entities.ts';
import { departingFrom } from './giving-way.ts';
import { holdersAt, isHeldAt, lift, liftMachine } from './holders.ts';
import { hostId } from './hosts.ts';
import { nodesOfHolder } from './quota.ts';
import type { QuotaAccount } from './quota.ts';
import { isLeaving, loansOn, roomForLoans } from './vacancy.ts';
import { takenBy } from './machine-claims.ts';
import { isOver, poolNode, poolOfNode, providerNode } from './state.ts';
import type { Head, Node } from './state.ts';
import { poolsFrom } from './provider-supply.ts';
import { differencesFromRecords } from './rebuilt.ts';
import { sumsOfParts } from './sums.ts';
import { FOREVER, containsWindow } from './window.ts';
import type { Instant } from './window.ts';
import { claimsIn, currentClaims } from './occurrence.ts';
import { currentWindow, spanOf, windowsAhead, windowsOf } from './window-index.ts';
import { countOf, spanOfAll, windowAt, windowsIn } from './windows.ts';
import { isPoolNode } from './entities.ts';

/** Which of them is violated: 9 is `sum`, 10 is `records`. */
export type Rule =
  | 'capacity'
  | 'quota'
  | 'loan'
  | 'claim'
  | 'reservation'
  | 'offer'
  | 'allocation'
  | 'provider'
  | 'element'
  | 'sum'
  | 'records';

export interface Violation {
  readonly rule: Rule;
  /** Node of the capacity map, or id of the entity. */
  readonly where: string;
  /** From when on, where it is about an instant. */
  readonly at?: Instant;
  readonly message: string;
}

export interface Inspection {
  /** Is told of everything that is looked at, when that is done. */
  readonly inspected?: (rule: Rule, where: string) => void;
  /** Whether the records are made into a head anew, for rule 10. A head that has just been loaded is one. */
  readonly anew?: boolean;
}

/** Every violation; empty when all holds. */
export function violations(head: Head, now: Instant, { inspected, anew = true }: Inspection = {}): Violation[] {
  const found: Violation[] = [];
  const inspect = (rule: Rule, where: string, findings: readonly Finding[]): void => {
    for (const finding of findings) {
      found.push({ rule, where, ...(typeof finding === 'string' ? { message: finding } : finding) });
    }
    inspected?.(rule, where);
  };
  const excusedNow = excusedFrom(head);
  excusedNow.lift();
  try {
    for (const node of head.nodes.values()) {
      if (isPoolNode(node.id)) inspect('capacity', node.id, overCapacity(head, node, now));
    }
    for (const host of head.hosts.nodes.values()) inspect('capacity', host.id, overCapacity(head, host, now));
    for (const element of head.elements.nodes.values())
      inspect('element', element.id, overCapacity(head, element, now));
  } finally {
    excusedNow.putBack();
  }
  for (const [id, account] of head.quotas) inspect('quota', id, overQuota(head, id, account, now));
  for (const node of [...head.nodes.values(), ...head.hosts.nodes.values()])
    inspect('loan', node.id, overLent(head, node, now));
  for (const machine of new Set([...head.awaiting.keys(), ...head.waiting.keys()]))
    inspect('loan', machine, miswaited(head, machine));
  for (const reservation of head.reservations.values()) {
    inspect('claim', reservation.id, misclaimed(head, reservation.claims, isOver(reservation)));
    inspect('reservation', reservation.id, misheld(head, reservation));
  }
  for (const offer of head.offers.values()) {
    inspect('claim', offer.id, misclaimed(head, offer.claims, offer.status !== 'held'));
    inspect('offer', offer.id, misoffered(head, offer));
  }
  for (const allocation of head.allocations.values()) {
    inspect('claim', allocation.id, misclaimed(head, allocation.claims, false));
    inspect('allocation', allocation.id, misallocated(head, allocation));
  }
  for (const provider of head.providers.keys()) inspect('provider', provider, beyondProvider(head, provider, now));
  for (const { where, found: mismatches } of sumsOfParts(head)) inspect('sum', where, mismatches);
  if (anew) inspect('records', 'head', differencesFromRecords(head));
  return found;
}

/** What is wrong with the subject, and from when on where that is known. */
type Finding = string | { readonly at: Instant; readonly message: string };

/** What may exceed what there is: degraded reservations, and machines that are being deleted. They are lifted for the look at all nodes. */
function excusedFrom(head: Head): { readonly lift: () => void; readonly putBack: () => void } {
  const degraded = [...head.degraded].flatMap((id) => head.reservations.get(id) ?? []);
  const departing = departingFrom(head);
  const move = (sign: 1 | -1): void => {
    for (const reservation of degraded) lift(head, reservation, sign);
    for (const machine of departing) liftMachine(head, machine, sign);
  };
  return { lift: () => move(1), putBack: () => move(-1) };
}

function overCapacity(head: Head, node: Bearer, now: Instant): Finding[] {
  for (let at = firstDebt(node, now); at !== undefined; at = after(node, at)) {
    const instant = at;
    const offers = [...head.heldOffers.overlapping({ start: at, end: at + 1 })];
    const guilty = [
      ...holdersAt(head, node.id, at).filter(({ status }) => status !== 'degraded'),
      ...offers.filter(({ claims }) => claims.some((claim) => isHeldAt(claim, instant))),
    ].filter((holder) => takesPart(holder, node, instant));
    if (guilty.length > 0 || !excused(head, node)) {
      const ids = guilty.map(({ id }) => id).join(', ');
      return [{ at, message: `${excess(head, node, at)}; held by ${ids || 'no reservation or offer'}` }];
    }
  }
  return [];
}

function excess(head: Head, node: Bearer, at: Instant): string {
  if (!isElementId(node.id)) return `bears more than it has: ${describe(node, at)}`;
  return head.elements.nodes.get(node.id)?.there === true ? 'is held by two at once' : 'is held and is not there';
}

function overQuota(head: Head, id: NodeId, { quota, reservations }: QuotaAccount, now: Instant): Finding[] {
  const node = head.nodes.get(id);
  if (node === undefined) return ['is counted and has no node'];
  const tooMany = quota.reservations !== undefined && reservations > quota.reservations;
  const first = firstDebt(node, now);
  if (!tooMany && first === undefined) return [];
  const kept = [...holdersUnder(head, id)].filter(
    (holder) => holder.createdOn <= (quota.since ?? now) || isReleased(holder),
  );
  const found: Finding[] = [];
  if (tooMany && kept.length === 0) found.push(`counts ${reservations} reservations of ${quota.reservations}`);
  for (let at = first; at !== undefined; at = after(node, at)) {
    const instant = at;
    const excusing = kept.some(({ claims }) => claims.some((claim) => isHeldAt(claim, instant)));
    if (!excusing) return [...found, { at, message: `is exceeded: ${describe(node, instant)}` }];
  }
  return found;
}

function* holdersUnder(head: Head, quota: NodeId): Generator<Reservation | Offer | Allocation> {
  for (const holders of [head.reservations, head.offers, head.allocations]) {
    for (const holder of holders.values()) if (nodesOfHolder(head, holder).includes(quota)) yield holder;
  }
}

/** Planned changes of a pool or host do not call anything back by themselves: what is on loan there goes when it is needed. */
function overLent(head: Head, node: Pick<Node, 'id' | 'free' | 'lent'>, now: Instant): string[] {
  if (node.lent.breakpoints === 0 || isPlanned(head, node.id)) return [];
  const sumOn = (claims: readonly Claim[]): CapacityVector => {
    const sum = zeroVector();
    for (const { amount } of claimsOn(claims, node)) addVectors(sum, amount, 1);
    return sum;
  };
  const staying = loansOn(head, node.id, now).filter((machine) => !isLeaving(machine));
  const lent = sumOn(staying.flatMap((machine) => takenBy(machine).filter(({ onLoan }) => onLoan === true)));
  const started = holdersAt(head, node.id, now).filter(({ status }) => status === 'active');
  const needed = sumOn(started.flatMap(({ claims }) => claims));
  const room = roomForLoans(head, node, now);
  const over = RESOURCES.filter(
    (_, lane) => (needed[lane] ?? 0) > 0 && (lent[lane] ?? 0) > Math.max(0, room[lane] ?? 0),
  );
  return over.map((resource) => `has more ${resource} on loan than reservations that have started leave`);
}

/** Whether there are planned changes of what a pool or host has. */
function isPlanned(head: Head, id: NodeId): boolean {
  if (isHostId(id)) return head.outages.hosts.has(id);
  const pool = poolOfNode(id);
  return (head.pools.get(pool)?.adjustments.length ?? 0) > 0 || head.outages.pools.has(pool);
}

function miswaited(head: Head, id: string): string[] {
  const machine = head.allocations.get(id);
  const found =
    machine?.vmState === 'DELETING' || machine?.vmState === 'ERROR' ? [] : ['is waited for and is not being deleted'];
  for (const waiting of head.awaiting.get(id) ?? []) {
    const status = head.reservations.get(waiting)?.status;
    if (status !== 'scheduled' && status !== 'degraded')
      found.push(`${waiting} waits for it with the status ${String(status)}`);
  }
  for (const waiting of head.waiting.get(id) ?? []) {
    const { vmState, intent, server } = head.allocations.get(waiting) ?? {};
    if (vmState !== 'INITIALIZED' || intent !== undefined || server !== undefined)
      found.push(`${waiting} waits for it, and the VIM has been asked for it`);
  }
  return found;
}

function isReleased(holder: Reservation | Offer | Allocation): boolean {
  return 'backing' in holder && holder.backing === 'own' && holder.reservation !== undefined;
}

/** Only what machines hold themselves may exceed what there is. */
function excused(head: Head, node: Bearer): boolean {
  if (isHostId(node.id))
    return [...head.allocations.values()].some((each) => takenBy(each).some((claim) => claim.node === node.id));
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
  const found: string[] = [];
  const span = spanOf(reservation);
  for (const claim of reservation.claims) {
    if (!containsWindow(span, spanOfAll(windowsIn(claim)))) found.push(`its claim ${claim.id} lies outside its window`);
  }
  if (reservation.easesAt !== undefined && reservation.status !== 'degraded')
    found.push('it says when it eases and is not degraded');
  if (reservation.noticed !== undefined && (isOver(reservation) || reservation.noticed !== reservation.endsAt))
    found.push('it says that notice was given of an end that it does not have');
  if (isOver(reservation)) return found;
  if (!withinBounds(reservation)) found.push('its window is not one within its bounds');
  const machines = backed(head, reservation);
  const current = currentClaims(reservation);
  if (machines.length > 0) found.push(...misused(current, machines));
  found.push(...misplaced(head, reservation, current, machines));
  return [...found, ...misrepeated(head, reservation)];
}

/** What runs under a reservation lies within its claims. */
function misused(current: readonly Claim[], machines: readonly Allocation[]): string[] {
  const found: string[] = [];
  for (const claim of current) {
    const bound = claim.host !== undefined || claim.container !== undefined;
    const backed = machines.filter((each) =>
      bound ? each.claim === claim.id : each.claim === undefined && poolNode(each.pool) === claim.node,
    );
    const consumed = countedIn(claim.capacity, total(backed.map(({ capacity }) => capacity)));
    if (claim.element === undefined && !fitsWithin(consumed, claim.capacity))
      found.push(`more is allocated under it on ${claim.node} than it holds`);
    if (claim.container !== undefined && backed.length > 1)
      found.push(`its claim ${claim.id} is allocated ${backed.length} times`);
    if (claim.container !== undefined && claim.host !== undefined) {
      const elsewhere = backed.filter(
        ({ provider, host }) => host === undefined || hostId(provider, host) !== claim.host,
      );
      if (elsewhere.length > 0) found.push(`a machine of its claim ${claim.id} is not on the host of the claim`);
    }
  }
  for (const { id, claim } of machines) {
    if (claim !== undefined && !current.some((each) => each.id === claim))
      found.push(`${id} runs by a claim that it does not have`);
  }
  return found;
}

/** How many of the windows after the current one are looked at. */
const WINDOWS_CHECKED = 50;

/** What recurrence promises: in each window after the current one, all that was asked for is held, and placed as it is to be. */
function misrepeated(head: Head, reservation: Reservation): string[] {
  const { series, hold: held, demand } = reservation;
  if (series === undefined) return [];
  const { occurrence, count, period } = series;
  const { start, end } = currentWindow(reservation);
  const found: string[] = [];
  if (occurrence < 1 || occurrence > count) found.push(`it is in window ${occurrence} of ${count}`);
  if (end - start > period) found.push('its windows overlap');
  if (held !== 'firm') return found;
  const ahead = windowsAhead(reservation);
  for (let index = 1; index < Math.min(countOf(ahead), WINDOWS_CHECKED); index++) {
    const claims = claimsIn(reservation.claims, windowAt(ahead, index));
    const sum = total(
      claims
        .filter(({ container, host }) => container === undefined && host === undefined)
        .map((each) => each.capacity),
    );
    const number = `its window ${occurrence + index}`;
    if (!equals(sum, demand.capacity)) found.push(`${number} does not hold what was asked for`);
    for (const { name, count: asked } of demand.containers ?? []) {
      const there = claims.filter(({ container }) => container === name).length;
      if (there !== asked) found.push(`${number} has ${there} of ${asked} instances of ${name}`);
    }
    found.push(...misplaced(head, reservation, claims, []));
  }
  return found;
}

/**
 * What placement promises: as many instances as were asked for and not released since, in groups as they are to be, on hosts with the
 * traits and of the zone. What a VIM did of itself, and what cannot be kept at present, is excused.
 */
function misplaced(
  head: Head,
  { demand, status }: Reservation,
  claims: readonly Claim[],
  machines: readonly Allocation[],
): string[] {
  if (demand.containers === undefined) return [];
  const found: string[] = [];
  const running = new Set(machines.flatMap(({ claim }) => claim ?? []));
  /** Hosts of the members, or pools where the VIM chooses the host. */
  const hostsOf = (group: string): NodeId[] => {
    const members = new Set(demand.containers?.filter((each) => each.group === group).map(({ name }) => name));
    return claims.filter(({ container }) => members.has(container ?? '')).map(({ host, node }) => host ?? node);
  };
  if (running.size === 0) {
    for (const { name, policy } of demand.groups ?? []) {
      const hosts = hostsOf(name);
      if (policy === 'affinity' && new Set(hosts).size > 1) found.push(`its group ${name} is on several hosts`);
      const known = hosts.filter(isHostId);
      if (policy === 'anti-affinity' && new Set(known).size < known.length)
        found.push(`members of its group ${name} share a host`);
    }
  }
  for (const claim of claims) {
    const container = demand.containers.find(({ name }) => name === claim.container);
    const host = claim.host === undefined ? undefined : head.hosts.nodes.get(claim.host);
    if (container === undefined || host?.usable !== true || running.has(claim.id) || status === 'degraded') continue;
    const zone = container.zone ?? demand.zone;
    if (zone !== undefined && host.zone !== zone) found.push(`its claim ${claim.id} is not in the zone ${zone}`);
  }
  return found;
}

function withinBounds(held: Reservation | Offer): boolean {
  if (held.flexible === undefined) return true;
  const { start, end } = windowsOf(held);
  const { earliestStart = start, latestEnd = end, duration } = held.flexible;
  return start >= earliestStart && end === start + duration && end <= latestEnd;
}

function misoffered(head: Head, offer: Offer): string[] {
  const found: string[] = [];
  const held = offer.status === 'held';
  if (!withinBounds(offer)) found.push('its window is not one within its bounds');
  const until = held ? FOREVER : offer.modifiedOn;
  if (held && (offer.claims.length === 0 || offer.expiresAt > offer.endsAt))
    found.push('it is held and holds nothing, or past its window');
  const span = spanOf(offer);
  for (const claim of offer.claims) {
    const { start, end } = spanOfAll(windowsIn(claim));
    if (start < span.start || end > Math.min(until, span.end))
      found.push(`its claim ${claim.id} lies outside its time`);
  }
  if (offer.status === 'accepted' && offer.claims.length > 0)
    found.push('it was accepted and holds something beside its reservation');
  return found;
}

/** What is held lies where there is something to be held, and is there once in its owner. Of one that is over, the pool may be gone. */
function misclaimed(head: Head, claims: readonly Claim[], over: boolean): string[] {
  const found: string[] = [];
  for (const { id, node, capacity, disk = 0 } of claims) {
    if (!over && !head.pools.has(poolOfNode(node))) found.push(`its claim ${id} is on ${node}, which does not exist`);
    if (disk < 0 || resourcesOf(capacity).some((resource) => (capacity[resource] ?? 0) < 0))
      found.push(`its claim ${id} is negative`);
  }
  if (claims.length > 1 && new Set(claims.map(({ id }) => id)).size < claims.length)
    found.push('its claims share an id');
  return found;
}

function misallocated(head: Head, allocation: Allocation): string[] {
  const found: string[] = [];
  const { pool, provider } = allocation;
  if (!head.providers.has(provider)) found.push(`its provider ${provider} does not exist`);
  if (!head.pools.has(pool)) found.push(`its pool ${pool} does not exist`);
  if (allocation.backing === 'own') return found;
  const reservation = allocation.reservation === undefined ? undefined : head.reservations.get(allocation.reservation);
  const failed = allocation.capacity === NOTHING || resourcesOf(allocation.capacity).length === 0;
  if (!failed && (reservation === undefined || isOver(reservation)))
    found.push('it is backed by a reservation that is not there');
  if (reservation !== undefined && allocation.endsAt !== reservation.endsAt)
    found.push('it does not end with its reservation');
  return found;
}

function beyondProvider(head: Head, provider: string, now: Instant): string[] {
  const node = head.nodes.get(providerNode(provider));
  if (node === undefined || node.resources.length === 0) return [];
  const losses = poolsFrom(head, provider).flatMap(({ lost = [] }) => lost);
  const changes = losses.flatMap(({ since, until = FOREVER }) => [since, until]);
  const instants = [...new Set([now, ...changes])].filter((at) => now <= at && at < FOREVER).sort((a, b) => a - b);
  const lacking = new Set<Resource>();
  for (const [index, start] of instants.entries()) {
    const lost = losses
      .filter(({ since, until = FOREVER }) => since <= start && start < until)
      .reduce<Capacity>((sum, { capacity }) => add(sum, capacity), NOTHING);
    const least = node.free.min({ start, end: instants[index + 1] ?? FOREVER });
    for (const resource of node.resources) {
      if ((least[RESOURCES.indexOf(resource)] ?? 0) + (lost[resource] ?? 0) < 0) lacking.add(resource);
    }
  }
  return [...lacking].map((resource) => `its pools have more ${resource} than it has`);
}
