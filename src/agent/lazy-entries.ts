import type { Data, Entries } from '../yang/data.ts';

/** Entries that a provider holds under their keys and builds when they are asked for. */
export class BuiltEntries<Source, Entry extends Data = Data> implements Entries<Entry> {
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #build: (source: Source) => Entry;

  /** @param sources by key as `entryKey` makes it */
  constructor(sources: ReadonlyMap<string, Source>, build: (source: Source) => Entry) {
    this.#sources = sources;
    this.#build = build;
  }

  get size(): number {
    return this.#sources.size;
  }

  get(key: string): Entry | undefined {
    const source = this.#sources.get(key);
    return source === undefined ? undefined : this.#build(source);
  }

  has(key: string): boolean {
    return this.#sources.has(key);
  }

  *[Symbol.iterator](): Iterator<Entry> {
    for (const source of this.#sources.values()) yield this.#build(source);
  }
}
