/** Which part of the claims of what recurs is held in one window. */
import { expect } from 'chai';
import type { Claim } from '../../../src/engine/entities.ts';
import { claimsIn, currentClaims, during, joined, withCurrent } from '../../../src/engine/occurrence.ts';

const NODE = 'pool/p';
const claim = (id: string, cores: number, more: Partial<Claim> = {}): Claim => ({
  id,
  node: NODE,
  start: 10,
  end: 20,
  capacity: { cores },
  ...more,
});

const THREE = { period: 100, count: 3 };
/** In the window from 110 to 120, the second of three. */
const holder = (...claims: readonly Claim[]) => ({
  id: 'r',
  claims,
  startsAt: 110,
  endsAt: 120,
  series: { ...THREE, occurrence: 2 },
});

describe('claims in one window', () => {
  it('are those that overlap it, each in the window that it has there', () => {
    const recurring = claim('1', 4, THREE);
    const single = claim('2', 2, { start: 115, end: 120 });
    expect(claimsIn([recurring, single], { start: 110, end: 120 })).to.deep.equal([
      claim('1', 4, { start: 110, end: 120 }),
      single,
    ]);
    expect(claimsIn([recurring, single], { start: 10, end: 20 })).to.deep.equal([claim('1', 4)]);
    expect(claimsIn([recurring, single], { start: 20, end: 110 })).to.deep.equal([]);
    expect(claimsIn([recurring, single], { start: 220, end: 500 })).to.deep.equal([]);
  });

  it('are all of what does not recur', () => {
    const once = { id: 'r', claims: [claim('1', 4, { start: 0, end: 5 })], startsAt: 10, endsAt: 20 };
    expect(currentClaims(once)).to.equal(once.claims);
    expect(withCurrent(once, [claim('7', 1)])).to.deep.equal([claim('7', 1)]);
  });

  it('are those of the window that is in progress, or is next', () => {
    expect(currentClaims(holder(claim('1', 4, THREE), claim('2', 1)))).to.deep.equal([
      claim('1', 4, { start: 110, end: 120 }),
    ]);
  });

  it('are replaced there alone', () => {
    const current = [claim('1', 8, { start: 110, end: 120 })];
    expect(withCurrent(holder(claim('1', 4, THREE)), current)).to.deep.equal([
      ...current,
      claim('2', 4),
      claim('3', 4, { start: 210, end: 220 }),
    ]);
    // The first, or the last, of several; and one that is elsewhere as a whole.
    const ahead = claim('1', 4, { start: 110, end: 120, period: 100, count: 3 });
    expect(withCurrent(holder(ahead), current)).to.deep.equal([
      ...current,
      claim('2', 4, { start: 210, end: 220, period: 100, count: 2 }),
    ]);
    const behind = claim('1', 4, { start: -90, end: -80, period: 100, count: 3 });
    expect(withCurrent(holder(behind), current)).to.deep.equal([
      ...current,
      claim('2', 4, { start: -90, end: -80, period: 100, count: 2 }),
    ]);
    const elsewhere = claim('5', 4, { start: 300, end: 310 });
    expect(withCurrent(holder(elsewhere), current)).to.deep.equal([...current, elsewhere]);
    expect(withCurrent(holder(current[0] ?? elsewhere), [])).to.deep.equal([]);
  });
});

describe('claims together with more', () => {
  it('keep their ids; the others keep theirs where they are free, and get the next ones where not', () => {
    const ids = (claims: readonly string[], more: readonly string[]) =>
      joined(
        claims.map((id) => claim(id, 1)),
        more.map((id) => claim(id, 2)),
      ).map(({ id, capacity }) => `${id}:${capacity.cores}`);
    expect(ids(['1', '2'], ['3', '4'])).to.deep.equal(['1:1', '2:1', '3:2', '4:2']);
    expect(ids(['1', '2'], ['2', '9', '1'])).to.deep.equal(['1:1', '2:1', '10:2', '9:2', '11:2']);
    expect(ids(['1'], ['2', '2'])).to.deep.equal(['1:1', '2:2', '3:2']);
    expect(ids([], [])).to.deep.equal([]);
  });
});

describe('a claim in other windows', () => {
  it('is on the same, with what it had of windows left out', () => {
    const recurring = claim('1', 4, { ...THREE, host: 'host/p/a' });
    expect(during(recurring, { start: 5, end: 6 })).to.deep.equal(
      claim('1', 4, { start: 5, end: 6, host: 'host/p/a' }),
    );
    expect(during(claim('1', 4), { start: 5, end: Infinity })).to.deep.equal({
      id: '1',
      node: NODE,
      start: 5,
      capacity: { cores: 4 },
    });
    expect(during(claim('1', 4), { start: 5, end: 6, ...THREE })).to.deep.equal(
      claim('1', 4, { start: 5, end: 6, ...THREE }),
    );
  });
});
