/** Who is kept when capacity is lost, who gives way, and who is restored: by what is there before and after. */
import { expect } from 'chai';
import type { Capacity } from '../../../src/engine/capacity.ts';
import type { Id, Priority } from '../../../src/engine/entities.ts';
import type { Commands } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const T = NOW + DAY;

/** One pool on a large host, others on providers of their own. */
class Lab extends Engine {
  readonly source: Id;
  readonly first: Id;

  constructor(capacity: Capacity) {
    super();
    this.source = this.provider(undefined, 'first');
    this.first = this.pool(this.source, capacity);
  }

  /** Hours of the first day. */
  hold(capacity: Capacity, more: Partial<Parameters<Commands['createReservation']>[1]> = {}): Id {
    const id = this.reserve({ start: T, end: T + 4 * HOUR, ...more, demand: { capacity, ...more.demand } });
    this.now += 1;
    return id;
  }

  lose(capacity: Capacity, hours?: readonly [number, number]): void {
    const window = hours === undefined ? {} : { start: T + hours[0] * HOUR, end: T + hours[1] * HOUR };
    this.do('decreaseCapacity', { pool: this.first, capacity, force: true, ...window });
  }

  regain(capacity: Capacity): void {
    this.do('increaseCapacity', { pool: this.first, capacity });
  }

  statuses(...ids: readonly Id[]): string[] {
    return ids.map((id) => this.reservation(id).status);
  }
}

