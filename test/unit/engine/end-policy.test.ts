import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import type { Policy } from '../../../src/engine/entities.ts';
import { recordOf, reservationIn } from '../../../src/engine/reservation-record.ts';
import type { ReservationRecord } from '../../../src/engine/reservation-record.ts';
import { DAY, Engine, HOUR, MINUTE, NOW } from './engine-fixture.ts';

const T = NOW + DAY;
const MACHINE = { name: 'vm', image: 'cirros', flavor: 'small' };

function engineWith(policy: Partial<Policy>, cores = 10): Engine {
  const engine = new Engine();
  setPolicy(engine, policy);
  engine.pool(engine.provider(), { cores, ram: 10_000, instances: 20 });
  engine.told();
  return engine;
}

function setPolicy(engine: Engine, policy: Partial<Policy>): void {
  const result = engine.do('applyConfiguration', {
    changes: [{ put: 'policy', entry: { ...DEFAULT_POLICY, ...policy } }],
  });
  expect(result.outcome).to.equal('applied');
}

/** Notices since the last look, as ids of reservations. */
function notices(engine: Engine): string[] {
  return engine.events
    .splice(0)
    .flatMap((event) => (event.kind === 'reservation-event' && event.cause === 'ending' ? [event.reservation.id] : []));
}

