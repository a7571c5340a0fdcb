import { expect } from 'chai';
import type { ReservationEvent } from '../../../src/engine/events.ts';
import { explainReservation } from '../../../src/engine/explain.ts';
import { queryCapacity, queryReservations } from '../../../src/engine/queries.ts';
import { MOST_WINDOWS, recurring } from '../../../src/engine/recurrence.ts';
import { InvalidRequest } from '../../../src/engine/requests.ts';
import type { Commands } from '../../../src/engine/requests.ts';
import { FOREVER, LATEST } from '../../../src/engine/window.ts';
import { DAY, Engine, HOUR, MINUTE, NOW } from './engine-fixture.ts';

type Create = Parameters<Commands['createReservation']>[1];

const daily = (count: number, interval = 1) => ({ frequency: 'daily' as const, interval, count });

describe('reservations that recur', () => {
  let engine: Engine;
  let source: string;
  let pool: string;

  beforeEach(() => {
    engine = new Engine();
    source = engine.provider([
      { name: 'h1', cores: 20, ram: 20_480 },
      { name: 'h2', cores: 20, ram: 20_480 },
    ]);
    pool = engine.pool(source, { cores: 10, ram: 10_240, instances: 10 });
  });

  /** From an hour of the first day on. */
  const hours = (from: number, to: number): { start: number; end: number } => ({
    start: NOW + from * HOUR,
    end: NOW + to * HOUR,
  });

  const mornings = (cores: number, count = 5): Create => ({
    ...hours(9, 12),
    recurrence: daily(count),
    demand: { capacity: { cores } },
  });

  function free(at: number): number {
    return engine.head.nodes.get(`pool/${pool}`)?.free.valueAt(at)[0] ?? 0;
  }

  function about(id: string): string[] {
    return engine.events
      .splice(0)
      .flatMap((event) =>
        event.kind === 'reservation-event' && event.reservation.id === id
          ? `${event.cause} ${event.occurrence ?? '-'} ${event.reservation.status}`
          : [],
      );
  }

  it('hold what was asked for in every window and nothing between them', () => {
    const id = engine.reserve(mornings(6));
    for (let day = 0; day < 5; day++) {
      expect(free(NOW + day * DAY + 9 * HOUR)).to.equal(4);
      expect(free(NOW + day * DAY + 12 * HOUR)).to.equal(10);
    }
    expect(free(NOW + 5 * DAY + 10 * HOUR)).to.equal(10);
    expect(engine.reservation(id).claims).to.have.length(1);
    expect(engine.reservation(id)).to.deep.include({ ...hours(9, 12), status: 'scheduled' });
  });

  it('are refused as a whole when one window does not fit, with the windows and the next start at which all do', () => {
    const wednesday = { start: NOW + 2 * DAY + 10 * HOUR, end: NOW + 2 * DAY + 14 * HOUR };
    engine.reserve({ ...wednesday, demand: { capacity: { cores: 7 } } });
    const found = engine.refuse(mornings(6));
    expect(found.reason).to.equal('insufficient-capacity');
    expect(found.message).to.include('1 of the 5 windows').and.include('number 3 from 2030-01-03T09:00:00Z');
    expect(found.shortWindows).to.deep.equal([
      { occurrence: 3, window: { start: NOW + 2 * DAY + 9 * HOUR, end: NOW + 2 * DAY + 12 * HOUR } },
    ]);
    expect(found.most).to.deep.equal({ cores: 3 });
    expect(found.shortages).to.deep.equal([{ pool, resource: 'cores', from: wednesday.start, missing: 3 }]);
    expect(found.nextWindow).to.deep.equal(hours(14, 17));
    expect(free(NOW + 9 * HOUR)).to.equal(10);
    engine.reserve({ ...mornings(6), ...hours(14, 17) });
  });

  it('begin and end window by window, and are over after the last one', () => {
    const id = engine.reserve(mornings(6, 3));
    engine.told();
    engine.advance(DAY);
    expect(about(id)).to.deep.equal(['started 1 active', 'occurrence-ended 1 scheduled']);
    expect(engine.reservation(id)).to.deep.include({ startsAt: NOW + DAY + 9 * HOUR, endsAt: NOW + DAY + 12 * HOUR });
    engine.advance(10 * HOUR);
    expect(engine.reservation(id).status).to.equal('active');
    expect(engine.reservation(id).series).to.include({ occurrence: 2, count: 3 });
    engine.advance(2 * DAY);
    expect(about(id)).to.deep.equal([
      'started 2 active',
      'occurrence-ended 2 scheduled',
      'started 3 active',
      'ended 3 ended',
    ]);
  });

  it('catch up window by window when nothing ran for days', () => {
    const id = engine.reserve(mornings(6, 4));
    engine.told();
    engine.sleep(2 * DAY + 10 * HOUR);
    expect(about(id)).to.deep.equal([
      'started 1 active',
      'occurrence-ended 1 scheduled',
      'started 2 active',
      'occurrence-ended 2 scheduled',
      'started 3 active',
    ]);
  });

  it('are allocated anew in each window; at its end machines are released or terminated', () => {
    for (const atEnd of ['release', 'terminate'] as const) {
      const fresh = new Engine();
      const vim = fresh.provider();
      fresh.pool(vim, { cores: 10, ram: 10_240, instances: 10 });
      fresh.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...fresh.head.policy, atEnd } }] });
      const id = fresh.reserve({ ...mornings(4), demand: { capacity: { cores: 4, ram: 4096, instances: 1 } } });
      const boot = () => fresh.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', reservation: id });
      const early = boot();
      expect(early.outcome === 'refused' && early.refusal.reason).to.equal('reservation-not-started');
      fresh.advance(10 * HOUR);
      const made = boot();
      if (made.outcome !== 'accepted') throw new Error(made.refusal.message);
      expect(made.allocation.endsAt).to.equal(NOW + 12 * HOUR);
      expect(boot().outcome).to.equal('refused');
      fresh.advance(4 * HOUR);
      const machine = fresh.head.allocations.get(made.allocation.id);
      expect(machine).to.include({ backing: 'own', vmState: atEnd === 'release' ? 'INITIALIZED' : 'DELETING' });
      const between = boot();
      expect(between.outcome === 'refused' && between.refusal.message).to.include('window 2 of 5');
      if (atEnd === 'terminate') fresh.do('serverGone', { allocation: made.allocation.id });
      fresh.advance(20 * HOUR);
      expect(boot().outcome).to.equal('accepted');
    }
  });

  it('give notice before the end of each window', () => {
    const entry = { ...engine.head.policy, terminationLead: 30 };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
    const id = engine.reserve(mornings(1, 2));
    engine.advance(11 * HOUR + 30 * MINUTE);
    expect(about(id).pop()).to.equal('ending 1 active');
    engine.advance(DAY);
    expect(about(id).pop()).to.equal('ending 2 active');
  });

  it('release what was not allocated in time until the window is over, and hold it again in the next', () => {
    const id = engine.reserve({ ...mornings(6, 2), expiryTime: NOW + 10 * HOUR });
    engine.advance(10 * HOUR);
    expect(about(id).pop()).to.equal('expired 1 active');
    expect(free(engine.now)).to.equal(10);
    expect(free(NOW + DAY + 9 * HOUR)).to.equal(4);
    engine.advance(DAY - MINUTE);
    expect(engine.reservation(id).status).to.equal('active');
    expect(free(engine.now)).to.equal(4);
    engine.advance(MINUTE);
    expect(engine.reservation(id)).to.include({ status: 'expired', reason: 'not-allocated-in-time' });
  });

  it('keep what is allocated when the rest expires, in that window alone', () => {
    const input = { ...mornings(8, 2), demand: { capacity: { cores: 8, ram: 8192, instances: 2 } } };
    const id = engine.reserve({ ...input, expiryTime: NOW + 10 * HOUR });
    engine.advance(9 * HOUR);
    engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', reservation: id });
    engine.advance(HOUR);
    expect(free(engine.now)).to.equal(6);
    expect(free(NOW + DAY + 9 * HOUR)).to.equal(2);
    expect(engine.reservation(id).demand.capacity.cores).to.equal(8);
  });

  it('change as a whole: times, capacity, repetition, in one call', () => {
    const id = engine.reserve(mornings(4, 3));
    const result = engine.do('updateReservation', {
      id,
      ...hours(13, 20),
      demand: { capacity: { cores: 6 } },
      recurrence: { frequency: 'weekly', interval: 2, until: NOW + 60 * DAY },
    });
    expect(result.outcome).to.equal('updated');
    expect(engine.reservation(id).series).to.include({ period: 14 * DAY, count: 5, occurrence: 1 });
    expect(free(NOW + 10 * HOUR)).to.equal(10);
    expect(free(NOW + 56 * DAY + 14 * HOUR)).to.equal(4);
    expect(free(NOW + 28 * DAY + 19 * HOUR)).to.equal(4);
    engine.reserve({ ...hours(28 * 24, 28 * 24 + 24), demand: { capacity: { cores: 4 } } });
    const larger = engine.do('updateReservation', { id, demand: { capacity: { cores: 7 } } });
    if (larger.outcome !== 'refused') throw new Error('it was granted');
    expect(larger.refusal.shortWindows?.map(({ occurrence }) => occurrence)).to.deep.equal([3]);
    expect(engine.reservation(id).demand.capacity).to.deep.equal({ cores: 6 });
    expect(engine.do('updateReservation', { id, clear: ['recurrence'] }).outcome).to.equal('updated');
    expect(engine.reservation(id)).not.to.have.any.keys('series', 'recurrence');
    expect(free(NOW + 14 * DAY + 14 * HOUR)).to.equal(10);
  });

  it('change in the middle of the repetition: what is allocated stays, later windows are placed anew', () => {
    const input = { ...mornings(8, 4), demand: { capacity: { cores: 8, ram: 8192, instances: 2 } } };
    const id = engine.reserve(input);
    engine.advance(DAY + 9 * HOUR);
    engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', reservation: id });
    const small = engine.do('updateReservation', { id, demand: { capacity: { cores: 3 } } });
    expect(small.outcome === 'refused' && small.refusal.reason).to.equal('below-allocated');
    expect(engine.do('updateReservation', { id, demand: { capacity: { cores: 5 } } }).outcome).to.equal('updated');
    expect([free(engine.now), free(NOW + 2 * DAY + 9 * HOUR)]).to.deep.equal([5, 5]);
    expect(engine.reservation(id).series).to.include({ occurrence: 2, count: 4 });
    engine.reserve({ ...hours(57, 58), demand: { capacity: { cores: 5 } } });
    const large = engine.do('updateReservation', { id, demand: { capacity: { cores: 6 } } });
    if (large.outcome !== 'refused') throw new Error('it was granted');
    expect(large.refusal.shortWindows?.map(({ occurrence }) => occurrence)).to.deep.equal([3]);
    expect(large.refusal.nextWindow).to.equal(undefined);
    const away = engine.do('updateReservation', { id, recurrence: daily(4, 2) });
    expect(away.outcome === 'refused' && away.refusal.reason).to.equal('below-allocated');
    expect(engine.do('updateReservation', { id, recurrence: daily(2) }).outcome).to.equal('updated');
    engine.advance(4 * HOUR);
    expect(engine.reservation(id).status).to.equal('ended');
  });

  it('are cancelled with all of their windows', () => {
    const id = engine.reserve(mornings(6));
    engine.advance(DAY + 10 * HOUR);
    expect(engine.do('cancelReservation', { id }).outcome).to.equal('cancelled');
    for (const day of [1, 2, 4]) expect(free(NOW + day * DAY + 11 * HOUR)).to.equal(10);
    expect([...engine.due.keys()].filter((each) => each.endsWith(id))).to.deep.equal([]);
  });

  it('cannot overlap themselves, go on for ever, or be chosen by bounds', () => {
    const bad = (input: Partial<Create>, message: string): void => {
      expect(() => engine.reserve({ ...mornings(1), ...input })).to.throw(InvalidRequest, message);
    };
    bad(hours(9, 34), 'windows must not overlap');
    bad({ recurrence: { frequency: 'daily', interval: 1, until: NOW } }, 'before the first window');
    bad({ recurrence: { frequency: 'daily', interval: 1, until: NOW + 10_001 * DAY } }, 'may have 1 to 10000');
    bad({ recurrence: daily(0) }, 'may have 1 to 10000');
    bad({ recurrence: { frequency: 'weekly', interval: 1000, count: 10_000 } }, 'year 9999');
    expect(() => engine.reserve({ recurrence: daily(2), demand: { capacity: { cores: 1 } } })).to.throw(
      InvalidRequest,
      'needs an end',
    );
    engine.reserve({ ...mornings(1), ...hours(9, 33) });
  });

  it('are bound by policy: the start of the first, the end of the last, the duration of each', () => {
    const entry = { ...engine.head.policy, maxFutureStartRange: 1, maxFutureEndRange: 10, maxDuration: 4 };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
    expect(engine.refuse(mornings(1, 11))).to.include({ policy: 'max-future-end-range' });
    expect(engine.refuse({ ...mornings(1, 2), ...hours(9, 14) })).to.include({ policy: 'max-duration' });
    engine.reserve(mornings(1, 10));
  });

  it('count for quotas in each window', () => {
    const quota = { name: 'q', capacity: { cores: 5 }, reservations: 3 };
    const entry = { ...engine.head.policy, quotas: [quota] };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
    engine.reserve(mornings(4, 3));
    engine.reserve({ ...mornings(4, 3), ...hours(12, 15) });
    const found = engine.refuse({ ...hours(2 * 24 + 11, 2 * 24 + 12), demand: { capacity: { cores: 2 } } });
    expect(found).to.deep.include({ reason: 'quota-exceeded', most: { cores: 1 } });
    expect(engine.refuse({ ...mornings(2, 5), ...hours(3, 10) }).reason).to.equal('quota-exceeded');
    engine.reserve({ ...hours(3 * 24 + 11, 3 * 24 + 12), demand: { capacity: { cores: 5 } } });
  });

  it('are found by any of their windows, and counted where they hold something', () => {
    const id = engine.reserve(mornings(6));
    const at = (from: number, to: number) => ({
      window: { start: NOW + 3 * DAY + from * HOUR, end: NOW + 3 * DAY + to * HOUR },
    });
    const found = (from: number, to: number, scope?: 'exclusive'): string[] => {
      const { window } = at(from, to);
      const query = { window: scope === undefined ? window : { ...window, scope } };
      return queryReservations(engine.head, query, engine.now).reservations.map((each) => each.id);
    };
    expect(found(10, 11)).to.deep.equal([id]);
    expect(found(12, 30)).to.deep.equal([]);
    expect(found(8, 12, 'exclusive')).to.deep.equal([id]);
    expect(found(10, 14, 'exclusive')).to.deep.equal([]);
    const { utilization } = queryReservations(engine.head, at(0, 48), engine.now);
    expect(
      utilization.map(({ timestamp, count, capacity }) => [timestamp - NOW - 3 * DAY, count, capacity.cores]),
    ).to.deep.equal([
      [0, 0, 0],
      [9 * HOUR, 1, 6],
      [12 * HOUR, 0, 0],
      [33 * HOUR, 1, 6],
      [36 * HOUR, 0, 0],
    ]);
    const answer = queryCapacity(engine.head, { ...at(0, 48), kind: 'reserved' }, engine.now);
    expect(answer.collections).to.have.length(1);
    expect(answer.collections[0]).to.deep.include({ id, start: NOW + 3 * DAY + 9 * HOUR, capacity: { cores: 6 } });
    expect(answer.utilization.map(({ count }) => count)).to.deep.equal([0, 1, 0, 1, 0]);
    const without = queryCapacity(engine.head, { ...at(9, 10), without: [id] }, engine.now);
    expect(without.capacity.available.cores).to.equal(10);
  });

  it('go on over several pools, window by window, where no single one fits all', () => {
    const entry = { id: 'other', source, capacity: { cores: 10 }, adjustments: [] };
    engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
    engine.reserve({ ...hours(9, 10), demand: { capacity: { cores: 8 }, pools: [pool] } });
    engine.reserve({ ...hours(33, 34), demand: { capacity: { cores: 8 }, pools: ['other'] } });
    const id = engine.reserve(mornings(9, 3));
    expect(engine.reservation(id).claims.map(({ node, count }) => [node, count])).to.deep.equal([
      ['pool/other', undefined],
      [`pool/${pool}`, 2],
    ]);
    expect(explainReservation(engine.head, id, engine.now).message).to.include('window 1 of 3');
  });

  it('are degraded for the windows that lost their capacity, and restored when these are over', () => {
    const id = engine.reserve(mornings(6));
    engine.do('decreaseCapacity', {
      pool,
      start: NOW + 2 * DAY,
      end: NOW + 3 * DAY,
      capacity: { cores: 7 },
      force: true,
    });
    const degraded = engine.events.find(
      (event): event is ReservationEvent => event.kind === 'reservation-event' && event.cause === 'degraded',
    );
    expect(degraded?.missing).to.deep.equal({ cores: 3 });
    expect(degraded?.shortfalls?.map(({ occurrence }) => occurrence)).to.deep.equal([3]);
    engine.advance(DAY + 10 * HOUR);
    expect(engine.reservation(id)).to.include({ status: 'degraded' });
    engine.advance(DAY + 3 * HOUR);
    expect(engine.reservation(id)).to.include({ status: 'scheduled' });
    expect(engine.reservation(id).series?.occurrence).to.equal(4);
  });

  it('are placed on hosts in every window, on the same ones as long as these have room', () => {
    const spread = {
      capacity: {},
      containers: [{ name: 'vm', count: 2, size: { vcpus: 4, ram: 1024 }, group: 'apart' }],
      groups: [{ name: 'apart', policy: 'anti-affinity' as const }],
    };
    const id = engine.reserve({ ...hours(9, 12), recurrence: daily(4), demand: spread });
    expect(engine.reservation(id).claims.map(({ host, count }) => [host, count])).to.have.deep.members([
      [`host/${source}/h1`, 4],
      [`host/${source}/h2`, 4],
    ]);
    const blocked = { ...hours(2 * 24 + 9, 2 * 24 + 10), demand: { capacity: {}, elements: ['h2'] } };
    expect(engine.do('createReservation', blocked).outcome).to.equal('refused');
    const third = { name: 'vm', count: 3, size: { vcpus: 1, ram: 1024 }, group: 'apart' };
    const found = engine.refuse({ ...hours(9, 12), recurrence: daily(4), demand: { ...spread, containers: [third] } });
    expect(found).to.deep.include({ container: 'vm' });
    expect(found.shortWindows?.[0]?.occurrence).to.equal(1);
  });

  it('are placed anew on other hosts, window by window, when a host fails', () => {
    const demand = { capacity: {}, containers: [{ name: 'vm', count: 1, size: { vcpus: 4, ram: 1024 } }] };
    const id = engine.reserve({ ...hours(9, 12), recurrence: daily(3), demand });
    const lost = engine.reservation(id).claims[0]?.host;
    const hosts = ['h1', 'h2'].map((name) => ({
      name,
      cores: 20,
      ram: 20_480,
      state: lost === `host/${source}/${name}` ? ('down' as const) : ('up' as const),
    }));
    engine.do('updateProvider', { id: source, inventory: { ...inventory(), hosts: hosts.map(hostIn) } });
    expect(engine.reservation(id).status).to.equal('scheduled');
    expect(engine.reservation(id).claims.map(({ host, count }) => [host === lost, count])).to.deep.equal([[false, 3]]);
  });

  it('stay on their hosts in later windows when the VIM moves the machine of the one in progress', () => {
    const container = { name: 'vm', count: 1, size: { flavor: 'small' } };
    const id = engine.reserve({
      ...hours(0, 3),
      recurrence: daily(3),
      demand: { capacity: {}, containers: [container] },
    });
    const planned = engine.reservation(id).claims[0]?.host;
    const made = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', reservation: id });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    const { id: allocation, host } = made.allocation;
    engine.do('serverAccepted', { allocation, server: 's1' });
    const other = host === 'h1' ? 'h2' : 'h1';
    engine.do('vmStateReported', { allocation, vmState: 'ACTIVE', host: other });
    expect(engine.reservation(id).claims.map(({ id: claim, host: on, count }) => [claim, on, count])).to.deep.equal([
      [made.allocation.claim, `host/${source}/${other}`, undefined],
      ['2', planned, 2],
    ]);
    engine.replay();
    engine.do('serverGone', { allocation });
    engine.advance(DAY);
    const again = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', reservation: id });
    expect(again.outcome === 'accepted' && again.allocation.host).to.equal(host);
    engine.replay();
  });

  function inventory() {
    const found = engine.head.providers.get(source)?.inventory;
    if (found === undefined) throw new Error('no inventory');
    return found;
  }

  function hostIn({ name, state }: { name: string; state: 'up' | 'down' }) {
    const host = inventory().hosts.find((each) => each.name === name);
    if (host === undefined) throw new Error('no host');
    return { ...host, state };
  }

  it('displace a lower class in any of their windows, and give way to a higher one before the first', () => {
    const fresh = new Engine();
    const vim = fresh.provider(undefined, undefined, 'priority');
    fresh.pool(vim, { cores: 10 });
    const low = fresh.reserve({
      ...hours(2 * 24 + 10, 2 * 24 + 11),
      priority: 3,
      demand: { capacity: { cores: 5 } },
    });
    const series = fresh.do('createReservation', mornings(6));
    if (series.outcome !== 'granted') throw new Error('refused');
    expect(series.displaced?.reservations).to.deep.equal([low]);
    const high = { ...hours(4 * 24 + 9, 4 * 24 + 10), priority: 1 as const, demand: { capacity: { cores: 5 } } };
    const taken = fresh.do('createReservation', high);
    if (taken.outcome !== 'granted') throw new Error('refused');
    expect(taken.displaced?.reservations).to.deep.equal([series.reservation.id]);
  });

  it('are offered, held and accepted with all windows', () => {
    const offer = engine.requestOffer({ ...mornings(6), holdFor: HOUR });
    expect(free(NOW + 3 * DAY + 10 * HOUR)).to.equal(4);
    expect(engine.refuse(mornings(6)).reason).to.equal('insufficient-capacity');
    const accepted = engine.do('acceptOffer', { id: offer });
    if (accepted.outcome === 'refused') throw new Error('refused');
    expect(accepted.reservation.series).to.include({ count: 5, occurrence: 1 });
    engine.advance(5 * DAY);
    expect(engine.reservation(accepted.reservation.id).status).to.equal('ended');
    const lapsing = engine.do('requestOffer', { ...mornings(6), ...hours(6 * 24 + 9, 6 * 24 + 10), holdFor: HOUR });
    expect(lapsing.outcome).to.equal('offered');
    engine.advance(2 * HOUR);
    expect(free(NOW + 8 * DAY + 9 * HOUR)).to.equal(10);
  });

  it('are decided on later with the windows that are left', () => {
    const pending = engine.do('createReservation', { ...mornings(6, 3), deferred: true });
    if (pending.outcome === 'refused') throw new Error(pending.refusal.message);
    engine.sleep(DAY + 10 * HOUR);
    expect(engine.reservation(pending.reservation.id)).to.include({ status: 'active' });
    expect(engine.reservation(pending.reservation.id).series).to.include({ occurrence: 2, count: 3 });
  });

  it('can be configured, also when they began in the past', () => {
    const entry = { id: 'r', ...mornings(6), start: NOW - 2 * DAY + 9 * HOUR, end: NOW - 2 * DAY + 12 * HOUR };
    const put = (change: Partial<typeof entry>): string =>
      engine.do('applyConfiguration', { changes: [{ put: 'reservation', entry: { ...entry, ...change } }] }).outcome;
    expect(put({})).to.equal('applied');
    expect(engine.reservation('r').series).to.include({ occurrence: 3, count: 5 });
    engine.told();
    expect(put({})).to.equal('applied');
    expect(engine.told()).to.deep.equal([]);
    expect(put({ recurrence: daily(4) })).to.equal('applied');
    expect(engine.reservation('r').series).to.include({ occurrence: 3, count: 4 });
    const past = { ...entry, id: 'past', recurrence: daily(2) };
    expect(engine.do('applyConfiguration', { changes: [{ put: 'reservation', entry: past }] }).outcome).to.equal(
      'applied',
    );
    expect(engine.reservation('past').status).to.equal('ended');
  });

  it('of 10,000 windows stay one record with one claim', function () {
    this.timeout(60_000);
    engine.checked = false;
    const begun = process.cpuUsage();
    const id = engine.reserve({ ...mornings(6, 10_000) });
    const created = process.cpuUsage(begun).user;
    expect(JSON.stringify(engine.reservation(id)).length).to.be.below(1500);
    const later = process.cpuUsage();
    engine.advance(9 * HOUR + MINUTE);
    engine.advance(DAY);
    const rolled = process.cpuUsage(later).user;
    expect(engine.reservation(id).series?.occurrence).to.equal(2);
    expect(free(NOW + 9_999 * DAY + 10 * HOUR)).to.equal(4);
    // Where each start or end went through all windows, three of them would take many times as long as the one creation.
    expect(rolled).to.be.below(created);
  });
});

