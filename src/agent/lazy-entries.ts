import type { Data, Entries } from '../yang/data.ts';

/** Entries seen through a function, which is called for an entry only when that is asked for; undefined leaves it out. */
export class MappedEntries implements Entries {
  readonly #source: Entries;
  readonly #map: (entry: Data) => Data | undefined;

  constructor(source: Entries, map: (entry: Data) => Data | undefined) {
    this.#source = source;
    this.#map = map;
  }

  /** The size of the source: an upper bound when entries are left out. */
  get size(): number {
    return this.#source.size;
  }

  get(key: string): Data | undefined {
    const entry = this.#source.get(key);
    return entry === undefined ? undefined : this.#map(entry);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  *[Symbol.iterator](): Iterator<Data> {
    for (const entry of this.#source) {
      const mapped = this.#map(entry);
      if (mapped !== undefined) yield mapped;
    }
  }
}

/** Entries that a provider holds under their keys and builds when they are asked for. */
export class BuiltEntries<Source> implements Entries {
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #build: (source: Source) => Data;

  /** @param sources by key as `entryKey` makes it */
  constructor(sources: ReadonlyMap<string, Source>, build: (source: Source) => Data) {
    this.#sources = sources;
    this.#build = build;
  }

  get size(): number {
    return this.#sources.size;
  }

  get(key: string): Data | undefined {
    const source = this.#sources.get(key);
    return source === undefined ? undefined : this.#build(source);
  }

  has(key: string): boolean {
    return this.#sources.has(key);
  }

  *[Symbol.iterator](): Iterator<Data> {
    for (const source of this.#sources.values()) yield this.#build(source);
  }
}
