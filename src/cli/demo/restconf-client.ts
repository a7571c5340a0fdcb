import { request as requestHttp, Agent as HttpAgent, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as requestHttps, Agent as HttpsAgent } from 'node:https';
import { Inbox } from './consumer.ts';
import type { Direction } from './netconf-client.ts';

export interface RestconfClientOptions {
  /** Such as `https://127.0.0.1:8443`. */
  readonly url: string;
  /** PEM: what the server's certificate is checked against. */
  readonly certificate?: string;
  readonly username: string;
  readonly password: string;
  /** Is shown every request and answer as HTTP/1.1 writes them, the password left out. */
  readonly traffic?: (direction: Direction, text: string) => void;
}

export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpRequest {
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** One event of an event stream (SSE). */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/** An open event stream. */
export interface EventStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly events: Inbox<StreamEvent>;
  close(): void;
}

/** An HTTP client as RESTCONF needs it (RFC 8040), with HTTP Basic authentication. */
export class RestconfClient {
  readonly #options: RestconfClientOptions;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #secure: boolean;
  readonly #streams = new Set<EventStream>();

  constructor(options: RestconfClientOptions) {
    this.#options = options;
    this.#secure = options.url.startsWith('https:');
    this.#agent = this.#secure
      ? new HttpsAgent({ keepAlive: true, ...(options.certificate === undefined ? {} : { ca: options.certificate }) })
      : new HttpAgent({ keepAlive: true });
  }

  async request(request: HttpRequest): Promise<HttpAnswer> {
    this.#show(request);
    const response = await this.#send(request, this.#agent);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const answer = {
      status: response.statusCode ?? 0,
      headers: headersOf(response),
      body: Buffer.concat(chunks).toString('utf8'),
    };
    this.#options.traffic?.('received', answerText(response, answer));
    return answer;
  }

  /** Opens an event stream; the answer has another status than 200 when it is refused, and no events then. */
  async stream(path: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
    const request = { method: 'GET', path, headers: { Accept: 'text/event-stream', ...headers } };
    this.#show(request);
    // An agent of its own: the connection lasts as long as the stream.
    const response = await this.#send(request, false);
    const events = new Inbox<StreamEvent>();
    const stream = {
      status: response.statusCode ?? 0,
      headers: headersOf(response),
      events,
      close: () => void response.destroy(),
    };
    this.#options.traffic?.('received', answerText(response, { headers: stream.headers, body: '' }));
    this.#streams.add(stream);
    void readEvents(response, (event) => {
      this.#options.traffic?.('received', event.data);
      events.put(event);
    }).finally(() => {
      this.#streams.delete(stream);
      events.end('the event stream is over');
    });
    return stream;
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
    this.#agent.destroy();
  }

  #show({ method, path, headers = {}, body = '' }: HttpRequest): void {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
    const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
    this.#options.traffic?.('sent', `${method} ${path}\n${lines.join('')}${text === '' ? '' : `\n${text}`}`);
  }

  async #send(request: HttpRequest, agent: HttpAgent | HttpsAgent | false): Promise<IncomingMessage> {
    const { username, password, url, certificate } = this.#options;
    const { hostname, port } = new URL(url);
    const headers: OutgoingHttpHeaders = {
      Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      ...(request.body === undefined ? {} : { 'Content-Length': Buffer.byteLength(request.body) }),
      ...request.headers,
    };
    const options = {
      host: hostname.replace(/^\[|\]$/g, ''),
      port,
      method: request.method,
      path: request.path,
      headers,
      agent,
      ...(certificate === undefined ? {} : { ca: certificate }),
    };
    return await new Promise((resolve, reject) => {
      const sent = this.#secure ? requestHttps(options, resolve) : requestHttp(options, resolve);
      sent.on('error', reject);
      sent.end(request.body);
    });
  }
}

function headersOf(response: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

/** Headers that every answer has, and that tell nothing about RESTCONF. */
const USUAL = new Set(['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding', 'cache-control']);

function answerText(response: IncomingMessage, { headers, body }: Pick<HttpAnswer, 'headers' | 'body'>): string {
  const lines = Object.entries(headers).flatMap(([name, value]) => (USUAL.has(name) ? [] : [`${name}: ${value}\n`]));
  const status = `${response.statusCode ?? 0} ${response.statusMessage ?? ''}\n`;
  return `${status}${lines.join('')}${body === '' ? '' : `\n${body}`}`;
}

/** Reads server-sent events until the stream ends, however it does. */
async function readEvents(response: IncomingMessage, take: (event: StreamEvent) => void): Promise<void> {
  let unfinished = '';
  response.setEncoding('utf8');
  try {
    for await (const text of response) {
      const blocks = (unfinished + String(text)).split('\n\n');
      unfinished = blocks.pop() ?? '';
      for (const event of blocks.flatMap(eventOf)) take(event);
    }
  } catch {
    // Closed from this side, or cut off: either way nothing more comes.
  }
}

function eventOf(block: string): StreamEvent[] {
  const field = (name: string): string[] =>
    block
      .split('\n')
      .flatMap((line) => (line.startsWith(`${name}:`) ? [line.slice(name.length + 1).replace(/^ /, '')] : []));
  const data = field('data');
  return data.length === 0 ? [] : [{ id: field('id')[0], data: data.join('\n') }];
}
