/**
 * Machines that take the place of others (`preemption.ts`): the VIM is asked for one when it has confirmed that the others are gone. Until
 * then its record has no intent and names whom it awaits; what it consumes is held for it, so that nobody else takes the place.
 */
import { planUnreserved } from './allotment.ts';
import type { Consumption, Plan } from './allotment.ts';
import { addVectors, toVector } from './capacity.ts';
import type { Draft } from './draft.ts';
import type { Allocation, Id } from './entities.ts';
import { hostId } from './hosts.ts';
import { byMerit } from './merit.ts';
import { omit } from './omit.ts';
import type { Refusal } from './requests.ts';
import { holdMachine, poolNode } from './state.ts';
import type { Head } from './state.ts';
import { standingClaims } from './vacancy.ts';

/** What becomes of one for which there is no place any more. */
type GiveUp = (draft: Draft, before: Allocation, refusal: Refusal) => void;

/** A machine is gone: those that waited for it, and for no other, are made now, the best first. */
export function makeWaiting(draft: Draft, gone: Id, giveUp: GiveUp): void {
  const waiting = [...(draft.head.waiting.get(gone) ?? [])].flatMap((id) => draft.head.allocations.get(id) ?? []);
  for (const before of waiting.sort(byMerit)) {
    const awaits = (before.awaits ?? []).filter((id) => id !== gone);
    if (awaits.length > 0) draft.put('allocation', before.id, { ...before, awaits });
    else make(draft, omit(before, 'awaits'), giveUp);
  }
}

/** Capacity may have been lost meanwhile: then it is made where there is a place, if there is one. */
function make(draft: Draft, machine: Allocation, giveUp: GiveUp): void {
  const { head, at } = draft;
  const asked = { ...machine, intent: 'create' as const, modifiedOn: at.now };
  if (hasPlace(draft, machine)) {
    draft.put('allocation', machine.id, asked);
    return;
  }
  const found = { capacity: machine.capacity, disk: machine.disk ?? 0, onHost: true };
  const planned = without(head, [machine], () =>
    planUnreserved<Consumption>(
      head,
      {
        provider: machine.provider,
        ...(machine.zone === undefined ? {} : { zone: machine.zone }),
        subject: `the virtual machine '${machine.name}'`,
        find: () => ({ outcome: 'found', found }),
      },
      at.now,
    ),
  );
  draft.disturb(machine.claims);
  if (planned.outcome === 'refused') giveUp(draft, machine, planned.refusal);
  else draft.put('allocation', machine.id, movedTo(head, asked, planned.plan, at.now));
}

/** Whether what the machine takes is there now, beside all that is there, and its host takes machines. */
function hasPlace({ head, at }: Draft, { id, pool, capacity, provider, host }: Allocation): boolean {
  const node = head.nodes.get(poolNode(pool));
  if (node === undefined) return false;
  const left = node.total.valueAt(at.now);
  addVectors(left, node.used.valueAt(at.now), -1);
  addVectors(left, node.lent.valueAt(at.now), -1);
  for (const other of waitingIn(head, pool)) if (other.id !== id) addVectors(left, toVector(other.capacity), 1);
  const taken = toVector(capacity);
  const short = left.some((amount, lane) => amount < 0 && (taken[lane] ?? 0) > 0);
  return !short && (host === undefined || head.hosts.nodes.get(hostId(provider, host))?.usable === true);
}

/** Machines for which a pool holds something and that are not there yet. */
function waitingIn(head: Head, pool: Id): Allocation[] {
  const ids = new Set([...head.waiting.values()].flatMap((each) => [...each]));
  return [...ids].flatMap((id) => head.allocations.get(id) ?? []).filter((each) => each.pool === pool);
}

function movedTo(head: Head, machine: Allocation, { pool, host }: Plan<Consumption>, now: number): Allocation {
  const claims = standingClaims(head, { pool, capacity: machine.capacity }, true, now);
  return { ...omit(machine, 'host'), pool, claims, ...(host === undefined ? {} : { host }) };
}

/** Looks at the head as it is without machines; it is as it was when this returns. */
export function without<T>(head: Head, machines: readonly Allocation[], look: () => T): T {
  for (const machine of machines) holdMachine(head, machine, -1);
  try {
    return look();
  } finally {
    for (const machine of machines) holdMachine(head, machine, 1);
  }
}
