/**
 * How long the compiled server takes to answer after a restart with many live reservations, and what memory it takes; beside
 * what reading and parsing the same records takes by itself.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { ServedProcess } from '../served-process.ts';
import { Child, peakMegabytes, processorSeconds, residentMegabytes } from './child.ts';
import { crowdedInfrastructure, CROWDED_POOL } from './crowd.ts';
import type { Filled, ManyJob, ReadAlone } from './many-reservations.ts';
import { printTable } from './table.ts';

export interface Restart {
  readonly reservations: number;
  /** Seconds from the start of the process until it says that it is ready, and until each answer has come. */
  readonly ready: number;
  readonly capacity: number;
  readonly reservation: number;
  /** Processor time of the server until then, all threads, in seconds. */
  readonly processorSeconds: number;
  /** MiB: the most until then, and five seconds later. */
  readonly peak: number;
  readonly settled: number;
  readonly readAlone: ReadAlone;
}

/** @throws Error when an answer is not what was written */
export async function restart(reservations: number): Promise<Restart> {
  const directory = mkdtempSync(join(tmpdir(), 'promise-bench-'));
  try {
    const filled = await prepare(directory, reservations);
    const readAlone = await inChild<ReadAlone>({ what: 'read', directory });
    const result = { reservations, ...(await restarted(directory, filled)), readAlone };
    print(result);
    return result;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function prepare(directory: string, reservations: number): Promise<Filled> {
  const served = await ServedProcess.start('compiled', directory);
  await served.configure(crowdedInfrastructure(reservations));
  await served.stop();
  return inChild<Filled>({ what: 'fill', directory, reservations });
}

async function inChild<Result>(job: ManyJob): Promise<Result> {
  const child = new Child<ManyJob, Result>('many-reservations.ts', ['--max-old-space-size=4096']);
  try {
    return await child.run(job);
  } finally {
    await child.stop();
  }
}

async function restarted(directory: string, filled: Filled): Promise<Omit<Restart, 'reservations' | 'readAlone'>> {
  const begin = performance.now();
  const since = (): number => (performance.now() - begin) / 1000;
  const served = await ServedProcess.start('compiled', directory);
  try {
    const ready = since();
    const window = { start: new Date(filled.start).toISOString(), end: new Date(filled.end).toISOString() };
    const asked = { pools: [CROWDED_POOL], window, 'show-utilization': false };
    expectIn(await ask(served, 'query-capacity', asked), `"available":{"cores":${filled.cores},`);
    const capacity = since();
    const found = { 'reservation-id': [filled.id], 'show-utilization': false };
    expectIn(await ask(served, 'query-reservation', found), `"${filled.id}"`);
    const reservation = since();
    const used = processorSeconds(served.pid);
    const peak = peakMegabytes(served.pid);
    await elapsed(5_000);
    const settled = residentMegabytes(served.pid);
    return { ready, capacity, reservation, processorSeconds: used, peak, settled };
  } finally {
    await served.stop();
  }
}

async function ask(served: ServedProcess, operation: string, input: object): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${served.ports.http}/restconf/operations/opnfv-promise:${operation}`, {
    method: 'POST',
    headers: { Authorization: served.authorization, 'Content-Type': 'application/yang-data+json' },
    body: JSON.stringify({ 'opnfv-promise:input': input }),
  });
  return (await response.text()).replace(/\s+/g, '');
}

function expectIn(answer: string, expected: string): void {
  if (!answer.includes(expected)) throw new Error(`no ${expected} in the answer: ${answer.slice(0, 500)}`);
}

function print({ reservations, readAlone, ...times }: Restart): void {
  printTable(
    ['Restart', 'seconds', 'CPU s', 'MiB at most', 'MiB later'],
    [
      ['reading and parsing the records alone', readAlone.seconds, readAlone.processorSeconds, '', ''],
      ['ready', times.ready, '', '', ''],
      ['first answer: query-capacity', times.capacity, '', '', ''],
      ['second answer: query-reservation', times.reservation, times.processorSeconds, times.peak, times.settled],
    ],
  );
  console.log(`  with ${reservations.toLocaleString('en')} reservations\n`);
}
