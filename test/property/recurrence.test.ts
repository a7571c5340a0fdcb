/**
 * Reservations that recur beside a naive model, in which each window is a reservation of its own: random loads on one to three pools, random
 * requests, changes and the passing of time. A request is granted exactly when each of its windows is, and what is
 * held then is what the windows hold by themselves.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Recurrence, Reservation } from '../../src/engine/entities.ts';
import { queryReservations } from '../../src/engine/queries.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from '../unit/engine/engine-fixture.ts';
import { pick, Reach } from './histories.ts';

const SOURCE_CORES = 1000;

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Held extends Span {
  readonly cores: number;
}

const at = (hour: number): number => NOW + hour * HOUR;

const recurrence = fc
  .record({
    frequency: fc.constantFrom<Recurrence['frequency']>('daily', 'daily', 'daily', 'weekly'),
    interval: fc.integer({ min: 1, max: 2 }),
    windows: fc.integer({ min: 1, max: 6 }),
    byUntil: fc.boolean(),
  })
  .map((drawn) => drawn);

const request = fc.record({
  start: fc.integer({ min: 1, max: 40 }),
  length: fc.integer({ min: 1, max: 24 }),
  cores: fc.integer({ min: 1, max: 8 }),
  repeat: fc.option(recurrence, { nil: undefined, freq: 4 }),
});
type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

const pools = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 });

const step = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('create' as const), request }), weight: 5 },
  { arbitrary: fc.record({ do: fc.constant('offer' as const), request }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('update' as const), which: fc.nat(), request }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat() }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 30 }) }), weight: 3 },
);

/** The windows by plain counting. */
function windowsOf({ start, length, repeat }: Request, now: number): Span[] {
  const first = { start: now + start * HOUR, end: now + (start + length) * HOUR };
  if (repeat === undefined) return [first];
  const period = repeat.interval * (repeat.frequency === 'daily' ? DAY : 7 * DAY);
  return Array.from({ length: repeat.windows }, (_, index) => ({
    start: first.start + index * period,
    end: first.end + index * period,
  }));
}

interface Input {
  readonly start: number;
  readonly end: number;
  readonly recurrence?: Recurrence;
  readonly demand: { readonly capacity: { readonly cores: number } };
}

function inputOf(drawn: Request, now: number): Input {
  const { start, length, cores, repeat } = drawn;
  const times = { start: now + start * HOUR, end: now + (start + length) * HOUR };
  const last = windowsOf(drawn, now).at(-1) ?? times;
  return {
    ...times,
    ...(repeat === undefined
      ? {}
      : {
          recurrence: {
            frequency: repeat.frequency,
            interval: repeat.interval,
            ...(repeat.byUntil ? { until: last.start + HOUR } : { count: repeat.windows }),
          },
        }),
    demand: { capacity: { cores } },
  };
}

/** What is free in all pools together at an instant, by a plain sum over everything that is held. */
class Books {
  readonly held = new Map<string, readonly Held[]>();
  readonly #pools: readonly number[];

  constructor(sizes: readonly number[]) {
    this.#pools = sizes;
  }

  /** Capacity of one kind may be split over pools, by what each has throughout: asked of the engine's pools one by one. */
  fits(engine: Engine, cores: number, { start, end }: Span): boolean {
    const least = this.#pools.map((size, index) => {
      const spans = this.#onPool(engine, `pool/p${index}`);
      const instants = [start, ...spans.flatMap((span) => [span.start, span.end])].filter(
        (instant) => instant >= start && instant < end,
      );
      return Math.min(...instants.map((instant) => size - sumAt(spans, instant)));
    });
    return least.reduce((sum, each) => sum + Math.max(0, each), 0) >= cores;
  }

  /** Every window of every claim on a pool, listed. */
  #onPool(engine: Engine, node: string): Held[] {
    const holders = [...engine.head.reservations.values(), ...engine.head.offers.values()];
    return holders.flatMap(({ claims }) => claims.filter((claim) => claim.node === node).flatMap(listed));
  }
}

function listed(claim: Reservation['claims'][number]): Held[] {
  const { start, end = Infinity, period = 0, count = 1, capacity } = claim;
  return Array.from({ length: count }, (_, index) => ({
    start: start + index * period,
    end: end + index * period,
    cores: capacity.cores ?? 0,
  }));
}

