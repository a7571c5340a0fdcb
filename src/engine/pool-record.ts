/** A pool as its record holds it. */
import type { Capacity } from './capacity.ts';
import type { Pool } from './entities.ts';
import { omit } from './omit.ts';
import type { Instant } from './window.ts';

/** Records of an older form say that the VIM lost something for good, whatever the pool is meant to have at other times. */
export type PoolRecord = Pool & {
  readonly withdrawn?: { readonly since: Instant; readonly capacity: Capacity };
};

/** A record that was written anew since may have both; what it lost then is in `lost`. */
export function poolIn(record: PoolRecord): Pool {
  const { withdrawn } = record;
  if (withdrawn === undefined) return record;
  return { lost: [withdrawn], ...omit(record, 'withdrawn') };
}
