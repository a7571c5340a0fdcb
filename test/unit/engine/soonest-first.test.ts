/** Changes to come: whatever the order in which they are put in, they come out in the order of time. */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { SoonestFirst } from '../../../src/engine/soonest-first.ts';
import { FOREVER } from '../../../src/engine/window.ts';

interface Named {
  readonly at: number;
  readonly name: string;
}

function holding(...instants: number[]): SoonestFirst<Named> {
  const heap = new SoonestFirst<Named>();
  for (const at of instants) heap.add({ at, name: `at ${at}` });
  return heap;
}

describe('what comes soonest first', () => {
  it('is nothing where nothing is to come', () => {
    const heap = holding();
    expect(heap.soonest).to.equal(FOREVER);
    expect(heap.takeUntil(FOREVER)).to.equal(undefined);
  });

  it('is taken up to an instant, that one included, and is then gone', () => {
    const heap = holding(30, 10, 20);
    expect(heap.soonest).to.equal(10);
    expect(heap.takeUntil(9)).to.equal(undefined);
    expect(heap.soonest).to.equal(10);
    expect(heap.takeUntil(10)).to.deep.equal({ at: 10, name: 'at 10' });
    expect(heap.soonest).to.equal(20);
    expect(heap.takeUntil(25)?.name).to.equal('at 20');
    expect(heap.takeUntil(25)).to.equal(undefined);
    expect(heap.takeUntil(30)?.name).to.equal('at 30');
    expect(heap.soonest).to.equal(FOREVER);
  });

  it('is the least there is, as in a list that is sorted for every question', () => {
    const steps = fc.array(fc.oneof(fc.nat(40), fc.constant('take' as const)), { maxLength: 200, size: 'max' });
    fc.assert(
      fc.property(steps, (each) => {
        const heap = new SoonestFirst<Named>();
        const list: number[] = [];
        for (const step of each) {
          if (step !== 'take') {
            heap.add({ at: step, name: '' });
            list.push(step);
            list.sort((a, b) => a - b);
          } else expect(heap.takeUntil(35)?.at).to.equal((list[0] ?? FOREVER) <= 35 ? list.shift() : undefined);
          expect(heap.soonest).to.equal(list[0] ?? FOREVER);
        }
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
