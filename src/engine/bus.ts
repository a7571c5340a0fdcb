/**
 * The bus of durable events: what the log holds, in the order of the log, and nothing before it is on disk.
 */
import { Subject } from 'rxjs';
import type { Observable, Subscription } from 'rxjs';
import type { EventRecord } from '../store/store.ts';

export class Bus {
  readonly #events = new Subject<EventRecord>();
  readonly #failed: (listener: string, error: unknown) => void;

  /** Every durable event once, by ascending number. Hot: a subscriber sees what is published from then on. */
  readonly events$: Observable<EventRecord> = this.#events.asObservable();

  /** @param failed is told when a listener threw; it must not throw itself. */
  constructor(failed: (listener: string, error: unknown) => void) {
    this.#failed = failed;
  }

  /**
   * Calls `handle` with every event from now on. What it throws is reported under `name` and reaches neither the publisher
   * nor the other listeners.
   */
  listen(name: string, handle: (event: EventRecord) => void): Subscription {
    return this.#events.subscribe((event) => {
      try {
        handle(event);
      } catch (error) {
        this.#failed(name, error);
      }
    });
  }

  /** For the ledger alone: `events` are durable and follow what was published before. */
  publish(events: readonly EventRecord[]): void {
    for (const event of events) this.#events.next(event);
  }

  /** Completes `events$`. */
  close(): void {
    this.#events.complete();
  }
}
