import { expect } from 'chai';
import { PasswordChecks, TooManyLogins } from '../../src/password-checks.ts';

describe('password checks', () => {
  let checks: PasswordChecks;
  let begun: number[];
  let ends: (() => void)[];
  beforeEach(() => {
    checks = new PasswordChecks();
    begun = [];
    ends = [];
  });

  /** Asks for a check that ends when the test says so. */
  function ask(number: number, source?: string): Promise<number | TooManyLogins> {
    const check = checks.run(source, async () => {
      begun.push(number);
      await new Promise<void>((resolve) => ends.push(resolve));
      return number;
    });
    return check.catch((error: unknown) => {
      if (error instanceof TooManyLogins) return error;
      throw error;
    });
  }

  async function turns(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  async function endAll(): Promise<void> {
    for (let round = 0; round < 300 && ends.length > 0; round++) {
      for (const end of ends.splice(0)) end();
      await turns();
    }
  }

  it('run two at a time, in the order in which they came', async () => {
    const all = [1, 2, 3, 4].map((number) => ask(number));
    await turns();
    expect(begun).to.deep.equal([1, 2]);
    ends.shift()?.();
    await turns();
    expect(begun).to.deep.equal([1, 2, 3]);
    await endAll();
    expect(await Promise.all(all)).to.deep.equal([1, 2, 3, 4]);
  });

  it('refuse at once what would be too many, and go on', async () => {
    const all = Array.from({ length: 140 }, (_, index) => ask(index));
    await turns();
    expect(await Promise.race([all[130], Promise.resolve('waits')])).to.be.instanceOf(TooManyLogins);
    await endAll();
    const done = await Promise.all(all);
    expect(done.filter((each) => each instanceof TooManyLogins)).to.have.length(140 - 130);
    const after = ask(999);
    await turns();
    await endAll();
    expect(await after).to.equal(999);
  });

  it('leave places to others when one source sends more than its share', async () => {
    const flood = Array.from({ length: 100 }, (_, index) => ask(index, 'flood'));
    const other = ask(1000, 'elsewhere');
    await turns();
    await endAll();
    const done = await Promise.all(flood);
    expect(done.filter((each) => each instanceof TooManyLogins)).to.have.length(100 - 66);
    expect(await other).to.equal(1000);
  });

  it('give their place back when they fail', async () => {
    for (let index = 0; index < 3; index++) {
      const failed = await checks.run('here', () => Promise.reject(new Error('no'))).catch((error: unknown) => error);
      expect(failed).to.be.instanceOf(Error);
    }
    const after = ask(1, 'here');
    await turns();
    expect(begun).to.deep.equal([1]);
    await endAll();
    expect(await after).to.equal(1);
  });
});
