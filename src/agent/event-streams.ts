import type { Bus } from '../engine/bus.ts';
import type { Clock } from '../engine/clock.ts';
import type { Logger } from '../observe/log.ts';
import type { EventRecord, Store } from '../store/store.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { YangContext } from '../yang/yang-context.ts';
import type { AccessControl, Operation } from './access.ts';
import type { RequestContext } from './context.ts';
import { dateAndTime } from './date-and-time.ts';
import { Delivery } from './delivery.ts';
import type { DeliveryLimits, DeliverySurroundings, NotificationView, SubscriptionNews } from './delivery.ts';
import { notificationTest } from './notification-filter.ts';
import type { Filter } from './requests.ts';
import type { SessionRegistry } from './sessions.ts';
import type {
  NotificationReceiver,
  NotificationRecord,
  StreamDescription,
  Streams,
  Subscription,
  SubscriptionChange,
  SubscriptionRequest,
} from './streams.ts';
import { SUBSCRIBED_NOTIFICATIONS, subscriptionError } from './subscription-errors.ts';
import { subscriptionNotification } from './subscription-notifications.ts';

/** Event streams of RFC 8040 come to the same. */
const CREATE: Operation = { module: 'notifications', name: 'create-subscription' };
/** Whoever may establish subscriptions may use those of his own. */
const ESTABLISH: Operation = { module: SUBSCRIBED_NOTIFICATIONS, name: 'establish-subscription' };

/** A stream as the composition root names it. */
export interface StreamDefinition {
  readonly name: string;
  readonly description: string;
  /** Which events it carries. */
  readonly includes: (event: { readonly module: string; readonly name: string }) => boolean;
}

/** The stream that RFC 5277 §3.2.3 demands. */
export const NETCONF_STREAM: StreamDefinition = {
  name: 'NETCONF',
  description: 'All events of this server.',
  includes: () => true,
};

export interface EventStreamsOptions {
  readonly yang: Pick<YangContext, 'schema' | 'xpathTest'>;
  readonly bus: Bus;
  readonly log: Pick<Store, 'readEvents' | 'eventLog'>;
  readonly clock: Clock;
  readonly access: AccessControl;
  readonly sessions: SessionRegistry;
  readonly logger: Logger;
  /** {@link NETCONF_STREAM} is always there. */
  readonly streams: readonly StreamDefinition[];
  readonly limits?: Partial<StreamLimits>;
}

export interface StreamLimits extends DeliveryLimits {
  /** Subscriptions at once. */
  readonly subscriptions: number;
}

const LIMITS: StreamLimits = { mostBehind: 10_000, patience: 60_000, subscriptions: 10_000 };

/** How a client wrote the times of a replay, and how one that cannot be is refused. */
interface TimeNames {
  readonly start: string;
  readonly stop: string;
  readonly wrong: (name: string, message: string) => RpcError;
}

/** Of create-subscription. */
const ELEMENTS: TimeNames = {
  start: 'startTime',
  stop: 'stopTime',
  wrong: (name, message) => RpcError.badElement(name, message, { type: 'protocol' }),
};

/** Of the query of an event stream. */
const PARAMETERS: TimeNames = {
  start: 'start-time',
  stop: 'stop-time',
  wrong: (name, message) => RpcError.invalidValue(message, { type: 'protocol', info: { badElement: name } }),
};

/** The event streams over the bus and the log. */
export class EventStreams implements Streams {
  readonly #options: EventStreamsOptions;
  readonly #limits: StreamLimits;
  readonly #streams: ReadonlyMap<string, StreamDefinition>;
  readonly #deliveries = new Map<number, Delivery>();
  readonly #surroundings: DeliverySurroundings;
  readonly #listening: { unsubscribe(): void };
  #published: number;
  #lastId = 0;

