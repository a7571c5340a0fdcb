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

/** The id of a network: of one that was allocated and is there, else of one that the provider lists. */
export function networkId(head: Head, provider: Provider, wanted: string, viewer: Viewer): string | undefined {
  const allocated = resourceNamed(head, provider.id, 'network', wanted, viewer);
  if (allocated !== undefined) return allocated.vmState === 'ACTIVE' ? allocated.server : undefined;
  const listed = named(provider.inventory?.networks ?? [], wanted)?.id;
  return listed === undefined || isOfOthers(head, provider.id, listed, viewer) ? undefined : listed;
}

/**
 * Whether a name for which there is no allocation of its kind may be the id of something that Promise did not make: the VIM knows. A
 * consumer names his own allocations only: else what the VIM says of a guess, or when, would tell him what others have.
 */
export function mayBeForeign(head: Head, wanted: string, { confinedTo }: Viewer): boolean {
  return confinedTo === undefined && !head.allocations.has(wanted);
}

/** Whether what the VIM gave an id was allocated for somebody whose allocations do not exist for who asks. */
function isOfOthers(head: Head, provider: Id, id: string, viewer: Viewer): boolean {
  const allocation = head.allocations.get(head.servers.get(serverKey(provider, id)) ?? '');
  return allocation !== undefined && !sees(viewer, allocation);
}
