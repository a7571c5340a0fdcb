import type { SessionEndReason, Session as RegisteredSession } from '../agent/sessions.ts';
import type { NotificationRecord } from '../agent/streams.ts';
import type { Logger } from '../observe/log.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { XmlElement } from '../yang/xml.ts';
import { ChannelClosed, type SessionChannel } from './channel.ts';
import { readRpc, replyText, unreadableReplyTag, type ReadMessage } from './envelope.ts';
import { renderRpcError } from './errors.ts';
import { FrameDecoder, FramingError, type Frame, type Framing } from './framing.ts';
import { BadHello, helloText, readHello, serverCapabilities } from './hello.ts';
import { notificationText, SessionReceiver } from './notifications.ts';
import type { OperationResult, ServedAgent, SessionContext } from './operations/operation.ts';
import { isDecision } from './operations/model.ts';
import { operationFor } from './operations/table.ts';
import { Outbox, UnfinishedMessage } from './outbox.ts';
import type { Peer } from './transport.ts';

export interface SessionLimits {
  /** Bytes of one message. */
  readonly maxMessageSize: number;
  /** Milliseconds from the opening of the session to the client's hello. */
  readonly helloTimeoutMs: number;
  /** Milliseconds without a message from the client after which a session without subscriptions ends; 0 for never. */
  readonly idleTimeoutMs: number;
}

export interface SessionOptions {
  readonly agent: ServedAgent;
  readonly channel: SessionChannel;
  readonly peer: Peer;
  readonly limits: SessionLimits;
  readonly log: Logger;
  /** Called once, when everything that the session held has been released. */
  readonly ended: () => void;
}

/** Decisions of a session that may wait to be durable and sent, before the next request is begun. */
const MOST_UNANSWERED = 64;
/** How long a client has to take what was sent to it before its session ended, and to close the channel. */
const FLUSH_MS = 5_000;

/** How a session's channel is closed: after what was sent has arrived, or at once. */
type Closing = 'flush' | 'abort';

/** `hello`: waits for the client's hello; `ready`: carries out operations; `closing`: over, for whatever reason. */
type SessionState = 'hello' | 'ready' | 'closing';

/** A reply that is to go out when its turn comes. */
interface Ready {
  readonly text: string;
  readonly failed: boolean;
}

/**
 * One NETCONF session (RFC 6241 §3, RFC 6242) on one channel. Its requests are carried out one after the other in the
 * order they came, and answered in that order (RFC 6241 §4.5); notifications go out between replies. What is one decision of the agent
 * has been carried out when the decision is taken: the next decision is taken while the reply waits to be durable, so that requests
 * that a client sends ahead share commits and packets. All else begins when everything before it has been answered. However the session
 * ends, it ends through {@link #end}.
 */
