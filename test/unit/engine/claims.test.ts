/** What a reservation has left, which part of it a machine takes, and what remains of it when it is over. */
import { expect } from 'chai';
import {
  allocatedInAggregate,
  allocatedUnder,
  claimFor,
  claimsAllocated,
  claimsBefore,
  claimsFrom,
  heldBy,
  instancesHeld,
  missingOf,
  ownClaim,
  remainingInstances,
  remainingOf,
  shortfalls,
  usedClaims,
} from '../../../src/engine/claims.ts';
import type { Allocation, Claim, Container, Demand, Reservation } from '../../../src/engine/entities.ts';
import { apply, poolNode } from '../../../src/engine/state.ts';
import { FOREVER } from '../../../src/engine/window.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';

const END = NOW + DAY;
const ANY = (): boolean => true;

/** An engine with a pool on two hosts of 16 cores each. */
class Lab extends Engine {
  readonly source = this.provider([
    { name: 'h1', cores: 16 },
    { name: 'h2', cores: 16 },
  ]);
  readonly shared = this.pool(this.source, { cores: 32, ram: 32_768, instances: 20, addresses: 4 });

  held(demand: Partial<Demand>): Reservation {
    const id = this.reserve({ end: END, demand: { capacity: {}, ...demand } });
    return this.reservation(id);
  }

  /** A machine of one core, 512 MB and 1 GB of disk, or of four cores, 4 GB and 10 GB. */
  boot(reservation: Reservation, flavor: 'small' | 'large' = 'small'): Allocation {
    const input = { name: 'vm', image: 'cirros', flavor, reservation: reservation.id };
    const result = this.do('createInstance', input);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return result.allocation;
  }
}

function container(name: string, vcpus: number, ram: number, disk = 0, count = 1): Container {
  return { name, count, size: { vcpus, ram, disk } };
}

const SMALL = { capacity: { cores: 1, ram: 512, instances: 1 }, disk: 1 };

describe('what a reservation has left', () => {
  it('is all that it holds, less what is consumed of what it counts', () => {
    const lab = new Lab();
    const one = lab.held({ capacity: { cores: 4, ram: 4096 } });
    expect(heldBy(one)).to.deep.equal({ cores: 4, ram: 4096 });
    expect(remainingOf(lab.head, one)).to.deep.equal({ cores: 4, ram: 4096 });
    lab.boot(one);
    expect(allocatedUnder(lab.head, one)).to.deep.equal({ cores: 1, ram: 512, instances: 1 });
    expect(remainingOf(lab.head, one)).to.deep.equal({ cores: 3, ram: 3584 });
    expect(remainingOf(lab.head, { ...one, claims: [] })).to.deep.equal({});
    expect(remainingOf(lab.head, { ...one, status: 'ended' }), 'when it is over').to.deep.equal({});
  });

  it('counts instances by their container, and a machine as all of the instance that it runs as', () => {
    const lab = new Lab();
    const containers = [container('a', 2, 1024, 2, 2), container('b', 4, 4096, 10)];
    const both = lab.held({ containers, capacity: { cores: 3, ram: 1024, instances: 1 } });
    expect(heldBy(both)).to.deep.equal({ cores: 11, ram: 7168, instances: 4 });
    expect([...instancesHeld(both)]).to.deep.equal([
      ['a', 2],
      ['b', 1],
    ]);
    expect([...remainingInstances(lab.head, both)]).to.deep.equal([
      ['a', 2],
      ['b', 1],
    ]);
    expect([...remainingInstances(lab.head, { ...both, status: 'cancelled' })]).to.deep.equal([]);
    const first = lab.boot(both);
    expect([...remainingInstances(lab.head, both)]).to.deep.equal([
      ['a', 1],
      ['b', 1],
    ]);
    expect([...usedClaims(lab.head, both)]).to.deep.equal([first.claim]);
    expect(remainingOf(lab.head, both)).to.deep.equal({ cores: 9, ram: 6144, instances: 3 });
    expect(allocatedInAggregate(lab.head, both)).to.deep.equal({});
    lab.boot(both);
    lab.boot(both);
    // The instances are used up, one of them by less than it is: the next machine is of the capacity beside them.
    lab.boot(both);
    expect(allocatedInAggregate(lab.head, both)).to.deep.equal({ cores: 1, ram: 512, instances: 1 });
    expect(remainingOf(lab.head, both)).to.deep.equal({ cores: 2, ram: 512, instances: 0 });
    expect(() => lab.boot(both)).to.throw(/there remain/);
    // Who failed gives its instance back.
    lab.do('createFailed', { allocation: first.id, fault: { message: 'no' } });
    expect([...remainingInstances(lab.head, both)]).to.deep.equal([
      ['a', 1],
      ['b', 0],
    ]);
    expect(usedClaims(lab.head, both).has(first.claim ?? '')).to.equal(false);
  });
});

