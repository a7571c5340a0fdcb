/**
 * The servers of a project, kept: Nova is asked for those that have changed, and for all of them from time to time, since a record of a
 * deleted server may be purged before it was told.
 */
import type { VimServer } from '../vim.ts';
import { listServers } from './nova.ts';
import type { Listed } from './nova.ts';
import type { Service } from './session.ts';
import type { Waiting } from './transport.ts';

/** Milliseconds for which a list is brought up to date before it is read anew. */
const KEPT_FOR = 15 * 60_000;
/** Milliseconds that are asked about twice: the clocks of those who change servers differ, and a change may be seen later than it counts from. */
const OVERLAP = 5 * 60_000;

export class ServerList {
  readonly #clock: Waiting;
  #servers: Map<string, VimServer> = new Map();
  #readAt = -Infinity;
  /** The latest change that was told, by Nova's clock. */
  #latest = 0;

  constructor(clock: Waiting) {
    this.#clock = clock;
  }

  /** The servers as they are now. @throws VimError; what is kept is as before then. */
  async read(nova: Service, signal: AbortSignal): Promise<readonly VimServer[]> {
    const now = this.#clock.now();
    if (this.#latest === 0 || now - this.#readAt >= KEPT_FOR) {
      const all = await listServers(nova, signal);
      this.#servers = new Map(all.map(({ server }) => [server.id, server]));
      this.#latest = latestOf(all);
      this.#readAt = now;
    } else {
      const since = new Date(this.#latest - OVERLAP).toISOString().replace(/\.\d+Z$/, 'Z');
      const changed = await listServers(nova, signal, since);
      for (const { server } of changed) {
        if (server.status === 'DELETED') this.#servers.delete(server.id);
        else this.#servers.set(server.id, server);
      }
      this.#latest = Math.max(this.#latest, latestOf(changed));
    }
    return [...this.#servers.values()];
  }
}

/** 0 where Nova does not tell: then all are read again. */
function latestOf(listed: readonly Listed[]): number {
  return listed.reduce((latest, { updated }) => Math.max(latest, updated), 0);
}
