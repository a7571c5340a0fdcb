/** create-instance and destroy-instance (allocation steps 1a to 4 and 8a to 9a). */
import { refused } from '../allotment.ts';
import type { Consumption } from '../allotment.ts';
import { usesOfMachine } from '../allocated-elements.ts';
import { allocate, destroy, outOfReach } from '../allocating.ts';
import { attach, attachable } from '../attachments.ts';
import { decide } from '../draft.ts';
import type { MachineAllocation, Provider } from '../entities.ts';
import { find } from '../ownership.ts';
import type { Viewer } from '../ownership.ts';
import { UnknownEntry } from '../requests.ts';
import type {
  Command,
  CreateInstance,
  CreateInstanceResult,
  DestroyInstance,
  DestroyInstanceResult,
  Refused,
} from '../requests.ts';
import type { Head } from '../state.ts';
import { flavorCapacity } from '../supply.ts';
import { lacking, named, networkId } from '../vim-references.ts';

type MachineFound = Consumption &
  Pick<MachineAllocation, 'flavor' | 'image' | 'bootVolume' | 'networks' | 'ports' | 'volumes'>;

/**
 * Allocates a virtual machine, with networks, and with ports and volumes that are there already.
 */
export const createInstance: Command<CreateInstance, CreateInstanceResult> = (head, input, at) =>
  decide(head, at, (draft): CreateInstanceResult => {
    const { provider, zone } = input;
    const result = allocate<MachineFound>(draft, {
      name: input.name,
      ...(input.reservation === undefined ? {} : { reservation: input.reservation }),
      ...(input.priority === undefined ? {} : { priority: input.priority }),
      wanted: {
        ...(provider === undefined ? {} : { provider }),
        ...(zone === undefined ? {} : { zone }),
        subject: `the flavor '${input.flavor}'`,
        find: (from, within) => findMachine(head, from, input, within, at),
      },
      made: ({ flavor, image, bootVolume, networks, ports = [], volumes = [] }, group) => ({
        flavor,
        ...(image === undefined ? {} : { image }),
        ...(bootVolume === undefined ? {} : { bootVolume }),
        networks,
        ...(ports.length === 0 ? {} : { ports }),
        ...(volumes.length === 0 ? {} : { volumes }),
        ...(group === undefined ? {} : { group }),
      }),
    });
    if (result.outcome === 'accepted') attach(draft, result.allocation);
    return result;
  });

/** What the provider has of what is named; ids win over names. */
function findMachine(
  head: Head,
  provider: Provider,
  input: CreateInstance,
  zone: string | undefined,
  viewer: Viewer,
): { readonly outcome: 'found'; readonly found: MachineFound } | Refused {
  const barred = outOfReach(provider, zone);
  if (barred !== undefined) return barred;
  const { flavors = [] } = provider.inventory ?? {};
  const flavor = named(flavors, input.flavor);
  if (flavor === undefined) return refused('unknown-flavor', lacking(provider, 'flavor', input.flavor));
  const root = rootOf(head, provider, input, viewer);
  if ('outcome' in root) return root;
  const { bootVolume } = root;
  const networks: string[] = [];
  for (const each of input.networks ?? []) {
    const network = networkId(head, provider, each, viewer);
    if (network === undefined)
      return refused('unknown-network', `The provider '${provider.id}' has no network '${each}'.`);
    networks.push(network);
  }
  const ports = attachable(head, provider, 'port', input.ports ?? [], viewer);
  if ('outcome' in ports) return ports;
  const attached = attachable(head, provider, 'volume', input.volumes ?? [], viewer);
  if ('outcome' in attached) return attached;
  const volumes = attached.filter((id) => id !== bootVolume);
  const disk = bootVolume === undefined ? flavor.diskGb : 0;
  const made = { flavor: flavor.id, ...root, networks, ports, volumes };
  const found = { ...made, uses: usesOfMachine(made) };
  return { outcome: 'found', found: { ...found, capacity: flavorCapacity(flavor), disk, onHost: true } };
}

/** What a machine starts from: an image on its host's disk, or a volume, which consumes nothing there. */
function rootOf(
  head: Head,
  provider: Provider,
  { image: wanted, bootVolume }: CreateInstance,
  viewer: Viewer,
): Pick<MachineFound, 'image' | 'bootVolume'> | Refused {
  if (bootVolume !== undefined) {
    const found = attachable(head, provider, 'volume', [bootVolume], viewer);
    return 'outcome' in found ? found : { bootVolume: found[0] ?? bootVolume };
  }
  const image = named(provider.inventory?.images ?? [], wanted ?? '');
  if (image !== undefined) return { image: image.id };
  return refused('unknown-image', lacking(provider, 'image', wanted ?? ''));
}

/** Has a machine deleted. Its capacity is free when the VIM has confirmed that it is gone. */
export const destroyInstance: Command<DestroyInstance, DestroyInstanceResult> = (head, input, at) =>
  decide(head, at, (draft) => {
    const before = find(head, 'allocation', input.id, at);
    if (before === undefined || before.resource !== undefined)
      throw new UnknownEntry('allocation', 'instance-id', input.id);
    return { outcome: 'deleting', allocation: destroy(draft, before) };
  });
