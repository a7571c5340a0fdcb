import { expect } from 'chai';
import * as fc from 'fast-check';
import { BLOCK, BreakpointTree, NONE } from '../../../src/engine/breakpoint-tree.ts';

/** What a tree is to hold: the change of each lane at each instant. */
type Changes = Map<number, number[]>;

/** What a subtree is found to hold, how deep and wide it is, and what is wrong with it. */
interface Subtree {
  readonly instants: number[];
  readonly changes: number[][];
  readonly height: number;
  readonly sizes: number[];
  readonly faults: string[];
}

/** A subtree, looked through for all that searches rely on: order, balance, and the aggregates of each node. */
function subtreeOf(tree: BreakpointTree, node: number): Subtree {
  const found = tree.isLeaf(node) ? leafOf(tree, node) : innerOf(tree, node);
  const from = tree.aggregatesOf(node);
  const aggregates = tree.aggregates.subarray(from, from + 3 * tree.lanes).join();
  const expected = aggregatesOf(found.changes, tree.lanes).join();
  if (aggregates !== expected) found.faults.push(`aggregates ${aggregates} instead of ${expected}`);
  return found;
}

function leafOf(tree: BreakpointTree, leaf: number): Subtree {
  const size = tree.leafSize(leaf);
  const places = Array.from({ length: size }, (_, index) => tree.blockOf(leaf) * BLOCK + index);
  return {
    instants: places.map((place) => tree.instants[place] ?? Number.NaN),
    changes: places.map((place) => [...tree.deltas.subarray(place * tree.lanes, (place + 1) * tree.lanes)]),
    height: 0,
    sizes: [size],
    faults: size >= 1 && size <= BLOCK ? [] : [`${size} in a leaf`],
  };
}

function innerOf(tree: BreakpointTree, node: number): Subtree {
  const left = subtreeOf(tree, tree.left(node));
  const right = subtreeOf(tree, tree.right(node));
  const faults = [...left.faults, ...right.faults];
  const [last, first] = [left.instants.at(-1) ?? Number.NaN, right.instants[0] ?? Number.NaN];
  const separator = tree.separator(node);
  if (!(last < separator && separator <= first)) faults.push(`${separator} separates ${last} from ${first}`);
  if (Math.abs(left.height - right.height) > 1) faults.push(`heights ${left.height} and ${right.height}`);
  return {
    instants: [...left.instants, ...right.instants],
    changes: [...left.changes, ...right.changes],
    height: 1 + Math.max(left.height, right.height),
    sizes: [...left.sizes, ...right.sizes],
    faults,
  };
}

const NOTHING: Subtree = { instants: [], changes: [], height: 0, sizes: [], faults: [] };

/** The sums, the least prefix sums and the greatest, each by lane. */
function aggregatesOf(changes: readonly number[][], lanes: number): number[] {
  const prefixes = Array.from({ length: lanes }, (_, lane) => {
    let sum = 0;
    return changes.map((change) => (sum += change[lane] ?? 0));
  });
  return [
    ...prefixes.map((sums) => sums.at(-1) ?? 0),
    ...prefixes.map((sums) => Math.min(...sums)),
    ...prefixes.map((sums) => Math.max(...sums)),
  ];
}

/** A tree and what it is to hold, changed together; after each change the one is held against the other. */
class Checked {
  readonly tree = new BreakpointTree();
  readonly changes: Changes = new Map();
  /** The sizes of the leaves, the earliest first, and the most leaves that there ever were. */
  sizes: number[] = [];
  #most = 0;

  constructor(lanes: number) {
    this.tree.widen(lanes);
  }

  /** Adds a change at an instant. */
  apply(instant: number, change: readonly number[], sign: 1 | -1 = 1): void {
    this.tree.apply(instant, Float64Array.from(change), sign, Number.POSITIVE_INFINITY);
    this.#note(instant, change, sign);
    this.check();
  }

