/**
 * The earliest later start at which a demand with containers may fit, without trying every one (reservation step 1b).
 *
 * A container by itself finds places only where hosts, and its pools, have room for as many instances as it has. How many a host has room
 * for throughout a window changes with the window's start only at certain instants, which the steps of what is free there give: room
 * comes when the start passes the end of a shortage, and goes when the end of the window reaches the next. So the sum over all
 * hosts is followed from change to change, up to where it is enough. No start before that fits, and a container that is alone fits
 * there; with several parts it is a bound, and the whole demand is tried from there on at every instant at which anything becomes free.
 */
import { eligibleNodes, nextWindow } from './admission.ts';
import { isZero, zeroVector } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import { nextChange } from './debt.ts';
import { isPoolNode } from './entities.ts';
import { elementsNamed, nextRelease } from './elements.ts';
import type { Container, ElementId } from './entities.ts';
import type { HostAmount, HostSteps } from './host-steps.ts';
import { hostId, stepsOn } from './hosts.ts';
import type { HostNode } from './hosts.ts';
import type { PlacementRequest } from './placement.ts';
import {
  bindsHosts,
  hostsFor,
  neededOnHost,
  poolsFor,
  seesHosts,
  timesAmount,
  timesInPool,
  timesOnHost,
} from './placement-sites.ts';
import type { ContainerPool, Effort, Share } from './placement-sites.ts';
import { SoonestFirst } from './soonest-first.ts';
import type { Head, Node } from './state.ts';
import { BEGINNING, FOREVER, durationOf } from './window.ts';
import type { Instant, Window } from './window.ts';

/** How many breakpoints and tree nodes a question to the timeline of a pool may look at. */
const POOL_BUDGET = 20_000;

/** Where starts are looked for. */
interface Range {
  readonly duration: number;
  readonly notAfter: Instant;
}

/** The room for instances throughout the window from a start on. */
interface Room {
  readonly instances: number;
  /** The first later start at which it may be another; `FOREVER` for none up to the last that is looked for. */
  readonly until: Instant;
}

/** Something that has room for instances; no more is told than are asked for. */
interface Bearer {
  roomAt(start: Instant, range: Range): Room;
}

/** The starts of windows as long as one, from its start on, at which a demand may fit. */
export class LaterStarts {
  readonly #head: Head;
  readonly #request: PlacementRequest;
  readonly #range: Range;
  readonly #effort: Effort;
  readonly #elements: readonly ElementId[];
  readonly #sums: RoomOverTime[] = [];
  readonly #sources: { readonly from: ContainerPool; readonly container: Container }[] = [];

  /** @param effort is spent by a look for each question to a host or pool */
  constructor(head: Head, request: PlacementRequest, notAfter: Instant, effort: Effort) {
    const { demand, window } = request;
    this.#head = head;
    this.#request = request;
    this.#effort = effort;
    this.#elements = elementsNamed(head, demand);
    this.#range = { duration: durationOf(window), notAfter };
    for (const container of demand.containers ?? []) this.#follow(container);
  }

  /** Whether the demand fits where every part fits by itself: it is one container in one pool, and nothing else. */
  get isExact(): boolean {
    const { demand, pinned = [] } = this.#request;
    const { capacity, elements = [] } = demand;
    return this.#sources.length === 1 && pinned.length === 0 && elements.length === 0 && isZero(capacity);
  }

