import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
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

/** One level at a time: where the system answers ENOENT for a parent that exists, as below /proc, `recursive` never ends. */
function make(path: string): void {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) throw new Error(`${path} is not a directory`);
    return;
  }
  make(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}