  /** Adds a change at the start of a window, and takes it away at its end: what is between is looked at only then. */
  applyOver(start: number, end: number, change: readonly number[]): void {
    const vector = Float64Array.from(change);
    this.tree.apply(start, vector, 1, end);
    this.tree.apply(end, vector, -1, Number.POSITIVE_INFINITY);
    this.#note(start, change, 1);
    this.#note(end, change, -1);
    this.check();
  }

  /** Takes away what is left at an instant. */
  clear(instant: number): void {
    this.apply(instant, this.changes.get(instant) ?? [], -1);
  }

  rebuild(changes: Changes): void {
    const instants = [...changes.keys()].sort((a, b) => a - b);
    const vectors = instants.flatMap((instant) => changes.get(instant) ?? []);
    this.tree.rebuild(Float64Array.from(instants), Float64Array.from(vectors), instants.length);
    this.changes.clear();
    for (const [instant, change] of changes) this.changes.set(instant, change);
    this.#most = 0;
    this.check();
  }

  widen(lanes: number): void {
    this.tree.widen(lanes);
    for (const [instant, change] of this.changes) {
      this.changes.set(instant, [...change, ...new Array<number>(lanes - change.length).fill(0)]);
    }
    this.check();
  }

  check(): void {
    const { tree } = this;
    const instants = [...this.changes.keys()].sort((a, b) => a - b);
    const changes = instants.map((instant) => this.changes.get(instant));
    expect(tree.size).to.equal(instants.length);
    const found = tree.root === NONE ? NOTHING : subtreeOf(tree, tree.root);
    expect(found.faults).to.deep.equal([]);
    expect(found.instants.join()).to.equal(instants.join());
    expect(found.changes.join(' ')).to.equal(changes.join(' '));
    this.sizes = found.sizes;
    this.#most = Math.max(this.#most, found.sizes.length);
    this.#checkRoom();
  }

  /** What is given up is used again: there is room for half as much again as was ever needed at once, and none when nothing is left. */
  #checkRoom(): void {
    const { tree } = this;
    const [most, nodes] = tree.root === NONE ? [0, 0] : [this.#most, 2 * this.#most - 1];
    expect(tree.instants.length / BLOCK, 'room for blocks').to.be.at.most(1.5 * most + 1);
    expect(tree.deltas.length, 'room for changes').to.equal(tree.instants.length * tree.lanes);
    if (tree.lanes > 0) {
      expect(tree.aggregates.length / (3 * tree.lanes), 'room for nodes').to.be.at.most(1.5 * nodes + 2);
    }
    if (tree.root === NONE) {
      expect([tree.instants.length, tree.aggregates.length]).to.deep.equal([0, 0]);
      this.#most = 0;
    }
  }

  #note(instant: number, change: readonly number[], sign: 1 | -1): void {
    const before = this.changes.get(instant);
    const after = change.map((amount, lane) => (before?.[lane] ?? 0) + sign * amount);
    if (after.every((amount) => amount === 0)) this.changes.delete(instant);
    else this.changes.set(instant, after);
  }
}

/** Changes of two lanes, never of both by nothing; the same ones in each run. */
const CHANGES = fc.sample(
  fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 1, max: 3 })).map((pair) => [...pair]),
  { seed: 5, numRuns: 400 },
);
const changeAt = (index: number): number[] => CHANGES[index % CHANGES.length] ?? [];

/** The numbers below a bound, in an order of no kind. */
const mixed = (count: number, seed: number): number[] =>
  fc
    .sample(fc.nat(), { seed, numRuns: count })
    .map((key, index) => [key, index] as const)
    .sort(([a, i], [b, j]) => a - b || i - j)
    .map(([, index]) => index);

const COUNT = 160;
const upwards = Array.from({ length: COUNT }, (_, index) => index);
const downwards = upwards.toReversed();
const inwards = upwards.map((index) => (index % 2 === 0 ? index / 2 : COUNT - (index + 1) / 2));
const outwards = inwards.toReversed();
const ORDERS = { upwards, downwards, inwards, outwards, 'in no order': mixed(COUNT, 7) };

