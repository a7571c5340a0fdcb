/**
 * How a decision came about: which pools were considered, which bear a part, and what the others lacked and when.
 *
 * Why something was refused is kept as it was found then. Why something was granted is worked out when it is asked, from the state as it then
 * is: what bears a part was chosen at the decision, what the other pools lack is what they lack now. So granting costs nothing for it.
 */
import { eligibleNodes, shortagesOf } from './admission.ts';
import { NOTHING, add, isZero, toVector } from './capacity.ts';
import type { Capacity } from './capacity.ts';
import { counted } from './counted.ts';
import type {
  Allocation,
  Claim,
  Demand,
  Id,
  NodeId,
  Offer,
  Reason,
  Reservation,
  RoomMade,
  Series,
} from './entities.ts';
import { describeElement } from './element-names.ts';
import { hostGroups } from './explain-hosts.ts';
import type { HostGroup } from './explain-hosts.ts';
import { hostVector } from './host-steps.ts';
import { hostName, onHost } from './hosts.ts';
import { currentClaims } from './occurrence.ts';
import { find, visibleIds } from './ownership.ts';
import { poolsFor } from './placement-sites.ts';
import type { Viewer } from './ownership.ts';
import { UnknownEntry } from './requests.ts';
import type { Refusal, Shortage } from './requests.ts';
import { isOver, poolNode, poolOfNode } from './state.ts';
import type { Head } from './state.ts';
import { FOREVER, describeInstant, intersect } from './window.ts';
import type { Instant, Window } from './window.ts';
import { currentWindow } from './window-index.ts';
import { addOver, windowsIn } from './windows.ts';

/** A pool that was considered; with `host`, a host in it. */
export interface Considered {
  readonly pool: Id;
  readonly host?: string;
  /** Whether it bears a part of what was granted. */
  readonly chosen: boolean;
  /** Of one that was chosen, what it lacks of its part; else of the whole request. */
  readonly shortages: readonly Shortage[];
  /** Of a host that was considered for an instance, what stood in the way, in words. */
  readonly lacking?: readonly string[];
  readonly lackingTraits?: readonly string[];
}

export interface Explanation {
  /** Absent for what was granted and is kept. */
  readonly reason?: Reason;
  readonly message: string;
  readonly considered: readonly Considered[];
  /** Of what has containers, the hosts that were not chosen. */
  readonly hosts?: readonly HostGroup[];
  /** Who made room for it, as far as they exist for who asks. */
  readonly room?: RoomMade;
}

/** What was decided on a request, as far as it has an explanation. */
export type Decided =
  | { readonly refusal: Refusal }
  | { readonly reservation: Reservation }
  | { readonly offer: Offer }
  | { readonly allocation: Allocation };

/** Explains a decision by what came of it then. */
export function explainDecision(head: Head, decided: Decided, now: Instant, viewer: Viewer = {}): Explanation {
  if ('refusal' in decided) return explainRefusal(decided.refusal);
  if ('reservation' in decided) {
    const { reservation } = decided;
    return explainStatus(head, reservation, head.reservations.get(reservation.id)?.claims ?? [], now, viewer);
  }
  if ('offer' in decided) {
    const { offer } = decided;
    const explained = explainHold(head, offer, head.offers.get(offer.id)?.claims ?? [], now);
    return withRoomOf(head, offer, explained, viewer);
  }
  const { allocation } = decided;
  return withRoomOf(head, allocation, explainMachine(head, allocation, now), viewer);
}

/** @throws UnknownEntry */
export function explainReservation(head: Head, id: Id, now: Instant, viewer: Viewer = {}): Explanation {
  const reservation = find(head, 'reservation', id, viewer);
  if (reservation === undefined) throw new UnknownEntry('reservation', 'reservation-id', id);
  return explainStatus(head, reservation, reservation.claims, now, viewer);
}

/** @param held as in {@link explainHold} */
function explainStatus(
  head: Head,
  reservation: Reservation,
  held: readonly Claim[],
  now: Instant,
  viewer: Viewer,
): Explanation {
  const { reason, status } = reservation;
  if (status === 'pending') return { message: 'It is recorded and not decided on yet.', considered: [] };
  const found = withRoomOf(head, reservation, explainHold(head, reservation, held, now), viewer);
  if (reason === undefined) return found;
  const { message = `Its status is ${status}.` } = reservation;
  return { ...found, reason, message: isOver(reservation) ? message : `${message} ${found.message}` };
}

/** @throws UnknownEntry */
export function explainAllocation(head: Head, id: Id, now: Instant, viewer: Viewer = {}): Explanation {
  const allocation = find(head, 'allocation', id, viewer);
  if (allocation === undefined) throw new UnknownEntry('allocation', 'instance-id', id);
  return withRoomOf(head, allocation, explainMachine(head, allocation, now), viewer);
}

