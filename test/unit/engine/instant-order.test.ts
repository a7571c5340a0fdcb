import { expect } from 'chai';
import * as fc from 'fast-check';
import { orderOf } from '../../../src/engine/instant-order.ts';

describe('orderOf', () => {
  const instants = fc.oneof(
    fc.integer({ min: 0, max: 50 }),
    fc.integer({ min: 1_800_000_000_000, max: 1_830_000_000_000 }),
    fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }),
  );

  for (const [few, minLength] of [
    ['few', 0],
    ['many', 2_100],
  ] as const) {
    it(`agrees with a stable sort of ${few} instants`, () => {
      fc.assert(
        fc.property(fc.array(instants, { minLength, maxLength: minLength + 500, size: 'max' }), (all) => {
          const expected = all.map((_, index) => index).sort((a, b) => (all[a] ?? 0) - (all[b] ?? 0));
          expect([...orderOf(Float64Array.from(all))]).to.deep.equal(expected);
        }),
        { seed: 3, numRuns: 30 },
      );
    });
  }
});
