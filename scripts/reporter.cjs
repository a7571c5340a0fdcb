'use strict';
// Mocha's "spec" report, with what was tried again and why, closed by what was not run, and by one line that a continuous-integration log
// can be searched for.
const { reporters, Runner } = require('mocha');

class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    let retries = 0;
    const unrun = [];
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => unrun.push(test.fullTitle()));
    runner.on(Runner.constants.EVENT_TEST_RETRY, (test, error) => {
      retries += 1;
      process.stdout.write(`    tried again: ${test.fullTitle()}: ${error.stack ?? error.message}\n`);
    });
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      for (const title of unrun) process.stdout.write(`NOT RUN: ${title}\n`);
      const left = pending > 0 ? `, ${pending} skipped` : '';
      const again = retries > 0 ? `, ${retries} tried again` : '';
      process.stdout.write(`${passes} passed, ${failures} failed${left}${again}\n`);
    });
  }
}

module.exports = CountingReporter;
