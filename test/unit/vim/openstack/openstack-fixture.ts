import { expect } from 'chai';
import { ManualClock } from '../../../../src/engine/clock.ts';
import { openStack } from '../../../../src/vim/openstack/openstack-vim.ts';
import type { OpenStackOptions } from '../../../../src/vim/openstack/openstack-vim.ts';
import { VimError } from '../../../../src/vim/vim.ts';
import type { Vim, VimAccount, VimErrorKind } from '../../../../src/vim/vim.ts';
import { StandIn } from './stand-in.ts';

/** Of a caller who never gives up. */
export const signal: AbortSignal = AbortSignal.any([]);

/** A stand-in cloud, and adapters to it on a clock that is moved by hand. */
export class OpenStackFixture {
  readonly clock = new ManualClock(1_000_000);
  readonly cloud: StandIn;
  readonly #vims: Vim[] = [];

  private constructor(cloud: StandIn) {
    this.cloud = cloud;
  }

  static async start(tls?: { readonly key: string; readonly cert: string }): Promise<OpenStackFixture> {
    return new OpenStackFixture(await StandIn.start(tls));
  }

  connect(account: Partial<VimAccount> = {}, options: Partial<OpenStackOptions> = {}): Vim {
    const factory = openStack({ clock: this.clock, random: () => 0.5, ...options });
    const vim = factory({
      providerId: 'p',
      endpoint: this.cloud.endpoint,
      username: 'admin',
      password: 'secret-password',
      tenant: { name: 'admin' },
      ...account,
    });
    this.#vims.push(vim);
    return vim;
  }

  /** Waits for work, moving time on by `step` milliseconds while it is not done. */
  async passing<T>(work: Promise<T>, step = 100): Promise<T> {
    const state = { done: false };
    const finished = work.finally(() => {
      state.done = true;
    });
    finished.catch(() => undefined);
    for (let turn = 0; turn < 2_000 && !state.done; turn += 1) {
      await turnOfTheLoop();
      this.clock.advance(step);
    }
    return finished;
  }

  /** Moves time on until something holds. */
  async until(condition: () => boolean | Promise<boolean>, step = 1_000): Promise<void> {
    for (let turn = 0; turn < 2_000; turn += 1) {
      if (await condition()) return;
      await turnOfTheLoop();
      if (turn % 5 === 4) this.clock.advance(step);
    }
    expect.fail('it never came to hold');
  }

  async close(): Promise<void> {
    for (const vim of this.#vims) await vim.close();
    await this.cloud.close();
  }
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** The error with which a call fails. */
export async function failureOf(call: Promise<unknown>, kind: VimErrorKind): Promise<VimError> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome, 'how it failed').to.be.instanceOf(VimError);
  const error = outcome as VimError;
  expect(error.kind, error.message).to.equal(kind);
  return error;
}
