import { randomFillSync } from 'node:crypto';
import type { Instant } from './window.ts';

/** Bytes of an id that are random, and for how many ids they are drawn in one go. */
const RANDOM = 10;
const DRAWN = 256;
const drawn = Buffer.alloc(DRAWN * RANDOM);
let used = drawn.length;

const BYTES = 16;
const bytes = Buffer.alloc(BYTES);
const TIME_BYTES = BYTES - RANDOM;
const text = Buffer.alloc(36, '-');
const DIGITS = Buffer.from('0123456789abcdef');
/** Bytes before which there is a dash. */
const DASHED: ReadonlySet<number> = new Set([4, 6, 8, 10]);
/** Where the two digits of each byte are. */
const PLACES = Uint8Array.from(
  { length: BYTES },
  (_, byte) => 2 * byte + [...DASHED].filter((at) => at <= byte).length,
);

/**
 * A new UUID of version 7 (RFC 9562 §5.7): the millisecond, then 74 random bits. Ids made one after the other lie
 * beside each other in the store's trees, so that a commit writes few pages, where random ones would write a page each.
 *
 * It is made as one run of characters: one that is put together of pieces stays a tree of them as a key of a map, at 400 bytes more.
 */
export function newId(now: Instant): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  bytes.writeUIntBE(Math.max(0, now) % 2 ** (8 * TIME_BYTES), 0, TIME_BYTES);
  // As few bytes are copied sooner one by one.
  for (let index = TIME_BYTES; index < BYTES; index++) bytes[index] = drawn[used++] ?? 0;
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  for (let index = 0; index < BYTES; index++) {
    const byte = bytes[index] ?? 0;
    const place = PLACES[index] ?? 0;
    text[place] = DIGITS[byte >> 4] ?? 0;
    text[place + 1] = DIGITS[byte & 0x0f] ?? 0;
  }
  return text.toString('latin1');
}
