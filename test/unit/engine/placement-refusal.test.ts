/** What a refusal of instances says: why, of whom, and what each candidate lacks. */
import { expect } from 'chai';
import { hostId } from '../../../src/engine/hosts.ts';
import type { Container, Demand } from '../../../src/engine/entities.ts';
import type { Refusal } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, MINUTE, NOW, inventoryOf } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';

const T = NOW + DAY;
const WINDOW = { start: T, end: T + HOUR };
const THROUGHOUT = 'throughout 2030-01-02T00:00:00Z to 2030-01-02T01:00:00Z';

class Lab extends Engine {
  cloud(hosts: readonly HostSpec[], capacity: Parameters<Engine['pool']>[1] = {}, zone?: string): string {
    return this.pool(this.provider(hosts, `p${this.head.providers.size}`), capacity, zone);
  }

  /** A pool of a provider that shows no hosts. */
  unseen(capacity: Parameters<Engine['pool']>[1]): string {
    const { provider } = this.do('addProvider', { name: 'unseen', access: { type: 'promise-simulator:simulated' } });
    const inventory = inventoryOf([], { cores: 100, memoryMb: 100_000, instances: 100 });
    this.do('updateProvider', { id: provider.id, status: 'up', inventory });
    return this.pool(provider.id, capacity);
  }

  refused(container: Partial<Container>, demand: Partial<Demand> = {}): Refusal {
    const containers = [{ name: 'web', count: 1, size: { vcpus: 4, ram: 1024 }, ...container }];
    return this.refuse({ ...WINDOW, demand: { capacity: {}, containers, ...demand } });
  }

  /** What each candidate lacks, by host, or by pool. */
  lacking(refusal: Refusal): string[] {
    return (refusal.candidates ?? []).map(({ host, lacking }) => `${host ?? 'pool'}: ${lacking.join(', ')}`);
  }
}

