/**
 * The instance of a context and what outlives it: how it is made, and the generation that tells the handles of one instance
 * from those of the next.
 */
import { LibyangError, MemoryLimitError, TrapError, XPathBudgetError, errorCode, toErrorItem } from './errors.ts';
import type { ErrorItem, RawErrorItem } from './errors.ts';
import { Instance } from './instance.ts';
import type { CallName, Result } from './instance.ts';
import { webAssembly } from './webassembly.ts';

/** An argument of a call: a number or address as it is, text copied in for the duration of the call, nothing as NULL. */
export type Argument = number | string | undefined;

export class Session {
  readonly #make: () => Instance;
  #instance: Instance | undefined;
  #generation = 0;
  #disposed = false;

  /** `make` returns an instance that is ready for use. */
  constructor(make: () => Instance) {
    this.#make = make;
    this.#current();
  }

  /** Changes when the instance is replaced. */
  get generation(): number {
    return this.#generation;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  #current(): Instance {
    if (this.#disposed) throw new Error('the context was disposed of');
    this.#instance ??= asTrapError(this.#make);
    return this.#instance;
  }

  /**
   * Calls an export of the shim.
   *
   * @throws LibyangError with what libyang reported when it returns an error.
   * @throws TrapError when it trapped; the next call makes a new instance.
   */
  call(name: CallName, ...args: readonly Argument[]): Result {
    const { outcome, error } = this.attempt(name, ...args);
    if (error !== undefined) throw error;
    return outcome;
  }

  /** As `call`, for a call whose outcome matters even when libyang returns an error. */
  attempt(name: CallName, ...args: readonly Argument[]): { readonly outcome: Result; readonly error?: LibyangError } {
    const instance = this.#current();
    return this.#guard(instance, () => {
      const outcome = callWithText(instance, name, args);
      return outcome.code === 0 ? { outcome } : { outcome, error: errorOf(instance, outcome.code) };
    });
  }

  /** Frees a tree of the given generation; those of former ones are gone already. */
  free(tree: number, generation: number): void {
    const instance = this.#instance;
    if (tree === 0 || instance === undefined || generation !== this.#generation) return;
    this.#guard(instance, () => instance.call('lyw_free_tree', tree));
  }

  memory(): ReturnType<Instance['memory']> {
    return this.#current().memory();
  }

  /** Makes a new instance in the place of the present one, which takes all its data trees with it. */
  replace(): void {
    this.#instance = undefined;
    this.#generation += 1;
    this.#current();
  }

  dispose(): void {
    this.#instance = undefined;
    this.#generation += 1;
    this.#disposed = true;
  }

  #guard<T>(instance: Instance, work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (!isTrap(cause)) throw cause;
      this.#instance = undefined;
      this.#generation += 1;
      if (instance.outOfMemory) {
        throw new MemoryLimitError('the memory limit of the context was reached', { cause });
      }
      throw new TrapError(`libyang trapped (${cause.message}); its instance was replaced`, { cause });
    }
  }
}

function asTrapError<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw isTrap(cause) ? new TrapError(`libyang trapped (${cause.message})`, { cause }) : cause;
  }
}

/** A trap, or the engine's stack exhausted by a recursion of the module. */
function isTrap(error: unknown): error is Error {
  return (
    error instanceof webAssembly.RuntimeError || (error instanceof RangeError && error.message.includes('call stack'))
  );
}

/** Calls an export with text copied in. Nothing guards against a trap: that is for `Session`. */
export function callWithText(instance: Instance, name: CallName, args: readonly Argument[]): Result {
  const values: number[] = [];
  for (const argument of args) {
    if (typeof argument === 'number') values.push(argument);
    else values.push(argument === undefined ? 0 : instance.put(argument));
  }
  const outcome = instance.result(instance.call(name, ...values));
  instance.release();
  return outcome;
}

export function itemsOf(instance: Instance, warnings: boolean): readonly ErrorItem[] {
  const { text } = callWithText(instance, 'lyw_errors', [Number(warnings)]);
  // The shim writes exactly these members.
  return (JSON.parse(text) as readonly RawErrorItem[]).map(toErrorItem);
}

export function errorOf(instance: Instance, code: number): LibyangError {
  const items = itemsOf(instance, false);
  if (items.length === 0) {
    const name = errorCode(code);
    return new LibyangError([{ message: `libyang returned "${name}"`, code: name, warning: false }]);
  }
  return items.some((item) => item.code === 'denied' && item.message.startsWith('The XPath expression needs'))
    ? new XPathBudgetError(items)
    : new LibyangError(items);
}
