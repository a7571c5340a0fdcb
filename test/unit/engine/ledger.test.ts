import { expect } from 'chai';
import { Bus } from '../../../src/engine/bus.ts';
import { ManualClock } from '../../../src/engine/clock.ts';
import { Ledger, LedgerError } from '../../../src/engine/ledger.ts';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { Faults } from '../store/failing-database.ts';
import { temporaryDirectory } from '../store/temporary-directory.ts';
import { accounts, add, dueItem, recordBooked, Refused } from './ledger-of-accounts.ts';
import type { Accounts, Booked, Booking } from './ledger-of-accounts.ts';

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it was expected to reject'),
    (error: unknown) => error,
  );
}

describe('ledger', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let faults: Faults;
  let store: SqliteStore;
  let ledger: Ledger<Accounts, Booking, Booked>;
  let bus: Bus;
  let reported: unknown[];
  const clock = new ManualClock(5_000);

  const open = (options: { mostWaiting?: number; mostCharacters?: number } = {}): void => {
    store = SqliteStore.open({ directory: directory.path, now: () => 1, ...faults.options() });
    bus = new Bus((_listener, error) => reported.push(error));
    let id = 0;
    ledger = new Ledger({
      store,
      model: accounts,
      record: recordBooked,
      clock,
      bus,
      newId: () => `id-${(id += 1)}`,
      onFailure: (error) => reported.push(error),
      ...options,
    });
  };

  beforeEach(() => {
    directory = temporaryDirectory();
    faults = new Faults();
    reported = [];
    open();
  });
  afterEach(async () => {
    faults.set();
    await ledger.close();
    await store.close();
    directory.remove();
  });

  it('decides in the order of arrival: the second sees what the first took', async () => {
    const answers = await Promise.all([
      ledger.update(add('a', 10)),
      ledger.update(add('a', -7)),
      ledger.update(add('a', -7)),
    ]);
    expect(answers).to.deep.equal([10, 3, 'too little']);
  });

  it('gives decisions the time and ids of its own', async () => {
    const inputs = await ledger.update((_head, { now, newId }) => ({
      result: [now, newId(), newId()],
      changes: [],
      events: [],
      due: [],
    }));
    expect(inputs).to.deep.equal([5_000, 'id-1', 'id-2']);
  });

  it('answers and publishes only when the store has the commit, events in order', async () => {
    const log: string[] = [];
    bus.listen('test', ({ seq, content }) => log.push(`event ${seq} ${JSON.stringify(content)}`));
    const first = ledger.update(add('a', 1)).then((sum) => log.push(`answer ${sum}`));
    const second = ledger.update(add('a', 1)).then((sum) => log.push(`answer ${sum}`));
    expect(ledger.head.get('a')).to.equal(2);
    await Promise.resolve();
    expect(log).to.deep.equal([]);
    expect([...store.readEvents({})]).to.deep.equal([]);
    await Promise.all([first, second]);
    expect(log.filter((line) => line.startsWith('event'))).to.deep.equal([
      'event 1 {"account":"a","amount":1}',
      'event 2 {"account":"a","amount":2}',
    ]);
    expect(log.indexOf('answer 2')).to.be.greaterThan(log.indexOf('event 2 {"account":"a","amount":2}'));
  });

  it('holds back refusals, failures and reads until what they rest on is durable', async () => {
    const order: string[] = [];
    const done = [
      ledger.update(add('a', 1)).then(() => order.push('granted')),
      ledger.update(add('a', -5)).then((answer) => order.push(String(answer))),
      ledger
        .update(() => {
          throw new Refused('no');
        })
        .catch((error: unknown) => order.push(error instanceof Refused ? 'threw' : 'other')),
      ledger.read((head) => head.get('a')).then((amount) => order.push(`read ${amount ?? 'nothing'}`)),
      ledger.whenDurable().then(() => order.push('durable')),
    ];
    await Promise.resolve();
    expect(order).to.deep.equal([]);
    await Promise.all(done);
    expect(order).to.have.members(['granted', 'too little', 'threw', 'read 1', 'durable']);
    expect(order[0]).to.not.equal('threw');
  });

  it('leaves nothing behind of a decision that throws', async () => {
    await ledger.update(add('a', 1));
    expect(
      await failure(
        ledger.update(() => {
          throw new Refused('no');
        }),
      ),
    ).to.be.instanceOf(Refused);
    expect([...ledger.head]).to.deep.equal([['a', 1]]);
    expect(await ledger.update(add('a', 1))).to.equal(2);
  });

  it('starts from what the store holds', async () => {
    await ledger.update(add('a', 4));
    await ledger.close();
    await store.close();
    open();
    expect([...ledger.head]).to.deep.equal([['a', 4]]);
  });

  describe('when the store fails', () => {
    it('rejects all that rests on the lost commit, goes back to the disk, and goes on', async () => {
      await ledger.update(add('a', 10));
      const events: number[] = [];
      bus.listen('test', ({ seq }) => events.push(seq));
      faults.set('commit');
      const errors = await Promise.all([
        failure(ledger.update(add('a', 5))),
        failure(ledger.update(add('a', -100))),
        failure(ledger.read((head) => head.get('a'))),
        failure(ledger.whenDurable()),
      ]);
      for (const error of errors) expect(error).to.be.instanceOf(LedgerError).with.property('kind', 'not-durable');
      faults.set();
      expect([...ledger.head]).to.deep.equal([['a', 10]]);
      expect(await ledger.update(add('a', 1))).to.equal(11);
      expect(events).to.deep.equal([2]);
      expect(reported).to.have.length(1);
    });

    it('decides nothing while the disk cannot be read, and recovers by itself', async () => {
      await ledger.update(add('a', 10));
      faults.set('commit', 'open');
      expect(await failure(ledger.update(add('a', 1)))).to.have.property('kind', 'not-durable');
      expect(await failure(ledger.update(add('a', 1)))).to.have.property('kind', 'reloading');
      faults.set();
      clock.advance(1_000);
      expect(await ledger.update(add('a', 1))).to.equal(11);
    });

    it('does not read the state back at every request while the store stays broken', async () => {
      await ledger.update(add('a', 10));
      let loads = 0;
      const load = store.load.bind(store);
      store.load = (visit) => {
        loads += 1;
        load(visit);
      };
      faults.set('commit');
      const outcomes = async (): Promise<unknown[]> => {
        const errors: unknown[] = [];
        for (let request = 0; request < 5; request++) errors.push(await failure(ledger.update(add('a', 1))));
        return errors.map((error) => (error instanceof LedgerError ? error.kind : error));
      };
      // The first failure may have been one of its kind: the state is read back at once.
      expect(await outcomes()).to.deep.equal(['not-durable', 'not-durable', 'reloading', 'reloading', 'reloading']);
      expect(loads).to.equal(1);
      clock.advance(999);
      expect(await failure(ledger.update(add('a', 1))))
        .to.have.property('message')
        .that.includes('again in 1 s');
      expect(loads).to.equal(1);
      clock.advance(1);
      expect(await outcomes()).to.deep.equal(['not-durable', 'reloading', 'reloading', 'reloading', 'reloading']);
      expect(loads).to.equal(2);
      clock.advance(1_999);
      expect(await failure(ledger.update(add('a', 1)))).to.have.property('kind', 'reloading');
      faults.set();
      clock.advance(1);
      expect(await ledger.update(add('a', 1))).to.equal(11);
      expect(loads).to.equal(3);
      faults.set('commit');
      expect(await outcomes(), 'a commit since then counts').to.include.members(['not-durable']);
      expect(loads).to.equal(4);
    });

    it('reads nothing of a head that is given up', async () => {
      await ledger.update(add('a', 10));
      faults.set('commit', 'open');
      expect(await failure(ledger.update(add('a', 1)))).to.have.property('kind', 'not-durable');
      expect(await failure(ledger.read((head) => head.get('a')))).to.have.property('kind', 'reloading');
      faults.set();
      clock.advance(1_000);
      expect(await ledger.read((head) => head.get('a'))).to.equal(10);
    });

    it('goes on with another thread when the one that writes has died', async () => {
      await ledger.update(add('a', 10));
      faults.set('thread');
      const error = await failure(ledger.update(add('a', 1)));
      expect(error).to.be.instanceOf(LedgerError).with.property('kind', 'not-durable');
      expect(error).to.have.property('message').that.includes('thread');
      expect(reported).to.have.length(1);
      faults.set();
      expect(await ledger.update(add('a', 1))).to.equal(11);
    });

    it('gives up a head that took half a decision, and keeps what was decided before', async () => {
      const before = ledger.update(add('a', 10));
      const broken = ledger.update(() => ({
        result: 0,
        changes: [
          { account: 'b', amount: 1 },
          { account: 'a', amount: Number.NaN },
        ],
        events: [],
        due: [],
      }));
      const after = ledger.update(add('a', 1));
      expect(await failure(broken)).to.have.property('message', 'an amount that is no number');
      expect(await failure(after)).to.have.property('kind', 'reloading');
      expect(await before).to.equal(10);
      expect([...ledger.head]).to.deep.equal([['a', 10]]);
      expect(await ledger.update(add('a', 1))).to.equal(11);
    });
  });

  it('refuses more than may wait, takes nothing of what it refuses, and goes on', async () => {
    await ledger.close();
    await store.close();
    open({ mostWaiting: 3 });
    const taken = [1, 2, 3].map(() => ledger.update(add('a', 1)));
    const error = await failure(ledger.update(add('a', 1)));
    expect(error).to.be.instanceOf(LedgerError).with.property('kind', 'overloaded');
    expect(error).to.have.property('message').that.includes('3 decisions').and.includes('try again');
    expect(await Promise.all(taken)).to.deep.equal([1, 2, 3]);
    expect(await ledger.update(add('a', 1))).to.equal(4);
  });

  it('refuses decisions while more characters wait than may', async () => {
    await ledger.close();
    await store.close();
    open({ mostCharacters: 100 });
    const taken = ledger.update(add('a'.repeat(100), 1));
    expect(await failure(ledger.update(add('a', 1)))).to.have.property('kind', 'overloaded');
    await taken;
    expect(await ledger.update(add('a', 1))).to.equal(1);
  });

  it('is not harmed by a listener that throws, and neither are the other listeners', async () => {
    const seen: number[] = [];
    const bad = bus.listen('bad', () => {
      throw new Error('listener');
    });
    bus.listen('good', ({ seq }) => seen.push(seq));
    await ledger.update(add('a', 1));
    await ledger.update(add('a', 1));
    bad.unsubscribe();
    await ledger.update(add('a', 1));
    expect(seen).to.deep.equal([1, 2, 3]);
    expect(reported).to.have.length(2);
  });

  it('tells those who work behind the decisions of each that is durable, before it is answered, until they have enough', async () => {
    const log: unknown[] = [];
    const item = dueItem('x', 10);
    const stop = ledger.onDurable((durable) => log.push(durable));
    ledger.onDurable(() => {
      throw new Error('listener');
    });
    const answer = ledger.update(add('a', 1, [{ put: item }])).then(() => log.push('answered'));
    expect(log).to.deep.equal([]);
    await answer;
    expect(log).to.deep.equal([
      { what: 'decision', changes: [{ account: 'a', amount: 1 }], due: [{ put: item }] },
      'answered',
    ]);
    expect(reported.map(String)).to.deep.equal(['Error: listener']);
    stop();
    await ledger.update(add('a', 1));
    expect(log).to.have.length(2);
  });

  it('tells them when the state was read back', async () => {
    const log: unknown[] = [];
    ledger.onDurable((durable) => log.push(durable));
    faults.set('commit');
    const error = await failure(ledger.update(add('a', 5)));
    expect(error).to.have.property('cause').that.is.instanceOf(Error);
    faults.set();
    expect(log).to.deep.equal([{ what: 'reload' }]);
  });

  it('makes ids of its own time where none are given', async () => {
    const own = new Ledger<Accounts, Booking, Booked>({ store, model: accounts, record: recordBooked, clock, bus });
    const id = await own.update((_head, { newId }) => ({ result: newId(), changes: [], events: [], due: [] }));
    expect(id).to.match(/^00000000-[0-9a-f]{4}-7/);
    expect(Number.parseInt(id.slice(0, 13).replace('-', ''), 16)).to.equal(clock.now());
    await own.close();
  });

  it('knows which due items a waiting decision removed or moved', async () => {
    const item = dueItem('x', 10);
    await ledger.update(add('a', 1, [{ put: item }]));
    expect(ledger.stillDue(item)).to.equal(true);
    const removing = ledger.update(add('a', 1, [{ remove: 'x' }]));
    expect(store.dueUntil(10, 1)).to.have.length(1);
    expect(ledger.stillDue(item)).to.equal(false);
    await removing;
    expect(store.dueUntil(10, 1)).to.have.length(0);
    await ledger.update(add('a', 1, [{ put: item }]));
    const moving = ledger.update(add('a', 1, [{ put: dueItem('x', 20) }]));
    expect(ledger.stillDue(item)).to.equal(false);
    expect(ledger.stillDue(dueItem('x', 20))).to.equal(true);
    const again = ledger.update(add('a', 1, [{ put: item }]));
    expect([dueItem('x', 20), item].map((each) => ledger.stillDue(each))).to.deep.equal([false, true]);
    await Promise.all([moving, again]);
    // What is on disk is read from there, and stands.
    expect(ledger.stillDue(dueItem('x', 20))).to.equal(true);
  });

  it('refuses when closed, after what was decided is durable', async () => {
    const last = ledger.update(add('a', 1));
    await ledger.close();
    expect(await last).to.equal(1);
    expect(await failure(ledger.update(add('a', 1)))).to.have.property('kind', 'closed');
  });
});
