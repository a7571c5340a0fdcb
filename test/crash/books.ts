import { expect } from 'chai';
import { dataPath, ErrorAnswer, type Consumer } from '../../src/cli/demo/consumer.ts';
import { all, amount, leaf, type Content, type Json } from '../../src/cli/demo/content.ts';
import { at, DAY, HOUR, POOL_CORES, PROMISE } from '../../src/cli/demo/infrastructure.ts';

/** All reservations are for this window, so that what is free in it is what they leave. */
const WINDOW = (() => {
  const start = Math.ceil(Date.now() / HOUR) * HOUR + DAY;
  return { start: at(start), end: at(start + HOUR) };
})();

/** How a reservation stands: what it holds, or that there is no such (any more). */
type Standing = { readonly cores: number; readonly status: string | undefined } | 'gone';

function holding(cores: number): Standing {
  return { cores, status: 'scheduled' };
}

/** What is known of a reservation or instance by its name: what was answered, and what was asked for and not answered. */
interface Entry {
  /** Undefined until its creation was answered. */
  id?: string;
  answered?: Standing;
  asked?: Standing;
}

/** What clients were answered, to be compared with what the server has after it was killed. */
export class Books {
  readonly #reservations = new Map<string, Entry>();
  /** Ids by name; undefined where the answer never came. */
  readonly #instances = new Map<string, string | undefined>();
  readonly #kinds = new Set<string>();
  #answers = 0;

  /** How many requests were answered. */
  get answers(): number {
    return this.#answers;
  }

  kinds(): readonly string[] {
    return [...this.#kinds].sort();
  }

  asked(name: string, standing: Standing): Entry {
    const entry = this.#reservations.get(name) ?? {};
    entry.asked = standing;
    this.#reservations.set(name, entry);
    return entry;
  }

  askedInstance(name: string): void {
    this.#instances.set(name, undefined);
  }

  answeredInstance(name: string, id: string): void {
    this.#instances.set(name, id);
  }

  count(kind: string): void {
    this.#answers += 1;
    this.#kinds.add(kind);
  }

  /** Nothing that was answered is lost, nothing is there that nobody asked for, nothing by halves. */
  async compare(consumer: Consumer, pool: string): Promise<void> {
    const tree = await consumer.get(dataPath(PROMISE));
    this.#compareReservations(all(tree, 'reservations/reservation'));
    this.#compareInstances(all(tree, 'allocations/allocation'));
    const capacity = await consumer.invoke('opnfv-promise:query-capacity', { pools: [pool], window: WINDOW });
    const held = [...this.#reservations.values()].reduce(
      (sum, { answered = 'gone' }) => sum + (answered === 'gone' ? 0 : answered.cores),
      0,
    );
    const allocated = all(tree, 'allocations/allocation').length;
    expect(amount(capacity, 'capacity/available/cores')).to.equal(POOL_CORES - held - allocated);
  }

  #compareReservations(found: readonly Content[]): void {
    const names = found.map((entry) => leaf(entry, 'name') ?? '');
    expect(new Set(names).size, 'a reservation is there twice').to.equal(names.length);
    const invented = names.filter((name) => !this.#reservations.has(name));
    expect(invented, 'reservations that nobody asked for').to.deep.equal([]);
    for (const [name, entry] of this.#reservations) {
      const there = found[names.indexOf(name)];
      const stands: Standing =
        there === undefined ? 'gone' : { cores: amount(there, 'capacity/cores'), status: leaf(there, 'state/status') };
      // What nobody was told of may be there or not.
      const possible = [entry.answered ?? 'gone', ...(entry.asked === undefined ? [] : [entry.asked])];
      expect(possible, `how ${name} stands after the kill`).to.deep.include(stands);
      if (there !== undefined && entry.id !== undefined) expect(leaf(there, 'id')).to.equal(entry.id);
      // What was on its way is settled now, the one way or the other.
      delete entry.asked;
      entry.answered = stands;
    }
  }

  #compareInstances(found: readonly Content[]): void {
    const names = found.map((entry) => leaf(entry, 'name') ?? '');
    expect(new Set(names).size, 'an instance is there twice').to.equal(names.length);
    expect(
      names.filter((name) => !this.#instances.has(name)),
      'instances that nobody asked for',
    ).to.deep.equal([]);
    for (const [name, id] of this.#instances) {
      const there = found[names.indexOf(name)];
      if (there === undefined) {
        expect(id, `${name} was answered and is lost`).to.equal(undefined);
        this.#instances.delete(name);
        continue;
      }
      if (id !== undefined) expect(leaf(there, 'id')).to.equal(id);
      this.#instances.set(name, leaf(there, 'id'));
    }
  }
}

export interface WorkerOptions {
  readonly consumer: Consumer;
  readonly books: Books;
  readonly name: string;
  readonly random: () => number;
  readonly provider: string;
  readonly pool: string;
}

/** A client that makes, changes and cancels its own reservations, one request after the other, until the server is gone. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #own: { readonly name: string; readonly id: string }[] = [];
  #made = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Resolves when the server is gone. @throws Error when it answers with an error */
  async run(): Promise<void> {
    try {
      for (;;) await this.#step();
    } catch (error) {
      if (error instanceof ErrorAnswer || (error instanceof Error && error.name === 'AssertionError')) throw error;
    } finally {
      await this.#options.consumer.close().catch(() => undefined);
    }
  }

