/**
 * What becomes of reservations and offers when a pool changes under them, beside a naive model that counts tick by tick: increases and
 * decreases, for good and for a time, forced or not, of a pool that promises more or less than it has, and hosts that fail and return.
 * And what becomes of machines when their reservation ends.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import type { Priority } from '../../src/engine/entities.ts';
import { byMerit } from '../../src/engine/merit.ts';
import { Engine, NOW, inventoryOf } from '../unit/engine/engine-fixture.ts';
import { pick, Reach } from './histories.ts';

const TICK = 60_000;
/** Nothing lasts up to this tick, save what is for good. */
const HORIZON = 32;
/** Cores of each host. */
const HOSTS = [4, 5, 6] as const;

/** Who holds something: a reservation, or an offer, which is over at a tick of its own. */
interface Held {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly cores: number;
  readonly priority: Priority;
  readonly createdOn: number;
  readonly until?: number;
}

interface Asked {
  readonly start: number;
  readonly length: number;
  readonly cores: number;
  readonly priority: Priority;
}

/** What is added to a pool, or taken off it, from a tick on; without a length for good. */
interface Change {
  readonly start: number;
  readonly length: number | undefined;
  readonly amount: number;
}

/** What the pool is meant to have, and what there is: the hosts that are up may have less, and the buffer beside the pool goes first. */
class Supply {
  base: number;
  readonly changes: { readonly from: number; readonly to: number; readonly by: number }[] = [];
  readonly down = new Set<number>();
  readonly #ratio: number;

  constructor(base: number, ratio: number) {
    this.base = base;
    this.#ratio = ratio;
  }

  there(): number {
    return HOSTS.reduce((sum, each, index) => sum + (this.down.has(index) ? 0 : each), 0);
  }

  nominal(tick: number): number {
    const changed = this.changes.filter(({ from, to }) => from <= tick && tick < to);
    return Math.max(
      0,
      changed.reduce((sum, { by }) => sum + by, this.base),
    );
  }

  promised(tick: number): number {
    return Math.floor((Math.min(this.nominal(tick), this.there()) * this.#ratio) / 1000);
  }

  /** Adds a change at a tick. @returns what takes it back */
  change(now: number, { start, length }: Change, by: number): () => void {
    if (start === 0 && length === undefined) {
      this.base += by;
      return () => (this.base -= by);
    }
    this.changes.push({ from: now + start, to: length === undefined ? Infinity : now + start + length, by });
    return () => this.changes.pop();
  }
}

/** The rule, over lists: who holds what, who of them is degraded. */
class Holders {
  readonly held: Held[] = [];
  readonly offers: Held[] = [];
  degraded = new Set<string>();
  readonly supply: Supply;

  constructor(supply: Supply) {
    this.supply = supply;
  }

  free(tick: number): number {
    return this.supply.promised(tick) - total([...this.held, ...this.offers], tick);
  }

  fits({ from, to }: { from: number; to: number }, cores: number): boolean {
    return ticks(from, to).every((tick) => this.free(tick) >= cores);
  }

  /** Offers go first, then reservations are degraded. Who is degraded stays so until there is room for him beside the others. */
  settled(now: number): { readonly offers: ReadonlySet<string>; readonly degraded: ReadonlySet<string> } {
    const offers = this.#givingWay(this.offers, this.held, new Set(), now);
    const kept = this.offers.filter(({ id }) => !offers.has(id));
    return { offers, degraded: this.#givingWay(this.held, kept, this.degraded, now) };
  }

  /** From the best to the worst each stays who fits beside those that stay; who was degraded already is tried after all others. */
  #givingWay(some: readonly Held[], others: readonly Held[], already: ReadonlySet<string>, now: number): Set<string> {
    const staying = [...others];
    const out = new Set<string>();
    const late = ({ id }: Held): number => (already.has(id) ? 1 : 0);
    for (const each of [...some].sort((a, b) => late(a) - late(b) || byMerit(a, b))) {
      const ahead = ticks(Math.max(now, each.from), each.to);
      if (ahead.every((tick) => this.supply.promised(tick) - total(staying, tick) >= each.cores)) staying.push(each);
      else out.add(each.id);
    }
    return out;
  }
}

class World {
  readonly engine = new Engine();
  readonly supply: Supply;
  readonly holders: Holders;
  now = 0;
  readonly #source: string;
  readonly #ratio: number;
  readonly #pool: string;

  constructor(cores: number, ratio: number) {
    this.supply = new Supply(cores, ratio);
    this.holders = new Holders(this.supply);
    this.#ratio = ratio;
    this.#source = this.engine.provider(HOSTS.map((each, index) => ({ name: `h${index}`, cores: each })));
    this.#pool = ratio === 1000 ? this.engine.pool(this.#source, { cores }) : 'p';
    if (ratio !== 1000) expect(this.#edit(cores)).to.equal('applied');
  }

  /** Only configuration says that a pool promises more or less than it has. */
  #edit(cores: number): string {
    const entry = {
      id: this.#pool,
      source: this.#source,
      capacity: { cores },
      adjustments: [],
      overCommit: { cores: this.#ratio },
    };
    return this.engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] }).outcome;
  }

