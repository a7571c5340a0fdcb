/** Instances that are placed anew, because their host is out of service or has become too small: the rules of `relocation.ts` one by one. */
import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import type { Container, Demand, Priority } from '../../../src/engine/entities.ts';
import { hostName } from '../../../src/engine/hosts.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';

const T = NOW + DAY;

class Lab extends Engine {
  readonly source: string;

  /** A provider whose pool has less than its hosts: what there is beyond bears losses. */
  constructor(...hosts: readonly HostSpec[]) {
    super();
    this.source = this.provider([...hosts, { name: 'other', cores: 1000, traits: ['OTHER'] }]);
    this.pool(this.source, { cores: 100, ram: 100_000, instances: 100 });
    this.see(...hosts);
  }

  /** What contact with the provider finds. A large host that no container wants keeps the pool whole. */
  see(...hosts: readonly HostSpec[]): this {
    const inventory = inventoryOf([...hosts, { name: 'other', cores: 1000, ram: 1_000_000, traits: ['OTHER'] }]);
    this.do('updateProvider', { id: this.source, status: 'up', inventory });
    return this;
  }

  put(containers: readonly Container[], more: object = {}, demand: Partial<Demand> = {}): string {
    return this.reserve({ start: T, end: T + HOUR, demand: { capacity: {}, containers, ...demand }, ...more });
  }

  /** Where the instances of a reservation are, with the day of the window where there are several. */
  places(id: string): string[] {
    const reservation = this.head.reservations.get(id);
    return (reservation?.claims ?? [])
      .map(({ container, host, start, count = 1 }) => {
        const day = Math.floor((start - NOW) / DAY);
        const days = reservation?.series === undefined ? '' : ` from day ${day} ×${count}`;
        return `${container ?? ''}@${hostName(host ?? 'host//')}${days}`;
      })
      .sort();
  }

  /** What a look at the provider tells of reservations, and whether anything was given back on the way. */
  lost(...hosts: readonly HostSpec[]): string[] {
    this.told();
    this.see(...hosts);
    return this.told().filter((each) => each.startsWith('reservation') || each === 'capacity released');
  }

  status(id: string): string | undefined {
    return this.head.reservations.get(id)?.status;
  }
}

const container = (name: string, count: number, vcpus = 4, more: Partial<Container> = {}): Container => ({
  name,
  count,
  size: { vcpus, ram: 512 },
  forbiddenTraits: ['OTHER'],
  ...more,
});

const host = (name: string, cores: number, state: 'up' | 'down' = 'up'): HostSpec => ({ name, cores, state });

