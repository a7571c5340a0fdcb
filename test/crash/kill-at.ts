/**
 * Loaded before the server (`--import`): ends the process at one step of its work with a simulated cloud, as a power cut would. The query of this
 * module's address says at which (`at`), and of the creation of which machine (`name`).
 */
import { Subject } from 'rxjs';
import { SimulatedVim } from '../../src/vim/simulated/simulated-vim.ts';
import type { VimEvent } from '../../src/vim/vim.ts';

export const STEPS = [
  'before the deletion is asked for',
  'before the answer to the deletion is heard',
  'while it is being deleted',
  'before the cloud knows that it is gone',
  'before it is recorded that it is gone',
  'before the creation is asked for',
  'before the answer to the creation is heard',
  'while it is being built',
] as const;
export type Step = (typeof STEPS)[number];

const query = new URL(import.meta.url).searchParams;
const [at, name] = [query.get('at'), query.get('name')];

/** Milliseconds after an answer in which it is recorded, and nothing else happens. */
const RECORDED_MS = 100;

function reached(step: Step): void {
  if (step === at) process.kill(process.pid, 'SIGKILL');
}

if (at !== null) {
  const deleteServer = original(SimulatedVim.prototype, 'deleteServer');
  const createServer = original(SimulatedVim.prototype, 'createServer');
  SimulatedVim.prototype.deleteServer = async function (...given) {
    reached('before the deletion is asked for');
    await deleteServer.apply(this, given);
    reached('before the answer to the deletion is heard');
    setTimeout(() => reached('while it is being deleted'), RECORDED_MS);
  };
  SimulatedVim.prototype.createServer = async function (...given) {
    const watched = given[0].name === name;
    if (watched) reached('before the creation is asked for');
    const made = await createServer.apply(this, given);
    if (watched) {
      reached('before the answer to the creation is heard');
      setTimeout(() => reached('while it is being built'), RECORDED_MS);
    }
    return made;
  };
  const next = original(Subject.prototype, 'next');
  Subject.prototype.next = function (event: unknown) {
    if (isEnd(event)) {
      reached('before the cloud knows that it is gone');
      // The cloud saves itself at the end of this turn, and what is decided takes a thread longer.
      queueMicrotask(() => queueMicrotask(() => reached('before it is recorded that it is gone')));
    }
    next.call(this, event);
  };
}

/** A method as it is now, to be applied to what has it. */
function original<Of extends object, Name extends keyof Of>(prototype: Of, name: Name): Of[Name] {
  return prototype[name];
}

function isEnd(event: unknown): boolean {
  // Cast: what goes through subjects is checked for the members that are read.
  const { type, server } = (event ?? {}) as Partial<Extract<VimEvent, { type: 'server' }>>;
  return type === 'server' && server?.status === 'DELETED';
}
