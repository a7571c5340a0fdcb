/**
 * Decisions per second of a timeline, against a naive scan: `node --import tsx test/bench/timeline.ts`.
 *
 * A timeline of free capacity holds N reservations of all eleven resources, spread over a year to the millisecond, at
 * about 80 % utilisation. A decision is `fits` and, when it does, `add`. For each that is granted another reservation is
 * removed, so that N stays what it is; the rate is given without and with the time that this takes. Clock readings around
 * each decision are included, and other work on the machine makes the figures lower bounds.
 */
import { RESOURCE_COUNT, zeroVector } from '../../src/engine/capacity.ts';
import type { CapacityVector } from '../../src/engine/capacity.ts';
import { Timeline } from '../../src/engine/timeline.ts';
import { FOREVER, overlaps } from '../../src/engine/window.ts';
import type { Window } from '../../src/engine/window.ts';
import { randomFrom } from './statistics.ts';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const MEAN_DURATION = 8 * HOUR;
const UTILISATION = 0.8;

interface Reservation {
  readonly window: Window;
  readonly vector: CapacityVector;
}

/** What is measured: one state with N live reservations that decides on the next. */
interface Book {
  fits(window: Window, demand: CapacityVector): boolean;
  add(reservation: Reservation): void;
  remove(reservation: Reservation): void;
}

const random = randomFrom(20300131);

function reservation(): Reservation {
  const start = Math.floor(random() * YEAR);
  const end = start + 1 + Math.floor(random() * 2 * MEAN_DURATION);
  return { window: { start, end }, vector: zeroVector().map(() => 1 + Math.floor(random() * 8)) };
}

/** Capacity of which `count` reservations take 80 % on average. */
function capacityFor(count: number): CapacityVector {
  const concurrent = (count * MEAN_DURATION) / YEAR;
  return zeroVector().fill(Math.ceil((concurrent * 4.5) / UTILISATION) + 8);
}

class TimelineBook implements Book {
  readonly timeline = new Timeline();

  constructor(capacity: CapacityVector) {
    this.timeline.add({ start: 0, end: FOREVER }, capacity);
  }

  fits(window: Window, demand: CapacityVector): boolean {
    return this.timeline.fits(window, demand);
  }

  add({ window, vector }: Reservation): void {
    this.timeline.add(
      window,
      vector.map((amount) => -amount),
    );
  }

  remove({ window, vector }: Reservation): void {
    this.timeline.add(window, vector);
  }
}

/** The baseline: reservations in an array in order of start; a decision looks at all that start before the window's end. */
class SortedArrayBook implements Book {
  readonly #live: Reservation[] = [];
  readonly #capacity: CapacityVector;

  constructor(capacity: CapacityVector) {
    this.#capacity = capacity;
  }

