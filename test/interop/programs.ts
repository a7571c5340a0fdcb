import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import type { AgentUnderTest } from '../contract/agent-under-test.ts';
import { KEY } from '../contract/agent-under-test.ts';
import { missingProgram } from '../missing-program.ts';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  /** How long the input stays open after that, milliseconds. */
  readonly openForMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** How long a program may take. */
const TIMEOUT_MS = 40_000;

/** Runs a program to its end. A program that does not end is ended. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A program that has ended reads nothing more; its exit code tells why.
  child.stdin.on('error', () => undefined);
  child.stdin.write(options.input ?? '');
  setTimeout(() => child.stdin.end(), options.openForMs ?? 0);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, stdout, stderr };
}

/** Reports tests as pending, under CI as failed, when a program that they talk to is missing. */
export function requireProgram(context: Mocha.Context, name: string, probe: readonly [string, ...string[]]): void {
  const [command, ...args] = probe;
  if (spawnSync(command, args).error === undefined && spawnSync(command, args).status === 0) return;
  missingProgram(context, name);
}

/** A directory with what SSH clients need: the user's key and the server's known host keys. */
export class SshFiles {
  readonly directory = mkdtempSync(join(tmpdir(), 'promise-interop-'));
  readonly key = join(this.directory, 'id_ed25519');
  readonly knownHosts = join(this.directory, 'known_hosts');
  readonly certificate = join(this.directory, 'tls.crt');

  constructor(agent: AgentUnderTest) {
    const { host, port } = agent.system.netconf;
    writeFileSync(this.key, KEY.private);
    chmodSync(this.key, 0o600);
    const lines = agent.system.credentials.hostKeys.map((key) => `[${host}]:${port} ${publicHalf(key)}\n`);
    writeFileSync(this.knownHosts, lines.join(''));
    writeFileSync(this.certificate, agent.system.credentials.certificate);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function publicHalf(privateKey: string): string {
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  const [key] = [parsed].flat();
  if (key === undefined) throw new Error('a host key cannot be read');
  return `${key.type} ${key.getPublicSSH().toString('base64')}`;
}
