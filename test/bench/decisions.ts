/**
 * Whole decisions of create-reservation by the compiled engine, without the store: `node --import tsx test/bench/decisions.ts [N…]`.
 *
 * A head holds N reservations of all eleven resources in one pool, spread over a year to the second, at about 80 % utilisation. A
 * decision is what the ledger calls: the terms, the quotas, the admission with its counter-offer, the reservation with its event and
 * its due work. To apply is what makes it count for the next. For each that is granted another is removed, so that N stays what it
 * is. Times are processor time of the process, so that other work on the machine changes them less. Beside it, in the same run: the
 * timeline alone, and, for the counter-offer and a year by hour, a scan of the timeline's steps. Last, a loss of capacity, judged in one
 * decision.
 */
import type { Capacity, CapacityVector } from '../../src/engine/capacity.ts';
import type { Provider, Reservation } from '../../src/engine/entities.ts';
import type { CreateReservationResult, Decision } from '../../src/engine/requests.ts';
import type { Head } from '../../src/engine/state.ts';
import type { FitRequest, Step, Timeline } from '../../src/engine/timeline.ts';
import { compiled } from './compiled.ts';
import { percentile, randomFrom } from './statistics.ts';
import { printTable } from './table.ts';

const { RESOURCES, fromVector, toVector, zeroVector } =
  await compiled<typeof import('../../src/engine/capacity.ts')>('engine/capacity.js');
const { commands } = await compiled<typeof import('../../src/engine/commands/index.ts')>('engine/commands/index.js');
const { newId } = await compiled<typeof import('../../src/engine/new-id.ts')>('engine/new-id.js');
const { queryCapacity } = await compiled<typeof import('../../src/engine/queries.ts')>('engine/queries.js');
const { apply, emptyHead, loadRecord, writesOf } =
  await compiled<typeof import('../../src/engine/state.ts')>('engine/state.js');
const { FOREVER } = await compiled<typeof import('../../src/engine/window.ts')>('engine/window.js');

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const MEAN_DURATION = 8 * HOUR;
const UTILISATION = 0.8;
const POOL = 'p';
const PROVIDER: Provider = {
  id: 'none',
  name: 'none',
  origin: 'rpc',
  access: { type: 'simulated' },
  status: 'up',
  owner: 'bench',
};
const NOW = Date.parse('2030-01-01T00:00:00Z');
const AT = { now: NOW, newId: () => newId(NOW), user: 'bench' };
/** In each round, and those between two readings of the clock. */
const DECISIONS = 20_000;
const LOT = 200;
const ROUNDS = 3;
const SEARCHES = 2_000;
const SAMPLES = 100;

const random = randomFrom(20300131);

interface Request {
  readonly start: number;
  readonly end: number;
  readonly demand: { readonly capacity: Capacity; readonly pools: readonly string[] };
}

function request(): Request {
  const start = NOW + HOUR + Math.floor((random() * YEAR) / 1000) * 1000;
  const end = start + 1000 * (1 + Math.floor((random() * 2 * MEAN_DURATION) / 1000));
  const capacity = fromVector(zeroVector().map(() => 1 + Math.floor(random() * 8)));
  return { start, end, demand: { capacity, pools: [POOL] } };
}

/** A head with a pool of which `count` reservations take 80 % on average. */
function crowded(count: number): { readonly head: Head; readonly live: Reservation[] } {
  const head = emptyHead();
  const concurrent = (count * MEAN_DURATION) / YEAR;
  const amount = Math.ceil((concurrent * 4.5) / UTILISATION) + 8;
  const capacity = Object.fromEntries(RESOURCES.map((resource) => [resource, amount]));
  const pool = { id: POOL, origin: 'rpc', source: PROVIDER.id, capacity, adjustments: [], owner: 'bench' } as const;
  apply(head, { kind: 'pool', id: POOL, body: pool });
  const live: Reservation[] = [];
  while (live.length < count) {
    const { start, end, demand } = request();
    const id = newId(NOW - count + live.length);
    const claims = [{ id: '1', node: `pool/${POOL}`, start, end, capacity: demand.capacity }] as const;
    const times = { createdOn: NOW, modifiedOn: NOW, start, end, startsAt: start, endsAt: end };
    const made: Reservation = {
      id,
      origin: 'rpc',
      owner: 'bench',
      priority: 2,
      demand,
      status: 'scheduled',
      hold: 'firm',
      ...times,
      claims,
    };
    for (const { kind, body } of writesOf({ kind: 'reservation', id, body: made })) {
      // As from the store, where each has a copy of everything.
      if (body !== null) loadRecord(head, { kind, id, body: JSON.parse(JSON.stringify(body)) as object });
    }
    const loaded = head.reservations.get(id);
    if (loaded !== undefined) live.push(loaded);
  }
  return { head, live };
}

