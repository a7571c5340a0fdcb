/**
 * The terms of a reservation: the window and expiry that take effect, by what was asked for and by policy.
 */
import { counted } from './counted.ts';
import type { Instant, Window } from './window.ts';
import { FOREVER, LATEST, describeInstant } from './window.ts';
import type { Policy, RequestedTimes, Series } from './entities.ts';
import { omit } from './omit.ts';
import { recurring } from './recurrence.ts';
import { countOf, firstAfter, spanOfAll, windowAt } from './windows.ts';
import type { Windows } from './windows.ts';
import { InvalidRequest } from './requests.ts';
import type { PolicyName, Refusal } from './requests.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface Terms {
  /** Of many, the one that is in progress, or is next. */
  readonly window: Window;
  readonly series?: Series;
  /** What is not allocated by then is released; absent: never. Not later than the end. */
  readonly expiresAt?: Instant;
}

export type TermsResult =
  { readonly outcome: 'set'; readonly terms: Terms } | { readonly outcome: 'refused'; readonly refusal: Refusal };

/**
 * Decides the terms.
 *
 * Without a start the window begins now, and the validity period is the policy's `immediate-validity` unless an expiry time is given.
 * Without an end it ends where `max-duration` or `max-future-end-range` is reached, or is refused, as `open-ended` says. Of many
 * windows, the policy bounds the start of the first, the end of the last, and the duration of each.
 * @param begun the start in effect of a reservation that has begun, or that keeps a start which was checked before; of many
 *   windows that of the first
 * @throws InvalidRequest for instants that contradict each other or lie in the past
 */
export function setTerms(policy: Policy, times: RequestedTimes, now: Instant, begun?: Instant): TermsResult {
  const start = begun ?? times.start ?? now;
  checkStart(times, start, now, begun !== undefined);
  const windows: Windows =
    times.recurrence === undefined
      ? { start, end: times.end ?? FOREVER }
      : recurring({ start, end: times.end ?? FOREVER }, times.recurrence);
  checkOrder(times, windows, now, begun !== undefined);
  const refusal = violation(policy, times, windows, now, begun !== undefined);
  if (refusal !== undefined) return { outcome: 'refused', refusal };
  if (times.recurrence !== undefined) return { outcome: 'set', terms: repeated(policy, times, windows, now) };
  const end = times.end ?? longestEnd(policy, start, now);
  return { outcome: 'set', terms: withExpiry(policy, times, { start, end }, start) };
}

function repeated(policy: Policy, times: RequestedTimes, windows: Windows, now: Instant): Terms {
  const { start, end, period = 0 } = windows;
  const index = firstAfter(windows, now);
  const expiresAt = expiry(policy, times, start);
  const after = expiresAt === undefined ? {} : { expiresAfter: Math.min(expiresAt, end) - start };
  const series: Series = { period, count: countOf(windows), occurrence: index + 1, ...after };
  return inSeries(windowAt(windows, index), series);
}

/** The terms of a window of a series. */
function inSeries(window: Window, series: Series): Terms {
  const { expiresAfter } = series;
  return { window, series, ...(expiresAfter === undefined ? {} : { expiresAt: window.start + expiresAfter }) };
}

/** The terms of the window after the one of a series that is over. */
export function nextTerms(window: Window, series: Series): Terms {
  return inSeries(windowAt({ ...window, period: series.period }, 1), { ...series, occurrence: series.occurrence + 1 });
}

/** The terms of a window whose resources can be allocated from an instant on. */
export function withExpiry(
  policy: Policy,
  times: RequestedTimes,
  window: Window,
  from: Instant,
): Pick<Terms, 'window' | 'expiresAt'> {
  const expiresAt = expiry(policy, times, from);
  return expiresAt === undefined ? { window } : { window, expiresAt: Math.min(expiresAt, window.end) };
}

/**
 * The terms of a reservation that was made after its window had begun, by the acceptance of an offer: what policy gives time for
 * has it from then on.
 */
export function countedFrom(policy: Policy, times: RequestedTimes, terms: Terms, made: Instant): Terms {
  if (made <= terms.window.start) return terms;
  return { ...omit(terms, 'expiresAt'), ...withExpiry(policy, times, terms.window, made) };
}

function checkStart(times: RequestedTimes, start: Instant, now: Instant, begun: boolean): void {
  if (!begun && times.start !== undefined && times.start < now) {
    throw new InvalidRequest(
      'start',
      `The start ${describeInstant(start)} has passed; it is ${describeInstant(now)}. Leave it out for immediate use.`,
    );
  }
  if (start >= LATEST) throw new InvalidRequest('start', `Nothing can last beyond ${describeInstant(LATEST)}.`);
  const { end } = times;
  if (end !== undefined && end <= start) {
    throw new InvalidRequest(
      'end',
      `The end ${describeInstant(end)} is not after the start ${describeInstant(start)}.`,
    );
  }
}

