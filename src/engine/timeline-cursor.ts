import { BLOCK, BreakpointTree, MAX_DEPTH, NONE, int, real } from './breakpoint-tree.ts';
import { RESOURCE_COUNT } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import { BEGINNING, FOREVER } from './window.ts';
import type { Instant } from './window.ts';

/**
 * A place in a timeline, with the value there, that moves forward in time by breakpoints or past whole subtrees.
 * It looks only at the lanes that are watched.
 */
export class Cursor {
  /** The next breakpoint, and the end of those in the same block: indexes into the tree's instants. */
  position = 0;
  last = 0;
  /** The subtree taken by `pop`, and a bound that its breakpoints do not lie before. */
  node = NONE;
  low = 0;

  #tree = new BreakpointTree();
  /** How many lanes are watched, which, the resource of each, what is needed of each, and the value of each at the cursor. */
  #watched = 0;
  readonly #lanes = new Int32Array(RESOURCE_COUNT);
  readonly #resources = new Int32Array(RESOURCE_COUNT);
  readonly #need = new Float64Array(RESOURCE_COUNT);
  readonly #value = new Float64Array(RESOURCE_COUNT);
  /** The subtrees that lie wholly after the cursor, the next one last, and the lower bound of each. */
  readonly #pending = new Int32Array(2 * MAX_DEPTH);
  readonly #lows = new Float64Array(2 * MAX_DEPTH);
  #depth = 0;

  /** Watches every lane; the value is that before the first breakpoint. */
  watchAll(tree: BreakpointTree, resources: readonly number[], base: CapacityVector): void {
    this.#tree = tree;
    this.#watched = resources.length;
    for (let lane = 0; lane < resources.length; lane++) {
      const resource = resources[lane] ?? 0;
      this.#lanes[lane] = lane;
      this.#resources[lane] = resource;
      this.#value[lane] = real(base, resource);
    }
  }

  /** Watches the lanes of the demand; false when it asks for a resource of which there is never any. */
  watchDemand(
    tree: BreakpointTree,
    resources: readonly number[],
    base: CapacityVector,
    demand: CapacityVector,
  ): boolean {
    this.#tree = tree;
    let asked = 0;
    for (let resource = 0; resource < RESOURCE_COUNT; resource++) if (real(demand, resource) > 0) asked++;
    let watched = 0;
    for (let lane = 0; lane < resources.length; lane++) {
      const resource = resources[lane] ?? 0;
      const need = real(demand, resource);
      if (need > 0) {
        this.#lanes[watched] = lane;
        this.#resources[watched] = resource;
        this.#need[watched] = need;
        this.#value[watched] = real(base, resource);
        watched++;
      }
    }
    this.#watched = watched;
    return watched === asked;
  }

  /** Goes to `instant` from before the first breakpoint: those up to and including it are taken. */
  seek(instant: Instant): void {
    const tree = this.#tree;
    this.#depth = 0;
    this.position = 0;
    this.last = 0;
    this.node = tree.root;
    this.low = BEGINNING;
    if (this.node === NONE) return;
    while (!tree.isLeaf(this.node)) {
      const inner = this.node;
      const separator = tree.separator(inner);
      if (instant < separator) {
        this.#push(tree.right(inner), separator);
        this.node = tree.left(inner);
      } else {
        this.node = tree.left(inner);
        this.skip();
        this.node = tree.right(inner);
      }
    }
    this.open();
    for (; this.position < this.last && this.instant() <= instant; this.position++) this.step();
  }

