/** Random histories of users and tenants under quotas, beside lists of what each holds, looked at tick by tick. */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import type { Quota } from '../../src/engine/entities.ts';
import type { Refusal } from '../../src/engine/requests.ts';
import { Engine, NOW } from '../unit/engine/engine-fixture.ts';
import { pick, Reach } from './histories.ts';

const TICK = 60_000;
const HORIZON = 8;
/** After every tick at which anything but a machine ends. */
const FOR_EVER = 200;
const RESOURCES = ['cores', 'ram'] as const;
const MACHINE = { cores: 1, ram: 512 };

interface Owner {
  readonly user: string;
  readonly tenant?: string;
}

const OWNERS: readonly Owner[] = [
  { user: 'ann', tenant: 'red' },
  { user: 'bob', tenant: 'red' },
  { user: 'ann', tenant: 'blue' },
  { user: 'eve' },
  { user: 'bob' },
];

type Amounts = Readonly<Record<(typeof RESOURCES)[number], number>>;

interface Span {
  readonly from: number;
  readonly to: number;
  readonly amounts: Amounts;
}

interface Held extends Span {
  readonly id: string;
  readonly kind: 'reservation' | 'offer' | 'machine';
  readonly owner: Owner;
  /** When an offer lapses. */
  readonly until?: number;
}

/** A quota that a request exceeds: by the number of reservations, or by amounts. */
type Excess =
  | { readonly by: 'number'; readonly limit: string }
  | { readonly by: 'amount'; readonly limit: string; readonly most: Partial<Amounts> };

class World {
  readonly engine = new Engine();
  readonly #reach: Reach;
  readonly #pool: number;
  #held: Held[] = [];
  #quotas: readonly Quota[] = [];
  #now = 0;

  constructor(pool: number, quotas: readonly Quota[], reach: Reach) {
    this.#pool = pool;
    this.#reach = reach;
    this.engine.pool(this.engine.provider(), { cores: pool, ram: 100_000, instances: 100 });
    this.limit(quotas);
  }

