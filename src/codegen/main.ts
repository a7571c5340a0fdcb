/**
 * Writes `src/generated` from the YANG modules. With `--check` it writes nothing and exits with 1 when a file differs from
 * what would be written.
 */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from './files.ts';
import { loadSchema } from './load.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const target = path.join(root, 'src', 'generated');

async function present(): Promise<ReadonlyMap<string, string>> {
  await mkdir(target, { recursive: true });
  const names = await readdir(target);
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(target, name), 'utf8')] as const)),
  );
}

const files = new Map(generate(loadSchema(path.join(root, 'dist', 'yang'))).map(({ name, text }) => [name, text]));
const old = await present();
const differing = [...new Set([...files.keys(), ...old.keys()])]
  .filter((name) => files.get(name) !== old.get(name))
  .sort();
if (process.argv.includes('--check')) {
  for (const name of differing) console.error(`src/generated/${name} is not what yang/ gives; run "npm run generate"`);
  process.exitCode = differing.length === 0 ? 0 : 1;
} else {
  for (const name of differing) {
    const text = files.get(name);
    if (text === undefined) await rm(path.join(target, name));
    else await writeFile(path.join(target, name), text);
    console.log(`src/generated/${name} ${text === undefined ? 'removed' : 'written'}`);
  }
  if (differing.length === 0) console.log('src/generated is up to date');
}
