/** What planned times out of service take from pools and hosts, each rule by itself. */
import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import type { Maintenance, Pool, Provider } from '../../../src/engine/entities.ts';
import { NO_OUTAGES, changedOutages, outagesOf } from '../../../src/engine/outages.ts';
import type { Outages } from '../../../src/engine/outages.ts';
import { inventoryOf } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';

const HOSTS: readonly HostSpec[] = [
  { name: 'h1', cores: 8, zone: 'z1' },
  { name: 'h2', cores: 8, zone: 'z2' },
];

function provider(hosts: readonly HostSpec[] = HOSTS, quotas: { cores?: number; memoryMb?: number } = {}): Provider {
  const inventory = inventoryOf(hosts, quotas);
  return { id: 's', name: 's', origin: 'rpc', access: { type: 'x' }, status: 'up', owner: 'ops', inventory };
}

function pool(id: string, capacity: Pool['capacity'], more: Partial<Pool> = {}): Pool {
  return { id, origin: 'rpc', source: 's', capacity, adjustments: [], owner: 'ops', ...more };
}

function out(id: string, host?: string, start = 10, end = 20): Maintenance {
  return { id: `${id} ${host ?? ''} ${start}`, pool: id, start, end, ...(host === undefined ? {} : { host }) };
}

function outages(
  maintenance: readonly Maintenance[],
  pools: readonly Pool[],
  providers: readonly Provider[] = [provider()],
): Outages {
  return outagesOf({
    policy: { ...DEFAULT_POLICY, maintenance },
    pools: new Map(pools.map((each) => [each.id, each])),
    providers: new Map(providers.map((each) => [each.id, each])),
  });
}

/** What pools lose, as `pool start-end: amounts`. */
function losses(...given: Parameters<typeof outages>): string[] {
  return [...outages(...given).pools].flatMap(([id, lost]) =>
    lost.map(({ window: { start, end }, capacity }) => {
      const amounts = Object.entries(capacity ?? {}).map(([resource, amount]) => `${amount} ${resource}`);
      return `${id} ${start}-${end}: ${capacity === undefined ? 'all' : amounts.join(', ')}`;
    }),
  );
}