  fits(window: Window, demand: CapacityVector): boolean {
    const inside: Reservation[] = [];
    for (const other of this.#live) {
      if (other.window.start >= window.end) break;
      if (overlaps(other.window, window)) inside.push(other);
    }
    const instants = [window.start, ...inside.map((other) => other.window.start).filter((at) => at > window.start)];
    return instants.every((at) => {
      const claimed = zeroVector();
      for (const other of inside) {
        if (other.window.start > at || other.window.end <= at) continue;
        for (let i = 0; i < RESOURCE_COUNT; i++) claimed[i] = (claimed[i] ?? 0) + (other.vector[i] ?? 0);
      }
      return demand.every((need, i) => (claimed[i] ?? 0) + need <= (this.#capacity[i] ?? 0));
    });
  }

  add(added: Reservation): void {
    this.#live.splice(this.#indexOf(added), 0, added);
  }

  remove(removed: Reservation): void {
    let index = this.#indexOf(removed);
    while (this.#live[index] !== removed) index++;
    this.#live.splice(index, 1);
  }

  /** The first place whose start is not before that of the reservation. */
  #indexOf({ window }: Reservation): number {
    let low = 0;
    let high = this.#live.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#live[middle]?.window.start ?? 0) < window.start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function microsecondsOf(work: () => void): number {
  const begin = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - begin) / 1000;
}

function percentile(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
}

function report(name: string, micros: number[]): void {
  micros.sort((a, b) => a - b);
  console.log(`    ${name.padEnd(34)} p50 ${percentile(micros, 0.5)} µs, p99 ${percentile(micros, 0.99)} µs`);
}

/**
 * Runs decisions on a book that holds `live`, in lots of a hundred, and prints their rate and latencies.
 * @returns decisions a second, removals not counted
 */
function decide(name: string, book: Book, live: Reservation[], count: number): number {
  const requests = Array.from({ length: count }, reservation);
  const single: number[] = [];
  let granted = 0;
  let removing = 0;
  for (let lot = 0; lot < count; lot += 100) {
    const taken: Reservation[] = [];
    for (const request of requests.slice(lot, lot + 100)) {
      const micros = microsecondsOf(() => {
        if (!book.fits(request.window, request.vector)) return;
        book.add(request);
        taken.push(request);
      });
      single.push(micros);
    }
    granted += taken.length;
    const replaced = taken.map((request) => {
      const at = Math.floor(random() * live.length);
      const gone = live[at] ?? request;
      live[at] = request;
      return gone;
    });
    removing += microsecondsOf(() => {
      for (const gone of replaced) book.remove(gone);
    });
  }
  const deciding = single.reduce((sum, micros) => sum + micros, 0);
  const rate = (micros: number): string => Math.round((count / micros) * 1e6).toLocaleString('en');
  const share = ((100 * granted) / count).toFixed(0);
  console.log(
    `    ${name}: ${rate(deciding)} decisions/s, ${share} % granted; ${rate(deciding + removing)}/s with removals`,
  );
  report('  one decision', single);
  return (count / deciding) * 1e6;
}

/** Earliest fits of 5 to 25 % of each resource from any time of the year on, and a year's utilisation by hour. */
function queries(timeline: Timeline, capacity: CapacityVector): void {
  const byOutcome = new Map<string, number[]>();
  for (let i = 0; i < 2_000; i++) {
    const { window } = reservation();
    const demand = zeroVector().map((_, index) => Math.ceil((capacity[index] ?? 0) * (0.05 + 0.2 * random())));
    const request = {
      notBefore: window.start,
      notAfter: YEAR,
      duration: window.end - window.start,
      demand,
      budget: 1e6,
    };
    let outcome = '';
    const micros = microsecondsOf(() => {
      outcome = timeline.earliestFit(request).outcome;
    });
    byOutcome.set(outcome, [...(byOutcome.get(outcome) ?? []), micros]);
  }
  for (const [outcome, micros] of byOutcome) report(`earliestFit: ${outcome} (${micros.length})`, micros);
  const byHour = Array.from({ length: 5 }, () =>
    microsecondsOf(() => timeline.sample({ start: 0, end: YEAR }, HOUR, 'min')),
  );
  report('a year by hour', byHour);
}

/** For the benchmark that started this as one of its parts. */
export interface TimelineRate {
  readonly reservations: number;
  /** The best of three runs. */
  readonly decisionsPerSecond: number;
  /** A scan of an array in its place; absent where that takes too long. */
  readonly scanPerSecond?: number;
}

const results: TimelineRate[] = [];

for (const size of [1_000, 100_000, 1_000_000]) {
  console.log(`${size.toLocaleString('en')} live reservations`);
  const capacity = capacityFor(size);
  const live = Array.from({ length: size }, reservation);
  const book = new TimelineBook(capacity);
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const filled = microsecondsOf(() => {
    for (const one of live) book.add(one);
  });
  const megabytes = (process.memoryUsage.rss() - before) / 2 ** 20;
  const { breakpoints } = book.timeline;
  console.log(
    `    filled in ${(filled / 1e6).toFixed(2)} s: ${breakpoints} breakpoints, RSS +${megabytes.toFixed(0)} MB`,
  );
  const rates = [0, 1, 2].map(() => decide('timeline', book, live, 100_000));
  const decisionsPerSecond = Math.max(...rates);
  queries(book.timeline, capacity);
  if (size <= 100_000) {
    const naive = new SortedArrayBook(capacity);
    // In order of start, each goes to the end of the array.
    for (const one of live.sort((a, b) => a.window.start - b.window.start)) naive.add(one);
    const scanPerSecond = decide('baseline, scan of a sorted array', naive, live, size <= 1_000 ? 10_000 : 400);
    results.push({ reservations: size, decisionsPerSecond, scanPerSecond });
  } else results.push({ reservations: size, decisionsPerSecond });
  console.log(`    RSS ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MB, reservations and requests included`);
}

process.send?.(results);
