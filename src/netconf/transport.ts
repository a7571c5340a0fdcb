import { createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import ssh2, { type Connection, type ServerChannel, type Session as SshSession } from 'ssh2';
import type { Logger } from '../observe/log.ts';
import { authenticate, type Authenticator } from './auth.ts';
import { SshSessionChannel, type SessionChannel } from './channel.ts';
import { NegotiationWatch } from './negotiation.ts';

/** Who is at the other end of a channel. */
export interface Peer {
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

export interface SshLimits {
  /** Connections that have not logged in yet; more are closed at once. */
  readonly maxUnauthenticated: number;
  /** Milliseconds from the TCP connection to the login. */
  readonly loginTimeoutMs: number;
  /** Attempts to log in that fail before the connection is closed. */
  readonly maxLoginAttempts: number;
  /** Channels of one connection at once. */
  readonly maxChannels: number;
  /** Milliseconds that a connection may stay open without a `netconf` subsystem. */
  readonly unusedConnectionMs: number;
  /** Milliseconds of silence after which the client is asked for a sign of life; three without an answer end it. */
  readonly keepaliveMs: number;
}

export interface SshTransportOptions {
  /** Private keys in OpenSSH or PEM form, in order of preference. */
  readonly hostKeys: readonly string[];
  readonly authenticator: Authenticator;
  readonly limits: SshLimits;
  readonly log: Logger;
  /** A new `netconf` subsystem. A text returned says why there can be no session; the client is told. */
  readonly opened: (channel: SessionChannel, peer: Peer) => string | undefined;
}

/** RFC 6242 §3. */
const SUBSYSTEM = 'netconf';
/** How long a peer has to close its side of the TCP connection. */
const LINGER_MS = 2_000;
/** A client that sends more than twice its channel's window without waiting is not one to wait for. */
const MAX_UNREAD = 4 * 1024 * 1024;

/** The SSH server: logins, and channels with the `netconf` subsystem. */
export class SshTransport {
  readonly #options: SshTransportOptions;
  readonly #tcp: TcpServer;
  readonly #ssh: ssh2.Server;
  /** Connections by their peer's address and port: the library does not tell which socket a connection is on. */
  readonly #connections = new Map<string, SshConnection>();
  #unauthenticated = 0;

  constructor(options: SshTransportOptions) {
    this.#options = options;
    this.#ssh = new ssh2.Server({
      hostKeys: [...options.hostKeys],
      ident: 'Promise',
      keepaliveInterval: options.limits.keepaliveMs,
      keepaliveCountMax: 3,
    });
    this.#ssh.on('connection', (connection: Connection, info: ssh2.ClientInfo) => {
      this.#connections.get(peerKey(info.ip, info.port))?.begin(connection);
    });
    this.#ssh.on('error', (error: Error) => options.log.error({ err: error }, 'SSH server failed'));
    this.#tcp = createServer((socket) => this.#accept(socket));
  }

  /** @throws Error of node:net when the address cannot be listened on */
  async listen(host: string, port: number): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.#tcp.once('error', reject);
      this.#tcp.listen(port, host, () => {
        this.#tcp.off('error', reject);
        resolve();
      });
    });
    this.#tcp.on('error', (error) => this.#options.log.error({ err: error }, 'NETCONF listener failed'));
    // A TCP server has an address object while it listens; other kinds of server have a path.
    return this.#tcp.address() as AddressInfo;
  }

  /** Stops listening and ends every connection. Sessions should have been ended before. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    for (const connection of this.#connections.values()) connection.end('the server is stopping');
    await closed;
  }

  #accept(socket: Socket): void {
    const { limits, log } = this.#options;
    const host = socket.remoteAddress;
    const port = socket.remotePort;
    // The peer may be gone already.
    if (host === undefined || port === undefined || this.#unauthenticated >= limits.maxUnauthenticated) {
      log.warn({ host, limit: limits.maxUnauthenticated }, 'connection refused: too many have not logged in');
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    this.#unauthenticated += 1;
    const key = peerKey(host, port);
    const connection = new SshConnection(socket, { host, port }, this.#options, () => {
      this.#unauthenticated -= 1;
    });
    this.#connections.set(key, connection);
    socket.once('close', () => this.#connections.delete(key));
    this.#ssh.injectSocket(socket);
  }
}

/** One SSH connection from the TCP handshake to the end of its last channel. */
class SshConnection {
  readonly #socket: Socket;
  readonly #from: { readonly host: string; readonly port: number };
  readonly #options: SshTransportOptions;
  readonly #log: Logger;
  readonly #negotiation: NegotiationWatch;
  readonly #channels = new Set<SshSessionChannel>();
  /** Channels with a NETCONF session: those that were refused one do not count. */
  #sessions = 0;
  /** SSH channels that were opened, whether or not they have the subsystem yet. */
  #channelCount = 0;
  #connection: Connection | undefined;
  #user: string | undefined;
  /** Runs while there is no login, and later while there is no session. */
  #deadline: NodeJS.Timeout;
  #settleLogin: (() => void) | undefined;

