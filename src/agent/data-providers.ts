import type { Data, Value } from '../yang/data.ts';
import type { RequestContext } from './context.ts';

export interface ProviderRead {
  readonly context: RequestContext;
  /** The running configuration that the rest of the same answer shows. */
  readonly running: Data;
}

/**
 * The owner of what `<operational>` shows below one top-level node. It returns the whole subtree, configuration in use
 * included; nothing is merged into it. Without a provider, a node is shown as it is in the running configuration.
 */
export interface DataProvider {
  /** The top-level node, as `module:name`. */
  readonly node: string;
  /**
   * The node's content, or undefined when it does not exist. Big lists are Entries that build an entry when asked for it;
   * the read prunes and prints without walking what it does not need.
   */
  read(request: ProviderRead): Value | undefined;
}

/** The providers by top-level node. */
export class DataProviders {
  readonly #byNode = new Map<string, DataProvider>();

  /** @throws Error when the node has a provider already: two owners are a mistake in composition */
  register(provider: DataProvider): void {
    if (this.#byNode.has(provider.node)) throw new Error(`${provider.node} has a data provider already`);
    this.#byNode.set(provider.node, provider);
  }

  [Symbol.iterator](): IterableIterator<DataProvider> {
    return this.#byNode.values();
  }

  get(node: string): DataProvider | undefined {
    return this.#byNode.get(node);
  }
}
