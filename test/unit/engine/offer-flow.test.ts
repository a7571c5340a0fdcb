import { expect } from 'chai';
import { InvalidRequest, UnknownEntry } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, MINUTE, NOW } from './engine-fixture.ts';

describe('offers', () => {
  let engine: Engine;
  let pool: string;
  let source: string;

  beforeEach(() => {
    engine = new Engine();
    source = engine.provider([{ name: 'h1', cores: 100 }]);
    pool = engine.pool(source, { cores: 10 });
    engine.told();
  });

  const window = { start: NOW + HOUR, end: NOW + 3 * HOUR };

  /** An offer that has to be made; returns its id. */
  function offered(cores: number, more: object = {}): string {
    return engine.requestOffer({
      ...window,
      demand: { capacity: { cores } },
      holdFor: 30 * MINUTE,
      ...more,
    });
  }

  function reason(result: { readonly outcome: string; readonly refusal?: { readonly reason: string } }): unknown {
    return result.outcome === 'refused' ? result.refusal?.reason : result.outcome;
  }

  it('hold what they offer until the deadline, then give it back and tell', () => {
    const id = offered(8);
    expect(engine.head.offers.get(id)).to.deep.include({
      status: 'held',
      owner: 'alice',
      expiresAt: NOW + 30 * MINUTE,
      startsAt: window.start,
      endsAt: window.end,
      claims: [{ id: '1', node: `pool/${pool}`, ...window, capacity: { cores: 8 } }],
    });
    const three = { ...window, demand: { capacity: { cores: 3 } } };
    const refused = engine.do('createReservation', three);
    expect(refused.outcome).to.equal('refused');
    if (refused.outcome === 'refused') expect(refused.refusal.most).to.deep.equal({ cores: 2 });
    expect(engine.told()).to.deep.equal(['capacity reserved', 'offer made held']);
    engine.advance(30 * MINUTE);
    expect(engine.told()).to.deep.equal(['offer lapsed lapsed', 'capacity released']);
    expect(engine.head.offers.get(id)).to.include({ status: 'lapsed', reason: 'offer-over' });
    expect(engine.do('createReservation', three).outcome).to.equal('granted');
  });

  it('are refused with the counter-offer of a reservation', () => {
    engine.reserve({ ...window, demand: { capacity: { cores: 6 } } });
    const result = engine.do('requestOffer', { ...window, demand: { capacity: { cores: 5 } }, holdFor: HOUR });
    if (result.outcome !== 'refused') throw new Error('it fits');
    expect(result.refusal).to.deep.include({
      reason: 'insufficient-capacity',
      most: { cores: 4 },
      nextWindow: { start: window.end, end: window.end + 2 * HOUR },
      shortages: [{ pool, resource: 'cores', from: window.start, missing: 1 }],
    });
    expect(engine.head.offers.size).to.equal(0);
  });

  it('become a reservation that holds the same, with nothing left that could fit', () => {
    const id = offered(10, { name: 'web', priority: 1 });
    engine.told();
    const result = engine.do('acceptOffer', { id });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    const { reservation } = result;
    expect(reservation).to.deep.include({
      name: 'web',
      priority: 1,
      ...window,
      status: 'scheduled',
      hold: 'firm',
      claims: [{ id: '1', node: `pool/${pool}`, ...window, capacity: { cores: 10 } }],
    });
    expect(engine.head.offers.get(id)).to.deep.include({
      status: 'accepted',
      reservation: reservation.id,
      claims: [],
    });
    expect(engine.told()).to.deep.equal(['offer accepted accepted', 'reservation created scheduled']);
    engine.advance(3 * HOUR);
    expect(engine.told()).to.deep.equal(['reservation started active', 'reservation ended ended']);
  });

  it('are not accepted late, twice, or after they were declined, and the answer says why', () => {
    const message = (id: string): string => {
      const result = engine.do('acceptOffer', { id });
      if (result.outcome !== 'refused') throw new Error('it was accepted');
      expect(result.refusal.reason).to.equal('offer-over');
      return result.refusal.message;
    };
    const [late, twice, declined] = [offered(1), offered(1), offered(1)];
    const accepted = engine.do('acceptOffer', { id: twice });
    if (accepted.outcome === 'refused') throw new Error('it was refused');
    expect(message(twice)).to.include(accepted.reservation.id);
    expect(engine.do('declineOffer', { id: declined }).outcome).to.equal('declined');
    expect(message(declined)).to.include('declined');
    expect(reason(engine.do('declineOffer', { id: declined }))).to.equal('offer-over');
    // The deadline counts even while nothing has carried the lapse out.
    engine.now += 30 * MINUTE;
    expect(message(late)).to.include('2030-01-01T00:30:00Z');
    engine.sleep(0);
    expect(message(late)).to.include('2030-01-01T00:30:00Z');
    expect(() => engine.do('acceptOffer', { id: 'nobody' })).to.throw(UnknownEntry, "no offer 'nobody'");
  });

  it('for immediate use give the validity period from the acceptance on', () => {
    const id = engine.requestOffer({ demand: { capacity: { cores: 4 } }, holdFor: 2 * HOUR });
    engine.advance(90 * MINUTE);
    const accepted = engine.do('acceptOffer', { id });
    if (accepted.outcome === 'refused') throw new Error(accepted.refusal.message);
    expect(accepted.reservation).to.include({
      status: 'active',
      startsAt: NOW,
      expiresAt: engine.now + HOUR,
    });
    const expiresAt = engine.now + HOUR;
    engine.advance(15 * MINUTE);
    const updated = engine.do('updateReservation', { id: accepted.reservation.id, name: 'renamed' });
    if (updated.outcome === 'refused') throw new Error(updated.refusal.message);
    expect(updated.reservation).to.include({ name: 'renamed', startsAt: NOW, expiresAt });
    engine.told();
    engine.advance(45 * MINUTE);
    expect(engine.told()).to.include('reservation expired expired');
  });

  it('are not held past the end of their window or the expiry time asked for', () => {
    const day = { holdFor: DAY };
    expect(engine.head.offers.get(offered(1, day))?.expiresAt).to.equal(window.end);
    const soon = { ...day, expiryTime: window.start + MINUTE };
    expect(engine.head.offers.get(offered(1, soon))?.expiresAt).to.equal(window.start + MINUTE);
    expect(() => offered(1, { end: NOW })).to.throw(InvalidRequest);
  });

  it('give way before reservations do when capacity is lost, the lowest priority and the newest first', () => {
    const kept = engine.reserve({ ...window, demand: { capacity: { cores: 4 } } });
    const high = offered(2, { priority: 1 });
    const old = offered(2);
    engine.now += 1;
    const young = offered(2);
    const decrease = { source, capacity: { cores: 3 } };
    const refused = engine.do('decreaseCapacity', { ...decrease, force: false });
    if (refused.outcome !== 'refused') throw new Error('it was taken');
    expect(refused.refusal.message).to.include(young).and.to.include(old).and.not.to.include(high);
    expect(engine.head.offers.get(young)?.status).to.equal('held');
    engine.told();
    engine.do('decreaseCapacity', { ...decrease, force: true });
    expect(engine.told().filter((event) => event.startsWith('offer'))).to.deep.equal([
      'offer withdrawn lapsed',
      'offer withdrawn lapsed',
    ]);
    expect(engine.head.offers.get(high)?.status).to.equal('held');
    expect(engine.head.offers.get(old)).to.include({ status: 'lapsed', reason: 'capacity-withdrawn' });
    expect(engine.head.reservations.get(kept)?.status).to.equal('scheduled');
    engine.do('decreaseCapacity', { source, capacity: { cores: 4 }, force: true });
    expect(engine.head.offers.get(high)?.status).to.equal('lapsed');
    expect(engine.head.reservations.get(kept)?.status).to.equal('degraded');
  });

  it('give way where as much is lacking as just before, and others lack it', () => {
    engine.reserve({ start: NOW + HOUR, end: NOW + 2 * HOUR, demand: { capacity: { cores: 4 } } });
    const later = { start: NOW + 2 * HOUR, end: NOW + 3 * HOUR };
    const old = offered(3, later);
    engine.now += 1;
    const young = offered(1, later);
    engine.do('decreaseCapacity', { source, capacity: { cores: 7 }, force: true });
    expect([old, young].map((id) => engine.head.offers.get(id)?.status)).to.deep.equal(['held', 'lapsed']);
  });

  it('stay where those that give way at another time leave enough', () => {
    const high = offered(4, { start: NOW + 2 * HOUR, priority: 1 });
    const large = offered(6);
    engine.now += 1;
    const small = offered(4, { end: NOW + 2 * HOUR });
    engine.do('decreaseCapacity', { source, capacity: { cores: 3 }, force: true });
    const statuses = [high, large, small].map((id) => engine.head.offers.get(id)?.status);
    expect(statuses).to.deep.equal(['held', 'lapsed', 'held']);
  });

  it('are not made out of what a degraded reservation still has', () => {
    const reservation = engine.reserve({ ...window, demand: { capacity: { cores: 4 } } });
    engine.do('decreaseCapacity', { source, capacity: { cores: 7 }, force: true });
    expect(engine.head.reservations.get(reservation)?.status).to.equal('degraded');
    const one = { ...window, demand: { capacity: { cores: 1 } }, holdFor: HOUR };
    expect(reason(engine.do('requestOffer', one))).to.equal('insufficient-capacity');
  });

  it('stand in the way of the removal of their pool', () => {
    const entry = { id: 'p', source, capacity: { cores: 20 }, adjustments: [] };
    engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
    const id = offered(20);
    const removal = engine.do('applyConfiguration', { changes: [{ remove: 'pool', id: 'p' }] });
    expect(removal.outcome).to.equal('refused');
    const cut = { ...entry, capacity: { cores: 19 } };
    const shrink = engine.do('applyConfiguration', { changes: [{ put: 'pool', entry: cut }] });
    if (shrink.outcome !== 'refused') throw new Error('it was taken');
    expect(shrink.refusals[0]?.refusal.message).to.include(id);
    engine.do('declineOffer', { id });
    expect(engine.do('applyConfiguration', { changes: [{ remove: 'pool', id: 'p' }] }).outcome).to.equal('applied');
  });

  it('are forgotten a day after they are over', () => {
    const id = offered(1);
    engine.advance(30 * MINUTE + DAY - 1);
    expect(engine.head.offers.get(id)?.status).to.equal('lapsed');
    engine.advance(1);
    expect(engine.head.offers.has(id)).to.equal(false);
    expect(engine.due.size).to.equal(0);
  });

  it('belong to who asked for them, and what they become too, whoever accepts it', () => {
    engine.as = { user: 'carol', tenant: 'blue', confinedTo: 'blue' };
    const id = offered(4);
    expect(engine.head.offers.get(id)).to.include({ owner: 'carol', tenant: 'blue' });
    engine.as = { user: 'operator', tenant: 'green' };
    const accepted = engine.do('acceptOffer', { id });
    if (accepted.outcome === 'refused') throw new Error(accepted.refusal.message);
    expect(accepted.reservation).to.include({ owner: 'carol', tenant: 'blue' });
    const nobody = new Engine();
    nobody.pool(nobody.provider(), { cores: 10 });
    const made = nobody.requestOffer({ ...window, demand: { capacity: { cores: 1 } }, holdFor: HOUR });
    nobody.as = { user: 'operator', tenant: 'green' };
    const other = nobody.do('acceptOffer', { id: made });
    expect(other).to.have.property('reservation').that.does.not.have.property('tenant');
  });

  it('begin at once when they are accepted at their start', () => {
    const id = offered(4, { holdFor: 2 * HOUR });
    engine.now = window.start;
    const accepted = engine.do('acceptOffer', { id });
    expect(accepted).to.have.nested.property('reservation.status', 'active');
  });

  it('count among the reservations that a quota allows', () => {
    const policy = { ...engine.head.policy, quotas: [{ name: 'q', user: 'alice', reservations: 1, capacity: {} }] };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: policy }] });
    offered(1);
    const second = engine.do('requestOffer', { ...window, demand: { capacity: { cores: 1 } }, holdFor: HOUR });
    expect(reason(second)).to.equal('quota-exceeded');
  });
});
