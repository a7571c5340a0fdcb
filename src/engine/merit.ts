/**
 * Who is favoured when not all can be kept, and who has to give way. One rule for every such choice: the lowest class
 * gives way, the newest in it first, and of those nobody who need not.
 */
import type { Id, Priority } from './entities.ts';
import type { Instant } from './window.ts';

export interface Merited {
  readonly id: Id;
  readonly priority: Priority;
  readonly createdOn: Instant;
}

/** Best to keep first: higher class, then older, then by id. */
export function byMerit(a: Merited, b: Merited): number {
  return a.priority - b.priority || a.createdOn - b.createdOn || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/**
 * Of candidates who have all been taken away, in the order in which they are to be kept, those who have to stay away. Each is put back in
 * turn, and taken away again where `fits` does not hold with it. As `fits` holds with fewer wherever it holds with more, no one
 * in the result could be put back: the set is minimal by inclusion.
 */
export function whoGivesWay<T>(
  candidates: readonly T[],
  place: { readonly putBack: (each: T) => void; readonly takeAway: (each: T) => void; readonly fits: () => boolean },
): T[] {
  return candidates.filter((each) => {
    place.putBack(each);
    if (place.fits()) return false;
    place.takeAway(each);
    return true;
  });
}
