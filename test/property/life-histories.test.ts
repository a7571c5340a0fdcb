/**
 * How reservations live and end, beside a naive model: a list of reservations, a list of machines, and one rule that says what happens at a
 * tick. What is not allocated in time is released; notice is given once for each end; what is in use is kept; and at the end, at an expiry
 * and with a cancellation machines go or run on. There is always room: who gets it is a matter of other histories.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import type { Policy } from '../../src/engine/entities.ts';
import type { DomainEvent, ReservationEvent } from '../../src/engine/events.ts';
import { Engine, NOW } from '../unit/engine/engine-fixture.ts';
import { pick, Reach } from './histories.ts';

const TICK = 60_000;
const TOTAL = { cores: 400, ram: 409_600 } as const;
const FLAVORS = { small: { cores: 1, ram: 512 }, large: { cores: 4, ram: 4096 } } as const;
/** Free capacity is looked at so far ahead. */
const AHEAD = 16;
/** In ticks: where what has no end is bounded. */
const LONGEST = DEFAULT_POLICY.maxDuration * 60;

interface Amount {
  readonly cores: number;
  readonly ram: number;
}

interface Reservation {
  readonly id: string;
  from: number;
  to: number;
  /** The tick that was asked for, or as policy says; absent: it is over with it. */
  expiry: number | 'by policy' | undefined;
  /** After how many ticks from its start policy has it expire; absent: never. */
  readonly patience: number | undefined;
  holds: Amount;
  started: boolean;
  /** Whether notice was given of the end that it has. */
  noticed: boolean;
  over: 'ended' | 'expired' | 'cancelled' | undefined;
}

interface Machine extends Amount {
  readonly id: string;
  /** Absent: it holds what it consumes itself. */
  of: Reservation | undefined;
  leaving: boolean;
}

interface Rules {
  /** Ticks. */
  readonly validity: number;
  readonly expiry: number | undefined;
  lead: number | undefined;
  atEnd: Policy['atEnd'];
}

/** The rules, over lists. */
class Model {
  readonly reservations: Reservation[] = [];
  machines: Machine[] = [];
  now = 0;
  readonly rules: Rules;
  told: string[] = [];

  constructor(rules: Rules) {
    this.rules = rules;
  }

  open(): Reservation[] {
    return this.reservations.filter(({ over }) => over === undefined);
  }

  inUse(): Reservation[] {
    return this.open().filter((each) => this.of(each).length > 0);
  }

  /** What happens at the present tick: ends, then what was not allocated in time, then notices, then starts. */
  happen(): void {
    for (const each of this.open()) if (each.to <= this.now) this.end(each, 'ended', this.rules.atEnd);
    for (const each of this.open()) if (this.expiresAt(each) === this.now) this.#expire(each);
    this.notify();
    for (const each of this.open()) {
      if (each.started || each.from > this.now) continue;
      each.started = true;
      this.#tell(each.id, 'started');
    }
  }

  /** Absent: never. What would expire at its end just ends. */
  expiresAt({ expiry, patience, from, to }: Reservation): number | undefined {
    const asked = expiry === 'by policy' ? from + (patience ?? Infinity) : expiry;
    return asked === undefined || asked === Infinity ? undefined : Math.min(asked, to);
  }

  /** All of it is released where nothing is in use, else the rest: where there is none, there is nothing to tell. */
  #expire(each: Reservation): void {
    const used = this.used(each);
    if (this.of(each).length === 0) {
      this.end(each, 'expired', 'release');
    } else if (!fits(each.holds, used)) {
      each.expiry = undefined;
      each.holds = used;
      this.#tell(each.id, 'expired');
    }
  }

  /** Once for each end, when no more than the lead is left of what has begun. */
  notify(): void {
    for (const each of this.open()) {
      if (each.noticed || !this.#isNear(each)) continue;
      each.noticed = true;
      const machines = this.of(each).filter(({ leaving }) => !leaving).length;
      this.#tell(each.id, machines === 0 ? 'ending' : `ending, ${this.rules.atEnd} ${machines}`);
    }
  }

  /** Whoever has not been told of his end is told by the new lead. */
  setLead(lead: number | undefined): void {
    this.rules.lead = lead;
    this.notify();
  }

  #isNear({ from, to }: Reservation): boolean {
    const { lead } = this.rules;
    return lead !== undefined && from <= this.now && to - lead <= this.now;
  }

  end(each: Reservation, how: NonNullable<Reservation['over']>, machines: Policy['atEnd']): void {
    each.over = how;
    for (const machine of this.of(each)) {
      machine.of = undefined;
      machine.leaving ||= machines === 'terminate';
      this.#tell(machine.id, 'reservation-over');
    }
    this.#tell(each.id, how);
  }

  of(each: Reservation): Machine[] {
    return this.machines.filter(({ of }) => of === each);
  }

  used(each: Reservation): Amount {
    return sum(this.of(each));
  }

  free(tick: number): number {
    const held = this.open().filter(({ from, to }) => from <= tick && tick < to);
    const own = this.machines.filter(({ of }) => of === undefined);
    return TOTAL.cores - sum(held.map(({ holds }) => holds)).cores - sum(own).cores;
  }

  #tell(id: string, what: string): void {
    this.told.push(`${id} ${what}`);
  }
}

