/**
 * The programs: libraries, broker and database come from Debian's packages, installed; the services' own packages are only unpacked,
 * so that none of their maintainer scripts runs and nothing of theirs is configured or started.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DIRECTORIES } from './layout.ts';

const INSTALLED = [
  'python3-keystone',
  'python3-placement',
  'python3-glance',
  'python3-nova',
  'python3-neutron',
  'python3-cinder',
  'python3-aodh',
  'python3-ceilometer',
  'python3-openstackclient',
  'python3-osc-placement',
  'python3-aodhclient',
  'python3-pymysql',
  'python3-pymemcache',
  'uwsgi-core',
  'uwsgi-plugin-python3',
  'rabbitmq-server',
  'mariadb-server-core',
  'mariadb-client-core',
] as const;

const UNPACKED = [
  'keystone',
  'placement-common',
  'placement-api',
  'glance-common',
  'glance-api',
  'nova-common',
  'nova-api',
  'nova-conductor',
  'nova-scheduler',
  'nova-compute',
  'neutron-common',
  'neutron-server',
  'neutron-api',
  'neutron-rpc-server',
  'cinder-common',
  'cinder-api',
  'cinder-scheduler',
  'cinder-volume',
  'aodh-common',
  'aodh-api',
  'aodh-listener',
  'aodh-notifier',
  'ceilometer-common',
  'ceilometer-agent-notification',
] as const;

/** The machine cannot have these packages: no test can run, which is no failure of a test. */
export class NotInstallable extends Error {
  override readonly name = 'NotInstallable';
}

/** Milliseconds for one run of apt-get or dpkg-deb. The installation takes three minutes where nothing else is going on. */
const PATIENCE = 12 * 60_000;
/** Milliseconds between two lines that say how far it is. */
const PROGRESS = 20_000;

/** Brings about that everything is there. @throws NotInstallable; Error when `signal` ends it. */
export async function ensurePackages(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const missing = INSTALLED.filter((name) => !isInstalled(name));
  if (missing.length > 0) {
    if (process.getuid?.() !== 0) {
      throw new NotInstallable(
        `these Debian packages are missing, and installing them needs root: ${missing.join(' ')}`,
      );
    }
    say(`installing ${missing.length} Debian packages and what they need (up to 140 MB, a few minutes)`);
    // Services that an installation would start stay where they are.
    await new Apt(say, signal).run(['install', '-y', '-q', '--no-install-recommends', ...missing]);
  }
  await unpack(say, signal);
}

function isInstalled(name: string): boolean {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' });
  return stdout === 'installed';
}

class Apt {
  readonly #say: (line: string) => void;
  readonly #signal: AbortSignal;

  constructor(say: (line: string) => void, signal: AbortSignal) {
    this.#say = say;
    this.#signal = signal;
  }

  /** Runs apt-get; when it fails, once more with fresh lists of packages. @throws NotInstallable, with what apt-get said. */
  async run(args: readonly string[], cwd = '/'): Promise<void> {
    if ((await this.#once(args, cwd)).code === 0) return;
    this.#say('apt-get failed; once more with fresh lists of packages');
    await this.#once(['update', '-q'], cwd);
    const { code, said } = await this.#once(args, cwd);
    if (code !== 0) throw new NotInstallable(`apt-get ${args[0]} failed: ${said.slice(-8).join('\n')}`);
  }

  async #once(
    args: readonly string[],
    cwd: string,
  ): Promise<{ readonly code: number | null; readonly said: string[] }> {
    const options = ['-o', 'APT::Sandbox::User=root', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8', RUNLEVEL: '1' };
    const child = spawn('apt-get', [...options, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said: string[] = [];
    for (const output of [child.stdout, child.stderr]) {
      createInterface(output).on('line', (line) => {
        if (line.trim() !== '') said.push(line.trim().slice(0, 200));
      });
    }
    const progress = setInterval(() => this.#say(`apt-get ${args[0]}: ${said.at(-1) ?? '…'}`), PROGRESS);
    // Asked to end, apt-get lets dpkg finish the package that it is at.
    const ended = AbortSignal.any([this.#signal, AbortSignal.timeout(PATIENCE)]);
    const end = (): void => void child.kill('SIGTERM');
    ended.addEventListener('abort', end, { once: true });
    try {
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject).once('close', resolve);
      });
      this.#signal.throwIfAborted();
      if (ended.aborted) said.push(`it was ended after ${PATIENCE / 60_000} minutes`);
      return { code, said };
    } catch (error) {
      this.#signal.throwIfAborted();
      throw new NotInstallable(
        `apt-get could not be started: ${error instanceof Error ? error.message : String(error)}`,
      );
    } finally {
      clearInterval(progress);
      ended.removeEventListener('abort', end);
    }
  }
}

async function unpack(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const { services, archives } = DIRECTORIES;
  const stamp = join(services, '.unpacked');
  const wanted = UNPACKED.join(' ');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say(`unpacking ${UNPACKED.length} Debian packages of the services`);
  for (const directory of [services, archives]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
  }
  await new Apt(say, signal).run(['download', '-q', ...UNPACKED], archives);
  for (const archive of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    const { status } = spawnSync('dpkg-deb', ['-x', join(archives, archive), services], { timeout: PATIENCE });
    if (status !== 0) throw new NotInstallable(`dpkg-deb could not unpack ${archive}`);
  }
  writeFileSync(stamp, wanted);
}