describe('the claim that a machine takes', () => {
  const chosen = (lab: Lab, reservation: Reservation, machine = SMALL): string | undefined =>
    claimFor(lab.head, reservation, machine, ANY)?.container;

  it('is the smallest instance that bears it: by cores, memory, disk, then the first', () => {
    const order = (...containers: readonly Container[]): string | undefined => {
      const lab = new Lab();
      return chosen(lab, lab.held({ containers }));
    };
    expect(order(container('a', 4, 1024, 1), container('b', 2, 4096, 9))).to.equal('b');
    expect(order(container('a', 2, 4096, 1), container('b', 2, 1024, 9))).to.equal('b');
    expect(order(container('a', 2, 1024, 9), container('b', 2, 1024, 1))).to.equal('b');
    expect(order(container('a', 2, 1024, 1), container('b', 2, 1024, 1))).to.equal('a');
    expect(order(container('a', 2, 256, 1), container('b', 3, 1024, 1))).to.equal('b');
    expect(order(container('a', 2, 1024, 0), container('b', 3, 1024, 1))).to.equal('b');
    expect(order(container('a', 2, 256, 1))).to.equal(undefined);
  });

  it('is an instance before capacity in aggregate, and what suits', () => {
    const lab = new Lab();
    const capacity = { cores: 1, ram: 512, instances: 1 };
    const both = lab.held({ containers: [container('a', 8, 8192, 8)], capacity });
    expect(chosen(lab, both)).to.equal('a');
    const aggregate = claimFor(lab.head, both, SMALL, ({ container: name }) => name === undefined);
    expect(aggregate?.capacity).to.deep.equal(capacity);
    expect(claimFor(lab.head, both, SMALL, () => false)).to.equal(undefined);
    lab.boot(both);
    expect(claimFor(lab.head, both, SMALL, ANY)?.container).to.equal(undefined);
    lab.boot(both);
    expect(claimFor(lab.head, both, SMALL, ANY)).to.equal(undefined);
  });

  it('is no element, and a host only as far as its disk goes', () => {
    const lab = new Lab();
    const network = lab.held({ elements: ['private'], capacity: { cores: 1, ram: 512 } });
    expect(claimFor(lab.head, network, SMALL, ANY)).to.not.have.property('element');
    const whole = lab.held({ elements: ['h1'] });
    const large = { capacity: { cores: 1, ram: 512 }, disk: 100 };
    expect(claimFor(lab.head, whole, large, ANY)?.host).to.equal(`host/${lab.source}/h1`);
    expect(claimFor(lab.head, whole, { ...large, disk: 101 }, ANY)).to.equal(undefined);
    const machine = lab.boot(whole, 'large');
    expect([machine.host, machine.disk]).to.deep.equal(['h1', 10]);
    expect(claimFor(lab.head, whole, { ...large, disk: 90 }, ANY)?.host).to.equal(`host/${lab.source}/h1`);
    expect(claimFor(lab.head, whole, { ...large, disk: 91 }, ANY)).to.equal(undefined);
    expect(claimFor(lab.head, whole, { capacity: { cores: 12 }, disk: 1 }, ANY)).not.to.equal(undefined);
    expect(claimFor(lab.head, whole, { capacity: { cores: 13 }, disk: 1 }, ANY)).to.equal(undefined);
  });

  it('is of the pool in which there is something left', () => {
    const lab = new Lab();
    const other = lab.pool(lab.provider([{ name: 'x', cores: 4 }], 'other'), { cores: 4, ram: 4096, instances: 4 });
    const split = lab.held({ capacity: { cores: 34, ram: 2048 } });
    const nodes = split.claims.map(({ node }) => node);
    expect(nodes).to.deep.equal([poolNode(lab.shared), poolNode(other)]);
    const machine = lab.boot(split);
    expect(machine.pool).to.equal(lab.shared);
    // Of the second pool it holds no memory.
    expect(
      claimFor(lab.head, split, { capacity: { cores: 2 }, disk: 0 }, ({ node }) => node !== nodes[0])?.node,
    ).to.equal(nodes[1]);
    expect(claimFor(lab.head, split, { capacity: { cores: 32 }, disk: 0 }, ANY)).to.equal(undefined);
    expect(claimFor(lab.head, split, { capacity: { cores: 31 }, disk: 0 }, ANY)?.node).to.equal(nodes[0]);
  });
});