export class NetconfSession {
  readonly #options: SessionOptions;
  readonly #agent: ServedAgent;
  readonly #log: Logger;
  readonly #registered: RegisteredSession;
  readonly #decoder: FrameDecoder;
  readonly #outbox: Outbox;
  readonly #gone = new AbortController();
  #state: SessionState = 'hello';
  #framing: Framing = 'end-of-message';
  #subscriptions = 0;
  /** Decisions whose replies have not been sent. */
  #unanswered = 0;
  /** Settles when the last of them is in the outbox. */
  #replied: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SessionOptions) {
    const { agent, channel, peer, limits } = options;
    this.#options = options;
    this.#agent = agent;
    this.#decoder = new FrameDecoder(limits);
    this.#outbox = new Outbox(channel);
    this.#registered = agent.sessions.open({
      user: peer.user,
      transport: 'netconf-ssh',
      peer: peer.host,
      kill: () => this.#end('killed', 'abort', 'killed by another session'),
    });
    this.#log = options.log.child({ session: this.#registered.id, user: peer.user });
    channel.onClosed(() => this.#end('dropped', 'abort', 'the client closed the channel'));
  }

  get id(): number {
    return this.#registered.id;
  }

  /** Serves the session; resolves, and never rejects, when it has ended. */
  async run(): Promise<void> {
    this.#log.info({ peer: this.#options.peer.host }, 'NETCONF session started');
    this.#endAfter(this.#options.limits.helloTimeoutMs, 'no hello in time');
    try {
      await this.#outbox.send([helloText(serverCapabilities(this.#agent.yang), this.id)]);
      await this.#receive();
    } catch (error) {
      this.#endFor(error);
    }
    await this.#outbox.flushed();
  }

  /** Ends the session when the server stops. */
  shutdown(): void {
    this.#end('other', 'flush', 'the server is stopping');
  }

  async #receive(): Promise<void> {
    for (;;) {
      const bytes = await this.#options.channel.read();
      if (bytes === undefined) break;
      for (const frame of this.#decoder.decode(bytes)) {
        await this.#take(frame);
        if (this.#isOver()) return;
      }
    }
    await this.#allAnswered();
    const cut = this.#decoder.insideMessage ? ' within a message' : '';
    this.#end('dropped', 'flush', `the client ended its stream${cut} without close-session`);
  }

  async #take(frame: Frame): Promise<void> {
    if (this.#state === 'hello') {
      this.#takeHello(frame);
      return;
    }
    clearTimeout(this.#timer);
    const message = this.#readMessage(frame);
    if ('operation' in message.result && isDecision(this.#agent, message.result.operation)) {
      if (this.#unanswered >= MOST_UNANSWERED) await this.#allAnswered();
      this.#decide(message.replyTag, message.result.operation);
      return;
    }
    await this.#allAnswered();
    if (this.#isOver()) return;
    await this.#answer(message);
    this.#startIdleTimer();
  }

  #takeHello(frame: Frame): void {
    if (frame.kind !== 'message') throw new BadHello('it is too long or not UTF-8');
    // The server's hello was sent when the session began, so both have been exchanged now (RFC 6242 §4.1).
    this.#framing = readHello(frame.text);
    if (this.#framing === 'chunked') this.#decoder.useChunks();
    this.#outbox.useFraming(this.#framing);
    this.#state = 'ready';
    this.#startIdleTimer();
  }

  #readMessage(frame: Frame): ReadMessage {
    if (frame.kind === 'message') return readRpc(frame.text.trimStart());
    const error =
      frame.kind === 'too-big'
        ? RpcError.tooBig(
            `The message has ${frame.bytes} bytes; at most ${this.#options.limits.maxMessageSize} are accepted.`,
            { type: 'rpc' },
          )
        : RpcError.malformedMessage('The message is not UTF-8.');
    return { replyTag: unreadableReplyTag(frame.head), result: { error } };
  }

  async #answer({ replyTag, result }: ReadMessage): Promise<void> {
    if ('error' in result) {
      this.#agent.sessions.count(this.id, 'inBadRpcs');
      await this.#sendErrors(replyTag, result.error);
      return;
    }
    this.#agent.sessions.count(this.id, 'inRpcs');
    const element = result.operation;
    const afterReply: (() => void)[] = [];
    try {
      const context = this.#context(element, (run) => afterReply.push(run));
      const done = await operationFor(element)({ agent: this.#agent, context, element });
      await this.#sendReply(replyTag, done);
    } catch (error) {
      if (error instanceof ChannelClosed || error instanceof UnfinishedMessage || this.#isOver()) throw error;
      await this.#sendErrors(replyTag, error, element.name);
      return;
    }
    if (!this.#isOver()) for (const run of afterReply) run();
  }

  /** Has a decision taken. Its reply is sent after those to all requests before it, when it is durable. */
  #decide(replyTag: string, element: XmlElement): void {
    this.#agent.sessions.count(this.id, 'inRpcs');
    this.#unanswered += 1;
    const turn = this.#replied;
    const ready = this.#decided(replyTag, element);
    this.#replied = ready.then(async (reply) => {
      await turn;
      this.#sendReady(reply);
    });
  }

  async #decided(replyTag: string, element: XmlElement): Promise<Ready> {
    try {
      // No decision has anything to do after its reply.
      const context = this.#context(element, () => undefined);
      const { content } = await operationFor(element)({ agent: this.#agent, context, element });
      return { text: [...replyText(replyTag, content)].join(''), failed: false };
    } catch (error) {
      return { text: this.#errorText(replyTag, error, element.name), failed: true };
    }
  }

  #sendReady({ text, failed }: Ready): void {
    if (failed) this.#agent.sessions.count(this.id, 'outRpcErrors');
    this.#outbox.sendWhole(text).then(
      () => {
        this.#unanswered -= 1;
        if (this.#unanswered === 0) this.#startIdleTimer();
      },
      (error: unknown) => this.#endFor(error),
    );
  }

  /** Resolves when the replies to all decisions have been sent, or cannot be. */
  async #allAnswered(): Promise<void> {
    if (this.#unanswered === 0) return;
    await this.#replied;
    await this.#outbox.flushed();
  }

  async #sendReply(replyTag: string, { content, whenDurable, closesSession }: OperationResult): Promise<void> {
    await this.#outbox.send(replyText(replyTag, content), whenDurable);
    if (closesSession === true) this.#end('closed', 'flush', 'close-session');
  }

  async #sendErrors(replyTag: string, thrown: unknown, operation?: string): Promise<void> {
    this.#agent.sessions.count(this.id, 'outRpcErrors');
    await this.#outbox.sendWhole(this.#errorText(replyTag, thrown, operation));
  }

  #errorText(replyTag: string, thrown: unknown, operation?: string): string {
    const errors = RpcError.from(thrown);
    for (const error of errors) {
      if (error.cause !== undefined) this.#log.error({ err: error.cause }, 'an operation failed');
    }
    const rendering = {
      schema: this.#agent.yang.schema,
      malformedMessage: this.#framing === 'chunked',
      ...(operation === undefined ? {} : { operation }),
    };
    const content = errors.map((error) => renderRpcError(error, rendering));
    return [...replyText(replyTag, content)].join('');
  }

  #context(operationElement: XmlElement, afterReply: (run: () => void) => void): SessionContext {
    const { peer } = this.#options;
    return {
      user: peer.user,
      transport: 'netconf-ssh',
      sessionId: this.id,
      peer: peer.host,
      signal: this.#gone.signal,
      operationElement,
      receiver: new SessionReceiver({
        send: (record) => this.#sendNotification(record),
        opened: () => {
          this.#subscriptions += 1;
          clearTimeout(this.#timer);
        },
        closed: () => {
          this.#subscriptions -= 1;
          this.#startIdleTimer();
        },
      }),
      afterReply,
    };
  }

  async #sendNotification(record: NotificationRecord): Promise<void> {
    if (this.#isOver()) return;
    try {
      await this.#outbox.send(notificationText(this.#agent.yang.schema, record));
      this.#agent.sessions.count(this.id, 'outNotifications');
    } catch (error) {
      if (error instanceof ChannelClosed || error instanceof UnfinishedMessage) this.#endFor(error);
      else this.#log.error({ err: error, notification: record.name }, 'a notification could not be printed');
    }
  }

  #isOver(): boolean {
    return this.#state === 'closing';
  }

  #startIdleTimer(): void {
    clearTimeout(this.#timer);
    const { idleTimeoutMs } = this.#options.limits;
    if (this.#state !== 'ready' || idleTimeoutMs === 0 || this.#subscriptions > 0) return;
    this.#endAfter(idleTimeoutMs, 'idle for too long');
  }

  #endAfter(milliseconds: number, why: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end('timeout', 'abort', why), milliseconds);
  }

  /** Ends the session for something that was thrown in its course. */
  #endFor(thrown: unknown): void {
    if (thrown instanceof BadHello) {
      if (!this.#isOver()) this.#agent.sessions.countBadHello();
      this.#end('bad-hello', 'flush', `the client's hello is refused: ${thrown.message}`);
    } else if (thrown instanceof FramingError) {
      this.#end('other', 'flush', `broken message framing: ${thrown.message}`);
    } else if (thrown instanceof ChannelClosed) {
      this.#end('dropped', 'abort', 'the client closed the channel');
    } else {
      if (!this.#isOver()) this.#log.error({ err: thrown }, 'a NETCONF session failed');
      this.#end('other', 'abort', 'an internal failure');
    }
  }

  /** The one end of a session. Only the first call counts. */
  #end(reason: SessionEndReason, closing: Closing, why: string): void {
    if (this.#state === 'closing') return;
    this.#state = 'closing';
    clearTimeout(this.#timer);
    this.#gone.abort();
    this.#registered.close(reason);
    this.#log.info({ reason, why }, 'NETCONF session ended');
    if (closing === 'abort') this.#options.channel.abort();
    else this.#closeGently();
    this.#options.ended();
  }

  /** Lets the client have what was sent before, if it takes it in good time. */
  #closeGently(): void {
    const { channel } = this.#options;
    const overdue = setTimeout(() => channel.abort(), FLUSH_MS);
    channel.onClosed(() => clearTimeout(overdue));
    void this.#allAnswered()
      .then(() => this.#outbox.flushed())
      .then(() => channel.end());
  }
}
