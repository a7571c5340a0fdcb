/**
 * How many more machines of a flavor could be started, in each pool and zone, throughout a window. The model starts them, one after the
 * other, on what is left of hosts and pools at every tick, until none fits; then the engine is asked to do the same.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Allocation, Claim } from '../../src/engine/entities.ts';
import type { Fitting } from '../../src/engine/fitting.ts';
import { hostName } from '../../src/engine/hosts.ts';
import { queryCapacity } from '../../src/engine/queries.ts';
import { poolNode } from '../../src/engine/state.ts';
import { Engine, NOW } from '../unit/engine/engine-fixture.ts';
import type { HostSpec } from '../unit/engine/engine-fixture.ts';
import { pick, Reach } from './histories.ts';

const TICK = 60_000;
const HORIZON = 8;
/** What a machine takes of its pool and its host. */
const FLAVORS = {
  small: { cores: 1, ram: 512, instances: 1, disk: 1 },
  large: { cores: 4, ram: 4096, instances: 1, disk: 10 },
} as const;
type Flavor = keyof typeof FLAVORS;
const OF_POOL = ['cores', 'ram', 'instances'] as const;
const OF_HOST = ['cores', 'ram', 'disk'] as const;

type Amounts = Record<'cores' | 'ram' | 'instances' | 'disk', number>;

interface PoolSpec {
  /** Absent: of all zones. */
  readonly zone?: string;
  readonly cores: number;
  readonly ram: number;
  readonly instances: number;
}

interface Pool extends PoolSpec {
  readonly id: string;
}

/** What is held from an instant on. */
type Taken = Pick<Claim, 'start' | 'end' | 'capacity' | 'disk'>;

class World {
  readonly engine = new Engine();
  readonly #hosts: readonly HostSpec[];
  readonly #pools: readonly Pool[];
  readonly #reach: Reach;
  #now = 0;