function sumAt(spans: readonly Held[], instant: number): number {
  return spans.reduce((sum, { start, end, cores }) => sum + (start <= instant && instant < end ? cores : 0), 0);
}

const HOSTS = ['h1', 'h2', 'h3'].map((name) => ({ name, cores: 8, ram: 8192 }));

const event = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      request,
      instances: fc.nat({ max: 3 }),
      apart: fc.boolean(),
    }),
    weight: 4,
  },
  { arbitrary: fc.record({ do: fc.constant('boot' as const), which: fc.nat(), large: fc.boolean() }), weight: 5 },
  { arbitrary: fc.record({ do: fc.constant('gone' as const), which: fc.nat() }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('change' as const), which: fc.nat(), request }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat() }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('fail' as const), host: fc.nat({ max: 2 }) }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('repair' as const) }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 20 }) }), weight: 6 },
);
type Happening = typeof event extends fc.Arbitrary<infer Value> ? Value : never;

/** Carries out one event; whatever is answered, the engine checks its invariants after each. */
function happen(engine: Engine, source: string, each: Happening): void {
  const living = [...engine.head.reservations.values()].filter(({ hold }) => hold === 'firm');
  switch (each.do) {
    case 'create': {
      const { demand, ...times } = inputOf(each.request, engine.now);
      const { instances, apart } = each;
      const container = { name: 'vm', count: instances, size: { vcpus: 2, ram: 1024 } };
      const placed = {
        capacity: {},
        containers: [apart ? { ...container, group: 'g' } : container],
        groups: [{ name: 'g', policy: 'anti-affinity' as const }],
      };
      const { cores } = demand.capacity;
      const capacity = { cores, ram: cores * 1024, instances: 2 };
      engine.do('createReservation', { ...times, demand: instances === 0 ? { capacity } : placed });
      break;
    }
    case 'boot': {
      const reservation = pick(living, each.which)?.id;
      const machine = { name: 'vm', image: 'cirros', flavor: each.large ? 'large' : 'small' };
      engine.do('createInstance', reservation === undefined ? machine : { ...machine, reservation });
      break;
    }
    case 'gone': {
      const machine = pick([...engine.head.allocations.keys()], each.which);
      if (machine === undefined) break;
      engine.do('destroyInstance', { id: machine });
      engine.do('serverGone', { allocation: machine });
      break;
    }
    case 'change': {
      const one = pick(living, each.which);
      if (one === undefined || one.demand.containers !== undefined) break;
      const { recurrence: repeated, demand } = inputOf(each.request, engine.now);
      engine.do('updateReservation', {
        id: one.id,
        demand,
        ...(repeated?.count === undefined || one.series === undefined || one.series.occurrence > repeated.count
          ? {}
          : { recurrence: { ...repeated, frequency: 'daily', interval: one.series.period / DAY } }),
      });
      break;
    }
    case 'cancel': {
      const one = pick(living, each.which);
      if (one !== undefined) engine.do('cancelReservation', { id: one.id });
      break;
    }
    case 'fail': {
      const hosts = HOSTS.map((host, index) => ({ ...host, state: index === each.host ? 'down' : 'up' }) as const);
      engine.do('updateProvider', { id: source, inventory: inventoryOf(hosts) });
      break;
    }
    case 'repair':
      engine.do('updateProvider', { id: source, inventory: inventoryOf(HOSTS) });
      break;
    case 'wait':
      engine.advance(each.hours * HOUR);
  }
}

