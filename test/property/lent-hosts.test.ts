/**
 * Machines without a reservation on hosts and with volumes, and reservations of cores, whole hosts, placed instances and volumes, under best effort
 * and by priority, beside a naive model: a list of machines, a list of reservations, and what each of them has of the pool and of each host
 * at each tick. On which of several hosts the engine puts something is its own matter; the model says who is granted, who gives way,
 * who is withdrawn, when who starts, and how long machines have for good what they take.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { commands } from '../../src/engine/commands/index.ts';
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import type { AffinityPolicy, Allocation, Demand, Id, PreEmption, Priority } from '../../src/engine/entities.ts';
import { hostName } from '../../src/engine/hosts.ts';
import { loanedFrom } from '../../src/engine/machine-claims.ts';
import { byMerit } from '../../src/engine/merit.ts';
import { isOver } from '../../src/engine/state.ts';
import type { VimElement } from '../../src/vim/vim.ts';
import { Engine, NOW, inventoryOf } from '../unit/engine/engine-fixture.ts';
import type { HostSpec } from '../unit/engine/engine-fixture.ts';
import { pick, Reach } from './histories.ts';
import { canPlace } from './placement-model.ts';
import type { Unit } from './placement-model.ts';

const TICK = 60_000;
/** Nothing that ends lasts up to this tick. */
const HORIZON = 60;
const SIZES = { small: 1, large: 4 } as const;
const VOLUMES = ['v1', 'v2'];
const ELEMENTS = VOLUMES.map((id): VimElement => ({ kind: 'volume', id, name: '', sizeGb: 1 }));

/** The pool, or a host by its name. */
type Place = string;
const POOL: Place = 'pool';

interface Held {
  readonly id: string;
  readonly priority: Priority;
  readonly createdOn: number;
}

interface Asked {
  readonly from: number;
  readonly to: number;
  readonly priority: Priority;
  /** Cores of the pool, and of hosts. */
  readonly on: ReadonlyMap<Place, number>;
  readonly volume?: string;
}

interface Reservation extends Held, Asked {
  state: 'scheduled' | 'waiting' | 'started';
}

interface Machine extends Held {
  readonly cores: number;
  readonly host: Place;
  readonly volume: string | undefined;
  /** From this tick on it has on loan what it takes; Infinity: it holds it. */
  lentFrom: number;
  /** It is being deleted, and the VIM has not confirmed that it is gone. */
  leaving: boolean;
}

/** The rules, over lists. */
class Model {
  reservations: Reservation[] = [];
  machines: Machine[] = [];
  now = 0;
  readonly policy: PreEmption;
  readonly hosts: readonly HostSpec[];

  constructor(hosts: readonly HostSpec[], policy: PreEmption) {
    this.hosts = hosts;
    this.policy = policy;
  }

  has(place: Place): number {
    const there = this.hosts.filter(({ name }) => place === POOL || name === place);
    return there.reduce((sum, { cores }) => sum + cores, 0);
  }

  /** What nobody has for good. */
  free(
    place: Place,
    tick: number,
    { reservations, machines }: Pick<Model, 'reservations' | 'machines'> = this,
  ): number {
    const held = reservations.filter(({ from, to }) => from <= tick && tick < to).map(({ on }) => on.get(place) ?? 0);
    const firm = machines.filter(({ lentFrom }) => tick < lentFrom).map((each) => coresOn(each, place));
    return this.has(place) - sum([...held, ...firm]);
  }

  fits(asked: Asked, beside: Pick<Model, 'reservations' | 'machines'> = this): boolean {
    const { from, to, on, volume } = asked;
    if ([...on].some(([place, cores]) => ticks(from, to).some((tick) => this.free(place, tick, beside) < cores)))
      return false;
    if (volume === undefined) return true;
    const overlaps = (each: Reservation): boolean => each.from < to && from < each.to;
    if (beside.reservations.some((each) => each.volume === volume && overlaps(each))) return false;
    return beside.machines.every((each) => each.volume !== volume || each.lentFrom <= from);
  }

