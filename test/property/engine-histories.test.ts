/**
 * Random histories of the engine beside a naive model: lists of what is held, looked at instant by instant. Time is a few
 * ticks, pools are small, so that conflicts are the rule.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import type { Claim } from '../../src/engine/entities.ts';
import { isOver } from '../../src/engine/state.ts';
import { Engine, NOW } from '../unit/engine/engine-fixture.ts';
import { pick, Reach } from './histories.ts';

const TICK = 60_000;
/** No instant of a history lies past this many ticks, save what has no end. */
const HORIZON = 40;
const FAR = 1e9;

/** What someone holds, in ticks from the beginning: cores, by pool. */
interface Held {
  readonly id: string;
  from: number;
  to: number;
  shares: readonly number[];
  /** Held no longer than this: an offer. */
  readonly until?: number;
}

/** The map as lists: what each pool has, and who holds what. What a window can have of a pool is its least there. */
class NaiveMap {
  readonly pools: readonly number[];
  readonly held = new Map<string, Held>();
  now = 0;

  constructor(pools: readonly number[]) {
    this.pools = pools;
  }

  /** The most that can be had throughout [from, to), from all pools together. */
  free(from: number, to: number, without?: string): number {
    return sum(this.pools.map((_, pool) => this.freeOf(pool, from, to, without)));
  }

  /** The first start from `from` on at which the cores are free for so long, among the first so many. */
  next(cores: number, from: number, length: number): number | undefined {
    for (let start = from; start < HORIZON * 3; start++) if (this.free(start, start + length) >= cores) return start;
    return undefined;
  }

  freeOf(pool: number, from: number, to: number, without?: string): number {
    let least = Number.POSITIVE_INFINITY;
    for (let tick = from; tick < Math.min(to, HORIZON * 4); tick++) {
      const holders = [...this.held.values()].filter(
        (each) => each.id !== without && each.from <= tick && tick < each.to,
      );
      least = Math.min(least, (this.pools[pool] ?? 0) - sum(holders.map(({ shares }) => shares[pool] ?? 0)));
    }
    // Not less than nothing is what never over-committed means.
    expect(least).to.be.at.least(0);
    return least;
  }
}

class World {
  readonly engine = new Engine();
  readonly naive: NaiveMap;
  /** Ids of reservations in the order of their making; those that are gone are left in. */
  readonly reservations: string[] = [];
  readonly offers: string[] = [];
  readonly machines: string[] = [];
  readonly source: string;

  constructor(pools: readonly number[]) {
    this.naive = new NaiveMap(pools);
    this.engine.checked = false;
    this.source = this.engine.provider([{ name: 'h', cores: 1000 }]);
    for (const [index, cores] of pools.entries()) {
      const entry = {
        id: `p${index}`,
        source: this.source,
        capacity: { cores, ram: 100_000, instances: 30 },
        adjustments: [],
      };
      expect(this.engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] }).outcome).to.equal('applied');
    }
    this.engine.checked = true;
  }

  /** Records what the engine says that a reservation holds, which has to be what was asked for. */
  record(id: string, from: number, to: number, asked: number): void {
    const shares = this.#shares(this.engine.head.reservations.get(id)?.claims ?? [], asked);
    if (!this.naive.held.has(id)) this.reservations.push(id);
    this.naive.held.set(id, { id, from, to, shares });
    this.naive.free(from, to);
  }

  recordOffer(id: string, from: number, to: number, until: number, asked: number): void {
    const shares = this.#shares(this.engine.head.offers.get(id)?.claims ?? [], asked);
    this.offers.push(id);
    this.naive.held.set(id, { id, from, to, until, shares });
    this.naive.free(from, to);
  }

  #shares(claims: readonly Claim[], asked: number): number[] {
    const shares = this.naive.pools.map((_, pool) =>
      sum(claims.filter(({ node }) => node === `pool/p${pool}`).map(({ capacity }) => capacity.cores ?? 0)),
    );
    expect(sum(shares)).to.equal(asked);
    return shares;
  }
}

interface Step {
  run(world: World): void;
  toString(): string;
}

const at = (tick: number): number => NOW + tick * TICK;

function sum(amounts: readonly number[]): number {
  return amounts.reduce((a, b) => a + b, 0);
}

const tick = fc.integer({ min: 1, max: HORIZON });
const length = fc.integer({ min: 1, max: 15 });
const cores = fc.integer({ min: 1, max: 9 });
const index = fc.nat({ max: 9 });

