import { expect } from 'chai';
import { InvalidRequest, OwnedByOther, UnknownEntry } from '../../../src/engine/requests.ts';
import type { Commands } from '../../../src/engine/requests.ts';
import { queryReservations } from '../../../src/engine/queries.ts';
import { DAY, Engine, HOUR, MINUTE, NOW } from './engine-fixture.ts';

const T = NOW + DAY;

function engineWithPool(cores = 10): Engine {
  const engine = new Engine();
  engine.pool(engine.provider(), { cores, ram: 102_400 - 1024, instances: 50 });
  engine.told();
  return engine;
}

describe('reservations (reservation flow of the first seed, steps 1 to 4)', () => {
  it('reserves for future use, starts and ends, with an event each', () => {
    const engine = engineWithPool();
    const result = engine.do('createReservation', { start: T, end: T + HOUR, demand: { capacity: { cores: 4 } } });
    expect(result.outcome).to.equal('granted');
    expect(engine.told()).to.deep.equal(['reservation created scheduled', 'capacity reserved']);
    engine.advance(DAY);
    expect(engine.told()).to.deep.equal(['reservation started active']);
    engine.advance(HOUR);
    expect(engine.told()).to.deep.equal(['reservation ended ended']);
  });

  it('refuses what does not fit and says the most, the shortage and the next window', () => {
    const engine = engineWithPool();
    engine.reserve({ start: T, end: T + 2 * HOUR, demand: { capacity: { cores: 7 } } });
    const result = engine.do('createReservation', {
      start: T + HOUR,
      end: T + 3 * HOUR,
      demand: { capacity: { cores: 4 } },
    });
    if (result.outcome !== 'refused') throw new Error('granted');
    const { refusal } = result;
    expect(refusal.reason).to.equal('insufficient-capacity');
    expect(refusal.most).to.deep.equal({ cores: 3 });
    expect(refusal.nextWindow).to.deep.equal({ start: T + 2 * HOUR, end: T + 4 * HOUR });
    expect(refusal.shortages).to.deep.equal([
      { pool: engine.head.poolOrder[0], resource: 'cores', from: T + HOUR, to: T + 2 * HOUR, missing: 1 },
    ]);
    expect(refusal.message).to.contain('4 cores asked for, 3 free');
  });

  it('grants what was offered as the most, and the next window', () => {
    const engine = engineWithPool();
    engine.reserve({ start: T, end: T + 2 * HOUR, demand: { capacity: { cores: 7 } } });
    engine.reserve({ start: T, end: T + 2 * HOUR, demand: { capacity: { cores: 3 } } });
    engine.reserve({ start: T + 2 * HOUR, end: T + 4 * HOUR, demand: { capacity: { cores: 10 } } });
  });

  it('says how far it searched when nothing ever fits', () => {
    const engine = engineWithPool();
    const result = engine.do('createReservation', { start: T, end: T + HOUR, demand: { capacity: { cores: 11 } } });
    if (result.outcome !== 'refused') throw new Error('granted');
    expect(result.refusal.nextWindow).to.equal(undefined);
    expect(result.refusal.searchedUntil).to.equal(T + 365 * DAY);
    expect(result.refusal.most).to.deep.equal({ cores: 10 });
  });

  it('gives a reservation for immediate use a validity period, after which it expires', () => {
    const engine = engineWithPool();
    const id = engine.reserve({ demand: { capacity: { cores: 10 } } });
    const reservation = engine.head.reservations.get(id);
    expect(reservation?.status).to.equal('active');
    expect(reservation?.expiresAt).to.equal(NOW + 60 * MINUTE);
    expect(reservation?.endsAt).to.equal(NOW + 8760 * HOUR);
    engine.told();
    engine.advance(HOUR);
    expect(engine.told()).to.deep.equal(['reservation expired expired', 'capacity released']);
    engine.reserve({ demand: { capacity: { cores: 10 } } });
  });

  it('moves the expiry that policy sets with the start, and none that was asked for', () => {
    const engine = engineWithPool();
    const policy = { ...engine.head.policy, expiry: 30 };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: policy }] });
    const wanted = { start: T, end: T + 4 * HOUR, demand: { capacity: { cores: 1 } } };
    const id = engine.reserve(wanted);
    const fixed = engine.reserve({ ...wanted, expiryTime: T + 2 * HOUR });
    for (const each of [id, fixed]) engine.do('updateReservation', { id: each, start: T + HOUR });
    expect(engine.head.reservations.get(id)?.expiresAt).to.equal(T + HOUR + 30 * MINUTE);
    expect(engine.head.reservations.get(fixed)?.expiresAt).to.equal(T + 2 * HOUR);
  });

  it('lets another have what ends at the same instant', () => {
    const engine = engineWithPool();
    engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 10 } } });
    engine.reserve({ start: T + HOUR, end: T + 2 * HOUR, demand: { capacity: { cores: 10 } } });
    engine.told();
    engine.sleep(2 * DAY);
    expect(engine.told()).to.deep.equal([
      'reservation started active',
      'reservation ended ended',
      'reservation started active',
      'reservation ended ended',
    ]);
  });

  it('names the policy that a request violates', () => {
    const engine = engineWithPool();
    const policy = { ...engine.head.policy, maxFutureStartRange: 10, maxFutureEndRange: 20, maxDuration: 48 };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: policy }] });
    const violated = (start: number, end?: number): string | undefined => {
      const times = end === undefined ? { start } : { start, end };
      const result = engine.do('createReservation', { ...times, demand: { capacity: { cores: 1 } } });
      return result.outcome === 'refused' ? result.refusal.policy : undefined;
    };
    expect(violated(NOW + 11 * DAY, NOW + 12 * DAY)).to.equal('max-future-start-range');
    expect(violated(NOW + 9 * DAY, NOW + 21 * DAY)).to.equal('max-future-end-range');
    expect(violated(NOW + 9 * DAY, NOW + 12 * DAY)).to.equal('max-duration');
    expect(violated(NOW + 9 * DAY)).to.equal(undefined);
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...policy, openEnded: 'refuse' } }] });
    expect(violated(NOW + 9 * DAY)).to.equal('open-ended');
  });

  it('throws at input that cannot be, naming the field', () => {
    const engine = engineWithPool();
    const field = (input: object): string | undefined => {
      try {
        engine.do('createReservation', { demand: { capacity: { cores: 1 } }, ...input });
        return undefined;
      } catch (error) {
        expect(error).to.be.instanceOf(InvalidRequest);
        return error instanceof InvalidRequest ? error.field : undefined;
      }
    };
    expect(field({ start: T, end: T })).to.equal('end');
    expect(field({ start: NOW - 1 })).to.equal('start');
    expect(field({ end: NOW - 1 })).to.equal('end');
    expect(field({ start: T, expiryTime: T })).to.equal('expiry-time');
    expect(field({ demand: { capacity: { cores: 0 } } })).to.equal('capacity');
    expect(field({ demand: { capacity: { cores: -1 } } })).to.equal('capacity/cores');
    expect(field({ demand: { capacity: { ram: 2 ** 60 } } })).to.equal('capacity/ram');
    expect(field({ demand: { capacity: { cores: 1 }, pools: ['none'] } })).to.equal('pools');
    expect(engine.head.reservations.size).to.equal(0);
  });

  it('updates in place: what is absent stays, its own claim does not stand in the way, what is cleared goes', () => {
    const engine = engineWithPool();
    const id = engine.reserve({ name: 'a', start: T, end: T + HOUR, demand: { capacity: { cores: 8, ram: 100 } } });
    const result = engine.do('updateReservation', {
      id,
      demand: { capacity: { cores: 10 } },
      end: T + 2 * HOUR,
      clear: ['name'],
    });
    if (result.outcome !== 'updated') throw new Error('refused');
    const { reservation } = result;
    expect(reservation.demand.capacity).to.deep.equal({ cores: 10, ram: 100 });
    expect([reservation.name, reservation.startsAt, reservation.endsAt]).to.deep.equal([undefined, T, T + 2 * HOUR]);
    engine.told();
    engine.advance(DAY + HOUR);
    expect(engine.told()).to.deep.equal(['reservation started active']);
    engine.advance(HOUR);
    expect(engine.told()).to.deep.equal(['reservation ended ended']);
  });

  it('leaves a reservation alone when its update does not fit', () => {
    const engine = engineWithPool();
    const id = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 5 } } });
    engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 5 } } });
    const before = engine.head.reservations.get(id);
    engine.told();
    const result = engine.do('updateReservation', { id, demand: { capacity: { cores: 6 } } });
    if (result.outcome !== 'refused') throw new Error('granted');
    expect(result.refusal.most).to.deep.equal({ cores: 5 });
    expect(engine.head.reservations.get(id)).to.equal(before);
    expect(engine.told()).to.deep.equal([]);
  });

  it('does not change what is over, or not decided on yet', () => {
    const engine = engineWithPool();
    const demand = { capacity: { cores: 1 } };
    const id = engine.reserve({ start: T, end: T + HOUR, demand });
    const pending = engine.do('createReservation', { start: T, end: T + HOUR, demand, deferred: true });
    if (pending.outcome !== 'pending') throw new Error(pending.outcome);
    const refused = (result: { outcome: string; refusal?: { reason: string; message: string } }): string =>
      result.outcome === 'refused'
        ? `${result.refusal?.reason ?? ''}: ${result.refusal?.message ?? ''}`
        : result.outcome;
    const undecided = pending.reservation.id;
    expect(refused(engine.do('updateReservation', { id: undecided, name: 'x' }))).to.equal(
      'reservation-not-active: The reservation is not decided on yet; wait for its event.',
    );
    const vm = { name: 'vm', image: 'cirros', flavor: 'small' };
    expect(refused(engine.do('createInstance', { ...vm, reservation: undecided }))).to.equal(
      `reservation-not-active: The reservation '${undecided}' is not decided on for good yet.`,
    );
    engine.advance(DAY + HOUR);
    const over = 'reservation-over: The reservation is over: its status is ended.';
    expect(refused(engine.do('updateReservation', { id, name: 'x' }))).to.equal(over);
    expect(refused(engine.do('cancelReservation', { id }))).to.equal(over);
    expect(refused(engine.do('createInstance', { ...vm, reservation: id }))).to.equal(
      `reservation-over: The reservation '${id}' is over: its status is ended.`,
    );
  });

  it('refuses times in the wrong order, or in the past, and too many instances', () => {
    const engine = engineWithPool();
    const asking = (more: object) => () =>
      engine.do('createReservation', { demand: { capacity: { cores: 1 } }, ...more });
    expect(asking({ start: T, end: T })).to.throw(InvalidRequest, /not after/);
    expect(asking({ start: NOW - HOUR, end: NOW })).to.throw(InvalidRequest, /has passed|not after/);
    expect(asking({ start: NOW - HOUR, end: NOW + 1 })).to.throw(InvalidRequest, /^The start 2029-12-31T23:00:00Z/);
    const containers = (count: number) => ({
      demand: { capacity: {}, containers: [{ name: 'web', count, size: { vcpus: 1, ram: 1 } }] },
    });
    expect(asking(containers(0))).to.throw(InvalidRequest, "The container 'web' needs a count of 1 or more.");
    expect(asking(containers(1.5))).to.throw(InvalidRequest, "The container 'web' needs a count of 1 or more.");
    expect(asking(containers(10_001))).to.throw(InvalidRequest, /^10001 instances are asked for/);
  });

  it('gives back what a cancelled reservation held, and forgets it', () => {
    const engine = engineWithPool();
    const id = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 10 } } });
    engine.told();
    expect(engine.do('cancelReservation', { id }).reservation.status).to.equal('cancelled');
    expect(engine.told()).to.deep.equal(['reservation cancelled cancelled', 'capacity released']);
    expect([...engine.due.keys()]).to.deep.equal([]);
    expect(() => engine.do('cancelReservation', { id })).to.throw(UnknownEntry);
    engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 10 } } });
  });

  it('answers pending first and decides afterwards (second seed, steps 2 to 6)', () => {
    const engine = engineWithPool();
    const demand = { capacity: { cores: 6 } };
    const first = engine.do('createReservation', { start: T, end: T + HOUR, demand, deferred: true });
    const second = engine.do('createReservation', { start: T, end: T + HOUR, demand, deferred: true });
    expect([first.outcome, second.outcome]).to.deep.equal(['pending', 'pending']);
    expect(engine.told()).to.deep.equal(['reservation created pending', 'reservation created pending']);
    engine.advance(0);
    expect(engine.told()).to.deep.equal([
      'reservation decided scheduled',
      'capacity reserved',
      'reservation decided rejected',
    ]);
    engine.advance(DAY);
    expect(engine.told()).to.deep.equal(['reservation started active']);
  });

  it('finds reservations by window, status, name, zone and id, with their utilization', () => {
    const engine = engineWithPool();
    const a = engine.reserve({ name: 'a', start: T, end: T + 2 * HOUR, demand: { capacity: { cores: 1 } } });
    const b = engine.reserve({ name: 'b', start: T + HOUR, end: T + 3 * HOUR, demand: { capacity: { cores: 2 } } });
    const ids = (query: Parameters<typeof queryReservations>[1]): string[] =>
      queryReservations(engine.head, query, engine.now).reservations.map(({ id }) => id);
    expect(ids({})).to.deep.equal([a, b]);
    expect(ids({ name: 'b' })).to.deep.equal([b]);
    expect(ids({ without: [a] })).to.deep.equal([b]);
    expect(ids({ ids: [b, 'none'] })).to.deep.equal([b]);
    expect(ids({ window: { start: T + 2 * HOUR, end: T + 9 * HOUR } })).to.deep.equal([b]);
    expect(ids({ window: { start: T, end: T + 2 * HOUR, scope: 'exclusive' } })).to.deep.equal([a]);
    expect(ids({ statuses: ['ended'] })).to.deep.equal([]);
    const window = { start: T, end: T + 4 * HOUR };
    expect(queryReservations(engine.head, { window }, NOW).utilization).to.deep.equal([
      { timestamp: T, count: 1, capacity: { cores: 1 } },
      { timestamp: T + HOUR, count: 2, capacity: { cores: 3 } },
      { timestamp: T + 2 * HOUR, count: 1, capacity: { cores: 2 } },
      { timestamp: T + 3 * HOUR, count: 0, capacity: { cores: 0 } },
    ]);
  });

  it('takes a demand from several pools only when no single one has it', () => {
    const engine = new Engine();
    const source = engine.provider([
      { name: 'h1', cores: 10, zone: 'a' },
      { name: 'h2', cores: 10, zone: 'b' },
    ]);
    engine.pool(source, { cores: 10 }, 'a');
    engine.pool(source, { cores: 10 }, 'b');
    const claims = (cores: number, zone?: string): (number | undefined)[] => {
      const id = engine.reserve({
        start: T,
        end: T + HOUR,
        demand: { capacity: { cores }, ...(zone === undefined ? {} : { zone }) },
      });
      return (engine.head.reservations.get(id)?.claims ?? []).map(({ capacity }) => capacity.cores);
    };
    expect(claims(4)).to.deep.equal([4]);
    expect(claims(8)).to.deep.equal([8]);
    expect(claims(7)).to.deep.equal([6, 1]);
    const refused = engine.do('createReservation', {
      start: T,
      end: T + HOUR,
      demand: { capacity: { cores: 2 }, zone: 'a' },
    });
    expect(refused.outcome === 'refused' && refused.refusal.reason).to.equal('insufficient-capacity');
    const unknown = engine.do('createReservation', {
      start: T,
      end: T + HOUR,
      demand: { capacity: { cores: 2 }, zone: 'z' },
    });
    expect(unknown.outcome === 'refused' && unknown.refusal.reason).to.equal('unknown-zone');
  });

  it('does not let RPCs change what the configuration made', () => {
    const engine = engineWithPool();
    engine.do('applyConfiguration', {
      changes: [
        { put: 'reservation', entry: { id: 'r1', start: T, end: T + HOUR, demand: { capacity: { cores: 1 } } } },
      ],
    });
    expect(() => engine.do('cancelReservation', { id: 'r1' })).to.throw(OwnedByOther, /running/);
    expect(() => engine.do('updateReservation', { id: 'r1', end: T + 2 * HOUR })).to.throw(OwnedByOther);
  });

  it('takes out what an update clears, each by itself', () => {
    const engine = engineWithPool();
    const times = { start: T, end: T + HOUR, expiryTime: T + MINUTE };
    const [zone] = engine.head.providers.values();
    const groups = [{ name: 'g', policy: 'affinity' }] as const;
    const demand = { capacity: { cores: 1 }, zone: zone?.inventory?.zones[0] ?? '', elements: ['private'], groups };
    const id = engine.reserve({ ...times, name: 'n', demand: { ...demand, capacity: { instances: 1 } } });
    const cleared = (clear: Parameters<Commands['updateReservation']>[1]['clear']) => {
      const result = engine.do('updateReservation', { id, ...(clear === undefined ? {} : { clear }) });
      if (result.outcome === 'refused') throw new Error(result.refusal.message);
      return result.reservation;
    };
    expect(cleared(undefined)).to.include({ name: 'n', start: T, end: T + HOUR, expiryTime: T + MINUTE });
    expect(cleared([])).to.have.all.keys(...Object.keys(engine.head.reservations.get(id) ?? {}));
    expect(cleared(['expiry-time'])).not.to.have.any.keys('expiryTime', 'expiresAt', 'clear');
    expect(cleared(['zone']).demand).not.to.have.property('zone');
    expect(cleared(['elements']).demand).not.to.have.property('elements');
    expect(cleared(['affinity-group']).demand).not.to.have.property('groups');
    expect(cleared(['end'])).not.to.have.property('end');
    expect(cleared(['start']))
      .to.include({ status: 'active', startsAt: NOW })
      .and.not.to.have.property('start');
  });

  it('decides late by the time that it is then, for whom it was asked', () => {
    const engine = engineWithPool();
    const demand = { capacity: { cores: 1 } };
    engine.as = { user: 'ann', tenant: 'red' };
    const pending = (more: object) => engine.reserve({ demand, deferred: true, ...more });
    const [own, over, lapsed, begun] = [
      pending({}),
      pending({ start: NOW, end: NOW + HOUR }),
      pending({ expiryTime: NOW + HOUR }),
      pending({ start: NOW, end: NOW + 2 * HOUR, expiryTime: NOW + HOUR }),
    ];
    engine.as = { user: 'system' };
    engine.sleep(HOUR);
    const found = (id: string) => engine.head.reservations.get(id);
    expect(found(own)).to.include({
      owner: 'ann',
      tenant: 'red',
      createdOn: NOW,
      startsAt: NOW + HOUR,
      status: 'active',
    });
    const missed = { status: 'rejected', reason: 'window-over' };
    expect(found(over)).to.include({ ...missed, message: 'Its end arrived before the decision.' });
    expect(found(lapsed)).to.include({ ...missed, message: 'Its expiry time arrived before the decision.' });
    expect(found(begun)?.startsAt).to.equal(NOW);
    const later = pending({ start: engine.now + DAY, end: engine.now + 2 * DAY });
    engine.sleep(HOUR);
    expect(found(later)).to.include({ status: 'scheduled', startsAt: NOW + HOUR + DAY });
  });
});