function checkOrder(times: RequestedTimes, windows: Windows, now: Instant, begun: boolean): void {
  const { start } = windows;
  const { expiryTime } = times;
  const { end } = spanOfAll(windows);
  if (end <= now) {
    const which = countOf(windows) === 1 ? 'The end' : 'The end of the last window';
    throw new InvalidRequest('end', `${which} ${describeInstant(end)} has passed; it is ${describeInstant(now)}.`);
  }
  if (expiryTime !== undefined && !begun && expiryTime <= start) {
    throw new InvalidRequest(
      'expiry-time',
      `The expiry time ${describeInstant(expiryTime)} is not after the start ${describeInstant(start)}, so that nothing could be allocated before it.`,
    );
  }
}

function violation(
  policy: Policy,
  times: RequestedTimes,
  windows: Windows,
  now: Instant,
  begun: boolean,
): Refusal | undefined {
  const { start } = windows;
  const { end } = spanOfAll(windows);
  const { maxFutureStartRange, maxFutureEndRange, maxDuration, openEnded } = policy;
  if (!begun && maxFutureStartRange !== undefined && start > now + maxFutureStartRange * DAY) {
    const latest = describeInstant(now + maxFutureStartRange * DAY);
    return forbidden(
      'max-future-start-range',
      latest,
      `The start is more than ${counted(maxFutureStartRange, 'day')} ahead; the latest possible is ${latest}.`,
    );
  }
  if (times.end === undefined && openEnded === 'refuse') {
    return forbidden('open-ended', 'refuse', 'Reservations without an end are not accepted; give an end.');
  }
  const latestEnd = maxFutureEndRange === undefined ? FOREVER : now + maxFutureEndRange * DAY;
  if (times.end === undefined) {
    if (latestEnd > Math.max(start, now)) return undefined;
    const latest = describeInstant(latestEnd);
    return forbidden(
      'max-future-end-range',
      latest,
      `The latest possible end is ${latest}, which leaves the reservation no time.`,
    );
  }
  if (maxFutureEndRange !== undefined && end > latestEnd) {
    const latest = describeInstant(latestEnd);
    return forbidden(
      'max-future-end-range',
      latest,
      `The end${countOf(windows) === 1 ? '' : ' of the last window'} is more than ${counted(maxFutureEndRange, 'day')} ahead; the latest possible is ${latest}.`,
    );
  }
  if (times.end - start > maxDuration * HOUR) {
    return forbidden(
      'max-duration',
      String(maxDuration),
      `The reservation would last longer than ${counted(maxDuration, 'hour')}.`,
    );
  }
  return undefined;
}

function forbidden(policy: PolicyName, limit: string, message: string): Refusal {
  return { reason: 'policy-violation', message: `${message} (policy ${policy})`, policy, limit, shortages: [] };
}

/** Where what begins at an instant and has no end has to end; not after the last instant there is. */
export function longestEnd(policy: Policy, start: Instant, now: Instant): Instant {
  const byDuration = Math.min(start + policy.maxDuration * HOUR, LATEST);
  const byRange = policy.maxFutureEndRange === undefined ? FOREVER : now + policy.maxFutureEndRange * DAY;
  // A range that is over by the start leaves no reservation; of a machine without one, the duration tells what it could have.
  return byRange > start ? Math.min(byDuration, byRange) : byDuration;
}

function expiry(policy: Policy, times: RequestedTimes, start: Instant): Instant | undefined {
  if (times.expiryTime !== undefined) return times.expiryTime;
  if (times.start === undefined) return start + policy.immediateValidity * MINUTE;
  return policy.expiry === undefined ? undefined : start + policy.expiry * MINUTE;
}

/** The latest start that policy allows now for a window of a length, which ends by the last instant there is; a year ahead where it says nothing. */
export function latestStart(policy: Policy, now: Instant, requested: Instant, duration: number): Instant {
  const { maxFutureStartRange, maxFutureEndRange } = policy;
  const latest =
    maxFutureStartRange === undefined ? Math.max(now, requested) + 365 * DAY : now + maxFutureStartRange * DAY;
  const latestEnd = maxFutureEndRange === undefined ? LATEST : Math.min(LATEST, now + maxFutureEndRange * DAY);
  return Math.min(latest, latestEnd - duration);
}
