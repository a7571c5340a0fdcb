/**
 * Random histories of named elements beside a naive model: each element is a set of atoms, and two exclude each other where these meet.
 * Ports and volumes come and go in the VIM; machines use them, with reservations and without.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { isOver } from '../../src/engine/state.ts';
import type { VimElement } from '../../src/vim/vim.ts';
import { Engine, NOW, inventoryOf } from '../unit/engine/engine-fixture.ts';
import { pick, Reach } from './histories.ts';

const TICK = 60_000;
const HOSTS = [{ name: 'h', cores: 1000 }];

const port = (id: string, address: string): VimElement => ({
  kind: 'port',
  id,
  name: `${id}-name`,
  network: 'n1',
  addresses: [address],
});
const FIXED: readonly VimElement[] = [
  { kind: 'subnet', id: 's1', name: 's1-name', network: 'n1', cidr: '10.0.0.0/28' },
];
/** What may go. */
const LOOSE: readonly VimElement[] = [
  port('p1', '10.0.0.1'),
  port('p2', '10.0.0.2'),
  { kind: 'volume', id: 'v1', name: 'v1-name', sizeGb: 1 },
];
const NAMES: Readonly<Record<string, string>> = {
  p1: 'p1',
  'p1-name': 'p1',
  p2: 'p2',
  v1: 'v1',
  'v1-name': 'v1',
  '10.0.0.9': '10.0.0.9',
  's1/10.0.0.9': '10.0.0.9',
  s1: 's1',
  n1: 'n1',
  private: 'n1',
};

/** A machine that runs, and until when it is to. */
interface Running {
  readonly uses: string;
  readonly to: number;
  readonly under: string | undefined;
}

interface Held {
  readonly from: number;
  readonly to: number;
  readonly elements: ReadonlySet<string>;
}

class World {
  readonly engine = new Engine();
  readonly source: string;
  readonly gone = new Set<string>();
  readonly reservations = new Map<string, Held>();
  readonly machines = new Map<string, Running>();
  now = 0;

  constructor() {
    this.source = this.engine.provider(HOSTS);
    this.report();
    this.engine.pool(this.source, { cores: 1000, ram: 1_000_000, instances: 1000, ports: 10 });
  }

  report(): void {
    const elements = [...FIXED, ...LOOSE.filter(({ id }) => !this.gone.has(id))];
    const inventory = inventoryOf(HOSTS, { ports: 10, volumes: 10, instances: 1000 }, elements);
    this.engine.do('updateProvider', { id: this.source, status: 'up', inventory });
  }

  /** What an element consists of; a port that is gone has no address. */
  atoms(element: string): readonly string[] {
    const there = (id: string, address: string): string[] => (this.gone.has(id) ? [] : [id, address]);
    switch (element) {
      case 'n1':
      case 's1':
        return ['10.0.0.9', 's1', ...there('p1', '10.0.0.1'), ...there('p2', '10.0.0.2')];
      case 'p1':
        return [element, ...there('p1', '10.0.0.1')];
      case 'p2':
        return [element, ...there('p2', '10.0.0.2')];
      default:
        return [element];
    }
  }

  meets(a: string, b: string): boolean {
    const atoms = this.atoms(a);
    return this.atoms(b).some((atom) => atoms.includes(atom));
  }

  /** Whether who uses something uses an element or a part of it. Who uses a network uses no part of it for himself. */
  covers(element: string, uses: string): boolean {
    return uses === 'n1' ? element === 'n1' : this.meets(element, uses);
  }

  /** Whether a machine of others uses an element from an instant on. */
  isUsed(element: string, from: number, under?: string): boolean {
    const others = [...this.machines.values()].filter((each) => each.under === undefined || each.under !== under);
    return others.some(({ uses, to }) => to > from && this.covers(element, uses));
  }

  /** Machines of a reservation that is over run on without end. */
  runOn(reservation: string): void {
    for (const [id, each] of this.machines)
      if (each.under === reservation) this.machines.set(id, { ...each, to: Infinity, under: undefined });
  }