/** Adds who made room for what is explained: how many, and those that who asks may know of. */
function withRoomOf(
  head: Head,
  { room }: { readonly room?: RoomMade },
  explained: Explanation,
  viewer: Viewer,
): Explanation {
  if (room === undefined) return explained;
  const { reservations = [], machines = [], moved = [] } = room;
  const parts = [
    ...(reservations.length === 0 ? [] : [`${counted(reservations.length, 'reservation')} gave way`]),
    ...(machines.length === 0 ? [] : [`${counted(machines.length, 'virtual machine')} had or will have to go`]),
    ...(moved.length === 0 ? [] : [`${counted(moved.length, 'reservation')} had another place`]),
  ];
  const visible = {
    reservations: visibleIds(head, 'reservation', reservations, viewer),
    machines: visibleIds(head, 'allocation', machines, viewer),
    moved: visibleIds(head, 'reservation', moved, viewer),
  };
  return { ...explained, message: `${explained.message} For it, ${parts.join(', and ')}.`, room: visible };
}

function explainRefusal({ reason, message, shortages, candidates = [] }: Refusal): Explanation {
  const pools = new Map<Id, Shortage[]>();
  for (const shortage of shortages) pools.set(shortage.pool, [...(pools.get(shortage.pool) ?? []), shortage]);
  const considered = [...pools].map(([pool, lacking]) => ({ pool, chosen: false, shortages: lacking }));
  const hosts = candidates
    .filter(({ host }) => host !== undefined)
    .map((candidate) => ({ ...candidate, chosen: false, shortages: [] }));
  return { reason, message, considered: [...considered, ...hosts] };
}

/** Something that was asked for, and what it was granted. */
interface Hold {
  readonly id: Id;
  readonly demand: Demand;
  readonly createdOn: Instant;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  readonly series?: Series;
  readonly claims: readonly Claim[];
}

/** @param held its claims that the head has now: they do not stand in its own way */
function explainHold(head: Head, hold: Hold, held: readonly Claim[], now: Instant): Explanation {
  const { demand, createdOn, series } = hold;
  const parts = partsOf(currentClaims(hold));
  const ahead = intersect(currentWindow(hold), { start: now, end: FOREVER });
  const { considered, hosts } = aside(head, held, () => ({
    considered: [...consider(head, demand, parts, ahead, elementPools(hold)), ...chosenHosts(hold.claims)],
    hosts: ahead === undefined ? [] : hostGroups(head, demand, ahead, hostsOf(hold.claims)),
  }));
  const pools = [...parts.keys()].map((node) => `'${poolOfNode(node)}'`).join(', ');
  const elements = describeHeld(head, hold);
  const message =
    parts.size === 0
      ? elements === ''
        ? 'It holds nothing.'
        : `Granted on ${describeInstant(createdOn)}.`
      : parts.size === 1
        ? `Granted on ${describeInstant(createdOn)} in the pool ${pools}, the first in the order of ids that fits the whole request.`
        : `Granted on ${describeInstant(createdOn)} in the pools ${pools} together, since none fits the whole request alone.`;
  const others = considered.some(({ chosen }) => !chosen) ? ' What the other pools lack is as it is now.' : '';
  const note = series === undefined ? others : `${others}${describeWindows(series)}`;
  return { message: `${message}${elements}${note}`, considered, ...(hosts.length === 0 ? {} : { hosts }) };
}

/** Elements that are listed; the claims name all. */
const ELEMENTS_LISTED = 16;

/** What is held whole beside hosts, with the pools from which it is, and whether its VIM has it now; empty where nothing is. */
function describeHeld(head: Head, hold: Hold): string {
  const held = new Map(currentClaims(hold).flatMap(({ element, node }) => (element ? [[element, node] as const] : [])));
  if (held.size === 0) return '';
  const listed = [...held].slice(0, ELEMENTS_LISTED).map(([element, node]) => {
    const gone = head.elements.nodes.get(element)?.there === false ? ', which its VIM does not have now' : '';
    return `the ${describeElement(element)} of the pool '${poolOfNode(node)}'${gone}`;
  });
  const more = held.size > ELEMENTS_LISTED ? `, and ${held.size - ELEMENTS_LISTED} more` : '';
  return ` It holds ${listed.join(', ')}${more}.`;
}

/** Hosts that bear instances which are listed; the claims of the reservation name all. */
const CHOSEN_LISTED = 64;

