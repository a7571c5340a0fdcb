/**
 * A naive model of how reservations live and end: a list of reservations, a list of machines, and one rule that says what happens at a
 * tick. There is always room: who gets it is a matter of other models.
 */
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import type { Policy } from '../../src/engine/entities.ts';

export const TICK_MINUTES = 240;
const TICKS_A_DAY = 6;
export const TOTAL = { cores: 400, ram: 409_600 } as const;
export const FLAVORS = { small: { cores: 1, ram: 512 }, large: { cores: 4, ram: 4096 } } as const;
/** The smallest first. */
export const FLAVOR_NAMES = ['small', 'large'] as const;
/** In ticks: where what has no end is bounded. */
export const LONGEST = (DEFAULT_POLICY.maxDuration * 60) / TICK_MINUTES;

export type Flavor = (typeof FLAVOR_NAMES)[number];

export interface Amount {
  readonly cores: number;
  readonly ram: number;
}

/** An amount in aggregate, and beside it so many instances of each flavor. */
export interface Demand {
  readonly aggregate: Amount;
  readonly instances: Readonly<Record<Flavor, number>>;
}

export const NOTHING: Demand = { aggregate: { cores: 0, ram: 0 }, instances: { small: 0, large: 0 } };

export interface Repeat {
  readonly frequency: 'daily' | 'weekly';
  readonly interval: number;
  readonly count: number;
}

/** The times of a reservation; of what recurs, of the window in progress or, between windows, the next. */
export interface Times {
  /** Start of the first window. */
  readonly first: number;
  readonly from: number;
  readonly to: number;
  /** Absent: there is one window. */
  readonly repeat: Repeat | undefined;
  /** A tick in the first window, or as policy says. */
  readonly expiry: number | 'by policy';
}

export interface Reservation extends Times {
  readonly id: string;
  first: number;
  from: number;
  to: number;
  repeat: Repeat | undefined;
  expiry: number | 'by policy';
  /** Which window it is, from 1 on. */
  occurrence: number;
  /** After how many ticks from its start policy has a window expire; absent: never. */
  readonly patience: number | undefined;
  /** In each window to come. */
  demand: Demand;
  /** In this window. */
  holds: Demand;
  /** Whether the expiry of this window has been, and has released something, or was past when it was set. */
  settled: boolean;
  started: boolean;
  /** Whether notice was given of the end that it has. */
  noticed: boolean;
  over: 'ended' | 'expired' | 'cancelled' | undefined;
  /** Since when it is over, as it was carried out. */
  since: number;
}

export interface Machine {
  readonly id: string;
  readonly flavor: Flavor;
  /** The instance that it takes; absent: of the amount in aggregate. */
  readonly as: Flavor | undefined;
  /** Absent: it holds what it consumes itself. */
  of: Reservation | undefined;
  leaving: boolean;
}

export interface Rules {
  /** Ticks. */
  readonly validity: number;
  readonly expiry: number | undefined;
  lead: number | undefined;
  atEnd: Policy['atEnd'];
}

/** The rules, over lists. */
export class Model {
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

  begun(): Reservation[] {
    return this.open().filter(({ started }) => started);
  }

  /**
   * What happens at the present tick: ends, then what was not allocated in time, then notices, then starts.
   * @param carriedOut the tick at which that is done, which may be late
   */
  happen(carriedOut = this.now): void {
    for (const each of this.open()) {
      if (each.to > this.now) continue;
      if (isFollowed(each)) this.#recede(each);
      else this.end(each, 'ended', this.rules.atEnd, carriedOut);
    }
    for (const each of this.open()) if (expiresAt(each) === this.now) this.#expire(each, carriedOut);
    this.notify();
    for (const each of this.open()) {
      if (each.started || each.from > this.now) continue;
      each.started = true;
      this.#tell(each.id, 'started');
    }
  }

