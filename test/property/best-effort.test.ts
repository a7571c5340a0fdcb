/**
 * Machines without a reservation under best effort, beside a naive model: a list of machines, a list of reservations, and sums of cores.
 * Machines have what nothing holds at present; a reservation that is due has them withdrawn, and starts when there is room for it.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Priority } from '../../src/engine/entities.ts';
import { byMerit } from '../../src/engine/merit.ts';
import { Engine, NOW } from '../unit/engine/engine-fixture.ts';
import { confirmGone, destroyMachine, pick, Reach } from './histories.ts';

const TICK = 60_000;
const SIZES = { small: 1, large: 4 } as const;

interface Held {
  readonly id: string;
  readonly cores: number;
  readonly priority: Priority;
  readonly createdOn: number;
}

interface Reservation extends Held {
  readonly from: number;
  readonly to: number;
  started: boolean;
}

interface Machine extends Held {
  /** It is being deleted, and the VIM has not confirmed that it is gone. */
  leaving: boolean;
}

/** The rules, over lists. */
class Model {
  reservations: Reservation[] = [];
  machines: Machine[] = [];
  now = 0;
  /** The last tick of which all that was due then has been looked at. */
  #seen = 0;
  readonly #total: number;

  constructor(cores: number) {
    this.#total = cores;
  }

  /** Machines do not stand in the way of a reservation. */
  grants(from: number, to: number, cores: number): boolean {
    for (let tick = from; tick < to; tick++) {
      const held = this.reservations.filter((each) => each.from <= tick && tick < each.to);
      if (sum(held) + cores > this.#total) return false;
    }
    return true;
  }

  /** What is due is held, and what machines have that are not gone. */
  free(): number {
    return this.#total - sum(this.#due()) - sum(this.machines);
  }

  /** What is due has its place: of the machines the lowest class goes, the newest first, and nobody who need not. */
  withdraw(): void {
    const room = this.#total - sum(this.#due());
    const kept: Machine[] = [];
    for (const each of this.machines.filter(({ leaving }) => !leaving).sort(byMerit)) {
      if (sum([...kept, each]) <= room) kept.push(each);
      else each.leaving = true;
    }
  }

  /**
   * What is due starts when there is room for it beside what has started and the machines that are there: who waits already first, the
   * best before others, and then those that have just become due, in the order of their ids.
   */
  start(): void {
    const due = this.#due()
      .filter(({ started }) => !started)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const waiting = due.filter(({ from }) => from < this.now || this.#seen === this.now).sort(byMerit);
    for (const each of new Set([...waiting, ...due])) {
      const others = this.reservations.filter(({ started }) => started);
      if (sum([...others, ...this.machines, each]) <= this.#total) each.started = true;
    }
    this.#seen = this.now;
  }

  #due(): Reservation[] {
    return this.reservations.filter(({ from }) => from <= this.now);
  }
}

function sum(held: readonly Held[]): number {
  return held.reduce((all, { cores }) => all + cores, 0);
}

class World {
  readonly engine = new Engine();
  readonly model: Model;

  constructor(cores: number) {
    this.model = new Model(cores);
    this.engine.pool(this.engine.provider(undefined, 'lab', 'best-effort'), { cores, ram: 100_000, instances: 100 });
  }

  reserve(start: number, length: number, cores: number, priority: Priority): void {
    this.engine.now += 1;
    const { model, engine } = this;
    const [from, to] = [model.now + start, model.now + start + length];
    const result = engine.do('createReservation', {
      ...(start === 0 ? {} : { start: NOW + from * TICK }),
      end: NOW + to * TICK,
      expiryTime: NOW + to * TICK,
      priority,
      demand: { capacity: { cores } },
    });
    expect(result.outcome).to.equal(model.grants(from, to, cores) ? 'granted' : 'refused');
    if (result.outcome === 'refused') return;
    const { id } = result.reservation;
    model.reservations.push({ id, from, to, cores, priority, createdOn: engine.now, started: false });
    this.#agree();
  }

  boot(flavor: keyof typeof SIZES, priority: Priority): void {
    this.engine.now += 1;
    const { model, engine } = this;
    const cores = SIZES[flavor];
    const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor, priority });
    expect(result.outcome, result.outcome === 'refused' ? result.refusal.message : '').to.equal(
      cores <= model.free() ? 'accepted' : 'refused',
    );
    if (result.outcome === 'refused') return;
    const { id } = result.allocation;
    model.machines.push({ id, cores, priority, createdOn: engine.now, leaving: false });
    this.#agree();
  }

