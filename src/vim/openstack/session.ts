/**
 * The conversation with one cloud: a token, the catalogue, microversions, and calls to services in the name of the account.
 *
 * A token that a service no longer takes is replaced once for everybody who waits, and the call is made again with the new one.
 */
import { VimError } from '../vim.ts';
import type { VimAccount } from '../vim.ts';
import {
  authentication,
  credentialsOf,
  decodeToken,
  endpointOf,
  identityUrl,
  interfacesOf,
  tokensUrl,
} from './keystone.ts';
import type { ServiceName, Token } from './keystone.ts';
import { decodeVersions, lower } from './microversion.ts';
import type { VersionRange } from './microversion.ts';
import { refusal } from './refusals.ts';
import { aborted } from './transport.ts';
import type { HttpAnswer, HttpRequest, Transport } from './transport.ts';

export interface SessionOptions {
  readonly account: VimAccount;
  readonly transport: Transport;
  /** Which of a service's endpoints is used: public, internal or admin. */
  readonly face: string;
}

/** How services call themselves in error messages and in the microversion header (api-sig "Microversion Specification"). */
const SERVICES: Readonly<
  Record<ServiceName, { readonly title: string; readonly path: string; readonly header?: string }>
> = {
  compute: { title: 'Nova', path: '', header: 'compute' },
  network: { title: 'Neutron', path: '/v2.0' },
  image: { title: 'Glance', path: '/v2' },
  placement: { title: 'Placement', path: '', header: 'placement' },
  volume: { title: 'Cinder', path: '', header: 'volume' },
  alarm: { title: 'Aodh', path: '/v2' },
};

const NO_HEADERS: Readonly<Record<string, string>> = {};

export interface Call {
  readonly method: HttpRequest['method'];
  /** Below the service's endpoint, with query. */
  readonly path: string;
  readonly body?: unknown;
  /** The newest microversion that the caller understands, such as `2.74`; of an older service its newest. */
  readonly version?: string;
  /** Default: whether the method is idempotent (RFC 9110, 9.2.2). */
  readonly repeatable?: boolean;
}

/** A service of the cloud. */
export interface Service {
  readonly title: string;
  /** @returns the body. @throws VimError, also for every status from 300 on. */
  call(call: Call, signal: AbortSignal): Promise<unknown>;
}

export class Session {
  readonly #options: SessionOptions;
  /** Ends the authentication under way with the session, not with the one caller that began it. */
  readonly #closed = new AbortController();
  readonly #versions = new Map<string, Promise<VersionRange>>();
  /** The services of the token's catalogue that were asked for; undefined: it has none. */
  readonly #services = new Map<ServiceName, Service | undefined>();
  #token: Token | undefined;
  #authenticating: Promise<Token> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The project that the token is for. @throws VimError. */
  async project(signal: AbortSignal): Promise<Token['project']> {
    return (await this.#current(signal)).project;
  }

  /** A service of the account's region. @throws VimError refused when the catalogue has none. */
  async service(name: ServiceName, signal: AbortSignal): Promise<Service> {
    const service = await this.findService(name, signal);
    if (service !== undefined) return service;
    const { account, face } = this.#options;
    const where = account.region === undefined ? '' : ` in region '${account.region}'`;
    const others = interfacesOf((await this.#current(signal)).catalogue, name, account.region);
    const there = others.length === 0 ? '' : `; there it is ${others.join(' and ')}`;
    throw new VimError('refused', `Keystone's catalogue has no ${face} endpoint of type ${name}${where}${there}.`);
  }

  /** A service of the account's region, undefined when the catalogue has none. @throws VimError. */
  async findService(name: ServiceName, signal: AbortSignal): Promise<Service | undefined> {
    const { catalogue } = await this.#current(signal);
    if (!this.#services.has(name)) this.#services.set(name, this.#serviceIn(catalogue, name));
    return this.#services.get(name);
  }

  /** @throws VimError refused for a region that the catalogue does not have. */
  #serviceIn(catalogue: Token['catalogue'], name: ServiceName): Service | undefined {
    const { account, face } = this.#options;
    const endpoint = endpointOf(catalogue, name, { region: account.region, face });
    if (endpoint === undefined) return undefined;
    const { title, path, header } = SERVICES[name];
    const base = path === '' || endpoint.endsWith(path) ? endpoint : `${endpoint}${path}`;
    /** The header for each microversion that was wanted. */
    const headers = new Map<string, Readonly<Record<string, string>>>();
    const headersFor = async (wanted: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>> => {
      const made = { 'openstack-api-version': `${header ?? ''} ${await this.#negotiate(base, title, wanted, signal)}` };
      headers.set(wanted, made);
      return made;
    };
    return {
      title,
      call: async (call, given) => {
        const { version } = call;
        const versioned =
          version === undefined || header === undefined
            ? NO_HEADERS
            : (headers.get(version) ?? (await headersFor(version, given)));
        const answer = await this.#send(base, call, versioned, given);
        if (answer.status < 300) return answer.body;
        throw refusal(title, `${call.method} ${call.path.replace(/\?.*/, '')}`, answer);
      },
    };
  }

  /** Ends what is under way. */
  close(): void {
    this.#closed.abort();
  }

  async #send(
    base: string,
    { method, path, body, repeatable = method !== 'POST' }: Call,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { transport } = this.#options;
    const send = (token: Token): Promise<HttpAnswer> =>
      transport.send({
        method,
        url: `${base}${path}`,
        headers: { ...headers, 'x-auth-token': token.id },
        ...(body === undefined ? {} : { body }),
        repeatable,
        signal,
      });
    const token = this.#token ?? (await this.#authenticate(signal));
    const answer = await send(token);
    // 401 means that nothing was done, so this is safe for every method.
    return answer.status === 401 ? send(await this.#renewed(token, signal)) : answer;
  }

  #current(signal: AbortSignal): Promise<Token> {
    return this.#token === undefined ? this.#authenticate(signal) : Promise.resolve(this.#token);
  }

  /** A token other than the one that was refused. */
  #renewed(refused: Token, signal: AbortSignal): Promise<Token> {
    if (this.#token === refused) this.#token = undefined;
    return this.#current(signal);
  }

  #authenticate(signal: AbortSignal): Promise<Token> {
    this.#authenticating ??= this.#fetchToken().finally(() => {
      this.#authenticating = undefined;
    });
    return untilAborted(this.#authenticating, signal);
  }

  async #fetchToken(): Promise<Token> {
    const { account, transport } = this.#options;
    if (account.endpoint === undefined)
      throw new VimError('refused', 'A provider of type openstack needs an endpoint.');
    const identity = identityUrl(account.endpoint);
    const answer = await transport.send({
      method: 'POST',
      url: tokensUrl(identity),
      body: authentication(account),
      // Another token does no harm.
      repeatable: true,
      signal: this.#closed.signal,
    });
    if (answer.status === 401) throw new VimError('unauthorized', rejection(account, identity));
    if (answer.status === 404 || answer.status === 300) {
      throw new VimError(
        'refused',
        `There is no Keystone v3 at ${identity}: it answered with status ${answer.status}.`,
      );
    }
    if (answer.status >= 300) throw refusal('Keystone', 'POST /auth/tokens', answer);
    const id = answer.header('x-subject-token');
    if (id === undefined) throw new VimError('failed', `${identity} gave no token; is it Keystone?`);
    this.#token = decoded(`Keystone's token`, () => decodeToken(id, answer.body));
    this.#services.clear();
    return this.#token;
  }

