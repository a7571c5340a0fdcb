/** What has been started, to be stopped in the opposite order. */
export class Started {
  readonly #ends: (() => Promise<void> | void)[] = [];

  /** Notes how to stop `part`. */
  add<Part>(part: Part, end: (part: Part) => Promise<void> | void): Part {
    this.#ends.push(() => end(part));
    return part;
  }

  /** One that cannot be stopped does not keep the others. @throws what the first of them threw, once all have had their turn */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
