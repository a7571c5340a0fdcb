/**
 * `npm run bench -- boot`: nine boots at once over RESTCONF, with a stand-in for OpenStack on loopback that takes 20 ms for each answer.
 *
 * Of each boot, Promise's own time is what passes while no request of the boot is with the cloud: from the consumer's request to the
 * cloud's creation of the server, less what the cloud takes for requests before that; from the cloud's acceptance to Promise's answer; and
 * from the cloud's word that the server is ACTIVE to the notification. It is measured from outside, by a consumer and a cloud in processes
 * of their own: from a byte that one of them has written to a byte that one of them is handed. So it has all that Promise does, waits
 * for and queues for, its disk among it, and of the consumer and the cloud only how long they take to look at what has come. What
 * they take at least is shown by the baselines: a bare server of Node's between the same two, which relays and does nothing else, and the
 * same where it flushes a file at the three points of a boot at which Promise commits. What the disk takes by itself is in the last line of
 * each table: pages of a commit, written to a file beside the data directory after each round and flushed, each after a pause as in a boot:
 * a flush right after another one takes a fraction.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { leaf } from '../../src/cli/demo/content.ts';
import { RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { RestconfConsumer } from '../../src/cli/demo/restconf-consumer.ts';
import { ServedProcess } from '../served-process.ts';
import type { BareOrchestratorJob, BareOrchestratorPort } from './bare-orchestrator.ts';
import { Child, mainThreadSeconds, processorSeconds } from './child.ts';
import { Disk } from './disk.ts';
import type { CloudRequest } from './openstack-cloud.ts';
import { requestsOf, serveCloud, type StandIn } from './stand-in.ts';
import { percentile } from './statistics.ts';
import { printTable } from './table.ts';
import { listenThin, ThinCaller } from './thin-http.ts';

const AT_ONCE = 9;
const ROUNDS = 40;
/** Boots between the two measurements, and how many of them at once: code that has just started is not optimised yet. */
const HEAT_UP = 1_200;
const HEAT_UP_AT_ONCE = 60;
/** Rounds before those of a server that has just started: connections are opened in them. */
const FIRST_ROUNDS = 5;
/** Commits of nine boots that share them, which a boot waits for one after the other, and about how many pages each writes. */
const COMMITS = 3;
const PAGES = 20;
/** Milliseconds before each of them. */
const PAUSE = 50;
/** Milliseconds that a server has to become ACTIVE and be told. */
const PATIENCE = 30_000;

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

/** Who is between the consumer and the cloud. */
interface Orchestrator {
  readonly pid: number;
  readonly port: number;
  readonly authorization: string;
  readonly provider: string;
}