/** Asks for a window; the model says whether it is granted, what the most is, and when the next window is. */
const reserve = fc.record({ start: tick, length, cores }).map(({ start, length: long, cores: asked }): Step => ({
  run: (world) => {
    const { naive, engine } = world;
    const from = naive.now + start;
    const input = { start: at(from), end: at(from + long), demand: { capacity: { cores: asked } } };
    const free = naive.free(from, from + long);
    const result = engine.do('createReservation', input);
    expect(result.outcome).to.equal(free >= asked ? 'granted' : 'refused');
    if (result.outcome === 'refused') {
      expect(result.refusal.most).to.deep.equal({ cores: free });
      const next = naive.next(asked, from, long);
      expect(result.refusal.nextWindow?.start).to.equal(next === undefined ? undefined : at(next));
    } else {
      world.record(result.reservation.id, from, from + long, asked);
    }
  },
  toString: () => `reserve ${asked} cores at +${start} for ${long}`,
}));

const cancel = index.map((which): Step => ({
  run: (world) => {
    const id = pick(world.reservations, which);
    if (id === undefined || !world.naive.held.has(id)) return;
    const { from, to } = world.naive.held.get(id) ?? { from: 0, to: 0 };
    expect(world.engine.do('cancelReservation', { id }).outcome).to.equal('cancelled');
    world.naive.held.delete(id);
    // All that is free without it can be had again.
    const start = Math.max(from, world.naive.now + 1);
    const free = world.naive.free(start, to);
    if (start >= to || free === 0) return;
    const all = { start: at(start), end: at(to), demand: { capacity: { cores: free } } };
    const again = world.engine.do('createReservation', all);
    expect(again.outcome).to.equal('granted');
    if (again.outcome === 'granted') world.record(again.reservation.id, start, to, free);
  },
  toString: () => `cancel #${which}`,
}));

const update = fc
  .record({ which: index, cores, longer: fc.integer({ min: -5, max: 8 }) })
  .map(({ which, cores: asked, longer }): Step => ({
    run: (world) => {
      const { naive, engine } = world;
      const id = pick(world.reservations, which);
      const held = id === undefined ? undefined : naive.held.get(id);
      if (held === undefined) return;
      const to = Math.max(held.to + longer, held.from + 1, naive.now + 1);
      const result = engine.do('updateReservation', {
        id: held.id,
        end: at(to),
        demand: { capacity: { cores: asked } },
      });
      expect(result.outcome).to.equal(naive.free(held.from, to, held.id) >= asked ? 'updated' : 'refused');
      if (result.outcome === 'updated') world.record(held.id, held.from, to, asked);
    },
    toString: () => `update #${which} to ${asked} cores, ${longer} longer`,
  }));

/** Two callers ask for more than half of what is left: one of them gets it. */
const race = fc.record({ start: tick, length }).map(({ start, length: long }): Step => ({
  run: (world) => {
    const { naive, engine } = world;
    const from = naive.now + start;
    const free = naive.free(from, from + long);
    if (free === 0) return;
    const asked = Math.floor(free / 2) + 1;
    const input = { start: at(from), end: at(from + long), demand: { capacity: { cores: asked } } };
    const results = [engine.do('createReservation', input), engine.do('createReservation', input)];
    expect(results.map(({ outcome }) => outcome)).to.deep.equal(['granted', 'refused']);
    for (const result of results) {
      if (result.outcome === 'refused') continue;
      world.record(result.reservation.id, from, from + long, asked);
    }
  },
  toString: () => `two ask for what one can have at +${start} for ${long}`,
}));

/** A machine without a reservation takes what nobody needs from now on, from the first pool that has it. */
const boot = fc.constant<Step>({
  run: (world) => {
    const { naive, engine } = world;
    const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small' });
    const pool = naive.pools.findIndex((_, each) => naive.freeOf(each, naive.now, FAR) > 0);
    expect(result.outcome).to.equal(pool < 0 ? 'refused' : 'accepted');
    if (result.outcome === 'refused') return;
    expect(result.allocation.pool).to.equal(`p${pool}`);
    const { id } = result.allocation;
    naive.held.set(id, { id, from: naive.now, to: FAR, shares: naive.pools.map((_, each) => (each === pool ? 1 : 0)) });
    world.machines.push(id);
  },
  toString: () => 'boot without a reservation',
});

const destroy = index.map((which): Step => ({
  run: (world) => {
    const id = pick(world.machines, which);
    if (id === undefined || !world.naive.held.has(id)) return;
    world.engine.do('destroyInstance', { id });
    world.engine.do('serverGone', { allocation: id });
    world.naive.held.delete(id);
  },
  toString: () => `destroy #${which}`,
}));

