/** Trees of data, which can be changed. */
import { validateFlags } from './formats.ts';
import type { ValidateOptions } from './formats.ts';
import type { CallName, Result } from './instance.ts';
import type { Argument } from './session.ts';
import { Tree } from './tree.ts';

export interface NewPathOptions {
  /** An existing leaf gets the new value rather than being an error. Default: true. */
  readonly update?: boolean;
  /** The path is in the output of an RPC or action. */
  readonly output?: boolean;
}

export class DataTree extends Tree {
  /** Calls the shim with a tree that it changes: the tree begins at another node then, even if the call fails. */
  #change(name: CallName, ...args: readonly Argument[]): Result {
    const { outcome, error } = this.session.attempt(name, this.address, ...args);
    this.moveTo(outcome.tree);
    if (error !== undefined) throw error;
    return outcome;
  }

  /**
   * Validates the tree, adding defaults and removing what a `when` makes impossible.
   *
   * @throws LibyangError with every violation; the tree stays usable.
   */
  validate(options: ValidateOptions = {}): void {
    this.#change('lyw_validate', validateFlags(options));
  }

  /** Makes the node at an instance path with all that leads there; a leaf gets `value`, in its JSON form (RFC 7951). */
  newPath(path: string, value?: string, { update = true, output = false }: NewPathOptions = {}): void {
    const anyAsJson = 3;
    const length = value === undefined ? 0 : Buffer.byteLength(value);
    this.#change('lyw_new_path', path, value, length, anyAsJson, Number(update), Number(output));
  }

  /** Removes the node at an instance path and what is below it. Returns whether there was one. */
  remove(path: string): boolean {
    return this.#change('lyw_remove', path).kind !== 0;
  }

  /** Adds another tree of the same context to this one; its values win, its defaults only with `defaults`. */
  merge(source: DataTree, options: { readonly defaults?: boolean } = {}): void {
    const flags = options.defaults === true ? 0x02 : 0;
    this.#change('lyw_merge', source.addressIn(this.session), flags);
  }

  /** What has to be done to this tree to get `after`: a tree with the metadata of `yang:operation`. */
  diff(after: DataTree, options: { readonly defaults?: boolean } = {}): DataTree {
    const flags = options.defaults === true ? 0x01 : 0;
    return this.#derive(this.session.call('lyw_diff', this.address, after.addressIn(this.session), flags).tree);
  }

  /** Does to this tree what `diff` found. */
  applyDiff(difference: DataTree): void {
    this.#change('lyw_diff_apply', difference.addressIn(this.session));
  }

  duplicate(): DataTree {
    return this.#derive(this.session.call('lyw_duplicate', this.address).tree);
  }

  #derive(address: number): DataTree {
    return new DataTree(this.home, address);
  }
}
