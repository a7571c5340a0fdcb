/**
 * `npm run bench -- discovery boot`: what a large OpenStack cloud costs, with a stand-in on loopback that takes 20 ms for each answer.
 *
 * discovery: 1,000 hypervisors, of which every twentieth has no virtual CPU left, and 10,000 servers; then again when nothing, and when
 * something, has changed. Its baseline is the same requests, one after the other.
 * boot: nine boots at once over RESTCONF. Of each, Promise's own time is what passes while no request of the boot is with the cloud: from
 * the consumer's request to the first of the cloud's, between two of those, from the cloud's acceptance to Promise's answer, and from the
 * cloud's word that the server is ACTIVE to the notification.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import type { Vim } from '../../src/vim/vim.ts';
import { RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { RestconfConsumer } from '../../src/cli/demo/restconf-consumer.ts';
import { leaf } from '../../src/cli/demo/content.ts';
import { ServedProcess } from '../served-process.ts';
import { Child, processorSeconds } from './child.ts';
import { now, type CloudJob, type CloudRequest, type CloudResult } from './openstack-cloud.ts';
import { percentile } from './statistics.ts';
import { printTable } from './table.ts';

const HYPERVISORS = 1_000;
const SERVERS = 10_000;
const ROUND_TRIP_MS = 20;
const BOOTS = 9;
const ROUNDS = 30;
/** Rounds before those that count: code that has just started is not optimised yet. */
const WARM_UP = 5;
const CHANGED = 100;

type Cloud = Child<CloudJob, CloudResult>;

export interface DiscoveryLine {
  readonly what: string;
  readonly seconds: number;
  readonly requests: number;
  /** Processor time of the process that asks. */
  readonly processorSeconds: number;
}

const DIST = fileURLToPath(new URL('../../dist/src/', import.meta.url));

async function requestsOf(cloud: Cloud): Promise<readonly CloudRequest[]> {
  const result = await cloud.run({ what: 'requests' });
  return 'requests' in result ? result.requests : [];
}

async function serve(cloud: Cloud, hypervisors: number, servers: number): Promise<string> {
  const result = await cloud.run({ what: 'serve', hypervisors, servers, roundTripMs: ROUND_TRIP_MS });
  if (!('port' in result)) throw new Error('the stand-in does not listen');
  return `http://127.0.0.1:${result.port}`;
}

