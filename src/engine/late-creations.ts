/**
 * Late creations: what a VIM made of a request after it had been taken for lost.
 *
 * A creation that was not answered may still take effect, when another one was accepted in its place, or none. For a while after it,
 * the VIM is asked now and then for everything with the allocation's token, and what the record does not stand for is removed.
 */
import { VimError } from '../vim/vim.ts';
import type { VimResource, VimServer } from '../vim/vim.ts';
import type { Clock, Timer } from './clock.ts';
import { asVimError, isOutOfReach } from './deadline.ts';
import type { Allocation, Id } from './entities.ts';
import type { ContactTiming, ProviderConnection } from './provider-connection.ts';
import type { VimLedger } from './vim-reports.ts';

export interface LateCreationsOptions {
  readonly ledger: VimLedger;
  readonly clock: Clock;
  readonly timing: ContactTiming;
  /** The connection to a provider, when there is one. */
  readonly connectionTo: (provider: Id) => ProviderConnection | undefined;
  /** Is told of what is removed because an allocation has another one, or has been given up. */
  readonly onDuplicate: (provider: Id, thing: VimServer | VimResource) => void;
  readonly onFailure: (error: unknown) => void;
}

export class LateCreations {
  readonly #options: LateCreationsOptions;
  readonly #timers = new Map<Id, Timer>();
  readonly #running = new Set<Promise<void>>();
  /** What was told and cannot be removed yet. */
  readonly #told = new Set<string>();
  #closed = false;

  constructor(options: LateCreationsOptions) {
    this.#options = options;
  }

  /** Takes up all creations that may still take effect. */
  takeUp(): void {
    for (const allocation of this.#options.ledger.head.allocations.values()) this.follow(allocation);
  }

  /** Looks after an allocation as long as something may still come of a creation; once begun, goes on by itself. */
  follow({ id, unansweredUntil }: Allocation): void {
    const { clock } = this.#options;
    if (unansweredUntil === undefined || this.#timers.has(id) || unansweredUntil <= clock.now()) return;
    this.#arm(id, unansweredUntil, 0);
  }

  /** Removes a duplicate, whoever found it. @throws VimError when the VIM is out of reach. */
  async remove(connection: ProviderConnection, thing: VimServer | VimResource): Promise<void> {
    const { providerId } = connection.vim;
    const key = `${providerId} ${thing.id}`;
    if (!this.#told.has(key)) this.#options.onDuplicate(providerId, thing);
    this.#told.add(key);
    if (await removeFrom(connection, thing)) this.#told.delete(key);
  }

  /** Stops after the calls in progress, which end with their connections. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #arm(id: Id, until: number, looks: number): void {
    if (this.#closed) return;
    const { clock, timing } = this.#options;
    const wait = Math.min(timing.longestRetry, timing.retry * 2 ** looks);
    const next = Math.min(clock.now() + wait, until);
    const timer = clock.at(next, () => {
      const done = this.#look(id)
        .catch((error: unknown) => {
          if (!(error instanceof VimError)) this.#options.onFailure(error);
        })
        .finally(() => {
          this.#running.delete(done);
          if (next < until) this.#arm(id, until, looks + 1);
          else this.#end(id);
        });
      this.#running.add(done);
    });
    this.#timers.set(id, timer);
  }

  /** Another creation may have gone unanswered meanwhile. */
  #end(id: Id): void {
    this.#timers.delete(id);
    const allocation = this.#options.ledger.head.allocations.get(id);
    if (allocation !== undefined && !this.#closed) this.follow(allocation);
  }

  async #look(id: Id): Promise<void> {
    const before = await this.#options.ledger.read((head) => head.allocations.get(id));
    // An intent is carried out by its errand, which looks for itself.
    if (before === undefined || before.intent !== undefined) return;
    const connection = this.#options.connectionTo(before.provider);
    if (connection?.isUp !== true) return;
    const { token, resource } = before;
    const found = await connection.call<readonly (VimServer | VimResource)[]>((signal) =>
      resource === undefined
        ? connection.vim.findServersByToken(token, signal)
        : connection.vim.findResourcesByToken(resource.kind, token, signal),
    );
    const { head } = this.#options.ledger;
    const now = head.allocations.get(id);
    if (now === undefined) return;
    for (const thing of found) if (isDuplicate(now, thing)) await this.remove(connection, thing);
  }
}

/** Whether something with the token of an allocation is not what the allocation stands for: it has another one, or was given up. */
export function isDuplicate(allocation: Allocation, { id, deleting, status }: VimServer | VimResource): boolean {
  if (deleting || status === 'DELETED' || allocation.server === id) return false;
  return allocation.server !== undefined || allocation.intent === undefined;
}

/**
 * Has something removed that no record stands for. What cannot go now, because it is being made or is in use, goes with a later look.
 *
 * @returns whether it goes. @throws VimError when the VIM is out of reach.
 */
export async function removeFrom(connection: ProviderConnection, thing: VimServer | VimResource): Promise<boolean> {
  const { vim } = connection;
  try {
    await connection.call((signal) =>
      'kind' in thing ? vim.deleteResource(thing.kind, thing.id, signal) : vim.deleteServer(thing.id, signal),
    );
  } catch (thrown) {
    const error = asVimError(thrown);
    if (isOutOfReach(error)) throw thrown;
    return error.kind === 'not-found';
  }
  return true;
}