describe('a refusal of instances', () => {
  it('says how many could be placed, and what hosts and the pool lack, from when on', () => {
    const lab = new Lab();
    const pool = lab.cloud([
      { name: 'a', cores: 4, ram: 8000, disk: 10 },
      { name: 'b', cores: 8, ram: 512, disk: 4 },
    ]);
    const source = lab.head.pools.get(pool)?.source ?? '';
    lab.head.hosts.takeOut(hostId(source, 'b'), [{ start: T + HOUR / 2, end: T + HOUR }]);
    lab.checked = false;
    const refusal = lab.refused({ count: 2, size: { vcpus: 5, ram: 8000, disk: 11 } });
    expect(refusal).to.deep.include({ reason: 'insufficient-capacity', container: 'web', searchComplete: true });
    expect(refusal.message).to.equal(
      `No place for the container 'web' ${THROUGHOUT}: 0 of 2 instances could be placed at the most. ` +
        "Considered: host 'a': lacks 1 cores, lacks 1 GB of local disk; " +
        "host 'b': lacks 5 cores, lacks 8000 MB of memory, lacks 11 GB of local disk.",
    );
    expect(refusal.candidates).to.deep.equal([
      { pool, host: 'a', lacking: ['lacks 1 cores', 'lacks 1 GB of local disk'], lackingTraits: [] },
      {
        pool,
        host: 'b',
        lacking: ['lacks 5 cores', 'lacks 8000 MB of memory', 'lacks 11 GB of local disk'],
        lackingTraits: [],
      },
    ]);
    expect(lab.lacking(lab.refused({ size: { vcpus: 5, ram: 100, disk: 1 } }))).to.deep.equal([
      'a: lacks 1 cores',
      'b: lacks 5 cores from 2030-01-02T00:30:00Z, lacks 100 MB of memory from 2030-01-02T00:30:00Z, lacks 1 GB of local disk from 2030-01-02T00:30:00Z',
    ]);
  });

  it('says what the pool lacks before its hosts, and of one instance in the singular', () => {
    const lab = new Lab();
    const pool = lab.cloud([{ name: 'a', cores: 8 }], { cores: 3, ram: 8000 });
    const refusal = lab.refused({});
    expect(refusal.message).to.equal(
      `No place for the container 'web' ${THROUGHOUT}: 0 of 1 instance could be placed at the most. ` +
        `Considered: pool '${pool}': lacks 1 cores; host 'a': has room for one, but not for as many as are needed in its group or beside others.`,
    );
    expect(refusal.candidates?.[0]).to.deep.equal({ pool, lacking: ['lacks 1 cores'], lackingTraits: [] });
    expect(refusal.shortages).to.deep.equal([{ pool, resource: 'cores', from: T, missing: 1 }]);
  });

  it('says what is wrong with a host that is no use: down, in another zone, without a trait, with one, or not named', () => {
    const lab = new Lab();
    lab.cloud([
      { name: 'down', cores: 8, state: 'down' },
      { name: 'far', cores: 8, zone: 'far' },
      { name: 'old', cores: 8, traits: ['OLD'] },
      { name: 'plain', cores: 8 },
    ]);
    const picky = { requiredTraits: ['SSD', 'GPU'], forbiddenTraits: ['OLD'] };
    const traits = lab.refused({ ...picky, zone: 'nova' });
    expect(lab.lacking(traits)).to.deep.equal([
      'down: down or out of service',
      "far: in the zone 'far'",
      'old: lacks SSD, lacks GPU, has OLD',
      'plain: lacks SSD, lacks GPU',
    ]);
    expect(traits.candidates?.map(({ lackingTraits }) => lackingTraits.join())).to.deep.equal(
      Array<string>(4).fill('SSD,GPU'),
    );
    expect(lab.lacking(lab.refused({ size: { vcpus: 9, ram: 1 } }, { elements: ['far', 'old'] }))).to.deep.equal([
      'down: not among the elements named',
      'far: lacks 1 cores',
      'old: lacks 1 cores',
      'plain: not among the elements named',
    ]);
  });

  it('says that there is no such flavor, or of which pools the provider does not have it', () => {
    const lab = new Lab();
    const pool = lab.cloud([{ name: 'a', cores: 4 }]);
    const none = lab.refused({ size: { flavor: 'huge' } });
    expect(none).to.include({ reason: 'unknown-flavor' });
    expect(none.message).to.match(
      / at the most\. The provider '[^']+' has no flavor 'huge'; it has 'small', 'large'\.$/,
    );
    expect(none.shortages).to.deep.equal([]);
    expect(none.candidates).to.deep.equal([
      { pool, lacking: ['the provider does not have the flavor'], lackingTraits: [] },
    ]);

    const { provider } = lab.do('addProvider', { name: 'bare', access: { type: 'promise-simulator:simulated' } });
    const flavors = Array.from({ length: 12 }, (_, index) => `own-${index}`);
    const inventory = {
      ...inventoryOf([{ name: 'x', cores: 4 }]),
      flavors: flavors.map((name) => ({ id: name, name, vcpus: 1, memoryMb: 1, diskGb: 1 })),
    };
    lab.do('updateProvider', { id: provider.id, status: 'up', inventory });
    const bare = lab.pool(provider.id, { cores: 4 });
    const some = lab.refused({ count: 2, size: { flavor: 'large' } });
    expect(some.reason).to.equal('insufficient-capacity');
    expect(some.message).to.match(/1 of 2 instances could be placed at the most\. /);
    expect(some.candidates).to.deep.include({
      pool: bare,
      lacking: ['the provider does not have the flavor'],
      lackingTraits: [],
    });
    const both = lab.refused({ size: { flavor: 'huge' } });
    expect(both.message).to.match(
      / No provider of the pools has the flavor 'huge'; they have 'small', 'large', 'own-0', .*'own-9', … \(14 in all\)\.$/,
    );
  });

  it('says that there is no such zone, or that no pool has it', () => {
    const lab = new Lab();
    const none = lab.refused({});
    expect(none.reason).to.equal('insufficient-capacity');
    expect(none.message).to.match(
      / No pool may serve it: there is none for virtual machines, or none with its zone\.$/,
    );
    lab.cloud(
      [
        { name: 'a', cores: 8, zone: 'one' },
        { name: 'b', cores: 8, zone: 'two' },
      ],
      {},
      'one',
    );
    for (const [container, demand] of [
      [{ zone: 'three' }, {}],
      [{}, { zone: 'three' }],
      [{ zone: 'three' }, { zone: 'one' }],
    ] as const) {
      const unknown = lab.refused(container, demand);
      expect(unknown.reason).to.equal('unknown-zone');
      expect(unknown.message).to.match(/ The provider '[^']+' has no zone 'three'; it has 'one', 'two'\.$/);
      expect(unknown.candidates).to.deep.equal([]);
    }
    // One provider that has it is enough.
    lab.cloud([{ name: 'c', cores: 8, zone: 'four' }], {}, 'four');
    const known = lab.refused({ zone: 'two' });
    expect(known.reason).to.equal('insufficient-capacity');
    expect(known.message).to.match(
      / No pool may serve it: there is none for virtual machines, or none with its zone\.$/,
    );
  });

  it('says of each resource the most that the pool lacks, at whatever time that is', () => {
    const lab = new Lab();
    lab.cloud([{ name: 'a', cores: 8 }], { cores: 6, ram: 8000 });
    for (const [part, cores] of [3, 5, 4].entries()) {
      const start = T + part * 10 * MINUTE;
      lab.reserve({ start, end: start + 5 * MINUTE, demand: { capacity: { cores } } });
    }
    expect(lab.lacking(lab.refused({}))[0]).to.equal('pool: lacks 3 cores');
  });

  it('says of a pool without hosts what it lacks, or that it may have room for some', () => {
    const lab = new Lab();
    const pool = lab.unseen({ cores: 6, ram: 8000 });
    expect(lab.refused({ size: { vcpus: 7, ram: 10 } }).candidates).to.deep.equal([
      { pool, lacking: ['lacks 1 cores'], lackingTraits: [] },
    ]);
    const two = lab.refused({ count: 2 });
    expect(two.message).to.match(/1 of 2 instances could be placed at the most\. /);
    expect(two.candidates).to.deep.equal([
      { pool, lacking: ['lacks room for all of them, or hosts to choose from'], lackingTraits: [] },
    ]);
  });

  it('names no more than sixteen candidates', () => {
    const hosts = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `h${index}`, cores: 1 }));
    const many = new Lab();
    many.cloud(hosts(17));
    expect(many.refused({}).candidates).to.have.length(16);
    expect(many.refused({}).message).to.match(/host 'h14', host 'h15': lacks 3 cores; and so on\.$/);
    const few = new Lab();
    few.cloud(hosts(15));
    expect(few.refused({}).message).to.match(/host 'h13', host 'h14': lacks 3 cores\.$/);
    // A pool with its hosts is more than its hosts.
    const both = new Lab();
    both.cloud(hosts(16), { cores: 2 });
    expect(both.refused({}).candidates?.map(({ host }) => host)).to.deep.equal([
      undefined,
      ...hosts(15).map(({ name }) => name),
    ]);
  });
});
