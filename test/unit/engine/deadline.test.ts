/** Calls to VIMs end, whatever the callee does: at the deadline, with the caller's signal, or by themselves. */
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { ManualClock } from '../../../src/engine/clock.ts';
import { asVimError, withDeadline } from '../../../src/engine/deadline.ts';
import { VimError } from '../../../src/vim/vim.ts';

/** A call that does not answer until it is told to, on a clock that stands still. */
function pendingCall(stopped = false) {
  const clock = new ManualClock(1_000);
  const caller = new AbortController();
  if (stopped) caller.abort();
  const callee = new EventEmitter();
  const signals: AbortSignal[] = [];
  const answer = withDeadline(clock, 5_000, caller.signal, (signal) => {
    signals.push(signal);
    return new Promise((resolve, reject) => callee.once('answer', resolve).once('error', reject));
  });
  const outcome = answer.then(
    (value) => value,
    (error: unknown) => error,
  );
  return { clock, caller, callee, signals, outcome };
}

/** What a VimError says of itself. */
const told = (error: unknown): unknown => (error instanceof VimError ? [error.kind, error.message] : error);

describe('a call with a deadline', () => {
  it('gives what the call gives, and leaves no timer behind', async () => {
    const { clock, callee, signals, outcome } = pendingCall();
    expect(clock.next).to.equal(6_000);
    callee.emit('answer', 'done');
    expect(await outcome).to.equal('done');
    expect(clock.next).to.equal(undefined);
    expect(signals[0]?.aborted).to.equal(false);
  });

  it('throws what the call throws', async () => {
    const { clock, callee, outcome } = pendingCall();
    const refusal = new VimError('no-valid-host', 'full');
    callee.emit('error', refusal);
    expect(await outcome).to.equal(refusal);
    expect(clock.next).to.equal(undefined);
  });

  it('ends at the deadline, and tells the callee why', async () => {
    const { clock, signals, outcome } = pendingCall();
    clock.advance(4_999);
    expect(signals[0]?.aborted).to.equal(false);
    clock.advance(1);
    const error = await outcome;
    expect(told(error)).to.deep.equal(['timeout', 'the VIM did not answer within 5 s']);
    expect(signals[0]?.reason).to.equal(error);
  });

  it('ends when the caller stops', async () => {
    const { clock, caller, signals, outcome } = pendingCall();
    caller.abort();
    expect(told(await outcome)).to.deep.equal(['aborted', 'the call was given up']);
    expect(signals[0]?.aborted).to.equal(true);
    expect(clock.next).to.equal(undefined);
  });

  it('is not made when the caller has stopped already', async () => {
    const { clock, signals, outcome } = pendingCall(true);
    expect(told(await outcome)).to.deep.equal(['aborted', 'the call was given up']);
    expect(signals).to.deep.equal([]);
    expect(clock.next).to.equal(undefined);
  });

  it('does not heed the caller once it is over', async () => {
    const { caller, callee, signals, outcome } = pendingCall();
    callee.emit('answer', 'done');
    await outcome;
    caller.abort();
    expect(signals[0]?.aborted).to.equal(false);
  });
});

describe('what went wrong, as an error of the VIM', () => {
  it('is what the adapter threw, or else a failure with the words and the cause', () => {
    const refusal = new VimError('no-valid-host', 'full');
    expect(asVimError(refusal)).to.equal(refusal);
    const fault = new TypeError('x is not a function');
    const failed = asVimError(fault);
    expect(told(failed)).to.deep.equal(['failed', 'x is not a function']);
    expect(failed.cause).to.equal(fault);
    expect(told(asVimError('no'))).to.deep.equal(['failed', 'no']);
  });
});
