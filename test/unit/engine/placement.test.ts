/** On which hosts instances go, and in which order hosts and instances are taken: the rules of `placement.ts` one by one. */
import { expect } from 'chai';
import type { AffinityPolicy, Claim, Container, Demand } from '../../../src/engine/entities.ts';
import { hostName } from '../../../src/engine/hosts.ts';
import { Effort } from '../../../src/engine/placement-sites.ts';
import { placeInstances } from '../../../src/engine/placement.ts';
import type { PlacementRequest } from '../../../src/engine/placement.ts';
import { poolNode } from '../../../src/engine/state.ts';
import { FOREVER } from '../../../src/engine/window.ts';
import { Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';

const WINDOW = { start: NOW, end: NOW + HOUR };

/** Engines with providers, each with its pool; a provider of which no hosts are seen has only what its pool has. */
class Lab extends Engine {
  readonly pools: string[] = [];

  constructor(...clouds: readonly (readonly HostSpec[])[]) {
    super();
    this.checked = false;
    for (const hosts of clouds) this.cloud(hosts);
  }

  cloud(hosts: readonly HostSpec[], capacity: Parameters<Engine['pool']>[1] = {}): this {
    this.pools.push(this.pool(this.provider(hosts, `cloud${this.pools.length}`), capacity));
    return this;
  }

  /** A provider that shows no hosts, with a pool of so many cores. */
  unseen(cores: number): this {
    const added = this.do('addProvider', {
      name: `unseen${this.pools.length}`,
      access: { type: 'promise-simulator:simulated' },
    });
    const { id } = added.provider;
    const inventory = inventoryOf([], { cores: 1000, instances: 1000 });
    this.do('updateProvider', { id, status: 'up', inventory });
    this.pools.push(this.pool(id, { cores, ram: 1_000_000, instances: 100 }));
    return this;
  }

  /** Where each instance is placed, `container@host` or `container@pool`; or what was not placed, and why. */
  place(demand: Partial<Demand>, more: Partial<PlacementRequest> = {}): string[] {
    const placed = this.placed(demand, more);
    if (placed.outcome === 'unplaced') {
      const { container, possible, searchComplete } = placed;
      return [`${container.name}: ${possible} of ${container.count}${searchComplete ? '' : ', not complete'}`];
    }
    return placed.claims.map(({ container, host, node }) =>
      host === undefined
        ? `${container ?? ''}@pool${this.pools.findIndex((pool) => poolNode(pool) === node)}`
        : `${container ?? ''}@${hostName(host)}`,
    );
  }

  placed(demand: Partial<Demand>, more: Partial<PlacementRequest> = {}) {
    return placeInstances(this.head, { demand: { capacity: {}, ...demand }, window: WINDOW, ...more });
  }

  /** A claim of an instance that is there. */
  there(container: string, host: string | undefined, pool = 0): Claim {
    const id = this.pools[pool] ?? '';
    const source = this.head.pools.get(id)?.source ?? '';
    const claim = { id: '1', node: poolNode(id), ...WINDOW, capacity: { cores: 4 }, container };
    return host === undefined ? claim : { ...claim, host: `host/${source}/${host}` };
  }
}

function container(name: string, count: number, vcpus = 4, more: Partial<Container> = {}): Container {
  return { name, count, size: { vcpus, ram: 1024 }, ...more };
}

function grouped(name: string, count: number, vcpus = 4, group = 'g'): Container {
  return container(name, count, vcpus, { group });
}

const groups = (...policies: readonly AffinityPolicy[]) =>
  policies.map((policy, index) => ({ name: index === 0 ? 'g' : `g${index}`, policy }));

describe('the choice of a host', () => {
  it('is the one with the least left: of cores, then memory, then disk, then by name', () => {
    const one = { containers: [container('web', 1)] };
    const host = (name: string, cores: number, ram: number, disk: number): HostSpec => ({ name, cores, ram, disk });
    expect(new Lab([host('a', 9, 4096, 50), host('b', 8, 9999, 99)]).place(one)).to.deep.equal(['web@b']);
    expect(new Lab([host('a', 8, 9999, 50), host('b', 8, 4096, 99)]).place(one)).to.deep.equal(['web@b']);
    expect(new Lab([host('a', 8, 4096, 99), host('b', 8, 4096, 50)]).place(one)).to.deep.equal(['web@b']);
    expect(new Lab([host('b', 8, 4096, 50), host('a', 8, 4096, 50)]).place(one)).to.deep.equal(['web@a']);
  });

  it('is of the first pool, however much there is left', () => {
    const lab = new Lab([{ name: 'big', cores: 16 }], [{ name: 'tight', cores: 4 }]);
    expect(lab.place({ containers: [container('web', 1)] })).to.deep.equal(['web@big']);
    expect(lab.place({ containers: [container('web', 5)] })).to.deep.equal([
      ...Array<string>(4).fill('web@big'),
      'web@tight',
    ]);
  });

  it('is the one where an instance of the container was', () => {
    const lab = new Lab([
      { name: 'a', cores: 4 },
      { name: 'b', cores: 8 },
      { name: 'c', cores: 16 },
    ]);
    const both = { containers: [container('web', 1), container('db', 1)] };
    const near = [lab.there('web', 'c'), lab.there('db', 'b')];
    expect(lab.place(both, { near })).to.deep.equal(['web@c', 'db@b']);
    expect(lab.place({ containers: [container('web', 1)] }, { near: [lab.there('other', 'c')] })).to.deep.equal([
      'web@a',
    ]);
    // Of two that it fits, the one with less left.
    const two = [lab.there('web', 'c'), lab.there('web', 'b')];
    expect(lab.place({ containers: [container('web', 1)] }, { near: two })).to.deep.equal(['web@b']);
  });

  it('heeds memory and disk that others of the request take', () => {
    const size = (ram: number, disk: number) => ({ size: { vcpus: 1, ram, disk } });
    const two = (ram: number, disk: number) => ({
      containers: [container('a', 1, 1, size(ram, disk)), container('b', 1, 1, size(ram, disk))],
    });
    const lab = new Lab([
      { name: 'h1', cores: 8, ram: 6000, disk: 15 },
      { name: 'h2', cores: 9, ram: 6000, disk: 15 },
    ]);
    expect(lab.place(two(3000, 5))).to.deep.equal(['a@h1', 'b@h1']);
    expect(lab.place(two(3001, 5))).to.deep.equal(['a@h1', 'b@h2']);
    expect(lab.place(two(3000, 8))).to.deep.equal(['a@h1', 'b@h2']);
  });

  it('leaves out what is not asked for: no disk, no end', () => {
    const lab = new Lab([{ name: 'h1', cores: 8 }]);
    const claimed = (each: Container, window: PlacementRequest['window'] = WINDOW) => {
      const placed = lab.placed({ containers: [each] }, { window });
      return placed.outcome === 'placed' ? placed.claims[0] : undefined;
    };
    expect(claimed(container('web', 1), { start: NOW, end: FOREVER })).to.have.all.keys(
      ...['node', 'start', 'capacity', 'host', 'container'],
    );
    expect(claimed(container('web', 1, 1, { size: { vcpus: 1, ram: 1, disk: 7 } }))).to.include({
      ...WINDOW,
      disk: 7,
    });
  });

  it('is looked for everywhere where a part of a large cloud does not do', () => {
    const small = Array.from({ length: 400 }, (_, index) => ({ name: `h${index}`, cores: 4 }));
    const lab = new Lab([...small, { name: 'big', cores: 16 }]);
    const together = { containers: [grouped('web', 3)], groups: groups('affinity') };
    expect(lab.place(together)).to.deep.equal(['web@big', 'web@big', 'web@big']);
    const more = { containers: [grouped('web', 5)], groups: groups('affinity') };
    expect(lab.place(more)).to.deep.equal(['web: 4 of 5']);
    const request = { demand: { capacity: {}, ...more }, window: WINDOW };
    const few = placeInstances(lab.head, request, new Effort(100, 50_000));
    expect(few).to.include({ outcome: 'unplaced', searchComplete: false });
  });
});

describe('the order of instances', () => {
  const two = [
    { name: 'h1', cores: 8 },
    { name: 'h2', cores: 8 },
  ];

  it('is the largest first, then by name, and the answer is in the order of the request', () => {
    const lab = new Lab([
      { name: 'h1', cores: 8 },
      { name: 'h2', cores: 4 },
    ]);
    expect(lab.place({ containers: [container('a', 1, 4), container('b', 1, 8)] })).to.deep.equal(['a@h2', 'b@h1']);
    const equal = { containers: [container('b', 1, 6), container('a', 1, 6)] };
    expect(new Lab(two).place(equal)).to.deep.equal(['b@h2', 'a@h1']);
    const larger = { containers: [container('a', 1, 5), container('b', 1, 6)] };
    expect(new Lab(two).place(larger)).to.deep.equal(['a@h2', 'b@h1']);
  });

  it('is affinity before anti-affinity before the rest, whatever their size and name', () => {
    const rest = container('a', 1, 7);
    expect(new Lab(two).place({ containers: [rest, grouped('z', 1, 6)], groups: groups('affinity') })).to.deep.equal([
      'a@h2',
      'z@h1',
    ]);
    expect(
      new Lab(two).place({ containers: [rest, grouped('z', 1, 6)], groups: groups('anti-affinity') }),
    ).to.deep.equal(['a@h2', 'z@h1']);
    expect(
      new Lab(two).place({
        containers: [grouped('a', 1, 7), grouped('z', 1, 6, 'g1')],
        groups: groups('anti-affinity', 'affinity'),
      }),
    ).to.deep.equal(['a@h2', 'z@h1']);
    expect(
      new Lab(two).place({
        containers: [grouped('a', 1, 7), grouped('z', 1, 6, 'g1')],
        groups: groups('soft-anti-affinity', 'soft-affinity'),
      }),
    ).to.deep.equal(['a@h2', 'z@h1']);
  });

  it('is revised where an earlier choice leaves no place for a later one', () => {
    // Two of three cores fill what is left of a host with ten: the two of five have to share one.
    const lab = new Lab([
      { name: 'h1', cores: 10 },
      { name: 'h2', cores: 9 },
    ]);
    const demand = { containers: [container('five', 2, 5), container('three', 3, 3)] };
    expect(lab.place(demand)).to.deep.equal(['five@h1', 'five@h1', 'three@h2', 'three@h2', 'three@h2']);
    const none = { containers: [container('five', 2, 5), container('four', 1, 4), container('three', 2, 3)] };
    expect(lab.place(none)).to.deep.equal(['three: 2 of 2']);
  });
});

describe('groups', () => {
  const three = ['h1', 'h2', 'h3'].map((name) => ({ name, cores: 8 }));

  it('count the members that stay where they are', () => {
    const lab = new Lab(three);
    const spread = { containers: [grouped('web', 2), grouped('db', 1)], groups: groups('anti-affinity') };
    expect(lab.place(spread, { pinned: [lab.there('web', 'h1')] })).to.deep.equal(['web@h3', 'db@h2']);
    expect(lab.place(spread, { pinned: [lab.there('web', 'h1'), lab.there('db', 'h2')] })).to.deep.equal(['web@h3']);
    // Of no group, it stands in nobody's way.
    const beside = { ...spread, containers: [...spread.containers, container('x', 1)] };
    expect(lab.place(beside, { pinned: [lab.there('x', 'h1')] })).to.deep.equal(['web@h2', 'web@h3', 'db@h1']);
    const four = { ...spread, containers: [grouped('web', 3), grouped('db', 1)] };
    expect(lab.place(four, { pinned: [lab.there('web', 'h1')] })).to.deep.equal(['db: 1 of 1']);
  });

  it('of affinity go where members are, and only there', () => {
    const lab = new Lab(three);
    const together = (count: number) => ({ containers: [grouped('web', count)], groups: groups('affinity') });
    const pinned = [lab.there('web', 'h2')];
    expect(lab.place(together(2), { pinned })).to.deep.equal(['web@h2']);
    expect(lab.place(together(3), { pinned })).to.deep.equal(['web@h2', 'web@h2']);
    expect(lab.place(together(4), { pinned })).to.deep.equal(['web: 2 of 4']);
    expect(lab.place(together(3))).to.deep.equal(['web: 2 of 3']);
    // All that stay where they are need no place.
    expect(lab.place(together(1), { pinned })).to.deep.equal([]);
  });

  it('of affinity take a host with room for all that are alike, and for the others after them', () => {
    const lab = new Lab([
      { name: 'a', cores: 7 },
      { name: 'b', cores: 9 },
      { name: 'c', cores: 12 },
    ]);
    const both = (web: number, db: number) => ({
      containers: [grouped('web', web), grouped('db', 1, db)],
      groups: groups('affinity'),
    });
    expect(lab.place(both(2, 1))).to.deep.equal(['web@b', 'web@b', 'db@b']);
    expect(lab.place(both(2, 2))).to.deep.equal(['web@c', 'web@c', 'db@c']);
    expect(lab.place(both(2, 5))).to.deep.equal(['web: 2 of 2']);
    expect(lab.place(both(3, 1))).to.deep.equal(['db: 1 of 1']);
  });

  it('of anti-affinity have no more members than hosts, between all of their containers', () => {
    const lab = new Lab(three);
    const spread = (web: number, db: number) => ({
      containers: [grouped('web', web, 2), grouped('db', db, 1)],
      groups: groups('anti-affinity'),
    });
    expect(lab.place(spread(2, 1)).sort()).to.deep.equal(['db@h3', 'web@h1', 'web@h2']);
    expect(lab.place(spread(2, 2))).to.deep.equal(['web: 2 of 2']);
    expect(lab.place(spread(4, 0))).to.deep.equal(['web: 3 of 4']);
  });

  it('that are soft are kept where that can be, and else as far as it can', () => {
    const lab = new Lab(three);
    const soft = (policy: AffinityPolicy, count: number, vcpus: number) =>
      lab.place({ containers: [grouped('web', count, vcpus)], groups: groups(policy) });
    expect(soft('soft-anti-affinity', 3, 1)).to.deep.equal(['web@h1', 'web@h2', 'web@h3']);
    expect(soft('soft-anti-affinity', 4, 1)).to.deep.equal(['web@h1', 'web@h1', 'web@h2', 'web@h2']);
    expect(soft('soft-anti-affinity', 24, 1)).to.have.length(24);
    expect(soft('soft-anti-affinity', 25, 1)).to.deep.equal(['web: 24 of 25']);
    expect(soft('soft-affinity', 2, 4)).to.deep.equal(['web@h1', 'web@h1']);
    expect(soft('soft-affinity', 3, 4)).to.deep.equal(['web@h1', 'web@h1', 'web@h2']);
    expect(soft('soft-affinity', 7, 4)).to.deep.equal(['web: 6 of 7']);
  });

  it('of soft anti-affinity crowd one host where the others have no room', () => {
    const lab = new Lab([
      { name: 'a', cores: 1 },
      { name: 'b', cores: 1 },
      { name: 'c', cores: 30 },
    ]);
    const crowd = { containers: [grouped('web', 20, 1)], groups: groups('soft-anti-affinity') };
    expect(lab.place(crowd).filter((each) => each === 'web@c')).to.have.length(18);
  });

  it('of soft affinity take the roomiest hosts, the others the tightest', () => {
    const lab = new Lab([
      { name: 'a', cores: 4 },
      { name: 'b', cores: 8 },
      { name: 'c', cores: 12 },
    ]);
    const soft = {
      containers: [grouped('web', 4), container('x', 1)],
      groups: groups('soft-affinity'),
    };
    expect(lab.place(soft)).to.deep.equal(['web@c', 'web@c', 'web@c', 'web@b', 'x@a']);
  });
});

describe('where no hosts are seen', () => {
  it('pools take the instances for which there is room, without conditions on hosts', () => {
    const lab = new Lab().unseen(6).unseen(20);
    expect(lab.place({ containers: [container('web', 3)] })).to.deep.equal(['web@pool0', 'web@pool1', 'web@pool1']);
    expect(lab.place({ containers: [container('web', 7)] })).to.deep.equal(['web: 6 of 7']);
    const trait = ['HW_DPDK'];
    expect(lab.place({ containers: [container('web', 1, 4, { requiredTraits: trait })] })).to.deep.equal([
      'web: 0 of 1',
    ]);
    expect(lab.place({ containers: [container('web', 1, 4, { forbiddenTraits: trait })] })).to.deep.equal([
      'web: 0 of 1',
    ]);
  });

  it('affinity keeps to one pool, and anti-affinity is for the VIM', () => {
    const lab = new Lab().unseen(6).unseen(20);
    const of = (policy: AffinityPolicy, count: number, pinned: readonly Claim[] = []) =>
      lab.place({ containers: [grouped('web', count)], groups: groups(policy) }, { pinned });
    expect(of('affinity', 1)).to.deep.equal(['web@pool0']);
    expect(of('affinity', 2)).to.deep.equal(['web@pool1', 'web@pool1']);
    expect(of('affinity', 2, [lab.there('web', undefined, 1)])).to.deep.equal(['web@pool1']);
    expect(of('affinity', 2, [lab.there('web', undefined, 0)])).to.deep.equal(['web@pool0']);
    expect(of('anti-affinity', 2)).to.deep.equal(['web@pool0', 'web@pool1']);
    expect(of('anti-affinity', 2, [lab.there('web', undefined, 0)])).to.deep.equal(['web@pool0']);
    expect(of('anti-affinity', 6)).to.have.length(6);
  });
});

describe('what can be placed at the most', () => {
  it('is bounded by pools as by hosts', () => {
    const hosts = [
      { name: 'h1', cores: 8 },
      { name: 'h2', cores: 8 },
    ];
    const lab = new Lab().cloud(hosts, { cores: 12, ram: 16_384, instances: 10 });
    expect(lab.place({ containers: [container('web', 4)] })).to.deep.equal(['web: 3 of 4']);
    expect(lab.place({ containers: [container('web', 3)] })).to.deep.equal(['web@h1', 'web@h1', 'web@h2']);
    const instances = new Lab().cloud(hosts, { cores: 16, ram: 16_384, instances: 2 });
    expect(instances.place({ containers: [container('web', 3, 1)] })).to.deep.equal(['web: 2 of 3']);
    // What one tries and gives back, the pool has again.
    const both = { containers: [container('a', 2, 5), container('b', 1, 2)] };
    expect(lab.place(both)).to.deep.equal(['a@h1', 'a@h2', 'b@h1']);
  });
});
