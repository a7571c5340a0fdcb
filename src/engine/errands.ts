/**
 * Errands: what allocations have their VIMs told, one at a time for each allocation.
 *
 * The intent of a record (create, delete) is read when it is durable, carried to the VIM, and the outcome reported, until the record
 * asks for nothing more. What became of a call whose answer is missing is found out by the token in the server's metadata.
 */
import { VimError } from '../vim/vim.ts';
import type { Clock, Timer } from './clock.ts';
import { asVimError } from './deadline.ts';
import type { Allocation, Id, MachineAllocation, ResourceAllocation } from './entities.ts';
import type { ContactTiming, ProviderConnection } from './provider-connection.ts';
import type { Command } from './requests.ts';
import { pursueAttachment } from './attachment-errands.ts';
import { pursueExtension } from './extension-errands.ts';
import type { ExtensionAsked } from './extension-errands.ts';
import { isOutstanding } from './outstanding.ts';
import { report, stateOf } from './vim-reports.ts';
import type { VimLedger, VimReports } from './vim-reports.ts';

/** How often a creation is tried whose outcome is unknown and of which the VIM knows nothing, before it counts as failed. */
const MOST_CREATIONS = 4;

export interface ErrandsOptions {
  readonly ledger: VimLedger;
  readonly commands: VimReports;
  readonly clock: Clock;
  readonly timing: ContactTiming;
  /** The connection to a provider, when there is one. */
  readonly connectionTo: (provider: Id) => ProviderConnection | undefined;
  readonly onFailure: (error: unknown) => void;
}

/** Something that has to be done in the VIM for one allocation; at most one at a time for each. */
interface Errand {
  /** How often a creation was tried, or may have been: before 1, nothing is known to have been sent. */
  tries: number;
  /** Whether a creation may be out of which the record does not tell, because it was sent before a restart. */
  unnoted: boolean;
  /** When the VIM accepted to attach or detach what is not done yet. */
  readonly accepted: Map<string, number>;
  readonly extension: ExtensionAsked;
  /** How often in a row it could not be carried out. */
  failures: number;
  running: boolean;
  timer: Timer | undefined;
}

export class Errands {
  readonly #options: ErrandsOptions;
  readonly #errands = new Map<Id, Errand>();
  readonly #running = new Set<Promise<void>>();
  #closed = false;

  constructor(options: ErrandsOptions) {
    this.#options = options;
  }

  /** Takes up every intent there is. Whether it was sent before a restart is not known. */
  takeUp(): void {
    for (const id of this.#options.ledger.head.intents) {
      const errand = this.#errand(id);
      errand.tries = Math.max(1, errand.tries);
      errand.unnoted = true;
      this.pursue(id);
    }
  }