describe('notice before the end', () => {
  const reserve = (engine: Engine, end: number, start = T): string =>
    engine.reserve({ start, end, demand: { capacity: { cores: 1 } } });

  it('is given the lead before the end, once, and not before the start', () => {
    const engine = engineWith({ terminationLead: 30 });
    const long = reserve(engine, T + 2 * HOUR);
    const short = reserve(engine, T + 10 * MINUTE);
    engine.advance(DAY);
    expect(notices(engine)).to.deep.equal([short]);
    engine.advance(90 * MINUTE - 1);
    expect(notices(engine)).to.deep.equal([]);
    engine.advance(1);
    expect(notices(engine)).to.deep.equal([long]);
    engine.advance(DAY);
    expect(notices(engine)).to.deep.equal([]);
  });

  it('leaves nothing to fall due for what is cancelled before its start, when the lead was changed meanwhile', () => {
    const engine = engineWith({ terminationLead: 30 });
    const cancelled = reserve(engine, T + 2 * HOUR);
    const kept = reserve(engine, T + 2 * HOUR);
    setPolicy(engine, { terminationLead: 40 });
    engine.do('cancelReservation', { id: cancelled });
    expect([...engine.due.values()].filter(({ subject }) => subject === cancelled)).to.deep.equal([]);
    engine.advance(DAY + 80 * MINUTE);
    expect(notices(engine)).to.deep.equal([kept]);
  });

  it('moves with the end, and is given again for another end', () => {
    const engine = engineWith({ terminationLead: 30 });
    const id = reserve(engine, T + HOUR);
    engine.do('updateReservation', { id, end: T + 2 * HOUR });
    engine.advance(DAY + HOUR);
    expect(notices(engine)).to.deep.equal([]);
    engine.advance(30 * MINUTE);
    expect(notices(engine)).to.deep.equal([id]);
    engine.do('updateReservation', { id, name: 'same end' });
    engine.advance(10 * MINUTE);
    expect(notices(engine)).to.deep.equal([]);
    engine.do('updateReservation', { id, end: T + 4 * HOUR });
    engine.advance(4 * HOUR);
    expect(notices(engine)).to.deep.equal([id]);
  });

  it('is given again for another end, also of what is shorter than the lead before and after', () => {
    const engine = engineWith({ terminationLead: 30 });
    const id = engine.reserve({ end: NOW + 10 * MINUTE, demand: { capacity: { cores: 1 } } });
    const toldAfter = (step: () => unknown): string[] => {
      step();
      engine.advance(MINUTE);
      return notices(engine);
    };
    expect(toldAfter(() => engine.advance(0))).to.deep.equal([id]);
    for (const end of [NOW + 20 * MINUTE, NOW + 5 * MINUTE]) {
      expect(toldAfter(() => engine.do('updateReservation', { id, end }))).to.deep.equal([id]);
      expect(toldAfter(() => engine.do('updateReservation', { id, name: 'same end', end }))).to.deep.equal([]);
    }
  });

  it('is not given for what was cancelled', () => {
    const engine = engineWith({ terminationLead: 30 });
    const id = reserve(engine, T + HOUR);
    engine.do('cancelReservation', { id });
    engine.advance(2 * DAY);
    expect(notices(engine)).to.deep.equal([]);
  });

  it('follows a change of the policy for what is reserved already', () => {
    const engine = engineWith({});
    const early = reserve(engine, T + HOUR);
    const late = reserve(engine, T + 5 * HOUR);
    setPolicy(engine, { terminationLead: 30 });
    engine.advance(DAY + 30 * MINUTE);
    expect(notices(engine)).to.deep.equal([early]);
    setPolicy(engine, { terminationLead: 40 });
    engine.advance(10 * MINUTE);
    expect(notices(engine)).to.deep.equal([]);
    setPolicy(engine, { terminationLead: 6 * 60 });
    engine.advance(0);
    expect(notices(engine)).to.deep.equal([late]);
  });

  it('that is due at the very moment at which the lead gets shorter is given by the new lead', () => {
    const engine = engineWith({ terminationLead: 30 });
    const id = reserve(engine, T + HOUR);
    engine.advance(DAY + 29 * MINUTE);
    engine.now += MINUTE;
    setPolicy(engine, { terminationLead: 10 });
    engine.advance(0);
    expect(notices(engine)).to.deep.equal([]);
    engine.advance(20 * MINUTE);
    expect(notices(engine)).to.deep.equal([id]);
    engine.advance(DAY);
    expect(notices(engine)).to.deep.equal([]);
  });

  it('is not given again when the lead gets shorter and longer, or goes and comes back, after a restart too', () => {
    const engine = engineWith({ terminationLead: 30 });
    const id = reserve(engine, T + HOUR);
    engine.advance(DAY + 35 * MINUTE);
    expect(notices(engine)).to.deep.equal([id]);
    // Cast: what was a record is one after a journey through JSON.
    const record = JSON.parse(JSON.stringify(recordOf(engine.reservation(id)))) as ReservationRecord;
    engine.head.reservations.set(id, reservationIn(id, record, engine.head));
    for (const policy of [{ terminationLead: 10 }, { terminationLead: 40 }, {}, { terminationLead: 30 }]) {
      setPolicy(engine, policy);
      engine.advance(0);
    }
    engine.advance(DAY);
    expect(notices(engine)).to.deep.equal([]);
  });

  it('is given anew of an end that comes back in the place of another', () => {
    const engine = engineWith({ terminationLead: 30 });
    const id = reserve(engine, T + HOUR);
    engine.advance(DAY + 35 * MINUTE);
    expect(notices(engine)).to.deep.equal([id]);
    engine.do('updateReservation', { id, end: T + 3 * HOUR });
    engine.do('updateReservation', { id, end: T + HOUR });
    engine.advance(0);
    expect(notices(engine)).to.deep.equal([id]);
  });

  it('is not given any more when the policy has no lead', () => {
    const engine = engineWith({ terminationLead: 30 });
    reserve(engine, T + HOUR);
    setPolicy(engine, {});
    engine.advance(2 * DAY);
    expect(notices(engine)).to.deep.equal([]);
  });

  it('that was missed while nothing ran is given late, before the end is told', () => {
    const engine = engineWith({ terminationLead: 30 });
    reserve(engine, T + HOUR);
    engine.told();
    engine.sleep(3 * DAY);
    expect(engine.told()).to.deep.equal([
      'reservation started active',
      'reservation ending active',
      'reservation ended ended',
    ]);
  });

  it('says which window ends, and when, and what becomes then of what is allocated', () => {
    const outlook = (atEnd: Policy['atEnd'], machines: number, recurs = false, deleted = 0): string => {
      const engine = engineWith({ terminationLead: 30, atEnd });
      const daily = { recurrence: { frequency: 'daily', interval: 1, count: 3 } } as const;
      const demand = { capacity: { cores: 2, ram: 1024 } };
      const reservation = engine.reserve({ start: NOW, end: NOW + HOUR, demand, ...(recurs ? daily : {}) });
      for (let made = 0; made < machines; made++) engine.do('createInstance', { ...MACHINE, reservation });
      for (const id of [...engine.head.allocations.keys()].slice(0, deleted)) engine.do('destroyInstance', { id });
      engine.advance(30 * MINUTE);
      const ending = engine.events.find((event) => event.kind === 'reservation-event' && event.cause === 'ending');
      return ending?.kind === 'reservation-event' ? (ending.reservation.message ?? '') : '';
    };
    const end = 'Ends at 2030-01-01T01:00:00Z.';
    expect(outlook('terminate', 0)).to.equal(end);
    const fate = 'What is allocated under it is then';
    expect(outlook('terminate', 1)).to.equal(`${end} ${fate} destroyed: 1 virtual machine.`);
    expect(outlook('terminate', 2)).to.equal(`${end} ${fate} destroyed: 2 virtual machines.`);
    expect(outlook('release', 1)).to.equal(`${end} ${fate} released and run on without it: 1 virtual machine.`);
    expect(outlook('release', 2, false, 1)).to.equal(
      `${end} ${fate} released and run on without it: 1 virtual machine.`,
    );
    expect(outlook('release', 1, false, 1)).to.equal(end);
    expect(outlook('release', 0, true)).to.equal('Window 1 of 3 ends at 2030-01-01T01:00:00Z.');
  });
});