  reserve({ start, length, cores, priority }: Asked): void {
    this.engine.now += 1;
    const window = { from: this.now + 1 + start, to: this.now + 1 + start + length };
    const result = this.engine.do('createReservation', {
      start: at(window.from),
      end: at(window.to),
      priority,
      demand: { capacity: { cores } },
    });
    expect(result.outcome).to.equal(this.holders.fits(window, cores) ? 'granted' : 'refused');
    if (result.outcome === 'refused') return;
    this.holders.held.push({ id: result.reservation.id, ...window, cores, priority, createdOn: this.engine.now });
  }

  request({ start, length, cores, priority }: Asked, holdFor: number): void {
    this.engine.now += 1;
    const window = { from: this.now + 1 + start, to: this.now + 1 + start + length };
    const until = Math.min(this.now + holdFor, window.to);
    const result = this.engine.do('requestOffer', {
      start: at(window.from),
      end: at(window.to),
      priority,
      demand: { capacity: { cores } },
      holdFor: at(this.now + holdFor) - this.engine.now,
    });
    expect(result.outcome).to.equal(this.holders.fits(window, cores) ? 'offered' : 'refused');
    if (result.outcome === 'refused') return;
    expect(result.offer.expiresAt).to.equal(at(until));
    const { id } = result.offer;
    this.holders.offers.push({ id, ...window, cores, priority, createdOn: this.engine.now, until });
  }

  /** An offer that is accepted holds what it held; of one that is declined others may have it. */
  respond(which: number, yes: boolean): void {
    this.engine.now += 1;
    const offer = pick(this.holders.offers, which);
    if (offer === undefined) return;
    remove(this.holders.offers, offer);
    if (yes) {
      const result = this.engine.do('acceptOffer', { id: offer.id });
      if (result.outcome === 'refused') throw new Error(result.refusal.message);
      this.holders.held.push({ ...offer, id: result.reservation.id, createdOn: this.engine.now });
    } else {
      expect(this.engine.do('declineOffer', { id: offer.id }).outcome).to.equal('declined');
    }
    this.#settle();
  }

  cancel(which: number): void {
    this.engine.now += 1;
    const gone = pick(this.holders.held, which);
    if (gone === undefined) return;
    remove(this.holders.held, gone);
    this.engine.do('cancelReservation', { id: gone.id });
    this.#settle();
  }