describe('what remains held when the rest is released', () => {
  it('is what is allocated: capacity as far as it is consumed, instances and elements as they are', () => {
    const lab = new Lab();
    const all = lab.held({
      capacity: { cores: 4, ram: 4096, instances: 4 },
      containers: [container('a', 1, 512, 1, 2)],
      elements: ['private'],
    });
    expect(claimsAllocated(lab.head, all)).to.deep.equal([]);
    lab.boot(all);
    const instances = all.claims.filter((claim) => claim.container === 'a');
    const element = all.claims.filter((claim) => claim.element !== undefined);
    expect(element).to.have.length(1);
    expect(claimsAllocated(lab.head, all)).to.have.deep.members([...element, instances[0]]);
    lab.boot(all);
    lab.boot(all);
    const aggregate = all.claims.find((claim) => claim.container === undefined && claim.element === undefined);
    expect(claimsAllocated(lab.head, all)).to.have.deep.members([
      ...element,
      ...instances,
      { ...aggregate, capacity: { cores: 1, ram: 512, instances: 1 } },
    ]);
  });

  it('is of a host that is held whole what runs there, with its disk', () => {
    const lab = new Lab();
    const whole = lab.held({ elements: ['h1'] });
    lab.boot(whole, 'large');
    lab.boot(whole);
    const [claim] = claimsAllocated(lab.head, whole);
    expect(claim).to.deep.include({ host: `host/${lab.source}/h1`, disk: 11 });
    expect(claim?.capacity).to.include({ cores: 5, ram: 4608 });
  });

  it('is what lies before an instant', () => {
    const claim: Claim = { id: '1', node: 'pool/p', start: 100, end: 200, capacity: { cores: 1 } };
    expect(claimsBefore([claim], 100)).to.deep.equal([]);
    expect(claimsBefore([claim], 101)).to.deep.equal([{ ...claim, end: 101 }]);
    expect(claimsBefore([claim], 200)).to.deep.equal([claim]);
    const many: Claim = { ...claim, period: 1000, count: 3 };
    expect(claimsBefore([many], 100)).to.deep.equal([]);
    expect(claimsBefore([many], 150)).to.deep.equal([{ ...claim, end: 150 }]);
    expect(claimsBefore([many], 200)).to.deep.equal([claim]);
    expect(claimsBefore([many], 1100)).to.deep.equal([claim]);
    expect(claimsBefore([many], 1150)).to.deep.equal([claim, { ...claim, id: '2', start: 1100, end: 1150 }]);
    expect(claimsBefore([many], 1200)).to.deep.equal([{ ...claim, period: 1000, count: 2 }]);
    expect(claimsBefore([many], 2200)).to.deep.equal([many]);
    expect(claimsBefore([many], FOREVER)).to.deep.equal([many]);
  });

  it('is cut to what lies after an instant, of many windows the one in progress by itself', () => {
    const claim: Claim = { id: '1', node: 'pool/p', start: 100, end: 200, capacity: { cores: 1 } };
    expect(claimsFrom([claim], 100)).to.deep.equal([claim]);
    expect(claimsFrom([claim], 101)).to.deep.equal([{ ...claim, start: 101 }]);
    expect(claimsFrom([claim], 200)).to.deep.equal([]);
    const many: Claim = { ...claim, period: 1000, count: 3 };
    expect(claimsFrom([many], 100)).to.deep.equal([many]);
    expect(claimsFrom([many], 150)).to.deep.equal([
      { ...claim, start: 150 },
      { ...many, start: 1100, end: 1200, count: 2 },
    ]);
    expect(claimsFrom([many], 200)).to.deep.equal([{ ...many, start: 1100, end: 1200, count: 2 }]);
    expect(claimsFrom([many], 2150)).to.deep.equal([{ ...claim, start: 2150, end: 2200 }]);
    expect(claimsFrom([many], 2200)).to.deep.equal([]);
  });

  it('without a reservation is on the resources that the pool counts', () => {
    const lab = new Lab();
    const capacity = { cores: 1, ram: 512, instances: 1, volumes: 1 };
    expect(ownClaim(lab.head, { pool: lab.shared, capacity }, NOW)).to.deep.equal({
      id: '1',
      node: poolNode(lab.shared),
      start: NOW,
      capacity: { cores: 1, ram: 512, instances: 1, addresses: 0 },
    });
    expect(ownClaim(lab.head, { pool: 'gone', capacity: { cores: 1 } }, NOW)).to.include({ node: 'pool/gone' });
  });
});

