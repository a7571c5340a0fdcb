/** The window and expiry that take effect, and what policy forbids: each bound at the instant before and after it. */
import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import type { Policy, RequestedTimes } from '../../../src/engine/entities.ts';
import { InvalidRequest } from '../../../src/engine/requests.ts';
import type { Refusal } from '../../../src/engine/requests.ts';
import { countedFrom, latestStart, nextTerms, setTerms, withExpiry } from '../../../src/engine/terms.ts';
import type { Terms } from '../../../src/engine/terms.ts';
import { LATEST } from '../../../src/engine/window.ts';
import { DAY, HOUR, MINUTE, NOW } from './engine-fixture.ts';

const T = NOW + DAY;
const DAILY = { frequency: 'daily', interval: 1, count: 3 } as const;

function policy(more: Partial<Policy> = {}): Policy {
  return { ...DEFAULT_POLICY, maxDuration: 48, ...more };
}

function termsFor(times: RequestedTimes, more: Partial<Policy> = {}, begun?: number): Terms {
  const result = setTerms(policy(more), times, NOW, begun);
  if (result.outcome === 'refused') throw new Error(result.refusal.message);
  return result.terms;
}

function refusalOf(times: RequestedTimes, more: Partial<Policy> = {}): Refusal {
  const result = setTerms(policy(more), times, NOW);
  if (result.outcome === 'set') throw new Error('it is allowed');
  return result.refusal;
}

