/** The next window that a refusal of instances names: the earliest in which all parts fit, however they are bound. */
import { expect } from 'chai';
import type { AffinityPolicy, Claim, Container, Demand } from '../../../src/engine/entities.ts';
import { hostId, hostName } from '../../../src/engine/hosts.ts';
import { LaterStarts } from '../../../src/engine/later-start.ts';
import { Effort } from '../../../src/engine/placement-sites.ts';
import type { Refusal } from '../../../src/engine/requests.ts';
import { poolNode } from '../../../src/engine/state.ts';
import { FOREVER } from '../../../src/engine/window.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';

const T = NOW + DAY;

/** From one hour of the second day to another. */
const during = (from: number, to: number) => ({ start: T + from * HOUR, end: T + to * HOUR });

class Lab extends Engine {
  readonly pools: string[] = [];

  constructor(...hosts: readonly HostSpec[]) {
    super();
    if (hosts.length > 0) this.cloud(hosts);
  }

  cloud(hosts: readonly HostSpec[], capacity: Parameters<Engine['pool']>[1] = {}): this {
    this.pools.push(this.pool(this.provider(hosts, `p${this.pools.length}`), capacity));
    return this;
  }

  /** A provider that shows no hosts, with a pool of so many cores. */
  unseen(cores: number): this {
    const { provider } = this.do('addProvider', {
      name: `unseen${this.pools.length}`,
      access: { type: 'promise-simulator:simulated' },
    });
    const inventory = inventoryOf([], { cores: 100, memoryMb: 100_000, instances: 100 });
    this.do('updateProvider', { id: provider.id, status: 'up', inventory });
    this.pools.push(this.pool(provider.id, { cores, ram: 100_000, instances: 100 }));
    return this;
  }

  /** Has so many cores of a host, which is named alone, for some hours; without a host, of the pool of a number. */
  busy(where: string | number, from: number, to: number, cores: number): this {
    const containers = [{ name: 'busy', count: 1, size: { vcpus: cores, ram: 1 } }];
    const demand: Demand =
      typeof where === 'string'
        ? { capacity: {}, containers, elements: [where] }
        : { capacity: { cores }, pools: [this.pools[where] ?? ''] };
    this.reserve({ ...during(from, to), demand });
    return this;
  }

  refused(demand: Partial<Demand>, hours = 1): Refusal {
    return this.refuse({ ...during(0, hours), demand: { capacity: {}, ...demand } });
  }

  /** The hour at which the next window begins in which a demand fits that does not fit now. */
  next(demand: Partial<Demand>, hours = 1): number | undefined {
    const { nextWindow } = this.refused(demand, hours);
    if (nextWindow === undefined) return undefined;
    expect(nextWindow.end - nextWindow.start).to.equal(hours * HOUR);
    return (nextWindow.start - T) / HOUR;
  }
}

const container = (name: string, count: number, more: Partial<Container> = {}): Container => ({
  name,
  count,
  size: { vcpus: 4, ram: 100 },
  ...more,
});

const web = (count: number, more: Partial<Container> = {}): Partial<Demand> => ({
  containers: [container('web', count, more)],
});

const grouped = (policy: AffinityPolicy, ...counts: readonly number[]): Partial<Demand> => ({
  groups: [
    { name: 'other', policy: policy === 'affinity' ? 'anti-affinity' : 'affinity' },
    { name: 'g', policy },
  ],
  containers: counts.map((count, index) => container(`c${index}`, count, { group: 'g' })),
});

/** Two hosts: a has room for 2 from 1 to 2 and from 3 to 5, for 1 from 2 to 3; b has room for 1 from 4 on. */
function comeAndGo(): Lab {
  return new Lab({ name: 'a', cores: 8 }, { name: 'b', cores: 4 })
    .busy('a', 0, 1, 8)
    .busy('b', 0, 4, 4)
    .busy('a', 2, 3, 4)
    .busy('a', 5, 6, 8);
}

