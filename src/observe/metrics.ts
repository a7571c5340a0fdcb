/**
 * Figures of a running server, in the text format that Prometheus reads (version 0.0.4). What is counted and timed is noted as it
 * happens; what is simply there is read when somebody asks for the figures.
 *
 * No figure has a label by user, tenant, reservation or allocation: there may be any number of them, and who may read figures need not
 * be somebody who may see them.
 */
import { Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Seconds, from what memory does to what a cloud may take. */
const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60];

/** One value, and what tells it from the others of its name. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Times something whenever it happens, and counts it so. */
export class Stopwatch<Label extends string> {
  readonly #histogram: Histogram<Label>;

  constructor(histogram: Histogram<Label>) {
    this.#histogram = histogram;
  }

  /** Does it, and notes how long that took. @param labels what to note it as, by how it came out @throws what `run` throws */
  async time<Answer>(
    run: () => Promise<Answer>,
    labels: (outcome: PromiseSettledResult<Answer>) => Readonly<Record<Label, string>>,
  ): Promise<Answer> {
    const began = performance.now();
    const note = (outcome: PromiseSettledResult<Answer>): void =>
      this.#histogram.observe(labels(outcome), (performance.now() - began) / 1_000);
    try {
      const value = await run();
      note({ status: 'fulfilled', value });
      return value;
    } catch (reason) {
      note({ status: 'rejected', reason });
      throw reason;
    }
  }
}

export class Metrics {
  readonly #registry = new Registry();

  /** Figures of the process and of Node.js are there from the beginning. */
  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** @param name in base units, such as `promise_commit_seconds` @throws Error for a name that is there already */
  stopwatch<Label extends string>(name: string, help: string, labels: readonly Label[]): Stopwatch<Label> {
    const registers = [this.#registry];
    return new Stopwatch(new Histogram({ name, help, labelNames: labels, buckets: SECONDS, registers }));
  }

  /** A figure that goes up and down. @param read called whenever the figures are asked for; what it leaves out is not shown */
  gauge(name: string, help: string, labels: readonly string[], read: () => Iterable<Reading>): void {
    new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { labels: values, value } of read()) this.set(values, value);
      },
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures, as they are now. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
