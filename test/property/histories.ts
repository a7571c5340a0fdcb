/** What random histories have in common. */
import { expect } from 'chai';
import type { DomainEvent } from '../../src/engine/events.ts';
import { inWords } from '../unit/engine/engine-fixture.ts';
import type { Engine } from '../unit/engine/engine-fixture.ts';

/** The one of a list that a drawn number stands for; absent only where the list is empty, so that few steps are in vain. */
export function pick<Item>(from: readonly Item[], which: number): Item | undefined {
  return from[which % Math.max(1, from.length)];
}

/** A machine that a model knows of; it is being deleted, or is not. */
interface Known {
  readonly id: string;
  leaving: boolean;
}

/** Has the engine destroy one of the machines. */
export function destroyMachine(engine: Engine, machines: readonly Known[], which: number): void {
  const machine = pick(machines, which);
  if (machine === undefined) return;
  engine.do('destroyInstance', { id: machine.id });
  machine.leaving = true;
}

/** The VIM confirms that one of those that are being deleted is gone. @returns the others */
export function confirmGone<Machine extends Known>(engine: Engine, machines: Machine[], which: number): Machine[] {
  const leaving = machines.filter((each) => each.leaving);
  const machine = pick(leaving, which);
  if (machine === undefined) return machines;
  engine.do('serverGone', { allocation: machine.id });
  return machines.filter((each) => each !== machine);
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
