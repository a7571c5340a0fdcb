/** Promise itself, over RESTCONF, in front of the cloud. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPromise, type RunningPromise } from '../../src/app.ts';
import type { Inbox, Notification, Subscribed } from '../../src/cli/demo/consumer.ts';
import { all, leaf, type Content, type Json } from '../../src/cli/demo/content.ts';
import { RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { RestconfConsumer } from '../../src/cli/demo/restconf-consumer.ts';
import { loadConfig, type Config } from '../../src/config.ts';
import { createLogger } from '../../src/observe/log.ts';
import { url } from './control-plane/layout.ts';

export const USER = 'anna';
export const PASSWORD = 'correct horse battery staple';

/** How long a notification may take. */
const PATIENCE_MS = 90_000;

export class PromiseUnderTest {
  readonly logged: string[] = [];
  readonly #directory: string;
  readonly #more: Partial<Config>;
  #system: RunningPromise | undefined;
  #client: RestconfClient | undefined;
  #consumer: RestconfConsumer | undefined;

  private constructor(directory: string, more: Partial<Config>) {
    this.#directory = directory;
    this.#more = more;
  }

  static async start(more: Partial<Config> = {}): Promise<PromiseUnderTest> {
    const promise = new PromiseUnderTest(mkdtempSync(join(tmpdir(), 'promise-openstack-')), more);
    await promise.open();
    await promise.system.users.add(USER, { password: PASSWORD });
    return promise;
  }

  /** Starts on what is in the data directory. */
  async open(): Promise<void> {
    const config = loadConfig({ dataDir: this.#directory, restconf: '127.0.0.1:0', netconf: '127.0.0.1:0' });
    this.#system = await startPromise({
      config: {
        ...config,
        simulator: { enabled: false, provider: false },
        openstack: { webhook: { listen: { host: '127.0.0.1', port: 0 } } },
        ...this.#more,
      },
      logger: createLogger('warn', { write: (line) => void this.logged.push(line) }),
    });
    const { restconf, credentials } = this.#system;
    const access = { certificate: credentials.certificate, username: USER, password: PASSWORD };
    this.#client = new RestconfClient({ url: restconf[0] ?? '', ...access });
    this.#consumer = new RestconfConsumer(this.#client, 'json');
  }

  /** Stops; the data directory stays. */
  async stop(): Promise<void> {
    await this.#consumer?.close();
    this.#client?.close();
    await this.#system?.close();
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get system(): RunningPromise {
    if (this.#system === undefined) throw new Error('Promise has not been started');
    return this.#system;
  }

  get consumer(): RestconfConsumer {
    if (this.#consumer === undefined) throw new Error('Promise has not been started');
    return this.#consumer;
  }

  invoke(rpc: string, input: Json = {}): Promise<Content> {
    return this.consumer.invoke(`opnfv-promise:${rpc}`, input);
  }

  /** Registers the cloud as a tenant sees it; passwords are the names. */
  addProvider(user: string, more: Json = {}): Promise<Content> {
    return this.invoke('add-provider', { ...cloudOf(user), ...more });
  }

  /** A provider and a pool from it. */
  async setUp(user: string, capacity: Json): Promise<{ readonly provider: string; readonly pool: string }> {
    const provider = demanded(leaf(await this.addProvider(user), 'provider-id'), 'a provider-id');
    const pool = await this.invoke('increase-capacity', { source: provider, capacity });
    return { provider, pool: demanded(leaf(pool, 'pool-id'), 'a pool-id') };
  }

  subscribe(event: string): Promise<Subscribed> {
    return this.consumer.subscribe({ filter: { event: `opnfv-promise:${event}` } });
  }

  createInstance(provider: string, name: string, more: Json = {}): Promise<Content> {
    return this.invoke('create-instance', {
      'provider-id': provider,
      name,
      image: 'cirros',
      flavor: 'm1.tiny',
      networks: ['private'],
      ...more,
    });
  }

  destroyInstance(instance: string): Promise<Content> {
    return this.invoke('destroy-instance', { 'instance-id': instance });
  }
}

/** The input of add-provider for a tenant. */
export function cloudOf(user: string): Json {
  return {
    name: `cloud of ${user}`,
    'provider-type': 'openstack',
    strategy: 'keystone',
    endpoint: `${url('keystone')}/v3`,
    region: 'RegionOne',
    username: user,
    password: user,
    domain: 'Default',
    tenant: { name: user },
  };
}

export function demanded<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is not ${what}`);
  return value;
}

/** The notification, past or to come, whose leaves have these values. */
export async function told(inbox: Inbox<Notification>, leaves: Readonly<Record<string, string>>): Promise<Content> {
  const fits = ({ event }: Notification): boolean =>
    Object.entries(leaves).every(([name, value]) => all(event, name).some(({ text }) => text === value));
  return (await inbox.until(fits, PATIENCE_MS)).event;
}
