/** Which machines use which ports and volumes, as far as Promise had both made. */
import type { Draft } from './draft.ts';
import type { Allocation, Provider, ResourceAllocation } from './entities.ts';
import { omit } from './omit.ts';
import { ownerOf, visibleIds } from './ownership.ts';
import type { Viewer } from './ownership.ts';
import { refused } from './allotment.ts';
import type { Refused } from './requests.ts';
import { serverKey } from './state.ts';
import type { Head } from './state.ts';
import { foreignId, resourceNamed } from './vim-references.ts';

/**
 * The VIM's ids of ports or volumes that a new machine may have. Those that Promise did not make are taken as they are named: the VIM
 * knows them, or refuses.
 */
export function attachable(
  head: Head,
  provider: Provider,
  kind: 'port' | 'volume',
  wanted: readonly string[],
  viewer: Viewer,
): readonly string[] | Refused {
  const ids: string[] = [];
  for (const each of wanted) {
    const foreign = foreignId(head, provider.id, kind, each, viewer);
    const resource = resourceNamed(head, provider.id, kind, foreign ?? each, viewer);
    const id = resource?.server ?? foreign;
    const barred = resource && unusable(head, resource);
    if (barred !== undefined) return barred;
    if (id === undefined) return refused('unknown-resource', `The provider '${provider.id}' has no ${kind} '${each}'.`);
    ids.push(id);
  }
  return ids;
}

/** Why a resource cannot be attached to something more now. */
function unusable(head: Head, resource: ResourceAllocation): Refused | undefined {
  const { id, attachedTo } = resource;
  if (attachedTo === undefined) return unready(resource);
  const [user] = visibleIds(head, 'allocation', [attachedTo], ownerOf(resource));
  const whom = user === undefined ? 'one of others' : `'${user}'`;
  return refused('resource-in-use', `The ${resource.resource.kind} '${id}' is used by ${whom}.`);
}

/** Why a resource cannot be used now, whatever uses it already. */
export function unready({ id, resource, vmState, server }: ResourceAllocation): Refused | undefined {
  if (vmState === 'ACTIVE' && server !== undefined) return undefined;
  return refused('resource-not-ready', `The ${resource.kind} '${id}' cannot be used now; its state is ${vmState}.`);
}

/** Notes that a machine uses what it was made with. */
export function attach(draft: Draft, machine: Allocation): void {
  for (const each of attachedTo(draft.head, machine)) put(draft, { ...each, attachedTo: machine.id });
}

/** Notes that something is gone, and uses nothing any more. */
export function detach(draft: Draft, gone: Allocation): void {
  for (const each of attachedTo(draft.head, gone))
    if (each.attachedTo === gone.id) put(draft, omit(each, 'attachedTo'));
}

function put(draft: Draft, resource: ResourceAllocation): void {
  draft.put('allocation', resource.id, { ...resource, modifiedOn: draft.at.now });
}

function attachedTo(head: Head, machine: Allocation): ResourceAllocation[] {
  if (machine.resource !== undefined) return [];
  return [...(machine.ports ?? []), ...(machine.volumes ?? [])].flatMap((id) => {
    const found = head.allocations.get(head.servers.get(serverKey(machine.provider, id)) ?? '');
    return found?.resource === undefined ? [] : [found];
  });
}