  constructor(
    socket: Socket,
    from: { readonly host: string; readonly port: number },
    options: SshTransportOptions,
    loginSettled: () => void,
  ) {
    this.#socket = socket;
    this.#from = from;
    this.#options = options;
    this.#log = options.log.child(from);
    this.#negotiation = new NegotiationWatch(socket);
    this.#settleLogin = loginSettled;
    this.#deadline = setTimeout(() => this.end('no login in time'), options.limits.loginTimeoutMs);
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#closed());
  }

  /** The client has identified itself as an SSH client. */
  begin(connection: Connection): void {
    this.#connection = connection;
    connection.on('error', (error: Error & { level?: string }) => {
      const offered = error.level === 'handshake' ? this.#negotiation.offered() : undefined;
      const facts = { reason: error.message, ...(offered && { offered }) };
      // Many clients end with a reset once they have what they want.
      if (error.level === 'socket') this.#log.debug(facts, 'SSH connection lost');
      else this.#log.warn(facts, 'SSH connection failed');
      this.#destroySoon();
    });
    connection.on('handshake', () => this.#negotiation.stop());
    authenticate(connection, {
      authenticator: this.#options.authenticator,
      maxAttempts: this.#options.limits.maxLoginAttempts,
      log: this.#log,
      authenticated: (user) => this.#loggedIn(user),
      exhausted: () => this.end('too many failed logins'),
    });
    connection.on('session', (accept, reject) => this.#openChannel(accept, reject));
  }

  /** Ends every channel, then the connection; the socket is destroyed if the peer does not follow. */
  end(reason: string): void {
    this.#log.info({ reason }, 'SSH connection ended');
    for (const channel of this.#channels) channel.closed();
    this.#connection?.end();
    this.#destroySoon();
  }

  #destroySoon(): void {
    if (this.#connection === undefined) {
      this.#socket.destroy();
      return;
    }
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  #closed(): void {
    for (const channel of this.#channels) channel.closed();
    clearTimeout(this.#deadline);
    this.#negotiation.stop();
    this.#settleLogin?.();
    this.#settleLogin = undefined;
  }

  #loggedIn(user: string): void {
    this.#user = user;
    this.#settleLogin?.();
    this.#settleLogin = undefined;
    this.#log.info({ user }, 'logged in');
    this.#startUnusedTimer();
    this.#socket.on('data', () => this.#endFloods());
  }

  #startUnusedTimer(): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.end('no NETCONF session is open'), this.#options.limits.unusedConnectionMs);
  }

  #openChannel(accept: () => SshSession, reject: () => void): void {
    if (this.#channelCount >= this.#options.limits.maxChannels) {
      this.#log.warn({ limit: this.#options.limits.maxChannels }, 'channel refused: too many on one connection');
      reject();
      return;
    }
    const session = accept();
    this.#channelCount += 1;
    let opened: SshSessionChannel | undefined;
    session.on('subsystem', (acceptSubsystem: () => ServerChannel, refuse: () => void, info: { name: string }) => {
      if (info.name !== SUBSYSTEM || opened !== undefined) {
        this.#log.info({ subsystem: info.name }, 'subsystem refused: only netconf is served');
        refuse();
        return;
      }
      opened = this.#openSubsystem(acceptSubsystem());
    });
    session.on('close', () => {
      this.#channelCount -= 1;
      opened?.closed();
    });
    session.on('error', () => undefined);
  }

  #openSubsystem(stream: ServerChannel): SshSessionChannel {
    const channel = new SshSessionChannel(stream, this.#socket);
    this.#channels.add(channel);
    channel.onClosed(() => this.#channels.delete(channel));
    const peer = { user: this.#user ?? '', ...this.#from };
    const refusal = this.#options.opened(channel, peer);
    if (refusal !== undefined) {
      this.#log.warn({ user: peer.user, reason: refusal }, 'NETCONF session refused');
      stream.stderr.write(`NETCONF session refused: ${refusal}\n`);
      stream.exit(1);
      stream.end();
      return channel;
    }
    clearTimeout(this.#deadline);
    this.#sessions += 1;
    channel.onClosed(() => {
      this.#sessions -= 1;
      if (this.#sessions === 0) this.#startUnusedTimer();
    });
    return channel;
  }

  #endFloods(): void {
    for (const channel of this.#channels) {
      if (channel.unread > MAX_UNREAD) {
        this.#log.warn({ unread: channel.unread }, 'channel closed: the client does not respect its window');
        channel.abort();
      }
    }
  }
}

function peerKey(host: string | undefined, port: number | undefined): string {
  return `${host ?? ''} ${port ?? 0}`;
}
