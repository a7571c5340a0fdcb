import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { temporaryDirectory } from '../unit/store/temporary-directory.ts';

const WRITER = fileURLToPath(new URL('store-writer.ts', import.meta.url));
const ROUNDS = 6;
/** Milliseconds at most after the answer that is waited for: somewhere in the writer's work and pauses. */
const LATER = 150;

/** The last sum answered for each account before the process was killed: `afterLines` answers into its work, or in a pause after that. */
async function writeUntilKilled(directory: string, seed: string, afterLines: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, directory, seed], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let lines = 0;
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    output += text;
    for (const character of text) if (character === '\n') lines += 1;
    if (lines > afterLines) setTimeout(() => child.kill('SIGKILL'), Math.random() * LATER);
  });
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => {
    child.on('close', (_code, by) => resolve(by));
  });
  expect(signal, `the writer was to be killed; it said: ${output.slice(0, 200)}`).to.equal('SIGKILL');
  const answered = new Map<string, number>();
  // What follows the last newline was cut by the kill, and its answer is not known.
  for (const line of output.split('\n').slice(1, -1)) {
    const [account = '', sum = ''] = line.split(' ');
    answered.set(account, Number(sum));
  }
  return answered;
}

function durableSums(store: SqliteStore): Map<string, number> {
  const sums = new Map<string, number>();
  store.load(({ id, body }) => {
    if ('amount' in body && typeof body.amount === 'number') sums.set(id, body.amount);
  });
  return sums;
}

describe('a store whose writer is killed', function () {
  this.timeout(60_000);

  it('has everything that was answered, nothing by halves, and opens again at once', async () => {
    const directory = temporaryDirectory();
    try {
      const answered = new Map<string, number>();
      let total = 0;
      for (let round = 1; round <= ROUNDS; round++) {
        const moment = Math.floor(Math.random() * 2_000);
        for (const [account, sum] of await writeUntilKilled(directory.path, String(round), moment)) {
          answered.set(account, sum);
        }
        const store = SqliteStore.open({ directory: directory.path, now: () => 1 });
        expect(store.epoch).to.equal(round * 2);
        const sums = durableSums(store);
        for (const [account, sum] of answered) {
          expect(sums.get(account), `account ${account} in round ${round}, killed after ${moment}`).to.be.at.least(sum);
          // One booking at a time for each account: at most the one whose answer was on its way may be there beside.
          expect(sums.get(account)).to.be.at.most(sum + 1);
        }
        total = [...sums.values()].reduce((a, b) => a + b, 0);
        const seqs = [...store.readEvents({})].map(({ seq }) => seq);
        expect(seqs).to.deep.equal(Array.from({ length: total }, (_, index) => index + 1));
        const due = store.dueUntil(Number.MAX_SAFE_INTEGER, total + 1).map(({ id }) => id);
        const expected = [...sums].flatMap(([account, sum]) =>
          Array.from({ length: sum }, (_, index) => `${account}-${index + 1}`),
        );
        expect(due.sort()).to.deep.equal(expected.sort());
        await store.close();
      }
      expect(total).to.be.greaterThan(0);
    } finally {
      directory.remove();
    }
  });
});