/** Microseconds of processor time of this process. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Microseconds for each. */
interface Rate {
  readonly decide: number;
  readonly apply: number;
  /** The share that was granted. */
  readonly granted: number;
}

function decisions(head: Head, live: Reservation[]): Rate {
  const requests = Array.from({ length: DECISIONS }, request);
  let deciding = 0;
  let applying = 0;
  let granted = 0;
  for (let lot = 0; lot < DECISIONS; lot += LOT) {
    const made: Decision<CreateReservationResult>[] = [];
    // Those of a lot do not see each other, so that the clock is read seldom.
    const begin = cpu();
    for (const each of requests.slice(lot, lot + LOT)) {
      made.push(commands.createReservation(head, each, AT));
    }
    const decided = cpu();
    for (const { changes } of made) for (const change of changes) apply(head, change);
    applying += cpu() - decided;
    deciding += decided - begin;
    for (const { result } of made) {
      if (result.outcome === 'refused') continue;
      granted++;
      const at = Math.floor(random() * live.length);
      const gone = live[at];
      live[at] = result.reservation;
      if (gone !== undefined) apply(head, { kind: 'reservation', id: gone.id, body: null });
    }
  }
  return { decide: deciding / DECISIONS, apply: applying / DECISIONS, granted: granted / DECISIONS };
}

/** `fits`, and `add` where it does, of the pool's timeline; what was added is removed again outside the time. */
function timelineAlone(timeline: Timeline): number {
  const requests = Array.from({ length: DECISIONS }, () => {
    const { start, end, demand } = request();
    return { window: { start, end }, vector: toVector(demand.capacity) };
  });
  let used = 0;
  for (let lot = 0; lot < DECISIONS; lot += LOT) {
    const begin = cpu();
    const taken = requests.slice(lot, lot + LOT).filter(({ window, vector }) => {
      if (!timeline.fits(window, vector)) return false;
      timeline.remove(window, vector);
      return true;
    });
    used += cpu() - begin;
    for (const { window, vector } of taken) timeline.add(window, vector);
  }
  return used / DECISIONS;
}

/** Milliseconds of processor time that each call takes. */
function times(count: number, call: (index: number) => void): number[] {
  return Array.from({ length: count }, (_, index) => {
    const begin = cpu();
    call(index);
    return (cpu() - begin) / 1000;
  }).sort((a, b) => a - b);
}

/** Searches of the earliest window for 5 to 25 % of the pool, from a random instant of the year on. */
function searches(timeline: Timeline, count: number): FitRequest[] {
  const total = timeline.valueAt(NOW);
  return Array.from({ length: count }, () => {
    const { start, end } = request();
    const demand = total.map((amount) => Math.ceil(amount * (0.05 + 0.2 * random())));
    return { notBefore: start, notAfter: NOW + YEAR, duration: end - start, demand, budget: 20_000 };
  });
}

/** The baseline: the steps in an array, gone through from the start that is asked for. */
function scanForFit(steps: readonly Step[], { notBefore, notAfter, duration, demand }: FitRequest): number | undefined {
  let since: number | undefined = notBefore;
  const first = firstAfter(steps, notBefore);
  for (let index = Math.max(0, first - 1); index < steps.length; index++) {
    const { at, value } = steps[index] as Step;
    if (since !== undefined && at >= since + duration) return since;
    if (since === undefined && at > notAfter) return undefined;
    if (!covers(value, demand)) since = undefined;
    else since ??= Math.max(at, notBefore);
  }
  return since;
}

function firstAfter(steps: readonly Step[], instant: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle]?.at ?? 0) <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

function covers(value: CapacityVector, demand: CapacityVector): boolean {
  return demand.every((need, index) => need <= (value[index] ?? 0));
}

