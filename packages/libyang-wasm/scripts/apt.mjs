/**
 * A private apt configuration: package lists, caches and sources of its own, so that the machine's stay as they are. It
 * works for any user. The mirror is the one that the machine itself uses.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Runs a command, returns its standard output; a failure's message carries the command and what it printed. */
export async function run(command, args, options = {}) {
  try {
    const { stdout } = await execute(command, args, { maxBuffer: 64 << 20, ...options });
    return stdout;
  } catch (error) {
    const output = `${error.stderr ?? ''}${error.stdout ?? ''}`.trim().split('\n').slice(-20).join('\n');
    const reason = error.code === 'ENOENT' ? `${command} is not installed` : output || error.message;
    throw new Error(`${command} ${args.join(' ')} failed:\n${reason}`, { cause: error });
  }
}

/** The Debian mirror in the machine's apt configuration and the machine's own release. */
async function machine() {
  // What would be fetched is known before any list is there, as on a machine that was just made.
  const fetched = await run('apt-get', ['update', '--print-uris', '-q']);
  const sites = [...new Set([...fetched.matchAll(/^'(\S+?)\/dists\//gm)].map(([, site]) => site))];
  const mirror = sites.find((site) => /\/debian\/?$/.test(site));
  if (mirror === undefined) {
    throw new Error(`no Debian mirror in the machine's apt configuration (found: ${sites.join(', ') || 'nothing'})`);
  }
  const release = /^VERSION_CODENAME=(\w+)/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  if (release === undefined) throw new Error('/etc/os-release has no VERSION_CODENAME');
  return { mirror, release };
}

/**
 * Opens the private configuration under `directory`.
 * `suites` are the releases whose source packages are wanted, beside the machine's own.
 */
export async function openApt(directory, suites, log) {
  const { mirror, release } = await machine();
  for (const sub of ['lists/partial', 'cache/archives/partial', 'log']) {
    await mkdir(path.join(directory, sub), { recursive: true });
  }
  const signed = `[signed-by=${keyring}]`;
  const lines = [
    `deb ${signed} ${mirror} ${release} main`,
    ...[...new Set([...suites, release])].map((suite) => `deb-src ${signed} ${mirror} ${suite} main`),
  ];
  await writeFile(path.join(directory, 'sources.list'), `${lines.join('\n')}\n`);
  const options = Object.entries({
    'Dir::Etc::SourceList': path.join(directory, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': path.join(directory, 'lists'),
    'Dir::Cache': path.join(directory, 'cache'),
    'Dir::Log': path.join(directory, 'log'),
    'APT::Sandbox::User': process.getuid() === 0 ? 'root' : '',
    'Acquire::Languages': 'none',
    'Debug::NoLocking': 'true',
  }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  log(`reading package lists of ${mirror} (${[...new Set([...suites, release])].join(', ')})`);
  await run('apt-get', [...options, 'update', '-q']);
  return {
    /** Downloads `name=version` (or `name/suite`) as a source package into `into`; apt checks sizes and signed hashes. */
    source: (what, into) => run('apt-get', [...options, '-q', 'source', '--download-only', what], { cwd: into }),
    /** The binary packages that installing `name` would add to this machine. */
    missing: async (name) => {
      const plan = await run('apt-get', [...options, '-s', '-q', '--no-install-recommends', 'install', name]);
      return [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]);
    },
    /** Downloads binary packages as files into `into`. */
    download: (names, into) => run('apt-get', [...options, '-q', 'download', ...names], { cwd: into }),
  };
}
