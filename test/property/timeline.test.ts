import { expect } from 'chai';
import fc from 'fast-check';
import { RESOURCES, RESOURCE_COUNT, zeroVector } from '../../src/engine/capacity.ts';
import type { CapacityVector } from '../../src/engine/capacity.ts';
import { Timeline } from '../../src/engine/timeline.ts';
import type { FitRequest, FitResult, ShortSpan } from '../../src/engine/timeline.ts';
import { BEGINNING, FOREVER, containsInstant } from '../../src/engine/window.ts';
import type { Instant, Window } from '../../src/engine/window.ts';

/** The specification: a list of what was added, summed anew for every question. */
class NaiveTimeline {
  readonly #terms: { readonly window: Window; readonly vector: CapacityVector }[] = [];

  add(window: Window, vector: CapacityVector): void {
    this.#terms.push({ window, vector });
  }

  remove(window: Window, vector: CapacityVector): void {
    this.add(
      window,
      vector.map((amount) => -amount),
    );
  }

  valueAt(instant: Instant): number[] {
    const sum = new Array<number>(RESOURCE_COUNT).fill(0);
    for (const { window, vector } of this.#terms) {
      if (containsInstant(window, instant)) for (const [i, amount] of vector.entries()) sum[i] = (sum[i] ?? 0) + amount;
    }
    return sum;
  }

  /** The instants inside the window, its start included, at which the sum differs from the one just before. */
  changes(window: Window): Instant[] {
    const bounds = new Set(this.#terms.flatMap((term) => [term.window.start, term.window.end]));
    const inside = [...bounds].filter((at) => at > window.start && at < window.end).sort((a, b) => a - b);
    let before = this.valueAt(window.start);
    const kept = [window.start];
    for (const at of inside) {
      const value = this.valueAt(at);
      if (value.some((amount, i) => amount !== before[i])) kept.push(at);
      before = value;
    }
    return kept;
  }

  extreme(window: Window, pick: (...values: number[]) => number): number[] {
    const values = this.changes(window).map((at) => this.valueAt(at));
    return values.reduce((a, b) => a.map((amount, i) => pick(amount, b[i] ?? 0)));
  }

  firstShortage(window: Window, demand: CapacityVector): Instant | undefined {
    return this.changes(window).find((at) => !this.covers(at, demand));
  }

  shortSpans(window: Window, resource: number, asked: number, most: number): ShortSpan[] {
    const amounts = this.changes(window).map((at) => ({ at, amount: this.valueAt(at)[resource] ?? 0 }));
    const spans: { from: Instant; to: Instant; least: number }[] = [];
    for (const [index, { at, amount }] of amounts.entries()) {
      if (amount >= asked) continue;
      const to = amounts[index + 1]?.at ?? window.end;
      const last = spans.at(-1);
      if (last?.to === at) Object.assign(last, { to, least: Math.min(last.least, amount) });
      else spans.push({ from: at, to, least: amount });
    }
    return spans.slice(0, most);
  }

  covers(at: Instant, demand: CapacityVector): boolean {
    const value = this.valueAt(at);
    return demand.every((need, i) => need <= 0 || (value[i] ?? 0) >= need);
  }

  earliestFit({ notBefore, notAfter, duration, demand }: FitRequest): FitResult {
    const instants = this.changes({ start: notBefore, end: FOREVER });
    const short = instants.filter((at) => !this.covers(at, demand));
    const start = instants.find((at) => at <= notAfter && !short.some((gap) => gap >= at && gap < at + duration));
    return start === undefined ? { outcome: 'none' } : { outcome: 'fits', start };
  }
}

const vectorOf = (amounts: readonly (readonly [number, number])[]): CapacityVector => {
  const vector = zeroVector();
  for (const [resource, amount] of amounts) vector[resource] = amount;
  return vector;
};

/** Vectors with one to four of five resources: few enough to collide, spread so that lanes are not resource numbers. */
const vectors = (low: number, high: number): fc.Arbitrary<CapacityVector> =>
  fc
    .array(fc.tuple(fc.constantFrom(0, 1, 4, 7, 10), fc.integer({ min: low, max: high })), {
      minLength: 1,
      maxLength: 4,
    })
    .map(vectorOf);

const windowsIn = (horizon: number): fc.Arbitrary<Window> =>
  fc
    .tuple(fc.integer({ min: 0, max: horizon }), fc.integer({ min: 1, max: horizon }), fc.integer({ min: 0, max: 9 }))
    .map(([start, length, kind]) => ({
      start: kind === 9 ? BEGINNING : start,
      end: kind === 0 ? FOREVER : start + (kind < 5 ? Math.ceil(length / 8) : length),
    }));

/** `later` and `less later` put an addition, or a removal, off until the timeline is next looked at. */
type Change = readonly ['add' | 'later' | 'less later', Window, CapacityVector] | readonly ['remove', number];

const changesIn = (horizon: number, maxLength: number): fc.Arbitrary<Change[]> =>
  fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.constant('add' as const), windowsIn(horizon), vectors(-5, 5)) },
      {
        weight: 1,
        arbitrary: fc.tuple(
          fc.constantFrom('later' as const, 'less later' as const),
          windowsIn(horizon),
          vectors(-5, 5),
        ),
      },
      { weight: 2, arbitrary: fc.tuple(fc.constant('remove' as const), fc.nat()) },
    ),
    { maxLength, size: 'max' },
  );

