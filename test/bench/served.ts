import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/promise.js', import.meta.url));
const START_MS = 60_000;

/** The real server, compiled, in a process of its own on a data directory. */
export class Served {
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

  /** @param nodeOptions such as `--cpu-prof` */
  static async start(directory: string, nodeOptions: readonly string[] = []): Promise<Served> {
    const listen = ['--restconf', '127.0.0.1:0', '--restconf-plain', '127.0.0.1:0', '--netconf', '127.0.0.1:0'];
    const child = spawn(
      process.execPath,
      [...nodeOptions, PROGRAM, 'serve', '--data-dir', directory, '--log-level', 'error', ...listen],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const greeting = await greetingOf(child);
    return new Served(directory, child, greeting);
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

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}

/** What the server prints when it is ready. */
async function greetingOf(child: ChildProcess): Promise<string> {
  const { stdout } = child;
  if (stdout === null) throw new Error('the server has no output');
  let text = '';
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
      reject(new Error(`the server ended before it was ready: ${text}`));
    });
  });
  return text;
}

function portOf(pattern: RegExp, greeting: string): number {
  const port = pattern.exec(greeting)?.[1];
  if (port === undefined) throw new Error(`no port in what the server says: ${greeting}`);
  return Number(port);
}
