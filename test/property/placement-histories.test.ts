/**
 * Random histories of placed reservations beside a naive model: what is on which host at each tick, by counting, and whether a placement
 * exists at all, by trying every one.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { AffinityPolicy, Claim, Reservation } from '../../src/engine/entities.ts';
import { hostName } from '../../src/engine/hosts.ts';
import { nextFit } from '../../src/engine/parts.ts';
import type { Search } from '../../src/engine/parts.ts';
import { Effort } from '../../src/engine/placement-sites.ts';
import { isOver } from '../../src/engine/state.ts';
import { Engine, NOW, inventoryOf } from '../unit/engine/engine-fixture.ts';
import type { HostSpec } from '../unit/engine/engine-fixture.ts';
import { pick, Reach } from './histories.ts';
import { admits, asked, canPlace, checkPlaced, demandOf, hostOf, hosts, policies } from './placement-model.ts';
import type { Asked } from './placement-model.ts';

const TICK = 60_000;
const HORIZON = 12;

class World {
  readonly engine = new Engine();
  readonly source: string;
  readonly hosts: readonly HostSpec[];
  readonly down = new Set<string>();
  /** Whether hosts alone bound what can be placed: a host that fails takes from its pool what others may hold of it. */
  faithful = true;
  now = 0;

  constructor(hosts: readonly HostSpec[]) {
    this.hosts = hosts;
    this.engine.checked = false;
    this.source = this.engine.provider(hosts);
    this.engine.pool(this.source, {});
    this.engine.checked = true;
  }

  get live(): Reservation[] {
    return [...this.engine.head.reservations.values()].filter((each) => !isOver(each));
  }

  /** Cores free on a host at a tick, by counting claims and machines that no claim holds. */
  freeOn(host: HostSpec, tick: number, except?: Claim): number {
    if (this.down.has(host.name)) return 0;
    const at = NOW + tick * TICK;
    const claims = this.live
      .flatMap((each) => each.claims)
      .filter((claim) => claim !== except && claim.host !== undefined && hostName(claim.host) === host.name);
    const held = claims.filter((claim) => claim.start <= at && at < (claim.end ?? Infinity));
    const machines = [...this.engine.head.allocations.values()].filter(
      (each) => each.host === host.name && each.claim === undefined && at < (each.endsAt ?? Infinity),
    );
    const taken = [...held, ...machines].map(({ capacity }) => capacity.cores ?? 0);
    return host.cores - taken.reduce((sum, each) => sum + each, 0);
  }

  /** Cores that the pool has left at a tick: those of all hosts, less all that is held, on hosts or not. */
  freeInPool(tick: number): number {
    const at = NOW + tick * TICK;
    const held = this.live
      .flatMap((each) => each.claims)
      .filter((claim) => claim.start <= at && at < (claim.end ?? Infinity));
    const there = this.hosts.reduce((sum, host) => sum + host.cores, 0);
    return held.reduce((left, { capacity }) => left - (capacity.cores ?? 0), there);
  }

  leastOn(host: HostSpec, from: number, to: number): number {
    const ticks = Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
    return Math.min(...ticks.map((tick) => this.freeOn(host, tick)));
  }

  report(): void {
    this.faithful = false;
    const specs = this.hosts.map((host) => (this.down.has(host.name) ? { ...host, state: 'down' as const } : host));
    this.engine.do('updateProvider', { id: this.source, inventory: inventoryOf(specs) });
  }
}

/** What is asked for: instances, and cores beside them. */
interface Request {
  readonly parts: readonly Asked[];
  readonly policy: AffinityPolicy;
  readonly extra: number;
}

/** Whether the instances can be placed, and the pool has enough for all, throughout. */
function exists(world: World, { parts, policy, extra }: Request, from: number, to: number): boolean {
  const all = parts.reduce((sum, { count, cores }) => sum + count * cores, extra);
  for (let tick = from; tick < to; tick++) if (world.freeInPool(tick) < all) return false;
  const left = new Map(world.hosts.map((host) => [host, world.leastOn(host, from, to)]));
  return canPlace(
    parts.flatMap((part) => Array<Asked>(part.count).fill(part)),
    policy,
    left,
  );
}

