/** What recurs is admitted in all windows or in none: what is kept from one to the next, and what a refusal says. */
import { expect } from 'chai';
import type { Claim, Demand } from '../../../src/engine/entities.ts';
import { admit, fitsAgain, fittingOf } from '../../../src/engine/every-window.ts';
import { hostName } from '../../../src/engine/hosts.ts';
import type { Refusal } from '../../../src/engine/requests.ts';
import { holding, poolNode } from '../../../src/engine/state.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const T = NOW + DAY;
const WEB: Demand = { capacity: {}, containers: [{ name: 'web', count: 1, size: { vcpus: 8, ram: 1024 } }] };

/** Two hosts of eight cores, all of them in one pool. */
class Lab extends Engine {
  readonly source = this.provider([
    { name: 'h1', cores: 8 },
    { name: 'h2', cores: 8 },
  ]);
  readonly shared = this.pool(this.source, {});

  /** An hour a day, from T on. */
  ask(demand: Demand, count: number) {
    const windows = { start: T, end: T + HOUR, period: DAY, count };
    return admit(this.head, demand, windows, this.now, {});
  }

  refusal(demand: Demand, count: number): Refusal {
    const result = this.ask(demand, count);
    if (result.outcome !== 'refused') throw new Error('it fits');
    return result.refusal;
  }

  claims(demand: Demand, count: number): readonly Claim[] {
    const result = this.ask(demand, count);
    if (result.outcome !== 'placed') throw new Error(result.refusal.message);
    return result.claims;
  }

  /** Something that is held for some hours of a day. */
  taken(day: number, demand: Demand, from = 0, hours = 1): string {
    const start = T + day * DAY + from * HOUR;
    return this.reserve({ start, end: start + hours * HOUR, demand });
  }
}

