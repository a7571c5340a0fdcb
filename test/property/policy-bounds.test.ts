/**
 * What the policy lets a request ask for: how far ahead it may start and end, and how long it may last. Random requests and policies are
 * held against comparisons of numbers; beyond an instant the pool is free, before it nothing is, so that what is offered instead is known.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import type { Policy } from '../../src/engine/entities.ts';
import type { Refusal } from '../../src/engine/requests.ts';
import { describeInstant } from '../../src/engine/window.ts';
import { DAY, Engine, HOUR, NOW } from '../unit/engine/engine-fixture.ts';
import { pick, Reach } from './histories.ts';

type Bounds = Pick<Policy, 'maxDuration'> &
  Partial<Pick<Policy, 'maxFutureStartRange' | 'maxFutureEndRange' | 'openEnded'>>;

/** How often, and how long after each other. */
interface Series {
  readonly frequency: 'daily' | 'weekly';
  readonly count: number;
}

interface Window {
  readonly start: number;
  readonly end: number;
}

const ONCE: Series = { frequency: 'daily', count: 1 };
const CORES = 100;

class World {
  readonly engine = new Engine();
  readonly #reach: Reach;
  /** Until then nothing is free. */
  readonly #free: number;
  #bounds: Bounds = { maxDuration: 8760 };
  #made: (Window & { readonly id: string })[] = [];

