/** The four views of a pool: at an instant, over a window, and by intervals. */
import { expect } from 'chai';
import {
  addBreakdowns,
  breakdownAt,
  changesOf,
  nodeAt,
  nodeByInterval,
  nodeOver,
  within,
} from '../../../src/engine/breakdown.ts';
import { toVector } from '../../../src/engine/capacity.ts';
import type { Capacity } from '../../../src/engine/capacity.ts';
import { emptyNode } from '../../../src/engine/empty-node.ts';
import type { Node } from '../../../src/engine/state.ts';
import { ALWAYS, BEGINNING, FOREVER } from '../../../src/engine/window.ts';
import { Engine, NOW } from './engine-fixture.ts';

const NOTHING = { cores: 0, ports: 0 };

/** A pool of 20 cores and 4 ports. */
function poolNode(): Node {
  const node = emptyNode('pool/p');
  node.resources = ['cores', 'ports'];
  for (const timeline of [node.total, node.free]) timeline.add(ALWAYS, toVector({ cores: 20, ports: 4 }));
  return node;
}

function hold(node: Node, start: number, end: number, capacity: Capacity): void {
  node.free.remove({ start, end }, toVector(capacity));
}

/** What is held, 6 cores from 10 to 30, of which 2 are used from 20 on, and 8 more from 25 on. */
function busy(): Node {
  const node = poolNode();
  hold(node, 10, 30, { cores: 6, ports: 1 });
  hold(node, 25, 40, { cores: 8 });
  node.used.add({ start: 20, end: 30 }, toVector({ cores: 2 }));
  return node;
}

describe('the views of a pool at an instant', () => {
  it('are what it has, what is held and not used, what is used, and the rest', () => {
    const at = (instant: number) => {
      const { total, reserved, usage, available } = nodeAt(busy(), instant);
      expect(total).to.deep.equal({ cores: 20, ports: 4 });
      return [reserved, usage, available].map(({ cores, ports }) => `${cores} and ${ports}`);
    };
    expect([0, 10, 20, 25, 30].map(at)).to.deep.equal([
      ['0 and 0', '0 and 0', '20 and 4'],
      ['6 and 1', '0 and 0', '14 and 3'],
      ['4 and 1', '2 and 0', '14 and 3'],
      ['12 and 1', '2 and 0', '6 and 3'],
      ['8 and 0', '0 and 0', '12 and 4'],
    ]);
  });

  it('are never below zero', () => {
    const node = poolNode();
    hold(node, 0, 10, { cores: 25 });
    node.used.add({ start: 0, end: 10 }, toVector({ cores: 30, ports: 9 }));
    expect(nodeAt(node, 5)).to.deep.equal({
      total: { cores: 20, ports: 4 },
      reserved: NOTHING,
      usage: { cores: 30, ports: 9 },
      available: { cores: 0, ports: 4 },
    });
  });

  it('count what is on loan as used, as far as nobody holds it', () => {
    const node = poolNode();
    node.lent.add({ start: 0, end: 40 }, toVector({ cores: 8 }));
    const views = () => {
      const { reserved, usage, available } = nodeAt(node, 5);
      return [reserved.cores, usage.cores, available.cores];
    };
    expect(views()).to.deep.equal([0, 8, 12]);
    hold(node, 0, 10, { cores: 15 });
    expect(views()).to.deep.equal([15, 5, 0]);
    hold(node, 0, 10, { cores: 6 });
    expect(views()).to.deep.equal([21, 0, 0]);
  });

  it('are as they will be when more is held', () => {
    const views = nodeAt(busy(), 10, { taken: toVector({ cores: 10 }) });
    expect([views.reserved, views.available]).to.deep.equal([
      { cores: 16, ports: 1 },
      { cores: 4, ports: 3 },
    ]);
    const engine = new Engine();
    const pool = engine.pool(engine.provider(), { cores: 10 });
    expect(breakdownAt(engine.head, pool, NOW, { taken: toVector({ cores: 3 }) })).to.deep.include({
      reserved: { cores: 3 },
      available: { cores: 7 },
    });
    expect(breakdownAt(engine.head, 'none', NOW)).to.deep.equal({ total: {}, reserved: {}, usage: {}, available: {} });
  });
});

