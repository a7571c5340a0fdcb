import { once } from 'node:events';
import ssh2, { type Client, type ClientChannel } from 'ssh2';
import { escapeXml, fromXml, type Content } from './content.ts';
import { Inbox, type Notification } from './consumer.ts';

const BASE = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const END_OF_MESSAGE = ']]>]]>';
/** A chunk's header: line feed, hash, ten digits at most, line feed. */
const LONGEST_HEADER = 13;

export type Direction = 'sent' | 'received';

export interface NetconfClientOptions {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password?: string;
  /** OpenSSH or PEM. */
  readonly privateKey?: string;
  /** base versions to announce; default both, of which the server takes 1.1: chunked framing. */
  readonly versions?: readonly ('1.0' | '1.1')[];
  /** Is shown every message, without its framing. */
  readonly traffic?: (direction: Direction, text: string) => void;
}

/** A request whose reply is yet to come. */
interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** A NETCONF client (RFC 6241) over SSH (RFC 6242). */
export class NetconfClient {
  readonly notifications = new Inbox<Notification>();
  /** The server's hello. */
  readonly hello: Content;
  readonly #connection: Client;
  readonly #channel: ClientChannel;
  readonly #messages: Messages;
  readonly #options: NetconfClientOptions;
  readonly #waiting = new Map<string, Waiting>();
  #lastId = 0;

  private constructor(
    options: NetconfClientOptions,
    connection: Client,
    channel: ClientChannel,
    messages: Messages,
    hello: Content,
  ) {
    this.#options = options;
    this.#connection = connection;
    this.#channel = channel;
    this.#messages = messages;
    this.hello = hello;
  }

  static async connect(options: NetconfClientOptions): Promise<NetconfClient> {
    const { host, port, username, password, privateKey, versions = ['1.0', '1.1'] } = options;
    const connection = new ssh2.Client();
    const ready = once(connection, 'ready');
    // A request is small and waited for: it must not be kept back to be sent with a next one.
    connection.on('connect', () => connection.setNoDelay(true));
    connection.connect({
      host,
      port,
      username,
      ...(password === undefined ? {} : { password }),
      ...(privateKey === undefined ? {} : { privateKey }),
    });
    await ready;
    // What breaks later is seen by whoever waits, when the channel closes.
    connection.on('error', () => undefined);
    const channel = await subsystem(connection);
    const messages = new Messages(channel);
    const capabilities = versions.map((version) => `urn:ietf:params:netconf:base:${version}`);
    const list = capabilities.map((uri) => `<capability>${uri}</capability>`).join('');
    const own = `<hello xmlns="${BASE}"><capabilities>${list}</capabilities></hello>`;
    options.traffic?.('sent', own);
    messages.send(own);
    const text = await messages.next();
    if (text === undefined) throw new Error('the server closed the session before its hello');
    options.traffic?.('received', text);
    const hello = await fromXml(text);
    const theirs = new Set(hello.children.flatMap(({ children }) => children.map((child) => child.text)));
    if (capabilities.some((uri) => uri.endsWith(':1.1')) && theirs.has('urn:ietf:params:netconf:base:1.1')) {
      messages.useChunks();
    }
    const client = new NetconfClient(options, connection, channel, messages, hello);
    void client.#receive();
    return client;
  }

  get capabilities(): readonly string[] {
    return this.hello.children
      .filter(({ name }) => name === 'capabilities')
      .flatMap(({ children }) => children.map(({ text }) => text));
  }

  get sessionId(): string {
    return this.hello.children.find(({ name }) => name === 'session-id')?.text ?? '';
  }

