/** Keeps the event log short: what is too old for replay is removed, a part at a time. */
import type { EventAgeing, Store } from '../store/store.ts';
import type { Clock, Timer } from './clock.ts';

/** How often the log is looked at, milliseconds. */
const EVERY = 3_600_000;
/** How long others get their turn between two parts, milliseconds. */
const BETWEEN_PARTS = 100;

export interface LogAgeingOptions {
  readonly store: Pick<Store, 'ageEvents'>;
  readonly clock: Clock;
  readonly policy: EventAgeing;
  readonly onFailure: (error: unknown) => void;
}

/** Ages the log from time to time until it is cancelled. */
export function keepLogShort({ store, clock, policy, onFailure }: LogAgeingOptions): Timer {
  let cancelled = false;
  let timer = clock.at(clock.now() + EVERY, run);
  function run(): void {
    void removePart().then((removed) => {
      // One call removes a bounded number: as long as it removes any, there may be more.
      if (!cancelled) timer = clock.at(clock.now() + (removed > 0 ? BETWEEN_PARTS : EVERY), run);
    });
  }
  async function removePart(): Promise<number> {
    try {
      return await store.ageEvents(policy);
    } catch (error) {
      onFailure(error);
      return 0;
    }
  }
  return {
    cancel: () => {
      cancelled = true;
      timer.cancel();
    },
  };
}