  /** Who gives way to what does not fit; undefined: all who may do not suffice. */
  victims(asked: Asked): readonly (Reservation | Machine)[] | undefined {
    if (this.policy !== 'priority') return undefined;
    const may = (each: Reservation | Machine): boolean =>
      each.priority > asked.priority && !('from' in each && each.from <= this.now);
    const kept = {
      reservations: this.reservations.filter((each) => !may(each)),
      machines: this.machines.filter((each) => !may(each)),
    };
    if (!this.fits(asked, kept)) return undefined;
    const all = [...this.reservations.filter(may), ...this.machines.filter(may)];
    const isGoing = (each: Reservation | Machine): boolean => 'leaving' in each && each.leaving;
    const bestFirst = all.sort((a, b) => Number(isGoing(a)) - Number(isGoing(b)) || byMerit(a, b));
    return bestFirst.filter((each) => {
      const { reservations, machines } = kept;
      const more =
        'leaving' in each
          ? { reservations, machines: [...machines, each] }
          : { reservations: [...reservations, each], machines };
      if (!this.fits(asked, more)) return true;
      Object.assign(kept, more);
      return false;
    });
  }

  /** Whether a machine without a reservation may run on a host: now, beside all that is there, and where nobody has to give way without end. */
  bears(host: Place, cores: number, forGood: boolean): boolean {
    return [POOL, host].every((place) => {
      const lent = this.lentNow().map((each) => coresOn(each, place));
      const ahead = forGood ? ticks(this.now, HORIZON) : [this.now];
      return ahead.every((tick) => this.free(place, tick) - sum(lent) >= cores);
    });
  }

  lentNow(): Machine[] {
    return this.machines.filter(({ lentFrom }) => lentFrom <= this.now);
  }

  /** Whether a volume is nobody's whom a machine would have to give way to. */
  isUsable(volume: string, forGood: boolean): boolean {
    const until = forGood ? HORIZON : this.now + 1;
    return !this.reservations.some((each) => each.volume === volume && each.from < until && this.now < each.to);
  }

  /** What is due has its place: who is in its way goes, and it starts when they are gone. */
  begin(reservation: Reservation): void {
    const { now } = this;
    const { volume, on, priority } = reservation;
    const users = this.machines.filter(
      (each) =>
        volume !== undefined &&
        each.volume === volume &&
        (each.lentFrom <= now || (this.policy === 'priority' && each.priority > priority)),
    );
    for (const each of users) this.#withdraw(each);
    const beside = (isThere: (each: Reservation) => boolean): ((place: Place) => number) => {
      const reservations = this.reservations.filter((each) => each === reservation || isThere(each));
      return (place) => this.free(place, now, { reservations, machines: this.machines });
    };
    const room = beside(({ state }) => state !== 'scheduled');
    const places = [...on.keys()];
    const kept: Machine[] = [];
    for (const each of this.lentNow()
      .filter(({ leaving }) => !leaving)
      .sort(byMerit)) {
      const stays = places.every(
        (place) => coresOn(each, place) === 0 || sum([...kept, each].map((one) => coresOn(one, place))) <= room(place),
      );
      if (stays) kept.push(each);
      else this.#withdraw(each);
    }
    const left = beside(({ state }) => state === 'started');
    const there = (place: Place): number => sum(this.lentNow().map((each) => coresOn(each, place)));
    const waits = users.length > 0 || places.some((place) => there(place) > Math.max(0, left(place)));
    reservation.state = waits ? 'waiting' : 'started';
  }

  #withdraw(machine: Machine): void {
    machine.leaving = true;
    machine.lentFrom = Math.min(machine.lentFrom, this.now);
  }

  /** Those who wait are looked at, the best first; and what nothing else needs machines hold again, the best first. */
  settle(): void {
    const waiting = this.reservations.filter(({ state }) => state === 'waiting');
    for (const each of waiting.sort(byMerit)) this.begin(each);
    if (this.policy === 'best-effort') return;
    const lent = this.machines.filter(({ leaving, lentFrom }) => !leaving && lentFrom < Infinity);
    for (const each of lent.sort(byMerit)) {
      const from = Math.max(each.lentFrom, this.now);
      const isNeeded = (tick: number): boolean =>
        [POOL, each.host].some((place) => this.free(place, tick) < each.cores) ||
        this.reservations.some(
          ({ volume, from: start, to }) => volume !== undefined && volume === each.volume && start <= tick && tick < to,
        );
      const until = ticks(from, HORIZON).find(isNeeded) ?? Infinity;
      if (until > from) each.lentFrom = until;
    }
  }
}