describe('instances on a host that is lost', () => {
  it('go where there is room, those of the best reservation first', () => {
    const lab = new Lab(host('a', 8));
    const low = lab.put([container('low', 1)], { priority: 3 satisfies Priority });
    const high = lab.put([container('high', 1)], { priority: 1 satisfies Priority });
    lab.see(host('a', 8), host('c', 4));
    const told = lab.lost(host('a', 8, 'down'), host('c', 4));
    expect([lab.places(high), lab.places(low)]).to.deep.equal([['high@c'], ['low@a']]);
    expect([lab.status(high), lab.status(low)]).to.deep.equal(['scheduled', 'degraded']);
    expect(told).to.deep.equal(['reservation updated scheduled', 'reservation degraded degraded']);
  });

  it('go by plan in the same order, and who is not there meanwhile stays', () => {
    const lab = new Lab(host('a', 8));
    const low = lab.put([container('low', 1)], { priority: 3 satisfies Priority });
    const high = lab.put([container('high', 1)], { priority: 1 satisfies Priority });
    const later = lab.put([container('later', 1)], { start: T + HOUR, end: T + 2 * HOUR });
    lab.see(host('a', 8), host('c', 4));
    const [pool = ''] = lab.head.pools.keys();
    const maintenance = [{ id: 'm', pool, host: 'a', start: T, end: T + HOUR }];
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...lab.head.policy, maintenance } }] });
    expect([high, low, later].map((id) => lab.places(id))).to.deep.equal([['high@c'], ['low@a'], ['later@a']]);
    expect([high, low, later].map((id) => lab.status(id))).to.deep.equal(['scheduled', 'degraded', 'scheduled']);
  });

  it('go by plan in that order also where capacity is held beside them, on no host', () => {
    const lab = new Lab(host('a', 8));
    const demand = { capacity: { cores: 1 } };
    const low = lab.put([container('low', 1)], { priority: 3 satisfies Priority }, demand);
    const high = lab.put([container('high', 1)], { priority: 1 satisfies Priority }, demand);
    lab.see(host('a', 8), host('c', 4));
    const [pool = ''] = lab.head.pools.keys();
    const maintenance = [{ id: 'm', pool, host: 'a', start: T, end: T + HOUR }];
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...lab.head.policy, maintenance } }] });
    expect([high, low].map((id) => lab.places(id))).to.deep.equal([
      ['@', 'high@c'],
      ['@', 'low@a'],
    ]);
  });

  it('go where an offer is, which gives way, unless there is another place', () => {
    const lab = new Lab(host('a', 4));
    const id = lab.put([container('web', 1)]);
    lab.see(host('a', 4), host('b', 4));
    const window = { start: T, end: T + HOUR, holdFor: HOUR };
    const offer = lab.requestOffer({ ...window, demand: { capacity: {}, containers: [container('db', 1)] } });
    lab.see(host('a', 4, 'down'), host('b', 4), host('c', 4));
    expect([lab.places(id), lab.head.offers.get(offer)?.status]).to.deep.equal([['web@c'], 'held']);
    lab.see(host('a', 4, 'down'), host('b', 4), host('c', 4, 'down'));
    expect([lab.places(id), lab.head.offers.get(offer)?.status]).to.deep.equal([['web@b'], 'lapsed']);
    expect(lab.status(id)).to.equal('scheduled');
  });

  it('go to another host of their pool when the pool has become too small for somebody else', () => {
    const lab = new Engine();
    const source = lab.provider([host('a', 6), host('b', 2)]);
    lab.pool(source, {});
    const put = (...containers: Container[]): string =>
      lab.reserve({ start: T, end: T + HOUR, demand: { capacity: {}, containers } });
    const old = put(container('old', 1, 1));
    lab.now += 1;
    const young = put(container('large', 2, 2), container('small', 2, 1));
    expect(lab.reservation(old).claims.map((claim) => claim.host)).to.deep.equal([`host/${source}/b`]);
    lab.do('updateProvider', { id: source, inventory: inventoryOf([host('a', 6), host('b', 2, 'down')]) });
    expect(lab.reservation(old).claims.map((claim) => claim.host)).to.deep.equal([`host/${source}/a`]);
    expect([old, young].map((id) => lab.reservation(id).status)).to.deep.equal(['scheduled', 'degraded']);
  });

  it('go to another host of their pool where that is too small at a part of their time', () => {
    const lab = new Engine();
    const source = lab.provider([host('a', 6), host('b', 2)]);
    lab.pool(source, {});
    const put = (start: number, ...containers: Container[]): string =>
      lab.reserve({ start, end: T + 2 * HOUR, demand: { capacity: {}, containers } });
    const old = put(T, container('old', 1, 1));
    lab.now += 1;
    const young = put(T + HOUR, container('large', 2, 2), container('small', 2, 1));
    lab.do('updateProvider', { id: source, inventory: inventoryOf([host('a', 6), host('b', 2, 'down')]) });
    expect(lab.reservation(old).claims.map((claim) => claim.host)).to.deep.equal([`host/${source}/a`]);
    expect([old, young].map((id) => lab.reservation(id).status)).to.deep.equal(['scheduled', 'degraded']);
  });

  it('are degraded on a lost host also where somebody else gives way to the pool', () => {
    const lab = new Engine();
    const source = lab.provider([host('a', 4), host('b', 2)]);
    lab.pool(source, {});
    const put = (...containers: Container[]): string =>
      lab.reserve({ start: T, end: T + HOUR, demand: { capacity: {}, containers } });
    const old = put(container('old', 1, 1));
    lab.now += 1;
    const young = put(container('large', 2, 2), container('small', 1, 1));
    lab.do('updateProvider', { id: source, inventory: inventoryOf([host('a', 4), host('b', 2, 'down')]) });
    expect([old, young].map((id) => lab.reservation(id).status)).to.deep.equal(['degraded', 'degraded']);
  });

  it('go alone: the others of their reservation stay where they are', () => {
    for (const [gone, stays] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const lab = new Lab(host('a', 4), host('b', 4));
      const id = lab.put([container('web', 1), container('web', 1, 4, { name: 'db' })]);
      const before = lab.places(id);
      const hosts = (state: 'up' | 'down') => [host(gone, 4, state), host(stays, 4), host('c', 8), host('0', 8)];
      lab.see(...hosts('up'));
      expect(lab.lost(...hosts('down'))).to.deep.equal(['reservation updated scheduled']);
      expect(lab.places(id).filter((place) => before.includes(place))).to.have.length(1);
      expect(lab.places(id).join()).not.to.include(`@${gone}`);
    }
  });

  it('go with others of their reservation where there is no place for them otherwise', () => {
    const lab = new Lab(host('b', 8));
    lab.see(host('b', 8), host('a', 7));
    const id = lab.put([container('db', 1, 8), container('web', 1, 4)]);
    expect(lab.places(id)).to.deep.equal(['db@b', 'web@a']);
    // What is large fits where the small one is, and the small one elsewhere.
    const moved = ['reservation updated scheduled'];
    expect(lab.lost(host('b', 8, 'down'), host('a', 8), host('c', 4))).to.deep.equal(moved);
    expect(lab.places(id)).to.deep.equal(['db@a', 'web@c']);
    expect(lab.status(id)).to.equal('scheduled');
  });

  it('stay where they run, and where nothing is owed', () => {
    const lab = new Lab(host('a', 8));
    const id = lab.put([container('web', 2, 1, { size: { flavor: 'small' } })], { start: NOW });
    const made = lab.do('createInstance', {
      name: 'vm',
      image: 'cirros',
      flavor: 'small',
      reservation: id,
    });
    expect(made.outcome).to.not.equal('refused');
    lab.see(host('a', 8, 'down'), host('c', 8));
    expect(lab.places(id)).to.deep.equal(['web@a', 'web@c']);
    expect(lab.status(id)).to.equal('degraded');
  });

  it('are not told of where all of them run', () => {
    const lab = new Lab(host('a', 1));
    const id = lab.put([container('web', 1, 1, { size: { flavor: 'small' } })], { start: NOW });
    lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', reservation: id });
    const told = lab.lost(host('a', 1, 'down'), host('c', 8));
    expect(lab.places(id)).to.deep.equal(['web@a']);
    expect(told).to.deep.equal(['reservation degraded degraded']);
  });

  it('do not go where a machine of their reservation runs that would have to make room', () => {
    const lab = new Lab(host('a', 4));
    const small = container('db', 1, 1, { size: { flavor: 'small' } });
    lab.see(host('a', 1), host('b', 4));
    const id = lab.put([small, container('web', 1)], { start: NOW });
    expect(lab.places(id)).to.deep.equal(['db@a', 'web@b']);
    lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', reservation: id });
    // The machine on `c`, and the other one where it was: that would do.
    const told = lab.lost(host('a', 4), host('b', 4, 'down'), host('c', 1));
    expect(lab.places(id)).to.deep.equal(['db@a', 'web@b']);
    expect(told).to.deep.equal(['reservation degraded degraded']);
  });

  it('are not those of what has expired, or has just ended', () => {
    const lab = new Lab(host('a', 12));
    const expiring = { expiryTime: NOW + HOUR / 2 };
    const expired = lab.put([container('gone', 1)], { start: NOW, end: NOW + 9 * HOUR, ...expiring });
    const ended = lab.put([container('past', 1)], { start: NOW, end: NOW + HOUR });
    const kept = lab.put([container('kept', 1)], { start: NOW, end: NOW + 9 * HOUR });
    lab.advance(HOUR / 2);
    lab.now = NOW + HOUR;
    expect(lab.lost(host('a', 12, 'down'), host('c', 12))).to.deep.equal(['reservation updated active']);
    expect([lab.status(expired), lab.status(ended)]).to.deep.equal(['expired', 'active']);
    expect([expired, ended, kept].map((id) => lab.places(id))).to.deep.equal([['gone@a'], ['past@a'], ['kept@c']]);
  });

  it('hold nothing any more when their window is over', () => {
    const lab = new Lab(host('a', 4));
    const id = lab.put([container('web', 1)], { start: NOW, end: NOW + HOUR });
    lab.now = NOW + HOUR;
    expect(lab.lost(host('a', 4, 'down'), host('b', 4))).to.deep.equal([]);
    expect(lab.places(id)).to.deep.equal(['web@a']);
  });
});

