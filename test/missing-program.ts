/** Tests that talk to programs which this project does not bring along. */

/**
 * Reports a test, or what a hook stands for, as pending, with a word on standard error.
 * @throws Error instead where CI is set: nobody would notice there.
 */
export function missingProgram(context: Mocha.Context, name: string): never {
  const why = `${name} is missing; node scripts/setup.mjs --test installs it`;
  if (process.env['CI'] === 'true') throw new Error(`Under CI=true this has to be tested: ${why}`);
  console.error(`NOT TESTED: ${why}`);
  return context.skip();
}
