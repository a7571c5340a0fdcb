/** How many more machines of a flavor there is room for: what the pool has, and the hosts, by zone. */
import { expect } from 'chai';
import { fitting } from '../../../src/engine/fitting.ts';
import type { Fitting } from '../../../src/engine/fitting.ts';
import { InvalidRequest } from '../../../src/engine/requests.ts';
import { poolNode } from '../../../src/engine/state.ts';
import { Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';

// A large machine takes 4 cores, 4096 MB and 10 GB.
const HOSTS: readonly HostSpec[] = [
  { name: 'b1', zone: 'b', cores: 9 },
  { name: 'a1', zone: 'a', cores: 4 },
  { name: 'a2', zone: 'a', cores: 8 },
];
const HOUR_ONE = { start: NOW, end: NOW + HOUR };

class Lab extends Engine {
  fit(pools: readonly string[], flavor = 'large', window = HOUR_ONE): Fitting[] {
    const nodes = pools.flatMap((pool) => this.head.nodes.get(poolNode(pool)) ?? []);
    return fitting(this.head, nodes, flavor, window);
  }
}

describe('how many machines of a flavor fit', () => {
  let lab: Lab;
  let source: string;

  beforeEach(() => {
    lab = new Lab();
    source = lab.provider(HOSTS);
  });

  it('is what the hosts have room for, in all and by zone, in the order of the zones', () => {
    const pool = lab.pool(source, { cores: 21, ram: 21 * 1024, instances: 10 });
    const zones = [
      { zone: 'a', instances: 3 },
      { zone: 'b', instances: 2 },
    ];
    expect(lab.fit([pool])).to.deep.equal([{ pool, instances: 5, zones }]);
  });

  it('is no more than the pool has room for, in each zone and in all', () => {
    const pool = lab.pool(source, { cores: 8, ram: 21 * 1024, instances: 10 });
    const zones = [
      { zone: 'a', instances: 2 },
      { zone: 'b', instances: 2 },
    ];
    expect(lab.fit([pool])).to.deep.equal([{ pool, instances: 2, zones }]);
  });

  it('is that of the zone of a pool which is bound to one, and of hosts that take machines', () => {
    const pool = lab.pool(source, { cores: 12, ram: 12 * 1024, instances: 10 }, 'a');
    expect(lab.fit([pool])).to.deep.equal([{ pool, zone: 'a', instances: 3, zones: [{ zone: 'a', instances: 3 }] }]);
    const hosts = HOSTS.map((host) => (host.name === 'a2' ? { ...host, state: 'down' as const } : host));
    lab.do('updateProvider', { id: source, status: 'up', inventory: inventoryOf(hosts) });
    expect(lab.fit([pool])[0]).to.include({ instances: 1 });
  });

  it('is the least of the window', () => {
    const pool = lab.pool(source, { cores: 21, ram: 21 * 1024, instances: 10 });
    const containers = [{ name: 'web', count: 4, size: { flavor: 'large' } }];
    lab.reserve({ start: NOW + HOUR, end: NOW + 2 * HOUR, demand: { capacity: {}, containers } });
    expect(lab.fit([pool])[0]?.instances).to.equal(5);
    expect(lab.fit([pool], 'large', { start: NOW, end: NOW + 2 * HOUR })[0]?.instances).to.equal(1);
  });

  it('is what the pool has room for where hosts are not known', () => {
    lab.do('updateProvider', {
      id: source,
      status: 'up',
      inventory: inventoryOf([], { cores: 21, memoryMb: 21 * 1024 }),
    });
    const pool = lab.pool(source, { cores: 13, ram: 21 * 1024, instances: 10 });
    expect(lab.fit([pool])).to.deep.equal([{ pool, instances: 3 }]);
  });

  it('is none where the provider does not have the flavor, and cannot be told where no provider has it', () => {
    const pool = lab.pool(source, { cores: 21, ram: 21 * 1024, instances: 10 });
    const other = lab.provider([{ name: 'h', cores: 4 }], 'other');
    const inventory = { ...inventoryOf([{ name: 'h', zone: 'z', cores: 4 }]), flavors: [] };
    lab.do('updateProvider', { id: other, status: 'up', inventory });
    const bare = lab.pool(other, { cores: 4, ram: 4096, instances: 1 }, 'z');
    const found = lab.fit([pool, bare]);
    expect(found.map((each) => [each.pool, each.instances])).to.deep.equal([
      [pool, 5],
      [bare, 0],
    ]);
    expect(found[1]).to.deep.equal({ pool: bare, zone: 'z', instances: 0 });
    expect(() => lab.fit([bare]))
      .to.throw(InvalidRequest, `The provider '${other}' has no flavor 'large'; it has none.`)
      .with.property('field', 'flavor');
    expect(lab.fit([])).to.deep.equal([]);
  });
});
