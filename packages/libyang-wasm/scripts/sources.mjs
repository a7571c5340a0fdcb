/** The upstream sources, fetched as Debian source packages and held to the checksums below. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { run } from './apt.mjs';

export const sources = {
  libyang: {
    package: 'libyang/trixie',
    version: '3.12.2',
    archive: 'libyang_3.12.2.orig.tar.xz',
    sha256: 'd7b35a5f9f3a5b929b9c9ee0c2b1b63fbef7be788d88f74e1362b85990002db3',
  },
  pcre2: {
    package: 'pcre2/bookworm',
    version: '10.42',
    archive: 'pcre2_10.42.orig.tar.gz',
    sha256: 'c33b418e3b936ee3153de2c61cc638e7e4fe3156022a5c77d0711bcbb9d64f1f',
  },
};

/** The Debian releases that have them. */
export const suites = ['trixie', 'bookworm'];

async function checksum(file) {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

async function verify(file, source) {
  const actual = await checksum(file).catch(() => undefined);
  if (actual === source.sha256) return;
  const found = actual === undefined ? 'is missing' : `has SHA-256 ${actual}, expected ${source.sha256}`;
  throw new Error(`${source.package}: ${file} ${found}`);
}

/** Returns the path of one verified archive in the cache, downloading it when it is not there. */
async function fetchArchive(cache, source, apt, log) {
  const directory = path.join(cache, 'sources');
  const file = path.join(directory, source.archive);
  if (await stat(file).catch(() => undefined)) {
    await verify(file, source);
    return file;
  }
  await mkdir(directory, { recursive: true });
  const work = await mkdtemp(path.join(directory, 'fetch.'));
  try {
    log(`fetching ${source.archive}`);
    await (await apt()).source(source.package, work);
    const fetched = path.join(work, source.archive);
    await verify(fetched, source);
    await rename(fetched, file);
    return file;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Unpacks both sources as `libyang` and `pcre2` below `into`. */
export async function unpackSources(cache, into, apt, log) {
  for (const [name, source] of Object.entries(sources)) {
    const archive = await fetchArchive(cache, source, apt, log);
    const directory = path.join(into, name);
    await mkdir(directory, { recursive: true });
    await run('tar', ['-xf', archive, '-C', directory, '--strip-components=1']);
  }
}
