/**
 * Extending a volume, carried to the VIM. Before anything is asked for, the VIM is asked how large the volume is: so what was asked for before
 * a restart, or in a request that was not answered, is not asked for twice.
 */
import { VimError } from '../vim/vim.ts';
import type { VimErrorKind, VimVolumeExtension } from '../vim/vim.ts';
import type { ResourceAllocation } from './entities.ts';
import { pendingExtension } from './outstanding.ts';
import type { ProviderConnection } from './provider-connection.ts';
import { report, stateOf } from './vim-reports.ts';
import type { VimLedger, VimReports } from './vim-reports.ts';

/** How often an extension is asked for whose outcome is unknown and of which there is nothing to see, before it counts as failed. */
const MOST_EXTENSIONS = 4;

/** Whatever becomes of the volume, nothing has been said of the extension; of one that is gone, there is nothing more to say. */
const TO_BE_TRIED_AGAIN: ReadonlySet<VimErrorKind> = new Set(['unreachable', 'unauthorized', 'aborted', 'not-found']);

const UNEXPLAINED = 'The provider accepted, and did not extend the volume; it does not say why.';

export interface ExtensionContext {
  readonly ledger: VimLedger;
  readonly commands: Pick<
    VimReports,
    'extensionAccepted' | 'extensionFailed' | 'serverGone' | 'vmStateReported' | 'volumeSized'
  >;
}

/** What was asked of the VIM before, kept from one step to the next. */
export interface ExtensionAsked {
  /** How often it was asked without an answer. */
  unanswered: number;
}

/**
 * Takes the next step with the extension of a volume; when nothing has changed by it, it is to be called again later.
 * @throws VimError when it has to be tried again.
 */
export async function pursueExtension(
  { ledger, commands }: ExtensionContext,
  record: ResourceAllocation,
  connection: ProviderConnection,
  asked: ExtensionAsked,
): Promise<void> {
  const { id: allocation, server } = record;
  const { sizeGb, accepted } = pendingExtension(record) ?? {};
  if (sizeGb === undefined || server === undefined) return;
  const { vim } = connection;
  const look = (): Promise<VimVolumeExtension> =>
    connection.call((signal) => vim.volumeExtension(server, sizeGb, signal));
  const fail = async ({ volume }: VimVolumeExtension, message: string): Promise<void> => {
    await report(ledger, commands.extensionFailed, { allocation, sizeGb, fault: { message } });
    await report(ledger, commands.vmStateReported, stateOf(allocation, volume));
  };
  try {
    const seen = await look();
    if (isExtended(seen, sizeGb)) {
      await report(ledger, commands.volumeSized, { allocation, sizeGb: seen.volume.sizeGb ?? sizeGb });
    } else if (seen.extending) {
      if (accepted !== true) await report(ledger, commands.extensionAccepted, { allocation, sizeGb });
    } else if (accepted === true) {
      await fail(seen, seen.failure ?? UNEXPLAINED);
    } else {
      const refusal = await ask(connection, server, sizeGb, asked);
      if (refusal === undefined) await report(ledger, commands.extensionAccepted, { allocation, sizeGb });
      else {
        // What is refused may be under way all the same, by a request before.
        const then = await look();
        if (!then.extending && !isExtended(then, sizeGb)) await fail(then, refusal);
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof VimError) || thrown.kind !== 'not-found') throw thrown;
    await report(ledger, commands.serverGone, { allocation });
  }
}

function isExtended({ volume }: VimVolumeExtension, sizeGb: number): boolean {
  return (volume.sizeGb ?? 0) >= sizeGb;
}

/** @returns why it cannot be done; undefined when the VIM has accepted. @throws VimError when the volume is gone, or it has to be tried again. */
async function ask(
  connection: ProviderConnection,
  server: string,
  sizeGb: number,
  asked: ExtensionAsked,
): Promise<string | undefined> {
  try {
    await connection.call((signal) => connection.vim.extendVolume(server, sizeGb, signal));
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof VimError) || TO_BE_TRIED_AGAIN.has(thrown.kind)) throw thrown;
    if (thrown.outcomeUnknown && ++asked.unanswered < MOST_EXTENSIONS) throw thrown;
    return thrown.message;
  }
}