  destroy(which: number): void {
    destroyMachine(this.engine, this.model.machines, which);
    this.#agree();
  }

  gone(which: number): void {
    this.model.machines = confirmGone(this.engine, this.model.machines, which);
    this.#agree();
  }

  cancel(which: number): void {
    const reservation = pick(this.model.reservations, which);
    if (reservation === undefined) return;
    this.engine.do('cancelReservation', { id: reservation.id });
    this.model.reservations = this.model.reservations.filter((each) => each !== reservation);
    this.#agree();
  }

  wait(ticks: number): void {
    const { model, engine } = this;
    for (let tick = 0; tick < ticks; tick++) {
      model.now += 1;
      engine.advance(NOW + model.now * TICK - engine.now);
      model.reservations = model.reservations.filter(({ to }) => to > model.now);
      this.#agree();
    }
  }

  #agree(): void {
    const { model, engine } = this;
    model.withdraw();
    model.start();
    const machines = [...engine.head.allocations.values()].map(({ id, vmState }) => ({
      id,
      leaving: vmState === 'DELETING',
    }));
    expect(machines, 'machines').to.deep.equal(model.machines.map(({ id, leaving }) => ({ id, leaving })));
    for (const { id, started, from } of model.reservations) {
      const { status, awaits = [] } = engine.reservation(id);
      expect(status, `${id} at ${model.now}`).to.equal(started ? 'active' : 'scheduled');
      expect(awaits.length > 0, `${id} waits at ${model.now}`).to.equal(!started && from <= model.now);
      const leaving = model.machines.filter((each) => each.leaving).map((each) => each.id);
      expect(leaving, 'who is waited for is going').to.include.members([...awaits]);
    }
  }
}

interface Step {
  readonly run: (world: World) => void;
  readonly toString: () => string;
}

const priority = fc.constantFrom<Priority>(1, 2, 3);
const which = fc.nat({ max: 6 });
const reserve = fc
  .tuple(fc.nat({ max: 4 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 8 }), priority)
  .map(([start, length, cores, of]): Step => ({
    run: (world) => world.reserve(start, length, cores, of),
    toString: () => `reserve ${cores} at +${start} for ${length}, class ${of}`,
  }));
const boot = fc.tuple(fc.constantFrom('small' as const, 'large' as const), priority).map(([flavor, of]): Step => ({
  run: (world) => world.boot(flavor, of),
  toString: () => `boot ${flavor}, class ${of}`,
}));
const destroy = which.map((of): Step => ({ run: (world) => world.destroy(of), toString: () => `destroy ${of}` }));
const gone = which.map((of): Step => ({ run: (world) => world.gone(of), toString: () => `gone ${of}` }));
const cancel = which.map((of): Step => ({ run: (world) => world.cancel(of), toString: () => `cancel ${of}` }));
const wait = fc.integer({ min: 1, max: 3 }).map((ticks): Step => ({
  run: (world) => world.wait(ticks),
  toString: () => `wait ${ticks}`,
}));
const step = fc.oneof(
  { arbitrary: reserve, weight: 4 },
  { arbitrary: boot, weight: 4 },
  destroy,
  { arbitrary: gone, weight: 3 },
  cancel,
  { arbitrary: wait, weight: 2 },
);

describe('best effort', function () {
  this.timeout(300_000);

  it('gives machines what nothing holds, withdraws whom the rule says when reservations are due, and starts these when there is room', () => {
    const reach = new Reach();
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 12 }),
        fc.array(step, { minLength: 5, maxLength: 14, size: 'max' }),
        (cores, steps) => {
          const world = new World(cores);
          for (const each of steps) each.run(world);
          world.engine.replay();
          reach.note(world.engine.events);
        },
      ),
      { numRuns: 1000, seed: 41 },
    );
    reach.expect({ 'allocation preempted': 150, 'reservation started': 200 });
  });
});
