import type { LeafValue } from './data.ts';

/**
 * One step of an instance path. Modules are names, never prefixes, and always given.
 * - `keys`: the key leafs of a list entry, in key order, with canonical values
 * - `value`: the value of a leaf-list entry
 * - `position`: the 1-based position of an entry in a list without keys
 */
export interface PathStep {
  readonly module: string;
  readonly name: string;
  readonly keys?: readonly { readonly name: string; readonly value: LeafValue }[];
  readonly value?: LeafValue;
  readonly position?: number;
}

/** The path of one node in a data tree; empty for the datastore itself. */
export type InstancePath = readonly PathStep[];