describe('the windows of a recurrence', () => {
  const first = { start: NOW, end: NOW + HOUR };

  it('are as many as are asked for, or as begin up to an instant, that included', () => {
    expect(recurring(first, daily(3, 2))).to.deep.equal({ ...first, period: 2 * DAY, count: 3 });
    expect(recurring(first, { frequency: 'weekly', interval: 1 })).to.deep.equal({
      ...first,
      period: 7 * DAY,
      count: 1,
    });
    const until = (at: number): number => recurring(first, { frequency: 'daily', interval: 1, until: at }).count;
    expect([NOW, NOW + DAY - 1, NOW + DAY, NOW + 2 * DAY].map(until)).to.deep.equal([1, 1, 2, 3]);
    expect(recurring(first, daily(MOST_WINDOWS)).count).to.equal(MOST_WINDOWS);
    expect(recurring({ start: NOW, end: NOW + DAY }, daily(2)).count, 'back to back').to.equal(2);
  });

  it('end with the year 9999 at the latest', () => {
    const last = { start: LATEST - DAY - HOUR, end: LATEST - DAY };
    expect(recurring(last, daily(2)).count).to.equal(2);
    expect(() => recurring({ ...last, end: LATEST - DAY + 1 }, daily(2))).to.throw('after the year 9999');
  });

  const refused: readonly [string, Parameters<typeof recurring>, string, string][] = [
    ['have no end', [{ ...first, end: FOREVER }, daily(2)], 'recurrence', 'A window that repeats needs an end.'],
    [
      'overlap',
      [{ start: NOW, end: NOW + 36.5 * HOUR }, daily(2)],
      'recurrence',
      'The window lasts 36.5 hours and would repeat every 24 hours; windows must not overlap.',
    ],
    [
      'would stop before they begin',
      [first, { frequency: 'daily', interval: 1, until: NOW - 1 }],
      'recurrence/until',
      'The repetition would end at 2029-12-31T23:59:59.999Z, before the first window starts at 2030-01-01T00:00:00Z.',
    ],
    ['are none', [first, daily(0)], 'recurrence/count', 'There would be 0 windows; a reservation may have 1 to 10000.'],
    [
      'are too many',
      [first, daily(10_001)],
      'recurrence/count',
      'There would be 10001 windows; a reservation may have 1 to 10000.',
    ],
    [
      'are too many up to an instant',
      [first, { frequency: 'daily', interval: 1, until: NOW + 10_000 * DAY }],
      'recurrence/until',
      'There would be 10001 windows; a reservation may have 1 to 10000.',
    ],
    [
      'go past the year 9999',
      [first, { frequency: 'weekly', interval: 1000, count: 10_000 }],
      'recurrence',
      'The last window would end after the year 9999.',
    ],
  ];
  for (const [what, asked, field, message] of refused) {
    it(`are refused where they ${what}, with what is wrong`, () => {
      expect(() => recurring(...asked))
        .to.throw(InvalidRequest, message)
        .that.includes({ field, message });
    });
  }
});
