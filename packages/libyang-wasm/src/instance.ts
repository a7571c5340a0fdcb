/**
 * One instance of the WebAssembly module: its memory, the few system calls that the C library wants, and text going in and
 * out. What the exports mean is in `c/*.c`.
 */
import type { Libyang } from './module.ts';
import { webAssembly } from './webassembly.ts';
import type { WasmImport, WasmImports, WasmMemory } from './webassembly.ts';

/** The exports that take numbers and addresses and return a code of libyang. */
type Call = (...args: readonly number[]) => number;

/** Every export of the shim that is called from here. */
const calls = [
  'lyw_ctx_new',
  'lyw_ctx_load',
  'lyw_ctx_compile',
  'lyw_ctx_module_text',
  'lyw_ctx_change_count',
  'lyw_errors',
  'lyw_schema',
  'lyw_parse_data',
  'lyw_parse_edit',
  'lyw_parse_op',
  'lyw_validate',
  'lyw_validate_op',
  'lyw_validate_value',
  'lyw_print',
  'lyw_nodes',
  'lyw_describe',
  'lyw_evaluate',
  'lyw_find_path',
  'lyw_new_path',
  'lyw_remove',
  'lyw_duplicate',
  'lyw_merge',
  'lyw_diff',
  'lyw_diff_apply',
  'lyw_yang_library',
  'lyw_free_tree',
  'lyw_memory_used',
  'lyw_trap',
] as const;

export type CallName = (typeof calls)[number];

/** What a call yielded beside its code; the layout is `struct lyw_result` in `c/shim.h`. */
export interface Result {
  readonly code: number;
  readonly text: string;
  readonly tree: number;
  readonly operation: number;
  readonly kind: number;
  readonly number: number;
}

/** A module or submodule that libyang asks for. */
export interface ImportRequest {
  readonly module: string;
  readonly revision?: string;
  readonly submodule?: string;
  readonly submoduleRevision?: string;
}

export interface ImportedModule {
  readonly text: string;
  readonly format: 'yang' | 'yin';
}

export type ImportModule = (request: ImportRequest) => ImportedModule | undefined;

/** Text goes in through this much memory that is always there; what does not fit is allocated. */
const scratchSize = 65536;
const page = 65536;
const initialPages = 256;
/** Bytes that an instance can be limited to. */
export const memoryLimits = { least: initialPages * page, most: 2 ** 31 };

/** Codes of WASI. */
const success = 0;
const badDescriptor = 8;
const noSuchFile = -44;

const importFormats = { yang: 1, yin: 3 };

export class Instance {
  readonly #memory: WasmMemory;
  readonly #exports: ReadonlyMap<string, Call>;
  readonly #resultAddress: number;
  readonly #scratch: number;
  #scratchUsed = 0;
  #allocated: number[] = [];
  readonly #importModule: ImportModule;
  #buffer: Buffer;
  #view: DataView;
  /** What the host's import callback threw; it must not unwind through libyang. */
  #importFailure: { readonly reason: unknown } | undefined;

