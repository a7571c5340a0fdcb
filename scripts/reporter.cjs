'use strict';
// Mocha's "spec" report, with what was tried again and why, closed by one line that a continuous-integration log can be searched for.
const { reporters, Runner } = require('mocha');

class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    let retries = 0;
    runner.on(Runner.constants.EVENT_TEST_RETRY, (test, error) => {
      retries += 1;
      process.stdout.write(`    tried again: ${test.fullTitle()}: ${error.stack ?? error.message}\n`);
    });
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const skipped = pending > 0 ? `, ${pending} skipped` : '';
      const again = retries > 0 ? `, ${retries} tried again` : '';
      process.stdout.write(`${passes} passed, ${failures} failed${skipped}${again}\n`);
    });
  }
}

module.exports = CountingReporter;
