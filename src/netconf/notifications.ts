import type { NotificationReceiver, NotificationRecord, SubscriptionEnd } from '../agent/streams.ts';
import { printXml } from '../yang/print.ts';
import type { SchemaTree } from '../yang/schema-tree.ts';
import { escapeAttribute } from '../yang/xml.ts';
import { asciiXml } from './ascii.ts';
import { NOTIFICATION } from './namespaces.ts';

/** Notifications of one subscription that may wait for the client; more stay with the subscription. */
const MAX_WAITING = 64;
/** The subscription goes on when this few are left, so that it is woken once for many. */
const LOW_WATER = 16;

/** A `<notification>` (RFC 5277 §4), made as it is sent. */
export function* notificationText(schema: SchemaTree, record: NotificationRecord): Generator<string, void, undefined> {
  const node = schema.notification(record.module, record.name);
  // Streams carry notifications of modules that this server has.
  if (node === undefined) throw new Error(`no notification ${record.module}:${record.name} in the schema`);
  const namespace = escapeAttribute(schema.namespaceOf(record.module));
  yield `<notification xmlns="${NOTIFICATION}"><eventTime>${new Date(record.time).toISOString()}</eventTime>`;
  yield `<${record.name} xmlns="${namespace}">`;
  const content = printXml(schema, record.content, { parent: node, within: record.module });
  for (const piece of content) yield asciiXml(piece);
  yield `</${record.name}></notification>`;
}

export interface SessionReceiverOptions {
  /** Sends one notification; resolves when the transport has it. */
  readonly send: (record: NotificationRecord) => Promise<void>;
  readonly opened: () => void;
  readonly closed: (reason: SubscriptionEnd) => void;
}

/** Takes the notifications of one subscription for a session, a bounded number ahead of its client. */
export class SessionReceiver implements NotificationReceiver {
  readonly #options: SessionReceiverOptions;
  #waiting = 0;
  #held = false;
  #ready: (() => void) | undefined;
  #open = false;

  constructor(options: SessionReceiverOptions) {
    this.#options = options;
  }

  send(record: NotificationRecord): boolean {
    this.#waiting += 1;
    void this.#options.send(record).then(() => this.#sent());
    if (this.#waiting >= MAX_WAITING) this.#held = true;
    return !this.#held;
  }

  onDrain(ready: () => void): void {
    this.#ready = ready;
    if (this.#open) return;
    this.#open = true;
    this.#options.opened();
  }

  closed(reason: SubscriptionEnd): void {
    if (!this.#open) return;
    this.#open = false;
    this.#ready = undefined;
    this.#options.closed(reason);
  }

  #sent(): void {
    this.#waiting -= 1;
    if (!this.#held || this.#waiting > LOW_WATER) return;
    this.#held = false;
    this.#ready?.();
  }
}
