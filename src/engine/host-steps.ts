/**
 * What is free on a host as a table of its steps, read off its timeline when it is first asked for: in a large cloud, requests ask
 * thousands of hosts a few questions each, and a table of some hundred steps answers sooner than a tree.
 *
 * A table is good until the timeline changes. Hosts with more steps than are worth writing out are asked by their timeline.
 */
import { real } from './breakpoint-tree.ts';
import { RESOURCES, zeroVector } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import type { Timeline } from './timeline.ts';
import { FOREVER } from './window.ts';
import type { Instant, Window } from './window.ts';

const CORES = RESOURCES.indexOf('cores');
const RAM = RESOURCES.indexOf('ram');
/** The lane of the local disk, in GB. */
const DISK = RESOURCES.indexOf('gigabytes');

/** Cores, memory in MB and local disk in GB, of a host or on one. */
export interface HostAmount {
  readonly cores: number;
  readonly ram: number;
  readonly disk: number;
}

/** As a vector of a host's timeline, written into `target` when one is given. */
export function hostVector(amount: HostAmount, target: CapacityVector = zeroVector()): CapacityVector {
  target[CORES] = amount.cores;
  target[RAM] = amount.ram;
  target[DISK] = amount.disk;
  return target;
}

/** What a vector of a host's timeline says. */
export function hostAmount(vector: CapacityVector): HostAmount {
  return { cores: vector[CORES] ?? 0, ram: vector[RAM] ?? 0, disk: vector[DISK] ?? 0 };
}

/** What is free on a host over time. What is asked for with 0 does not matter. */
export interface HostSteps {
  /** The least of each that is free throughout a window, if that is as much as is asked for. */
  leastOf(window: Window, asked: HostAmount): HostAmount | undefined;
  /** The first start, from an instant on and not after another, from which as much is free for so long; `FOREVER` if there is none. */
  earliest(from: Instant, notAfter: Instant, duration: number, asked: HostAmount): Instant;
  /** The first instant from another on at which less is free; `FOREVER` if there is none. */
  firstShort(from: Instant, asked: HostAmount): Instant;
  /** The first instant after another at which what is free changes; `FOREVER` if it does not. */
  nextStep(after: Instant): Instant;
}

/** More steps than this are left in the timeline: a table is written anew after each change. */
const MOST_STEPS = 512;

/** @param old what was made of the timeline before it changed: it is not asked any more, and its memory may be taken */
export function stepsOf(free: Timeline, old?: HostSteps): HostSteps {
  if (free.breakpoints > MOST_STEPS) return new StepsInTimeline(free);
  const table = old instanceof StepTable ? old : new StepTable();
  table.read(free);
  return table;
}

/** What a row of a table has: when the step begins, and what is free from then on. The first step is before all instants. */
const ROW = 4;
const LANES = [CORES, RAM, DISK];
/** How much longer than needed an array is made, since hosts fill up. */
const SPARE = 1.25;

class StepTable implements HostSteps {
  #rows = new Float64Array(0);
  /** What of the array is in use. */
  #length = 0;

  read(free: Timeline): void {
    this.#length = ROW * (free.breakpoints + 1);
    if (this.#rows.length < this.#length) this.#rows = new Float64Array(Math.ceil(this.#length * SPARE));
    free.writeSteps(LANES, this.#rows);
  }

  leastOf({ start, end }: Window, asked: HostAmount): HostAmount | undefined {
    let cores = Number.POSITIVE_INFINITY;
    let ram = Number.POSITIVE_INFINITY;
    let disk = Number.POSITIVE_INFINITY;
    for (let row = this.#rowAt(start); row < this.#length && real(this.#rows, row) < end; row += ROW) {
      if (this.#isShort(row, asked)) return undefined;
      cores = Math.min(cores, real(this.#rows, row + 1));
      ram = Math.min(ram, real(this.#rows, row + 2));
      disk = Math.min(disk, real(this.#rows, row + 3));
    }
    return { cores, ram, disk };
  }

  earliest(from: Instant, notAfter: Instant, duration: number, asked: HostAmount): Instant {
    // The start of the run of steps that all have as much; undefined outside a run.
    let since: Instant | undefined;
    for (let row = this.#rowAt(from); row < this.#length; row += ROW) {
      const at = Math.max(from, real(this.#rows, row));
      if (since === undefined ? at > notAfter : at >= since + duration) break;
      if (this.#isShort(row, asked)) since = undefined;
      else since ??= at;
    }
    return since ?? FOREVER;
  }

  firstShort(from: Instant, asked: HostAmount): Instant {
    for (let row = this.#rowAt(from); row < this.#length; row += ROW) {
      if (this.#isShort(row, asked)) return Math.max(from, real(this.#rows, row));
    }
    return FOREVER;
  }

  nextStep(after: Instant): Instant {
    const row = this.#rowAt(after) + ROW;
    return row < this.#length ? real(this.#rows, row) : FOREVER;
  }

  #isShort(row: number, { cores, ram, disk }: HostAmount): boolean {
    return (
      (cores > 0 && real(this.#rows, row + 1) < cores) ||
      (ram > 0 && real(this.#rows, row + 2) < ram) ||
      (disk > 0 && real(this.#rows, row + 3) < disk)
    );
  }

  /** The row of the step in which an instant lies. */
  #rowAt(instant: Instant): number {
    let low = 0;
    let high = this.#length / ROW;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (real(this.#rows, ROW * middle) <= instant) low = middle;
      else high = middle;
    }
    return ROW * low;
  }
}

class StepsInTimeline implements HostSteps {
  readonly #free: Timeline;

  constructor(free: Timeline) {
    this.#free = free;
  }

  leastOf(window: Window, asked: HostAmount): HostAmount | undefined {
    return this.#free.fits(window, hostVector(asked, scratch))
      ? hostAmount(this.#free.min(window, scratch))
      : undefined;
  }

  earliest(from: Instant, notAfter: Instant, duration: number, asked: HostAmount): Instant {
    const demand = hostVector(asked, scratch);
    const budget = Number.POSITIVE_INFINITY;
    const found = this.#free.earliestFit({ notBefore: from, notAfter, duration, demand, budget });
    return found.outcome === 'fits' ? found.start : FOREVER;
  }

  firstShort(from: Instant, asked: HostAmount): Instant {
    return this.#free.firstShortage({ start: from, end: FOREVER }, hostVector(asked, scratch)) ?? FOREVER;
  }

  nextStep(after: Instant): Instant {
    for (const { at } of this.#free.steps({ start: after, end: FOREVER })) if (at > after) return at;
    return FOREVER;
  }
}

const scratch = zeroVector();
