/**
 * The storage under a timeline: instants at which a vector changes, and by how much, in an AVL tree over small blocks.
 *
 * A leaf is a block of up to `BLOCK` breakpoints in order of time; an inner node joins two subtrees. Every node keeps,
 * for each lane (column of the vectors), the sum of its deltas and the least and greatest prefix sum inside it, relative
 * to the value just before its first breakpoint. With those, the extreme value over any window, and the next instant at
 * which a value crosses a bound, are found in O(log n).
 *
 * Everything lies in five typed arrays that grow by half; there are no objects per node. Nodes and blocks are indexes
 * into them. Rotations, splits and merges rewrite a subtree's root in place, so that a parent's link never changes.
 */

/**
 * Breakpoints in a full leaf. Measured: 8 is some 15 % faster at a thousand claims, but takes twice the nodes; from 12 to
 * 24 the rate at 300,000 is the same.
 */
export const BLOCK = 16;

/** No node. */
export const NONE = -1;

/** Deeper than any AVL tree that fits in memory: 1.44 log2(2^31) < 48. */
export const MAX_DEPTH = 48;

/** Breakpoints in a leaf of a tree that is made in one go: there is room for some more. */
const FILLED = (BLOCK * 3) / 4;

/** Two leaves that share a parent become one when they hold no more than this together. */
const MERGE_AT = (BLOCK * 3) / 4;

/** Integers kept for a node: see `LEFT`, `RIGHT`, `HEIGHT`. The fourth keeps the stride a power of two. */
const LINKS = 4;
const LEFT = 0;
const RIGHT = 1;
const HEIGHT = 2;

/** Aggregates kept for a node and lane: sum, least prefix, greatest prefix, in this order, each `lanes` wide. */
const AGGREGATES = 3;

const path = new Int32Array(MAX_DEPTH);
const highs = new Float64Array(MAX_DEPTH);

/** Element `index` of a float array, which the caller knows to be in range. */
export function real(array: Float64Array, index: number): number {
  // Cast: every index is computed from node and block numbers that this module handed out.
  return array[index] as number;
}

/** Element `index` of an integer array, which the caller knows to be in range. */
export function int(array: Int32Array, index: number): number {
  // Cast: as in `real`.
  return array[index] as number;
}

export class BreakpointTree {
  /** Width of the vectors. */
  lanes = 0;
  /** The root node, or `NONE`. */
  root = NONE;
  /** Number of breakpoints. */
  size = 0;
  /** `AGGREGATES` times `lanes` numbers a node. */
  aggregates = new Float64Array(0);
  /** The instants: `BLOCK` a block, the first `leafSize` of them in use. */
  instants = new Float64Array(0);
  /** The changes: `BLOCK` times `lanes` numbers a block. */
  deltas = new Float64Array(0);

  #links = new Int32Array(0);
  #separators = new Float64Array(0);
  #nodes = 0;
  #freeNode = NONE;
  #blocks = 0;
  #freeBlock = NONE;

