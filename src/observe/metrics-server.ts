/**
 * The listener for whoever watches the server: `/metrics` has the figures, `/healthz` says in its status whether decisions can be made.
 * It knows no users, so that the address alone decides who may read.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

/** Milliseconds that a request may take to arrive. */
const SLOWEST = 10_000;

export interface MetricsServerOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly metrics: Metrics;
  /** Why no decision can be made at present; undefined: it can. */
  readonly ailment: () => Promise<string | undefined>;
}

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

export class MetricsServer {
  readonly #server: Server;
  readonly #options: MetricsServerOptions;
  /** Base URL, such as `http://127.0.0.1:9464`. */
  readonly url: string;

  private constructor(server: Server, options: MetricsServerOptions) {
    this.#server = server;
    this.#options = options;
    const { host } = options;
    // A TCP server's address is no string.
    const { port } = server.address() as AddressInfo;
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request).then(
        ({ status, type = 'text/plain; charset=utf-8', body }) =>
          response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body),
        () => response.destroy(),
      );
    });
  }

  /** @throws Error when the address cannot be listened on */
  static async listen(options: MetricsServerOptions): Promise<MetricsServer> {
    const server = createServer({ requestTimeout: SLOWEST, headersTimeout: SLOWEST });
    server.listen(options.port, options.host);
    await once(server, 'listening');
    return new MetricsServer(server, options);
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #answer({ method, url = '' }: IncomingMessage): Promise<Answer> {
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'Only GET and HEAD are answered here.\n' };
    switch (url.replace(/\?.*/, '')) {
      case '/metrics':
        return { status: 200, type: this.#options.metrics.contentType, body: await this.#options.metrics.text() };
      case '/healthz': {
        const ailment = await this.#options.ailment();
        return ailment === undefined ? { status: 200, body: 'ok\n' } : { status: 503, body: `${ailment}\n` };
      }
      default:
        return { status: 404, body: 'There are /metrics and /healthz.\n' };
    }
  }
}
