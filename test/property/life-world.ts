/**
 * The engine beside the model of `life-model.ts`: each operation is given to both, and after each the two have to agree on what is told, on
 * each reservation and machine, and on what is free.
 */
import { expect } from 'chai';
import { remainingInstances, remainingOf } from '../../src/engine/claims.ts';
import { RETENTION } from '../../src/engine/due.ts';
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import type {
  Container,
  Demand as Asking,
  FlexibleWindow,
  Policy,
  Recurrence,
  RequestedWindow,
} from '../../src/engine/entities.ts';
import type { DomainEvent, ReservationEvent } from '../../src/engine/events.ts';
import { Engine, MINUTE, NOW } from '../unit/engine/engine-fixture.ts';
import { confirmGone, destroyMachine, pick } from './histories.ts';
import type { Reach } from './histories.ts';
import { FLAVORS, FLAVOR_NAMES, LONGEST, Model, TICK_MINUTES, TOTAL } from './life-model.ts';
import { expiresAt, inAll, isLess, isWithin, periodOf, sum } from './life-model.ts';
import type { Amount, Demand, Flavor, Machine, Repeat, Reservation, Rules, Times } from './life-model.ts';

const TICK = TICK_MINUTES * MINUTE;
/** Free capacity is looked at so far ahead. */
const AHEAD = 16;
/** Together they have more than the pool, and local disk for all instances that there can be. */
const HOSTS = ['h1', 'h2'].map((name) => ({ name, cores: 300, disk: 4_000 }));

/** What a consumer asks for. */
export interface Asked {
  /** Ticks from now; absent: immediate use. */
  readonly start: number | undefined;
  /** Absent: no end, of one window at given times. */
  readonly length: number | undefined;
  /** Ticks after the start. */
  readonly expiry: number | undefined;
  readonly demand: Demand;
  /** With how much room for the window to be put off; absent: the times are given. */
  readonly slack: number | undefined;
  readonly repeat: Repeat | undefined;
  /** Whether the number of windows follows from an instant after which none starts. */
  readonly byUntil: boolean;
}

/** What a consumer changes; what is left out stays. */
export interface Change {
  /** Ticks from now, of what has not begun; what has begun keeps its start. */
  readonly start?: number | undefined;
  /** Ticks from the start or, of a window in progress, from now. */
  readonly length?: number | undefined;
  /** As long as from where the length is counted. */
  readonly expiry?: number | 'by policy' | undefined;
  readonly aggregate?: Amount | undefined;
  readonly instances?: Demand['instances'] | undefined;
  /** How many windows follow the present one; `alone`: the first does not repeat any more. */
  readonly more?: number | 'alone' | undefined;
}

export class World {
  readonly engine = new Engine();
  readonly model: Model;
  readonly #reach: Reach;
  readonly #pool: string;
  #seen = 0;

  constructor(rules: Rules, reach: Reach) {
    this.model = new Model({ ...rules });
    this.#reach = reach;
    this.engine.checked = false;
    this.#pool = this.engine.pool(this.engine.provider(HOSTS), { ...TOTAL, instances: 100 });
    this.#setPolicy();
    this.engine.checked = true;
    this.#events();
  }

  reserve(asked: Asked): void {
    const { model, engine } = this;
    const { start, length, expiry, demand, slack, repeat } = asked;
    const from = model.now + (start ?? 0);
    const lasts = repeat === undefined ? length : Math.min(length ?? 3, periodOf({ repeat }));
    const isFlexible = slack !== undefined && lasts !== undefined;
    const window = isFlexible ? { flexible: boundsOf(asked, from, lasts, slack) } : windowOf(asked, from, lasts);
    const id = engine.reserve({
      ...window,
      ...(repeat === undefined ? {} : { recurrence: recurring(repeat, asked.byUntil ? from : undefined) }),
      ...(expiry === undefined ? {} : { expiryTime: at(from + expiry) }),
      demand: asking(demand),
    });
    model.reservations.push({
      id,
      first: from,
      from,
      to: from + (lasts ?? LONGEST),
      repeat,
      occurrence: 1,
      expiry: expiry === undefined ? 'by policy' : from + expiry,
      patience: start === undefined && !isFlexible ? model.rules.validity : model.rules.expiry,
      demand,
      holds: demand,
      settled: false,
      started: from === model.now,
      noticed: false,
      over: undefined,
      since: 0,
    });
    model.told.push(`${id} created`);
    model.notify();
    this.#agree();
  }

