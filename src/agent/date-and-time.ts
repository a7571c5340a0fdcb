/** An instant in epoch milliseconds as a yang:date-and-time in UTC (RFC 6991 §3). */
export function dateAndTime(instant: number): string {
  return new Date(instant).toISOString();
}

/** A yang:date-and-time, which the schema has checked, in epoch milliseconds; what is finer than that is cut off. */
export function instantOf(text: string): number {
  return Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
}
