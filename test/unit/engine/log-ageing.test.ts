import { expect } from 'chai';
import { ManualClock } from '../../../src/engine/clock.ts';
import { keepLogShort } from '../../../src/engine/log-ageing.ts';

const HOUR = 3_600_000;

describe('ageing of the event log', () => {
  it('removes all that is too much, however little one call removes, and again an hour later', () => {
    const clock = new ManualClock(0);
    let events = 1_000;
    const store = {
      ageEvents: ({ maxCount = 0 }) => {
        const removed = Math.min(7, events - maxCount);
        events -= removed;
        return removed;
      },
    };
    const ageing = keepLogShort({ store, clock, policy: { maxCount: 100 }, onFailure: () => undefined });
    clock.advance(HOUR - 1);
    expect(events).to.equal(1_000);
    clock.advance(60_000);
    expect(events).to.equal(100);
    events = 500;
    clock.advance(2 * HOUR);
    expect(events).to.equal(100);
    ageing.cancel();
    events = 500;
    clock.advance(2 * HOUR);
    expect(events).to.equal(500);
  });

  it('goes on after a failure', () => {
    const clock = new ManualClock(0);
    const failures: unknown[] = [];
    const store = {
      ageEvents: (): number => {
        throw new Error('the disk is full');
      },
    };
    const ageing = keepLogShort({ store, clock, policy: {}, onFailure: (error) => failures.push(error) });
    clock.advance(3 * HOUR);
    expect(failures).to.have.length(3);
    ageing.cancel();
  });
});
