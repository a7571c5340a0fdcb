import { expect } from 'chai';
import { CapacityOverflowError, RESOURCES, fromVector, toVector } from '../../../src/engine/capacity.ts';
import { MAX_AMOUNT, Timeline } from '../../../src/engine/timeline.ts';
import type { FitRequest, FitResult } from '../../../src/engine/timeline.ts';
import { ALWAYS, BEGINNING, FOREVER, InvalidTimeError } from '../../../src/engine/window.ts';

/** Free capacity of a pool that has 10 cores and 100 MB from 1000 on. */
const pool = (): Timeline => {
  const timeline = new Timeline();
  timeline.add({ start: 1000, end: FOREVER }, toVector({ cores: 10, ram: 100 }));
  return timeline;
};

const window = (start: number, end: number) => ({ start, end });

describe('Timeline', () => {
  it('is 0 everywhere when nothing was added', () => {
    const timeline = new Timeline();
    expect(fromVector(timeline.valueAt(5))).to.deep.equal({});
    expect(fromVector(timeline.min(ALWAYS))).to.deep.equal({});
    expect([...timeline.steps(window(0, 10))].map(({ at }) => at)).to.deep.equal([0]);
    expect(timeline.fits(window(0, 10), toVector({}))).to.equal(true);
    expect(timeline.fits(window(0, 10), toVector({ cores: 1 }))).to.equal(false);
    expect(timeline.breakpoints).to.equal(0);
  });

  it('holds a claim from its start until just before its end', () => {
    const timeline = pool();
    timeline.remove(window(2000, 3000), toVector({ cores: 4 }));
    const cores = [999, 1000, 1999, 2000, 2999, 3000].map((at) => fromVector(timeline.valueAt(at)).cores ?? 0);
    expect(cores).to.deep.equal([0, 10, 10, 6, 6, 10]);
  });

  it('grants back to back what cannot overlap', () => {
    const timeline = pool();
    const all = toVector({ cores: 10 });
    timeline.remove(window(2000, 3000), all);
    expect(timeline.fits(window(1000, 2000), all)).to.equal(true);
    expect(timeline.fits(window(3000, 4000), all)).to.equal(true);
    expect(timeline.fits(window(1000, 2001), all)).to.equal(false);
    expect(timeline.firstShortage(window(1000, 2001), all)).to.equal(2000);
    expect(timeline.fits(window(2999, 4000), all)).to.equal(false);
  });

  it('does not look at resources that the demand leaves out, even when they are overdrawn', () => {
    const timeline = pool();
    timeline.remove(window(2000, 3000), toVector({ cores: 12 }));
    expect(fromVector(timeline.min(window(1000, 4000))).cores).to.equal(-2);
    expect(timeline.fits(window(2000, 3000), toVector({ ram: 100 }))).to.equal(true);
    expect(timeline.fits(window(2000, 3000), toVector({ cores: 1, ram: 100 }))).to.equal(false);
  });

  it('refuses a resource of which it never had any', () => {
    expect(pool().fits(window(2000, 3000), toVector({ volumes: 1 }))).to.equal(false);
    expect(pool().earliestFit(request({ demand: toVector({ volumes: 1 }) }))).to.deep.equal({ outcome: 'none' });
  });

  it('holds what has neither start nor end without a breakpoint', () => {
    const timeline = new Timeline();
    timeline.add(ALWAYS, toVector({ cores: 3 }));
    timeline.add({ start: BEGINNING, end: 50 }, toVector({ ports: 2 }));
    expect(timeline.breakpoints).to.equal(1);
    expect(fromVector(timeline.valueAt(49))).to.deep.equal({ cores: 3, ports: 2 });
    expect(fromVector(timeline.valueAt(50))).to.deep.equal({ cores: 3 });
    expect(fromVector(timeline.max(ALWAYS))).to.deep.equal({ cores: 3, ports: 2 });
    expect(fromVector(timeline.min(ALWAYS))).to.deep.equal({ cores: 3 });
  });

  it('forgets an instant at which nothing changes any more', () => {
    const timeline = new Timeline();
    timeline.add(window(10, 20), toVector({ cores: 1 }));
    timeline.add(window(20, 30), toVector({ cores: 1 }));
    expect(timeline.breakpoints).to.equal(2);
    timeline.remove(window(10, 30), toVector({ cores: 1 }));
    expect(timeline.breakpoints).to.equal(0);
  });

  it('takes nothing for nothing', () => {
    const timeline = pool();
    timeline.add(window(5, 10), toVector({}));
    expect(timeline.breakpoints).to.equal(1);
  });

  it('refuses a window that ends before it starts', () => {
    expect(() => pool().add(window(9, 9), toVector({ cores: 1 }))).to.throw(InvalidTimeError, 'is not after start');
    expect(() => pool().add(window(Number.NaN, 9), toVector({ cores: 1 }))).to.throw(InvalidTimeError, 'start is NaN');
  });

  function request(fields: Partial<FitRequest>): FitRequest {
    return {
      notBefore: 1000,
      notAfter: FOREVER,
      duration: 500,
      demand: toVector({ cores: 5 }),
      budget: 1000,
      ...fields,
    };
  }

  describe('earliestFit', () => {
    const busy = (): Timeline => {
      const timeline = pool();
      timeline.remove(window(1000, 2000), toVector({ cores: 8 }));
      timeline.remove(window(2400, 3000), toVector({ cores: 8 }));
      timeline.remove(window(3500, 4000), toVector({ ram: 100 }));
      return timeline;
    };
    const cases: [string, Partial<FitRequest>, FitResult][] = [
      ['passes a gap that is too short', {}, { outcome: 'fits', start: 3000 }],
      ['takes a gap of just the length', { duration: 400 }, { outcome: 'fits', start: 2000 }],
      ['starts inside a gap', { duration: 300, notBefore: 2100 }, { outcome: 'fits', start: 2100 }],
      [
        'needs the same start for all resources',
        { demand: toVector({ cores: 5, ram: 1 }), duration: 501 },
        { outcome: 'fits', start: 4000 },
      ],
      ['takes the latest start', { notAfter: 3000 }, { outcome: 'fits', start: 3000 }],
      ['ends before a start that is too late', { notAfter: 2999 }, { outcome: 'none' }],
      ['finds nothing where nothing is enough', { demand: toVector({ cores: 11 }) }, { outcome: 'none' }],
      ['finds a start for what has no end', { duration: Infinity }, { outcome: 'fits', start: 3000 }],
      ['takes an empty demand at once', { demand: toVector({}) }, { outcome: 'fits', start: 1000 }],
      ['finds nothing in an empty range', { notBefore: 10, notAfter: 9, demand: toVector({}) }, { outcome: 'none' }],
      ['says how far it came with no budget', { budget: 0 }, { outcome: 'budget-spent', searchedUntil: 2000 }],
    ];
    for (const [what, fields, expected] of cases) {
      it(what, () => {
        expect(busy().earliestFit(request(fields))).to.deep.equal(expected);
      });
    }

    it('refuses a duration that is not more than 0', () => {
      expect(() => pool().earliestFit(request({ duration: 0 }))).to.throw(RangeError, 'the duration is 0 ms');
    });

    it('passes long stretches that are all full, or all free, within a small budget', () => {
      const timeline = pool();
      for (let at = 2000; at < 42_000; at += 2) timeline.remove(window(at, at + 1), toVector({ cores: 1 }));
      for (let at = 42_000; at < 82_000; at += 2) timeline.remove(window(at, at + 1), toVector({ cores: 8 }));
      timeline.remove(window(42_000, 82_000), toVector({ cores: 2 }));
      expect(timeline.breakpoints).to.be.greaterThan(70_000);
      const longer = request({ duration: 60_000, demand: toVector({ cores: 9 }), budget: 200 });
      expect(timeline.earliestFit(longer)).to.deep.equal({ outcome: 'fits', start: 82_000 });
    });
  });

  describe('sample', () => {
    it('reports each interval by its least or its greatest, the last one cut', () => {
      const timeline = pool();
      timeline.remove(window(1100, 1200), toVector({ cores: 3 }));
      timeline.add(window(2200, 2300), toVector({ cores: 5 }));
      const span = window(1000, 2250);
      const others = [100, ...RESOURCES.slice(2).map(() => 0)];
      const sampled = (measure: 'min' | 'max'): number[] => [...timeline.sample(span, 500, measure)];
      expect(sampled('min')).to.deep.equal([7, ...others, 10, ...others, 10, ...others]);
      expect(sampled('max')).to.deep.equal([10, ...others, 10, ...others, 15, ...others]);
    });

    it('refuses what would not end', () => {
      expect(() => pool().sample(window(0, FOREVER), 10, 'min')).to.throw(RangeError, 'a start and an end');
      expect(() => pool().sample(window(BEGINNING, 10), 10, 'min')).to.throw(RangeError, 'a start and an end');
      expect(() => pool().sample(window(0, 10), 0, 'min')).to.throw(RangeError, 'the interval is 0 ms');
    });
  });

  it('ends a walk over steps when the timeline changes under it', () => {
    const timeline = pool();
    const steps = timeline.steps(window(0, 5000));
    steps.next();
    timeline.remove(window(2000, 3000), toVector({ cores: 1 }));
    expect(() => steps.next()).to.throw('the timeline changed while its steps were being taken');
  });

  it('lets other questions be asked during a walk over steps', () => {
    const timeline = pool();
    timeline.remove(window(2000, 3000), toVector({ cores: 1 }));
    const values: (number | undefined)[] = [];
    for (const { value } of timeline.steps(window(0, 5000))) {
      values.push(value[0]);
      timeline.min(ALWAYS);
    }
    expect(values).to.deep.equal([0, 10, 9, 10]);
  });

  describe('large amounts', () => {
    it('are exact up to the bound, whatever was added and removed between', () => {
      const timeline = new Timeline();
      timeline.add(ALWAYS, toVector({ ram: MAX_AMOUNT - 3 }));
      for (let at = 1; at <= 500; at++) timeline.remove(window(at, at + 250), toVector({ ram: 2 ** 42 + at }));
      timeline.add(window(900, 901), toVector({ ram: 3 }));
      for (let at = 1; at <= 500; at++) timeline.add(window(at, at + 250), toVector({ ram: 2 ** 42 + at }));
      expect(timeline.breakpoints).to.equal(2);
      expect(fromVector(timeline.max(ALWAYS)).ram).to.equal(MAX_AMOUNT);
      expect(fromVector(timeline.min(ALWAYS)).ram).to.equal(MAX_AMOUNT - 3);
    });

    it('are refused past the bound, and nothing has changed', () => {
      const timeline = new Timeline();
      timeline.add(window(10, 20), toVector({ ram: MAX_AMOUNT, cores: 1 }));
      expect(() => timeline.add(window(19, 30), toVector({ cores: 1, ram: 1 }))).to.throw(
        CapacityOverflowError,
        'ram would be 4503599627370497',
      );
      expect(fromVector(timeline.valueAt(19))).to.deep.equal({ cores: 1, ram: MAX_AMOUNT });
      expect(timeline.breakpoints).to.equal(2);
      timeline.add(window(20, 30), toVector({ ram: 1 }));
      expect(fromVector(timeline.valueAt(20))).to.deep.equal({ ram: 1 });
      timeline.remove(window(40, 50), toVector({ ram: MAX_AMOUNT }));
      expect(() => timeline.remove(window(49, 60), toVector({ ram: 1 }))).to.throw(CapacityOverflowError);
    });

    it('are refused when they are no integers, and nothing has changed', () => {
      const timeline = pool();
      for (const bad of [0.5, Number.NaN, Infinity]) {
        const vector = toVector({ volumes: 1 });
        vector[8] = bad;
        expect(() => timeline.add(window(0, 10), vector)).to.throw(CapacityOverflowError, `gigabytes would be ${bad}`);
      }
      expect(timeline.breakpoints).to.equal(1);
      timeline.add(window(0, 10), toVector({ volumes: 1 }));
      expect(fromVector(timeline.valueAt(0))).to.deep.equal({ volumes: 1 });
    });
  });
});
