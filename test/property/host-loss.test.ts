/**
 * Placement while hosts fail and return, are taken out of service, become smaller, or are out of service by plan, beside a naive model:
 * cores of each host at each tick, and every placement tried. Which of several hosts the engine takes is its own matter; the model says
 * who may be degraded, who may be moved, and who comes first.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import type { AffinityPolicy, Claim, Maintenance, Policy, Priority, Reservation } from '../../src/engine/entities.ts';
import type { DomainEvent } from '../../src/engine/events.ts';
import { byMerit } from '../../src/engine/merit.ts';
import { omit } from '../../src/engine/omit.ts';
import type { Commands } from '../../src/engine/requests.ts';
import { isOver } from '../../src/engine/state.ts';
import { Engine, NOW, inventoryOf } from '../unit/engine/engine-fixture.ts';
import type { HostSpec } from '../unit/engine/engine-fixture.ts';
import { pick, Reach } from './histories.ts';
import { asked, canPlace, checkPlaced, demandOf, hostOf, hosts, policies } from './placement-model.ts';
import type { Asked, Unit } from './placement-model.ts';

const TICK = 60_000;
/** Nothing lasts up to this tick. */
const HORIZON = 30;

interface Request {
  readonly parts: readonly Asked[];
  readonly policy: AffinityPolicy;
}

/** What a host has become: gone, as good as gone, or with so many cores. */
type State = 'up' | 'down' | 'disabled' | number;

/** An engine whose decisions are looked at one by one. */
class Watched extends Engine {
  look: (before: ReadonlyMap<string, Reservation>, told: readonly DomainEvent[]) => void = () => undefined;

  override do<Name extends keyof Commands>(
    name: Name,
    input: Parameters<Commands[Name]>[1],
  ): ReturnType<Commands[Name]>['result'] {
    const before = new Map(this.live.map((each) => [each.id, each]));
    const told = this.events.length;
    const result = super.do(name, input);
    this.look(before, this.events.slice(told));
    return result;
  }

  get live(): Reservation[] {
    return [...this.head.reservations.values()].filter((each) => !isOver(each));
  }
}

class World {
  readonly engine = new Watched();
  readonly hosts: readonly HostSpec[];
  readonly requests = new Map<string, Request>();
  readonly states = new Map<HostSpec, State>();
  planned: readonly { readonly host: HostSpec; readonly from: number; readonly to: number }[] = [];
  now = 0;
  readonly #source: string;
  readonly #pool: string;

  constructor(all: readonly HostSpec[], onCapacityLoss: Policy['onCapacityLoss']) {
    this.hosts = all;
    this.#source = this.engine.provider(all);
    this.#pool = this.engine.pool(this.#source, {});
    const entry = { ...DEFAULT_POLICY, onCapacityLoss };
    this.engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
  }

  get live(): Reservation[] {
    return this.engine.live;
  }

  /** The tick at which a decision is made; of several while one waits, not the last. */
  get engineTick(): number {
    return Math.floor((this.engine.now - NOW) / TICK);
  }

  /** Cores that a host has at a tick. */
  has(host: HostSpec, tick: number): number {
    if (this.planned.some((each) => each.host === host && each.from <= tick && tick < each.to)) return 0;
    const state = this.states.get(host) ?? 'up';
    return state === 'up' ? host.cores : typeof state === 'number' ? Math.min(state, host.cores) : 0;
  }

  /** Cores that claims leave of a host at each tick of a window, the least of them. */
  room(host: HostSpec, [from, to]: readonly [number, number], claims: readonly Claim[]): number {
    const least = ticks(from, to).map((tick) => this.has(host, tick) - coresOf(this.on(host, claims), tick));
    return Math.min(...least);
  }

  on(host: HostSpec, claims: readonly Claim[]): Claim[] {
    return claims.filter((claim) => hostOf(this.hosts, claim) === host);
  }

  window({ startsAt, endsAt }: Reservation): readonly [number, number] {
    return [Math.max(this.now, tickOf(startsAt)), tickOf(endsAt)];
  }

  reserve(request: Request & { readonly start: number; readonly length: number; readonly priority: Priority }): void {
    this.engine.now += 1;
    const { parts, policy, start, length, priority } = request;
    const from = this.now + 1 + start;
    const window = { start: at(from), end: at(from + length), expiryTime: at(from + length) };
    const demand = demandOf(parts, policy, 0);
    const result = this.engine.do('createReservation', { ...window, priority, demand });
    if (result.outcome !== 'refused') this.requests.set(result.reservation.id, { parts, policy });
  }

