// Stryker's way to run the tests: mocha in the runner's own process, loaded once, and of the tests only those that reach the mutant.
// Stryker's runner for mocha does not know the mocha that the suite runs with.
import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';
import Mocha from 'mocha';

/** Where the code that Stryker has instrumented looks which mutant is on, and counts what it reaches. */
const NAMESPACE = '__stryker__';
/** The part of its runs that a property has for each mutant, always the same ones. */
const PART = 1 / 20;
const SEED = 20_260_101;

/** Takes the place of fast-check for the tests that are loaded after it. */
function boundProperties() {
  const require = createRequire(import.meta.url);
  const real = require('fast-check');
  const assert = (property, parameters = {}) =>
    real.assert(property, {
      seed: SEED,
      ...parameters,
      numRuns: Math.ceil((parameters.numRuns ?? 100) * PART),
      // That it fails is all that is asked: the shortest history would take long to find.
      endOnFailure: true,
    });
  // Its exports cannot be changed: those of a copy can.
  require.cache[require.resolve('fast-check')].exports = { ...real, assert, default: { ...real.default, assert } };
}

/** How many times as long as without a change a test may compute. */
const FACTOR = 4;
/** Where the code that may be ended finds what it is to run. */
const TURN = '__turn__';

/** Runs what may compute for ever: V8 ends it. A process takes longer to start anew than most tests take. @throws Error when time is up. */
function ended(run, milliseconds) {
  globalThis[TURN] = run;
  return runInThisContext(`${TURN}()`, { timeout: milliseconds });
}

/** How long this process had nothing to do so far, milliseconds: it waited. */
function idle() {
  return performance.eventLoopUtilization().idle;
}

/** What becomes of a test that may wait for what never comes. @throws Error when the process had nothing to do for so long meanwhile. */
async function unlessInVain(outcome, milliseconds) {
  const before = idle();
  let timer;
  const inVain = new Promise((_resolve, reject) => {
    timer = setInterval(() => {
      if (idle() - before > milliseconds) reject(new Error('it waits for what never comes'));
    }, 100);
  });
  try {
    return await Promise.race([outcome, inVain]);
  } finally {
    clearInterval(timer);
  }
}

class MochaRunner {
  #mocha = new Mocha({ timeout: 60_000, reporter: 'min' });
  #instrumented = (globalThis[NAMESPACE] ??= {});
  #loaded = false;
  #follow = () => undefined;
  #options;
  /** What tests took of a processor in the first run, milliseconds: what else runs on the machine does not count. */
  #took = new Map();
  /** How long the process had nothing to do while they, and hooks, ran, milliseconds. */
  #waited = new Map();
  /** Those that are bounded. */
  #hooks = new Set();

  constructor(options) {
    this.#options = options;
  }

  capabilities() {
    // Modules are loaded once; a mutant that is reached while they load gets a process of its own.
    return { reloadEnvironment: false };
  }

  async init() {
    boundProperties();
    this.#mocha.cleanReferencesAfterRun(false);
    for (const file of this.#options.promiseTests) this.#mocha.addFile(file);
    const follow = (test) => this.#follow(test);
    this.#mocha.suite.beforeEach(function () {
      follow(this.currentTest);
    });
    // No change is tried that is reached meanwhile: loading is not part of the time that a change may take.
    if (this.#options.ignoreStatic) await this.#load();
  }

