import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import ssh2 from 'ssh2';

/** Where requests go. */
export type Target =
  | { readonly protocol: 'http'; readonly port: number }
  | { readonly protocol: 'https'; readonly port: number; readonly certificate: string }
  | {
      readonly protocol: 'netconf';
      readonly port: number;
      readonly username: string;
      readonly password: string;
      /** Over how many sessions the callers are spread. */
      readonly sessions: number;
    };

/** A connection that carries as little as it can of its own: what is measured is the server. */
export interface Connection {
  /** Sends bytes; answers come in the order of the requests. @returns the answer as it came, without transfer headers */
  exchange(request: Buffer): Promise<string>;
  close(): void;
}

const HOST = '127.0.0.1';

/** One HTTP connection that is kept open. */
export async function openHttp(target: Extract<Target, { protocol: 'http' | 'https' }>): Promise<Connection> {
  const { port } = target;
  const socket =
    target.protocol === 'http'
      ? connectTcp({ host: HOST, port, noDelay: true })
      : connectTls({ host: HOST, port, ca: target.certificate, servername: 'localhost' });
  await once(socket, target.protocol === 'http' ? 'connect' : 'secureConnect');
  socket.setNoDelay(true);
  return new OrderedConnection(socket, takeHttpAnswer, () => socket.destroy());
}

/** One NETCONF session over an SSH connection of its own; hellos are exchanged, framing is chunked. */
export async function openNetconf(target: Extract<Target, { protocol: 'netconf' }>): Promise<Connection> {
  const { port, username, password } = target;
  const client = new ssh2.Client();
  client.on('connect', () => client.setNoDelay(true));
  client.connect({ host: HOST, port, username, password });
  await once(client, 'ready');
  const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) => {
    client.subsys('netconf', (error, opened) => {
      if (error === undefined) resolve(opened);
      else reject(error);
    });
  });
  channel.write(
    '<hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities><capability>' +
      'urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>]]>]]>',
  );
  const connection = new OrderedConnection(channel, takeChunkedMessage, () => client.destroy());
  await connection.skip(takeHello);
  return connection;
}

/** @returns the first whole message of the text and where it ends; undefined when it is not whole yet */
type Take = (text: string) => { readonly message: string; readonly end: number } | undefined;

const takeHello: Take = (text) => {
  const end = text.indexOf(']]>]]>');
  return end < 0 ? undefined : { message: text.slice(0, end), end: end + 6 };
};

const takeChunkedMessage: Take = (text) => {
  const end = text.indexOf('\n##\n');
  return end < 0 ? undefined : { message: text.slice(0, end), end: end + 4 };
};

const takeHttpAnswer: Take = (text) => {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head + 2))?.[1];
  if (length === undefined) throw new Error(`an answer without Content-Length: ${text.slice(0, head)}`);
  const end = head + 4 + Number(length);
  return text.length < end ? undefined : { message: text.slice(0, end), end };
};

class OrderedConnection implements Connection {
  readonly #stream: Socket | ssh2.ClientChannel;
  readonly #close: () => void;
  readonly #waiting: { resolve: (message: string) => void; reject: (error: Error) => void }[] = [];
  #take: Take;
  #text = '';

  constructor(stream: Socket | ssh2.ClientChannel, take: Take, close: () => void) {
    this.#stream = stream;
    this.#take = take;
    this.#close = close;
    stream.on('data', (bytes: Buffer) => this.#received(bytes));
    const gone = (): void => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the server closed the connection'));
    };
    stream.on('close', gone);
    stream.on('error', gone);
  }

  exchange(request: Buffer): Promise<string> {
    const answer = this.#next();
    this.#stream.write(request);
    return answer;
  }

  /** Takes a message of another form that comes first. */
  async skip(take: Take): Promise<void> {
    const usual = this.#take;
    this.#take = take;
    await this.#next();
    this.#take = usual;
  }

  close(): void {
    this.#close();
  }

  #next(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#received(Buffer.alloc(0));
    });
  }

  #received(bytes: Buffer): void {
    // One character a byte, so that lengths are those of the wire.
    this.#text += bytes.toString('latin1');
    while (this.#waiting.length > 0) {
      const taken = this.#take(this.#text);
      if (taken === undefined) return;
      this.#text = this.#text.slice(taken.end);
      this.#waiting.shift()?.resolve(taken.message);
    }
  }
}
