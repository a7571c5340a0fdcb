/**
 * The port to the controls of simulated clouds: what a provider of that kind consists of, and how it is made to fail and change.
 * Names and units are those of `vim.ts`.
 */
import type { VimFlavor, VimImage, VimNetwork, VimQuotas } from './vim.ts';

/** What a simulated provider consists of, as far as somebody says. Plain JSON: it is kept with the provider. */
export interface SimulationDescription {
  readonly seed?: number;
  /** Milliseconds and percent. */
  readonly times?: { readonly boot?: number; readonly delete?: number; readonly jitter?: number };
  readonly hosts?: readonly SimulatedHostDescription[];
  readonly flavors?: readonly VimFlavor[];
  readonly images?: readonly VimImage[];
  readonly networks?: readonly VimNetwork[];
  readonly quotas?: VimQuotas;
}

export interface SimulatedHostDescription {
  readonly name: string;
  /** Absent: the first zone of the simulation. */
  readonly zone?: string;
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskGb: number;
  readonly traits?: readonly string[];
}

/** A control that names what is not there, or would make what is there already. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
}

/** The controls of one simulated cloud. Each may throw {@link SimulationError}. */
export interface SimulationControls {
  /** Takes a host down at once. @returns how many servers ran on it */
  failHost(name: string): number;
  restoreHost(name: string): void;
  addHost(host: SimulatedHostDescription): void;
  /** Removes a host for good. @returns how many servers ran on it */
  removeHost(name: string): number;
  setHostCapacity(
    name: string,
    size: { readonly vcpus?: number; readonly memoryMb?: number; readonly diskGb?: number },
  ): void;
  /** Makes the next `count` servers or volumes fail to start; 0 takes an earlier request back. */
  failNextBoots(count: number, reason: string): void;
  /** Makes the next `count` requests for a server or another resource be refused; 0 takes an earlier request back. */
  refuseNextRequests(count: number, reason: string): void;
  setTimes(times: { readonly boot?: number; readonly delete?: number; readonly jitter?: number }): void;
}
