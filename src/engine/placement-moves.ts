/**
 * Making room: when instances find no place, reservations that have not started may be placed anew, if then all fit. Nobody loses
 * anything by it: what they hold, and when, stays the same; only hosts and pools change.
 *
 * Candidates are those with instances on the hosts that the request could use, with nothing allocated under them: those with the
 * fewest instances first, then the newest. They are tried one by one, then the first few together, within a budget.
 */
import { Effort, admitsHost, fits, hostsFor, neededOnHost, poolsFor, timesOnHost } from './placement-sites.ts';
import { placeInstances } from './placement.ts';
import type { PlacementRequest, Unplaced } from './placement.ts';
import type { Moved } from './admission.ts';
import type { Claim, Id, InstanceSize, Reservation } from './entities.ts';
import type { HostAmount } from './host-steps.ts';
import { leastOnHost, onHost } from './hosts.ts';
import type { HostNode } from './hosts.ts';
import { allocationsOf, holding, notHolding } from './state.ts';
import type { Head } from './state.ts';
import { FOREVER, overlaps } from './window.ts';
import type { Instant, Window } from './window.ts';

/** Hosts whose reservations are looked at, reservations that are tried singly, and the numbers that are tried together. */
const HOSTS_LOOKED_AT = 128;
const TRIED_SINGLY = 16;
const TRIED_TOGETHER = [2, 4, 8];

const LOOKS = 4_000;
const TRIES = 10_000;

export interface Room {
  readonly claims: readonly Omit<Claim, 'id'>[];
  readonly moved: readonly Moved[];
}

/**
 * Room for a request, if moving others makes it. `no room`: not by those that were tried.
 * @param failed why it finds no place as it is
 */
export function moveOthers(
  head: Head,
  request: PlacementRequest,
  failed: Unplaced,
  now: Instant,
  self: Id | undefined,
): Room | 'no room' | 'nothing to move' {
  const candidates = movable(head, request, failed, now, self);
  if (candidates.length === 0) return 'nothing to move';
  const effort = new Effort(LOOKS, TRIES);
  const attempts = [
    ...candidates.slice(0, TRIED_SINGLY).map((each) => [each]),
    ...TRIED_TOGETHER.filter((number) => number <= candidates.length).map((number) => candidates.slice(0, number)),
  ];
  for (const movers of attempts) {
    if (effort.looks <= 0 || effort.tries <= 0) break;
    if (mostGained(head, request, failed, movers) < failed.missing) continue;
    const room = tryMoving(head, request, failed, movers, effort);
    if (room !== undefined) return room;
  }
  return 'no room';
}

/**
 * For how many more instances of the container that found no place there may be room on hosts when others move: no more than if they
 * held nothing at all in the window.
 */
function mostGained(
  head: Head,
  request: PlacementRequest,
  { container, missing }: Unplaced,
  movers: readonly Reservation[],
): number {
  if (missing === 0) return Number.POSITIVE_INFINITY;
  const policy = request.demand.groups?.find(({ name }) => name === container.group)?.policy;
  const pools = poolsFor(head, request.demand, container);
  let gained = 0;
  for (const [host, held] of heldByHost(head, movers, request.window)) {
    const from = pools.find(({ provider, share }) => share !== undefined && provider.id === host.provider);
    if (from?.share === undefined || !admitsHost(host, from, container)) continue;
    const before = leastOnHost(host, request.window);
    const after = { cores: before.cores + held.cores, ram: before.ram + held.ram, disk: before.disk + held.disk };
    const { ofHost } = from.share;
    if (policy === 'affinity') {
      if (fits(after, neededOnHost(request, container, from.provider, from.share))) return Number.POSITIVE_INFINITY;
    } else {
      const most = policy === 'anti-affinity' ? 1 : Number.POSITIVE_INFINITY;
      gained += Math.min(most, timesOnHost(after, ofHost)) - Math.min(most, timesOnHost(before, ofHost));
    }
  }
  return gained;
}

/** What reservations hold on each host at any time in a window, all of it added up. */
function heldByHost(head: Head, holders: readonly Reservation[], window: Window): Map<HostNode, HostAmount> {
  const held = new Map<HostNode, HostAmount>();
  for (const { claims } of holders) {
    for (const claim of claims) {
      const host = claim.host === undefined ? undefined : head.hosts.nodes.get(claim.host);
      if (host === undefined || !overlaps({ start: claim.start, end: claim.end ?? FOREVER }, window)) continue;
      const { cores, ram, disk } = onHost(claim.capacity, claim.disk);
      const sum = held.get(host);
      held.set(host, {
        cores: cores + (sum?.cores ?? 0),
        ram: ram + (sum?.ram ?? 0),
        disk: disk + (sum?.disk ?? 0),
      });
    }
  }
  return held;
}

/** Places the request as if the movers were nowhere, and then these. */
function tryMoving(
  head: Head,
  request: PlacementRequest,
  failed: Unplaced,
  movers: readonly Reservation[],
  effort: Effort,
): Room | undefined {
  const away = movers.flatMap(instancesOf);
  return notHolding(head, away, () => {
    // No other host has more than it had.
    const left = away.flatMap(({ host }) => (host === undefined ? [] : (head.hosts.nodes.get(host) ?? [])));
    const placed = placeInstances(head, request, effort, [...new Set([...failed.roomy, ...left])]);
    if (placed.outcome === 'unplaced') return undefined;
    const moved = holding(head, placed.claims, () => placeAll(head, movers, effort));
    return moved === undefined ? undefined : { claims: placed.claims, moved };
  });
}

