import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPromise, type RunningPromise } from '../../src/app.ts';
import { NetconfClient } from '../../src/cli/demo/netconf-client.ts';
import { RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { loadConfig } from '../../src/config.ts';
import { systemClock, type Clock } from '../../src/engine/clock.ts';
import { silentLogger } from '../../src/observe/log.ts';
import type { Example } from './blocks.ts';
import { difference, type Difference, type Masking } from './comparison.ts';
import { http, netconf, pythonWithNcclient, shell, type Runner } from './runners.ts';

const PASSWORD = 'correct-horse';

/** An agent with everything that the examples of one document need. */
export class Stage {
  readonly #home: string;
  readonly #system: RunningPromise;
  readonly #masking: Masking;
  readonly #runners = new Map<string, Runner>();
  readonly #closers: (() => Promise<void> | void)[] = [];
  #session: ReturnType<typeof netconf> | undefined;

  private constructor(home: string, system: RunningPromise, masking: Masking) {
    this.#home = home;
    this.#system = system;
    this.#masking = masking;
  }

  /** @param begin the time at which the agent believes to start; absent for the time of this machine */
  static async open(begin: number | undefined): Promise<Stage> {
    const home = mkdtempSync(join(tmpdir(), 'promise-docs-'));
    mkdirSync(join(home, '.ssh'), { mode: 0o700 });
    const dataDir = join(home, '.local/state/promise');
    const config = loadConfig({ dataDir, restconf: '127.0.0.1:0', netconf: '127.0.0.1:0' });
    const clock = begin === undefined ? systemClock : shifted(begin - Date.now());
    const system = await startPromise({ config, logger: silentLogger, clock });
    await system.users.add('admin', { password: PASSWORD });
    writeFileSync(join(dataDir, 'first-password'), `${PASSWORD}\n`);
    return new Stage(home, system, {
      keepMinutes: begin !== undefined,
      replacements: [
        [system.restconf[0] ?? '', 'https://127.0.0.1:8443'],
        [`:${system.netconf.port}`, ':8830'],
        [home, '~'],
      ],
    });
  }

  /** Carries out an example. @returns how what it printed differs from what the document shows; undefined when it does not */
  async play(example: Example): Promise<Difference | undefined> {
    const { block, output } = example;
    const printed = await this.print(example);
    const shown = block.words.includes('notification') ? block : output;
    return shown === undefined ? undefined : this.compare(shown.text, printed);
  }

  compare(documented: string, printed: string): Difference | undefined {
    return difference(documented, printed, this.#masking);
  }

  /** What was printed with the addresses and places of the documents. */
  asDocumented(printed: string): string {
    return this.#masking.replacements.reduce((text, [from, to]) => text.replaceAll(from, to), printed);
  }

  /** Carries out an example. @returns what it printed */
  async print({ block, output }: Example): Promise<string> {
    if (!block.words.includes('notification')) {
      return await (await this.#runner(block.language)).run(block.text, output?.text);
    }
    const session = this.#session;
    if (session === undefined) throw new Error('a notification is shown before a NETCONF session is used');
    return await session.notification();
  }

  async close(): Promise<void> {
    for (const runner of this.#runners.values()) await runner.close();
    for (const close of this.#closers) await close();
    await this.#system.close();
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #runner(language: string): Promise<Runner> {
    const known = this.#runners.get(language);
    if (known !== undefined) return known;
    const made = await this.#make(language);
    this.#runners.set(language, made);
    return made;
  }

  async #make(language: string): Promise<Runner> {
    switch (language) {
      case 'sh':
        return shell(this.#environment());
      case 'http':
        return http(this.#restconf());
      case 'xml':
        this.#session = await this.#netconf();
        return this.#session;
      case 'python':
        return this.#python();
      default:
        throw new Error(`nothing carries out examples in '${language}'`);
    }
  }

  #environment(): Readonly<Record<string, string>> {
    return {
      HOME: this.#home,
      URL: this.#system.restconf[0] ?? '',
      CA: join(this.#home, '.local/state/promise/tls.crt'),
      PASSWORD,
      NETCONF_PORT: String(this.#system.netconf.port),
    };
  }

  #restconf(): RestconfClient {
    const client = new RestconfClient({
      url: this.#system.restconf[0] ?? '',
      certificate: this.#system.credentials.certificate,
      username: 'admin',
      password: PASSWORD,
    });
    this.#closers.push(() => client.close());
    return client;
  }

  async #netconf(): Promise<ReturnType<typeof netconf>> {
    const notifications: string[] = [];
    const client = await NetconfClient.connect({
      ...this.#system.netconf,
      username: 'admin',
      password: PASSWORD,
      traffic: (direction, text) => {
        if (direction === 'received' && /^<notification\b/.test(text)) notifications.push(text);
      },
    });
    return netconf(client, notifications);
  }

  /** A program reads its settings from the environment; the shell runs it. */
  #python(): Runner {
    const bash = shell(this.#environment());
    return {
      run: (text, shown) => bash.run(`${pythonWithNcclient() ?? 'python3'} - <<'PROGRAM'\n${text}\nPROGRAM`, shown),
      close: () => bash.close(),
    };
  }
}

/** The system's clock, so many milliseconds ahead. */
function shifted(offset: number): Clock {
  return {
    now: () => systemClock.now() + offset,
    at: (when, run) => systemClock.at(when - offset, run),
  };
}
