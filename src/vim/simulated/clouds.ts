/**
 * The simulated clouds of an agent: one for each provider, made when it is first asked for.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SimulationDescription } from '../simulation.ts';
import type { Vim, VimAccount } from '../vim.ts';
import { SimulatedCloud } from './cloud.ts';
import type { SimulationClock } from './cloud.ts';
import { completeNfvi } from './nfvi.ts';
import { SimulatedVim } from './simulated-vim.ts';
import { fileSnapshot } from './snapshot.ts';

export interface SimulatedCloudsOptions {
  /** Where the clouds keep themselves; made when it is not there. */
  readonly directory: string;
  readonly clock: SimulationClock;
  /** What a provider's cloud consists of, as far as it is configured. Asked when the cloud is made anew. */
  readonly describe?: (providerId: string) => SimulationDescription;
}

export class SimulatedClouds {
  readonly #options: SimulatedCloudsOptions;
  readonly #clouds = new Map<string, SimulatedCloud>();

  constructor(options: SimulatedCloudsOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  }

  /** The adapter for an account: a `VimFactory`. */
  readonly connect = (account: VimAccount): Vim => new SimulatedVim(account, this.cloud(account.providerId));

  /** The cloud of a provider, for the controls of module promise-simulator. */
  cloud(providerId: string): SimulatedCloud {
    let cloud = this.#clouds.get(providerId);
    if (cloud === undefined) {
      cloud = new SimulatedCloud({
        nfvi: completeNfvi(this.#options.describe?.(providerId) ?? {}),
        clock: this.#options.clock,
        snapshot: fileSnapshot(this.#path(providerId)),
      });
      this.#clouds.set(providerId, cloud);
    }
    return cloud;
  }

  /** Ends a provider's cloud for good: its servers are gone with it. */
  async forget(providerId: string): Promise<void> {
    await this.#clouds.get(providerId)?.close();
    this.#clouds.delete(providerId);
    fileSnapshot(this.#path(providerId)).remove();
  }

  /** Stops all clouds; they go on where they were when they are asked for again. */
  async close(): Promise<void> {
    for (const cloud of this.#clouds.values()) await cloud.close();
    this.#clouds.clear();
  }

  #path(providerId: string): string {
    // An id may hold what a file name must not.
    const name = createHash('sha256').update(providerId).digest('hex').slice(0, 32);
    return join(this.#options.directory, `${name}.json`);
  }
}
