/**
 * Random histories of volumes beside a naive model: lists of what is held, looked at where it changes. A volume takes gigabytes, and
 * counts as one where its reservation or pool counts volumes.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { remainingOf } from '../../src/engine/claims.ts';
import { Engine, NOW, inventoryOf } from '../unit/engine/engine-fixture.ts';

const TICK = 60_000;
/** No history waits so long. */
const LATE = 200;

interface Amount {
  readonly gigabytes: number;
  readonly volumes: number;
}

interface Held extends Amount {
  readonly from: number;
  readonly to: number;
  /** Of a reservation: whether it asked for volumes, and what was made against it. */
  readonly counts: boolean;
  readonly volumesOf: Map<string, number>;
}

class World {
  readonly engine = new Engine();
  readonly pool: Amount;
  readonly reservations = new Map<string, Held>();
  /** Sizes of volumes without a reservation. */
  readonly standing = new Map<string, number>();
  now = 0;

  constructor(gigabytes: number, volumes: number) {
    this.pool = { gigabytes, volumes };
    const id = this.engine.provider([{ name: 'h', cores: 10 }]);
    const inventory = inventoryOf([{ name: 'h', cores: 10 }], { gigabytes: 1000, volumes: 1000 });
    this.engine.do('updateProvider', { id, status: 'up', inventory });
    this.engine.pool(id, this.pool);
  }

  /** The least that is free in a window, of each. */
  free(from: number, to: number): Amount {
    const instants = [from, ...[...this.reservations.values()].map((each) => each.from)];
    const left = instants
      .filter((at) => at >= from && at < to)
      .map((at) => {
        const held = [...this.reservations.values()].filter((each) => each.from <= at && at < each.to);
        const sizes = [...this.standing.values()];
        return {
          gigabytes: this.pool.gigabytes - sum(held.map(({ gigabytes }) => gigabytes)) - sum(sizes),
          volumes: this.pool.volumes - sum(held.map(({ volumes }) => volumes)) - sizes.length,
        };
      });
    return {
      gigabytes: Math.min(...left.map(({ gigabytes }) => gigabytes)),
      volumes: Math.min(...left.map(({ volumes }) => volumes)),
    };
  }

  pick<T>(from: ReadonlyMap<string, T>, index: number): readonly [string, T] | undefined {
    const entries = [...from];
    return entries[index % Math.max(1, entries.length)];
  }
}

interface Step {
  run(world: World): void;
  toString(): string;
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((a, b) => a + b, 0);
}

const at = (tick: number): number => NOW + tick * TICK;
const size = fc.integer({ min: 1, max: 6 });
const index = fc.nat({ max: 9 });

const reserve = fc
  .record({
    start: fc.nat({ max: 6 }),
    length: fc.integer({ min: 1, max: 9 }),
    gigabytes: size,
    volumes: fc.option(fc.integer({ min: 1, max: 3 })),
  })
  .map(({ start, length, gigabytes, volumes }): Step => ({
    run: (world) => {
      const [from, to] = [world.now + start, LATE + length];
      const free = world.free(from, to);
      const capacity = volumes === null ? { gigabytes } : { gigabytes, volumes };
      const window = { ...(start === 0 ? {} : { start: at(from) }), end: at(to) };
      const result = world.engine.do('createReservation', { ...window, expiryTime: at(LATE), demand: { capacity } });
      const fits = free.gigabytes >= gigabytes && free.volumes >= (volumes ?? 0);
      expect(result.outcome).to.equal(fits ? 'granted' : 'refused');
      if (result.outcome === 'refused') return;
      const held = { from, to, gigabytes, volumes: volumes ?? 0, counts: volumes !== null, volumesOf: new Map() };
      world.reservations.set(result.reservation.id, held);
    },
    toString: () => `reserve ${gigabytes} GB and ${volumes ?? 'no count of'} volumes at +${start}`,
  }));

const make = size.map((sizeGb): Step => ({
  run: (world) => {
    const free = world.free(world.now, Infinity);
    const result = world.engine.do('createAllocation', { name: 'v', resource: { kind: 'volume', sizeGb } });
    expect(result.outcome).to.equal(free.gigabytes >= sizeGb && free.volumes >= 1 ? 'accepted' : 'refused');
    if (result.outcome === 'accepted') world.standing.set(result.allocation.id, sizeGb);
  },
  toString: () => `make a volume of ${sizeGb} GB`,
}));

