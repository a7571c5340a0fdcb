/** Cinder: the block storage service. Field sources: Block Storage API v3 reference (docs.openstack.org/api-ref/block-storage/v3). */
import { z } from 'zod';
import type { VimQuotas } from '../vim.ts';
import { limited } from './quotas.ts';
import { decoded } from './session.ts';
import type { Service } from './session.ts';

/** "Show absolute limits for project", response. */
const limits = z.object({
  limits: z.object({
    absolute: z.object({
      maxTotalVolumes: z.number(),
      maxTotalSnapshots: z.number(),
      maxTotalVolumeGigabytes: z.number(),
    }),
  }),
});

export async function readVolumeLimits(cinder: Service, signal: AbortSignal): Promise<VimQuotas> {
  const body = await cinder.call({ method: 'GET', path: '/limits' }, signal);
  const { absolute } = decoded("Cinder's limits", () => limits.parse(body)).limits;
  return limited({
    volumes: absolute.maxTotalVolumes,
    snapshots: absolute.maxTotalSnapshots,
    gigabytes: absolute.maxTotalVolumeGigabytes,
  });
}
