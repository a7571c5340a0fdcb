import { readFileSync, readdirSync } from 'node:fs';
import { Context, loadLibyang } from 'libyang-wasm';
import type { ImportModule, ModuleRequest } from 'libyang-wasm';
import type { RequestContext } from '../../../src/agent/context.ts';
import { Nacm } from '../../../src/agent/nacm/nacm.ts';
import { everybodyOperates } from '../../../src/agent/standing.ts';
import { EventStreams } from '../../../src/agent/event-streams.ts';
import type { StreamLimits } from '../../../src/agent/event-streams.ts';
import { SessionRegistry } from '../../../src/agent/sessions.ts';
import type { Session } from '../../../src/agent/sessions.ts';
import type { NotificationReceiver, NotificationRecord, SubscriptionEnd } from '../../../src/agent/streams.ts';
import { Bus } from '../../../src/engine/bus.ts';
import { ManualClock } from '../../../src/engine/clock.ts';
import { silentLogger } from '../../../src/observe/log.ts';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import type { EventInput } from '../../../src/store/store.ts';
import { RpcError } from '../../../src/yang/rpc-error.ts';
import { SchemaTree } from '../../../src/yang/schema-tree.ts';
import { temporaryDirectory } from '../store/temporary-directory.ts';

export const START = Date.parse('2026-11-01T00:00:00Z');
const DIRECTORIES = [new URL('./yang/', import.meta.url), new URL('../../../dist/yang/', import.meta.url)];
const MODULES: readonly ModuleRequest[] = [
  { name: 'agent-test' },
  { name: 'ietf-netconf-acm' },
  { name: 'nc-notifications' },
  { name: 'ietf-subscribed-notifications', features: ['replay', 'subtree', 'xpath', 'encode-xml', 'encode-json'] },
];

const importModule: ImportModule = ({ module }) => {
  for (const directory of DIRECTORIES) {
    const file = readdirSync(directory).find((one) => one === `${module}.yang` || one.startsWith(`${module}@`));
    if (file !== undefined) return { text: readFileSync(new URL(file, directory), 'utf8'), format: 'yang' };
  }
  return undefined;
};

export const schema = new SchemaTree(new Context(loadLibyang(), { modules: MODULES, importModule }).schema());

/** Expressions are libyang's matter; here every one is wrong. */
function refuseXPath(): never {
  throw RpcError.invalidValue('the expression ends too early');
}

/** A receiver that keeps what it gets and can be busy. */
export class Recorder implements NotificationReceiver {
  readonly records: NotificationRecord[] = [];
  readonly ended: SubscriptionEnd[] = [];
  /** The answer to `send`: false after the next one, and so on. */
  takes = true;
  fails = false;
  ready: () => void = () => undefined;

  send(record: NotificationRecord): boolean {
    if (this.fails) throw new Error('the receiver is broken');
    this.records.push(record);
    return this.takes;
  }

  onDrain(ready: () => void): void {
    this.ready = ready;
  }

  closed(reason: SubscriptionEnd): void {
    this.ended.push(reason);
  }

  /** What came: the number of an event, the name of any other notification. */
  get seen(): readonly (number | string)[] {
    return this.records.map(({ seq, name }) => seq ?? name);
  }
}

/** Event streams over a real log and bus, with time moved by hand. */
export class StreamFixture {
  readonly clock = new ManualClock(START);
  readonly bus = new Bus((_listener, error) => {
    throw error;
  });
  readonly sessions = new SessionRegistry(this.clock);
  readonly streams: EventStreams;
  /** Whether reading the log fails, as on a broken disk. */
  logFails = false;
  readonly #directory = temporaryDirectory();
  readonly #store: SqliteStore;

  constructor(limits: Partial<StreamLimits> = {}) {
    this.#store = SqliteStore.open({ directory: this.#directory.path, now: () => this.clock.now() });
    this.#store.load(() => undefined);
    this.streams = this.open(limits);
  }

  /** Streams as a start of the server makes them. */
  open(limits: Partial<StreamLimits> = {}): EventStreams {
    return new EventStreams({
      yang: { schema, xpathTest: refuseXPath },
      bus: this.bus,
      log: {
        eventLog: () => this.#store.eventLog(),
        readEvents: (query) => {
          if (this.logFails) throw new Error('the disk is broken');
          return this.#store.readEvents(query);
        },
      },
      clock: this.clock,
      access: new Nacm({
        schema,
        running: () => ({}),
        standingOf: everybodyOperates,
        ownerships: [],
        onLostRule: () => undefined,
      }),
      sessions: this.sessions,
      logger: silentLogger,
      streams: [
        { name: 'shop', description: 'What the shop does.', includes: ({ module }) => module === 'agent-test' },
      ],
      limits,
    });
  }

  /** Makes events durable, then publishes them, as the ledger does. @returns the number of the last */
  async happens(...events: readonly Partial<EventInput>[]): Promise<number> {
    const made = events.map(({ time = this.clock.now(), module = 'agent-test', name = 'sale', content = {} }) => ({
      time,
      module,
      name,
      content,
    }));
    const result = await this.#store.append({ writes: [], events: made, due: [] });
    this.bus.publish(result.events);
    return result.events.at(-1)?.seq ?? 0;
  }

  async age(maxCount: number): Promise<void> {
    await this.#store.ageEvents({ maxCount });
  }

  session(user = 'ann'): { readonly context: RequestContext; readonly session: Session } {
    const session = this.sessions.open({ user, transport: 'netconf-ssh', kill: () => undefined });
    return { session, context: contextOf(user, session.id) };
  }

  async close(): Promise<void> {
    this.streams.close();
    await this.#store.close();
    this.#directory.remove();
  }
}

export function contextOf(user: string, sessionId?: number): RequestContext {
  const { signal } = new AbortController();
  if (sessionId === undefined) return { user, transport: 'restconf-https', signal };
  return { user, transport: 'netconf-ssh', sessionId, signal };
}

/** Lets everything that was put off to a later turn of the event loop happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The one error that `run` throws. */
export function errorOf(run: () => unknown): RpcError {
  try {
    run();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
