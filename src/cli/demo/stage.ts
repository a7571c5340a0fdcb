import type { Consumer, Notification, Subscribed } from './consumer.ts';
import { leaf, type Content } from './content.ts';

/** Where the flows are played: who speaks for the consumer, how time passes, where what is seen is told. */
export interface Stage {
  /** The consumer for the next step; a stage may let them take turns. */
  consumer(): Consumer;
  /** The time of the agent, epoch milliseconds. */
  now(): number;
  /** Returns when that instant has come for the agent. */
  reach(instant: number): Promise<void>;
  /** The first notification, past or future, for which `test` holds. @throws NothingCame */
  notified(subscribed: Subscribed, test: (event: Content) => boolean): Promise<Notification>;
  /** Tries until `test` holds for what `read` gives, for what happens a moment after its cause. @throws StepFailed */
  eventually<Value>(what: string, read: () => Promise<Value>, test: (value: Value) => boolean): Promise<Value>;
  /** Tells what a step found. */
  tell(finding: string): void;
}

/** One numbered step of a message flow. */
export interface Step {
  /** As the flow numbers it, such as `2a`. */
  readonly number: string;
  /** What the flow says happens. */
  readonly title: string;
  /** Plays the step. @throws StepFailed when it did not do what the flow says, LeftOut when it cannot be played here */
  run(): Promise<void>;
}

/** One message flow. What its steps need beyond each other is set up by the first function. */
export interface Flow {
  readonly title: string;
  prepare(): Promise<void>;
  readonly steps: readonly Step[];
}

/** A step did something else than the flow says. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/** A step cannot be played where the flow is played; the message says why. */
export class LeftOut extends Error {
  override readonly name = 'LeftOut';
}

/** @throws StepFailed */
export function check(holds: boolean, expectation: string, found: unknown): asserts holds {
  if (!holds) throw new StepFailed(`expected ${expectation}; found ${describe(found)}`);
}

/** @throws StepFailed unless the leaf has this value */
export function checkLeaf(content: Content | undefined, path: string, value: string): void {
  const found = leaf(content, path);
  check(found === value, `${path} to be ${value}`, found ?? (content === undefined ? 'nothing' : outline(content)));
}

/** What was made earlier and is used now. @throws StepFailed when it is not there */
export function made<Value>(value: Value | undefined, what: string): Value {
  check(value !== undefined, `${what} from an earlier step`, 'none');
  return value;
}

function describe(found: unknown): string {
  if (found === undefined) return 'nothing';
  return typeof found === 'string' ? found : JSON.stringify(found);
}

/** Content on one line: `name=text` and `name{…}`. */
export function outline({ name, text, children }: Content): string {
  if (children.length === 0) return `${name}=${text.trim()}`;
  return `${name}{${children.map(outline).join(' ')}}`;
}