describe('what recurs', () => {
  it('holds the same in window after window while that fits, and what fits then from there on', () => {
    const lab = new Lab();
    const first = lab.taken(0, WEB);
    lab.taken(2, { capacity: {}, elements: ['h2'] });
    const places = (): string[] =>
      lab
        .claims(WEB, 5)
        .map(({ id, host, start, count = 1 }) => `${id} ${host ? hostName(host) : ''} ${(start - T) / DAY} ${count}`);
    // Not where somebody is; later it stays where it was as long as it can.
    expect(places()).to.deep.equal(['1 h2 0 2', '2 h1 2 3']);
    lab.do('cancelReservation', { id: first });
    expect(places()).to.deep.equal(['1 h1 0 5']);
    expect(lab.claims(WEB, 1)).to.deep.equal([
      {
        id: '1',
        node: poolNode(lab.shared),
        start: T,
        end: T + HOUR,
        capacity: { cores: 8, ram: 1024, instances: 1 },
        host: `host/${lab.source}/h1`,
        container: 'web',
      },
    ]);
  });

  it('names the windows that fall short, sixteen at most, and how many they are', () => {
    const lab = new Lab();
    const recurrence = { frequency: 'daily', interval: 1, count: 20 } as const;
    lab.reserve({ start: T + DAY, end: T + DAY + HOUR, recurrence, demand: { capacity: { cores: 10 } } });
    const found = lab.refusal({ capacity: { cores: 7 } }, 30);
    expect(found.message).to.match(
      /^20 of the 30 windows cannot be had; the first of these is number 2 from 2030-01-03T00:00:00Z on\. Not free throughout /,
    );
    expect(found.shortWindows).to.have.length(16);
    expect(found.shortWindows?.[0]).to.deep.equal({
      occurrence: 2,
      window: { start: T + DAY, end: T + DAY + HOUR },
    });
    expect(found.shortWindows?.[15]?.occurrence).to.equal(17);
    expect(found.most).to.deep.equal({ cores: 6 });
    expect(found.nextWindow).to.deep.equal({ start: T + HOUR, end: T + 2 * HOUR });
    expect(found).not.to.have.property('searchedUntil');
  });

  it('looks for four short windows where each takes a search for hosts, and says that there may be more', () => {
    const lab = new Lab();
    const both = { capacity: {}, elements: ['h1', 'h2'] };
    for (const day of [0, 2, 3, 4, 5]) lab.taken(day, both);
    const found = lab.refusal(WEB, 7);
    expect(found.message).to.match(/^At least 4 of the 7 windows cannot be had; the first of these is number 1 /);
    expect(found.shortWindows?.map(({ occurrence }) => occurrence)).to.deep.equal([1, 3, 4, 5]);
    expect(found).not.to.have.property('most');
    // All of them were looked at when the fourth is the last.
    expect(lab.refusal(WEB, 5).message).to.match(/^4 of the 5 windows /);
    expect(lab.refusal(WEB, 4).message).to.match(/^3 of the 4 windows /);
  });

  it('leaves on its host what need not go, where a window is placed anew', () => {
    const lab = new Engine();
    const names = ['a', 'b', 'x', 'y'];
    lab.pool(lab.provider(names.map((name) => ({ name, cores: 8 }))), {});
    const held = (day: number, ...elements: string[]): string =>
      lab.reserve({ start: T + day * DAY, end: T + day * DAY + HOUR, demand: { capacity: {}, elements } });
    held(0, 'a', 'b');
    held(1, 'x');
    const demand: Demand = { capacity: {}, containers: [{ name: 'web', count: 2, size: { vcpus: 8, ram: 1024 } }] };
    const result = admit(lab.head, demand, { start: T, end: T + HOUR, period: DAY, count: 2 }, lab.now);
    if (result.outcome !== 'placed') throw new Error(result.refusal.message);
    const places = result.claims.map(({ host, start }) => `${host ? hostName(host) : ''} ${(start - T) / DAY}`);
    expect(places.sort()).to.deep.equal(['a 1', 'x 0', 'y 0', 'y 1']);
  });

  it('is offered no start with which one window alone would fit, nor one that policy excludes', () => {
    const lab = new Lab();
    lab.taken(0, { capacity: { cores: 16 } });
    const one = { capacity: { cores: 1 } };
    expect(lab.refusal(one, 3).nextWindow?.start).to.equal(T + HOUR);
    lab.taken(1, { capacity: { cores: 16 } }, 1, 100 * 24);
    expect(lab.refusal(one, 3).nextWindow?.start).to.equal(T + (1 + 24 + 100 * 24) * HOUR);
    const policy = { ...lab.head.policy, maxFutureStartRange: 9 };
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry: policy }] });
    const refused = lab.refusal(one, 3);
    expect(refused).to.not.have.property('nextWindow');
    expect(refused.searchedUntil).to.be.within(T + HOUR, NOW + 9 * DAY);
    const parts = lab.refusal({ ...one, elements: ['h1'] }, 3);
    expect(parts).to.not.have.property('nextWindow');
    expect(parts).to.not.have.property('most');
  });

  it('is offered a start within what policy allows for the first window, whichever falls short', () => {
    const lab = new Lab();
    lab.taken(2, { capacity: { cores: 16 } });
    const policy = { ...lab.head.policy, maxFutureStartRange: 2 };
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry: policy }] });
    expect(lab.refusal({ capacity: { cores: 1 } }, 3).nextWindow?.start).to.equal(T + HOUR);
  });

  it('says the least that is free in all of its windows', () => {
    const lab = new Lab();
    lab.taken(1, { capacity: { cores: 12 } });
    lab.taken(2, { capacity: { cores: 2, ram: 10_000 } });
    const found = lab.refusal({ capacity: { cores: 5, ram: 1 } }, 4);
    expect(found.most).to.deep.equal({ cores: 4, ram: 16_384 - 10_000 });
    expect(found.shortWindows?.map(({ occurrence }) => occurrence)).to.deep.equal([2]);
  });

  it('says the first start from which all windows fit, whatever else is in the way', () => {
    const lab = new Lab();
    // In the way of each start before the third hour, by one window or another.
    lab.taken(1, { capacity: { cores: 16 } }, 0, 1);
    lab.taken(3, { capacity: { cores: 16 } }, 1, 1);
    lab.taken(0, { capacity: { cores: 16 } }, 2.5, 0.25);
    const one = { capacity: { cores: 1 } };
    expect(lab.refusal(one, 4).nextWindow?.start).to.equal(T + 2.75 * HOUR);
    expect(lab.refusal(one, 3).nextWindow?.start).to.equal(T + HOUR);
    const placed = { capacity: {}, containers: [{ name: 'web', count: 1, size: { vcpus: 1, ram: 1 } }] };
    expect(lab.refusal(placed, 4).nextWindow?.start).to.equal(T + 2.75 * HOUR);
    const never = lab.refusal({ capacity: { cores: 17 } }, 4);
    expect(never).not.to.have.property('nextWindow');
    expect(never.searchedUntil).to.equal(T + 365 * DAY);
  });

  it('holds an element in all of its windows', () => {
    const lab = new Lab();
    const network = { capacity: {}, elements: ['private'] };
    lab.taken(2, network, 0.5, 2);
    const found = lab.refusal(network, 4);
    expect(found.shortWindows?.map(({ occurrence }) => occurrence)).to.deep.equal([3]);
    expect(found.nextWindow?.start).to.equal(T + 2.5 * HOUR);
    expect(lab.claims(network, 2)).to.have.length(1);
  });

  it('holds no element in a window in which somebody has a part of it', () => {
    const lab = new Lab();
    const subnet = { kind: 'subnet', id: 's1', name: 'part', network: 'n1', cidr: '10.0.0.0/24' } as const;
    const inventory = inventoryOf(
      ['h1', 'h2'].map((name) => ({ name, cores: 8 })),
      {},
      [subnet],
    );
    lab.do('updateProvider', { id: lab.source, inventory });
    lab.taken(2, { capacity: {}, elements: ['part'] });
    const found = lab.refusal({ capacity: {}, elements: ['private'] }, 4);
    expect(found.shortWindows?.map(({ occurrence }) => occurrence)).to.deep.equal([3]);
  });

  it('is asked again and again whether it fits, while something is held for the look', () => {
    const lab = new Lab();
    const windows = { start: T, end: T + HOUR, period: DAY, count: 3 };
    const one = { capacity: { cores: 9 } };
    const fitting = fittingOf(lab.head, one, windows, lab.now);
    expect(fitting.nodes.map(({ id }) => id)).to.deep.equal([poolNode(lab.shared)]);
    expect(fitting.claims()).to.deep.equal([
      { id: '1', node: poolNode(lab.shared), ...windows, capacity: { cores: 9 } },
    ]);
    const third = { node: poolNode(lab.shared), start: T + 2 * DAY, end: T + 3 * DAY, capacity: { cores: 8 } };
    expect(holding(lab.head, [third], () => fitting.claims())).to.equal(undefined);
    expect(fitting.claims()).to.have.length(1);
    const single = fittingOf(lab.head, one, { start: T, end: T + HOUR }, lab.now);
    expect(holding(lab.head, [third], () => single.claims())).to.have.length(1);
  });
});