  others(from: number, to: number, except?: string): string[] {
    const overlapping = [...this.reservations].filter(
      ([id, each]) => id !== except && each.from < to && from < each.to,
    );
    return overlapping.flatMap(([, { elements }]) => [...elements]);
  }

  check(): void {
    for (const [id, held] of this.reservations) {
      const record = this.engine.head.reservations.get(id);
      if (held.to <= this.now) {
        expect(record === undefined || isOver(record), `whether ${id} is over`).to.equal(true);
        this.reservations.delete(id);
        this.runOn(id);
        continue;
      }
      const lacking = [...held.elements].some((element) => this.gone.has(element));
      const kept = held.from <= this.now ? 'active' : 'scheduled';
      expect(record?.status, id).to.equal(lacking ? 'degraded' : kept);
    }
  }
}

interface Step {
  run(world: World): void;
  toString(): string;
}

const at = (tick: number): number => NOW + tick * TICK;
const names = fc.uniqueArray(fc.constantFrom(...Object.keys(NAMES)), { minLength: 1, maxLength: 2 });
const index = fc.nat({ max: 9 });

const reserve = fc
  .record({ asked: names, start: fc.nat({ max: 6 }), length: fc.integer({ min: 1, max: 6 }), offer: fc.boolean() })
  .map(({ asked, start, length, offer }): Step => ({
    run: (world) => {
      const [from, to] = [world.now + start, world.now + start + length];
      const elements = new Set(asked.map((name) => NAMES[name] ?? name));
      const unheld = [...elements].every((each) => world.others(from, to).every((other) => !world.meets(each, other)));
      const free = unheld && ![...elements].some((each) => world.isUsed(each, from));
      const known = [...elements].every((each) => !world.gone.has(each));
      const request = {
        ...(start === 0 ? {} : { start: at(from) }),
        end: at(to),
        expiryTime: at(to),
        demand: { capacity: { cores: 4, ram: 4096 }, elements: asked },
      };
      const { engine } = world;
      let made: string | undefined;
      if (offer) {
        const result = engine.do('requestOffer', { ...request, holdFor: TICK });
        expect(result.outcome).to.equal(free && known ? 'offered' : 'refused');
        if (result.outcome === 'refused') return;
        const accepted = engine.do('acceptOffer', { id: result.offer.id });
        if (accepted.outcome === 'refused') throw new Error(accepted.refusal.message);
        made = accepted.reservation.id;
      } else {
        const result = engine.do('createReservation', request);
        expect(result.outcome).to.equal(free && known ? 'granted' : 'refused');
        if (result.outcome !== 'refused') made = result.reservation.id;
      }
      if (made !== undefined) world.reservations.set(made, { from, to, elements });
    },
    toString: () => `${offer ? 'offer' : 'reserve'} ${asked.join(' ')} at +${start} for ${length}`,
  }));

const change = fc.record({ which: index, asked: names }).map(({ which, asked }): Step => ({
  run: (world) => {
    const [id, held] = pick([...world.reservations], which) ?? [];
    if (id === undefined || held === undefined) return;
    const elements = new Set(asked.map((name) => NAMES[name] ?? name));
    const others = world.others(Math.max(held.from, world.now), held.to, id);
    const unheld = [...elements].every((each) => others.every((other) => !world.meets(each, other)));
    const added = [...elements].filter((each) => !held.elements.has(each));
    const free = unheld && !added.some((each) => world.isUsed(each, held.from, id));
    const own = [...world.machines.values()].filter(({ under }) => under === id);
    const dropped = own.some(
      ({ uses }) =>
        [...held.elements].some((each) => world.covers(each, uses)) &&
        ![...elements].some((each) => world.covers(each, uses)),
    );
    const known = [...elements].every((each) => !world.gone.has(each));
    const result = world.engine.do('updateReservation', { id, demand: { elements: asked } });
    expect(result.outcome).to.equal(free && known && !dropped ? 'updated' : 'refused');
    if (result.outcome === 'updated') world.reservations.set(id, { ...held, elements });
  },
  toString: () => `change #${which} to ${asked.join(' ')}`,
}));

