import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { startPromise, type RunningPromise } from '../app.ts';
import { loadConfig, type CommandLineSettings } from '../config.ts';
import { createLogger } from '../observe/log.ts';
import type { ExitCode } from './main.ts';
import type { Terminal } from './terminal.ts';

/** The user that a first start makes, so that there is a way in. */
const FIRST_USER = 'admin';

/**
 * Bytes of bytecode that a function runs through before V8 considers to optimise it; V8's own is 67,584. Much of what a server does, it
 * does a thousand times a day, and by V8's own budget most of that is never optimised (docs/performance.md, "A boot").
 */
const INTERRUPT_BUDGET = 30_000;

/** For a process that is never done: what it does seldom is optimised, and its memory is not given back each time it has little to do. */
const V8_FLAGS = [`--interrupt-budget=${INTERRUPT_BUDGET}`, '--no-memory-reducer'];

/** `promise serve`: runs until SIGINT or SIGTERM; a second one ends it at once. */
export async function serve(settings: CommandLineSettings, terminal: Terminal): Promise<ExitCode> {
  for (const flag of V8_FLAGS) setFlagsFromString(flag);
  const config = loadConfig(settings);
  const logger = createLogger(config.logLevel);
  const stopped = firstSignal();
  const running = await startPromise({ config, logger }).catch((error: unknown) => {
    throw isListenFailure(error) ? new Error(`${error.message}; ${ELSEWHERE}`) : error;
  });
  try {
    const password = running.users.names.length === 0 ? await addFirstUser(running, config.dataDirectory) : undefined;
    terminal.stdout.write(greeting(running, config.dataDirectory, password, terminal.stdout.isTTY === true));
    logger.info({ signal: await stopped }, 'stopping');
  } finally {
    await running.close();
  }
  return 0;
}

const ELSEWHERE =
  'end what listens there, or choose another address (--restconf, --restconf-plain, --netconf, --metrics, or in the settings)';

function isListenFailure(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && error.syscall === 'listen';
}

function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
}

async function addFirstUser(running: RunningPromise, dataDirectory: string): Promise<string> {
  const password = randomBytes(12).toString('base64url');
  writeFileSync(passwordFile(dataDirectory), `${password}\n`, { mode: 0o600 });
  await running.users.add(FIRST_USER, { password });
  return password;
}

function passwordFile(dataDirectory: string): string {
  return join(dataDirectory, 'first-password');
}

/** @param shown whether somebody reads this at a terminal: a password must not get into a service's log */
function greeting(
  running: RunningPromise,
  dataDirectory: string,
  password: string | undefined,
  shown: boolean,
): string {
  const { restconf, netconf, metrics, credentials } = running;
  const host = netconf.host.includes(':') ? `[${netconf.host}]` : netconf.host;
  const lines = [
    'Promise is running.',
    '',
    ...restconf.map((url) => `  RESTCONF   ${url}/restconf`),
    `  NETCONF    ssh -p ${netconf.port} ${FIRST_USER}@${host} -s netconf`,
    ...(metrics === undefined ? [] : [`  metrics    ${metrics}/metrics`]),
    `  data       ${dataDirectory}`,
    `  TLS        SHA-256 ${credentials.certificateFingerprint}`,
  ];
  if (password !== undefined) {
    const file = passwordFile(dataDirectory);
    lines.push(
      '',
      `  user       ${FIRST_USER}`,
      shown ? `  password   ${password}   (also in ${file})` : `  password   in ${file}`,
    );
  }
  const [url = ''] = restconf;
  const tryIt = `curl --cacert ${join(dataDirectory, 'tls.crt')} -u ${FIRST_USER} ${url}/restconf/data/opnfv-promise:promise`;
  return [...lines, '', '  try        ' + tryIt, '', ''].join('\n');
}