/** Asks for an offer; the model grants it by the rule for reservations. */
const request = fc
  .record({ start: tick, length, cores, hold: fc.integer({ min: 1, max: 12 }) })
  .map(({ start, length: long, cores: asked, hold }): Step => ({
    run: (world) => {
      const { naive, engine } = world;
      const from = naive.now + start;
      const window = { start: at(from), end: at(from + long) };
      const free = naive.free(from, from + long);
      const result = engine.do('requestOffer', {
        ...window,
        demand: { capacity: { cores: asked } },
        holdFor: hold * TICK,
      });
      expect(result.outcome).to.equal(free >= asked ? 'offered' : 'refused');
      if (result.outcome === 'refused') {
        expect(result.refusal.most).to.deep.equal({ cores: free });
        return;
      }
      const deadline = Math.min(naive.now + hold, from + long);
      expect(result.offer.expiresAt).to.equal(at(deadline));
      world.recordOffer(result.offer.id, from, from + long, deadline, asked);
    },
    toString: () => `ask for an offer of ${asked} cores at +${start} for ${long}, held for ${hold}`,
  }));

/** Accepts or declines an offer that may be over: what is accepted keeps its shares, what is declined can be had again. */
const respond = fc.record({ which: index, yes: fc.boolean() }).map(({ which, yes }): Step => ({
  run: (world) => {
    const { naive, engine } = world;
    const id = pick(world.offers, which);
    const held = id === undefined ? undefined : naive.held.get(id);
    if (id === undefined || !engine.head.offers.has(id)) return;
    if (held === undefined) {
      expect(engine.do(yes ? 'acceptOffer' : 'declineOffer', { id }).outcome).to.equal('refused');
      return;
    }
    naive.held.delete(id);
    if (yes) {
      const result = engine.do('acceptOffer', { id });
      expect(result.outcome).to.equal('accepted');
      if (result.outcome === 'refused') return;
      world.record(result.reservation.id, held.from, held.to, sum(held.shares));
      expect(naive.held.get(result.reservation.id)?.shares).to.deep.equal(held.shares);
    } else {
      expect(engine.do('declineOffer', { id }).outcome).to.equal('declined');
    }
  },
  toString: () => `${yes ? 'accept' : 'decline'} offer #${which}`,
}));

const wait = fc.integer({ min: 1, max: 12 }).map((ticks): Step => ({
  run: (world) => {
    world.engine.advance(ticks * TICK);
    world.naive.now += ticks;
    for (const [id, { to, until = to }] of world.naive.held) {
      if (Math.min(to, until) <= world.naive.now) world.naive.held.delete(id);
    }
  },
  toString: () => `wait ${ticks}`,
}));

function play(pools: readonly number[], steps: readonly Step[]): World {
  const world = new World(pools);
  for (const step of steps) step.run(world);
  return world;
}

const FAITHFUL = fc.array(
  fc.oneof(
    { arbitrary: reserve, weight: 5 },
    { arbitrary: request, weight: 3 },
    { arbitrary: respond, weight: 3 },
    cancel,
    update,
    race,
    boot,
    destroy,
    wait,
  ),
  { minLength: 1, maxLength: 8 },
);

/** Steps that take capacity away from under what is held, or end in machines that run on: the invariants judge them, not the model. */
const withdraw = fc
  .record({ start: tick, length, cores, force: fc.boolean(), back: fc.boolean() })
  .map(({ start, length: long, cores: amount, force, back }): Step => ({
    run: ({ engine, naive, source }) => {
      const window = {
        source,
        start: at(naive.now + start),
        end: at(naive.now + start + long),
        capacity: { cores: amount },
      };
      if (back) engine.do('increaseCapacity', window);
      else if (engine.head.pools.size > 1) engine.do('decreaseCapacity', { ...window, force });
      else engine.do('increaseCapacity', { source, capacity: { cores: amount } });
    },
    toString: () => `${back ? 'increase' : force ? 'force off' : 'decrease'} ${amount} cores at +${start} for ${long}`,
  }));

const shrink = fc.integer({ min: 1, max: 30 }).map((left): Step => ({
  run: ({ engine, source }) => {
    const inventory = engine.head.providers.get(source)?.inventory;
    if (inventory === undefined) return;
    const hosts = inventory.hosts.map((host) => ({ ...host, vcpus: host.vcpus > 100 ? left : 1000 }));
    engine.do('updateProvider', { id: source, inventory: { ...inventory, hosts } });
  },
  toString: () => `the VIM has ${left} cores, or all again`,
}));

