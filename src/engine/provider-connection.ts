/**
 * Contact with one provider: first contact, refreshing from time to time and on demand, trying again when it is lost.
 */
import { setMaxListeners } from 'node:events';
import type { Vim, VimErrorKind, VimInventory } from '../vim/vim.ts';
import type { Clock, Timer } from './clock.ts';
import { asVimError, withDeadline } from './deadline.ts';

/** Milliseconds, except where said. */
export interface ContactTiming {
  /** From one refresh to the next while all is well. */
  readonly refresh: number;
  /** The first wait after a failure; doubles with each further one. */
  readonly retry: number;
  /** The longest wait after failures. */
  readonly longestRetry: number;
  /** How far waits stray to either side, percent, so that many providers are not asked at once. */
  readonly jitter: number;
  /** How long one call to a VIM may take. */
  readonly call: number;
  /** For how long a creation that was not answered may still take effect. */
  readonly late: number;
}

export const CONTACT_TIMING: ContactTiming = {
  refresh: 60_000,
  retry: 1_000,
  longestRetry: 60_000,
  jitter: 20,
  call: 60_000,
  late: 120_000,
};

export type Contact =
  | { readonly status: 'up'; readonly inventory: VimInventory }
  | { readonly status: 'down' | 'rejected'; readonly statusMessage: string };

/** What is wrong with the account and not with the way to the VIM. */
const REJECTIONS: ReadonlySet<VimErrorKind> = new Set(['unauthorized', 'forbidden', 'refused']);

export interface ProviderConnectionOptions {
  readonly vim: Vim;
  readonly clock: Clock;
  readonly timing: ContactTiming;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Makes what was found known; the connection goes on when it has. */
  readonly report: (contact: Contact) => Promise<void>;
  /** Compares records with the VIM, after each contact that succeeded; throws VimError when contact is lost in it. */
  readonly sweep: (signal: AbortSignal) => Promise<void>;
  /** Is told what `report` threw. */
  readonly onFailure: (error: unknown) => void;
}

export class ProviderConnection {
  readonly vim: Vim;
  readonly #options: ProviderConnectionOptions;
  readonly #stopped = new AbortController();
  #status: 'connecting' | Contact['status'] = 'connecting';
  #failures = 0;
  #timer: Timer | undefined;
  #run: Promise<void> | undefined;
  #queued: Promise<void> | undefined;

  constructor(options: ProviderConnectionOptions) {
    this.vim = options.vim;
    this.#options = options;
    // Each call under way listens.
    setMaxListeners(0, this.#stopped.signal);
  }

  get isUp(): boolean {
    return this.#status === 'up';
  }

  /** Contacts the provider now. @returns when a contact that began after this call has ended, whether or not it succeeded. */
  refresh(): Promise<void> {
    if (this.#stopped.signal.aborted) return Promise.resolve();
    if (this.#run === undefined) return this.#begin();
    this.#queued ??= this.#run.then(() => {
      this.#queued = undefined;
      return this.#stopped.signal.aborted ? undefined : this.#begin();
    });
    return this.#queued;
  }

  /** A call found the provider out of reach: looks for itself. */
  lost(): void {
    if (!this.isUp) return;
    this.#status = 'down';
    void this.refresh();
  }

  /** Calls with a deadline, and until `close`. @throws VimError. */
  call<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, timing } = this.#options;
    return withDeadline(clock, timing.call, this.#stopped.signal, call);
  }

  /** Gives up what is in progress and lets go of the VIM. */
  async close(): Promise<void> {
    this.#stopped.abort();
    this.#timer?.cancel();
    await this.#run;
    await this.vim.close();
  }

  #begin(): Promise<void> {
    this.#timer?.cancel();
    this.#run = this.#contact().finally(() => {
      this.#run = undefined;
      this.#arm();
    });
    return this.#run;
  }

  async #contact(): Promise<void> {
    try {
      const inventory = await this.call((signal) => this.vim.discover(signal));
      await this.#tell({ status: 'up', inventory });
      await this.#options.sweep(this.#stopped.signal);
      this.#failures = 0;
    } catch (thrown) {
      const error = asVimError(thrown);
      if (this.#stopped.signal.aborted) return;
      this.#failures += 1;
      await this.#tell({ status: REJECTIONS.has(error.kind) ? 'rejected' : 'down', statusMessage: error.message });
    }
  }

  async #tell(contact: Contact): Promise<void> {
    try {
      await this.#options.report(contact);
    } catch (error) {
      this.#options.onFailure(error);
    }
    this.#status = contact.status;
  }

  #arm(): void {
    if (this.#stopped.signal.aborted) return;
    const { clock, timing, random } = this.#options;
    const wait =
      this.#failures === 0 ? timing.refresh : Math.min(timing.longestRetry, timing.retry * 2 ** (this.#failures - 1));
    const strayed = Math.round(wait * (1 + ((random() * 2 - 1) * timing.jitter) / 100));
    this.#timer = clock.at(clock.now() + strayed, () => void this.refresh());
  }
}
