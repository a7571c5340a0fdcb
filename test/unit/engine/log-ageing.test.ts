import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { ManualClock } from '../../../src/engine/clock.ts';
import { keepLogShort } from '../../../src/engine/log-ageing.ts';

const HOUR = 3_600_000;

/** Moves the clock on, in steps between which what was begun is finished. */
async function pass(clock: ManualClock, duration: number, step = 100): Promise<void> {
  for (let passed = 0; passed < duration; passed += step) {
    clock.advance(step);
    await turn();
  }
}

describe('ageing of the event log', () => {
  it('removes all that is too much, however little one call removes, and again an hour later', async () => {
    const clock = new ManualClock(0);
    let events = 1_000;
    const store = {
      ageEvents: ({ maxCount = 0 }) => {
        const removed = Math.min(7, events - maxCount);
        events -= removed;
        return Promise.resolve(removed);
      },
    };
    const ageing = keepLogShort({ store, clock, policy: { maxCount: 100 }, onFailure: () => undefined });
    await pass(clock, HOUR - 1, HOUR - 1);
    expect(events).to.equal(1_000);
    await pass(clock, 60_000);
    expect(events).to.equal(100);
    events = 500;
    await pass(clock, HOUR, HOUR);
    await pass(clock, 60_000);
    expect(events).to.equal(100);
    ageing.cancel();
    events = 500;
    await pass(clock, 2 * HOUR, HOUR);
    expect(events).to.equal(500);
  });

  it('goes on after a failure', async () => {
    const clock = new ManualClock(0);
    const failures: unknown[] = [];
    const store = {
      ageEvents: () => Promise.reject(new Error('the disk is full')),
    };
    const ageing = keepLogShort({ store, clock, policy: {}, onFailure: (error) => failures.push(error) });
    await pass(clock, 3 * HOUR, HOUR);
    expect(failures).to.have.length(3);
    ageing.cancel();
  });

  it('leaves others their turn between two parts, and waits an hour when there is no more', async () => {
    const clock = new ManualClock(0);
    const removed = [3, 1, 0];
    const at: number[] = [];
    const store = {
      ageEvents: () => {
        at.push(clock.now());
        return Promise.resolve(removed.shift() ?? 0);
      },
    };
    const ageing = keepLogShort({ store, clock, policy: {}, onFailure: () => undefined });
    for (let parts = 0; parts < 4; parts++) {
      clock.advance((clock.next ?? 0) - clock.now());
      await turn();
    }
    expect(at).to.deep.equal([HOUR, HOUR + 100, HOUR + 200, 2 * HOUR + 200]);
    ageing.cancel();
    expect(clock.next).to.equal(undefined);
  });

  it('ends while a part is being removed', async () => {
    const clock = new ManualClock(0);
    const store = { ageEvents: () => Promise.resolve(1) };
    const ageing = keepLogShort({ store, clock, policy: {}, onFailure: () => undefined });
    clock.advance(HOUR);
    ageing.cancel();
    await turn();
    expect(clock.next).to.equal(undefined);
  });
});
