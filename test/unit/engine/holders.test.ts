/** Who holds what on a pool, host or element at an instant. */
import { expect } from 'chai';
import { fromVector } from '../../../src/engine/capacity.ts';
import { elementId } from '../../../src/engine/element-map.ts';
import type { Claim, NodeId } from '../../../src/engine/entities.ts';
import { claimsAt, holdersAt, holdersFrom, isOnAt, lift } from '../../../src/engine/holders.ts';
import { hostId } from '../../../src/engine/hosts.ts';
import { poolNode } from '../../../src/engine/state.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const T = NOW + DAY;
const HOSTS = [
  { name: 'h1', cores: 8 },
  { name: 'h2', cores: 8 },
];

describe('who holds something', () => {
  let engine: Engine;
  let source: string;
  let pool: string;
  let other: string;

  beforeEach(() => {
    engine = new Engine();
    source = engine.provider(HOSTS);
    const volume = { kind: 'volume', id: 'v1', name: 'data', sizeGb: 1 } as const;
    engine.do('updateProvider', { id: source, status: 'up', inventory: inventoryOf(HOSTS, { volumes: 5 }, [volume]) });
    pool = engine.pool(source, { cores: 8, ram: 8192, volumes: 5 });
    other = engine.pool(engine.provider([{ name: 'x', cores: 4 }], 'other'), { cores: 4 });
  });

  const hours = (start: number, end: number) => ({ start: T + start * HOUR, end: T + end * HOUR });
  const asks = (start: number, end: number, cores: number, where = pool): string =>
    engine.reserve({ ...hours(start, end), demand: { capacity: { cores }, pools: [where] } });
  /** Their ids, at an hour, by either way of asking. */
  const at = (node: NodeId, hour: number): string[] => {
    const instant = T + hour * HOUR;
    const ids = holdersAt(engine.head, node, instant).map(({ id }) => id);
    const from = holdersFrom(engine.head, node, T);
    expect(from({ start: instant, end: instant + 1 }).map(({ id }) => id)).to.have.members(ids);
    return ids;
  };

  it('on a pool is who has a claim there whose window is open', () => {
    const first = asks(0, 2, 1);
    const second = asks(1, 3, 2);
    const elsewhere = asks(0, 3, 1, other);
    const node = poolNode(pool);
    expect([0, 1, 2, 3].map((hour) => at(node, hour))).to.deep.equal([[first], [first, second], [second], []]);
    expect(at(poolNode(other), 0)).to.deep.equal([elsewhere]);
  });

  it('on a pool is asked for one window after another, from a first instant on', () => {
    const first = asks(0, 2, 1);
    const second = asks(1, 3, 2);
    asks(0, 3, 1, other);
    const from = holdersFrom(engine.head, poolNode(pool), T);
    const windows = [hours(0, 0.5), hours(0.5, 1), hours(0.5, 1.5), hours(2, 2.5), hours(2.5, 9), hours(3, 9)];
    const found = windows.map((window) => from(window).map(({ id }) => id));
    expect(found).to.deep.equal([[first], [first], [first, second], [second], [second], []]);
  });

  it('on a host or element is who has a claim on it, in the windows of it', () => {
    const containers = [{ name: 'web', count: 1, size: { flavor: 'large' } }];
    const onHost = engine.reserve({ ...hours(0, 2), demand: { capacity: {}, containers, elements: ['h1'] } });
    engine.reserve({ ...hours(0, 2), demand: { capacity: {}, containers, elements: ['h2'] } });
    const onElement = engine.reserve({ ...hours(1, 2), demand: { capacity: { volumes: 1 }, elements: ['v1'] } });
    expect([0, 1, 2].map((hour) => at(hostId(source, 'h1'), hour))).to.deep.equal([[onHost], [onHost], []]);
    const volume = elementId(source, 'volume', 'v1');
    expect([0, 1, 2].map((hour) => at(volume, hour))).to.deep.equal([[], [onElement], []]);
    expect(at(hostId(source, 'none'), 0)).to.deep.equal([]);
  });

  it('has what all of his claims there come to that are open then', () => {
    const id = asks(0, 2, 3);
    const reservation = engine.head.reservations.get(id);
    if (reservation === undefined) throw new Error('it is gone');
    const [claim] = reservation.claims;
    if (claim === undefined) throw new Error('it holds nothing');
    const more: Claim[] = [
      claim,
      { ...claim, capacity: { cores: 2 } },
      { ...claim, capacity: { cores: 20 }, end: T },
      { ...claim, capacity: { cores: 200 }, node: poolNode(other) },
    ];
    const amount = (hour: number) =>
      fromVector(claimsAt({ ...reservation, claims: more }, poolNode(pool), T + hour * HOUR));
    expect([0, 2].map(amount)).to.deep.equal([{ cores: 5 }, {}]);
    expect(isOnAt(claim, poolNode(pool), T)).to.equal(true);
    expect(isOnAt(claim, poolNode(other), T)).to.equal(false);
    expect(isOnAt(claim, poolNode(pool), T + 2 * HOUR)).to.equal(false);
  });

  it('gives it up and has it back; what is on loan is not counted', () => {
    const id = asks(0, 2, 3);
    const claims = engine.head.reservations.get(id)?.claims ?? [];
    const node = engine.head.nodes.get(poolNode(pool));
    const amounts = (): unknown => [node?.free.valueAt(T)[0], node?.lent.valueAt(T)[0]];
    const mixed = [...claims, ...claims.map((claim) => ({ ...claim, onLoan: true as const }))];
    for (const lifted of [claims, mixed]) {
      lift(engine.head, { claims: lifted }, 1);
      expect(amounts()).to.deep.equal([8, 0]);
      lift(engine.head, { claims: lifted }, -1);
      expect(amounts()).to.deep.equal([5, 0]);
    }
  });
});
