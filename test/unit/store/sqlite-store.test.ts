import { readFileSync, statSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import Database from 'better-sqlite3';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { startWriterThread } from '../../../src/store/sqlite/writer.ts';
import type { StartThread, Transaction, WriterOrder } from '../../../src/store/sqlite/writer.ts';
import { StoreError } from '../../../src/store/store.ts';
import type { Commit, DueItem, EventInput, StoredRecord } from '../../../src/store/store.ts';
import { until } from '../../until.ts';
import { Faults } from './failing-database.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const EMPTY: Commit = { writes: [], events: [], due: [] };

function event(time: number, name = 'capacity-event'): EventInput {
  return { time, module: 'opnfv-promise', name, content: { at: time } };
}

/** The thread that writes, with each transaction seen before it is handed over. */
function watched(see: (transaction: Transaction) => void): StartThread {
  return (setup) => {
    const thread = startWriterThread(setup);
    const post = thread.postMessage.bind(thread);
    thread.postMessage = (order: WriterOrder) => {
      if (order !== 'end') see(order);
      post(order);
    };
    return thread;
  };
}

function due(id: string, at: number, rank = 0): DueItem {
  return { id, at, rank, task: 'reservation-end', subject: `r-${id}` };
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it was expected to reject'),
    (error: unknown) => error,
  );
}

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return expect.fail('it was expected to throw');
}

