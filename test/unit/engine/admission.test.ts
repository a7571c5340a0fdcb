/** Which pools may serve a demand, on which it is placed, and what a refusal says: by the commands that make reservations. */
import { expect } from 'chai';
import { eligibleNodes, inZone } from '../../../src/engine/admission.ts';
import { holdsElements } from '../../../src/engine/element-names.ts';
import { toVector } from '../../../src/engine/capacity.ts';
import type { Capacity } from '../../../src/engine/capacity.ts';
import type { Demand, Id, Pool } from '../../../src/engine/entities.ts';
import { hostName } from '../../../src/engine/hosts.ts';
import type { Refusal } from '../../../src/engine/requests.ts';
import { apply, poolNode } from '../../../src/engine/state.ts';
import { DAY, Engine, HOUR, MINUTE, NOW } from './engine-fixture.ts';

const T = NOW + DAY;
const WINDOW = { start: T, end: T + HOUR };

/** An engine with a pool of each capacity, on a provider of its own; the pools in the order of their ids. */
function poolsOf(...capacities: readonly Capacity[]): { readonly engine: Engine; readonly pools: readonly Id[] } {
  const engine = new Engine();
  const sources = capacities.map((_, index) => engine.provider(undefined, `p${index}`));
  const pools = capacities.map((capacity, index) => engine.pool(sources[index] ?? '', capacity));
  return { engine, pools };
}

/** What each pool bears, in the order in which it was placed. */
function placed(engine: Engine, demand: Demand): [Id, Capacity][] {
  const claims = engine.head.reservations.get(engine.reserve({ ...WINDOW, demand }))?.claims ?? [];
  expect(claims.map(({ id }) => id)).to.deep.equal(claims.map((_, index) => `${index + 1}`));
  return claims.map(({ node, capacity }) => [node.slice('pool/'.length), capacity]);
}

function refusal(engine: Engine, demand: Demand, window = WINDOW): Refusal {
  return engine.refuse({ ...window, demand });
}

