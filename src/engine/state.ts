/**
 * The head: all entities in memory, and what is computed from them so that decisions are fast.
 *
 * Only `apply` changes it, one entity at a time: it takes out what the old version of the entity contributed to timelines and
 * indexes, and puts in what the new one contributes. Loading is the same operation on the records of the store, in
 * any order, so that a rebuilt head equals the one that was left. Both cost O(log n) for each claim.
 */
import type { RecordKind, RecordWrite, StoredRecord } from '../store/store.ts';
import { toVector, zeroVector } from './capacity.ts';
import type { Capacity, CapacityVector, Resource } from './capacity.ts';
import { emptyNode } from './empty-node.ts';
import { DEFAULT_POLICY, isPoolNode } from './entities.ts';
import type {
  Allocation,
  Claim,
  Demand,
  ElementId,
  Id,
  NodeId,
  Offer,
  Policy,
  Pool,
  PreEmption,
  Provider,
  Reservation,
} from './entities.ts';
import { elementMade, elementsUsed } from './allocated-elements.ts';
import { isHostId } from './debt.ts';
import { ElementMap, isElementId, partsOfElement } from './element-map.ts';
import { HostMap, onHost } from './hosts.ts';
import { keptUntil, loanedFrom, takenBy } from './machine-claims.ts';
import { holdsTheSame, takesTheSame } from './same-hold.ts';
import { emptyOwnedIndex } from './ownership.ts';
import type { Owned, OwnedIndex, OwnedKind } from './ownership.ts';
import { ReservationIndex, ReservationMap } from './reservation-map.ts';
import { poolIn } from './pool-record.ts';
import type { PoolRecord } from './pool-record.ts';
import { recordOf, reservationIn, sharedClaims } from './reservation-record.ts';
import type { ReservationRecord } from './reservation-record.ts';
import { countAllocation, countOffer, countReservation, recount } from './quota.ts';
import type { QuotaAccount } from './quota.ts';
import { NO_OUTAGES, changedOutages, outagesOf } from './outages.ts';
import type { Outages } from './outages.ts';
import { inventoryCapacity, nominalSegments, poolResources, poolSegments } from './supply.ts';
import type { Segment } from './supply.ts';
import { Timeline } from './timeline.ts';
import { ALWAYS } from './window.ts';
import type { Window } from './window.ts';
import { isOutstanding } from './outstanding.ts';
import { WindowIndex } from './window-index.ts';
import type { Spanned } from './window-index.ts';
import { addOver, eachOf, windowsIn } from './windows.ts';
import { FINAL_STATUSES } from './lifecycle.ts';

/** The id of the one policy record. */
export const POLICY_ID = 'policy';

/** The entities by the kind of their record. */
export interface EntityOf {
  readonly provider: Provider;
  readonly pool: Pool;
  readonly reservation: Reservation;
  readonly offer: Offer;
  readonly allocation: Allocation;
  readonly policy: Policy;
}

export type EntityKind = keyof EntityOf;

/** Puts an entity in place of the one of the same id, or removes it (body null). */
export type Change = {
  [Kind in EntityKind]: { readonly kind: Kind; readonly id: Id; readonly body: EntityOf[Kind] | null };
}[EntityKind];

/** Something that bears claims, with its capacity over time. */
export interface Node {
  readonly id: NodeId;
  /** The resources that it counts. Of others it has nothing. */
  resources: readonly Resource[];
  /** What there is. */
  readonly total: Timeline;
  /** What there is less all claims on it, save those on loan; below zero where more is held than there is. */
  readonly free: Timeline;
  /** What machines have of it until a reservation needs it. */
  readonly lent: Timeline;
  /** What allocations consume, save what is on loan. Held and not used = total - free - used. */
  readonly used: Timeline;
}