/** @param nodeOptions of Promise's process */
export async function boot(nodeOptions: readonly string[]): Promise<readonly BootLine[]> {
  const directory = mkdtempSync(join(tmpdir(), 'promise-bench-'));
  const cloud: StandIn = new Child('openstack-cloud.ts');
  const disk = new Disk(directory);
  try {
    const origin = await serveCloud(cloud, 20, 0);
    const bare = [
      ...(await bareBoots({ cloud, origin, disk }, 'that keeps nothing')),
      ...(await bareBoots({ cloud, origin, disk, directory }, 'that flushes a file')),
    ];
    const served = await ServedProcess.start('compiled', join(directory, 'data'), nodeOptions);
    try {
      return [...(await ownBoots(cloud, origin, served, disk)), ...bare];
    } finally {
      await served.stop();
    }
  } finally {
    await cloud.stop();
    disk.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function ownBoots(
  cloud: StandIn,
  origin: string,
  served: ServedProcess,
  disk: Disk,
): Promise<readonly BootLine[]> {
  const { pid, authorization, ports } = served;
  const provider = await provide(served, origin);
  const consumer = await Consumer.open({ pid, authorization, port: ports.http, provider });
  const lines: BootLine[] = [];
  try {
    await measured(consumer, cloud, FIRST_ROUNDS);
    lines.push(...(await reported({ consumer, cloud, disk, pid }, 'just started')));
    for (let boots = 0; boots < HEAT_UP; boots += HEAT_UP_AT_ONCE) await consumer.boots(HEAT_UP_AT_ONCE);
    await requestsOf(cloud);
    lines.push(...(await reported({ consumer, cloud, disk, pid }, `after ${HEAT_UP.toLocaleString('en')} boots`)));
  } finally {
    consumer.close();
  }
  return lines;
}

interface BareSurroundings {
  readonly cloud: StandIn;
  readonly origin: string;
  readonly disk: Disk;
  /** Where the server keeps what it does; absent: nowhere. */
  readonly directory?: string;
}

async function bareBoots(
  { cloud, origin, disk, directory }: BareSurroundings,
  what: string,
): Promise<readonly BootLine[]> {
  const bare = new Child<BareOrchestratorJob, BareOrchestratorPort>('bare-orchestrator.ts');
  try {
    const { port } = await bare.run({
      compute: `${origin}/compute/v2.1`,
      ...(directory === undefined ? {} : { directory }),
    });
    const consumer = await Consumer.open({ pid: bare.pid, port, authorization: '', provider: '' });
    try {
      await measured(consumer, cloud, FIRST_ROUNDS);
      return await reported({ consumer, cloud, disk, pid: bare.pid }, `baseline: a bare server ${what}`);
    } finally {
      consumer.close();
    }
  } finally {
    await bare.stop();
  }
}

/** Adds the cloud, and a pool in it. @returns the provider's id */
export async function provide(served: ServedProcess, origin: string): Promise<string> {
  const client = new RestconfClient({
    ...{ url: `http://127.0.0.1:${served.ports.http}`, username: served.username, password: served.password },
  });
  const setup = new RestconfConsumer(client, 'json');
  const provider = await setup.invoke('opnfv-promise:add-provider', {
    ...{ name: 'bench', 'provider-type': 'openstack', endpoint: `${origin}/v3`, username: 'bench', password: 'bench' },
  });
  const source = leaf(provider, 'provider-id');
  if (source === undefined) throw new Error(`the provider was refused: ${leaf(provider, 'message') ?? ''}`);
  const capacity = { cores: 10_000, ram: '10240000', instances: 10_000 };
  await setup.invoke('opnfv-promise:increase-capacity', { source, capacity });
  client.close();
  return source;
}

/** What the consumer saw of one boot. */
interface Seen {
  readonly name: string;
  readonly sent: number;
  readonly answered: number;
  readonly heard: number;
}

export class Consumer {
  readonly #orchestrator: Orchestrator;
  readonly #callers: ThinCaller[] = [];
  /** When each server was told to be ACTIVE. */
  readonly #heard = new Map<string, number>();
  #stream: { close(): void } | undefined;
  #made = 0;

  private constructor(orchestrator: Orchestrator) {
    this.#orchestrator = orchestrator;
  }

  static async open(orchestrator: Orchestrator): Promise<Consumer> {
    const consumer = new Consumer(orchestrator);
    for (let index = 0; index < HEAT_UP_AT_ONCE; index += 1)
      consumer.#callers.push(await ThinCaller.open(orchestrator.port));
    const stream = `GET /restconf/streams/promise/json?filter=${encodeURIComponent('/opnfv-promise:allocation-event')}`;
    const request = httpText(stream, orchestrator.authorization, 'text/event-stream', '');
    consumer.#stream = await listenThin(orchestrator.port, request, (data, at) => consumer.#hear(data, at));
    return consumer;
  }

  /** So many boots, asked for at once. @returns when all of them are known to be ACTIVE */
  async boots(atOnce: number): Promise<readonly Seen[]> {
    const { provider, authorization } = this.#orchestrator;
    const asked = this.#callers.slice(0, atOnce).map((caller) => {
      const name = `vm-${this.#made++}`;
      const input = { 'provider-id': provider, name, image: 'cirros', flavor: 'm1.tiny', networks: ['private'] };
      const body = JSON.stringify({ 'opnfv-promise:input': input });
      const line = 'POST /restconf/operations/opnfv-promise:create-instance';
      return { caller, name, request: httpText(line, authorization, 'application/yang-data+json', body) };
    });
    const answers = await Promise.all(
      asked.map(async ({ caller, name, request }) => ({ name, ...(await caller.exchange(request)) })),
    );
    for (const end = Date.now() + PATIENCE; answers.some(({ name }) => !this.#heard.has(name)) && Date.now() < end;)
      await setTimeout(20);
    return answers.map(({ name, sent, answered, body }) => {
      const heard = this.#heard.get(name);
      if (!/"result": ?"ok"/.test(body) || heard === undefined) throw new Error(`${name} did not boot: ${body}`);
      return { name, sent, answered, heard };
    });
  }

  close(): void {
    this.#stream?.close();
    for (const caller of this.#callers) caller.close();
  }

  #hear(data: string, at: number): void {
    const name = /"name": ?"([^"]*)"/.exec(data)?.[1];
    if (name !== undefined && /"vm-state": ?"ACTIVE"/.test(data)) this.#heard.set(name, at);
  }
}

