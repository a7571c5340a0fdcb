/**
 * Watching servers and other resources that are being made or deleted, by asking again until they have settled: often at first, less
 * often the longer it takes. One request at a time for each; when several are due at about the same time, one for all of them.
 *
 * What is read is told in the order in which it was read. Two readings that overlap tell nothing of their order; then it is read once more.
 */
import { VimError } from '../vim.ts';
import type { VimFault } from '../vim.ts';
import type { Waiting } from './transport.ts';

/** Milliseconds: the first wait, and the longest. The wait is a fifth of the time for which it has been watched. */
const SHORTEST = 1_000;
const LONGEST = 10_000;
const FRACTION = 5;
/** Milliseconds by which something is looked at before its time, along with something else. */
const EARLY = 100;
/** The most that are asked for with one request: their tokens have to go into its URL. */
const MOST_TOGETHER = 50;

/** What servers and other resources have in common. */
export interface Watchable {
  readonly id: string;
  readonly token?: string;
  readonly status: string;
  /** Whether the VIM is deleting it. */
  readonly deleting: boolean;
  readonly fault?: VimFault;
  readonly host?: string;
}

export interface StateWatchOptions<Thing extends Watchable> {
  readonly clock: Waiting;
  /** The present state. @throws VimError not-found. */
  readonly read: (id: string) => Promise<Thing>;
  /** Those that have one of the tokens, as they are now. Absent: each is read by itself. */
  readonly readTogether?: (tokens: readonly string[]) => Promise<readonly Thing[]>;
  readonly tell: (thing: Thing) => void;
  /** What is told when it is gone. @param last what was told last, if anything was */
  readonly gone: (id: string, last: Thing | undefined) => Thing;
}

interface Watched<Thing> {
  readonly since: number;
  /** What the VIM lists it by. */
  readonly token: string | undefined;
  /** When it is read next. */
  due: number;
  /** What was told last. */
  last: Thing | undefined;
  /** What the latest list had of it, by the number of the reading. */
  listed: { readonly thing: Thing; readonly began: number } | undefined;
  /** Whether it is to go: then only its end settles it. */
  ending: boolean;
  timer: { cancel(): void } | undefined;
  reading: boolean;
  again: boolean;
  /** Whether it was read in ERROR without a fault before. */
  faultAwaited: boolean;
}

/** What is read with one request, by token. */
type Together<Thing> = Map<string, { readonly id: string; readonly watched: Watched<Thing> }>;

export class StateWatch<Thing extends Watchable> {
  readonly #options: StateWatchOptions<Thing>;
  readonly #watched = new Map<string, Watched<Thing>>();
  /** Readings are numbered in the order in which they began. */
  #readings = 0;
  /** Lists that are being read, by their numbers. */
  readonly #listing = new Set<number>();
  /** What was told while lists were being read: by then a list may have it as it was before. */
  readonly #news = new Map<string, { readonly thing: Thing; readonly told: number }>();
  #closed = false;

  constructor(options: StateWatchOptions<Thing>) {
    this.#options = options;
  }

  /** Watches what was just made. */
  built(id: string, token?: string): void {
    this.#watch(id, token);
  }

  /** Watches what is being deleted. */
  deleted(id: string): void {
    const watched = this.#watch(id);
    if (watched !== undefined) watched.ending = true;
  }

