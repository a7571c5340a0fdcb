import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { modulesDirectory } from 'libyang-wasm';

/** The `.yang` files of some directories; of a name the first directory that has it wins, of its revisions the newest. */
export class ModuleFiles {
  readonly #directories: readonly (readonly [directory: string, files: readonly string[]])[];
  readonly #texts = new Map<string, string>();

  /** The modules that come with libyang are behind the given directories. @throws Error when one cannot be read */
  constructor(directories: readonly string[]) {
    const all = [...directories, fileURLToPath(modulesDirectory)];
    this.#directories = all.map((directory) => {
      const files = readdirSync(directory).filter((file) => file.endsWith('.yang'));
      return [directory, files.sort().reverse()] as const;
    });
  }

  /** The text of a module or submodule; without a revision the newest. */
  find(name: string, revision: string | undefined): string | undefined {
    for (const [directory, files] of this.#directories) {
      const file = files.find((one) =>
        revision === undefined ? isNamed(one, name) : one === `${name}@${revision}.yang`,
      );
      if (file !== undefined) return this.#read(join(directory, file));
      // A file that does not say its revision may still be the one.
      if (revision === undefined || !files.includes(`${name}.yang`)) continue;
      const text = this.#read(join(directory, `${name}.yang`));
      if (new RegExp(`\\brevision\\s+"?${revision}"?\\s*[;{]`).test(text)) return text;
    }
    return undefined;
  }

  #read(path: string): string {
    const text = this.#texts.get(path) ?? readFileSync(path, 'utf8');
    this.#texts.set(path, text);
    return text;
  }
}

function isNamed(file: string, name: string): boolean {
  return file === `${name}.yang` || file.startsWith(`${name}@`);
}
