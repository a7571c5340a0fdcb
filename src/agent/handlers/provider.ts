/** add-provider, and providers as YANG says them. */
import { counted } from '../../engine/counted.ts';
import { addProvider, removeProvider } from '../../engine/commands/provider.ts';
import { retireProvider } from '../../engine/commands/provider-removal.ts';
import type { Provider as DomainProvider, ProviderAccess } from '../../engine/entities.ts';
import type { InUse } from '../../engine/requests.ts';
import type { VimInventory } from '../../vim/vim.ts';
import { moduleName } from '../../generated/opnfv-promise.ts';
import type {
  AddProviderInput,
  AddProviderOutput,
  Handlers,
  RemoveProviderOutput,
  Tenant,
} from '../../generated/opnfv-promise.ts';
import type { RequestContext } from '../context.ts';
import type { PromiseEngine } from './promise-domain.ts';
import { present, reasonOut } from './promise-values.ts';
import { simulationIn } from './simulation-nodes.ts';
import type { SimulationNodes } from './simulation-nodes.ts';

/** The type of providers that OpenStack's adapter serves. */
export const OPENSTACK = `${moduleName}:openstack`;

/** What add-provider and the configuration say of a provider's access (grouping provider-access). */
export interface AccessNodes {
  readonly 'provider-type': string;
  readonly strategy?: 'keystone';
  readonly endpoint?: string;
  readonly region?: string;
  readonly interface?: 'public' | 'internal' | 'admin';
  readonly 'ca-certificate'?: string;
  readonly username?: string;
  readonly password?: string;
  readonly domain?: string;
  readonly tenant?: Tenant;
  readonly 'promise-simulator:simulation'?: SimulationNodes;
}

export function accessIn(nodes: AccessNodes): ProviderAccess {
  const simulation = nodes['promise-simulator:simulation'];
  return present({
    type: nodes['provider-type'],
    strategy: nodes.strategy,
    endpoint: nodes.endpoint,
    region: nodes.region,
    interface: nodes.interface,
    caCertificate: nodes['ca-certificate'],
    username: nodes.username,
    password: nodes.password,
    domain: nodes.domain,
    tenant: nodes.tenant,
    simulation: simulation === undefined ? undefined : simulationIn(simulation),
  });
}

export function providerHandlers(
  engine: PromiseEngine,
): Pick<Handlers<RequestContext>, 'add-provider' | 'remove-provider'> {
  return {
    'add-provider': async (context, input) => {
      const provider = await register(engine, context, input);
      if (provider.status === 'up' || provider.status === 'connecting') return registered(provider);
      // One that cannot be reached as it was described is not kept.
      await engine.decide(context, removeProvider, { id: provider.id });
      return unreachable(provider);
    },
    'remove-provider': async (context, { 'provider-id': id, mode }) => {
      const result = await engine.decide(context, retireProvider, { id, mode });
      switch (result.outcome) {
        case 'removed':
          return { result: 'ok', status: 'removed', message: `The provider '${id}' and its pools are gone.` };
        case 'draining':
          return {
            result: 'ok',
            status: 'draining',
            message: `The provider '${id}' goes when nothing is held there any more.`,
            'in-use': inUseOut(result.inUse),
          };
        case 'refused':
          return {
            result: 'conflict',
            reason: reasonOut(result.refusal.reason),
            message: result.refusal.message,
            status: 'kept',
            'in-use': inUseOut(result.inUse),
          };
      }
    },
  };
}

/** How many of each are named. */
const NAMED = 100;

function inUseOut({ reservations, offers, allocations }: InUse): NonNullable<RemoveProviderOutput['in-use']> {
  return {
    'reservation-count': reservations.length,
    'offer-count': offers.length,
    'allocation-count': allocations.length,
    reservations: reservations.slice(0, NAMED),
    offers: offers.slice(0, NAMED),
    allocations: allocations.slice(0, NAMED),
  };
}

/** Registers it and waits for the first contact. */
async function register(
  engine: PromiseEngine,
  context: RequestContext,
  input: AddProviderInput,
): Promise<DomainProvider> {
  const command = present({ name: input.name, access: accessIn(input), preEmption: input['pre-emption'] });
  const { provider } = await engine.decide(context, addProvider, command);
  await engine.reconciler.contacted(provider.id, engine.patience.contact);
  return (await engine.read((head) => head.providers.get(provider.id))) ?? provider;
}

function registered({ id, name, status, inventory }: DomainProvider): AddProviderOutput {
  const message =
    status === 'up'
      ? `The provider '${name}' answers.${inventory === undefined ? '' : ` ${shown(inventory)}`}`
      : `The provider '${name}' has not answered yet; a capacity-event tells when it does.`;
  return { result: 'ok', status, 'provider-id': id, message };
}

/** What the account may see there: without the right to see hosts, a cloud is taken for what its quotas say. */
function shown({ zones, hosts, flavors, images, networks }: VimInventory): string {
  const count = (amount: number, what: string): string => (amount === 0 ? `no ${what}s` : counted(amount, what));
  const things = `${count(flavors.length, 'flavor')}, ${count(images.length, 'image')} and ${count(networks.length, 'network')}`;
  if (hosts.length === 0) return `It shows ${things}, and no hosts: its quotas are its capacity.`;
  return `It shows ${count(hosts.length, 'host')} in ${count(zones.length, 'zone')}, ${things}.`;
}

function unreachable({ name, status, statusMessage }: DomainProvider): AddProviderOutput {
  const said = statusMessage === undefined ? '' : ` ${statusMessage}`;
  const rejected = status === 'rejected';
  return {
    result: 'conflict',
    reason: rejected ? 'opnfv-promise:provider-rejected' : 'opnfv-promise:provider-unavailable',
    message: `The provider '${name}' was not registered, because it ${rejected ? 'rejects what was given' : 'does not answer'}.${said}`,
    status,
  };
}
