import { int, real } from './breakpoint-tree.ts';
import type { BreakpointTree } from './breakpoint-tree.ts';
import { RESOURCE_COUNT, zeroVector } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import { orderOf } from './instant-order.ts';
import { BEGINNING, FOREVER, windowOf } from './window.ts';
import type { Instant, Window } from './window.ts';

/** Breakpoints in order of time, with as many changes for each instant as the timeline has lanes. */
export interface Breakpoints {
  readonly instants: Float64Array;
  readonly changes: Float64Array;
  readonly count: number;
}

/** Windows × vectors that are to be added to a timeline together, in a few numbers each. */
export class Additions {
  /** What has no start: it changes the value before the first breakpoint. */
  readonly base: CapacityVector = zeroVector();
  /** The resources that are not 0 in some vector, as a set: bit i for resource i. */
  resources = 0;
  /** The instants at which something changes, and the vectors by which: places in `#amounts`, or what ~ makes of them to subtract. */
  #instants = new Float64Array(32);
  #vectors = new Int32Array(32);
  #count = 0;
  /** For each vector its resources, as a set, and an amount for each of them. */
  #amounts = new Float64Array(64);
  #used = 0;

  push({ start, end }: Window, vector: CapacityVector, sign: 1 | -1): void {
    // NaN fails this comparison too.
    if (!(start < end)) windowOf(start, end);
    const place = this.#keep(vector, sign);
    if (start === BEGINNING) this.#take(place, EACH, this.base, 0);
    else this.#point(start, place);
    if (end !== FOREVER) this.#point(end, ~place);
  }

  /**
   * The breakpoints of a timeline's tree with the additions.
   * @param resources the resource of each of its lanes: all that are in `this.resources`
   */
  mergedWith(tree: BreakpointTree, resources: readonly number[]): Breakpoints {
    const lanes = resources.length;
    const laneOf = new Int32Array(RESOURCE_COUNT);
    for (const [lane, resource] of resources.entries()) laneOf[resource] = lane;
    const vector = zeroVector();
    tree.visit((instant, offset) => {
      for (let lane = 0; lane < lanes; lane++) vector[resources[lane] ?? 0] = real(tree.deltas, offset + lane);
      this.#point(instant, this.#keep(vector, 1));
    });
    const points = this.#instants.subarray(0, this.#count);
    const instants = new Float64Array(this.#count);
    const changes = new Float64Array(this.#count * lanes);
    const order = orderOf(points);
    let count = 0;
    let offset = 0;
    for (let at = 0; at < order.length; at++) {
      const index = order[at] ?? 0;
      const instant = real(points, index);
      if (count === 0 || instant !== instants[count - 1]) {
        // Where what came before it sums up to nothing, its place is free.
        if (count === 0 || !isZero(changes, offset, lanes)) count++;
        instants[count - 1] = instant;
        offset = (count - 1) * lanes;
      }
      this.#take(this.#vectors[index] ?? 0, laneOf, changes, offset);
    }
    if (count > 0 && isZero(changes, offset, lanes)) count--;
    return { instants, changes, count };
  }

  #point(instant: Instant, vector: number): void {
    if (this.#count === this.#instants.length) {
      const vectors = new Int32Array(2 * this.#count);
      vectors.set(this.#vectors);
      this.#vectors = vectors;
      this.#instants = doubled(this.#instants);
    }
    this.#instants[this.#count] = instant;
    this.#vectors[this.#count++] = vector;
  }

  /** @returns where the amounts are kept */
  #keep(vector: CapacityVector, sign: 1 | -1): number {
    if (this.#used + 1 + RESOURCE_COUNT > this.#amounts.length) this.#amounts = doubled(this.#amounts);
    const place = this.#used++;
    let resources = 0;
    for (let index = 0; index < RESOURCE_COUNT; index++) {
      const amount = real(vector, index);
      if (amount === 0) continue;
      resources |= 1 << index;
      this.#amounts[this.#used++] = sign * amount;
    }
    this.#amounts[place] = resources;
    this.resources |= resources;
    return place;
  }

  /** Adds a vector to the amounts from an offset on: each to that of its lane. */
  #take(vector: number, laneOf: Int32Array, amounts: Float64Array, offset: number): void {
    const sign = vector < 0 ? -1 : 1;
    let place = vector < 0 ? ~vector : vector;
    let rest = real(this.#amounts, place++);
    while (rest !== 0) {
      const lane = offset + int(laneOf, 31 - Math.clz32(rest & -rest));
      amounts[lane] = real(amounts, lane) + sign * real(this.#amounts, place++);
      rest &= rest - 1;
    }
  }
}

/** Each resource in a lane of its own. */
const EACH = Int32Array.from({ length: RESOURCE_COUNT }, (_, index) => index);

function isZero(changes: Float64Array, offset: number, lanes: number): boolean {
  for (let lane = 0; lane < lanes; lane++) if (real(changes, offset + lane) !== 0) return false;
  return true;
}

function doubled(array: Float64Array): Float64Array<ArrayBuffer> {
  const result = new Float64Array(2 * array.length);
  result.set(array);
  return result;
}