describe('the end of a reservation', () => {
  function withMachine(policy: Partial<Policy>): { readonly engine: Engine; readonly machine: string } {
    const engine = engineWith(policy, 1);
    const reservation = engine.reserve({ end: NOW + HOUR, demand: { capacity: { cores: 1, ram: 512 } } });
    const made = engine.do('createInstance', { ...MACHINE, reservation });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    return { engine, machine: made.allocation.id };
  }

  it('releases what was allocated: it runs on, and who counted on its capacity is degraded', () => {
    const { engine, machine } = withMachine({ atEnd: 'release' });
    const next = engine.reserve({ start: NOW + HOUR, end: NOW + 2 * HOUR, demand: { capacity: { cores: 1 } } });
    engine.advance(HOUR);
    expect(engine.head.allocations.get(machine)).to.include({ vmState: 'INITIALIZED', backing: 'own' });
    expect(engine.head.reservations.get(next)?.status).to.equal('degraded');
  });

  it('terminates what was allocated, and nobody who comes after is degraded for the time that takes', () => {
    const { engine, machine } = withMachine({ atEnd: 'terminate' });
    const next = engine.reserve({
      start: NOW + HOUR,
      end: NOW + 2 * HOUR,
      demand: { capacity: { cores: 1, ram: 512 } },
    });
    engine.told();
    engine.advance(HOUR);
    expect(engine.head.allocations.get(machine)).to.include({ vmState: 'DELETING', intent: 'delete', backing: 'own' });
    expect(engine.told()).to.deep.equal([
      'allocation reservation-over DELETING',
      'reservation ended ended',
      'reservation started active',
    ]);
    // Its capacity is not to be had before it is gone: neither by allocations nor by reservations.
    const early = engine.do('createInstance', { ...MACHINE, reservation: next });
    expect(early.outcome === 'refused' && early.refusal.reason).to.equal('insufficient-capacity');
    const free = engine.do('createReservation', {
      start: NOW + 3 * HOUR,
      end: NOW + 4 * HOUR,
      demand: { capacity: { cores: 1 } },
    });
    expect(free.outcome).to.equal('refused');
    engine.do('serverGone', { allocation: machine });
    expect(engine.do('createInstance', { ...MACHINE, reservation: next }).outcome).to.equal('accepted');
  });

  it('degrades who comes after when a machine cannot be deleted', () => {
    const { engine, machine } = withMachine({ atEnd: 'terminate' });
    const next = engine.reserve({ start: NOW + HOUR, end: NOW + 2 * HOUR, demand: { capacity: { cores: 1 } } });
    engine.advance(HOUR);
    engine.do('vmStateReported', { allocation: machine, vmState: 'ERROR' });
    expect(engine.head.reservations.get(next)?.status).to.equal('degraded');
    engine.do('serverGone', { allocation: machine });
    expect(engine.head.reservations.get(next)?.status).to.equal('active');
  });
});

