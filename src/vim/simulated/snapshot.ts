/**
 * Where a simulated cloud keeps itself, so that, like a real one, it outlives the agent that uses it.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export interface Snapshot {
  /** The value last saved; undefined when there is none. */
  load(): unknown;
  /** Replaces it: afterwards `load` gives the new value, or the old one when this throws. */
  save(value: object): void;
  remove(): void;
}

/** A snapshot that lasts as long as the process. */
export function memorySnapshot(): Snapshot {
  let text: string | undefined;
  return {
    load: () => (text === undefined ? undefined : parse(text)),
    save: (value) => {
      text = JSON.stringify(value);
    },
    remove: () => {
      text = undefined;
    },
  };
}

/** A snapshot in a JSON file, replaced as a whole. */
export function fileSnapshot(path: string): Snapshot {
  return {
    load() {
      let text: string;
      try {
        text = readFileSync(path, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
      return parse(text);
    },
    save(value) {
      const draft = `${path}.new`;
      const file = openSync(draft, 'w', 0o600);
      try {
        writeFileSync(file, JSON.stringify(value));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(draft, path);
    },
    remove: () => rmSync(path, { force: true }),
  };
}

function parse(text: string): unknown {
  return JSON.parse(text);
}
