/**
 * The baseline of a boot: a server of Node's that passes creations on to the cloud, asks a second later what has become of them and
 * tells it. It keeps nothing, or it writes to a file and flushes it wherever Promise commits: before it asks the cloud, before it answers and before
 * it tells. Started by the benchmark, which says over IPC where the cloud is.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { Disk } from './disk.ts';

export interface BareOrchestratorJob {
  /** Nova's endpoint. */
  readonly compute: string;
  /** The directory of the file in which it keeps what it does; absent: it keeps nothing. */
  readonly directory?: string;
}

export interface BareOrchestratorPort {
  readonly port: number;
}

/** As long as Promise waits before it looks at a new server. */
const LOOK_AFTER_MS = 1_000;

/** About what a commit of Promise writes for nine boots. */
const PAGES = 20;

/** Flushes once for all who wait when a flush begins. */
class Log {
  readonly #disk: Disk;
  #flushing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(directory: string) {
    this.#disk = new Disk(directory);
  }

  /** Resolved when what was said before this call is on the disk. */
  kept(): Promise<void> {
    this.#next ??= (this.#flushing ?? setImmediate()).then(async () => {
      this.#flushing = this.#next;
      this.#next = undefined;
      await this.#disk.flush(PAGES);
      this.#flushing = undefined;
    });
    return this.#next;
  }
}

async function start({ compute, directory }: BareOrchestratorJob): Promise<BareOrchestratorPort> {
  const dispatcher = new Agent({ connections: 16 });
  const listeners = new Set<ServerResponse>();
  const log = directory === undefined ? undefined : new Log(directory);
  const look = async (id: string): Promise<void> => {
    const { body } = await request(`${compute}/servers/${id}`, { dispatcher });
    // The stand-in answers as Nova does.
    const { server } = (await body.json()) as { server: { name: string; status: string } };
    await log?.kept();
    const event = JSON.stringify({ name: server.name, 'vm-state': server.status });
    for (const listener of listeners) listener.write(`data: ${event}\n\n`);
  };
  const create = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    // The benchmark sends inputs of create-instance.
    const { 'opnfv-promise:input': input } = JSON.parse(Buffer.concat(chunks).toString()) as {
      'opnfv-promise:input': { name: string };
    };
    await log?.kept();
    const asked = { server: { name: input.name, metadata: {}, tags: [`bare-${input.name}`] } };
    const made = await request(`${compute}/servers`, { dispatcher, method: 'POST', body: JSON.stringify(asked) });
    const { server } = (await made.body.json()) as { server: { id: string } };
    setTimeout(() => void look(server.id), LOOK_AFTER_MS);
    await log?.kept();
    const answer = JSON.stringify({ result: 'ok', server: server.id });
    outgoing.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length }).end(answer);
  };
  const server = createServer((incoming, outgoing) => {
    if (incoming.method === 'POST') {
      void create(incoming, outgoing);
      return;
    }
    listeners.add(outgoing);
    outgoing.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // It listens on TCP.
  return { port: (server.address() as AddressInfo).port };
}

process.on('message', (job) => {
  // Only the benchmark sends messages.
  start(job as BareOrchestratorJob).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.once('disconnect', () => process.exit());
process.send?.({ ready: true });
