/** OpenStack behind a way that loses answers: a creation can be held up, its connection broken, and be sent on later. */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { HOST, PORTS, url } from './control-plane/layout.ts';

type ServiceName = keyof typeof PORTS;

interface Held {
  readonly service: ServiceName;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export class HoldingProxy {
  readonly #servers = new Map<ServiceName, Server>();
  #wanted: RegExp | undefined;
  #held: Held | undefined;

  /** @param services those that are reached through it, beside Keystone, which names it for them */
  static async open(services: readonly ServiceName[]): Promise<HoldingProxy> {
    const proxy = new HoldingProxy();
    for (const service of [...services, 'keystone'] as const) {
      const server = createServer((incoming, outgoing) => {
        proxy.#pass(service, incoming, outgoing).catch(() => outgoing.destroy());
      });
      await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
      proxy.#servers.set(service, server);
    }
    return proxy;
  }

  get endpoint(): string {
    return `${this.#urlOf('keystone')}/v3`;
  }

  /** Holds up the next POST to a path; who sent it loses the connection. */
  holdNext(path: RegExp): void {
    this.#wanted = path;
    this.#held = undefined;
  }

  get holds(): boolean {
    return this.#held !== undefined;
  }

  /** Sends on what was held up. @returns the status of the answer, which nobody waits for */
  async release(): Promise<number> {
    if (this.#held === undefined) throw new Error('nothing is held up');
    const { service, path, headers, body } = this.#held;
    const answer = await send(service, 'POST', path, headers, body);
    answer.resume();
    return answer.statusCode ?? 0;
  }

  async close(): Promise<void> {
    for (const server of this.#servers.values()) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #urlOf(service: ServiceName): string {
    // A TCP server's address is no string.
    return `http://${HOST}:${(this.#servers.get(service)?.address() as AddressInfo).port}`;
  }

  async #pass(service: ServiceName, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const body = await buffer(incoming);
    if (method === 'POST' && this.#wanted?.test(path) === true) {
      this.#wanted = undefined;
      this.#held = { service, path, headers, body };
      outgoing.destroy();
      return;
    }
    const answer = await send(service, method, path, headers, body);
    if (service !== 'keystone') {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      return;
    }
    const text = (await buffer(answer)).toString();
    const content = Buffer.from(this.#renamed(text));
    outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, 'content-length': content.length });
    outgoing.end(content);
  }

  /** With this proxy in place of the services in the catalogue. */
  #renamed(text: string): string {
    return [...this.#servers.keys()].reduce(
      (sofar, service) => sofar.replaceAll(url(service), this.#urlOf(service)),
      text,
    );
  }
}

function send(
  service: ServiceName,
  method: string,
  path: string,
  headers: IncomingMessage['headers'],
  body: Buffer,
): Promise<IncomingMessage> {
  const port = PORTS[service];
  const fitting = { ...headers, host: `${HOST}:${port}`, connection: 'close', 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const passed = request({ host: HOST, port, method, path, headers: fitting }, resolve);
    passed.on('error', reject);
    passed.end(body);
  });
}