describe('admission', () => {
  it('takes the first pool that fits the whole', () => {
    const { engine, pools } = poolsOf(
      { cores: 4, addresses: 1 },
      { cores: 4, addresses: 4 },
      { cores: 8, addresses: 8 },
    );
    const [, b] = pools;
    const capacity = { cores: 4, addresses: 2 };
    expect(placed(engine, { capacity })).to.deep.equal([[b, capacity]]);
  });

  it('else takes each kind from the first pool that fits it, and fills up what none fits', () => {
    const { engine, pools } = poolsOf(
      { cores: 4, ram: 1000, gigabytes: 10 },
      { cores: 6, ram: 4000, addresses: 4, gigabytes: 10 },
    );
    const [a, b] = pools;
    // Addresses from the second, which alone has them; of what is asked for at zero nothing.
    expect(
      placed(engine, { capacity: { cores: 4, ram: 1000, addresses: 3, gigabytes: 12, volumes: 0 } }),
    ).to.deep.equal([
      [a, { cores: 4, ram: 1000, gigabytes: 10 }],
      [b, { addresses: 3, gigabytes: 2 }],
    ]);
  });

  it('says of what the pools together have too little, at the first instants at which each has', () => {
    const { engine, pools } = poolsOf({ cores: 4 }, { cores: 6 });
    const [a, b] = pools;
    for (const hour of [0, 1, 2, 3, 4, 5]) {
      const during = { start: T + 2 * hour * HOUR, end: T + (2 * hour + 1) * HOUR };
      engine.reserve({ ...during, demand: { capacity: { cores: 4 }, pools: [a ?? ''] } });
    }
    const found = refusal(engine, { capacity: { cores: 11, ram: 1 } }, { start: T, end: T + 12 * HOUR });
    expect(found.message).to.equal(
      'Not free throughout 2030-01-02T00:00:00Z to 2030-01-02T12:00:00Z: 11 cores asked for, 6 free, 1 ram asked for, 0 free in 2 pools.',
    );
    expect(found.most).to.deep.equal({ cores: 6, ram: 0 });
    expect(found.shortages.filter(({ resource }) => resource === 'ram')).to.deep.equal([
      { pool: a, resource: 'ram', from: T, missing: 1 },
      { pool: b, resource: 'ram', from: T, missing: 1 },
    ]);
    // Never enough in either: one span each, without an end.
    expect(found.shortages.filter(({ resource }) => resource === 'cores')).to.deep.equal([
      { pool: a, resource: 'cores', from: T, missing: 11 },
      { pool: b, resource: 'cores', from: T, missing: 5 },
    ]);
    // No more than four spans of a resource in a pool.
    const four = refusal(engine, { capacity: { cores: 4 }, pools: [a ?? ''] }, { start: T, end: T + 12 * HOUR });
    expect(four.shortages).to.deep.equal(
      [0, 1, 2, 3].map((hour) => ({
        pool: a,
        resource: 'cores',
        from: T + 2 * hour * HOUR,
        to: T + (2 * hour + 1) * HOUR,
        missing: 4,
      })),
    );
    expect(four.message).to.match(/: 4 cores asked for, 0 free\.$/);
  });

  it('explains no more than sixteen pools', () => {
    const { engine } = poolsOf(...Array.from({ length: 17 }, () => ({ cores: 1 })));
    expect(refusal(engine, { capacity: { cores: 18 } }).shortages).to.have.length(16);
  });

  it('names the next window of several pools together, and none before it', () => {
    const { engine, pools } = poolsOf({ cores: 4 }, { cores: 4 });
    const [a = '', b = ''] = pools;
    engine.reserve({ start: T, end: T + 2 * HOUR, demand: { capacity: { cores: 3 }, pools: [a] } });
    engine.reserve({ start: T, end: T + 3 * HOUR, demand: { capacity: { cores: 3 }, pools: [b] } });
    const next = (cores: number) => refusal(engine, { capacity: { cores } }).nextWindow?.start;
    expect(next(3)).to.equal(T + 2 * HOUR);
    expect(next(5)).to.equal(T + 2 * HOUR);
    expect(next(6)).to.equal(T + 3 * HOUR);
    expect(next(8)).to.equal(T + 3 * HOUR);
    expect(refusal(engine, { capacity: { cores: 9 } })).to.include({ searchedUntil: T + 365 * DAY });
  });

  it('says how far it looked where the search for a window is too long', () => {
    const { engine, pools } = poolsOf({ cores: 2 }, { addresses: 1 });
    const [a = '', b = ''] = pools;
    const node = engine.head.nodes.get(poolNode(a));
    engine.checked = false;
    // For weeks one core is taken in every other minute.
    for (let minute = 0; minute < 50_000; minute += 2) {
      node?.free.remove({ start: T + minute * MINUTE, end: T + (minute + 1) * MINUTE }, toVector({ cores: 1 }));
    }
    const two = { capacity: { cores: 2 } };
    const short = { start: T, end: T + 1.5 * MINUTE };
    const found = refusal(engine, { ...two, pools: [a] }, short);
    expect(found).not.to.have.property('nextWindow');
    expect(found.searchedUntil)
      .to.be.greaterThan(T)
      .and.to.be.lessThan(T + 50_000 * MINUTE);
    // With another pool there is more to look for, up to one that fits: an earlier one may exist.
    const later = refusal(engine, two, short);
    expect(later.nextWindow?.start).to.equal(T + 49_999 * MINUTE);
    expect(later.searchedUntil)
      .to.be.greaterThan(T)
      .and.to.be.lessThan(T + 49_999 * MINUTE);
    engine.do('increaseCapacity', { pool: b, start: T + 2 * MINUTE, end: T + DAY, capacity: { cores: 2 } });
    const soon = refusal(engine, two, short);
    expect(soon.nextWindow?.start).to.equal(T + 2 * MINUTE);
    expect(soon).not.to.have.property('searchedUntil');
  });

  it('takes nothing from a provider that is being drained', () => {
    const { engine, pools } = poolsOf({ cores: 4 }, { cores: 4 });
    const [a = '', b = ''] = pools;
    engine.reserve({ ...WINDOW, demand: { capacity: { cores: 1 }, pools: [a] } });
    engine.do('retireProvider', { id: engine.head.pools.get(a)?.source ?? '', mode: 'drain' });
    expect(placed(engine, { capacity: { cores: 2 } })).to.deep.equal([[b, { cores: 2 }]]);
    expect(refusal(engine, { capacity: { cores: 1 }, pools: [a] }).message).to.equal(
      'No pool may serve the request: there is none, or none with the zone and elements asked for.',
    );
  });

  it('takes an empty list of pools for none named, and pools in the order of their ids', () => {
    const { engine, pools } = poolsOf({ cores: 4 }, { cores: 4 });
    const [a, b] = pools;
    expect(placed(engine, { capacity: { cores: 1 }, pools: [] })).to.deep.equal([[a, { cores: 1 }]]);
    expect(placed(engine, { capacity: { cores: 1 }, pools: [b ?? '', a ?? ''] })).to.deep.equal([[a, { cores: 1 }]]);
  });
});