describe('SQLite store', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let store: SqliteStore | undefined;

  const open = (options: { faults?: Faults; now?: number } = {}): SqliteStore => {
    const { faults, now = 1_000 } = options;
    store = SqliteStore.open({
      directory: directory.path,
      now: () => now,
      ...faults?.options(),
    });
    return store;
  };
  const reopen = async (): Promise<SqliteStore> => {
    await store?.close();
    return open();
  };
  const records = (from: SqliteStore): StoredRecord[] => {
    const found: StoredRecord[] = [];
    from.load(({ kind, id, body, text }) => {
      expect(JSON.parse(text ?? '')).to.deep.equal(body);
      found.push({ kind, id, body });
    });
    return found;
  };

  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(async () => {
    await store?.close();
    directory.remove();
  });

  it('keeps records over a restart: last body wins, null removes', async () => {
    const first = open();
    await first.append({
      ...EMPTY,
      writes: [
        { kind: 'reservation', id: 'b', body: { n: 1 } },
        { kind: 'reservation', id: 'a', body: { n: 2, text: 'é\u0000"' } },
        { kind: 'pool', id: 'p', body: { cores: 2 ** 40 } },
        { kind: 'reservation', id: 'gone', body: {} },
      ],
    });
    await first.append({
      ...EMPTY,
      writes: [
        { kind: 'reservation', id: 'b', body: { n: 3 } },
        { kind: 'reservation', id: 'gone', body: null },
      ],
    });
    expect(records(await reopen())).to.deep.equal([
      { kind: 'pool', id: 'p', body: { cores: 2 ** 40 } },
      { kind: 'reservation', id: 'a', body: { n: 2, text: 'é\u0000"' } },
      { kind: 'reservation', id: 'b', body: { n: 3 } },
    ]);
  });

  it('loads records whose ids have line breaks in them', async () => {
    const ids = ['a', 'a\n', 'b\nc', 'd'];
    await open().append({ ...EMPTY, writes: ids.map((id) => ({ kind: 'offer', id, body: { id } })) });
    expect(records(await reopen())).to.deep.equal(ids.map((id) => ({ kind: 'offer', id, body: { id } })));
  });

  it('loads more records than one page in order, while the visitor uses the store', async () => {
    const opened = open();
    const ids = Array.from({ length: 2_500 }, (_, index) => String(index).padStart(5, '0'));
    await opened.append({ ...EMPTY, writes: ids.map((id) => ({ kind: 'offer', id, body: { id } })) });
    const seen: string[] = [];
    opened.load((record) => {
      opened.dueUntil(0, 1);
      seen.push(record.id);
    });
    expect(seen).to.deep.equal(ids);
  });

  it('numbers events in the order of commits and goes on after a restart', async () => {
    const first = open();
    const results = await Promise.all([
      first.append({ ...EMPTY, events: [event(10), event(11)] }),
      first.append(EMPTY),
      first.append({ ...EMPTY, events: [event(5)] }),
    ]);
    expect(results.map((result) => result.events.map(({ seq, time }) => [seq, time]))).to.deep.equal([
      [
        [1, 10],
        [2, 11],
      ],
      [],
      [[3, 5]],
    ]);
    const second = await reopen();
    const { events } = await second.append({ ...EMPTY, events: [event(12)] });
    expect(events[0]?.seq).to.equal(4);
    expect([...second.readEvents({})].map(({ seq, content }) => [seq, content])).to.deep.equal([
      [1, { at: 10 }],
      [2, { at: 11 }],
      [3, { at: 5 }],
      [4, { at: 12 }],
    ]);
  });

  it('puts the number into the content of events that want it, told and read back', async () => {
    const first = open();
    await first.append({ ...EMPTY, events: [event(10)] });
    const { events } = await first.append({ ...EMPTY, events: [{ ...event(11), numberedAs: 'seq' }] });
    expect(events).to.have.length(1);
    expect(events[0]?.content).to.deep.equal({ seq: '2', at: 11 });
    expect(events[0]).not.to.have.property('numberedAs');
    const second = await reopen();
    expect([...second.readEvents({ fromSeq: 2 })].map(({ content }) => content)).to.deep.equal([{ seq: '2', at: 11 }]);
  });

  it('shows nothing of a commit before it is durable', async () => {
    const opened = open();
    const pending = opened.append({ writes: [], events: [event(1)], due: [{ put: due('x', 1) }] });
    expect([...opened.readEvents({})]).to.deep.equal([]);
    expect(opened.dueUntil(10, 10)).to.deep.equal([]);
    expect(opened.eventLog().lastSeq).to.equal(0);
    await pending;
    expect(opened.eventLog().lastSeq).to.equal(1);
  });

  it('reads events by number and time, over pages, to the limit', async () => {
    const opened = open();
    await opened.append({ ...EMPTY, events: Array.from({ length: 1_000 }, (_, index) => event(index + 1)) });
    const seqs = (query: Parameters<SqliteStore['readEvents']>[0]): number[] =>
      [...opened.readEvents(query)].map(({ seq }) => seq);
    expect(seqs({})).to.have.length(1_000);
    expect(seqs({ fromSeq: 990, toSeq: 992 })).to.deep.equal([990, 991, 992]);
    expect(seqs({ fromTime: 500, toTime: 501 })).to.deep.equal([500, 501]);
    expect(seqs({ fromTime: 999 })).to.deep.equal([999, 1000]);
    expect(seqs({ fromTime: 1_001 })).to.deep.equal([]);
    expect(seqs({ limit: 401 })).to.have.length(401);
    expect(seqs({ limit: 0 })).to.deep.equal([]);
  });

  it('gives due work in the order of time, rank and id; putting again moves it, removing removes it', async () => {
    const opened = open();
    await opened.append({
      ...EMPTY,
      due: [
        { put: due('start', 20, 1) },
        { put: due('end', 20, 0) },
        { put: due('b', 10) },
        { put: due('a', 10) },
        { put: due('moved', 5) },
        { put: due('gone', 6) },
        { put: due('later', 21) },
        { put: due('moved', 15) },
        { remove: 'gone' },
        { remove: 'never-there' },
      ],
    });
    const ids = opened.dueUntil(20, 100).map(({ id }) => id);
    expect(ids).to.deep.equal(['a', 'b', 'moved', 'end', 'start']);
    expect(opened.dueUntil(20, 2).map(({ id }) => id)).to.deep.equal(['a', 'b']);
    expect((await reopen()).dueUntil(21, 1)).to.deep.equal([due('a', 10)]);
  });

  it('ages the log by count and by age, and remembers up to when', async () => {
    const opened = open({ now: 77 });
    expect(opened.eventLog()).to.deep.equal({ createdAt: 77, lastSeq: 0 });
    expect(await opened.ageEvents({ maxCount: 1, before: 1_000 })).to.equal(0);
    await opened.append({ ...EMPTY, events: [1, 2, 3, 4, 5, 6].map((time) => event(time * 100)) });
    expect(await opened.ageEvents({ before: 301 })).to.equal(3);
    expect(opened.eventLog()).to.deep.equal({
      createdAt: 77,
      agedTime: 300,
      oldestTime: 400,
      oldestSeq: 4,
      lastSeq: 6,
    });
    expect(await opened.ageEvents({ maxCount: 2 })).to.equal(1);
    expect(await opened.ageEvents({ maxCount: 2, before: 300 })).to.equal(0);
    expect(await opened.ageEvents({ before: 10_000 })).to.equal(2);
    const again = await reopen();
    expect(again.eventLog()).to.deep.equal({ createdAt: 77, agedTime: 600, lastSeq: 6 });
    const { events } = await again.append({ ...EMPTY, events: [event(700)] });
    expect(events[0]?.seq).to.equal(7);
  });

  describe('when a commit fails', () => {
    it('rejects everything that waits, takes nothing until loaded, then goes on from what the disk holds', async () => {
      const faults = new Faults();
      const opened = open({ faults });
      await opened.append({ writes: [{ kind: 'pool', id: 'p', body: { n: 1 } }], events: [event(1)], due: [] });
      faults.set('commit');
      const errors = await Promise.all([
        failure(opened.append({ ...EMPTY, writes: [{ kind: 'pool', id: 'p', body: { n: 2 } }] })),
        failure(opened.append({ ...EMPTY, events: [event(2)] })),
      ]);
      for (const error of errors) {
        expect(error).to.be.instanceOf(StoreError).with.property('kind', 'failed');
        expect(error).to.have.property('message').that.includes('disk is full').and.includes(directory.path);
      }
      faults.set();
      expect(await failure(opened.append(EMPTY))).to.have.property('kind', 'halted');
      expect(records(opened)).to.deep.equal([{ kind: 'pool', id: 'p', body: { n: 1 } }]);
      const { events } = await opened.append({ ...EMPTY, events: [event(3)] });
      expect(events.map(({ seq }) => seq)).to.deep.equal([2]);
      expect([...(await reopen()).readEvents({})].map(({ time }) => time)).to.deep.equal([1, 3]);
    });

    it('stays halted while the file cannot be opened again', async () => {
      const faults = new Faults();
      const opened = open({ faults });
      faults.set('commit', 'open');
      expect(await failure(opened.append(EMPTY))).to.have.property('kind', 'failed');
      expect(thrownBy(() => records(opened))).to.have.property('kind', 'failed');
      expect(await failure(opened.append(EMPTY))).to.have.property('kind', 'halted');
      faults.set();
      expect(records(opened)).to.deep.equal([]);
      await opened.append(EMPTY);
    });

    it('refuses what cannot be stored, keeps what came before, and halts', async () => {
      const opened = open();
      const before = opened.append({ ...EMPTY, writes: [{ kind: 'pool', id: 'kept', body: {} }] });
      const unstorable = opened.append({ ...EMPTY, due: [{ put: due('x', Number.NaN) }] });
      const after = opened.append({ ...EMPTY, writes: [{ kind: 'pool', id: 'after', body: {} }] });
      const errors = await Promise.all([failure(unstorable), failure(after)]);
      expect(errors.map((error) => (error instanceof StoreError ? error.kind : error))).to.deep.equal([
        'failed',
        'halted',
      ]);
      await before;
      expect(records(opened).map(({ id }) => id)).to.deep.equal(['kept']);
      await opened.append(EMPTY);
    });
  });

  describe('the thread that writes', () => {
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

    it('fails the commits that it has when it dies, and those behind them, in order; another goes on', async () => {
      const faults = new Faults();
      const opened = open({ faults });
      await opened.append({ ...EMPTY, writes: [{ kind: 'pool', id: 'p', body: { n: 1 } }], events: [event(1)] });
      faults.set('thread');
      const order: number[] = [];
      const lost: Promise<unknown>[] = [];
      for (let number = 0; number < 5; number++) {
        const append = opened.append({ ...EMPTY, writes: [{ kind: 'pool', id: 'p', body: { n: 2 } }] });
        lost.push(failure(append).finally(() => order.push(number)));
        await turn();
      }
      for (const error of await Promise.all(lost)) {
        expect(error).to.be.instanceOf(StoreError);
        expect(error).to.have.property('kind').that.is.oneOf(['failed', 'halted']);
        expect(error).to.have.property('message').that.includes('thread').and.includes('code 7');
      }
      expect(order).to.deep.equal([0, 1, 2, 3, 4]);
      expect(await failure(opened.append(EMPTY))).to.have.property('kind', 'halted');
      expect(opened.backlog).to.equal(0);
      faults.set();
      expect(records(opened)).to.deep.equal([{ kind: 'pool', id: 'p', body: { n: 1 } }]);
      const { events } = await opened.append({ ...EMPTY, events: [event(2)] });
      expect(events.map(({ seq }) => seq)).to.deep.equal([2]);
    });

    it('may die while it has nothing to do: nothing is lost and another is started', async () => {
      const faults = new Faults();
      const opened = open({ faults });
      await opened.append({ ...EMPTY, events: [event(1)] });
      await faults.thread?.terminate();
      const { events } = await opened.append({ ...EMPTY, events: [event(2)] });
      expect(events.map(({ seq }) => seq)).to.deep.equal([2]);
      expect([...opened.readEvents({})].map(({ time }) => time)).to.deep.equal([1, 2]);
    });

    it('has ended when the store is closed', async () => {
      const faults = new Faults();
      const opened = open({ faults });
      await opened.append({ ...EMPTY, events: [event(1)] });
      expect(faults.thread?.threadId).to.be.greaterThan(0);
      await opened.close();
      expect(faults.thread?.threadId).to.equal(-1);
    });

    it('takes commits in the order of the calls and answers in that order, over many transactions', async () => {
      const opened = open();
      const answered: number[] = [];
      const all: Promise<unknown>[] = [];
      for (let number = 1; number <= 2_000; number++) {
        const commit = {
          ...EMPTY,
          writes: [{ kind: 'meta', id: 'last', body: { number } } as const],
          events: [event(number)],
        };
        all.push(opened.append(commit).then(({ events }) => answered.push(...events.map(({ seq }) => seq))));
        if (number % 70 === 0) await turn();
      }
      await Promise.all(all);
      const ascending = Array.from({ length: 2_000 }, (_, index) => index + 1);
      expect(answered).to.deep.equal(ascending);
      expect([...opened.readEvents({})].map(({ seq, time }) => [seq, time])).to.deep.equal(
        ascending.map((n) => [n, n]),
      );
      expect(records(opened)).to.deep.equal([{ kind: 'meta', id: 'last', body: { number: 2_000 } }]);
    });

    for (const [callers, least, most, told] of [
      [64, 20, 44, 'works on half of what comes again and again while the other half is decided'],
      [9, 9, 9, 'makes few that come together durable together'],
    ] as const) {
      it(told, async () => {
        const sizes: number[] = [];
        let durable = 0;
        store = SqliteStore.open({
          directory: directory.path,
          now: () => 1,
          startThread: watched(({ text }) => sizes.push(text.length / 'none'.length)),
        });
        const opened = store;
        const caller = async (): Promise<void> => {
          for (let turns = 0; turns < 20; turns++) {
            await opened.append({ ...EMPTY, due: [{ remove: 'none' }] });
            durable += 1;
          }
        };
        await Promise.all(Array.from({ length: callers }, caller));
        expect(durable).to.equal(callers * 20);
        const later = sizes.slice(8, 30);
        expect(later).to.have.length.above(8);
        for (const size of later) expect(size).to.be.within(least, most);
      });
    }

    it('is given so much at a time and no more, however much waits', async () => {
      let underWay = 0;
      let mostUnderWay = 0;
      let longest = 0;
      const watch = watched(({ text }) => {
        longest = Math.max(longest, text.length);
        mostUnderWay = Math.max(mostUnderWay, (underWay += 1));
      });
      store = SqliteStore.open({
        directory: directory.path,
        now: () => 1,
        startThread: (setup) => {
          const thread = watch(setup);
          thread.prependListener('message', () => (underWay -= 1));
          return thread;
        },
      });
      const opened = store;
      const text = 'x'.repeat(500_000);
      const appends = Array.from({ length: 40 }, (_, index) =>
        opened.append({ ...EMPTY, writes: [{ kind: 'meta', id: String(index), body: { text } }] }),
      );
      expect(opened.backlog).to.be.within(20_000_000, 21_000_000);
      await Promise.all(appends);
      expect(opened.backlog).to.equal(0);
      expect(longest).to.be.within(4_000_000, 4_600_000);
      expect(mostUnderWay).to.equal(2);
      expect(records(opened)).to.have.length(40);
    });
  });

  describe('the log', () => {
    const log = (): string => join(directory.path, 'promise.db-wal');
    /** Pages in the log that are not in the database. */
    const pagesLeft = (): number => {
      const reader = new Database(join(directory.path, 'promise.db'), { readonly: true });
      try {
        // What the pragma yields for a checkpoint that does nothing.
        const [row] = reader.pragma('wal_checkpoint(NOOP)') as { log: number; checkpointed: number }[];
        return row === undefined ? 0 : row.log - row.checkpointed;
      } finally {
        reader.close();
      }
    };
    const fill = async (into: SqliteStore, commits: number): Promise<void> => {
      for (let number = 0; number < commits; number += 1) {
        const body = { number, filler: String(number).repeat(20_000).slice(0, 40_000) };
        await into.append({ ...EMPTY, writes: [{ kind: 'pool', id: `p-${number % 7}`, body }] });
      }
    };
    const written = async (): Promise<void> => await until(() => pagesLeft() === 0, 'a log that the database has');

    it('is written into the database while there are no commits', async () => {
      const opened = open();
      await fill(opened, 60);
      await written();
    }).timeout(30_000);

    it('has its length soon, and keeps it while commits fill it again and again', async () => {
      const opened = open();
      await fill(opened, 1);
      await until(() => statSync(log()).size >= 4 * 1024 * 1024, 'a long log');
      const { size } = statSync(log());
      for (let time = 0; time < 4; time += 1) {
        await fill(opened, 60);
        await written();
      }
      expect(statSync(log()).size).to.equal(size);
    }).timeout(60_000);

    it('is bounded where commits come without a pause', async () => {
      const opened = open();
      await fill(opened, 600);
      expect(statSync(log()).size).to.be.below(3_000 * 4_096);
    }).timeout(60_000);

    it('keeps everything when that fails, and is written into the database later', async () => {
      const faults = new Faults();
      const opened = open({ faults });
      faults.set('checkpoint');
      await fill(opened, 60);
      await until(() => faults.met('checkpoint') > 0, 'a checkpoint that fails');
      expect(pagesLeft()).to.be.greaterThan(0);
      faults.set();
      await opened.append({ ...EMPTY, events: [event(1)] });
      await written();
    }).timeout(30_000);
  });

  describe('the data directory', () => {
    it('has one writer: a second is refused with the pid and the path of the lock', () => {
      open();
      const error = thrownBy(() => SqliteStore.open({ directory: directory.path, now: () => 1 }));
      expect(error).to.be.instanceOf(StoreError).with.property('kind', 'locked');
      expect(error)
        .to.have.property('message')
        .that.includes(`pid ${process.pid}`)
        .and.includes(join(directory.path, 'writer.lock'));
    });

    it('is free again after close, and counts its writers', async () => {
      expect(open().epoch).to.equal(1);
      expect((await reopen()).epoch).to.equal(2);
      const note: unknown = JSON.parse(readFileSync(join(directory.path, 'writer.json'), 'utf8'));
      expect(note).to.deep.equal({ pid: process.pid, epoch: 2 });
    });

    it('is readable by its owner alone', async () => {
      const opened = SqliteStore.open({ directory: join(directory.path, 'data'), now: () => 1 });
      store = opened;
      await opened.append({ ...EMPTY, events: [event(1)] });
      expect(statSync(join(directory.path, 'data')).mode & 0o777).to.equal(0o700);
      const files = readdirSync(join(directory.path, 'data'));
      expect(files).to.include('promise.db-wal');
      for (const file of files) {
        expect(statSync(join(directory.path, 'data', file)).mode & 0o777, file).to.equal(0o600);
      }
    });

    it('of a newer release is refused and left as it is', async () => {
      open();
      await store?.close();
      const path = join(directory.path, 'promise.db');
      const raw = new Database(path);
      raw.exec("INSERT INTO migration VALUES (99, 'from the future', 0)");
      raw.close();
      const error = thrownBy(() => open());
      expect(error).to.have.property('kind', 'newer-schema');
      expect(error).to.have.property('message').that.includes('schema 99');
      expect(
        thrownBy(() => open()),
        'the lock was let go',
      ).to.have.property('kind', 'newer-schema');
    });

    it('keeps the schema of before a migration that fails, and names the file', () => {
      const migrations = [
        { version: 1, name: 'one', sql: 'CREATE TABLE one (x INTEGER)' },
        { version: 2, name: 'two', sql: 'CREATE TABLE two (x INTEGER); CREATE TABLE one (y INTEGER)' },
      ];
      const error = thrownBy(() => SqliteStore.open({ directory: directory.path, now: () => 1, migrations }));
      expect(error).to.have.property('message').that.includes('promise.db').and.includes('already exists');
      const raw = new Database(join(directory.path, 'promise.db'));
      const tables: unknown = raw
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .pluck()
        .all();
      raw.close();
      expect(tables).to.deep.equal(['migration', 'one']);
    });

    it('that is damaged is reported, not overwritten', async () => {
      await open().append({ ...EMPTY, writes: [{ kind: 'pool', id: 'p', body: {} }] });
      await store?.close();
      const raw = new Database(join(directory.path, 'promise.db'));
      raw.exec("UPDATE record SET body = '[1'");
      raw.close();
      const error = thrownBy(() => records(open()));
      expect(error).to.have.property('kind', 'corrupt');
      expect(error).to.have.property('message').that.includes('record pool p');
    });
  });

  it('makes what waits durable when it is closed, and refuses everything after', async () => {
    const opened = open();
    const waiting = Array.from({ length: 1_200 }, (_, index) =>
      opened.append({ ...EMPTY, writes: [{ kind: 'meta', id: String(index), body: {} }] }),
    );
    await opened.close();
    await opened.close();
    await Promise.all(waiting);
    expect(await failure(opened.append(EMPTY))).to.have.property('kind', 'closed');
    expect(thrownBy(() => [...opened.readEvents({})])).to.have.property('kind', 'closed');
    expect(records(open())).to.have.length(1_200);
  });
});
