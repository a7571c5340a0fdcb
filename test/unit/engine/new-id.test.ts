/** Ids are UUIDs of version 7 (RFC 9562 §5.7), which sort by the time at which they were made. */
import { expect } from 'chai';
import { newId } from '../../../src/engine/new-id.ts';

const NOW = Date.parse('2030-01-02T03:04:05.678Z');

/** The milliseconds that an id begins with. */
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

describe('a new id', () => {
  it('is a UUID of version 7 with the variant of RFC 9562', () => {
    for (let index = 0; index < 1_000; index++)
      expect(newId(NOW)).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('begins with the millisecond at which it is made, so that ids sort by time', () => {
    expect(timeOf(newId(NOW))).to.equal(NOW);
    expect(newId(NOW) < newId(NOW + 1)).to.equal(true);
    expect(newId(0)).to.match(/^00000000-0000-7/);
  });

  it('begins with 0 before 1970, and with what is left of a time that 48 bits do not hold', () => {
    expect(timeOf(newId(-1))).to.equal(0);
    expect(timeOf(newId(2 ** 48 + 5))).to.equal(5);
  });

  it('is another one every time, in all of its random bits', () => {
    const ids = Array.from({ length: 3_000 }, () => newId(NOW));
    expect(new Set(ids).size).to.equal(ids.length);
    // Whatever is random comes in every value at every place; the digit of the variant has two bits of its own.
    const places = [15, 16, 17, 20, 21, 22, ...Array.from({ length: 12 }, (_, index) => 24 + index)];
    for (const place of places) expect(new Set(ids.map((id) => id[place])).size, `digits at ${place}`).to.equal(16);
    expect(new Set(ids.map((id) => id[19]))).to.deep.equal(new Set(['8', '9', 'a', 'b']));
  });
});
