/**
 * Operations per second through this package's API, text crossing the boundary included, beside the same patched libyang
 * compiled for this machine with its own C compiler.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Context, loadLibyang, modulesDirectory } from 'libyang-wasm';

const entries = 10_000;
const here = path.dirname(fileURLToPath(import.meta.url));
const moduleFile = path.join(here, 'example-bench.yang');

/** A script without types. */
interface BuildScript {
  readonly buildNative: (options: { readonly log: (line: string) => void }) => Promise<string>;
}

const input = {
  name: 'server-01',
  address: '192.0.2.17',
  port: 8443,
  transport: 'tls',
  certificate: 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A',
  load: '12.5',
  mode: 'standby',
  flags: 'up test',
  since: '2024-05-01T10:00:00+00:00',
  timeout: 120,
  tag: ['alpha', 'beta', 'gamma', 'delta'],
  knob: [null],
  big: '18446744073709551615',
  offset: -12345,
  id: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  user: 'somebody',
};

/** The texts that are worked on. */
function inputs(context: Context) {
  const list = Array.from({ length: entries }, (_, id) => ({
    id,
    name: `entry-${id}`,
    value: ((id * 7919) % 1_000_003) - 500_000,
    on: id % 3 === 0,
    kind: id % 2 === 0 ? 'ssh' : 'tls',
  }));
  const bulkJson = JSON.stringify({ 'example-bench:bulk': { entry: list } });
  const bulkXml = context.convert(bulkJson, { format: 'json' }, { format: 'xml' });
  const rpcJson = JSON.stringify({ 'example-bench:add-server': input });
  const call = context.parseRpc(rpcJson, { format: 'json' });
  const rpcXml = `<rpc xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="101">${call.print({ format: 'xml' })}</rpc>`;
  call.dispose();
  return { rpcXml, rpcJson, bulkXml, bulkJson };
}

function makeContext(): Context {
  return new Context(loadLibyang(), {
    modules: [{ name: 'ietf-netconf' }, { name: 'example-bench' }],
    importModule: ({ module }) => {
      if (module === 'example-bench') return { text: readFileSync(moduleFile, 'utf8'), format: 'yang' };
      const file = readdirSync(modulesDirectory).find((name) => name.startsWith(`${module}@`));
      return file === undefined
        ? undefined
        : { text: readFileSync(new URL(file, modulesDirectory), 'utf8'), format: 'yang' };
    },
  });
}

/** The best of five rounds. */
function measure(work: () => void): number {
  let best = 0;
  for (let round = 0; round < 5; round += 1) {
    const started = performance.now();
    let done = 0;
    let elapsed = 0;
    do {
      work();
      done += 1;
      elapsed = performance.now() - started;
    } while (elapsed < 200);
    best = Math.max(best, (1000 * done) / elapsed);
  }
  return best;
}

const context = makeContext();
const { rpcXml, rpcJson, bulkXml, bulkJson } = inputs(context);
const tree = context.parseData(bulkJson, { format: 'json' });
let next = 0;
const entry = () => {
  next = (next + 7919) % entries;
  return `/example-bench:bulk/entry[id='${next}']`;
};
const reparse = (text: string, format: 'xml' | 'json') =>
  context.convert(text, { format, parseOnly: true }, { format });

const works: readonly (readonly [string, string, () => void])[] = [
  [
    'rpc-xml',
    `RPC of 19 leafs, XML: parse + validate + free`,
    () => context.parseRpc(rpcXml, { format: 'xml', envelope: 'netconf' }).dispose(),
  ],
  ['rpc-json', 'the same, JSON', () => context.parseRpc(rpcJson, { format: 'json' }).dispose()],
  ['bulk-xml', `${(bulkXml.length / 1e6).toFixed(2)} MB XML: parse + print`, () => reparse(bulkXml, 'xml')],
  ['bulk-json', `${(bulkJson.length / 1e6).toFixed(2)} MB JSON: parse + print`, () => reparse(bulkJson, 'json')],
  ['validate', 'validate a list of 10,000', () => tree.validate()],
  ['xpath-key', 'XPath by list key in it', () => tree.count(`${entry()}/name`)],
  ['path-key', 'path by list key in it', () => tree.has(entry())],
  ['xpath-scan', 'XPath that visits every node of it', () => tree.count("//entry[on='true']")],
];

async function native(): Promise<Readonly<Record<string, number>>> {
  // The script's own exports; it has no declarations.
  const { buildNative } = (await import(new URL('../scripts/build.mjs', import.meta.url).href)) as BuildScript;
  const built = await buildNative({ log: (line) => console.error(`native libyang: ${line}`) });
  const work = mkdtempSync(path.join(tmpdir(), 'libyang-bench-'));
  try {
    const program = path.join(work, 'native');
    const objects = readdirSync(path.join(built, 'objects')).map((name) => path.join(built, 'objects', name));
    const include = [path.join(built, 'generated/libyang'), path.join(built, 'generated/pcre2')].map(
      (name) => `-I${name}`,
    );
    const compile = [
      '-O3',
      '-w',
      '-D_GNU_SOURCE',
      ...include,
      path.join(here, 'native.c'),
      ...objects,
      '-o',
      program,
      '-lm',
      '-lpthread',
    ];
    execFileSync('cc', compile, { stdio: 'inherit' });
    const files = { 'rpc.xml': rpcXml, 'rpc.json': rpcJson, 'bulk.xml': bulkXml, 'bulk.json': bulkJson };
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(work, name), text);
    const texts = Object.keys(files).map((name) => path.join(work, name));
    const output = execFileSync(program, [moduleFile, fileURLToPath(modulesDirectory), ...texts], { encoding: 'utf8' });
    // The program prints exactly this.
    return JSON.parse(output) as Readonly<Record<string, number>>;
  } finally {
    rmSync(work, { recursive: true });
  }
}

const figure = (value: number) => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
const baseline = await native();
console.log('| work | native, ops/s | WebAssembly, ops/s | ratio |\n|---|---|---|---|');
for (const [key, name, work] of works) {
  const here = measure(work);
  const there = baseline[key] ?? NaN;
  console.log(`| ${name} | ${figure(there)} | ${figure(here)} | ${(here / there).toFixed(2)} |`);
}
const started = performance.now();
makeContext().dispose();
const { linear, allocated } = context.memory();
console.log(`\na context of 2 modules: ${(performance.now() - started).toFixed(1)} ms`);
console.log(
  `memory: ${linear >> 20} MiB linear, ${allocated >> 10} KiB allocated, ${process.memoryUsage().rss >> 20} MiB RSS of the process`,
);