  constructor(free: number, reach: Reach) {
    this.#free = NOW + free;
    this.#reach = reach;
    this.engine.pool(this.engine.provider(), { cores: CORES });
    this.engine.reserve({ end: this.#free, expiryTime: this.#free, demand: { capacity: { cores: CORES } } });
  }

  bound(bounds: Bounds): void {
    this.#bounds = bounds;
    const entry = { ...DEFAULT_POLICY, ...bounds };
    expect(this.engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] }).outcome).to.equal('applied');
  }

  /** @param ahead how long from now until the start; absent for immediate use */
  ask(ahead: number | undefined, length: number, series: Series, isOffer: boolean): void {
    const start = ahead === undefined ? undefined : this.engine.now + ahead;
    const window = { start: start ?? this.engine.now, end: (start ?? this.engine.now) + length };
    const { count } = series;
    const request = {
      ...(start === undefined ? { expiryTime: window.end } : { start }),
      end: window.end,
      ...(count === 1 ? {} : { recurrence: { ...series, interval: 1 } }),
      demand: { capacity: { cores: 1 } },
    };
    const what = count === 1 ? (isOffer ? 'offer' : 'reservation') : 'series';
    const result = isOffer
      ? this.engine.do('requestOffer', { ...request, holdFor: HOUR })
      : this.engine.do('createReservation', request);
    const refusal = result.outcome === 'refused' ? result.refusal : undefined;
    if (this.#isForbidden(what, this.#violated(window, series), refusal)) return;
    if (window.start < this.#free) {
      expect(refusal?.reason).to.equal('insufficient-capacity');
      const next = { start: this.#free, end: this.#free + length };
      const isOffered = this.#violated(next, series).size === 0;
      this.#reach.count(`next window ${isOffered ? 'offered' : 'forbidden'}`);
      expect(refusal?.nextWindow, 'the next window').to.deep.equal(isOffered ? next : undefined);
      return;
    }
    expect(refusal).to.equal(undefined);
    if (result.outcome !== 'refused' && 'reservation' in result && count === 1)
      this.#made.push({ id: result.reservation.id, ...window });
  }

  /** Without an end: it is where a limit is reached. */
  askOpen(ahead: number): void {
    const { maxDuration, maxFutureEndRange, openEnded = 'bound' } = this.#bounds;
    const start = Math.max(this.#free, this.engine.now + ahead);
    const result = this.engine.do('createReservation', { start, demand: { capacity: { cores: 1 } } });
    const refusal = result.outcome === 'refused' ? result.refusal : undefined;
    const longest = start + maxDuration * HOUR;
    const range = this.engine.now + (maxFutureEndRange ?? Infinity) * DAY;
    // A range that is over before the start forbids every end.
    const end = range <= start ? longest : Math.min(longest, range);
    const violated = this.#violated({ start, end }, ONCE);
    if (openEnded === 'refuse') violated.set('open-ended', 'refuse');
    if (this.#isForbidden('open', violated, refusal)) return;
    expect(result.outcome !== 'refused' && result.reservation.endsAt).to.equal(end);
  }

  /** Within wide bounds of its own: the earliest start that is free, if the policy lets it have that. */
  askFlexible(ahead: number, length: number): void {
    const earliestStart = this.engine.now + ahead;
    const flexible = { earliestStart, latestEnd: earliestStart + 30 * DAY, duration: length };
    const result = this.engine.do('createReservation', { flexible, demand: { capacity: { cores: 1 } } });
    const start = Math.max(earliestStart, this.#free);
    const violated = this.#violated({ start, end: start + length }, ONCE);
    if (violated.size === 0) {
      expect(result.outcome !== 'refused' && result.reservation.startsAt).to.equal(start);
      return;
    }
    expect(result.outcome).to.equal('refused');
    const refusal = result.outcome === 'refused' ? result.refusal : undefined;
    expect(refusal?.nextWindow, 'what the policy forbids is not offered').to.equal(undefined);
    if (refusal?.reason === 'policy-violation') this.#isForbidden('flexible', violated, refusal);
    else {
      expect(refusal?.reason).to.equal('insufficient-capacity');
      expect(earliestStart, 'there was something before').to.be.below(this.#free);
    }
  }

  /** What was granted under other bounds is asked for anew under those of now. */
  lengthen(which: number, ms: number): void {
    const made = pick(
      this.#made.filter(({ end }) => end > this.engine.now),
      which,
    );
    if (made === undefined) return;
    const end = Math.max(made.end + ms, this.engine.now + 1, made.start + 1);
    if (end === made.end) return;
    const result = this.engine.do('updateReservation', { id: made.id, end });
    const violated = this.#violated({ start: made.start, end }, ONCE);
    const refusal = result.outcome === 'refused' ? result.refusal : undefined;
    if (this.#isForbidden('update', violated, refusal)) return;
    expect(refusal).to.equal(undefined);
    this.#made = this.#made.map((each) => (each === made ? { ...made, end } : each));
  }

  wait(ms: number): void {
    this.engine.advance(ms);
  }

  /** The policies that a request violates, and the bound that each sets for it. */
  #violated({ start, end }: Window, { frequency, count }: Series): Map<string, string> {
    const { maxFutureStartRange = Infinity, maxFutureEndRange = Infinity, maxDuration } = this.#bounds;
    const { now } = this.engine;
    const period = frequency === 'daily' ? DAY : 7 * DAY;
    const violated = new Map<string, string>();
    const latestStart = now + maxFutureStartRange * DAY;
    const latestEnd = now + maxFutureEndRange * DAY;
    if (start > latestStart) violated.set('max-future-start-range', describeInstant(latestStart));
    if (end + (count - 1) * period > latestEnd) violated.set('max-future-end-range', describeInstant(latestEnd));
    if (end - start > maxDuration * HOUR) violated.set('max-duration', `${maxDuration}`);
    return violated;
  }

  /** Whether the policy forbids it; the refusal then names one that does, with its bound. */
  #isForbidden(what: string, violated: ReadonlyMap<string, string>, refusal: Refusal | undefined): boolean {
    if (violated.size === 0) {
      expect(refusal?.reason, 'why it is refused').to.not.equal('policy-violation');
      return false;
    }
    expect(refusal?.reason, `the refusal, not that of ${[...violated.keys()].join()}`).to.equal('policy-violation');
    expect([...violated]).to.deep.include([refusal?.policy, refusal?.limit]);
    expect(refusal?.message).to.include(`(policy ${refusal?.policy})`);
    this.#reach.count(`${what} ${refusal?.policy}`);
    return true;
  }
}

interface Step {
  readonly run: (world: World) => void;
  readonly toString: () => string;
}

/** Bounds are met, and missed by a millisecond. */
const near = (hours: fc.Arbitrary<number>): fc.Arbitrary<number> =>
  fc.tuple(hours, fc.constantFrom(0, 0, 1, -1)).map(([whole, more]) => whole * HOUR + more);
const ahead = near(fc.integer({ min: 1, max: 16 }).map((quarter) => quarter * 6));
const length = near(fc.constantFrom(1, 6, 12, 18, 24, 36, 48));
const series = fc.oneof(
  { arbitrary: fc.constant(ONCE), weight: 2 },
  fc.record({ frequency: fc.constantFrom('daily' as const, 'weekly' as const), count: fc.integer({ min: 2, max: 3 }) }),
);
const range = fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined, freq: 2 });
const bounds = fc
  .tuple(range, range, fc.constantFrom(6, 12, 24, 48), fc.constantFrom('bound' as const, 'refuse' as const))
  .map(([start, end, maxDuration, openEnded]): Bounds => ({
    maxDuration,
    openEnded,
    ...(start === undefined ? {} : { maxFutureStartRange: start }),
    ...(end === undefined ? {} : { maxFutureEndRange: end }),
  }));
const ask = fc
  .tuple(fc.option(ahead, { nil: undefined }), length, series, fc.boolean())
  // A series recurs once a day, so none of its windows is longer.
  .map(([from, long, of, isOffer]) => [from, long, long > DAY ? ONCE : of, isOffer] as const)
  .map((drawn): Step => ({ run: (world) => world.ask(...drawn), toString: () => `ask ${JSON.stringify(drawn)}` }));
const open = ahead.map((of): Step => ({ run: (world) => world.askOpen(of), toString: () => `ask from +${of}` }));
const flexible = fc.tuple(ahead, length).map((drawn): Step => ({
  run: (world) => world.askFlexible(...drawn),
  toString: () => `ask within ${JSON.stringify(drawn)}`,
}));
const lengthen = fc.tuple(fc.nat({ max: 6 }), near(fc.integer({ min: -24, max: 48 }))).map((drawn): Step => ({
  run: (world) => world.lengthen(...drawn),
  toString: () => `lengthen ${JSON.stringify(drawn)}`,
}));
const bound = bounds.map((of): Step => ({
  run: (world) => world.bound(of),
  toString: () => `bound ${JSON.stringify(of)}`,
}));
const wait = fc.integer({ min: 1, max: 24 }).map((hours): Step => ({
  run: (world) => world.wait(hours * HOUR),
  toString: () => `wait ${hours} hours`,
}));
const step = fc.oneof(
  { arbitrary: ask, weight: 6 },
  open,
  flexible,
  { arbitrary: lengthen, weight: 2 },
  { arbitrary: bound, weight: 2 },
  wait,
);

describe('the bounds that the policy sets', function () {
  this.timeout(300_000);

  it('are kept by each request, to the millisecond, and a refusal names the policy and its bound', () => {
    const reach = new Reach();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        bounds,
        fc.array(step, { minLength: 4, maxLength: 12, size: 'max' }),
        (free, first, steps) => {
          const world = new World(free * HOUR, reach);
          world.bound(first);
          for (const each of steps) each.run(world);
        },
      ),
      { numRuns: 800, seed: 14 },
    );
    reach.expect({
      'reservation max-duration': 140,
      'reservation max-future-start-range': 100,
      'reservation max-future-end-range': 140,
      'offer max-future-end-range': 100,
      'series max-duration': 35,
      'series max-future-start-range': 70,
      'series max-future-end-range': 100,
      'open open-ended': 80,
      'open max-future-end-range': 25,
      'flexible max-duration': 45,
      'flexible max-future-end-range': 60,
      'update max-duration': 10,
      'update max-future-end-range': 6,
      'next window offered': 170,
      'next window forbidden': 40,
    });
  });
});
