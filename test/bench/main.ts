/**
 * `npm run bench [-- PART… --json FILE --seconds N --callers N,… --cpu-prof DIR]`: decisions of the timeline, and durable
 * create-reservation through each way in, beside baselines in the same run. Parts: timeline placement sqlite engine local http https
 * netconf discovery (openstack.ts) boot; all of these unless named. Parts that take minutes, and run only when they are named: restart
 * (--reservations N), double-booking (--rounds N), decisions. The server under test is the compiled one, in a process of its own; so is the load generator.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BareJob, BarePorts } from './bare-servers.ts';
import { Child, processorSeconds, residentMegabytes } from './child.ts';
import type { InProcessJob } from './in-process.ts';
import type { Target } from './load-client.ts';
import type { LoadJob, LoadResult } from './load.ts';
import { boot } from './boot.ts';
import { discovery } from './openstack.ts';
import { doubleBooking } from './double-booking.ts';
import type { PlacementResult } from './placement.ts';
import { infrastructure } from './requests.ts';
import { restart } from './restart.ts';
import { ServedProcess } from '../served-process.ts';
import type { Measurement } from './statistics.ts';
import { printTable } from './table.ts';
import type { TimelineRate } from './timeline.ts';

const WIRES = ['http', 'https', 'netconf'] as const;
type Wire = (typeof WIRES)[number];
const SHORT_PARTS = ['timeline', 'placement', 'sqlite', 'engine', 'local', ...WIRES, 'discovery', 'boot'] as const;
const PARTS = [...SHORT_PARTS, 'restart', 'double-booking', 'decisions'] as const;
type Part = (typeof PARTS)[number];

const WARM_UP = 1;
/** Seconds of load before a wire's first measurement: a server that has just started runs code that is not optimised yet. */
const HEAT_UP = 8;
/** Callers that share a NETCONF session: their requests are sent ahead, and answered in order (RFC 6241 §4.5). */
const CALLERS_PER_SESSION = 4;

/** One line of the result. */
interface Line extends Measurement {
  readonly what: string;
  /** Of the process that serves, in MiB. */
  readonly rss?: number;
  /** Processor time of the process that serves, in microseconds for each answer. */
  readonly processorMicros?: number;
  /** The rate as a share of that of the bare server. */
  readonly ofBare?: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    seconds: { type: 'string', default: '3' },
    callers: { type: 'string', default: '1,16,64' },
    reservations: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '100' },
    'cpu-prof': { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const callersAtOnce = values.callers.split(',').map(Number);
const reservations = Number(values.reservations);
const rounds = Number(values.rounds);
const parts = chosenParts();

function chosenParts(): ReadonlySet<Part> {
  const unknown = positionals.filter((name) => !PARTS.some((part) => part === name));
  if (
    unknown.length > 0 ||
    !(seconds > 0) ||
    !(reservations >= 1) ||
    !(rounds >= 1) ||
    !callersAtOnce.every((callers) => callers >= 1)
  ) {
    console.error(
      `usage: npm run bench -- [${PARTS.join('|')}]… [--json FILE] [--seconds N] [--callers N,…] [--reservations N] [--rounds N] [--cpu-prof DIR]`,
    );
    process.exit(2);
  }
  return new Set(positionals.length === 0 ? SHORT_PARTS : PARTS.filter((part) => positionals.includes(part)));
}

function loopOf(callers: number): LoadJob['loop'] {
  return { callers, seconds, warmUp: WARM_UP };
}

/** Runs a module of this directory that sends its result, and nothing else. */
async function resultOf<Result>(module: string, nodeOptions: readonly string[] = []): Promise<Result> {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), {
    execArgv: ['--import', 'tsx', ...nodeOptions],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return await new Promise<Result>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Result));
    child.once('exit', () => reject(new Error(`${module} failed`)));
  });
}

async function placement(): Promise<PlacementResult> {
  const result = await resultOf<PlacementResult>('placement.ts');
  const { hosts, instances, times } = result;
  printTable(
    [
      `Placement, ${hosts.toLocaleString('en')} hosts, ${instances.toLocaleString('en')} instances`,
      'outcome',
      'requests',
      'p50 ms',
      'p99 ms',
      'most ms',
    ],
    times.map(({ what, outcome, requests, p50, p99, most }) => [what, outcome, requests, p50, p99, most]),
  );
  return result;
}

