/**
 * The reconciler: makes the clouds follow the records, and the records follow the clouds.
 *
 * An allocation that has an intent (create, delete) is carried to its VIM once the decision is durable, and the outcome goes back as a
 * decision. What nobody knows the outcome of is settled by the token in the server's metadata, so that after a time-out or a crash
 * nothing is lost, leaked or booted twice. What VIMs tell, and what a sweep finds, becomes decisions too.
 */
import { concatMap, from } from 'rxjs';
import type { Subscription } from 'rxjs';
import { VimError } from '../vim/vim.ts';
import type { Vim, VimEvent, VimServer } from '../vim/vim.ts';
import type { Clock, Timer } from './clock.ts';
import { asVimError } from './deadline.ts';
import type { Allocation, Id, Provider } from './entities.ts';
import type { DomainEvent } from './events.ts';
import type { Ledger } from './ledger.ts';
import { CONTACT_TIMING, ProviderConnection } from './provider-connection.ts';
import type { Contact, ContactTiming } from './provider-connection.ts';
import type { Command, Commands } from './requests.ts';
import { serverKey } from './state.ts';
import type { Change, Head } from './state.ts';

/** The commands by which the reconciler reports. */
export type VimReports = Pick<
  Commands,
  'updateProvider' | 'serverAccepted' | 'deletionAccepted' | 'createFailed' | 'vmStateReported' | 'serverGone'
>;

/** On whose behalf VIMs report. */
const REPORTER = 'promise';

/** How often a creation is tried whose outcome is unknown and of which the VIM knows nothing, before it counts as failed. */
const MOST_CREATIONS = 4;

export interface ReconcilerOptions {
  readonly ledger: Ledger<Head, Change, DomainEvent>;
  readonly commands: VimReports;
  readonly clock: Clock;
  /** The adapter for a provider; a text says why there is none. */
  readonly connect: (provider: Provider) => Vim | string;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  readonly timing?: ContactTiming;
  /** Is told what went wrong and could not be told as a decision, and of servers that carry a token which no record knows. */
  readonly onFailure?: (error: unknown) => void;
  readonly onOrphan?: (provider: Id, server: VimServer) => void;
}

interface Link {
  readonly access: string;
  readonly connection: ProviderConnection;
  readonly events: Subscription;
}

/** Something that has to be done in the VIM for one allocation; at most one at a time for each. */
interface Errand {
  /** How often a creation was tried, or may have been: before 1, nothing is known to have been sent. */
  tries: number;
  /** How often in a row it could not be carried out. */
  failures: number;
  running: boolean;
  timer: Timer | undefined;
}

