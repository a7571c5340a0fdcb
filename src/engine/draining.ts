/**
 * Removes providers that are being drained, when what is held there is over. One that could not be removed is tried again later, and
 * does not keep the others.
 */
import type { Clock, Timer } from './clock.ts';
import type { FinishDraining, FinishDrainingResult, Command } from './requests.ts';
import { report } from './vim-reports.ts';
import type { VimLedger } from './vim-reports.ts';

export interface DrainingOptions {
  readonly ledger: VimLedger;
  readonly clock: Clock;
  readonly finishDraining: Command<FinishDraining, FinishDrainingResult>;
  readonly onFailure: (error: unknown) => void;
}

/** How long after a failure it is tried again, milliseconds. */
const RETRY_AFTER = 30_000;

/** What may end with a change. */
const HOLDERS: ReadonlySet<string> = new Set(['reservation', 'offer', 'allocation']);

export class Draining {
  readonly #options: DrainingOptions;
  readonly #stopListening: () => void;
  #work: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #retry: Timer | undefined;

  constructor(options: DrainingOptions) {
    this.#options = options;
    this.#stopListening = options.ledger.onDurable((durable) => {
      if (durable.what === 'reload' || durable.changes.some(({ kind }) => HOLDERS.has(kind))) this.#look();
    });
    this.#look();
  }

  async close(): Promise<void> {
    this.#stopListening();
    this.#closed = true;
    this.#again = false;
    this.#retry?.cancel();
    await this.#work;
  }

  /** One look at a time; a change during one is followed by another. */
  #look(): void {
    const { ledger } = this.#options;
    if (this.#closed || ![...ledger.head.providers.values()].some(({ draining }) => draining === true)) return;
    this.#again = true;
    this.#work ??= this.#lookWhileNeeded().finally(() => {
      this.#work = undefined;
      // A change that came after the last look, and before this.
      if (this.#again) this.#look();
    });
  }

  #failed(error: unknown): void {
    this.#options.onFailure(error);
    if (this.#closed) return;
    const { clock } = this.#options;
    this.#retry?.cancel();
    this.#retry = clock.at(clock.now() + RETRY_AFTER, () => this.#look());
  }

  async #lookWhileNeeded(): Promise<void> {
    const { ledger, finishDraining } = this.#options;
    while (this.#again) {
      this.#again = false;
      const draining = [...ledger.head.providers.values()].filter((provider) => provider.draining === true);
      for (const { id } of draining) {
        await report(ledger, finishDraining, { id }).catch((error: unknown) => this.#failed(error));
      }
    }
  }
}
