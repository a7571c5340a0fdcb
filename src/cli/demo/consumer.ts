import type { Content, Json } from './content.ts';
import { leaf, all } from './content.ts';

/** One error of an answer: `<rpc-error>` (RFC 6241 §4.3) or an entry of `ietf-restconf:errors` (RFC 8040 §7.1). */
export interface AnswerError {
  readonly type: string;
  readonly tag: string;
  readonly appTag?: string;
  readonly path?: string;
  readonly message: string;
  readonly info?: Content;
}

/** The server answered with errors. */
export class ErrorAnswer extends Error {
  readonly errors: readonly AnswerError[];
  /** The HTTP status, over RESTCONF. */
  readonly status: number | undefined;

  constructor(errors: readonly AnswerError[], status?: number) {
    super(errors.map(({ tag, message }) => `${tag}: ${message}`).join('; '));
    this.name = 'ErrorAnswer';
    this.errors = errors;
    this.status = status;
  }
}

/** Reads the children of `<rpc-error>` or of an entry of `errors`. */
export function readError(error: Content): AnswerError {
  const optional = (member: string): string | undefined => leafText(error, member);
  const appTag = optional('error-app-tag');
  const path = optional('error-path');
  const [info] = all(error, 'error-info');
  return {
    type: leaf(error, 'error-type') ?? '',
    tag: leaf(error, 'error-tag') ?? '',
    message: optional('error-message') ?? '',
    ...(appTag === undefined ? {} : { appTag }),
    ...(path === undefined ? {} : { path }),
    ...(info === undefined ? {} : { info }),
  };
}

function leafText(content: Content, name: string): string | undefined {
  return all(content, name)[0]?.text.trim();
}

/** A notification as it arrived. */
export interface Notification {
  /** eventTime, as it was written. */
  readonly time: string;
  /** The notification itself: its name is that of the event. */
  readonly event: Content;
}

/** Which notifications a subscription is about: one kind, and there only those whose leaf has this value. */
export interface EventFilter {
  /** `module:notification` */
  readonly event: string;
  readonly leaf?: readonly [name: string, value: string];
}

export interface Subscribed {
  readonly id: string;
  readonly inbox: Inbox<Notification>;
}

export interface SubscriptionOptions {
  readonly filter?: EventFilter;
  /** Replays what happened from this instant on. */
  readonly replayFrom?: Date;
}

/** A step of a path to data: `module:name` or a name in the module of the step before, and the key of an entry. */
export interface DataStep {
  readonly name: string;
  readonly key?: { readonly name: string; readonly value: string };
}

/** How an edit treats its target; RESTCONF's methods and NETCONF's operations. */
export type EditKind = 'create' | 'replace' | 'merge' | 'delete';

/** A consumer of Promise over one protocol. Whatever the server refuses as an error is thrown as {@link ErrorAnswer}. */
export interface Consumer {
  /** How it speaks, for people: `NETCONF` or `RESTCONF, JSON`. */
  readonly protocol: string;
  /** @param rpc `module:name` @returns a node whose children are the output */
  invoke(rpc: string, input?: Json): Promise<Content>;
  /** Reads data of `<operational>`. @returns the node at the path; undefined when it does not exist */
  get(path: readonly DataStep[]): Promise<Content | undefined>;
  /** Edits running. @param body the children of the target; keys are part of the path */
  edit(kind: EditKind, path: readonly DataStep[], body?: Json): Promise<void>;
  /** Subscribes to the stream `promise` (RFC 8639). */
  subscribe(options: SubscriptionOptions): Promise<Subscribed>;
  unsubscribe(id: string): Promise<void>;
  close(): Promise<void>;
}

/** Waited too long, or the sender is gone. */
export class NothingCame extends Error {
  override readonly name = 'NothingCame';
}

interface Waiting<Item> {
  readonly test: (item: Item) => boolean;
  readonly resolve: (item: Item) => void;
  readonly reject: (error: Error) => void;
}

/** What arrived, in order, and who waits for more of it. */
export class Inbox<Item> {
  readonly received: Item[] = [];
  #waiting: readonly Waiting<Item>[] = [];
  #news: () => void = () => undefined;
  #ended: string | undefined;

  put(item: Item): void {
    this.received.push(item);
    const served = this.#waiting.filter(({ test }) => test(item));
    this.#waiting = this.#waiting.filter((one) => !served.includes(one));
    for (const { resolve } of served) resolve(item);
    this.#news();
  }

  /** Every item in order, those to come too, until the end. For one reader. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    for (let index = 0; ;) {
      const item = this.received[index];
      if (item !== undefined) {
        index += 1;
        yield item;
      } else if (this.#ended === undefined) {
        await new Promise<void>((resolve) => {
          this.#news = resolve;
        });
      } else {
        return;
      }
    }
  }

  /** Nothing more will come. */
  end(why: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(new NothingCame(why));
    this.#news();
  }

  get ended(): string | undefined {
    return this.#ended;
  }

  /** The first item, past or future, for which `test` holds. @throws NothingCame after `milliseconds`, or at the end */
  async until(test: (item: Item) => boolean, milliseconds: number): Promise<Item> {
    const past = this.received.find(test);
    if (past !== undefined) return past;
    if (this.#ended !== undefined) throw new NothingCame(this.#ended);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Item>((resolve, reject) => {
        const waiting = { test, resolve, reject };
        this.#waiting = [...this.#waiting, waiting];
        timer = setTimeout(() => {
          this.#waiting = this.#waiting.filter((one) => one !== waiting);
          reject(new NothingCame(`nothing like it came within ${milliseconds} ms`));
        }, milliseconds);
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A path, step by step: a name, or the name of a list with the value of its key (by default `id`). */
export function dataPath(
  ...steps: readonly (string | readonly [name: string, value: string, key?: string])[]
): readonly DataStep[] {
  return steps.map((step) => {
    if (typeof step === 'string') return { name: step };
    const [name, value, key = 'id'] = step;
    return { name, key: { name: key, value } };
  });
}