describe('the times of a request', () => {
  it('that cannot be are bad input: the field is named, and what is wrong with it', () => {
    const bad = (times: RequestedTimes, field: string, message: string, begun?: number): void => {
      expect(() => termsFor(times, {}, begun))
        .to.throw(InvalidRequest, message)
        .with.property('field', field);
    };
    const has = 'has passed; it is 2030-01-01T00:00:00Z.';
    bad({ start: NOW - 1000 }, 'start', `The start 2029-12-31T23:59:59Z ${has} Leave it out for immediate use.`);
    bad({ start: T, end: T }, 'end', 'The end 2030-01-02T00:00:00Z is not after the start 2030-01-02T00:00:00Z.');
    bad({ start: LATEST }, 'start', 'Nothing can last beyond 9999-12-31T23:59:59.999Z.');
    // Of what has begun the end alone may have passed.
    bad({ start: NOW - HOUR, end: NOW }, 'end', `The end 2030-01-01T00:00:00Z ${has}`, NOW - HOUR);
    const past = { start: NOW - 3 * DAY, end: NOW - 3 * DAY + HOUR, recurrence: DAILY };
    bad(past, 'end', `The end of the last window 2029-12-31T01:00:00Z ${has}`, NOW - 3 * DAY);
    bad(
      { start: T, end: T + HOUR, expiryTime: T },
      'expiry-time',
      'The expiry time 2030-01-02T00:00:00Z is not after the start 2030-01-02T00:00:00Z, so that nothing could be allocated before it.',
    );
    expect(termsFor({ start: NOW }).window.start).to.equal(NOW);
    expect(termsFor({ start: T, end: T + 1, expiryTime: T + 1 })).to.deep.equal({
      window: { start: T, end: T + 1 },
      expiresAt: T + 1,
    });
  });

  it('are not held against the past where the reservation has begun', () => {
    const begun = NOW - HOUR;
    expect(termsFor({ start: begun, end: NOW + 1, expiryTime: begun }, {}, begun)).to.deep.equal({
      window: { start: begun, end: NOW + 1 },
      expiresAt: begun,
    });
    // Nor is a start that was checked before held against a range that has become shorter.
    expect(termsFor({ start: T, end: T + HOUR }, { maxFutureStartRange: 0 }, T).window.start).to.equal(T);
  });

  it('may be at the very bounds of policy, and not beyond: the answer names the policy and its bound', () => {
    const reason = 'policy-violation';
    const range = { maxFutureStartRange: 1 };
    expect(termsFor({ start: T, end: T + HOUR }, range).window.start).to.equal(T);
    expect(refusalOf({ start: T + 1, end: T + HOUR }, range)).to.deep.equal({
      reason,
      policy: 'max-future-start-range',
      limit: '2030-01-02T00:00:00Z',
      message:
        'The start is more than 1 day ahead; the latest possible is 2030-01-02T00:00:00Z. (policy max-future-start-range)',
      shortages: [],
    });
    const end = { maxFutureEndRange: 2 };
    expect(termsFor({ start: T, end: NOW + 2 * DAY }, end).window.end).to.equal(NOW + 2 * DAY);
    expect(refusalOf({ start: T, end: NOW + 2 * DAY + 1 }, end)).to.deep.equal({
      reason,
      policy: 'max-future-end-range',
      limit: '2030-01-03T00:00:00Z',
      message:
        'The end is more than 2 days ahead; the latest possible is 2030-01-03T00:00:00Z. (policy max-future-end-range)',
      shortages: [],
    });
    expect(refusalOf({ start: NOW, end: NOW + HOUR, recurrence: DAILY }, end).message).to.equal(
      'The end of the last window is more than 2 days ahead; the latest possible is 2030-01-03T00:00:00Z. (policy max-future-end-range)',
    );
    expect(termsFor({ start: T, end: T + 2 * DAY }).window.end).to.equal(T + 2 * DAY);
    expect(refusalOf({ start: T, end: T + 2 * DAY + 1 })).to.deep.equal({
      reason,
      policy: 'max-duration',
      limit: '48',
      message: 'The reservation would last longer than 48 hours. (policy max-duration)',
      shortages: [],
    });
    expect(refusalOf({ start: T }, { openEnded: 'refuse' })).to.deep.equal({
      reason,
      policy: 'open-ended',
      limit: 'refuse',
      message: 'Reservations without an end are not accepted; give an end. (policy open-ended)',
      shortages: [],
    });
  });

  it('without an end last as long as policy allows: by duration, or to the end of the range where that is sooner', () => {
    const endOf = (start: number, more: Partial<Policy>): number => termsFor({ start }, more).window.end;
    expect(endOf(T, {})).to.equal(T + 2 * DAY);
    expect(endOf(T, { maxFutureEndRange: 2 })).to.equal(NOW + 2 * DAY);
    expect(endOf(T, { maxFutureEndRange: 30 })).to.equal(T + 2 * DAY);
    expect(endOf(LATEST - DAY, {})).to.equal(LATEST);
    expect(endOf(T, { maxDuration: 2 ** 32 - 1 })).to.equal(LATEST);
  });

  it('without an end are refused where the range of ends is over by the start, as they are with one', () => {
    const limit = '2030-01-02T00:00:00Z';
    expect(refusalOf({ start: T }, { maxFutureEndRange: 1 })).to.deep.equal({
      reason: 'policy-violation',
      policy: 'max-future-end-range',
      limit,
      message: `The latest possible end is ${limit}, which leaves the reservation no time. (policy max-future-end-range)`,
      shortages: [],
    });
    const start = T - 1;
    expect(termsFor({ start }, { maxFutureEndRange: 1 }).window).to.deep.equal({ start, end: T });
    for (const times of [{}, { start: T }, { start: LATEST - DAY }])
      expect(refusalOf(times, { maxFutureEndRange: 0 }).policy).to.equal('max-future-end-range');
    // Nor may what has begun end at once.
    expect(setTerms(policy({ maxFutureEndRange: 0 }), {}, NOW, NOW - HOUR).outcome).to.equal('refused');
  });

  it('expire when that was asked for, else as policy says, of immediate use and of later, and not after the end', () => {
    const expiryOf = (times: RequestedTimes, more: Partial<Policy> = {}): number | undefined =>
      termsFor(times, more).expiresAt;
    expect(expiryOf({})).to.equal(NOW + HOUR);
    expect(expiryOf({}, { immediateValidity: 10, expiry: 30 })).to.equal(NOW + 10 * MINUTE);
    expect(termsFor({ start: T, end: T + HOUR })).not.to.have.property('expiresAt');
    expect(expiryOf({ start: T, end: T + HOUR }, { expiry: 30 })).to.equal(T + 30 * MINUTE);
    expect(expiryOf({ start: T, end: T + HOUR }, { expiry: 90 })).to.equal(T + HOUR);
    expect(expiryOf({ start: T, end: T + HOUR, expiryTime: T + 1 }, { expiry: 30 })).to.equal(T + 1);
    expect(expiryOf({ expiryTime: T })).to.equal(T);
  });
});

