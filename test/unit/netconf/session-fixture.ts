import type { EditRequest, GetRequest } from '../../../src/agent/requests.ts';
import type { RequestContext } from '../../../src/agent/context.ts';
import { SessionRegistry, type SessionEnd } from '../../../src/agent/sessions.ts';
import type { NotificationReceiver, Subscription, SubscriptionRequest } from '../../../src/agent/streams.ts';
import { ManualClock } from '../../../src/engine/clock.ts';
import { ChannelClosed, type SessionChannel } from '../../../src/netconf/channel.ts';
import { encodeMessage, FrameDecoder, type Framing } from '../../../src/netconf/framing.ts';
import type { ServedAgent } from '../../../src/netconf/operations/operation.ts';
import { NetconfSession, type SessionLimits } from '../../../src/netconf/session.ts';
import { createLogger } from '../../../src/observe/log.ts';
import type { Data, Entries } from '../../../src/yang/data.ts';
import { SchemaTree, type Module, type RpcNode } from '../../../src/yang/schema-tree.ts';
import { parseXml, type XmlElement } from '../../../src/yang/xml.ts';
import type { YangContext } from '../../../src/yang/yang-context.ts';

export const BASE = 'urn:ietf:params:xml:ns:netconf:base:1.0';
export const NOTIFICATION = 'urn:ietf:params:xml:ns:netconf:notification:1.0';
export const MUSIC = 'urn:example:music';
/** An operation of the module. */
export const PLAY = `<play xmlns="${MUSIC}"/>`;

const node = { status: 'current', when: [], extensions: [] } as const;

function rpc(name: string): RpcNode {
  const none = { must: [], children: [] };
  return {
    ...node,
    kind: 'rpc',
    name,
    module: 'music',
    path: `/music:${name}`,
    input: { ...none },
    output: { ...none },
  };
}

function module(name: string, namespace: string, yangVersion: '1' | '1.1', more: Partial<Module> = {}): Module {
  return {
    name,
    namespace,
    prefix: name,
    revision: '2026-01-01',
    yangVersion,
    implemented: true,
    features: [],
    identities: [],
    submodules: [],
    deviatedBy: [],
    data: [],
    rpcs: [],
    notifications: [],
    extensions: [],
    ...more,
  };
}

const song = {
  ...node,
  kind: 'notification',
  name: 'song',
  module: 'music',
  path: '/music:song',
  must: [],
  children: [],
} as const;

const leaf = {
  ...node,
  kind: 'leaf',
  name: 'title',
  module: 'music',
  path: '/music:track/title',
  config: true,
  mandatory: true,
  must: [],
  isKey: true,
  type: { base: 'string', lengths: [], patterns: [] },
} as const;

const track = {
  ...node,
  kind: 'list',
  name: 'track',
  module: 'music',
  path: '/music:track',
  config: true,
  mandatory: false,
  must: [],
  keys: ['title'],
  unique: [],
  orderedBy: 'system',
  minElements: 0,
  children: [leaf],
  actions: [],
  notifications: [],
} as const;

/** Entries of the list `track` that are made as they are asked for. */
export function lazyTracks(size: number, make: (index: number) => string): Data {
  const tracks: Entries = {
    size,
    get: () => undefined,
    has: () => false,
    *[Symbol.iterator]() {
      for (let index = 0; index < size; index++) yield { title: make(index) };
    },
  };
  return { 'music:track': tracks };
}

const schema = new SchemaTree([
  module('music', MUSIC, '1.1', {
    data: [track],
    rpcs: [rpc('play'), rpc('stop')],
    notifications: [song],
  }),
  module('old', 'urn:example:old', '1', {
    features: [
      { name: 'loud', enabled: true, status: 'current' },
      { name: 'quiet', enabled: false, status: 'current' },
    ],
    deviatedBy: ['music'],
  }),
]);

/** An agent that records what it is asked and answers what the test says. */
export class FakeAgent implements ServedAgent {
  readonly sessions = new SessionRegistry(new ManualClock(0));
  readonly calls: string[] = [];
  readonly ends: SessionEnd[] = [];
  readonly contexts: RequestContext[] = [];
  readonly gets: GetRequest[] = [];
  readonly edits: EditRequest[] = [];
  readonly subscriptions: { request: SubscriptionRequest; receiver: NotificationReceiver; started: boolean }[] = [];
  /** What an RPC of the module does. */
  play: (context: RequestContext) => Promise<Data> = () => Promise.resolve({});
  data: Data = {};
  locking: () => void = () => undefined;

