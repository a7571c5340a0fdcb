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

const DATE_AND_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Years after which the calendar begins again, and how long they are. */
const CYCLE_YEARS = 400;
const CYCLE = 146_097 * DAY;

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
  if (!DATE_AND_TIME.test(text)) throw refused(text, `write it as 2030-01-31T08:00:00Z or 2030-01-31T09:00:00+01:00`);
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = field(text, 5, 'month', 1, 12);
  const day = field(text, 8, 'day', 1, daysIn(year, month), ` in ${text.slice(0, 7)}`);
  const hour = field(text, 11, 'hour', 0, 23);
  const minute = field(text, 14, 'minute', 0, 59);
  const second = field(text, 17, 'second', 0, 59, '; leap seconds are not counted');
  const zone = text.endsWith('Z') ? text.length - 1 : text.length - 6;
  const millisecond = zone === 19 ? 0 : Number(text.slice(20, Math.min(23, zone)).padEnd(3, '0'));
  // The calendar's own function takes years before 100 for those of the 20th century.
  const local = Date.UTC(year + CYCLE_YEARS, month - 1, day, hour, minute, second, millisecond) - CYCLE;
  const instant = local - offsetAt(text, zone);
  if (instant < EARLIEST || instant > LATEST) throw refused(text, 'in UTC it must lie in the years 0000 to 9999');
  return instant;
}

/** The offset of a date-and-time, milliseconds. */
function offsetAt(text: string, zone: number): number {
  if (text.length === zone + 1) return 0;
  const hours = field(text, zone + 1, 'hours of the offset', 0, 23);
  const minutes = field(text, zone + 4, 'minutes of the offset', 0, 59);
  const offset = hours * HOUR + minutes * MINUTE;
  return text[zone] === '-' ? -offset : offset;
}

function field(text: string, at: number, name: string, low: number, high: number, hint = ''): number {
  const value = twoDigits(text, at);
  if (value < low || value > high) throw refused(text, `the ${name} must be ${low} to ${high}${hint}`);
  return value;
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}

/**
 * Writes an instant as date-and-time in UTC, with three fraction digits only where the milliseconds are not zero.
 * @throws InvalidTimeError for what date-and-time cannot express: `FOREVER`, `BEGINNING`, years outside 0000 to 9999.
 */
export function printInstant(instant: Instant): string {
  if (!Number.isSafeInteger(instant) || instant < EARLIEST || instant > LATEST) {
    throw new InvalidTimeError(
      `${instant} ms has no date-and-time; it must be a whole number in the years 0000 to 9999`,
    );
  }
  const day = Math.floor(instant / DAY);
  const inDay = instant - day * DAY;
  const hour = Math.floor(inDay / HOUR);
  const minute = Math.floor((inDay % HOUR) / MINUTE);
  const second = Math.floor((inDay % MINUTE) / SECOND);
  const millisecond = inDay % SECOND;
  const fraction = millisecond === 0 ? '' : `.${String(millisecond).padStart(3, '0')}`;
  // Put together by itself: short texts are one run of characters, longer ones a tree of them.
  const time = `T${SIXTY[hour] ?? ''}:${SIXTY[minute] ?? ''}:${SIXTY[second] ?? ''}${fraction}Z`;
  return printDay(day) + time;
}

/** 0 to 59 in two digits. */
const SIXTY: readonly string[] = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

/** Days that were printed, by the day's number modulo theirs: nearly all that is printed lies within a year or two. */
const DAYS_KEPT = 1024;
const printedDays: ({ readonly day: number; readonly text: string } | undefined)[] = Array.from({ length: DAYS_KEPT });

/** @param day since 1970-01-01 */
function printDay(day: number): string {
  const slot = day & (DAYS_KEPT - 1);
  const known = printedDays[slot];
  if (known?.day === day) return known.text;
  const text = new Date(day * DAY).toISOString().slice(0, 10);
  printedDays[slot] = { day, text };
  return text;
}

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