  /** No more than the VIM has and is in no pool. */
  increase(change: Change): void {
    this.engine.now += 1;
    const { start, length, amount } = change;
    if (this.#ratio !== 1000) return;
    const window = ticks(this.now + start, length === undefined ? HORIZON : this.now + start + length);
    const outside = this.supply.there() - Math.max(...window.map((tick) => this.supply.nominal(tick)));
    const result = this.engine.do('increaseCapacity', this.#asked(change));
    expect(result.outcome, `of ${outside} that are outside`).to.equal(amount <= outside ? 'increased' : 'refused');
    if (result.outcome === 'increased') this.supply.change(this.now, change, amount);
    this.#settle();
  }

  decrease(change: Change, force: boolean): void {
    this.engine.now += 1;
    const { start, length, amount } = change;
    const beyond = start === 0 && length === undefined && this.supply.base < amount;
    if (this.#ratio !== 1000) {
      if (this.supply.base >= amount) this.#reconfigure(amount);
      return;
    }
    const before = this.#shown();
    const known = this.holders.degraded;
    const undo = this.supply.change(this.now, change, -amount);
    const window = ticks(this.now + start, length === undefined ? HORIZON : this.now + start + length);
    const tooMuch = window.some((tick) => this.holders.free(tick) < 0);
    const { degraded } = this.holders.settled(this.now);
    undo();
    const result = this.engine.do('decreaseCapacity', { ...this.#asked(change), force });
    expect(result.outcome).to.equal(beyond || (!force && tooMuch) ? 'refused' : 'decreased');
    if (result.outcome === 'decreased') {
      this.supply.change(this.now, change, -amount);
    } else {
      expect(this.#shown(), 'a refusal changes nothing').to.deep.equal(before);
      if (!beyond) {
        const hit = [...degraded].filter((id) => !known.has(id)).sort();
        expect(result.affected.map(({ reservation }) => reservation.id).sort(), 'whom it would hit').to.deep.equal(hit);
      }
      const most = result.most.cores ?? 0;
      const over = window.filter((tick) => this.holders.free(tick) < Math.min(most, this.supply.nominal(tick)));
      if (most > 0 && this.supply.there() >= this.supply.nominal(this.now)) {
        expect(over, `ticks at which ${most} cannot be taken`).to.deep.equal([]);
      }
    }
    this.#settle();
  }

  /** An edit degrades nobody and withdraws no offer: it is refused where it would. */
  #reconfigure(amount: number): void {
    this.supply.base -= amount;
    const { degraded, offers } = this.holders.settled(this.now);
    const harms = offers.size > 0 || [...degraded].some((id) => !this.holders.degraded.has(id));
    expect(this.#edit(this.supply.base)).to.equal(harms ? 'refused' : 'applied');
    if (harms) this.supply.base += amount;
    this.#settle();
  }

  /** @param host absent: all hosts are back */
  toggle(host?: number): void {
    this.engine.now += 1;
    if (host === undefined) this.supply.down.clear();
    else if (!this.supply.down.delete(host)) this.supply.down.add(host);
    const hosts = HOSTS.map((cores, index) => ({
      name: `h${index}`,
      cores,
      state: this.supply.down.has(index) ? ('down' as const) : ('up' as const),
    }));
    this.engine.do('updateProvider', { id: this.#source, inventory: inventoryOf(hosts) });
    this.#settle();
  }

  /** What is over gives back what it held: one after the other, reservations first. */
  wait(length: number): void {
    const { held, offers } = this.holders;
    this.engine.advance(at(this.now + length) - this.engine.now);
    for (const last = this.now + length; this.now < last;) {
      this.now += 1;
      const over = [...held.filter(({ to }) => to === this.now), ...offers.filter(({ until }) => until === this.now)];
      for (const each of over) {
        remove(held, each);
        remove(offers, each);
        this.holders.degraded = new Set(this.holders.settled(this.now).degraded);
      }
      this.holders.degraded = new Set(this.holders.settled(this.now).degraded);
    }
    this.#settle();
  }

  #asked({ start, length, amount }: Change) {
    return {
      source: this.#source,
      pool: this.#pool,
      capacity: { cores: amount },
      ...(start === 0 ? {} : { start: at(this.now + start) }),
      ...(length === undefined ? {} : { end: at(this.now + start + length) }),
    };
  }

  /** At each change, those offers are withdrawn and those reservations degraded of which the rule says so. */
  #settle(): void {
    const { offers, degraded } = this.holders.settled(this.now);
    for (const offer of [...this.holders.offers]) if (offers.has(offer.id)) remove(this.holders.offers, offer);
    this.holders.degraded = new Set(degraded);
    const { head } = this.engine;
    const shown = [...head.offers.values()].filter(({ status }) => status === 'held').map(({ id }) => id);
    expect(shown.sort(), 'offers that are open').to.deep.equal(this.holders.offers.map(({ id }) => id).sort());
    expect([...head.degraded].sort(), 'degraded').to.deep.equal([...degraded].sort());
    const free = head.nodes.get(`pool/${this.#pool}`)?.free;
    const told = ticks(this.now + 1, HORIZON).map((tick) => free?.valueAt(at(tick))[0]);
    expect(told, 'what is free').to.deep.equal(ticks(this.now + 1, HORIZON).map((tick) => this.holders.free(tick)));
  }

  #shown(): unknown[] {
    const { reservations, offers, pools } = this.engine.head;
    return [[...reservations.values()], [...offers.values()], [...pools.values()]];
  }
}

function at(tick: number): number {
  return NOW + tick * TICK;
}

function ticks(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

function total(held: readonly Held[], tick: number): number {
  return held.reduce((sum, { from, to, cores }) => sum + (from <= tick && tick < to ? cores : 0), 0);
}

function remove(from: Held[], one: Held): void {
  const index = from.indexOf(one);
  if (index >= 0) from.splice(index, 1);
}

interface Step {
  readonly run: (world: World) => void;
  readonly toString: () => string;
}

const asked = fc.record({
  start: fc.nat({ max: 5 }),
  length: fc.integer({ min: 1, max: 5 }),
  cores: fc.integer({ min: 2, max: 9 }),
  priority: fc.constantFrom<Priority>(1, 2, 3),
});
const inWords = ({ start, length, cores, priority }: Asked): string =>
  `${cores} at +${start} for ${length}, class ${priority}`;
const reserve = asked.map((what): Step => ({
  run: (world) => world.reserve(what),
  toString: () => `reserve ${inWords(what)}`,
}));
const request = fc.tuple(asked, fc.integer({ min: 1, max: 8 })).map(([what, holdFor]): Step => ({
  run: (world) => world.request(what, holdFor),
  toString: () => `ask for an offer of ${inWords(what)}, held for ${holdFor}`,
}));
const respond = fc.tuple(fc.nat({ max: 5 }), fc.boolean()).map(([which, yes]): Step => ({
  run: (world) => world.respond(which, yes),
  toString: () => `${yes ? 'accept' : 'decline'} offer ${which}`,
}));
const cancel = fc.nat({ max: 5 }).map((which): Step => ({
  run: (world) => world.cancel(which),
  toString: () => `cancel ${which}`,
}));
const change = fc.record({
  start: fc.oneof(fc.constant(0), fc.nat({ max: 6 })),
  length: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined, freq: 2 }),
  amount: fc.integer({ min: 1, max: 6 }),
});
const howLong = ({ start, length }: Change): string =>
  `at +${start} ${length === undefined ? 'for good' : `for ${length}`}`;
const increase = change.map((what): Step => ({
  run: (world) => world.increase(what),
  toString: () => `increase by ${what.amount} ${howLong(what)}`,
}));
const decrease = fc.tuple(change, fc.boolean()).map(([what, force]): Step => ({
  run: (world) => world.decrease(what, force),
  toString: () => `${force ? 'force off' : 'decrease by'} ${what.amount} ${howLong(what)}`,
}));
const toggle = fc.nat({ max: HOSTS.length - 1 }).map((host): Step => ({
  run: (world) => world.toggle(host),
  toString: () => `fail or restore host ${host}`,
}));
const recover = fc.constant<Step>({ run: (world) => world.toggle(), toString: () => 'all hosts are back' });
const wait = fc.integer({ min: 1, max: 4 }).map((length): Step => ({
  run: (world) => world.wait(length),
  toString: () => `wait ${length}`,
}));
const step = fc.oneof(
  { arbitrary: reserve, weight: 4 },
  { arbitrary: request, weight: 3 },
  respond,
  cancel,
  increase,
  { arbitrary: decrease, weight: 2 },
  { arbitrary: toggle, weight: 3 },
  { arbitrary: recover, weight: 2 },
  wait,
);

describe('changes under reservations', function () {
  this.timeout(300_000);

  it('withdraw the offers and degrade whom the rule says, whatever takes capacity away and gives it back, with any ratio of over-commitment', () => {
    const reach = new Reach();
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 15 }),
        fc.constantFrom(1000, 1500, 2000, 700),
        fc.array(step, { minLength: 4, maxLength: 11, size: 'max' }),
        (cores, ratio, steps) => {
          const world = new World(cores, ratio);
          for (const step of steps) step.run(world);
          world.engine.replay();
          reach.note(world.engine.events);
        },
      ),
      { numRuns: 1500, seed: 21 },
    );
    reach.expect({
      'reservation degraded': 60,
      'reservation restored': 10,
      'offer withdrawn': 60,
      'offer lapsed': 50,
      'offer accepted': 60,
      'offer declined': 100,
      'capacity increased': 100,
      'capacity decreased': 100,
    });
  });

