/**
 * How a window repeats: a part of RFC 5545 recurrence rules (section 3.3.10), daily or weekly with an interval, until an instant or a
 * number of times, never without a bound. Days and weeks are counted in UTC: each window starts exactly 24 hours, or 7 days, times the
 * interval after the one before it, whatever clocks do somewhere.
 */
import { counted } from './counted.ts';
import type { Recurrence } from './entities.ts';
import { InvalidRequest } from './requests.ts';
import { FOREVER, LATEST, describeInstant } from './window.ts';
import type { Window } from './window.ts';
import { spanOfAll } from './windows.ts';
import type { Windows } from './windows.ts';

const DAY = 24 * 3_600_000;
const UNITS: Readonly<Record<Recurrence['frequency'], number>> = { daily: DAY, weekly: 7 * DAY };

/** The most windows that one reservation may have. */
export const MOST_WINDOWS = 10_000;

/** All windows, by the first one. @throws InvalidRequest for what cannot be */
export function recurring(first: Window, recurrence: Recurrence): Required<Windows> {
  const { frequency, interval, until } = recurrence;
  const period = interval * UNITS[frequency];
  if (first.end === FOREVER) {
    throw new InvalidRequest('recurrence', 'A window that repeats needs an end.');
  }
  if (first.end - first.start > period) {
    throw new InvalidRequest(
      'recurrence',
      `The window lasts ${hours(first.end - first.start)} and would repeat every ${hours(period)}; windows must not overlap.`,
    );
  }
  if (until !== undefined && until < first.start) {
    throw new InvalidRequest(
      'recurrence/until',
      `The repetition would end at ${describeInstant(until)}, before the first window starts at ${describeInstant(first.start)}.`,
    );
  }
  const count = until === undefined ? (recurrence.count ?? 1) : Math.floor((until - first.start) / period) + 1;
  if (count < 1 || count > MOST_WINDOWS) {
    const bound = until === undefined ? 'count' : 'until';
    const message = `There would be ${counted(count, 'window')}; a reservation may have 1 to ${MOST_WINDOWS}.`;
    throw new InvalidRequest(`recurrence/${bound}`, message);
  }
  const windows = { start: first.start, end: first.end, period, count };
  if (spanOfAll(windows).end > LATEST) {
    throw new InvalidRequest('recurrence', 'The last window would end after the year 9999.');
  }
  return windows;
}

function hours(ms: number): string {
  return counted(Math.round(ms / 36_000) / 100, 'hour');
}