  /** Takes note of what was read for another reason; watches it if it is on its way. */
  seen(thing: Thing): void {
    if (!settled(thing, false) && !this.#watched.has(thing.id)) this.#watch(thing.id, thing.token);
  }

  /** A list as it is at its end: in place of what changed while it was read, what was told meanwhile. */
  async list(read: () => Promise<readonly Thing[]>): Promise<readonly Thing[]> {
    const began = ++this.#readings;
    this.#listing.add(began);
    try {
      const listed = await read();
      for (const thing of listed) {
        const watched = this.#watched.get(thing.id);
        if (watched !== undefined) watched.listed = { thing, began };
      }
      return listed.flatMap((thing) => {
        const news = this.#news.get(thing.id);
        const newest = news !== undefined && news.told > began ? news.thing : thing;
        return newest.status === 'DELETED' && newest !== thing ? [] : [newest];
      });
    } finally {
      this.#listing.delete(began);
      if (this.#listing.size === 0) this.#news.clear();
    }
  }

  /** Looks at once: somebody said that it has changed. What nobody watches is looked at once. */
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

  #watch(id: string, token?: string): Watched<Thing> | undefined {
    if (this.#closed) return undefined;
    let watched = this.#watched.get(id);
    if (watched === undefined) {
      const since = this.#options.clock.now();
      watched = {
        since,
        token,
        due: since,
        last: undefined,
        listed: undefined,
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

  #arm(id: string, watched: Watched<Thing>): void {
    const { clock } = this.#options;
    const wait = Math.min(LONGEST, Math.max(SHORTEST, (clock.now() - watched.since) / FRACTION));
    watched.due = clock.now() + Math.round(wait);
    watched.timer = clock.at(watched.due, () => this.#look(id, watched));
  }

  /** It is time: for this one, and nearly so for others. */
  #look(id: string, watched: Watched<Thing>): void {
    const { readTogether } = this.#options;
    const { token } = watched;
    if (readTogether === undefined || token === undefined) {
      this.#read(id, watched);
      return;
    }
    const due = this.#dueWith(id, watched, token);
    if (due.size < 2) this.#read(id, watched);
    else this.#readTogether(due, readTogether);
  }

  /** What can be asked for along with it, by their tokens. */
  #dueWith(id: string, watched: Watched<Thing>, token: string): Together<Thing> {
    const due: Together<Thing> = new Map([[token, { id, watched }]]);
    for (const [otherId, other] of this.#watched) {
      if (due.size >= MOST_TOGETHER) break;
      if (other.reading || other.token === undefined || other.due > watched.due + EARLY) continue;
      if (!due.has(other.token)) due.set(other.token, { id: otherId, watched: other });
    }
    return due;
  }

  /** What the list does not have, and all when there is no list, is read by itself: it may be gone. */
  #readTogether(together: Together<Thing>, read: (tokens: readonly string[]) => Promise<readonly Thing[]>): void {
    for (const { watched } of together.values()) begin(watched);
    const began = ++this.#readings;
    const take = (things: readonly Thing[]): void => {
      if (this.#closed) return;
      const found = new Map(things.map((thing) => [thing.id, thing]));
      for (const { id, watched } of together.values()) {
        const thing = found.get(id);
        if (thing === undefined) this.#read(id, watched);
        else this.#found(id, watched, thing, began);
      }
    };
    read([...together.keys()]).then(take, () => take([]));
  }

  #read(id: string, watched: Watched<Thing>): void {
    begin(watched);
    const began = ++this.#readings;
    this.#options.read(id).then(
      (thing) => this.#found(id, watched, thing, began),
      (error: unknown) => {
        if (error instanceof VimError && error.kind === 'not-found') this.#gone(id, watched);
        else this.#next(id, watched);
      },
    );
  }

  #found(id: string, watched: Watched<Thing>, thing: Thing, began: number): void {
    if (this.#closed) return;
    const { listed } = watched;
    if (listed !== undefined && listed.began > began && differ(listed.thing, thing)) {
      // A list that began later has it otherwise, and was told meanwhile: this may be older.
      watched.again = true;
      this.#next(id, watched);
      return;
    }
    if (thing.status === 'ERROR' && thing.fault === undefined && !watched.faultAwaited) {
      // Nova records the state first and the fault a moment later. A state that was set by hand has none.
      watched.faultAwaited = true;
      this.#next(id, watched);
      return;
    }
    const { last } = watched;
    watched.last = thing;
    const changed = last === undefined || differ(last, thing) || last.host !== thing.host;
    if (changed) this.#tell(thing);
    if (!settled(thing, watched.ending) || watched.again) this.#next(id, watched);
    else this.#watched.delete(id);
  }

  #gone(id: string, watched: Watched<Thing>): void {
    if (this.#closed) return;
    this.#watched.delete(id);
    this.#tell(this.#options.gone(id, watched.last));
  }

  #tell(thing: Thing): void {
    if (this.#listing.size > 0) this.#news.set(thing.id, { thing, told: ++this.#readings });
    this.#options.tell(thing);
  }

  #next(id: string, watched: Watched<Thing>): void {
    if (this.#closed) return;
    watched.reading = false;
    if (watched.again) this.#read(id, watched);
    else this.#arm(id, watched);
  }
}

function begin(watched: Watched<Watchable>): void {
  watched.timer?.cancel();
  watched.reading = true;
  watched.again = false;
}

function differ(one: Watchable, other: Watchable): boolean {
  return one.status !== other.status || one.deleting !== other.deleting;
}

/** Whether nothing more is to come. A deletion that failed leaves ERROR behind. */
function settled({ status, deleting }: Watchable, ending: boolean): boolean {
  if (status === 'DELETED') return true;
  if (status === 'BUILD' || deleting) return false;
  return !ending || status === 'ERROR';
}
