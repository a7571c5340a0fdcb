/** The stand-in for OpenStack (openstack-cloud.ts), as the benchmark uses it. */
import type { Child } from './child.ts';
import type { CloudJob, CloudRequest, CloudResult } from './openstack-cloud.ts';

export type StandIn = Child<CloudJob, CloudResult>;

/** What it takes for each answer. */
export const ROUND_TRIP_MS = 20;

/** What it was asked since the last call, in order. */
export async function requestsOf(cloud: StandIn): Promise<readonly CloudRequest[]> {
  const result = await cloud.run({ what: 'requests' });
  return 'requests' in result ? result.requests : [];
}

/** @returns where it is */
export async function serveCloud(cloud: StandIn, hypervisors: number, servers: number): Promise<string> {
  const result = await cloud.run({ what: 'serve', hypervisors, servers, roundTripMs: ROUND_TRIP_MS });
  if (!('port' in result)) throw new Error('the stand-in does not listen');
  return `http://127.0.0.1:${result.port}`;
}
