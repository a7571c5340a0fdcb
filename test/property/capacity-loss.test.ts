/**
 * Who gives way when capacity is lost, where the policy favours the higher priority: reservations in a list, and what is left at each tick.
 * Whoever has to go is preempted for good where one of a higher class is kept in his place; where one of his own class is, he is degraded,
 * and restored when the capacity returns.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import type { Priority } from '../../src/engine/entities.ts';
import { Engine, NOW } from '../unit/engine/engine-fixture.ts';
import { Reach } from './histories.ts';

const TICK = 60_000;
const CORES = 10;

interface Held {
  readonly id: string;
  readonly priority: Priority;
  readonly from: number;
  readonly to: number;
  readonly cores: number;
}

interface Loss {
  readonly cores: number;
  readonly from: number;
  readonly to: number;
}

class World {
  readonly engine = new Engine();
  readonly #reach: Reach;
  readonly #pool: string;
  /** Of whom everything is there, the oldest first. */
  #held: Held[] = [];
  #now = 0;

  constructor(reach: Reach) {
    this.#reach = reach;
    this.#pool = this.engine.pool(this.engine.provider(), { cores: CORES });
    const entry = { ...DEFAULT_POLICY, onCapacityLoss: 'favour-priority' as const };
    this.engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
  }

  reserve(start: number, length: number, cores: number, priority: Priority): void {
    const [from, to] = [this.#now + start, this.#now + start + length];
    const result = this.engine.do('createReservation', {
      ...(start === 0 ? {} : { start: at(from) }),
      end: at(to),
      expiryTime: at(to),
      priority,
      demand: { capacity: { cores } },
    });
    if (result.outcome !== 'refused') this.#held.push({ id: result.reservation.id, priority, from, to, cores });
  }

  wait(ticks: number): void {
    this.#now += ticks;
    this.engine.advance(at(this.#now) - this.engine.now);
    this.#held = this.#held.filter(({ to }) => to > this.#now);
  }

  /** Loses capacity for a while from now on, or later, and has it back before anything else happens. */
  lose(start: number, length: number, cores: number): void {
    const loss = { cores, from: this.#now + start, to: this.#now + start + length };
    const gone = this.#givingWay(loss);
    const kept = this.#held.filter((each) => !gone.includes(each));
    this.engine.events.splice(0);
    const times = { ...(start === 0 ? {} : { start: at(loss.from) }), end: at(loss.to) };
    const lost = this.engine.do('decreaseCapacity', { pool: this.#pool, capacity: { cores }, ...times, force: true });
    if (lost.outcome !== 'decreased') throw new Error(lost.refusal.message);
    for (const each of kept) expect(this.#status(each), 'who is kept').to.equal(this.#started(each));
    const preempted = gone.filter((each) => this.#isPreempted(each, kept, loss));
    this.engine.do('increaseCapacity', { pool: this.#pool, capacity: { cores }, ...times });
    this.#held = this.#held.filter((each) => !preempted.includes(each));
    for (const each of this.#held) expect(this.#status(each), 'who is there again').to.equal(this.#started(each));
    for (const each of preempted) expect(this.#status(each), 'who is preempted for good').to.equal('preempted');
  }

  /** From the best to the worst, each is kept who fits beside those better than he that are kept. */
  #givingWay(loss: Loss): Held[] {
    const best = [...this.#held].sort((a, b) => a.priority - b.priority);
    const kept: Held[] = [];
    for (const each of best) if (this.#fits(each, kept, loss)) kept.push(each);
    return best.filter((each) => !kept.includes(each));
  }

  /** He is preempted where one of a higher class is kept at a tick at which he falls short, and else degraded. */
  #isPreempted(each: Held, kept: readonly Held[], loss: Loss): boolean {
    const short = this.#ticks(each).filter((tick) => this.#left(kept, loss, tick) < each.cores);
    const inTheWay = kept.filter(
      ({ priority, from, to }) => priority < each.priority && short.some((tick) => from <= tick && tick < to),
    );
    const status = this.#status(each);
    expect(status, `${JSON.stringify(each)} beside ${JSON.stringify(kept)}`).to.equal(
      inTheWay.length > 0 ? 'preempted' : 'degraded',
    );
    this.#reach.count(status);
    if (status === 'degraded') return false;
    const told = this.engine.events.flatMap((event) =>
      event.kind === 'reservation-event' && event.cause === 'preempted' && event.reservation.id === each.id
        ? [event]
        : [],
    );
    expect(told).to.have.length(1);
    expect(
      inTheWay.map(({ id }) => id),
      'in whose favour',
    ).to.include(told[0]?.by);
    return true;
  }

  #fits(each: Held, others: readonly Held[], loss: Loss): boolean {
    return this.#ticks(each).every((tick) => this.#left(others, loss, tick) >= each.cores);
  }

  #left(others: readonly Held[], loss: Loss, tick: number): number {
    const there = loss.from <= tick && tick < loss.to ? CORES - loss.cores : CORES;
    return others.reduce((left, { from, to, cores }) => (from <= tick && tick < to ? left - cores : left), there);
  }

  /** What is to come of him. */
  #ticks({ from, to }: Held): number[] {
    const first = Math.max(from, this.#now);
    return Array.from({ length: to - first }, (_, index) => first + index);
  }

  #status({ id }: Held): string {
    return this.engine.reservation(id).status;
  }

  #started({ from }: Held): string {
    return from <= this.#now ? 'active' : 'scheduled';
  }
}

function at(tick: number): number {
  return NOW + tick * TICK;
}

interface Step {
  readonly run: (world: World) => void;
  readonly toString: () => string;
}

const start = fc.nat({ max: 5 });
const length = fc.integer({ min: 1, max: 6 });
const reserve = fc
  .tuple(start, length, fc.integer({ min: 1, max: 6 }), fc.constantFrom<Priority>(1, 2, 3))
  .map((drawn): Step => ({
    run: (world) => {
      world.reserve(...drawn);
    },
    toString: () => `reserve ${drawn.join()}`,
  }));
const lose = fc.tuple(start, length, fc.integer({ min: 1, max: CORES })).map((drawn): Step => ({
  run: (world) => {
    world.lose(...drawn);
  },
  toString: () => `lose ${drawn.join()}`,
}));
const wait = fc.integer({ min: 1, max: 3 }).map((ticks): Step => ({
  run: (world) => {
    world.wait(ticks);
  },
  toString: () => `wait ${ticks}`,
}));
const step = fc.oneof({ arbitrary: reserve, weight: 6 }, { arbitrary: lose, weight: 3 }, wait);

describe('capacity that is lost, where the higher priority is favoured', function () {
  this.timeout(300_000);

  it('has the lowest class give way, the newest first, and nobody who need not: for one above for good, for equals until it returns', () => {
    const reach = new Reach();
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 14, size: 'max' }), (steps) => {
        const world = new World(reach);
        for (const each of steps) {
          world.engine.now += 1;
          each.run(world);
        }
        world.engine.replay();
      }),
      { numRuns: 700, seed: 31 },
    );
    reach.expect({ preempted: 130, degraded: 400 });
  });
});