describe('the views of a pool over a window', () => {
  it('are the least that there is and is free, and the most that is held and used, each by itself', () => {
    const node = busy();
    expect(nodeOver(node, { start: 0, end: 100 })).to.deep.equal({
      total: { cores: 20, ports: 4 },
      reserved: { cores: 12, ports: 1 },
      usage: { cores: 2, ports: 0 },
      available: { cores: 6, ports: 3 },
    });
    expect(nodeOver(node, { start: 0, end: 20 })).to.deep.include({
      reserved: { cores: 6, ports: 1 },
      usage: NOTHING,
      available: { cores: 14, ports: 3 },
    });
  });

  it('do not take what is lacking for what is held', () => {
    const node = poolNode();
    for (const timeline of [node.total, node.free]) timeline.remove({ start: 10, end: 20 }, toVector({ cores: 15 }));
    hold(node, 0, 20, { cores: 8 });
    const views = nodeOver(node, { start: 0, end: 30 });
    expect(views.total.cores).to.equal(5);
    expect(views.reserved.cores).to.equal(8);
    expect(views.available.cores).to.equal(0);
  });

  it('are none of them below zero where more is held than there is', () => {
    const node = poolNode();
    hold(node, 0, 10, { cores: 25 });
    expect(nodeOver(node, { start: 0, end: 10 })).to.deep.include({
      reserved: { cores: 25, ports: 0 },
      available: { cores: 0, ports: 4 },
    });
    node.free.add({ start: 0, end: 10 }, toVector({ cores: 30 }));
    expect(nodeOver(node, { start: 0, end: 10 }).reserved.cores).to.equal(0);
  });

  it('see what is on loan where it is', () => {
    const node = busy();
    node.lent.add({ start: 50, end: 60 }, toVector({ cores: 9, ports: 4 }));
    expect(nodeOver(node, { start: 0, end: 100 })).to.deep.equal({
      total: { cores: 20, ports: 4 },
      reserved: { cores: 12, ports: 1 },
      usage: { cores: 9, ports: 4 },
      available: { cores: 6, ports: 0 },
    });
    expect(nodeOver(node, { start: 0, end: 50 }).usage.cores).to.equal(2);
  });

  it('change at its start, and wherever one of them does', () => {
    const node = busy();
    node.lent.add({ start: 50, end: 60 }, toVector({ cores: 1 }));
    node.total.add({ start: 70, end: FOREVER }, toVector({ cores: 1 }));
    expect(changesOf(node, { start: 12, end: 70 })).to.deep.equal([12, 20, 25, 30, 40, 50, 60]);
    expect(changesOf(node, ALWAYS)).to.deep.equal([BEGINNING, 10, 20, 25, 30, 40, 50, 60, 70]);
  });
});

describe('the views of a pool by intervals', () => {
  const KINDS = ['total', 'reserved', 'usage', 'available'] as const;

  it('are the worst of each, the last one cut', () => {
    const node = busy();
    const cores = (kind: (typeof KINDS)[number]) =>
      nodeByInterval(node, { start: 5, end: 32 }, 10, kind).map((each) => each.cores);
    expect(cores('total')).to.deep.equal([20, 20, 20]);
    expect(cores('reserved')).to.deep.equal([6, 6, 12]);
    expect(cores('usage')).to.deep.equal([0, 2, 2]);
    expect(cores('available')).to.deep.equal([14, 14, 6]);
    expect(nodeByInterval(node, { start: 5, end: 25 }, 10, 'available')).to.have.length(2);
  });

  it('are each what it is over the interval as a window, with something on loan and more held than there is', () => {
    const owing = busy();
    hold(owing, 12, 14, { cores: 30 });
    const lending = busy();
    lending.lent.add({ start: 18, end: 22 }, toVector({ cores: 9, ports: 4 }));
    for (const node of [owing, lending]) {
      for (const kind of KINDS) {
        const over = [
          [0, 15],
          [15, 30],
          [30, 35],
        ].map(([start = 0, end = 0]) => nodeOver(node, { start, end })[kind]);
        expect(nodeByInterval(node, { start: 0, end: 35 }, 15, kind), kind).to.deep.equal(over);
      }
    }
  });
});

describe('breakdowns', () => {
  it('add up view by view', () => {
    const one = { total: { cores: 1 }, reserved: { cores: 2 }, usage: { cores: 3 }, available: { cores: 4 } };
    const two = { total: { cores: 10, ram: 5 }, reserved: { ram: 6 }, usage: {}, available: { cores: 40 } };
    expect(addBreakdowns(one, two)).to.deep.equal({
      total: { cores: 11, ram: 5 },
      reserved: { cores: 2, ram: 6 },
      usage: { cores: 3 },
      available: { cores: 44 },
    });
  });

  it('give of what is asked what is there, and never less than nothing', () => {
    expect(within({ cores: 5, ram: 7, ports: 0, volumes: 3 }, { cores: 8, ram: 6, ports: 2 })).to.deep.equal({
      cores: 5,
      ram: 6,
      ports: 0,
      volumes: 0,
    });
    expect(within({ cores: 5 }, { cores: -1, ram: 6 })).to.deep.equal({ cores: 0 });
  });
});
