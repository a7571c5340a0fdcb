/**
 * Clients that ask at once for the last units, over the wire: is any unit granted twice? The compiled server has one pool; in each round
 * all clients of a size, each with a connection of its own as far as the server takes so many, ask for one unit each in a window that nothing else is in, of which
 * fewer units are left than there are clients. What is granted is counted from the answers and asked of the server.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServedProcess } from '../served-process.ts';
import { openHttp, openNetconf } from './load-client.ts';
import type { Connection } from './load-client.ts';
import { randomFrom } from './statistics.ts';
import { printTable } from './table.ts';

const CLIENTS = [8, 64, 512];
const WIRES = ['RESTCONF', 'NETCONF'] as const;
type Wire = (typeof WIRES)[number];

const HOUR = 3_600_000;
const POOL = 'last-units';
const CORES = 512;
/** Sessions of one user that the server takes at once are some more; further clients of NETCONF share them, and send ahead. */
const SESSIONS = 250;
/** Connections that are opened at a time. */
const OPENED_AT_ONCE = 16;

export interface Crowd {
  readonly wire: Wire;
  readonly clients: number;
  readonly rounds: number;
  readonly asked: number;
  readonly granted: number;
  /** Units granted beyond those that were left, and units left that nobody got although somebody was refused. */
  readonly twice: number;
  readonly withheld: number;
}

/** @throws Error when an answer is neither a grant nor a refusal, or the server counts otherwise than the answers do */
export async function doubleBooking(rounds: number): Promise<readonly Crowd[]> {
  const directory = mkdtempSync(join(tmpdir(), 'promise-bench-'));
  try {
    const served = await ServedProcess.start('compiled', directory);
    try {
      await served.configure(infrastructure());
      const crowds: Crowd[] = [];
      for (const wire of WIRES) for (const clients of CLIENTS) crowds.push(await crowd(served, wire, clients, rounds));
      print(crowds);
      return crowds;
    } finally {
      await served.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function infrastructure(): Record<string, unknown> {
  const simulation = { host: [{ name: 'host', vcpus: CORES, ram: '1048576' }] };
  const provider = {
    id: POOL,
    name: POOL,
    'provider-type': 'promise-simulator:simulated',
    'promise-simulator:simulation': simulation,
  };
  return {
    'opnfv-promise:promise': {
      providers: { provider: [provider] },
      pools: { pool: [{ id: POOL, source: POOL, capacity: { cores: CORES } }] },
    },
  };
}

let windows = 0;

/** A window that nothing is reserved in. */
function freshWindow(): { readonly start: string; readonly end: string } {
  const start = (Math.floor(Date.now() / HOUR) + 24 + 2 * windows++) * HOUR;
  return { start: new Date(start).toISOString(), end: new Date(start + HOUR).toISOString() };
}

type TimeSpan = ReturnType<typeof freshWindow>;

/** One client of either protocol: asks for cores and says whether they were granted. */
interface Client {
  readonly connection: Connection;
  reserve(window: TimeSpan, cores: number): Promise<boolean>;
}

async function crowd(served: ServedProcess, wire: Wire, clients: number, rounds: number): Promise<Crowd> {
  const random = randomFrom(clients);
  const all: Client[] = [];
  try {
    const most = wire === 'NETCONF' ? Math.min(clients, SESSIONS) : clients;
    while (all.length < most) {
      const lot = Math.min(OPENED_AT_ONCE, most - all.length);
      all.push(...(await Promise.all(Array.from({ length: lot }, () => open(served, wire)))));
    }
    while (all.length < clients) all.push(...all.slice(0, clients - all.length));
    const [first] = all;
    if (first === undefined) throw new Error('there are no clients');
    let granted = 0;
    let twice = 0;
    let withheld = 0;
    for (let round = 0; round < rounds; round++) {
      const window = freshWindow();
      const left = 1 + Math.floor(random() * (clients - 1));
      if (left < CORES && !(await first.reserve(window, CORES - left)))
        throw new Error('the first request was refused');
      const answers = await Promise.all(all.map((client) => client.reserve(window, 1)));
      const got = answers.filter((each) => each).length;
      granted += got;
      twice += Math.max(0, got - left);
      withheld += Math.max(0, left - got);
      const free = await freeCores(served, window);
      if (free !== left - got) throw new Error(`${got} of ${left} were granted, and ${free} are free`);
    }
    return { wire, clients, rounds, asked: rounds * clients, granted, twice, withheld };
  } finally {
    for (const { connection } of all) connection.close();
  }
}

async function open(served: ServedProcess, wire: Wire): Promise<Client> {
  const { ports, username, password, authorization } = served;
  if (wire === 'RESTCONF') {
    const connection = await openHttp({ protocol: 'http', port: ports.http });
    return {
      connection,
      reserve: async (window, cores) => {
        const input = { ...window, capacity: { cores }, pools: [POOL] };
        const body = JSON.stringify({ 'opnfv-promise:input': input });
        const answer = await connection.exchange(httpRequest('create-reservation', authorization, body));
        return isGranted(answer, '"result": "ok"', '"result": "conflict"');
      },
    };
  }
  const target = { protocol: 'netconf', port: ports.netconf, username, password, sessions: 1 } as const;
  const connection = await openNetconf(target);
  return {
    connection,
    reserve: async ({ start, end }, cores) => {
      const message =
        '<rpc message-id="1" xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">' +
        `<create-reservation xmlns="urn:opnfv:promise"><start>${start}</start><end>${end}</end>` +
        `<capacity><cores>${cores}</cores></capacity><pools>${POOL}</pools></create-reservation></rpc>`;
      const answer = await connection.exchange(Buffer.from(`\n#${message.length}\n${message}\n##\n`));
      return isGranted(answer, '>ok</result>', '>conflict</result>');
    },
  };
}

function httpRequest(operation: string, authorization: string, body: string): Buffer {
  return Buffer.from(
    [
      `POST /restconf/operations/opnfv-promise:${operation} HTTP/1.1`,
      'Host: 127.0.0.1',
      `Authorization: ${authorization}`,
      'Content-Type: application/yang-data+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}

function isGranted(answer: string, ok: string, conflict: string): boolean {
  if (answer.includes(ok)) return true;
  if (answer.includes(conflict)) return false;
  throw new Error(`neither a grant nor a refusal: ${answer.slice(-500)}`);
}

async function freeCores(served: ServedProcess, window: TimeSpan): Promise<number> {
  const input = { pools: [POOL], window, 'show-utilization': false };
  const response = await fetch(
    `http://127.0.0.1:${served.ports.http}/restconf/operations/opnfv-promise:query-capacity`,
    {
      method: 'POST',
      headers: { Authorization: served.authorization, 'Content-Type': 'application/yang-data+json' },
      body: JSON.stringify({ 'opnfv-promise:input': input }),
    },
  );
  const answer = (await response.text()).replace(/\s+/g, '');
  const free = /"available":\{"cores":(\d+)/.exec(answer)?.[1];
  if (free === undefined) throw new Error(`no capacity in the answer: ${answer.slice(0, 500)}`);
  return Number(free);
}

function print(crowds: readonly Crowd[]): void {
  printTable(
    [
      'Clients that ask at once for the last units',
      'clients',
      'rounds',
      'asked',
      'granted',
      'granted twice',
      'withheld',
    ],
    crowds.map(({ wire, clients, rounds, asked, granted, twice, withheld }) => [
      wire,
      clients,
      rounds,
      asked,
      granted,
      twice,
      withheld,
    ]),
  );
}
