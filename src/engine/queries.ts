/**
 * What the maps say: capacity and reservations by filter, over a window, and over time (capacity step 1, reservation step
 * 4). Nothing here changes the head.
 */
import { counted } from './counted.ts';
import { eligibleNodes } from './admission.ts';
import { addBreakdowns, nodeAt, nodeOver, NO_BREAKDOWN } from './breakdown.ts';
import { NOTHING, total, toVector } from './capacity.ts';
import type { Capacity, Resource } from './capacity.ts';
import type { Allocation, Claim, Id, Offer, Reservation, ReservationStatus } from './entities.ts';
import type { CapacityBreakdown } from './events.ts';
import { backed } from './claims.ts';
import { fitting } from './fitting.ts';
import type { Fitting } from './fitting.ts';
import { claimsIn } from './occurrence.ts';
import { find, idsOwnedBy, visibleIds } from './ownership.ts';
import type { Viewer } from './ownership.ts';
import { InvalidRequest, UnknownEntry } from './requests.ts';
import { hold, isOver, poolNode, poolOfNode } from './state.ts';
import type { Head, Node } from './state.ts';
import { elementName, holdsElements } from './element-names.ts';
import { checkPools } from './validation.ts';
import { FOREVER, describeInstant, matchesWindow, overlaps } from './window.ts';
import type { Instant, Window, WindowScope } from './window.ts';
import { byStart, spanOf, windowsOf } from './window-index.ts';
import { addOver, boundsOf, countOf, firstAfter, matchesAny, meets, windowAt, windowsIn } from './windows.ts';
import type { Windows } from './windows.ts';
import { capacityOverTime, heldUntil, reservedOverTime, restricted, spansHeld } from './utilization.ts';
import type { UtilizationEntry } from './utilization.ts';

export type CapacityKind = keyof CapacityBreakdown;

/** Conditions that both queries share; all that are given have to hold (grouping query-filter). */
export interface QueryFilter {
  readonly zone?: string;
  /** Absent: from now on, without end; capacity then is that of this instant. */
  readonly window?: { readonly start?: Instant; readonly end?: Instant; readonly scope?: WindowScope };
  /** Reservations to leave out, as if they did not exist. */
  readonly without?: readonly Id[];
  /** Absent: yes. */
  readonly showUtilization?: boolean;
  readonly elements?: { readonly some?: readonly string[]; readonly every?: readonly string[] };
}

export interface CapacityQuery extends QueryFilter {
  /** The view that collections and utilization show; absent: available. */
  readonly kind?: CapacityKind;
  readonly provider?: Id;
  readonly pools?: readonly Id[];
  /** Only these kinds of resources; absent: all that are counted. */
  readonly resources?: readonly Resource[];
  /** Milliseconds: utilization by intervals of this length in place of changes. */
  readonly interval?: number;
  /** Absent: yes. */
  readonly showCollections?: boolean;
  /** Also answer how many more machines of this flavor could be had. */
  readonly flavor?: string;
}

export interface Collection {
  readonly kind: 'pool' | 'reservation' | 'allocation' | 'offer';
  readonly id: Id;
  readonly name?: string;
  readonly provider?: Id;
  readonly zone?: string;
  /** Of what recurs, those of the first window that the query matches. */
  readonly start?: Instant;
  readonly end?: Instant;
  /** Of what recurs, all windows. */
  readonly windows?: Windows;
  readonly capacity: Capacity;
}

export interface CapacityAnswer {
  readonly capacity: CapacityBreakdown;
  readonly collections: readonly Collection[];
  readonly utilization: readonly UtilizationEntry[];
  /** Per pool, with `flavor`. */
  readonly fits: readonly Fitting[];
}

/**
 * Looks capacity up (query-capacity). Capacity is that of all; what has it is named as far as it exists for who asks.
 * @throws UnknownEntry for a pool or provider that is not there, InvalidRequest for a flavor
 */
