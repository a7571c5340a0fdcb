import { expect } from 'chai';
import { NEVER } from 'rxjs';
import { Metrics } from '../../../src/observe/metrics.ts';
import { metered } from '../../../src/vim/metered-vim.ts';
import { VimError } from '../../../src/vim/vim.ts';
import type { Vim, VimAccount } from '../../../src/vim/vim.ts';

const { signal } = new AbortController();

/** Every call with the label that it is timed as. What they are given is told back and not looked at. */
const CALLS: readonly (readonly [call: keyof Vim, label: string, given: readonly unknown[]])[] = [
  ['discover', 'discover', [signal]],
  ['createServer', 'create-server', [{ name: 'a' }, signal]],
  ['deleteServer', 'delete-server', ['s', signal]],
  ['findServersByToken', 'find-servers', ['t', signal]],
  ['removeServerGroups', 'remove-server-groups', [new Set('t'), signal]],
  ['listServers', 'list-servers', [signal]],
  ['createResource', 'create-resource', [{ kind: 'volume' }, signal]],
  ['deleteResource', 'delete-resource', ['volume', 'v', signal]],
  ['findResourcesByToken', 'find-resources', ['volume', 't', signal]],
  ['listResources', 'list-resources', ['volume', signal]],
  ['describeResource', 'describe-resource', ['volume', 'v1', signal]],
  ['extendVolume', 'extend-volume', ['v', 3, signal]],
  ['volumeExtension', 'volume-extension', ['v', 3, signal]],
  ['attach', 'attach', ['s', { kind: 'volume', id: 'v' }, signal]],
  ['detach', 'detach', ['s', { kind: 'volume', id: 'v' }, signal]],
  ['attachmentState', 'attachment-state', ['s', { kind: 'volume', id: 'v' }, signal]],
  ['listAttachments', 'list-attachments', [signal]],
];

describe('a metered VIM', () => {
  const metrics = new Metrics();
  const stopwatch = metrics.stopwatch('calls', 'Calls.', ['provider', 'call', 'outcome']);
  let answer: (call: string, given: readonly unknown[]) => unknown;
  let closed = false;
  const recording: Record<string, unknown> = { providerId: 'east', events$: NEVER };
  for (const [call] of CALLS) {
    recording[call] = (...given: readonly unknown[]) => new Promise((resolve) => resolve(answer(call, given)));
  }
  recording['close'] = () => Promise.resolve((closed = true));
  // It has all that a VIM has; what it answers is of no type.
  const vim = metered(() => recording as unknown as Vim, stopwatch)({} as VimAccount);
  const methods = vim as unknown as Readonly<Record<string, (...given: readonly unknown[]) => Promise<unknown>>>;

  for (const [call, label, given] of CALLS) {
    it(`hands on ${call} as it is, its answer and its error, and times them`, async () => {
      answer = (its, seen) => ({ its, seen });
      expect(await methods[call]?.(...given)).to.deep.equal({ its: call, seen: given });
      for (const error of [new VimError('over-quota', 'no more'), new TypeError('a mistake')]) {
        answer = () => {
          throw error;
        };
        expect(await methods[call]?.(...given).catch((thrown: unknown) => thrown)).to.equal(error);
      }
      const text = await metrics.text();
      for (const outcome of ['ok', 'over-quota', 'failed']) {
        expect(text).to.include(`calls_count{provider="east",call="${label}",outcome="${outcome}"} 1\n`);
      }
    });
  }

  it('hands on the events and the end', async () => {
    expect(vim.providerId).to.equal('east');
    expect(vim.events$).to.equal(NEVER);
    await vim.close();
    expect(closed).to.equal(true);
    const others = ['providerId', 'events$', 'close'];
    expect([...Object.keys(vim)].sort()).to.deep.equal([...CALLS.map(([call]) => call), ...others].sort());
  });
});
