// Brings every YANG module that the agent needs at run time into one directory, dist/yang/:
//
//   - the project's own, from yang/,
//   - those of the standards that no package carries, from yang/standard/,
//   - those that come with libyang's source, from packages/libyang-wasm/modules/,
//   - the others from Debian's package libyuma-base, which is unpacked into a cache and not installed.
//
// Node's own modules only: this runs before anything is installed or compiled.

import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Where the built package of libyang leaves the modules of libyang's source. */
const LIBYANG_MODULES = path.join(root, 'packages', 'libyang-wasm', 'modules');

/** Modules of libyang's source that are served or imported. It has older revisions of ietf-interfaces and ietf-ip too. */
const FROM_LIBYANG = [
  'iana-if-type@2014-05-08.yang',
  'ietf-datastores@2018-02-14.yang',
  'ietf-inet-types@2013-07-15.yang',
  'ietf-netconf-acm@2018-02-14.yang',
  'ietf-netconf-nmda@2019-01-07.yang',
  'ietf-netconf-with-defaults@2011-06-01.yang',
  'ietf-netconf@2011-06-01.yang',
  'ietf-origin@2018-02-14.yang',
  'ietf-restconf@2017-01-26.yang',
  'ietf-yang-library@2019-01-04.yang',
  'ietf-yang-metadata@2016-08-05.yang',
  'ietf-yang-schema-mount@2019-01-14.yang',
  'ietf-yang-structure-ext@2020-06-17.yang',
  'ietf-yang-types@2013-07-15.yang',
  'notifications@2008-07-14.yang',
];

const DEBIAN_PACKAGE = 'libyuma-base';

/** Modules of the Debian package that are served or imported. */
const FROM_DEBIAN = [
  'ietf-interfaces@2018-02-20.yang',
  'ietf-ip@2018-02-22.yang',
  'ietf-netconf-monitoring@2010-10-04.yang',
  'ietf-netconf-partial-lock@2009-10-19.yang',
  'nc-notifications.yang',
];

/**
 * Collects all modules in one directory.
 *
 * @param {object} [options]
 * @param {(line: string) => void} [options.log] told what takes time and what was done
 * @param {string} [options.cacheDir] parent of the cache; default `$XDG_CACHE_HOME/promise` or `~/.cache/promise`
 * @param {string} [options.target] directory to fill; default `dist/yang` of the project
 * @returns {Promise<string[]>} the modules' files, by absolute path, in alphabetical order
 */
export async function fetchStandardModules({
  log = () => {},
  cacheDir = defaultCacheDir(),
  target = defaultTarget(),
} = {}) {
  const sources = [
    ...(await ownModules(path.join(root, 'yang'))),
    ...(await ownModules(path.join(root, 'yang', 'standard'))),
    ...(await libyangModules()),
    ...(await debianModules(cacheDir, log)),
  ];
  await checkImports(sources);
  const changed = await mirror(sources, target);
  if (changed > 0)
    log(`YANG modules: ${sources.length} in ${path.relative(root, target)}, ${changed} of them new or changed`);
  return sources.map((source) => path.join(target, path.basename(source))).sort();
}

function defaultCacheDir() {
  return path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'promise');
}

function defaultTarget() {
  return path.join(root, 'dist', 'yang');
}

async function ownModules(directory) {
  const names = await readdir(directory);
  return names.filter((name) => name.endsWith('.yang')).map((name) => path.join(directory, name));
}

async function libyangModules() {
  const missing = await missingFrom(LIBYANG_MODULES, FROM_LIBYANG);
  if (missing.length > 0) {
    throw new Error(
      `${LIBYANG_MODULES} lacks ${missing.join(', ')}. ` +
        'The build of packages/libyang-wasm puts them there: run "npm run setup", or that build, first.',
    );
  }
  return FROM_LIBYANG.map((name) => path.join(LIBYANG_MODULES, name));
}

