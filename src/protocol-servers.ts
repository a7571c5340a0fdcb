/** Starts what clients talk to: RESTCONF and NETCONF, both in front of one agent and the same users. */
import { hostname } from 'node:os';
import type { CreatedAgent } from './agent/create-agent.ts';
import type { Config, ListenAddress } from './config.ts';
import type { Clock } from './engine/clock.ts';
import type { HostCredentials } from './host-credentials.ts';
import { startNetconfServer } from './netconf/server.ts';
import type { Logger } from './observe/log.ts';
import { TooManyLogins } from './password-checks.ts';
import type { PasswordVerdict } from './restconf/auth.ts';
import { RESTCONF_CAPABILITIES } from './restconf/discovery.ts';
import { streamLocation } from './restconf/resource.ts';
import { startRestconfServer } from './restconf/server.ts';
import type { Started } from './started.ts';
import type { PublicKey, Users } from './users.ts';

export interface ProtocolServersOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly created: CreatedAgent;
  readonly users: Users;
  readonly credentials: HostCredentials;
}

/** Where clients are served. */
export interface Served {
  /** Base URLs of RESTCONF, such as `https://127.0.0.1:8443`; the one with TLS first. */
  readonly restconf: readonly string[];
  readonly netconf: ListenAddress;
}

/** @throws Error when an address cannot be listened on */
export async function startServers(
  { config, logger, clock, created: { agent, facts }, users, credentials }: ProtocolServersOptions,
  started: Started,
): Promise<Served> {
  const { connections } = config.limits;
  const restconf = started.add(
    await startRestconfServer({
      agent,
      authenticator: { password: (user, password, peer) => verdictOn(users, user, password, peer) },
      logger,
      connections,
      tls: { ...config.restconf.listen, certificate: credentials.certificate, key: credentials.certificateKey },
      ...(config.restconf.plain === undefined ? {} : { plain: config.restconf.plain }),
      bodyBytes: config.limits.messageBytes,
      now: () => clock.now(),
    }),
    (server) => server.close(),
  );
  facts.restconfCapabilities = () => RESTCONF_CAPABILITIES;
  facts.streamAccess = (_context, stream) =>
    restconf.urls.slice(0, 1).flatMap((url) =>
      (['json', 'xml'] as const).map((encoding) => ({
        encoding,
        location: `${url}${streamLocation(stream, encoding)}`,
      })),
    );
  const netconf = started.add(
    await startNetconfServer({
      agent,
      listen: config.netconf.listen,
      hostKeys: credentials.hostKeys,
      authenticator: {
        password: (user, password) => verdictOn(users, user, password),
        publicKey: (user: string, key: PublicKey) => users.hasKey(user, key),
      },
      log: logger.child({ protocol: 'netconf' }),
      limits: {
        maxMessageSize: config.limits.messageBytes,
        maxSessions: config.limits.sessions,
        maxSessionsPerUser: config.limits.sessionsPerUser,
        idleTimeoutMs: config.limits.idleMs,
      },
      facts,
    }),
    (server) => server.close(),
  );
  return { restconf: restconf.urls, netconf: { host: netconf.address.address, port: netconf.address.port } };
}

/** @param peer the client's address, where nothing else bounds how many passwords come from it */
async function verdictOn(users: Users, user: string, password: string, peer?: string): Promise<PasswordVerdict> {
  try {
    return (await users.checkPassword(user, password, peer)) ? 'right' : 'wrong';
  } catch (error) {
    if (error instanceof TooManyLogins) return 'busy';
    throw error;
  }
}

/** What a certificate made at the first start is for: the names by which this machine is reached from itself, and the address. */
export function certificateNames(config: Config): readonly string[] {
  const { host } = config.restconf.listen;
  return [
    ...new Set(['localhost', '127.0.0.1', '::1', ...(host === '0.0.0.0' || host === '::' ? [hostname()] : [host])]),
  ];
}
