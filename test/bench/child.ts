import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One of the benchmark's own processes: takes a job over IPC and answers with a result, one at a time. */
export class Child<Job extends object, Result> {
  readonly #process: ChildProcess;
  readonly #ready: Promise<unknown>;

  /** @param module a file of this directory */
  constructor(module: string, nodeOptions: readonly string[] = []) {
    this.#process = fork(fileURLToPath(new URL(module, import.meta.url)), {
      execArgv: ['--import', 'tsx', ...nodeOptions],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#ready = this.#message();
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** @throws Error what the child reports, or that it has ended */
  async run(job: Job): Promise<Result> {
    await this.#ready;
    const answer = this.#message();
    this.#process.send(job);
    const message = await answer;
    // The children of this directory send nothing else.
    if (typeof message === 'object' && message !== null && 'result' in message) return message.result as Result;
    throw new Error(`a part of the benchmark failed: ${JSON.stringify(message)}`);
  }

  /** Ends the process in an orderly way: profiles are written then. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    const overdue = setTimeout(() => this.#process.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(overdue);
  }

  #message(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('a process of the benchmark has ended'));
      this.#process.once('exit', ended);
      this.#process.once('message', (message) => {
        this.#process.off('exit', ended);
        resolve(message);
      });
    });
  }
}

/** Resident memory of a process in MiB; 0 where the system does not tell. */
export function residentMegabytes(pid: number): number {
  return megabytes(pid, 'VmRSS');
}

/** The most that it ever was. */
export function peakMegabytes(pid: number): number {
  return megabytes(pid, 'VmHWM');
}

function megabytes(pid: number, field: string): number {
  const kilobytes = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readOrEmpty(`/proc/${pid}/status`))?.[1];
  return Number(kilobytes ?? 0) / 1024;
}

/** Processor time that a process has taken, in seconds; 0 where the system does not tell. */
export function processorSeconds(pid: number): number {
  return secondsIn(`/proc/${pid}/stat`);
}

/** What of it its main thread has taken. */
export function mainThreadSeconds(pid: number): number {
  return secondsIn(`/proc/${pid}/task/${pid}/stat`);
}

function secondsIn(path: string): number {
  // The fields after the name in parentheses; user and system time are the 12th and 13th of them, in hundredths.
  const fields = readOrEmpty(path)
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
