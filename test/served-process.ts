import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Node's arguments that start Promise: as it is compiled into dist/, or as its source is. */
const PROGRAMS = {
  compiled: [fileURLToPath(new URL('../dist/bin/promise.js', import.meta.url))],
  source: ['--import', 'tsx', fileURLToPath(new URL('../bin/promise.ts', import.meta.url))],
} as const;
/** How long it has to be ready. */
const START_MS = 60_000;

export type Program = keyof typeof PROGRAMS;

/** Starts `promise serve` on a data directory and free ports, without waiting for it. */
export function spawnServe(program: Program, directory: string, nodeOptions: readonly string[] = []): ChildProcess {
  const listen = ['--restconf', '127.0.0.1:0', '--restconf-plain', '127.0.0.1:0', '--netconf', '127.0.0.1:0'];
  const serve = ['serve', '--data-dir', directory, '--log-level', 'error', ...listen];
  return spawn(process.execPath, [...nodeOptions, ...PROGRAMS[program], ...serve], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The real server in a process of its own on a data directory. */
export class ServedProcess {
  readonly directory: string;
  readonly username = 'admin';
  readonly password: string;
  readonly certificate: string;
  readonly ports: { readonly http: number; readonly https: number; readonly netconf: number };
  readonly #process: ChildProcess;

  private constructor(directory: string, child: ChildProcess, greeting: string) {
    this.directory = directory;
    this.#process = child;
    this.password = readFileSync(join(directory, 'first-password'), 'utf8').trim();
    this.certificate = readFileSync(join(directory, 'tls.crt'), 'utf8');
    this.ports = {
      http: portOf(/http:\/\/127\.0\.0\.1:(\d+)/, greeting),
      https: portOf(/https:\/\/127\.0\.0\.1:(\d+)/, greeting),
      netconf: portOf(/ssh -p (\d+)/, greeting),
    };
  }

  /** @param nodeOptions such as `--cpu-prof` @throws Error when it ends before it is ready, with what it said */
  static async start(program: Program, directory: string, nodeOptions: readonly string[] = []): Promise<ServedProcess> {
    const child = spawnServe(program, directory, nodeOptions);
    return new ServedProcess(directory, child, await greetingOf(child));
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get authorization(): string {
    return `Basic ${Buffer.from(`${this.username}:${this.password}`).toString('base64')}`;
  }

  /** Merges configuration over RESTCONF. */
  async configure(content: object): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.ports.http}/restconf/data`, {
      method: 'PATCH',
      headers: { Authorization: this.authorization, 'Content-Type': 'application/yang-data+json' },
      body: JSON.stringify({ 'ietf-restconf:data': content }),
    });
    if (!response.ok) throw new Error(`the configuration was refused: ${await response.text()}`);
  }

  /** Ends it in good order. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Waits until it ends by itself. */
  async ended(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    await ended;
  }
}

/** What the server prints when it is ready. */
async function greetingOf(child: ChildProcess): Promise<string> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the server has no output');
  let text = '';
  let complaints = '';
  stderr.on('data', (piece: Buffer) => {
    complaints += piece.toString();
  });
  stdout.setEncoding('utf8');
  await new Promise<void>((resolve, reject) => {
    const timeout = setTimeout(() => child.kill('SIGKILL'), START_MS);
    stdout.on('data', (piece: string) => {
      text += piece;
      if (!/TLS {2,}SHA-256/.test(text)) return;
      clearTimeout(timeout);
      resolve();
    });
    child.once('exit', () => {
      clearTimeout(timeout);
      reject(new Error(`the server ended before it was ready: ${text}${complaints}`));
    });
  });
  return text;
}

function portOf(pattern: RegExp, greeting: string): number {
  const port = pattern.exec(greeting)?.[1];
  if (port === undefined) throw new Error(`no port in what the server says: ${greeting}`);
  return Number(port);
}
