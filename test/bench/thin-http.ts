/**
 * The ends of what is measured over HTTP/1.1, as thin as they can be: bytes on a socket, so that what they take themselves is next to
 * nothing beside what is between them. They know what the benchmark sends, and no more of HTTP.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { now } from './statistics.ts';

const HOST = '127.0.0.1';

/** Whole messages of a stream of bytes: a head, and a body of the length that the head tells. One character a byte. */
class Messages {
  #text = '';

  /** @returns the messages that are whole now, each as its head and its body */
  *take(bytes: Buffer): Generator<readonly [head: string, body: string]> {
    this.#text += bytes.toString('latin1');
    for (;;) {
      const head = this.#text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#text.slice(0, head))?.[1] ?? 0);
      const end = head + 4 + length;
      if (this.#text.length < end) return;
      const message = [this.#text.slice(0, head), this.#text.slice(head + 4, end)] as const;
      this.#text = this.#text.slice(end);
      yield message;
    }
  }
}

export interface ThinRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly host: string;
  readonly body: string;
  /** When the process was handed the last byte of it; the times are those of `now`. */
  readonly arrived: number;
  /** Sends the answer before it returns. */
  readonly send: (answer: ThinAnswer) => void;
}

export interface ThinAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A server on a free port of loopback, until the process ends. @returns the port */
export async function serveThin(handle: (request: ThinRequest) => Promise<void>): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    const messages = new Messages();
    socket.on('data', (bytes) => {
      const arrived = now();
      for (const [head, body] of messages.take(bytes)) {
        const [method = '', target = ''] = head.split(' ', 2);
        const host = /\r\nhost: *([^\r]*)/i.exec(head)?.[1] ?? '';
        void handle({ method, target, host, body, arrived, send: (answer) => void socket.write(answerText(answer)) });
      }
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  // A TCP server's address is no string.
  return (server.address() as AddressInfo).port;
}

function answerText({ status, headers, body }: ThinAnswer): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  // A body that is there is counted in bytes, and JSON of the stand-ins is ASCII.
  return `HTTP/1.1 ${status} ok\r\n${lines.join('')}content-length: ${body.length}\r\n\r\n${body}`;
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ host: HOST, port, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

export interface ThinExchange {
  readonly sent: number;
  /** When the process was handed the last byte of the answer. */
  readonly answered: number;
  readonly body: string;
}

/** A connection that is kept open, for one request at a time. */
export class ThinCaller {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<ThinCaller> {
    return new ThinCaller(await connected(port));
  }

  exchange(request: Buffer): Promise<ThinExchange> {
    return new Promise((resolve, reject) => {
      const messages = new Messages();
      const socket = this.#socket;
      const gone = (): void => reject(new Error('the server closed the connection'));
      const take = (bytes: Buffer): void => {
        const answered = now();
        for (const [, body] of messages.take(bytes)) {
          socket.off('data', take).off('close', gone);
          resolve({ sent, answered, body });
        }
      };
      socket.on('data', take).on('close', gone);
      const sent = now();
      socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Reads server-sent events, and tells of each when the process was handed it. @returns once the stream is open */
export async function listenThin(
  port: number,
  request: Buffer,
  heard: (data: string, at: number) => void,
): Promise<{ close(): void }> {
  const socket = await connected(port);
  let text = '';
  const opened = once(socket, 'data');
  socket.on('data', (bytes: Buffer) => {
    const at = now();
    text += bytes.toString('latin1');
    // A server writes an event whole, so that no frame of the transfer encoding is in it.
    const end = text.lastIndexOf('\n\n');
    if (end < 0) return;
    for (const [, data = ''] of text.slice(0, end + 2).matchAll(/^data: (.*)\n\n/gm)) heard(data, at);
    text = text.slice(end + 2);
  });
  socket.write(request);
  await opened;
  return { close: () => socket.destroy() };
}
