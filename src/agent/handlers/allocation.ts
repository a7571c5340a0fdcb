/** create-instance, create-allocation and their ends (allocation steps 1 to 4 and 8), and attaching what was allocated. */
import { createInstance, destroyInstance } from '../../engine/commands/allocation.ts';
import { attachResource, detachResource } from '../../engine/commands/attachment.ts';
import { createAllocation, destroyAllocation } from '../../engine/commands/resource.ts';
import { extendVolume } from '../../engine/commands/volume.ts';
import type { Allocation, Fault } from '../../engine/entities.ts';
import type { ChangeAttachment, CreateAllocation, CreateInstance, Displaced, Refusal } from '../../engine/requests.ts';
import type {
  AllocationStatus,
  AttachResourceInput,
  AttachResourceOutput,
  AttachmentStatus,
  CreateAllocationInput,
  CreateAllocationOutput,
  CreateInstanceInput,
  CreateInstanceOutput,
  ExtendVolumeOutput,
  Handlers,
} from '../../generated/opnfv-promise.ts';
import type { RequestContext } from '../context.ts';
import type { PromiseEngine } from './promise-domain.ts';
import { listIn, present, priorityIn, reasonOut } from './promise-values.ts';
import { resourceIn, statusOfExtension, statusOfPending } from './resource-nodes.ts';

export function allocationHandlers(
  engine: PromiseEngine,
): Pick<
  Handlers<RequestContext>,
  | 'create-instance'
  | 'destroy-instance'
  | 'create-allocation'
  | 'destroy-allocation'
  | 'extend-volume'
  | 'attach-resource'
  | 'detach-resource'
> {
  /** The allocation once the VIM has answered, or what it is like when that takes long. */
  const accepted = async ({ allocation }: { readonly allocation: Allocation }): Promise<Allocation> => {
    // The record is durable, so the VIM is being asked; its answer comes soon, as a rule.
    const settled = await engine.reconciler.settled(allocation.id, engine.patience.acceptance);
    return settled ?? (await engine.read((head) => head.allocations.get(allocation.id))) ?? allocation;
  };
  /** How it stands once the VIM has done it, or what it is like when that takes long. */
  const changed = async (
    context: RequestContext,
    command: typeof attachResource,
    input: AttachResourceInput,
  ): Promise<AttachResourceOutput> => {
    const result = await engine.decide(context, command, attachmentIn(input));
    if (result.outcome === 'refused') {
      const { reason, message } = result.refusal;
      return { result: 'conflict', reason: reasonOut(reason), message };
    }
    return attachmentAnswer(await accepted(result), result.attachment);
  };
  return {
    'create-instance': async (context, input) => {
      const { result, record } = await engine.decideOnRecord(context, createInstance, creationIn(input));
      if (result.outcome === 'refused') {
        const searched = present({ 'search-complete': result.refusal.searchComplete });
        return { ...rejection(result.refusal), ...searched, ...record };
      }
      const allocation = await accepted(result);
      const { id, server } = allocation;
      const answer = acceptanceAnswer(allocation, present({ 'instance-id': id, server }));
      return { ...answer, ...displacedOut(answer.message, result.displaced), ...record };
    },

    'create-allocation': async (context, input) => {
      const { result, record } = await engine.decideOnRecord(context, createAllocation, allocationIn(input));
      if (result.outcome === 'refused') return { ...rejection(result.refusal), ...record };
      const allocation = await accepted(result);
      const { id, server: resource } = allocation;
      const address = allocation.resource === undefined ? undefined : allocation.address;
      const ids = present({ 'allocation-id': id, resource });
      return { ...acceptanceAnswer(allocation, ids), ...present({ address }), ...record };
    },

    'destroy-allocation': async (context, input) => {
      const { allocation, ...result } = await engine.decide(context, destroyAllocation, { id: input['allocation-id'] });
      if (result.outcome === 'refused') {
        const { reason, message } = result.refusal;
        return { result: 'conflict', status: allocation.vmState, reason: reasonOut(reason), message };
      }
      return destructionAnswer(allocation);
    },

    'extend-volume': async (context, input) => {
      const wanted = { id: input['allocation-id'], sizeGb: input.size };
      const result = await engine.decide(context, extendVolume, wanted);
      if (result.outcome === 'accepted') return extensionAnswer(await accepted(result));
      const { reason, message } = result.refusal;
      return { result: 'conflict', reason: reasonOut(reason), message };
    },

    'attach-resource': (context, input) => changed(context, attachResource, input),

    'detach-resource': (context, input) => changed(context, detachResource, input),

    'destroy-instance': async (context, input) => {
      const { allocation } = await engine.decide(context, destroyInstance, { id: input['instance-id'] });
      return destructionAnswer(allocation);
    },
  };
}

