/** When a provider is asked for what it has, and what becomes of the answers. */
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { ManualClock } from '../../../src/engine/clock.ts';
import { CONTACT_TIMING, ProviderConnection } from '../../../src/engine/provider-connection.ts';
import type { Contact } from '../../../src/engine/provider-connection.ts';
import { VimError } from '../../../src/vim/vim.ts';
import type { Vim, VimErrorKind, VimInventory } from '../../../src/vim/vim.ts';
import { NOW, inventoryOf } from './engine-fixture.ts';

const INVENTORY = inventoryOf([{ name: 'h', cores: 4 }]);
const DOWN = new VimError('unreachable', 'no route');

describe('contact with a provider', () => {
  let clock: ManualClock;
  let discover: () => Promise<VimInventory>;
  let sweep: () => Promise<void>;
  let report: (contact: Contact) => Promise<void>;
  let random: number;
  let told: Contact[];
  let log: string[];
  let failures: unknown[];
  let connection: ProviderConnection;

  /** Lets what was begun go on. */
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  /** How long it is to the next contact. */
  const wait = (): number | undefined => (clock.next === undefined ? undefined : clock.next - clock.now());
  /** Waits for the next contact, and until it has ended. */
  const next = async (): Promise<void> => {
    clock.advance(wait() ?? 0);
    await turn();
  };

  beforeEach(() => {
    clock = new ManualClock(NOW);
    random = 0.5;
    told = [];
    log = [];
    failures = [];
    discover = () => Promise.resolve(INVENTORY);
    sweep = () => Promise.resolve();
    report = () => Promise.resolve();
    const vim = {
      providerId: 'p',
      discover: () => {
        log.push('discover');
        return discover();
      },
      close: () => {
        log.push('close');
        return Promise.resolve();
      },
    };
    connection = new ProviderConnection({
      // Cast: contact asks nothing else of a VIM.
      vim: vim as unknown as Vim,
      clock,
      timing: CONTACT_TIMING,
      random: () => random,
      report: (contact) => {
        told.push(contact);
        return report(contact);
      },
      sweep: () => {
        log.push('sweep');
        return sweep();
      },
      onFailure: (error) => failures.push(error),
    });
  });
  afterEach(() => connection.close());

  it('tells what the provider has, then compares, and comes again a minute later', async () => {
    expect(connection.isUp).to.equal(false);
    await connection.refresh();
    expect(told).to.deep.equal([{ status: 'up', inventory: INVENTORY }]);
    expect(log).to.deep.equal(['discover', 'sweep']);
    expect(connection.isUp).to.equal(true);
    expect(wait()).to.equal(60_000);
    await next();
    expect(log).to.have.length(4);
  });

  it('strays from its time by a fifth at the most, to either side', async () => {
    random = 0;
    await connection.refresh();
    expect(wait()).to.equal(48_000);
    random = 1;
    await connection.refresh();
    expect(wait(), 'of the latest contact alone').to.equal(72_000);
  });

  it('that fails comes again soon, and after ever longer waits, until it succeeds', async () => {
    discover = () => Promise.reject(DOWN);
    await connection.refresh();
    expect(told).to.deep.equal([{ status: 'down', statusMessage: 'no route' }]);
    expect(connection.isUp).to.equal(false);
    const waits: (number | undefined)[] = [];
    for (let failed = 0; failed < 8; failed++) {
      waits.push(wait());
      await next();
    }
    expect(waits).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    discover = () => Promise.resolve(INVENTORY);
    await next();
    expect(connection.isUp).to.equal(true);
    expect(wait()).to.equal(60_000);
    discover = () => Promise.reject(DOWN);
    await next();
    expect(wait(), 'counted anew').to.equal(1_000);
  });

  it('says whether the account is wrong, or the way to the provider', async () => {
    const statuses: string[] = [];
    for (const kind of ['unauthorized', 'forbidden', 'refused', 'timeout', 'failed', 'not-found'] as const) {
      discover = () => Promise.reject(new VimError(kind satisfies VimErrorKind, kind));
      await connection.refresh();
      statuses.push(told.at(-1)?.status ?? '');
    }
    expect(statuses).to.deep.equal(['rejected', 'rejected', 'rejected', 'down', 'down', 'down']);
  });

  it('is lost when it is lost in the comparison', async () => {
    sweep = () => Promise.reject(DOWN);
    await connection.refresh();
    expect(told.map(({ status }) => status)).to.deep.equal(['up', 'down']);
    expect(wait()).to.equal(1_000);
  });

  it('has an end when the provider does not answer', async () => {
    discover = () => new Promise(() => undefined);
    const contact = connection.refresh();
    clock.advance(60_000);
    await contact;
    expect(told).to.deep.equal([{ status: 'down', statusMessage: 'the VIM did not answer within 60 s' }]);
  });

  it('goes on when what it found could not be made known', async () => {
    const fault = new Error('no disk');
    report = () => Promise.reject(fault);
    await connection.refresh();
    expect(failures).to.deep.equal([fault]);
    expect(connection.isUp).to.equal(true);
    expect(wait()).to.equal(60_000);
  });

  it('is made once more for all who ask while one is under way', async () => {
    const answers = new EventEmitter();
    discover = () => new Promise((resolve) => answers.once('answer', resolve));
    const first = connection.refresh();
    const second = connection.refresh();
    const third = connection.refresh();
    expect(third).to.equal(second);
    expect(log).to.deep.equal(['discover']);
    answers.emit('answer', INVENTORY);
    await first;
    await turn();
    expect(log).to.deep.equal(['discover', 'sweep', 'discover']);
    const fourth = connection.refresh();
    expect(fourth, 'one that begins later').not.to.equal(second);
    answers.emit('answer', INVENTORY);
    await second;
    await turn();
    answers.emit('answer', INVENTORY);
    await fourth;
    expect(log.filter((each) => each === 'discover')).to.have.length(3);
  });

  it('is looked for at once when a call finds the provider out of reach', async () => {
    connection.lost();
    expect(log, 'it is being looked for already').to.deep.equal([]);
    await connection.refresh();
    connection.lost();
    expect(connection.isUp).to.equal(false);
    connection.lost();
    await turn();
    expect(log).to.deep.equal(['discover', 'sweep', 'discover', 'sweep']);
    expect(connection.isUp).to.equal(true);
  });

  it('ends: calls under way are given up, nothing more is told, and the VIM is let go', async () => {
    const answers = new EventEmitter();
    discover = () => new Promise((resolve) => answers.once('answer', resolve));
    const contact = connection.refresh();
    const queued = connection.refresh();
    const call = connection.call(() => new Promise(() => undefined)).catch((error: unknown) => error);
    await connection.close();
    await Promise.all([contact, queued]);
    expect(await call).to.include({ kind: 'aborted' });
    expect(told).to.deep.equal([]);
    expect(clock.next).to.equal(undefined);
    await connection.refresh();
    expect(log).to.deep.equal(['discover', 'close']);
  });

  it('ends between two contacts as well', async () => {
    await connection.refresh();
    await connection.close();
    expect(clock.next).to.equal(undefined);
  });
});