/** Nobody who is kept in full holds what is not there, at any tick. */
function checkMap(world: World): void {
  const shown = world.live.some(({ status }) => status === 'degraded') || world.engine.head.allocations.size > 0;
  if (shown) return;
  for (const host of world.hosts) {
    for (let tick = world.now; tick < world.now + 3 * HORIZON; tick++) {
      expect(world.freeOn(host, tick), `${host.name} at ${tick}`).to.be.at.least(0);
    }
  }
}

/** Whether there is a host for each part, whatever it has left. */
function mayFit({ hosts, down }: World, { parts }: Request): boolean {
  return parts.every((part) => hosts.some((host) => !down.has(host.name) && admits(host, part)));
}

/**
 * The window that is named fits, and no earlier one does, or none before the instant up to which was searched. Nothing is said where nothing
 * may fit at any time.
 */
function checkSearch(found: Search, from: number, to: number, fits: (tick: number) => boolean, may: boolean): void {
  const { nextWindow, searchedUntil } = found;
  const named = nextWindow && Math.round((nextWindow.start - NOW) / TICK);
  if (named !== undefined) expect(fits(named), 'the next window').to.equal(true);
  expect(named !== undefined || searchedUntil !== undefined, 'something is said').to.equal(may);
  const searched = searchedUntil === undefined ? to : Math.ceil((searchedUntil - NOW) / TICK);
  for (let tick = from; tick < Math.min(named ?? to, searched); tick++) {
    expect(fits(tick), `an earlier window at ${tick}`).to.equal(false);
  }
}

interface Step {
  run(world: World): void;
  toString(): string;
}

const reserve = fc
  .record({
    parts: fc.array(asked, { minLength: 1, maxLength: 2 }),
    policy: policies,
    extra: fc.constantFrom(0, 0, 0, 1, 3),
    start: fc.integer({ min: 1, max: HORIZON }),
    length: fc.integer({ min: 1, max: 6 }),
    looks: fc.integer({ min: 0, max: 30 }),
    tries: fc.integer({ min: 1, max: 20 }),
  })
  .map(({ start, length, looks, tries, ...request }): Step => ({
    run: (world) => {
      const from = world.now + start;
      const to = from + length;
      const window = { start: NOW + from * TICK, end: NOW + to * TICK };
      const movable = world.live.some(({ status }) => status === 'scheduled');
      const { parts, policy, extra } = request;
      const possible = exists(world, request, from, to);
      const result = world.engine.do('createReservation', { ...window, demand: demandOf(parts, policy, extra) });
      if (result.outcome === 'refused') {
        if (!world.faithful) return;
        expect(possible, `refused: ${result.refusal.message}`).to.equal(false);
        if (extra === 0) expect(result.refusal.container).to.match(/^c/);
        if (!movable && result.refusal.container !== undefined) {
          expect(result.refusal.searchComplete, 'a small search is complete').to.equal(true);
        }
        // Everything has ended by then, so that a search that names no window has looked at all of them.
        const all = world.now + 3 * HORIZON;
        const { searchedUntil } = result.refusal;
        if (searchedUntil !== undefined) expect(searchedUntil, 'searched until').to.be.at.least(NOW + all * TICK);
        const known = new Map<number, boolean>();
        const fits = (tick: number): boolean => {
          const fit = known.get(tick) ?? exists(world, request, tick, tick + length);
          known.set(tick, fit);
          return fit;
        };
        checkSearch(result.refusal, from, all, fits, mayFit(world, request));
        const demand = demandOf(parts, policy, extra);
        const latest = NOW + all * TICK;
        const short = nextFit(world.engine.head, demand, window, latest, world.engine.now, new Effort(looks, tries));
        checkSearch(short, from, all, fits, mayFit(world, request));
        return;
      }
      if (!possible && world.faithful) expect(result.moved ?? [], 'room was made').not.to.have.length(0);
      const reservation = world.engine.head.reservations.get(result.reservation.id);
      if (reservation === undefined) return;
      checkPlaced(world.hosts, reservation.claims, parts, policy);
      const used = reservation.claims.map((claim) => hostOf(world.hosts, claim)?.name);
      for (const name of world.down) expect(used).not.to.include(name);
    },
    toString: () =>
      `reserve ${request.parts.map((each) => `${each.count}×${each.cores}${each.group ? 'g' : ''}${each.trait[0] ?? ''}${each.zone}`).join(' ')} ${request.policy} and ${request.extra} at +${start} for ${length}`,
  }));

