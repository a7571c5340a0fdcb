/** Passwords checked at once: each check takes a thread and 16 MiB, and other work needs threads too. */
const AT_ONCE = 2;
/** Checks that wait for their turn; of one source, so that nobody takes all of the places. */
const MOST_WAITING = 128;
const MOST_WAITING_OF_SOURCE = 64;

/** More passwords are to be checked than the server can: whoever asked may try again soon. */
export class TooManyLogins extends Error {
  override readonly name = 'TooManyLogins';

  constructor() {
    super('more passwords wait to be checked than the server takes at once');
  }
}

/** Runs password checks a few at a time, in the order in which they came; what would wait too long is refused at once. */
export class PasswordChecks {
  readonly #waiting: { readonly source: string | undefined; readonly begin: () => void }[] = [];
  readonly #waitingOf = new Map<string, number>();
  #running = 0;

  /**
   * @param source where the password came from, such as an address; undefined for one that other limits bound
   * @throws TooManyLogins
   */
  async run<Result>(source: string | undefined, check: () => Promise<Result>): Promise<Result> {
    if (this.#running >= AT_ONCE) await this.#turn(source);
    else this.#running += 1;
    try {
      return await check();
    } finally {
      this.#next();
    }
  }

  #turn(source: string | undefined): Promise<void> {
    const ofSource = source === undefined ? 0 : (this.#waitingOf.get(source) ?? 0);
    if (this.#waiting.length >= MOST_WAITING || ofSource >= MOST_WAITING_OF_SOURCE) throw new TooManyLogins();
    if (source !== undefined) this.#waitingOf.set(source, ofSource + 1);
    return new Promise((begin) => this.#waiting.push({ source, begin }));
  }

  /** Hands the place of a check that is done to the one that waits longest. */
  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    if (next.source !== undefined) {
      const left = (this.#waitingOf.get(next.source) ?? 1) - 1;
      if (left === 0) this.#waitingOf.delete(next.source);
      else this.#waitingOf.set(next.source, left);
    }
    next.begin();
  }
}
