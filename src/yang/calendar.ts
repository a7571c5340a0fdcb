import type { Type } from './schema-tree.ts';

const DATE_AND_TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:Z|[+-](\d{2}):(\d{2}))$/;

/** Whether the type is that of instants: libyang takes any digits for one and moves those that do not exist to others. */
export function isInstantType(type: Type): boolean {
  return type.typedef === 'ietf-yang-types:date-and-time';
}

/** Whether a text of the form of date-and-time (RFC 6991 §3) names an instant of the calendar; second 60 is a leap second. */
export function isInstant(text: string): boolean {
  const [year = -1, month = 0, day = 0, hour = 24, minute = 60, second = 61, offsetHour = 0, offsetMinute = 0] = (
    DATE_AND_TIME.exec(text) ?? []
  )
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= days &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 60 &&
    offsetHour <= 23 &&
    offsetMinute <= 59
  );
}

/** The end of a sentence that says what would be right. */
export const AN_INSTANT = 'a date and time that exists, such as 2026-01-31T12:00:00Z or 2026-01-31T13:00:00+01:00';