async function timeline(): Promise<readonly TimelineRate[]> {
  const rates = await resultOf<readonly TimelineRate[]>('timeline.ts', ['--expose-gc']);
  printTable(
    ['Decisions of the timeline, eleven resources', 'decisions/s', 'scan of an array/s'],
    rates.map((rate) => [
      `${rate.reservations.toLocaleString('en')} reservations`,
      rate.decisionsPerSecond,
      rate.scanPerSecond ?? '',
    ]),
  );
  return rates;
}

async function inProcess(job: InProcessJob, what: string): Promise<Line> {
  const child = new Child<InProcessJob, Measurement>('in-process.ts', profiling(job.what));
  try {
    const measurement = await child.run(job);
    return { what, ...measurement, rss: residentMegabytes(child.pid), processorMicros: measurement.ownMicros };
  } finally {
    await child.stop();
  }
}

async function sqliteAlone(): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (const rows of [1, 50]) {
    lines.push(await inProcess({ what: 'sqlite', rows, seconds }, `SQLite inserts, ${rows} a commit`));
  }
  printTable(
    ['SQLite alone, synchronous=FULL', 'rows/s', 'commit p50 ms', 'commit p99 ms'],
    lines.map((line) => [line.what, line.rate, line.p50, line.p99]),
  );
  return lines;
}

async function withoutWire(what: 'engine' | 'local', title: string): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (const callers of callersAtOnce) lines.push(await inProcess({ what, loop: loopOf(callers) }, title));
  printLines(title, lines);
  return lines;
}

/** Where a wire's requests go at the server under test and at the bare one. */
function targets(wire: Wire, served: ServedProcess, bare: BarePorts, callers: number): { ours: Target; bare: Target } {
  switch (wire) {
    case 'http':
      return { ours: { protocol: 'http', port: served.ports.http }, bare: { protocol: 'http', port: bare.http } };
    case 'https': {
      const { certificate } = served;
      return {
        ours: { protocol: 'https', port: served.ports.https, certificate },
        bare: { protocol: 'https', port: bare.https, certificate },
      };
    }
    case 'netconf': {
      const { username, password, ports } = served;
      const sessions = Math.ceil(callers / CALLERS_PER_SESSION);
      const login = { protocol: 'netconf', username, password, sessions } as const;
      return { ours: { ...login, port: ports.netconf }, bare: { ...login, port: bare.netconf } };
    }
  }
}