describe('what is missing of a reservation', () => {
  it('is the debt of its pools, as far as it holds of the resource there', () => {
    const lab = new Lab();
    const big = lab.held({ capacity: { cores: 20, ram: 1024 } });
    const small = lab.held({ capacity: { cores: 2 } });
    expect(missingOf(lab.head, big, NOW)).to.deep.equal({});
    expect(shortfalls(lab.head, big, NOW)).to.deep.equal([]);
    const during = { start: NOW + HOUR, end: NOW + 2 * HOUR };
    lab.do('decreaseCapacity', { pool: lab.shared, ...during, capacity: { cores: 15 }, force: true });
    const missing = (reservation: Reservation, now: number): number | undefined =>
      missingOf(lab.head, reservation, now).cores;
    expect(missing(big, NOW)).to.equal(5);
    expect(missing(small, NOW)).to.equal(2);
    expect(missing(big, NOW + 2 * HOUR - 1)).to.equal(5);
    expect(missing(big, NOW + 2 * HOUR)).to.equal(undefined);
    expect(missing(big, END)).to.equal(undefined);
    expect(shortfalls(lab.head, big, NOW)).to.deep.equal([
      { occurrence: 1, window: { start: NOW, end: END }, missing: { cores: 5, ram: 0 } },
    ]);
  });

  it('is the debt of its hosts where that is more', () => {
    const lab = new Lab();
    const placed = lab.held({ containers: [container('a', 8, 1024, 0, 2)] });
    expect(placed.claims.map(({ host }) => host)).to.deep.equal([1, 2].map(() => `host/${lab.source}/h1`));
    const node = lab.head.hosts.nodes.get(`host/${lab.source}/h1`);
    expect(node?.usable).to.equal(true);
    lab.checked = false;
    lab.head.hosts.hold(`host/${lab.source}/h1`, { start: NOW, end: END }, { cores: 3, ram: 0, disk: 0 }, 1);
    expect(missingOf(lab.head, placed, NOW).cores).to.equal(3);
    lab.head.hosts.hold(`host/${lab.source}/h1`, { start: NOW, end: END }, { cores: 30, ram: 0, disk: 0 }, 1);
    // Both instances together lack no more than they hold.
    expect(missingOf(lab.head, placed, NOW).cores).to.equal(16);
  });

  it('is told by the window, for what recurs', () => {
    const lab = new Lab();
    const recurrence = { frequency: 'daily', interval: 1, count: 3 } as const;
    const id = lab.reserve({ start: NOW, end: NOW + HOUR, recurrence, demand: { capacity: { cores: 20 } } });
    expect(shortfalls(lab.head, lab.reservation(id), NOW)).to.deep.equal([]);
    const second = { start: NOW + DAY, end: NOW + DAY + HOUR };
    lab.do('decreaseCapacity', { pool: lab.shared, ...second, capacity: { cores: 15 }, force: true });
    expect(shortfalls(lab.head, lab.reservation(id), NOW)).to.deep.equal([
      { occurrence: 2, window: second, missing: { cores: 3 } },
    ]);
    lab.advance(DAY + HOUR);
    expect(lab.reservation(id).series?.occurrence).to.equal(3);
    expect(shortfalls(lab.head, lab.reservation(id), lab.now)).to.deep.equal([]);
    const more = { ...lab.reservation(id), id: 'more', status: 'active' as const };
    apply(lab.head, { kind: 'reservation', id: 'more', body: more });
    expect(shortfalls(lab.head, lab.reservation(id), lab.now)).to.deep.equal([
      { occurrence: 3, window: { start: NOW + 2 * DAY, end: NOW + 2 * DAY + HOUR }, missing: { cores: 8 } },
    ]);
  });
});
