// Everything that is checked without running the product: format, types, lint, layers, generated code, dead code.
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const tool = (name) => join(root, 'node_modules/.bin', name);
const checks = [
  ['format', tool('prettier'), ['--check', '--log-level', 'warn', '.']],
  ['types', tool('tsc'), ['-p', 'tsconfig.check.json']],
  ['lint', tool('eslint'), ['--max-warnings', '0', 'src', 'bin', 'test', 'packages']],
  ['layers', tool('depcruise'), ['--config', '.dependency-cruiser.cjs', 'src', 'bin']],
  ['generated code', process.execPath, ['--import', 'tsx', 'src/codegen/main.ts', '--check']],
  [
    'unused exports',
    tool('ts-unused-exports'),
    [
      'tsconfig.check.json',
      '--ignoreLocallyUsed',
      '--excludePathsFromReport=src/generated;packages/;test/;src/config.ts',
    ],
  ],
];

let failed = 0;
for (const [title, command, args] of checks) {
  const started = Date.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`check: ${title}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`);
  if (status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