function coresOn({ host, cores }: Machine, place: Place): number {
  return place === POOL || place === host ? cores : 0;
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((all, each) => all + each, 0);
}

function ticks(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

/** Instances that are to be placed; without a policy, in no group. */
interface Placed {
  readonly count: number;
  readonly cores: number;
  readonly policy?: AffinityPolicy;
}

/** Cores, a host or a volume as a whole, or instances. */
type What = { readonly cores: number } | { readonly host: number } | { readonly volume: number } | Placed;

function demandOf(what: What, all: readonly HostSpec[]): Demand {
  if ('count' in what) {
    const { count, cores, policy } = what;
    const group = policy === undefined ? {} : { group: 'g' };
    const container = { name: 'c', count, size: { vcpus: cores, ram: 512, disk: 1 }, ...group };
    return {
      capacity: {},
      containers: [container],
      ...(policy === undefined ? {} : { groups: [{ name: 'g', policy }] }),
    };
  }
  if ('cores' in what) return { capacity: { cores: what.cores } };
  const name = 'volume' in what ? VOLUMES[what.volume % VOLUMES.length] : pick(all, what.host)?.name;
  return { capacity: {}, elements: [name ?? ''] };
}

type Request = Parameters<typeof commands.createReservation>[1];

class World {
  readonly engine = new Engine();
  readonly model: Model;
  readonly #reach: Reach;

  readonly source: Id;

  constructor(hosts: readonly HostSpec[], policy: PreEmption, reach: Reach) {
    this.model = new Model(hosts, policy);
    this.#reach = reach;
    this.source = this.engine.provider(hosts, 'lab', policy);
    this.engine.do('updateProvider', { id: this.source, status: 'up', inventory: inventoryOf(hosts, {}, ELEMENTS) });
    this.engine.pool(this.source, {});
  }

  reserve(what: What, start: number, length: number, priority: Priority): void {
    this.engine.now += 1;
    const { now } = this.model;
    const [from, to] = [now + start, now + start + length];
    const times = { ...(start === 0 ? {} : { start: at(from) }), end: at(to), expiryTime: at(to) };
    const asked = { from, to, priority, on: new Map<Place, number>() };
    const request = { ...times, priority, demand: demandOf(what, this.model.hosts) };
    if ('count' in what) this.#reservePlaced(what, asked, request);
    else this.#reserveNamed({ ...asked, ...this.#named(what) }, request);
    this.#agree();
  }

  #named(what: Exclude<What, Placed>): Pick<Asked, 'on' | 'volume'> {
    if ('cores' in what) return { on: new Map([[POOL, what.cores]]) };
    if ('volume' in what) return { on: new Map(), volume: VOLUMES[what.volume % VOLUMES.length] ?? '' };
    const { name = '', cores = 0 } = pick(this.model.hosts, what.host) ?? {};
    const on: [Place, number][] = [
      [POOL, cores],
      [name, cores],
    ];
    return { on: new Map(on) };
  }

  #reserveNamed(asked: Asked, request: Request): void {
    const { model, engine } = this;
    const { on, volume, from } = asked;
    const expected = model.fits(asked) ? [] : model.victims(asked);
    const result = engine.do('createReservation', request);
    if (result.outcome === 'refused') {
      expect(expected, result.refusal.message).to.equal(undefined);
      return;
    }
    if (expected === undefined) throw new Error('granted what does not fit');
    const lost = expected.filter((each) => 'from' in each);
    const lent = expected.filter((each) => 'leaving' in each);
    for (const each of lent) {
      this.#reach.count(
        `gives way ${on.size > 1 ? 'for a host' : volume === undefined ? 'for cores' : 'for a volume'}`,
      );
      each.lentFrom = Math.min(each.lentFrom, from);
    }
    expect(new Set(result.displaced?.reservations ?? [])).to.deep.equal(new Set(lost.map(({ id }) => id)));
    expect(result.displaced?.machines ?? []).to.include.members(lent.map(({ id }) => id));
    model.reservations = model.reservations.filter((each) => !lost.includes(each));
    this.#granted(asked, result.reservation.id);
  }

  /** Machines on loan do not stand in the way of what is placed; one instance is put where none is, if there is such a host. */
  #reservePlaced({ count, cores, policy }: Placed, asked: Asked, request: Request): void {
    const { model, engine } = this;
    const grouped = policy !== undefined;
    const unit: Unit = { cores, group: grouped, trait: 'any', zone: 'any' };
    const least = (place: Place): number =>
      Math.min(...ticks(asked.from, asked.to).map((tick) => model.free(place, tick)));
    const left = new Map(model.hosts.map((host) => [host, least(host.name)]));
    const possible =
      least(POOL) >= count * cores && canPlace(Array<Unit>(count).fill(unit), policy ?? 'soft-affinity', left);
    const isLent = (name: Place): boolean =>
      model.machines.some(({ host, lentFrom }) => host === name && lentFrom < asked.to);
    const unlent = [...left].some(([{ name }, room]) => room >= cores && !isLent(name));
    const result = engine.do('createReservation', request);
    if (result.outcome === 'refused') {
      expect(possible, result.refusal.message).to.equal(false);
      return;
    }
    if (!possible) expect(result.moved ?? [], 'room was made').not.to.have.length(0);
    const { claims } = engine.reservation(result.reservation.id);
    const [host = ''] = claims.map((claim) => (claim.host === undefined ? '' : hostName(claim.host)));
    if (possible && count === 1) expect(unlent && isLent(host), 'somebody has to go needlessly').to.equal(false);
    this.#granted(asked, result.reservation.id);
  }

  #granted(asked: Asked, id: string): void {
    const { model, engine } = this;
    const made: Reservation = { ...asked, id, createdOn: engine.now, state: 'scheduled' };
    model.reservations.push(made);
    this.#lookAtPlaces();
    const last = model.reservations.find((each) => each.id === id);
    if (last !== undefined && last.from <= model.now) model.begin(last);
    model.settle();
  }

  /** Where what was placed is: others may have been moved to make room. */
  #lookAtPlaces(): void {
    this.model.reservations = this.model.reservations.map((each) => {
      const { claims } = this.engine.reservation(each.id);
      if (!claims.some(({ container }) => container !== undefined)) return each;
      const on = new Map<Place, number>();
      for (const { host, capacity } of claims) {
        for (const place of [POOL, host === undefined ? '' : hostName(host)])
          on.set(place, (on.get(place) ?? 0) + (capacity.cores ?? 0));
      }
      return { ...each, on };
    });
    for (const { name } of this.model.hosts) {
      for (const tick of ticks(this.model.now, HORIZON)) {
        const held = this.model.reservations.filter(({ from, to }) => from <= tick && tick < to);
        const cores = sum(held.map(({ on }) => on.get(name) ?? 0));
        expect(cores, `${name} at ${tick}`).to.be.at.most(this.model.has(name));
      }
    }
  }

  boot(flavor: keyof typeof SIZES, of: Priority, volume: string | undefined): void {
    this.engine.now += 1;
    const { model, engine } = this;
    const cores = SIZES[flavor];
    const lends = model.policy === 'best-effort';
    const names = model.hosts.map(({ name }) => name);
    const usable = volume === undefined || model.isUsable(volume, !lends);
    const fits = usable && names.some((host) => model.bears(host, cores, !lends));
    // Whom machines of a higher class displace is the matter of another model.
    const priority = fits ? of : 3;
    const volumes = volume === undefined ? {} : { volumes: [volume] };
    const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor, priority, ...volumes });
    expect(result.outcome, result.outcome === 'refused' ? result.refusal.message : '').to.equal(
      fits ? 'accepted' : 'refused',
    );
    if (result.outcome === 'refused') return;
    const { id, host = '' } = result.allocation;
    expect(model.bears(host, cores, !lends), `room on ${host}`).to.equal(true);
    if (names.some((each) => model.bears(each, cores, true))) {
      expect(model.bears(host, cores, true), `room on ${host} without end`).to.equal(true);
    }
    const lentFrom = lends ? model.now : Infinity;
    model.machines.push({ id, cores, host, volume, priority, createdOn: engine.now, lentFrom, leaving: false });
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
    const { model } = this;
    const leaving = model.machines.filter((each) => each.leaving);
    const machine = pick(leaving, which);
    if (machine === undefined) return;
    this.engine.do('serverGone', { allocation: machine.id });
    model.machines = model.machines.filter((each) => each !== machine);
    model.settle();
    this.#agree();
  }

  cancel(which: number): void {
    const { model } = this;
    const reservation = pick(model.reservations, which);
    if (reservation === undefined) return;
    this.engine.do('cancelReservation', { id: reservation.id });
    model.reservations = model.reservations.filter((each) => each !== reservation);
    model.settle();
    this.#agree();
  }

  wait(length: number): void {
    const { model, engine } = this;
    for (let tick = 0; tick < length; tick++) {
      model.now += 1;
      engine.advance(at(model.now) - engine.now);
      const inOrder = [...model.reservations].sort((a, b) => (a.id < b.id ? -1 : 1));
      for (const each of inOrder.filter(({ to }) => to === model.now)) {
        model.reservations = model.reservations.filter((other) => other !== each);
        model.settle();
      }
      for (const each of inOrder.filter(({ from }) => from === model.now)) model.begin(each);
      this.#agree();
    }
  }

  #agree(): void {
    const { model, engine } = this;
    const loanOf = (from: number): number | 'now' => (from <= model.now ? 'now' : from);
    const lentFrom = (allocation: Allocation): number =>
      Math.floor(((loanedFrom(allocation) ?? Infinity) - NOW) / TICK);
    const machines = [...engine.head.allocations.values()].map((each) => ({
      id: each.id,
      leaving: each.vmState === 'DELETING',
      lent: loanOf(lentFrom(each)),
    }));
    const expected = model.machines.map(({ id, leaving, lentFrom: from }) => ({ id, leaving, lent: loanOf(from) }));
    expect(machines, `machines at ${model.now}`).to.deep.equal(expected);
    for (const { id, state } of model.reservations) {
      const { status, awaits } = engine.reservation(id);
      const is = awaits !== undefined ? 'waiting' : status === 'active' ? 'started' : status;
      expect(is, `${id} at ${model.now}`).to.equal(state);
    }
    for (const each of model.reservations) this.#checkStarted(each);
  }

  /** What has started is there: beside all machines, and for the first that is allocated against it. */
  #checkStarted({ id, state, on }: Reservation): void {
    const { model, engine } = this;
    if (state === 'waiting') this.#reach.count('waits');
    const hosts = [...on.keys()].filter((place) => place !== POOL);
    if (state !== 'started' || hosts.length === 0) return;
    for (const host of hosts) {
      const started = model.reservations.filter((each) => each.state === 'started' && each.to > model.now);
      const claimed = sum(started.map((each) => each.on.get(host) ?? 0));
      const there = sum(model.machines.map((each) => coresOn(each, host)));
      expect(claimed + there, `${host} at ${model.now}`).to.be.at.most(model.has(host));
    }
    const input = { name: 'vm', image: 'cirros', flavor: 'small', reservation: id };
    const { result } = commands.createInstance(engine.head, input, {
      now: engine.now,
      newId: () => 'x',
      user: 'alice',
    });
    expect(result.outcome, result.outcome === 'refused' ? result.refusal.message : '').to.equal('accepted');
  }
}