const index = fc.nat({ max: 7 });

const cancel = index.map((which): Step => ({
  run: (world) => {
    const { live } = world;
    const id = pick(live, which)?.id;
    if (id !== undefined) world.engine.do('cancelReservation', { id });
  },
  toString: () => `cancel #${which}`,
}));

const fail = fc.record({ which: index, back: fc.boolean() }).map(({ which, back }): Step => ({
  run: (world) => {
    const host = world.hosts[which % world.hosts.length];
    if (host === undefined) return;
    if (back) world.down.clear();
    else world.down.add(host.name);
    world.report();
    if (world.down.size > 0) return;
    for (const { status } of world.live)
      if (world.engine.head.allocations.size === 0) expect(status).not.to.equal('degraded');
  },
  toString: () => (back ? 'all hosts are back' : `host ${which} fails`),
}));

const boot = index.map((which): Step => ({
  run: (world) => {
    const active = world.live.filter(({ status }) => status === 'active');
    const reservation = pick(active, which)?.id;
    const what = { name: 'vm', image: 'cirros', flavor: 'small' };
    world.faithful = false;
    world.engine.do('createInstance', which % 2 === 0 || reservation === undefined ? what : { ...what, reservation });
  },
  toString: () => `boot ${which}`,
}));

const wait = fc.integer({ min: 1, max: 4 }).map((ticks): Step => ({
  run: (world) => {
    world.engine.advance(ticks * TICK);
    world.now += ticks;
  },
  toString: () => `wait ${ticks}`,
}));

function play(specs: readonly HostSpec[], steps: readonly Step[]): World {
  const world = new World(specs);
  for (const step of steps) {
    step.run(world);
    checkMap(world);
  }
  return world;
}

describe('histories of placement', function () {
  this.timeout(300_000);

  it('grant exactly what can be placed, or what can when others move, and place it as it was asked for', () => {
    const steps = fc.array(fc.oneof({ arbitrary: reserve, weight: 5 }, cancel, wait), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(hosts, steps, (specs, history) => void play(specs, history)),
      { numRuns: 1500, seed: 11 },
    );
  });

  it('keep the invariants while hosts fail and return and machines run', () => {
    const reach = new Reach();
    const steps = fc.array(
      fc.oneof({ arbitrary: reserve, weight: 4 }, cancel, { arbitrary: fail, weight: 3 }, boot, wait),
      {
        minLength: 4,
        maxLength: 10,
      },
    );
    fc.assert(
      fc.property(hosts, steps, (specs, history) => {
        const { engine } = play(specs, history);
        reach.note(engine.events);
        // When everybody has left, every host is free.
        engine.checked = false;
        for (const { id, ...rest } of [...engine.head.reservations.values()]) {
          if (!isOver({ id, ...rest })) engine.do('cancelReservation', { id });
        }
        for (const id of [...engine.head.allocations.keys()]) engine.do('serverGone', { allocation: id });
        for (const host of engine.head.hosts.nodes.values()) {
          expect(host.free.min({ start: engine.now, end: Infinity })[0]).to.equal(host.size.cores);
        }
      }),
      { numRuns: 1500, seed: 12 },
    );
    reach.expect({
      'capacity host-failed': 400,
      'reservation degraded': 40,
      'reservation restored': 10,
      'reservation updated': 20,
    });
  });
});
