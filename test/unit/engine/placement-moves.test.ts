/** Who is placed anew to make room for instances, and who is left where they are. */
import { expect } from 'chai';
import type { Container, Demand, Id } from '../../../src/engine/entities.ts';
import { hostName } from '../../../src/engine/hosts.ts';
import { moveOthers, placeAgain } from '../../../src/engine/placement-moves.ts';
import { hold, holding } from '../../../src/engine/state.ts';
import { placeInstances } from '../../../src/engine/placement.ts';
import type { Unplaced } from '../../../src/engine/placement.ts';
import type { Head } from '../../../src/engine/state.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const WINDOW = { start: NOW + DAY, end: NOW + DAY + HOUR };
const FAST = ['HW_FAST'];

/** Two hosts: `fast`, which what is asked for needs, and `slow`, to which others can go. */
class Lab extends Engine {
  constructor(fast: number, slow: number) {
    super();
    const source = this.provider([
      { name: 'fast', cores: fast, traits: FAST },
      { name: 'slow', cores: slow },
    ]);
    this.pool(source, {});
  }

  /** A reservation of instances of so many cores, which takes the tightest host. */
  held(vcpus: number, count = 1, more: Partial<Parameters<Engine['reserve']>[0]> = {}): Id {
    const containers = [container('x', count, vcpus)];
    const id = this.reserve({ ...WINDOW, demand: { capacity: {}, containers }, ...more });
    this.now += 1;
    return id;
  }

  hosts(id: Id): string[] {
    return this.reservation(id).claims.flatMap(({ host }) => (host === undefined ? [] : hostName(host)));
  }

  /** What is moved for instances on the fast host, by who asks for it; the head is left as it is. */
  moved(vcpus: number, self?: Id, count = 1): string[] | string {
    const containers = [container('new', count, vcpus, { requiredTraits: FAST })];
    const demand: Demand = { capacity: {}, containers };
    const before = JSON.stringify([...this.head.reservations]);
    const room = moveOthers(this.head, { demand, window: WINDOW }, unplaced(this.head, demand), this.now, self);
    expect(JSON.stringify([...this.head.reservations])).to.equal(before);
    if (typeof room === 'string') return room;
    expect(room.claims.map(({ host }) => host && hostName(host))).to.deep.equal(Array(count).fill('fast'));
    for (const { id, claims } of room.moved) {
      expect(claims.map((claim) => claim.id)).to.deep.equal(this.reservation(id).claims.map((claim) => claim.id));
    }
    return room.moved.map(({ id }) => id);
  }
}

/** Who is moved for a demand, in the order in which they are tried, or why nobody is. */
function movedFor({ head, now }: Engine, demand: Demand): string[] | string {
  const room = moveOthers(head, { demand, window: WINDOW }, unplaced(head, demand), now, undefined);
  return typeof room === 'string' ? room : room.moved.map(({ id }) => id);
}

/** Why a demand finds no place as it is. */
function unplaced(head: Head, demand: Demand): Unplaced {
  const placed = placeInstances(head, { demand, window: WINDOW });
  if (placed.outcome === 'placed') throw new Error('it finds places');
  return placed;
}

function container(name: string, count: number, vcpus: number, more: Partial<Container> = {}): Container {
  return { name, count, size: { vcpus, ram: 512 }, ...more };
}

