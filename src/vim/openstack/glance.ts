/** Glance: the image service. Field sources: Image API v2 reference (docs.openstack.org/api-ref/image/v2), "List images". */
import { z } from 'zod';
import type { VimImage } from '../vim.ts';
import { list } from './paging.ts';
import type { Service } from './session.ts';

/** Sizes: `min_ram` in MB, `min_disk` in GB. An image without a name has its id for one. */
const image = z.object({ id: z.string(), name: z.string().nullish(), min_ram: z.number(), min_disk: z.number() });

/** The images from which servers can be made. */
export async function listImages(glance: Service, signal: AbortSignal): Promise<VimImage[]> {
  const images = await list(glance, { path: '/images?status=active', key: 'images', item: image }, signal);
  return images.map((each) => ({
    id: each.id,
    name: each.name ?? each.id,
    minMemoryMb: each.min_ram,
    minDiskGb: each.min_disk,
  }));
}
