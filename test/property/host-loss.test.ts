/**
 * Placement while hosts fail and return, are taken out of service, become smaller, or are out of service by plan, beside a naive model:
 * cores of each host at each tick, and every placement tried. Which of several hosts the engine takes is its own matter; the model says
 * who may be degraded, who may be moved, and who comes first.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { AffinityPolicy, Claim, Maintenance, Priority, Reservation } from '../../src/engine/entities.ts';
import { byMerit } from '../../src/engine/merit.ts';
import { omit } from '../../src/engine/omit.ts';
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

class World {
  readonly engine = new Engine();
  readonly hosts: readonly HostSpec[];
  readonly requests = new Map<string, Request>();
  readonly states = new Map<HostSpec, State>();
  planned: readonly { readonly host: HostSpec; readonly from: number; readonly to: number }[] = [];
  now = 0;
  readonly #source: string;
  readonly #pool: string;

  constructor(all: readonly HostSpec[]) {
    this.hosts = all;
    this.#source = this.engine.provider(all);
    this.#pool = this.engine.pool(this.#source, {});
  }

  get live(): Reservation[] {
    return [...this.engine.head.reservations.values()].filter((each) => !isOver(each));
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

/**
 * Whom the rule degrades, where everything is: from the best to the worst each is kept who fits, in the pool and on the hosts, tick by tick,
 * beside those that are kept; who was degraded already is tried after all others.
 */
function degradedBy(world: World, already: ReadonlySet<string>): Set<string> {
  const kept: Reservation[] = [];
  const late = ({ id }: Reservation): number => (already.has(id) ? 1 : 0);
  const inOrder = [...world.live].sort((a, b) => late(a) - late(b) || byMerit(a, b));
  for (const each of inOrder) if (fitsBeside(world, each, kept)) kept.push(each);
  return new Set(world.live.flatMap(({ id }) => (kept.some((each) => each.id === id) ? [] : [id])));
}

/** Whether a reservation has all that it holds, where it is, beside others. */
function fitsBeside(world: World, { claims }: Reservation, others: readonly Reservation[]): boolean {
  const held = claimsOf(others);
  return ticks(world.now, HORIZON).every((tick) => {
    const inPool = world.hosts.reduce((sum, host) => sum + world.has(host, tick), 0) - coresOf(held, tick);
    if (coresOf(claims, tick) > inPool) return false;
    return world.hosts.every((host) => {
      const left = world.has(host, tick) - coresOf(world.on(host, held), tick);
      return coresOf(world.on(host, claims), tick) <= Math.max(0, left);
    });
  });
}

/** What has to hold after each step, of who was where before it. */
function check(world: World, before: ReadonlyMap<string, Reservation>): void {
  const { live, engine } = world;
  const was = new Set([...before.values()].flatMap(({ id, status }) => (status === 'degraded' ? [id] : [])));
  const expected = degradedBy(world, was);
  expect([...engine.head.degraded].sort(), 'degraded').to.deep.equal([...expected].sort());
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

describe('placement while hosts come and go', function () {
  this.timeout(300_000);

  it('degrades whom the rule says, nobody who has another place, and moves nobody else', () => {
    const reach = new Reach();
    fc.assert(
      fc.property(hosts, steps, (all, history) => {
        const world = new World(all);
        for (const step of history) {
          const before = new Map(world.live.map((each) => [each.id, each]));
          const offers = [...world.engine.head.offers.values()].filter(({ status }) => status === 'held');
          step.run(world);
          check(world, before);
          if (step.takes === true) checkLoss(world, before, claimsOf(offers));
        }
        reach.note(world.engine.events);
      }),
      { numRuns: 600, seed: 51 },
    );
    reach.expect({ 'reservation degraded': 60, 'reservation restored': 10, 'reservation updated': 50 });
  });
});
