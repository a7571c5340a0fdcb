/**
 * The reconciler: makes the clouds follow the records, and the records follow the clouds.
 *
 * An allocation that has an intent (create, delete) is carried to its VIM once the decision is durable, and the outcome goes back as a
 * decision. What nobody knows the outcome of is settled by the token in the server's metadata, so that after a time-out or a crash
 * nothing is lost, leaked or booted twice. What VIMs tell, and what a sweep finds, becomes decisions too.
 */
import type { Subscription } from 'rxjs';
import { VimError } from '../vim/vim.ts';
import type { Vim, VimAccount, VimEvent, VimFactory, VimResource, VimResourceKind, VimServer } from '../vim/vim.ts';
import { AttachmentSweep } from './attachment-sweep.ts';
import type { StrayAttachment } from './attachment-sweep.ts';
import type { Clock } from './clock.ts';
import type { Allocation, Id, Provider } from './entities.ts';
import { Errands } from './errands.ts';
import { LateCreations, isDuplicate } from './late-creations.ts';
import { Orphans, kindsWithStrangers } from './orphans.ts';
import type { Found, OrphansOptions } from './orphans.ts';
import { isOutstanding, isUnanswered } from './outstanding.ts';
import { CONTACT_TIMING, ProviderConnection } from './provider-connection.ts';
import type { Contact, ContactTiming } from './provider-connection.ts';
import type { Command } from './requests.ts';
import { allocationsAt, serverKey } from './state.ts';
import type { Change, Head } from './state.ts';
import { report, stateOf } from './vim-reports.ts';
import type { VimLedger, VimReports } from './vim-reports.ts';
import type { Instant } from './window.ts';

export interface ReconcilerOptions {
  readonly ledger: VimLedger;
  readonly commands: VimReports;
  readonly clock: Clock;
  /** The adapters by type of provider (qualified identity). */
  readonly adapters: ReadonlyMap<string, VimFactory>;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  readonly timing?: ContactTiming;
  /** Is told what went wrong and could not be told as a decision. */
  readonly onFailure?: (error: unknown) => void;
  readonly onOrphan?: OrphansOptions['onOrphan'];
  /** Is told of what carries the token of a record and is not what the record stands for; it is removed. */
  readonly onDuplicate?: (provider: Id, server: VimServer | VimResource) => void;
  /** Is told of ports and volumes that machines have beside their records. */
  readonly onStray?: (provider: Id, stray: StrayAttachment) => void;
}

interface Link {
  readonly access: string;
  readonly connection: ProviderConnection;
  readonly events: Subscription;
}

/** Somebody who waits for something to become durable. */
interface Watcher {
  readonly look: () => void;
  readonly end: (holds: boolean) => void;
}