export interface Head {
  readonly providers: Map<Id, Provider>;
  readonly pools: Map<Id, Pool>;
  readonly reservations: ReservationMap;
  readonly offers: Map<Id, Offer>;
  readonly allocations: Map<Id, Allocation>;
  policy: Policy;
  readonly nodes: Map<NodeId, Node>;
  readonly hosts: HostMap;
  readonly elements: ElementMap;
  /** What is out of service by plan, as it is counted on pools and hosts. */
  outages: Outages;
  /** Ids of pools in order, the order in which demands are placed. */
  poolOrder: readonly Id[];
  /** Reservations that hold something or will, by their window in effect. Those that are over and hold nothing are not in it. */
  readonly held: ReservationIndex;
  /** Reservations that are over and kept for the record. */
  readonly over: ReservationIndex;
  /** Offers that are held, by their window. */
  readonly heldOffers: WindowIndex<Offer>;
  /**
   * Reservations that have not started, by the nodes on which they hold something; only on nodes of providers on which
   * something may be displaced. Degraded ones are in it whether they have started or not.
   */
  readonly upcoming: Map<NodeId, ReservationIndex>;
  /** Machines that hold something themselves, and what else is being withdrawn, by pool and host. */
  readonly standing: Map<NodeId, Set<Id>>;
  /** Reservations that wait for a machine to be gone, by the machine. */
  readonly awaiting: Map<Id, Set<Id>>;
  /** Machines that are made when a machine is gone, by that one. */
  readonly waiting: Map<Id, Set<Id>>;
  /** Reservations that cannot be kept in full. */
  readonly degraded: Set<Id>;
  /** What belongs to each tenant. */
  readonly owned: OwnedIndex;
  readonly allocationsOf: Map<Id, Set<Id>>;
  readonly allocationsIn: Map<Id, Set<Id>>;
  /** Allocations by the server that the VIM made: key `serverKey`. */
  readonly servers: Map<string, Id>;
  /** Machines by the networks, ports and volumes that they use. */
  readonly users: Map<ElementId, Set<Id>>;
  /** Allocations by their idempotency token. */
  readonly tokens: Map<string, Id>;
  /** Allocations with something that the VIM has still to be told. */
  readonly intents: Set<Id>;
  /** Allocations that hold their capacity themselves and are being deleted: it is on its way back. */
  readonly departing: Set<Id>;
  /** What is counted for the quotas whose nodes are there. */
  readonly quotas: Map<NodeId, QuotaAccount>;
}

export function emptyHead(): Head {
  const nodes = new Map<NodeId, Node>();
  const hosts = new HostMap();
  const reservations = new ReservationMap({ nodes, hosts });
  return {
    providers: new Map(),
    pools: new Map(),
    reservations,
    offers: new Map(),
    allocations: new Map(),
    policy: DEFAULT_POLICY,
    nodes,
    hosts,
    elements: new ElementMap(),
    outages: NO_OUTAGES,
    poolOrder: [],
    held: new ReservationIndex(reservations),
    over: new ReservationIndex(reservations),
    heldOffers: new WindowIndex(),
    upcoming: new Map(),
    standing: new Map(),
    awaiting: new Map(),
    waiting: new Map(),
    degraded: new Set(),
    owned: emptyOwnedIndex(),
    allocationsOf: new Map(),
    allocationsIn: new Map(),
    servers: new Map(),
    users: new Map(),
    tokens: new Map(),
    intents: new Set(),
    departing: new Set(),
    quotas: new Map(),
  };
}

export function poolNode(pool: Id): NodeId {
  return `pool/${pool}`;
}

export function providerNode(provider: Id): NodeId {
  return `provider/${provider}`;
}

/** The pool of a node that is one. */
export function poolOfNode(node: NodeId): Id {
  return node.slice(node.indexOf('/') + 1);
}

export function serverKey(provider: Id, server: string): string {
  return `${provider}/${server}`;
}

/** The allocation to which a provider gave an id: of a server, or of whatever else was allocated. */
export function allocationWith(head: Head, provider: Id, server: string): Allocation | undefined {
  return head.allocations.get(head.servers.get(serverKey(provider, server)) ?? '');
}