const cancel = index.map((which): Step => ({
  run: (world) => {
    const id = pick([...world.reservations.keys()], which);
    if (id === undefined) return;
    expect(world.engine.do('cancelReservation', { id }).outcome).to.equal('cancelled');
    world.reservations.delete(id);
    world.runOn(id);
  },
  toString: () => `cancel #${which}`,
}));

/** A machine is made, and stays or is gone at once. */
const boot = fc
  .record({ which: index, own: fc.boolean(), uses: fc.constantFrom('p1', 'p2', 'v1', 'n1'), stays: fc.boolean() })
  .map(({ which, own, uses, stays }): Step => ({
    run: (world) => {
      const { engine } = world;
      const active = [...world.reservations].filter(
        ([id, { from }]) => from <= world.now && engine.head.reservations.get(id)?.status === 'active',
      );
      const [reservation, held] = own ? (pick(active, which) ?? []) : [];
      const covers = (element: string): boolean => world.covers(element, uses);
      const covered = [...(held?.elements ?? [])].some(covers);
      const others = world.others(world.now, held?.to ?? Infinity, reservation);
      const kind = uses === 'n1' ? 'networks' : uses === 'v1' ? 'volumes' : 'ports';
      const what = { name: 'vm', image: 'cirros', flavor: 'small', [kind]: [uses] };
      const result = engine.do('createInstance', reservation === undefined ? what : { ...what, reservation });
      if (result.outcome === 'refused' && result.refusal.reason !== 'element-reserved') {
        expect(result.refusal.reason).to.equal('exceeds-reservation');
        return;
      }
      expect(result.outcome).to.equal(covered || !others.some(covers) ? 'accepted' : 'refused');
      if (result.outcome === 'refused') return;
      const { id } = result.allocation;
      if (stays) world.machines.set(id, { uses, to: held?.to ?? Infinity, under: reservation });
      else engine.do('serverGone', { allocation: id });
    },
    toString: () => `boot${stays ? ' and keep' : ''} with ${uses}${own ? ` against #${which}` : ''}`,
  }));

const destroy = index.map((which): Step => ({
  run: (world) => {
    const id = pick([...world.machines.keys()], which);
    if (id === undefined) return;
    world.engine.do('serverGone', { allocation: id });
    world.machines.delete(id);
  },
  toString: () => `machine ${which} is gone`,
}));

const comeAndGo = fc.record({ which: index, back: fc.boolean() }).map(({ which, back }): Step => ({
  run: (world) => {
    const id = LOOSE[which % LOOSE.length]?.id ?? '';
    if (back) world.gone.clear();
    else world.gone.add(id);
    world.report();
  },
  toString: () => (back ? 'all are back' : `${LOOSE[which % LOOSE.length]?.id ?? ''} goes`),
}));

const wait = fc.integer({ min: 1, max: 4 }).map((ticks): Step => ({
  run: (world) => {
    world.engine.advance(ticks * TICK);
    world.now += ticks;
  },
  toString: () => `wait ${ticks}`,
}));

describe('histories of named elements', function () {
  this.timeout(120_000);

  it('agree with a naive map: who holds what, who may use it, and who lacks it', () => {
    const steps = fc.array(
      fc.oneof(
        { arbitrary: reserve, weight: 6 },
        { arbitrary: boot, weight: 4 },
        { arbitrary: comeAndGo, weight: 4 },
        { arbitrary: change, weight: 2 },
        cancel,
        destroy,
        wait,
      ),
      { minLength: 4, maxLength: 12 },
    );
    const reach = new Reach();
    fc.assert(
      fc.property(steps, (history) => {
        const world = new World();
        for (const step of history) {
          step.run(world);
          world.check();
        }
        world.engine.replay();
        reach.note(world.engine.events);
      }),
      { numRuns: 400, seed: 21 },
    );
    reach.expect({
      'reservation degraded': 20,
      'reservation restored': 3,
      'offer accepted': 120,
      'reservation updated': 50,
      'reservation started': 15,
      'reservation cancelled': 40,
    });
  });
});