describe('zones of pools', () => {
  it('are those they are bound to, or the only one of their provider', () => {
    const engine = new Engine();
    const one = engine.provider([{ name: 'h1', cores: 8, zone: 'a' }], 'one');
    const two = engine.provider(
      [
        { name: 'h2', cores: 8, zone: 'a' },
        { name: 'h3', cores: 8, zone: 'b' },
      ],
      'two',
    );
    const only = engine.pool(one, { cores: 4 });
    const any = engine.pool(two, { cores: 4 });
    const bound = engine.pool(two, { cores: 4 }, 'b');
    const within = (zone: string): Id[] =>
      [...engine.head.pools.values()].filter((pool) => inZone(engine.head, pool, zone)).map(({ id }) => id);
    expect(within('a')).to.deep.equal([only]);
    expect(within('b')).to.deep.equal([bound]);
    expect(eligibleNodes(engine.head, { zone: 'a', pools: [any] })).to.deep.equal({
      nodes: [],
      reason: 'insufficient-capacity',
    });
    const unknown = refusal(engine, { capacity: { cores: 1 }, zone: 'z' });
    expect(unknown).to.include({
      reason: 'unknown-zone',
      message: "No provider of the pools has the zone 'z'; they have 'a', 'b'.",
    });
  });
});

describe('elements that are named', () => {
  it('are looked for in the list of a pool, or at its provider where it lists none', () => {
    const { engine, pools } = poolsOf({ cores: 4 }, { cores: 4 });
    const [first, second] = pools.map((id) => engine.head.pools.get(id));
    if (first === undefined || second === undefined) throw new Error('no pools');
    const has = (pool: Pool, ...elements: string[]): boolean => holdsElements(engine.head, pool, elements);
    for (const element of ['h1', 'f1', 'small', 'i1', 'cirros', 'n1', 'private']) {
      expect(has(first, element), element).to.equal(true);
      expect(has({ ...first, elements: [] }, element), element).to.equal(true);
      expect(has({ ...first, elements: ['h2'] }, element), element).to.equal(false);
      expect(has({ ...first, elements: ['h2', element] }, element), element).to.equal(true);
    }
    expect(has(first, 'h1', 'ghost')).to.equal(false);
    expect(has({ ...first, elements: ['h1'] }, 'h1', 'n1')).to.equal(false);
    expect(has({ ...first, elements: ['h2'] })).to.equal(true);
    expect(has({ ...first, source: 'unknown' }, 'h1')).to.equal(false);
    apply(engine.head, { kind: 'pool', id: first.id, body: { ...first, elements: ['i1'] } });
    const id = engine.reserve({ ...WINDOW, demand: { capacity: { cores: 1 }, elements: ['private'] } });
    const claims = engine.head.reservations.get(id)?.claims ?? [];
    expect(new Set(claims.map(({ node }) => node))).to.deep.equal(new Set([poolNode(second.id)]));
    expect(claims.flatMap(({ host }) => (host === undefined ? [] : hostName(host)))).to.deep.equal([]);
  });
});
