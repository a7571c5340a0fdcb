/** TLS in front of the real services, with a certificate of our own: `https://…/PORT/PATH` leads to `http://127.0.0.1:PORT/PATH`. */
import { request as requestHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeAuthority } from '../unit/vim/openstack/authority.ts';
import { HOST, PORTS } from './control-plane/layout.ts';

export class TlsTerminator {
  /** PEM. */
  readonly authority: string;
  readonly #server: Server;
  /** The ports that were asked for. */
  readonly reached = new Set<number>();

  private constructor(key: string, cert: string) {
    this.authority = cert;
    this.#server = createServer({ key, cert }, (incoming, outgoing) => this.#pass(incoming, outgoing));
  }

  static async open(): Promise<TlsTerminator> {
    const { key, cert } = await makeAuthority();
    const terminator = new TlsTerminator(key, cert);
    await new Promise<void>((resolve) => terminator.#server.listen(0, HOST, resolve));
    return terminator;
  }

  get keystone(): string {
    return `${this.#origin}/${PORTS.keystone}/v3`;
  }

  get #origin(): string {
    // A TCP server's address is no string.
    return `https://${HOST}:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const [, port = '', path = '/'] = /^\/(\d+)(\/.*)?$/.exec(incoming.url ?? '') ?? [];
    this.reached.add(Number(port));
    const { method = 'GET', headers } = incoming;
    const fitting = { ...headers, host: `${HOST}:${port}`, connection: 'close' };
    const passed = requestHttp({ host: HOST, port, method, path, headers: fitting }, (answer) => {
      void this.#answer(answer, outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  }

  /** The addresses in the catalogue lead here. */
  async #answer(answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks)
      .toString()
      .replace(new RegExp(`http://${HOST.replaceAll('.', '\\.')}:(\\d+)`, 'g'), `${this.#origin}/$1`);
    const kept = Object.entries(answer.headers).filter(
      ([name]) => !['connection', 'content-length', 'transfer-encoding'].includes(name),
    );
    outgoing.writeHead(answer.statusCode ?? 502, Object.fromEntries(kept));
    outgoing.end(body);
  }
}
