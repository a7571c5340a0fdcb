/**
 * A timeline: how much of each resource there is at every instant, as the sum of windows × vectors.
 *
 * One timeline a node (pool, host, quota) holds *free* capacity: capacity and increases are added, claims are removed.
 * Then a demand fits a window when the least free amount in it is enough, and the answer to "the most that could be had"
 * is that least amount. A timeline of something else (what is claimed, what is used) works the same way.
 *
 * With n the number of distinct instants at which the sum changes, and only the resources looked at counting,
 * every operation is O(log n), except that walks also pay for what they yield and `earliestFit` for the gaps it rejects.
 *
 * Sums are exact: amounts are integers and no sum may leave ±`MAX_AMOUNT`, so that even the difference of two sums is an
 * integer that a double holds. So a claim that is removed leaves nothing behind, whatever came between.
 */

import { BreakpointTree, NONE, real } from './breakpoint-tree.ts';
import { CapacityOverflowError, RESOURCES, RESOURCE_COUNT, zeroVector } from './capacity.ts';
import type { CapacityVector, Resource } from './capacity.ts';
import { Additions } from './timeline-additions.ts';
import { Cursor } from './timeline-cursor.ts';
import { BEGINNING, FOREVER, windowOf } from './window.ts';
import type { Instant, Window } from './window.ts';

/** The largest amount that a timeline holds at any instant, either sign: 2^52. */
export const MAX_AMOUNT: number = 2 ** 52;

/** The value from `at` until the next step. */
export interface Step {
  readonly at: Instant;
  readonly value: CapacityVector;
}

/** What `sample` reports of each interval: the least or the greatest in it. */
export type Measure = 'min' | 'max';

/** A span of a window in which there is less of a resource than is asked for, and the least that there is in it. */
export interface ShortSpan {
  readonly from: Instant;
  /** The first instant at which there is enough again, or the end of the window. */
  readonly to: Instant;
  readonly least: number;
}

/** Where to look for a window that fits. */
export interface FitRequest {
  /** The earliest start. */
  readonly notBefore: Instant;
  /** The latest start; `FOREVER` when any will do. */
  readonly notAfter: Instant;
  /** How long the demand must fit, in milliseconds, more than 0; Infinity for a window without an end. */
  readonly duration: number;
  readonly demand: CapacityVector;
  /** How many breakpoints and tree nodes may be looked at. */
  readonly budget: number;
}

/**
 * `fits`: the first start at which the demand fits for the whole duration. `none`: no start from notBefore to notAfter
 * does. `budget-spent`: no start before `searchedUntil` does; a search from there on goes on where this one stopped.
 */
export type FitResult =
  | { readonly outcome: 'fits'; readonly start: Instant }
  | { readonly outcome: 'none' }
  | { readonly outcome: 'budget-spent'; readonly searchedUntil: Instant };

export class Timeline {
  readonly #tree = new BreakpointTree();
  /** Resource index of each lane: only resources that were ever other than 0 have one. */
  readonly #resources: number[] = [];
  /** The same as a set: bit i for resource i. */
  #seen = 0;
  /** The value before the first breakpoint, by resource index. */
  readonly #base: CapacityVector = zeroVector();
  #version = 0;
  /** What is not in the tree yet: see `addLater`. */
  #later: Additions | undefined;

  /** The number of distinct instants at which the value changes. */
  get breakpoints(): number {
    this.#settle();
    return this.#tree.size;
  }

  /**
   * Adds the vector over the window.
   * @throws CapacityOverflowError, and changes nothing, when an amount is no integer or a sum would pass `MAX_AMOUNT`.
   */
  add(window: Window, vector: CapacityVector): void {
    this.#apply(window, vector, 1);
  }

  /** Takes away what `add` added: the same as adding the negative. */
  remove(window: Window, vector: CapacityVector): void {
    this.#apply(window, vector, -1);
  }

  /**
   * Adds `sign` times the vector over the window, in one go with what else is added so, when the timeline is next looked at or
   * changed: to load many, at some hundredth of what `add` takes for each.
   * @throws CapacityOverflowError when an amount is no integer. That a sum passes `MAX_AMOUNT` is found out when they are added.
   */
  addLater(window: Window, vector: CapacityVector, sign: 1 | -1): void {
    checkAmounts(vector);
    this.#later ??= new Additions();
    this.#later.push(window, vector, sign);
  }

