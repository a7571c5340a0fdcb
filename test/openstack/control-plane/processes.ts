/** The running programs of the control plane, each in a process group of its own, ended by the ids that were noted. */
import { spawn } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DIRECTORIES, ENVIRONMENT, HOST } from './layout.ts';

interface Running {
  readonly name: string;
  readonly pid: number;
  /** When the process began, in the kernel's ticks: with the id, it tells a process from a later one of the same id. */
  readonly began: string;
}

/**
 * What runs. The tests' process starts and kills hosts too, so it is read anew each time; and it outlives a run that was killed, so that
 * the next one can end what is left.
 */
const NOTES = join(DIRECTORIES.cache, 'processes.json');

function noted(): Running[] {
  // The file is this module's own.
  return existsSync(NOTES) ? (JSON.parse(readFileSync(NOTES, 'utf8')) as Running[]) : [];
}

function note(running: readonly Running[]): void {
  mkdirSync(DIRECTORIES.cache, { recursive: true });
  writeFileSync(NOTES, JSON.stringify(running));
}

const ending = new AbortController();
/** Is aborted when everything is being stopped: nothing new begins then. */
export const stopping: AbortSignal = ending.signal;
setMaxListeners(0, stopping);

export function start(name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  stopping.throwIfAborted();
  const log = openSync(join(DIRECTORIES.log, `${name}.log`), 'a');
  const child = spawn(command, args, {
    cwd: DIRECTORIES.data,
    env: { ...ENVIRONMENT, ...env },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  if (child.pid === undefined) throw new Error(`${command} could not be started`);
  note([...noted(), { name, pid: child.pid, began: beginning(child.pid) ?? '' }]);
}

/** Ends programs by name, all at once; politely first. */
export async function stop(names: readonly string[], patience = 10_000): Promise<void> {
  const ending = noted().filter(({ name }) => names.includes(name));
  for (const each of ending) signal(each, 'SIGTERM');
  for (let waited = 0; waited < patience && ending.some(isAlive); waited += 100) await wait(100);
  for (const each of ending) signal(each, 'SIGKILL');
  note(noted().filter(({ name }) => !names.includes(name)));
}

/** Ends a program as a failure of its host would. */
export function kill(name: string): void {
  for (const each of noted().filter((one) => one.name === name)) signal(each, 'SIGKILL');
  note(noted().filter((each) => each.name !== name));
}

/** Ends everything for good. */
export async function shutDown(why: string): Promise<void> {
  ending.abort(new Error(why));
  await stopAll();
}

/** Ends everything: what others need goes last. */
export async function stopAll(): Promise<void> {
  const names = noted().map(({ name }) => name);
  const last = ['rabbitmq', 'mariadb', 'epmd'];
  await stop(
    names.filter((name) => !last.includes(name)),
    3_000,
  );
  await stop(['rabbitmq', 'mariadb']);
  await stop(['epmd'], 1_000);
  rmSync(NOTES, { force: true });
}

export const isRunning = (name: string): boolean => noted().some((each) => each.name === name && isAlive(each));

/** Waits until something listens. @throws Error when nothing does in time, with the end of the program's log. */
export async function listening(name: string, port: number, seconds = 180): Promise<void> {
  for (let waited = 0; waited < seconds * 1_000; waited += 100) {
    stopping.throwIfAborted();
    if (await answers(port)) return;
    if (!isRunning(name)) break;
    await wait(100);
  }
  const how = isRunning(name) ? `does not listen on port ${port} after ${seconds} s` : 'has ended';
  throw new Error(`${name} ${how}; its log ends with:\n${logEnd(name)}`);
}

export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

export function logEnd(name: string): string {
  const path = join(DIRECTORIES.log, `${name}.log`);
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(-25).join('\n') : '';
}

/** What the programs' logs hold of errors: for each the last one. */
export function lastErrors(): string[] {
  if (!existsSync(DIRECTORIES.log)) return [];
  return readdirSync(DIRECTORIES.log)
    .filter((file) => file.endsWith('.log'))
    .flatMap((file) => {
      const lines = readFileSync(join(DIRECTORIES.log, file), 'utf8').split('\n');
      const last = lines.findLast((line) => / (ERROR|CRITICAL) |\[(ERROR|error)\]/.test(line));
      return last === undefined ? [] : [`${file}: ${last.slice(0, 300)}`];
    });
}

function signal(each: Running, name: NodeJS.Signals): void {
  if (!isAlive(each)) return;
  try {
    process.kill(-each.pid, name);
  } catch {
    // Gone meanwhile.
  }
}

/** Whether the process runs, or others of its group after it. */
function isAlive({ pid, began }: Running): boolean {
  const now = beginning(pid);
  return now === undefined ? groupIsAlive(pid) : now === began;
}

function groupIsAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Field 22 of /proc/PID/stat (proc(5)); undefined when there is no such process, or only its remains. */
function beginning(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
