import { expect } from 'chai';
import { explainReservation } from '../../../src/engine/explain.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';

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
});
