/**
 * Pre-emption beside a naive model: who gives way is worked out instant by instant over lists, by the rule as it is told to users: the
 * lowest class, the newest in it, and of those nobody who need not.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { PreEmption, Priority } from '../../src/engine/entities.ts';
import { DEFAULT_POLICY } from '../../src/engine/entities.ts';
import { isOver } from '../../src/engine/state.ts';
import type { VimElement } from '../../src/vim/vim.ts';
import { Engine, NOW, inventoryOf } from '../unit/engine/engine-fixture.ts';
import { pick, Reach } from './histories.ts';

const TICK = 60_000;

interface Asked {
  readonly from: number;
  readonly length: number;
  readonly cores: number;
  readonly priority: Priority;
}

interface Held extends Asked {
  readonly id: string;
  readonly createdOn: number;
}

const asked: fc.Arbitrary<Asked> = fc.record({
  from: fc.integer({ min: 1, max: 12 }),
  length: fc.integer({ min: 1, max: 6 }),
  cores: fc.integer({ min: 1, max: 6 }),
  priority: fc.constantFrom<Priority>(1, 2, 3),
});

function fits(held: readonly Held[], request: Asked, total: number): boolean {
  for (let tick = request.from; tick < request.from + request.length; tick++) {
    const there = held.filter(({ from, length }) => from <= tick && tick < from + length);
    if (there.reduce((sum, { cores }) => sum + cores, request.cores) > total) return false;
  }
  return true;
}

/** Who gives way to a request that does not fit, or undefined when all who may do not suffice. */
function naiveVictims(held: readonly Held[], request: Asked, total: number): Held[] | undefined {
  const may = held.filter(({ priority }) => priority > request.priority);
  const kept = held.filter(({ priority }) => priority <= request.priority);
  if (!fits(kept, request, total)) return undefined;
  const victims: Held[] = [];
  for (const each of [...may].sort((a, b) => a.priority - b.priority || a.createdOn - b.createdOn)) {
    if (fits([...kept, each], request, total)) kept.push(each);
    else victims.push(each);
  }
  return victims;
}

function lab(preEmption: PreEmption, cores: number): Engine {
  const engine = new Engine();
  engine.pool(engine.provider(undefined, 'lab', preEmption), { cores, ram: 100_000, instances: 100 });
  return engine;
}

function ask(engine: Engine, { from, length, cores, priority }: Asked) {
  const start = NOW + from * TICK;
  const demand = { capacity: { cores } };
  return engine.do('createReservation', { start, end: start + length * TICK, priority, demand });
}

/** What may be named, and what of it nobody else can hold beside it. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  private: ['s1', 'p1', 'p2', '10.0.0.77'],
  s1: ['private', 'p1', '10.0.0.77'],
  p1: ['private', 's1'],
  p2: ['private'],
  '10.0.0.77': ['private', 's1'],
  v1: [],
  h1: [],
};
const NAMES = Object.keys(BESIDE);

const ELEMENTS: readonly VimElement[] = [
  { kind: 'subnet', id: 's1', name: '', network: 'n1', cidr: '10.0.0.0/24' },
  { kind: 'port', id: 'p1', name: '', network: 'n1', addresses: ['10.0.0.5'] },
  { kind: 'port', id: 'p2', name: '', network: 'n1', addresses: ['192.0.2.9'] },
  { kind: 'volume', id: 'v1', name: '', sizeGb: 1 },
];

interface ByName extends Omit<Asked, 'cores'> {
  readonly names: readonly string[];
}

type HeldByName = ByName & { readonly id: string };

function collide(a: ByName, b: ByName): boolean {
  const meet = a.from < b.from + b.length && b.from < a.from + a.length;
  return meet && a.names.some((name) => b.names.includes(name) || b.names.some((each) => BESIDE[name]?.includes(each)));
}

function elementLab(): Engine {
  const engine = new Engine();
  const hosts = [{ name: 'h1', cores: 8 }];
  const source = engine.provider(hosts, 'lab', 'priority');
  engine.do('updateProvider', { id: source, status: 'up', inventory: inventoryOf(hosts, {}, ELEMENTS) });
  engine.pool(source, { cores: 8, ram: 8192, instances: 8 });
  return engine;
}

function askByName(engine: Engine, { from, length, names, priority }: ByName) {
  const start = NOW + from * TICK;
  const demand = { capacity: {}, elements: names };
  return engine.do('createReservation', { start, end: start + length * TICK, priority, demand });
}

/** All that a decision could have changed. */
function snapshot({ head, due }: Engine): string {
  return JSON.stringify([[...head.reservations], [...head.allocations], [...head.pools], [...due]]);
}

