// Mutation testing of the engine (docs/verification.md). Which modules are mutated: scripts/mutation.mjs.
import { readdirSync } from 'node:fs';

const testsIn = (folder, about = /./) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts') && about.test(name))
    .map((name) => `${folder}/${name}`);

export default {
  packageManager: 'npm',
  plugins: ['./scripts/mutation/mocha-runner.mjs'],
  testRunner: 'promise-mocha',
  testRunnerNodeArgs: ['--import', 'tsx'],
  promiseTests: [...testsIn('test/unit/engine'), ...testsIn('test/property', /^(?!concurrency|store|yang)/)],
  warnings: { unknownOptions: false },
  coverageAnalysis: 'perTest',
  // Nothing else is copied to where the mutants run.
  ignorePatterns: ['**', '!src/**', '!test/**', '!scripts/mutation/**', '!*.json'],
  disableTypeChecks: false,
  concurrency: 1,
  timeoutMS: 10_000,
  dryRunTimeoutMinutes: 30,
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: 'reports/mutation.json' },
  tempDirName: 'reports/stryker',
};
