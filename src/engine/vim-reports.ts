/** How what VIMs answer and tell becomes decisions. */
import type { DomainEvent } from './events.ts';
import type { Ledger } from './ledger.ts';
import type { VimResource, VimServer } from '../vim/vim.ts';
import type { Id } from './entities.ts';
import type { Command, Commands } from './requests.ts';
import type { VmStateReported } from './reported.ts';
import type { Change, Head } from './state.ts';

/** The commands by which VIMs report. */
export type VimReports = Pick<
  Commands,
  | 'updateProvider'
  | 'serverAccepted'
  | 'deletionAccepted'
  | 'deletionRefused'
  | 'creationUnanswered'
  | 'createFailed'
  | 'vmStateReported'
  | 'serverGone'
  | 'attachmentSettled'
  | 'attachmentFound'
  | 'volumeSized'
  | 'extensionAccepted'
  | 'extensionFailed'
  | 'adoptServer'
  | 'adoptResource'
  | 'serverResized'
>;

/** What works behind the decisions needs of the ledger. */
export type VimLedger = Pick<Ledger<Head, Change, DomainEvent>, 'head' | 'read' | 'update' | 'onDurable'>;

/** The report of a state. */
export function stateOf(allocation: Id, { status, fault, ...rest }: VimServer | VimResource): VmStateReported {
  const host = 'host' in rest ? rest.host : undefined;
  const address = 'address' in rest ? rest.address : undefined;
  return {
    allocation,
    vmState: status,
    ...(fault === undefined ? {} : { fault }),
    ...(host === undefined ? {} : { host }),
    ...(address === undefined ? {} : { address }),
  };
}

/** On whose behalf VIMs report: no user's, the server's own. */
const REPORTER = 'promise';

/** Has a report decided on. @throws what the ledger rejects with. */
export function report<Input, Result>(
  ledger: VimLedger,
  command: Command<Input, Result>,
  input: Input,
): Promise<Result> {
  return ledger.update((head, inputs) => command(head, input, { ...inputs, user: REPORTER }));
}
