import { expect } from 'chai';
import { Decisions } from '../../../../src/agent/handlers/decisions.ts';
import type { Decided } from '../../../../src/engine/explain.ts';

describe('the record of decisions', () => {
  const decided = (message: string): Decided => ({ refusal: { reason: 'window-over', message, shortages: [] } });

  it('keeps the latest and forgets the oldest', () => {
    const decisions = new Decisions(1000);
    const numbers = Array.from({ length: 5000 }, (_, index) => decisions.record(decided(String(index)), {}));
    expect(new Set(numbers).size).to.equal(5000);
    const kept = numbers.filter((number) => decisions.find(number, {}) !== undefined);
    expect(kept).to.deep.equal(numbers.slice(-4096));
    expect(decisions.find(kept[0] ?? 0, {})).to.deep.equal(decided(String(5000 - 4096)));
  });

  it('never takes a number of another run for one of its own', () => {
    const before = new Decisions(1000);
    const after = new Decisions(1001);
    const old = before.record(decided('old'), {});
    const young = after.record(decided('young'), {});
    expect(after.find(old, {})).to.equal(undefined);
    expect(before.find(young, {})).to.equal(undefined);
    expect(after.find(Number.NaN, {})).to.equal(undefined);
  });

  it('hands a decision to whoever it was made for, and to operators', () => {
    const decisions = new Decisions(1000);
    const red = decisions.record(decided('red'), { confinedTo: 'red' });
    const own = decisions.record(decided('operator'), {});
    expect(decisions.find(red, { confinedTo: 'red' })).to.deep.equal(decided('red'));
    expect(decisions.find(red, {})).to.deep.equal(decided('red'));
    expect(decisions.find(red, { confinedTo: 'blue' })).to.equal(undefined);
    expect(decisions.find(own, { confinedTo: 'red' })).to.equal(undefined);
  });
});