describe('reservations that recur, beside one for each window', function () {
  this.timeout(180_000);

  const scene = (sizes: readonly number[]): Engine => {
    const engine = new Engine();
    const source = engine.provider([{ name: 'h', cores: SOURCE_CORES }]);
    for (const [index, cores] of sizes.entries()) {
      const entry = { id: `p${index}`, source, capacity: { cores }, adjustments: [] };
      engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
    }
    return engine;
  };

  it('are granted exactly when every window is, hold in each what was asked for, and end as they should', () => {
    fc.assert(
      fc.property(pools, fc.array(step, { maxLength: 20 }), (sizes, steps) => {
        const engine = scene(sizes);
        const books = new Books(sizes);
        for (const each of steps) {
          const living = [...engine.head.reservations.values()].filter(
            ({ status }) => status === 'scheduled' || status === 'active',
          );
          const one = 'which' in each ? pick(living, each.which) : undefined;
          if (each.do === 'wait') {
            engine.advance(each.hours * HOUR);
          } else if (each.do === 'cancel') {
            if (one !== undefined) engine.do('cancelReservation', { id: one.id });
          } else if (each.do === 'update') {
            if (one === undefined) continue;
            const windows = windowsOf(each.request, engine.now);
            engine.checked = false;
            const { claims } = one;
            engine.head.reservations.set(one.id, { ...one, claims: [] });
            const fits = windows.every((window) => books.fits(engine, each.request.cores, window));
            engine.head.reservations.set(one.id, { ...one, claims });
            engine.checked = true;
            const clear = each.request.repeat === undefined ? (['recurrence'] as const) : [];
            const result = engine.do('updateReservation', { id: one.id, ...inputOf(each.request, engine.now), clear });
            expect(result.outcome).to.equal(fits ? 'updated' : 'refused');
            if (fits) holdsIn(engine, one.id, windows, each.request.cores);
          } else {
            const windows = windowsOf(each.request, engine.now);
            const short = windows.flatMap((window, index) =>
              books.fits(engine, each.request.cores, window) ? [] : [index + 1],
            );
            const input = inputOf(each.request, engine.now);
            const result =
              each.do === 'create'
                ? engine.do('createReservation', input)
                : engine.do('requestOffer', { ...input, holdFor: HOUR });
            expect(result.outcome === 'refused').to.equal(short.length > 0);
            if (result.outcome === 'refused') {
              if (windows.length > 1)
                expect(result.refusal.shortWindows?.map(({ occurrence }) => occurrence)).to.deep.equal(short);
            } else if ('reservation' in result) {
              holdsIn(engine, result.reservation.id, windows, each.request.cores);
            }
          }
          for (const reservation of engine.head.reservations.values()) isWhereItShouldBe(engine, reservation);
        }
      }),
      { numRuns: 600, seed: 21 },
    );
  });

  it('may start next when the refusal says, and at no earlier hour', () => {
    const earliest = fc.record({ sizes: pools, loads: fc.array(request, { maxLength: 8 }), asked: request });
    fc.assert(
      fc.property(earliest, ({ sizes, loads, asked }) => {
        const engine = scene(sizes);
        const books = new Books(sizes);
        for (const load of loads) engine.do('createReservation', inputOf(load, NOW));
        const input = inputOf(asked, NOW);
        const result = engine.do('createReservation', input);
        if (result.outcome !== 'refused') return;
        const { nextWindow } = result.refusal;
        const hour = Array.from({ length: 24 * 200 }, (_, index) => index + asked.start).find((start) =>
          windowsOf({ ...asked, start }, NOW).every((window) => books.fits(engine, asked.cores, window)),
        );
        expect(nextWindow?.start).to.equal(hour === undefined ? undefined : at(hour));
        if (nextWindow === undefined) return;
        const { recurrence: repeated, ...rest } = input;
        const moved =
          repeated?.until === undefined
            ? repeated
            : { ...repeated, until: repeated.until + nextWindow.start - input.start };
        const again = { ...rest, ...nextWindow, ...(moved === undefined ? {} : { recurrence: moved }) };
        expect(engine.do('createReservation', again).outcome).to.equal('granted');
      }),
      { numRuns: 200, seed: 22 },
    );
  });

  it('start at the earliest hour within bounds with which every window fits, or none is there', () => {
    const left = fc.record({
      sizes: pools,
      loads: fc.array(request, { maxLength: 12 }),
      asked: request,
      slack: fc.integer({ min: 0, max: 60 }),
      untilSlack: fc.integer({ min: 0, max: 23 }),
      offers: fc.boolean(),
    });
    const seen = { first: 0, later: 0, none: 0 };
    fc.assert(
      fc.property(left, ({ sizes, loads, asked, slack, untilSlack, offers }) => {
        const engine = scene(sizes);
        const books = new Books(sizes);
        for (const load of loads) engine.do('createReservation', inputOf(load, NOW));
        const earliest = (last: number): number | undefined =>
          Array.from({ length: last - asked.start + 1 }, (_, index) => index + asked.start).find((start) =>
            windowsOf({ ...asked, start }, NOW).every((window) => books.fits(engine, asked.cores, window)),
          );
        const bounded = asked.repeat?.byUntil === true;
        const hour = earliest(asked.start + (bounded ? Math.min(slack, untilSlack) : slack));
        seen[hour === undefined ? 'none' : hour === asked.start ? 'first' : 'later'] += 1;
        const { demand, recurrence: repeated } = inputOf(asked, NOW);
        const until = repeated?.until === undefined ? {} : { until: repeated.until + (untilSlack - 1) * HOUR };
        const input = {
          demand,
          flexible: {
            earliestStart: at(asked.start),
            latestEnd: at(asked.start + slack + asked.length),
            duration: asked.length * HOUR,
          },
          ...(repeated === undefined ? {} : { recurrence: { ...repeated, ...until } }),
        };
        const result = offers
          ? engine.do('requestOffer', { ...input, holdFor: HOUR })
          : engine.do('createReservation', input);
        if (result.outcome === 'refused') {
          expect(hour, 'refused').to.equal(undefined);
          const next = earliest(24 * 200);
          expect(result.refusal.nextWindow?.start).to.equal(next === undefined ? undefined : at(next));
          return;
        }
        if (hour === undefined) return expect.fail('granted where nothing fits');
        const held = 'offer' in result ? result.offer : result.reservation;
        expect([held.startsAt, held.endsAt]).to.deep.equal([at(hour), at(hour + asked.length)]);
        expect(held.series?.count ?? 1).to.equal(asked.repeat?.windows ?? 1);
        if ('reservation' in result) holdsIn(engine, held.id, windowsOf({ ...asked, start: hour }, NOW), asked.cores);
      }),
      { numRuns: 400, seed: 24 },
    );
    expect(seen.first, 'at the earliest').to.be.at.least(60);
    expect(seen.later, 'later').to.be.at.least(40);
    expect(seen.none, 'refused').to.be.at.least(40);
  });

  it('keep what the engine promises when machines run, hosts fail, and what expires is released', () => {
    const reach = new Reach();
    fc.assert(
      fc.property(fc.array(event, { minLength: 8, maxLength: 25 }), fc.boolean(), (events, terminate) => {
        const engine = new Engine();
        const source = engine.provider(HOSTS);
        engine.pool(source, { cores: 24, ram: 24_576, instances: 12 });
        const entry = { ...engine.head.policy, expiry: 120, atEnd: terminate ? 'terminate' : 'release' } as const;
        engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
        for (const each of events) happen(engine, source, each);
        // Everything is over in the end, and leaves nothing behind.
        engine.do('updateProvider', { id: source, inventory: inventoryOf(HOSTS) });
        engine.advance(100 * DAY);
        for (const { status } of engine.head.reservations.values()) expect(status).not.to.equal('active');
        reach.note(engine.events);
      }),
      { numRuns: 150, seed: 23 },
    );
    reach.expect({
      'reservation degraded': 4,
      'reservation restored': 2,
      'reservation expired': 300,
      'reservation occurrence-ended': 250,
      'reservation updated': 40,
      'allocation requested': 90,
    });
  });
});

/** What it holds is as much as was asked for in its windows, and nothing beside them. */
function holdsIn(engine: Engine, id: string, windows: readonly Span[], cores: number): void {
  const held = engine.head.reservations.get(id)?.claims.flatMap(listed) ?? [];
  for (const { start, end } of windows) {
    expect([sumAt(held, start), sumAt(held, end - 1)]).to.deep.equal([cores, cores]);
    const found = queryReservations(engine.head, { window: { start, end } }, engine.now).reservations;
    expect(found.map((each) => each.id)).to.include(id);
  }
  for (const [index, { end }] of windows.entries()) {
    const next = windows[index + 1];
    if (next === undefined || next.start > end) expect(sumAt(held, end)).to.equal(0);
  }
}

function isWhereItShouldBe(engine: Engine, { status, startsAt, endsAt }: Reservation): void {
  if (status === 'scheduled') expect(startsAt).to.be.greaterThan(engine.now);
  if (status !== 'active') return;
  expect(startsAt).to.be.at.most(engine.now);
  expect(endsAt).to.be.greaterThan(engine.now);
}