describe('instances on a host that has become too small', () => {
  it('go where there is room also when they begin as others, as large, end there', () => {
    const lab = new Lab(host('a', 4));
    const early = lab.put([container('early', 1)]);
    const late = lab.put([container('late', 1)], { start: T + HOUR, end: T + 2 * HOUR });
    lab.see(host('a', 4), host('c', 4));
    const other = lab.put([container('other', 1)]);
    expect(lab.places(other)).to.deep.equal(['other@c']);
    const told = lab.lost(host('a', 2), host('c', 4));
    expect([lab.places(early), lab.places(late)]).to.deep.equal([['early@a'], ['late@c']]);
    expect(told).to.deep.equal(['reservation updated scheduled', 'reservation degraded degraded']);
  });

  it('go where others are preempted, in the same decision', () => {
    const lab = new Lab(host('a', 1));
    const entry = { ...DEFAULT_POLICY, onCapacityLoss: 'favour-priority' as const };
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
    const normal = lab.put([container('normal', 1, 1)]);
    lab.see(host('a', 1), host('c', 4));
    const high = lab.put([container('high', 1, 2)], { priority: 1 satisfies Priority });
    const low = lab.put([container('low', 1, 2)], { priority: 3 satisfies Priority });
    expect([lab.places(high), lab.places(low)]).to.deep.equal([['high@c'], ['low@c']]);
    lab.see(host('a', 1, 'down'), host('c', 4));
    expect(lab.status(normal)).to.equal('degraded');
    lab.see(host('a', 1, 'down'), host('c', 3));
    expect([high, normal, low].map((id) => lab.status(id))).to.deep.equal(['scheduled', 'scheduled', 'preempted']);
    expect(lab.places(normal)).to.deep.equal(['normal@c']);
  });

  it('go, the worst first, until the rest fits', () => {
    const lab = new Lab(host('a', 12));
    const high = lab.put([container('high', 1)], { priority: 1 });
    const low = lab.put([container('low', 1)], { priority: 3 });
    const normal = lab.put([container('normal', 1)], { priority: 2 });
    const moved = ['reservation updated scheduled'];
    expect(lab.lost(host('a', 8), host('c', 8))).to.deep.equal(moved);
    expect([high, normal, low].map((id) => lab.places(id))).to.deep.equal([['high@a'], ['normal@a'], ['low@c']]);
    expect(lab.lost(host('a', 4), host('c', 8))).to.deep.equal(moved);
    expect([high, normal, low].map((id) => lab.places(id))).to.deep.equal([['high@a'], ['normal@c'], ['low@c']]);
    expect([high, normal, low].map((id) => lab.status(id))).to.deep.equal(Array<string>(3).fill('scheduled'));
  });

  it('go alone as well, from where they are too many', () => {
    const lab = new Lab(host('a', 4), host('b', 4));
    const id = lab.put([container('web', 2)]);
    expect(lab.places(id)).to.deep.equal(['web@a', 'web@b']);
    expect(lab.lost(host('a', 3), host('b', 4), host('c', 4))).to.deep.equal(['reservation updated scheduled']);
    expect(lab.places(id)).to.deep.equal(['web@b', 'web@c']);
  });

  it('go where they are in the way alone: not at other times, and not from other hosts', () => {
    const lab = new Lab(host('a', 8));
    const full = lab.put([container('x', 1), container('y', 1)]);
    const later = lab.put([container('later', 1)], { start: T + HOUR, end: T + 2 * HOUR, priority: 3 });
    lab.see(host('a', 8), host('c', 8));
    expect(lab.lost(host('a', 4), host('c', 8))).to.deep.equal(['reservation updated scheduled']);
    expect(lab.places(later)).to.deep.equal(['later@a']);
    expect(lab.places(full).filter((place) => place.endsWith('@a'))).to.have.length.below(2);
    expect(lab.status(full)).to.equal('scheduled');
  });

  it('go at each time at which there is too little', () => {
    const lab = new Lab(host('a', 8));
    const at = (hour: number) => ({ start: T + hour * HOUR, end: T + (hour + 1) * HOUR });
    const ids = [0, 2].flatMap((hour) => [
      lab.put([container('one', 1)], at(hour)),
      lab.put([container('two', 1)], at(hour)),
    ]);
    const moved = Array<string>(2).fill('reservation updated scheduled');
    expect(lab.lost(host('a', 4), host('c', 4))).to.deep.equal(moved);
    expect(ids.map((id) => lab.places(id)[0])).to.deep.equal(['one@a', 'two@c', 'one@a', 'two@c']);
    expect(ids.map((id) => lab.status(id))).to.deep.equal(Array<string>(4).fill('scheduled'));
  });

  it('are left where none of them has another place, and the next time is looked at', () => {
    const lab = new Lab(host('a', 8));
    const at = (hour: number) => ({ start: T + hour * HOUR, end: T + (hour + 1) * HOUR });
    const first = [1, 2].map(() => lab.put([container('first', 1)], at(0)));
    const second = [1, 2].map(() => lab.put([container('second', 1)], at(2)));
    const taken = lab.see(host('a', 8), host('c', 4)).put([container('taken', 1)], at(0), { elements: ['c'] });
    expect(lab.lost(host('a', 4), host('c', 4))).to.deep.equal([
      'reservation updated scheduled',
      'reservation degraded degraded',
    ]);
    expect(lab.places(taken)).to.deep.equal(['taken@c']);
    expect(first.map((id) => lab.places(id)[0])).to.deep.equal(['first@a', 'first@a']);
    expect(first.map((id) => lab.status(id))).to.deep.equal(['scheduled', 'degraded']);
    expect(second.map((id) => lab.places(id)[0])).to.deep.equal(['second@a', 'second@c']);
    expect(second.map((id) => lab.status(id))).to.deep.equal(['scheduled', 'scheduled']);
  });
});

