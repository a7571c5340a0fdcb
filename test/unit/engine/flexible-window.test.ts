import { expect } from 'chai';
import { firstTimes, isPast, keptTimes, timesOf } from '../../../src/engine/flexible-window.ts';
import { InvalidRequest } from '../../../src/engine/requests.ts';
import type { Commands } from '../../../src/engine/requests.ts';
import { LATEST } from '../../../src/engine/window.ts';
import { DAY, Engine, HOUR, MINUTE, NOW } from './engine-fixture.ts';

type Create = Parameters<Commands['createReservation']>[1];

describe('flexible windows', () => {
  let engine: Engine;
  let source: string;

  beforeEach(() => {
    engine = new Engine();
    source = engine.provider([{ name: 'h1', cores: 100 }]);
    engine.pool(source, { cores: 10 });
  });

  const hours = (from: number, to: number): { start: number; end: number } => ({
    start: NOW + from * HOUR,
    end: NOW + to * HOUR,
  });

  function reserved(cores: number, times: Omit<Create, 'demand'>): string {
    return engine.reserve({ ...times, demand: { capacity: { cores } } });
  }

  function windowOf(id: string): readonly number[] {
    const { startsAt, endsAt } = engine.reservation(id);
    return [(startsAt - NOW) / HOUR, (endsAt - NOW) / HOUR];
  }

  const two = { duration: 2 * HOUR };

  it('begin as early as the bounds and what is held allow', () => {
    expect(windowOf(reserved(10, { flexible: two }))).to.deep.equal([0, 2]);
    expect(windowOf(reserved(10, { flexible: { ...two, earliestStart: NOW + HOUR } }))).to.deep.equal([2, 4]);
    expect(windowOf(reserved(10, { flexible: { ...two, earliestStart: NOW + 5 * HOUR } }))).to.deep.equal([5, 7]);
    expect(windowOf(reserved(10, { flexible: two }))).to.deep.equal([7, 9]);
    expect(windowOf(reserved(10, { flexible: { duration: HOUR, latestEnd: NOW + 5 * HOUR } }))).to.deep.equal([4, 5]);
    const id = reserved(1, { flexible: { ...two, earliestStart: NOW - DAY } });
    expect(windowOf(id)).to.deep.equal([9, 11]);
    expect(engine.reservation(id)).not.to.have.any.keys('start', 'end');
  });

  it('are refused with what could be had in the earliest one, and the next that fits beyond the bounds', () => {
    reserved(8, hours(0, 6));
    const flexible = { ...two, latestEnd: NOW + 4 * HOUR };
    expect(engine.refuse({ flexible, demand: { capacity: { cores: 3 } } })).to.deep.include({
      reason: 'insufficient-capacity',
      most: { cores: 2 },
      nextWindow: hours(6, 8),
    });
    const never = engine.refuse({ flexible, demand: { capacity: { cores: 11 } } });
    expect(never.nextWindow).to.equal(undefined);
    expect(never.searchedUntil).to.equal(NOW + 365 * DAY);
  });

  it('keep to the policy', () => {
    const policy = { ...engine.head.policy, maxFutureEndRange: 1, maxDuration: 12 };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: policy }] });
    const cores = { demand: { capacity: { cores: 10 } } };
    expect(engine.refuse({ flexible: { duration: 13 * HOUR }, ...cores })).to.include({ policy: 'max-duration' });
    reserved(10, hours(0, 12));
    reserved(10, hours(12, 23));
    // It would end after what policy allows, so that it is not offered either.
    expect(engine.refuse({ flexible: two, ...cores }).nextWindow).to.equal(undefined);
    expect(engine.refuse({ ...hours(0, 2), ...cores }).nextWindow).to.equal(undefined);
    expect(windowOf(reserved(10, { flexible: { duration: HOUR } }))).to.deep.equal([23, 24]);
  });

  it('begin before the expiry time', () => {
    reserved(10, hours(0, 3));
    const flexible = { ...two, latestEnd: NOW + 9 * HOUR };
    const expiryTime = NOW + 3 * HOUR;
    const result = engine.refuse({ flexible, expiryTime, demand: { capacity: { cores: 1 } } });
    expect(result.nextWindow).to.deep.equal(hours(3, 5));
    const id = reserved(1, { flexible, expiryTime: expiryTime + MINUTE });
    expect(engine.reservation(id)).to.include({ startsAt: NOW + 3 * HOUR, expiresAt: expiryTime + MINUTE });
  });

  it('cannot have bounds that hold none, nor a start or end beside them', () => {
    const bad = (times: Omit<Create, 'demand'>, message: string): void => {
      expect(() => reserved(1, times)).to.throw(InvalidRequest, message);
    };
    bad({ flexible: { ...two, latestEnd: NOW + HOUR } }, 'lasts 7200 seconds');
    bad({ flexible: { ...two, earliestStart: NOW + DAY, latestEnd: NOW + DAY + HOUR } }, 'cannot end by');
    bad({ flexible: two, start: NOW + HOUR }, 'either a start and an end');
  });

  it('stay when something else changes, and move within the bounds when it does not fit any more', () => {
    const id = reserved(4, { flexible: { ...two, latestEnd: NOW + 12 * HOUR, earliestStart: NOW + HOUR } });
    const other = reserved(4, hours(0, 6));
    expect(engine.do('updateReservation', { id, name: 'web' }).outcome).to.equal('updated');
    expect(windowOf(id)).to.deep.equal([1, 3]);
    engine.do('updateReservation', { id, demand: { capacity: { cores: 6 } } });
    expect(windowOf(id)).to.deep.equal([1, 3]);
    engine.do('updateReservation', { id, demand: { capacity: { cores: 7 } } });
    expect(windowOf(id)).to.deep.equal([6, 8]);
    engine.do('cancelReservation', { id: other });
    engine.do('updateReservation', { id, name: 'db' });
    expect(windowOf(id)).to.deep.equal([6, 8]);
    const result = engine.do('updateReservation', { id, demand: { capacity: { cores: 11 } } });
    expect(result.outcome).to.equal('refused');
    expect(engine.reservation(id)).to.deep.include({ name: 'db', demand: { capacity: { cores: 7 } } });
  });

  it('are chosen anew when the bounds change, and fixed when a start or an end is given', () => {
    const id = reserved(4, { flexible: { ...two, earliestStart: NOW + HOUR } });
    engine.do('updateReservation', { id, flexible: { duration: 3 * HOUR, earliestStart: NOW + 4 * HOUR } });
    expect(windowOf(id)).to.deep.equal([4, 7]);
    engine.do('updateReservation', { id, end: NOW + 8 * HOUR });
    expect(windowOf(id)).to.deep.equal([4, 8]);
    expect(engine.reservation(id))
      .to.include({ start: NOW + 4 * HOUR, end: NOW + 8 * HOUR })
      .and.not.have.property('flexible');
    engine.do('updateReservation', { id, flexible: two });
    expect(windowOf(id)).to.deep.equal([0, 2]);
    expect(engine.reservation(id)).not.to.have.any.keys('start', 'end');
  });

  it('do not move under what is allocated', () => {
    engine.pool(source, { cores: 10, ram: 4096, instances: 5 }, 'nova');
    const flexible = { ...two, latestEnd: NOW + 4 * HOUR };
    const id = engine.reserve({ flexible, demand: { capacity: { cores: 2, ram: 1024, instances: 2 } } });
    engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', reservation: id });
    engine.advance(HOUR);
    engine.do('updateReservation', { id, flexible: { duration: 4 * HOUR, latestEnd: NOW + 4 * HOUR } });
    expect(windowOf(id)).to.deep.equal([0, 4]);
    const later = { id, flexible: { ...two, earliestStart: NOW + 2 * HOUR } };
    expect(() => engine.do('updateReservation', later)).to.throw(InvalidRequest, 'allocated');
  });

  it('are chosen when a pending request is decided on', () => {
    const wanted = {
      flexible: { ...two, latestEnd: NOW + 4 * HOUR },
      demand: { capacity: { cores: 10 } },
      deferred: true,
    };
    const pending = engine.do('createReservation', wanted);
    if (pending.outcome === 'refused') throw new Error(pending.refusal.message);
    reserved(1, hours(0, 1));
    engine.advance(0);
    expect(windowOf(pending.reservation.id)).to.deep.equal([1, 3]);
    const second = engine.do('createReservation', wanted);
    if (second.outcome === 'refused') throw new Error(second.refusal.message);
    engine.sleep(3 * HOUR);
    expect(engine.reservation(second.reservation.id)).to.include({ status: 'rejected', reason: 'window-over' });
  });

  it('are chosen among those that are left when it is decided later than the first would have ended', () => {
    const wanted = { flexible: { ...two, latestEnd: NOW + 6 * HOUR }, demand: { capacity: { cores: 1 } } };
    const pending = engine.do('createReservation', { ...wanted, deferred: true });
    if (pending.outcome === 'refused') throw new Error(pending.refusal.message);
    engine.sleep(3 * HOUR);
    expect(windowOf(pending.reservation.id)).to.deep.equal([3, 5]);
  });

  it('and immediate use are rejected when their expiry time comes before the decision', () => {
    for (const times of [{ flexible: two }, {}]) {
      const wanted = { ...times, expiryTime: engine.now + HOUR, demand: { capacity: { cores: 1 } }, deferred: true };
      const pending = engine.do('createReservation', wanted);
      if (pending.outcome === 'refused') throw new Error(pending.refusal.message);
      engine.sleep(2 * HOUR);
      expect(engine.reservation(pending.reservation.id)).to.include({ status: 'rejected', reason: 'window-over' });
    }
  });

  it('can be configured, and an edit that is repeated changes nothing', () => {
    const entry = { id: 'r', flexible: { ...two, latestEnd: NOW + 9 * HOUR }, demand: { capacity: { cores: 6 } } };
    const apply = (...changes: Parameters<Commands['applyConfiguration']>[1]['changes']): string =>
      engine.do('applyConfiguration', { changes }).outcome;
    reserved(5, hours(0, 3));
    expect(apply({ put: 'reservation', entry })).to.equal('applied');
    expect(windowOf('r')).to.deep.equal([3, 5]);
    engine.told();
    expect(apply({ put: 'reservation', entry: { ...entry, flexible: { ...entry.flexible } } })).to.equal('applied');
    expect(engine.told()).to.deep.equal([]);
    const smaller = { ...entry, demand: { capacity: { cores: 4 } } };
    expect(apply({ put: 'reservation', entry: smaller })).to.equal('applied');
    expect(windowOf('r')).to.deep.equal([3, 5]);
    const past = { ...entry, id: 'past', flexible: { ...two, latestEnd: NOW - HOUR } };
    expect(apply({ put: 'reservation', entry: past })).to.equal('applied');
    expect(engine.reservation('past')).to.include({ status: 'ended' });
    const none = { ...entry, id: 'none', demand: { capacity: { cores: 11 } } };
    expect(apply({ put: 'reservation', entry: none })).to.equal('refused');
  });

  describe('that repeat', () => {
    const daily = (count: number) => ({ frequency: 'daily' as const, interval: 1, count });

    it('begin where all of them fit, and keep that start as long as they do', () => {
      reserved(8, hours(2, 4));
      reserved(8, hours(24, 27));
      const id = reserved(4, { flexible: { ...two, latestEnd: NOW + 12 * HOUR }, recurrence: daily(3) });
      // From 0 and from 1 the second day is short, from 2 and 3 the first.
      expect(windowOf(id)).to.deep.equal([4, 6]);
      expect(engine.reservation(id).series).to.include({ count: 3, occurrence: 1, period: DAY });
      engine.do('updateReservation', { id, name: 'web', recurrence: daily(5) });
      expect(windowOf(id)).to.deep.equal([4, 6]);
      reserved(6, hours(4 + 48, 6 + 48));
      engine.do('updateReservation', { id, demand: { capacity: { cores: 5 } } });
      expect(windowOf(id), 'the third day is short').to.deep.equal([6, 8]);
    });

    it('are not chosen anew once the first has begun', () => {
      const id = reserved(4, { flexible: two, recurrence: daily(3) });
      engine.advance(3 * HOUR);
      expect(windowOf(id)).to.deep.equal([24, 26]);
      reserved(5, hours(48, 50));
      const refused = engine.do('updateReservation', { id, demand: { capacity: { cores: 6 } } });
      expect(refused.outcome).to.equal('refused');
      engine.do('updateReservation', { id, name: 'web' });
      expect(engine.reservation(id)).to.include({ name: 'web' });
      expect(windowOf(id)).to.deep.equal([24, 26]);
      engine.do('updateReservation', { id, end: NOW + 3 * HOUR });
      expect(windowOf(id)).to.deep.equal([24, 27]);
      expect(engine.reservation(id)).to.include({ start: NOW, end: NOW + 3 * HOUR });
    });

    it('are as many as from the earliest start on, none after the last instant', () => {
      reserved(8, hours(0, 3));
      const until = (hour: number) => ({ frequency: 'daily' as const, interval: 1, until: NOW + hour * HOUR });
      const id = reserved(4, { flexible: two, recurrence: until(52) });
      expect(windowOf(id)).to.deep.equal([3, 5]);
      expect(engine.reservation(id).series).to.include({ count: 3 });
      const refusal = engine.refuse({ flexible: two, recurrence: until(50), demand: { capacity: { cores: 4 } } });
      expect(refusal.shortWindows?.map(({ occurrence }) => occurrence)).to.deep.equal([1]);
      expect(refusal.nextWindow).to.deep.equal(hours(3, 5));
    });

    it('keep their first window when the bounds change after it has begun, for as long as they repeat', () => {
      const flexible = { ...two, earliestStart: NOW + HOUR, latestEnd: NOW + 20 * HOUR };
      const id = reserved(4, { flexible, recurrence: daily(5) });
      const update = (more: object): readonly number[] => {
        expect(engine.do('updateReservation', { id, ...more }).outcome).to.equal('updated');
        return [...windowOf(id), engine.reservation(id).series?.occurrence ?? 0];
      };
      engine.advance(90 * MINUTE);
      expect(update({ flexible: { ...flexible, latestEnd: NOW + 22 * HOUR } })).to.deep.equal([1, 3, 1]);
      engine.advance(51.5 * HOUR);
      expect(update({ flexible: { ...two, earliestStart: NOW + HOUR } })).to.deep.equal([73, 75, 4]);
      expect(update({ flexible: { ...flexible, latestEnd: NOW + 21 * HOUR } })).to.deep.equal([73, 75, 4]);
      expect(update({ flexible: { ...flexible, duration: 3 * HOUR } })).to.deep.equal([73, 76, 4]);
      expect(engine.reservation(id)).to.include({ status: 'scheduled' });
      expect(engine.reservation(id).series).to.include({ count: 5 });
      const later = { id, flexible: { ...two, earliestStart: NOW + 2 * HOUR } };
      expect(() => engine.do('updateReservation', later))
        .to.throw(InvalidRequest, 'The reservation recurs since 2030-01-01T01:00:00Z; its first window has to lie')
        .with.property('field', 'flexible-window');
      expect(update({ clear: ['recurrence'], flexible: later.flexible })).to.deep.equal([53, 55, 0]);
    });

    it('are rejected when nothing of them can begin any more at the decision', () => {
      const demand = { capacity: { cores: 1 } };
      const until = (hour: number) => ({ frequency: 'daily' as const, interval: 1, until: engine.now + hour * HOUR });
      const hour = { flexible: { duration: HOUR } };
      const decided = (times: object) => {
        const pending = engine.do('createReservation', { ...times, demand, deferred: true });
        if (pending.outcome === 'refused') throw new Error(pending.refusal.message);
        engine.sleep(3 * HOUR);
        const { status, reason, message } = engine.reservation(pending.reservation.id);
        return [status, reason, message];
      };
      const over = (what: string) => ['rejected', 'window-over', `Its ${what} before the decision.`];
      expect(decided({ ...hour, recurrence: until(2) })).to.deep.equal(over('repetition ended'));
      expect(decided({ ...hour, recurrence: daily(3), expiryTime: engine.now + 30 * MINUTE })).to.deep.equal(
        over('expiry time arrived'),
      );
      expect(decided({ end: engine.now + 2 * HOUR, recurrence: daily(3) })).to.deep.equal(over('end arrived'));
      expect(decided({ ...hour, recurrence: until(3) })[0], 'the last instant').to.equal('active');
      expect(decided({ end: engine.now + 4 * HOUR, recurrence: daily(3) })[0], 'an hour left').to.equal('active');
    });

    it('are rejected when they would last beyond the last instant from the decision on', () => {
      const interval = Math.floor((LATEST - NOW) / DAY);
      const flexible = { duration: LATEST - NOW - interval * DAY - HOUR };
      const recurrence = { frequency: 'daily' as const, interval, count: 2 };
      const input = { flexible, recurrence, demand: { capacity: { cores: 1 } }, deferred: true };
      const policy = { ...engine.head.policy, maxDuration: 24 };
      engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: policy }] });
      const pending = engine.do('createReservation', input);
      if (pending.outcome === 'refused') throw new Error(pending.refusal.message);
      engine.sleep(2 * HOUR);
      const { status, reason, message } = engine.reservation(pending.reservation.id);
      expect([status, reason, message]).to.deep.equal([
        'rejected',
        'window-over',
        'The last window would end after the year 9999.',
      ]);
    });

    it('are over when an edit brings them back after the last, and go on when they have begun', () => {
      const edit = (id: string, count: number) => {
        const flexible = { ...two, latestEnd: NOW - DAY };
        const entry = {
          id,
          demand: { capacity: { cores: 1 } },
          priority: 2 as const,
          flexible,
          recurrence: daily(count),
        };
        return engine.do('applyConfiguration', { changes: [{ put: 'reservation', entry }] });
      };
      edit('late', 1);
      edit('later', 2);
      for (const id of ['late', 'later']) expect(engine.reservation(id).status).to.equal('ended');
      expect(edit('going', 3).outcome).to.equal('applied');
      expect(windowOf('going')).to.deep.equal([22, 24]);
      expect(engine.reservation('going').series).to.include({ count: 3, occurrence: 3 });
    });
  });
});

