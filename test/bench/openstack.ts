/**
 * `npm run bench -- discovery`: what a large OpenStack cloud costs, with a stand-in on loopback that takes 20 ms for each answer.
 *
 * 1,000 hypervisors, of which every twentieth has no virtual CPU left, and 10,000 servers; then again when nothing, and when something,
 * has changed. Its baseline is the same requests, one after the other.
 */
import { Agent, request } from 'undici';
import type { Vim } from '../../src/vim/vim.ts';
import { Child } from './child.ts';
import { compiled } from './compiled.ts';
import { ROUND_TRIP_MS, requestsOf, serveCloud, type StandIn } from './stand-in.ts';
import type { CloudRequest } from './openstack-cloud.ts';
import { printTable } from './table.ts';

const HYPERVISORS = 1_000;
const SERVERS = 10_000;
const CHANGED = 100;

export interface DiscoveryLine {
  readonly what: string;
  readonly seconds: number;
  readonly requests: number;
  /** Processor time of the process that asks. */
  readonly processorSeconds: number;
}

export async function discovery(): Promise<readonly DiscoveryLine[]> {
  const cloud: StandIn = new Child('openstack-cloud.ts');
  const lines: DiscoveryLine[] = [];
  try {
    const origin = await serveCloud(cloud, HYPERVISORS, SERVERS);
    const vim = await connect(`${origin}/v3`);
    const measure = async (what: string): Promise<readonly CloudRequest[]> => {
      const { signal } = new AbortController();
      const used = process.cpuUsage();
      const began = performance.now();
      const [inventory, servers] = [await vim.discover(signal), await vim.listServers(signal)];
      const seconds = (performance.now() - began) / 1_000;
      if (inventory.hosts.length !== HYPERVISORS || servers.length !== SERVERS)
        throw new Error(`found ${inventory.hosts.length} hosts and ${servers.length} servers`);
      const processor = secondsSince(used);
      const requests = await requestsOf(cloud);
      lines.push({ what, seconds, requests: requests.length, processorSeconds: processor });
      return requests;
    };
    const first = await measure('the first discovery, all servers');
    await measure('again, nothing has changed');
    await cloud.run({ what: 'change', servers: CHANGED });
    await measure(`again, ${CHANGED} servers and their hosts have`);
    await vim.close();
    lines.push(await oneAfterTheOther(origin, first));
    await requestsOf(cloud);
  } finally {
    await cloud.stop();
  }
  printTable(
    [`${HYPERVISORS} hypervisors, ${SERVERS} servers, ${ROUND_TRIP_MS} ms each`, 'seconds', 'requests', 'CPU s'],
    lines.map(({ what, seconds, requests, processorSeconds }) => [what, seconds, requests, processorSeconds]),
  );
  return lines;
}

async function connect(endpoint: string): Promise<Vim> {
  const { openStack } = await compiled<typeof import('../../src/vim/openstack/openstack-vim.ts')>(
    'vim/openstack/openstack-vim.js',
  );
  const { systemClock } = await compiled<typeof import('../../src/engine/clock.ts')>('engine/clock.js');
  return openStack({ clock: systemClock, random: Math.random })({
    ...{ providerId: 'bench', endpoint, username: 'bench', password: 'bench', tenant: { name: 'bench' } },
  });
}

/** The baseline: a client that asks the same and does nothing with the answers but read their JSON. */
async function oneAfterTheOther(origin: string, requests: readonly CloudRequest[]): Promise<DiscoveryLine> {
  const dispatcher = new Agent({ connections: 1 });
  const used = process.cpuUsage();
  const began = performance.now();
  for (const { path } of requests.filter(({ method }) => method === 'GET')) {
    const { body } = await request(`${origin}${path}`, { dispatcher });
    await body.json();
  }
  const seconds = (performance.now() - began) / 1_000;
  const processor = secondsSince(used);
  await dispatcher.close();
  const what = 'baseline: the same requests, one after the other';
  return { what, seconds, requests: requests.length, processorSeconds: processor };
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
