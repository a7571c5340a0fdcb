import type { Logger } from '../observe/log.ts';
import { RpcError } from '../yang/rpc-error.ts';
import { HttpError } from './errors.ts';

/** `busy`: more passwords wait to be checked than the server takes at once. */
export type PasswordVerdict = 'right' | 'wrong' | 'busy';

/** Who may log in; given by whoever composes the server. */
export interface Authenticator {
  /** @param peer the client's address */
  password(user: string, password: string, peer: string): Promise<PasswordVerdict>;
}

const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="Promise", charset="UTF-8"' };

/** Wrong passwords from one address within a minute before further ones are put off. */
const MOST_FAILURES = 20;
const FAILURE_WINDOW_MS = 60_000;
const MOST_ADDRESSES = 10_000;
/** What is kept and logged of a name that a stranger gave. */
const MOST_NAME_CHARACTERS = 64;
/** When a client that found the server busy may try again, in seconds. */
const BUSY_SECONDS = 2;

/** Wrong passwords that came from an address since a time. */
interface Failures {
  readonly since: number;
  count: number;
  readonly byUser: Map<string, number>;
}

/**
 * HTTP Basic authentication (RFC 7617, RFC 8040 §2.5), with a brake on guessing: an address that sent many wrong
 * passwords within a minute is answered 429 until the minute is over. A right password makes up for the wrong ones of the same user:
 * somebody else may be guessing from there.
 */
export class BasicAuthentication {
  readonly #authenticator: Authenticator;
  readonly #now: () => number;
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  readonly #failures = new Map<string, Failures>();

  /** @param now epoch milliseconds */
  constructor(authenticator: Authenticator, now: () => number, logger: Pick<Logger, 'info' | 'warn'>) {
    this.#authenticator = authenticator;
    this.#now = now;
    this.#logger = logger;
  }

  /**
   * @param authorization the Authorization header
   * @param peer the client's address
   * @returns the user's name
   * @throws HttpError 401, 429, 503
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
    const verdict = await this.#authenticator.password(user, decoded.slice(colon + 1), peer);
    // Others that were being checked at the same time may have failed: guesses all at once are no way around.
    this.#refuseGuessers(peer);
    if (verdict === 'right') {
      this.#forgive(user, peer);
      return user;
    }
    if (verdict === 'busy') throw busy();
    this.#noteFailure(user, peer);
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

  #firstFailure(peer: string): Failures {
    if (this.#failures.size >= MOST_ADDRESSES) this.#failures.clear();
    const failures = { since: this.#now(), count: 0, byUser: new Map<string, number>() };
    this.#failures.set(peer, failures);
    return failures;
  }

  #forgive(user: string, peer: string): void {
    const failures = this.#failures.get(peer);
    if (failures === undefined) return;
    const name = user.slice(0, MOST_NAME_CHARACTERS);
    failures.count -= failures.byUser.get(name) ?? 0;
    failures.byUser.delete(name);
    if (failures.count === 0) this.#failures.delete(peer);
  }

  #noteFailure(user: string, peer: string): void {
    const name = user.slice(0, MOST_NAME_CHARACTERS);
    this.#logger.info({ user: name, peer, method: 'password' }, 'login refused');
    const failures = this.#failures.get(peer) ?? this.#firstFailure(peer);
    failures.byUser.set(name, (failures.byUser.get(name) ?? 0) + 1);
    if (++failures.count === MOST_FAILURES) {
      this.#logger.warn({ peer }, 'too many wrong passwords: further logins from this address have to wait');
    }
  }
}

function busy(): HttpError {
  const message = `The server is checking as many passwords as it can: try again in ${BUSY_SECONDS} s.`;
  const error = RpcError.resourceDenied(message, { type: 'protocol', appTag: 'too-many-logins' });
  return new HttpError(503, error, { 'Retry-After': String(BUSY_SECONDS) });
}

function unauthorized(message: string): HttpError {
  return new HttpError(401, RpcError.accessDenied(message, { appTag: 'unauthorized' }), CHALLENGE);
}