describe('when capacity is lost', () => {
  it('those give way who hold of what is lacking, when it is lacking', () => {
    const lab = new Lab({ cores: 10, addresses: 4 });
    const early = lab.hold({ cores: 8 });
    const other = lab.hold({ addresses: 4 });
    const late = lab.hold({ cores: 8 }, { start: T + 4 * HOUR, end: T + 8 * HOUR });
    const both = lab.hold({ cores: 2, addresses: 0 });
    lab.lose({ cores: 1 }, [0, 4]);
    expect(lab.statuses(early, other, late, both)).to.deep.equal(['scheduled', 'scheduled', 'scheduled', 'degraded']);
    lab.lose({ cores: 9 }, [0, 4]);
    expect(lab.statuses(early, other, late, both)).to.deep.equal(['degraded', 'scheduled', 'scheduled', 'degraded']);
    expect(lab.reservation(early)).to.include({
      reason: 'capacity-withdrawn',
      message: 'Capacity was lost; the reservation cannot be kept in full at present.',
    });
  });

  it('those are told in the order of their ids who are restored together', () => {
    const lab = new Lab({ cores: 10 });
    let first = lab.hold({ cores: 5 }, { priority: 3 });
    while (!first.endsWith('9')) {
      lab.do('cancelReservation', { id: first });
      first = lab.hold({ cores: 5 }, { priority: 3 });
    }
    const second = lab.hold({ cores: 5 });
    lab.lose({ cores: 5 });
    lab.lose({ cores: 5 });
    expect([[...lab.head.degraded], second < first]).to.deep.equal([[first, second], true]);
    lab.events.splice(0);
    lab.regain({ cores: 10 });
    const restored = lab.events.flatMap((event) =>
      event.kind === 'reservation-event' && event.cause === 'restored' ? [event.reservation.id] : [],
    );
    expect(restored).to.deep.equal([second, first]);
  });

  it('one who gave way is taken back where the others leave enough after all', () => {
    const lab = new Lab({ cores: 10 });
    const large = lab.hold({ cores: 6 }, { priority: 3 });
    const small = lab.hold({ cores: 4 }, { priority: 3 });
    // The newest goes first; that is too little, and with the other gone it fits again.
    lab.lose({ cores: 5 });
    expect(lab.statuses(large, small)).to.deep.equal(['degraded', 'scheduled']);
    lab.lose({ cores: 2 });
    expect(lab.statuses(large, small)).to.deep.equal(['degraded', 'degraded']);
    lab.regain({ cores: 1 });
    expect(lab.statuses(large, small)).to.deep.equal(['degraded', 'scheduled']);
    lab.regain({ cores: 6 });
    expect(lab.statuses(large, small)).to.deep.equal(['scheduled', 'scheduled']);
    expect(lab.reservation(large)).not.to.have.any.keys('reason', 'message', 'easesAt');
  });

  it('at one instant, who is there at another stays', () => {
    const lab = new Lab({ cores: 10 });
    const holds = [0, 1, 2, 3].map((hour) =>
      lab.hold({ cores: 10 }, { start: T + hour * HOUR, end: T + (hour + 1) * HOUR }),
    );
    lab.lose({ cores: 1 }, [1, 2]);
    expect(lab.statuses(...holds)).to.deep.equal(['scheduled', 'degraded', 'scheduled', 'scheduled']);
    lab.lose({ cores: 1 }, [3, 9]);
    expect(lab.statuses(...holds)).to.deep.equal(['scheduled', 'degraded', 'scheduled', 'degraded']);
  });

  it('it is told in the order of ids, and each once', () => {
    const lab = new Lab({ cores: 10 });
    const priorities: readonly Priority[] = [1, 3, 2];
    const ids = priorities.map((priority) => lab.hold({ cores: 3 }, { priority }));
    lab.told();
    lab.events.length = 0;
    lab.lose({ cores: 10 });
    const told = (): string[] =>
      lab.events
        .splice(0)
        .flatMap((event) => (event.kind === 'reservation-event' ? [`${event.cause} ${event.reservation.id}`] : []));
    expect(told()).to.deep.equal([...ids].sort().map((id) => `degraded ${id}`));
    lab.regain({ addresses: 1 });
    expect(told()).to.deep.equal([]);
    lab.regain({ cores: 10 });
    expect(told()).to.deep.equal([...ids].sort().map((id) => `restored ${id}`));
  });

  it('who has not begun and fits in another pool goes there, and nobody else is touched', () => {
    const lab = new Lab({ cores: 10 });
    const other = lab.pool(lab.provider(undefined, 'other'), { cores: 10 });
    const begun = lab.hold({ cores: 4 }, { start: lab.now, end: T + HOUR });
    const ahead = lab.hold({ cores: 4 });
    const named = lab.hold({ cores: 2 }, { demand: { capacity: { cores: 2 }, pools: [lab.first] } });
    lab.told();
    lab.lose({ cores: 10 });
    expect(lab.statuses(begun, ahead, named)).to.deep.equal(['degraded', 'scheduled', 'degraded']);
    expect(lab.reservation(ahead).claims).to.deep.equal([
      { id: '1', node: `pool/${other}`, start: T, end: T + 4 * HOUR, capacity: { cores: 4 } },
    ]);
    expect(lab.told()).to.deep.equal([
      'capacity decreased',
      'reservation updated scheduled',
      'capacity released',
      'capacity reserved',
      'reservation degraded degraded',
      'reservation degraded degraded',
    ]);
    // Back where there is enough again: who was moved stays where it is.
    lab.regain({ cores: 10 });
    expect(lab.statuses(begun, ahead, named)).to.deep.equal(['active', 'scheduled', 'scheduled']);
    expect(lab.reservation(ahead).claims[0]?.node).to.equal(`pool/${other}`);
  });

  it('who begins at this very instant is not moved', () => {
    const lab = new Lab({ cores: 10 });
    lab.pool(lab.provider(undefined, 'other'), { cores: 10 });
    const id = lab.hold({ cores: 4 });
    lab.now = T;
    lab.lose({ cores: 10 });
    expect(lab.statuses(id)).to.deep.equal(['degraded']);
  });

  it('offers go first, those alone that ease it, and as many as have to', () => {
    const lab = new Lab({ cores: 10, addresses: 4 });
    const kept = lab.hold({ cores: 4 });
    const offer = (capacity: Capacity, start = T, end = T + 4 * HOUR): Id => {
      const result = lab.requestOffer({ start, end, demand: { capacity }, holdFor: 12 * HOUR });
      lab.now += 1;
      return result;
    };
    const offers = [
      offer({ cores: 3 }),
      offer({ cores: 3 }),
      offer({ addresses: 4 }),
      offer({ cores: 6 }, T + 4 * HOUR, T + 8 * HOUR),
    ];
    const held = (): string[] => offers.map((id) => lab.head.offers.get(id)?.status ?? 'gone');
    lab.lose({ cores: 3 }, [0, 4]);
    expect(held()).to.deep.equal(['held', 'lapsed', 'held', 'held']);
    lab.lose({ cores: 5 }, [1, 8]);
    expect(held()).to.deep.equal(['lapsed', 'lapsed', 'held', 'lapsed']);
    expect(lab.statuses(kept)).to.deep.equal(['degraded']);
  });

  it('it is said when it eases: when what lacks first is there, unless that is at the end', () => {
    const lab = new Lab({ cores: 10 });
    const id = lab.hold({ cores: 8 });
    const other = lab.hold({ cores: 2 }, { start: T + HOUR, end: T + 9 * HOUR });
    lab.lose({ cores: 5 }, [0, 2]);
    expect(lab.reservation(id).easesAt).to.equal(T + 2 * HOUR);
    // Beside the other, one less is too little as well.
    lab.lose({ cores: 1 }, [2, 3]);
    expect(lab.reservation(id).easesAt).to.equal(T + 3 * HOUR);
    expect(lab.statuses(other)).to.deep.equal(['scheduled']);
    lab.lose({ cores: 5 }, [2, 5]);
    expect(lab.reservation(id).easesAt).to.equal(undefined);
    lab.do('cancelReservation', { id });
    expect([...lab.due.keys()].filter((item) => item.startsWith('ease'))).to.deep.equal([]);
  });

  it('it is settled by the host as by the pool', () => {
    const engine = new Engine();
    const hosts = (down: readonly string[]) =>
      inventoryOf(
        ['h1', 'h2', 'h3'].map((name) => ({
          name,
          cores: 8,
          state: down.includes(name) ? ('down' as const) : ('up' as const),
        })),
      );
    const source = engine.provider([
      { name: 'h1', cores: 8 },
      { name: 'h2', cores: 8 },
      { name: 'h3', cores: 8 },
    ]);
    engine.pool(source, { cores: 16, ram: 16_384, instances: 10 });
    const containers = [{ name: 'web', count: 1, size: { vcpus: 8, ram: 1024 } }];
    const held = [1, 2].map(() => {
      engine.now += 1;
      return engine.reserve({ start: T, end: T + HOUR, demand: { capacity: {}, containers } });
    });
    const statuses = (...down: readonly string[]): unknown[] => {
      engine.do('updateProvider', { id: source, inventory: hosts(down) });
      return held.map((id) => engine.head.reservations.get(id)?.status);
    };
    expect(statuses('h1')).to.deep.equal(['scheduled', 'scheduled']);
    expect(statuses('h1', 'h2')).to.deep.equal(['scheduled', 'degraded']);
    expect(statuses('h1', 'h2', 'h3')).to.deep.equal(['degraded', 'degraded']);
    expect(statuses('h1', 'h2')).to.deep.equal(['scheduled', 'degraded']);
    expect(statuses()).to.deep.equal(['scheduled', 'scheduled']);
  });
});

