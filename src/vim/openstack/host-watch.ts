/**
 * Watching hosts between discoveries: the compute services are cheap to ask, and say within their service-down time that a host has
 * failed.
 */
import type { VimEvent } from '../vim.ts';
import type { ComputeService } from './nova.ts';
import type { Waiting } from './transport.ts';

/** Milliseconds from one look to the next. */
const EVERY = 10_000;

export interface HostWatchOptions {
  readonly clock: Waiting;
  /** The compute services now. @throws VimError. */
  readonly read: () => Promise<readonly ComputeService[]>;
  readonly tell: (event: VimEvent) => void;
}

export class HostWatch {
  readonly #options: HostWatchOptions;
  #known: ReadonlyMap<string, ComputeService> = new Map();
  #timer: { cancel(): void } | undefined;
  #reading = false;
  #again = false;
  #closed = false;

  constructor(options: HostWatchOptions) {
    this.#options = options;
  }

  /** Goes on from what a discovery found; begins, if it has not begun. */
  start(services: readonly ComputeService[]): void {
    this.#known = byHost(services);
    if (this.#timer === undefined && !this.#closed) this.#arm();
  }

  /** Looks at once: somebody said that a service has changed. Not before it has begun. */
  look(): void {
    if (this.#timer === undefined || this.#closed) return;
    if (this.#reading) this.#again = true;
    else this.#read();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    const { clock } = this.#options;
    this.#timer = clock.at(clock.now() + EVERY, () => this.#read());
  }

  #read(): void {
    this.#timer?.cancel();
    this.#reading = true;
    this.#again = false;
    this.#options
      .read()
      .then((services) => this.#compare(services))
      // Whoever uses the provider meets the failure too, and says so.
      .catch(() => undefined)
      .finally(() => {
        this.#reading = false;
        if (this.#closed) return;
        if (this.#again) this.#read();
        else this.#arm();
      });
  }

  #compare(services: readonly ComputeService[]): void {
    if (this.#closed) return;
    const known = this.#known;
    this.#known = byHost(services);
    const { tell } = this.#options;
    let inventoryChanged = services.length !== known.size;
    for (const { host, state, enabled, zone } of services) {
      const before = known.get(host);
      if (before !== undefined && before.state !== state) tell({ type: 'host', host, state });
      else if (before?.enabled !== enabled || before.zone !== zone) inventoryChanged = true;
    }
    if (inventoryChanged) tell({ type: 'inventory' });
  }
}

function byHost(services: readonly ComputeService[]): ReadonlyMap<string, ComputeService> {
  return new Map(services.map((service) => [service.host, service]));
}
