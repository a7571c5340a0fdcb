/** How pools follow what their provider has. */
import { expect } from 'chai';
import type { Capacity } from '../../../src/engine/capacity.ts';
import type { ConfigChange } from '../../../src/engine/configuration-change.ts';
import { Draft } from '../../../src/engine/draft.ts';
import { followInventory, inventoryCause, poolsFrom, unpooled } from '../../../src/engine/provider-supply.ts';
import { apply } from '../../../src/engine/state.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';

const WINDOW = { start: NOW, end: NOW + HOUR };
const HOSTS: readonly HostSpec[] = [
  { name: 'h1', cores: 8, zone: 'z1' },
  { name: 'h2', cores: 8, zone: 'z2' },
];

/** A provider of two zones. */
class Lab extends Engine {
  readonly source = this.provider(HOSTS);

  has(hosts: readonly HostSpec[]): string[] {
    this.events.splice(0);
    this.do('updateProvider', { id: this.source, status: 'up', inventory: inventoryOf(hosts) });
    return this.told();
  }

  lost(pool: string): Capacity | undefined {
    return this.head.pools.get(pool)?.lost?.[0]?.capacity;
  }

  left(zone?: string, window = WINDOW): Capacity | undefined {
    const provider = this.head.providers.get(this.source);
    if (provider === undefined) throw new Error('there is no provider');
    return unpooled(this.head, provider, zone, window);
  }
}

