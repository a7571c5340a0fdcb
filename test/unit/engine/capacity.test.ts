import { expect } from 'chai';
import fc from 'fast-check';
import {
  CapacityOverflowError,
  NOTHING,
  RESOURCES,
  RESOURCE_COUNT,
  add,
  amountOf,
  equals,
  fitsWithin,
  fromVector,
  isZero,
  max,
  min,
  resourcesOf,
  shortage,
  subtract,
  toVector,
  describeAmounts,
  total,
} from '../../../src/engine/capacity.ts';
import type { Capacity } from '../../../src/engine/capacity.ts';

const capacities = fc
  .dictionary(fc.constantFrom(...RESOURCES), fc.integer({ min: -9, max: 9 }))
  .map((dictionary): Capacity => ({ ...dictionary }));

describe('capacity', () => {
  it('has eleven resources in a fixed order', () => {
    expect(RESOURCES.join(' ')).to.equal(
      'cores ram instances networks ports routers subnets addresses gigabytes snapshots volumes',
    );
    expect(RESOURCE_COUNT).to.equal(11);
  });

  it('keeps in a result what either side names, even at 0', () => {
    expect(add({ cores: 2 }, { ram: 3 })).to.deep.equal({ cores: 2, ram: 3 });
    expect(subtract({ cores: 2 }, { cores: 2, ports: 1 })).to.deep.equal({ cores: 0, ports: -1 });
    expect(add(NOTHING, NOTHING)).to.deep.equal({});
  });

  it('counts an absent resource as 0 for the larger and the smaller', () => {
    expect(max({ cores: -2, ram: 4 }, { ram: 3 })).to.deep.equal({ cores: 0, ram: 4 });
    expect(min({ cores: 2, ram: 4 }, { ram: 3 })).to.deep.equal({ cores: 0, ram: 3 });
  });

  it('is described in words, nothing too', () => {
    expect(describeAmounts({ cores: 2, ram: 0 })).to.equal('2 cores, 0 ram');
    expect(describeAmounts(NOTHING)).to.equal('nothing');
  });

  it('sums any number', () => {
    expect(total([])).to.deep.equal({});
    expect(total([{ cores: 1 }, { cores: 2 }, { volumes: 3 }])).to.deep.equal({ cores: 3, volumes: 3 });
  });

  it('subtracts what it added', () => {
    fc.assert(fc.property(capacities, capacities, (a, b) => equals(subtract(add(a, b), b), a)));
  });

  it('fits exactly when nothing is short', () => {
    fc.assert(
      fc.property(capacities, capacities, (demand, available) => {
        expect(fitsWithin(demand, available)).to.equal(isZero(shortage(demand, available)));
        const expected = RESOURCES.every(
          (r) => amountOf(demand, r) <= 0 || amountOf(demand, r) <= amountOf(available, r),
        );
        expect(fitsWithin(demand, available)).to.equal(expected);
      }),
    );
  });

  it('fits once the shortage is made good', () => {
    fc.assert(
      fc.property(capacities, capacities, (demand, available) =>
        fitsWithin(demand, add(available, shortage(demand, available))),
      ),
    );
  });

  it('does not look at a resource that is not asked for', () => {
    expect(fitsWithin({ cores: 0, ram: 1 }, { cores: -5, ram: 1 })).to.equal(true);
    expect(fitsWithin({ cores: 1 }, { ram: 1 })).to.equal(false);
    expect(shortage({ cores: 5, ram: 1 }, { cores: -2, ram: 1 })).to.deep.equal({ cores: 7 });
  });

  it('takes absent and 0 for equal', () => {
    expect(equals({ cores: 0 }, {})).to.equal(true);
    expect(equals({ cores: 1 }, {})).to.equal(false);
    expect(isZero({ cores: 0, ram: 0 })).to.equal(true);
    expect(isZero({ cores: 0, ram: -1 })).to.equal(false);
    expect(resourcesOf({ volumes: 1, ram: 0, cores: 2 })).to.deep.equal(['cores', 'volumes']);
  });

  describe('as a vector', () => {
    it('comes back the same', () => {
      fc.assert(fc.property(capacities, (capacity) => equals(fromVector(toVector(capacity)), capacity)));
    });

    it('holds the resources in order, and overwrites all of a given target', () => {
      const target = toVector({ routers: 9 });
      expect(toVector({ volumes: 2, cores: 1 }, target)).to.equal(target);
      expect([...target]).to.deep.equal([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    });

    it('names the resources that were asked for, also at 0, or those that are not 0', () => {
      const vector = toVector({ cores: 1, volumes: 2 });
      expect(fromVector(vector)).to.deep.equal({ cores: 1, volumes: 2 });
      expect(fromVector(vector, ['cores', 'ram'])).to.deep.equal({ cores: 1, ram: 0 });
      expect(Object.is(fromVector([-0], ['cores']).cores, 0)).to.equal(true);
    });

    it('names all resources where all are asked for, and none of them below zero that is not', () => {
      const all = Object.fromEntries(RESOURCES.map((resource, index) => [resource, index + 1]));
      expect(fromVector(toVector(all), RESOURCES)).to.deep.equal(all);
      const none = fromVector(
        RESOURCES.map(() => -0),
        RESOURCES,
      );
      expect(RESOURCES.map((resource) => Object.is(none[resource], 0))).to.deep.equal(RESOURCES.map(() => true));
    });
  });

  describe('beyond exact integers', () => {
    const most = Number.MAX_SAFE_INTEGER;

    it('refuses instead of rounding', () => {
      expect(add({ ram: most - 1 }, { ram: 1 })).to.deep.equal({ ram: most });
      expect(() => add({ ram: most }, { ram: 1 }))
        .to.throw(CapacityOverflowError, 'ram is 9007199254740992')
        .with.property('name', 'CapacityOverflowError');
      expect(() => subtract({ ram: -most }, { ram: 1 })).to.throw(CapacityOverflowError, 'ram is -9007199254740992');
      expect(() => shortage({ ram: most }, { ram: -1 })).to.throw(CapacityOverflowError, 'ram is');
    });

    for (const bad of [0.5, Number.NaN, Infinity, 2 ** 53]) {
      it(`refuses ${bad} as an amount`, () => {
        expect(() => toVector({ ports: bad })).to.throw(
          CapacityOverflowError,
          `ports is ${bad}; it must be an integer`,
        );
      });
    }
  });
});