describe('pre-emption', function () {
  this.timeout(180_000);

  it('displaces whom the rule says, nobody of an equal or higher class, nobody in vain, and nothing when refused', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 10 }),
        fc.array(asked, { minLength: 2, maxLength: 14 }),
        (total, requests) => {
          const engine = lab('priority', total);
          let held: Held[] = [];
          for (const request of requests) {
            engine.now += 1;
            const before = snapshot(engine);
            const told = engine.events.length;
            const expected = fits(held, request, total) ? [] : naiveVictims(held, request, total);
            const result = ask(engine, request);
            if (expected === undefined) {
              expect(result.outcome).to.equal('refused');
              expect(snapshot(engine)).to.equal(before);
              expect(engine.events.length).to.equal(told);
              continue;
            }
            if (result.outcome === 'refused') throw new Error(`refused: ${result.refusal.message}`);
            expect(new Set(result.displaced?.reservations ?? [])).to.deep.equal(new Set(expected.map(({ id }) => id)));
            for (const { id, priority } of expected) {
              expect(priority).to.be.greaterThan(request.priority);
              expect(engine.head.reservations.get(id)).to.deep.include({ status: 'preempted', claims: [] });
            }
            const gone = new Set(expected.map(({ id }) => id));
            held = held.filter(({ id }) => !gone.has(id));
            // Each of them is in the way of the request, beside the others that are kept.
            for (const victim of expected) expect(fits([...held, victim], request, total)).to.equal(false);
            held.push({ ...request, id: result.reservation.id, createdOn: engine.now });
          }
        },
      ),
      { numRuns: 600, seed: 11 },
    );
  });

  it('displaces for elements that are named whom the rule says, and nothing when refused', () => {
    const named = fc.record({
      from: fc.integer({ min: 1, max: 6 }),
      length: fc.integer({ min: 1, max: 4 }),
      names: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 2 }),
      priority: fc.constantFrom<Priority>(1, 2, 3),
    });
    let displaced = 0;
    fc.assert(
      fc.property(fc.array(named, { minLength: 2, maxLength: 12 }), (requests) => {
        const engine = elementLab();
        let held: HeldByName[] = [];
        for (const request of requests) {
          engine.now += 1;
          const before = snapshot(engine);
          const apart = (others: readonly HeldByName[]): boolean => others.every((other) => !collide(other, request));
          const kept = held.filter(({ priority }) => priority <= request.priority);
          const result = askByName(engine, request);
          if (!apart(kept)) {
            expect(result.outcome).to.equal('refused');
            expect(snapshot(engine)).to.equal(before);
            continue;
          }
          if (result.outcome === 'refused') throw new Error(`refused: ${result.refusal.message}`);
          // Each of them by itself is in the way, so that all of them have to go.
          const expected = new Set(held.filter((other) => collide(other, request)).map(({ id }) => id));
          expect(new Set(result.displaced?.reservations ?? [])).to.deep.equal(expected);
          displaced += expected.size;
          held = held.filter(({ id }) => !expected.has(id));
          held.push({ ...request, id: result.reservation.id });
        }
        engine.advance(20 * TICK);
        engine.replay();
      }),
      { numRuns: 300, seed: 15 },
    );
    expect(displaced, 'reservations that gave way in all').to.be.greaterThan(200);
  });

  it('displaces the same, and machines, for a machine without a reservation, which waits until they are gone', () => {
    const machine = fc.record({
      large: fc.boolean(),
      priority: fc.constantFrom<Priority>(1, 2, 3),
      end: fc.constantFrom('none', 'none', 'one', 'all'),
    });
    const counted = { reservations: 0, machines: 0, waited: 0 };
    let runs = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 10 }),
        fc.array(asked, { minLength: 2, maxLength: 10 }),
        fc.array(machine, { minLength: 1, maxLength: 7 }),
        (total, requests, machines) => {
          runs += 1;
          const engine = lab('priority', total);
          let held: Held[] = [];
          for (const request of requests) {
            engine.now += 1;
            const result = ask(engine, request);
            if (result.outcome === 'refused') continue;
            held.push({ ...request, id: result.reservation.id, createdOn: engine.now });
          }
          held = held.filter(({ id }) => engine.head.reservations.get(id)?.status === 'scheduled');
          let standing: Held[] = [];
          /** Machines that are being deleted, and who waits for them. */
          let leaving: Held[] = [];
          const waiting = new Map<string, Set<string>>();
          for (const { large, priority, end } of machines) {
            engine.now += 1;
            const before = snapshot(engine);
            const request: Asked = { from: 0, length: 100, cores: large ? 4 : 1, priority };
            // What is being deleted goes first, whatever its class, and stays where it need not.
            const going = leaving.map((each) => ({ ...each, priority: 4 as Priority }));
            const all = [...held, ...standing, ...going];
            const room = fits(all, request, total);
            const expected = room ? [] : priority === 3 ? undefined : naiveVictims(all, request, total);
            const flavor = large ? 'large' : 'small';
            const result = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor, priority });
            if (expected === undefined) {
              expect(result.outcome).to.equal('refused');
              expect(snapshot(engine)).to.equal(before);
              continue;
            }
            if (result.outcome === 'refused') throw new Error(`refused: ${result.refusal.message}`);
            const gone = new Set(expected.map(({ id }) => id));
            const withdrawn = standing.filter(({ id }) => gone.has(id));
            const displaced = held.filter(({ id }) => gone.has(id));
            counted.reservations += displaced.length;
            counted.machines += withdrawn.length;
            const ids = (of: readonly Held[]): Set<string> => new Set(of.map(({ id }) => id));
            expect(new Set(result.displaced?.reservations ?? [])).to.deep.equal(ids(displaced));
            expect(new Set(result.displaced?.machines ?? [])).to.deep.equal(ids(withdrawn));
            const awaits = ids(expected.filter((each) => !displaced.includes(each)));
            const { allocation } = result;
            expect(new Set(allocation.awaits ?? [])).to.deep.equal(awaits);
            expect(allocation.intent).to.equal(awaits.size === 0 ? 'create' : undefined);
            if (awaits.size > 0) waiting.set(allocation.id, awaits);
            for (const { id } of withdrawn) {
              expect(engine.head.allocations.get(id)).to.include({ vmState: 'DELETING', intent: 'delete' });
              waiting.delete(id);
            }
            held = held.filter(({ id }) => !gone.has(id));
            standing = standing.filter(({ id }) => !gone.has(id));
            leaving = [...leaving, ...withdrawn];
            standing.push({ ...request, id: allocation.id, createdOn: engine.now });
            const ended = end === 'none' ? [] : end === 'one' ? leaving.slice(0, 1) : [...leaving];
            for (const { id } of ended) {
              engine.do('serverGone', { allocation: id });
              leaving = leaving.filter((each) => each.id !== id);
              for (const awaited of waiting.values()) awaited.delete(id);
            }
            for (const [id, awaited] of waiting) {
              const record = engine.head.allocations.get(id);
              expect(new Set(record?.awaits ?? [])).to.deep.equal(awaited);
              expect(record?.intent, 'asked for when nobody is awaited').to.equal(
                awaited.size === 0 ? 'create' : undefined,
              );
              counted.waited += awaited.size === 0 ? 1 : 0;
              if (awaited.size === 0) waiting.delete(id);
            }
          }
          engine.advance(20 * TICK);
          engine.replay();
        },
      ),
      { numRuns: 700, seed: 14 },
    );
    expect(counted.reservations, 'reservations that gave way in all').to.be.greaterThan(runs / 8);
    expect(counted.machines, 'machines that gave way in all').to.be.greaterThan(runs / 8);
    expect(counted.waited, 'machines that waited to the end').to.be.greaterThan(runs / 12);
  });

  it('offers the displaced a window that is free', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 8 }),
        fc.array(asked, { minLength: 2, maxLength: 10 }),
        (total, requests) => {
          const engine = lab('priority', total);
          for (const request of requests) {
            engine.now += 1;
            const told = engine.events.length;
            ask(engine, request);
            for (const event of engine.events.slice(told)) {
              if (event.kind !== 'reservation-event' || event.cause !== 'preempted') continue;
              const window = event.offered?.nextWindow;
              const [node] = [...engine.head.nodes.values()].filter(({ id }) => id.startsWith('pool/'));
              if (window === undefined || node === undefined) throw new Error('nothing is offered');
              expect(window.start).to.be.greaterThan(event.reservation.startsAt);
              expect(node.free.min(window)[0]).to.be.at.least(event.reservation.demand.capacity.cores ?? 0);
            }
          }
        },
      ),
      { numRuns: 400, seed: 12 },
    );
  });

  it('decides the same for the same history, before and after the head is built anew', () => {
    const history = fc.array(asked, { minLength: 4, maxLength: 16 });
    fc.assert(
      fc.property(history, (requests) => {
        const [one, two] = [lab('priority', 8), lab('priority', 8)];
        for (const request of requests) {
          for (const engine of [one, two]) {
            engine.now += 1;
            ask(engine, request);
          }
          expect(snapshot(one)).to.equal(snapshot(two));
        }
      }),
      { numRuns: 300, seed: 13 },
    );
  });

  /** What may happen to a pool with machines; the invariants are checked after each step. */
  interface Step {
    readonly run: (engine: Engine, seen: string[]) => void;
    readonly toString: () => string;
  }
  const step = (text: string, run: Step['run']): Step => ({ run, toString: () => text });

  const reserve = fc.record({ request: asked, now: fc.boolean() }).map(({ request, now }) =>
    step(`reserve ${JSON.stringify(request)}${now ? ' now' : ''}`, (engine, seen) => {
      const from = now ? {} : { start: engine.now + request.from * TICK };
      const end = engine.now + (request.from + request.length) * TICK;
      const demand = { capacity: { cores: request.cores, ram: request.cores * 512 } };
      const result = engine.do('createReservation', { ...from, end, priority: request.priority, demand });
      if (result.outcome !== 'refused') seen.push(result.reservation.id);
    }),
  );
  const boot = fc.option(fc.nat({ max: 9 }), { freq: 1 }).map((which) =>
    step(`boot ${which}`, (engine, seen) => {
      const against = which === null ? undefined : pick(seen, which);
      const input = { name: 'vm', image: 'cirros', flavor: 'small' };
      const result = engine.do('createInstance', against === undefined ? input : { ...input, reservation: against });
      if (result.outcome === 'refused' || against === undefined) return;
      expect(engine.head.reservations.get(against)?.awaits, 'waits and is allocated against').to.equal(undefined);
    }),
  );
  const gone = fc.nat({ max: 5 }).map((which) =>
    step(`gone ${which}`, (engine) => {
      const leaving = [...engine.head.allocations.values()].filter(({ vmState }) => vmState === 'DELETING');
      const machine = pick(leaving, which);
      if (machine !== undefined) engine.do('serverGone', { allocation: machine.id });
    }),
  );
  const destroy = fc.nat({ max: 9 }).map((which) =>
    step(`destroy ${which}`, (engine) => {
      const id = pick([...engine.head.allocations.keys()], which);
      if (id !== undefined) engine.do('destroyInstance', { id });
    }),
  );
  const cancel = fc.nat({ max: 9 }).map((which) =>
    step(`cancel ${which}`, (engine, seen) => {
      const reservation = engine.head.reservations.get(pick(seen, which) ?? '');
      if (reservation !== undefined && !isOver(reservation)) engine.do('cancelReservation', { id: reservation.id });
    }),
  );
  const update = fc
    .record({ which: fc.nat({ max: 9 }), cores: fc.integer({ min: 1, max: 8 }) })
    .map(({ which, cores }) =>
      step(`update ${which} to ${cores}`, (engine, seen) => {
        const reservation = engine.head.reservations.get(pick(seen, which) ?? '');
        if (reservation === undefined || isOver(reservation)) return;
        engine.do('updateReservation', { id: reservation.id, demand: { capacity: { cores } } });
      }),
    );
  const wait = fc.integer({ min: 1, max: 5 }).map((ticks) =>
    step(`wait ${ticks}`, (engine) => {
      engine.advance(ticks * TICK);
    }),
  );
  const lose = fc.integer({ min: 2, max: 8 }).map((left) =>
    step(`the VIM has ${left}`, (engine) => {
      const [provider] = engine.head.providers.values();
      const inventory = provider?.inventory;
      if (provider === undefined || inventory === undefined) return;
      const hosts = inventory.hosts.map((host) => ({ ...host, vcpus: host.vcpus > 8 ? left : 100 }));
      engine.do('updateProvider', { id: provider.id, inventory: { ...inventory, hosts } });
    }),
  );
  const steps = fc.array(
    fc.oneof(
      { arbitrary: reserve, weight: 6 },
      { arbitrary: boot, weight: 4 },
      gone,
      destroy,
      cancel,
      update,
      { arbitrary: wait, weight: 2 },
      { arbitrary: lose, weight: 2 },
    ),
    { minLength: 5, maxLength: 14 },
  );

  /** What histories come to under every policy. */
  const REACHED = {
    'reservation degraded': 18,
    'reservation restored': 7,
    'reservation updated': 20,
    'reservation started': 15,
    'reservation cancelled': 50,
  };

  for (const preEmption of ['best-effort', 'priority', 'none'] as const) {
    it(`keeps the invariants under the policy ${preEmption}, and nobody waits when every machine is gone`, () => {
      const reach = new Reach();
      fc.assert(
        fc.property(steps, fc.boolean(), (all, favour) => {
          const engine = lab(preEmption, 5);
          const entry = {
            ...DEFAULT_POLICY,
            onCapacityLoss: favour ? ('favour-priority' as const) : ('notify' as const),
          };
          engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
          const seen: string[] = [];
          for (const each of all) {
            engine.now += 1;
            each.run(engine, seen);
          }
          for (const id of [...engine.head.allocations.keys()]) {
            engine.do('destroyInstance', { id });
            engine.do('serverGone', { allocation: id });
          }
          reach.note(engine.events);
          expect([...engine.head.awaiting]).to.deep.equal([]);
          for (const node of engine.head.nodes.values()) expect(node.lent.breakpoints).to.equal(0);
        }),
        { numRuns: 700, seed: 14 },
      );
      reach.expect({
        ...REACHED,
        ...(preEmption === 'none' ? {} : { 'allocation preempted': 40 }),
        ...(preEmption === 'priority' ? { 'reservation preempted': 15, 'allocation preempted INITIALIZED': 40 } : {}),
      });
    });
  }
});
