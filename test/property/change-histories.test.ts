/**
 * What becomes of reservations when a pool changes under them, beside a naive model that counts tick by tick: decreases, forced or not, of
 * a pool that promises more or less than it has, and hosts that fail and return. And what becomes of machines when their reservation ends.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import type { Priority } from '../../src/engine/entities.ts';
import { Engine, NOW, inventoryOf } from '../unit/engine/engine-fixture.ts';

const TICK = 60_000;
const HORIZON = 16;
/** Cores of each host. */
const HOSTS = [4, 5, 6] as const;

interface Held {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly cores: number;
  readonly priority: Priority;
}

class World {
  readonly engine = new Engine();
  readonly held: Held[] = [];
  readonly down = new Set<number>();
  readonly #source: string;
  readonly #ratio: number;
  readonly #pool: string;
  #cores: number;

  constructor(cores: number, ratio: number) {
    this.#cores = cores;
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

  reserve({
    start,
    length,
    cores,
    priority,
  }: {
    start: number;
    length: number;
    cores: number;
    priority: Priority;
  }): void {
    this.engine.now += 1;
    const [from, to] = [1 + start, 1 + start + length];
    const result = this.engine.do('createReservation', {
      start: NOW + from * TICK,
      end: NOW + to * TICK,
      priority,
      demand: { capacity: { cores } },
    });
    const fits = ticks(from, to).every((tick) => this.#at(tick) + cores <= this.#promised(this.#cores));
    expect(result.outcome).to.equal(fits ? 'granted' : 'refused');
    if (result.outcome !== 'refused') this.held.push({ id: result.reservation.id, from, to, cores, priority });
  }

  decrease(amount: number, force: boolean): void {
    const after = this.#cores - amount;
    const tooMuch = ticks(0, HORIZON).some((tick) => this.#at(tick) > this.#promised(after));
    const refused = after < 0 || (!force && tooMuch);
    if (this.#ratio !== 1000) {
      if (after < 0) return;
      const degraded = this.#degraded(this.#cores);
      const harms = [...this.#degraded(after)].some((id) => !degraded.has(id));
      expect(this.#edit(after)).to.equal(harms ? 'refused' : 'applied');
      if (!harms) this.#cores = after;
      this.#agree();
      return;
    }
    const before = this.#statuses();
    const result = this.engine.do('decreaseCapacity', {
      source: this.#source,
      pool: this.#pool,
      capacity: { cores: amount },
      force,
    });
    expect(result.outcome).to.equal(refused ? 'refused' : 'decreased');
    if (!refused) this.#cores = after;
    else expect(this.#statuses(), 'a refusal changes nothing').to.deep.equal(before);
    if (result.outcome === 'refused' && after >= 0) {
      const named = result.affected.map(({ reservation }) => reservation.id).sort();
      const hit = [...this.#degraded(after)].filter((id) => !before.get(id)?.startsWith('degraded')).sort();
      expect(named, 'whom it would hit').to.deep.equal(hit);
      const most = result.most.cores ?? 0;
      const fine = (less: number): boolean =>
        ticks(0, HORIZON).every((tick) => this.#at(tick) <= this.#promised(this.#cores - less));
      if (most > 0) expect(fine(most), `${most} can be taken`).to.equal(true);
    }
    this.#agree();
  }

  toggle(host: number): void {
    if (!this.down.delete(host)) this.down.add(host);
    const hosts = HOSTS.map((cores, index) => ({
      name: `h${index}`,
      cores,
      state: this.down.has(index) ? ('down' as const) : ('up' as const),
    }));
    this.engine.do('updateProvider', { id: this.#source, inventory: inventoryOf(hosts) });
    this.#agree();
  }

  /** Degraded are exactly those that the rule says, at each change. */
  #agree(): void {
    const degraded = [...this.#statuses()].filter(([, status]) => status === 'degraded').map(([id]) => id);
    expect(degraded.sort()).to.deep.equal([...this.#degraded(this.#cores)].sort());
  }

  /** The lowest class first, the newest in it, until each tick has enough; then whoever fits beside the others after all is taken back. */
  #degraded(cores: number): Set<string> {
    const limit = this.#promised(cores);
    const ranked = [...this.held]
      .map((each, age) => ({ ...each, age }))
      .sort((a, b) => b.priority - a.priority || b.age - a.age);
    const out = new Set<string>();
    const sum = (tick: number): number =>
      total(this.held.filter(({ id, from, to }) => !out.has(id) && from <= tick && tick < to));
    for (const tick of ticks(0, HORIZON)) {
      for (const { id, from, to } of ranked) {
        if (sum(tick) <= limit) break;
        if (from <= tick && tick < to) out.add(id);
      }
    }
    for (const { id, from, to, cores: asked } of [...ranked].reverse()) {
      if (out.has(id) && ticks(from, to).every((tick) => sum(tick) + asked <= limit)) out.delete(id);
    }
    return out;
  }

  #statuses(): Map<string, string> {
    return new Map(this.held.map(({ id }) => [id, this.engine.head.reservations.get(id)?.status ?? 'gone']));
  }

  #at(tick: number): number {
    return total(this.held.filter(({ from, to }) => from <= tick && tick < to));
  }

  /** What a pool of so many cores promises: the hosts that are up may have less, the buffer beside the pool goes first. */
  #promised(cores: number): number {
    const up = HOSTS.reduce((sum, each, index) => sum + (this.down.has(index) ? 0 : each), 0);
    return Math.floor((Math.min(cores, up) * this.#ratio) / 1000);
  }
}

function ticks(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function total(held: readonly { readonly cores: number }[]): number {
  return held.reduce((sum, { cores }) => sum + cores, 0);
}

const reserve = fc
  .record({
    start: fc.nat({ max: 9 }),
    length: fc.integer({ min: 1, max: 5 }),
    cores: fc.integer({ min: 1, max: 8 }),
    priority: fc.constantFrom<Priority>(1, 2, 3),
  })
  .map((asked) => ({
    run: (world: World): void => world.reserve(asked),
    toString: () => `reserve ${asked.cores} at +${asked.start} for ${asked.length}, class ${asked.priority}`,
  }));
const decrease = fc
  .record({ amount: fc.integer({ min: 1, max: 6 }), force: fc.boolean() })
  .map(({ amount, force }) => ({
    run: (world: World): void => world.decrease(amount, force),
    toString: () => `${force ? 'force off' : 'decrease'} ${amount}`,
  }));
const toggle = fc.nat({ max: HOSTS.length - 1 }).map((host) => ({
  run: (world: World): void => world.toggle(host),
  toString: () => `fail or restore host ${host}`,
}));

describe('changes under reservations', function () {
  this.timeout(60_000);

  it('a decrease is refused or degrades whom the rule says, and so does a host that fails, with any ratio of over-commitment', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 15 }),
        fc.constantFrom(1000, 1500, 2000, 700),
        fc.array(fc.oneof({ arbitrary: reserve, weight: 3 }, decrease, toggle), { minLength: 2, maxLength: 12 }),
        (cores, ratio, steps) => {
          const world = new World(cores, ratio);
          for (const step of steps) step.run(world);
          world.engine.replay();
        },
      ),
      { numRuns: 1500, seed: 21 },
    );
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
