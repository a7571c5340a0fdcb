/**
 * What a refusal offers instead, and which window is chosen within bounds, beside a naive model that looks at every tick: random loads on
 * one to three pools of two kinds of resources, which requests may split between pools.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Capacity } from '../../src/engine/capacity.ts';
import { explainReservation } from '../../src/engine/explain.ts';
import { violations } from '../../src/engine/invariants.ts';
import type { Refusal, Shortage } from '../../src/engine/requests.ts';
import { Engine, NOW } from '../unit/engine/engine-fixture.ts';

const TICK = 60_000;
/** Every load ends before this tick; from then on a pool has all it has. */
const HORIZON = 24;
const RESOURCES = ['cores', 'gigabytes'] as const;

interface Load {
  readonly pool: number;
  readonly start: number;
  readonly length: number;
  readonly capacity: Capacity;
}

const at = (tick: number): number => NOW + tick * TICK;

const amount = fc.nat({ max: 6 });
const demand = fc
  .record({ cores: amount, gigabytes: amount })
  .filter(({ cores, gigabytes }) => cores + gigabytes > 0)
  .map((capacity): Capacity => Object.fromEntries(Object.entries(capacity).filter(([, each]) => each > 0)));
const pool = fc.record({ cores: amount, gigabytes: amount });
const load = fc.record({
  pool: fc.nat({ max: 2 }),
  start: fc.integer({ min: 1, max: HORIZON - 8 }),
  length: fc.integer({ min: 1, max: 8 }),
  capacity: demand,
});
const scene = fc.record({
  pools: fc.array(pool, { minLength: 1, maxLength: 3 }),
  loads: fc.array(load, { maxLength: 12 }),
  asked: demand,
  start: fc.integer({ min: 1, max: HORIZON }),
  length: fc.integer({ min: 1, max: 8 }),
  slack: fc.nat({ max: 20 }),
});
type Scene = typeof scene extends fc.Arbitrary<infer Value> ? Value : never;

/** The loads that fit on the pool they are meant for, and the model of what they leave. */
class Map {
  readonly engine = new Engine();
  readonly #taken: Load[] = [];
  readonly #pools: readonly Capacity[];

  constructor({ pools, loads }: Scene) {
    const { engine } = this;
    this.#pools = pools;
    engine.checked = false;
    const source = engine.provider([{ name: 'h', cores: 1000 }]);
    for (const [index, capacity] of pools.entries()) {
      const entry = { id: `p${index}`, source, capacity, adjustments: [] };
      expect(engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] }).outcome).to.equal('applied');
    }
    for (const each of loads) this.#take({ ...each, pool: each.pool % pools.length });
    engine.checked = true;
  }

  #take(taken: Load): void {
    const { start, length, capacity } = taken;
    const input = {
      start: at(start),
      end: at(start + length),
      demand: { capacity, pools: [`p${taken.pool}`] },
    };
    if (this.engine.do('createReservation', input).outcome === 'granted') this.#taken.push(taken);
  }

  /** What is free in a pool at a tick. */
  free(index: number, resource: (typeof RESOURCES)[number], tick: number): number {
    const used = this.#taken.filter(
      (each) => each.pool === index && each.start <= tick && tick < each.start + each.length,
    );
    return used.reduce((left, each) => left - (each.capacity[resource] ?? 0), this.#pools[index]?.[resource] ?? 0);
  }

  least(index: number, resource: (typeof RESOURCES)[number], from: number, to: number): number {
    return Math.min(...ticks(from, to).map((tick) => this.free(index, resource, tick)));
  }

  /** The most of a resource that the pools together have throughout. */
  most(resource: (typeof RESOURCES)[number], from: number, to: number): number {
    return this.#pools.reduce((sum, _, index) => sum + this.least(index, resource, from, to), 0);
  }

  fits(asked: Capacity, from: number, to: number): boolean {
    return RESOURCES.every((resource) => this.most(resource, from, to) >= (asked[resource] ?? 0));
  }

  /** The first start at which it fits, up to a last one. */
  earliest(asked: Capacity, from: number, length: number, last = HORIZON * 2): number | undefined {
    return ticks(from, last + 1).find((start) => this.fits(asked, start, start + length));
  }

  /** The spans in which a pool lacks a resource, the first four. */
  shortages(index: number, resource: (typeof RESOURCES)[number], asked: number, from: number, to: number): Shortage[] {
    const spans: Shortage[] = [];
    for (let tick = from; tick < to; tick++) {
      const begin = tick;
      while (tick < to && this.free(index, resource, tick) < asked) tick++;
      if (tick === begin) continue;
      const missing = asked - this.least(index, resource, begin, tick);
      const span = { pool: `p${index}`, resource, from: at(begin), missing };
      spans.push(tick === to ? span : { ...span, to: at(tick) });
    }
    return spans.slice(0, 4);
  }

  allShortages(asked: Capacity, from: number, to: number): Shortage[] {
    return this.#pools.flatMap((_, index) =>
      RESOURCES.flatMap((resource) => {
        const wanted = asked[resource] ?? 0;
        return wanted === 0 ? [] : this.shortages(index, resource, wanted, from, to);
      }),
    );
  }
}