/** The selected modules of the Debian package; downloads it unless the cache has them. */
async function debianModules(cacheDir, log) {
  const key = createHash('sha256')
    .update(JSON.stringify([DEBIAN_PACKAGE, FROM_DEBIAN]))
    .digest('hex')
    .slice(0, 12);
  const cached = path.join(cacheDir, `yang-${key}`);
  if ((await missingFrom(cached, FROM_DEBIAN)).length > 0) {
    log(`YANG modules: downloading ${DEBIAN_PACKAGE} with apt-get`);
    await mkdir(cacheDir, { recursive: true });
    const work = await mkdtemp(path.join(cacheDir, 'yang-new-'));
    try {
      await unpackInto(work, cached, log);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return FROM_DEBIAN.map((name) => path.join(cached, name));
}

/** Downloads and unpacks in `work`, then puts the selected modules at `cached` in one step. */
async function unpackInto(work, cached, log) {
  const archive = await download(work, log);
  const unpacked = path.join(work, 'unpacked');
  await run('dpkg-deb', ['-x', archive, unpacked]);
  const selected = path.join(work, 'selected');
  await mkdir(selected);
  const files = (await readdir(unpacked, { recursive: true })).filter((file) => file.endsWith('.yang')).sort();
  for (const name of FROM_DEBIAN) {
    const file = files.find((candidate) => path.basename(candidate) === name);
    if (file === undefined) {
      throw new Error(
        `${path.basename(archive)} does not contain ${name}. Put the files ${FROM_DEBIAN.join(', ')} into ${cached} by hand.`,
      );
    }
    await copyFile(path.join(unpacked, file), path.join(selected, name));
  }
  try {
    await rename(selected, cached);
  } catch (error) {
    // Another run may have finished first, or an incomplete directory may be in the way.
    if ((await missingFrom(cached, FROM_DEBIAN)).length === 0) return;
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    await rm(cached, { recursive: true, force: true });
    await rename(selected, cached);
  }
}

/**
 * Downloads the Debian package into `work` with the machine's own sources of packages. Where it has no lists of packages
 * (`apt-get update` never ran), root fetches them for the machine, anyone else for this run only.
 */
async function download(work, log) {
  const privateState = path.join(work, 'apt');
  const attempts = [
    { before: undefined, options: [] },
    { before: [], options: [], rootOnly: true },
    { before: privateApt(privateState), options: privateApt(privateState) },
  ];
  let failure = '';
  for (const { before, options, rootOnly } of attempts) {
    if (rootOnly && process.getuid?.() !== 0) continue;
    try {
      if (before !== undefined) {
        log('YANG modules: fetching the lists of packages with apt-get update');
        if (before.length > 0) await mkdir(path.join(privateState, 'lists', 'partial'), { recursive: true });
        if (before.length > 0)
          await mkdir(path.join(privateState, 'cache', 'archives', 'partial'), { recursive: true });
        await run('apt-get', [...before, '-q', 'update'], { cwd: work });
      }
      // The sandbox user of apt may not write into a directory of ours.
      await run('apt-get', [...options, '-q', '-o', 'APT::Sandbox::User=root', 'download', DEBIAN_PACKAGE], {
        cwd: work,
      });
      const archive = (await readdir(work)).find(
        (name) => name.startsWith(`${DEBIAN_PACKAGE}_`) && name.endsWith('.deb'),
      );
      if (archive !== undefined) return path.join(work, archive);
    } catch (error) {
      if (error.code === 'ENOENT') {
        throw new Error(
          `apt-get is missing: on a system other than Debian, put the files ${FROM_DEBIAN.join(', ')} into the cache by hand.`,
        );
      }
      failure = String(error.stderr || error.message).trim();
    }
  }
  throw new Error(`apt-get could not download ${DEBIAN_PACKAGE}: ${failure}`);
}

/** Options with which apt-get keeps all its state in `directory` and so needs no privileges. */
function privateApt(directory) {
  const settings = {
    'Dir::State::Lists': path.join(directory, 'lists'),
    'Dir::Cache': path.join(directory, 'cache'),
    'Debug::NoLocking': '1',
    'APT::Sandbox::User': 'root',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** Refuses a set of modules in which one imports what is not there. */
async function checkImports(sources) {
  const present = new Set(sources.map((source) => path.basename(source, '.yang').split('@')[0]));
  for (const source of sources) {
    const text = (await readFile(source, 'utf8')).replace(/"(?:[^"\\]|\\.)*"/gs, withoutProse);
    for (const [, imported] of text.matchAll(/^\s*(?:import|include)\s+"?([A-Za-z_][\w.-]*)"?\s*[{;]/gm)) {
      if (!present.has(imported))
        throw new Error(`${source} imports ${imported}, which none of the sources of modules has.`);
    }
  }
}

/** Descriptions contain examples; what runs over a line is prose, a module's name does not. */
function withoutProse(quoted) {
  return quoted.includes('\n') ? '""' : quoted;
}

/** Makes `target` contain the sources and no other module; returns how many files were written. */
async function mirror(sources, target) {
  await mkdir(target, { recursive: true });
  const wanted = new Map(sources.map((source) => [path.basename(source), source]));
  for (const name of await readdir(target)) {
    if (name.endsWith('.yang') && !wanted.has(name)) await rm(path.join(target, name));
  }
  let written = 0;
  for (const [name, source] of wanted) {
    const text = await readFile(source);
    const file = path.join(target, name);
    const old = await readFile(file).catch(() => undefined);
    if (old !== undefined && old.equals(text)) continue;
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
    written += 1;
  }
  return written;
}

async function missingFrom(directory, names) {
  const found = await Promise.all(
    names.map((name) =>
      stat(path.join(directory, name)).then(
        (entry) => entry.size > 0,
        () => false,
      ),
    ),
  );
  return names.filter((_, index) => !found[index]);
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await fetchStandardModules({ log: console.log });
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