export function queryCapacity(head: Head, query: CapacityQuery, now: Instant, viewer: Viewer = {}): CapacityAnswer {
  const window = windowOfQuery(query, now);
  const kind = query.kind ?? 'available';
  const excluded = new Set(visibleIds(head, 'reservation', query.without ?? [], viewer));
  const nodes = poolsOfQuery(head, query);
  const { interval, showCollections = true, showUtilization = true } = query;
  checkInterval(window, interval);
  return without(head, excluded, () => {
    const views = nodes.map((node) =>
      restrictViews(query.window === undefined ? nodeAt(node, now) : nodeOver(node, window), query.resources),
    );
    const scope = query.window?.scope ?? 'inclusive';
    const counted = showUtilization && (kind === 'reserved' || kind === 'usage');
    const named = showCollections && kind !== 'total';
    const held = counted || named ? holders(head, nodes, kind, window, scope, excluded) : [];
    const pools =
      showCollections && (kind === 'total' || kind === 'available')
        ? nodes.map((node, index) => poolCollection(head, node, views[index]?.[kind] ?? NOTHING))
        : [];
    return {
      capacity: views.reduce(addBreakdowns, NO_BREAKDOWN),
      collections: showCollections ? [...pools, ...seen(head, held, viewer)] : [],
      utilization: showUtilization
        ? capacityOverTime({ nodes, kind, window, resources: query.resources, interval, spans: spansOf(held) })
        : [],
      fits: query.flavor === undefined ? [] : fitting(head, nodes, query.flavor, window),
    };
  });
}

/** What exists for who asks. */
function seen(head: Head, held: readonly Holder[], viewer: Viewer): Collection[] {
  const all = held.map(({ collection }) => collection);
  if (viewer.confinedTo === undefined) return all;
  return all.filter(({ kind, id }) => find(head, kind, id, viewer) !== undefined);
}

function spansOf(held: readonly Holder[]): Window[] {
  return held.flatMap(({ spans }) => spans);
}

/** How many intervals an answer may have. */
const MOST_INTERVALS = 100_000;

/** @throws InvalidRequest where intervals cannot be counted, or are too many */
function checkInterval({ start, end }: Window, interval?: number): void {
  if (interval === undefined) return;
  if (end === FOREVER)
    throw new InvalidRequest('interval', 'Intervals need a window that ends: give window/end as well.');
  const count = Math.ceil((end - start) / interval);
  if (count <= MOST_INTERVALS) return;
  const least = Math.ceil((end - start) / MOST_INTERVALS / 1000);
  const message = `The window has ${count} intervals and an answer at most ${MOST_INTERVALS}: ask for ${counted(least, 'second')} or more, or for a shorter window.`;
  throw new InvalidRequest('interval', message);
}

/** The window of a query; absent bounds are now and never. @throws InvalidRequest when it is none. */
export function windowOfQuery(query: QueryFilter, now: Instant): Window {
  const { start = now, end = FOREVER } = query.window ?? {};
  if (end > start) return { start, end };
  const message = `The end ${describeInstant(end)} is not after the start ${describeInstant(start)}.`;
  throw new InvalidRequest('window/end', message);
}

function poolsOfQuery(head: Head, query: CapacityQuery): Node[] {
  if (query.provider !== undefined && !head.providers.has(query.provider)) {
    throw new UnknownEntry('provider', 'provider-id', query.provider);
  }
  checkPools(head, query.pools === undefined ? {} : { pools: query.pools });
  const { nodes } = eligibleNodes(head, {
    ...(query.zone === undefined ? {} : { zone: query.zone }),
    ...(query.pools === undefined ? {} : { pools: query.pools }),
  });
  const { some = [], every = [] } = query.elements ?? {};
  return nodes.filter(({ id }) => {
    const pool = head.pools.get(poolOfNode(id));
    if (pool === undefined || (query.provider !== undefined && pool.source !== query.provider)) return false;
    if (!holdsElements(head, pool, every)) return false;
    return some.length === 0 || some.some((element) => holdsElements(head, pool, [element]));
  });
}

/** Runs something as if reservations, and what was allocated under them, did not exist; they do again before this returns. */
function without<T>(head: Head, excluded: ReadonlySet<Id>, run: () => T): T {
  const claims = [...excluded].flatMap((id) => head.reservations.get(id)?.claims ?? []);
  const machines = [...excluded].flatMap((id) => backed(head, { id }));
  const count = (sign: 1 | -1): void => {
    hold(head, claims, sign);
    for (const machine of machines) {
      const used = head.nodes.get(poolNode(machine.pool))?.used;
      if (used !== undefined) addOver(used, spanOf(machine), toVector(machine.capacity), sign);
    }
  };
  count(-1);
  try {
    return run();
  } finally {
    count(1);
  }
}