interface Played {
  readonly timeline: Timeline;
  readonly naive: NaiveTimeline;
  /** What was added and not removed. */
  readonly live: (readonly [Window, CapacityVector])[];
}

const play = (changes: readonly Change[]): Played => {
  const timeline = new Timeline();
  const naive = new NaiveTimeline();
  const live: (readonly [Window, CapacityVector])[] = [];
  // A capacity to take from, so that demands fit at some times and at others do not.
  const changesAndCapacity: Change[] = [
    [
      'add',
      { start: 3, end: FOREVER },
      vectorOf([
        [0, 6],
        [1, 6],
        [4, 9],
      ]),
    ],
    ...changes,
  ];
  for (const step of changesAndCapacity) {
    if (step[0] !== 'remove') {
      const [how, window, vector] = step;
      const sum = how === 'less later' ? vector.map((amount) => -amount) : vector;
      if (how === 'add') timeline.add(window, vector);
      else timeline.addLater(window, vector, how === 'later' ? 1 : -1);
      naive.add(window, sum);
      live.push([window, sum]);
    } else {
      const [gone] = live.splice(step[1] % (live.length + 1), 1);
      if (gone === undefined) continue;
      timeline.remove(...gone);
      naive.remove(...gone);
    }
  }
  return { timeline, naive, live };
};

const HORIZON = 40;
/** Each run of a property is one random history; all properties together make more than 10,000. */
const RUNS = { numRuns: 2_500, interruptAfterTimeLimit: 240_000, markInterruptAsFailure: true };