const immediate = fc
  .record({ length, cores, priority: fc.constantFrom(1, 2, 3) })
  .map(({ length: long, cores: asked, priority }): Step => ({
    run: (world) => {
      const { engine, naive } = world;
      const demand = { capacity: { cores: asked, ram: 512 * asked } };
      const expiryTime = at(naive.now + Math.ceil(long / 2));
      const result = engine.do('createReservation', { priority, end: at(naive.now + long), expiryTime, demand });
      if (result.outcome !== 'refused') world.reservations.push(result.reservation.id);
    },
    toString: () => `reserve ${asked} cores now for ${long}`,
  }));

/** An offer, taken up or not: capacity may be lost under it before. */
const offer = fc
  .record({
    start: fc.nat({ max: 5 }),
    length,
    cores,
    hold: fc.integer({ min: 1, max: 12 }),
    priority: fc.constantFrom(1, 2, 3),
  })
  .map(({ start, length: long, cores: asked, hold, priority }): Step => ({
    run: (world) => {
      const from = at(world.naive.now + start);
      const result = world.engine.do('requestOffer', {
        priority,
        ...(start === 0 ? {} : { start: from }),
        end: from + long * TICK,
        demand: { capacity: { cores: asked } },
        holdFor: hold * TICK,
      });
      if (result.outcome === 'offered') world.offers.push(result.offer.id);
    },
    toString: () => `ask for an offer of ${asked} cores at +${start} for ${long}, held for ${hold}`,
  }));

/** Leaves the window open, first or in an update: the invariants say that what is chosen lies within the bounds. */
const elastic = fc
  .record({ which: index, cores, from: fc.nat({ max: 10 }), room: fc.nat({ max: 10 }), length, anew: fc.boolean() })
  .map(({ which, cores: asked, from, room, length: long, anew }): Step => ({
    run: (world) => {
      const { engine, naive } = world;
      const start = at(naive.now + from);
      const flexible = { earliestStart: start, latestEnd: start + (long + room) * TICK, duration: long * TICK };
      const demand = { capacity: { cores: asked } };
      if (anew) {
        const result = engine.do('createReservation', { flexible, demand });
        if (result.outcome !== 'refused') world.reservations.push(result.reservation.id);
        return;
      }
      const id = pick(world.reservations, which);
      const reservation = id === undefined ? undefined : engine.head.reservations.get(id);
      if (reservation === undefined || engine.head.allocationsOf.has(reservation.id)) return;
      // Nothing could be allocated in time then: bad input, not a refusal.
      if (reservation.expiryTime !== undefined && reservation.expiryTime <= start) return;
      engine.do('updateReservation', { id: reservation.id, flexible, demand });
    },
    toString: () =>
      `${anew ? 'reserve' : `change #${which} to`} ${asked} cores for ${long} within +${from} and ${room}`,
  }));

const answer = fc.record({ which: index, yes: fc.boolean() }).map(({ which, yes }): Step => ({
  run: (world) => {
    const { engine, offers, reservations } = world;
    const id = pick(offers, which);
    const before = id === undefined ? undefined : engine.head.offers.get(id);
    if (before === undefined) return;
    const result = engine.do(yes ? 'acceptOffer' : 'declineOffer', { id: before.id });
    // What was held is what becomes a reservation: the acceptance of an offer that stands cannot fail.
    expect(result.outcome === 'refused').to.equal(before.status !== 'held');
    if (result.outcome !== 'accepted') return;
    expect(result.reservation.claims).to.deep.equal(before.claims);
    reservations.push(result.reservation.id);
  },
  toString: () => `${yes ? 'accept' : 'decline'} offer #${which}`,
}));

const allocate = index.map((which): Step => ({
  run: (world) => {
    const reservation = pick(world.reservations, which);
    if (reservation === undefined) return;
    const result = world.engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', reservation });
    if (result.outcome === 'accepted') world.machines.push(result.allocation.id);
  },
  toString: () => `boot against #${which}`,
}));

const end = index.map((which): Step => ({
  run: (world) => {
    const id = pick(world.reservations, which);
    const reservation = id === undefined ? undefined : world.engine.head.reservations.get(id);
    if (reservation !== undefined && !isOver(reservation)) world.engine.do('cancelReservation', { id: reservation.id });
  },
  toString: () => `cancel #${which}`,
}));

