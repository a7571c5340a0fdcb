/**
 * How reservations live and end, beside a naive model (`life-model.ts`): what is not allocated in time is released; notice is given once
 * for each end; what is in use is kept; and at the end, at an expiry and with a cancellation machines go or run on. So it is for
 * capacity in aggregate and for instances on hosts, for one window and for many, in time and late.
 */
import * as fc from 'fast-check';
import type { Policy } from '../../src/engine/entities.ts';
import { pick, Reach } from './histories.ts';
import { NOTHING } from './life-model.ts';
import type { Amount, Demand, Flavor, Repeat, Rules } from './life-model.ts';
import { World } from './life-world.ts';
import type { Asked, Change } from './life-world.ts';

interface Step {
  readonly run: (world: World) => void;
  readonly toString: () => string;
}

const which = fc.nat({ max: 4 });
const lead = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined, freq: 4 });
const atEnd = fc.constantFrom<Policy['atEnd']>('terminate', 'release');
const flavor = fc.constantFrom<Flavor>('small', 'large');
const aggregate = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom(512, 1024))
  .map(([cores, each]): Amount => ({ cores, ram: cores * each }));
const instances = fc.record({ small: fc.nat({ max: 2 }), large: fc.nat({ max: 2 }) });
const demand = fc.oneof(
  { arbitrary: aggregate.map((amount): Demand => ({ ...NOTHING, aggregate: amount })), weight: 4 },
  { arbitrary: fc.record<Demand>({ aggregate, instances }), weight: 2 },
  {
    arbitrary: instances.map((each): Demand => ({ ...NOTHING, instances: { ...each, small: each.small + 1 } })),
    weight: 1,
  },
);
const repeat = fc.record<Repeat>({
  frequency: fc.constantFrom('daily', 'daily', 'daily', 'weekly'),
  interval: fc.integer({ min: 1, max: 2 }),
  count: fc.integer({ min: 1, max: 3 }),
});
const asked = fc.record<Asked>({
  start: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 2 }),
  length: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined, freq: 5 }),
  expiry: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined, freq: 2 }),
  demand,
  slack: fc.option(fc.nat({ max: 4 }), { nil: undefined, freq: 2 }),
  repeat: fc.option(repeat, { nil: undefined, freq: 2 }),
  byUntil: fc.boolean(),
});
const change = fc.record<Change>({
  start: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 2 }),
  expiry: fc.option(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant('by policy' as const)), {
    nil: undefined,
    freq: 2,
  }),
  length: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
  aggregate: fc.option(aggregate, { nil: undefined, freq: 2 }),
  instances: fc.option(instances, { nil: undefined, freq: 2 }),
  more: fc.option(fc.oneof(fc.nat({ max: 3 }), fc.constant('alone' as const)), { nil: undefined, freq: 2 }),
});
const inWords = (what: object): string => JSON.stringify(what).replaceAll('"', '');
const reserve = asked.map((what): Step => ({
  run: (world) => world.reserve(what),
  toString: () => `reserve ${inWords(what)}`,
}));
const step = fc.oneof(
  reserve,
  {
    arbitrary: fc.tuple(which, flavor).map(([of, what]): Step => ({
      run: (world) => world.boot(pick(world.model.begun(), of), what),
      toString: () => `boot ${what} under ${of} of those begun`,
    })),
    weight: 6,
  },
  fc.tuple(which, flavor).map(([of, what]): Step => ({
    run: (world) => world.boot(pick(world.model.open(), of), what),
    toString: () => `boot ${what} under ${of}`,
  })),
  which.map((of): Step => ({ run: (world) => world.destroy(of), toString: () => `destroy ${of}` })),
  which.map((of): Step => ({ run: (world) => world.gone(of), toString: () => `gone ${of}` })),
  {
    arbitrary: fc.tuple(which, change).map(([of, what]): Step => ({
      run: (world) => world.update(pick(world.model.open(), of), what),
      toString: () => `update ${of}: ${inWords(what)}`,
    })),
    weight: 4,
  },
  {
    arbitrary: fc.tuple(which, fc.integer({ min: 1, max: 2 }), fc.nat({ max: 1 })).map(([of, cores, small]): Step => ({
      run: (world) =>
        world.update(pick(world.model.inUse(), of), {
          aggregate: { cores, ram: cores * 512 },
          instances: { small, large: 0 },
        }),
      toString: () => `shrink ${of} of those in use to ${cores} cores and ${small} instances`,
    })),
    weight: 2,
  },
  which.map((of): Step => ({ run: (world) => world.cancel(of), toString: () => `cancel ${of}` })),
  lead.map((ticks): Step => ({ run: (world) => world.setLead(ticks), toString: () => `lead ${ticks ?? 'none'}` })),
  atEnd.map((what): Step => ({ run: (world) => world.setAtEnd(what), toString: () => `at end ${what}` })),
  {
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.boolean()).map(([ticks, late]): Step => ({
      run: (world) => (late ? world.sleep(ticks) : world.wait(ticks)),
      toString: () => `${late ? 'sleep' : 'wait'} ${ticks}`,
    })),
    weight: 5,
  },
  fc.integer({ min: 4, max: 20 }).map((ticks): Step => ({
    run: (world) => world.sleep(ticks),
    toString: () => `sleep ${ticks}`,
  })),
);
const rules = fc.record<Rules>({
  validity: fc.integer({ min: 1, max: 5 }),
  expiry: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined, freq: 2 }),
  lead,
  atEnd,
});

describe('the life of reservations', function () {
  this.timeout(300_000);

  it('goes by the rule: what expires, of which end is told when, what is in use, and what becomes of machines', () => {
    const reach = new Reach();
    fc.assert(
      fc.property(
        rules,
        reserve,
        fc.array(step, { minLength: 3, maxLength: 17, size: 'max' }),
        (given, first, steps) => {
          const world = new World(given, reach);
          for (const each of [first, ...steps]) each.run(world);
          world.engine.replay();
          reach.note(world.engine.events);
        },
      ),
      { numRuns: 1200, seed: 61 },
    );
    reach.expect({
      'reservation expired expired': 150,
      'reservation expired active': 150,
      'reservation ending': 600,
      'reservation occurrence-ended': 200,
      'reservation ended': 200,
      'reservation cancelled': 150,
      'reservation updated': 800,
      'allocation reservation-over DELETING': 100,
      'allocation reservation-over INITIALIZED': 150,
      'machine of the aggregate': 250,
      'machine as instance': 250,
      'machine as larger instance': 35,
      'kept amount': 40,
      'kept instances': 60,
    });
  });
});
