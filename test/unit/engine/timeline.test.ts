import { expect } from 'chai';
import * as fc from 'fast-check';
import { CapacityOverflowError, RESOURCES, fromVector, toVector, zeroVector } from '../../../src/engine/capacity.ts';
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
    expect(pool().shortSpans(window(2000, 3000), 'volumes', 1, 9)).to.deep.equal([{ from: 2000, to: 3000, least: 0 }]);
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
      ['looks at as much as its budget allows', { budget: 3 }, { outcome: 'fits', start: 3000 }],
      ['and at no more', { budget: 2 }, { outcome: 'budget-spent', searchedUntil: 3000 }],
      ['says where what fits so far begins', { budget: 1 }, { outcome: 'budget-spent', searchedUntil: 2000 }],
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

    it('counts what changes at the border of two intervals to the later one', () => {
      const timeline = pool();
      timeline.remove(window(2000, 3000), toVector({ cores: 4 }));
      const cores = (start: number, end: number, measure: 'min' | 'max'): number[] =>
        [...timeline.sample(window(start, end), 1000, measure)].filter((_, index) => index % RESOURCES.length === 0);
      expect(cores(0, 4000, 'min')).to.deep.equal([0, 10, 6, 10]);
      expect(cores(0, 4000, 'max')).to.deep.equal([0, 10, 6, 10]);
      expect(cores(500, 3500, 'min')).to.deep.equal([0, 6, 6]);
      expect(cores(500, 3500, 'max')).to.deep.equal([10, 10, 10]);
    });

    it('refuses what would not end', () => {
      expect(() => pool().sample(window(0, FOREVER), 10, 'min')).to.throw(RangeError, 'a start and an end');
      expect(() => pool().sample(window(BEGINNING, 10), 10, 'min')).to.throw(RangeError, 'a start and an end');
      expect(() => pool().sample(window(0, 10), 0, 'min')).to.throw(RangeError, 'the interval is 0 ms');
    });
  });

  it('writes nothing of before where it is given something to write to', () => {
    const timeline = pool();
    const target = zeroVector().fill(7);
    expect(timeline.valueAt(5, target)).to.equal(target);
    expect(fromVector(target)).to.deep.equal({});
    timeline.min(window(1000, 2000), target.fill(7));
    expect(fromVector(target)).to.deep.equal({ cores: 10, ram: 100 });
    timeline.max(window(0, 10), target.fill(7));
    expect(fromVector(target)).to.deep.equal({});
    const [step] = timeline.steps(window(0, 10), target.fill(7));
    expect(step?.value).to.equal(target);
    expect(fromVector(target)).to.deep.equal({});
  });

  it('writes out its steps, from the beginning of time on, of the resources that are named', () => {
    const timeline = pool();
    timeline.add(ALWAYS, toVector({ ram: 5 }));
    timeline.remove(window(2000, 3000), toVector({ cores: 4, ports: 1 }));
    const [cores, ram, volumes] = ['cores', 'ram', 'volumes'].map((each) =>
      RESOURCES.findIndex((name) => name === each),
    );
    const written = (...resources: (number | undefined)[]): number[] => {
      const row = new Float64Array((resources.length + 1) * (timeline.breakpoints + 1));
      timeline.writeSteps(
        resources.map((each) => each ?? Number.NaN),
        row,
      );
      return [...row];
    };
    expect(written()).to.deep.equal([BEGINNING, 1000, 2000, 3000]);
    expect(written(ram, cores)).to.deep.equal([BEGINNING, 5, 0, 1000, 105, 10, 2000, 105, 6, 3000, 105, 10]);
    expect(written(volumes, cores)).to.deep.equal([BEGINNING, 0, 0, 1000, 0, 10, 2000, 0, 6, 3000, 0, 10]);
    const empty = new Float64Array(2);
    new Timeline().writeSteps([0], empty);
    expect([...empty]).to.deep.equal([BEGINNING, 0]);
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

    it('are borne up to the bound beside others that reach it', () => {
      for (const sign of [1, -1] as const) {
        const timeline = new Timeline();
        const change = (start: number, amount: number): void =>
          sign === 1
            ? timeline.add(window(start, start + 10), toVector({ ram: amount }))
            : timeline.remove(window(start, start + 10), toVector({ ram: amount }));
        change(10, MAX_AMOUNT);
        change(30, MAX_AMOUNT - 1);
        change(30, 1);
        expect(timeline.valueAt(30)).to.deep.equal(timeline.valueAt(10));
        expect(() => change(30, 1)).to.throw(CapacityOverflowError);
      }
    });

    it('are refused for all time as well', () => {
      const timeline = new Timeline();
      timeline.add(ALWAYS, toVector({ ram: MAX_AMOUNT }));
      expect(() => timeline.add(ALWAYS, toVector({ ram: 1 })))
        .to.throw(CapacityOverflowError)
        .that.has.property('message', `ram would be 4503599627370497; it must be an integer between ±${MAX_AMOUNT}`);
      expect(fromVector(timeline.valueAt(0))).to.deep.equal({ ram: MAX_AMOUNT });
      const owed = new Timeline();
      owed.remove(ALWAYS, toVector({ ram: MAX_AMOUNT }));
      expect(() => owed.remove(ALWAYS, toVector({ ram: 1 }))).to.throw(CapacityOverflowError, 'ram would be -4503');
    });

    it('are refused when they are added later: one at once, a sum when it is looked at', () => {
      const timeline = new Timeline();
      for (const bad of [2 ** 52 + 1, -(2 ** 52) - 1, 0.5]) {
        expect(() => timeline.addLater(window(0, 10), toVector({ ram: 1 }).fill(bad), 1))
          .to.throw(CapacityOverflowError)
          .that.has.property('message')
          .which.includes(`cores would be ${bad}`);
      }
      timeline.addLater(window(0, 10), zeroVector().fill(-MAX_AMOUNT, 1, 2), 1);
      timeline.addLater(window(20, 30), toVector({ ram: MAX_AMOUNT }), 1);
      expect(fromVector(timeline.valueAt(5)).ram).to.equal(-MAX_AMOUNT);
      timeline.addLater(window(25, 40), toVector({ ram: 1 }), 1);
      expect(() => timeline.valueAt(0))
        .to.throw(CapacityOverflowError)
        .that.has.property('message')
        .which.includes('ram would be 4503599627370497');
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

  describe('what is added later', () => {
    it('is there when it is looked at', () => {
      const timeline = pool();
      timeline.addLater(window(2000, 3000), toVector({ cores: 4 }), -1);
      timeline.addLater({ start: BEGINNING, end: 500 }, toVector({ ports: 2 }), 1);
      timeline.addLater({ start: BEGINNING, end: 500 }, toVector({ ports: 1 }), -1);
      expect(timeline.breakpoints).to.equal(4);
      expect([0, 500, 1000, 2000, 3000].map((at) => fromVector(timeline.valueAt(at)))).to.deep.equal([
        { ports: 1 },
        {},
        { cores: 10, ram: 100 },
        { cores: 6, ram: 100 },
        { cores: 10, ram: 100 },
      ]);
    });

    it('is nothing where it is nothing, or for all time, or where it is taken away again', () => {
      const timeline = new Timeline();
      timeline.addLater(ALWAYS, toVector({}), 1);
      expect(timeline.breakpoints).to.equal(0);
      timeline.addLater(window(5, 10), toVector({}), 1);
      expect(timeline.breakpoints).to.equal(0);
      timeline.addLater(ALWAYS, toVector({ cores: 1 }), 1);
      expect([timeline.breakpoints, timeline.valueAt(0)[0]]).to.deep.equal([0, 1]);
      for (const sign of [1, -1] as const) timeline.addLater(window(5, 10), toVector({ cores: 1 }), sign);
      expect(timeline.breakpoints).to.equal(0);
    });

    it('is all kept, however many resources it is of', () => {
      const timeline = new Timeline();
      const full = zeroVector().fill(1);
      for (let each = 0; each < 4; each++) timeline.addLater(window(0, 10), full, 1);
      timeline.addLater(window(0, 10), zeroVector().fill(1, 0, 4), 1);
      for (let each = 0; each < 2; each++) timeline.addLater(window(0, 10), full, 1);
      expect([...timeline.valueAt(0)]).to.deep.equal(RESOURCES.map((_, index) => (index < 4 ? 7 : 6)));
    });

    it('has to be in a window', () => {
      const timeline = new Timeline();
      for (const [start, end] of [
        [9, 9],
        [9, 8],
        [Number.NaN, 9],
      ] as const) {
        expect(() => timeline.addLater(window(start, end), toVector({ cores: 1 }), 1)).to.throw(InvalidTimeError);
      }
      expect(timeline.breakpoints).to.equal(0);
    });

    it('ends a walk over steps', () => {
      const timeline = pool();
      const steps = timeline.steps(window(0, 5000));
      steps.next();
      timeline.addLater(window(2000, 3000), toVector({ cores: 1 }), 1);
      timeline.min(ALWAYS);
      expect(() => steps.next()).to.throw('the timeline changed while its steps were being taken');
    });
  });

  describe('of some thousand breakpoints', () => {
    const END = 6000;
    const TOTAL = 12;
    const some = (seed: number, count: number, ...most: readonly number[]): number[][] =>
      fc.sample(fc.tuple(...most.map((max) => fc.nat({ max: max - 1 }))), { seed, numRuns: count });

    /** The timeline, and the cores at each instant, counted one by one. */
    const made = () => {
      const timeline = new Timeline();
      const cores = new Array<number>(END).fill(TOTAL);
      // Ports come first: cores are not what a tree begins with.
      timeline.add(ALWAYS, toVector({ ports: 5000 }));
      timeline.add(ALWAYS, toVector({ cores: TOTAL, ram: 1 }));
      // Here and there one or two, and long stretches with fewer, or with none.
      for (const [start = 0, length = 0, amount = 0] of [
        ...some(1, 2000, END - 20, 20, 2),
        ...some(2, 10, END - 400, 400, 9),
      ]) {
        timeline.remove(window(start, start + length + 1), toVector({ cores: amount + 1, ports: 1 }));
        for (let at = start; at <= start + length; at++) cores[at] = (cores[at] ?? 0) - amount - 1;
      }
      const within = (start: number, end: number): number[] => [
        ...cores.slice(start, end),
        ...new Array<number>(Math.max(0, end - Math.max(start, END))).fill(TOTAL),
      ];
      const firstShort = (start: number, end: number, asked: number): number | undefined => {
        const index = within(start, end).findIndex((amount) => amount < asked);
        return index < 0 ? undefined : start + index;
      };
      return { timeline, within, firstShort };
    };

    it('knows the least and the most', () => {
      const { timeline, within } = made();
      expect(timeline.breakpoints).to.be.greaterThan(2000);
      for (const [start = 0, length = 0] of some(3, 400, END, 900)) {
        const span = window(start, start + length + 1);
        const all = within(span.start, span.end);
        expect([timeline.min(span)[0], timeline.max(span)[0]]).to.deep.equal([Math.min(...all), Math.max(...all)]);
      }
    });

    it('goes through its steps, and writes them out', () => {
      const { timeline, within } = made();
      for (const [start = 0, length = 0] of some(7, 50, END, 900)) {
        const span = window(start, start + length + 1);
        const steps = [...timeline.steps(span)].map(({ at, value }) => [at, value[0]]);
        const all = within(span.start, span.end);
        const expected = all.flatMap((amount, index) => (amount === all[index - 1] ? [] : [[start + index, amount]]));
        // Where others than cores change there is a step as well.
        expect(steps.filter(([, amount], index) => amount !== steps[index - 1]?.[1])).to.deep.equal(expected);
        expect(steps.every(([at = 0]) => at >= span.start && at < span.end)).to.equal(true);
      }
      const row = new Float64Array(2 * (timeline.breakpoints + 1));
      timeline.writeSteps([0], row);
      const all = [...timeline.steps(ALWAYS)].flatMap(({ at, value }) => [at, value[0]]);
      expect([...row]).to.deep.equal(all);
    });

    it('samples by intervals', () => {
      const { timeline, within } = made();
      for (const [start = 0, length = 0, interval = 0] of some(4, 60, END, 900, 90)) {
        const span = window(start, start + length + 1);
        for (const measure of ['min', 'max'] as const) {
          const sampled = timeline.sample(span, interval + 1, measure).filter((_, at) => at % RESOURCES.length === 0);
          const expected = [...sampled].map((_, index) => {
            const from = start + index * (interval + 1);
            return Math[measure](...within(from, Math.min(from + interval + 1, span.end)));
          });
          expect([...sampled]).to.deep.equal(expected);
        }
      }
    });

    it('knows the first shortage, and each', () => {
      const { timeline, within, firstShort } = made();
      for (const [start = 0, length = 0, asked = 0] of some(5, 400, END, 900, TOTAL)) {
        const end = start + length + 1;
        const expected = firstShort(start, end, asked + 1);
        expect(timeline.firstShortage(window(start, end), toVector({ cores: asked + 1 }))).to.equal(expected);
        const spans: { from: number; to: number; least: number }[] = [];
        for (const [index, amount] of within(start, end).entries()) {
          if (amount > asked) continue;
          const last = spans.at(-1);
          const at = start + index;
          if (last?.to === at) Object.assign(last, { to: at + 1, least: Math.min(last.least, amount) });
          else spans.push({ from: at, to: at + 1, least: amount });
        }
        const found = timeline.shortSpans(window(start, end), 'cores', asked + 1, 1000);
        expect(found).to.deep.equal(spans);
        expect(timeline.shortSpans(window(start, end), 'cores', asked + 1, 2)).to.deep.equal(spans.slice(0, 2));
      }
    });

    it('finds the earliest fit, or says how far it has come', () => {
      const { timeline, firstShort } = made();
      for (const [notBefore = 0, more = 0, length = 0, asked = 0, budget = 0] of some(
        6,
        800,
        END,
        3000,
        90,
        TOTAL,
        60,
      )) {
        const notAfter = notBefore + more;
        const duration = length + 1;
        let start: number | undefined = notBefore;
        for (let short = firstShort(start, start + duration, asked + 1); short !== undefined;) {
          start = short + 1;
          short = firstShort(start, start + duration, asked + 1);
        }
        if (start > notAfter) start = undefined;
        const expected: FitResult = start === undefined ? { outcome: 'none' } : { outcome: 'fits', start };
        const asking = request({ notBefore, notAfter, duration, demand: toVector({ cores: asked + 1 }), budget: 1e6 });
        expect(timeline.earliestFit(asking)).to.deep.equal(expected);
        const found = timeline.earliestFit({ ...asking, budget });
        if (found.outcome !== 'budget-spent') {
          expect(found).to.deep.equal(expected);
          continue;
        }
        expect(found.searchedUntil).to.be.within(notBefore, start ?? notAfter);
        expect(timeline.earliestFit({ ...asking, notBefore: found.searchedUntil })).to.deep.equal(expected);
      }
    });
  });
});
