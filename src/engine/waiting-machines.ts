/**
 * Machines that take the place of others (`preemption.ts`): the VIM is asked for one when it has confirmed that the others are gone. Until
 * then its record has no intent and names whom it awaits; what it consumes is held for it, so that nobody else takes the place.
 */
import { planUnreserved } from './allotment.ts';
import type { Consumption, Plan } from './allotment.ts';
import { addVectors, toVector } from './capacity.ts';
import type { CapacityVector } from './capacity.ts';
import type { Draft } from './draft.ts';
import type { Allocation, Id } from './entities.ts';
import { hostVector } from './host-steps.ts';
import { hostId, onHost } from './hosts.ts';
import { takenBy } from './machine-claims.ts';
import { byMerit } from './merit.ts';
import { omit } from './omit.ts';
import type { Refusal } from './requests.ts';
import { notHolding, poolNode } from './state.ts';
import type { Head } from './state.ts';
import { roomForLoans, standingClaims } from './vacancy.ts';
import type { Instant } from './window.ts';

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
  draft.disturb(takenBy(machine));
  if (planned.outcome === 'refused') giveUp(draft, machine, planned.refusal);
  else draft.put('allocation', machine.id, movedTo(head, asked, planned.plan, at.now));
}

/** Whether what the machine takes is there now, beside all that is there, and its host takes machines. */
function hasPlace({ head, at }: Draft, machine: Allocation): boolean {
  const node = head.nodes.get(poolNode(machine.pool));
  if (node === undefined) return false;
  const left = node.total.valueAt(at.now);
  addVectors(left, node.used.valueAt(at.now), -1);
  addVectors(left, node.lent.valueAt(at.now), -1);
  const others = waitingMachines(head).filter(({ id }) => id !== machine.id);
  for (const each of others) if (each.pool === machine.pool) addVectors(left, toVector(each.capacity), 1);
  return !isShort(left, toVector(machine.capacity)) && hasHost(head, machine, others, at.now);
}

/** Whether its host takes machines, and what is on loan there leaves it room. */
function hasHost(
  head: Head,
  { provider, host, capacity, disk }: Allocation,
  others: readonly Allocation[],
  now: Instant,
): boolean {
  if (host === undefined) return true;
  const node = head.hosts.nodes.get(hostId(provider, host));
  if (node?.usable !== true) return false;
  const left = roomForLoans(head, node, now);
  addVectors(left, node.lent.valueAt(now), -1);
  for (const each of others) {
    if (each.host === host && each.provider === provider)
      addVectors(left, hostVector(onHost(each.capacity, each.disk)), 1);
  }
  return !isShort(left, hostVector(onHost(capacity, disk)));
}

/** Whether there is too little of something of which any is taken. */
function isShort(left: CapacityVector, taken: CapacityVector): boolean {
  return left.some((amount, lane) => amount < 0 && (taken[lane] ?? 0) > 0);
}

/** Machines for which something is held and that are not there yet. */
function waitingMachines(head: Head): Allocation[] {
  const ids = new Set([...head.waiting.values()].flatMap((each) => [...each]));
  return [...ids].flatMap((id) => head.allocations.get(id) ?? []);
}

function movedTo(head: Head, machine: Allocation, { pool, host }: Plan<Consumption>, now: number): Allocation {
  const claims = standingClaims(head, { pool, capacity: machine.capacity }, true, now);
  return { ...omit(machine, 'host'), pool, claims, ...(host === undefined ? {} : { host }) };
}

/** Looks at the head as it is without machines; it is as it was when this returns. */
export function without<T>(head: Head, machines: readonly Allocation[], look: () => T): T {
  return notHolding(head, machines.flatMap(takenBy), look);
}