function placeAll(head: Head, [first, ...others]: readonly Reservation[], effort: Effort): Moved[] | undefined {
  if (first === undefined) return [];
  const again = placeAgain(head, first, [], effort);
  if (again === undefined) return undefined;
  const rest = holding(head, again.claims.filter(isInstance), () => placeAll(head, others, effort));
  if (rest === undefined) return undefined;
  return sameHosts(first.claims, again.claims) ? rest : [again, ...rest];
}

/**
 * The claims of a reservation with its instances placed anew, save those that are pinned; the head holds the pinned ones and what is
 * no instance. Undefined when there is no place.
 */
export function placeAgain(
  head: Head,
  reservation: Reservation,
  pinned: readonly Claim[],
  effort?: Effort,
): Moved | undefined {
  const { id, demand, claims, startsAt, endsAt } = reservation;
  const window = { start: startsAt, end: endsAt };
  const present = claims.filter(isInstance);
  // What it holds counts, in number and size: some of what was asked for may be released by now, and flavors may have changed.
  const containers = (demand.containers ?? []).flatMap((container) => {
    const instances = present.filter((claim) => claim.container === container.name);
    const [first] = instances;
    return first === undefined ? [] : [{ ...container, count: instances.length, size: sizeHeld(first) }];
  });
  const request = { demand: { ...demand, containers }, window, pinned, near: present };
  const placed = placeInstances(head, request, effort);
  if (placed.outcome === 'unplaced') return undefined;
  const free = new Map<string, Omit<Claim, 'id'>[]>();
  for (const claim of placed.claims) {
    const key = claim.container ?? '';
    const same = free.get(key);
    if (same === undefined) free.set(key, [claim]);
    else same.push(claim);
  }
  // Each claim keeps its id, and its place where one of the new ones is the same.
  const kept = claims.map((claim) => {
    if (!isInstance(claim) || pinned.includes(claim)) return claim;
    const places = free.get(claim.container ?? '') ?? [];
    const same = places.findIndex(({ host, node }) => host === claim.host && node === claim.node);
    return same < 0 || places.splice(same, 1).length === 0 ? undefined : claim;
  });
  const moved = kept.map((claim, index) => {
    const before = claims[index];
    if (claim !== undefined || before === undefined) return claim ?? before;
    const place = free.get(before.container ?? '')?.shift();
    return place === undefined ? before : { ...place, id: before.id };
  });
  return { id, claims: moved.flatMap((claim) => claim ?? []) };
}

function sizeHeld({ capacity, disk }: Claim): InstanceSize {
  const { cores = 0, ram = 0 } = capacity;
  return { vcpus: cores, ram, ...(disk === undefined ? {} : { disk }) };
}

/** Claims on instances: those that can be placed anew. */
export function isInstance({ container }: Claim): boolean {
  return container !== undefined;
}

function instancesOf({ claims }: Reservation): Claim[] {
  return claims.filter(isInstance);
}

function sameHosts(a: readonly Claim[], b: readonly Claim[]): boolean {
  return a.every((claim, index) => claim.host === b[index]?.host && claim.node === b[index]?.node);
}

function movable(
  head: Head,
  request: PlacementRequest,
  failed: Unplaced,
  now: Instant,
  self: Id | undefined,
): Reservation[] {
  const found = new Set<Reservation>();
  for (const host of hostsOf(head, request, failed)) {
    for (const id of host.holders.keys()) {
      const reservation = head.reservations.get(id);
      if (reservation === undefined || id === self || found.has(reservation)) continue;
      const window = { start: reservation.startsAt, end: reservation.endsAt };
      if (overlaps(window, request.window) && mayMove(head, reservation, now)) found.add(reservation);
    }
  }
  return [...found].sort(
    (a, b) => a.claims.length - b.claims.length || b.createdOn - a.createdOn || (a.id < b.id ? -1 : 1),
  );
}

function mayMove(head: Head, reservation: Reservation, now: Instant): boolean {
  const { id, status, hold: held, startsAt, series, claims } = reservation;
  return (
    status === 'scheduled' &&
    series === undefined &&
    held === 'firm' &&
    startsAt > now &&
    claims.some(isInstance) &&
    allocationsOf(head, id).length === 0
  );
}

/** Some hosts on which the request could place instances if nothing else were there, those of the container that found no place first. */
function hostsOf(head: Head, request: PlacementRequest, { container }: Unplaced): Set<HostNode> {
  const { demand } = request;
  const hosts = new Set<HostNode>();
  const others = (demand.containers ?? []).filter(({ name }) => name !== container.name);
  for (const each of [container, ...others]) {
    for (const from of poolsFor(head, demand, each)) {
      if (from.share === undefined) continue;
      for (const host of hostsFor(head, from, each, neededOnHost(request, each, from.provider, from.share))) {
        if (hosts.size >= HOSTS_LOOKED_AT) return hosts;
        hosts.add(host);
      }
    }
  }
  return hosts;
}
