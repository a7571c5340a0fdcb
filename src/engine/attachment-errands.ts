/**
 * Attaching and detaching, carried to the VIM. Before anything is asked for, the VIM is asked how it is: so what was asked for before a
 * restart, or in a request that was not answered, is not asked for twice.
 */
import { VimError } from '../vim/vim.ts';
import type { VimAttachmentState } from '../vim/vim.ts';
import type { Clock } from './clock.ts';
import type { Allocation, Fault, PendingAttachment } from './entities.ts';
import { nextPending } from './outstanding.ts';
import type { ContactTiming, ProviderConnection } from './provider-connection.ts';
import { report } from './vim-reports.ts';
import type { VimLedger, VimReports } from './vim-reports.ts';

export interface AttachmentContext {
  readonly ledger: VimLedger;
  readonly commands: Pick<VimReports, 'attachmentSettled'>;
  readonly clock: Clock;
  readonly timing: Pick<ContactTiming, 'late'>;
}

/**
 * Takes a step with what is pending first; when nothing has changed by it, it is to be called again later.
 *
 * @param accepted when the VIM accepted what is not done yet, by what it is: kept from one step to the next. @throws VimError.
 */
export async function pursueAttachment(
  context: AttachmentContext,
  machine: Allocation,
  connection: ProviderConnection,
  accepted: Map<string, number>,
): Promise<void> {
  const pending = nextPending(machine);
  const { server } = machine;
  if (pending === undefined || server === undefined) return;
  const { vim } = connection;
  const { clock, timing } = context;
  const look = (): Promise<VimAttachmentState> =>
    connection.call((signal) => vim.attachmentState(server, pending, signal));
  const key = `${pending.action} ${pending.id}`;
  const state = await look();
  const since = accepted.get(key);
  const wanted = pending.action === 'attach' ? 'attached' : 'detached';
  if (state === wanted) {
    await settle(context, machine, pending);
  } else if (since !== undefined) {
    // That a volume is free again says that it will not be attached; else time tells.
    if (state !== 'detached' && clock.now() - since < timing.late) return;
    const message = `The provider accepted, and did not ${pending.action} the ${pending.kind}; it does not say why.`;
    await settle(context, machine, pending, { message });
  } else if (state !== 'changing') {
    const fault = await ask(connection, server, pending);
    if (fault === undefined) accepted.set(key, clock.now());
    const then = await look();
    if (then === wanted) await settle(context, machine, pending);
    // What is refused may be under way all the same, by a request before.
    else if (fault !== undefined && then === state) await settle(context, machine, pending, fault);
  }
  if (nextPending(context.ledger.head.allocations.get(machine.id) ?? machine) !== pending) accepted.delete(key);
}

async function settle(
  { ledger, commands }: AttachmentContext,
  { id: allocation }: Allocation,
  { id, action }: PendingAttachment,
  fault?: Omit<Fault, 'occurredOn'>,
): Promise<void> {
  const outcome = { allocation, id, action, ...(fault === undefined ? {} : { fault }) };
  await report(ledger, commands.attachmentSettled, outcome);
}

/** @returns why it cannot be done; undefined when the VIM has accepted. @throws VimError when it has to be tried again. */
async function ask(
  connection: ProviderConnection,
  server: string,
  pending: PendingAttachment,
): Promise<Omit<Fault, 'occurredOn'> | undefined> {
  const { vim } = connection;
  const { action } = pending;
  try {
    await connection.call((signal) =>
      action === 'attach' ? vim.attach(server, pending, signal) : vim.detach(server, pending, signal),
    );
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof VimError) || thrown.outcomeUnknown) throw thrown;
    if (thrown.kind === 'unreachable' || thrown.kind === 'unauthorized') throw thrown;
    return { message: thrown.message };
  }
}