const allocate = fc.record({ which: index, sizeGb: size }).map(({ which, sizeGb }): Step => ({
  run: (world) => {
    const [reservation, held] = world.pick(world.reservations, which) ?? [];
    if (reservation === undefined || held === undefined) return;
    const resource = { kind: 'volume', sizeGb } as const;
    const result = world.engine.do('createAllocation', { name: 'v', resource, reservation });
    const left = held.gigabytes - sum([...held.volumesOf.values()]);
    const count = held.counts ? held.volumes - held.volumesOf.size : Infinity;
    const fits = held.from <= world.now && left >= sizeGb && count >= 1;
    expect(result.outcome).to.equal(fits ? 'accepted' : 'refused');
    if (result.outcome === 'accepted') held.volumesOf.set(result.allocation.id, sizeGb);
    const record = world.engine.head.reservations.get(reservation);
    if (record === undefined) throw new Error('it is gone');
    const remaining = remainingOf(world.engine.head, record);
    expect(remaining.gigabytes).to.equal(held.gigabytes - sum([...held.volumesOf.values()]));
    if (held.counts) expect(remaining.volumes).to.equal(held.volumes - held.volumesOf.size);
  },
  toString: () => `make a volume of ${sizeGb} GB against #${which}`,
}));

/** What is gone, or was refused by the VIM, holds nothing. */
const end = fc
  .record({ which: index, own: fc.boolean(), refused: fc.boolean() })
  .map(({ which, own, refused }): Step => ({
    run: (world) => {
      const { engine } = world;
      const [, held] = world.pick(world.reservations, which) ?? [];
      const from = own ? world.standing : held?.volumesOf;
      const [allocation] = (from === undefined ? undefined : world.pick(from, which)) ?? [];
      if (allocation === undefined || from === undefined) return;
      if (refused) engine.do('createFailed', { allocation, fault: { message: 'no' } });
      engine.do('destroyAllocation', { id: allocation });
      engine.do('serverGone', { allocation });
      from.delete(allocation);
    },
    toString: () => `${refused ? 'refuse' : 'end'} a volume, ${own ? 'without a reservation' : `of #${which}`}`,
  }));

/** What is added is held as long as the volume is being extended, and for good when it is. */
const extend = fc
  .record({ which: index, own: fc.boolean(), by: size, done: fc.boolean() })
  .map(({ which, own, by, done }): Step => ({
    run: (world) => {
      const { engine } = world;
      const [, held] = world.pick(world.reservations, which) ?? [];
      const from = own ? world.standing : held?.volumesOf;
      const [allocation, before] = (from === undefined ? undefined : world.pick(from, which)) ?? [];
      if (allocation === undefined || from === undefined || before === undefined) return;
      engine.do('serverAccepted', { allocation, server: allocation, state: { allocation, vmState: 'ACTIVE' } });
      const left = (): number =>
        own || held === undefined
          ? world.free(world.now, Infinity).gigabytes
          : held.gigabytes - sum([...held.volumesOf.values()]);
      const sizeGb = before + by;
      const fits = left() >= by;
      expect(engine.do('extendVolume', { id: allocation, sizeGb }).outcome).to.equal(fits ? 'accepted' : 'refused');
      if (!fits) return;
      from.set(allocation, sizeGb);
      expect(engine.do('extendVolume', { id: allocation, sizeGb: sizeGb + 1 }).outcome).to.equal('refused');
      if (done) engine.do('volumeSized', { allocation, sizeGb });
      else {
        engine.do('extensionFailed', { allocation, sizeGb, fault: { message: 'no' } });
        from.set(allocation, before);
      }
    },
    toString: () =>
      `extend a volume by ${by} GB${done ? '' : ' in vain'}, ${own ? 'without a reservation' : `of #${which}`}`,
  }));

const cancel = index.map((which): Step => ({
  run: (world) => {
    const [id, held] = world.pick(world.reservations, which) ?? [];
    if (id === undefined || held === undefined) return;
    expect(world.engine.do('cancelReservation', { id }).outcome).to.equal('cancelled');
    world.reservations.delete(id);
    // Volumes last on by themselves.
    for (const [allocation, sizeGb] of held.volumesOf) world.standing.set(allocation, sizeGb);
  },
  toString: () => `cancel #${which}`,
}));

const wait = fc.integer({ min: 1, max: 5 }).map((ticks): Step => ({
  run: (world) => {
    world.engine.advance(ticks * TICK);
    world.now += ticks;
  },
  toString: () => `wait ${ticks}`,
}));

describe('histories of volumes', function () {
  this.timeout(120_000);

  it('agree with a naive map: who gets what, and what remains', () => {
    const steps = fc.array(
      fc.oneof(
        { arbitrary: reserve, weight: 4 },
        { arbitrary: allocate, weight: 5 },
        { arbitrary: make, weight: 2 },
        { arbitrary: end, weight: 2 },
        { arbitrary: extend, weight: 3 },
        cancel,
        wait,
      ),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 20 }),
        fc.integer({ min: 2, max: 6 }),
        steps,
        (gigabytes, volumes, history) => {
          const world = new World(gigabytes, volumes);
          for (const step of history) step.run(world);
        },
      ),
      { numRuns: 1500, seed: 1 },
    );
  });
});
