#!/usr/bin/env node
/**
 * Builds `dist/libyang.wasm` and `modules/*.yang`: fetches the compiler and the sources, patches, compiles, and keeps every
 * result in a cache outside the tree, named by a hash of what went into it, so that nothing is done twice.
 *
 * Runs with Node alone, before any dependency is installed: `node scripts/build.mjs`.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openApt } from './apt.mjs';
import { compileLibraries, linkWasm, nativeFlags, wasmFlags } from './compile.mjs';
import { applyPatches } from './patches.mjs';
import { suites, unpackSources } from './sources.mjs';
import { openToolchain } from './toolchain.mjs';

const scripts = path.dirname(fileURLToPath(import.meta.url));
const home = path.dirname(scripts);
const shim = path.join(home, 'c');

/** Scripts that decide what the compiled libraries are, and those that decide how the build goes about it. */
const libraryScripts = ['compile.mjs', 'patches.mjs', 'sources.mjs'];
const buildScripts = [...libraryScripts, 'apt.mjs', 'build.mjs', 'toolchain.mjs'];

export const cacheDirectory = () =>
  path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'libyang-wasm');

async function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = await readFile(file);
    hash.update(`${path.relative(home, file)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

const isDirectory = (name) =>
  stat(name).then(
    (entry) => entry.isDirectory(),
    () => false,
  );

/**
 * Makes the directory `target` by filling a temporary one and renaming it, so that a directory that exists is complete and
 * builds that run at once do no harm: the first wins, the others use its result.
 */
export async function fillOnce(target, fill) {
  if (await isDirectory(target)) return;
  await mkdir(path.dirname(target), { recursive: true });
  const work = await mkdtemp(`${target}.`);
  try {
    await fill(work);
    await rename(work, target).catch(async (error) => {
      if (!(await isDirectory(target))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Gives `work` a function that opens a private apt configuration: at most once, only when something has to be fetched, and
 * in a directory of its own, since apt's are not made for two at a time.
 */
async function withApt(cache, log, work) {
  let directory;
  const open = async () => {
    await mkdir(cache, { recursive: true });
    directory = await mkdtemp(path.join(cache, 'apt.'));
    return openApt(directory, suites, log);
  };
  let opened;
  try {
    return await work(() => (opened ??= open()));
  } finally {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  }
}

/** The directory `name`-… with the patched and compiled libraries. */
async function libraries(name, flags, cache, apt, compiler, log) {
  const key = await hashOf(libraryScripts.map((script) => path.join(scripts, script)));
  const target = path.join(cache, `${name}-${key.slice(0, 16)}`);
  await fillOnce(target, async (work) => {
    await unpackSources(cache, work, apt, log);
    await applyPatches(work);
    await compileLibraries(work, await compiler(), flags, log);
  });
  return target;
}

/**
 * Builds the same patched libraries with the machine's own C compiler, for comparisons. Returns the directory that has
 * `objects`, `generated` and the sources.
 */
export async function buildNative({ log = () => {} } = {}) {
  const cache = cacheDirectory();
  const cc = async () => ({ cc: 'cc', env: process.env });
  return withApt(cache, log, (apt) => libraries('native', nativeFlags, cache, apt, cc, log));
}

async function copyInto(from, directory, names) {
  await mkdir(directory, { recursive: true });
  for (const name of names) {
    const temporary = path.join(directory, `.${name}.${process.pid}`);
    await copyFile(path.join(from, name), temporary);
    await rename(temporary, path.join(directory, name));
  }
}

/** The YANG modules in libyang's source that are published ones: its built-in set and those its tests use. */
async function publishedModules(tree) {
  const found = [];
  for (const directory of ['libyang/models', 'libyang/tests/modules/yang']) {
    for (const name of await readdir(path.join(tree, directory))) {
      if (/^[\w-]+@\d{4}-\d\d-\d\d\.yang$/.test(name)) found.push(path.join(tree, directory, name));
    }
  }
  return found;
}

async function artifacts(cache, log) {
  const sources = (await readdir(shim)).sort().map((name) => path.join(shim, name));
  const key = await hashOf([...buildScripts.map((name) => path.join(scripts, name)), ...sources]);
  const target = path.join(cache, key);
  await fillOnce(target, async (work) => {
    const started = Date.now();
    await withApt(cache, log, (apt) => makeArtifacts(work, cache, apt, log));
    log(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  });
  return target;
}

/** Fills `work` with libyang.wasm, modules/ and licenses/. */
async function makeArtifacts(work, cache, apt, log) {
  let opened;
  const compiler = async () => {
    const { emcc, env, license } = await (opened ??= openToolchain(cache, apt, log));
    return { cc: emcc, env, license };
  };
  const tree = await libraries('libraries', wasmFlags, cache, apt, compiler, log);
  log('linking libyang.wasm');
  await mkdir(path.join(work, 'modules'));
  for (const file of await publishedModules(tree)) {
    await copyFile(file, path.join(work, 'modules', path.basename(file)));
  }
  await mkdir(path.join(work, 'licenses'));
  const licenses = {
    libyang: path.join(tree, 'libyang/LICENSE'),
    pcre2: path.join(tree, 'pcre2/LICENCE'),
    emscripten: (await compiler()).license,
  };
  for (const [name, file] of Object.entries(licenses)) {
    if (file !== undefined) await copyFile(file, path.join(work, 'licenses', `${name}.txt`));
  }
  const objects = await mkdtemp(path.join(cache, 'objects.'));
  try {
    await linkWasm(tree, shim, await compiler(), objects, path.join(work, 'libyang.wasm'));
  } finally {
    await rm(objects, { recursive: true, force: true });
  }
}

/**
 * Makes `dist/libyang.wasm` and `modules/` of this package. `log` gets a line per step.
 * Throws an Error that names the command that failed and what it printed.
 */
export async function build({ log = () => {} } = {}) {
  const built = await artifacts(cacheDirectory(), log);
  await copyInto(built, path.join(home, 'dist'), ['libyang.wasm']);
  for (const [from, to] of [
    ['modules', 'modules'],
    ['licenses', 'dist/licenses'],
  ]) {
    await copyInto(path.join(built, from), path.join(home, to), await readdir(path.join(built, from)));
  }
  log('dist/libyang.wasm is up to date');
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await build({ log: (line) => console.log(`libyang-wasm: ${line}`) }).catch((error) => {
    console.error(`libyang-wasm: ${error.message}`);
    process.exitCode = 1;
  });
}
