/**
 * Starts OpenStack's services on loopback, runs the tests against them, and stops them.
 *
 * usage: run.ts [--keep] [FILE …]
 *   --keep  leave the services running until interrupted, whatever the tests say
 * Ends with 0 when all tests pass, with 77 when the services cannot be had on this machine.
 */
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startControlPlane, stopControlPlane } from './control-plane/control-plane.ts';
import { DIRECTORIES, url } from './control-plane/layout.ts';
import { NotInstallable } from './control-plane/packages.ts';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const began = Date.now();
const say = (line: string): void =>
  console.log(`openstack: [${((Date.now() - began) / 1000).toFixed(1).padStart(6)}] ${line}`);

const keep = process.argv.includes('--keep');
const files = process.argv.slice(2).filter((argument) => argument !== '--keep');

const interrupted = new Promise<void>((done) => {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => done());
});

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    await Promise.race([startControlPlane(say), interrupted.then(() => Promise.reject(new Error('interrupted')))]);
    const code = await mocha();
    if (keep) {
      say(`kept: Keystone is at ${url('keystone')}/v3, logs are in ${DIRECTORIES.log}; interrupt to stop`);
      // Waiting for a signal alone keeps no process alive.
      const alive = setInterval(() => undefined, 60_000);
      await interrupted;
      clearInterval(alive);
    }
    return code;
  } catch (error) {
    if (error instanceof NotInstallable) {
      say(`NOT RUN: OpenStack's services are not to be had here: ${error.message}`);
      return 77;
    }
    say(`failed: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await stopControlPlane();
    say('everything is stopped');
  }
}

/** One file after the other: they share the cloud. */
function mocha(): Promise<number> {
  const tests = files.length > 0 ? files : [join(here, '*.openstack.ts')];
  const program = join(root, 'node_modules/mocha/bin/mocha.js');
  const child = spawn(process.execPath, [program, '--timeout', '120000', '--slow', '20000', ...tests], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  void interrupted.then(() => child.kill('SIGTERM'));
  return new Promise((done) => child.once('exit', (code) => done(code ?? 1)));
}