  /** Sets quotas; what is held is kept, even if it is more. */
  limit(quotas: readonly Quota[]): void {
    const entry = { ...DEFAULT_POLICY, quotas };
    expect(this.engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] }).outcome).to.equal('applied');
    this.#quotas = quotas;
  }

  reserve(owner: Owner, start: number, length: number, amounts: Amounts): void {
    const span = this.#span(start, length, amounts);
    const result = this.#as(owner).do('createReservation', request(span));
    const refusal = result.outcome === 'refused' ? result.refusal : undefined;
    this.#agree('reservation', owner, span, this.#held, refusal);
    if (result.outcome !== 'refused')
      this.#held.push({ ...span, id: result.reservation.id, kind: 'reservation', owner });
  }

  offer(owner: Owner, start: number, length: number, amounts: Amounts): void {
    const span = this.#span(start, length, amounts);
    const result = this.#as(owner).do('requestOffer', { ...request(span), holdFor: start * TICK });
    const refusal = result.outcome === 'refused' ? result.refusal : undefined;
    this.#agree('offer', owner, span, this.#held, refusal);
    if (result.outcome === 'refused') return;
    this.#held.push({ ...span, id: result.offer.id, kind: 'offer', owner, until: span.from });
  }

  /** An offer is held already: to accept it asks for no more. */
  accept(which: number): void {
    const offer = this.#pick('offer', which);
    if (offer === undefined) return;
    const result = this.engine.do('acceptOffer', { id: offer.id });
    if (result.outcome !== 'accepted') throw new Error(`the offer is ${result.outcome}`);
    const { from, to, amounts, owner } = offer;
    this.#replace(offer, { from, to, amounts, owner, id: result.reservation.id, kind: 'reservation' });
  }

  boot(owner: Owner): void {
    const result = this.#as(owner).do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small' });
    const span = { from: this.#now, to: FOR_EVER, amounts: MACHINE };
    const refusal = result.outcome === 'refused' ? result.refusal : undefined;
    this.#agree('machine', owner, span, this.#held, refusal);
    if (result.outcome !== 'refused') this.#held.push({ ...span, id: result.allocation.id, kind: 'machine', owner });
  }

  /** By whomever: it counts for whose the reservation is. */
  resize(by: Owner, which: number, longer: number, amounts: Amounts): void {
    const held = this.#pick('reservation', which);
    if (held === undefined) return;
    const to = Math.max(held.to + longer, held.from + 1, this.#now + 1);
    const span = { from: held.from, to, amounts };
    const { end, demand } = request(span);
    const result = this.#as(by).do('updateReservation', { id: held.id, end, demand });
    const others = this.#held.filter((each) => each !== held);
    const lessens = to <= held.to && RESOURCES.every((resource) => amounts[resource] <= held.amounts[resource]);
    const refusal = result.outcome === 'refused' ? result.refusal : undefined;
    if (lessens) expect(refusal, 'what is less').to.equal(undefined);
    else this.#agree('update', held.owner, span, others, refusal);
    if (result.outcome === 'updated') this.#replace(held, { ...held, ...span });
  }

  end(which: number): void {
    const held = pick(this.#held, which);
    if (held === undefined) return;
    this.#held = this.#held.filter((each) => each !== held);
    const { id, kind } = held;
    if (kind === 'reservation') this.engine.do('cancelReservation', { id });
    else if (kind === 'offer') this.engine.do('declineOffer', { id });
    else {
      this.engine.do('destroyInstance', { id });
      this.engine.do('serverGone', { allocation: id });
    }
  }

  wait(ticks: number): void {
    this.engine.advance(ticks * TICK);
    this.#now += ticks;
    this.#held = this.#held.filter(({ to, until = to }) => Math.min(to, until) > this.#now);
  }

  /** The pool is asked first, then the quotas, and of each the number before the amount. */
  #agree(what: string, owner: Owner, span: Span, others: readonly Held[], refusal: Refusal | undefined): void {
    if (this.#free(this.#pool, 'cores', others, span) < span.amounts.cores) {
      expect(refusal?.reason).to.equal('insufficient-capacity');
      return;
    }
    const isCounted = what === 'reservation' || what === 'offer';
    const excesses = new Map<string, Excess>();
    for (const quota of this.#quotas) {
      const excess = this.#excess(quota, owner, span, others, isCounted);
      if (excess !== undefined) excesses.set(quota.name, excess);
    }
    if (excesses.size === 0) {
      expect(refusal, 'a refusal').to.equal(undefined);
      return;
    }
    expect(refusal?.reason, `the refusal, not that of ${[...excesses.keys()].join()}`).to.equal('quota-exceeded');
    const { by, ...told } = excesses.get(refusal?.policy ?? '') ?? {};
    expect(refusal).to.deep.include(told);
    const quota = this.#quotas.find(({ name }) => name === refusal?.policy);
    const whose = quota?.user !== undefined ? 'user' : quota?.tenant !== undefined ? 'tenant' : 'each';
    this.#reach.count(`${what} ${whose} ${by}`);
  }

  #excess(quota: Quota, owner: Owner, span: Span, others: readonly Held[], isCounted: boolean): Excess | undefined {
    if (!binds(quota, owner)) return undefined;
    const own = others.filter((held) => held.owner.tenant === owner.tenant && binds(quota, held.owner));
    const number = own.filter(({ kind }) => kind !== 'machine').length;
    const { reservations = Infinity } = quota;
    if (isCounted && number >= reservations) return { by: 'number', limit: `${reservations}` };
    const limited = RESOURCES.flatMap((resource) => {
      const limit = quota.capacity[resource];
      if (limit === undefined || span.amounts[resource] === 0) return [];
      return [{ resource, limit, left: Math.max(0, this.#free(limit, resource, own, span)) }];
    });
    const short = limited.filter(({ resource, left }) => left < span.amounts[resource]);
    if (short.length === 0) return undefined;
    const limit = short.map((each) => `${each.limit} ${each.resource}`).join(', ');
    return { by: 'amount', limit, most: Object.fromEntries(limited.map(({ resource, left }) => [resource, left])) };
  }

  /** The least that others leave of a limit at any tick of a span that is to come. */
  #free(limit: number, resource: keyof Amounts, holders: readonly Held[], { from, to }: Span): number {
    let least = limit;
    for (let tick = Math.max(from, this.#now); tick < to; tick++) {
      const there = holders.filter((held) => held.from <= tick && tick < held.to);
      least = Math.min(
        least,
        there.reduce((rest, { amounts }) => rest - amounts[resource], limit),
      );
    }
    return least;
  }

  #as(owner: Owner): Engine {
    this.engine.as = owner;
    return this.engine;
  }

  #span(start: number, length: number, amounts: Amounts): Span {
    return { from: this.#now + start, to: this.#now + start + length, amounts };
  }

  #pick(kind: Held['kind'], which: number): Held | undefined {
    const held = this.#held.filter((each) => each.kind === kind);
    return pick(held, which);
  }

  #replace(old: Held, held: Held): void {
    this.#held = this.#held.map((each) => (each === old ? held : each));
  }
}