  /** Carries out an operation. @param operation its element @returns `<rpc-reply>` */
  async rpc(operation: string): Promise<Content> {
    this.#lastId += 1;
    const id = String(this.#lastId);
    return (await this.#exchange(id, `<rpc xmlns="${BASE}" message-id="${escapeXml(id)}">${operation}</rpc>`)).content;
  }

  /** Sends a message as it is. Its reply is told by `id`, the message-id; '' for one that has none. */
  async exchange(id: string, message: string): Promise<Reply> {
    return await this.#exchange(id, message);
  }

  /** The reply that carries this message-id, to what is sent by {@link sendRaw}. */
  expect(id: string): Promise<Reply> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** Sends bytes as they are, framing included. */
  sendRaw(bytes: string | Uint8Array): void {
    this.#channel.write(bytes);
  }

  /** Resolves when the server has closed the session. */
  async closed(): Promise<void> {
    if (!this.#channel.destroyed && !this.#messages.ended) await once(this.#channel, 'close');
  }

  async close(): Promise<void> {
    if (!this.#messages.ended) await this.rpc('<close-session/>').catch(() => undefined);
    this.#connection.end();
  }

  /** Goes away without a word. */
  drop(): void {
    this.#connection.destroy();
  }

  async #exchange(id: string, message: string): Promise<Reply> {
    if (this.#messages.ended) throw new Error('the NETCONF session is over');
    const reply = this.expect(id);
    this.#options.traffic?.('sent', message);
    this.#messages.send(message);
    return await reply;
  }

  /** Takes messages until the session is over; resolves always. */
  async #receive(): Promise<void> {
    let why = 'the server closed the NETCONF session';
    try {
      for (let text = await this.#messages.next(); text !== undefined; text = await this.#messages.next()) {
        this.#options.traffic?.('received', text);
        await this.#take(text);
      }
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
      this.#connection.destroy();
    }
    this.notifications.end(why);
    for (const { reject } of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }

  async #take(text: string): Promise<void> {
    const content = await fromXml(text);
    if (content.name === 'notification') {
      const [time, event] = content.children;
      if (time !== undefined && event !== undefined) this.notifications.put({ time: time.text, event });
      return;
    }
    const id = /^<(?:[\w-]+:)?rpc-reply\b[^>]*?\smessage-id="([^"]*)"/.exec(text.trimStart())?.[1] ?? '';
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.resolve({ text, content });
  }
}

export interface Reply {
  readonly text: string;
  readonly content: Content;
}

async function subsystem(connection: Client): Promise<ClientChannel> {
  return await new Promise((resolve, reject) => {
    connection.subsys('netconf', (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(error);
    });
  });
}

/** Messages on a channel, in either framing (RFC 6242 §4.2, §4.3). One reader takes them one after the other. */
class Messages {
  readonly #channel: ClientChannel;
  #buffer: Buffer = Buffer.alloc(0);
  #chunks: Buffer[] = [];
  #chunked = false;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(channel: ClientChannel) {
    this.#channel = channel;
    channel.on('data', (bytes: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      this.#wake();
    });
    channel.stderr.resume();
    channel.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Both directions are chunked after the hellos. */
  useChunks(): void {
    this.#chunked = true;
  }

  send(text: string): void {
    const framed = this.#chunked ? `\n#${Buffer.byteLength(text)}\n${text}\n##\n` : `${text}${END_OF_MESSAGE}`;
    this.#channel.write(framed);
  }

  /** The next message; undefined when the channel has closed. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const message = this.#chunked ? this.#takeChunked() : this.#takeDelimited();
      if (message !== undefined || this.#ended) return message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #takeDelimited(): string | undefined {
    const end = this.#buffer.indexOf(END_OF_MESSAGE);
    if (end < 0) return undefined;
    const message = this.#buffer.subarray(0, end).toString('utf8');
    this.#buffer = this.#buffer.subarray(end + END_OF_MESSAGE.length);
    return message;
  }

  #takeChunked(): string | undefined {
    for (;;) {
      const header = /^\n#(?:#|([1-9][0-9]{0,9}))\n/.exec(this.#buffer.subarray(0, LONGEST_HEADER).toString('latin1'));
      if (header === null) {
        if (this.#buffer.length >= LONGEST_HEADER) throw new Error('the server broke the chunked framing');
        return undefined;
      }
      const [{ length: start }, size] = header;
      const end = start + Number(size ?? 0);
      if (this.#buffer.length < end) return undefined;
      this.#chunks.push(this.#buffer.subarray(start, end));
      this.#buffer = this.#buffer.subarray(end);
      if (size === undefined) return Buffer.concat(this.#chunks.splice(0)).toString('utf8');
    }
  }
}
