import { RpcError } from '../yang/rpc-error.ts';
import { HttpError } from './errors.ts';

/** Who may log in; given by whoever composes the server. */
export interface Authenticator {
  password(user: string, password: string): Promise<boolean>;
}

const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="Promise", charset="UTF-8"' };

/** Wrong passwords from one address within a minute before further ones are put off. */
const MOST_FAILURES = 20;
const FAILURE_WINDOW_MS = 60_000;
const MOST_ADDRESSES = 10_000;

/**
 * HTTP Basic authentication (RFC 7617, RFC 8040 §2.5), with a brake on guessing: an address that sent many wrong
 * passwords within a minute is answered 429 until the minute is over.
 */
export class BasicAuthentication {
  readonly #authenticator: Authenticator;
  readonly #now: () => number;
  readonly #failures = new Map<string, { count: number; readonly since: number }>();

  /** @param now epoch milliseconds */
  constructor(authenticator: Authenticator, now: () => number) {
    this.#authenticator = authenticator;
    this.#now = now;
  }

  /**
   * @param authorization the Authorization header
   * @param peer the client's address
   * @returns the user's name
   * @throws HttpError 401, 429
   */
  async user(authorization: string | undefined, peer: string): Promise<string> {
    this.#refuseGuessers(peer);
    if (authorization === undefined)
      throw unauthorized('This resource needs a user and a password (HTTP Basic authentication).');
    const [, encoded] = /^basic +([A-Za-z0-9+/=_-]*)\s*$/i.exec(authorization) ?? [];
    const decoded = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    if (colon < 0) throw unauthorized("The Authorization header is not 'Basic' with user and password.");
    const user = decoded.slice(0, colon);
    const isRight = await this.#authenticator.password(user, decoded.slice(colon + 1));
    // Others that were being checked at the same time may have failed: guesses all at once are no way around.
    this.#refuseGuessers(peer);
    if (isRight) {
      this.#failures.delete(peer);
      return user;
    }
    this.#noteFailure(peer);
    throw unauthorized('The user or the password is wrong.');
  }

  #refuseGuessers(peer: string): void {
    const failures = this.#failures.get(peer);
    if (failures === undefined) return;
    const waitMs = failures.since + FAILURE_WINDOW_MS - this.#now();
    if (waitMs <= 0) this.#failures.delete(peer);
    else if (failures.count >= MOST_FAILURES) {
      const seconds = Math.ceil(waitMs / 1000);
      const message = `Too many wrong passwords came from this address: try again in ${seconds} s.`;
      const error = RpcError.accessDenied(message, { appTag: 'too-many-requests' });
      throw new HttpError(429, error, { 'Retry-After': String(seconds) });
    }
  }

  #noteFailure(peer: string): void {
    if (this.#failures.size >= MOST_ADDRESSES) this.#failures.clear();
    const failures = this.#failures.get(peer);
    if (failures === undefined) this.#failures.set(peer, { count: 1, since: this.#now() });
    else failures.count += 1;
  }
}

function unauthorized(message: string): HttpError {
  return new HttpError(401, RpcError.accessDenied(message, { appTag: 'unauthorized' }), CHALLENGE);
}