  /** Takes a place for a while, which whoever loses his has first. */
  request({ parts, policy }: Request, start: number, length: number): void {
    this.engine.now += 1;
    const from = this.now + 1 + start;
    const window = { start: at(from), end: at(from + length) };
    this.engine.do('requestOffer', { ...window, demand: demandOf(parts, policy, 0), holdFor: 5 * TICK });
  }

  boot(which: number): void {
    const active = this.live.filter(({ status }) => status === 'active');
    const reservation = pick(active, which)?.id;
    if (reservation === undefined) return;
    this.engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', reservation });
  }

  cancel(which: number): void {
    const id = pick(this.live, which)?.id;
    if (id !== undefined) this.engine.do('cancelReservation', { id });
  }

  change(which: number, state: State): void {
    const host = pick(this.hosts, which);
    if (host === undefined) return;
    this.states.set(host, state);
    this.#report();
  }

  recover(): void {
    this.states.clear();
    this.#report();
  }

  #report(): void {
    const inventory = inventoryOf(this.hosts);
    const all = inventory.hosts.map((each, index) => {
      const state = this.states.get(this.hosts[index] ?? { name: '', cores: 0 }) ?? 'up';
      if (state === 'down') return { ...each, state };
      if (state === 'disabled') return { ...each, enabled: false };
      return state === 'up' ? each : { ...each, vcpus: Math.min(state, each.vcpus) };
    });
    this.engine.do('updateProvider', { id: this.#source, inventory: { ...inventory, hosts: all } });
  }

  plan(which: number, start: number, length: number): void {
    const host = pick(this.hosts, which);
    if (host === undefined) return;
    this.planned = length === 0 ? [] : [{ host, from: this.now + start, to: this.now + start + length }];
    const maintenance = this.planned.map(({ from, to }): Maintenance => ({
      id: 'm',
      pool: this.#pool,
      host: host.name,
      start: at(from),
      end: at(to),
    }));
    const policy = omit(this.engine.head.policy, 'maintenance');
    const entry = maintenance.length === 0 ? policy : { ...policy, maintenance };
    this.engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
  }

  wait(length: number): void {
    this.now += length;
    this.engine.advance(at(this.now) - this.engine.now);
  }

  inUse({ id }: Reservation): ReadonlySet<string> {
    const machines = [...this.engine.head.allocations.values()].filter(({ reservation }) => reservation === id);
    return new Set(machines.flatMap(({ claim }) => claim ?? []));
  }
}

/** Whether some claims of a reservation can be placed anew beside the others of it, and beside what others hold. */
function hasPlace(world: World, reservation: Reservation, moving: readonly Claim[], others: readonly Claim[]): boolean {
  const request = world.requests.get(reservation.id);
  if (request === undefined) throw new Error('nobody asked for it');
  const staying = reservation.claims.filter((claim) => !moving.includes(claim));
  const unitOf = ({ container }: Claim): Unit[] => request.parts.filter((_, index) => container === `c${index}`);
  const grouped = staying.filter((claim) => unitOf(claim).some(({ group }) => group));
  const left = new Map(
    world.hosts.map((host) => [host, world.room(host, world.window(reservation), [...others, ...staying])]),
  );
  return canPlace(
    moving.flatMap(unitOf),
    request.policy,
    left,
    grouped.flatMap((claim) => hostOf(world.hosts, claim) ?? []),
  );
}

/** The same of those that are on hosts which lack something, or of all, as far as no machine runs there. */
function hasAnotherPlace(world: World, reservation: Reservation, others: readonly Claim[]): boolean {
  const [from, to] = world.window(reservation);
  const used = world.inUse(reservation);
  const lacks = (claim: Claim): boolean => {
    const host = hostOf(world.hosts, claim);
    return host !== undefined && world.room(host, [from, to], [...others, ...reservation.claims]) < 0;
  };
  if (reservation.claims.some((claim) => used.has(claim.id) && lacks(claim))) return false;
  const free = reservation.claims.filter(({ id }) => !used.has(id));
  return [free.filter(lacks), free].some((moving) => hasPlace(world, reservation, moving, others));
}

function claimsOf(holders: readonly { readonly claims: readonly Claim[] }[]): Claim[] {
  return holders.flatMap(({ claims }) => claims);
}

/** Who holds what when it is judged who gives way, and what came of it. */
interface Judged {
  readonly reservation: Reservation;
  /** What he held by then: on other hosts than before, where he was placed anew. */
  readonly claims: readonly Claim[];
  readonly wasDegraded: boolean;
  readonly became: 'kept' | 'degraded' | 'preempted' | 'moved';
}

/** What a decision made of those who were there before it, by what it told. */
function judged(world: World, before: ReadonlyMap<string, Reservation>, told: readonly DomainEvent[]): Judged[] {
  const placed = new Map([...before].map(([id, { claims }]) => [id, claims]));
  const became = new Map<string, 'preempted' | 'moved'>();
  for (const [index, event] of told.entries()) {
    if (event.kind !== 'reservation-event') continue;
    const { id, claims } = event.reservation;
    // Who is placed anew on other hosts holds as much as before; of who goes elsewhere it is told what he gives up.
    const next = told[index + 1];
    const releases = next?.kind === 'capacity-event' && next.cause === 'released';
    if (event.cause === 'preempted') became.set(id, 'preempted');
    else if (event.cause === 'updated' && releases) became.set(id, 'moved');
    else if (event.cause === 'updated') placed.set(id, claims);
  }
  return [...world.engine.head.reservations.values()].flatMap((after) => {
    const { id } = after;
    const fate = became.get(id);
    if (isOver(after) && fate === undefined) return [];
    const claims = fate === undefined ? after.claims : (placed.get(id) ?? after.claims);
    const wasDegraded = before.get(id)?.status === 'degraded';
    const reservation = before.get(id) ?? after;
    return [{ reservation, claims, wasDegraded, became: fate ?? (after.status === 'degraded' ? 'degraded' : 'kept') }];
  });
}

/** Pool and hosts: what bears claims. */
type Place = HostSpec | 'pool';

/** Where and when a reservation lacks something beside others. */
function* shortOf(world: World, claims: readonly Claim[], others: readonly Claim[]) {
  const places: readonly Place[] = ['pool', ...world.hosts];
  for (const tick of ticks(world.engineTick, HORIZON)) {
    for (const place of places) {
      const asked = heldAt(world, claims, place, tick);
      if (asked > 0 && asked > hasAt(world, place, tick) - heldAt(world, others, place, tick)) yield { place, tick };
    }
  }
}

function heldAt(world: World, claims: readonly Claim[], place: Place, tick: number): number {
  return coresOf(place === 'pool' ? claims : world.on(place, claims), tick);
}

function hasAt(world: World, place: Place, tick: number): number {
  const each = place === 'pool' ? world.hosts : [place];
  return each.reduce((sum, host) => sum + world.has(host, tick), 0);
}

/** Who of a higher class is kept where a reservation falls short beside those that are better. */
function inPlaceOf(world: World, { reservation, claims }: Judged, kept: readonly Judged[]): Judged[] {
  const better = kept.filter((other) => byMerit(other.reservation, reservation) < 0);
  const short = [...shortOf(world, claims, claimsOf(better))];
  const above = better.filter((other) => other.reservation.priority < reservation.priority);
  return above.filter((other) => short.some(({ place, tick }) => heldAt(world, other.claims, place, tick) > 0));
}

/**
 * Who gives way, where everything is: from the best to the worst each is kept who fits, in the pool and on the hosts, tick by tick, beside
 * those that are kept; who was degraded already is tried after all others. What becomes of the rest is a matter of who is kept in their place.
 */
function checkGivingWay(world: World, all: readonly Judged[], told: readonly DomainEvent[]): void {
  const late = ({ wasDegraded }: Judged): number => (wasDegraded ? 1 : 0);
  const inOrder = [...all].sort((a, b) => late(a) - late(b) || byMerit(a.reservation, b.reservation));
  const favoured = world.engine.head.policy.onCapacityLoss === 'favour-priority';
  const kept: Judged[] = [];
  const lost: { readonly each: Judged; readonly inPlace: readonly Judged[] }[] = [];
  for (const each of inOrder) {
    const fits = shortOf(world, each.claims, claimsOf(kept)).next().done === true;
    if (!fits) lost.push({ each, inPlace: inPlaceOf(world, each, kept) });
    else kept.push(each);
  }
  const ids = (some: readonly Judged[]): string[] => some.map(({ reservation }) => reservation.id).sort();
  expect(ids(all.filter(({ became }) => became === 'kept')), 'who is kept').to.deep.equal(ids(kept));
  for (const { each, inPlace } of lost) {
    const { reservation, became } = each;
    const forGood = favoured && inPlace.length > 0;
    if (became !== 'moved') expect(became, reservation.id).to.equal(forGood ? 'preempted' : 'degraded');
    if (became === 'moved') expect(reservation.startsAt, 'who is moved').to.be.greaterThan(world.engine.now);
    if (became !== 'preempted') continue;
    const by = told.flatMap((event) =>
      event.kind === 'reservation-event' && event.cause === 'preempted' && event.reservation.id === reservation.id
        ? [event.by]
        : [],
    );
    expect(by, 'told once').to.have.length(1);
    expect(ids(inPlace), 'in whose favour').to.include(by[0]);
  }
}

/** What has to hold after each step, of who was where before it. */
function check(world: World, before: ReadonlyMap<string, Reservation>): void {
  const { live } = world;
  for (const each of live) {
    const request = world.requests.get(each.id);
    if (request === undefined) throw new Error('nobody asked for it');
    checkPlaced(world.hosts, each.claims, request.parts, request.policy);
    const others = claimsOf(live.filter(({ id }) => id !== each.id));
    if (each.status === 'degraded' && !lacksInPool(world, each)) {
      expect(hasAnotherPlace(world, each, others), `${each.id} has another place`).to.equal(false);
    }
    const old = before.get(each.id);
    if (old === undefined) continue;
    const used = world.inUse(each);
    const places = ({ claims }: Reservation): unknown[] =>
      claims.filter(({ id }) => used.has(id)).map(({ host }) => host);
    expect(places(each), 'where machines run').to.deep.equal(places(old));
  }
}

/** Whether the pool has too little for a reservation beside those that are kept. */
function lacksInPool(world: World, { id, claims }: Reservation): boolean {
  const all = claimsOf(world.live.filter((each) => each.id === id || each.status !== 'degraded'));
  return ticks(world.now, HORIZON).some(
    (tick) =>
      coresOf(claims, tick) > 0 &&
      world.hosts.reduce((sum, host) => sum + world.has(host, tick), 0) < coresOf(all, tick),
  );
}

/** Who lost nothing stays where he is; and who lost a host comes before those of less merit. */
function checkLoss(world: World, before: ReadonlyMap<string, Reservation>, offered: readonly Claim[]): void {
  const { live } = world;
  const held = [...claimsOf([...before.values()]), ...offered];
  const lost = (old: Reservation): boolean =>
    old.claims.some((claim) => {
      const host = hostOf(world.hosts, claim);
      return host !== undefined && world.room(host, world.window(old), held) < 0;
    });
  const moved = live.filter((each) => {
    const old = before.get(each.id);
    return old !== undefined && placesOf(old) !== placesOf(each);
  });
  for (const each of moved) {
    const old = before.get(each.id);
    if (old !== undefined && old.status !== 'degraded') expect(lost(old), `${each.id} lost something`).to.equal(true);
  }
  const inFull = (host: HostSpec): boolean =>
    ticks(world.now, HORIZON).every((tick) => [0, host.cores].includes(world.has(host, tick)));
  if (!world.hosts.every(inFull)) return;
  for (const each of live) {
    if (each.status !== 'degraded' || lacksInPool(world, each)) continue;
    const worse = moved.filter((other) => byMerit(each, other) < 0);
    const better = claimsOf(live.filter((other) => other.id !== each.id && !worse.includes(other)));
    expect(hasAnotherPlace(world, each, better), `${each.id} has a place that one of less merit got`).to.equal(false);
  }
}

function placesOf({ claims }: Reservation): string {
  return claims.map(({ id, host }) => `${id}@${host ?? ''}`).join();
}

function at(tick: number): number {
  return NOW + tick * TICK;
}

function tickOf(instant: number): number {
  return Math.round((instant - NOW) / TICK);
}

function ticks(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

function coresOf(claims: readonly Claim[], tick: number): number {
  const there = claims.filter(
    ({ start, end = Infinity }) => tickOf(start) <= tick && tick < (end === Infinity ? end : tickOf(end)),
  );
  return there.reduce((sum, { capacity }) => sum + (capacity.cores ?? 0), 0);
}

interface Step {
  readonly run: (world: World) => void;
  /** Whether it takes hosts away. */
  readonly takes?: true;
  readonly toString: () => string;
}

const which = fc.nat({ max: 5 });
/** Mostly without conditions, so that hosts are contended for. */
const part = fc.oneof(asked, {
  arbitrary: asked.map((each): Asked => ({ ...each, trait: 'any', zone: 'any' })),
  weight: 3,
});
const request = fc.record({ parts: fc.array(part, { minLength: 1, maxLength: 2 }), policy: policies });
const start = fc.nat({ max: 2 });
const length = fc.integer({ min: 2, max: 6 });
const inWords = ({ parts, policy }: Request): string =>
  `${parts.map((each) => `${each.count}×${each.cores}${each.group ? 'g' : ''}${each.trait[0] ?? ''}${each.zone}`).join(' ')} ${policy}`;
const reserve = fc
  .tuple(request, start, length, fc.constantFrom<Priority>(1, 2, 3))
  .map(([what, from, long, priority]): Step => ({
    run: (world) => world.reserve({ ...what, start: from, length: long, priority }),
    toString: () => `reserve ${inWords(what)} at +${from} for ${long}, class ${priority}`,
  }));
const offer = fc.tuple(request, start, length).map(([what, from, long]): Step => ({
  run: (world) => world.request(what, from, long),
  toString: () => `ask for an offer of ${inWords(what)} at +${from} for ${long}`,
}));
const boot = which.map((of): Step => ({ run: (world) => world.boot(of), toString: () => `boot against ${of}` }));
const cancel = which.map((of): Step => ({ run: (world) => world.cancel(of), toString: () => `cancel ${of}` }));
const change = fc
  .tuple(which, fc.oneof(fc.constantFrom<State>('down', 'disabled', 'up'), fc.integer({ min: 1, max: 4 })))
  .map(([of, state]): Step => ({
    run: (world) => world.change(of, state),
    takes: true,
    toString: () => `host ${of} is ${state}`,
  }));
const shrink = fc.tuple(which, fc.nat({ max: 5 })).map(([of, cores]): Step => ({
  run: (world) => world.change(of, cores),
  takes: true,
  toString: () => `host ${of} has ${cores}`,
}));
const plan = fc.tuple(which, start, fc.nat({ max: 5 })).map(([of, from, long]): Step => ({
  run: (world) => world.plan(of, from, long),
  takes: true,
  toString: () => `host ${of} is out at +${from} for ${long}`,
}));
const recover = fc.constant<Step>({ run: (world) => world.recover(), toString: () => 'all hosts are back' });
const wait = fc.integer({ min: 1, max: 3 }).map((long): Step => ({
  run: (world) => world.wait(long),
  toString: () => `wait ${long}`,
}));
const steps = fc.array(
  fc.oneof(
    { arbitrary: reserve, weight: 5 },
    { arbitrary: offer, weight: 2 },
    boot,
    cancel,
    { arbitrary: change, weight: 3 },
    plan,
    recover,
    wait,
  ),
  { minLength: 6, maxLength: 11, size: 'max' },
);
/** Hosts that are full and become smaller: who stays on them is in the way of who cannot. */
const shrinking = fc
  .tuple(
    fc.array(reserve, { minLength: 5, maxLength: 9, size: 'max' }),
    fc.array(
      fc.oneof({ arbitrary: shrink, weight: 5 }, { arbitrary: reserve, weight: 2 }, boot, cancel, recover, wait),
      {
        minLength: 2,
        maxLength: 5,
        size: 'max',
      },
    ),
  )
  .map((drawn) => drawn.flat());

describe('placement while hosts come and go', function () {
  this.timeout(300_000);

  const play = (
    onCapacityLoss: Policy['onCapacityLoss'],
    drawn: fc.Arbitrary<readonly Step[]>,
    seed: number,
  ): Reach => {
    const reach = new Reach();
    fc.assert(
      fc.property(hosts, drawn, (all, history) => {
        const world = new World(all, onCapacityLoss);
        world.engine.look = (before, told) => {
          checkGivingWay(world, judged(world, before, told), told);
        };
        for (const step of history) {
          const before = new Map(world.live.map((each) => [each.id, each]));
          const offers = [...world.engine.head.offers.values()].filter(({ status }) => status === 'held');
          step.run(world);
          check(world, before);
          if (step.takes === true) checkLoss(world, before, claimsOf(offers));
        }
        reach.note(world.engine.events);
      }),
      { numRuns: 600, seed },
    );
    return reach;
  };

  it('degrades whom the rule says, nobody who has another place, and moves nobody else', () => {
    const reach = play('notify', steps, 51);
    reach.expect({ 'reservation degraded': 60, 'reservation restored': 10, 'reservation updated': 50 });
  });

  it('preempts in favour of a higher class, where that is the policy, whom the rule says, and degrades whom equals are in the way of', () => {
    const reach = play('favour-priority', fc.oneof(steps, shrinking), 52);
    reach.expect({
      'reservation preempted': 30,
      'reservation degraded': 40,
      'reservation restored': 10,
      'reservation updated': 50,
    });
  });
});
