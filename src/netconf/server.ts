import type { AddressInfo } from 'node:net';
import type { ServerFacts } from '../agent/server-facts.ts';
import type { Logger } from '../observe/log.ts';
import type { Authenticator } from './auth.ts';
import { serverCapabilities } from './hello.ts';
import type { ServedAgent } from './operations/operation.ts';
import { NetconfSession, type SessionLimits } from './session.ts';
import { SshTransport, type Peer, type SshLimits } from './transport.ts';
import type { SessionChannel } from './channel.ts';

/** All limits of the server, each with the default it has when not given. */
export interface NetconfLimits extends SessionLimits, SshLimits {
  /** Sessions at once, over all users. */
  readonly maxSessions: number;
  /** Sessions at once of one user. */
  readonly maxSessionsPerUser: number;
}

export const DEFAULT_LIMITS: NetconfLimits = {
  maxSessions: 1024,
  maxSessionsPerUser: 256,
  maxMessageSize: 64 * 1024 * 1024,
  helloTimeoutMs: 30_000,
  idleTimeoutMs: 0,
  maxUnauthenticated: 64,
  loginTimeoutMs: 30_000,
  maxLoginAttempts: 6,
  maxChannels: 64,
  unusedConnectionMs: 60_000,
  keepaliveMs: 15_000,
};

export interface NetconfServerOptions {
  readonly agent: ServedAgent;
  readonly listen: { readonly host: string; readonly port: number };
  /** Private keys in OpenSSH or PEM form, in order of preference. */
  readonly hostKeys: readonly string[];
  readonly authenticator: Authenticator;
  readonly log: Logger;
  readonly limits?: Partial<NetconfLimits>;
  /** Where the capabilities of the hello are told to the monitoring data. */
  readonly facts?: Pick<ServerFacts, 'netconfCapabilities'>;
}

export interface NetconfServer {
  /** Where it listens; the port is the real one when 0 was asked for. */
  readonly address: AddressInfo;
  /** Ends every session and stops listening. */
  close(): Promise<void>;
}

/**
 * Serves an agent over NETCONF on SSH (RFC 6241, RFC 6242).
 * @throws Error when the address cannot be listened on or a host key cannot be read
 */
export async function startNetconfServer(options: NetconfServerOptions): Promise<NetconfServer> {
  const sessions = new Sessions(options.agent, { ...DEFAULT_LIMITS, ...options.limits }, options.log);
  const transport = new SshTransport({
    hostKeys: options.hostKeys,
    authenticator: options.authenticator,
    limits: sessions.limits,
    log: options.log,
    opened: (channel, peer) => sessions.open(channel, peer),
  });
  if (options.facts !== undefined) options.facts.netconfCapabilities = () => serverCapabilities(options.agent.yang);
  const address = await transport.listen(options.listen.host, options.listen.port);
  options.log.info({ transport: 'ssh', host: address.address, port: address.port }, 'NETCONF server listens');
  return {
    address,
    close: async () => {
      await sessions.close();
      await transport.close();
    },
  };
}

/** The server's open sessions, within its limits. */
class Sessions {
  readonly limits: NetconfLimits;
  readonly #agent: ServedAgent;
  readonly #log: Logger;
  readonly #open = new Map<NetconfSession, Promise<void>>();
  readonly #byUser = new Map<string, number>();
  #closing = false;

  constructor(agent: ServedAgent, limits: NetconfLimits, log: Logger) {
    this.#agent = agent;
    this.limits = limits;
    this.#log = log;
  }

  /** @returns why there can be no session, or undefined when there is one */
  open(channel: SessionChannel, peer: Peer): string | undefined {
    const { maxSessions, maxSessionsPerUser } = this.limits;
    if (this.#closing) return 'the server is stopping';
    const ofUser = this.#byUser.get(peer.user) ?? 0;
    if (this.#open.size >= maxSessions) return `the limit of ${maxSessions} sessions is reached`;
    if (ofUser >= maxSessionsPerUser) {
      return `the limit of ${maxSessionsPerUser} sessions of the user ${peer.user} is reached`;
    }
    this.#byUser.set(peer.user, ofUser + 1);
    const session = new NetconfSession({
      agent: this.#agent,
      channel,
      peer,
      limits: this.limits,
      log: this.#log,
      ended: () => this.#release(peer.user),
    });
    this.#open.set(
      session,
      session.run().then(() => {
        this.#open.delete(session);
      }),
    );
    return undefined;
  }

  /** Resolves when every session has sent what its client took, within seconds. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const session of this.#open.keys()) session.shutdown();
    await Promise.all(this.#open.values());
  }

  #release(user: string): void {
    const left = (this.#byUser.get(user) ?? 1) - 1;
    if (left === 0) this.#byUser.delete(user);
    else this.#byUser.set(user, left);
  }
}
