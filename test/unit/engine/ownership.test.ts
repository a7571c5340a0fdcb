/** Who may know of what: consumers of a tenant of what belongs to it, operators of everything. */
import { expect } from 'chai';
import { describeIds, find, idsOwnedBy, ownerOf, sees, visibleIds } from '../../../src/engine/ownership.ts';
import { DAY, Engine, NOW } from './engine-fixture.ts';

const BLUE = { confinedTo: 'blue' };
const RED = { confinedTo: 'red' };
const OPERATOR = {};

describe('who sees what', () => {
  it('is his tenant for a consumer, and everything for an operator', () => {
    const owned = [{ tenant: 'blue' }, { tenant: 'red' }, {}];
    expect(owned.map((each) => sees(BLUE, each))).to.deep.equal([true, false, false]);
    expect(owned.map((each) => sees(OPERATOR, each))).to.deep.equal([true, true, true]);
  });

  it('is for the owner of something what his tenant sees, and everything where it belongs to none', () => {
    expect(ownerOf({ tenant: 'blue' })).to.deep.equal(BLUE);
    expect(ownerOf({})).to.deep.equal(OPERATOR);
  });

  it('is found, listed and described by who looks', () => {
    const engine = new Engine();
    engine.pool(engine.provider(), { cores: 10 });
    const reserve = (tenant?: string): string => {
      engine.as = tenant === undefined ? { user: 'alice' } : { user: tenant, tenant, confinedTo: tenant };
      return engine.reserve({ start: NOW + DAY, demand: { capacity: { cores: 1 } } });
    };
    const [blue, red, nobodys, second] = [reserve('blue'), reserve('red'), reserve(), reserve('blue')];
    const ids = [red, blue, nobodys, second, 'gone'];
    const { head } = engine;
    expect(find(head, 'reservation', blue, BLUE)?.id).to.equal(blue);
    expect(find(head, 'reservation', blue, RED)).to.equal(undefined);
    expect(find(head, 'offer', blue, OPERATOR)).to.equal(undefined);
    expect([...idsOwnedBy(head, 'reservation', 'blue')]).to.deep.equal([blue, second]);
    expect([...idsOwnedBy(head, 'reservation', 'green')]).to.deep.equal([]);
    expect(visibleIds(head, 'reservation', ids, BLUE)).to.deep.equal([blue, second]);
    expect(visibleIds(head, 'reservation', ids, OPERATOR)).to.equal(ids);
    expect(describeIds(head, 'reservation', [blue, second], BLUE)).to.equal(`${blue}, ${second}`);
    expect(describeIds(head, 'reservation', [red, blue, nobodys], BLUE)).to.equal(`${blue}, 2 of others`);
    expect(describeIds(head, 'reservation', [red, nobodys], BLUE)).to.equal('2 of others');
    expect(describeIds(head, 'reservation', [red, blue], OPERATOR)).to.equal(`${red}, ${blue}`);
  });
});
