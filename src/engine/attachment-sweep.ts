/**
 * Compares which ports and volumes the machines of a provider have with what their records say. What a machine lacks of its record was taken
 * from it beside Promise, or is gone. What it has beside its record came late, after it had been reported as failed, or was given to it beside
 * Promise: it goes by the policy for orphans.
 */
import type { VimAttachable, VimAttachment, VimAttachmentState } from '../vim/vim.ts';
import { attachedIds, isReady, isSettled } from './attachments.ts';
import type { RunningMachine } from './attachments.ts';
import { asVimError, isOutOfReach } from './deadline.ts';
import type { Id } from './entities.ts';
import type { ProviderConnection } from './provider-connection.ts';
import { allocationWith, allocationsAt } from './state.ts';
import { report } from './vim-reports.ts';
import type { VimLedger, VimReports } from './vim-reports.ts';

/** A port or volume that a machine has beside its record. */
export interface StrayAttachment extends VimAttachment {
  /** Allocation of the machine. */
  readonly machine: Id;
}

export interface AttachmentSweepOptions {
  readonly ledger: VimLedger;
  readonly commands: Pick<VimReports, 'attachmentFound'>;
  /** Is told, once, of what is found beside the records. */
  readonly onStray: (provider: Id, stray: StrayAttachment) => void;
}

const KINDS = ['port', 'volume'] as const;

export class AttachmentSweep {
  readonly #options: AttachmentSweepOptions;
  /** What the last sweep found beside the records: by provider. */
  readonly #strays = new Map<Id, ReadonlySet<string>>();

  constructor(options: AttachmentSweepOptions) {
    this.#options = options;
  }

  /** @throws VimError when the VIM is out of reach. */
  async compare(connection: ProviderConnection): Promise<void> {
    const { vim } = connection;
    const byServer = new Map<string, VimAttachment[]>();
    for (const each of await connection.call((signal) => vim.listAttachments(signal)))
      byServer.set(each.server, [...(byServer.get(each.server) ?? []), each]);
    const strays = new Set<string>();
    for (const machine of this.#machinesOf(vim.providerId)) {
      const has = byServer.get(machine.server) ?? [];
      for (const kind of KINDS) {
        for (const id of attachedIds(machine, kind))
          if (!has.some((each) => each.id === id)) await this.#seeToMissing(connection, machine, { kind, id });
      }
      for (const each of has) {
        // Of thousands hardly any: nothing is made or awaited for the others.
        if (!this.#mayBeStray(machine, each)) continue;
        const stray = { ...each, machine: machine.id };
        if (await isConfirmed(connection, stray, 'attached', () => this.#has(stray.machine, stray) === false)) {
          strays.add(keyOf(stray));
          await this.#seeToStray(connection, stray);
        }
      }
    }
    this.#strays.set(vim.providerId, strays);
  }

  #machinesOf(provider: Id): RunningMachine[] {
    const machines: RunningMachine[] = [];
    for (const each of allocationsAt(this.#options.ledger.head, provider))
      if (each.resource === undefined && isReady(each)) machines.push(each);
    return machines;
  }

  async #seeToMissing(
    connection: ProviderConnection,
    { id: allocation, server }: RunningMachine,
    what: VimAttachable,
  ): Promise<void> {
    const holds = (): boolean => this.#has(allocation, what) === true;
    if (await isConfirmed(connection, { ...what, server }, 'detached', holds))
      await report(this.#options.ledger, this.#options.commands.attachmentFound, {
        ...what,
        allocation,
        attached: false,
      });
  }

  /** Ports that a VIM makes for the networks of a server, and what others gave it of their own, are not of Promise. */
  #mayBeStray({ id, provider }: RunningMachine, attachment: VimAttachment): boolean {
    const { head } = this.#options.ledger;
    const machine = head.allocations.get(id);
    if (machine === undefined || machine.resource !== undefined || machine.bootVolume === attachment.id) return false;
    const asked = machine.pending?.some((each) => each.id === attachment.id && each.action === 'attach') === true;
    return asked || allocationWith(head, provider, attachment.id)?.resource?.kind === attachment.kind;
  }

  /** What is found for the first time may be a matter of a moment: it is told of. */
  async #seeToStray(connection: ProviderConnection, stray: StrayAttachment): Promise<void> {
    const { ledger, commands, onStray } = this.#options;
    const { vim } = connection;
    const { providerId } = vim;
    if (this.#strays.get(providerId)?.has(keyOf(stray)) !== true) {
      onStray(providerId, stray);
      return;
    }
    const { machine: allocation, server, kind, id } = stray;
    const { orphans } = ledger.head.policy;
    if (orphans === 'adopt') await report(ledger, commands.attachmentFound, { kind, id, allocation, attached: true });
    else if (orphans === 'remove')
      await unlessOut(() => connection.call((signal) => vim.detach(server, { kind, id }, signal)));
  }

  /** Whether a machine has something by its record; undefined while that is being changed. */
  #has(allocation: Id, { kind, id }: VimAttachable): boolean | undefined {
    const machine = this.#options.ledger.head.allocations.get(allocation);
    if (machine === undefined || machine.resource !== undefined || !isSettled(machine, id)) return undefined;
    return attachedIds(machine, kind).includes(id);
  }
}

/** Whether the VIM, asked for it, says that something is so, while the record says throughout that it is not. */
async function isConfirmed(
  connection: ProviderConnection,
  { server, kind, id }: VimAttachment,
  state: VimAttachmentState,
  otherwise: () => boolean,
): Promise<boolean> {
  if (!otherwise()) return false;
  const { vim } = connection;
  const found = await unlessOut(() => connection.call((signal) => vim.attachmentState(server, { kind, id }, signal)));
  return found === state && otherwise();
}

/** @returns undefined when the VIM does not do it. @throws VimError when it is out of reach. */
async function unlessOut<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (thrown) {
    if (isOutOfReach(asVimError(thrown))) throw thrown;
    return undefined;
  }
}

function keyOf({ server, kind, id }: VimAttachment): string {
  return `${server} ${kind} ${id}`;
}
