/**
 * Compiles libyang, pcre2 and the shim. The configuration headers that CMake would write are written here: the target is
 * known, nothing has to be probed.
 */
import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { run } from './apt.mjs';

const pcre2Units = (
  'auto_possess compile config context convert dfa_match error extuni find_bracket jit_compile maketables match ' +
  'match_data newline ord2utf pattern_info script_run serialize string_utils study substitute substring tables ucd ' +
  'valid_utf xclass'
).split(' ');

/** A pattern that runs away ends in an error: steps of one match, and kilobytes that it may take for backtracking. */
const pcre2Defines = [
  '-DHAVE_CONFIG_H',
  '-DPCRE2_CODE_UNIT_WIDTH=8',
  '-DSUPPORT_UNICODE',
  '-DPCRE2_STATIC',
  '-DMATCH_LIMIT=2000000',
  '-DHEAP_LIMIT=65536',
];

const libyangDefines = ['-std=c11', '-D_GNU_SOURCE', '-DSTATIC', '-DPCRE2_STATIC'];

export const wasmFlags = {
  compile: ['-O3', '-DNDEBUG', '-Wno-everything'],
  link: [
    '-O3',
    '-sSTANDALONE_WASM',
    '--no-entry',
    '-sALLOW_MEMORY_GROWTH=1',
    '-sIMPORTED_MEMORY=1',
    '-sINITIAL_MEMORY=16777216',
    '-sMAXIMUM_MEMORY=2147483648',
    '-sTOTAL_STACK=1048576',
    '-sERROR_ON_UNDEFINED_SYMBOLS=0',
    '-sFILESYSTEM=0',
    '-Wl,--stack-first,--wrap=malloc,--wrap=calloc,--wrap=realloc',
  ],
  /** Functions of the C library that the target lacks. */
  absent: ['HAVE_STRNSTR', 'HAVE_STRPTIME', 'IS_BIG_ENDIAN'],
  compat: ['compat/compat.c', 'compat/strptime.c'],
};

export const nativeFlags = {
  compile: ['-O3', '-DNDEBUG', '-w'],
  absent: ['HAVE_STRNSTR', 'IS_BIG_ENDIAN'],
  compat: ['compat/compat.c'],
};

async function versionsOf(cmake) {
  const read = (kind) =>
    ['MAJOR', 'MINOR', 'MICRO'].map((part) => {
      const found = new RegExp(`set\\(LIBYANG_${part}_${kind} (\\d+)\\)`).exec(cmake);
      if (found === null) throw new Error(`libyang/CMakeLists.txt has no LIBYANG_${part}_${kind}`);
      return found[1];
    });
  return { version: read('VERSION'), soversion: read('SOVERSION') };
}

async function substitute(from, to, values) {
  const text = await readFile(from, 'utf8');
  const filled = text.replace(/@([A-Z_]+)@/g, (_, name) => {
    if (!(name in values)) throw new Error(`${from}: no value for @${name}@`);
    return values[name];
  });
  await writeFile(to, filled);
}

/** Writes the configuration headers for both libraries below `tree`/generated. */
async function configure(tree, flags) {
  const generated = path.join(tree, 'generated');
  const libyang = path.join(tree, 'libyang');
  const pcre2 = path.join(tree, 'pcre2/src');
  await mkdir(path.join(generated, 'libyang'), { recursive: true });
  await mkdir(path.join(generated, 'pcre2'), { recursive: true });

  await copyFile(path.join(pcre2, 'pcre2.h.generic'), path.join(generated, 'pcre2/pcre2.h'));
  await copyFile(path.join(pcre2, 'config.h.generic'), path.join(generated, 'pcre2/config.h'));
  await copyFile(path.join(pcre2, 'pcre2_chartables.c.dist'), path.join(generated, 'pcre2/pcre2_chartables.c'));

  const { version, soversion } = await versionsOf(await readFile(path.join(libyang, 'CMakeLists.txt'), 'utf8'));
  const values = {
    LIBYANG_MAJOR_VERSION: version[0],
    LIBYANG_MINOR_VERSION: version[1],
    LIBYANG_MICRO_VERSION: version[2],
    LIBYANG_VERSION: version.join('.'),
    LIBYANG_MAJOR_SOVERSION: soversion[0],
    LIBYANG_MINOR_SOVERSION: soversion[1],
    LIBYANG_MICRO_SOVERSION: soversion[2],
    LIBYANG_SOVERSION_FULL: soversion.join('.'),
    LYD_VALUE_SIZE: '24',
    CMAKE_SHARED_MODULE_SUFFIX: '.so',
    PLUGINS_DIR_TYPES: '/nonexistent',
    PLUGINS_DIR_EXTENSIONS: '/nonexistent',
  };
  for (const header of ['ly_config.h', 'version.h']) {
    await substitute(path.join(libyang, `src/${header}.in`), path.join(generated, header), values);
  }
  const compat = await readFile(path.join(libyang, 'compat/compat.h.in'), 'utf8');
  await writeFile(
    path.join(generated, 'compat.h'),
    compat.replace(/^#cmakedefine (\w+).*$/gm, (_, name) =>
      flags.absent.includes(name) ? `/* ${name} is not defined */` : `#define ${name}`,
    ),
  );
  // The public headers include each other as <libyang/…> or from one directory.
  for (const directory of ['src', 'src/plugins_exts']) {
    for (const name of await readdir(path.join(libyang, directory))) {
      if (name.endsWith('.h')) {
        await copyFile(path.join(libyang, directory, name), path.join(generated, 'libyang', name));
      }
    }
  }
  for (const header of ['ly_config.h', 'version.h']) {
    await copyFile(path.join(generated, header), path.join(generated, 'libyang', header));
  }
}