  /** A window is over and another follows, as if it were the first. */
  #recede(each: Reservation): void {
    const period = periodOf(each);
    this.#leave(each, this.rules.atEnd);
    Object.assign(each, { occurrence: each.occurrence + 1, from: each.from + period, to: each.to + period });
    Object.assign(each, { holds: each.demand, settled: false, started: false, noticed: false });
    this.#tell(each.id, 'occurrence-ended');
  }

  /**
   * Where no machine was made, and there is no other window, all is over. Else what no machine takes is released until the window is over; in
   * the last one, for good. Where there is nothing to release, there is nothing to tell.
   */
  #expire(each: Reservation, carriedOut: number): void {
    const used = this.used(each);
    if (this.of(each).length === 0 && !isFollowed(each)) {
      this.end(each, 'expired', 'release', carriedOut);
    } else if (!isWithin(each.holds, used)) {
      each.settled = true;
      each.holds = used;
      if (!isFollowed(each)) each.demand = used;
      this.#tell(each.id, 'expired');
    }
  }

  /** Once for each end, when no more than the lead is left of what has begun. */
  notify(): void {
    const { lead, atEnd } = this.rules;
    for (const each of this.open()) {
      const { from, to, noticed, id } = each;
      if (noticed || lead === undefined || from > this.now || to - lead > this.now) continue;
      each.noticed = true;
      const machines = this.of(each).filter(({ leaving }) => !leaving).length;
      this.#tell(id, machines === 0 ? 'ending' : `ending, ${atEnd} ${machines}`);
    }
  }

  /** Whoever has not been told of his end is told by the new lead. */
  setLead(lead: number | undefined): void {
    this.rules.lead = lead;
    this.notify();
  }

  end(
    each: Reservation,
    how: NonNullable<Reservation['over']>,
    machines: Policy['atEnd'],
    carriedOut = this.now,
  ): void {
    each.over = how;
    each.since = carriedOut;
    this.#leave(each, machines);
    this.#tell(each.id, how);
  }

  #leave(each: Reservation, machines: Policy['atEnd']): void {
    for (const machine of this.of(each)) {
      machine.of = undefined;
      machine.leaving ||= machines === 'terminate';
      this.#tell(machine.id, 'reservation-over');
    }
  }

  /**
   * What a machine is taken from: the smallest instance that is left and has room for it, else the amount in aggregate, else nothing.
   * An instance is used up by it, however small it is.
   */
  placeFor(flavor: Flavor, reservation: Reservation): Flavor | 'aggregate' | undefined {
    const { holds } = reservation;
    const used = this.used(reservation);
    const instance = FLAVOR_NAMES.find(
      (size) => isLess(FLAVORS[flavor], FLAVORS[size]) && used.instances[size] < holds.instances[size],
    );
    if (instance !== undefined) return instance;
    return isLess(sum([used.aggregate, FLAVORS[flavor]]), holds.aggregate) ? 'aggregate' : undefined;
  }

  /**
   * What a reservation has by its new times and demand. Where windows or demand differ, all of the demand is held again, also what had been
   * released; an expiry that is past asks for nothing any more, and of another end notice is given anew.
   */
  change(each: Reservation, times: Times, demand: Demand): void {
    const same = (key: 'from' | 'to'): boolean => each[key] === times[key];
    const asBefore = same('from') && same('to') && isSame(each.repeat, times.repeat) && isSame(each.demand, demand);
    const noticed = each.noticed && same('to');
    Object.assign(each, times, { noticed, demand, holds: asBefore ? each.holds : demand, settled: false });
    each.settled = (expiresAt(each) ?? Infinity) <= this.now;
    this.#tell(each.id, 'updated');
    this.notify();
  }

  of(each: Reservation): Machine[] {
    return this.machines.filter(({ of }) => of === each);
  }

  /** What machines take of a reservation. */
  used(each: Reservation): Demand {
    const machines = this.of(each);
    const number = (size: Flavor): number => machines.filter(({ as }) => as === size).length;
    return {
      aggregate: sum(machines.filter(({ as }) => as === undefined).map(({ flavor }) => FLAVORS[flavor])),
      instances: { small: number('small'), large: number('large') },
    };
  }

  /** Cores that nobody holds at a tick to come. */
  free(tick: number): number {
    const held = this.open().map((each) => heldAt(each, tick) ?? NOTHING);
    const own = this.machines.filter(({ of }) => of === undefined).map(({ flavor }) => FLAVORS[flavor]);
    return TOTAL.cores - sum([...held.map(inAll), ...own]).cores;
  }

  #tell(id: string, what: string): void {
    this.told.push(`${id} ${what}`);
  }
}

function isFollowed({ repeat, occurrence }: Reservation): boolean {
  return repeat !== undefined && occurrence < repeat.count;
}

/** Ticks from one window to the next. */
export function periodOf({ repeat }: Pick<Times, 'repeat'>): number {
  if (repeat === undefined) return Infinity;
  return repeat.interval * (repeat.frequency === 'daily' ? 1 : 7) * TICKS_A_DAY;
}

/** Absent: never. Each window has its expiry as long after its start as the first; what would expire at its end just ends. */
export function expiresAt({ settled, expiry, patience, first, from, to }: Reservation): number | undefined {
  const after = expiry === 'by policy' ? patience : expiry - first;
  return settled || after === undefined ? undefined : Math.min(from + after, to);
}

/** What a reservation holds at a tick to come: nothing, or what it does in the window that the tick lies in. */
function heldAt(each: Reservation, tick: number): Demand | undefined {
  const { from, to, holds, demand, repeat, occurrence } = each;
  const after = Math.floor((tick - from) / periodOf(each));
  if (tick < from || after > (repeat?.count ?? 1) - occurrence) return undefined;
  const since = repeat === undefined ? tick - from : (tick - from) % periodOf(each);
  if (since >= to - from) return undefined;
  return after === 0 ? holds : demand;
}

/** An amount and instances together. */
export function inAll({ aggregate, instances }: Demand): Amount {
  const { small, large } = FLAVORS;
  return {
    cores: aggregate.cores + instances.small * small.cores + instances.large * large.cores,
    ram: aggregate.ram + instances.small * small.ram + instances.large * large.ram,
  };
}

export function sum(of: readonly Amount[]): Amount {
  return of.reduce<Amount>((all, { cores, ram }) => ({ cores: all.cores + cores, ram: all.ram + ram }), {
    cores: 0,
    ram: 0,
  });
}

export function isLess(inner: Amount, outer: Amount): boolean {
  return inner.cores <= outer.cores && inner.ram <= outer.ram;
}

/** Whether the one has no more of anything than the other. */
export function isWithin(inner: Demand, outer: Demand): boolean {
  return (
    isLess(inner.aggregate, outer.aggregate) &&
    FLAVOR_NAMES.every((size) => inner.instances[size] <= outer.instances[size])
  );
}

function isSame(a: object | undefined, b: object | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