export async function discovery(): Promise<readonly DiscoveryLine[]> {
  const cloud: Cloud = new Child('openstack-cloud.ts');
  const lines: DiscoveryLine[] = [];
  try {
    const origin = await serve(cloud, HYPERVISORS, SERVERS);
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
  const load = async <Module>(path: string): Promise<Module> =>
    // The compiled module has the types of its source.
    (await import(pathToFileURL(join(DIST, path)).href)) as Module;
  const { openStack } = await load<typeof import('../../src/vim/openstack/openstack-vim.ts')>(
    'vim/openstack/openstack-vim.js',
  );
  const { systemClock } = await load<typeof import('../../src/engine/clock.ts')>('engine/clock.js');
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

export interface BootLine {
  readonly what: string;
  readonly p50: number;
  readonly p99: number;
}

/** What passed in one boot, in milliseconds. */
interface Boot {
  readonly toCloud: number;
  readonly toAnswer: number;
  readonly toNotification: number;
}

/** @param nodeOptions of Promise's process */
export async function boot(nodeOptions: readonly string[]): Promise<readonly BootLine[]> {
  const directory = mkdtempSync(join(tmpdir(), 'promise-bench-'));
  const cloud: Cloud = new Child('openstack-cloud.ts');
  try {
    const origin = await serve(cloud, 20, 0);
    const served = await ServedProcess.start('compiled', directory, nodeOptions);
    try {
      return await bootsAgainst(cloud, origin, served);
    } finally {
      await served.stop();
    }
  } finally {
    await cloud.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function bootsAgainst(cloud: Cloud, origin: string, served: ServedProcess): Promise<readonly BootLine[]> {
  const client = new RestconfClient({
    ...{ url: `http://127.0.0.1:${served.ports.http}`, username: served.username, password: served.password },
  });
  const consumer = new RestconfConsumer(client, 'json');
  const provider = await consumer.invoke('opnfv-promise:add-provider', {
    ...{ name: 'bench', 'provider-type': 'openstack', endpoint: `${origin}/v3`, username: 'bench', password: 'bench' },
  });
  const source = leaf(provider, 'provider-id') ?? '';
  await consumer.invoke('opnfv-promise:increase-capacity', {
    source,
    capacity: { cores: 2_000, ram: '2048000', instances: 2_000 },
  });
  const { inbox } = await consumer.subscribe({ filter: { event: 'opnfv-promise:allocation-event' } });
  const heard = new Map<string, number>();
  const hear = (async () => {
    for await (const { event } of inbox) {
      const [name, state] = [leaf(event, 'name'), leaf(event, 'vm-state')];
      if (name !== undefined && state === 'ACTIVE') heard.set(name, now());
    }
  })();
  const boots: Boot[] = [];
  let used = 0;
  const alone: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round === WARM_UP) used = processorSeconds(served.pid);
    const names = Array.from({ length: BOOTS }, (_, index) => `vm-${round}-${index}`);
    const times = await Promise.all(names.map((name) => create(consumer, source, name)));
    for (const end = Date.now() + 30_000; names.some((name) => !heard.has(name)) && Date.now() < end;)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const requests = await requestsOf(cloud);
    if (round >= WARM_UP) for (const time of times) boots.push(partsOf(time, requests, heard.get(time.name) ?? NaN));
    for (let index = 0; index < BOOTS; index += 1) {
      const before = now();
      await consumer.get([{ name: 'opnfv-promise:promise' }, { name: 'policy' }]);
      if (round >= WARM_UP) alone.push(now() - before);
    }
  }
  const processor = ((processorSeconds(served.pid) - used) / boots.length) * 1_000;
  client.close();
  await hear;
  const sum = ({ toCloud, toAnswer, toNotification }: Boot): number => toCloud + toAnswer + toNotification;
  const lines = [
    lineOf(
      'to the first request of the cloud, and between',
      boots.map(({ toCloud }) => toCloud),
    ),
    lineOf(
      'from its acceptance to the answer',
      boots.map(({ toAnswer }) => toAnswer),
    ),
    lineOf(
      'from its ACTIVE to the notification',
      boots.map(({ toNotification }) => toNotification),
    ),
    lineOf('a boot, without the cloud', boots.map(sum)),
    lineOf('baseline: a GET of the policy, alone', alone),
  ];
  printTable(
    [`own time, ${BOOTS} boots at once`, 'p50 ms', 'p99 ms'],
    lines.map(({ what, p50, p99 }) => [what, p50, p99]),
  );
  console.log(`  ${processor.toFixed(1)} ms of processor time for a boot, the baseline included\n`);
  return lines;
}

interface Times {
  readonly name: string;
  readonly asked: number;
  readonly answered: number;
}

async function create(consumer: RestconfConsumer, provider: string, name: string): Promise<Times> {
  const input = { 'provider-id': provider, name, image: 'cirros', flavor: 'm1.tiny', networks: ['private'] };
  const asked = now();
  const answer = await consumer.invoke('opnfv-promise:create-instance', input);
  const answered = now();
  if (leaf(answer, 'result') !== 'ok') throw new Error(`a boot was refused: ${leaf(answer, 'message') ?? ''}`);
  return { name, asked, answered };
}

function partsOf({ name, asked, answered }: Times, requests: readonly CloudRequest[], heard: number): Boot {
  const creation = requests.find(({ method, server }) => method === 'POST' && server === name);
  const active = requests.find(
    ({ method, server, status }) => method === 'GET' && server === name && status === 'ACTIVE',
  );
  const lookUp = requests.find(({ method, tag }) => method === 'GET' && tag === creation?.tag);
  if (creation === undefined || lookUp === undefined || active === undefined || Number.isNaN(heard))
    throw new Error(`${name} did not boot`);
  return {
    toCloud: lookUp.arrived - asked + (creation.arrived - lookUp.answered),
    toAnswer: answered - creation.answered,
    toNotification: heard - active.answered,
  };
}

function lineOf(what: string, values: readonly number[]): BootLine {
  const sorted = [...values].sort((one, other) => one - other);
  return { what, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}
