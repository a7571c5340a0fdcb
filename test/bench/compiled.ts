/** Modules as they are compiled into dist/, which is what is measured: what runs the sources of tests wraps each function. */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const DIST = fileURLToPath(new URL('../../dist/src/', import.meta.url));

/** A module of `src/`, by its compiled path there; its types are those of its source. */
export async function compiled<Module>(path: string): Promise<Module> {
  return (await import(pathToFileURL(join(DIST, path)).href)) as Module;
}