  /** The value at an instant, written into `target` when one is given. */
  valueAt(instant: Instant, target: CapacityVector = zeroVector()): CapacityVector {
    this.#settle();
    const cursor = shared;
    cursor.watchAll(this.#tree, this.#resources, this.#base);
    cursor.seek(instant);
    return cursor.read(this.#base, target);
  }

  /** The least amount of each resource in the window, each on its own: for free capacity, the most that could be had. */
  min(window: Window, target: CapacityVector = zeroVector()): CapacityVector {
    return this.#extreme(window, -1, target);
  }

  /** The greatest amount of each resource in the window, each on its own. */
  max(window: Window, target: CapacityVector = zeroVector()): CapacityVector {
    return this.#extreme(window, 1, target);
  }

  /** Whether at every instant of the window there is at least the demand. A resource asked for with 0 does not matter. */
  fits(window: Window, demand: CapacityVector): boolean {
    return this.firstShortage(window, demand) === undefined;
  }

  /** The first instant of the window at which the demand does not fit, or undefined when it fits throughout. */
  firstShortage(window: Window, demand: CapacityVector): Instant | undefined {
    this.#settle();
    const cursor = shared;
    if (!cursor.watchDemand(this.#tree, this.#resources, this.#base, demand)) return window.start;
    cursor.seek(window.start);
    if (!cursor.enough()) return window.start;
    const { end } = window;
    for (;;) {
      for (; cursor.position < cursor.last; cursor.position++) {
        const at = cursor.instant();
        if (at >= end) return undefined;
        cursor.step();
        if (!cursor.enough()) return at;
      }
      do {
        if (!cursor.pop() || cursor.low >= end) return undefined;
      } while (cursor.staysEnough(cursor.node) ? cursor.skip() : cursor.open());
    }
  }

  /** The first spans of the window, `most` at the most, in which there is less of a resource than `asked`, which is more than 0. */
  shortSpans(window: Window, resource: Resource, asked: number, most: number): ShortSpan[] {
    this.#settle();
    const index = RESOURCES.indexOf(resource);
    const { end } = window;
    wanted.fill(0);
    wanted[index] = asked;
    const cursor = shared;
    if (!cursor.watchDemand(this.#tree, this.#resources, this.#base, wanted)) {
      return [{ from: window.start, to: end, least: real(this.#base, index) }];
    }
    const spans: ShortSpan[] = [];
    cursor.seek(window.start);
    // The start of the span that the cursor is in; undefined outside of one.
    let from: Instant | undefined;
    const look = (at: Instant): void => {
      if (cursor.enough()) {
        if (from !== undefined) spans.push({ from, to: at, least: real(least, index) });
        from = undefined;
      } else {
        if (from === undefined) cursor.read(this.#base, least);
        else cursor.lower(least);
        from ??= at;
      }
    };
    const rest = (): ShortSpan[] =>
      from === undefined ? spans : [...spans, { from, to: end, least: real(least, index) }];
    look(window.start);
    for (;;) {
      for (; cursor.position < cursor.last; cursor.position++) {
        const at = cursor.instant();
        if (at >= end) return rest();
        cursor.step();
        look(at);
        if (spans.length === most) return spans;
      }
      let again: boolean;
      do {
        if (!cursor.pop() || cursor.low >= end) return rest();
        const { node } = cursor;
        if (from === undefined) {
          again = cursor.staysEnough(node) ? cursor.skip() : cursor.open();
        } else if (cursor.high() <= end && !cursor.getsEnough(node)) {
          again = cursor.lowerPast(least);
        } else {
          again = cursor.open();
        }
      } while (again);
    }
  }

  /** The earliest window of the given length in which the demand fits: see `FitRequest` and `FitResult`. */
  earliestFit(request: FitRequest): FitResult {
    const { notBefore, notAfter, duration, demand } = request;
    if (!(duration > 0)) throw new RangeError(`the duration is ${duration} ms; it must be more than 0`);
    if (notAfter < notBefore) return { outcome: 'none' };
    this.#settle();
    const cursor = shared;
    if (!cursor.watchDemand(this.#tree, this.#resources, this.#base, demand)) return { outcome: 'none' };
    cursor.seek(notBefore);
    let budget = request.budget;
    // The start of the run of instants, up to the cursor, at each of which the demand fits; undefined outside a run.
    let since = cursor.enough() ? notBefore : undefined;
    for (;;) {
      for (; cursor.position < cursor.last; cursor.position++) {
        const at = cursor.instant();
        if (since === undefined ? at > notAfter : at >= since + duration) return fitOf(since);
        if (--budget < 0) return { outcome: 'budget-spent', searchedUntil: since ?? at };
        cursor.step();
        if (!cursor.enough()) since = undefined;
        else since ??= at;
      }
      let again: boolean;
      do {
        if (!cursor.pop()) return fitOf(since);
        const { low, node } = cursor;
        if (since === undefined ? low > notAfter : low >= since + duration) return fitOf(since);
        if (--budget < 0) return { outcome: 'budget-spent', searchedUntil: since ?? low };
        const unchanged = since === undefined ? !cursor.getsEnough(node) : cursor.staysEnough(node);
        if (unchanged) {
          again = cursor.skip();
        } else if (cursor.high() <= (since ?? low) + duration && cursor.openLater()) {
          // The subtree is shorter than what is looked for and falls short in its later half: no start in the earlier
          // half, and none before, gets past that.
          since = undefined;
          again = true;
        } else {
          again = cursor.open();
        }
      } while (again);
    }
  }

  /**
   * The steps of the value in the window: first at its start, then at each breakpoint inside it.
   * @param target each value is written into it when it is given, and is good until the next step is taken
   * @throws Error when the timeline is changed while the steps are being taken.
   */
  *steps(window: Window, target?: CapacityVector): Generator<Step, void, undefined> {
    this.#settle();
    const cursor = new Cursor();
    const version = this.#version;
    cursor.watchAll(this.#tree, this.#resources, this.#base);
    cursor.seek(window.start);
    yield { at: window.start, value: cursor.read(this.#base, target ?? zeroVector()) };
    this.#expect(version);
    for (;;) {
      for (; cursor.position < cursor.last; cursor.position++) {
        const at = cursor.instant();
        if (at >= window.end) return;
        cursor.step();
        yield { at, value: cursor.read(this.#base, target ?? zeroVector()) };
        this.#expect(version);
      }
      do {
        if (!cursor.pop() || cursor.low >= window.end) return;
      } while (cursor.open());
    }
  }

  /**
   * Writes out every step: its instant, the first of which is the beginning of time, and the amounts of some resources from then on.
   * @param row takes, for each step, the instant and as many amounts as resources are named: `breakpoints` + 1 steps
   */
  writeSteps(resources: readonly number[], row: Float64Array): void {
    this.#settle();
    const tree = this.#tree;
    const cursor = shared;
    const width = resources.length + 1;
    const lanes = resources.map((resource) => this.#resources.indexOf(resource));
    row[0] = BEGINNING;
    for (let index = 0; index < resources.length; index++) row[index + 1] = real(this.#base, resources[index] ?? 0);
    let from = 0;
    cursor.watchAll(tree, [], this.#base);
    cursor.seek(BEGINNING);
    do {
      for (; cursor.position < cursor.last; cursor.position++) {
        const to = from + width;
        row[to] = cursor.instant();
        for (let index = 0; index < lanes.length; index++) {
          const lane = lanes[index] ?? NONE;
          const change = lane < 0 ? 0 : real(tree.deltas, cursor.position * tree.lanes + lane);
          row[to + index + 1] = real(row, from + index + 1) + change;
        }
        from = to;
      }
    } while (cursor.next());
  }

  /**
   * The least or the greatest value by intervals, of `interval` milliseconds each from the start of the window, the last one cut at its end.
   * @returns `RESOURCE_COUNT` amounts for each interval, one after the other: a vector of its own for each would take longer than
   * what is in it
   * @throws RangeError when the window is not bounded or the interval is not a positive whole number.
   */
  sample(window: Window, interval: number, measure: Measure): Float64Array {
    const { start, end } = window;
    if (start === BEGINNING || end === FOREVER)
      throw new RangeError('only a window with a start and an end can be sampled');
    if (!Number.isSafeInteger(interval) || interval <= 0) {
      throw new RangeError(`the interval is ${interval} ms; it must be a whole number more than 0`);
    }
    this.#settle();
    const samples = new Float64Array(Math.ceil((end - start) / interval) * RESOURCE_COUNT);
    const side = measure === 'min' ? -1 : 1;
    const cursor = shared;
    // What has no lane is 0.
    cursor.watchAll(this.#tree, this.#resources, this.#base);
    cursor.seek(start);
    let at = start;
    for (let from = 0; from < samples.length; from += RESOURCE_COUNT) {
      if (from > 0) cursor.advance(at, true);
      cursor.write(samples, from);
      at += interval;
      cursor.advance(Math.min(at, end), false, side, samples, from);
    }
    return samples;
  }

  #apply(window: Window, vector: CapacityVector, sign: 1 | -1): void {
    const { start, end } = window;
    // NaN fails this comparison too.
    if (!(start < end)) windowOf(start, end);
    this.#settle();
    this.#accept(vector);
    if (!this.#surelyBounded(vector, sign)) this.#checkSums(window, vector, sign);
    const width = this.#resources.length;
    let zero = true;
    for (let lane = 0; lane < width; lane++) {
      const amount = vector[this.#resources[lane] ?? 0] ?? 0;
      change[lane] = amount;
      if (amount !== 0) zero = false;
    }
    if (zero) return;
    this.#version++;
    if (start === BEGINNING) {
      for (let index = 0; index < RESOURCE_COUNT; index++)
        this.#base[index] = real(this.#base, index) + sign * (vector[index] ?? 0);
    } else {
      this.#tree.apply(start, change, sign, end);
    }
    if (end !== FOREVER) this.#tree.apply(end, change, sign === 1 ? -1 : 1, Number.POSITIVE_INFINITY);
  }

  /** Puts into the tree what was added to be put there later. */
  #settle(): void {
    const later = this.#later;
    if (later === undefined) return;
    this.#later = undefined;
    this.#widen(later.resources);
    for (let index = 0; index < RESOURCE_COUNT; index++)
      this.#base[index] = real(this.#base, index) + real(later.base, index);
    const { instants, changes, count } = later.mergedWith(this.#tree, this.#resources);
    this.#tree.rebuild(instants, changes, count);
    this.#version++;
    const nothing = zeroVector();
    if (!this.#surelyBounded(nothing, 1)) this.#checkSums({ start: BEGINNING, end: FOREVER }, nothing, 1);
  }

  /** Refuses amounts that are not integers, and gives a lane to each resource that is new. */
  #accept(vector: CapacityVector): void {
    this.#widen(checkAmounts(vector));
  }

  #widen(resources: number): void {
    const seen = this.#seen | resources;
    if (seen === this.#seen) return;
    for (let index = 0; index < RESOURCE_COUNT; index++) {
      if (((seen & ~this.#seen) >> index) & 1) this.#resources.push(index);
    }
    this.#seen = seen;
    this.#tree.widen(this.#resources.length);
  }

  /** Whether no sum can pass `MAX_AMOUNT`, judged by the extremes of all time: cheap, and true in practice. */
  #surelyBounded(vector: CapacityVector, sign: 1 | -1): boolean {
    const { root, lanes, aggregates } = this.#tree;
    const own = this.#tree.aggregatesOf(root);
    for (let lane = 0; lane < lanes; lane++) {
      const index = this.#resources[lane] ?? 0;
      const amount = sign * real(vector, index);
      const base = real(this.#base, index);
      const low = root === NONE ? 0 : Math.min(0, real(aggregates, own + lanes + lane));
      const high = root === NONE ? 0 : Math.max(0, real(aggregates, own + 2 * lanes + lane));
      if (base + high + amount > MAX_AMOUNT || base + low + amount < -MAX_AMOUNT) return false;
    }
    return true;
  }

  #expect(version: number): void {
    if (this.#version !== version) throw new Error('the timeline changed while its steps were being taken');
  }

  /** The exact form of the check: what the sums in the window would become. */
  #checkSums(window: Window, vector: CapacityVector, sign: 1 | -1): void {
    const low = this.min(window);
    const high = this.max(window);
    for (let index = 0; index < RESOURCE_COUNT; index++) {
      const amount = sign * real(vector, index);
      const [lowest, highest] = [real(low, index) + amount, real(high, index) + amount];
      if (lowest < -MAX_AMOUNT) throw overflow(index, lowest);
      if (highest > MAX_AMOUNT) throw overflow(index, highest);
    }
  }

  #extreme(window: Window, side: 1 | -1, target: CapacityVector): CapacityVector {
    this.#settle();
    const cursor = shared;
    cursor.watchAll(this.#tree, this.#resources, this.#base);
    cursor.seek(window.start);
    cursor.read(this.#base, target);
    cursor.advance(window.end, false, side, target);
    return target;
  }
}

/** For the queries that end before they return. */
const shared = new Cursor();

/** For `shortSpans`: what is asked for, and the least that there is. */
const wanted = zeroVector();
const least = zeroVector();

/** The change being applied, by lane. */
const change = new Float64Array(RESOURCE_COUNT);

function fitOf(since: Instant | undefined): FitResult {
  return since === undefined ? { outcome: 'none' } : { outcome: 'fits', start: since };
}

/** @returns the resources that are not 0, as a set: bit i for resource i. @throws CapacityOverflowError for what is no integer */
function checkAmounts(vector: CapacityVector): number {
  let resources = 0;
  for (let index = 0; index < RESOURCE_COUNT; index++) {
    const amount = real(vector, index);
    if (amount === 0) continue;
    if (!Number.isInteger(amount) || amount > MAX_AMOUNT || amount < -MAX_AMOUNT) throw overflow(index, amount);
    resources |= 1 << index;
  }
  return resources;
}

function overflow(resource: number, amount: number): CapacityOverflowError {
  return new CapacityOverflowError(
    `${RESOURCES[resource] ?? 'amount'} would be ${amount}; it must be an integer between ±${MAX_AMOUNT}`,
  );
}
