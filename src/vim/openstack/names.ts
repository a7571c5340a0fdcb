/** From the names that people use to the ids that Nova takes. */
import { VimError } from '../vim.ts';
import type { CreateServer, VimInventory } from '../vim.ts';

export type Named = Pick<VimInventory, 'flavors' | 'images' | 'networks' | 'zones'>;

/** The request with ids for names. @throws VimError refused, with what there is not. */
export function withIds(request: CreateServer, known: Named): CreateServer {
  const { zone } = request;
  if (zone !== undefined && !known.zones.includes(zone)) {
    throw new VimError(
      'refused',
      `There is no availability zone '${zone}'; there are ${known.zones.join(', ') || 'none'}.`,
    );
  }
  return {
    ...request,
    flavor: idOf('flavor', request.flavor, known.flavors),
    ...(request.image === undefined ? {} : { image: idOf('image', request.image, known.images) }),
    networks: request.networks.map((network) => idOf('network', network, known.networks)),
  };
}

interface Entry {
  readonly id: string;
  readonly name: string;
}

function idOf(kind: string, wanted: string, entries: readonly Entry[]): string {
  if (entries.some(({ id }) => id === wanted)) return wanted;
  const [found, another] = entries.filter(({ name }) => name === wanted);
  if (found === undefined) throw new VimError('refused', `There is no ${kind} '${wanted}' that the tenant may use.`);
  if (another !== undefined) {
    throw new VimError(
      'refused',
      `There are several ${kind}s with the name '${wanted}': give the id, such as ${found.id}.`,
    );
  }
  return found.id;
}
