/**
 * The listener that Aodh calls. Who knows the secret in the URL may say that a server has changed, and no more: what has become of it is
 * then asked of Nova. So a call that comes twice, late or forged does no harm.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Bytes of a call; Aodh's have about two thousand. */
const LARGEST = 256 * 1024;
/** Milliseconds that a call may take to arrive. */
const SLOWEST = 10_000;

export interface WebhookOptions {
  readonly host: string;
  readonly port: number;
  /** How the clouds reach the listener, when not by its own address. */
  readonly url?: string;
}

/** What became of a body: told apart from a body that cannot be read. */
export type Receive = (body: unknown) => void;

export class Webhooks {
  readonly #server: Server;
  readonly #url: string;
  /** By the digest of the secret, so that looking one up takes the same time however much of it was guessed. */
  readonly #receivers = new Map<string, Receive>();

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.#url = url.replace(/\/+$/, '');
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request).then(
        (status) => response.writeHead(status).end(),
        () => response.destroy(),
      );
    });
  }

  /** @throws Error when the address cannot be listened on, or says nothing to the clouds. */
  static async listen({ host, port, url }: WebhookOptions): Promise<Webhooks> {
    if (url === undefined && (host === '0.0.0.0' || host === '::')) {
      throw new Error(`Aodh cannot call ${host}: say with openstack.webhook.url how it reaches this machine.`);
    }
    const server = createServer({ requestTimeout: SLOWEST, headersTimeout: SLOWEST });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    // A TCP server's address is no string.
    const { port: bound } = server.address() as AddressInfo;
    return new Webhooks(server, url ?? `http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
  }

  /** A URL of the receiver's own. It holds a secret. */
  register(receive: Receive): { readonly url: string; cancel(): void } {
    const secret = randomBytes(24).toString('base64url');
    const key = digest(secret);
    this.#receivers.set(key, receive);
    return { url: `${this.#url}/aodh/${secret}`, cancel: () => void this.#receivers.delete(key) };
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** @returns the status of the answer. */
  async #serve(request: IncomingMessage): Promise<number> {
    const secret = /\/aodh\/([\w-]+)$/.exec(request.url ?? '')?.[1];
    const receive = secret === undefined ? undefined : this.#receivers.get(digest(secret));
    if (receive === undefined) return 404;
    if (request.method !== 'POST') return 405;
    const text = await read(request);
    if (text === undefined) return 413;
    try {
      receive(JSON.parse(text));
      return 204;
    } catch {
      return 400;
    }
  }
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** @returns undefined when it is too large. */
async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    // The stream has no encoding set.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > LARGEST) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