  /** Whether there is anything that may serve each part, at whatever time. */
  get mayFit(): boolean {
    const { demand } = this.#request;
    if (!isZero(demand.capacity) && eligibleNodes(this.#head, demand).nodes.length === 0) return false;
    return this.#sums.every(({ bears }) => bears);
  }

  /**
   * The first start from an instant on at which every part fits by itself. Instants are asked for in order. Past the last start that
   * is looked for, or with the effort spent, it is only certain that none before fits.
   */
  from(instant: Instant): Instant {
    let start = instant;
    for (let bound = this.#bound(start); bound > start && !this.#effort.spent; bound = this.#bound(start)) {
      start = bound;
      if (start > this.#range.notAfter) break;
    }
    return start;
  }

  #bound(from: Instant): Instant {
    let start = from;
    for (const sum of this.#sums) start = sum.enoughFrom(start);
    const { duration, notAfter } = this.#range;
    const { demand } = this.#request;
    if (start > notAfter || isZero(demand.capacity)) return start;
    const found = nextWindow(this.#head, demand, { start, end: start + duration }, notAfter);
    return Math.min(found.searchedUntil ?? FOREVER, found.nextWindow?.start ?? FOREVER);
  }

  /** The first instant after another at which something changes on what may serve the demand. */
  after(instant: Instant): Instant {
    const { nodes, hosts, elements } = this.#head;
    let next = FOREVER;
    for (const node of nodes.values()) {
      if (isPoolNode(node.id)) next = Math.min(next, nextChange(node, instant));
    }
    for (const element of elements.nodes.values()) next = Math.min(next, nextChange(element, instant));
    for (const element of this.#elements) next = Math.min(next, nextRelease(this.#head, element, instant));
    for (const name of this.#request.demand.elements ?? []) {
      for (const provider of this.#head.providers.keys()) {
        const host = hosts.nodes.get(hostId(provider, name));
        if (host !== undefined) next = Math.min(next, nextChange(host, instant));
      }
    }
    for (const { from, container } of this.#sources) {
      for (const host of hostsFor(this.#head, from, container)) {
        this.#effort.looks--;
        next = Math.min(next, stepsOn(host).nextStep(instant));
      }
    }
    return next;
  }

  /** Follows the room for a container: in its pools, and on its hosts. */
  #follow(container: Container): void {
    const { demand, pinned = [] } = this.#request;
    const count = container.count - pinned.filter((claim) => claim.container === container.name).length;
    if (count <= 0) return;
    const policy = demand.groups?.find(({ name }) => name === container.group)?.policy;
    const together = policy === 'affinity';
    const members = new Set(demand.containers?.flatMap(({ name, group }) => (group === container.group ? name : [])));
    const staying = new Set(pinned.flatMap((claim) => (members.has(claim.container ?? '') ? (claim.host ?? []) : [])));
    const inPools: Bearer[] = [];
    const onHosts: Bearer[] = [];
    for (const from of poolsFor(this.#head, demand, container)) {
      const { node, provider, share } = from;
      const unseen = !seesHosts(provider);
      if (share === undefined || (unseen && bindsHosts(container, from))) continue;
      this.#sources.push({ from, container });
      const pool = new PoolBearer(node, share, count);
      inPools.push(pool);
      if (unseen) onHosts.push(pool);
      const needed = neededOnHost(this.#request, container, provider, share);
      const most = policy === 'anti-affinity' ? 1 : count;
      for (const host of unseen ? [] : hostsFor(this.#head, from, container)) {
        const isStaying = staying.has(host.id);
        if (policy === 'anti-affinity' && isStaying) continue;
        if (together && staying.size > 0 && !isStaying) continue;
        onHosts.push(together ? new HostBearer(host, needed, 1, count) : new HostBearer(host, share.ofHost, most, 1));
      }
    }
    for (const bearers of [inPools, onHosts]) {
      this.#sums.push(new RoomOverTime(bearers, count, this.#range, this.#effort));
    }
  }
}

interface Change {
  readonly at: Instant;
  readonly bearer: Bearer;
  /** For how many it has room until then. */
  readonly instances: number;
}

/** The room that bearers have together, at starts that are asked for in order. */
class RoomOverTime {
  readonly #bearers: readonly Bearer[];
  readonly #needed: number;
  readonly #range: Range;
  readonly #effort: Effort;
  readonly #changes = new SoonestFirst<Change>();
  #begun = false;
  #sum = 0;
  /** The start for which the sum is. */
  #at: Instant = BEGINNING;

  constructor(bearers: readonly Bearer[], needed: number, range: Range, effort: Effort) {
    this.#bearers = bearers;
    this.#needed = needed;
    this.#range = range;
    this.#effort = effort;
  }

  /** Whether there is anything that could have room. */
  get bears(): boolean {
    return this.#bearers.length > 0;
  }

  /** The first start from one on with as much room as is needed, or past the last that is looked for; with the effort spent, none before has. */
  enoughFrom(start: Instant): Instant {
    this.#at = Math.max(this.#at, start);
    if (!this.#begun) {
      this.#begun = true;
      for (const bearer of this.#bearers) this.#look(bearer);
    }
    for (;;) {
      for (let due = this.#changes.takeUntil(this.#at); due !== undefined; due = this.#changes.takeUntil(this.#at)) {
        this.#sum -= due.instances;
        this.#look(due.bearer);
      }
      if (this.#sum >= this.#needed || this.#effort.spent || this.#at > this.#range.notAfter) return this.#at;
      this.#at = this.#changes.soonest;
    }
  }

  #look(bearer: Bearer): void {
    if (this.#effort.looks <= 0) {
      this.#effort.spent = true;
      return;
    }
    this.#effort.looks--;
    const { instances, until } = bearer.roomAt(this.#at, this.#range);
    this.#sum += instances;
    if (until !== FOREVER) this.#changes.add({ at: until, bearer, instances });
  }
}

/** A host, by the units of which it may bear some: an instance, or a whole group, which counts as several. */
class HostBearer implements Bearer {
  readonly #steps: HostSteps;
  readonly #unit: HostAmount;
  readonly #most: number;
  readonly #instances: number;

  /** @param most units that it may bear; @param instances in a unit */
  constructor(host: HostNode, unit: HostAmount, most: number, instances: number) {
    this.#steps = stepsOn(host);
    this.#unit = unit;
    this.#most = most;
    this.#instances = instances;
  }

  roomAt(start: Instant, { duration, notAfter }: Range): Room {
    const steps = this.#steps;
    const first = steps.earliest(start, notAfter, duration, this.#unit);
    if (first > start) return { instances: 0, until: first };
    const units = this.#most === 1 ? 1 : this.#unitsAt({ start, end: start + duration });
    const more =
      units >= this.#most ? FOREVER : steps.earliest(start, notAfter, duration, timesAmount(this.#unit, units + 1));
    const short = steps.firstShort(start + duration, timesAmount(this.#unit, units));
    return { instances: units * this.#instances, until: Math.min(more, firstStartOver(short, duration)) };
  }

  #unitsAt(window: Window): number {
    const least = this.#steps.leastOf(window, this.#unit);
    return least === undefined ? 0 : Math.min(this.#most, timesOnHost(least, this.#unit));
  }
}

class PoolBearer implements Bearer {
  readonly #node: Node;
  readonly #share: Share;
  readonly #most: number;

  constructor(node: Node, share: Share, most: number) {
    this.#node = node;
    this.#share = share;
    this.#most = most;
  }

  roomAt(start: Instant, { duration, notAfter }: Range): Room {
    const { free } = this.#node;
    const instances = Math.min(
      this.#most,
      timesInPool({ left: free.min({ start, end: start + duration }) }, this.#share),
    );
    let more = FOREVER;
    if (instances < this.#most) {
      const demand = this.#vector(instances + 1);
      const found = free.earliestFit({ notBefore: start, notAfter, duration, demand, budget: POOL_BUDGET });
      if (found.outcome === 'fits') more = found.start;
      // It is asked again from where the search stopped.
      if (found.outcome === 'budget-spent') more = Math.max(found.searchedUntil, start + 1);
    }
    if (instances === 0 || duration === FOREVER) return { instances, until: more };
    const short = free.firstShortage({ start: start + duration, end: FOREVER }, this.#vector(instances)) ?? FOREVER;
    return { instances, until: Math.min(more, firstStartOver(short, duration)) };
  }

  #vector(times: number): CapacityVector {
    const vector = zeroVector();
    for (const [lane, amount] of this.#share.ofPool) vector[lane] = amount * times;
    return vector;
  }
}

/** The first start of a window of a length that reaches past an instant. */
function firstStartOver(instant: Instant, duration: number): Instant {
  return instant === FOREVER ? FOREVER : instant - duration + 1;
}
