/** The load generator: a process of its own, so that its work does not count as the server's. Jobs come over IPC. */
import { openHttp, openNetconf, type Connection, type Target } from './load-client.ts';
import { jsonInput, wanted, xmlOperation } from './requests.ts';
import { closedLoop, type LoopOptions, type Measurement } from './statistics.ts';

export interface LoadJob {
  readonly target: Target;
  readonly loop: LoopOptions;
  /** The Authorization header of HTTP requests. */
  readonly authorization: string;
}

export interface LoadResult {
  readonly measurement: Measurement;
  /** An answer as it came. */
  readonly sample: string;
}

const DIFFERENT_REQUESTS = 4_000;
const RPC = '/restconf/operations/opnfv-promise:create-reservation';

function httpRequest(body: string, authorization: string): Buffer {
  return Buffer.from(
    `POST ${RPC} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n` +
      'Content-Type: application/yang-data+json\r\nAccept: application/yang-data+json\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function netconfRequest(operation: string, id: number): Buffer {
  const text = `<rpc xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="${String(id)}">${operation}</rpc>`;
  return Buffer.from(`\n#${text.length}\n${text}\n##\n`);
}

async function open({ target, loop }: LoadJob): Promise<readonly Connection[]> {
  const count = target.protocol === 'netconf' ? target.sessions : loop.callers;
  const connections: Connection[] = [];
  for (let i = 0; i < count; i++) {
    connections.push(target.protocol === 'netconf' ? await openNetconf(target) : await openHttp(target));
  }
  return connections;
}

async function carryOut(job: LoadJob): Promise<LoadResult> {
  const requests = wanted(DIFFERENT_REQUESTS).map((one, index) =>
    job.target.protocol === 'netconf'
      ? netconfRequest(xmlOperation(one), 100_000 + index)
      : httpRequest(JSON.stringify({ 'opnfv-promise:input': jsonInput(one) }), job.authorization),
  );
  const connections = await open(job);
  let next = 0;
  let sample = '';
  try {
    const measurement = await closedLoop(job.loop, async (caller) => {
      const request = requests[next++ % requests.length];
      const answer = await connections[caller % connections.length]?.exchange(request ?? Buffer.alloc(0));
      if (answer === undefined) return false;
      if (sample === '') sample = answer;
      const good = /"result": ?"ok"|<result[^>]*>ok</.test(answer);
      if (!good) sample = answer;
      return good;
    });
    return { measurement, sample };
  } finally {
    for (const connection of connections) connection.close();
  }
}

process.on('message', (job) => {
  // Only the benchmark sends messages.
  carryOut(job as LoadJob).then(
    (result) => process.send?.({ result }),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.once('disconnect', () => process.exit());
process.send?.({ ready: true });