  async dryRun({ coverageAnalysis, disableBail }) {
    if (coverageAnalysis === 'perTest') {
      this.#follow = (test) => {
        this.#instrumented.currentTestId = test?.fullTitle();
      };
    }
    const result = await this.#run(disableBail);
    this.#follow = () => undefined;
    if (result.status !== 'complete' || coverageAnalysis === 'off') return result;
    return { ...result, mutantCoverage: this.#instrumented.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, disableBail, hitLimit, mutantActivation }) {
    this.#instrumented.hitLimit = hitLimit;
    this.#instrumented.hitCount = hitLimit === undefined ? undefined : 0;
    const exactly = testFilter?.map((id) => id.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
    this.#mocha.grep(exactly === undefined ? /(?:)/ : new RegExp(`^(?:${exactly})$`));
    const result = await this.#run(disableBail, activeMutant.id, mutantActivation);
    if (result.status !== 'complete') return result;
    if (hitLimit !== undefined && this.#instrumented.hitCount > hitLimit)
      return { status: 'timeout', reason: `reached ${hitLimit} times` };
    const nrOfTests = result.tests.length;
    const [failed] = result.tests.filter(({ status }) => status === FAILED);
    if (failed === undefined) return { status: 'survived', nrOfTests };
    return { status: 'killed', killedBy: [failed.id], failureMessage: failed.failureMessage, nrOfTests };
  }

  async #run(disableBail, mutant, activation) {
    try {
      if (!this.#loaded) {
        this.#instrumented.activeMutant = activation === 'static' ? mutant : undefined;
        await this.#load();
      }
      this.#instrumented.activeMutant = mutant;
      bail(this.#mocha.suite, !disableBail);
      return { status: 'complete', tests: await this.#tests() };
    } catch (error) {
      return { status: 'error', errorMessage: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  }

  async #load() {
    await this.#mocha.loadFilesAsync();
    this.#mocha.suite.eachTest((test) => {
      const { fn } = test;
      const title = test.fullTitle();
      const bounded = (run) => this.#bounded(title, run);
      const waitedFor = (outcome) => this.#waitedFor(title, outcome);
      test.fn = function (...args) {
        const outcome = bounded(() => fn.apply(this, args));
        return outcome instanceof Promise ? waitedFor(outcome) : outcome;
      };
    });
    this.#loaded = true;
  }

  #bounded(title, run) {
    const took = this.#took.get(title);
    if (took !== undefined) return ended(run, Math.ceil(FACTOR * took + this.#options.promiseTimeout));
    const before = process.cpuUsage();
    try {
      return run();
    } finally {
      const { user, system } = process.cpuUsage(before);
      this.#took.set(title, (user + system) / 1_000);
    }
  }

  /** What a test leaves to be waited for may be waited for in a hook. */
  #boundHook(hook) {
    const { fn } = hook;
    if (this.#hooks.has(hook) || fn.length > 0) return;
    this.#hooks.add(hook);
    const waitedFor = (outcome) => this.#waitedFor(hook, outcome);
    hook.fn = function () {
      const outcome = fn.call(this);
      return outcome instanceof Promise ? waitedFor(outcome) : outcome;
    };
  }

  async #waitedFor(runnable, outcome) {
    const normally = this.#waited.get(runnable);
    if (normally !== undefined) return unlessInVain(outcome, FACTOR * normally + this.#options.promiseTimeout);
    const before = idle();
    const result = await outcome;
    this.#waited.set(runnable, idle() - before);
    return result;
  }

  #tests() {
    return new Promise((resolve) => {
      const tests = [];
      const note = (test, outcome) => {
        const id = (test.ctx?.currentTest ?? test).fullTitle();
        tests.push({ id, name: id, fileName: test.file, timeSpentMs: test.duration ?? 0, ...outcome });
      };
      const running = this.#mocha.run(() => resolve(tests));
      running.on('hook', (hook) => this.#boundHook(hook));
      running.on('pass', (test) => note(test, { status: PASSED }));
      running.on('fail', (test, error) =>
        note(test, { status: FAILED, failureMessage: String(error?.message ?? error) }),
      );
    });
  }

  dispose() {
    return Promise.resolve();
  }
}

const PASSED = 0;
const FAILED = 1;

function bail(suite, on) {
  suite.bail(on);
  for (const child of suite.suites) bail(child, on);
}

function runner(options) {
  return new MochaRunner(options);
}
runner.inject = ['options'];

export const strykerPlugins = [{ kind: 'TestRunner', name: 'promise-mocha', factory: runner }];