describe('BreakpointTree', () => {
  it('takes a change at an instant at which there is one already', () => {
    const checked = new Checked(2);
    for (const index of mixed(COUNT, 3)) checked.apply(index % 100, changeAt(index));
    expect(checked.changes.size).to.be.within(95, 100);
    checked.apply(200, [1, -2]);
    checked.apply(200, [1, 2]);
    expect(checked.changes.get(200)).to.deep.equal([2, 0]);
    checked.apply(200, [2, 0], -1);
    expect(checked.changes.has(200)).to.equal(false);
  });

  it('is right after both ends of a window, wherever they are', () => {
    const checked = new Checked(2);
    for (const length of [1, 3, 17, 90, 400]) {
      for (const index of mixed(120, length)) checked.applyOver(3 * index, 3 * index + length, changeAt(index));
      for (const index of mixed(120, length + 1).slice(0, 100)) {
        checked.applyOver(
          3 * index,
          3 * index + length,
          changeAt(index).map((amount) => -amount),
        );
      }
    }
  });

  it('visits what it holds in order of time', () => {
    const checked = new Checked(2);
    checked.tree.visit(() => expect.fail('there is nothing to visit'));
    for (const index of mixed(COUNT, 9)) checked.apply(index, changeAt(index));
    const visited: (readonly [number, number[]])[] = [];
    checked.tree.visit((instant, offset) => {
      visited.push([instant, [...checked.tree.deltas.subarray(offset, offset + 2)]]);
    });
    expect(visited).to.deep.equal(upwards.map((index) => [index, checked.changes.get(index)]));
  });

  it('is widened by lanes of nothing', () => {
    const checked = new Checked(2);
    for (const index of mixed(COUNT, 11)) checked.apply(index, changeAt(index));
    checked.widen(5);
    checked.apply(17, [0, 0, 0, 0, 8]);
    checked.apply(1_000, [0, 0, 0, 9, 0]);
  });

  it('is made anew in leaves that are filled evenly, and can be changed then', () => {
    for (const count of [0, 1, 12, 13, 24, 25, 100, COUNT]) {
      const checked = new Checked(2);
      checked.apply(1, [1, 1]);
      checked.rebuild(new Map(upwards.slice(0, count).map((index) => [2 * index, changeAt(index)])));
      const { sizes, tree } = checked;
      expect(sizes.length).to.equal(Math.ceil(count / 12));
      expect(Math.max(0, ...sizes) - Math.min(...sizes, 12)).to.be.at.most(count === 0 ? 0 : 1);
      expect(tree.instants.length / BLOCK).to.be.at.most(sizes.length * 1.125);
      for (const index of mixed(count, 13)) checked.apply(2 * index + 1, changeAt(index + 1));
      for (const index of mixed(count, 15)) checked.clear(2 * index);
    }
  });

  it('uses again what it has given up, when it grows and shrinks by turns', () => {
    const checked = new Checked(2);
    for (const index of upwards) checked.apply(index, changeAt(index));
    for (let turn = 1; turn <= 4; turn++) {
      for (const index of mixed(COUNT, turn).slice(0, 130)) checked.clear(index);
      for (const index of mixed(COUNT, turn))
        if (!checked.changes.has(index)) checked.apply(index, changeAt(turn + index));
    }
  });

  it('has few leaves when little is left of much', () => {
    const checked = new Checked(2);
    for (const index of upwards) checked.apply(index, changeAt(index));
    for (const index of upwards) if (index % 10 !== 0) checked.clear(index);
    expect(checked.tree.size).to.equal(16);
    expect(checked.sizes.length).to.be.at.most(3);
  });

  for (const [growing, grown] of Object.entries(ORDERS)) {
    it(`is in order and in balance however it shrinks, when it has grown ${growing}`, () => {
      const checked = new Checked(2);
      for (const shrunk of Object.values(ORDERS)) {
        for (const index of grown) checked.apply(10 * index, changeAt(index));
        for (const index of shrunk) checked.clear(10 * index);
        expect(checked.tree.root).to.equal(NONE);
      }
    });
  }
});
