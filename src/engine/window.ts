/**
 * Instants and half-open windows of time.
 *
 * Time in the engine is epoch milliseconds (UTC, no leap seconds) and every window is half-open: it holds its start and
 * not its end, so that [9:00, 10:00) and [10:00, 11:00) neither overlap nor leave a gap.
 *
 * A window without an end ends at `FOREVER`. Outside the engine that is written as an absent end: no leaf in JSON and
 * XML, NULL in a row (`endToRow`, `endFromRow`). Infinity itself never leaves the process, since JSON has no word for it.
 */

/** Milliseconds since 1970-01-01T00:00:00Z: a safe integer, or `BEGINNING` / `FOREVER` where a function says so. */
export type Instant = number;

/** The end of a window that has none. */
export const FOREVER: Instant = Number.POSITIVE_INFINITY;

/** The start of a window that has none: what holds for all time, such as the base capacity of a pool. */
export const BEGINNING: Instant = Number.NEGATIVE_INFINITY;

/** The half-open span [start, end), start < end. `end` may be `FOREVER`; `start` may be `BEGINNING`. */
export interface Window {
  readonly start: Instant;
  readonly end: Instant;
}

/** All time. */
export const ALWAYS: Window = { start: BEGINNING, end: FOREVER };

/**
 * Which windows a query by window selects. `inclusive`: those that overlap it, so also those that span it.
 * `exclusive`: those that start and end inside it.
 */
export type WindowScope = 'inclusive' | 'exclusive';

/** A text that is not an instant, or two instants that are not a window. The message says what would be right. */
export class InvalidTimeError extends Error {
  override readonly name = 'InvalidTimeError';
}

/**
 * Makes a checked window; an absent end means `FOREVER`.
 * @throws InvalidTimeError when an instant is not a whole number of milliseconds, or the end is not after the start.
 */
export function windowOf(start: Instant, end: Instant = FOREVER): Window {
  if (!Number.isSafeInteger(start) && start !== BEGINNING) {
    throw new InvalidTimeError(
      `start is ${start}; it must be a whole number of milliseconds since 1970-01-01T00:00:00Z`,
    );
  }
  if (!Number.isSafeInteger(end) && end !== FOREVER) {
    throw new InvalidTimeError(`end is ${end}; it must be a whole number of milliseconds since 1970-01-01T00:00:00Z`);
  }
  if (end <= start) {
    throw new InvalidTimeError(`end ${describeInstant(end)} is not after start ${describeInstant(start)}`);
  }
  return { start, end };
}

/** Whether the two share at least one instant. Windows that merely touch do not. */
export function overlaps(a: Window, b: Window): boolean {
  return a.start < b.end && b.start < a.end;
}

/** Whether the instant lies in the window; its end does not. */
export function containsInstant(window: Window, instant: Instant): boolean {
  return window.start <= instant && instant < window.end;
}

/** Whether all of `inner` lies in `outer`. Every window contains itself. */
export function containsWindow(outer: Window, inner: Window): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** What the two have in common, or undefined when they do not overlap. */
export function intersect(a: Window, b: Window): Window | undefined {
  const start = Math.max(a.start, b.start);
  const end = Math.min(a.end, b.end);
  return start < end ? { start, end } : undefined;
}

/** Length in milliseconds; Infinity for a window that is open at either side. */
export function durationOf(window: Window): number {
  return window.end - window.start;
}

/** Whether the same span. */
export function sameWindow(a: Window, b: Window): boolean {
  return a.start === b.start && a.end === b.end;
}

/**
 * Whether a query for `query` selects `subject`. With scope `exclusive` the subject must lie wholly inside: one
 * that has no end is selected only by a query that has none either.
 */
export function matchesWindow(query: Window, subject: Window, scope: WindowScope = 'inclusive'): boolean {
  return scope === 'inclusive' ? overlaps(query, subject) : containsWindow(query, subject);
}

/** The end as a row or a JSON value holds it: null for `FOREVER`. */
export function endToRow(end: Instant): Instant | null {
  return end === FOREVER ? null : end;
}

/** The end that a row or a JSON value holds: null and undefined mean `FOREVER`. */
export function endFromRow(end: Instant | null | undefined): Instant {
  return end ?? FOREVER;
}

