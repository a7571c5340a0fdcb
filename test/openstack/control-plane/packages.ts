/**
 * The programs: libraries, broker and database come from Debian's packages, installed; the services' own packages are only unpacked,
 * so that none of their maintainer scripts runs and nothing of theirs is configured or started.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** Brings about that everything is there. @throws NotInstallable. */
export function ensurePackages(say: (line: string) => void): void {
  const missing = INSTALLED.filter((name) => !isInstalled(name));
  if (missing.length > 0) {
    if (process.getuid?.() !== 0) {
      throw new NotInstallable(
        `these Debian packages are missing, and installing them needs root: ${missing.join(' ')}`,
      );
    }
    say(`installing ${missing.length} Debian packages and what they need (up to 140 MB, a few minutes)`);
    // Services that an installation would start stay where they are.
    apt(['install', '-y', '-qq', '--no-install-recommends', ...missing]);
  }
  unpack(say);
}

function isInstalled(name: string): boolean {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' });
  return stdout === 'installed';
}

/** Runs apt-get; when it fails, once more with fresh lists of packages. */
function apt(args: readonly string[], cwd = '/'): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const run = (each: readonly string[]): ReturnType<typeof spawnSync> =>
    spawnSync('apt-get', ['-o', 'APT::Sandbox::User=root', ...each], { cwd, env, encoding: 'utf8' });
  let result = run(args);
  if (result.status !== 0) {
    run(['update', '-qq']);
    result = run(args);
  }
  if (result.status !== 0) {
    const why = result.error?.message ?? String(result.stderr).trim().split('\n').at(-1) ?? '';
    throw new NotInstallable(`apt-get ${args[0]} failed: ${why}`);
  }
}

function unpack(say: (line: string) => void): void {
  const { services, archives } = DIRECTORIES;
  const stamp = join(services, '.unpacked');
  const wanted = UNPACKED.join(' ');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say(`unpacking ${UNPACKED.length} Debian packages of the services`);
  for (const directory of [services, archives]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
  }
  apt(['download', '-qq', ...UNPACKED], archives);
  for (const archive of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    const { status } = spawnSync('dpkg-deb', ['-x', join(archives, archive), services]);
    if (status !== 0) throw new NotInstallable(`dpkg-deb could not unpack ${archive}`);
  }
  writeFileSync(stamp, wanted);
}
