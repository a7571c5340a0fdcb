/** Below this, a comparison sort is as quick. */
const FEW = 2_048;
const BITS = 16;
const DIGITS = 2 ** BITS;
const WORD = 2 ** 32;

/**
 * The indexes of the instants, the earliest first; equal ones stay in the order in which they are. All have to be finite.
 *
 * Many are sorted digit by digit: what a year of milliseconds takes is three passes.
 */
export function orderOf(instants: Float64Array): Uint32Array {
  const count = instants.length;
  const order = new Uint32Array(count);
  for (let index = 0; index < count; index++) order[index] = index;
  if (count <= FEW) return order.sort((a, b) => (instants[a] ?? 0) - (instants[b] ?? 0) || a - b);
  const { least, span } = extentOf(instants);
  // The time since the least, in two words.
  const low = new Uint32Array(count);
  const high = span < WORD ? new Uint32Array(0) : new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    const since = (instants[index] ?? 0) - least;
    low[index] = since % WORD;
    if (span >= WORD) high[index] = since / WORD;
  }
  let from = order;
  let to = new Uint32Array(count);
  for (let unit = 1, bit = 0; unit <= span; unit *= DIGITS, bit += BITS) {
    if (bit < 2 * BITS) placeByDigit(low, bit, from, to);
    else placeByDigit(high, bit - 2 * BITS, from, to);
    [from, to] = [to, from];
  }
  return from;
}

function extentOf(instants: Float64Array): { readonly least: number; readonly span: number } {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < instants.length; index++) {
    const instant = instants[index] ?? 0;
    if (instant < least) least = instant;
    if (instant > greatest) greatest = instant;
  }
  return { least, span: greatest - least };
}

/** Takes indexes from one array to another in the order of one digit of their words. */
function placeByDigit(words: Uint32Array, bit: number, from: Uint32Array, to: Uint32Array): void {
  const places = new Uint32Array(DIGITS);
  for (let at = 0; at < words.length; at++) {
    const digit = ((words[at] ?? 0) >>> bit) & (DIGITS - 1);
    places[digit] = (places[digit] ?? 0) + 1;
  }
  let place = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = places[digit] ?? 0;
    places[digit] = place;
    place += count;
  }
  for (let at = 0; at < from.length; at++) {
    const index = from[at] ?? 0;
    const digit = ((words[index] ?? 0) >>> bit) & (DIGITS - 1);
    const free = places[digit] ?? 0;
    to[free] = index;
    places[digit] = free + 1;
  }
}
