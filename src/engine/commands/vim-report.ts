/**
 * What the VIM reports about machines, by the reconciler (allocation steps 3b, 7a, 10a). Reports may come late, twice, in any
 * order, and for allocations that are gone; they never fail.
 */
import { announceAllocation, announcePool, announceReservation } from '../announce.ts';
import { detach } from '../attachments.ts';
import { NOTHING } from '../capacity.ts';
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import type { Allocation, Fault } from '../entities.ts';
import { elementId } from '../element-map.ts';
import { hostId } from '../hosts.ts';
import { takesOver } from '../lifecycle.ts';
import { currentClaims, withCurrent } from '../occurrence.ts';
import type { Command, Refusal } from '../requests.ts';
import type {
  CreateFailed,
  CreationUnanswered,
  DeletionAccepted,
  DeletionRefused,
  ServerAccepted,
  ServerGone,
  VimReportResult,
  VmStateReported,
} from '../reported.ts';
import { settle } from '../settlement.ts';
import { makeWaiting } from '../waiting-machines.ts';
import { elementMade } from '../allocated-elements.ts';
import { poolNode } from '../state.ts';
import type { Head } from '../state.ts';
import { FOREVER } from '../window.ts';
import { omit } from '../omit.ts';

const IGNORED: VimReportResult = { outcome: 'ignored' };

/** The VIM accepted the creation: the server has an id, and is being built unless its deletion was asked for meanwhile. */
export const serverAccepted: Command<ServerAccepted, VimReportResult> = (head, input, at) =>
  report(head, input.allocation, at, (draft, before) => {
    if (before.server !== undefined) return IGNORED;
    const building = before.vmState === 'INITIALIZED';
    const settled = before.intent === 'create' ? withoutIntent(before) : before;
    const after: Allocation = { ...settled, server: input.server, vmState: building ? 'BUILD' : before.vmState };
    const accepted = put(draft, 'accepted', before, after);
    return input.state === undefined ? accepted : take(draft, after, input.state);
  });

/** The VIM accepted the deletion: it need not be told again. That is nothing new to what is gone, and is awaited all the same. */
export const deletionAccepted: Command<DeletionAccepted, VimReportResult> = (head, input, at) =>
  report(head, input.allocation, at, (draft, before) => {
    if (before.intent !== 'delete' || before.server === undefined) return IGNORED;
    const after = { ...withoutIntent(before), modifiedOn: at.now };
    draft.put('allocation', after.id, after);
    return { outcome: 'recorded', allocation: after };
  });

/** The VIM cannot delete it at present, because something uses it: its word is kept until it is gone, and told once. */
export const deletionRefused: Command<DeletionRefused, VimReportResult> = (head, input, at) =>
  report(head, input.allocation, at, (draft, before) => {
    if (before.intent !== 'delete' || before.fault?.message === input.fault.message) return IGNORED;
    return put(draft, 'state-changed', before, { ...before, fault: { ...input.fault, occurredOn: at.now } });
  });

/** Nobody knows what became of a creation: for a while it may take effect yet, whatever else becomes of the allocation. */
export const creationUnanswered: Command<CreationUnanswered, VimReportResult> = (head, { allocation, until }, at) =>
  report(head, allocation, at, (draft, before) => {
    if ((before.unansweredUntil ?? 0) >= until) return IGNORED;
    return put(draft, undefined, before, { ...before, unansweredUntil: until });
  });

/**
 * The VIM refused the creation for good. There is no server, so nothing is held any more; the record stays, in ERROR with
 * the fault, until its consumer destroys it.
 */
export const createFailed: Command<CreateFailed, VimReportResult> = (head, input, at) =>
  report(head, input.allocation, at, (draft, before) => {
    if (before.intent !== 'create' || before.server !== undefined) {
      return before.intent === 'delete' && before.server === undefined ? gone(draft, before) : IGNORED;
    }
    return fail(draft, before, input.fault);
  });

/** It was not made, and will not be: nothing is held any more. */
function fail(draft: Draft, before: Allocation, fault: CreateFailed['fault']): VimReportResult {
  const rest = omit(withoutIntent(before), 'host', 'claim', 'disk', 'awaits');
  const occurred: Fault = { ...fault, occurredOn: draft.at.now };
  const after: Allocation = { ...rest, vmState: 'ERROR', fault: occurred, capacity: NOTHING, claims: [] };
  const result = put(draft, 'state-changed', before, after);
  detach(draft, before);
  free(draft, before);
  return result;
}

/** The state of a server as the VIM has it. DELETED means that it is gone. */
export const vmStateReported: Command<VmStateReported, VimReportResult> = (head, input, at) =>
  report(head, input.allocation, at, (draft, before) => take(draft, before, input));

