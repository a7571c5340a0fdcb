import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { loadConfig } from '../config.ts';
import { makeDataDirectory } from '../data-directory.ts';
import { Users } from '../users.ts';
import type { ExitCode } from './main.ts';
import type { Terminal } from './terminal.ts';

interface AddUserOptions {
  readonly passwordFile?: string;
  readonly key?: string;
  readonly tenant?: string;
  readonly config?: string;
  readonly dataDir?: string;
}

/** `promise user add`: also beside a running agent, which sees the new user at the next login. */
export async function addUser(name: string, options: AddUserOptions, terminal: Terminal): Promise<ExitCode> {
  const { dataDirectory } = loadConfig(options);
  makeDataDirectory(dataDirectory);
  const users = new Users(dataDirectory);
  const key = options.key === undefined ? undefined : readFileSync(options.key, 'utf8');
  const { tenant } = options;
  const moves = tenant !== undefined && users.names.includes(name);
  const asks = options.passwordFile === undefined && key === undefined && !moves;
  const password = asks ? await askPassword(name, terminal) : await passwordFrom(options.passwordFile, terminal);
  await users.add(name, {
    ...(password === undefined ? {} : { password }),
    ...(key === undefined ? {} : { key }),
    ...(tenant === undefined ? {} : { tenant }),
  });
  const where = tenant === undefined ? '' : `, for the tenant ${tenant}`;
  terminal.stdout.write(`user ${name} can log in${key === undefined ? '' : ' with the key'}${where}\n`);
  return 0;
}

async function passwordFrom(file: string | undefined, terminal: Terminal): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const content = file === '-' ? await text(terminal.stdin) : readFileSync(file, 'utf8');
  const [firstLine = ''] = content.split(/\r?\n/);
  if (firstLine === '')
    throw new Error(
      `the first line of ${file === '-' ? 'standard input' : file} is empty: it should hold the password`,
    );
  return firstLine;
}

/** Asks without showing what is typed. */
async function askPassword(name: string, terminal: Terminal): Promise<string> {
  if (terminal.stdin.isTTY !== true) {
    throw new Error(
      'no terminal to ask for a password: give --password-file FILE (or - for standard input), or --key FILE',
    );
  }
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  terminal.stderr.write(`Password for ${name}: `);
  const lines = createInterface({ input: terminal.stdin, output: nowhere, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(new Error('no password was given')));
    });
  } finally {
    lines.close();
    terminal.stderr.write('\n');
  }
}
