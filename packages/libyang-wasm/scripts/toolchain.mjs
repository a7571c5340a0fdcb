/**
 * The compiler: Emscripten from Debian. What is installed is used; root installs it; anyone else gets the packages unpacked
 * into the cache, with a configuration file that points there.
 */
import { access, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from './apt.mjs';

/** Debian's modules for Node are not in the path of a Node that is not Debian's own. */
const debianModules = 'usr/share/nodejs';

const exists = (file) =>
  access(file).then(
    () => true,
    () => false,
  );

function environment(root, extra = {}) {
  return {
    ...process.env,
    NODE_PATH: [path.join(root, debianModules), process.env.NODE_PATH].filter(Boolean).join(path.delimiter),
    EM_NODE_JS: process.execPath,
    ...extra,
  };
}

const license = 'usr/share/doc/emscripten/copyright';

/** An emcc that is in the path, with its licence where Debian has that. */
async function installed() {
  for (const directory of (process.env.PATH ?? '').split(path.delimiter)) {
    const emcc = path.join(directory, 'emcc');
    if (directory !== '' && (await exists(emcc))) {
      const file = path.join('/', license);
      return { emcc, env: environment('/'), license: (await exists(file)) ? file : undefined };
    }
  }
  return undefined;
}

async function unpacked(prefix) {
  const libraries = [path.join(prefix, 'usr/lib')];
  for (const entry of await readdir(path.join(prefix, 'usr/lib'))) {
    if (/-linux-/.test(entry)) libraries.push(path.join(prefix, 'usr/lib', entry));
    if (/^llvm-/.test(entry)) libraries.push(path.join(prefix, 'usr/lib', entry, 'lib'));
  }
  const python = path.join(prefix, 'usr/bin/python3');
  return {
    emcc: path.join(prefix, 'emcc'),
    license: path.join(prefix, license),
    env: environment(prefix, {
      EM_CONFIG: path.join(prefix, 'emscripten.config'),
      LD_LIBRARY_PATH: libraries.join(path.delimiter),
      ...((await exists(python)) ? { EMSDK_PYTHON: python } : {}),
    }),
  };
}

/** One directory with LLVM's programs, from the unpacked packages or, when it was installed already, the machine. */
async function linkTools(work, prefix, version) {
  const suffix = `-${version}`;
  await mkdir(path.join(work, 'tools'));
  const unpackedTools = (await readdir(path.join(work, 'usr/bin'))).filter((name) => name.endsWith(suffix));
  const machineTools = (await readdir('/usr/bin')).filter((name) => name.endsWith(suffix));
  for (const name of new Set([...unpackedTools, ...machineTools])) {
    const root = unpackedTools.includes(name) ? prefix : '/';
    await symlink(path.join(root, 'usr/bin', name), path.join(work, 'tools', name));
  }
}

async function unpack(prefix, apt, log) {
  const names = await apt.missing('emscripten');
  log(`unpacking ${names.length} packages of the compiler into the cache (no root rights to install them)`);
  const work = await mkdtemp(`${prefix}.`);
  try {
    const archives = path.join(work, 'archives');
    await mkdir(archives);
    await apt.download(names, archives);
    for (const archive of await readdir(archives)) {
      await run('dpkg-deb', ['-x', path.join(archives, archive), work]);
    }
    await rm(archives, { recursive: true });
    const emscripten = path.join(prefix, 'usr/share/emscripten');
    const llvm = (await readdir(path.join(work, 'usr/lib'))).find((entry) => /^llvm-\d+$/.test(entry));
    if (llvm === undefined) throw new Error('the compiler packages contain no LLVM');
    const version = llvm.slice('llvm-'.length);
    await linkTools(work, prefix, version);
    const settings = {
      EMSCRIPTEN_ROOT: emscripten,
      LLVM_ROOT: path.join(prefix, 'tools'),
      BINARYEN_ROOT: (await exists(path.join(work, 'usr/bin/wasm-opt'))) ? path.join(prefix, 'usr') : '/usr',
      NODE_JS: process.execPath,
      LLVM_ADD_VERSION: version,
      CLANG_ADD_VERSION: version,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
    await writeFile(path.join(work, 'emscripten.config'), `${lines.join('\n')}\nFROZEN_CACHE = True\n`);
    await writeFile(
      path.join(work, 'emcc'),
      `#!/bin/sh\nexec "\${EMSDK_PYTHON:-python3}" '${path.join(emscripten, 'emcc.py')}' "$@"\n`,
      { mode: 0o755 },
    );
    await rename(work, prefix).catch(async (error) => {
      if (!(await exists(prefix))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Returns the path of `emcc` and the environment to run it in, after making sure that both exist. */
export async function openToolchain(cache, apt, log) {
  const present = await installed();
  if (present !== undefined) return present;
  const prefix = path.join(cache, 'emscripten');
  if (process.getuid() === 0) {
    log('installing the compiler (apt-get install emscripten)');
    await run('apt-get', ['update', '-q']);
    const wait = ['-o', 'DPkg::Lock::Timeout=300'];
    await run('apt-get', [...wait, 'install', '-y', '-q', '--no-install-recommends', 'emscripten'], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    const now = await installed();
    if (now === undefined) throw new Error('the package emscripten is installed, but there is no emcc in the path');
    return now;
  }
  if (!(await exists(prefix))) await unpack(prefix, await apt(), log);
  return unpacked(prefix);
}
