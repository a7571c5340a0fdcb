import { expect } from 'chai';
import { Metrics } from '../../../src/observe/metrics.ts';
import { metered } from '../../../src/store/metered-store.ts';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { StoreError } from '../../../src/store/store.ts';
import type { StoredRecord } from '../../../src/store/store.ts';
import { temporaryDirectory } from './temporary-directory.ts';

describe('a metered store', () => {
  it('times commits that come to the disk, and those that do not', async () => {
    const directory = temporaryDirectory();
    const metrics = new Metrics();
    const sqlite = SqliteStore.open({ directory: directory.path, now: () => 0 });
    const store = metered(sqlite, metrics.stopwatch('commits', 'Commits.', ['outcome']));
    const body = { id: 'p' };
    const pending = store.append({ writes: [{ kind: 'pool', id: 'p', body }], events: [], due: [] });
    expect(store.backlog).to.equal(sqlite.backlog).and.to.be.greaterThan(0);
    await pending;
    const read: StoredRecord[] = [];
    store.load((record) => void read.push(record));
    expect(read.map(({ kind, id }) => [kind, id])).to.deep.equal([['pool', 'p']]);
    await sqlite.close();
    const refused = await store.append({ writes: [], events: [], due: [] }).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(StoreError);
    directory.remove();
    const text = await metrics.text();
    for (const outcome of ['ok', 'lost']) expect(text).to.include(`commits_count{outcome="${outcome}"} 1\n`);
  });
});