function at(tick: number): number {
  return NOW + tick * TICK;
}

interface Step {
  readonly run: (world: World) => void;
  readonly toString: () => string;
}

const hosts = fc
  .array(fc.integer({ min: 2, max: 6 }), { minLength: 1, maxLength: 3 })
  .map((all) => all.map((cores, index): HostSpec => ({ name: `h${index}`, cores })));
const priority = fc.constantFrom<Priority>(1, 2, 3);
const which = fc.nat({ max: 5 });
const named = fc.oneof(
  fc.record({ cores: fc.integer({ min: 1, max: 8 }) }),
  { arbitrary: fc.record({ host: fc.nat({ max: 2 }) }), weight: 2 },
  fc.record({ volume: fc.nat({ max: 1 }) }),
);
const placed = fc.record(
  {
    count: fc.integer({ min: 1, max: 3 }),
    cores: fc.integer({ min: 1, max: 4 }),
    policy: fc.constantFrom<AffinityPolicy>('affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity'),
  },
  { requiredKeys: ['count', 'cores'] },
);
const reserve = (what: fc.Arbitrary<What>): fc.Arbitrary<Step> =>
  fc.tuple(what, fc.nat({ max: 4 }), fc.integer({ min: 1, max: 5 }), priority).map(([each, start, length, of]) => ({
    run: (world) => world.reserve(each, start, length, of),
    toString: () => `reserve ${JSON.stringify(each)} at +${start} for ${length}, class ${of}`,
  }));