describe('an update of a reservation with allocations', () => {
  function zones(): Engine {
    const engine = new Engine();
    const source = engine.provider([
      { name: 'h1', cores: 10, zone: 'a' },
      { name: 'h2', cores: 10, zone: 'b' },
    ]);
    for (const id of ['a', 'b']) {
      const entry = { id, source, zone: id, capacity: { cores: 10, ram: 4096, instances: 10 }, adjustments: [] };
      engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
    }
    return engine;
  }

  function occupied(): { readonly engine: Engine; readonly id: string } {
    const engine = zones();
    const id = engine.reserve({ end: NOW + HOUR, demand: { capacity: { cores: 3, ram: 2048 } } });
    for (const name of ['one', 'two']) engine.do('createInstance', { ...MACHINE, name, reservation: id });
    return { engine, id };
  }

  it('cannot shrink below them, and says what is in use', () => {
    const { engine, id } = occupied();
    const before = engine.head.reservations.get(id);
    const result = engine.do('updateReservation', { id, demand: { capacity: { cores: 1 } } });
    if (result.outcome !== 'refused') throw new Error('shrunk');
    expect(result.refusal).to.deep.include({ reason: 'below-allocated', inUse: { cores: 2, ram: 1024 } });
    expect(engine.head.reservations.get(id)).to.equal(before);
    const smaller = engine.do('updateReservation', { id, demand: { capacity: { cores: 2, ram: 1024 } } });
    expect(smaller.outcome).to.equal('updated');
  });

  it('cannot leave where they are, but can say that it stays there', () => {
    const { engine, id } = occupied();
    const move = engine.do('updateReservation', { id, demand: { zone: 'b' } });
    expect(move.outcome === 'refused' && move.refusal.reason).to.equal('below-allocated');
    expect(engine.do('updateReservation', { id, demand: { zone: 'a', pools: ['a'] } }).outcome).to.equal('updated');
  });

  it('cannot put off a start that has arrived', () => {
    const { engine, id } = occupied();
    const later = engine.do('updateReservation', { id, start: NOW + 10 * MINUTE });
    expect(later.outcome === 'refused' && later.refusal.reason).to.equal('below-allocated');
  });

  it('changes times, capacity, zone and pools in one, or nothing at all', () => {
    const engine = zones();
    const id = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 3 }, zone: 'a' } });
    const before = engine.head.reservations.get(id);
    const change = {
      id,
      start: T + HOUR,
      end: T + 3 * HOUR,
      demand: { capacity: { cores: 10 }, zone: 'b', pools: ['b'] },
    };
    const other = engine.reserve({
      start: T + 2 * HOUR,
      end: T + 4 * HOUR,
      demand: { capacity: { cores: 1 }, zone: 'b' },
    });
    const refused = engine.do('updateReservation', change);
    expect(refused.outcome === 'refused' && refused.refusal.most).to.deep.equal({ cores: 9 });
    expect(engine.head.reservations.get(id)).to.equal(before);
    engine.do('cancelReservation', { id: other });
    const result = engine.do('updateReservation', change);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    const { startsAt, endsAt, claims } = result.reservation;
    expect({ startsAt, endsAt, claims }).to.deep.equal({
      startsAt: T + HOUR,
      endsAt: T + 3 * HOUR,
      claims: [{ id: '1', node: 'pool/b', start: T + HOUR, end: T + 3 * HOUR, capacity: { cores: 10 } }],
    });
  });

  it('goes on with them: the machines end with it', () => {
    const { engine, id } = occupied();
    expect(engine.do('updateReservation', { id, end: NOW + 2 * HOUR }).outcome).to.equal('updated');
    for (const allocation of engine.head.allocations.values()) expect(allocation.endsAt).to.equal(NOW + 2 * HOUR);
    engine.advance(HOUR);
    expect(engine.head.reservations.get(id)?.status).to.equal('active');
  });

  it('or a cancellation releases them', () => {
    const { engine, id } = occupied();
    const result = engine.do('cancelReservation', { id });
    expect(result.outcome === 'cancelled' && result.released).to.have.length(2);
    for (const allocation of engine.head.allocations.values())
      expect(allocation).to.include({ backing: 'own', priority: 2 });
  });
});

