/** When providers that are drained are looked at, and what becomes of a look that fails. */
import { expect } from 'chai';
import { ManualClock } from '../../../src/engine/clock.ts';
import { Draining } from '../../../src/engine/draining.ts';
import type { Provider } from '../../../src/engine/entities.ts';
import type { Durable } from '../../../src/engine/ledger.ts';
import type { Command, FinishDraining, FinishDrainingResult } from '../../../src/engine/requests.ts';
import { emptyHead } from '../../../src/engine/state.ts';
import type { Change } from '../../../src/engine/state.ts';
import type { VimLedger } from '../../../src/engine/vim-reports.ts';
import { NOW } from './engine-fixture.ts';

const PROVIDER = { origin: 'rpc', access: { type: 't' }, status: 'up', owner: 'alice' } as const;

describe('providers that are drained', () => {
  const clock = new ManualClock(NOW);
  let head: ReturnType<typeof emptyHead>;
  let listeners: Set<(durable: Durable<Change>) => void>;
  let looked: string[];
  let failures: unknown[];
  /** What each look waits for. */
  let answer: () => Promise<void>;
  let draining: Draining;

  const finishDraining: Command<FinishDraining, FinishDrainingResult> = (_head, { id }, { user }) => {
    looked.push(`${id} for ${user}`);
    return { result: { outcome: 'ignored' }, changes: [], events: [], due: [] };
  };
  const has = (id: string, more: Partial<Provider> = {}): void => {
    // Cast: the head is written to here as the ledger does it.
    head.providers.set(id, { id, name: id, ...PROVIDER, ...more });
  };
  const tell = (durable: Durable<Change>): void => {
    for (const listener of listeners) listener(durable);
  };
  const changed = (kind: 'allocation' | 'offer' | 'pool' | 'reservation'): void =>
    tell({ what: 'decision', changes: [{ kind, id: 'x', body: null }], due: [] });
  /** Lets what was begun go on. */
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const begins = (): void => {
    // Cast: of the ledger no more is asked for than this.
    const ledger = {
      head,
      update: async (decide: (of: typeof head, at: object) => object) => {
        decide(head, { now: clock.now() });
        await answer();
      },
      onDurable: (listener: (durable: Durable<Change>) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    } as unknown as VimLedger;
    draining = new Draining({ ledger, clock, finishDraining, onFailure: (error) => failures.push(error) });
  };
  const since = (): string[] => looked.splice(0);

  beforeEach(() => {
    head = emptyHead();
    listeners = new Set();
    looked = [];
    failures = [];
    answer = () => Promise.resolve();
  });
  afterEach(() => draining.close());

  it('are looked at, and no others, when the agent starts, when something that is held changes, and after a reload', async () => {
    has('d1', { draining: true });
    has('stays');
    has('d2', { draining: true });
    begins();
    await turn();
    expect(since()).to.deep.equal(['d1 for promise', 'd2 for promise']);
    for (const kind of ['reservation', 'offer', 'allocation'] as const) {
      changed(kind);
      await turn();
      expect(since(), kind).to.deep.equal(['d1 for promise', 'd2 for promise']);
    }
    tell({ what: 'reload' });
    await turn();
    expect(since()).to.have.length(2);
    changed('pool');
    await turn();
    expect(since()).to.deep.equal([]);
  });

  it('are looked at as soon as there is one', async () => {
    has('stays');
    begins();
    changed('allocation');
    await turn();
    expect(since()).to.deep.equal([]);
    has('d1', { draining: true });
    changed('allocation');
    await turn();
    expect(since()).to.deep.equal(['d1 for promise']);
  });

  it('are looked at once more for all that changed during a look, and by one look at a time', async () => {
    has('d1', { draining: true });
    let go: () => void = () => undefined;
    answer = () => new Promise((resolve) => (go = resolve));
    begins();
    for (let changes = 0; changes < 3; changes++) changed('allocation');
    await turn();
    expect(since()).to.have.length(1);
    go();
    await turn();
    expect(since(), 'the second look').to.have.length(1);
    go();
    await turn();
    expect(since()).to.deep.equal([]);
  });

  it('that fail are tried again half a minute later, and keep no other from its end', async () => {
    has('d1', { draining: true });
    has('d2', { draining: true });
    const fault = new Error('no disk');
    answer = () => (looked.length === 1 ? Promise.reject(fault) : Promise.resolve());
    begins();
    await turn();
    expect(since()).to.have.length(2);
    expect(failures).to.deep.equal([fault]);
    expect(clock.next).to.equal(clock.now() + 30_000);
    answer = () => Promise.resolve();
    clock.advance(30_000);
    await turn();
    expect(since()).to.have.length(2);
    expect(clock.next).to.equal(undefined);
    expect(failures).to.have.length(1);
  });

  it('wait for one try again, however many failed', async () => {
    has('d1', { draining: true });
    answer = () => Promise.reject(new Error('no disk'));
    begins();
    await turn();
    clock.advance(10_000);
    changed('offer');
    await turn();
    expect(clock.next).to.equal(clock.now() + 30_000);
    await draining.close();
    expect(clock.next).to.equal(undefined);
  });

  it('are left alone when the agent ends, after the look that is under way', async () => {
    has('d1', { draining: true });
    let go: (error: Error) => void = () => undefined;
    answer = () => new Promise((_, reject) => (go = reject));
    begins();
    changed('allocation');
    const closed = draining.close();
    let over = false;
    void closed.then(() => (over = true));
    await turn();
    expect(over).to.equal(false);
    expect(listeners.size).to.equal(0);
    go(new Error('no disk'));
    await closed;
    expect(failures).to.have.length(1);
    expect(clock.next, 'no try again').to.equal(undefined);
    expect(since()).to.have.length(1);
  });
});