  /** The microversion for a call: `wanted`, or the newest of a service that is older. */
  async #negotiate(base: string, title: string, wanted: string, signal: AbortSignal): Promise<string> {
    let range = this.#versions.get(base);
    if (range === undefined) {
      range = this.#fetchVersions(base, title);
      range.catch(() => this.#versions.delete(base));
      this.#versions.set(base, range);
    }
    const { newest } = await untilAborted(range, signal);
    return lower(wanted, newest);
  }

  /** The document at a service's base (api-sig "Version discovery"); a project id at its end is no part of it. */
  async #fetchVersions(base: string, title: string): Promise<VersionRange> {
    const { signal } = this.#closed;
    const token = await this.#current(signal);
    const path = base.endsWith(`/${token.project.id}`) ? base.slice(0, -token.project.id.length - 1) : base;
    const answer = await this.#send(path, { method: 'GET', path: '/' }, {}, signal);
    if (answer.status >= 400) throw refusal(title, 'GET /', answer);
    return decoded(`${title}'s versions`, () => decodeVersions(answer.body));
  }
}

function rejection(account: VimAccount, identity: string): string {
  const { domain = 'default', tenant } = account;
  const project = tenant?.name ?? tenant?.id;
  const within = project === undefined ? '' : ` for the tenant '${project}'`;
  const credentials = credentialsOf(account);
  switch (credentials.method) {
    case 'password':
      return (
        `Keystone at ${identity} does not accept user '${credentials.username}' of domain '${domain}' with the password that was ` +
        `given${within}; it says the same of an unknown user or tenant, and of a user without a role in it.`
      );
    case 'application_credential':
      return (
        `Keystone at ${identity} does not accept the application credential '${credentials.id}' with the secret that was given; ` +
        'it says the same of one that is unknown or has expired.'
      );
    case 'token':
      return (
        `Keystone at ${identity} does not accept the token that was given${within}; ` +
        'it says the same of one that has expired, and of a tenant in which its user has no role.'
      );
  }
}

/** What `decode` makes of an answer. @throws VimError failed when the answer is not as the API reference has it. */
export function decoded<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof VimError) throw error;
    const detail = error instanceof Error ? error.message.replace(/\s+/g, ' ').slice(0, 300) : String(error);
    throw new VimError('failed', `${what} came in a form that is not known: ${detail}`, { cause: error });
  }
}

/** What comes of work that goes on for others, as long as who waits does. @throws VimError aborted. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(aborted());
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.finally(() => signal.removeEventListener('abort', stop)).then(resolve, reject);
  });
}
