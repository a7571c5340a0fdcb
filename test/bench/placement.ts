/**
 * Placement in a large cloud: the part `placement` of `npm run bench`, or `node --import tsx test/bench/placement.ts`, which
 * takes the numbers of hosts, of instances and of requests, and `--check` to hold the maps against the invariants at the end.
 *
 * 10,000 hosts in 10 zones, with 500,000 instances placed on them over a year in reservations of 50, each at the time for which
 * it was asked. A decision is create-reservation for 100 instances with anti-affinity in a random window of the year: its
 * computation, and what it takes to apply it to the maps, in processor time. What is granted is cancelled again, so that the load stays.
 */
import { commands } from '../../src/engine/commands/index.ts';
import type { AffinityPolicy, Demand } from '../../src/engine/entities.ts';
import { violations } from '../../src/engine/invariants.ts';
import type { Command } from '../../src/engine/requests.ts';
import { apply, emptyHead } from '../../src/engine/state.ts';
import type { VimHost } from '../../src/vim/vim.ts';
import { percentile, randomFrom } from './statistics.ts';

/** What was measured of one kind of request, milliseconds of processor time. */
export interface PlacementTimes {
  readonly what: string;
  readonly outcome: 'granted' | 'refused';
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/** What `placement.ts` sends to its parent. */
export interface PlacementResult {
  readonly hosts: number;
  readonly instances: number;
  readonly fillSeconds: number;
  readonly residentMegabytes: number;
  readonly times: readonly PlacementTimes[];
}

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const NOW = Date.parse('2030-01-01T00:00:00Z');

const HOSTS = Number(process.argv[2] ?? 10_000);
const CLAIMS = Number(process.argv[3] ?? 500_000);
const REQUESTS = Number(process.argv[4] ?? 400);
const PER_RESERVATION = 50;
/** Cores of a host; instances of the load take 1 to 8, so that a host is in use to about the share given. */
const CORES = 64;
const UTILISATION = 0.8;

/** Milliseconds of processor time that this process has taken: other work on the machine does not count. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const random = randomFrom(20300131);
const head = emptyHead();
let ids = 0;

function run<Input, Result>(command: Command<Input, Result>, input: Input): Result {
  const decision = command(head, input, { now: NOW, newId: () => `id-${++ids}`, user: 'bench' });
  for (const change of decision.changes) apply(head, change);
  return decision.result;
}

function hosts(): VimHost[] {
  return Array.from({ length: HOSTS }, (_, index) => ({
    name: `host-${String(index).padStart(5, '0')}`,
    zone: `zone-${index % 10}`,
    state: 'up',
    enabled: true,
    vcpus: CORES,
    memoryMb: CORES * 4096,
    diskGb: 10_000,
    used: { vcpus: 0, memoryMb: 0, diskGb: 0 },
    traits: index % 4 === 0 ? ['HW_CPU_X86_AVX512F'] : [],
  }));
}

function size(): { readonly vcpus: number; readonly ram: number; readonly disk: number } {
  const vcpus = 1 + Math.floor(random() * 8);
  return { vcpus, ram: vcpus * 2048, disk: 20 };
}

/** How long a reservation lasts on average, so that the load comes to the utilisation. */
const MEAN_DURATION = (UTILISATION * HOSTS * CORES * YEAR) / (CLAIMS * 4.5);

function window(): { readonly start: number; readonly end: number } {
  const start = NOW + HOUR + Math.floor(random() * YEAR);
  return { start, end: start + 1 + Math.floor(random() * 2 * MEAN_DURATION) };
}

function demandFor(count: number, policy?: AffinityPolicy, cores?: number): Demand {
  const container = { name: 'c', count, size: cores === undefined ? size() : { vcpus: cores, ram: cores * 2048 } };
  return policy === undefined
    ? { capacity: {}, containers: [container] }
    : { capacity: {}, containers: [{ ...container, group: 'g' }], groups: [{ name: 'g', policy }] };
}

const { provider } = run(commands.addProvider, { access: { type: 'promise-simulator:simulated' } });
const zones = Array.from({ length: 10 }, (_, index) => `zone-${index}`);
run(commands.updateProvider, {
  id: provider.id,
  status: 'up',
  inventory: { zones, hosts: hosts(), flavors: [], images: [], networks: [], quotas: {} },
});
run(commands.increaseCapacity, { source: provider.id, capacity: {} });

console.log(`${HOSTS} hosts of ${CORES} cores; mean duration ${(MEAN_DURATION / HOUR).toFixed(0)} h`);
const began = cpu();
let refusedLoad = 0;
let held = 0;
const loadTimes: number[] = [];
while (held < CLAIMS && refusedLoad < CLAIMS / PER_RESERVATION) {
  const at = cpu();
  const result = run(commands.createReservation, {
    ...window(),
    expiryTime: NOW + 3 * YEAR,
    demand: demandFor(PER_RESERVATION),
  });
  loadTimes.push(cpu() - at);
  if (result.outcome === 'refused') refusedLoad++;
  else held += PER_RESERVATION;
}
const fillSeconds = (cpu() - began) / 1000;
const residentMegabytes = Math.round(process.memoryUsage().rss / 2 ** 20);
console.log(
  `${held} instances placed in ${fillSeconds.toFixed(1)} s, ${refusedLoad} requests refused, ${residentMegabytes} MB resident`,
);
const times: PlacementTimes[] = [];
note('50 instances each, while filling', 'granted', loadTimes);

function note(what: string, outcome: PlacementTimes['outcome'], measured: readonly number[]): void {
  if (measured.length === 0) return;
  const sorted = [...measured].sort((a, b) => a - b);
  const [p50, p99, most] = [percentile(sorted, 0.5), percentile(sorted, 0.99), percentile(sorted, 1)];
  times.push({ what, outcome, requests: sorted.length, p50, p99, most });
  const figures = `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, most ${most.toFixed(2)} ms`;
  console.log(`${what}: ${sorted.length} ${outcome}: ${figures}`);
}

function measure(title: string, make: () => Demand): void {
  const granted: number[] = [];
  const refused: number[] = [];
  for (let request = 0; request < REQUESTS; request++) {
    const input = { ...window(), expiryTime: NOW + 3 * YEAR, demand: make() };
    const at = cpu();
    const result = run(commands.createReservation, input);
    (result.outcome === 'refused' ? refused : granted).push(cpu() - at);
    if (result.outcome === 'granted') run(commands.cancelReservation, { id: result.reservation.id });
  }
  note(title, 'granted', granted);
  note(title, 'refused', refused);
}

measure('100 anti-affine, warming up', () => demandFor(100, 'anti-affinity'));
measure('100 anti-affine', () => demandFor(100, 'anti-affinity'));
measure('100 without a group', () => demandFor(100));
measure('100 soft anti-affine', () => demandFor(100, 'soft-anti-affinity'));
measure('10 on one host', () => demandFor(10, 'affinity'));
measure('1 of a whole host', () => demandFor(1, undefined, CORES));
measure('100 anti-affine of 24 cores', () => demandFor(100, 'anti-affinity', 24));
measure('100 anti-affine of 48 cores', () => demandFor(100, 'anti-affinity', 48));
measure('100 of 48 cores', () => demandFor(100, undefined, 48));
measure('100 soft anti-affine of 48 cores', () => demandFor(100, 'soft-anti-affinity', 48));
measure('1,000 anti-affine', () => demandFor(1000, 'anti-affinity'));
measure('5,000 anti-affine', () => demandFor(5000, 'anti-affinity'));

if (process.argv.includes('--check')) console.log(violations(head, NOW).slice(0, 3));
const result: PlacementResult = { hosts: HOSTS, instances: held, fillSeconds, residentMegabytes, times };
process.send?.(result);
