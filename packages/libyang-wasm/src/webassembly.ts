/** The part of the engine's WebAssembly API that is used here, with types: those of Node 20 do not have it. */

/** A compiled module. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

/** Linear memory; `buffer` is another object after it grew. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

export type WasmImport = WasmMemory | ((...args: readonly number[]) => number | undefined);

export type WasmImports = Readonly<Record<string, Readonly<Record<string, WasmImport>>>>;

interface Api {
  readonly Module: {
    new (bytes: Uint8Array): WasmModule;
    imports(module: WasmModule): readonly { readonly module: string; readonly name: string }[];
  };
  readonly Instance: new (
    module: WasmModule,
    imports: WasmImports,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => WasmMemory;
  readonly RuntimeError: ErrorConstructor;
}

// Every version of Node has this global object with these members.
export const webAssembly = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly;
