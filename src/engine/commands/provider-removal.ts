/** The end of a provider: at once when nothing is held there, else refused, or when the last of what is held is over. */
import { announcePool } from '../announce.ts';
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import type { Claim, Id } from '../entities.ts';
import { poolsFrom } from '../provider-supply.ts';
import { UnknownEntry } from '../requests.ts';
import type {
  Command,
  FinishDraining,
  FinishDrainingResult,
  InUse,
  RetireProvider,
  RetireProviderResult,
} from '../requests.ts';
import { poolNode } from '../state.ts';
import type { Head } from '../state.ts';
import { checkOwner } from '../validation.ts';
import { FOREVER } from '../window.ts';
import type { Instant } from '../window.ts';

/** How many of what is held a message names. */
const NAMED = 5;

/**
 * Removes a provider and its pools, all of them made by RPCs.
 * @throws UnknownEntry, OwnedByOther
 */
export const retireProvider: Command<RetireProvider, RetireProviderResult> = (head, { id, mode }, at) =>
  decide(head, at, (draft): RetireProviderResult => {
    const provider = head.providers.get(id);
    if (provider === undefined) throw new UnknownEntry('provider', 'provider-id', id);
    checkOwner('provider', provider, 'rpc');
    const pools = poolsFrom(head, id);
    for (const pool of pools) checkOwner('pool', pool, 'rpc');
    const inUse = heldOn(head, pools, at.now);
    if (isFree(inUse)) {
      drop(draft, id);
      return { outcome: 'removed' };
    }
    if (mode === 'drain') {
      if (provider.draining !== true) draft.put('provider', id, { ...provider, draining: true });
      return { outcome: 'draining', inUse };
    }
    const message = `The provider '${id}' is in use: ${describe(inUse)}. End them first, or drain it.`;
    return { outcome: 'refused', refusal: { reason: 'capacity-in-use', message, shortages: [] }, inUse };
  });

/** Removes a provider that is being drained, if nothing is held there any more. */
export const finishDraining: Command<FinishDraining, FinishDrainingResult> = (head, { id }, at) =>
  decide(head, at, (draft): FinishDrainingResult => {
    const isDrained = head.providers.get(id)?.draining === true && isFree(heldOn(head, poolsFrom(head, id), at.now));
    if (!isDrained) return { outcome: 'ignored' };
    drop(draft, id);
    return { outcome: 'removed' };
  });

/** What is held on some pools from now on. */
export function heldOn(head: Head, pools: readonly { readonly id: Id }[], now: Instant): InUse {
  const nodes = new Set<string>(pools.map(({ id }) => poolNode(id)));
  const ahead = { start: now, end: FOREVER };
  const onPools = ({ claims }: { readonly claims: readonly Claim[] }): boolean =>
    nodes.size > 0 && claims.some(({ node }) => nodes.has(node));
  const ids = (holders: Iterable<{ readonly id: Id; readonly claims: readonly Claim[] }>): Id[] =>
    [...holders].filter(onPools).map(({ id }) => id);
  return {
    reservations: ids(head.held.overlapping(ahead)),
    offers: ids(head.heldOffers.overlapping(ahead)),
    allocations: pools.flatMap(({ id }) => [...(head.allocationsIn.get(id) ?? [])]),
  };
}

/** Whether nothing is held. */
export function isFree({ reservations, offers, allocations }: InUse): boolean {
  return reservations.length + offers.length + allocations.length === 0;
}

function describe(inUse: InUse): string {
  const parts = [
    ['reservations', inUse.reservations],
    ['offers', inUse.offers],
    ['allocations', inUse.allocations],
  ] as const;
  return parts
    .filter(([, ids]) => ids.length > 0)
    .map(([what, ids]) => `${ids.length} ${what} (${ids.slice(0, NAMED).join(', ')}${ids.length > NAMED ? ', …' : ''})`)
    .join(', ');
}

function drop(draft: Draft, id: Id): void {
  for (const pool of poolsFrom(draft.head, id)) {
    announcePool(draft, 'decreased', pool.id, { start: draft.at.now, end: FOREVER });
    draft.put('pool', pool.id, null);
  }
  draft.put('provider', id, null);
}
