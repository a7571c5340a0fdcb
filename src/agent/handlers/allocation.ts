/** create-instance and destroy-instance (allocation steps 1 to 4 and 8). */
import { createInstance, destroyInstance } from '../../engine/commands/allocation.ts';
import type { Allocation } from '../../engine/entities.ts';
import type { CreateInstance } from '../../engine/requests.ts';
import type {
  AllocationStatus,
  CreateInstanceInput,
  CreateInstanceOutput,
  Handlers,
} from '../../generated/opnfv-promise.ts';
import type { RequestContext } from '../context.ts';
import type { PromiseEngine } from './promise-domain.ts';
import { listIn, present, reasonOut } from './promise-values.ts';

export function allocationHandlers(
  engine: PromiseEngine,
): Pick<Handlers<RequestContext>, 'create-instance' | 'destroy-instance'> {
  return {
    'create-instance': async (context, input) => {
      const { result, record } = await engine.decideOnRecord(context, createInstance, creationIn(input));
      if (result.outcome === 'refused') {
        const { reason, message } = result.refusal;
        return { result: 'conflict', status: 'rejected', reason: reasonOut(reason), message, ...record };
      }
      const { allocation } = result;
      // The record is durable, so the VIM is being asked; its answer comes soon, as a rule.
      await engine.reconciler.settled(allocation.id, engine.patience.acceptance);
      const current = await engine.read((head) => head.allocations.get(allocation.id));
      return { ...acceptanceAnswer(current ?? allocation), ...record };
    },

    'destroy-instance': async (context, input) => {
      const { allocation } = await engine.decide(context, destroyInstance, { id: input['instance-id'] });
      return {
        result: 'ok',
        status: allocation.vmState,
        message: `'${allocation.name}' is being deleted; an allocation-event tells when it is gone.`,
      };
    },
  };
}

function creationIn(input: CreateInstanceInput): CreateInstance {
  return present({
    provider: input['provider-id'],
    name: input.name,
    image: input.image,
    flavor: input.flavor,
    networks: listIn(input.networks),
    zone: input.zone,
    reservation: input['reservation-id'],
  });
}

function acceptanceAnswer(allocation: Allocation): CreateInstanceOutput {
  const { id, name, server, vmState, fault } = allocation;
  const status = statusOf(allocation);
  const nodes = present({ status, 'instance-id': id, server, 'vm-state': vmState });
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