/** Somebody who waits for something to become durable. */
interface Watcher {
  readonly look: () => void;
  readonly end: (holds: boolean) => void;
}

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #timing: ContactTiming;
  readonly #links = new Map<Id, Link>();
  readonly #errands = new Map<Id, Errand>();
  /** Errands and contacts in progress, for `close`. */
  readonly #work = new Set<Promise<void>>();
  readonly #watchers = new Set<Watcher>();
  #stopListening: () => void = () => undefined;
  #state: 'idle' | 'started' | 'closed' = 'idle';

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#timing = options.timing ?? CONTACT_TIMING;
  }

  /** Takes up what the records hold, contacts every provider, and follows from then on. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'started';
    this.#stopListening = this.#options.ledger.onDurable((durable) => {
      if (durable.what === 'reload') this.#takeUp();
      else for (const change of durable.changes) this.#follow(change);
      for (const watcher of this.#watchers) watcher.look();
    });
    this.#takeUp();
  }

  /**
   * Waits until the VIM has answered about an allocation: accepted or refused what was last asked of it.
   * @returns false when that took longer than `milliseconds`; it goes on then.
   */
  settled(allocation: Id, milliseconds: number): Promise<boolean> {
    return this.#until((head) => head.allocations.get(allocation)?.intent === undefined, milliseconds);
  }

  /** Waits until the first contact with a provider has been made or has failed. @returns false when it took longer. */
  contacted(provider: Id, milliseconds: number): Promise<boolean> {
    return this.#until((head) => head.providers.get(provider)?.status !== 'connecting', milliseconds);
  }

  /** Asks a provider for what it has, now. @returns when the records follow it, or contact has failed. */
  async refresh(provider: Id): Promise<void> {
    await this.#links.get(provider)?.connection.refresh();
  }

  /** Gives up calls in progress; what became of them is settled at the next start. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#stopListening();
    for (const watcher of this.#watchers) watcher.end(false);
    for (const errand of this.#errands.values()) errand.timer?.cancel();
    for (const id of [...this.#links.keys()]) this.#disconnect(id);
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  #takeUp(): void {
    const { head } = this.#options.ledger;
    for (const id of this.#links.keys()) if (!head.providers.has(id)) this.#disconnect(id);
    for (const provider of head.providers.values()) this.#link(provider);
    // Whether these were sent before the restart is not known.
    for (const id of head.intents) this.#errand(id).tries = Math.max(1, this.#errand(id).tries);
    for (const id of head.intents) this.#pursue(id);
  }

  #follow(change: Change): void {
    if (change.kind === 'provider') {
      if (change.body === null) this.#disconnect(change.id);
      else this.#link(change.body);
    } else if (change.kind === 'allocation' && change.body?.intent !== undefined) {
      this.#pursue(change.id);
    }
  }

  // Providers.

  #link(provider: Provider): void {
    const access = JSON.stringify(provider.access);
    if (this.#links.get(provider.id)?.access === access) return;
    this.#disconnect(provider.id);
    const vim = this.#options.connect(provider);
    if (typeof vim === 'string') {
      this.#background(
        this.#report(this.#options.commands.updateProvider, {
          id: provider.id,
          status: 'rejected',
          statusMessage: vim,
        }),
      );
      return;
    }
    const { id } = provider;
    const connection = new ProviderConnection({
      vim,
      clock: this.#options.clock,
      timing: this.#timing,
      random: this.#options.random,
      report: (contact) => this.#contact(id, contact),
      sweep: () =>
        this.#sweep(id).catch((error: unknown) => {
          if (error instanceof VimError) throw error;
          this.#fail(error);
        }),
      onFailure: (error) => this.#fail(error),
    });
    // One event after the other: each decision is taken before the next event is looked at.
    const events = vim.events$.pipe(concatMap((event) => from(this.#heard(id, event)))).subscribe();
    this.#links.set(id, { access, connection, events });
    this.#background(connection.refresh());
  }

  #disconnect(id: Id): void {
    const link = this.#links.get(id);
    if (link === undefined) return;
    this.#links.delete(id);
    link.events.unsubscribe();
    this.#background(link.connection.close());
  }

  #contact(id: Id, contact: Contact): Promise<void> {
    return this.#report(this.#options.commands.updateProvider, { id, ...contact });
  }

  async #heard(id: Id, event: VimEvent): Promise<void> {
    if (event.type !== 'server') {
      this.#background(this.refresh(id));
      return;
    }
    try {
      await this.#observe(id, event.server);
    } catch (error) {
      this.#fail(error);
    }
  }

  // What servers do.

  /** Takes over the state of a server, if a record stands for it. */
  async #observe(provider: Id, server: VimServer): Promise<void> {
    const { head } = this.#options.ledger;
    const known = head.servers.get(serverKey(provider, server.id));
    const id = known ?? (server.token === undefined ? undefined : head.tokens.get(server.token));
    const allocation = id === undefined ? undefined : head.allocations.get(id);
    if (allocation === undefined || allocation.provider !== provider) return;
    if (known === undefined) {
      // A server with the token of an allocation that has another one is a second boot, not its state.
      if (allocation.server !== undefined) return;
      if (server.status !== 'DELETED') await this.#accepted(allocation, server.id);
    }
    if (server.status === 'DELETED') {
      await this.#report(this.#options.commands.serverGone, { allocation: allocation.id });
    } else if (!server.deleting) {
      await this.#report(this.#options.commands.vmStateReported, {
        allocation: allocation.id,
        vmState: server.status,
        ...(server.fault === undefined ? {} : { fault: server.fault }),
        ...(server.host === undefined ? {} : { host: server.host }),
      });
    }
  }

  /** Compares the records of a provider with its servers. @throws VimError. */
  async #sweep(provider: Id): Promise<void> {
    const connection = this.#links.get(provider)?.connection;
    if (connection === undefined) return;
    for (const id of this.#options.ledger.head.intents) this.#pursue(id);
    // Who had a server before the VIM was asked must be in its answer; who got one since need not.
    const before = this.#withServers(provider);
    const servers = await connection.call((signal) => connection.vim.listServers(signal));
    const present = new Map(servers.map((server) => [server.id, server]));
    const missing = before.filter(({ server = '' }) => !present.has(server));
    await Promise.all([
      ...missing.map(({ id }) => this.#report(this.#options.commands.serverGone, { allocation: id })),
      ...servers.map((server) => this.#compare(provider, connection, server)),
    ]);
  }

  async #compare(provider: Id, connection: ProviderConnection, server: VimServer): Promise<void> {
    if (server.token === undefined) return;
    const { head } = this.#options.ledger;
    const id = head.tokens.get(server.token);
    const allocation = id === undefined ? undefined : head.allocations.get(id);
    if (allocation === undefined) {
      this.#options.onOrphan?.(provider, server);
    } else if (allocation.server === server.id || allocation.server === undefined) {
      if (allocation.intent === undefined && allocation.vmState !== server.status)
        await this.#observe(provider, server);
    } else if (!server.deleting) {
      // A creation that was tried again after its outcome had been unknown, and took effect twice.
      await connection.call((signal) => connection.vim.deleteServer(server.id, signal)).catch(ignoreGone);
    }
  }

  #withServers(provider: Id): Allocation[] {
    return [...this.#options.ledger.head.allocations.values()].filter(
      (allocation) => allocation.provider === provider && allocation.server !== undefined,
    );
  }

  // Errands.

  #errand(id: Id): Errand {
    let errand = this.#errands.get(id);
    if (errand === undefined) {
      errand = { tries: 0, failures: 0, running: false, timer: undefined };
      this.#errands.set(id, errand);
    }
    return errand;
  }

  /** Carries an allocation's intent to the VIM, unless that is being done. */
  #pursue(id: Id): void {
    const errand = this.#errand(id);
    if (errand.running || this.#state !== 'started') return;
    errand.timer?.cancel();
    errand.timer = undefined;
    errand.running = true;
    this.#background(
      this.#carry(id, errand).then((again) => {
        errand.running = false;
        if (again === 'try again') this.#tryAgain(id, errand);
        else this.#leave(id, again);
      }),
    );
  }

  /** The world may have moved on while the last look was under way: then there is another one. */
  #leave(id: Id, because: 'done' | 'wait for contact'): void {
    const { head } = this.#options.ledger;
    if (because === 'done') {
      this.#errands.delete(id);
      if (head.intents.has(id)) this.#pursue(id);
    } else if (this.#links.get(head.allocations.get(id)?.provider ?? '')?.connection.isUp === true) {
      this.#pursue(id);
    }
  }

  #tryAgain(id: Id, errand: Errand): void {
    if (this.#state !== 'started') return;
    const { clock } = this.#options;
    const wait = Math.min(this.#timing.longestRetry, this.#timing.retry * 2 ** errand.failures);
    errand.failures += 1;
    errand.timer = clock.at(clock.now() + wait, () => this.#pursue(id));
  }

  /** Does what the record asks for until it asks for nothing more. */
  async #carry(id: Id, errand: Errand): Promise<'done' | 'wait for contact' | 'try again'> {
    while (this.#state === 'started') {
      let allocation: Allocation | undefined;
      try {
        // Nothing goes to a VIM before the decision that asks for it is durable.
        allocation = await this.#options.ledger.read((head) => head.allocations.get(id));
      } catch (error) {
        this.#fail(error);
        return 'try again';
      }
      if (allocation?.intent === undefined) return 'done';
      const connection = this.#links.get(allocation.provider)?.connection;
      if (connection?.isUp !== true) return 'wait for contact';
      try {
        if (allocation.intent === 'create') await this.#create(allocation, connection, errand);
        else await this.#delete(allocation, connection);
      } catch (thrown) {
        if (!(thrown instanceof VimError)) this.#fail(thrown);
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
    const { token, name, image, flavor, networks, zone, host } = allocation;
    if (errand.tries > 0) {
      const found = await connection.call((signal) => connection.vim.findServerByToken(token, signal));
      if (found !== undefined) {
        await this.#accepted(allocation, found.id);
        return;
      }
    }
    const request = {
      token,
      name,
      image,
      flavor,
      networks,
      ...(zone === undefined ? {} : { zone }),
      ...(host === undefined ? {} : { host }),
    };
    errand.tries += 1;
    let serverId: string;
    try {
      ({ serverId } = await connection.call((signal) => connection.vim.createServer(request, signal)));
    } catch (thrown) {
      const error = asVimError(thrown);
      if (!isFinal(error, errand.tries)) throw error;
      const fault = { message: error.message };
      await this.#report(this.#options.commands.createFailed, { allocation: allocation.id, fault });
      return;
    }
    await this.#accepted(allocation, serverId);
  }

  /** @throws VimError when it has to be tried again. */
  async #delete(allocation: Allocation, connection: ProviderConnection): Promise<void> {
    const { id, token } = allocation;
    const server =
      allocation.server ?? (await connection.call((signal) => connection.vim.findServerByToken(token, signal)))?.id;
    try {
      if (server === undefined) throw new VimError('not-found', 'no server has the token');
      await connection.call((signal) => connection.vim.deleteServer(server, signal));
    } catch (thrown) {
      const error = asVimError(thrown);
      if (error.kind !== 'not-found') throw error;
      await this.#report(this.#options.commands.serverGone, { allocation: id });
      return;
    }
    if (allocation.server === undefined) await this.#accepted(allocation, server);
    await this.#report(this.#options.commands.deletionAccepted, { allocation: id });
  }

  #accepted(allocation: Allocation, server: string): Promise<void> {
    return this.#report(this.#options.commands.serverAccepted, { allocation: allocation.id, server });
  }

  async #report<Input>(command: Command<Input, unknown>, input: Input): Promise<void> {
    await this.#options.ledger.update((head, inputs) => command(head, input, { ...inputs, user: REPORTER }));
  }

  async #until(condition: (head: Head) => boolean, milliseconds: number): Promise<boolean> {
    const { clock, ledger } = this.#options;
    const holds = await ledger.read(condition);
    if (holds || this.#state === 'closed') return holds;
    return new Promise((resolve) => {
      const watcher: Watcher = {
        look: () => {
          if (condition(ledger.head)) watcher.end(true);
        },
        end: (result) => {
          timer.cancel();
          this.#watchers.delete(watcher);
          resolve(result);
        },
      };
      const timer = clock.at(clock.now() + milliseconds, () => watcher.end(false));
      this.#watchers.add(watcher);
      watcher.look();
    });
  }

  #background(work: Promise<void>): void {
    const done = work.catch((error: unknown) => this.#fail(error)).finally(() => this.#work.delete(done));
    this.#work.add(done);
  }

  #fail(error: unknown): void {
    if (this.#state !== 'closed') this.#options.onFailure?.(error);
  }
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

function ignoreGone(error: unknown): void {
  if (asVimError(error).kind !== 'not-found') throw error;
}