/** Whether a reservation is over: nothing leads on from its status. */
export function isOver({ status }: Reservation): boolean {
  return FINAL_STATUSES.has(status);
}

/** The allocations made against a reservation that are not gone, in the order of their making. */
export function allocationsOf(head: Head, reservation: Id): Allocation[] {
  const found: Allocation[] = [];
  for (const id of head.allocationsOf.get(reservation) ?? []) {
    const allocation = head.allocations.get(id);
    if (allocation !== undefined) found.push(allocation);
  }
  return found;
}

/** What is allocated at a provider, or recorded to be. Looks at all allocations. */
export function* allocationsAt(head: Head, provider: Id): Generator<Allocation, void, undefined> {
  for (const each of head.allocations.values()) if (each.provider === provider) yield each;
}

/** Changes the head. */
export function apply(head: Head, change: Change): void {
  switch (change.kind) {
    case 'policy':
      setPolicy(head, change.body ?? DEFAULT_POLICY);
      followMaintenance(head);
      break;
    case 'provider':
      head.hosts.follow(change.id, head.providers.get(change.id)?.inventory, change.body?.inventory);
      head.elements.follow(change.id, head.providers.get(change.id)?.inventory, change.body?.inventory);
      applyProvider(head, change.id, change.body);
      followMaintenance(head);
      break;
    case 'pool':
      applyPool(head, change.id, change.body);
      head.poolOrder = [...head.pools.keys()].sort();
      followMaintenance(head);
      break;
    case 'reservation':
      replace(head, head.reservations, change.id, change.body, linkReservation, holdsTheSame);
      break;
    case 'offer':
      replace(head, head.offers, change.id, change.body, linkOffer);
      break;
    case 'allocation':
      replace(head, head.allocations, change.id, change.body, linkAllocation, takesTheSame);
      break;
  }
}

/** The change that takes back `change`, as the head is before it. */
export function inverse(head: Head, change: Change): Change {
  switch (change.kind) {
    case 'policy':
      return { kind: 'policy', id: change.id, body: head.policy };
    case 'provider':
      return { kind: 'provider', id: change.id, body: head.providers.get(change.id) ?? null };
    case 'pool':
      return { kind: 'pool', id: change.id, body: head.pools.get(change.id) ?? null };
    case 'reservation':
      return { kind: 'reservation', id: change.id, body: head.reservations.get(change.id) ?? null };
    case 'offer':
      return { kind: 'offer', id: change.id, body: head.offers.get(change.id) ?? null };
    case 'allocation':
      return { kind: 'allocation', id: change.id, body: head.allocations.get(change.id) ?? null };
  }
}

const ENTITY_KINDS: ReadonlySet<RecordKind> = new Set<EntityKind>([
  'provider',
  'pool',
  'reservation',
  'offer',
  'allocation',
  'policy',
]);

/**
 * Takes a record that is not in the head into it: a change like any other. Records of kinds that are not the engine's are left alone.
 *
 * What reservations hold is put into timelines and indexes when these are next looked at, all of it together.
 */
export function loadRecord(head: Head, record: StoredRecord): void {
  if (!ENTITY_KINDS.has(record.kind)) return;
  if (record.kind === 'reservation') {
    // Cast: as below.
    const reservation = reservationIn(record.id, record.body as ReservationRecord, head);
    const entry = head.reservations.load(reservation, record.text);
    linkReservation(head, reservation, 1, false, entry);
    return;
  }
  // Casts: the body was written by `writesOf` below; the store vouches that it is what was written.
  const body = record.kind === 'pool' ? poolIn(record.body as PoolRecord) : withSharedClaims(head, record.body);
  apply(head, { kind: record.kind, id: record.id, body } as Change);
}

