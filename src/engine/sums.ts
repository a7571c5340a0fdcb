/**
 * The sum of the parts, taken anew: what each pool, provider, host, element and quota has to show over time, added up from the entities
 * without the timelines by which the head answers. Where the two differ, one of them is wrong.
 */
import { addVectors, fromVector, toVector, zeroVector } from './capacity.ts';
import type { Capacity, CapacityVector } from './capacity.ts';
import type { Allocation, Claim, NodeId } from './entities.ts';
import { ONE_ELEMENT } from './element-map.ts';
import { hostVector } from './host-steps.ts';
import { onHost } from './hosts.ts';
import { orderOf } from './instant-order.ts';
import { outagesOf } from './outages.ts';
import { counted, nodesOfHolder } from './quota.ts';
import { keptUntil, takenBy } from './machine-claims.ts';
import { poolNode, providerNode } from './state.ts';
import type { Head, Node } from './state.ts';
import { inventoryCapacity, nominalSegments, poolSegments } from './supply.ts';
import type { Segment } from './supply.ts';
import type { Timeline } from './timeline.ts';
import { ALWAYS, BEGINNING, FOREVER } from './window.ts';
import type { Instant } from './window.ts';
import { eachOf, windowsIn } from './windows.ts';
import { isPoolNode } from './entities.ts';
import type { Outages } from './outages.ts';

/** An amount during a window, or during many that recur. A claim is one as it is: a million parts are a million references. */
type Part = Pick<Claim, 'capacity' | 'disk' | 'start' | 'end' | 'period' | 'count'>;

/** What is added on a timeline, and what is taken from it. */
interface Sides {
  readonly given: Part[];
  readonly taken: Part[];
}

const SHOWN = ['total', 'free', 'lent', 'used'] as const;
type Shown = (typeof SHOWN)[number];

/** A timeline that does not show the sum of its parts, and from when on. */
export interface Mismatch {
  readonly at: Instant;
  readonly message: string;
}

/** Each pool, provider, quota, host and element of the head, with what of it is not the sum of its parts. */
export function* sumsOfParts(head: Head): Generator<{ readonly where: string; readonly found: readonly Mismatch[] }> {
  const outages = outagesOf(head);
  const parts = partsOf(head, outages);
  for (const [where, node] of head.nodes) {
    const of = vectorOn(node);
    yield { where, found: SHOWN.flatMap((shown) => mismatch(shown, node[shown], parts.take(where, shown), of)) };
  }
  for (const [where, { free, lent, size }] of head.hosts.nodes) {
    const there = { start: BEGINNING, capacity: { cores: size.cores, ram: size.ram }, disk: size.disk };
    parts.give(where, 'free', there);
    for (const window of outages.hosts.get(where) ?? []) parts.takeAway(where, 'free', { ...there, ...window });
    const found = [
      ...mismatch('free', free, parts.take(where, 'free'), onAHost),
      ...mismatch('lent', lent, parts.take(where, 'lent'), onAHost),
    ];
    yield { where, found };
  }
  for (const [where, { free, there }] of head.elements.nodes) {
    if (there) parts.give(where, 'free', always({}));
    yield { where, found: mismatch('free', free, parts.take(where, 'free'), once) };
  }
  for (const where of parts.left()) {
    yield { where, found: [{ at: BEGINNING, message: 'something is held here and the head does not have it' }] };
  }
}

/** The parts by the place and timeline to which they belong. */
class Parts {
  readonly #sides = new Map<string, Sides>();

  give(where: string, shown: Shown, part: Part): void {
    this.#of(where, shown).given.push(part);
  }

  takeAway(where: string, shown: Shown, part: Part): void {
    this.#of(where, shown).taken.push(part);
  }

  /** The parts of one timeline, which are forgotten here. */
  take(where: string, shown: Shown): Sides {
    const key = `${where} ${shown}`;
    const found = this.#sides.get(key) ?? { given: [], taken: [] };
    this.#sides.delete(key);
    return found;
  }