function restrictViews(breakdown: CapacityBreakdown, resources?: readonly Resource[]): CapacityBreakdown {
  return {
    total: restricted(breakdown.total, resources),
    reserved: restricted(breakdown.reserved, resources),
    usage: restricted(breakdown.usage, resources),
    available: restricted(breakdown.available, resources),
  };
}

function poolCollection(head: Head, node: Node, capacity: Capacity): Collection {
  const id = poolOfNode(node.id);
  const pool = head.pools.get(id);
  return {
    kind: 'pool',
    id,
    ...(pool?.name === undefined ? {} : { name: pool.name }),
    ...(pool === undefined ? {} : { provider: pool.source }),
    ...(pool?.zone === undefined ? {} : { zone: pool.zone }),
    capacity,
  };
}

type HeldCollection = Collection & { readonly kind: 'reservation' | 'offer' | 'allocation' };

/** What holds or uses capacity, and when in the window of the query. */
interface Holder {
  readonly collection: HeldCollection;
  readonly spans: readonly Window[];
}

/** What holds or uses capacity of the nodes during the window: reservations and offers for reserved, allocations for usage, all for available. */
function holders(
  head: Head,
  nodes: readonly Node[],
  kind: CapacityKind,
  window: Window,
  scope: WindowScope,
  excluded: ReadonlySet<Id>,
): Holder[] {
  const ids = new Set(nodes.map(({ id }) => id));
  const found: Holder[] = [];
  if (kind !== 'usage') {
    const candidates = [...head.held.overlapping(window), ...head.over.overlapping(window)].sort(byStart);
    for (const reservation of candidates) {
      const claims = reservation.claims.filter((claim) => ids.has(claim.node) && meets(windowsIn(claim), window));
      if (claims.length === 0 || excluded.has(reservation.id) || !matchesAny(window, windowsOf(reservation), scope))
        continue;
      found.push(heldBy(head, 'reservation', reservation, claims, window));
    }
    for (const offer of head.heldOffers.inOrder(window)) {
      const claims = offer.claims.filter((claim) => ids.has(claim.node) && meets(windowsIn(claim), window));
      if (claims.length > 0 && matchesAny(window, windowsOf(offer), scope))
        found.push(heldBy(head, 'offer', offer, claims, window));
    }
  }
  if (kind === 'reserved') return found;
  for (const node of nodes) {
    for (const id of head.allocationsIn.get(poolOfNode(node.id)) ?? []) {
      const allocation = head.allocations.get(id);
      if (
        allocation === undefined ||
        !overlaps(spanOf(allocation), window) ||
        !matchesWindow(window, spanOf(allocation), scope)
      )
        continue;
      if (allocation.reservation !== undefined && excluded.has(allocation.reservation)) continue;
      // Under a reservation it takes from what that holds, and lessens nothing further.
      if (kind === 'usage' || allocation.backing === 'own')
        found.push({ collection: allocationCollection(head, allocation), spans: [spanOf(allocation)] });
    }
  }
  return found;
}

function heldBy(
  head: Head,
  kind: 'reservation' | 'offer',
  holder: Reservation | Offer,
  claims: readonly Claim[],
  query: Window,
): Holder {
  const spans = spansHeld(holder, query);
  return { collection: heldCollection(head, kind, holder, claims, query), spans };
}

function heldCollection(
  head: Head,
  kind: 'reservation' | 'offer',
  holder: Reservation | Offer,
  claims: readonly Claim[],
  query: Window,
): HeldCollection {
  const windows = windowsOf(holder);
  const first = firstIn(windows, query);
  const shown = { ...first, end: Math.min(first.end, heldUntil(holder)) };
  const sources = new Set(claims.map((claim) => head.pools.get(poolOfNode(claim.node))?.source));
  const [source, another] = sources;
  return {
    kind,
    id: holder.id,
    ...(holder.name === undefined ? {} : { name: holder.name }),
    ...(source !== undefined && another === undefined ? { provider: source } : {}),
    ...(holder.demand.zone === undefined ? {} : { zone: holder.demand.zone }),
    ...boundsOf(shown),
    ...(countOf(windows) === 1 ? {} : { windows }),
    capacity: total((countOf(windows) === 1 ? claims : claimsIn(claims, shown)).map(({ capacity }) => capacity)),
  };
}

