import type { Type } from './schema-tree.ts';

const DATE_AND_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const MINUTE_MS = 60_000;

/** Whether the type is that of instants, whose canonical form is found without libyang. */
export function isInstantType(type: Type): boolean {
  return type.typedef === 'ietf-yang-types:date-and-time';
}

/** Whether a text of the form of date-and-time (RFC 6991 §3) names an instant of the calendar; second 60 is a leap second. */
export function isInstant(text: string): boolean {
  if (!DATE_AND_TIME.test(text)) return false;
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(yearOf(text), month)) return false;
  if (twoDigits(text, 11) > 23 || twoDigits(text, 14) > 59 || twoDigits(text, 17) > 60) return false;
  return text.endsWith('Z') || (twoDigits(text, text.length - 5) <= 23 && twoDigits(text, text.length - 2) <= 59);
}

/**
 * The canonical form of an instant: in UTC, written `+00:00`, or `-00:00` where the offset was given as unknown; digits of the
 * fraction as they came, a leap second as the second after it.
 * @returns undefined for what is no instant, and for one that UTC has outside of the years 0000 to 9999
 */
export function canonicalInstant(text: string): string | undefined {
  if (!isInstant(text)) return undefined;
  const inUtc = text.endsWith('Z');
  const local = text.slice(0, inUtc ? -1 : -6);
  const zone = inUtc ? '+00:00' : text.slice(-6);
  const sameClock = zone === '+00:00' || zone === '-00:00';
  if (sameClock && twoDigits(text, 17) < 60) return local + zone;
  const offset = twoDigits(zone, 1) * 60 + twoDigits(zone, 4);
  const date = new Date(0);
  date.setUTCFullYear(yearOf(text), twoDigits(text, 5) - 1, twoDigits(text, 8));
  date.setUTCHours(twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17));
  const shifted = new Date(date.getTime() - (zone.startsWith('-') ? -offset : offset) * MINUTE_MS);
  const year = shifted.getUTCFullYear();
  if (year < 0 || year > 9999) return undefined;
  return shifted.toISOString().slice(0, 19) + local.slice(19) + (sameClock ? zone : '+00:00');
}

function yearOf(text: string): number {
  return twoDigits(text, 0) * 100 + twoDigits(text, 2);
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
}

/** The end of a sentence that says what would be right. */
export const AN_INSTANT = 'a date and time that exists, such as 2026-01-31T12:00:00Z or 2026-01-31T13:00:00+01:00';