function sum(of: readonly Amount[]): Amount {
  return of.reduce((all, { cores, ram }) => ({ cores: all.cores + cores, ram: all.ram + ram }), { cores: 0, ram: 0 });
}

function fits(inner: Amount, outer: Amount): boolean {
  return inner.cores <= outer.cores && inner.ram <= outer.ram;
}

interface Asked {
  /** Ticks from now; absent: immediate use. */
  readonly start: number | undefined;
  /** Absent: no end. */
  readonly length: number | undefined;
  /** Ticks after the start. */
  readonly expiry: number | undefined;
  readonly holds: Amount;
}

interface Change {
  /** Ticks from now, of what has not begun; what has begun keeps its start. */
  readonly start?: number | undefined;
  /** Ticks from the start or, of what has begun, from now. */
  readonly length?: number | undefined;
  /** As long as from where the length is counted. */
  readonly expiry?: number | 'by policy' | undefined;
  readonly holds?: Amount | undefined;
}

class World {
  readonly engine = new Engine();
  readonly model: Model;
  /** How often a change was refused since more is in use. */
  kept = 0;
  readonly #pool: string;
  #seen = 0;

  constructor(rules: Rules) {
    this.model = new Model({ ...rules });
    this.#setPolicy();
    this.#pool = this.engine.pool(this.engine.provider([{ name: 'h', cores: 400 }]), { ...TOTAL, instances: 100 });
    this.#events();
  }

  reserve({ start, length, expiry, holds }: Asked): void {
    const { model, engine } = this;
    const from = model.now + (start ?? 0);
    const id = engine.reserve({
      ...(start === undefined ? {} : { start: at(from) }),
      ...(length === undefined ? {} : { end: at(from + length) }),
      ...(expiry === undefined ? {} : { expiryTime: at(from + expiry) }),
      demand: { capacity: holds },
    });
    model.reservations.push({
      id,
      from,
      to: from + (length ?? LONGEST),
      expiry: expiry === undefined ? 'by policy' : from + expiry,
      patience: start === undefined ? model.rules.validity : model.rules.expiry,
      holds,
      started: from === model.now,
      noticed: false,
      over: undefined,
    });
    model.told.push(`${id} created`);
    model.notify();
    this.#agree();
  }