  it('keep from the best to the worst whoever fits, where many that overlap lose at once', () => {
    const many = fc.array(fc.oneof({ arbitrary: reserve, weight: 3 }, request), {
      minLength: 14,
      maxLength: 18,
      size: 'max',
    });
    const losses = fc.array(
      fc.oneof({ arbitrary: decrease, weight: 3 }, { arbitrary: toggle, weight: 2 }, increase, wait),
      {
        minLength: 2,
        maxLength: 4,
        size: 'max',
      },
    );
    const reach = new Reach();
    fc.assert(
      fc.property(many, losses, (before, after) => {
        const world = new World(15, 1000);
        for (const each of [...before, ...after]) each.run(world);
        reach.note(world.engine.events);
      }),
      { numRuns: 400, seed: 23 },
    );
    reach.expect({ 'reservation degraded': 300, 'reservation restored': 30, 'offer withdrawn': 150 });
  });

  it('at the end machines are deleted, or run on and hold what they consume, and what nobody holds is free', () => {
    const machines = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(machines, fc.constantFrom('terminate', 'release'), fc.boolean(), (lengths, atEnd, late) => {
        const engine = new Engine();
        engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...DEFAULT_POLICY, atEnd } }] });
        const pool = engine.pool(engine.provider(), { cores: 20, ram: 20_480, instances: 20 });
        const made = lengths.map((length) => {
          const capacity = { cores: 2, ram: 1024, instances: 2 };
          const reservation = engine.reserve({ end: NOW + length * TICK, demand: { capacity } });
          const booted = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', reservation });
          if (booted.outcome !== 'accepted') throw new Error(booted.refusal.message);
          return { length, id: booted.allocation.id };
        });
        for (let tick = 1; tick <= 7; tick++) {
          if (late) engine.sleep(TICK);
          else engine.advance(TICK);
          for (const { length, id } of made) {
            const machine = engine.head.allocations.get(id);
            const over = length <= tick;
            expect(machine?.backing).to.equal(over ? 'own' : 'reservation');
            expect(machine?.vmState === 'DELETING').to.equal(over && atEnd === 'terminate');
          }
          const open = made.filter(({ length }) => length > tick).length;
          const free = engine.head.nodes.get(`pool/${pool}`)?.free.valueAt(engine.now)[0];
          // A machine of one core, whether it goes or stays, until the VIM has confirmed that it is gone.
          expect(free).to.equal(20 - 2 * open - (made.length - open));
        }
        engine.replay();
      }),
      { numRuns: 150, seed: 22 },
    );
  });
});