describe('a machine that outgrew its reservation', () => {
  const outgrown = (policy: Partial<Policy>) => {
    const engine = engineWith(policy);
    const reservation = engine.reserve({ end: NOW + HOUR, demand: { capacity: { cores: 1, ram: 512, instances: 1 } } });
    const made = engine.do('createInstance', { ...MACHINE, reservation });
    if (made.outcome !== 'accepted') throw new Error('refused');
    const machine = made.allocation.id;
    engine.do('serverAccepted', { allocation: machine, server: 's1' });
    engine.do('serverResized', { allocation: machine, flavor: 'f2' });
    return { engine, reservation, machine };
  };

  it('is deleted at the end of it where the policy is to terminate', () => {
    const { engine, machine } = outgrown({ atEnd: 'terminate', terminationLead: 30 });
    expect(engine.head.allocations.get(machine)?.backing).to.equal('own');
    engine.advance(30 * MINUTE);
    const ending = engine.events.find((event) => event.kind === 'reservation-event' && event.cause === 'ending');
    expect(ending)
      .to.have.nested.property('reservation.message')
      .that.matches(/then destroyed: 1 virtual machine\.$/);
    engine.advance(30 * MINUTE);
    expect(engine.head.allocations.get(machine)).to.include({ vmState: 'DELETING', intent: 'delete' });
  });

  it('runs on where the policy is to release, whatever it is later', () => {
    const { engine, machine } = outgrown({ atEnd: 'release' });
    engine.advance(HOUR);
    setPolicy(engine, { atEnd: 'terminate' });
    engine.advance(2 * DAY);
    expect(engine.head.allocations.get(machine)?.vmState).to.equal('BUILD');
  });
});