describe('who waits for machines that are being deleted', () => {
  it('is those whom the machines stand in the way of, and nobody else', () => {
    const lab = new Lab({ cores: 4, ram: 4096, instances: 4 });
    const reservation = lab.reserve({ end: NOW + HOUR, demand: { capacity: { cores: 1, ram: 512, instances: 1 } } });
    const made = lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', reservation });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    const { id } = made.allocation;
    const later = lab.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 4 } } });
    lab.advance(HOUR);
    expect(lab.statuses(later)).to.deep.equal(['degraded']);
    const lacking = lab.hold({ ram: 3584 }, { start: T + 2 * HOUR, end: T + 3 * HOUR });
    lab.lose({ ram: 1024 }, [2, 3]);
    expect(lab.statuses(later, lacking)).to.deep.equal(['degraded', 'degraded']);
    lab.do('destroyInstance', { id });
    // What lacks without the machine too is restored when it does not any more, the other when the machine is gone.
    lab.do('increaseCapacity', { pool: lab.first, start: T + 2 * HOUR, end: T + 3 * HOUR, capacity: { ram: 1024 } });
    expect(lab.statuses(later, lacking)).to.deep.equal(['degraded', 'scheduled']);
    lab.do('serverGone', { allocation: id });
    expect(lab.statuses(later, lacking)).to.deep.equal(['scheduled', 'scheduled']);
  });
});

describe('what a loss comes to is answered', () => {
  const hosts = (cores: number) => inventoryOf([{ name: 'h1', cores, ram: 100 * 1024 }]);

  it('of those who have just given way, and no others', () => {
    const lab = new Lab({ cores: 8 });
    const [old, young] = [lab.hold({ cores: 4 }), lab.hold({ cores: 4 })];
    const first = lab.do('updateProvider', { id: lab.source, inventory: hosts(7) });
    expect(first).to.deep.include({ degraded: [young], restored: [] });
    const second = lab.do('updateProvider', { id: lab.source, inventory: hosts(3) });
    expect(second).to.deep.include({ degraded: [old], restored: [] });
    expect(lab.do('updateProvider', { id: lab.source, inventory: hosts(2) })).to.deep.include({ degraded: [] });
  });

  it('with what others have of what those who gave way leave elsewhere', () => {
    const lab = new Lab({ cores: 8 });
    const other = lab.provider(undefined, 'second');
    const addresses = lab.pool(other, { addresses: 4 });
    const entry = { ...lab.head.policy, onCapacityLoss: 'favour-priority' as const };
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
    const both = lab.hold({ cores: 4, addresses: 2 }, { priority: 3 });
    const high = lab.hold({ cores: 4 }, { priority: 1 });
    const waiting = lab.hold({ addresses: 2 }, { priority: 3 });
    lab.do('decreaseCapacity', { pool: addresses, capacity: { addresses: 2 }, force: true });
    expect(lab.statuses(both, high, waiting)).to.deep.equal(['scheduled', 'scheduled', 'degraded']);
    const result = lab.do('updateProvider', { id: lab.source, inventory: hosts(4) });
    expect(result).to.deep.include({ degraded: [], restored: [waiting] });
    if (result.outcome === 'ignored') throw new Error(result.outcome);
    expect(result.preempted).to.deep.equal([both]);
    expect(lab.statuses(high, waiting)).to.deep.equal(['scheduled', 'scheduled']);
  });
});
