import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Role, Standing } from '../agent/standing.ts';
import { ConfigError, loadConfig } from '../config.ts';
import { findDataDirectory, findDirectoryToBegin } from '../data-directory.ts';
import { Users } from '../users.ts';
import type { ExitCode } from './main.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

const ROLES: readonly Role[] = ['consumer', 'operator'];

interface AddUserOptions {
  readonly passwordFile?: string;
  readonly key?: string;
  readonly tenant?: string;
  readonly role?: string;
  readonly config?: string;
  readonly dataDir?: string;
}

type PlaceOptions = Pick<AddUserOptions, 'config' | 'dataDir'>;

/**
 * `promise user add`: also beside a running agent, which sees the new user at the next login, and before the first start, in an empty
 * directory.
 */
export async function addUser(name: string, options: AddUserOptions, terminal: Terminal): Promise<ExitCode> {
  const users = new Users(findDirectoryToBegin(loadConfig(options).dataDirectory));
  const key = options.key === undefined ? undefined : contentOf(options.key, '--key');
  const { tenant } = options;
  const role = options.role === undefined ? undefined : roleNamed(options.role);
  const changes = (tenant !== undefined || role !== undefined) && users.names.includes(name);
  const asks = options.passwordFile === undefined && key === undefined && !changes;
  const password = asks ? await askPassword(name, terminal) : await passwordFrom(options.passwordFile, terminal);
  await users.add(name, {
    ...(password === undefined ? {} : { password }),
    ...(key === undefined ? {} : { key }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(role === undefined ? {} : { role }),
  });
  const withKey = key === undefined ? '' : ' with the key';
  terminal.stdout.write(`user ${name} can log in${withKey}, as ${described(users.standing(name))}\n`);
  return 0;
}

/** `promise user list`: one user a line, under a heading. */
export function listUsers(options: PlaceOptions, terminal: Terminal): ExitCode {
  const users = new Users(findDataDirectory(loadConfig(options).dataDirectory));
  const rows = users.list().map(({ name, standing, hasPassword, keys }) => {
    const ways = [...(hasPassword ? ['password'] : []), ...(keys === 0 ? [] : [keys === 1 ? '1 key' : `${keys} keys`])];
    return [name, standing.tenant ?? '-', standing.role, ways.join(', ') || 'none'];
  });
  const lines = table(['NAME', 'TENANT', 'ROLE', 'LOGIN'], rows);
  terminal.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return 0;
}

/** `promise user remove`: also beside a running agent, which refuses the user from the next request on. */
export async function removeUser(name: string, options: PlaceOptions, terminal: Terminal): Promise<ExitCode> {
  await new Users(findDataDirectory(loadConfig(options).dataDirectory)).remove(name);
  terminal.stdout.write(`user ${name} is removed: logins and further requests are refused\n`);
  return 0;
}

function roleNamed(text: string): Role {
  const role = ROLES.find((each) => each === text);
  if (role === undefined) throw new ConfigError(`'${text}' is not a role: use ${ROLES.join(' or ')}`);
  return role;
}

function described(standing: Standing | undefined): string {
  if (standing?.role === 'consumer') return `a consumer of the tenant ${standing.tenant}`;
  const account = standing?.tenant === undefined ? '' : ` on the account of the tenant ${standing.tenant}`;
  return `an operator${account}`;
}

async function passwordFrom(file: string | undefined, terminal: Terminal): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const content = file === '-' ? await text(terminal.stdin) : contentOf(file, '--password-file');
  const [firstLine = ''] = content.split(/\r?\n/);
  if (firstLine === '')
    throw new Error(
      `the first line of ${file === '-' ? 'standard input' : file} is empty: it should hold the password`,
    );
  return firstLine;
}

/** @throws ConfigError that names the option */
function contentOf(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(
      `${file} (${option}) cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
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
