/** What is free on a host over time, asked of a table of its steps and of its timeline: the answers are the same. */
import { expect } from 'chai';
import { zeroVector } from '../../../src/engine/capacity.ts';
import { hostAmount, hostVector, stepsOf } from '../../../src/engine/host-steps.ts';
import type { HostAmount, HostSteps } from '../../../src/engine/host-steps.ts';
import { Timeline } from '../../../src/engine/timeline.ts';
import { ALWAYS, FOREVER } from '../../../src/engine/window.ts';

const amount = (cores: number, ram = 0, disk = 0): HostAmount => ({ cores, ram, disk });

const take = (free: Timeline, start: number, end: number, cores: number, ram = 0, disk = 0): void => {
  free.remove({ start, end }, hostVector(amount(cores, ram, disk)));
};

/** 16 cores, 100 MB and 10 GB; in use: 4 cores and 30 MB from 100 to 200, 12 cores and 5 GB from 200 to 300, 1 core from 400 on. */
function timeline(): Timeline {
  const free = new Timeline();
  free.add(ALWAYS, hostVector(amount(16, 100, 10)));
  take(free, 100, 200, 4, 30);
  take(free, 200, 300, 12, 0, 5);
  take(free, 400, FOREVER, 1);
  return free;
}

/** The same, with more steps before the instant 0 than are worth a table. */
function longTimeline(): Timeline {
  const free = timeline();
  for (let at = -2000; at < -1000; at += 2) take(free, at, at + 1, 1);
  return free;
}

describe('amounts of a host', () => {
  it('are written as a vector and read again, into another one where that is given', () => {
    const target = zeroVector();
    expect(hostVector(amount(3, 4, 5), target)).to.equal(target);
    expect(hostAmount(target)).to.deep.equal(amount(3, 4, 5));
    expect(hostAmount(hostVector(amount(1, 2, 3)))).to.deep.equal(amount(1, 2, 3));
    expect(hostAmount(zeroVector())).to.deep.equal(amount(0));
  });
});

for (const [kind, make] of [
  ['in a table', timeline],
  ['in the timeline', longTimeline],
] as const) {
  describe(`what is free on a host, ${kind}`, () => {
    let steps: HostSteps;

    beforeEach(() => {
      steps = stepsOf(make());
    });

    const over = (start: number, end: number, asked = amount(0)) => steps.leastOf({ start, end }, asked);

    it('is the least of each in a window, up to its end', () => {
      expect(over(0, 100)).to.deep.equal(amount(16, 100, 10));
      expect(over(0, 101)).to.deep.equal(amount(12, 70, 10));
      expect(over(199, 200)).to.deep.equal(amount(12, 70, 10));
      expect(over(150, 250)).to.deep.equal(amount(4, 70, 5));
      expect(over(300, FOREVER)).to.deep.equal(amount(15, 100, 10));
      expect(over(350, 360)).to.deep.equal(amount(16, 100, 10));
    });

    it('is not there where one of them is less than is asked for', () => {
      expect(over(0, 200, amount(12, 70, 10))).to.deep.equal(amount(12, 70, 10));
      expect(over(0, 200, amount(13))).to.equal(undefined);
      expect(over(0, 200, amount(1, 71))).to.equal(undefined);
      expect(over(0, 300, amount(1, 1, 6))).to.equal(undefined);
      expect(over(0, 200, amount(0, 0, 10))).to.not.equal(undefined);
    });

    it('does not matter where nothing is asked for', () => {
      const free = make();
      take(free, 0, 10, 20, 200, 20);
      const short = stepsOf(free);
      expect(short.leastOf({ start: 0, end: 10 }, amount(0))).to.deep.equal(amount(-4, -100, -10));
      take(free, 0, 10, -20, 0, 0);
      expect(stepsOf(free).leastOf({ start: 0, end: 10 }, amount(16))).to.deep.equal(amount(16, -100, -10));
      expect(stepsOf(free).leastOf({ start: 0, end: 10 }, amount(16, 1))).to.equal(undefined);
      expect(stepsOf(free).leastOf({ start: 0, end: 10 }, amount(16, 0, 1))).to.equal(undefined);
    });

    it('is long enough from a first start on', () => {
      expect(steps.earliest(0, FOREVER, 100, amount(16))).to.equal(0);
      expect(steps.earliest(0, FOREVER, 101, amount(16))).to.equal(FOREVER);
      expect(steps.earliest(0, FOREVER, 101, amount(15))).to.equal(300);
      expect(steps.earliest(1, FOREVER, 100, amount(16))).to.equal(300);
      expect(steps.earliest(1, 300, 100, amount(16))).to.equal(300);
      expect(steps.earliest(1, 299, 100, amount(16))).to.equal(FOREVER);
      expect(steps.earliest(350, FOREVER, 50, amount(16))).to.equal(350);
      expect(steps.earliest(50, FOREVER, FOREVER, amount(15))).to.equal(300);
      expect(steps.earliest(50, FOREVER, 1000, amount(0, 70))).to.equal(50);
      expect(steps.earliest(50, FOREVER, 1000, amount(0, 0, 6))).to.equal(300);
      expect(steps.earliest(500, FOREVER, 1, amount(16))).to.equal(FOREVER);
    });

    it('is first short at an instant, or now', () => {
      expect(steps.firstShort(0, amount(5))).to.equal(200);
      expect(steps.firstShort(0, amount(13))).to.equal(100);
      expect(steps.firstShort(0, amount(0, 71))).to.equal(100);
      expect(steps.firstShort(0, amount(0, 0, 6))).to.equal(200);
      expect(steps.firstShort(250, amount(5))).to.equal(250);
      expect(steps.firstShort(300, amount(16))).to.equal(400);
      expect(steps.firstShort(300, amount(15))).to.equal(FOREVER);
      expect(steps.firstShort(300, amount(0))).to.equal(FOREVER);
    });

    it('changes next at an instant, or never', () => {
      const changes = [0, 100, 150, 200, 399, 400].map((after) => steps.nextStep(after));
      expect(changes).to.deep.equal([100, 200, 200, 300, 400, FOREVER]);
    });
  });
}

describe('a table of steps', () => {
  it('is read anew after a change, in the place of the old one, and given up for a long timeline', () => {
    const free = timeline();
    const first = stepsOf(free);
    take(free, 300, 400, 16);
    const second = stepsOf(free, first);
    expect(second).to.equal(first);
    expect(second.leastOf({ start: 0, end: 500 }, amount(0))).to.deep.equal(amount(0, 70, 5));
    expect(second.nextStep(300)).to.equal(400);
    free.add({ start: 100, end: 200 }, hostVector(amount(4, 30)));
    free.add({ start: 200, end: 300 }, hostVector(amount(12, 0, 5)));
    expect(stepsOf(free, second).nextStep(0)).to.equal(300);
    expect(stepsOf(free, second).nextStep(400)).to.equal(FOREVER);

    const long = stepsOf(longTimeline(), second);
    expect(long).to.not.equal(second);
    expect(stepsOf(free, long)).to.not.equal(long);
  });

  it('grows with the steps that there are', () => {
    const free = new Timeline();
    free.add(ALWAYS, hostVector(amount(500)));
    let steps = stepsOf(free);
    for (let start = 0; start < 200; start++) {
      take(free, start, 1000, 1);
      steps = stepsOf(free, steps);
      expect(steps.leastOf({ start: 0, end: 1000 }, amount(0)), `${start}`).to.deep.equal(amount(499 - start));
      expect(steps.nextStep(start)).to.equal(1000);
    }
  });
});
