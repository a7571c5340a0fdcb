import type { Data } from '../yang/data.ts';
import type { RequestContext } from './context.ts';
import type { Filter } from './requests.ts';

/** A notification as receivers get it. */
export interface NotificationRecord {
  /** The event's number in the log; undefined for notifications about the subscription itself, which are not logged. */
  readonly seq: number | undefined;
  /** Epoch milliseconds: eventTime (RFC 5277 §4). */
  readonly time: number;
  readonly module: string;
  readonly name: string;
  /** The children of the notification's element. It may be made only when it is asked for. */
  readonly content: Data;
  /** The same as JSON, where that is at hand. */
  readonly text?: string;
}

/** Why delivery to a receiver ended. */
export type SubscriptionEnd =
  /** stop-time was reached; the last notification said so. */
  | 'completed'
  /** delete-subscription, or the receiver's own request. */
  | 'deleted'
  /** kill-subscription, or the publisher ended it; subscription-terminated was sent where RFC 8639 has it. */
  | 'terminated'
  /** The session ended. */
  | 'session-ended'
  /** The receiver did not take what was queued for it for too long, or threw. */
  | 'receiver-failed'
  /** The log could not be read. */
  | 'log-failed'
  /** The server is shutting down. */
  | 'shutdown';

/**
 * Where a subscription's notifications go. Calls come one at a time and never from inside a call of the receiver's own to
 * {@link Streams}.
 */
export interface NotificationReceiver {
  /**
   * Takes one notification. `false` means: taken, but nothing more until `ready` is called; the subscription queues meanwhile.
   * What it throws ends this subscription only.
   */
  send(record: NotificationRecord, subscription: Subscription): boolean;
  /** Hands over the function to call, any number of times, when the receiver can take more after `send` was false. */
  onDrain(ready: () => void): void;
  /** Nothing more comes. For SSE the response ends here. */
  closed(reason: SubscriptionEnd): void;
}

/** A subscription to one stream. */
export interface SubscriptionRequest {
  /** Default `NETCONF`. */
  readonly stream?: string;
  readonly filter?: Filter;
  /** Epoch milliseconds: replay from there (RFC 5277 startTime, RFC 8639 replay-start-time). */
  readonly startTime?: number;
  /** Replay what follows this event of the log: SSE's Last-Event-ID. It wins over `startTime`. */
  readonly afterSeq?: number;
  /** Epoch milliseconds: ends after this (RFC 5277 stopTime, RFC 8639 stop-time). */
  readonly stopTime?: number;
}

/** What modify-subscription may change (RFC 8639 §2.4.3); null removes. */
export interface SubscriptionChange {
  readonly filter?: Filter | null;
  readonly stopTime?: number | null;
}

export type SubscriptionState = 'waiting' | 'active' | 'suspended' | 'ended';

export interface Subscription {
  /** The subscription-id of RFC 8639; RFC 5277 subscriptions have one too, which is never shown to clients. */
  readonly id: number;
  /** Which protocol's rules it follows; SSE streams of RFC 8040 are `rfc5277` without a session. */
  readonly protocol: 'rfc5277' | 'rfc8639';
  readonly stream: string;
  readonly owner: Pick<RequestContext, 'user' | 'sessionId' | 'transport'>;
  readonly filter: Filter | undefined;
  readonly startTime: number | undefined;
  readonly stopTime: number | undefined;
  readonly state: SubscriptionState;
  /** Notifications handed to the receiver. */
  readonly sent: number;
  /** Notifications that the filter or access control kept back, and those lost while suspended. */
  readonly excluded: number;
  /** Begins delivery: replay, then live. To be called once the reply is on its way. Only the first call counts. */
  start(): void;
  /** The receiver wants no more: no further notification, `closed('deleted')`. May be called again. */
  end(): void;
}

/** One event stream (RFC 5277 §3.2.5.1, RFC 8639 §2.1). */
export interface StreamDescription {
  readonly name: string;
  readonly description: string;
  /** Epoch milliseconds: when the replay log was begun. */
  readonly replayLogCreationTime: number;
  /** The time of the last event that ageing removed; absent when none was. */
  readonly replayLogAgedTime?: number;
}

/** The event streams and all subscriptions to them, whatever protocol asked. */
export interface Streams {
  list(): readonly StreamDescription[];

  /**
   * RFC 5277 §2.1.1, and SSE of RFC 8040 §6. The subscription waits for `start()`.
   * @throws RpcError missing-element, bad-element (startTime, stopTime; of SSE invalid-value), invalid-value for a stream that does not
   *   exist, in-use when the session has one already, invalid-value or bad-element for the filter, access-denied
   */
  subscribe(context: RequestContext, request: SubscriptionRequest, receiver: NotificationReceiver): Subscription;

  /**
   * RFC 8639 §2.4.2. Without a receiver the subscription waits for {@link attach} (RFC 8650), for a limited time.
   * @throws RpcError with the identity in app-tag and establish-subscription-stream-error-info in error-info
   */
  establish(context: RequestContext, request: SubscriptionRequest, receiver?: NotificationReceiver): Subscription;

  /**
   * Connects a receiver to an established subscription (RFC 8650 §3.3), which then waits for `start()`.
   * @throws RpcError invalid-value when there is none of that id for this user, in-use when it has a receiver
   */
  attach(context: RequestContext, id: number, receiver: NotificationReceiver): Subscription;

  /** RFC 8639 §2.4.3. Only its owner may. @throws RpcError */
  modify(context: RequestContext, id: number, change: SubscriptionChange): void;

  /** RFC 8639 §2.4.4. Only its owner may. @throws RpcError */
  delete(context: RequestContext, id: number): void;

  /** RFC 8639 §2.4.5: anybody's. @throws RpcError */
  kill(id: number): void;

  /** The open subscriptions by ascending id. */
  subscriptions(): readonly Subscription[];
}
