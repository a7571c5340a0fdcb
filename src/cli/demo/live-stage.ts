import { setTimeout as wait } from 'node:timers/promises';
import type { Consumer, Notification, Subscribed } from './consumer.ts';
import type { Content } from './content.ts';
import type { Direction } from './netconf-client.ts';
import type { Playbill } from './playbill.ts';
import { StepFailed, type Stage } from './stage.ts';

/** How often something that has to come is looked for. */
const LOOK_EVERY_MS = 100;

/** The consumers who take turns, and how to let go of what they share. */
interface Company {
  readonly consumers: readonly Consumer[];
  close(): void;
}

/** A stage in real time, where the consumers take turns and everything is shown. */
export class LiveStage implements Stage {
  readonly #playbill: Playbill;
  readonly #patience: number;
  #company: Company = { consumers: [], close: () => undefined };
  #turn = 0;
  #protocols: string[] = [];
  /** Messages that are kept back, of which only the last exchange is shown; undefined while all are shown. */
  #held: (() => void)[] | undefined;
  #quiet = false;
  /** Why nothing is played any more. */
  #over: Error | undefined;

  private constructor(playbill: Playbill, patience: number) {
    this.#playbill = playbill;
    this.#patience = patience;
  }

  /**
   * @param patience how long something that has to come may take, milliseconds
   * @param engage connects the consumers, whose messages are shown on the stage that it is given
   */
  static async open(
    playbill: Playbill,
    patience: number,
    engage: (stage: LiveStage) => Promise<Company>,
  ): Promise<LiveStage> {
    const stage = new LiveStage(playbill, patience);
    stage.#company = await engage(stage);
    return stage;
  }

  consumer(): Consumer {
    if (this.#over !== undefined) throw this.#over;
    const { consumers } = this.#company;
    const consumer = consumers[this.#turn % consumers.length];
    if (consumer === undefined) throw new Error('a stage needs a consumer');
    this.#turn += 1;
    this.#protocols.push(consumer.protocol);
    return consumer;
  }

  /** Who clears up, also when nothing is played any more. */
  stagehand(): Consumer {
    const [consumer] = this.#company.consumers;
    if (consumer === undefined) throw new Error('a stage needs a consumer');
    return consumer;
  }

  /** Lets nothing more be played; what is being asked is answered all the same. */
  end(why: Error): void {
    this.#over ??= why;
  }

  now(): number {
    return Date.now();
  }

  async reach(instant: number): Promise<void> {
    const left = instant - Date.now();
    if (left <= 0) return;
    this.tell(`waiting ${left} ms until ${new Date(instant).toISOString()}`);
    // A timer may fire a little early by the clock.
    while (Date.now() < instant) await wait(Math.max(1, instant - Date.now()));
  }

  async notified({ inbox }: Subscribed, test: (event: Content) => boolean): Promise<Notification> {
    return await inbox.until(({ event }) => test(event), this.#patience);
  }

  async eventually<Value>(what: string, read: () => Promise<Value>, test: (value: Value) => boolean): Promise<Value> {
    const until = Date.now() + this.#patience;
    try {
      for (;;) {
        this.#held = [];
        const value = await read();
        if (test(value)) return value;
        if (Date.now() > until) throw new StepFailed(`expected ${what} within ${this.#patience} ms`);
        await wait(LOOK_EVERY_MS);
      }
    } finally {
      for (const show of this.#held ?? []) show();
      this.#held = undefined;
    }
  }

  tell(finding: string): void {
    this.#playbill.finding(finding);
  }

  /** Shows a message, unless it belongs to a preparation. */
  show(protocol: string, direction: Direction, text: string): void {
    if (this.#quiet) return;
    const show = (): void => this.#playbill.message(protocol, direction, text);
    if (this.#held === undefined) show();
    else this.#held.push(show);
  }

  /** Carries out what is not part of a flow, without showing its messages. */
  async quietly(work: () => Promise<void>): Promise<void> {
    this.#quiet = true;
    try {
      await work();
    } finally {
      this.#quiet = false;
    }
  }

  /** The protocols spoken since this was last asked. */
  takeProtocols(): readonly string[] {
    return this.#protocols.splice(0);
  }

  async close(): Promise<void> {
    this.#quiet = true;
    await Promise.all(this.#company.consumers.map((consumer) => consumer.close()));
    this.#company.close();
  }
}
