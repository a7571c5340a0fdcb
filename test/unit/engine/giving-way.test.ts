/** Who gives way, and who stays: from the best to the worst, each who fits beside those better than he that are kept. */
import { expect } from 'chai';
import type { Capacity } from '../../../src/engine/capacity.ts';
import type { Id, Priority } from '../../../src/engine/entities.ts';
import { HIGH, LOW, NORMAL } from '../../../src/engine/entities.ts';
import { Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';
import { Lab } from './preemption-lab.ts';

function lose(lab: Lab, capacity: Capacity, hours?: readonly [number, number]): void {
  const window = hours === undefined ? {} : { start: NOW + hours[0] * HOUR, end: NOW + hours[1] * HOUR };
  lab.do('decreaseCapacity', { source: lab.lab, capacity, force: true, ...window });
}

function statuses(lab: Lab, ...ids: readonly Id[]): unknown[] {
  return ids.map((id) => lab.status(id));
}

describe('who gives way', () => {
  it('is not the better of two in favour of one who then has no place himself', () => {
    const lab = new Lab('none', 11);
    const best = lab.grant(6, NORMAL, 3, 1);
    const good = lab.grant(4, NORMAL, 1, 3);
    const better = lab.grant(5, NORMAL, 1, 2);
    const worse = lab.grant(2, NORMAL, 2, 1);
    lose(lab, { cores: 5 });
    expect(statuses(lab, best, good, better, worse)).to.deep.equal(['scheduled', 'degraded', 'scheduled', 'degraded']);
  });

  it('is not the higher class of two either, however new', () => {
    const lab = new Lab('none', 11);
    const [worse, better] = [lab.grant(2, LOW, 2, 1), lab.grant(5, NORMAL, 1, 2)];
    const [best, good] = [lab.grant(6, HIGH, 3, 1), lab.grant(4, HIGH, 1, 3)];
    lose(lab, { cores: 5 });
    expect(statuses(lab, best, good, better, worse)).to.deep.equal(['scheduled', 'degraded', 'scheduled', 'degraded']);
  });

  it('is who has not all that is his, where a part of it was placed anew since', () => {
    const engine = new Engine();
    const hosts = ['h1', 'h2', 'h3'].map((name) => ({ name, cores: 2 }));
    const source = engine.provider(hosts);
    const pool = engine.pool(source, { cores: 6, ram: 6144, instances: 8 });
    const groups = [{ name: 'apart', policy: 'anti-affinity' as const }];
    const containers = [{ name: 'web', count: 2, size: { flavor: 'small' }, group: 'apart' }];
    const id = engine.reserve({ end: NOW + HOUR, demand: { capacity: {}, containers, groups } });
    const on = engine.reservation(id).claims[0]?.host;
    engine.now += 1;
    const left = hosts.filter(({ name }) => on?.endsWith(name) !== true);
    engine.do('updateProvider', { id: source, inventory: inventoryOf(left) });
    expect(new Set(engine.reservation(id).claims.map(({ start }) => start)).size).to.equal(2);
    const { affected } = engine.do('decreaseCapacity', { pool, capacity: { cores: 5 }, force: true });
    expect(engine.reservation(id).status).to.equal('degraded');
    const lacked = affected.map(({ missing }) => missing.cores);
    expect(lacked, 'what he lacks of both together').to.deep.equal([1]);
  });

  it('is not who lacks something only after the end of all his parts', () => {
    const engine = new Engine();
    const hosts = ['h1', 'h2', 'h3'].map((name) => ({ name, cores: 8 }));
    const source = engine.provider(hosts);
    const pool = engine.pool(source, { cores: 6, ram: 6144, instances: 8 });
    const groups = [{ name: 'apart', policy: 'anti-affinity' as const }];
    const containers = [{ name: 'web', count: 2, size: { flavor: 'small' }, group: 'apart' }];
    const id = engine.reserve({ end: NOW + HOUR, demand: { capacity: {}, containers, groups } });
    const on = engine.reservation(id).claims[0]?.host;
    engine.now += 1;
    const left = hosts.filter(({ name }) => on?.endsWith(name) !== true);
    engine.do('updateProvider', { id: source, inventory: inventoryOf(left) });
    const change = { pool, capacity: { cores: 5 } };
    const before = { ...change, start: NOW + HOUR / 2, end: NOW + HOUR };
    engine.do('decreaseCapacity', { ...change, start: NOW + HOUR, end: NOW + 2 * HOUR, force: true });
    expect(engine.reservation(id).status).to.equal('active');
    engine.do('decreaseCapacity', { ...before, force: true });
    expect(engine.reservation(id).status).to.equal('degraded');
    engine.do('increaseCapacity', before);
    expect(engine.reservation(id).status).to.equal('active');
  });

  it('of offers is by the same rule', () => {
    const lab = new Lab('none', 11);
    const offer = (cores: number, from: number, hours: number): Id => {
      const start = NOW + from * HOUR;
      const demand = { capacity: { cores } };
      const id = lab.requestOffer({ start, end: start + hours * HOUR, demand, holdFor: HOUR });
      lab.now += 1;
      return id;
    };
    const offers = [offer(6, 3, 1), offer(4, 1, 3), offer(5, 1, 2), offer(2, 2, 1)];
    lose(lab, { cores: 5 });
    const held = offers.map((id) => lab.head.offers.get(id)?.status);
    expect(held).to.deep.equal(['held', 'lapsed', 'held', 'lapsed']);
  });

  it('of offers is whoever holds of a host that is gone', () => {
    const engine = new Engine();
    const hosts = ['h1', 'h2'].map((name) => ({ name, cores: 4 }));
    const source = engine.provider(hosts);
    engine.pool(source, { cores: 4, ram: 4096, instances: 8 });
    const containers = [{ name: 'web', count: 1, size: { flavor: 'large' } }];
    const window = { start: NOW + HOUR, end: NOW + 2 * HOUR };
    const id = engine.requestOffer({ ...window, demand: { capacity: {}, containers }, holdFor: HOUR });
    const on = engine.head.offers.get(id)?.claims[0]?.host;
    const left = hosts.filter(({ name }) => on?.endsWith(name) !== true);
    engine.do('updateProvider', { id: source, inventory: inventoryOf(left) });
    expect(engine.head.offers.get(id)?.status).to.equal('lapsed');
  });

  it('is nobody in favour of one who was degraded before, who has what those leave who are kept', () => {
    const lab = new Lab('none', 10);
    const before = lab.grant(2, HIGH, 1, 2);
    const [normal, large, small] = [lab.grant(2, NORMAL, 1), lab.grant(5, LOW, 1), lab.grant(1, LOW, 1)];
    const all = [before, normal, large, small];
    lose(lab, { cores: 10 }, [2, 3]);
    lose(lab, { cores: 2 }, [1, 2]);
    lab.do('increaseCapacity', {
      source: lab.lab,
      capacity: { cores: 10 },
      start: NOW + 2 * HOUR,
      end: NOW + 3 * HOUR,
    });
    expect(statuses(lab, ...all)).to.deep.equal(['degraded', 'scheduled', 'scheduled', 'scheduled']);
    lose(lab, { cores: 4 }, [1, 2]);
    expect(statuses(lab, ...all)).to.deep.equal(['degraded', 'scheduled', 'degraded', 'scheduled']);
    lab.do('increaseCapacity', { source: lab.lab, capacity: { cores: 1 }, start: NOW + HOUR, end: NOW + 2 * HOUR });
    expect(statuses(lab, ...all)).to.deep.equal(['scheduled', 'scheduled', 'degraded', 'scheduled']);
  });
});

describe('machines without a reservation', () => {
  const boot = (lab: Lab, priority: Priority): Id => {
    const result = lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', priority });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    lab.now += 1;
    return result.allocation.id;
  };
  const isLent = (lab: Lab, machine: Id): boolean =>
    lab.head.allocations.get(machine)?.claims.some(({ onLoan }) => onLoan === true) === true;

  it('give way to a higher class, and not to an older reservation of their own', () => {
    const lab = new Lab('priority', 11);
    const equal = lab.grant(4, NORMAL, 1, 2);
    const high = lab.grant(3, HIGH, 1, 2);
    const machine = boot(lab, NORMAL);
    lose(lab, { cores: 4 });
    expect(statuses(lab, high, equal)).to.deep.equal(['scheduled', 'degraded']);
    expect(isLent(lab, machine)).to.equal(false);
    lose(lab, { cores: 1 });
    expect(statuses(lab, high, equal)).to.deep.equal(['scheduled', 'degraded']);
    expect(isLent(lab, machine)).to.equal(true);
  });
});

describe('who is kept in whose place', () => {
  it('is who holds of what he lacks, and nobody who holds something else', () => {
    const lab = new Lab('none');
    lab.favour();
    const ask = (capacity: Capacity, priority: Priority): Id => {
      const window = { start: NOW + HOUR, end: NOW + 2 * HOUR };
      const id = lab.reserve({ ...window, priority, demand: { capacity } });
      lab.now += 1;
      return id;
    };
    const [other, normal, low] = [ask({ ram: 1024 }, HIGH), ask({ cores: 5 }, NORMAL), ask({ cores: 3 }, LOW)];
    lose(lab, { cores: 4 });
    expect(statuses(lab, other, normal, low)).to.deep.equal(['scheduled', 'degraded', 'scheduled']);
    lab.do('increaseCapacity', { source: lab.lab, capacity: { cores: 4 } });
    lose(lab, { cores: 3 });
    expect(statuses(lab, other, normal, low)).to.deep.equal(['scheduled', 'scheduled', 'preempted']);
  });

  it('is nobody beside whom he would fit, were it not for others of less merit', () => {
    const lab = new Lab('none');
    lab.favour();
    const [normal, high, low] = [lab.grant(4, NORMAL, 1, 2), lab.grant(2, HIGH, 1), lab.grant(2, LOW, 1)];
    lose(lab, { cores: 8 }, [2, 3]);
    expect(statuses(lab, normal, high, low)).to.deep.equal(['degraded', 'scheduled', 'scheduled']);
    lose(lab, { cores: 2 }, [1, 2]);
    expect(statuses(lab, normal, high, low)).to.deep.equal(['degraded', 'scheduled', 'scheduled']);
    lose(lab, { cores: 1 }, [1, 2]);
    expect(statuses(lab, normal, high, low)).to.deep.equal(['preempted', 'scheduled', 'scheduled']);
  });

  it('may begin to hold it when somebody else gives back as much', () => {
    const lab = new Lab('none');
    lab.favour();
    const high = lab.grant(4, HIGH, 2);
    const equal = lab.grant(4, NORMAL, 1);
    const long = lab.grant(4, NORMAL, 1, 2);
    lose(lab, { cores: 4 });
    expect(statuses(lab, high, equal, long)).to.deep.equal(['scheduled', 'scheduled', 'preempted']);
  });
});

describe('who fits elsewhere', () => {
  const elsewhere = (lab: Lab, cores: number): void => {
    lab.pool(lab.provider([{ name: 'x', cores }], 'other'), { cores, ram: cores * 1024, instances: 8 });
  };

  it('goes there in the order of merit', () => {
    const lab = new Lab('none');
    const [low, high] = [lab.grant(4, LOW, 1), lab.grant(4, HIGH, 1)];
    const [first = ''] = lab.head.poolOrder;
    elsewhere(lab, 4);
    lab.do('decreaseCapacity', { pool: first, capacity: { cores: 8 }, force: true });
    expect(statuses(lab, low, high)).to.deep.equal(['degraded', 'scheduled']);
  });

  it('goes there in the same order where some are to be preempted, and is told once', () => {
    const lab = new Lab('none', 12);
    lab.favour();
    const [low, kept, high] = [lab.grant(4, LOW, 1), lab.grant(4, HIGH, 1), lab.grant(4, HIGH, 1)];
    const [first = ''] = lab.head.poolOrder;
    elsewhere(lab, 4);
    lab.told();
    lab.do('decreaseCapacity', { pool: first, capacity: { cores: 8 }, force: true });
    expect(statuses(lab, low, kept, high)).to.deep.equal(['preempted', 'scheduled', 'scheduled']);
    const told = lab.told().filter((each) => each.startsWith('reservation'));
    expect(told).to.deep.equal(['reservation updated scheduled', 'reservation preempted preempted']);
  });

  it('is told once that it was moved, where it would have been preempted', () => {
    const lab = new Lab('none');
    lab.favour();
    const [low, high] = [lab.grant(4, LOW, 1), lab.grant(4, HIGH, 1)];
    const [first = ''] = lab.head.poolOrder;
    elsewhere(lab, 4);
    lab.told();
    lab.do('decreaseCapacity', { pool: first, capacity: { cores: 4 }, force: true });
    expect(statuses(lab, low, high)).to.deep.equal(['scheduled', 'scheduled']);
    const told = lab.told().filter((each) => each.startsWith('reservation'));
    expect(told).to.deep.equal(['reservation updated scheduled']);
  });
});

describe('machines that are being deleted', () => {
  let lab: Lab;
  let machine: Id;
  beforeEach(() => {
    lab = new Lab('none');
    machine = lab.booted();
  });

  it('make neither reservations nor offers give way', () => {
    const id = lab.grant(2, NORMAL, 1);
    const window = { start: NOW + HOUR, end: NOW + 2 * HOUR };
    const offer = lab.requestOffer({ ...window, demand: { capacity: { cores: 2 } }, holdFor: HOUR });
    lab.do('destroyInstance', { id: machine });
    lose(lab, { cores: 4 });
    expect([lab.status(id), lab.head.offers.get(offer)?.status]).to.deep.equal(['scheduled', 'held']);
    lab.gone(machine);
    expect([lab.status(id), lab.head.offers.get(offer)?.status]).to.deep.equal(['scheduled', 'held']);
  });

  it('keep those degraded who were so before, until they are gone', () => {
    const id = lab.grant(4, NORMAL, 1);
    lose(lab, { cores: 4 });
    expect(lab.status(id)).to.equal('degraded');
    lab.do('destroyInstance', { id: machine });
    lose(lab, { instances: 1 });
    expect(lab.status(id)).to.equal('degraded');
    lab.gone(machine);
    expect(lab.status(id)).to.equal('scheduled');
  });
});

describe('in whose place', () => {
  it('somebody is kept, is not who is not kept himself', () => {
    const lab = new Lab('none', 12);
    lab.favour();
    const [high, normal] = [lab.grant(8, HIGH, 1), lab.grant(4, NORMAL, 1)];
    lose(lab, { cores: 9 });
    expect(statuses(lab, high, normal)).to.deep.equal(['degraded', 'degraded']);
  });

  it('somebody is kept, is the best of those', () => {
    const lab = new Lab('none', 12);
    lab.favour();
    const [normal, high, low] = [lab.grant(4, NORMAL, 1), lab.grant(4, HIGH, 1), lab.grant(4, LOW, 1)];
    lose(lab, { cores: 4 });
    expect(statuses(lab, normal, high, low)).to.deep.equal(['scheduled', 'scheduled', 'preempted']);
    expect(lab.preempted().map(({ by }) => by)).to.deep.equal([high]);
  });

  it('nobody is kept, a machine keeps what it has', () => {
    const lab = new Lab('priority');
    const machine = lab.booted();
    const high = lab.grant(4, HIGH, 1);
    lose(lab, { cores: 8 });
    expect(lab.status(high)).to.equal('degraded');
    expect(lab.head.allocations.get(machine)?.claims.filter(({ onLoan }) => onLoan === true)).to.deep.equal([]);
  });
});