describe('the bounds of a flexible window', () => {
  const flexible = { duration: 2 * HOUR, earliestStart: NOW + HOUR, latestEnd: NOW + 5 * HOUR };
  const before = { id: 'r', startsAt: NOW + HOUR, endsAt: NOW + 3 * HOUR };
  const kept = { start: NOW + HOUR, end: NOW + 3 * HOUR };

  it('that stay what they were keep the window that was chosen, and those that change do not', () => {
    const same = { ...before, flexible };
    expect(keptTimes(same, { ...flexible }, false, NOW)).to.deep.equal(kept);
    for (const other of [
      { ...flexible, duration: HOUR },
      { ...flexible, earliestStart: NOW + 2 * HOUR },
      { ...flexible, latestEnd: NOW + 6 * HOUR },
    ])
      expect(keptTimes(same, other, false, NOW)).to.equal(undefined);
    expect(keptTimes(before, flexible, false, NOW)).to.equal(undefined);
  });

  it('keep the start under what is allocated, once it has come', () => {
    const longer = { ...flexible, duration: 4 * HOUR };
    expect(keptTimes(before, longer, true, NOW)).to.equal(undefined);
    expect(keptTimes(before, longer, false, NOW + HOUR)).to.equal(undefined);
    const end = NOW + 5 * HOUR;
    expect(keptTimes(before, longer, true, NOW + HOUR)).to.deep.equal({ start: kept.start, end });
    expect(keptTimes(before, { duration: 4 * HOUR }, true, NOW + 2 * HOUR)).to.deep.equal({ start: kept.start, end });
    for (const beside of [
      { ...longer, latestEnd: end - 1 },
      { ...flexible, earliestStart: NOW + HOUR + 1 },
    ])
      expect(() => keptTimes(before, beside, true, NOW + 2 * HOUR))
        .to.throw(InvalidRequest, 'Something is allocated under the reservation since 2030-01-01T01:00:00Z')
        .with.property('field', 'flexible-window');
  });

  it('are past when no window within them is left', () => {
    expect(isPast(flexible, NOW + 3 * HOUR)).to.equal(false);
    expect(isPast(flexible, NOW + 3 * HOUR + 1)).to.equal(true);
    expect(isPast({ duration: HOUR }, NOW)).to.equal(false);
  });

  it('have room for a window, and no start or end beside them', () => {
    const exact = { duration: 2 * HOUR, latestEnd: NOW + 2 * HOUR };
    expect(firstTimes({ flexible: exact }, NOW)).to.deep.equal({ start: NOW, end: NOW + 2 * HOUR });
    expect(() => firstTimes({ flexible: exact }, NOW + 1))
      .to.throw(InvalidRequest, 'The window lasts 7200 seconds')
      .with.property('field', 'flexible-window/latest-end');
    for (const beside of [{ start: NOW }, { end: NOW + DAY }])
      expect(() => firstTimes({ flexible, ...beside }, NOW))
        .to.throw(InvalidRequest, 'Give either a start and an end, or the bounds of a flexible window.')
        .with.property('field', 'flexible-window');
    expect(firstTimes({ start: NOW, end: NOW + 1 }, NOW)).to.deep.equal({ start: NOW, end: NOW + 1 });
  });

  it('are refused as policy refuses the earliest window, and with the maintenance that is in the way', () => {
    const engine = new Engine();
    const pool = engine.pool(engine.provider([{ name: 'h1', cores: 100 }]), { cores: 10 });
    const window = { start: NOW + HOUR, end: NOW + 9 * HOUR };
    const policy = { ...engine.head.policy, maxFutureStartRange: 1, maintenance: [{ id: 'm', pool, ...window }] };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: policy }] });
    const demand = { capacity: { cores: 1 } };
    const far = { duration: HOUR, earliestStart: NOW + 2 * DAY };
    const refused = timesOf(engine.head, { flexible: far, demand }, NOW);
    expect(refused.outcome === 'refused' && refused.refusal.reason).to.equal(
      engine.refuse({ start: NOW + 2 * DAY, end: NOW + 2 * DAY + HOUR, demand }).reason,
    );
    const inIt = timesOf(engine.head, { flexible, demand }, NOW);
    expect(inIt.outcome === 'refused' && inIt.refusal.message).to.contain('Out of service then: ');
    const chosen = timesOf(engine.head, { flexible: { duration: HOUR }, demand, expiryTime: NOW + 1 }, NOW);
    expect(chosen).to.deep.equal({
      outcome: 'chosen',
      times: { start: NOW, end: NOW + HOUR, expiryTime: NOW + 1 },
    });
    const given = { start: NOW, end: NOW + HOUR, demand };
    expect(timesOf(engine.head, given, NOW)).to.deep.equal({ outcome: 'chosen', times: given });
  });
});
