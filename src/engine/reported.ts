/** What VIMs report, by the reconciler: inputs and results of the commands that record it. */
import type { VimAttachable, VimResource, VimResourceSpec, VimServer, VimServerStatus } from '../vim/vim.ts';
import type { Allocation, Fault, Id, PendingAttachment, VmState } from './entities.ts';
import type { Instant } from './window.ts';

/** `ignored`: the allocation is gone, or nothing is new. */
export type VimReportResult =
  | { readonly outcome: 'recorded'; readonly allocation: Allocation }
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'ignored' };

/** The VIM accepted a creation and gave the server or other resource an id (allocation step 3b). */
export interface ServerAccepted {
  readonly allocation: Id;
  readonly server: string;
  /** The state that it has already; absent: it is being made. */
  readonly state?: VmStateReported;
}

/** The VIM accepted a deletion. */
export interface DeletionAccepted {
  readonly allocation: Id;
}

/** The VIM did not say what became of a creation, and has nothing of it yet. */
export interface CreationUnanswered {
  readonly allocation: Id;
  /** Until when it may take effect. */
  readonly until: Instant;
}

/** The VIM refused a creation for good: there is no server. */
export interface CreateFailed {
  readonly allocation: Id;
  readonly fault: Omit<Fault, 'occurredOn'>;
}

/** The state of a server (allocation step 7a). */
export interface VmStateReported {
  readonly allocation: Id;
  readonly vmState: VmState | VimServerStatus;
  readonly fault?: Omit<Fault, 'occurredOn'>;
  readonly host?: string;
  /** Of a port or a floating IP. */
  readonly address?: string;
}

/** The VIM does not delete something at present; it is tried again. */
export interface DeletionRefused {
  readonly allocation: Id;
  readonly fault: Omit<Fault, 'occurredOn'>;
}

/** What became of an attachment that was to be made or ended. */
export interface AttachmentSettled extends Pick<PendingAttachment, 'action' | 'id'> {
  readonly allocation: Id;
  /** Absent: it was done. */
  readonly fault?: Omit<Fault, 'occurredOn'>;
}

/** A sweep finds a port or volume attached to a machine whose record does not have it, or the other way round. */
export interface AttachmentFound extends VimAttachable {
  /** Allocation of the machine. */
  readonly allocation: Id;
  readonly attached: boolean;
}

/** The size of a volume, as the VIM has it. */
export interface VolumeSized {
  readonly allocation: Id;
  readonly sizeGb: number;
}

/** The VIM accepted to extend a volume. */
export type ExtensionAccepted = VolumeSized;

/** A volume was not extended to the size that was asked for. */
export interface ExtensionFailed extends VolumeSized {
  readonly fault: Omit<Fault, 'occurredOn'>;
}

/** The VIM has confirmed that the server does not exist (allocation step 10a). */
export interface ServerGone {
  readonly allocation: Id;
}

/** A server that carries a token which no allocation knows. */
export interface AdoptServer {
  readonly provider: Id;
  readonly server: VimServer;
}

/** A volume, network, port, floating IP or router that carries such a token. */
export interface AdoptResource {
  readonly provider: Id;
  readonly resource: VimResource;
  readonly spec: VimResourceSpec;
}

/** `unadoptable`: something is lacking without which it cannot have a record; the message says what. */
export type AdoptionResult = VimReportResult | { readonly outcome: 'unadoptable'; readonly message: string };

/** A server runs as another flavor than its record says. */
export interface ServerResized {
  readonly allocation: Id;
  /** The id of the flavor. */
  readonly flavor: string;
}