  async #step(): Promise<void> {
    const { random } = this.#options;
    const dice = random();
    const mine = this.#own[Math.floor(random() * this.#own.length)];
    if (mine === undefined || dice < 0.3) await (dice < 0.03 ? this.#instance() : this.#create());
    else if (dice < 0.65 || this.#own.length < 2) await this.#update(mine);
    else await this.#cancel(mine);
  }

  async #create(): Promise<void> {
    const { books, pool } = this.#options;
    const name = this.#newName();
    const entry = books.asked(name, holding(1));
    const answer = await this.#invoke('create-reservation', { name, pools: [pool], capacity: { cores: 1 }, ...WINDOW });
    if (leaf(answer, 'result') !== 'ok') {
      // There was no room: it must not be there.
      delete entry.asked;
      return;
    }
    entry.id = leaf(answer, 'reservation-id') ?? '';
    entry.answered = holding(1);
    this.#own.push({ name, id: entry.id });
  }

  async #update({ name, id }: { readonly name: string; readonly id: string }): Promise<void> {
    const cores = 1 + Math.floor(this.#options.random() * 3);
    const entry = this.#options.books.asked(name, holding(cores));
    const answer = await this.#invoke('update-reservation', { 'reservation-id': id, capacity: { cores } });
    if (leaf(answer, 'result') === 'ok') entry.answered = holding(cores);
    delete entry.asked;
  }

  async #cancel(mine: { readonly name: string; readonly id: string }): Promise<void> {
    const { books } = this.#options;
    this.#own.splice(this.#own.indexOf(mine), 1);
    const entry = books.asked(mine.name, 'gone');
    const answer = await this.#invoke('cancel-reservation', { 'reservation-id': mine.id });
    expect(leaf(answer, 'result'), leaf(answer, 'message')).to.equal('ok');
    entry.answered = 'gone';
    delete entry.asked;
  }

  async #instance(): Promise<void> {
    const { books, provider } = this.#options;
    const name = this.#newName();
    books.askedInstance(name);
    const answer = await this.#invoke('create-instance', {
      'provider-id': provider,
      name,
      image: 'cirros',
      flavor: 'm1.small',
    });
    if (leaf(answer, 'result') === 'ok') books.answeredInstance(name, leaf(answer, 'instance-id') ?? '');
  }

  #newName(): string {
    this.#made += 1;
    return `${this.#options.name}-${this.#made}`;
  }

  async #invoke(rpc: string, input: Json): Promise<Content> {
    const answer = await this.#options.consumer.invoke(`opnfv-promise:${rpc}`, input);
    this.#options.books.count(rpc);
    return answer;
  }
}