function httpText(line: string, authorization: string, media: string, body: string): Buffer {
  const content = body === '' ? '' : `Content-Type: ${media}\r\nContent-Length: ${body.length}\r\n`;
  return Buffer.from(
    `${line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nAccept: ${media}\r\n${content}\r\n${body}`,
  );
}

/** @param between is called after each round */
export async function measured(
  consumer: Consumer,
  cloud: StandIn,
  rounds: number,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<readonly Boot[]> {
  const boots: Boot[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const seen = await consumer.boots(AT_ONCE);
    const requests = await requestsOf(cloud);
    boots.push(...seen.flatMap((each) => partsOf(each, requests) ?? []));
    await between();
  }
  return boots;
}

/** @returns undefined when a list of all servers told of it first, as happens once a minute: lists are not kept apart by server */
function partsOf({ name, sent, answered, heard }: Seen, requests: readonly CloudRequest[]): Boot | undefined {
  const creation = requests.find(({ method, server }) => method === 'POST' && server === name);
  const active = requests.find((each) => each.active?.includes(name) === true);
  if (creation === undefined) throw new Error(`the cloud does not know of ${name}`);
  if (active === undefined || heard < active.answered) return undefined;
  const lookUps = requests.filter(({ method, tag }) => method === 'GET' && tag === creation.tag);
  const withCloud = lookUps.reduce((sum, each) => sum + each.answered - each.arrived, 0);
  return {
    toCloud: creation.arrived - sent - withCloud,
    toAnswer: answered - creation.answered,
    toNotification: heard - active.answered,
  };
}

interface Measuring {
  readonly consumer: Consumer;
  readonly cloud: StandIn;
  readonly disk: Disk;
  /** Of the process that is measured. */
  readonly pid: number;
}

async function reported({ consumer, cloud, disk, pid }: Measuring, what: string): Promise<readonly BootLine[]> {
  const [all, main] = [processorSeconds(pid), mainThreadSeconds(pid)];
  const flushes: number[] = [];
  const boots = await measured(consumer, cloud, ROUNDS, async () => {
    for (let commit = 0; commit < COMMITS; commit += 1) {
      await setTimeout(PAUSE);
      flushes.push(await disk.flush(PAGES));
    }
  });
  const each = (seconds: number): string => ((seconds / boots.length) * 1_000).toFixed(2);
  const [allEach, mainEach] = [each(processorSeconds(pid) - all), each(mainThreadSeconds(pid) - main)];
  const whole = boots.map((parts) => parts.toCloud + parts.toAnswer + parts.toNotification);
  const lines = [
    lineOf(
      'to the creation in the cloud',
      boots.map((parts) => parts.toCloud),
    ),
    lineOf(
      'from its acceptance to the answer',
      boots.map((parts) => parts.toAnswer),
    ),
    lineOf(
      'from its ACTIVE to the notification',
      boots.map((parts) => parts.toNotification),
    ),
    lineOf('a boot, without the cloud', whole),
    lineOf(`the disk alone, ${PAGES} pages flushed`, flushes),
  ];
  printTable(
    [`own time, ${AT_ONCE} boots at once, ${what}`, 'p50 ms', 'p99 ms'],
    lines.map(({ what: part, p50, p99 }) => [part, p50, p99]),
  );
  console.log(`  ${allEach} ms of processor time for a boot, ${mainEach} of it in the main thread\n`);
  return lines.map((line) => ({ ...line, what: `${what}: ${line.what}` }));
}

function lineOf(what: string, times: readonly number[]): BootLine {
  const sorted = [...times].sort((one, other) => one - other);
  return { what, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}