describe('Timeline against a list that is summed anew for every question', function () {
  this.timeout(300_000);

  it('has the same value at every instant, and breakpoints only where it changes', () => {
    fc.assert(
      fc.property(changesIn(HORIZON, 40), (changes) => {
        const { timeline, naive } = play(changes);
        for (let at = -1; at <= 2 * HORIZON + 1; at++) {
          expect([...timeline.valueAt(at)], `at ${at}`).to.deep.equal(naive.valueAt(at));
        }
        expect(timeline.breakpoints).to.equal(naive.changes({ start: BEGINNING, end: FOREVER }).length - 1);
      }),
      RUNS,
    );
  });

  it('finds the same least and greatest amounts, and the same steps, in any window', () => {
    fc.assert(
      fc.property(
        changesIn(HORIZON, 40),
        fc.array(windowsIn(HORIZON), { minLength: 1, maxLength: 5 }),
        (changes, windows) => {
          const { timeline, naive } = play(changes);
          for (const window of windows) {
            expect([...timeline.min(window)]).to.deep.equal(naive.extreme(window, Math.min));
            expect([...timeline.max(window)]).to.deep.equal(naive.extreme(window, Math.max));
            const steps = [...timeline.steps(window)];
            expect(steps.map((step) => step.at)).to.deep.equal(naive.changes(window));
            for (const { at, value } of steps) expect([...value]).to.deep.equal(naive.valueAt(at));
          }
        },
      ),
      RUNS,
    );
  });

  it('finds the same spans in which a resource is short, and how short', () => {
    const question = fc.record({
      window: windowsIn(HORIZON),
      resource: fc.constantFrom(0, 1, 2, 4),
      asked: fc.integer({ min: 1, max: 8 }),
      most: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(changesIn(HORIZON, 40), fc.array(question, { minLength: 1, maxLength: 8 }), (changes, questions) => {
        const { timeline, naive } = play(changes);
        for (const { window, resource, asked, most } of questions) {
          expect(timeline.shortSpans(window, RESOURCES[resource], asked, most)).to.deep.equal(
            naive.shortSpans(window, resource, asked, most),
          );
        }
      }),
      RUNS,
    );
  });

  it('finds the same first shortage in any window', () => {
    const questions = fc.array(fc.tuple(windowsIn(HORIZON), vectors(0, 6)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(changesIn(HORIZON, 40), questions, (changes, asked) => {
        const { timeline, naive } = play(changes);
        for (const [window, demand] of asked) {
          const expected = naive.firstShortage(window, demand);
          expect(timeline.firstShortage(window, demand)).to.equal(expected);
          expect(timeline.fits(window, demand)).to.equal(expected === undefined);
        }
      }),
      RUNS,
    );
  });

  const requests = fc.record<FitRequest>({
    notBefore: fc.integer({ min: 0, max: HORIZON }),
    notAfter: fc.oneof(fc.integer({ min: 0, max: 2 * HORIZON }), fc.constant(FOREVER)),
    duration: fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 1, max: HORIZON }) },
      { weight: 1, arbitrary: fc.constant(Infinity) },
    ),
    demand: vectors(0, 6),
    budget: fc.constant(1_000_000),
  });

  it('finds the same earliest fit', () => {
    fc.assert(
      fc.property(changesIn(HORIZON, 40), fc.array(requests, { minLength: 1, maxLength: 8 }), (changes, asked) => {
        const { timeline, naive } = play(changes);
        for (const request of asked) expect(timeline.earliestFit(request)).to.deep.equal(naive.earliestFit(request));
      }),
      RUNS,
    );
  });

  it('never claims more than it searched when the budget ends first', () => {
    fc.assert(
      fc.property(changesIn(HORIZON, 40), requests, fc.integer({ min: 0, max: 30 }), (changes, request, budget) => {
        const { timeline, naive } = play(changes);
        const expected = naive.earliestFit(request);
        const found = timeline.earliestFit({ ...request, budget });
        if (found.outcome !== 'budget-spent') {
          expect(found).to.deep.equal(expected);
        } else {
          expect(found.searchedUntil).to.be.within(request.notBefore, request.notAfter);
          if (expected.outcome === 'fits') expect(found.searchedUntil).to.be.at.most(expected.start);
          expect(timeline.earliestFit({ ...request, notBefore: found.searchedUntil })).to.deep.equal(expected);
        }
      }),
      RUNS,
    );
  });

  it('is empty again when all that was added is removed, in any order', () => {
    fc.assert(
      fc.property(changesIn(HORIZON, 60), fc.infiniteStream(fc.nat()), (changes, order) => {
        const { timeline, live } = play(changes);
        while (live.length > 0) {
          const [gone] = live.splice((order.next().value as number) % live.length, 1);
          if (gone !== undefined) timeline.remove(...gone);
        }
        expect(timeline.breakpoints).to.equal(0);
        expect([...timeline.steps({ start: BEGINNING, end: FOREVER })].map(({ value }) => [...value])).to.deep.equal([
          [...zeroVector()],
        ]);
      }),
      RUNS,
    );
  });

  it('is the same whether windows are added one by one or later, all in one go', () => {
    const added = fc.array(fc.tuple(windowsIn(3_000_000_000_000), vectors(-5, 5)), {
      minLength: 1_000,
      maxLength: 3_000,
      size: 'max',
    });
    fc.assert(
      fc.property(added, added, (early, late) => {
        const one = new Timeline();
        const other = new Timeline();
        for (const [window, vector] of early.slice(0, 40)) {
          one.add(window, vector);
          other.add(window, vector);
        }
        for (const [window, vector] of late) {
          one.add(window, vector);
          other.addLater(window, vector, 1);
        }
        const all = { start: BEGINNING, end: FOREVER };
        expect(other.breakpoints).to.equal(one.breakpoints);
        expect([...other.steps(all)]).to.deep.equal([...one.steps(all)]);
        // What is made in one go can be changed like any other.
        for (const [window, vector] of [...late, ...early.slice(0, 40)]) other.remove(window, vector);
        expect(other.breakpoints).to.equal(0);
      }),
      { seed: 11, numRuns: 6 },
    );
  });

  it('agrees over histories long enough to split, merge and rotate many times', () => {
    const span = 4_000;
    fc.assert(
      fc.property(changesIn(span, 1_200), fc.array(requests, { minLength: 20, maxLength: 20 }), (changes, asked) => {
        const { timeline, naive, live } = play(changes);
        expect([...timeline.steps({ start: 0, end: FOREVER })].map(({ at }) => at)).to.deep.equal(
          naive.changes({ start: 0, end: FOREVER }),
        );
        for (const { notBefore, notAfter, demand } of asked) {
          const window = {
            start: notBefore * 40,
            end: notBefore * 40 + 1 + (notAfter === FOREVER ? 3_000 : notAfter * 10),
          };
          expect(timeline.firstShortage(window, demand)).to.equal(naive.firstShortage(window, demand));
          expect([...timeline.min(window)]).to.deep.equal(naive.extreme(window, Math.min));
          expect([...timeline.max(window)]).to.deep.equal(naive.extreme(window, Math.max));
        }
        for (const { notBefore, duration, demand } of asked.slice(0, 6)) {
          const request = {
            notBefore: notBefore * 20,
            notAfter: FOREVER,
            duration: duration * 12,
            demand,
            budget: 1e6,
          };
          expect(timeline.earliestFit(request)).to.deep.equal(naive.earliestFit(request));
        }
        for (const gone of live) timeline.remove(...gone);
        expect(timeline.breakpoints).to.equal(0);
      }),
      { ...RUNS, numRuns: 12 },
    );
  });
});
