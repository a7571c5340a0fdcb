/**
 * Server groups, by which Nova keeps servers together or apart where it chooses their hosts. A group is made with its first server and
 * removed when nothing needs it any more. Field sources: Compute API reference, section "Server groups (os-server-groups)".
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { VimServerGroup } from '../vim.ts';
import { VimError } from '../vim.ts';
import { list } from './paging.ts';
import { decoded, untilAborted } from './session.ts';
import type { Service } from './session.ts';

/** A group has one policy, as a word, from 2.64 on. */
const VERSION = '2.64';
const GROUPS = '/os-server-groups';

const group = z.object({ id: z.string(), name: z.string(), members: z.array(z.string()).default([]) });
type Group = z.infer<typeof group>;

export class ServerGroups {
  readonly #prefix: string;
  /** Ends what is made for all who wait. */
  readonly #closed: AbortSignal;
  readonly #making = new Map<string, Promise<string>>();
  readonly #removing = new Map<string, Promise<void>>();
  /** Groups that were asked for of late: servers that are on their way to them may be in no list yet. */
  #asked: ReadonlySet<string> = new Set();
  #askedLately = new Set<string>();
  /** Whether there may be groups of ours: at first nobody knows. */
  #some = true;

  /**
   * Names begin with the provider, so that others who use the tenant keep theirs.
   *
   * @param closed ends with the account
   */
  constructor(providerId: string, closed: AbortSignal) {
    this.#prefix = `promise-${providerId}-`;
    this.#closed = closed;
  }

  /** The id of a group, which is made if there is none. @throws VimError. */
  ensure(nova: Service, wanted: VimServerGroup, signal: AbortSignal): Promise<string> {
    const name = this.#nameOf(wanted.token);
    this.#askedLately.add(name);
    // Servers of one group come together: the first one makes it, for all, whether or not that one waits for it.
    let making = this.#making.get(name);
    if (making === undefined) {
      making = this.#make(nova, name, wanted).finally(() => this.#making.delete(name));
      this.#making.set(name, making);
    }
    return untilAborted(making, signal);
  }

  /** Removes our groups that have no servers, save those in use, or asked for since the removal before this one. @throws VimError. */
  async removeExcept(nova: Service, inUse: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    this.#asked = this.#askedLately;
    this.#askedLately = new Set();
    if (!this.#some && this.#making.size === 0) return;
    const kept = new Set([...inUse].map((token) => this.#nameOf(token)));
    const ours = (await listGroups(nova, signal)).filter(({ name }) => name.startsWith(this.#prefix));
    this.#some = ours.length > 0 || this.#making.size > 0;
    for (const { id, name, members } of ours) {
      if (members.length > 0 || kept.has(name) || this.#asked.has(name) || this.#askedLately.has(name)) continue;
      const removing = nova
        .call({ method: 'DELETE', path: `${GROUPS}/${encodeURIComponent(id)}`, version: VERSION }, signal)
        .then(() => undefined, ignoreGone)
        .finally(() => this.#removing.delete(name));
      this.#removing.set(name, removing);
      await removing;
    }
  }

  async #make(nova: Service, name: string, { policy }: VimServerGroup): Promise<string> {
    const signal = this.#closed;
    this.#some = true;
    // Whether that succeeds is for whoever removes it: what is listed then is there.
    await this.#removing.get(name)?.catch(() => undefined);
    const existing = (await listGroups(nova, signal)).find((each) => each.name === name);
    if (existing !== undefined) return existing.id;
    const body = { server_group: { name, policy } };
    const answer = await nova.call({ method: 'POST', path: GROUPS, body, version: VERSION }, signal);
    return decoded("Nova's new server group", () => z.object({ server_group: group }).parse(answer)).server_group.id;
  }

  #nameOf(token: string): string {
    return `${this.#prefix}${createHash('sha256').update(token).digest('hex').slice(0, 32)}`;
  }
}

function listGroups(nova: Service, signal: AbortSignal): Promise<Group[]> {
  return list(nova, { path: GROUPS, key: 'server_groups', item: group, version: VERSION }, signal);
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof VimError) || error.kind !== 'not-found') throw error;
}