/** The first window in which a query finds something. */
function firstIn(windows: Windows, query: Window): Window {
  return windowAt(windows, Math.min(firstAfter(windows, query.start), countOf(windows) - 1));
}

function allocationCollection(head: Head, allocation: Allocation): HeldCollection {
  const zone = allocation.zone ?? head.pools.get(allocation.pool)?.zone;
  return {
    kind: 'allocation',
    id: allocation.id,
    name: allocation.name,
    provider: allocation.provider,
    ...(zone === undefined ? {} : { zone }),
    start: allocation.startsAt,
    ...(allocation.endsAt === undefined ? {} : { end: allocation.endsAt }),
    capacity: allocation.capacity,
  };
}

export interface ReservationQuery extends QueryFilter {
  readonly ids?: readonly Id[];
  readonly name?: string;
  /** Absent: all that are not over. */
  readonly statuses?: readonly ReservationStatus[];
}

export interface ReservationAnswer {
  /** In the order of their start. */
  readonly reservations: readonly Reservation[];
  readonly utilization: readonly UtilizationEntry[];
}

/** Looks up reservations that exist for who asks (query-reservation). Ids that name nothing match nothing. */
export function queryReservations(
  head: Head,
  query: ReservationQuery,
  now: Instant,
  viewer: Viewer = {},
): ReservationAnswer {
  const window = windowOfQuery(query, now);
  const reservations = candidates(head, query, window, viewer)
    .filter((reservation) => matches(query, reservation, window))
    .sort(byStart);
  const utilization = query.showUtilization === false ? [] : reservedOverTime(reservations, window);
  return { reservations, utilization };
}

function candidates(head: Head, query: ReservationQuery, window: Window, viewer: Viewer): Reservation[] {
  if (query.ids !== undefined && query.ids.length > 0) {
    return [...new Set(query.ids)].flatMap((id) => find(head, 'reservation', id, viewer) ?? []);
  }
  if (viewer.confinedTo !== undefined) {
    const own = idsOwnedBy(head, 'reservation', viewer.confinedTo);
    return [...own].flatMap((id) => head.reservations.get(id) ?? []);
  }
  // Without a window everything matches that is not over, so also what began and ended before now and was not concluded yet.
  const all = query.window === undefined ? { start: -Infinity, end: FOREVER } : window;
  const wantsOver = query.statuses !== undefined && query.statuses.length > 0;
  return wantsOver ? [...head.held.overlapping(all), ...head.over.overlapping(all)] : [...head.held.overlapping(all)];
}

function matches(query: ReservationQuery, reservation: Reservation, window: Window): boolean {
  const { demand } = reservation;
  const { statuses = [], elements } = query;
  if (query.without?.includes(reservation.id) === true) return false;
  if (query.name !== undefined && query.name !== reservation.name) return false;
  if (statuses.length > 0 ? !statuses.includes(reservation.status) : isOver(reservation)) return false;
  if (query.zone !== undefined && demand.zone !== query.zone) return false;
  if (query.window !== undefined && !matchesAny(window, windowsOf(reservation), query.window.scope)) return false;
  const named = new Set([...(demand.elements ?? []), ...elementsHeld(reservation)]);
  const { some = [], every = [] } = elements ?? {};
  return (some.length === 0 || some.some((each) => named.has(each))) && every.every((each) => named.has(each));
}

/** What a reservation holds whole, by the names that stand for it alone. */
function elementsHeld({ claims }: Reservation): readonly string[] {
  return claims.flatMap(({ element }) => (element === undefined ? [] : [elementName(element)]));
}

/** The four views at an instant, summed over all pools (/promise/capacity). */
export function capacityAt(head: Head, instant: Instant): CapacityBreakdown {
  let sum = NO_BREAKDOWN;
  for (const id of head.poolOrder) {
    const node = head.nodes.get(poolNode(id));
    if (node !== undefined) sum = addBreakdowns(sum, nodeAt(node, instant));
  }
  return sum;
}

/** What the VIM has still to be told, by allocation. */
export function pendingIntents(head: Head): Allocation[] {
  return [...head.intents].flatMap((id) => head.allocations.get(id) ?? []);
}
