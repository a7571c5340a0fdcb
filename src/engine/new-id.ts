import { randomUUID } from 'node:crypto';
import type { Instant } from './window.ts';

/**
 * A new UUID of version 7 (RFC 9562 §5.7): the millisecond, then 74 random bits. Ids made one after the other lie
 * beside each other in the store's trees, so that a commit writes few pages, where random ones would write a page each.
 */
export function newId(now: Instant): string {
  const time = Math.max(0, now).toString(16).padStart(12, '0').slice(-12);
  // What follows the version in a random UUID: random bits, and the variant at the place that version 7 has it at.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