function withSharedClaims(head: Head, body: object): object {
  if (!('claims' in body)) return body;
  // Cast: every entity with claims has them in this form.
  const entity = body as { readonly claims: readonly Claim[]; readonly demand?: Demand };
  return { ...entity, claims: sharedClaims(entity.claims, entity.demand?.capacity, head) };
}

/** The record that holds a change. */
export function writesOf(change: Change): readonly RecordWrite[] {
  if (change.kind !== 'reservation' || change.body === null) return [change];
  return [{ kind: change.kind, id: change.id, body: recordOf(change.body) }];
}

/** How the ledger deals with this head; the form of events in the log is for who knows the notifications. */
export const engineModel = { empty: emptyHead, restore: loadRecord, apply, writes: writesOf } as const;

/** Whether something is put where it belongs at once, or, when much is loaded, when that is next looked at. */
type When = 'now' | 'later';

/** @param kept whether what it holds stays as it is, and need not be given back and held again */
type Link<Entity> = (head: Head, entity: Entity, sign: 1 | -1, kept: boolean) => void;

interface Entities<Entity> {
  get(id: Id): Entity | undefined;
  set(id: Id, entity: Entity): void;
  delete(id: Id): void;
}

function replace<Entity>(
  head: Head,
  entities: Entities<Entity>,
  id: Id,
  body: Entity | null,
  link: Link<Entity>,
  keeps: (old: Entity, body: Entity) => boolean = () => false,
): void {
  const old = entities.get(id);
  const kept = old !== undefined && body !== null && keeps(old, body);
  // Gone before it is unlinked, so that nodes that stand for it can go with it.
  if (body === null) entities.delete(id);
  if (old !== undefined) link(head, old, -1, kept);
  if (body === null) return;
  entities.set(id, body);
  link(head, body, 1, kept);
}

function applyProvider(head: Head, id: Id, body: Provider | null): void {
  const before = head.providers.get(id)?.preEmption;
  replace(head, head.providers, id, body, linkProvider);
  if (body?.preEmption === before) return;
  for (const pool of head.pools.values()) if (pool.source === id) reindexUpcoming(head, poolNode(pool.id));
}

function applyPool(head: Head, id: Id, body: Pool | null): void {
  const before = head.pools.get(id)?.source;
  const bearing = head.nodes.has(poolNode(id));
  replace(head, head.pools, id, body, linkPool);
  if (bearing && body?.source !== before) reindexUpcoming(head, poolNode(id));
}

/** What may be displaced on a pool, host or element: the policy of its provider. */
export function preEmptionOn(head: Head, node: NodeId): PreEmption {
  return head.providers.get(providerOf(head, node) ?? '')?.preEmption ?? 'none';
}

function providerOf(head: Head, node: NodeId): Id | undefined {
  if (isPoolNode(node)) return head.pools.get(poolOfNode(node))?.source;
  if (isElementId(node)) return partsOfElement(node).provider;
  return isHostId(node) ? head.hosts.nodes.get(node)?.provider : undefined;
}

/** Looks at all reservations: only for a policy that changes, or a pool that comes after its claims. */
function reindexUpcoming(head: Head, node: NodeId): void {
  head.upcoming.delete(node);
  if (preEmptionOn(head, node) === 'none') return;
  for (const reservation of head.held.overlapping(ALWAYS)) {
    if (reservation.claims.some((claim) => claim.node === node)) indexUpcoming(head, reservation, node, 1);
  }
}

function indexUpcoming(head: Head, reservation: Reservation, node: NodeId, sign: 1 | -1, loaded?: Spanned): void {
  if (reservation.status !== 'scheduled' && reservation.status !== 'degraded') return;
  let index = head.upcoming.get(node);
  if (sign === -1) {
    index?.delete(reservation);
    if (index?.size === 0) head.upcoming.delete(node);
    return;
  }
  if (preEmptionOn(head, node) === 'none') return;
  if (index === undefined) {
    index = new ReservationIndex(head.reservations);
    head.upcoming.set(node, index);
  }
  addTo(index, reservation, loaded);
}

