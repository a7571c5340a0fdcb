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
  const events = commit.events.map((event, index) => new EncodedEvent(event, lastSeq + 1 + index));
  for (const { seq, time, module, name, text } of events) {
    steps.add(ADD_EVENT, [seq, instant(time), module, name, text]);
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

/**
 * An event as the log has it. Most are read by nobody but the log, and their content is made of its text only for who asks; so it is the
 * same for those who are told now and for those who read the log later.
 */
class EncodedEvent implements EventRecord {
  readonly seq: number;
  readonly time: number;
  readonly module: string;
  readonly name: string;
  readonly text: string;
  #content: object | undefined;

  constructor({ time, module, name, content, numberedAs }: EventInput, seq: number) {
    this.seq = seq;
    this.time = time;
    this.module = module;
    this.name = name;
    const text = JSON.stringify(content);
    this.text = numberedAs === undefined ? text : withNumber(text, numberedAs, seq);
  }

  get content(): object {
    // Cast: it was made of an object.
    this.#content ??= JSON.parse(this.text) as object;
    return this.#content;
  }
}

/** An object as text, with one more member in front, whose name needs no escapes. */
function withNumber(text: string, member: string, seq: number): string {
  return text === '{}' ? `{"${member}":"${seq}"}` : `{"${member}":"${seq}",${text.slice(1)}`;
}

function instant(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`${value} is not a whole number that a row can hold`);
}