describe('what a provider has', () => {
  it('and no pool, is less in a zone by the pools of that zone alone', () => {
    const lab = new Lab();
    lab.pool(lab.source, { cores: 3, ram: 1024 }, 'z1');
    expect(lab.left()).to.deep.equal({ cores: 13, ram: 15_360, instances: 100, addresses: 10 });
    expect(lab.left('z1')).to.deep.equal({ cores: 5, ram: 7168, instances: 100, addresses: 10 });
    expect(lab.left('z2')).to.deep.equal({ cores: 8, ram: 8192, instances: 100, addresses: 10 });
    lab.pool(lab.source, { cores: 12 });
    expect(lab.left('z2'), 'no more than there is in all').to.include({ cores: 1 });
    expect(lab.left('none')).to.include({ cores: 0, ram: 0 });
  });

  it('and no pool, is the least throughout a window', () => {
    const lab = new Lab();
    const pool = lab.pool(lab.source, { cores: 3 }, 'z1');
    const later = { start: NOW + DAY, end: NOW + 2 * DAY };
    lab.do('increaseCapacity', { pool, capacity: { cores: 4 }, ...later });
    expect(lab.left('z1')).to.include({ cores: 5 });
    expect(lab.left('z1', { start: NOW, end: NOW + DAY + 1 })).to.include({ cores: 1 });
    expect(lab.left('z1', { start: NOW + 2 * DAY, end: NOW + 3 * DAY })).to.include({ cores: 5 });
    expect(lab.left('z1', { start: NOW + 2 * DAY - 1, end: NOW + 3 * DAY })).to.include({ cores: 1 });
  });

  it('is by quota alone in each zone where no hosts are seen, and not known before it was asked', () => {
    const lab = new Lab();
    const inventory = { ...inventoryOf([], { cores: 10 }), zones: ['z1'] };
    lab.do('updateProvider', { id: lab.source, status: 'up', inventory });
    lab.pool(lab.source, { cores: 4 }, 'z1');
    expect(lab.left('z1')).to.deep.equal({ cores: 6, instances: 100, addresses: 10 });
    const { provider } = lab.do('addProvider', { access: { type: 'promise-simulator:simulated' } });
    expect(unpooled(lab.head, provider, undefined, WINDOW)).to.equal(undefined);
  });

  it('is lost by the buffer first, then by the last pool, and given back', () => {
    const lab = new Lab();
    const anywhere = lab.pool(lab.source, { cores: 5 });
    const zoned = lab.pool(lab.source, { cores: 3 }, 'z1');
    const last = lab.pool(lab.source, { cores: 4 }, 'z2');
    expect(poolsFrom(lab.head, lab.source).map(({ id }) => id)).to.deep.equal([anywhere, zoned, last]);
    const cores = (h1: number, h2: number): HostSpec[] => [
      { name: 'h1', cores: h1, zone: 'z1' },
      { name: 'h2', cores: h2, zone: 'z2' },
    ];
    const losses = (): unknown[] => [anywhere, zoned, last].map((pool) => lab.lost(pool)?.cores);
    lab.has(cores(6, 6));
    expect(losses()).to.deep.equal([undefined, undefined, undefined]);
    lab.has(cores(6, 5));
    expect(losses(), 'one more than the buffer').to.deep.equal([undefined, undefined, 1]);
    const since = lab.head.pools.get(last)?.lost?.[0]?.since;
    lab.advance(HOUR);
    lab.has(cores(6, 5));
    expect(lab.head.pools.get(last)?.lost?.[0]?.since, 'nothing has changed').to.equal(since);
    lab.has(cores(1, 8));
    expect(losses(), 'the zone that lost it, and then the last').to.deep.equal([undefined, 2, 1]);
    lab.has(cores(0, 8));
    expect(losses()).to.deep.equal([undefined, 3, 1]);
    lab.has(cores(0, 0));
    expect(losses()).to.deep.equal([5, 3, 4]);
    lab.has(HOSTS);
    expect(losses()).to.deep.equal([undefined, undefined, undefined]);
  });

  it('is lost by the last of the pools of a zone first', () => {
    const lab = new Lab();
    const first = lab.pool(lab.source, { cores: 3 }, 'z1');
    const { source } = lab;
    lab.do('applyConfiguration', {
      changes: [{ put: 'pool', entry: { id: 'z', source, zone: 'z1', capacity: { cores: 3 }, adjustments: [] } }],
    });
    lab.has([
      { name: 'h1', cores: 4, zone: 'z1' },
      { name: 'h2', cores: 8, zone: 'z2' },
    ]);
    expect([lab.lost(first)?.cores, lab.lost('z')?.cores]).to.deep.equal([undefined, 2]);
    lab.has([
      { name: 'h1', cores: 2, zone: 'z1' },
      { name: 'h2', cores: 8, zone: 'z2' },
    ]);
    expect([lab.lost(first)?.cores, lab.lost('z')?.cores]).to.deep.equal([1, 3]);
  });

  it('and lost, is told of once: of each pool that lost it, else of the provider', () => {
    const lab = new Lab();
    const down = [{ ...HOSTS[0], state: 'down' } as HostSpec, { name: 'h2', cores: 8, zone: 'z2' }];
    const more = [...HOSTS, { name: 'h3', cores: 1, zone: 'z1' }];
    expect(lab.has(HOSTS)).to.deep.equal([]);
    expect(lab.has(down)).to.deep.equal(['capacity host-failed']);
    expect(lab.has(HOSTS)).to.deep.equal(['capacity host-restored']);
    expect(lab.has(more)).to.deep.equal(['capacity vim-changed']);
    expect(lab.has(more)).to.deep.equal([]);
    lab.pool(lab.source, { cores: 12 });
    expect(lab.has(down)).to.deep.equal(['capacity host-failed']);
  });

  it('is lost by a pool that was to have more of it later', () => {
    const lab = new Lab();
    const pool = lab.pool(lab.source, { cores: 3 });
    lab.do('increaseCapacity', { pool, capacity: { cores: 10 }, start: NOW + DAY, end: NOW + 2 * DAY });
    lab.has([{ name: 'h1', cores: 8, zone: 'z1' }]);
    expect(lab.lost(pool)?.cores).to.equal(5);
  });

  it('is lost at each time of what the pools are then meant to have, none of them at times', () => {
    const lab = new Lab();
    const { source } = lab;
    const at = (hours: number): number => NOW + hours * HOUR;
    const for2h = (id: string, start: number, direction: 'increase' | 'decrease', cores: number): object => ({
      adjustments: [{ id, start: at(start), end: at(start + 2), direction, capacity: { cores } }],
    });
    const pool = (id: string, zone: string, cores: number, more: object): ConfigChange => ({
      put: 'pool',
      entry: { id, source, zone, capacity: { cores }, adjustments: [], ...more },
    });
    lab.do('applyConfiguration', {
      changes: [
        pool('a', 'z1', 4, for2h('less', 1, 'decrease', 4)),
        pool('b', 'z1', 3, for2h('more', 2, 'increase', 1)),
        pool('c', 'z2', 2, for2h('more', 5, 'increase', 6)),
      ],
    });
    lab.has([
      { name: 'h1', cores: 2, zone: 'z1' },
      { name: 'h2', cores: 7, zone: 'z2' },
    ]);
    const losses = (id: string): unknown[] =>
      (lab.head.pools.get(id)?.lost ?? []).map(({ since, until, capacity }) => [
        (since - NOW) / HOUR,
        until === undefined ? undefined : (until - NOW) / HOUR,
        capacity.cores,
      ]);
    expect(losses('a')).to.deep.equal([
      [0, 1, 2],
      [3, undefined, 2],
    ]);
    expect(losses('b')).to.deep.equal([
      [0, 1, 3],
      [1, 2, 1],
      [2, 3, 2],
      [3, 4, 4],
      [4, undefined, 3],
    ]);
    expect(losses('c')).to.deep.equal([[5, 7, 1]]);
  });

  describe('and lost of what pools are meant to have at times,', () => {
    const hosts = (cores: number): HostSpec[] => [{ name: 'h1', cores, zone: 'z1' }];
    const increase = (start: number, end: number): object => ({
      adjustments: [{ id: 'more', start: NOW + start, end: NOW + end, direction: 'increase', capacity: { cores: 4 } }],
    });
    const put = (lab: Lab, more: object): ConfigChange => ({
      put: 'pool',
      entry: { id: 'p', source: lab.source, capacity: { cores: 8 }, adjustments: [], ...more },
    });
    const losses = (lab: Lab): unknown[] =>
      (lab.head.pools.get('p')?.lost ?? []).map(({ since, until, capacity }) => [
        since - NOW,
        until === undefined ? undefined : until - NOW,
        capacity.cores,
      ]);
    let lab: Lab;

    beforeEach(() => {
      lab = new Lab();
    });

    it('is lost while they are meant to have it, also where that is not to last', () => {
      lab.do('applyConfiguration', { changes: [put(lab, increase(0, DAY))] });
      lab.has(hosts(8));
      expect(losses(lab)).to.deep.equal([[0, DAY, 4]]);
    });

    it('is lost for as long as they are, and from when', () => {
      lab.do('applyConfiguration', { changes: [put(lab, increase(HOUR, DAY))] });
      lab.has(hosts(8));
      expect(losses(lab)).to.deep.equal([[HOUR, DAY, 4]]);
      const edit = (start: number, end: number): unknown => {
        lab.do('applyConfiguration', { changes: [put(lab, increase(start, end))] });
        return losses(lab);
      };
      expect(edit(HOUR, DAY - 1)).to.deep.equal([[HOUR, DAY - 1, 4]]);
      expect(edit(HOUR + 1, DAY - 1)).to.deep.equal([[HOUR + 1, DAY - 1, 4]]);
      expect(edit(HOUR, DAY)).to.deep.equal([[HOUR, DAY, 4]]);
    });

    it('is not told of again when it is over', () => {
      lab.do('applyConfiguration', { changes: [put(lab, increase(0, HOUR))] });
      expect(lab.has(hosts(8))).to.deep.equal(['capacity vim-changed']);
      lab.advance(HOUR);
      expect(lab.has(hosts(8))).to.deep.equal([]);
      lab.advance(HOUR);
      expect(lab.has(hosts(8))).to.deep.equal([]);
    });
  });

  it('is lost by those alone that have something of it', () => {
    const lab = new Lab();
    const { source } = lab;
    const first = lab.pool(source, { cores: 12 });
    const zoned = lab.pool(source, { cores: 4 }, 'z1');
    const pool = (id: string, more: object): ConfigChange => ({
      put: 'pool',
      entry: { id, source, capacity: { addresses: 1 }, adjustments: [], ...more },
    });
    lab.do('applyConfiguration', { changes: [pool('y', { zone: 'z1' }), pool('z', {})] });
    lab.has([{ name: 'h1', cores: 2, zone: 'z1' }]);
    expect(
      [first, zoned].map((id) => lab.lost(id)?.cores),
      'two in its zone, and then the last first',
    ).to.deep.equal([10, 4]);
    for (const id of ['y', 'z']) expect(lab.head.pools.get(id), id).to.not.have.property('lost');
  });

  it('is lost by nobody before it is known', () => {
    const lab = new Engine();
    const { provider } = lab.do('addProvider', { access: { type: 'promise-simulator:simulated' } });
    const entry = { id: 'p', source: provider.id, zone: 'z1', capacity: { cores: 4 }, adjustments: [] };
    lab.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
    expect(lab.head.pools.get('p')).to.not.have.property('lost');
  });

  it('is looked for with what each pool is meant to have worked out once', () => {
    const lab = new Lab();
    const pool = lab.pool(lab.source, { cores: 12 });
    for (let hour = 1; hour <= 10; hour++)
      lab.do('increaseCapacity', {
        pool,
        capacity: { cores: 1 },
        start: NOW + hour * HOUR,
        end: NOW + (hour + 1) * HOUR,
      });
    lab.has([{ name: 'h1', cores: 8, zone: 'z1' }]);
    const body = lab.head.pools.get(pool);
    if (body === undefined) throw new Error('there is no pool');
    let reads = 0;
    const counted = {
      ...body,
      get adjustments() {
        reads++;
        return body.adjustments;
      },
    };
    apply(lab.head, { kind: 'pool', id: pool, body: counted });
    reads = 0;
    const draft = new Draft(lab.head, { now: lab.now, newId: () => 'new', user: 'alice' });
    expect(followInventory(draft, lab.source)).to.deep.equal([]);
    expect(reads).to.equal(1);
  });

  it('and does not lose with a host, by its quota, is told of all the same; of a pool with the host', () => {
    const lab = new Lab();
    const quotas = { cores: 4, memoryMb: 4096 };
    const has = (hosts: readonly HostSpec[]): unknown[] => {
      lab.events.splice(0);
      lab.do('updateProvider', { id: lab.source, status: 'up', inventory: inventoryOf(hosts, quotas) });
      return lab.events.flatMap((event) => (event.kind === 'capacity-event' ? [[event.cause, event.host]] : []));
    };
    has(HOSTS);
    const [first, second] = HOSTS;
    if (first === undefined || second === undefined) throw new Error('there are no hosts');
    expect(has([first, { ...second, state: 'down' }])).to.deep.equal([['host-failed', 'h2']]);
    lab.pool(lab.source, { cores: 4 });
    expect(
      has([
        { ...first, state: 'down' },
        { ...second, state: 'down' },
      ]),
    ).to.deep.equal([['host-failed', 'h1']]);
    expect(has([{ ...first, cores: 3, state: 'up' }])).to.deep.equal([['host-restored', 'h1']]);
    expect(has([{ ...first, cores: 2 }])).to.deep.equal([['vim-changed', undefined]]);
  });

  it('has changed because a host failed or came back, or for another reason', () => {
    const up = inventoryOf(HOSTS);
    const down = inventoryOf(HOSTS.map((each) => (each.name === 'h2' ? { ...each, state: 'down' } : each)));
    const more = inventoryOf([...HOSTS, { name: 'h3', cores: 1 }]);
    const moreDown = inventoryOf([...HOSTS, { name: 'h3', cores: 1, state: 'down' }]);
    expect(inventoryCause(up, down)).to.deep.equal({ cause: 'host-failed', host: 'h2' });
    expect(inventoryCause(down, up)).to.deep.equal({ cause: 'host-restored', host: 'h2' });
    for (const [before, after] of [
      [up, up],
      [down, down],
      [up, more],
      [up, moreDown],
      [undefined, down],
      [undefined, up],
    ] as const)
      expect(inventoryCause(before, after)).to.deep.equal({ cause: 'vim-changed' });
    const swapped = inventoryOf(HOSTS.map((each) => (each.name === 'h1' ? { ...each, state: 'down' } : each)));
    expect(inventoryCause(down, swapped), 'a loss is told of first').to.deep.equal({
      cause: 'host-failed',
      host: 'h1',
    });
  });
});
