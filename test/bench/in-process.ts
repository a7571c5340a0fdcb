/** What is measured without a wire: SQLite alone, the ledger with the engine, the local client. Jobs come over IPC. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DomainEvent } from '../../src/engine/events.ts';
import { compiled } from './compiled.ts';
import { CAPACITY, infrastructure, jsonInput, POOL, PROVIDER, wanted, type Wanted } from './requests.ts';
import { closedLoop, type LoopOptions, type Measurement } from './statistics.ts';

export type InProcessJob =
  | { readonly what: 'sqlite'; readonly rows: number; readonly seconds: number }
  | { readonly what: 'engine' | 'local'; readonly loop: LoopOptions };

const DIFFERENT_REQUESTS = 4_000;

/** Rows of a reservation's size into one table, so many to a commit. */
async function sqlite(directory: string, rows: number, seconds: number): Promise<Measurement> {
  const { openDatabase } =
    await compiled<typeof import('../../src/store/sqlite/database.ts')>('store/sqlite/database.js');
  const database = openDatabase(join(directory, 'alone.db'));
  database.exec('CREATE TABLE record (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID');
  const insert = database.prepare('INSERT INTO record (id, body) VALUES (?, ?)');
  const body = 'x'.repeat(500);
  let next = 0;
  const measurement = await closedLoop({ callers: 1, seconds, warmUp: 0.3 }, () => {
    database.exec('BEGIN IMMEDIATE');
    for (let row = 0; row < rows; row++) insert.run(`reservation-${String(next++).padStart(24, '0')}`, body);
    database.exec('COMMIT');
    return Promise.resolve(true);
  });
  database.close();
  return { ...measurement, callers: rows, rate: measurement.rate * rows };
}

/** Decisions of the engine through ledger and store, put together as src/app.ts does, without agent and YANG. */
async function engine(directory: string, loop: LoopOptions): Promise<Measurement> {
  const { SqliteStore } =
    await compiled<typeof import('../../src/store/sqlite/sqlite-store.ts')>('store/sqlite/sqlite-store.js');
  const { Ledger } = await compiled<typeof import('../../src/engine/ledger.ts')>('engine/ledger.js');
  const { Bus } = await compiled<typeof import('../../src/engine/bus.ts')>('engine/bus.js');
  const { systemClock } = await compiled<typeof import('../../src/engine/clock.ts')>('engine/clock.js');
  const { commands } = await compiled<typeof import('../../src/engine/commands/index.ts')>('engine/commands/index.js');
  const { promiseModel } = await compiled<typeof import('../../src/agent/handlers/promise-domain.ts')>(
    'agent/handlers/promise-domain.js',
  );
  const store = SqliteStore.open({ directory, now: Date.now });
  const bus = new Bus(() => undefined);
  const ledger = new Ledger({
    store,
    model: promiseModel,
    record: (event: DomainEvent) => promiseModel.record(event),
    clock: systemClock,
    bus,
  });
  const capacity = { cores: 64_000, ram: 262_144_000, ports: 60_000 };
  await ledger.update(() => ({
    result: undefined,
    changes: [
      {
        kind: 'pool',
        id: POOL,
        body: { id: POOL, origin: 'config', source: PROVIDER, capacity, adjustments: [], owner: 'bench' },
      },
    ],
    events: [],
    due: [],
  }));
  const demand = { capacity: { ...CAPACITY, ram: Number(CAPACITY.ram) }, pools: [POOL] };
  const requests = wanted(DIFFERENT_REQUESTS);
  let next = 0;
  const measurement = await closedLoop(loop, async () => {
    const request = { ...(requests[next++ % requests.length] as Wanted), demand };
    const result = await ledger.update((head, at) =>
      commands.createReservation(head, request, { ...at, user: 'bench' }),
    );
    return result.outcome === 'granted';
  });
  await ledger.close();
  bus.close();
  await store.close();
  return measurement;
}

/** The local client: all that RESTCONF with JSON does but HTTP. */
async function local(directory: string, loop: LoopOptions): Promise<Measurement> {
  const { startPromise } = await compiled<typeof import('../../src/app.ts')>('app.js');
  const { loadConfig } = await compiled<typeof import('../../src/config.ts')>('config.js');
  const { createLogger } = await compiled<typeof import('../../src/observe/log.ts')>('observe/log.js');
  const { LocalClient } = await compiled<typeof import('../../src/agent/local-client.ts')>('agent/local-client.js');
  const config = loadConfig({ dataDir: directory, restconf: '127.0.0.1:0', netconf: '127.0.0.1:0' });
  const running = await startPromise({ config, logger: createLogger('error') });
  await running.users.add('bench', { role: 'operator' });
  const client = new LocalClient(running.agent, 'bench');
  await client.edit('merge', '', infrastructure());
  const requests = wanted(DIFFERENT_REQUESTS).map(jsonInput);
  let next = 0;
  const measurement = await closedLoop(loop, async () => {
    const answer = await client.invoke('opnfv-promise:create-reservation', requests[next++ % requests.length]);
    return answer['result'] === 'ok';
  });
  await running.close();
  return measurement;
}

async function carryOut(job: InProcessJob): Promise<Measurement> {
  const directory = mkdtempSync(join(tmpdir(), 'promise-bench-'));
  try {
    if (job.what === 'sqlite') return await sqlite(directory, job.rows, job.seconds);
    return await (job.what === 'engine' ? engine(directory, job.loop) : local(directory, job.loop));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

process.on('message', (job) => {
  // Only the benchmark sends messages.
  carryOut(job as InProcessJob).then(
    (result) => process.send?.({ result }),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.once('disconnect', () => process.exit());
process.send?.({ ready: true });
