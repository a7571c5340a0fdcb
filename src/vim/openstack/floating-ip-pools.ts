/**
 * External networks, as what floating IPs come from. Field sources: Networking API v2.0 reference, section "Network IP availability and usage
 * stats", of the extension network-ip-availability, which a cloud may lack.
 */
import { z } from 'zod';
import type { VimFloatingIpPool } from '../information.ts';
import type { VimNetwork } from '../vim.ts';
import { list } from './paging.ts';
import { ifShown } from './refusals.ts';
import type { Service } from './session.ts';

const availability = z.object({
  network_id: z.string(),
  subnet_ip_availability: z.array(z.object({ ip_version: z.number(), total_ips: z.number(), used_ips: z.number() })),
});
type Availability = z.infer<typeof availability>;

const availabilitiesPath = (networks: readonly VimNetwork[]): string =>
  `/network-ip-availabilities?${networks.map(({ id }) => `network_id=${encodeURIComponent(id)}`).join('&')}`;

/** Those among the networks, with their addresses where the account may see them: by default, an administrator may. @throws VimError. */
export async function listFloatingIpPools(
  neutron: Service,
  networks: readonly VimNetwork[],
  signal: AbortSignal,
): Promise<VimFloatingIpPool[]> {
  const external = networks.filter((network) => network.external);
  if (external.length === 0) return [];
  const request = { path: availabilitiesPath(external), key: 'network_ip_availabilities', item: availability };
  const known = new Map(
    (await ifShown(list(neutron, request, signal)))?.map((each) => [each.network_id, addressesOf(each)]),
  );
  return external.map(({ id, name }) => {
    const addresses = known.get(id);
    return { id, name, ...(addresses === undefined ? {} : { addresses }) };
  });
}

/** Floating IPs are of IPv4 only; the sums over a network count those of IPv6 too. */
function addressesOf({ subnet_ip_availability: subnets }: Availability): {
  readonly total: number;
  readonly used: number;
} {
  const suited = subnets.filter(({ ip_version: version }) => version === 4);
  return {
    total: suited.reduce((sum, { total_ips: total }) => sum + total, 0),
    used: suited.reduce((sum, { used_ips: used }) => sum + used, 0),
  };
}