describe('room for instances', () => {
  it('is made by the newest of those that are alike, and by the one with the smallest id of those as new', () => {
    const lab = new Lab(8, 9);
    const [old, young] = [lab.held(4), lab.held(4)];
    expect([lab.hosts(old), lab.hosts(young)]).to.deep.equal([['fast'], ['fast']]);
    expect(lab.moved(4)).to.deep.equal([young]);
    const same = new Lab(8, 9);
    const first = same.held(4);
    same.now -= 1;
    same.held(4);
    expect(same.moved(4)).to.deep.equal([first]);
  });

  it('is made by those with the fewest instances before', () => {
    const lab = new Lab(8, 9);
    const one = lab.held(4);
    lab.held(2, 2);
    expect(lab.moved(4)).to.deep.equal([one]);
  });

  it('is made by several together where none is enough', () => {
    const lab = new Lab(8, 9);
    const [old, young] = [lab.held(4), lab.held(4)];
    expect(lab.moved(8)).to.deep.equal([young, old]);
    const four = new Lab(8, 9);
    const ids = [four.held(2), four.held(2), four.held(2), four.held(2)];
    expect(four.moved(8)).to.deep.equal([...ids].reverse());
    expect(four.moved(4)).to.deep.equal([ids[3], ids[2]]);
  });

  it('leaves out those who stay where they are after all', () => {
    const lab = new Lab(8, 9);
    const ids = [3, 3, 1, 1].map((vcpus) => lab.held(vcpus));
    expect(ids.flatMap((id) => lab.hosts(id))).to.deep.equal(['fast', 'fast', 'fast', 'fast']);
    // The two newest are too small; with all four, those two find their places again.
    expect(lab.moved(6)).to.deep.equal([ids[1], ids[0]]);
  });

  it('is not there where those that would move find no other place', () => {
    const lab = new Lab(8, 9);
    const young = [lab.held(4), lab.held(4)].pop();
    lab.held(6);
    expect(lab.moved(8)).to.equal('no room');
    expect(lab.moved(4)).to.equal('no room');
    expect(lab.moved(3)).to.equal('no room');
    lab.do('cancelReservation', { id: young ?? '' });
    expect(lab.moved(8)).to.equal('no room');
  });

  it('is told to those who are refused: others could not move, or there are none', () => {
    const ask = (lab: Lab, vcpus: number) => {
      const containers = [container('new', 1, vcpus, { requiredTraits: FAST })];
      const result = lab.do('createReservation', { ...WINDOW, demand: { capacity: {}, containers } });
      return result.outcome === 'refused' ? result.refusal.searchComplete : result.outcome;
    };
    const lab = new Lab(8, 9);
    expect(ask(lab, 9)).to.equal(true);
    lab.held(4);
    lab.held(9);
    expect(ask(lab, 8)).to.equal(false);
    expect(ask(lab, 4)).to.equal('granted');
  });

  it('moves of a reservation what has to move alone: the rest keeps its host', () => {
    const lab = new Lab(8, 9);
    const id = lab.held(4, 3);
    expect(lab.hosts(id)).to.deep.equal(['fast', 'fast', 'slow']);
    const demand: Demand = { capacity: {}, containers: [container('new', 1, 4, { requiredTraits: FAST })] };
    const room = moveOthers(lab.head, { demand, window: WINDOW }, unplaced(lab.head, demand), lab.now, undefined);
    if (typeof room === 'string') throw new Error(room);
    const [moved] = room.moved;
    expect(moved?.claims.map(({ id: claim, host }) => `${claim}@${host ? hostName(host) : ''}`)).to.deep.equal([
      '1@fast',
      '2@slow',
      '3@slow',
    ]);
  });

  it('moves what has containers of several kinds, each to a place of its own', () => {
    const lab = new Lab(8, 9);
    const containers = [container('a', 1, 3), container('b', 1, 5)];
    const capacity = { cores: 1 };
    const id = lab.reserve({ ...WINDOW, demand: { capacity, containers } });
    expect(lab.hosts(id)).to.deep.equal(['fast', 'fast']);
    lab.now += 1;
    const demand: Demand = { capacity: {}, containers: [container('new', 1, 8, { requiredTraits: FAST })] };
    const room = moveOthers(lab.head, { demand, window: WINDOW }, unplaced(lab.head, demand), lab.now, undefined);
    if (typeof room === 'string') throw new Error(room);
    const before = lab.reservation(id).claims;
    const slow = before[1]?.host?.replace(/fast$/, 'slow');
    // Only the host changes.
    expect(room.moved).to.deep.equal([
      { id, claims: before.map((claim) => (claim.host === undefined ? claim : { ...claim, host: slow })) },
    ]);
  });

  it('is made by none that has begun, recurs, is offered, asks itself, holds a host whole, or is at another time', () => {
    const begun = new Lab(8, 9);
    begun.held(8);
    begun.now = WINDOW.start;
    expect(begun.moved(8)).to.equal('nothing to move');
    begun.now = WINDOW.start - 1;
    expect(begun.moved(8)).to.have.length(1);

    const many = new Lab(8, 9);
    many.held(8, 1, { recurrence: { frequency: 'daily', interval: 1, count: 2 } });
    expect(many.moved(8)).to.equal('nothing to move');

    const offered = new Lab(8, 9);
    offered.do('requestOffer', {
      ...WINDOW,
      demand: { capacity: {}, containers: [container('x', 1, 8)] },
      holdFor: HOUR,
    });
    expect(offered.moved(8)).to.equal('nothing to move');

    const self = new Lab(8, 9);
    const id = self.held(8);
    expect(self.moved(8, id)).to.equal('nothing to move');
    expect(self.moved(8, 'another')).to.deep.equal([id]);

    const earlier = new Lab(8, 9);
    earlier.held(8, 1, { start: WINDOW.start - HOUR, end: WINDOW.start });
    earlier.held(8, 1, { start: WINDOW.end, end: WINDOW.end + HOUR });
    expect(earlier.moved(9)).to.equal('nothing to move');

    const whole = new Lab(8, 9);
    whole.reserve({ ...WINDOW, demand: { capacity: {}, elements: ['fast'] } });
    expect(whole.moved(8)).to.equal('nothing to move');
  });

  it('is made on hosts that the request could use alone', () => {
    const lab = new Lab(8, 9);
    lab.held(9);
    expect(lab.hosts([...lab.head.reservations.keys()][0] ?? '')).to.deep.equal(['slow']);
    expect(lab.moved(9)).to.equal('nothing to move');
  });
});

