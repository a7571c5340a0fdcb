import type { Clock, Timer } from '../engine/clock.ts';
import type { EventRecord, Store } from '../store/store.ts';
import type { Filter } from './requests.ts';
import type {
  NotificationReceiver,
  NotificationRecord,
  Subscription,
  SubscriptionEnd,
  SubscriptionRequest,
  SubscriptionState,
} from './streams.ts';

/** What a delivery says about itself, in the words of its protocol; undefined where the protocol has no such notification. */
export type SubscriptionNews =
  | { readonly is: 'replay-completed' }
  | { readonly is: 'completed' }
  | { readonly is: 'modified' }
  | { readonly is: 'suspended' }
  | { readonly is: 'resumed' }
  | { readonly is: 'terminated'; readonly reason: string };

export interface DeliverySurroundings {
  readonly log: Pick<Store, 'readEvents' | 'eventLog'>;
  readonly clock: Clock;
  readonly limits: DeliveryLimits;
  /** The number of the last event that the bus published: everything up to it is in the log. */
  readonly published: () => number;
  /** The notification that tells the receiver; undefined where there is none. */
  readonly notification: (delivery: Delivery, news: SubscriptionNews) => NotificationRecord | undefined;
  readonly ended: (delivery: Delivery, reason: SubscriptionEnd) => void;
  /** A receiver threw, or the log could not be read. */
  readonly failed: (delivery: Delivery, error: unknown) => void;
}

export interface DeliveryLimits {
  /** How many events a receiver may be behind before it overflows. */
  readonly mostBehind: number;
  /** Milliseconds that a suspended receiver, or a subscription without one, is kept. */
  readonly patience: number;
}

/** Stream, access and filter together: what the receiver is sent of an event; undefined for nothing. */
export type NotificationView = (record: NotificationRecord) => NotificationRecord | undefined;

/** Events read from the log before others get a turn. */
const BATCH = 200;

/** What has been decided about a subscription before it begins. */
export interface DeliveryTerms {
  readonly id: number;
  readonly protocol: Subscription['protocol'];
  readonly stream: string;
  readonly owner: Subscription['owner'];
  readonly request: SubscriptionRequest;
  readonly filter: Filter | undefined;
  readonly view: NotificationView;
}

/**
 * Delivers one subscription: replay, then live, each event once.
 *
 * It keeps no queue: the log is the queue. A position in the log says what comes next. Up to date, events are taken from the bus
 * as they come; behind (replay, or a receiver that was busy), they are read from the log until the position is past what the
 * bus has published. So memory stays flat however slow a receiver is. One that falls behind by more than a limit overflows:
 * under RFC 8639 it is suspended (§2.7.3) and goes on with the present as soon as it can, having been told; under RFC 5277 and for
 * SSE, which have no word for that, its subscription ends, and it can replay what it missed.
 */
export class Delivery implements Subscription {
  readonly id: number;
  readonly protocol: Subscription['protocol'];
  readonly stream: string;
  readonly owner: Subscription['owner'];
  readonly startTime: number | undefined;
  readonly #around: DeliverySurroundings;

  #receiver: NotificationReceiver | undefined;
  #filter: Filter | undefined;
  #view: NotificationView;
  #stopTime: number | undefined;
  #state: SubscriptionState = 'waiting';
  /** The number of the next event to look at. */
  #next: number;
  /** The last event that counts as replay; undefined when there is no replay, or its end has been told. */
  #replayEnd: number | undefined;
  readonly #tellsReplay: boolean;
  /** Whether stop-time has come, so that delivery ends as soon as it has caught up. */
  #stopping = false;
  /** Whether events are taken from the bus. */
  #live = false;
  /** Whether the receiver wants to be asked later. */
  #busy = false;
  #turn: NodeJS.Immediate | undefined;
  #stopTimer: Timer | undefined;
  #patienceTimer: Timer | undefined;
  #sent = 0;
  #excluded = 0;

