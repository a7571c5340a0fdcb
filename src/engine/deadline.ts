/**
 * Calls to VIMs that end: by themselves, at a deadline, or when the caller stops.
 */
import { VimError } from '../vim/vim.ts';
import type { Clock } from './clock.ts';

/**
 * Calls with a signal that is aborted at the deadline or with `signal`, and waits no longer than that, whatever the callee does.
 * @throws VimError `timeout` at the deadline, `aborted` with the signal, else what the call throws.
 */
export function withDeadline<T>(
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const own = new AbortController();
    const giveUp = (error: VimError): void => {
      finish();
      reject(error);
      own.abort(error);
    };
    const stop = (): void => giveUp(new VimError('aborted', 'the call was given up'));
    const timer = clock.at(clock.now() + milliseconds, () =>
      giveUp(new VimError('timeout', `the VIM did not answer within ${milliseconds / 1_000} s`)),
    );
    const finish = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', stop);
    };
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    call(own.signal).finally(finish).then(resolve, reject);
  });
}

/** Whether nothing can be asked of the VIM now, or by this caller any more. */
export function isOutOfReach({ kind }: VimError): boolean {
  return kind === 'unreachable' || kind === 'unauthorized' || kind === 'aborted';
}

/** What went wrong, as a VimError: adapters throw nothing else, so anything else is a fault of theirs, outcome unknown. */
export function asVimError(error: unknown): VimError {
  if (error instanceof VimError) return error;
  return new VimError('failed', error instanceof Error ? error.message : String(error), { cause: error });
}
