/** Many windows as one value. */
import { expect } from 'chai';
import { Timeline } from '../../../src/engine/timeline.ts';
import { fromVector, toVector } from '../../../src/engine/capacity.ts';
import { FOREVER } from '../../../src/engine/window.ts';
import {
  addOver,
  boundsOf,
  countOf,
  eachOf,
  firstAfter,
  matchesAny,
  meets,
  meetsAny,
  partsIn,
  shifted,
  someOf,
  spanOfAll,
  windowAt,
  windowWith,
  windowsIn,
} from '../../../src/engine/windows.ts';

const window = (start: number, end: number) => ({ start, end });
const ONE = window(10, 20);
/** From 10 to 20, 110 to 120 and 210 to 220. */
const THREE = { ...ONE, period: 100, count: 3 };
/** One after the other without a gap. */
const JOINED = { start: 0, end: 10, period: 10, count: 3 };

describe('windows', () => {
  it('are one, or so many at equal distances', () => {
    expect([countOf(ONE), countOf(THREE)]).to.deep.equal([1, 3]);
    expect([...eachOf(ONE)]).to.deep.equal([ONE]);
    expect([...eachOf(THREE)]).to.deep.equal([ONE, window(110, 120), window(210, 220)]);
    expect(windowAt(THREE, -1)).to.deep.equal(window(-90, -80));
    expect(spanOfAll(ONE)).to.deep.equal(ONE);
    expect(spanOfAll(THREE)).to.deep.equal(window(10, 220));
  });

  it('are a single one as it stands where one of them is meant', () => {
    expect(someOf(THREE, 1, 1)).to.deep.equal(window(110, 120));
    expect(someOf(THREE, 1, 2)).to.deep.equal({ start: 110, end: 120, period: 100, count: 2 });
    expect(someOf(ONE, 0, 1)).to.deep.equal(ONE);
  });

  it('start elsewhere as long as they are', () => {
    expect(shifted(ONE, 15)).to.deep.equal(window(15, 25));
    expect(shifted(THREE, 0)).to.deep.equal({ start: 0, end: 10, period: 100, count: 3 });
    expect(shifted({ start: 5, end: FOREVER }, 7)).to.deep.equal({ start: 7, end: FOREVER });
  });

  it('are over one after the other, each at its end', () => {
    const first = [9, 19, 20, 109, 119, 120, 219, 220, 1000].map((instant) => firstAfter(THREE, instant));
    expect(first).to.deep.equal([0, 0, 1, 1, 1, 2, 2, 3, 3]);
    expect([19, 20, 21].map((instant) => firstAfter(ONE, instant))).to.deep.equal([0, 1, 1]);
    expect([9, 10, 19, 20, 29, 30].map((instant) => firstAfter(JOINED, instant))).to.deep.equal([0, 1, 1, 2, 2, 3]);
  });

  it('have an instant in one of them, or in none', () => {
    const found = [9, 10, 19, 20, 110, 200, 219, 220, 315].map((instant) => windowWith(THREE, instant)?.start);
    expect(found).to.deep.equal([undefined, 10, 10, undefined, 110, undefined, 210, undefined, undefined]);
    expect([9, 10, 20].map((instant) => windowWith(ONE, instant))).to.deep.equal([undefined, ONE, undefined]);
  });

  it('have parts in common with another one', () => {
    expect([...partsIn(THREE, window(15, 215))]).to.deep.equal([window(15, 20), window(110, 120), window(210, 215)]);
    expect([...partsIn(THREE, window(20, 110))]).to.deep.equal([]);
    expect([...partsIn(THREE, window(0, 110))]).to.deep.equal([ONE]);
    expect([...partsIn(THREE, window(220, FOREVER))]).to.deep.equal([]);
    expect([...partsIn(ONE, window(0, 100))]).to.deep.equal([ONE]);
  });

  it('meet another one where any of them does', () => {
    const queries = [
      window(0, 10),
      window(0, 11),
      window(20, 110),
      window(20, 111),
      window(119, 300),
      window(220, 230),
      window(310, 320),
    ];
    expect(queries.map((query) => meets(THREE, query))).to.deep.equal([false, true, false, true, true, false, false]);
    expect(queries.map((query) => meets(ONE, query))).to.deep.equal([false, true, false, false, false, false, false]);
  });

  it('meet each other where any two of them do', () => {
    const between = { start: 60, end: 70, period: 50, count: 2 };
    expect([meetsAny(THREE, between), meetsAny(between, THREE)]).to.deep.equal([true, true]);
    const never = { start: 60, end: 70, period: 100, count: 30 };
    expect([meetsAny(THREE, never), meetsAny(never, THREE)]).to.deep.equal([false, false]);
    expect([meetsAny(ONE, THREE), meetsAny(THREE, ONE)]).to.deep.equal([true, true]);
    expect(meetsAny(ONE, window(20, 30))).to.equal(false);
  });

  it('are selected by what they overlap, or by one that lies in the query as a whole', () => {
    expect(matchesAny(window(15, 16), THREE)).to.equal(true);
    expect(matchesAny(window(15, 16), THREE, 'inclusive')).to.equal(true);
    const lying = (start: number, end: number) => matchesAny(window(start, end), THREE, 'exclusive');
    expect([lying(10, 20), lying(10, 19), lying(11, 120), lying(11, 119)]).to.deep.equal([true, false, true, false]);
    expect([lying(110, 120), lying(111, 300), lying(211, 500), lying(-500, 20)]).to.deep.equal([
      true,
      true,
      false,
      true,
    ]);
    expect([matchesAny(window(10, 20), ONE, 'exclusive'), matchesAny(window(11, 20), ONE, 'exclusive')]).to.deep.equal([
      true,
      false,
    ]);
  });

  it('are made of what may have no end, and made into that again', () => {
    expect(windowsIn({ start: 1 })).to.deep.equal({ start: 1, end: FOREVER });
    expect(windowsIn({ start: 1, end: 2, period: 10 })).to.deep.equal(window(1, 2));
    expect(windowsIn({ start: 1, end: 2, count: 3 })).to.deep.equal(window(1, 2));
    expect(windowsIn({ start: 1, end: 2, period: 10, count: 3 })).to.deep.equal({
      ...window(1, 2),
      period: 10,
      count: 3,
    });
    expect(boundsOf({ start: 1, end: FOREVER })).to.deep.equal({ start: 1 });
    expect(boundsOf({ start: 1, end: 2, period: 10, count: 1 })).to.deep.equal(window(1, 2));
    expect(boundsOf({ start: 1, end: 2, period: 10 })).to.deep.equal(window(1, 2));
    expect(boundsOf(THREE)).to.deep.equal(THREE);
  });

  it('hold a vector each, and give it back', () => {
    const timeline = new Timeline();
    const cores = () => [10, 20, 110, 210, 219, 220].map((at) => fromVector(timeline.valueAt(at)).cores ?? 0);
    addOver(timeline, THREE, toVector({ cores: 2 }), 1);
    expect(cores()).to.deep.equal([2, 0, 2, 2, 2, 0]);
    addOver(timeline, ONE, toVector({ cores: 2 }), -1);
    expect(cores()).to.deep.equal([0, 0, 2, 2, 2, 0]);
    addOver(timeline, { ...window(110, 120), period: 100, count: 2 }, toVector({ cores: 2 }), -1);
    expect(timeline.breakpoints).to.equal(0);
  });
});