describe('room for instances, however they are asked for,', () => {
  const wanted = (count: number, vcpus: number, more: Partial<Container> = {}): Container =>
    container('new', count, vcpus, { requiredTraits: FAST, ...more });

  it('is made for several on one host', () => {
    const lab = new Lab(8, 9);
    const [old, young] = [lab.held(4), lab.held(4)];
    expect(lab.moved(4, undefined, 2)).to.deep.equal([young, old]);
  });

  it('is made for those of a group that belong together, and for those that do not', () => {
    for (const policy of ['affinity', 'anti-affinity'] as const) {
      const lab = new Lab(8, 9);
      const [old, young] = [lab.held(4), lab.held(4)];
      const groups = [
        { name: 'other', policy: policy === 'affinity' ? ('anti-affinity' as const) : ('affinity' as const) },
        { name: 'g', policy },
      ];
      const count = policy === 'affinity' ? 2 : 1;
      const containers = [wanted(count, 8 / count, { group: 'g' })];
      expect(movedFor(lab, { capacity: {}, containers, groups }), policy).to.deep.equal([young, old]);
    }
  });

  it('is made of memory and local disk as of cores', () => {
    for (const size of [
      { vcpus: 1, ram: 4096, disk: 1 },
      { vcpus: 1, ram: 64, disk: 50 },
    ]) {
      const lab = new Engine();
      const source = lab.provider([
        { name: 'fast', cores: 8, traits: FAST },
        { name: 'slow', cores: 9 },
      ]);
      lab.pool(source, {});
      const containers = (name: string, times: number): Container[] => [
        { name, count: 1, size: { vcpus: 1, ram: size.ram * times, disk: size.disk * times }, requiredTraits: FAST },
      ];
      const held = (): Id => {
        lab.now += 1;
        const [one] = containers('x', 1);
        const anywhere = one === undefined ? [] : [{ ...one, requiredTraits: [] }];
        return lab.reserve({ ...WINDOW, demand: { capacity: {}, containers: anywhere } });
      };
      const [old, young] = [held(), held()];
      const [first] = lab.reservation(old).claims;
      expect(first?.host && hostName(first.host)).to.equal('fast');
      expect(movedFor(lab, { capacity: {}, containers: containers('new', 2) })).to.deep.equal([young, old]);
    }
  });

  it('is made at each provider by what that has', () => {
    const lab = new Engine();
    lab.pool(lab.provider([{ name: 'a', cores: 4, zone: 'z1' }], 'a'), {}, 'z1');
    const source = lab.provider(
      [
        { name: 'fast', cores: 8, traits: FAST },
        { name: 'slow', cores: 9 },
      ],
      'b',
    );
    lab.pool(source, {});
    const id = lab.reserve({ ...WINDOW, demand: { capacity: {}, containers: [container('x', 1, 8)] } });
    lab.now += 1;
    expect(movedFor(lab, { capacity: {}, containers: [wanted(1, 8)] })).to.deep.equal([id]);
  });

  it('is made on the hosts of all their containers', () => {
    const lab = new Engine();
    const source = lab.provider([
      { name: 'fast', cores: 8, traits: FAST },
      { name: 'large', cores: 8, traits: ['HW_LARGE'] },
      { name: 'slow', cores: 16 },
    ]);
    lab.pool(source, {});
    const held = (trait: string): Id => {
      const id = lab.reserve({ ...WINDOW, demand: { capacity: {}, containers: [container('x', 1, 8)] } });
      const [claim] = lab.reservation(id).claims;
      expect(claim?.host && hostName(claim.host)).to.equal(trait);
      lab.now += 1;
      return id;
    };
    const [old, young] = [held('fast'), held('large')];
    const containers = [wanted(1, 8), container('other', 1, 8, { requiredTraits: ['HW_LARGE'] })];
    expect(movedFor(lab, { capacity: {}, containers })).to.deep.equal([young, old]);
  });

  it('is not there where hosts have it and the pool has not', () => {
    const lab = new Engine();
    const source = lab.provider([
      { name: 'fast', cores: 8, traits: FAST },
      { name: 'slow', cores: 9 },
    ]);
    lab.pool(source, { cores: 12, ram: 8192, instances: 10 });
    lab.reserve({ ...WINDOW, demand: { capacity: {}, containers: [container('x', 1, 8)] } });
    lab.now += 1;
    expect(movedFor(lab, { capacity: {}, containers: [wanted(1, 8)] })).to.equal('no room');
  });

  it('counts what those who move hold beside their instances, once', () => {
    const held = (lab: Lab, cores: number): Id =>
      lab.held(4, 1, { demand: { capacity: { cores }, containers: [container('x', 1, 4)] } });
    const lab = new Lab(8, 10);
    held(lab, 1);
    held(lab, 1);
    // 18 cores, all of them.
    expect(lab.moved(8)).to.have.length(2);
    const more = new Lab(8, 9);
    held(more, 6);
    expect(more.moved(8)).to.equal('no room');
  });

  it('is made by moving to another pool on the same host', () => {
    const lab = new Engine();
    const source = lab.provider([{ name: 'h', cores: 16 }]);
    const first = lab.pool(source, { cores: 4, ram: 4096, instances: 4 });
    lab.do('applyConfiguration', {
      changes: [
        {
          put: 'pool',
          entry: { id: 'second', source, capacity: { cores: 4, ram: 4096, instances: 4 }, adjustments: [] },
        },
      ],
    });
    const id = lab.reserve({ ...WINDOW, demand: { capacity: {}, containers: [container('x', 1, 4)] } });
    expect(lab.reservation(id).claims.map(({ node }) => node)).to.deep.equal([`pool/${first}`]);
    lab.now += 1;
    const demand = { pools: [first], capacity: {}, containers: [container('new', 1, 4)] };
    expect(movedFor(lab, demand)).to.deep.equal([id]);
    lab.reserve({ ...WINDOW, demand });
    expect(lab.reservation(id).claims.map(({ node }) => node)).to.deep.equal(['pool/second']);
  });

  it('is made, of those that are alike and as new, by the one whose id comes first', () => {
    const lab = new Lab(8, 9);
    let first = lab.held(4);
    while (!first.endsWith('9')) {
      lab.do('cancelReservation', { id: first });
      first = lab.held(4);
    }
    lab.now -= 1;
    const second = lab.held(4);
    expect([second < first, lab.hosts(first), lab.hosts(second)]).to.deep.equal([true, ['fast'], ['fast']]);
    expect(lab.moved(4)).to.deep.equal([second]);
  });

  it('is not made by those that lack something', () => {
    const lab = new Lab(8, 9);
    lab.held(8);
    const [source = ''] = lab.head.providers.keys();
    const inventory = (fast: number) =>
      inventoryOf([
        { name: 'fast', cores: fast, traits: FAST },
        { name: 'slow', cores: 7 },
      ]);
    lab.do('updateProvider', { id: source, inventory: inventory(6) });
    expect([...lab.head.reservations.values()].map(({ status }) => status)).to.deep.equal(['degraded']);
    lab.checked = false;
    expect(lab.moved(4)).to.equal('nothing to move');
  });
});

