import { expect } from 'chai';
import fc from 'fast-check';
import { nodeByInterval, nodeOver } from '../../src/engine/breakdown.ts';
import { toVector } from '../../src/engine/capacity.ts';
import { emptyNode } from '../../src/engine/empty-node.ts';
import type { Node } from '../../src/engine/state.ts';
import { ALWAYS } from '../../src/engine/window.ts';

const KINDS = ['total', 'reserved', 'usage', 'available'] as const;
const TIMELINES = ['total', 'free', 'used', 'lent'] as const;

const change = fc.record({
  timeline: fc.constantFrom(...TIMELINES),
  start: fc.integer({ min: 0, max: 60 }),
  length: fc.integer({ min: 1, max: 30 }),
  cores: fc.integer({ min: 1, max: 9 }),
});

function nodeWith(changes: readonly (typeof change extends fc.Arbitrary<infer Change> ? Change : never)[]): Node {
  const node = emptyNode('pool/p');
  node.resources = ['cores'];
  for (const timeline of [node.total, node.free]) timeline.add(ALWAYS, toVector({ cores: 20 }));
  for (const { timeline, start, length, cores } of changes) {
    const window = { start, end: start + length };
    const vector = toVector({ cores });
    if (timeline === 'free' || timeline === 'total') node[timeline].remove(window, vector);
    else node[timeline].add(window, vector);
  }
  return node;
}

describe('capacity by intervals', () => {
  it('is, for each of them, what it is over the interval as a window', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 12 }),
        fc.constantFrom(...KINDS),
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 1, max: 25 }),
        (changes, kind, start, length, interval) => {
          const node = nodeWith(changes);
          const end = start + length;
          const expected = [];
          for (let at = start; at < end; at += interval)
            expected.push(nodeOver(node, { start: at, end: Math.min(at + interval, end) })[kind]);
          expect(nodeByInterval(node, { start, end }, interval, kind)).to.deep.equal(expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});