  constructor(options: EventStreamsOptions) {
    const { bus, log, clock, sessions, logger } = options;
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#streams = new Map([NETCONF_STREAM, ...options.streams].map((stream) => [stream.name, stream]));
    this.#published = log.eventLog().lastSeq;
    this.#surroundings = {
      log,
      clock,
      limits: this.#limits,
      published: () => this.#published,
      notification: (delivery, news) => this.#notification(delivery, news),
      ended: (delivery) => this.#deliveries.delete(delivery.id),
      failed: (delivery, error) =>
        logger.warn(
          { subscription: delivery.id, user: delivery.owner.user, err: error },
          'delivery of a notification failed',
        ),
    };
    this.#listening = bus.listen('event streams', (event) => this.#publish(event));
    sessions.listen({ ended: ({ session }) => this.#endSession(session.id) });
  }

  list(): readonly StreamDescription[] {
    const { createdAt, agedTime } = this.#options.log.eventLog();
    return [...this.#streams.values()].map(({ name, description }) => ({
      name,
      description,
      replayLogCreationTime: createdAt,
      ...(agedTime === undefined ? {} : { replayLogAgedTime: agedTime }),
    }));
  }

  subscribe(context: RequestContext, request: SubscriptionRequest, receiver: NotificationReceiver): Subscription {
    this.#requireExec(context, CREATE);
    const stream = this.#streams.get(request.stream ?? NETCONF_STREAM.name);
    if (stream === undefined) {
      throw RpcError.invalidValue(this.#noStream(request.stream), { info: { badElement: 'stream' } });
    }
    this.#checkTimes(request, context.transport.startsWith('restconf') ? PARAMETERS : ELEMENTS);
    const { sessionId } = context;
    if (sessionId !== undefined && this.#ofSession(sessionId).some(({ protocol }) => protocol === 'rfc5277')) {
      throw RpcError.inUse(
        'This session has a subscription already; it lasts until its stopTime or the end of the session.',
      );
    }
    this.#checkRoom(() => RpcError.resourceDenied(this.#noRoom()));
    return this.#add('rfc5277', context, stream, request, receiver, this.#view(context, stream, request.filter));
  }

  establish(context: RequestContext, request: SubscriptionRequest, receiver?: NotificationReceiver): Subscription {
    this.#requireExec(context, ESTABLISH);
    const stream = this.#streams.get(request.stream ?? NETCONF_STREAM.name);
    if (stream === undefined) {
      throw RpcError.invalidValue(this.#noStream(request.stream), {
        appTag: `${SUBSCRIBED_NOTIFICATIONS}:stream-unavailable`,
        info: { badElement: 'stream' },
      });
    }
    if (request.startTime === undefined) this.#checkStopTime(request.stopTime);
    else this.#checkReplay(request.startTime, request.stopTime);
    this.#checkRoom(() => subscriptionError('establish', 'insufficient-resources', this.#noRoom()));
    const view = filterOr('establish', () => this.#view(context, stream, request.filter));
    return this.#add('rfc8639', context, stream, request, receiver, view);
  }

  attach(context: RequestContext, id: number, receiver: NotificationReceiver): Subscription {
    this.#requireExec(context, ESTABLISH);
    const delivery = this.#own(context, id);
    if (delivery === undefined) throw RpcError.invalidValue(noSuchSubscription(id));
    if (delivery.hasReceiver)
      throw RpcError.inUse(`The notifications of subscription ${id} are being received already.`);
    delivery.attach(receiver);
    return delivery;
  }

  modify(context: RequestContext, id: number, change: SubscriptionChange): void {
    const delivery = this.#own(context, id);
    if (delivery === undefined) throw subscriptionError('modify', 'no-such-subscription', noSuchSubscription(id));
    const stream = this.#streams.get(delivery.stream) ?? NETCONF_STREAM;
    const filter = change.filter === undefined ? delivery.filter : (change.filter ?? undefined);
    const stopTime = change.stopTime === undefined ? delivery.stopTime : (change.stopTime ?? undefined);
    if (stopTime !== delivery.stopTime) this.#checkStopTime(stopTime);
    delivery.modify(
      filter,
      filterOr('modify', () => this.#view(context, stream, filter)),
      stopTime,
    );
  }

  delete(context: RequestContext, id: number): void {
    const delivery = this.#own(context, id);
    if (delivery === undefined) throw subscriptionError('delete', 'no-such-subscription', noSuchSubscription(id));
    delivery.finish('deleted');
  }

  kill(id: number): void {
    const delivery = this.#deliveries.get(id);
    if (delivery?.protocol !== 'rfc8639') {
      throw subscriptionError('delete', 'no-such-subscription', noSuchSubscription(id));
    }
    delivery.terminate(`${SUBSCRIBED_NOTIFICATIONS}:no-such-subscription`);
  }

  subscriptions(): readonly Subscription[] {
    return this.#snapshot();
  }

  /** Ends every subscription and lets go of the bus. */
  close(): void {
    this.#listening.unsubscribe();
    for (const delivery of this.#snapshot()) delivery.finish('shutdown');
  }

  #snapshot(): readonly Delivery[] {
    return [...this.#deliveries.values()];
  }

  /** Over a snapshot: a receiver may end its own subscription, or another, while it is told. */
  #publish(event: EventRecord): void {
    this.#published = event.seq;
    for (const delivery of this.#snapshot()) delivery.published(event);
  }

  #add(
    protocol: Subscription['protocol'],
    context: RequestContext,
    stream: StreamDefinition,
    request: SubscriptionRequest,
    receiver: NotificationReceiver | undefined,
    view: NotificationView,
  ): Delivery {
    const { user, transport, sessionId, signal } = context;
    // Its end has been told already: nobody would end the subscription.
    if (signal.aborted) throw RpcError.operationFailed('The client is gone.');
    const owner = { user, transport, ...(sessionId === undefined ? {} : { sessionId }) };
    const terms = { id: ++this.#lastId, protocol, stream: stream.name, owner, request, filter: request.filter, view };
    const delivery = new Delivery(this.#surroundings, terms, receiver);
    this.#deliveries.set(delivery.id, delivery);
    return delivery;
  }

  /** The filter sees what the receiver may: else it would tell him of the rest. */
  #view(context: RequestContext, stream: StreamDefinition, filter: Filter | undefined): NotificationView {
    const { yang, access } = this.#options;
    const selected = notificationTest(yang, filter);
    return (record) => {
      if (!stream.includes(record)) return undefined;
      const node = yang.schema.notification(record.module, record.name);
      // An event of a module that is no longer served has no form that a receiver could read.
      const shown = node && access.of(context.user).receivable(node, record);
      return shown !== undefined && selected(shown) ? shown : undefined;
    };
  }

  #requireExec({ user }: RequestContext, operation: Operation): void {
    this.#options.access.of(user).requireExec(operation, 'subscriptions');
  }

  #notification(delivery: Delivery, news: SubscriptionNews): NotificationRecord | undefined {
    const { yang, clock } = this.#options;
    return subscriptionNotification(yang.schema, delivery, news, clock.now());
  }

  #own(context: RequestContext, id: number): Delivery | undefined {
    const delivery = this.#deliveries.get(id);
    if (delivery?.protocol !== 'rfc8639') return undefined;
    const { owner } = delivery;
    return owner.user === context.user && owner.sessionId === context.sessionId ? delivery : undefined;
  }

  #ofSession(sessionId: number): readonly Delivery[] {
    return this.#snapshot().filter(({ owner }) => owner.sessionId === sessionId);
  }

  #endSession(sessionId: number): void {
    for (const delivery of this.#ofSession(sessionId)) delivery.finish('session-ended');
  }

  /** RFC 5277 §2.1.1, RFC 8040 §4.8.7 and §4.8.8. */
  #checkTimes({ startTime, stopTime, afterSeq }: SubscriptionRequest, { start, stop, wrong }: TimeNames): void {
    const now = this.#options.clock.now();
    if (stopTime !== undefined && startTime === undefined && afterSeq === undefined) {
      throw RpcError.missingElement(start, `${stop} is given without ${start}: a ${stop} ends a replay.`, {
        type: 'protocol',
      });
    }
    if (startTime !== undefined && startTime > now) {
      throw wrong(start, `${start} lies in the future; it is ${dateAndTime(now)} here.`);
    }
    if (startTime !== undefined && stopTime !== undefined && stopTime <= startTime) {
      throw wrong(stop, `${stop} must be later than ${start}.`);
    }
  }

  /** RFC 8639 §2.4.2 and §2.4.3. */
  #checkStopTime(stopTime: number | undefined): void {
    const now = this.#options.clock.now();
    if (stopTime === undefined || stopTime > now) return;
    throw RpcError.invalidValue(`stop-time must lie in the future; it is ${dateAndTime(now)} here.`, {
      info: { badElement: 'stop-time' },
    });
  }

  /** What is replayed may end in the past. */
  #checkReplay(startTime: number, stopTime: number | undefined): void {
    const now = this.#options.clock.now();
    if (startTime > now) {
      throw RpcError.invalidValue(`replay-start-time must lie in the past; it is ${dateAndTime(now)} here.`, {
        info: { badElement: 'replay-start-time' },
      });
    }
    if (stopTime !== undefined && stopTime <= startTime) {
      throw RpcError.invalidValue(`stop-time must be later than replay-start-time, ${dateAndTime(startTime)}.`, {
        info: { badElement: 'stop-time' },
      });
    }
  }

  #checkRoom(refusal: () => RpcError): void {
    if (this.#deliveries.size >= this.#limits.subscriptions) throw refusal();
  }

  #noRoom(): string {
    return `The server has ${this.#limits.subscriptions} subscriptions, the most it takes; try again when others have ended.`;
  }

  #noStream(name: string | undefined): string {
    return `There is no stream '${name ?? ''}'; the streams are ${[...this.#streams.keys()].join(', ')}.`;
  }
}

function noSuchSubscription(id: number): string {
  return `There is no subscription ${id} that is yours to control; ietf-subscribed-notifications:subscriptions lists them.`;
}

function filterOr(operation: 'establish' | 'modify', make: () => NotificationView): NotificationView {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    throw subscriptionError(operation, 'filter-unsupported', error.message, error.message);
  }
}