  boot(reservation: Reservation | undefined, flavor: Flavor): void {
    const { model, engine } = this;
    if (reservation === undefined) return;
    const place = reservation.started ? model.placeFor(flavor, reservation) : undefined;
    const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor, reservation: reservation.id });
    const reason = !reservation.started
      ? 'reservation-not-started'
      : place === undefined
        ? 'exceeds-reservation'
        : undefined;
    expect(result.outcome === 'refused' ? result.refusal.reason : undefined).to.equal(reason);
    if (result.outcome === 'accepted') {
      const as = place === 'aggregate' ? undefined : place;
      this.#reach.count(as === undefined ? 'machine of the aggregate' : 'machine as instance');
      if (as !== undefined && as !== flavor) this.#reach.count('machine as larger instance');
      model.machines.push({ id: result.allocation.id, flavor, as, of: reservation, leaving: false });
    }
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

  /** What is in use is kept, or nothing is changed and the refusal says what that is. */
  update(reservation: Reservation | undefined, change: Change): void {
    const { model, engine } = this;
    if (reservation === undefined) return;
    const { id } = reservation;
    const times = timesAfter(reservation, change, model.now);
    const demand = demandAfter(reservation, change);
    const { first, from, to, repeat, expiry } = times;
    const lasts = to - from !== reservation.to - reservation.from || from !== reservation.from;
    const clear = [
      ...(expiry === 'by policy' && reservation.expiry !== expiry ? (['expiry-time'] as const) : []),
      ...(repeat === undefined && reservation.repeat !== undefined ? (['recurrence'] as const) : []),
      ...(FLAVOR_NAMES.every((size) => demand.instances[size] === 0) ? (['container'] as const) : []),
    ];
    const before = engine.reservation(id);
    const result = engine.do('updateReservation', {
      id,
      ...(first === reservation.first ? {} : { start: at(first) }),
      ...(lasts ? { end: at(first + to - from) } : {}),
      ...(typeof expiry === 'number' ? { expiryTime: at(expiry) } : {}),
      ...(repeat === undefined || (change.more === undefined && first === reservation.first)
        ? {}
        : { recurrence: recurring(repeat) }),
      ...(demand === reservation.demand ? {} : { demand: asking(demand) }),
      clear,
    });
    const used = model.used(reservation);
    if (!isWithin(used, demand)) {
      if (result.outcome !== 'refused') throw new Error(`${id} has less than is in use`);
      expect(result.refusal.reason).to.equal('below-allocated');
      expect(result.refusal.inUse, 'what is in use').to.deep.equal(inUse(model.of(reservation), used, demand));
      expect(engine.reservation(id)).to.equal(before);
      this.#reach.count(isLess(used.aggregate, demand.aggregate) ? 'kept instances' : 'kept amount');
    } else {
      expect(result.outcome, result.outcome === 'refused' ? result.refusal.message : '').to.equal('updated');
      model.change(reservation, times, demand);
    }
    this.#agree();
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
    const woken = model.now + ticks;
    while (model.now < woken) {
      model.now += 1;
      model.happen(woken);
    }
    engine.sleep(ticks * TICK);
    this.#agree();
  }

  #setPolicy(): void {
    const { validity, expiry, lead, atEnd } = this.model.rules;
    const entry: Policy = {
      ...DEFAULT_POLICY,
      immediateValidity: validity * TICK_MINUTES,
      ...(expiry === undefined ? {} : { expiry: expiry * TICK_MINUTES }),
      ...(lead === undefined ? {} : { terminationLead: lead * TICK_MINUTES }),
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
    const { id, to, started, over, since, repeat, occurrence } = each;
    const { head, now } = this.engine;
    const forgotten = over === 'cancelled' || (over !== undefined && now >= at(since) + RETENTION);
    expect(head.reservations.has(id), `whether ${id} is there`).to.equal(!forgotten);
    if (forgotten) return;
    const shown = this.engine.reservation(id);
    if (over !== undefined) {
      expect(shown.status, id).to.equal(over);
      return;
    }
    const { status, endsAt, expiresAt: expires, series } = shown;
    const { cores = 0, ram = 0 } = remainingOf(head, shown);
    const instances = remainingInstances(head, shown);
    const left = leftOf(each.holds, this.model.used(each));
    const due = expiresAt(each);
    expect(
      {
        status,
        endsAt,
        expires,
        window: series && [series.occurrence, series.count],
        left: { cores, ram },
        instances: FLAVOR_NAMES.map((size) => instances.get(size) ?? 0),
      },
      `${id} at ${this.model.now}`,
    ).to.deep.equal({
      status: started ? 'active' : 'scheduled',
      endsAt: at(to),
      expires: due === undefined ? undefined : at(due),
      window: repeat && [occurrence, repeat.count],
      left: inAll(left),
      instances: FLAVOR_NAMES.map((size) => left.instances[size]),
    });
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

function asking({ aggregate, instances }: Demand): Asking {
  const containers = FLAVOR_NAMES.flatMap((flavor): Container[] => {
    const count = instances[flavor];
    return count === 0 ? [] : [{ name: flavor, count, size: { flavor } }];
  });
  return { capacity: aggregate.cores === 0 ? {} : aggregate, ...(containers.length === 0 ? {} : { containers }) };
}

/** The times that are asked for; what is for immediate use has no start, and what is without end has none. */
function windowOf({ start }: Asked, from: number, lasts: number | undefined): Pick<RequestedWindow, 'start' | 'end'> {
  return {
    ...(start === undefined ? {} : { start: at(from) }),
    ...(lasts === undefined ? {} : { end: at(from + lasts) }),
  };
}

function boundsOf({ start }: Asked, from: number, lasts: number, slack: number): FlexibleWindow {
  const latestEnd = at(from + lasts + slack);
  return { ...(start === undefined ? {} : { earliestStart: at(from) }), latestEnd, duration: lasts * TICK };
}

/** @param first start of the first window, where the number of windows follows from an instant after which none starts */
function recurring(repeat: Repeat, first?: number): Recurrence {
  const { frequency, interval, count } = repeat;
  if (first === undefined) return { frequency, interval, count };
  return { frequency, interval, until: at(first + (count - 1) * periodOf({ repeat }) + 1) };
}

/** Where the times of a change lie. An expiry that does not lie after the start cannot be: it is left to policy then. */
function timesAfter(reservation: Reservation, { start, length, expiry, more }: Change, now: number): Times {
  const { first, expiry: known, occurrence } = reservation;
  const begun = first <= now;
  const moves = start !== undefined && !begun;
  const from = moves ? now + start : reservation.from;
  const origin = Math.max(from, now);
  // Between two windows the length stays: the one before might not be over with another.
  const resized = (length !== undefined && (!begun || from <= now)) || moves;
  const repeat = repeatAfter(reservation.repeat, occurrence, more);
  const to = resized ? Math.min(origin + (length ?? 3), from + periodOf(reservation)) : reservation.to;
  const firstAfter = moves ? from : first;
  const asked = typeof expiry === 'number' ? firstAfter + (origin - from) + expiry : expiry;
  const cannotStay = !begun && typeof known === 'number' && known <= from;
  return { first: firstAfter, from, to, repeat, expiry: asked ?? (cannotStay ? 'by policy' : known) };
}

function repeatAfter(repeat: Repeat | undefined, occurrence: number, more: Change['more']): Repeat | undefined {
  if (repeat === undefined || more === undefined) return repeat;
  if (more !== 'alone') return { ...repeat, count: occurrence + more };
  return occurrence === 1 ? undefined : repeat;
}

/** What is left out stays; something has to be asked for. */
function demandAfter({ demand }: Reservation, { aggregate, instances }: Change): Demand {
  if (aggregate === undefined && instances === undefined) return demand;
  const after = { aggregate: aggregate ?? demand.aggregate, instances: instances ?? demand.instances };
  return inAll(after).cores === 0 ? demand : after;
}

/** What a refusal to shrink says is in use: of the amount in aggregate where that is too small, else all. */
function inUse(machines: readonly Machine[], used: Demand, demand: Demand): object {
  if (!isLess(used.aggregate, demand.aggregate)) return used.aggregate;
  return { ...sum(machines.map(({ flavor }) => FLAVORS[flavor])), instances: machines.length };
}

function leftOf(holds: Demand, used: Demand): Demand {
  const { aggregate, instances } = holds;
  return {
    aggregate: { cores: aggregate.cores - used.aggregate.cores, ram: aggregate.ram - used.aggregate.ram },
    instances: {
      small: instances.small - used.instances.small,
      large: instances.large - used.instances.large,
    },
  };
}