const boot = fc
  .tuple(
    fc.constantFrom('small' as const, 'small' as const, 'large' as const),
    priority,
    fc.option(fc.constantFrom(...VOLUMES), { freq: 2, nil: undefined }),
  )
  .map(([flavor, of, volume]): Step => ({
    run: (world) => world.boot(flavor, of, volume),
    toString: () => `boot ${flavor}, class ${of}${volume === undefined ? '' : ` with ${volume}`}`,
  }));
const destroy = which.map((of): Step => ({ run: (world) => world.destroy(of), toString: () => `destroy ${of}` }));
const gone = which.map((of): Step => ({ run: (world) => world.gone(of), toString: () => `gone ${of}` }));
const cancel = which.map((of): Step => ({ run: (world) => world.cancel(of), toString: () => `cancel ${of}` }));
const wait = fc.integer({ min: 1, max: 3 }).map((length): Step => ({
  run: (world) => world.wait(length),
  toString: () => `wait ${length}`,
}));
const historyOf = (what: fc.Arbitrary<What>) =>
  fc.array(
    fc.oneof(
      { arbitrary: reserve(what), weight: 4 },
      { arbitrary: boot, weight: 5 },
      destroy,
      { arbitrary: gone, weight: 3 },
      cancel,
      { arbitrary: wait, weight: 3 },
    ),
    { minLength: 6, maxLength: 16, size: 'max' },
  );