function ticks(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

function runs(property: fc.IProperty<[Scene]>, seed: number): void {
  fc.assert(property, { numRuns: 3000, seed });
}

/** The refusal of a fixed request, or undefined when it was granted, which has to be what the model says. */
function refusalOf(map: Map, { asked, start, length }: Scene): Refusal | undefined {
  const fits = map.fits(asked, start, start + length);
  const input = { start: at(start), end: at(start + length), demand: { capacity: asked } };
  const result = map.engine.do('createReservation', input);
  expect(result.outcome).to.equal(fits ? 'granted' : 'refused');
  return result.outcome === 'refused' ? result.refusal : undefined;
}

describe('windows and counter-offers', function () {
  this.timeout(180_000);

  it('a refusal says what was short in which pool, when, and by how much', () => {
    runs(
      fc.property(scene, (drawn) => {
        const map = new Map(drawn);
        const refusal = refusalOf(map, drawn);
        if (refusal === undefined) return;
        const { asked, start, length } = drawn;
        expect(refusal.shortages).to.deep.equal(map.allShortages(asked, start, start + length));
      }),
      11,
    );
  });

  it('the most that a refusal names is the most there is, and is granted when it is asked for', () => {
    runs(
      fc.property(scene, (drawn) => {
        const map = new Map(drawn);
        const refusal = refusalOf(map, drawn);
        if (refusal === undefined) return;
        const { asked, start, length } = drawn;
        const most = Object.fromEntries(
          RESOURCES.filter((resource) => asked[resource] !== undefined).map((resource) => [
            resource,
            map.most(resource, start, start + length),
          ]),
        );
        expect(refusal.most).to.deep.equal(most);
        const within = Object.fromEntries(
          RESOURCES.flatMap((resource) =>
            asked[resource] === undefined ? [] : [[resource, Math.min(most[resource] ?? 0, asked[resource])]],
          ),
        );
        for (const part of [most, within]) {
          if (Object.values(part).every((there) => there === 0)) continue;
          const offer = { start: at(start), end: at(start + length), demand: { capacity: part }, holdFor: TICK };
          const result = map.engine.do('requestOffer', offer);
          expect(result.outcome).to.equal('offered');
          if (result.outcome === 'offered') map.engine.do('declineOffer', { id: result.offer.id });
        }
      }),
      12,
    );
  });

  it('the next window that a refusal names is the earliest there is, and is granted when it is asked for', () => {
    runs(
      fc.property(scene, (drawn) => {
        const map = new Map(drawn);
        const refusal = refusalOf(map, drawn);
        if (refusal === undefined) return;
        const { asked, start, length } = drawn;
        const earliest = map.earliest(asked, start, length);
        if (earliest === undefined) {
          expect(refusal.nextWindow).to.equal(undefined);
          expect(refusal.searchedUntil).to.be.greaterThan(at(HORIZON));
          return;
        }
        expect(refusal.nextWindow).to.deep.equal({ start: at(earliest), end: at(earliest + length) });
        expect(refusal.searchedUntil).to.equal(undefined);
        const again = { ...refusal.nextWindow, demand: { capacity: asked } };
        expect(map.engine.do('createReservation', again).outcome).to.equal('granted');
      }),
      13,
    );
  });

  it('the explanation of what was granted says what the pools lack that were not chosen', () => {
    runs(
      fc.property(scene, (drawn) => {
        const map = new Map(drawn);
        const { engine } = map;
        const { asked, start, length } = drawn;
        const input = { start: at(start), end: at(start + length), demand: { capacity: asked } };
        const result = engine.do('createReservation', input);
        if (result.outcome !== 'granted') return;
        const { id, claims } = result.reservation;
        const chosen = new Set(claims.map(({ node }) => node));
        const lacking = map.allShortages(asked, start, start + length);
        const { considered } = explainReservation(engine.head, id, engine.now);
        expect(considered).to.deep.equal(
          drawn.pools.map((_, index) => ({
            pool: `p${index}`,
            chosen: chosen.has(`pool/p${index}`),
            shortages: chosen.has(`pool/p${index}`) ? [] : lacking.filter((each) => each.pool === `p${index}`),
          })),
        );
        expect(violations(engine.head, engine.now)).to.deep.equal([]);
      }),
      15,
    );
  });

  it('a flexible window is the earliest within its bounds, for reservations and offers, or none fits', () => {
    runs(
      fc.property(scene, (drawn) => {
        const map = new Map(drawn);
        const { asked, start, length, slack } = drawn;
        const earliest = map.earliest(asked, start, length, start + slack);
        const flexible = { earliestStart: at(start), latestEnd: at(start + slack + length), duration: length * TICK };
        const input = { flexible, demand: { capacity: asked } };
        const offered = map.engine.do('requestOffer', { ...input, holdFor: TICK });
        if (earliest === undefined) {
          if (offered.outcome !== 'refused') throw new Error('an offer was made where nothing fits');
          const next = map.earliest(asked, start, length);
          expect(offered.refusal.nextWindow?.start).to.equal(next === undefined ? undefined : at(next));
          expect(map.engine.do('createReservation', input).outcome).to.equal('refused');
          return;
        }
        if (offered.outcome === 'refused') throw new Error(offered.refusal.message);
        const { offer } = offered;
        expect([offer.startsAt, offer.endsAt]).to.deep.equal([at(earliest), at(earliest + length)]);
        map.engine.do('declineOffer', { id: offer.id });
        const created = map.engine.do('createReservation', input);
        if (created.outcome === 'refused') throw new Error(created.refusal.message);
        const { reservation } = created;
        expect([reservation.startsAt, reservation.endsAt]).to.deep.equal([at(earliest), at(earliest + length)]);
      }),
      14,
    );
  });
});