describe('whether claims fit in another window', () => {
  it('is a matter of all that they take there together: of pools, hosts and elements', () => {
    const lab = new Lab();
    const host = `host/${lab.source}/h1` as const;
    const element = `element/${lab.source}/network/n1` as const;
    const claim = { id: '1', node: poolNode(lab.shared), start: T, end: T + HOUR, capacity: { cores: 4 } };
    const fits = (claims: readonly Claim[]): boolean => fitsAgain(lab.head, claims)({ start: T, end: T + HOUR });
    expect(fits([claim, claim, claim, claim])).to.equal(true);
    expect(fits([claim, claim, claim, claim, claim])).to.equal(false);
    const there = { ...claim, host, disk: 40 };
    expect(fits([there, there])).to.equal(true);
    expect(fits([there, there, there])).to.equal(false);
    expect(
      fits([
        { ...there, disk: 60 },
        { ...there, disk: 60 },
      ]),
    ).to.equal(false);
    expect(fits([{ ...claim, node: 'pool/none', capacity: { cores: 99 } }])).to.equal(true);
    const network = { ...claim, capacity: {}, element };
    expect(fits([network])).to.equal(true);
    lab.taken(0, { capacity: {}, elements: ['private'] });
    expect(fits([network])).to.equal(false);
    expect(fits([claim])).to.equal(true);
  });
});
