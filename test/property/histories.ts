/** What random histories have in common. */
import { expect } from 'chai';
import type { DomainEvent } from '../../src/engine/events.ts';
import { inWords } from '../unit/engine/engine-fixture.ts';

/** The one of a list that a drawn number stands for; absent only where the list is empty, so that few steps are in vain. */
export function pick<Item>(from: readonly Item[], which: number): Item | undefined {
  return from[which % Math.max(1, from.length)];
}

/** How often histories came to what they are drawn for: a generator that is too narrow would have a property hold of nothing. */
export class Reach {
  readonly #times = new Map<string, number>();

  /** Counts each event as `kind cause status`, such as `reservation degraded degraded`. */
  note(events: readonly DomainEvent[]): void {
    for (const event of events) this.count(inWords(event));
  }

  /** @param least how often each has to have come about, by as many first words of it as are given */
  expect(least: Readonly<Record<string, number>>): void {
    const entries = [...this.#times];
    const times = (what: string): number =>
      entries.filter(([each]) => `${each} `.startsWith(`${what} `)).reduce((sum, [, count]) => sum + count, 0);
    const short = Object.entries(least).filter(([what, count]) => times(what) < count);
    const found = short.map(([what, count]) => `${what}: ${times(what)} times, not ${count}`);
    expect(found, 'what the histories hardly reach').to.deep.equal([]);
  }

  /** Counts what no event tells of, such as a refusal. */
  count(what: string): void {
    this.#times.set(what, (this.#times.get(what) ?? 0) + 1);
  }
}