  /** Takes up what waits for contact with its provider. */
  pursueAll(): void {
    for (const id of this.#options.ledger.head.intents) this.pursue(id);
  }

  /** Stops after the calls in progress, which end with their connections. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const errand of this.#errands.values()) errand.timer?.cancel();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #errand(id: Id): Errand {
    let errand = this.#errands.get(id);
    if (errand === undefined) {
      const accepted = new Map<string, number>();
      const extension = { unanswered: 0 };
      errand = { tries: 0, unnoted: false, accepted, extension, failures: 0, running: false, timer: undefined };
      this.#errands.set(id, errand);
    }
    return errand;
  }

  /**
   * Carries an allocation's intent to the VIM, unless that is being done.
   * @param durable what has just become durable of the allocation
   */
  pursue(id: Id, durable?: Allocation): void {
    const errand = this.#errand(id);
    if (errand.running || this.#closed) return;
    errand.timer?.cancel();
    errand.timer = undefined;
    errand.running = true;
    const done = this.#carry(id, errand, durable)
      .then((again) => {
        errand.running = false;
        if (again === 'try again') this.#tryAgain(id, errand);
        else this.#leave(id, again);
      }, this.#options.onFailure)
      .finally(() => this.#running.delete(done));
    this.#running.add(done);
  }

  /** The world may have moved on while the last look was under way: then there is another one. */
  #leave(id: Id, because: 'done' | 'wait for contact'): void {
    const { head } = this.#options.ledger;
    if (because === 'done') {
      this.#errands.delete(id);
      if (head.intents.has(id)) this.pursue(id);
    } else if (this.#options.connectionTo(head.allocations.get(id)?.provider ?? '')?.isUp === true) {
      this.pursue(id);
    }
  }

  /** At the latest when nothing more can come of what was not answered. */
  #tryAgain(id: Id, errand: Errand): void {
    if (this.#closed) return;
    const { clock, timing, ledger } = this.#options;
    const now = clock.now();
    const wait = Math.min(timing.longestRetry, timing.retry * 2 ** errand.failures);
    const { unansweredUntil = 0 } = ledger.head.allocations.get(id) ?? {};
    errand.failures += 1;
    errand.timer = clock.at(unansweredUntil > now ? Math.min(now + wait, unansweredUntil) : now + wait, () =>
      this.pursue(id),
    );
  }

  /** Does what the record asks for until it asks for nothing more. */
  async #carry(
    id: Id,
    errand: Errand,
    durable: Allocation | undefined,
  ): Promise<'done' | 'wait for contact' | 'try again'> {
    while (!this.#closed) {
      let allocation: Allocation | undefined;
      try {
        const { ledger } = this.#options;
        // Nothing goes to a VIM before the decision that asks for it is durable.
        allocation =
          durable !== undefined && ledger.head.allocations.get(id) === durable
            ? durable
            : await ledger.read((head) => head.allocations.get(id));
      } catch (error) {
        this.#options.onFailure(error);
        return 'try again';
      }
      if (allocation === undefined || !isOutstanding(allocation)) return 'done';
      const connection = this.#options.connectionTo(allocation.provider);
      if (connection?.isUp !== true) return 'wait for contact';
      try {
        if (allocation.intent === 'create') await this.#create(allocation, connection, errand);
        else if (allocation.intent === 'delete') await this.#delete(allocation, connection, errand);
        else if (allocation.resource === undefined)
          await pursueAttachment(this.#options, allocation, connection, errand.accepted);
        else await pursueExtension(this.#options, allocation, connection, errand.extension);
      } catch (thrown) {
        if (!(thrown instanceof VimError)) this.#options.onFailure(thrown);
        const error = asVimError(thrown);
        if (error.kind === 'unreachable' || error.kind === 'unauthorized') {
          connection.lost();
          return 'wait for contact';
        }
        return 'try again';
      }
      // A report that changed nothing would be made for ever.
      if (this.#options.ledger.head.allocations.get(id) === allocation) return 'try again';
      errand.failures = 0;
    }
    return 'wait for contact';
  }

  /** @throws VimError when it has to be tried again. */
  async #create(allocation: Allocation, connection: ProviderConnection, errand: Errand): Promise<void> {
    if (errand.tries > 0) {
      const [found] = await findAll(allocation, connection);
      if (found === undefined) await this.#note(allocation, errand);
      else if (allocation.resource === undefined) {
        await this.#accepted(allocation, found.id);
        return;
      }
    }
    errand.tries += 1;
    try {
      if (allocation.resource === undefined) await this.#createServer(allocation, connection, errand.tries === 1);
      else await this.#createResource(allocation, connection);
    } catch (thrown) {
      if (!(thrown instanceof VimError)) throw thrown;
      errand.unnoted ||= thrown.outcomeUnknown;
      await this.#note(allocation, errand);
      if (!isFinal(thrown, errand.tries)) throw thrown;
      const fault = { message: thrown.message };
      await this.#report(this.#options.commands.createFailed, { allocation: allocation.id, fault });
    }
  }

  /** @param first whether nothing was asked for with its token before, in this run or an earlier one */
  async #createServer(allocation: MachineAllocation, connection: ProviderConnection, first: boolean): Promise<void> {
    const { token, name, image, bootVolume, flavor, networks, ports, volumes, zone, host, group } = allocation;
    const request = {
      token,
      ...(first ? { fresh: true as const } : {}),
      name,
      ...(image === undefined ? {} : { image }),
      ...(bootVolume === undefined ? {} : { bootVolume }),
      flavor,
      networks,
      ...(ports === undefined ? {} : { ports }),
      ...(volumes === undefined ? {} : { volumes }),
      ...(zone === undefined ? {} : { zone }),
      ...(host === undefined ? {} : { host }),
      ...(group === undefined ? {} : { group }),
    };
    const { serverId } = await connection.call((signal) => connection.vim.createServer(request, signal));
    await this.#accepted(allocation, serverId);
  }

  /** Whatever there is of it already by its token is completed. */
  async #createResource(allocation: ResourceAllocation, connection: ProviderConnection): Promise<void> {
    const { token, name, resource: spec } = allocation;
    const made = await connection.call((signal) => connection.vim.createResource({ token, name, spec }, signal));
    const { id } = allocation;
    const accepted = { allocation: id, server: made.id, state: stateOf(id, made) };
    await this.#report(this.#options.commands.serverAccepted, accepted);
  }

  /** @throws VimError when it has to be tried again. */
  async #delete(allocation: Allocation, connection: ProviderConnection, errand: Errand): Promise<void> {
    const { id, resource, server } = allocation;
    const { vim } = connection;
    if (server === undefined) {
      const [found] = await findAll(allocation, connection);
      if (found === undefined) {
        await this.#note(allocation, errand);
        await this.#report(this.#options.commands.serverGone, { allocation: id });
      } else await this.#accepted(allocation, found.id);
      return;
    }
    try {
      await connection.call((signal) =>
        resource === undefined ? vim.deleteServer(server, signal) : vim.deleteResource(resource.kind, server, signal),
      );
    } catch (thrown) {
      const error = asVimError(thrown);
      if (error.kind === 'conflict' || error.kind === 'refused' || error.kind === 'forbidden') {
        const fault = { message: error.message };
        await this.#report(this.#options.commands.deletionRefused, { allocation: id, fault });
      }
      if (error.kind !== 'not-found') throw error;
      await this.#report(this.#options.commands.serverGone, { allocation: id });
      return;
    }
    await this.#report(this.#options.commands.deletionAccepted, { allocation: id });
  }

  /** Has the record tell that a creation is out which may take effect yet. After the end, the next start does. */
  async #note({ id }: Allocation, errand: Errand): Promise<void> {
    if (!errand.unnoted || this.#closed) return;
    const { clock, commands, timing } = this.#options;
    await this.#report(commands.creationUnanswered, { allocation: id, until: clock.now() + timing.late });
    errand.unnoted = false;
  }

  async #report<Input>(command: Command<Input, unknown>, input: Input): Promise<void> {
    await report(this.#options.ledger, command, input);
  }

  #accepted(allocation: Allocation, server: string): Promise<void> {
    return this.#report(this.#options.commands.serverAccepted, { allocation: allocation.id, server });
  }
}

/** What the VIM has with an allocation's token. @throws VimError. */
function findAll(
  { token, resource }: Allocation,
  connection: ProviderConnection,
): Promise<readonly { readonly id: string }[]> {
  const { vim } = connection;
  return connection.call<readonly { readonly id: string }[]>((signal) =>
    resource === undefined
      ? vim.findServersByToken(token, signal)
      : vim.findResourcesByToken(resource.kind, token, signal),
  );
}

/** Whether a creation that was tried so often will never succeed: there is no server and there will be none. */
function isFinal(error: VimError, tries: number): boolean {
  switch (error.kind) {
    case 'refused':
    case 'forbidden':
    case 'over-quota':
    case 'no-valid-host':
    case 'not-found':
    case 'conflict':
      return true;
    case 'timeout':
    case 'failed':
      return tries >= MOST_CREATIONS;
    case 'unreachable':
    case 'unauthorized':
    case 'aborted':
      return false;
  }
}