describe('the terms of what recurs', () => {
  const times = { start: NOW - DAY, end: NOW - DAY + HOUR, recurrence: DAILY };

  it('are those of the window in progress, or the next, each with an expiry at the same time from its start', () => {
    const terms = termsFor({ ...times, expiryTime: NOW - DAY + MINUTE }, {}, NOW - DAY);
    expect(terms).to.deep.equal({
      window: { start: NOW, end: NOW + HOUR },
      series: { period: DAY, count: 3, occurrence: 2, expiresAfter: MINUTE },
      expiresAt: NOW + MINUTE,
    });
    const { window, series } = terms;
    if (series === undefined) throw new Error('one window');
    expect(nextTerms(window, series)).to.deep.equal({
      window: { start: T, end: T + HOUR },
      series: { period: DAY, count: 3, occurrence: 3, expiresAfter: MINUTE },
      expiresAt: T + MINUTE,
    });
    expect(termsFor(times, {}, NOW - DAY)).to.deep.equal({
      window: { start: NOW, end: NOW + HOUR },
      series: { period: DAY, count: 3, occurrence: 2 },
    });
    // What policy gives time for has no longer than its window.
    expect(termsFor(times, { expiry: 90 }, NOW - DAY).series?.expiresAfter).to.equal(HOUR);
  });
});

describe('a reservation that was made after its window had begun', () => {
  const window = { start: NOW, end: NOW + 2 * HOUR };

  it('has from then on the time that policy gives', () => {
    const more = policy({ expiry: 30 });
    const asked = { start: NOW, end: NOW + 2 * HOUR };
    const terms: Terms = { window, expiresAt: NOW + 30 * MINUTE };
    expect(countedFrom(more, asked, terms, NOW)).to.equal(terms);
    expect(countedFrom(more, asked, terms, NOW + HOUR)).to.deep.equal({ window, expiresAt: NOW + 90 * MINUTE });
    expect(countedFrom(policy(), asked, terms, NOW + HOUR)).to.deep.equal({ window });
    expect(withExpiry(more, asked, window, NOW + 110 * MINUTE)).to.deep.equal({ window, expiresAt: NOW + 2 * HOUR });
  });
});

describe('the latest start that policy allows', () => {
  it('is bounded by the range of starts, and by that of ends less the duration; a year ahead where there is none', () => {
    expect(latestStart(policy(), NOW, T, HOUR)).to.equal(T + 365 * DAY);
    expect(latestStart(policy(), NOW, NOW - DAY, HOUR)).to.equal(NOW + 365 * DAY);
    expect(latestStart(policy({ maxFutureStartRange: 3 }), NOW, T, HOUR)).to.equal(NOW + 3 * DAY);
    expect(latestStart(policy({ maxFutureEndRange: 3 }), NOW, T, HOUR)).to.equal(NOW + 3 * DAY - HOUR);
    expect(latestStart(policy({ maxFutureStartRange: 2, maxFutureEndRange: 3 }), NOW, T, HOUR)).to.equal(NOW + 2 * DAY);
    // Nothing ends after the year 9999, or could be told.
    expect(latestStart(policy(), NOW, LATEST - DAY, HOUR)).to.equal(LATEST - HOUR);
  });
});
