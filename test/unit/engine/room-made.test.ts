/** What is kept, and explained, of those who made room for something. */
import { expect } from 'chai';
import { HIGH, LOW, NORMAL } from '../../../src/engine/entities.ts';
import type { RoomMade } from '../../../src/engine/entities.ts';
import { explainAllocation, explainReservation } from '../../../src/engine/explain.ts';
import { recordOf, reservationIn } from '../../../src/engine/reservation-record.ts';
import { withRoom } from '../../../src/engine/room-made.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';
import { Lab } from './preemption-lab.ts';

function roomOf(lab: Engine, id: string): RoomMade | undefined {
  return lab.head.reservations.get(id)?.room;
}

describe('who made room', () => {
  it('is kept with a reservation that displaced others, and explained', () => {
    const lab = new Lab('priority');
    const machine = lab.booted();
    const low = lab.grant(4, LOW, 1);
    const high = lab.grant(8, HIGH, 1);
    expect(roomOf(lab, high)).to.deep.equal({ reservations: [low], machines: [machine] });
    const explained = explainReservation(lab.head, high, lab.now);
    expect(explained.message).to.contain(
      'For it, 1 reservation gave way, and 1 virtual machine had or will have to go.',
    );
    expect(explained.room).to.deep.equal({ reservations: [low], machines: [machine], moved: [] });
    lab.advance(2 * HOUR);
    lab.gone(machine);
    expect(roomOf(lab, high)).to.deep.equal({ reservations: [low], machines: [machine] });
  });

  it('is in its record, and absent where nobody had to', () => {
    const lab = new Lab('priority');
    const low = lab.head.reservations.get(lab.grant(8, LOW, 1));
    const high = lab.head.reservations.get(lab.grant(8, HIGH, 1));
    if (low === undefined || high === undefined) throw new Error('not granted');
    expect(recordOf(low)).not.to.have.property('room');
    expect(reservationIn(high.id, recordOf(high), lab.head)).to.deep.equal(high);
    expect(recordOf(high).room).to.deep.equal({ reservations: [low.id] });
  });

  it('grows when a change displaces more', () => {
    const lab = new Lab('priority');
    const [first, second] = [lab.grant(4, LOW, 1), lab.grant(4, LOW, 1)];
    const high = lab.grant(4, HIGH, 1);
    expect(roomOf(lab, high)).to.deep.equal({ reservations: [second] });
    lab.do('updateReservation', { id: high, demand: { capacity: { cores: 8, ram: 8192 } } });
    expect(roomOf(lab, high)).to.deep.equal({ reservations: [second, first] });
  });

  it('names machines that were withdrawn when it started', () => {
    const lab = new Lab('best-effort');
    const machine = lab.booted();
    const id = lab.grant(8, NORMAL, 1);
    expect(roomOf(lab, id)).to.equal(undefined);
    lab.advance(HOUR);
    expect(roomOf(lab, id)).to.deep.equal({ machines: [machine] });
    lab.gone(machine);
    expect(roomOf(lab, id)).to.deep.equal({ machines: [machine] });
    expect(lab.status(id)).to.equal('active');
  });

  it('names those that were placed anew, also when it was an offer first', () => {
    for (const offered of [false, true]) {
      const lab = new Engine();
      const source = lab.provider([
        { name: 'fast', cores: 8, traits: ['FAST'] },
        { name: 'slow', cores: 9 },
      ]);
      lab.pool(source, { cores: 17, ram: 17 * 1024, instances: 8 });
      const window = { start: NOW + DAY, end: NOW + DAY + HOUR };
      const size = { vcpus: 8, ram: 1024 };
      const container = (name: string, requiredTraits: readonly string[]) => ({
        name,
        count: 1,
        size,
        requiredTraits,
        forbiddenTraits: [],
      });
      const ask = { ...window, demand: { capacity: {}, containers: [container('a', [])] } };
      const first = lab.reserve(ask);
      const fast = { ...window, demand: { capacity: {}, containers: [container('b', ['FAST'])] } };
      let id: string;
      if (offered) {
        const made = lab.do('requestOffer', { ...fast, holdFor: HOUR });
        if (made.outcome === 'refused') throw new Error(made.refusal.message);
        const accepted = lab.do('acceptOffer', { id: made.offer.id });
        if (accepted.outcome === 'refused') throw new Error(accepted.refusal.message);
        ({ id } = accepted.reservation);
      } else {
        id = lab.reserve(fast);
      }
      expect(roomOf(lab, id)).to.deep.equal({ moved: [first] });
      expect(explainReservation(lab.head, id, lab.now).message).to.contain('For it, 1 reservation had another place.');
    }
  });

  it('names of those who gave way the ones that found another place', () => {
    const lab = new Lab('priority', 8);
    const low = lab.grant(8, LOW, 1);
    lab.pool(lab.lab, { cores: 8, ram: 100_000, instances: 50 }, 'nova');
    const [first] = [...lab.head.pools.keys()].sort();
    if (first === undefined) throw new Error('no pool');
    const result = lab.do('createReservation', {
      start: NOW + HOUR,
      end: NOW + 2 * HOUR,
      priority: HIGH,
      demand: { capacity: { cores: 8 }, pools: [first] },
    });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    expect(roomOf(lab, result.reservation.id)).to.deep.equal({ moved: [low] });
  });

  it('is kept with a machine that took the place of others, and hidden from who may not know them', () => {
    const lab = new Lab('priority');
    lab.as = { user: 'operator', tenant: 'red' };
    const low = lab.grant(8, LOW, 1);
    lab.as = { user: 'bob', tenant: 'blue', confinedTo: 'blue' };
    const made = lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', priority: NORMAL });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    const { id } = made.allocation;
    expect(lab.head.allocations.get(id)?.room).to.deep.equal({ reservations: [low] });
    expect(explainAllocation(lab.head, id, lab.now).room?.reservations).to.deep.equal([low]);
    const seen = explainAllocation(lab.head, id, lab.now, { confinedTo: 'blue' });
    expect(seen.room?.reservations).to.deep.equal([]);
    expect(seen.message).to.contain('For it, 1 reservation gave way.').and.not.to.contain(low);
  });

  it('is added to what was made before, each once; where nobody made any, nothing changes', () => {
    const granted: { readonly name: string; readonly room?: RoomMade } = { name: 'n' };
    expect(withRoom(granted, {})).to.equal(granted);
    expect(withRoom(granted, { reservations: [], machines: [], moved: [] })).to.equal(granted);
    const once = withRoom(granted, { reservations: ['a'], moved: ['b'] });
    expect(once).to.deep.equal({ name: 'n', room: { reservations: ['a'], moved: ['b'] } });
    expect(withRoom(once, { reservations: ['c', 'a'], machines: ['d'] })).to.deep.equal({
      name: 'n',
      room: { reservations: ['a', 'c'], machines: ['d'], moved: ['b'] },
    });
    expect(withRoom(once, {})).to.deep.equal(once);
  });
});
