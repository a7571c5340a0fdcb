// Runs the whole suite, or the test files named: node scripts/test.mjs [FILE|GLOB …]
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const named = process.argv.slice(2);
const files = named.length > 0 ? named : ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'];
const jobs = String(Math.max(2, availableParallelism()));
const result = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/mocha/bin/mocha.js'),
    '--parallel',
    '--jobs',
    jobs,
    '--reporter',
    join(root, 'scripts/reporter.cjs'),
    ...files,
  ],
  {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '--unhandled-rejections=strict' },
  },
);
process.exit(result.status ?? 1);
