// Mutation testing: changes the engine in small ways, one at a time, and runs the tests that reach the change: what no test notices has survived.
//
// usage: npm run mutation -- MODULE…   modules of src/engine without .ts (window, 'placement*', commands/offer)
//   --all            all modules: hours
//   --quick          with the unit tests of decisions alone; property tests, which take most of the time, are left out
//   --again          only what survived in the last run of the module, as after tests were written for it, or after --quick
//   --with TEST      with these files of tests alone, of test/unit/engine (hosts) or of test (property/timeline; may be repeated): what they
//                    notice, all tests do
//   --timeout S      a change by which a test computes more than four times as long, and S seconds (5) more, is stopped: it never ends
//   --concurrency N  how many changes are tried at a time (1)
//
// The tests run once as they are first, for all modules together: what is of interest is best named in one call. What survived is printed with its
// place; the whole report is in reports/mutation/, a file for each module.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const report = join(root, 'reports/mutation.json');
const kept = join(root, 'reports/mutation');

/** Modules that decide nothing: they are tested by the loops around the engine, which no decision needs. */
const LOOPS = [
  'attachment-errands',
  'attachment-sweep',
  'bus',
  'clock',
  'deadline',
  'draining',
  'errands',
  'late-creations',
  'ledger',
  'log-ageing',
  'new-id',
  'provider-connection',
  'reconciler',
  'scheduler',
  'vim-references',
  'vim-reports',
];

/** Modules that everything is made of, and that have tests of their own: what no other test would find sooner. */
const TIMELINES = ['breakpoint-tree', 'instant-order', 'timeline', 'timeline-additions', 'timeline-cursor'];

const { values, positionals } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    with: { type: 'string', multiple: true, default: [] },
    timeout: { type: 'string', default: '5' },
    concurrency: { type: 'string', default: '1' },
  },
  allowPositionals: true,
});

const fileOf = (module) => `src/engine/${module}.ts`;
const reportOf = (module) => join(kept, `${module.replaceAll('/', '-')}.json`);
const missed = ({ status }) => status === 'Survived' || status === 'NoCoverage';

function fail(message) {
  console.error(`mutation: ${message}`);
  process.exit(2);
}

/** The modules that the command line names. */
function modulesNamed() {
  const known = readdirSync(join(root, 'src/engine'), { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
  if (values.all) return known;
  const named = positionals.flatMap((name) => {
    const pattern = name.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
    const modules = known.filter((each) => new RegExp(`^${pattern}$`).test(each));
    if (modules.length === 0) fail(`there is no ${fileOf(name)}`);
    return modules;
  });
  if (named.length === 0) fail("name modules of src/engine, such as window, 'placement*' or commands/offer, or --all");
  return [...new Set(named)];
}

/** What Stryker is to change of a module: all of it, or the places where something survived. */
function placesOf(module) {
  const file = fileOf(module);
  if (!values.again) return [file];
  if (!existsSync(reportOf(module))) fail(`${file} was not run yet: leave out --again`);
  const { source, mutants } = JSON.parse(readFileSync(reportOf(module), 'utf8')).files[file];
  if (source !== readFileSync(join(root, file), 'utf8'))
    fail(`${file} has changed since it was run: leave out --again`);
  const places = mutants.filter(missed).map(({ location: { start, end } }) => {
    return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
  });
  return [...new Set(places)];
}

/** Runs modules with some of the tests, as the environment of Stryker's configuration names them, and keeps the report of each. */
function run(modules, tests) {
  const places = modules.flatMap(placesOf);
  if (places.length === 0) return;
  const { status } = spawnSync(
    join(root, 'node_modules/.bin/stryker'),
    ['run', '--mutate', places.join(','), '--concurrency', values.concurrency],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...tests, MUTATION_TIMEOUT: values.timeout },
    },
  );
  if (status !== 0) process.exit(status ?? 1);
  const { files, ...about } = JSON.parse(readFileSync(report, 'utf8'));
  rmSync(report);
  for (const module of modules) {
    const file = fileOf(module);
    const { [file]: content } = files;
    if (content !== undefined)
      writeFileSync(reportOf(module), JSON.stringify({ ...about, files: { [file]: merged(module, content) } }));
  }
}

/** What was run now in place of what was known of the same changes. */
function merged(module, content) {
  if (!values.again) return content;
  const key = ({ location: { start, end }, replacement }) =>
    [start.line, start.column, end.line, end.column, replacement].join(' ');
  const now = new Map(content.mutants.map((mutant) => [key(mutant), mutant]));
  const { mutants } = JSON.parse(readFileSync(reportOf(module), 'utf8')).files[fileOf(module)];
  return { ...content, mutants: mutants.map((mutant) => (missed(mutant) ? (now.get(key(mutant)) ?? mutant) : mutant)) };
}

/** The files of tests that the command line names. */
function filesNamed() {
  return values.with.map((name) => {
    const file = [`test/unit/engine/${name}.test.ts`, `test/${name}.test.ts`].find((each) =>
      existsSync(join(root, each)),
    );
    return file ?? fail(`there is no ${name}.test.ts in test/unit/engine or test`);
  });
}

/** Prints what survived in a module; returns how much was noticed. Changes that do not run, or are switched off in the code, count for nothing. */
function tell(module) {
  const file = fileOf(module);
  const { source, mutants } = JSON.parse(readFileSync(reportOf(module), 'utf8')).files[file];
  const lines = source.split('\n');
  for (const { status, location, replacement, mutatorName } of mutants.filter(missed)) {
    const { line, column } = location.start;
    console.log(
      `${status} ${file}:${line}:${column} ${mutatorName}: ${replacement ?? ''}\n    ${lines[line - 1].trim()}`,
    );
  }
  const noticed = mutants.filter(({ status }) => ['Killed', 'Timeout', 'RuntimeError'].includes(status)).length;
  const survived = mutants.filter(missed).length;
  const score = noticed + survived === 0 ? 100 : (100 * noticed) / (noticed + survived);
  return `${module.padEnd(28)} ${score.toFixed(1).padStart(5)} %  ${noticed} noticed, ${survived} survived`;
}

if (!/^\d+$/.test(values.timeout)) fail('--timeout is a number of seconds');
const modules = modulesNamed();
mkdirSync(kept, { recursive: true });
const files = filesNamed();
if (files.length > 0) {
  run(modules, { MUTATION_FILES: files.join() });
} else {
  const sets = { loops: LOOPS, timelines: TIMELINES };
  for (const [tests, members] of Object.entries(sets)) {
    run(
      modules.filter((module) => members.includes(module)),
      { MUTATION_TESTS: tests },
    );
  }
  const others = modules.filter((module) => !Object.values(sets).flat().includes(module));
  run(others, { MUTATION_TESTS: values.quick ? 'quick' : 'decisions' });
}
const rows = modules.filter((module) => existsSync(reportOf(module))).map(tell);
for (const row of rows) console.log(row);