  boot(which: number, flavor: keyof typeof FLAVORS): void {
    const { model, engine } = this;
    const reservation = pick(model.open(), which);
    if (reservation === undefined) return;
    const size = FLAVORS[flavor];
    const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor, reservation: reservation.id });
    const reason = !reservation.started
      ? 'reservation-not-started'
      : fits(sum([model.used(reservation), size]), reservation.holds)
        ? undefined
        : 'exceeds-reservation';
    expect(result.outcome === 'refused' ? result.refusal.reason : undefined).to.equal(reason);
    if (result.outcome === 'accepted')
      model.machines.push({ id: result.allocation.id, ...size, of: reservation, leaving: false });
    this.#agree();
  }

  destroy(which: number): void {
    const machine = pick(this.model.machines, which);
    if (machine === undefined) return;
    this.engine.do('destroyInstance', { id: machine.id });
    machine.leaving = true;
    this.#agree();
  }

  gone(which: number): void {
    const { model, engine } = this;
    const machine = pick(
      model.machines.filter(({ leaving }) => leaving),
      which,
    );
    if (machine === undefined) return;
    engine.do('serverGone', { allocation: machine.id });
    model.machines = model.machines.filter((each) => each !== machine);
    this.#agree();
  }

  /** What is in use is kept, or nothing is changed and the refusal says what that is. */
  update(reservation: Reservation | undefined, change: Change): void {
    const { model, engine } = this;
    if (reservation === undefined) return;
    const { id } = reservation;
    const { from, to, expiry } = this.#times(reservation, change);
    const { holds = reservation.holds } = change;
    const before = engine.reservation(id);
    const result = engine.do('updateReservation', {
      id,
      ...(from === reservation.from ? {} : { start: at(from) }),
      ...(to === reservation.to ? {} : { end: at(to) }),
      ...(typeof expiry === 'number' ? { expiryTime: at(expiry) } : {}),
      ...(expiry === 'by policy' ? { clear: ['expiry-time'] } : {}),
      ...(change.holds === undefined ? {} : { demand: { capacity: holds } }),
    });
    const used = model.used(reservation);
    if (!fits(used, holds)) {
      if (result.outcome !== 'refused') throw new Error(`${id} has less than is in use`);
      expect(result.refusal.reason).to.equal('below-allocated');
      expect(result.refusal.inUse, 'what is in use').to.deep.equal(used);
      expect(engine.reservation(id)).to.equal(before);
      this.kept += 1;
    } else {
      expect(result.outcome, result.outcome === 'refused' ? result.refusal.message : '').to.equal('updated');
      const noticed = reservation.noticed && to === reservation.to;
      Object.assign(reservation, { from, to, noticed, holds, expiry: expiry ?? reservation.expiry });
      // An instant that has passed asks for nothing any more: what is added afterwards may wait.
      if ((model.expiresAt(reservation) ?? Infinity) <= model.now) reservation.expiry = undefined;
      model.told.push(`${id} updated`);
      model.notify();
    }
    this.#agree();
  }

  /** Where the times of a change lie. An expiry that does not lie after the start cannot be: it is left to policy then. */
  #times(reservation: Reservation, { start, length, expiry }: Change) {
    const { now } = this.model;
    const moves = start !== undefined && !reservation.started;
    const from = moves ? now + start : reservation.from;
    const origin = Math.max(from, now);
    const to = length !== undefined || moves ? origin + (length ?? 3) : reservation.to;
    const asked = typeof expiry === 'number' ? origin + expiry : expiry;
    const { expiry: known } = reservation;
    const cannotStay = !reservation.started && typeof known === 'number' && known <= from;
    return { from, to, expiry: asked ?? (cannotStay ? ('by policy' as const) : undefined) };
  }

  cancel(which: number): void {
    const { model, engine } = this;
    const reservation = pick(model.open(), which);
    if (reservation === undefined) return;
    const machines = model.of(reservation).map(({ id }) => id);
    const result = engine.do('cancelReservation', { id: reservation.id });
    expect(result).to.deep.include({ outcome: 'cancelled', released: machines });
    model.end(reservation, 'cancelled', 'release');
    this.#agree();
  }

  setLead(lead: number | undefined): void {
    this.model.setLead(lead);
    this.#setPolicy();
    this.#agree();
  }

  setAtEnd(atEnd: Policy['atEnd']): void {
    this.model.rules.atEnd = atEnd;
    this.#setPolicy();
    this.#agree();
  }

  wait(ticks: number): void {
    const { model, engine } = this;
    for (let tick = 0; tick < ticks; tick++) {
      engine.advance(TICK - 1);
      this.#agree();
      model.now += 1;
      model.happen();
      engine.advance(1);
      this.#agree();
    }
  }

  /** Nothing runs meanwhile, and what fell due is carried out late. */
  sleep(ticks: number): void {
    const { model, engine } = this;
    for (let tick = 0; tick < ticks; tick++) {
      model.now += 1;
      model.happen();
    }
    engine.sleep(ticks * TICK);
    this.#agree();
  }

  #setPolicy(): void {
    const { validity, expiry, lead, atEnd } = this.model.rules;
    const entry: Policy = {
      ...DEFAULT_POLICY,
      immediateValidity: validity,
      ...(expiry === undefined ? {} : { expiry }),
      ...(lead === undefined ? {} : { terminationLead: lead }),
      atEnd,
    };
    expect(this.engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] }).outcome).to.equal('applied');
  }

  #events(): readonly DomainEvent[] {
    const events = this.engine.events.slice(this.#seen);
    this.#seen = this.engine.events.length;
    return events;
  }

  #agree(): void {
    const { model, engine } = this;
    engine.advance(0);
    const told = this.#events().flatMap((event) => {
      if (event.kind === 'reservation-event') return [`${event.reservation.id} ${event.cause}${fateIn(event)}`];
      const over = event.kind === 'allocation-event' && event.cause === 'reservation-over';
      return over ? [`${event.allocation.id} ${event.cause}`] : [];
    });
    expect(told.sort(), `told at ${model.now}`).to.deep.equal(model.told.splice(0).sort());
    for (const each of model.reservations) this.#expectAs(each);
    const machines = [...engine.head.allocations.values()].map(({ id, backing, vmState }) => ({
      id,
      own: backing === 'own',
      leaving: vmState === 'DELETING',
    }));
    expect(machines, 'machines').to.deep.equal(
      model.machines.map(({ id, of, leaving }) => ({ id, own: of === undefined, leaving })),
    );
    const free = engine.head.nodes.get(`pool/${this.#pool}`)?.free;
    const ticks = Array.from({ length: AHEAD }, (_, ahead) => model.now + ahead + 1);
    expect(
      ticks.map((tick) => free?.valueAt(at(tick))[0]),
      'what is free',
    ).to.deep.equal(ticks.map((tick) => model.free(tick)));
  }

  #expectAs(each: Reservation): void {
    const { id, to, started, over } = each;
    if (over === 'cancelled') {
      expect(this.engine.head.reservations.has(id), `whether ${id}, which is withdrawn, is there`).to.equal(false);
      return;
    }
    const shown = this.engine.reservation(id);
    expect(shown.status, id).to.equal(over ?? (started ? 'active' : 'scheduled'));
    if (over !== undefined) return;
    expect(shown.endsAt, `end of ${id}`).to.equal(at(to));
    const expires = this.model.expiresAt(each);
    expect(shown.expiresAt, `expiry of ${id}`).to.equal(expires === undefined ? undefined : at(expires));
  }
}