function rejection({ reason, message }: Refusal): CreateInstanceOutput & CreateAllocationOutput {
  return { result: 'conflict', status: 'rejected', reason: reasonOut(reason), message };
}

/** Who had to give way (grouping displacement-report), and of how many others who asks knows nothing. */
function displacedOut(message: string | undefined, displaced: Displaced | undefined): Partial<CreateInstanceOutput> {
  if (displaced === undefined) return {};
  const { reservations, machines, others, complete } = displaced;
  return present({
    message:
      others === undefined
        ? message
        : `${message ?? ''} Reservations and virtual machines of others that gave way: ${others}.`,
    'search-complete': complete,
    'displaced-reservations': listIn(reservations),
    'displaced-instances': listIn(machines),
  });
}

function destructionAnswer({ vmState, name }: Allocation) {
  const message = `'${name}' is being deleted; an allocation-event tells when it is gone.`;
  return { result: 'ok', status: vmState, message } as const;
}

/** The schema sees to it that there is exactly one. */
function attachmentIn({ 'instance-id': id, volume, port }: AttachResourceInput): ChangeAttachment {
  return volume === undefined ? { id, kind: 'port', resource: port ?? '' } : { id, kind: 'volume', resource: volume };
}

function attachmentAnswer(allocation: Allocation, id: string): AttachResourceOutput {
  const { status, fault } = attachmentOf(allocation, id);
  if (status === 'failed') {
    const message = `It could not be done: ${fault?.message ?? 'the provider does not say why'}`;
    return { result: 'conflict', status, reason: 'opnfv-promise:provider-rejected', message, resource: id };
  }
  return { result: 'ok', status, message: `The port or volume is ${status}.`, resource: id };
}

function extensionAnswer(allocation: Allocation): ExtendVolumeOutput {
  const { resource, extension } = allocation.resource === undefined ? {} : allocation;
  const size = resource?.kind === 'volume' ? resource.sizeGb : 0;
  if (extension === undefined) return { result: 'ok', status: 'extended', message: `The volume has ${size} GB.`, size };
  const { fault, sizeGb } = extension;
  const status = statusOfExtension(fault);
  if (fault === undefined)
    return { result: 'ok', status, message: `The volume is being extended to ${sizeGb} GB.`, size };
  const message = `It could not be done: ${fault.message}`;
  return { result: 'conflict', status, reason: 'opnfv-promise:provider-rejected', message, size };
}

/** How it stands with a port or volume. */
function attachmentOf(
  allocation: Allocation,
  id: string,
): { readonly status: AttachmentStatus; readonly fault?: Fault } {
  if (allocation.resource !== undefined) return { status: 'detached' };
  const { pending = [], ports = [], volumes = [] } = allocation;
  const change = pending.find((each) => each.id === id);
  if (change !== undefined) return present({ status: statusOfPending(change), fault: change.fault });
  return { status: [...ports, ...volumes].includes(id) ? 'attached' : 'detached' };
}

function allocationIn(input: CreateAllocationInput): CreateAllocation {
  return present({
    provider: input['provider-id'],
    name: input.name,
    resource: resourceIn(input),
    zone: input.zone,
    reservation: input['reservation-id'],
  });
}

function creationIn(input: CreateInstanceInput): CreateInstance {
  return present({
    provider: input['provider-id'],
    name: input.name,
    image: input.image,
    flavor: input.flavor,
    networks: listIn(input.networks),
    ports: listIn(input.ports),
    volumes: listIn(input.volumes),
    bootVolume: input['boot-volume'],
    zone: input.zone,
    reservation: input['reservation-id'],
    priority: priorityIn(input.priority),
  });
}

function acceptanceAnswer<Ids extends object>(
  allocation: Allocation,
  ids: Ids,
): CreateInstanceOutput & CreateAllocationOutput & Ids {
  const { name, server, vmState, fault } = allocation;
  const status = statusOf(allocation);
  const nodes = { status, ...ids, 'vm-state': vmState };
  if (status === 'failed') {
    const reason = server === undefined ? 'provider-rejected' : 'boot-failed';
    const message = `'${name}' could not be made: ${fault?.message ?? 'the provider does not say why'}`;
    return { result: 'conflict', reason: `opnfv-promise:${reason}`, message, ...nodes };
  }
  const progress =
    server !== undefined
      ? 'was accepted by the provider'
      : allocation.awaits === undefined
        ? 'is recorded; the provider has not answered yet'
        : 'is recorded; the provider is asked for it when the virtual machines are gone whose place it takes';
  return { result: 'ok', message: `'${name}' ${progress}.`, ...nodes };
}

function statusOf({ vmState }: Allocation): AllocationStatus {
  switch (vmState) {
    case 'ACTIVE':
      return 'completed';
    case 'ERROR':
      return 'failed';
    default:
      return 'in-progress';
  }
}