/** The answers that the bare servers give: what ours say to one request. */
async function sampleAnswers(served: ServedProcess, load: Load): Promise<BareJob> {
  const { certificate, directory, ports, username, password, authorization } = served;
  const loop = { callers: 1, seconds: 0.1, warmUp: 0 };
  const http = await load.run({ target: { protocol: 'http', port: ports.http }, loop, authorization });
  const netconf = await load.run({
    target: { protocol: 'netconf', port: ports.netconf, username, password, sessions: 1 },
    loop,
    authorization,
  });
  for (const { measurement, sample } of [http, netconf]) {
    if (measurement.failed > 0) throw new Error(`create-reservation is not carried out: ${sample}`);
  }
  return {
    httpBody: http.sample.slice(http.sample.indexOf('\r\n\r\n') + 4),
    netconfReply: netconf.sample.replace(/^\n#\d+\n/, ''),
    certificate,
    tlsKey: readFileSync(join(directory, 'tls.key'), 'utf8'),
    hostKey: readFileSync(join(directory, 'ssh_host_ed25519_key'), 'utf8'),
  };
}

type Load = Child<LoadJob, LoadResult>;

async function loaded(load: Load, what: string, target: Target, callers: number, server: Serving): Promise<Line> {
  const before = processorSeconds(server.pid);
  const { measurement } = await load.run({ target, loop: loopOf(callers), authorization: server.authorization });
  const used = processorSeconds(server.pid) - before;
  // The warm-up is answered at the same rate, about.
  const answers = measurement.rate * (seconds + WARM_UP);
  return { what, ...measurement, rss: residentMegabytes(server.pid), processorMicros: (used / answers) * 1e6 };
}

interface Serving {
  readonly pid: number;
  readonly authorization: string;
}

async function wires(chosen: readonly Wire[]): Promise<readonly Line[]> {
  const directory = mkdtempSync(join(tmpdir(), 'promise-bench-'));
  const load: Load = new Child('load.ts');
  const bare = new Child<BareJob, BarePorts>('bare-servers.ts');
  const lines: Line[] = [];
  try {
    const served = await ServedProcess.start('compiled', directory, profiling('serve'));
    try {
      await served.configure(infrastructure());
      const ports = await bare.run(await sampleAnswers(served, load));
      for (const wire of chosen) lines.push(...(await oneWire(wire, served, ports, { load, bare })));
    } finally {
      await served.stop();
    }
  } finally {
    await Promise.all([load.stop(), bare.stop()]);
    rmSync(directory, { recursive: true, force: true });
  }
  return lines;
}

const WIRE_TITLES: Readonly<Record<Wire, readonly [ours: string, bare: string]>> = {
  http: ['RESTCONF, HTTP', 'bare express, HTTP'],
  https: ['RESTCONF, HTTPS', 'bare express, HTTPS'],
  netconf: ['NETCONF', 'bare ssh2 echo'],
};

async function oneWire(
  wire: Wire,
  served: ServedProcess,
  ports: BarePorts,
  { load, bare }: { readonly load: Load; readonly bare: Child<BareJob, BarePorts> },
): Promise<readonly Line[]> {
  const lines: Line[] = [];
  const [ourTitle, bareTitle] = WIRE_TITLES[wire];
  const { authorization } = served;
  const hot = { callers: 64, seconds: HEAT_UP, warmUp: 0 };
  await load.run({ target: targets(wire, served, ports, hot.callers).ours, loop: hot, authorization });
  for (const callers of callersAtOnce) {
    const target = targets(wire, served, ports, callers);
    const base = await loaded(load, bareTitle, target.bare, callers, { pid: bare.pid, authorization });
    const ours = await loaded(load, ourTitle, target.ours, callers, served);
    lines.push(base, { ...ours, ofBare: ours.rate / base.rate });
  }
  printLines(`${ourTitle}: create-reservation`, lines);
  return lines;
}

function printLines(title: string, lines: readonly Line[]): void {
  printTable(
    [title, 'callers', 'requests/s', 'p50 ms', 'p99 ms', 'RSS MiB', 'CPU µs each', 'of bare', 'failed'],
    lines.map(({ what, callers, rate, p50, p99, rss = 0, processorMicros, ofBare, failed }) => [
      what,
      callers,
      rate,
      p50,
      p99,
      Math.round(rss),
      processorMicros === undefined ? '' : Math.round(processorMicros),
      ofBare === undefined ? '' : `${(ofBare * 100).toFixed(0)} %`,
      failed,
    ]),
  );
}

/** Runs a program of this directory, which prints for itself. @throws Error when it fails */
async function program(file: string): Promise<void> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: ['--import', 'tsx', '--max-old-space-size=4096'],
  });
  await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`${file} failed`);
}

/** Node's options to write profiles, for a process that is to be profiled. */
function profiling(name: string): readonly string[] {
  const directory = values['cpu-prof'];
  return directory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(directory, name)}`];
}

async function main(): Promise<void> {
  const [processor] = cpus();
  const machine = `${availableParallelism()} × ${processor?.model.trim() ?? 'unknown'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}`;
  console.log(`${machine}; ${seconds} s each\n`);
  const results: Record<string, unknown> = { machine, date: new Date().toISOString(), seconds };
  if (parts.has('timeline')) results['timeline'] = await timeline();
  if (parts.has('placement')) results['placement'] = await placement();
  if (parts.has('sqlite')) results['sqlite'] = await sqliteAlone();
  if (parts.has('engine')) results['engine'] = await withoutWire('engine', 'engine and ledger, in process');
  if (parts.has('local')) results['local'] = await withoutWire('local', 'local client, in process');
  const chosen = WIRES.filter((wire) => parts.has(wire));
  if (chosen.length > 0) results['wires'] = await wires(chosen);
  if (parts.has('discovery')) results['discovery'] = await discovery();
  if (parts.has('boot')) results['boot'] = await boot(profiling('boot'));
  if (parts.has('restart')) results['restart'] = await restart(reservations);
  if (parts.has('double-booking')) results['double-booking'] = await doubleBooking(rounds);
  if (parts.has('decisions')) await program('decisions.ts');
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
  console.log('The table of libyang-wasm: npm run bench --workspace libyang-wasm');
}

await main();
