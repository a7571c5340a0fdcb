/** What there is to give out, of a provider by its inventory and of a pool over time. */
import { expect } from 'chai';
import { fromVector } from '../../../src/engine/capacity.ts';
import type { Capacity } from '../../../src/engine/capacity.ts';
import type { Adjustment, Pool } from '../../../src/engine/entities.ts';
import {
  flavorCapacity,
  inventoryCapacity,
  nominalSegments,
  poolResources,
  poolSegments,
} from '../../../src/engine/supply.ts';
import type { Segment } from '../../../src/engine/supply.ts';
import { BEGINNING, FOREVER } from '../../../src/engine/window.ts';
import { inventoryOf } from './engine-fixture.ts';

const POOL: Pool = { id: 'p', origin: 'rpc', source: 's', capacity: { cores: 10 }, adjustments: [], owner: 'ops' };

function adjustment(
  direction: Adjustment['direction'],
  startsAt: number,
  capacity: Capacity,
  end?: number,
): Adjustment {
  return { id: `a${startsAt}`, startsAt, direction, capacity, ...(end === undefined ? {} : { end }) };
}

/** Segments as `start-end: capacity`. */
function inWords(segments: readonly Segment[]): string[] {
  return segments.map(({ window: { start, end }, vector }) => {
    const from = start === BEGINNING ? '' : start;
    const amounts = Object.entries(fromVector(vector)).map(([resource, amount]) => `${amount} ${resource}`);
    return `${from}-${end === FOREVER ? '' : end}: ${amounts.join(', ')}`;
  });
}

describe('what there is to give out', () => {
  describe('of a provider', () => {
    const hosts = [
      { name: 'h1', cores: 8 },
      { name: 'h2', cores: 4 },
    ];

    it('is what its hosts have, and the rest by quota', () => {
      const quotas = { networks: 3, ports: 4, routers: 5, subnets: 6, gigabytes: 7, snapshots: 8, volumes: 9 };
      expect(inventoryCapacity(inventoryOf(hosts, quotas))).to.deep.equal({
        cores: 12,
        ram: 12_288,
        instances: 100,
        addresses: 10,
        ...quotas,
      });
    });

    it('is no more than the quota, and no more than the hosts', () => {
      expect(inventoryCapacity(inventoryOf(hosts, { cores: 5, memoryMb: 20_000 }))).to.include({
        cores: 5,
        ram: 12_288,
      });
      expect(inventoryCapacity(inventoryOf(hosts, { cores: 50, memoryMb: 2000 }))).to.include({ cores: 12, ram: 2000 });
    });

    it('leaves out hosts that are down or take no machines', () => {
      const inventory = inventoryOf([...hosts, { name: 'h3', cores: 100, state: 'down' }]);
      expect(inventoryCapacity(inventory)).to.include({ cores: 12, ram: 12_288 });
      const [first, ...others] = inventory.hosts;
      if (first === undefined) throw new Error('there is no host');
      const disabled = { ...inventory, hosts: [{ ...first, enabled: false }, ...others] };
      expect(inventoryCapacity(disabled)).to.include({ cores: 4, ram: 4096 });
    });

    it('is the quota alone where no hosts are seen, and unbounded without one', () => {
      expect(inventoryCapacity({ ...inventoryOf([]), quotas: { cores: 5 } })).to.deep.equal({ cores: 5 });
      expect(inventoryCapacity({ ...inventoryOf([]), quotas: {} })).to.deep.equal({});
    });

    it('is consumed by a machine as its flavor says, without its local disk', () => {
      const flavor = { id: 'f', name: 'f', vcpus: 2, memoryMb: 512, diskGb: 20 };
      expect(flavorCapacity(flavor)).to.deep.equal({ cores: 2, ram: 512, instances: 1 });
    });
  });

  describe('of a pool', () => {
    it('is its base for all time, of the resources that it or an adjustment names', () => {
      expect(inWords(poolSegments(POOL))).to.deep.equal(['-: 10 cores']);
      expect(poolResources(POOL)).to.deep.equal(['cores']);
      const more = { ...POOL, adjustments: [adjustment('increase', 5, { volumes: 1 })] };
      expect(poolResources(more)).to.deep.equal(['cores', 'volumes']);
      expect(inWords(poolSegments({ ...POOL, capacity: { cores: 0 } }))).to.deep.equal([]);
    });

    it('is changed by adjustments while they last, in the order of time and never below zero', () => {
      const adjustments = [
        adjustment('decrease', 30, { cores: 15 }, 40),
        adjustment('increase', 10, { cores: 2, ram: 5 }, 20),
        adjustment('increase', 20, { cores: 1 }),
      ];
      const wanted = ['-10: 10 cores', '10-20: 12 cores, 5 ram', '20-30: 11 cores', '40-: 11 cores'];
      expect(inWords(poolSegments({ ...POOL, adjustments }))).to.deep.equal(wanted);
      expect(inWords(nominalSegments({ ...POOL, adjustments }))).to.deep.equal(wanted);
    });

    it('is less by what the VIM lost, which it is meant to have', () => {
      const lost = [
        { since: 10, until: 20, capacity: { cores: 4 } },
        { since: 20, capacity: { cores: 3 } },
      ];
      const left = ['-10: 10 cores', '10-20: 6 cores', '20-: 7 cores'];
      expect(inWords(poolSegments({ ...POOL, lost }))).to.deep.equal(left);
      expect(inWords(nominalSegments({ ...POOL, lost }))).to.deep.equal(['-: 10 cores']);
    });

    it('is less by hosts that are out of service, and nothing while the pool is', () => {
      const outages = [
        { window: { start: 10, end: 40 }, capacity: { cores: 3 } },
        { window: { start: 20, end: 30 } },
        { window: { start: 50, end: 60 } },
      ];
      expect(inWords(poolSegments(POOL, outages))).to.deep.equal([
        '-10: 10 cores',
        '10-20: 7 cores',
        '30-40: 7 cores',
        '40-50: 10 cores',
        '60-: 10 cores',
      ]);
    });

    it('is promised by the ratios of over-commitment, of what is left', () => {
      const overCommit = { cores: 2500 };
      const outages = [{ window: { start: 10, end: 20 }, capacity: { cores: 7 } }];
      expect(inWords(poolSegments({ ...POOL, overCommit }, outages))).to.deep.equal([
        '-10: 25 cores',
        '10-20: 7 cores',
        '20-: 25 cores',
      ]);
      expect(inWords(nominalSegments({ ...POOL, overCommit }))).to.deep.equal(['-: 10 cores']);
    });
  });
});
