/**
 * Things in the order of start and id, in pieces of some hundreds beside each other.
 *
 * The starts lie apart from the things: a search reads two short runs of numbers, where a tree whose keys are the things
 * themselves would fetch some twenty of these from all over the memory.
 */
import { orderOf } from './instant-order.ts';

/** What the order goes by, beside the start at which it is put. */
interface Named {
  readonly id: string;
}

/** A piece that is longer is divided. */
const LONGEST = 256;
/** Pieces that are together no longer than this become one. */
const SHORTEST = LONGEST / 2;
/** How full pieces are made: there is room for some more in each. */
const FILLED = (LONGEST * 3) / 4;

interface Piece<T> {
  readonly starts: number[];
  readonly items: T[];
}

export class SpanRow<T extends Named> {
  readonly #pieces: Piece<T>[] = [];
  /** The first start of each piece. */
  readonly #firsts: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Puts a thing in its place, instead of the one with the same start and id if there is one. @returns whether there was none */
  put(start: number, item: T): boolean {
    const index = this.#pieceOf(start, item.id);
    const piece = this.#pieces[index];
    if (piece === undefined) {
      this.#pieces.push({ starts: [start], items: [item] });
      this.#firsts.push(start);
      this.#size++;
      return true;
    }
    const at = placeIn(piece, start, item.id);
    if (piece.starts[at] === start && piece.items[at]?.id === item.id) {
      piece.items[at] = item;
      return false;
    }
    piece.starts.splice(at, 0, start);
    piece.items.splice(at, 0, item);
    if (at === 0) this.#firsts[index] = start;
    if (piece.items.length > LONGEST) this.#divide(index, piece);
    this.#size++;
    return true;
  }

  /** Puts many, each at its start. @returns how many are new */
  putAll(starts: readonly number[], items: readonly T[]): number {
    const before = this.#size;
    // Into what is large already, few go sooner one by one.
    if (items.length < before) {
      for (const [index, item] of items.entries()) this.put(starts[index] ?? 0, item);
    } else {
      // Those that are there come first, so that of equal ones the new one stays.
      const there = this.#takeAll();
      this.#fill(there.starts.concat(starts), there.items.concat(items));
    }
    return this.#size - before;
  }

  /** Takes out the thing with the same start and id. @returns whether there was one */
  delete(start: number, id: string): boolean {
    const index = this.#pieceOf(start, id);
    const piece = this.#pieces[index];
    if (piece === undefined) return false;
    const at = placeIn(piece, start, id);
    if (piece.starts[at] !== start || piece.items[at]?.id !== id) return false;
    piece.starts.splice(at, 1);
    piece.items.splice(at, 1);
    this.#size--;
    this.#tidy(index, piece);
    return true;
  }

  /** Those that start at an instant or later, and before another, in order. The row must not change meanwhile. */
  *between(start: number, before: number): Generator<T, void, undefined> {
    // No thing has the empty id.
    for (let index = this.#pieceOf(start, ''); index < this.#pieces.length; index++) {
      const piece = this.#pieces[index];
      if (piece === undefined) return;
      const { starts, items } = piece;
      for (let at = placeIn(piece, start, ''); at < items.length; at++) {
        const item = items[at];
        if (item === undefined || (starts[at] ?? before) >= before) return;
        yield item;
      }
    }
  }

  /** The last piece that does not begin after the key; the first where all do. */
  #pieceOf(start: number, id: string): number {
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#firsts[middle] ?? 0;
      const after = first > start || (first === start && (this.#pieces[middle]?.items[0]?.id ?? '') > id);
      if (after) high = middle;
      else low = middle + 1;
    }
    return Math.max(0, low - 1);
  }

  #divide(index: number, { starts, items }: Piece<T>): void {
    const half = items.length >>> 1;
    const later = { starts: starts.splice(half), items: items.splice(half) };
    this.#pieces.splice(index + 1, 0, later);
    this.#firsts.splice(index + 1, 0, later.starts[0] ?? 0);
  }

  /** After a loss: an empty piece goes, short neighbours are joined. */
  #tidy(index: number, piece: Piece<T>): void {
    const next = this.#pieces[index + 1];
    if (piece.items.length === 0) {
      this.#drop(index);
    } else {
      this.#firsts[index] = piece.starts[0] ?? 0;
      if (next === undefined || piece.items.length + next.items.length > SHORTEST) return;
      piece.starts.push(...next.starts);
      piece.items.push(...next.items);
      this.#drop(index + 1);
    }
  }

  #drop(index: number): void {
    this.#pieces.splice(index, 1);
    this.#firsts.splice(index, 1);
  }

  #takeAll(): Piece<T> {
    const pieces = this.#pieces.splice(0);
    this.#firsts.length = 0;
    this.#size = 0;
    return { starts: pieces.flatMap(({ starts }) => starts), items: pieces.flatMap(({ items }) => items) };
  }

  /** Fills the empty row. */
  #fill(starts: readonly number[], items: readonly T[]): void {
    let last: Piece<T> | undefined;
    for (const index of inOrder(starts, items)) {
      const start = starts[index] ?? 0;
      const item = items[index];
      if (item === undefined) continue;
      if (last !== undefined && last.starts.at(-1) === start && last.items.at(-1)?.id === item.id) {
        last.items[last.items.length - 1] = item;
        continue;
      }
      this.#size++;
      if (last === undefined || last.items.length >= FILLED) {
        last = { starts: [start], items: [item] };
        this.#pieces.push(last);
        this.#firsts.push(start);
      } else {
        last.starts.push(start);
        last.items.push(item);
      }
    }
  }
}

/** The place in a piece of the first thing that does not come before a start and id. */
function placeIn({ starts, items }: Piece<Named>, start: number, id: string): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = starts[middle] ?? 0;
    if (there < start || (there === start && (items[middle]?.id ?? '') < id)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Indexes in the order of start and id; of those with the same, the later one last. */
function inOrder(starts: readonly number[], items: readonly Named[]): Uint32Array {
  const order = orderOf(new Float64Array(starts));
  const isAfter = (a: number, b: number): boolean =>
    starts[a] === starts[b] && (items[a]?.id ?? '') > (items[b]?.id ?? '');
  // Nearly all starts differ; records come by id, so that equal ones mostly are in order, too.
  for (let end = 1; end < order.length; end++) {
    const index = order[end] ?? 0;
    let at = end;
    for (let before = order[at - 1] ?? 0; at > 0 && isAfter(before, index); before = order[at - 1] ?? 0) {
      order[at--] = before;
    }
    order[at] = index;
  }
  return order;
}
