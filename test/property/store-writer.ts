/**
 * A process that writes to a data directory, as fast as it can and with pauses in which the store does what it leaves to them, until
 * it is killed. It says on its output what was answered: one line `account sum` for each booking, printed after the ledger has answered.
 *
 * Arguments: the data directory and a seed.
 */
import { writeSync } from 'node:fs';
import { Bus } from '../../src/engine/bus.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { accounts, add, dueItem, recordBooked } from '../unit/engine/ledger-of-accounts.ts';
import type { Accounts, Booked, Booking } from '../unit/engine/ledger-of-accounts.ts';

const [directory = '', seed = '1'] = process.argv.slice(2);
const store = SqliteStore.open({ directory, now: () => Date.now() });
const ledger = new Ledger<Accounts, Booking, Booked>({
  store,
  model: accounts,
  record: recordBooked,
  clock: systemClock,
  bus: new Bus(() => undefined),
});

/** To the pipe before anything else happens: what is printed was answered before. */
function print(line: string): void {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      // The pipe is full until the other end has read.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}

/** Bookings of each account between two pauses, and milliseconds of a pause: the store uses one of 50. */
const BOOKINGS = 15;
const PAUSE = 80;

/** One account each, so that the sums that were answered tell how many of its bookings must be there. */
async function book(account: string): Promise<void> {
  for (let bookings = 0; bookings < BOOKINGS; bookings += 1) {
    const at = (ledger.head.get(account) ?? 0) + 1;
    const sum = await ledger.update(add(account, 1, [{ put: dueItem(`${account}-${at}`, at) }]));
    print(`${account} ${sum}\n`);
  }
}

print('ready 0\n');
for (;;) {
  await Promise.all(Array.from({ length: 40 }, (_, index) => book(`${seed}-${index}`)));
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
}
