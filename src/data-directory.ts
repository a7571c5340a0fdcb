import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigError } from './config.ts';

/**
 * Makes the data directory, readable by its owner only, and its parents, unless it is there.
 * @throws ConfigError saying what stands in the way
 */
export function makeDataDirectory(path: string): void {
  try {
    make(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`the data directory ${path} cannot be made: ${reason}; choose another one with --data-dir`);
  }
}

/** What a data directory has one of at least, from whatever is done in it first. */
const MARKS = ['promise.db', 'users.json'] as const;

/**
 * The path, when it is that of a data directory: only an agent that serves makes one.
 * @throws ConfigError saying what is there instead
 */
export function findDataDirectory(path: string): string {
  if (MARKS.some((mark) => existsSync(join(path, mark)))) return path;
  const there = existsSync(path) ? `has neither ${MARKS.join(' nor ')}` : 'does not exist';
  throw new ConfigError(
    `${path} is not a data directory, it ${there}: give that of the agent with --data-dir, or its settings with --config`,
  );
}

/**
 * The path, when it is that of a data directory or of an empty one, which becomes one: what is put there is found by the first start.
 * @throws ConfigError as {@link findDataDirectory}
 */
export function findDirectoryToBegin(path: string): string {
  try {
    return isEmptyDirectory(path) ? path : findDataDirectory(path);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${error.message}; before the first start, give an empty directory (mkdir -m 700)`);
  }
}

/** Whether nothing is there but what keeps the users' file: its lock is there before it. */
function isEmptyDirectory(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  return readdirSync(path).every((name) => name.startsWith('users.json'));
}

/** One level at a time: where the system answers ENOENT for a parent that exists, as below /proc, `recursive` never ends. */
function make(path: string): void {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) throw new Error(`${path} is not a directory`);
    return;
  }
  make(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}
