import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { readYamlFile } from './yaml-file.ts';

/** A host name or address and a TCP port; port 0 lets the system choose. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** What an operator may set; every member has a default. */
export interface Config {
  /** Holds the database, users, keys and certificate; readable by its owner only. */
  readonly dataDirectory: string;
  readonly restconf: {
    /** HTTPS. */
    readonly listen: ListenAddress;
    /** HTTP without TLS, only on loopback and only when asked for. */
    readonly plain?: ListenAddress;
  };
  readonly netconf: { readonly listen: ListenAddress };
  /** Where figures for monitoring are to be had, over HTTP and without a login; absent: nowhere. */
  readonly metrics?: { readonly listen: ListenAddress };
  /** The user whom no rule of access control binds (RFC 8341 §3.3.3); absent: there is none. */
  readonly recoveryUser?: string;
  /** Directories of additional YANG modules; every module in them is served. */
  readonly yangDirectories: readonly string[];
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly limits: {
    /** Bytes of one request body or NETCONF message. */
    readonly messageBytes: number;
    /** RESTCONF connections at once, for each address that is listened on. */
    readonly connections: number;
    /** NETCONF sessions at once, over all users. */
    readonly sessions: number;
    /** NETCONF sessions at once of one user. */
    readonly sessionsPerUser: number;
    /** Milliseconds without a message from the client after which a session without subscriptions ends; 0 for never. */
    readonly idleMs: number;
  };
  readonly simulator: {
    /** Whether providers of the simulated type may exist, and the module that drives them is served. */
    readonly enabled: boolean;
    /** Whether the first start registers one, under the id `simulated`. */
    readonly provider: boolean;
  };
  /** For providers of type openstack. */
  readonly openstack?: {
    /**
     * File with the certificates (PEM) of the authorities that are trusted for clouds that name none; absent: those that Node.js
     * trusts.
     */
    readonly caFile?: string;
    /** Which of a service's endpoints in Keystone's catalogue is used of clouds that do not say it; absent: public. */
    readonly interface?: 'public' | 'internal' | 'admin';
    /** Where Aodh's alarms arrive; absent: changes of servers are seen by polling alone. */
    readonly webhook?: {
      readonly listen: ListenAddress;
      /** The base URL by which the clouds reach the listener, when it is not its own address. */
      readonly url?: string;
    };
    /** Brokers from which Nova's notifications are taken. */
    readonly notifications?: readonly NotificationSettings[];
  };
}

/** A broker from which Nova's notifications are taken. */
interface NotificationSettings {
  /** Secret. */
  readonly url: string;
  readonly exchange: string;
  /** File with the certificates (PEM) of the authorities that are trusted for it; absent: those of `openstack.caFile`. */
  readonly caFile?: string;
}

const DEFAULT_RESTCONF = '127.0.0.1:8443';
const DEFAULT_NETCONF = '127.0.0.1:8830';

