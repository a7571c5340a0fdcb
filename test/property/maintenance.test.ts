/**
 * Maintenance beside a naive model that works out every hour by itself: random times out of service of pools and hosts, planned, changed and
 * given up while reservations come and go, with and without a recurrence, and time passes.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Maintenance } from '../../src/engine/entities.ts';
import { omit } from '../../src/engine/omit.ts';
import { Engine, HOUR, NOW } from '../unit/engine/engine-fixture.ts';

const HORIZON = 60;
const at = (hour: number): number => NOW + hour * HOUR;

const sizes = fc.record({
  hosts: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 }),
  /** Parts of what the hosts have, in eighths; the rest is in no pool. */
  pools: fc.constantFrom([8], [4, 4], [3, 2], [1, 5, 1]),
});

const entry = fc.record({
  pool: fc.nat({ max: 2 }),
  host: fc.option(fc.nat({ max: 3 }), { nil: undefined, freq: 3 }),
  start: fc.nat({ max: 40 }),
  length: fc.integer({ min: 1, max: 12 }),
});
type Entry = typeof entry extends fc.Arbitrary<infer Value> ? Value : never;

const step = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('plan' as const), entries: fc.array(entry, { maxLength: 4 }) }), weight: 3 },
  {
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      start: fc.integer({ min: 1, max: 30 }),
      length: fc.integer({ min: 1, max: 10 }),
      cores: fc.integer({ min: 1, max: 10 }),
      days: fc.integer({ min: 1, max: 2 }),
    }),
    weight: 4,
  },
  { arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat() }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 6 }) }), weight: 2 },
);

/** What the pools have, hour by hour. */
class Model {
  entries: readonly Maintenance[] = [];
  readonly #hosts: readonly number[];
  readonly nominal: readonly number[];

  constructor({ hosts, pools }: { readonly hosts: readonly number[]; readonly pools: readonly number[] }) {
    this.#hosts = hosts;
    const sum = hosts.reduce((all, each) => all + each, 0);
    this.nominal = pools.map((part) => Math.floor((sum * part) / 8));
  }

  totals(instant: number): number[] {
    const there = this.entries.filter(({ start, end }) => start <= instant && instant < end);
    const gone = new Set(there.flatMap(({ host }) => host ?? []));
    const inService = this.#hosts.reduce((sum, size, index) => sum + (gone.has(`h${index}`) ? 0 : size), 0);
    let lacking = Math.max(0, this.nominal.reduce((sum, each) => sum + each, 0) - inService);
    const left = [...this.nominal];
    for (const { pool, host } of there) {
      const index = Number(pool.slice(1));
      if (host === undefined || !this.#hosts.some((_, number) => `h${number}` === host)) continue;
      const lost = Math.min(left[index] ?? 0, lacking);
      left[index] = (left[index] ?? 0) - lost;
      lacking -= lost;
    }
    for (const { pool, host } of there) if (host === undefined) left[Number(pool.slice(1))] = 0;
    return left;
  }
}

describe('maintenance, beside a model of every hour', function () {
  this.timeout(180_000);

  it('leaves what it should, grants exactly what fits, and gives everything back', () => {
    fc.assert(
      fc.property(sizes, fc.array(step, { maxLength: 14 }), (drawn, steps) => {
        const engine = new Engine();
        const source = engine.provider(drawn.hosts.map((cores, index) => ({ name: `h${index}`, cores })));
        const model = new Model(drawn);
        for (const [index, cores] of model.nominal.entries()) {
          const pool = { id: `p${index}`, source, capacity: { cores }, adjustments: [] };
          engine.do('applyConfiguration', { changes: [{ put: 'pool', entry: pool }] });
        }
        const plan = (entries: readonly Entry[]): void => {
          model.entries = entries.map(({ pool, host, start, length }, index) => ({
            id: `m${index}`,
            pool: `p${pool % model.nominal.length}`,
            ...(host === undefined ? {} : { host: `h${host}` }),
            start: at(start),
            end: at(start + length),
          }));
          const policy = omit(engine.head.policy, 'maintenance');
          const planned = model.entries.length === 0 ? policy : { ...policy, maintenance: model.entries };
          engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: planned }] });
        };
        const heldIn = (pool: string, instant: number): number =>
          [...engine.head.reservations.values()]
            .flatMap(({ claims }) => claims)
            .filter(({ node }) => node === pool)
            .reduce((sum, { start, end = Infinity, period = 0, count = 1, capacity }) => {
              const there = Array.from({ length: count }, (_, index) => index * period).some(
                (by) => start + by <= instant && instant < end + by,
              );
              return sum + (there ? (capacity.cores ?? 0) : 0);
            }, 0);
        const fits = (cores: number, from: number, to: number): boolean => {
          const least = model.nominal.map((_, index) => {
            const hours = Array.from({ length: to - from }, (__, hour) => engine.now + (from + hour) * HOUR);
            return Math.min(
              ...hours.map((instant) => (model.totals(instant)[index] ?? 0) - heldIn(`pool/p${index}`, instant)),
            );
          });
          return least.reduce((sum, each) => sum + Math.max(0, each), 0) >= cores;
        };
        for (const each of steps) {
          if (each.do === 'plan') plan(each.entries);
          else if (each.do === 'wait') engine.advance(each.hours * HOUR);
          else if (each.do === 'cancel') {
            const living = [...engine.head.reservations.values()].filter(({ hold }) => hold === 'firm');
            const one = living[each.which % Math.max(1, living.length)];
            if (one !== undefined) engine.do('cancelReservation', { id: one.id });
          } else {
            const { start, length, cores, days } = each;
            const expected = Array.from({ length: days }, (_, day) => 24 * day).every((by) =>
              fits(cores, start + by, start + length + by),
            );
            const result = engine.do('createReservation', {
              start: engine.now + start * HOUR,
              end: engine.now + (start + length) * HOUR,
              ...(days === 1 ? {} : { recurrence: { frequency: 'daily' as const, interval: 1, count: days } }),
              demand: { capacity: { cores } },
            });
            expect(result.outcome).to.equal(expected ? 'granted' : 'refused');
          }
          for (let hour = 0; hour < HORIZON; hour++) {
            const totals = model.nominal.map(
              (_, index) => engine.head.nodes.get(`pool/p${index}`)?.total.valueAt(at(hour))[0],
            );
            expect(totals, `hour ${hour}`).to.deep.equal(model.totals(at(hour)));
          }
        }
        plan([]);
        expect([...engine.head.degraded]).to.deep.equal([]);
        expect(
          [...engine.due.keys()].filter((id) => id.startsWith('maintain') || id.startsWith('resume')),
        ).to.deep.equal([]);
      }),
      { numRuns: 400, seed: 31 },
    );
  });
});
