/**
 * Watching servers that are being built or deleted, by asking again until they have settled: often at first, less often the longer it
 * takes. One request at a time for each server.
 */
import { VimError } from '../vim.ts';
import type { VimEvent, VimServer } from '../vim.ts';
import type { Waiting } from './transport.ts';

/** Milliseconds: the first wait, and the longest. The wait is a fifth of the time for which the server has been watched. */
const SHORTEST = 1_000;
const LONGEST = 10_000;
const FRACTION = 5;

export interface ServerWatchOptions {
  readonly clock: Waiting;
  /** The present state of a server. @throws VimError not-found. */
  readonly read: (id: string) => Promise<VimServer>;
  readonly tell: (event: VimEvent) => void;
}

interface Watched {
  readonly since: number;
  /** What was told last. */
  last: VimServer | undefined;
  /** Whether it is to go: then only its end settles it. */
  ending: boolean;
  timer: { cancel(): void } | undefined;
  reading: boolean;
  again: boolean;
  /** Whether it was read in ERROR without a fault before. */
  faultAwaited: boolean;
}

export class ServerWatch {
  readonly #options: ServerWatchOptions;
  readonly #watched = new Map<string, Watched>();
  #closed = false;

  constructor(options: ServerWatchOptions) {
    this.#options = options;
  }

  /** Watches a server that was just made. */
  built(id: string): void {
    this.#watch(id);
  }

  /** Watches a server whose deletion was accepted. */
  deleted(id: string): void {
    const watched = this.#watch(id);
    if (watched !== undefined) watched.ending = true;
  }

  /** Takes note of a server that was read for another reason; watches it if it is on its way. */
  seen(server: VimServer): void {
    if (!settled(server, false) && !this.#watched.has(server.id)) this.#watch(server.id);
  }

  /** Looks at once: somebody said that the server has changed. A server that nobody watches is looked at once. */
  look(id: string): void {
    const watched = this.#watch(id);
    if (watched === undefined) return;
    if (watched.reading) watched.again = true;
    else this.#read(id, watched);
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#watched.values()) timer?.cancel();
    this.#watched.clear();
  }

  #watch(id: string): Watched | undefined {
    if (this.#closed) return undefined;
    let watched = this.#watched.get(id);
    if (watched === undefined) {
      const since = this.#options.clock.now();
      watched = {
        since,
        last: undefined,
        ending: false,
        timer: undefined,
        reading: false,
        again: false,
        faultAwaited: false,
      };
      this.#watched.set(id, watched);
      this.#arm(id, watched);
    }
    return watched;
  }

  #arm(id: string, watched: Watched): void {
    const { clock } = this.#options;
    const wait = Math.min(LONGEST, Math.max(SHORTEST, (clock.now() - watched.since) / FRACTION));
    watched.timer = clock.at(clock.now() + Math.round(wait), () => this.#read(id, watched));
  }

  #read(id: string, watched: Watched): void {
    watched.timer?.cancel();
    watched.reading = true;
    watched.again = false;
    this.#options.read(id).then(
      (server) => this.#found(id, watched, server),
      (error: unknown) => {
        if (error instanceof VimError && error.kind === 'not-found') this.#gone(id, watched);
        else this.#next(id, watched);
      },
    );
  }

  #found(id: string, watched: Watched, server: VimServer): void {
    if (this.#closed) return;
    if (server.status === 'ERROR' && server.fault === undefined && !watched.faultAwaited) {
      // Nova records the state first and the fault a moment later. A state that was set by hand has none.
      watched.faultAwaited = true;
      this.#next(id, watched);
      return;
    }
    const { last } = watched;
    watched.last = server;
    const changed = last?.status !== server.status || last.deleting !== server.deleting || last.host !== server.host;
    if (changed) this.#options.tell({ type: 'server', server });
    if (!settled(server, watched.ending) || watched.again) this.#next(id, watched);
    else this.#watched.delete(id);
  }

  #gone(id: string, watched: Watched): void {
    if (this.#closed) return;
    this.#watched.delete(id);
    const unknown: VimServer = { id, name: '', status: 'UNKNOWN', deleting: true, flavor: '', createdAt: 0 };
    const server: VimServer = { ...(watched.last ?? unknown), status: 'DELETED', deleting: true };
    this.#options.tell({ type: 'server', server });
  }

  #next(id: string, watched: Watched): void {
    if (this.#closed) return;
    watched.reading = false;
    if (watched.again) this.#read(id, watched);
    else this.#arm(id, watched);
  }
}

/** Whether nothing more is to come. A deletion that failed leaves ERROR behind. */
function settled({ status, deleting }: VimServer, ending: boolean): boolean {
  if (status === 'DELETED') return true;
  if (status === 'BUILD' || deleting) return false;
  return !ending || status === 'ERROR';
}