/** What a notice says of machines: how many go, or run on. */
function fateIn({ cause, reservation: { message } }: ReservationEvent): string {
  const [, fate, count] =
    cause === 'ending' ? (/is then (destroyed|released).*: (\d+) virtual machines?\.$/.exec(message ?? '') ?? []) : [];
  return fate === undefined ? '' : `, ${fate === 'destroyed' ? 'terminate' : 'release'} ${count}`;
}

function at(tick: number): number {
  return NOW + tick * TICK;
}

interface Step {
  readonly run: (world: World) => void;
  readonly toString: () => string;
}

const which = fc.nat({ max: 4 });
const lead = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined, freq: 4 });
const atEnd = fc.constantFrom<Policy['atEnd']>('terminate', 'release');
const holds = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom(512, 1024))
  .map(([cores, each]): Amount => ({ cores, ram: cores * each }));
const asked = fc.record<Asked>({
  start: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 2 }),
  length: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined, freq: 5 }),
  expiry: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined, freq: 2 }),
  holds,
});
const change = fc.record<Change>({
  start: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 2 }),
  expiry: fc.option(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant('by policy' as const)), {
    nil: undefined,
    freq: 2,
  }),
  length: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
  holds: fc.option(holds, { nil: undefined, freq: 2 }),
});
const inWords = (amount: Amount | undefined): string =>
  amount === undefined ? 'the same' : `${amount.cores} cores and ${amount.ram} MB`;
const step = fc.oneof(
  {
    arbitrary: asked.map((what): Step => ({
      run: (world) => world.reserve(what),
      toString: () =>
        `reserve ${inWords(what.holds)} at +${what.start ?? 'now'} for ${what.length ?? 'good'}, expiry ${what.expiry ?? 'by policy'}`,
    })),
    weight: 3,
  },
  {
    arbitrary: fc.tuple(which, fc.constantFrom('small' as const, 'large' as const)).map(([of, flavor]): Step => ({
      run: (world) => world.boot(of, flavor),
      toString: () => `boot ${flavor} under ${of}`,
    })),
    weight: 8,
  },
  which.map((of): Step => ({ run: (world) => world.destroy(of), toString: () => `destroy ${of}` })),
  which.map((of): Step => ({ run: (world) => world.gone(of), toString: () => `gone ${of}` })),
  {
    arbitrary: fc.tuple(which, change).map(([of, what]): Step => ({
      run: (world) => world.update(pick(world.model.open(), of), what),
      toString: () =>
        `update ${of}: start ${what.start ?? 'kept'}, length ${what.length ?? 'kept'}, expiry ${what.expiry ?? 'kept'}, ${inWords(what.holds)}`,
    })),
    weight: 4,
  },
  {
    arbitrary: fc.tuple(which, fc.integer({ min: 1, max: 2 })).map(([of, cores]): Step => ({
      run: (world) => world.update(pick(world.model.inUse(), of), { holds: { cores, ram: cores * 512 } }),
      toString: () => `shrink ${of} of those in use to ${cores} cores`,
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
    weight: 6,
  },
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
    let kept = 0;
    fc.assert(
      fc.property(rules, fc.array(step, { minLength: 4, maxLength: 18, size: 'max' }), (given, steps) => {
        const world = new World(given);
        for (const each of steps) each.run(world);
        world.engine.replay();
        reach.note(world.engine.events);
        kept += world.kept;
      }),
      { numRuns: 1200, seed: 61 },
    );
    reach.expect({
      'reservation expired expired': 100,
      'reservation expired active': 50,
      'reservation ending': 300,
      'reservation ended': 150,
      'reservation cancelled': 50,
      'reservation updated': 300,
      'allocation reservation-over DELETING': 40,
      'allocation reservation-over INITIALIZED': 50,
    });
    expect(kept, 'refusals to shrink below what is in use').to.be.at.least(40);
  });
});
