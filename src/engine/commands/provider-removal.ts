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
import type { Timeline } from '../timeline.ts';
import { FOREVER } from '../window.ts';
import type { Instant } from '../window.ts';
import { meets, windowsIn } from '../windows.ts';

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
    const pools = poolsFrom(head, id);
    const isDrained =
      head.providers.get(id)?.draining === true &&
      !pools.some((pool) => bearsCapacity(head, pool.id, at.now)) &&
      isFree(heldOn(head, pools, at.now));
    if (!isDrained) return { outcome: 'ignored' };
    drop(draft, id);
    return { outcome: 'removed' };
  });

/** What is held on some pools from now on. */
export function heldOn(head: Head, pools: readonly { readonly id: Id }[], now: Instant): InUse {
  const nodes = new Set<string>(pools.map(({ id }) => poolNode(id)));
  const ahead = { start: now, end: FOREVER };
  const onPools = ({ claims }: { readonly claims: readonly Claim[] }): boolean =>
    nodes.size > 0 && claims.some((claim) => nodes.has(claim.node) && meets(windowsIn(claim), ahead));
  const ids = (holders: Iterable<{ readonly id: Id; readonly claims: readonly Claim[] }>): Id[] =>
    [...holders].filter(onPools).map(({ id }) => id);
  return {
    reservations: ids(head.held.overlapping(ahead)),
    offers: ids(head.heldOffers.overlapping(ahead)),
    allocations: pools.flatMap(({ id }) => [...(head.allocationsIn.get(id) ?? [])]),
  };
}

/** Whether capacity of a pool is held from now on, which its timelines show without a look at who holds it. */
function bearsCapacity(head: Head, pool: Id, now: Instant): boolean {
  const node = head.nodes.get(poolNode(pool));
  if (node === undefined) return false;
  const differ = (a: Timeline, b: Timeline): boolean => {
    for (const { at, value } of a.steps({ start: now, end: FOREVER })) {
      const other = b.valueAt(at);
      if (value.some((amount, lane) => amount !== other[lane])) return true;
    }
    return false;
  };
  return differ(node.free, node.total) || differ(node.total, node.free);
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
  for (const pool of poolsFrom(draft.head, id)) dropPool(draft, pool.id);
  draft.put('provider', id, null);
}

/** Removes a pool on which nothing is held. Windows there that are over, of reservations that go on elsewhere, are forgotten with it. */
export function dropPool(draft: Draft, id: Id): void {
  const ahead = { start: draft.at.now, end: FOREVER };
  const isHere = ({ node }: Claim): boolean => node === poolNode(id);
  for (const reservation of [...draft.head.held.overlapping(ahead)]) {
    const { claims } = reservation;
    if (!claims.some(isHere)) continue;
    draft.put('reservation', reservation.id, { ...reservation, claims: claims.filter((claim) => !isHere(claim)) });
  }
  announcePool(draft, 'decreased', id, ahead);
  draft.put('pool', id, null);
}
