/**
 * Whole decisions of create-reservation, without the store: `node --import tsx test/bench/decisions.ts [N…]`.
 *
 * A head holds N reservations of all eleven resources in one pool, spread over a year to the second, at about 80 % utilisation. A
 * decision is what the ledger calls: the terms, the quotas, the admission with its counter-offer, the reservation with its event and
 * its due work. To apply is what makes it count for the next. For each that is granted another is removed, so that N stays what it
 * is. Times are processor time of the process, so that other work on the machine changes them less.
 */
import { zeroVector } from '../../src/engine/capacity.ts';
import type { Capacity } from '../../src/engine/capacity.ts';
import { RESOURCES, fromVector } from '../../src/engine/capacity.ts';
import { commands } from '../../src/engine/commands/index.ts';
import type { Reservation } from '../../src/engine/entities.ts';
import { newId } from '../../src/engine/new-id.ts';
import type { Decision } from '../../src/engine/requests.ts';
import { apply, emptyHead, loadRecord, writesOf } from '../../src/engine/state.ts';
import type { Head } from '../../src/engine/state.ts';
import { Timeline } from '../../src/engine/timeline.ts';
import { FOREVER } from '../../src/engine/window.ts';
import { percentile, randomFrom } from './statistics.ts';
import { printTable } from './table.ts';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const MEAN_DURATION = 8 * HOUR;
const UTILISATION = 0.8;
const POOL = 'p';
const NOW = Date.parse('2030-01-01T00:00:00Z');
const DECISIONS = 20_000;

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
  const pool = { id: POOL, origin: 'config', source: 'none', capacity, adjustments: [], owner: 'bench' } as const;
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

/** One measurement: microseconds each. */
export interface DecisionRate {
  readonly reservations: number;
  readonly decide: number;
  readonly apply: number;
  readonly granted: number;
  /** `fits` and `add` of the pool's timeline alone. */
  readonly timeline: number;
}

function measure(head: Head, live: Reservation[], count: number): Omit<DecisionRate, 'reservations' | 'timeline'> {
  const requests = Array.from({ length: count }, request);
  let deciding = 0;
  let applying = 0;
  let granted = 0;
  for (let lot = 0; lot < count; lot += 100) {
    const made: Reservation[] = [];
    const before = cpu();
    let applied = 0;
    for (const each of requests.slice(lot, lot + 100)) {
      const at = { now: NOW, newId: () => newId(NOW), user: 'bench' };
      const decision: Decision<{ outcome: string; reservation?: Reservation }> = commands.createReservation(head, each, at);
      const begin = cpu();
      for (const change of decision.changes) apply(head, change);
      applied += cpu() - begin;
      if (decision.result.reservation !== undefined) made.push(decision.result.reservation);
    }
    deciding += cpu() - before - applied;
    applying += applied;
    granted += made.length;
    for (const { id } of made) {
      const at = Math.floor(random() * live.length);
      const gone = live[at];
      const stays = head.reservations.get(id);
      if (gone === undefined || stays === undefined) continue;
      live[at] = stays;
      apply(head, { kind: 'reservation', id: gone.id, body: null });
    }
  }
  return { decide: deciding / count, apply: applying / count, granted: granted / count };
}

for (const size of process.argv.slice(2).map(Number)) {
  const t = cpu();
  const { head, live } = crowded(size);
  console.log('made', (cpu() - t) / 1e6);
  for (let round = 0; round < 4; round++) {
    const m = measure(head, live, DECISIONS);
    console.log(size, m);
  }
}
void [Timeline, FOREVER, percentile, printTable];
