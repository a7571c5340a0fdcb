/**
 * How an agent and its data directory are, told by reading alone: whether one runs there, and what the database last held. Nothing is
 * asked of the agent, so that this needs no login, and tells of a directory whose agent is down or hangs, too.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { readNote } from './agent-note.ts';
import type { AgentNote } from './agent-note.ts';
import type { Provider } from './engine/entities.ts';
import { USUAL } from './engine/reservation-record.ts';
import { emptyHead, loadRecord } from './engine/state.ts';
import type { Instant } from './engine/window.ts';
import { Snapshot } from './store/sqlite/snapshot.ts';
import type { RawRecord, SchemaVersions } from './store/sqlite/snapshot.ts';
import { DATABASE_FILE } from './store/sqlite/sqlite-store.ts';
import { writerOf } from './store/sqlite/writer-lock.ts';
import { StoreError } from './store/store.ts';

/** Whether an agent runs on a directory. */
export type AgentState =
  | ({ readonly state: 'running'; readonly pid?: number } & Omit<AgentNote, 'epoch'>)
  /** A process has the directory and does not serve: it starts, or stops. */
  | { readonly state: 'starting'; readonly pid?: number }
  | { readonly state: 'stopped' };

export interface Counted {
  readonly total: number;
  readonly byStatus: Readonly<Record<string, number>>;
}

export type ProviderState = Pick<Provider, 'id' | 'name' | 'status' | 'statusMessage' | 'lastContact' | 'draining'> & {
  readonly type: string;
};

/** What the database holds. */
export interface Holdings {
  /** Sizes of its file, and of the write-ahead log beside it. */
  readonly database: { readonly schema: SchemaVersions; readonly bytes: number; readonly logBytes: number };
  readonly reservations: Counted;
  readonly offers: Counted;
  readonly allocations: Counted;
  readonly pools: number;
  readonly providers: readonly ProviderState[];
  readonly events: { readonly total: number; readonly oldest?: Instant };
  readonly due: { readonly items: number; readonly overdue: number };
}

export interface StatusReport {
  readonly agent: AgentState;
  /** Absent: there is no database yet. */
  readonly holdings?: Holdings;
}

/** @param at what falls due by then is overdue @throws StoreError when the database or the lock cannot be read */
export function statusOf(directory: string, at: Instant): StatusReport {
  const agent = agentState(directory);
  const snapshot = Snapshot.open(directory);
  if (snapshot === undefined) return { agent };
  try {
    return { agent, holdings: holdingsIn(snapshot, directory, at, agent.state === 'running') };
  } finally {
    snapshot.close();
  }
}

function agentState(directory: string): AgentState {
  const writer = writerOf(directory);
  if (writer === undefined) return { state: 'stopped' };
  const pid = writer.pid === undefined ? {} : { pid: writer.pid };
  const note = readNote(directory);
  if (note === undefined || note.epoch !== writer.epoch) return { state: 'starting', ...pid };
  const { version, since, restconf, netconf, metrics } = note;
  const listeners = { restconf, netconf, ...(metrics === undefined ? {} : { metrics }) };
  return { state: 'running', ...pid, version, since, ...listeners };
}

function holdingsIn(snapshot: Snapshot, directory: string, at: Instant, running: boolean): Holdings {
  const count = (kind: string, member: string, usual = 'unknown'): Counted => {
    const byStatus = new Map<string, number>();
    for (const [status = usual, amount] of snapshot.tally(kind, member))
      byStatus.set(status, (byStatus.get(status) ?? 0) + amount);
    const total = [...byStatus.values()].reduce((sum, amount) => sum + amount, 0);
    return { total, byStatus: Object.fromEntries([...byStatus].sort()) };
  };
  const { events, due } = snapshot.counts();
  const { oldestTime } = snapshot.eventLog();
  return {
    database: {
      schema: snapshot.schema,
      bytes: sizeOf(join(directory, DATABASE_FILE)),
      logBytes: sizeOf(join(directory, `${DATABASE_FILE}-wal`)),
    },
    reservations: count('reservation', 'status', USUAL.status),
    offers: count('offer', 'status'),
    allocations: count('allocation', 'vmState'),
    pools: count('pool', 'id').total,
    providers: providersIn(snapshot, running),
    events: { total: events, ...(oldestTime === undefined ? {} : { oldest: oldestTime }) },
    due: { items: due, overdue: snapshot.overdue(at) },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Of a provider that is up, an agent that runs knows alone when it answered last. */
function providersIn(snapshot: Snapshot, running: boolean): readonly ProviderState[] {
  const head = emptyHead();
  for (const record of snapshot.records('provider'))
    loadRecord(head, { kind: 'provider', id: record.id, body: bodyOf(record) });
  return [...head.providers.values()].map(({ id, name, access, status, statusMessage, lastContact, draining }) => ({
    id,
    name,
    type: access.type,
    status,
    ...(statusMessage === undefined ? {} : { statusMessage }),
    ...(lastContact === undefined || (running && status === 'up') ? {} : { lastContact }),
    ...(draining === undefined ? {} : { draining }),
  }));
}

function bodyOf({ kind, id, body }: RawRecord): object {
  const value: unknown = JSON.parse(body);
  if (typeof value === 'object' && value !== null) return value;
  throw new StoreError('corrupt', `the record ${kind} ${id} is not a JSON object`);
}
