/**
 * Servers and other things that carry a token of ours which no record knows, as after a backup was restored: named in the log, and then
 * left, adopted or removed by policy.
 */
import { VimError } from '../vim/vim.ts';
import type { VimInventory, VimResource, VimResourceKind, VimServer } from '../vim/vim.ts';
import { isOutOfReach } from './deadline.ts';
import type { Id } from './entities.ts';
import { removeFrom } from './late-creations.ts';
import type { ProviderConnection } from './provider-connection.ts';
import type { AdoptionResult } from './reported.ts';
import type { Head } from './state.ts';
import { report } from './vim-reports.ts';
import type { VimLedger, VimReports } from './vim-reports.ts';

export interface OrphansOptions {
  readonly ledger: VimLedger;
  readonly commands: Pick<VimReports, 'adoptServer' | 'adoptResource'>;
  /** Is told, once, of what is found; and of what the policy has adopted and cannot be, once with each reason. */
  readonly onOrphan: (provider: Id, orphan: VimServer | VimResource, unadoptable?: string) => void;
}

/** Kinds in an order in which what is adopted finds what it uses. */
const KINDS = ['network', 'volume', 'port', 'router', 'floating-ip'] as const satisfies readonly VimResourceKind[];

/** What a sweep found of one kind; without a kind, of servers. */
export interface Found {
  readonly kind?: VimResourceKind;
  readonly all: readonly (VimServer | VimResource)[];
}

export class Orphans {
  readonly #options: OrphansOptions;
  /** By provider and kind, what the last sweep found: ids, with the reason that was told why one is not adopted. */
  readonly #known = new Map<string, ReadonlyMap<string, string | undefined>>();

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /**
   * What is found for the first time may be gone in a moment, with its record: it is reported. What is there still goes by policy.
   * @throws VimError when the VIM is out of reach.
   */
  async seeTo(connection: ProviderConnection, found: readonly Found[]): Promise<void> {
    await this.#seeToKind(connection, undefined, found);
    for (const kind of KINDS) await this.#seeToKind(connection, kind, found);
  }

  async #seeToKind(
    connection: ProviderConnection,
    kind: VimResourceKind | undefined,
    found: readonly Found[],
  ): Promise<void> {
    const { ledger, onOrphan } = this.#options;
    const { providerId } = connection.vim;
    const { tokens, policy } = ledger.head;
    const orphans = found.flatMap((each) => (each.kind === kind ? each.all : [])).filter(isStranger(tokens));
    const key = `${providerId} ${kind ?? 'server'}`;
    const before = this.#known.get(key);
    const known = new Map(orphans.map(({ id }) => [id, before?.get(id)]));
    this.#known.set(key, known);
    const twins = sharedTokens(orphans);
    for (const orphan of orphans) {
      if (before?.has(orphan.id) !== true) onOrphan(providerId, orphan);
      else if (policy.orphans === 'remove') await removeFrom(connection, orphan);
      else if (policy.orphans === 'adopt') known.set(orphan.id, await this.#adopt(connection, orphan, twins, before));
    }
  }

  /** @returns why it could not be done */
  async #adopt(
    connection: ProviderConnection,
    orphan: VimServer | VimResource,
    twins: ReadonlySet<string | undefined>,
    told: ReadonlyMap<string, string | undefined>,
  ): Promise<string | undefined> {
    const result = twins.has(orphan.token) ? TWIN : await this.#adopted(connection, orphan);
    if (result.outcome !== 'unadoptable') return undefined;
    const { message } = result;
    if (told.get(orphan.id) !== message) this.#options.onOrphan(connection.vim.providerId, orphan, message);
    return message;
  }

  async #adopted(connection: ProviderConnection, orphan: VimServer | VimResource): Promise<AdoptionResult> {
    const { ledger, commands } = this.#options;
    const { vim } = connection;
    const provider = vim.providerId;
    if (!('kind' in orphan)) return report(ledger, commands.adoptServer, { provider, server: orphan });
    try {
      const spec = await connection.call((signal) => vim.describeResource(orphan.kind, orphan.id, signal));
      return await report(ledger, commands.adoptResource, { provider, resource: orphan, spec });
    } catch (thrown) {
      if (!(thrown instanceof VimError) || isOutOfReach(thrown)) throw thrown;
      const { kind, message } = thrown;
      return kind === 'not-found' ? { outcome: 'ignored' } : { outcome: 'unadoptable', message };
    }
  }
}

/** Once one of them had the record, the other would be removed as its double; which of them is in use nobody here can tell. */
const TWIN: AdoptionResult = {
  outcome: 'unadoptable',
  message: 'another one has the same token; delete the one that is not in use, in the cloud',
};

function sharedTokens(orphans: readonly (VimServer | VimResource)[]): ReadonlySet<string | undefined> {
  const seen = new Set<string | undefined>();
  const twice = orphans.filter(({ token }) => seen.size === seen.add(token).size);
  return new Set(twice.map(({ token }) => token));
}

/**
 * The kinds of which a provider shows, by its inventory, something with a token that no record knows. They have to be listed to know more,
 * also where there is no record of the kind.
 */
export function kindsWithStrangers({ tokens }: Head, inventory: VimInventory | undefined): VimResourceKind[] {
  if (inventory === undefined) return [];
  const { elements = [], networks, routers = [] } = inventory;
  const isUnknown = (each: object): boolean =>
    'token' in each && typeof each.token === 'string' && !tokens.has(each.token);
  return KINDS.filter((kind) => {
    if (kind === 'network') return networks.some(isUnknown);
    if (kind === 'router') return routers.some(isUnknown);
    return elements.some((each) => each.kind === kind && isUnknown(each));
  });
}

function isStranger(tokens: Head['tokens']): (each: VimServer | VimResource) => boolean {
  return ({ token, deleting, status }) =>
    token !== undefined && !tokens.has(token) && !deleting && status !== 'DELETED';
}
