/** The RPCs of promise-simulator, by which simulated providers are made to fail and change. */
import type { Handlers } from '../../generated/promise-simulator.ts';
import { moduleName } from '../../generated/promise-simulator.ts';
import { RpcError } from '../../yang/rpc-error.ts';
import { SimulationError } from '../../vim/simulation.ts';
import type { SimulationControls } from '../../vim/simulation.ts';
import type { RequestContext } from '../context.ts';
import type { PromiseEngine } from './promise-domain.ts';
import { inputPath } from './promise-errors.ts';
import { present } from './promise-values.ts';
import { hostIn, timesIn } from './simulation-nodes.ts';

/** Type of the providers that can be controlled. */
export const SIMULATED = `${moduleName}:simulated`;

/** The controls of a provider's cloud. Asked only for providers of the type {@link SIMULATED} that exist. */
export type ControlsOf = (provider: string) => SimulationControls;

/** An answer comes when the capacity map has followed what was changed. */
export function simulatorHandlers(engine: PromiseEngine, controlsOf: ControlsOf): Handlers<RequestContext> {
  const control = async <Result>(provider: string, act: (controls: SimulationControls) => Result): Promise<Result> => {
    const controls = await controlsFor(engine, controlsOf, provider);
    const result = controlled(() => act(controls));
    await engine.reconciler.refresh(provider);
    return result;
  };
  return {
    'fail-host': async (_context, { 'provider-id': provider, host }) => ({
      'lost-instances': await control(provider, (controls) => controls.failHost(host)),
    }),
    'restore-host': async (_context, { 'provider-id': provider, host }) => {
      await control(provider, (controls) => controls.restoreHost(host));
      return {};
    },
    'add-host': async (_context, { 'provider-id': provider, host, ...size }) => {
      await control(provider, (controls) => controls.addHost(hostIn(host, size)));
      return {};
    },
    'remove-host': async (_context, { 'provider-id': provider, host }) => ({
      'lost-instances': await control(provider, (controls) => controls.removeHost(host)),
    }),
    'set-host-capacity': async (_context, { 'provider-id': provider, host, vcpus, ram, disk }) => {
      const size = present({ vcpus, memoryMb: ram === undefined ? undefined : Number(ram), diskGb: disk });
      await control(provider, (controls) => controls.setHostCapacity(host, size));
      return {};
    },
    'fail-next-boot': async (_context, { 'provider-id': provider, count, reason }) => {
      await control(provider, (controls) => controls.failNextBoots(count, reason));
      return {};
    },
    'refuse-next-request': async (_context, { 'provider-id': provider, count, reason }) => {
      await control(provider, (controls) => controls.refuseNextRequests(count, reason));
      return {};
    },
    'set-times': async (_context, { 'provider-id': provider, ...times }) => {
      await control(provider, (controls) => controls.setTimes(timesIn(times)));
      return {};
    },
  };
}

async function controlsFor(engine: PromiseEngine, controlsOf: ControlsOf, id: string): Promise<SimulationControls> {
  const provider = await engine.read((head) => head.providers.get(id));
  const path = `${inputPath(moduleName)}/provider-id`;
  if (provider === undefined) {
    throw RpcError.invalidValue(`There is no provider '${id}'.`, { path, appTag: 'unknown-provider' });
  }
  if (provider.access.type !== SIMULATED) {
    throw RpcError.invalidValue(`The provider '${id}' is of the type ${provider.access.type}, not ${SIMULATED}.`, {
      path,
    });
  }
  return controlsOf(id);
}

/** What a control refuses is about the host, the only other thing that a request names. */
function controlled<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    throw RpcError.invalidValue(error.message, { path: `${inputPath(moduleName)}/host` });
  }
}
