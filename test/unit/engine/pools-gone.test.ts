import { expect } from 'chai';
import { explainReservation } from '../../../src/engine/explain.ts';
import { InvalidRequest, UnknownEntry } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

describe('pools that go after a request named them', () => {
  let engine: Engine;
  let staying: string;
  let going: string;
  let pools: readonly string[];
  const window = { start: NOW + HOUR, end: NOW + 2 * HOUR };

  beforeEach(() => {
    engine = new Engine();
    staying = engine.provider([{ name: 'h1', cores: 8 }], 'staying');
    going = engine.provider([{ name: 'h2', cores: 8 }], 'going');
    pools = [engine.pool(staying, { cores: 8, ram: 8192 }), engine.pool(going, { cores: 8, ram: 8192 })];
  });

  const retire = (): unknown => engine.do('retireProvider', { id: going, mode: 'refuse' });

  it('have to be there when it is made, in a deferred one and under containers too', () => {
    const demand = { capacity: { cores: 1 }, pools: ['nowhere'] };
    expect(() => engine.do('createReservation', { demand, deferred: true })).to.throw(
      UnknownEntry,
      "no pool 'nowhere'",
    );
    const containers = [{ name: 'c', count: 1, size: { flavor: 'small' }, pools: ['nowhere'] }];
    expect(() => engine.do('requestOffer', { demand: { capacity: {}, containers }, holdFor: HOUR })).to.throw(
      UnknownEntry,
    );
  });

  it('leave a pending reservation to be rejected when it is decided on', () => {
    const [, gone = ''] = pools;
    const demand = { capacity: { cores: 1 }, pools: [gone] };
    const pending = engine.reserve({ ...window, demand, deferred: true });
    retire();
    engine.advance(1);
    expect(engine.head.reservations.get(pending)?.status).to.equal('rejected');
  });

  it('do not keep others from being decided on when capacity is lost', () => {
    const id = engine.reserve({ ...window, demand: { capacity: { cores: 8 }, pools } });
    expect(engine.head.reservations.get(id)?.claims.map(({ node }) => node)).to.deep.equal([`pool/${pools[0] ?? ''}`]);
    expect(retire()).to.deep.equal({ outcome: 'removed' });
    engine.do('updateProvider', { id: staying, inventory: inventoryOf([{ name: 'h1', cores: 4 }]) });
    expect(engine.head.reservations.get(id)?.status).to.equal('degraded');
    engine.do('updateProvider', { id: staying, inventory: inventoryOf([{ name: 'h1', cores: 8 }]) });
    expect(engine.head.reservations.get(id)?.status).to.equal('scheduled');
    engine.do('updateReservation', { id, demand: { capacity: { cores: 2 } } });
    expect(engine.head.reservations.get(id)?.demand).to.deep.include({ capacity: { cores: 2 }, pools });
  });

  it('are not in use by windows that are over', () => {
    const [stays = '', goes = ''] = pools;
    const recurrence = { frequency: 'daily', interval: 1, count: 3 } as const;
    const demand = { capacity: {}, containers: [{ name: 'c', count: 1, size: { flavor: 'large' } }] };
    engine.do('updateProvider', { id: staying, inventory: inventoryOf([{ name: 'h1', cores: 0 }]) });
    const id = engine.reserve({ ...window, recurrence, demand });
    engine.do('updateProvider', { id: staying, inventory: inventoryOf([{ name: 'h1', cores: 8 }]) });
    engine.advance(3 * HOUR);
    engine.do('updateProvider', { id: going, inventory: inventoryOf([{ name: 'h2', cores: 8, state: 'down' }]) });
    const nodes = engine.head.reservations.get(id)?.claims.map(({ node }) => node);
    expect(nodes).to.have.members([`pool/${goes}`, `pool/${stays}`]);
    expect(retire()).to.deep.equal({ outcome: 'removed' });
  });

  it('leave nothing behind when the last that was held there is forgotten', () => {
    const [, gone = ''] = pools;
    const id = engine.reserve({ ...window, demand: { capacity: { cores: 1 }, pools: [gone] } });
    engine.advance(3 * HOUR);
    expect(engine.head.reservations.get(id)?.status).to.equal('ended');
    expect(retire()).to.deep.equal({ outcome: 'removed' });
    expect(engine.head.nodes.has(`pool/${gone}`)).to.equal(true);
    engine.advance(400 * DAY);
    expect(engine.head.reservations.has(id)).to.equal(false);
    expect(engine.head.nodes.has(`pool/${gone}`)).to.equal(false);
  });

  it('do not keep instances from being explained', () => {
    const containers = [{ name: 'c', count: 2, size: { flavor: 'small' }, pools }];
    const id = engine.reserve({ ...window, demand: { capacity: {}, containers } });
    retire();
    const { considered } = explainReservation(engine.head, id, NOW);
    expect(considered.some(({ host, chosen }) => host === 'h1' && chosen)).to.equal(true);
  });

  it('are not made, nor anything without a reservation, while their provider is being drained', () => {
    engine.reserve({ ...window, demand: { capacity: { cores: 1 }, pools: pools.slice(1) } });
    engine.do('retireProvider', { id: going, mode: 'drain' });
    const entry = { id: 'late', source: going, capacity: { cores: 1 }, adjustments: [] };
    expect(() => engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] })).to.throw(
      InvalidRequest,
      'is being drained',
    );
    const machine = { provider: going, name: 'vm', image: 'cirros', flavor: 'small' };
    const result = engine.do('createInstance', machine);
    expect(result.outcome === 'refused' && result.refusal).to.deep.include({
      reason: 'provider-unavailable',
      message: `The provider '${going}' is being drained, and goes when nothing is held there any more.`,
      shortages: [],
    });
  });
});