  /**
   * Goes on to an instant: takes the breakpoints before it and, if `inclusive`, one at it.
   * @param target lowered (side -1) or raised (side 1) to what the value is on the way: its amounts from the index `from` on
   */
  advance(to: Instant, inclusive: boolean, side: 1 | -1 = 1, target?: Float64Array, from = 0): void {
    for (;;) {
      let until = this.position;
      while (until < this.last && (inclusive ? this.#instantAt(until) <= to : this.#instantAt(until) < to)) until++;
      this.#take(until, side, target, from);
      if (until < this.last) return;
      do {
        if (!this.pop()) return;
        if (inclusive ? this.low > to : this.low >= to) {
          // It is still to come.
          this.#depth++;
          return;
        }
      } while (this.high() <= to ? this.#pass(side, target, from) : this.open());
    }
  }

  /** The instant of the next breakpoint. */
  instant(): Instant {
    return this.#instantAt(this.position);
  }

  #instantAt(position: number): Instant {
    return real(this.#tree.instants, position);
  }

  /** Takes the next breakpoint's delta; `position` is the caller's to advance. */
  step(): void {
    const { lanes, deltas } = this.#tree;
    const offset = this.position * lanes;
    const value = this.#value;
    for (let index = 0; index < this.#watched; index++) {
      value[index] = real(value, index) + real(deltas, offset + int(this.#lanes, index));
    }
  }

  /** Takes the next subtree that lies after the cursor; false when there is none. */
  pop(): boolean {
    if (this.#depth === 0) return false;
    this.#depth--;
    this.node = int(this.#pending, this.#depth);
    this.low = real(this.#lows, this.#depth);
    return true;
  }

  /** Goes into what comes next, down to the breakpoints of a block; false when there is nothing more. */
  next(): boolean {
    do {
      if (!this.pop()) return false;
    } while (this.open());
    return true;
  }

  /** A bound before which all breakpoints of the popped subtree lie. */
  high(): Instant {
    return this.#depth === 0 ? FOREVER : real(this.#lows, this.#depth - 1);
  }

  /** Goes into the popped subtree; whether another `pop` is due: false when it was a leaf, whose breakpoints are next. */
  open(): boolean {
    const tree = this.#tree;
    const { node } = this;
    if (tree.isLeaf(node)) {
      this.position = tree.blockOf(node) * BLOCK;
      this.last = this.position + tree.leafSize(node);
      return false;
    }
    this.#push(tree.right(node), tree.separator(node));
    this.#push(tree.left(node), this.low);
    return true;
  }

  /** Goes into the later half of the popped subtree alone if the demand is not covered throughout it; whether it did. */
  openLater(): boolean {
    const tree = this.#tree;
    const { node } = this;
    if (tree.isLeaf(node)) return false;
    const left = tree.left(node);
    const right = tree.right(node);
    const sums = tree.aggregatesOf(left);
    const lows = tree.aggregatesOf(right) + tree.lanes;
    if (this.#covers(lows, sums)) return false;
    this.node = left;
    this.skip();
    this.#push(right, tree.separator(node));
    return true;
  }

  /** Goes past the popped subtree, whose sum is taken; true, since another `pop` is due. */
  skip(): true {
    const { aggregates } = this.#tree;
    const sums = this.#tree.aggregatesOf(this.node);
    const value = this.#value;
    for (let index = 0; index < this.#watched; index++) {
      value[index] = real(value, index) + real(aggregates, sums + int(this.#lanes, index));
    }
    return true;
  }

  /** Takes the breakpoints up to a position, resource by resource: so the sum and its extreme stay in registers. */
  #take(until: number, side: 1 | -1, target: Float64Array | undefined, from: number): void {
    const { lanes, deltas } = this.#tree;
    const begin = this.position * lanes;
    const end = until * lanes;
    this.position = until;
    if (begin === end) return;
    const values = this.#value;
    for (let index = 0; index < this.#watched; index++) {
      const lane = int(this.#lanes, index);
      const at = from + int(this.#resources, index);
      let value = real(values, index);
      let extreme = target === undefined ? value : real(target, at);
      for (let offset = begin + lane; offset < end; offset += lanes) {
        value += real(deltas, offset);
        if (side === 1 ? value > extreme : value < extreme) extreme = value;
      }
      values[index] = value;
      if (target !== undefined) target[at] = extreme;
    }
  }

  /** Goes past the popped subtree; true, since another `pop` is due. */
  #pass(side: 1 | -1, target: Float64Array | undefined, from: number): true {
    if (target === undefined) return this.skip();
    const { aggregates, lanes } = this.#tree;
    const sums = this.#tree.aggregatesOf(this.node);
    const extremes = sums + (side === 1 ? 2 * lanes : lanes);
    const values = this.#value;
    for (let index = 0; index < this.#watched; index++) {
      const lane = int(this.#lanes, index);
      const at = from + int(this.#resources, index);
      const value = real(values, index);
      const extreme = value + real(aggregates, extremes + lane);
      if (side === 1 ? extreme > real(target, at) : extreme < real(target, at)) target[at] = extreme;
      values[index] = value + real(aggregates, sums + lane);
    }
    return true;
  }

  /** Whether the value covers the demand. */
  enough(): boolean {
    for (let index = 0; index < this.#watched; index++) {
      if (real(this.#value, index) < real(this.#need, index)) return false;
    }
    return true;
  }

  /** Whether the value covers the demand throughout a subtree that comes next. */
  staysEnough(node: number): boolean {
    const lows = this.#tree.aggregatesOf(node) + this.#tree.lanes;
    return this.#covers(lows);
  }

  /** Whether the value may cover the demand somewhere in a subtree that comes next: false is certain, true is not. */
  getsEnough(node: number): boolean {
    const highs = this.#tree.aggregatesOf(node) + 2 * this.#tree.lanes;
    return this.#covers(highs);
  }

  /** Lowers the amounts in `target` to the value. */
  lower(target: CapacityVector): void {
    for (let index = 0; index < this.#watched; index++) {
      const resource = int(this.#resources, index);
      const amount = real(this.#value, index);
      if (amount < real(target, resource)) target[resource] = amount;
    }
  }

  /** Goes past the popped subtree, and lowers the amounts in `target` to the least in it; true, since another `pop` is due. */
  lowerPast(target: CapacityVector): true {
    return this.#pass(-1, target, 0);
  }

  /** The value of the watched lanes, and of the others that in `base`, by resource. */
  read(base: CapacityVector, target: CapacityVector): CapacityVector {
    for (let resource = 0; resource < RESOURCE_COUNT; resource++) target[resource] = real(base, resource);
    this.write(target, 0);
    return target;
  }

  /** Writes the value of the watched lanes into an array, from an index on, by resource. */
  write(target: Float64Array, from: number): void {
    for (let index = 0; index < this.#watched; index++)
      target[from + int(this.#resources, index)] = real(this.#value, index);
  }

  /** Whether the value, plus the sums at an index of the aggregates if any, plus the extremes at another, covers the demand. */
  #covers(extremes: number, sums = NONE): boolean {
    const { aggregates } = this.#tree;
    for (let index = 0; index < this.#watched; index++) {
      const lane = int(this.#lanes, index);
      const before = sums === NONE ? 0 : real(aggregates, sums + lane);
      if (real(this.#value, index) + before + real(aggregates, extremes + lane) < real(this.#need, index)) return false;
    }
    return true;
  }

  #push(node: number, low: Instant): void {
    this.#pending[this.#depth] = node;
    this.#lows[this.#depth] = low;
    this.#depth++;
  }
}
