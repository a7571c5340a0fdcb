/** Where a pool, host or element owes more than it has. */
import { expect } from 'chai';
import { fromVector, toVector } from '../../../src/engine/capacity.ts';
import { amountOn, amountsOf, bearerOf, firstDebt, inDebt, nextChange } from '../../../src/engine/debt.ts';
import type { Bearer } from '../../../src/engine/debt.ts';
import { ONE_ELEMENT } from '../../../src/engine/element-map.ts';
import type { Claim } from '../../../src/engine/entities.ts';
import { hostVector } from '../../../src/engine/host-steps.ts';
import { FOREVER } from '../../../src/engine/window.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';

describe('debt', () => {
  let engine: Engine;
  let pool: Bearer;
  let source: string;

  beforeEach(() => {
    engine = new Engine();
    source = engine.provider([{ name: 'h1', cores: 8 }]);
    const id = engine.pool(source, { cores: 8, ram: 8192 });
    pool = bearerOf(engine.head, `pool/${id}`) ?? expect.fail('there is no pool');
  });

  const take = (start: number, end: number, capacity: { cores?: number; ram?: number }): void =>
    pool.free.remove({ start, end }, toVector(capacity));

  it('is where less than nothing of any resource is free', () => {
    take(NOW + HOUR, NOW + 2 * HOUR, { cores: 8 });
    expect([inDebt(pool, NOW + HOUR), firstDebt(pool, NOW)]).to.deep.equal([false, undefined]);
    take(NOW + DAY, NOW + 2 * DAY, { cores: 9 });
    take(NOW + 3 * DAY, NOW + 4 * DAY, { ram: 8193 });
    const before = [...pool.free.steps({ start: NOW, end: FOREVER })].map(({ at }) => at);
    const at = [NOW, NOW + DAY, NOW + 2 * DAY, NOW + 3 * DAY];
    expect(at.map((each) => inDebt(pool, each))).to.deep.equal([false, true, false, true]);
    expect(at.map((each) => firstDebt(pool, each))).to.deep.equal([NOW + DAY, NOW + DAY, NOW + 3 * DAY, NOW + 3 * DAY]);
    expect(firstDebt(pool, NOW + 4 * DAY)).to.equal(undefined);
    expect([...pool.free.steps({ start: NOW, end: FOREVER })].map((each) => each.at)).to.deep.equal(before);
  });

  it('may end where what is free changes next', () => {
    take(NOW + HOUR, NOW + 2 * HOUR, { cores: 1 });
    const after = [NOW, NOW + HOUR, NOW + HOUR + 1, NOW + 2 * HOUR];
    expect(after.map((each) => nextChange(pool, each))).to.deep.equal([
      NOW + HOUR,
      NOW + 2 * HOUR,
      NOW + 2 * HOUR,
      FOREVER,
    ]);
  });

  it('is of what claims hold on their pool, their host and their element', () => {
    const { head } = engine;
    const host = `host/${source}/h1` as const;
    const element = `element/${source}/network/n1` as const;
    engine.reserve({ start: NOW + DAY, end: NOW + DAY + HOUR, demand: { capacity: {}, elements: ['private'] } });
    const node = pool.id;
    const claim: Claim = { id: '1', node, start: NOW, capacity: { cores: 2, ram: 512 }, disk: 3 };
    expect(fromVector(amountOn(claim, node) ?? toVector({}))).to.deep.include({ cores: 2, ram: 512 });
    expect([amountOn(claim, host), amountOn(claim, element), amountOn(claim, 'pool/none')]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
    const amounts = (more: Partial<Claim>): unknown =>
      [...amountsOf(head, { ...claim, ...more })].map(({ bearer, amount }) => [bearer.id, amount]);
    const own = [node, toVector(claim.capacity)];
    expect(amounts({})).to.deep.equal([own]);
    expect(amounts({ host })).to.deep.equal([own, [host, hostVector({ cores: 2, ram: 512, disk: 3 })]]);
    expect(amounts({ element })).to.deep.equal([own, [element, ONE_ELEMENT]]);
    expect(amounts({ host: 'host/none/h1', element: 'element/none/volume/v' })).to.deep.equal([own]);
    expect(amounts({ node: 'pool/none' })).to.deep.equal([]);
  });
});