/** What a VIM does of itself, without a model: the invariants are checked after each step. */
const fail = fc.tuple(which, fc.integer({ min: 0, max: 4 })).map(([of, left]): Step => ({
  run: ({ engine, model, source }) => {
    engine.now += 1;
    const failing = pick(model.hosts, of);
    const specs = model.hosts.map((host): HostSpec => {
      if (host !== failing) return host;
      return left === 0 ? { ...host, state: 'down' } : { ...host, cores: left };
    });
    engine.do('updateProvider', { id: source, inventory: inventoryOf(specs, {}, ELEMENTS) });
  },
  toString: () => `host ${of} has ${left} cores`,
}));
const recover = fc.constant<Step>({
  run: ({ engine, model, source }) => {
    engine.do('updateProvider', { id: source, inventory: inventoryOf(model.hosts, {}, ELEMENTS) });
  },
  toString: () => 'all hosts are back',
});
const migrate = fc.tuple(which, which).map(([of, to]): Step => ({
  run: ({ engine, model }) => {
    const made = [...engine.head.allocations.values()].filter(({ awaits }) => awaits === undefined);
    const machine = pick(made, of);
    const host = pick(model.hosts, to)?.name;
    if (machine === undefined || host === undefined) return;
    engine.do('vmStateReported', { allocation: machine.id, vmState: 'ACTIVE', host });
  },
  toString: () => `machine ${of} moves to host ${to}`,
}));
const change = (text: string, run: (engine: Engine, of: number) => void): fc.Arbitrary<Step> =>
  which.map((of) => ({ run: ({ engine }) => run(engine, of), toString: () => `${text} ${of}` }));
const live = (engine: Engine): Id[] =>
  [...engine.head.reservations.values()].filter((each) => !isOver(each)).map(({ id }) => id);
const bootAny = fc
  .tuple(fc.constantFrom('small', 'large'), priority, fc.option(which), fc.boolean())
  .map(([flavor, of, against, uses]): Step => ({
    run: ({ engine }) => {
      engine.now += 1;
      const reservation = against === null ? undefined : pick(live(engine), against);
      const under = reservation === undefined ? { priority: of } : { reservation };
      const volumes = uses ? { volumes: ['v1'] } : {};
      engine.do('createInstance', { name: 'vm', image: 'cirros', flavor, ...under, ...volumes });
    },
    toString: () => `boot ${flavor}, class ${of}, against ${against}${uses ? ' with v1' : ''}`,
  }));
