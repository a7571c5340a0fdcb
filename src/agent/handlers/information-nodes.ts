/** What providers tell beside what can be reserved, as YANG has it (module nfv-infrastructure). */
import type {
  VimAggregate,
  VimFloatingIpPool,
  VimRouterElement,
  VimVolumePool,
  VimVolumeType,
} from '../../vim/information.ts';
import { MOST_IN_32_BITS, decimalOut, listIn, present } from './promise-values.ts';

export function aggregateOut({ id, name, zone, hosts, metadata }: VimAggregate) {
  const properties = Object.entries(metadata).map(([key, value]) => ({ name: key, value }));
  return present({ id, name: name || undefined, zone, hosts: listIn(hosts), metadata: listIn(properties) });
}

export function floatingIpPoolOut({ id, name, addresses }: VimFloatingIpPool) {
  const { total, used } = addresses ?? {};
  return present({ id, name: name || undefined, total, used });
}

export function routerOut({ id, name, enabled, status, gateway }: VimRouterElement) {
  return present({ id, name: name || undefined, enabled, status, gateway });
}

export function volumeTypeOut({ id, name, public: shared, backend }: VimVolumeType) {
  const visibility = shared ? ('public' as const) : ('project' as const);
  return present({ id, name: name || undefined, visibility, backend });
}

export function volumePoolOut({ name, backend, totalGb, freeGb, allocatedGb, overCommit }: VimVolumePool) {
  return present({
    name,
    backend,
    total: gigabytesOut(totalGb),
    free: gigabytesOut(freeGb),
    allocated: gigabytesOut(allocatedGb),
    'over-commit': overCommit === undefined ? undefined : decimalOut(Math.round(overCommit * 1000)),
  });
}

/** Drivers report parts of a GB. */
function gigabytesOut(gigabytes: number | undefined): number | undefined {
  return gigabytes === undefined ? undefined : Math.min(Math.floor(gigabytes), MOST_IN_32_BITS);
}
