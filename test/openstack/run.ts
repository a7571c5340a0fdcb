/**
 * Starts OpenStack's services on loopback, runs the tests against them, and stops them.
 *
 * usage: run.ts [--keep] [FILE …]
 *   --keep  leave the services running until interrupted, whatever the tests say
 * Ends with 0 when all tests pass, with 2 when called wrongly, with 77 when the services cannot be had on this machine.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startControlPlane, stopControlPlane } from './control-plane/control-plane.ts';
import { DIRECTORIES, url } from './control-plane/layout.ts';
import { NotInstallable } from './control-plane/packages.ts';
import { lastErrors } from './control-plane/processes.ts';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const began = Date.now();
const say = (line: string): void =>
  console.log(`openstack: [${((Date.now() - began) / 1000).toFixed(1).padStart(6)}] ${line}`);

/** Milliseconds until the services run: where nothing is installed yet, most of it is the installation. */
const START_PATIENCE = 25 * 60_000;
/** Milliseconds for all tests; each has a bound of its own too. */
const TEST_PATIENCE = 35 * 60_000;

const keep = process.argv.includes('--keep');
const files = process.argv.slice(2).filter((argument) => argument !== '--keep');

let said = '';
const progress = (line: string): void => say((said = line));
const interrupted = new Promise<never>((_, reject) => {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => reject(new Error(`ended by ${name}`)));
});
interrupted.catch(() => undefined);

process.exitCode = await main();

async function main(): Promise<number> {
  const unknown = files.find((file) => !existsSync(resolve(root, file)));
  if (unknown !== undefined) {
    say(`there is no ${unknown}: name a file with its path, such as test/openstack/flows.openstack.ts`);
    return 2;
  }
  let why = 'the tests are done';
  try {
    await within(
      START_PATIENCE,
      startControlPlane(progress),
      () => `the cloud does not run; the last step was: ${said}`,
    );
    const code = await mocha();
    if (code !== 0) for (const line of lastErrors()) say(line);
    if (keep) {
      say(`kept: Keystone is at ${url('keystone')}/v3, logs are in ${DIRECTORIES.log}; interrupt to stop`);
      // Waiting for a signal alone keeps no process alive.
      const alive = setInterval(() => undefined, 60_000);
      await interrupted.catch(() => clearInterval(alive));
    }
    return code;
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
    if (error instanceof NotInstallable) {
      say(`NOT RUN: OpenStack's services are not to be had here: ${why}`);
      return 77;
    }
    say(`failed: ${why}`);
    for (const line of lastErrors()) say(line);
    return 1;
  } finally {
    await stopControlPlane(why);
    say('everything is stopped');
  }
}

/** @throws Error when the work takes longer, or everything is interrupted. */
async function within<T>(patience: number, work: Promise<T>, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`after ${patience / 60_000} minutes: ${what()}`)), patience);
  });
  // What goes on after the end of the race ends with everything else.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late, interrupted]);
  } finally {
    clearTimeout(timer);
  }
}

/** One file after the other: they share the cloud. @throws Error when it is interrupted, or takes too long. */
async function mocha(): Promise<number> {
  const tests = files.length > 0 ? files : [join(here, '*.openstack.ts')];
  const program = join(root, 'node_modules/mocha/bin/mocha.js');
  const how = [
    '--no-config',
    '--extension',
    'ts',
    '--timeout',
    '240000',
    '--slow',
    '20000',
    // Services of others, timed by their own loops: what fails once is tried once more, and the report says so.
    '--retries',
    '1',
    '--reporter',
    join(root, 'scripts/reporter.cjs'),
  ];
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...how, ...tests], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = new Promise<number>((done) => child.once('exit', (code) => done(code ?? 1)));
  try {
    return await within(TEST_PATIENCE, ended, () => 'the tests have not ended');
  } catch (error) {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(timer);
    throw error;
  }
}