/** A port alone is a number in YAML. */
const listenAddress = z.union([z.string(), z.int()]).transform((given, context): ListenAddress => {
  try {
    return parseListenAddress(String(given));
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

/** What a settings file may hold; every member is optional. */
export const configFile = z.strictObject({
  'data-dir': z.string().min(1).optional(),
  restconf: z.strictObject({ listen: listenAddress.optional(), plain: listenAddress.optional() }).optional(),
  netconf: z.strictObject({ listen: listenAddress.optional() }).optional(),
  metrics: z.strictObject({ listen: listenAddress }).optional(),
  nacm: z.strictObject({ 'recovery-user': z.string().min(1).optional() }).optional(),
  'yang-dir': z.array(z.string().min(1)).optional(),
  'log-level': z.enum(LOG_LEVELS).optional(),
  limits: z
    .strictObject({
      'message-bytes': z.int().min(1024).max(1_073_741_824).optional(),
      connections: z.int().min(1).optional(),
      sessions: z.int().min(1).optional(),
      'sessions-per-user': z.int().min(1).optional(),
      'idle-seconds': z.int().min(0).optional(),
    })
    .optional(),
  simulator: z.strictObject({ enabled: z.boolean().optional(), provider: z.boolean().optional() }).optional(),
  openstack: z
    .strictObject({
      'ca-file': z.string().min(1).optional(),
      interface: z.enum(['public', 'internal', 'admin']).optional(),
      webhook: z.strictObject({ listen: listenAddress, url: z.url({ protocol: /^https?$/ }).optional() }).optional(),
      notifications: z
        .array(
          z.strictObject({
            url: z.string().optional(),
            'url-file': z.string().min(1).optional(),
            exchange: z.string().min(1).default('nova'),
            'ca-file': z.string().min(1).optional(),
          }),
        )
        .optional(),
    })
    .optional(),
});

/** Settings given on the command line; they win over the file. */
export interface CommandLineSettings {
  readonly config?: string;
  readonly dataDir?: string;
  readonly restconf?: string;
  readonly restconfPlain?: string;
  readonly netconf?: string;
  readonly metrics?: string;
  readonly yangDir?: readonly string[];
  readonly logLevel?: string;
}

/** A setting that cannot be used; the message says which, why, and what would be right. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

/**
 * The settings of a start: defaults, then the file, then the command line.
 * @throws ConfigError
 */
export function loadConfig(given: CommandLineSettings): Config {
  const file = given.config === undefined ? {} : readConfigFile(given.config);
  const plain = given.restconfPlain === undefined ? file.restconf?.plain : parseListenAddress(given.restconfPlain);
  if (plain !== undefined && !isLoopback(plain.host)) {
    throw new ConfigError(
      `RESTCONF without TLS is offered on loopback only, not on '${plain.host}': use 127.0.0.1, ::1 or localhost, or HTTPS (--restconf)`,
    );
  }
  const metrics = given.metrics === undefined ? file.metrics?.listen : parseListenAddress(given.metrics);
  const listen = (text: string | undefined, set: ListenAddress | undefined, fallback: string): ListenAddress =>
    text === undefined ? (set ?? parseListenAddress(fallback)) : parseListenAddress(text);
  return {
    dataDirectory: resolve(given.dataDir ?? file['data-dir'] ?? defaultDataDirectory()),
    restconf: {
      listen: listen(given.restconf, file.restconf?.listen, DEFAULT_RESTCONF),
      ...(plain === undefined ? {} : { plain }),
    },
    netconf: { listen: listen(given.netconf, file.netconf?.listen, DEFAULT_NETCONF) },
    ...(metrics === undefined ? {} : { metrics: { listen: metrics } }),
    ...(file.nacm?.['recovery-user'] === undefined ? {} : { recoveryUser: file.nacm['recovery-user'] }),
    yangDirectories: [...(file['yang-dir'] ?? []), ...(given.yangDir ?? [])].map((directory) => resolve(directory)),
    logLevel: (given.logLevel === undefined ? file['log-level'] : logLevelNamed(given.logLevel)) ?? 'info',
    limits: {
      messageBytes: file.limits?.['message-bytes'] ?? 64 * 1024 * 1024,
      connections: file.limits?.connections ?? 4096,
      sessions: file.limits?.sessions ?? 1024,
      sessionsPerUser: file.limits?.['sessions-per-user'] ?? 256,
      idleMs: (file.limits?.['idle-seconds'] ?? 0) * 1000,
    },
    simulator: { enabled: file.simulator?.enabled ?? true, provider: file.simulator?.provider ?? true },
    ...(file.openstack === undefined ? {} : { openstack: openStackSettings(file.openstack) }),
  };
}

function openStackSettings(
  file: NonNullable<z.infer<typeof configFile>['openstack']>,
): NonNullable<Config['openstack']> {
  const { 'ca-file': caFile, interface: face, webhook, notifications } = file;
  return {
    ...(caFile === undefined ? {} : { caFile: resolve(caFile) }),
    ...(face === undefined ? {} : { interface: face }),
    ...(webhook === undefined
      ? {}
      : { webhook: { listen: webhook.listen, ...(webhook.url === undefined ? {} : { url: webhook.url }) } }),
    ...(notifications === undefined ? {} : { notifications: notifications.map(notificationSource) }),
  };
}

type NotificationEntry = NonNullable<NonNullable<z.infer<typeof configFile>['openstack']>['notifications']>[number];

/** @throws ConfigError, without the URL: it holds a password */
function notificationSource({
  url,
  'url-file': file,
  exchange,
  'ca-file': caFile,
}: NotificationEntry): NotificationSettings {
  if ((url === undefined) === (file === undefined))
    throw new ConfigError("an entry of openstack.notifications needs either 'url' or 'url-file'");
  const text = url ?? readSecret(file ?? '');
  if (!isBrokerUrl(text)) {
    throw new ConfigError(
      'a URL in openstack.notifications is not of the form amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps, with % written %25',
    );
  }
  if (caFile !== undefined && new URL(text).protocol !== 'amqps:') {
    throw new ConfigError(
      `openstack.notifications has the ca-file ${caFile} for a broker that is reached without TLS: its URL is to begin with amqps, or ca-file to go`,
    );
  }
  return { url: text, exchange, ...(caFile === undefined ? {} : { caFile: resolve(caFile) }) };
}

function isBrokerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, host, username, password, pathname } = new URL(text);
  try {
    // What is escaped wrongly cannot be read as a name or a password.
    decodeURIComponent(username + password + pathname);
  } catch {
    return false;
  }
  return /^amqps?:$/.test(protocol) && host !== '';
}

function readSecret(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * `HOST:PORT`, `[IPv6]:PORT`, or a port alone, which means loopback.
 * @throws ConfigError
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(?:\[([0-9A-Fa-f:.%]+)\]|([^:[\]\s]+)):)?([0-9]{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65535) {
    throw new ConfigError(
      `'${text}' is not an address to listen on: HOST:PORT is expected, such as ${DEFAULT_RESTCONF} or [::1]:8443`,
    );
  }
  return { host: match[1] ?? match[2] ?? '127.0.0.1', port };
}

function logLevelNamed(text: string): Config['logLevel'] {
  const level = LOG_LEVELS.find((each) => each === text);
  if (level === undefined) throw new ConfigError(`'${text}' is not a log level: use one of ${LOG_LEVELS.join(', ')}`);
  return level;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(host);
}

/** The XDG place for state; a service sets `data-dir` to a place such as /var/lib/promise. */
function defaultDataDirectory(): string {
  const state = process.env['XDG_STATE_HOME'];
  return join(state !== undefined && isAbsolute(state) ? state : join(homedir(), '.local', 'state'), 'promise');
}

function readConfigFile(path: string): z.infer<typeof configFile> {
  let content: unknown;
  try {
    content = readYamlFile(path) ?? {};
  } catch (error) {
    throw new ConfigError(
      `the configuration file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const parsed = configFile.safeParse(content);
  if (!parsed.success)
    throw new ConfigError(`the configuration file ${path} is wrong:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