describe('instances that recur', () => {
  const DAILY = { recurrence: { frequency: 'daily' as const, interval: 1, count: 4 } };

  it('are placed anew in every window, on another host where the one found is taken', () => {
    const lab = new Lab(host('a', 4));
    const id = lab.put([container('web', 1)], DAILY);
    lab.see(host('a', 4), host('b', 4), host('c', 4));
    const onDay2 = { start: T + DAY, end: T + DAY + HOUR };
    lab.put([container('other', 1)], onDay2, { elements: ['b'] });
    expect(lab.lost(host('a', 4, 'down'), host('b', 4), host('c', 4))).to.deep.equal(['reservation updated scheduled']);
    expect(lab.places(id)).to.deep.equal(['web@b from day 1 ×1', 'web@c from day 2 ×3']);
    expect(lab.status(id)).to.equal('scheduled');
  });

  it('keep the windows that are over, and the machine that runs in the one in progress', () => {
    const lab = new Lab(host('a', 4));
    const id = lab.put([container('web', 1, 1, { size: { flavor: 'small' } })], DAILY);
    lab.advance(2 * DAY);
    const made = lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', reservation: id });
    expect(made.outcome).to.not.equal('refused');
    lab.see(host('a', 4, 'down'), host('b', 4));
    expect(lab.places(id)).to.deep.equal(['web@a from day 1 ×1', 'web@a from day 2 ×1', 'web@b from day 3 ×2']);
    expect(lab.status(id)).to.equal('degraded');
  });

  it('stay until the first window in which something is lacking, and go together from then on', () => {
    const lab = new Lab(host('a', 4));
    const id = lab.put([container('web', 1)], DAILY);
    lab.see(host('a', 4), host('b', 4));
    // On day 2 something else is there that cannot go.
    lab.see(host('a', 8), host('b', 4));
    const onDay2 = { start: T + DAY, end: T + DAY + HOUR, priority: 1 as const };
    const other = lab.put([container('other', 1)], onDay2, { elements: ['a'] });
    expect(lab.lost(host('a', 4), host('b', 4))).to.deep.equal(['reservation updated scheduled']);
    expect(lab.places(other)).to.deep.equal(['other@a']);
    expect(lab.places(id)).to.deep.equal(['web@a from day 1 ×1', 'web@b from day 2 ×3']);
    expect([lab.status(id), lab.status(other)]).to.deep.equal(['scheduled', 'scheduled']);
  });

  it('go where some of a window lack a place, and keep all windows that are over', () => {
    const lab = new Lab(host('a', 4), host('b', 4));
    const id = lab.put([container('web', 1), container('db', 1)], DAILY);
    const [first, second] = ['db', 'web'].map((name) => (lab.places(id).join().includes(`${name}@a`) ? 'a' : 'b'));
    lab.advance(3 * DAY);
    expect(lab.lost(host('a', 4, 'down'), host('b', 4), host('c', 4))).to.deep.equal(['reservation updated active']);
    const now = (at = '') => (at === 'a' ? 'c' : at);
    expect(lab.places(id)).to.deep.equal(
      [
        `db@${first} from day 1 ×2`,
        `db@${now(first)} from day 3 ×2`,
        `web@${second} from day 1 ×2`,
        `web@${now(second)} from day 3 ×2`,
      ].sort(),
    );
  });

  it('stay in windows that hold something else, and lack nothing', () => {
    const lab = new Lab(host('a', 4));
    const id = lab.put([container('web', 1)], DAILY);
    lab.see(host('a', 4), host('b', 4), host('c', 4));
    lab.put([container('other', 1)], { start: T + DAY, end: T + DAY + HOUR }, { elements: ['b'] });
    lab.see(host('a', 4, 'down'), host('b', 4), host('c', 4));
    expect(lab.places(id)).to.deep.equal(['web@b from day 1 ×1', 'web@c from day 2 ×3']);
    const hosts = (state: 'up' | 'down') => [host('b', 4), host('c', 4, state), host('d', 4), host('0', 4)];
    lab.see(...hosts('up'));
    expect(lab.lost(...hosts('down'))).to.deep.equal(['reservation updated scheduled']);
    expect(lab.places(id)).to.have.length(2).and.include('web@b from day 1 ×1');
    expect(lab.status(id)).to.equal('scheduled');
  });

  it('stay in windows that hold something else, also where what is found for an earlier one would do', () => {
    const lab = new Lab(host('a', 4));
    const id = lab.put([container('web', 1)], DAILY);
    lab.see(host('a', 4), host('b', 4), host('c', 4));
    const onDay2 = { start: T + DAY, end: T + DAY + HOUR };
    const other = lab.put([container('other', 1)], onDay2, { elements: ['b'] });
    lab.see(host('a', 4, 'down'), host('b', 4), host('c', 4));
    lab.do('cancelReservation', { id: other });
    expect(lab.places(id)).to.deep.equal(['web@b from day 1 ×1', 'web@c from day 2 ×3']);
    lab.see(host('b', 4), host('c', 4), host('d', 4));
    expect(lab.lost(host('b', 4, 'down'), host('c', 4), host('d', 4))).to.deep.equal(['reservation updated scheduled']);
    expect(lab.places(id)).to.have.length(2).and.include('web@c from day 2 ×3');
  });

  it('are not told of where no window has another place', () => {
    const lab = new Lab(host('a', 4));
    const id = lab.put([container('web', 1)], DAILY);
    expect(lab.lost(host('a', 4, 'down'))).to.deep.equal(['reservation degraded degraded']);
    expect(lab.places(id)).to.deep.equal(['web@a from day 1 ×4']);
  });
});

describe('instances of a reservation in progress of which some are placed anew', () => {
  it('count together in what their pool has lost', () => {
    const hosts = [host('a', 4), host('b', 4), host('c', 4)];
    const engine = new Engine();
    const source = engine.provider(hosts);
    engine.pool(source, {});
    const containers = [container('web', 2)];
    const id = engine.reserve({ end: NOW + HOUR, priority: 3, demand: { capacity: {}, containers } });
    engine.reserve({ end: NOW + HOUR, priority: 1, demand: { capacity: { cores: 1 } } });
    engine.now += 1;
    engine.do('updateProvider', { id: source, inventory: inventoryOf([host('a', 4, 'down'), ...hosts.slice(1)]) });
    expect(engine.reservation(id).claims.map((claim) => hostName(claim.host ?? 'host//'))).to.have.members(['b', 'c']);
    expect(engine.reservation(id).status).to.equal('degraded');
  });
});
