/** What refusals say where there are pools of several kinds, and where nothing could serve a request at any time. */
import { expect } from 'chai';
import type { CreateReservation, Refusal } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';

const TIMES = { start: NOW + DAY, end: NOW + DAY + HOUR };
const containers = [{ name: 'c', count: 5, size: { flavor: 'f2' } }];

class Cloud extends Engine {
  refusal(input: CreateReservation): Refusal {
    return this.refuse({ ...TIMES, ...input });
  }
}

describe('a refusal where pools are of several kinds', () => {
  let cloud: Cloud;
  let compute: string;

  beforeEach(() => {
    cloud = new Cloud();
    const source = cloud.provider([{ name: 'h', cores: 16 }]);
    compute = cloud.pool(source, { cores: 16, ram: 16384, instances: 20 });
    cloud.pool(source, { addresses: 4 }, 'nova');
  });

  it('lists what pools lack of what they count', () => {
    const { message, shortages } = cloud.refusal({ demand: { capacity: { cores: 20, addresses: 2 } } });
    expect(shortages).to.deep.equal([{ pool: compute, resource: 'cores', from: TIMES.start, missing: 4 }]);
    expect(message).to.match(/: 20 cores asked for, 16 free\.$/);
  });

  it('lists all pools for a resource that none counts', () => {
    const { shortages } = cloud.refusal({ demand: { capacity: { volumes: 1 } } });
    expect(shortages.map(({ resource, missing }) => [resource, missing])).to.deep.equal([
      ['volumes', 1],
      ['volumes', 1],
    ]);
  });

  it('considers only pools for virtual machines for containers', () => {
    const { candidates, shortages } = cloud.refusal({ demand: { capacity: {}, containers } });
    expect(candidates?.map(({ pool }) => pool)).to.deep.equal([compute]);
    expect(shortages).to.deep.equal([]);
  });

  it('of a machine lists them likewise', () => {
    cloud.reserve({ demand: { capacity: { cores: 15 } } });
    const result = cloud.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large' });
    if (result.outcome !== 'refused') throw new Error(result.outcome);
    expect(result.refusal.shortages.map(({ pool, resource }) => [pool, resource])).to.deep.equal([[compute, 'cores']]);
  });
});

describe('a refusal where nothing could serve the request at any time', () => {
  const capacity = { cores: 1 };
  const recurrence = { frequency: 'daily', interval: 1, count: 3 } as const;

  it('tells of no search through time', () => {
    const empty = new Cloud();
    const cloud = new Cloud();
    cloud.pool(cloud.provider([{ name: 'h', cores: 16 }]), { cores: 4, ram: 16384 });
    const never: [Cloud, CreateReservation][] = [
      [empty, { demand: { capacity } }],
      [empty, { recurrence, demand: { capacity } }],
      [empty, { demand: { capacity: {}, containers } }],
      [cloud, { demand: { capacity, zone: 'elsewhere' } }],
      [cloud, { demand: { capacity: {}, containers, zone: 'elsewhere' } }],
      [cloud, { demand: { capacity: {}, containers: [{ name: 'c', count: 1, size: { flavor: 'none' } }] } }],
      [cloud, { recurrence, demand: { capacity: {}, containers, zone: 'elsewhere' } }],
    ];
    for (const [engine, input] of never)
      expect(engine.refusal(input), JSON.stringify(input)).not.to.have.any.keys('searchedUntil', 'nextWindow');
    expect(cloud.refusal({ demand: { capacity: { cores: 5 } } })).to.have.property('searchedUntil');
    expect(cloud.refusal({ demand: { capacity: {}, containers } })).to.have.property('searchedUntil');
  });
});

describe('the words of a refusal for containers', () => {
  it('name hosts that lack the same together, and of a pool the most that is missing', () => {
    const cloud = new Cloud();
    const hosts = ['a', 'b', 'c'].map((name) => ({ name, cores: 8 }));
    const source = cloud.provider(hosts);
    cloud.pool(source, { cores: 8, ram: 16384 });
    const part = (start: number, cores: number): CreateReservation => ({
      start: TIMES.start + start,
      end: TIMES.start + start + HOUR / 4,
      demand: { capacity: { cores } },
    });
    cloud.reserve(part(0, 5));
    cloud.reserve(part(HOUR / 2, 7));
    const { message, candidates } = cloud.refusal({
      demand: { capacity: {}, containers: [{ name: 'c', count: 1, size: { vcpus: 4, ram: 9000 } }] },
    });
    expect(candidates?.[0]?.lacking).to.deep.equal(['lacks 3 cores']);
    expect(message).to.match(
      /0 of 1 instance could be placed at the most\. Considered: pool '.*': lacks 3 cores; host 'a', host 'b', host 'c': lacks 808 MB of memory\.$/,
    );
    cloud.pool(source, { cores: 8, ram: 8192 }, 'nova');
    const twice = cloud.refusal({
      demand: { capacity: {}, containers: [{ name: 'c', count: 1, size: { vcpus: 1, ram: 9000 } }] },
    });
    expect(twice.candidates?.filter(({ host }) => host === 'a')).to.have.length(2);
    expect(twice.message.match(/host 'a'/g), 'which both pools have').to.have.length(1);
  });
});

describe('the words of a refusal for a host', () => {
  it('say what of it others have, and from when on', () => {
    const cloud = new Cloud();
    cloud.pool(cloud.provider([{ name: 'h', cores: 8 }]), { cores: 8, ram: 8192 });
    const containers = [{ name: 'c', count: 1, size: { vcpus: 3, ram: 512 } }];
    cloud.reserve({ start: TIMES.start + HOUR / 2, end: TIMES.end, demand: { capacity: {}, containers } });
    const { message, nextWindow } = cloud.refusal({ demand: { capacity: {}, elements: ['h'] } });
    expect(message).to.equal(
      "The host 'h' cannot be held whole throughout 2030-01-02T00:00:00Z to 2030-01-02T01:00:00Z: " +
        '3 of its 8 cores, 512 of its 8192 MB of memory are held or out of service from 2030-01-02T00:30:00Z on.',
    );
    expect(nextWindow).to.deep.equal({ start: TIMES.end, end: TIMES.end + HOUR });
  });
});