function linkProvider(head: Head, provider: Provider, sign: 1 | -1): void {
  const node = nodeFor(head, providerNode(provider.id));
  if (provider.inventory === undefined) {
    dropIfEmpty(head, node);
    return;
  }
  const capacity = inventoryCapacity(provider.inventory);
  node.resources = sign === 1 ? resourcesNamed(capacity) : [];
  count(node.total, ALWAYS, capacity, sign);
  count(node.free, ALWAYS, capacity, sign);
  dropIfEmpty(head, node);
}

/** Brings what is out of service by plan in line with the policy, the pools and the hosts. */
function followMaintenance(head: Head): void {
  const before = head.outages;
  if (before === NO_OUTAGES && head.policy.maintenance === undefined) return;
  const after = outagesOf(head);
  const changed = changedOutages(before, after);
  const pools = changed.pools.flatMap((id) => head.pools.get(id) ?? []);
  for (const pool of pools) linkPool(head, pool, -1);
  head.outages = after;
  for (const pool of pools) linkPool(head, pool, 1);
  for (const host of changed.hosts) head.hosts.takeOut(host, after.hosts.get(host) ?? []);
}

function linkPool(head: Head, pool: Pool, sign: 1 | -1): void {
  const node = nodeFor(head, poolNode(pool.id));
  node.resources = sign === 1 ? poolResources(pool) : [];
  for (const segment of poolSegments(pool, head.outages.pools.get(pool.id))) {
    countSegment(node.total, segment, sign);
    countSegment(node.free, segment, sign);
  }
  // What a pool is meant to have is a claim on its provider; what the VIM lost of it does not lessen that.
  const source = nodeFor(head, providerNode(pool.source));
  for (const segment of nominalSegments(pool)) countSegment(source.free, segment, sign === 1 ? -1 : 1);
  dropIfEmpty(head, node);
  dropIfEmpty(head, source);
}

/** @param loaded what stands for it in indexes, when it is loaded beside many others */
function linkReservation(head: Head, reservation: Reservation, sign: 1 | -1, kept: boolean, loaded?: Spanned): void {
  linkOwned(head, 'reservation', reservation, sign);
  if (!kept) {
    hold(head, reservation.claims, sign, loaded === undefined ? 'now' : 'later');
    countReservation(head, reservation, sign);
    for (const { host, element } of reservation.claims) {
      if (host !== undefined) head.hosts.holder(host, reservation.id, sign);
      if (element !== undefined) head.elements.holder(element, reservation.id, sign);
    }
  }
  const index = isOver(reservation) ? head.over : head.held;
  if (sign === 1) addTo(index, reservation, loaded);
  else index.delete(reservation);
  if (reservation.status === 'degraded') mark(head.degraded, reservation.id, sign);
  const { claims } = reservation;
  // Nearly all have one claim, and sets cost.
  const nodes = claims.length === 1 ? claims : new Map(claims.map((claim) => [claim.node, claim])).values();
  for (const { node } of nodes) indexUpcoming(head, reservation, node, sign, loaded);
  for (const machine of reservation.awaits ?? []) member(head.awaiting, machine, reservation.id, sign);
}

function addTo(index: ReservationIndex, reservation: Reservation, loaded: Spanned | undefined): void {
  if (loaded === undefined) index.add(reservation);
  else index.addLater(loaded);
}

function linkOwned(head: Head, kind: OwnedKind, { id, tenant }: Owned & { readonly id: Id }, sign: 1 | -1): void {
  if (tenant !== undefined) member(head.owned[kind], tenant, id, sign);
}

function linkOffer(head: Head, offer: Offer, sign: 1 | -1): void {
  linkOwned(head, 'offer', offer, sign);
  hold(head, offer.claims, sign);
  countOffer(head, offer, sign);
  if (offer.status !== 'held') return;
  if (sign === 1) head.heldOffers.add(offer);
  else head.heldOffers.delete(offer);
}