describe('planned times out of service', () => {
  it('take all of a pool, and nothing of one that is not there', () => {
    expect(losses([out('p'), out('none')], [pool('p', { cores: 12 })])).to.deep.equal(['p 10-20: all']);
    const policy = { ...DEFAULT_POLICY };
    expect(outagesOf({ policy, pools: new Map(), providers: new Map() })).to.equal(NO_OUTAGES);
  });

  it('of a host take what the hosts that are left cannot give, as long as it lasts', () => {
    const pools = [pool('p', { cores: 12, ram: 8192 }), pool('q', { cores: 100 }, { source: 'other' })];
    expect(losses([out('p', 'h1')], pools)).to.deep.equal(['p 10-20: 4 cores']);
    expect(losses([out('p', 'h1'), out('p', 'h2', 15, 25)], pools)).to.deep.equal([
      'p 10-15: 4 cores',
      'p 15-20: 12 cores, 8192 ram',
      'p 20-25: 4 cores',
    ]);
    expect(losses([out('p', 'h1'), out('p', 'h2', 30, 40)], pools)).to.deep.equal([
      'p 10-20: 4 cores',
      'p 30-40: 4 cores',
    ]);
    expect(losses([out('p', 'h1')], [pool('p', { cores: 8 })])).to.deep.equal([]);
  });

  it('of a host follow the adjustments of the pool', () => {
    const more = { id: 'a', direction: 'increase', startsAt: 15, end: 18, capacity: { cores: 3 } } as const;
    expect(losses([out('p', 'h1')], [pool('p', { cores: 12 }, { adjustments: [more] })])).to.deep.equal([
      'p 10-15: 4 cores',
      'p 15-18: 7 cores',
      'p 18-20: 4 cores',
    ]);
  });

  it('of a host take no more than is there, and nothing that is lacking already', () => {
    expect(losses([out('p', 'h1')], [pool('p', { cores: 20 })])).to.deep.equal(['p 10-20: 8 cores']);
    expect(losses([out('p', 'h1')], [pool('p', { cores: 12 })], [])).to.deep.equal([]);
    const down = provider([{ name: 'h1', cores: 8, state: 'down' }, ...HOSTS.slice(1)]);
    expect(losses([out('p', 'h1'), out('p', 'h9')], [pool('p', { cores: 12 })], [down])).to.deep.equal([]);
    expect(losses([out('p', 'h1'), out('q', 'h9')], [pool('p', { cores: 4 }), pool('q', { cores: 8 })])).to.deep.equal([
      'p 10-20: 4 cores',
    ]);
  });

  it('of a host are bounded by quota, of each resource by its own', () => {
    const pools = [pool('p', { cores: 10, ram: 9000 })];
    expect(losses([out('p', 'h1')], pools, [provider(HOSTS, { cores: 10 })])).to.deep.equal([
      'p 10-20: 2 cores, 808 ram',
    ]);
    expect(losses([out('p', 'h1')], pools, [provider(HOSTS, { cores: 6 })])).to.deep.equal(['p 10-20: 808 ram']);
    expect(losses([out('p', 'h1')], pools, [provider(HOSTS, { memoryMb: 8000 })])).to.deep.equal(['p 10-20: 2 cores']);
  });

  it('of a host bind the pools of its zone together, in the order of the entries', () => {
    const hosts = [...HOSTS, { name: 'h3', cores: 4, zone: 'z1' }];
    const inZone = (id: string, cores: number): Pool => pool(id, { cores }, { zone: 'z1' });
    const entries = [out('a', 'h1'), out('b', 'h1')];
    expect(losses(entries, [inZone('a', 3), inZone('b', 5)], [provider(hosts)])).to.deep.equal([
      'a 10-20: 3 cores',
      'b 10-20: 1 cores',
    ]);
    expect(losses(entries, [inZone('a', 6), inZone('b', 2)], [provider(hosts)])).to.deep.equal(['a 10-20: 4 cores']);
    const others = [inZone('a', 3), inZone('b', 1), pool('c', { cores: 4 }, { zone: 'z2' })];
    expect(losses(entries, others, [provider(hosts)])).to.deep.equal([]);
  });

  it('of a host take of several pools what the provider lacks, once', () => {
    const pools = [pool('a', { cores: 3 }), pool('b', { cores: 9 })];
    expect(losses([out('a', 'h1'), out('b', 'h1')], pools)).to.deep.equal(['a 10-20: 3 cores', 'b 10-20: 1 cores']);
    expect(losses([out('b', 'h1'), out('a', 'h1')], pools)).to.deep.equal(['b 10-20: 4 cores']);
  });

  it('of a host bind a pool that lists it, by the hosts that it lists', () => {
    const listing = (elements: readonly string[], cores: number): Pool => pool('p', { cores }, { elements });
    expect(losses([out('p', 'h1')], [listing(['h1'], 8)])).to.deep.equal(['p 10-20: 8 cores']);
    expect(losses([out('p', 'h1')], [listing(['h2'], 8)])).to.deep.equal([]);
    expect(losses([out('p', 'h1')], [listing(['h1', 'h2'], 10)])).to.deep.equal(['p 10-20: 2 cores']);
    expect(losses([out('p', 'h1')], [listing(['n1'], 8)]), 'it lists no host').to.deep.equal([]);
  });

  it('of a host are one time, however many entries say so', () => {
    const entries = [out('p', 'h1', 30, 40), out('p', 'h1', 10, 20), out('p', 'h1', 15, 18), out('p', 'h1', 20, 25)];
    const { hosts } = outages(entries, [pool('p', { cores: 1 })]);
    expect([...hosts]).to.deep.equal([
      [
        'host/s/h1',
        [
          { start: 10, end: 25 },
          { start: 30, end: 40 },
        ],
      ],
    ]);
  });

  it('have changed where one is new, another or gone', () => {
    const pools = [pool('p', { cores: 12 }), pool('q', { cores: 1 })];
    const before = outages([out('p', 'h1')], pools);
    expect(changedOutages(before, outages([out('p', 'h1')], pools))).to.deep.equal({ pools: [], hosts: [] });
    expect(changedOutages(before, outages([out('p', 'h1'), out('q')], pools))).to.deep.equal({
      pools: ['q'],
      hosts: [],
    });
    expect(changedOutages(before, outages([out('p', 'h1', 10, 21)], pools))).to.deep.equal({
      pools: ['p'],
      hosts: ['host/s/h1'],
    });
    const both = { pools: ['p'], hosts: ['host/s/h1'] };
    expect(changedOutages(before, NO_OUTAGES)).to.deep.equal(both);
    expect(changedOutages(NO_OUTAGES, before)).to.deep.equal(both);
  });
});
