/** The compiled WebAssembly module: one for a process, any number of contexts. */
import { readFileSync } from 'node:fs';
import { webAssembly } from './webassembly.ts';
import type { WasmModule } from './webassembly.ts';

/** libyang, compiled and ready to make contexts from. */
export interface Libyang {
  readonly module: WasmModule;
}

let standard: Libyang | undefined;

/** `dist/libyang.wasm`, seen from `dist` and from `src` alike. */
const standardFile = new URL('../dist/libyang.wasm', import.meta.url);

/**
 * Compiles the WebAssembly module, some 10 ms. Without `wasm`, the one that this package was built with; it is compiled
 * once and kept.
 *
 * @throws Error when the package was not built.
 */
export function loadLibyang(options: { readonly wasm?: Uint8Array } = {}): Libyang {
  if (options.wasm !== undefined) return { module: new webAssembly.Module(options.wasm) };
  standard ??= { module: new webAssembly.Module(readStandard()) };
  return standard;
}

function readStandard(): Uint8Array {
  try {
    return readFileSync(standardFile);
  } catch (cause) {
    throw new Error(`libyang-wasm is not built: run "node scripts/build.mjs" in its directory`, { cause });
  }
}

/** Where the YANG modules are that come with libyang: its built-in ones and common ones of the IETF. */
export const modulesDirectory = new URL('../modules/', import.meta.url);
