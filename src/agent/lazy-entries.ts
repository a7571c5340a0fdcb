import type { Data, Entries } from '../yang/data.ts';

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
