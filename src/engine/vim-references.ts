/** How requests name what a provider has: resources by the allocation that made them, by id, or by name. */
import type { Id, Provider, ResourceAllocation } from './entities.ts';
import { find, sees } from './ownership.ts';
import type { Viewer } from './ownership.ts';
import { serverKey } from './state.ts';
import type { Head } from './state.ts';
import type { VimResourceKind } from '../vim/vim.ts';

interface Entry {
  readonly id: string;
  readonly name: string;
}

/** The entry with the id, else the first with the name. */
export function named<T extends Entry>(entries: readonly T[], wanted: string): T | undefined {
  return entries.find(({ id }) => id === wanted) ?? entries.find(({ name }) => name === wanted);
}

/** How many of a provider's flavors or images a refusal names. */
const NAMED = 12;

/** That a provider has no flavor or image of that name, and which it has: everybody may see those. */
export function lacking({ id, inventory }: Provider, what: 'flavor' | 'image', wanted: string): string {
  const there = (what === 'flavor' ? inventory?.flavors : inventory?.images) ?? [];
  const names = there.slice(0, NAMED).map((entry) => `'${entry.name || entry.id}'`);
  const more = there.length > NAMED ? `, … (${there.length} in all)` : '';
  const has = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}${more}`;
  return `The provider '${id}' has no ${what} '${wanted}'; ${has}.`;
}

/** The allocation of a kind that a name stands for to who asks, on a provider: its own id, or the id that the VIM gave. */
export function resourceNamed(
  head: Head,
  provider: Id,
  kind: VimResourceKind,
  wanted: string,
  viewer: Viewer,
): ResourceAllocation | undefined {
  const id = head.allocations.has(wanted) ? wanted : head.servers.get(serverKey(provider, wanted));
  const allocation = find(head, 'allocation', id ?? '', viewer);
  if (allocation?.resource === undefined || allocation.provider !== provider) return undefined;
  return allocation.resource.kind === kind ? allocation : undefined;
}

/**
 * The id of a network: of one that was allocated and is there, else of one that the provider lists. One of others is to who asks as if it did not
 * exist, so that nobody hides a network by giving its name to one of his own.
 */
export function networkId(head: Head, provider: Provider, wanted: string, viewer: Viewer): string | undefined {
  const allocated = resourceNamed(head, provider.id, 'network', wanted, viewer);
  if (allocated !== undefined) return allocated.vmState === 'ACTIVE' ? allocated.server : undefined;
  const meant = (provider.inventory?.networks ?? []).filter(({ id, name }) => id === wanted || name === wanted);
  const seen = meant.filter((network) => !isOfOthers(head, provider.id, network, viewer));
  return named(seen, wanted)?.id;
}

/**
 * The VIM's id of a port or volume that Promise did not make, by id or by a name that no other has. What is not known, the VIM may know;
 * but a consumer names his own allocations and what the provider lists alone: else what the VIM says of a guess, or when, would tell him
 * what others have. Undefined: it is an allocation, or is none of these.
 */
export function foreignId(
  head: Head,
  provider: Id,
  kind: 'port' | 'volume',
  wanted: string,
  viewer: Viewer,
): string | undefined {
  if (head.allocations.has(wanted)) return undefined;
  const [known, another] = head.elements
    .indexOf(provider)
    .named(wanted)
    .filter((each) => each.kind === kind && !isOfOthers(head, provider, each, viewer));
  if (known !== undefined && another === undefined) return known.id;
  return viewer.confinedTo === undefined ? wanted : undefined;
}

/**
 * Whether something was allocated for somebody whose allocations do not exist for who asks. What has a token that no allocation knows was
 * allocated for somebody too.
 */
export function isOfOthers(
  head: Head,
  provider: Id,
  { id, token }: { readonly id: string; readonly token?: string },
  viewer: Viewer,
): boolean {
  const owner = head.servers.get(serverKey(provider, id)) ?? head.tokens.get(token ?? '');
  const allocation = head.allocations.get(owner ?? '');
  return allocation === undefined ? token !== undefined && viewer.confinedTo !== undefined : !sees(viewer, allocation);
}