function linkAllocation(head: Head, allocation: Allocation, sign: 1 | -1, kept: boolean): void {
  if (!kept) linkWhatItTakes(head, allocation, sign);
  if (allocation.server !== undefined)
    entry(head.servers, serverKey(allocation.provider, allocation.server), allocation.id, sign);
  const made = elementMade(allocation);
  if (made !== undefined) head.elements.made(allocation.provider, made, sign);
  for (const machine of allocation.awaits ?? []) member(head.waiting, machine, allocation.id, sign);
  if (isOutstanding(allocation)) mark(head.intents, allocation.id, sign);
  if (allocation.vmState === 'DELETING' && allocation.backing === 'own') mark(head.departing, allocation.id, sign);
}

function linkWhatItTakes(head: Head, allocation: Allocation, sign: 1 | -1): void {
  linkOwned(head, 'allocation', allocation, sign);
  const taken = takenBy(allocation);
  hold(head, taken, sign);
  countAllocation(head, allocation, sign);
  const window = { start: allocation.startsAt, end: keptUntil(allocation) };
  if (window.end > window.start) {
    const node = nodeFor(head, poolNode(allocation.pool));
    count(node.used, window, allocation.capacity, sign);
    if (sign === -1) dropIfEmpty(head, node);
  }
  // What is not a machine gives way to nobody, unless it has to already.
  if (allocation.backing === 'own' && (allocation.resource === undefined || loanedFrom(allocation) !== undefined)) {
    for (const { node } of taken) member(head.standing, node, allocation.id, sign);
  }
  if (allocation.reservation !== undefined) member(head.allocationsOf, allocation.reservation, allocation.id, sign);
  member(head.allocationsIn, allocation.pool, allocation.id, sign);
  countUses(head, allocation, sign);
  entry(head.tokens, allocation.token, allocation.id, sign);
}

/** Counts a machine among those who use its elements (1), or takes it out (-1). */
export function countUses(head: Head, allocation: Allocation, sign: 1 | -1): void {
  if (allocation.resource !== undefined) return;
  for (const element of elementsUsed(allocation)) member(head.users, element, allocation.id, sign);
}

/** Holds claims (1) or gives them back (-1), on pools and hosts. */
export function hold(head: Head, claims: readonly Omit<Claim, 'id'>[], sign: 1 | -1, when: When = 'now'): void {
  const [only] = claims;
  if (only !== undefined && claims.length === 1) holdOn(head, only, toVector(only.capacity, scratch), sign, when);
  else forEachLoad(claims, (load, vector) => holdOn(head, load, vector, sign, when));
  for (const claim of claims) {
    if (claim.host !== undefined) {
      head.hosts.hold(claim.host, windowsIn(claim), onHost(claim.capacity, claim.disk), sign);
    }
    if (claim.element !== undefined) head.elements.hold(claim.element, windowsIn(claim), sign);
  }
}

function holdOn(head: Head, claim: Omit<Claim, 'id'>, vector: CapacityVector, sign: 1 | -1, when: When): void {
  if (isHostId(claim.node)) {
    head.hosts.hold(claim.node, windowsIn(claim), onHost(claim.capacity, claim.disk), sign, claim.onLoan);
    return;
  }
  const node = nodeFor(head, claim.node);
  const timeline = claim.onLoan === true ? node.lent : node.free;
  const windows = windowsIn(claim);
  const adding = (sign === 1) === (claim.onLoan === true) ? 1 : -1;
  if (when === 'now') addOver(timeline, windows, vector, adding);
  else for (const window of eachOf(windows)) timeline.addLater(window, vector, adding);
  if (sign === -1) dropIfEmpty(head, node);
}

/** Runs something as if claims were held; they are given back before this returns. */
export function holding<T>(head: Head, claims: readonly Omit<Claim, 'id'>[], run: () => T): T {
  hold(head, claims, 1);
  try {
    return run();
  } finally {
    hold(head, claims, -1);
  }
}

