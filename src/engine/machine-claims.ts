/** What allocations take by themselves, as claims: of their pools, and machines of their hosts. */
import type { Allocation, Claim } from './entities.ts';
import { hostId } from './hosts.ts';
import { FOREVER } from './window.ts';
import type { Instant } from './window.ts';

/** The instant from which on an allocation has what it consumes on loan; undefined for one that holds it. */
export function loanedFrom(allocation: Pick<Allocation, 'claims'>): Instant | undefined {
  return allocation.claims.find(({ onLoan }) => onLoan === true)?.start;
}

/** Until when an allocation has for good what it consumes and uses: it is on loan from then on, or over. */
export function keptUntil(allocation: Pick<Allocation, 'claims' | 'endsAt'>): Instant {
  return loanedFrom(allocation) ?? allocation.endsAt ?? FOREVER;
}

/**
 * The claims of an allocation, and what it takes of its host where no claim of a reservation holds that. A host is not named in the
 * record's claims: machines are moved by their VIM. It is held as long as what is consumed of the pool, and on loan from then on.
 */
export function takenBy(allocation: Allocation): readonly Claim[] {
  const { provider, host, claim, capacity, disk, claims, startsAt, endsAt } = allocation;
  if (host === undefined || claim !== undefined) return claims;
  const taken = { node: hostId(provider, host), capacity, ...(disk === undefined ? {} : { disk }) };
  const start = claims[0]?.start ?? startsAt;
  const lent = loanedFrom(allocation);
  const end = lent ?? endsAt;
  const held = { ...taken, id: 'host', start, ...(end === undefined ? {} : { end }) };
  const onLoan: Claim[] = lent === undefined ? [] : [{ ...taken, id: 'host on loan', start: lent, onLoan: true }];
  return [...claims, ...(start < (end ?? FOREVER) ? [held] : []), ...onLoan];
}

/** What an allocation takes for good from an instant on. */
export function keptFrom(allocation: Allocation, instant: Instant): Claim[] {
  return takenBy(allocation)
    .filter(({ onLoan, end }) => onLoan !== true && (end ?? FOREVER) > instant)
    .map((claim) => (claim.start < instant ? { ...claim, start: instant } : claim));
}