const demolish = index.map((which): Step => ({
  run: (world) => {
    const id = pick(world.machines, which);
    if (id === undefined || !world.engine.head.allocations.has(id)) return;
    world.engine.do('destroyInstance', { id });
    if (which % 2 === 0) world.engine.do('serverGone', { allocation: id });
  },
  toString: () => `destroy #${which}`,
}));

/** What becomes of machines at the end of their reservation, and when it is announced. */
const policy = fc
  .record({
    atEnd: fc.constantFrom('terminate' as const, 'release' as const),
    lead: fc.option(fc.integer({ min: 0, max: 9 })),
  })
  .map(({ atEnd, lead }): Step => ({
    run: ({ engine }) => {
      const entry = { ...DEFAULT_POLICY, atEnd, ...(lead === null ? {} : { terminationLead: lead }) };
      expect(engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] }).outcome).to.equal('applied');
    },
    toString: () => `at the end ${atEnd}, announced ${lead ?? 'never'}`,
  }));

const resize = fc
  .record({ which: index, cores, longer: fc.integer({ min: -5, max: 8 }) })
  .map(({ which, cores: asked, longer }): Step => ({
    run: (world) => {
      const { engine } = world;
      const id = pick(world.reservations, which);
      const reservation = id === undefined ? undefined : engine.head.reservations.get(id);
      if (reservation?.endsAt === undefined || isOver(reservation)) return;
      const end = Math.max(reservation.endsAt + longer * TICK, engine.now + TICK, reservation.startsAt + TICK);
      engine.do('updateReservation', { id: reservation.id, end, demand: { capacity: { cores: asked } } });
    },
    toString: () => `resize #${which} to ${asked} cores, ${longer} longer`,
  }));

const TROUBLED = fc.array(
  fc.oneof(
    { arbitrary: immediate, weight: 4 },
    { arbitrary: allocate, weight: 3 },
    { arbitrary: offer, weight: 3 },
    answer,
    { arbitrary: elastic, weight: 2 },
    { arbitrary: withdraw, weight: 3 },
    { arbitrary: shrink, weight: 3 },
    end,
    demolish,
    policy,
    resize,
    { arbitrary: wait, weight: 2 },
  ),
  { minLength: 3, maxLength: 12 },
);

describe('histories of the engine', function () {
  this.timeout(300_000);

  it('agree with a naive map on one pool: who is granted, the most, the next window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 12 }), FAITHFUL, (total, steps) => {
        play([total], steps);
      }),
      { numRuns: 6000, seed: 1 },
    );
  });

  it('agree with it on three pools, which together grant what they together have', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
        fc.array(
          fc.oneof(
            { arbitrary: reserve, weight: 5 },
            { arbitrary: request, weight: 2 },
            { arbitrary: respond, weight: 2 },
            cancel,
            race,
            boot,
            wait,
          ),
          { minLength: 1, maxLength: 6 },
        ),
        (pools, steps) => {
          play(pools, steps);
        },
      ),
      { numRuns: 2000, seed: 2 },
    );
  });

  it('keep the invariants while capacity comes and goes under reservations and machines', () => {
    const reach = new Reach();
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 30 }), TROUBLED, (total, steps) => {
        const { engine } = play([total], steps);
        reach.note(engine.events);
        // When everything is back and everybody has left, everything is free.
        engine.checked = false;
        for (const id of [...engine.head.reservations.keys()]) {
          const reservation = engine.head.reservations.get(id);
          if (reservation !== undefined && !isOver(reservation)) engine.do('cancelReservation', { id });
        }
        for (const { id, status } of [...engine.head.offers.values()]) {
          if (status === 'held') engine.do('declineOffer', { id });
        }
        for (const id of [...engine.head.allocations.keys()]) engine.do('serverGone', { allocation: id });
        for (const node of engine.head.nodes.values()) {
          if (!node.id.startsWith('pool/')) continue;
          expect(node.used.breakpoints).to.equal(0);
          for (const { at: instant, value } of node.free.steps({ start: engine.now, end: Infinity })) {
            expect([...value]).to.deep.equal([...node.total.valueAt(instant)]);
          }
        }
        expect(engine.head.degraded.size).to.equal(0);
      }),
      { numRuns: 2000, seed: 3 },
    );
    reach.expect({
      'reservation degraded': 60,
      'reservation restored': 15,
      'capacity decreased': 100,
      'offer lapsed': 100,
      'offer withdrawn': 40,
      'reservation updated': 100,
      'reservation expired': 100,
      'reservation ended': 40,
      'allocation reservation-over': 30,
    });
  });
});
