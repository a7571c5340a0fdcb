/** Random histories of two tenants under a quota, beside lists of what each holds, looked at tick by tick. */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import { Engine, NOW } from '../unit/engine/engine-fixture.ts';

const TICK = 60_000;
const HORIZON = 30;
const TENANTS = ['red', 'blue'] as const;

interface Held {
  readonly id: string;
  readonly tenant: string;
  from: number;
  to: number;
  cores: number;
}

type Step =
  | {
      readonly kind: 'reserve';
      readonly tenant: number;
      readonly start: number;
      readonly length: number;
      readonly cores: number;
    }
  | { readonly kind: 'resize'; readonly which: number; readonly longer: number; readonly cores: number }
  | { readonly kind: 'cancel'; readonly which: number }
  | { readonly kind: 'wait'; readonly ticks: number };

const cores = fc.integer({ min: 1, max: 8 });
const which = fc.nat({ max: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      tenant: fc.nat({ max: 1 }),
      start: fc.integer({ min: 1, max: HORIZON }),
      length: fc.integer({ min: 1, max: 10 }),
      cores,
    }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('resize' as const),
      which,
      longer: fc.integer({ min: -4, max: 4 }),
      cores,
    }),
    weight: 2,
  },
  fc.record({ kind: fc.constant('cancel' as const), which }),
  fc.record({ kind: fc.constant('wait' as const), ticks: fc.integer({ min: 1, max: 9 }) }),
);

class World {
  readonly engine = new Engine();
  readonly held: Held[] = [];
  readonly #pool: number;
  readonly #quota: number;
  readonly #most: number;
  #now = 0;

  constructor(pool: number, quota: number, most: number) {
    this.#pool = pool;
    this.#quota = quota;
    this.#most = most;
    this.engine.pool(this.engine.provider(), { cores: pool });
    const quotas = [{ name: 'q', capacity: { cores: quota }, reservations: most }];
    this.engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...DEFAULT_POLICY, quotas } }] });
  }

  play(each: Step): void {
    switch (each.kind) {
      case 'reserve':
        this.#reserve(each);
        break;
      case 'resize':
        this.#resize(each);
        break;
      case 'cancel': {
        const [gone] = this.held.splice(each.which % Math.max(1, this.held.length), 1);
        if (gone !== undefined) this.engine.do('cancelReservation', { id: gone.id });
        break;
      }
      case 'wait': {
        this.engine.advance(each.ticks * TICK);
        this.#now += each.ticks;
        const ahead = this.held.filter(({ to }) => to > this.#now);
        this.held.splice(0, this.held.length, ...ahead);
      }
    }
  }

  #reserve({ tenant: index, start, length, cores: asked }: Extract<Step, { kind: 'reserve' }>): void {
    const tenant = TENANTS[index] ?? 'red';
    const from = this.#now + start;
    this.engine.as = { user: 'someone', tenant };
    const result = this.engine.do('createReservation', {
      start: NOW + from * TICK,
      end: NOW + (from + length) * TICK,
      demand: { capacity: { cores: asked } },
    });
    const inPool = this.#free(this.#pool, this.held, from, from + length) >= asked;
    const own = this.held.filter((held) => held.tenant === tenant);
    const left = this.#free(this.#quota, own, from, from + length);
    if (!inPool) expect(result.outcome === 'refused' && result.refusal.reason).to.equal('insufficient-capacity');
    else if (own.length >= this.#most)
      expect(result.outcome === 'refused' && result.refusal.limit).to.equal(`${this.#most}`);
    else if (left < asked) expect(result.outcome === 'refused' && result.refusal.most).to.deep.equal({ cores: left });
    else expect(result.outcome).to.equal('granted');
    if (result.outcome !== 'refused') {
      this.held.push({ id: result.reservation.id, tenant, from, to: from + length, cores: asked });
    }
  }

  #resize({ which: index, longer, cores: asked }: Extract<Step, { kind: 'resize' }>): void {
    const held = this.held[index % Math.max(1, this.held.length)];
    if (held === undefined) return;
    const to = Math.max(held.to + longer, held.from + 1, this.#now + 1);
    const others = this.held.filter((each) => each !== held);
    const own = others.filter(({ tenant }) => tenant === held.tenant);
    const fits =
      this.#free(this.#pool, others, held.from, to) >= asked && this.#free(this.#quota, own, held.from, to) >= asked;
    const result = this.engine.do('updateReservation', {
      id: held.id,
      end: NOW + to * TICK,
      demand: { capacity: { cores: asked } },
    });
    expect(result.outcome).to.equal(fits ? 'updated' : 'refused');
    if (fits) Object.assign(held, { to, cores: asked });
  }

  /** The least that others leave of a limit at any tick from `from` to `to`. */
  #free(limit: number, holders: readonly Held[], from: number, to: number): number {
    let least = limit;
    for (let tick = from; tick < to; tick++) {
      const there = holders.filter((held) => held.from <= tick && tick < held.to);
      least = Math.min(
        least,
        there.reduce((rest, held) => rest - held.cores, limit),
      );
    }
    expect(least).to.be.at.least(0);
    return least;
  }
}

describe('histories of tenants under a quota', function () {
  this.timeout(60_000);

  it('agree with lists: pool first, then number, then amount; what is refused changes nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 14 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { minLength: 1, maxLength: 8 }),
        (pool, quota, most, steps) => {
          const world = new World(pool, quota, most);
          for (const each of steps) world.play(each);
        },
      ),
      { numRuns: 1500, seed: 4 },
    );
  });
});
