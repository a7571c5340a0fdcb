/** Host aggregates of Nova. Field sources: Compute API reference, section "Host aggregates (os-aggregates)", "List Aggregates". */
import { z } from 'zod';
import type { VimAggregate } from '../information.ts';
import { list } from './paging.ts';
import type { Service } from './session.ts';

/** The zone is in the metadata too. */
const ZONE_KEY = 'availability_zone';

const aggregate = z.object({
  id: z.number(),
  name: z.string(),
  availability_zone: z.string().nullish(),
  hosts: z.array(z.string()),
  metadata: z.record(z.string(), z.string()).default({}),
});

/** @throws VimError forbidden for an ordinary tenant. */
export async function listAggregates(nova: Service, signal: AbortSignal): Promise<VimAggregate[]> {
  const found = await list(nova, { path: '/os-aggregates', key: 'aggregates', item: aggregate }, signal);
  return found.map(({ id, name, availability_zone: zone, hosts, metadata }) => ({
    id: String(id),
    name,
    ...(zone ? { zone } : {}),
    hosts: [...hosts].sort(),
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== ZONE_KEY)),
  }));
}
