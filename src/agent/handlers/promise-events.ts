/** Events of the engine as notifications of opnfv-promise, in the form in which they are stored and sent. */
import type { Allocation, Reason as DomainReason, VmState } from '../../engine/entities.ts';
import type {
  AllocationEvent as DomainAllocationEvent,
  CapacityEvent as DomainCapacityEvent,
  DomainEvent,
  OfferEvent as DomainOfferEvent,
  ReservationEvent as DomainReservationEvent,
} from '../../engine/events.ts';
import { ownerOf, sees } from '../../engine/ownership.ts';
import { printInstant } from '../../engine/window.ts';
import { moduleName } from '../../generated/opnfv-promise.ts';
import type {
  AllocationEvent,
  CapacityEvent,
  Notification,
  OfferEvent,
  ReservationEvent,
} from '../../generated/opnfv-promise.ts';
import type { EventInput } from '../../store/store.ts';
import { requestOut, stateOut } from './reservation-nodes.ts';
import { kindOut, vimIdOut } from './resource-nodes.ts';
import {
  amountsOut,
  breakdownOut,
  endOut,
  faultOut,
  instantOut,
  present,
  priorityOut,
  reasonOut,
  refusalOut,
  repetitionOut,
} from './promise-values.ts';

/** The number is the store's to give. */
type Unnumbered<Event> = Omit<Event, 'seq'>;

/** A notification for the log. */
export function eventRecord(event: DomainEvent): EventInput {
  return {
    time: event.time,
    module: moduleName,
    name: event.kind satisfies Notification['name'],
    content: contentOf(event),
    numberedAs: 'seq',
  };
}

function contentOf(event: DomainEvent): Unnumbered<Notification['content']> {
  switch (event.kind) {
    case 'reservation-event':
      return reservationEvent(event);
    case 'offer-event':
      return offerEvent(event);
    case 'capacity-event':
      return capacityEvent(event);
    case 'allocation-event':
      return allocationEvent(event);
  }
}

function reservationEvent(event: DomainReservationEvent): Unnumbered<ReservationEvent> {
  const { time, cause, reservation, oldStatus, occurrence, by, byTenant, offered } = event;
  return present({
    cause,
    'reservation-id': reservation.id,
    'old-status': oldStatus,
    occurrence,
    ...requestOut(reservation),
    ...stateOut(reservation, event, time),
    by,
    'by-tenant': byTenant,
    offered: offered === undefined ? undefined : refusalOut(offered),
  });
}

function offerEvent({ cause, offer }: DomainOfferEvent): Unnumbered<OfferEvent> {
  const { id, reservation, reason, owner, tenant, expiresAt, startsAt, endsAt } = offer;
  return present({
    cause,
    'offer-id': id,
    'reservation-id': reservation,
    reason: reasonOut(reason),
    owner,
    tenant,
    'expires-at': printInstant(expiresAt),
    'starts-at': printInstant(startsAt),
    'ends-at': instantOut(endsAt),
    ...requestOut(offer),
  });
}

function capacityEvent(event: DomainCapacityEvent): Unnumbered<CapacityEvent> {
  const { cause, provider, pool, zone, host, maintenance, start, end, capacity } = event;
  return present({
    cause,
    provider,
    pool,
    zone,
    host,
    maintenance,
    start: instantOut(start),
    end: endOut(end),
    ...repetitionOut(event),
    ...(capacity === undefined ? {} : breakdownOut(capacity)),
  });
}

function allocationEvent(event: DomainAllocationEvent): Unnumbered<AllocationEvent> {
  const { cause, allocation, oldVmState, by, byTenant, attachment, offered } = event;
  const { id, name, provider, reservation, pool, priority, vmState, fault, capacity, owner, tenant } = allocation;
  const reason = allocationReason(event);
  return present({
    cause,
    attachment: attachment?.id,
    size: sizeOf(event),
    'instance-id': id,
    name,
    kind: kindOut(allocation),
    'provider-id': provider,
    ...vimIdOut(allocation),
    address: allocation.resource === undefined ? undefined : allocation.address,
    'reservation-id': reservation,
    pool,
    priority: priorityOut(priority),
    'old-vm-state': oldVmState,
    'vm-state': vmState,
    fault: faultOut(fault),
    reason: reason === undefined ? undefined : (`opnfv-promise:${reason}` as const),
    message: allocationMessage(event),
    by,
    'by-tenant': byTenant,
    offered: offered === undefined ? undefined : refusalOut(offered),
    capacity: amountsOut(capacity),
    owner,
    tenant,
  });
}

function allocationReason({ cause, allocation, oldVmState }: DomainAllocationEvent): DomainReason | undefined {
  if (cause === 'preempted') return 'displaced';
  if (!hasFailed(allocation, oldVmState)) return undefined;
  // Without a server the VIM refused; with one it accepted and could not start it, or lost it later.
  if (allocation.server === undefined) return 'provider-rejected';
  return oldVmState === 'BUILD' ? 'boot-failed' : undefined;
}

function allocationMessage({
  cause,
  allocation,
  oldVmState,
  by,
  byWhat,
  byTenant,
  from,
  attachment,
}: DomainAllocationEvent): string | undefined {
  if (cause === 'preempted') {
    const when = from === undefined ? 'It gives way' : `From ${printInstant(from)} on it has to give way`;
    const visible = sees(ownerOf(allocation), byTenant === undefined ? {} : { tenant: byTenant });
    const what = byWhat === 'machine' ? 'virtual machine' : 'reservation';
    return `${when} to ${visible ? `the ${what} '${by ?? ''}'` : `a ${what}`}.`;
  }
  if (attachment !== undefined) return attachment.fault?.message;
  if (cause === 'extension-failed' && allocation.resource !== undefined) return allocation.extension?.fault?.message;
  return hasFailed(allocation, oldVmState) ? allocation.fault?.message : undefined;
}

/** Of a volume whose size is concerned. */
function sizeOf({ cause, allocation }: DomainAllocationEvent): number | undefined {
  if (allocation.resource === undefined || allocation.resource.kind !== 'volume') return undefined;
  if (cause === 'extension-requested') return allocation.extension?.sizeGb;
  return cause === 'extended' || cause === 'extension-failed' ? allocation.resource.sizeGb : undefined;
}

function hasFailed({ vmState }: Allocation, oldVmState: VmState | undefined): boolean {
  return vmState === 'ERROR' && oldVmState !== 'ERROR';
}