describe('what was not allocated in time', () => {
  /** From 1 to 3 o'clock on two days, of which what is not allocated in an hour is released. */
  const TWO_DAYS = {
    start: NOW + HOUR,
    end: NOW + 3 * HOUR,
    expiryTime: NOW + 2 * HOUR,
    recurrence: { frequency: 'daily', interval: 1, count: 2 },
  } as const;
  const CONTAINER = { name: 'web', count: 3, size: { vcpus: 2, ram: 1024, disk: 1 } };
  const boot = (engine: Engine, reservation: string): string => {
    const made = engine.do('createInstance', { ...MACHINE, reservation });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    return made.allocation.id;
  };

  it('is released; the reservation says so, and asks for what is left', () => {
    const engine = engineWith({});
    const id = engine.reserve({ demand: { capacity: { cores: 4, ram: 4096 } } });
    boot(engine, id);
    engine.advance(HOUR);
    expect(engine.reservation(id)).to.deep.include({
      status: 'active',
      reason: 'not-allocated-in-time',
      message: 'What was not allocated in time was released.',
      demand: { capacity: { cores: 1, ram: 512 } },
    });
    expect(engine.reservation(id)).not.to.have.property('expiresAt');
    const none = engine.reserve({ demand: { capacity: { cores: 4 } } });
    engine.advance(HOUR);
    expect(engine.reservation(none)).to.include({ status: 'expired', message: 'Nothing was allocated in time.' });
    expect(engine.do('createInstance', { ...MACHINE, reservation: none })).to.have.nested.property(
      'refusal.reason',
      'reservation-over',
    );
  });

  it('is nothing where all was allocated, and nothing is said of it, then or after a change', () => {
    const engine = engineWith({});
    const id = engine.reserve({ demand: { capacity: { cores: 1, ram: 512 } } });
    const machine = boot(engine, id);
    const before = engine.reservation(id);
    engine.told();
    engine.advance(HOUR);
    expect(engine.told()).to.deep.equal([]);
    expect(engine.reservation(id)).to.equal(before);
    engine.do('destroyInstance', { id: machine });
    engine.do('serverGone', { allocation: machine });
    engine.do('updateReservation', { id, demand: { capacity: { cores: 2, ram: 1024 } } });
    engine.advance(HOUR);
    expect(engine.reservation(id).claims.map(({ capacity }) => capacity)).to.deep.equal([{ cores: 2, ram: 1024 }]);
    expect(engine.reservation(id)).to.include({ status: 'active' }).and.not.to.have.any.keys('reason', 'expiresAt');
  });

  it('is released of containers and of capacity beside them, each by itself', () => {
    const engine = engineWith({});
    const both = { capacity: { cores: 2, ram: 1024 }, containers: [CONTAINER, { ...CONTAINER, name: 'db', count: 1 }] };
    const id = engine.reserve({ demand: both });
    boot(engine, id);
    engine.advance(HOUR);
    expect(engine.reservation(id).demand).to.deep.equal({ capacity: {}, containers: [{ ...CONTAINER, count: 1 }] });
    const capacity = engine.reserve({
      demand: { capacity: { cores: 2, ram: 1024 }, containers: [CONTAINER] },
    });
    for (let count = 0; count < 4; count++) boot(engine, capacity);
    const instances = [...engine.head.allocations.values()].filter(({ claim, reservation }) => {
      return claim !== undefined && reservation === capacity;
    });
    for (const { id: allocation } of instances) engine.do('createFailed', { allocation, fault: { message: 'none' } });
    engine.advance(HOUR);
    expect(engine.reservation(capacity).demand).to.deep.equal({ capacity: { cores: 1, ram: 512 } });
  });

  it('leaves what is configured as its client has it', () => {
    const engine = engineWith({});
    const entry = { id: 'r', end: T, demand: { capacity: { cores: 4, ram: 4096 } } };
    engine.do('applyConfiguration', { changes: [{ put: 'reservation', entry }] });
    boot(engine, 'r');
    engine.advance(HOUR);
    expect(engine.reservation('r')).to.deep.include({ demand: entry.demand, reason: 'not-allocated-in-time' });
    expect(engine.reservation('r').claims.map(({ capacity }) => capacity)).to.deep.equal([{ cores: 1, ram: 512 }]);
  });

  it('is released of what recurs until the window is over, and nothing is said of it in the next', () => {
    const engine = engineWith({ atEnd: 'terminate' });
    const id = engine.reserve({ ...TWO_DAYS, demand: { capacity: { cores: 4 } } });
    engine.advance(2 * HOUR);
    expect(engine.reservation(id)).to.include({
      reason: 'not-allocated-in-time',
      message: 'What was not allocated in time was released until 2030-01-01T03:00:00Z.',
    });
    engine.advance(HOUR);
    expect(engine.reservation(id)).to.include({ status: 'scheduled', expiresAt: T + 2 * HOUR });
    expect(engine.reservation(id)).not.to.have.any.keys('reason', 'message');
  });

  it('ends what recurs in its last window, whatever earlier ones left behind', () => {
    const engine = engineWith({});
    const id = engine.reserve({ ...TWO_DAYS, demand: { capacity: { cores: 4, ram: 4096 } } });
    engine.advance(HOUR);
    const machine = boot(engine, id);
    engine.advance(2 * HOUR);
    expect(engine.head.allocations.get(machine)).to.include({ backing: 'own', reservation: id });
    engine.advance(DAY - HOUR);
    expect(engine.reservation(id)).to.include({ status: 'expired', reason: 'not-allocated-in-time' });
  });
});