  readonly yang = {
    schema,
    contentId: 'c1',
    parseEdit: () => ({ operation: 'merge', children: [] }),
  } as unknown as YangContext;

  readonly streams = {
    subscribe: (
      _context: RequestContext,
      request: SubscriptionRequest,
      receiver: NotificationReceiver,
    ): Subscription => {
      const made = { request, receiver, started: false };
      this.subscriptions.push(made);
      receiver.onDrain(() => this.calls.push('ready'));
      // The session uses nothing of a subscription but its start.
      return { start: () => (made.started = true) } as unknown as Subscription;
    },
  };

  constructor() {
    this.sessions.listen({ ended: (end) => this.ends.push(end) });
  }

  get(context: RequestContext, request: GetRequest): Promise<Data> {
    this.contexts.push(context);
    this.gets.push(request);
    this.calls.push(`get ${request.datastore}`);
    return Promise.resolve(this.data);
  }

  edit(
    _context: RequestContext,
    request: EditRequest,
  ): Promise<{ etag: string; lastModified: number; created: boolean; changed: boolean }> {
    this.calls.push('edit');
    this.edits.push(request);
    return Promise.resolve({ etag: '1', lastModified: 0, created: false, changed: true });
  }

  lock(): void {
    this.calls.push('lock');
    this.locking();
  }

  unlock(): void {
    this.calls.push('unlock');
  }

  killSession(context: RequestContext, id: number): void {
    this.sessions.kill(id, context.sessionId);
  }

  /** The RPCs that are one decision. */
  decisions: readonly string[] = [];

  isDecision({ name }: RpcNode): boolean {
    return this.decisions.includes(name);
  }

  async request(context: RequestContext, operation: RpcNode): Promise<Data> {
    this.contexts.push(context);
    this.calls.push(operation.name);
    return operation.name === 'play' ? await this.play(context) : {};
  }

  whenDurable(): Promise<void> {
    return Promise.resolve();
  }

  invokeAction(): Promise<Data> {
    return Promise.resolve({});
  }
}

/** A channel whose other end the test holds. */
export class MemoryChannel implements SessionChannel {
  readonly written: Buffer[] = [];
  closing: 'end' | 'abort' | undefined;
  /** While set, writes wait for {@link release}. */
  stalled = false;
  #incoming: (Uint8Array | undefined)[] = [];
  #wake: (() => void) | undefined;
  #waitingWrites: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #listeners: (() => void)[] = [];
  #gone = false;

  feed(bytes: string | Uint8Array): void {
    this.#incoming.push(Buffer.from(bytes));
    this.#wake?.();
  }

  /** The client ends its side. */
  finish(): void {
    this.#incoming.push(undefined);
    this.#wake?.();
  }

