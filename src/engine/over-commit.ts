/**
 * Over-commitment: a pool may promise more of a resource than it has, by a ratio, or keep a part back by a ratio below 1.
 *
 * What the VIM has, what a pool takes from its provider, adjustments and changes of capacity are real amounts; what is reserved and
 * allocated is of what is promised. Ratios are kept in thousandths, so that every amount is exact.
 */
import { RESOURCES } from './capacity.ts';
import type { CapacityVector, Resource } from './capacity.ts';

/** Ratios by resource, in thousandths; a resource that is absent is promised as it is. */
export type OverCommit = Readonly<Partial<Record<Resource, number>>>;

/** What a pool promises of what it has, which is not below zero; rounded down. */
export function promised(vector: CapacityVector, ratios: OverCommit | undefined): CapacityVector {
  if (ratios === undefined) return vector;
  return vector.map((amount, index) => scaled(amount, ratios[RESOURCES[index] ?? 'cores'] ?? 1000));
}

/** An amount by a ratio in thousandths, rounded down; exact, where the product has more digits than a number holds. */
function scaled(amount: number, ratio: number): number {
  return ratio === 1000 ? amount : Number((BigInt(amount) * BigInt(ratio)) / 1000n);
}
