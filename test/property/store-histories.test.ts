import { expect } from 'chai';
import fc from 'fast-check';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { RECORD_KINDS } from '../../src/store/store.ts';
import type { Commit, DueItem, EventRecord } from '../../src/store/store.ts';
import { Faults } from '../unit/store/failing-database.ts';
import { temporaryDirectory } from '../unit/store/temporary-directory.ts';

const id = fc.constantFrom('a', 'b', 'c', 'ü', '');
const commit: fc.Arbitrary<Commit> = fc.record({
  writes: fc.array(
    fc.record({
      kind: fc.constantFrom(...RECORD_KINDS),
      id,
      body: fc.option(fc.record({ value: fc.jsonValue() }), { nil: null }),
    }),
    { maxLength: 4 },
  ),
  events: fc.array(
    fc.record({
      time: fc.nat(1_000),
      module: fc.constant('m'),
      name: fc.constant('n'),
      content: fc.record({ value: fc.jsonValue() }),
    }),
    { maxLength: 3 },
  ),
  due: fc.array(
    fc.oneof(
      fc.record({ remove: id }),
      fc.record({
        put: fc.record({
          id,
          at: fc.integer({ min: 0, max: 5 }),
          rank: fc.integer({ min: 0, max: 2 }),
          task: fc.constant('t'),
          subject: id,
        }),
      }),
    ),
    { maxLength: 4 },
  ),
});

type Step = { readonly do: 'commit'; readonly commits: readonly Commit[] } | { readonly do: 'reopen' | 'fail' };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('commit' as const), commits: fc.array(commit, { maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('reopen' as const, 'fail' as const) }) },
);

/** What a store is to hold, in the plainest form. */
class Model {
  readonly records = new Map<string, string>();
  readonly events: EventRecord[] = [];
  readonly due = new Map<string, DueItem>();

  take({ writes, events, due }: Commit): void {
    for (const { kind, id: key, body } of writes) {
      const name = JSON.stringify([RECORD_KINDS.indexOf(kind), key]);
      if (body === null) this.records.delete(name);
      else this.records.set(name, JSON.stringify(body));
    }
    for (const event of events) {
      this.events.push({ ...event, seq: this.events.length + 1 });
    }
    for (const change of due) {
      if ('put' in change) this.due.set(change.put.id, change.put);
      else this.due.delete(change.remove);
    }
  }

  check(store: SqliteStore): void {
    const records = new Map<string, string>();
    store.load(({ kind, id: key, body }) => {
      records.set(JSON.stringify([RECORD_KINDS.indexOf(kind), key]), JSON.stringify(body));
    });
    expect([...records].sort()).to.deep.equal([...this.records].sort());
    expect(JSON.stringify([...store.readEvents({})])).to.equal(
      JSON.stringify(this.events.map(({ seq, time, module, name, content }) => ({ seq, time, module, name, content }))),
    );
    const keys = (item: DueItem): string => JSON.stringify([item.at, item.rank, item.id, item.task, item.subject]);
    expect(store.dueUntil(10, 100).map(keys)).to.deep.equal(
      [...this.due.values()]
        .sort((a, b) => a.at - b.at || a.rank - b.rank || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)))
        .map(keys),
    );
  }
}

describe('histories of a store', function () {
  this.timeout(60_000);

  it('leave what was answered and nothing else, over restarts and failed commits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const directory = temporaryDirectory();
        const faults = new Faults();
        const open = (): SqliteStore =>
          SqliteStore.open({ directory: directory.path, now: () => 1, ...faults.options() });
        let store = open();
        const model = new Model();
        try {
          for (const { do: what, ...rest } of steps) {
            if (what === 'reopen') {
              await store.close();
              store = open();
            } else if (what === 'fail') {
              faults.set('commit');
              const body = { lost: true };
              const lost = store.append({
                writes: [{ kind: 'meta', id: 'a', body }],
                events: [],
                due: [{ remove: 'a' }],
              });
              expect(await lost.catch(() => 'rejected')).to.equal('rejected');
              faults.set();
            } else if ('commits' in rest) {
              await Promise.all(rest.commits.map((each) => store.append(each)));
              for (const each of rest.commits) model.take(each);
            }
            model.check(store);
          }
        } finally {
          await store.close();
          directory.remove();
        }
      }),
      { numRuns: 60 },
    );
  });
});
