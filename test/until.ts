import { setTimeout as wait } from 'node:timers/promises';

/** How often it is looked again, and for how long, in milliseconds. */
const LOOK_MS = 10;
const PATIENCE_MS = 20_000;

/**
 * Waits for what threads, processes and sockets bring about, where no event tells of it. What time itself brings about is for an
 * injected clock.
 * @param what that does not come about, for the error
 */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !(await holds());) {
    if (Date.now() > end) throw new Error(`${what} did not come about within ${PATIENCE_MS} ms`);
    await wait(LOOK_MS);
  }
}
