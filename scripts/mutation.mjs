// Mutation testing: changes the engine in small ways, one at a time, and runs the tests that reach the change: what no test notices has survived.
//
// usage: npm run mutation -- MODULE…   modules of src/engine without .ts (commands/offer, window); several minutes each
//
// What survived is printed with its place; the whole report is in reports/mutation/.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const modules = process.argv.slice(2);
const unknown = modules.filter((name) => !existsSync(join(root, `src/engine/${name}.ts`)));
if (modules.length === 0 || unknown.length > 0) {
  for (const name of unknown) console.error(`mutation: there is no src/engine/${name}.ts`);
  console.error('usage: npm run mutation -- MODULE…   modules of src/engine, such as window or commands/offer');
  process.exit(2);
}

const report = join(root, 'reports/mutation.json');
const kept = join(root, 'reports/mutation');
mkdirSync(kept, { recursive: true });

/** Mutants by what became of them. Those that do not compile, or were switched off in the code, count for nothing. */
function summary(mutants) {
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  const found = count('Killed', 'Timeout', 'RuntimeError');
  const missed = count('Survived', 'NoCoverage');
  return { found, missed, score: found + missed === 0 ? 100 : (100 * found) / (found + missed) };
}

const rows = [];
for (const name of modules) {
  const { status } = spawnSync(join(root, 'node_modules/.bin/stryker'), ['run', '--mutate', `src/engine/${name}.ts`], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  renameSync(report, join(kept, `${name.replaceAll('/', '-')}.json`));
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const lines = source.split('\n');
    for (const { status: end, location, replacement, mutatorName } of mutants) {
      if (end !== 'Survived' && end !== 'NoCoverage') continue;
      const { line, column } = location.start;
      console.log(
        `${end} ${file}:${line}:${column} ${mutatorName}: ${replacement ?? ''}\n    ${lines[line - 1].trim()}`,
      );
    }
    rows.push([name, summary(mutants)]);
  }
}
for (const [name, { found, missed, score }] of rows)
  console.log(`${name.padEnd(24)} ${score.toFixed(1).padStart(5)} %  ${found} found, ${missed} not`);
