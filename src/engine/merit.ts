/**
 * Who is favoured when not all can be kept, and who has to give way. One rule for every such choice: from the best (the higher
 * class, and in a class the older) to the worst, each is kept if and only if it fits beside those better than it that are kept.
 * So the same state always chooses the same, and of those that give way nobody fits beside those that are kept.
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
 * Takes candidates away, the worst first, until `fits` holds: twice as many each time, so that it is asked seldom. Those that are
 * not taken away are kept by the rule: each of them is better than all that are away, and fits beside all others that are not. So of
 * those that are away, `whoGivesWay` tells who have to stay away as if all candidates had been tried.
 * @param candidates the best first
 * @returns those that are away, the best first; undefined when it does not hold without any of them
 */
export function takeAwayWorst<T>(
  candidates: readonly T[],
  { takeAway, fits }: { readonly takeAway: (each: T) => void; readonly fits: () => boolean },
): readonly T[] | undefined {
  for (let from = candidates.length, batch = 1; from > 0; batch *= 2) {
    const to = from;
    from = Math.max(0, from - batch);
    for (const each of candidates.slice(from, to)) takeAway(each);
    if (fits()) return candidates.slice(from);
  }
  return undefined;
}

/**
 * Of candidates who have all been taken away, in the order in which they are to be kept, those who have to stay away. Each is put back in
 * turn, and taken away again where `fits` does not hold with it. As `fits` holds with fewer wherever it holds with more, no one
 * in the result could be put back: the set is minimal by inclusion.
 */
export function whoGivesWay<T>(
  candidates: readonly T[],
  place: {
    readonly putBack: (each: T) => void;
    readonly takeAway: (each: T) => void;
    readonly fits: (each: T) => boolean;
  },
): T[] {
  return candidates.filter((each) => {
    place.putBack(each);
    if (place.fits(each)) return false;
    place.takeAway(each);
    return true;
  });
}
