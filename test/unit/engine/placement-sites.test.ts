/** Where instances may go: which pools and hosts, in which order, and how often something fits. */
import { expect } from 'chai';
import { toVector } from '../../../src/engine/capacity.ts';
import type { Container, Demand } from '../../../src/engine/entities.ts';
import { hostId } from '../../../src/engine/hosts.ts';
import {
  Effort,
  Space,
  admitsHost,
  bindsHosts,
  fits,
  hostFor,
  hostsFor,
  neededOnHost,
  poolsFor,
  sitesIn,
  sizeAt,
  timesAmount,
  timesInPool,
  timesOnHost,
} from '../../../src/engine/placement-sites.ts';
import type { ContainerPool, Share, Wanted } from '../../../src/engine/placement-sites.ts';
import { poolNode } from '../../../src/engine/state.ts';
import { Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';

const WINDOW = { start: NOW, end: NOW + HOUR };
const NOTHING: Demand = { capacity: {} };

const container = (more: Partial<Container> = {}): Container => ({
  name: 'web',
  count: 1,
  size: { vcpus: 4, ram: 100, disk: 2 },
  ...more,
});

class Lab extends Engine {
  readonly pools: string[] = [];

  cloud(hosts: readonly HostSpec[], capacity: Parameters<Engine['pool']>[1] = {}, zone?: string): this {
    this.pools.push(this.pool(this.provider(hosts, `p${this.pools.length}`), capacity, zone));
    return this;
  }

  unseen(): this {
    const { provider } = this.do('addProvider', { name: 'unseen', access: { type: 'promise-simulator:simulated' } });
    this.do('updateProvider', {
      id: provider.id,
      status: 'up',
      inventory: inventoryOf([], { cores: 100, memoryMb: 1000 }),
    });
    this.pools.push(this.pool(provider.id, { cores: 8, ram: 800 }));
    return this;
  }

  source(pool = 0): string {
    return this.head.pools.get(this.pools[pool] ?? '')?.source ?? '';
  }

  /** The pools that may serve a container, by their number. */
  serving(each: Container, demand: Demand = NOTHING): number[] {
    return poolsFor(this.head, demand, each).map(({ pool }) => this.pools.indexOf(pool.id));
  }

  from(each: Container = container(), demand: Demand = NOTHING): ContainerPool {
    const [from] = poolsFor(this.head, demand, each);
    if (from === undefined) throw new Error('no pool serves it');
    return from;
  }

  hosts(each: Container = container(), demand: Demand = NOTHING, cores = 0): string[] {
    return [...hostsFor(this.head, this.from(each, demand), each, { cores, ram: 0, disk: 0 })].map(({ name }) => name);
  }

  busy(host: string, cores: number): this {
    this.head.hosts.hold(hostId(this.source(), host), WINDOW, { cores, ram: 0, disk: 0 }, 1);
    this.checked = false;
    return this;
  }

  sites(wanted: Partial<Wanted>, looks = 1000, each = container(), demand = NOTHING) {
    const from = this.from(each, demand);
    const effort = new Effort(looks, 0);
    const needed = from.share?.ofHost ?? { cores: 0, ram: 0, disk: 0 };
    const { sites, all } = sitesIn(this.head, new Space(WINDOW, effort), from, each, { enough: 1, needed, ...wanted });
    return { names: sites.map(({ host }) => host?.host.name ?? 'pool'), all, spent: effort.spent, looks: effort.looks };
  }
}

const many = (count: number, cores: number, prefix = 'h'): HostSpec[] =>
  Array.from({ length: count }, (_, index) => ({ name: `${prefix}${100 + index}`, cores }));

describe('what an instance takes', () => {
  it('is by its size, or by the flavor that its provider has', () => {
    const lab = new Lab().cloud([{ name: 'a', cores: 8 }]);
    const provider = lab.head.providers.get(lab.source());
    if (provider === undefined) throw new Error('there is one');
    expect(sizeAt(provider, { size: { vcpus: 2, ram: 3 } })).to.deep.equal({
      capacity: { cores: 2, ram: 3, instances: 1 },
      disk: 0,
    });
    const large = { capacity: { cores: 4, ram: 4096, instances: 1 }, disk: 10 };
    for (const flavor of ['f2', 'large']) expect(sizeAt(provider, { size: { flavor } })).to.deep.equal(large);
    expect(sizeAt(provider, { size: { flavor: 'huge' } })).to.equal(undefined);
    const { provider: unknown } = lab.do('addProvider', { name: 'x', access: { type: 'promise-simulator:simulated' } });
    expect(sizeAt(unknown, { size: { flavor: 'large' } })).to.equal(undefined);
  });

  it('is of a pool what that counts', () => {
    const lab = new Lab().cloud([{ name: 'a', cores: 8 }], { cores: 8, ram: 1000, instances: 5 }).unseen();
    const shares = poolsFor(lab.head, NOTHING, container({ size: { vcpus: 2, ram: 0 } })).map(({ share }) => share);
    expect(shares.map((share) => share?.size.capacity)).to.deep.equal([
      { cores: 2, ram: 0, instances: 1 },
      { cores: 2, ram: 0 },
    ]);
    const [first, second] = shares;
    expect([first?.ofPool.length, second?.ofPool.length]).to.deep.equal([2, 1]);
    expect(first?.ofHost).to.deep.equal({ cores: 2, ram: 0, disk: 0 });
  });
});

describe('the pools for a container', () => {
  it('are those that it names, else those of the demand, else all, in the order of their ids', () => {
    const lab = new Lab()
      .cloud([{ name: 'a', cores: 8 }])
      .cloud([{ name: 'b', cores: 8 }])
      .unseen();
    const [a = '', b = ''] = lab.pools;
    expect(lab.serving(container())).to.deep.equal([0, 1, 2]);
    expect(lab.serving(container(), { ...NOTHING, pools: [b] })).to.deep.equal([1]);
    expect(lab.serving(container({ pools: [b, a] }), { ...NOTHING, pools: [b] })).to.deep.equal([0, 1]);
  });

  it('are in its zone, or reach it', () => {
    const zones = (name: string) => [
      { name: `${name}x`, cores: 8, zone: 'x' },
      { name: `${name}y`, cores: 8, zone: 'y' },
    ];
    const lab = new Lab().cloud(zones('a'), { cores: 8, ram: 8000 }).cloud(zones('b'), {}, 'x').unseen();
    expect(lab.serving(container({ zone: 'x' }))).to.deep.equal([0, 1]);
    expect(lab.serving(container({ zone: 'y' }))).to.deep.equal([0]);
    expect(lab.serving(container(), { ...NOTHING, zone: 'y' })).to.deep.equal([0]);
    expect(lab.serving(container({ zone: 'x' }), { ...NOTHING, zone: 'y' })).to.deep.equal([0, 1]);
    expect(lab.serving(container({ zone: 'z' }))).to.deep.equal([]);
    const seen = poolsFor(lab.head, NOTHING, container()).map(({ zone }) => zone);
    expect(seen).to.deep.equal([undefined, 'x', undefined]);
  });
});

describe('the hosts for a container', () => {
  const HOSTS: readonly HostSpec[] = [
    { name: 'a', cores: 4 },
    { name: 'b', cores: 8, traits: ['SSD'] },
    { name: 'c', cores: 6, zone: 'far' },
    { name: 'd', cores: 9, state: 'down' },
  ];

  it('are those in service that meet its conditions', () => {
    const lab = new Lab().cloud(HOSTS);
    expect(lab.hosts()).to.deep.equal(['c', 'a', 'b']);
    expect(lab.hosts(container({ zone: 'nova' }))).to.deep.equal(['a', 'b']);
    expect(lab.hosts(container({ requiredTraits: ['SSD'] }))).to.deep.equal(['b']);
    expect(lab.hosts(container({ forbiddenTraits: ['SSD'] }))).to.deep.equal(['c', 'a']);
    const admitted = (each: Container, demand: Demand = NOTHING) =>
      [...lab.head.hosts.nodes.values()].filter((host) => admitsHost(host, lab.from(each, demand), each));
    expect(admitted(container()).map(({ name }) => name)).to.have.members(['a', 'b', 'c']);
    expect(admitted(container({ zone: 'far' })).map(({ name }) => name)).to.deep.equal(['c']);
    expect(admitted(container({ requiredTraits: ['SSD'] })).map(({ name }) => name)).to.deep.equal(['b']);
    expect(admitted(container(), { ...NOTHING, elements: ['a', 'd'] }).map(({ name }) => name)).to.deep.equal(['a']);
  });

  it('are those that have the cores at all times, the tightest first, and then those that lack the least', () => {
    const lab = new Lab().cloud(many(5, 8)).busy('h100', 5).busy('h101', 2).busy('h102', 6);
    expect(lab.hosts(container(), NOTHING, 4)).to.deep.equal(['h101', 'h103', 'h104', 'h100', 'h102']);
  });

  it('are those alone that the demand names, or the pool, or both, by name', () => {
    const lab = new Lab().cloud(HOSTS, { cores: 1 }).cloud([{ name: 'a', cores: 4 }]);
    const named = (...elements: string[]) => lab.hosts(container(), { ...NOTHING, elements });
    expect(named('b', 'a')).to.deep.equal(['a', 'b']);
    expect(named('d', 'c')).to.deep.equal(['c']);
    expect(named('small')).to.deep.equal(['c', 'a', 'b']);
    for (const free of [container(), container({ group: 'g' })]) expect(bindsHosts(free, lab.from())).to.equal(false);
    expect(bindsHosts(container({ requiredTraits: ['SSD'] }), lab.from())).to.equal(true);
    expect(bindsHosts(container({ forbiddenTraits: ['SSD'] }), lab.from())).to.equal(true);
    const bound = new Lab();
    bound.do('increaseCapacity', { source: bound.provider(HOSTS), capacity: { cores: 4 }, elements: ['b', 'c'] });
    expect(bound.hosts()).to.deep.equal(['b', 'c']);
    expect(bound.hosts(container(), { ...NOTHING, elements: ['a', 'b'] })).to.deep.equal(['b']);
    expect(bound.hosts(container(), { ...NOTHING, elements: ['a'] })).to.deep.equal([]);
    expect(bindsHosts(container(), bound.from())).to.equal(true);
  });

  it('are none of another provider that has one of the name', () => {
    const lab = new Lab().cloud([{ name: 'a', cores: 4 }]).cloud([{ name: 'b', cores: 4 }]);
    const demand = { ...NOTHING, elements: ['b'] };
    const found = poolsFor(lab.head, demand, container()).map((from) => [
      ...hostsFor(lab.head, from, container(), undefined),
    ]);
    expect(found.map((hosts) => hosts.map(({ name }) => name))).to.deep.equal([[], ['b']]);
  });
});

describe('the sites in a pool', () => {
  it('are the hosts with room, or the pool of which none are seen', () => {
    const lab = new Lab().cloud([...many(2, 8), { name: 'small', cores: 2 }]).busy('h100', 5);
    expect(lab.sites({ enough: Infinity })).to.deep.include({ names: ['h101'], all: true, spent: false });
    expect(lab.sites({ enough: Infinity, needed: { cores: 2, ram: 0, disk: 0 } }).names).to.have.members([
      'small',
      'h100',
      'h101',
    ]);
    expect(new Lab().unseen().sites({})).to.deep.include({ names: ['pool'], all: true });
    expect(lab.sites({}, 1000, container({ size: { flavor: 'huge' } }))).to.deep.include({ names: [], all: true });
  });

  it('are, where there are enough, compared with some more, and not all', () => {
    const lab = new Lab().cloud(many(200, 8));
    const { names, all } = lab.sites({ enough: 10 });
    expect(names).to.have.length(74);
    expect(all).to.equal(false);
    expect(lab.sites({ enough: 136 }).all).to.equal(true);
    expect(lab.sites({ enough: 135 })).to.deep.include({ all: false, looks: 1000 - 199 });
    expect(lab.sites({ enough: Infinity }).all).to.equal(true);
  });

  it('are those that were found when no more may be asked', () => {
    const lab = new Lab().cloud(many(10, 8));
    expect(lab.sites({ enough: Infinity }, 4)).to.deep.equal({
      names: ['h100', 'h101', 'h102', 'h103'],
      all: false,
      spent: true,
      looks: 0,
    });
    expect(lab.sites({ enough: Infinity }, 10)).to.deep.include({ all: true, spent: false, looks: 0 });
  });

  it('are among hosts that are given, as far as they are admitted', () => {
    const lab = new Lab()
      .cloud([...many(3, 8), { name: 'ssd', cores: 8, traits: ['SSD'] }])
      .cloud([{ name: 'h100', cores: 8 }]);
    const among = [...lab.head.hosts.nodes.values()].filter(({ name }) => name === 'h100' || name === 'ssd');
    expect(among).to.have.length(3);
    expect(lab.sites({ among }).names).to.have.members(['h100', 'ssd']);
    expect(lab.sites({ among }, 1000, container({ forbiddenTraits: ['SSD'] })).names).to.deep.equal(['h100']);
  });
});

describe('what a host has to have left', () => {
  const groups = [
    { name: 'h', policy: 'anti-affinity' as const },
    { name: 'g', policy: 'affinity' as const },
  ];
  const web = container({ group: 'g', count: 3 });
  const db = container({ name: 'db', group: 'g', count: 2, size: { vcpus: 1, ram: 10 } });
  const other = container({ name: 'other', group: 'h', count: 9 });
  const demand = { capacity: {}, groups, containers: [web, db, other] };

  function needed(each: Container, more: Partial<Demand> = {}, pinned?: Parameters<typeof neededOnHost>[0]['pinned']) {
    const lab = new Lab().cloud([{ name: 'a', cores: 8 }]);
    const { provider, share } = lab.from(each);
    if (share === undefined) throw new Error('it has a size');
    const request = { demand: { ...demand, ...more } };
    return neededOnHost(pinned === undefined ? request : { ...request, pinned }, each, provider, share);
  }

  it('is room for an instance, or for all of a group that has to share one', () => {
    const one = { cores: 4, ram: 100, disk: 2 };
    expect(needed(container())).to.deep.equal(one);
    expect(needed(other)).to.deep.equal(one);
    expect(needed(web)).to.deep.equal({ cores: 14, ram: 320, disk: 6 });
    expect(needed(db)).to.deep.equal({ cores: 14, ram: 320, disk: 6 });
    // Of a group with a flavor that there is not, no more can be said.
    const huge = container({ name: 'huge', group: 'g', size: { flavor: 'huge' } });
    expect(needed(web, { containers: [web, huge] })).to.deep.equal(one);
  });

  it('leaves out those that stay where they are', () => {
    const claim = { id: '1', node: poolNode('p'), ...WINDOW, capacity: {} };
    const pinned = [
      { ...claim, container: 'web' },
      { ...claim, container: 'web' },
      { ...claim, container: 'other' },
    ];
    expect(needed(web, {}, pinned)).to.deep.equal({ cores: 6, ram: 120, disk: 2 });
  });
});

describe('the host for a machine that no claim puts anywhere', () => {
  const machine = { capacity: { cores: 4, ram: 100 }, disk: 2 };

  it('is the one with the least left that has room', () => {
    const lab = new Lab().cloud([
      { name: 'a', cores: 8, zone: 'x' },
      { name: 'b', cores: 6, zone: 'y' },
      { name: 'c', cores: 3, zone: 'x' },
    ]);
    const node = lab.head.nodes.get(poolNode(lab.pools[0] ?? ''));
    if (node === undefined) throw new Error('there is a pool');
    const named = (wanted?: string, cores = 4) => {
      const found = hostFor(lab.head, node, { ...machine, capacity: { cores, ram: 100 } }, WINDOW, wanted);
      return typeof found === 'object' ? found.name : found;
    };
    expect([named(), named('x'), named('y'), named('z')]).to.deep.equal(['b', 'a', 'b', undefined]);
    expect([named(undefined, 7), named('y', 7)]).to.deep.equal(['a', undefined]);
  });

  it('is in the zone of the pool, and for the VIM to choose where no hosts are seen', () => {
    const zones = [
      { name: 'a', cores: 8, zone: 'x' },
      { name: 'b', cores: 6, zone: 'y' },
    ];
    const lab = new Lab().cloud(zones, {}, 'x').unseen();
    const found = lab.pools.map((pool) => {
      const node = lab.head.nodes.get(poolNode(pool));
      return node === undefined ? undefined : hostFor(lab.head, node, machine, WINDOW, undefined);
    });
    expect(found.map((each) => (typeof each === 'object' ? each.name : each))).to.deep.equal(['a', 'unseen']);
  });
});

describe('how often something fits', () => {
  const asked = { cores: 2, ram: 10, disk: 3 };

  it('is by what there is the least of', () => {
    expect(timesOnHost({ cores: 9, ram: 100, disk: 100 }, asked)).to.equal(4);
    expect(timesOnHost({ cores: 9, ram: 39, disk: 100 }, asked)).to.equal(3);
    expect(timesOnHost({ cores: 9, ram: 39, disk: 8 }, asked)).to.equal(2);
    expect(timesOnHost({ cores: 9, ram: -1, disk: 8 }, asked)).to.equal(0);
    expect(timesOnHost({ cores: 9, ram: -1, disk: 0 }, { cores: 2, ram: 0, disk: 0 })).to.equal(4);
    expect(timesAmount(asked, 3)).to.deep.equal({ cores: 6, ram: 30, disk: 9 });
  });

  it('is in a pool by what that counts', () => {
    const share: Pick<Share, 'ofPool'> = {
      ofPool: [
        [0, 2],
        [1, 10],
      ],
    };
    const times = (cores: number, ram: number) =>
      timesInPool({ left: toVector({ cores, ram }) }, { ...share, size: { capacity: {}, disk: 0 }, ofHost: asked });
    expect([times(9, 100), times(9, 29), times(9, -1)]).to.deep.equal([4, 2, 0]);
  });

  it('is once where as much is there of all that is asked for', () => {
    expect(fits(asked, asked)).to.equal(true);
    for (const less of [{ cores: 1 }, { ram: 9 }, { disk: 2 }])
      expect(fits({ ...asked, ...less }, asked)).to.equal(false);
    expect(fits({ cores: -1, ram: -1, disk: -1 }, { cores: 0, ram: 0, disk: 0 })).to.equal(true);
  });
});