const reserveAny = fc
  .tuple(fc.oneof(named, placed), fc.nat({ max: 4 }), fc.integer({ min: 1, max: 5 }), priority)
  .map(([what, start, length, of]): Step => ({
    run: ({ engine, model }) => {
      engine.now += 1;
      const times = {
        ...(start === 0 ? {} : { start: engine.now + start * TICK }),
        end: engine.now + (start + length) * TICK,
      };
      engine.do('createReservation', { ...times, priority: of, demand: demandOf(what, model.hosts) });
    },
    toString: () => `reserve ${JSON.stringify(what)} at +${start} for ${length}, class ${of}`,
  }));
const anything = fc.array(
  fc.oneof(
    { arbitrary: reserveAny, weight: 5 },
    { arbitrary: bootAny, weight: 5 },
    { arbitrary: fail, weight: 2 },
    recover,
    { arbitrary: migrate, weight: 2 },
    change('cancel', (engine, of) => {
      const id = pick(live(engine), of);
      if (id !== undefined) engine.do('cancelReservation', { id });
    }),
    change('destroy', (engine, of) => {
      const id = pick([...engine.head.allocations.keys()], of);
      if (id !== undefined) engine.do('destroyInstance', { id });
    }),
    change('gone', (engine, of) => {
      const leaving = [...engine.head.allocations.values()].filter(({ vmState }) => vmState === 'DELETING');
      const machine = pick(leaving, of);
      if (machine !== undefined) engine.do('serverGone', { allocation: machine.id });
    }),
    change('wait', (engine, of) => engine.advance((1 + (of % 3)) * TICK)),
  ),
  { minLength: 6, maxLength: 16, size: 'max' },
);

describe('hosts and volumes of machines without a reservation', function () {
  this.timeout(300_000);

  const REACHED = { 'reservation started': 150, 'allocation preempted DELETING': 40, 'allocation requested': 800 };

  for (const [policy, what, least] of [
    ['best-effort', fc.oneof(named, placed), { ...REACHED, waits: 250 }],
    // Whoever is placed may be placed elsewhere: who gives way is then not for lists to say.
    [
      'priority',
      named,
      {
        ...REACHED,
        waits: 80,
        'gives way for a host': 50,
        'gives way for cores': 12,
        'gives way for a volume': 15,
        'reservation preempted': 15,
      },
    ],
  ] as const) {
    it(`under the policy ${policy} are lent as the rule says, and are there when a reservation starts`, () => {
      const reach = new Reach();
      fc.assert(
        fc.property(hosts, historyOf(what), (all, steps) => {
          const world = new World(all, policy, reach);
          for (const each of steps) each.run(world);
          world.engine.replay();
          reach.note(world.engine.events);
        }),
        { numRuns: 700, seed: 71 },
      );
      reach.expect(least);
    });
  }

  for (const policy of ['best-effort', 'priority', 'none'] as const) {
    it(`under the policy ${policy} keep the invariants while hosts fail and machines are moved, and are free in the end`, () => {
      const reach = new Reach();
      fc.assert(
        fc.property(hosts, anything, fc.boolean(), (all, steps, favour) => {
          const world = new World(all, policy, reach);
          const { engine } = world;
          const onCapacityLoss = favour ? 'favour-priority' : 'notify';
          engine.do('applyConfiguration', {
            changes: [{ put: 'policy', entry: { ...DEFAULT_POLICY, onCapacityLoss } }],
          });
          for (const each of steps) each.run(world);
          reach.note(engine.events);
          for (const id of [...engine.head.allocations.keys()]) {
            engine.do('destroyInstance', { id });
            engine.do('serverGone', { allocation: id });
          }
          expect([...engine.head.awaiting]).to.deep.equal([]);
          for (const id of live(engine)) engine.do('cancelReservation', { id });
          for (const host of engine.head.hosts.nodes.values()) {
            expect(host.lent.breakpoints).to.equal(0);
            expect(host.free.valueAt(engine.now)[0]).to.equal(host.size.cores);
          }
          engine.replay();
        }),
        { numRuns: 600, seed: 72 },
      );
      reach.expect({
        'reservation degraded': 50,
        'reservation updated': 20,
        ...(policy === 'none' ? {} : { 'allocation preempted': 35 }),
      });
    });
  }
});
