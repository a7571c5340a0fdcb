import { expect } from 'chai';
import * as fc from 'fast-check';
import { toVector } from '../../../src/engine/capacity.ts';
import { promised } from '../../../src/engine/over-commit.ts';
import type { OverCommit } from '../../../src/engine/over-commit.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';

const T = NOW + DAY;

function put(engine: Engine, source: string, cores: number, overCommit?: OverCommit) {
  const entry = {
    id: 'p',
    source,
    capacity: { cores },
    adjustments: [],
    ...(overCommit === undefined ? {} : { overCommit }),
  };
  return engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
}

function reserve(engine: Engine, cores: number): string {
  return engine.do('createReservation', { start: T, end: T + HOUR, demand: { capacity: { cores } } }).outcome;
}

describe('over-commitment', () => {
  it('lets a pool promise more than it has, and takes no more from the provider', () => {
    const engine = new Engine();
    const source = engine.provider([{ name: 'h', cores: 10 }]);
    expect(put(engine, source, 10, { cores: 1500 }).outcome).to.equal('applied');
    expect(reserve(engine, 16)).to.equal('refused');
    expect(reserve(engine, 15)).to.equal('granted');
    expect(reserve(engine, 1)).to.equal('refused');
    expect(put(engine, source, 11, { cores: 1500 }).outcome).to.equal('refused');
  });

  it('keeps a part back by a ratio below 1, rounded down', () => {
    const engine = new Engine();
    put(engine, engine.provider([{ name: 'h', cores: 9 }]), 9, { cores: 500 });
    expect([reserve(engine, 5), reserve(engine, 4)]).to.deep.equal(['refused', 'granted']);
  });

  it('multiplies what is left when the VIM loses a host', () => {
    const engine = new Engine();
    const source = engine.provider([
      { name: 'a', cores: 5 },
      { name: 'b', cores: 5 },
    ]);
    put(engine, source, 10, { cores: 2000 });
    expect(reserve(engine, 12)).to.equal('granted');
    const inventory = engine.head.providers.get(source)?.inventory;
    if (inventory === undefined) throw new Error('no inventory');
    const hosts = inventory.hosts.map((host) => (host.name === 'a' ? { ...host, state: 'down' as const } : host));
    engine.do('updateProvider', { id: source, inventory: { ...inventory, hosts } });
    expect([...engine.head.reservations.values()].map(({ status }) => status)).to.deep.equal(['degraded']);
    expect(engine.head.nodes.get('pool/p')?.total.valueAt(T)[0]).to.equal(10);
    engine.do('updateProvider', { id: source, inventory });
    expect([...engine.head.reservations.values()].map(({ status }) => status)).to.deep.equal(['scheduled']);
  });

  it('refuses a smaller ratio while more is held', () => {
    const engine = new Engine();
    const source = engine.provider([{ name: 'h', cores: 10 }]);
    put(engine, source, 10, { cores: 2000 });
    reserve(engine, 15);
    const result = put(engine, source, 10);
    expect(result.outcome === 'refused' && result.refusals.map(({ refusal }) => refusal.reason)).to.deep.equal([
      'capacity-in-use',
    ]);
    engine.told();
    expect(put(engine, source, 10, { cores: 1500 }).outcome).to.equal('applied');
    expect(engine.told()).to.deep.equal(['capacity decreased']);
  });

  it('is by the ratio of each resource, and of what has none what there is', () => {
    const there = toVector({ cores: 10, ram: 10, instances: 10 });
    expect([...promised(there, { cores: 2000, ram: 500 })].slice(0, 3)).to.deep.equal([20, 5, 10]);
  });

  it('counts exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 1, max: 1_000_000 }), (there, ratio) => {
        const [cores] = promised(toVector({ cores: there }), { cores: ratio });
        expect(cores).to.equal(Number((BigInt(there) * BigInt(ratio)) / 1000n));
      }),
    );
  });
});