  /** Whether the node is a block of breakpoints. */
  isLeaf(node: number): boolean {
    return int(this.#links, node * LINKS + HEIGHT) === 0;
  }

  left(inner: number): number {
    return int(this.#links, inner * LINKS + LEFT);
  }

  right(inner: number): number {
    return int(this.#links, inner * LINKS + RIGHT);
  }

  /** The bound between the subtrees of an inner node: left of it are earlier instants, right of it this or later ones. */
  separator(inner: number): number {
    return real(this.#separators, inner);
  }

  /** The block of a leaf. */
  blockOf(leaf: number): number {
    return int(this.#links, leaf * LINKS + LEFT);
  }

  /** The number of breakpoints in a leaf, at least 1. */
  leafSize(leaf: number): number {
    return int(this.#links, leaf * LINKS + RIGHT);
  }

  /** Index of the node's sums in `aggregates`; its least prefixes follow after `lanes`, its greatest after 2 `lanes`. */
  aggregatesOf(node: number): number {
    return node * AGGREGATES * this.lanes;
  }

  /**
   * Adds `sign` times `change` to the delta at `instant`; a breakpoint whose delta becomes 0 in every lane is gone.
   *
   * Nodes whose span also holds `next` are left with old aggregates where that is safe: the caller must then call
   * `apply` for `next` before anything is read. Infinity means that there is no such call.
   */
  apply(instant: number, change: Float64Array, sign: 1 | -1, next: number): void {
    if (this.root === NONE) {
      this.root = this.#newLeaf(this.#newBlock(), 0);
    }
    let depth = 0;
    let node = this.root;
    let high = Number.POSITIVE_INFINITY;
    while (!this.isLeaf(node)) {
      path[depth] = node;
      highs[depth] = high;
      depth++;
      const separator = this.separator(node);
      if (instant < separator) {
        high = separator;
        node = this.left(node);
      } else {
        node = this.right(node);
      }
    }
    const parent = depth === 0 ? NONE : int(path, depth - 1);
    let settled = this.#applyToLeaf(node, parent, instant, change, sign);
    for (let level = depth - 1; level >= 0; level--) {
      if (settled && next < real(highs, level)) return;
      const ancestor = int(path, level);
      if (settled) {
        this.#summarize(ancestor);
      } else if (!this.isLeaf(ancestor)) {
        const before = int(this.#links, ancestor * LINKS + HEIGHT);
        this.#rebalance(ancestor);
        // A parent that took its child's place has changed its height even where it is balanced now.
        settled = int(this.#links, ancestor * LINKS + HEIGHT) === before && ancestor !== parent;
      }
    }
  }

  /** Visits the breakpoints in order of time: the instant, and the index of its change in `deltas`. */
  visit(visitor: (instant: number, offset: number) => void): void {
    if (this.root !== NONE) this.#visit(this.root, visitor);
  }

  /**
   * Makes the tree anew from `count` breakpoints in order of time, each instant once and with a change that is not 0 throughout.
   * O(count), where `apply` for each would be a search and an insertion for each.
   * @param changes `lanes` numbers for each instant
   */
  rebuild(instants: Float64Array, changes: Float64Array, count: number): void {
    this.#clear();
    if (count === 0) return;
    const leaves = Math.ceil(count / FILLED);
    this.#makeRoom(leaves);
    this.size = count;
    this.root = this.#build(instants, changes, 0, count, leaves);
  }

  /** Gives every vector `lanes` columns, the new ones 0. */
  widen(lanes: number): void {
    const { lanes: before, aggregates, deltas } = this;
    this.lanes = lanes;
    this.aggregates = restride(aggregates, before, lanes);
    this.deltas = restride(deltas, before, lanes);
  }

  #visit(node: number, visitor: (instant: number, offset: number) => void): void {
    if (this.isLeaf(node)) {
      const first = this.blockOf(node) * BLOCK;
      const end = first + this.leafSize(node);
      for (let position = first; position < end; position++) {
        visitor(real(this.instants, position), position * this.lanes);
      }
    } else {
      this.#visit(this.left(node), visitor);
      this.#visit(this.right(node), visitor);
    }
  }

  /** A subtree over breakpoints `from` to `to` in so many leaves, as evenly as can be. */
  #build(instants: Float64Array, changes: Float64Array, from: number, to: number, leaves: number): number {
    const { lanes } = this;
    if (leaves === 1) {
      const block = this.#newBlock();
      // A view for each `set` would take longer than these few numbers do.
      for (let at = from; at < to; at++) this.instants[block * BLOCK + at - from] = real(instants, at);
      const offset = (block * BLOCK - from) * lanes;
      for (let at = from * lanes; at < to * lanes; at++) this.deltas[offset + at] = real(changes, at);
      const leaf = this.#newLeaf(block, to - from);
      this.#summarizeLeaf(leaf);
      return leaf;
    }
    const node = this.#newNode();
    const before = leaves >> 1;
    const middle = from + Math.floor(((to - from) * before) / leaves);
    const left = this.#build(instants, changes, from, middle, before);
    const right = this.#build(instants, changes, middle, to, leaves - before);
    this.#separators[node] = real(instants, middle);
    this.#link(node, left, right);
    this.#summarize(node);
    return node;
  }

  /** Room for so many leaves in an empty tree, and for some more. */
  #makeRoom(leaves: number): void {
    const blocks = leaves + (leaves >> 3);
    const nodes = 2 * blocks;
    this.instants = new Float64Array(blocks * BLOCK);
    this.deltas = new Float64Array(blocks * BLOCK * this.lanes);
    this.aggregates = new Float64Array(nodes * AGGREGATES * this.lanes);
    this.#separators = new Float64Array(nodes);
    this.#links = new Int32Array(nodes * LINKS);
  }

  /** Changes one leaf, and at times its parent; returns whether no height in the tree can have changed by that. */
  #applyToLeaf(leaf: number, parent: number, instant: number, change: Float64Array, sign: 1 | -1): boolean {
    const { lanes, instants, deltas } = this;
    const block = this.blockOf(leaf);
    const count = this.leafSize(leaf);
    const first = block * BLOCK;
    let position = 0;
    while (position < count && real(instants, first + position) < instant) position++;
    if (position === count || real(instants, first + position) !== instant) {
      return this.#insert(leaf, position, instant, change, sign);
    }
    const offset = (first + position) * lanes;
    let vanished = true;
    for (let lane = 0; lane < lanes; lane++) {
      const delta = real(deltas, offset + lane) + sign * real(change, lane);
      deltas[offset + lane] = delta;
      if (delta !== 0) vanished = false;
    }
    if (!vanished) {
      this.#summarizeLeaf(leaf);
      return true;
    }
    instants.copyWithin(first + position, first + position + 1, first + count);
    deltas.copyWithin(offset, offset + lanes, (first + count) * lanes);
    this.size--;
    this.#links[leaf * LINKS + RIGHT] = count - 1;
    return this.#shrunk(leaf, parent);
  }

  #insert(leaf: number, position: number, instant: number, change: Float64Array, sign: 1 | -1): boolean {
    const count = this.leafSize(leaf);
    if (count === BLOCK) {
      this.#split(leaf);
      const half = BLOCK / 2;
      // Between the two it goes to the left: the separator is the first instant on the right.
      if (position <= half) this.#insert(this.left(leaf), position, instant, change, sign);
      else this.#insert(this.right(leaf), position - half, instant, change, sign);
      this.#summarize(leaf);
      return false;
    }
    const { lanes, instants, deltas } = this;
    const first = this.blockOf(leaf) * BLOCK;
    const offset = (first + position) * lanes;
    if (position < count) {
      instants.copyWithin(first + position + 1, first + position, first + count);
      deltas.copyWithin(offset + lanes, offset, (first + count) * lanes);
    }
    instants[first + position] = instant;
    for (let lane = 0; lane < lanes; lane++) deltas[offset + lane] = sign * real(change, lane);
    this.size++;
    this.#links[leaf * LINKS + RIGHT] = count + 1;
    this.#summarizeLeaf(leaf);
    return true;
  }

  /** A full leaf becomes an inner node over two half-full ones. */
  #split(node: number): void {
    const half = BLOCK / 2;
    const block = this.blockOf(node);
    const later = this.#newBlock();
    const { lanes, instants, deltas } = this;
    instants.copyWithin(later * BLOCK, block * BLOCK + half, (block + 1) * BLOCK);
    deltas.copyWithin(later * BLOCK * lanes, (block * BLOCK + half) * lanes, (block + 1) * BLOCK * lanes);
    const left = this.#newLeaf(block, half);
    const right = this.#newLeaf(later, half);
    this.#summarizeLeaf(left);
    this.#summarizeLeaf(right);
    this.#separators[node] = real(instants, later * BLOCK);
    this.#link(node, left, right);
  }

  /** A leaf lost a breakpoint: drop it when it is empty, merge it with its sibling when both are small. */
  #shrunk(leaf: number, parent: number): boolean {
    const count = this.leafSize(leaf);
    if (parent === NONE) {
      if (count > 0) this.#summarizeLeaf(leaf);
      else this.#clear();
      return true;
    }
    const left = this.left(parent);
    const right = this.right(parent);
    const sibling = left === leaf ? right : left;
    if (count === 0) {
      this.#freeBlockOf(leaf);
      this.#replace(parent, sibling);
      this.#release(leaf);
      return false;
    }
    if (this.isLeaf(sibling) && count + this.leafSize(sibling) <= MERGE_AT) {
      this.#merge(left, right);
      this.#replace(parent, left);
      this.#release(right);
      this.#summarizeLeaf(parent);
      return false;
    }
    this.#summarizeLeaf(leaf);
    return true;
  }

  /** Moves the breakpoints of one leaf to the end of the one before it. */
  #merge(left: number, right: number): void {
    const { lanes, instants, deltas } = this;
    const from = this.blockOf(right) * BLOCK;
    const count = this.leafSize(right);
    const to = this.blockOf(left) * BLOCK + this.leafSize(left);
    instants.copyWithin(to, from, from + count);
    deltas.copyWithin(to * lanes, from * lanes, (from + count) * lanes);
    this.#links[left * LINKS + RIGHT] = this.leafSize(left) + count;
    this.#freeBlockOf(right);
  }

