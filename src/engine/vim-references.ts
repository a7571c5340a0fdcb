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

/** What requests name of what a provider has, and everybody may see. */
type Named = 'flavor' | 'image' | 'zone';

/** How many of them a refusal names. */
const NAMED = 12;

/** That a provider has no flavor, image or zone of that name, and which it has. */
export function lacking(provider: Provider, what: Named, wanted: string): string {
  return `The provider '${provider.id}' has no ${what} '${wanted}'; it has ${listed(namesOf(provider, what))}.`;
}

/** The same of several providers. @param those which they are */
export function lackingInAll(
  providers: readonly Provider[],
  what: Named,
  wanted: string,
  those = 'No provider',
): string {
  const [first, ...others] = new Set(providers);
  if (first !== undefined && others.length === 0) return lacking(first, what, wanted);
  const names = new Set(providers.flatMap((provider) => namesOf(provider, what)));
  return `${those} has the ${what} '${wanted}'; they have ${listed([...names])}.`;
}

function namesOf({ inventory }: Provider, what: Named): readonly string[] {
  if (what === 'zone') return inventory?.zones ?? [];
  const there = (what === 'flavor' ? inventory?.flavors : inventory?.images) ?? [];
  return there.map(({ name, id }) => name || id);
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const first = names.slice(0, NAMED).map((name) => `'${name}'`);
  return `${first.join(', ')}${names.length > NAMED ? `, … (${names.length} in all)` : ''}`;
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