describe('the next window for instances', () => {
  it('begins when the hosts have room for as many together', () => {
    const lab = new Lab({ name: 'a', cores: 8 }, { name: 'b', cores: 8 })
      .busy('a', 0, 2, 8)
      .busy('b', 0, 3, 4)
      .busy('b', 0, 4, 4);
    expect([1, 2, 3, 4].map((count) => lab.next(web(count)))).to.deep.equal([2, 2, 3, 4]);
    // There is never room for more.
    expect(lab.refused(web(5)).nextWindow).to.equal(undefined);
    expect(lab.refused(web(5))).to.include({ searchedUntil: T + 365 * DAY });
  });

  it('lasts as long as the one that was asked for, before what comes later, or after it', () => {
    const lab = new Lab({ name: 'a', cores: 4 }).busy('a', 0, 2, 4).busy('a', 5, 6, 4).busy('a', 8, 9, 4);
    expect([1, 3, 4].map((hours) => lab.next(web(1), hours))).to.deep.equal([2, 2, 9]);
    expect(lab.next(web(1), 2)).to.equal(2);
  });

  it('may be on one host first and then on another', () => {
    const lab = comeAndGo();
    expect([1, 2, 3].map((count) => lab.next(web(count)))).to.deep.equal([1, 1, 4]);
    expect([1, 2, 3].map((count) => lab.next(web(count), 2))).to.deep.equal([1, 3, 6]);
  });

  it('has room in the pool too', () => {
    const lab = new Lab().cloud([{ name: 'a', cores: 16 }], { cores: 8, ram: 10_000, instances: 10 });
    lab.busy(0, 0, 3, 6).busy(0, 4, 5, 4);
    expect([1, 2].map((count) => lab.next(web(count)))).to.deep.equal([3, 3]);
    expect([1, 2].map((count) => lab.next(web(count), 2))).to.deep.equal([3, 5]);
    expect(lab.next(web(3))).to.equal(undefined);
  });

  it('has room in a pool of which no hosts are seen', () => {
    const lab = new Lab().unseen(8).busy(0, 0, 2, 5).busy(0, 3, 4, 1);
    expect([1, 2].map((count) => lab.next(web(count)))).to.deep.equal([2, 2]);
    expect([1, 2].map((count) => lab.next(web(count), 2))).to.deep.equal([2, 4]);
    // Traits and elements are of hosts.
    expect(lab.next(web(1, { requiredTraits: ['SSD'] }))).to.equal(undefined);
  });

  it('is on several providers together', () => {
    const lab = new Lab({ name: 'a', cores: 4 }).unseen(4).busy('a', 0, 2, 4).busy(1, 0, 3, 4);
    expect([1, 2].map((count) => lab.next(web(count)))).to.deep.equal([2, 3]);
    expect(lab.next(web(1, { pools: [lab.pools[1] ?? ''] }))).to.equal(3);
    expect(lab.next(web(1, { size: { flavor: 'large' } }))).to.equal(2);
  });

  it('has a host for all of a group that has to share one', () => {
    const lab = new Lab({ name: 'a', cores: 8 }, { name: 'b', cores: 16 })
      .busy('a', 0, 1, 8)
      .busy('b', 0, 2, 9)
      .busy('b', 0, 3, 4);
    expect(lab.next(grouped('affinity', 2))).to.equal(1);
    expect(lab.next(grouped('affinity', 1, 1))).to.equal(1);
    expect(lab.next(grouped('affinity', 3))).to.equal(2);
    expect(lab.next(grouped('affinity', 2, 2))).to.equal(3);
    expect(lab.next(grouped('affinity', 5))).to.equal(undefined);
  });

  it('has a host for each of a group that may share none', () => {
    const lab = new Lab({ name: 'a', cores: 16 }, { name: 'b', cores: 8 }, { name: 'c', cores: 4 })
      .busy('a', 0, 1, 16)
      .busy('b', 0, 2, 8)
      .busy('c', 0, 3, 4);
    expect(lab.next(web(4))).to.equal(1);
    expect(lab.next(grouped('anti-affinity', 1))).to.equal(1);
    expect(lab.next(grouped('anti-affinity', 2))).to.equal(2);
    expect(lab.next(grouped('anti-affinity', 2, 1))).to.equal(3);
    expect(lab.next(grouped('anti-affinity', 4))).to.equal(undefined);
  });

  it('heeds traits, zones and the hosts that are named', () => {
    const lab = new Lab({ name: 'a', cores: 4, zone: 'x' }, { name: 'b', cores: 4, zone: 'y', traits: ['SSD'] })
      .busy('a', 0, 1, 4)
      .busy('b', 0, 2, 4);
    expect(lab.next(web(1))).to.equal(1);
    expect(lab.next(web(1, { zone: 'y' }))).to.equal(2);
    expect(lab.next({ ...web(1), zone: 'y' })).to.equal(2);
    expect(lab.next(web(1, { requiredTraits: ['SSD'] }))).to.equal(2);
    expect(lab.next({ ...web(1), elements: ['b'] })).to.equal(2);
  });

  it('has room for all containers, each by itself and together', () => {
    const lab = new Lab({ name: 'a', cores: 8 }, { name: 'b', cores: 4 })
      .busy('a', 0, 1, 8)
      .busy('b', 0, 2, 4)
      .busy('a', 1, 3, 4);
    const two = { containers: [container('web', 1), container('db', 1, { size: { vcpus: 8, ram: 1 } })] };
    expect(lab.next(two)).to.equal(3);
    expect(lab.next({ containers: [container('web', 1), container('db', 1)] })).to.equal(2);
  });

  it('has the capacity that is asked for beside, and the elements', () => {
    const lab = new Lab({ name: 'a', cores: 8 });
    const inventory = {
      ...inventoryOf([{ name: 'a', cores: 8 }], {}, [{ kind: 'volume', id: 'v1', name: 'data', sizeGb: 1 } as const]),
    };
    lab.do('updateProvider', { id: lab.head.pools.get(lab.pools[0] ?? '')?.source ?? '', inventory });
    lab.busy('a', 0, 1, 8).busy(0, 1, 3, 4);
    expect(lab.next({ ...web(1), capacity: { cores: 1 } })).to.equal(3);
    expect(lab.next({ ...web(1), capacity: { cores: 5 } })).to.equal(undefined);
    lab.reserve({ ...during(0, 5), demand: { capacity: {}, elements: ['data'] } });
    expect(lab.next({ ...web(1), elements: ['data'] })).to.equal(5);
    expect(lab.next({ elements: ['data'] })).to.equal(5);
  });

  it('begins when one of the hosts that are held whole is free', () => {
    const lab = new Lab({ name: 'a', cores: 8 }, { name: 'b', cores: 4 }).busy('a', 0, 3, 1);
    expect(lab.next({ elements: ['a'] })).to.equal(3);
  });
});

