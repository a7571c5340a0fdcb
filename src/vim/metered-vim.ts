/** Times the calls of a VIM, of whatever type it is. */
import type { Stopwatch } from '../observe/metrics.ts';
import { VimError } from './vim.ts';
import type { Vim, VimFactory } from './vim.ts';

/** By the provider's id, the call, and `ok` or the kind of error. */
export type VimStopwatch = Stopwatch<'provider' | 'call' | 'outcome'>;

/** The adapter, with every call of what it makes timed until the VIM has answered. */
export function metered(adapter: VimFactory, stopwatch: VimStopwatch): VimFactory {
  return (account) => meteredVim(adapter(account), stopwatch);
}

function meteredVim(vim: Vim, stopwatch: VimStopwatch): Vim {
  const provider = vim.providerId;
  const timed = <Answer>(call: string, run: () => Promise<Answer>): Promise<Answer> =>
    stopwatch.time(run, (outcome) => ({ provider, call, outcome: nameOf(outcome) }));
  return {
    providerId: provider,
    discover: (signal) => timed('discover', () => vim.discover(signal)),
    createServer: (request, signal) => timed('create-server', () => vim.createServer(request, signal)),
    deleteServer: (id, signal) => timed('delete-server', () => vim.deleteServer(id, signal)),
    findServersByToken: (token, signal) => timed('find-servers', () => vim.findServersByToken(token, signal)),
    removeServerGroups: (inUse, signal) => timed('remove-server-groups', () => vim.removeServerGroups(inUse, signal)),
    listServers: (signal) => timed('list-servers', () => vim.listServers(signal)),
    createResource: (request, signal) => timed('create-resource', () => vim.createResource(request, signal)),
    deleteResource: (kind, id, signal) => timed('delete-resource', () => vim.deleteResource(kind, id, signal)),
    findResourcesByToken: (kind, token, signal) =>
      timed('find-resources', () => vim.findResourcesByToken(kind, token, signal)),
    listResources: (kind, signal) => timed('list-resources', () => vim.listResources(kind, signal)),
    describeResource: (kind, id, signal) => timed('describe-resource', () => vim.describeResource(kind, id, signal)),
    extendVolume: (id, sizeGb, signal) => timed('extend-volume', () => vim.extendVolume(id, sizeGb, signal)),
    volumeExtension: (id, sizeGb, signal) => timed('volume-extension', () => vim.volumeExtension(id, sizeGb, signal)),
    attach: (id, what, signal) => timed('attach', () => vim.attach(id, what, signal)),
    detach: (id, what, signal) => timed('detach', () => vim.detach(id, what, signal)),
    attachmentState: (id, what, signal) => timed('attachment-state', () => vim.attachmentState(id, what, signal)),
    listAttachments: (signal) => timed('list-attachments', () => vim.listAttachments(signal)),
    events$: vim.events$,
    close: () => vim.close(),
  };
}

function nameOf(outcome: PromiseSettledResult<unknown>): string {
  if (outcome.status === 'fulfilled') return 'ok';
  return outcome.reason instanceof VimError ? outcome.reason.kind : 'failed';
}
