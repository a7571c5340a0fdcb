/** How what VIMs answer and tell becomes decisions. */
import type { DomainEvent } from './events.ts';
import type { Ledger } from './ledger.ts';
import type { Command, Commands } from './requests.ts';
import type { Change, Head } from './state.ts';

/** The commands by which VIMs report. */
export type VimReports = Pick<
  Commands,
  'updateProvider' | 'serverAccepted' | 'deletionAccepted' | 'createFailed' | 'vmStateReported' | 'serverGone'
>;

/** What works behind the decisions needs of the ledger. */
export type VimLedger = Pick<Ledger<Head, Change, DomainEvent>, 'head' | 'read' | 'update' | 'onDurable'>;

/** On whose behalf VIMs report: no user's, the server's own. */
const REPORTER = 'promise';

/** Has a report decided on. @throws what the ledger rejects with. */
export async function report<Input>(ledger: VimLedger, command: Command<Input, unknown>, input: Input): Promise<void> {
  await ledger.update((head, inputs) => command(head, input, { ...inputs, user: REPORTER }));
}
