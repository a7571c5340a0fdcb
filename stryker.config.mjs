// Mutation testing of the engine (docs/verification.md). Which modules are mutated: scripts/mutation.mjs.
import { readdirSync } from 'node:fs';

const testsIn = (folder, wanted) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts') && wanted(name))
    .map((name) => `${folder}/${name}`);

/** Tests of the loops around the engine; they take long, and say little of what it decides. */
const LOOPS = /^(ledger|reconciler(-\w+)?|scheduler)\./;
/** Tests of timelines by themselves. */
const TIMELINES = /^(breakpoint-tree|instant-order|timeline)\./;
/** Of the others, those that take a second or more. */
const LONG = /^(explain-hosts|preemption-limits)\./;
/** Which tests run, by what is said of the mutants: they decide, are of the loops or of timelines, or a first look is enough. */
const TESTS = {
  decisions: [
    ...testsIn('test/unit/engine', (name) => !LOOPS.test(name)),
    ...testsIn('test/property', (name) => !/^(concurrency|store|tenancy|yang)/.test(name)),
  ],
  loops: testsIn('test/unit/engine', () => true),
  timelines: [
    ...testsIn('test/unit/engine', (name) => TIMELINES.test(name)),
    ...testsIn('test/property', (name) => TIMELINES.test(name)),
  ],
  quick: testsIn('test/unit/engine', (name) => !LOOPS.test(name) && !LONG.test(name)),
};

const {
  MUTATION_TESTS: tests = 'decisions',
  MUTATION_FILES: files = '',
  MUTATION_TIMEOUT: seconds = '5',
} = process.env;

export default {
  packageManager: 'npm',
  plugins: ['./scripts/mutation/mocha-runner.mjs'],
  testRunner: 'promise-mocha',
  testRunnerNodeArgs: ['--import', 'tsx'],
  promiseTests: files === '' ? TESTS[tests] : files.split(','),
  warnings: { unknownOptions: false },
  coverageAnalysis: 'perTest',
  // What is reached while modules load needs a process of its own, for each mutant.
  ignoreStatic: files !== '' || tests === 'quick',
  // Nothing else is copied to where the mutants run.
  ignorePatterns: ['**', '!src/**', '!test/**', '!scripts/mutation/**', '!*.json'],
  disableTypeChecks: false,
  concurrency: 1,
  // A test that computes for longer than it did is ended by the runner; this is for what waits, and for what the runner does not know yet.
  promiseTimeout: Number(seconds) * 1000,
  timeoutFactor: 4,
  timeoutMS: Number(seconds) * 4000,
  dryRunTimeoutMinutes: 30,
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: 'reports/mutation.json' },
  tempDirName: 'reports/stryker',
};
