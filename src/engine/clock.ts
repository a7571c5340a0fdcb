/**
 * Time as an argument: everything that asks for the time or waits for it is given a clock, so that tests move time by hand.
 */
import type { Instant } from './window.ts';

/** A wait that was asked for. Cancelling one that has run, or was cancelled, does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Epoch milliseconds, a whole number. */
  now(): Instant;
  /** Runs `run` once, when `now()` has reached `when`, and never before this call has returned. */
  at(when: Instant, run: () => void): Timer;
}

/**
 * The longest single wait of the system clock. Timers count elapsed time, not the time of day, so a long wait is cut into
 * pieces: after a step of the clock or a suspended machine the work is late by a minute at most. It is also well below the
 * 2^31 - 1 ms beyond which Node.js fires at once.
 */
const LONGEST_WAIT = 60_000;

/** The time of day of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  at(when, run) {
    let handle: NodeJS.Timeout;
    const wait = (): void => {
      const left = Math.max(0, when - Date.now());
      handle = setTimeout(() => (Date.now() >= when ? run() : wait()), Math.min(left, LONGEST_WAIT));
    };
    wait();
    return { cancel: () => clearTimeout(handle) };
  },
};

interface ManualTimer {
  readonly when: Instant;
  readonly run: () => void;
}

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now: Instant;
  /** In the order of their instants, and at equal instants in the order in which they were asked for. */
  readonly #timers: ManualTimer[] = [];

  constructor(now: Instant) {
    this.#now = now;
  }

  now(): Instant {
    return this.#now;
  }

  at(when: Instant, run: () => void): Timer {
    const timer: ManualTimer = { when, run };
    const place = this.#timers.findIndex((other) => other.when > when);
    this.#timers.splice(place === -1 ? this.#timers.length : place, 0, timer);
    return {
      cancel: () => {
        const index = this.#timers.indexOf(timer);
        if (index !== -1) this.#timers.splice(index, 1);
      },
    };
  }

  /** When the next timer is due; undefined when none is waiting. */
  get next(): Instant | undefined {
    return this.#timers[0]?.when;
  }

  /** Moves time on by `milliseconds`, running what falls due in order, each at its own instant, also what those ask for. */
  advance(milliseconds: number): void {
    this.advanceTo(this.#now + milliseconds);
  }

  /** Moves time on to `instant`. @throws RangeError when that is in the past. */
  advanceTo(instant: Instant): void {
    if (instant < this.#now) throw new RangeError(`the clock is at ${this.#now} and cannot go back to ${instant}`);
    for (let timer = this.#takeDue(instant); timer !== undefined; timer = this.#takeDue(instant)) {
      this.#now = Math.max(this.#now, timer.when);
      timer.run();
    }
    this.#now = instant;
  }

  #takeDue(instant: Instant): ManualTimer | undefined {
    const first = this.#timers[0];
    return first !== undefined && first.when <= instant ? this.#timers.shift() : undefined;
  }
}