/** Runs something as if claims that are held were not; they are held again before this returns. */
export function notHolding<T>(head: Head, claims: readonly Omit<Claim, 'id'>[], run: () => T): T {
  hold(head, claims, -1);
  try {
    return run();
  } finally {
    hold(head, claims, 1);
  }
}

/** What claims come to on each pool and window: those that follow each other on one, as one. The vector is good for the call alone. */
export function forEachLoad(
  claims: readonly Omit<Claim, 'id'>[],
  visit: (load: Omit<Claim, 'id'>, vector: CapacityVector) => void,
): void {
  for (let index = 0; index < claims.length; index++) {
    const first = claims[index];
    if (first === undefined) continue;
    toVector(first.capacity, scratch);
    for (let next = claims[index + 1]; next !== undefined && sameLoad(first, next); next = claims[index + 1]) {
      toVector(next.capacity, more);
      for (let lane = 0; lane < scratch.length; lane++) scratch[lane] = (scratch[lane] ?? 0) + (more[lane] ?? 0);
      index++;
    }
    visit(first, scratch);
  }
}

function sameLoad(a: Omit<Claim, 'id'>, b: Omit<Claim, 'id'>): boolean {
  const sameTime = a.start === b.start && a.end === b.end && a.period === b.period && a.count === b.count;
  return a.node === b.node && sameTime && a.onLoan === b.onLoan && !isHostId(a.node);
}

const scratch: CapacityVector = zeroVector();
const more: CapacityVector = zeroVector();

function count(timeline: Timeline, window: Window, capacity: Capacity, sign: 1 | -1): void {
  toVector(capacity, scratch);
  if (sign === 1) timeline.add(window, scratch);
  else timeline.remove(window, scratch);
}

function countSegment(timeline: Timeline, segment: Segment, sign: 1 | -1): void {
  if (sign === 1) timeline.add(segment.window, segment.vector);
  else timeline.remove(segment.window, segment.vector);
}

function setPolicy(head: Head, policy: Policy): void {
  const same = JSON.stringify(head.policy.quotas) === JSON.stringify(policy.quotas);
  head.policy = policy;
  if (!same) recount(head);
}

function nodeFor(head: Head, id: NodeId): Node {
  let node = head.nodes.get(id);
  if (node === undefined) {
    node = emptyNode(id);
    head.nodes.set(id, node);
  }
  return node;
}

/** Forgets a node that has no capacity, bears nothing and stands for no entity. */
function dropIfEmpty(head: Head, node: Node): void {
  const id = poolOfNode(node.id);
  const known = isPoolNode(node.id) ? head.pools.has(id) : head.providers.has(id);
  if (known || !isEmpty(node.total) || !isEmpty(node.free) || !isEmpty(node.lent)) return;
  if (!isEmpty(node.used)) return;
  head.nodes.delete(node.id);
}

function isEmpty(timeline: Timeline): boolean {
  return timeline.breakpoints === 0 && timeline.valueAt(0).every((amount) => amount === 0);
}

function resourcesNamed(capacity: Capacity): readonly Resource[] {
  // Cast: the keys of a capacity are resources.
  return Object.keys(capacity) as Resource[];
}

function mark(set: Set<Id>, id: Id, sign: 1 | -1): void {
  if (sign === 1) set.add(id);
  else set.delete(id);
}

function entry(map: Map<string, Id>, key: string, id: Id, sign: 1 | -1): void {
  if (sign === 1) map.set(key, id);
  else map.delete(key);
}

function member(map: Map<Id, Set<Id>>, key: Id, id: Id, sign: 1 | -1): void {
  const members = map.get(key);
  if (sign === 1) {
    if (members === undefined) map.set(key, new Set([id]));
    else members.add(id);
  } else if (members !== undefined) {
    members.delete(id);
    if (members.size === 0) map.delete(key);
  }
}
