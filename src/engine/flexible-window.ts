/**
 * Windows that a request leaves open within bounds: the earliest one in which the whole demand fits is chosen. The same state always
 * chooses the same; once chosen, the window stays as long as what is asked for fits in it. Of many windows the bounds are those of the
 * first; they are as many as from the earliest start on, and the demand has to fit in all of them.
 */
import { counted } from './counted.ts';
import type { FlexibleWindow, Recurrence, RequestedTimes, RequestedWindow } from './entities.ts';
import { earliestStart, whyNot } from './every-window.ts';
import { recurring } from './recurrence.ts';
import { InvalidRequest } from './requests.ts';
import type { Refused } from './requests.ts';
import type { ReservationRequest } from './reservations.ts';
import type { Head } from './state.ts';
import { latestStart, setTerms } from './terms.ts';
import type { TermsResult } from './terms.ts';
import { FOREVER, LATEST, describeInstant, durationOf } from './window.ts';
import type { Instant, Window } from './window.ts';
import { windowsOf } from './window-index.ts';
import type { Spanned } from './window-index.ts';
import { countOf, spanOfAll, windowAt } from './windows.ts';
import type { Windows } from './windows.ts';

export type Choice = { readonly outcome: 'chosen'; readonly times: RequestedTimes } | Refused;

/** The times that are asked for, or chosen where that is left open, with the terms that follow from policy (see `setTerms`). */
export function termsOf(
  head: Head,
  request: Pick<ReservationRequest, keyof RequestedWindow | 'demand'>,
  now: Instant,
  begun?: Instant,
): TermsResult {
  const choice = timesOf(head, request, now);
  return choice.outcome === 'refused' ? choice : setTerms(head.policy, choice.times, now, begun);
}

/**
 * The times that are asked for, or the earliest that fit within the bounds.
 * @throws InvalidRequest for bounds that hold no such window, and for a start or end beside them
 */
export function timesOf(
  head: Head,
  request: Pick<ReservationRequest, keyof RequestedWindow | 'demand'>,
  now: Instant,
): Choice {
  const { flexible, demand, expiryTime } = request;
  if (flexible === undefined) return { outcome: 'chosen', times: request };
  const first = firstTimes(request, now);
  const windows = windowsFrom(request, flexible, now);
  // What policy forbids of the earliest window, it forbids of all.
  const allowed = setTerms(head.policy, first, now);
  if (allowed.outcome === 'refused') return allowed;
  const { latestEnd = LATEST, duration } = flexible;
  const notAfter = Math.min(
    latestStart(head.policy, now, windows.start, durationOf(spanOfAll(windows))),
    latestEnd - duration,
    latestWithAll(windows, request.recurrence),
    // Something has to be left of the window when the resources have to be allocated.
    (expiryTime ?? FOREVER) - 1,
  );
  const found = earliestStart(head, demand, windows, notAfter, now);
  if (found === undefined) return { outcome: 'refused', refusal: whyNot(head, demand, windows, now) };
  return { outcome: 'chosen', times: timesIn(request, { start: found, end: found + duration }) };
}

/** The times of the earliest window within the bounds, for what is decided on later. @throws InvalidRequest as `timesOf` */
export function firstTimes(request: RequestedWindow, now: Instant): RequestedTimes {
  const { flexible } = request;
  if (flexible === undefined) return request;
  check(request, flexible, now);
  return timesIn(request, windowFrom(flexible, now));
}

/**
 * The times of the latest window within the bounds, for what may have begun by it or be over. What has no bounds, and bounds with no such
 * window, stay as they are.
 */
export function lastTimes(request: RequestedWindow): RequestedTimes {
  const { flexible, recurrence, expiryTime, start, end } = request;
  if (flexible === undefined || start !== undefined || end !== undefined) return request;
  const { earliestStart: earliest, latestEnd = FOREVER, duration } = flexible;
  const latest = Math.min(latestEnd - duration, recurrence?.until ?? FOREVER, (expiryTime ?? FOREVER) - 1);
  if (latest === FOREVER || latest < (earliest ?? latest)) return request;
  return timesIn(request, { start: latest, end: latest + duration });
}

/** The earliest window within the bounds, with those that repeat it. @throws InvalidRequest for a recurrence that cannot be */
function windowsFrom({ recurrence }: RequestedTimes, flexible: FlexibleWindow, now: Instant): Windows {
  const first = windowFrom(flexible, now);
  return recurrence === undefined ? first : recurring(first, recurrence);
}

/** The latest start with which there are as many windows as from the earliest on. */
function latestWithAll(windows: Windows, recurrence: Recurrence | undefined): Instant {
  const last = windowAt(windows, countOf(windows) - 1);
  return recurrence?.until === undefined ? FOREVER : recurrence.until - (last.start - windows.start);
}

/** Whether no window within the bounds is left. */
export function isPast({ latestEnd = FOREVER, duration }: FlexibleWindow, now: Instant): boolean {
  return latestEnd - duration < now;
}

/**
 * The times that a reservation which was granted keeps under the bounds of a request: the window that was chosen when the bounds are what
 * they were, the start alone once something was allocated, or of a series that has begun and goes on. Undefined: another window may be
 * chosen.
 * @param recurrence how it is to repeat from now on
 * @throws InvalidRequest when the start has to stay and does not lie within the bounds
 */
export function keptTimes(
  before: Spanned & { readonly flexible?: FlexibleWindow },
  flexible: FlexibleWindow,
  allocated: boolean,
  now: Instant,
  recurrence?: Recurrence,
): Pick<RequestedTimes, 'start' | 'end'> | undefined {
  const { start } = windowsOf(before);
  const end = start + flexible.duration;
  if (before.flexible !== undefined && sameBounds(before.flexible, flexible)) return { start, end };
  const repeats = before.series !== undefined && recurrence !== undefined;
  if (start > now || !(allocated || repeats)) return undefined;
  if (start >= (flexible.earliestStart ?? start) && end <= (flexible.latestEnd ?? end)) return { start, end };
  const since = describeInstant(start);
  const why = repeats
    ? `The reservation recurs since ${since}; its first window`
    : `Something is allocated under the reservation since ${since}; this start`;
  throw new InvalidRequest('flexible-window', `${why} has to lie within the bounds.`);
}

function sameBounds(a: FlexibleWindow, b: FlexibleWindow): boolean {
  return a.earliestStart === b.earliestStart && a.latestEnd === b.latestEnd && a.duration === b.duration;
}

function windowFrom(flexible: FlexibleWindow, now: Instant): Window {
  const start = Math.max(flexible.earliestStart ?? now, now);
  return { start, end: start + flexible.duration };
}

function timesIn({ expiryTime, recurrence }: RequestedTimes, window: Window): RequestedTimes {
  return {
    ...window,
    ...(expiryTime === undefined ? {} : { expiryTime }),
    ...(recurrence === undefined ? {} : { recurrence }),
  };
}

function check(
  times: RequestedTimes,
  { earliestStart: earliest, latestEnd = LATEST, duration }: FlexibleWindow,
  now: Instant,
): void {
  if (times.start !== undefined || times.end !== undefined) {
    throw new InvalidRequest('flexible-window', 'Give either a start and an end, or the bounds of a flexible window.');
  }
  const start = Math.max(earliest ?? now, now);
  if (latestEnd - duration >= start) return;
  throw new InvalidRequest(
    'flexible-window/latest-end',
    `The window lasts ${counted(duration / 1000, 'second')}; from ${describeInstant(start)} on it cannot end by ${describeInstant(latestEnd)}.`,
  );
}