function chosenHosts(claims: readonly Claim[]): Considered[] {
  const borne = new Map<string, Considered>();
  for (const { node, host } of claims) {
    if (host === undefined) continue;
    const pool = poolOfNode(node);
    borne.set(`${pool} ${host}`, { pool, host: hostName(host), chosen: true, shortages: [] });
  }
  return [...borne.values()].slice(0, CHOSEN_LISTED);
}

function hostsOf(claims: readonly Claim[]): ReadonlySet<string> {
  return new Set(claims.flatMap(({ host }) => host ?? []));
}

function describeWindows({ occurrence, count }: Series): string {
  return ` This is of window ${occurrence} of ${count}; each was admitted like this one, all of them or none.`;
}

function explainMachine(head: Head, allocation: Allocation, now: Instant): Explanation {
  const { pool, provider, zone, reservation, backing, capacity, fault } = allocation;
  const failed = fault === undefined ? '' : ` The provider says: ${fault.message}.`;
  if (backing === 'reservation') {
    const message = `It consumes a part of what the reservation '${reservation ?? ''}' holds in the pool '${pool}'.${failed}`;
    return { message, considered: [{ pool, chosen: true, shortages: [] }, ...hostOf(allocation)] };
  }
  const demand = { capacity, ...(zone === undefined ? {} : { zone }) };
  const current = head.allocations.get(allocation.id)?.claims ?? [];
  const considered = aside(head, current, () =>
    consider(head, demand, new Map([[poolNode(pool), capacity]]), { start: now, end: FOREVER }),
  ).filter((each) => head.pools.get(each.pool)?.source === provider);
  const why =
    reservation === undefined
      ? `It was made without a reservation, in the first pool in the order of ids that has what it needs from then on without end.`
      : `Its reservation '${reservation}' is over; it holds what it needs in the pool '${pool}' itself.`;
  const message = `${why} What the other pools lack is as it is now.${failed}`;
  return { message, considered: [...considered, ...hostOf(allocation)] };
}

/** The host of a machine, where it is known. */
function hostOf({ pool, host }: Allocation): Considered[] {
  return host === undefined ? [] : [{ pool, host, chosen: true, shortages: [] }];
}

function consider(
  head: Head,
  demand: Demand,
  parts: ReadonlyMap<NodeId, Capacity>,
  ahead: Window | undefined,
  ofElements: ReadonlySet<NodeId> = new Set(),
): Considered[] {
  // Of the pools that were named, some may be gone.
  const nodes = [...new Set([...eligibleFor(head, demand), ...parts.keys(), ...ofElements])].sort();
  return nodes.map((id) => {
    const part = parts.get(id) ?? (ofElements.has(id) ? NOTHING : undefined);
    const node = head.nodes.get(id);
    const lacking = node === undefined || ahead === undefined ? [] : shortagesOf(node, part ?? demand.capacity, ahead);
    return { pool: poolOfNode(id), chosen: part !== undefined, shortages: lacking };
  });
}

/** The pools that may serve what is asked for: capacity, or machines of containers. */
function eligibleFor(head: Head, demand: Demand): readonly NodeId[] {
  const { capacity, containers = [] } = demand;
  const forCapacity = isZero(capacity) ? [] : eligibleNodes(head, demand).nodes;
  const forMachines = containers.flatMap((container) => poolsFor(head, demand, container).map(({ node }) => node));
  return [...forCapacity, ...forMachines].map(({ id }) => id);
}

/** The pools from which elements are held. */
function elementPools(hold: Hold): ReadonlySet<NodeId> {
  return new Set(currentClaims(hold).flatMap(({ element, node }) => (element === undefined ? [] : node)));
}

/** What claims hold on each node. */
function partsOf(claims: readonly Claim[]): Map<NodeId, Capacity> {
  const parts = new Map<NodeId, Capacity>();
  for (const { node, capacity } of claims) {
    if (!isZero(capacity)) parts.set(node, add(parts.get(node) ?? NOTHING, capacity));
  }
  return parts;
}

/** Looks at the head as it is without claims that it has; it is as it was when this returns. */
function aside<Result>(head: Head, claims: readonly Claim[], look: () => Result): Result {
  give(head, claims, 1);
  try {
    return look();
  } finally {
    give(head, claims, -1);
  }
}

function give(head: Head, claims: readonly Claim[], sign: 1 | -1): void {
  for (const claim of claims) {
    const node = head.nodes.get(claim.node);
    if (node !== undefined) addOver(node.free, windowsIn(claim), toVector(claim.capacity), sign);
    const host = claim.host === undefined ? undefined : head.hosts.nodes.get(claim.host);
    if (host !== undefined) addOver(host.free, windowsIn(claim), hostVector(onHost(claim.capacity, claim.disk)), sign);
  }
}