/** Is told what an allocation is like once the VIM has answered about it; undefined when it is gone, or the waiting is over. */
type Settled = (allocation: Allocation | undefined) => void;

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #timing: ContactTiming;
  readonly #links = new Map<Id, Link>();
  readonly #errands: Errands;
  readonly #late: LateCreations;
  readonly #orphans: Orphans;
  readonly #attachments: AttachmentSweep;
  /** Contacts and what else is in progress, for `close`. */
  readonly #work = new Set<Promise<void>>();
  readonly #watchers = new Set<Watcher>();
  /** When each provider answered last. It is recorded with what else is, when contact is lost, and at the end. */
  readonly #answered = new Map<Id, Instant>();
  readonly #settling = new Map<Id, Set<Settled>>();
  #stopListening: () => void = () => undefined;
  #state: 'idle' | 'started' | 'closed' = 'idle';

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#timing = options.timing ?? CONTACT_TIMING;
    const common = {
      ledger: options.ledger,
      clock: options.clock,
      timing: this.#timing,
      connectionTo: (provider: Id) => this.#links.get(provider)?.connection,
      onFailure: (error: unknown) => this.#fail(error),
    };
    this.#errands = new Errands({ ...common, commands: options.commands });
    this.#late = new LateCreations({ ...common, onDuplicate: options.onDuplicate ?? (() => undefined) });
    const { ledger, commands, onOrphan = () => undefined, onStray = () => undefined } = options;
    this.#orphans = new Orphans({ ledger, commands, onOrphan });
    this.#attachments = new AttachmentSweep({ ledger, commands, onStray });
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
   * @returns the allocation as it was recorded then; undefined when that took longer than `milliseconds`, and goes on then, or when
   *   it is gone
   */
  async settled(id: Id, milliseconds: number): Promise<Allocation | undefined> {
    const { clock, ledger } = this.#options;
    const allocation = ledger.head.allocations.get(id);
    // It may have settled by a decision that is not durable yet.
    if (allocation === undefined || !isUnanswered(allocation)) return ledger.read((head) => head.allocations.get(id));
    if (this.#state === 'closed') return undefined;
    return new Promise((resolve) => {
      const waiting = this.#settling.get(id) ?? new Set();
      this.#settling.set(id, waiting);
      const end: Settled = (settled) => {
        timer.cancel();
        waiting.delete(end);
        if (waiting.size === 0) this.#settling.delete(id);
        resolve(settled);
      };
      const timer = clock.at(clock.now() + milliseconds, () => end(undefined));
      waiting.add(end);
    });
  }

  /** Waits until the first contact with a provider has been made or has failed. @returns false when it took longer. */
  contacted(provider: Id, milliseconds: number): Promise<boolean> {
    return this.#until((head) => head.providers.get(provider)?.status !== 'connecting', milliseconds);
  }

  /** When a provider answered last, to this reconciler or, before it has to this one, as it is recorded. */
  lastContact(provider: Id): Instant | undefined {
    return this.#answered.get(provider) ?? this.#options.ledger.head.providers.get(provider)?.lastContact;
  }

  /** Asks a provider for what it has, now. @returns when the records follow it, or contact has failed. */
  async refresh(provider: Id): Promise<void> {
    await this.#links.get(provider)?.connection.refresh();
  }

  /** Gives up calls in progress; what became of them is settled at the next start. */
  async close(): Promise<void> {
    this.#state = 'closed';
    this.#stopListening();
    for (const watcher of this.#watchers) watcher.end(false);
    for (const id of [...this.#settling.keys()]) this.#settle(id, undefined);
    const loops = [this.#errands.close(), this.#late.close()];
    for (const id of [...this.#links.keys()]) this.#disconnect(id);
    await Promise.all(loops);
    while (this.#work.size > 0) await Promise.all(this.#work);
    // A ledger that takes no more has been told to the log; the records then say when contact was before.
    await this.#recordAnswers().catch(ignoreLost);
  }

  #takeUp(): void {
    const { head } = this.#options.ledger;
    for (const id of this.#links.keys()) if (!head.providers.has(id)) this.#forget(id);
    for (const provider of head.providers.values()) this.#link(provider);
    this.#errands.takeUp();
    this.#late.takeUp();
    for (const id of [...this.#settling.keys()]) {
      const allocation = head.allocations.get(id);
      if (allocation === undefined || !isUnanswered(allocation)) this.#settle(id, allocation);
    }
  }

  #follow(change: Change): void {
    if (change.kind === 'provider') {
      if (change.body === null) this.#forget(change.id);
      else this.#link(change.body);
    } else if (change.kind === 'allocation') {
      if (change.body !== null && isOutstanding(change.body)) this.#errands.pursue(change.id, change.body);
      if (change.body === null || !isUnanswered(change.body)) this.#settle(change.id, change.body ?? undefined);
      if (change.body?.unansweredUntil !== undefined) this.#late.follow(change.body);
    }
  }

  #settle(id: Id, allocation: Allocation | undefined): void {
    for (const end of this.#settling.get(id) ?? []) end(allocation);
  }

  // Providers.

  #link(provider: Provider): void {
    const access = JSON.stringify(provider.access);
    if (this.#links.get(provider.id)?.access === access) return;
    this.#disconnect(provider.id);
    let vim: Vim;
    try {
      vim = this.#adapt(provider);
    } catch (error) {
      const statusMessage = error instanceof Error ? error.message : String(error);
      const rejected = { id: provider.id, status: 'rejected', statusMessage } as const;
      this.#background(this.#report(this.#options.commands.updateProvider, rejected));
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
    const events = vim.events$.subscribe((event) => this.#heard(id, event));
    this.#links.set(id, { access, connection, events });
    this.#background(connection.refresh());
  }

  /** @throws Error when there is no adapter for the provider, or the adapter cannot be set up. */
  #adapt(provider: Provider): Vim {
    const { adapters } = this.#options;
    const adapter = adapters.get(provider.access.type);
    if (adapter !== undefined) return adapter(accountOf(provider));
    const known = [...adapters.keys()].join(', ');
    throw new Error(`There is no adapter for providers of type ${provider.access.type}; there is for ${known}.`);
  }

  #forget(id: Id): void {
    this.#answered.delete(id);
    this.#disconnect(id);
  }

  #disconnect(id: Id): void {
    const link = this.#links.get(id);
    if (link === undefined) return;
    this.#links.delete(id);
    link.events.unsubscribe();
    this.#background(link.connection.close());
  }

  #contact(id: Id, contact: Contact): Promise<void> {
    const { clock, commands, ledger } = this.#options;
    if (contact.status === 'up' && ledger.head.providers.has(id)) this.#answered.set(id, clock.now());
    const lastContact = this.#answered.get(id);
    return this.#report(commands.updateProvider, {
      id,
      ...contact,
      ...(lastContact === undefined ? {} : { lastContact }),
    });
  }

  async #recordAnswers(): Promise<void> {
    const { commands } = this.#options;
    const answers = [...this.#answered].map(([id, lastContact]) =>
      this.#report(commands.updateProvider, { id, lastContact }),
    );
    await Promise.all(answers);
  }

  #heard(id: Id, event: VimEvent): void {
    if (event.type === 'server' || event.type === 'resource')
      this.#background(this.#observe(id, event.type === 'server' ? event.server : event.resource));
    else this.#background(this.refresh(id));
  }

  // What servers and other resources do.

  /**
   * Takes over the state of a server or other resource, if a record stands for it. All that is to be decided is decided when this returns,
   * so that what is told first is decided first; the promise is for when that is durable.
   */
  async #observe(provider: Id, server: VimServer | VimResource): Promise<void> {
    const { commands, ledger } = this.#options;
    const { head } = ledger;
    const known = head.servers.get(serverKey(provider, server.id));
    const id = known ?? (server.token === undefined ? undefined : head.tokens.get(server.token));
    const allocation = id === undefined ? undefined : head.allocations.get(id);
    if (allocation === undefined || allocation.provider !== provider) return;
    const decided: Promise<void>[] = [];
    if (known === undefined) {
      // A server with the token of an allocation that has another one, or was given up, is a second boot, not its state.
      if (allocation.server !== undefined || allocation.intent === undefined) return;
      if (server.status !== 'DELETED')
        decided.push(this.#report(commands.serverAccepted, { allocation: allocation.id, server: server.id }));
    }
    if (server.status === 'DELETED') {
      decided.push(this.#report(commands.serverGone, { allocation: allocation.id }));
      if (allocation.resource === undefined && allocation.group !== undefined)
        this.#background(this.#ungroup(provider));
    } else if (!server.deleting) {
      decided.push(this.#report(commands.vmStateReported, stateOf(allocation.id, server)));
      decided.push(this.#observeSize(allocation, server));
    }
    await Promise.all(decided);
  }

  /**
   * Compares the records of a provider with its servers, with its other resources where there are records of their kind or some that no
   * record knows, and with what its servers have of these. @throws VimError.
   */
  async #sweep(provider: Id): Promise<void> {
    const connection = this.#links.get(provider)?.connection;
    if (connection === undefined) return;
    this.#errands.pursueAll();
    const { vim } = connection;
    const { head } = this.#options.ledger;
    const kinds = new Set(kindsWithStrangers(head, head.providers.get(provider)?.inventory));
    for (const { resource } of allocationsAt(head, provider)) if (resource !== undefined) kinds.add(resource.kind);
    const found = await Promise.all([
      this.#sweepKind(provider, connection, undefined, (signal) => vim.listServers(signal)),
      ...[...kinds].map((kind) =>
        this.#sweepKind(provider, connection, kind, (signal) => vim.listResources(kind, signal)),
      ),
    ]);
    await this.#orphans.seeTo(connection, found);
    await this.#attachments.compare(connection);
    await this.#ungroup(provider);
  }

  /** Has groups removed that the VIM keeps for servers which are all gone. What cannot be done now is done with a later sweep. */
  async #ungroup(provider: Id): Promise<void> {
    const connection = this.#links.get(provider)?.connection;
    const inUse = new Set<string>();
    for (const each of allocationsAt(this.#options.ledger.head, provider))
      if (each.resource === undefined && each.group !== undefined) inUse.add(each.group.token);
    await connection
      ?.call((signal) => connection.vim.removeServerGroups(inUse, signal))
      .catch((error: unknown) => {
        if (!(error instanceof VimError)) throw error;
      });
  }

  async #sweepKind(
    provider: Id,
    connection: ProviderConnection,
    kind: VimResourceKind | undefined,
    list: (signal: AbortSignal) => Promise<readonly (VimServer | VimResource)[]>,
  ): Promise<Found> {
    // What was there before the VIM was asked must be in its answer; what came since need not.
    const before = [...allocationsAt(this.#options.ledger.head, provider)].filter(
      ({ server, resource }) => server !== undefined && resource?.kind === kind,
    );
    const found = await connection.call(list);
    const present = new Set(found.map(({ id }) => id));
    const missing = before.filter(({ server = '' }) => !present.has(server));
    await Promise.all([
      ...missing.map(({ id }) => this.#report(this.#options.commands.serverGone, { allocation: id })),
      ...found.flatMap((each) => this.#compare(provider, connection, each) ?? []),
    ]);
    return { ...(kind === undefined ? {} : { kind }), all: found };
  }

  /** @returns what is done about a difference; undefined where there is none, as with most of what may be thousands */
  #compare(provider: Id, connection: ProviderConnection, server: VimServer | VimResource): Promise<void> | undefined {
    const { head } = this.#options.ledger;
    const allocation = head.allocations.get(head.tokens.get(server.token ?? '') ?? '');
    if (allocation === undefined) return undefined;
    // A creation that took effect after it had been given up, or was tried again.
    if (isDuplicate(allocation, server)) return this.#late.remove(connection, server);
    if (allocation.server !== server.id) return undefined;
    const differs = hasMoved(allocation, server) || isResized(allocation, server) || grownTo(allocation, server) > 0;
    return differs ? this.#takeOver(provider, allocation, server) : undefined;
  }

  async #takeOver(provider: Id, allocation: Allocation, server: VimServer | VimResource): Promise<void> {
    const { id } = allocation;
    if (hasMoved(allocation, server)) await this.#observe(provider, server);
    if (isResized(allocation, server))
      await this.#report(this.#options.commands.serverResized, { allocation: id, flavor: server.flavor });
    await this.#observeSize(allocation, server);
  }

  async #observeSize(allocation: Allocation, found: VimServer | VimResource): Promise<void> {
    const sizeGb = grownTo(allocation, found);
    if (sizeGb > 0) await this.#report(this.#options.commands.volumeSized, { allocation: allocation.id, sizeGb });
  }

  async #report<Input>(command: Command<Input, unknown>, input: Input): Promise<void> {
    await report(this.#options.ledger, command, input);
  }

  async #until(condition: (head: Head) => boolean, milliseconds: number): Promise<boolean> {
    const { clock, ledger } = this.#options;
    const holds = await ledger.read(condition);
    if (holds || this.#state === 'closed') return holds;
    return new Promise((resolve) => {
      const watcher: Watcher = {
        look: () => {
          // It may hold by a decision that is not durable yet. If that one is lost, there is another look after the reload.
          ledger.read(condition).then((now) => {
            if (now) watcher.end(true);
          }, ignoreLost);
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

function hasMoved({ intent, vmState }: Allocation, { status }: VimServer | VimResource): boolean {
  return intent === undefined && vmState !== status;
}

function isResized(allocation: Allocation, found: VimServer | VimResource): found is VimServer {
  if (allocation.resource !== undefined || !('flavor' in found)) return false;
  return found.flavor !== allocation.flavor && found.status === 'ACTIVE';
}

/** The size of a volume that is larger than its record says, GB; else 0. */
function grownTo({ resource }: Allocation, found: VimServer | VimResource): number {
  if (resource?.kind !== 'volume' || !('kind' in found)) return 0;
  const { sizeGb = 0 } = found;
  return sizeGb > resource.sizeGb ? sizeGb : 0;
}

function accountOf({ id, access }: Provider): VimAccount {
  return { providerId: id, ...access };
}

function ignoreLost(): void {
  // Told where it was decided.
}