  constructor(around: DeliverySurroundings, terms: DeliveryTerms, receiver: NotificationReceiver | undefined) {
    this.#around = around;
    this.id = terms.id;
    this.protocol = terms.protocol;
    this.stream = terms.stream;
    this.owner = terms.owner;
    this.#filter = terms.filter;
    this.#view = terms.view;
    this.startTime = terms.request.startTime;
    this.#stopTime = terms.request.stopTime;
    this.#receiver = receiver;
    const { afterSeq, startTime } = terms.request;
    const published = around.published();
    const replays = afterSeq !== undefined || startTime !== undefined;
    this.#next = afterSeq !== undefined ? afterSeq + 1 : replays ? 1 : published + 1;
    this.#replayEnd = replays ? published : undefined;
    this.#tellsReplay = startTime !== undefined && afterSeq === undefined;
    if (receiver === undefined) this.#giveUpLater();
  }

  get filter(): Filter | undefined {
    return this.#filter;
  }

  get stopTime(): number | undefined {
    return this.#stopTime;
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  get sent(): number {
    return this.#sent;
  }

  get excluded(): number {
    return this.#excluded;
  }

  get hasReceiver(): boolean {
    return this.#receiver !== undefined;
  }

  attach(receiver: NotificationReceiver): void {
    this.#patienceTimer?.cancel();
    this.#receiver = receiver;
  }

  start(): void {
    if (this.#state !== 'waiting' || this.#receiver === undefined) return;
    this.#state = 'active';
    this.#receiver.onDrain(() => this.#ready());
    this.#armStop();
    this.#readLog();
  }

  end(): void {
    this.finish('deleted');
  }

  /** Ends delivery for any reason; only the first counts. */
  finish(reason: SubscriptionEnd): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#stopTimer?.cancel();
    this.#patienceTimer?.cancel();
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    this.#around.ended(this, reason);
    try {
      this.#receiver?.closed(reason);
    } catch (error) {
      this.#around.failed(this, error);
    }
  }

  /** The publisher ends it; RFC 8639 receivers are told why (§2.7.6). @param reason an identity, `module:name` */
  terminate(reason: string): void {
    this.#tell({ is: 'terminated', reason });
    this.finish('terminated');
  }

  modify(filter: Filter | undefined, view: NotificationView, stopTime: number | undefined): void {
    this.#filter = filter;
    this.#view = view;
    this.#stopTime = stopTime;
    this.#stopping = false;
    if (this.#state === 'waiting') return;
    this.#tell({ is: 'modified' });
    this.#armStop();
  }

  /** An event has been published. */
  published(event: EventRecord): void {
    if (this.#state === 'suspended') this.#excluded++;
    // One that waits reads the log when it starts.
    if (this.#state !== 'active') return;
    if (this.#live && !this.#busy) {
      this.#next = event.seq + 1;
      this.#offer(event);
    } else if (this.#busy && this.#isFarBehind(event)) {
      this.#overflow();
    }
  }

  /** Whoever replays is behind by choice, which is no overflow. */
  #isFarBehind(event: EventRecord): boolean {
    return this.#replayEnd === undefined && event.seq - this.#next >= this.#around.limits.mostBehind;
  }

  #ready(): void {
    if (!this.#busy) return;
    this.#busy = false;
    if (this.#state === 'suspended') this.#resume();
    else if (this.#state === 'active' && this.#turn === undefined) this.#turn = setImmediate(() => this.#readLog());
  }

  /** A log that cannot be read ends this subscription; it must not end the process, in whose own turn this runs. */
  #readLog(): void {
    this.#turn = undefined;
    try {
      this.#readOn();
    } catch (error) {
      this.#around.failed(this, error);
      this.finish('log-failed');
    }
  }

  /** Reads on in the log, a batch at a time, until it has caught up with the bus. */
  #readOn(): void {
    if (this.#state !== 'active' || this.#busy) return;
    this.#live = false;
    const replaying = this.#replayEnd !== undefined;
    if (!replaying && this.#agedAway()) {
      this.#overflow();
      return;
    }
    const toSeq = this.#replayEnd ?? this.#around.published();
    const fromTime = replaying ? this.startTime : undefined;
    let read = 0;
    const query = { fromSeq: this.#next, toSeq, limit: BATCH, ...(fromTime === undefined ? {} : { fromTime }) };
    for (const event of this.#around.log.readEvents(query)) {
      read++;
      this.#next = event.seq + 1;
      this.#offer(event);
      if (!this.#isDelivering()) return;
    }
    if (read < BATCH) this.#next = Math.max(this.#next, toSeq + 1);
    if (this.#replayEnd !== undefined && this.#next > this.#replayEnd) {
      this.#replayEnd = undefined;
      if (this.#tellsReplay) this.#tell({ is: 'replay-completed' });
      if (!this.#isDelivering()) return;
    }
    if (this.#next <= this.#around.published()) this.#turn = setImmediate(() => this.#readLog());
    else this.#upToDate();
  }

  /** A method, since the state may have changed in a call to the receiver. */
  #isDelivering(): boolean {
    return this.#state === 'active' && !this.#busy;
  }

  #upToDate(): void {
    this.#live = true;
    if (this.#stopping) this.#complete();
  }

  /** Whether events between the position and what is left of the log are gone. */
  #agedAway(): boolean {
    const { oldestSeq } = this.#around.log.eventLog();
    return this.#next <= this.#around.published() && oldestSeq !== undefined && oldestSeq > this.#next;
  }

  #offer(event: EventRecord): void {
    if (this.#stopTime !== undefined && event.time > this.#stopTime) return;
    // Cast: contents in the log are what events were made with, RFC 7951 values. No copy, which would ask for the content.
    const record = event as EventRecord & Pick<NotificationRecord, 'content'>;
    let shown: NotificationRecord | undefined;
    try {
      shown = this.#view(record);
    } catch (error) {
      // An expression that cannot be evaluated on this event (its step budget, say) does not select it.
      this.#around.failed(this, error);
    }
    if (shown !== undefined) this.#send(shown);
    else this.#excluded++;
  }

  #send(record: NotificationRecord): void {
    if (this.#receiver === undefined) return;
    try {
      if (!this.#receiver.send(record, this)) {
        this.#busy = true;
        this.#live = false;
      }
      this.#sent++;
    } catch (error) {
      this.#around.failed(this, error);
      this.finish('receiver-failed');
    }
  }

  /** These few are sent also to a receiver that is busy: they are the ones that explain what it sees. */
  #tell(news: SubscriptionNews): void {
    if (this.#state === 'ended') return;
    const record = this.#around.notification(this, news);
    if (record !== undefined) this.#send(record);
  }

  #overflow(): void {
    if (this.protocol === 'rfc5277') {
      this.finish('receiver-failed');
      return;
    }
    this.#excluded += this.#around.published() - this.#next + 1;
    this.#state = 'suspended';
    this.#live = false;
    if (this.#busy) this.#giveUpLater();
    else this.#resume();
  }

  /** Tells of the gap and goes on with the present. */
  #resume(): void {
    this.#patienceTimer?.cancel();
    this.#tell({ is: 'suspended' });
    this.#state = this.#state === 'suspended' ? 'active' : this.#state;
    this.#next = this.#around.published() + 1;
    this.#tell({ is: 'resumed' });
    if (this.#isDelivering()) this.#upToDate();
  }

  #giveUpLater(): void {
    const { clock, limits } = this.#around;
    this.#patienceTimer = clock.at(clock.now() + limits.patience, () => {
      this.terminate('ietf-subscribed-notifications:suspension-timeout');
    });
  }

  #armStop(): void {
    this.#stopTimer?.cancel();
    if (this.#stopTime === undefined) return;
    const { clock } = this.#around;
    if (this.#stopTime <= clock.now()) this.#stop();
    else this.#stopTimer = clock.at(this.#stopTime, () => this.#stop());
  }

  /** stop-time has come: what was published by now is still delivered. */
  #stop(): void {
    this.#stopping = true;
    if (this.#state === 'suspended' || (this.#state === 'active' && this.#live)) this.#complete();
  }

  #complete(): void {
    this.#tell({ is: 'completed' });
    this.finish('completed');
  }
}