function take(draft: Draft, before: Allocation, input: VmStateReported): VimReportResult {
  const { vmState } = input;
  if (vmState === 'DELETED') return gone(draft, before);
  const moved = input.host !== undefined && input.host !== before.host;
  const changed = takesOver(before.vmState, vmState);
  const address = addressOf(before, input);
  if (!changed && !moved && address === undefined) return IGNORED;
  const rest = omit(before, 'fault');
  const fault = input.fault === undefined ? {} : { fault: { ...input.fault, occurredOn: draft.at.now } };
  const host = input.host === undefined ? {} : { host: input.host };
  const after: Allocation = changed
    ? { ...rest, ...fault, ...host, ...address, vmState }
    : { ...before, ...host, ...address };
  const result = put(draft, changed ? 'state-changed' : undefined, before, after);
  // A machine that could not be deleted after all stands in the way again.
  if (changed && before.vmState === 'DELETING') {
    draft.disturbPlaceOf(after);
    settle(draft, 'capacity-withdrawn');
  }
  if (moved) followMachine(draft, before, after);
  return result;
}

/** An address that is new. */
function addressOf(before: Allocation, { address }: VmStateReported): { readonly address: string } | undefined {
  if (address === undefined || before.resource === undefined || before.address === address) return undefined;
  return { address };
}

/**
 * A machine runs on another host than was planned: the claim by which it runs goes with it, and others may have to give way there. Of what
 * recurs, later windows stay where they are.
 */
function followMachine(draft: Draft, before: Allocation, after: Allocation): void {
  const { provider, host, claim, reservation: id } = after;
  if (host === undefined) return;
  const to = hostId(provider, host);
  if (before.host !== undefined) draft.disturbed.add(hostId(provider, before.host));
  draft.disturbed.add(to);
  const reservation = draft.head.reservations.get(id ?? '');
  if (claim !== undefined && reservation !== undefined) {
    const current = currentClaims(reservation).map((each) =>
      each.id === claim && each.container !== undefined ? { ...each, host: to } : each,
    );
    const claims = withCurrent(reservation, current);
    const followed = { ...reservation, claims, modifiedOn: draft.at.now };
    draft.put('reservation', reservation.id, followed);
    if (claims.length > reservation.claims.length) announceReservation(draft, 'updated', followed, reservation.status);
  }
  settle(draft, 'capacity-withdrawn');
}

/**
 * The VIM has confirmed that there is no server: the record goes, and what it held is free. While a creation may still take effect,
 * it stays, to be deleted when that has come or can come no more.
 */
export const serverGone: Command<ServerGone, VimReportResult> = (head, input, at) =>
  report(head, input.allocation, at, gone);

function report(
  head: Head,
  id: string,
  at: Parameters<typeof decide>[1],
  make: (draft: Draft, before: Allocation) => VimReportResult,
): ReturnType<Command<unknown, VimReportResult>> {
  return decide(head, at, (draft) => {
    const before = head.allocations.get(id);
    return before === undefined ? IGNORED : make(draft, before);
  });
}

function put(
  draft: Draft,
  cause: 'accepted' | 'state-changed' | undefined,
  before: Allocation,
  after: Allocation,
): VimReportResult {
  const allocation: Allocation = { ...after, modifiedOn: draft.at.now };
  draft.put('allocation', allocation.id, allocation);
  if (cause !== undefined) announceAllocation(draft, cause, allocation, before.vmState);
  return { outcome: 'recorded', allocation };
}

function gone(draft: Draft, before: Allocation): VimReportResult {
  if ((before.unansweredUntil ?? 0) > draft.at.now) return awaitLate(draft, before);
  draft.put('allocation', before.id, null);
  detach(draft, before);
  announceAllocation(
    draft,
    'destroyed',
    { ...withoutIntent(before), vmState: 'DELETED', modifiedOn: draft.at.now },
    before.vmState,
  );
  free(draft, before);
  return { outcome: 'gone' };
}

function awaitLate(draft: Draft, before: Allocation): VimReportResult {
  if (before.server === undefined && before.intent === 'delete') return IGNORED;
  const after: Allocation = { ...omit(before, 'server'), vmState: 'DELETING', intent: 'delete' };
  return put(draft, before.vmState === 'DELETING' ? undefined : 'state-changed', before, after);
}

function free(draft: Draft, before: Allocation): void {
  draft.disturbed.add(poolNode(before.pool));
  makeWaiting(draft, before.id, giveUp);
  if (before.host !== undefined) draft.disturbed.add(hostId(before.provider, before.host));
  const element = elementMade(before);
  if (element !== undefined) draft.disturbed.add(elementId(before.provider, element.kind, element.id));
  announcePool(draft, 'freed', before.pool, { start: draft.at.now, end: before.endsAt ?? FOREVER });
  settle(draft, 'capacity-restored');
}

/** A machine that waited for its place has none any more. Nothing was asked of the VIM. */
function giveUp(draft: Draft, before: Allocation, { message }: Refusal): void {
  fail(draft, before, { message: `Its place was lost while it waited for it: ${message}` });
}

function withoutIntent(allocation: Allocation): Allocation {
  const rest = omit(allocation, 'intent');
  return rest;
}
