/** Providers: registered, heard of, removed (capacity steps 4 and 5, reservation step 6a). */
import { announceProvider } from '../announce.ts';
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import type { Id, Origin, Provider } from '../entities.ts';
import { sameElements } from '../element-map.ts';
import { omit } from '../omit.ts';
import { changedHosts, hostId } from '../hosts.ts';
import { announceInventory, followInventory, inventoryCause, poolsFrom } from '../provider-supply.ts';
import { InvalidRequest, UnknownEntry } from '../requests.ts';
import type {
  AddProvider,
  AddProviderResult,
  Command,
  Refusal,
  RemoveProvider,
  RemoveProviderResult,
  UpdateProvider,
  UpdateProviderResult,
} from '../requests.ts';
import { settle } from '../settlement.ts';
import type { Head } from '../state.ts';
import { checkOwner } from '../validation.ts';
import type { VimInventory } from '../../vim/vim.ts';

/** Registers a provider with the status connecting; `updateProvider` tells what the first contact yields. */
export const addProvider: Command<AddProvider, AddProviderResult> = (head, input, at) =>
  decide(head, at, (draft) => {
    const id = input.id ?? at.newId();
    if (head.providers.has(id)) throw new InvalidRequest('id', `There is a provider '${id}' already.`);
    const provider = newProvider(draft, id, 'rpc', input);
    draft.put('provider', id, provider);
    return { outcome: 'added', provider };
  });

/** @throws InvalidRequest when another provider has the name. */
export function newProvider(
  draft: Draft,
  id: Id,
  origin: Origin,
  input: Pick<Provider, 'access' | 'preEmption'> & { readonly name?: string },
): Provider {
  const name = input.name ?? id;
  checkName(draft.head, id, name);
  const { access, preEmption } = input;
  const provider: Provider = { id, name, origin, access, status: 'connecting', owner: draft.at.user };
  return preEmption === undefined || preEmption === 'none' ? provider : { ...provider, preEmption };
}

/** @throws InvalidRequest when another provider has the name. */
export function checkName(head: Head, id: Id, name: string): void {
  for (const provider of head.providers.values()) {
    if (provider.id !== id && provider.name === name) {
      throw new InvalidRequest(
        'name',
        `The provider '${provider.id}' has the name '${name}' already; names are unique.`,
      );
    }
  }
}

/**
 * Takes over what contact with the provider yielded. A new inventory changes the pools, degrades reservations that they can
 * no longer bear and restores those that they can. That it has answered, and as before, is no change of its record.
 */
export const updateProvider: Command<UpdateProvider, UpdateProviderResult> = (head, input, at) =>
  decide(head, at, (draft): UpdateProviderResult => {
    const before = head.providers.get(input.id);
    if (before === undefined) return { outcome: 'ignored' };
    const provider = contacted(before, input, at.now);
    const missing = head.elements.missing(provider.id);
    if (isNews(before, provider, input)) draft.put('provider', provider.id, provider);
    if (provider.status !== before.status) announceStatus(draft, provider);
    if (input.inventory === undefined)
      return { outcome: 'updated', provider, degraded: [], restored: [], preempted: [] };
    const pools = followInventory(draft, provider.id);
    for (const host of changedHosts(before.inventory, input.inventory).keys()) {
      draft.disturbed.add(hostId(provider.id, host));
    }
    const missed = draft.head.elements.missing(provider.id);
    for (const element of [...missing, ...missed])
      if (missing.has(element) !== missed.has(element)) draft.disturbed.add(element);
    announceInventory(draft, provider.id, before.inventory, input.inventory, pools);
    const { cause } = inventoryCause(before.inventory, input.inventory);
    const settlement = settle(draft, cause === 'host-failed' ? 'host-failed' : 'capacity-withdrawn');
    return { outcome: 'updated', provider, ...settlement, preempted: settlement.preempted.map(({ id }) => id) };
  });

function contacted(before: Provider, input: UpdateProvider, now: number): Provider {
  const { statusMessage: oldMessage, ...rest } = before;
  const status = input.status ?? before.status;
  const message = input.statusMessage ?? (input.status === undefined ? oldMessage : undefined);
  const lastContact = hasAnswered(input) ? now : input.lastContact;
  return {
    ...rest,
    status,
    ...(message === undefined ? {} : { statusMessage: message }),
    ...(input.inventory === undefined ? {} : { inventory: kept(before.inventory, input.inventory) }),
    ...(lastContact === undefined ? {} : { lastContact }),
  };
}

function hasAnswered({ status, inventory }: UpdateProvider): boolean {
  return status === 'up' || inventory !== undefined;
}

/** Whether contact yielded more than that the provider answers, as it did before. */
function isNews(before: Provider, after: Provider, input: UpdateProvider): boolean {
  if (after.status !== before.status || after.statusMessage !== before.statusMessage) return true;
  if (after.inventory !== before.inventory) return true;
  return !hasAnswered(input) && after.lastContact !== before.lastContact;
}

/** The inventory as it was, where nothing has changed; else with the elements and the networks as they were, of which there may be many. */
function kept(before: VimInventory | undefined, after: VimInventory): VimInventory {
  if (before === undefined) return after;
  const elements = sameElements(before.elements, after.elements);
  const networks = sameContent(before.networks, after.networks) ? before.networks : after.networks;
  const listed = ['elements', 'networks'] as const;
  const isSame =
    elements === before.elements &&
    networks === before.networks &&
    sameContent(omit(before, ...listed), omit(after, ...listed));
  if (isSame) return before;
  return { ...after, networks, ...(elements === undefined ? {} : { elements }) };
}

function sameContent(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function announceStatus(draft: Draft, provider: Provider): void {
  if (provider.status === 'up') announceProvider(draft, 'provider-up', provider.id);
  else if (provider.status !== 'connecting') announceProvider(draft, 'provider-down', provider.id);
}

/** Removes a provider from which no pool comes and on which nothing runs. */
export const removeProvider: Command<RemoveProvider, RemoveProviderResult> = (head, input, at) =>
  decide(head, at, (draft): RemoveProviderResult => {
    const provider = head.providers.get(input.id);
    if (provider === undefined) throw new UnknownEntry('provider', 'provider-id', input.id);
    checkOwner('provider', provider, 'rpc');
    const refusal = dropProvider(draft, input.id);
    return refusal === undefined ? { outcome: 'removed' } : { outcome: 'refused', refusal };
  });

export function dropProvider(draft: Draft, id: Id): Refusal | undefined {
  const pools = poolsFrom(draft.head, id);
  if (pools.length > 0) {
    const names = pools.map((pool) => `'${pool.id}'`).join(', ');
    return {
      reason: 'capacity-in-use',
      message: `Pools come from the provider: ${names}. Remove them first.`,
      shortages: [],
    };
  }
  draft.put('provider', id, null);
  return undefined;
}
