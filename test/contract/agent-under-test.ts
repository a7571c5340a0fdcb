import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startPromise, type RunningPromise } from '../../src/app.ts';
import { NothingCame, type Inbox } from '../../src/cli/demo/consumer.ts';
import { NetconfClient, type NetconfClientOptions } from '../../src/cli/demo/netconf-client.ts';
import { RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { loadConfig, type Config } from '../../src/config.ts';
import { ManualClock } from '../../src/engine/clock.ts';
import { hostCredentials } from '../../src/host-credentials.ts';
import { createLogger } from '../../src/observe/log.ts';
import { makeSshKeyPair } from '../../src/ssh-key-pair.ts';

/** When agents under test believe they start. */
export const START = Date.parse('2027-03-01T08:00:00Z');

export const USER = 'anna';
export const PASSWORD = 'correct horse battery staple';
export const KEY = makeSshKeyPair('ed25519');

/** How long something that has to come may take, in the time of this machine. */
const PATIENCE_MS = 8_000;
/** How long nothing may happen before the agent's clock is moved to its next timer. */
const IDLE_MS = 60;
/** The farthest that the clock is moved for something that comes by itself, such as a boot. */
const FARTHEST_MS = 20_000;

/** Keys and certificate are made once for all agents of this process: RSA keys take their time. */
let credentials: Promise<string> | undefined;

function credentialsDirectory(): Promise<string> {
  credentials ??= (async () => {
    const directory = mkdtempSync(join(tmpdir(), 'promise-credentials-'));
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
    await hostCredentials(directory, ['localhost', '127.0.0.1', '::1']);
    return directory;
  })();
  return credentials;
}

export interface AgentOptions {
  readonly yangDirectories?: readonly string[];
  readonly plain?: boolean;
  readonly metrics?: boolean;
  readonly limits?: Partial<Config['limits']>;
  readonly recoveryUser?: string;
}

/** A whole system in a temporary directory, on free ports, whose time is moved by hand. */
export class AgentUnderTest {
  readonly clock: ManualClock;
  readonly directory: string;
  readonly system: RunningPromise;
  /** What was logged at level warn and above. */
  readonly logged: readonly string[];
  readonly #pump: NodeJS.Timeout;
  readonly #closers: (() => Promise<void> | void)[] = [];

  private constructor(clock: ManualClock, directory: string, system: RunningPromise, logged: readonly string[]) {
    this.clock = clock;
    this.directory = directory;
    this.system = system;
    this.logged = logged;
    // What is due at once waits for the clock to be asked; time itself does not move here.
    this.#pump = setInterval(() => clock.advance(0), 1);
  }

  static async start(options: AgentOptions = {}): Promise<AgentUnderTest> {
    const directory = mkdtempSync(join(tmpdir(), 'promise-test-'));
    const made = await credentialsDirectory();
    for (const file of readdirSync(made)) copyFileSync(join(made, file), join(directory, file));
    const clock = new ManualClock(START);
    const pump = setInterval(() => clock.advance(0), 1);
    const logged: string[] = [];
    const defaults = loadConfig({
      dataDir: directory,
      restconf: '127.0.0.1:0',
      netconf: '127.0.0.1:0',
      yangDir: options.yangDirectories ?? [],
      ...(options.plain === true ? { restconfPlain: '127.0.0.1:0' } : {}),
      ...(options.metrics === true ? { metrics: '127.0.0.1:0' } : {}),
    });
    try {
      const system = await startPromise({
        config: {
          ...defaults,
          ...(options.recoveryUser === undefined ? {} : { recoveryUser: options.recoveryUser }),
          limits: { ...defaults.limits, ...options.limits },
          simulator: { enabled: true, provider: false },
        },
        logger: createLogger('warn', { write: (line) => void logged.push(line) }),
        clock,
        random: () => 0.5,
      });
      await system.users.add(USER, { password: PASSWORD, key: KEY.public });
      return new AgentUnderTest(clock, directory, system, logged);
    } finally {
      clearInterval(pump);
    }
  }

  /** Base URL of HTTPS. */
  get url(): string {
    return this.system.restconf[0] ?? '';
  }

  /** An HTTP client, closed with the agent. */
  restconf(more: { readonly username?: string; readonly password?: string } = {}): RestconfClient {
    const client = new RestconfClient({
      url: this.url,
      certificate: this.system.credentials.certificate,
      username: USER,
      password: PASSWORD,
      ...more,
    });
    this.#closers.push(() => client.close());
    return client;
  }

  /** A NETCONF session, closed with the agent. */
  async netconf(more: Partial<NetconfClientOptions> = {}): Promise<NetconfClient> {
    const client = await NetconfClient.connect({
      ...this.system.netconf,
      username: USER,
      privateKey: KEY.private,
      ...more,
    });
    this.#closers.push(() => client.drop());
    return client;
  }

  /** Moves the agent's time on, and waits until what fell due has been carried out. */
  async reach(instant: number): Promise<void> {
    if (instant > this.clock.now()) this.clock.advanceTo(instant);
    await this.system.caughtUp();
  }

  /** The first item of an inbox, past or future, for which `test` holds. Time moves on to the next timer when nothing happens. */
  async arrived<Item>(inbox: Inbox<Item>, test: (item: Item) => boolean): Promise<Item> {
    const { value } = await this.until(async () => {
      try {
        return { value: await inbox.until(test, 1) };
      } catch (error) {
        if (error instanceof NothingCame && inbox.ended === undefined) return undefined;
        throw error;
      }
    }, 'a notification');
    return value;
  }

  /** Tries until `attempt` gives something. Time moves on to the next timer when nothing happens for a while. */
  async until<Value>(attempt: () => Promise<Value | undefined>, what: string): Promise<Value> {
    const begun = Date.now();
    const farthest = this.clock.now() + FARTHEST_MS;
    for (let idleSince = begun; Date.now() - begun < PATIENCE_MS;) {
      const value = await attempt();
      if (value !== undefined) return value;
      await wait(2);
      if (Date.now() - idleSince < IDLE_MS) continue;
      idleSince = Date.now();
      const { next } = this.clock;
      if (next !== undefined && next <= farthest) await this.reach(next);
    }
    throw new Error(`${what} did not come about within ${PATIENCE_MS} ms; logged: ${this.logged.join('')}`);
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
    await this.system.close();
    clearInterval(this.#pump);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
