/** Commits as the statements that store them, in the form in which they go to the thread that runs them. */
import type { Commit, EventInput, EventRecord } from '../store.ts';
import { ADD_EVENT, PUT_DUE, PUT_RECORD, REMOVE_DUE, REMOVE_EVENTS, REMOVE_RECORD, SET_AGED } from './sql.ts';
import type { Transaction } from './writer.ts';

/**
 * Statements to be run together. All texts are one text, since to copy one for the thread costs far less than to copy many; a
 * statement is its place among `WRITES` and then, for each parameter, the number itself or the length of the text.
 */
export class Steps {
  readonly #texts: string[] = [];
  readonly #numbers: number[] = [];
  #characters = 0;

  /** The length of all texts. */
  get characters(): number {
    return this.#characters;
  }

  transaction(): Transaction {
    return { text: this.#texts.join(''), numbers: new Float64Array(this.#numbers) };
  }

  add(write: number, values: readonly (string | number)[]): void {
    this.#numbers.push(write);
    for (const value of values) {
      if (typeof value === 'string') {
        this.#texts.push(value);
        this.#characters += value.length;
        this.#numbers.push(value.length);
      } else {
        this.#numbers.push(value);
      }
    }
  }

  /** Runs `encode`; when that throws, nothing that it added stays. */
  whole<Result>(encode: (steps: Steps) => Result): Result {
    const before = { texts: this.#texts.length, numbers: this.#numbers.length, characters: this.#characters };
    try {
      return encode(this);
    } catch (error) {
      this.#texts.length = before.texts;
      this.#numbers.length = before.numbers;
      this.#characters = before.characters;
      throw error;
    }
  }
}

/**
 * Adds the statements of a commit; nothing but the database can fail once they are there.
 * @param lastSeq the number of the event before the first of this commit
 * @returns the commit's events with their numbers
 * @throws what JSON cannot hold, or an instant that is none
 */
export function encodeCommit(commit: Commit, lastSeq: number, steps: Steps): readonly EventRecord[] {
  for (const { kind, id, body } of commit.writes) {
    if (body === null) steps.add(REMOVE_RECORD, [kind, id]);
    else steps.add(PUT_RECORD, [kind, id, JSON.stringify(body)]);
  }
  const events = commit.events.map((event, index) => numbered(event, lastSeq + 1 + index));
  for (const { seq, time, module, name, content } of events) {
    steps.add(ADD_EVENT, [seq, instant(time), module, name, JSON.stringify(content)]);
  }
  for (const change of commit.due) {
    if ('remove' in change) {
      steps.add(REMOVE_DUE, [change.remove]);
    } else {
      const { id, at, rank, task, subject } = change.put;
      steps.add(PUT_DUE, [id, instant(at), instant(rank), task, subject]);
    }
  }
  return events;
}

/** Removes the events up to a number, the latest of which was at `time`. */
export function encodeAgeing(seq: number, time: number, steps: Steps): void {
  steps.add(SET_AGED, [seq, time, time]);
  steps.add(REMOVE_EVENTS, [seq]);
}

function numbered(event: EventInput, seq: number): EventRecord {
  const { time, module, name, content, numberedAs } = event;
  const numberedContent = numberedAs === undefined ? content : { [numberedAs]: String(seq), ...content };
  return { seq, time, module, name, content: numberedContent };
}

function instant(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`${value} is not a whole number that a row can hold`);
}
