/**
 * Reports a test as pending, with the reason in its title: so it stands among what was not run at the end of the report.
 */
export function notRun(context: Mocha.Context, why: string): never {
  const test = context.runnable();
  test.title = `${test.title} (${why})`;
  return context.skip();
}
