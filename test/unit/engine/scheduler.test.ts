import { expect } from 'chai';
import { Bus } from '../../../src/engine/bus.ts';
import { ManualClock } from '../../../src/engine/clock.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import type { Decide } from '../../../src/engine/ledger.ts';
import { Scheduler } from '../../../src/engine/scheduler.ts';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import type { DueChange, DueItem } from '../../../src/store/store.ts';
import { Faults } from '../store/failing-database.ts';
import { temporaryDirectory } from '../store/temporary-directory.ts';
import { accounts, add, dueItem, recordBooked } from './ledger-of-accounts.ts';
import type { Accounts, Booked, Booking } from './ledger-of-accounts.ts';

const WEEK = 7 * 24 * 3_600_000;

describe('scheduler', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let clock: ManualClock;
  let faults: Faults;
  let store: SqliteStore;
  let ledger: Ledger<Accounts, Booking, Booked>;
  let scheduler: Scheduler<Accounts, Booking, Booked>;
  /** What was carried out: id of the item, and when. */
  let ran: string[];
  let failed: string[];
  /** What an item does beside adding 1 to the account of its name. */
  let follow: Map<string, readonly DueChange[]>;
  let broken: Set<string>;

  const open = (): void => {
    store = SqliteStore.open({ directory: directory.path, now: () => 1, ...faults.options() });
    ledger = new Ledger({
      store,
      model: accounts,
      record: recordBooked,
      clock,
      bus: new Bus(() => undefined),
    });
    scheduler = new Scheduler<Accounts, Booking, Booked>({
      store,
      ledger,
      clock,
      carryOut: (item: DueItem): Decide<Accounts, Booking, Booked, unknown> => {
        return (head, inputs) => {
          if (broken.has(item.id)) throw new Error(`cannot do ${item.id}`);
          ran.push(`${item.id}@${inputs.now}`);
          return add(item.subject, 1, follow.get(item.id) ?? [])(head, inputs);
        };
      },
      onFailure: (item, error) => failed.push(`${item?.id ?? '-'}: ${error instanceof Error ? error.message : ''}`),
    });
  };
  const plan = (...items: readonly DueItem[]): Promise<unknown> =>
    ledger.update(
      add(
        'planned',
        1,
        items.map((put) => ({ put })),
      ),
    );
  const advance = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    await scheduler.whenCaughtUp();
  };
  const shut = async (): Promise<void> => {
    await scheduler.close();
    await ledger.close();
    await store.close();
  };

  beforeEach(() => {
    directory = temporaryDirectory();
    clock = new ManualClock(1_000);
    faults = new Faults();
    ran = [];
    failed = [];
    follow = new Map();
    broken = new Set();
    open();
  });
  afterEach(async () => {
    faults.set();
    await shut();
    directory.remove();
  });

  it('carries out each item once, when it is due, and removes it', async () => {
    await scheduler.start();
    await plan(dueItem('a', 2_000), dueItem('b', 3_000));
    await advance(999);
    expect(ran).to.deep.equal([]);
    await advance(1);
    expect(ran).to.deep.equal(['a@2000']);
    expect(store.dueUntil(WEEK, 10).map(({ id }) => id)).to.deep.equal(['b']);
    await advance(1_000);
    await advance(9_000);
    expect(ran).to.deep.equal(['a@2000', 'b@3000']);
    expect(ledger.head.get('a')).to.equal(1);
    expect(store.dueUntil(WEEK, 10)).to.deep.equal([]);
  });

  it('wakes for the next item and for nothing else', async () => {
    await scheduler.start();
    expect(clock.next).to.equal(undefined);
    await plan(dueItem('late', 9_000));
    expect(clock.next).to.equal(9_000);
    await plan(dueItem('soon', 5_000));
    expect(clock.next).to.equal(5_000);
    await ledger.update(add('x', 1, [{ remove: 'soon' }]));
    expect(clock.next).to.equal(9_000);
    await ledger.update(add('x', 1, [{ remove: 'late' }]));
    expect(clock.next).to.equal(undefined);
  });

  it('goes by time, at equal times by rank: ends before starts', async () => {
    await plan(dueItem('start', 2_000, 1), dueItem('end', 2_000, 0), dueItem('before', 1_999, 5));
    await scheduler.start();
    await advance(5_000);
    expect(ran.map((line) => line.split('@')[0])).to.deep.equal(['before', 'end', 'start']);
  });

  it('catches up in order after a week, also with what that brings forth in between', async () => {
    const items = Array.from({ length: 450 }, (_, index) =>
      dueItem(`i${String(index).padStart(3, '0')}`, 2_000 + index * 10),
    );
    follow.set('i100', [{ put: dueItem('between', 3_005) }]);
    await plan(...items);
    await shut();
    clock.advance(WEEK);
    open();
    await scheduler.start();
    const order = items.map(({ id }) => id);
    order.splice(101, 0, 'between');
    expect(ran).to.deep.equal(order.map((id) => `${id}@${1_000 + WEEK}`));
    expect(clock.next).to.equal(undefined);
  });

  it('lets an item come again by putting it again', async () => {
    follow.set('daily', [{ put: dueItem('daily', 3_000) }]);
    await plan(dueItem('daily', 2_000));
    await scheduler.start();
    await advance(1_000);
    follow.clear();
    expect(clock.next).to.equal(3_000);
    await advance(1_000);
    expect(ran).to.deep.equal(['daily@2000', 'daily@3000']);
    expect(clock.next).to.equal(undefined);
  });

  it('does not carry out what an earlier item, or a decision that is not durable yet, has removed', async () => {
    follow.set('a', [{ remove: 'b' }]);
    await plan(dueItem('a', 2_000), dueItem('b', 2_001), dueItem('c', 2_002));
    await scheduler.start();
    clock.advance(5_000);
    const cancelled = ledger.update(add('x', 1, [{ remove: 'c' }]));
    await scheduler.whenCaughtUp();
    await cancelled;
    expect(ran).to.deep.equal(['a@6000']);
    expect(store.dueUntil(WEEK, 10)).to.deep.equal([]);
  });

  it('reports an item that fails, goes on with the others, and tries it again', async () => {
    broken.add('bad');
    await plan(dueItem('bad', 2_000), dueItem('good', 2_000, 1), dueItem('later', 12_000));
    await scheduler.start();
    await advance(1_000);
    expect(ran).to.deep.equal(['good@2000']);
    expect(failed).to.deep.equal(['bad: cannot do bad']);
    await advance(10_000);
    expect(ran).to.deep.equal(['good@2000', 'later@12000']);
    broken.clear();
    await advance(20_000);
    expect(ran).to.deep.equal(['good@2000', 'later@12000', 'bad@32000']);
    expect(failed).to.have.length(1);
    expect(clock.next).to.equal(undefined);
  });

  it('stops when nothing can be stored, and takes everything up again in order', async () => {
    await plan(dueItem('a', 2_000), dueItem('b', 2_001));
    await scheduler.start();
    faults.set('commit');
    await advance(1_500);
    expect(failed).to.have.length(1);
    expect(store.dueUntil(WEEK, 10)).to.have.length(2);
    faults.set();
    ran = [];
    await advance(1_000);
    expect(ran).to.deep.equal(['a@3500', 'b@3500']);
    expect([...ledger.head].sort()).to.deep.equal([
      ['a', 1],
      ['b', 1],
      ['planned', 1],
    ]);
  });

  it('takes what comes at the time of the last one before it, where its rank is lower', async () => {
    follow.set('a', [{ put: dueItem('end', 3_000, 0) }]);
    await plan(dueItem('a', 2_000), dueItem('b', 2_500), dueItem('start', 3_000, 4));
    await scheduler.start();
    await advance(9_000);
    expect(ran.map((line) => line.split('@')[0])).to.deep.equal(['a', 'b', 'end', 'start']);
  });

  it('waits a second when the store cannot be read, says so once, and goes on', async () => {
    await plan(dueItem('a', 2_000), dueItem('b', 7_000));
    const read = store.dueUntil.bind(store);
    const breaks = (): void => {
      store.dueUntil = () => {
        throw new Error('no disk');
      };
    };
    breaks();
    await scheduler.start();
    expect(failed).to.deep.equal(['-: no disk']);
    expect(clock.next).to.equal(2_000);
    store.dueUntil = read;
    await advance(1_000);
    expect(ran).to.deep.equal(['a@2000']);
    expect(clock.next).to.equal(7_000);
    breaks();
    await plan(dueItem('c', 6_000));
    expect(failed, 'of what is next').to.deep.equal(['-: no disk', '-: no disk']);
    expect(clock.next).to.equal(3_000);
    store.dueUntil = read;
    await advance(1_000);
    expect(clock.next).to.equal(6_000);
    await advance(9_000);
    expect(ran).to.deep.equal(['a@2000', 'c@12000', 'b@12000']);
  });

  it('is started once', async () => {
    await plan(dueItem('a', 500));
    await Promise.all([scheduler.start(), scheduler.start()]);
    await scheduler.start();
    expect(ran).to.deep.equal(['a@1000']);
  });

  it('goes on with what is due beside as many that have failed as are taken at a time', async () => {
    const bad = Array.from({ length: 250 }, (_, index) => dueItem(`bad${index}`, 2_000));
    for (const { id } of bad) broken.add(id);
    await plan(...bad, dueItem('good', 2_000, 9));
    await scheduler.start();
    await advance(1_000);
    expect(ran).to.deep.equal(['good@2000']);
    expect(failed).to.have.length(250);
  });

  it('does nothing more once closed', async () => {
    await plan(dueItem('a', 2_000));
    await scheduler.start();
    await scheduler.close();
    await advance(5_000);
    expect(ran).to.deep.equal([]);
    expect(clock.next).to.equal(undefined);
  });
});