describe('one that ends while it lacks something', () => {
  it('says no more of that, and keeps it said between its windows', () => {
    const engine = new Engine();
    const pool = engine.pool(engine.provider(), { cores: 10 });
    const reserve = (count: number, cores: number): string =>
      engine.reserve({
        start: NOW + HOUR,
        end: NOW + 3 * HOUR,
        ...(count === 1 ? {} : { recurrence: { frequency: 'daily', interval: 1, count } }),
        demand: { capacity: { cores } },
      });
    const [once, twice] = [reserve(1, 5), reserve(2, 5)];
    const less = (start: number, end: number): unknown =>
      engine.do('decreaseCapacity', { pool, start, end, capacity: { cores: 10 }, force: true });
    less(NOW + HOUR, NOW + 4 * HOUR);
    less(T, T + 2 * HOUR);
    const lacking = { status: 'degraded', reason: 'capacity-withdrawn' };
    expect(engine.head.reservations.get(twice)).to.include(lacking);
    engine.advance(3 * HOUR);
    expect(engine.head.reservations.get(once)).to.include({ status: 'ended', reason: 'window-over' });
    expect(engine.head.reservations.get(once)).not.to.have.any.keys('message', 'easesAt', 'hold');
    expect(engine.head.reservations.get(twice)).to.include(lacking);
    expect(engine.head.reservations.get(twice)).to.have.property(
      'message',
      'Capacity was lost; the reservation cannot be kept in full at present.',
    );
    engine.advance(DAY);
    expect(engine.head.reservations.get(twice)).to.include({ status: 'ended' });
  });
});

describe('machines at the end', () => {
  it('that are being deleted already are not deleted again', () => {
    const engine = engineWith({ atEnd: 'terminate' });
    const reservation = engine.reserve({ end: NOW + HOUR, demand: { capacity: { cores: 1, ram: 512 } } });
    const made = engine.do('createInstance', { ...MACHINE, reservation });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    const allocation = made.allocation.id;
    engine.do('serverAccepted', { allocation, server: 's1' });
    engine.do('destroyInstance', { id: allocation });
    engine.do('deletionAccepted', { allocation });
    engine.advance(HOUR);
    const after = engine.head.allocations.get(allocation);
    expect(after).to.include({ backing: 'own', vmState: 'DELETING' }).and.not.to.have.property('intent');
  });
});

describe('the withdrawal of a reservation', () => {
  it('is answered with what it was, which holds nothing, and forgets what is over', () => {
    const engine = engineWith({});
    const id = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 1 } } });
    const result = engine.do('cancelReservation', { id });
    expect(result.reservation).to.deep.include({ status: 'cancelled', reason: 'requested-by-consumer', claims: [] });
    expect(result.reservation).not.to.have.property('hold');
    const entry = { id: 'r', start: T, end: T + HOUR, demand: { capacity: { cores: 1 } } };
    engine.do('applyConfiguration', { changes: [{ put: 'reservation', entry }] });
    engine.advance(DAY + HOUR);
    expect(engine.head.reservations.get('r')?.status).to.equal('ended');
    engine.told();
    engine.do('applyConfiguration', { changes: [{ remove: 'reservation', id: 'r' }] });
    expect(engine.head.reservations.has('r')).to.equal(false);
    expect(engine.told()).to.deep.equal([]);
  });
});
