/** Which machines use which ports and volumes, as far as Promise had both made. */
import type { Draft } from './draft.ts';
import type {
  Allocation,
  Id,
  MachineAllocation,
  PendingAttachment,
  Provider,
  ResourceAllocation,
  VmState,
} from './entities.ts';
import { omit } from './omit.ts';
import { ownerOf, visibleIds } from './ownership.ts';
import type { Viewer } from './ownership.ts';
import { refused } from './allotment.ts';
import type { Refused } from './requests.ts';
import { allocationWith } from './state.ts';
import type { Head } from './state.ts';
import type { VimAttachable } from '../vim/vim.ts';
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
  for (const each of attachedTo(() => draft.head, machine)) put(draft, { ...each, attachedTo: machine.id });
}

/** The id in the VIM of a port or volume by the name that somebody gives it; what nobody knows is taken for an id. */
export function attachableId(
  head: Head,
  provider: Id,
  kind: VimAttachable['kind'],
  wanted: string,
  viewer: Viewer,
): string {
  const allocated = resourceNamed(head, provider, kind, wanted, viewer)?.server;
  return allocated ?? foreignId(head, provider, kind, wanted, viewer) ?? wanted;
}

/** The id in the VIM of what a machine has, or was to have, by the name that somebody gives it. */
export function attachmentNamed(
  head: Head,
  machine: MachineAllocation,
  kind: VimAttachable['kind'],
  wanted: string,
  viewer: Viewer,
): string | undefined {
  const id = attachableId(head, machine.provider, kind, wanted, viewer);
  const pending = machine.pending?.some((each) => each.kind === kind && each.id === id) === true;
  return pending || attachedIds(machine, kind).includes(id) ? id : undefined;
}

/** The ids in the VIM of the ports or volumes of a machine. */
export function attachedIds(
  { ports = [], volumes = [] }: MachineAllocation,
  kind: VimAttachable['kind'],
): readonly string[] {
  return kind === 'port' ? ports : volumes;
}

/** A machine of which the VIM can say what it has. */
export type RunningMachine = MachineAllocation & { readonly server: string };

/** Whether it is to be told whether a machine has a port or volume: it takes and gives up such, and this one is not on its way. */
export function isSettled(machine: MachineAllocation, id: string): boolean {
  return isReady(machine) && machine.pending?.some((each) => each.id === id && each.fault === undefined) !== true;
}

/** States in which a machine takes and gives up ports and volumes. */
const READY: ReadonlySet<VmState> = new Set<VmState>(['ACTIVE', 'SHUTOFF']);

export function isReady(machine: MachineAllocation): machine is RunningMachine {
  const { vmState, server, intent } = machine;
  return READY.has(vmState) && server !== undefined && intent === undefined;
}

/** The machine with other ports or volumes. */
export function withAttached(
  machine: MachineAllocation,
  kind: VimAttachable['kind'],
  ids: readonly string[],
): MachineAllocation {
  const member = kind === 'port' ? 'ports' : 'volumes';
  const rest: MachineAllocation = omit(machine, member);
  return ids.length === 0 ? rest : { ...rest, [member]: ids };
}

/** The machine with something pending, or nothing, in place of what was pending for a port or volume. */
export function withPending(machine: MachineAllocation, id: string, pending?: PendingAttachment): MachineAllocation {
  const others = (machine.pending ?? []).filter((each) => each.id !== id);
  const all = pending === undefined ? others : [...others, pending];
  const rest: MachineAllocation = omit(machine, 'pending');
  return all.length === 0 ? rest : { ...rest, pending: all };
}

/** Notes that a machine does not use something any more. */
export function release(draft: Draft, machine: MachineAllocation, id: string): void {
  const allocation = allocationWith(draft.head, machine.provider, id);
  if (allocation?.resource !== undefined && allocation.attachedTo === machine.id)
    put(draft, omit(allocation, 'attachedTo'));
}

/** Notes that something is gone, and uses nothing any more. */
export function detach(draft: Draft, gone: Allocation): void {
  for (const each of attachedTo(() => draft.head, gone))
    if (each.attachedTo === gone.id) put(draft, omit(each, 'attachedTo'));
}

function put(draft: Draft, resource: ResourceAllocation): void {
  draft.put('allocation', resource.id, { ...resource, modifiedOn: draft.at.now });
}

/** @param head is looked at, which costs a decision something, only for a machine that has any */
function attachedTo(head: () => Head, machine: Allocation): ResourceAllocation[] {
  if (machine.resource !== undefined) return [];
  const { ports = [], volumes = [], bootVolume } = machine;
  return [...ports, ...volumes, ...(bootVolume === undefined ? [] : [bootVolume])].flatMap((id) => {
    const found = allocationWith(head(), machine.provider, id);
    return found?.resource === undefined ? [] : [found];
  });
}
