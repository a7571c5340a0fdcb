/** Who owns what of opnfv-promise: the decision is the engine's (`engine/ownership.ts`), the nodes are told here. */
import { idsOwnedBy, sees } from '../../engine/ownership.ts';
import type { OwnedKind } from '../../engine/ownership.ts';
import { serverKey } from '../../engine/state.ts';
import type { Head } from '../../engine/state.ts';
import { moduleName } from '../../generated/opnfv-promise.ts';
import type { Data } from '../../yang/data.ts';
import type { InstancePath } from '../../yang/instance-path.ts';
import type { Consumer, OwnedList, OwnedNotification, Ownership } from '../ownership.ts';

const PROMISE = `/${moduleName}:promise`;

/** How a provider is reached and as whom; what it says of a failure may repeat it. */
const PROVIDER_ACCESS = [
  'endpoint',
  'interface',
  'ca-certificate',
  'username',
  'password',
  'domain',
  'tenant',
  'status-message',
];

/** @param head the engine's state, as it is when it is asked for */
export function promiseOwnership(head: () => Head): Ownership {
  return {
    lists: [
      ownedEntities(head, 'reservation'),
      ownedEntities(head, 'offer'),
      ownedEntities(head, 'allocation'),
      { node: `${PROMISE}/policy/quota`, keysOf: (consumer) => quotasOf(head(), consumer) },
    ],
    entries: [
      {
        node: `${PROMISE}/providers/provider/services/network/networks`,
        isFor: (consumer, path) => mayUse(head(), consumer, path),
      },
    ],
    notifications: ['reservation-event', 'offer-event', 'allocation-event'].map(ownedEvent),
    operatorsOnly: PROVIDER_ACCESS.map((leaf) => `${PROMISE}/providers/provider/${leaf}`),
    operatedModules: [moduleName],
  };
}

function ownedEntities(head: () => Head, kind: OwnedKind): OwnedList {
  return {
    node: `${PROMISE}/${kind}s/${kind}`,
    keysOf: ({ tenant }) => idsOwnedBy(head(), kind, tenant),
  };
}

/** A network is for all, unless it was allocated for another tenant. */
function mayUse({ servers, allocations }: Head, { tenant }: Consumer, path: InstancePath): boolean {
  const [provider, network] = [path[2], path.at(-1)].map((step) => String(step?.keys?.[0]?.value ?? ''));
  const allocation = allocations.get(servers.get(serverKey(provider ?? '', network ?? '')) ?? '');
  return allocation === undefined || sees({ confinedTo: tenant }, allocation);
}

/** Those that bind the tenant: its own, and those for each tenant. */
function quotasOf({ policy }: Head, { tenant }: Consumer): ReadonlySet<string> {
  const quotas = policy.quotas?.filter((quota) => quota.tenant === undefined || quota.tenant === tenant) ?? [];
  return new Set(quotas.map(({ name }) => name));
}

/** Events say whose they are. Of whom something gave way to, only the own is named. */
function ownedEvent(name: string): OwnedNotification {
  return {
    name: `${moduleName}:${name}`,
    shownTo: ({ tenant }, content) => {
      if (content['tenant'] !== tenant) return undefined;
      return content['by'] === undefined || content['by-tenant'] === tenant ? content : withoutDisplacer(content);
    },
  };
}

function withoutDisplacer(content: Data): Data {
  return Object.fromEntries(Object.entries(content).filter(([member]) => member !== 'by' && member !== 'by-tenant'));
}