  constructor(hosts: readonly HostSpec[], pools: readonly PoolSpec[], reach: Reach) {
    this.#hosts = hosts;
    this.#reach = reach;
    const source = this.engine.provider(hosts);
    this.#pools = pools.flatMap((pool) => {
      const { zone, ...capacity } = pool;
      const result = this.engine.do('increaseCapacity', { source, capacity, ...(zone === undefined ? {} : { zone }) });
      return result.outcome === 'increased' ? [{ ...pool, id: result.pool.id }] : [];
    });
  }

  reserve(start: number, length: number, flavor: Flavor, count: number): void {
    const containers = [{ name: 'c', count, size: { flavor } }];
    this.engine.do('createReservation', { ...this.#span(start, length), demand: { capacity: {}, containers } });
  }

  /** What is in no host bounds the pool alone. */
  reserveSum(start: number, length: number, cores: number): void {
    this.engine.do('createReservation', { ...this.#span(start, length), demand: { capacity: { cores } } });
  }

  offer(start: number, length: number, flavor: Flavor): void {
    const containers = [{ name: 'c', count: 1, size: { flavor } }];
    const demand = { capacity: {}, containers };
    this.engine.do('requestOffer', { ...this.#span(start, length), demand, holdFor: 4 * TICK });
  }

  boot(flavor: Flavor): void {
    this.engine.do('createInstance', { name: 'vm', image: 'cirros', flavor });
  }

  cancel(which: number): void {
    const id = pick([...this.engine.head.reservations.values()], which)?.id;
    if (id !== undefined) this.engine.do('cancelReservation', { id });
  }

  wait(ticks: number): void {
    this.engine.advance(ticks * TICK);
    this.#now += ticks;
  }

  /** @param left out one that is asked about as if it were not there */
  ask(start: number, length: number, flavor: Flavor, left: number | undefined): void {
    const without = left === undefined ? undefined : pick([...this.engine.head.reservations.values()], left)?.id;
    const found = this.#fits(start, length, flavor, without);
    const expected = this.#pools.map((pool) => this.#counted(pool, start, length, flavor, without));
    expect(found).to.have.deep.members(expected);
    for (const { instances, zones = [] } of found) {
      const sum = zones.reduce((all, each) => all + each.instances, 0);
      const most = Math.max(0, ...zones.map((each) => each.instances));
      this.#reach.count(instances === 0 ? 'none' : instances < sum ? 'bound by the pool' : 'bound by hosts');
      if (most < instances) this.#reach.count('more than in any zone');
    }
  }

  /** So many can be had, one after the other; one more only where others are moved to make room for it. */
  fill(which: number, start: number, length: number, flavor: Flavor): void {
    const pool = pick(this.#pools, which);
    if (pool === undefined) return;
    const fits = this.#fits(start, length, flavor).find((each) => each.pool === pool.id)?.instances ?? 0;
    const containers = [{ name: 'c', count: 1, size: { flavor } }];
    const request = { ...this.#span(start, length), demand: { capacity: {}, containers, pools: [pool.id] } };
    for (let nth = 1; nth <= fits; nth++) {
      const { outcome } = this.engine.do('createReservation', request);
      expect(outcome, `number ${nth} of ${fits}`).to.equal('granted');
    }
    const more = this.engine.do('createReservation', request);
    if (more.outcome === 'granted') expect(more.moved ?? [], 'who is moved').to.not.deep.equal([]);
    else this.#reach.count('filled');
  }

  #fits(start: number, length: number, flavor: Flavor, without?: string): readonly Fitting[] {
    const query = {
      window: this.#span(start, length),
      flavor,
      ...(without === undefined ? {} : { without: [without] }),
    };
    return queryCapacity(this.engine.head, query, this.engine.now).fits;
  }

  #counted(pool: Pool, start: number, length: number, flavor: Flavor, without: string | undefined): Fitting {
    const ticks = Array.from({ length }, (_, index) => this.#now + start + index);
    const claims = this.#claims(without);
    const machines = [...this.engine.head.allocations.values()];
    const left = ticks.map((tick) =>
      this.#left(
        pool,
        claims.filter(({ node }) => node === poolNode(pool.id)),
        tick,
      ),
    );
    const hosts = this.#hosts.filter(({ zone }) => pool.zone === undefined || zone === pool.zone);
    const rooms = (zone?: string): Amounts[][] =>
      hosts
        .filter((host) => zone === undefined || host.zone === zone)
        .map((host) => {
          const held = claims.filter((claim) => claim.host !== undefined && hostName(claim.host) === host.name);
          const running = machines.filter((machine) => machine.host === host.name && machine.claim === undefined);
          const has = { cores: host.cores, ram: host.ram ?? 0, disk: host.disk ?? 0, instances: Infinity };
          return ticks.map((tick) => this.#left(has, [...held, ...taken(running)], tick));
        });
    const zones = [...new Set(hosts.map(({ zone = '' }) => zone))].sort();
    return {
      pool: pool.id,
      ...(pool.zone === undefined ? {} : { zone: pool.zone }),
      instances: started(flavor, left, rooms()),
      zones: zones.map((zone) => ({ zone, instances: started(flavor, left, rooms(zone)) })),
    };
  }

  #left(has: Omit<Amounts, 'disk'> & { readonly disk?: number }, held: readonly Taken[], tick: number): Amounts {
    const at = NOW + tick * TICK;
    const left = { cores: has.cores, ram: has.ram, instances: has.instances, disk: has.disk ?? 0 };
    for (const { start, end = Infinity, capacity, disk = 0 } of held) {
      if (at < start || at >= end) continue;
      for (const resource of OF_POOL) left[resource] -= capacity[resource] ?? 0;
      left.disk -= disk;
    }
    return left;
  }

  #claims(without: string | undefined): Claim[] {
    const { reservations, offers, allocations } = this.engine.head;
    const held = [...reservations.values()].filter(({ id }) => id !== without);
    return [...held, ...offers.values(), ...allocations.values()].flatMap(({ claims }) => claims);
  }

  #span(start: number, length: number) {
    const from = this.#now + start;
    return { start: NOW + from * TICK, end: NOW + (from + length) * TICK };
  }
}

/** What machines take of their host that no claim of a reservation holds for them. */
function taken(machines: readonly Allocation[]): Taken[] {
  return machines.map(({ startsAt, endsAt, capacity, disk }) => ({
    start: startsAt,
    capacity,
    ...(endsAt === undefined ? {} : { end: endsAt }),
    ...(disk === undefined ? {} : { disk }),
  }));
}

/** Starts machines one after the other, each where it fits at every tick; how many could be. */
function started(flavor: Flavor, pool: readonly Amounts[], hosts: readonly (readonly Amounts[])[]): number {
  const size = FLAVORS[flavor];
  const [ofPool, ofHosts] = structuredClone([pool, hosts]);
  for (let count = 0; ; count++) {
    if (ofPool.some((left) => OF_POOL.some((resource) => left[resource] < size[resource]))) return count;
    const host = ofHosts.find((each) =>
      each.every((left) => OF_HOST.every((resource) => left[resource] >= size[resource])),
    );
    if (host === undefined) return count;
    for (const left of ofPool) for (const resource of OF_POOL) left[resource] -= size[resource];
    for (const left of host) for (const resource of OF_HOST) left[resource] -= size[resource];
  }
}

interface Step {
  readonly run: (world: World) => void;
  readonly toString: () => string;
}

const flavor = fc.constantFrom<Flavor>('small', 'large');
const start = fc.integer({ min: 1, max: HORIZON });
const length = fc.integer({ min: 1, max: 5 });
const which = fc.nat({ max: 6 });
const named = <Drawn extends unknown[]>(
  name: string,
  drawn: fc.Arbitrary<Drawn>,
  run: (world: World, ...of: Drawn) => void,
): fc.Arbitrary<Step> =>
  drawn.map((of) => ({
    run: (world) => {
      run(world, ...of);
    },
    toString: () => `${name} ${JSON.stringify(of)}`,
  }));
const step = fc.oneof(
  {
    arbitrary: named('reserve', fc.tuple(start, length, flavor, fc.integer({ min: 1, max: 3 })), (world, ...of) => {
      world.reserve(...of);
    }),
    weight: 4,
  },
  named('reserve cores', fc.tuple(start, length, fc.integer({ min: 1, max: 6 })), (world, ...of) => {
    world.reserveSum(...of);
  }),
  named('offer', fc.tuple(start, length, flavor), (world, ...of) => {
    world.offer(...of);
  }),
  named('boot', fc.tuple(flavor), (world, of) => {
    world.boot(of);
  }),
  named('cancel', fc.tuple(which), (world, of) => {
    world.cancel(of);
  }),
  named('wait', fc.tuple(fc.integer({ min: 1, max: 4 })), (world, of) => {
    world.wait(of);
  }),
  {
    arbitrary: named('ask', fc.tuple(start, length, flavor, fc.option(which, { nil: undefined })), (world, ...of) => {
      world.ask(...of);
    }),
    weight: 6,
  },
  named('fill', fc.tuple(which, start, length, flavor), (world, ...of) => {
    world.fill(...of);
  }),
);
const hosts = fc
  .array(
    fc.record({
      zone: fc.constantFrom('a', 'b'),
      cores: fc.integer({ min: 1, max: 10 }),
      ram: fc.integer({ min: 2, max: 24 }).map((half) => half * 512),
      disk: fc.integer({ min: 4, max: 40 }),
    }),
    { minLength: 2, maxLength: 4 },
  )
  .map((all) => all.map((host, index): HostSpec => ({ name: `h${index}`, ...host })));
// What is added to the provider again, or to a zone of it, is the same pool.
const pools = fc.uniqueArray(
  fc
    .record({
      zone: fc.option(fc.constantFrom('a', 'b'), { nil: undefined, freq: 1 }),
      cores: fc.integer({ min: 1, max: 16 }),
      ram: fc.integer({ min: 2, max: 32 }).map((half) => half * 512),
      instances: fc.integer({ min: 1, max: 12 }),
    })
    .map(({ zone, ...capacity }): PoolSpec => (zone === undefined ? capacity : { zone, ...capacity })),
  { minLength: 1, maxLength: 3, selector: ({ zone }) => zone },
);

describe('how many machines of a flavor could be started', function () {
  this.timeout(300_000);

  it('is what is started one after the other until none fits, in each pool and zone, throughout the window', () => {
    const reach = new Reach();
    fc.assert(
      fc.property(hosts, pools, fc.array(step, { minLength: 4, maxLength: 12, size: 'max' }), (there, of, steps) => {
        const world = new World(there, of, reach);
        for (const each of steps) each.run(world);
      }),
      { numRuns: 500, seed: 23 },
    );
    reach.expect({
      none: 160,
      'bound by the pool': 180,
      'bound by hosts': 150,
      'more than in any zone': 10,
      filled: 90,
    });
  });
});
