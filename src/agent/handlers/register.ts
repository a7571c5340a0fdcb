/** Puts the reservation engine behind an agent: its operations and its data. */
import { moduleName } from '../../generated/opnfv-promise.ts';
import type { Handlers } from '../../generated/opnfv-promise.ts';
import { moduleName as simulatorModule } from '../../generated/promise-simulator.ts';
import type { Data } from '../../yang/data.ts';
import type { RequestContext } from '../context.ts';
import type { CreatedAgent } from '../create-agent.ts';
import type { OperationHandler } from '../operations.ts';
import { allocationHandlers } from './allocation.ts';
import { capacityHandlers } from './capacity.ts';
import { explainHandlers } from './explain.ts';
import { offerHandlers } from './offer.ts';
import { promiseProvider } from './promise-data.ts';
import type { PromiseEngine } from './promise-domain.ts';
import { translatingErrors } from './promise-errors.ts';
import { providerHandlers } from './provider.ts';
import { reservationHandlers } from './reservation.ts';
import { simulatorHandlers } from './simulator.ts';
import type { ControlsOf } from './simulator.ts';

/** Every RPC of opnfv-promise that is announced. */
export function promiseHandlers(engine: PromiseEngine): Handlers<RequestContext> {
  return {
    ...providerHandlers(engine),
    ...capacityHandlers(engine),
    ...reservationHandlers(engine),
    ...offerHandlers(engine),
    ...allocationHandlers(engine),
    ...explainHandlers(engine),
  };
}

/** What is one decision of the engine and nothing else; others wait for a VIM, or read. */
const DECISIONS = [
  'create-reservation',
  'update-reservation',
  'cancel-reservation',
  'request-offer',
  'accept-offer',
  'decline-offer',
  'increase-capacity',
  'decrease-capacity',
] as const satisfies readonly (keyof Handlers<RequestContext>)[];

/**
 * Registers the operations of opnfv-promise and its operational data, and, with `simulation`, the RPCs of promise-simulator.
 * The configuration's owner is given to the agent when it is made: `promiseConfigOwner`.
 */
export function registerPromise(
  created: Pick<CreatedAgent, 'operations' | 'providers'>,
  engine: PromiseEngine,
  simulation?: ControlsOf,
): void {
  const { operations, providers } = created;
  operations.registerModule(moduleName, untyped(translatingErrors(moduleName, promiseHandlers(engine))), DECISIONS);
  providers.register(promiseProvider(engine));
  if (simulation === undefined) return;
  const handlers = simulatorHandlers(engine, simulation);
  operations.registerModule(simulatorModule, untyped(translatingErrors(simulatorModule, handlers)));
}

type AnyHandlers = Readonly<Record<string, (context: RequestContext, input: never) => Promise<Data>>>;

/**
 * Cast: the table of operations holds handlers of every input. The agent calls each with input that was validated by the schema from
 * which the handler's type was generated.
 */
function untyped(handlers: AnyHandlers): Readonly<Record<string, OperationHandler>> {
  return handlers as Readonly<Record<string, OperationHandler>>;
}