  /** The channel is gone. */
  drop(): void {
    if (this.#gone) return;
    this.#gone = true;
    for (const write of this.#waitingWrites.splice(0)) write.reject(new ChannelClosed());
    this.#wake?.();
    for (const listener of this.#listeners.splice(0)) listener();
  }

  release(): void {
    this.stalled = false;
    for (const write of this.#waitingWrites.splice(0)) write.resolve();
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#incoming.length === 0 && !this.#gone) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#gone ? undefined : this.#incoming.shift();
  }

  async write(block: Uint8Array): Promise<void> {
    if (this.#gone) throw new ChannelClosed();
    if (this.stalled) await new Promise<void>((resolve, reject) => this.#waitingWrites.push({ resolve, reject }));
    this.written.push(Buffer.from(block));
  }

  end(): void {
    this.closing ??= 'end';
    this.drop();
  }

  abort(): void {
    if (!this.#gone) this.closing ??= 'abort';
    this.drop();
  }

  onClosed(listener: () => void): void {
    if (this.#gone) listener();
    else this.#listeners.push(listener);
  }
}

/** How long a message of the server may take. */
const MESSAGE_MS = 8_000;

const LIMITS: SessionLimits = { maxMessageSize: 100_000, helloTimeoutMs: 5_000, idleTimeoutMs: 0 };

export function clientHello(framing: Framing): string {
  const version = framing === 'chunked' ? '1.1' : '1.0';
  return `<hello xmlns="${BASE}"><capabilities><capability>urn:ietf:params:netconf:base:${version}</capability></capabilities></hello>]]>]]>`;
}

/** A session with its client: the test sends and reads messages. */
export class Client {
  readonly channel = new MemoryChannel();
  readonly logged: Record<string, unknown>[] = [];
  readonly session: NetconfSession;
  /** Resolves when the session has ended. */
  readonly running: Promise<void>;
  ended = 0;
  #framing: Framing;
  #seen = 0;
  #decoder = new FrameDecoder({ maxMessageSize: 10_000_000 });
  #messages: string[] = [];

  constructor(
    agent: ServedAgent,
    options: { framing?: Framing; limits?: Partial<SessionLimits>; user?: string; hello?: boolean } = {},
  ) {
    this.#framing = options.framing ?? 'chunked';
    this.session = new NetconfSession({
      agent,
      channel: this.channel,
      peer: { user: options.user ?? 'anna', host: '192.0.2.1', port: 40000 },
      limits: { ...LIMITS, ...options.limits },
      log: createLogger('debug', { write: (line) => this.logged.push(JSON.parse(line) as Record<string, unknown>) }),
      ended: () => (this.ended += 1),
    });
    this.running = this.session.run();
    if (options.hello !== false) this.channel.feed(clientHello(this.#framing));
  }

  /** All messages that the server has sent and that were not taken yet, hello included. */
  #receive(): void {
    for (; this.#seen < this.channel.written.length; this.#seen++) {
      const block = this.channel.written[this.#seen];
      if (block === undefined) continue;
      for (const frame of this.#decoder.decode(block)) {
        if (frame.kind !== 'message') throw new Error(frame.kind);
        this.#messages.push(frame.text);
        // The server's hello is the last message in the framing of base:1.0.
        if (frame.text.startsWith('<hello') && this.#framing === 'chunked') this.#decoder.useChunks();
      }
    }
  }

  /** The next message from the server. */
  async next(): Promise<string> {
    // A commit takes as long as the disk does, however many turns of the loop that is.
    const overdue = Date.now() + MESSAGE_MS;
    while (Date.now() < overdue) {
      this.#receive();
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      await turnOfLoop();
    }
    throw new Error('no message came');
  }

  /** Messages that are there now, without waiting for more than what is on its way. */
  async pending(): Promise<string[]> {
    for (let turn = 0; turn < 20; turn++) await turnOfLoop();
    this.#receive();
    return this.#messages.splice(0);
  }

  send(...messages: string[]): void {
    this.channel.feed(Buffer.concat(messages.flatMap((text) => [...encodeMessage(this.#framing, [text])])));
  }

  /** Sends one message and returns the next, parsed; the hello is passed over. */
  async ask(message: string): Promise<XmlElement> {
    this.send(message);
    return await this.reply();
  }

  async reply(): Promise<XmlElement> {
    let text = await this.next();
    if (text.startsWith('<hello')) text = await this.next();
    return parseXml(text);
  }

  /** @param operation the content of `<rpc>`, in the base namespace by default */
  rpc(operation: string, id = '1'): Promise<XmlElement> {
    return this.ask(`<rpc xmlns="${BASE}" message-id="${id}">${operation}</rpc>`);
  }
}

/** Before each test an agent of its own, after it no session of it. */
export function freshSessions(): {
  readonly agent: FakeAgent;
  readonly open: (options?: ConstructorParameters<typeof Client>[1]) => Client;
} {
  let agent: FakeAgent;
  const clients: Client[] = [];
  beforeEach(() => {
    agent = new FakeAgent();
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.channel.drop();
  });
  return {
    get agent() {
      return agent;
    },
    open: (options = {}) => {
      const client = new Client(agent, options);
      clients.push(client);
      return client;
    },
  };
}

function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export interface ReplyError {
  readonly type: string | undefined;
  readonly tag: string | undefined;
  readonly message: string | undefined;
  readonly info: Readonly<Record<string, string>>;
}

/** The errors in a reply; every element of them must be in the base namespace. */
export function errorsOf(reply: XmlElement): ReplyError[] {
  return reply.children
    .filter((child) => child.name === 'rpc-error' && child.namespace === BASE)
    .map((error) => {
      const text = (name: string): string | undefined =>
        error.children.find((child) => child.name === name && child.namespace === BASE)?.text;
      const info = error.children.find((child) => child.name === 'error-info')?.children ?? [];
      return {
        type: text('error-type'),
        tag: text('error-tag'),
        message: text('error-message'),
        info: Object.fromEntries(info.map((child) => [child.name, child.text])),
      };
    });
}

/** Whether a reply is `<ok/>` and nothing else. */
export function isOk(reply: XmlElement): boolean {
  return reply.children.length === 1 && reply.children[0]?.name === 'ok' && reply.children[0].namespace === BASE;
}