  /** The parent becomes what its child is; the child's number is free. */
  #replace(parent: number, child: number): void {
    this.#links.copyWithin(parent * LINKS, child * LINKS, (child + 1) * LINKS);
    this.#separators[parent] = this.separator(child);
    const from = this.aggregatesOf(child);
    this.aggregates.copyWithin(this.aggregatesOf(parent), from, from + AGGREGATES * this.lanes);
    this.#release(child);
  }

  #rebalance(node: number): void {
    const left = this.left(node);
    const right = this.right(node);
    const lean = this.#height(left) - this.#height(right);
    if (lean > 1) {
      if (this.#height(this.left(left)) < this.#height(this.right(left))) this.#rotateLeft(left);
      this.#rotateRight(node);
    } else if (lean < -1) {
      if (this.#height(this.right(right)) < this.#height(this.left(right))) this.#rotateRight(right);
      this.#rotateLeft(node);
    } else {
      this.#link(node, left, right);
      this.#summarize(node);
    }
  }

  /** (a b) c becomes a (b c), in place. */
  #rotateRight(node: number): void {
    const moved = this.left(node);
    const outer = this.left(moved);
    const separator = this.separator(moved);
    this.#link(moved, this.right(moved), this.right(node));
    this.#separators[moved] = this.separator(node);
    this.#summarize(moved);
    this.#link(node, outer, moved);
    this.#separators[node] = separator;
    this.#summarize(node);
  }

  /** a (b c) becomes (a b) c, in place. */
  #rotateLeft(node: number): void {
    const moved = this.right(node);
    const outer = this.right(moved);
    const separator = this.separator(moved);
    this.#link(moved, this.left(node), this.left(moved));
    this.#separators[moved] = this.separator(node);
    this.#summarize(moved);
    this.#link(node, moved, outer);
    this.#separators[node] = separator;
    this.#summarize(node);
  }

  #link(node: number, left: number, right: number): void {
    const links = this.#links;
    links[node * LINKS + LEFT] = left;
    links[node * LINKS + RIGHT] = right;
    links[node * LINKS + HEIGHT] = 1 + Math.max(this.#height(left), this.#height(right));
  }

  #height(node: number): number {
    return int(this.#links, node * LINKS + HEIGHT);
  }

  /** Computes the aggregates of an inner node from those of its children. */
  #summarize(node: number): void {
    const { lanes, aggregates } = this;
    const own = this.aggregatesOf(node);
    const left = this.aggregatesOf(this.left(node));
    const right = this.aggregatesOf(this.right(node));
    const low = lanes;
    const high = 2 * lanes;
    for (let lane = 0; lane < lanes; lane++) {
      const sum = real(aggregates, left + lane);
      const leftLow = real(aggregates, left + low + lane);
      const leftHigh = real(aggregates, left + high + lane);
      const rightLow = sum + real(aggregates, right + low + lane);
      const rightHigh = sum + real(aggregates, right + high + lane);
      aggregates[own + lane] = sum + real(aggregates, right + lane);
      aggregates[own + low + lane] = leftLow < rightLow ? leftLow : rightLow;
      aggregates[own + high + lane] = leftHigh > rightHigh ? leftHigh : rightHigh;
    }
  }

  /** Computes the aggregates of a leaf from its deltas. */
  #summarizeLeaf(leaf: number): void {
    const { lanes, aggregates, deltas } = this;
    const own = this.aggregatesOf(leaf);
    const start = this.blockOf(leaf) * BLOCK * lanes;
    const end = start + this.leafSize(leaf) * lanes;
    for (let lane = 0; lane < lanes; lane++) {
      let sum = 0;
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      for (let index = start + lane; index < end; index += lanes) {
        sum += real(deltas, index);
        if (sum < low) low = sum;
        if (sum > high) high = sum;
      }
      aggregates[own + lane] = sum;
      aggregates[own + lanes + lane] = low;
      aggregates[own + 2 * lanes + lane] = high;
    }
  }

  #newLeaf(block: number, count: number): number {
    const node = this.#newNode();
    this.#links[node * LINKS + LEFT] = block;
    this.#links[node * LINKS + RIGHT] = count;
    this.#links[node * LINKS + HEIGHT] = 0;
    return node;
  }

  #newNode(): number {
    const reused = this.#freeNode;
    if (reused !== NONE) {
      this.#freeNode = int(this.#links, reused * LINKS + LEFT);
      return reused;
    }
    if (this.#nodes === this.#separators.length) {
      const room = grown(this.#nodes);
      this.#separators = resized(this.#separators, room);
      this.aggregates = resized(this.aggregates, room * AGGREGATES * this.lanes);
      const links = new Int32Array(room * LINKS);
      links.set(this.#links);
      this.#links = links;
    }
    return this.#nodes++;
  }

  #release(node: number): void {
    this.#links[node * LINKS + LEFT] = this.#freeNode;
    this.#freeNode = node;
  }

  #newBlock(): number {
    const reused = this.#freeBlock;
    if (reused !== NONE) {
      this.#freeBlock = real(this.instants, reused * BLOCK);
      return reused;
    }
    if (this.#blocks * BLOCK === this.instants.length) {
      const room = grown(this.#blocks);
      this.instants = resized(this.instants, room * BLOCK);
      this.deltas = resized(this.deltas, room * BLOCK * this.lanes);
    }
    return this.#blocks++;
  }

  #freeBlockOf(leaf: number): void {
    const block = this.blockOf(leaf);
    this.instants[block * BLOCK] = this.#freeBlock;
    this.#freeBlock = block;
  }

  /** Nothing is left: give the memory back as well. */
  #clear(): void {
    this.root = NONE;
    this.size = 0;
    this.#nodes = 0;
    this.#freeNode = NONE;
    this.#blocks = 0;
    this.#freeBlock = NONE;
    this.#links = new Int32Array(0);
    this.#separators = new Float64Array(0);
    this.aggregates = new Float64Array(0);
    this.instants = new Float64Array(0);
    this.deltas = new Float64Array(0);
  }
}

/** The next size of an array of nodes or blocks: one, and then half as much again. */
function grown(count: number): number {
  return count + Math.max(1, count >> 1);
}

function resized(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(length);
  result.set(array);
  return result;
}

/** The rows of `array`, `before` wide, in an array whose rows are `after` wide. For aggregates, a row is one of the three. */
function restride(array: Float64Array, before: number, after: number): Float64Array<ArrayBuffer> {
  if (before === 0) return new Float64Array(0);
  const rows = array.length / before;
  const result = new Float64Array(rows * after);
  for (let row = 0; row < rows; row++) {
    for (let lane = 0; lane < before; lane++) result[row * after + lane] = real(array, row * before + lane);
  }
  return result;
}
