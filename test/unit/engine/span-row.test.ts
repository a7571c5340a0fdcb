/** Rows of things in the order of start and id, beside a list that is sorted anew. */
import { expect } from 'chai';
import fc from 'fast-check';
import { SpanRow } from '../../../src/engine/span-row.ts';

interface Thing {
  readonly id: string;
  /** Tells things of the same start and id from each other. */
  readonly nth: number;
}

/** What a row is to do, in the plainest way. */
class Naive {
  #all: { start: number; item: Thing }[] = [];

  get size(): number {
    return this.#all.length;
  }

  put(start: number, item: Thing): boolean {
    const is = this.delete(start, item.id);
    this.#all.push({ start, item });
    return !is;
  }

  delete(start: number, id: string): boolean {
    const before = this.#all.length;
    this.#all = this.#all.filter((each) => each.start !== start || each.item.id !== id);
    return this.#all.length < before;
  }

  between(start: number, before: number): Thing[] {
    return this.#all
      .filter((each) => each.start >= start && each.start < before)
      .sort((a, b) => a.start - b.start || (a.item.id < b.item.id ? -1 : 1))
      .map(({ item }) => item);
  }
}

type Step =
  | { readonly does: 'put' | 'delete'; readonly start: number; readonly id: number }
  | { readonly does: 'put all'; readonly all: readonly (readonly [number, number])[] };

/** Few starts and ids, so that many are equal. */
const start = fc.integer({ min: 0, max: 12 });
const id = fc.integer({ min: 0, max: 99 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('put' as const), start, id }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('delete' as const), start, id }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('put all' as const),
      all: fc.array(fc.tuple(start, id), { maxLength: 700, size: 'max' }),
    }),
  },
);

const named = (number: number, nth: number): Thing => ({ id: `t${number}`, nth });

describe('a row of things in order of start and id', () => {
  it('has what a list has that is sorted anew', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.tuple(start, start), (steps, [from, to]) => {
        const row = new SpanRow<Thing>();
        const list = new Naive();
        for (const [nth, each] of steps.entries()) {
          if (each.does === 'put all') {
            const starts = each.all.map(([at]) => at);
            const items = each.all.map(([, number], index) => named(number, 1000 * nth + index));
            const fresh = items.filter((item, index) => list.put(starts[index] ?? 0, item)).length;
            expect(row.putAll(starts, items)).to.equal(fresh);
          } else if (each.does === 'put') {
            const item = named(each.id, nth);
            expect(row.put(each.start, item)).to.equal(list.put(each.start, item));
          } else {
            expect(row.delete(each.start, `t${each.id}`)).to.equal(list.delete(each.start, `t${each.id}`));
          }
          expect(row.size).to.equal(list.size);
        }
        expect([...row.between(from, to)]).to.deep.equal(list.between(from, to));
        expect([...row.between(0, Infinity)]).to.deep.equal(list.between(0, Infinity));
      }),
      { numRuns: 60 },
    );
  });

  const COUNT = 1500;
  const ascending = Array.from({ length: COUNT }, (_, index) => index);
  /** Each once, far apart from the one before. */
  const scattered = ascending.map((index) => (index * 701) % COUNT);
  const orders: readonly (readonly [string, readonly number[]])[] = [
    ['ascending', ascending],
    ['descending', [...ascending].reverse()],
    ['scattered', scattered],
  ];
  for (const [coming, comes] of orders) {
    for (const [going, goes] of orders) {
      it(`finds each of many that come ${coming} and go ${going}`, () => {
        const row = new SpanRow<Thing>();
        for (const at of comes) row.put(at, named(at, 0));
        expect([...row.between(0, COUNT)].map(({ id: each }) => each)).to.deep.equal(ascending.map((at) => `t${at}`));
        for (const [index, at] of goes.entries()) {
          expect([...row.between(at, at + 1)]).to.deep.equal([named(at, 0)]);
          expect(row.delete(at, `t${at}`)).to.equal(true);
          expect(row.delete(at, `t${at}`)).to.equal(false);
          expect(row.size).to.equal(COUNT - index - 1);
        }
        expect([...row.between(0, COUNT)]).to.deep.equal([]);
      });
    }
  }

  it('has nothing at first', () => {
    const row = new SpanRow<Thing>();
    expect(row.size).to.equal(0);
    expect([...row.between(0, Infinity)]).to.deep.equal([]);
    expect(row.delete(0, 't0')).to.equal(false);
  });
});
