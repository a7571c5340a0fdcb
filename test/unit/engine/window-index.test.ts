import { expect } from 'chai';
import * as fc from 'fast-check';
import { spanOf, WindowIndex } from '../../../src/engine/window-index.ts';
import type { Spanned } from '../../../src/engine/window-index.ts';
import { BEGINNING, FOREVER, overlaps } from '../../../src/engine/window.ts';

const item = (id: string, startsAt: number, endsAt?: number): Spanned =>
  endsAt === undefined ? { id, startsAt } : { id, startsAt, endsAt };

describe('WindowIndex', () => {
  it('finds what spans, starts in, ends in and has no end, and nothing that merely touches', () => {
    const index = new WindowIndex<Spanned>();
    for (const each of [
      item('spans', 0, 100),
      item('starts', 15, 90),
      item('ends', 5, 11),
      item('endless', 3),
      item('before', 0, 10),
      item('after', 20, 30),
    ]) {
      index.add(each);
    }
    const found = index.inOrder({ start: 10, end: 20 }).map(({ id }) => id);
    expect(found).to.deep.equal(['spans', 'endless', 'ends', 'starts']);
  });

  it('finds everything in all time', () => {
    const index = new WindowIndex<Spanned>();
    index.add(item('a', -5, 7));
    index.add(item('b', 3));
    expect(index.inOrder({ start: BEGINNING, end: FOREVER }).map(({ id }) => id)).to.deep.equal(['a', 'b']);
  });

  it('agrees with a scan after any additions and removals', () => {
    const span = fc.record({
      start: fc.integer({ min: -50, max: 50 }),
      length: fc.option(fc.integer({ min: 1, max: 60 })),
    });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 40 }), fc.integer({ min: 0, max: 40 }), span, (spans, removed, query) => {
        const items = spans.map(({ start, length }, id) =>
          item(`${id}`, start, length === null ? undefined : start + length),
        );
        const index = new WindowIndex<Spanned>();
        for (const each of items) index.add(each);
        for (const each of items.slice(0, removed)) index.delete(each);
        const kept = items.slice(removed);
        const window = { start: query.start, end: query.length === null ? FOREVER : query.start + query.length };
        const expected = kept.filter((each) => overlaps(spanOf(each), window)).map(({ id }) => id);
        expect(index.inOrder(window).map(({ id }) => id)).to.have.members(expected);
        expect(index.size).to.equal(kept.length);
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
