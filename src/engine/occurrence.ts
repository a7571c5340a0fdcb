/** Which part of the claims of what recurs is held in one window: in progress, or, between windows, the next. */
import type { Claim, Reservation } from './entities.ts';
import { omit } from './omit.ts';
import { overlaps } from './window.ts';
import type { Window } from './window.ts';
import { currentWindow } from './window-index.ts';
import { boundsOf, countOf, firstAfter, someOf, windowAt, windowsIn } from './windows.ts';

type Holder = Pick<Reservation, 'id' | 'claims' | 'startsAt' | 'endsAt' | 'series'>;

/** What is held in the window that is in progress, or is next: claims of that window alone. Where there is one window, all claims. */
export function currentClaims(holder: Holder): readonly Claim[] {
  return holder.series === undefined ? holder.claims : claimsIn(holder.claims, currentWindow(holder));
}

/** What is held in a window; of claims in many windows, the one that it overlaps. */
export function claimsIn(claims: readonly Claim[], window: Window): Claim[] {
  return claims.flatMap((claim) => {
    const index = indexIn(claim, window);
    if (index === undefined) return [];
    return [claim.count === undefined ? claim : during(claim, windowAt(windowsIn(claim), index))];
  });
}

/** The claims with what is held in the current window replaced; the other windows stay as they are. */
export function withCurrent(holder: Holder, current: readonly Claim[]): Claim[] {
  if (holder.series === undefined) return [...current];
  const window = currentWindow(holder);
  const others = holder.claims.flatMap((claim) => {
    const index = indexIn(claim, window);
    const windows = windowsIn(claim);
    if (index === undefined) return [claim];
    const later = countOf(windows) - index - 1;
    return [
      ...(index === 0 ? [] : [during(claim, someOf(windows, 0, index))]),
      ...(later === 0 ? [] : [during(claim, someOf(windows, index + 1, later))]),
    ];
  });
  return joined(current, others);
}

/** Claims together with more, which get ids that are not taken. */
export function joined(claims: readonly Claim[], more: readonly Claim[]): Claim[] {
  const taken = new Set(claims.map(({ id }) => id));
  let last = Math.max(0, ...[...claims, ...more].map(({ id }) => Number(id)));
  return [
    ...claims,
    ...more.map((claim) => {
      const free = !taken.has(claim.id);
      taken.add(claim.id);
      return free ? claim : { ...claim, id: `${++last}` };
    }),
  ];
}

/** A claim on the same in other windows. */
export function during(claim: Claim, windows: Parameters<typeof boundsOf>[0]): Claim {
  return { ...omit(claim, 'start', 'end', 'period', 'count'), ...boundsOf(windows) };
}

/** The index of the claim's window that overlaps another one. */
function indexIn(claim: Claim, window: Window): number | undefined {
  const windows = windowsIn(claim);
  const index = firstAfter(windows, window.start);
  return index < countOf(windows) && overlaps(windowAt(windows, index), window) ? index : undefined;
}
