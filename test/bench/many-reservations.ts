/**
 * Many live reservations in a data directory, over a year at 80 % utilisation: a process of the benchmark that writes them, or reads
 * them back. Each is decided by the engine and written through the store with its events, without the wait for the disk that it would
 * have had by itself.
 */
import { join } from 'node:path';
import type { DueChange, EventInput, RecordWrite } from '../../src/store/store.ts';
import { compiled } from './compiled.ts';
import { CROWDED_POOL, demandOf, MEAN_HOURS } from './crowd.ts';
import { randomFrom } from './statistics.ts';

/** The directory is of a server that was configured with `crowdedInfrastructure` and is not running. */
export type ManyJob =
  | { readonly what: 'fill'; readonly directory: string; readonly reservations: number }
  | { readonly what: 'read'; readonly directory: string };

/** What was written, to compare with what the server says. */
export interface Filled {
  /** A reservation from the middle, and its window. */
  readonly id: string;
  readonly start: number;
  readonly end: number;
  /** The cores that are free throughout that window. */
  readonly cores: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
/** Reservations that are written in one commit. */
const LOT = 5_000;

/** What reading every record takes, with nothing made of it. */
export interface ReadAlone {
  readonly records: number;
  readonly seconds: number;
  readonly processorSeconds: number;
}

/** @throws Error when the pool has no room for so many */
async function fill(directory: string, reservations: number): Promise<Filled> {
  const { SqliteStore } =
    await compiled<typeof import('../../src/store/sqlite/sqlite-store.ts')>('store/sqlite/sqlite-store.js');
  const { commands } = await compiled<typeof import('../../src/engine/commands/index.ts')>('engine/commands/index.js');
  const { engineModel } = await compiled<typeof import('../../src/engine/state.ts')>('engine/state.js');
  const { eventRecord } = await compiled<typeof import('../../src/agent/handlers/promise-events.ts')>(
    'agent/handlers/promise-events.js',
  );
  const { newId } = await compiled<typeof import('../../src/engine/new-id.ts')>('engine/new-id.js');
  const store = SqliteStore.open({ directory, now: Date.now });
  const head = engineModel.empty();
  store.load((record) => engineModel.restore(head, record));
  const random = randomFrom(20300131);
  const now = Date.now();
  // Nothing falls due while the server is looked at.
  const first = Math.ceil((now + DAY) / HOUR) * HOUR;
  let writes: RecordWrite[] = [];
  let due: DueChange[] = [];
  let events: EventInput[] = [];
  const commit = async (): Promise<void> => {
    await store.append({ writes, due, events });
    writes = [];
    due = [];
    events = [];
  };
  let middle: Omit<Filled, 'cores'> | undefined;
  let granted = 0;
  for (let asked = 0; granted < reservations; asked++) {
    if (asked > 2 * reservations) throw new Error(`there is room for ${granted} of ${reservations} reservations`);
    const start = first + Math.floor((random() * YEAR) / 1000) * 1000;
    const end = start + (1 + Math.floor(random() * 2 * MEAN_HOURS * 3600)) * 1000;
    const request = { name: `bench-${asked}`, start, end, demand: demandOf(1 + Math.floor(random() * 8)) };
    const { result, ...decided } = commands.createReservation(head, request, {
      now,
      newId: () => newId(now + granted),
      user: 'bench',
    });
    if (result.outcome !== 'granted') continue;
    if (granted++ === reservations >> 1) middle = { id: result.reservation.id, start, end };
    for (const change of decided.changes) {
      engineModel.apply(head, change);
      writes.push(...engineModel.writes(change));
    }
    due.push(...decided.due);
    events.push(...decided.events.map(eventRecord));
    if (writes.length >= LOT) await commit();
  }
  await commit();
  await store.close();
  const node = head.nodes.get(`pool/${CROWDED_POOL}`);
  if (middle === undefined || node === undefined) throw new Error('nothing was written');
  return { ...middle, cores: node.free.min(middle)[0] ?? 0 };
}

/** The least that a restart can take: rows of SQLite through the same driver, and `JSON.parse` of each. */
async function readAlone(directory: string): Promise<ReadAlone> {
  const { openDatabase } =
    await compiled<typeof import('../../src/store/sqlite/database.ts')>('store/sqlite/database.js');
  const database = openDatabase(join(directory, 'promise.db'));
  const page = database.prepare('SELECT id, body FROM record WHERE kind = ? AND id > ? ORDER BY id LIMIT 1000');
  const begin = performance.now();
  const used = process.cpuUsage();
  let records = 0;
  for (let last: string | undefined = ''; last !== undefined;) {
    // Cast: the columns that it names.
    const rows = page.all('reservation', last) as readonly { readonly id: string; readonly body: string }[];
    for (const { body } of rows) if (typeof JSON.parse(body) === 'object') records++;
    last = rows.at(-1)?.id;
  }
  const { user, system } = process.cpuUsage(used);
  database.close();
  return { records, seconds: (performance.now() - begin) / 1000, processorSeconds: (user + system) / 1e6 };
}

process.on('message', (message) => {
  // Only the benchmark sends messages.
  const job = message as ManyJob;
  const work: Promise<Filled | ReadAlone> =
    job.what === 'fill' ? fill(job.directory, job.reservations) : readAlone(job.directory);
  work.then(
    (result) => process.send?.({ result }),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.once('disconnect', () => process.exit());
process.send?.({ ready: true });