/** Without a tenant a quota is for each, without a user for all users of a tenant together. */
function binds(quota: Quota, { user, tenant }: Owner): boolean {
  return (quota.tenant ?? tenant) === tenant && (quota.user ?? user) === user;
}

function request({ from, to, amounts }: Span) {
  return { start: NOW + from * TICK, end: NOW + to * TICK, demand: { capacity: amounts } };
}

interface Step {
  readonly run: (world: World) => void;
  readonly toString: () => string;
}

const owner = fc.constantFrom(...OWNERS);
const which = fc.nat({ max: 9 });
const start = fc.integer({ min: 1, max: HORIZON });
const length = fc.integer({ min: 1, max: 10 });
const amounts = fc.record({
  cores: fc.integer({ min: 1, max: 6 }),
  ram: fc.constantFrom(0, 256, 512, 1024, 2048),
});
const quota = fc.record({
  tenant: fc.option(fc.constantFrom('red', 'blue'), { nil: undefined, freq: 2 }),
  user: fc.option(fc.constantFrom('ann', 'bob'), { nil: undefined, freq: 2 }),
  reservations: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  capacity: fc.record(
    { cores: fc.integer({ min: 1, max: 10 }), ram: fc.constantFrom(512, 1500, 3000) },
    { requiredKeys: [] },
  ),
});
const quotas = fc.array(quota, { minLength: 1, maxLength: 3 }).map((drawn): Quota[] =>
  drawn.map(({ tenant, user, reservations, capacity }, index) => ({
    name: `q${index}`,
    capacity,
    ...(tenant === undefined ? {} : { tenant }),
    ...(user === undefined ? {} : { user }),
    ...(reservations === undefined ? {} : { reservations }),
  })),
);
const span = fc.tuple(owner, start, length, amounts);
const inWords = ([of, from, long, { cores, ram }]: [Owner, number, number, Amounts]): string =>
  `${of.user} of ${of.tenant ?? 'no tenant'}: ${cores} cores, ${ram} MB at +${from} for ${long}`;
const reserve = span.map((drawn): Step => ({
  run: (world) => world.reserve(...drawn),
  toString: () => `reserve for ${inWords(drawn)}`,
}));
const offer = span.map((drawn): Step => ({
  run: (world) => world.offer(...drawn),
  toString: () => `offer to ${inWords(drawn)}`,
}));
const resize = fc.tuple(owner, which, fc.integer({ min: -4, max: 4 }), amounts).map((drawn): Step => ({
  run: (world) => world.resize(...drawn),
  toString: () => `resize ${JSON.stringify(drawn)}`,
}));
const boot = owner.map((of): Step => ({
  run: (world) => world.boot(of),
  toString: () => `boot ${JSON.stringify(of)}`,
}));
const accept = which.map((of): Step => ({ run: (world) => world.accept(of), toString: () => `accept ${of}` }));
const end = which.map((of): Step => ({ run: (world) => world.end(of), toString: () => `end ${of}` }));
const limit = quotas.map((of): Step => ({
  run: (world) => world.limit(of),
  toString: () => `limit ${JSON.stringify(of)}`,
}));
const wait = fc.integer({ min: 1, max: 9 }).map((ticks): Step => ({
  run: (world) => world.wait(ticks),
  toString: () => `wait ${ticks}`,
}));
const step = fc.oneof(
  { arbitrary: reserve, weight: 6 },
  { arbitrary: offer, weight: 2 },
  { arbitrary: resize, weight: 3 },
  { arbitrary: boot, weight: 2 },
  accept,
  end,
  limit,
  wait,
);

describe('histories of users and tenants under quotas', function () {
  this.timeout(300_000);

  it('agree with lists: pool first, then number, then amount; what is refused changes nothing', () => {
    const reach = new Reach();
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 40 }),
        quotas,
        fc.array(step, { minLength: 2, maxLength: 9, size: 'max' }),
        (pool, first, steps) => {
          const world = new World(pool, first, reach);
          for (const each of steps) each.run(world);
          world.engine.replay();
        },
      ),
      { numRuns: 1500, seed: 4 },
    );
    reach.expect({
      'reservation user number': 8,
      'reservation user amount': 100,
      'reservation tenant amount': 50,
      'reservation each number': 30,
      'reservation each amount': 200,
      'offer user amount': 30,
      'update user amount': 15,
      'update each amount': 25,
      'machine user amount': 6,
      'machine each amount': 20,
    });
  });
});
