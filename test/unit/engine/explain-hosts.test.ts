import { expect } from 'chai';
import { explainReservation } from '../../../src/engine/explain.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

describe('an explanation of what was placed', () => {
  it('is short however many hosts there are, and leaves the head as it was', () => {
    const engine = new Engine();
    const hosts = Array.from({ length: 10_000 }, (_, index) => ({
      name: `h${index}`,
      cores: index % 2 === 0 ? 2 : 8,
      traits: index % 5 === 0 ? [] : ['HW_DPDK'],
    }));
    engine.checked = false;
    engine.pool(engine.provider(hosts), { cores: 40_000, ram: 10_000_000, instances: 100 });
    const size = { vcpus: 4, ram: 1024 };
    const containers = [{ name: 'web', count: 2, size, group: 'apart', requiredTraits: ['HW_DPDK'] }];
    const id = engine.reserve({
      start: NOW + DAY,
      end: NOW + DAY + HOUR,
      demand: { capacity: {}, containers, groups: [{ name: 'apart', policy: 'anti-affinity' }] },
    });
    const { considered, hosts: groups = [] } = explainReservation(engine.head, id, engine.now);
    expect(considered.filter(({ host, chosen }) => host !== undefined && chosen)).to.have.length(2);
    expect(groups.map(({ lacking, count, examples }) => [lacking, count, examples.length])).to.deep.equal([
      ['lacks cores', 4000, 3],
      ['nothing: another host was preferred', 3998, 3],
      ['lacks HW_DPDK', 2000, 3],
    ]);
    engine.checked = true;
    engine.do('cancelReservation', { id });
  });

  describe('puts hosts together', () => {
    const size = { vcpus: 4, ram: 1024 };
    const start = NOW + DAY;
    const demand = { capacity: {}, containers: [{ name: 'web', count: 1, size }] };
    const grouped = (engine: Engine, id: string): unknown[] =>
      (explainReservation(engine.head, id, engine.now).hosts ?? []).map(({ lacking, count, examples }) => [
        lacking,
        count,
        examples,
      ]);

    it('by what they lack, whatever the amount and from whenever on, the most first', () => {
      const engine = new Engine();
      const cores = [1, 2, 3, 8, 8, 8, 8, 12];
      const hosts = cores.map((each, index) => ({ name: `h${index}`, cores: each, ram: 16_384 }));
      const pool = engine.pool(engine.provider(hosts), { cores: 50, ram: 100_000, instances: 100 });
      // Each is held later in the window by one more instance than leaves room.
      const held = {
        capacity: {},
        containers: [{ name: 'held', count: 4, size: { vcpus: 6, ram: 1 }, pools: [pool] }],
      };
      engine.reserve({ start: start + HOUR, end: start + 2 * HOUR, demand: held });
      const id = engine.reserve({ start, end: start + 2 * HOUR, demand });
      const all = grouped(engine, id);
      const [first] = all;
      expect(first).to.deep.equal(['lacks cores', 7, ['h0', 'h1', 'h2']]);
      expect(all).to.have.length(1);
    });

    it('of which the most numerous come first, and so many are listed', () => {
      const engine = new Engine();
      const trait = (index: number): string[] => [`CUSTOM_${index}`];
      const names = Array.from({ length: 70 }, (_, index) => index);
      const hosts = [
        { name: 'best', cores: 8, traits: names.flatMap(trait) },
        ...names.map((index) => ({
          name: `h${index}`,
          cores: 8,
          traits: names.filter((each) => each !== index).flatMap(trait),
        })),
        { name: 'twice', cores: 8, traits: names.filter((each) => each !== 69).flatMap(trait) },
      ];
      engine.pool(engine.provider(hosts), { cores: 50, ram: 100_000, instances: 100 });
      const requiredTraits = names.flatMap(trait);
      const containers = [{ name: 'web', count: 1, size, requiredTraits }];
      const id = engine.reserve({ start, end: start + HOUR, demand: { capacity: {}, containers } });
      const all = grouped(engine, id);
      expect(all).to.have.length(64);
      expect(all[0]).to.deep.equal(['lacks CUSTOM_69', 2, ['h69', 'twice']]);
      expect(all[1]).to.deep.equal(['lacks CUSTOM_0', 1, ['h0']]);
    });

    it('where a provider shows any, and has the flavor', () => {
      const engine = new Engine();
      const source = engine.provider([]);
      const inventory = inventoryOf([], { cores: 10, memoryMb: 10_240 });
      engine.do('updateProvider', { id: source, status: 'up', inventory });
      engine.pool(source, { cores: 8, ram: 8192, instances: 4 });
      const other = engine.provider([{ name: 'h1', cores: 8 }], 'other');
      engine.pool(other, { cores: 8, ram: 8192, instances: 4 });
      const flavors = [{ id: 'x', name: 'own', vcpus: 4, memoryMb: 512, diskGb: 1 }];
      engine.do('updateProvider', { id: source, status: 'up', inventory: { ...inventory, flavors } });
      const containers = [{ name: 'web', count: 1, size: { flavor: 'own' } }];
      const id = engine.reserve({ start, end: start + HOUR, demand: { capacity: {}, containers } });
      expect(grouped(engine, id)).to.deep.equal([]);
    });
  });
});
