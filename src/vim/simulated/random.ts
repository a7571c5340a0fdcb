/**
 * Random numbers that come again: the same state gives the same numbers. For jitter and made-up ids, never for secrets.
 */

/** A generator that goes on from `state`, a 32-bit number (Mulberry32, public domain algorithm by T. Ettinger). */
export class Random {
  #state: number;

  constructor(state: number) {
    this.#state = state >>> 0;
  }

  /** Where it is: a generator made from this goes on with the same numbers. */
  get state(): number {
    return this.#state;
  }

  /** The next number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A UUID of version 4 in form. */
  uuid(): string {
    const digits = Array.from({ length: 32 }, () => Math.floor(this.next() * 16).toString(16));
    digits[12] = '4';
    digits[16] = (8 + Math.floor(this.next() * 4)).toString(16);
    const part = (from: number, to: number): string => digits.slice(from, to).join('');
    return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
  }
}