  /** The places of parts that nobody took. */
  left(): Set<string> {
    return new Set([...this.#sides.keys()].map((key) => key.slice(0, key.lastIndexOf(' '))));
  }

  #of(where: string, shown: Shown): Sides {
    const key = `${where} ${shown}`;
    let found = this.#sides.get(key);
    if (found === undefined) {
      found = { given: [], taken: [] };
      this.#sides.set(key, found);
    }
    return found;
  }
}

function partsOf(head: Head, outages: Outages): Parts {
  const parts = new Parts();
  for (const { id, inventory } of head.providers.values()) {
    if (inventory !== undefined) supply(parts, providerNode(id), [always(inventoryCapacity(inventory))]);
  }
  for (const pool of head.pools.values()) {
    supply(parts, poolNode(pool.id), poolSegments(pool, outages.pools.get(pool.id)).map(partOf));
    for (const segment of nominalSegments(pool)) parts.takeAway(providerNode(pool.source), 'free', partOf(segment));
  }
  for (const [id, { quota }] of head.quotas) supply(parts, id, [always(quota.capacity)]);
  for (const holders of [head.reservations, head.offers]) {
    for (const holder of holders.values()) held(head, parts, holder, holder.claims);
  }
  for (const allocation of head.allocations.values()) {
    held(head, parts, allocation, takenBy(allocation));
    consumed(head, parts, allocation);
  }
  return parts;
}

function always(capacity: Capacity): Part {
  return { start: BEGINNING, capacity };
}

function partOf({ window: { start, end }, vector }: Segment): Part {
  return { start, end, capacity: fromVector(vector) };
}

function supply(parts: Parts, where: NodeId, segments: readonly Part[]): void {
  for (const segment of segments) for (const shown of ['total', 'free'] as const) parts.give(where, shown, segment);
}

function held(
  head: Head,
  parts: Parts,
  holder: { readonly owner: string; readonly tenant?: string },
  claims: readonly Claim[],
): void {
  const quotas = nodesOfHolder(head, holder);
  for (const claim of claims) {
    const { node, host, element, onLoan } = claim;
    if (onLoan === true) parts.give(node, 'lent', claim);
    else parts.takeAway(node, 'free', claim);
    if (host !== undefined) parts.takeAway(host, 'free', claim);
    if (element !== undefined) parts.takeAway(element, 'free', claim);
    if (isPoolNode(node)) for (const quota of quotas) parts.takeAway(quota, 'free', claim);
  }
}

function consumed(head: Head, parts: Parts, allocation: Allocation): void {
  const { pool, startsAt: start, endsAt: end = FOREVER, capacity } = allocation;
  const until = keptUntil(allocation);
  if (until > start) parts.give(poolNode(pool), 'used', { start, end: until, capacity });
  for (const quota of nodesOfHolder(head, allocation)) parts.give(quota, 'used', { start, end, capacity });
}

/** What a part comes to, good until the next is asked for. */
type VectorOf = (part: Part) => CapacityVector;

/** For what a part comes to, and for the value of a step: a million of each are looked at, one after the other. */
const AMOUNT = zeroVector();
const SHOWN_VALUE = zeroVector();

/** A quota counts the resources that it limits, and nothing else. */
function vectorOn(node: Node): VectorOf {
  if (!node.id.startsWith('quota/')) return ({ capacity }) => toVector(capacity, AMOUNT);
  return ({ capacity }) => toVector(counted(node, capacity), AMOUNT);
}

const onAHost: VectorOf = ({ capacity, disk }) => hostVector(onHost(capacity, disk));

const once: VectorOf = () => ONE_ELEMENT;

/** The first instant at which a timeline is not what its parts come to. */
function mismatch(shown: Shown, timeline: Timeline, parts: Sides, of: VectorOf): Mismatch[] {
  const steps = timeline.steps(ALWAYS, SHOWN_VALUE);
  for (const sum of sumsOver(parts, of)) {
    const step = steps.next();
    const same = !step.done && step.value.at === sum.at && equal(step.value.value, sum.value);
    if (same) continue;
    const at = step.done === true ? sum.at : Math.min(sum.at, step.value.at);
    return [{ at, message: `its timeline '${shown}' does not show the sum of its parts` }];
  }
  const more = steps.next();
  return more.done === true
    ? []
    : [{ at: more.value.at, message: `its timeline '${shown}' changes where none of its parts does` }];
}

/** The sum at the beginning, and each instant at which it changes. The vector is good until the next. */
function* sumsOver(
  { given, taken }: Sides,
  of: VectorOf,
): Generator<{ readonly at: Instant; readonly value: CapacityVector }> {
  const parts = [...given, ...taken];
  const value = zeroVector();
  const add = (index: number, sign: 1 | -1): void => {
    const part = parts[index];
    if (part !== undefined) addVectors(value, of(part), index < given.length === (sign === 1) ? 1 : -1);
  };
  const { times, edges } = edgesOf(parts);
  for (const [index, { start }] of parts.entries()) if (start === BEGINNING) add(index, 1);
  yield { at: BEGINNING, value };
  const before = value.slice();
  const order = orderOf(times);
  for (let next = 0; next < order.length;) {
    const at = times[order[next] ?? 0] ?? FOREVER;
    for (; next < order.length && times[order[next] ?? 0] === at; next++) {
      const edge = edges[order[next] ?? 0] ?? 0;
      add(edge >>> 1, edge % 2 === 0 ? 1 : -1);
    }
    if (equal(value, before)) continue;
    yield { at, value };
    before.set(value);
  }
}

/**
 * When the windows of the parts begin and end, save at the beginning of time and never; and for each edge twice the number of its part, and one
 * more where it is an end.
 */
function edgesOf(parts: readonly Part[]): { readonly times: Float64Array; readonly edges: Uint32Array } {
  const most = parts.reduce((sum, { count = 1 }) => sum + 2 * count, 0);
  const times = new Float64Array(most);
  const edges = new Uint32Array(most);
  let size = 0;
  for (const [index, part] of parts.entries()) {
    const windows = windowsIn(part);
    for (const { start, end } of windows.count === undefined ? [windows] : eachOf(windows)) {
      if (start !== BEGINNING) {
        times[size] = start;
        edges[size++] = 2 * index;
      }
      if (end !== FOREVER) {
        times[size] = end;
        edges[size++] = 2 * index + 1;
      }
    }
  }
  return { times: times.subarray(0, size), edges };
}

function equal(a: CapacityVector, b: CapacityVector): boolean {
  for (let lane = 0; lane < a.length; lane++) if (a[lane] !== b[lane]) return false;
  return true;
}