async function units(tree, flags) {
  const generated = path.join(tree, 'generated');
  const libyang = path.join(tree, 'libyang');
  const pcre2 = path.join(tree, 'pcre2/src');
  const cmake = await readFile(path.join(libyang, 'CMakeLists.txt'), 'utf8');
  const listed = [...new Set([...cmake.matchAll(/^\s+(src\/[\w./]+\.c)\b/gm)].map((match) => match[1]))];
  const pcre2Include = [`-I${path.join(generated, 'pcre2')}`, `-I${pcre2}`];
  return [
    ...[
      ...pcre2Units.map((unit) => path.join(pcre2, `pcre2_${unit}.c`)),
      path.join(generated, 'pcre2/pcre2_chartables.c'),
    ].map((source) => ({ source, args: [...pcre2Include, ...pcre2Defines] })),
    ...[...listed, ...flags.compat].map((unit) => ({
      source: path.join(libyang, unit),
      args: [...includes(tree), ...libyangDefines],
    })),
  ];
}

function includes(tree) {
  const generated = path.join(tree, 'generated');
  const libyang = path.join(tree, 'libyang');
  return [
    `-I${generated}`,
    `-I${path.join(generated, 'pcre2')}`,
    `-I${path.join(libyang, 'src')}`,
    `-I${path.join(libyang, 'src/plugins_exts')}`,
    `-I${path.join(libyang, 'compat')}`,
  ];
}

async function inParallel(limit, items, work) {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const item = items[next++];
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

/** Compiles both libraries of the patched sources in `tree` into `tree`/objects. `compiler` is `{ cc, env }`. */
export async function compileLibraries(tree, compiler, flags, log) {
  await configure(tree, flags);
  const objects = path.join(tree, 'objects');
  await mkdir(objects, { recursive: true });
  const all = await units(tree, flags);
  let done = 0;
  await inParallel(Math.min(2, availableParallelism()), all, async ({ source, args }) => {
    const object = path.join(objects, `${path.relative(tree, source).replaceAll('/', '_')}.o`);
    await run(compiler.cc, [...flags.compile, ...args, '-c', source, '-o', object], { env: compiler.env });
    done += 1;
    if (done % 20 === 0 || done === all.length) log(`compiled ${done} of ${all.length} files`);
  });
}

/** Compiles the C files of the shim and links the WebAssembly module `output` from them and `tree`/objects. */
export async function linkWasm(tree, shim, compiler, work, output) {
  const sources = (await readdir(shim)).filter((name) => name.endsWith('.c'));
  const compiled = sources.map((name) => path.join(work, `${name}.o`));
  await inParallel(Math.min(2, availableParallelism()), sources, (name) =>
    run(
      compiler.cc,
      [
        '-O3',
        '-DNDEBUG',
        '-Wall',
        '-Wextra',
        '-Werror',
        `-I${shim}`,
        ...includes(tree).map((flag) => flag.replace(/^-I/, '-isystem')),
        ...libyangDefines,
        '-c',
        path.join(shim, name),
        '-o',
        path.join(work, `${name}.o`),
      ],
      { env: compiler.env },
    ),
  );
  const objects = (await readdir(path.join(tree, 'objects'))).map((name) => path.join(tree, 'objects', name));
  await run(compiler.cc, [...wasmFlags.link, ...compiled, ...objects, '-o', output], { env: compiler.env });
}
