/** Keystone as it is, with a look at the tokens that it gives; those of the services it names are asked directly. */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HOST, PORTS, url } from './control-plane/layout.ts';

export class KeystoneProxy {
  /** The tokens that were given through it, in order. */
  readonly given: string[] = [];
  /** How many of the next tokens are revoked before who asked for them has them. */
  toRevoke = 0;
  readonly #server: Server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing));

  static async open(): Promise<KeystoneProxy> {
    const proxy = new KeystoneProxy();
    await new Promise<void>((resolve) => proxy.#server.listen(0, HOST, resolve));
    return proxy;
  }

  get endpoint(): string {
    // A TCP server's address is no string.
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}/v3`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const target = { host: HOST, port: PORTS.keystone, method, path };
    const fitting = { ...headers, host: `${HOST}:${PORTS.keystone}`, connection: 'close' };
    const passed = request({ ...target, headers: fitting }, (answer) => {
      this.#take(answer)
        .then(() => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        })
        .catch(() => outgoing.destroy());
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  }

  async #take({ headers }: IncomingMessage): Promise<void> {
    const token = headers['x-subject-token'];
    if (typeof token !== 'string') return;
    this.given.push(token);
    if (this.toRevoke === 0) return;
    this.toRevoke -= 1;
    await revoke(token);
  }
}

/** Has Keystone take a token back ("Revoke token" of the Identity API). @throws Error when it does not. */
async function revoke(token: string): Promise<void> {
  const headers = { 'x-auth-token': token, 'x-subject-token': token };
  const { status } = await fetch(`${url('keystone')}/v3/auth/tokens`, { method: 'DELETE', headers });
  if (status !== 204) throw new Error(`Keystone does not revoke a token: ${status}`);
}
