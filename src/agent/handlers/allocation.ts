/** create-instance, create-allocation and their ends (allocation steps 1 to 4 and 8). */
import { createInstance, destroyInstance } from '../../engine/commands/allocation.ts';
import { createAllocation, destroyAllocation } from '../../engine/commands/resource.ts';
import type { Allocation } from '../../engine/entities.ts';
import type {
  CreateAllocation,
  CreateInstance,
  CreateInstanceResult,
  Displaced,
  Refusal,
} from '../../engine/requests.ts';
import type {
  AllocationStatus,
  CreateAllocationInput,
  CreateAllocationOutput,
  CreateInstanceInput,
  CreateInstanceOutput,
  Handlers,
} from '../../generated/opnfv-promise.ts';
import type { RequestContext } from '../context.ts';
import type { PromiseEngine } from './promise-domain.ts';
import { listIn, present, priorityIn, reasonOut } from './promise-values.ts';
import { resourceIn } from './resource-nodes.ts';

export function allocationHandlers(
  engine: PromiseEngine,
): Pick<Handlers<RequestContext>, 'create-instance' | 'destroy-instance' | 'create-allocation' | 'destroy-allocation'> {
  /** The allocation once the VIM has answered, or what it is like when that takes long. */
  const accepted = async ({ allocation }: Extract<CreateInstanceResult, { outcome: 'accepted' }>) => {
    // The record is durable, so the VIM is being asked; its answer comes soon, as a rule.
    await engine.reconciler.settled(allocation.id, engine.patience.acceptance);
    return (await engine.read((head) => head.allocations.get(allocation.id))) ?? allocation;
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

    'destroy-instance': async (context, input) => {
      const { allocation } = await engine.decide(context, destroyInstance, { id: input['instance-id'] });
      return destructionAnswer(allocation);
    },
  };
}

function rejection({ reason, message }: Refusal): CreateInstanceOutput & CreateAllocationOutput {
  return { result: 'conflict', status: 'rejected', reason: reasonOut(reason), message };
}

/** Which reservations had to give way (grouping displacement-report), and of how many others who asks knows nothing. */
function displacedOut(message: string | undefined, displaced: Displaced | undefined): Partial<CreateInstanceOutput> {
  if (displaced === undefined) return {};
  const { reservations, others, complete } = displaced;
  return present({
    message: others === undefined ? message : `${message ?? ''} Reservations of others that gave way: ${others}.`,
    'search-complete': complete,
    'displaced-reservations': listIn(reservations),
  });
}

function destructionAnswer({ vmState, name }: Allocation) {
  const message = `'${name}' is being deleted; an allocation-event tells when it is gone.`;
  return { result: 'ok', status: vmState, message } as const;
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
    server === undefined ? 'is recorded; the provider has not answered yet' : 'was accepted by the provider';
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