/** The baseline: the least of each hour, from the steps in an array. */
function scanByHour(steps: readonly Step[]): Step[] {
  const hours: Step[] = [];
  let index = firstAfter(steps, NOW) - 1;
  for (let at = NOW; at < NOW + YEAR; at += HOUR) {
    while ((steps[index + 1]?.at ?? FOREVER) <= at) index++;
    const value = (steps[Math.max(0, index)] as Step).value.slice();
    for (let next = index + 1; (steps[next]?.at ?? FOREVER) < at + HOUR; next++) {
      const there = (steps[next] as Step).value;
      for (let lane = 0; lane < value.length; lane++) value[lane] = Math.min(value[lane] ?? 0, there[lane] ?? 0);
    }
    hours.push({ at, value });
  }
  return hours;
}

function queries(head: Head, timeline: Timeline): void {
  const year = { start: NOW, end: NOW + YEAR };
  const asked = searches(timeline, SEARCHES);
  const outcomes = new Map<string, number>();
  const found = times(SEARCHES, (index) => {
    const { outcome } = timeline.earliestFit(asked[index] as FitRequest);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  });
  const spent = outcomes.get('budget-spent') ?? 0;
  // So many searches as the scan can make in a time that one waits for.
  const few = timeline.breakpoints > 200_000 ? 40 : SEARCHES;
  const byHour = times(SAMPLES, () => timeline.sample(year, HOUR, 'min'));
  const ofYear = { window: year, interval: HOUR, showCollections: false };
  const answered = times(SAMPLES, () => queryCapacity(head, ofYear, NOW));
  const steps = [...timeline.steps(year)];
  const scanned = times(few, (index) => scanForFit(steps, asked[index] as FitRequest));
  const scannedByHour = times(Math.min(SAMPLES, 20), () => scanByHour(steps));
  printTable(
    ['Queries of the timeline', 'p50 ms', 'p99 ms', 'most ms'],
    [
      [`earliest fit, ${SEARCHES} searches, ${spent} of them ended by the budget`, ...figures(found)],
      ['  baseline: a scan of the steps in an array', ...figures(scanned)],
      ['a year by hour, the least of each', ...figures(byHour)],
      ['query-capacity for a year by hour', ...figures(answered)],
      ['  baseline: a scan of the steps in an array', ...figures(scannedByHour)],
    ],
  );
}

/** What it takes to judge who is degraded when the pool loses a part of what it has; nothing is applied. */
function losses(head: Head): void {
  const [pool] = head.pools.values();
  if (pool === undefined) throw new Error('there is no pool');
  apply(head, { kind: 'provider', id: PROVIDER.id, body: PROVIDER });
  const rows = [0.05, 0.3].map((part) => {
    const capacity = Object.fromEntries(
      Object.entries(pool.capacity).map(([resource, amount]) => [resource, Math.ceil(amount * part)]),
    );
    const begin = cpu();
    const { result } = commands.decreaseCapacity(head, { pool: POOL, capacity, force: true }, AT);
    return [`${100 * part} %`, (cpu() - begin) / 1000, result.affected.length];
  });
  printTable(['The pool loses', 'ms', 'degraded'], rows);
}

function figures(sorted: readonly number[]): number[] {
  return [percentile(sorted, 0.5), percentile(sorted, 0.99), sorted.at(-1) ?? 0];
}

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 100_000, 1_000_000];
for (const size of sizes) {
  const { head, live } = crowded(size);
  const node = head.nodes.get(`pool/${POOL}`);
  if (node === undefined) throw new Error('there is no pool');
  decisions(head, live);
  timelineAlone(node.free);
  const rows = Array.from({ length: ROUNDS }, () => {
    const alone = timelineAlone(node.free);
    const whole = decisions(head, live);
    return [alone, 1e6 / alone, whole.decide, 1e6 / whole.decide, whole.apply, 100 * whole.granted];
  });
  printTable(
    [
      `${size.toLocaleString('en')} reservations`,
      'timeline µs',
      'a second',
      'decision µs',
      'a second',
      'apply µs',
      '% granted',
    ],
    rows.map((row, round) => [`round ${round + 1}`, ...row]),
  );
  queries(head, node.free);
  losses(head);
}
