import { expect } from 'chai';
import { ManualClock, systemClock } from '../../../src/engine/clock.ts';

describe('manual clock', () => {
  it('runs what is due in the order of time, each at its instant, and what those ask for in between', () => {
    const clock = new ManualClock(1_000);
    const log: string[] = [];
    const note = (what: string) => () => log.push(`${what}@${clock.now()}`);
    clock.at(1_300, note('c'));
    clock.at(1_100, () => {
      note('a')();
      clock.at(1_200, note('b'));
    });
    clock.at(1_300, note('d'));
    clock.at(1_301, note('late'));
    clock.advance(300);
    expect(log).to.deep.equal(['a@1100', 'b@1200', 'c@1300', 'd@1300']);
    expect(clock.now()).to.equal(1_300);
    expect(clock.next).to.equal(1_301);
  });

  it('does not run what was cancelled, also by a timer of the same instant', () => {
    const clock = new ManualClock(0);
    const log: string[] = [];
    const second = { cancel: (): void => undefined };
    clock.at(5, () => second.cancel());
    const timer = clock.at(5, () => log.push('second'));
    second.cancel = () => timer.cancel();
    clock.at(1, () => log.push('x')).cancel();
    clock.advance(10);
    timer.cancel();
    expect(log).to.deep.equal([]);
    expect(clock.next).to.equal(undefined);
  });

  it('leaves the others alone when one that is over is cancelled', () => {
    const clock = new ManualClock(0);
    const log: string[] = [];
    const first = clock.at(1, () => log.push('first'));
    clock.at(5, () => log.push('second'));
    clock.advance(1);
    first.cancel();
    clock.advance(4);
    expect(log).to.deep.equal(['first', 'second']);
  });

  it('runs what is overdue at once when it moves, without going back', () => {
    const clock = new ManualClock(100);
    const at: number[] = [];
    clock.at(50, () => at.push(clock.now()));
    expect(at).to.deep.equal([]);
    clock.advance(0);
    expect(at).to.deep.equal([100]);
    expect(() => clock.advanceTo(99)).to.throw(RangeError, 'cannot go back');
  });
});

describe('system clock', () => {
  it('tells the time of day', () => {
    const before = Date.now();
    const now = systemClock.now();
    expect(now).to.be.within(before, Date.now());
    expect(Number.isSafeInteger(now)).to.equal(true);
  });

  it('runs what is past in a turn of its own', async () => {
    const log: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.at(0, () => {
        log.push('ran');
        resolve();
      });
      log.push('asked');
    });
    expect(log).to.deep.equal(['asked', 'ran']);
  });

  it('runs nothing that was cancelled', async () => {
    const log: string[] = [];
    systemClock.at(Date.now() + 5, () => log.push('cancelled')).cancel();
    await new Promise<void>((resolve) => systemClock.at(Date.now() + 10, resolve));
    expect(log).to.deep.equal([]);
  });

  it('does not fire early for an instant beyond the reach of one timer', async () => {
    let fired = false;
    const timer = systemClock.at(Date.now() + 2 ** 31 + 1_000, () => {
      fired = true;
    });
    // Node.js would fire a timer of more than 2^31 - 1 ms after 1 ms; one asked for later and due sooner shows the time has come.
    await new Promise<void>((resolve) => systemClock.at(Date.now() + 5, resolve));
    timer.cancel();
    expect(fired).to.equal(false);
  });
});