  constructor(libyang: Libyang, importModule: ImportModule, memoryLimit: number) {
    this.#importModule = importModule;
    this.#memory = new webAssembly.Memory({
      initial: initialPages,
      maximum: Math.floor(memoryLimit / page),
    });
    this.#buffer = Buffer.from(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
    const { exports } = new webAssembly.Instance(libyang.module, this.#imports(libyang));
    const functions = new Map<string, Call>();
    for (const [name, value] of Object.entries(exports)) {
      // All functions that the shim exports take and return numbers.
      if (typeof value === 'function') functions.set(name, value as Call);
    }
    this.#exports = functions;
    for (const name of calls) this.#export(name);
    this.#export('_initialize')();
    this.#resultAddress = this.#export('lyw_results')();
    this.#scratch = this.#export('lyw_alloc')(scratchSize);
  }

  #export(name: string): Call {
    const found = this.#exports.get(name);
    if (found === undefined) throw new Error(`libyang.wasm has no export ${name}: it is not of this version`);
    return found;
  }

  #imports(libyang: Libyang): WasmImports {
    const known: Readonly<Record<string, Readonly<Record<string, WasmImport>>>> = {
      env: { memory: this.#memory, emscripten_notify_memory_growth: () => success },
      host: { import_module: (...args: readonly number[]) => this.#answerImport(args) },
      wasi_snapshot_preview1: {
        environ_sizes_get: (count = 0, size = 0) => {
          this.#renewViews();
          this.#view.setUint32(count, 0, true);
          this.#view.setUint32(size, 0, true);
          return success;
        },
        environ_get: () => success,
        fd_close: () => badDescriptor,
        fd_read: () => badDescriptor,
        fd_seek: () => badDescriptor,
        fd_sync: () => badDescriptor,
        fd_write: () => badDescriptor,
      },
    };
    const imports: Record<string, Record<string, WasmImport>> = {};
    for (const { module, name } of webAssembly.Module.imports(libyang.module)) {
      // There is no file system: every system call on files finds nothing.
      (imports[module] ??= {})[name] = known[module]?.[name] ?? (() => noSuchFile);
    }
    return imports;
  }

  #renewViews(): void {
    if (this.#buffer.length === this.#memory.buffer.byteLength) return;
    this.#buffer = Buffer.from(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
  }

  /** Calls an export. Traps come out as the engine's own errors. */
  call(name: CallName, ...args: readonly number[]): number {
    return this.#export(name)(...args);
  }

  /** What the last call yielded; `code` is what it returned. */
  result(code: number): Result {
    this.#renewViews();
    const view = this.#view;
    const at = this.#resultAddress;
    const textAddress = view.getUint32(at, true);
    const textLength = view.getUint32(at + 4, true);
    return {
      code,
      text: textLength === 0 ? '' : this.#buffer.toString('utf8', textAddress, textAddress + textLength),
      tree: view.getUint32(at + 8, true),
      operation: view.getUint32(at + 12, true),
      kind: view.getUint32(at + 16, true),
      number: view.getFloat64(at + 24, true),
    };
  }

  /** Whether the instance ended because memory ran out. */
  get outOfMemory(): boolean {
    this.#renewViews();
    return this.#view.getUint32(this.#resultAddress + 20, true) !== 0;
  }

  /** Copies text into the instance, with a final NUL, until `release`. */
  put(text: string): number {
    const size = 3 * text.length + 1;
    if (size > scratchSize - this.#scratchUsed) {
      const address = this.#allocate(text);
      this.#allocated.push(address);
      return address;
    }
    const address = this.#scratch + this.#scratchUsed;
    this.#scratchUsed += this.#write(text, address, size);
    return address;
  }

  /** Gives back what `put` took. */
  release(): void {
    this.#scratchUsed = 0;
    for (const address of this.#allocated.splice(0)) this.#export('lyw_free')(address);
  }

  #allocate(text: string): number {
    const size = 3 * text.length + 1;
    const address = this.#export('lyw_alloc')(size);
    this.#write(text, address, size);
    return address;
  }

  /** Returns the number of bytes written, the final NUL included. */
  #write(text: string, address: number, size: number): number {
    this.#renewViews();
    const length = this.#buffer.write(text, address, size - 1, 'utf8');
    this.#buffer[address + length] = 0;
    return length + 1;
  }

  #cString(address: number): string | undefined {
    if (address === 0) return undefined;
    return this.#buffer.toString('utf8', address, this.#buffer.indexOf(0, address));
  }

  #answerImport([
    module = 0,
    revision = 0,
    submodule = 0,
    submoduleRevision = 0,
    format = 0,
  ]: readonly number[]): number {
    this.#renewViews();
    const optional = (name: keyof ImportRequest, address: number) => {
      const value = this.#cString(address);
      return value === undefined ? {} : { [name]: value };
    };
    try {
      const found = this.#importModule({
        module: this.#cString(module) ?? '',
        ...optional('revision', revision),
        ...optional('submodule', submodule),
        ...optional('submoduleRevision', submoduleRevision),
      });
      if (found === undefined) return 0;
      const address = this.#allocate(found.text);
      this.#view.setInt32(format, importFormats[found.format], true);
      return address;
    } catch (reason) {
      this.#importFailure ??= { reason };
      return 0;
    }
  }

  /** Throws what the import callback threw during the last call, if it did. */
  throwImportFailure(): void {
    const failure = this.#importFailure;
    this.#importFailure = undefined;
    if (failure !== undefined) throw failure.reason;
  }

  /** Bytes of linear memory, and those of them that are allocated. */
  memory(): { readonly linear: number; readonly allocated: number } {
    return { linear: this.#memory.buffer.byteLength, allocated: this.call('lyw_memory_used') };
  }
}
