/** Removes providers that are being drained, when what is held there is over. */
import type { FinishDraining, FinishDrainingResult, Command } from './requests.ts';
import { report } from './vim-reports.ts';
import type { VimLedger } from './vim-reports.ts';

export interface DrainingOptions {
  readonly ledger: VimLedger;
  readonly finishDraining: Command<FinishDraining, FinishDrainingResult>;
  readonly onFailure: (error: unknown) => void;
}

/** What may end with a change. */
const HOLDERS: ReadonlySet<string> = new Set(['reservation', 'offer', 'allocation']);

export class Draining {
  readonly #options: DrainingOptions;
  readonly #stopListening: () => void;
  #work: Promise<void> | undefined;
  #again = false;

  constructor(options: DrainingOptions) {
    this.#options = options;
    this.#stopListening = options.ledger.onDurable((durable) => {
      if (durable.what === 'reload' || durable.changes.some(({ kind }) => HOLDERS.has(kind))) this.#look();
    });
    this.#look();
  }

  async close(): Promise<void> {
    this.#stopListening();
    this.#again = false;
    await this.#work;
  }

  /** One look at a time; a change during one is followed by another. */
  #look(): void {
    const { ledger, onFailure } = this.#options;
    if (![...ledger.head.providers.values()].some(({ draining }) => draining === true)) return;
    this.#again = true;
    this.#work ??= this.#lookWhileNeeded()
      .catch(onFailure)
      .finally(() => {
        this.#work = undefined;
        // A change that came after the last look, and before this.
        if (this.#again) this.#look();
      });
  }

  async #lookWhileNeeded(): Promise<void> {
    const { ledger, finishDraining } = this.#options;
    while (this.#again) {
      this.#again = false;
      const draining = [...ledger.head.providers.values()].filter((provider) => provider.draining === true);
      for (const { id } of draining) await report(ledger, finishDraining, { id });
    }
  }
}
