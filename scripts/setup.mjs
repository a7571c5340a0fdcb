// Sets up what is missing, and nothing else: dependencies, native addon, WebAssembly build, standard YANG modules,
// compiled JavaScript; with --test also the programs that the interoperability tests talk to.
// Runs on a bare clone, so it may import nothing but what Node brings. Results that cost time are cached by content in
// $XDG_CACHE_HOME/promise (default ~/.cache/promise) and in the cache of packages/libyang-wasm.
//
// usage: node scripts/setup.mjs [--test] [--no-app]
//   --test    also install the peers of the interoperability tests (Debian packages; needs root)
//   --no-app  stop before the application is compiled: the code generator runs on what is there by then
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'promise');
const wanted = new Set(process.argv.slice(2));
const log = (line) => console.log(`setup: ${line}`);

for (const flag of wanted) {
  if (flag !== '--test' && flag !== '--no-app') {
    console.error(`setup: unknown option ${flag}; it takes --test and --no-app`);
    process.exit(2);
  }
}
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`setup: Node ${process.versions.node} is too old; Promise needs 20.19 or later`);
  process.exit(1);
}

const digest = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 24);
};
const read = (path) => readFileSync(join(root, path));
const stampIs = (path, key) => existsSync(path) && readFileSync(path, 'utf8') === key;

/** Every file below a folder, sorted, for a digest of what is compiled. */
function filesBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function step(title, run) {
  const started = Date.now();
  const did = await run();
  if (did !== false) log(`${title}: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
  if (result.error) throw new Error(`cannot start ${command}: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${result.status ?? result.signal}`);
}

/** npm passes its own configuration down to what it starts; a nested npm should read its files instead. */
function cleanEnvironment(extra = {}) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(registry|cache|userconfig)$)/i.test(name),
  );
  return { ...Object.fromEntries(kept), ...extra };
}

function dependencies() {
  const stamp = join(root, 'node_modules/.promise-setup');
  const manifests = readdirSync(join(root, 'packages')).map((name) => read(`packages/${name}/package.json`));
  const key = digest(process.version, process.arch, read('package.json'), read('package-lock.json'), ...manifests);
  if (stampIs(stamp, key)) return false;
  log('installing the packages of package-lock.json');
  // No install script of a dependency runs: the only addon needed is built below.
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { env: cleanEnvironment() });
  writeFileSync(stamp, key);
  return true;
}

function sqliteAddon() {
  const folder = join(root, 'node_modules/better-sqlite3');
  const target = join(folder, 'build/Release/better_sqlite3.node');
  if (existsSync(target)) return false;
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { glibcVersionRuntime } = process.report.getReport().header;
  const libc = glibcVersionRuntime === undefined ? 'musl' : `glibc${glibcVersionRuntime}`;
  const kept = join(
    cache,
    `better-sqlite3-${version}-${process.platform}-${process.arch}-${process.versions.modules}-${libc}.node`,
  );
  mkdirSync(dirname(target), { recursive: true });
  if (existsSync(kept)) {
    copyFileSync(kept, target);
    return true;
  }
  log(`compiling better-sqlite3 ${version} (once; one to three minutes)`);
  debianPackages(['g++', 'make', 'python3'].filter((command) => !onPath(command)));
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include/node/node.h')) ? { npm_config_nodedir: prefix } : {};
  run('npm', ['rebuild', 'better-sqlite3', '--build-from-source', '--ignore-scripts=false', '--loglevel=error'], {
    env: cleanEnvironment(headers),
  });
  if (!existsSync(target)) throw new Error(`better-sqlite3 was compiled, but ${target} is not there`);
  mkdirSync(cache, { recursive: true });
  copyFileSync(target, `${kept}.${process.pid}`);
  renameSync(`${kept}.${process.pid}`, kept);
  return true;
}

function onPath(command) {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, command)));
}

/** Installs Debian packages, or says what the user has to install. */
function debianPackages(names) {
  if (names.length === 0) return;
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    throw new Error(`please install: ${names.join(' ')} (on Debian: sudo apt-get install ${names.join(' ')})`);
  }
  log(`installing Debian packages: ${names.join(' ')}`);
  const env = cleanEnvironment({ DEBIAN_FRONTEND: 'noninteractive' });
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...names];
  const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  if (spawnSync('apt-get', install, quiet).status === 0) return;
  run('apt-get', ['update', '-qq'], quiet);
  run('apt-get', install, quiet);
}

async function webAssembly() {
  const { build } = await import(pathToFileURL(join(root, 'packages/libyang-wasm/scripts/build.mjs')).href);
  return build({ log });
}

async function standardModules() {
  const { fetchStandardModules } = await import(pathToFileURL(join(root, 'scripts/standard-modules.mjs')).href);
  return fetchStandardModules({ log, cacheDir: cache });
}

function compile(project, sources, output) {
  const stamp = join(root, output, '.setup');
  const inputs = sources.flatMap((source) => (source.includes('.') ? [join(root, source)] : filesBelow(source)));
  const key = digest(...inputs.flatMap((path) => [path.slice(root.length), readFileSync(path)]));
  if (stampIs(stamp, key)) return false;
  run(join(root, 'node_modules/.bin/tsc'), ['-p', project]);
  writeFileSync(stamp, key);
  return true;
}

/** What the interoperability tests talk to: clients that this project did not write. */
function interoperabilityPeers() {
  const peers = [
    ['openssh-client', () => onPath('ssh')],
    ['sshpass', () => onPath('sshpass')],
    ['curl', () => onPath('curl')],
    ['yangcli', () => onPath('yangcli')],
    ['python3-ncclient', () => existsSync('/usr/lib/python3/dist-packages/ncclient')],
    ['python3-prometheus-client', () => existsSync('/usr/lib/python3/dist-packages/prometheus_client')],
  ];
  const missing = peers.filter(([, present]) => !present()).map(([name]) => name);
  if (missing.length === 0) return false;
  try {
    debianPackages(missing);
  } catch (error) {
    log(
      `NOT INSTALLED, the tests that need them are reported as pending, and fail under CI=true: ${missing.join(' ')} (${error.message})`,
    );
  }
  return true;
}

try {
  await step('dependencies', dependencies);
  await step('better-sqlite3', sqliteAddon);
  await step('libyang for WebAssembly', webAssembly);
  const compiler = ['tsconfig.base.json', 'package-lock.json'];
  const library = 'packages/libyang-wasm';
  await step('libyang-wasm', () =>
    compile(library, [`${library}/src`, `${library}/tsconfig.json`, ...compiler], `${library}/dist`),
  );
  await step('standard YANG modules', standardModules);
  if (!wanted.has('--no-app'))
    await step('promise', () => compile('.', ['src', 'bin', 'tsconfig.json', ...compiler], 'dist'));
  if (wanted.has('--test')) await step('peers of the tests', interoperabilityPeers);
} catch (error) {
  console.error(`setup: failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