describe('the starts at which every part may fit by itself', () => {
  interface Asked {
    readonly hours?: number;
    readonly until?: number;
    readonly pinned?: readonly Claim[];
    readonly looks?: number;
  }

  function startsOf(lab: Lab, demand: Partial<Demand>, { hours = 1, until = 100, pinned, looks = 10_000 }: Asked = {}) {
    const window = { start: T, end: T + hours * HOUR };
    const request = { demand: { capacity: {}, ...demand }, window, ...(pinned === undefined ? {} : { pinned }) };
    const effort = new Effort(looks, 0);
    const starts = new LaterStarts(lab.head, request, T + until * HOUR, effort);
    /** In hours. */
    const from = (hour: number): number => (starts.from(T + hour * HOUR) - T) / HOUR;
    return { from, starts, effort };
  }

  const there = (lab: Lab, name: string, host: string): Claim => ({
    id: '1',
    node: poolNode(lab.pools[0] ?? ''),
    ...during(0, 1),
    capacity: { cores: 4 },
    container: name,
    host: hostId(lab.head.pools.get(lab.pools[0] ?? '')?.source ?? '', host),
  });

  it('come one after the other, as hosts and pools have room and have it no more', () => {
    const lab = comeAndGo();
    const two = startsOf(lab, web(2));
    expect([0, 1, 1.5, 3, 3.5, 4.5, 6, 50].map(two.from)).to.deep.equal([1, 1, 3, 3, 3.5, 6, 6, 50]);
    const three = startsOf(lab, web(3));
    expect([0, 4, 4.01].map(three.from)).to.deep.equal([4, 4, 6]);
    const unseen = new Lab().unseen(8).busy(0, 0, 2, 5).busy(0, 3, 4, 1);
    expect([0, 2, 2.5, 4].map(startsOf(unseen, web(2)).from)).to.deep.equal([2, 2, 4, 4]);
    const bound = new Lab()
      .cloud([{ name: 'a', cores: 16 }], { cores: 8, ram: 10_000, instances: 10 })
      .busy(0, 0, 3, 6);
    expect(startsOf(bound, web(2)).from(0)).to.equal(3);
  });

  it('are as long before what comes, and come past the last that is looked for where there is none', () => {
    const lab = new Lab({ name: 'a', cores: 4 }).busy('a', 0, 2, 4).busy('a', 5, 6, 4);
    const of = (hours: number) => startsOf(lab, web(1), { hours });
    expect([1, 3, 4].map((hours) => of(hours).from(0))).to.deep.equal([2, 2, 6]);
    expect([2, 2.01].map(of(3).from)).to.deep.equal([2, 6]);
    expect(startsOf(lab, web(1), { until: 2 }).from(0)).to.equal(2);
    expect(startsOf(lab, web(1), { until: 1.9 }).from(0)).to.be.above(1.9);
    expect(startsOf(lab, web(2)).from(0)).to.be.above(100);
    expect(startsOf(lab, web(1), { hours: FOREVER }).from(0)).to.equal(6);
  });

  it('are for all of a group that shares a host, and for each of one that may not', () => {
    const lab = new Lab({ name: 'a', cores: 8 }, { name: 'b', cores: 16 })
      .busy('a', 0, 1, 8)
      .busy('b', 0, 2, 9)
      .busy('b', 0, 3, 4);
    const first = (demand: Partial<Demand>) => startsOf(lab, demand).from(0);
    expect([2, 3, 4].map((count) => first(grouped('affinity', count)))).to.deep.equal([1, 2, 3]);
    expect([first(grouped('affinity', 1, 1)), first(grouped('affinity', 2, 2))]).to.deep.equal([1, 3]);
    expect([1, 2].map((count) => first(grouped('anti-affinity', count)))).to.deep.equal([1, 2]);
    expect(first(grouped('anti-affinity', 3))).to.be.above(100);
    expect(first(grouped('soft-affinity', 3))).to.equal(2);
  });

  it('leave out those that stay where they are', () => {
    const lab = new Lab({ name: 'a', cores: 4 }, { name: 'b', cores: 4 }).busy('a', 0, 2, 4).busy('b', 0, 3, 4);
    const pinned = [there(lab, 'c0', 'a')];
    expect(startsOf(lab, web(2)).from(0)).to.equal(3);
    expect(startsOf(lab, { containers: [container('c0', 2)] }, { pinned }).from(0)).to.equal(2);
    expect(startsOf(lab, { containers: [container('c0', 1)] }, { pinned }).from(0)).to.equal(0);
    expect(startsOf(lab, web(2), { pinned }).from(0)).to.equal(3);
    // The others of a group have to go where one stays, or may not go there.
    expect(startsOf(lab, grouped('affinity', 2), { pinned }).from(0)).to.equal(2);
    expect(startsOf(lab, grouped('anti-affinity', 2), { pinned }).from(0)).to.equal(3);
    expect(startsOf(lab, grouped('anti-affinity', 1, 1), { pinned }).from(0)).to.equal(3);
    expect(
      startsOf(lab, { ...grouped('anti-affinity', 2), containers: [container('c0', 2)] }, { pinned }).from(0),
    ).to.equal(2);
  });

  it('have the capacity beside', () => {
    const lab = new Lab({ name: 'a', cores: 8 }).busy(0, 0, 3, 4);
    expect(startsOf(lab, { ...web(1), capacity: { cores: 4 } }).from(0)).to.equal(0);
    expect(startsOf(lab, { ...web(1), capacity: { cores: 5 } }).from(0)).to.equal(3);
    expect(startsOf(lab, { ...web(1), capacity: { cores: 9 } }).from(0)).to.be.at.least(100);
  });

  it('are exact for one container in one pool, and nothing else', () => {
    const lab = new Lab({ name: 'a', cores: 8 });
    const exact = (demand: Partial<Demand>, asked: Asked = {}) => startsOf(lab, demand, asked).starts.isExact;
    expect(exact(web(2))).to.equal(true);
    expect(exact({ ...web(2), capacity: { cores: 1 } })).to.equal(false);
    expect(exact({ ...web(2), elements: ['a'] })).to.equal(false);
    expect(exact({ containers: [container('web', 1), container('db', 1)] })).to.equal(false);
    expect(exact(web(2), { pinned: [there(lab, 'web', 'a')] })).to.equal(false);
    lab.unseen(8);
    expect(exact(web(2))).to.equal(false);
    expect(exact(web(2, { pools: [lab.pools[0] ?? ''] }))).to.equal(true);
    expect(exact(web(2, { requiredTraits: ['SSD'] }))).to.equal(true);
  });

  it('may be others after each instant at which anything changes on what may serve', () => {
    const lab = new Lab({ name: 'a', cores: 8 }, { name: 'b', cores: 8 }).busy('a', 1, 2, 8).busy(0, 3, 4, 1);
    const hours = (demand: Partial<Demand>) => {
      const { starts } = startsOf(lab, demand);
      return [0, 1, 2, 3, 4].map((hour) => (starts.after(T + hour * HOUR) - T) / HOUR);
    };
    expect(hours(web(1))).to.deep.equal([1, 2, 3, 4, Infinity]);
    const source = lab.head.pools.get(lab.pools[0] ?? '')?.source ?? '';
    lab.checked = false;
    lab.head.hosts.hold(hostId(source, 'b'), during(0.5, 4.5), { cores: 1, ram: 0, disk: 0 }, 1);
    expect(hours(web(1))).to.deep.equal([0.5, 2, 3, 4, 4.5]);
    expect(hours({ elements: ['b'] })).to.deep.equal([0.5, 2, 3, 4, 4.5]);
    expect(hours({ elements: ['a'] })).to.deep.equal([1, 2, 3, 4, Infinity]);
  });

  it('are looked for until the effort is spent', () => {
    const lab = new Lab({ name: 'a', cores: 4 }, { name: 'b', cores: 4 }).busy('a', 0, 2, 4).busy('b', 0, 3, 4);
    const enough = startsOf(lab, web(2), { looks: 100 });
    expect(enough.from(0)).to.equal(3);
    expect(enough.effort.spent).to.equal(false);
    const used = 100 - enough.effort.looks;
    const exactly = startsOf(lab, web(2), { looks: used });
    expect([exactly.from(0), exactly.effort.spent, exactly.effort.looks]).to.deep.equal([3, false, 0]);
    const less = startsOf(lab, web(2), { looks: used - 1 });
    expect(less.from(0)).to.be.at.most(3);
    expect(less.effort.spent).to.equal(true);
  });
});

describe('the next window for a change', () => {
  /** Changes what a reservation asks for, and says when that could be had. */
  function nextFor(lab: Lab, id: string, demand: Partial<Demand>): number | undefined {
    const result = lab.do('updateReservation', { id, demand: { capacity: {}, ...demand } });
    if (result.outcome !== 'refused') throw new Error('it was granted');
    const { nextWindow } = result.refusal;
    return nextWindow === undefined ? undefined : (nextWindow.start - T) / HOUR;
  }

  it('counts what the reservation has itself', () => {
    const lab = new Lab({ name: 'a', cores: 8 }, { name: 'b', cores: 4 });
    const id = lab.reserve({ ...during(0, 1), demand: { capacity: {}, ...web(1) } });
    const [claim] = lab.head.reservations.get(id)?.claims ?? [];
    expect(hostName(claim?.host ?? 'host//')).to.equal('b');
    lab.busy('a', 0, 2, 8);
    expect(nextFor(lab, id, web(2))).to.equal(2);
    expect(nextFor(lab, id, web(3))).to.equal(2);
    expect(nextFor(lab, id, web(4))).to.equal(undefined);
  });
});