describe('a reservation that is placed anew', () => {
  it('stays as it is where it fits, each instance with its number', () => {
    const lab = new Lab(8, 9);
    const id = lab.held(8, 2);
    expect(lab.hosts(id)).to.deep.equal(['fast', 'slow']);
    const before = lab.reservation(id);
    const [first, second] = before.claims;
    if (first === undefined || second === undefined) throw new Error('no claims');
    const claims = [
      { ...second, id: '1' },
      { ...first, id: '2' },
    ];
    lab.checked = false;
    hold(lab.head, before.claims, -1);
    expect(placeAgain(lab.head, { ...before, claims }, [])).to.deep.equal({ id, claims });
  });

  it('keeps what is pinned, and has as many instances of the size that it holds', () => {
    const lab = new Lab(8, 9);
    const containers = [container('x', 2, 4)];
    const id = lab.reserve({ ...WINDOW, demand: { capacity: { cores: 1 }, containers } });
    const reservation = lab.reservation(id);
    const [capacity, first, second] = reservation.claims;
    if (capacity === undefined || first === undefined || second === undefined) throw new Error('no claims');
    expect(lab.hosts(id)).to.deep.equal(['fast', 'fast']);
    lab.checked = false;
    // Somebody else is where the instance was that is not pinned.
    const taken = { ...first, id: 'other', capacity: { cores: 4, ram: 512 } };
    const again = holding(lab.head, [taken], () => placeAgain(lab.head, reservation, [second]));
    expect(again?.claims.map((claim) => `${claim.id}@${claim.host ? hostName(claim.host) : ''}`)).to.deep.equal([
      '1@',
      '2@slow',
      '3@fast',
    ]);
    expect(again?.claims[1]?.capacity).to.deep.equal(first.capacity);
    const none = placeAgain(
      lab.head,
      { ...reservation, demand: { capacity: {}, containers: [container('x', 2, 99), container('released', 1, 1)] } },
      [],
    );
    expect(none?.claims.map(({ capacity: held }) => held.cores)).to.deep.equal([1, 4, 4]);
  });
});
