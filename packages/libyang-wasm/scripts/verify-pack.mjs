#!/usr/bin/env node
/**
 * Packs the package, installs the tarball into an empty project and uses it there without the compiler in the path:
 * what is published must work on its own.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './apt.mjs';

const home = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const smoke = `
import { readFileSync, readdirSync } from 'node:fs';
import { Context, LibyangError, loadLibyang, modulesDirectory } from 'libyang-wasm';

const context = new Context(loadLibyang(), {
  modules: [{ name: 'ietf-interfaces', features: '*' }, { name: 'iana-if-type' }],
  importModule: ({ module }) => {
    const file = readdirSync(modulesDirectory).find((name) => name.startsWith(module + '@'));
    return file && { text: readFileSync(new URL(file, modulesDirectory), 'utf8'), format: 'yang' };
  },
});
const xml = (type) =>
  '<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>eth0</name>' +
  '<type xmlns:t="urn:ietf:params:xml:ns:yang:iana-if-type">' + type + '</type></interface></interfaces>';
const json = context.convert(xml('t:ethernetCsmacd'), { format: 'xml' }, { format: 'json' });
if (!json.includes('"iana-if-type:ethernetCsmacd"')) throw new Error('unexpected output: ' + json);
try {
  context.convert(xml('t:nothing'), { format: 'xml' }, { format: 'json' });
  throw new Error('invalid data were accepted');
} catch (error) {
  if (!(error instanceof LibyangError)) throw error;
}
console.log(json);
`;

const work = await mkdtemp(path.join(tmpdir(), 'libyang-wasm-pack-'));
try {
  await run('npm', ['pack', '--silent', '--pack-destination', work], { cwd: home });
  const { name, version } = JSON.parse(await readFile(path.join(home, 'package.json'), 'utf8'));
  const project = path.join(work, 'project');
  await mkdir(project);
  await writeFile(path.join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  await writeFile(path.join(project, 'smoke.mjs'), smoke);
  const tarball = path.join(work, `${name}-${version}.tgz`);
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball], { cwd: project });
  const output = await run(process.execPath, ['smoke.mjs'], { cwd: project, env: { HOME: work, PATH: '' } });
  console.log(`the installed package works: ${output.trim()}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await rm(work, { recursive: true, force: true });
}