const DATE_AND_TIME =
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})T(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})(?:\.(?<fraction>\d+))?(?:Z|(?<sign>[+-])(?<offsetHour>\d{2}):(?<offsetMinute>\d{2}))$/;

const EARLIEST = Date.parse('0000-01-01T00:00:00.000Z');
/** The last instant that has a date-and-time. */
export const LATEST: Instant = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Reads a date-and-time (RFC 3339 section 5.6, RFC 6991 `yang:date-and-time`): capital T and Z, an offset or Z always
 * present, any number of fraction digits. Digits past the millisecond are dropped, so that the instant is never later than
 * what was written. Second 60 is refused, because epoch time has no leap seconds.
 * @throws InvalidTimeError that names the field at fault.
 */
export function parseInstant(text: string): Instant {
  const fields = DATE_AND_TIME.exec(text)?.groups;
  if (fields === undefined) throw refused(text, `write it as 2030-01-31T08:00:00Z or 2030-01-31T09:00:00+01:00`);
  const field = (group: string, low: number, high: number, hint = '', name = group): number => {
    const value = Number(fields[group] ?? '0');
    if (value < low || value > high) throw refused(text, `the ${name} must be ${low} to ${high}${hint}`);
    return value;
  };
  const year = field('year', 0, 9999);
  const month = field('month', 1, 12);
  field('day', 1, daysIn(year, month), ` in ${text.slice(0, 7)}`);
  field('hour', 0, 23);
  field('minute', 0, 59);
  field('second', 0, 59, '; leap seconds are not counted');
  const offset =
    field('offsetHour', 0, 23, '', 'hours of the offset') * 60 +
    field('offsetMinute', 0, 59, '', 'minutes of the offset');
  const fraction = (fields['fraction'] ?? '').slice(0, 3).padEnd(3, '0');
  const local = Date.parse(`${text.slice(0, 19)}.${fraction}Z`);
  const instant = local - (fields['sign'] === '-' ? -offset : offset) * 60_000;
  if (instant < EARLIEST || instant > LATEST) throw refused(text, 'in UTC it must lie in the years 0000 to 9999');
  return instant;
}

/**
 * Writes an instant as date-and-time in UTC, with three fraction digits only where the milliseconds are not zero.
 * @throws InvalidTimeError for what date-and-time cannot express: `FOREVER`, `BEGINNING`, years outside 0000 to 9999.
 */
export function printInstant(instant: Instant): string {
  // One decision prints the same few instants again and again: in its record, its events and its answer.
  const slot = Math.abs(instant) % PRINTED;
  const known = printed[slot];
  if (known?.instant === instant) return known.text;
  if (!Number.isSafeInteger(instant) || instant < EARLIEST || instant > LATEST) {
    throw new InvalidTimeError(
      `${instant} ms has no date-and-time; it must be a whole number in the years 0000 to 9999`,
    );
  }
  const full = new Date(instant).toISOString();
  const text = full.endsWith('.000Z') ? `${full.slice(0, -5)}Z` : full;
  printed[slot] = { instant, text };
  return text;
}

/** What was printed lately, by the instant's remainder. A prime number, so that whole seconds are spread over all of it. */
const PRINTED = 251;
const printed: ({ readonly instant: Instant; readonly text: string } | undefined)[] = Array.from({ length: PRINTED });

/** An instant for messages: date-and-time, `forever`, `the beginning`, or the bare number where none of these applies. */
export function describeInstant(instant: Instant): string {
  if (instant === FOREVER) return 'forever';
  if (instant === BEGINNING) return 'the beginning';
  return Number.isSafeInteger(instant) && instant >= EARLIEST && instant <= LATEST
    ? printInstant(instant)
    : `${instant} ms`;
}

/** A window in words, for messages. */
export function describeWindow(window: Window): string {
  return window.end === FOREVER
    ? `from ${describeInstant(window.start)} on`
    : `${describeInstant(window.start)} to ${describeInstant(window.end)}`;
}

function daysIn(year: number, month: number): number {
  const leapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (month === 2) return leapYear ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function refused(text: string, expectation: string): InvalidTimeError {
  const shown = text.length > 64 ? `${text.slice(0, 64)}…` : text;
  return new InvalidTimeError(`'${shown}' is not a date-and-time: ${expectation}`);
}
