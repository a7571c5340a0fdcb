import { expect } from 'chai';
import * as fc from 'fast-check';
import { byStart, spanOf, WindowIndex } from '../../../src/engine/window-index.ts';
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

  it('agrees with a scan from one window to the next', () => {
    const span = fc.record({
      start: fc.integer({ min: -50, max: 50 }),
      length: fc.option(fc.integer({ min: 1, max: 60 })),
    });
    const instant = fc.integer({ min: -60, max: 120 });
    const windows = fc.array(fc.record({ start: instant, length: fc.constantFrom(1, 1, 5, 40) }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 40 }), windows, (spans, unordered) => {
        const inOrder = unordered.sort((a, b) => a.start - b.start);
        const first = inOrder[0]?.start ?? 0;
        const items = spans.map(({ start, length }, id) =>
          item(`${id}`, start, length === null ? undefined : start + length),
        );
        const index = new WindowIndex<Spanned>();
        for (const each of items) index.addLater(each);
        const left = (each: Spanned): boolean => each.id !== '3';
        const going = index.sweep(first, (each) => (left(each) ? each : undefined));
        let end = first;
        for (const { start, length } of inOrder) {
          end = Math.max(end, start + length);
          const expected = items.filter((each) => left(each) && overlaps(spanOf(each), { start, end }));
          expect(going({ start, end })).to.have.members(expected);
          expect(going({ start, end }), 'asked for again').to.have.members(expected);
        }
      }),
      { seed: 11, numRuns: 500 },
    );
  });

  it('agrees with a scan over histories that divide and join its pieces, whether things come one by one or together', () => {
    const step = fc.record({
      how: fc.constantFrom('add', 'add', 'later', 'delete', 'delete'),
      // Few starts, so that ids decide.
      start: fc.integer({ min: 0, max: 400 }),
      length: fc.constantFrom(1, 3, 70),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1_000, maxLength: 4_000, size: 'max' }), (steps) => {
        const index = new WindowIndex<Spanned>();
        const kept: Spanned[] = [];
        for (const [id, { how, start, length }] of steps.entries()) {
          const added = item(`${(id * 7919) % 10_007}`, start, start + length);
          if (how === 'delete') {
            const [gone] = kept.splice((id * 31) % Math.max(1, kept.length), 1);
            if (gone !== undefined) index.delete(gone);
          } else {
            kept.push(added);
            if (how === 'add') index.add(added);
            else index.addLater(added);
          }
        }
        for (const window of [
          { start: BEGINNING, end: FOREVER },
          { start: 100, end: 160 },
        ]) {
          const expected = kept.filter((each) => overlaps(spanOf(each), window)).sort(byStart);
          expect(index.inOrder(window)).to.deep.equal(expected);
        }
        expect(index.size).to.equal(kept.length);
        for (const each of kept.splice(0)) index.delete(each);
        expect(index.size).to.equal(0);
        expect(index.inOrder({ start: BEGINNING, end: FOREVER })).to.deep.equal([]);
      }),
      { seed: 5, numRuns: 20 },
    );
  });

  it('loads many at once, in the order of start and id', () => {
    const many = Array.from({ length: 5_000 }, (_, id) => item(`${id % 100}-${id}`, (id * 7_919) % 1_000, 2_000));
    const index = new WindowIndex<Spanned>();
    for (const each of many) index.addLater(each);
    expect(index.size).to.equal(many.length);
    expect(index.inOrder({ start: 0, end: 1_000 })).to.deep.equal([...many].sort(byStart));
  });
});
